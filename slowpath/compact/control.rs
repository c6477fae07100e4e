// SPDX-License-Identifier: GPL-2.0

//! What a run of compaction is asked for, and where it is.
//!
//! C: `struct compact_control` in `mm/internal.h`.

#![deny(unsafe_code)]

use super::{
    fast_free::SearchOrder,
    proactive::ScoreMarks,
    suitable::Wanted,
    CompactPriority,
    Mode, //
};
use crate::{
    gfp::context::AllocContext,
    slowpath::owners::Owners,
    zone::{
        alloc_flags::{
            AllocFlags,
            Wmark, //
        },
        compaction::Scanners,
        isolate_free::IsolatedPages,
        migratetype::Migratetype,
        order::{
            Order,
            PageIdx, //
        },
        page_bits::PageBits,
        Zone,
        ZoneType, //
    }, //
};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CompactRequest {
    /// The order of the block that is to be made; `None`: go on until the scanners meet (C: -1).
    pub(crate) order: Option<Order>,
    /// Whom the block is for.
    pub(crate) mt: Migratetype,
    pub(crate) flags: AllocFlags,
    pub(crate) highest: ZoneType,
    pub(crate) mode: Mode,
    /// For a request that waits, not in the background (C: `direct_compaction`).
    pub(crate) is_direct: bool,
    /// Until the score of the zone is low (C: `proactive_compaction`).
    pub(crate) proactive: Option<ScoreMarks>,
    pub(crate) whole_zone: bool,
    pub(crate) ignore_skip_hint: bool,
    pub(crate) ignore_block_suitable: bool,
    /// Only whole pageblocks count (C: `defrag_mode && !direct_compaction`).
    pub(crate) whole_blocks: bool,
    /// Goes on where the last run that was told to stop was.
    pub(crate) resumes: bool,
}

impl CompactRequest {
    /// Everything, until the scanners meet (C: `compact_node()`).
    pub(crate) fn everything(mode: Mode) -> Self {
        Self {
            order: None,
            mt: Migratetype::Unmovable,
            flags: AllocFlags::WMARK_MIN,
            highest: ZoneType::Dma,
            mode,
            is_direct: false,
            proactive: None,
            whole_zone: true,
            ignore_skip_hint: true,
            ignore_block_suitable: false,
            whole_blocks: false,
            resumes: false,
        }
    }

    /// For a request that needs a block of `order` (C: `compact_zone_order()`).
    pub(crate) fn direct(
        ctx: &AllocContext,
        order: Order,
        flags: AllocFlags,
        priority: CompactPriority,
    ) -> Self {
        let full = priority == CompactPriority::SyncFull;

        Self {
            order: Some(order),
            mt: ctx.migratetype,
            flags,
            highest: ctx.highest_zone,
            is_direct: true,
            whole_zone: full,
            ignore_skip_hint: full,
            ignore_block_suitable: full,
            ..Self::everything(Mode::of(priority))
        }
    }

    /// In the background, for zones up to `highest` (C: `kcompactd_do_work()`).
    pub(crate) fn background(order: Order, highest: ZoneType, defrag_mode: bool) -> Self {
        Self {
            order: Some(order),
            flags: match defrag_mode {
                true => AllocFlags::of_wmark(Wmark::High),
                false => AllocFlags::WMARK_MIN,
            },
            highest,
            whole_zone: false,
            ignore_skip_hint: false,
            whole_blocks: defrag_mode,
            ..Self::everything(Mode::SyncLight)
        }
    }

    /// What must hold for it to be worth trying, if anything.
    pub(crate) fn wanted(&self) -> Option<Wanted> {
        Some(Wanted {
            order: self.order?,
            highest: self.highest,
            flags: self.flags,
            is_async: self.mode == Mode::Async,
            whole_blocks: self.whole_blocks,
        })
    }
}

/// What was done so far, in pages.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Progress {
    pub(crate) migrate_scanned: u64,
    pub(crate) free_scanned: u64,
    /// Collected by either scanner.
    pub(crate) isolated: u64,
    pub(crate) migrated: u64,
    /// Could not be moved.
    pub(crate) failed: u64,
}

impl Progress {
    /// Adds `nr` to one of the sums.
    pub(super) fn count(sum: &mut u64, nr: u32) {
        *sum = sum.wrapping_add(u64::from(nr));
    }

    /// Both together.
    pub(crate) fn sum(&self, other: &Self) -> Self {
        Self {
            migrate_scanned: self.migrate_scanned.wrapping_add(other.migrate_scanned),
            free_scanned: self.free_scanned.wrapping_add(other.free_scanned),
            isolated: self.isolated.wrapping_add(other.isolated),
            migrated: self.migrated.wrapping_add(other.migrated),
            failed: self.failed.wrapping_add(other.failed),
        }
    }
}

/// Where a run takes place.
pub(crate) trait Site {
    /// The zone.
    fn zone(&self) -> &Zone;

    /// Gives back what this CPU has in stock of it.
    fn drain_local(&self);

