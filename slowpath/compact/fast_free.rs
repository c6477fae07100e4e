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
use kernel::prelude::*;

/// The order that a search of the free lists begins with (C: `search_order`).
#[derive(Clone, Copy)]
pub(super) struct SearchOrder(u8);

impl SearchOrder {
    pub(super) fn new(order: Option<Order>) -> Self {
        Self(order.map_or(0, Order::get))
    }

    fn begin(&mut self, largest: u8) -> Option<Order> {
        self.0 = self.0.min(largest);
        Order::new(u32::from(self.0))
    }

    /// The next order to search, round robin; none after all, and then the next search begins with
    /// another (C: `next_search_order()`).
    fn next(&mut self, order: Order, largest: u8) -> Option<Order> {
        let next = order.get().checked_sub(1).unwrap_or(largest);

        if next == self.0 {
            self.give_up(largest);
            return None;
        }
        Order::new(u32::from(next))
    }

    /// The next search begins with the next smaller order.
    fn give_up(&mut self, largest: u8) {
        self.0 = self.0.checked_sub(1).unwrap_or(largest);
    }
}

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
        let mut next = self.search_order.begin(largest);

        while let Some(order) = next {
            let targets = &mut self.targets;
            let zone = self.site.zone();
            let target = zone.with(|buddy| buddy.search_target(order, search, targets));

            match target {
                Target::Isolated(page, good) => {
                    if good {
                        self.fast_search_fail = 0;
                        self.search_order = SearchOrder::new(Some(order));
                    }
                    if !self.has_room() {
                        self.search_order.next(order, largest);
                    }
                    return Some(page);
                }
                Target::Refused => {
                    self.search_order.give_up(largest);
                    return None;
                }
                Target::None => next = self.search_order.next(order, largest),
            }
        }
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

#[kunit_tests(rust_buddy_compact_fast_free)]
mod tests {
    use super::*;

    #[test]
    fn all_orders_are_searched_once_and_the_next_round_begins_lower() {
        let mut search = SearchOrder(3);
        let mut next = search.begin(8);
        let mut seen = [false; 9];

        while let Some(order) = next {
            assert!(!seen[usize::from(order.get())]);
            seen[usize::from(order.get())] = true;
            next = search.next(order, 8);
        }
        assert_eq!(seen, [true; 9]);
        assert_eq!(search.0, 2);
    }

    #[test]
    fn what_will_do_in_the_last_order_ends_the_round_too() {
        let mut search = SearchOrder(3);

        // As after a target that is not as good as can be.
        assert!(search.next(Order::MAX, 8).is_some());
        assert_eq!(search.0, 3);
        let last = Order::new(4).unwrap_or(Order::ZERO);
        assert!(search.next(last, 8).is_none());
        assert_eq!(search.0, 2);
    }

    #[test]
    fn below_the_smallest_comes_the_largest() {
        let mut search = SearchOrder::new(None);

        search.give_up(8);
        assert_eq!(search.0, 8);
        assert_eq!(search.begin(4), Order::new(4));
        assert_eq!(search.next(Order::ZERO, 8), Order::new(8));
    }
}
