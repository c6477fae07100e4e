// SPDX-License-Identifier: GPL-2.0

//! Moving a block while it is used.
//!
//! The handle's window is locked, so that faults wait; mappings are removed, the contents copied,
//! the record repointed; whoever waited finds the new place. Nobody writes to the old pages after
//! the mappings are gone, and nobody reads from the new ones before they are whole.
//!
//! C: `migrate_pages()`, `try_to_migrate()` in `mm/migrate.c`, which wait at entries of page tables
//! made for that.

#![deny(unsafe_code)]

use super::{
    records::{
        moving::{
            Moved,
            Mover, //
        },
        nature::Listing, //
    },
    Device, //
};
use crate::{
    slowpath::owners::Migrated,
    sys::Window,
    zone::order::{
        Block,
        PageIdx, //
    }, //
};
use kernel::warn_on;

/// The order of the steps. All but the first lose what is written meanwhile: they are there to show
/// that a test sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Steps {
    /// Lock, unmap, copy, repoint.
    Right,
    /// Lock, copy, unmap, repoint.
    CopyFirst,
    /// Copy, repoint, unmap, and no lock.
    Unlocked,
}

impl Steps {
    /// By the parameter `wrong_move`.
    pub(super) fn new(wrong: u32) -> Self {
        match wrong {
            1 => Self::CopyFirst,
            2 => Self::Unlocked,
            _ => Self::Right,
        }
    }
}

impl Device {
    /// Moves the block that begins at `from` to `target`, unless it cannot be moved or this task is
    /// to die.
    pub(super) fn migrate_block(&self, from: PageIdx, target: Block) -> Migrated {
        let mover = self.records().with(|records| records.mover(from));
        let Some(mover) = mover.filter(|mover| mover.order == target.order()) else {
            return Migrated::Stayed(target);
        };
        // Somebody who has the page must not lose it, whatever the free lists say.
        if !self.check_new_pages(&target) {
            self.region().count_bad_page(&target);
            return Migrated::Lost;
        }
        let moved = self.move_claimed(&mover, from, target);
        let rest = match &moved {
            Ok(old) => old,
            Err(target) => target,
        };

        // Of two places one is handed out now.
        warn_on!(!self.free_pages_prepare(rest));
        moved.into()
    }

    fn move_claimed(&self, mover: &Mover, from: PageIdx, target: Block) -> Result<Block, Block> {
        let pgoff = self.pgoff(mover.handle.id);

        match Steps::new(self.params().wrong_move) {
            Steps::Unlocked => self
                .mapper
                .with_open_window(pgoff, |window| self.move_in(window, mover, from, target)),
            _ => self
                .mapper
                .with_window_killable(pgoff, target, |window, target| {
                    self.move_in(window, mover, from, target)
                })
                // This task is to die: nothing was done.
                .unwrap_or_else(Err),
        }
    }

    /// The steps, while the window of `chosen` is ours. What was mapped since is seen here; if
    /// another block lies there by now, its window is not ours.
    fn move_in(
        &self,
        window: &Window<'_>,
        chosen: &Mover,
        from: PageIdx,
        target: Block,
    ) -> Result<Block, Block> {
        let found = self.records().with(|records| records.mover(from));
        let Some(mover) = found.filter(|mover| mover.handle == chosen.handle) else {
            return Err(target);
        };
        let (to, nr) = (target.head().get(), target.nr_pages());
        let unmap = || {
            if mover.mapped {
                window.unmap(u64::from(nr));
            }
        };
        // Both are ours to touch: the one is claimed, the other may be anybody's by now, but then
        // the copy is not used.
        let copy = || self.carved().copy(from.get(), to, nr);

        match Steps::new(self.params().wrong_move) {
            Steps::Right => {
                unmap();
                copy();
                self.repoint(&mover, from, target)
            }
            Steps::CopyFirst => {
                copy();
                unmap();
                self.repoint(&mover, from, target)
            }
            Steps::Unlocked => {
                copy();
                let moved = self.repoint(&mover, from, target);

                unmap();
                moved
            }
        }
    }

    /// The last step. Lists follow under the same lock.
    fn repoint(&self, mover: &Mover, from: PageIdx, target: Block) -> Result<Block, Block> {
        let (page, order) = (target.head().get(), target.order());

        self.records().with(|records| {
            let Moved { old, active } = records.repoint(mover.handle, from, target)?;

            if let Some(active) = active {
                self.unlist(old.head());
                self.list(page, order, Listing::of(active));
            }
            Ok(old)
        })
    }
}
