// SPDX-License-Identifier: GPL-2.0

//! How many pages a CPU keeps, and how many it moves at a time.
//!
//! C: `zone_batchsize()`, `zone_highsize()`, `nr_pcp_alloc()`, `nr_pcp_high()`, `nr_pcp_free()`,
//! `decay_pcp_high()` in `mm/page_alloc.c`.

#![deny(unsafe_code)]

use super::PerCpuPages;
use crate::zone::{
    order::Order,
    Zone,
    ZoneFlag, //
};
use kernel::prelude::*;

/// Largest number of doublings of a batch (C: `CONFIG_PCP_BATCH_SCALE_MAX`).
pub(crate) const PCP_BATCH_SCALE_MAX: u32 = 5;

/// Smallest share of a zone that can be asked for (C: `MIN_PERCPU_PAGELIST_HIGH_FRACTION`).
pub(crate) const MIN_HIGH_FRACTION: u32 = 8;

/// Largest number of pages of a batch before it is rounded: 256 KiB.
const MAX_BATCH: u64 = 64;

/// The numbers that are given, not learned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PcpLimits {
    /// `high` is learned between these two (C: `high_min`, `high_max`).
    pub(crate) high_min: i32,
    pub(crate) high_max: i32,
    /// Pages moved at a time.
    pub(crate) batch: i32,
}

impl PcpLimits {
    /// Nothing is kept (C: `zone_pcp_disable()`, `BOOT_PAGESET_*`).
    pub(crate) const DISABLED: Self = Self {
        high_min: 0,
        high_max: 0,
        batch: 1,
    };

    /// Limits of each of `nr_cpus` CPUs that share a zone of `managed` pages. `fraction` is 0, or
    /// which part of the zone they may keep together; then nothing is learned
    /// (C: `zone_set_pageset_high_and_batch()`).
    pub(crate) fn new(managed: u64, low: u64, fraction: u32, nr_cpus: u32) -> Self {
        let batch = batch_size(managed);
        let (min, max) = match fraction {
            0 => (low, managed / u64::from(MIN_HIGH_FRACTION)),
            fraction => {
                let part = managed.checked_div(u64::from(fraction)).unwrap_or(0);

                (part, part)
            }
        };

        Self {
            high_min: high_size(min, batch, nr_cpus),
            high_max: high_size(max, batch, nr_cpus),
            batch,
        }
    }

    /// Blocks of `order` that a list can ever hold under these limits in a zone of `nr_pages`: a
    /// watermark above all memory, which may be asked for, needs no room that it cannot fill.
    pub(crate) fn capacity(&self, order: Order, nr_pages: u32) -> u32 {
        let pages = self
            .high_max
            // A very high low watermark makes them cross.
            .max(self.high_min)
            .max(self.batch.wrapping_shl(PCP_BATCH_SCALE_MAX))
            .min(i32::try_from(nr_pages).unwrap_or(i32::MAX));
        let refill = (self.batch >> (order.get() & 31)).max(2);
        let blocks = (pages >> (order.get() & 31))
            .wrapping_add(refill)
            .wrapping_add(1);

        u32::try_from(blocks).unwrap_or(0)
    }
}

/// Pages moved at a time in a zone of `managed` pages: one less than a power of two, so that CPUs
/// that pass pages on to each other do not always get the same cache lines
/// (C: `zone_batchsize()`).
fn batch_size(managed: u64) -> i32 {
    let batch = (managed >> 12).min(MAX_BATCH);

    if batch <= 1 {
        return 1;
    }
    let log = batch.wrapping_add(batch / 2).ilog2();

    1i32.wrapping_shl(log).wrapping_sub(1)
}

/// The share of one CPU in `total` pages, at least four batches (C: `zone_highsize()`).
fn high_size(total: u64, batch: i32, nr_cpus: u32) -> i32 {
    let share = total.checked_div(u64::from(nr_cpus)).unwrap_or(0);

    i32::try_from(share)
        .unwrap_or(i32::MAX)
        .max(batch.wrapping_shl(2))
}

/// CPUs that share the zones of a node: its own and those that are `coming`, or all that are
/// `online` where there are none of them. Which node a CPU is coming to is not asked, as in the
/// kernel (C: `zone_highsize()`).
pub(crate) fn nr_split_cpus(own: u32, coming: u32, online: u32) -> u32 {
    match own.wrapping_add(coming) {
        0 => online,
        nr => nr,
    }
}

impl PerCpuPages {
    /// How many blocks an empty list of `order` is to be filled with. Learns: the more is asked for
    /// without anything given back, the more (C: `nr_pcp_alloc()`).
    pub(super) fn nr_alloc(&mut self, order: Order, zone: &Zone) -> i32 {
        let PcpLimits {
            high_min,
            high_max,
            batch: base,
        } = self.limits;
        let mut high = self.clamp_high();

        // Disabled.
        if high < base {
            return 1;
        }
        let mut batch = match order {
            Order::ZERO => base.wrapping_shl(u32::from(self.alloc_factor)),
            _ => base,
        };

        // A larger stock would have spared this visit to the zone.
        if high_min != high_max && !zone.has_flag(ZoneFlag::BelowHigh) {
            high = high.wrapping_add(batch).min(high_max);
            self.high = high;
        }
        if order == Order::ZERO {
            let max = high.wrapping_sub(self.count).wrapping_sub(base).max(base);

            if batch <= max && u32::from(self.alloc_factor) < PCP_BATCH_SCALE_MAX {
                self.alloc_factor = self.alloc_factor.wrapping_add(1);
            }
            batch = batch.min(max);
        }
        match batch {
            ..=1 => batch,
            _ => (batch >> (order.get() & 31)).max(2),
        }
    }

