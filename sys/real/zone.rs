// SPDX-License-Identifier: GPL-2.0

//! One zone of the running kernel: its numbers.
//!
//! C: `struct zone`, `struct per_cpu_pages`, `struct per_cpu_zonestat`.

use super::{
    pinned,
    Pinned, //
};
use crate::{
    sys::node::HostZone,
    zone::{
        image::{
            CounterImage,
            PcpScalars,
            ZoneScalars, //
        },
        vmstat::NumaEvents,
        watermark::Watermarks,
        ZoneType,
        NR_ZONES, //
    },
};
use kernel::bindings;

// The bits of the image's flags are the kernel's.
kernel::static_assert!(bindings::zone_flags_ZONE_BOOSTED_WATERMARK == 0);
kernel::static_assert!(bindings::zone_flags_ZONE_RECLAIM_ACTIVE == 1);
kernel::static_assert!(bindings::zone_flags_ZONE_BELOW_HIGH == 2);

/// Flags that the image has.
const FLAGS: usize = 7;

/// Reads a field of a zone or its per-CPU data.
macro_rules! load {
    ($ptr:expr, $field:ident) => {
        // SAFETY: By the invariants of `RealZone` the structure is there for ever. Without the lock
        // that others write it under this is a snapshot, as for any of the kernel's own readers.
        unsafe { (&raw const (*$ptr).$field).read_volatile() }
    };
}

/// A zone that has pages.
///
/// # Invariants
///
/// It was populated when this was made, and so has lists and per-CPU data, which stay for ever.
#[derive(Clone, Copy)]
pub(crate) struct RealZone {
    zone: HostZone,
    kind: ZoneType,
}

impl RealZone {
    /// The zone, if it is populated (C: `populated_zone()`).
    pub(super) fn new(zone: HostZone, kind: ZoneType) -> Option<Self> {
        // INVARIANT: Just checked.
        (load!(zone.as_ptr(), present_pages) != 0).then_some(Self { zone, kind })
    }

    /// The C zone.
    pub(super) fn as_ptr(&self) -> *mut bindings::zone {
        self.zone.as_ptr()
    }

    /// The per-CPU lists of this CPU.
    pub(super) fn pcp(&self, pinned: &Pinned) -> *mut bindings::per_cpu_pages {
        pinned.this_cpu(load!(self.as_ptr(), per_cpu_pageset))
    }

    /// Which zone it is.
    pub(super) fn kind(&self) -> ZoneType {
        self.kind
    }

    /// Frame number of its first page.
    pub(crate) fn start_pfn(&self) -> u64 {
        load!(self.as_ptr(), zone_start_pfn) as u64
    }

    /// Pages up to its end, holes included.
    pub(crate) fn spanned(&self) -> u64 {
        load!(self.as_ptr(), spanned_pages) as u64
    }

    /// Pages that the allocator ever had.
    pub(crate) fn managed(&self) -> u64 {
        unsigned(load!(self.as_ptr(), managed_pages).counter)
    }

    /// Its numbers as this CPU sees them. Takes no lock: exact as long as nobody else uses the
    /// zone.
    pub(crate) fn scalars(&self, pinned: &Pinned) -> ZoneScalars {
        let zone = self.as_ptr();
        let stat = self.zonestat(pinned);
        let reserve = load!(zone, lowmem_reserve).map(unsigned);
        let mut lowmem_reserve = [0; NR_ZONES];
        for (to, from) in lowmem_reserve.iter_mut().zip(reserve) {
            *to = from;
        }
        ZoneScalars {
            free: self.counter(&stat, bindings::zone_stat_item_NR_FREE_PAGES),
            free_cma: self.counter(&stat, bindings::zone_stat_item_NR_FREE_CMA_PAGES),
            stat_threshold: i32::from(stat.stat_threshold),
            nr_reserved_highatomic: load!(zone, nr_reserved_highatomic) as u64,
            nr_free_highatomic: load!(zone, nr_free_highatomic) as u64,
            watermarks: self.watermarks(),
            boost: load!(zone, watermark_boost) as u64,
            lowmem_reserve,
            flags: (load!(zone, flags) & FLAGS) as u32,
            pcp: self.pcp_scalars(pinned),
            numa: self.numa_events(),
        }
    }

