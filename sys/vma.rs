// SPDX-License-Identifier: GPL-2.0

//! User mappings of the device: what may be mapped and how mappings are counted. The pages come
//! with the faults, see [`super::fault`].
//!
//! Mappings are `VM_PFNMAP`: the kernel then keeps no references to pages, refuses to pin them, and
//! flushes TLBs before a mapping disappears from the address space that [`super::Window::unmap`]
//! walks.
//!
//! C: `struct vm_operations_struct`.

use super::{
    chrdev::OpenFile,
    fault,
    fork,
    CharDevice,
    PAGE_SHIFT,
    PAGE_SIZE, //
};
use core::{
    marker::PhantomData,
    ptr::NonNull, //
};
use kernel::{
    bindings,
    error::from_result,
    ffi::{
        c_int,
        c_ulong,
        c_void, //
    },
    prelude::*, //
};

type GetUnmappedArea =
    unsafe extern "C" fn(*mut bindings::file, c_ulong, c_ulong, c_ulong, c_ulong) -> c_ulong;

/// Addresses such that large entries of page tables can be used.
#[cfg(CONFIG_TRANSPARENT_HUGEPAGE)]
pub(super) const GET_UNMAPPED_AREA: Option<GetUnmappedArea> = Some(bindings::thp_get_unmapped_area);

#[cfg(not(CONFIG_TRANSPARENT_HUGEPAGE))]
pub(super) const GET_UNMAPPED_AREA: Option<GetUnmappedArea> = None;

/// A mapping of one of our files.
///
/// # Invariants
///
/// `0` is a vma with our operations, or one that will have them. It stays, with its bounds and its
/// file, as long as this value is used: callers hold `mmap_lock` or the lock of the vma.
#[derive(Clone, Copy)]
pub(super) struct Vma(NonNull<bindings::vm_area_struct>);

impl Vma {
    /// # Safety
    ///
    /// As the type invariants say.
    pub(super) unsafe fn from_raw(vma: *mut bindings::vm_area_struct) -> Self {
        // SAFETY: A vma is not NULL.
        // INVARIANT: By the requirement of this function.
        Self(unsafe { NonNull::new_unchecked(vma) })
    }

    pub(super) fn as_ptr(self) -> *mut bindings::vm_area_struct {
        self.0.as_ptr()
    }

    /// First address, and the one after the last.
    pub(super) fn bounds(self) -> (usize, usize) {
        // SAFETY: By the type invariants; this member of the union is always there while the vma
        // is.
        let bounds = unsafe { &raw const (*self.as_ptr()).__bindgen_anon_1.__bindgen_anon_1 };
        // SAFETY: As above.
        unsafe { ((*bounds).vm_start, (*bounds).vm_end) }
    }

    /// First page of the device's offset space.
    pub(super) fn first_pgoff(self) -> u64 {
        // SAFETY: By the type invariants.
        unsafe { (*self.as_ptr()).vm_pgoff as u64 }
    }

    /// Number of pages.
    pub(super) fn nr_pages(self) -> u64 {
        let (start, end) = self.bounds();
        (end.wrapping_sub(start) >> PAGE_SHIFT) as u64
    }

    /// `vm_flags`.
    fn flags(self) -> bindings::vm_flags_t {
        // SAFETY: By the type invariants; both members of the union are the same word.
        unsafe { (*self.as_ptr()).__bindgen_anon_2.vm_flags }
    }

    /// The open file.
    ///
    /// # Safety
    ///
    /// The file was opened by the operations of `D`.
    pub(super) unsafe fn open_file<'a, D: CharDevice>(self) -> &'a OpenFile<D> {
        // SAFETY: By the type invariants.
        let file = unsafe { (*self.as_ptr()).vm_file };
        // SAFETY: The vma holds the file.
        unsafe { OpenFile::of(file) }
    }
}

/// `mmap(2)`.
///
/// # Safety
///
/// Called by the VFS only, for a file with the operations of `D` and a vma that is being made.
pub(super) unsafe extern "C" fn mmap<D: CharDevice>(
    file: *mut bindings::file,
    vma: *mut bindings::vm_area_struct,
) -> c_int {
    // SAFETY: `mmap_lock` is held.
    let vma = unsafe { Vma::from_raw(vma) };
    // SAFETY: By the requirement of this function.
    let open = unsafe { OpenFile::<D>::of(file) };
    from_result(|| {
        let flags = new_flags(vma.flags())?;
        open.device()
            .mmap(open.file(), vma.first_pgoff(), vma.nr_pages())?;
        // Nothing may fail from here on: the mapping is counted.
        // SAFETY: Nobody else sees the vma yet, so its flags need no lock.
        unsafe { (*vma.as_ptr()).__bindgen_anon_2.vm_flags = flags };
        // SAFETY: As above.
        unsafe { (*vma.as_ptr()).vm_ops = Operations::<D>::table() };
        // SAFETY: As above.
        unsafe { fork::remember_owner(vma.as_ptr()) };
        Ok(0)
    })
}

