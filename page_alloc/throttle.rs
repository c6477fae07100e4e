// SPDX-License-Identifier: GPL-2.0

//! Those who would reclaim while almost nothing is free wait for the background reclaimer.
//!
//! C: `throttle_direct_reclaim()`, `allow_direct_reclaim()` in `mm/vmscan.c`.
//!
//! # Differences
//!
//! Where there is no background reclaimer, nobody waits for it.

#![deny(unsafe_code)]

use super::{
    node::Node,
    slow_events::SlowEvent,
    Region, //
};
use crate::{
    gfp::{
        context::AllocContext,
        Gfp, //
    },
    sys,
    zone::{
        alloc_flags::Wmark,
        ZoneType, //
    }, //
};
use kernel::prelude::*;

/// Milliseconds that somebody waits who may hold what the reclaimer needs (C: `HZ`).
const WAIT_WITHOUT_FS_MS: u32 = 1000;

/// Milliseconds from one look whether the task is to die to the next.
const STEP_MS: u32 = 100;

impl Region {
    /// Waits until somebody who reclaims may go on; whether it is to die instead
    /// (C: `throttle_direct_reclaim()`). Sleeps.
    pub(super) fn throttle_direct_reclaim(&self, ctx: &AllocContext) -> bool {
        // Threads of the kernel may be what others wait for.
        if ctx.task.is_kthread || sys::fatal_signal_pending() {
            return false;
        }
        let Some(node) = self.throttling_node(ctx) else {
            return false;
        };

        if !node.kswapd().is_present() || allow_direct_reclaim(node) {
            return false;
        }
        self.slow_events().add(SlowEvent::PgScanDirectThrottle, 1);
        node.kswapd().enter_throttled();
        wait_for_kswapd(node, ctx.gfp);
        node.kswapd().leave_throttled();
        sys::fatal_signal_pending()
    }

    /// The node of the first zone that every kernel needs pages of.
    fn throttling_node(&self, ctx: &AllocContext) -> Option<&Node> {
        let nid = self
            .zonelist(ctx)
            .map(|pageset| pageset.zone())
            .find(|zone| zone.kind() <= ZoneType::Normal)?
            .nid();

        self.node(nid)
    }
}

fn wait_for_kswapd(node: &Node, gfp: Gfp) {
    let mut left = match gfp.has(Gfp::FS) {
        true => None,
        false => Some(WAIT_WITHOUT_FS_MS),
    };

    while left != Some(0) && !sys::fatal_signal_pending() {
        let bell = &node.kswapd().throttled_bell;

        match bell.wait_until(Some(STEP_MS), || allow_direct_reclaim(node)) {
            Ok(()) => return,
            // Another signal: it would end the next wait as well.
            Err(err) if err == EINTR => sys::sleep_ms(STEP_MS),
            Err(_) => (),
        }
        left = left.map(|left| left.saturating_sub(STEP_MS));
    }
}

/// Whether more than half of what is kept below min is free. If not, the background reclaimer is
/// woken (C: `allow_direct_reclaim()`).
pub(super) fn allow_direct_reclaim(node: &Node) -> bool {
    let kswapd = node.kswapd();

    if kswapd.is_hopeless() {
        return true;
    }
    let (reserve, free) = reserve_and_free(node);
    let allowed = reserve == 0 || free > reserve / 2;

    if !allowed && kswapd.is_asleep() {
        kswapd.lower_highest(ZoneType::Normal);
        kswapd.wake();
    }
    allowed
}

/// Sums of the zones where reclaim could help or must.
fn reserve_and_free(node: &Node) -> (u64, u64) {
    node.zones_up_to(ZoneType::Normal)
        .map(|pageset| pageset.zone())
        .filter(|zone| zone.reclaimable_pages() > 0 || zone.nr_free() == 0)
        .fold((0, 0), |(reserve, free), zone| {
            (
                zone.visible(Wmark::Min).wrapping_add(reserve),
                zone.nr_free().wrapping_add(free),
            )
        })
}
