// SPDX-License-Identifier: GPL-2.0

//! Watermarks: how much of a zone is kept free, and for whom.
//!
//! Everything here is arithmetic over plain numbers. Sizes are pages unless a name says otherwise.
//!
//! C: `__setup_per_zone_wmarks()`, `setup_per_zone_lowmem_reserve()`,
//! `calculate_min_free_kbytes()` in `mm/page_alloc.c`.

#![deny(unsafe_code)]

use super::{
    alloc_flags::Wmark,
    ZoneType,
    NR_ZONES, //
};
use kernel::prelude::*;

/// Share of a zone, in units of 1/10000, between two watermarks (C: `watermark_scale_factor`).
pub(crate) const WATERMARK_SCALE_FACTOR: u64 = 10;

/// How far a boost may raise the watermarks, in units of 1/10000 of high
/// (C: `watermark_boost_factor`).
pub(crate) const WATERMARK_BOOST_FACTOR: u64 = 15000;

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
    /// Nothing is kept free.
    // INVARIANT: All are equal.
    pub(crate) const ZERO: Self = Self {
        min: 0,
        low: 0,
        high: 0,
        promo: 0,
    };

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
pub(super) fn mult_frac(x: u64, scale: u64) -> u64 {
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
pub(crate) fn int_sqrt(x: u64) -> u64 {
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

#[kunit_tests(rust_buddy_watermark)]
mod tests {
    use super::*;

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
        } = Watermarks::new(ZoneType::Normal, 65536, 512, 65536, WATERMARK_SCALE_FACTOR);
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
}
