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
    free_area::{
        End,
        FreeAreas, //
    },
    free_state::FreeState,
    memmap::Memmap,
    migratetype::Migratetype,
    order::{
        Block,
        Order,
        PageIdx,
        MAX_ORDER_NR_PAGES, //
    },
    pageblock::Pageblocks,
    vmstat::Events, //
};
use kernel::prelude::*;

/// Everything that a zone's lock protects.
///
/// # Invariants
///
/// - A tagged page starts a block on the list of its tag's order and of the type that its pageblock
///   has; every such block lies inside the zone and is aligned.
/// - `nr_free` counts the pages on the lists, those of isolated pageblocks excepted;
///   `nr_free_highatomic` and `nr_free_cma` are parts of it.
pub(crate) struct Buddy {
    pub(super) map: Memmap,
    pub(super) areas: FreeAreas,
    pub(super) blocks: Pageblocks,
    pub(super) nr_free: u64,
    pub(super) nr_free_highatomic: u64,
    pub(super) nr_free_cma: u64,
    /// Counts changes of the free lists.
    pub(super) seq: u64,
    pub(super) events: Events,
}

impl Buddy {
    /// An allocator for `nr_pages` pages from `start` on, all of them free. Both numbers are
    /// multiples of the largest block.
    ///
    /// Allocates: sleeps.
    pub(crate) fn new(
        start: PageIdx,
        nr_pages: u32,
        pageblock_order: Order,
        mobility_off: bool,
    ) -> Result<Self> {
        // INVARIANT: No page is tagged, every list is empty.
        let mut buddy = Self {
            map: Memmap::new(start, nr_pages)?,
            areas: FreeAreas::EMPTY,
            blocks: Pageblocks::new(start, nr_pages, pageblock_order, mobility_off)?,
            nr_free: 0,
            nr_free_highatomic: 0,
            nr_free_cma: 0,
            seq: 0,
            events: Events::ZERO,
        };

        buddy.free_all();
        Ok(buddy)
    }

    /// Frees every page for the first time (C: `memblock_free_all()`).
    fn free_all(&mut self) {
        for offset in (0..self.map.nr_pages()).step_by(MAX_ORDER_NR_PAGES as usize) {
            let block = Block::new(self.map.start().add(offset), Order::MAX);

            self.free(block, FreeFlags::ToTail);
        }
        // Memory that comes in was not given back by anyone.
        self.events = Events::ZERO;
    }

    /// What the test of a watermark looks at.
    pub(crate) fn free_state(&self) -> FreeState {
        FreeState {
            free: self.nr_free,
            free_highatomic: self.nr_free_highatomic,
            free_cma: self.nr_free_cma,
            orders: self.areas.occupied_pcptypes(),
            orders_highatomic: self.areas.occupied(Migratetype::HighAtomic),
            orders_cma: self.areas.occupied(Migratetype::Cma),
        }
    }

    /// Gives a block back (C: `free_one_page()`, which calls `split_large_buddy()`).
    pub(crate) fn free(&mut self, block: Block, flags: FreeFlags) {
        let order = block.order().min(self.blocks.order());
        let end = block.head().add(block.nr_pages());
        let mut page = block.head();

        // Each pageblock has a type of its own, so larger blocks are cut first.
        while page < end {
            let mt = self.blocks.migratetype(page);

            self.free_one_page(page, order, mt, flags);
            page = page.add(order.nr_pages());
        }
        self.events.pgfree = self.events.pgfree.wrapping_add(u64::from(block.nr_pages()));
        self.seq = self.seq.wrapping_add(1);
    }

    /// Merges a block with its free buddies and puts the result on a list
    /// (C: `__free_one_page()`).
    fn free_one_page(&mut self, page: PageIdx, order: Order, mt: Migratetype, flags: FreeFlags) {
        let mut head = page;
        let mut merged = order;

        self.account(i64::from(order.nr_pages()), mt);
        while let Some(larger) = merged.up() {
            let buddy = head.buddy(merged);

            if !self.take_buddy(buddy, merged, mt) {
                break;
            }
            head = head.align_down(larger);
            merged = larger;
        }
        let end = self.free_end(head, merged, flags);
        self.areas.add(&mut self.map, head, merged, mt, end);
    }

    /// Takes the buddy off its list if it is free and may be merged with a block of type `mt`.
    fn take_buddy(&mut self, buddy: PageIdx, order: Order, mt: Migratetype) -> bool {
        if !self.map.is_buddy(buddy, order) {
            return false;
        }
        let buddy_mt = match order < self.blocks.order() {
            // Same pageblock, same type.
            true => mt,
            false => self.blocks.migratetype(buddy),
        };

        if buddy_mt != mt && !(mt.is_mergeable() && buddy_mt.is_mergeable()) {
            return false;
        }
        self.areas.del(&mut self.map, buddy, order, buddy_mt);
        if buddy_mt != mt {
            // One block has one type: that of the side that is being freed.
            self.blocks.set_migratetype(buddy, mt);
        }
        true
    }

    /// Which end of its list a merged block belongs at.
    ///
    /// If the next larger merge waits for just one more block, this one should stay free for a
    /// while: the tail is taken last (C: `buddy_merge_likely()`).
    fn free_end(&self, head: PageIdx, order: Order, flags: FreeFlags) -> End {
        let merge_likely = || {
            let larger = order.up().filter(|larger| *larger < Order::MAX)?;
            let neighbour = head.align_down(larger).buddy(larger);

            self.map.is_buddy(neighbour, larger).then_some(())
        };

        match flags {
            FreeFlags::ToTail => End::Tail,
            FreeFlags::None if merge_likely().is_some() => End::Tail,
            FreeFlags::None => End::Head,
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
        self.nr_free = self.nr_free.wrapping_add_signed(nr_pages);
        match mt {
            Migratetype::HighAtomic => {
                self.nr_free_highatomic = self.nr_free_highatomic.wrapping_add_signed(nr_pages);
            }
            Migratetype::Cma => {
                self.nr_free_cma = self.nr_free_cma.wrapping_add_signed(nr_pages);
            }
            _ => {}
        }
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
        Buddy::new(
            PageIdx::new(0),
            nr_pages,
            Order::new(9).ok_or(EINVAL)?,
            false,
        )
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
