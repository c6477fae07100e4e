// SPDX-License-Identifier: GPL-2.0

//! Taking free blocks off the lists, so that others can be moved there.
//!
//! C: `__isolate_free_page()` in `mm/page_alloc.c`, `isolate_freepages_block()`,
//! `compaction_alloc()`, `release_free_list()` in `mm/compaction.c`.

#![deny(unsafe_code)]

use super::{
    alloc_flags::{
        AllocFlags,
        FreeFlags, //
    },
    buddy::Buddy,
    memmap::PageList,
    migratetype::Migratetype,
    order::{
        Block,
        Order,
        PageIdx,
        PerOrder, //
    }, //
};
use kernel::prelude::*;

/// Most pages that are looked at under one hold of the zone's lock.
pub(crate) const SLICE_PAGES: u32 = 512;

/// Most blocks that are isolated under one hold (C: `COMPACT_CLUSTER_MAX`).
pub(crate) const SLICE_BLOCKS: u32 = 32;

/// Free blocks that are on no free list, by order (C: `freepages[]` of `struct compact_control`).
///
/// Must be empty when it is dropped, or its pages are lost.
///
/// # Invariants
///
/// `nr_pages` counts the pages of all blocks.
pub(crate) struct IsolatedPages {
    lists: PerOrder<PageList>,
    nr_pages: u32,
}

impl IsolatedPages {
    /// No page.
    pub(crate) fn new() -> Self {
        Self {
            lists: PerOrder([PageList::EMPTY; 16]),
            nr_pages: 0,
        }
    }

    /// Pages in all blocks.
    pub(crate) fn nr_pages(&self) -> u32 {
        self.nr_pages
    }

    /// The smallest order of at least `order` that there is a block of.
    fn smallest_order(&self, order: Order) -> Option<Order> {
        order
            .to_max()
            .find(|order| !self.lists.at(*order).is_empty())
    }
}

/// How far the search for free pages came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct FreeScan {
    /// The next page to look at.
    pub(crate) next: PageIdx,
    /// Pages looked at, those of isolated blocks included.
    pub(crate) scanned: u32,
    /// Pages isolated.
    pub(crate) isolated: u32,
    /// There is enough, or the watermark lets no more go.
    pub(crate) is_done: bool,
}

impl Buddy {
    /// Isolates the free blocks among every `stride`-th page of `from..end` until there are `want`
    /// pages, the watermark is reached, or this hold of the lock has lasted long enough
    /// (C: `isolate_freepages_block()`).
    pub(crate) fn isolate_freepages(
        &mut self,
        from: PageIdx,
        end: PageIdx,
        (stride, want): (u32, u32),
        pages: &mut IsolatedPages,
    ) -> FreeScan {
        let mut scan = FreeScan {
            next: from,
            scanned: 0,
            isolated: 0,
            is_done: false,
        };
        let slice_end = end.min(from.add(SLICE_PAGES));
        let mut blocks: u32 = 0;

        while scan.next < slice_end && blocks < SLICE_BLOCKS && !scan.is_done {
            let order = self.map.buddy_order(scan.next);

            match order {
                Some(order) => self.isolate_one(order, (stride, want), &mut scan, pages),
                None => scan.next = scan.next.add(stride),
            }
            scan.scanned = scan.scanned.wrapping_add(1);
            blocks = blocks.wrapping_add(u32::from(order.is_some()));
        }
        scan.next = scan.next.min(end);
        self.seq = self.seq.wrapping_add(u64::from(scan.isolated > 0));
        scan
    }

    fn isolate_one(
        &mut self,
        order: Order,
        (stride, want): (u32, u32),
        scan: &mut FreeScan,
        pages: &mut IsolatedPages,
    ) {
        if !self.isolate_free_page(scan.next, order, pages) {
            scan.is_done = true;
            return;
        }
        let nr_pages = order.nr_pages();

        scan.isolated = scan.isolated.wrapping_add(nr_pages);
        scan.scanned = scan.scanned.wrapping_add(nr_pages.wrapping_sub(1));
        scan.is_done = pages.nr_pages >= want;
        scan.next = match scan.is_done {
            true => scan.next.add(nr_pages),
            false => scan.next.add(nr_pages.wrapping_sub(1)).add(stride),
        };
    }

    /// Takes the free block of `order` at `page` off its list, unless too little would be left;
    /// whether it did (C: `__isolate_free_page()`).
    pub(super) fn isolate_free_page(
        &mut self,
        page: PageIdx,
        order: Order,
        pages: &mut IsolatedPages,
    ) -> bool {
        let mt = self.blocks.migratetype(page);
        let mark = self
            .marks
            .levels
            .min
            .wrapping_add(u64::from(order.nr_pages()));
        // As for a request that could use nothing but the lowest zone: nothing is reserved for it.
        let enough = self
            .free_state()
            .watermark_ok(Order::ZERO, mark, 0, AllocFlags::CMA);

        if mt != Migratetype::Isolate && !enough {
            return false;
        }
        self.del_page_from_free_list(page, order, mt);
        self.make_movable(page, order);
        // What was found first is used first: the last of it may remain.
        pages
            .lists
            .at_mut(order)
            .push_back(&mut self.map, page, order);
        self.count_isolated(page, order, pages);
        true
    }

