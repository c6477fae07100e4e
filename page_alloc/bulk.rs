// SPDX-License-Identifier: GPL-2.0

//! Many single pages at once.
//!
//! C: `alloc_pages_bulk_noprof()` in `mm/page_alloc.c`.

#![deny(unsafe_code)]

use super::{
    freelist::numa_place,
    pageset::Pageset,
    Region, //
};
use crate::{
    gfp::{
        context::AllocContext,
        Gfp, //
    },
    pcp::{
        PcpIndex,
        PcpRequest, //
    },
    slowpath::owners::{
        NoOwners,
        Owners, //
    },
    zone::{
        alloc_flags::{
            AllocFlags,
            Wmark, //
        },
        order::{
            Order,
            PageIdx, //
        }, //
    }, //
};
use kernel::prelude::*;

impl Region {
    /// Fills the empty places of `pages` with single pages, all of one zone and under one hold of
    /// its per-CPU lists; or the first of them alone, by [`Region::alloc_pages`], if that cannot be
    /// done. Says up to which place there are pages, counting those that were there.
    ///
    /// `ctx` is a request for a single page. Takes locks. Sleeps if the request allows that.
    pub(crate) fn alloc_pages_bulk(
        &self,
        ctx: &AllocContext,
        pages: &mut [Option<PageIdx>],
    ) -> usize {
        self.alloc_pages_bulk_with(ctx, pages, &NoOwners)
    }

    /// The same in a region whose blocks can be moved and dropped.
    pub(crate) fn alloc_pages_bulk_with<O: Owners>(
        &self,
        ctx: &AllocContext,
        pages: &mut [Option<PageIdx>],
        owners: &O,
    ) -> usize {
        let ctx = &self.prepare(ctx);
        let first = pages
            .iter()
            .position(Option::is_none)
            .unwrap_or(pages.len());
        let wanted = pages.len().wrapping_sub(first);

        if wanted == 0 {
            return first;
        }
        // What is charged, and a single page, goes the usual way.
        let many = (wanted > 1 && !ctx.gfp.has(Gfp::ACCOUNT))
            .then(|| self.alloc_many(ctx, pages, first))
            .flatten();

        many.unwrap_or_else(|| self.alloc_first(ctx, pages, first, owners))
    }

    /// One page, the usual way.
    fn alloc_first<O: Owners>(
        &self,
        ctx: &AllocContext,
        pages: &mut [Option<PageIdx>],
        first: usize,
        owners: &O,
    ) -> usize {
        let Some(slot) = pages.get_mut(first) else {
            return first;
        };

        match self.alloc_pages_with(ctx, owners) {
            Some(allocated) => {
                *slot = Some(allocated.block.head());
                first.wrapping_add(1)
            }
            None => first,
        }
    }

    /// As many as there are. `None` if not even one.
    fn alloc_many(
        &self,
        ctx: &AllocContext,
        pages: &mut [Option<PageIdx>],
        first: usize,
    ) -> Option<usize> {
        let flags = AllocFlags::WMARK_LOW | ctx.gfp.cma_flags();
        let wanted = pages.len().wrapping_sub(first);
        let preferred = self.zonelist(ctx).next()?;
        let pageset = self.zone_for_bulk(ctx, flags, preferred, wanted as u64)?;
        let request = PcpRequest {
            index: PcpIndex::new(Order::ZERO, ctx.migratetype, false)?,
            mt: ctx.migratetype,
            flags,
        };
        let place = numa_place(pageset.zone(), preferred.zone());
        let (end, nr) = pageset.try_with(|pcp, zone| {
            let mut next = || pcp.rmqueue_one(zone, &request).map(|block| block.head());
            let (end, nr) = fill(pages, first, &mut next);

            pcp.count_alloc(nr, Order::ZERO, place);
            (end, nr)
        })?;

        if !place.preferred {
            preferred.zone().count_foreign(nr);
        }
        (nr > 0).then_some(end)
    }

    /// The first zone of the preferred node that stays above low if all of `nr` pages are taken.
    fn zone_for_bulk<'a>(
        &'a self,
        ctx: &AllocContext,
        flags: AllocFlags,
        preferred: &Pageset,
        nr: u64,
    ) -> Option<&'a Pageset> {
        let highest = preferred.zone().kind();

        self.zonelist(ctx)
            .take_while(|pageset| pageset.zone().nid() == preferred.zone().nid())
            .find(|pageset| {
                let zone = pageset.zone();
                let ok = || zone.watermark_fast(Order::ZERO, (Wmark::Low, nr), highest, flags);

                ok() || (zone.deferred_grow() && ok())
            })
    }
}

/// Puts pages into the empty places from `first` on. Says where that ended, and after how many.
fn fill(
    pages: &mut [Option<PageIdx>],
    first: usize,
    next: &mut impl FnMut() -> Option<PageIdx>,
) -> (usize, u64) {
    let mut end = first;
    let mut nr: u64 = 0;

    for slot in pages.iter_mut().skip(first) {
        if slot.is_none() {
            *slot = next();
            if slot.is_none() {
                break;
            }
            nr = nr.wrapping_add(1);
        }
        end = end.wrapping_add(1);
    }
    (end, nr)
}

