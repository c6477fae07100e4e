// SPDX-License-Identifier: GPL-2.0

//! Who works in the background of a node: the answer to `RB_NODE_STAT`.

#![deny(unsafe_code)]

use std::fmt;

use rust_buddy_sys::*;
use rustix::io::Errno;
use serde::{
    Deserialize,
    Serialize, //
};

use crate::{
    Error,
    Region,
    Result,
    ZoneKind, //
};

/// What a background thread does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThreadState {
    /// There is none.
    None,
    /// Nothing; it waits to be woken.
    Asleep,
    /// Its work.
    Running,
    /// It has given up: nobody wakes it until something is freed.
    Hopeless,
    /// A number that this library does not know.
    Other,
}

impl From<u32> for ThreadState {
    fn from(raw: u32) -> Self {
        match raw {
            RB_THREAD_NONE => Self::None,
            RB_THREAD_ASLEEP => Self::Asleep,
            RB_THREAD_RUNNING => Self::Running,
            RB_THREAD_HOPELESS => Self::Hopeless,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for ThreadState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::None => "none",
            Self::Asleep => "asleep",
            Self::Running => "running",
            Self::Hopeless => "hopeless",
            Self::Other => "other",
        })
    }
}

/// Compaction and reclaim of one zone. Sizes are pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ZoneCompaction {
    /// Which zone.
    pub zone: ZoneKind,
    /// Of purgeable blocks that were used lately.
    pub active: u64,
    /// Of purgeable blocks that were not.
    pub inactive: u64,
    /// Where the migrate scanner goes on.
    pub migrate_page: u64,
    /// Where the free scanner goes on.
    pub free_page: u64,
    /// Attempts since compaction was last deferred.
    pub considered: u32,
    /// log2 of the attempts to skip.
    pub defer_shift: u32,
    /// The smallest order that is deferred.
    pub order_failed: i32,
}

impl ZoneCompaction {
    fn new(zone: ZoneKind, raw: &rb_zone_compaction) -> Self {
        Self {
            zone,
            active: raw.active,
            inactive: raw.inactive,
            migrate_page: raw.migrate_idx,
            free_page: raw.free_idx,
            considered: raw.considered,
            defer_shift: raw.defer_shift,
            order_failed: raw.order_failed,
        }
    }

    /// Whether the next attempts are left out.
    pub fn is_deferred(&self) -> bool {
        self.defer_shift > 0 && self.considered < 1 << self.defer_shift.min(31)
    }
}

/// One node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NodeStat {
    /// Which.
    pub nid: i32,
    /// What kswapd does.
    pub kswapd: ThreadState,
    /// The order it was woken for.
    pub kswapd_order: u32,
    /// The highest zone it was woken for.
    pub kswapd_zone: ZoneKind,
    /// Times in a row that it found nothing.
    pub kswapd_failures: u32,
    /// Times it ran.
    pub kswapd_runs: u64,
    /// What kcompactd does.
    pub kcompactd: ThreadState,
    /// The order it was woken for.
    pub kcompactd_order: u32,
    /// Times it ran.
    pub kcompactd_runs: u64,
    /// Pages being moved or reclaimed.
    pub isolated: u64,
    /// Tasks that wait for kswapd.
    pub throttled: u64,
    /// By zone.
    pub zones: Vec<ZoneCompaction>,
}

impl From<&rb_node_stat> for NodeStat {
    fn from(raw: &rb_node_stat) -> Self {
        let zones = ZoneKind::ALL.into_iter().zip(&raw.zones);
        Self {
            nid: raw.nid,
            kswapd: ThreadState::from(raw.kswapd_state),
            kswapd_order: raw.kswapd_order,
            kswapd_zone: ZoneKind::from(raw.kswapd_highest_zone),
            kswapd_failures: raw.kswapd_failures,
            kswapd_runs: raw.kswapd_runs,
            kcompactd: ThreadState::from(raw.kcompactd_state),
            kcompactd_order: raw.kcompactd_order,
            kcompactd_runs: raw.kcompactd_runs,
            isolated: raw.nr_isolated,
            throttled: raw.nr_throttled,
            zones: zones
                .map(|(zone, raw)| ZoneCompaction::new(zone, raw))
                .collect(),
        }
    }
}

impl NodeStat {
    /// One of its zones.
    pub fn zone(&self, zone: ZoneKind) -> Option<&ZoneCompaction> {
        self.zones.iter().find(|entry| entry.zone == zone)
    }
}

impl Region {
    /// One node, or nothing if the region has none of it or the module does not know.
    pub fn node(&self, nid: i32) -> Result<Option<NodeStat>> {
        let mut raw = rb_node_stat {
            nid,
            ..Default::default()
        };
        match self.driver().node_stat(&mut raw) {
            Ok(()) => Ok(Some(NodeStat::from(&raw))),
            Err(Errno::NODEV | Errno::NOTTY) => Ok(None),
            Err(errno) => Err(Error::refused(format!("node {nid}"))(errno)),
        }
    }
}
