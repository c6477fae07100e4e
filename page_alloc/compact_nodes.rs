// SPDX-License-Identifier: GPL-2.0

//! Compaction on demand, of whole nodes or zones.
//!
//! C: `compact_nodes()`, `compact_node()` in `mm/compaction.c`.
//!
//! # Differences
//!
//! - Before everything is compacted, CPUs give back what they have in stock.
//! - A limit may end that early. The next such run goes on there.

#![deny(unsafe_code)]

use super::{
    pageset::Pageset,
    Region, //
};
use crate::{
    slowpath::{
        compact::{
            control::{
                CompactRequest,
                Progress, //
            },
            CompactPriority,
            CompactResult,
            Mode, //
        },
        owners::Owners, //
    },
    sys,
    zone::{
        order::Order,
        Zone,
        ZoneType, //
    }, //
};

/// What is to be compacted on demand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CompactTask {
    /// A node, or all.
    pub(crate) nid: Option<i32>,
    /// A zone, or all.
    pub(crate) zone: Option<ZoneType>,
    /// Until a block of this order is free; `None`: until the scanners meet (C: -1).
    pub(crate) order: Option<Order>,
    pub(crate) priority: CompactPriority,
}

/// How far it came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct CompactReport {
    /// The highest of all zones.
    pub(crate) result: CompactResult,
    pub(crate) progress: Progress,
    /// More free blocks of the pageblock order than before.
    pub(crate) freed_blocks: i64,
}

impl Region {
    /// Compacts on demand, until it is done or `stop` says so, which is told how far it came
    /// (C: `compact_nodes()`, `compact_node()`).
    ///
    /// Sleeps.
    #[inline(never)]
    pub(crate) fn compact_nodes<O: Owners>(
        &self,
        task: &CompactTask,
        owners: &O,
        stop: &dyn Fn(&Progress) -> bool,
    ) -> CompactReport {
        let request = request_of(task);
        let mut report = CompactReport {
            result: CompactResult::NotSuitableZone,
            progress: Progress::default(),
            freed_blocks: 0,
        };

        for pageset in self.pagesets().filter(|pageset| task.concerns(pageset)) {
            if sys::fatal_signal_pending() || stop(&report.progress) {
                report.result = report.result.max(CompactResult::Contended);
                break;
            }
            pageset.drain_all();
            let before = self.nr_whole_blocks(pageset.zone());
            let sum = report.progress;
            let (result, progress) =
                self.compact(pageset, &request, owners, &|now| stop(&sum.sum(now)));
            let after = self.nr_whole_blocks(pageset.zone());

            report.result = report.result.max(result);
            report.progress = report.progress.sum(&progress);
            report.freed_blocks = report.freed_blocks.wrapping_add(after.wrapping_sub(before));
        }
        report
    }

    /// Free blocks of the pageblock order.
    fn nr_whole_blocks(&self, zone: &Zone) -> i64 {
        (zone.nr_free_in_pageblocks() >> (self.config.pageblock_order.get() & 31)) as i64
    }
}

impl CompactTask {
    fn concerns(&self, pageset: &Pageset) -> bool {
        let zone = pageset.zone();

        self.nid.is_none_or(|nid| nid == zone.nid())
            && self.zone.is_none_or(|kind| kind == zone.kind())
    }
}

fn request_of(task: &CompactTask) -> CompactRequest {
    let full = task.priority == CompactPriority::SyncFull;
    let Some(order) = task.order else {
        let mode = match full {
            true => Mode::Sync,
            false => Mode::of(task.priority),
        };

        return CompactRequest {
            resumes: true,
            ..CompactRequest::everything(mode)
        };
    };

    CompactRequest {
        mode: Mode::of(task.priority),
        whole_zone: full,
        ignore_skip_hint: full,
        ignore_block_suitable: full,
        ..CompactRequest::background(order, ZoneType::Movable, false)
    }
}
