// SPDX-License-Identifier: GPL-2.0

//! A node of the running kernel, to read its zones and to drive its allocator: the other side of a
//! comparison.
//!
//! Reading takes the locks of the zones; driving uses what the kernel exports to every module.
//! Pages that come out of it belong to a [`RealBlock`], which gives them back when it is dropped.
//!
//! What decides where a page comes from is per CPU: everything here that depends on it wants to see
//! a [`Pinned`].
//!
//! C: `struct zone`, `struct per_cpu_pages`; `alloc_pages_node()`, `alloc_contig_range()`.

mod block;
mod events;
mod gfp;
mod image;
mod page;
mod pageblock;
mod pinned;
mod zone;

pub(crate) use self::{
    block::RealBlock,
    gfp::HostGfp,
    pinned::Pinned,
    zone::RealZone, //
};

use super::node::{
    self,
    node_is_online, //
};
use crate::{
    sys::{
        new_locked,
        Locked, //
    },
    zone::{
        image::PageEvents,
        order::MAX_ORDER_NR_PAGES,
        ZoneType, //
    }, //
};
use kernel::{
    bindings,
    prelude::*, //
};

/// Whether this kernel is one whose zones can be read and driven.
pub(crate) const IS_SUPPORTED: bool = true;

/// A node whose zones can be read and driven.
///
/// # Invariants
///
/// The node was online when this was made.
pub(crate) struct RealNode {
    nid: i32,
    /// Frame number of page 0: that of the first zone, rounded down to a block of the largest
    /// order.
    base_pfn: u64,
    events: Locked<PageEvents>,
}

impl RealNode {
    /// Node `nid`. `ENODEV` if it is not online or has no memory.
    pub(crate) fn find(nid: i32) -> Result<Self> {
        if !node_is_online(nid) {
            return Err(ENODEV);
        }
        let mut base_pfn = u64::MAX;
        for zone in populated(nid) {
            base_pfn = base_pfn.min(zone.start_pfn());
        }
        if base_pfn == u64::MAX {
            return Err(ENODEV);
        }
        // INVARIANT: Just checked.
        Ok(Self {
            nid,
            base_pfn: base_pfn & !u64::from(MAX_ORDER_NR_PAGES.wrapping_sub(1)),
            events: new_locked!(PageEvents::default(), c"rust_buddy::oracle_events")?,
        })
    }

    /// Its number.
    pub(crate) fn nid(&self) -> i32 {
        self.nid
    }

    /// Frame number of page 0.
    pub(crate) fn base_pfn(&self) -> u64 {
        self.base_pfn
    }

    /// The zones that have pages, lowest first.
    pub(crate) fn zones(&self) -> impl Iterator<Item = RealZone> {
        populated(self.nid)
    }

    /// The zone of this type, if it has pages.
    pub(crate) fn zone(&self, kind: ZoneType) -> Option<RealZone> {
        self.zones().find(|zone| zone.kind() == kind)
    }
}

/// The zones of an online node that have pages, lowest first. `ZONE_DEVICE` is none of ours.
fn populated(nid: i32) -> impl Iterator<Item = RealZone> {
    let zones = node::zones(nid).zip(ZoneType::ALL);
    zones.filter_map(|(zone, kind)| RealZone::new(zone, kind))
}

/// Nodes that are online (C: `nr_online_nodes`).
pub(crate) fn nr_online_nodes() -> u32 {
    // SAFETY: An exported integer of the kernel, always there; read in one access.
    unsafe { (&raw const bindings::nr_online_nodes).read_volatile() }
}

/// Whether the administrator has locked the kernel against its root user
/// (C: `security_locked_down()`). Sleeps.
#[cfg(CONFIG_SECURITY)]
pub(crate) fn is_locked_down() -> bool {
    // One flag of a zone can be set through this folder, hence a reason to write.
    let reason = bindings::lockdown_reason_LOCKDOWN_DBG_WRITE_KERNEL;
    // SAFETY: May be asked at any time in process context.
    unsafe { bindings::security_locked_down(reason) != 0 }
}

/// Without security modules nothing can be locked down.
#[cfg(not(CONFIG_SECURITY))]
pub(crate) fn is_locked_down() -> bool {
    false
}
