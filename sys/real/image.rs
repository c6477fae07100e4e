// SPDX-License-Identifier: GPL-2.0

//! A zone of the running kernel, written down whole.
//!
//! Taken under the locks of the per-CPU lists and of the zone, in this order, which is the
//! kernel's. Room for the lists is made before: it is guessed without the locks, and if the lists
//! have grown since, everything is done once more.
//!
//! C: `struct free_area`, `struct per_cpu_pages`.

use super::{
    page,
    pageblock,
    Pinned,
    RealZone, //
};
use crate::{
    sys::pageblock_order,
    zone::{
        image::{
            ListedBlock,
            ZoneImage, //
        },
        migratetype::MIGRATE_PCPTYPES,
        order::{
            Order,
            PageIdx, //
        }, //
    },
};
use kernel::{
    bindings,
    prelude::*,
    sync::{
        SpinLock,
        SpinLockIrq, //
    }, //
};

/// Times that the lists may outgrow the room that was made for them.
const MAX_TRIES: u32 = 8;

/// Room beyond what was counted.
const SLACK: usize = 256;

/// Lists of an order.
const NR_TYPES: usize = bindings::migratetype_MIGRATE_TYPES as usize;

/// Per-CPU lists of the orders up to `PAGE_ALLOC_COSTLY_ORDER`; those of huge pages come after.
const NR_LOWORDER_PCP_LISTS: usize = 4 * MIGRATE_PCPTYPES;

/// Per-CPU lists (C: `NR_PCP_LISTS`): two for huge pages, movable and not.
const NR_PCP_LISTS: usize = NR_LOWORDER_PCP_LISTS + 2;

// The lists are where this file looks for them.
kernel::static_assert!(
    size_of::<bindings::free_area>()
        == NR_TYPES * size_of::<bindings::list_head>() + size_of::<kernel::ffi::c_ulong>()
);
const _: fn(&bindings::per_cpu_pages) -> &[bindings::list_head; NR_PCP_LISTS] = |pcp| &pcp.lists;

impl RealZone {
    /// Writes the zone down, with page numbers counted from `base_pfn`. Sleeps; then holds the
    /// locks of the zone, with interrupts off, for a walk over all its lists.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; `EAGAIN` if the zone is too busy; `ERANGE` for a page that has no number.
    pub(crate) fn image(&self, base_pfn: u64, pinned: &Pinned, image: &mut ZoneImage) -> Result {
        let pages = Pages { base_pfn };
        for _ in 0..MAX_TRIES {
            self.make_room(pinned, image)?;
            match self.fill(&pages, pinned, image) {
                Err(ENOSPC) => (),
                done => return done,
            }
        }
        Err(EAGAIN)
    }

    /// An image without lists.
    pub(crate) fn empty_image(&self, base_pfn: u64, pinned: &Pinned) -> Result<ZoneImage> {
        let pages = Pages { base_pfn };
        Ok(ZoneImage {
            kind: self.kind(),
            start: pages.idx(self.start_pfn())?,
            spanned: u32::try_from(self.spanned()).map_err(|_| ERANGE)?,
            managed: self.managed(),
            scalars: self.scalars(pinned),
            free: KVVec::new(),
            pcp: KVVec::new(),
            pageblocks: KVVec::new(),
            nr_holes: 0,
        })
    }

    /// Empties the lists of an image and makes room for the zone as it seems to be now.
    fn make_room(&self, pinned: &Pinned, image: &mut ZoneImage) -> Result {
        let mut nr_free = 0usize;
        for order in Order::all() {
            // SAFETY: A snapshot of a counter, which need not be right.
            let nr = unsafe { (&raw const (*self.free_area(order)).nr_free).read_volatile() };
            nr_free = nr_free.saturating_add(nr);
        }
        let nr_pcp = usize::try_from(self.scalars(pinned).pcp.count).unwrap_or(0);
        let nr_pageblocks = (self.spanned() >> pageblock_order()).wrapping_add(2) as usize;

        room(&mut image.free, nr_free.saturating_add(SLACK))?;
        room(&mut image.pcp, nr_pcp.saturating_add(SLACK))?;
        room(&mut image.pageblocks, nr_pageblocks)
    }

    /// Writes everything down, under the locks. `ENOSPC` if there is not enough room.
    fn fill(&self, pages: &Pages, pinned: &Pinned, image: &mut ZoneImage) -> Result {
        let pcp = self.pcp(pinned);
        // SAFETY: The lists of a populated zone and their lock are there, initialised, for ever.
        let pcp_lock = unsafe { SpinLock::<()>::from_raw(&raw mut (*pcp).lock) };
        // SAFETY: So is the zone's.
        let zone_lock = unsafe { SpinLockIrq::<()>::from_raw(&raw mut (*self.as_ptr()).lock) };
        let _pcp_guard = pcp_lock.lock();
        let _zone_guard = zone_lock.lock();

        image.scalars = self.scalars(pinned);
        image.managed = self.managed();
        // SAFETY: The lock of the zone is held.
        unsafe { self.fill_free(pages, image) }?;
        // SAFETY: The lock of the lists is held.
        unsafe { fill_pcp(pcp, pages, image) }?;
        self.fill_pageblocks(image)
    }

