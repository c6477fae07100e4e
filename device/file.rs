// SPDX-License-Identifier: GPL-2.0

//! What an open file can be asked for: the calls, mappings and faults of a client.

#![deny(unsafe_code)]

use super::{
    call::Call,
    clients::Client,
    free::Destination,
    records::Mapped,
    subscriptions::Inbox,
    Device,
    WINDOW_ORDER, //
};
use crate::sys::{
    self,
    uapi, //
};
use kernel::{
    prelude::*,
    sync::Arc,
    warn_on, //
};

/// First page of the first window.
const MMAP_BASE_PAGE: u64 = uapi::RB_MMAP_BASE >> sys::PAGE_SHIFT;

/// An open file.
pub(crate) struct File {
    /// Slot in the table of clients.
    pub(super) client: u32,
    /// Who opened it, to whom locked memory is charged.
    pub(super) process: Arc<sys::Process>,
    /// What happened that it wants to know.
    pub(super) inbox: Arc<Inbox>,
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
        let inbox = Arc::new(Inbox::new(), GFP_KERNEL)?;
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
