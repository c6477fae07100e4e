// SPDX-License-Identifier: GPL-2.0

//! Watermarks: how much of a zone is kept free, and for whom.
//!
//! Everything here is arithmetic over plain numbers. Sizes are pages unless a name says otherwise.
//!
//! C: `__setup_per_zone_wmarks()`, `setup_per_zone_lowmem_reserve()`,
//! `calculate_min_free_kbytes()`, `__zone_watermark_ok()`, `zone_watermark_fast()` in
//! `mm/page_alloc.c`.

#![deny(unsafe_code)]

use super::{
    alloc_flags::{
        AllocFlags,
        Wmark, //
    },
    order::Order,
    ZoneType,
    NR_ZONES, //
};
use kernel::prelude::*;

/// Share of a zone, in units of 1/10000, between two watermarks (C: `watermark_scale_factor`).
pub(crate) const WATERMARK_SCALE_FACTOR: u64 = 10;

/// How much of a higher zone is worth one page of reserve in a lower one; 0: no reserve
/// (C: `sysctl_lowmem_reserve_ratio[]`).
pub(crate) const LOWMEM_RESERVE_RATIO: [u64; NR_ZONES] = [256, 256, 32, 0];

/// Smallest and largest min watermark of a zone of movable pages (C: `SWAP_CLUSTER_MAX`, 128).
const MOVABLE_MIN: (u64, u64) = (32, 128);

/// The levels of one zone.
///
/// # Invariants
///
/// `min <= low <= high <= promo`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Watermarks {
    pub(crate) min: u64,
    pub(crate) low: u64,
    pub(crate) high: u64,
    pub(crate) promo: u64,
}

impl Watermarks {
    /// Levels of a zone of `managed` pages of which the region keeps `pages_min` free in all, out
    /// of `lowmem` pages (C: `__setup_per_zone_wmarks()`).
    pub(crate) fn new(
        kind: ZoneType,
        managed: u64,
        pages_min: u64,
        lowmem: u64,
        scale: u64,
    ) -> Self {
        let share = pages_min
            .wrapping_mul(managed)
            .checked_div(lowmem)
            .unwrap_or(0);
        let min = match kind {
            ZoneType::Movable => (managed / 1024).clamp(MOVABLE_MIN.0, MOVABLE_MIN.1),
            _ => share,
        };
        let step = (share / 4).max(mult_frac(managed, scale));
        let low = min.wrapping_add(step);
        let high = low.wrapping_add(step);

        // INVARIANT: Each level is the one before plus a step, and none can wrap: all are a few
        // times the pages of one zone at most.
        Self {
            min,
            low,
            high,
            promo: high.wrapping_add(step),
        }
    }

    /// One of the levels.
    pub(crate) fn level(&self, wmark: Wmark) -> u64 {
        match wmark {
            Wmark::Min => self.min,
            Wmark::Low => self.low,
            Wmark::High => self.high,
            Wmark::Promo => self.promo,
        }
    }
}

/// `x * scale / 10000` without overflow (C: `mult_frac()`).
fn mult_frac(x: u64, scale: u64) -> u64 {
    let whole = (x / 10000).wrapping_mul(scale);

    whole.wrapping_add((x % 10000).wrapping_mul(scale) / 10000)
}

/// KiB to keep free in a region with `lowmem` pages (C: `calculate_min_free_kbytes()`).
pub(crate) fn min_free_kbytes(lowmem: u64) -> u64 {
    int_sqrt(lowmem.wrapping_mul(4).wrapping_mul(16)).clamp(128, 262_144)
}

/// Pages of the zones that count as low memory: all but the movable one.
pub(crate) fn lowmem_pages(managed: &[u64; NR_ZONES]) -> u64 {
    ZoneType::ALL
        .iter()
        .zip(managed)
        .filter(|(kind, _)| **kind != ZoneType::Movable)
        .fold(0, |sum, (_, pages)| sum.wrapping_add(*pages))
}

/// Largest integer whose square is at most `x` (C: `int_sqrt()`).
fn int_sqrt(x: u64) -> u64 {
    let mut root = 0;
    let mut rest = x;
    let mut bit: u64 = 1 << 62;

    while bit != 0 {
        let trial = bit.wrapping_add(root);

        root >>= 1;
        if rest >= trial {
            rest = rest.wrapping_sub(trial);
            root = root.wrapping_add(bit);
        }
        bit >>= 2;
    }
    root
}

