// SPDX-License-Identifier: GPL-2.0

//! A reclaim as it goes on: for whom, how far, and when it has done enough.
//!
//! C: `struct scan_control`, `in_reclaim_compaction()`, `do_try_to_free_pages()` in `mm/vmscan.c`.

#![deny(unsafe_code)]

use super::{
    compact::suitable::gap,
    retry::is_costly, //
};
use crate::{
    gfp::{
        context::AllocContext,
        Gfp, //
    },
    zone::{
        lru::SWAP_CLUSTER_MAX,
        order::Order,
        ZoneType, //
    }, //
};
use kernel::prelude::*;

/// How hard the first pass tries: it looks at one page of so many powers of two
/// (C: `DEF_PRIORITY`).
pub(crate) const DEF_PRIORITY: u32 = 12;

/// Who reclaims.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reclaimer {
    /// The background reclaimer.
    Kswapd,
    /// Somebody who needs a block.
    Direct,
    /// A user who wants pages free (C: `sc->proactive`).
    Proactive,
}

/// A reclaim.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScanControl {
    pub(crate) reclaimer: Reclaimer,
    pub(crate) gfp: Gfp,
    pub(crate) order: Order,
    /// Zones up to this one count (C: `reclaim_idx`).
    pub(crate) highest: ZoneType,
    pub(crate) priority: u32,
    pub(crate) nr_to_reclaim: u64,
    pub(crate) nr_reclaimed: u64,
    pub(crate) nr_scanned: u64,
    /// There is enough to compact with.
    pub(crate) compaction_ready: bool,
    /// Pages of active lists were left alone.
    pub(crate) skipped_deactivate: bool,
    /// They no longer are.
    pub(crate) force_deactivate: bool,
}

/// What follows from a series of passes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// So many pages were reclaimed; 1 also if it stopped to let compaction go on.
    Done(u64),
    /// Once more, with the active lists.
    Again,
}

impl ScanControl {
    /// For a request, and blocks of `order` (C: `try_to_free_pages()`).
    pub(crate) fn direct(ctx: &AllocContext, order: Order) -> Self {
        Self {
            reclaimer: Reclaimer::Direct,
            gfp: ctx.gfp,
            order,
            highest: ctx.highest_zone,
            priority: DEF_PRIORITY,
            nr_to_reclaim: SWAP_CLUSTER_MAX,
            nr_reclaimed: 0,
            nr_scanned: 0,
            compaction_ready: false,
            skipped_deactivate: false,
            force_deactivate: false,
        }
    }

    /// For blocks of `order` in zones up to `highest` of a node (C: `balance_pgdat()`).
    pub(crate) fn kswapd(order: Order, highest: ZoneType) -> Self {
        Self {
            reclaimer: Reclaimer::Kswapd,
            gfp: Gfp::DIRECT_RECLAIM | Gfp::KSWAPD_RECLAIM | Gfp::IO | Gfp::FS,
            highest,
            ..Self::of_user(order, 0)
        }
    }

    /// For `nr` pages of any zone, because a user said so (C: `user_proactive_reclaim()`).
    pub(crate) fn of_user(order: Order, nr: u64) -> Self {
        Self {
            reclaimer: Reclaimer::Proactive,
            gfp: Gfp::DIRECT_RECLAIM | Gfp::KSWAPD_RECLAIM | Gfp::IO | Gfp::FS,
            order,
            highest: ZoneType::Movable,
            priority: DEF_PRIORITY,
            nr_to_reclaim: nr,
            nr_reclaimed: 0,
            nr_scanned: 0,
            compaction_ready: false,
            skipped_deactivate: false,
            force_deactivate: false,
        }
    }

    /// Whether large blocks are to come of it by compaction: it stops as soon as that can go ahead
    /// (C: `in_reclaim_compaction()`).
    pub(crate) fn in_reclaim_compaction(&self) -> bool {
        let urgent = self.priority < DEF_PRIORITY.wrapping_sub(2);

        self.gfp.has(Gfp::IO) && self.order > Order::ZERO && (is_costly(self.order) || urgent)
    }

