// SPDX-License-Identifier: GPL-2.0

//! What the thread that compacts a node in the background is asked for, and when it looks by
//! itself.
//!
//! C: `kcompactd_max_order` and its neighbours in `pg_data_t`, `wakeup_kcompactd()`, `kcompactd()`
//! in `mm/compaction.c`.

#![deny(unsafe_code)]

use super::{
    deferral::MAX_DEFER_SHIFT,
    proactive::CHECK_INTERVAL_MS, //
};
use crate::{
    sys,
    zone::{
        order::Order,
        ZoneType, //
    }, //
};
use kernel::{
    prelude::*,
    sync::atomic::{
        Atomic,
        Full,
        Relaxed, //
    }, //
};

/// No zone is higher.
const ANY_ZONE: u32 = ZoneType::Movable as u32;

/// What the thread of a node knows.
pub(crate) struct Kcompactd {
    /// The largest order asked for, 0: none (C: `kcompactd_max_order`).
    max_order: Atomic<u32>,
    /// The lowest of the highest zones asked for (C: `kcompactd_highest_zoneidx`).
    highest_zone: Atomic<u32>,
    /// Look at the score at once (C: `proactive_compact_trigger`).
    trigger: Atomic<bool>,
    /// Milliseconds to the next look.
    timeout_ms: Atomic<u32>,
    /// It waits (C: `wq_has_sleeper(&pgdat->kcompactd_wait)`).
    is_asleep: Atomic<bool>,
    runs: Atomic<u64>,
    /// Rung for the thread.
    pub(crate) bell: sys::Doorbell,
}

/// What the thread is to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Work {
    pub(crate) order: Order,
    pub(crate) highest: ZoneType,
}

