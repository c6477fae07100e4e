// SPDX-License-Identifier: GPL-2.0

//! Migratetypes: what the pages of a pageblock have in common.
//!
//! Pages that cannot be moved are kept together, away from those that can, so that large blocks can
//! be won back by moving the latter.
//!
//! C: `enum migratetype` in `include/linux/mmzone.h`, `fallbacks[]` in `mm/page_alloc.c`.

#![deny(unsafe_code)]

use kernel::prelude::*;

/// Number of migratetypes (C: `MIGRATE_TYPES` with CMA and isolation configured).
pub(crate) const MIGRATE_TYPES: usize = 6;

/// Number of migratetypes that requests ask for and per-CPU lists hold (C: `MIGRATE_PCPTYPES`).
pub(crate) const MIGRATE_PCPTYPES: usize = 3;

/// Kind of a pageblock, and of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Migratetype {
    /// Stays where it is.
    Unmovable = 0,
    /// Can be moved.
    Movable = 1,
    /// Can be dropped and made again.
    Reclaimable = 2,
    /// Kept back for high-order requests that must not wait.
    HighAtomic = 3,
    /// Lent to movable requests until a device wants it.
    Cma = 4,
    /// Taken out of use: neither allocated nor counted as free.
    Isolate = 5,
}

use Migratetype::{Cma, HighAtomic, Isolate, Movable, Reclaimable, Unmovable};

impl Migratetype {
    /// All of them, in the order of their numbers.
    pub(crate) const ALL: [Self; MIGRATE_TYPES] =
        [Unmovable, Movable, Reclaimable, HighAtomic, Cma, Isolate];

    /// The migratetype with this number.
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// The number (C: the enumerator's value).
    pub(crate) const fn number(self) -> u8 {
        self as u8
    }

    /// The number as an index, see [`PerType`].
    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    /// Name as in `/proc/pagetypeinfo` (C: `migratetype_names[]`).
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Unmovable => "Unmovable",
            Movable => "Movable",
            Reclaimable => "Reclaimable",
            HighAtomic => "HighAtomic",
            Cma => "CMA",
            Isolate => "Isolate",
        }
    }

    /// Whether free pageblocks of this type may merge with those of another
    /// (C: `migratetype_is_mergeable()`).
    pub(crate) const fn is_mergeable(self) -> bool {
        self.index() < MIGRATE_PCPTYPES
    }

    /// Types to take from when this one has run out, best first (C: `fallbacks[]`).
    pub(crate) const fn fallbacks(self) -> &'static [Self] {
        match self {
            Unmovable => &[Reclaimable, Movable],
            Movable => &[Reclaimable, Unmovable],
            Reclaimable => &[Unmovable, Movable],
            HighAtomic | Cma | Isolate => &[],
        }
    }
}

/// One value for each migratetype, indexed without a check that could fail.
///
/// The array is rounded up to a power of two: masking the index proves the bound.
#[derive(Clone, Copy)]
pub(crate) struct PerType<T>(pub(crate) [T; 8]);

impl<T> PerType<T> {
    /// The value of `mt`.
    #[inline]
    pub(crate) fn at(&self, mt: Migratetype) -> &T {
        &self.0[mt.index() & 7]
    }

    /// The value of `mt`, to change it.
    #[inline]
    pub(crate) fn at_mut(&mut self, mt: Migratetype) -> &mut T {
        &mut self.0[mt.index() & 7]
    }
}

#[kunit_tests(rust_buddy_migratetype)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_kernels() -> Result {
        for (number, mt) in (0u8..).zip(Migratetype::ALL) {
            assert_eq!(mt.number(), number);
            assert_eq!(Migratetype::from_number(number), Some(mt));
        }
        assert!(Migratetype::from_number(6).is_none());
        Ok(())
    }

    #[test]
    fn row_056_fallbacks_go_to_the_less_harmful_type_first() -> Result {
        assert!(Unmovable.fallbacks() == [Reclaimable, Movable].as_slice());
        assert!(Movable.fallbacks() == [Reclaimable, Unmovable].as_slice());
        assert!(Reclaimable.fallbacks() == [Unmovable, Movable].as_slice());
        for special in [HighAtomic, Cma, Isolate] {
            assert!(special.fallbacks().is_empty());
            assert!(!special.is_mergeable());
        }
        Ok(())
    }
}
