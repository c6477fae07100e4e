// SPDX-License-Identifier: GPL-2.0

//! A zone: a range of pages with free lists and watermarks of its own.
//!
//! Bottom-up: [`order`] (arithmetic), [`memmap`] (lists through the pages), [`free_area`] (lists by
//! order and type), [`pageblock`], [`buddy`] (split and merge), [`fallback`] (other types' pages),
//! [`highatomic`] and [`isolate`] (pageblocks set apart), [`watermark`] (how much is kept free),
//! [`free_state`] (whether it is), [`counter`] (who knows it when), [`fragmentation`] (how far free
//! pages are scattered), [`lru`] (what may be reclaimed), [`compaction`], [`isolate_free`],
//! [`free_search`], [`page_bits`] and [`capture`] (what moving blocks needs). The zone puts a lock
//! around the [`buddy::Buddy`] ([`rmqueue`], [`free`]), publishes what is read without it and
//! decides by that ([`marks`]).
//!
//! C: `struct zone` in `include/linux/mmzone.h`.

#![deny(unsafe_code)]

pub(crate) mod alloc_flags;
pub(crate) mod buddy;
mod capture;
pub(crate) mod compaction;
pub(crate) mod counter;
mod deferred;
pub(crate) mod fallback;
pub(crate) mod fragmentation;
mod free;
pub(crate) mod free_area;
pub(crate) mod free_search;
pub(crate) mod free_state;
mod highatomic;
pub(crate) mod image;
pub(crate) mod isolate;
pub(crate) mod isolate_free;
pub(crate) mod lru;
mod marks;
pub(crate) mod memmap;
pub(crate) mod migratetype;
mod movable;
pub(crate) mod order;
pub(crate) mod page_bits;
pub(crate) mod pageblock;
mod pageblock_stat;
mod published;
mod rmqueue;
mod shadow;
pub(crate) mod text;
pub(crate) mod validate;
pub(crate) mod vmstat;
pub(crate) mod watermark;
mod zone_type;

use crate::sys;
use buddy::{
    Buddy,
    BuddyConfig, //
};
use deferred::DeferredFrees;
use free_state::Marks;
use kernel::{
    prelude::*,
    sync::atomic::{
        Atomic,
        Relaxed, //
    }, //
};
use migratetype::Migratetype;
use movable::MovablePages;
use order::{
    Block,
    Order,
    PageIdx, //
};
use pageblock::PageblockTypes;
pub(crate) use pageblock_stat::PageblockStat;
use published::Published;
use validate::Report;
use vmstat::Snapshot;
pub(crate) use zone_type::{
    ZoneFlag,
    ZoneType,
    NR_ZONES, //
};

/// Pages by which a zone grows (C: `PAGES_PER_SECTION`).
pub(crate) const SECTION_PAGES: u32 = 1 << 15;

/// Where a zone lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ZoneSpan {
    pub(crate) kind: ZoneType,
    /// The node that it belongs to.
    pub(crate) nid: i32,
    /// First page.
    pub(crate) start: PageIdx,
    /// Pages up to its end.
    pub(crate) nr_pages: u32,
}

/// What all zones of a region have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ZoneConfig {
    pub(crate) pageblock_order: Order,
    /// Types are not kept apart (C: `page_group_by_mobility_disabled`).
    pub(crate) mobility_off: bool,
    /// CPUs that there can be (C: `nr_cpu_ids`).
    pub(crate) nr_cpus: u32,
    /// Whether zones get the pages that they do not have yet when they need them.
    pub(crate) lazy: bool,
}

/// A range of pages, its free lists and its watermarks.
pub(crate) struct Zone {
    span: ZoneSpan,
    types: PageblockTypes,
    movable: MovablePages,
    buddy: sys::Locked<Buddy>,
    published: Published,
    flags: [Atomic<bool>; 3],
    /// Blocks that somebody else preferred to have from here, and got elsewhere.
    numa_foreign: Atomic<u64>,
    deferred: DeferredFrees,
    lru: lru::Shown,
    /// The allocator does not have all pages yet.
    is_lazy: Atomic<bool>,
    /// Free pages in the hands of compaction.
    nr_isolated: Atomic<u64>,
}

