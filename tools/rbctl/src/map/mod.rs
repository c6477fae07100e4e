// SPDX-License-Identifier: GPL-2.0

//! The region as a picture: what the drawings for terminals and files have in common.

#![deny(unsafe_code)]

pub(crate) mod svg;
pub(crate) mod term;

use rust_buddy::{
    Info,
    Migratetype,
    Pageblock,
    ZoneKind, //
};

use crate::units;

/// Pageblocks of one zone, with the page that it starts at.
pub(crate) struct Strip<'a> {
    pub(crate) zone: ZoneKind,
    pub(crate) start_page: u64,
    pub(crate) blocks: &'a [Pageblock],
}

/// All that is drawn.
pub(crate) struct Picture<'a> {
    pub(crate) strips: Vec<Strip<'a>>,
    pub(crate) block_pages: u64,
    pub(crate) block_bytes: u64,
    blocks: &'a [Pageblock],
    page_shift: u32,
}

impl<'a> Picture<'a> {
    pub(crate) fn new(info: &Info, blocks: &'a [Pageblock]) -> Self {
        let block_pages = 1 << info.pageblock_order;
        let mut start_page = 0;
        let strips = blocks
            .chunk_by(|a, b| (a.nid, a.zone) == (b.nid, b.zone))
            .filter_map(|blocks| {
                let first = blocks.first()?;
                let start = start_page;
                start_page += blocks.len() as u64 * block_pages;
                Some(Strip {
                    zone: first.zone,
                    start_page: start,
                    blocks,
                })
            })
            .collect();
        Self {
            strips,
            block_pages,
            block_bytes: block_pages << info.page_shift,
            blocks,
            page_shift: info.page_shift,
        }
    }

    /// `64 MiB on node 1: 32 pageblocks of 2 MiB, 7.5 % in use`
    pub(crate) fn summary(&self) -> String {
        let (pages, used) = (self.sum(|b| b.pages), self.sum(Pageblock::used));
        format!(
            "{} on {}: {} of {}, {} in use",
            units::bytes(pages << self.page_shift),
            self.nodes(),
            units::count(self.blocks.len() as u64, "pageblock"),
            units::bytes(self.block_bytes),
            units::percent(used, pages),
        )
    }

    /// The migratetypes of the legend: the three ordinary ones, and what else there is.
    pub(crate) fn migratetypes(&self) -> Vec<Migratetype> {
        let is_there =
            |kind: &Migratetype| self.blocks.iter().any(|block| block.migratetype == *kind);
        Migratetype::ALL
            .into_iter()
            .filter(|kind| *kind <= Migratetype::Reclaimable || is_there(kind))
            .collect()
    }

    /// The largest block that could be had.
    pub(crate) fn largest_free_order(&self) -> Option<u32> {
        self.blocks
            .iter()
            .filter_map(|block| block.largest_free_order)
            .max()
    }

    fn sum(&self, field: impl Fn(&Pageblock) -> u32) -> u64 {
        self.blocks
            .iter()
            .map(|block| u64::from(field(block)))
            .sum()
    }

    fn nodes(&self) -> String {
        let mut nodes: Vec<u32> = self.blocks.iter().map(|block| block.nid).collect();
        nodes.sort_unstable();
        nodes.dedup();
        let words: Vec<String> = nodes.iter().map(u32::to_string).collect();
        match words.len() {
            1 => format!("node {}", words[0]),
            _ => format!("nodes {}", words.join(", ")),
        }
    }
}

/// A region to draw in tests: every migratetype, every shade.
#[cfg(test)]
pub(crate) fn example() -> (Info, Vec<Pageblock>) {
    use rust_buddy::uapi::rb_query;

    let info = Info::from(&rb_query {
        page_shift: 12,
        nr_orders: 11,
        pageblock_order: 9,
        region_pages: 32 * 512,
        ..Default::default()
    });
    let zones = [
        (2, ZoneKind::Dma),
        (8, ZoneKind::Dma32),
        (14, ZoneKind::Normal),
        (8, ZoneKind::Movable),
    ];
    let zones = zones
        .into_iter()
        .flat_map(|(nr, zone)| std::iter::repeat_n(zone, nr));
    let block = |(index, zone): (u32, ZoneKind)| Pageblock {
        free: [512, 511, 384, 256, 100, 1, 0][index as usize % 7],
        pages: 512,
        migratetype: Migratetype::ALL[index as usize % 5],
        zone,
        nid: 1,
        largest_free_order: [Some(9), Some(8), Some(8), Some(7), Some(5), Some(0), None]
            [index as usize % 7],
    };
    (info, (0..).zip(zones).map(block).collect())
}
