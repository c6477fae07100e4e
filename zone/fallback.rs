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
use kernel::prelude::*;

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

#[kunit_tests(rust_buddy_fallback)]
mod tests {
    use super::super::{
        alloc_flags::FreeFlags,
        buddy::BuddyConfig, //
    };
    use super::*;
    use Migratetype::{
        Movable,
        Reclaimable,
        Unmovable, //
    };

    fn new_free(nr_pages: u32) -> Result<Buddy> {
        let config = BuddyConfig {
            start: PageIdx::new(0),
            nr_pages,
            pageblock_order: Order::new(9).ok_or(EINVAL)?,
            mobility_off: false,
            nr_cpus: 1,
        };

        Buddy::new(&config, nr_pages)
    }

    fn alloc(buddy: &mut Buddy, order: u32, mt: Migratetype, flags: AllocFlags) -> Option<u32> {
        let mut mode = RmqueueMode::Normal;
        let block = buddy.rmqueue(Order::new(order)?, mt, flags, &mut mode)?;

        Some(block.head().get())
    }

    fn alloc_low(buddy: &mut Buddy, order: u32, mt: Migratetype) -> Option<u32> {
        alloc(buddy, order, mt, AllocFlags::WMARK_LOW)
    }

    fn free(buddy: &mut Buddy, pages: core::ops::Range<u32>) {
        for page in pages {
            buddy.free(Block::new(PageIdx::new(page), Order::ZERO), FreeFlags::None);
        }
    }

    /// A zone of two pageblocks of type `mt`, all in use, of which pages `0..nr_free` were given
    /// back, each alone: their neighbours are kept.
    fn with_free_singles(mt: Migratetype, nr_free: u32) -> Result<Buddy> {
        let mut buddy = new_free(1024)?;

        let _ = alloc_low(&mut buddy, 10, Movable).ok_or(ENOMEM)?;
        buddy.blocks.set_range(PageIdx::new(0), Order::MAX, mt);
        for page in (0..1024).step_by(2).take(nr_free as usize) {
            free(&mut buddy, page..page + 1);
        }
        Ok(buddy)
    }

    #[test]
    fn row_056_reclaimable_is_preferred_to_movable() -> Result {
        let mut buddy = new_free(2048)?;

        let first = alloc_low(&mut buddy, 10, Movable).ok_or(ENOMEM)?;
        buddy
            .blocks
            .set_range(PageIdx::new(first), Order::MAX, Reclaimable);
        buddy.free(Block::new(PageIdx::new(first), Order::MAX), FreeFlags::None);
        assert_eq!(alloc_low(&mut buddy, 0, Unmovable), Some(first));
        Ok(())
    }

    #[test]
    fn row_057_a_whole_block_changes_its_type() -> Result {
        let mut buddy = new_free(1024)?;

        assert_eq!(alloc_low(&mut buddy, 0, Unmovable), Some(0));
        assert_eq!(buddy.blocks.migratetype(PageIdx::new(0)), Unmovable);
        assert_eq!(buddy.blocks.migratetype(PageIdx::new(512)), Unmovable);
        // Not on account of a part of it: nothing is mixed.
        assert_eq!(buddy.events.extfrag_claim, 1);
        assert_eq!(buddy.events.extfrag_claim_part, 0);
        assert_eq!(buddy.events.extfrag_steal, 0);
        assert_eq!(buddy.nr_free, 1023);
        Ok(())
    }

    #[test]
    fn row_059_half_a_pageblock_must_be_free() -> Result {
        let mut too_few = with_free_singles(Reclaimable, 255)?;
        let mut enough = with_free_singles(Reclaimable, 256)?;

        let _ = alloc_low(&mut too_few, 0, Unmovable).ok_or(ENOMEM)?;
        assert_eq!(too_few.blocks.migratetype(PageIdx::new(0)), Reclaimable);
        assert_eq!(too_few.events.extfrag_steal, 1);
        let _ = alloc_low(&mut enough, 0, Unmovable).ok_or(ENOMEM)?;
        assert_eq!(enough.blocks.migratetype(PageIdx::new(0)), Unmovable);
        assert_eq!(enough.events.extfrag_claim, 1);
        Ok(())
    }

