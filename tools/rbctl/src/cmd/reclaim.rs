// SPDX-License-Identifier: GPL-2.0

//! `rbctl reclaim`

#![deny(unsafe_code)]

use std::time::{
    Duration,
    Instant, //
};

use clap::Args;
use rust_buddy::{
    Reclaim,
    Reclaimed,
    Region, //
};
use rustix::io::Errno;
use serde::Serialize;

use crate::{
    context::Context,
    failure::Result,
    interrupt::Interrupt,
    progress,
    units, //
};

const AFTER_HELP: &str = "\
Drops the contents of purgeable blocks, those unused for longest first, whoever owns them. Their
owners are told when they ask for them again (`rbctl advise needed`). Pinned blocks stay. Needs root.
Ctrl-C ends it: what was dropped until then is told.

Examples:
  rbctl reclaim
  rbctl reclaim 1000 --node 0 --json";

/// Pages of one call: so often Ctrl-C is seen and the bar moves.
const CHUNK: u64 = 1024;

/// Calls in a row that bring nothing: after one, blocks that were in use may no longer be.
const FRUITLESS: u32 = 2;

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ReclaimArgs {
    /// At least so many pages, if there are; all without
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pages: Option<u64>,

    /// Of this node only
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(0..))]
    node: Option<i32>,

    /// End after so many seconds
    #[arg(long, value_name = "SECS", value_parser = super::alloc::seconds)]
    timeout: Option<Duration>,
}

#[derive(Serialize)]
struct Report {
    wanted: Option<u64>,
    #[serde(flatten)]
    done: Reclaimed,
    interrupted: bool,
    elapsed_ns: u64,
    free_before: u64,
    free_after: u64,
}

pub(crate) fn run(args: &ReclaimArgs, region: &Region, context: &mut Context<'_>) -> Result {
    let interrupt = Interrupt::install()?;
    let free_before = region.info()?.free_pages;
    let start = Instant::now();
    let done = work(args, region, &interrupt, context.json)?;
    let report = Report {
        wanted: args.pages,
        done,
        interrupted: interrupt.check().is_err(),
        elapsed_ns: units::nanos(start.elapsed()),
        free_before,
        free_after: region.info()?.free_pages,
    };
    match context.json {
        true => context.json("reclaim", &report)?,
        false => context.text(&text(&report))?,
    }
    interrupt.check()
}

/// Call by call, until there is enough, or nothing, or the time is over, or Ctrl-C.
fn work(
    args: &ReclaimArgs,
    region: &Region,
    interrupt: &Interrupt,
    quiet: bool,
) -> Result<Reclaimed> {
    let goal = args.pages.unwrap_or(u64::MAX);
    let there = purgeable(args, region)?;
    let template = "reclaiming {bar:40} {pos}/{len} pages {per_sec}";
    let bar = progress::bar(goal.min(there), template, quiet);
    let start = Instant::now();
    let mut done = Reclaimed::default();
    let mut fruitless = 0;
    while done.reclaimed < goal && fruitless < FRUITLESS && interrupt.check().is_ok() {
        let Some(timeout) = left(args.timeout, start) else {
            break;
        };
        let what = Reclaim {
            pages: (goal - done.reclaimed).min(CHUNK),
            nid: args.node,
            timeout,
        };
        match region.reclaim(&what) {
            Ok(part) => {
                fruitless = if part.reclaimed == 0 {
                    fruitless + 1
                } else {
                    0
                };
                add(&mut done, part);
            }
            Err(error) if ends(error.errno()) => break,
            Err(error) => return Err(error.into()),
        }
        bar.set_position(done.reclaimed);
    }
    bar.finish_and_clear();
    Ok(done)
}

fn add(sum: &mut Reclaimed, part: Reclaimed) {
    sum.reclaimed += part.reclaimed;
    sum.scanned += part.scanned;
}

fn ends(errno: Option<Errno>) -> bool {
    matches!(errno, Some(Errno::INTR | Errno::TIMEDOUT))
}

