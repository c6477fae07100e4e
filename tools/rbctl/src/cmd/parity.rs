// SPDX-License-Identifier: GPL-2.0

//! `rbctl parity`

#![deny(unsafe_code)]

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    time::{
        Duration,
        Instant, //
    },
};

use clap::{
    Args,
    ValueEnum, //
};
use indicatif::{
    ProgressBar,
    ProgressDrawTarget,
    ProgressStyle, //
};
use rust_buddy::{
    Coverage,
    Region,
    Stop, //
};
use rustix::thread::{
    sched_setaffinity,
    CpuSet, //
};
use serde::Serialize;

use crate::{
    context::Context,
    failure::{
        Failure,
        Result, //
    },
    interrupt::Interrupt,
    parity::{
        file,
        runner::{
            Found,
            Runner,
            Settings,
            Totals,
            Watch,
            PIECE, //
        },
        stream::Mix,
        texts::Texts, //
    },
};

const AFTER_HELP: &str = "\
Copies the zones of a node of the running kernel into a model of the module's own, does the same
operations on both, and compares after each. The node should have no CPUs and nobody else on it, and
vm.stat_interval should be large; `modprobe rust_buddy oracle=1` first.

Examples:
  rbctl parity --node 1 --operations 100000 --seeds 2
  rbctl parity --node 1 --mix phases --seed 7 --demand claim,steal
  rbctl parity --node 1 --replay parity-7-phases.txt";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ParityArgs {
    /// The node
    #[arg(long, value_name = "NID", default_value_t = 1)]
    node: i32,

    /// How many operations in all
    #[arg(long, value_name = "NR", default_value_t = 100_000)]
    operations: u64,

    /// How many seeds; the operations are divided among them and the mixes
    #[arg(long, value_name = "NR", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    seeds: u64,

    /// The first seed
    #[arg(long, value_name = "NR", default_value_t = 1)]
    seed: u64,

    /// What the operations are made of; give it several times (default: all)
    #[arg(long, value_name = "MIX", value_enum)]
    mix: Vec<Mix>,

    /// Compare everything after so many operations
    #[arg(long, value_name = "NR", default_value_t = 4096, value_parser = clap::value_parser!(u32).range(1..=4096))]
    interval: u32,

    /// Counters that must not be 0 at the end
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    demand: Vec<String>,

    /// Seconds to look for a shorter sequence after a difference
    #[arg(long, value_name = "SECS", default_value_t = 60)]
    shrink: u64,

    /// Stop after so many differences
    #[arg(long, value_name = "NR", default_value_t = 3)]
    max_differences: usize,

    /// Where sequences that show a difference are written to
    #[arg(long, value_name = "DIR", default_value = ".")]
    save: PathBuf,

    /// Do the operations of this file instead, comparing everything after each
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,

    /// Do the operations on the kernel only, and look whether its lists and counters agree
    #[arg(long)]
    kernel_only: bool,

    /// Compare buddyinfo and pagetypeinfo as text, too, every 4096 operations (needs debugfs)
    #[arg(long)]
    texts: bool,

    /// The CPU to stay on
    #[arg(long, value_name = "NR", default_value_t = 0)]
    cpu: usize,
}

#[derive(Serialize)]
struct Report {
    operations: u64,
    seeds: u64,
    divergences: usize,
    disturbances: u64,
    seconds: f64,
    texts: u64,
    mixes: BTreeMap<Mix, u64>,
    coverage: Coverage,
    missing: Vec<String>,
    found: Vec<Found>,
}

pub(crate) fn run(args: &ParityArgs, region: &Region, context: &mut Context<'_>) -> Result {
    check_names(&args.demand)?;
    let interrupt = Interrupt::install()?;
    let mut cpus = CpuSet::new();
    cpus.set(args.cpu);
    sched_setaffinity(None, &cpus)
        .map_err(|errno| Failure::Usage(format!("cannot stay on CPU {}: {errno}", args.cpu)))?;
    let mut runner = Runner {
        region,
        settings: Settings {
            nid: args.node,
            interval: args.interval,
            kernel_only: args.kernel_only,
            texts: (!args.kernel_only && args.texts).then(Texts::here),
            shrink: Duration::from_secs(args.shrink),
        },
        totals: Totals::default(),
    };
    if let Some(path) = &args.replay {
        return replay(path, &mut runner, context);
    }
    let start = Instant::now();
    let mut watch = Progress {
        bar: progress(args.operations, context.json),
        interrupt,
    };
    let found = all(args, &mut runner, &mut watch)?;
    watch.bar.finish_and_clear();
    let report = Report {
        operations: runner.totals.operations,
        seeds: args.seeds,
        divergences: found.len(),
        disturbances: runner.totals.disturbances,
        seconds: start.elapsed().as_secs_f64(),
        texts: runner.totals.texts,
        mixes: runner.totals.mixes,
        missing: missing(&args.demand, &runner.totals.coverage),
        coverage: runner.totals.coverage,
        found,
    };
    save(args, &report.found)?;
    match context.json {
        true => context.json("parity", &report)?,
        false => context.text(&text(args, &report))?,
    }
    judge(&report)
}

