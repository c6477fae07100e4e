// SPDX-License-Identifier: GPL-2.0

//! The largest free run of a host zone, read from its free lists.
//!
//! The lists name free blocks only, so there are no memory holes to step over, as there would be in
//! a walk over `struct page`. Blocks of the largest order are marked in a table, whose neighbours
//! are then paired up, order by order.
//!
//! C: `struct free_area`; nothing there answers this question.

use super::{
    frame,
    node::HostZone, //
};
use core::mem::offset_of;
use kernel::{
    bindings,
    prelude::*,
    sync::SpinLockIrq, //
};

const MAX_ORDER: u32 = bindings::MAX_PAGE_ORDER;
/// Blocks of one list that are looked at: the host's zone lock is held meanwhile. On hosts with
/// more the answer may be too small.
const MAX_BLOCKS: u32 = 65536;

const NR_LISTS: usize = bindings::migratetype_MIGRATE_TYPES as usize;

/// Largest power of two of pages, aligned to itself, that is free in `zone`; 0 if none is. Sleeps.
pub(super) fn of_zone(zone: HostZone) -> u32 {
    // A zone that never had memory has no list heads either.
    // SAFETY: By the invariants of `HostZone`.
    if unsafe { (&raw const (*zone.as_ptr()).initialized).read_volatile() } == 0 {
        return 0;
    }
    let Ok(mut table) = Table::for_zone(zone) else {
        return 0;
    };
    let largest = {
        // SAFETY: By the invariants of `HostZone` the lock is there, initialised and for ever.
        let lock = unsafe { SpinLockIrq::<()>::from_raw(&raw mut (*zone.as_ptr()).lock) };
        let _guard = lock.lock();
        // SAFETY: The zone lock is held.
        unsafe { table.mark_free_blocks(zone) };
        // SAFETY: The zone lock is held.
        unsafe { largest_order(zone) }
    };
    match largest {
        None => 0,
        Some(MAX_ORDER) => table.largest_run().max(1 << MAX_ORDER),
        Some(order) => 1 << (order & 31),
    }
}

/// The largest order that has a free block.
///
/// # Safety
///
/// The zone lock is held.
unsafe fn largest_order(zone: HostZone) -> Option<u32> {
    (0..=MAX_ORDER).rev().find(|order| {
        // SAFETY: The zone lock is held, and `order <= MAX_PAGE_ORDER`.
        unsafe { (*free_area(zone, *order)).nr_free != 0 }
    })
}

/// The free lists of one order.
///
/// # Safety
///
/// `order <= MAX_PAGE_ORDER`.
unsafe fn free_area(zone: HostZone, order: u32) -> *mut bindings::free_area {
    // SAFETY: By the invariants of `HostZone`.
    let areas = unsafe { &raw mut (*zone.as_ptr()).free_area };
    // SAFETY: A zone has `MAX_PAGE_ORDER + 1` areas.
    unsafe { areas.cast::<bindings::free_area>().add(order as usize) }
}

/// One byte for each block of the largest order: whether it is free.
struct Table {
    /// Number of the block that `cells` starts with (frame number >> `MAX_ORDER`).
    first: usize,
    cells: KVVec<u8>,
}

impl Table {
    /// An empty table that spans the zone. Sleeps.
    fn for_zone(zone: HostZone) -> Result<Self> {
        // SAFETY: By the invariants of `HostZone`; memory hotplug may change it, which only makes
        // the table too small.
        let start = unsafe { (&raw const (*zone.as_ptr()).zone_start_pfn).read_volatile() };
        // SAFETY: As above.
        let spanned = unsafe { (&raw const (*zone.as_ptr()).spanned_pages).read_volatile() };
        let nr = if spanned == 0 {
            0
        } else {
            (spanned >> MAX_ORDER).wrapping_add(2)
        };
        Ok(Self {
            first: start >> MAX_ORDER,
            cells: KVVec::zeroed(nr, GFP_KERNEL | __GFP_NOWARN)?,
        })
    }

    /// Marks every free block of the largest order.
    ///
    /// # Safety
    ///
    /// The zone is initialised and its lock is held.
    unsafe fn mark_free_blocks(&mut self, zone: HostZone) {
        // SAFETY: `MAX_ORDER` is an order.
        let area = unsafe { free_area(zone, MAX_ORDER) };
        for list in 0..NR_LISTS {
            // SAFETY: An area has a list for each migratetype.
            let head = unsafe {
                (&raw mut (*area).free_list)
                    .cast::<bindings::list_head>()
                    .add(list)
            };
            // SAFETY: The zone lock is held.
            unsafe { self.mark_list(head) };
        }
    }

    /// Marks the blocks of one list.
    ///
    /// # Safety
    ///
    /// `head` is a free list of the largest order whose zone lock is held.
    unsafe fn mark_list(&mut self, head: *mut bindings::list_head) {
        // SAFETY: A list head that nobody changes now.
        let mut entry = unsafe { (*head).next };
        for _ in 0..MAX_BLOCKS {
            if entry == head {
                break;
            }
            // SAFETY: An entry of a free list is the list head of a free block's first page.
            let page = unsafe { entry.byte_sub(offset_of!(bindings::page, __bindgen_anon_1)) };
            // SAFETY: Free pages are online.
            let address = unsafe { frame::address(page.cast()) };
            self.mark(frame::pfn_of_address(address) as usize >> MAX_ORDER);
            // SAFETY: As for `head`.
            entry = unsafe { (*entry).next };
        }
    }

    fn mark(&mut self, block: usize) {
        let cell = block
            .checked_sub(self.first)
            .and_then(|i| self.cells.get_mut(i));
        if let Some(cell) = cell {
            *cell = 1;
        }
    }

    /// Pages of the largest aligned run of marked blocks.
    fn largest_run(mut self) -> u32 {
        let mut largest = 0u32;
        let mut order = MAX_ORDER;
        while order < 31 && self.cells.iter().any(|cell| *cell != 0) {
            largest = 1 << order;
            order = order.wrapping_add(1);
            self.pair_up();
        }
        largest
    }

    /// Makes each cell stand for two: block `n` is free if `2n` and `2n + 1` were.
    fn pair_up(&mut self) {
        let first = self.first.wrapping_add(1) / 2;
        let nr = self.cells.len();
        for i in 0..nr {
            // Blocks are numbered from frame 0, so `2 * first` is at or just after the old first.
            let left = first
                .wrapping_add(i)
                .wrapping_mul(2)
                .wrapping_sub(self.first);
            let both = self.at(left) & self.at(left.wrapping_add(1));
            if let Some(cell) = self.cells.get_mut(i) {
                *cell = both;
            }
        }
        self.first = first;
    }

    fn at(&self, i: usize) -> u8 {
        self.cells.get(i).copied().unwrap_or(0)
    }
}
