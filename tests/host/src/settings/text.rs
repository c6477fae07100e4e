// SPDX-License-Identifier: GPL-2.0

//! Reads what the kernel says of itself: `/proc/zoneinfo`, `/proc/buddyinfo`, `/proc/sys/vm`.

use super::Outcome;
use crate::zone::{
    ZoneType,
    NR_ZONES, //
};
use std::collections::{
    BTreeMap,
    HashMap, //
};

/// The settings, by their names in `/proc/sys/vm`.
pub(super) const NAMES: [&str; 4] = [
    "min_free_kbytes",
    "watermark_scale_factor",
    "lowmem_reserve_ratio",
    "percpu_pagelist_high_fraction",
];

/// Names of a zone's watermarks. The boost is part of the others.
pub(super) const MARKS: [&str; 5] = ["boost", "min", "low", "high", "promo"];

/// Names of the limits of a per-CPU list.
pub(super) const LIMITS: [&str; 3] = ["batch", "high_min", "high_max"];

/// Settings of one moment, and CPUs.
pub(super) struct Values {
    /// How it came about.
    pub(super) state: String,
    /// CPUs that were coming while the limits of the lists were computed.
    pub(super) coming: u32,
    /// CPUs that were online then.
    pub(super) online: u32,
    /// Those of each node.
    pub(super) cpus: BTreeMap<i32, u32>,
    settings: HashMap<String, Vec<u64>>,
}

impl Values {
    /// Takes lines `FILE:CONTENT` apart.
    pub(super) fn parse(text: &str) -> Outcome<Self> {
        let mut values = Self {
            state: String::new(),
            coming: 0,
            online: 0,
            cpus: BTreeMap::new(),
            settings: HashMap::new(),
        };

        for line in text.lines() {
            let (path, content) = line.split_once(':').ok_or_else(|| bad(line))?;
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));

            match name {
                "state" => values.state = content.to_string(),
                "coming" => values.coming = content.parse().map_err(|_| bad(line))?,
                "online" => values.online = nr_cpus(content)?,
                "cpulist" => {
                    let node = folder.rsplit_once("/node").ok_or_else(|| bad(line))?.1;
                    let nid = node.parse().map_err(|_| bad(line))?;

                    values.cpus.insert(nid, nr_cpus(content)?);
                }
                _ => {
                    values.settings.insert(name.to_string(), numbers(content)?);
                }
            }
        }
        Ok(values)
    }

    /// All numbers of a setting.
    pub(super) fn all(&self, name: &str) -> Outcome<&[u64]> {
        let numbers = self.settings.get(name).map(Vec::as_slice);

        numbers.ok_or_else(|| format!("no setting {name}"))
    }

    /// The number of a setting.
    pub(super) fn one(&self, name: &str) -> Outcome<u64> {
        match self.all(name)? {
            [number] => Ok(*number),
            _ => Err(format!("{name} is not one number")),
        }
    }

    /// The first word of `state`, and whether that is a setting; then it must have the value.
    pub(super) fn change(&self) -> Outcome<(String, bool)> {
        let (name, value) = self.state.split_once(' ').unwrap_or((&self.state, ""));
        let changed = NAMES.contains(&name);

        if changed && self.all(name)? != numbers(value)? {
            return Err(format!("{}: it has another value", self.state));
        }
        Ok((name.to_string(), changed))
    }
}

/// One zone of `/proc/zoneinfo`.
#[derive(Default)]
pub(super) struct ZoneText {
    pub(super) nid: i32,
    /// `None` if we have no such zone.
    pub(super) kind: Option<ZoneType>,
    pub(super) managed: u64,
    /// As in [`MARKS`].
    pub(super) marks: [u64; 5],
    pub(super) protection: Vec<u64>,
    /// For each CPU its number and limits as in [`LIMITS`].
    pub(super) cpus: Vec<(u32, [i64; 3])>,
}

impl ZoneText {
    pub(super) fn high(&self) -> u64 {
        self.marks[3]
    }

    fn line(&mut self, line: &str) -> Outcome<()> {
        let (name, content) = line.trim().split_once([' ', ':']).unwrap_or((line, ""));
        let content = content.trim_start_matches([' ', ':']);
        let number = || content.parse::<u64>().map_err(|_| bad(line));

        if let Some(mark) = MARKS.iter().position(|mark| *mark == name) {
            // The per-CPU lists have a `high` too, with a colon.
            if !line.contains(':') {
                self.marks[mark] = number()?;
            }
        } else if let Some(limit) = LIMITS.iter().position(|limit| *limit == name) {
            let (_, limits) = self.cpus.last_mut().ok_or_else(|| bad(line))?;

            limits[limit] = content.parse().map_err(|_| bad(line))?;
        } else if name == "managed" {
            self.managed = number()?;
        } else if name == "cpu" {
            let cpu = content.parse().map_err(|_| bad(line))?;

            self.cpus.push((cpu, [i64::MIN; 3]));
        } else if name == "protection" {
            self.protection = numbers(&content.replace(['(', ')', ','], " "))?;
        }
        Ok(())
    }
}

/// Takes `/proc/zoneinfo` apart.
pub(super) fn zones(text: &str) -> Outcome<Vec<ZoneText>> {
    let mut zones = Vec::<ZoneText>::new();

    for line in text.lines() {
        if let Some(head) = line.strip_prefix("Node ") {
            let (nid, name) = head.split_once(", zone").ok_or_else(|| bad(line))?;
            let kind = |kind: &&ZoneType| kind.name() == name.trim();

            zones.push(ZoneText {
                nid: nid.parse().map_err(|_| bad(line))?,
                kind: ZoneType::ALL.iter().find(kind).copied(),
                ..ZoneText::default()
            });
        } else if let Some(zone) = zones.last_mut() {
            zone.line(line)?;
        }
    }
    match zones.iter().all(|zone| zone.protection.len() >= NR_ZONES) {
        true if !zones.is_empty() => Ok(zones),
        _ => Err("zoneinfo is not whole".to_string()),
    }
}

/// Rows `Node N, zone NAME NUMBER...` of whole numbers, or of thousandths as the kernel writes
/// them: both parts have the sign.
pub(super) fn index_rows(text: &str) -> Outcome<BTreeMap<String, Vec<i64>>> {
    let mut rows = BTreeMap::new();

    for line in text.lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        let (zone, numbers) = words.split_at_checked(4).ok_or_else(|| bad(line))?;
        let thousandths = |word: &&str| {
            let (whole, part) = word.split_once('.').unwrap_or(("0", word));
            let whole: i64 = whole.parse().ok()?;
            let part: i64 = part.parse().ok()?;

            Some(1000 * whole + part)
        };
        let numbers: Option<_> = numbers.iter().map(thousandths).collect();

        rows.insert(zone.join(" "), numbers.ok_or_else(|| bad(line))?);
    }
    Ok(rows)
}

/// How many CPUs a list such as `0-1,4` has.
fn nr_cpus(list: &str) -> Outcome<u32> {
    let part = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);

        Some(last.checked_sub(first)? + 1)
    };
    let parts = list.trim().split(',').filter(|part| !part.is_empty());

    parts.map(part).sum::<Option<_>>().ok_or_else(|| bad(list))
}

fn numbers(text: &str) -> Outcome<Vec<u64>> {
    let number = |word: &str| word.parse().map_err(|_| bad(text));

    text.split_whitespace().map(number).collect()
}

fn bad(line: &str) -> String {
    format!("what is this: {line}")
}
