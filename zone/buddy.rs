// SPDX-License-Identifier: GPL-2.0

//! The buddy allocator of one zone: splitting and merging of free blocks.
//!
//! Plain data: whoever holds a `&mut Buddy` holds the zone's lock. Merging is in `buddy/merge.rs`,
//! what to do when the list of the wanted migratetype is empty in `fallback.rs`.
//!
//! C: `expand()`, `__rmqueue_smallest()`, `account_freepages()` in `mm/page_alloc.c`.

#![deny(unsafe_code)]

mod merge;

use super::{
    alloc_flags::FreeFlags,
    capture::Captures,
    compaction::Compaction,
    counter::Counter,
    fragmentation::EXTFRAG_THRESHOLD,
    free_area::{
        End,
        FreeAreas, //
    },
    free_state::{
        FreeState,
        Marks, //
    },
    lru::Lru,
    memmap::Memmap,
    migratetype::Migratetype,
    order::{
        Block,
        Order,
        PageIdx,
        MAX_ORDER_NR_PAGES, //
    },
    pageblock::Pageblocks,
    vmstat::Events,
    watermark::WATERMARK_BOOST_FACTOR, //
};
use crate::sys;
use kernel::prelude::*;

/// What a zone's allocator is made for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BuddyConfig {
    pub(crate) start: PageIdx,
    /// Up to the end of the zone.
    pub(crate) nr_pages: u32,
    pub(crate) pageblock_order: Order,
    /// Types are not kept apart (C: `page_group_by_mobility_disabled`).
    pub(crate) mobility_off: bool,
    /// CPUs that may ever take the lock (C: `nr_cpu_ids`).
    pub(crate) nr_cpus: u32,
}

/// Everything that a zone's lock protects.
///
/// # Invariants
///
/// - A tagged page starts a block on the list of its tag's order and of the type that its pageblock
///   has; every such block lies inside the zone and is aligned.
/// - `nr_free` counts the pages on the lists, those of isolated pageblocks excepted;
///   `nr_free_highatomic` and `nr_free_cma` are parts of it.
/// - `stat_free` and `stat_free_cma` count the same as `nr_free` and `nr_free_cma`.
/// - A page with a tag of `lru` starts a block that is in use.
/// - `nr_reserved_highatomic` counts the pages of all high-order atomic pageblocks.
pub(crate) struct Buddy {
    pub(super) map: Memmap,
    pub(super) areas: FreeAreas,
    pub(super) blocks: Pageblocks,
    /// Blocks in use whose contents may be dropped.
    pub(super) lru: Lru,
    pub(super) nr_free: u64,
    pub(super) nr_free_highatomic: u64,
    pub(super) nr_free_cma: u64,
    pub(super) nr_reserved_highatomic: u64,
    /// What decisions go by (C: `NR_FREE_PAGES`, `NR_FREE_CMA_PAGES`).
    pub(super) stat_free: Counter,
    pub(super) stat_free_cma: Counter,
    pub(super) stat_threshold: u32,
    /// The CPU that holds the lock.
    pub(super) cpu: u32,
    /// Pages that the allocator ever had (C: `managed_pages`).
    pub(super) managed: u64,
    pub(super) marks: Marks,
    pub(super) boost_factor: u64,
    /// A fragmentation index up to this says that memory is short rather than scattered.
    pub(super) extfrag_threshold: i64,
    /// This kernel only saves a crash dump (C: `is_kdump_kernel()`).
    pub(super) is_kdump: bool,
    /// The background reclaimer is to be woken: the watermarks were boosted
    /// (C: `ZONE_BOOSTED_WATERMARK`).
    pub(super) boosted: bool,
    /// Counts changes of the free lists.
    pub(super) seq: u64,
    pub(super) events: Events,
    pub(super) captures: Captures,
    pub(super) compaction: Compaction,
}

impl Buddy {
    /// An allocator that has its `first` pages, all of them free. The zone's start and `first` are
    /// multiples of the largest block, unless `first` is 0.
    ///
    /// Allocates: sleeps.
    #[inline(never)]
    pub(crate) fn new(config: &BuddyConfig, first: u32) -> Result<Self> {
        let mut buddy = Self::empty(config)?;

        buddy.free_first(0, first);
        Ok(buddy)
    }

