// SPDX-License-Identifier: GPL-2.0

//! Whether a picture of a zone of the kernel can be right at all: for runs without a shadow.

#![deny(unsafe_code)]

use super::compare::Divergence;
use crate::{
    sys::uapi,
    zone::{
        image::{
            ListedBlock,
            ZoneImage, //
        },
        order::Order, //
    }, //
};

/// What is looked at: `div_where` of the finding.
const FREE_PAGES: u32 = 0;
const PCP_COUNT: u32 = 1;
const OUTSIDE: u32 = 2;
const ALIGNMENT: u32 = 3;
const TYPE: u32 = 4;

/// The first thing that contradicts another. `nr_free` is the kernel's own count.
#[inline(never)]
pub(super) fn image(image: &ZoneImage, nr_free: i64, pageblock_order: Order) -> Option<Divergence> {
    let finding = |location, position: usize, real: u64, ours: u64| {
        let place = (uapi::RB_DIV_AUDIT, location, position as u32);

        Divergence::of(image.kind, place, (real, ours))
    };
    let count = image.scalars.pcp.count;

    finding(FREE_PAGES, 0, nr_free as u64, pages(&image.free))
        .or_else(|| finding(PCP_COUNT, 0, i64::from(count) as u64, pages(&image.pcp)))
        .or_else(|| {
            let both = Iterator::chain(image.free.iter(), image.pcp.iter());

            (0..usize::MAX).zip(both).find_map(|(i, block)| {
                let is_inside = u64::from(is_inside(image, block));
                let is_aligned = u64::from(block.page.is_aligned(block.order));

                finding(OUTSIDE, i, is_inside, 1).or_else(|| finding(ALIGNMENT, i, is_aligned, 1))
            })
        })
        .or_else(|| {
            (0..usize::MAX).zip(&image.free).find_map(|(i, block)| {
                let mt = pageblock(image, block, pageblock_order)?;

                finding(TYPE, i, u64::from(mt), u64::from(block.list))
            })
        })
}

/// Pages of a list of blocks.
pub(super) fn pages(blocks: &[ListedBlock]) -> u64 {
    blocks.iter().fold(0, |sum, block| {
        sum.wrapping_add(u64::from(block.order.nr_pages()))
    })
}

fn is_inside(image: &ZoneImage, block: &ListedBlock) -> bool {
    let first = block.page.get().wrapping_sub(image.start.get());

    first < image.spanned && image.spanned.wrapping_sub(first) >= block.order.nr_pages()
}

/// Type of the pageblock that a block begins in.
fn pageblock(image: &ZoneImage, block: &ListedBlock, order: Order) -> Option<u8> {
    let shift = order.get() & 31;
    let first = image.start.get() >> shift;
    let index = (block.page.get() >> shift).wrapping_sub(first);

    image.pageblocks.get(index as usize).copied()
}
