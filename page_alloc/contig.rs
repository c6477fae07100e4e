// SPDX-License-Identifier: GPL-2.0

//! Ranges of pages that are no block: taken by isolating the pageblocks that they lie in.
//!
//! C: `alloc_contig_range()`, `free_contig_range()`, `alloc_pages_exact()` in `mm/page_alloc.c`,
//! `start_isolate_page_range()` in `mm/page_isolation.c`.
//!
//! # Differences
//!
//! Nothing is migrated yet: a range with a page in use cannot be had.

#![deny(unsafe_code)]

use super::{
    pageset::Pageset,
    Region, //
};
use crate::{
    gfp::context::AllocContext,
    zone::{
        alloc_flags::{
            AllocFlags,
            FreeFlags, //
        },
        migratetype::Migratetype,
        order::{
            Block,
            Order,
            PageIdx, //
        },
        ZoneType, //
    }, //
};
use kernel::prelude::*;

/// A range of pages in one zone.
#[derive(Clone, Copy)]
struct Range {
    start: PageIdx,
    end: PageIdx,
    /// Order of a pageblock.
    order: Order,
}

impl Range {
    /// First pages of the pageblocks that it touches.
    fn pageblocks(self) -> impl DoubleEndedIterator<Item = PageIdx> + Clone {
        let first = self.start.align_down(self.order);
        let last = self.end.add(u32::MAX).align_down(self.order);
        let nr = last.get().wrapping_sub(first.get()) >> (self.order.get() & 31);
        let order = self.order;

        (0..=nr).map(move |nr| first.add(nr << (order.get() & 31)))
    }

    /// The part of a pageblock that lies in it.
    fn part_of(self, pageblock: PageIdx) -> (PageIdx, PageIdx) {
        let end = pageblock.add(self.order.nr_pages());

        (pageblock.max(self.start), end.min(self.end))
    }
}

impl Region {
    /// Takes the pages `start..start + nr` if all of them are free, on lists or in stock. ERANGE if
    /// they do not lie in one zone, EBUSY if a page is in use or its pageblock is being isolated by
    /// somebody else (C: `alloc_contig_range()`).
    ///
    /// Takes locks for as long as it takes to walk the range; never sleeps.
    pub(crate) fn alloc_contig_range(&self, start: PageIdx, nr: u32) -> Result {
        let last = start.get().checked_add(nr.wrapping_sub(1)).ok_or(ERANGE)?;
        let pageset = self.pageset_of(start).ok_or(ERANGE)?;

        if nr == 0 || !pageset.zone().contains(PageIdx::new(last)) {
            return Err(ERANGE);
        }
        let range = Range {
            start,
            end: start.add(nr),
            order: self.config.pageblock_order,
        };

        start_isolate_page_range(pageset, range)?;
        pageset.drain_all();
        let taken = pageset.take_isolated(range);

        undo_isolate(pageset, range.pageblocks());
        taken
    }

    /// Takes `nr` contiguous pages, a power of two, aligned to themselves, from wherever they can
    /// be had. `None` if that is nowhere (C: `alloc_contig_pages()`).
    ///
    /// Takes locks for a walk over all pages at worst; never sleeps.
    #[allow(dead_code, reason = "a way in for other callers than the device")]
    pub(crate) fn alloc_contig_pages(&self, ctx: &AllocContext, nr: u32) -> Option<PageIdx> {
        self.zonelist(ctx).find_map(|pageset| {
            let span = pageset.zone().span();
            let first = span.start.get().checked_next_multiple_of(nr)?;
            let end = span.start.add(span.nr_pages).get();

            (first..end)
                .step_by(nr as usize)
                .map(PageIdx::new)
                .find(|start| self.alloc_contig_range(*start, nr).is_ok())
        })
    }

    /// Gives back `nr` pages from `start` on, each of them in use, in as large blocks as they make
    /// (C: `free_contig_range()`).
    pub(crate) fn free_contig_range(&self, start: PageIdx, nr: u32) {
        for block in blocks(start, nr) {
            self.free_pages(block);
        }
    }

    /// Takes `nr` contiguous pages, at least one and at most a block of the largest order, and
    /// gives back what a block has more than that. `None` if there is no such block (C:
    /// `alloc_pages_exact()`).
    #[allow(dead_code, reason = "a way in for other callers than the device")]
    pub(crate) fn alloc_pages_exact(&self, ctx: &AllocContext, nr: u32) -> Option<PageIdx> {
        let order = Order::new(nr.checked_next_power_of_two()?.trailing_zeros())?;
        let block = self.alloc_pages(&AllocContext { order, ..*ctx })?.block;
        let pageset = self.pageset_of(block.head())?;

        for page in nr..block.nr_pages() {
            let rest = Block::new(block.head().add(page), Order::ZERO);

            pageset.zone().free(rest, FreeFlags::ToTail);
        }
        Some(block.head())
    }

