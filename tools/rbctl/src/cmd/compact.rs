// SPDX-License-Identifier: GPL-2.0

//! `rbctl compact`

#![deny(unsafe_code)]

use std::{
    sync::atomic::{
        AtomicBool,
        Ordering, //
    },
    thread,
    time::{
        Duration,
        Instant, //
    },
};

use clap::Args;
use indicatif::ProgressBar;
use rust_buddy::{
    Compact,
    CompactMode,
    CompactResult,
    Compacted,
    Region,
    ZoneKind,
    ZoneStat, //
};
use rustix::io::Errno;
use serde::Serialize;

use crate::{
    context::Context,
    failure::{
        Failure,
        Result, //
    },
    interrupt::Interrupt,
    progress,
    units, //
};

const AFTER_HELP: &str = "\
Moves movable blocks to one end of each zone, so that the free pages at the other end merge. Blocks
keep their handles, their contents and their mappings; pinned and unmovable ones stay. Needs root.
Ctrl-C ends it: what was moved until then stays moved, and is told.

Examples:
  rbctl compact
  rbctl compact --zone Movable --order 10
  rbctl compact --mode async --timeout 0.5 --json";

/// How often the scanners are looked at.
const GLANCE: Duration = Duration::from_millis(100);

/// Opens the device once more: a region is for one thread.
pub(crate) type Open<'a> = &'a (dyn Fn() -> Result<Region> + Sync);

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct CompactArgs {
    /// This node only
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(0..))]
    node: Option<i32>,

    /// These zones only: DMA, DMA32, Normal or Movable
    #[arg(long, value_name = "ZONE", value_parser = super::zone)]
    zone: Option<ZoneKind>,

    /// Until a block of this order is free; without it until all has been looked at
    #[arg(long, value_name = "ORDER", value_parser = clap::value_parser!(u32).range(0..16))]
    order: Option<u32>,

    /// How hard to try: async, sync-light or sync-full
    #[arg(long, value_name = "MODE", default_value = "sync-full")]
    mode: CompactMode,

    /// Look at no more pages than that
    #[arg(long, value_name = "PAGES", value_parser = clap::value_parser!(u64).range(1..))]
    budget: Option<u64>,

    /// End after so many seconds
    #[arg(long, value_name = "SECS", value_parser = super::alloc::seconds)]
    timeout: Option<Duration>,
}

impl CompactArgs {
    fn what(&self) -> Compact {
        Compact {
            nid: self.node,
            zone: self.zone,
            order: self.order,
            mode: self.mode,
            budget: self.budget.unwrap_or(0),
            timeout: self.timeout.unwrap_or(Duration::ZERO),
        }
    }

    fn covers(&self, zone: &ZoneStat) -> bool {
        self.node.is_none_or(|nid| nid == zone.nid) && self.zone.is_none_or(|z| z == zone.zone)
    }

    fn zones(&self, region: &Region) -> Result<Vec<ZoneStat>> {
        let mut zones = region.zones()?;
        zones.retain(|zone| self.covers(zone));
        Ok(zones)
    }
}

/// The free memory that was meant.
#[derive(Serialize, Clone, Copy)]
struct Free {
    pages: u64,
    /// Blocks as large as a pageblock that it forms.
    pageblocks: u64,
    largest_order: Option<u32>,
}

#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    done: Option<Compacted>,
    interrupted: bool,
    elapsed_ns: u64,
    pageblock_order: u32,
    before: Free,
    after: Free,
}

pub(crate) fn run(
    args: &CompactArgs,
    region: &Region,
    open: Option<Open<'_>>,
    context: &mut Context<'_>,
) -> Result {
    let interrupt = Interrupt::install()?;
    let report = work(args, region, open, &interrupt, context.json)?;
    match context.json {
        true => context.json("compact", &report)?,
        false => context.text(&text(&report, region.info()?.page_size()))?,
    }
    interrupt.check()?;
    is_reached(args, &report)
}

