// SPDX-License-Identifier: GPL-2.0

//! What can be tuned while the region is in use. What follows from it is in `setup.rs`.
//!
//! C: `page_alloc_sysctl_table[]` in `mm/page_alloc.c`.

#![deny(unsafe_code)]

use crate::{
    pcp::tuning::{
        PcpLimits,
        MIN_HIGH_FRACTION, //
    },
    zone::{
        fragmentation::EXTFRAG_THRESHOLD,
        watermark::{
            lowmem_reserve,
            Watermarks,
            LOWMEM_RESERVE_RATIO,
            WATERMARK_BOOST_FACTOR,
            WATERMARK_SCALE_FACTOR, //
        },
        ZoneType,
        NR_ZONES, //
    }, //
};
use kernel::prelude::*;

/// The largest value of those without a bound of their own (C: `INT_MAX`).
const INT_MAX: u64 = i32::MAX as u64;

/// What can be tuned, by the kernel's names in `/proc/sys/vm`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tunable {
    /// KiB to keep free.
    MinFreeKbytes,
    /// Distance between watermarks, in units of 1/10000 of a zone.
    WatermarkScaleFactor,
    /// How far a boost goes, in units of 1/10000 of the high watermark.
    WatermarkBoostFactor,
    /// How many pages of higher zones are worth one page of reserve in this one.
    LowmemReserveRatio(ZoneType),
    /// Which part of a zone the per-CPU lists may keep: 0, or at least 8.
    PercpuPagelistHighFraction,
    /// Whether keeping pageblocks whole goes before everything.
    DefragMode,
    /// Seconds from one round of upkeep to the next (C: `vm.stat_interval`).
    StatInterval,
    /// A fragmentation index up to this says that memory is short rather than scattered.
    ExtfragThreshold,
    /// How readily nodes are compacted without being asked, in percent; 0: never.
    CompactionProactiveness,
}

impl Tunable {
    /// Least and greatest value.
    pub(crate) fn range(self) -> (u64, u64) {
        match self {
            Self::WatermarkScaleFactor => (1, 3000),
            Self::DefragMode => (0, 1),
            Self::ExtfragThreshold => (0, 1000),
            Self::CompactionProactiveness => (0, 100),
            Self::StatInterval => (1, INT_MAX),
            _ => (0, INT_MAX),
        }
    }

    /// EINVAL for a value that it cannot have.
    pub(crate) fn check(self, value: u64) -> Result {
        let (min, max) = self.range();
        let small = self == Self::PercpuPagelistHighFraction
            && (1..u64::from(MIN_HIGH_FRACTION)).contains(&value);

        match value < min || value > max || small {
            true => Err(EINVAL),
            false => Ok(()),
        }
    }
}

/// All values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tunables {
    pub(super) min_free_kbytes: u64,
    watermark_scale_factor: u64,
    pub(super) watermark_boost_factor: u64,
    lowmem_reserve_ratio: [u64; NR_ZONES],
    percpu_pagelist_high_fraction: u32,
    defrag_mode: bool,
    stat_interval: u64,
    pub(super) extfrag_threshold: i64,
    pub(super) compaction_proactiveness: u64,
}

impl Tunables {
    /// What holds unless somebody says otherwise.
    pub(crate) const DEFAULT: Self = Self {
        min_free_kbytes: 0,
        watermark_scale_factor: WATERMARK_SCALE_FACTOR,
        watermark_boost_factor: WATERMARK_BOOST_FACTOR,
        lowmem_reserve_ratio: LOWMEM_RESERVE_RATIO,
        percpu_pagelist_high_fraction: 0,
        defrag_mode: false,
        stat_interval: 1,
        extfrag_threshold: EXTFRAG_THRESHOLD,
        compaction_proactiveness: 20,
    };

    pub(super) fn get(&self, tunable: Tunable) -> u64 {
        match tunable {
            Tunable::MinFreeKbytes => self.min_free_kbytes,
            Tunable::WatermarkScaleFactor => self.watermark_scale_factor,
            Tunable::WatermarkBoostFactor => self.watermark_boost_factor,
            Tunable::LowmemReserveRatio(zone) => {
                let ratio = self.lowmem_reserve_ratio.get(zone.index());

                ratio.copied().unwrap_or(0)
            }
            Tunable::PercpuPagelistHighFraction => u64::from(self.percpu_pagelist_high_fraction),
            Tunable::DefragMode => u64::from(self.defrag_mode),
            Tunable::StatInterval => self.stat_interval,
            Tunable::ExtfragThreshold => u64::try_from(self.extfrag_threshold).unwrap_or(0),
            Tunable::CompactionProactiveness => self.compaction_proactiveness,
        }
    }

    /// Changes a value, and nothing else.
    pub(crate) fn set(&mut self, tunable: Tunable, value: u64) {
        match tunable {
            Tunable::MinFreeKbytes => self.min_free_kbytes = value,
            Tunable::WatermarkScaleFactor => self.watermark_scale_factor = value,
            Tunable::WatermarkBoostFactor => self.watermark_boost_factor = value,
            Tunable::LowmemReserveRatio(zone) => {
                if let Some(ratio) = self.lowmem_reserve_ratio.get_mut(zone.index()) {
                    *ratio = value;
                }
            }
            Tunable::PercpuPagelistHighFraction => {
                self.percpu_pagelist_high_fraction = u32::try_from(value).unwrap_or(0);
            }
            Tunable::DefragMode => self.defrag_mode = value != 0,
            Tunable::StatInterval => self.stat_interval = value,
            Tunable::ExtfragThreshold => {
                self.extfrag_threshold = i64::try_from(value).unwrap_or(0);
            }
            Tunable::CompactionProactiveness => self.compaction_proactiveness = value,
        }
    }

    /// Levels of a zone of `managed` pages, out of `lowmem` pages of low memory in all
    /// (C: `__setup_per_zone_wmarks()`).
    pub(crate) fn watermarks(&self, kind: ZoneType, managed: u64, lowmem: u64) -> Watermarks {
        let pages_min = self.min_free_kbytes / 4;

        Watermarks::new(
            kind,
            managed,
            pages_min,
            lowmem,
            self.watermark_scale_factor,
        )
    }

    /// Reserves of a zone in a node with so many pages in each (C: `lowmem_reserve[]`).
    pub(crate) fn lowmem_reserve(
        &self,
        kind: ZoneType,
        managed: &[u64; NR_ZONES],
    ) -> [u64; NR_ZONES] {
        lowmem_reserve(kind, managed, &self.lowmem_reserve_ratio)
    }

    /// Limits of each of `nr_cpus` CPUs that share a zone of `managed` pages
    /// (C: `zone_set_pageset_high_and_batch()`).
    pub(crate) fn pcp_limits(&self, managed: u64, low: u64, nr_cpus: u32) -> PcpLimits {
        PcpLimits::new(managed, low, self.percpu_pagelist_high_fraction, nr_cpus)
    }
}