    /// The pageblocks of a block of at least half of one become movable, as what is moved there is.
    fn make_movable(&mut self, page: PageIdx, order: Order) {
        let end = page.add(order.nr_pages());
        let mut page = page;

        let half = self.blocks.order().get().saturating_sub(1);

        if order.get() < half || self.blocks.mobility_off() {
            return;
        }
        while page < end {
            let mt = self.blocks.migratetype(page);
            let whole = self.whole_pageblock(page);

            if let (Some(start), true) = (whole, mt.is_mergeable() && mt != Migratetype::Movable) {
                self.move_freepages_block(start, mt, Migratetype::Movable);
                self.blocks.set_migratetype(start, Migratetype::Movable);
            }
            page = page.add(self.blocks.order().nr_pages());
        }
    }

    /// Takes an isolated block of `order`, cut from a larger one if need be: it is the caller's
    /// then (C: `compaction_alloc()`).
    pub(crate) fn take_isolated_block(
        &mut self,
        order: Order,
        pages: &mut IsolatedPages,
    ) -> Option<Block> {
        let from = pages.smallest_order(order)?;
        let head = pages.lists.at(from).first()?;

        self.pop_isolated(head, from, pages);
        for half in Order::all().rev().skip_while(|half| *half >= from) {
            if half < order {
                break;
            }
            self.push_isolated(Block::new(head.add(half.nr_pages()), half), pages);
        }
        Some(Block::new(head, order))
    }

    /// Puts a block that was not needed back among the isolated ones (C: `compaction_free()`).
    pub(crate) fn push_isolated(&mut self, block: Block, pages: &mut IsolatedPages) {
        let (head, order) = (block.head(), block.order());

        pages
            .lists
            .at_mut(order)
            .push_front(&mut self.map, head, order);
        self.count_isolated(head, order, pages);
    }

    fn count_isolated(&mut self, head: PageIdx, order: Order, pages: &mut IsolatedPages) {
        let nr_pages = order.nr_pages();

        self.map.mark_isolated(head, order);
        // INVARIANT: Both count the block.
        pages.nr_pages = pages.nr_pages.wrapping_add(nr_pages);
        self.compaction.nr_isolated = self.compaction.nr_isolated.wrapping_add(nr_pages);
    }

    fn pop_isolated(&mut self, head: PageIdx, order: Order, pages: &mut IsolatedPages) {
        pages.lists.at_mut(order).remove(&mut self.map, head);
        // INVARIANT: Both no longer count the block.
        pages.nr_pages = pages.nr_pages.wrapping_sub(order.nr_pages());
        self.compaction.nr_isolated = self.compaction.nr_isolated.wrapping_sub(order.nr_pages());
    }

    /// Frees up to [`SLICE_BLOCKS`] of the isolated blocks; `see` is told where each begins
    /// (C: `release_free_list()`).
    pub(crate) fn release_isolated(
        &mut self,
        pages: &mut IsolatedPages,
        mut see: impl FnMut(PageIdx),
    ) {
        for _ in 0..SLICE_BLOCKS {
            let Some(block) = self.pop_any(pages) else {
                return;
            };

            see(block.head());
            self.free(block, FreeFlags::None);
        }
    }

    fn pop_any(&mut self, pages: &mut IsolatedPages) -> Option<Block> {
        let order = pages.smallest_order(Order::ZERO)?;
        let head = pages.lists.at(order).first()?;

        self.pop_isolated(head, order, pages);
        Some(Block::new(head, order))
    }
}

#[kunit_tests(rust_buddy_isolate_free)]
mod tests {
    use super::{
        super::{
            buddy::BuddyConfig,
            watermark::Watermarks,
            ZoneType, //
        },
        *, //
    };

    fn order(order: u32) -> Result<Order> {
        Order::new(order).ok_or(EINVAL)
    }

    /// Two largest blocks, of which the first is in use but for single pages 0, 2, 4, ... 62 and a
    /// block of eight at 64.
    fn scattered() -> Result<Buddy> {
        let config = BuddyConfig {
            start: PageIdx::new(0),
            nr_pages: 2048,
            pageblock_order: order(9)?,
            mobility_off: false,
            nr_cpus: 1,
        };
        let mut buddy = Buddy::new(&config, 2048)?;
        let _ = buddy
            .rmqueue_smallest(Order::MAX, Migratetype::Movable)
            .ok_or(ENOMEM)?;

        for page in (0..64).step_by(2) {
            buddy.free(Block::new(PageIdx::new(page), Order::ZERO), FreeFlags::None);
        }
        buddy.free(Block::new(PageIdx::new(64), order(3)?), FreeFlags::None);
        Ok(buddy)
    }

