// SPDX-License-Identifier: GPL-2.0

//! What CPUs have in stock: the answers to `RB_PCP_STAT`, and `RB_DRAIN`.

#![deny(unsafe_code)]

use rust_buddy_sys::*;
use rustix::io::Errno;
use serde::Serialize;

use crate::{
    Error,
    Region,
    Result,
    ZoneKind, //
};

/// The stock of one CPU in one zone. Sizes are pages.
#[derive(Debug, Clone, Serialize)]
pub struct PcpStat {
    /// The zone's node.
    pub nid: i32,
    /// Which zone.
    pub zone: ZoneKind,
    /// Which CPU.
    pub cpu: u32,
    /// Whether it is online.
    pub online: bool,
    /// On all lists.
    pub count: u64,
    /// As many may stay; learned.
    pub high: u64,
    /// The least that it learns.
    pub high_min: u64,
    /// The most.
    pub high_max: u64,
    /// As many move at a time.
    pub batch: u64,
    /// Given back in one go, give or take.
    pub free_count: u64,
    /// Doublings of the next refill.
    pub alloc_factor: u64,
    /// Ticks until a stock of another node's pages goes.
    pub expire: u64,
    /// Handed out.
    pub pgalloc: u64,
    /// Given back.
    pub pgfree: u64,
    /// Times a list was filled.
    pub refills: u64,
    /// Times the stock was too large.
    pub drains: u64,
    /// Times a list was full.
    pub ring_full: u64,
    /// Blocks on each list.
    pub lists: Vec<u32>,
}

impl From<&rb_pcp_stat> for PcpStat {
    fn from(raw: &rb_pcp_stat) -> Self {
        Self {
            nid: raw.nid,
            zone: ZoneKind::from(raw.zone),
            cpu: raw.cpu,
            online: raw.online != 0,
            count: raw.count,
            high: raw.high,
            high_min: raw.high_min,
            high_max: raw.high_max,
            batch: raw.batch,
            free_count: raw.free_count,
            alloc_factor: raw.alloc_factor,
            expire: raw.expire,
            pgalloc: raw.pgalloc,
            pgfree: raw.pgfree,
            refills: raw.refills,
            drains: raw.drains,
            ring_full: raw.ring_full,
            lists: raw
                .lists
                .iter()
                .take(raw.nr_lists as usize)
                .copied()
                .collect(),
        }
    }
}

/// Whose stock is to be given back; `None` is all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Drain {
    /// Of this node.
    pub nid: Option<i32>,
    /// Of these zones.
    pub zone: Option<ZoneKind>,
    /// Of this CPU.
    pub cpu: Option<i32>,
}

impl Drain {
    /// Whether a stock is meant.
    pub fn covers(&self, stat: &PcpStat) -> bool {
        self.nid.is_none_or(|nid| nid == stat.nid)
            && self.zone.is_none_or(|zone| zone == stat.zone)
            && self.cpu.is_none_or(|cpu| i64::from(cpu) == stat.cpu.into())
    }
}

impl Region {
    /// The stock of a CPU, or nothing if there is no such node, zone or CPU.
    pub fn pcp(&self, nid: i32, zone: ZoneKind, cpu: u32) -> Result<Option<PcpStat>> {
        let mut raw = rb_pcp_stat {
            nid,
            zone: zone as u32,
            cpu,
            ..Default::default()
        };
        match self.driver().pcp_stat(&mut raw) {
            Ok(()) => Ok(Some(PcpStat::from(&raw))),
            Err(Errno::NODEV) => Ok(None),
            Err(errno) => Err(Error::refused(format!(
                "stock of CPU {cpu} in zone {zone} of node {nid}"
            ))(errno)),
        }
    }

    /// The stocks of all CPUs that there can be, by node, zone and CPU.
    pub fn pcps(&self) -> Result<Vec<PcpStat>> {
        let mut found = Vec::new();
        for zone in self.zones()? {
            for cpu in 0.. {
                match self.pcp(zone.nid, zone.zone, cpu)? {
                    Some(stat) => found.push(stat),
                    None => break,
                }
            }
        }
        Ok(found)
    }

    /// Gives what CPUs have in stock back to the zones.
    pub fn drain(&self, which: &Drain) -> Result<()> {
        let raw = rb_drain {
            nid: which.nid.unwrap_or(RB_ALL),
            zone: which.zone.map_or(RB_ALL, |zone| zone as i32),
            cpu: which.cpu.unwrap_or(RB_ALL),
            ..Default::default()
        };
        self.driver().drain(&raw).map_err(Error::refused("drain"))
    }
}
