// SPDX-License-Identifier: GPL-2.0

//! Short looks along the free lists, for pageblocks to move things to or away from.
//!
//! What was looked at in vain goes to the other end of its list, so that the next look sees
//! something else.
//!
//! C: the bodies of the loops in `fast_isolate_freepages()` and `fast_find_migrateblock()` in
//! `mm/compaction.c`.

#![deny(unsafe_code)]

use super::{
    buddy::Buddy,
    isolate_free::IsolatedPages,
    migratetype::Migratetype,
    order::{
        Order,
        PageIdx, //
    }, //
};
use kernel::prelude::*;

/// Blocks that are looked at for one that is high.
const MAX_LOOKS: u32 = 256;

/// A search for a free block to move something to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TargetSearch {
    /// From here on a block is as good as can be.
    pub(crate) low: PageIdx,
    /// From here on one will do.
    pub(crate) min: PageIdx,
    /// Blocks of an order to look at.
    pub(crate) limit: u32,
    /// Blocks looked at, and pages of what was isolated.
    pub(crate) scanned: u32,
    /// Pages isolated.
    pub(crate) isolated: u32,
    /// The highest pageblock with a free block that was seen.
    pub(crate) highest: Option<PageIdx>,
}

/// What a look along one list found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    /// Nothing.
    None,
    /// This block, which is isolated now; whether it was as good as can be.
    Isolated(PageIdx, bool),
    /// A block that must not be taken.
    Refused,
}

impl Buddy {
    /// Looks for a free block of `order` at the far end of the zone, and isolates it.
    pub(crate) fn search_target(
        &mut self,
        order: Order,
        search: &mut TargetSearch,
        pages: &mut IsolatedPages,
    ) -> Target {
        let mut looked: u32 = 0;
        let found = self.look_back(order, search, &mut looked);
        let target = match found {
            Some((page, good)) if self.isolate_free_page(page, order, pages) => {
                let nr_pages = order.nr_pages();

                search.isolated = search.isolated.wrapping_add(nr_pages);
                search.scanned = search.scanned.wrapping_add(nr_pages.wrapping_sub(1));
                Target::Isolated(page, good)
            }
            Some(_) => Target::Refused,
            None => Target::None,
        };

        // The less of the next list.
        if looked >= search.limit && target != Target::Refused {
            search.limit = (search.limit >> 1).max(1);
        }
        target
    }

    /// The block to take, which becomes the first of its list, as does the last one looked at.
    fn look_back(
        &mut self,
        order: Order,
        search: &mut TargetSearch,
        looked: &mut u32,
    ) -> Option<(PageIdx, bool)> {
        let pageblock = self.blocks.order();
        let list = self.areas.list(order, Migratetype::Movable);
        let mut best = None;
        let mut last = None;

        for page in list.iter_back(&self.map) {
            *looked = looked.wrapping_add(1);
            search.highest = search.highest.max(Some(page.align_down(pageblock)));
            if page >= search.low {
                best = Some((page, true));
                break;
            }
            if page >= search.min && best.is_none_or(|(best, _)| page > best) {
                best = Some((page, false));
                search.limit >>= 1;
            }
            if *looked >= search.limit {
                last = Some(page);
                break;
            }
        }
        search.scanned = search.scanned.wrapping_add(*looked);
        if let Some(first) = best.map(|(page, _)| page).or(last) {
            self.areas
                .rotate_to(&mut self.map, first, order, Migratetype::Movable);
        }
        best
    }

    /// Isolates the highest of the first few free blocks of `order` that lie from `above` on;
    /// whether there was one. For blocks of several pages, which the kernel splits rather.
    pub(crate) fn isolate_above(
        &mut self,
        order: Order,
        above: PageIdx,
        pages: &mut IsolatedPages,
    ) -> bool {
        let list = self.areas.list(order, Migratetype::Movable);
        let some = list.iter(&self.map).zip(0..MAX_LOOKS);
        let highest = some
            .map(|(page, _)| page)
            .filter(|page| *page >= above)
            .max();

        highest.is_some_and(|page| self.isolate_free_page(page, order, pages))
    }

    /// Looks for a free block of `order` below `high` in a pageblock that is worth a look, at most
    /// until `scanned` is `limit`.
    pub(crate) fn search_source(
        &mut self,
        order: Order,
        high: PageIdx,
        limit: u32,
        scanned: &mut u32,
    ) -> Option<PageIdx> {
        let list = self.areas.list(order, Migratetype::Movable);
        let mut found = None;
        let mut last = None;

        for page in list.iter(&self.map) {
            *scanned = scanned.wrapping_add(1);
            if *scanned > limit {
                last = Some(page);
                break;
            }
            if page < high && !self.blocks.types().is_skipped(page) {
                found = Some(page);
                break;
            }
        }
        if let Some(page) = found.or(last) {
            self.areas
                .rotate_behind(&mut self.map, page, order, Migratetype::Movable);
        }
        found
    }
}

