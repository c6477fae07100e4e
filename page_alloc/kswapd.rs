// SPDX-License-Identifier: GPL-2.0

//! The background reclaimer at work.
//!
//! C: `kswapd()`, `kswapd_try_to_sleep()`, `balance_pgdat()`, `pgdat_balanced()`, `wakeup_kswapd()`
//! in `mm/vmscan.c`.
//!
//! # Differences
//!
//! The counters of the CPUs lag as far as ever while it is awake.

#![deny(unsafe_code)]

use super::{
    node::Node,
    shrink::Shrinker,
    slow_events::SlowEvent,
    throttle::allow_direct_reclaim,
    Region, //
};
use crate::{
    gfp::Gfp,
    slowpath::{
        balance::Balance,
        owners::Owners, //
    },
    sys,
    zone::{
        alloc_flags::{
            AllocFlags,
            Wmark, //
        },
        lru::SWAP_CLUSTER_MAX,
        order::Order,
        Zone,
        ZoneFlag,
        ZoneType,
        NR_ZONES, //
    }, //
};

/// Milliseconds of the nap before it sleeps in earnest (C: `HZ / 10`).
const NAP_MS: u32 = 100;

impl Region {
    /// What the background reclaimer of a node does until it is to stop: sleeps, and balances the
    /// node when it is woken. Sleeps (C: `kswapd()`).
    pub(crate) fn kswapd<O: Owners>(&self, nid: i32, owners: &O, should_stop: &dyn Fn() -> bool) {
        if let Some(node) = self.node(nid) {
            node.kswapd().set_present(true);
            self.kswapd_loop(node, owners, should_stop);
            node.kswapd().set_present(false);
            node.kswapd().throttled_bell.ring();
        }
    }

    fn kswapd_loop<O: Owners>(&self, node: &Node, owners: &O, should_stop: &dyn Fn() -> bool) {
        let state = node.kswapd();
        let mut highest = ZoneType::Movable;

        while !should_stop() {
            let (mut order, zone) = state.asked(highest);
            let mut reclaimed_for = order;

            highest = zone;
            // Who reclaimed for less than it was asked for tries to sleep before it looks again
            // what it is asked for.
            loop {
                self.kswapd_try_to_sleep(
                    node,
                    owners,
                    (order, reclaimed_for),
                    highest,
                    should_stop,
                );
                (order, highest) = state.take_asked(highest);
                if should_stop() {
                    return;
                }
                reclaimed_for = self.balance(node, (order, highest), owners, should_stop);
                if reclaimed_for >= order {
                    break;
                }
            }
        }
    }

    /// A nap, and then sleep until somebody rings, unless there is more to do: `orders` is what it
    /// was asked for and what it reclaimed for (C: `kswapd_try_to_sleep()`).
    fn kswapd_try_to_sleep<O: Owners>(
        &self,
        node: &Node,
        owners: &O,
        orders: (Order, Order),
        highest: ZoneType,
        should_stop: &dyn Fn() -> bool,
    ) {
        let (state, (asked, reclaimed_for)) = (node.kswapd(), orders);
        let mut woken = false;

        if should_stop() {
            return;
        }
        // Who rang while it was at work found it so.
        state.bell.forget();
        state.set_asleep(true);
        if self.may_sleep(node, reclaimed_for, highest) {
            // What could not be moved lately perhaps can be now.
            self.reset_isolation_suitable(node.nid(), owners);
            self.wakeup_kcompactd(node.nid(), asked, highest);
            woken = state.bell.wait_ms(Some(NAP_MS));
            if woken {
                state.keep_asking(reclaimed_for, highest);
            }
            state.set_asleep(true);
        }
        if !woken && self.may_sleep(node, reclaimed_for, highest) {
            state.bell.wait_ms(None);
        } else {
            self.slow_events().add(
                match woken {
                    true => SlowEvent::KswapdLowWmarkHitQuickly,
                    false => SlowEvent::KswapdHighWmarkHitQuickly,
                },
                1,
            );
        }
        state.set_asleep(false);
    }

