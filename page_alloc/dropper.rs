// SPDX-License-Identifier: GPL-2.0

//! One who holds pages that can be dropped, for tests, and zones that he has filled.

#![deny(unsafe_code)]

use super::{
    fixture,
    layout::Shares,
    node::Node,
    Region, //
};
use crate::{
    gfp::{
        context::AllocContext,
        Gfp, //
    },
    slowpath::owners::{
        Migrated,
        OomResult,
        Owners,
        Reclaimed, //
    },
    zone::{
        alloc_flags::AllocFlags,
        migratetype::Migratetype,
        order::{
            Block,
            Order,
            PageIdx, //
        },
        vmstat::NumaPlace,
        Zone,
        ZoneType, //
    }, //
};
use kernel::{
    prelude::*,
    sync::atomic::{
        Atomic,
        Relaxed, //
    }, //
};

/// Holds single pages, and says the same of each.
pub(super) struct Dropper {
    /// They were used lately.
    pub(super) used: Atomic<bool>,
    /// Pages that were asked for.
    pub(super) nr_asked: Atomic<u64>,
    /// Calls for the last resort.
    pub(super) nr_oom: Atomic<u64>,
}

impl Dropper {
    /// None of them was used.
    pub(super) fn new() -> Self {
        Self {
            used: Atomic::new(false),
            nr_asked: Atomic::new(0),
            nr_oom: Atomic::new(0),
        }
    }
}

impl Owners for Dropper {
    fn movable(&self, _page: PageIdx) -> Option<Order> {
        None
    }

    fn migrate(&self, _from: PageIdx, target: Block) -> Migrated {
        Migrated::Stayed(target)
    }

    fn reclaim(&self, page: PageIdx, _force: bool) -> Reclaimed {
        self.nr_asked.fetch_add(1, Relaxed);
        match self.used.load(Relaxed) {
            true => Reclaimed::Activate,
            false => Reclaimed::Freed(Block::new(page, Order::ZERO)),
        }
    }

    fn deactivate(&self, _page: PageIdx) -> bool {
        self.used.store(false, Relaxed);
        true
    }

    fn oom(&self, _ctx: &AllocContext) -> OomResult {
        self.nr_oom.fetch_add(1, Relaxed);
        OomResult::NoVictim
    }
}

pub(super) const KERNEL: Gfp = Gfp::from_bits(0xcc0);
pub(super) const NOWAIT: Gfp = Gfp::from_bits(0x2800);

pub(super) fn region(dma32: u32) -> Result<Region> {
    let shares = Shares {
        dma: 0,
        dma32,
        movable: 0,
    };

    fixture::region(32768, shares)
}

pub(super) fn zone(region: &Region, kind: ZoneType) -> Result<&Zone> {
    Ok(region.pageset(kind).ok_or(EINVAL)?.zone())
}

pub(super) fn node(region: &Region) -> Result<&Node> {
    region.node(0).ok_or(EINVAL)
}

/// Takes a page of a zone, whatever its watermarks say.
pub(super) fn take(zone: &Zone, mt: Migratetype) -> Result<Block> {
    let any = AllocFlags::NO_WATERMARKS;
    let place = NumaPlace {
        preferred: true,
        local: true,
    };

    zone.rmqueue(Order::ZERO, mt, any, place).ok_or(ENOMEM)
}

/// Takes pages of a zone until so many are free; those of `lru` end up on an inactive list.
pub(super) fn leave(zone: &Zone, nr: u64, lru: bool) -> Result {
    while zone.nr_free() > nr {
        let block = take(zone, Migratetype::Movable)?;

        if lru {
            zone.lru_add(block.head(), block.order(), false);
        }
    }
    Ok(())
}
