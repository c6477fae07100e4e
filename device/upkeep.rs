// SPDX-License-Identifier: GPL-2.0

//! What is done in the background: once a second for the CPUs' stocks and counters, and when a CPU
//! comes or goes.
//!
//! C: `vmstat_update()` in `mm/vmstat.c`, `page_alloc_cpu_online()`, `page_alloc_cpu_dead()` in
//! `mm/page_alloc.c`.
//!
//! # Differences
//!
//! One worker does it for all CPUs.

#![deny(unsafe_code)]

use super::Device;
use crate::{
    page_alloc::tunables::Tunable,
    sys::{
        self,
        uapi, //
    }, //
};
use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc, //
    }, //
};

/// Milliseconds of a tick.
const TICK_MS: u32 = 1000;

/// Looks after a region.
pub(crate) struct Upkeep {
    device: Arc<Device>,
    /// Ticks since the last round.
    ticks: Atomic<u64>,
    /// Runs of the background compactors that were told of.
    compactions: Atomic<u64>,
}

impl Upkeep {
    /// Milliseconds to the first tick.
    pub(crate) const FIRST_MS: u32 = TICK_MS;

    /// Looks after the region of `device`.
    pub(crate) fn new(device: Arc<Device>) -> Self {
        Self {
            device,
            ticks: Atomic::new(0),
            compactions: Atomic::new(0),
        }
    }

    fn refresh(&self) {
        for cpu in 0..sys::nr_cpus() {
            if sys::cpu_is_online(cpu) {
                self.device.region().refresh_cpu_vm_stats(cpu);
                sys::cond_resched();
            }
        }
    }
}

impl Upkeep {
    /// Tells who wants to know that zones were compacted in the background.
    fn tell_of_compaction(&self) {
        let nodes = self.device.region().nodes();
        let runs = nodes
            .filter(|node| node.kcompactd().is_asleep())
            .fold(0u64, |sum, node| {
                sum.wrapping_add(node.kcompactd().nr_runs())
            });

        // Of a node at work the runs are missing: they are told of when it is done.
        if runs > self.compactions.load(Relaxed) {
            self.compactions.store(runs, Relaxed);
            self.device.raise(uapi::RB_PRESSURE_COMPACT_DONE);
        }
    }
}

impl sys::Tick for Upkeep {
    fn tick(&self) -> u32 {
        let ticks = self.ticks.load(Relaxed).wrapping_add(1);
        let due = ticks >= self.device.region().tunable(Tunable::StatInterval);

        if due {
            self.refresh();
        }
        self.ticks.store(if due { 0 } else { ticks }, Relaxed);
        // Zones also change where nobody looks.
        self.device.watch_all();
        self.tell_of_compaction();
        self.device.events().flush();
        TICK_MS
    }
}

impl sys::CpuHotplug for Upkeep {
    fn cpu_coming(&self, _cpu: u32) -> Result {
        self.device.region().cpu_changed(1)
    }

    fn cpu_dead(&self, cpu: u32) {
        // Without memory for shorter lists the longer ones stay.
        let _ = self.device.region().cpu_dead(cpu);
    }
}