#[kunit_tests(rust_buddy_bulk)]
mod tests {
    use super::{
        super::fixture::one_zone,
        *, //
    };
    use crate::zone::{
        migratetype::Migratetype,
        vmstat::NumaPlace,
        ZoneFlag,
        ZoneType, //
    };

    const HERE: NumaPlace = NumaPlace {
        preferred: true,
        local: true,
    };

    /// One zone of 65536 pages; its low watermark is 640.
    fn z256() -> Result<Region> {
        one_zone(65536)
    }

    fn ctx() -> Result<AllocContext> {
        AllocContext::new(Gfp::DIRECT_RECLAIM | Gfp::FS | Gfp::MOVABLE, Order::ZERO).ok_or(EINVAL)
    }

    /// Takes pages until so many are free.
    fn leave(region: &Region, nr: u64) -> Result {
        let zone = region.pageset(ZoneType::Normal).ok_or(EINVAL)?.zone();
        let take =
            |order| zone.rmqueue(order, Migratetype::Movable, AllocFlags::NO_WATERMARKS, HERE);

        while zone.nr_free() > nr {
            let order = match zone.nr_free() - nr {
                1024.. => Order::MAX,
                _ => Order::ZERO,
            };

            let _ = take(order).ok_or(ENOMEM)?;
        }
        Ok(())
    }

    fn pgalloc(region: &Region) -> Result<u64> {
        Ok(region
            .pageset(ZoneType::Normal)
            .ok_or(EINVAL)?
            .events()
            .pgalloc)
    }

    #[test]
    fn row_092_holes_are_filled() -> Result {
        let region = z256()?;
        let there = Some(PageIdx::new(9));
        let mut pages = [there, there, None, None, None, there, None, None];

        assert_eq!(region.alloc_pages_bulk(&ctx()?, &mut pages), 8);
        assert!(pages.iter().all(Option::is_some));
        assert_eq!([pages[0], pages[1], pages[5]], [there; 3]);
        assert_eq!(region.nr_free() + region.nr_pcp(), 65536 - 5);
        Ok(())
    }

    #[test]
    fn row_093_a_single_page_goes_the_usual_way() -> Result {
        let region = z256()?;
        let mut pages = [Some(PageIdx::new(9)), None];

        // Low plus one page is too much for the bulk way.
        leave(&region, 641)?;
        assert_eq!(region.alloc_pages_bulk(&ctx()?, &mut pages), 2);
        assert!(pages[1].is_some());
        Ok(())
    }

    #[test]
    fn row_093_though_the_bulk_way_were_open() -> Result {
        let region = z256()?;
        let zone = region.pageset(ZoneType::Normal).ok_or(EINVAL)?.zone();
        let there = Some(PageIdx::new(9));

        leave(&region, 700)?;
        // Only the usual way looks at the high watermark.
        assert_eq!(region.alloc_pages_bulk(&ctx()?, &mut [None; 2]), 2);
        assert!(!zone.has_flag(ZoneFlag::BelowHigh));
        assert_eq!(region.alloc_pages_bulk(&ctx()?, &mut [there, None]), 2);
        assert!(zone.has_flag(ZoneFlag::BelowHigh));
        Ok(())
    }

    #[test]
    fn row_094_all_pages_must_be_above_low() -> Result {
        let region = z256()?;

        leave(&region, 650)?;
        assert_eq!(region.alloc_pages_bulk(&ctx()?, &mut [None; 11]), 1);
        assert_eq!(region.nr_free(), 649);
        assert_eq!(region.alloc_pages_bulk(&ctx()?, &mut [None; 8]), 8);
        assert_eq!(region.nr_free(), 641);
        Ok(())
    }

    #[test]
    fn row_095_pages_are_counted_once_each() -> Result {
        let region = z256()?;

        assert_eq!(region.alloc_pages_bulk(&ctx()?, &mut [None; 20]), 20);
        assert_eq!(pgalloc(&region)?, 20);
        Ok(())
    }

    #[test]
    fn row_096_what_is_charged_comes_alone() -> Result {
        let region = z256()?;
        let charged = AllocContext {
            gfp: Gfp::DIRECT_RECLAIM | Gfp::FS | Gfp::ACCOUNT,
            ..ctx()?
        };

        assert_eq!(region.alloc_pages_bulk(&charged, &mut [None; 8]), 1);
        Ok(())
    }

    #[test]
    fn row_097_nothing_wanted_is_nothing_done() -> Result {
        let region = z256()?;
        let there = Some(PageIdx::new(9));

        assert_eq!(region.alloc_pages_bulk(&ctx()?, &mut []), 0);
        assert_eq!(region.alloc_pages_bulk(&ctx()?, &mut [there; 3]), 3);
        assert_eq!(region.nr_free(), 65536);
        Ok(())
    }
}