    /// Whether there is nothing to do, or nothing that it can do. Nobody is left waiting
    /// (C: `prepare_kswapd_sleep()`).
    fn may_sleep(&self, node: &Node, order: Order, highest: ZoneType) -> bool {
        let state = node.kswapd();

        if state.nr_throttled() > 0 {
            state.throttled_bell.ring();
        }
        state.is_hopeless() || self.is_balanced(node, order, highest)
    }

    /// Reclaims until a zone is balanced; for which order in the end (C: `balance_pgdat()`).
    #[inline(never)]
    pub(super) fn balance<O: Owners>(
        &self,
        node: &Node,
        (order, highest): (Order, ZoneType),
        owners: &O,
        should_stop: &dyn Fn() -> bool,
    ) -> Order {
        let _stall = sys::psi_memstall_enter();
        let boosts = boosts(node, highest);
        let nr_boost = boosts
            .iter()
            .fold(0u64, |sum, boost| sum.wrapping_add(*boost));
        let mut run = Balance::new(order, highest, nr_boost);

        self.slow_events().add(SlowEvent::PageOutRun, 1);
        node.kswapd().count_run();
        set_reclaim_active(node, highest, true);
        while self.balance_once(node, &mut run, owners) && !should_stop() {}
        if run.has_failed() {
            node.kswapd().count_failure();
        }
        set_reclaim_active(node, highest, false);
        if run.was_boosted() {
            end_boosts(node, &boosts);
            self.wakeup_kcompactd(node.nid(), self.config().pageblock_order, highest);
        }
        run.sc.order
    }

    /// One pass; whether there may be another one.
    fn balance_once<O: Owners>(&self, node: &Node, run: &mut Balance, owners: &O) -> bool {
        let balanced = self.is_balanced(node, run.sc.order, run.sc.highest);

        if !run.begin_pass(balanced, nr_to_reclaim(node, run.sc.highest)) {
            return false;
        }
        let mut shrinker = Shrinker {
            region: self,
            owners,
            sc: run.sc,
            stop: &|| false,
        };

        shrinker.shrink_node(node);
        run.sc = shrinker.sc;
        if node.kswapd().nr_throttled() > 0 && allow_direct_reclaim(node) {
            node.kswapd().throttled_bell.ring();
        }
        run.end_pass()
    }

    /// Whether any zone up to `highest` is above high, with a block of `order`; or there is no such
    /// zone (C: `pgdat_balanced()`).
    pub(super) fn is_balanced(&self, node: &Node, order: Order, highest: ZoneType) -> bool {
        let whole_blocks = self.is_defrag_mode() && order > Order::ZERO;
        let ok = |zone: &Zone| {
            let mark = zone.visible(Wmark::High);

            match whole_blocks {
                true => {
                    let free = self.free_in_pageblocks(zone);

                    zone.watermark_ok_with(order, (mark, free), highest, AllocFlags::WMARK_MIN)
                }
                false => zone.watermark_ok(order, (mark, 0), highest, AllocFlags::WMARK_MIN),
            }
        };

        node.zones_up_to(highest).any(|pageset| ok(pageset.zone()))
            || node.zones_up_to(highest).next().is_none()
    }

    /// C: `NR_FREE_PAGES_BLOCKS`.
    #[inline(never)]
    fn free_in_pageblocks(&self, zone: &Zone) -> u64 {
        zone.snapshot()
            .nr_free_in_pageblocks(self.config().pageblock_order)
    }

    /// Asks the background reclaimer of a zone's node for blocks of `order`. It is woken if that
    /// can help; if not, perhaps the background compactor is (C: `wakeup_kswapd()`).
    pub(super) fn wakeup_kswapd(&self, zone: &Zone, gfp: Gfp, order: Order, highest: ZoneType) {
        let Some(node) = self.node(zone.nid()) else {
            return;
        };
        let state = node.kswapd();

        state.ask(order, highest);
        if !state.is_asleep() {
            return;
        }
        let content = || self.is_balanced(node, order, highest) && !is_boosted(node, highest);

        if state.is_hopeless() || content() {
            // Plenty is free, but not in one piece. Others compact for themselves.
            if !gfp.allows_blocking() {
                self.wakeup_kcompactd(node.nid(), order, highest);
            }
        } else if state.wake() {
            self.slow_events().add(SlowEvent::KswapdWake, 1);
        }
    }

