// SPDX-License-Identifier: GPL-2.0

//! The background reclaimer of a node: what it is asked for, and what others see of it.
//!
//! C: `kswapd_order`, `kswapd_highest_zoneidx`, `kswapd_failures`, `kswapd_wait`, `pfmemalloc_wait`
//! of `pg_data_t`; `wakeup_kswapd()`, `kswapd_test_hopeless()` in `mm/vmscan.c`.
//!
//! # Differences
//!
//! A node whose reclaimer does not run, as in a model, throttles nobody.

#![deny(unsafe_code)]

use super::retry::MAX_RECLAIM_RETRIES;
use crate::{
    sys,
    zone::{
        order::Order,
        ZoneType,
        NR_ZONES, //
    }, //
};
use kernel::{
    prelude::*,
    sync::atomic::{
        Atomic,
        Relaxed, //
    }, //
};

/// Nobody asked for a zone.
const NO_ZONE: u32 = NR_ZONES as u32;

/// What a background reclaimer is asked for, and does.
pub(crate) struct KswapdState {
    order: Atomic<u32>,
    highest_zone: Atomic<u32>,
    failures: Atomic<u32>,
    /// There is a thread.
    present: Atomic<bool>,
    /// It waits (C: `waitqueue_active(&pgdat->kswapd_wait)`).
    asleep: Atomic<bool>,
    runs: Atomic<u64>,
    nr_throttled: Atomic<u64>,
    /// Rung for the reclaimer.
    pub(crate) bell: sys::Doorbell,
    /// Rung for those who wait for it (C: `pfmemalloc_wait`).
    pub(crate) throttled_bell: sys::Doorbell,
}

