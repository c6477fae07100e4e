// SPDX-License-Identifier: GPL-2.0

//! `rbctl record`

#![deny(unsafe_code)]

use std::{
    fs::File,
    io::Write,
    path::PathBuf,
    time::{
        Duration,
        Instant, //
    },
};

use clap::Args;
use indicatif::ProgressBar;
use rust_buddy::Region;
use serde::Serialize;

use crate::{
    context::Context,
    failure::{
        Failure,
        Result, //
    },
    interrupt::Interrupt,
    progress,
    recording::{
        self,
        Header,
        Record, //
    },
    sample::Sampler,
    units, //
};

const AFTER_HELP: &str = "\
A line of JSON for each sample: zones with free blocks by order and watermarks, what kswapd and
kcompactd do, and all counters (by name where debugfs can be read). Each line is written at once, so
that the recording is good whenever it ends; Ctrl-C ends it.

Examples:
  rbctl record storm.rec --for 60
  rbctl record storm.rec --interval 0.1
  rbctl record - --samples 5 | tail -n 1";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct RecordArgs {
    /// Where to, `-` for the standard output
    file: PathBuf,

    /// Seconds from one sample to the next
    #[arg(long, value_name = "SECS", value_parser = interval, default_value = "1")]
    interval: Duration,

    /// End after so many seconds
    #[arg(long = "for", value_name = "SECS", value_parser = super::alloc::seconds)]
    time: Option<Duration>,

    /// End after so many samples
    #[arg(long, value_name = "NR", value_parser = clap::value_parser!(u64).range(1..))]
    samples: Option<u64>,
}

/// So short that more would only be looking.
pub(super) fn interval(text: &str) -> Result<Duration, String> {
    super::alloc::seconds(text)
        .ok()
        .filter(|time| *time >= Duration::from_millis(10))
        .ok_or_else(|| "use a number of seconds, at least 0.01".to_owned())
}

#[derive(Serialize)]
struct Report {
    file: String,
    samples: u64,
    elapsed_ns: u64,
}

pub(crate) fn run(args: &RecordArgs, region: &Region, context: &mut Context<'_>) -> Result {
    let interrupt = Interrupt::install()?;
    let sampler = Sampler::new(region, context);
    let header = Header::from(&region.info()?);
    if args.file.as_os_str() == "-" {
        let mut out = &mut *context.out;
        recording::write(&mut out, &header)?;
        return record(args, &sampler, &interrupt, &mut out, true).map(|_| ());
    }
    let mut file = File::create(&args.file).map_err(|error| cannot(args, &error))?;
    recording::write(&mut file, &header)?;
    let report = record(args, &sampler, &interrupt, &mut file, context.json)?;
    match context.json {
        true => context.json("record", &report)?,
        false => context.text(&text(&report))?,
    }
    interrupt.check()
}

fn cannot(args: &RecordArgs, error: &std::io::Error) -> Failure {
    let file = args.file.display();
    Failure::Failed(format!("cannot write {file}: {error}; choose another FILE"))
}

/// Until Ctrl-C, which is no failure here, or the time, or the number.
fn record(
    args: &RecordArgs,
    sampler: &Sampler<'_>,
    interrupt: &Interrupt,
    out: &mut dyn Write,
    quiet: bool,
) -> Result<Report> {
    let bar = progress::spinner(quiet);
    let start = Instant::now();
    let mut samples = 0u64;
    loop {
        let at = start.elapsed();
        let sample = sampler.numbers(at)?;
        recording::write(out, &Record::from(&sample))?;
        samples += 1;
        tell(&bar, samples, at, sample.info.free_pages);
        let next = args
            .interval
            .saturating_mul(u32::try_from(samples).unwrap_or(u32::MAX));
        if is_last(args, samples, next) || interrupt.wait(Some(until(start, next))).is_err() {
            break;
        }
    }
    bar.finish_and_clear();
    Ok(Report {
        file: args.file.display().to_string(),
        samples,
        elapsed_ns: units::nanos(start.elapsed()),
    })
}

/// So that samples do not drift.
fn until(start: Instant, next: Duration) -> Duration {
    next.saturating_sub(start.elapsed())
}

fn is_last(args: &RecordArgs, samples: u64, next: Duration) -> bool {
    args.samples.is_some_and(|nr| samples >= nr) || args.time.is_some_and(|time| next > time)
}

fn tell(bar: &ProgressBar, samples: u64, at: Duration, free: u64) {
    let samples = units::count(samples, "sample");
    bar.set_message(format!(
        "recording: {samples}, {}, {free} pages free; Ctrl-C ends it",
        units::time(at)
    ));
    bar.tick();
}

fn text(report: &Report) -> String {
    let samples = units::count(report.samples, "sample");
    let elapsed = units::time(Duration::from_nanos(report.elapsed_ns));
    let file = &report.file;
    format!("{samples} in {elapsed}; draw it with `rbctl plot {file}`\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        recording::Recording,
        testing, //
    };

    fn args(file: &str, samples: Option<u64>, time: Option<Duration>) -> RecordArgs {
        RecordArgs {
            file: file.into(),
            interval: Duration::from_millis(10),
            time,
            samples,
        }
    }

    #[test]
    fn a_recording_can_be_read() -> Result {
        let region = testing::region();
        let args = args("-", Some(3), None);
        let (text, result) = testing::run(false, |context| run(&args, &region, context));
        result?;
        let recording = Recording::read(text.as_bytes())?;
        assert_eq!(recording.records.len(), 3);
        assert_eq!(recording.records[2].zones[3].zone, "Movable");
        assert_eq!(recording.header.kernel, "7.3.4");
        Ok(())
    }

    #[test]
    fn time_ends_it() -> Result {
        let path = std::env::temp_dir().join(format!("rbctl-record-{}", std::process::id()));
        let region = testing::region();
        let args = args(
            &path.to_string_lossy(),
            None,
            Some(Duration::from_millis(35)),
        );
        let json = testing::run_json(|context| run(&args, &region, context));
        let lines = std::fs::read_to_string(&path)?.lines().count();
        std::fs::remove_file(path)?;
        assert_eq!(json["samples"], 4);
        assert_eq!(lines, 5);
        Ok(())
    }

    #[test]
    fn ctrl_c_ends_it_after_a_whole_sample() -> Result {
        let region = testing::region();
        let mut file = Vec::new();
        let args = args("-", None, None);
        let (_, result) = testing::run(false, |context| {
            let sampler = Sampler::new(&region, context);
            let report = record(&args, &sampler, &Interrupt::pressed(), &mut file, true)?;
            assert_eq!(report.samples, 1);
            Ok(())
        });
        result?;
        assert!(file.ends_with(b"}\n"));
        Ok(())
    }

    #[test]
    fn a_folder_that_is_not_there_is_told() {
        let region = testing::region();
        let args = args("/nonexistent/a.rec", Some(1), None);
        let (_, result) = testing::run(false, |context| run(&args, &region, context));
        let text = result.unwrap_err().to_string();
        assert!(text.starts_with("cannot write /nonexistent/a.rec: "));
    }
}
