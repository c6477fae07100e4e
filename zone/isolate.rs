// SPDX-License-Identifier: GPL-2.0

//! Isolation: taking pageblocks out of use, so that a range of pages becomes free as a whole.
//!
//! C: `mm/page_isolation.c`, `__move_freepages_block_isolate()`, `__isolate_free_page()` in
//! `mm/page_alloc.c`, `isolate_freepages_range()` in `mm/compaction.c`.

#![deny(unsafe_code)]

use super::{
    alloc_flags::FreeFlags,
    buddy::Buddy,
    migratetype::Migratetype,
    order::{
        Block,
        Order,
        PageIdx, //
    }, //
};
use kernel::prelude::*;

impl Buddy {
    /// Type of the pageblock of `page`.
    pub(crate) fn migratetype(&self, page: PageIdx) -> Migratetype {
        self.blocks.migratetype(page)
    }

    /// Changes the type of the pageblock of `page`, which has no free page
    /// (C: `set_pageblock_migratetype()`, `set_pageblock_isolate()`).
    pub(crate) fn set_pageblock_migratetype(&mut self, page: PageIdx, mt: Migratetype) {
        match mt {
            Migratetype::Isolate => self.blocks.toggle_isolate(page),
            mt => self.blocks.set_migratetype(page, mt),
        }
    }

    /// Isolates the pageblock that starts at `start`: its free pages can no longer be had and do
    /// not count as free. EBUSY if it is isolated already or not wholly inside the zone
    /// (C: `set_migratetype_isolate()` without its look for pages in use).
    pub(crate) fn isolate_pageblock(&mut self, start: PageIdx) -> Result {
        if self.blocks.migratetype(start) == Migratetype::Isolate {
            return Err(EBUSY);
        }
        self.toggle_isolate(start)
    }

    /// Ends that (C: `unset_migratetype_isolate()`).
    pub(crate) fn unisolate_pageblock(&mut self, start: PageIdx) -> Result {
        if self.blocks.migratetype(start) != Migratetype::Isolate {
            return Err(EINVAL);
        }
        // Moving blocks from list to list merges nothing. A large block that could merge with its
        // neighbour is therefore taken out and put back.
        match self.isolated_buddy(start) {
            Some(order) => {
                self.del_page_from_free_list(start, order, Migratetype::Isolate);
                self.blocks.toggle_isolate(start);
                self.split_large_buddy(Block::new(start, order), FreeFlags::ToTail);
                Ok(())
            }
            None => self.toggle_isolate(start),
        }
    }

    /// Order of the free block at `start`, if it has at least a pageblock and its buddy is free and
    /// not isolated.
    fn isolated_buddy(&self, start: PageIdx) -> Option<Order> {
        let order = self.map.buddy_order(start)?;
        let buddy = start.buddy(order);
        let mergeable = order >= self.blocks.order() && order < Order::MAX;
        let free = self.map.is_buddy(buddy, order)
            && self.blocks.migratetype(buddy) != Migratetype::Isolate;

        (mergeable && free).then_some(order)
    }

    /// Isolates a pageblock or ends that, and moves its free pages to the lists that they belong on
    /// then. Larger free blocks are cut first (C: `__move_freepages_block_isolate()`).
    fn toggle_isolate(&mut self, start: PageIdx) -> Result {
        let start = self.whole_pageblock(start).ok_or(EBUSY)?;

        if let Some((head, order)) = self.larger_buddy_of(start) {
            let mt = self.blocks.migratetype(head);

            self.del_page_from_free_list(head, order, mt);
            self.blocks.toggle_isolate(start);
            self.split_large_buddy(Block::new(head, order), FreeFlags::None);
            return Ok(());
        }
        let (from, old) = (self.blocks.migratetype(start), Migratetype::Isolate);
        let to = match from {
            Migratetype::Isolate => self.blocks.migratetype_when_not_isolated(start),
            _ => old,
        };

        self.move_freepages_block(start, from, to);
        self.blocks.toggle_isolate(start);
        Ok(())
    }

    /// The free block of more than a pageblock that the pageblock at `start` is a part of
    /// (C: `find_large_buddy()`).
    fn larger_buddy_of(&self, start: PageIdx) -> Option<(PageIdx, Order)> {
        let larger = self.blocks.order().up()?.to_max();

        larger
            .map(|order| (start.align_down(order), order))
            .find(|(head, order)| self.map.is_buddy(*head, *order))
    }

    /// The free block that `page` is a part of, however small.
    pub(crate) fn buddy_of(&self, page: PageIdx) -> Option<(PageIdx, Order)> {
        Order::all()
            .map(|order| (page.align_down(order), order))
            .find(|(head, order)| self.map.is_buddy(*head, *order))
    }

