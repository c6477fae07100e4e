// SPDX-License-Identifier: GPL-2.0

//! What is counted at a stock.

#![deny(unsafe_code)]

use crate::zone::vmstat::NumaEvents;

/// What happened on the lists of one CPU. Pages, unless it says otherwise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PcpEvents {
    /// Handed out.
    pub(crate) pgalloc: u64,
    /// Given back.
    pub(crate) pgfree: u64,
    /// Lists filled from the zone: events.
    pub(crate) refill: u64,
    /// Lists emptied into the zone because they were too long: events.
    pub(crate) drain: u64,
    /// Lists found full: events; limits are meant to prevent it.
    pub(crate) ring_full: u64,
    pub(crate) numa: NumaEvents,
}

impl PcpEvents {
    /// Nothing yet.
    pub(crate) const ZERO: Self = Self {
        pgalloc: 0,
        pgfree: 0,
        refill: 0,
        drain: 0,
        ring_full: 0,
        numa: NumaEvents::ZERO,
    };

    /// Adds up two CPUs.
    pub(crate) fn sum(self, other: &Self) -> Self {
        Self {
            pgalloc: self.pgalloc.wrapping_add(other.pgalloc),
            pgfree: self.pgfree.wrapping_add(other.pgfree),
            refill: self.refill.wrapping_add(other.refill),
            drain: self.drain.wrapping_add(other.drain),
            ring_full: self.ring_full.wrapping_add(other.ring_full),
            numa: self.numa.sum(other.numa),
        }
    }
}
