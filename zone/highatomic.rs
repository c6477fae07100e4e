// SPDX-License-Identifier: GPL-2.0

//! The high-order atomic reserve: pageblocks that are kept for requests of more than one page which
//! cannot wait.
//!
//! C: `reserve_highatomic_pageblock()`, `unreserve_highatomic_pageblock()` in `mm/page_alloc.c`.

#![deny(unsafe_code)]

use super::{
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
    /// Takes the smallest block of the reserve that is large enough, if that is `allowed`.
    pub(super) fn rmqueue_highatomic(&mut self, order: Order, allowed: bool) -> Option<Block> {
        if !allowed {
            return None;
        }
        let block = self.rmqueue_smallest(order, Migratetype::HighAtomic)?;

        self.events.highatomic = self.events.highatomic.wrapping_add(1);
        Some(block)
    }

    /// Puts the pageblocks around a block that was just taken into the reserve, unless that has
    /// grown to a hundredth of the zone (C: `reserve_highatomic_pageblock()`).
    pub(super) fn reserve_highatomic_pageblock(&mut self, block: &Block) {
        let mt = self.blocks.migratetype(block.head());

        if self.nr_reserved_highatomic >= self.max_reserved_highatomic() || !mt.is_mergeable() {
            return;
        }
        // INVARIANT: What becomes high-order atomic is counted as reserved.
        if block.order() >= self.blocks.order() {
            self.blocks
                .set_range(block.head(), block.order(), Migratetype::HighAtomic);
            self.reserve(block.nr_pages());
        } else if let Some(start) = self.whole_pageblock(block.head()) {
            self.move_freepages_block(start, mt, Migratetype::HighAtomic);
            self.blocks.set_migratetype(start, Migratetype::HighAtomic);
            self.reserve(self.blocks.order().nr_pages());
        }
    }

    fn reserve(&mut self, nr_pages: u32) {
        let nr_pages = u64::from(nr_pages);

        self.nr_reserved_highatomic = self.nr_reserved_highatomic.wrapping_add(nr_pages);
    }

    /// Pages at which the reserve stops growing: one percent of the zone, rounded up to a
    /// pageblock; none if that percent is less than a pageblock.
    fn max_reserved_highatomic(&self) -> u64 {
        let pageblock = u64::from(self.blocks.order().nr_pages());
        let percent = self.managed / 100;

        match percent < pageblock {
            true => 0,
            // Up to the next multiple.
            false => percent.wrapping_add(pageblock).wrapping_sub(1) & pageblock.wrapping_neg(),
        }
    }

    /// Gives one free block of the reserve to `mt`; whether any page changed its list. Unless
    /// `force` the last pageblock is kept (C: `unreserve_highatomic_pageblock()`, for one zone).
    pub(crate) fn unreserve_highatomic_pageblock(&mut self, mt: Migratetype, force: bool) -> bool {
        let pageblock = u64::from(self.blocks.order().nr_pages());

        if !force && self.nr_reserved_highatomic <= pageblock {
            return false;
        }
        Order::all().any(|order| {
            self.areas
                .first(order, Migratetype::HighAtomic)
                .is_some_and(|page| self.unreserve(page, order, mt))
        })
    }

    fn unreserve(&mut self, page: PageIdx, order: Order, mt: Migratetype) -> bool {
        let from = Migratetype::HighAtomic;
        let nr_pages = u64::from(order.max(self.blocks.order()).nr_pages());

        // INVARIANT: As many pages stop to be high-order atomic below.
        self.nr_reserved_highatomic = self.nr_reserved_highatomic.saturating_sub(nr_pages);
        if order >= self.blocks.order() {
            self.move_to_free_list(page, order, from, mt);
            self.blocks.set_range(page, order, mt);
            return true;
        }
        let Some(start) = self.whole_pageblock(page) else {
            return false;
        };
        let moved = self.move_freepages_block(start, from, mt);

        self.blocks.set_migratetype(start, mt);
        moved > 0
    }
}

#[kunit_tests(rust_buddy_highatomic)]
mod tests {
    use super::super::{
        alloc_flags::FreeFlags,
        buddy::BuddyConfig, //
    };
    use super::*;
    use Migratetype::{
        HighAtomic,
        Movable,
        Unmovable, //
    };

    fn zone(nr_pages: u32, pageblock_order: u32) -> Result<Buddy> {
        let config = BuddyConfig {
            start: PageIdx::new(0),
            nr_pages,
            pageblock_order: Order::new(pageblock_order).ok_or(EINVAL)?,
            mobility_off: false,
            nr_cpus: 1,
        };

        Buddy::new(&config, nr_pages)
    }

    /// Takes a block of order 2 and puts its pageblock into the reserve.
    fn reserve(buddy: &mut Buddy) -> Result<Block> {
        let order = Order::new(2).ok_or(EINVAL)?;
        let block = buddy.rmqueue_smallest(order, Movable).ok_or(ENOMEM)?;

        buddy.reserve_highatomic_pageblock(&block);
        Ok(block)
    }

    #[test]
    fn row_066_one_percent_is_reserved() -> Result {
        let mut buddy = zone(65536, 9)?;

        for _ in 0..4 {
            let _ = reserve(&mut buddy)?;
        }
        assert_eq!(buddy.nr_reserved_highatomic, 1024);
        assert_eq!(*buddy.blocks.counts().at(HighAtomic), 2);
        assert_eq!(buddy.nr_free_highatomic, 1024 - 8);
        assert_eq!(buddy.validate().errors, 0);
        Ok(())
    }

    #[test]
    fn row_066_large_pageblocks_are_never_reserved() -> Result {
        let mut buddy = zone(65536, 10)?;

        let _ = reserve(&mut buddy)?;
        assert_eq!(buddy.nr_reserved_highatomic, 0);
        Ok(())
    }

    #[test]
    fn row_070_the_last_pageblock_goes_by_force_only() -> Result {
        let mut buddy = zone(65536, 9)?;

        let _ = reserve(&mut buddy)?;
        assert_eq!(buddy.nr_reserved_highatomic, 512);
        assert!(!buddy.unreserve_highatomic_pageblock(Unmovable, false));
        assert_eq!(buddy.nr_reserved_highatomic, 512);
        assert!(buddy.unreserve_highatomic_pageblock(Unmovable, true));
        assert_eq!(buddy.nr_reserved_highatomic, 0);
        assert_eq!(buddy.blocks.migratetype(PageIdx::new(0)), Unmovable);
        assert_eq!(buddy.nr_free_highatomic, 0);
        assert_eq!(buddy.validate().errors, 0);
        Ok(())
    }

    #[test]
    fn special_pageblocks_are_not_reserved() -> Result {
        let mut buddy = zone(65536, 9)?;
        let order = Order::new(9).ok_or(EINVAL)?;
        let block = buddy.rmqueue_smallest(order, Movable).ok_or(ENOMEM)?;

        buddy.blocks.set_migratetype(block.head(), Migratetype::Cma);
        buddy.reserve_highatomic_pageblock(&block);
        assert_eq!(buddy.nr_reserved_highatomic, 0);
        buddy.free(block, FreeFlags::None);
        assert_eq!(buddy.nr_free_cma, 512);
        Ok(())
    }
}
