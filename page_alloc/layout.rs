// SPDX-License-Identifier: GPL-2.0

//! How the pages of a node are cut into zones.
//!
//! C: `free_area_init()` in `mm/mm_init.c`.

#![deny(unsafe_code)]

use super::node::NodeSpan;
use crate::zone::{
    order::MAX_ORDER_NR_PAGES,
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
    /// The normal zone gets everything.
    pub(crate) const NONE: Self = Self {
        dma: 0,
        dma32: 0,
        movable: 0,
    };

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

    /// Where each zone of a node lies. Zones without pages are in it, with `nr_pages` 0.
    pub(super) fn cut(&self, span: &NodeSpan) -> [ZoneSpan; NR_ZONES] {
        let pages = self.pages(span.nr_pages);
        let mut next = span.start;

        ZoneType::ALL.map(|kind| {
            let nr_pages = pages.get(kind.index()).copied().unwrap_or(0);
            let start = next;

            next = next.add(nr_pages);
            ZoneSpan {
                kind,
                nid: span.nid,
                start,
                nr_pages,
            }
        })
    }
}

#[kunit_tests(rust_buddy_layout)]
mod tests {
    use super::*;
    use crate::zone::order::PageIdx;

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

    fn span(nr_pages: u32) -> NodeSpan {
        NodeSpan {
            nid: 1,
            start: PageIdx::new(2048),
            nr_pages,
        }
    }

    #[test]
    fn zones_follow_each_other_without_gaps() -> Result {
        let mut next = 2048;

        for zone in &DEFAULT.cut(&span(16384)) {
            assert_eq!(zone.start.get(), next);
            next += zone.nr_pages;
        }
        assert_eq!(next, 2048 + 16384);
        Ok(())
    }

    #[test]
    fn all_of_it_may_be_movable() -> Result {
        let shares = Shares::new(0, 0, 100).ok_or(EINVAL)?;

        assert_eq!(shares.pages(16384), [0, 0, 0, 16384]);
        assert!(shares
            .cut(&span(16384))
            .iter()
            .all(|zone| zone.nid == 1 && (zone.nr_pages > 0) == (zone.kind == ZoneType::Movable)));
        Ok(())
    }

    #[test]
    fn shares_above_the_whole_are_refused() -> Result {
        assert!(Shares::new(50, 25, 26).is_none());
        assert!(Shares::new(u32::MAX, 1, 0).is_none());
        Ok(())
    }
}
