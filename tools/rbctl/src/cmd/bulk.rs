// SPDX-License-Identifier: GPL-2.0

//! `rbctl bulk`

#![deny(unsafe_code)]

use std::{
    ops::RangeInclusive,
    os::fd::RawFd,
    time::{
        Duration,
        Instant, //
    },
};

use clap::Args;
use fastrand::Rng;
use rust_buddy::{
    Error,
    Gfp,
    Region,
    Request, //
};
use rustix::io::Errno;
use serde::Serialize;

use crate::{
    batch::{
        pages,
        Batch, //
    },
    context::Context,
    failure::Result,
    interrupt::Interrupt,
    progress,
    units::{
        count,
        nanos,
        rate,
        time, //
    },
};

const AFTER_HELP: &str = "\
Each step draws an order (each higher one half as often, unless --even), one of the --gfp sets and a
length, and allocates so many blocks with one call. The same seed on the same region gives the same
blocks.
When memory runs out, a request that may wait can cost a client all its blocks, perhaps this one;
with RETRY_MAYFAIL or NORETRY it ends instead, and the rest is told as missing.
Without --fd everything is freed at the end; with --fd the blocks stay with the shell's open file.

Examples:
  rbctl bulk --count 10000 --orders 0-3
  rbctl bulk --gfp KERNEL --gfp HIGHUSER_MOVABLE --free 90 --hold 60
  rbctl bulk --gfp 'KERNEL|NORETRY' --count 100000
  exec 3<>/dev/rust_buddy; rbctl --fd 3 bulk --seed 7; rbctl map; exec 3>&-";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct BulkArgs {
    /// How many blocks
    #[arg(long, value_name = "NR", default_value_t = 300)]
    count: u32,

    /// Orders, as FIRST-LAST or one
    #[arg(long, value_name = "ORDERS", default_value = "0-4", value_parser = orders)]
    orders: RangeInclusive<u32>,

    /// Request flags; give it several times to mix
    #[arg(long, value_name = "FLAGS", default_values = ["KERNEL", "KERNEL|RECLAIMABLE", "HIGHUSER_MOVABLE"])]
    gfp: Vec<Gfp>,

    /// Draw all orders equally often
    #[arg(long)]
    even: bool,

    /// How many percent of the blocks are freed again, picked at random
    #[arg(long, value_name = "PERCENT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(0..=100))]
    free: u32,

    /// Longest run of blocks of one call
    #[arg(long, value_name = "NR", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=4096))]
    run: u32,

    /// Decides all that is drawn
    #[arg(long, value_name = "NR", default_value_t = 1)]
    seed: u64,

    /// Hold the rest so many seconds before it is freed
    #[arg(long, value_name = "SECS", value_parser = super::alloc::seconds, conflicts_with = "fd")]
    hold: Option<Duration>,
}

fn orders(text: &str) -> Result<RangeInclusive<u32>, String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.parse(), last.parse()) {
        (Ok(first), Ok(last)) if first <= last => Ok(first..=last),
        _ => Err("use FIRST-LAST, like 0-4, or one order".to_owned()),
    }
}

#[derive(Serialize)]
struct Report {
    seed: u64,
    blocks_wanted: u32,
    blocks_allocated: u64,
    pages_allocated: u64,
    calls_out_of_memory: u64,
    alloc_ns: u64,
    blocks_by_order: Vec<u64>,
    blocks_freed: u64,
    pages_freed: u64,
    free_ns: u64,
    blocks_kept: u64,
    pages_kept: u64,
}

pub(crate) fn run(
    args: &BulkArgs,
    fd: Option<RawFd>,
    region: &Region,
    context: &mut Context<'_>,
) -> Result {
    let interrupt = Interrupt::install()?;
    let mut batch = Batch::new(region);
    let report = work(args, region, &mut batch, &interrupt, context.json)?;
    match context.json {
        true => context.json("bulk", &report)?,
        false => context.text(&text(&report))?,
    }
    if fd.is_some() {
        batch.keep();
        return Ok(());
    }
    let waited = args.hold.map_or(Ok(()), |time| interrupt.wait(Some(time)));
    batch.release()?;
    waited
}

fn work(
    args: &BulkArgs,
    region: &Region,
    batch: &mut Batch<'_>,
    interrupt: &Interrupt,
    quiet: bool,
) -> Result<Report> {
    let mut rng = Rng::with_seed(args.seed);
    let template = "{bar:40} {pos}/{len} blocks {per_sec}";
    let bar = progress::bar(args.count.into(), template, quiet);
    let mut spent = Duration::ZERO;
    let mut failures = 0;
    let mut asked = 0;
    while asked < args.count {
        interrupt.check()?;
        let (request, nr) = draw(args, &mut rng, args.count - asked);
        let start = Instant::now();
        let got = region.alloc_bulk(&request, nr);
        spent += start.elapsed();
        match got {
            Ok(blocks) => batch.handles.extend(blocks),
            Err(error) if error.errno() == Some(Errno::NOMEM) => failures += 1,
            Err(error) => return Err(Error::into(error)),
        }
        asked += nr;
        bar.set_position(asked.into());
    }
    bar.finish_and_clear();
    let mut report = allocated(args, batch, spent, failures);
    free_part(args, region, batch, &mut rng, &mut report)?;
    Ok(report)
}

