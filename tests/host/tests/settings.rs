// SPDX-License-Identifier: GPL-2.0

//! The comparison of what follows from settings, on what one kernel said of itself: it agrees, and
//! no longer does when any digit is changed.
//!
//! Recorded by `tests/parity/settings.sh` with two CPUs, 768 MiB on node 0 and 256 MiB on node 1,
//! `kernelcore=256M`; of zoneinfo only the lines that matter.

use rust_buddy_host::settings::{
    compare_default,
    compare_indexes,
    compare_state,
    Outcome, //
};

const VALUES: &str = include_str!("settings/values");
const DEFAULT: &str = include_str!("settings/default");
const ZONEINFO: &str = include_str!("settings/zoneinfo");
const BUDDYINFO: &str = include_str!("settings/buddyinfo");
const UNUSABLE: &str = include_str!("settings/unusable_index");
const EXTFRAG: &str = include_str!("settings/extfrag_index");

/// Settings of which it is compared whether both take them: three, and a ratio for each zone.
const ACCEPTED: u64 = 3 + 4;

/// Where the numbers of a text end.
fn number_ends(text: &str) -> impl Iterator<Item = usize> + '_ {
    let digit = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_digit);

    (0..text.len()).filter(move |at| digit(*at) && !digit(at + 1))
}

/// The text with another digit there.
fn other_digit(text: &str, at: usize) -> String {
    let digit = if &text[at..=at] == "0" { "1" } else { "0" };

    format!("{}{digit}{}", &text[..at], &text[at + 1..])
}

/// Whether the number that ends there is one that follows from settings. The last number of a
/// protection is for a zone that we have not.
fn is_compared(text: &str, at: usize) -> bool {
    let line = text[..at].lines().next_back().unwrap_or("");
    let zone = text[..at].rsplit("Node ").next().unwrap_or("");
    let ours = !zone.contains("zone   Device");
    let marks = ["boost ", "min ", "low ", "high ", "promo "];
    let starts = [&marks[..], &["batch:", "high_min:", "high_max:"]].concat();
    let name = line.trim_start();

    ours && (starts.iter().any(|start| name.starts_with(start))
        || name.starts_with("protection") && text[at + 1..].starts_with(','))
}

#[test]
fn what_was_recorded_agrees() -> Outcome<()> {
    let state = compare_state(VALUES, ZONEINFO)?;
    let default = compare_default(ZONEINFO, DEFAULT)?;
    let indexes = compare_indexes(BUDDYINFO, UNUSABLE, EXTFRAG)?;

    assert_eq!(state.differences, Vec::<String>::new());
    assert_eq!(default.differences, Vec::<String>::new());
    assert_eq!(indexes.differences, Vec::<String>::new());
    // Two zones, eleven orders, two indexes.
    assert_eq!((default.numbers, indexes.numbers), (1, 2 * 11 * 2));
    Ok(())
}

#[test]
fn any_other_number_of_a_zone_is_one_difference() -> Outcome<()> {
    let numbers = compare_state(VALUES, ZONEINFO)?.numbers;
    let compared: Vec<_> = number_ends(ZONEINFO)
        .filter(|at| is_compared(ZONEINFO, *at))
        .collect();

    assert_eq!(compared.len() as u64 + ACCEPTED, numbers);
    for at in compared {
        let report = compare_state(VALUES, &other_digit(ZONEINFO, at))?;

        assert_eq!(report.differences.len(), 1);
    }
    Ok(())
}

#[test]
fn other_settings_have_other_consequences() -> Outcome<()> {
    let with = |from: &str, to: &str| {
        assert!(VALUES.contains(from));
        compare_state(&VALUES.replace(from, to), ZONEINFO).map(|report| report.differences.len())
    };

    assert!(with("min_free_kbytes:", "min_free_kbytes:1")? > 0);
    assert!(with("scale_factor:10", "scale_factor:1000")? > 0);
    assert!(with("ratio:256\t256", "ratio:256\t255")? > 0);
    assert!(with("high_fraction:0", "high_fraction:8")? > 0);
    assert!(with("online:0-1", "online:0-2")? > 0);
    assert!(with("coming:0", "coming:1")? > 0);
    // Not a value that we take.
    assert!(with("high_fraction:0", "high_fraction:7")? > 0);
    Ok(())
}

#[test]
fn another_default_is_a_difference() -> Outcome<()> {
    let other = DEFAULT.replace("min_free_kbytes:", "min_free_kbytes:1");

    assert_eq!(compare_default(ZONEINFO, &other)?.differences.len(), 1);
    Ok(())
}

#[test]
fn any_other_index_is_one_difference() -> Outcome<()> {
    // The last digit of a number with a point: not that of a node, nor what is before the point.
    let ends =
        |text| number_ends(text).filter(move |at| text[..*at].rfind('.') >= text[..*at].rfind(' '));
    let mut nr = 0;

    for at in ends(UNUSABLE) {
        let report = compare_indexes(BUDDYINFO, &other_digit(UNUSABLE, at), EXTFRAG)?;

        assert_eq!(report.differences.len(), 1);
        nr += 1;
    }
    for at in ends(EXTFRAG) {
        let report = compare_indexes(BUDDYINFO, UNUSABLE, &other_digit(EXTFRAG, at))?;

        assert_eq!(report.differences.len(), 1);
        nr += 1;
    }
    assert_eq!(nr, 2 * 11 * 2);
    Ok(())
}
