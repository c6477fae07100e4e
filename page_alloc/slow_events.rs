// SPDX-License-Identifier: GPL-2.0

//! How often what happened after the first look at the free lists failed, over the whole region.
//!
//! C: `count_vm_event()`, `vmstat_text[]` in `mm/vmstat.c`.
//!
//! # Differences
//!
//! One counter for all CPUs: these are rare.

#![deny(unsafe_code)]

use crate::zone::{
    ZoneType,
    NR_ZONES, //
};
use kernel::{
    prelude::*,
    sync::atomic::{
        Atomic,
        Relaxed, //
    }, //
};

/// What is counted, in the kernel's order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SlowEvent {
    /// Pages reclaimed in the background.
    PgStealKswapd,
    /// Pages reclaimed by those who needed them.
    PgStealDirect,
    /// Pages reclaimed because a user said so.
    PgStealProactive,
    /// Pages of inactive lists that were looked at in the background.
    PgScanKswapd,
    /// Pages of inactive lists that were looked at by those who needed some.
    PgScanDirect,
    /// Pages of inactive lists that were looked at because a user said so.
    PgScanProactive,
    /// Pages of active lists that were looked at.
    PgRefill,
    /// Pages put on an active list.
    PgActivate,
    /// Pages moved from an active list to an inactive one.
    PgDeactivate,
    /// Requests that waited for the background reclaimer.
    PgScanDirectThrottle,
    /// Times the background reclaimer was woken from its nap.
    KswapdLowWmarkHitQuickly,
    /// Times it could not sleep.
    KswapdHighWmarkHitQuickly,
    /// Runs of it.
    PageOutRun,
    /// Clients whose blocks were taken back.
    OomKill,
    /// Pages moved.
    PgMigrateSuccess,
    /// Pages that could not be moved.
    PgMigrateFail,
    /// Pages that the migrate scanner passed.
    CompactMigrateScanned,
    /// Pages that the free scanner passed.
    CompactFreeScanned,
    /// Pages isolated by either of them.
    CompactIsolated,
    /// Requests that compacted.
    CompactStall,
    /// ... for nothing.
    CompactFail,
    /// ... and then got their block.
    CompactSuccess,
    /// Times the background compactor was woken.
    KcompactdWake,
    /// Pages that its migrate scanner passed.
    KcompactdMigrateScanned,
    /// Pages that its free scanner passed.
    KcompactdFreeScanned,
    /// Times the background reclaimer was woken.
    KswapdWake,
}

/// Number of them.
const NR_EVENTS: usize = SlowEvent::ALL.len();

impl SlowEvent {
    /// All of them.
    pub(crate) const ALL: [Self; 26] = [
        Self::PgStealKswapd,
        Self::PgStealDirect,
        Self::PgStealProactive,
        Self::PgScanKswapd,
        Self::PgScanDirect,
        Self::PgScanProactive,
        Self::PgRefill,
        Self::PgActivate,
        Self::PgDeactivate,
        Self::PgScanDirectThrottle,
        Self::KswapdLowWmarkHitQuickly,
        Self::KswapdHighWmarkHitQuickly,
        Self::PageOutRun,
        Self::OomKill,
        Self::PgMigrateSuccess,
        Self::PgMigrateFail,
        Self::CompactMigrateScanned,
        Self::CompactFreeScanned,
        Self::CompactIsolated,
        Self::CompactStall,
        Self::CompactFail,
        Self::CompactSuccess,
        Self::KcompactdWake,
        Self::KcompactdMigrateScanned,
        Self::KcompactdFreeScanned,
        Self::KswapdWake,
    ];

    /// How many of them, the first ones, the kernel counts for each node.
    pub(crate) const NR_OF_NODES: usize = 7;

    /// The kernel's name, or ours with a prefix.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::PgActivate => "pgactivate",
            Self::PgDeactivate => "pgdeactivate",
            Self::PgRefill => "pgrefill",
            Self::PgStealKswapd => "pgsteal_kswapd",
            Self::PgStealDirect => "pgsteal_direct",
            Self::PgStealProactive => "pgsteal_proactive",
            Self::PgScanKswapd => "pgscan_kswapd",
            Self::PgScanDirect => "pgscan_direct",
            Self::PgScanProactive => "pgscan_proactive",
            Self::PgScanDirectThrottle => "pgscan_direct_throttle",
            Self::KswapdLowWmarkHitQuickly => "kswapd_low_wmark_hit_quickly",
            Self::KswapdHighWmarkHitQuickly => "kswapd_high_wmark_hit_quickly",
            Self::PageOutRun => "pageoutrun",
            Self::OomKill => "oom_kill",
            Self::PgMigrateSuccess => "pgmigrate_success",
            Self::PgMigrateFail => "pgmigrate_fail",
            Self::CompactMigrateScanned => "compact_migrate_scanned",
            Self::CompactFreeScanned => "compact_free_scanned",
            Self::CompactIsolated => "compact_isolated",
            Self::CompactStall => "compact_stall",
            Self::CompactFail => "compact_fail",
            Self::CompactSuccess => "compact_success",
            Self::KcompactdWake => "compact_daemon_wake",
            Self::KcompactdMigrateScanned => "compact_daemon_migrate_scanned",
            Self::KcompactdFreeScanned => "compact_daemon_free_scanned",
            Self::KswapdWake => "rb_kswapd_wake",
        }
    }
}

/// The counters of a region.
pub(crate) struct SlowEvents {
    counts: [Atomic<u64>; NR_EVENTS],
    allocstall: [Atomic<u64>; NR_ZONES],
}

impl SlowEvents {
    /// Nothing happened.
    pub(crate) fn new() -> Self {
        Self {
            counts: [const { Atomic::new(0) }; NR_EVENTS],
            allocstall: [const { Atomic::new(0) }; NR_ZONES],
        }
    }

    /// Counts `nr` of one kind.
    pub(crate) fn add(&self, event: SlowEvent, nr: u64) {
        if let Some(count) = self.counts.get(event as usize) {
            count.fetch_add(nr, Relaxed);
        }
    }

    /// How many there were.
    pub(crate) fn get(&self, event: SlowEvent) -> u64 {
        self.counts
            .get(event as usize)
            .map_or(0, |count| count.load(Relaxed))
    }

    /// Counts a request that reclaims for a zone up to `highest` (C: `ALLOCSTALL`).
    pub(crate) fn add_allocstall(&self, highest: ZoneType) {
        if let Some(count) = self.allocstall.get(highest.index()) {
            count.fetch_add(1, Relaxed);
        }
    }

    /// How many there were.
    pub(crate) fn allocstall(&self, highest: ZoneType) -> u64 {
        self.allocstall
            .get(highest.index())
            .map_or(0, |count| count.load(Relaxed))
    }
}

#[kunit_tests(rust_buddy_slow_events)]
mod tests {
    use super::*;

    #[test]
    fn each_is_counted_for_itself() -> Result {
        let events = SlowEvents::new();

        for (nr, event) in SlowEvent::ALL.into_iter().enumerate() {
            events.add(event, nr as u64 + 1);
        }
        for (nr, event) in SlowEvent::ALL.into_iter().enumerate() {
            assert_eq!(events.get(event), nr as u64 + 1);
        }
        events.add_allocstall(ZoneType::Normal);
        assert_eq!(events.allocstall(ZoneType::Normal), 1);
        assert_eq!(events.allocstall(ZoneType::Dma), 0);
        Ok(())
    }
}
