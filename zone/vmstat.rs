// SPDX-License-Identifier: GPL-2.0

//! Counters of a zone, and one consistent picture of it.
//!
//! C: `mm/vmstat.c`, `struct zone`.

#![deny(unsafe_code)]

use super::{
    buddy::Buddy,
    migratetype::{
        Migratetype,
        PerType, //
    },
    order::{
        Order,
        PerOrder, //
    }, //
};

/// What happened in a zone since it was made. Pages, unless it says otherwise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Events {
    /// Handed out.
    pub(crate) pgalloc: u64,
    /// Given back.
    pub(crate) pgfree: u64,
    /// Pageblocks claimed from another migratetype: events.
    pub(crate) extfrag_claim: u64,
    /// Blocks stolen from another migratetype: events.
    pub(crate) extfrag_steal: u64,
    /// Requests that would have liked this zone best and got nothing: events.
    pub(crate) alloc_fail: u64,
    /// Blocks that were lost because a check failed: events.
    pub(crate) bad_page: u64,
}

impl Events {
    /// Nothing yet.
    pub(crate) const ZERO: Self = Self {
        pgalloc: 0,
        pgfree: 0,
        extfrag_claim: 0,
        extfrag_steal: 0,
        alloc_fail: 0,
        bad_page: 0,
    };
}

/// A zone as it was at one instant, taken under its lock.
#[derive(Clone, Copy)]
pub(crate) struct Snapshot {
    /// Free blocks by migratetype and order.
    pub(crate) blocks: PerType<PerOrder<u32>>,
    /// Pageblocks by migratetype.
    pub(crate) pageblocks: PerType<u32>,
    /// Free pages, isolated ones excepted.
    pub(crate) nr_free: u64,
    /// Those of them in pageblocks of the high-order atomic reserve.
    pub(crate) nr_free_highatomic: u64,
    /// Those of them in CMA areas.
    pub(crate) nr_free_cma: u64,
    /// Counts changes of the free lists.
    pub(crate) seq: u64,
    pub(crate) events: Events,
}

impl Snapshot {
    /// Free blocks of `order`, of all types: one column of buddyinfo.
    pub(crate) fn nr_blocks(&self, order: Order) -> u32 {
        let counts = Migratetype::ALL
            .iter()
            .map(|mt| *self.blocks.at(*mt).at(order));

        counts.fold(0, u32::wrapping_add)
    }

    /// Free pages in blocks of at least a pageblock (C: `NR_FREE_PAGES_BLOCKS`).
    pub(crate) fn nr_free_in_pageblocks(&self, pageblock_order: Order) -> u64 {
        pageblock_order.to_max().fold(0, |sum, order| {
            let isolated = *self.blocks.at(Migratetype::Isolate).at(order);
            let blocks = self.nr_blocks(order).wrapping_sub(isolated);

            u64::from(blocks)
                .wrapping_mul(u64::from(order.nr_pages()))
                .wrapping_add(sum)
        })
    }
}

impl Buddy {
    /// Takes a picture. Walks neither pages nor pageblocks.
    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot {
            blocks: self.count_blocks(),
            pageblocks: *self.blocks.counts(),
            nr_free: self.nr_free,
            nr_free_highatomic: self.nr_free_highatomic,
            nr_free_cma: self.nr_free_cma,
            seq: self.seq,
            events: self.events,
        }
    }

    fn count_blocks(&self) -> PerType<PerOrder<u32>> {
        let mut counts = PerType([PerOrder([0; 16]); 8]);

        for mt in Migratetype::ALL {
            for order in Order::all() {
                *counts.at_mut(mt).at_mut(order) = self.areas.list(order, mt).len();
            }
        }
        counts
    }
}
