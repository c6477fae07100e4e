// SPDX-License-Identifier: GPL-2.0

//! All user mappings of the device, and how to take some of them away.
//!
//! Every open file is made to share one address space, that of an anonymous inode of the module.
//! Otherwise a second device node would have mappings that [`Window::unmap`] does not find.
//!
//! Lock order: `mmap_lock`, then the lock of a vma, then the fault lock taken here, then
//! `i_mmap_rwsem` and page table locks, or spinlocks of the caller. Never the user's memory under
//! the fault lock.
//!
//! User-Mode Linux is an exception to what [`Window::unmap`] promises: it tells other processors of
//! a removed entry only when they next enter the kernel.
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

/// The address space of all mappings, and the locks that order faults against
/// [`Mapper::with_window`].
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

    /// Runs `f` with the window of page `pgoff` to itself: faults and accesses of it wait
    /// meanwhile, and find what `f` left behind. Those of others may wait as well.
    ///
    /// Sleeps, and so may `f`; not from inside another window, [`super::CharDevice::resolve`] or a
    /// spinlock. `f` must not touch user memory, take `mmap_lock` or allocate, and should be short.
    pub(crate) fn with_window<R>(&self, pgoff: u64, f: impl FnOnce(&Window<'_>) -> R) -> R {
        let _guard = self.shard(pgoff).write();
        f(&self.window(pgoff))
    }

    /// As [`Self::with_window`], and passes `value` on; or gives it back, if the task is to die
    /// before its turn.
    pub(crate) fn with_window_killable<T, R>(
        &self,
        pgoff: u64,
        value: T,
        f: impl FnOnce(&Window<'_>, T) -> R,
    ) -> Result<R, T> {
        let Some(_guard) = self.shard(pgoff).write_killable() else {
            return Err(value);
        };
        Ok(f(&self.window(pgoff), value))
    }

    /// As [`Self::with_window`], but nobody waits for anything: to show what that is good for.
    pub(crate) fn with_open_window<R>(&self, pgoff: u64, f: impl FnOnce(&Window<'_>) -> R) -> R {
        f(&self.window(pgoff))
    }

    fn window(&self, pgoff: u64) -> Window<'_> {
        Window {
            mapper: self,
            pgoff,
        }
    }

    /// Keeps [`Self::with_window`] out of the window. Sleeps; `None` if the task is to die.
    pub(super) fn lock_for_fault(&self, pgoff: u64) -> Option<ReadGuard<'_>> {
        self.shard(pgoff).read_killable()
    }

    /// Keeps [`Self::with_window`] out of the window. Sleeps.
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

/// A window that somebody has to itself.
pub(crate) struct Window<'a> {
    mapper: &'a Mapper,
    pgoff: u64,
}

impl Window<'_> {
    /// Takes `nr` pages from where the window was asked for, the part of them that lies in it, away
    /// from every process: removes all entries of page tables.
    ///
    /// Afterwards no CPU can reach the pages through a mapping, and none will before the window is
    /// left: they may be given to others, or copied to where they will be found from then on.
    /// Sleeps.
    pub(crate) fn unmap(&self, nr: u64) {
        let nr = nr.min(self.mapper.rest_of_window(self.pgoff));
        if nr == 0 {
            return;
        }
        let (mapping, first) = (self.mapper.mapping(), self.pgoff as usize);
        // SAFETY: The mapping lives as long as the inode, which the mapper holds.
        unsafe { bindings::unmap_mapping_pages(mapping, first, nr as usize, true) };
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
