// SPDX-License-Identifier: GPL-2.0

//! A counter of a user's that can be waited for.
//!
//! C: `struct eventfd_ctx`.

use core::ptr::NonNull;
use kernel::{
    bindings,
    error::from_err_ptr,
    prelude::*, //
};

/// An eventfd. Two of them are equal if they are the same counter, by whatever descriptor.
///
/// # Invariants
///
/// A reference to the counter is held.
#[derive(PartialEq, Eq)]
pub(crate) struct EventFd(NonNull<bindings::eventfd_ctx>);

// SAFETY: The counter belongs to no thread.
unsafe impl Send for EventFd {}
// SAFETY: The counter has a lock of its own.
unsafe impl Sync for EventFd {}

impl EventFd {
    /// That of a descriptor of the caller's. `EBADF` if there is none, `EINVAL` if it is no
    /// eventfd.
    pub(crate) fn new(fd: i32) -> Result<Self> {
        // SAFETY: Any number may be asked for.
        let context = from_err_ptr(unsafe { bindings::eventfd_ctx_fdget(fd) })?;
        // INVARIANT: The reference is ours.
        Ok(Self(NonNull::new(context).ok_or(EBADF)?))
    }

    /// Adds one to the counter and wakes who waits for it. Not under a spinlock, because of those
    /// that are taken on the way.
    pub(crate) fn signal(&self) {
        // SAFETY: By the type invariants.
        unsafe { bindings::eventfd_signal_mask(self.0.as_ptr(), 0) };
    }
}

impl Drop for EventFd {
    fn drop(&mut self) {
        // SAFETY: By the type invariants; the reference is given up here.
        unsafe { bindings::eventfd_ctx_put(self.0.as_ptr()) };
    }
}