    /// Whether it goes on with a node, if compaction cannot go ahead yet, a pass brought
    /// `nr_reclaimed` pages and there are `inactive` more (C: `should_continue_reclaim()`).
    pub(crate) fn goes_on(&self, nr_reclaimed: u64, inactive: u64) -> bool {
        nr_reclaimed > 0 && inactive > gap(self.order)
    }

    /// Whether a pass looks at all it was to, even if it has enough: the background reclaimer does
    /// not keep up (C: `proportional_reclaim`).
    pub(crate) fn is_proportional(&self) -> bool {
        self.reclaimer != Reclaimer::Kswapd && self.priority == DEF_PRIORITY
    }

    /// After a pass: whether another one follows, which tries harder.
    pub(crate) fn next_pass(&mut self) -> bool {
        if self.nr_reclaimed >= self.nr_to_reclaim || self.compaction_ready || self.priority == 0 {
            return false;
        }
        self.priority = self.priority.wrapping_sub(1);
        true
    }

    /// After all of them.
    pub(crate) fn finish(&mut self) -> Outcome {
        if self.nr_reclaimed > 0 {
            return Outcome::Done(self.nr_reclaimed);
        }
        if self.compaction_ready {
            return Outcome::Done(1);
        }
        if !self.skipped_deactivate {
            return Outcome::Done(0);
        }
        self.priority = DEF_PRIORITY;
        self.skipped_deactivate = false;
        self.force_deactivate = true;
        Outcome::Again
    }
}

#[kunit_tests(rust_buddy_slowpath_reclaim)]
mod tests {
    use super::*;

    fn kernel(order: u32) -> Result<ScanControl> {
        let gfp = Gfp::DIRECT_RECLAIM | Gfp::IO | Gfp::FS;
        let order = Order::new(order).ok_or(EINVAL)?;
        let ctx = AllocContext::new(gfp, order).ok_or(EINVAL)?;

        Ok(ScanControl::direct(&ctx, order))
    }

    #[test]
    fn thirteen_passes_down_to_everything() -> Result {
        let mut sc = kernel(0)?;
        let mut passes = 1;

        while sc.next_pass() {
            passes += 1;
        }
        assert_eq!((passes, sc.priority), (13, 0));
        Ok(())
    }

    #[test]
    fn thirty_two_pages_are_enough() -> Result {
        let mut sc = kernel(0)?;

        sc.nr_reclaimed = 31;
        assert!(sc.next_pass());
        sc.nr_reclaimed = 32;
        assert!(!sc.next_pass());
        assert_eq!(sc.finish(), Outcome::Done(32));
        Ok(())
    }

    #[test]
    fn to_stop_for_compaction_is_progress() -> Result {
        let mut sc = kernel(9)?;

        sc.compaction_ready = true;
        sc.skipped_deactivate = true;
        assert!(!sc.next_pass());
        assert_eq!(sc.finish(), Outcome::Done(1));
        Ok(())
    }

    #[test]
    fn active_lists_are_the_last_to_be_looked_at() -> Result {
        let mut sc = kernel(0)?;

        sc.priority = 0;
        sc.skipped_deactivate = true;
        assert_eq!(sc.finish(), Outcome::Again);
        assert!(sc.force_deactivate);
        assert_eq!(sc.priority, DEF_PRIORITY);
        assert_eq!(sc.finish(), Outcome::Done(0));
        Ok(())
    }

    #[test]
    fn large_blocks_come_by_compaction_and_small_ones_when_it_is_hard() -> Result {
        for (order, priority, expected) in [
            (0, 0, false),
            (3, 12, false),
            (3, 10, false),
            (3, 9, true),
            (4, 12, true),
        ] {
            let sc = ScanControl {
                priority,
                ..kernel(order)?
            };

            assert_eq!(sc.in_reclaim_compaction(), expected);
        }
        let without_io = ScanControl {
            gfp: Gfp::DIRECT_RECLAIM,
            ..kernel(9)?
        };
        assert!(!without_io.in_reclaim_compaction());
        Ok(())
    }

    #[test]
    fn a_node_is_left_when_nothing_comes_or_little_is_left() -> Result {
        let sc = kernel(9)?;

        assert!(!sc.goes_on(0, 1000));
        assert!(!sc.goes_on(1, 32));
        assert!(sc.goes_on(1, 33));
        Ok(())
    }
}
