// SPDX-License-Identifier: GPL-2.0

//! Blocks given back to a zone: each merges with its free buddies.
//!
//! C: `__free_one_page()`, `split_large_buddy()`, `buddy_merge_likely()` in `mm/page_alloc.c`.

#![deny(unsafe_code)]

use super::{
    super::{
        alloc_flags::FreeFlags,
        free_area::End,
        migratetype::Migratetype,
        order::{
            Block,
            Order,
            PageIdx, //
        }, //
    },
    Buddy, //
};
use kernel::prelude::*;

impl Buddy {
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

    /// Takes the buddy of a block of type `mt` off its list, if it is free and the two may merge.
    /// The type that both have then.
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
}

#[kunit_tests(rust_buddy_merge)]
mod tests {
    use super::{
        super::tests::{
            new_free,
            nr_blocks,
            order,
            put,
            take,
            ONE_LARGEST, //
        },
        *, //
    };
    use Migratetype::{
        Cma,
        HighAtomic,
        Movable,
        Unmovable, //
    };

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