    fn empty(config: &BuddyConfig) -> Result<Self> {
        let BuddyConfig {
            start,
            nr_pages,
            pageblock_order,
            mobility_off,
            nr_cpus,
        } = *config;

        // INVARIANT: No page is tagged, every list is empty.
        Ok(Self {
            map: Memmap::new(start, nr_pages)?,
            areas: FreeAreas::new()?,
            blocks: Pageblocks::new(start, nr_pages, pageblock_order, mobility_off)?,
            lru: Lru::EMPTY,
            nr_free: 0,
            nr_free_highatomic: 0,
            nr_free_cma: 0,
            nr_reserved_highatomic: 0,
            stat_free: Counter::new(nr_cpus)?,
            stat_free_cma: Counter::new(nr_cpus)?,
            stat_threshold: 0,
            cpu: 0,
            managed: 0,
            marks: Marks::NONE,
            boost_factor: WATERMARK_BOOST_FACTOR,
            extfrag_threshold: EXTFRAG_THRESHOLD,
            is_kdump: sys::is_kdump_kernel(),
            boosted: false,
            seq: 0,
            events: Events::ZERO,
            captures: Captures::NONE,
            compaction: Compaction::new(start, nr_pages, pageblock_order),
        })
    }

    /// Gives the allocator `nr` pages from the `from`-th on, which it never had. Both numbers are
    /// multiples of the largest block (C: `__free_pages_core()`).
    pub(crate) fn free_first(&mut self, from: u32, nr: u32) {
        let events = self.events;

        for offset in (0..nr).step_by(MAX_ORDER_NR_PAGES as usize) {
            let page = self.map.start().add(from).add(offset);

            self.free(Block::new(page, Order::MAX), FreeFlags::ToTail);
        }
        // Memory that comes in was not given back by anyone.
        self.events = events;
        self.managed = self.managed.wrapping_add(u64::from(nr));
    }

    /// What the test of a watermark looks at.
    pub(crate) fn free_state(&self) -> FreeState {
        FreeState {
            free: self.stat_free.read(),
            free_highatomic: self.nr_free_highatomic,
            free_cma: self.stat_free_cma.read(),
            orders: self.areas.occupied_pcptypes(),
            orders_highatomic: self.areas.occupied(Migratetype::HighAtomic),
            orders_cma: self.areas.occupied(Migratetype::Cma),
        }
    }

    /// Takes the smallest block of type `mt` that is large enough, and splits it
    /// (C: `__rmqueue_smallest()`).
    pub(crate) fn rmqueue_smallest(&mut self, order: Order, mt: Migratetype) -> Option<Block> {
        let high = self.areas.smallest_order(order, mt)?;
        let page = self.areas.first(high, mt)?;

        Some(self.del_and_expand(page, order, high, mt))
    }

    /// Takes a free block of order `high`, keeps its first pages as a block of order `low` and
    /// gives back the rest (C: `page_del_and_expand()`).
    pub(super) fn del_and_expand(
        &mut self,
        page: PageIdx,
        low: Order,
        high: Order,
        mt: Migratetype,
    ) -> Block {
        self.areas.del(&mut self.map, page, high, mt);
        self.expand(page, low, high, mt);
        self.account(i64::from(low.nr_pages()).wrapping_neg(), mt);
        Block::new(page, low)
    }

    /// Halves a block until `low` is left; the upper halves become free blocks of type `mt`, the
    /// largest first (C: `expand()`).
    pub(super) fn expand(&mut self, page: PageIdx, low: Order, high: Order, mt: Migratetype) {
        for order in Order::all().rev().skip_while(|order| *order >= high) {
            if order < low {
                break;
            }
            let upper = page.add(order.nr_pages());

            self.areas.add(&mut self.map, upper, order, mt, End::Head);
        }
    }

