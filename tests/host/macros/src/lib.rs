// SPDX-License-Identifier: GPL-2.0

//! The kernel's attribute for unit tests, for a world without KUnit.

use proc_macro::TokenStream;

/// Makes the tests of a module ordinary unit tests; the suite's name is not needed here.
#[proc_macro_attribute]
pub fn kunit_tests(_name: TokenStream, module: TokenStream) -> TokenStream {
    let mut out: TokenStream = "#[cfg(test)]".parse().expect("an attribute");

    out.extend(module);
    out
}
