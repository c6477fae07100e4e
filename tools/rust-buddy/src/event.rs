// SPDX-License-Identifier: GPL-2.0

//! Hearing that memory runs short: `RB_EVENT_SET`, `RB_EVENT_CLEAR`, `RB_EVENT_WAIT`.

#![deny(unsafe_code)]

use std::{
    os::fd::{
        AsRawFd,
        BorrowedFd, //
    },
    time::Duration,
};

use rust_buddy_sys::*;
use rustix::io::Errno;

use crate::{
    reclaim::nanos,
    Error,
    Region,
    Result,
    ZoneKind, //
};

bitflags::bitflags! {
    /// What can be heard of.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct Pressure: u32 {
        /// A zone fell below its high watermark.
        const BELOW_HIGH = RB_PRESSURE_BELOW_HIGH;
        /// ... its low one.
        const BELOW_LOW = RB_PRESSURE_BELOW_LOW;
        /// ... its min one.
        const BELOW_MIN = RB_PRESSURE_BELOW_MIN;
        /// A zone is above its high watermark again.
        const ABOVE_HIGH = RB_PRESSURE_ABOVE_HIGH;
        /// A request ended without a block.
        const ALLOC_FAIL = RB_PRESSURE_ALLOC_FAIL;
        /// Contents of a block of this open file were dropped.
        const PURGED = RB_PRESSURE_PURGED;
        /// A zone was compacted.
        const COMPACT_DONE = RB_PRESSURE_COMPACT_DONE;
        /// All blocks of a client were taken back.
        const OOM = RB_PRESSURE_OOM;
    }
}

/// What is to be heard of.
#[derive(Debug, Clone, Copy)]
pub struct Subscription {
    /// Which events.
    pub events: Pressure,
    /// Of this node, or of all.
    pub nid: Option<i32>,
    /// Of these zones, or of all.
    pub zone: Option<ZoneKind>,
    /// At most one signal in this time; zero: no limit.
    pub interval: Duration,
}

impl Subscription {
    /// All nodes and zones, each event.
    pub fn to(events: Pressure) -> Self {
        Self {
            events,
            nid: None,
            zone: None,
            interval: Duration::ZERO,
        }
    }

    fn raw(&self, eventfd: i32) -> rb_event_set {
        rb_event_set {
            eventfd,
            mask: self.events.bits(),
            nid: self.nid.unwrap_or(RB_ALL),
            zone: self.zone.map_or(RB_ALL, |zone| zone as i32),
            interval_ns: nanos(self.interval),
            ..Default::default()
        }
    }
}

/// What has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fired {
    /// Since it was last asked.
    pub events: Pressure,
    /// Events so far.
    pub seq: u64,
}

impl Region {
    /// Subscribes for [`wait_event`](Self::wait_event) and poll.
    pub fn subscribe(&self, to: &Subscription) -> Result<()> {
        self.event_set(&to.raw(RB_NO_EVENTFD))
    }

    /// Has events signal an eventfd.
    pub fn subscribe_eventfd(&self, to: &Subscription, eventfd: BorrowedFd<'_>) -> Result<()> {
        self.event_set(&to.raw(eventfd.as_raw_fd()))
    }

    fn event_set(&self, raw: &rb_event_set) -> Result<()> {
        self.driver()
            .event_set(raw)
            .map_err(Error::refused("subscribe"))
    }

    /// Ends what [`subscribe`](Self::subscribe) began.
    pub fn unsubscribe(&self) -> Result<()> {
        self.event_clear(RB_NO_EVENTFD)
    }

    /// Ends what [`subscribe_eventfd`](Self::subscribe_eventfd) began.
    pub fn unsubscribe_eventfd(&self, eventfd: BorrowedFd<'_>) -> Result<()> {
        self.event_clear(eventfd.as_raw_fd())
    }

    fn event_clear(&self, eventfd: i32) -> Result<()> {
        let raw = rb_event_clear {
            eventfd,
            ..Default::default()
        };
        self.driver()
            .event_clear(&raw)
            .map_err(Error::refused("end a subscription"))
    }

    /// Waits for one of the events that were subscribed to, or nothing after `time`; zero is no
    /// limit.
    pub fn wait_event(&self, events: Pressure, time: Duration) -> Result<Option<Fired>> {
        let mut raw = rb_event_wait {
            mask: events.bits(),
            timeout_ns: nanos(time),
            ..Default::default()
        };
        match self.driver().event_wait(&mut raw) {
            Ok(()) => Ok(Some(Fired {
                events: Pressure::from_bits_retain(raw.fired),
                seq: raw.seq,
            })),
            Err(Errno::TIMEDOUT) => Ok(None),
            Err(errno) => Err(Error::refused("wait for an event")(errno)),
        }
    }
}
