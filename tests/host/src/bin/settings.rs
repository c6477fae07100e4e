// SPDX-License-Identifier: GPL-2.0

//! Compares what was recorded on machines (each argument a folder) with the module's functions.
//! Says every number that differs, and how many there are; exits with 1 then.

use rust_buddy_host::settings::{
    machine,
    Machine, //
};
use std::{
    path::Path,
    process::ExitCode, //
};

fn sum(all: &mut Machine, one: Machine) {
    all.settings += one.settings;
    all.snapshots += one.snapshots;
    for (all, one) in [
        (&mut all.states, one.states),
        (&mut all.indexes, one.indexes),
    ] {
        for difference in &one.differences {
            println!("{difference}");
        }
        all.numbers += one.numbers;
        all.differences.extend(one.differences);
    }
}

fn main() -> ExitCode {
    let mut all = Machine::default();
    let mut failed = std::env::args().len() < 2;

    for folder in std::env::args().skip(1) {
        match machine(Path::new(&folder)) {
            Ok(machine) => sum(&mut all, machine),
            Err(error) => {
                println!("{error}");
                failed = true;
            }
        }
    }
    println!(
        "settings: {} settings, {} numbers, {} differences",
        all.settings,
        all.states.numbers,
        all.states.differences.len()
    );
    println!(
        "indexes: {} snapshots, {} numbers, {} differences",
        all.snapshots,
        all.indexes.numbers,
        all.indexes.differences.len()
    );
    failed |= !all.states.differences.is_empty() || !all.indexes.differences.is_empty();
    ExitCode::from(u8::from(failed))
}