    /// Gives `nr` pages back, one by one (C: `free_pages_exact()`).
    #[allow(dead_code, reason = "a way in for other callers than the device")]
    pub(crate) fn free_pages_exact(&self, start: PageIdx, nr: u32) {
        for page in 0..nr {
            self.free_pages(Block::new(start.add(page), Order::ZERO));
        }
    }
}

impl Pageset {
    /// Takes what was isolated. EBUSY if something in it is not free.
    fn take_isolated(&self, range: Range) -> Result {
        let Range { start, end, .. } = range;
        let taken = self.zone().with(|buddy| {
            buddy
                .pages_isolated(start, end)
                .then(|| buddy.take_isolated(start, end))
        });
        let (first, last) = taken.ok_or(EBUSY)?;

        // Blocks that reach beyond the range are given back in part.
        for (from, to) in [(first, start), (end, last)] {
            for block in blocks(from, to.get().wrapping_sub(from.get())) {
                self.free(block, AllocFlags::WMARK_MIN);
            }
        }
        Ok(())
    }

    /// Isolates a pageblock if no page of `part` is in use (C: `set_migratetype_isolate()`).
    fn isolate(&self, pageblock: PageIdx, part: (PageIdx, PageIdx)) -> Result {
        let in_stock = self.nr_pages_in(part.0, part.1);
        let nr = part.1.get().wrapping_sub(part.0.get());
        let movable_zone = self.zone().kind() == ZoneType::Movable;

        self.zone().with(|buddy| {
            if buddy.migratetype(pageblock) == Migratetype::Isolate {
                return Err(EBUSY);
            }
            let idle = buddy.free_pages_in(part.0, part.1).wrapping_add(in_stock);

            if buddy.migratetype(pageblock) == Migratetype::Cma || (idle < nr && !movable_zone) {
                return Err(EBUSY);
            }
            buddy.isolate_pageblock(pageblock)
        })
    }
}

/// Isolates all pageblocks of a range, or none: the first and the last one, of which all must be
/// idle, and then those between them (C: `start_isolate_page_range()`).
fn start_isolate_page_range(pageset: &Pageset, range: Range) -> Result {
    let whole = |block: PageIdx| (block, block.add(range.order.nr_pages()));
    let mut ends = range.pageblocks();
    let Some(first) = ends.next() else {
        return Err(ERANGE);
    };

    pageset.isolate(first, whole(first))?;
    let Some(last) = ends.next_back() else {
        return Ok(());
    };

    pageset
        .isolate(last, whole(last))
        .inspect_err(|_| undo_isolate(pageset, [first].into_iter()))?;
    for middle in ends {
        if let Err(error) = pageset.isolate(middle, range.part_of(middle)) {
            undo_isolate(
                pageset,
                range.pageblocks().take_while(|block| *block < middle),
            );
            undo_isolate(pageset, [last].into_iter());
            return Err(error);
        }
    }
    Ok(())
}

/// Ends the isolation of pageblocks (C: `undo_isolate_page_range()`).
fn undo_isolate(pageset: &Pageset, pageblocks: impl Iterator<Item = PageIdx>) {
    for pageblock in pageblocks {
        // Isolated by us, so it is isolated.
        let _ = pageset
            .zone()
            .with(|buddy| buddy.unisolate_pageblock(pageblock));
    }
}

/// The largest blocks that `nr` pages from `start` on are made of, ascending
/// (C: `free_prepared_contig_range()`).
fn blocks(start: PageIdx, nr: u32) -> impl Iterator<Item = Block> {
    let mut page = start;
    let mut left = nr;

    core::iter::from_fn(move || {
        let size = left.checked_ilog2()?;
        let align = page.get().trailing_zeros();
        let order = Order::new(size.min(align).min(u32::from(Order::MAX.get())))?;
        let block = Block::new(page, order);

        page = page.add(order.nr_pages());
        left = left.wrapping_sub(order.nr_pages());
        Some(block)
    })
}

#[kunit_tests(rust_buddy_contig)]
mod tests {
    use super::{
        super::{
            fixture::config,
            layout::Shares,
            node::NodeSpan,
            RegionConfig, //
        },
        *, //
    };
    use crate::gfp::Gfp;

    fn region(exact: bool) -> Result<Region> {
        region_at(0, exact)
    }

