// SPDX-License-Identifier: GPL-2.0

//! Writing the lists of a CPU down, and making them from what was written down.
//!
//! C: `struct per_cpu_pages`.

#![deny(unsafe_code)]

use super::{
    pages,
    tuning::PcpLimits,
    PcpIndex,
    PerCpuPages, //
};
use crate::zone::image::{
    ListedBlock,
    PcpScalars, //
};
use kernel::prelude::*;

/// Bits of `flags` (C: `PCPF_*`).
const PREV_FREE_HIGH_ORDER: u8 = 1 << 0;
const FREE_HIGH_BATCH: u8 = 1 << 1;

impl PerCpuPages {
    /// Takes over numbers and lists. There must be room for the lists: EINVAL else.
    pub(crate) fn adopt(&mut self, scalars: &PcpScalars, listed: &[ListedBlock]) -> Result {
        self.limits = PcpLimits {
            high_min: scalars.high_min,
            high_max: scalars.high_max,
            batch: scalars.batch,
        };
        self.high = scalars.high;
        self.prev_free_high_order = scalars.flags & PREV_FREE_HIGH_ORDER != 0;
        self.free_high_batch = scalars.flags & FREE_HIGH_BATCH != 0;
        self.alloc_factor = scalars.alloc_factor;
        self.expire = scalars.expire;
        self.free_count = scalars.free_count;
        for block in listed {
            let index = PcpIndex::from_number(block.list).ok_or(EINVAL)?;

            if !self.list_mut(index).push_back(block.page) {
                return Err(EINVAL);
            }
            // INVARIANT: A block went onto a list.
            self.count = self.count.wrapping_add(pages(index.order()));
        }
        Ok(())
    }

    /// Sets the ticks until a stock of another node's pages is given back.
    pub(crate) fn set_expire(&mut self, expire: u8) {
        self.expire = expire;
    }

    /// The numbers.
    pub(crate) fn scalars(&self) -> PcpScalars {
        let flag = |set: bool, bit| if set { bit } else { 0 };

        PcpScalars {
            count: self.count,
            high: self.high,
            high_min: self.limits.high_min,
            high_max: self.limits.high_max,
            batch: self.limits.batch,
            flags: flag(self.prev_free_high_order, PREV_FREE_HIGH_ORDER)
                | flag(self.free_high_batch, FREE_HIGH_BATCH),
            alloc_factor: self.alloc_factor,
            expire: self.expire,
            free_count: self.free_count,
        }
    }

    /// Writes the lists down. ENOMEM if there is no room for them in `out`.
    pub(crate) fn write_lists(&self, out: &mut KVVec<ListedBlock>) -> Result {
        out.clear();
        for index in PcpIndex::all() {
            for page in self.list(index).iter() {
                let listed = ListedBlock {
                    page,
                    order: index.order(),
                    list: index.get(),
                };

                out.push_within_capacity(listed).map_err(|_| ENOMEM)?;
            }
        }
        Ok(())
    }
}
