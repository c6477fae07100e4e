// SPDX-License-Identifier: GPL-2.0

//! `/dev/rust_buddy`: the allocator's users.
//!
//! An open file is a client. What it allocates it owns, by handle, until it frees it or the last
//! reference to the file is gone. Each handle has a window in the device's offset space, one
//! largest block wide, where its block can be mapped.

#![deny(unsafe_code)]

mod advise;
mod alloc;
mod bulk;
mod call;
mod carve;
mod clients;
mod compact;
pub(crate) mod debugfs;
mod events;
mod file;
mod free;
mod gfp;
mod inject;
mod migrate;
mod node_stat;
mod oom;
mod oracle;
mod owners;
pub(crate) mod params;
mod poison;
mod prepare;
mod purge;
mod query;
mod reclaim;
mod records;
mod settings;
mod stock;
mod subscriptions;
pub(crate) mod threads;
mod tune;
pub(crate) mod upkeep;
mod vmstat;

use crate::{
    gfp::Gfp,
    page_alloc::{
        Region,
        RegionConfig, //
    },
    slowpath::ratelimit::RateLimit,
    sys::{
        self,
        uapi, //
    },
    zone::{
        order::{
            Order,
            PageIdx,
            MAX_PAGE_ORDER, //
        },
        validate::Report, //
    }, //
};
use carve::{
    carve,
    node_spans,
    tables, //
};
use clients::Clients;
use events::Events;
pub(crate) use file::File;
use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc, //
    }, //
};
use oom::Processes;
use oracle::Oracle;
use params::Params;
use records::{
    nature::Listing,
    Records, //
};

/// log2 of the pages of a window: the largest block fits.
pub(crate) const WINDOW_ORDER: u8 = MAX_PAGE_ORDER;

/// log2 of the bytes of a window.
const WINDOW_SHIFT: u32 = sys::PAGE_SHIFT + WINDOW_ORDER as u32;

/// Whether blocks are mapped with 2 MiB entries.
const PMD_FEATURE: u32 = if sys::HAS_PMD_MAPPINGS {
    uapi::RB_FEATURE_MMAP_PMD
} else {
    0
};

/// A region, and who has what of it.
pub(crate) struct Device {
    params: Params,
    region: Region,
    records: sys::Locked<Records>,
    mapper: Arc<sys::Mapper>,
    carved: sys::CarvedRegion,
    /// Counts changes of tunables.
    epoch: Atomic<u64>,
    oracle: Oracle,
    processes: Processes,
    events: Events,
    /// Pages that were written to while they were free.
    nr_damaged: Atomic<u64>,
    damages_told: RateLimit,
    /// Whether somebody compacts because he was told to.
    is_compacting: Atomic<bool>,
}

impl Device {
    /// Bytes of metadata for each page: links, tag, records and clients; some bits more for claims
    /// and pageblocks.
    pub(crate) const METADATA_BYTES: usize =
        Records::PAGE_BYTES + Clients::CLIENT_BYTES.div_ceil(16) + 9;

    /// Carves a region and makes an allocator for it.
    ///
    /// Sleeps. EINVAL for bad parameters; ENOMEM, with one line that says what was asked and what
    /// there is, if the memory cannot be had.
    pub(crate) fn new(params: Params, mapper: Arc<sys::Mapper>) -> Result<Self> {
        params.check()?;
        let carved = carve(&params)?;
        let spans = node_spans(&carved)?;
        let config = RegionConfig {
            nr_pages: spans
                .iter()
                .fold(0, |sum: u32, span| sum.wrapping_add(span.nr_pages)),
            nid: spans.first().map_or(0, |span| span.nid),
            pageblock_order: Order::new(u32::from(sys::pageblock_order())).ok_or(EINVAL)?,
            shares: params.shares()?,
            has_huge: sys::HAS_HUGE_PAGES,
            lazy: params.lazy != 0,
            exact: params.exact != 0,
            gfp_allowed: Gfp::from_bits(params.gfp_allowed_mask),
        };
        let (region, records) = tables(config, &spans).inspect_err(|_| {
            pr_err!(
                "no memory for the tables of {} pages; try a smaller size_mb\n",
                config.nr_pages
            );
        })?;

        let nr_clients = records.with(|records| records.clients.nr_slots());
        let device = Self {
            params,
            region,
            records,
            mapper,
            carved,
            epoch: Atomic::new(0),
            oracle: Oracle::new()?,
            processes: Processes::new(nr_clients)?,
            events: Events::new()?,
            nr_damaged: Atomic::new(0),
            damages_told: RateLimit::new(5_000_000_000, 10),
            is_compacting: Atomic::new(false),
        };

        if params.poison != 0 {
            device.poison_all();
        }
        Ok(device)
    }

    pub(crate) fn region(&self) -> &Region {
        &self.region
    }

    /// Recounts the allocator when no client is left: pages that are not free are lost, and so are
    /// those that still count as handed out. Pages withheld because they are damaged are not.
    pub(crate) fn leaked(&self) -> (u64, Report) {
        self.region.drain_all_pages();
        let report = self.region.validate();
        let not_free = report.checked.wrapping_sub(report.free);
        let missing = not_free.max(u64::from(self.carved.nr_claimed()));

        (missing.saturating_sub(self.nr_damaged()), report)
    }

    /// Pages of the blocks that are withheld because they were written to while they were free.
    pub(crate) fn nr_damaged(&self) -> u64 {
        self.nr_damaged.load(Relaxed)
    }

    fn carved(&self) -> &sys::CarvedRegion {
        &self.carved
    }

    fn records(&self) -> &sys::Locked<Records> {
        &self.records
    }

    fn oracle(&self) -> &Oracle {
        &self.oracle
    }

    fn params(&self) -> &Params {
        &self.params
    }

    /// Changes whenever a tunable does.
    fn epoch(&self) -> u64 {
        self.epoch.load(Relaxed)
    }

    fn mmap_offset(&self, id: u32) -> u64 {
        uapi::RB_MMAP_BASE.wrapping_add(u64::from(id) << WINDOW_SHIFT)
    }

    /// First page of a handle's window.
    fn pgoff(&self, id: u32) -> u64 {
        self.mmap_offset(id) >> sys::PAGE_SHIFT
    }

    /// Unmaps a block everywhere. `f` runs while nobody can map it again.
    fn zap<R>(&self, id: u32, order: Order, f: impl FnOnce() -> R) -> R {
        self.mapper.with_window(self.pgoff(id), |window| {
            window.unmap(u64::from(order.nr_pages()));
            f()
        })
    }

    fn events(&self) -> &Events {
        &self.events
    }

    /// Puts a block on a list of those that may be reclaimed. While the records are locked: the
    /// block must not be freed before.
    fn list(&self, head: u32, order: Order, listing: Listing) {
        let page = PageIdx::new(head);

        if let Some(pageset) = self.region().pageset_of(page) {
            let zone = pageset.zone();

            match listing {
                Listing::Active => zone.lru_add(page, order, true),
                Listing::Inactive => zone.lru_add(page, order, false),
                Listing::Last => zone.lru_add_last(page, order),
            }
        }
    }

    /// Takes a block off these lists. While the records are locked, or when the block is nobody's.
    fn unlist(&self, page: PageIdx) {
        if let Some(pageset) = self.region().pageset_of(page) {
            pageset.zone().lru_del(page);
        }
    }
}
