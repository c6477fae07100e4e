// SPDX-License-Identifier: GPL-2.0

//! Which other type's pages are taken, and what becomes of the rest, by the numbers.

#![deny(unsafe_code)]

use kernel::prelude::*;

#[kunit_tests(rust_buddy_fallback)]
mod tests {
    use super::super::super::{
        alloc_flags::FreeFlags,
        buddy::BuddyConfig, //
    };
    use super::super::*;
    use kernel::prelude::*;
    use Migratetype::{
        Movable,
        Reclaimable,
        Unmovable, //
    };

    fn new_free(nr_pages: u32) -> Result<Buddy> {
        let config = BuddyConfig {
            start: PageIdx::new(0),
            nr_pages,
            pageblock_order: Order::new(9).ok_or(EINVAL)?,
            mobility_off: false,
            nr_cpus: 1,
        };

        Buddy::new(&config, nr_pages)
    }

    fn alloc(buddy: &mut Buddy, order: u32, mt: Migratetype, flags: AllocFlags) -> Option<u32> {
        let mut mode = RmqueueMode::Normal;
        let block = buddy.rmqueue(Order::new(order)?, mt, flags, &mut mode)?;

        Some(block.head().get())
    }

    fn alloc_low(buddy: &mut Buddy, order: u32, mt: Migratetype) -> Option<u32> {
        alloc(buddy, order, mt, AllocFlags::WMARK_LOW)
    }

    fn free(buddy: &mut Buddy, pages: core::ops::Range<u32>) {
        for page in pages {
            buddy.free(Block::new(PageIdx::new(page), Order::ZERO), FreeFlags::None);
        }
    }

    /// A zone of two pageblocks of type `mt`, all in use, of which pages `0..nr_free` were given
    /// back, each alone: their neighbours are kept.
    fn with_free_singles(mt: Migratetype, nr_free: u32) -> Result<Buddy> {
        let mut buddy = new_free(1024)?;

        let _ = alloc_low(&mut buddy, 10, Movable).ok_or(ENOMEM)?;
        buddy.blocks.set_range(PageIdx::new(0), Order::MAX, mt);
        for page in (0..1024).step_by(2).take(nr_free as usize) {
            free(&mut buddy, page..page + 1);
        }
        Ok(buddy)
    }

    #[test]
    fn row_056_reclaimable_is_preferred_to_movable() -> Result {
        let mut buddy = new_free(2048)?;

        let first = alloc_low(&mut buddy, 10, Movable).ok_or(ENOMEM)?;
        buddy
            .blocks
            .set_range(PageIdx::new(first), Order::MAX, Reclaimable);
        buddy.free(Block::new(PageIdx::new(first), Order::MAX), FreeFlags::None);
        assert_eq!(alloc_low(&mut buddy, 0, Unmovable), Some(first));
        Ok(())
    }

    #[test]
    fn row_057_a_whole_block_changes_its_type() -> Result {
        let mut buddy = new_free(1024)?;

        assert_eq!(alloc_low(&mut buddy, 0, Unmovable), Some(0));
        assert_eq!(buddy.blocks.migratetype(PageIdx::new(0)), Unmovable);
        assert_eq!(buddy.blocks.migratetype(PageIdx::new(512)), Unmovable);
        // Not on account of a part of it: nothing is mixed.
        assert_eq!(buddy.events.extfrag_claim, 1);
        assert_eq!(buddy.events.extfrag_claim_part, 0);
        assert_eq!(buddy.events.extfrag_steal, 0);
        assert_eq!(buddy.nr_free, 1023);
        Ok(())
    }

    #[test]
    fn row_059_half_a_pageblock_must_be_free() -> Result {
        let mut too_few = with_free_singles(Reclaimable, 255)?;
        let mut enough = with_free_singles(Reclaimable, 256)?;

        let _ = alloc_low(&mut too_few, 0, Unmovable).ok_or(ENOMEM)?;
        assert_eq!(too_few.blocks.migratetype(PageIdx::new(0)), Reclaimable);
        assert_eq!(too_few.events.extfrag_steal, 1);
        let _ = alloc_low(&mut enough, 0, Unmovable).ok_or(ENOMEM)?;
        assert_eq!(enough.blocks.migratetype(PageIdx::new(0)), Unmovable);
        assert_eq!(enough.events.extfrag_claim, 1);
        Ok(())
    }

