// SPDX-License-Identifier: GPL-2.0

//! `struct page` and frame numbers, where all of them lie in one virtual array.
//!
//! C: `page_to_pfn()`, `pfn_to_page()` with `CONFIG_SPARSEMEM_VMEMMAP`.

use super::pageblock;
use core::mem::{
    offset_of,
    size_of, //
};
use kernel::bindings;

/// Frame number of a page.
pub(super) fn pfn(page: *const bindings::page) -> u64 {
    let bytes = page.addr().wrapping_sub(vmemmap());
    (bytes / size_of::<bindings::page>()) as u64
}

/// The page of a frame, if that is memory. `pfn` lies in a zone.
pub(super) fn online(pfn: u64) -> Option<*mut bindings::page> {
    let bytes = (pfn as usize).wrapping_mul(size_of::<bindings::page>());
    let page = vmemmap().wrapping_add(bytes) as *mut bindings::page;
    pageblock::is_online(pfn).then_some(page)
}

/// The page that is on a list by this entry: free lists and per-CPU lists use the same place.
pub(super) fn of_entry(entry: *mut bindings::list_head) -> *const bindings::page {
    entry
        .wrapping_byte_sub(offset_of!(bindings::page, __bindgen_anon_1))
        .cast()
}

/// Where the array starts.
fn vmemmap() -> usize {
    // SAFETY: Written at boot only.
    unsafe { (&raw const bindings::vmemmap_base).read() }
}
