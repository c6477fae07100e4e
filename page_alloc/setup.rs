// SPDX-License-Identifier: GPL-2.0

//! What follows from the tunables and the sizes of the zones: watermarks, reserves and the limits
//! of the per-CPU lists.
//!
//! C: `setup_per_zone_wmarks()`, `setup_per_zone_lowmem_reserve()`, `zone_pcp_update()`,
//! `init_per_zone_wmark_min()` in `mm/page_alloc.c`.
//!
//! # Differences
//!
//! `min_free_kbytes` follows from the size of the region alone; the kernel raises its own for
//! transparent huge pages.

#![deny(unsafe_code)]

use super::{
    pageset::Pageset,
    tunables::{
        Tunable,
        Tunables, //
    },
    Region, //
};
use crate::{
    pcp::tuning::PcpLimits,
    sys,
    zone::{
        alloc_flags::Wmark,
        counter::stat_threshold,
        watermark::{
            lowmem_pages,
            min_free_kbytes, //
        }, //
    }, //
};
use kernel::{
    prelude::*,
    sync::atomic::Relaxed, //
};

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

    /// Sets the limits of the per-CPU lists. `coming` is 1 while a CPU is about to come online,
    /// else 0 (C: `zone_pcp_update()`).
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
    let low = zone.marks().visible(Wmark::Low);

    tunables.pcp_limits(zone.managed(), low, nr_cpus)
}

#[kunit_tests(rust_buddy_setup)]
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
        zone::ZoneType, //
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