impl Zone {
    /// Makes a zone that has its `first` pages, all of them free; with `lazy` the others come when
    /// they are needed (C: `memblock_free_all()`, `CONFIG_DEFERRED_STRUCT_PAGE_INIT`).
    ///
    /// Allocates: sleeps.
    #[inline(never)]
    pub(crate) fn new(span: ZoneSpan, config: &ZoneConfig, first: u32) -> Result<Self> {
        let buddy_config = BuddyConfig {
            start: span.start,
            nr_pages: span.nr_pages,
            pageblock_order: config.pageblock_order,
            mobility_off: config.mobility_off,
            nr_cpus: config.nr_cpus,
        };
        let buddy = Buddy::new(&buddy_config, first)?;
        let zone = Self {
            span,
            types: buddy.blocks.types().clone(),
            movable: buddy.blocks.movable().clone(),
            buddy: sys::new_locked!(buddy, c"rust_buddy_zone")?,
            published: Published::new(),
            flags: [const { Atomic::new(false) }; 3],
            numa_foreign: Atomic::new(0),
            deferred: DeferredFrees::new()?,
            lru: lru::Shown::new(),
            is_lazy: Atomic::new(config.lazy),
            nr_isolated: Atomic::new(0),
        };

        zone.with(|_| ());
        Ok(zone)
    }

