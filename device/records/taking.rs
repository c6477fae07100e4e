// SPDX-License-Identifier: GPL-2.0

//! Everything that a client has is taken from it: its mappings and handles stay behind, and lead
//! nowhere.
//!
//! C: `__oom_reap_task_mm()` in `mm/oom_kill.c`, which goes through what a process has mapped.

#![deny(unsafe_code)]

use super::{
    Handle,
    Mapped,
    Records,
    State,
    Taken,
    NONE, //
};
use crate::zone::order::{
    Order,
    PageIdx, //
};
use kernel::prelude::*;

/// A block of a client from which everything is being taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    pub(crate) handle: Handle,
    pub(crate) head: PageIdx,
    pub(crate) order: Order,
}

/// Records that are looked at under one hold of the lock.
const LOOKS: u32 = 1024;

impl Records {
    /// The first block of a client from record `start` on, among so many records as are looked at
    /// in one go; and where to go on, until there are no more.
    pub(crate) fn next_held(&self, owner: u32, start: u32) -> (Option<Held>, Option<u32>) {
        let end = start.saturating_add(LOOKS).min(self.fresh);
        let held = (start..end).find_map(|id| {
            let record = self.table.get(id as usize)?;
            let handle = Handle {
                id,
                gen: record.gen,
            };
            let mine = record.state == State::Used && record.owner == owner;

            (mine && record.head != NONE).then_some(Held {
                handle,
                head: PageIdx::new(record.head),
                order: record.order,
            })
        });
        let next = held.map_or(end, |held| held.handle.id.wrapping_add(1));

        (held, (next < self.fresh).then_some(next))
    }

    /// Takes the pages of whatever block a client has, while everything is taken from it. Its
    /// mappings stay behind, and lead nowhere; the caller unmaps it. EBUSY if it should not have
    /// any; `None` if the pages have to wait for their end.
    pub(crate) fn take_back(
        &mut self,
        owner: u32,
        handle: Handle,
        mapped: Mapped,
    ) -> Result<Option<Taken>> {
        let record = *self.table.get(handle.id as usize).ok_or(ERANGE)?;
        let mine = record.state == State::Used && record.owner == owner;

        if !mine || record.gen != handle.gen {
            return Err(ENOENT);
        }
        let leaves = mapped == Mapped::Zap && record.maps > 0 && self.nr_bare < self.nr_pages;

        match leaves {
            true => Ok(self.strip(handle.id)),
            false => self.take(handle.id, mapped),
        }
    }
}

#[kunit_tests(rust_buddy_taking)]
mod tests {
    use super::{
        super::{
            nature::Marks,
            tests::{
                taken,
                with_block, //
            }, //
        },
        *, //
    };

    #[test]
    fn what_is_taken_back_leaves_its_mappings_behind() -> Result {
        let (mut records, me, handle) = with_block(Marks::NONE)?;

        records.map(me, handle.id, 0, 1)?;
        let (held, _) = records.next_held(me, 0);
        assert_eq!(held.map(|held| held.handle), Some(handle));
        let busy = records.take_back(me, handle, Mapped::Busy).err();
        assert_eq!(busy, Some(EBUSY));
        assert_eq!(records.take_back(me, handle, Mapped::Zap)?, taken(7));
        assert!(records.next_held(me, 0).0.is_none());
        assert!(records.resolve(me, handle.id).is_none());
        assert_eq!(records.map_close(handle.id), None);
        assert_eq!(records.newest(me).map(|(newest, _)| newest), Some(handle));
        Ok(())
    }
}
