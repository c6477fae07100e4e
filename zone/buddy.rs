// SPDX-License-Identifier: GPL-2.0

//! The buddy allocator of one zone: splitting and merging of free blocks.
//!
//! Plain data: whoever holds a `&mut Buddy` holds the zone's lock. What to do when the list of the
//! wanted migratetype is empty is in `fallback.rs`.
//!
//! C: `__free_one_page()`, `split_large_buddy()`, `expand()`, `__rmqueue_smallest()`,
//! `account_freepages()` in `mm/page_alloc.c`.

#![deny(unsafe_code)]

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

    /// Gives a block back (C: `free_one_page()`).
    pub(crate) fn free(&mut self, block: Block, flags: FreeFlags) {
        let nr_pages = u64::from(block.nr_pages());

        self.split_large_buddy(block, flags);
        self.events.pgfree = self.events.pgfree.wrapping_add(nr_pages);
    }

    /// Puts a block on the free lists, cut into pageblocks if it is larger
    /// (C: `split_large_buddy()`).
    pub(crate) fn split_large_buddy(&mut self, block: Block, flags: FreeFlags) {
        let order = block.order().min(self.blocks.order());
        let end = block.head().add(block.nr_pages());
        let mut page = block.head();

        // Each pageblock has a type of its own, so larger blocks are cut first.
        while page < end {
            let mt = self.blocks.migratetype(page);

            self.free_one_page(page, order, mt, flags);
            page = page.add(order.nr_pages());
        }
        self.seq = self.seq.wrapping_add(1);
    }

    /// Merges a block with its free buddies and puts the result on a list
    /// (C: `__free_one_page()`).
    fn free_one_page(&mut self, page: PageIdx, order: Order, mt: Migratetype, flags: FreeFlags) {
        let mut head = page;
        let mut merged = order;
        let mut mt = mt;

        self.account(i64::from(order.nr_pages()), mt);
        while let Some(larger) = merged.up() {
            if self.compaction_capture(head, merged, mt) {
                return self.account(i64::from(merged.nr_pages()).wrapping_neg(), mt);
            }
            let Some(common) = self.take_buddy(head, merged, mt) else {
                break;
            };

            mt = common;
            head = head.align_down(larger);
            merged = larger;
        }
        let end = self.free_end(head, merged, flags);

        self.areas.add(&mut self.map, head, merged, mt, end);
    }

    /// Takes the buddy of a block of type `mt` off its list, if it is free and the two may merge. The
    /// type that both have then.
    fn take_buddy(&mut self, head: PageIdx, order: Order, mt: Migratetype) -> Option<Migratetype> {
        let buddy = head.buddy(order);

        if !self.map.is_buddy(buddy, order) {
            return None;
        }
        let buddy_mt = match order < self.blocks.order() {
            // Same pageblock, same type.
            true => mt,
            false => self.blocks.migratetype(buddy),
        };

        if buddy_mt != mt && !(mt.is_mergeable() && buddy_mt.is_mergeable()) {
            return None;
        }
        self.areas.del(&mut self.map, buddy, order, buddy_mt);
        if buddy_mt == mt {
            return Some(mt);
        }
        // One block has one type: that of the side that is being freed, or where types are not kept
        // apart the one that all pageblocks come to have.
        self.blocks.set_range(buddy, order, mt);
        self.blocks.set_range(head, order, mt);
        Some(self.blocks.migratetype(head))
    }

    /// Which end of its list a merged block belongs at.
    fn free_end(&mut self, head: PageIdx, order: Order, flags: FreeFlags) -> End {
        match flags {
            FreeFlags::ToTail => End::Tail,
            FreeFlags::None if self.merge_likely(head, order) => {
                self.events.merge_likely = self.events.merge_likely.wrapping_add(1);
                End::Tail
            }
            FreeFlags::None => End::Head,
        }
    }

    /// Whether the next larger merge waits for just one more block. Then this one should stay free
    /// for a while: the tail is taken last (C: `buddy_merge_likely()`).
    fn merge_likely(&self, head: PageIdx, order: Order) -> bool {
        order
            .up()
            .filter(|larger| *larger < Order::MAX)
            .is_some_and(|larger| {
                let neighbour = head.align_down(larger).buddy(larger);

                self.map.is_buddy(neighbour, larger)
            })
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
    use Migratetype::{
        Cma,
        HighAtomic,
        Movable,
        Unmovable, //
    };

    const ONE_LARGEST: [u32; 11] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    const ALL_BUT_LARGEST: [u32; 11] = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0];

    fn new_free(nr_pages: u32) -> Result<Buddy> {
        let config = BuddyConfig {
            start: PageIdx::new(0),
            nr_pages,
            pageblock_order: order(9)?,
            mobility_off: false,
            nr_cpus: 1,
        };

        Buddy::new(&config, nr_pages)
    }

    fn nr_blocks(buddy: &Buddy) -> [u32; 11] {
        let mut counts = [0; 11];

        for (count, order) in counts.iter_mut().zip(Order::all()) {
            *count = buddy.areas.nr_free(order);
        }
        counts
    }

    fn order(order: u32) -> Result<Order> {
        Order::new(order).ok_or(EINVAL)
    }

    fn take(buddy: &mut Buddy, order: u32) -> Result<Block> {
        let order = Order::new(order).ok_or(EINVAL)?;

        buddy.rmqueue_smallest(order, Movable).ok_or(ENOMEM)
    }

    fn put(buddy: &mut Buddy, head: u32, order: u32) -> Result {
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
    fn row_052_everything_merges_again() -> Result {
        let mut buddy = new_free(1024)?;

        for _ in 0..1024 {
            let _ = take(&mut buddy, 0)?;
        }
        assert_eq!(buddy.nr_free, 0);
        // Every other page first: nothing can merge before its buddy comes.
        for first in 0..2 {
            for page in (first..1024).step_by(2) {
                put(&mut buddy, page, 0)?;
            }
        }
        assert!(nr_blocks(&buddy) == ONE_LARGEST);
        assert_eq!(buddy.nr_free, 1024);
        Ok(())
    }

    #[test]
    fn row_053_a_block_about_to_merge_goes_to_the_tail() -> Result {
        let mut buddy = new_free(1024)?;

        for _ in 0..8 {
            let _ = take(&mut buddy, 0)?;
        }
        // 0-1 free as one block, 3 in use: page 2 waits at the tail.
        put(&mut buddy, 6, 0)?;
        put(&mut buddy, 0, 0)?;
        put(&mut buddy, 1, 0)?;
        put(&mut buddy, 2, 0)?;
        assert_eq!(take(&mut buddy, 0)?.head().get(), 6);
        put(&mut buddy, 6, 0)?;
        // 4-5 in use: page 6 went to the head again.
        assert_eq!(take(&mut buddy, 0)?.head().get(), 6);
        assert_eq!(take(&mut buddy, 0)?.head().get(), 2);
        Ok(())
    }

    #[test]
    fn row_054_merging_across_types_takes_the_freed_sides_type() -> Result {
        let mut buddy = new_free(1024)?;

        let low = take(&mut buddy, 9)?;
        buddy.blocks.set_migratetype(PageIdx::new(0), Unmovable);
        buddy.free(low, FreeFlags::None);
        assert!(nr_blocks(&buddy) == ONE_LARGEST);
        assert_eq!(buddy.blocks.migratetype(PageIdx::new(0)), Unmovable);
        assert_eq!(buddy.blocks.migratetype(PageIdx::new(512)), Unmovable);
        Ok(())
    }

    #[test]
    fn row_055_special_types_do_not_merge_with_others() -> Result {
        for special in [Cma, HighAtomic] {
            let mut buddy = new_free(1024)?;

            let low = take(&mut buddy, 9)?;
            buddy.blocks.set_migratetype(PageIdx::new(0), special);
            buddy.free(low, FreeFlags::None);
            assert_eq!(buddy.areas.nr_free(order(9)?), 2);
            assert_eq!(buddy.areas.list(order(9)?, special).len(), 1);
        }
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

    #[test]
    fn a_large_block_is_freed_by_pageblocks() -> Result {
        let mut buddy = new_free(1024)?;

        let all = take(&mut buddy, 10)?;
        buddy.blocks.set_migratetype(PageIdx::new(512), Cma);
        buddy.free(all, FreeFlags::None);
        assert_eq!(buddy.areas.list(order(9)?, Cma).len(), 1);
        assert_eq!(buddy.areas.list(order(9)?, Movable).len(), 1);
        assert_eq!(buddy.nr_free_cma, 512);
        assert_eq!(buddy.nr_free, 1024);
        Ok(())
    }
}
