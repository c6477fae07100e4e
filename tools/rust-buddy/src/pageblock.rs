// SPDX-License-Identifier: GPL-2.0

//! The region by pageblocks.

#![deny(unsafe_code)]

use std::fmt;

use rust_buddy_sys::*;
use serde::Serialize;

use crate::ZoneKind;

/// What kind of block a pageblock is for, numbered as in the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Migratetype {
    /// Stays where it is.
    Unmovable,
    /// Can be moved.
    Movable,
    /// Can be given up.
    Reclaimable,
    /// Reserve for urgent requests.
    HighAtomic,
    /// Contiguous memory area.
    Cma,
    /// Taken out of use.
    Isolate,
    /// A number that this library does not know.
    Other,
}

impl Migratetype {
    /// All that have a number.
    pub const ALL: [Self; 6] = [
        Self::Unmovable,
        Self::Movable,
        Self::Reclaimable,
        Self::HighAtomic,
        Self::Cma,
        Self::Isolate,
    ];

    /// One letter, as short forms of pagetypeinfo use it.
    pub fn letter(self) -> char {
        match self {
            Self::Unmovable => 'U',
            Self::Movable => 'M',
            Self::Reclaimable => 'R',
            Self::HighAtomic => 'H',
            Self::Cma => 'C',
            Self::Isolate => 'I',
            Self::Other => '?',
        }
    }
}

impl From<u32> for Migratetype {
    fn from(raw: u32) -> Self {
        usize::try_from(raw)
            .ok()
            .and_then(|raw| Self::ALL.get(raw))
            .copied()
            .unwrap_or(Self::Other)
    }
}

impl fmt::Display for Migratetype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unmovable => "unmovable",
            Self::Movable => "movable",
            Self::Reclaimable => "reclaimable",
            Self::HighAtomic => "highatomic",
            Self::Cma => "cma",
            Self::Isolate => "isolate",
            Self::Other => "other",
        })
    }
}

/// One pageblock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Pageblock {
    /// Pages on the free lists. Pages on per-CPU lists are not among them.
    pub free: u32,
    /// Pages that belong to the region.
    pub pages: u32,
    /// Its kind.
    pub migratetype: Migratetype,
    /// Its zone.
    pub zone: ZoneKind,
    /// Its node.
    pub nid: u32,
    /// Order of its largest free block.
    pub largest_free_order: Option<u32>,
}

impl Pageblock {
    /// Pages that are not on the free lists.
    pub fn used(&self) -> u32 {
        self.pages.saturating_sub(self.free)
    }
}

impl From<&rb_pageblock> for Pageblock {
    fn from(raw: &rb_pageblock) -> Self {
        Self {
            free: raw.free,
            pages: raw.nr_pages,
            migratetype: Migratetype::from(raw.info & RB_PB_MIGRATETYPE_MASK),
            zone: ZoneKind::from((raw.info >> RB_PB_ZONE_SHIFT) & 0xf),
            nid: (raw.info >> RB_PB_NID_SHIFT) & 0xff,
            largest_free_order: ((raw.info >> RB_PB_LARGEST_SHIFT) & 0x1f).checked_sub(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_info_are_taken_apart() {
        let block = Pageblock::from(&rb_pageblock {
            free: 12,
            nr_pages: 512,
            info: RB_MIGRATE_RECLAIMABLE
                | (RB_ZONE_NORMAL << RB_PB_ZONE_SHIFT)
                | (1 << RB_PB_NID_SHIFT)
                | (4 << RB_PB_LARGEST_SHIFT),
            reserved: 0,
        });
        assert_eq!(block.migratetype, Migratetype::Reclaimable);
        assert_eq!(block.zone, ZoneKind::Normal);
        assert_eq!((block.nid, block.used()), (1, 500));
        assert_eq!(block.largest_free_order, Some(3));
    }

    #[test]
    fn no_free_block_has_no_order() {
        let block = Pageblock::from(&rb_pageblock::default());
        assert_eq!(block.largest_free_order, None);
    }
}
