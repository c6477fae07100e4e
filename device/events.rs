// SPDX-License-Identifier: GPL-2.0

//! Who wants to know that memory is short, and how short it is.
//!
//! Zones are looked at when blocks come and go. A subscription says what is of interest; without
//! any, poll tells of the levels themselves. Signals are given with no lock held that a zone or a
//! record has.
//!
//! C: `vmpressure()` in `mm/vmpressure.c`; `eventfd_signal()`.

#![deny(unsafe_code)]

use super::{
    call::Call,
    clients::Owner,
    stock::zone_type,
    subscriptions::{
        Happening,
        Inbox,
        Subscription,
        Table, //
    },
    Device,
    File, //
};
use crate::{
    gfp::context::AllocContext,
    page_alloc::Region,
    sys::{
        self,
        uapi, //
    },
    zone::{
        alloc_flags::Wmark,
        order::PageIdx,
        Zone,
        ZoneType, //
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

/// Nanoseconds of a millisecond.
const MSEC: u64 = 1_000_000;

/// All subscriptions, and what is known of the zones.
pub(super) struct Events {
    bell: sys::Doorbell,
    all: sys::SleepLocked<Table>,
    /// What anybody wants to know.
    wanted: Atomic<u32>,
    levels: [Atomic<u32>; LEVELS],
}

/// Zones whose levels are known apart, by node and type; with more nodes, some share a place.
const LEVELS: usize = 256;

impl Events {
    /// Nobody wants to know anything. Allocates: sleeps.
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            bell: sys::Doorbell::new(c"rust_buddy_events")?,
            all: sys::new_sleep_locked!(Table::new()?, c"rust_buddy_events")?,
            wanted: Atomic::new(0),
            levels: [const { Atomic::new(0) }; LEVELS],
        })
    }

    /// Rung whenever something happened.
    pub(super) fn bell(&self) -> &sys::Doorbell {
        &self.bell
    }

    /// An open file ends.
    pub(super) fn forget(&self, inbox: &Arc<Inbox>) {
        if inbox.subscriptions.load(Relaxed) != 0 {
            self.all.with(|all| {
                all.remove(|entry| Arc::ptr_eq(&entry.inbox, inbox));
                self.count_wanted(all);
            });
        }
    }

    /// What `poll(2)` says of a file.
    pub(super) fn ready(&self, inbox: &Inbox, region: &Region) -> u32 {
        if inbox.subscriptions.load(Relaxed) != 0 {
            return match inbox.fired.load(Relaxed) {
                0 => 0,
                _ => sys::Ready::IN,
            };
        }
        let lowest = region.zones().map(Level::of).max();

        match lowest.unwrap_or(Level::High) {
            Level::BelowMin => sys::Ready::PRI,
            Level::BelowLow => sys::Ready::PRI | sys::Ready::OUT,
            _ => sys::Ready::OUT,
        }
    }

    fn count_wanted(&self, all: &Table) {
        let wanted = all.iter().fold(0, |mask, entry| mask | entry.mask);

        self.wanted.store(wanted, Relaxed);
    }

    fn add(&self, entry: Subscription) -> Result {
        let inbox = entry.inbox.clone();
        let entry = KBox::new(entry, GFP_KERNEL)?;

        self.all.with(|all| {
            let exists = all
                .iter()
                .any(|other| Arc::ptr_eq(&other.inbox, &inbox) && other.eventfd == entry.eventfd);

            if exists {
                return Err(EEXIST);
            }
            if inbox.subscriptions.load(Relaxed) >= uapi::RB_MAX_SUBSCRIPTIONS {
                return Err(ENOSPC);
            }
            let inbox_mask = entry.eventfd.is_none().then_some(entry.mask);

            all.add(entry)?;
            if let Some(mask) = inbox_mask {
                inbox.mask.store(mask, Relaxed);
            }
            inbox.subscriptions.fetch_add(1, Relaxed);
            self.count_wanted(all);
            Ok(())
        })
    }

    /// ENOENT.
    fn remove(&self, inbox: &Arc<Inbox>, fd: i32) -> Result {
        let eventfd = eventfd(fd).ok();
        let mine = |entry: &Subscription| Arc::ptr_eq(&entry.inbox, inbox);
        let same = |entry: &Subscription| mine(entry) && Some(&entry.eventfd) == eventfd.as_ref();
        // It may have been closed meanwhile, so that the number means nothing any more, or another.
        let named = |entry: &Subscription| mine(entry) && entry.fd == fd;

        self.all.with(|all| {
            if !all.remove_one(same) && !all.remove_one(named) {
                return Err(ENOENT);
            }
            inbox.subscriptions.fetch_sub(1, Relaxed);
            if fd == uapi::RB_NO_EVENTFD {
                inbox.mask.store(0, Relaxed);
                inbox.fired.store(0, Relaxed);
            }
            self.count_wanted(all);
            Ok(())
        })
    }

    fn raise(&self, what: &Happening) {
        if self.wanted.load(Relaxed) & what.events == 0 {
            return;
        }
        let now = sys::now_ns();

        let told = self.all.with(|all| {
            all.iter_mut().fold(false, |told, entry| {
                let events = entry.wants(what);

                (events != 0 && entry.signal(events, now)) || told
            })
        });

        if told {
            self.bell.ring();
        }
    }

    /// Tells of what it was too early for. Once a second.
    pub(super) fn flush(&self) {
        if self.wanted.load(Relaxed) == 0 {
            return;
        }
        let now = sys::now_ns();
        let told = self.all.with(|all| {
            all.iter_mut()
                .fold(false, |told, entry| entry.signal(0, now) || told)
        });

        if told {
            self.bell.ring();
        }
    }

    fn level_of(&self, zone: &Zone) -> Option<&Atomic<u32>> {
        let place = (zone.nid() as usize).wrapping_mul(ZoneType::ALL.len());

        self.levels
            .get(place.wrapping_add(zone.kind().index()) % LEVELS)
    }
}