    /// Type of a pageblock of type `from` after a request of type `mt`, when 100 pages of it were
    /// free and so many in use could be moved, and there was nothing else.
    fn type_after(mt: Migratetype, from: Migratetype, nr_movable: u32) -> Result<Migratetype> {
        let mut buddy = with_free_singles(from, 0)?;

        // The first 16 are a block that is large enough to be worth a claim to everyone.
        free(&mut buddy, 0..16);
        for page in (16..184).step_by(2) {
            free(&mut buddy, page..page + 1);
        }
        for page in 184..184 + nr_movable {
            let block = Block::new(PageIdx::new(page), Order::ZERO);

            buddy.blocks.movable().add(&block);
        }
        assert_eq!(buddy.free_pages_of(PageIdx::new(0)), 100);
        let _ = alloc_low(&mut buddy, 0, mt).ok_or(ENOMEM)?;
        Ok(buddy.blocks.migratetype(PageIdx::new(0)))
    }

    #[test]
    fn row_058_movable_pages_count_against_other_types() -> Result {
        // 100 free, and 312 or 112 that cannot be moved: 412 and 212 of the 256 that it takes.
        assert_eq!(type_after(Unmovable, Movable, 100)?, Unmovable);
        assert_eq!(type_after(Unmovable, Movable, 300)?, Movable);
        assert_eq!(type_after(Reclaimable, Movable, 256)?, Reclaimable);
        assert_eq!(type_after(Reclaimable, Movable, 257)?, Movable);
        Ok(())
    }

    #[test]
    fn row_058_movable_pages_count_for_movable_requests() -> Result {
        assert_eq!(type_after(Movable, Unmovable, 155)?, Unmovable);
        assert_eq!(type_after(Movable, Unmovable, 156)?, Movable);
        // Of no use to the others: what cannot be moved there is unknown.
        assert_eq!(type_after(Reclaimable, Unmovable, 0)?, Unmovable);
        assert_eq!(type_after(Reclaimable, Unmovable, 328)?, Unmovable);
        Ok(())
    }

    #[test]
    fn pages_in_use_in_a_movable_pageblock_count_as_alike() -> Result {
        let mut buddy = with_free_singles(Movable, 1)?;

        let _ = alloc_low(&mut buddy, 0, Unmovable).ok_or(ENOMEM)?;
        assert_eq!(buddy.blocks.migratetype(PageIdx::new(0)), Unmovable);
        Ok(())
    }

    #[test]
    fn row_060_small_movable_requests_steal() -> Result {
        let mut buddy = with_free_singles(Unmovable, 0)?;
        let order = Order::new(3).ok_or(EINVAL)?;

        // Blocks of order 3 make up half of the pageblock: enough to claim it.
        for page in (0..512).step_by(16) {
            buddy.free(Block::new(PageIdx::new(page), order), FreeFlags::None);
        }
        let page = alloc_low(&mut buddy, 0, Movable).ok_or(ENOMEM)?;
        assert_eq!(page % 16, 0);
        assert_eq!(buddy.blocks.migratetype(PageIdx::new(page)), Unmovable);
        assert_eq!(buddy.events.extfrag_steal, 1);
        assert_eq!(buddy.events.extfrag_claim, 0);
        Ok(())
    }

    #[test]
    fn row_061_the_rest_of_a_stolen_block_keeps_its_type() -> Result {
        let mut buddy = with_free_singles(Unmovable, 0)?;

        free(&mut buddy, 8..16);
        let _ = alloc_low(&mut buddy, 0, Movable).ok_or(ENOMEM)?;
        for order in [0, 1, 2] {
            let order = Order::new(order).ok_or(EINVAL)?;

            assert_eq!(buddy.areas.list(order, Unmovable).len(), 1);
            assert!(buddy.areas.list(order, Movable).is_empty());
        }
        Ok(())
    }

    #[test]
    fn row_062_nofragment_neither_steals_nor_claims_parts() -> Result {
        let mut buddy = with_free_singles(Unmovable, 0)?;
        let nofragment = AllocFlags::WMARK_LOW | AllocFlags::NOFRAGMENT;

        free(&mut buddy, 0..256);
        assert!(alloc(&mut buddy, 0, Movable, nofragment).is_none());
        assert!(alloc(&mut buddy, 0, Movable, AllocFlags::WMARK_LOW).is_some());
        Ok(())
    }

