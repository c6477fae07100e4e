// SPDX-License-Identifier: GPL-2.0

//! A zone written down: every list in order, every pageblock, every number that decides anything.
//!
//! Made of a zone of the running kernel it is what a shadow is built from; made of both it is how
//! they are compared.
//!
//! C: `struct zone`, `struct per_cpu_pages`, `struct per_cpu_zonestat`.

#![deny(unsafe_code)]

use super::{
    order::{
        Order,
        PageIdx, //
    },
    vmstat::NumaEvents,
    watermark::Watermarks,
    ZoneType,
    NR_ZONES, //
};
use kernel::prelude::*;

/// A block on a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ListedBlock {
    pub(crate) page: PageIdx,
    pub(crate) order: Order,
    /// Number of the migratetype of a free list; index of a per-CPU list.
    pub(crate) list: u8,
}

/// A counter that each CPU changes on its own account first (C: `vm_stat[]`, `vm_stat_diff[]`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct CounterImage {
    /// What everyone sees.
    pub(crate) global: i64,
    /// What this CPU has not told yet.
    pub(crate) delta: i32,
}

/// Numbers of the per-CPU lists of one CPU (C: `struct per_cpu_pages`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct PcpScalars {
    pub(crate) count: i32,
    pub(crate) high: i32,
    pub(crate) high_min: i32,
    pub(crate) high_max: i32,
    pub(crate) batch: i32,
    pub(crate) flags: u8,
    pub(crate) alloc_factor: u8,
    pub(crate) expire: u8,
    pub(crate) free_count: i16,
}

/// Numbers of a zone, as one CPU sees them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ZoneScalars {
    pub(crate) free: CounterImage,
    pub(crate) free_cma: CounterImage,
    /// Largest delta of a CPU (C: `stat_threshold`).
    pub(crate) stat_threshold: i32,
    pub(crate) nr_reserved_highatomic: u64,
    pub(crate) nr_free_highatomic: u64,
    /// Without the boost.
    pub(crate) watermarks: Watermarks,
    pub(crate) boost: u64,
    pub(crate) lowmem_reserve: [u64; NR_ZONES],
    /// Bits of [`ZoneFlags`](super::ZoneFlags).
    pub(crate) flags: u32,
    pub(crate) pcp: PcpScalars,
    /// Blocks that were taken here so far, by all CPUs.
    pub(crate) numa: NumaEvents,
}

/// Pages that a node handed out, by zone, and got back (C: `PGALLOC_*`, `PGFREE`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct PageEvents {
    pub(crate) alloc: [u64; NR_ZONES],
    pub(crate) free: u64,
}

impl PageEvents {
    fn zip(&self, other: &Self, f: impl Fn(u64, u64) -> u64) -> Self {
        let mut alloc = self.alloc;

        for (to, nr) in alloc.iter_mut().zip(other.alloc) {
            *to = f(*to, nr);
        }
        Self {
            alloc,
            free: f(self.free, other.free),
        }
    }

    /// Both together.
    pub(crate) fn plus(&self, other: &Self) -> Self {
        self.zip(other, u64::wrapping_add)
    }

    /// What came to `earlier`.
    pub(crate) fn minus(&self, earlier: &Self) -> Self {
        self.zip(earlier, u64::wrapping_sub)
    }
}

/// A whole zone, as one CPU sees it.
pub(crate) struct ZoneImage {
    pub(crate) kind: ZoneType,
    /// First page, counted from the start of the region.
    pub(crate) start: PageIdx,
    /// Pages up to the end of the zone, holes included.
    pub(crate) spanned: u32,
    /// Pages that the allocator ever had.
    pub(crate) managed: u64,
    pub(crate) scalars: ZoneScalars,
    /// Lists by order, then migratetype, each from head to tail.
    pub(crate) free: KVVec<ListedBlock>,
    /// Lists by index, each from head to tail.
    pub(crate) pcp: KVVec<ListedBlock>,
    /// For each pageblock the number of its migratetype, `Isolate` if it is isolated.
    pub(crate) pageblocks: KVVec<u8>,
    /// Those of them that have no memory, and count as unmovable.
    pub(crate) nr_holes: u32,
}
