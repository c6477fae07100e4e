// SPDX-License-Identifier: GPL-2.0

//! Work that is done again and again, as long as its owner lives.
//!
//! The crate's own work items keep themselves alive by a reference count, and so may outlive the
//! module whose code they run; this one is waited for when it is dropped.
//!
//! C: `struct delayed_work`, `cancel_delayed_work_sync()`.

use core::mem::offset_of;
use kernel::{
    bindings,
    prelude::*,
    static_lock_class,
    sync::Arc,
    time::msecs_to_jiffies, //
};

/// What is done again and again. May sleep.
pub(crate) trait Tick: Send + Sync + 'static {
    /// Does it, and says after how many milliseconds again.
    fn tick(&self) -> u32;
}

#[repr(C)]
struct Inner<T> {
    work: bindings::delayed_work,
    worker: Arc<T>,
}

/// Calls [`Tick::tick`] until it is dropped.
///
/// # Invariants
///
/// `inner` stays where it is, and its work is initialised, with [`run`] as its function.
pub(crate) struct Periodic<T: Tick> {
    inner: KBox<core::mem::MaybeUninit<Inner<T>>>,
}

// SAFETY: The work item is the kernel's, which locks it; the worker may be shared.
unsafe impl<T: Tick> Send for Periodic<T> {}
// SAFETY: As above; nothing can be reached through a shared reference.
unsafe impl<T: Tick> Sync for Periodic<T> {}

impl<T: Tick> Periodic<T> {
    /// Begins, after `ms` milliseconds for the first time. Sleeps.
    pub(crate) fn new(worker: Arc<T>, ms: u32) -> Result<Self> {
        let mut inner = KBox::<Inner<T>>::new_uninit(GFP_KERNEL)?;
        let slot = inner.as_mut_ptr();
        // SAFETY: The slot is large and aligned enough; nothing was there.
        unsafe { (&raw mut (*slot).worker).write(worker) };
        // SAFETY: The slot is valid for writes.
        let work = unsafe { &raw mut (*slot).work };
        // SAFETY: As above.
        unsafe { work.write_bytes(0, 1) };
        // SAFETY: The work is part of an `Inner<T>`, as `run::<T>` needs; the names are constants.
        unsafe {
            bindings::init_work_with_key(
                &raw mut (*work).work,
                Some(run::<T>),
                false,
                c"rust_buddy_tick".as_char_ptr(),
                static_lock_class!().as_ptr(),
            )
        };
        // SAFETY: The timer is part of a `delayed_work`, as the function needs.
        unsafe {
            bindings::timer_init_key(
                &raw mut (*work).timer,
                Some(bindings::delayed_work_timer_fn),
                bindings::TIMER_IRQSAFE,
                c"rust_buddy_tick_timer".as_char_ptr(),
                static_lock_class!().as_ptr(),
            )
        };
        // SAFETY: Initialised above.
        unsafe { queue(work, ms) };
        // INVARIANT: Initialised above; the box keeps its place.
        Ok(Self { inner })
    }
}

impl<T: Tick> Drop for Periodic<T> {
    fn drop(&mut self) {
        let inner = self.inner.as_mut_ptr();
        // SAFETY: By the type invariants. The work does not run afterwards, nor queue itself.
        unsafe { bindings::cancel_delayed_work_sync(&raw mut (*inner).work) };
        // SAFETY: Written when this was made, and not used any more.
        unsafe { (&raw mut (*inner).worker).drop_in_place() };
    }
}

/// # Safety
///
/// `work` is initialised and lives until it is cancelled.
unsafe fn queue(work: *mut bindings::delayed_work, ms: u32) {
    // SAFETY: Made at boot and never changed.
    let wq = unsafe { (&raw const bindings::system_dfl_wq).read() };
    let cpu = bindings::wq_misc_consts_WORK_CPU_UNBOUND as kernel::ffi::c_int;
    // SAFETY: By the caller's promise.
    unsafe { bindings::queue_delayed_work_on(cpu, wq, work, msecs_to_jiffies(ms)) };
}

/// # Safety
///
/// `work` is that of an [`Inner<T>`] that was queued and not yet cancelled.
unsafe extern "C" fn run<T: Tick>(work: *mut bindings::work_struct) {
    let inner = work
        .cast::<u8>()
        .wrapping_sub(offset_of!(bindings::delayed_work, work))
        .wrapping_sub(offset_of!(Inner<T>, work))
        .cast::<Inner<T>>();
    // SAFETY: By the caller's promise.
    let worker = unsafe { &(*inner).worker };
    let ms = worker.tick();
    // SAFETY: Initialised when it was made; who cancels it waits for us and stops this too.
    unsafe { queue(&raw mut (*inner).work, ms) };
}
