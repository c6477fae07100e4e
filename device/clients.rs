// SPDX-License-Identifier: GPL-2.0

//! The open files, and what each of them holds.

#![deny(unsafe_code)]

use super::records::Mapped;
use crate::sys;
use kernel::prelude::*;

/// Ends a list.
const NONE: u32 = u32::MAX;

/// Fewest and most open files that a region takes.
const LIMITS: (u32, u32) = (256, 65536);

/// Who had a slot: the next one who gets it is another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Owner {
    pub(crate) slot: u32,
    /// Differs each time the slot is taken.
    pub(crate) gen: u32,
}

/// An open file.
#[derive(Clone, Copy)]
pub(crate) struct Client {
    /// Who opened it.
    pub(crate) opener: sys::Opener,
    /// Pages it owns, and the most it ever owned.
    pub(crate) pages: u64,
    pub(crate) peak: u64,
    /// VMAs that show its blocks.
    pub(crate) maps: u64,
    /// Blocks of it that are mapped.
    mapped: u64,
    /// Zapped blocks whose mappings are still there.
    zapped: u32,
    /// Handles of blocks whose contents were dropped.
    bare: u32,
    /// Calls that are freeing everything.
    resetting: u32,
    /// Everything was taken back from it, for others; until it says that it knows.
    dead: bool,
    /// ... and what it still has cannot be (C: `MMF_OOM_SKIP`).
    reaped: bool,
    /// Requests that ended without a block.
    pub(crate) fails: u64,
    /// Its newest record; or the next free slot.
    first: u32,
    gen: u32,
    open: bool,
}

impl Client {
    /// Holds nothing, opened by nobody in particular.
    pub(crate) const NOBODY: Self = Self {
        opener: sys::Opener {
            pid: 0,
            uid: 0,
            comm: [0; 16],
        },
        pages: 0,
        peak: 0,
        maps: 0,
        mapped: 0,
        zapped: 0,
        bare: 0,
        resetting: 0,
        dead: false,
        reaped: false,
        fails: 0,
        first: NONE,
        gen: 0,
        open: false,
    };

    /// Opened by `opener`.
    pub(crate) fn new(opener: sys::Opener) -> Self {
        Self {
            opener,
            ..Self::NOBODY
        }
    }

    /// Whether everything is being taken from it, and there is something left.
    pub(crate) fn is_dying(&self) -> bool {
        self.dead && self.pages > 0
    }

    /// Whether nothing more can be taken from it.
    pub(crate) fn is_reaped(&self) -> bool {
        self.dead && self.reaped
    }
}

/// A table of the open files, of fixed size.
pub(crate) struct Clients {
    slots: KVVec<Client>,
    free: u32,
    fresh: u32,
}

impl Clients {
    /// Bytes of a slot.
    pub(super) const CLIENT_BYTES: usize = core::mem::size_of::<Client>();

    /// A table for a region of `nr_pages`: one slot for each 16 pages, within limits.
    ///
    /// Allocates: sleeps.
    pub(super) fn new(nr_pages: u32) -> Result<Self> {
        let nr = (nr_pages / 16).clamp(LIMITS.0, LIMITS.1);

        Ok(Self {
            slots: KVVec::from_elem(Client::NOBODY, nr as usize, GFP_KERNEL)?,
            free: NONE,
            fresh: 0,
        })
    }

    /// Number of slots.
    pub(crate) fn nr_slots(&self) -> usize {
        self.slots.len()
    }

    /// Takes a slot; `None` if all are in use.
    pub(crate) fn open(&mut self, client: Client) -> Option<u32> {
        let slot = match self.slots.get(self.free as usize) {
            Some(entry) => core::mem::replace(&mut self.free, entry.first),
            None => {
                let slot = self.fresh;

                self.fresh = slot.wrapping_add(1).min(self.slots.len() as u32);
                slot
            }
        };
        let entry = self.slots.get_mut(slot as usize)?;

        *entry = Client {
            first: NONE,
            gen: entry.gen.wrapping_add(1),
            open: true,
            ..client
        };
        Some(slot)
    }

    /// Gives a slot back.
    pub(crate) fn close(&mut self, slot: u32) {
        let next = self.free;

        if let Some(entry) = self.slots.get_mut(slot as usize) {
            *entry = Client {
                first: next,
                gen: entry.gen,
                ..Client::NOBODY
            };
            self.free = slot;
        }
    }

    /// The client in `slot`, if one is.
    pub(crate) fn get(&self, slot: u32) -> Option<&Client> {
        self.slots.get(slot as usize).filter(|client| client.open)
    }

    /// Who has `slot`.
    pub(crate) fn owner(&self, slot: u32) -> Owner {
        Owner {
            slot,
            gen: self.get(slot).map_or(0, |client| client.gen),
        }
    }

    /// Whether any block of the client is mapped.
    pub(crate) fn has_mapped(&self, slot: u32) -> bool {
        self.get(slot).is_some_and(|client| client.mapped > 0)
    }

    /// Begins to free everything that a client has, and keeps it from mapping more meanwhile.
    /// Returns `false`, having done nothing, if mapped blocks are in the way.
    pub(crate) fn begin_reset(&mut self, slot: u32, mapped: Mapped) -> bool {
        if mapped == Mapped::Busy && self.has_mapped(slot) {
            return false;
        }
        self.change(slot, |client| {
            client.resetting = client.resetting.wrapping_add(1)
        });
        true
    }

    /// Ends what [`begin_reset`](Self::begin_reset) began.
    pub(crate) fn end_reset(&mut self, slot: u32) {
        self.change(slot, |client| {
            client.resetting = client.resetting.wrapping_sub(1)
        });
    }

