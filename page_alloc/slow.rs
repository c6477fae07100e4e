// SPDX-License-Identifier: GPL-2.0

//! A region acts for a request on its slow path.
//!
//! C: `__perform_reclaim()`, `__alloc_pages_direct_compact()`, `wake_all_kswapds()`, `warn_alloc()`
//! in `mm/page_alloc.c`.

#![deny(unsafe_code)]

use super::{
    slow_events::SlowEvent,
    Allocated,
    Path,
    Region, //
};
use crate::{
    gfp::context::AllocContext,
    slowpath::{
        compact::{
            CompactPriority,
            CompactResult, //
        },
        owners::{
            OomResult,
            Owners, //
        },
        warn::{
            fail_is_news,
            is_stuck,
            Line,
            What, //
        },
        Env, //
    },
    sys,
    zone::{
        alloc_flags::{
            AllocFlags,
            Wmark, //
        },
        order::{
            Block,
            Order, //
        },
        Zone,
        ZoneType, //
    }, //
};
use kernel::{
    prelude::*,
    sync::atomic::{
        Full,
        Relaxed, //
    }, //
};

/// Milliseconds of a pause (C: a tick).
const PAUSE_MS: u32 = 1;

/// A request and its region.
pub(super) struct Request<'a, O> {
    pub(super) region: &'a Region,
    pub(super) owners: &'a O,
    /// What was done for it last.
    pub(super) path: Path,
}

impl<O: Owners> Env for Request<'_, O> {
    type Page = Allocated;

    fn pageblock_order(&self) -> Order {
        self.region.config().pageblock_order
    }

    fn has_zone(&self, ctx: &AllocContext) -> bool {
        self.region.zonelist(ctx).next().is_some()
    }

    fn cookie(&self) -> u64 {
        self.region.changes.load(Relaxed)
    }

    fn wake_all_kswapds(&mut self, ctx: &AllocContext, order: Order) {
        let mut last = None;

        for pageset in self.region.zonelist(ctx) {
            let zone = pageset.zone();

            if last != Some(zone.nid()) {
                self.region
                    .wakeup_kswapd(zone, ctx.gfp, order, ctx.highest_zone);
            }
            last = Some(zone.nid());
        }
    }

    fn look(&mut self, ctx: &AllocContext, flags: AllocFlags) -> Option<Allocated> {
        let path = match flags.has(AllocFlags::NO_WATERMARKS) {
            true => Path::Reserve,
            false => self.path,
        };
        let allocated = self.region.get_page_from_freelist(ctx, flags)?;

        Some(Allocated { path, ..allocated })
    }

    fn reclaim(&mut self, ctx: &AllocContext, order: Order) -> u64 {
        let _stall = sys::psi_memstall_enter();
        let _scope = sys::memalloc_scope();

        sys::cond_resched();
        let progress = self.region.try_to_free_pages(ctx, order, self.owners);

        sys::cond_resched();
        if progress > 0 {
            self.path = Path::Reclaim;
        }
        progress
    }

    fn unreserve_highatomic(&mut self, ctx: &AllocContext, force: bool) -> bool {
        self.region.zonelist(ctx).any(|pageset| {
            let mt = ctx.migratetype;

            pageset
                .zone()
                .with(|buddy| buddy.unreserve_highatomic_pageblock(mt, force))
        })
    }

    fn drain_all_pages(&mut self) {
        self.region.drain_all_pages();
    }

    fn compact(
        &mut self,
        ctx: &AllocContext,
        order: Order,
        flags: AllocFlags,
        priority: CompactPriority,
    ) -> (CompactResult, Option<Allocated>) {
        let _stall = sys::psi_memstall_enter();
        let _scope = sys::memalloc_scope();
        let (result, block) =
            self.region
                .try_to_compact_pages((ctx, order), flags, priority, self.owners);

        if !matches!(result, CompactResult::Skipped | CompactResult::Deferred) {
            self.path = Path::Compact;
        }
        (result, block.and_then(|block| self.captured(block)))
    }

    fn compacted(&mut self, order: Order, page: Option<&Allocated>) {
        let zone = page.and_then(|page| self.region.pageset_of(page.block.head()));
        let events = self.region.slow_events();

        events.add(SlowEvent::CompactStall, 1);
        match zone {
            Some(pageset) => {
                self.region.compaction_succeeded(pageset.zone(), order);
                events.add(SlowEvent::CompactSuccess, 1);
            }
            None => {
                events.add(SlowEvent::CompactFail, 1);
                sys::cond_resched();
            }
        }
    }

    fn reclaim_could_help(&mut self, ctx: &AllocContext, flags: AllocFlags) -> bool {
        let helps = self
            .region
            .zonelist(ctx)
            .any(|pageset| could_help(pageset.zone(), ctx, flags));

        sys::cond_resched();
        helps
    }

    fn compaction_could_help(&mut self, ctx: &AllocContext, flags: AllocFlags) -> bool {
        self.region
            .compaction_zonelist_suitable(ctx, ctx.order, flags)
    }

    fn oom_trylock(&mut self) -> bool {
        self.region.oom_busy.cmpxchg(false, true, Full).is_ok()
    }

    fn oom_unlock(&mut self) {
        self.region.oom_busy.store(false, Relaxed);
    }

    fn oom(&mut self, ctx: &AllocContext) -> OomResult {
        let result = self.owners.oom(ctx);

        if result == OomResult::Killed {
            self.region.slow_events().add(SlowEvent::OomKill, 1);
        }
        result
    }

    fn dies(&self) -> bool {
        sys::fatal_signal_pending()
    }

    fn pause(&mut self) {
        sys::sleep_ms(PAUSE_MS);
    }

    fn warn_stall(&mut self, ctx: &AllocContext, begin: u64) {
        let now = sys::now_ns();

        if is_stuck(ctx.gfp, begin, now) && self.region.stall_warnings.allows(now) {
            say(ctx, What::Stall(now.wrapping_sub(begin) / 1_000_000_000));
        }
    }

    fn warn_fail(&mut self, ctx: &AllocContext) {
        let has_dma = self.region.pageset(ZoneType::Dma).is_some();

        if fail_is_news(ctx.gfp, has_dma) && self.region.fail_warnings.allows(sys::now_ns()) {
            say(ctx, What::Fail);
        }
    }
}

impl<O> Request<'_, O> {
    /// A block that came free while the task compacted for it.
    fn captured(&self, block: Block) -> Option<Allocated> {
        let zone = self.region.pageset_of(block.head())?.zone();

        Some(Allocated {
            zone: zone.kind(),
            nid: zone.nid(),
            path: Path::Compact,
            block,
        })
    }
}

/// Whether the zone would let the request in if all that can be reclaimed were free.
fn could_help(zone: &Zone, ctx: &AllocContext, flags: AllocFlags) -> bool {
    let available = zone.reclaimable_pages().wrapping_add(zone.nr_free());
    let min = zone.visible(Wmark::Min);

    zone.watermark_ok_with(ctx.order, (min, available), ctx.highest_zone, flags)
}

#[inline(never)]
fn say(ctx: &AllocContext, what: What) {
    let comm = &sys::current_comm();

    // The kernel's `Display` is another one than that of `core`.
    pr_warn!("{}\n", format_args!("{}", Line { comm, what, ctx }));
}
