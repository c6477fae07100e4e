// SPDX-License-Identifier: GPL-2.0

//! As much of the `kernel` crate as the allocator's policy uses, over `std`.
//!
//! The names, signatures and meanings are the kernel's; what the policy does not use is not here.

#![deny(unsafe_code)]

/// Error numbers.
pub mod error {
    /// An errno.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Error(i32);

    impl Error {
        /// The negative errno.
        pub fn to_errno(self) -> i32 {
            self.0
        }
    }

    /// A result that fails with an errno.
    pub type Result<T = (), E = Error> = core::result::Result<T, E>;

    /// Errnos by name.
    pub mod code {
        use super::Error;

        /// No such file.
        pub const ENOENT: Error = Error(-2);
        /// No such device or address.
        pub const ENXIO: Error = Error(-6);
        /// Busy.
        pub const EBUSY: Error = Error(-16);
        /// Out of range.
        pub const ERANGE: Error = Error(-34);
        /// Stale handle.
        pub const ESTALE: Error = Error(-116);
        /// Out of memory.
        pub const ENOMEM: Error = Error(-12);
        /// Invalid argument.
        pub const EINVAL: Error = Error(-22);
    }
}

/// Allocation.
pub mod alloc {
    use crate::error::Result;
    use std::ops::{
        Deref,
        DerefMut, //
    };

    /// Allocation flags; there is only one kind of memory here.
    #[derive(Clone, Copy)]
    pub struct Flags;

    /// Ordinary memory.
    pub const GFP_KERNEL: Flags = Flags;

    /// A vector that does not grow by itself.
    pub struct KVVec<T>(Vec<T>);

    impl<T: Clone> KVVec<T> {
        /// `nr` times `value`.
        pub fn from_elem(value: T, nr: usize, _flags: Flags) -> Result<Self> {
            Ok(Self(vec![value; nr]))
        }
    }

    impl<T> Deref for KVVec<T> {
        type Target = [T];

        fn deref(&self) -> &[T] {
            &self.0
        }
    }

    impl<T> DerefMut for KVVec<T> {
        fn deref_mut(&mut self) -> &mut [T] {
            &mut self.0
        }
    }
}

/// Synchronisation.
pub mod sync {
    /// Atomics.
    pub mod atomic {
        use std::sync::atomic::{
            AtomicU64,
            Ordering, //
        };

        /// No ordering.
        pub struct Relaxed;

        /// An atomic number.
        pub struct Atomic<T>(Cell, core::marker::PhantomData<T>);

        type Cell = AtomicU64;

        impl Atomic<u64> {
            /// Starts at `value`.
            pub const fn new(value: u64) -> Self {
                Self(Cell::new(value), core::marker::PhantomData)
            }

            /// The value.
            pub fn load(&self, _order: Relaxed) -> u64 {
                self.0.load(Ordering::Relaxed)
            }

            /// Sets the value.
            pub fn store(&self, value: u64, _order: Relaxed) {
                self.0.store(value, Ordering::Relaxed)
            }

            /// Adds, and returns what was there.
            pub fn fetch_add(&self, value: u64, _order: Relaxed) -> u64 {
                self.0.fetch_add(value, Ordering::Relaxed)
            }
        }
    }
}

/// What every file has in scope.
pub mod prelude {
    pub use crate::{
        alloc::{
            KVVec,
            GFP_KERNEL, //
        },
        error::{
            code::*,
            Error,
            Result, //
        }, //
    };
    pub use macros::kunit_tests;
}
