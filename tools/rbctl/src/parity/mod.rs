// SPDX-License-Identifier: GPL-2.0

//! Comparison with the kernel's own allocator: streams of operations made from seeds, the runs, and
//! the search for the shortest stream that still shows a difference.

#![deny(unsafe_code)]

pub(crate) mod file;
pub(crate) mod runner;
pub(crate) mod shrink;
pub(crate) mod slots;
pub(crate) mod stream;
pub(crate) mod texts;
