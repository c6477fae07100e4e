// SPDX-License-Identifier: GPL-2.0

//! The oracle: the kernel's own allocator beside the module's, operation by operation.

#![deny(unsafe_code)]

use std::ops::AddAssign;

use rust_buddy_sys::*;
use rustix::io::Errno;
use serde::{
    Serialize,
    Serializer, //
};

use crate::{
    Error,
    Gfp,
    Region,
    Result,
    ZoneKind, //
};

/// Room for a description of a divergence.
const TEXT_SIZE: usize = 65536;

/// What was copied.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct CloneInfo {
    /// CPU whose lists were copied.
    pub cpu: u32,
    /// Bit for each zone of the node.
    pub zones: u32,
    /// Frame number of page 0.
    pub base_pfn: u64,
    /// Page numbers are below this.
    pub nr_pages: u64,
    /// Pages of the zones.
    pub managed: u64,
    /// Pages on free lists and on the CPU's lists.
    pub free: u64,
    /// Pages held in slots.
    pub held: u64,
    /// Of the whole copy.
    pub hash: u64,
}

/// An operation. What it allocates is put into `slot`, from where it is freed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// What to do.
    pub op: Op,
    /// The slot, or the first of them.
    pub slot: u32,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Nothing.
    Nop,
    /// Take a block.
    Alloc {
        /// Its order.
        order: u8,
        /// How.
        gfp: Gfp,
    },
    /// Give back what is in the slot.
    Free,
    /// Take single pages into the empty ones of some slots.
    Bulk {
        /// How many slots.
        nr: u32,
        /// How.
        gfp: Gfp,
    },
    /// Take a block in the way that takes no lock by force.
    Nolock {
        /// Its order.
        order: u8,
    },
    /// Take a range of pages.
    Contig {
        /// Its first page.
        start: u32,
        /// How many pages.
        nr: u16,
    },
    /// Mark the zones as being reclaimed, or not.
    ReclaimActive(bool),
}

impl From<&Entry> for rb_replay_entry {
    fn from(entry: &Entry) -> Self {
        let raw = |op: rb_replay_op| Self {
            op: op as u8,
            slot: entry.slot,
            ..Default::default()
        };
        match entry.op {
            Op::Nop => raw(RB_REPLAY_NOP),
            Op::Free => raw(RB_REPLAY_FREE),
            Op::Alloc { order, gfp } => Self {
                order,
                gfp: gfp.bits(),
                ..raw(RB_REPLAY_ALLOC)
            },
            Op::Bulk { nr, gfp } => Self {
                gfp: gfp.bits(),
                arg: nr,
                ..raw(RB_REPLAY_BULK)
            },
            Op::Nolock { order } => Self {
                order,
                ..raw(RB_REPLAY_NOLOCK)
            },
            Op::Contig { start, nr } => Self {
                flags: nr,
                arg: start,
                ..raw(RB_REPLAY_CONTIG)
            },
            Op::ReclaimActive(on) => Self {
                arg: on.into(),
                ..raw(RB_REPLAY_RECLAIM)
            },
        }
    }
}

impl TryFrom<&rb_replay_entry> for Entry {
    type Error = ();

    fn try_from(raw: &rb_replay_entry) -> Result<Self, ()> {
        let (order, gfp) = (raw.order, Gfp::from_bits_retain(raw.gfp));
        let op = match raw.op.into() {
            RB_REPLAY_NOP => Op::Nop,
            RB_REPLAY_ALLOC => Op::Alloc { order, gfp },
            RB_REPLAY_FREE => Op::Free,
            RB_REPLAY_BULK => Op::Bulk { nr: raw.arg, gfp },
            RB_REPLAY_NOLOCK => Op::Nolock { order },
            RB_REPLAY_CONTIG => Op::Contig {
                start: raw.arg,
                nr: raw.flags,
            },
            RB_REPLAY_RECLAIM => Op::ReclaimActive(raw.arg != 0),
            _ => return Err(()),
        };
        Ok(Self { op, slot: raw.slot })
    }
}

/// Why a replay ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// Everything was done and found equal.
    End,
    /// Something differs.
    Diverged(Divergence),
    /// Others have changed the zones.
    Disturbed,
    /// A signal came.
    Signal,
}

/// The first difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Divergence {
    /// What differs.
    pub kind: &'static str,
    /// In which zone.
    pub zone: ZoneKind,
    /// Which of several.
    pub location: u32,
    /// How far into it.
    pub position: u32,
    /// What the kernel has.
    pub real: i64,
    /// What the shadow has.
    pub ours: i64,
    /// Both states, in words.
    pub text: String,
}

impl Divergence {
    /// A difference between the kernel's files and those of the shadow.
    pub fn of_text(text: String) -> Self {
        Self {
            kind: "text",
            zone: ZoneKind::Normal,
            location: 0,
            position: 0,
            real: 0,
            ours: 0,
            text,
        }
    }
}

/// What a replay did.
#[derive(Debug, Clone)]
pub struct Replayed {
    /// Operations done; a diverging one is the last of them.
    pub nr_done: usize,
    /// Why it ended.
    pub stop: Stop,
    /// The first page of each operation, if it had one.
    pub pages: Vec<Option<u32>>,
    /// What was reached.
    pub coverage: Coverage,
}

