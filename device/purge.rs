// SPDX-License-Identifier: GPL-2.0

//! Dropping what blocks contain, and noticing whether they are used.
//!
//! Who looks at a block also removes its mappings: the next use is a fault, and noticed. A block
//! whose contents are dropped loses its pages; its handle stays.
//!
//! C: `shrink_folio_list()`, `folio_referenced()` in `mm/vmscan.c` and `mm/rmap.c`, which clear a
//! bit in the page tables instead.

#![deny(unsafe_code)]

use super::{
    clients::Owner,
    records::purging::{
        Purge,
        Reclaimable,
        Verdict, //
    },
    Device, //
};
use crate::{
    slowpath::owners::Reclaimed,
    sys::{
        uapi,
        Window, //
    },
    zone::order::{
        Block,
        PageIdx, //
    }, //
};

/// A block that is nobody's any more, and whose it was.
struct Dropped {
    block: Block,
    owner: Owner,
}

/// What was found out about a block.
enum Judged {
    Dropped(Dropped),
    Used,
    UsedOnce,
    Gone,
}

impl Device {
    /// Drops the contents of the block that begins at `page` unless it was used, or in any case.
    pub(super) fn reclaim_block(&self, page: PageIdx, force: bool) -> Reclaimed {
        let Some(found) = self.records().with(|records| records.reclaimable(page)) else {
            return Reclaimed::Unevictable;
        };
        let judged =
            self.mapper
                .with_window_killable(self.pgoff(found.handle.id), (), |window, ()| {
                    self.judge_in(window, &found, force)
                });

        match judged {
            Ok(Judged::Dropped(dropped)) => self.dropped(dropped),
            Ok(Judged::Used) => Reclaimed::Activate,
            // Or this task is to die: nobody has looked at the block.
            Ok(Judged::UsedOnce) | Err(()) => Reclaimed::Keep,
            Ok(Judged::Gone) => Reclaimed::Unevictable,
        }
    }

    fn judge_in(&self, window: &Window<'_>, found: &Reclaimable, force: bool) -> Judged {
        let handle = found.handle;
        let judged = self
            .records()
            .with(|records| records.verdict(handle, force));
        let Some((verdict, mapped)) = judged else {
            return Judged::Gone;
        };

        // Also if it stays: so the next use is noticed.
        if mapped {
            window.unmap(u64::from(found.order.nr_pages()));
        }
        match verdict {
            Verdict::Activate => Judged::Used,
            Verdict::Keep => Judged::UsedOnce,
            Verdict::Drop => match self.records().with(|records| records.purge(handle)) {
                Purge::Done(block, owner) => Judged::Dropped(Dropped { block, owner }),
                Purge::Full => Judged::UsedOnce,
                Purge::Gone => Judged::Gone,
            },
        }
    }

    /// The pages go to who looked; their owner is told.
    fn dropped(&self, Dropped { block, owner }: Dropped) -> Reclaimed {
        let nr_pages = u64::from(block.nr_pages());

        self.processes.owe(&owner, nr_pages);
        self.raise_for(uapi::RB_PRESSURE_PURGED, block.head(), Some(owner));
        match self.free_pages_prepare(&block) {
            true => Reclaimed::Freed(block),
            // Lost.
            false => {
                self.region().count_bad_page(&block);
                self.unlist(block.head());
                Reclaimed::Unevictable
            }
        }
    }

    /// Makes the next use of a block be noticed; whether it may stay on a list.
    pub(super) fn deactivate_block(&self, page: PageIdx) -> bool {
        let Some(found) = self.records().with(|records| records.reclaimable(page)) else {
            return false;
        };
        let handle = found.handle;
        let nr = u64::from(found.order.nr_pages());

        if !found.mapped {
            return self.records().with(|records| records.deactivate(handle));
        }
        let deactivated =
            self.mapper
                .with_window_killable(self.pgoff(handle.id), (), |window, ()| {
                    window.unmap(nr);
                    self.records().with(|records| records.deactivate(handle))
                });

        // Nobody has looked at it if this task is to die.
        deactivated.unwrap_or(true)
    }
}
