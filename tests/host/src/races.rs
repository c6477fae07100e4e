// SPDX-License-Identifier: GPL-2.0

//! Small scenes in which threads use one zone at once, for loom to play in every order.
//!
//! Those with pages end with a count: every page is free, in stock or held by exactly one.

#![deny(unsafe_code)]

use crate::{
    page_alloc::pageset::Pageset,
    pcp::tuning::PcpLimits,
    slowpath::compact::kcompactd::Kcompactd,
    sys,
    zone::{
        alloc_flags::{
            AllocFlags,
            FreeFlags, //
        },
        migratetype::Migratetype,
        order::{
            Block,
            Order,
            PageIdx, //
        },
        vmstat::NumaPlace,
        Zone,
        ZoneConfig,
        ZoneFlag,
        ZoneSpan,
        ZoneType, //
    }, //
};
use loom::{
    sync::atomic::fence,
    thread, //
};
use std::sync::{
    atomic::Ordering,
    Arc, //
};

const NR_PAGES: u32 = 1024;
const HERE: NumaPlace = NumaPlace {
    preferred: true,
    local: true,
};
const FLAGS: AllocFlags = AllocFlags::WMARK_LOW;
const NOLOCK: AllocFlags = AllocFlags::NOLOCK;

/// One block of the largest order behind lists of so many pages.
fn pageset(high: i32, batch: i32) -> Arc<Pageset> {
    let span = ZoneSpan {
        kind: ZoneType::Normal,
        nid: 0,
        start: PageIdx::new(0),
        nr_pages: NR_PAGES,
    };
    let config = ZoneConfig {
        pageblock_order: Order::new(9).expect("an order"),
        mobility_off: false,
        nr_cpus: sys::nr_cpus(),
        lazy: false,
    };
    let zone = Zone::new(span, &config, NR_PAGES).expect("memory for a zone");
    let pageset = Pageset::new(zone, false, |_| false).expect("memory for lists");
    let limits = PcpLimits {
        high_min: high,
        high_max: high,
        batch,
    };

    pageset.set_limits(limits).expect("memory for lists");
    // An atomic begins when it is first used, and that must not be in a thread.
    assert_eq!(pageset.zone().flags(), 0);
    assert_eq!(pageset.zone().nr_deferred(), 0);
    Arc::new(pageset)
}

/// Uses the places of all blocks that wait: costly, so not for scenes without such blocks.
fn use_all_places(zone: &Zone) {
    let take = |_| zone.rmqueue(Order::ZERO, Migratetype::Movable, FLAGS, HERE);
    let blocks: Vec<_> = (0..64).filter_map(take).collect();

    zone.with(|_| blocks.into_iter().for_each(|block| zone.free_nolock(block)));
    assert_eq!(zone.nr_deferred(), 64);
    zone.free_deferred();
}

fn take(pageset: &Pageset, flags: AllocFlags) -> Option<Block> {
    let taken = pageset.rmqueue(Order::ZERO, Migratetype::Movable, flags, HERE);

    Some(taken?.0)
}

/// Counts everything; the blocks in `held` are given back.
fn settle(pageset: &Pageset, held: Vec<Block>) {
    let report = pageset.validate();
    let nr_held: u64 = held.iter().map(|block| u64::from(block.nr_pages())).sum();
    let waiting = u64::from(pageset.zone().nr_deferred());
    let known = report.free + pageset.total() + nr_held + waiting;

    assert_eq!(report.errors, 0, "{report:?}");
    assert_eq!(known, u64::from(NR_PAGES));
    for (nr, block) in held.iter().enumerate() {
        assert!(held.iter().skip(nr + 1).all(|other| other != block));
    }
    for block in held {
        pageset.free(block, FLAGS);
    }
    pageset.drain_all();
    assert_eq!(pageset.zone().nr_deferred(), 0);
    assert_eq!(pageset.zone().nr_free(), u64::from(NR_PAGES));
    assert_eq!(pageset.validate().errors, 0);
}

/// Plays parts at once, and counts what they return.
fn play(pageset: &Arc<Pageset>, parts: Vec<Box<dyn FnOnce(&Pageset) -> Option<Block> + Send>>) {
    let actors: Vec<_> = parts
        .into_iter()
        .map(|part| {
            let pageset = pageset.clone();

            thread::spawn(move || part(&pageset))
        })
        .collect();
    let held = actors
        .into_iter()
        .filter_map(|actor| actor.join().expect("a thread that ends"));

    settle(pageset, held.collect());
}

