// SPDX-License-Identifier: GPL-2.0

//! Regions for tests.

#![deny(unsafe_code)]

use super::{
    layout::Shares,
    node::NodeSpan,
    Region,
    RegionConfig, //
};
use crate::{
    gfp::Gfp,
    zone::order::{
        Order,
        PageIdx, //
    }, //
};
use kernel::prelude::*;

/// Every rule of the kernel, pageblocks of 2 MiB, lists for huge pages.
pub(crate) fn config(nr_pages: u32, shares: Shares) -> Result<RegionConfig> {
    Ok(RegionConfig {
        nr_pages,
        nid: 0,
        pageblock_order: Order::new(9).ok_or(EINVAL)?,
        shares,
        has_huge: true,
        lazy: false,
        exact: true,
        gfp_allowed: Gfp::ALL,
    })
}

/// A region of that kind, all on one node and from page 0 on.
pub(crate) fn of_one_node(config: RegionConfig) -> Result<Region> {
    let span = NodeSpan {
        nid: 0,
        start: PageIdx::new(0),
        nr_pages: config.nr_pages,
    };

    Region::new(config, &[span])
}

/// A region cut into these zones.
pub(crate) fn region(nr_pages: u32, shares: Shares) -> Result<Region> {
    of_one_node(config(nr_pages, shares)?)
}

/// A region of one zone.
pub(crate) fn one_zone(nr_pages: u32) -> Result<Region> {
    region(nr_pages, Shares::NONE)
}
