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
        /// No such device.
        pub const ENODEV: Error = Error(-19);
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

    /// A box that is made with flags.
    #[derive(Debug)]
    pub struct KBox<T>(Box<T>);

    impl<T> KBox<T> {
        /// Boxes a value.
        pub fn new(value: T, _flags: Flags) -> Result<Self> {
            Ok(Self(Box::new(value)))
        }
    }

    impl<T> Deref for KBox<T> {
        type Target = T;

        fn deref(&self) -> &T {
            &self.0
        }
    }

    impl<T> DerefMut for KBox<T> {
        fn deref_mut(&mut self) -> &mut T {
            &mut self.0
        }
    }

    /// A vector that grows only when told with which flags.
    #[derive(Debug)]
    pub struct KVVec<T>(Vec<T>);

    /// The same here.
    pub type KVec<T> = KVVec<T>;

    /// There was no room for a value.
    #[derive(Debug)]
    pub struct PushError<T>(pub T);

    impl<T> From<PushError<T>> for crate::error::Error {
        fn from(_: PushError<T>) -> Self {
            crate::error::code::EINVAL
        }
    }

    impl<T> KVVec<T> {
        /// Nothing, and no room.
        pub const fn new() -> Self {
            Self(Vec::new())
        }

        /// Nothing, and room for `capacity`.
        pub fn with_capacity(capacity: usize, _flags: Flags) -> Result<Self> {
            Ok(Self(Vec::with_capacity(capacity)))
        }

        /// Adds a value.
        pub fn push(&mut self, value: T, _flags: Flags) -> Result {
            self.0.push(value);
            Ok(())
        }

        /// Adds a value if there is room.
        pub fn push_within_capacity(&mut self, value: T) -> Result<(), PushError<T>> {
            if self.0.len() == self.0.capacity() {
                return Err(PushError(value));
            }
            self.0.push(value);
            Ok(())
        }

        /// Makes room for more.
        pub fn reserve(&mut self, additional: usize, _flags: Flags) -> Result {
            self.0.reserve_exact(additional);
            Ok(())
        }

        /// Drops all values.
        pub fn clear(&mut self) {
            self.0.clear();
        }
    }

    impl<'a, T> IntoIterator for &'a KVVec<T> {
        type Item = &'a T;
        type IntoIter = core::slice::Iter<'a, T>;

        fn into_iter(self) -> Self::IntoIter {
            self.0.iter()
        }
    }

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
    use crate::{
        alloc::Flags,
        error::Result, //
    };
    use core::ops::Deref;

    /// A shared value.
    #[derive(Debug)]
    pub struct Arc<T>(std::sync::Arc<T>);

    impl<T> Arc<T> {
        /// Shares a value.
        pub fn new(value: T, _flags: Flags) -> Result<Self> {
            Ok(Self(std::sync::Arc::new(value)))
        }
    }

    impl<T> Clone for Arc<T> {
        fn clone(&self) -> Self {
            Self(self.0.clone())
        }
    }

    impl<T> Deref for Arc<T> {
        type Target = T;

        fn deref(&self) -> &T {
            &self.0
        }
    }

    /// Atomics.
    pub mod atomic {
        use crossbeam_utils::atomic::AtomicCell;

        /// No ordering.
        #[derive(Clone, Copy)]
        pub struct Relaxed;

        /// Everything before stays before, everything after stays after.
        #[derive(Clone, Copy)]
        pub struct Full;

        /// One of the orderings. All are the strongest here.
        pub trait AnyOrdering {}

        impl AnyOrdering for Relaxed {}
        impl AnyOrdering for Full {}

        /// A value that is read and written whole.
        pub struct Atomic<T>(AtomicCell<T>);

        impl<T: Copy + Eq> Atomic<T> {
            /// Starts at `value`.
            pub const fn new(value: T) -> Self {
                Self(AtomicCell::new(value))
            }

            /// The value.
            pub fn load(&self, _order: impl AnyOrdering) -> T {
                self.0.load()
            }

            /// Sets the value.
            pub fn store(&self, value: T, _order: impl AnyOrdering) {
                self.0.store(value);
            }

            /// Sets the value, and returns what was there.
            pub fn xchg(&self, value: T, _order: impl AnyOrdering) -> T {
                self.0.swap(value)
            }

            /// Sets the value if `old` is there.
            pub fn cmpxchg(&self, old: T, new: T, _order: impl AnyOrdering) -> Result<T, T> {
                self.0.compare_exchange(old, new)
            }
        }

        macro_rules! arithmetic {
            ($($type:ty)*) => {
                $(impl Atomic<$type> {
                    /// Adds, and returns what was there.
                    pub fn fetch_add(&self, value: $type, _order: impl AnyOrdering) -> $type {
                        self.0.fetch_add(value)
                    }

                    /// Subtracts, and returns what was there.
                    pub fn fetch_sub(&self, value: $type, _order: impl AnyOrdering) -> $type {
                        self.0.fetch_sub(value)
                    }
                })*
            };
        }

        arithmetic!(i32 i64 u32 u64);
    }
}

/// What every file has in scope.
pub mod prelude {
    pub use crate::{
        alloc::{
            KBox,
            KVVec,
            KVec,
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