/// How much of a zone is free, in terms of its watermarks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Level {
    High,
    BelowHigh,
    BelowLow,
    BelowMin,
}

impl Level {
    fn of(zone: &Zone) -> Self {
        let free = zone.nr_free();

        match free {
            free if free < zone.visible(Wmark::Min) => Self::BelowMin,
            free if free < zone.visible(Wmark::Low) => Self::BelowLow,
            free if free < zone.visible(Wmark::High) => Self::BelowHigh,
            _ => Self::High,
        }
    }

    /// What has happened if this comes after `before`, the number of a level.
    fn events_since(self, before: u32) -> u32 {
        let below = [
            uapi::RB_PRESSURE_BELOW_HIGH,
            uapi::RB_PRESSURE_BELOW_LOW,
            uapi::RB_PRESSURE_BELOW_MIN,
        ];
        let fell = (1u32..)
            .zip(below)
            .filter(|(level, _)| (before < *level) && *level <= self as u32)
            .fold(0, |events, (_, event)| events | event);

        match self {
            Self::High if before != 0 => uapi::RB_PRESSURE_ABOVE_HIGH,
            _ => fell,
        }
    }
}

impl Device {
    /// The zone of a page has more or fewer free pages than before. Not under a spinlock.
    pub(super) fn watch_level(&self, page: PageIdx) {
        if let Some(pageset) = self.region().pageset_of(page) {
            self.watch_zone(pageset.zone());
        }
    }

    /// Tells of a zone that has crossed a watermark.
    pub(super) fn watch_zone(&self, zone: &Zone) {
        let level = Level::of(zone);
        let Some(known) = self.events.level_of(zone) else {
            return;
        };

        if known.load(Relaxed) == level as u32 {
            return;
        }
        let before = known.xchg(level as u32, Relaxed);
        let events = level.events_since(before);

        self.events.raise(&Happening {
            events,
            place: Some((zone.nid(), zone.kind())),
            client: None,
        });
        // Also for those who poll without having said what for.
        self.events.bell().ring();
    }

    /// Something happened, in no zone in particular.
    pub(super) fn raise(&self, events: u32) {
        self.events.raise(&Happening {
            events,
            place: None,
            client: None,
        });
    }

