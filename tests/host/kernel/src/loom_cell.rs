// SPDX-License-Identifier: GPL-2.0

//! What an atomic is where loom explores all that can happen: orderings are what they say, and a
//! load may see old values as far as they allow it.

use crate::sync::atomic::Word;
use loom::sync::atomic::AtomicU64;
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
        T::from_u64(self.cell().load(order))
    }

    pub(crate) fn store(&self, value: T, order: Ordering) {
        self.cell().store(value.to_u64(), order);
    }

    pub(crate) fn swap(&self, value: T, order: Ordering) -> T {
        T::from_u64(self.cell().swap(value.to_u64(), order))
    }

    pub(crate) fn compare_exchange(&self, old: T, new: T, order: Ordering) -> Result<T, T> {
        let result =
            self.cell()
                .compare_exchange(old.to_u64(), new.to_u64(), order, Ordering::Relaxed);

        result.map(T::from_u64).map_err(T::from_u64)
    }

    pub(crate) fn fetch_add(&self, value: T, order: Ordering) -> T {
        T::from_u64(self.cell().fetch_add(value.to_u64(), order))
    }
}
