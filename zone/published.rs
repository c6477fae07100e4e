// SPDX-License-Identifier: GPL-2.0

//! What a zone shows to those who do not hold its lock.
//!
//! Each number is right by itself, but two of them may belong to different moments, as in the
//! kernel, whose watermark tests read the same fields without the lock.

#![deny(unsafe_code)]

use super::{
    alloc_flags::Wmark,
    buddy::Buddy,
    free_state::{
        FreeState,
        Marks, //
    },
    watermark::Watermarks,
    ZoneType,
    NR_ZONES, //
};
use kernel::sync::atomic::{
    Atomic,
    Relaxed, //
};

/// Numbers of a zone, for everyone.
pub(super) struct Published {
    /// Free pages at this moment.
    pub(super) nr_free: Atomic<u64>,
    /// Pages that the allocator ever had.
    pub(super) managed: Atomic<u64>,
    free: Atomic<u64>,
    free_highatomic: Atomic<u64>,
    free_cma: Atomic<u64>,
    /// `orders`, `orders_highatomic` and `orders_cma` of a [`FreeState`], 16 bits each.
    orders: Atomic<u64>,
    boost: Atomic<u64>,
    levels: [Atomic<u64>; 4],
    lowmem_reserve: [Atomic<u64>; NR_ZONES],
}

impl Published {
    /// No page, no level.
    pub(super) fn new() -> Self {
        Self {
            nr_free: Atomic::new(0),
            managed: Atomic::new(0),
            free: Atomic::new(0),
            free_highatomic: Atomic::new(0),
            free_cma: Atomic::new(0),
            orders: Atomic::new(0),
            boost: Atomic::new(0),
            levels: [const { Atomic::new(0) }; 4],
            lowmem_reserve: [const { Atomic::new(0) }; NR_ZONES],
        }
    }

    /// Shows what changed under the lock.
    pub(super) fn store(&self, buddy: &Buddy) {
        let state = buddy.free_state();
        let orders = u64::from(state.orders)
            | u64::from(state.orders_highatomic) << 16
            | u64::from(state.orders_cma) << 32;

        self.nr_free.store(buddy.nr_free, Relaxed);
        self.managed.store(buddy.managed, Relaxed);
        self.free.store(state.free, Relaxed);
        self.free_highatomic.store(state.free_highatomic, Relaxed);
        self.free_cma.store(state.free_cma, Relaxed);
        self.orders.store(orders, Relaxed);
        self.store_marks(&buddy.marks);
    }

    fn store_marks(&self, marks: &Marks) {
        let Watermarks {
            min,
            low,
            high,
            promo,
        } = marks.levels;

        self.boost.store(marks.boost, Relaxed);
        for (shown, level) in self.levels.iter().zip([min, low, high, promo]) {
            shown.store(level, Relaxed);
        }
    }

    /// What the test of a watermark looks at.
    #[inline]
    pub(super) fn free_state(&self) -> FreeState {
        let orders = self.orders.load(Relaxed);

        FreeState {
            free: self.free.load(Relaxed),
            free_highatomic: self.free_highatomic.load(Relaxed),
            free_cma: self.free_cma.load(Relaxed),
            orders: orders as u16,
            orders_highatomic: (orders >> 16) as u16,
            orders_cma: (orders >> 32) as u16,
        }
    }

    /// One level with the boost (C: `wmark_pages()`).
    #[inline]
    pub(super) fn visible(&self, wmark: Wmark) -> u64 {
        let level = self
            .levels
            .get(wmark as usize)
            .map_or(0, |level| level.load(Relaxed));

        level.wrapping_add(self.boost.load(Relaxed))
    }

    /// The levels and the boost.
    pub(super) fn marks(&self) -> Marks {
        let [min, low, high, promo] = &self.levels;

        Marks {
            levels: Watermarks {
                min: min.load(Relaxed),
                low: low.load(Relaxed),
                high: high.load(Relaxed),
                promo: promo.load(Relaxed),
            },
            boost: self.boost.load(Relaxed),
        }
    }

    /// Pages that a request which could use zones up to `highest` leaves here.
    #[inline]
    pub(super) fn reserve_for(&self, highest: ZoneType) -> u64 {
        self.lowmem_reserve
            .get(highest.index())
            .map_or(0, |reserve| reserve.load(Relaxed))
    }

    /// The same for all zones.
    pub(super) fn lowmem_reserve(&self) -> [u64; NR_ZONES] {
        ZoneType::ALL.map(|highest| self.reserve_for(highest))
    }

    /// Sets that.
    pub(super) fn set_lowmem_reserve(&self, reserve: [u64; NR_ZONES]) {
        for (shown, reserve) in self.lowmem_reserve.iter().zip(reserve) {
            shown.store(reserve, Relaxed);
        }
    }
}
