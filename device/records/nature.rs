// SPDX-License-Identifier: GPL-2.0

//! What may be done with a block while it is somebody's.
//!
//! A movable block may get other pages at any time, a purgeable one may lose its contents. A pinned
//! one is left alone whatever else it is.
//!
//! C: `folio_test_referenced()`, `folio_maybe_dma_pinned()`, `struct movable_operations`.

#![deny(unsafe_code)]

use super::{
    Handle,
    Records,
    NONE, //
};
use crate::{
    gfp::context::AllocContext,
    zone::{
        migratetype::Migratetype,
        order::Order,
        ZoneType, //
    }, //
};
use kernel::prelude::*;

/// How a block was asked for, as far as it matters for another one in its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Origin {
    pub(crate) highest_zone: ZoneType,
    pub(crate) migratetype: Migratetype,
}

impl Origin {
    /// Asked for without any wish.
    pub(super) const PLAIN: Self = Self {
        highest_zone: ZoneType::Normal,
        migratetype: Migratetype::Unmovable,
    };

    /// Asked for in this way.
    pub(crate) fn of(ctx: &AllocContext) -> Self {
        Self {
            highest_zone: ctx.highest_zone,
            migratetype: ctx.migratetype,
        }
    }
}

/// Facts about a block, a bit for each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Marks(u8);

impl Marks {
    /// Stays where it is, with its contents.
    pub(crate) const NONE: Self = Self(0);
    /// May get other pages.
    pub(crate) const MOVABLE: Self = Self(1);
    /// May lose its contents.
    pub(crate) const PURGEABLE: Self = Self(1 << 1);
    /// A mapping of it was used since somebody asked last (C: the accessed bit of page tables).
    pub(crate) const ACCESSED: Self = Self(1 << 2);
    /// It was when somebody asked last (C: `PG_referenced`).
    pub(crate) const REFERENCED: Self = Self(1 << 3);
    /// On the list of those used lately (C: `PG_active`).
    pub(crate) const ACTIVE: Self = Self(1 << 4);
    /// Its contents were dropped, and its owner was not told yet.
    pub(crate) const PURGED: Self = Self(1 << 5);

    /// Whether one of `marks` is set.
    pub(crate) const fn has(self, marks: Self) -> bool {
        self.0 & marks.0 != 0
    }

    /// These and `marks`.
    pub(crate) const fn with(self, marks: Self) -> Self {
        Self(self.0 | marks.0)
    }

    /// These without `marks`.
    pub(crate) const fn without(self, marks: Self) -> Self {
        Self(self.0 & !marks.0)
    }
}

/// What an owner says about a block. What it needs again it says in another way, see
/// [`Records::need`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Advice {
    Purgeable,
    Pin,
    Unpin,
    Movable,
    Unmovable,
    Cold,
    Hot,
}

/// What is so after an advice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Advised {
    /// First page; [`NONE`] if it has none.
    pub(crate) head: u32,
    pub(crate) nr_pins: u16,
    /// The list it is to be on, and whether at the end that is reclaimed first.
    pub(crate) list: Option<Listing>,
}

/// A place on the lists of blocks that may be reclaimed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Listing {
    Inactive,
    Active,
    /// The next to be reclaimed.
    Last,
}

impl Listing {
    /// By whether the block was used lately.
    pub(crate) fn of(active: bool) -> Self {
        match active {
            true => Self::Active,
            false => Self::Inactive,
        }
    }
}

impl Records {
    /// Does as its owner says: the errors of [`Records::check`], ERANGE to unpin what is not
    /// pinned, EOVERFLOW for too many pins, ENODATA to pin what has no pages.
    pub(crate) fn advise(
        &mut self,
        owner: u32,
        handle: Handle,
        order: Order,
        advice: Advice,
    ) -> Result<Advised> {
        self.check(owner, handle, order)?;
        let record = self.table.get_mut(handle.id as usize).ok_or(ERANGE)?;
        let marks = record.marks;

        match advice {
            Advice::Pin if record.head == NONE => return Err(ENODATA),
            Advice::Pin => record.pins = record.pins.checked_add(1).ok_or(EOVERFLOW)?,
            Advice::Unpin => record.pins = record.pins.checked_sub(1).ok_or(ERANGE)?,
            _ => record.marks = advised(marks, advice),
        }
        Ok(Advised {
            head: record.head,
            nr_pins: record.pins,
            list: listing(record.marks, advice).filter(|_| record.head != NONE && record.pins == 0),
        })
    }
}

fn advised(marks: Marks, advice: Advice) -> Marks {
    let seen = Marks::ACCESSED.with(Marks::REFERENCED);

    match advice {
        Advice::Purgeable => marks.with(Marks::PURGEABLE).without(seen),
        Advice::Movable => marks.with(Marks::MOVABLE),
        Advice::Unmovable => marks.without(Marks::MOVABLE),
        Advice::Cold => marks.without(seen.with(Marks::ACTIVE)),
        Advice::Hot => marks.with(Marks::REFERENCED.with(Marks::ACTIVE)),
        Advice::Pin | Advice::Unpin => marks,
    }
}

/// Where a block goes after an advice, if it goes anywhere.
fn listing(marks: Marks, advice: Advice) -> Option<Listing> {
    let listing = match (advice, marks.has(Marks::ACTIVE)) {
        (Advice::Cold, _) => Listing::Last,
        (Advice::Hot | Advice::Purgeable | Advice::Unpin, true) => Listing::Active,
        (Advice::Purgeable | Advice::Unpin, false) => Listing::Inactive,
        _ => return None,
    };

    marks.has(Marks::PURGEABLE).then_some(listing)
}

#[kunit_tests(rust_buddy_nature)]
mod tests {
    use super::{
        super::tests::with_block,
        *, //
    };

    #[test]
    fn pins_nest() -> Result {
        let (mut records, me, handle) = with_block(Marks::MOVABLE)?;
        let mut advise = |advice| records.advise(me, handle, Order::ZERO, advice);

        assert_eq!(advise(Advice::Unpin).err(), Some(ERANGE));
        assert_eq!(advise(Advice::Pin)?.nr_pins, 1);
        assert_eq!(advise(Advice::Pin)?.nr_pins, 2);
        assert_eq!(advise(Advice::Unpin)?.nr_pins, 1);
        assert_eq!(advise(Advice::Unpin)?.nr_pins, 0);
        assert_eq!(advise(Advice::Unpin).err(), Some(ERANGE));
        Ok(())
    }

    #[test]
    fn only_purgeable_blocks_are_listed() -> Result {
        let (mut records, me, handle) = with_block(Marks::NONE)?;
        let mut advise = |advice| -> Result<Option<Listing>> {
            Ok(records.advise(me, handle, Order::ZERO, advice)?.list)
        };

        assert_eq!(advise(Advice::Hot)?, None);
        assert_eq!(advise(Advice::Purgeable)?, Some(Listing::Active));
        assert_eq!(advise(Advice::Cold)?, Some(Listing::Last));
        assert_eq!(advise(Advice::Pin)?, None);
        assert_eq!(advise(Advice::Hot)?, None);
        assert_eq!(advise(Advice::Unpin)?, Some(Listing::Active));
        Ok(())
    }
}
