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
    order::{
        Order,
        PageIdx, //
    }, //
};
use kernel::prelude::*;

/// Migratetypes of the pageblocks of one zone.
///
/// # Invariants
///
/// - Every entry is the number of a [`Migratetype`].
/// - `counts` has the number of pageblocks of each type.
pub(crate) struct Pageblocks {
    start: PageIdx,
    order: Order,
    types: KVVec<u8>,
    counts: PerType<u32>,
    /// Types are not kept apart (C: `page_group_by_mobility_disabled`).
    mobility_off: bool,
}

impl Pageblocks {
    /// Describes `nr_pages` pages from `start`, a multiple of the largest block, on. All pageblocks
    /// start out movable, as the kernel's do.
    ///
    /// Allocates: sleeps.
    pub(crate) fn new(
        start: PageIdx,
        nr_pages: u32,
        order: Order,
        mobility_off: bool,
    ) -> Result<Self> {
        let nr = (nr_pages.wrapping_add(order.nr_pages().wrapping_sub(1)) >> (order.get() & 31))
            as usize;

        let mut counts = PerType([0; 8]);

        *counts.at_mut(Migratetype::Movable) = nr as u32;
        // INVARIANT: Every entry is `Movable`.
        Ok(Self {
            start,
            order,
            counts,
            mobility_off,
            types: KVVec::from_elem(Migratetype::Movable.number(), nr, GFP_KERNEL)?,
        })
    }

    /// Order of a pageblock (C: `pageblock_order`).
    pub(crate) fn order(&self) -> Order {
        self.order
    }

    /// Type of the pageblock that `page` lies in (C: `get_pfnblock_migratetype()`).
    #[inline]
    pub(crate) fn migratetype(&self, page: PageIdx) -> Migratetype {
        let number = self.types.get(self.slot(page)).copied().unwrap_or(0);

        Migratetype::from_number(number).unwrap_or(Migratetype::Unmovable)
    }

    /// Changes the type of the pageblock that `page` lies in (C: `set_pageblock_migratetype()`).
    pub(crate) fn set_migratetype(&mut self, page: PageIdx, mt: Migratetype) {
        let slot = self.slot(page);
        let old = self.migratetype(page);
        // C: `set_pageblock_migratetype()` does the same where grouping is off.
        let mt = match self.mobility_off && mt.is_mergeable() {
            true => Migratetype::Unmovable,
            false => mt,
        };

        if let Some(entry) = self.types.get_mut(slot) {
            // INVARIANT: The number of a migratetype, counted as that.
            *entry = mt.number();
            *self.counts.at_mut(old) = self.counts.at(old).wrapping_sub(1);
            *self.counts.at_mut(mt) = self.counts.at(mt).wrapping_add(1);
        }
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
            page = page.add(self.order.nr_pages());
        }
    }

    /// First pages of all pageblocks, ascending.
    pub(crate) fn heads(&self) -> impl Iterator<Item = PageIdx> + '_ {
        (0..self.types.len() as u32).map(|nr| self.start.add(nr << (self.order.get() & 31)))
    }

    fn slot(&self, page: PageIdx) -> usize {
        (page.get().wrapping_sub(self.start.get()) >> (self.order.get() & 31)) as usize
    }
}

#[kunit_tests(rust_buddy_pageblock)]
mod tests {
    use super::*;

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