/// Two threads take and give back on one CPU's lists; a third drains them.
pub fn lists_and_drain() {
    let pageset = pageset(4, 2);
    let mine = take(&pageset, FLAGS).expect("a page");

    play(
        &pageset,
        vec![
            Box::new(|pageset| take(pageset, FLAGS)),
            Box::new(|pageset| {
                pageset.free(mine, FLAGS);
                None
            }),
            Box::new(|pageset| {
                pageset.drain(0);
                None
            }),
        ],
    );
}

/// So many pages are given back that the lists give some on, while somebody drains them.
pub fn long_lists_and_drain() {
    let pageset = pageset(2, 1);
    let (one, two) = (take(&pageset, FLAGS), take(&pageset, FLAGS));

    play(
        &pageset,
        vec![
            Box::new(|pageset| {
                for block in [one, two].into_iter().flatten() {
                    pageset.free(block, FLAGS);
                }
                None
            }),
            Box::new(|pageset| {
                pageset.drain_all();
                None
            }),
        ],
    );
}

/// Somebody gives back without waiting, beside somebody who waits and somebody who takes.
pub fn unlocked_free_and_free() {
    let pageset = pageset(0, 1);
    let zone = pageset.zone();

    use_all_places(zone);
    let block = || zone.rmqueue(Order::ZERO, Migratetype::Movable, FLAGS, HERE);
    let (one, two, three) = (block(), block(), block());

    play(
        &pageset,
        vec![
            Box::new(|pageset| {
                pageset.zone().free_nolock(one?);
                None
            }),
            Box::new(|pageset| {
                pageset.zone().free(two?, FreeFlags::None);
                None
            }),
            Box::new(|pageset| {
                pageset.zone().free_nolock(three?);
                None
            }),
        ],
    );
}

/// Somebody takes and somebody gives back, both without waiting, while a third takes from the zone.
pub fn unlocked_both_ways() {
    let pageset = pageset(0, 1);
    let mine = pageset
        .zone()
        .rmqueue(Order::ZERO, Migratetype::Movable, FLAGS, HERE);

    play(
        &pageset,
        vec![
            Box::new(|pageset| sys::without_waiting(|| take(pageset, NOLOCK))),
            Box::new(|pageset| {
                let mine = mine?;

                sys::without_waiting(|| pageset.free(mine, NOLOCK));
                None
            }),
            Box::new(|pageset| {
                let order = Order::new(4)?;
                let mt = Migratetype::Unmovable;

                pageset.zone().rmqueue(order, mt, FLAGS, HERE)
            }),
        ],
    );
}

/// Free pages rise above the high watermark while somebody marks the zone as below it: the mark may
/// stay, but no page is lost by it, and nobody waits for ever.
pub fn flags_and_lists() {
    let pageset = pageset(2, 1);
    let blocks: Vec<_> = (0..3).filter_map(|_| take(&pageset, FLAGS)).collect();

    play(
        &pageset,
        vec![
            Box::new(|pageset| {
                for block in blocks {
                    pageset.free(block, FLAGS);
                }
                None
            }),
            Box::new(|pageset| {
                pageset.zone().set_flag(ZoneFlag::BelowHigh, true);
                pageset.zone().set_flag(ZoneFlag::ReclaimActive, true);
                take(pageset, FLAGS)
            }),
        ],
    );
}

/// Somebody asks for a block while the compactor of a node is about to sleep: either it sees the
/// wish, or whoever asks sees that it has to be woken.
pub fn wish_and_sleep() {
    let state = Arc::new(Kcompactd::new().expect("memory for its bell"));
    let order = Order::new(4).expect("an order");

    // Atomics begin.
    assert!(state.work().is_none() && !state.is_wanted() && !state.is_asleep());
    let sleeper = thread::spawn({
        let state = state.clone();

        move || {
            state.falls_asleep();
            fence(Ordering::SeqCst);
            state.is_wanted()
        }
    });
    let wakes = state.ask(order, ZoneType::Normal) && state.is_asleep();
    let is_awake = sleeper.join().expect("a thread that ends");

    assert!(is_awake || wakes, "it sleeps, and was asked for a block");
}