    /// Something happened to a page that one client is to know, or all.
    pub(super) fn raise_for(&self, events: u32, page: PageIdx, client: Option<Owner>) {
        let zone = self.region().pageset_of(page).map(|pageset| pageset.zone());

        self.events.raise(&Happening {
            events,
            place: zone.map(|zone| (zone.nid(), zone.kind())),
            client,
        });
    }

    /// A request ended without a block.
    #[cold]
    pub(super) fn alloc_failed(&self, ctx: &AllocContext) {
        self.events.raise(&Happening {
            events: uapi::RB_PRESSURE_ALLOC_FAIL,
            place: ctx.nid.map(|nid| (nid, ctx.highest_zone)),
            client: None,
        });
    }

    /// RB_EVENT_SET.
    #[inline(never)]
    pub(super) fn event_set(&self, call: &Call, file: &File) -> Result {
        let req: uapi::rb_event_set = call.read()?;
        let unknown = req.mask & !uapi::RB_PRESSURE_ALL | req.flags | req.reserved0;

        if unknown != 0 || req.mask == 0 || req.reserved1 != [0; 4] {
            return Err(EINVAL);
        }
        let zone = match req.zone {
            uapi::RB_ALL => None,
            zone => Some(zone_type(zone)?),
        };

        call.require_write()?;
        let nid = match req.nid {
            uapi::RB_ALL => None,
            nid => Some(self.region().node(nid).ok_or(ENODEV)?.nid()),
        };

        self.events.add(Subscription {
            inbox: file.inbox.clone(),
            client: self
                .records()
                .with(|records| records.clients.owner(file.client)),
            fd: req.eventfd,
            eventfd: eventfd(req.eventfd)?,
            mask: req.mask,
            nid,
            zone,
            interval_ns: req.interval_ns,
            signalled_ns: 0,
            pending: 0,
        })
    }

    /// RB_EVENT_CLEAR.
    #[inline(never)]
    pub(super) fn event_clear(&self, call: &Call, file: &File) -> Result {
        let req: uapi::rb_event_clear = call.read()?;

        if req.flags != 0 || req.reserved0 != 0 {
            return Err(EINVAL);
        }
        call.require_write()?;
        self.events.remove(&file.inbox, req.eventfd)
    }

    /// RB_EVENT_WAIT.
    #[inline(never)]
    pub(super) fn event_wait(&self, call: &Call, file: &File) -> Result {
        let mut req: uapi::rb_event_wait = call.read()?;
        let inbox = &*file.inbox;

        if req.flags != 0 || req.reserved0 != 0 || req.reserved1 != [0; 2] {
            return Err(EINVAL);
        }
        if req.mask == 0 || req.mask & !inbox.mask.load(Relaxed) != 0 {
            return Err(EINVAL);
        }
        // What cannot be told must not be lost.
        call.write(&req)?;
        let ms = match req.timeout_ns {
            0 => None,
            ns => Some(u32::try_from(ns.div_ceil(MSEC)).unwrap_or(u32::MAX)),
        };
        let mut fired = 0;

        self.events.bell().wait_until(ms, || {
            fired = inbox.take(req.mask);
            fired != 0
        })?;
        (req.fired, req.seq) = (fired, inbox.seq.load(Relaxed));
        call.write(&req)
    }
}

fn eventfd(fd: i32) -> Result<Option<sys::EventFd>> {
    match fd {
        uapi::RB_NO_EVENTFD => Ok(None),
        fd => sys::EventFd::new(fd).map(Some),
    }
}

#[kunit_tests(rust_buddy_events)]
mod tests {
    use super::*;

    #[test]
    fn each_mark_that_was_passed_is_told() -> Result {
        let (high, low, min) = (
            uapi::RB_PRESSURE_BELOW_HIGH,
            uapi::RB_PRESSURE_BELOW_LOW,
            uapi::RB_PRESSURE_BELOW_MIN,
        );

        assert_eq!(Level::BelowMin.events_since(0), high | low | min);
        assert_eq!(Level::BelowLow.events_since(1), low);
        assert_eq!(Level::BelowLow.events_since(3), 0);
        assert_eq!(Level::High.events_since(0), 0);
        assert_eq!(Level::High.events_since(1), uapi::RB_PRESSURE_ABOVE_HIGH);
        Ok(())
    }
}
