// SPDX-License-Identifier: GPL-2.0

//! What follows from settings: numbers of a running kernel beside those of the module's functions.
//!
//! A machine is a folder that `tests/parity/settings.sh` left in a guest. Each `state-*` in it has
//! the settings of a moment (`values`) and what the kernel made of them (`zoneinfo`), each
//! `index-*` free blocks (`buddyinfo`) and the kernel's indexes of fragmentation.
//!
//! C: `setup_per_zone_wmarks()`, `setup_per_zone_lowmem_reserve()`,
//! `zone_set_pageset_high_and_batch()`, `calculate_min_free_kbytes()` in `mm/page_alloc.c`;
//! `unusable_show()`, `extfrag_show()` in `mm/vmstat.c`.
//!
//! # Differences
//!
//! Of the kernel's zones `Device` is left out, and with it the last number of each protection.

#![deny(unsafe_code)]

mod text;

use crate::{
    page_alloc::tunables::{
        Tunable,
        Tunables, //
    },
    pcp::tuning::nr_split_cpus,
    zone::{
        fragmentation::ContigPages,
        order::Order,
        watermark::{
            lowmem_pages,
            min_free_kbytes,
            Watermarks, //
        },
        ZoneType,
        NR_ZONES, //
    }, //
};
use std::{
    collections::BTreeMap,
    fs,
    path::{
        Path,
        PathBuf, //
    }, //
};
use text::{
    index_rows,
    zones,
    Values,
    ZoneText, //
};

/// Why something recorded cannot be read.
pub type Outcome<T> = std::result::Result<T, String>;

/// How often each setting has to be changed on a machine.
const VALUES_EACH: usize = 6;

/// What was compared, and what differs.
#[derive(Default, Debug)]
pub struct Report {
    pub numbers: u64,
    pub differences: Vec<String>,
}

impl Report {
    fn compare(&mut self, name: &str, kernel: i64, ours: i64) {
        self.numbers += 1;
        if kernel != ours {
            self.differences
                .push(format!("{name}: kernel {kernel}, ours {ours}"));
        }
    }

    /// Takes over what another found in `place`.
    fn add(&mut self, place: &str, other: Self) {
        let named = other.differences.iter().map(|at| format!("{place}, {at}"));

        self.numbers += other.numbers;
        self.differences.extend(named);
    }
}

/// All that was recorded on one machine.
#[derive(Default)]
pub struct Machine {
    /// Changes of settings.
    pub settings: usize,
    /// Pictures of them and of what else changes their consequences.
    pub states: Report,
    /// Pictures of free blocks.
    pub snapshots: usize,
    pub indexes: Report,
}

/// Compares all that a machine's folder has. An error if anything is missing.
pub fn machine(folder: &Path) -> Outcome<Machine> {
    let mut machine = Machine::default();
    let place = folder.display();

    for (name, path) in folders(folder, "index-")? {
        let file = |name| read(&path.join(name));
        let report = compare_indexes(
            &file("buddyinfo")?,
            &file("unusable_index")?,
            &file("extfrag_index")?,
        )?;

        machine.snapshots += 1;
        machine.indexes.add(&format!("{place} {name}"), report);
    }
    all_states(folder, &mut machine)?;
    match machine.snapshots {
        0 => Err(format!("{place}: no indexes")),
        _ => Ok(machine),
    }
}

fn all_states(folder: &Path, machine: &mut Machine) -> Outcome<()> {
    let place = folder.display();
    let mut changes = BTreeMap::<String, usize>::new();
    let mut before = None;

    for (name, path) in folders(folder, "state-")? {
        let values = read(&path.join("values"))?;
        let zoneinfo = read(&path.join("zoneinfo"))?;
        let place = format!("{place} {name}");

        machine
            .states
            .add(&place, compare_state(&values, &zoneinfo)?);
        let (state, changed) = Values::parse(&values)?.change()?;
        if changed {
            *changes.entry(state.clone()).or_default() += 1;
        }
        if state == "default" {
            let before: String = before.ok_or("nothing before the default")?;

            machine
                .states
                .add(&place, compare_default(&before, &values)?);
        }
        before = Some(zoneinfo);
    }
    machine.settings = changes.values().sum();
    match changes.len() == text::NAMES.len() && changes.values().all(|nr| *nr == VALUES_EACH) {
        true => Ok(()),
        false => Err(format!("{place}: not {VALUES_EACH} of each: {changes:?}")),
    }
}

/// Compares everything that follows from `values` with what the kernel says in `zoneinfo`.
pub fn compare_state(values: &str, zoneinfo: &str) -> Outcome<Report> {
    let values = Values::parse(values)?;
    let zones = zones(zoneinfo)?;
    let mut report = Report::default();
    let tunables = tunables(&values, &mut report)?;
    let managed = managed_by_node(&zones, |zone| zone.managed);
    let lowmem = managed.values().map(lowmem_pages).sum();

    for zone in &zones {
        let Some(kind) = zone.kind else {
            continue;
        };
        let node = managed.get(&zone.nid).ok_or("no such node")?;
        let marks = tunables.watermarks(kind, zone.managed, lowmem);
        let mut found = Report::default();

        compare_marks(zone, &marks, &mut found);
        for (nr, (kernel, ours)) in zone
            .protection
            .iter()
            .zip(tunables.lowmem_reserve(kind, node))
            .enumerate()
        {
            found.compare(&format!("protection {nr}"), *kernel as i64, ours as i64);
        }
        compare_limits(zone, &values, &tunables, &marks, &mut found)?;
        report.add(
            &format!("{}, node {} {}", values.state, zone.nid, kind.name()),
            found,
        );
    }
    Ok(report)
}