fn work(
    args: &CompactArgs,
    region: &Region,
    open: Option<Open<'_>>,
    interrupt: &Interrupt,
    quiet: bool,
) -> Result<Report> {
    let pageblock_order = region.info()?.pageblock_order;
    let before = free(&args.zones(region)?, pageblock_order);
    let start = Instant::now();
    let done = watched(args, region, open, quiet)?;
    Ok(Report {
        done,
        interrupted: interrupt.check().is_err(),
        elapsed_ns: units::nanos(start.elapsed()),
        pageblock_order,
        before,
        after: free(&args.zones(region)?, pageblock_order),
    })
}

/// Compacts in this thread, the first: it is the one that the kernel wakes for Ctrl-C.
fn watched(
    args: &CompactArgs,
    region: &Region,
    open: Option<Open<'_>>,
    quiet: bool,
) -> Result<Option<Compacted>> {
    let bar = progress::bar(100, "compacting {bar:40} {pos:>3} %  {elapsed}", quiet);
    let ended = AtomicBool::new(false);
    let done = thread::scope(|scope| {
        let watcher = scope.spawn(|| open.map(|open| watch(args, open, &bar, &ended)));
        let done = region.compact(&args.what());
        ended.store(true, Ordering::SeqCst);
        watcher.thread().unpark();
        done
    });
    bar.finish_and_clear();
    match done {
        Err(error) if error.errno() == Some(Errno::INTR) => Ok(None),
        done => Ok(Some(done?)),
    }
}

/// What cannot be watched is compacted all the same.
fn watch(args: &CompactArgs, open: Open<'_>, bar: &ProgressBar, ended: &AtomicBool) {
    let Ok(region) = open() else {
        return;
    };
    while !ended.load(Ordering::SeqCst) {
        if let Ok(percent) = seen(args, &region) {
            bar.set_position(percent);
        }
        thread::park_timeout(GLANCE);
    }
}

/// How much of the zones lies behind the scanners, in percent.
fn seen(args: &CompactArgs, region: &Region) -> Result<u64> {
    let (mut seen, mut all) = (0, 0);
    for zone in args.zones(region)? {
        let node = region.node(zone.nid)?;
        let Some(at) = node.as_ref().and_then(|node| node.zone(zone.zone)) else {
            continue;
        };
        let between = at.free_page.saturating_sub(at.migrate_page);
        seen += zone.spanned.saturating_sub(between);
        all += zone.spanned;
    }
    Ok((seen * 100).checked_div(all).unwrap_or(0))
}

fn free(zones: &[ZoneStat], pageblock_order: u32) -> Free {
    let rows: Vec<Vec<u64>> = zones.iter().map(ZoneStat::free_by_order).collect();
    let each = || {
        rows.iter()
            .flat_map(|row| (0u32..).zip(row.iter().copied()))
    };
    let large = each().filter(|(order, _)| *order >= pageblock_order);
    Free {
        pages: zones.iter().map(|zone| zone.free).sum(),
        pageblocks: large
            .map(|(order, nr)| nr << (order - pageblock_order))
            .sum(),
        largest_order: each()
            .filter(|(_, nr)| *nr > 0)
            .map(|(order, _)| order)
            .max(),
    }
}

fn text(report: &Report, page_size: u64) -> String {
    let elapsed = units::time(Duration::from_nanos(report.elapsed_ns));
    let first = match &report.done {
        None => format!("interrupted after {elapsed}\n"),
        Some(done) => format!(
            "{}: {} moved, {} could not be, {} looked at, in {elapsed}\n",
            done.result,
            units::count(done.migrated, "page"),
            done.failed,
            done.scanned()
        ),
    };
    let (before, after) = (report.before, report.after);
    let largest = match after.largest_order {
        Some(order) => format!("the largest free block is of order {order}"),
        None => "nothing is free".to_owned(),
    };
    let size = units::bytes(page_size << report.pageblock_order);
    format!(
        "{first}free blocks of {size}: {} before, {} after; {largest}\n",
        before.pageblocks, after.pageblocks
    )
}

/// An order that was asked for is there, or it is told why not.
fn is_reached(args: &CompactArgs, report: &Report) -> Result {
    match (args.order, &report.done) {
        (Some(order), Some(done)) if report.after.largest_order < Some(order) => {
            Err(Failure::Failed(format!(
                "no free block of order {order}: {}",
                reason(done.result)
            )))
        }
        _ => Ok(()),
    }
}

