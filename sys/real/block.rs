// SPDX-License-Identifier: GPL-2.0

//! Pages taken from the running kernel, by every way that it offers to modules.
//!
//! C: `alloc_pages_node()`, `alloc_pages_bulk()`, `alloc_pages_nolock()`, `alloc_contig_range()`.

use super::{
    page,
    HostGfp,
    Pinned,
    RealNode,
    RealZone, //
};
use crate::{
    sys::pageblock_order,
    zone::order::Order, //
};
use core::ptr::{
    null_mut,
    NonNull, //
};
use kernel::{
    bindings,
    error::to_result,
    ffi::{
        c_int,
        c_ulong, //
    },
    prelude::*, //
};

/// Pages that one bulk request may ask for.
const MAX_BULK: usize = 512;

/// What a [`RealBlock`] is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// A block of an order.
    Block(Order),
    /// So many single pages in a row.
    Run(u32),
}

/// Pages of the kernel that are ours.
///
/// # Invariants
///
/// The pages of `extent`, from `page` on, were allocated, and nobody else refers to them.
pub(crate) struct RealBlock {
    page: NonNull<bindings::page>,
    extent: Extent,
}

// SAFETY: Pages belong to no thread.
unsafe impl Send for RealBlock {}
// SAFETY: Nothing is done through a shared reference.
unsafe impl Sync for RealBlock {}

impl RealBlock {
    fn new(page: *mut bindings::page, extent: Extent) -> Option<Self> {
        // INVARIANT: Callers pass what an allocating function has just answered.
        NonNull::new(page).map(|page| Self { page, extent })
    }

    /// Frame number of the first page.
    pub(crate) fn pfn(&self) -> u64 {
        page::pfn(self.page.as_ptr())
    }

    /// The order, if it was allocated as a block.
    pub(crate) fn order(&self) -> Option<Order> {
        match self.extent {
            Extent::Block(order) => Some(order),
            Extent::Run(_) => None,
        }
    }

    /// Pages.
    pub(crate) fn nr_pages(&self) -> u32 {
        match self.extent {
            Extent::Block(order) => order.nr_pages(),
            Extent::Run(nr) => nr,
        }
    }
}

impl Drop for RealBlock {
    fn drop(&mut self) {
        match self.extent {
            Extent::Block(order) => {
                // SAFETY: By the type invariants.
                unsafe { bindings::__free_pages(self.page.as_ptr(), u32::from(order.get())) }
            }
            Extent::Run(nr) => {
                // SAFETY: As above.
                unsafe { bindings::free_contig_range(self.pfn() as c_ulong, nr as c_ulong) }
            }
        }
    }
}

impl RealNode {
    /// Asks for a block (C: `alloc_pages_node()`).
    pub(crate) fn alloc(&self, gfp: HostGfp, order: Order, pinned: &Pinned) -> Option<RealBlock> {
        let nr = u32::from(order.get());
        // SAFETY: The node was online when it was found, and its zonelists stay. By the invariants
        // of `HostGfp` it does not sleep.
        let alloc = || unsafe { bindings::alloc_pages_node_noprof(self.nid(), gfp.bits(), nr) };
        let page = self.counted(pinned, alloc);
        RealBlock::new(page, Extent::Block(order))
    }

    /// Asks for a block in the way that takes no lock by force (C: `alloc_pages_nolock()`). This
    /// request may be met by another node.
    pub(crate) fn alloc_nolock(&self, order: Order, pinned: &Pinned) -> Option<RealBlock> {
        let nr = u32::from(order.get());
        // SAFETY: Any context; no flag is needed.
        let alloc = || unsafe { bindings::alloc_pages_nolock_noprof(0, self.nid(), nr) };
        let page = self.counted(pinned, alloc);
        RealBlock::new(page, Extent::Block(order))
    }

    /// Fills the empty slots with single pages (C: `alloc_pages_bulk()`). Returns how many slots
    /// are full from the start on. Sleeps.
    ///
    /// # Errors
    ///
    /// `EINVAL` for more than [`MAX_BULK`] slots; `ENOMEM` if there is no memory for the list.
    pub(crate) fn alloc_bulk(
        &self,
        gfp: HostGfp,
        slots: &mut [Option<RealBlock>],
        pinned: &Pinned,
    ) -> Result<usize> {
        if slots.len() > MAX_BULK {
            return Err(EINVAL);
        }
        let mut pages = KVec::from_elem(null_mut(), slots.len(), GFP_KERNEL)?;
        for (page, slot) in pages.iter_mut().zip(slots.iter()) {
            let block = slot.as_ref();
            *page = block.map_or(null_mut(), |block| block.page.as_ptr());
        }
        let (nr, list) = (pages.len() as c_int, pages.as_mut_ptr());
        // SAFETY: A list of so many pages; the slots that have one are left alone.
        let alloc = || unsafe {
            bindings::alloc_pages_bulk_noprof(gfp.bits(), self.nid(), null_mut(), nr, list)
        };
        let nr = self.counted(pinned, alloc);
        for (slot, page) in slots.iter_mut().zip(pages) {
            if slot.is_none() {
                *slot = RealBlock::new(page, Extent::Block(Order::ZERO));
            }
        }
        Ok(nr)
    }

    /// Gives the pages back on this CPU (C: `__free_pages()`, `free_contig_range()`).
    pub(crate) fn free(&self, block: RealBlock, pinned: &Pinned) {
        self.counted(pinned, || drop(block));
    }

    /// Takes a range of pages, whatever it takes (C: `alloc_contig_range()`). Drains the per-CPU
    /// lists of all CPUs and may move pages. Sleeps.
    ///
    /// # Errors
    ///
    /// `EINVAL` for a range outside the zone or not all online; `EBUSY`, `ENOMEM`, `EINTR`.
    pub(crate) fn alloc_contig(
        &self,
        zone: &RealZone,
        start: u64,
        nr: u32,
        _pinned: &Pinned,
    ) -> Result<RealBlock> {
        let end = start.checked_add(u64::from(nr)).ok_or(EINVAL)?;
        if nr == 0 || !self.is_online(zone, start, end) {
            return Err(EINVAL);
        }
        let gfp = bindings::GFP_KERNEL | 1 << bindings::___GFP_NOWARN_BIT;
        // SAFETY: The range is in one zone and online.
        to_result(unsafe {
            bindings::alloc_contig_range_noprof(start as c_ulong, end as c_ulong, 0, gfp)
        })?;
        let page = page::online(start).ok_or(EINVAL)?;
        RealBlock::new(page, Extent::Run(nr)).ok_or(EINVAL)
    }

    /// Whether the range lies in the zone and all of it is online memory of this node.
    fn is_online(&self, zone: &RealZone, start: u64, end: u64) -> bool {
        let zone_end = zone.start_pfn().wrapping_add(zone.spanned());
        let is_ours = |pfn| {
            page::online(pfn).is_some_and(|page| {
                // SAFETY: A page of memory that is there.
                unsafe { bindings::page_to_nid(page) == self.nid() }
            })
        };
        let last = end.wrapping_sub(1);
        if start < zone.start_pfn() || end > zone_end || !is_ours(last) {
            return false;
        }
        // Memory comes and goes in units that are not smaller than a pageblock.
        let mut pfn = start;
        while pfn < end && is_ours(pfn) {
            pfn = pfn.wrapping_add(1 << pageblock_order());
        }
        pfn >= end
    }
}
