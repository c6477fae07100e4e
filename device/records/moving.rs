// SPDX-License-Identifier: GPL-2.0

//! Blocks that get other pages.
//!
//! A move begins with [`Records::mover`] and ends with [`Records::repoint`], which looks again:
//! between the two the owner may have freed or pinned the block, and then the move was in vain.
//!
//! C: `migrate_pages()` in `mm/migrate.c`: `isolate_migratepages_block()` finds what may be moved,
//! `folio_migrate_mapping()` looks again and repoints.

#![deny(unsafe_code)]

use super::{
    nature::Marks,
    Handle,
    Record,
    Records,
    State,
    NONE, //
};
use crate::zone::order::{
    Block,
    Order,
    PageIdx, //
};
use kernel::prelude::*;

/// A block that could be moved when this was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mover {
    pub(crate) handle: Handle,
    pub(crate) order: Order,
    /// Whether there are mappings of it.
    pub(crate) mapped: bool,
}

/// What is nobody's after a move that succeeded.
#[derive(Debug)]
pub(crate) struct Moved {
    pub(crate) old: Block,
    /// Whether it may be reclaimed, and if so, whether it was used lately.
    pub(crate) active: Option<bool>,
}

impl Records {
    /// Number of the record of the block that begins at `page`.
    pub(super) fn id_at(&self, page: PageIdx) -> u32 {
        let id = self.by_page.get(page.get() as usize);

        id.copied().unwrap_or(NONE)
    }

    /// The order of the block that begins at `page`.
    pub(crate) fn held(&self, page: PageIdx) -> Option<Order> {
        let record = self.table.get(self.id_at(page) as usize)?;

        Some(record.order)
    }

    /// The block that begins at `page`, if it may be moved.
    pub(crate) fn mover(&self, page: PageIdx) -> Option<Mover> {
        let id = self.id_at(page);
        let record = self.table.get(id as usize)?;

        record.may_move().then_some(Mover {
            handle: Handle {
                id,
                gen: record.gen,
            },
            order: record.order,
            mapped: record.maps > 0,
        })
    }

    /// Makes `target`, which has the contents, the place of the block `handle`, if that still lies
    /// at `from` and may be moved; otherwise `target` comes back.
    pub(crate) fn repoint(
        &mut self,
        handle: Handle,
        from: PageIdx,
        target: Block,
    ) -> Result<Moved, Block> {
        let order = target.order();
        let fits = |record: &&mut Record| {
            let there = record.head == from.get() && record.order == order;

            there && record.gen == handle.gen && record.may_move()
        };
        let Some(record) = self.table.get_mut(handle.id as usize).filter(fits) else {
            return Err(target);
        };
        let marks = record.marks;

        record.head = target.head().get();
        self.set_by_page(from, NONE);
        self.set_by_page(target.head(), handle.id);
        Ok(Moved {
            old: Block::new(from, order),
            active: marks
                .has(Marks::PURGEABLE)
                .then(|| marks.has(Marks::ACTIVE)),
        })
    }
}

impl Record {
    fn may_move(&self) -> bool {
        let has_pages = self.state == State::Used && self.head != NONE;

        has_pages && self.pins == 0 && self.marks.has(Marks::MOVABLE)
    }
}

#[kunit_tests(rust_buddy_moving)]
mod tests {
    use super::{
        super::{
            nature::Advice,
            tests::with_block,
            Mapped, //
        },
        *, //
    };

    const HERE: PageIdx = PageIdx::new(7);
    const THERE: PageIdx = PageIdx::new(9);

    fn target() -> Block {
        Block::new(THERE, Order::ZERO)
    }

    #[test]
    fn a_block_that_was_moved_is_found_where_it_lies() -> Result {
        let (mut records, me, handle) = with_block(Marks::MOVABLE)?;
        let mover = records.mover(HERE).ok_or(ENOENT)?;

        assert_eq!(mover.handle, handle);
        let moved = records.repoint(handle, HERE, target()).map_err(|_| EBUSY)?;
        assert_eq!(moved.old, Block::new(HERE, Order::ZERO));
        assert!(records.mover(HERE).is_none());
        assert!(records.mover(THERE).is_some());
        assert_eq!(records.resolve(me, handle.id).map(|at| at.head), Some(9));
        let freed = records.remove(me, handle, Order::ZERO, Mapped::Busy)?;
        assert_eq!(freed.map(|taken| taken.block), Some(target()));
        assert!(records.mover(THERE).is_none());
        Ok(())
    }

    #[test]
    fn what_was_pinned_meanwhile_stays() -> Result {
        let (mut records, me, handle) = with_block(Marks::MOVABLE)?;

        assert!(records.mover(HERE).is_some());
        let _ = records.advise(me, handle, Order::ZERO, Advice::Pin)?;
        assert!(records.mover(HERE).is_none());
        assert_eq!(
            records.repoint(handle, HERE, target()).err(),
            Some(target())
        );
        Ok(())
    }

    #[test]
    fn what_was_freed_meanwhile_is_not_found_again() -> Result {
        let (mut records, me, handle) = with_block(Marks::MOVABLE)?;

        let _ = records.remove(me, handle, Order::ZERO, Mapped::Busy)?;
        assert_eq!(
            records.repoint(handle, HERE, target()).err(),
            Some(target())
        );
        Ok(())
    }

    #[test]
    fn what_may_not_be_moved_is_not() -> Result {
        let (mut records, me, handle) = with_block(Marks::PURGEABLE)?;

        assert!(records.mover(HERE).is_none());
        let _ = records.advise(me, handle, Order::ZERO, Advice::Movable)?;
        assert!(records.mover(HERE).is_some());
        assert!(records.mover(THERE).is_none());
        Ok(())
    }
}