    /// Blocks taken, with what no CPU has told yet (C: `zone_numa_event_state()`).
    fn numa_events(&self) -> NumaEvents {
        let told = load!(self.as_ptr(), vm_numa_event).map(|event| unsigned(event.counter));
        let sum = (0..nr_cpu_ids()).fold(told, |mut sum, cpu| {
            let slot = pinned::of_cpu(load!(self.as_ptr(), per_cpu_zonestats), cpu);
            for (sum, event) in sum.iter_mut().zip(load!(slot, vm_numa_event)) {
                *sum = sum.wrapping_add(event as u64);
            }
            sum
        });
        let event = |item: u32| sum.get(item as usize).copied().unwrap_or(0);
        NumaEvents {
            hit: event(bindings::numa_stat_item_NUMA_HIT),
            miss: event(bindings::numa_stat_item_NUMA_MISS),
            foreign: event(bindings::numa_stat_item_NUMA_FOREIGN),
            local: event(bindings::numa_stat_item_NUMA_LOCAL),
            other: event(bindings::numa_stat_item_NUMA_OTHER),
        }
    }

    /// Free pages, with what no CPU has told yet (C: `zone_page_state_snapshot()`, without its
    /// lower bound).
    pub(crate) fn nr_free_exact(&self) -> i64 {
        let item = bindings::zone_stat_item_NR_FREE_PAGES;
        let global = self.counter(&pin_init::zeroed(), item).global;
        (0..nr_cpu_ids()).fold(global, |sum, cpu| {
            let slots = load!(self.as_ptr(), per_cpu_zonestats);
            let slot = pinned::of_cpu(slots, cpu);
            let delta = load!(slot, vm_stat_diff).get(item as usize).copied();
            sum.wrapping_add(i64::from(delta.unwrap_or(0)))
        })
    }

    /// Sets or clears the flag that the background reclaimer sets while it works on the zone. Frees
    /// under it keep fewer pages on the per-CPU lists; nothing else is decided by it.
    pub(crate) fn set_reclaim_active(&self, on: bool) {
        let bit = bindings::zone_flags_ZONE_RECLAIM_ACTIVE as usize;
        // SAFETY: By the invariants of `HostZone`.
        let flags = unsafe { &raw mut (*self.as_ptr()).flags };
        match on {
            // SAFETY: A word that everyone changes atomically.
            true => unsafe { bindings::set_bit(bit, flags) },
            // SAFETY: As above.
            false => unsafe { bindings::clear_bit(bit, flags) },
        }
    }

    fn zonestat(&self, pinned: &Pinned) -> bindings::per_cpu_zonestat {
        let slot = pinned.this_cpu(load!(self.as_ptr(), per_cpu_zonestats));
        // SAFETY: By the type invariants; other CPUs do not write it.
        unsafe { slot.read_volatile() }
    }

    fn counter(&self, stat: &bindings::per_cpu_zonestat, item: u32) -> CounterImage {
        let global = load!(self.as_ptr(), vm_stat);
        let delta = stat.vm_stat_diff.get(item as usize).copied();
        CounterImage {
            global: global.get(item as usize).map_or(0, |n| n.counter),
            delta: i32::from(delta.unwrap_or(0)),
        }
    }

    fn watermarks(&self) -> Watermarks {
        let [min, low, high, promo] = load!(self.as_ptr(), _watermark).map(|mark| mark as u64);
        Watermarks {
            min,
            low,
            high,
            promo,
        }
    }

    fn pcp_scalars(&self, pinned: &Pinned) -> PcpScalars {
        let pcp = self.pcp(pinned);
        PcpScalars {
            count: load!(pcp, count),
            high: load!(pcp, high),
            high_min: load!(pcp, high_min),
            high_max: load!(pcp, high_max),
            batch: load!(pcp, batch),
            flags: load!(pcp, flags),
            alloc_factor: load!(pcp, alloc_factor),
            expire: load!(pcp, expire),
            free_count: load!(pcp, free_count),
        }
    }
}

/// A number that should not be negative.
fn unsigned(nr: impl TryInto<u64>) -> u64 {
    nr.try_into().unwrap_or(0)
}

/// Bound of the CPU numbers.
fn nr_cpu_ids() -> u32 {
    // SAFETY: Written at boot only.
    unsafe { (&raw const bindings::nr_cpu_ids).read() }
}
