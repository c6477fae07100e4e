// SPDX-License-Identifier: GPL-2.0

//! A set of pages of one pageblock.
//!
//! C: what a scanner sees of `PageBuddy()`, and `migratepages` of `struct compact_control`.
//!
//! # Differences
//!
//! The pages that are to be moved are no list: those who hold them are asked again when it is done.

#![deny(unsafe_code)]

use super::{
    buddy::Buddy,
    order::{
        Order,
        PageIdx,
        MAX_ORDER_NR_PAGES, //
    }, //
};
use kernel::prelude::*;

const NR_WORDS: usize = MAX_ORDER_NR_PAGES as usize / 64;

/// Some pages out of [`MAX_ORDER_NR_PAGES`] aligned ones.
#[derive(Clone, Copy)]
pub(crate) struct PageBits {
    base: PageIdx,
    words: [u64; NR_WORDS],
}

impl PageBits {
    /// None of the pages around `page`.
    pub(crate) fn none_near(page: PageIdx) -> Self {
        Self {
            base: page.align_down(Order::MAX),
            words: [0; NR_WORDS],
        }
    }

    fn place(&self, page: PageIdx) -> (usize, u64) {
        let nr = page.get().wrapping_sub(self.base.get());

        ((nr >> 6) as usize, 1 << (nr & 63))
    }

    /// Adds a page, if it is one of those around.
    pub(crate) fn insert(&mut self, page: PageIdx) {
        let (word, bit) = self.place(page);

        if let Some(word) = self.words.get_mut(word) {
            *word |= bit;
        }
    }

    /// Whether the page was added.
    pub(crate) fn contains(&self, page: PageIdx) -> bool {
        let (word, bit) = self.place(page);

        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Takes the first page out.
    pub(crate) fn pop(&mut self) -> Option<PageIdx> {
        let base = self.base;
        let full = |(_, word): &(u32, &mut u64)| **word != 0;
        let (nr, word) = (0u32..).zip(self.words.iter_mut()).find(full)?;
        let bit = word.trailing_zeros();

        *word &= word.wrapping_sub(1);
        Some(base.add(nr.wrapping_mul(64).wrapping_add(bit)))
    }
}

impl Buddy {
    /// The free pages from `start` to `end`, which are of one pageblock.
    pub(crate) fn free_bits(&self, start: PageIdx, end: PageIdx) -> PageBits {
        let mut bits = PageBits::none_near(start);
        let mut page = start;
        let mut insert = |from: PageIdx, to: PageIdx| {
            for page in from.get()..to.min(end).get() {
                bits.insert(PageIdx::new(page));
            }
        };

        // A block may begin before the range, or have more pages than it.
        if let Some((head, order)) = self.buddy_of(start) {
            page = head.add(order.nr_pages());
            insert(start, page);
        }
        while page < end {
            let nr_pages = self.map.buddy_order(page).map_or(0, Order::nr_pages);

            insert(page, page.add(nr_pages));
            page = page.add(nr_pages.max(1));
        }
        bits
    }
}

#[kunit_tests(rust_buddy_page_bits)]
mod tests {
    use super::{
        super::{
            buddy::BuddyConfig,
            migratetype::Migratetype, //
        },
        *, //
    };

    #[test]
    fn pages_come_out_in_order_and_once() -> Result {
        let mut bits = PageBits::none_near(PageIdx::new(2048 + 700));

        for page in [3071, 2048, 2700, 1024, 3072] {
            bits.insert(PageIdx::new(page));
        }
        assert!(bits.contains(PageIdx::new(2700)));
        assert!(!bits.contains(PageIdx::new(2701)));
        assert!(!bits.contains(PageIdx::new(1024)));
        assert_eq!(bits.pop(), Some(PageIdx::new(2048)));
        assert_eq!(bits.pop(), Some(PageIdx::new(2700)));
        assert_eq!(bits.pop(), Some(PageIdx::new(3071)));
        assert!(bits.pop().is_none());
        Ok(())
    }

    #[test]
    fn free_pages_are_seen_wherever_their_block_begins() -> Result {
        let config = BuddyConfig {
            start: PageIdx::new(0),
            nr_pages: 2048,
            pageblock_order: Order::new(9).ok_or(EINVAL)?,
            mobility_off: false,
            nr_cpus: 1,
        };
        let mut buddy = Buddy::new(&config, 2048)?;
        let _ = buddy
            .rmqueue_smallest(Order::ZERO, Migratetype::Movable)
            .ok_or(ENOMEM)?;
        let first = buddy.free_bits(PageIdx::new(0), PageIdx::new(512));
        let other = buddy.free_bits(PageIdx::new(1536), PageIdx::new(2048));

        assert!(!first.contains(PageIdx::new(0)));
        assert!((1..512).all(|page| first.contains(PageIdx::new(page))));
        // The largest block begins at 1024.
        assert!((1536..2048).all(|page| other.contains(PageIdx::new(page))));
        // Of what was not asked for nothing is said.
        assert!(!first.contains(PageIdx::new(512)));
        Ok(())
    }
}
