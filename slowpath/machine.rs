// SPDX-License-Identifier: GPL-2.0

//! The slow path as a state machine: one method for each step, which says what comes next.
//!
//! C: `__alloc_pages_slowpath()` in `mm/page_alloc.c`, whose labels and calls the steps are named
//! after.
//!
//! # Differences
//!
//! There are no cpusets. A task that is to die stops before it would wait for anything, also if the
//! request must not fail.

#![deny(unsafe_code)]

mod endings;
#[cfg(any(test, CONFIG_KUNIT = "y"))]
mod fake;
mod journeys;
mod oom;
mod rounds;
mod transitions;

use super::{
    compact::{
        CompactPriority,
        CompactResult, //
    },
    flags::{
        alloc_flags,
        reserve_flags,
        with_reserve, //
    },
    retry::{
        is_costly,
        CompactRounds,
        ReclaimRounds, //
    },
    Env, //
};
use crate::{
    gfp::{
        context::AllocContext,
        Gfp, //
    },
    zone::{
        alloc_flags::AllocFlags,
        migratetype::Migratetype,
        order::Order, //
    }, //
};

/// What is done next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Step {
    /// Everything from the beginning (C: `restart`).
    Restart,
    /// Wake the background reclaimers, look at the free lists (C: `retry`).
    Freelist,
    /// Which reserves are open, and whether waiting is allowed.
    Reserves,
    /// Reclaim, look again.
    Reclaim,
    /// Compact, look again.
    Compact,
    /// Whether another round is worth it.
    Retry,
    /// Make somebody give everything back.
    Oom,
    /// What is left for those that must not fail (C: `nopage`).
    NoPage,
}

/// How a step ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Next<P> {
    /// This step comes next.
    Go(Step),
    /// Here is the block.
    Got(P),
    /// There is none.
    Fail,
    /// The task is to die.
    Killed,
}

use Next::{
    Fail,
    Go,
    Got,
    Killed, //
};

/// A request on its slow path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slowpath {
    ctx: AllocContext,
    defrag_mode: bool,
    flags: AllocFlags,
    /// What is reclaimed and compacted for (C: `reclaim_compact_order`).
    order: Order,
    compact_first: bool,
    compact: CompactRounds,
    compact_result: CompactResult,
    reclaim: ReclaimRounds,
    /// Pages that the last reclaim brought (C: `did_some_progress`).
    progress: u64,
    can_retry_reserves: bool,
    cookie: u64,
    begin: u64,
}

impl Slowpath {
    /// A request that begins.
    pub(crate) fn new(ctx: &AllocContext, defrag_mode: bool, now: u64) -> Self {
        Self {
            ctx: *ctx,
            defrag_mode,
            flags: alloc_flags(ctx, defrag_mode),
            order: ctx.order,
            compact_first: false,
            compact: CompactRounds::NEW,
            compact_result: CompactResult::Skipped,
            reclaim: ReclaimRounds::default(),
            progress: 0,
            can_retry_reserves: true,
            cookie: 0,
            begin: now,
        }
    }

    /// Goes on until there is a block or nothing is left to try. Sleeps if the request allows that.
    pub(crate) fn run<E: Env>(mut self, env: &mut E) -> Option<E::Page> {
        let mut step = Step::Restart;

        loop {
            match self.act(step, env) {
                Go(next) => step = next,
                Got(page) => return Some(page),
                Fail => {
                    env.warn_fail(&self.ctx);
                    return None;
                }
                Killed => return None,
            }
        }
    }

    /// Does one step.
    fn act<E: Env>(&mut self, step: Step, env: &mut E) -> Next<E::Page> {
        match step {
            Step::Restart => self.restart(env),
            Step::Freelist => self.freelist(env),
            Step::Reserves => self.reserves(env),
            Step::Reclaim => self.reclaim(env),
            Step::Compact => self.compact(env),
            Step::Retry => self.retry(env),
            Step::Oom => self.oom(env),
            Step::NoPage => self.no_page(env),
        }
    }

    /// Forgets what was tried. Large blocks, and those that keep others from being moved later, are
    /// made by compaction first: enough single pages are probably free.
    fn restart<E: Env>(&mut self, env: &mut E) -> Next<E::Page> {
        let movable = self.ctx.migratetype == Migratetype::Movable;
        let many = self.ctx.order > Order::ZERO;

        self.reclaim = ReclaimRounds::default();
        self.compact = CompactRounds::NEW;
        self.compact_result = CompactResult::Skipped;
        self.cookie = env.cookie();
        self.flags = alloc_flags(&self.ctx, self.defrag_mode);
        if self.can_compact() && (self.is_costly() || (many && !movable)) {
            self.compact_first = true;
            self.compact.priority = CompactPriority::Async;
        }
        Go(match env.has_zone(&self.ctx) {
            true => Step::Freelist,
            false => Step::NoPage,
        })
    }

