// SPDX-License-Identifier: GPL-2.0

//! One pass over the LRU lists of a node.
//!
//! C: `shrink_node()`, `shrink_lruvec()`, `shrink_inactive_list()`, `shrink_active_list()` in
//! `mm/vmscan.c`.
//!
//! # Differences
//!
//! Each zone's lists are passed, the highest first, instead of one list of the node. There are no
//! memory cgroups.

#![deny(unsafe_code)]

use super::{
    node::Node,
    pageset::Pageset,
    slow_events::SlowEvent,
    Region, //
};
use crate::{
    gfp::Gfp,
    slowpath::{
        compact::suitable::is_suitable,
        lru::{
            inactive_is_low,
            ScanCount, //
        },
        owners::{
            Owners,
            Reclaimed, //
        },
        reclaim::{
            Reclaimer,
            ScanControl, //
        }, //
    },
    sys,
    zone::{
        alloc_flags::{
            AllocFlags,
            Wmark, //
        },
        lru::{
            Isolated,
            Looked, //
        },
        Zone, //
    }, //
};
use kernel::prelude::*;

/// Milliseconds to wait where too many blocks are being looked at (C: `HZ / 50`).
const ISOLATED_WAIT_MS: u32 = 20;

/// A reclaim at work.
pub(super) struct Shrinker<'a, O> {
    pub(super) region: &'a Region,
    pub(super) owners: &'a O,
    pub(super) sc: ScanControl,
    /// Whether it is to end now.
    pub(super) stop: &'a dyn Fn() -> bool,
}

impl<O: Owners> Shrinker<'_, O> {
    /// Passes the lists of a node until compaction can go ahead, if that is what it is for
    /// (C: `shrink_node()`). Sleeps.
    pub(super) fn shrink_node(&mut self, node: &Node) {
        let start = self.sc.nr_reclaimed;

        loop {
            let before = self.sc.nr_reclaimed;

            self.shrink_zones_of(node);
            if (self.stop)() || !self.should_continue(node, before) {
                break;
            }
        }
        // Progress counts for the background reclaimer only if it has got somewhere.
        if self.sc.nr_reclaimed > start {
            self.region
                .try_clear_hopeless(node, self.sc.order, self.sc.highest);
        }
    }

    /// The zones' lists as if they were one: what is enough is so for all together.
    fn shrink_zones_of(&mut self, node: &Node) {
        let (active, inactive) = node.lru_counts();
        let deactivates = self.sc.force_deactivate || inactive_is_low(active, inactive);
        let before = self.sc.nr_reclaimed;

        for pageset in node.zones_up_to(self.sc.highest).rev() {
            self.shrink_lists(pageset, deactivates, before);
            if self.has_enough(before) {
                break;
            }
        }
    }

    /// Whether so much was reclaimed since then that it need not go on.
    fn has_enough(&self, before: u64) -> bool {
        let nr_reclaimed = self.sc.nr_reclaimed.wrapping_sub(before);

        nr_reclaimed >= self.sc.nr_to_reclaim && !self.sc.is_proportional()
    }

    /// C: `should_continue_reclaim()`.
    fn should_continue(&self, node: &Node, before: u64) -> bool {
        let (sc, nr_reclaimed) = (&self.sc, self.sc.nr_reclaimed.wrapping_sub(before));
        let (_, inactive) = node.lru_counts();

        sc.in_reclaim_compaction()
            && sc.goes_on(nr_reclaimed, inactive)
            && !node.zones_up_to(sc.highest).any(|pageset| {
                let zone = pageset.zone();
                let min = zone.visible(Wmark::Min);

                zone.watermark_ok(sc.order, (min, 0), sc.highest, AllocFlags::WMARK_MIN)
                    || is_suitable(zone, sc.order, min, sc.highest)
            })
    }

    /// C: `shrink_lruvec()`.
    fn shrink_lists(&mut self, pageset: &Pageset, deactivates: bool, before: u64) {
        let (active, inactive) = pageset.zone().lru_counts();
        let mut count = ScanCount::new(active, inactive, self.sc.priority);

        while !count.is_done() && !(self.stop)() {
            let (active, inactive) = count.next_batch();

            if inactive > 0 {
                self.shrink_inactive(pageset, inactive);
            }
            match (active > 0, deactivates) {
                (true, true) => self.shrink_active(pageset.zone(), active),
                (true, false) => self.sc.skipped_deactivate = true,
                (false, _) => (),
            }
            sys::cond_resched();
            if self.has_enough(before) {
                break;
            }
        }
    }

    /// C: `shrink_inactive_list()`.
    #[inline(never)]
    fn shrink_inactive(&mut self, pageset: &Pageset, nr_to_scan: u64) {
        let zone = pageset.zone();

        if self.too_many_isolated(zone) {
            sys::sleep_ms(ISOLATED_WAIT_MS);
            if self.too_many_isolated(zone) {
                return;
            }
        }
        let isolated = zone.lru_isolate(false, nr_to_scan);
        let before = self.sc.nr_reclaimed;

        self.shrink_blocks(zone, &isolated);
        zone.lru_looked_at(isolated.nr_pages);
        self.sc.nr_scanned = self.sc.nr_scanned.wrapping_add(isolated.nr_pages);
        let (scan, steal) = match self.sc.reclaimer {
            Reclaimer::Kswapd => (SlowEvent::PgScanKswapd, SlowEvent::PgStealKswapd),
            Reclaimer::Direct => (SlowEvent::PgScanDirect, SlowEvent::PgStealDirect),
            Reclaimer::Proactive => (SlowEvent::PgScanProactive, SlowEvent::PgStealProactive),
        };
        let events = self.region.slow_events();

        events.add(scan, isolated.nr_pages);
        events.add(steal, self.sc.nr_reclaimed.wrapping_sub(before));
    }

    /// Others look at so many that there is little sense in helping them.
    fn too_many_isolated(&self, zone: &Zone) -> bool {
        let (_, inactive) = zone.lru_counts();
        let bound = match self.sc.gfp.has_all(Gfp::IO | Gfp::FS) {
            true => inactive >> 3,
            false => inactive,
        };

        self.sc.reclaimer != Reclaimer::Kswapd && zone.lru_isolated() > bound
    }

    /// C: `shrink_folio_list()`, `move_folios_to_lru()`.
    fn shrink_blocks(&mut self, zone: &Zone, isolated: &Isolated) {
        for looked in isolated.iter() {
            match (self.stop)() {
                // Those that are left over go back as they were.
                true => zone.lru_putback(looked, Some(false)),
                false => self.shrink_block(zone, looked),
            }
        }
    }

    /// Drops the contents of a block, or puts it back on one of the lists.
    fn shrink_block(&mut self, zone: &Zone, looked: Looked) {
        let nr_pages = u64::from(looked.order.nr_pages());
        let to = match self.owners.reclaim(looked.page, false) {
            Reclaimed::Freed(block) => {
                let freed = u64::from(block.order().nr_pages());

                // It may have been moved since it was taken off its list, and listed there.
                zone.lru_putback(looked, None);
                zone.lru_del(block.head());
                self.region.free_pages(block);
                self.sc.nr_reclaimed = self.sc.nr_reclaimed.wrapping_add(freed);
                return;
            }
            Reclaimed::Activate => {
                self.count(SlowEvent::PgActivate, nr_pages);
                Some(true)
            }
            Reclaimed::Keep => Some(false),
            Reclaimed::Unevictable => None,
        };

        zone.lru_putback(looked, to);
    }

    /// C: `shrink_active_list()`.
    #[inline(never)]
    fn shrink_active(&mut self, zone: &Zone, nr_to_scan: u64) {
        let isolated = zone.lru_isolate(true, nr_to_scan);

        self.count(SlowEvent::PgRefill, isolated.nr_pages);
        for looked in isolated.iter() {
            let stays = self.owners.deactivate(looked.page);

            if stays {
                self.count(SlowEvent::PgDeactivate, u64::from(looked.order.nr_pages()));
            }
            zone.lru_putback(looked, stays.then_some(false));
        }
        zone.lru_looked_at(isolated.nr_pages);
    }

    fn count(&self, event: SlowEvent, nr: u64) {
        self.region.slow_events().add(event, nr);
    }
}

