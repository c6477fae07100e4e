// SPDX-License-Identifier: GPL-2.0

//! What a CPU counts of the pages that it hands out and takes back.
//!
//! C: `vm_event_states` (`PGALLOC_*`, `PGFREE`) in `mm/vmstat.c`.

use super::{
    Pinned,
    RealNode, //
};
use crate::zone::image::PageEvents;
use core::ptr;
use kernel::{
    bindings,
    ffi::c_ulong, //
};

/// What the running CPU has counted since boot.
fn this_cpu(pinned: &Pinned) -> PageEvents {
    let state = pinned.this_cpu((&raw const bindings::vm_event_states).cast_mut());
    let first = state.cast::<c_ulong>();
    let event = |item: u32| {
        // SAFETY: Of all CPUs' counters those of this one, which nobody else writes; the structure
        // is an array of words, one for each item.
        unsafe { ptr::read_volatile(first.wrapping_add(item as usize)) as u64 }
    };
    let mut events = PageEvents {
        free: event(bindings::vm_event_item_PGFREE),
        ..PageEvents::default()
    };
    for (item, nr) in (bindings::vm_event_item_PGALLOC_DMA..).zip(&mut events.alloc) {
        *nr = event(item);
    }
    events
}

impl RealNode {
    /// Runs `f`, which must not sleep, with nobody else on this CPU, and adds what it counts.
    pub(super) fn counted<R>(&self, pinned: &Pinned, f: impl FnOnce() -> R) -> R {
        self.events.with(|events| {
            let before = this_cpu(pinned);
            let result = f();
            *events = events.plus(&this_cpu(pinned).minus(&before));
            result
        })
    }

    /// Pages handed out and given back since [`set_page_events`](Self::set_page_events), the ranges
    /// of `alloc_contig` apart: those sleep.
    pub(crate) fn page_events(&self) -> PageEvents {
        self.events.with(|events| *events)
    }

    /// Sets what [`page_events`](Self::page_events) adds to.
    pub(crate) fn set_page_events(&self, start: PageEvents) {
        self.events.with(|events| *events = start);
    }
}
