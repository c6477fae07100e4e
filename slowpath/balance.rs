// SPDX-License-Identifier: GPL-2.0

//! One run of the background reclaimer: when it tries harder, and when it stops.
//!
//! C: `balance_pgdat()`, `kswapd_shrink_node()` in `mm/vmscan.c`.
//!
//! # Differences
//!
//! Nothing is written anywhere, so a run for the sake of a boost drops what any other would.

#![deny(unsafe_code)]

use super::{
    compact::suitable::gap,
    reclaim::{
        ScanControl,
        DEF_PRIORITY, //
    }, //
};
use crate::zone::{
    order::Order,
    ZoneType, //
};
use kernel::prelude::*;

/// A run.
pub(crate) struct Balance {
    pub(crate) sc: ScanControl,
    /// Pages to reclaim because watermarks are boosted.
    nr_boost: u64,
    /// They were when it began.
    boosted: bool,
    /// It stopped because there was nothing more to do.
    content: bool,
    /// Pages reclaimed when the pass began.
    before: u64,
}

impl Balance {
    /// For blocks of `order` in zones up to `highest`, whose boosts add up to `nr_boost`.
    pub(crate) fn new(order: Order, highest: ZoneType, nr_boost: u64) -> Self {
        Self {
            sc: ScanControl::kswapd(order, highest),
            nr_boost,
            boosted: nr_boost > 0,
            content: false,
            before: 0,
        }
    }

    /// Whether there is anything to do for a pass, in a node that is `balanced` or not. If it is
    /// not, boosts do not matter now.
    pub(crate) fn begin_pass(&mut self, balanced: bool, nr_to_reclaim: u64) -> bool {
        if !balanced && self.nr_boost > 0 {
            self.nr_boost = 0;
            self.sc.priority = DEF_PRIORITY;
        }
        self.content = balanced && self.nr_boost == 0;
        self.before = self.sc.nr_reclaimed;
        self.sc.nr_scanned = 0;
        self.sc.nr_to_reclaim = nr_to_reclaim;
        !self.content
    }

    /// After a pass: whether there may be another one. Who looked at as many pages as it was to
    /// reclaim need not try harder.
    pub(crate) fn end_pass(&mut self) -> bool {
        let nr_reclaimed = self.sc.nr_reclaimed.wrapping_sub(self.before);
        let looked = self.sc.nr_scanned.max(nr_reclaimed) >= self.sc.nr_to_reclaim;
        let gentle = self.nr_boost > 0 && self.sc.priority == DEF_PRIORITY.wrapping_sub(2);

        // Enough to compact with. Whoever needs the block does the rest.
        if self.sc.nr_reclaimed >= gap(self.sc.order) {
            self.sc.order = Order::ZERO;
        }
        self.nr_boost = self.nr_boost.saturating_sub(nr_reclaimed);
        if self.nr_boost > 0 && nr_reclaimed == 0 {
            return false;
        }
        if nr_reclaimed == 0 || !(looked || gentle) {
            self.sc.priority = self.sc.priority.wrapping_sub(1);
        }
        self.sc.priority >= 1
    }

    /// Whether the run was for nothing. One for the sake of a boost does not count.
    pub(crate) fn has_failed(&self) -> bool {
        !self.content && self.sc.nr_reclaimed == 0 && !self.boosted
    }

    /// Whether watermarks were boosted when it began.
    pub(crate) fn was_boosted(&self) -> bool {
        self.boosted
    }
}

#[kunit_tests(rust_buddy_slowpath_balance)]
mod tests {
    use super::*;

    fn run(order: u32, nr_boost: u64) -> Result<Balance> {
        let order = Order::new(order).ok_or(EINVAL)?;

        Ok(Balance::new(order, ZoneType::Normal, nr_boost))
    }

    /// A pass of an unbalanced node that was to reclaim 100 pages.
    fn pass(run: &mut Balance, balanced: bool, scanned: u64, reclaimed: u64) -> bool {
        let goes_on = run.begin_pass(balanced, 100);

        run.sc.nr_scanned += scanned;
        run.sc.nr_reclaimed += reclaimed;
        goes_on && run.end_pass()
    }

    #[test]
    fn twelve_passes_for_nothing_are_a_failure() -> Result {
        let mut run = run(0, 0)?;
        let mut passes = 1;

        while pass(&mut run, false, 0, 0) {
            passes += 1;
        }
        assert_eq!(passes, 12);
        assert!(run.has_failed());
        Ok(())
    }

    #[test]
    fn it_tries_harder_when_it_sees_too_little_or_gets_nothing() -> Result {
        for (scanned, reclaimed, priority) in [
            (0, 0, 11),
            (99, 99, 11),
            (100, 1, 12),
            (100, 0, 11),
            (0, 100, 12),
        ] {
            let mut run = run(0, 0)?;

            assert!(pass(&mut run, false, scanned, reclaimed));
            assert_eq!(run.sc.priority, priority);
        }
        Ok(())
    }

    #[test]
    fn a_balanced_node_is_left_alone() -> Result {
        let mut run = run(0, 0)?;

        assert!(!run.begin_pass(true, 100));
        assert!(!run.has_failed());
        Ok(())
    }

    #[test]
    fn a_boost_is_worked_off() -> Result {
        let mut run = run(0, 150)?;

        assert!(pass(&mut run, true, 100, 100));
        assert!(pass(&mut run, true, 100, 100));
        assert!(!run.begin_pass(true, 100));
        assert!(run.was_boosted() && !run.has_failed());
        Ok(())
    }

    #[test]
    fn a_boost_is_not_worth_more_than_two_steps_or_a_pass_for_nothing() -> Result {
        let mut gentle = run(0, 1000)?;

        for priority in [11, 10, 10, 10] {
            assert!(pass(&mut gentle, true, 10, 10));
            assert_eq!(gentle.sc.priority, priority);
        }
        assert!(!pass(&mut gentle, true, 1000, 0));
        let mut idle = run(0, 1000)?;
        assert!(!pass(&mut idle, true, 0, 0));
        assert!(!idle.has_failed());
        Ok(())
    }

    #[test]
    fn an_unbalanced_node_is_more_important_than_a_boost() -> Result {
        let mut run = run(0, 1000)?;

        assert!(pass(&mut run, true, 10, 10));
        assert_eq!(run.sc.priority, 11);
        assert!(run.begin_pass(false, 100));
        assert_eq!(run.sc.priority, 12);
        // Forgotten: balanced is enough now.
        assert!(!run.begin_pass(true, 100));
        Ok(())
    }

    #[test]
    fn a_gap_for_compaction_is_enough_for_large_blocks() -> Result {
        let mut run = run(9, 0)?;

        assert!(pass(&mut run, false, 100, 31));
        assert_eq!(run.sc.order.get(), 9);
        assert!(pass(&mut run, false, 100, 1));
        assert_eq!(run.sc.order.get(), 0);
        Ok(())
    }
}