    /// Adds `nr_pages`, which may be negative, to the counters that `mt` counts in
    /// (C: `account_freepages()`).
    pub(super) fn account(&mut self, nr_pages: i64, mt: Migratetype) {
        if mt == Migratetype::Isolate {
            return;
        }
        // INVARIANT: Each pair changes alike.
        self.nr_free = self.nr_free.wrapping_add_signed(nr_pages);
        self.stat_free.add(self.cpu, nr_pages, self.stat_threshold);
        match mt {
            Migratetype::HighAtomic => {
                self.nr_free_highatomic = self.nr_free_highatomic.wrapping_add_signed(nr_pages);
            }
            Migratetype::Cma => {
                self.nr_free_cma = self.nr_free_cma.wrapping_add_signed(nr_pages);
                self.stat_free_cma
                    .add(self.cpu, nr_pages, self.stat_threshold);
            }
            _ => {}
        }
    }

    /// Moves a free block to the tail of another type's list. Its pageblock changes its type too,
    /// which is the caller's business (C: `move_to_free_list()`).
    pub(super) fn move_to_free_list(
        &mut self,
        page: PageIdx,
        order: Order,
        from: Migratetype,
        to: Migratetype,
    ) {
        let nr_pages = i64::from(order.nr_pages());

        self.areas.move_to(&mut self.map, page, order, from, to);
        self.account(nr_pages.wrapping_neg(), from);
        self.account(nr_pages, to);
    }

    /// Takes a block off its list and out of the counters (C: `del_page_from_free_list()`).
    pub(super) fn del_page_from_free_list(&mut self, page: PageIdx, order: Order, mt: Migratetype) {
        self.areas.del(&mut self.map, page, order, mt);
        self.account(i64::from(order.nr_pages()).wrapping_neg(), mt);
    }
}

#[kunit_tests(rust_buddy_buddy)]
mod tests {
    use super::*;
    use Migratetype::Movable;

    pub(super) const ONE_LARGEST: [u32; 11] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    const ALL_BUT_LARGEST: [u32; 11] = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0];

    pub(super) fn new_free(nr_pages: u32) -> Result<Buddy> {
        let config = BuddyConfig {
            start: PageIdx::new(0),
            nr_pages,
            pageblock_order: order(9)?,
            mobility_off: false,
            nr_cpus: 1,
        };

        Buddy::new(&config, nr_pages)
    }

    pub(super) fn nr_blocks(buddy: &Buddy) -> [u32; 11] {
        let mut counts = [0; 11];

        for (count, order) in counts.iter_mut().zip(Order::all()) {
            *count = buddy.areas.nr_free(order);
        }
        counts
    }

    pub(super) fn order(order: u32) -> Result<Order> {
        Order::new(order).ok_or(EINVAL)
    }

    pub(super) fn take(buddy: &mut Buddy, order: u32) -> Result<Block> {
        let order = Order::new(order).ok_or(EINVAL)?;

        buddy.rmqueue_smallest(order, Movable).ok_or(ENOMEM)
    }

    pub(super) fn put(buddy: &mut Buddy, head: u32, order: u32) -> Result {
        let order = Order::new(order).ok_or(EINVAL)?;

        buddy.free(Block::new(PageIdx::new(head), order), FreeFlags::None);
        Ok(())
    }

    #[test]
    fn row_050_smallest_block_is_split_from_below() -> Result {
        let mut buddy = new_free(1024)?;

        assert_eq!(take(&mut buddy, 0)?.head().get(), 0);
        assert!(nr_blocks(&buddy) == ALL_BUT_LARGEST);
        assert_eq!(take(&mut buddy, 0)?.head().get(), 1);
        assert_eq!(take(&mut buddy, 0)?.head().get(), 2);
        assert_eq!(buddy.nr_free, 1021);
        Ok(())
    }

    #[test]
    fn row_051_the_newest_remainder_is_taken_next() -> Result {
        let mut buddy = new_free(2048)?;

        let first = take(&mut buddy, 9)?;
        assert_eq!(first.head().get(), 0);
        // The upper half of the first block, not the second block.
        assert_eq!(take(&mut buddy, 9)?.head().get(), 512);
        Ok(())
    }

    #[test]
    fn new_memory_is_taken_in_ascending_order() -> Result {
        let mut buddy = new_free(4096)?;

        for block in 0..4 {
            assert_eq!(take(&mut buddy, 10)?.head().get(), block * 1024);
        }
        assert!(buddy.rmqueue_smallest(Order::ZERO, Movable).is_none());
        Ok(())
    }
}
