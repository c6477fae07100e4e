// SPDX-License-Identifier: GPL-2.0

//! Pageblocks: the unit in which migratetypes are assigned.
//!
//! C: `get_pfnblock_migratetype()`, `set_pageblock_migratetype()`, `pageblock_order`.

#![deny(unsafe_code)]

use super::{
    migratetype::{
        Migratetype,
        PerType, //
    },
    movable::MovablePages,
    order::{
        Order,
        PageIdx, //
    }, //
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

/// Marks an isolated pageblock, which keeps its type for later (C: `PB_migrate_isolate`).
const ISOLATED: u8 = 1 << 4;

/// Compaction need not look at a pageblock for now (C: `PB_compact_skip`).
const SKIP: u8 = 1 << 5;

/// The bits of the type (C: `PAGEBLOCK_MIGRATETYPE_MASK`).
const TYPE: u8 = ISOLATED - 1;

/// Migratetypes of the pageblocks of one zone, for everyone to read.
///
/// # Invariants
///
/// Every entry is the number of a [`Migratetype`] other than `Isolate`, with or without
/// [`ISOLATED`] and [`SKIP`].
#[derive(Clone)]
pub(crate) struct PageblockTypes {
    /// Start of the first pageblock.
    start: PageIdx,
    order: Order,
    types: Arc<KVVec<Atomic<i32>>>,
}

impl PageblockTypes {
    /// `nr` movable pageblocks.
    fn new(start: PageIdx, order: Order, nr: u32) -> Result<Self> {
        let mut types = KVVec::with_capacity(nr as usize, GFP_KERNEL)?;

        for _ in 0..nr {
            let movable = i32::from(Migratetype::Movable.number());

            types.push_within_capacity(Atomic::new(movable))?;
        }
        // INVARIANT: Every entry is `Movable`.
        Ok(Self {
            start,
            order,
            types: Arc::new(types, GFP_KERNEL)?,
        })
    }

    /// Type of the pageblock that `page` lies in, `Isolate` if that is isolated. Without the zone's
    /// lock it may change at once (C: `get_pfnblock_migratetype()`).
    #[inline]
    pub(crate) fn migratetype(&self, page: PageIdx) -> Migratetype {
        let entry = self.entry(page);

        match entry & ISOLATED {
            0 => Migratetype::from_number(entry & TYPE).unwrap_or(Migratetype::Unmovable),
            _ => Migratetype::Isolate,
        }
    }

    /// Whether compaction need not look at the pageblock that `page` lies in, a hint
    /// (C: `get_pageblock_skip()`).
    pub(crate) fn is_skipped(&self, page: PageIdx) -> bool {
        self.entry(page) & SKIP != 0
    }

    /// Order of a pageblock.
    pub(crate) fn order(&self) -> Order {
        self.order
    }

    #[inline]
    fn entry(&self, page: PageIdx) -> u8 {
        let entry = self.types.get(self.slot(page));

        entry.map_or(0, |entry| entry.load(Relaxed) as u8)
    }

    fn slot(&self, page: PageIdx) -> usize {
        (page.get().wrapping_sub(self.start.get()) >> (self.order.get() & 31)) as usize
    }
}

/// The pageblocks of one zone.
///
/// # Invariants
///
/// `counts` has the number of pageblocks of each type; the isolated ones count as `Isolate` alone.
pub(crate) struct Pageblocks {
    types: PageblockTypes,
    movable: MovablePages,
    counts: PerType<u32>,
    /// Types are not kept apart (C: `page_group_by_mobility_disabled`).
    mobility_off: bool,
}

impl Pageblocks {
    /// Describes the pageblocks that `nr_pages` pages from `start` on lie in. All of them start out
    /// movable, as the kernel's do.
    ///
    /// Allocates: sleeps.
    pub(crate) fn new(
        start: PageIdx,
        nr_pages: u32,
        order: Order,
        mobility_off: bool,
    ) -> Result<Self> {
        let first = start.align_down(order);
        let round_up = order.nr_pages().wrapping_sub(1);
        let pages = start.add(nr_pages).add(round_up).get();
        let nr = pages.wrapping_sub(first.get()) >> (order.get() & 31);
        let mut counts = PerType([0; 8]);

        // INVARIANT: Every entry is `Movable`.
        *counts.at_mut(Migratetype::Movable) = nr;
        Ok(Self {
            types: PageblockTypes::new(first, order, nr)?,
            movable: MovablePages::new(first, order, nr)?,
            counts,
            mobility_off,
        })
    }

    /// The types, for those who do not hold the zone's lock.
    pub(crate) fn types(&self) -> &PageblockTypes {
        &self.types
    }

    /// Which pages can be moved, for those who do not hold the zone's lock.
    pub(crate) fn movable(&self) -> &MovablePages {
        &self.movable
    }

    /// Order of a pageblock (C: `pageblock_order`).
    #[inline]
    pub(crate) fn order(&self) -> Order {
        self.types.order
    }

    /// Type of the pageblock that `page` lies in, `Isolate` if that is isolated.
    #[inline]
    pub(crate) fn migratetype(&self, page: PageIdx) -> Migratetype {
        self.types.migratetype(page)
    }

    /// Type of the pageblock, isolated or not (C: `PAGEBLOCK_MIGRATETYPE_MASK`).
    pub(crate) fn migratetype_when_not_isolated(&self, page: PageIdx) -> Migratetype {
        let entry = self.types.entry(page) & TYPE;

        Migratetype::from_number(entry).unwrap_or(Migratetype::Unmovable)
    }

    /// Changes the type of the pageblock that `page` lies in (C: `set_pageblock_migratetype()`).
    /// `mt` is not `Isolate`.
    pub(crate) fn set_migratetype(&mut self, page: PageIdx, mt: Migratetype) {
        // C: `set_pageblock_migratetype()` does the same where grouping is off.
        let mt = match self.mobility_off && mt.is_mergeable() {
            true => Migratetype::Unmovable,
            false => mt,
        };

        self.change(page, |entry| entry & SKIP | mt.number());
    }

    /// Isolates the pageblock that `page` lies in, or ends that (C: `toggle_pageblock_isolate()`).
    pub(crate) fn toggle_isolate(&mut self, page: PageIdx) {
        self.change(page, |entry| entry ^ ISOLATED);
    }

    /// Says whether compaction need not look at the pageblock that `page` lies in
    /// (C: `set_pageblock_skip()`, `clear_pageblock_skip()`).
    pub(crate) fn set_skip(&mut self, page: PageIdx, skip: bool) {
        self.change(page, |entry| match skip {
            true => entry | SKIP,
            false => entry & !SKIP,
        });
    }

    /// Changes an entry and the counts with it.
    fn change(&mut self, page: PageIdx, f: impl FnOnce(u8) -> u8) {
        let old = self.migratetype(page);
        let Some(entry) = self.types.types.get(self.types.slot(page)) else {
            return;
        };

        // INVARIANT: Callers give the number of a migratetype, with or without the mark, and the
        // counts follow.
        entry.store(i32::from(f(self.types.entry(page))), Relaxed);
        let new = self.migratetype(page);
        *self.counts.at_mut(old) = self.counts.at(old).wrapping_sub(1);
        *self.counts.at_mut(new) = self.counts.at(new).wrapping_add(1);
    }

    /// Number of pageblocks.
    pub(crate) fn nr(&self) -> u32 {
        self.types.types.len() as u32
    }

    /// Number of pageblocks of each type.
    pub(crate) fn counts(&self) -> &PerType<u32> {
        &self.counts
    }

    /// Whether types are not kept apart.
    pub(crate) fn mobility_off(&self) -> bool {
        self.mobility_off
    }

    /// Changes the type of every pageblock of a block (C: `change_pageblock_range()`).
    pub(crate) fn set_range(&mut self, head: PageIdx, order: Order, mt: Migratetype) {
        let mut page = head;
        let end = head.add(order.nr_pages());

        while page < end {
            self.set_migratetype(page, mt);
            page = page.add(self.order().nr_pages());
        }
    }

    /// First pages of all pageblocks, ascending.
    pub(crate) fn heads(&self) -> impl Iterator<Item = PageIdx> + '_ {
        let PageblockTypes { start, order, .. } = self.types;
        let nr = self.types.types.len() as u32;

        (0..nr).map(move |nr| start.add(nr << (order.get() & 31)))
    }
}

