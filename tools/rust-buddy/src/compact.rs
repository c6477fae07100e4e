// SPDX-License-Identifier: GPL-2.0

//! Moving blocks to make larger free ones: `RB_COMPACT`.

#![deny(unsafe_code)]

use std::{
    fmt,
    str::FromStr,
    time::Duration, //
};

use rust_buddy_sys::*;
use serde::Serialize;

use crate::{
    reclaim::nanos,
    Error,
    Region,
    Result,
    ZoneKind, //
};

/// How hard to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CompactMode {
    /// Never wait, and leave out what looked hopeless before.
    Async,
    /// Wait a little.
    #[default]
    SyncLight,
    /// Look at everything, also at what looked hopeless before.
    SyncFull,
}

impl CompactMode {
    /// All of them, the least first.
    pub const ALL: [Self; 3] = [Self::Async, Self::SyncLight, Self::SyncFull];

    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Async => "async",
            Self::SyncLight => "sync-light",
            Self::SyncFull => "sync-full",
        }
    }

    fn raw(self) -> u32 {
        match self {
            Self::Async => RB_COMPACT_ASYNC,
            Self::SyncLight => RB_COMPACT_SYNC_LIGHT,
            Self::SyncFull => RB_COMPACT_SYNC_FULL,
        }
    }
}

impl fmt::Display for CompactMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for CompactMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|mode| mode.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| "use async, sync-light or sync-full".to_owned())
    }
}

/// How a compaction ended: the kernel's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CompactResult {
    /// No zone that it would make sense for.
    NotSuitableZone,
    /// Nothing done: it would not help, or there is a block already.
    Skipped,
    /// Nothing done: it did not help the last times.
    Deferred,
    /// Nothing found that could be moved.
    NoSuitablePage,
    /// There is more to do.
    Continue,
    /// The whole zone was looked at.
    Complete,
    /// The scanners met, but did not begin at the ends.
    PartialSkipped,
    /// Ended because others wanted the locks, or by a signal.
    Contended,
    /// There is a free block as large as was wanted.
    Success,
    /// A number that this library does not know.
    Other,
}

impl CompactResult {
    /// Its words.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotSuitableZone => "no suitable zone",
            Self::Skipped => "skipped",
            Self::Deferred => "deferred",
            Self::NoSuitablePage => "no suitable page",
            Self::Continue => "unfinished",
            Self::Complete => "complete",
            Self::PartialSkipped => "partial",
            Self::Contended => "contended",
            Self::Success => "success",
            Self::Other => "other",
        }
    }
}

impl From<u32> for CompactResult {
    fn from(raw: u32) -> Self {
        match raw {
            RB_COMPACT_NOT_SUITABLE_ZONE => Self::NotSuitableZone,
            RB_COMPACT_SKIPPED => Self::Skipped,
            RB_COMPACT_DEFERRED => Self::Deferred,
            RB_COMPACT_NO_SUITABLE_PAGE => Self::NoSuitablePage,
            RB_COMPACT_CONTINUE => Self::Continue,
            RB_COMPACT_COMPLETE => Self::Complete,
            RB_COMPACT_PARTIAL_SKIPPED => Self::PartialSkipped,
            RB_COMPACT_CONTENDED => Self::Contended,
            RB_COMPACT_SUCCESS => Self::Success,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for CompactResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What is to be compacted, and how far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Compact {
    /// This node, or all.
    pub nid: Option<i32>,
    /// These zones, or all.
    pub zone: Option<ZoneKind>,
    /// Until a block of this order is free; without it until the scanners meet.
    pub order: Option<u32>,
    /// How hard to try.
    pub mode: CompactMode,
    /// Scan no more pages than that; 0: no limit.
    pub budget: u64,
    /// End after this time; zero: no limit.
    pub timeout: Duration,
}

/// How far a compaction came. Numbers are pages unless they say otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Compacted {
    /// How it ended, the highest of all zones.
    pub result: CompactResult,
    /// Looked at for something to move.
    pub migrate_scanned: u64,
    /// Looked at for a free place.
    pub free_scanned: u64,
    /// Moved.
    pub migrated: u64,
    /// Could not be moved.
    pub failed: u64,
    /// More free blocks of the pageblock order than before.
    pub freed_blocks: i64,
}

impl Compacted {
    /// Pages looked at.
    pub fn scanned(&self) -> u64 {
        self.migrate_scanned.saturating_add(self.free_scanned)
    }
}

impl From<&rb_compact> for Compacted {
    fn from(raw: &rb_compact) -> Self {
        Self {
            result: CompactResult::from(raw.result),
            migrate_scanned: raw.migrate_scanned,
            free_scanned: raw.free_scanned,
            migrated: raw.migrated,
            failed: raw.failed,
            freed_blocks: raw.freed_blocks,
        }
    }
}

impl Region {
    /// Moves blocks to make larger free ones. Ends at the budget, the time, or a signal.
    pub fn compact(&self, what: &Compact) -> Result<Compacted> {
        let order = what.order.map_or(Ok(-1), i32::try_from);
        let mut raw = rb_compact {
            nid: what.nid.unwrap_or(RB_ALL),
            zone: what.zone.map_or(RB_ALL, |zone| zone as i32),
            order: order.unwrap_or(i32::MAX),
            mode: what.mode.raw(),
            budget_pages: what.budget,
            timeout_ns: nanos(what.timeout),
            ..Default::default()
        };
        self.driver()
            .compact(&mut raw)
            .map_err(Error::refused("compact"))?;
        Ok(Compacted::from(&raw))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read_as_they_are_printed() {
        for mode in CompactMode::ALL {
            assert_eq!(mode.to_string().parse(), Ok(mode));
        }
        assert!("sync".parse::<CompactMode>().is_err());
    }

    #[test]
    fn results_have_the_kernels_order() {
        let all: Vec<CompactResult> = (0..10).map(CompactResult::from).collect();
        assert!(all.is_sorted());
        assert_eq!(all[8..], [CompactResult::Success, CompactResult::Other]);
    }
}
