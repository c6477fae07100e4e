// SPDX-License-Identifier: GPL-2.0

//! One value for each CPU, each behind a lock of its own.
//!
//! The lock keeps the value whole; the CPU's number only makes it likely that nobody else wants it.
//! A task that is moved to another CPU between asking for the number and taking the lock loses
//! locality, nothing more.
//!
//! C: `DEFINE_PER_CPU()`, `pcp_spin_trylock()` in `mm/page_alloc.h`.

use core::pin::Pin;
use kernel::{
    cpu::nr_cpu_ids,
    prelude::*,
    sync::{
        LockClassKey,
        SpinLock, //
    }, //
};

/// The protected value. Nothing here points to itself, so it may be reached by `&mut`.
struct Inner<T>(T);

// The locks pin what they protect; no reference to a pinned `T` is ever made.
impl<T> Unpin for Inner<T> {}

/// Values for CPUs `0..nr()`. Taken with interrupts on: for task context only.
pub(crate) struct PerCpu<T> {
    slots: KVec<Pin<KBox<SpinLock<Inner<T>>>>>,
}

impl<T> PerCpu<T> {
    /// Makes a value for each CPU that there can be. Sleeps. Use [`new_percpu!`].
    pub(crate) fn new(
        mut value: impl FnMut(u32) -> Result<T>,
        name: &'static CStr,
        class: Pin<&'static LockClassKey>,
    ) -> Result<Self> {
        let mut slots = KVec::with_capacity(nr_cpu_ids() as usize, GFP_KERNEL)?;

        for cpu in 0..nr_cpu_ids() {
            let lock = SpinLock::new(Inner(value(cpu)?), name, class);

            slots.push_within_capacity(KBox::pin_init(lock, GFP_KERNEL)?)?;
        }
        Ok(Self { slots })
    }

    /// Runs `f` on the value of `cpu`, alone; `None` if there is no such CPU. `f` must not sleep.
    pub(crate) fn with<R>(&self, cpu: u32, f: impl FnOnce(&mut T) -> R) -> Option<R> {
        let slot = self.slots.get(cpu as usize)?;

        Some(f(&mut slot.lock().0))
    }

    /// As [`with`](Self::with), and `None` too if somebody else holds the lock.
    #[inline]
    pub(crate) fn try_with<R>(&self, cpu: u32, f: impl FnOnce(&mut T) -> R) -> Option<R> {
        let slot = self.slots.get(cpu as usize)?;

        Some(f(&mut slot.try_lock()?.0))
    }

    /// Number of values.
    pub(crate) fn nr(&self) -> u32 {
        self.slots.len() as u32
    }
}

/// [`PerCpu::new`] with a lock class of this place: `new_percpu!(|cpu| .., c"rust_buddy_pcp")?`.
macro_rules! new_percpu {
    ($value:expr, $name:expr $(,)?) => {
        $crate::sys::PerCpu::new($value, $name, ::kernel::static_lock_class!())
    };
}
pub(crate) use new_percpu;
