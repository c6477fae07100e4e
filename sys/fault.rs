// SPDX-License-Identifier: GPL-2.0

//! Page faults in mappings of the device.
//!
//! A fault asks the device where the page lies and enters that into the page table, both under the
//! fault lock of the window: [`super::Window::unmap`] comes wholly before or wholly after. Only
//! pages that are claimed are ever entered.
//!
//! C: `vmf_insert_pfn()`, `vmf_insert_pfn_pmd()`.

use super::{
    chrdev::OpenFile,
    vma::Vma,
    CarvedRegion,
    CharDevice,
    Place,
    PAGE_SIZE, //
};
use kernel::bindings;

type Outcome = bindings::vm_fault_t;

const NOPAGE: Outcome = bindings::vm_fault_reason_VM_FAULT_NOPAGE;
const SIGBUS: Outcome = bindings::vm_fault_reason_VM_FAULT_SIGBUS;

/// A fault enters up to this many pages, aligned to their number, of the block that was hit (C:
/// `fault_around_bytes`).
const AROUND: u64 = 16;

/// What the kernel says about a fault.
///
/// # Invariants
///
/// `vma` is held by the fault, and contains `address`, which is that of a page.
struct Fault {
    vma: Vma,
    address: usize,
    pgoff: u64,
}

impl Fault {
    /// # Safety
    ///
    /// `vmf` is what the kernel passed to an operation of one of our vmas.
    unsafe fn of(vmf: *mut bindings::vm_fault) -> Self {
        // SAFETY: By the requirement of this function.
        let vmf = unsafe { &(*vmf).__bindgen_anon_1 };
        // INVARIANT: The kernel passes a page inside the vma, whose lock or `mmap_lock` it holds.
        Self {
            // SAFETY: As above.
            vma: unsafe { Vma::from_raw(vmf.vma) },
            address: vmf.address,
            pgoff: vmf.pgoff as u64,
        }
    }

    /// Runs `insert` with what the device says about the page, while it cannot change.
    ///
    /// # Safety
    ///
    /// The vma is one of a file with the operations of `D`.
    unsafe fn resolved<D: CharDevice>(
        &self,
        insert: impl FnOnce(&CarvedRegion, Place) -> Outcome,
    ) -> Outcome {
        // SAFETY: By the requirement of this function.
        let open: &OpenFile<D> = unsafe { self.vma.open_file() };
        let Some(_guard) = open.mapper().lock_for_fault(self.pgoff) else {
            // The task dies of what woke it. Not `NOPAGE`: a fault inside the kernel, of a user
            // copy, would come back here until the lock is free.
            return SIGBUS;
        };
        match open.device().resolve(open.file(), self.pgoff) {
            Some(place) => insert(open.device().region(), place),
            None => SIGBUS,
        }
    }

    /// Enters the page, and those around it.
    fn insert(&self, region: &CarvedRegion, place: Place) -> Outcome {
        let outcome = self.insert_page(region, place.idx, 0);
        if outcome == NOPAGE {
            let (before, after) = self.around(place);
            for i in (0..before)
                .map(|i| !i)
                .chain((0..after).map(|i| i.wrapping_add(1)))
            {
                // Pages that do not work are left to faults of their own.
                self.insert_page(region, place.idx, i);
            }
        }
        outcome
    }

    /// How many pages before and after the one that was hit are of the same block and vma, and
    /// near.
    fn around(&self, place: Place) -> (u64, u64) {
        let in_block = u64::from(place.idx.saturating_sub(place.block_first));
        let in_vma = self.pgoff.saturating_sub(self.vma.first_pgoff());
        let in_group = self.pgoff % AROUND;

        let rest = |size: u64, at: u64| size.saturating_sub(at.saturating_add(1));
        let block = 1u64.wrapping_shl(u32::from(place.block_order));
        let after = rest(block, in_block)
            .min(rest(self.vma.nr_pages(), in_vma))
            .min(rest(AROUND, in_group));
        (in_block.min(in_vma).min(in_group), after)
    }

    /// Enters page `idx + i` at the page `i` of the vma after the one that was hit. Sleeps.
    fn insert_page(&self, region: &CarvedRegion, idx: u32, i: u64) -> Outcome {
        let idx = idx.wrapping_add(i as u32);
        let (Some(pfn), true) = (region.pfn(idx), region.is_claimed(idx, 1)) else {
            return SIGBUS;
        };
        let address = self
            .address
            .wrapping_add((i as usize).wrapping_mul(PAGE_SIZE));
        // SAFETY: The vma is held, shared and `VM_PFNMAP`; the page is one of the region, which the
        // vma's file keeps. An address outside of the vma is refused.
        unsafe { bindings::vmf_insert_pfn(self.vma.as_ptr(), address, pfn as usize) }
    }
}