    /// Whether the background reclaimer of its node is at work.
    fn kswapd_is_running(&self) -> bool;

    /// Whether the task is to die. Lets others run meanwhile: sleeps.
    fn is_dying(&self) -> bool;

    /// Whether to end after what was begun, for whatever reason. Sleeps.
    fn should_stop(&self, progress: &Progress) -> bool;
}

/// From where the migrate scanner goes on when the quick search fails (C: `fast_start_pfn`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum FastStart {
    Unset,
    At(PageIdx),
    Used,
}

/// Where a run is.
pub(super) struct Control<'a, S, O> {
    pub(super) req: &'a CompactRequest,
    pub(super) site: &'a S,
    pub(super) owners: &'a O,
    /// Order of a pageblock.
    pub(super) pageblock: Order,
    /// The next page to look at for something to move (C: `migrate_pfn`).
    pub(super) migrate: PageIdx,
    /// The next page to look at for room (C: `free_pfn`).
    pub(super) free: PageIdx,
    pub(super) fast_start: FastStart,
    pub(super) fast_search_fail: u32,
    pub(super) search_order: SearchOrder,
    /// First pages of the blocks that are to be moved, all of one pageblock (C: `migratepages`).
    pub(super) sources: PageBits,
    /// Pages that still need room (C: `nr_migratepages`).
    pub(super) nr_migrate: u32,
    /// Room for them (C: `freepages`).
    pub(super) targets: IsolatedPages,
    pub(super) whole_zone: bool,
    pub(super) contended: bool,
    /// Somebody said that it is to end.
    pub(super) was_stopped: bool,
    /// Look at the rest of the pageblock in one go.
    pub(super) finish_pageblock: bool,
    /// The pageblock that something was moved out of, until this CPU's lists were given back.
    pub(super) last_migrated: Option<PageIdx>,
    /// What asynchronous runs skip others may skip as well.
    pub(super) update_cached: bool,
    pub(super) progress: Progress,
}

impl<'a, S: Site, O: Owners> Control<'a, S, O> {
    /// A run that begins here.
    pub(super) fn new(
        req: &'a CompactRequest,
        site: &'a S,
        owners: &'a O,
        start: Scanners,
    ) -> Self {
        Self {
            req,
            site,
            owners,
            pageblock: site.zone().pageblock_order(),
            migrate: start.migrate,
            free: start.free,
            fast_start: FastStart::Unset,
            fast_search_fail: 0,
            search_order: SearchOrder::new(req.order),
            sources: PageBits::none_near(start.migrate),
            nr_migrate: 0,
            targets: IsolatedPages::new(),
            whole_zone: req.whole_zone,
            contended: false,
            was_stopped: false,
            finish_pageblock: false,
            last_migrated: None,
            update_cached: false,
            progress: Progress::default(),
        }
    }

    pub(super) fn zone(&self) -> &'a Zone {
        self.site.zone()
    }

    /// Start of the pageblock of `page` (C: `pageblock_start_pfn()`).
    pub(super) fn start_of(&self, page: PageIdx) -> PageIdx {
        page.align_down(self.pageblock)
    }

    /// Start of the next one (C: `pageblock_end_pfn()`).
    pub(super) fn end_of(&self, page: PageIdx) -> PageIdx {
        self.start_of(page).add(self.pageblock.nr_pages())
    }

    /// Start of the one before (C: `block_start_pfn - pageblock_nr_pages`).
    pub(super) fn before(&self, page: PageIdx) -> PageIdx {
        self.start_of(page).back(self.pageblock.nr_pages())
    }

    /// Whether the scanners are in one pageblock or have passed each other
    /// (C: `compact_scanners_met()`).
    pub(super) fn scanners_met(&self) -> bool {
        self.start_of(self.free) <= self.start_of(self.migrate)
    }

    /// Whether the hint speaks for a look at the pageblock (C: `isolation_suitable()`).
    pub(super) fn isolation_suitable(&self, page: PageIdx) -> bool {
        self.req.ignore_skip_hint || !self.zone().is_skipped(page)
    }

    /// Whether to end now; that is remembered (C: `compact_unlock_should_abort()`).
    pub(super) fn should_abort(&mut self) -> bool {
        let stop = self.site.is_dying();

        self.contended |= stop;
        stop
    }

    /// Where the scanners are.
    pub(super) fn scanners(&self) -> Scanners {
        Scanners {
            migrate: self.migrate,
            free: self.free,
        }
    }

    /// Most blocks that a quick search looks at (C: `freelist_scan_limit()`).
    pub(super) fn scan_limit(&self) -> u32 {
        (super::CLUSTER_MAX >> self.fast_search_fail.min(31)).wrapping_add(1)
    }
}

/// Whether what is in pageblocks of this type can usually be moved (C: `is_migrate_movable()`).
pub(super) fn is_migrate_movable(mt: Migratetype) -> bool {
    matches!(mt, Migratetype::Movable | Migratetype::Cma)
}