    fn release(buddy: &mut Buddy, pages: &mut IsolatedPages) -> u32 {
        let mut nr = 0;

        while pages.nr_pages() > 0 {
            buddy.release_isolated(pages, |_| nr += 1);
        }
        nr
    }

    #[test]
    fn enough_is_enough_and_all_comes_back() -> Result {
        let mut buddy = scattered()?;
        let mut pages = IsolatedPages::new();
        let (start, end) = (PageIdx::new(0), PageIdx::new(512));
        let before = buddy.nr_free;
        let scan = buddy.isolate_freepages(start, end, (1, 5), &mut pages);

        assert_eq!((scan.isolated, scan.scanned), (5, 9));
        assert_eq!(scan.next, PageIdx::new(9));
        assert!(scan.is_done);
        assert_eq!((pages.nr_pages(), buddy.nr_free), (5, before - 5));
        assert_eq!(buddy.validate().errors, 0);
        assert_eq!(buddy.validate().isolated, 5);
        assert_eq!(release(&mut buddy, &mut pages), 5);
        assert_eq!(buddy.nr_free, before);
        assert_eq!(buddy.validate().isolated, 0);
        Ok(())
    }

    #[test]
    fn so_many_blocks_are_taken_under_one_hold() -> Result {
        let mut buddy = scattered()?;
        let mut pages = IsolatedPages::new();
        let (start, end) = (PageIdx::new(0), PageIdx::new(512));
        let first = buddy.isolate_freepages(start, end, (1, u32::MAX), &mut pages);

        assert_eq!((first.isolated, first.is_done), (32, false));
        let rest = buddy.isolate_freepages(first.next, end, (1, u32::MAX), &mut pages);
        assert_eq!((rest.isolated, rest.next), (8, end));
        assert_eq!(first.scanned + rest.scanned, 512);
        let _ = release(&mut buddy, &mut pages);
        Ok(())
    }

    #[test]
    fn a_long_stride_sees_little() -> Result {
        let mut buddy = scattered()?;
        let mut pages = IsolatedPages::new();
        let (start, end) = (PageIdx::new(0), PageIdx::new(512));
        let scan = buddy.isolate_freepages(start, end, (32, u32::MAX), &mut pages);

        // 0, 32, and the eight at 64.
        assert_eq!(scan.isolated, 10);
        let _ = release(&mut buddy, &mut pages);
        Ok(())
    }

    #[test]
    fn row_129_what_is_isolated_is_not_below_the_watermark() -> Result {
        let mut buddy = scattered()?;
        let mut pages = IsolatedPages::new();
        let (start, end) = (PageIdx::new(0), PageIdx::new(512));

        buddy.marks.levels = Watermarks::new(ZoneType::Normal, 2048, 512, 2048, 10);
        buddy.marks.levels.min = buddy.nr_free - 4;
        let scan = buddy.isolate_freepages(start, end, (1, u32::MAX), &mut pages);

        // A request for one page would pass with one page more than that left.
        assert_eq!(scan.isolated, 3);
        assert!(scan.is_done);
        let _ = release(&mut buddy, &mut pages);
        Ok(())
    }

    #[test]
    fn blocks_are_cut_and_what_is_left_is_used_next() -> Result {
        let mut buddy = scattered()?;
        let mut pages = IsolatedPages::new();
        let (start, end) = (PageIdx::new(64), PageIdx::new(72));
        let scan = buddy.isolate_freepages(start, end, (1, 8), &mut pages);

        assert_eq!(scan.isolated, 8);
        for (nr, page) in [(0, 64), (0, 65), (1, 66), (2, 68)] {
            let block = buddy.take_isolated_block(order(nr)?, &mut pages);

            assert!(block == Some(Block::new(PageIdx::new(page), order(nr)?)));
            assert_eq!(buddy.validate().errors, 0);
        }
        assert!(buddy.take_isolated_block(Order::ZERO, &mut pages).is_none());
        assert_eq!(pages.nr_pages(), 0);
        buddy.push_isolated(Block::new(PageIdx::new(68), order(2)?), &mut pages);
        assert_eq!((pages.nr_pages(), release(&mut buddy, &mut pages)), (4, 1));
        Ok(())
    }

    #[test]
    fn large_blocks_leave_movable_pageblocks_behind() -> Result {
        let mut buddy = scattered()?;
        let mut pages = IsolatedPages::new();
        let large = PageIdx::new(1024);

        buddy.move_freepages_block(large, Migratetype::Movable, Migratetype::Unmovable);
        buddy
            .blocks
            .set_range(large, Order::MAX, Migratetype::Unmovable);
        let scan = buddy.isolate_freepages(large, PageIdx::new(1536), (1, 1), &mut pages);

        assert_eq!(scan.isolated, 1024);
        assert_eq!(buddy.blocks.migratetype(large), Migratetype::Movable);
        assert_eq!(
            buddy.blocks.migratetype(PageIdx::new(1536)),
            Migratetype::Movable
        );
        let _ = release(&mut buddy, &mut pages);
        assert_eq!(buddy.validate().errors, 0);
        Ok(())
    }
}
