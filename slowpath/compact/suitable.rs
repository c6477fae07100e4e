// SPDX-License-Identifier: GPL-2.0

//! Whether compacting a zone is worth trying.
//!
//! C: `compact_gap()` in `include/linux/compaction.h`, `compaction_suitable()`,
//! `compaction_suit_allocation_order()` in `mm/compaction.c`.

#![deny(unsafe_code)]

use super::{
    CompactResult,
    CLUSTER_MAX, //
};
use crate::{
    slowpath::COSTLY_ORDER,
    zone::{
        alloc_flags::AllocFlags,
        order::Order,
        Zone,
        ZoneType, //
    }, //
};
use kernel::prelude::*;

/// Free pages that compaction needs beyond the watermark (C: `compact_gap()`).
pub(crate) fn gap(order: Order) -> u64 {
    // What is moved away is free at once: more than a few batches are never needed.
    u64::from(order.nr_pages().wrapping_mul(2).min(CLUSTER_MAX))
}

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) order: Order,
    /// The highest zone that the request could use.
    pub(crate) highest: ZoneType,
    pub(crate) flags: AllocFlags,
    /// Nothing may be waited for.
    pub(crate) is_async: bool,
    /// Only whole pageblocks count (C: `kcompactd && defrag_mode`).
    pub(crate) whole_blocks: bool,
}

/// Whether `free` pages would be enough to move things to above `mark`
/// (C: `__compaction_suitable()`).
pub(crate) fn would_suit(
    zone: &Zone,
    order: Order,
    mark: u64,
    highest: ZoneType,
    free: u64,
) -> bool {
    let levels = zone.marks().levels;
    let costly = match order.get() > COSTLY_ORDER {
        true => levels.low.wrapping_sub(levels.min),
        false => 0,
    };
    let mark = mark.wrapping_add(gap(order)).wrapping_add(costly);

    // Pages of CMA areas are as good as any to move things to.
    zone.watermark_ok_with(Order::ZERO, (mark, free), highest, AllocFlags::CMA)
}

/// Whether there are enough free pages to move things to above `mark`, and the want of a larger
/// block comes from their being scattered (C: `compaction_suitable()`).
pub(crate) fn is_suitable(zone: &Zone, order: Order, mark: u64, highest: ZoneType) -> bool {
    if !would_suit(zone, order, mark, highest, zone.free_state_pages()) {
        return false;
    }
    // For small orders the alternative is worse than trying in vain.
    let index = match order.get() > COSTLY_ORDER {
        true => zone.contig_pages(order).fragmentation_index(),
        false => -1,
    };

    !(0..=zone.extfrag_threshold()).contains(&index)
}

/// `Success` if a request would find a block already, `Skipped` if there is no hope, `Continue`
/// otherwise (C: `compaction_suit_allocation_order()`).
pub(crate) fn suit_allocation_order(zone: &Zone, wanted: &Wanted) -> CompactResult {
    let Wanted {
        order,
        highest,
        flags,
        ..
    } = *wanted;
    let mark = zone.marks().visible(flags.wmark());
    let free = match wanted.whole_blocks {
        true => zone.nr_free_in_pageblocks(),
        false => zone.free_state_pages(),
    };

    if zone.watermark_ok_with(order, (mark, free), highest, flags) {
        return CompactResult::Success;
    }
    if lacks_pages_outside_cma(zone, wanted, mark) || !is_suitable(zone, order, mark, highest) {
        return CompactResult::Skipped;
    }
    CompactResult::Continue
}

/// Whether a large block would come to lie in a CMA area, where this request could not use it.
fn lacks_pages_outside_cma(zone: &Zone, wanted: &Wanted, mark: u64) -> bool {
    let concerned =
        wanted.order.get() > COSTLY_ORDER && wanted.is_async && !wanted.flags.has(AllocFlags::CMA);
    let mark = mark.wrapping_add(gap(wanted.order));
    let free = zone.free_state_pages();
    let none = AllocFlags::WMARK_MIN;

    concerned && !zone.watermark_ok_with(Order::ZERO, (mark, free), wanted.highest, none)
}

#[kunit_tests(rust_buddy_compact_suitable)]
mod tests {
    use super::*;
    use crate::{
        zone::{
            alloc_flags::FreeFlags,
            migratetype::Migratetype,
            order::{
                Block,
                PageIdx, //
            },
            vmstat::NumaPlace,
            watermark::Watermarks,
            ZoneConfig,
            ZoneSpan, //
        }, //
    };