    /// A zone came above high as blocks were freed: there may be something to reclaim again. If
    /// requests can go to a later node instead, nobody would find out (C: the end of
    /// `free_frozen_page_commit()`).
    #[cold]
    pub(super) fn pressure_is_gone(&self, nid: i32) {
        let has_later = self.nodes().any(|node| node.nid() > nid);

        if let Some(node) = self.node(nid).filter(|_| has_later) {
            node.kswapd().clear_hopeless();
        }
    }

    /// After progress: there is hope for the background reclaimer again if the node is balanced
    /// (C: `kswapd_try_clear_hopeless()`).
    pub(super) fn try_clear_hopeless(&self, node: &Node, order: Order, highest: ZoneType) {
        if self.is_balanced(node, order, highest) {
            node.kswapd().clear_hopeless();
        }
    }
}

/// How far the watermarks of a node's zones are boosted.
fn boosts(node: &Node, highest: ZoneType) -> [u64; NR_ZONES] {
    ZoneType::ALL.map(|kind| match node.zone(kind) {
        Some(pageset) if kind <= highest => pageset.zone().marks().boost,
        _ => 0,
    })
}

/// C: `pgdat_watermark_boosted()`.
fn is_boosted(node: &Node, highest: ZoneType) -> bool {
    boosts(node, highest).iter().any(|boost| *boost > 0)
}

/// Takes back what was seen of the boosts.
fn end_boosts(node: &Node, seen: &[u64; NR_ZONES]) {
    for (kind, boost) in ZoneType::ALL.into_iter().zip(seen) {
        if let Some(pageset) = node.zone(kind).filter(|_| *boost > 0) {
            pageset.zone().remove_boost(*boost);
        }
    }
}

/// Pages that a pass is to reclaim (C: `kswapd_shrink_node()`).
fn nr_to_reclaim(node: &Node, highest: ZoneType) -> u64 {
    node.zones_up_to(highest).fold(0, |sum, pageset| {
        let high = pageset.zone().visible(Wmark::High);

        high.max(SWAP_CLUSTER_MAX).wrapping_add(sum)
    })
}

/// The lists of the CPUs are kept short meanwhile (C: `update_reclaim_active()`).
fn set_reclaim_active(node: &Node, highest: ZoneType, active: bool) {
    for pageset in node.zones_up_to(highest) {
        pageset.zone().set_flag(ZoneFlag::ReclaimActive, active);
    }
}

// In a kernel it would sleep.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        page_alloc::keepers::{
            full,
            order, //
        },
        slowpath::owners::NoOwners, //
    };
    use kernel::prelude::*;

    #[test]
    fn who_rang_while_it_was_at_work_does_not_wake_it_from_its_nap() -> Result {
        let (region, keepers) = full(16384, &[0])?;
        let node = region.nodes().next().ok_or(ENOENT)?;
        let quickly = || {
            let events = region.slow_events();

            events.get(SlowEvent::KswapdLowWmarkHitQuickly)
                + events.get(SlowEvent::KswapdHighWmarkHitQuickly)
        };

        for page in 0..16384 {
            crate::page_alloc::keepers::free(&region, &keepers, page);
        }
        node.kswapd().bell.ring();
        region.kswapd_try_to_sleep(
            node,
            &NoOwners,
            (order(0)?, order(0)?),
            ZoneType::Normal,
            &|| false,
        );
        assert_eq!(quickly(), 0);
        assert_eq!(
            node.kswapd().asked(ZoneType::Dma),
            (order(0)?, ZoneType::Dma)
        );
        Ok(())
    }
}