    /// # Safety
    ///
    /// The lock of the zone is held.
    unsafe fn fill_free(&self, pages: &Pages, image: &mut ZoneImage) -> Result {
        for order in Order::all() {
            for list in 0..NR_TYPES {
                let lists = self.free_area(order).cast::<bindings::list_head>();
                let head = lists.wrapping_add(list);
                // SAFETY: A list of the zone, whose lock is held.
                unsafe { fill_list(head, pages, order, list as u8, &mut image.free) }?;
            }
        }
        Ok(())
    }

    /// Types of the pageblocks, from the one that the zone's first page lies in.
    fn fill_pageblocks(&self, image: &mut ZoneImage) -> Result {
        let order = pageblock_order();
        let start = self.start_pfn();
        let end = start.wrapping_add(self.spanned());
        let mut pfn = start >> order << order;
        image.nr_holes = 0;
        while pfn < end {
            let is_hole = !pageblock::is_online(pfn.max(start));
            image.nr_holes = image.nr_holes.wrapping_add(u32::from(is_hole));
            let mt = pageblock::migratetype(pfn.max(start));
            let pushed = image.pageblocks.push_within_capacity(mt);
            pushed.map_err(|_| ENOSPC)?;
            pfn = pfn.wrapping_add(1 << order);
        }
        Ok(())
    }

    /// The lists of an order; they are the first field.
    fn free_area(&self, order: Order) -> *mut bindings::free_area {
        // SAFETY: By the type invariants.
        let areas = unsafe { &raw mut (*self.as_ptr()).free_area };
        areas
            .cast::<bindings::free_area>()
            .wrapping_add(order.index())
    }
}

kernel::static_assert!(core::mem::offset_of!(bindings::free_area, free_list) == 0);

/// # Safety
///
/// The lock of the lists is held.
unsafe fn fill_pcp(
    pcp: *mut bindings::per_cpu_pages,
    pages: &Pages,
    image: &mut ZoneImage,
) -> Result {
    for list in 0..NR_PCP_LISTS {
        // SAFETY: By the requirement of this function.
        let lists = unsafe { &raw mut (*pcp).lists }.cast::<bindings::list_head>();
        let head = lists.wrapping_add(list);
        let order = Order::new(pcp_order(list)).ok_or(ERANGE)?;
        // SAFETY: One of the lists, whose lock is held.
        unsafe { fill_list(head, pages, order, list as u8, &mut image.pcp) }?;
    }
    Ok(())
}

/// Order of the blocks of a per-CPU list (C: `pindex_to_order()`).
fn pcp_order(list: usize) -> u32 {
    match list < NR_LOWORDER_PCP_LISTS {
        true => (list / MIGRATE_PCPTYPES) as u32,
        false => bindings::PMD_SHIFT - bindings::PAGE_SHIFT,
    }
}

/// Appends the blocks of one list, head first.
///
/// # Safety
///
/// `head` is a list of free pages whose lock is held.
unsafe fn fill_list(
    head: *mut bindings::list_head,
    pages: &Pages,
    order: Order,
    list: u8,
    out: &mut KVVec<ListedBlock>,
) -> Result {
    // SAFETY: By the requirement of this function.
    let mut entry = unsafe { (*head).next };
    while entry != head {
        let page = pages.idx(page::pfn(page::of_entry(entry)))?;
        let pushed = out.push_within_capacity(ListedBlock { page, order, list });
        pushed.map_err(|_| ENOSPC)?;
        // SAFETY: As for `head`.
        entry = unsafe { (*entry).next };
    }
    Ok(())
}

/// Empties `list` and sees to it that `nr` elements fit.
fn room<T>(list: &mut KVVec<T>, nr: usize) -> Result {
    list.clear();
    if list.capacity() < nr {
        *list = KVVec::with_capacity(nr, GFP_KERNEL | __GFP_NOWARN)?;
    }
    Ok(())
}

/// From frame numbers to page numbers.
struct Pages {
    base_pfn: u64,
}

impl Pages {
    fn idx(&self, pfn: u64) -> Result<PageIdx> {
        let idx = pfn.checked_sub(self.base_pfn).ok_or(ERANGE)?;
        let idx = u32::try_from(idx).map_err(|_| ERANGE)?;
        Ok(PageIdx::new(idx))
    }
}
