// SPDX-License-Identifier: GPL-2.0

//! Pages that a CPU's stock gives back to its zone: when it has too many, when it is told to, and
//! now and then when its CPU does little.
//!
//! C: `free_pcppages_bulk()`, `drain_pages_zone()`, `decay_pcp_high()` in `mm/page_alloc.c`,
//! `refresh_cpu_vm_stats()` in `mm/vmstat.c`.

#![deny(unsafe_code)]

use super::{
    pages,
    tuning::PCP_BATCH_SCALE_MAX,
    PcpIndex,
    PerCpuPages,
    ToFree, //
};
use crate::zone::{
    order::Block,
    Zone, //
};

impl PerCpuPages {
    /// Gives `nr` pages or a little more back to the zone: the cold end of list `index` first, then
    /// of the lists after it (C: `free_pcppages_bulk()`).
    pub(crate) fn free_bulk(&mut self, zone: &Zone, nr: i32, index: PcpIndex) {
        let mut left = nr.min(self.count);
        let mut index = index;

        if left <= 0 {
            return;
        }
        zone.free_pcppages(|| {
            if left <= 0 || self.count <= 0 {
                return None;
            }
            index = self.first_filled(index)?;
            let order = index.order();
            let page = self.list_mut(index).pop_back()?;

            // INVARIANT: A block left its list.
            self.count = self.count.wrapping_sub(pages(order));
            left = left.wrapping_sub(pages(order));
            Some(Block::new(page, order))
        });
    }

    /// Does as much of `todo` as is good under one hold of the locks; whether there is more to do.
    pub(crate) fn free_some(&mut self, zone: &Zone, todo: &mut ToFree) -> bool {
        let nr = todo.nr.min(todo.batch);

        self.free_bulk(zone, nr, todo.index);
        todo.nr = todo.nr.wrapping_sub(nr);
        todo.nr > 0 && self.count > 0
    }

    /// The first list from `index` on, around the end, that has a block.
    fn first_filled(&self, index: PcpIndex) -> Option<PcpIndex> {
        let mut candidate = index;

        for _ in PcpIndex::all() {
            if !self.list(candidate).is_empty() {
                return Some(candidate);
            }
            candidate = candidate.next();
        }
        None
    }

    /// Gives a part of the stock back, as much as is good under one hold of the locks; whether
    /// anything is left (C: one round of `drain_pages_zone()`).
    pub(crate) fn drain(&mut self, zone: &Zone) -> bool {
        let most = self.limits.batch.wrapping_shl(PCP_BATCH_SCALE_MAX);

        self.free_bulk(zone, self.count.min(most), PcpIndex(0));
        self.count > 0
    }

    /// What is done now and then for a CPU that does little: its stock shrinks slowly. Says how
    /// many pages are to be given back, and how many at a time (C: `decay_pcp_high()`).
    pub(crate) fn decay(&mut self) -> ToFree {
        ToFree {
            nr: self.decay_high(),
            batch: self.limits.batch,
            index: PcpIndex(0),
        }
    }

    /// What is done now and then about the stock of pages of another node: three quiet times after
    /// the last change a batch of it is given back (C: `refresh_cpu_vm_stats()`,
    /// `drain_zone_pages()`).
    pub(crate) fn expire(&mut self, zone: &Zone, changed: bool, is_local: bool) {
        if changed {
            self.expire = 3;
        }
        if self.expire == 0 || self.count == 0 {
            return;
        }
        if is_local {
            self.expire = 0;
            return;
        }
        self.expire = self.expire.wrapping_sub(1);
        if self.expire == 0 {
            self.free_bulk(zone, self.count.min(self.limits.batch), PcpIndex(0));
        }
    }
}
