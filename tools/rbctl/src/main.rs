// SPDX-License-Identifier: GPL-2.0

//! `rbctl`: looks at the region behind `/dev/rust_buddy`, allocates from it, and draws it.
//!
//! `cli` has the words of the command line, `cmd` one file for each subcommand; the rest is what
//! they share.

#![deny(unsafe_code)]

mod batch;
mod cli;
mod cmd;
mod context;
mod failure;
mod interrupt;
mod map;
mod parity;
mod pattern;
mod plot;
mod procfs;
mod progress;
mod recording;
mod sample;
mod table;
#[cfg(test)]
mod testing;
mod top;
mod units;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match cmd::run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
