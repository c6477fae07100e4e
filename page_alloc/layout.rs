// SPDX-License-Identifier: GPL-2.0

//! How a region is cut into zones, and what each of them keeps free.
//!
//! C: `free_area_init()`, `init_per_zone_wmark_min()` in `mm/`.
//!
//! # Differences
//!
//! `min_free_kbytes` follows from the size of the region alone; the kernel raises its own for
//! transparent huge pages.

#![deny(unsafe_code)]

use crate::zone::{
    order::{
        PageIdx,
        MAX_ORDER_NR_PAGES, //
    },
    watermark::{
        lowmem_pages,
        lowmem_reserve,
        min_free_kbytes,
        Watermarks,
        LOWMEM_RESERVE_RATIO,
        WATERMARK_SCALE_FACTOR, //
    },
    ZoneSpan,
    ZoneType,
    NR_ZONES, //
};
use kernel::prelude::*;

/// Shares of the region in percent; the normal zone gets what is left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Shares {
    pub(crate) dma: u32,
    pub(crate) dma32: u32,
    pub(crate) movable: u32,
}

impl Shares {
    /// Returns the shares if they fit into 100 percent.
    pub(crate) fn new(dma: u32, dma32: u32, movable: u32) -> Option<Self> {
        let sum = dma.checked_add(dma32)?.checked_add(movable)?;

        (sum <= 100).then_some(Self {
            dma,
            dma32,
            movable,
        })
    }

    /// Pages of each zone of a region of `nr_pages`: whole blocks of the largest order.
    fn pages(&self, nr_pages: u32) -> [u32; NR_ZONES] {
        let blocks = u64::from(nr_pages / MAX_ORDER_NR_PAGES);
        let share = |percent: u32| {
            let blocks = u64::from(percent).wrapping_mul(blocks) / 100;

            (blocks as u32).wrapping_mul(MAX_ORDER_NR_PAGES)
        };
        let (dma, dma32, movable) = (share(self.dma), share(self.dma32), share(self.movable));
        let rest = nr_pages
            .wrapping_sub(dma)
            .wrapping_sub(dma32)
            .wrapping_sub(movable);

        [dma, dma32, rest, movable]
    }
}

/// Where each zone lies. Zones without pages are in it, with `nr_pages` 0.
pub(crate) fn zone_spans(nr_pages: u32, shares: Shares) -> [ZoneSpan; NR_ZONES] {
    let pages = shares.pages(nr_pages);
    let managed = pages.map(u64::from);
    let lowmem = lowmem_pages(&managed);
    let pages_min = min_free_kbytes(lowmem) / 4;
    let mut next = PageIdx::new(0);

    ZoneType::ALL.map(|kind| {
        let own = pages.get(kind.index()).copied().unwrap_or(0);
        let start = next;

        next = next.add(own);
        ZoneSpan {
            kind,
            start,
            nr_pages: own,
            watermarks: watermarks(kind, own, pages_min, lowmem),
            lowmem_reserve: lowmem_reserve(kind, &managed, &LOWMEM_RESERVE_RATIO),
        }
    })
}

fn watermarks(kind: ZoneType, nr_pages: u32, pages_min: u64, lowmem: u64) -> Watermarks {
    Watermarks::new(
        kind,
        u64::from(nr_pages),
        pages_min,
        lowmem,
        WATERMARK_SCALE_FACTOR,
    )
}

#[kunit_tests(rust_buddy_layout)]
mod tests {
    use super::*;

    const DEFAULT: Shares = Shares {
        dma: 7,
        dma32: 25,
        movable: 25,
    };

    #[test]
    fn the_default_region_has_all_zones() -> Result {
        assert_eq!(DEFAULT.pages(16384), [1024, 4096, 7168, 4096]);
        Ok(())
    }

    #[test]
    fn the_smallest_region_is_one_zone() -> Result {
        assert_eq!(DEFAULT.pages(1024), [0, 0, 1024, 0]);
        Ok(())
    }

    #[test]
    fn zones_follow_each_other_without_gaps() -> Result {
        let spans = zone_spans(16384, DEFAULT);
        let mut next = 0;

        for span in &spans {
            assert_eq!(span.start.get(), next);
            next += span.nr_pages;
        }
        assert_eq!(next, 16384);
        Ok(())
    }

    #[test]
    fn all_of_it_may_be_movable() -> Result {
        let shares = Shares::new(0, 0, 100).ok_or(EINVAL)?;

        assert_eq!(shares.pages(16384), [0, 0, 0, 16384]);
        assert!(zone_spans(16384, shares)
            .iter()
            .all(|span| span.lowmem_reserve == [0; 4]));
        Ok(())
    }

    #[test]
    fn shares_above_the_whole_are_refused() -> Result {
        assert!(Shares::new(50, 25, 26).is_none());
        assert!(Shares::new(u32::MAX, 1, 0).is_none());
        Ok(())
    }
}
