// SPDX-License-Identifier: GPL-2.0

//! Recounts everything that a zone believes of itself.
//!
//! Walks every list and every page. Meant for tests, for unload and for whoever asks. In a kernel
//! the zone's lock is held meanwhile, with interrupts off: milliseconds for a zone of a GiB.

#![deny(unsafe_code)]

use super::{
    buddy::Buddy,
    migratetype::Migratetype,
    order::{
        Order,
        PageIdx, //
    }, //
};
use kernel::prelude::*;

/// What is wrong with a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// On a list without the tag of its order.
    Untagged = 1,
    /// Not a multiple of its order, or outside the zone.
    Misplaced = 2,
    /// On the list of a type that its pageblock does not have.
    WrongType = 3,
    /// The links of a list do not lead as far as its counter says, or further.
    BrokenList = 4,
    /// A block's counter differs from the lists.
    WrongCount = 5,
    /// Two free blocks overlap, or a tagged page is on no list.
    Overlap = 6,
    /// Two free buddies that should have merged.
    Unmerged = 7,
    /// The number of free pages differs from the lists.
    WrongFree = 8,
    /// An order is marked as having blocks of a type and has none, or the other way round.
    WrongOccupied = 9,
    /// The number of pageblocks of a type differs from the pageblocks.
    WrongPageblocks = 10,
    /// A CPU's stock is not as large as it says.
    WrongStock = 11,
    /// Compaction has not as many pages as it says.
    WrongIsolated = 12,
}

/// Result of a walk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Report {
    /// Pages looked at.
    pub(crate) checked: u64,
    /// Free pages found, isolated ones included.
    pub(crate) free: u64,
    /// Free pages in the hands of compaction.
    pub(crate) isolated: u64,
    /// Faults found.
    pub(crate) errors: u64,
    /// The first of them.
    pub(crate) first: Option<(PageIdx, Fault)>,
}

impl Report {
    /// Nothing looked at, nothing found.
    pub(crate) const EMPTY: Self = Self {
        checked: 0,
        free: 0,
        isolated: 0,
        errors: 0,
        first: None,
    };

    /// One fault and nothing else.
    pub(crate) fn one(page: PageIdx, fault: Fault) -> Self {
        Self {
            errors: 1,
            first: Some((page, fault)),
            ..Self::EMPTY
        }
    }

    /// Adds up two reports.
    pub(crate) fn merge(self, other: Self) -> Self {
        Self {
            checked: self.checked.wrapping_add(other.checked),
            free: self.free.wrapping_add(other.free),
            isolated: self.isolated.wrapping_add(other.isolated),
            errors: self.errors.wrapping_add(other.errors),
            first: self.first.or(other.first),
        }
    }

    fn require(&mut self, holds: bool, page: PageIdx, fault: Fault) {
        if !holds {
            self.errors = self.errors.wrapping_add(1);
            self.first = self.first.or(Some((page, fault)));
        }
    }
}

impl Buddy {
    /// Recounts lists, tags, types and counters.
    pub(crate) fn validate(&self) -> Report {
        let mut report = Report::EMPTY;
        let mut on_lists = 0;

        for order in Order::all() {
            self.validate_order(order, &mut report, &mut on_lists);
        }
        self.validate_pages(&mut report, on_lists);
        self.validate_pageblocks(&mut report);
        report
    }

    fn validate_pageblocks(&self, report: &mut Report) {
        for mt in Migratetype::ALL {
            let of_type = self
                .blocks
                .heads()
                .filter(|head| self.blocks.migratetype(*head) == mt);
            let counted = of_type.fold(0u32, |nr, _| nr.wrapping_add(1));
            let right = counted == *self.blocks.counts().at(mt);

            report.require(right, self.map.start(), Fault::WrongPageblocks);
        }
    }

    /// The lists of one order against its counter.
    fn validate_order(&self, order: Order, report: &mut Report, on_lists: &mut u64) {
        let mut blocks: u32 = 0;

        for mt in Migratetype::ALL {
            let list = self.areas.list(order, mt);
            let mut len: u32 = 0;

            for page in list.iter(&self.map) {
                self.validate_block(page, order, mt, report);
                len = len.wrapping_add(1);
            }
            let ends = list.is_empty() == list.first().is_none();
            let marked = self.areas.occupied(mt) >> (order.get() & 15) & 1 != 0;

            report.require(
                marked != list.is_empty(),
                self.map.start(),
                Fault::WrongOccupied,
            );

            report.require(
                len == list.len() && ends,
                self.map.start(),
                Fault::BrokenList,
            );
            blocks = blocks.wrapping_add(len);
        }
        report.require(
            blocks == self.areas.nr_free(order),
            self.map.start(),
            Fault::WrongCount,
        );
        *on_lists = on_lists.wrapping_add(u64::from(blocks));
    }

    fn validate_block(&self, page: PageIdx, order: Order, mt: Migratetype, report: &mut Report) {
        let last = page.add(order.nr_pages().wrapping_sub(1));
        let placed = self.map.contains(page) && self.map.contains(last) && page.is_aligned(order);

        report.require(self.map.is_buddy(page, order), page, Fault::Untagged);
        report.require(placed, page, Fault::Misplaced);
        report.require(self.blocks.migratetype(page) == mt, page, Fault::WrongType);
        report.require(
            !self.should_have_merged(page, order, mt),
            page,
            Fault::Unmerged,
        );
    }

    fn should_have_merged(&self, page: PageIdx, order: Order, mt: Migratetype) -> bool {
        let buddy = page.buddy(order);
        let buddy_mt = self.blocks.migratetype(buddy);
        let may = buddy_mt == mt || (mt.is_mergeable() && buddy_mt.is_mergeable());

        order < Order::MAX && may && self.map.is_buddy(buddy, order)
    }

