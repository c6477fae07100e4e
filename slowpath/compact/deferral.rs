// SPDX-License-Identifier: GPL-2.0

//! How long compaction of a zone is put off after it failed.
//!
//! C: `defer_compaction()`, `compaction_deferred()`, `compaction_defer_reset()`,
//! `compaction_restarting()` in `mm/compaction.c`.

#![deny(unsafe_code)]

use crate::zone::{
    compaction::Deferral,
    order::Order, //
};
use kernel::prelude::*;

/// At most `1 << 6` attempts are skipped (C: `COMPACT_MAX_DEFER_SHIFT`).
pub(crate) const MAX_DEFER_SHIFT: u32 = 6;

impl Deferral {
    fn limit(&self) -> u32 {
        1 << self.shift.min(MAX_DEFER_SHIFT)
    }

    fn concerns(&self, order: Order) -> bool {
        u32::from(order.get()) >= self.order_failed
    }

    /// It failed for `order` (C: `defer_compaction()`).
    pub(crate) fn defer(&mut self, order: Order) {
        self.considered = 0;
        self.shift = self.shift.wrapping_add(1).min(MAX_DEFER_SHIFT);
        self.order_failed = self.order_failed.min(u32::from(order.get()));
    }

    /// Whether to skip this attempt (C: `compaction_deferred()`).
    pub(crate) fn is_deferred(&mut self, order: Order) -> bool {
        if !self.concerns(order) {
            return false;
        }
        self.considered = self.considered.wrapping_add(1);
        if self.considered >= self.limit() {
            self.considered = self.limit();
            return false;
        }
        true
    }

    /// It should work for `order` from now on. What was put off stays so until a block was really
    /// had (C: `compaction_defer_reset()`).
    pub(crate) fn expect_success(&mut self, order: Order) {
        let next = u32::from(order.get()).wrapping_add(1);

        self.order_failed = self.order_failed.max(next);
    }

    /// A block of `order` was had (C: `compaction_defer_reset(.., true)`).
    pub(crate) fn succeed(&mut self, order: Order) {
        self.considered = 0;
        self.shift = 0;
        self.expect_success(order);
    }

    /// Whether this attempt is the first after many that were skipped
    /// (C: `compaction_restarting()`).
    pub(crate) fn is_restarting(&self, order: Order) -> bool {
        self.concerns(order) && self.shift == MAX_DEFER_SHIFT && self.considered >= self.limit()
    }
}

#[kunit_tests(rust_buddy_compact_deferral)]
mod tests {
    use super::*;

    fn order(order: u32) -> Result<Order> {
        Order::new(order).ok_or(EINVAL)
    }

    /// Attempts that are skipped until the next that is not.
    fn skipped(deferral: &mut Deferral, order: Order) -> u32 {
        let mut nr = 0;

        while deferral.is_deferred(order) {
            nr += 1;
        }
        nr
    }

    #[test]
    fn row_131_skips_double_up_to_63() -> Result {
        let mut deferral = Deferral::default();
        let nine = order(9)?;

        assert_eq!(skipped(&mut deferral, nine), 0);
        for expected in [1, 3, 7, 15, 31, 63, 63, 63] {
            deferral.defer(nine);
            assert_eq!(skipped(&mut deferral, nine), expected);
            // And then no more until the next failure.
            assert_eq!(skipped(&mut deferral, nine), 0);
        }
        Ok(())
    }

    #[test]
    fn row_131_smaller_orders_than_the_one_that_failed_are_not_put_off() -> Result {
        let mut deferral = Deferral::default();

        // Any order is, until one succeeded.
        deferral.defer(order(9)?);
        assert!(deferral.is_deferred(Order::ZERO));
        deferral.expect_success(order(4)?);
        assert_eq!((deferral.order_failed, deferral.shift), (5, 1));
        deferral.defer(order(9)?);
        assert!(!deferral.is_deferred(order(4)?));
        assert!(deferral.is_deferred(order(5)?));
        deferral.defer(order(2)?);
        assert!(deferral.is_deferred(order(2)?));
        Ok(())
    }

    #[test]
    fn row_131_only_a_block_ends_it() -> Result {
        let mut deferral = Deferral::default();

        deferral.defer(order(9)?);
        deferral.defer(order(9)?);
        deferral.expect_success(order(3)?);
        assert_eq!((deferral.shift, deferral.order_failed), (2, 4));
        deferral.succeed(order(9)?);
        assert_eq!((deferral.shift, deferral.order_failed), (0, 10));
        assert_eq!(deferral.considered, 0);
        Ok(())
    }

    #[test]
    fn row_131_after_the_longest_wait_everything_is_looked_at_again() -> Result {
        let mut deferral = Deferral::default();
        let nine = order(9)?;

        for _ in 0..MAX_DEFER_SHIFT {
            assert!(!deferral.is_restarting(nine));
            deferral.defer(nine);
        }
        assert!(!deferral.is_restarting(nine));
        let _ = skipped(&mut deferral, nine);
        assert!(deferral.is_restarting(nine));
        Ok(())
    }
}
