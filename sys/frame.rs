// SPDX-License-Identifier: GPL-2.0

//! From `struct page` to its memory in the direct map, and from there to its frame number.
//!
//! C: `page_address()`, `virt_to_pfn()`; neither is in the kernel crate.

use super::PAGE_SHIFT;
use kernel::bindings;

// With high memory pages would have no lasting address.
kernel::static_assert!(!cfg!(CONFIG_HIGHMEM));

/// Where the page lies in the direct map.
///
/// # Safety
///
/// `page` is the `struct page` of memory that is online.
pub(super) unsafe fn address(page: *mut bindings::page) -> *mut u8 {
    // Without high memory this is `page_address()` and needs no unmapping.
    // SAFETY: By the requirement of this function.
    unsafe { bindings::kmap_local_page(page) }.cast()
}

/// Frame number of an address in the direct map.
pub(super) fn pfn_of_address(address: *const u8) -> u64 {
    (address.addr().wrapping_sub(direct_map()) >> PAGE_SHIFT) as u64
}

/// Where the direct map starts, with frame 0 (C: `PAGE_OFFSET`).
#[cfg(all(CONFIG_X86_64, not(CONFIG_UML)))]
fn direct_map() -> usize {
    // SAFETY: Written at boot only.
    unsafe { (&raw const bindings::page_offset_base).read() }
}

#[cfg(CONFIG_UML)]
fn direct_map() -> usize {
    // SAFETY: Written at boot only.
    unsafe { (&raw const bindings::uml_physmem).read() }
}

#[cfg(not(any(CONFIG_X86_64, CONFIG_UML)))]
compile_error!("sys/frame.rs: where does the direct map of this architecture start?");
