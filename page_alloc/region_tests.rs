// SPDX-License-Identifier: GPL-2.0

//! Which zone a request gets its block from, and how far down it may go.

#![deny(unsafe_code)]

use kernel::prelude::*;

#[kunit_tests(rust_buddy_region)]
mod tests {
    use super::super::{
        fixture::{
            of_one_node,
            one_zone,
            region, //
        },
        layout::Shares,
        *, //
    };
    use crate::zone::vmstat::NumaPlace;

    const HERE: NumaPlace = NumaPlace {
        preferred: true,
        local: true,
    };

    /// Waits, and may ask others to give everything back.
    const KERNEL: Gfp = Gfp::from_bits(0x4c0);

    fn normal(region: &Region) -> Result<&Zone> {
        let pageset = region.pageset(ZoneType::Normal).ok_or(EINVAL)?;

        Ok(pageset.zone())
    }

    fn default_region() -> Result<Region> {
        region(
            16384,
            Shares {
                dma: 7,
                dma32: 25,
                movable: 25,
            },
        )
    }

    fn alloc(region: &Region, gfp: Gfp, order: u32) -> Option<Allocated> {
        region.alloc_pages(&AllocContext::new(gfp, Order::new(order)?)?)
    }

    /// Takes single pages until a request fails; counts them by zone.
    fn exhaust(region: &Region, gfp: Gfp) -> [u64; 4] {
        let mut taken = [0; 4];

        while let Some(allocated) = alloc(region, gfp, 0) {
            if let Some(count) = taken.get_mut(allocated.zone.index()) {
                *count += 1;
            }
        }
        taken
    }

    #[test]
    fn row_001_one_page_counts_as_one() -> Result {
        let region = default_region()?;
        let before = region.nr_free();

        let one = alloc(&region, Gfp::NONE, 0).ok_or(ENOMEM)?;
        assert_eq!(one.block.nr_pages(), 1);
        assert_eq!(region.nr_free(), before - 1);
        let events = || {
            region
                .pageset(ZoneType::Normal)
                .map(|pageset| pageset.events())
        };
        assert_eq!(events().ok_or(EINVAL)?.pgalloc, 1);
        region.free_pages(one.block);
        assert_eq!(events().ok_or(EINVAL)?.pgfree, 1);
        assert_eq!(region.nr_free(), before);
        Ok(())
    }

    #[test]
    fn row_014_normal_goes_down_to_low_before_dma32() -> Result {
        let region = region(
            16384,
            Shares {
                dma: 0,
                dma32: 50,
                movable: 0,
            },
        )?;
        let normal = normal(&region)?;
        let low = normal.marks().levels.low;

        while normal.nr_free() > low {
            let zone = alloc(&region, KERNEL | Gfp::MOVABLE, 0).ok_or(ENOMEM)?.zone;

            assert_eq!(zone, ZoneType::Normal);
        }
        let next = alloc(&region, KERNEL | Gfp::MOVABLE, 0).ok_or(ENOMEM)?;
        assert_eq!(next.zone, ZoneType::Dma32);
        assert_eq!(region.validate().errors, 0);
        Ok(())
    }

    #[test]
    fn requests_stay_below_their_highest_zone() -> Result {
        let region = default_region()?;

        let taken = exhaust(&region, Gfp::DMA);
        assert_eq!([taken[1], taken[2], taken[3]], [0, 0, 0]);
        assert!(taken[0] > 0);
        Ok(())
    }

    #[test]
    fn the_min_watermark_is_kept() -> Result {
        let region = default_region()?;
        let zone = normal(&region)?;
        let _ = exhaust(&region, KERNEL);

        assert_eq!(zone.nr_free(), zone.marks().levels.min);
        Ok(())
    }

    #[test]
    fn row_026_atomic_requests_go_deeper() -> Result {
        let region = one_zone(16384)?;
        let zone = normal(&region)?;
        let min = zone.marks().levels.min;

        let _ = exhaust(&region, Gfp::HIGH | Gfp::KSWAPD_RECLAIM);
        assert_eq!(zone.nr_free(), min - min / 2 - (min - min / 2) / 4);
        Ok(())
    }

