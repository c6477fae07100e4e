// SPDX-License-Identifier: GPL-2.0

//! The memory that the allocator hands out: one contiguous range of each of its nodes, taken from
//! the host.
//!
//! C: `alloc_contig_pages()`, `free_contig_range()` in `mm/page_alloc.c`. The `struct page`s of the
//! range are left as they are: the host's scanners read them.

use super::{
    claims::Claims,
    cond_resched,
    frame,
    node,
    PAGE_SIZE, //
};
use core::ptr::NonNull;
use kernel::{
    bindings,
    prelude::*, //
};

/// Most nodes that pages can be taken from.
const MAX_NODES: usize = 64;

/// Pages between two chances for others to run.
const BATCH: u32 = 1024;

/// A contiguous range of pages of one node.
///
/// # Invariants
///
/// - `memory` is the address in the direct map of `nr_pages` pages, a power of two, that
///   `alloc_contig_pages()` gave us, each with one reference, which are freed by nobody else.
/// - `base_pfn` is the frame number of the first one, a multiple of `nr_pages`.
///
/// User space may map the pages and write to them at any time. No references to their contents are
/// ever made, only copies through raw pointers.
struct Span {
    memory: NonNull<u8>,
    base_pfn: u64,
    nr_pages: u32,
    nid: i32,
}

/// The pages of a region: as many of each of several nodes, numbered node by node.
///
/// # Invariants
///
/// All spans have `span_pages` pages, a power of two.
pub(crate) struct CarvedRegion {
    spans: KVec<Span>,
    span_pages: u32,
    claims: Claims,
}

// SAFETY: The pages belong to no thread.
unsafe impl Send for CarvedRegion {}
// SAFETY: The methods on `&self` touch atomics or the pages' contents, which are raw memory.
unsafe impl Sync for CarvedRegion {}

impl Span {
    /// Takes the pages; see [`CarvedRegion::new`].
    fn new(nr_pages: u32, nid: i32) -> Result<Self> {
        let page = alloc_contig(nr_pages, nid)?;
        // SAFETY: These pages were just allocated.
        let address = unsafe { frame::address(page.as_ptr()) };
        // SAFETY: As above.
        let nid = unsafe { bindings::page_to_nid(page.as_ptr()) };
        // INVARIANT: All from one `alloc_contig_pages()`; nobody else knows them.
        let span = Self {
            // The direct map starts far above 0.
            memory: NonNull::new(address).ok_or(EFAULT)?,
            base_pfn: frame::pfn_of_address(address),
            nr_pages,
            nid,
        };
        span.zero_all();
        Ok(span)
    }

    /// Address of page `first` of this span, if that has `nr` pages from there on.
    fn pages_at(&self, first: u32, nr: u32) -> Option<NonNull<u8>> {
        if first.checked_add(nr)? > self.nr_pages {
            return None;
        }
        // SAFETY: By the type invariants; the offset is at most that of the end.
        Some(unsafe { self.memory.add(first as usize * PAGE_SIZE) })
    }

    fn fill(&self, first: u32, nr: u32, byte: u8) {
        if let Some(start) = self.pages_at(first, nr) {
            // SAFETY: By the type invariants, and so many pages follow.
            unsafe { start.write_bytes(byte, nr as usize * PAGE_SIZE) };
        }
    }

    /// Clears everything. Sleeps.
    fn zero_all(&self) {
        for first in (0..self.nr_pages).step_by(BATCH as usize) {
            self.fill(first, BATCH.min(self.nr_pages.wrapping_sub(first)), 0);
            cond_resched();
        }
    }
}

impl Drop for Span {
    /// Clears the pages and gives them back. Sleeps.
    fn drop(&mut self) {
        self.zero_all();
        for first in (0..self.nr_pages).step_by(BATCH as usize) {
            let pfn = self.base_pfn.wrapping_add(u64::from(first)) as usize;
            let nr = BATCH.min(self.nr_pages.wrapping_sub(first)) as usize;
            // SAFETY: By the type invariants the pages are ours, and this is the end of them.
            unsafe { bindings::free_contig_range(pfn, nr) };
            cond_resched();
        }
    }
}

impl CarvedRegion {
    /// Takes `nr_pages`, a power of two, from each of the nodes `nids` (from any node if that is
    /// negative) and clears them. They are aligned to their size. Sleeps, migrates and reclaims
    /// pages of the host.
    ///
    /// # Errors
    ///
    /// `EINVAL` if `nr_pages` is no power of two or a node is not online, `ENOMEM` if the host has
    /// no such range. Neither leaves anything behind or logs anything.
    pub(crate) fn new(nr_pages: u32, nids: impl Iterator<Item = i32>) -> Result<Self> {
        if !nr_pages.is_power_of_two() {
            return Err(EINVAL);
        }
        let mut spans = KVec::with_capacity(MAX_NODES, GFP_KERNEL)?;
        for nid in nids {
            spans.push_within_capacity(Span::new(nr_pages, nid)?)?;
        }
        let total = u32::try_from(spans.len())?
            .checked_mul(nr_pages)
            .ok_or(EINVAL)?;
        Ok(Self {
            spans,
            span_pages: nr_pages,
            claims: Claims::new(total)?,
        })
    }

