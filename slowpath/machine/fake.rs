// SPDX-License-Identifier: GPL-2.0

//! A slow path whose surroundings answer as they are told to.

#![deny(unsafe_code)]

use super::{
    super::{
        compact::{
            CompactPriority,
            CompactResult, //
        },
        owners::OomResult,
        Env, //
    },
    Next::Go,
    Slowpath,
    Step, //
};
use crate::{
    gfp::{
        context::AllocContext,
        Gfp, //
    },
    sys::TaskFacts,
    zone::{
        alloc_flags::AllocFlags,
        order::Order, //
    }, //
};
use kernel::prelude::*;

pub(super) const RECLAIM: Gfp = Gfp::from_bits(0xc00);
pub(super) const KERNEL: Gfp = Gfp::from_bits(0xcc0);
pub(super) const ATOMIC: Gfp = Gfp::from_bits(0x820);
pub(super) const NOWAIT: Gfp = Gfp::from_bits(0x2800);

/// What was asked for, in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Call {
    Wake(u8),
    Look(u32),
    Reclaim(u8),
    Unreserve(bool),
    Drain,
    Compact(u8, CompactPriority),
    Compacted(bool),
    Oom,
    Pause,
    Stall,
    Failed,
}

pub(super) use Call::*;

/// Calls that are kept.
pub(super) const ROOM: usize = 96;

/// Answers as it is told to, and takes down what it was asked.
pub(super) struct Fake {
    pub(super) calls: [Option<Call>; ROOM],
    pub(super) nr_calls: usize,
    pub(super) has_zone: bool,
    pub(super) cookie: u64,
    /// The look, counted from 1, that finds a block.
    pub(super) finds: Option<usize>,
    pub(super) nr_looks: usize,
    pub(super) progress: u64,
    pub(super) has_highatomic: bool,
    pub(super) compact: (CompactResult, bool),
    pub(super) reclaim_helps: bool,
    pub(super) compaction_helps: bool,
    pub(super) oom_is_free: bool,
    pub(super) oom: OomResult,
    pub(super) dies: bool,
    /// The call after which the cookie changes, once.
    pub(super) changes_after: Option<Call>,
    /// The number of reclaims after which the task is to die.
    pub(super) dies_after: usize,
}

impl Fake {
    pub(super) fn new() -> Self {
        Self {
            calls: [None; ROOM],
            nr_calls: 0,
            has_zone: true,
            cookie: 0,
            finds: None,
            nr_looks: 0,
            progress: 0,
            has_highatomic: false,
            compact: (CompactResult::Skipped, false),
            reclaim_helps: false,
            compaction_helps: false,
            oom_is_free: true,
            oom: OomResult::NoVictim,
            dies: false,
            changes_after: None,
            dies_after: usize::MAX,
        }
    }

    pub(super) fn log(&mut self, call: Call) {
        if let Some(slot) = self.calls.get_mut(self.nr_calls) {
            *slot = Some(call);
        }
        self.nr_calls += 1;
        if self.changes_after == Some(call) {
            self.changes_after = None;
            self.cookie += 1;
        }
    }

    pub(super) fn nr(&self, is: impl Fn(Call) -> bool) -> usize {
        let mut nr = 0;

        for call in self.calls.iter().flatten() {
            nr += usize::from(is(*call));
        }
        nr
    }

    pub(super) fn nr_reclaims(&self) -> usize {
        self.nr(|call| matches!(call, Reclaim(_)))
    }

    /// Whether these are all calls but those that wake somebody.
    pub(super) fn did(&self, expected: &[Call]) -> bool {
        let calls = self.calls.iter().flatten();

        calls
            .filter(|call| !matches!(call, Wake(_)))
            .eq(expected.iter())
    }
}

impl Env for Fake {
    type Page = u8;

    fn pageblock_order(&self) -> Order {
        Order::new(9).unwrap_or(Order::ZERO)
    }

    fn has_zone(&self, _ctx: &AllocContext) -> bool {
        self.has_zone
    }

