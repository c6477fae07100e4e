// SPDX-License-Identifier: GPL-2.0

//! Dropping the contents of blocks that nobody needs, for somebody who needs pages.
//!
//! C: `try_to_free_pages()`, `do_try_to_free_pages()`, `shrink_zones()`, `compaction_ready()` in
//! `mm/vmscan.c`.
//!
//! # Differences
//!
//! Memory cgroups are not, so nothing is passed twice on their account. Whoever is to die stops.
//!
//! What a user asks for is reclaimed from nodes as the kernel does it for a memory cgroup
//! (`try_to_free_mem_cgroup_pages()`), active lists at last included; several may ask at once, and
//! nobody goes on where there is nothing.

#![deny(unsafe_code)]

use super::{
    node::Node,
    shrink::Shrinker,
    Region, //
};
use crate::{
    gfp::{
        context::AllocContext,
        Gfp, //
    },
    slowpath::{
        compact::suitable::is_suitable,
        owners::Owners,
        reclaim::{
            Outcome,
            ScanControl, //
        },
        retry::{
            is_costly,
            MAX_RECLAIM_RETRIES, //
        }, //
    },
    sys,
    zone::{
        alloc_flags::{
            AllocFlags,
            Wmark, //
        },
        lru::SWAP_CLUSTER_MAX,
        order::Order,
        Zone, //
    }, //
};

impl Region {
    /// Reclaims for a request, and blocks of `order`; pages that came of it. 1 if it did nothing
    /// because others will. Sleeps (C: `try_to_free_pages()`).
    #[inline(never)]
    pub(super) fn try_to_free_pages<O: Owners>(
        &self,
        ctx: &AllocContext,
        order: Order,
        owners: &O,
    ) -> u64 {
        if self.throttle_direct_reclaim(ctx) {
            return 1;
        }
        Shrinker {
            region: self,
            owners,
            sc: ScanControl::direct(ctx, order),
            stop: &sys::fatal_signal_pending,
        }
        .do_try_to_free_pages(ctx)
    }

    /// Reclaims `nr_pages` of a node, or of all, until there are no more or `stop` says so: pages
    /// reclaimed and pages looked at. Sleeps (C: `user_proactive_reclaim()`).
    pub(crate) fn reclaim<O: Owners>(
        &self,
        nid: Option<i32>,
        nr_pages: u64,
        owners: &O,
        stop: &dyn Fn() -> bool,
    ) -> (u64, u64) {
        let (mut sum, mut idle) = ((0u64, 0u64), 0u32);

        while sum.0 < nr_pages && idle < MAX_RECLAIM_RETRIES && !stop() {
            let left = nr_pages.wrapping_sub(sum.0);
            // In parts, because the last pass of each may bring more than is asked for.
            let part = (left / 4).max(SWAP_CLUSTER_MAX);
            let (reclaimed, scanned) = self.reclaim_once(nid, part, owners, stop);

            sum = (sum.0.wrapping_add(reclaimed), sum.1.wrapping_add(scanned));
            if reclaimed == 0 && scanned == 0 {
                break;
            }
            idle = idle.wrapping_add(u32::from(reclaimed == 0));
        }
        sum
    }

    #[inline(never)]
    fn reclaim_once<O: Owners>(
        &self,
        nid: Option<i32>,
        nr_pages: u64,
        owners: &O,
        stop: &dyn Fn() -> bool,
    ) -> (u64, u64) {
        let mut scanned = 0u64;
        let mut shrinker = Shrinker {
            region: self,
            owners,
            sc: ScanControl::of_user(Order::ZERO, nr_pages),
            stop,
        };

        loop {
            shrinker.sc.nr_scanned = 0;
            for node in self.nodes() {
                if nid.is_none_or(|nid| node.nid() == nid) {
                    shrinker.shrink_node(node);
                }
            }
            scanned = scanned.wrapping_add(shrinker.sc.nr_scanned);
            if stop() || !shrinker.next_pass() {
                return (shrinker.sc.nr_reclaimed, scanned);
            }
        }
    }
}

impl<O: Owners> Shrinker<'_, O> {
    /// Passes that try harder and harder (C: `do_try_to_free_pages()`). Sleeps.
    fn do_try_to_free_pages(&mut self, ctx: &AllocContext) -> u64 {
        loop {
            self.region.slow_events().add_allocstall(self.sc.highest);
            loop {
                self.sc.nr_scanned = 0;
                self.shrink_zones(ctx);
                if !self.sc.next_pass() || (self.stop)() {
                    break;
                }
            }
            if let Outcome::Done(nr_reclaimed) = self.sc.finish() {
                return nr_reclaimed;
            }
        }
    }

    /// Whether there is to be another pass; the active lists are the last.
    fn next_pass(&mut self) -> bool {
        self.sc.next_pass() || self.sc.finish() == Outcome::Again
    }

    /// One pass over the nodes of a request, each once (C: `shrink_zones()`).
    fn shrink_zones(&mut self, ctx: &AllocContext) {
        let mut last: Option<&Node> = None;

        for pageset in self.region.zonelist(ctx) {
            let zone = pageset.zone();

            // Frequent requests for large blocks would drop everything.
            if is_costly(self.sc.order) && self.is_ready(zone) {
                self.sc.compaction_ready = true;
                continue;
            }
            if last.is_some_and(|node| node.nid() == zone.nid()) {
                continue;
            }
            last = self.region.node(zone.nid());
            if let Some(node) = last {
                self.shrink_node(node);
            }
        }
    }

    /// Whether compaction can make a block in this zone, or there is one (C: `compaction_ready()`).
    fn is_ready(&self, zone: &Zone) -> bool {
        let (sc, min) = (&self.sc, zone.visible(Wmark::Min));
        let ok = || zone.watermark_ok(sc.order, (min, 0), sc.highest, AllocFlags::WMARK_MIN);

        sc.gfp.has(Gfp::IO)
            && (ok() || is_suitable(zone, sc.order, zone.visible(Wmark::High), sc.highest))
    }
}
