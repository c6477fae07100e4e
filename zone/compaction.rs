// SPDX-License-Identifier: GPL-2.0

//! What a zone remembers of compaction from one run to the next, and what compaction asks it.
//!
//! C: `compact_cached_migrate_pfn` and its neighbours in `struct zone`, `reset_cached_positions()`,
//! `update_cached_migrate()`, `update_pageblock_skip()` in `mm/compaction.c`.
//!
//! # Differences
//!
//! All of it is under the zone's lock. The first run of a zone begins at the initial position, as
//! every later one does whose scanners met; the kernel's zero means that only for a zone that
//! starts at page 0. A run over a whole zone that is told to stop leaves its place, and one that is
//! limited goes on there.

#![deny(unsafe_code)]

use super::{
    buddy::Buddy,
    fragmentation::ContigPages,
    migratetype::Migratetype,
    order::{
        Order,
        PageIdx, //
    },
    Zone, //
};
use kernel::{
    prelude::*,
    sync::atomic::Relaxed, //
};

/// How often compaction for an order is put off after it failed. All start at 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Deferral {
    /// Attempts since the last failure (C: `compact_considered`).
    pub(crate) considered: u32,
    /// log2 of the attempts to skip (C: `compact_defer_shift`).
    pub(crate) shift: u32,
    /// The smallest order that is put off (C: `compact_order_failed`).
    pub(crate) order_failed: u32,
}

/// Where the two scanners are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Scanners {
    /// Going up: the next page to be moved away.
    pub(crate) migrate: PageIdx,
    /// Going down: the next page that may be free.
    pub(crate) free: PageIdx,
}

/// What a zone remembers of compaction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Compaction {
    /// Where the zone begins and where its last pageblock does.
    initial: Scanners,
    /// Where the migrate scanner goes on: of asynchronous runs, and of others
    /// (C: `compact_cached_migrate_pfn[]`).
    pub(crate) cached_migrate: [PageIdx; 2],
    /// Where the free scanner goes on (C: `compact_cached_free_pfn`).
    pub(crate) cached_free: PageIdx,
    /// Where a run begins that looks at the whole zone (C: `compact_init_migrate_pfn`).
    pub(crate) init_migrate: PageIdx,
    /// From where on the free scanner takes its time (C: `compact_init_free_pfn`).
    pub(crate) init_free: PageIdx,
    /// All pageblocks are to be looked at again, when there is time (C: `compact_blockskip_flush`).
    pub(crate) blockskip_flush: bool,
    pub(crate) deferral: Deferral,
    /// Where a run over the whole zone was told to stop.
    pub(crate) resume: Option<Scanners>,
    /// Where a run is at this moment.
    pub(crate) current: Option<Scanners>,
    /// Free pages that compaction took off the lists and has on lists of its own.
    pub(super) nr_isolated: u32,
}

impl Compaction {
    /// Nothing yet. The zone has at least one page.
    pub(super) fn new(start: PageIdx, nr_pages: u32, pageblock_order: Order) -> Self {
        let last = start.add(nr_pages.saturating_sub(1));
        let initial = Scanners {
            migrate: start,
            free: last.align_down(pageblock_order),
        };

        Self {
            initial,
            cached_migrate: [start; 2],
            cached_free: initial.free,
            init_migrate: start,
            init_free: start,
            blockskip_flush: false,
            deferral: Deferral::default(),
            resume: None,
            current: None,
            nr_isolated: 0,
        }
    }

    /// Where a run over the whole zone begins.
    pub(crate) fn initial(&self) -> Scanners {
        self.initial
    }

    /// Lets the next run begin anew (C: `reset_cached_positions()`).
    pub(crate) fn reset_cached_positions(&mut self) {
        self.cached_migrate = [self.initial.migrate; 2];
        self.cached_free = self.initial.free;
        self.resume = None;
    }

    /// Where the scanners are, or would go on.
    pub(crate) fn scanners(&self) -> Scanners {
        let [_, migrate] = self.cached_migrate;

        self.current.unwrap_or(Scanners {
            migrate,
            free: self.cached_free,
        })
    }
}

