// SPDX-License-Identifier: GPL-2.0

//! Lines of the kernel's texts about a zone, byte for byte.
//!
//! C: `frag_show_print()`, `pagetypeinfo_showfree_print()`, `pagetypeinfo_showblockcount_print()`
//! in `mm/vmstat.c`.

#![deny(unsafe_code)]

use super::{
    migratetype::Migratetype,
    order::Order,
    vmstat::Snapshot,
    ZoneType, //
};
use core::fmt::{
    self,
    Write, //
};
use kernel::prelude::*;

/// From how many blocks on pagetypeinfo stops counting.
const MAX_COUNT: u32 = 100_000;

/// Number of the node, and which zone of it.
pub(crate) type Name = (i32, ZoneType);

/// The line of a zone in buddyinfo: free blocks of each order.
pub(crate) fn show_buddyinfo(out: &mut impl Write, name: Name, picture: &Snapshot) -> fmt::Result {
    let (nid, kind) = name;

    write!(out, "Node {nid}, zone {:>8} ", kind.name())?;
    for order in Order::all() {
        write!(out, "{:>6} ", picture.nr_blocks(order))?;
    }
    writeln!(out)
}

/// A line of the first table of pagetypeinfo: free blocks of each order that have a type. A list is
/// not followed to its end: there may be very many.
pub(crate) fn show_free(
    out: &mut impl Write,
    name: Name,
    picture: &Snapshot,
    mt: Migratetype,
) -> fmt::Result {
    let (nid, kind) = name;

    write!(out, "Node {nid:>4}, zone {:>8}, ", kind.name())?;
    write!(out, "type {:>12} ", mt.name())?;
    for order in Order::all() {
        match *picture.blocks.at(mt).at(order) {
            count if count >= MAX_COUNT => write!(out, ">{MAX_COUNT:>6} ")?,
            count => write!(out, "{count:>6} ")?,
        }
    }
    writeln!(out)
}

/// A line of the second table of pagetypeinfo: pageblocks of each type.
pub(crate) fn show_pageblocks(out: &mut impl Write, name: Name, picture: &Snapshot) -> fmt::Result {
    let (nid, kind) = name;

    write!(out, "Node {nid}, zone {:>8} ", kind.name())?;
    for mt in Migratetype::ALL {
        write!(out, "{:>12} ", picture.pageblocks.at(mt))?;
    }
    writeln!(out)
}

#[kunit_tests(rust_buddy_text)]
mod tests {
    use super::{
        super::{
            buddy::{
                Buddy,
                BuddyConfig, //
            },
            order::PageIdx, //
        },
        *, //
    };

    /// Room for a line.
    struct Line {
        bytes: [u8; 160],
        len: usize,
    }

    impl Line {
        const EMPTY: Self = Self {
            bytes: [0; 160],
            len: 0,
        };

        fn is(&self, text: &str) -> bool {
            self.bytes.get(..self.len) == Some(text.as_bytes())
        }
    }

    impl Write for Line {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            let end = self.len + text.len();
            let room = self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?;

            room.copy_from_slice(text.as_bytes());
            self.len = end;
            Ok(())
        }
    }

    /// Of a zone that has one free block of the largest order.
    fn picture() -> Result<Snapshot> {
        let config = BuddyConfig {
            start: PageIdx::new(0),
            nr_pages: 1024,
            pageblock_order: Order::new(9).ok_or(EINVAL)?,
            mobility_off: false,
            nr_cpus: 1,
        };

        Ok(Buddy::new(&config, 1024)?.snapshot())
    }

    #[test]
    fn row_145_a_line_of_buddyinfo() -> Result {
        let mut line = Line::EMPTY;

        show_buddyinfo(&mut line, (0, ZoneType::Normal), &picture()?).map_err(|_| EINVAL)?;
        assert!(line.is(concat!(
            "Node 0, zone   Normal      0      0      0      0      0      0",
            "      0      0      0      0      1 \n"
        )));
        Ok(())
    }

    #[test]
    fn row_146_counts_stop_at_one_hundred_thousand() -> Result {
        let mut picture = picture()?;

        for (order, count) in Order::all().zip([99_999, 100_000, 100_001, 4_000_000]) {
            *picture.blocks.at_mut(Migratetype::Movable).at_mut(order) = count;
        }
        let mut line = Line::EMPTY;
        let name = (1, ZoneType::Dma32);

        show_free(&mut line, name, &picture, Migratetype::Movable).map_err(|_| EINVAL)?;
        assert!(line.is(concat!(
            "Node    1, zone    DMA32, type      Movable  99999 >100000 >100000 >100000 ",
            "     0      0      0      0      0      0      1 \n"
        )));
        Ok(())
    }

    #[test]
    fn row_146_a_line_of_pageblocks() -> Result {
        let mut line = Line::EMPTY;

        show_pageblocks(&mut line, (0, ZoneType::Dma), &picture()?).map_err(|_| EINVAL)?;
        assert!(line.is(concat!(
            "Node 0, zone      DMA            0            2            0",
            "            0            0            0 \n"
        )));
        Ok(())
    }
}
