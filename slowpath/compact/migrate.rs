// SPDX-License-Identifier: GPL-2.0

//! Moving what was collected.
//!
//! C: `migrate_pages()` in `mm/migrate.c`.
//!
//! # Differences
//!
//! A block that was freed meanwhile is not counted: how large it was nobody knows any more (C: as
//! one that was moved).

#![deny(unsafe_code)]

use super::control::{
    Control,
    Progress,
    Site, //
};
use crate::{
    slowpath::owners::{
        Migrated,
        Owners, //
    },
    zone::{
        alloc_flags::FreeFlags,
        order::{
            Order,
            PageIdx, //
        }, //
    }, //
};

/// How it went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Moved {
    /// All of it.
    All,
    /// Not all of it could be moved.
    Some,
    /// There is no room (C: `-ENOMEM`).
    NoRoom,
}

impl<S: Site, O: Owners> Control<'_, S, O> {
    /// Moves what was collected; what cannot be moved stays (C: `migrate_pages()`). So does the
    /// rest if this task is to die.
    pub(super) fn migrate_pages(&mut self) -> Moved {
        let mut outcome = Moved::All;

        while let Some(page) = self.sources.pop() {
            if self.should_abort() {
                outcome = Moved::Some;
                break;
            }
            match self.migrate_one(page) {
                Moved::All => {}
                Moved::Some => outcome = Moved::Some,
                Moved::NoRoom => {
                    outcome = Moved::NoRoom;
                    break;
                }
            }
        }
        self.putback();
        outcome
    }

    /// Since it was collected it was pinned; or freed, and that is as good as moved
    /// (C: `folio_ref_count(src) == 1` in `migrate_folio_unmap()`).
    fn cannot_move(&mut self, page: PageIdx) -> Moved {
        let Some(order) = self.owners.held(page) else {
            return Moved::All;
        };

        Progress::count(&mut self.progress.failed, order.nr_pages());
        Moved::Some
    }

    fn migrate_one(&mut self, page: PageIdx) -> Moved {
        let Some(order) = self.owners.movable(page) else {
            return self.cannot_move(page);
        };
        let nr_pages = order.nr_pages();
        let Some(target) = self.compaction_alloc(order) else {
            Progress::count(&mut self.progress.failed, nr_pages);
            // There may be room for smaller ones.
            return match order {
                Order::ZERO => Moved::NoRoom,
                _ => Moved::Some,
            };
        };

        match self.owners.migrate(page, target) {
            Migrated::Moved(old) => {
                self.zone().free(old, FreeFlags::None);
                self.zone().sub_isolated(nr_pages);
                Progress::count(&mut self.progress.migrated, nr_pages);
                Moved::All
            }
            Migrated::Stayed(target) => {
                self.compaction_free(target);
                Progress::count(&mut self.progress.failed, nr_pages);
                Moved::Some
            }
            // It was off the free lists already.
            Migrated::Lost => {
                self.zone().sub_isolated(nr_pages);
                Progress::count(&mut self.progress.failed, nr_pages);
                Moved::Some
            }
        }
    }
}
