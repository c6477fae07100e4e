// SPDX-License-Identifier: GPL-2.0

//! The fuzz target: rows of bytes as requests to a region, checked against the model after each.
//!
//! `OPS_PRINT=1` prints each step before it is done.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rust_buddy_host::model;
use std::sync::OnceLock;

static PRINT: OnceLock<bool> = OnceLock::new();

fuzz_target!(|bytes: &[u8]| {
    let print = *PRINT.get_or_init(|| std::env::var_os("OPS_PRINT").is_some());

    model::run(bytes, |step| {
        if print {
            eprintln!("{step:?}");
        }
    });
});
