// SPDX-License-Identifier: GPL-2.0

//! What can be tuned while the region is in use: `RB_TUNE_GET` and `RB_TUNE_SET`.

#![deny(unsafe_code)]

use std::{
    fmt,
    str::FromStr, //
};

use rust_buddy_sys::*;
use rustix::io::Errno;
use serde::{
    Serialize,
    Serializer, //
};

use crate::{
    Error,
    Region,
    Result,
    ZoneKind, //
};

/// Keys by the kernel's names, and what the value counts.
const NAMES: [(u32, &str, &str); 9] = [
    (RB_TUNE_MIN_FREE_KBYTES, "min_free_kbytes", "KiB"),
    (
        RB_TUNE_WATERMARK_SCALE_FACTOR,
        "watermark_scale_factor",
        "1/10000 of a zone",
    ),
    (
        RB_TUNE_WATERMARK_BOOST_FACTOR,
        "watermark_boost_factor",
        "1/10000 of high",
    ),
    (
        RB_TUNE_LOWMEM_RESERVE_RATIO,
        "lowmem_reserve_ratio",
        "1/n of higher zones, 0: none",
    ),
    (
        RB_TUNE_PERCPU_PAGELIST_HIGH_FRACTION,
        "percpu_pagelist_high_fraction",
        "1/n of a zone, 0: learned, else at least 8",
    ),
    (RB_TUNE_DEFRAG_MODE, "defrag_mode", "0 or 1"),
    (RB_TUNE_STAT_INTERVAL, "stat_interval", "seconds"),
    (RB_TUNE_EXTFRAG_THRESHOLD, "extfrag_threshold", "1/1000"),
    (
        RB_TUNE_COMPACTION_PROACTIVENESS,
        "compaction_proactiveness",
        "percent",
    ),
];

/// Something that can be tuned, by the kernel's name; what is by zone as `NAME.ZONE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tunable {
    key: u32,
    zone: Option<ZoneKind>,
}

/// A name of nothing that can be tuned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("nothing called `{0}` can be tuned: `rbctl tune` lists what can")]
pub struct UnknownTunable(String);

impl Tunable {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.iter().flat_map(|(key, ..)| {
            let zones = match *key {
                RB_TUNE_LOWMEM_RESERVE_RATIO => ZoneKind::ALL.map(Some).to_vec(),
                _ => vec![None],
            };
            zones.into_iter().map(|zone| Self { key: *key, zone })
        })
    }

    /// What the value counts.
    pub fn unit(self) -> &'static str {
        self.entry().2
    }

    fn entry(self) -> (u32, &'static str, &'static str) {
        NAMES
            .into_iter()
            .find(|(key, ..)| *key == self.key)
            .unwrap_or((self.key, "?", ""))
    }
}

impl fmt::Display for Tunable {
    /// The form that [`Tunable::from_str`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.zone {
            None => f.write_str(self.entry().1),
            Some(zone) => write!(f, "{}.{zone}", self.entry().1),
        }
    }
}

impl FromStr for Tunable {
    type Err = UnknownTunable;

    fn from_str(text: &str) -> Result<Self, UnknownTunable> {
        Self::all()
            .find(|tunable| tunable.to_string().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownTunable(text.to_owned()))
    }
}

impl Serialize for Tunable {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// A tunable as it is.
#[derive(Debug, Clone, Serialize)]
pub struct Tuning {
    /// Which.
    pub name: Tunable,
    /// What holds; after a check alone, what was checked.
    pub value: u64,
    /// What held before.
    pub old: u64,
    /// The least.
    pub min: u64,
    /// The most.
    pub max: u64,
    /// What holds if nobody says otherwise.
    pub default: u64,
    /// What it counts.
    pub unit: &'static str,
}

impl Tuning {
    fn new(name: Tunable, raw: &rb_tune) -> Self {
        Self {
            name,
            value: raw.value,
            old: raw.old,
            min: raw.min,
            max: raw.max,
            default: raw.def,
            unit: name.unit(),
        }
    }
}

impl Region {
    /// What holds.
    pub fn tunable(&self, name: Tunable) -> Result<Tuning> {
        let mut raw = question(name);
        self.driver()
            .tune_get(&mut raw)
            .map_err(Error::refused(name.to_string()))?;
        Ok(Tuning::new(name, &raw))
    }

    /// Changes a tunable, or with `only_try` checks whether it could be changed.
    pub fn tune(&self, name: Tunable, value: u64, only_try: bool) -> Result<Tuning> {
        let now = self.tunable(name)?;
        let mut raw = rb_tune {
            value,
            flags: if only_try { RB_TUNE_TRY } else { 0 },
            ..question(name)
        };
        match self.driver().tune_set(&mut raw) {
            Ok(()) => Ok(Tuning::new(name, &raw)),
            Err(Errno::INVAL) => Err(Error::OutOfRange {
                what: name.to_string(),
                min: now.min,
                max: now.max,
                unit: now.unit,
            }),
            Err(errno) => Err(Error::refused(name.to_string())(errno)),
        }
    }
}

fn question(name: Tunable) -> rb_tune {
    rb_tune {
        key: name.key,
        zone: name.zone.map_or(0, |zone| zone as u32),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_printed() {
        for tunable in Tunable::all() {
            assert_eq!(tunable.to_string().parse(), Ok(tunable));
        }
        assert_eq!(Tunable::all().count(), 12);
    }

    #[test]
    fn what_is_by_zone_needs_one() {
        assert!("lowmem_reserve_ratio".parse::<Tunable>().is_err());
        assert!("lowmem_reserve_ratio.dma32".parse::<Tunable>().is_ok());
        assert!("defrag_mode.DMA".parse::<Tunable>().is_err());
    }
}
