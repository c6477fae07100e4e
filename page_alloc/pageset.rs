// SPDX-License-Identifier: GPL-2.0

//! A zone with the per-CPU lists in front of it.
//!
//! The lists are tried, never waited for: who finds those of its CPU locked goes to the zone.
//!
//! C: `rmqueue_pcplist()`, `__free_frozen_pages()`, `drain_pages_zone()` in `mm/page_alloc.c`,
//! `zone->per_cpu_pageset`.

#![deny(unsafe_code)]

mod checks;

use super::Path;
use crate::{
    pcp::{
        tuning::PcpLimits,
        PcpEvents,
        PcpIndex,
        PcpRequest,
        PcpRoom,
        PerCpuPages,
        ToFree, //
    },
    sys,
    zone::{
        alloc_flags::{
            AllocFlags,
            FreeFlags, //
        },
        migratetype::Migratetype,
        order::{
            Block,
            Order,
            PageIdx, //
        },
        validate::{
            Fault,
            Report, //
        },
        vmstat::NumaPlace,
        Zone,
        ZoneFlag, //
    }, //
};
use kernel::prelude::*;

/// A populated zone and each CPU's stock of its pages.
pub(crate) struct Pageset {
    zone: Zone,
    cpus: sys::PerCpu<PerCpuPages>,
    /// Whether huge pages have lists too.
    has_huge: bool,
}

impl Pageset {
    /// Puts empty lists in front of `zone`, which keep nothing yet. `has_large_cache` says of a CPU
    /// whether a batch of pages fits into its share of the cache.
    ///
    /// Allocates: sleeps.
    pub(crate) fn new(
        zone: Zone,
        has_huge: bool,
        has_large_cache: fn(u32) -> bool,
    ) -> Result<Self> {
        let stock = |cpu| PerCpuPages::new(has_large_cache(cpu));

        Ok(Self {
            zone,
            cpus: sys::new_percpu!(stock, c"rust_buddy_pcp")?,
            has_huge,
        })
    }

    /// The zone behind the lists.
    #[inline]
    pub(crate) fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Takes a block, from the lists of this CPU if they have that order (C: `rmqueue()`).
    #[inline]
    pub(crate) fn rmqueue(
        &self,
        order: Order,
        mt: Migratetype,
        flags: AllocFlags,
        place: NumaPlace,
    ) -> Option<(Block, Path)> {
        if let Some(index) = PcpIndex::new(order, mt, self.has_huge) {
            let request = PcpRequest { index, mt, flags };
            let take = |pcp: &mut PerCpuPages| pcp.rmqueue(&self.zone, &request, place);

            if let Some(block) = self.cpus.try_with(sys::this_cpu(), take).flatten() {
                return Some((block, Path::Pcp));
            }
        }
        let block = self.zone.rmqueue(order, mt, flags, place)?;

        Some((block, Path::Buddy))
    }

    /// Runs `f` on the lists of this CPU, unless somebody else holds them.
    pub(super) fn try_with<R>(&self, f: impl FnOnce(&mut PerCpuPages, &Zone) -> R) -> Option<R> {
        self.cpus
            .try_with(sys::this_cpu(), |pcp| f(pcp, &self.zone))
    }

    /// Gives a block back; whether the zone came above high (C: `__free_frozen_pages()`).
    pub(crate) fn free(&self, block: Block, flags: AllocFlags) -> bool {
        let Some(index) = self.index_for_free(&block) else {
            self.free_to_zone(block, flags);
            return false;
        };
        let cpu = sys::this_cpu();
        let mut block = Some(block);
        let left = self.cpus.try_with(cpu, |pcp| {
            let committed = pcp.commit(&self.zone, index, block.take()?, flags);
            let mut todo = committed.map_err(|full| block = Some(full)).ok()??;

            pcp.free_some(&self.zone, &mut todo);
            Some(todo)
        });

        match (block, left.flatten()) {
            (Some(block), _) => self.free_to_zone(block, flags),
            (None, Some(todo)) => return self.free_rest(cpu, todo),
            (None, None) => {}
        }
        false
    }

    /// The list that a block goes to. Blocks of special pageblocks are kept as movable ones, so
    /// that those come back into use; isolated ones stay where they are.
    fn index_for_free(&self, block: &Block) -> Option<PcpIndex> {
        let mt = match self.zone.migratetype(block.head()) {
            Migratetype::Isolate => return None,
            mt if mt.is_mergeable() => mt,
            _ => Migratetype::Movable,
        };

        PcpIndex::new(block.order(), mt, self.has_huge)
    }

    fn free_to_zone(&self, block: Block, flags: AllocFlags) {
        match flags.has(AllocFlags::NOLOCK) {
            true => self.zone.free_nolock(block),
            false => self.zone.free(block, FreeFlags::None),
        }
    }