    /// Type of a pageblock of type `from` after a request of type `mt`, when 100 pages of it were
    /// free and so many in use could be moved, and there was nothing else.
    fn type_after(mt: Migratetype, from: Migratetype, nr_movable: u32) -> Result<Migratetype> {
        let mut buddy = with_free_singles(from, 0)?;

        // The first 16 are a block that is large enough to be worth a claim to everyone.
        free(&mut buddy, 0..16);
        for page in (16..184).step_by(2) {
            free(&mut buddy, page..page + 1);
        }
        for page in 184..184 + nr_movable {
            let block = Block::new(PageIdx::new(page), Order::ZERO);

            buddy.blocks.movable().add(&block);
        }
        assert_eq!(buddy.free_pages_of(PageIdx::new(0)), 100);
        let _ = alloc_low(&mut buddy, 0, mt).ok_or(ENOMEM)?;
        Ok(buddy.blocks.migratetype(PageIdx::new(0)))
    }

    #[test]
    fn row_058_movable_pages_count_against_other_types() -> Result {
        // 100 free, and 312 or 112 that cannot be moved: 412 and 212 of the 256 that it takes.
        assert_eq!(type_after(Unmovable, Movable, 100)?, Unmovable);
        assert_eq!(type_after(Unmovable, Movable, 300)?, Movable);
        assert_eq!(type_after(Reclaimable, Movable, 256)?, Reclaimable);
        assert_eq!(type_after(Reclaimable, Movable, 257)?, Movable);
        Ok(())
    }

    #[test]
    fn row_058_movable_pages_count_for_movable_requests() -> Result {
        assert_eq!(type_after(Movable, Unmovable, 155)?, Unmovable);
        assert_eq!(type_after(Movable, Unmovable, 156)?, Movable);
        // Of no use to the others: what cannot be moved there is unknown.
        assert_eq!(type_after(Reclaimable, Unmovable, 0)?, Unmovable);
        assert_eq!(type_after(Reclaimable, Unmovable, 328)?, Unmovable);
        Ok(())
    }

    #[test]
    fn pages_in_use_in_a_movable_pageblock_count_as_alike() -> Result {
        let mut buddy = with_free_singles(Movable, 1)?;

        let _ = alloc_low(&mut buddy, 0, Unmovable).ok_or(ENOMEM)?;
        assert_eq!(buddy.blocks.migratetype(PageIdx::new(0)), Unmovable);
        Ok(())
    }

    #[test]
    fn row_060_small_movable_requests_steal() -> Result {
        let mut buddy = with_free_singles(Unmovable, 0)?;
        let order = Order::new(3).ok_or(EINVAL)?;

        // Blocks of order 3 make up half of the pageblock: enough to claim it.
        for page in (0..512).step_by(16) {
            buddy.free(Block::new(PageIdx::new(page), order), FreeFlags::None);
        }
        let page = alloc_low(&mut buddy, 0, Movable).ok_or(ENOMEM)?;
        assert_eq!(page % 16, 0);
        assert_eq!(buddy.blocks.migratetype(PageIdx::new(page)), Unmovable);
        assert_eq!(buddy.events.extfrag_steal, 1);
        assert_eq!(buddy.events.extfrag_claim, 0);
        Ok(())
    }

    #[test]
    fn row_061_the_rest_of_a_stolen_block_keeps_its_type() -> Result {
        let mut buddy = with_free_singles(Unmovable, 0)?;

        free(&mut buddy, 8..16);
        let _ = alloc_low(&mut buddy, 0, Movable).ok_or(ENOMEM)?;
        for order in [0, 1, 2] {
            let order = Order::new(order).ok_or(EINVAL)?;

            assert_eq!(buddy.areas.list(order, Unmovable).len(), 1);
            assert!(buddy.areas.list(order, Movable).is_empty());
        }
        Ok(())
    }

    #[test]
    fn row_062_nofragment_neither_steals_nor_claims_parts() -> Result {
        let mut buddy = with_free_singles(Unmovable, 0)?;
        let nofragment = AllocFlags::WMARK_LOW | AllocFlags::NOFRAGMENT;

        free(&mut buddy, 0..256);
        assert!(alloc(&mut buddy, 0, Movable, nofragment).is_none());
        assert!(alloc(&mut buddy, 0, Movable, AllocFlags::WMARK_LOW).is_some());
        Ok(())
    }

    #[test]
    fn row_063_stealing_goes_on_for_the_rest_of_a_refill() -> Result {
        let mut buddy = with_free_singles(Unmovable, 4)?;
        let mut mode = RmqueueMode::Normal;
        let mut next = |buddy: &mut Buddy| {
            let _ = buddy.rmqueue(Order::ZERO, Movable, AllocFlags::WMARK_LOW, &mut mode);
            mode
        };

        assert_eq!(next(&mut buddy), RmqueueMode::Steal);
        // A block of the own type comes back, and is not looked for.
        buddy.blocks.set_migratetype(PageIdx::new(513), Movable);
        free(&mut buddy, 513..514);
        assert_eq!(next(&mut buddy), RmqueueMode::Steal);
        assert_eq!(buddy.areas.list(Order::ZERO, Movable).len(), 1);
        Ok(())
    }

