// SPDX-License-Identifier: GPL-2.0

//! How many pages in use could be moved away, by pageblock.
//!
//! The zone's clients say which of their blocks can be moved, without the zone's lock; the zone
//! asks when it judges a pageblock. The kernel looks at each page of the pageblock instead, at that
//! time.
//!
//! C: `PageLRU()` and `page_has_movable_ops()` in `prep_move_freepages_block()`.

#![deny(unsafe_code)]

use super::order::{
    Block,
    Order,
    PageIdx, //
};
use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc, //
    }, //
};

/// Pages in use that can be moved, of each pageblock of a zone.
///
/// # Invariants
///
/// Every block that is counted is in use, and was added once.
#[derive(Clone)]
pub(crate) struct MovablePages {
    /// Start of the first pageblock.
    start: PageIdx,
    order: Order,
    counts: Arc<KVVec<Atomic<u32>>>,
}

impl MovablePages {
    /// None in any of `nr` pageblocks.
    ///
    /// Allocates: sleeps.
    pub(super) fn new(start: PageIdx, order: Order, nr: u32) -> Result<Self> {
        let mut counts = KVVec::with_capacity(nr as usize, GFP_KERNEL)?;

        for _ in 0..nr {
            counts.push_within_capacity(Atomic::new(0))?;
        }
        Ok(Self {
            start,
            order,
            counts: Arc::new(counts, GFP_KERNEL)?,
        })
    }

    /// Counts a block that is in use and can be moved from now on.
    pub(super) fn add(&self, block: &Block) {
        self.each_part(block, |count, nr| {
            count.fetch_add(nr, Relaxed);
        });
    }

    /// No longer counts a block, before it is given back.
    pub(super) fn sub(&self, block: &Block) {
        self.each_part(block, |count, nr| {
            count.fetch_sub(nr, Relaxed);
        });
    }

    /// Pages in use of the pageblock of `page` that can be moved.
    pub(super) fn nr_in(&self, page: PageIdx) -> u32 {
        self.counts
            .get(self.slot(page))
            .map_or(0, |count| count.load(Relaxed))
    }

    /// The parts of a block, by pageblock.
    fn each_part(&self, block: &Block, mut f: impl FnMut(&Atomic<u32>, u32)) {
        let part = block.order().min(self.order).nr_pages();
        let end = block.head().add(block.nr_pages());
        let mut page = block.head();

        while page < end {
            if let Some(count) = self.counts.get(self.slot(page)) {
                f(count, part);
            }
            page = page.add(part);
        }
    }

    fn slot(&self, page: PageIdx) -> usize {
        (page.get().wrapping_sub(self.start.get()) >> (self.order.get() & 31)) as usize
    }
}

#[kunit_tests(rust_buddy_movable)]
mod tests {
    use super::*;

    #[test]
    fn large_blocks_count_in_each_of_their_pageblocks() -> Result {
        let order = Order::new(9).ok_or(EINVAL)?;
        let movable = MovablePages::new(PageIdx::new(1024), order, 4)?;
        let (large, small) = (
            Block::new(PageIdx::new(1024), Order::MAX),
            Block::new(PageIdx::new(2052), Order::new(2).ok_or(EINVAL)?),
        );
        let counts = || [1024, 1536, 2048, 2560].map(|page| movable.nr_in(PageIdx::new(page)));

        movable.add(&large);
        movable.add(&small);
        assert_eq!(counts(), [512, 512, 4, 0]);
        movable.sub(&large);
        assert_eq!(counts(), [0, 0, 4, 0]);
        Ok(())
    }
}
