// SPDX-License-Identifier: GPL-2.0

//! A zone: a range of pages with free lists and watermarks of its own.
//!
//! Bottom-up: [`order`] (arithmetic), [`memmap`] (lists through the pages), [`free_area`] (lists by
//! order and type), [`pageblock`], [`buddy`] (split and merge), [`fallback`] (other types' pages),
//! [`watermark`] (how much is kept free), [`free_state`] (whether it is). The zone puts a lock
//! around the [`buddy::Buddy`] and publishes what is read without it.
//!
//! C: `struct zone` in `include/linux/mmzone.h`.

#![deny(unsafe_code)]

pub(crate) mod alloc_flags;
pub(crate) mod buddy;
pub(crate) mod fallback;
pub(crate) mod free_area;
pub(crate) mod free_state;
pub(crate) mod image;
pub(crate) mod memmap;
pub(crate) mod migratetype;
pub(crate) mod order;
pub(crate) mod pageblock;
pub(crate) mod validate;
pub(crate) mod vmstat;
pub(crate) mod watermark;

use crate::sys;
use alloc_flags::{
    AllocFlags,
    FreeFlags, //
};
use buddy::Buddy;
use fallback::RmqueueMode;
use free_state::{
    FreeState,
    Marks, //
};
use kernel::{
    prelude::*,
    sync::atomic::{
        Atomic,
        Relaxed, //
    }, //
};
use migratetype::Migratetype;
use order::{
    Block,
    Order,
    PageIdx, //
};
use validate::Report;
use vmstat::Snapshot;
use watermark::Watermarks;

/// Number of zones a node can have.
pub(crate) const NR_ZONES: usize = 4;

/// Which zone of a node (C: `enum zone_type` of x86-64 without `ZONE_DEVICE`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum ZoneType {
    /// For requests that can address little.
    Dma = 0,
    /// For requests that can address 32 bits.
    Dma32 = 1,
    /// For everyone.
    Normal = 2,
    /// For pages that can be moved.
    Movable = 3,
}

impl ZoneType {
    /// All of them, lowest first.
    pub(crate) const ALL: [Self; NR_ZONES] = [Self::Dma, Self::Dma32, Self::Normal, Self::Movable];

    /// The zone type with this number.
    pub(crate) fn from_number(number: u32) -> Option<Self> {
        Self::ALL.get(usize::try_from(number).ok()?).copied()
    }

    /// The number as an index.
    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    /// Name as in `/proc/buddyinfo`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Dma => "DMA",
            Self::Dma32 => "DMA32",
            Self::Normal => "Normal",
            Self::Movable => "Movable",
        }
    }
}

/// What a zone shows to those who do not hold its lock.
struct Published {
    free: Atomic<u64>,
    free_highatomic: Atomic<u64>,
    free_cma: Atomic<u64>,
    /// `orders`, `orders_highatomic` and `orders_cma` of a [`FreeState`], 16 bits each.
    orders: Atomic<u64>,
}

impl Published {
    fn new() -> Self {
        Self {
            free: Atomic::new(0),
            free_highatomic: Atomic::new(0),
            free_cma: Atomic::new(0),
            orders: Atomic::new(0),
        }
    }

    fn store(&self, state: &FreeState) {
        let orders = u64::from(state.orders)
            | u64::from(state.orders_highatomic) << 16
            | u64::from(state.orders_cma) << 32;

        self.free.store(state.free, Relaxed);
        self.free_highatomic.store(state.free_highatomic, Relaxed);
        self.free_cma.store(state.free_cma, Relaxed);
        self.orders.store(orders, Relaxed);
    }

    fn load(&self) -> FreeState {
        let orders = self.orders.load(Relaxed);

        FreeState {
            free: self.free.load(Relaxed),
            free_highatomic: self.free_highatomic.load(Relaxed),
            free_cma: self.free_cma.load(Relaxed),
            orders: orders as u16,
            orders_highatomic: (orders >> 16) as u16,
            orders_cma: (orders >> 32) as u16,
        }
    }
}

/// Where a zone lies and what it must keep free.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ZoneSpan {
    pub(crate) kind: ZoneType,
    /// First page, a multiple of the largest block.
    pub(crate) start: PageIdx,
    /// Pages, a multiple of the largest block.
    pub(crate) nr_pages: u32,
    pub(crate) watermarks: Watermarks,
    pub(crate) lowmem_reserve: [u64; NR_ZONES],
}

/// A range of pages, its free lists and its watermarks.
pub(crate) struct Zone {
    span: ZoneSpan,
    buddy: sys::Locked<Buddy>,
    published: Published,
}

impl Zone {
    /// Makes a zone all of whose pages are free.
    ///
    /// Allocates: sleeps.
    #[inline(never)]
    pub(crate) fn new(span: ZoneSpan, pageblock_order: Order, mobility_off: bool) -> Result<Self> {
        let buddy = Buddy::new(span.start, span.nr_pages, pageblock_order, mobility_off)?;
        let zone = Self {
            span,
            buddy: sys::new_locked!(buddy, c"rust_buddy_zone")?,
            published: Published::new(),
        };

        zone.with(|_| ());
        Ok(zone)
    }

    /// Runs `f` under the lock and publishes the outcome.
    fn with<R>(&self, f: impl FnOnce(&mut Buddy) -> R) -> R {
        self.buddy.with(|buddy| {
            let result = f(buddy);

            self.published.store(&buddy.free_state());
            result
        })
    }

