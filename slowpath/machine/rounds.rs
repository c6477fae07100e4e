// SPDX-License-Identifier: GPL-2.0

//! One round of the slow path: reclaim, compact, and whether another round is worth it.

#![deny(unsafe_code)]

use super::{
    super::{
        compact::{
            CompactPriority,
            CompactResult, //
        },
        retry::ReclaimRounds,
        Env, //
    },
    Next::{
        self,
        Go,
        Got, //
    },
    Slowpath,
    Step, //
};
use crate::{
    gfp::Gfp,
    zone::{
        alloc_flags::AllocFlags,
        order::Order, //
    }, //
};

impl Slowpath {
    /// C: `__alloc_pages_direct_reclaim()`.
    pub(super) fn reclaim<E: Env>(&mut self, env: &mut E) -> Next<E::Page> {
        self.progress = env.reclaim(&self.ctx, self.order);
        if self.progress == 0 {
            return Go(Step::Compact);
        }
        if let Some(page) = env.look(&self.ctx, self.flags) {
            return Got(page);
        }
        // What was reclaimed may be in a reserve or in stock.
        env.unreserve_highatomic(&self.ctx, false);
        env.drain_all_pages();
        match env.look(&self.ctx, self.flags) {
            Some(page) => Got(page),
            None => Go(Step::Compact),
        }
    }

    pub(super) fn compact<E: Env>(&mut self, env: &mut E) -> Next<E::Page> {
        if let Some(page) = self.direct_compact(env) {
            return Got(page);
        }
        if !self.compact_first {
            return Go(Step::Retry);
        }
        // This node or none: others may have plenty, so this one is not to be squeezed.
        if self.ctx.gfp.has_all(Gfp::NORETRY | Gfp::THISNODE) {
            return Go(Step::NoPage);
        }
        if !self.ctx.gfp.has(Gfp::NORETRY) {
            self.compact.priority = CompactPriority::SyncLight;
        }
        self.compact_first = false;
        Go(Step::Freelist)
    }

    /// C: `__alloc_pages_direct_compact()`.
    fn direct_compact<E: Env>(&mut self, env: &mut E) -> Option<E::Page> {
        if self.order == Order::ZERO {
            return None;
        }
        let (ctx, flags) = (&self.ctx, self.flags);
        let (result, captured) = env.compact(ctx, self.order, flags, self.compact.priority);

        self.compact_result = match captured.is_some() {
            true => CompactResult::Success,
            false => result,
        };
        if matches!(
            self.compact_result,
            CompactResult::Skipped | CompactResult::Deferred
        ) {
            return None;
        }
        let page = captured.or_else(|| env.look(ctx, flags));

        env.compacted(self.order, page.as_ref());
        page
    }

    pub(super) fn retry<E: Env>(&mut self, env: &mut E) -> Next<E::Page> {
        let may_fail = self.ctx.gfp.has(Gfp::RETRY_MAYFAIL);

        if self.ctx.gfp.has(Gfp::NORETRY) || (self.is_costly() && !(self.can_compact() && may_fail))
        {
            return Go(Step::NoPage);
        }
        Go(if self.has_changed(env) {
            Step::Restart
        } else if self.should_reclaim_retry(env)
            || (self.progress > 0 && self.can_compact() && self.should_compact_retry(env))
            || self.mix()
        {
            Step::Freelist
        } else if self.has_changed(env) {
            Step::Restart
        } else {
            Step::Oom
        })
    }

    /// C: `should_reclaim_retry()`.
    fn should_reclaim_retry<E: Env>(&mut self, env: &mut E) -> bool {
        let (progress, promoted) = (self.progress > 0, self.is_promoted());

        // Before anybody is killed, the high-order atomic reserve goes.
        (self.reclaim.count(progress, self.ctx.order, promoted)
            && env.reclaim_could_help(&self.ctx, self.flags))
            || env.unreserve_highatomic(&self.ctx, true)
    }

    /// C: `should_compact_retry()`.
    fn should_compact_retry<E: Env>(&mut self, env: &mut E) -> bool {
        if self.order == Order::ZERO || env.dies() {
            return false;
        }
        if self.compact_result == CompactResult::Skipped {
            return !self.is_promoted() && env.compaction_could_help(&self.ctx, self.flags);
        }
        self.compact.count(self.ctx.order, self.compact_result)
    }

    /// Gives up keeping types apart; whether that was to be done (C: `defrag_mode`).
    fn mix(&mut self) -> bool {
        if !self.defrag_mode || !self.flags.has(AllocFlags::NOFRAGMENT) {
            return false;
        }
        self.flags = self.flags.without(AllocFlags::NOFRAGMENT);
        // The rounds so far were about whole pageblocks.
        if self.is_promoted() {
            self.reclaim = ReclaimRounds::default();
            self.compact.retries = 0;
        }
        true
    }
}
