// SPDX-License-Identifier: GPL-2.0

//! FREE and RESET: blocks become nobody's, with their mappings or only without.
//!
//! C: `__free_frozen_pages()` in `mm/page_alloc.c`.

#![deny(unsafe_code)]

use super::{
    call::Call,
    records::{
        Handle,
        Mapped,
        Taken, //
    },
    Device,
    File, //
};
use crate::{
    sys::{
        self,
        uapi, //
    },
    zone::{
        alloc_flags::FreeFlags,
        order::Order, //
    }, //
};
use kernel::prelude::*;

/// No record: generations start at 1.
pub(super) const NO_HANDLE: Handle = Handle { id: 0, gen: 0 };

/// Where a block that is given back goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Destination {
    /// To the stock of this CPU, if blocks of that size are kept there.
    Stock,
    /// To the zone.
    Zone,
}

/// How a block is to be freed.
#[derive(Clone, Copy)]
pub(super) struct Freeing {
    mapped: Mapped,
    /// A block that waits for its mappings goes to the stock in any case.
    to: Destination,
}

impl Freeing {
    /// Of a block that the caller never learned of.
    pub(super) const UNDO: Self = Self {
        mapped: Mapped::Zap,
        to: Destination::Stock,
    };

    /// By `RB_FREE_*` flags. EINVAL for unknown ones.
    pub(super) fn new(flags: u32) -> Result<Self> {
        if flags & !(uapi::RB_FREE_ZAP | uapi::RB_FREE_DRAIN) != 0 {
            return Err(EINVAL);
        }
        Ok(Self {
            mapped: match flags & uapi::RB_FREE_ZAP {
                0 => Mapped::Busy,
                _ => Mapped::Zap,
            },
            to: match flags & uapi::RB_FREE_DRAIN {
                0 => Destination::Stock,
                _ => Destination::Zone,
            },
        })
    }
}

impl Device {
    /// RB_FREE.
    #[inline(never)]
    pub(super) fn free(&self, call: &Call, file: &File) -> Result {
        let req: uapi::rb_free = call.read()?;
        let how = Freeing::new(req.flags)?;

        if req.reserved != [0; 2] {
            return Err(EINVAL);
        }
        call.require_write()?;
        self.free_handle(
            file,
            Handle {
                id: req.id,
                gen: req.gen,
            },
            req.order,
            how,
        )
    }

    /// RB_RESET.
    #[inline(never)]
    pub(super) fn reset(&self, call: &Call, file: &File) -> Result {
        let req: uapi::rb_reset = call.read()?;
        let zap = match req.flags & !uapi::RB_RESET_FD {
            0 => Mapped::Busy,
            uapi::RB_RESET_ZAP => Mapped::Zap,
            _ => return Err(EINVAL),
        };

        if req.flags & uapi::RB_RESET_FD == 0 || req.reserved0 != 0 || req.reserved1 != 0 {
            return Err(EINVAL);
        }
        call.require_write()?;
        let client = file.client;
        let begins = self
            .records()
            .with(|records| records.clients.begin_reset(client, zap));

        if !begins {
            return Err(EBUSY);
        }
        let result = self.free_all(file, zap);

        // Whoever is still taking its blocks must not find those that it gets from now on.
        self.processes.undisturbed(|| {
            self.records().with(|records| {
                records.clients.end_reset(client);
                if result.is_ok() {
                    records.clients.revive(client);
                }
            });
        });
        result
    }

    /// Frees everything that a file owns.
    pub(super) fn free_all(&self, file: &File, mapped: Mapped) -> Result {
        while let Some((handle, order)) = self.records().with(|records| records.newest(file.client))
        {
            let how = Freeing {
                mapped,
                to: Destination::Stock,
            };

            match self.revoke(file, handle, order, how) {
                // Somebody else freed it first.
                Err(error) if error == EBUSY => return Err(error),
                _ => sys::cond_resched(),
            }
        }
        Ok(())
    }

    /// Frees a block by its handle: the errors of
    /// [`Records::check`](super::records::Records::check), or EBUSY.
    pub(super) fn free_handle(
        &self,
        file: &File,
        handle: Handle,
        order: u32,
        how: Freeing,
    ) -> Result {
        let order = self.judge(file, handle, order)?;

        self.revoke(file, handle, order, how)
            .map_err(|error| self.or_dead(file, error))
    }

    /// Takes a block from its file and gives it back to the allocator.
    pub(super) fn revoke(&self, file: &File, handle: Handle, order: Order, how: Freeing) -> Result {
        let remove = |mapped| {
            self.records()
                .with(|records| records.remove(file.client, handle, order, mapped))
        };
        // Few blocks are mapped, and only those need to be unmapped.
        let block = match remove(Mapped::Busy) {
            Err(error) if error == EBUSY && how.mapped == Mapped::Zap => {
                self.zap(handle.id, order, || remove(Mapped::Zap))?
            }
            result => result?,
        };

        // Else it stays charged until the file is closed: its mappings end where nothing can be
        // uncharged.
        if let Some(taken) = block {
            file.process.uncharge(u64::from(taken.block.nr_pages()));
            self.put_back(taken, how.to);
        }
        file.process.settle();
        Ok(())
    }

    /// What a call has taken and cannot tell of.
    pub(super) fn revoke_all(&self, file: &File, handles: &[Handle], order: Order) {
        for handle in handles.iter().take_while(|handle| **handle != NO_HANDLE) {
            // Another thread may have freed it already.
            let _ = self.revoke(file, *handle, order, Freeing::UNDO);
        }
    }

    /// Gives a block that is nobody's back to the allocator.
    pub(super) fn put_back(&self, taken: Taken, to: Destination) {
        let Taken { block, listed } = taken;
        let page = block.head();

        if listed {
            self.unlist(page);
        }
        let checked = self
            .region()
            .check_pages(block, |block| self.free_pages_prepare(block));
        let Some(block) = checked else {
            return;
        };

        match (to, self.region().pageset_of(page)) {
            (Destination::Zone, Some(pageset)) => pageset.zone().free(block, FreeFlags::None),
            _ => self.region().free_pages(block),
        }
        self.watch_level(page);
    }
}
