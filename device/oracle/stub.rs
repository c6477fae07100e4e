// SPDX-License-Identifier: GPL-2.0

//! STUB: what a shadow region will be able to do. Goes when the region itself has it: the inherent
//! functions then take the place of these, and this file is deleted.

#![deny(unsafe_code)]

use crate::{
    gfp::context::AllocContext,
    page_alloc::{
        Allocated,
        Region, //
    },
    zone::{
        image::{
            CounterImage,
            ZoneImage,
            ZoneScalars, //
        },
        order::{
            Order,
            PageIdx, //
        },
        ZoneType, //
    }, //
};
use kernel::prelude::*;

/// What a shadow must know beside the images.
#[expect(dead_code, reason = "read by the region itself, later")]
pub(super) struct ShadowConfig {
    pub(super) pageblock_order: Order,
    pub(super) mobility_off: bool,
    pub(super) nr_online_nodes: u32,
    pub(super) cpu: u32,
}

/// Which counter of a zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Counter {
    Free,
    FreeCma,
}

/// A region that is the model of a node.
pub(super) trait Shadow: Sized {
    fn shadow(_config: ShadowConfig, _images: KVec<ZoneImage>) -> Result<Self> {
        Err(EOPNOTSUPP)
    }

    fn scalars(&self, _kind: ZoneType) -> Option<ZoneScalars> {
        None
    }

    fn image(&self, _kind: ZoneType, _image: &mut ZoneImage) -> Result {
        Err(EOPNOTSUPP)
    }

    fn alloc_pages_bulk(&self, _ctx: &AllocContext, _pages: &mut [Option<PageIdx>]) -> usize {
        0
    }

    fn alloc_pages_nolock(&self, _ctx: &AllocContext) -> Option<Allocated> {
        None
    }

    fn alloc_contig_range(&self, _start: PageIdx, _nr: u32) -> Result {
        Err(EOPNOTSUPP)
    }

    fn free_contig_range(&self, _start: PageIdx, _nr: u32) {}

    fn set_reclaim_active(&self, _kind: ZoneType, _on: bool) {}

    fn adopt_counter(&self, _kind: ZoneType, _which: Counter, _image: CounterImage) {}
}

impl Shadow for Region {}
