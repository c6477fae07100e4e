// SPDX-License-Identifier: GPL-2.0

//! What a process holds on to, charged as locked memory.
//!
//! C: `account_locked_vm()` in `mm/util.c`.

use kernel::{
    bindings,
    error::to_result,
    mm::Mm,
    prelude::*,
    sync::{
        aref::ARef,
        atomic::{
            Atomic,
            Relaxed, //
        }, //
    }, //
};

/// The address space of the process that opened something, and the pages charged to it (`VmLck`).
/// The process may go away; the numbers then go with the last reference.
pub(crate) struct LockedVm {
    mm: ARef<Mm>,
    charged: Atomic<u64>,
}

impl LockedVm {
    /// That of the caller. `EINVAL` in a kernel thread.
    pub(crate) fn current() -> Result<Self> {
        let task = kernel::current!();
        let mm: &Mm = task.mm().ok_or(EINVAL)?;
        Ok(Self {
            mm: mm.into(),
            charged: Atomic::new(0),
        })
    }

    /// Adds `pages`. Sleeps; takes `mmap_lock`.
    ///
    /// # Errors
    ///
    /// `ENOMEM` beyond the caller's `RLIMIT_MEMLOCK`, unless it has `CAP_IPC_LOCK`.
    pub(crate) fn charge(&self, pages: u64) -> Result {
        // SAFETY: The address space is held.
        to_result(unsafe { bindings::account_locked_vm(self.mm.as_raw(), pages as usize, true) })?;
        self.charged.fetch_add(pages, Relaxed);
        Ok(())
    }

    /// Takes `pages` off, at most what was charged. Sleeps; takes `mmap_lock`.
    pub(crate) fn uncharge(&self, pages: u64) {
        let pages = self.take(pages);
        // SAFETY: The address space is held.
        unsafe { bindings::account_locked_vm(self.mm.as_raw(), pages as usize, false) };
    }

    /// Takes up to `pages` off our own count. Returns how many.
    fn take(&self, pages: u64) -> u64 {
        let mut charged = self.charged.load(Relaxed);
        loop {
            let taken = pages.min(charged);
            match self
                .charged
                .cmpxchg(charged, charged.wrapping_sub(taken), Relaxed)
            {
                Ok(_) => return taken,
                Err(now) => charged = now,
            }
        }
    }
}

impl Drop for LockedVm {
    /// Takes off what is left. Sleeps.
    fn drop(&mut self) {
        self.uncharge(u64::MAX);
    }
}
