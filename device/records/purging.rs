// SPDX-License-Identifier: GPL-2.0

//! Blocks that lose their contents, and get new pages when they are needed.
//!
//! The handle stays, and so do mappings; an access is SIGBUS until the owner says that it needs the
//! block. Records without pages are as many as there are pages at most: nothing more is dropped
//! then.
//!
//! C: `shrink_folio_list()`, `folio_check_references()` in `mm/vmscan.c`.
//!
//! # Differences
//!
//! The kernel reads contents back in from where they were written to. Here they are gone, which is
//! the owner's agreement. A whole mapping counts as used once, however many page tables it is in.

#![deny(unsafe_code)]

use super::{
    super::clients::Owner,
    nature::{
        Marks,
        Origin, //
    },
    Handle,
    Record,
    Records,
    State,
    Taken,
    NONE, //
};
use crate::zone::order::{
    Block,
    Order,
    PageIdx, //
};
use kernel::prelude::*;

/// A block that could be reclaimed when this was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reclaimable {
    pub(crate) handle: Handle,
    pub(crate) order: Order,
    /// Whether there are mappings of it.
    pub(crate) mapped: bool,
}

/// What is to be done with such a block (C: `enum folio_references`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    Drop,
    Keep,
    Activate,
}

/// What became of a block that was to be dropped.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Purge {
    /// It is nobody's now. Whose it was.
    Done(Block, Owner),
    /// Too many handles without pages are kept: it stays until some of them are freed.
    Full,
    /// Somebody needs it, or has freed it.
    Gone,
}

/// What an owner that needs a block finds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Needed {
    /// The contents are there. `head`: it may be on a list, from which it has to go.
    There { head: u32, nr_pins: u16 },
    /// They are gone: a block as it was once asked for has to take their place.
    Gone(Origin),
}

impl Records {
    /// The block that begins at `page`, if its contents may be dropped.
    pub(crate) fn reclaimable(&self, page: PageIdx) -> Option<Reclaimable> {
        let id = self.id_at(page);
        let record = self.table.get(id as usize)?;

        record.may_purge().then_some(Reclaimable {
            handle: Handle {
                id,
                gen: record.gen,
            },
            order: record.order,
            mapped: record.maps > 0,
        })
    }

    /// Whether the block was used since this was asked last; with `force` it is dropped in any case
    /// (C: `folio_check_references()`). And whether it is mapped. `None` if it may not be dropped
    /// any more.
    pub(crate) fn verdict(&mut self, handle: Handle, force: bool) -> Option<(Verdict, bool)> {
        let record = self.purgeable(handle)?;
        let mapped = record.maps > 0;

        Some((record.judge(force), mapped))
    }

    /// The block goes to the inactive list: from now on its use counts anew
    /// (C: `shrink_active_list()`). Whether it may stay on a list.
    pub(crate) fn deactivate(&mut self, handle: Handle) -> bool {
        let used = Marks::ACCESSED.with(Marks::ACTIVE);

        match self.purgeable(handle) {
            Some(record) => {
                record.marks = record.marks.without(used);
                true
            }
            None => false,
        }
    }

    /// Takes the pages of a block, which nobody can reach any more.
    pub(crate) fn purge(&mut self, handle: Handle) -> Purge {
        let is_full = self.nr_bare >= self.nr_pages;
        let Some(slot) = self.purgeable(handle).map(|record| record.owner) else {
            return Purge::Gone;
        };

        if is_full {
            return Purge::Full;
        }
        match self.strip(handle.id) {
            Some(taken) => Purge::Done(taken.block, self.clients.owner(slot)),
            None => Purge::Gone,
        }
    }

    /// Takes the pages of a used record.
    pub(super) fn strip(&mut self, id: u32) -> Option<Taken> {
        let record = *self.table.get(id as usize)?;
        let taken = record.taken()?;
        let seen = Marks::ACCESSED.with(Marks::REFERENCED).with(Marks::ACTIVE);

        self.clear_by_page(&record);
        self.clients
            .sub_pages(record.owner, record.order.nr_pages());
        self.clients.add_bare(record.owner);
        // INVARIANT: The caller saw room.
        self.nr_bare = self.nr_bare.wrapping_add(1);
        if let Some(record) = self.table.get_mut(id as usize) {
            record.head = NONE;
            record.pins = 0;
            record.marks = record.marks.with(Marks::PURGED).without(seen);
        }
        Some(taken)
    }

