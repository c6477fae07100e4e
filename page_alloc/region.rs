// SPDX-License-Identifier: GPL-2.0

//! What is done to all of a region, and what it tells of itself.
//!
//! C: `drain_all_pages()`, `page_alloc_cpu_dead()` in `mm/page_alloc.c`; `refresh_cpu_vm_stats()`
//! in `mm/vmstat.c`.

#![deny(unsafe_code)]

use super::{
    slow_events::SlowEvents,
    Region, //
};
use crate::{
    sys,
    zone::{
        order::PageIdx,
        validate::Report,
        PageblockStat,
        Zone, //
    }, //
};
use kernel::{
    prelude::*,
    sync::atomic::Relaxed, //
};

impl Region {
    /// Gives back what CPUs have in stock (C: `drain_all_pages()`).
    pub(crate) fn drain_all_pages(&self) {
        for pageset in self.pagesets() {
            pageset.drain_all();
        }
    }

    /// What is done now and then for `cpu` (C: `refresh_cpu_vm_stats()`).
    pub(crate) fn refresh_cpu_vm_stats(&self, cpu: u32) {
        let cpu_nid = sys::node_of_cpu(cpu);

        for pageset in self.pagesets() {
            pageset.refresh(cpu, cpu_nid);
        }
    }

    /// What a CPU leaves behind when it goes (C: `page_alloc_cpu_dead()`).
    pub(crate) fn cpu_dead(&self, cpu: u32) -> Result {
        for pageset in self.pagesets() {
            pageset.drain(cpu);
            pageset.zone().fold_counters(cpu);
        }
        self.cpu_changed(0)
    }

    /// Free pages of all zones, read without a lock.
    pub(crate) fn nr_free(&self) -> u64 {
        self.zones()
            .fold(0, |sum, zone| zone.nr_free().wrapping_add(sum))
    }

    /// Pages that CPUs have in stock.
    pub(crate) fn nr_pcp(&self) -> u64 {
        self.pagesets()
            .fold(0, |sum, pageset| pageset.total().wrapping_add(sum))
    }

    /// Blocks that wait for a zone's lock to be freed.
    pub(crate) fn nr_deferred(&self) -> u64 {
        self.zones().fold(0, |sum, zone| {
            u64::from(zone.nr_deferred()).wrapping_add(sum)
        })
    }

    /// Requests that ended without a block.
    pub(crate) fn nr_alloc_fail(&self) -> u64 {
        self.alloc_fail.load(Relaxed)
    }

    /// How often the slow path did what.
    pub(crate) fn slow_events(&self) -> &SlowEvents {
        &self.slow_events
    }

    /// What pageblock `nr` holds, and the zone that it lies in.
    pub(crate) fn pageblock(&self, nr: u32) -> Option<(&Zone, PageblockStat)> {
        let shift = u32::from(self.config.pageblock_order.get());
        let start = PageIdx::new(nr.checked_shl(shift)?);
        let zone = self.pageset_of(start)?.zone();

        Some((zone, zone.pageblock(start)))
    }

    /// Number of pageblocks.
    pub(crate) fn nr_pageblocks(&self) -> u32 {
        self.config.nr_pages >> (self.config.pageblock_order.get() & 31)
    }

    /// Recounts every zone and every stock, one after the other. What CPUs have in stock is not
    /// free.
    pub(crate) fn validate(&self) -> Report {
        self.pagesets().fold(Report::EMPTY, |report, pageset| {
            report.merge(pageset.validate())
        })
    }
}