    /// The nodes, and the number of pages of each.
    pub(crate) fn nids(&self) -> impl ExactSizeIterator<Item = (i32, u32)> + '_ {
        self.spans.iter().map(|span| (span.nid, span.nr_pages))
    }

    /// Frame number of the first page.
    pub(crate) fn base_pfn(&self) -> u64 {
        self.spans.first().map_or(0, |span| span.base_pfn)
    }

    /// Frame number of page `idx`. Any context.
    pub(crate) fn pfn(&self, idx: u32) -> Option<u64> {
        let (span, page) = self.span_of(idx)?;
        Some(span.base_pfn.wrapping_add(u64::from(page)))
    }

    /// The span that page `idx` lies in, and its number there.
    #[inline]
    fn span_of(&self, idx: u32) -> Option<(&Span, u32)> {
        let shift = self.span_pages.trailing_zeros();
        let span = self.spans.get(idx.checked_shr(shift)? as usize)?;
        Some((span, idx & self.span_pages.wrapping_sub(1)))
    }

    /// Marks `nr` pages as handed out. `false`, and nothing changed, if one of them already was or
    /// the range is empty or not inside the region. Any context.
    #[must_use]
    pub(crate) fn claim(&self, first: u32, nr: u32) -> bool {
        self.claims.set(first, nr)
    }

    /// Marks `nr` pages as taken back. `false`, and nothing changed, if one of them was not handed
    /// out or the range is empty or not inside the region. Any context.
    #[must_use]
    pub(crate) fn release(&self, first: u32, nr: u32) -> bool {
        self.claims.clear(first, nr)
    }

    /// Whether all of these pages are handed out. Any context.
    pub(crate) fn is_claimed(&self, first: u32, nr: u32) -> bool {
        self.claims.all_set(first, nr)
    }

    /// Number of pages that are handed out. A snapshot.
    pub(crate) fn nr_claimed(&self) -> u32 {
        self.claims.count()
    }

    /// Clears `nr` pages of one node; nothing if they are not inside the region. Any context, but a
    /// large range takes long: it does not reschedule.
    pub(crate) fn zero(&self, first: u32, nr: u32) {
        self.fill(first, nr, 0);
    }

    /// Sets each byte of `nr` pages. Otherwise as [`Self::zero`].
    pub(crate) fn fill(&self, first: u32, nr: u32, byte: u8) {
        if let Some((span, page)) = self.span_of(first) {
            span.fill(page, nr, byte);
        }
    }

    /// Copies `nr` pages, each range of one node; whether both are inside the region. Sleeps, and a
    /// large range takes long.
    #[must_use]
    pub(crate) fn copy(&self, from: u32, to: u32, nr: u32) -> bool {
        let pages = |first| {
            let (span, page) = self.span_of(first)?;
            span.pages_at(page, nr)
        };
        let (Some(source), Some(target)) = (pages(from), pages(to)) else {
            return false;
        };
        // SAFETY: So many pages follow both, see `pages_at()`; they may overlap.
        unsafe { source.copy_to(target, nr as usize * PAGE_SIZE) };
        true
    }

    /// Copies bytes of page `idx` from `offset` on. Returns how many: at most to the end of the
    /// page, none if there is no such page. Any context.
    pub(crate) fn read(&self, idx: u32, offset: usize, out: &mut [u8]) -> usize {
        let Some((memory, rest)) = self.bytes_at(idx, offset) else {
            return 0;
        };
        let len = rest.min(out.len());
        // SAFETY: `rest` bytes of the page follow; `out` is kernel memory, which is not in the
        // region.
        unsafe { memory.copy_to_nonoverlapping(NonNull::from(out).cast(), len) };
        len
    }

    /// Overwrites bytes of page `idx` from `offset` on. Otherwise as [`Self::read`].
    pub(crate) fn write(&self, idx: u32, offset: usize, data: &[u8]) -> usize {
        let Some((memory, rest)) = self.bytes_at(idx, offset) else {
            return 0;
        };
        let len = rest.min(data.len());
        // SAFETY: `rest` bytes of the page follow; `data` is kernel memory, which is not in the
        // region.
        unsafe { memory.copy_from_nonoverlapping(NonNull::from(data).cast(), len) };
        len
    }

    /// Address of a byte of page `idx`, and how many there are to the end of the page.
    fn bytes_at(&self, idx: u32, offset: usize) -> Option<(NonNull<u8>, usize)> {
        let rest = PAGE_SIZE.checked_sub(offset)?;
        let (span, page) = self.span_of(idx)?;
        let start = span.pages_at(page, 1)?;
        // SAFETY: A page is there, and `offset <= PAGE_SIZE`.
        let memory = unsafe { start.add(offset) };
        Some((memory, rest))
    }
}

/// `alloc_contig_pages()` on one node only, or on any.
fn alloc_contig(nr_pages: u32, nid: i32) -> Result<NonNull<bindings::page>> {
    let any = nid < 0;
    let nid = if any {
        node::online_nodes().next().ok_or(ENOMEM)?
    } else {
        nid
    };
    if !node::node_is_online(nid) {
        return Err(EINVAL);
    }
    let mut mask = node::only(nid);
    let mask = if any {
        core::ptr::null_mut()
    } else {
        &raw mut mask
    };
    // The pages are not movable, hence no zone above Normal. Clearing is left to us: the kernel
    // would do it without ever rescheduling.
    let gfp = bindings::GFP_KERNEL | bindings::__GFP_NOWARN;
    // SAFETY: The node is online; the mask is NULL or outlives the call.
    let page = unsafe { bindings::alloc_contig_pages_noprof(nr_pages as usize, gfp, nid, mask) };
    NonNull::new(page).ok_or(ENOMEM)
}
