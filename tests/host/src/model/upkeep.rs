// SPDX-License-Identifier: GPL-2.0

//! Steps that are not about particular pages.

#![deny(unsafe_code)]

use super::Model;
use crate::{
    ops::Op,
    page_alloc::tunables::Tunable,
    sys,
    zone::{
        ZoneFlag,
        ZoneType, //
    }, //
};

const TUNABLES: [Tunable; 8] = [
    Tunable::MinFreeKbytes,
    Tunable::WatermarkScaleFactor,
    Tunable::WatermarkBoostFactor,
    Tunable::LowmemReserveRatio(ZoneType::Dma),
    Tunable::LowmemReserveRatio(ZoneType::Dma32),
    Tunable::LowmemReserveRatio(ZoneType::Normal),
    Tunable::PercpuPagelistHighFraction,
    Tunable::DefragMode,
];

impl Model {
    pub(super) fn upkeep(&mut self, op: Op) {
        match op {
            Op::Tune { which, value } => self.tune(which, value),
            Op::Drain { only: None } => {
                self.region.drain_all_pages();
                assert_eq!(self.region.nr_pcp(), 0);
                assert_eq!(self.region.nr_deferred(), 0);
            }
            Op::Drain {
                only: Some((cpu, zone)),
            } => self.drain(cpu % sys::nr_cpus(), zone),
            Op::Reclaimer {
                zone,
                active,
                boost,
            } => {
                let zone = self.pageset(zone).zone();

                zone.set_flag(ZoneFlag::ReclaimActive, active);
                zone.remove_boost(u64::from(boost));
            }
            Op::Hotplug { cpu, comes } => self.hotplug(cpu % sys::nr_cpus(), comes),
            Op::Move { cpu } => sys::set_this_cpu(cpu % sys::nr_cpus()),
            _ => self.region.refresh_cpu_vm_stats(sys::this_cpu()),
        }
    }

    /// A value is taken, or nothing changes.
    fn tune(&self, which: u32, value: u64) {
        let tunable = TUNABLES[which as usize % TUNABLES.len()];
        let before = self.region.tunable(tunable);
        let (min, max) = tunable.range();

        match self.region.set_tunable(tunable, value) {
            Ok(old) => {
                assert!((min..=max).contains(&value));
                assert_eq!(old, before);
                assert_eq!(self.region.tunable(tunable), value);
            }
            Err(_) => assert_eq!(self.region.tunable(tunable), before),
        }
    }

    fn drain(&self, cpu: u32, zone: u32) {
        let pageset = self.pageset(zone);

        pageset.drain(cpu);
        assert_eq!(pageset.count(cpu), 0);
    }

    fn hotplug(&self, cpu: u32, comes: bool) {
        let done = match comes {
            true => self.region.cpu_changed(1),
            false => self.region.cpu_dead(cpu),
        };

        assert!(done.is_ok());
    }
}
