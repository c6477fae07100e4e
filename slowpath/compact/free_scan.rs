// SPDX-License-Identifier: GPL-2.0

//! The scanner that goes down through a zone and takes free pages to move things to.
//!
//! C: `isolate_freepages()`, `isolate_freepages_block()`, `suitable_migration_target()` in
//! `mm/compaction.c`.

#![deny(unsafe_code)]

use super::{
    control::{
        is_migrate_movable,
        Control,
        Progress,
        Site, //
    },
    Mode,
    CLUSTER_MAX, //
};
use crate::{
    slowpath::owners::Owners,
    zone::order::{
        Block,
        Order,
        PageIdx, //
    }, //
};

/// Where it is.
struct Walk {
    /// The pageblock.
    start: PageIdx,
    /// The page to go on with.
    at: PageIdx,
    /// How many pages to go on at once.
    stride: u32,
}

impl<S: Site, O: Owners> Control<'_, S, O> {
    /// Room for a block of `order` (C: `compaction_alloc()`).
    pub(super) fn compaction_alloc(&mut self, order: Order) -> Option<Block> {
        let block = match self.take_target(order) {
            None => {
                self.isolate_freepages();
                self.take_target(order)
            }
            block => block,
        };
        let block = match block {
            None if self.isolate_larger(order) => self.take_target(order)?,
            block => block?,
        };

        self.nr_migrate = self.nr_migrate.saturating_sub(order.nr_pages());
        Some(block)
    }

    /// Takes a free block for one of several pages, which finds room less easily; whether there is
    /// one. Nothing as large as what is to be made is broken up for it.
    fn isolate_larger(&mut self, order: Order) -> bool {
        let above = self.end_of(self.migrate);
        let below = self.req.order.unwrap_or(self.pageblock).min(self.pageblock);
        let zone = self.zone();
        let targets = &mut self.targets;
        let found = order
            .to_max()
            .filter(|order| *order > Order::ZERO && *order < below)
            .find(|order| zone.with(|buddy| buddy.isolate_above(*order, above, targets)));

        self.count_isolated(found.map_or(0, Order::nr_pages));
        found.is_some()
    }

    fn take_target(&mut self, order: Order) -> Option<Block> {
        let targets = &mut self.targets;

        self.site
            .zone()
            .with(|buddy| buddy.take_isolated_block(order, targets))
    }

    /// It was not needed (C: `compaction_free()`).
    pub(super) fn compaction_free(&mut self, block: Block) {
        let targets = &mut self.targets;

        self.nr_migrate = self.nr_migrate.wrapping_add(block.nr_pages());
        self.site
            .zone()
            .with(|buddy| buddy.push_isolated(block, targets));
    }

    pub(super) fn has_room(&self) -> bool {
        self.targets.nr_pages() >= self.nr_migrate
    }

    /// Takes free pages, as many as are needed or can be had (C: `isolate_freepages()`).
    fn isolate_freepages(&mut self) {
        self.fast_isolate_freepages();
        if self.targets.nr_pages() > 0 {
            return;
        }
        let low = self.end_of(self.migrate);
        let mut walk = Walk {
            start: self.start_of(self.free),
            at: self.free,
            stride: match self.req.mode {
                Mode::Async => CLUSTER_MAX,
                _ => 1,
            },
        };

        while walk.start >= low && !self.scan_pageblock(&mut walk) {
            walk.start = self.before(walk.start);
            walk.at = walk.start;
        }
        self.free = walk.at;
    }

    /// Takes the free pages of a pageblock; whether to go no further.
    fn scan_pageblock(&mut self, walk: &mut Walk) -> bool {
        if !self.suitable_target(walk.start) || !self.isolation_suitable(walk.start) {
            return false;
        }
        let end = self.end_of(walk.start);
        let before = self.before(walk.start);
        let isolated = self.isolate_freepages_block(&mut walk.at, end, walk.stride);
        let all = walk.at >= end;

        if all {
            self.update_pageblock_skip(walk.start, before);
        }
        if self.has_room() {
            if all {
                walk.at = before;
            }
            return true;
        }
        walk.stride = match isolated {
            0 => walk.stride.wrapping_mul(2).min(CLUSTER_MAX),
            _ => 1,
        };
        // If it failed early, the others will not do better.
        !all
    }

    /// Whether there is anything to be gained from moving things into this pageblock
    /// (C: `suitable_migration_target()`).
    pub(super) fn suitable_target(&self, start: PageIdx) -> bool {
        let wanted = self.req.order.unwrap_or(self.pageblock);

        if self.zone().free_order(start) >= Some(wanted) {
            return false;
        }
        self.req.ignore_block_suitable || is_migrate_movable(self.zone().migratetype(start))
    }

    /// Takes free pages from `at` on, up to `end` or until there are enough; how many
    /// (C: `isolate_freepages_block()`).
    pub(super) fn isolate_freepages_block(
        &mut self,
        at: &mut PageIdx,
        end: PageIdx,
        stride: u32,
    ) -> u32 {
        let zone = self.zone();
        let mut isolated: u32 = 0;

        while *at < end && !self.should_abort() {
            self.contended |= self.req.mode == Mode::Async && zone.is_contended();
            let (from, want) = (*at, self.nr_migrate);
            let targets = &mut self.targets;
            let scan =
                zone.with(|buddy| buddy.isolate_freepages(from, end, (stride, want), targets));

            *at = scan.next;
            isolated = isolated.wrapping_add(scan.isolated);
            Progress::count(&mut self.progress.free_scanned, scan.scanned);
            if scan.is_done {
                break;
            }
        }
        self.count_isolated(isolated);
        isolated
    }

    pub(super) fn count_isolated(&mut self, nr: u32) {
        Progress::count(&mut self.progress.isolated, nr);
        self.zone().add_isolated(nr);
    }

    /// All of a pageblock was looked at for free pages (C: `update_pageblock_skip()`).
    fn update_pageblock_skip(&mut self, start: PageIdx, next: PageIdx) {
        self.zone().with(|buddy| {
            buddy.set_pageblock_skip(start, true);
            let cached = &mut buddy.compaction().cached_free;

            *cached = next.min(*cached);
        });
    }

    /// Gives back what was not needed, and lets later runs find it; from where on the scanner would
    /// find it (C: `release_free_list()`, the end of `compact_zone()`).
    pub(super) fn release_targets(&mut self) -> PageIdx {
        let zone = self.zone();
        let order = self.pageblock;
        let mut next = self.free;
        // The first of those in the last pageblock.
        let mut see = |page: PageIdx| {
            let (old, new) = (next.align_down(order), page.align_down(order));

            if new > old || (new == old && page < next) {
                next = page;
            }
        };

        while self.targets.nr_pages() > 0 {
            let before = self.targets.nr_pages();
            let targets = &mut self.targets;

            zone.with(|buddy| buddy.release_isolated(targets, &mut see));
            zone.sub_isolated(before.wrapping_sub(self.targets.nr_pages()));
        }
        next
    }
}