    fn order(order: u32) -> Result<Order> {
        Order::new(order).ok_or(EINVAL)
    }

    /// A zone of 65536 pages, all in use: 512, 640, 768.
    fn in_use() -> Result<Zone> {
        let span = ZoneSpan {
            kind: ZoneType::Normal,
            nid: 0,
            start: PageIdx::new(0),
            nr_pages: 65536,
        };
        let config = ZoneConfig {
            pageblock_order: order(9)?,
            mobility_off: false,
            nr_cpus: 1,
            lazy: false,
        };
        let zone = Zone::new(span, &config, 65536)?;
        let here = NumaPlace {
            preferred: true,
            local: true,
        };
        let any = AllocFlags::NO_WATERMARKS;

        zone.set_watermarks(Watermarks::new(ZoneType::Normal, 65536, 512, 65536, 10));
        while zone
            .rmqueue(Order::MAX, Migratetype::Movable, any, here)
            .is_some()
        {}
        Ok(zone)
    }

    /// Frees `nr` single pages that do not merge, from `from` on.
    fn free_singles(zone: &Zone, from: u32, nr: u32) {
        for page in 0..nr {
            let page = PageIdx::new(from + page * 2);

            zone.free(Block::new(page, Order::ZERO), FreeFlags::None);
        }
    }

    #[test]
    fn row_129_the_gap_ends_at_32() -> Result {
        for (nr, expected) in [
            (0, 2),
            (1, 4),
            (2, 8),
            (3, 16),
            (4, 32),
            (5, 32),
            (9, 32),
            (10, 32),
        ] {
            assert_eq!(gap(order(nr)?), expected);
        }
        Ok(())
    }

    #[test]
    fn row_129_so_many_pages_are_needed_beyond_the_watermark() -> Result {
        // Above min and the gap; for costly orders as far above as low is above min.
        for (nr, enough) in [(1, 512 + 4 + 1), (3, 512 + 16 + 1), (9, 640 + 32 + 1)] {
            let zone = in_use()?;
            let order = order(nr)?;
            let suits = || is_suitable(&zone, order, 512, ZoneType::Normal);

            free_singles(&zone, 0, enough - 1);
            assert!(!suits());
            free_singles(&zone, 8192, 1);
            assert!(suits());
        }
        Ok(())
    }

    #[test]
    fn row_130_what_is_not_scattered_is_reclaimed_for() -> Result {
        let zone = in_use()?;

        zone.set_watermarks(Watermarks::ZERO);
        for page in [0, 64] {
            zone.free(Block::new(PageIdx::new(page), order(5)?), FreeFlags::None);
        }
        // 438: memory is short.
        assert!(!is_suitable(&zone, order(9)?, 0, ZoneType::Normal));
        free_singles(&zone, 8192, 1000);
        assert!(is_suitable(&zone, order(9)?, 0, ZoneType::Normal));
        Ok(())
    }

    #[test]
    fn row_130_for_small_orders_that_does_not_matter() -> Result {
        let zone = in_use()?;

        zone.set_watermarks(Watermarks::ZERO);
        for page in (0..5 * 64).step_by(64) {
            zone.free(Block::new(PageIdx::new(page), order(2)?), FreeFlags::None);
        }
        assert_eq!(zone.contig_pages(order(3)?).fragmentation_index(), 300);
        assert!(is_suitable(&zone, order(3)?, 0, ZoneType::Normal));
        Ok(())
    }

    #[test]
    fn what_is_there_already_need_not_be_made() -> Result {
        let zone = in_use()?;
        let want = Wanted {
            order: order(4)?,
            highest: ZoneType::Normal,
            flags: AllocFlags::CMA,
            is_async: true,
            whole_blocks: false,
        };

        assert_eq!(suit_allocation_order(&zone, &want), CompactResult::Skipped);
        free_singles(&zone, 0, 1000);
        assert_eq!(suit_allocation_order(&zone, &want), CompactResult::Continue);
        zone.free(Block::new(PageIdx::new(32768), order(4)?), FreeFlags::None);
        assert_eq!(suit_allocation_order(&zone, &want), CompactResult::Success);
        // For who counts whole pageblocks only, it is not.
        let whole = Wanted {
            whole_blocks: true,
            ..want
        };
        assert_eq!(
            suit_allocation_order(&zone, &whole),
            CompactResult::Continue
        );
        Ok(())
    }
}
