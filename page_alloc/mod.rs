// SPDX-License-Identifier: GPL-2.0

//! The allocator: zones put together, and the way of a request through them.
//!
//! # The way of a request
//!
//! [`Region::alloc_pages`] looks at the free lists down to the low watermark
//! (`get_page_from_freelist`). If that fails, the slow path lowers the mark as far as the request's
//! flags allow, reclaims and compacts (`slow`, by the decisions of [`crate::slowpath`]). In each
//! zone that passes, `rmqueue` takes the block: from the lists of this CPU (`pcp`), which are
//! filled from the zone, or from the zone itself (`buddy`).
//!
//! # Lock order
//!
//! Outermost first; nothing below is held when something above is taken.
//!
//! 1. `mmap_lock`, then a VMA's lock: the kernel's own.
//! 2. A fault lock (rwsem, one of several, by handle): `sys/`.
//! 3. The records of handles and clients (spinlock): `device/records.rs`.
//! 4. The per-CPU lists of one CPU in one zone (spinlock): `pageset.rs`. Requests only try it.
//! 5. A zone's lock (spinlock, interrupts off): `zone.rs`. At most one at a time, a leaf.
//!
//! Outside of all but 1, and never two of them together: the mutex of tuning (`setup.rs`) and that
//! of taking everything from a client (`device/oom.rs`). Leaves: who wants to know of events (a
//! mutex, `device/events.rs`; not under 3 to 5) and the clients' processes (a spinlock,
//! `device/oom.rs`). Records are locked together with a zone only to list a block there that may be
//! reclaimed. Under 3 to 5 nothing sleeps, prints or touches user memory.
//!
//! C: `mm/page_alloc.c`.

#![deny(unsafe_code)]

mod build;
mod bulk;
mod check;
mod compact_between_tests;
pub(crate) mod compact_nodes;
mod compact_tests;
pub(crate) mod compaction;
mod contig;
#[cfg(any(test, CONFIG_KUNIT = "y"))]
mod dropper;
#[cfg(any(test, CONFIG_KUNIT = "y"))]
pub(crate) mod fixture;
mod freelist;
mod kcompactd;
#[cfg(any(test, CONFIG_KUNIT = "y"))]
mod keepers;
mod kswapd;
mod kswapd_tests;
pub(crate) mod layout;
pub(crate) mod node;
pub(crate) mod pageset;
mod reclaim;
mod region;
mod region_tests;
mod setup;
pub(crate) mod shadow;
mod shrink;
mod slow;
pub(crate) mod slow_events;
mod slow_tests;
mod throttle;
pub(crate) mod tunables;
pub(crate) mod warn;
pub(crate) mod zonelist;

use crate::{
    gfp::{
        context::AllocContext,
        Gfp, //
    },
    pcp::PcpIndex,
    slowpath::{
        machine::Slowpath,
        owners::{
            NoOwners,
            Owners, //
        },
        ratelimit::RateLimit, //
    },
    sys,
    zone::{
        alloc_flags::AllocFlags,
        migratetype::Migratetype,
        order::{
            Block,
            Order,
            PageIdx, //
        },
        Zone,
        ZoneType, //
    }, //
};
use kernel::{
    prelude::*,
    sync::atomic::{
        Atomic,
        Relaxed, //
    }, //
};
use layout::Shares;
use node::Node;
use pageset::Pageset;
use slow::Request;
use slow_events::SlowEvents;
use tunables::Tunables;
use warn::Warnings;
use zonelist::ZoneRef;

/// What a region is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct RegionConfig {
    /// Pages, a multiple of the largest block.
    pub(crate) nr_pages: u32,
    /// The node of those who do not care.
    pub(crate) nid: i32,
    /// Order of a pageblock; the kernel's own in a kernel.
    pub(crate) pageblock_order: Order,
    pub(crate) shares: Shares,
    /// Whether huge pages have per-CPU lists (C: `CONFIG_TRANSPARENT_HUGEPAGE`).
    pub(crate) has_huge: bool,
    /// Whether zones get their pages as they need them
    /// (C: `CONFIG_DEFERRED_STRUCT_PAGE_INIT`).
    pub(crate) lazy: bool,
    /// Whether CPUs keep nothing in stock and no counter lags, so that every page given back can be
    /// seen on the free lists at once.
    pub(crate) exact: bool,
    /// The flags that requests keep (C: `gfp_allowed_mask`).
    pub(crate) gfp_allowed: Gfp,
}

