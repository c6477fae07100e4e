// SPDX-License-Identifier: GPL-2.0

//! The quick way to free pages near the end of a zone: along the free lists instead of the pages.
//!
//! C: `fast_isolate_freepages()`, `fast_isolate_around()`, `next_search_order()` in
//! `mm/compaction.c`.

#![deny(unsafe_code)]

use super::{
    control::{
        Control,
        Progress,
        Site, //
    },
    Mode, //
};
use crate::{
    slowpath::owners::Owners,
    zone::{
        free_search::{
            Target,
            TargetSearch, //
        },
        order::{
            Order,
            PageIdx, //
        }, //
    }, //
};

impl<S: Site, O: Owners> Control<'_, S, O> {
    /// Takes a free block, and what is free around it (C: `fast_isolate_freepages()`).
    pub(super) fn fast_isolate_freepages(&mut self) {
        let Some(wanted) = self.req.order.filter(|order| *order > Order::ZERO) else {
            return;
        };
        let compaction = self.zone().compaction();
        let is_start = self.free >= compaction.init_free;
        let mut search = self.target_search(is_start);
        let found = self.search_orders(wanted, &mut search);

        self.count_isolated(search.isolated);
        if found.is_none() {
            self.fast_search_fail = self.fast_search_fail.saturating_add(1);
        }
        let around = match found {
            None if is_start => self.restart_free(&search),
            found => found,
        };

        self.lower_cached_free(search.highest);
        Progress::count(&mut self.progress.free_scanned, search.scanned);
        if let Some(page) = around {
            self.fast_isolate_around(page);
        }
    }

    /// In the last quarter of what is between the scanners, or in the last half.
    fn target_search(&self, is_start: bool) -> TargetSearch {
        let distance = self.free.since(self.migrate);
        let limit = match is_start {
            true => self.pageblock.nr_pages() >> 1,
            false => (self.scan_limit() >> 1).max(1),
        };

        TargetSearch {
            low: self.start_of(self.free.back(distance >> 2)),
            min: self.start_of(self.free.back(distance >> 1)),
            limit,
            scanned: 0,
            isolated: 0,
            highest: None,
        }
    }

    /// Searches the lists of all smaller orders, from that on where something was found last.
    fn search_orders(&mut self, wanted: Order, search: &mut TargetSearch) -> Option<PageIdx> {
        let largest = wanted.get().wrapping_sub(1);

        self.search_order = self.search_order.min(largest);
        let mut next = Order::new(u32::from(self.search_order));

        while let Some(order) = next {
            let targets = &mut self.targets;
            let zone = self.site.zone();
            let target = zone.with(|buddy| buddy.search_target(order, search, targets));

            match target {
                Target::Isolated(page, good) => {
                    if good {
                        self.fast_search_fail = 0;
                        self.search_order = order.get();
                    }
                    if !self.has_room() {
                        self.next_search_order(order, largest);
                    }
                    return Some(page);
                }
                Target::Refused => return self.give_up_order(largest),
                Target::None => next = self.next_search_order(order, largest),
            }
        }
        None
    }

    /// The next order to search, round robin (C: `next_search_order()`).
    fn next_search_order(&mut self, order: Order, largest: u8) -> Option<Order> {
        let next = order.get().checked_sub(1).unwrap_or(largest);

        if next == self.search_order {
            return self.give_up_order(largest).and(None);
        }
        Order::new(u32::from(next))
    }

    /// The next search begins with the next smaller order.
    fn give_up_order(&mut self, largest: u8) -> Option<PageIdx> {
        self.search_order = self.search_order.checked_sub(1).unwrap_or(largest);
        None
    }

    /// Nothing was found at the start of a scan: the scanner begins where there is something, or at
    /// the pessimist's place.
    fn restart_free(&mut self, search: &TargetSearch) -> Option<PageIdx> {
        if let Some(highest) = search.highest.filter(|page| *page >= search.min) {
            self.free = highest;
            return Some(highest);
        }
        if !self.req.is_direct || !self.zone().contains(search.min) {
            return None;
        }
        self.free = search.min;
        self.suitable_target(search.min).then_some(search.min)
    }

    fn lower_cached_free(&mut self, highest: Option<PageIdx>) {
        let start = self.zone().span().start;
        let Some(highest) = highest else {
            return;
        };
        let before = self.before(highest).max(start);

        self.zone().with(|buddy| {
            let cached = &mut buddy.compaction().cached_free;

            if highest >= *cached {
                *cached = before;
            }
        });
    }

    /// Takes what else is free in the pageblock of `page` (C: `fast_isolate_around()`).
    fn fast_isolate_around(&mut self, page: PageIdx) {
        let optimistic = self.req.is_direct && self.req.mode == Mode::Async;

        if self.has_room() || optimistic {
            return;
        }
        let start = self.start_of(page);
        let end = self.end_of(page);
        let mut at = start;

        self.isolate_freepages_block(&mut at, end, 1);
        if at == end {
            self.zone()
                .with(|buddy| buddy.set_pageblock_skip(start, true));
        }
    }
}