    /// Whether every page from `start` to `end` is free in an isolated pageblock
    /// (C: `test_pages_isolated()`).
    pub(crate) fn pages_isolated(&self, start: PageIdx, end: PageIdx) -> bool {
        let mut page = start;

        while page < end {
            match self.buddy_of(page) {
                Some((head, order)) if self.blocks.migratetype(page) == Migratetype::Isolate => {
                    page = head.add(order.nr_pages());
                }
                _ => return false,
            }
        }
        true
    }

    /// Takes all blocks that have a page in `start..end`, which are free and isolated, and says
    /// from where to where they reach (C: `isolate_freepages_range()`).
    pub(crate) fn take_isolated(&mut self, start: PageIdx, end: PageIdx) -> (PageIdx, PageIdx) {
        let mut page = self.buddy_of(start).map_or(start, |(head, _)| head);
        let first = page;

        while page < end {
            let Some(order) = self.map.buddy_order(page) else {
                break;
            };

            self.del_page_from_free_list(page, order, Migratetype::Isolate);
            page = page.add(order.nr_pages());
        }
        self.seq = self.seq.wrapping_add(1);
        (first, page)
    }

    /// Pages of `start..end` that are on free lists.
    pub(crate) fn free_pages_in(&self, start: PageIdx, end: PageIdx) -> u32 {
        let mut page = start;
        let mut free: u32 = 0;

        while page < end {
            let next = match self.buddy_of(page) {
                Some((head, order)) => {
                    let next = head.add(order.nr_pages()).min(end);

                    free = free.wrapping_add(next.get().wrapping_sub(page.get()));
                    next
                }
                None => page.add(1),
            };
            page = next;
        }
        free
    }
}

#[kunit_tests(rust_buddy_isolate)]
mod tests {
    use super::super::buddy::BuddyConfig;
    use super::*;

    fn buddy() -> Result<Buddy> {
        let config = BuddyConfig {
            start: PageIdx::new(0),
            nr_pages: 4096,
            pageblock_order: Order::new(9).ok_or(EINVAL)?,
            mobility_off: false,
            nr_cpus: 1,
        };

        Buddy::new(&config, 4096)
    }

    #[test]
    fn row_071_isolated_pages_do_not_count_and_the_type_comes_back() -> Result {
        let mut buddy = buddy()?;
        let start = PageIdx::new(512);

        buddy
            .blocks
            .set_range(PageIdx::new(0), Order::MAX, Migratetype::Movable);
        buddy.isolate_pageblock(start)?;
        assert_eq!(buddy.nr_free, 4096 - 512);
        assert_eq!(buddy.blocks.migratetype(start), Migratetype::Isolate);
        assert_eq!(buddy.validate().errors, 0);
        assert!(buddy.isolate_pageblock(start) == Err(EBUSY));
        buddy.unisolate_pageblock(start)?;
        assert_eq!(buddy.nr_free, 4096);
        assert_eq!(buddy.blocks.migratetype(start), Migratetype::Movable);
        assert_eq!(buddy.areas.nr_free(Order::MAX), 4);
        assert_eq!(buddy.validate().errors, 0);
        Ok(())
    }

    #[test]
    fn row_089_pages_freed_into_an_isolated_pageblock_stay_there() -> Result {
        let mut buddy = buddy()?;
        let block = buddy
            .rmqueue_smallest(Order::ZERO, Migratetype::Movable)
            .ok_or(ENOMEM)?;

        buddy.isolate_pageblock(PageIdx::new(0))?;
        assert_eq!(buddy.nr_free, 4096 - 512);
        buddy.free(block, FreeFlags::None);
        assert_eq!(buddy.nr_free, 4096 - 512);
        assert!(buddy.pages_isolated(PageIdx::new(0), PageIdx::new(512)));
        assert!(!buddy.pages_isolated(PageIdx::new(0), PageIdx::new(513)));
        buddy.unisolate_pageblock(PageIdx::new(0))?;
        assert_eq!(buddy.nr_free, 4096);
        assert_eq!(buddy.validate().errors, 0);
        Ok(())
    }

    #[test]
    fn isolated_blocks_are_taken_whole() -> Result {
        let mut buddy = buddy()?;

        for start in [1024, 1536] {
            buddy.isolate_pageblock(PageIdx::new(start))?;
        }
        let (first, end) = buddy.take_isolated(PageIdx::new(1030), PageIdx::new(1540));
        assert_eq!((first.get(), end.get()), (1024, 2048));
        assert_eq!(buddy.nr_free, 3072);
        assert_eq!(
            buddy.free_pages_in(PageIdx::new(1000), PageIdx::new(2050)),
            26
        );
        Ok(())
    }
}