fn reason(result: CompactResult) -> &'static str {
    match result {
        CompactResult::Deferred => "it did not help the last times; try --mode sync-full",
        CompactResult::NotSuitableZone | CompactResult::Skipped => {
            "too few pages are free; free some, or try `rbctl reclaim`"
        }
        CompactResult::Continue | CompactResult::Contended => {
            "ended before all was looked at; run it again, with a larger --budget or --timeout"
        }
        _ => "pinned and unmovable blocks are in the way; see `rbctl map`",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use rust_buddy::{
        Advice,
        Gfp,
        Handle,
        Request, //
    };

    fn all() -> CompactArgs {
        CompactArgs {
            node: None,
            zone: Some(ZoneKind::Movable),
            order: None,
            mode: CompactMode::SyncFull,
            budget: None,
            timeout: None,
        }
    }

    /// The Movable zone with every other page free, and nothing larger.
    fn fragmented() -> (Region, Vec<Handle>) {
        let region = testing::region();
        let request = Request::new(Gfp::HIGHUSER_MOVABLE, 0);
        let handles = region.alloc_bulk(&request, 4096).expect("4096 pages");
        let (odd, even): (Vec<Handle>, Vec<Handle>) =
            handles.into_iter().partition(|handle| handle.id % 2 == 1);
        region.free(&odd, false).expect("they are ours");
        (region, even)
    }

    #[test]
    fn free_pages_come_together() {
        let (region, _) = fragmented();
        let json = testing::run_json(|context| run(&all(), &region, None, context));
        assert_eq!(json["result"], "complete");
        assert_eq!(json["migrated"], 1024);
        assert_eq!(json["before"]["pageblocks"], 0);
        assert_eq!(json["after"]["pageblocks"], 4);
        assert_eq!(json["interrupted"], false);
    }

    #[test]
    fn the_text_tells_before_and_after() {
        let (region, _) = fragmented();
        let (text, result) = testing::run(false, |context| run(&all(), &region, None, context));
        assert!(result.is_ok());
        assert!(text.starts_with("complete: 1024 pages moved, 0 could not be, "));
        assert!(text.ends_with(
            "free blocks of 2 MiB: 0 before, 4 after; the largest free block is of order 10\n"
        ));
    }

    #[test]
    fn an_order_that_pins_forbid_is_a_failure_with_a_reason() {
        let (region, handles) = fragmented();
        for handle in handles {
            region.advise(handle, Advice::Pin).expect("a pin");
        }
        let args = CompactArgs {
            order: Some(9),
            ..all()
        };
        let (text, result) = testing::run(false, |context| run(&args, &region, None, context));
        assert!(text.starts_with("complete: 0 pages moved"));
        assert_eq!(
            result.unwrap_err().to_string(),
            "no free block of order 9: pinned and unmovable blocks are in the way; see `rbctl map`"
        );
    }

    #[test]
    fn a_small_budget_ends_it_and_says_so() {
        let (region, _) = fragmented();
        let args = CompactArgs {
            order: Some(10),
            budget: Some(10),
            ..all()
        };
        let (text, result) = testing::run(false, |context| run(&args, &region, None, context));
        assert!(text.starts_with("unfinished: "));
        assert!(result.unwrap_err().to_string().contains("run it again"));
    }

    #[test]
    fn the_scanners_tell_how_far_it_is() -> Result {
        let (region, _) = fragmented();
        assert_eq!(seen(&all(), &region)?, 0);
        let half = Compact {
            budget: 3000,
            ..all().what()
        };
        region.compact(&half)?;
        assert!((1..100).contains(&seen(&all(), &region)?));
        Ok(())
    }

    #[test]
    fn it_can_be_watched() {
        let (region, _) = fragmented();
        let open = || Ok(testing::region());
        let (_, result) = testing::run(false, |context| run(&all(), &region, Some(&open), context));
        assert!(result.is_ok());
    }
}
