// SPDX-License-Identifier: GPL-2.0

//! A mapped block.

use std::{
    ffi::c_void,
    os::fd::BorrowedFd,
    ptr::NonNull,
    sync::atomic::AtomicU64, //
};

use rustix::{
    io::Result,
    mm::{
        mmap,
        munmap,
        MapFlags,
        ProtFlags, //
    },
};

/// Memory of a block, mapped until this value is dropped.
///
/// Other processes may have it mapped too, so it is read and written as atomic words. After a free
/// with `zap` an access ends the process with SIGBUS.
///
/// # Invariants
///
/// `base` starts `nr_words` words of a shared mapping that this value alone unmaps.
#[derive(Debug)]
pub struct Mapping {
    base: NonNull<AtomicU64>,
    nr_words: usize,
    writable: bool,
}

// SAFETY: The mapping belongs to the process, not to a thread, and only atomics are reached through
// it.
unsafe impl Send for Mapping {}
// SAFETY: As for `Send`.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps `len` bytes at `offset` of `fd`, `MAP_SHARED`.
    pub(crate) fn new(fd: BorrowedFd<'_>, offset: u64, len: usize, writable: bool) -> Result<Self> {
        let prot = if writable {
            ProtFlags::READ | ProtFlags::WRITE
        } else {
            ProtFlags::READ
        };
        let hint = std::ptr::null_mut();
        // SAFETY: Without a hint and MAP_FIXED the kernel picks a range that nothing else uses.
        let base = unsafe { mmap(hint, len, prot, MapFlags::SHARED, fd, offset)? };
        let base = NonNull::new(base.cast()).ok_or(rustix::io::Errno::FAULT)?;
        // INVARIANT: The range was mapped just now, and nobody else knows it.
        Ok(Self {
            base,
            nr_words: len / size_of::<AtomicU64>(),
            writable,
        })
    }

    /// The memory for reading.
    pub fn read(&self, word: usize) -> Option<u64> {
        self.all()
            .get(word)
            .map(|word| word.load(std::sync::atomic::Ordering::Relaxed))
    }

    /// The memory for reading and writing; empty if it was mapped for reading only.
    pub fn words(&self) -> &[AtomicU64] {
        if self.writable {
            self.all()
        } else {
            &[]
        }
    }

    /// How many words it has.
    pub fn nr_words(&self) -> usize {
        self.nr_words
    }

    fn all(&self) -> &[AtomicU64] {
        // SAFETY: By the type's invariants the range is mapped as long as `self` lives, and page
        // aligned. All access from this process is through atomics; nothing is written through a
        // read-only mapping because `words` hides it.
        unsafe { std::slice::from_raw_parts(self.base.as_ptr(), self.nr_words) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        let base = self.base.as_ptr().cast::<c_void>();
        let len = self.nr_words * size_of::<AtomicU64>();
        // SAFETY: By the type's invariants the range is ours, and no reference outlives `self`.
        let _ = unsafe { munmap(base, len) };
    }
}
