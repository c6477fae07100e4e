// SPDX-License-Identifier: GPL-2.0

//! Who holds which block: handles and clients.
//!
//! A handle is the number of a record and the record's generation. The table has as many records as
//! the region has pages, so a record is always at hand and nothing is allocated per request. Plain
//! data: the device keeps it behind one lock.
//!
//! A block that is unmapped by force leaves its record behind until the last mapping is gone, so
//! that no mapping ever shows what its handle means to somebody else.
//!
//! [`mapping`] counts mappings, [`nature`] says what may be done with a block, [`moving`] gives it
//! other pages, [`purging`] takes them away while the handle stays, [`taking`] takes all that a
//! client has.

#![deny(unsafe_code)]

pub(crate) mod mapping;
pub(crate) mod moving;
pub(crate) mod nature;
pub(crate) mod purging;
mod record;
pub(crate) mod taking;

pub(crate) use record::{
    Handle,
    Mapped,
    Taken, //
};

use super::clients::Clients;
use crate::zone::order::{
    Block,
    Order,
    PageIdx, //
};
use kernel::prelude::*;
use nature::{
    Marks,
    Origin, //
};
use record::{
    Record,
    State,
    NONE, //
};

/// Share of the records that may be zapped ones whose mappings are still there: one in so many.
const ZAPPED_SHARE: u32 = 16;

/// Share of those that one client may have.
const ZAPPED_CLIENT_SHARE: u32 = 4;

/// Share of the pages for which one client may have dropped handles and still get new blocks.
const BARE_CLIENT_SHARE: u32 = 2;

/// All records, and the clients that own them.
///
/// There are more records than pages, so that zapped ones, and those whose contents were dropped,
/// never keep a page from being allocated.
///
/// # Invariants
///
/// - At most `zapped_max` records are zapped; `nr_zapped` counts them.
/// - At most as many records as there are pages are used or dying without any; `nr_bare` counts
///   them.
/// - A used record is on its owner's list, and its block belongs to it alone.
/// - `by_page` has the number of a used or dying record at the first page of its block, and
///   [`NONE`] everywhere else.
/// - Free records below `fresh` are on the list that starts at `free`; those from `fresh` on have
///   never been used.
pub(crate) struct Records {
    table: KVVec<Record>,
    free: u32,
    fresh: u32,
    nr_pages: u32,
    nr_zapped: u32,
    zapped_max: u32,
    nr_bare: u32,
    by_page: KVVec<u32>,
    pub(super) clients: Clients,
}

impl Records {
    /// Bytes for each page: a record, another one for when its contents are dropped, and a part of
    /// one that is zapped; and the way from the page to its record.
    pub(crate) const PAGE_BYTES: usize = 2 * Self::RECORD_BYTES
        + Self::RECORD_BYTES / ZAPPED_SHARE as usize
        + core::mem::size_of::<u32>();

    const RECORD_BYTES: usize = core::mem::size_of::<Record>();

    /// A table for a region of `nr_pages`.
    ///
    /// Allocates: sleeps.
    pub(crate) fn new(nr_pages: u32) -> Result<Self> {
        let zapped_max = (nr_pages / ZAPPED_SHARE).max(ZAPPED_CLIENT_SHARE);
        let nr_records = nr_pages.saturating_mul(2).saturating_add(zapped_max) as usize;

        // INVARIANT: No record was ever used.
        Ok(Self {
            table: KVVec::from_elem(Record::FREE, nr_records, GFP_KERNEL)?,
            free: NONE,
            fresh: 0,
            nr_pages,
            nr_zapped: 0,
            zapped_max,
            nr_bare: 0,
            by_page: KVVec::from_elem(NONE, nr_pages as usize, GFP_KERNEL)?,
            clients: Clients::new(nr_pages)?,
        })
    }

    /// Gives `block` to a client. The block comes back with EBUSY while the client gives everything
    /// back, which must come to an end, with EOWNERDEAD if everything was taken from it, with
    /// ENOSPC if it keeps too many handles of blocks whose contents were dropped, and with ENOMEM
    /// if there is no record, which can only be because too many zapped ones are still mapped.
    pub(crate) fn insert(
        &mut self,
        owner: u32,
        block: Block,
        (origin, marks): (Origin, Marks),
    ) -> Result<Handle, (Block, Error)> {
        if let Err(error) = self.clients.may_get(owner) {
            return Err((block, error));
        }
        if self.clients.nr_bare(owner) > self.nr_pages / BARE_CLIENT_SHARE {
            return Err((block, ENOSPC));
        }
        let Some(id) = self.take_free() else {
            return Err((block, ENOMEM));
        };
        let next = self.clients.first(owner);

        if let Some(record) = self.table.get_mut(id as usize) {
            let gen = record.gen.wrapping_add(1).max(1);

            *record = Record {
                head: block.head().get(),
                gen,
                owner,
                next,
                order: block.order(),
                state: State::Used,
                origin,
                marks,
                ..Record::FREE
            };
        }
        self.set_by_page(block.head(), id);
        self.set_prev(next, id);
        self.clients.set_first(owner, id);
        self.clients.add_pages(owner, block.nr_pages());
        Ok(Handle {
            id,
            gen: self.gen(id),
        })
    }

