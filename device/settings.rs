// SPDX-License-Identifier: GPL-2.0

//! Files in `/sys/kernel/debug/rust_buddy/` that change something: `tunables/`, as the kernel has
//! them in `/proc/sys/vm`, and `drain` and `compact`, which do something when a 1 is written.
//!
//! C: `page_alloc_sysctl_table[]`, `proc_dointvec_minmax()`, `sysctl_compaction_handler()`.

#![deny(unsafe_code)]

use super::Device;
use crate::{
    page_alloc::tunables::Tunable,
    sys::{
        self,
        Text, //
    },
    zone::{
        ZoneType,
        NR_ZONES, //
    }, //
};
use core::fmt::Write;
use kernel::{
    prelude::*,
    sync::Arc, //
};

/// The files, and what is in each of them.
const FILES: [(&CStr, &[Tunable]); 7] = [
    (c"defrag_mode", &[Tunable::DefragMode]),
    (
        c"lowmem_reserve_ratio",
        &[
            Tunable::LowmemReserveRatio(ZoneType::Dma),
            Tunable::LowmemReserveRatio(ZoneType::Dma32),
            Tunable::LowmemReserveRatio(ZoneType::Normal),
            Tunable::LowmemReserveRatio(ZoneType::Movable),
        ],
    ),
    (c"min_free_kbytes", &[Tunable::MinFreeKbytes]),
    (
        c"percpu_pagelist_high_fraction",
        &[Tunable::PercpuPagelistHighFraction],
    ),
    (c"stat_interval", &[Tunable::StatInterval]),
    (c"watermark_boost_factor", &[Tunable::WatermarkBoostFactor]),
    (c"watermark_scale_factor", &[Tunable::WatermarkScaleFactor]),
];

/// Makes the files.
#[inline(never)]
pub(super) fn add(dir: &mut sys::Dir, device: &Arc<Device>) -> Result {
    let drain = Arc::new(Drain(device.clone()), GFP_KERNEL)?;
    let compact = Arc::new(Compact(device.clone()), GFP_KERNEL)?;

    dir.trigger(c"drain", 0o200, drain)?;
    dir.trigger(c"compact", 0o200, compact)?;
    let mut folder = dir.folder(c"tunables")?;

    for (name, tunables) in FILES {
        let setting = Setting {
            device: device.clone(),
            tunables,
        };

        folder.setting(name, 0o600, Arc::new(setting, GFP_KERNEL)?)?;
    }
    Ok(())
}

/// One tunable, or one for each zone.
struct Setting {
    device: Arc<Device>,
    tunables: &'static [Tunable],
}

impl sys::Show for Setting {
    fn show(&self, out: &mut Text) -> Result {
        let mut tab = "";

        for tunable in self.tunables {
            write!(out, "{tab}{}", self.device.region().tunable(*tunable))?;
            tab = "\t";
        }
        writeln!(out)?;
        Ok(())
    }
}

impl sys::Store for Setting {
    /// The rules of TUNE_SET. Of several values the first ones may be given alone; all of them are
    /// judged before any is set.
    fn store(&self, text: &[u8]) -> Result {
        let values = Values::parse(text).ok_or(EINVAL)?;

        if values.nr > self.tunables.len() {
            return Err(EINVAL);
        }
        if !sys::capable_sys_admin() {
            return Err(EPERM);
        }
        for (tunable, value) in self.tunables.iter().zip(values.iter()) {
            tunable.check(value)?;
        }
        for (tunable, value) in self.tunables.iter().zip(values.iter()) {
            self.device.set_tunable(*tunable, value)?;
        }
        Ok(())
    }
}

struct Drain(Arc<Device>);

impl sys::Store for Drain {
    fn store(&self, text: &[u8]) -> Result {
        expect_one(text)?;
        self.0.region().drain_all_pages();
        Ok(())
    }
}

struct Compact(Arc<Device>);

impl sys::Store for Compact {
    fn store(&self, text: &[u8]) -> Result {
        expect_one(text)?;
        if !sys::capable_sys_admin() {
            return Err(EPERM);
        }
        self.0.compact_memory()
    }
}

/// EINVAL for anything but a 1.
fn expect_one(text: &[u8]) -> Result {
    match Values::parse(text) {
        Some(Values { nr: 1, all }) if all.first() == Some(&1) => Ok(()),
        _ => Err(EINVAL),
    }
}

/// Numbers of a text.
struct Values {
    all: [u64; NR_ZONES],
    nr: usize,
}

impl Values {
    /// Decimal numbers between blanks, at least one. `None` for any other text, and for numbers
    /// that are too many or too large.
    fn parse(text: &[u8]) -> Option<Self> {
        let mut values = Self {
            all: [0; NR_ZONES],
            nr: 0,
        };
        let words = text.split(u8::is_ascii_whitespace);

        for word in words.filter(|word| !word.is_empty()) {
            *values.all.get_mut(values.nr)? = number(word)?;
            values.nr = values.nr.wrapping_add(1);
        }
        (values.nr > 0).then_some(values)
    }

    fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        self.all.iter().copied().take(self.nr)
    }
}

fn number(word: &[u8]) -> Option<u64> {
    word.iter().try_fold(0u64, |number, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;

        number.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

#[kunit_tests(rust_buddy_settings)]
mod tests {
    use super::*;

    fn parse(text: &[u8]) -> Option<(usize, [u64; NR_ZONES])> {
        Values::parse(text).map(|values| (values.nr, values.all))
    }

    #[test]
    fn numbers_are_read() -> Result {
        assert_eq!(parse(b"1"), Some((1, [1, 0, 0, 0])));
        assert_eq!(parse(b" 007\n"), Some((1, [7, 0, 0, 0])));
        assert_eq!(parse(b"256\t256\t32 0\n"), Some((4, [256, 256, 32, 0])));
        assert_eq!(
            parse(b"18446744073709551615"),
            Some((1, [u64::MAX, 0, 0, 0]))
        );
        Ok(())
    }

    #[test]
    fn row_133_only_a_1_is_an_order() -> Result {
        assert!(expect_one(b"1\n").is_ok());
        for text in ["0", "2", "1 1", "-1", ""] {
            assert_eq!(expect_one(text.as_bytes()), Err(EINVAL));
        }
        Ok(())
    }

    #[test]
    fn other_texts_are_not() -> Result {
        for text in [
            "",
            " \n",
            "-1",
            "+1",
            "0x10",
            "1,2",
            "1 2 3 4 5",
            "1\0",
            "1.5",
        ] {
            assert!(parse(text.as_bytes()).is_none());
        }
        assert!(parse(b"18446744073709551616").is_none());
        Ok(())
    }
}
