// SPDX-License-Identifier: GPL-2.0

//! Whether a zone has enough free pages for a request.
//!
//! C: `__zone_watermark_ok()`, `zone_watermark_fast()`, `__zone_watermark_unusable_free()` in
//! `mm/page_alloc.c`.

#![deny(unsafe_code)]

use super::{
    alloc_flags::{
        AllocFlags,
        Wmark, //
    },
    order::Order,
    watermark::Watermarks, //
};
use kernel::prelude::*;

/// What the test of a watermark looks at. Read without the zone's lock, so each number is right by
/// itself but they may belong to different moments, as in the kernel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FreeState {
    /// Free pages.
    pub(crate) free: u64,
    /// Those of them in the high-order atomic reserve.
    pub(crate) free_highatomic: u64,
    /// Those of them that belong to CMA areas.
    pub(crate) free_cma: u64,
    /// Bit per order: a block of an ordinary type is free.
    pub(crate) orders: u16,
    /// Bit per order: a block of the high-order atomic reserve is free.
    pub(crate) orders_highatomic: u16,
    /// Bit per order: a CMA block is free.
    pub(crate) orders_cma: u16,
}

impl FreeState {
    /// Free pages that this request cannot have (C: `__zone_watermark_unusable_free()`).
    fn unusable(&self, order: Order, flags: AllocFlags) -> u64 {
        let mut unusable = u64::from(order.nr_pages().wrapping_sub(1));

        if !flags.has(AllocFlags::RESERVES) {
            unusable = unusable.wrapping_add(self.free_highatomic);
        }
        if !flags.has(AllocFlags::CMA) {
            unusable = unusable.wrapping_add(self.free_cma);
        }
        unusable
    }

    /// Whether a block that can hold `order` is free for this request.
    fn has_block(&self, order: Order, flags: AllocFlags) -> bool {
        let mut orders = self.orders;

        if flags.has(AllocFlags::CMA) {
            orders |= self.orders_cma;
        }
        if flags.has(AllocFlags::HIGHATOMIC | AllocFlags::OOM) {
            orders |= self.orders_highatomic;
        }
        orders >> (order.get() & 15) != 0
    }

    /// Whether free pages are above `mark` and a block of `order` is there
    /// (C: `__zone_watermark_ok()`).
    pub(crate) fn watermark_ok(
        &self,
        order: Order,
        mark: u64,
        reserve: u64,
        flags: AllocFlags,
    ) -> bool {
        let min = lowered(mark, flags).wrapping_add(reserve);

        // Strictly above, and signed: more may be unusable than is free.
        match self.free.checked_sub(self.unusable(order, flags)) {
            Some(free) if free > min => order == Order::ZERO || self.has_block(order, flags),
            _ => false,
        }
    }

    /// As [`watermark_ok`](Self::watermark_ok), quick for single pages, and blind to the boost for
    /// those that may use the reserves below min (C: `zone_watermark_fast()`). `mark` is usually
    /// that of `flags`.
    #[inline]
    pub(crate) fn watermark_fast(
        &self,
        order: Order,
        mark: u64,
        reserve: u64,
        flags: AllocFlags,
        marks: impl FnOnce() -> Marks,
    ) -> bool {
        if order == Order::ZERO {
            // The reserve may be overestimated: never below zero.
            let usable = self.free.saturating_sub(self.unusable(order, flags));

            if usable > mark.wrapping_add(reserve) {
                return true;
            }
        }
        self.watermark_ok(order, mark, reserve, flags)
            || (ignores_boost(order, flags)
                && marks()
                    .min_below_boost()
                    .is_some_and(|min| self.watermark_ok(order, min, reserve, flags)))
    }
}

/// A zone's levels and what is added to each for a while.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Marks {
    /// The levels as computed.
    pub(crate) levels: Watermarks,
    /// Added to all of them after migratetypes had to mix (C: `watermark_boost`).
    pub(crate) boost: u64,
}

impl Marks {
    /// Nothing is kept free.
    pub(crate) const NONE: Self = Self {
        levels: Watermarks::ZERO,
        boost: 0,
    };

    /// The level that requests are held to (C: `wmark_pages()`).
    pub(crate) fn visible(&self, wmark: Wmark) -> u64 {
        self.levels.level(wmark).wrapping_add(self.boost)
    }

    /// The min level without the boost, if there is one.
    fn min_below_boost(&self) -> Option<u64> {
        (self.boost != 0).then_some(self.levels.min)
    }
}

/// Whether a request is not to be kept out by a boost: it is there to get the reclaimer going.
fn ignores_boost(order: Order, flags: AllocFlags) -> bool {
    order == Order::ZERO && flags.has(AllocFlags::MIN_RESERVE) && flags.wmark() == Wmark::Min
}

/// The mark for requests that may use reserves.
fn lowered(mark: u64, flags: AllocFlags) -> u64 {
    let mut min = mark;

    if flags.has(AllocFlags::MIN_RESERVE) {
        min = min.wrapping_sub(min / 2);
        if flags.has(AllocFlags::NON_BLOCK) {
            min = min.wrapping_sub(min / 4);
        }
    }
    if flags.has(AllocFlags::OOM) {
        min = min.wrapping_sub(min / 2);
    }
    min
}