impl Kcompactd {
    /// Nothing was asked for. Sleeps.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            max_order: Atomic::new(0),
            highest_zone: Atomic::new(ANY_ZONE),
            trigger: Atomic::new(false),
            timeout_ms: Atomic::new(CHECK_INTERVAL_MS),
            is_asleep: Atomic::new(false),
            runs: Atomic::new(0),
            bell: sys::Doorbell::new(c"rust_buddy_kcompactd")?,
        })
    }

    /// Asks for a block in zones up to `highest`; whether that is anything
    /// (C: the first half of `wakeup_kcompactd()`).
    pub(crate) fn ask(&self, order: Order, highest: ZoneType) -> bool {
        if order == Order::ZERO {
            return false;
        }
        // As in the kernel, a request that comes at the same moment may be lost: it was a hint.
        if self.highest_zone.load(Relaxed) > highest as u32 {
            self.highest_zone.store(highest as u32, Relaxed);
        }
        if self.max_order.load(Relaxed) < u32::from(order.get()) {
            // Ordered before the look at whether it sleeps; it says that it does and then looks
            // here (C: `wq_has_sleeper()`).
            self.max_order.xchg(u32::from(order.get()), Full);
        }
        true
    }

    /// What was asked for.
    pub(crate) fn work(&self) -> Option<Work> {
        let order = Order::new(self.max_order.load(Relaxed))?;
        let highest = ZoneType::from_number(self.highest_zone.load(Relaxed))?;

        (order > Order::ZERO).then_some(Work { order, highest })
    }

    /// That was done. What was asked for meanwhile remains if it is more
    /// (C: the end of `kcompactd_do_work()`).
    pub(crate) fn done(&self, work: Work) {
        if self.max_order.load(Relaxed) <= u32::from(work.order.get()) {
            self.max_order.store(0, Relaxed);
        }
        if self.highest_zone.load(Relaxed) >= work.highest as u32 {
            self.highest_zone.store(ANY_ZONE, Relaxed);
        }
    }

    /// Makes it look at the score at once, after the tunable was set.
    pub(crate) fn trigger(&self) {
        self.trigger.store(true, Relaxed);
        self.bell.ring();
    }

    /// Whether it was asked for that.
    pub(crate) fn is_triggered(&self) -> bool {
        self.trigger.load(Relaxed)
    }

    /// It has looked.
    pub(crate) fn untrigger(&self) {
        self.trigger.store(false, Relaxed);
    }

    /// Whether there is anything to do (C: `kcompactd_work_requested()`).
    pub(crate) fn is_wanted(&self) -> bool {
        self.work().is_some() || self.is_triggered()
    }

    /// How long to sleep if nobody asks for anything; `None`: for ever.
    pub(crate) fn timeout_ms(&self, proactiveness: u64) -> Option<u32> {
        (proactiveness != 0).then(|| self.timeout_ms.load(Relaxed))
    }

    /// The next look comes when it should.
    pub(crate) fn reset_timeout(&self) {
        self.timeout_ms.store(CHECK_INTERVAL_MS, Relaxed);
    }

    /// The last look changed the score so: in vain means later (C: the loop of `kcompactd()`).
    pub(crate) fn after_proactive(&self, before: u32, after: u32) {
        let later = match after >= before {
            true => CHECK_INTERVAL_MS << MAX_DEFER_SHIFT,
            false => CHECK_INTERVAL_MS,
        };

        self.timeout_ms.store(later, Relaxed);
    }

    /// Sleeps until there is something to do, or the next look is due; whether there is. Returns
    /// early if the thread is to end.
    pub(crate) fn sleep(&self, proactiveness: u64) -> bool {
        let timeout = self.timeout_ms(proactiveness);

        self.falls_asleep();
        let _ = self.bell.wait_until(timeout, || self.is_wanted());
        self.is_asleep.store(false, Relaxed);
        self.is_wanted()
    }

    /// It is about to sleep, and looks once more whether it is wanted; a full barrier is between,
    /// as in every wait for a bell.
    pub(crate) fn falls_asleep(&self) {
        self.is_asleep.store(true, Relaxed);
    }

    /// Whether it sleeps, or is about to.
    pub(crate) fn is_asleep(&self) -> bool {
        self.is_asleep.load(Relaxed)
    }

    /// It goes to work.
    pub(crate) fn count_run(&self) {
        self.runs.fetch_add(1, Relaxed);
    }

    /// How often it went to work.
    pub(crate) fn nr_runs(&self) -> u64 {
        self.runs.load(Relaxed)
    }
}

#[kunit_tests(rust_buddy_kcompactd)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_order_and_the_tightest_zone_are_remembered() -> Result {
        let state = Kcompactd::new()?;
        let order = |order| Order::new(order).ok_or(EINVAL);

        assert!(!state.ask(Order::ZERO, ZoneType::Dma));
        assert!(!state.is_wanted());
        assert!(state.ask(order(4)?, ZoneType::Normal));
        assert!(state.ask(order(2)?, ZoneType::Dma32));
        let work = state.work().ok_or(EINVAL)?;
        assert_eq!(work.order, order(4)?);
        assert_eq!(work.highest, ZoneType::Dma32);
        // More comes while it works.
        assert!(state.ask(order(9)?, ZoneType::Normal));
        state.done(work);
        let work = state.work().ok_or(EINVAL)?;
        assert_eq!((work.order, work.highest), (order(9)?, ZoneType::Movable));
        state.done(work);
        assert!(!state.is_wanted());
        Ok(())
    }

    #[test]
    fn row_132_a_look_in_vain_puts_the_next_one_off() -> Result {
        let state = Kcompactd::new()?;

        assert_eq!(state.timeout_ms(20), Some(500));
        assert_eq!(state.timeout_ms(0), None);
        state.after_proactive(95, 95);
        assert_eq!(state.timeout_ms(20), Some(32_000));
        state.after_proactive(95, 94);
        assert_eq!(state.timeout_ms(20), Some(500));
        state.after_proactive(95, 96);
        state.reset_timeout();
        assert_eq!(state.timeout_ms(20), Some(500));
        Ok(())
    }
}
