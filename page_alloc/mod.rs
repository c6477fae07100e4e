// SPDX-License-Identifier: GPL-2.0

//! The allocator: zones put together, and the way of a request through them.
//!
//! # The way of a request
//!
//! [`Region::alloc_pages`] looks at the free lists down to the low watermark
//! (`get_page_from_freelist`). If that fails, the slow path lowers the mark as far as the request's
//! flags allow. In each zone that passes, `rmqueue` takes the block.
//!
//! # Lock order
//!
//! Outermost first; nothing below is held when something above is taken.
//!
//! 1. `mmap_lock`, then a VMA's lock: the kernel's own.
//! 2. A fault lock (rwsem, one of several, by handle): `sys/`.
//! 3. The records of handles and clients (spinlock): `device/records.rs`.
//! 4. A zone's lock (spinlock, interrupts off): `zone.rs`. At most one at a time, a leaf.
//!
//! Records and zones are never locked together. Under 3 and 4 nothing sleeps, prints or touches
//! user memory.
//!
//! C: `mm/page_alloc.c`.

#![deny(unsafe_code)]

mod freelist;
pub(crate) mod layout;
pub(crate) mod zonelist;

use crate::{
    gfp::context::AllocContext,
    slowpath,
    zone::{
        migratetype::{
            Migratetype,
            MIGRATE_TYPES, //
        },
        order::{
            Block,
            Order,
            PageIdx, //
        },
        validate::Report,
        PageblockStat,
        Zone,
        ZoneType, //
    }, //
};
use kernel::{
    prelude::*,
    sync::atomic::{
        Atomic,
        Relaxed, //
    }, //
};
use layout::Shares;
use zonelist::Zones;

/// What a region is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct RegionConfig {
    /// Pages, a multiple of the largest block.
    pub(crate) nr_pages: u32,
    /// The node that they belong to.
    pub(crate) nid: i32,
    /// Order of a pageblock; the kernel's own in a kernel.
    pub(crate) pageblock_order: Order,
    pub(crate) shares: Shares,
}

/// How a request was met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Path {
    /// From the free lists at once.
    Buddy,
    /// By the slow path.
    Slow,
}

/// A block, and where it came from.
#[derive(Debug)]
pub(crate) struct Allocated {
    pub(crate) block: Block,
    pub(crate) zone: ZoneType,
    pub(crate) path: Path,
}

/// An allocator instance: the pages of one region, by numbers alone.
///
/// Knows nothing of what is behind the numbers. A region without pages serves as a model.
pub(crate) struct Region {
    config: RegionConfig,
    zones: Zones,
    /// Requests that ended without a block.
    alloc_fail: Atomic<u64>,
}

impl Region {
    /// Makes an allocator all of whose pages are free.
    ///
    /// Allocates: sleeps. ENOMEM if its own tables cannot be had.
    pub(crate) fn new(config: RegionConfig) -> Result<Self> {
        let mut zones = [const { None }; crate::zone::NR_ZONES];
        let spans = layout::zone_spans(config.nr_pages, config.shares);

        for (zone, span) in zones.iter_mut().zip(&spans) {
            if span.nr_pages > 0 {
                *zone = Some(Zone::new(
                    *span,
                    config.pageblock_order,
                    config.mobility_off(),
                )?);
            }
        }
        Ok(Self {
            config,
            zones,
            alloc_fail: Atomic::new(0),
        })
    }

    /// What it is made of.
    pub(crate) fn config(&self) -> &RegionConfig {
        &self.config
    }

    /// The populated zones, lowest first.
    pub(crate) fn zones(&self) -> impl Iterator<Item = &Zone> {
        self.zones.iter().flatten()
    }

    /// The zone of this type, if it has pages.
    pub(crate) fn zone(&self, kind: ZoneType) -> Option<&Zone> {
        self.zones.get(kind.index())?.as_ref()
    }

    /// Takes a block (C: `alloc_pages()`). `None` if there is none for this request.
    ///
    /// Takes a zone's lock; never sleeps.
    pub(crate) fn alloc_pages(&self, ctx: &AllocContext) -> Option<Allocated> {
        let ctx = &self.grouped(ctx);
        let allocated = self
            .get_page_from_freelist(ctx, freelist::fast_flags(self, ctx))
            .or_else(|| self.alloc_pages_slowpath(ctx));

        if allocated.is_none() {
            self.count_alloc_fail(ctx);
        }
        allocated
    }