    /// Blocks on the lists of those that may be reclaimed; nothing that the pages themselves can
    /// agree with if a list is not what it says.
    fn validate_lru(&self) -> u64 {
        self.lru.validate(&self.map).unwrap_or(u64::MAX)
    }

    /// Walks the pages: blocks must not overlap, and there are as many as on the lists.
    fn validate_pages(&self, report: &mut Report, on_lists: u64) {
        let start = self.map.start();
        let mut end_of_last = start;
        let mut blocks: u64 = 0;
        let mut counted: u64 = 0;
        let mut isolated: u64 = 0;
        let mut listed: u64 = 0;

        for nr in 0..self.map.nr_pages() {
            let page = start.add(nr);
            let (free, taken) = (self.map.buddy_order(page), self.map.isolated_order(page));
            let Some(order) = free.or(taken) else {
                // What may be reclaimed is in use.
                if let Some(order) = self.map.lru_order(page) {
                    report.require(page >= end_of_last, page, Fault::Overlap);
                    report.require(page.is_aligned(order), page, Fault::Misplaced);
                    end_of_last = end_of_last.max(page.add(order.nr_pages()));
                    listed = listed.wrapping_add(u64::from(self.map.is_listed(page)));
                }
                continue;
            };

            report.require(page >= end_of_last, page, Fault::Overlap);
            end_of_last = page.add(order.nr_pages());
            if taken.is_some() {
                isolated = isolated.wrapping_add(u64::from(order.nr_pages()));
                continue;
            }
            blocks = blocks.wrapping_add(1);
            report.free = report.free.wrapping_add(u64::from(order.nr_pages()));
            if self.blocks.migratetype(page) != Migratetype::Isolate {
                counted = counted.wrapping_add(u64::from(order.nr_pages()));
            }
        }
        report.checked = report.checked.wrapping_add(u64::from(self.map.nr_pages()));
        report.require(blocks == on_lists, start, Fault::Overlap);
        report.require(listed == self.validate_lru(), start, Fault::BrokenList);
        report.require(counted == self.nr_free, start, Fault::WrongFree);
        report.isolated = report.isolated.wrapping_add(isolated);
        let known = u64::from(self.compaction.nr_isolated);

        report.require(isolated == known, start, Fault::WrongIsolated);
    }
}

#[kunit_tests(rust_buddy_validate)]
mod tests {
    use super::super::{
        buddy::BuddyConfig,
        free_area::End,
        order::Block, //
    };
    use super::*;

    fn buddy() -> Result<Buddy> {
        let config = BuddyConfig {
            start: PageIdx::new(0),
            nr_pages: 2048,
            pageblock_order: Order::new(9).ok_or(EINVAL)?,
            mobility_off: false,
            nr_cpus: 1,
        };

        Buddy::new(&config, 2048)
    }

    fn first_fault(buddy: &Buddy) -> Option<Fault> {
        buddy.validate().first.map(|(_, fault)| fault)
    }

    #[test]
    fn a_sound_zone_has_no_fault() -> Result {
        let mut buddy = buddy()?;

        assert!(first_fault(&buddy).is_none());
        let _ = buddy
            .rmqueue_smallest(Order::ZERO, Migratetype::Movable)
            .ok_or(ENOMEM)?;
        assert!(first_fault(&buddy).is_none());
        assert_eq!(buddy.validate().free, 2047);
        Ok(())
    }

    #[test]
    fn a_wrong_counter_is_found() -> Result {
        let mut buddy = buddy()?;

        buddy.nr_free -= 1;
        assert_eq!(first_fault(&buddy), Some(Fault::WrongFree));
        Ok(())
    }

    #[test]
    fn a_block_on_the_wrong_list_is_found() -> Result {
        let mut buddy = buddy()?;

        buddy
            .blocks
            .set_migratetype(PageIdx::new(1024), Migratetype::Unmovable);
        assert_eq!(first_fault(&buddy), Some(Fault::WrongType));
        Ok(())
    }

    #[test]
    fn a_page_that_is_free_twice_is_found() -> Result {
        let mut buddy = buddy()?;
        let (page, mt) = (PageIdx::new(512), Migratetype::Movable);

        // Inside a free block of the largest order.
        buddy
            .areas
            .add(&mut buddy.map, page, Order::ZERO, mt, End::Head);
        buddy.account(1, mt);
        assert_eq!(first_fault(&buddy), Some(Fault::Overlap));
        Ok(())
    }

    #[test]
    fn buddies_left_apart_are_found() -> Result {
        let mut buddy = buddy()?;
        let mt = Migratetype::Movable;
        let block = buddy.rmqueue_smallest(Order::ZERO, mt).ok_or(ENOMEM)?;

        buddy
            .areas
            .add(&mut buddy.map, block.head(), Order::ZERO, mt, End::Head);
        buddy.account(1, mt);
        assert_eq!(first_fault(&buddy), Some(Fault::Unmerged));
        Ok(())
    }

    #[test]
    fn a_misplaced_block_is_found() -> Result {
        let mut buddy = buddy()?;
        let mt = Migratetype::Movable;
        let block = buddy.rmqueue_smallest(Order::MAX, mt).ok_or(ENOMEM)?;
        let odd = Block::new(block.head().add(1), Order::new(1).ok_or(EINVAL)?);

        buddy
            .areas
            .add(&mut buddy.map, odd.head(), odd.order(), mt, End::Head);
        buddy.account(2, mt);
        assert_eq!(first_fault(&buddy), Some(Fault::Misplaced));
        Ok(())
    }
}
