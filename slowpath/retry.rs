// SPDX-License-Identifier: GPL-2.0

//! Whether another round of reclaim or compaction is worth it.
//!
//! C: `should_reclaim_retry()`, `should_compact_retry()` in `mm/page_alloc.c`.

#![deny(unsafe_code)]

use super::compact::{
    CompactPriority,
    CompactResult, //
};
use crate::zone::order::Order;
use kernel::prelude::*;

/// Rounds without progress before giving up (C: `MAX_RECLAIM_RETRIES`).
pub(crate) const MAX_RECLAIM_RETRIES: u32 = 16;

/// Rounds of compaction that helped but not this request (C: `MAX_COMPACT_RETRIES`).
const MAX_COMPACT_RETRIES: u32 = 16;

/// Largest order that blocks are expected to be found of (C: `PAGE_ALLOC_COSTLY_ORDER`).
pub(crate) const COSTLY_ORDER: u8 = 3;

/// Whether so large blocks are not to be hoped for (C: `order > PAGE_ALLOC_COSTLY_ORDER`).
pub(crate) fn is_costly(order: Order) -> bool {
    order.get() > COSTLY_ORDER
}

/// Rounds of reclaim that led nowhere.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct ReclaimRounds(pub(super) u32);

impl ReclaimRounds {
    /// After a round: whether the next one may be hoped for, as far as counting tells.
    ///
    /// Progress says nothing about large blocks, nor about a request that reclaims for an order
    /// (`promoted`) larger than its own.
    pub(super) fn count(&mut self, progress: bool, order: Order, promoted: bool) -> bool {
        self.0 = match progress && !is_costly(order) && !promoted {
            true => 0,
            false => self.0.wrapping_add(1),
        };
        self.0 <= MAX_RECLAIM_RETRIES
    }
}

/// Rounds of compaction, and how hard the next one tries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct CompactRounds {
    pub(super) priority: CompactPriority,
    pub(super) retries: u32,
}

impl CompactRounds {
    /// None yet, and not as hard as can be (C: `DEF_COMPACT_PRIORITY`).
    pub(super) const NEW: Self = Self {
        priority: CompactPriority::SyncLight,
        retries: 0,
    };

    /// After a round that was not skipped: whether there is to be another one.
    pub(super) fn count(&mut self, order: Order, result: CompactResult) -> bool {
        // A block was made, and somebody else took it.
        if result == CompactResult::Success {
            self.retries = self.retries.wrapping_add(1);
            if self.retries <= max_retries(order) {
                return true;
            }
        }
        self.try_harder(order)
    }

    fn try_harder(&mut self, order: Order) -> bool {
        let harder = match self.priority {
            CompactPriority::Async => CompactPriority::SyncLight,
            CompactPriority::SyncLight if !is_costly(order) => CompactPriority::SyncFull,
            _ => return false,
        };

        *self = Self {
            priority: harder,
            retries: 0,
        };
        true
    }
}

/// Small requests are as good as unfailing, large ones may fail.
fn max_retries(order: Order) -> u32 {
    match is_costly(order) {
        true => MAX_COMPACT_RETRIES / 4,
        false => MAX_COMPACT_RETRIES,
    }
}

#[kunit_tests(rust_buddy_slowpath_retry)]
mod tests {
    use super::*;
    use CompactPriority::{
        Async,
        SyncFull,
        SyncLight, //
    };
    use CompactResult::{
        Complete,
        Success, //
    };

    fn order(order: u32) -> Result<Order> {
        Order::new(order).ok_or(EINVAL)
    }

    /// Rounds until giving up.
    fn rounds(progress: bool, order: Order, promoted: bool) -> u32 {
        let mut rounds = ReclaimRounds::default();
        let mut nr = 1;

        while nr < 100 && rounds.count(progress, order, promoted) {
            nr += 1;
        }
        nr
    }

    #[test]
    fn row_116_sixteen_rounds_lead_nowhere_and_one_more() -> Result {
        assert_eq!(rounds(false, Order::ZERO, false), 17);
        assert_eq!(rounds(true, order(3)?, false), 100);
        assert_eq!(rounds(true, order(4)?, false), 17);
        assert_eq!(rounds(true, order(3)?, true), 17);
        Ok(())
    }

    #[test]
    fn progress_starts_the_count_afresh() -> Result {
        let mut rounds = ReclaimRounds(15);

        assert!(rounds.count(true, Order::ZERO, false));
        assert_eq!(rounds, ReclaimRounds(0));
        Ok(())
    }

    /// Rounds of one priority until another one.
    fn until_harder(order: Order, result: CompactResult, rounds: &mut CompactRounds) -> u32 {
        let before = rounds.priority;
        let mut nr = 0;

        while nr < 100 && rounds.count(order, result) && rounds.priority == before {
            nr += 1;
        }
        nr
    }

    #[test]
    fn row_117_blocks_that_others_took_are_made_again() -> Result {
        for (nr, large) in [(16, false), (4, true)] {
            let mut rounds = CompactRounds {
                priority: Async,
                retries: 0,
            };
            let order = order(if large { 4 } else { 3 })?;

            assert_eq!(until_harder(order, Success, &mut rounds), nr);
            assert_eq!((rounds.priority, rounds.retries), (SyncLight, 0));
        }
        Ok(())
    }

    #[test]
    fn row_118_large_blocks_are_not_worth_everything() -> Result {
        let mut small = CompactRounds::NEW;
        let mut large = CompactRounds::NEW;

        assert!(small.count(order(3)?, Complete));
        assert_eq!(small.priority, SyncFull);
        assert!(!small.count(order(3)?, Complete));
        assert!(!large.count(order(4)?, Complete));
        assert_eq!(large.priority, SyncLight);
        Ok(())
    }
}
