// SPDX-License-Identifier: GPL-2.0

//! Pageblocks: the unit in which migratetypes are assigned.
//!
//! C: `get_pfnblock_migratetype()`, `set_pageblock_migratetype()`, `pageblock_order`.

#![deny(unsafe_code)]

use super::{
    migratetype::Migratetype,
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
/// Every entry is the number of a [`Migratetype`].
pub(crate) struct Pageblocks {
    start: PageIdx,
    order: Order,
    types: KVVec<u8>,
}

impl Pageblocks {
    /// Describes `nr_pages` pages from `start`, a multiple of the largest block, on. All pageblocks
    /// start out movable, as the kernel's do.
    ///
    /// Allocates: sleeps.
    pub(crate) fn new(start: PageIdx, nr_pages: u32, order: Order) -> Result<Self> {
        let nr = (nr_pages.wrapping_add(order.nr_pages().wrapping_sub(1)) >> order.get()) as usize;

        // INVARIANT: Every entry is `Movable`.
        Ok(Self {
            start,
            order,
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

        if let Some(entry) = self.types.get_mut(slot) {
            // INVARIANT: The number of a migratetype.
            *entry = mt.number();
        }
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
        let mut blocks = Pageblocks::new(PageIdx::new(1024), 2048, order)?;

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
