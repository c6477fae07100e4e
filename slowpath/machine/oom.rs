// SPDX-License-Identifier: GPL-2.0

//! When nothing else helps: somebody gives everything back.

#![deny(unsafe_code)]

use super::{
    super::{
        oom::{
            gate,
            parallel,
            OomGate, //
        },
        owners::OomResult,
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
    zone::alloc_flags::AllocFlags, //
};

impl Slowpath {
    pub(super) fn oom<E: Env>(&mut self, env: &mut E) -> Next<E::Page> {
        if let Some(page) = self.may_oom(env) {
            return Got(page);
        }
        let sated = self.flags.has(AllocFlags::OOM) || self.ctx.gfp.has(Gfp::NOMEMALLOC);

        // A victim that had its reserve would come back for ever.
        if (self.ctx.task.oom_victim && sated) || self.progress == 0 {
            return Go(Step::NoPage);
        }
        self.reclaim = ReclaimRounds::default();
        Go(Step::Freelist)
    }

    /// C: `__alloc_pages_may_oom()`.
    fn may_oom<E: Env>(&mut self, env: &mut E) -> Option<E::Page> {
        if !env.oom_trylock() {
            // Somebody else makes progress for us.
            self.progress = 1;
            env.pause();
            return None;
        }
        self.progress = 0;
        let page = self.under_oom_lock(env);

        env.oom_unlock();
        page
    }

    fn under_oom_lock<E: Env>(&mut self, env: &mut E) -> Option<E::Page> {
        let high = AllocFlags::WMARK_HIGH | AllocFlags::CPUSET;

        if let Some(page) = env.look(&parallel(&self.ctx), high) {
            return Some(page);
        }
        let helped = match gate(&self.ctx) {
            OomGate::Open => self.out_of_memory(env),
            OomGate::GoOn => {
                env.pause();
                true
            }
            OomGate::Closed => return None,
        };
        let nofail = self.ctx.gfp.has(Gfp::NOFAIL);

        self.progress = u64::from(helped || nofail);
        nofail
            .then(|| self.look_past_nodes(env, AllocFlags::NO_WATERMARKS))
            .flatten()
    }

    fn out_of_memory<E: Env>(&self, env: &mut E) -> bool {
        match env.oom(&self.ctx) {
            OomResult::Killed => true,
            OomResult::Pending => {
                env.pause();
                true
            }
            OomResult::NoVictim => false,
        }
    }
}
