// SPDX-License-Identifier: GPL-2.0

//! Where a command writes, how, and what it sees of the system.

#![deny(unsafe_code)]

use std::{
    fs,
    io::Write,
    path::PathBuf, //
};

use serde::Serialize;

use crate::failure::Result;

/// The name of the output format; it changes when a field changes its meaning or goes.
const SCHEMA: &str = "rust_buddy/1";

/// What every command is given.
pub(crate) struct Context<'a> {
    pub(crate) out: &'a mut dyn Write,
    pub(crate) json: bool,
    pub(crate) colour: bool,
    /// Somebody watches: the output is a terminal, and there are keys.
    pub(crate) live: bool,
    /// Columns of the terminal.
    pub(crate) width: usize,
    /// `/`; tests have a folder of their own.
    pub(crate) root: PathBuf,
}

#[derive(Serialize)]
struct Document<'a, T> {
    schema: &'static str,
    command: &'static str,
    #[serde(flatten)]
    body: &'a T,
}

impl Context<'_> {
    /// Writes one JSON object in one line.
    pub(crate) fn json<T: Serialize>(&mut self, command: &'static str, body: &T) -> Result {
        let document = Document {
            schema: SCHEMA,
            command,
            body,
        };
        let text = serde_json::to_string(&document).map_err(std::io::Error::from)?;
        writeln!(self.out, "{text}")?;
        self.out.flush()?;
        Ok(())
    }

    /// Writes text as it is.
    pub(crate) fn text(&mut self, text: &str) -> Result {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()?;
        Ok(())
    }

    /// A file of /proc or /sys, empty if it cannot be read.
    pub(crate) fn system_file(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).unwrap_or_default()
    }
}