#[kunit_tests(rust_buddy_free_state)]
mod tests {
    use super::{
        super::{
            watermark::WATERMARK_SCALE_FACTOR,
            ZoneType, //
        },
        *, //
    };

    /// A zone of 65536 pages: 512, 640, 768, 896.
    fn z256() -> Marks {
        Marks {
            levels: Watermarks::new(ZoneType::Normal, 65536, 512, 65536, WATERMARK_SCALE_FACTOR),
            boost: 0,
        }
    }

    fn state(free: u64) -> FreeState {
        FreeState {
            free,
            free_highatomic: 0,
            free_cma: 0,
            orders: 0x7ff,
            orders_highatomic: 0,
            orders_cma: 0,
        }
    }

    impl FreeState {
        fn fast(&self, order: Order, marks: &Marks, flags: AllocFlags) -> bool {
            self.watermark_fast(order, marks.visible(flags.wmark()), 0, flags, || *marks)
        }
    }

    /// The smallest number of free pages that passes at min.
    fn smallest_passing(template: FreeState, reserve: u64, flags: AllocFlags) -> u64 {
        let passes = |free: &u64| {
            FreeState {
                free: *free,
                ..template
            }
            .watermark_ok(Order::ZERO, 512, reserve, flags)
        };

        (0..2000).find(passes).unwrap_or(0)
    }

    #[test]
    fn row_022_free_must_exceed_the_mark() -> Result {
        let low = AllocFlags::WMARK_LOW;

        assert!(!state(640).fast(Order::ZERO, &z256(), low));
        assert!(state(641).fast(Order::ZERO, &z256(), low));
        Ok(())
    }

    #[test]
    fn row_023_a_block_costs_its_other_pages() -> Result {
        let order = Order::new(3).ok_or(EINVAL)?;
        let low = AllocFlags::WMARK_LOW;

        assert!(!state(647).fast(order, &z256(), low));
        assert!(state(648).fast(order, &z256(), low));
        Ok(())
    }

    #[test]
    fn row_024_a_block_of_the_order_must_be_there() -> Result {
        let order = Order::new(1).ok_or(EINVAL)?;
        let singles = FreeState {
            orders: 1,
            ..state(5000)
        };

        assert!(!singles.fast(order, &z256(), AllocFlags::WMARK_LOW));
        Ok(())
    }

    #[test]
    fn row_025_high_may_use_half() -> Result {
        assert_eq!(smallest_passing(state(0), 0, AllocFlags::MIN_RESERVE), 257);
        Ok(())
    }

    #[test]
    fn row_026_atomic_may_use_a_quarter_more() -> Result {
        let atomic = AllocFlags::MIN_RESERVE | AllocFlags::NON_BLOCK;

        assert_eq!(smallest_passing(state(0), 0, atomic), 193);
        Ok(())
    }

    #[test]
    fn row_027_not_waiting_alone_opens_nothing() -> Result {
        assert_eq!(smallest_passing(state(0), 0, AllocFlags::NON_BLOCK), 513);
        Ok(())
    }

    #[test]
    fn row_028_oom_victims_may_use_half() -> Result {
        assert_eq!(smallest_passing(state(0), 0, AllocFlags::OOM), 257);
        Ok(())
    }

    #[test]
    fn row_030_highatomic_pages_are_for_reserve_users() -> Result {
        let reserved = FreeState {
            free_highatomic: 100,
            ..state(0)
        };

        assert_eq!(smallest_passing(reserved, 0, AllocFlags::WMARK_MIN), 613);
        assert_eq!(smallest_passing(reserved, 0, AllocFlags::NON_BLOCK), 513);
        Ok(())
    }

    #[test]
    fn row_031_cma_pages_are_for_movable_requests() -> Result {
        let cma = FreeState {
            free_cma: 200,
            ..state(0)
        };

        assert_eq!(smallest_passing(cma, 0, AllocFlags::WMARK_MIN), 713);
        assert_eq!(smallest_passing(cma, 0, AllocFlags::CMA), 513);
        Ok(())
    }

    #[test]
    fn row_032_lowmem_reserve_is_added() -> Result {
        assert_eq!(smallest_passing(state(0), 100, AllocFlags::WMARK_MIN), 613);
        Ok(())
    }

    #[test]
    fn row_033_usable_pages_never_go_below_zero() -> Result {
        let reserved = FreeState {
            free_highatomic: 5000,
            ..state(1000)
        };

        assert!(!reserved.fast(Order::ZERO, &z256(), AllocFlags::WMARK_MIN));
        Ok(())
    }

    #[test]
    fn row_034_boost_does_not_bind_atomic_single_pages() -> Result {
        let boosted = Marks {
            boost: 512,
            ..z256()
        };
        let atomic = AllocFlags::MIN_RESERVE | AllocFlags::NON_BLOCK;
        let ok = |free, flags| state(free).fast(Order::ZERO, &boosted, flags);

        assert!(ok(193, atomic));
        assert!(!ok(192, atomic));
        assert!(!ok(1024, AllocFlags::WMARK_MIN));
        assert!(ok(1025, AllocFlags::WMARK_MIN));
        Ok(())
    }
}
