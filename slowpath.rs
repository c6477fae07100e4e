// SPDX-License-Identifier: GPL-2.0

//! What a request does after the first look at the free lists failed.
//!
//! Decisions only. [`machine`] goes from step to step and asks an [`Env`] to act; `page_alloc/` is
//! that for a region. What it decides by: [`flags`] (how far down the watermarks), [`retry`]
//! (whether another round is worth it), [`oom`] (whether somebody has to give everything back),
//! [`warn`] (what is said when it fails), [`ratelimit`] (how often). Beside requests: [`reclaim`]
//! (how much is looked at), [`lru`] (which list), [`kswapd`] (what the background reclaimer does),
//! [`compact`].
//!
//! C: `__alloc_pages_slowpath()` in `mm/page_alloc.c`.

#![deny(unsafe_code)]

pub(crate) mod balance;
pub(crate) mod compact;
pub(crate) mod flags;
pub(crate) mod kswapd;
pub(crate) mod lru;
pub(crate) mod machine;
pub(crate) mod oom;
pub(crate) mod owners;
pub(crate) mod ratelimit;
pub(crate) mod reclaim;
pub(crate) mod retry;
pub(crate) mod warn;

use crate::{
    gfp::context::AllocContext,
    zone::{
        alloc_flags::AllocFlags,
        order::Order, //
    }, //
};
use compact::{
    CompactPriority,
    CompactResult, //
};
use owners::OomResult;
pub(crate) use retry::COSTLY_ORDER;

/// Who acts for a request on its slow path.
pub(crate) trait Env {
    /// A block, as it is handed out.
    type Page;

    /// Order of a pageblock.
    fn pageblock_order(&self) -> Order;

    /// Whether there is any zone for the request.
    fn has_zone(&self, ctx: &AllocContext) -> bool;

    /// Counts changes of zones and watermarks (C: `zonelist_iter_begin()`).
    fn cookie(&self) -> u64;

    /// Wakes the background reclaimers of the request's nodes (C: `wake_all_kswapds()`).
    fn wake_all_kswapds(&mut self, ctx: &AllocContext, order: Order);

    /// Looks at the free lists (C: `get_page_from_freelist()`).
    fn look(&mut self, ctx: &AllocContext, flags: AllocFlags) -> Option<Self::Page>;

    /// Reclaims for blocks of `order`; pages that came of it (C: `__perform_reclaim()`). Sleeps.
    fn reclaim(&mut self, ctx: &AllocContext, order: Order) -> u64;

    /// Gives up a pageblock of the high-order atomic reserve, the last one by `force` only; whether
    /// there was one (C: `unreserve_highatomic_pageblock()`).
    fn unreserve_highatomic(&mut self, ctx: &AllocContext, force: bool) -> bool;

    /// Gives back what CPUs have in stock.
    fn drain_all_pages(&mut self);

    /// Makes blocks of `order` by moving others (C: `try_to_compact_pages()`). Sleeps.
    fn compact(
        &mut self,
        ctx: &AllocContext,
        order: Order,
        flags: AllocFlags,
        priority: CompactPriority,
    ) -> (CompactResult, Option<Self::Page>);

    /// Tells whether compaction, which was not skipped, led to `page`.
    fn compacted(&mut self, order: Order, page: Option<&Self::Page>);

    /// Whether the request would be met if all that can be reclaimed were free
    /// (C: the zones of `should_reclaim_retry()`). Sleeps.
    fn reclaim_could_help(&mut self, ctx: &AllocContext, flags: AllocFlags) -> bool;

    /// Whether compaction would go ahead if all that can be reclaimed were free
    /// (C: `compaction_zonelist_suitable()`).
    fn compaction_could_help(&mut self, ctx: &AllocContext, flags: AllocFlags) -> bool;

    /// Keeps everybody else from the last resort; whether nobody was there already
    /// (C: `mutex_trylock(&oom_lock)`).
    fn oom_trylock(&mut self) -> bool;

    /// Ends that.
    fn oom_unlock(&mut self);

    /// Takes everything back from somebody. Sleeps.
    fn oom(&mut self, ctx: &AllocContext) -> OomResult;

    /// Whether the task is to die (C: `fatal_signal_pending()`).
    fn dies(&self) -> bool;

    /// Lets others go on for a moment (C: `schedule_timeout_uninterruptible(1)`). Sleeps.
    fn pause(&mut self);

    /// Says that a request has been at it since `begin` (C: `check_alloc_stall_warn()`).
    fn warn_stall(&mut self, ctx: &AllocContext, begin: u64);

    /// Says that it failed (C: `warn_alloc()`).
    fn warn_fail(&mut self, ctx: &AllocContext);
}
