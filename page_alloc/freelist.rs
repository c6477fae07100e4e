// SPDX-License-Identifier: GPL-2.0

//! One look at the free lists of all zones that a request may use.
//!
//! C: `get_page_from_freelist()`, `rmqueue()`, `alloc_flags_nofragment()` in `mm/page_alloc.c`.
//!
//! # Differences
//!
//! There are no cpusets (`__GFP_HARDWALL` has no effect), no dirty spreading (`__GFP_WRITE` has
//! none either), and no reclaim on the node before another one is tried (`node_reclaim_mode` is 0).

#![deny(unsafe_code)]

mod checks;

use super::{
    pageset::Pageset,
    tunables::Tunable,
    Allocated,
    Region, //
};
use crate::{
    gfp::{
        context::AllocContext,
        Gfp, //
    },
    sys,
    zone::{
        alloc_flags::{
            AllocFlags,
            Wmark, //
        },
        order::Order,
        vmstat::NumaPlace,
        Zone,
        ZoneFlag,
        ZoneType, //
    }, //
};
use kernel::sync::atomic::Relaxed;

/// How a look at the zones ended.
enum Scan {
    /// With a block.
    Got(Allocated),
    /// At a zone of another node, where migratetypes would have been kept apart.
    Left,
    /// Nodes were skipped.
    Skipped,
    /// All were tried.
    End,
}

impl Region {
    /// Tries the zones from the preferred one on. The wish not to mix migratetypes holds on the
    /// preferred node only: once more without it if it stood in the way. Nodes whose background
    /// reclaimer is at work are the last to be tried (C: `get_page_from_freelist()`).
    pub(super) fn get_page_from_freelist(
        &self,
        ctx: &AllocContext,
        flags: AllocFlags,
    ) -> Option<Allocated> {
        let (mut flags, mut spares_busy) = (flags, self.is_numa());

        loop {
            match self.scan_zonelist(ctx, flags, spares_busy) {
                Scan::Got(allocated) => return Some(allocated),
                Scan::Skipped => spares_busy = false,
                Scan::Left => flags = flags.without(AllocFlags::NOFRAGMENT),
                Scan::End if flags.has(AllocFlags::NOFRAGMENT) && !self.is_defrag_mode() => {
                    flags = flags.without(AllocFlags::NOFRAGMENT);
                }
                Scan::End => return None,
            }
        }
    }

    fn scan_zonelist(&self, ctx: &AllocContext, flags: AllocFlags, spares_busy: bool) -> Scan {
        let Some(preferred) = self.zonelist(ctx).next() else {
            return Scan::End;
        };
        let here_only = flags.has(AllocFlags::NOFRAGMENT) && !self.is_defrag_mode();
        let mut end = Scan::End;

        for pageset in self.zonelist(ctx) {
            let nid = pageset.zone().nid();

            // Another node is better than mixing here, but mixing here is better than mixing there.
            if here_only && nid != preferred.zone().nid() {
                return Scan::Left;
            }
            if spares_busy && self.node(nid).is_some_and(|node| node.kswapd().is_busy()) {
                end = Scan::Skipped;
                continue;
            }
            if let Some(allocated) = self.try_zone(pageset, preferred, ctx, flags) {
                return Scan::Got(allocated);
            }
        }
        end
    }

    pub(super) fn is_defrag_mode(&self) -> bool {
        self.defrag_mode.load(Relaxed)
    }

    /// Flags of the first look: the low watermark, and whatever the request's flags add.
    pub(super) fn fast_flags(&self, ctx: &AllocContext) -> AllocFlags {
        let mut flags = AllocFlags::WMARK_LOW | ctx.gfp.cma_flags() | atomic_flags(ctx);

        if ctx.gfp.has(Gfp::KSWAPD_RECLAIM) {
            flags = flags | AllocFlags::KSWAPD;
        }
        if self.prefers_unmixed(ctx) {
            flags = flags | AllocFlags::NOFRAGMENT;
        }
        flags
    }

