// SPDX-License-Identifier: GPL-2.0

//! What a run of operations has reached, as far as it can be told from outside.

#![deny(unsafe_code)]

use super::{
    compare::total,
    entry::Op, //
};
use crate::{
    page_alloc::Region,
    sys::uapi,
    zone::image::ZoneScalars, //
};

/// The zone's flag that it is short of pages.
const BELOW_HIGH: u32 = 1 << 2;

/// Counters, by `enum rb_coverage`.
pub(super) struct Coverage(pub(super) [u64; uapi::RB_MAX_COVERAGE as usize]);

impl Coverage {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self([0; uapi::RB_MAX_COVERAGE as usize])
    }

    /// Counts `nr` of something.
    pub(super) fn add(&mut self, what: u32, nr: u64) {
        if let Some(count) = self.0.get_mut(what as usize) {
            *count = count.wrapping_add(nr);
        }
    }

    /// Counts one of something.
    pub(super) fn one(&mut self, what: u32) {
        self.add(what, 1);
    }

    /// Counts what an operation did to a zone.
    pub(super) fn zone(&mut self, op: &Op, before: &ZoneScalars, after: &ZoneScalars) {
        let free = |scalars: &ZoneScalars| total(scalars.free);
        let seen = [
            (
                uapi::RB_COVER_REFILL,
                after.pcp.count > before.pcp.count && free(after) < free(before),
            ),
            (
                uapi::RB_COVER_DRAIN,
                matches!(op, Op::Free) && free(after) > free(before) && drained(before, after),
            ),
            (uapi::RB_COVER_BOOST, after.boost > before.boost),
            (
                uapi::RB_COVER_BELOW_HIGH,
                !before.flags & after.flags & BELOW_HIGH != 0,
            ),
            (
                uapi::RB_COVER_ABOVE_HIGH,
                before.flags & !after.flags & BELOW_HIGH != 0,
            ),
            (
                uapi::RB_COVER_HIGHATOMIC,
                before.nr_reserved_highatomic != after.nr_reserved_highatomic,
            ),
            (
                uapi::RB_COVER_CMA,
                total(before.free_cma) != total(after.free_cma),
            ),
        ];

        for (what, is_seen) in seen {
            self.add(what, u64::from(is_seen));
        }
    }

    /// Counts what the shadow says that it has done since it was made; `sign` -1 takes off.
    pub(super) fn shadow(&mut self, shadow: &Region, sign: i64) {
        for zone in shadow.zones() {
            let events = zone.snapshot().events;
            let mut count = |what, nr: u64| self.add(what, nr.wrapping_mul(sign as u64));

            count(uapi::RB_COVER_CLAIM, events.extfrag_claim);
            count(uapi::RB_COVER_STEAL, events.extfrag_steal);
            count(uapi::RB_COVER_CLAIM_PART, events.extfrag_claim_part);
            count(uapi::RB_COVER_MERGE_TAIL, events.merge_likely);
            count(uapi::RB_COVER_TAKE_HIGHATOMIC, events.highatomic);
            count(uapi::RB_COVER_TAKE_CMA, events.cma);
        }
    }
}

/// Whether more pages came to the zone than a free past the per-CPU lists brings.
fn drained(before: &ZoneScalars, after: &ZoneScalars) -> bool {
    before.pcp.count != after.pcp.count
}
