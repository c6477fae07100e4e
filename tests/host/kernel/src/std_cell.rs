// SPDX-License-Identifier: GPL-2.0

//! What an atomic is ordinarily. Every ordering is the strongest.

use crate::sync::atomic::Word;
use std::sync::atomic::Ordering;

pub(crate) struct AtomicCell<T>(crossbeam_utils::atomic::AtomicCell<T>);

impl<T: Word> AtomicCell<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(crossbeam_utils::atomic::AtomicCell::new(value))
    }

    pub(crate) fn load(&self, _order: Ordering) -> T {
        self.0.load()
    }

    pub(crate) fn store(&self, value: T, _order: Ordering) {
        self.0.store(value);
    }

    pub(crate) fn swap(&self, value: T, _order: Ordering) -> T {
        self.0.swap(value)
    }

    pub(crate) fn compare_exchange(&self, old: T, new: T, _order: Ordering) -> Result<T, T> {
        self.0.compare_exchange(old, new)
    }

    pub(crate) fn fetch_add(&self, value: T, _order: Ordering) -> T {
        let sum = |old: T| T::from_u64(old.to_u64().wrapping_add(value.to_u64()));

        match self.0.fetch_update(|old| Some(sum(old))) {
            Ok(old) | Err(old) => old,
        }
    }
}