/// Sets the module's tunables as the kernel's were. It must take what that took.
fn tunables(values: &Values, report: &mut Report) -> Outcome<Tunables> {
    let mut tunables = Tunables::DEFAULT;
    let mut set = |tunable: Tunable, value: u64| {
        let refused = tunable.check(value).is_err();

        report.compare(&format!("{tunable:?} refused"), 0, i64::from(refused));
        tunables.set(tunable, value);
    };

    set(Tunable::MinFreeKbytes, values.one("min_free_kbytes")?);
    set(
        Tunable::WatermarkScaleFactor,
        values.one("watermark_scale_factor")?,
    );
    set(
        Tunable::PercpuPagelistHighFraction,
        values.one("percpu_pagelist_high_fraction")?,
    );
    for (kind, ratio) in ZoneType::ALL
        .iter()
        .zip(values.all("lowmem_reserve_ratio")?)
    {
        set(Tunable::LowmemReserveRatio(*kind), *ratio);
    }
    Ok(tunables)
}

fn compare_marks(zone: &ZoneText, marks: &Watermarks, report: &mut Report) {
    let ours = [0, marks.min, marks.low, marks.high, marks.promo];

    for ((name, kernel), ours) in text::MARKS.iter().zip(zone.marks).zip(ours) {
        report.compare(name, kernel as i64, ours as i64);
    }
}

fn compare_limits(
    zone: &ZoneText,
    values: &Values,
    tunables: &Tunables,
    marks: &Watermarks,
    report: &mut Report,
) -> Outcome<()> {
    let own = values.cpus.get(&zone.nid).ok_or("no such node")?;
    let nr_cpus = nr_split_cpus(*own, values.coming, values.online);
    let ours = tunables.pcp_limits(zone.managed, marks.low, nr_cpus);
    let ours = [ours.batch, ours.high_min, ours.high_max];

    if zone.managed > 0 && zone.cpus.is_empty() {
        return Err(format!("no per-CPU lists on node {}", zone.nid));
    }
    for (cpu, kernel) in &zone.cpus {
        for ((name, kernel), ours) in text::LIMITS.iter().zip(kernel).zip(ours) {
            report.compare(&format!("cpu {cpu} {name}"), *kernel, i64::from(ours));
        }
    }
    Ok(())
}

/// Compares `min_free_kbytes` in `values`, which the kernel has just computed by itself, when
/// everything else was as in `before`. It leaves out what the high watermarks keep; there are none
/// when it does so for the first time.
pub fn compare_default(before: &str, values: &str) -> Outcome<Report> {
    let usable = managed_by_node(&zones(before)?, |zone| {
        zone.managed.saturating_sub(zone.high())
    });
    let lowmem = usable.values().map(lowmem_pages).sum();
    let kernel = Values::parse(values)?.one("min_free_kbytes")?;
    let mut report = Report::default();

    report.compare(
        "min_free_kbytes by default",
        kernel as i64,
        min_free_kbytes(lowmem) as i64,
    );
    Ok(report)
}

/// A number of each zone, by node.
fn managed_by_node(
    zones: &[ZoneText],
    number: impl Fn(&ZoneText) -> u64,
) -> BTreeMap<i32, [u64; NR_ZONES]> {
    let mut nodes = BTreeMap::<i32, [u64; NR_ZONES]>::new();

    for zone in zones {
        let node = nodes.entry(zone.nid).or_default();

        if let Some(kind) = zone.kind {
            node[kind.index()] = number(zone);
        }
    }
    nodes
}

/// Compares the kernel's indexes with those that follow from its free blocks.
pub fn compare_indexes(buddyinfo: &str, unusable: &str, extfrag: &str) -> Outcome<Report> {
    let blocks = index_rows(buddyinfo)?;
    let unusable = index_rows(unusable)?;
    let extfrag = index_rows(extfrag)?;
    let mut report = Report::default();

    if blocks.is_empty() || blocks.len() != unusable.len() || blocks.len() != extfrag.len() {
        return Err("the files have not the same zones".to_string());
    }
    for (zone, blocks) in &blocks {
        for order in Order::all() {
            let at = usize::from(order.get());
            let info = ContigPages::new(order, |of| {
                blocks.get(usize::from(of.get())).map_or(0, |nr| *nr as u64)
            });
            let kernel = |rows: &BTreeMap<String, Vec<i64>>| {
                let number = rows.get(zone).and_then(|row| row.get(at));

                number
                    .copied()
                    .ok_or_else(|| format!("no order {at} of {zone}"))
            };
            let name = |what| format!("{zone}, {what} index of order {at}");

            report.compare(
                &name("unusable"),
                kernel(&unusable)?,
                info.unusable_index() as i64,
            );
            report.compare(
                &name("extfrag"),
                kernel(&extfrag)?,
                info.fragmentation_index(),
            );
        }
    }
    Ok(report)
}

/// Folders whose names begin so, in order.
fn folders(folder: &Path, start: &str) -> Outcome<Vec<(String, PathBuf)>> {
    let failed = |error| format!("{}: {error}", folder.display());
    let mut found = Vec::new();

    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();

        if name.starts_with(start) {
            found.push((name.into_owned(), path.clone()));
        }
    }
    found.sort();
    Ok(found)
}

fn read(path: &Path) -> Outcome<String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
