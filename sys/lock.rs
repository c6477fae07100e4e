// SPDX-License-Identifier: GPL-2.0

//! Locks whose guards never leave this folder: the data is reached through a closure.
//!
//! C: `spin_lock_irqsave()`. Unlike there, a critical section cannot be left open,
//! and two of them cannot be closed in the wrong order.

use core::pin::Pin;
use kernel::{
    prelude::*,
    sync::{
        LockClassKey,
        Mutex,
        SpinLockIrq, //
    }, //
};

/// The protected value. Nothing here points to itself, so it may be reached by `&mut`.
struct Inner<T>(T);

// The locks pin what they protect; no reference to a pinned `T` is ever made.
impl<T> Unpin for Inner<T> {}

/// A value behind a spinlock that is held with the interrupts of this CPU off.
///
/// The class of the lock, for lockdep, is that of the call site: make it with [`new_locked!`].
pub(crate) struct Locked<T> {
    lock: Pin<KBox<SpinLockIrq<Inner<T>>>>,
}

impl<T> Locked<T> {
    /// Boxes `value` and the lock. Sleeps.
    pub(crate) fn new(
        value: T,
        name: &'static CStr,
        class: Pin<&'static LockClassKey>,
    ) -> Result<Self> {
        let lock = KBox::pin_init(SpinLockIrq::new(Inner(value), name, class), GFP_KERNEL)?;
        Ok(Self { lock })
    }

    /// Runs `f` on the value, alone. Any context but NMI; `f` must not sleep.
    #[inline]
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.lock.lock().0)
    }

    /// As [`with`](Self::with), unless somebody else holds the lock.
    #[inline]
    pub(crate) fn try_with<R>(&self, f: impl FnOnce(&mut T) -> R) -> Option<R> {
        Some(f(&mut self.lock.try_lock()?.0))
    }
}

/// [`Locked::new`] with a lock class of this place: `new_locked!(value, c"rust_buddy::zone")?`.
macro_rules! new_locked {
    ($value:expr, $name:expr $(,)?) => {
        $crate::sys::Locked::new($value, $name, ::kernel::static_lock_class!())
    };
}
pub(crate) use new_locked;

/// A value behind a lock that is waited for asleep.
pub(crate) struct SleepLocked<T> {
    lock: Pin<KBox<Mutex<Inner<T>>>>,
}

impl<T> SleepLocked<T> {
    /// Boxes `value` and the lock. Sleeps. Use [`new_sleep_locked!`].
    pub(crate) fn new(
        value: T,
        name: &'static CStr,
        class: Pin<&'static LockClassKey>,
    ) -> Result<Self> {
        let lock = KBox::pin_init(Mutex::new(Inner(value), name, class), GFP_KERNEL)?;
        Ok(Self { lock })
    }

    /// Runs `f` on the value, alone. Sleeps, and so may `f`.
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.lock.lock().0)
    }
}

/// [`SleepLocked::new`] with a lock class of this place.
macro_rules! new_sleep_locked {
    ($value:expr, $name:expr $(,)?) => {
        $crate::sys::SleepLocked::new($value, $name, ::kernel::static_lock_class!())
    };
}
pub(crate) use new_sleep_locked;
