// SPDX-License-Identifier: GPL-2.0

//! What happens when the wanted migratetype has run out.
//!
//! Best is to *claim*: take over a whole pageblock of another type, so that what is freed there
//! later comes to the right list. If that is not worth it or not allowed, *steal* a single block
//! and leave the pageblock as it is.
//!
//! C: `__rmqueue()`, `__rmqueue_claim()`, `__rmqueue_steal()`, `try_to_claim_block()`,
//! `find_suitable_fallback()`, `should_try_claim_block()` in `mm/page_alloc.c`.

#![deny(unsafe_code)]

mod checks;

use super::{
    alloc_flags::AllocFlags,
    buddy::Buddy,
    migratetype::Migratetype,
    order::{
        Block,
        Order,
        PageIdx, //
    },
    watermark::mult_frac, //
};

/// Where the last block was found. Kept over the requests that are served under one hold of the
/// zone's lock, to save the searches before it (C: `enum rmqueue_mode`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RmqueueMode {
    /// On the list of its own type.
    Normal,
    /// In a CMA area.
    Cma,
    /// On another type's list, and only a single block.
    Steal,
}

impl Buddy {
    /// Takes a block of `order` for a request of type `mt` (C: `__rmqueue()`).
    pub(crate) fn rmqueue(
        &mut self,
        order: Order,
        mt: Migratetype,
        flags: AllocFlags,
        mode: &mut RmqueueMode,
    ) -> Option<Block> {
        // Use CMA areas and the rest evenly: from CMA while it has more than half of what is free.
        if flags.has(AllocFlags::CMA) && self.stat_free_cma.read() > self.stat_free.read() / 2 {
            if let Some(block) = self.rmqueue_cma(order) {
                return Some(block);
            }
        }
        if *mode == RmqueueMode::Normal {
            if let Some(block) = self.rmqueue_smallest(order, mt) {
                return Some(block);
            }
        }
        self.rmqueue_fallback(order, mt, flags, mode)
    }

    /// CMA, then claim, then steal, from where `mode` says on.
    fn rmqueue_fallback(
        &mut self,
        order: Order,
        mt: Migratetype,
        flags: AllocFlags,
        mode: &mut RmqueueMode,
    ) -> Option<Block> {
        if *mode != RmqueueMode::Steal {
            if flags.has(AllocFlags::CMA) {
                if let Some(block) = self.rmqueue_cma(order) {
                    *mode = RmqueueMode::Cma;
                    return Some(block);
                }
            }
            if let Some(block) = self.rmqueue_claim(order, mt, flags) {
                // The own list has blocks again.
                *mode = RmqueueMode::Normal;
                return Some(block);
            }
        }
        if flags.has(AllocFlags::NOFRAGMENT) {
            return None;
        }
        let block = self.rmqueue_steal(order, mt)?;
        *mode = RmqueueMode::Steal;
        Some(block)
    }

    /// Takes a block out of a CMA area (C: `__rmqueue_cma_fallback()`).
    fn rmqueue_cma(&mut self, order: Order) -> Option<Block> {
        let block = self.rmqueue_smallest(order, Migratetype::Cma)?;

        self.events.cma = self.events.cma.wrapping_add(1);
        Some(block)
    }

    /// Takes over a pageblock. The largest free block is tried first: its pageblock is likely to
    /// have the most free pages (C: `__rmqueue_claim()`).
    fn rmqueue_claim(&mut self, order: Order, mt: Migratetype, flags: AllocFlags) -> Option<Block> {
        let min_order = match flags.has(AllocFlags::NOFRAGMENT) {
            true => order.max(self.blocks.order()),
            false => order,
        };

        for current in min_order.to_max().rev() {
            if !self.should_claim(current, mt) {
                return None;
            }
            let Some((page, from)) = self.find_fallback(current, mt) else {
                continue;
            };
            let block = match current < self.blocks.order() {
                true => self.try_to_claim_block(page, order, mt, from, flags),
                false => Some(self.claim_whole(page, current, order, mt, from)),
            };

            if let Some(block) = block {
                self.events.extfrag_claim = self.events.extfrag_claim.wrapping_add(1);
                return Some(block);
            }
        }
        None
    }

    /// Whether a free block of `order` makes it worth trying to take over its pageblock
    /// (C: `should_try_claim_block()`).
    ///
    /// Small movable requests do no lasting harm among other pages, since they can be moved away.
    /// All others would, whatever their size.
    pub(super) fn should_claim(&self, order: Order, mt: Migratetype) -> bool {
        order.get() >= self.blocks.order().get() / 2
            || matches!(mt, Migratetype::Reclaimable | Migratetype::Unmovable)
            || self.blocks.mobility_off()
    }

    /// The first block of `order` of a type that `mt` may fall back to
    /// (C: `find_suitable_fallback()`).
    pub(super) fn find_fallback(
        &self,
        order: Order,
        mt: Migratetype,
    ) -> Option<(PageIdx, Migratetype)> {
        let first = |from: &Migratetype| Some((self.areas.first(order, *from)?, *from));

        mt.fallbacks().iter().find_map(first)
    }