/// What is left of the time, nothing if it is over; zero is no limit.
fn left(timeout: Option<Duration>, start: Instant) -> Option<Duration> {
    match timeout {
        None => Some(Duration::ZERO),
        Some(time) => time
            .checked_sub(start.elapsed())
            .filter(|left| !left.is_zero()),
    }
}

/// Pages that could be had.
fn purgeable(args: &ReclaimArgs, region: &Region) -> Result<u64> {
    let mut nodes: Vec<i32> = region.zones()?.iter().map(|zone| zone.nid).collect();
    nodes.dedup();
    nodes.retain(|nid| args.node.is_none_or(|meant| meant == *nid));
    let mut pages = 0;
    for nid in nodes {
        let node = region.node(nid)?;
        let zones = node.iter().flat_map(|node| &node.zones);
        pages += zones.map(|zone| zone.active + zone.inactive).sum::<u64>();
    }
    Ok(pages)
}

fn text(report: &Report) -> String {
    let Report { done, .. } = report;
    let wanted = match report.wanted {
        Some(wanted) => format!(" of {wanted} wanted"),
        None => String::new(),
    };
    let elapsed = units::time(Duration::from_nanos(report.elapsed_ns));
    let first = format!(
        "reclaimed {}{wanted}, {} looked at, in {elapsed}; free before: {}, after: {}\n",
        units::count(done.reclaimed, "page"),
        done.scanned,
        report.free_before,
        report.free_after
    );
    let is_short = report.wanted.is_some_and(|wanted| done.reclaimed < wanted);
    match is_short && !report.interrupted {
        true => {
            first + "no more is purgeable: the rest is pinned, in use, or was never advised so\n"
        }
        false => first,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use rust_buddy::{
        Advice,
        Gfp,
        Request, //
    };

    const ALL: ReclaimArgs = ReclaimArgs {
        pages: None,
        node: None,
        timeout: None,
    };

    /// 3000 purgeable pages, 10 of them pinned.
    fn region() -> Region {
        let region = testing::region();
        let mut request = Request::new(Gfp::HIGHUSER_MOVABLE, 0);
        request.purgeable = true;
        let handles = region.alloc_bulk(&request, 3000).expect("3000 pages");
        for handle in &handles[..10] {
            region.advise(*handle, Advice::Pin).expect("a pin");
        }
        region
    }

    #[test]
    fn without_a_number_all_is_dropped_but_what_is_pinned() {
        let region = region();
        let json = testing::run_json(|context| run(&ALL, &region, context));
        assert_eq!(json["reclaimed"], 2990);
        assert_eq!(json["free_after"], 16384 - 10);
        assert_eq!(json["wanted"], serde_json::Value::Null);
    }

    #[test]
    fn so_many_as_were_wanted() {
        let region = region();
        let args = ReclaimArgs {
            pages: Some(2000),
            ..ALL
        };
        let json = testing::run_json(|context| run(&args, &region, context));
        assert_eq!(json["reclaimed"], 2000);
    }

    #[test]
    fn too_few_are_explained() {
        let region = region();
        let args = ReclaimArgs {
            pages: Some(5000),
            ..ALL
        };
        let (text, result) = testing::run(false, |context| run(&args, &region, context));
        assert!(result.is_ok());
        assert!(text.starts_with("reclaimed 2990 pages of 5000 wanted, 2990 looked at, in "));
        assert!(text.contains("free before: 13384, after: 16374\nno more is purgeable: "));
    }

    #[test]
    fn ctrl_c_ends_it_before_the_next_call() -> Result {
        let region = region();
        let done = work(&ALL, &region, &Interrupt::pressed(), true)?;
        assert_eq!(done, Reclaimed::default());
        Ok(())
    }

    #[test]
    fn no_time_is_no_work() {
        let region = region();
        let args = ReclaimArgs {
            timeout: Some(Duration::ZERO),
            ..ALL
        };
        let json = testing::run_json(|context| run(&args, &region, context));
        assert_eq!(json["reclaimed"], 0);
    }
}