/// How a request was met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Path {
    /// From the lists of this CPU.
    Pcp,
    /// From the free lists at once.
    Buddy,
    /// By the slow path.
    Slow,
    /// ... after it had reclaimed pages.
    Reclaim,
    /// ... after it had compacted a zone.
    Compact,
    /// ... below all watermarks.
    Reserve,
}

/// A block, and where it came from.
#[derive(Debug)]
pub(crate) struct Allocated {
    pub(crate) block: Block,
    pub(crate) zone: ZoneType,
    pub(crate) nid: i32,
    pub(crate) path: Path,
}

/// An allocator instance: the pages of one region, by numbers alone.
///
/// Knows nothing of what is behind the numbers. A region without pages serves as a model.
pub(crate) struct Region {
    config: RegionConfig,
    /// Those with pages, in rising order of their numbers.
    nodes: KVec<Node>,
    /// Types are not kept apart (C: `page_group_by_mobility_disabled`).
    mobility_off: bool,
    /// There is more than one node, in the region or around it (C: `nr_online_nodes > 1`).
    is_numa: bool,
    tunables: sys::Locked<Tunables>,
    /// Held while something is tuned.
    tuning: sys::SleepLocked<()>,
    defrag_mode: Atomic<bool>,
    /// Requests that ended without a block.
    alloc_fail: Atomic<u64>,
    slow_events: SlowEvents,
    /// Changes of what requests look at (C: `zonelist_update_seq`).
    changes: Atomic<u64>,
    /// Somebody asks others to give everything back (C: `oom_lock`).
    oom_busy: Atomic<bool>,
    fail_warnings: RateLimit,
    stall_warnings: RateLimit,
    warnings: Warnings,
}

impl Region {
    /// What it is made of.
    pub(crate) fn config(&self) -> &RegionConfig {
        &self.config
    }

