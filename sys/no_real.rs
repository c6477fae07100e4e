// SPDX-License-Identifier: GPL-2.0

//! The empty counterpart of `real/`: on this kernel zones are not laid out as that folder reads
//! them (no NUMA, no virtual memory map), or lack what it drives. No node can be found.

use crate::zone::{
    image::{
        PageEvents,
        ZoneImage,
        ZoneScalars, //
    },
    order::Order,
    ZoneType, //
};
use kernel::{
    prelude::*,
    types::NotThreadSafe, //
};

/// Whether this kernel is one whose zones can be read and driven.
pub(crate) const IS_SUPPORTED: bool = false;

/// A node; there is none.
pub(crate) enum RealNode {}

/// A zone; there is none.
#[derive(Clone, Copy)]
pub(crate) enum RealZone {}

/// Pages of the kernel; there are none.
pub(crate) enum RealBlock {}

/// Request flags of the running kernel.
#[derive(Clone, Copy)]
pub(crate) struct HostGfp;

/// Would stay on one CPU.
pub(crate) struct Pinned(NotThreadSafe);

impl RealNode {
    /// `EOPNOTSUPP`.
    pub(crate) fn find(_nid: i32) -> Result<Self> {
        Err(EOPNOTSUPP)
    }

    /// Its number.
    pub(crate) fn nid(&self) -> i32 {
        match *self {}
    }

    /// Frame number of page 0.
    pub(crate) fn base_pfn(&self) -> u64 {
        match *self {}
    }

    /// Gives the pages back.
    pub(crate) fn free(&self, _block: RealBlock, _: &Pinned) {
        match *self {}
    }

    /// Pages handed out and given back.
    pub(crate) fn page_events(&self) -> PageEvents {
        match *self {}
    }

    /// Sets what they add to.
    pub(crate) fn set_page_events(&self, _start: PageEvents) {
        match *self {}
    }

    /// The zones that have pages, lowest first.
    pub(crate) fn zones(&self) -> impl Iterator<Item = RealZone> {
        core::iter::empty()
    }

    /// The zone of this type.
    pub(crate) fn zone(&self, _kind: ZoneType) -> Option<RealZone> {
        match *self {}
    }

    /// Asks for a block.
    pub(crate) fn alloc(&self, _gfp: HostGfp, _order: Order, _: &Pinned) -> Option<RealBlock> {
        match *self {}
    }

    /// Asks for a block without locks.
    pub(crate) fn alloc_nolock(&self, _order: Order, _: &Pinned) -> Option<RealBlock> {
        match *self {}
    }

    /// Fills empty slots.
    pub(crate) fn alloc_bulk(
        &self,
        _gfp: HostGfp,
        _slots: &mut [Option<RealBlock>],
        _: &Pinned,
    ) -> Result<usize> {
        match *self {}
    }

    /// Takes a range.
    pub(crate) fn alloc_contig(
        &self,
        _zone: &RealZone,
        _start: u64,
        _nr: u32,
        _: &Pinned,
    ) -> Result<RealBlock> {
        match *self {}
    }
}

impl RealZone {
    /// Its numbers.
    pub(crate) fn scalars(&self, _: &Pinned) -> ZoneScalars {
        match *self {}
    }

    /// Free pages.
    pub(crate) fn nr_free_exact(&self) -> i64 {
        match *self {}
    }

    /// Sets or clears a flag.
    pub(crate) fn set_reclaim_active(&self, _on: bool) {
        match *self {}
    }

    /// Writes the zone down.
    pub(crate) fn image(&self, _base_pfn: u64, _: &Pinned, _image: &mut ZoneImage) -> Result {
        match *self {}
    }

    /// An image without lists.
    pub(crate) fn empty_image(&self, _base_pfn: u64, _: &Pinned) -> Result<ZoneImage> {
        match *self {}
    }
}

impl RealBlock {
    /// Frame number of the first page.
    pub(crate) fn pfn(&self) -> u64 {
        match *self {}
    }

    /// The order.
    pub(crate) fn order(&self) -> Option<Order> {
        match *self {}
    }

    /// Pages.
    pub(crate) fn nr_pages(&self) -> u32 {
        match *self {}
    }
}

impl HostGfp {
    /// `EOPNOTSUPP`.
    pub(crate) fn from_uapi(_flags: u32) -> Result<Self> {
        Err(EOPNOTSUPP)
    }
}

impl Pinned {
    /// Does nothing.
    pub(crate) fn new() -> Self {
        Self(NotThreadSafe)
    }

    /// The only CPU that matters.
    pub(crate) fn cpu(&self) -> u32 {
        0
    }
}

/// Nodes that are online.
pub(crate) fn nr_online_nodes() -> u32 {
    1
}

/// Nothing is revealed here.
pub(crate) fn is_locked_down() -> bool {
    false
}