/// A fault for one page.
///
/// # Safety
///
/// Called by the kernel only, for a vma of a file with the operations of `D`.
pub(super) unsafe extern "C" fn fault<D: CharDevice>(vmf: *mut bindings::vm_fault) -> Outcome {
    // SAFETY: By the requirement of this function.
    let fault = unsafe { Fault::of(vmf) };
    // SAFETY: By the requirement of this function.
    unsafe { fault.resolved::<D>(|region, place| fault.insert(region, place)) }
}

pub(super) use self::large::huge;

/// Entries of one page table level up.
#[cfg(CONFIG_ARCH_SUPPORTS_PMD_PFNMAP)]
mod large {
    use super::{
        super::PAGE_SHIFT,
        *, //
    };
    use kernel::ffi::c_uint;

    const FALLBACK: Outcome = bindings::vm_fault_reason_VM_FAULT_FALLBACK;
    const ORDER: u32 = bindings::PMD_SHIFT - PAGE_SHIFT;
    const PAGES: u32 = 1 << ORDER;

    type HugeFault = unsafe extern "C" fn(*mut bindings::vm_fault, c_uint) -> Outcome;

    /// The operation for `vm_operations_struct`.
    pub(in super::super) const fn huge<D: CharDevice>() -> Option<HugeFault> {
        Some(huge_fault::<D>)
    }

    /// A fault that a large entry would serve. `FALLBACK` leads to [`fault`](super::fault).
    ///
    /// # Safety
    ///
    /// As for [`fault`](super::fault).
    unsafe extern "C" fn huge_fault<D: CharDevice>(
        vmf: *mut bindings::vm_fault,
        order: c_uint,
    ) -> Outcome {
        // SAFETY: By the requirement of this function.
        let fault = unsafe { Fault::of(vmf) };
        let Some(before) = fault.pages_before(order) else {
            return FALLBACK;
        };
        // SAFETY: By the requirement of this function.
        let write = unsafe { (*vmf).flags } & bindings::fault_flag_FAULT_FLAG_WRITE != 0;
        let insert = |region: &CarvedRegion, place: Place| {
            let Some(pfn) = first_pfn(region, place, before) else {
                return FALLBACK;
            };
            // SAFETY: The vma is held, shared and `VM_PFNMAP`, and contains the whole entry; so
            // does the region, which the vma's file keeps.
            unsafe { bindings::vmf_insert_pfn_pmd(vmf, pfn as usize, write) }
        };
        // SAFETY: By the requirement of this function.
        unsafe { fault.resolved::<D>(insert) }
    }

    impl Fault {
        /// How many pages before this one the entry starts; `None` if it would not fit into the
        /// vma.
        fn pages_before(&self, order: c_uint) -> Option<u32> {
            let (start, end) = self.vma.bounds();
            let size = PAGE_SIZE << ORDER;
            let first = self.address & !(size - 1);
            let fits = first >= start && first.checked_add(size)? <= end;
            let before = self.address.wrapping_sub(first) >> PAGE_SHIFT;
            (order == ORDER && fits).then_some(before as u32)
        }
    }

    /// Frame number for an entry that starts `before` pages before `place`: aligned, and all of it
    /// one claimed block.
    fn first_pfn(region: &CarvedRegion, place: Place, before: u32) -> Option<u64> {
        let first = place.idx.checked_sub(before)?;
        let end = u64::from(first).wrapping_add(u64::from(PAGES));
        let block = 1u64.wrapping_shl(u32::from(place.block_order));
        let block_end = u64::from(place.block_first).wrapping_add(block);
        let in_block = first >= place.block_first && end <= block_end;
        let pfn = region.pfn(first)?;
        let usable = pfn % u64::from(PAGES) == 0 && in_block && region.is_claimed(first, PAGES);
        usable.then_some(pfn)
    }
}

#[cfg(not(CONFIG_ARCH_SUPPORTS_PMD_PFNMAP))]
mod large {
    use super::*;
    use kernel::ffi::c_uint;

    /// There are no large entries here.
    pub(in super::super) const fn huge<D: CharDevice>(
    ) -> Option<unsafe extern "C" fn(*mut bindings::vm_fault, c_uint) -> Outcome> {
        None
    }
}