struct Progress {
    bar: ProgressBar,
    interrupt: Interrupt,
}

impl Watch for Progress {
    fn progress(&mut self, operations: u64) -> Result {
        self.bar.set_position(operations);
        self.interrupt.check()
    }
}

fn progress(operations: u64, quiet: bool) -> ProgressBar {
    let target = match quiet {
        true => ProgressDrawTarget::hidden(),
        false => ProgressDrawTarget::stderr(),
    };
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} operations {per_sec}");
    ProgressBar::with_draw_target(Some(operations), target)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// How much of the operations a mix gets: what is rare needs long phases.
fn weight(mix: Mix) -> u64 {
    match mix {
        Mix::Phases => 4,
        Mix::Exhaust => 3,
        Mix::Mixed => 2,
        _ => 1,
    }
}

/// All seeds, all mixes.
fn all(args: &ParityArgs, runner: &mut Runner<'_>, watch: &mut impl Watch) -> Result<Vec<Found>> {
    let mixes: &[Mix] = match args.mix[..] {
        [] => Mix::value_variants(),
        _ => &args.mix,
    };
    let weights: u64 = mixes.iter().map(|mix| weight(*mix)).sum();
    let mut found = Vec::new();
    for seed in (args.seed..).take(usize::try_from(args.seeds).unwrap_or(usize::MAX)) {
        for mix in mixes {
            let nr = (args.operations * weight(*mix)).div_ceil(args.seeds * weights);
            let nr = usize::try_from(nr).unwrap_or(usize::MAX);
            found.extend(runner.run(seed, *mix, nr, watch)?);
            if found.len() >= args.max_differences {
                return Ok(found);
            }
        }
    }
    Ok(found)
}

/// Does the operations of a file, and tells the first difference.
fn replay(path: &PathBuf, runner: &mut Runner<'_>, context: &mut Context<'_>) -> Result {
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::Usage(format!("cannot read {}: {error}", path.display())))?;
    let entries = file::from_text(&text).map_err(|(nr, line)| {
        Failure::Usage(format!("{}:{nr}: no operation: {line}", path.display()))
    })?;
    runner.start()?;
    runner.settings.interval = 1;
    for piece in entries.chunks(PIECE) {
        match runner.replay(piece)?.stop {
            Stop::End => (),
            Stop::Diverged(divergence) => {
                context.text(&divergence.text)?;
                return Err(Failure::Failed(format!(
                    "operation {} differs: {}",
                    runner.totals.operations, divergence.kind
                )));
            }
            Stop::Disturbed | Stop::Signal => {
                return Err(Failure::Failed("disturbed: try again".to_owned()));
            }
        }
    }
    context.text(&format!(
        "{} operations, all equal\n",
        runner.totals.operations
    ))
}

fn check_names(names: &[String]) -> Result {
    let known = Coverage::default();
    match names.iter().find(|name| known.get(name).is_none()) {
        None => Ok(()),
        Some(name) => Err(Failure::Usage(format!("no counter `{name}`"))),
    }
}

fn missing(demand: &[String], coverage: &Coverage) -> Vec<String> {
    let is_zero = |name: &&String| coverage.get(name) == Some(0);
    demand.iter().filter(is_zero).cloned().collect()
}

fn file_name(found: &Found) -> String {
    format!("parity-{}-{}.txt", found.seed, found.mix.name())
}

/// Writes the sequences that show a difference to files.
fn save(args: &ParityArgs, all: &[Found]) -> Result {
    for found in all {
        let comment = format!(
            "seed {}, operation {}, again: {}\n{}",
            found.seed, found.operation, found.reproduced, found.divergence.text
        );
        let text = file::to_text(&found.sequence, &comment);
        fs::write(args.save.join(file_name(found)), text)?;
    }
    Ok(())
}

