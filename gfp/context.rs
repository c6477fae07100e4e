// SPDX-License-Identifier: GPL-2.0

//! What a request carries through the allocator.
//!
//! C: `struct alloc_context` in `mm/internal.h`, `prepare_alloc_pages()` in `mm/page_alloc.c`.

#![deny(unsafe_code)]

use super::Gfp;
use crate::{
    sys::TaskFacts,
    zone::{
        migratetype::Migratetype,
        order::Order,
        ZoneType, //
    }, //
};

/// A request, taken apart once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AllocContext {
    pub(crate) gfp: Gfp,
    pub(crate) order: Order,
    pub(crate) migratetype: Migratetype,
    /// The highest zone it may use (C: `highest_zoneidx`).
    pub(crate) highest_zone: ZoneType,
    /// The node it would like best, if any (C: `preferred_nid`).
    pub(crate) nid: Option<i32>,
    /// The nodes it may use, a bit for each; 0: all (C: `nodemask`).
    pub(crate) nodemask: u64,
    /// Who asks (C: `current`).
    pub(crate) task: TaskFacts,
}

impl AllocContext {
    /// Takes a request apart; `None` if its flags contradict each other.
    pub(crate) fn new(gfp: Gfp, order: Order) -> Option<Self> {
        Some(Self {
            gfp,
            order,
            migratetype: gfp.migratetype()?,
            highest_zone: gfp.zone()?,
            nid: None,
            nodemask: 0,
            task: TaskFacts::default(),
        })
    }

    /// Whether it may use node `nid`.
    #[inline]
    pub(crate) fn allows_node(&self, nid: i32) -> bool {
        self.nodemask == 0 || self.nodemask >> (nid as u32 & 63) & 1 != 0
    }
}