impl Buddy {
    /// What is remembered, to change it.
    pub(crate) fn compaction(&mut self) -> &mut Compaction {
        &mut self.compaction
    }

    /// Marks the pageblock of `page` as not worth a look, or as worth one.
    pub(crate) fn set_pageblock_skip(&mut self, page: PageIdx, skip: bool) {
        self.blocks.set_skip(page, skip);
    }

    /// The free pages for a request of `order` (C: `fill_contig_page_info()`).
    fn contig_pages(&self, order: Order) -> ContigPages {
        ContigPages::new(order, |of| u64::from(self.areas.nr_free(of)))
    }

    /// Free pages in blocks of at least a pageblock (C: `NR_FREE_PAGES_BLOCKS`).
    fn nr_free_in_pageblocks(&self) -> u64 {
        self.blocks.order().to_max().fold(0, |sum, order| {
            let isolated = self.areas.list(order, Migratetype::Isolate).len();
            let blocks = self.areas.nr_free(order).wrapping_sub(isolated);

            u64::from(blocks)
                .wrapping_mul(u64::from(order.nr_pages()))
                .wrapping_add(sum)
        })
    }

    /// Whether a request for a block of `order` and `mt` would find one: of its own type, of a CMA
    /// area, or one whose pageblock it would try to claim (C: the end of `__compact_finished()`).
    pub(crate) fn has_suitable_block(&self, order: Order, mt: Migratetype) -> bool {
        let has = |order, mt| !self.areas.list(order, mt).is_empty();

        order.to_max().any(|order| {
            has(order, mt)
                || (mt == Migratetype::Movable && has(order, Migratetype::Cma))
                || (self.should_claim(order, mt) && self.find_fallback(order, mt).is_some())
        })
    }
}

impl Zone {
    /// What is remembered of compaction.
    pub(crate) fn compaction(&self) -> Compaction {
        self.with(|buddy| buddy.compaction)
    }

    /// Whether the pageblock of `page` is marked as not worth a look, read without the lock
    /// (C: `get_pageblock_skip()`).
    pub(crate) fn is_skipped(&self, page: PageIdx) -> bool {
        self.types.is_skipped(page)
    }

    /// Order of a pageblock.
    pub(crate) fn pageblock_order(&self) -> Order {
        self.types.order()
    }

    /// Order of the free block that begins at `page`, if one does.
    pub(crate) fn free_order(&self, page: PageIdx) -> Option<Order> {
        self.with(|buddy| buddy.map.buddy_order(page))
    }

    /// Free pages as decisions go by them (C: `zone_page_state(zone, NR_FREE_PAGES)`).
    pub(crate) fn free_state_pages(&self) -> u64 {
        self.published.free_state().free
    }

    /// The free pages for a request of `order`.
    pub(crate) fn contig_pages(&self, order: Order) -> ContigPages {
        self.with(|buddy| buddy.contig_pages(order))
    }

    /// Free pages in blocks of at least a pageblock (C: `NR_FREE_PAGES_BLOCKS`).
    pub(crate) fn nr_free_in_pageblocks(&self) -> u64 {
        self.with(|buddy| buddy.nr_free_in_pageblocks())
    }

    /// Free pages that compaction has in its hands or on its way.
    pub(crate) fn nr_isolated(&self) -> u64 {
        self.nr_isolated.load(Relaxed)
    }

    /// Compaction took `nr` pages off the lists.
    pub(crate) fn add_isolated(&self, nr: u32) {
        self.nr_isolated.fetch_add(u64::from(nr), Relaxed);
    }

    /// `nr` of them are somebody's again.
    pub(crate) fn sub_isolated(&self, nr: u32) {
        self.nr_isolated.fetch_sub(u64::from(nr), Relaxed);
    }
}

#[kunit_tests(rust_buddy_zone_compaction)]
mod tests {
    use super::{
        super::{
            alloc_flags::{
                AllocFlags,
                FreeFlags, //
            },
            order::Block,
            ZoneConfig,
            ZoneSpan,
            ZoneType, //
        },
        *, //
    };
    use crate::slowpath::compact::{
        suitable::{
            suit_allocation_order,
            Wanted, //
        },
        CompactResult, //
    };