    #[test]
    fn row_047_memalloc_takes_the_last_page() -> Result {
        let region = one_zone(4096)?;

        let _ = exhaust(&region, Gfp::MEMALLOC);
        assert_eq!(region.nr_free(), 0);
        assert_eq!(region.nr_alloc_fail(), 1);
        Ok(())
    }

    /// Takes the whole normal zone for movable requests.
    fn fill_normal(region: &Region) -> Result {
        let normal = normal(region)?;
        let take = || {
            normal.rmqueue(
                Order::MAX,
                Migratetype::Movable,
                AllocFlags::NO_WATERMARKS,
                HERE,
            )
        };

        while take().is_some() {}
        match normal.nr_free() {
            0 => Ok(()),
            _ => Err(EBUSY),
        }
    }

    /// Frees the even pages of the normal zone.
    fn free_even(region: &Region) -> Result {
        let span = normal(region)?.span();

        for page in (0..span.nr_pages).step_by(2) {
            region.free_pages(Block::new(span.start.add(page), Order::ZERO));
        }
        Ok(())
    }

    #[test]
    fn row_042_another_zone_is_better_than_mixing() -> Result {
        let region = region(
            16384,
            Shares {
                dma: 0,
                dma32: 50,
                movable: 0,
            },
        )?;
        let normal = normal(&region)?;

        fill_normal(&region)?;
        free_even(&region)?;
        let types = normal.snapshot().pageblocks;
        let next = alloc(&region, KERNEL, 0).ok_or(ENOMEM)?;
        assert_eq!(next.zone, ZoneType::Dma32);
        assert!(normal.snapshot().pageblocks.0 == types.0);
        Ok(())
    }

    #[test]
    fn row_044_mixing_is_better_than_failing() -> Result {
        let region = one_zone(8192)?;
        let normal = normal(&region)?;

        fill_normal(&region)?;
        free_even(&region)?;
        let next = alloc(&region, KERNEL, 0).ok_or(ENOMEM)?;
        assert_eq!(next.zone, ZoneType::Normal);
        // Found by the second scan of the first look, which may claim a half-free pageblock.
        assert!(next.path != Path::Slow);
        assert_eq!(*normal.snapshot().pageblocks.at(Migratetype::Unmovable), 1);
        Ok(())
    }

    #[test]
    fn a_small_region_does_not_keep_types_apart() -> Result {
        let region = one_zone(1024)?;
        let zone = normal(&region)?;

        for gfp in [Gfp::MOVABLE, Gfp::RECLAIMABLE, Gfp::NONE] {
            let _ = alloc(&region, gfp, 0).ok_or(ENOMEM)?;
        }
        assert_eq!(*zone.snapshot().pageblocks.at(Migratetype::Unmovable), 2);
        assert_eq!(region.validate().errors, 0);
        Ok(())
    }

    #[test]
    fn blocks_from_nowhere_change_nothing() -> Result {
        let region = one_zone(1024)?;

        region.free_pages(Block::new(PageIdx::new(1 << 30), Order::ZERO));
        assert_eq!(region.nr_free(), 1024);
        assert_eq!(region.validate().errors, 0);
        Ok(())
    }

    #[test]
    fn row_004_flags_that_are_not_allowed_have_no_effect() -> Result {
        let kernel = Gfp::DIRECT_RECLAIM | Gfp::KSWAPD_RECLAIM | Gfp::IO | Gfp::FS;
        let region = of_one_node(RegionConfig {
            gfp_allowed: Gfp::from_bits(!0x400),
            ..*default_region()?.config()
        })?;
        let ctx = AllocContext::new(kernel, Order::ZERO).ok_or(EINVAL)?;
        let flags = crate::slowpath::flags::alloc_flags(&region.prepare(&ctx), false);

        // It never waits: 0x850 instead of 0x840.
        assert!(flags == 0x850);
        assert!(!region.prepare(&ctx).gfp.allows_blocking());
        Ok(())
    }
}
