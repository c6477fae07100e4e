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
    oom::{
        gate,
        parallel,
        OomGate, //
    },
    owners::OomResult,
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
use kernel::prelude::*;

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

    /// C: `__alloc_pages_direct_reclaim()`.
    fn reclaim<E: Env>(&mut self, env: &mut E) -> Next<E::Page> {
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

    fn compact<E: Env>(&mut self, env: &mut E) -> Next<E::Page> {
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

    fn retry<E: Env>(&mut self, env: &mut E) -> Next<E::Page> {
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

    fn oom<E: Env>(&mut self, env: &mut E) -> Next<E::Page> {
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

#[kunit_tests(rust_buddy_slowpath_machine)]
mod tests {
    use super::*;
    use crate::sys::TaskFacts;
    use CompactPriority::{
        Async,
        SyncFull,
        SyncLight, //
    };
    use CompactResult::{
        Complete,
        Deferred,
        Skipped,
        Success, //
    };

    const RECLAIM: Gfp = Gfp::from_bits(0xc00);
    const KERNEL: Gfp = Gfp::from_bits(0xcc0);
    const ATOMIC: Gfp = Gfp::from_bits(0x820);
    const NOWAIT: Gfp = Gfp::from_bits(0x2800);

    /// What was asked for, in order.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    enum Call {
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

    use Call::*;

    /// Calls that are kept.
    const ROOM: usize = 96;

    /// Answers as it is told to, and takes down what it was asked.
    struct Fake {
        calls: [Option<Call>; ROOM],
        nr_calls: usize,
        has_zone: bool,
        cookie: u64,
        /// The look, counted from 1, that finds a block.
        finds: Option<usize>,
        nr_looks: usize,
        progress: u64,
        has_highatomic: bool,
        compact: (CompactResult, bool),
        reclaim_helps: bool,
        compaction_helps: bool,
        oom_is_free: bool,
        oom: OomResult,
        dies: bool,
        /// The call after which the cookie changes, once.
        changes_after: Option<Call>,
        /// The number of reclaims after which the task is to die.
        dies_after: usize,
    }

    impl Fake {
        fn new() -> Self {
            Self {
                calls: [None; ROOM],
                nr_calls: 0,
                has_zone: true,
                cookie: 0,
                finds: None,
                nr_looks: 0,
                progress: 0,
                has_highatomic: false,
                compact: (Skipped, false),
                reclaim_helps: false,
                compaction_helps: false,
                oom_is_free: true,
                oom: OomResult::NoVictim,
                dies: false,
                changes_after: None,
                dies_after: usize::MAX,
            }
        }

        fn log(&mut self, call: Call) {
            if let Some(slot) = self.calls.get_mut(self.nr_calls) {
                *slot = Some(call);
            }
            self.nr_calls += 1;
            if self.changes_after == Some(call) {
                self.changes_after = None;
                self.cookie += 1;
            }
        }

        fn nr(&self, is: impl Fn(Call) -> bool) -> usize {
            let mut nr = 0;

            for call in self.calls.iter().flatten() {
                nr += usize::from(is(*call));
            }
            nr
        }

        fn nr_reclaims(&self) -> usize {
            self.nr(|call| matches!(call, Reclaim(_)))
        }

        /// Whether these are all calls but those that wake somebody.
        fn did(&self, expected: &[Call]) -> bool {
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

    fn ctx(gfp: Gfp, order: u32) -> Result<AllocContext> {
        AllocContext::new(gfp, Order::new(order).ok_or(EINVAL)?).ok_or(EINVAL)
    }

    fn slow(gfp: Gfp, order: u32) -> Result<Slowpath> {
        Ok(Slowpath::new(&ctx(gfp, order)?, false, 0))
    }

    fn with_task(gfp: Gfp, order: u32, task: TaskFacts) -> Result<Slowpath> {
        let ctx = ctx(gfp, order)?;

        Ok(Slowpath::new(&AllocContext { task, ..ctx }, false, 0))
    }

    const FREES: TaskFacts = TaskFacts {
        is_rt: false,
        memalloc: true,
        is_kthread: false,
        oom_victim: false,
        dumps_core: false,
    };

    /// Whether one step of a request leads to another.
    fn leads(mut slow: Slowpath, mut env: Fake, step: Step, next: Step) -> bool {
        slow.act(step, &mut env) == Go(next)
    }

    /// The whole way; what was asked on it.
    fn run(slow: Slowpath, mut env: Fake) -> (Option<u8>, Fake) {
        let page = slow.run(&mut env);

        (page, env)
    }

    #[test]
    fn transitions_of_restart() -> Result {
        let nowhere = Fake {
            has_zone: false,
            ..Fake::new()
        };

        assert!(leads(
            slow(KERNEL, 0)?,
            Fake::new(),
            Step::Restart,
            Step::Freelist
        ));
        assert!(leads(
            slow(KERNEL, 0)?,
            nowhere,
            Step::Restart,
            Step::NoPage
        ));
        for (gfp, order, first) in [
            (KERNEL, 0, false),
            (KERNEL, 1, true),
            (KERNEL, 4, true),
            (KERNEL | Gfp::MOVABLE, 3, false),
            (KERNEL | Gfp::MOVABLE, 4, true),
            (RECLAIM, 4, false),
            (ATOMIC | Gfp::IO, 4, false),
        ] {
            let mut slow = slow(gfp, order)?;
            let priority = if first { Async } else { SyncLight };

            slow.act(Step::Restart, &mut Fake::new());
            assert_eq!(slow.compact_first, first);
            assert_eq!(slow.compact.priority, priority);
        }
        Ok(())
    }

    #[test]
    fn a_restart_forgets_the_rounds_and_keeps_the_time() -> Result {
        let mut slow = Slowpath::new(&ctx(KERNEL, 0)?, false, 77);

        slow.reclaim = ReclaimRounds(9);
        slow.compact.retries = 9;
        slow.compact.priority = SyncFull;
        slow.compact_result = Complete;
        slow.can_retry_reserves = false;
        slow.act(Step::Restart, &mut Fake::new());
        assert_eq!(slow.reclaim, ReclaimRounds(0));
        assert_eq!(slow.compact, CompactRounds::NEW);
        assert_eq!(slow.compact_result, Skipped);
        assert!(!slow.can_retry_reserves);
        assert_eq!(slow.begin, 77);
        Ok(())
    }

    #[test]
    fn transitions_of_freelist() -> Result {
        let mut env = Fake {
            finds: Some(1),
            ..Fake::new()
        };

        assert!(leads(
            slow(KERNEL, 0)?,
            Fake::new(),
            Step::Freelist,
            Step::Reserves
        ));
        assert_eq!(slow(KERNEL, 2)?.act(Step::Freelist, &mut env), Got(1));
        assert_eq!(env.calls.first(), Some(&Some(Wake(2))));
        // Who may not wake anybody does not.
        let mut env = Fake::new();
        slow(Gfp::IO, 0)?.act(Step::Freelist, &mut env);
        assert!(env.did(&[Look(0x50)]) && env.nr_calls == 1);
        // To keep types apart takes whole pageblocks.
        let mut env = Fake::new();
        Slowpath::new(&ctx(KERNEL, 2)?, true, 0).act(Step::Freelist, &mut env);
        assert_eq!(env.calls.first(), Some(&Some(Wake(9))));
        Ok(())
    }

    #[test]
    fn transitions_of_reserves() -> Result {
        let dies = Fake {
            dies: true,
            ..Fake::new()
        };
        let tried = |mut slow: Slowpath| {
            slow.can_retry_reserves = false;
            slow
        };
        let at = Step::Reserves;

        assert!(leads(slow(KERNEL, 0)?, Fake::new(), at, Step::Reclaim));
        assert!(leads(slow(NOWAIT, 0)?, Fake::new(), at, Step::NoPage));
        // Not held to its nodes: once more, and only once.
        assert!(leads(slow(ATOMIC, 0)?, Fake::new(), at, Step::Freelist));
        assert!(leads(
            tried(slow(ATOMIC, 0)?),
            Fake::new(),
            at,
            Step::NoPage
        ));
        assert!(leads(
            with_task(KERNEL, 0, FREES)?,
            Fake::new(),
            at,
            Step::Freelist
        ));
        // Who reclaims does not wait for reclaim.
        assert!(leads(
            tried(with_task(KERNEL, 0, FREES)?),
            Fake::new(),
            at,
            Step::NoPage
        ));
        let mut first = slow(KERNEL, 4)?;
        first.compact_first = true;
        assert!(leads(first, Fake::new(), at, Step::Compact));
        assert_eq!(slow(KERNEL, 0)?.act(at, &mut { dies }), Killed);
        Ok(())
    }

    #[test]
    fn who_is_not_held_to_nodes_may_use_all() -> Result {
        let ctx = AllocContext {
            nodemask: 1,
            ..ctx(ATOMIC, 0)?
        };
        let mut atomic = Slowpath::new(&ctx, false, 0);

        atomic.act(Step::Reserves, &mut Fake::new());
        assert_eq!(atomic.ctx.nodemask, 0);
        let kernel = AllocContext { gfp: KERNEL, ..ctx };
        let mut kernel = Slowpath::new(&kernel, false, 0);
        kernel.act(Step::Reserves, &mut Fake::new());
        assert_eq!(kernel.ctx.nodemask, 1);
        Ok(())
    }

    #[test]
    fn defrag_mode_ends_where_nobody_can_mend() -> Result {
        let quiet = Gfp::from_bits(0x2000);
        let mut nowait = Slowpath::new(&ctx(NOWAIT, 0)?, true, 0);

        assert!(nowait.flags.has(AllocFlags::NOFRAGMENT));
        assert_eq!(
            nowait.act(Step::Reserves, &mut Fake::new()),
            Go(Step::Freelist)
        );
        assert!(!nowait.flags.has(AllocFlags::NOFRAGMENT));
        assert_eq!(
            nowait.act(Step::Reserves, &mut Fake::new()),
            Go(Step::NoPage)
        );
        let quiet = Slowpath::new(&ctx(quiet, 0)?, true, 0);
        assert!(leads(quiet, Fake::new(), Step::Reserves, Step::NoPage));
        Ok(())
    }

    #[test]
    fn defrag_mode_reclaims_and_compacts_for_whole_pageblocks() -> Result {
        for (gfp, order) in [(KERNEL, 9), (KERNEL | Gfp::MOVABLE, 0)] {
            let mut slow = Slowpath::new(&ctx(gfp, 0)?, true, 0);

            slow.act(Step::Reserves, &mut Fake::new());
            assert_eq!(slow.order.get(), order);
        }
        Ok(())
    }

    #[test]
    fn row_125_transitions_of_reclaim() -> Result {
        let with = |progress, finds| Fake {
            progress,
            finds,
            ..Fake::new()
        };
        let at = Step::Reclaim;
        let mut nothing = with(0, Some(1));
        let mut at_once = with(5, Some(1));
        let mut later = with(5, Some(2));
        let mut never = with(5, None);

        assert_eq!(slow(KERNEL, 0)?.act(at, &mut nothing), Go(Step::Compact));
        assert!(nothing.did(&[Reclaim(0)]));
        assert_eq!(slow(KERNEL, 0)?.act(at, &mut at_once), Got(1));
        assert!(at_once.did(&[Reclaim(0), Look(0x840)]));
        assert_eq!(slow(KERNEL, 0)?.act(at, &mut later), Got(1));
        let all = [
            Reclaim(0),
            Look(0x840),
            Unreserve(false),
            Drain,
            Look(0x840),
        ];
        assert!(later.did(&all));
        assert_eq!(slow(KERNEL, 0)?.act(at, &mut never), Go(Step::Compact));
        assert!(never.did(&all));
        Ok(())
    }

    #[test]
    fn transitions_of_compact() -> Result {
        let at = Step::Compact;
        let first = |gfp| -> Result<Slowpath> {
            let mut slow = slow(gfp, 4)?;

            slow.act(Step::Restart, &mut Fake::new());
            Ok(slow)
        };
        let mut kernel = first(KERNEL)?;
        let mut once = first(KERNEL | Gfp::NORETRY)?;

        assert!(leads(slow(KERNEL, 4)?, Fake::new(), at, Step::Retry));
        assert_eq!(kernel.act(at, &mut Fake::new()), Go(Step::Freelist));
        assert_eq!(
            (kernel.compact_first, kernel.compact.priority),
            (false, SyncLight)
        );
        assert_eq!(once.act(at, &mut Fake::new()), Go(Step::Freelist));
        assert_eq!((once.compact_first, once.compact.priority), (false, Async));
        let local = first(KERNEL | Gfp::NORETRY | Gfp::THISNODE)?;
        assert!(leads(local, Fake::new(), at, Step::NoPage));
        let local = first(KERNEL | Gfp::THISNODE)?;
        assert!(leads(local, Fake::new(), at, Step::Freelist));
        Ok(())
    }

    #[test]
    fn single_pages_need_no_compaction() -> Result {
        let mut env = Fake::new();

        assert_eq!(
            slow(KERNEL, 0)?.act(Step::Compact, &mut env),
            Go(Step::Retry)
        );
        assert!(env.did(&[]));
        Ok(())
    }

    #[test]
    fn row_134_a_captured_block_is_taken_as_it_is() -> Result {
        let mut slow = slow(KERNEL, 4)?;
        let mut env = Fake {
            compact: (Skipped, true),
            ..Fake::new()
        };

        assert_eq!(slow.act(Step::Compact, &mut env), Got(2));
        assert!(env.did(&[Compact(4, SyncLight), Compacted(true)]));
        assert_eq!(slow.compact_result, Success);
        Ok(())
    }

    #[test]
    fn what_was_not_compacted_does_not_count() -> Result {
        let of = |result, finds| Fake {
            compact: (result, false),
            finds,
            ..Fake::new()
        };

        for result in [Skipped, Deferred] {
            let mut env = of(result, Some(1));

            slow(KERNEL, 4)?.act(Step::Compact, &mut env);
            assert!(env.did(&[Compact(4, SyncLight)]));
        }
        let mut found = of(Complete, Some(1));
        assert_eq!(slow(KERNEL, 4)?.act(Step::Compact, &mut found), Got(1));
        assert!(found.did(&[Compact(4, SyncLight), Look(0x840), Compacted(true)]));
        let mut lost = of(Complete, None);
        slow(KERNEL, 4)?.act(Step::Compact, &mut lost);
        assert!(lost.did(&[Compact(4, SyncLight), Look(0x840), Compacted(false)]));
        Ok(())
    }

    /// A request that reclaimed so many pages.
    fn after(gfp: Gfp, order: u32, progress: u64) -> Result<Slowpath> {
        Ok(Slowpath {
            progress,
            ..slow(gfp, order)?
        })
    }

    #[test]
    fn transitions_of_retry() -> Result {
        let at = Step::Retry;
        let helps = || Fake {
            reclaim_helps: true,
            ..Fake::new()
        };
        let changed = || Fake {
            cookie: 1,
            ..helps()
        };
        let reserve = || Fake {
            has_highatomic: true,
            ..Fake::new()
        };
        let hard = KERNEL | Gfp::RETRY_MAYFAIL;

        for (gfp, order, env, next) in [
            (KERNEL | Gfp::NORETRY, 0, helps(), Step::NoPage),
            (KERNEL, 4, helps(), Step::NoPage),
            (hard, 4, helps(), Step::Freelist),
            (RECLAIM | Gfp::RETRY_MAYFAIL, 4, helps(), Step::NoPage),
            (RECLAIM, 3, helps(), Step::Freelist),
            (KERNEL, 0, helps(), Step::Freelist),
            (KERNEL, 0, changed(), Step::Restart),
            (KERNEL | Gfp::NORETRY, 0, changed(), Step::NoPage),
            (KERNEL, 0, reserve(), Step::Freelist),
            (KERNEL, 0, Fake::new(), Step::Oom),
            (hard, 4, Fake::new(), Step::Oom),
        ] {
            assert!(leads(slow(gfp, order)?, env, at, next));
        }
        Ok(())
    }

    #[test]
    fn a_change_while_it_decides_is_seen_before_anybody_is_killed() -> Result {
        let env = Fake {
            changes_after: Some(Unreserve(true)),
            ..Fake::new()
        };

        assert!(leads(slow(KERNEL, 0)?, env, Step::Retry, Step::Restart));
        Ok(())
    }

    #[test]
    fn compaction_is_tried_again_only_after_progress() -> Result {
        let skipped = |helps| Fake {
            compaction_helps: helps,
            ..Fake::new()
        };
        let dies = Fake {
            dies: true,
            ..skipped(true)
        };
        let at = Step::Retry;

        assert!(leads(
            after(KERNEL, 2, 1)?,
            skipped(true),
            at,
            Step::Freelist
        ));
        assert!(leads(after(KERNEL, 2, 1)?, skipped(false), at, Step::Oom));
        assert!(leads(after(KERNEL, 2, 0)?, skipped(true), at, Step::Oom));
        assert!(leads(after(RECLAIM, 2, 1)?, skipped(true), at, Step::Oom));
        assert!(leads(after(KERNEL, 0, 1)?, skipped(true), at, Step::Oom));
        assert!(leads(after(KERNEL, 2, 1)?, dies, at, Step::Oom));
        let mut failed = after(KERNEL, 2, 1)?;
        failed.compact_result = Complete;
        assert_eq!(failed.act(at, &mut Fake::new()), Go(Step::Freelist));
        assert_eq!(failed.compact.priority, SyncFull);
        assert_eq!(failed.act(at, &mut Fake::new()), Go(Step::Oom));
        Ok(())
    }

    #[test]
    fn defrag_mode_is_given_up_before_anybody_is_killed() -> Result {
        let at = Step::Retry;
        let mut slow = Slowpath {
            order: Order::new(9).ok_or(EINVAL)?,
            reclaim: ReclaimRounds(16),
            ..Slowpath::new(&ctx(KERNEL, 0)?, true, 0)
        };

        slow.compact.retries = 5;
        assert_eq!(slow.act(at, &mut Fake::new()), Go(Step::Freelist));
        assert!(!slow.flags.has(AllocFlags::NOFRAGMENT));
        assert_eq!((slow.reclaim, slow.compact.retries), (ReclaimRounds(0), 0));
        assert_eq!(slow.act(at, &mut Fake::new()), Go(Step::Oom));
        Ok(())
    }

    #[test]
    fn promoted_requests_do_not_wait_for_compaction_to_be_possible() -> Result {
        let mut slow = Slowpath {
            order: Order::new(9).ok_or(EINVAL)?,
            progress: 1,
            ..Slowpath::new(&ctx(KERNEL, 0)?, true, 0)
        };
        let mut env = Fake {
            compaction_helps: true,
            ..Fake::new()
        };

        // Not by that, but because types may mix now.
        assert_eq!(slow.act(Step::Retry, &mut env), Go(Step::Freelist));
        assert!(!slow.flags.has(AllocFlags::NOFRAGMENT));
        Ok(())
    }

    #[test]
    fn transitions_of_oom() -> Result {
        let at = Step::Oom;
        let with = |oom| Fake { oom, ..Fake::new() };

        assert!(leads(
            slow(KERNEL, 0)?,
            with(OomResult::Killed),
            at,
            Step::Freelist
        ));
        assert!(leads(
            slow(KERNEL, 0)?,
            with(OomResult::Pending),
            at,
            Step::Freelist
        ));
        assert!(leads(
            slow(KERNEL, 0)?,
            with(OomResult::NoVictim),
            at,
            Step::NoPage
        ));
        assert!(leads(
            slow(KERNEL, 4)?,
            with(OomResult::Killed),
            at,
            Step::NoPage
        ));
        let mut parallel = Fake {
            finds: Some(1),
            ..with(OomResult::Killed)
        };
        assert_eq!(slow(KERNEL, 0)?.act(at, &mut parallel), Got(1));
        assert!(parallel.did(&[Look(0x42)]));
        let mut rounds = slow(KERNEL, 0)?;
        rounds.reclaim = ReclaimRounds(17);
        rounds.act(at, &mut with(OomResult::Killed));
        assert_eq!(rounds.reclaim, ReclaimRounds(0));
        Ok(())
    }

    #[test]
    fn row_119_who_has_another_way_kills_nobody() -> Result {
        for (gfp, order) in [
            (KERNEL, 4),
            (KERNEL | Gfp::THISNODE, 0),
            (KERNEL | Gfp::RETRY_MAYFAIL, 0),
            (KERNEL | Gfp::DMA, 0),
        ] {
            let mut env = Fake {
                oom: OomResult::Killed,
                ..Fake::new()
            };

            assert_eq!(slow(gfp, order)?.act(Step::Oom, &mut env), Go(Step::NoPage));
            assert!(env.did(&[Look(0x42)]));
        }
        Ok(())
    }

    #[test]
    fn row_120_without_fs_nobody_is_killed_and_it_goes_on() -> Result {
        let mut env = Fake::new();
        let nofs = RECLAIM | Gfp::IO;

        assert_eq!(slow(nofs, 0)?.act(Step::Oom, &mut env), Go(Step::Freelist));
        assert!(env.did(&[Look(0x42), Pause]));
        Ok(())
    }

    #[test]
    fn row_121_while_others_kill_it_goes_on() -> Result {
        let mut env = Fake {
            oom_is_free: false,
            ..Fake::new()
        };
        let mut slow = slow(KERNEL, 0)?;

        assert_eq!(slow.act(Step::Oom, &mut env), Go(Step::Freelist));
        assert_eq!(slow.progress, 1);
        assert!(env.did(&[Pause]));
        Ok(())
    }

    #[test]
    fn victims_end_when_their_reserve_is_used_up() -> Result {
        let victim = TaskFacts {
            memalloc: false,
            oom_victim: true,
            ..FREES
        };
        let killed = || Fake {
            oom: OomResult::Killed,
            ..Fake::new()
        };
        let at = Step::Oom;
        let fresh = with_task(KERNEL, 0, victim)?;
        let mut sated = fresh;

        sated.flags = AllocFlags::OOM;
        assert!(leads(fresh, killed(), at, Step::Freelist));
        assert!(leads(sated, killed(), at, Step::NoPage));
        let modest = with_task(KERNEL | Gfp::NOMEMALLOC, 0, victim)?;
        assert!(leads(modest, killed(), at, Step::NoPage));
        Ok(())
    }

    #[test]
    fn row_122_transitions_of_no_page() -> Result {
        let at = Step::NoPage;
        let nofail = KERNEL | Gfp::NOFAIL;
        let changed = Fake {
            cookie: 1,
            ..Fake::new()
        };
        let mut second = Fake {
            finds: Some(2),
            ..Fake::new()
        };

        assert_eq!(slow(KERNEL, 0)?.act(at, &mut Fake::new()), Next::Fail);
        assert!(leads(slow(KERNEL, 0)?, changed, at, Step::Restart));
        assert!(leads(slow(nofail, 0)?, Fake::new(), at, Step::Freelist));
        let mut cannot_wait = Fake::new();
        let gfp = ATOMIC | Gfp::NOFAIL;
        assert_eq!(slow(gfp, 0)?.act(at, &mut cannot_wait), Next::Fail);
        assert!(cannot_wait.did(&[]));
        assert_eq!(slow(nofail, 0)?.act(at, &mut second), Got(1));
        assert!(second.did(&[Look(0x60), Look(0x20)]));
        Ok(())
    }

    #[test]
    fn row_122_unfailing_requests_go_on_until_there_is_a_block() -> Result {
        let env = Fake {
            finds: Some(40),
            ..Fake::new()
        };
        let (page, env) = run(slow(KERNEL | Gfp::NOFAIL, 0)?, env);

        assert_eq!(page, Some(1));
        assert_eq!(env.nr(|call| call == Failed), 0);
        // With the last resort come all reserves.
        assert!(env.nr(|call| call == Look(0x44)) > 0);
        assert!(env.nr(|call| call == Look(0x4)) > 0);
        Ok(())
    }

    #[test]
    fn unfailing_requests_end_with_their_task() -> Result {
        let env = Fake {
            dies_after: 3,
            ..Fake::new()
        };
        let (page, env) = run(slow(KERNEL | Gfp::NOFAIL, 0)?, env);

        assert_eq!(page, None);
        assert_eq!(env.nr_reclaims(), 3);
        assert_eq!(env.nr(|call| call == Failed), 0);
        Ok(())
    }

    #[test]
    fn row_110_looks_of_those_who_fail() -> Result {
        // One more than these is the first look of all.
        for (gfp, task, looks) in [
            (NOWAIT, TaskFacts::default(), &[Look(0x850), Failed][..]),
            (
                ATOMIC,
                TaskFacts::default(),
                &[Look(0x830), Look(0x830), Failed][..],
            ),
            (KERNEL, FREES, &[Look(0x840), Look(0x804), Failed][..]),
        ] {
            let (page, env) = run(with_task(gfp, 0, task)?, Fake::new());

            assert_eq!(page, None);
            assert!(env.did(looks));
        }
        Ok(())
    }

    #[test]
    fn row_123_who_reclaims_does_not_reclaim() -> Result {
        for order in [0, 4] {
            let (_, env) = run(with_task(KERNEL, order, FREES)?, Fake::new());

            assert_eq!(env.nr_reclaims(), 0);
            assert_eq!(env.nr(|call| matches!(call, Compact(..))), 0);
        }
        Ok(())
    }

    #[test]
    fn row_111_115_large_blocks_are_compacted_for_first_and_reclaimed_for_once() -> Result {
        let env = Fake {
            oom: OomResult::Killed,
            reclaim_helps: true,
            ..Fake::new()
        };
        let (page, env) = run(slow(KERNEL, 4)?, env);

        assert_eq!(page, None);
        assert!(env.did(&[
            Look(0x840),
            Stall,
            Compact(4, Async),
            Look(0x840),
            Stall,
            Reclaim(4),
            Compact(4, SyncLight),
            Failed,
        ]));
        Ok(())
    }

    #[test]
    fn row_112_small_movable_blocks_are_reclaimed_for_first() -> Result {
        for order in 1..=3 {
            let (_, env) = run(
                slow(KERNEL | Gfp::MOVABLE | Gfp::NORETRY, order)?,
                Fake::new(),
            );
            let order = order as u8;

            assert!(env.did(&[
                Look(0x8c0),
                Stall,
                Reclaim(order),
                Compact(order, SyncLight),
                Failed,
            ]));
        }
        Ok(())
    }

    #[test]
    fn row_113_one_round_for_those_who_give_up_early() -> Result {
        let (_, small) = run(slow(KERNEL | Gfp::NORETRY, 0)?, Fake::new());
        let (_, large) = run(slow(KERNEL | Gfp::NORETRY, 4)?, Fake::new());

        assert!(small.did(&[Look(0x840), Stall, Reclaim(0), Failed]));
        assert!(large.did(&[
            Look(0x840),
            Stall,
            Compact(4, Async),
            Look(0x840),
            Stall,
            Reclaim(4),
            Compact(4, Async),
            Failed,
        ]));
        Ok(())
    }

    #[test]
    fn row_114_this_node_is_not_squeezed_for_large_blocks() -> Result {
        let gfp = KERNEL | Gfp::NORETRY | Gfp::THISNODE;
        let (_, env) = run(slow(gfp, 9)?, Fake::new());

        assert!(env.did(&[Look(0x840), Stall, Compact(9, Async), Failed]));
        Ok(())
    }

    #[test]
    fn row_116_seventeen_reclaims_before_somebody_is_killed() -> Result {
        let env = Fake {
            reclaim_helps: true,
            ..Fake::new()
        };
        let (_, hopes) = run(slow(KERNEL, 0)?, env);
        let (_, hopeless) = run(slow(KERNEL, 0)?, Fake::new());

        assert_eq!(hopes.nr_reclaims(), 17);
        assert_eq!(hopes.nr(|call| call == Oom), 1);
        assert_eq!(hopeless.nr_reclaims(), 1);
        assert_eq!(hopeless.nr(|call| call == Oom), 1);
        Ok(())
    }

    #[test]
    fn row_124_a_change_is_worth_one_more_try() -> Result {
        let env = Fake {
            changes_after: Some(Reclaim(0)),
            ..Fake::new()
        };
        let (_, env) = run(slow(KERNEL, 0)?, env);

        assert_eq!(env.nr_reclaims(), 2);
        assert_eq!(env.nr(|call| call == Failed), 1);
        Ok(())
    }
}