impl KswapdState {
    /// Nobody asked, and nobody is there. Sleeps.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            order: Atomic::new(0),
            highest_zone: Atomic::new(NO_ZONE),
            failures: Atomic::new(0),
            present: Atomic::new(false),
            asleep: Atomic::new(false),
            runs: Atomic::new(0),
            nr_throttled: Atomic::new(0),
            bell: sys::Doorbell::new(c"rust_buddy_kswapd")?,
            throttled_bell: sys::Doorbell::new(c"rust_buddy_throttled")?,
        })
    }

    /// Raises what it is asked for.
    pub(crate) fn ask(&self, order: Order, highest: ZoneType) {
        let (order, highest) = (u32::from(order.get()), highest.index() as u32);
        let zone = self.highest_zone.load(Relaxed);

        if zone == NO_ZONE || zone < highest {
            self.highest_zone.store(highest, Relaxed);
        }
        if self.order.load(Relaxed) < order {
            self.order.store(order, Relaxed);
        }
    }

    /// What it is asked for; the zone of before if nobody named one
    /// (C: `kswapd_highest_zoneidx()`).
    pub(crate) fn asked(&self, before: ZoneType) -> (Order, ZoneType) {
        let order = Order::new(self.order.load(Relaxed)).unwrap_or(Order::ZERO);
        let zone = ZoneType::from_number(self.highest_zone.load(Relaxed));

        (order, zone.unwrap_or(before))
    }

    /// Takes that: nobody asked for anything since.
    pub(crate) fn take_asked(&self, before: ZoneType) -> (Order, ZoneType) {
        let asked = self.asked(before);

        self.order.store(0, Relaxed);
        self.highest_zone.store(NO_ZONE, Relaxed);
        asked
    }

    /// It could not sleep for long: what it was asked for stays, unless there is more to do
    /// (C: the end of the nap in `kswapd_try_to_sleep()`).
    pub(crate) fn keep_asking(&self, order: Order, highest: ZoneType) {
        let (order, highest) = (u32::from(order.get()), highest.index() as u32);

        // Somebody who asks at the same time is as right.
        let _ = self.highest_zone.cmpxchg(NO_ZONE, highest, Relaxed);
        if self.order.load(Relaxed) < order {
            self.order.store(order, Relaxed);
        }
    }

    /// No zone above `highest` is asked for from now on.
    pub(crate) fn lower_highest(&self, highest: ZoneType) {
        let highest = highest.index() as u32;

        if self.highest_zone.load(Relaxed) > highest {
            self.highest_zone.store(highest, Relaxed);
        }
    }

    /// It found nothing to reclaim.
    pub(crate) fn count_failure(&self) {
        self.failures.fetch_add(1, Relaxed);
    }

    /// How often in a row.
    pub(crate) fn failures(&self) -> u32 {
        self.failures.load(Relaxed)
    }

    /// Whether it has given up (C: `kswapd_test_hopeless()`).
    pub(crate) fn is_hopeless(&self) -> bool {
        self.failures() >= MAX_RECLAIM_RETRIES
    }

    /// There is hope again (C: `kswapd_clear_hopeless()`).
    pub(crate) fn clear_hopeless(&self) {
        self.failures.store(0, Relaxed);
    }

    /// The thread comes, or goes.
    pub(crate) fn set_present(&self, present: bool) {
        self.present.store(present, Relaxed);
    }

    /// Whether there is a thread.
    pub(crate) fn is_present(&self) -> bool {
        self.present.load(Relaxed)
    }

    /// It goes to sleep, or has woken up.
    pub(crate) fn set_asleep(&self, asleep: bool) {
        self.asleep.store(asleep, Relaxed);
    }

    /// Whether it is at work: other nodes are to be looked at first.
    pub(crate) fn is_busy(&self) -> bool {
        self.is_present() && !self.is_asleep()
    }

    /// Whether it sleeps and nobody woke it yet.
    pub(crate) fn is_asleep(&self) -> bool {
        self.asleep.load(Relaxed)
    }

    /// Wakes it; whether it slept.
    pub(crate) fn wake(&self) -> bool {
        let slept = self.asleep.xchg(false, Relaxed);

        if slept {
            self.bell.ring();
        }
        slept
    }

    /// It begins a run.
    pub(crate) fn count_run(&self) {
        self.runs.fetch_add(1, Relaxed);
    }

    /// Runs so far.
    pub(crate) fn runs(&self) -> u64 {
        self.runs.load(Relaxed)
    }

    /// A task begins to wait for it.
    pub(crate) fn enter_throttled(&self) {
        self.nr_throttled.fetch_add(1, Relaxed);
    }

    /// A task no longer waits.
    pub(crate) fn leave_throttled(&self) {
        self.nr_throttled.fetch_sub(1, Relaxed);
    }

    /// Tasks that wait for it.
    pub(crate) fn nr_throttled(&self) -> u64 {
        self.nr_throttled.load(Relaxed)
    }
}

#[kunit_tests(rust_buddy_kswapd_state)]
mod tests {
    use super::*;

    #[test]
    fn it_is_asked_for_the_most() -> Result {
        let state = KswapdState::new()?;
        let order = |order| Order::new(order).ok_or(EINVAL);

        assert_eq!(
            state.asked(ZoneType::Movable),
            (Order::ZERO, ZoneType::Movable)
        );
        state.ask(order(3)?, ZoneType::Dma32);
        state.ask(order(1)?, ZoneType::Normal);
        state.ask(order(2)?, ZoneType::Dma);
        assert_eq!(
            state.take_asked(ZoneType::Movable),
            (order(3)?, ZoneType::Normal)
        );
        assert_eq!(state.asked(ZoneType::Dma), (Order::ZERO, ZoneType::Dma));
        Ok(())
    }

    #[test]
    fn it_is_woken_once() -> Result {
        let state = KswapdState::new()?;

        assert!(!state.wake());
        state.set_asleep(true);
        assert!(state.wake());
        assert!(!state.is_asleep());
        assert!(!state.wake());
        assert!(state.bell.wait_ms(Some(0)));
        Ok(())
    }
}
