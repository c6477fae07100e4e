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
mod clients;
mod compact;
pub(crate) mod debugfs;
mod events;
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
        node::NodeSpan,
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
use call::Call;
use clients::{
    Client,
    Clients, //
};
use events::Events;
use free::Destination;
use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc, //
    },
    warn_on, //
};
use oom::Processes;
use oracle::Oracle;
use params::Params;
use records::{
    nature::Listing,
    Mapped,
    Records, //
};

/// log2 of the pages of a window: the largest block fits.
pub(crate) const WINDOW_ORDER: u8 = MAX_PAGE_ORDER;

/// log2 of the bytes of a window.
const WINDOW_SHIFT: u32 = sys::PAGE_SHIFT + WINDOW_ORDER as u32;

/// First page of the first window.
const MMAP_BASE_PAGE: u64 = uapi::RB_MMAP_BASE >> sys::PAGE_SHIFT;

/// Whether blocks are mapped with 2 MiB entries.
const PMD_FEATURE: u32 = if sys::HAS_PMD_MAPPINGS {
    uapi::RB_FEATURE_MMAP_PMD
} else {
    0
};

/// An open file.
pub(crate) struct File {
    /// Slot in the table of clients.
    client: u32,
    /// Who opened it, to whom locked memory is charged.
    process: Arc<sys::Process>,
    /// What happened that it wants to know.
    inbox: Arc<subscriptions::Inbox>,
}

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

    /// Puts a block on a list of those that may be reclaimed. While the records are locked: the block
    /// must not be freed before.
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

/// Makes what is kept beside the pages.
#[inline(never)]
fn tables(config: RegionConfig, spans: &[NodeSpan]) -> Result<(Region, sys::Locked<Records>)> {
    let records = Records::new(config.nr_pages)?;

    Ok((
        Region::new(config, spans)?,
        sys::new_locked!(records, c"rust_buddy_records")?,
    ))
}

/// Where the pages of each node lie in the region.
fn node_spans(carved: &sys::CarvedRegion) -> Result<KVec<NodeSpan>> {
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
fn carve(params: &Params) -> Result<sys::CarvedRegion> {
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

/// Handle and page inside its window of a page of the offset space.
fn window(pgoff: u64) -> Option<(u32, u64)> {
    let page = pgoff.checked_sub(MMAP_BASE_PAGE)?;
    let id = u32::try_from(page >> WINDOW_ORDER).ok()?;

    Some((id, page & ((1 << WINDOW_ORDER) - 1)))
}

impl sys::CharDevice for Device {
    type File = File;

    fn open(&self) -> Result<KBox<File>> {
        let process = Arc::new(sys::Process::current()?, GFP_KERNEL)?;
        let inbox = Arc::new(subscriptions::Inbox::new(), GFP_KERNEL)?;
        let client = Client::new(sys::Opener::current());
        // Allocated first: no slot is taken if it fails.
        let mut file = KBox::new(
            File {
                client: u32::MAX,
                process,
                inbox,
            },
            GFP_KERNEL,
        )?;

        let owner = self
            .records
            .with(|records| {
                let slot = records.clients.open(client)?;

                Some(records.clients.owner(slot))
            })
            .ok_or(ENFILE)?;

        file.client = owner.slot;
        self.processes.add(owner, &file.process);
        Ok(file)
    }

    fn release(&self, file: KBox<File>) {
        self.oracle.release(file.client);
        self.events.forget(&file.inbox);
        // First: from now on nobody takes anything from it on behalf of others.
        self.processes.remove(file.client);
        // No mapping is left, since each holds the file: nothing can be busy.
        if self.free_all(&file, Mapped::Busy).is_err() {
            warn_on!(true);
            // Unmapped by force a block is safe to give back, whatever was counted wrongly.
            let _ = self.free_all(&file, Mapped::Zap);
        }
        self.records.with(|records| {
            // Who still owns something must not leave it to the next one: that slot stays lost.
            if records.newest(file.client).is_none() {
                records.clients.close(file.client);
            }
        });
    }

    fn ioctl(&self, file: &File, writable: bool, cmd: u32, arg: usize) -> Result {
        let call = Call::new(cmd, arg, writable)?;

        match call.nr {
            uapi::RB_NR_QUERY => self.query(&call, file),
            uapi::RB_NR_ALLOC => self.alloc(&call, file),
            uapi::RB_NR_FREE => self.free(&call, file),
            uapi::RB_NR_ALLOC_BULK => self.alloc_bulk(&call, file),
            uapi::RB_NR_FREE_BULK => self.free_bulk(&call, file),
            uapi::RB_NR_ZONE_STAT => self.zone_stat(&call),
            uapi::RB_NR_PCP_STAT => self.pcp_stat(&call),
            uapi::RB_NR_VMSTAT => self.vmstat(&call),
            uapi::RB_NR_TUNE_GET => self.tune_get(&call),
            uapi::RB_NR_TUNE_SET => self.tune_set(&call),
            uapi::RB_NR_DRAIN => self.drain(&call),
            uapi::RB_NR_BLOCKMAP => self.blockmap(&call),
            uapi::RB_NR_NODE_STAT => self.node_stat(&call),
            uapi::RB_NR_ADVISE => self.advise(&call, file),
            uapi::RB_NR_COMPACT => self.compact(&call),
            uapi::RB_NR_RECLAIM => self.reclaim_pages(&call, file),
            uapi::RB_NR_EVENT_SET => self.event_set(&call, file),
            uapi::RB_NR_EVENT_CLEAR => self.event_clear(&call, file),
            uapi::RB_NR_EVENT_WAIT => self.event_wait(&call, file),
            uapi::RB_NR_REPLAY => self.replay(&call, file),
            uapi::RB_NR_CLONE_ZONE => self.clone_zone(&call, file),
            uapi::RB_NR_VERIFY => self.verify(&call),
            uapi::RB_NR_INJECT => self.inject(&call),
            uapi::RB_NR_RESET => self.reset(&call, file),
            _ => Err(ENOTTY),
        }
    }

    fn poll(&self, file: &File) -> u32 {
        self.events.ready(&file.inbox, self.region())
    }

    fn bell<'a>(&'a self, _file: &'a File) -> &'a sys::Doorbell {
        self.events.bell()
    }

    fn mmap(&self, file: &File, pgoff: u64, nr: u64) -> Result {
        let (id, first) = window(pgoff).ok_or(ENXIO)?;

        self.records
            .with(|records| records.map(file.client, id, first, nr))
    }

    fn map_open(&self, pgoff: u64, _nr: u64) {
        if let Some((id, _)) = window(pgoff) {
            self.records.with(|records| records.map_open(id));
        }
    }

    fn map_close(&self, pgoff: u64, _nr: u64) {
        let close = |(id, _)| self.records.with(|records| records.map_close(id));

        if let Some(taken) = window(pgoff).and_then(close) {
            self.put_back(taken, Destination::Stock);
        }
    }

    fn resolve(&self, file: &File, pgoff: u64) -> Option<sys::Place> {
        let (id, page) = window(pgoff)?;
        let location = self
            .records
            .with(|records| records.resolve(file.client, id))?;
        let page = u32::try_from(page)
            .ok()
            .filter(|page| *page < location.order.nr_pages())?;

        Some(sys::Place {
            idx: location.head.wrapping_add(page),
            block_first: location.head,
            block_order: location.order.get(),
        })
    }

    fn region(&self) -> &sys::CarvedRegion {
        &self.carved
    }
}