    /// Runs `f` under the lock and publishes the outcome.
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut Buddy) -> R) -> R {
        self.buddy.with(|buddy| self.publish_after(buddy, f))
    }

    /// As [`with`](Self::with), unless somebody else holds the lock (C: `ALLOC_NOLOCK`).
    fn try_with<R>(&self, f: impl FnOnce(&mut Buddy) -> R) -> Option<R> {
        self.buddy.try_with(|buddy| self.publish_after(buddy, f))
    }

    fn publish_after<R>(&self, buddy: &mut Buddy, f: impl FnOnce(&mut Buddy) -> R) -> R {
        buddy.cpu = sys::this_cpu();
        let result = f(buddy);

        self.published.store(buddy);
        if buddy.boosted {
            buddy.boosted = false;
            self.set_flag(ZoneFlag::BoostedWatermark, true);
        }
        result
    }

    /// Where it lies.
    pub(crate) fn span(&self) -> &ZoneSpan {
        &self.span
    }

    /// Which zone it is.
    pub(crate) fn kind(&self) -> ZoneType {
        self.span.kind
    }

    /// The node that it belongs to.
    pub(crate) fn nid(&self) -> i32 {
        self.span.nid
    }

    /// What it is called in texts.
    pub(crate) fn name(&self) -> text::Name {
        (self.span.nid, self.span.kind)
    }

    /// Whether `page` lies in this zone (C: `zone_spans_pfn()`).
    pub(crate) fn contains(&self, page: PageIdx) -> bool {
        page.get().wrapping_sub(self.span.start.get()) < self.span.nr_pages
    }

    /// Whether a flag is set (C: `test_bit(.., &zone->flags)`).
    #[inline]
    pub(crate) fn has_flag(&self, flag: ZoneFlag) -> bool {
        self.flags
            .get(flag as usize)
            .is_some_and(|flag| flag.load(Relaxed))
    }

    /// Sets or clears a flag.
    pub(crate) fn set_flag(&self, flag: ZoneFlag, value: bool) {
        if let Some(flag) = self.flags.get(flag as usize) {
            flag.store(value, Relaxed);
        }
    }

    /// All flags as the kernel's bits.
    pub(crate) fn flags(&self) -> u32 {
        ZoneFlag::ALL
            .iter()
            .filter(|flag| self.has_flag(**flag))
            .fold(0, |bits, flag| bits | 1 << (*flag as u32 & 31))
    }

    /// Free pages at this moment, read without the lock.
    pub(crate) fn nr_free(&self) -> u64 {
        self.published.nr_free.load(Relaxed)
    }

    /// Pages that the allocator ever had (C: `zone_managed_pages()`).
    pub(crate) fn managed(&self) -> u64 {
        self.published.managed.load(Relaxed)
    }

    /// Sets how far the counters of the CPUs may lag (C: `refresh_zone_stat_thresholds()`).
    pub(crate) fn set_stat_threshold(&self, threshold: u32) {
        self.with(|buddy| buddy.stat_threshold = threshold);
    }

    /// How far they may lag.
    pub(crate) fn stat_threshold(&self) -> u32 {
        self.buddy.with(|buddy| buddy.stat_threshold)
    }

    /// Tells everyone what `cpu` counted; whether that was anything.
    pub(crate) fn fold_counters(&self, cpu: u32) -> bool {
        // Most of the time there is nothing to tell, but only the lock tells that.
        self.with(|buddy| buddy.stat_free.fold(cpu) | buddy.stat_free_cma.fold(cpu))
    }

    /// Counts a request that would have liked this zone best and got nothing.
    pub(crate) fn count_alloc_fail(&self) {
        self.with(|buddy| buddy.events.alloc_fail = buddy.events.alloc_fail.wrapping_add(1));
    }

    /// Counts a block that is lost because a check failed.
    pub(crate) fn count_bad_page(&self) {
        self.with(|buddy| buddy.events.bad_page = buddy.events.bad_page.wrapping_add(1));
    }

    /// Counts `nr` blocks that were taken elsewhere although this zone was preferred.
    pub(crate) fn count_foreign(&self, nr: u64) {
        self.numa_foreign.fetch_add(nr, Relaxed);
    }

    /// Type of the pageblock of `page`, read without the lock (C: `get_pfnblock_migratetype()`).
    #[inline]
    pub(crate) fn migratetype(&self, page: PageIdx) -> Migratetype {
        self.types.migratetype(page)
    }

    /// Counts a block in use that its owner can move from now on: claims of its pageblock by other
    /// types are to spare it.
    #[allow(dead_code, reason = "no client can move a block yet")]
    pub(crate) fn add_movable(&self, block: &Block) {
        self.movable.add(block);
    }

    /// Ends that, before the block is given back.
    #[allow(dead_code, reason = "no client can move a block yet")]
    pub(crate) fn sub_movable(&self, block: &Block) {
        self.movable.sub(block);
    }

    /// Whether there are pages that the allocator does not have yet (C:
    /// `deferred_pages_enabled()`).
    pub(crate) fn has_deferred_pages(&self) -> bool {
        self.is_lazy.load(Relaxed) && self.managed() < u64::from(self.span.nr_pages)
    }

    /// Gives the allocator the next pages of a zone that grows; whether there were any
    /// (C: `deferred_grow_zone()`).
    #[cold]
    pub(crate) fn deferred_grow(&self) -> bool {
        if !self.has_deferred_pages() {
            return false;
        }
        self.with(|buddy| {
            let had = u32::try_from(buddy.managed).unwrap_or(self.span.nr_pages);
            let nr = self.span.nr_pages.saturating_sub(had).min(SECTION_PAGES);

            buddy.free_first(had, nr);
            nr > 0
        })
    }

    /// A picture of the zone at one instant.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let mut picture = self.buddy.with(|buddy| buddy.snapshot());

        picture.events.numa.foreign = self.numa_foreign.load(Relaxed);
        picture
    }

    /// Whether somebody else holds the lock at this moment (C: `spin_trylock()` of
    /// `compact_lock_irqsave()`).
    pub(crate) fn is_contended(&self) -> bool {
        self.buddy.try_with(|_| ()).is_none()
    }

    /// Recounts everything. Holds the lock for the whole walk.
    pub(crate) fn validate(&self) -> Report {
        self.buddy.with(|buddy| buddy.validate())
    }
}

#[kunit_tests(rust_buddy_zone)]
mod tests {
    use super::{
        alloc_flags::{
            AllocFlags,
            FreeFlags,
            Wmark, //
        },
        vmstat::NumaPlace,
        watermark::Watermarks,
        *, //
    };

    const HERE: NumaPlace = NumaPlace {
        preferred: true,
        local: true,
    };