    /// Checks a handle. ERANGE: no such record; ENOENT: not this client's; ESTALE: of another
    /// time; EINVAL: of another size.
    pub(crate) fn check(&self, owner: u32, handle: Handle, order: Order) -> Result {
        // Records beyond the number of pages come into being when they are first used.
        if handle.id >= self.nr_pages.max(self.fresh) {
            return Err(ERANGE);
        }
        let record = self.table.get(handle.id as usize).ok_or(ERANGE)?;

        if record.state != State::Used || record.owner != owner {
            return Err(ENOENT);
        }
        if record.gen != handle.gen {
            return Err(ESTALE);
        }
        match record.order == order {
            true => Ok(()),
            false => Err(EINVAL),
        }
    }

    /// Takes a block away from its client: the errors of [`check`](Self::check), or EBUSY. `None`
    /// means that the block comes from [`map_close`](Self::map_close) when its mappings are gone.
    pub(crate) fn remove(
        &mut self,
        owner: u32,
        handle: Handle,
        order: Order,
        mapped: Mapped,
    ) -> Result<Option<Taken>> {
        self.check(owner, handle, order)?;
        self.take(handle.id, mapped)
    }

    /// The newest handle of a client and the size of its block.
    pub(crate) fn newest(&self, owner: u32) -> Option<(Handle, Order)> {
        let id = self.clients.first(owner);
        let record = self.table.get(id as usize)?;

        Some((
            Handle {
                id,
                gen: record.gen,
            },
            record.order,
        ))
    }

    fn take(&mut self, id: u32, mapped: Mapped) -> Result<Option<Taken>> {
        let record = *self.table.get(id as usize).ok_or(ERANGE)?;

        if record.maps > 0 && mapped == Mapped::Busy {
            return Err(EBUSY);
        }
        self.unlink(&record);
        if record.head != NONE {
            self.clients
                .sub_pages(record.owner, record.order.nr_pages());
        }
        if record.maps == 0 {
            self.put_bare(&record);
            self.put_free(id);
            return Ok(record.taken());
        }
        self.clients.sub_mapped(record.owner);
        if !self.may_zap(record.owner) {
            self.set_state(id, State::Dying);
            return Ok(None);
        }
        self.clients.add_zapped(record.owner);
        // INVARIANT: `may_zap` saw room.
        self.nr_zapped = self.nr_zapped.wrapping_add(1);
        self.set_state(id, State::Zapped);
        self.put_bare(&record);
        self.clear_by_page(&record);
        Ok(record.taken())
    }

    /// A record without pages is no longer one.
    fn put_bare(&mut self, record: &Record) {
        if record.head == NONE {
            self.nr_bare = self.nr_bare.saturating_sub(1);
            self.clients.sub_bare(record.owner);
        }
    }

    /// Whether this client may leave one more zapped block behind its mappings.
    fn may_zap(&self, owner: u32) -> bool {
        self.nr_zapped < self.zapped_max
            && self.clients.nr_zapped(owner) < self.zapped_max / ZAPPED_CLIENT_SHARE
    }

    fn gen(&self, id: u32) -> u32 {
        self.table.get(id as usize).map_or(0, |record| record.gen)
    }

    fn take_free(&mut self) -> Option<u32> {
        let id = self.free;

        if let Some(record) = self.table.get(id as usize) {
            self.free = record.next;
            return Some(id);
        }
        let id = self.fresh;

        self.table.get(id as usize)?;
        self.fresh = id.wrapping_add(1);
        Some(id)
    }

    fn put_free(&mut self, id: u32) {
        let next = self.free;

        if let Some(record) = self.table.get(id as usize).copied() {
            if record.state != State::Zapped {
                self.clear_by_page(&record);
            }
        }
        if let Some(record) = self.table.get_mut(id as usize) {
            // INVARIANT: On the list of free records; the generation stays, to differ next time.
            *record = Record {
                gen: record.gen,
                next,
                ..Record::FREE
            };
            self.free = id;
        }
    }

    fn unlink(&mut self, record: &Record) {
        match record.prev {
            NONE => self.clients.set_first(record.owner, record.next),
            prev => {
                if let Some(before) = self.table.get_mut(prev as usize) {
                    before.next = record.next;
                }
            }
        }
        self.set_prev(record.next, record.prev);
    }

    fn set_prev(&mut self, id: u32, prev: u32) {
        if let Some(record) = self.table.get_mut(id as usize) {
            record.prev = prev;
        }
    }

    fn set_by_page(&mut self, page: PageIdx, id: u32) {
        if let Some(slot) = self.by_page.get_mut(page.get() as usize) {
            *slot = id;
        }
    }