    /// Where migratetypes are not kept apart all requests are of one
    /// (C: `gfp_migratetype()` under `page_group_by_mobility_disabled`).
    fn grouped(&self, ctx: &AllocContext) -> AllocContext {
        match self.config.mobility_off() {
            true => AllocContext {
                migratetype: Migratetype::Unmovable,
                ..*ctx
            },
            false => *ctx,
        }
    }

    /// Counts the failure, also for the zone that would have met the request best.
    fn count_alloc_fail(&self, ctx: &AllocContext) {
        self.alloc_fail.fetch_add(1, Relaxed);
        if let Some(zone) = zonelist::zonelist(&self.zones, ctx.highest_zone).next() {
            zone.count_alloc_fail();
        }
    }

    /// Counts a block that is lost because a check failed (C: `bad_page()`).
    pub(crate) fn count_bad_page(&self, block: &Block) {
        if let Some(zone) = self.zone_of(block.head()) {
            zone.count_bad_page();
        }
    }

    /// Looks again with fewer scruples (C: `__alloc_pages_slowpath()`).
    #[cold]
    fn alloc_pages_slowpath(&self, ctx: &AllocContext) -> Option<Allocated> {
        let flags = slowpath::alloc_flags(ctx.gfp, ctx.order);
        let reserves = || {
            let flags = slowpath::reserve_flags(ctx.gfp)?;

            self.get_page_from_freelist(ctx, flags)
        };
        let allocated = self.get_page_from_freelist(ctx, flags).or_else(reserves)?;

        Some(Allocated {
            path: Path::Slow,
            ..allocated
        })
    }

    /// Gives a block back (C: `__free_pages()`).
    ///
    /// Takes a zone's lock; never sleeps.
    pub(crate) fn free_pages(&self, block: Block) {
        // A block outside all zones is nobody's: it stays lost rather than do harm.
        if let Some(zone) = self.zone_of(block.head()) {
            zone.free(block);
        }
    }

    /// The zone that `page` lies in (C: `page_zone()`).
    pub(crate) fn zone_of(&self, page: PageIdx) -> Option<&Zone> {
        self.zones().find(|zone| zone.contains(page))
    }

    /// Free pages of all zones, read without a lock.
    pub(crate) fn nr_free(&self) -> u64 {
        self.zones()
            .fold(0, |sum, zone| zone.nr_free().wrapping_add(sum))
    }

    /// Requests that ended without a block.
    pub(crate) fn nr_alloc_fail(&self) -> u64 {
        self.alloc_fail.load(Relaxed)
    }

    /// What pageblock `nr` holds, and the zone that it lies in.
    pub(crate) fn pageblock(&self, nr: u32) -> Option<(&Zone, PageblockStat)> {
        let shift = u32::from(self.config.pageblock_order.get());
        let start = PageIdx::new(nr.checked_shl(shift)?);
        let zone = self.zone_of(start)?;

        Some((zone, zone.pageblock(start)))
    }

    /// Number of pageblocks.
    pub(crate) fn nr_pageblocks(&self) -> u32 {
        self.config.nr_pages >> (self.config.pageblock_order.get() & 31)
    }

    /// Recounts every zone, one after the other.
    pub(crate) fn validate(&self) -> Report {
        self.zones()
            .fold(Report::EMPTY, |report, zone| report.merge(zone.validate()))
    }
}

impl RegionConfig {
    /// Whether the region is too small to keep migratetypes apart
    /// (C: `build_all_zonelists()` sets `page_group_by_mobility_disabled`).
    fn mobility_off(&self) -> bool {
        let types = MIGRATE_TYPES as u32;

        self.nr_pages < self.pageblock_order.nr_pages().wrapping_mul(types)
    }
}

#[kunit_tests(rust_buddy_region)]
mod tests {
    use super::*;
    use crate::{
        gfp::Gfp,
        zone::alloc_flags::AllocFlags, //
    };

    fn region(nr_pages: u32, shares: Shares) -> Result<Region> {
        Region::new(RegionConfig {
            nr_pages,
            nid: 0,
            pageblock_order: Order::new(9).ok_or(EINVAL)?,
            shares,
        })
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
        let zone = region.zone(ZoneType::Normal).ok_or(EINVAL)?;
        assert_eq!(zone.snapshot().events.pgalloc, 1);
        region.free_pages(one.block);
        assert_eq!(zone.snapshot().events.pgfree, 1);
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
        let normal = region.zone(ZoneType::Normal).ok_or(EINVAL)?;
        let low = normal.marks().levels.low;

        while normal.nr_free() > low {
            let zone = alloc(&region, Gfp::DIRECT_RECLAIM | Gfp::MOVABLE, 0)
                .ok_or(ENOMEM)?
                .zone;

            assert_eq!(zone, ZoneType::Normal);
        }
        let next = alloc(&region, Gfp::DIRECT_RECLAIM | Gfp::MOVABLE, 0).ok_or(ENOMEM)?;
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
        let zone = region.zone(ZoneType::Normal).ok_or(EINVAL)?;
        let _ = exhaust(&region, Gfp::DIRECT_RECLAIM);

        assert_eq!(zone.nr_free(), zone.marks().levels.min);
        Ok(())
    }

