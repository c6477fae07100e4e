// SPDX-License-Identifier: GPL-2.0

//! Who wants to know what, and how it is told.

#![deny(unsafe_code)]

use super::clients::Owner;
use crate::{
    sys,
    zone::ZoneType, //
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

/// What happened that an open file wants to know.
pub(crate) struct Inbox {
    /// What it subscribed to without an eventfd.
    pub(super) mask: Atomic<u32>,
    /// Of that, what happened since it was told last.
    pub(super) fired: Atomic<u32>,
    pub(super) seq: Atomic<u64>,
    pub(super) subscriptions: Atomic<u32>,
}

impl Inbox {
    /// Nothing happened.
    pub(super) fn new() -> Self {
        Self {
            mask: Atomic::new(0),
            fired: Atomic::new(0),
            seq: Atomic::new(0),
            subscriptions: Atomic::new(0),
        }
    }

    /// What happened of `mask`, which is told now.
    pub(super) fn take(&self, mask: u32) -> u32 {
        let mut fired = self.fired.load(Relaxed);

        loop {
            match self.fired.cmpxchg(fired, fired & !mask, Relaxed) {
                Ok(_) => return fired & mask,
                Err(now) => fired = now,
            }
        }
    }

    /// Something happened, and is to be told.
    pub(super) fn put(&self, events: u32) {
        let mut fired = self.fired.load(Relaxed);

        while let Err(now) = self.fired.cmpxchg(fired, fired | events, Relaxed) {
            fired = now;
        }
    }
}

/// What one file wants to know, and how.
pub(super) struct Subscription {
    pub(super) inbox: Arc<Inbox>,
    pub(super) client: Owner,
    /// As given, and what it was then.
    pub(super) fd: i32,
    pub(super) eventfd: Option<sys::EventFd>,
    pub(super) mask: u32,
    pub(super) nid: Option<i32>,
    pub(super) zone: Option<ZoneType>,
    pub(super) interval_ns: u64,
    pub(super) signalled_ns: u64,
    /// What happened since, and is told when the interval is over.
    pub(super) pending: u32,
}

/// Something that happened, and where; 0 nowhere in particular.
#[derive(Clone, Copy)]
pub(super) struct Happening {
    pub(super) events: u32,
    pub(super) place: Option<(i32, ZoneType)>,
    /// Only this client is to know.
    pub(super) client: Option<Owner>,
}

impl Subscription {
    /// What of it is to be told here.
    pub(super) fn wants(&self, what: &Happening) -> u32 {
        let (nid, zone) = (self.nid, self.zone);
        let here = what.place.is_none_or(|place| {
            nid.is_none_or(|nid| nid == place.0) && zone.is_none_or(|zone| zone == place.1)
        });
        let mine = what.client.is_none_or(|client| client == self.client);

        match here && mine {
            true => self.mask & what.events,
            false => 0,
        }
    }

    /// Tells of events, and of those before that were not told of yet, unless it is too early.
    /// Whether it did.
    pub(super) fn signal(&mut self, events: u32, now: u64) -> bool {
        let since = now.wrapping_sub(self.signalled_ns);

        self.pending |= events;
        if self.pending == 0 || (self.signalled_ns != 0 && since < self.interval_ns) {
            return false;
        }
        self.signalled_ns = now;
        self.inbox.seq.fetch_add(1, Relaxed);
        match &self.eventfd {
            Some(eventfd) => eventfd.signal(),
            None => self.inbox.put(self.pending),
        }
        self.pending = 0;
        true
    }
}

/// Subscriptions of all files together.
pub(super) const MAX_SUBSCRIPTIONS: usize = 1024;

/// A table of them: those in use are before `end`.
pub(super) struct Table {
    pub(super) slots: KVVec<Option<KBox<Subscription>>>,
    pub(super) end: usize,
}

impl Table {
    pub(super) fn new() -> Result<Self> {
        let mut slots = KVVec::with_capacity(MAX_SUBSCRIPTIONS, GFP_KERNEL)?;

        for _ in 0..MAX_SUBSCRIPTIONS {
            slots.push_within_capacity(None)?;
        }
        Ok(Self { slots, end: 0 })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Subscription> {
        self.slots
            .get(..self.end)
            .unwrap_or(&[])
            .iter()
            .flatten()
            .map(|entry| &**entry)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Subscription> {
        self.slots
            .get_mut(..self.end)
            .unwrap_or(&mut [])
            .iter_mut()
            .flatten()
            .map(|entry| &mut **entry)
    }

    /// ENOSPC.
    pub(super) fn add(&mut self, entry: KBox<Subscription>) -> Result {
        let free = self.slots.iter().position(Option::is_none).ok_or(ENOSPC)?;

        if let Some(slot) = self.slots.get_mut(free) {
            *slot = Some(entry);
        }
        self.end = self.end.max(free.wrapping_add(1));
        Ok(())
    }

    /// All of them.
    pub(super) fn remove(&mut self, is_it: impl Fn(&Subscription) -> bool) {
        while self.remove_one(&is_it) {}
    }

    /// The first of them; whether there was one.
    pub(super) fn remove_one(&mut self, is_it: impl Fn(&Subscription) -> bool) -> bool {
        let mut slots = self.slots.get_mut(..self.end).unwrap_or(&mut []).iter_mut();
        let found = slots.find(|slot| slot.as_ref().is_some_and(|entry| is_it(entry)));

        found.and_then(Option::take).is_some()
    }
}

#[kunit_tests(rust_buddy_subscriptions)]
mod tests {
    use super::*;

    const ME: Owner = Owner { slot: 3, gen: 7 };
    const PURGED: u32 = 1;
    const LOW: u32 = 2;

    fn of_mine(mask: u32) -> Result<Subscription> {
        Ok(Subscription {
            inbox: Arc::new(Inbox::new(), GFP_KERNEL)?,
            client: ME,
            fd: -1,
            eventfd: None,
            mask,
            nid: None,
            zone: None,
            interval_ns: 0,
            signalled_ns: 0,
            pending: 0,
        })
    }

    fn purged(client: Option<Owner>) -> Happening {
        Happening {
            events: PURGED,
            place: Some((0, ZoneType::Normal)),
            client,
        }
    }

    #[test]
    fn what_is_for_one_is_not_for_the_next_in_its_slot() -> Result {
        let mine = of_mine(PURGED | LOW)?;

        assert_eq!(mine.wants(&purged(Some(ME))), PURGED);
        assert_eq!(mine.wants(&purged(Some(Owner { gen: 6, ..ME }))), 0);
        assert_eq!(mine.wants(&purged(Some(Owner { slot: 2, ..ME }))), 0);
        assert_eq!(mine.wants(&purged(None)), PURGED);
        assert_eq!(of_mine(LOW)?.wants(&purged(Some(ME))), 0);
        Ok(())
    }

    #[test]
    fn a_place_is_a_node_and_a_zone() -> Result {
        let here = |nid, zone| -> Result<u32> {
            let entry = Subscription {
                nid,
                zone,
                ..of_mine(PURGED)?
            };

            Ok(entry.wants(&purged(None)))
        };

        assert_eq!(here(Some(0), None)?, PURGED);
        assert_eq!(here(Some(1), None)?, 0);
        assert_eq!(here(None, Some(ZoneType::Normal))?, PURGED);
        assert_eq!(here(Some(0), Some(ZoneType::Dma))?, 0);
        Ok(())
    }

    #[test]
    fn what_comes_too_early_is_told_later() -> Result {
        let mut entry = Subscription {
            interval_ns: 100,
            ..of_mine(PURGED | LOW)?
        };

        assert!(!entry.signal(0, 1000));
        assert!(entry.signal(PURGED, 1000));
        assert_eq!(entry.inbox.take(PURGED | LOW), PURGED);
        assert!(!entry.signal(LOW, 1099));
        assert_eq!(entry.inbox.take(PURGED | LOW), 0);
        assert!(entry.signal(0, 1100));
        assert_eq!(entry.inbox.take(PURGED), 0);
        assert_eq!(entry.inbox.take(PURGED | LOW), LOW);
        assert_eq!(entry.inbox.seq.load(Relaxed), 2);
        Ok(())
    }
}