/// Pages of zone `zone` that a request reserves for others if it could have gone up to each higher
/// zone (C: `setup_per_zone_lowmem_reserve()`).
pub(crate) fn lowmem_reserve(
    zone: ZoneType,
    managed: &[u64; NR_ZONES],
    ratios: &[u64; NR_ZONES],
) -> [u64; NR_ZONES] {
    let mut reserve = [0; NR_ZONES];
    let own = managed.get(zone.index()).copied().unwrap_or(0);
    let ratio = ratios.get(zone.index()).copied().unwrap_or(0);
    let mut above: u64 = 0;

    if own == 0 || ratio == 0 {
        return reserve;
    }
    for higher in ZoneType::ALL.iter().filter(|kind| **kind > zone) {
        above = above.wrapping_add(managed.get(higher.index()).copied().unwrap_or(0));
        if let Some(slot) = reserve.get_mut(higher.index()) {
            *slot = above.checked_div(ratio).unwrap_or(0);
        }
    }
    reserve
}

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

    /// As [`watermark_ok`](Self::watermark_ok), quick for single pages, and blind to `boost` for
    /// those that may use the reserves below min (C: `zone_watermark_fast()`).
    pub(crate) fn watermark_fast(
        &self,
        order: Order,
        marks: &Marks,
        reserve: u64,
        flags: AllocFlags,
    ) -> bool {
        let mark = marks.visible(flags.wmark());

        if order == Order::ZERO {
            // The reserve may be overestimated: never below zero.
            let usable = self.free.saturating_sub(self.unusable(order, flags));

            if usable > mark.wrapping_add(reserve) {
                return true;
            }
        }
        self.watermark_ok(order, mark, reserve, flags)
            || (marks.ignores_boost(order, flags)
                && self.watermark_ok(order, marks.levels.min, reserve, flags))
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
    /// The level that requests are held to (C: `wmark_pages()`).
    pub(crate) fn visible(&self, wmark: Wmark) -> u64 {
        self.levels.level(wmark).wrapping_add(self.boost)
    }

    fn ignores_boost(&self, order: Order, flags: AllocFlags) -> bool {
        order == Order::ZERO
            && flags.has(AllocFlags::MIN_RESERVE)
            && self.boost != 0
            && flags.wmark() == Wmark::Min
    }
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

#[kunit_tests(rust_buddy_watermark)]
mod tests {
    use super::*;

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
    fn row_015_lowmem_reserve_of_the_example() -> Result {
        let managed = [3840, 100_000, 200_000, 50_000];
        let of = |zone| lowmem_reserve(zone, &managed, &LOWMEM_RESERVE_RATIO);

        assert_eq!(of(ZoneType::Dma), [0, 390, 1171, 1367]);
        assert_eq!(of(ZoneType::Dma32), [0, 0, 781, 976]);
        assert_eq!(of(ZoneType::Normal), [0, 0, 0, 1562]);
        assert_eq!(of(ZoneType::Movable), [0, 0, 0, 0]);
        Ok(())
    }

    #[test]
    fn row_016_no_ratio_or_no_pages_is_no_reserve() -> Result {
        let of = |managed, ratios| lowmem_reserve(ZoneType::Dma, &managed, &ratios);

        assert_eq!(of([100, 100, 100, 100], [0, 256, 32, 0]), [0; NR_ZONES]);
        assert_eq!(of([0, 100, 100, 100], LOWMEM_RESERVE_RATIO), [0; NR_ZONES]);
        Ok(())
    }

    #[test]
    fn row_018_min_free_kbytes_grows_with_the_square_root() -> Result {
        assert_eq!(min_free_kbytes(65536), 2048);
        assert_eq!(min_free_kbytes(8 << 18), 11585);
        assert_eq!(min_free_kbytes(0), 128);
        assert_eq!(min_free_kbytes(1 << 40), 262_144);
        Ok(())
    }

    #[test]
    fn row_019_steps_of_the_watermarks() -> Result {
        let Watermarks {
            min,
            low,
            high,
            promo,
        } = z256().levels;
        assert_eq!([min, low, high, promo], [512, 640, 768, 896]);

        let gib = Watermarks::new(
            ZoneType::Normal,
            262_144,
            1024,
            262_144,
            WATERMARK_SCALE_FACTOR,
        );
        assert_eq!(
            [gib.min, gib.low, gib.high, gib.promo],
            [1024, 1286, 1548, 1810]
        );
        Ok(())
    }

    #[test]
    fn row_020_movable_zone_keeps_little() -> Result {
        let managed = [3840, 100_000, 200_000, 50_000];
        let lowmem = lowmem_pages(&managed);
        let marks = Watermarks::new(ZoneType::Movable, 50_000, 1102, lowmem, 10);

        assert_eq!(lowmem, 303_840);
        assert_eq!(
            [marks.min, marks.low, marks.high, marks.promo],
            [48, 98, 148, 198]
        );
        Ok(())
    }

    #[test]
    fn row_021_scale_factor_widens_the_step() -> Result {
        let marks = Watermarks::new(ZoneType::Normal, 65536, 512, 65536, 1000);

        assert_eq!(marks.low.wrapping_sub(marks.min), 6553);
        Ok(())
    }

    #[test]
    fn row_022_free_must_exceed_the_mark() -> Result {
        let low = AllocFlags::WMARK_LOW;

        assert!(!state(640).watermark_fast(Order::ZERO, &z256(), 0, low));
        assert!(state(641).watermark_fast(Order::ZERO, &z256(), 0, low));
        Ok(())
    }

    #[test]
    fn row_023_a_block_costs_its_other_pages() -> Result {
        let order = Order::new(3).ok_or(EINVAL)?;
        let low = AllocFlags::WMARK_LOW;

        assert!(!state(647).watermark_fast(order, &z256(), 0, low));
        assert!(state(648).watermark_fast(order, &z256(), 0, low));
        Ok(())
    }

    #[test]
    fn row_024_a_block_of_the_order_must_be_there() -> Result {
        let order = Order::new(1).ok_or(EINVAL)?;
        let singles = FreeState {
            orders: 1,
            ..state(5000)
        };

        assert!(!singles.watermark_fast(order, &z256(), 0, AllocFlags::WMARK_LOW));
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

        assert!(!reserved.watermark_fast(Order::ZERO, &z256(), 0, AllocFlags::WMARK_MIN));
        Ok(())
    }

    #[test]
    fn row_034_boost_does_not_bind_atomic_single_pages() -> Result {
        let boosted = Marks {
            boost: 512,
            ..z256()
        };
        let atomic = AllocFlags::MIN_RESERVE | AllocFlags::NON_BLOCK;
        let ok = |free, flags| state(free).watermark_fast(Order::ZERO, &boosted, 0, flags);

        assert!(ok(193, atomic));
        assert!(!ok(192, atomic));
        assert!(!ok(1024, AllocFlags::WMARK_MIN));
        assert!(ok(1025, AllocFlags::WMARK_MIN));
        Ok(())
    }
}
