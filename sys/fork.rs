// SPDX-License-Identifier: GPL-2.0

//! Fork against [`super::Window::unmap`].
//!
//! `copy_huge_pmd()` reads the parent's entry of a page table before it takes the locks, and uses
//! that value for a special entry such as ours. `unmap_mapping_pages()` takes no `mmap_lock`: it
//! may clear the parent's entry after that read and pass by the child's before it is written. The
//! child would be left with an entry for a page that belongs to somebody else by then. So the
//! parent's entries are removed before the copy: `dup_mmap()` opens the child's vma first, with the
//! parent's `mmap_lock` and vma locked, so that nothing comes back until the copy is done. Both
//! sides fault again.
//!
//! Small entries are read under both locks: without large ones there is nothing to do.
//!
//! C: `dup_mmap()` in `mm/mmap.c`, `copy_huge_pmd()` in `mm/huge_memory.c`.

use super::vma::Vma;
use kernel::bindings;

/// Notes in a new vma to which address space it belongs. A copy has the note of its original.
///
/// # Safety
///
/// Nobody else uses `vma` yet.
pub(super) unsafe fn remember_owner(vma: *mut bindings::vm_area_struct) {
    // SAFETY: By the requirement of this function.
    unsafe { (*vma).vm_private_data = (*vma).vm_mm.cast() };
}

/// A copy of one of our vmas was made.
///
/// # Safety
///
/// Called from `open` of the operations of vmas only.
pub(super) unsafe fn vma_opened(vma: Vma) {
    // SAFETY: The vma is held by the caller.
    let (noted, mm) = unsafe { ((*vma.as_ptr()).vm_private_data, (*vma.as_ptr()).vm_mm) };
    if noted == mm.cast() {
        // A split or a move, within one address space.
        return;
    }
    // SAFETY: The child's vma is not yet linked to anything.
    unsafe { remember_owner(vma.as_ptr()) };
    // SAFETY: Forks copy the current address space, whose `mmap_lock` is held for writing.
    unsafe { remove_entries_of_parent(vma, noted.cast()) };
}

/// # Safety
///
/// `mm` is either the address space that is being copied, with `mmap_lock` held for writing, or not
/// the current one.
#[cfg(CONFIG_ARCH_SUPPORTS_PMD_PFNMAP)]
unsafe fn remove_entries_of_parent(child: Vma, mm: *mut bindings::mm_struct) {
    // SAFETY: The current task stays while we run.
    if mm.is_null() || mm != unsafe { (*bindings::get_current()).mm } {
        return;
    }
    let (start, end) = child.bounds();
    // SAFETY: The current address space, whose lock is held.
    let parent = unsafe { bindings::vma_lookup(mm, start) };
    if parent.is_null() {
        return;
    }
    // SAFETY: `mmap_lock` is held.
    let parent = unsafe { Vma::from_raw(parent) };
    // SAFETY: As above.
    let ours = unsafe { (*parent.as_ptr()).vm_ops == (*child.as_ptr()).vm_ops };
    if ours && parent.bounds() == (start, end) {
        // SAFETY: A `VM_PFNMAP` vma of the current address space, and all of it.
        unsafe { bindings::zap_special_vma_range(parent.as_ptr(), start, end.wrapping_sub(start)) };
    }
}

/// There are no large entries here.
///
/// # Safety
///
/// None.
#[cfg(not(CONFIG_ARCH_SUPPORTS_PMD_PFNMAP))]
unsafe fn remove_entries_of_parent(_child: Vma, _mm: *mut bindings::mm_struct) {}
