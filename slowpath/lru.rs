// SPDX-License-Identifier: GPL-2.0

//! How much of which list is looked at.
//!
//! C: `get_scan_count()`, `inactive_is_low()`, `prepare_scan_control()` in `mm/vmscan.c`.
//!
//! # Differences
//!
//! There is one kind of contents, so nothing is to be balanced between two. The lists are those of
//! a zone; whether the active ones are too long is decided for the node, as in the kernel.

#![deny(unsafe_code)]

use crate::zone::{
    lru::SWAP_CLUSTER_MAX,
    watermark::int_sqrt, //
};
use kernel::prelude::*;

/// Shift from pages to units of 1 GiB.
const GIB_SHIFT: u32 = 30 - 12;

/// Whether pages have to come from the active list to the inactive one, which gives each of them a
/// chance to be used again before it is dropped (C: `inactive_is_low()`).
pub(crate) fn inactive_is_low(active: u64, inactive: u64) -> bool {
    let gib = active.wrapping_add(inactive) >> GIB_SHIFT;
    let ratio = match gib {
        0 => 1,
        _ => int_sqrt(gib.wrapping_mul(10)),
    };

    inactive.wrapping_mul(ratio) < active
}

/// Pages of a zone's lists that are still to be looked at in a pass.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ScanCount {
    active: u64,
    inactive: u64,
}

impl ScanCount {
    /// A part of each: the lower the priority, the more.
    pub(crate) fn new(active: u64, inactive: u64, priority: u32) -> Self {
        Self {
            active: active.checked_shr(priority).unwrap_or(0),
            inactive: inactive.checked_shr(priority).unwrap_or(0),
        }
    }

    /// Whether all was looked at.
    pub(crate) fn is_done(&self) -> bool {
        self.active == 0 && self.inactive == 0
    }

    /// Pages to look at next: of the active list, of the inactive one.
    pub(crate) fn next_batch(&mut self) -> (u64, u64) {
        (batch(&mut self.active), batch(&mut self.inactive))
    }
}

fn batch(left: &mut u64) -> u64 {
    let nr = SWAP_CLUSTER_MAX.min(*left);

    *left = left.wrapping_sub(nr);
    nr
}

#[kunit_tests(rust_buddy_slowpath_lru)]
mod tests {
    use super::*;

    #[test]
    fn small_lists_are_kept_equal_and_large_ones_are_not() -> Result {
        assert!(!inactive_is_low(100, 100));
        assert!(inactive_is_low(101, 100));
        // 1 GiB: three times as many may be active.
        assert!(!inactive_is_low(196_608, 65_536));
        assert!(inactive_is_low(196_612, 65_536));
        Ok(())
    }

    #[test]
    fn the_first_pass_looks_at_a_4096th() -> Result {
        let count = ScanCount::new(8192, 4095, 12);

        assert_eq!((count.active, count.inactive), (2, 0));
        assert!(!count.is_done());
        assert!(ScanCount::new(4095, 4095, 12).is_done());
        assert_eq!(ScanCount::new(7, 9, 0).inactive, 9);
        Ok(())
    }

    #[test]
    fn it_comes_in_batches_of_32() -> Result {
        let mut count = ScanCount::new(40, 100, 0);

        assert_eq!(count.next_batch(), (32, 32));
        assert_eq!(count.next_batch(), (8, 32));
        assert_eq!(count.next_batch(), (0, 32));
        assert_eq!(count.next_batch(), (0, 4));
        assert!(count.is_done());
        Ok(())
    }
}