    #[test]
    fn row_063_after_a_claim_the_own_list_is_looked_at_again() -> Result {
        let mut buddy = with_free_singles(Unmovable, 256)?;
        let mut mode = RmqueueMode::Cma;
        let next = |buddy: &mut Buddy, mode: &mut RmqueueMode| {
            let block = buddy.rmqueue(Order::ZERO, Reclaimable, AllocFlags::WMARK_LOW, mode);

            block.map(|block| block.head().get())
        };

        assert!(next(&mut buddy, &mut mode).is_some());
        assert_eq!(mode, RmqueueMode::Normal);
        assert!(next(&mut buddy, &mut mode).is_some());
        assert_eq!(buddy.events.extfrag_claim, 1);
        assert_eq!(buddy.events.extfrag_steal, 0);
        Ok(())
    }

    #[test]
    fn row_065_only_movable_requests_get_cma_pages() -> Result {
        let mut buddy = new_free(1024)?;
        let flags = AllocFlags::WMARK_LOW | AllocFlags::CMA;

        let _ = alloc_low(&mut buddy, 10, Movable).ok_or(ENOMEM)?;
        buddy
            .blocks
            .set_range(PageIdx::new(0), Order::MAX, Migratetype::Cma);
        buddy.free(Block::new(PageIdx::new(0), Order::MAX), FreeFlags::None);
        assert!(alloc_low(&mut buddy, 0, Unmovable).is_none());
        assert_eq!(alloc(&mut buddy, 0, Movable, flags), Some(0));
        Ok(())
    }

    /// A zone of 65536 pages whose high watermark is 768.
    fn z256() -> Result<Buddy> {
        let mut buddy = new_free(65536)?;

        buddy.marks.levels.high = 768;
        Ok(buddy)
    }

    #[test]
    fn row_035_boosts_grow_by_a_pageblock_up_to_a_limit() -> Result {
        let mut buddy = z256()?;

        for expected in [512, 1024, 1152, 1152] {
            assert!(buddy.boost_watermark());
            assert_eq!(buddy.marks.boost, expected);
        }
        Ok(())
    }

    #[test]
    fn row_036_small_zones_are_not_boosted() -> Result {
        let mut buddy = z256()?;

        buddy.managed = 2047;
        assert!(!buddy.boost_watermark());
        buddy.managed = 2048;
        assert!(buddy.boost_watermark());
        Ok(())
    }

    #[test]
    fn row_037_a_crash_kernel_does_not_boost() -> Result {
        let mut buddy = z256()?;

        buddy.is_kdump = true;
        assert!(!buddy.boost_watermark());
        assert_eq!(buddy.marks.boost, 0);
        Ok(())
    }

    #[test]
    fn row_039_every_attempt_to_claim_boosts_but_not_all_wake() -> Result {
        for (flags, wakes) in [
            (AllocFlags::WMARK_LOW, false),
            (AllocFlags::WMARK_LOW | AllocFlags::KSWAPD, true),
        ] {
            let mut buddy = with_free_singles(Reclaimable, 255)?;

            buddy.managed = 65536;
            buddy.marks.levels.high = 768;
            let _ = alloc(&mut buddy, 0, Unmovable, flags).ok_or(ENOMEM)?;
            assert_eq!(buddy.marks.boost, 512);
            assert_eq!(buddy.boosted, wakes);
        }
        Ok(())
    }

    #[test]
    fn row_064_cma_areas_and_the_rest_are_used_evenly() -> Result {
        for (cma, others, first_is_cma) in [(501, 499, true), (500, 500, false)] {
            let mut buddy = new_free(2048)?;
            let flags = AllocFlags::WMARK_LOW | AllocFlags::CMA;

            while alloc_low(&mut buddy, 10, Movable).is_some() {}
            buddy
                .blocks
                .set_migratetype(PageIdx::new(0), Migratetype::Cma);
            free(&mut buddy, 0..cma);
            free(&mut buddy, 1024..1024 + others);
            let page = alloc(&mut buddy, 0, Movable, flags).ok_or(ENOMEM)?;
            assert_eq!((page < 512), first_is_cma);
        }
        Ok(())
    }
}
