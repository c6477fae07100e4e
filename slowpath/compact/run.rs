// SPDX-License-Identifier: GPL-2.0

//! The loop of compaction: collect, move, look whether it is enough.
//!
//! C: `compact_zone()` in `mm/compaction.c`.

#![deny(unsafe_code)]

use super::{
    control::{
        CompactRequest,
        Control,
        Progress,
        Site, //
    },
    migrate::Moved,
    migrate_scan::Isolated,
    skip::reset_isolation_suitable,
    suitable::suit_allocation_order,
    CompactResult,
    Mode, //
};
use crate::{
    slowpath::owners::Owners,
    zone::{
        compaction::Scanners,
        Zone, //
    }, //
};

/// The order of a huge page: where one page is stuck, giving back stock does not help
/// (C: `COMPACTION_HPAGE_ORDER`).
const HPAGE_ORDER: u8 = 9;

/// Compacts a zone (C: `compact_zone()`).
///
/// Sleeps.
#[inline(never)]
pub(crate) fn compact_zone<S: Site, O: Owners>(
    site: &S,
    owners: &O,
    req: &CompactRequest,
) -> (CompactResult, Progress) {
    let zone = site.zone();

    if let Some(wanted) = req.wanted() {
        let result = suit_allocation_order(zone, &wanted);

        if result != CompactResult::Continue {
            return (result, Progress::default());
        }
        // After the longest wait the hints are as good as none.
        if zone.compaction().deferral.is_restarting(wanted.order) {
            reset_isolation_suitable(zone, owners);
        }
    }
    let (start, whole_zone) = starting_point(zone, req);
    let mut control = Control::new(req, site, owners, start);

    control.whole_zone = whole_zone;
    control.update_cached = req.mode == Mode::Async && cached_positions_agree(zone);
    let result = control.run();

    control.end();
    (result, control.progress)
}

/// Where the scanners begin, and whether that is the beginning.
fn starting_point(zone: &Zone, req: &CompactRequest) -> (Scanners, bool) {
    let compaction = zone.compaction();
    let [cached_async, cached_sync] = compaction.cached_migrate;

    if req.whole_zone {
        let start = compaction.resume.filter(|_| req.resumes);

        return (start.unwrap_or(compaction.initial()), true);
    }
    let start = Scanners {
        migrate: match req.mode {
            Mode::Async => cached_async,
            _ => cached_sync,
        },
        free: compaction.cached_free,
    };

    (start, start.migrate <= compaction.init_migrate)
}

fn cached_positions_agree(zone: &Zone) -> bool {
    let [cached_async, cached_sync] = zone.compaction().cached_migrate;

    cached_async == cached_sync
}

impl<S: Site, O: Owners> Control<'_, S, O> {
    fn run(&mut self) -> CompactResult {
        loop {
            let result = self.finished();

            if result != CompactResult::Continue {
                return result;
            }
            let scanners = self.scanners();

            self.zone()
                .with(|buddy| buddy.compaction().current = Some(scanners));
            if let Some(result) = self.step() {
                return result;
            }
        }
    }

    /// Moves what the next pageblock has, or the next part of it; how the run ended, if it did.
    fn step(&mut self) -> Option<CompactResult> {
        // Where something was moved just now and there is more, all of that goes at once, or it is
        // looked at again and again.
        self.finish_pageblock = self.last_migrated == Some(self.start_of(self.migrate));
        loop {
            match self.isolate_migratepages() {
                Isolated::Abort => {
                    self.putback();
                    return Some(CompactResult::Contended);
                }
                Isolated::None => {
                    self.update_cached_sync();
                    break;
                }
                Isolated::Some => {
                    self.update_cached = false;
                    self.last_migrated = Some(self.start_of(self.migrate.back(1)));
                }
            }
            let moved = self.migrate_pages();

            if moved == Moved::NoRoom && !self.scanners_met() {
                return Some(CompactResult::Contended);
            }
            if moved != Moved::All && self.rescans() {
                continue;
            }
            if self.has_captured() {
                return Some(CompactResult::Success);
            }
            break;
        }
        self.check_drain();
        None
    }

    /// Nothing is known yet that would make a difference between the two.
    fn update_cached_sync(&mut self) {
        if !self.update_cached {
            return;
        }
        self.zone().with(|buddy| {
            let [cached_async, cached_sync] = &mut buddy.compaction().cached_migrate;

            *cached_sync = *cached_async;
        });
    }

    /// Something could not be moved: look at the rest of the pageblock, so that it gets its mark
    /// and is not found again by the quick search.
    fn rescans(&mut self) -> bool {
        let rescans = !self.migrate.is_aligned(self.pageblock)
            && !self.req.ignore_skip_hint
            && !self.finish_pageblock
            && self.req.mode != Mode::Sync;

        if rescans {
            self.finish_pageblock = true;
            if self
                .req
                .order
                .is_some_and(|order| order.get() == HPAGE_ORDER)
            {
                self.last_migrated = None;
            }
        }
        rescans
    }

    fn has_captured(&self) -> bool {
        self.req.is_direct && self.zone().with(|buddy| buddy.has_captured())
    }

    /// The scanner has left the block that things were moved out of: what this CPU has in stock may
    /// be what is missing.
    fn check_drain(&mut self) {
        let (Some(order), Some(last)) = (self.req.order, self.last_migrated) else {
            return;
        };

        if last < self.migrate.align_down(order) {
            self.site.drain_local();
            self.last_migrated = None;
        }
    }

    fn end(&mut self) {
        let (resumes, was_stopped) = (self.req.resumes, self.was_stopped);
        let is_left = self.targets.nr_pages() > 0;
        let scanners = Scanners {
            migrate: self.migrate,
            free: self.release_targets(),
        };
        let start = self.start_of(scanners.free);

        self.zone().with(|buddy| {
            let compaction = buddy.compaction();

            // Only back, not on: both may begin anew already.
            if is_left {
                compaction.cached_free = start.max(compaction.cached_free);
            }
            compaction.current = None;
            if resumes {
                compaction.resume = was_stopped.then_some(scanners);
            }
        });
    }
}
