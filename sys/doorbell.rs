// SPDX-License-Identifier: GPL-2.0

//! A bell: some wait for it, asleep, and all may ring it.
//!
//! C: `wait_event_interruptible_timeout()`, `wake_up_all()`.

use super::task::current_task;
use core::{
    mem::MaybeUninit,
    ptr::null_mut, //
};
use kernel::{
    bindings,
    error::to_result,
    ffi::{
        c_int,
        c_long, //
    },
    prelude::*,
    static_lock_class,
    sync::atomic::{
        Atomic,
        Relaxed, //
    },
    time::msecs_to_jiffies,
    types::Opaque, //
};

/// How waiters sleep: signals wake them, and the freezer need not.
const SLEEP: u32 = bindings::TASK_INTERRUPTIBLE | bindings::TASK_FREEZABLE;

/// Everybody who sleeps (C: `TASK_NORMAL`, a sum of casts).
const ALL_SLEEPERS: u32 = bindings::TASK_INTERRUPTIBLE | bindings::TASK_UNINTERRUPTIBLE;

/// A bell.
///
/// # Invariants
///
/// `queue` is an initialised wait queue. Who waits there leaves before it returns, and files leave
/// when they are closed, until when they keep the bell.
pub(crate) struct Doorbell {
    rung: Atomic<bool>,
    queue: Pin<KBox<Opaque<bindings::wait_queue_head>>>,
}

// SAFETY: A wait queue belongs to no thread.
unsafe impl Send for Doorbell {}
// SAFETY: A wait queue has a lock of its own.
unsafe impl Sync for Doorbell {}

impl Doorbell {
    /// A bell that was not rung. Sleeps.
    ///
    /// `_name` is for the reader: all bells have one lock class, and a class has one name.
    pub(crate) fn new(_name: &'static CStr) -> Result<Self> {
        let class = static_lock_class!();
        let queue = Opaque::ffi_init(|slot| {
            let name = c"rust_buddy_doorbell".as_char_ptr();
            // SAFETY: The slot is valid and pinned; name and class live for ever.
            unsafe { bindings::__init_waitqueue_head(slot, name, class.as_ptr()) }
        });
        // INVARIANT: Initialised.
        Ok(Self {
            rung: Atomic::new(false),
            queue: KBox::pin_init(queue, GFP_KERNEL)?,
        })
    }

    /// Wakes all who wait, and one who will. Any context; takes the lock of a wait queue.
    pub(crate) fn ring(&self) {
        self.rung.store(true, Relaxed);
        // SAFETY: By the type invariants. The lock taken inside orders the store before the look at
        // who waits.
        unsafe { bindings::__wake_up(self.queue.get(), ALL_SLEEPERS, 0, null_mut()) };
    }

    /// Forgets that it was rung: who goes to sleep next is not meant. Any context.
    pub(crate) fn forget(&self) {
        self.rung.store(false, Relaxed);
    }

    /// Waits until it is rung, at most so long; whether it was. Returns early for a signal, and in
    /// a thread that is to stop. Sleeps.
    pub(crate) fn wait_ms(&self, ms: Option<u32>) -> bool {
        self.wait_until(ms, || self.rung.xchg(false, Relaxed))
            .is_ok()
    }

    /// Waits until `done`, which is asked at first and after each ring, and must not sleep. Sleeps.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT`; `EINTR` for a signal, and in a thread that is to stop.
    pub(crate) fn wait_until(&self, ms: Option<u32>, mut done: impl FnMut() -> bool) -> Result {
        kernel::task::might_sleep();
        let mut left = ms.map_or(c_long::MAX, |ms| msecs_to_jiffies(ms) as c_long);
        let mut entry = MaybeUninit::uninit();
        // SAFETY: The entry stays here until `finish_wait()`.
        unsafe { bindings::init_wait_entry(entry.as_mut_ptr(), 0) };

        let result = loop {
            let queue = self.queue.get();
            // SAFETY: By the type invariants, and the entry is initialised.
            let interrupted = unsafe {
                bindings::prepare_to_wait_event(queue, entry.as_mut_ptr(), SLEEP as c_int)
            };
            if done() {
                break Ok(());
            }
            if to_result(interrupted as c_int).is_err() || should_stop() {
                break Err(EINTR);
            }
            if left == 0 {
                break Err(ETIMEDOUT);
            }
            // SAFETY: The caller may sleep.
            left = unsafe { bindings::schedule_timeout(left) };
        };
        // SAFETY: As above; the entry is on no queue afterwards.
        unsafe { bindings::finish_wait(self.queue.get(), entry.as_mut_ptr()) };
        result
    }

    /// Makes a poller wait here too.
    ///
    /// # Safety
    ///
    /// `file` is open, keeps this bell until it is released, and `table` is what the VFS passed to
    /// its `poll`.
    pub(super) unsafe fn poll_wait(
        &self,
        file: *mut bindings::file,
        table: *mut bindings::poll_table_struct,
    ) {
        // SAFETY: By the requirement of this function and the type invariants. Whoever polls holds
        // the file, or leaves the queue when that is released.
        unsafe { bindings::poll_wait(file, self.queue.get(), table) };
    }
}

/// Whether this is a thread of the kernel that somebody wants to end.
fn should_stop() -> bool {
    // SAFETY: Only asked in a thread of the kernel.
    current_task().is_kthread && unsafe { bindings::kthread_should_stop() }
}
