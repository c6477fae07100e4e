// SPDX-License-Identifier: GPL-2.0

//! Which zones are compacted, for whom and how hard. How: `slowpath/compact/`.
//!
//! C: `try_to_compact_pages()`, `compact_zone_order()`, `compaction_zonelist_suitable()` in
//! `mm/compaction.c`, `__alloc_pages_direct_compact()` in `mm/page_alloc.c`.

#![deny(unsafe_code)]

use super::{
    pageset::Pageset,
    slow_events::SlowEvent,
    Region, //
};
use crate::{
    gfp::{
        context::AllocContext,
        Gfp, //
    },
    slowpath::{
        compact::{
            control::{
                CompactRequest,
                Progress,
                Site, //
            },
            run::compact_zone,
            skip,
            suitable,
            CompactPriority,
            CompactResult, //
        },
        kswapd::KswapdState,
        owners::Owners, //
    },
    sys,
    zone::{
        alloc_flags::AllocFlags,
        order::{
            Block,
            Order, //
        },
        Zone,
    }, //
};

/// A zone to be compacted.
pub(super) struct CompactSite<'a> {
    pub(super) pageset: &'a Pageset,
    pub(super) kswapd: Option<&'a KswapdState>,
    /// Asked now and then whether to end; sleeps.
    pub(super) stop: &'a dyn Fn(&Progress) -> bool,
}

impl Site for CompactSite<'_> {
    fn zone(&self) -> &Zone {
        self.pageset.zone()
    }

    fn drain_local(&self) {
        self.pageset.drain(sys::this_cpu());
    }

    fn kswapd_is_running(&self) -> bool {
        self.kswapd
            .is_some_and(|kswapd| kswapd.is_present() && !kswapd.is_asleep())
    }

    fn is_dying(&self) -> bool {
        sys::cond_resched();
        sys::fatal_signal_pending()
    }

    fn should_stop(&self, progress: &Progress) -> bool {
        self.is_dying() || (self.stop)(progress)
    }
}

impl Region {
    /// Compacts the zones that a request may use until one of them should have a block for it. The
    /// block itself, if the request got hold of it in the making (C: `try_to_compact_pages()`).
    /// What is compacted for, `order`, may be larger than what is requested.
    ///
    /// Sleeps.
    pub(crate) fn try_to_compact_pages<O: Owners>(
        &self,
        (ctx, order): (&AllocContext, Order),
        flags: AllocFlags,
        priority: CompactPriority,
        owners: &O,
    ) -> (CompactResult, Option<Block>) {
        let mut best = CompactResult::Skipped;

        if order == Order::ZERO || !ctx.gfp.has(Gfp::IO) {
            return (best, None);
        }
        for pageset in self.zonelist(ctx) {
            if priority > CompactPriority::SyncFull && is_deferred(pageset.zone(), order) {
                best = best.max(CompactResult::Deferred);
                continue;
            }
            let request = CompactRequest::direct(ctx, order, flags, priority);
            let (result, block) = self.compact_for(pageset, ctx, &request, owners);

            best = best.max(result);
            if result == CompactResult::Success {
                return (best, block);
            }
            if priority != CompactPriority::Async {
                defer_after(pageset.zone(), order, result);
            }
            if sys::fatal_signal_pending() {
                break;
            }
        }
        (best, None)
    }

    /// Compacts a zone for a request; the block, if it was captured (C: `compact_zone_order()`).
    #[inline(never)]
    fn compact_for<O: Owners>(
        &self,
        pageset: &Pageset,
        ctx: &AllocContext,
        request: &CompactRequest,
        owners: &O,
    ) -> (CompactResult, Option<Block>) {
        let zone = pageset.zone();
        let captures = !ctx.task.is_kthread
            && zone.with(|buddy| buddy.capture_begin(ctx.order, ctx.migratetype));
        let (result, _) = self.compact(pageset, request, owners, &|_| false);
        let block = match captures {
            true => zone.with(|buddy| buddy.capture_end()),
            false => None,
        };
        let result = match block {
            Some(_) => CompactResult::Success,
            None => result,
        };

        // That it will be had is likely, but not certain.
        if let (CompactResult::Success, Some(order)) = (result, request.order) {
            zone.with(|buddy| buddy.compaction().deferral.expect_success(order));
        }
        (result, block)
    }

    /// Compacts a zone and counts what was done.
    pub(super) fn compact<O: Owners>(
        &self,
        pageset: &Pageset,
        request: &CompactRequest,
        owners: &O,
        stop: &dyn Fn(&Progress) -> bool,
    ) -> (CompactResult, Progress) {
        let node = self.node(pageset.zone().nid());
        let site = CompactSite {
            pageset,
            kswapd: node.map(|node| node.kswapd()),
            stop,
        };
        let (result, progress) = compact_zone(&site, owners, request);

        for (event, nr) in [
            (SlowEvent::CompactMigrateScanned, progress.migrate_scanned),
            (SlowEvent::CompactFreeScanned, progress.free_scanned),
            (SlowEvent::CompactIsolated, progress.isolated),
            (SlowEvent::PgMigrateSuccess, progress.migrated),
            (SlowEvent::PgMigrateFail, progress.failed),
        ] {
            self.slow_events().add(event, nr);
        }
        (result, progress)
    }

    /// A block of `order` was had from `zone` after it had been compacted
    /// (C: the end of `__alloc_pages_direct_compact()`).
    pub(crate) fn compaction_succeeded(&self, zone: &Zone, order: Order) {
        zone.with(|buddy| {
            let compaction = buddy.compaction();

            compaction.blockskip_flush = false;
            compaction.deferral.succeed(order);
        });
    }

    /// Whether more rounds of reclaim could make compaction possible in some zone
    /// (C: `compaction_zonelist_suitable()`).
    pub(crate) fn compaction_zonelist_suitable(
        &self,
        ctx: &AllocContext,
        order: Order,
        _flags: AllocFlags,
    ) -> bool {
        self.zonelist(ctx).any(|pageset| {
            let zone = pageset.zone();
            let min = zone.marks().visible(AllocFlags::WMARK_MIN.wmark());
            // Not everything that could be dropped should be, just for one block.
            let part = zone
                .reclaimable_pages()
                .checked_div(u64::from(order.get()))
                .unwrap_or(0);
            let available = zone.nr_free().wrapping_add(part);

            suitable::would_suit(zone, order, min, ctx.highest_zone, available)
        })
    }

    /// Lets all pageblocks of a node be looked at again, if its scanners have met for a request
    /// since the last time. Sleeps (C: `reset_isolation_suitable()`).
    pub(crate) fn reset_isolation_suitable<O: Owners>(&self, nid: i32, owners: &O) {
        for pageset in self.node(nid).iter().flat_map(|node| node.zones()) {
            skip::reset_isolation_suitable(pageset.zone(), owners);
        }
    }
}

/// Whether to skip this attempt.
pub(super) fn is_deferred(zone: &Zone, order: Order) -> bool {
    zone.with(|buddy| buddy.compaction().deferral.is_deferred(order))
}

/// Puts the next attempts off if this one was in vain.
pub(super) fn defer_after(zone: &Zone, order: Order, result: CompactResult) {
    if matches!(
        result,
        CompactResult::Complete | CompactResult::PartialSkipped
    ) {
        zone.with(|buddy| buddy.compaction().deferral.defer(order));
    }
}