    #[test]
    fn row_026_atomic_requests_go_deeper() -> Result {
        let region = region(
            16384,
            Shares {
                dma: 0,
                dma32: 0,
                movable: 0,
            },
        )?;
        let zone = region.zone(ZoneType::Normal).ok_or(EINVAL)?;
        let min = zone.marks().levels.min;

        let _ = exhaust(&region, Gfp::HIGH | Gfp::KSWAPD_RECLAIM);
        assert_eq!(zone.nr_free(), min - min / 2 - (min - min / 2) / 4);
        Ok(())
    }

    #[test]
    fn row_047_memalloc_takes_the_last_page() -> Result {
        let region = region(
            4096,
            Shares {
                dma: 0,
                dma32: 0,
                movable: 0,
            },
        )?;

        let _ = exhaust(&region, Gfp::MEMALLOC);
        assert_eq!(region.nr_free(), 0);
        assert_eq!(region.nr_alloc_fail(), 1);
        Ok(())
    }

    /// Takes the whole normal zone for movable requests.
    fn fill_normal(region: &Region) -> Result {
        let normal = region.zone(ZoneType::Normal).ok_or(EINVAL)?;
        let take = || normal.rmqueue(Order::MAX, Migratetype::Movable, AllocFlags::NO_WATERMARKS);

        while take().is_some() {}
        match normal.nr_free() {
            0 => Ok(()),
            _ => Err(EBUSY),
        }
    }

    /// Frees the even pages of the normal zone.
    fn free_even(region: &Region) -> Result {
        let span = region.zone(ZoneType::Normal).ok_or(EINVAL)?.span();

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
        let normal = region.zone(ZoneType::Normal).ok_or(EINVAL)?;

        fill_normal(&region)?;
        free_even(&region)?;
        let types = normal.snapshot().pageblocks;
        let next = alloc(&region, Gfp::DIRECT_RECLAIM, 0).ok_or(ENOMEM)?;
        assert_eq!(next.zone, ZoneType::Dma32);
        assert!(normal.snapshot().pageblocks.0 == types.0);
        Ok(())
    }

    #[test]
    fn row_044_mixing_is_better_than_failing() -> Result {
        let region = region(
            8192,
            Shares {
                dma: 0,
                dma32: 0,
                movable: 0,
            },
        )?;
        let normal = region.zone(ZoneType::Normal).ok_or(EINVAL)?;

        fill_normal(&region)?;
        free_even(&region)?;
        let next = alloc(&region, Gfp::DIRECT_RECLAIM, 0).ok_or(ENOMEM)?;
        assert_eq!(next.zone, ZoneType::Normal);
        // Found by the second scan of the first look, which may claim a half-free pageblock.
        assert_eq!(next.path, Path::Buddy);
        assert_eq!(*normal.snapshot().pageblocks.at(Migratetype::Unmovable), 1);
        Ok(())
    }

    #[test]
    fn a_small_region_does_not_keep_types_apart() -> Result {
        let region = region(
            1024,
            Shares {
                dma: 0,
                dma32: 0,
                movable: 0,
            },
        )?;
        let zone = region.zone(ZoneType::Normal).ok_or(EINVAL)?;

        for gfp in [Gfp::MOVABLE, Gfp::RECLAIMABLE, Gfp::NONE] {
            let _ = alloc(&region, gfp, 0).ok_or(ENOMEM)?;
        }
        assert_eq!(*zone.snapshot().pageblocks.at(Migratetype::Unmovable), 2);
        assert_eq!(region.validate().errors, 0);
        Ok(())
    }

    #[test]
    fn blocks_from_nowhere_change_nothing() -> Result {
        let region = region(
            1024,
            Shares {
                dma: 0,
                dma32: 0,
                movable: 0,
            },
        )?;

        region.free_pages(Block::new(PageIdx::new(1 << 30), Order::ZERO));
        assert_eq!(region.nr_free(), 1024);
        assert_eq!(region.validate().errors, 0);
        Ok(())
    }
}