    /// Counts a request that ended without a block.
    pub(crate) fn add_fail(&mut self, slot: u32) {
        self.change(slot, |client| client.fails = client.fails.wrapping_add(1));
    }

    /// Everything is being taken back from a client: it gets nothing more.
    pub(crate) fn kill(&mut self, slot: u32) {
        self.change(slot, |client| client.dead = true);
    }

    /// Nothing more can be taken from it.
    pub(crate) fn reaped(&mut self, slot: u32) {
        self.change(slot, |client| client.reaped = true);
    }

    /// It has freed what was left, and may begin anew.
    pub(crate) fn revive(&mut self, slot: u32) {
        self.change(slot, |client| {
            client.dead = false;
            client.reaped = false;
        });
    }

    /// EOWNERDEAD if everything was taken back from it, EBUSY while it frees everything.
    pub(crate) fn may_get(&self, slot: u32) -> Result {
        match self.get(slot) {
            Some(client) if client.dead => Err(EOWNERDEAD),
            Some(client) if client.resetting > 0 => Err(EBUSY),
            _ => Ok(()),
        }
    }

    /// Whether everything was taken back from it.
    pub(crate) fn is_dead(&self, slot: u32) -> bool {
        self.get(slot).is_some_and(|client| client.dead)
    }

    pub(super) fn is_resetting(&self, slot: u32) -> bool {
        self.get(slot).is_some_and(|client| client.resetting > 0)
    }

    /// Handles of blocks whose contents were dropped.
    pub(super) fn nr_bare(&self, slot: u32) -> u32 {
        self.get(slot).map_or(0, |client| client.bare)
    }

    pub(super) fn add_bare(&mut self, slot: u32) {
        self.change(slot, |client| client.bare = client.bare.wrapping_add(1));
    }

    pub(super) fn sub_bare(&mut self, slot: u32) {
        self.change(slot, |client| client.bare = client.bare.wrapping_sub(1));
    }

    pub(super) fn nr_zapped(&self, slot: u32) -> u32 {
        self.get(slot).map_or(0, |client| client.zapped)
    }

    pub(super) fn add_zapped(&mut self, slot: u32) {
        self.change(slot, |client| client.zapped = client.zapped.wrapping_add(1));
    }

    pub(super) fn sub_zapped(&mut self, slot: u32) {
        self.change(slot, |client| client.zapped = client.zapped.wrapping_sub(1));
    }

    pub(super) fn first(&self, slot: u32) -> u32 {
        self.get(slot).map_or(NONE, |client| client.first)
    }

    pub(super) fn set_first(&mut self, slot: u32, id: u32) {
        self.change(slot, |client| client.first = id);
    }

    pub(super) fn add_pages(&mut self, slot: u32, nr: u32) {
        self.change(slot, |client| {
            client.pages = client.pages.wrapping_add(u64::from(nr));
            client.peak = client.peak.max(client.pages);
        });
    }

    pub(super) fn sub_pages(&mut self, slot: u32, nr: u32) {
        self.change(slot, |client| {
            client.pages = client.pages.wrapping_sub(u64::from(nr))
        });
    }

    pub(super) fn add_mapped(&mut self, slot: u32) {
        self.change(slot, |client| client.mapped = client.mapped.wrapping_add(1));
    }

    pub(super) fn sub_mapped(&mut self, slot: u32) {
        self.change(slot, |client| client.mapped = client.mapped.wrapping_sub(1));
    }

    pub(super) fn add_map(&mut self, slot: u32) {
        self.change(slot, |client| client.maps = client.maps.wrapping_add(1));
    }

    pub(super) fn sub_map(&mut self, slot: u32) {
        self.change(slot, |client| client.maps = client.maps.wrapping_sub(1));
    }

    fn change(&mut self, slot: u32, f: impl FnOnce(&mut Client)) {
        if let Some(client) = self.slots.get_mut(slot as usize) {
            f(client);
        }
    }
}

#[kunit_tests(rust_buddy_clients)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_run_out_and_recovers() -> Result {
        let mut clients = Clients::new(64)?;
        let nr = clients.nr_slots() as u32;

        for slot in 0..nr {
            assert_eq!(clients.open(Client::NOBODY), Some(slot));
        }
        assert!(clients.open(Client::NOBODY).is_none());
        clients.close(17);
        assert!(clients.get(17).is_none());
        assert_eq!(clients.open(Client::NOBODY), Some(17));
        assert!(clients.open(Client::NOBODY).is_none());
        Ok(())
    }

    #[test]
    fn who_is_dying_is_so_until_nothing_can_be_taken() -> Result {
        let mut clients = Clients::new(64)?;
        let me = clients.open(Client::NOBODY).ok_or(ENOMEM)?;
        let state = |clients: &Clients| {
            let client = clients.get(me).ok_or(ENOENT)?;

            Ok::<_, Error>((client.is_dying(), client.is_reaped()))
        };

        clients.add_pages(me, 2);
        assert_eq!(state(&clients)?, (false, false));
        clients.kill(me);
        assert_eq!(state(&clients)?, (true, false));
        clients.reaped(me);
        assert_eq!(state(&clients)?, (true, true));
        clients.revive(me);
        assert_eq!(state(&clients)?, (false, false));
        clients.kill(me);
        clients.sub_pages(me, 2);
        assert_eq!(state(&clients)?, (false, false));
        Ok(())
    }

    #[test]
    fn peaks_stay() -> Result {
        let mut clients = Clients::new(64)?;
        let me = clients.open(Client::NOBODY).ok_or(ENOMEM)?;

        clients.add_pages(me, 8);
        clients.sub_pages(me, 5);
        let client = clients.get(me).ok_or(EINVAL)?;
        assert_eq!([client.pages, client.peak], [3, 8]);
        Ok(())
    }
}
