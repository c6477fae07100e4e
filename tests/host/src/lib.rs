// SPDX-License-Identifier: GPL-2.0

//! The allocator's policy as a host crate: the very files of the module, over shims of `kernel` and
//! `sys`.
//!
//! Policy items are visible inside their crate only, so model tests and fuzzers enter through the
//! public functions of [`model`].

#![allow(
    dead_code,
    reason = "the module uses more of the policy than the tests do"
)]

#[path = "../../.."]
mod module {
    pub(crate) mod device {
        mod clients;
        mod poison;
        mod records;
    }
    pub(crate) mod gfp;
    pub(crate) mod page_alloc;
    pub(crate) mod pcp;
    pub(crate) mod slowpath;
    pub(crate) mod zone;
}
pub(crate) use module::{
    gfp,
    page_alloc,
    pcp,
    slowpath,
    zone, //
};

mod atomic;
pub mod model;
pub mod ops;
#[cfg(feature = "loom")]
pub mod races;
pub mod settings;
pub mod storm;
mod sys;