    fn zone(nr_pages: u32) -> Result<Zone> {
        let span = ZoneSpan {
            kind: ZoneType::Normal,
            nid: 0,
            start: PageIdx::new(1024),
            nr_pages,
        };
        let config = ZoneConfig {
            pageblock_order: Order::new(9).ok_or(EINVAL)?,
            mobility_off: false,
            nr_cpus: 1,
            lazy: false,
        };
        let zone = Zone::new(span, &config, nr_pages)?;
        let nr_pages = u64::from(nr_pages);

        zone.set_watermarks(Watermarks::new(ZoneType::Normal, nr_pages, 128, 4096, 10));
        Ok(zone)
    }

    #[test]
    fn a_new_zone_is_free_and_untouched() -> Result {
        let zone = zone(4096)?;

        assert_eq!(zone.nr_free(), 4096);
        assert_eq!(zone.snapshot().nr_blocks(Order::MAX), 4);
        assert_eq!(zone.snapshot().events.pgfree, 0);
        assert_eq!(zone.validate().errors, 0);
        assert_eq!(zone.validate().free, 4096);
        Ok(())
    }

    #[test]
    fn published_numbers_follow_the_lists() -> Result {
        let zone = zone(2048)?;
        let low = AllocFlags::WMARK_LOW;
        let passes = || zone.watermark_fast(Order::ZERO, (Wmark::Low, 0), ZoneType::Normal, low);
        let mut last = None;

        while passes() {
            last = zone.rmqueue(Order::ZERO, Migratetype::Movable, low, HERE);
        }
        assert_eq!(zone.nr_free(), zone.marks().levels.low);
        zone.free(last.ok_or(ENOMEM)?, FreeFlags::None);
        assert!(passes());
        Ok(())
    }

    #[test]
    fn pageblocks_show_what_they_hold() -> Result {
        let zone = zone(1024)?;
        let low = AllocFlags::WMARK_LOW;
        let second = PageIdx::new(1536);

        assert_eq!(zone.pageblock(second).largest, Some(Order::MAX));
        assert_eq!(zone.pageblock(second).free, 512);
        let block = zone
            .rmqueue(Order::ZERO, Migratetype::Movable, low, HERE)
            .ok_or(ENOMEM)?;
        assert_eq!(block.head(), PageIdx::new(1024));
        assert_eq!(zone.pageblock(PageIdx::new(1024)).free, 511);
        assert_eq!(zone.pageblock(second).largest, Order::new(9));
        zone.free(block, FreeFlags::None);
        Ok(())
    }

    #[test]
    fn row_038_a_boost_is_taken_back_by_who_saw_it() -> Result {
        let zone = zone(2048)?;

        zone.with(|buddy| buddy.marks.boost = 1024);
        zone.set_boost_factor(0);
        assert_eq!(zone.marks().boost, 1024);
        zone.remove_boost(512);
        assert_eq!(zone.marks().boost, 512);
        zone.remove_boost(4096);
        assert_eq!(zone.marks().boost, 0);
        Ok(())
    }

    #[test]
    fn row_108_who_may_not_wait_leaves_the_block_to_the_next() -> Result {
        let zone = zone(2048)?;
        let low = AllocFlags::WMARK_LOW;
        let take = || zone.rmqueue(Order::ZERO, Migratetype::Movable, low, HERE);
        let (first, second) = (take().ok_or(ENOMEM)?, take().ok_or(ENOMEM)?);

        zone.with(|_| zone.free_nolock(first));
        assert_eq!(zone.nr_free(), 2046);
        assert_eq!(zone.snapshot().events.pgfree, 0);
        zone.free(second, FreeFlags::None);
        assert_eq!(zone.nr_free(), 2048);
        assert_eq!(zone.snapshot().events.pgfree, 2);
        assert_eq!(zone.validate().errors, 0);
        Ok(())
    }

    #[test]
    fn row_108_without_contention_nothing_waits() -> Result {
        let zone = zone(2048)?;
        let low = AllocFlags::WMARK_LOW;
        let block = zone
            .rmqueue(Order::ZERO, Migratetype::Movable, low, HERE)
            .ok_or(ENOMEM)?;

        zone.free_nolock(block);
        assert_eq!(zone.nr_free(), 2048);
        Ok(())
    }
}