    fn cookie(&self) -> u64 {
        self.cookie
    }

    fn wake_all_kswapds(&mut self, _ctx: &AllocContext, order: Order) {
        self.log(Wake(order.get()));
    }

    fn look(&mut self, _ctx: &AllocContext, flags: AllocFlags) -> Option<u8> {
        // The flags as a number: there is no other way to it.
        let bits = (0..0x1000u32).find(|bits| flags == *bits);

        self.log(Look(bits.unwrap_or(u32::MAX)));
        self.nr_looks += 1;
        (self.finds == Some(self.nr_looks)).then_some(1)
    }

    fn reclaim(&mut self, _ctx: &AllocContext, order: Order) -> u64 {
        self.log(Reclaim(order.get()));
        self.dies |= self.nr_reclaims() >= self.dies_after;
        self.progress
    }

    fn unreserve_highatomic(&mut self, _ctx: &AllocContext, force: bool) -> bool {
        self.log(Unreserve(force));
        core::mem::replace(&mut self.has_highatomic, false)
    }

    fn drain_all_pages(&mut self) {
        self.log(Drain);
    }

    fn compact(
        &mut self,
        _ctx: &AllocContext,
        order: Order,
        _flags: AllocFlags,
        priority: CompactPriority,
    ) -> (CompactResult, Option<u8>) {
        self.log(Compact(order.get(), priority));
        (self.compact.0, self.compact.1.then_some(2))
    }

    fn compacted(&mut self, _order: Order, page: Option<&u8>) {
        self.log(Compacted(page.is_some()));
    }

    fn reclaim_could_help(&mut self, _ctx: &AllocContext, _flags: AllocFlags) -> bool {
        self.reclaim_helps
    }

    fn compaction_could_help(&mut self, _ctx: &AllocContext, _flags: AllocFlags) -> bool {
        self.compaction_helps
    }

    fn oom_trylock(&mut self) -> bool {
        self.oom_is_free
    }

    fn oom_unlock(&mut self) {}

    fn oom(&mut self, _ctx: &AllocContext) -> OomResult {
        self.log(Oom);
        self.oom
    }

    fn dies(&self) -> bool {
        self.dies
    }

    fn pause(&mut self) {
        self.log(Pause);
    }

    fn warn_stall(&mut self, _ctx: &AllocContext, _begin: u64) {
        self.log(Stall);
    }

    fn warn_fail(&mut self, _ctx: &AllocContext) {
        self.log(Failed);
    }
}

pub(super) fn ctx(gfp: Gfp, order: u32) -> Result<AllocContext> {
    AllocContext::new(gfp, Order::new(order).ok_or(EINVAL)?).ok_or(EINVAL)
}

pub(super) fn slow(gfp: Gfp, order: u32) -> Result<Slowpath> {
    Ok(Slowpath::new(&ctx(gfp, order)?, false, 0))
}

pub(super) fn with_task(gfp: Gfp, order: u32, task: TaskFacts) -> Result<Slowpath> {
    let ctx = ctx(gfp, order)?;

    Ok(Slowpath::new(&AllocContext { task, ..ctx }, false, 0))
}

pub(super) const FREES: TaskFacts = TaskFacts {
    is_rt: false,
    memalloc: true,
    is_kthread: false,
    oom_victim: false,
    dumps_core: false,
};

/// Whether one step of a request leads to another.
pub(super) fn leads(mut slow: Slowpath, mut env: Fake, step: Step, next: Step) -> bool {
    slow.act(step, &mut env) == Go(next)
}

/// The whole way; what was asked on it.
pub(super) fn run(slow: Slowpath, mut env: Fake) -> (Option<u8>, Fake) {
    let page = slow.run(&mut env);

    (page, env)
}

/// A request that reclaimed so many pages.
pub(super) fn after(gfp: Gfp, order: u32, progress: u64) -> Result<Slowpath> {
    Ok(Slowpath {
        progress,
        ..slow(gfp, order)?
    })
}
