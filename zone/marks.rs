// SPDX-License-Identifier: GPL-2.0

//! How much is to be kept free, and whether it is.
//!
//! C: `zone_watermark_ok()` and its kin in `mm/page_alloc.c`.

#![deny(unsafe_code)]

use super::{
    alloc_flags::{
        AllocFlags,
        Wmark, //
    },
    free_state::{
        FreeState,
        Marks, //
    },
    order::Order,
    watermark::Watermarks,
    Zone,
    ZoneType,
    NR_ZONES, //
};

impl Zone {
    /// The levels that requests are held to.
    pub(crate) fn marks(&self) -> Marks {
        self.published.marks()
    }

    /// Pages that requests for higher zones leave here, by their highest zone
    /// (C: `lowmem_reserve[]`).
    pub(crate) fn lowmem_reserve(&self) -> [u64; NR_ZONES] {
        self.published.lowmem_reserve()
    }

    /// Sets the levels; ends a boost (C: `__setup_per_zone_wmarks()`).
    pub(crate) fn set_watermarks(&self, levels: Watermarks) {
        self.with(|buddy| buddy.marks = Marks { levels, boost: 0 });
    }

    /// Sets what requests for higher zones leave here.
    pub(crate) fn set_lowmem_reserve(&self, reserve: [u64; NR_ZONES]) {
        self.published.set_lowmem_reserve(reserve);
    }

    /// A fragmentation index up to this says that memory is short rather than scattered
    /// (C: `sysctl_extfrag_threshold`).
    pub(crate) fn extfrag_threshold(&self) -> i64 {
        self.with(|buddy| buddy.extfrag_threshold)
    }

    /// Sets it: 0 to 1000.
    pub(crate) fn set_extfrag_threshold(&self, threshold: i64) {
        self.with(|buddy| buddy.extfrag_threshold = threshold);
    }

    /// Sets how far boosts go. One that is there stays (C: `watermark_boost_factor`).
    pub(crate) fn set_boost_factor(&self, factor: u64) {
        self.with(|buddy| buddy.boost_factor = factor);
    }

    /// Takes back as much of a boost as the background reclaimer saw when it began
    /// (C: the end of `balance_pgdat()`).
    pub(crate) fn remove_boost(&self, seen: u64) {
        self.with(|buddy| buddy.marks.boost = buddy.marks.boost.saturating_sub(seen));
    }

    /// Whether a request of `order` may take from this zone, if `extra` pages more than `wmark`
    /// must be free (C: `zone_watermark_fast()`).
    ///
    /// `highest` is the highest zone that the request could use.
    #[inline]
    pub(crate) fn watermark_fast(
        &self,
        order: Order,
        (wmark, extra): (Wmark, u64),
        highest: ZoneType,
        flags: AllocFlags,
    ) -> bool {
        let shown = &self.published;
        let mark = shown.visible(wmark).wrapping_add(extra);

        shown
            .free_state()
            .watermark_fast(order, mark, shown.reserve_for(highest), flags, || {
                shown.marks()
            })
    }

    /// Whether single pages for everyone are above the high watermark, so that per-CPU lists need
    /// not give pages back (C: `zone_watermark_ok(zone, 0, high_wmark_pages(zone), ZONE_MOVABLE,
    /// 0)`).
    pub(crate) fn is_above_high(&self) -> bool {
        let high = self.published.visible(Wmark::High);
        let reserve = self.published.reserve_for(ZoneType::Movable);

        self.published
            .free_state()
            .watermark_ok(Order::ZERO, high, reserve, AllocFlags::WMARK_MIN)
    }

    /// Whether a request of `order` for zones up to `highest` finds this zone above `mark`, if
    /// `extra` pages more were free (C: `__zone_watermark_ok()`).
    pub(crate) fn watermark_ok(
        &self,
        order: Order,
        (mark, extra): (u64, u64),
        highest: ZoneType,
        flags: AllocFlags,
    ) -> bool {
        let state = self.published.free_state();
        let state = FreeState {
            free: state.free.wrapping_add(extra),
            ..state
        };

        state.watermark_ok(order, mark, self.published.reserve_for(highest), flags)
    }

    /// The same, if `free` pages were free.
    pub(crate) fn watermark_ok_with(
        &self,
        order: Order,
        (mark, free): (u64, u64),
        highest: ZoneType,
        flags: AllocFlags,
    ) -> bool {
        let state = FreeState {
            free,
            ..self.published.free_state()
        };

        state.watermark_ok(order, mark, self.published.reserve_for(highest), flags)
    }

    /// One level with the boost (C: `wmark_pages()`).
    pub(crate) fn visible(&self, wmark: Wmark) -> u64 {
        self.published.visible(wmark)
    }
}
