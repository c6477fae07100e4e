// SPDX-License-Identifier: GPL-2.0

//! Zones: the answer to `RB_ZONE_STAT`.

#![deny(unsafe_code)]

use std::fmt;

use rust_buddy_sys::*;
use serde::Serialize;

/// The zones, numbered as in the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum ZoneKind {
    /// The lowest memory.
    #[serde(rename = "DMA")]
    Dma,
    /// The lower memory.
    #[serde(rename = "DMA32")]
    Dma32,
    /// Ordinary memory.
    Normal,
    /// For movable blocks only.
    Movable,
    /// A number that this library does not know.
    Other,
}

impl ZoneKind {
    /// All that have a number.
    pub const ALL: [Self; 4] = [Self::Dma, Self::Dma32, Self::Normal, Self::Movable];

    /// Its name in buddyinfo.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dma => "DMA",
            Self::Dma32 => "DMA32",
            Self::Normal => "Normal",
            Self::Movable => "Movable",
            Self::Other => "?",
        }
    }
}

impl From<u32> for ZoneKind {
    fn from(raw: u32) -> Self {
        match raw {
            RB_ZONE_DMA => Self::Dma,
            RB_ZONE_DMA32 => Self::Dma32,
            RB_ZONE_NORMAL => Self::Normal,
            RB_ZONE_MOVABLE => Self::Movable,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for ZoneKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What has happened in a zone since the module was loaded.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Events {
    /// Pages allocated.
    pub pgalloc: u64,
    /// Pages freed.
    pub pgfree: u64,
    /// Pageblocks claimed from another migratetype.
    pub extfrag_claim: u64,
    /// Blocks stolen from another migratetype.
    pub extfrag_steal: u64,
    /// Requests that ended without a block.
    pub alloc_fail: u64,
    /// Blocks leaked because a check failed.
    pub bad_page: u64,
}

/// One zone at one instant. Sizes are pages.
#[derive(Debug, Clone, Serialize)]
pub struct ZoneStat {
    /// Its node.
    pub nid: i32,
    /// Which zone.
    pub zone: ZoneKind,
    /// Its name.
    pub name: String,
    /// Changes with every change of the free lists.
    pub seq: u64,
    /// Its first page in the region.
    pub start: u64,
    /// Pages between its ends.
    pub spanned: u64,
    /// Pages that are there.
    pub present: u64,
    /// Pages that the allocator manages.
    pub managed: u64,
    /// Pages on the free lists.
    pub free: u64,
    /// Pages on per-CPU lists.
    pub pcp: u64,
    /// Watermark for ordinary requests, with the boost.
    pub min: u64,
    /// Watermark that wakes the reclaimer, with the boost.
    pub low: u64,
    /// Watermark that lets it sleep, with the boost.
    pub high: u64,
    /// Watermark of memory tiering, with the boost.
    pub promo: u64,
    /// The boost.
    pub boost: u64,
    /// Pages in highatomic pageblocks.
    pub reserved_highatomic: u64,
    /// Free pages in highatomic pageblocks.
    pub free_highatomic: u64,
    /// Pages that requests for higher zones must leave.
    pub protection: Vec<u64>,
    /// Free blocks: `[migratetype][order]`.
    pub nr_free: Vec<Vec<u64>>,
    /// Counters.
    pub events: Events,
}

impl ZoneStat {
    /// Takes what the module answered; tables are cut to the sizes that exist.
    pub(crate) fn new(raw: &rb_zone_stat, nr_migratetypes: u32, nr_orders: u32) -> Self {
        let row = |row: &[u64; RB_MAX_ORDERS as usize]| cut(row, nr_orders);
        Self {
            nid: raw.nid,
            zone: ZoneKind::from(raw.zone),
            name: name(raw),
            seq: raw.seq,
            start: raw.start_idx,
            spanned: raw.spanned,
            present: raw.present,
            managed: raw.managed,
            free: raw.free,
            pcp: raw.pcp_total,
            min: raw.min,
            low: raw.low,
            high: raw.high,
            promo: raw.promo,
            boost: raw.boost,
            reserved_highatomic: raw.reserved_highatomic,
            free_highatomic: raw.free_highatomic,
            protection: cut(&raw.protection, ZoneKind::ALL.len() as u32),
            nr_free: cut(&raw.nr_free, nr_migratetypes).iter().map(row).collect(),
            events: events(raw),
        }
    }

    /// Free blocks by order, all migratetypes together: a row of buddyinfo.
    pub fn free_by_order(&self) -> Vec<u64> {
        let width = self.nr_free.first().map_or(0, Vec::len);
        let column = |order: usize| self.nr_free.iter().filter_map(|row| row.get(order)).sum();
        (0..width).map(column).collect()
    }

    /// Whether blocks x 2^order is the number of free pages.
    pub fn adds_up(&self) -> bool {
        blocks_to_pages(&self.free_by_order()) == self.free
    }
}

/// The pages of `blocks[order]` blocks of each order.
pub fn blocks_to_pages(blocks: &[u64]) -> u64 {
    blocks
        .iter()
        .zip(0u32..)
        .map(|(nr, order)| nr << order)
        .sum()
}

/// The first `nr` entries.
fn cut<T: Clone>(all: &[T], nr: u32) -> Vec<T> {
    all.iter().take(nr as usize).cloned().collect()
}

fn name(raw: &rb_zone_stat) -> String {
    raw.name
        .iter()
        .map(|c| c.to_ne_bytes()[0])
        .take_while(|byte| *byte != 0)
        .map(char::from)
        .collect()
}

fn events(raw: &rb_zone_stat) -> Events {
    let get = |event: rb_event| raw.events.get(event as usize).copied().unwrap_or(0);
    Events {
        pgalloc: get(RB_EVENT_PGALLOC),
        pgfree: get(RB_EVENT_PGFREE),
        extfrag_claim: get(RB_EVENT_EXTFRAG_CLAIM),
        extfrag_steal: get(RB_EVENT_EXTFRAG_STEAL),
        alloc_fail: get(RB_EVENT_ALLOC_FAIL),
        bad_page: get(RB_EVENT_BAD_PAGE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_add_up_over_migratetypes() {
        let mut raw = rb_zone_stat::default();
        raw.nr_free[0][0] = 1;
        raw.nr_free[1][0] = 2;
        raw.nr_free[1][3] = 1;
        raw.free = 11;
        let stat = ZoneStat::new(&raw, 4, 11);
        assert_eq!(stat.free_by_order(), [3, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
        assert!(stat.adds_up());
    }
}
