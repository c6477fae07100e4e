// SPDX-License-Identifier: GPL-2.0

//! Blocks are checked on their way out and on their way back.
//!
//! What is looked at is the caller's business: the allocator knows numbers alone. A block that does
//! not pass is bad: it is counted and stays lost, whole, so that nobody ever has it again.
//!
//! C: `check_new_pages()`, `free_pages_prepare()`, `bad_page()` in `mm/page_alloc.c`.
//!
//! # Differences
//!
//! The kernel looks before it counts: its `PGALLOC` does not have bad pages, ours does.

#![deny(unsafe_code)]

use super::{
    Allocated,
    Region, //
};
use crate::{
    gfp::context::AllocContext,
    slowpath::owners::Owners,
    zone::order::Block, //
};
use kernel::prelude::*;

impl Region {
    /// Takes a block that passes `check`; those that do not are lost (C: `rmqueue_buddy()` goes on
    /// until `check_new_pages()` is content).
    pub(crate) fn alloc_pages_checked<O: Owners>(
        &self,
        ctx: &AllocContext,
        owners: &O,
        mut check: impl FnMut(&Block) -> bool,
    ) -> Option<Allocated> {
        loop {
            let allocated = self.alloc_pages_with(ctx, owners)?;

            if let Some(block) = self.check_pages(allocated.block, &mut check) {
                return Some(Allocated { block, ..allocated });
            }
        }
    }

    /// The block if it passes `check`. Else it is lost.
    pub(crate) fn check_pages(
        &self,
        block: Block,
        check: impl FnOnce(&Block) -> bool,
    ) -> Option<Block> {
        if check(&block) {
            return Some(block);
        }
        self.count_bad_page(&block);
        None
    }

    /// Counts a block that is lost because a check failed (C: `bad_page()`).
    pub(crate) fn count_bad_page(&self, block: &Block) {
        if let Some(pageset) = self.pageset_of(block.head()) {
            pageset.zone().count_bad_page();
        }
    }
}

#[kunit_tests(rust_buddy_check)]
mod tests {
    use super::{
        super::fixture::one_zone,
        *, //
    };
    use crate::{
        gfp::Gfp,
        slowpath::owners::NoOwners,
        zone::order::{
            Order,
            PageIdx, //
        }, //
    };

    fn ctx(order: u32) -> Result<AllocContext> {
        let order = Order::new(order).ok_or(EINVAL)?;

        AllocContext::new(Gfp::MEMALLOC | Gfp::MOVABLE, order).ok_or(EINVAL)
    }

    fn nr_bad(region: &Region) -> u64 {
        region
            .zones()
            .fold(0, |sum, zone| sum + zone.snapshot().events.bad_page)
    }

    /// Pages freed so far, by way of the stocks or not.
    fn nr_freed(region: &Region) -> u64 {
        region.pagesets().fold(0, |sum, pageset| {
            sum + pageset.events().pgfree + pageset.zone().snapshot().events.pgfree
        })
    }

    #[test]
    fn row_104_a_bad_page_is_never_handed_out() -> Result {
        let region = one_zone(4096)?;
        let is_sound = |block: &Block| block.head() != PageIdx::new(1);
        let take = || {
            Some(
                region
                    .alloc_pages_checked(&ctx(0).ok()?, &NoOwners, is_sound)?
                    .block,
            )
        };

        assert_eq!(take().ok_or(ENOMEM)?.head().get(), 0);
        // Page 1 would have come next.
        assert_eq!(take().ok_or(ENOMEM)?.head().get(), 2);
        assert_eq!(nr_bad(&region), 1);
        for _ in 0..4096 - 3 {
            assert!(take().ok_or(ENOMEM)?.head() != PageIdx::new(1));
        }
        assert!(take().is_none());
        assert_eq!(nr_bad(&region), 1);
        assert_eq!(region.validate().errors, 0);
        Ok(())
    }

    #[test]
    fn row_104_a_bad_block_is_not_freed() -> Result {
        let region = one_zone(4096)?;
        let (good, bad) = (
            region.alloc_pages(&ctx(2)?).ok_or(ENOMEM)?.block,
            region.alloc_pages(&ctx(2)?).ok_or(ENOMEM)?.block,
        );

        assert!(region.check_pages(bad, |_| false).is_none());
        assert_eq!((region.nr_free(), nr_freed(&region)), (4088, 0));
        assert_eq!(nr_bad(&region), 1);
        region.free_pages(region.check_pages(good, |_| true).ok_or(EBUSY)?);
        assert_eq!((region.nr_free(), nr_freed(&region)), (4092, 4));
        assert_eq!(nr_bad(&region), 1);
        Ok(())
    }

    #[test]
    fn a_large_block_is_lost_whole() -> Result {
        let region = one_zone(4096)?;
        let is_sound = |block: &Block| block.head().get() != 0;
        let taken = region.alloc_pages_checked(&ctx(10)?, &NoOwners, is_sound);

        assert_eq!(taken.ok_or(ENOMEM)?.block.head().get(), 1024);
        assert_eq!((region.nr_free(), nr_bad(&region)), (2048, 1));
        Ok(())
    }
}