/// The flags of a new mapping, which user space asked to have `flags`.
fn new_flags(flags: bindings::vm_flags_t) -> Result<bindings::vm_flags_t> {
    // Private mappings copy on write, which `VM_PFNMAP` cannot. Not `VM_SHARED`: the kernel clears
    // that for a file that was opened read-only.
    if flags & bindings::VM_MAYSHARE == 0 {
        return Err(EINVAL);
    }
    if flags & bindings::VM_EXEC != 0 {
        return Err(EPERM);
    }
    let set = bindings::VM_PFNMAP | bindings::VM_DONTEXPAND | bindings::VM_DONTDUMP;
    Ok((flags | set) & !bindings::VM_MAYEXEC)
}

/// The operations of mappings.
struct Operations<D: CharDevice>(PhantomData<D>);

impl<D: CharDevice> Operations<D> {
    const TABLE: bindings::vm_operations_struct = bindings::vm_operations_struct {
        open: Some(Self::open),
        close: Some(Self::close),
        fault: Some(fault::fault::<D>),
        huge_fault: fault::huge::<D>(),
        access: Some(Self::access),
        ..pin_init::zeroed()
    };

    const fn table() -> &'static bindings::vm_operations_struct {
        &Self::TABLE
    }

    /// # Safety
    ///
    /// Called by the kernel only, for the copy of a vma with these operations.
    unsafe extern "C" fn open(vma: *mut bindings::vm_area_struct) {
        // SAFETY: `mmap_lock` is held.
        let vma = unsafe { Vma::from_raw(vma) };
        // SAFETY: The vma was made by `mmap()`.
        let open = unsafe { vma.open_file::<D>() };
        open.device().map_open(vma.first_pgoff(), vma.nr_pages());
        // SAFETY: As this function.
        unsafe { fork::vma_opened(vma) };
    }

    /// # Safety
    ///
    /// Called by the kernel only, for a vma with these operations.
    unsafe extern "C" fn close(vma: *mut bindings::vm_area_struct) {
        // SAFETY: Nobody else uses the vma any more.
        let vma = unsafe { Vma::from_raw(vma) };
        // SAFETY: The vma was made by `mmap()`.
        let open = unsafe { vma.open_file::<D>() };
        open.device().map_close(vma.first_pgoff(), vma.nr_pages());
    }

    /// `/proc/PID/mem` and `ptrace(2)`; kernels without `HAVE_IOREMAP_PROT` (User-Mode Linux) never
    /// ask. Returns the bytes that were copied, at most to the end of a
    /// page.
    ///
    /// # Safety
    ///
    /// Called by the kernel only, for a vma with these operations that contains `address`, with
    /// `len` bytes of kernel memory at `buf`.
    unsafe extern "C" fn access(
        vma: *mut bindings::vm_area_struct,
        address: c_ulong,
        buf: *mut c_void,
        len: c_int,
        write: c_int,
    ) -> c_int {
        // SAFETY: `mmap_lock` is held.
        let vma = unsafe { Vma::from_raw(vma) };
        // SAFETY: The vma was made by `mmap()`.
        let open = unsafe { vma.open_file::<D>() };
        let len = usize::try_from(len).unwrap_or(0);
        // SAFETY: By the requirement of this function; nobody else uses the buffer meanwhile.
        let buf = unsafe { core::slice::from_raw_parts_mut(buf.cast::<u8>(), len) };
        let copied = access(open, vma, address, buf, write != 0);
        copied.map_or_else(Error::to_errno, |copied| copied as c_int)
    }
}

/// Copies between `buf` and the page at `address`.
fn access<D: CharDevice>(
    open: &OpenFile<D>,
    vma: Vma,
    address: usize,
    buf: &mut [u8],
    write: bool,
) -> Result<usize> {
    let needed = if write {
        bindings::VM_WRITE
    } else {
        bindings::VM_READ
    };
    if vma.flags() & needed == 0 {
        return Err(EFAULT);
    }
    let (start, _) = vma.bounds();
    let page = (address.wrapping_sub(start) >> PAGE_SHIFT) as u64;
    let pgoff = vma.first_pgoff().wrapping_add(page);
    let offset = address % PAGE_SIZE;

    let _guard = open.mapper().lock_for_access(pgoff);
    let region = open.device().region();
    let place = open.device().resolve(open.file(), pgoff).ok_or(EFAULT)?;
    if !region.is_claimed(place.idx, 1) {
        return Err(EFAULT);
    }
    Ok(if write {
        region.write(place.idx, offset, buf)
    } else {
        region.read(place.idx, offset, buf)
    })
}
