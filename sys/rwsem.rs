// SPDX-License-Identifier: GPL-2.0

//! The kernel's sleeping readers-writer lock, around nothing: it orders page faults against the
//! removal of mappings and protects no data of Rust.
//!
//! C: `struct rw_semaphore`; the kernel crate does not have it.

use core::pin::Pin;
use kernel::{
    bindings,
    prelude::*,
    sync::LockClassKey,
    types::{
        NotThreadSafe,
        Opaque, //
    }, //
};

/// A readers-writer lock, on cache lines of its own.
///
/// # Invariants
///
/// `raw` is an initialised `struct rw_semaphore`.
#[pin_data]
#[repr(align(64))]
pub(super) struct RwSem {
    #[pin]
    raw: Opaque<bindings::rw_semaphore>,
}

// SAFETY: A lock of the kernel belongs to no thread.
unsafe impl Send for RwSem {}
// SAFETY: A lock of the kernel may be used by all threads at once.
unsafe impl Sync for RwSem {}

impl RwSem {
    /// An unlocked lock.
    pub(super) fn new(
        name: &'static CStr,
        class: Pin<&'static LockClassKey>,
    ) -> impl PinInit<Self> {
        // INVARIANT: Initialised here.
        pin_init!(Self {
            // SAFETY: The slot is valid and pinned; name and class live for ever.
            raw <- Opaque::ffi_init(|slot| unsafe {
                bindings::__init_rwsem(slot, name.as_char_ptr(), class.as_ptr())
            }),
        })
    }

    /// Waits for the writer. Sleeps; `None` if the task is to die.
    pub(super) fn read_killable(&self) -> Option<ReadGuard<'_>> {
        // SAFETY: By the type invariants.
        let err = unsafe { bindings::down_read_killable(self.raw.get()) };
        if err != 0 {
            return None;
        }
        // INVARIANT: Now held for reading. Made only here: dropping a guard unlocks.
        Some(ReadGuard {
            sem: self,
            _here: NotThreadSafe,
        })
    }

    /// Waits for the writer. Sleeps.
    pub(super) fn read(&self) -> ReadGuard<'_> {
        // SAFETY: By the type invariants.
        unsafe { bindings::down_read(self.raw.get()) };
        // INVARIANT: Now held for reading.
        ReadGuard {
            sem: self,
            _here: NotThreadSafe,
        }
    }

    /// Waits for everybody. Sleeps; `None` if the task is to die.
    pub(super) fn write_killable(&self) -> Option<WriteGuard<'_>> {
        // SAFETY: By the type invariants.
        let err = unsafe { bindings::down_write_killable(self.raw.get()) };
        if err != 0 {
            return None;
        }
        // INVARIANT: Now held for writing.
        Some(WriteGuard {
            sem: self,
            _here: NotThreadSafe,
        })
    }

    /// Waits for everybody. Sleeps.
    pub(super) fn write(&self) -> WriteGuard<'_> {
        // SAFETY: By the type invariants.
        unsafe { bindings::down_write(self.raw.get()) };
        // INVARIANT: Now held for writing.
        WriteGuard {
            sem: self,
            _here: NotThreadSafe,
        }
    }
}

/// Shared with other readers.
///
/// # Invariants
///
/// This task holds `sem` for reading.
pub(super) struct ReadGuard<'a> {
    sem: &'a RwSem,
    _here: NotThreadSafe,
}

impl Drop for ReadGuard<'_> {
    fn drop(&mut self) {
        // SAFETY: By the type invariants.
        unsafe { bindings::up_read(self.sem.raw.get()) };
    }
}

/// Alone.
///
/// # Invariants
///
/// This task holds `sem` for writing.
pub(super) struct WriteGuard<'a> {
    sem: &'a RwSem,
    _here: NotThreadSafe,
}

impl Drop for WriteGuard<'_> {
    fn drop(&mut self) {
        // SAFETY: By the type invariants.
        unsafe { bindings::up_write(self.sem.raw.get()) };
    }
}
