// SPDX-License-Identifier: GPL-2.0

//! The scanner that goes up through a zone and collects what can be moved.
//!
//! C: `isolate_migratepages()`, `isolate_migratepages_block()`, `suitable_migration_source()` in
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
    zone::{
        alloc_flags::AllocFlags,
        migratetype::Migratetype,
        order::{
            Order,
            PageIdx, //
        },
        page_bits::PageBits, //
    }, //
};

/// What the scanner found (C: `isolate_migrate_t`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Isolated {
    /// The run is to end.
    Abort,
    /// Nothing here, go on.
    None,
    /// Something to be moved.
    Some,
}

/// Where it is inside a pageblock.
struct Walk {
    page: PageIdx,
    end: PageIdx,
    /// End of the block that is of no use unless all of it can be moved.
    next_skip: Option<PageIdx>,
    isolated: u32,
    scanned: u32,
    /// Whether the hint of this pageblock was set, or is none of this call's business.
    marked: bool,
}

/// What is at a page.
#[derive(Clone, Copy)]
enum Candidate {
    /// So many pages that need not be moved.
    Free(u32),
    /// So many that cannot.
    Stuck(u32),
    /// A block that can.
    Block(Order),
}

impl<S: Site, O: Owners> Control<'_, S, O> {
    /// Collects what can be moved from the next pageblock that is worth a look
    /// (C: `isolate_migratepages()`).
    pub(super) fn isolate_migratepages(&mut self) -> Isolated {
        let mut low = self.fast_find_migrateblock();
        let mut found = low != self.migrate && self.fast_search_fail == 0;

        // Not beyond the other scanner.
        while self.end_of(low) <= self.free {
            if self.is_worth_a_look(low, found) {
                return self.isolate_migratepages_block(low);
            }
            found = false;
            low = self.end_of(low);
            self.migrate = low;
        }
        Isolated::None
    }

    fn is_worth_a_look(&mut self, low: PageIdx, found: bool) -> bool {
        // Of a pageblock that was begun the hint says that, too.
        if low.is_aligned(self.pageblock) && !found && !self.isolation_suitable(low) {
            return false;
        }
        let suitable = self.suitable_source(self.start_of(low));

        if !suitable {
            self.update_cached_migrate(self.end_of(low));
        }
        suitable
    }

    /// C: `suitable_migration_source()`.
    fn suitable_source(&self, start: PageIdx) -> bool {
        let order = self.req.order.unwrap_or(Order::ZERO);
        let whole = order >= self.pageblock;

        // One block in use, all of it: nothing to be gained.
        if self.owners.movable(start) >= Some(self.pageblock) {
            return false;
        }
        if !self.req.is_direct {
            return true;
        }
        let mt = self.zone().migratetype(start);

        if mt == Migratetype::Cma && !self.req.flags.has(AllocFlags::CMA) {
            return false;
        }
        match self.req.mode {
            // Small blocks of other types would have to be stolen from movable pageblocks.
            Mode::Async if self.req.mt == Migratetype::Movable || whole => is_migrate_movable(mt),
            Mode::Async => mt == self.req.mt,
            _ => true,
        }
    }

    /// Where the scanners of later runs begin: at the end of the pageblock of `page`, which callers
    /// know as the end already, so that one more is left out, as in the kernel
    /// (C: `update_cached_migrate()`).
    fn update_cached_migrate(&mut self, page: PageIdx) {
        let page = self.end_of(page);
        let sync = self.req.mode != Mode::Async;

        self.zone().with(|buddy| {
            let [cached_async, cached_sync] = &mut buddy.compaction().cached_migrate;

            *cached_async = page.max(*cached_async);
            if sync {
                *cached_sync = page.max(*cached_sync);
            }
        });
    }

    /// Collects what can be moved from `low` to the end of its pageblock, or until it is enough
    /// (C: `isolate_migratepages_block()`).
    fn isolate_migratepages_block(&mut self, low: PageIdx) -> Isolated {
        let skip = self.req.is_direct && self.req.mode == Mode::Async;
        let mut walk = Walk {
            page: low,
            end: self.end_of(low),
            next_skip: skip.then(|| self.end_of_wanted(low)),
            isolated: 0,
            scanned: 0,
            marked: !low.is_aligned(self.pageblock),
        };

        self.migrate = low;
        self.sources = PageBits::none_near(low);
        let aborted = !self.walk(&mut walk);

        Progress::count(&mut self.progress.migrate_scanned, walk.scanned);
        Progress::count(&mut self.progress.isolated, walk.isolated);
        walk.page = walk.page.min(walk.end);
        self.migrate = walk.page;
        if aborted {
            return Isolated::Abort;
        }
        if walk.page == walk.end && (walk.isolated == 0 || self.finish_pageblock) {
            // Only by who saw its first page.
            if !walk.marked {
                self.zone()
                    .with(|buddy| buddy.set_pageblock_skip(low, true));
            }
            self.update_cached_migrate(walk.end);
        }
        match self.nr_migrate {
            0 => Isolated::None,
            _ => Isolated::Some,
        }
    }

    /// End of the block of the wanted order that `page` lies in.
    fn end_of_wanted(&self, page: PageIdx) -> PageIdx {
        let order = self.req.order.unwrap_or(self.pageblock);

        page.align_down(order).add(order.nr_pages())
    }

    /// Whether it was not to be ended.
    fn walk(&mut self, walk: &mut Walk) -> bool {
        let (low, end) = (walk.page, walk.end);
        let free = self.zone().with(|buddy| buddy.free_bits(low, end));

        while walk.page < end {
            if walk.next_skip.is_some_and(|next| walk.page >= next) {
                if walk.isolated > 0 {
                    break;
                }
                walk.next_skip = Some(self.end_of_wanted(walk.page));
            }
            if walk.page.get() % CLUSTER_MAX == 0 && self.should_abort() {
                return false;
            }
            if !self.look_at(walk, &free) {
                break;
            }
        }
        true
    }

    /// Looks at one page; whether to go on.
    fn look_at(&mut self, walk: &mut Walk, free: &PageBits) -> bool {
        let candidate = self.candidate(walk.page, free);
        let (Candidate::Free(nr) | Candidate::Stuck(nr)) = candidate else {
            return self.collect(walk, &candidate);
        };

        walk.scanned = walk.scanned.wrapping_add(nr);
        walk.page = walk.page.add(nr);
        if let (Candidate::Stuck(_), Some(next)) = (candidate, walk.next_skip) {
            self.give_up_block(walk, next);
        }
        true
    }

    fn candidate(&self, page: PageIdx, free: &PageBits) -> Candidate {
        if free.contains(page) {
            return Candidate::Free(1);
        }
        match self.owners.movable(page) {
            None => Candidate::Stuck(1),
            Some(order) if self.is_too_large(order) => Candidate::Stuck(order.nr_pages()),
            Some(order) => Candidate::Block(order),
        }
    }

    /// Moving it would need a block as large as the one that is wanted
    /// (C: `skip_isolation_on_order()`).
    fn is_too_large(&self, order: Order) -> bool {
        self.req.order.is_some_and(|wanted| order >= wanted) || order >= self.pageblock
    }

    /// Remembers a block that can be moved; whether to go on.
    fn collect(&mut self, walk: &mut Walk, candidate: &Candidate) -> bool {
        let Candidate::Block(order) = candidate else {
            return true;
        };
        let nr_pages = order.nr_pages();

        if !walk.marked && !self.mark(walk) {
            return true;
        }
        self.sources.insert(walk.page);
        self.nr_migrate = self.nr_migrate.wrapping_add(nr_pages);
        walk.isolated = walk.isolated.wrapping_add(nr_pages);
        walk.scanned = walk.scanned.wrapping_add(nr_pages);
        walk.page = walk.page.add(nr_pages);
        self.nr_migrate < CLUSTER_MAX || self.finish_pageblock || self.contended
    }

    /// Others need not look at this pageblock; whether they did not say so first
    /// (C: `test_and_set_skip()`).
    fn mark(&mut self, walk: &mut Walk) -> bool {
        walk.marked = true;
        if self.req.ignore_skip_hint {
            return true;
        }
        let was_marked = self.zone().is_skipped(walk.page);

        if was_marked && !self.finish_pageblock {
            walk.page = walk.end;
            return false;
        }
        let page = walk.page;

        self.zone()
            .with(|buddy| buddy.set_pageblock_skip(page, true));
        true
    }

    /// What is around a page that is stuck is left where it is: it would be moved in vain.
    fn give_up_block(&mut self, walk: &mut Walk, next: PageIdx) {
        if walk.isolated > 0 {
            self.putback();
            walk.isolated = 0;
        }
        if walk.page < next {
            walk.page = next;
            walk.next_skip = Some(self.end_of_wanted(next));
        }
    }

    /// Forgets what was to be moved (C: `putback_movable_pages()`).
    pub(super) fn putback(&mut self) {
        self.sources = PageBits::none_near(self.migrate);
        self.nr_migrate = 0;
    }
}
