// SPDX-License-Identifier: GPL-2.0

//! What the slow path asks of those who hold blocks.
//!
//! The allocator knows which pages are free; who has the others, and what may be done with them,
//! its users know. They implement [`Owners`].
//!
//! C: what `struct page` and its mapping tell: `folio_test_lru()`, `migrate_pages()`,
//! `shrink_folio_list()`, `out_of_memory()`.

#![deny(unsafe_code)]

use crate::{
    gfp::context::AllocContext,
    zone::order::{
        Block,
        Order,
        PageIdx, //
    }, //
};

/// What became of a block whose contents were to be dropped.
#[derive(Debug)]
pub(crate) enum Reclaimed {
    /// They were: the block is the caller's, to be freed.
    Freed(Block),
    /// It was used since the last time: to the active list (C: `FOLIOREF_ACTIVATE`).
    Activate,
    /// Used once: stays inactive, for one more round (C: `FOLIOREF_KEEP`).
    Keep,
    /// It is pinned, being moved, needed or gone: on no list any more.
    Unevictable,
}

/// What became of a block that was to be moved.
#[derive(Debug)]
pub(crate) enum Migrated {
    /// It was: its old place is nobody's.
    Moved(Block),
    /// It stays where it is, and the target is nobody's.
    Stayed(Block),
    /// It stays where it is, and the target is bad: nobody is to have it.
    Lost,
}

impl From<Result<Block, Block>> for Migrated {
    fn from(moved: Result<Block, Block>) -> Self {
        match moved {
            Ok(old) => Self::Moved(old),
            Err(target) => Self::Stayed(target),
        }
    }
}

/// How the search for a victim ended (C: `out_of_memory()`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OomResult {
    /// Blocks were given back, or will be shortly.
    Killed,
    /// Another is still giving its blocks back.
    Pending,
    /// Nobody holds anything that could be taken.
    NoVictim,
}

/// Those who hold blocks. Every method sleeps unless it says otherwise, and takes locks that are
/// outside of a zone's.
pub(crate) trait Owners {
    /// The order of the block that begins at `page`, if it could be moved now: somebody holds it,
    /// it is movable and not pinned. A hint: [`migrate`](Self::migrate) looks again. Never sleeps;
    /// not under a zone's lock.
    fn movable(&self, page: PageIdx) -> Option<Order>;

    /// The order of the block that begins at `page`, if somebody holds it, whether it could be
    /// moved or not: where nothing is ever pinned, the same. A hint; never sleeps; not under a
    /// zone's lock.
    fn held(&self, page: PageIdx) -> Option<Order> {
        self.movable(page)
    }

    /// Moves the block that begins at `from` to `target`, which is as large and nobody's.
    fn migrate(&self, from: PageIdx, target: Block) -> Migrated;

    /// Looks at whether the block at `page`, taken off the inactive list, was used, and if not,
    /// drops its contents. With `force` also if it was.
    fn reclaim(&self, page: PageIdx, force: bool) -> Reclaimed;

    /// Makes the next use of the block at `page` be noticed, as it goes from the active list to the
    /// inactive one; whether it may stay on a list at all.
    fn deactivate(&self, page: PageIdx) -> bool;

    /// Takes everything back from whom that helps most. Never a kernel thread, never nobody's.
    fn oom(&self, ctx: &AllocContext) -> OomResult;
}

/// Nobody holds anything that could be moved or dropped.
pub(crate) struct NoOwners;

impl Owners for NoOwners {
    fn movable(&self, _page: PageIdx) -> Option<Order> {
        None
    }

    fn migrate(&self, _from: PageIdx, target: Block) -> Migrated {
        Migrated::Stayed(target)
    }

    fn reclaim(&self, _page: PageIdx, _force: bool) -> Reclaimed {
        Reclaimed::Unevictable
    }

    fn deactivate(&self, _page: PageIdx) -> bool {
        false
    }

    fn oom(&self, _ctx: &AllocContext) -> OomResult {
        OomResult::NoVictim
    }
}