    /// How many pages may stay after a free. Learns: a stock that was given back in one go should
    /// fit next time, unless the zone is short (C: `nr_pcp_high()`).
    pub(super) fn nr_high(&mut self, zone: &Zone, free_high: bool) -> i32 {
        let PcpLimits {
            high_min,
            high_max,
            batch,
        } = self.limits;
        let high = self.clamp_high();
        let give_up = i32::from(self.free_count).max(batch);

        if high == 0 {
            return 0;
        }
        if free_high {
            let most = batch.wrapping_shl(PCP_BATCH_SCALE_MAX);

            self.high = high.wrapping_sub(most).max(high_min);
            return 0;
        }
        if zone.has_flag(ZoneFlag::ReclaimActive) {
            self.high = high.wrapping_sub(give_up).max(high_min);
            return batch.wrapping_shl(2).min(self.high);
        }
        if high_min == high_max {
            return high;
        }
        if zone.has_flag(ZoneFlag::BelowHigh) {
            self.high = high.wrapping_sub(give_up).max(high_min);
            return self.count.max(high_min);
        }
        if self.count >= high {
            let needed = i32::from(self.free_count).wrapping_add(batch);

            if self.high < needed {
                self.high = clamp(needed, high_min, high_max);
            }
        }
        high
    }

    /// How many pages to give back when `high` is reached (C: `nr_pcp_free()`).
    pub(super) fn nr_free(&self, high: i32, free_high: bool) -> i32 {
        let batch = self.limits.batch;

        if free_high {
            return self.count.min(batch.wrapping_shl(PCP_BATCH_SCALE_MAX));
        }
        // Disabled.
        if high < batch {
            return 1;
        }
        // As many as were given back in one go, but leave a batch.
        clamp(i32::from(self.free_count), batch, high.wrapping_sub(batch))
    }

    /// Lowers `high` by an eighth and says how many pages are above it then
    /// (C: `decay_pcp_high()`).
    pub(super) fn decay_high(&mut self) -> i32 {
        let PcpLimits {
            high_min, batch, ..
        } = self.limits;

        if self.high > high_min {
            let most = batch.wrapping_shl(PCP_BATCH_SCALE_MAX);

            self.high = self
                .count
                .wrapping_sub(most)
                .max(self.high.wrapping_sub(self.high >> 3))
                .max(high_min);
        }
        self.count.wrapping_sub(self.high)
    }

    fn clamp_high(&mut self) -> i32 {
        let PcpLimits {
            high_min, high_max, ..
        } = self.limits;

        self.high = clamp(self.high, high_min, high_max);
        self.high
    }
}

/// `value` between the bounds. Also defined if they cross: the upper one goes before, as in the
/// kernel (C: `clamp()`).
fn clamp(value: i32, low: i32, high: i32) -> i32 {
    match value {
        value if value >= high => high,
        value => value.max(low),
    }
}

#[kunit_tests(rust_buddy_pcp_tuning)]
mod tests {
    use super::*;

    #[test]
    fn row_074_batches_are_one_less_than_a_power_of_two() -> Result {
        let of = |mb: u64| batch_size(mb * 256);

        assert_eq!([of(16), of(64), of(128), of(256)], [1, 3, 7, 15]);
        assert_eq!([of(512), of(1024), of(4096)], [31, 63, 63]);
        // b0 of 2, 5, 10, 21, 42, 64.
        let batches = [2u64, 5, 10, 21, 42, 64].map(|b0| batch_size(b0 << 12));
        assert_eq!(batches, [1, 3, 7, 15, 31, 63]);
        let batches = [1u64, 3, 6, 11, 22, 43].map(|b0| batch_size(b0 << 12));
        assert_eq!(batches, [1, 3, 7, 15, 31, 63]);
        Ok(())
    }

    #[test]
    fn row_075_limits_follow_the_zone_and_the_cpus() -> Result {
        let z256 = PcpLimits::new(65536, 640, 0, 2);
        let gib = PcpLimits::new(262_144, 1286, 0, 2);
        let small = PcpLimits::new(4096, 160, 0, 2);
        let shared = PcpLimits::new(65536, 640, 0, 256);

        assert_eq!([z256.high_min, z256.high_max, z256.batch], [320, 4096, 15]);
        assert_eq!([gib.high_min, gib.high_max, gib.batch], [643, 16384, 63]);
        assert_eq!([small.high_min, small.high_max, small.batch], [80, 256, 1]);
        // Four batches at least.
        assert_eq!([shared.high_min, shared.high_max], [60, 60]);
        Ok(())
    }

    #[test]
    fn row_076_a_fraction_fixes_both_limits() -> Result {
        let manual = PcpLimits::new(65536, 640, 8, 2);

        assert_eq!([manual.high_min, manual.high_max], [4096, 4096]);
        Ok(())
    }

    #[test]
    fn room_ends_where_the_zone_does() {
        let limits = PcpLimits::new(65536, i32::MAX as u64, 0, 2);

        assert_eq!(limits.high_min, i32::MAX / 2);
        // All pages of the zone, a refill, and the one that is being given back.
        assert_eq!(limits.capacity(Order::ZERO, 65536), 65536 + 15 + 1);
        assert_eq!(limits.capacity(Order::MAX, 65536), 64 + 2 + 1);
    }
}