    /// The owner needs a block: it is not to be dropped any more. The errors of [`Records::check`].
    pub(crate) fn need(&mut self, owner: u32, handle: Handle, order: Order) -> Result<Needed> {
        self.check(owner, handle, order)?;
        let record = self.table.get_mut(handle.id as usize).ok_or(ERANGE)?;

        if record.head == NONE {
            return Ok(Needed::Gone(record.origin));
        }
        record.marks = record.marks.without(Marks::PURGEABLE);
        Ok(Needed::There {
            head: record.head,
            nr_pins: record.pins,
        })
    }

    /// Gives a block whose pages were dropped new ones. They come back if somebody else did that
    /// first, or the block is not there any more, with the error that says so.
    pub(crate) fn refill(
        &mut self,
        owner: u32,
        handle: Handle,
        block: Block,
    ) -> Result<(), (Block, Error)> {
        let checked = self
            .check(owner, handle, block.order())
            .and_then(|()| self.clients.may_get(owner));

        if let Err(error) = checked {
            return Err((block, error));
        }
        match self.table.get_mut(handle.id as usize) {
            Some(record) if record.head == NONE => {
                record.head = block.head().get();
                record.marks = record.marks.without(Marks::PURGEABLE.with(Marks::PURGED));
            }
            _ => return Err((block, EAGAIN)),
        }
        self.nr_bare = self.nr_bare.saturating_sub(1);
        self.clients.sub_bare(owner);
        self.clients.add_pages(owner, block.nr_pages());
        self.set_by_page(block.head(), handle.id);
        Ok(())
    }

    fn purgeable(&mut self, handle: Handle) -> Option<&mut Record> {
        let record = self.table.get_mut(handle.id as usize)?;

        (record.gen == handle.gen && record.may_purge()).then_some(record)
    }
}

impl Record {
    fn judge(&mut self, force: bool) -> Verdict {
        let marks = self.marks;

        if force || !marks.has(Marks::ACCESSED) {
            return Verdict::Drop;
        }
        self.marks = marks.without(Marks::ACCESSED).with(Marks::REFERENCED);
        match marks.has(Marks::REFERENCED) {
            true => {
                self.marks = self.marks.with(Marks::ACTIVE);
                Verdict::Activate
            }
            false => Verdict::Keep,
        }
    }

    fn may_purge(&self) -> bool {
        let has_pages = self.state == State::Used && self.head != NONE;

        has_pages && self.pins == 0 && self.marks.has(Marks::PURGEABLE)
    }
}

#[kunit_tests(rust_buddy_purging)]
mod tests {
    use super::{
        super::{
            super::clients::Client,
            nature::Advice,
            tests::with_block,
            Mapped, //
        },
        *, //
    };

    const HERE: PageIdx = PageIdx::new(7);

    fn purged() -> Result<(Records, u32, Handle)> {
        let (mut records, me, handle) = with_block(Marks::PURGEABLE)?;

        assert!(matches!(records.purge(handle), Purge::Done(..)));
        Ok((records, me, handle))
    }

    fn block() -> Block {
        Block::new(HERE, Order::ZERO)
    }

    fn verdict(records: &mut Records, handle: Handle, force: bool) -> Option<Verdict> {
        records.verdict(handle, force).map(|(verdict, _)| verdict)
    }

    #[test]
    fn what_is_used_twice_becomes_active() -> Result {
        let (mut records, me, handle) = with_block(Marks::PURGEABLE)?;

        assert!(records.resolve(me, handle.id).is_some());
        assert_eq!(verdict(&mut records, handle, false), Some(Verdict::Keep));
        assert!(records.resolve(me, handle.id).is_some());
        assert_eq!(
            verdict(&mut records, handle, false),
            Some(Verdict::Activate)
        );
        assert!(records.deactivate(handle));
        assert_eq!(verdict(&mut records, handle, false), Some(Verdict::Drop));
        Ok(())
    }

    #[test]
    fn force_does_not_ask_for_use() -> Result {
        let (mut records, me, handle) = with_block(Marks::PURGEABLE)?;

        assert!(records.resolve(me, handle.id).is_some());
        assert_eq!(verdict(&mut records, handle, true), Some(Verdict::Drop));
        Ok(())
    }