    /// Rather than mix migratetypes in the normal zone, use the one below it, if there is one
    /// (C: `alloc_flags_nofragment()`). A region of one node is taken to have one, as the kernel
    /// takes a machine of one node.
    fn prefers_unmixed(&self, ctx: &AllocContext) -> bool {
        if self.is_defrag_mode() {
            return true;
        }
        let Some(preferred) = self.zonelist(ctx).next() else {
            return false;
        };

        preferred.zone().kind() == ZoneType::Normal
            && (!self.is_numa() || self.has_dma32(preferred.zone().nid()))
    }

    fn has_dma32(&self, nid: i32) -> bool {
        self.node(nid)
            .is_some_and(|node| node.zone(ZoneType::Dma32).is_some())
    }

    /// Takes a block out of a zone if its watermark lets the request in. A zone that does not have
    /// all its pages yet grows first.
    fn try_zone(
        &self,
        pageset: &Pageset,
        preferred: &Pageset,
        ctx: &AllocContext,
        flags: AllocFlags,
    ) -> Option<Allocated> {
        let zone = pageset.zone();

        if !may_take(zone, ctx, flags)
            && !zone.deferred_grow()
            && !flags.has(AllocFlags::NO_WATERMARKS)
        {
            return None;
        }
        loop {
            match self.rmqueue(pageset, preferred, ctx, flags) {
                None if zone.deferred_grow() => continue,
                taken => return taken,
            }
        }
    }

    /// Takes a block out of a zone (C: `rmqueue()`).
    fn rmqueue(
        &self,
        pageset: &Pageset,
        preferred: &Pageset,
        ctx: &AllocContext,
        flags: AllocFlags,
    ) -> Option<Allocated> {
        let place = numa_place(pageset.zone(), preferred.zone());
        let taken = pageset.rmqueue(ctx.order, ctx.migratetype, flags, place);

        if taken.is_some() && !place.preferred {
            preferred.zone().count_foreign(1);
        }
        self.wake_after_boost(pageset.zone(), flags);
        let (block, path) = taken?;

        Some(Allocated {
            block,
            zone: pageset.zone().kind(),
            nid: pageset.zone().nid(),
            path,
        })
    }

    /// After a boost the background reclaimer has something to do.
    fn wake_after_boost(&self, zone: &Zone, flags: AllocFlags) {
        if flags.has(AllocFlags::KSWAPD) && zone.has_flag(ZoneFlag::BoostedWatermark) {
            zone.set_flag(ZoneFlag::BoostedWatermark, false);
            self.wakeup_kswapd(zone, Gfp::NONE, Order::ZERO, zone.kind());
        }
    }
}

/// Whether the request may use the high-order atomic reserve.
pub(super) fn atomic_flags(ctx: &AllocContext) -> AllocFlags {
    match ctx
        .gfp
        .nonblocking_flags(ctx.order)
        .has(AllocFlags::HIGHATOMIC)
    {
        true => AllocFlags::HIGHATOMIC,
        false => AllocFlags::WMARK_MIN,
    }
}

/// Whether the zone's watermark lets this request in.
///
/// Above high there is plenty. Whoever finds that a zone is not above high marks it, so that the
/// per-CPU lists give pages back before anything must be reclaimed.
fn may_take(zone: &Zone, ctx: &AllocContext, flags: AllocFlags) -> bool {
    let above = |wmark| zone.watermark_fast(ctx.order, (wmark, 0), ctx.highest_zone, flags);

    if !zone.has_flag(ZoneFlag::BelowHigh) {
        if above(Wmark::High) {
            return true;
        }
        zone.set_flag(ZoneFlag::BelowHigh, true);
    }
    above(flags.wmark())
}

/// Where a zone lies, seen from this CPU and from the zone that would have been best.
pub(super) fn numa_place(zone: &Zone, preferred: &Zone) -> NumaPlace {
    NumaPlace {
        preferred: zone.nid() == preferred.nid(),
        local: zone.nid() == sys::this_node(),
    }
}

impl Region {
    /// Whether keeping pageblocks whole goes before everything, after a change of that.
    pub(super) fn update_defrag_mode(&self) {
        let on = self.tunable(Tunable::DefragMode) != 0;

        self.defrag_mode.store(on, Relaxed);
    }
}