fn text(args: &ParityArgs, report: &Report) -> String {
    let mut text = String::new();
    for found in &report.found {
        text += &difference(args, found);
    }
    for (name, nr) in report.coverage.counts() {
        text += &format!("{name:<16}{nr}\n");
    }
    for (mix, nr) in &report.mixes {
        text += &format!("mix_{:<12}{nr}\n", mix.name());
    }
    text += &format!("{:<16}{}\n", "texts", report.texts);
    for name in &report.missing {
        text += &format!("never reached: {name}\n");
    }
    if report.disturbances > 0 {
        text += &format!("disturbed by others {} times\n", report.disturbances);
    }
    text + &format!(
        "parity: {} operations, {} seeds, {} divergences, {:.0} s\n",
        report.operations, report.seeds, report.divergences, report.seconds
    )
}

/// Longest sequence that is printed.
const MAX_LINES: usize = 40;

fn difference(args: &ParityArgs, found: &Found) -> String {
    let head = format!(
        "seed {} mix {:?}: operation {} differs: {}\n{}",
        found.seed, found.mix, found.operation, found.divergence.kind, found.divergence.text
    );
    let again = match found.reproduced {
        true => format!("{} operations show it:\n", found.sequence.len()),
        false => "not seen again from a fresh copy; all operations up to it\n".to_owned(),
    };
    let lines = match found.sequence.len() {
        nr if nr <= MAX_LINES => file::to_text(&found.sequence, ""),
        _ => String::new(),
    };
    let path = args.save.join(file_name(found));
    format!(
        "{head}{again}{lines}rbctl parity --node {} --replay {}\n",
        args.node,
        path.display()
    )
}

fn judge(report: &Report) -> Result {
    match (report.divergences, report.missing.len()) {
        (0, 0) => Ok(()),
        (0, nr) => Err(Failure::Failed(format!(
            "{nr} of the demanded counters are 0: use more operations, seeds or mixes"
        ))),
        (nr, _) => Err(Failure::Failed(format!(
            "the model differs from the kernel {nr} times: see the files"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn args(dir: &std::path::Path) -> ParityArgs {
        ParityArgs {
            node: 1,
            operations: 20000,
            seeds: 2,
            seed: 1,
            mix: Vec::new(),
            interval: 4096,
            demand: vec!["alloc".to_owned()],
            shrink: 10,
            max_differences: 1,
            save: dir.to_owned(),
            replay: None,
            kernel_only: false,
            texts: false,
            cpu: first_cpu(),
        }
    }

    /// A CPU that this test may use.
    fn first_cpu() -> usize {
        let cpus = rustix::thread::sched_getaffinity(None).expect("our CPUs");
        (0..CpuSet::MAX_CPU)
            .find(|cpu| cpus.is_set(*cpu))
            .expect("a CPU")
    }

    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("rbctl-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        path
    }

    #[test]
    fn equal_is_told_in_one_line() {
        let region = testing::region();
        let dir = folder("equal");
        let (text, result) = testing::run(false, |context| run(&args(&dir), &region, context));
        assert!(result.is_ok());
        let last = text.lines().last().unwrap_or_default();
        assert!(last.starts_with("parity: 20006 operations, 2 seeds, 0 divergences, "));
    }

    #[test]
    fn a_difference_fails_and_leaves_a_file_that_shows_it() {
        let region = testing::region_with(|fake| fake.blind = Some((7, 3)));
        let dir = folder("blind");
        let (text, result) = testing::run(false, |context| run(&args(&dir), &region, context));
        assert_eq!(result.map_err(|failure| failure.code()), Err(1));
        assert!(text.contains("2 operations show it:"));
        let file = fs::read_dir(&dir).expect("the folder").next();
        let again = ParityArgs {
            replay: file.and_then(Result::ok).map(|file| file.path()),
            ..args(&dir)
        };
        let (text, result) = testing::run(false, |context| run(&again, &region, context));
        assert_eq!(text, "blind\n");
        assert!(result.is_err_and(|failure| failure.to_string().contains("operation 2 differs")));
    }

    #[test]
    fn what_was_demanded_and_not_reached_fails() {
        let region = testing::region();
        let demand = ParityArgs {
            demand: vec!["steal".to_owned()],
            ..args(&folder("demand"))
        };
        let json = |context: &mut Context<'_>| run(&demand, &region, context);
        let (text, result) = testing::run(true, json);
        assert_eq!(result.map_err(|failure| failure.code()), Err(1));
        assert!(text.contains("\"missing\":[\"steal\"]"));
        assert!(text.contains("\"divergences\":0"));
    }

    #[test]
    fn an_unknown_counter_is_wrong_usage() {
        assert!(matches!(
            check_names(&["luck".to_owned()]),
            Err(Failure::Usage(_))
        ));
    }
}
