// SPDX-License-Identifier: GPL-2.0

//! Blocks taken off the free lists, under the lock.
//!
//! C: `rmqueue_buddy()`, `rmqueue_bulk()` in `mm/page_alloc.c`.

#![deny(unsafe_code)]

use super::{
    alloc_flags::{
        AllocFlags,
        Wmark, //
    },
    buddy::Buddy,
    fallback::RmqueueMode,
    migratetype::Migratetype,
    order::{
        Block,
        Order,
        PageIdx, //
    },
    vmstat::NumaPlace,
    Zone, //
};

impl Zone {
    /// Takes a block off the free lists (C: `rmqueue_buddy()`).
    pub(crate) fn rmqueue(
        &self,
        order: Order,
        mt: Migratetype,
        flags: AllocFlags,
        place: NumaPlace,
    ) -> Option<Block> {
        let take = |buddy: &mut Buddy| {
            let block = buddy.rmqueue_or_reserve(order, mt, flags)?;

            buddy.count_alloc(&block, place);
            Some(block)
        };

        match flags.has(AllocFlags::NOLOCK) {
            true => self.try_with(take).flatten(),
            false => self.with(take),
        }
    }

    /// Takes up to `nr` blocks under one hold of the lock, and passes them on in the order in which
    /// they were found; how many there were (C: `rmqueue_bulk()`).
    pub(crate) fn rmqueue_bulk(
        &self,
        order: Order,
        nr: u32,
        mt: Migratetype,
        flags: AllocFlags,
        mut put: impl FnMut(PageIdx),
    ) -> u32 {
        let refill = |buddy: &mut Buddy| {
            let mut mode = RmqueueMode::Normal;

            buddy.seq = buddy.seq.wrapping_add(1);
            for done in 0..nr {
                match buddy.rmqueue(order, mt, flags, &mut mode) {
                    Some(block) => put(block.head()),
                    None => return done,
                }
            }
            nr
        };

        match flags.has(AllocFlags::NOLOCK) {
            true => self.try_with(refill).unwrap_or(0),
            false => self.with(refill),
        }
    }
}

impl Buddy {
    /// From the lists, or from the high-order atomic reserve, which comes first for those it is
    /// meant for and last for those that must not fail lightly.
    fn rmqueue_or_reserve(
        &mut self,
        order: Order,
        mt: Migratetype,
        flags: AllocFlags,
    ) -> Option<Block> {
        let mut mode = RmqueueMode::Normal;
        let atomic = flags.has(AllocFlags::HIGHATOMIC);
        let last_resort = flags.has(AllocFlags::OOM | AllocFlags::NON_BLOCK);
        let block = self
            .rmqueue_highatomic(order, atomic)
            .or_else(|| self.rmqueue(order, mt, flags, &mut mode))
            .or_else(|| self.rmqueue_highatomic(order, last_resort))?;

        // It was a near thing: keep something for the next one.
        if atomic && flags.wmark() == Wmark::Min {
            self.reserve_highatomic_pageblock(&block);
        }
        Some(block)
    }

    fn count_alloc(&mut self, block: &Block, place: NumaPlace) {
        let nr_pages = u64::from(block.nr_pages());

        self.events.pgalloc = self.events.pgalloc.wrapping_add(nr_pages);
        self.events.numa.count(place, 1);
        self.seq = self.seq.wrapping_add(1);
    }
}
