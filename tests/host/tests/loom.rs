// SPDX-License-Identifier: GPL-2.0

//! Threads at once, in every order that three preemptions allow, and with every old value that a
//! relaxed load may see.
//!
//! `SOAK=1` allows a preemption more and ten times as long.

use rust_buddy_host::races;
use std::{
    sync::{
        atomic::{
            AtomicU64,
            Ordering, //
        },
        Arc, //
    },
    time::{
        Duration,
        Instant, //
    }, //
};

fn explore(name: &str, scene: fn()) {
    let soak = std::env::var_os("SOAK").is_some_and(|soak| soak == "1");
    let mut builder = loom::model::Builder::new();
    let (preemptions, seconds) = if soak { (4, 120) } else { (3, 12) };
    let played = Arc::new(AtomicU64::new(0));
    let count = played.clone();
    let start = Instant::now();

    builder.preemption_bound = Some(preemptions);
    builder.max_duration = Some(Duration::from_secs(seconds));
    builder.max_branches = 100_000;
    // So often the time is looked at.
    builder.checkpoint_interval = 100;
    builder.check(move || {
        count.fetch_add(1, Ordering::Relaxed);
        scene();
    });
    let all = match start.elapsed() < Duration::from_secs(seconds) {
        true => "all",
        false => "so many in the time",
    };

    println!(
        "{name}: {} schedules, {all}",
        played.load(Ordering::Relaxed)
    );
}

#[test]
fn no_page_is_lost_between_lists_and_drain() {
    explore("lists and drain", races::lists_and_drain);
}

#[test]
fn no_page_is_lost_between_long_lists_and_drain() {
    explore("long lists and drain", races::long_lists_and_drain);
}

#[test]
fn no_page_is_lost_between_unlocked_free_and_free() {
    explore("unlocked free and free", races::unlocked_free_and_free);
}

#[test]
fn no_page_is_lost_when_two_do_not_wait() {
    explore("unlocked both ways", races::unlocked_both_ways);
}

#[test]
fn no_page_is_lost_when_flags_change() {
    explore("flags and lists", races::flags_and_lists);
}

#[test]
fn no_wish_is_missed_by_who_falls_asleep() {
    explore("wish and sleep", races::wish_and_sleep);
}
