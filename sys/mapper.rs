// SPDX-License-Identifier: GPL-2.0

//! All user mappings of the device, and how to take some of them away.
//!
//! Every open file is made to share one address space, that of an anonymous inode of the module.
//! Otherwise a second device node would have mappings that [`Mapper::zap`] does not find.
//!
//! Lock order: `mmap_lock`, then the lock of a vma, then the fault lock taken here, then
//! `i_mmap_rwsem` and page table locks, or spinlocks of the caller. Never the user's memory under
//! the fault lock.
//!
//! User-Mode Linux is an exception to what [`Mapper::zap`] promises: it tells other processors of a
//! removed entry only when they next enter the kernel.
//!
//! C: `unmap_mapping_pages()`; `drivers/gpu/drm/drm_drv.c` does the same with a file system of its
//! own.

use super::rwsem::{
    ReadGuard,
    RwSem, //
};
use core::ptr::NonNull;
use kernel::{
    bindings,
    error::from_err_ptr,
    prelude::*,
    static_lock_class,
    sync::Arc, //
};

#[allow(
    improper_ctypes,
    reason = "without lockdep there are empty structures inside"
)]
extern "C" {
    // Exported, but its header is not among those that the kernel crate binds.
    fn anon_inode_create_getfile(
        name: *const kernel::ffi::c_char,
        fops: *const bindings::file_operations,
        private: *mut kernel::ffi::c_void,
        flags: kernel::ffi::c_int,
        context: *const bindings::inode,
    ) -> *mut bindings::file;
}

/// Fault locks: faults in different windows seldom meet.
const NR_SHARDS: usize = 16;

/// The address space of all mappings, and the locks that order faults against [`Mapper::zap`].
#[pin_data]
pub(crate) struct Mapper {
    inode: Inode,
    /// log2 of the pages of a window.
    window_order: u8,
    #[pin]
    shards: [RwSem; NR_SHARDS],
}

impl Mapper {
    /// For a device whose offset space consists of windows of `2^window_order` pages. Sleeps.
    pub(crate) fn new(window_order: u8) -> Result<Arc<Self>> {
        let inode = Inode::new()?;
        let class = static_lock_class!();
        let shards =
            pin_init::pin_init_array_from_fn(move |_| RwSem::new(c"rust_buddy::fault", class));
        Arc::pin_init(
            pin_init!(Self { inode, window_order, shards <- shards }),
            GFP_KERNEL,
        )
    }

    /// Takes `[pgoff, pgoff + nr)`, the part of it that lies in the window of `pgoff`, away from
    /// every process: removes all entries of page tables, then runs `f`. Faults of the window wait
    /// meanwhile; they find what `f` left behind.
    ///
    /// When `f` starts no CPU can reach the pages through a mapping, and none will before it ends:
    /// it may give the pages to others, or copy them to where they will be found from now on.
    ///
    /// Sleeps; not from inside `f`, [`super::CharDevice::resolve`] or a spinlock. `f` must not
    /// touch user memory and should be short.
    pub(crate) fn zap<R>(&self, pgoff: u64, nr: u64, f: impl FnOnce() -> R) -> R {
        let _guard = self.shard(pgoff).write();
        let nr = nr.min(self.rest_of_window(pgoff));
        if nr != 0 {
            let mapping = self.inode.mapping();
            // SAFETY: The mapping lives as long as the inode, which `self` holds.
            unsafe { bindings::unmap_mapping_pages(mapping, pgoff as usize, nr as usize, true) };
        }
        f()
    }

    /// Keeps [`Self::zap`] out of the window. Sleeps; `None` if the task is to die.
    pub(super) fn lock_for_fault(&self, pgoff: u64) -> Option<ReadGuard<'_>> {
        self.shard(pgoff).read_killable()
    }

    /// Keeps [`Self::zap`] out of the window. Sleeps.
    pub(super) fn lock_for_access(&self, pgoff: u64) -> ReadGuard<'_> {
        self.shard(pgoff).read()
    }

    /// The address space for `file->f_mapping`.
    pub(super) fn mapping(&self) -> *mut bindings::address_space {
        self.inode.mapping()
    }

    fn shard(&self, pgoff: u64) -> &RwSem {
        let window = pgoff.wrapping_shr(u32::from(self.window_order));
        &self.shards[window as usize % NR_SHARDS]
    }

    fn rest_of_window(&self, pgoff: u64) -> u64 {
        let size = 1u64.wrapping_shl(u32::from(self.window_order));
        size.wrapping_sub(pgoff & size.wrapping_sub(1))
    }
}

/// An anonymous inode of our own.
///
/// # Invariants
///
/// `0` is an inode of which we hold a reference.
struct Inode(NonNull<bindings::inode>);

// SAFETY: Inodes belong to no thread.
unsafe impl Send for Inode {}
// SAFETY: Nothing here changes the inode.
unsafe impl Sync for Inode {}

impl Inode {
    fn new() -> Result<Self> {
        // The file is only a way to the inode. It goes away by task work, after our return: its
        // operations must not be in this module, whose init may fail and free them.
        // SAFETY: The name is copied, `generic_ro_fops` is in the kernel itself.
        let file = from_err_ptr(unsafe {
            anon_inode_create_getfile(
                c"[rust_buddy]".as_char_ptr(),
                &raw const bindings::generic_ro_fops,
                core::ptr::null_mut(),
                bindings::O_RDWR as kernel::ffi::c_int,
                core::ptr::null(),
            )
        })?;
        // SAFETY: A file that we hold.
        let inode = unsafe { (*file).f_inode };
        // SAFETY: The file holds it.
        unsafe { bindings::ihold(inode) };
        // SAFETY: The reference to the file is ours.
        unsafe { bindings::fput(file) };
        // INVARIANT: Held by the `ihold()` above.
        Ok(Self(NonNull::new(inode).ok_or(EINVAL)?))
    }

    fn mapping(&self) -> *mut bindings::address_space {
        // SAFETY: By the type invariants; the field does not change.
        unsafe { (*self.0.as_ptr()).i_mapping }
    }
}

impl Drop for Inode {
    fn drop(&mut self) {
        // SAFETY: By the type invariants; it is given up here.
        unsafe { bindings::iput(self.0.as_ptr()) };
    }
}