/// One call: each higher order half as often as the one below it, or all alike.
fn draw(args: &BulkArgs, rng: &mut Rng, left: u32) -> (Request, u32) {
    let (first, last) = (*args.orders.start(), *args.orders.end());
    let order = match args.even {
        true => rng.u32(first..=last),
        false => first.saturating_add(rng.u64(..).trailing_zeros()).min(last),
    };
    let gfp = rng.choice(&args.gfp).copied().unwrap_or(Gfp::KERNEL);
    (Request::new(gfp, order), rng.u32(1..=args.run).min(left))
}

fn allocated(args: &BulkArgs, batch: &Batch<'_>, spent: Duration, failures: u64) -> Report {
    let mut by_order = vec![0; *args.orders.end() as usize + 1];
    for handle in &batch.handles {
        by_order[handle.order as usize] += 1;
    }
    Report {
        seed: args.seed,
        blocks_wanted: args.count,
        blocks_allocated: batch.handles.len() as u64,
        pages_allocated: batch.pages(),
        calls_out_of_memory: failures,
        alloc_ns: nanos(spent),
        blocks_by_order: by_order,
        blocks_freed: 0,
        pages_freed: 0,
        free_ns: 0,
        blocks_kept: 0,
        pages_kept: 0,
    }
}

fn free_part(
    args: &BulkArgs,
    region: &Region,
    batch: &mut Batch<'_>,
    rng: &mut Rng,
    report: &mut Report,
) -> Result {
    rng.shuffle(&mut batch.handles);
    let nr = batch.handles.len() * args.free as usize / 100;
    let part: Vec<_> = batch.handles.drain(..nr).collect();
    let start = Instant::now();
    region.free(&part, false)?;
    report.free_ns = nanos(start.elapsed());
    report.blocks_freed = part.len() as u64;
    report.pages_freed = pages(&part);
    report.blocks_kept = batch.handles.len() as u64;
    report.pages_kept = batch.pages();
    Ok(())
}

fn text(report: &Report) -> String {
    let line = |what: &str, blocks: u64, pages: u64, ns: u64| {
        let (blocks_text, pages) = (count(blocks, "block"), count(pages, "page"));
        let spent = Duration::from_nanos(ns);
        let rate = rate(blocks, spent);
        format!(
            "{what:<10}{blocks_text}, {pages}, in {}: {rate} blocks/s\n",
            time(spent)
        )
    };
    let kept = format!(
        "{:<10}{}, {}\n",
        "kept",
        count(report.blocks_kept, "block"),
        count(report.pages_kept, "page")
    );
    let orders = report
        .blocks_by_order
        .iter()
        .enumerate()
        .filter(|(_, nr)| **nr != 0);
    let orders: Vec<String> = orders.map(|(order, nr)| format!("{order}:{nr}")).collect();
    line(
        "allocated",
        report.blocks_allocated,
        report.pages_allocated,
        report.alloc_ns,
    ) + &format!("{:<10}{}\n", "by order", orders.join("  "))
        + &missing(report)
        + &line(
            "freed",
            report.blocks_freed,
            report.pages_freed,
            report.free_ns,
        )
        + &kept
}

fn missing(report: &Report) -> String {
    match u64::from(report.blocks_wanted) - report.blocks_allocated {
        0 => String::new(),
        nr => format!(
            "{:<10}{}: the region is full for such requests\n",
            "missing",
            count(nr, "block")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn args() -> BulkArgs {
        BulkArgs {
            count: 200,
            orders: 0..=3,
            even: false,
            gfp: vec![Gfp::KERNEL, Gfp::HIGHUSER_MOVABLE],
            free: 25,
            run: 8,
            seed: 7,
            hold: None,
        }
    }

    #[test]
    fn orders_are_read() {
        assert_eq!(orders("0-4"), Ok(0..=4));
        assert_eq!(orders("9"), Ok(9..=9));
        assert!(orders("4-0").is_err());
        assert!(orders("x").is_err());
    }

    #[test]
    fn the_report_adds_up() {
        let region = testing::region();
        let json = testing::run_json(|context| run(&args(), Some(3), &region, context));
        assert_eq!(json["blocks_allocated"], 200);
        assert_eq!(json["blocks_freed"], 50);
        assert_eq!(json["blocks_kept"], 150);
        let used = region.info().map(|info| info.used_by_me).ok();
        assert_eq!(json["pages_kept"].as_u64(), used);
    }

    #[test]
    fn the_same_seed_gives_the_same_blocks() {
        let orders = || {
            let region = testing::region();
            testing::run_json(|context| run(&args(), None, &region, context))["blocks_by_order"]
                .take()
        };
        assert_eq!(orders(), orders());
    }

    #[test]
    fn without_fd_nothing_is_left() {
        let region = testing::region();
        let (_, result) = testing::run(false, |context| run(&args(), None, &region, context));
        assert!(result.is_ok());
        assert_eq!(region.info().map(|info| info.used_by_me).ok(), Some(0));
    }

    #[test]
    fn a_full_region_is_no_failure() {
        let region = testing::region();
        let args = BulkArgs {
            orders: 10..=10,
            ..args()
        };
        let (text, result) = testing::run(false, |context| run(&args, None, &region, context));
        assert!(result.is_ok());
        assert!(text.contains("missing   184 blocks"));
    }
}
