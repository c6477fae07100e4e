// SPDX-License-Identifier: GPL-2.0

//! What a request carries through the allocator.
//!
//! C: `struct alloc_context` in `mm/internal.h`, `prepare_alloc_pages()` in `mm/page_alloc.c`.

#![deny(unsafe_code)]

use super::Gfp;
use crate::zone::{
    migratetype::Migratetype,
    order::Order,
    ZoneType, //
};

/// A request, taken apart once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AllocContext {
    pub(crate) gfp: Gfp,
    pub(crate) order: Order,
    pub(crate) migratetype: Migratetype,
    /// The highest zone it may use (C: `highest_zoneidx`).
    pub(crate) highest_zone: ZoneType,
}

impl AllocContext {
    /// Takes a request apart; `None` if its flags contradict each other.
    pub(crate) fn new(gfp: Gfp, order: Order) -> Option<Self> {
        Some(Self {
            gfp,
            order,
            migratetype: gfp.migratetype()?,
            highest_zone: gfp.zone()?,
        })
    }
}
