// SPDX-License-Identifier: GPL-2.0

//! What the commands' tests share.

#![deny(unsafe_code)]

use std::path::{
    Path,
    PathBuf, //
};

use rust_buddy::{
    fake::Fake,
    Region, //
};

use crate::{
    context::Context,
    failure::Result, //
};

/// A fresh fake region.
pub(crate) fn region() -> Region {
    region_with(|_| ())
}

/// A fake region with a fault.
pub(crate) fn region_with(change: impl FnOnce(&mut Fake)) -> Region {
    let mut fake = Fake::default();
    change(&mut fake);
    Region::new(fake).expect("the fake region opens")
}

/// A system with files like those of the kernel and the module.
pub(crate) fn system() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/system")
}

/// Runs a command and returns what it wrote, with its result.
pub(crate) fn run(
    json: bool,
    command: impl FnOnce(&mut Context<'_>) -> Result,
) -> (String, Result) {
    run_in(Path::new("/nonexistent"), json, command)
}

/// As `run`, with a system of its own.
pub(crate) fn run_in(
    root: &Path,
    json: bool,
    command: impl FnOnce(&mut Context<'_>) -> Result,
) -> (String, Result) {
    let mut out = Vec::new();
    let result = command(&mut Context {
        out: &mut out,
        json,
        colour: false,
        live: false,
        width: 80,
        root: root.to_owned(),
    });
    (String::from_utf8(out).expect("the output is UTF-8"), result)
}

/// The JSON that a command wrote.
pub(crate) fn run_json(command: impl FnOnce(&mut Context<'_>) -> Result) -> serde_json::Value {
    let (text, result) = run(true, command);
    result.expect("the command succeeds");
    serde_json::from_str(&text).expect("the output is one JSON object")
}

/// Compares with a file of tests/golden; UPDATE_GOLDEN=1 writes it.
pub(crate) fn golden(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).expect("the golden file is writable");
    }
    let expected = std::fs::read_to_string(&path).expect("the golden file is there");
    assert_eq!(text, expected);
}