    /// A zone of 8192 pages, of which every other one is free.
    fn every_other() -> Result<Zone> {
        let span = ZoneSpan {
            kind: ZoneType::Normal,
            nid: 0,
            start: PageIdx::new(1024),
            nr_pages: 8192,
        };
        let config = ZoneConfig {
            pageblock_order: Order::new(9).ok_or(EINVAL)?,
            mobility_off: false,
            nr_cpus: 1,
            lazy: false,
        };
        let zone = Zone::new(span, &config, 8192)?;

        zone.with(|buddy| {
            while buddy
                .rmqueue_smallest(Order::MAX, Migratetype::Movable)
                .is_some()
            {}
        });
        Ok(zone)
    }

    fn free_singles(zone: &Zone) {
        for page in (1024..1024 + 8192).step_by(2) {
            let page = Block::new(PageIdx::new(page), Order::ZERO);

            zone.free(page, FreeFlags::None);
        }
    }

    #[test]
    fn pages_of_cma_areas_do_not_help_who_may_not_use_them() -> Result {
        let zone = every_other()?;
        let unmovable = Wanted {
            order: Order::new(4).ok_or(EINVAL)?,
            highest: ZoneType::Normal,
            flags: AllocFlags::WMARK_MIN,
            is_async: true,
            whole_blocks: false,
        };
        let tries =
            |wanted: Wanted| suit_allocation_order(&zone, &wanted) == CompactResult::Continue;

        zone.with(|buddy| {
            for block in (1024..1024 + 8192).step_by(1024) {
                let page = PageIdx::new(block);

                buddy.blocks.set_range(page, Order::MAX, Migratetype::Cma);
            }
        });
        free_singles(&zone);
        assert!(!tries(unmovable));
        // Who may use them, asks for little, or has patience, tries all the same.
        assert!(tries(Wanted {
            flags: AllocFlags::CMA,
            ..unmovable
        }));
        assert!(tries(Wanted {
            order: Order::new(3).ok_or(EINVAL)?,
            ..unmovable
        }));
        assert!(tries(Wanted {
            is_async: false,
            ..unmovable
        }));
        Ok(())
    }

    #[test]
    fn runs_begin_at_both_ends() -> Result {
        let zone = every_other()?;
        let ends = Scanners {
            migrate: PageIdx::new(1024),
            free: PageIdx::new(1024 + 8192 - 512),
        };

        assert_eq!(zone.compaction().initial(), ends);
        assert_eq!(zone.compaction().scanners(), ends);
        zone.with(|buddy| {
            buddy.compaction().cached_migrate = [PageIdx::new(2048); 2];
            buddy.compaction().cached_free = PageIdx::new(4096);
        });
        assert_eq!(zone.compaction().scanners().free, PageIdx::new(4096));
        zone.with(|buddy| buddy.compaction().reset_cached_positions());
        assert_eq!(zone.compaction().scanners(), ends);
        Ok(())
    }

    #[test]
    fn a_block_suits_by_its_type() -> Result {
        let zone = every_other()?;
        let suits = |order, mt| -> Result<bool> {
            let order = Order::new(order).ok_or(EINVAL)?;

            Ok(zone.with(|buddy| buddy.has_suitable_block(order, mt)))
        };
        let block = Block::new(PageIdx::new(2048), Order::new(3).ok_or(EINVAL)?);

        zone.free(block, FreeFlags::None);
        assert!(suits(3, Migratetype::Movable)?);
        assert!(!suits(4, Migratetype::Movable)?);
        // Others would claim the pageblock.
        assert!(suits(3, Migratetype::Unmovable)?);
        zone.with(|buddy| {
            buddy.move_freepages_block(
                PageIdx::new(2048),
                Migratetype::Movable,
                Migratetype::Unmovable,
            );
            buddy
                .blocks
                .set_migratetype(PageIdx::new(2048), Migratetype::Unmovable);
        });
        // Small movable requests claim nothing.
        assert!(!suits(3, Migratetype::Movable)?);
        assert!(suits(3, Migratetype::Reclaimable)?);
        Ok(())
    }
}