#[kunit_tests(rust_buddy_free_search)]
mod tests {
    use super::{
        super::{
            alloc_flags::FreeFlags,
            buddy::BuddyConfig,
            order::Block, //
        },
        *, //
    };

    /// A zone of eight pageblocks, in use but for one page of each; 4095 was freed first.
    fn one_each() -> Result<Buddy> {
        let config = BuddyConfig {
            start: PageIdx::new(0),
            nr_pages: 4096,
            pageblock_order: Order::new(9).ok_or(EINVAL)?,
            mobility_off: false,
            nr_cpus: 1,
        };
        let mut buddy = Buddy::new(&config, 4096)?;

        while buddy
            .rmqueue_smallest(Order::MAX, Migratetype::Movable)
            .is_some()
        {}
        for page in (0..4096).step_by(512).rev() {
            let page = Block::new(PageIdx::new(page + 511), Order::ZERO);

            buddy.free(page, FreeFlags::None);
        }
        Ok(buddy)
    }

    fn first(buddy: &Buddy) -> Option<PageIdx> {
        buddy.areas.first(Order::ZERO, Migratetype::Movable)
    }

    fn search(low: u32, min: u32, limit: u32) -> TargetSearch {
        TargetSearch {
            low: PageIdx::new(low),
            min: PageIdx::new(min),
            limit,
            scanned: 0,
            isolated: 0,
            highest: None,
        }
    }

    #[test]
    fn a_good_target_is_taken_at_once() -> Result {
        let mut buddy = one_each()?;
        let mut pages = IsolatedPages::new();
        let mut wanted = search(3072, 2048, 8);
        let target = buddy.search_target(Order::ZERO, &mut wanted, &mut pages);

        assert_eq!(target, Target::Isolated(PageIdx::new(4095), true));
        assert_eq!((wanted.scanned, wanted.isolated), (1, 1));
        assert_eq!(wanted.highest, Some(PageIdx::new(3584)));
        buddy.release_isolated(&mut pages, |_| ());
        Ok(())
    }

    #[test]
    fn of_those_that_will_do_the_highest_is_taken() -> Result {
        let mut buddy = one_each()?;
        let mut pages = IsolatedPages::new();
        let mut wanted = search(4096, 2048, 8);
        let target = buddy.search_target(Order::ZERO, &mut wanted, &mut pages);

        // The more candidates there are, the shorter the search.
        assert_eq!(target, Target::Isolated(PageIdx::new(4095), false));
        assert!(wanted.scanned < 8);
        buddy.release_isolated(&mut pages, |_| ());
        assert_eq!(buddy.validate().errors, 0);
        Ok(())
    }

    #[test]
    fn what_was_seen_in_vain_is_seen_last_the_next_time() -> Result {
        let mut buddy = one_each()?;
        let mut pages = IsolatedPages::new();
        let mut wanted = search(8192, 8192, 3);
        let target = buddy.search_target(Order::ZERO, &mut wanted, &mut pages);

        assert_eq!((target, wanted.scanned), (Target::None, 3));
        assert_eq!(wanted.limit, 1);
        assert_eq!(first(&buddy), Some(PageIdx::new(4095 - 1024)));
        assert_eq!(buddy.validate().errors, 0);
        Ok(())
    }

    #[test]
    fn what_the_watermark_keeps_is_refused() -> Result {
        let mut buddy = one_each()?;
        let mut pages = IsolatedPages::new();

        buddy.marks.levels.min = 8;
        let target = buddy.search_target(Order::ZERO, &mut search(0, 0, 8), &mut pages);
        assert_eq!(target, Target::Refused);
        assert!(!buddy.isolate_above(Order::ZERO, PageIdx::new(0), &mut pages));
        assert_eq!(pages.nr_pages(), 0);
        Ok(())
    }

    #[test]
    fn sources_are_low_and_not_marked() -> Result {
        let mut buddy = one_each()?;
        let mut scanned = 0;

        buddy.set_pageblock_skip(PageIdx::new(0), true);
        let found = buddy.search_source(Order::ZERO, PageIdx::new(2048), 33, &mut scanned);
        assert_eq!((found, scanned), (Some(PageIdx::new(1023)), 2));
        // The next search begins behind it.
        assert_eq!(first(&buddy), Some(PageIdx::new(1535)));
        let found = buddy.search_source(Order::ZERO, PageIdx::new(512), 5, &mut scanned);
        assert!(found.is_none());
        assert_eq!(scanned, 6);
        assert_eq!(buddy.validate().errors, 0);
        Ok(())
    }

    #[test]
    fn room_above_is_the_highest_there_is() -> Result {
        let mut buddy = one_each()?;
        let mut pages = IsolatedPages::new();

        assert!(!buddy.isolate_above(Order::ZERO, PageIdx::new(4096), &mut pages));
        assert!(buddy.isolate_above(Order::ZERO, PageIdx::new(1024), &mut pages));
        let block = buddy.take_isolated_block(Order::ZERO, &mut pages);
        assert!(block == Some(Block::new(PageIdx::new(4095), Order::ZERO)));
        Ok(())
    }
}