#[kunit_tests(rust_buddy_pageblock)]
mod tests {
    use super::*;

    #[test]
    fn the_hint_is_apart_from_the_type() -> Result {
        let order = Order::new(9).ok_or(EINVAL)?;
        let mut blocks = Pageblocks::new(PageIdx::new(0), 1024, order, false)?;
        let page = PageIdx::new(700);

        blocks.set_skip(page, true);
        blocks.set_migratetype(page, Migratetype::Cma);
        blocks.toggle_isolate(page);
        assert!(blocks.types().is_skipped(page));
        assert!(!blocks.types().is_skipped(PageIdx::new(0)));
        assert_eq!(blocks.migratetype(page), Migratetype::Isolate);
        assert_eq!(blocks.migratetype_when_not_isolated(page), Migratetype::Cma);
        blocks.toggle_isolate(page);
        blocks.set_skip(page, false);
        assert_eq!(blocks.migratetype(page), Migratetype::Cma);
        assert!(!blocks.types().is_skipped(page));
        Ok(())
    }

    #[test]
    fn a_range_covers_whole_pageblocks() -> Result {
        let order = Order::new(9).ok_or(EINVAL)?;
        let mut blocks = Pageblocks::new(PageIdx::new(1024), 2048, order, false)?;

        blocks.set_range(PageIdx::new(1024), Order::MAX, Migratetype::Unmovable);
        assert_eq!(
            blocks.migratetype(PageIdx::new(1024)),
            Migratetype::Unmovable
        );
        assert_eq!(
            blocks.migratetype(PageIdx::new(2047)),
            Migratetype::Unmovable
        );
        assert_eq!(blocks.migratetype(PageIdx::new(2048)), Migratetype::Movable);
        assert_eq!(blocks.heads().count(), 4);
        Ok(())
    }
}
