// SPDX-License-Identifier: GPL-2.0

//! Taking the region from the kernel, and making what is kept beside its pages.

#![deny(unsafe_code)]

use super::{
    params::Params,
    records::Records, //
};
use crate::{
    page_alloc::{
        node::NodeSpan,
        Region,
        RegionConfig, //
    },
    sys,
    zone::order::PageIdx, //
};
use kernel::prelude::*;

/// Makes what is kept beside the pages.
#[inline(never)]
pub(super) fn tables(
    config: RegionConfig,
    spans: &[NodeSpan],
) -> Result<(Region, sys::Locked<Records>)> {
    let records = Records::new(config.nr_pages)?;

    Ok((
        Region::new(config, spans)?,
        sys::new_locked!(records, c"rust_buddy_records")?,
    ))
}

/// Where the pages of each node lie in the region.
pub(super) fn node_spans(carved: &sys::CarvedRegion) -> Result<KVec<NodeSpan>> {
    let mut spans = KVec::with_capacity(carved.nids().len(), GFP_KERNEL)?;
    let mut start = PageIdx::new(0);

    for (nid, nr_pages) in carved.nids() {
        let span = NodeSpan {
            nid,
            start,
            nr_pages,
        };

        spans.push_within_capacity(span)?;
        start = start.add(nr_pages);
    }
    Ok(spans)
}

/// Takes the pages from the kernel.
#[inline(never)]
pub(super) fn carve(params: &Params) -> Result<sys::CarvedRegion> {
    let nr_pages = params.nr_pages();
    let needed = params.min_host_free().wrapping_add(u64::from(nr_pages));
    let short = params
        .nids()
        .find(|nid| sys::host_free_pages(*nid) < needed);
    let carved = match short {
        None => sys::CarvedRegion::new(nr_pages, params.nids()),
        Some(_) => Err(ENOMEM),
    };

    carved.inspect_err(|_| {
        let nid = short.or_else(|| params.nids().next()).unwrap_or(-1);

        pr_err!(
            "no contiguous range of {} pages on node {}, largest free now: {} pages; {}\n",
            nr_pages,
            nid,
            sys::largest_free_run(nid),
            match short {
                None => "try a smaller size_mb, or load earlier after boot",
                Some(_) => "that would leave less than min_host_free_mb to the host",
            }
        );
    })
}
