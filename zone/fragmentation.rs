// SPDX-License-Identifier: GPL-2.0

//! How far the free pages of a zone are scattered, seen from a request of some order.
//!
//! C: `fill_contig_page_info()`, `__fragmentation_index()`, `unusable_free_index()` in
//! `mm/vmstat.c`.

#![deny(unsafe_code)]

use super::{
    order::Order,
    vmstat::Snapshot, //
};
use kernel::prelude::*;

/// An index up to this says that memory is short rather than scattered, unless it is changed
/// (C: `sysctl_extfrag_threshold`).
pub(crate) const EXTFRAG_THRESHOLD: i64 = 500;

/// The free pages of a zone, for a request of one order (C: `struct contig_page_info`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ContigPages {
    order: Order,
    /// Free pages, isolated ones too.
    free_pages: u64,
    /// Free blocks of any order.
    free_blocks: u64,
    /// Blocks of the request's order that could be cut from them.
    suitable: u64,
}

impl ContigPages {
    /// Counts the blocks of each order, for requests of `order` (C: `fill_contig_page_info()`).
    pub(crate) fn new(order: Order, nr_blocks: impl Fn(Order) -> u64) -> Self {
        let mut info = Self {
            order,
            free_pages: 0,
            free_blocks: 0,
            suitable: 0,
        };

        for of in Order::all() {
            let blocks = nr_blocks(of);
            let add = |sum: &mut u64, shift: u8| {
                *sum = sum.wrapping_add(blocks.wrapping_shl(u32::from(shift)));
            };

            add(&mut info.free_blocks, 0);
            add(&mut info.free_pages, of.get());
            if of >= order {
                add(&mut info.suitable, of.get().wrapping_sub(order.get()));
            }
        }
        info
    }

    /// The same of a picture of a zone.
    pub(crate) fn of(order: Order, picture: &Snapshot) -> Self {
        Self::new(order, |of| u64::from(picture.nr_blocks(of)))
    }

    /// Why a request fails, in thousandths: towards 0 for want of memory, towards 1000 because of
    /// fragmentation; -1000 if it would not fail (C: `__fragmentation_index()`).
    pub(crate) fn fragmentation_index(&self) -> i64 {
        if self.suitable > 0 {
            return -1000;
        }
        let requested = u64::from(self.order.nr_pages());
        let wanted = (self.free_pages.wrapping_mul(1000) / requested).wrapping_add(1000);

        match wanted.checked_div(self.free_blocks) {
            Some(share) => 1000i64.wrapping_sub(share as i64),
            None => 0,
        }
    }

    /// How much of the free memory a request cannot use, in percent: nothing of none
    /// (C: `extfrag_for_order()`).
    pub(crate) fn extfrag(&self) -> u32 {
        let usable = self.suitable.wrapping_shl(u32::from(self.order.get()));
        let percent = self
            .free_pages
            .wrapping_sub(usable)
            .wrapping_mul(100)
            .checked_div(self.free_pages);

        percent.unwrap_or(0) as u32
    }

    /// How much of the free memory a request cannot use, in thousandths: all of none
    /// (C: `unusable_free_index()`).
    pub(crate) fn unusable_index(&self) -> u64 {
        let usable = self.suitable.wrapping_shl(u32::from(self.order.get()));

        self.free_pages
            .wrapping_sub(usable)
            .wrapping_mul(1000)
            .checked_div(self.free_pages)
            .unwrap_or(1000)
    }
}

#[kunit_tests(rust_buddy_fragmentation)]
mod tests {
    use super::*;

    fn order(order: u32) -> Result<Order> {
        Order::new(order).ok_or(EINVAL)
    }

    /// `nr` free blocks of one order, seen from a request of another.
    fn info(nr: u64, of: u32, wanted: u32) -> Result<ContigPages> {
        let of = order(of)?;

        Ok(ContigPages::new(order(wanted)?, |order| {
            if order == of {
                nr
            } else {
                0
            }
        }))
    }

    #[test]
    fn row_130_the_two_examples() -> Result {
        assert_eq!(info(1000, 0, 9)?.fragmentation_index(), 998);
        assert_eq!(info(2, 5, 9)?.fragmentation_index(), 438);
        Ok(())
    }

    #[test]
    fn row_130_a_request_that_would_not_fail_has_no_index() -> Result {
        assert_eq!(info(1, 9, 9)?.fragmentation_index(), -1000);
        assert_eq!(info(1, 10, 0)?.fragmentation_index(), -1000);
        assert_eq!(info(1, 8, 9)?.fragmentation_index(), -500);
        assert_eq!(info(0, 0, 9)?.fragmentation_index(), 0);
        Ok(())
    }

    #[test]
    fn row_130_what_is_too_small_cannot_be_used() -> Result {
        assert_eq!(info(3, 4, 5)?.unusable_index(), 1000);
        assert_eq!(info(3, 4, 4)?.unusable_index(), 0);
        assert_eq!(info(0, 0, 0)?.unusable_index(), 1000);
        // 5 single pages and one block of 8.
        let mixed = ContigPages::new(order(3)?, |order| match order.get() {
            0 => 5,
            3 => 1,
            _ => 0,
        });
        assert_eq!(mixed.unusable_index(), 384);
        assert_eq!(mixed.fragmentation_index(), -1000);
        Ok(())
    }
}