#[kunit_tests(rust_buddy_shrink)]
mod tests {
    use super::{
        super::fixture::one_zone,
        *, //
    };
    use crate::{
        gfp::context::AllocContext,
        slowpath::owners::{
            Migrated,
            OomResult, //
        },
        zone::order::{
            Block,
            Order,
            PageIdx, //
        }, //
    };

    /// A block that is moved while somebody looks at it, and then dropped where it is.
    struct MovedAway<'a> {
        region: &'a Region,
        to: PageIdx,
    }

    impl Owners for MovedAway<'_> {
        fn movable(&self, _page: PageIdx) -> Option<Order> {
            None
        }

        fn migrate(&self, _from: PageIdx, target: Block) -> Migrated {
            Migrated::Stayed(target)
        }

        fn reclaim(&self, page: PageIdx, _force: bool) -> Reclaimed {
            for pageset in self.region.pagesets() {
                pageset.zone().lru_del(page);
                pageset.zone().lru_add(self.to, Order::ZERO, false);
            }
            Reclaimed::Freed(Block::new(self.to, Order::ZERO))
        }

        fn deactivate(&self, _page: PageIdx) -> bool {
            false
        }

        fn oom(&self, _ctx: &AllocContext) -> OomResult {
            OomResult::NoVictim
        }
    }

    #[test]
    fn what_was_moved_meanwhile_leaves_the_list_where_it_is() -> Result {
        let region = one_zone(4096)?;
        let ctx = AllocContext::new(Gfp::MOVABLE, Order::ZERO).ok_or(EINVAL)?;
        let take = || Ok::<_, Error>(region.alloc_pages(&ctx).ok_or(ENOMEM)?.block.head());
        let (from, to) = (take()?, take()?);
        let zone = region.pageset_of(from).ok_or(EINVAL)?.zone();
        let owners = MovedAway {
            region: &region,
            to,
        };

        zone.lru_add(from, Order::ZERO, false);
        assert_eq!(region.reclaim(Some(0), 1, &owners, &|| false).0, 1);
        assert_eq!(zone.lru_counts(), (0, 0));
        assert_eq!(region.nr_free(), 4095);
        assert_eq!(region.validate().errors, 0);
        Ok(())
    }
}
