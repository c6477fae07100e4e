// SPDX-License-Identifier: GPL-2.0

//! What an atomic is where loom explores all that can happen: orderings are what they say, and a
//! load may see old values as far as they allow it.
//!
//! Loom takes `SeqCst` for acquire and release. The kernel's full ordering is more: a barrier on
//! both sides.

use crate::sync::atomic::Word;
use loom::sync::atomic::{
    fence,
    AtomicU64, //
};
use std::sync::{
    atomic::Ordering,
    OnceLock, //
};

/// A value that begins when it is first used, because loom's cannot be made in a constant.
pub(crate) struct AtomicCell<T> {
    first: T,
    cell: OnceLock<AtomicU64>,
}

impl<T: Word> AtomicCell<T> {
    pub(crate) const fn new(first: T) -> Self {
        Self {
            first,
            cell: OnceLock::new(),
        }
    }

    fn cell(&self) -> &AtomicU64 {
        self.cell
            .get_or_init(|| AtomicU64::new(self.first.to_u64()))
    }

    pub(crate) fn load(&self, order: Ordering) -> T {
        fenced(order, || T::from_u64(self.cell().load(order)))
    }

    pub(crate) fn store(&self, value: T, order: Ordering) {
        fenced(order, || self.cell().store(value.to_u64(), order));
    }

    pub(crate) fn swap(&self, value: T, order: Ordering) -> T {
        fenced(order, || {
            T::from_u64(self.cell().swap(value.to_u64(), order))
        })
    }

    pub(crate) fn compare_exchange(&self, old: T, new: T, order: Ordering) -> Result<T, T> {
        let (old, new) = (old.to_u64(), new.to_u64());
        let result = fenced(order, || {
            self.cell()
                .compare_exchange(old, new, order, Ordering::Relaxed)
        });

        result.map(T::from_u64).map_err(T::from_u64)
    }

    pub(crate) fn fetch_add(&self, value: T, order: Ordering) -> T {
        fenced(order, || {
            T::from_u64(self.cell().fetch_add(value.to_u64(), order))
        })
    }
}

fn fenced<R>(order: Ordering, f: impl FnOnce() -> R) -> R {
    let barrier = || {
        if order == Ordering::SeqCst {
            fence(order);
        }
    };

    barrier();
    let result = f();

    barrier();
    result
}
