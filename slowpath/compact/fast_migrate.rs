// SPDX-License-Identifier: GPL-2.0

//! The quick way to a pageblock that little must be moved out of: along the free lists instead of
//! the pages.
//!
//! C: `fast_find_migrateblock()`, `reinit_migrate_pfn()` in `mm/compaction.c`.

#![deny(unsafe_code)]

use super::control::{
    Control,
    FastStart,
    Progress,
    Site, //
};
use crate::{
    slowpath::{
        owners::Owners,
        COSTLY_ORDER, //
    },
    zone::{
        migratetype::Migratetype,
        order::{
            Order,
            PageIdx, //
        }, //
    }, //
};

impl<S: Site, O: Owners> Control<'_, S, O> {
    /// A pageblock near the start of the range that has large free blocks already, if hints are
    /// believed; otherwise the next one (C: `fast_find_migrateblock()`).
    pub(super) fn fast_find_migrateblock(&mut self) -> PageIdx {
        let Some(order) = self.order_for_search() else {
            return self.migrate;
        };
        let found = self.search_lists(order);

        match found {
            Some(free) => {
                self.fast_search_fail = 0;
                self.fast_start = match self.fast_start {
                    FastStart::Unset => FastStart::At(free),
                    FastStart::At(page) => FastStart::At(page.min(free)),
                    FastStart::Used => FastStart::Used,
                };
                self.start_of(free)
            }
            None => self.reinit_migrate(),
        }
    }

    fn order_for_search(&self) -> Option<Order> {
        let order = self.req.order?;
        let at_start = self.migrate == self.zone().span().start;
        let small =
            self.req.is_direct && self.req.mt != Migratetype::Movable && order < self.pageblock;
        let linear = self.req.ignore_skip_hint
            || self.finish_pageblock
            || (!at_start && !self.migrate.is_aligned(self.pageblock));

        (order.get() > COSTLY_ORDER && !small && !linear).then_some(order)
    }

    fn search_lists(&mut self, wanted: Order) -> Option<PageIdx> {
        let zone = self.zone();
        let limit = self.scan_limit();
        // What is near the other scanner would soon be moved again.
        let shift = match self.migrate == zone.span().start {
            true => 1,
            false => 3,
        };
        let high = self.start_of(self.migrate.add(self.free.since(self.migrate) >> shift));
        let mut scanned = 0;
        let orders = (u32::from(COSTLY_ORDER)..u32::from(wanted.get())).rev();
        let found = orders.filter_map(Order::new).find_map(|order| {
            if scanned >= limit {
                return None;
            }
            zone.with(|buddy| buddy.search_source(order, high, limit, &mut scanned))
        });

        Progress::count(&mut self.progress.migrate_scanned, scanned);
        found
    }

    /// C: `reinit_migrate_pfn()`.
    fn reinit_migrate(&mut self) -> PageIdx {
        self.fast_search_fail = self.fast_search_fail.saturating_add(1);
        if let FastStart::At(page) = self.fast_start {
            self.migrate = page;
            self.fast_start = FastStart::Used;
        }
        self.migrate
    }
}
