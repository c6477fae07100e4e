// SPDX-License-Identifier: GPL-2.0

//! Whether a run of compaction has done what it was asked for.
//!
//! C: `__compact_finished()`, `compact_finished()` in `mm/compaction.c`.

#![deny(unsafe_code)]

use super::{
    control::{
        Control,
        Site, //
    },
    proactive::{
        score_of_zone,
        ScoreMarks, //
    },
    CompactResult, //
};
use crate::{
    slowpath::owners::Owners,
    zone::order::Order, //
};

impl<S: Site, O: Owners> Control<'_, S, O> {
    /// `Continue`, or how it ended (C: `compact_finished()`).
    pub(super) fn finished(&mut self) -> CompactResult {
        if self.scanners_met() {
            return self.met();
        }
        // What was collected was moved: the next run misses nothing.
        if self.site.should_stop(&self.progress) {
            self.was_stopped = true;
            return CompactResult::Contended;
        }
        match (self.req.proactive, self.req.order) {
            (Some(_), _) if self.site.kswapd_is_running() => CompactResult::PartialSkipped,
            (Some(marks), _) => self.finished_proactive(marks),
            (None, None) => CompactResult::Continue,
            (None, Some(order)) => self.finished_order(order),
        }
    }

    fn unless_contended(&self, result: CompactResult) -> CompactResult {
        match self.contended {
            true => CompactResult::Contended,
            false => result,
        }
    }

    /// Let the next run start anew.
    fn met(&mut self) -> CompactResult {
        let is_direct = self.req.is_direct;

        self.zone().with(|buddy| {
            let compaction = buddy.compaction();

            compaction.reset_cached_positions();
            // Whether the hints are still true only somebody who needs a block has to know.
            compaction.blockskip_flush |= is_direct;
        });
        match self.whole_zone {
            true => CompactResult::Complete,
            false => CompactResult::PartialSkipped,
        }
    }

    fn finished_proactive(&self, marks: ScoreMarks) -> CompactResult {
        let score = score_of_zone(self.zone());

        self.unless_contended(match score > marks.low {
            true => CompactResult::Continue,
            false => CompactResult::Success,
        })
    }

    fn finished_order(&self, order: Order) -> CompactResult {
        // A pageblock is finished once it was begun, so that others need not mix with what is left.
        if !self.migrate.is_aligned(self.pageblock) {
            return CompactResult::Continue;
        }
        match self.has_enough(order) {
            true => CompactResult::Success,
            false => self.unless_contended(CompactResult::Continue),
        }
    }

    fn has_enough(&self, order: Order) -> bool {
        let zone = self.zone();

        if !self.req.whole_blocks {
            return zone.with(|buddy| buddy.has_suitable_block(order, self.req.mt));
        }
        let mark = zone.marks().visible(self.req.flags.wmark());
        let free = zone.nr_free_in_pageblocks();

        zone.watermark_ok_with(order, (mark, free), self.req.highest, self.req.flags)
    }
}