    /// Takes over the pageblock of the free block at `page`, if enough of it is free or of a like
    /// kind (C: `try_to_claim_block()`).
    fn try_to_claim_block(
        &mut self,
        page: PageIdx,
        order: Order,
        mt: Migratetype,
        from: Migratetype,
        flags: AllocFlags,
    ) -> Option<Block> {
        // Reclaim harder for a while, so that types need not mix again so soon.
        if self.boost_watermark() && flags.has(AllocFlags::KSWAPD) {
            self.boosted = true;
        }
        let start = self.whole_pageblock(page)?;
        let alike = self
            .free_pages_of(start)
            .wrapping_add(self.alike_pages(start, mt, from));

        if alike < self.blocks.order().nr_pages() / 2 && !self.blocks.mobility_off() {
            return None;
        }
        self.move_freepages_block(start, from, mt);
        self.blocks.set_migratetype(start, mt);
        self.events.extfrag_claim_part = self.events.extfrag_claim_part.wrapping_add(1);
        self.rmqueue_smallest(order, mt)
    }

    /// Raises all watermarks by a pageblock, up to a limit; whether it did
    /// (C: `boost_watermark()`).
    fn boost_watermark(&mut self) -> bool {
        let pageblock = u64::from(self.blocks.order().nr_pages());
        let max = mult_frac(self.marks.levels.high, self.boost_factor);

        // In small zones a boost would take more than it could ever win.
        let small = pageblock.wrapping_mul(4) > self.managed;

        // A kernel that saves a crash dump ends before a boost could pay.
        if self.boost_factor == 0 || max == 0 || small || self.is_kdump {
            return false;
        }
        let boost = self.marks.boost.wrapping_add(pageblock);

        self.marks.boost = boost.min(max.max(pageblock));
        self.events.boost = self.events.boost.wrapping_add(1);
        true
    }

    /// Start of the pageblock of `page`, unless a part of it lies outside the zone
    /// (C: `prep_move_freepages_block()`).
    pub(super) fn whole_pageblock(&self, page: PageIdx) -> Option<PageIdx> {
        let start = page.align_down(self.blocks.order());
        let last = start.add(self.blocks.order().nr_pages().wrapping_sub(1));

        (self.map.contains(start) && self.map.contains(last)).then_some(start)
    }

    /// A free block of at least a pageblock changes its type and is split.
    fn claim_whole(
        &mut self,
        page: PageIdx,
        current: Order,
        order: Order,
        mt: Migratetype,
        from: Migratetype,
    ) -> Block {
        let nr_pages = i64::from(current.nr_pages());

        self.del_page_from_free_list(page, current, from);
        self.blocks.set_range(page, current, mt);
        self.expand(page, order, current, mt);
        self.account(nr_pages.wrapping_sub(i64::from(order.nr_pages())), mt);
        Block::new(page, order)
    }

    /// Free pages of the pageblock that starts at `start`
    /// (C: `prep_move_freepages_block()`).
    fn free_pages_of(&self, start: PageIdx) -> u32 {
        self.free_blocks_of(start)
            .fold(0, |sum, (_, order)| order.nr_pages().wrapping_add(sum))
    }

    /// Pages in use that a claim by `mt` need not mind: for a movable request those that can be
    /// moved, in a movable pageblock all others. What the pages of other pageblocks are is not
    /// known.
    fn alike_pages(&self, start: PageIdx, mt: Migratetype, from: Migratetype) -> u32 {
        let movable = self.blocks.movable().nr_in(start);

        match (mt, from) {
            (Migratetype::Movable, _) => movable,
            (_, Migratetype::Movable) => self
                .blocks
                .order()
                .nr_pages()
                .saturating_sub(self.free_pages_of(start).wrapping_add(movable)),
            _ => 0,
        }
    }

    /// Moves the free blocks of a pageblock to the lists of another type, and says how many pages
    /// they have. Its own type stays as it is (C: `__move_freepages_block()`).
    pub(super) fn move_freepages_block(
        &mut self,
        start: PageIdx,
        from: Migratetype,
        to: Migratetype,
    ) -> u32 {
        let end = start.add(self.blocks.order().nr_pages());
        let mut page = start;
        let mut moved: u32 = 0;

        while page < end {
            let order = self.map.buddy_order(page);

            if let Some(order) = order {
                self.move_to_free_list(page, order, from, to);
                moved = moved.wrapping_add(order.nr_pages());
            }
            page = page.add(order.map_or(1, Order::nr_pages));
        }
        moved
    }

    /// Takes one block of another type, the smallest that is large enough. What is left of it stays
    /// with its type (C: `__rmqueue_steal()`).
    fn rmqueue_steal(&mut self, order: Order, mt: Migratetype) -> Option<Block> {
        for current in order.to_max() {
            if let Some((page, from)) = self.find_fallback(current, mt) {
                self.events.extfrag_steal = self.events.extfrag_steal.wrapping_add(1);
                return Some(self.del_and_expand(page, order, current, from));
            }
        }
        None
    }

    /// The free blocks that start in the pageblock at `start`, ascending.
    pub(super) fn free_blocks_of(
        &self,
        start: PageIdx,
    ) -> impl Iterator<Item = (PageIdx, Order)> + '_ {
        let end = start.add(self.blocks.order().nr_pages());
        let mut page = start;

        core::iter::from_fn(move || {
            while page < end {
                let head = page;
                let order = self.map.buddy_order(head);

                page = head.add(order.map_or(1, Order::nr_pages));
                if let Some(order) = order {
                    return Some((head, order));
                }
            }
            None
        })
    }
}
