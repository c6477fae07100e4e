// SPDX-License-Identifier: GPL-2.0

//! What is asked for, what is got, and the name it has from then on.

#![deny(unsafe_code)]

use std::{
    fmt,
    str::FromStr,
    time::Duration, //
};

use rust_buddy_sys::{
    rb_alloc,
    rb_block,
    RB_ALLOC_PURGEABLE,
    RB_NO_NODE,
    RB_PATH_BUDDY,
    RB_PATH_COMPACT,
    RB_PATH_PCP,
    RB_PATH_RECLAIM,
    RB_PATH_RESERVE,
    RB_PATH_SLOW, //
};
use serde::Serialize;

use crate::{
    Gfp,
    ZoneKind, //
};

/// The name of a block while it is allocated, and only for the open file that allocated it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Handle {
    /// Place in the module's table.
    pub id: u32,
    /// Changes whenever the id is given out anew.
    pub gen: u32,
    /// log2 of its pages.
    pub order: u32,
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.id, self.gen, self.order)
    }
}

/// A text that is no handle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no handle: use ID:GEN:ORDER as `rbctl alloc` prints it")]
pub struct ParseHandleError(String);

impl FromStr for Handle {
    type Err = ParseHandleError;

    fn from_str(text: &str) -> Result<Self, ParseHandleError> {
        let numbers: Result<Vec<u32>, _> = text.split(':').map(str::parse).collect();
        match numbers.as_deref() {
            Ok(&[id, gen, order]) => Ok(Self { id, gen, order }),
            _ => Err(ParseHandleError(text.to_owned())),
        }
    }
}

impl From<&rb_block> for Handle {
    fn from(block: &rb_block) -> Self {
        Self {
            id: block.id,
            gen: block.gen,
            order: block.order,
        }
    }
}

impl From<Handle> for rb_block {
    fn from(handle: Handle) -> Self {
        Self {
            id: handle.id,
            gen: handle.gen,
            order: handle.order,
            ..Self::default()
        }
    }
}

/// A request for blocks.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    /// What kind of memory.
    pub gfp: Gfp,
    /// log2 of the pages.
    pub order: u32,
    /// The preferred node.
    pub nid: Option<u32>,
    /// The nodes allowed; 0 is all.
    pub nodemask: u64,
    /// The contents may be dropped when memory is short, until [`Advice::Needed`](crate::Advice).
    pub purgeable: bool,
}

impl Request {
    /// From any node.
    pub fn new(gfp: Gfp, order: u32) -> Self {
        Self {
            gfp,
            order,
            nid: None,
            nodemask: 0,
            purgeable: false,
        }
    }

    pub(crate) fn raw_flags(&self) -> u64 {
        u64::from(self.purgeable) * u64::from(RB_ALLOC_PURGEABLE)
    }

    pub(crate) fn raw_nid(&self) -> i32 {
        self.nid
            .map_or(RB_NO_NODE, |nid| i32::try_from(nid).unwrap_or(i32::MAX))
    }
}

/// How a request was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Path {
    /// From a per-CPU list.
    Pcp,
    /// From the free lists.
    Buddy,
    /// By the slow path.
    Slow,
    /// By the slow path, after it had reclaimed pages.
    Reclaim,
    /// By the slow path, after it had compacted a zone.
    Compact,
    /// By the slow path, below all watermarks.
    Reserve,
    /// In a way that this library does not know.
    Other,
}

impl From<u32> for Path {
    fn from(raw: u32) -> Self {
        match raw {
            RB_PATH_PCP => Self::Pcp,
            RB_PATH_BUDDY => Self::Buddy,
            RB_PATH_SLOW => Self::Slow,
            RB_PATH_RECLAIM => Self::Reclaim,
            RB_PATH_COMPACT => Self::Compact,
            RB_PATH_RESERVE => Self::Reserve,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pcp => "pcp",
            Self::Buddy => "buddy",
            Self::Slow => "slow",
            Self::Reclaim => "reclaim",
            Self::Compact => "compact",
            Self::Reserve => "reserve",
            Self::Other => "other",
        })
    }
}

/// One allocated block, as it was answered.
#[derive(Debug, Clone, Copy)]
pub struct Block {
    handle: Handle,
    /// Its first page at the time of the answer. The block may move later.
    pub page: u64,
    /// Where it is mapped from.
    pub mmap_offset: u64,
    /// Its node.
    pub nid: i32,
    /// Its zone.
    pub zone: ZoneKind,
    /// How it was found.
    pub path: Path,
    /// Time inside the allocator.
    pub latency: Duration,
}

impl Block {
    /// Its name from now on.
    pub fn handle(&self) -> Handle {
        self.handle
    }

    /// Its pages.
    pub fn pages(&self) -> u64 {
        1 << self.handle.order
    }
}

impl From<&rb_alloc> for Block {
    fn from(raw: &rb_alloc) -> Self {
        Self {
            handle: Handle {
                id: raw.id,
                gen: raw.gen,
                order: raw.order,
            },
            page: raw.idx,
            mmap_offset: raw.mmap_offset,
            nid: raw.got_nid,
            zone: ZoneKind::from(raw.got_zone),
            path: Path::from(raw.path),
            latency: Duration::from_nanos(raw.latency_ns),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_read_as_it_is_printed() {
        let handle = Handle {
            id: 17,
            gen: 3,
            order: 4,
        };
        assert_eq!(handle.to_string(), "17:3:4");
        assert_eq!("17:3:4".parse(), Ok(handle));
    }

    #[test]
    fn other_texts_are_no_handles() {
        for text in ["", "17", "17:3", "17:3:4:5", "a:b:c", "-1:2:3"] {
            assert!(text.parse::<Handle>().is_err());
        }
    }
}