    /// The pages of a record are not its any more.
    fn clear_by_page(&mut self, record: &Record) {
        if let Some(slot) = self.by_page.get_mut(record.head as usize) {
            *slot = NONE;
        }
    }

    fn set_state(&mut self, id: u32, state: State) {
        if let Some(record) = self.table.get_mut(id as usize) {
            record.state = state;
        }
    }
}

#[kunit_tests(rust_buddy_records)]
mod tests {
    use super::super::clients::Client;
    use super::*;

    /// A client with one block, page 7.
    pub(super) fn with_block(marks: Marks) -> Result<(Records, u32, Handle)> {
        let (mut records, me) = with_client()?;
        let handle = records
            .insert(me, block(7), (Origin::PLAIN, marks))
            .map_err(|(_, error)| error)?;

        Ok((records, me, handle))
    }

    pub(super) fn taken(head: u32) -> Option<Taken> {
        Some(Taken {
            block: block(head),
            listed: false,
        })
    }

    fn block(head: u32) -> Block {
        Block::new(PageIdx::new(head), Order::ZERO)
    }

    /// A client without any.
    pub(super) fn with_client() -> Result<(Records, u32)> {
        let mut records = Records::new(64)?;
        let owner = records.clients.open(Client::NOBODY).ok_or(ENOMEM)?;

        Ok((records, owner))
    }

    pub(super) fn insert(records: &mut Records, owner: u32, head: u32) -> Result<Handle> {
        let plain = (Origin::PLAIN, Marks::NONE);

        records
            .insert(owner, block(head), plain)
            .map_err(|_| ENOMEM)
    }

    #[test]
    fn who_gives_everything_back_gets_nothing() -> Result {
        let (mut records, me) = with_client()?;

        assert!(records.clients.begin_reset(me, Mapped::Busy));
        let plain = (Origin::PLAIN, Marks::NONE);
        let refused = records.insert(me, block(7), plain).err();
        assert!(refused == Some((block(7), EBUSY)));
        records.clients.end_reset(me);
        assert!(insert(&mut records, me, 7).is_ok());
        Ok(())
    }

    #[test]
    fn a_handle_works_once() -> Result {
        let (mut records, me) = with_client()?;
        let handle = insert(&mut records, me, 7)?;

        assert_eq!(
            records.remove(me, handle, Order::ZERO, Mapped::Busy)?,
            taken(7)
        );
        let again = records.remove(me, handle, Order::ZERO, Mapped::Busy);
        assert_eq!(again.err(), Some(ENOENT));
        Ok(())
    }

    #[test]
    fn a_reused_record_has_another_generation() -> Result {
        let (mut records, me) = with_client()?;
        let old = insert(&mut records, me, 7)?;
        let _ = records.remove(me, old, Order::ZERO, Mapped::Busy)?;
        let new = insert(&mut records, me, 8)?;

        assert_eq!(old.id, new.id);
        assert_eq!(records.check(me, old, Order::ZERO).err(), Some(ESTALE));
        assert!(records.check(me, new, Order::ZERO).is_ok());
        assert_eq!(records.check(me, new, Order::MAX).err(), Some(EINVAL));
        Ok(())
    }

    #[test]
    fn others_and_strangers_get_different_errors() -> Result {
        let (mut records, me) = with_client()?;
        let you = records.clients.open(Client::NOBODY).ok_or(ENOMEM)?;
        let mine = insert(&mut records, me, 7)?;
        let outside = Handle { id: 64, gen: 1 };

        assert_eq!(records.check(you, mine, Order::ZERO).err(), Some(ENOENT));
        assert_eq!(records.check(me, outside, Order::ZERO).err(), Some(ERANGE));
        assert!(records.resolve(you, mine.id).is_none());
        assert!(records.resolve(me, mine.id).is_some());
        Ok(())
    }

    #[test]
    fn lists_survive_removal_in_any_order() -> Result {
        let (mut records, me) = with_client()?;
        let [a, b, c] = [
            insert(&mut records, me, 1)?,
            insert(&mut records, me, 2)?,
            insert(&mut records, me, 3)?,
        ];

        let _ = records.remove(me, b, Order::ZERO, Mapped::Busy)?;
        assert_eq!(records.newest(me).map(|(handle, _)| handle), Some(c));
        let _ = records.remove(me, c, Order::ZERO, Mapped::Busy)?;
        assert_eq!(records.newest(me).map(|(handle, _)| handle), Some(a));
        let _ = records.remove(me, a, Order::ZERO, Mapped::Busy)?;
        assert!(records.newest(me).is_none());
        Ok(())
    }

    #[test]
    fn the_table_can_run_out() -> Result {
        let (mut records, me) = with_client()?;

        // As many as there are pages, twice, and the spare ones.
        for head in 0..132 {
            let _ = insert(&mut records, me, head)?;
        }
        assert!(insert(&mut records, me, 0).is_err());
        Ok(())
    }
}