    /// Goes on with what one hold of the locks was not enough for, as long as nobody else wants
    /// these lists. Whether the zone came above high.
    #[cold]
    fn free_rest(&self, cpu: u32, mut todo: ToFree) -> bool {
        let mut step = |pcp: &mut PerCpuPages| pcp.free_some(&self.zone, &mut todo);
        let mut more = true;

        while more && sys::this_cpu() == cpu {
            more = self.cpus.try_with(cpu, &mut step).unwrap_or(false);
        }
        let is_back = self.zone.has_flag(ZoneFlag::BelowHigh) && self.zone.is_above_high();

        if is_back {
            self.zone.set_flag(ZoneFlag::BelowHigh, false);
        }
        is_back
    }

    /// Recounts the zone and the stocks.
    pub(crate) fn validate(&self) -> Report {
        let start = self.zone.span().start;
        let sound = |cpu| self.cpus.with(cpu, |pcp| pcp.validate()) == Some(true);

        (0..self.cpus.nr()).fold(self.zone.validate(), |report, cpu| match sound(cpu) {
            true => report,
            false => report.merge(Report::one(start, Fault::WrongStock)),
        })
    }

    /// Gives everything on the lists of one CPU back (C: `drain_pages_zone()`).
    pub(crate) fn drain(&self, cpu: u32) {
        while self.cpus.with(cpu, |pcp| pcp.drain(&self.zone)) == Some(true) {}
    }

    /// The same for all CPUs (C: `drain_all_pages()`).
    pub(crate) fn drain_all(&self) {
        for cpu in 0..self.cpus.nr() {
            if self.count(cpu) > 0 {
                self.drain(cpu);
            }
        }
        self.zone.free_deferred();
    }

    /// What is done now and then for `cpu`: it tells what it counted, and gives back what it has
    /// not needed for long (C: `refresh_cpu_vm_stats()`).
    pub(crate) fn refresh(&self, cpu: u32, cpu_nid: i32) {
        let changed = self.zone.fold_counters(cpu);
        let is_local = self.zone.nid() == cpu_nid;

        if let Some(mut todo) = self.cpus.with(cpu, PerCpuPages::decay) {
            let mut step = |pcp: &mut PerCpuPages| pcp.free_some(&self.zone, &mut todo);

            while self.cpus.with(cpu, &mut step) == Some(true) {}
        }
        self.cpus
            .with(cpu, |pcp| pcp.expire(&self.zone, changed, is_local));
    }

    /// Sets the limits of all CPUs, and makes room for what they allow. On ENOMEM nothing changes.
    ///
    /// Allocates: sleeps.
    pub(crate) fn set_limits(&self, limits: PcpLimits) -> Result {
        let nr_pages = self.zone.span().nr_pages;
        let mut rooms = KVec::with_capacity(self.cpus.nr() as usize, GFP_KERNEL)?;

        for _ in 0..self.cpus.nr() {
            rooms.push_within_capacity(PcpRoom::new(&limits, nr_pages, self.has_huge)?)?;
        }
        for (cpu, room) in (0..self.cpus.nr()).zip(rooms.iter_mut()) {
            self.cpus.with(cpu, |pcp| pcp.set_limits(limits, room));
        }
        Ok(())
    }

    /// Pages on the lists of one CPU.
    pub(crate) fn count(&self, cpu: u32) -> i32 {
        self.cpus.with(cpu, |pcp| pcp.count()).unwrap_or(0)
    }

    /// Pages on the lists of all CPUs.
    pub(crate) fn total(&self) -> u64 {
        (0..self.cpus.nr()).fold(0, |sum, cpu| {
            let count = u64::try_from(self.count(cpu)).unwrap_or(0);

            count.wrapping_add(sum)
        })
    }

    /// Runs `f` on the lists of `cpu`.
    pub(crate) fn with<R>(&self, cpu: u32, f: impl FnOnce(&mut PerCpuPages) -> R) -> Option<R> {
        self.cpus.with(cpu, f)
    }

    /// Number of CPUs that have lists.
    pub(crate) fn nr_cpus(&self) -> u32 {
        self.cpus.nr()
    }

    /// What happened on the lists of all CPUs.
    pub(crate) fn events(&self) -> PcpEvents {
        let mut sum = PcpEvents::ZERO;

        for cpu in 0..self.cpus.nr() {
            if let Some(events) = self.cpus.with(cpu, |pcp| *pcp.events()) {
                sum = sum.sum(&events);
            }
        }
        sum
    }

    /// Pages of `start..end` that are on the lists of any CPU.
    pub(crate) fn nr_pages_in(&self, start: PageIdx, end: PageIdx) -> u32 {
        (0..self.cpus.nr()).fold(0, |sum, cpu| {
            let nr = self.cpus.with(cpu, |pcp| pcp.nr_pages_in(start, end));

            nr.unwrap_or(0).wrapping_add(sum)
        })
    }
}