    #[test]
    fn contents_go_and_the_handle_stays() -> Result {
        let (mut records, me, handle) = purged()?;

        assert!(records.resolve(me, handle.id).is_none());
        assert!(records.reclaimable(HERE).is_none());
        assert_eq!(records.nr_bare, 1);
        let gone = records.need(me, handle, Order::ZERO)?;
        assert_eq!(gone, Needed::Gone(Origin::PLAIN));
        records
            .refill(me, handle, block())
            .map_err(|(_, error)| error)?;
        assert!(records.resolve(me, handle.id).is_some());
        assert_eq!(records.nr_bare, 0);
        // Told once; and nothing is dropped that is needed.
        let there = records.need(me, handle, Order::ZERO)?;
        assert!(matches!(there, Needed::There { head: 7, .. }));
        assert!(records.purge(handle) == Purge::Gone);
        Ok(())
    }

    #[test]
    fn a_dropped_block_can_be_freed() -> Result {
        let (mut records, me, handle) = purged()?;

        let freed = records.remove(me, handle, Order::ZERO, Mapped::Busy)?;
        assert_eq!(freed, None);
        assert_eq!(records.nr_bare, 0);
        let late = records.refill(me, handle, block()).err();
        assert_eq!(late.map(|(_, error)| error), Some(ENOENT));
        Ok(())
    }

    #[test]
    fn pinned_or_needed_blocks_keep_their_contents() -> Result {
        let (mut records, me, handle) = with_block(Marks::PURGEABLE)?;

        let _ = records.advise(me, handle, Order::ZERO, Advice::Pin)?;
        assert!(records.reclaimable(HERE).is_none());
        assert!(records.purge(handle) == Purge::Gone);
        let _ = records.advise(me, handle, Order::ZERO, Advice::Unpin)?;
        assert!(records.reclaimable(HERE).is_some());
        let _ = records.need(me, handle, Order::ZERO)?;
        assert!(records.reclaimable(HERE).is_none());
        Ok(())
    }

    /// A client whose blocks of one page were all dropped, `nr` in turn at the same place.
    fn caching(nr: u32) -> Result<(Records, u32)> {
        let (mut records, me, handle) = with_block(Marks::PURGEABLE)?;

        assert!(matches!(records.purge(handle), Purge::Done(..)));
        for _ in 1..nr {
            let handle = records
                .insert(me, block(), (Origin::PLAIN, Marks::PURGEABLE))
                .map_err(|(_, error)| error)?;

            assert!(matches!(records.purge(handle), Purge::Done(..)));
        }
        Ok((records, me))
    }

    #[test]
    fn who_keeps_too_many_dropped_handles_gets_no_new_block() -> Result {
        let (mut records, me) = caching(33)?;
        let plain = (Origin::PLAIN, Marks::NONE);

        let refused = records.insert(me, block(), plain).err();
        assert_eq!(refused.map(|(_, error)| error), Some(ENOSPC));
        let (handle, order) = records.newest(me).ok_or(EINVAL)?;
        assert_eq!(records.remove(me, handle, order, Mapped::Busy)?, None);
        assert!(records.insert(me, block(), plain).is_ok());
        Ok(())
    }

    #[test]
    fn with_too_many_dropped_ones_the_next_stays_listed() -> Result {
        let (mut records, me, handle) = with_block(Marks::PURGEABLE)?;

        records.nr_bare = records.nr_pages;
        assert!(records.reclaimable(HERE).is_some());
        assert!(records.purge(handle) == Purge::Full);
        assert!(records.deactivate(handle));
        assert!(records.resolve(me, handle.id).is_some());
        records.nr_bare = 0;
        assert!(matches!(records.purge(handle), Purge::Done(..)));
        Ok(())
    }

    #[test]
    fn the_next_one_in_a_slot_is_another() -> Result {
        let (mut records, me, handle) = with_block(Marks::PURGEABLE)?;
        let before = records.clients.owner(me);

        assert!(records.purge(handle) == Purge::Done(block(), before));
        assert_eq!(records.remove(me, handle, Order::ZERO, Mapped::Busy)?, None);
        records.clients.close(me);
        let again = records.clients.open(Client::NOBODY).ok_or(ENOMEM)?;
        assert_eq!(again, me);
        assert!(records.clients.owner(again) != before);
        Ok(())
    }
}
