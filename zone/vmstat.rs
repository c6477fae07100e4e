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
    /// Pageblocks claimed on account of a smaller free block in them: part of `extfrag_claim`.
    pub(crate) extfrag_claim_part: u64,
    /// Blocks put at the tail of a list because a larger merge is likely: events.
    pub(crate) merge_likely: u64,
    /// Watermarks boosted: events.
    pub(crate) boost: u64,
    /// Blocks taken from the high-order atomic reserve: events.
    pub(crate) highatomic: u64,
    /// Blocks taken from CMA areas: events.
    pub(crate) cma: u64,
    pub(crate) numa: NumaEvents,
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
        extfrag_claim_part: 0,
        merge_likely: 0,
        boost: 0,
        highatomic: 0,
        cma: 0,
        numa: NumaEvents::ZERO,
    };
}

/// Where blocks were taken, seen from who asked (C: `enum numa_stat_item`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct NumaEvents {
    /// On the node that was preferred.
    pub(crate) hit: u64,
    /// On this node, when another was preferred.
    pub(crate) miss: u64,
    /// On another node, when this one was preferred.
    pub(crate) foreign: u64,
    /// On the node of the CPU that asked.
    pub(crate) local: u64,
    /// On another node than that.
    pub(crate) other: u64,
}

impl NumaEvents {
    /// Nothing yet.
    pub(crate) const ZERO: Self = Self {
        hit: 0,
        miss: 0,
        foreign: 0,
        local: 0,
        other: 0,
    };

    /// Counts `nr` blocks (C: `zone_statistics()`).
    pub(crate) fn count(&mut self, place: NumaPlace, nr: u64) {
        let hit = match place.preferred {
            true => &mut self.hit,
            false => &mut self.miss,
        };
        *hit = hit.wrapping_add(nr);
        let local = match place.local {
            true => &mut self.local,
            false => &mut self.other,
        };
        *local = local.wrapping_add(nr);
    }

    /// Adds up two sets.
    pub(crate) fn sum(self, other: Self) -> Self {
        Self {
            hit: self.hit.wrapping_add(other.hit),
            miss: self.miss.wrapping_add(other.miss),
            foreign: self.foreign.wrapping_add(other.foreign),
            local: self.local.wrapping_add(other.local),
            other: self.other.wrapping_add(other.other),
        }
    }
}

/// Where a zone lies, seen from who asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct NumaPlace {
    /// On the preferred node.
    pub(crate) preferred: bool,
    /// On the node of the running CPU.
    pub(crate) local: bool,
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
    /// Pages of the high-order atomic pageblocks, free or not.
    pub(crate) nr_reserved_highatomic: u64,
    /// Pages that the allocator ever had.
    pub(crate) managed: u64,
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
            nr_reserved_highatomic: self.nr_reserved_highatomic,
            managed: self.managed,
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