/// Names of the counters of [`Coverage`], by `enum rb_coverage`.
const COVERAGE: [&str; 29] = [
    "alloc",
    "free",
    "fail",
    "high_order",
    "refill",
    "drain",
    "boost",
    "retype",
    "below_high",
    "above_high",
    "reclaim_free",
    "highatomic",
    "cma",
    "bulk",
    "bulk_holes",
    "nolock",
    "contig",
    "contig_busy",
    "other_zone",
    "foreign",
    "fold",
    "whole",
    "skip",
    "claim",
    "steal",
    "claim_part",
    "merge_tail",
    "take_highatomic",
    "take_cma",
];

/// How often what was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coverage([u64; RB_MAX_COVERAGE as usize]);

impl Default for Coverage {
    fn default() -> Self {
        Self([0; RB_MAX_COVERAGE as usize])
    }
}

impl Coverage {
    /// All counters with their names.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        COVERAGE.iter().copied().zip(self.0)
    }

    /// The counter of this name.
    pub fn get(&self, name: &str) -> Option<u64> {
        self.counts()
            .find(|(own, _)| *own == name)
            .map(|(_, nr)| nr)
    }
}

impl AddAssign for Coverage {
    fn add_assign(&mut self, other: Self) {
        for (to, from) in self.0.iter_mut().zip(other.0) {
            *to = to.wrapping_add(from);
        }
    }
}

impl Serialize for Coverage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.counts())
    }
}

impl Region {
    /// Copies the zones of a node of the running kernel; `flags` are `RB_CLONE_*`.
    pub fn clone_zone(&self, nid: i32, flags: u32) -> Result<CloneInfo> {
        let mut raw = rb_clone_zone {
            nid,
            flags,
            ..Default::default()
        };
        self.driver
            .clone_zone(&mut raw)
            .map_err(Error::refused(format!("copy of node {nid}")))?;
        Ok(CloneInfo {
            cpu: raw.cpu,
            zones: raw.zones,
            base_pfn: raw.base_pfn,
            nr_pages: raw.nr_pages,
            managed: raw.managed,
            free: raw.free,
            held: raw.held,
            hash: raw.hash,
        })
    }

    /// Does the operations on both sides. Everything is compared after `interval` of them and at
    /// the end (0: only then).
    pub fn replay(&self, entries: &[Entry], interval: u32) -> Result<Replayed> {
        let mut raw = rb_replay {
            interval,
            ..Default::default()
        };
        let mut list: Vec<rb_replay_entry> = entries.iter().map(Into::into).collect();
        let mut results = vec![RB_REPLAY_NONE; list.len()];
        let mut text = vec![0; TEXT_SIZE];
        self.driver
            .replay(&mut raw, &mut list, &mut results, &mut text)
            .map_err(replay_error)?;
        let page = |page: u32| (page != RB_REPLAY_NONE).then_some(page);
        text.truncate(raw.text_len as usize);
        Ok(Replayed {
            nr_done: raw.nr_done as usize,
            stop: stop(&raw, &text),
            pages: results.into_iter().map(page).collect(),
            coverage: Coverage(raw.coverage),
        })
    }
}

fn replay_error(errno: Errno) -> Error {
    match errno {
        Errno::STALE => Error::Inconsistent("the copy of the zones is out of date".into()),
        errno => Error::refused("replay")(errno),
    }
}

fn stop(raw: &rb_replay, text: &[u8]) -> Stop {
    match raw.stop {
        RB_STOP_END => Stop::End,
        RB_STOP_DISTURBED => Stop::Disturbed,
        RB_STOP_SIGNAL => Stop::Signal,
        _ => Stop::Diverged(Divergence {
            kind: kind(raw.div_kind),
            zone: ZoneKind::from(raw.div_zone),
            location: raw.div_where,
            position: raw.div_position,
            real: raw.div_real as i64,
            ours: raw.div_ours as i64,
            text: String::from_utf8_lossy(text).into_owned(),
        }),
    }
}

/// `enum rb_divergence` in a word.
fn kind(raw: rb_divergence) -> &'static str {
    match raw {
        RB_DIV_RESULT => "result",
        RB_DIV_PLACE => "place",
        RB_DIV_PCP => "pcp",
        RB_DIV_FLAGS => "flags",
        RB_DIV_BOOST => "boost",
        RB_DIV_COUNTER => "counter",
        RB_DIV_HIGHATOMIC => "highatomic",
        RB_DIV_FREE_LIST => "free_list",
        RB_DIV_PCP_LIST => "pcp_list",
        RB_DIV_PAGEBLOCK => "pageblock",
        RB_DIV_AUDIT => "audit",
        RB_DIV_NR_DONE => "nr_done",
        RB_DIV_MARKS => "marks",
        RB_DIV_NUMA => "numa",
        RB_DIV_PAGE_EVENTS => "page_events",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_written_and_read_back() {
        let gfp = Gfp::MOVABLE;
        let ops = [
            Op::Nop,
            Op::Alloc { order: 3, gfp },
            Op::Free,
            Op::Bulk { nr: 512, gfp },
            Op::Nolock { order: 1 },
            Op::Contig { start: 9, nr: 512 },
            Op::ReclaimActive(true),
        ];
        for op in ops {
            let entry = Entry { op, slot: 7 };
            assert_eq!(Entry::try_from(&rb_replay_entry::from(&entry)), Ok(entry));
        }
    }

    #[test]
    fn there_is_a_name_for_each_counter() {
        assert_eq!(COVERAGE.len(), RB_COVER_TAKE_CMA as usize + 1);
        assert_eq!(COVERAGE[RB_COVER_CLAIM_PART as usize], "claim_part");
        assert_eq!(COVERAGE[RB_COVER_OTHER_ZONE as usize], "other_zone");
    }
}
