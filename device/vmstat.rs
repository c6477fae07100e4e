// SPDX-License-Identifier: GPL-2.0

//! VMSTAT: the numbers of the region as a whole, by the kernel's names where they mean the same.
//!
//! C: `mm/vmstat.c` (`vmstat_text[]`).

#![deny(unsafe_code)]

use super::{
    call::Call,
    query::MAX_FETCH,
    Device, //
};
use crate::{
    page_alloc::{
        pageset::Pageset,
        slow_events::SlowEvent,
        warn::Warning, //
    },
    pcp::PcpEvents,
    sys::{
        self,
        uapi, //
    },
    zone::{
        order::Order,
        vmstat::NumaEvents,
        ZoneType,
        NR_ZONES, //
    }, //
};
use kernel::prelude::*;

impl Device {
    /// RB_VMSTAT.
    #[inline(never)]
    pub(super) fn vmstat(&self, call: &Call) -> Result {
        let mut req: uapi::rb_vmstat = call.read()?;

        if req.flags != 0 {
            return Err(EINVAL);
        }
        if req.nr > MAX_FETCH {
            return Err(E2BIG);
        }
        let values = uapi::UserArray::<u64>::new(req.buf_ptr, req.nr)?;
        let (mut total, mut done) = (0u32, 0u32);

        self.each_vmstat(|_, value| {
            if total < req.nr {
                values.put(total, &value)?;
                done = done.wrapping_add(1);
            }
            total = total.wrapping_add(1);
            Ok(())
        })?;
        (req.nr_total, req.nr_done) = (total, done);
        req.epoch = self.epoch();
        call.write(&req)
    }

    /// Passes each number to `f`, in the order of the lines: the kernel's own, in its order, and
    /// then ours. All of them are taken before the first is passed on.
    pub(super) fn each_vmstat(&self, mut f: impl FnMut(&'static str, u64) -> Result) -> Result {
        let sums = Sums::of(self);
        let slow = self.region().slow_events();

        f("nr_free_pages", sums.nr_free)?;
        f("nr_free_pages_blocks", sums.nr_free_in_pageblocks)?;
        f("nr_free_cma", sums.nr_free_cma)?;
        f("numa_hit", sums.numa.hit)?;
        f("numa_miss", sums.numa.miss)?;
        f("numa_foreign", sums.numa.foreign)?;
        f("numa_local", sums.numa.local)?;
        f("numa_other", sums.numa.other)?;
        f("nr_inactive_file", sums.nr_inactive)?;
        f("nr_active_file", sums.nr_active)?;
        f("nr_isolated_file", sums.nr_isolated)?;
        for event in SlowEvent::ALL.into_iter().take(SlowEvent::NR_OF_NODES) {
            f(event.name(), slow.get(event))?;
        }
        for kind in ZoneType::ALL {
            // A zone that the region has nowhere has no line.
            if self.region().pageset(kind).is_some() {
                f(pgalloc_name(kind), sums.pgalloc_of(kind))?;
            }
        }
        for kind in ZoneType::ALL {
            if self.region().pageset(kind).is_some() {
                f(allocstall_name(kind), slow.allocstall(kind))?;
            }
        }
        f("pgfree", sums.pgfree)?;
        for event in SlowEvent::ALL.into_iter().skip(SlowEvent::NR_OF_NODES) {
            f(event.name(), slow.get(event))?;
        }
        f("rb_alloc_fail", self.region().nr_alloc_fail())?;
        f("rb_bad_page", sums.bad_page)?;
        f("rb_deferred_frees", self.region().nr_deferred())?;
        f("rb_extfrag_claim", sums.extfrag_claim)?;
        f("rb_extfrag_steal", sums.extfrag_steal)?;
        f("rb_pcp_drain", sums.pcp.drain)?;
        f("rb_pcp_pages", self.region().nr_pcp())?;
        f("rb_pcp_refill", sums.pcp.refill)?;
        f("rb_pcp_ring_full", sums.pcp.ring_full)?;
        for warning in Warning::ALL {
            f(warning.counter(), self.region().nr_warned(warning).into())?;
        }
        Ok(())
    }
}

fn allocstall_name(kind: ZoneType) -> &'static str {
    match kind {
        ZoneType::Dma => "allocstall_dma",
        ZoneType::Dma32 => "allocstall_dma32",
        ZoneType::Normal => "allocstall_normal",
        ZoneType::Movable => "allocstall_movable",
    }
}

fn pgalloc_name(kind: ZoneType) -> &'static str {
    match kind {
        ZoneType::Dma => "pgalloc_dma",
        ZoneType::Dma32 => "pgalloc_dma32",
        ZoneType::Normal => "pgalloc_normal",
        ZoneType::Movable => "pgalloc_movable",
    }
}

/// Numbers of all zones together, one picture of each.
struct Sums {
    nr_free: u64,
    nr_free_in_pageblocks: u64,
    nr_free_cma: u64,
    nr_active: u64,
    nr_inactive: u64,
    nr_isolated: u64,
    pgalloc: [u64; NR_ZONES],
    pgfree: u64,
    bad_page: u64,
    extfrag_claim: u64,
    extfrag_steal: u64,
    numa: NumaEvents,
    pcp: PcpEvents,
}

impl Sums {
    #[inline(never)]
    fn of(device: &Device) -> Self {
        let region = device.region();
        let mut sums = Self {
            nr_free: 0,
            nr_free_in_pageblocks: 0,
            nr_free_cma: 0,
            nr_active: 0,
            nr_inactive: 0,
            nr_isolated: 0,
            pgalloc: [0; NR_ZONES],
            pgfree: 0,
            bad_page: 0,
            extfrag_claim: 0,
            extfrag_steal: 0,
            numa: NumaEvents::ZERO,
            pcp: PcpEvents::ZERO,
        };

        for pageset in region.pagesets() {
            sums.add(pageset, region.config().pageblock_order);
            sys::cond_resched();
        }
        sums
    }

    fn add(&mut self, pageset: &Pageset, pageblock_order: Order) {
        let picture = pageset.zone().snapshot();
        let in_pageblocks = picture.nr_free_in_pageblocks(pageblock_order);
        let (events, pcp) = (&picture.events, pageset.events());
        let add = |sum: &mut u64, nr: u64| *sum = sum.wrapping_add(nr);

        add(&mut self.nr_free, picture.nr_free);
        add(&mut self.nr_free_in_pageblocks, in_pageblocks);
        add(&mut self.nr_free_cma, picture.nr_free_cma);
        let (active, inactive) = pageset.zone().lru_counts();

        add(&mut self.nr_active, active);
        add(&mut self.nr_inactive, inactive);
        add(&mut self.nr_isolated, pageset.zone().lru_isolated());
        if let Some(pgalloc) = self.pgalloc.get_mut(pageset.zone().kind().index()) {
            add(pgalloc, events.pgalloc.wrapping_add(pcp.pgalloc));
        }
        add(&mut self.pgfree, events.pgfree.wrapping_add(pcp.pgfree));
        add(&mut self.bad_page, events.bad_page);
        add(&mut self.extfrag_claim, events.extfrag_claim);
        add(&mut self.extfrag_steal, events.extfrag_steal);
        self.numa = self.numa.sum(events.numa).sum(pcp.numa);
        self.pcp = self.pcp.sum(&pcp);
    }

    fn pgalloc_of(&self, kind: ZoneType) -> u64 {
        self.pgalloc.get(kind.index()).copied().unwrap_or(0)
    }
}
