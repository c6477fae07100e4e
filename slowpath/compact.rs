// SPDX-License-Identifier: GPL-2.0

//! Compaction: moving blocks together, so that what is free lies together too.
//!
//! Two scanners go through a zone towards each other: one collects what can be moved from its start
//! on, the other free pages to move it to from its end on. [`run`] lets them go until [`finished`]
//! says that it is enough or they meet. Whether it is worth trying: [`suitable`], [`deferral`];
//! what the scanners look at: [`migrate_scan`], [`free_scan`], [`skip`]; what happens without being
//! asked for: [`kcompactd`], [`proactive`].
//!
//! Decisions and their loop; `page_alloc/compaction.rs` chooses the zones.
//!
//! C: `mm/compaction.c`.
//!
//! # Differences
//!
//! - What is to be moved is not isolated beforehand: who holds it moves it at once or refuses
//!   ([`Owners::migrate`](super::owners::Owners::migrate)), so there can be no more in flight than
//!   tasks, and nothing corresponds to `too_many_isolated()`.
//! - The place that something was moved away from goes to the free lists at once, not by way of the
//!   lists of this CPU. They are given back all the same when the scanner has left a block.
//! - Blocks of several pages are not split if there is no free block as large.
//! - Asynchronous runs do not end because somebody else wants the CPU.

#![deny(unsafe_code)]

pub(crate) mod control;
pub(crate) mod deferral;
mod fast_free;
mod fast_migrate;
mod finished;
mod free_scan;
pub(crate) mod kcompactd;
mod migrate;
mod migrate_scan;
pub(crate) mod proactive;
pub(crate) mod run;
pub(crate) mod skip;
pub(crate) mod suitable;

/// Most pages that are collected before they are moved (C: `COMPACT_CLUSTER_MAX`).
const CLUSTER_MAX: u32 = 32;

/// How hard compaction tries, hardest first (C: `enum compact_priority`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum CompactPriority {
    /// All of the zone, whatever is known of it.
    SyncFull = 0,
    /// Wait for what must be waited for, but believe the hints.
    SyncLight = 1,
    /// Wait for nothing.
    Async = 2,
}

/// What became of it (C: `enum compact_result`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum CompactResult {
    /// Memory is short rather than scattered.
    NotSuitableZone = 0,
    /// Not tried: there are too few free pages to move anything to.
    Skipped = 1,
    /// Not tried: it failed lately.
    Deferred = 2,
    /// No page of the right type yet.
    #[allow(
        dead_code,
        reason = "told apart by the kernel alone; users know its number"
    )]
    NoSuitablePage = 3,
    /// To be tried, or to be gone on with.
    Continue = 4,
    /// The whole zone was looked at, in vain.
    Complete = 5,
    /// A part of the zone was looked at, in vain.
    PartialSkipped = 6,
    /// Ended early: a lock was contended, or the task is to die or was told to stop.
    Contended = 7,
    /// There should be a block.
    Success = 8,
}

/// Whether to wait (C: `enum migrate_mode`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    /// For nothing (C: `MIGRATE_ASYNC`).
    Async,
    /// For locks (C: `MIGRATE_SYNC_LIGHT`).
    SyncLight,
    /// For everything (C: `MIGRATE_SYNC`).
    Sync,
}

impl Mode {
    /// C: `compact_zone_order()`.
    pub(crate) fn of(priority: CompactPriority) -> Self {
        match priority {
            CompactPriority::Async => Self::Async,
            _ => Self::SyncLight,
        }
    }
}
