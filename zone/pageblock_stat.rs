// SPDX-License-Identifier: GPL-2.0

//! What is to be seen of one pageblock.

#![deny(unsafe_code)]

use super::{
    buddy::Buddy,
    migratetype::Migratetype,
    order::{
        Order,
        PageIdx, //
    },
    Zone, //
};

/// What a pageblock holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageblockStat {
    pub(crate) migratetype: Migratetype,
    /// Pages on free lists.
    pub(crate) free: u32,
    /// Order of the largest free block in it, or of the one that it is a part of.
    pub(crate) largest: Option<Order>,
}

impl Zone {
    /// What the pageblock at `start` holds.
    pub(crate) fn pageblock(&self, start: PageIdx) -> PageblockStat {
        self.buddy.with(|buddy| buddy.pageblock_stat(start))
    }
}

impl Buddy {
    fn pageblock_stat(&self, start: PageIdx) -> PageblockStat {
        let size = self.blocks.order().nr_pages();
        let mut stat = PageblockStat {
            migratetype: self.blocks.migratetype(start),
            free: 0,
            largest: None,
        };

        for (_, order) in self.free_blocks_of(start) {
            stat.free = stat.free.wrapping_add(order.nr_pages().min(size));
            stat.largest = stat.largest.max(Some(order));
        }
        // A larger block that starts before this pageblock covers all of it.
        for order in self.blocks.order().to_max() {
            if self.map.is_buddy(start.align_down(order), order) {
                stat.free = size;
                stat.largest = Some(order);
            }
        }
        stat
    }
}