    fn region_at(start: u32, exact: bool) -> Result<Region> {
        let config = RegionConfig {
            exact,
            ..config(8192, Shares::NONE)?
        };
        let span = NodeSpan {
            nid: 0,
            start: PageIdx::new(start),
            nr_pages: config.nr_pages,
        };

        Region::new(config, &[span])
    }

    fn ctx() -> Result<AllocContext> {
        AllocContext::new(Gfp::MOVABLE, Order::ZERO).ok_or(EINVAL)
    }

    #[test]
    fn row_107_what_is_too_much_goes_back_to_the_tail() -> Result {
        let region = region(false)?;
        // A page between free ones, so that the surplus cannot merge.
        let start = region.alloc_pages_exact(&ctx()?, 3).ok_or(ENOMEM)?;
        let stock = region.nr_pcp();
        let zone = region.pageset_of(start).ok_or(EINVAL)?.zone();

        assert!(start.is_aligned(Order::new(2).ok_or(EINVAL)?));
        assert_eq!(zone.nr_free() + stock, 8192 - 3);
        assert_eq!(zone.snapshot().nr_blocks(Order::ZERO), 1);
        // The stock has what the refill of order 2 left, nothing of order 0.
        assert_eq!(stock % 4, 0);
        region.free_pages_exact(start, 3);
        region.drain_all_pages();
        assert_eq!(region.nr_free(), 8192);
        Ok(())
    }

    #[test]
    fn row_107_it_is_taken_last() -> Result {
        let region = region(true)?;
        let first = region.alloc_pages_exact(&ctx()?, 3).ok_or(ENOMEM)?;
        let second = region.alloc_pages_exact(&ctx()?, 3).ok_or(ENOMEM)?;

        for start in [first, second] {
            let next = region.alloc_pages(&ctx()?).ok_or(ENOMEM)?.block;

            assert_eq!(next.head(), start.add(3));
        }
        Ok(())
    }

    #[test]
    fn row_150_a_contiguous_range_is_aligned_to_itself() -> Result {
        let region = region(true)?;
        let block = region.alloc_pages(&ctx()?).ok_or(ENOMEM)?.block;
        let start = region.alloc_contig_pages(&ctx()?, 1024).ok_or(ENOMEM)?;

        // The first range has a page in use.
        assert_eq!(start.get(), 1024);
        assert_eq!(region.nr_free(), 8192 - 1025);
        assert_eq!(region.validate().errors, 0);
        region.free_contig_range(start, 1024);
        region.free_pages(block);
        assert_eq!(region.nr_free(), 8192);
        assert_eq!(region.validate().errors, 0);
        Ok(())
    }

    #[test]
    fn row_150_wherever_the_zone_begins() -> Result {
        let region = region_at(1024, true)?;
        let start = region.alloc_contig_pages(&ctx()?, 2048).ok_or(ENOMEM)?;

        assert_eq!(start.get(), 2048);
        region.free_contig_range(start, 2048);
        assert_eq!(region.nr_free(), 8192);
        Ok(())
    }

    #[test]
    fn ranges_need_not_be_aligned() -> Result {
        let region = region(false)?;

        region.alloc_contig_range(PageIdx::new(1000), 1100)?;
        assert_eq!(region.nr_free() + region.nr_pcp(), 8192 - 1100);
        assert_eq!(region.validate().errors, 0);
        assert!(region.alloc_contig_range(PageIdx::new(1500), 3) == Err(EBUSY));
        region.free_contig_range(PageIdx::new(1000), 1100);
        region.drain_all_pages();
        assert_eq!(region.nr_free(), 8192);
        assert_eq!(region.validate().errors, 0);
        Ok(())
    }

    #[test]
    fn what_is_in_stock_can_be_had() -> Result {
        let region = region(false)?;
        let block = region.alloc_pages(&ctx()?).ok_or(ENOMEM)?.block;

        region.free_pages(block);
        assert!(region.nr_pcp() > 0);
        region.alloc_contig_range(PageIdx::new(0), 512)?;
        assert_eq!(region.nr_pcp(), 0);
        region.free_contig_range(PageIdx::new(0), 512);
        Ok(())
    }

    #[test]
    fn a_failure_leaves_no_trace() -> Result {
        let region = region(true)?;
        let block = region.alloc_pages(&ctx()?).ok_or(ENOMEM)?.block;

        for (start, nr) in [(0, 512), (0, 2048), (1024, 0), (8000, 1000)] {
            assert!(region.alloc_contig_range(PageIdx::new(start), nr).is_err());
            assert_eq!(region.nr_free(), 8191);
            assert_eq!(region.validate().errors, 0);
        }
        region.free_pages(block);
        Ok(())
    }
}
