// SPDX-License-Identifier: GPL-2.0

//! What the thread that compacts a node in the background does.
//!
//! C: `kcompactd()`, `kcompactd_do_work()`, `wakeup_kcompactd()`, `should_proactive_compact_node()`
//! in `mm/compaction.c`.

#![deny(unsafe_code)]

use super::{
    compaction::{
        defer_after,
        is_deferred, //
    },
    node::Node,
    pageset::Pageset,
    slow_events::SlowEvent,
    tunables::Tunable,
    Region, //
};
use crate::{
    slowpath::{
        compact::{
            control::{
                CompactRequest,
                Progress, //
            },
            kcompactd::Work,
            proactive::{
                score_of_node,
                ScoreMarks, //
            },
            suitable::suit_allocation_order,
            CompactResult,
            Mode, //
        },
        owners::Owners, //
    },
    sys,
    zone::{
        order::Order,
        Zone,
        ZoneType, //
    }, //
};
use kernel::sync::atomic::Relaxed;

impl Region {
    /// Asks the background compactor of a node for a block of `order` in zones up to `highest`
    /// (C: `wakeup_kcompactd()`).
    pub(crate) fn wakeup_kcompactd(&self, nid: i32, order: Order, highest: ZoneType) {
        let Some(node) = self.node(nid) else {
            return;
        };
        let state = node.kcompactd();

        if state.ask(order, highest) && state.is_asleep() && self.kcompactd_node_suitable(node) {
            state.bell.ring();
        }
    }

    fn background(&self, work: Work) -> CompactRequest {
        CompactRequest::background(work.order, work.highest, self.defrag_mode.load(Relaxed))
    }

    /// Whether there is a zone that is worth it (C: `kcompactd_node_suitable()`).
    fn kcompactd_node_suitable(&self, node: &Node) -> bool {
        let Some(work) = node.kcompactd().work() else {
            return false;
        };
        let request = self.background(work);

        zones_up_to(node, work.highest).any(|pageset| is_worth_it(pageset.zone(), &request))
    }

    /// What the background compactor of a node does until it is to stop. Sleeps (C: `kcompactd()`).
    pub(crate) fn kcompactd<O: Owners>(
        &self,
        nid: i32,
        owners: &O,
        should_stop: &dyn Fn() -> bool,
    ) {
        let Some(node) = self.node(nid) else {
            return;
        };

        while !should_stop() {
            self.kcompactd_round(node, owners, should_stop);
        }
    }

    /// Sleeps once, and does what it was woken for.
    pub(crate) fn kcompactd_round<O: Owners>(
        &self,
        node: &Node,
        owners: &O,
        should_stop: &dyn Fn() -> bool,
    ) {
        let state = node.kcompactd();
        let wanted = state.sleep(self.tunable(Tunable::CompactionProactiveness));

        if should_stop() {
            return;
        }
        if wanted && !state.is_triggered() {
            let _stall = sys::psi_memstall_enter();

            self.kcompactd_do_work(node, owners, should_stop);
            return state.reset_timeout();
        }
        state.reset_timeout();
        if let Some(marks) = self.should_proactive_compact(node) {
            let before = score_of(node);

            self.proactive_compact_node(node, marks, owners, should_stop);
            state.after_proactive(before, score_of(node));
        }
        state.untrigger();
    }

    /// Compacts the zones of a node until they should have what was asked for
    /// (C: `kcompactd_do_work()`).
    pub(crate) fn kcompactd_do_work<O: Owners>(
        &self,
        node: &Node,
        owners: &O,
        should_stop: &dyn Fn() -> bool,
    ) {
        let Some(work) = node.kcompactd().work() else {
            return;
        };

        node.kcompactd().count_run();
        self.slow_events().add(SlowEvent::KcompactdWake, 1);
        for pageset in zones_up_to(node, work.highest) {
            let own = Work {
                highest: pageset.zone().kind(),
                ..work
            };

            if is_deferred(pageset.zone(), work.order)
                || !is_worth_it(pageset.zone(), &self.background(own))
            {
                continue;
            }
            if should_stop() {
                return;
            }
            let request = self.background(work);
            let result = self.compact_in_background(pageset, &request, owners, should_stop);

            after_background(pageset, work.order, result);
        }
        node.kcompactd().done(work);
    }

    fn compact_in_background<O: Owners>(
        &self,
        pageset: &Pageset,
        request: &CompactRequest,
        owners: &O,
        should_stop: &dyn Fn() -> bool,
    ) -> CompactResult {
        let stop = |_: &Progress| should_stop();
        let (result, progress) = self.compact(pageset, request, owners, &stop);
        let events = self.slow_events();

        events.add(SlowEvent::KcompactdMigrateScanned, progress.migrate_scanned);
        events.add(SlowEvent::KcompactdFreeScanned, progress.free_scanned);
        result
    }

    /// The levels to compact a node by if its free pages are too scattered
    /// (C: `should_proactive_compact_node()`).
    fn should_proactive_compact(&self, node: &Node) -> Option<ScoreMarks> {
        let proactiveness = self.tunable(Tunable::CompactionProactiveness);
        let kswapd = node.kswapd();
        let marks = ScoreMarks::new(u32::try_from(proactiveness).unwrap_or(0));

        if proactiveness == 0 || (kswapd.is_present() && !kswapd.is_asleep()) {
            return None;
        }
        (score_of(node) > marks.high).then_some(marks)
    }

    /// Compacts each zone of a node until its score is low
    /// (C: `compact_node()` with `proactive`).
    fn proactive_compact_node<O: Owners>(
        &self,
        node: &Node,
        marks: ScoreMarks,
        owners: &O,
        should_stop: &dyn Fn() -> bool,
    ) {
        let request = CompactRequest {
            proactive: Some(marks),
            ..CompactRequest::everything(Mode::SyncLight)
        };

        node.kcompactd().count_run();
        for pageset in node.zones() {
            if should_stop() {
                return;
            }
            self.compact_in_background(pageset, &request, owners, should_stop);
        }
    }

    /// Lets all nodes look at their score, after the tunable was set
    /// (C: `compaction_proactiveness_sysctl_handler()`).
    pub(super) fn trigger_proactive(&self, proactiveness: u64) {
        if proactiveness == 0 {
            return;
        }
        for node in self.nodes() {
            node.kcompactd().trigger();
        }
    }
}

fn score_of(node: &Node) -> u32 {
    score_of_node(node.zones().map(Pageset::zone))
}

fn zones_up_to(node: &Node, highest: ZoneType) -> impl Iterator<Item = &Pageset> {
    node.zones()
        .filter(move |pageset| pageset.zone().kind() <= highest)
}

fn is_worth_it(zone: &Zone, request: &CompactRequest) -> bool {
    request
        .wanted()
        .is_some_and(|wanted| suit_allocation_order(zone, &wanted) == CompactResult::Continue)
}

fn after_background(pageset: &Pageset, order: Order, result: CompactResult) {
    match result {
        CompactResult::Success => pageset
            .zone()
            .with(|buddy| buddy.compaction().deferral.expect_success(order)),
        CompactResult::Complete | CompactResult::PartialSkipped => {
            // Some of what is missing may be in stock. The next failure is far.
            pageset.drain_all();
            defer_after(pageset.zone(), order, result);
        }
        _ => {}
    }
}
