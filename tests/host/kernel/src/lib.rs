// SPDX-License-Identifier: GPL-2.0

//! As much of the `kernel` crate as the allocator's policy uses, over `std`.
//!
//! The names, signatures and meanings are the kernel's; what the policy does not use is not here.

#![deny(unsafe_code)]

#[cfg(feature = "loom")]
mod loom_cell;
#[cfg(not(feature = "loom"))]
mod std_cell;

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
        /// Interrupted.
        pub const EINTR: Error = Error(-4);
        /// The time is over.
        pub const ETIMEDOUT: Error = Error(-110);
        /// Stale handle.
        pub const ESTALE: Error = Error(-116);
        /// Out of memory.
        pub const ENOMEM: Error = Error(-12);
        /// Invalid argument.
        pub const EINVAL: Error = Error(-22);
        /// Try again.
        pub const EAGAIN: Error = Error(-11);
        /// No space.
        pub const ENOSPC: Error = Error(-28);
        /// No data.
        pub const ENODATA: Error = Error(-61);
        /// Value too large.
        pub const EOVERFLOW: Error = Error(-75);
        /// Owner died.
        pub const EOWNERDEAD: Error = Error(-130);
    }
}

/// Allocation.
pub mod alloc {
    use crate::error::{
        code::{
            EINVAL,
            ENOMEM, //
        },
        Error,
        Result, //
    };
    use std::ops::{
        Deref,
        DerefMut, //
    };

    /// Allocation flags; there is only one kind of memory here.
    #[derive(Clone, Copy)]
    pub struct Flags;

    /// Ordinary memory.
    pub const GFP_KERNEL: Flags = Flags;

    /// There is no memory.
    #[derive(Debug)]
    pub struct AllocError;

    impl From<AllocError> for Error {
        fn from(_: AllocError) -> Self {
            ENOMEM
        }
    }

    /// A box that is made with flags.
    #[derive(Debug)]
    pub struct KBox<T>(Box<T>);

    impl<T> KBox<T> {
        /// Boxes a value.
        pub fn new(value: T, _flags: Flags) -> Result<Self, AllocError> {
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

    impl<T> From<PushError<T>> for Error {
        fn from(_: PushError<T>) -> Self {
            EINVAL
        }
    }

    impl<T> Default for KVVec<T> {
        fn default() -> Self {
            Self::new()
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
        #[cfg(feature = "loom")]
        use crate::loom_cell::AtomicCell;
        #[cfg(not(feature = "loom"))]
        use crate::std_cell::AtomicCell;
        use std::sync::atomic::Ordering;

        /// No ordering.
        #[derive(Clone, Copy)]
        pub struct Relaxed;

        /// Everything before stays before, everything after stays after.
        #[derive(Clone, Copy)]
        pub struct Full;

        /// One of the orderings.
        pub trait AnyOrdering {
            /// The same in Rust's words.
            const ORDER: Ordering;
        }

        impl AnyOrdering for Relaxed {
            const ORDER: Ordering = Ordering::Relaxed;
        }

        impl AnyOrdering for Full {
            const ORDER: Ordering = Ordering::SeqCst;
        }

        /// A value that is read and written whole.
        pub struct Atomic<T: Word>(AtomicCell<T>);

        /// What fits into an atomic.
        pub trait Word: Copy + Eq {
            /// As 64 bits.
            fn to_u64(self) -> u64;
            /// Out of the lowest of them.
            fn from_u64(word: u64) -> Self;
        }

        impl Word for bool {
            fn to_u64(self) -> u64 {
                u64::from(self)
            }

            fn from_u64(word: u64) -> Self {
                word != 0
            }
        }

        impl<T: Word> Atomic<T> {
            /// Starts at `value`.
            pub const fn new(value: T) -> Self {
                Self(AtomicCell::new(value))
            }

            /// The value.
            pub fn load<O: AnyOrdering>(&self, _order: O) -> T {
                self.0.load(O::ORDER)
            }

            /// Sets the value.
            pub fn store<O: AnyOrdering>(&self, value: T, _order: O) {
                self.0.store(value, O::ORDER);
            }

            /// Sets the value, and returns what was there.
            pub fn xchg<O: AnyOrdering>(&self, value: T, _order: O) -> T {
                self.0.swap(value, O::ORDER)
            }

            /// Sets the value if `old` is there.
            pub fn cmpxchg<O: AnyOrdering>(&self, old: T, new: T, _order: O) -> Result<T, T> {
                self.0.compare_exchange(old, new, O::ORDER)
            }
        }

        macro_rules! arithmetic {
            ($($type:ty)*) => {
                $(impl Word for $type {
                    fn to_u64(self) -> u64 {
                        self as u64
                    }

                    fn from_u64(word: u64) -> Self {
                        word as Self
                    }
                }

                impl Atomic<$type> {
                    /// Adds, and returns what was there.
                    pub fn fetch_add<O: AnyOrdering>(&self, value: $type, _order: O) -> $type {
                        self.0.fetch_add(value, O::ORDER)
                    }

                    /// Subtracts, and returns what was there.
                    pub fn fetch_sub<O: AnyOrdering>(&self, value: $type, _order: O) -> $type {
                        self.0.fetch_add(value.wrapping_neg(), O::ORDER)
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
        },
        pr_info,
        pr_warn, //
    };
    pub use macros::kunit_tests;
}

/// What was printed.
pub mod print {
    use std::cell::RefCell;

    std::thread_local! {
        static LINES: RefCell<String> = const { RefCell::new(String::new()) };
    }

    /// Prints.
    pub fn print(args: core::fmt::Arguments<'_>) {
        LINES.with(|lines| lines.borrow_mut().push_str(&args.to_string()));
    }

    /// What this thread printed since the last time.
    pub fn take_printed() -> String {
        LINES.with(|lines| core::mem::take(&mut *lines.borrow_mut()))
    }
}

/// Prints a warning.
#[macro_export]
macro_rules! pr_warn {
    ($($args:tt)*) => {
        $crate::print::print(core::format_args!($($args)*))
    };
}

/// Prints a line.
#[macro_export]
macro_rules! pr_info {
    ($($args:tt)*) => {
        $crate::print::print(core::format_args!($($args)*))
    };
}
