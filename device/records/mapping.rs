// SPDX-License-Identifier: GPL-2.0

//! Mappings of blocks: how many there are, and where the block of one lies.
//!
//! A block that is unmapped by force leaves its record behind until the last mapping is gone.
//!
//! C: `page_mapcount()`, and the `open` and `close` of `struct vm_operations_struct`.

#![deny(unsafe_code)]

use super::{
    nature::Marks,
    Record,
    Records,
    State,
    Taken,
    NONE, //
};
use crate::zone::order::Order;
use kernel::prelude::*;

/// Where a page of a block lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Location {
    /// First page of the block.
    pub(crate) head: u32,
    pub(crate) order: Order,
}

impl Records {
    /// Counts a mapping of `nr` pages from page `first` of the window of record `id` on. ENXIO if
    /// they are not all in a block of this client, or everything of it is just being freed.
    pub(crate) fn map(&mut self, owner: u32, id: u32, first: u64, nr: u64) -> Result {
        if self.clients.is_resetting(owner) {
            return Err(ENXIO);
        }
        let record = self.table.get_mut(id as usize).ok_or(ENXIO)?;
        let end = first.checked_add(nr).ok_or(ENXIO)?;
        let fits = end <= u64::from(record.order.nr_pages());

        if record.state != State::Used || record.owner != owner || !fits {
            return Err(ENXIO);
        }
        record.maps = record.maps.checked_add(1).ok_or(ENOMEM)?;
        if record.maps == 1 {
            self.clients.add_mapped(owner);
        }
        self.clients.add_map(owner);
        Ok(())
    }

    /// A mapping was copied: one more.
    pub(crate) fn map_open(&mut self, id: u32) {
        if let Some(record) = self.table.get_mut(id as usize) {
            // A count that got so high stays: better a lost block than one freed under a mapping.
            record.maps = record.maps.saturating_add(1);
            self.clients.add_map(record.owner);
        }
    }

    /// A mapping is gone. Returns a block that waited for that.
    pub(crate) fn map_close(&mut self, id: u32) -> Option<Taken> {
        let record = self.table.get_mut(id as usize)?;

        if record.maps != u32::MAX {
            record.maps = record.maps.saturating_sub(1);
        }
        let record = *record;
        let last = record.maps == 0;

        self.clients.sub_map(record.owner);
        match record.state {
            State::Zapped if last => {
                self.nr_zapped = self.nr_zapped.wrapping_sub(1);
                self.clients.sub_zapped(record.owner);
                self.put_free(id);
            }
            State::Dying if last => {
                self.put_bare(&record);
                self.put_free(id);
                return record.taken();
            }
            State::Used if last => self.clients.sub_mapped(record.owner),
            _ => {}
        }
        None
    }

    /// Where the block of record `id` lies, if it is this client's. It is about to be used.
    pub(crate) fn resolve(&mut self, owner: u32, id: u32) -> Option<Location> {
        let record = self.table.get_mut(id as usize)?;
        let Record { head, order, .. } = *record;

        if record.state != State::Used || record.owner != owner || head == NONE {
            return None;
        }
        record.marks = record.marks.with(Marks::ACCESSED);
        Some(Location { head, order })
    }
}

#[kunit_tests(rust_buddy_records_mapping)]
mod tests {
    use super::{
        super::{
            super::clients::Client,
            tests::{
                insert,
                taken,
                with_client, //
            },
            Mapped, //
        },
        *, //
    };

    #[test]
    fn mapped_blocks_are_busy_until_closed() -> Result {
        let (mut records, me) = with_client()?;
        let handle = insert(&mut records, me, 7)?;

        records.map(me, handle.id, 0, 1)?;
        assert_eq!(records.map(me, handle.id, 0, 2).err(), Some(ENXIO));
        assert_eq!(records.map(me, handle.id, u64::MAX, 1).err(), Some(ENXIO));
        let busy = records.remove(me, handle, Order::ZERO, Mapped::Busy);
        assert_eq!(busy.err(), Some(EBUSY));
        let _ = records.map_close(handle.id);
        assert!(records
            .remove(me, handle, Order::ZERO, Mapped::Busy)
            .is_ok());
        Ok(())
    }

    #[test]
    fn a_zapped_record_waits_for_its_mappings() -> Result {
        let (mut records, me) = with_client()?;
        let handle = insert(&mut records, me, 7)?;

        records.map(me, handle.id, 0, 1)?;
        records.map_open(handle.id);
        let _ = records.remove(me, handle, Order::ZERO, Mapped::Zap)?;
        assert!(records.resolve(me, handle.id).is_none());
        assert!(insert(&mut records, me, 8)?.id != handle.id);
        let _ = records.map_close(handle.id);
        let _ = records.map_close(handle.id);
        assert_eq!(insert(&mut records, me, 9)?.id, handle.id);
        Ok(())
    }

    /// Takes a block, maps it and frees it by force.
    fn zap_one(records: &mut Records, me: u32, head: u32) -> Result<(u32, Option<Taken>)> {
        let handle = insert(records, me, head)?;

        records.map(me, handle.id, 0, 1)?;
        let block = records.remove(me, handle, Order::ZERO, Mapped::Zap)?;
        assert!(records.resolve(me, handle.id).is_none());
        Ok((handle.id, block))
    }

    #[test]
    fn zapped_records_never_keep_pages_from_being_allocated() -> Result {
        let (mut records, me) = with_client()?;
        let you = records.clients.open(Client::NOBODY).ok_or(ENOMEM)?;

        // One zapped block comes back at once; the others when their mappings are gone.
        assert!(zap_one(&mut records, me, 0)?.1.is_some());
        let (id, block) = zap_one(&mut records, me, 0)?;
        assert!(block.is_none());
        for head in 1..64 {
            let _ = insert(&mut records, you, head)?;
        }
        assert_eq!(records.map_close(id), taken(0));
        assert!(insert(&mut records, you, 0).is_ok());
        Ok(())
    }

    #[test]
    fn nothing_is_mapped_while_everything_is_freed() -> Result {
        let (mut records, me) = with_client()?;
        let handle = insert(&mut records, me, 7)?;

        records.map(me, handle.id, 0, 1)?;
        assert!(!records.clients.begin_reset(me, Mapped::Busy));
        assert!(records.clients.begin_reset(me, Mapped::Zap));
        assert_eq!(records.map(me, handle.id, 0, 1).err(), Some(ENXIO));
        records.clients.end_reset(me);
        assert!(records.map(me, handle.id, 0, 1).is_ok());
        Ok(())
    }
}