    fn freelist<E: Env>(&mut self, env: &mut E) -> Next<E::Page> {
        // They must not fall asleep as long as somebody is here.
        if self.flags.has(AllocFlags::KSWAPD) {
            let order = match self.defrag_mode {
                true => self.ctx.order.max(env.pageblock_order()),
                false => self.ctx.order,
            };

            env.wake_all_kswapds(&self.ctx, order);
        }
        match env.look(&self.ctx, self.flags) {
            Some(page) => Got(page),
            None => Go(Step::Reserves),
        }
    }

    fn reserves<E: Env>(&mut self, env: &mut E) -> Next<E::Page> {
        let reserve = reserve_flags(&self.ctx);

        if let Some(reserve) = reserve {
            self.flags = with_reserve(self.ctx.gfp, reserve, self.flags);
        }
        // So urgent a request is not held to its nodes. The first look was to succeed elsewhere.
        if reserve.is_some() || !self.flags.has(AllocFlags::CPUSET) {
            self.ctx.nodemask = 0;
            if core::mem::replace(&mut self.can_retry_reserves, false) {
                return Go(Step::Freelist);
            }
        }
        if !self.ctx.gfp.allows_blocking() {
            return Go(self.mix_or_fail());
        }
        if env.dies() {
            return Killed;
        }
        // Who reclaims must not wait for reclaim.
        if self.ctx.task.memalloc {
            return Go(Step::NoPage);
        }
        env.warn_stall(&self.ctx, self.begin);
        self.order = self.reclaim_compact_order(env.pageblock_order());
        Go(match self.compact_first {
            true => Step::Compact,
            false => Step::Reclaim,
        })
    }

    /// If types were kept apart at any price: nobody will make that possible.
    fn mix_or_fail(&mut self) -> Step {
        let mends = self.ctx.gfp.has(Gfp::KSWAPD_RECLAIM);

        if self.defrag_mode && mends && self.flags.has(AllocFlags::NOFRAGMENT) {
            self.flags = self.flags.without(AllocFlags::NOFRAGMENT);
            return Step::Freelist;
        }
        Step::NoPage
    }

    /// Reclaim makes room in movable pageblocks. Other types, if they must not go there, need whole
    /// pageblocks.
    fn reclaim_compact_order(&self, pageblock_order: Order) -> Order {
        let movable = self.ctx.migratetype == Migratetype::Movable;

        match self.flags.has(AllocFlags::NOFRAGMENT) && !movable {
            true => self.ctx.order.max(pageblock_order),
            false => self.ctx.order,
        }
    }

    /// C: `__alloc_pages_cpuset_fallback()`.
    fn look_past_nodes<E: Env>(&self, env: &mut E, flags: AllocFlags) -> Option<E::Page> {
        env.look(&self.ctx, flags | AllocFlags::CPUSET)
            .or_else(|| env.look(&self.ctx, flags))
    }

    fn no_page<E: Env>(&mut self, env: &mut E) -> Next<E::Page> {
        if self.has_changed(env) {
            return Go(Step::Restart);
        }
        if !self.ctx.gfp.has(Gfp::NOFAIL) || !self.ctx.gfp.allows_blocking() {
            return Fail;
        }
        // Some of the reserves, not all: that would make everything worse.
        if let Some(page) = self.look_past_nodes(env, AllocFlags::MIN_RESERVE) {
            return Got(page);
        }
        env.pause();
        Go(Step::Freelist)
    }

    /// Whether the request allows compaction (C: `gfp_compaction_allowed()`).
    fn can_compact(&self) -> bool {
        self.ctx.gfp.has_all(Gfp::DIRECT_RECLAIM | Gfp::IO)
    }

    fn is_costly(&self) -> bool {
        is_costly(self.ctx.order)
    }

    /// C: `order_defrag_promoted()`.
    fn is_promoted(&self) -> bool {
        self.order != self.ctx.order
    }

    /// C: `check_retry_zonelist()`.
    fn has_changed<E: Env>(&self, env: &E) -> bool {
        env.cookie() != self.cookie
    }
}
