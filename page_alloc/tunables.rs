// SPDX-License-Identifier: GPL-2.0

//! What can be tuned while the region is in use, and what follows from it: watermarks, reserves and
//! the limits of the per-CPU lists.
//!
//! C: `mm/page_alloc.c` (`page_alloc_sysctl_table[]`, `setup_per_zone_wmarks()`,
//! `setup_per_zone_lowmem_reserve()`, `zone_set_pageset_high_and_batch()`).
//!
//! # Differences
//!
//! `min_free_kbytes` follows from the size of the region alone; the kernel raises its own for
//! transparent huge pages.

#![deny(unsafe_code)]

use super::{
    pageset::Pageset,
    Region, //
};
use crate::{
    pcp::tuning::{
        PcpLimits,
        MIN_HIGH_FRACTION, //
    },
    sys,
    zone::{
        counter::stat_threshold,
        fragmentation::EXTFRAG_THRESHOLD,
        watermark::{
            lowmem_pages,
            lowmem_reserve,
            min_free_kbytes,
            Watermarks,
            LOWMEM_RESERVE_RATIO,
            WATERMARK_BOOST_FACTOR,
            WATERMARK_SCALE_FACTOR, //
        },
        ZoneType,
        NR_ZONES, //
    }, //
};
use kernel::{
    prelude::*,
    sync::atomic::Relaxed, //
};

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
    /// Seconds from one round of [`Region::refresh_cpu_vm_stats`] to the next.
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
    min_free_kbytes: u64,
    watermark_scale_factor: u64,
    watermark_boost_factor: u64,
    lowmem_reserve_ratio: [u64; NR_ZONES],
    percpu_pagelist_high_fraction: u32,
    defrag_mode: bool,
    stat_interval: u64,
    extfrag_threshold: i64,
    compaction_proactiveness: u64,
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

    fn get(&self, tunable: Tunable) -> u64 {
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

impl Region {
    /// The value of a tunable.
    pub(crate) fn tunable(&self, tunable: Tunable) -> u64 {
        self.tunables.with(|tunables| tunables.get(tunable))
    }

    /// The value of a tunable that nobody has changed.
    pub(crate) fn tunable_default(&self, tunable: Tunable) -> u64 {
        match tunable {
            Tunable::MinFreeKbytes => min_free_kbytes(self.lowmem_pages()),
            tunable => Tunables::DEFAULT.get(tunable),
        }
    }

    /// Changes a tunable and everything that follows from it; the old value. EINVAL for a value out
    /// of range, ENOMEM if there is no room for longer lists: nothing changed then.
    ///
    /// Sleeps.
    pub(crate) fn set_tunable(&self, tunable: Tunable, value: u64) -> Result<u64> {
        tunable.check(value)?;
        self.tuning.with(|()| {
            let old = self.tunable(tunable);

            self.tunables.with(|tunables| tunables.set(tunable, value));
            self.apply(tunable)
                .inspect_err(|_| self.tunables.with(|tunables| tunables.set(tunable, old)))?;
            // Who is about to fail tries once more.
            self.changes.fetch_add(1, Relaxed);
            Ok(old)
        })
    }

    /// What follows from a tunable (C: its `proc_handler`).
    fn apply(&self, tunable: Tunable) -> Result {
        let tunables = self.tunables.with(|tunables| *tunables);

        match tunable {
            Tunable::MinFreeKbytes | Tunable::WatermarkScaleFactor => {
                self.setup_per_zone_wmarks(&tunables)
            }
            Tunable::WatermarkBoostFactor => {
                for pageset in self.pagesets() {
                    pageset
                        .zone()
                        .set_boost_factor(tunables.watermark_boost_factor);
                }
                Ok(())
            }
            Tunable::LowmemReserveRatio(_) => {
                self.setup_per_zone_lowmem_reserve(&tunables);
                Ok(())
            }
            Tunable::PercpuPagelistHighFraction => self.zone_pcp_update(&tunables, 0),
            Tunable::DefragMode => {
                self.update_defrag_mode();
                Ok(())
            }
            Tunable::StatInterval => Ok(()),
            Tunable::ExtfragThreshold => {
                for pageset in self.pagesets() {
                    pageset
                        .zone()
                        .set_extfrag_threshold(tunables.extfrag_threshold);
                }
                Ok(())
            }
            Tunable::CompactionProactiveness => {
                self.trigger_proactive(tunables.compaction_proactiveness);
                Ok(())
            }
        }
    }

    /// Computes everything for the first time (C: `init_per_zone_wmark_min()`).
    pub(super) fn init_per_zone_wmark_min(&self) -> Result {
        let lowmem = self.lowmem_pages();

        self.tunables.with(|tunables| {
            tunables.min_free_kbytes = min_free_kbytes(lowmem);
        });
        self.refresh_zone_stat_thresholds();
        let tunables = self.tunables.with(|tunables| *tunables);

        self.setup_per_zone_lowmem_reserve(&tunables);
        self.setup_per_zone_wmarks(&tunables)
    }

    /// Pages of all zones that count as low memory.
    fn lowmem_pages(&self) -> u64 {
        self.nodes.iter().fold(0, |sum, node| {
            lowmem_pages(&node.managed()).wrapping_add(sum)
        })
    }

    /// Sets how far counters may lag (C: `refresh_zone_stat_thresholds()`).
    pub(crate) fn refresh_zone_stat_thresholds(&self) {
        for pageset in self.pagesets() {
            let zone = pageset.zone();
            let threshold = match self.config.exact {
                true => 0,
                false => stat_threshold(zone.managed(), sys::nr_online_cpus()),
            };

            zone.set_stat_threshold(threshold);
        }
    }

    /// C: `setup_per_zone_wmarks()`.
    fn setup_per_zone_wmarks(&self, tunables: &Tunables) -> Result {
        let lowmem = self.lowmem_pages();

        for pageset in self.pagesets() {
            let zone = pageset.zone();

            zone.set_watermarks(tunables.watermarks(zone.kind(), zone.managed(), lowmem));
        }
        self.zone_pcp_update(tunables, 0)
    }

    /// C: `setup_per_zone_lowmem_reserve()`.
    fn setup_per_zone_lowmem_reserve(&self, tunables: &Tunables) {
        for node in &self.nodes {
            let managed = node.managed();

            for pageset in node.zones() {
                let zone = pageset.zone();

                zone.set_lowmem_reserve(tunables.lowmem_reserve(zone.kind(), &managed));
            }
        }
    }

    /// Sets the limits of the per-CPU lists. `coming` is 1 while a CPU is about to come online, else
    /// 0 (C: `zone_pcp_update()`).
    fn zone_pcp_update(&self, tunables: &Tunables, coming: u32) -> Result {
        for node in &self.nodes {
            let nr_cpus = node.nr_split_cpus(coming);

            for pageset in node.zones() {
                let limits = match self.config.exact {
                    true => PcpLimits::DISABLED,
                    false => pcp_limits(pageset, tunables, nr_cpus),
                };

                pageset.set_limits(limits)?;
            }
        }
        Ok(())
    }

    /// What follows when a CPU comes or has gone (C: `page_alloc_cpu_online()`,
    /// `page_alloc_cpu_dead()`).
    ///
    /// Sleeps.
    pub(crate) fn cpu_changed(&self, coming: u32) -> Result {
        self.tuning.with(|()| {
            let tunables = self.tunables.with(|tunables| *tunables);

            self.refresh_zone_stat_thresholds();
            self.zone_pcp_update(&tunables, coming)
        })
    }
}

fn pcp_limits(pageset: &Pageset, tunables: &Tunables, nr_cpus: u32) -> PcpLimits {
    let zone = pageset.zone();
    let low = zone.marks().visible(crate::zone::alloc_flags::Wmark::Low);

    tunables.pcp_limits(zone.managed(), low, nr_cpus)
}

#[kunit_tests(rust_buddy_tunables)]
mod tests {
    use super::*;
    use crate::{
        page_alloc::{
            fixture::{
                config,
                of_one_node, //
            },
            layout::Shares,
            RegionConfig, //
        },
        zone::alloc_flags::Wmark, //
    };

    /// 256 MiB in one zone.
    fn region() -> Result<Region> {
        of_one_node(RegionConfig {
            exact: false,
            ..config(65536, Shares::NONE)?
        })
    }

    const ALL: [Tunable; 9] = [
        Tunable::MinFreeKbytes,
        Tunable::WatermarkScaleFactor,
        Tunable::WatermarkBoostFactor,
        Tunable::LowmemReserveRatio(ZoneType::Dma32),
        Tunable::PercpuPagelistHighFraction,
        Tunable::DefragMode,
        Tunable::StatInterval,
        Tunable::ExtfragThreshold,
        Tunable::CompactionProactiveness,
    ];

    #[test]
    fn row_017_what_is_out_of_range_changes_nothing() -> Result {
        let region = region()?;

        for tunable in ALL {
            let (min, max) = tunable.range();
            let before = region.tunable(tunable);

            for value in [max + 1, 1 << 32, -1i64 as u64, min.wrapping_sub(1)] {
                assert_eq!(region.set_tunable(tunable, value).err(), Some(EINVAL));
            }
            assert_eq!(region.tunable(tunable), before);
            assert_eq!(before, region.tunable_default(tunable));
        }
        Ok(())
    }

    #[test]
    fn row_021_the_scale_factor_has_bounds() -> Result {
        let region = region()?;
        let scale = Tunable::WatermarkScaleFactor;
        let zone = region.pageset(ZoneType::Normal).ok_or(EINVAL)?.zone();
        let step = || zone.marks().visible(Wmark::Low) - zone.marks().visible(Wmark::Min);

        assert!(region.set_tunable(scale, 0).is_err());
        assert!(region.set_tunable(scale, 3001).is_err());
        assert_eq!(step(), 128);
        assert_eq!(region.set_tunable(scale, 1000)?, 10);
        assert_eq!(step(), 6553);
        assert_eq!(region.set_tunable(scale, 3000)?, 1000);
        assert_eq!(step(), 19660);
        Ok(())
    }

    #[test]
    fn row_076_a_fraction_below_eight_is_refused() -> Result {
        let region = region()?;
        let fraction = Tunable::PercpuPagelistHighFraction;
        let pageset = region.pageset(ZoneType::Normal).ok_or(EINVAL)?;
        let limits = || pageset.with(0, |pcp| pcp.limits()).ok_or(ENODEV);
        let learned = limits()?;

        assert_eq!(region.set_tunable(fraction, 7).err(), Some(EINVAL));
        assert_eq!(region.set_tunable(fraction, 1).err(), Some(EINVAL));
        assert!(limits()? == learned);
        assert_eq!(region.set_tunable(fraction, 8)?, 0);
        let share = 65536 / 8 / region.node(0).ok_or(ENODEV)?.nr_split_cpus(0);
        assert_eq!(limits()?.high_min, share as i32);
        assert_eq!(limits()?.high_max, share as i32);
        assert_eq!(region.set_tunable(fraction, 0)?, 8);
        assert!(limits()? == learned);
        Ok(())
    }
}