    #[test]
    fn row_063_stealing_goes_on_for_the_rest_of_a_refill() -> Result {
        let mut buddy = with_free_singles(Unmovable, 4)?;
        let mut mode = RmqueueMode::Normal;
        let mut next = |buddy: &mut Buddy| {
            let _ = buddy.rmqueue(Order::ZERO, Movable, AllocFlags::WMARK_LOW, &mut mode);
            mode
        };

        assert_eq!(next(&mut buddy), RmqueueMode::Steal);
        // A block of the own type comes back, and is not looked for.
        buddy.blocks.set_migratetype(PageIdx::new(513), Movable);
        free(&mut buddy, 513..514);
        assert_eq!(next(&mut buddy), RmqueueMode::Steal);
        assert_eq!(buddy.areas.list(Order::ZERO, Movable).len(), 1);
        Ok(())
    }

    #[test]
    fn row_063_after_a_claim_the_own_list_is_looked_at_again() -> Result {
        let mut buddy = with_free_singles(Unmovable, 256)?;
        let mut mode = RmqueueMode::Cma;
        let next = |buddy: &mut Buddy, mode: &mut RmqueueMode| {
            let block = buddy.rmqueue(Order::ZERO, Reclaimable, AllocFlags::WMARK_LOW, mode);

            block.map(|block| block.head().get())
        };

        assert!(next(&mut buddy, &mut mode).is_some());
        assert_eq!(mode, RmqueueMode::Normal);
        assert!(next(&mut buddy, &mut mode).is_some());
        assert_eq!(buddy.events.extfrag_claim, 1);
        assert_eq!(buddy.events.extfrag_steal, 0);
        Ok(())
    }

    #[test]
    fn row_065_only_movable_requests_get_cma_pages() -> Result {
        let mut buddy = new_free(1024)?;
        let flags = AllocFlags::WMARK_LOW | AllocFlags::CMA;

        let _ = alloc_low(&mut buddy, 10, Movable).ok_or(ENOMEM)?;
        buddy
            .blocks
            .set_range(PageIdx::new(0), Order::MAX, Migratetype::Cma);
        buddy.free(Block::new(PageIdx::new(0), Order::MAX), FreeFlags::None);
        assert!(alloc_low(&mut buddy, 0, Unmovable).is_none());
        assert_eq!(alloc(&mut buddy, 0, Movable, flags), Some(0));
        Ok(())
    }

    /// A zone of 65536 pages whose high watermark is 768.
    fn z256() -> Result<Buddy> {
        let mut buddy = new_free(65536)?;

        buddy.marks.levels.high = 768;
        Ok(buddy)
    }

    #[test]
    fn row_035_boosts_grow_by_a_pageblock_up_to_a_limit() -> Result {
        let mut buddy = z256()?;

        for expected in [512, 1024, 1152, 1152] {
            assert!(buddy.boost_watermark());
            assert_eq!(buddy.marks.boost, expected);
        }
        Ok(())
    }

    #[test]
    fn row_036_small_zones_are_not_boosted() -> Result {
        let mut buddy = z256()?;

        buddy.managed = 2047;
        assert!(!buddy.boost_watermark());
        buddy.managed = 2048;
        assert!(buddy.boost_watermark());
        Ok(())
    }

    #[test]
    fn row_037_a_crash_kernel_does_not_boost() -> Result {
        let mut buddy = z256()?;

        buddy.is_kdump = true;
        assert!(!buddy.boost_watermark());
        assert_eq!(buddy.marks.boost, 0);
        Ok(())
    }

    #[test]
    fn row_039_every_attempt_to_claim_boosts_but_not_all_wake() -> Result {
        for (flags, wakes) in [
            (AllocFlags::WMARK_LOW, false),
            (AllocFlags::WMARK_LOW | AllocFlags::KSWAPD, true),
        ] {
            let mut buddy = with_free_singles(Reclaimable, 255)?;

            buddy.managed = 65536;
            buddy.marks.levels.high = 768;
            let _ = alloc(&mut buddy, 0, Unmovable, flags).ok_or(ENOMEM)?;
            assert_eq!(buddy.marks.boost, 512);
            assert_eq!(buddy.boosted, wakes);
        }
        Ok(())
    }

    #[test]
    fn row_064_cma_areas_and_the_rest_are_used_evenly() -> Result {
        for (cma, others, first_is_cma) in [(501, 499, true), (500, 500, false)] {
            let mut buddy = new_free(2048)?;
            let flags = AllocFlags::WMARK_LOW | AllocFlags::CMA;

            while alloc_low(&mut buddy, 10, Movable).is_some() {}
            buddy
                .blocks
                .set_migratetype(PageIdx::new(0), Migratetype::Cma);
            free(&mut buddy, 0..cma);
            free(&mut buddy, 1024..1024 + others);
            let page = alloc(&mut buddy, 0, Movable, flags).ok_or(ENOMEM)?;
            assert_eq!((page < 512), first_is_cma);
        }
        Ok(())
    }
}
