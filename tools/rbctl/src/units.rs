// SPDX-License-Identifier: GPL-2.0

//! Numbers for people.

#![deny(unsafe_code)]

use std::time::Duration;

/// Bytes in the largest unit that divides them or leaves at least 10.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes;
    let mut unit = 0;
    while unit + 1 < UNITS.len() && value >= 1024 && (value % 1024 == 0 || value >= 10 * 1024) {
        value /= 1024;
        unit += 1;
    }
    format!("{value} {}", UNITS[unit])
}

/// A part of a whole, in percent with one digit.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    match whole {
        0 => "-".to_owned(),
        _ => format!("{:.1} %", part as f64 * 100.0 / whole as f64),
    }
}

/// A time with three significant digits or so.
pub(crate) fn time(time: Duration) -> String {
    match time.as_nanos() {
        ns @ 0..1_000 => format!("{ns} ns"),
        ns @ 1_000..1_000_000 => format!("{:.1} us", ns as f64 / 1e3),
        ns @ 1_000_000..1_000_000_000 => format!("{:.1} ms", ns as f64 / 1e6),
        ns => format!("{:.2} s", ns as f64 / 1e9),
    }
}

/// As JSON has times.
pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// How many in a second.
pub(crate) fn rate(nr: u64, time: Duration) -> u64 {
    match time.as_secs_f64() {
        0.0 => 0,
        seconds => (nr as f64 / seconds).round() as u64,
    }
}

/// `1 page`, `2 pages`.
pub(crate) fn count(nr: u64, word: &str) -> String {
    match nr {
        1 => format!("1 {word}"),
        _ => format!("{nr} {word}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_take_the_unit_that_fits() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(4096), "4 KiB");
        assert_eq!(bytes(64 << 20), "64 MiB");
        assert_eq!(bytes(3 << 29), "1536 MiB");
    }

    #[test]
    fn times_and_rates() {
        assert_eq!(time(Duration::from_nanos(999)), "999 ns");
        assert_eq!(time(Duration::from_micros(1500)), "1.5 ms");
        assert_eq!(rate(10, Duration::from_millis(100)), 100);
        assert_eq!(rate(10, Duration::ZERO), 0);
    }

    #[test]
    fn words_and_parts() {
        assert_eq!(count(1, "block"), "1 block");
        assert_eq!(count(0, "block"), "0 blocks");
        assert_eq!(percent(1, 8), "12.5 %");
        assert_eq!(percent(0, 0), "-");
    }
}