    /// Where it lies and what it keeps free.
    pub(crate) fn span(&self) -> &ZoneSpan {
        &self.span
    }

    /// Which zone it is.
    pub(crate) fn kind(&self) -> ZoneType {
        self.span.kind
    }

    /// Whether `page` lies in this zone (C: `zone_spans_pfn()`).
    pub(crate) fn contains(&self, page: PageIdx) -> bool {
        page.get().wrapping_sub(self.span.start.get()) < self.span.nr_pages
    }

    /// Free pages, read without the lock.
    pub(crate) fn nr_free(&self) -> u64 {
        self.published.free.load(Relaxed)
    }

    /// The levels that requests are held to.
    pub(crate) fn marks(&self) -> Marks {
        Marks {
            levels: self.span.watermarks,
            boost: 0,
        }
    }

    /// Whether a request of `order` may take from this zone (C: `zone_watermark_fast()`).
    ///
    /// `highest` is the highest zone that the request could use.
    pub(crate) fn watermark_fast(
        &self,
        order: Order,
        highest: ZoneType,
        flags: AllocFlags,
    ) -> bool {
        let reserve = self
            .span
            .lowmem_reserve
            .get(highest.index())
            .copied()
            .unwrap_or(0);

        self.published
            .load()
            .watermark_fast(order, &self.marks(), reserve, flags)
    }

    /// Takes a block off the free lists (C: `rmqueue_buddy()`).
    ///
    /// # Differences
    ///
    /// No pageblock is put into the high-order atomic reserve yet, so its lists stay empty.
    pub(crate) fn rmqueue(
        &self,
        order: Order,
        mt: Migratetype,
        flags: AllocFlags,
    ) -> Option<Block> {
        self.with(|buddy| {
            let mut mode = RmqueueMode::Normal;
            let block = buddy
                .rmqueue_highatomic(order, flags.has(AllocFlags::HIGHATOMIC))
                .or_else(|| buddy.rmqueue(order, mt, flags, &mut mode))
                .or_else(|| {
                    let last_resort = AllocFlags::OOM | AllocFlags::NON_BLOCK;

                    buddy.rmqueue_highatomic(order, flags.has(last_resort))
                })?;

            buddy.count_alloc(&block);
            Some(block)
        })
    }

    /// Counts a request that would have liked this zone best and got nothing.
    pub(crate) fn count_alloc_fail(&self) {
        self.with(|buddy| buddy.events.alloc_fail = buddy.events.alloc_fail.wrapping_add(1));
    }

    /// Counts a block that is lost because a check failed.
    pub(crate) fn count_bad_page(&self) {
        self.with(|buddy| buddy.events.bad_page = buddy.events.bad_page.wrapping_add(1));
    }

    /// Gives a block of this zone back (C: `free_one_page()`).
    pub(crate) fn free(&self, block: Block) {
        self.with(|buddy| buddy.free(block, FreeFlags::None));
    }

    /// A picture of the zone at one instant.
    pub(crate) fn snapshot(&self) -> Snapshot {
        self.buddy.with(|buddy| buddy.snapshot())
    }

    /// Recounts everything. Holds the lock for the whole walk.
    pub(crate) fn validate(&self) -> Report {
        self.buddy.with(|buddy| buddy.validate())
    }

    /// What the pageblock at `start` holds.
    pub(crate) fn pageblock(&self, start: PageIdx) -> PageblockStat {
        self.buddy.with(|buddy| buddy.pageblock_stat(start))
    }
}

/// What a pageblock holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageblockStat {
    pub(crate) migratetype: Migratetype,
    /// Pages on free lists.
    pub(crate) free: u32,
    /// Order of the largest free block in it, or of the one that it is a part of.
    pub(crate) largest: Option<Order>,
}

impl Buddy {
    fn rmqueue_highatomic(&mut self, order: Order, allowed: bool) -> Option<Block> {
        match allowed {
            true => self.rmqueue_smallest(order, Migratetype::HighAtomic),
            false => None,
        }
    }

    fn count_alloc(&mut self, block: &Block) {
        let nr_pages = u64::from(block.nr_pages());

        self.events.pgalloc = self.events.pgalloc.wrapping_add(nr_pages);
        self.seq = self.seq.wrapping_add(1);
    }

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

#[kunit_tests(rust_buddy_zone)]
mod tests {
    use super::*;

    fn zone(nr_pages: u32) -> Result<Zone> {
        let span = ZoneSpan {
            kind: ZoneType::Normal,
            start: PageIdx::new(1024),
            nr_pages,
            watermarks: Watermarks::new(ZoneType::Normal, u64::from(nr_pages), 128, 4096, 10),
            lowmem_reserve: [0; NR_ZONES],
        };

        Zone::new(span, Order::new(9).ok_or(EINVAL)?, false)
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
        let passes = || zone.watermark_fast(Order::ZERO, ZoneType::Normal, low);
        let mut last = None;

        while passes() {
            last = zone.rmqueue(Order::ZERO, Migratetype::Movable, low);
        }
        assert_eq!(zone.nr_free(), zone.marks().levels.low);
        zone.free(last.ok_or(ENOMEM)?);
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
            .rmqueue(Order::ZERO, Migratetype::Movable, low)
            .ok_or(ENOMEM)?;
        assert_eq!(block.head(), PageIdx::new(1024));
        assert_eq!(zone.pageblock(PageIdx::new(1024)).free, 511);
        assert_eq!(zone.pageblock(second).largest, Order::new(9));
        zone.free(block);
        Ok(())
    }
}