    /// The nodes, in rising order of their numbers.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter()
    }

    /// The node with this number.
    pub(crate) fn node(&self, nid: i32) -> Option<&Node> {
        self.nodes.iter().find(|node| node.nid() == nid)
    }

    /// Whether there is more than one node.
    fn is_numa(&self) -> bool {
        self.is_numa
    }

    /// All zones with their lists, node by node, lowest first
    /// (C: `for_each_populated_zone()`).
    pub(crate) fn pagesets(&self) -> impl Iterator<Item = &Pageset> {
        self.nodes.iter().flat_map(|node| node.zones())
    }

    /// All zones, node by node, lowest first.
    pub(crate) fn zones(&self) -> impl Iterator<Item = &Zone> {
        self.pagesets().map(Pageset::zone)
    }

    /// The zone of this type on the first node that has one, with its lists.
    pub(crate) fn pageset(&self, kind: ZoneType) -> Option<&Pageset> {
        self.nodes.iter().find_map(|node| node.zone(kind))
    }

    /// The zones that a request may use, best first
    /// (C: `for_each_zone_zonelist_nodemask()`).
    #[inline]
    fn zonelist<'a>(&'a self, ctx: &AllocContext) -> impl Iterator<Item = &'a Pageset> {
        let ctx = *ctx;
        let local = match ctx.nid {
            Some(nid) => self.node(nid),
            None => self.nodes.first(),
        };
        let list = local.map_or(&[] as &[ZoneRef], |node| &node.fallback);
        let this_node = ctx.gfp.has(Gfp::THISNODE);

        list.iter()
            .filter(move |zone| zone.kind <= ctx.highest_zone)
            .filter_map(|zone| self.nodes.get(usize::from(zone.node))?.zone(zone.kind))
            .filter(move |pageset| {
                let nid = pageset.zone().nid();

                // The list without fallback (C: `ZONELIST_NOFALLBACK`).
                let near = !this_node || local.is_some_and(|node| node.nid() == nid);

                near && ctx.allows_node(nid)
            })
    }

    /// Takes a block of a region whose blocks nobody moves or drops. `None` if there is none for
    /// this request. Sleeps as [`alloc_pages_with`](Self::alloc_pages_with) does.
    pub(crate) fn alloc_pages(&self, ctx: &AllocContext) -> Option<Allocated> {
        self.alloc_pages_with(ctx, &NoOwners)
    }

    /// Takes a block (C: `alloc_pages()`). `None` if there is none for this request, or if the task
    /// is to die.
    ///
    /// Takes locks. Sleeps if the request allows that.
    pub(crate) fn alloc_pages_with<O: Owners>(
        &self,
        ctx: &AllocContext,
        owners: &O,
    ) -> Option<Allocated> {
        let ctx = &self.prepare(ctx);

        if ctx.gfp.allows_blocking() {
            sys::might_sleep();
        }
        let allocated = self
            .get_page_from_freelist(ctx, self.fast_flags(ctx))
            .or_else(|| self.alloc_pages_slowpath(ctx, owners));

        if allocated.is_none() {
            self.count_alloc_fail(ctx);
        }
        allocated
    }

    /// Takes a block without waiting for any lock (C: `alloc_pages_nolock()`). `None` if there is
    /// none, a lock is taken, a zone does not have all its pages yet, or blocks of this order are
    /// in no per-CPU list.
    pub(crate) fn alloc_pages_nolock(&self, ctx: &AllocContext) -> Option<Allocated> {
        let ctx = &self.prepare(&AllocContext {
            gfp: ctx.gfp | Gfp::NOLOCK,
            ..*ctx
        });
        let flags = AllocFlags::WMARK_MIN | AllocFlags::NOLOCK | ctx.gfp.cma_flags();

        PcpIndex::new(ctx.order, ctx.migratetype, self.config.has_huge)?;
        // A zone that grows takes its lock.
        if self.zones().any(Zone::has_deferred_pages) {
            return None;
        }
        self.get_page_from_freelist(ctx, flags)
    }

    /// A request as this region takes it: with the flags that are allowed, and where migratetypes
    /// are not kept apart, of the one type (C: `gfp_allowed_mask`,
    /// `page_group_by_mobility_disabled`).
    fn prepare(&self, ctx: &AllocContext) -> AllocContext {
        AllocContext {
            gfp: ctx.gfp.and(self.config.gfp_allowed),
            migratetype: match self.mobility_off {
                true => Migratetype::Unmovable,
                false => ctx.migratetype,
            },
            ..*ctx
        }
    }

    /// Counts the failure, also for the zone that would have met the request best.
    fn count_alloc_fail(&self, ctx: &AllocContext) {
        self.alloc_fail.fetch_add(1, Relaxed);
        if let Some(pageset) = self.zonelist(ctx).next() {
            pageset.zone().count_alloc_fail();
        }
    }

    /// Does what is necessary for a block (C: `__alloc_pages_slowpath()`).
    #[cold]
    #[inline(never)]
    fn alloc_pages_slowpath<O: Owners>(&self, ctx: &AllocContext, owners: &O) -> Option<Allocated> {
        let mut request = Request {
            region: self,
            owners,
            path: Path::Slow,
        };

        Slowpath::new(ctx, self.defrag_mode.load(Relaxed), sys::now_ns()).run(&mut request)
    }

    /// Gives a block back (C: `__free_pages()`).
    ///
    /// Takes locks; never sleeps.
    pub(crate) fn free_pages(&self, block: Block) {
        self.free_frozen_pages(block, AllocFlags::WMARK_MIN);
    }

    /// Gives a block back without waiting for any lock (C: `free_pages_nolock()`).
    #[allow(dead_code, reason = "a way in for other callers than the device")]
    pub(crate) fn free_pages_nolock(&self, block: Block) {
        self.free_frozen_pages(block, AllocFlags::NOLOCK);
    }

    fn free_frozen_pages(&self, block: Block, flags: AllocFlags) {
        // A block outside all zones is nobody's: it stays lost rather than do harm.
        if let Some(pageset) = self.pageset_of(block.head()) {
            if pageset.free(block, flags) {
                self.pressure_is_gone(pageset.zone().nid());
            }
        }
    }

    /// The zone that `page` lies in, with its lists (C: `page_zone()`).
    pub(crate) fn pageset_of(&self, page: PageIdx) -> Option<&Pageset> {
        self.pagesets()
            .find(|pageset| pageset.zone().contains(page))
    }
}
