// SPDX-License-Identifier: GPL-2.0

//! One look at the free lists of all zones that a request may use.
//!
//! C: `get_page_from_freelist()`, `rmqueue()`, `alloc_flags_nofragment()` in `mm/page_alloc.c`.
//!
//! # Differences
//!
//! Not there yet: per-CPU lists, cpusets (`__GFP_HARDWALL` has no effect), dirty spreading
//! (`__GFP_WRITE` has none either), reclaim on the node before another one is tried.

#![deny(unsafe_code)]

use super::{
    zonelist::zonelist,
    Allocated,
    Path,
    Region, //
};
use crate::{
    gfp::{
        context::AllocContext,
        Gfp, //
    },
    zone::{
        alloc_flags::AllocFlags,
        Zone,
        ZoneType, //
    }, //
};

impl Region {
    /// Tries the zones from the preferred one down; once more if only the wish not to mix
    /// migratetypes stood in the way (C: `get_page_from_freelist()`).
    pub(super) fn get_page_from_freelist(
        &self,
        ctx: &AllocContext,
        flags: AllocFlags,
    ) -> Option<Allocated> {
        self.scan_zonelist(ctx, flags).or_else(|| {
            if !flags.has(AllocFlags::NOFRAGMENT) {
                return None;
            }
            self.scan_zonelist(ctx, flags.without(AllocFlags::NOFRAGMENT))
        })
    }

    fn scan_zonelist(&self, ctx: &AllocContext, flags: AllocFlags) -> Option<Allocated> {
        zonelist(&self.zones, ctx.highest_zone)
            .filter(|zone| may_take(zone, ctx, flags))
            .find_map(|zone| rmqueue(zone, ctx, flags))
    }
}

/// Whether the zone's watermark lets this request in.
fn may_take(zone: &Zone, ctx: &AllocContext, flags: AllocFlags) -> bool {
    flags.has(AllocFlags::NO_WATERMARKS) || zone.watermark_fast(ctx.order, ctx.highest_zone, flags)
}

/// Takes a block out of a zone (C: `rmqueue()`).
fn rmqueue(zone: &Zone, ctx: &AllocContext, flags: AllocFlags) -> Option<Allocated> {
    let block = zone.rmqueue(ctx.order, ctx.migratetype, flags)?;

    Some(Allocated {
        block,
        zone: zone.kind(),
        path: Path::Buddy,
    })
}

/// Flags of the first look: the low watermark, and whatever the request's flags add.
pub(super) fn fast_flags(region: &Region, ctx: &AllocContext) -> AllocFlags {
    let mut flags = AllocFlags::WMARK_LOW | ctx.gfp.cma_flags();

    if ctx.gfp.has(Gfp::KSWAPD_RECLAIM) {
        flags = flags | AllocFlags::KSWAPD;
    }
    if ctx
        .gfp
        .nonblocking_flags(ctx.order)
        .has(AllocFlags::HIGHATOMIC)
    {
        flags = flags | AllocFlags::HIGHATOMIC;
    }
    if prefers_unmixed(region, ctx) {
        flags = flags | AllocFlags::NOFRAGMENT;
    }
    flags
}

/// Rather than mix migratetypes in the normal zone, use the one below it, if there is one
/// (C: `alloc_flags_nofragment()`). A region of one node is taken to have one, as the kernel takes
/// a machine of one node.
fn prefers_unmixed(region: &Region, ctx: &AllocContext) -> bool {
    let preferred = zonelist(&region.zones, ctx.highest_zone)
        .next()
        .map(Zone::kind);

    preferred == Some(ZoneType::Normal)
}
