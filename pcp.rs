// SPDX-License-Identifier: GPL-2.0

//! Per-CPU page lists: a stock of blocks for one CPU, so that most requests need not take the
//! zone's lock.
//!
//! Blocks given back last are taken first: they are likely to be in the CPU's cache. How large the
//! stock is, and how many blocks move between it and the zone at a time, is learned
//! ([`tuning`]). Which block is on which list: [`index`]. Plain data: whoever holds a `&mut PerCpuPages` holds its lock, and may take the
//! zone's.
//!
//! C: `struct per_cpu_pages`, `__rmqueue_pcplist()`, `free_frozen_page_commit()`,
//! `free_pcppages_bulk()` in `mm/page_alloc.c`.
//!
//! # Differences
//!
//! Lists are arrays ([`ring`]). One that is full, which limits and capacity are chosen to prevent,
//! lets blocks pass to the zone.

#![deny(unsafe_code)]

mod events;
mod index;
pub(crate) mod ring;
mod shadow;
pub(crate) mod tuning;

use crate::zone::{
    alloc_flags::AllocFlags,
    migratetype::Migratetype,
    order::{
        Block,
        Order,
        PageIdx, //
    },
    vmstat::NumaPlace,
    Zone, //
};
pub(crate) use events::PcpEvents;
pub(crate) use index::{
    PcpIndex,
    NR_PCP_LISTS, //
};
use index::{
    COSTLY_ORDER,
    NR_LOWORDER_LISTS, //
};
use kernel::prelude::*;
use ring::Ring;
use tuning::{
    PcpLimits,
    PCP_BATCH_SCALE_MAX, //
};

/// What a request wants of a list.
#[derive(Clone, Copy)]
pub(crate) struct PcpRequest {
    pub(crate) index: PcpIndex,
    pub(crate) mt: Migratetype,
    pub(crate) flags: AllocFlags,
}

/// What is left to do after a block went onto a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ToFree {
    /// Pages to give back to the zone.
    pub(crate) nr: i32,
    /// Pages to give back under one hold of the locks.
    pub(crate) batch: i32,
    /// The list to begin with.
    pub(crate) index: PcpIndex,
}

/// The stock of one CPU in one zone.
///
/// # Invariants
///
/// `count` is the number of pages on all lists.
pub(crate) struct PerCpuPages {
    /// One for each [`PcpIndex`]; the last two are never used.
    lists: [Ring; 16],
    count: i32,
    /// The learned size of the stock.
    high: i32,
    limits: PcpLimits,
    /// The last block that was given back was of a small order above 0
    /// (C: `PCPF_PREV_FREE_HIGH_ORDER`).
    prev_free_high_order: bool,
    /// A batch of pages fits into this CPU's share of the cache (C: `PCPF_FREE_HIGH_BATCH`).
    free_high_batch: bool,
    /// Doublings of the next refill.
    alloc_factor: u8,
    /// Ticks until a stock of another node's pages is given back.
    expire: u8,
    /// Pages given back in one go, without a request in between, give or take.
    free_count: i16,
    events: PcpEvents,
}

impl PerCpuPages {
    /// An empty stock that keeps nothing yet. `free_high_batch` says whether a batch of pages fits
    /// into the CPU's share of the cache.
    ///
    /// Allocates: sleeps.
    pub(crate) fn new(free_high_batch: bool) -> Result<Self> {
        // INVARIANT: No page on any list.
        Ok(Self {
            lists: lists(|_| Ring::new(1))?,
            count: 0,
            high: 0,
            limits: PcpLimits::DISABLED,
            prev_free_high_order: false,
            free_high_batch,
            alloc_factor: 0,
            expire: 0,
            free_count: 0,
            events: PcpEvents::ZERO,
        })
    }

    /// Takes a block (C: `rmqueue_pcplist()` under its lock).
    #[inline]
    pub(crate) fn rmqueue(
        &mut self,
        zone: &Zone,
        request: &PcpRequest,
        place: NumaPlace,
    ) -> Option<Block> {
        // Who takes does not give back in one go.
        self.free_count >>= 1;
        let block = self.rmqueue_one(zone, request)?;

        self.count_alloc(1, request.index.order(), place);
        Some(block)
    }

    /// Takes a block without counting it (C: `__rmqueue_pcplist()`).
    #[inline]
    pub(crate) fn rmqueue_one(&mut self, zone: &Zone, request: &PcpRequest) -> Option<Block> {
        if self.list(request.index).is_empty() {
            self.refill(zone, request)?;
        }
        let order = request.index.order();
        let page = self.list_mut(request.index).pop_front()?;

        // INVARIANT: A block left its list.
        self.count = self.count.wrapping_sub(pages(order));
        Some(Block::new(page, order))
    }

    /// Counts `nr` blocks that were taken.
    #[inline]
    pub(crate) fn count_alloc(&mut self, nr: u64, order: Order, place: NumaPlace) {
        let nr_pages = nr.wrapping_mul(u64::from(order.nr_pages()));

        self.events.pgalloc = self.events.pgalloc.wrapping_add(nr_pages);
        self.events.numa.count(place, nr);
    }

    /// Fills an empty list from the zone.
    fn refill(&mut self, zone: &Zone, request: &PcpRequest) -> Option<()> {
        let PcpRequest { index, mt, flags } = *request;
        let order = index.order();
        let wanted = u32::try_from(self.nr_alloc(order, zone)).unwrap_or(0);

        // Blocks for the high-order atomic reserve are made where the zone's lock is held: a stock
        // here would only stand in the way of it.
        if flags.has(AllocFlags::HIGHATOMIC) {
            return None;
        }
        let list = self.list_mut(index);
        let nr = wanted.min(list.room());
        let got = zone.rmqueue_bulk(order, nr, mt, flags, |page| {
            list.push_back(page);
        });

        // INVARIANT: So many blocks went onto a list, which had room for them.
        self.count = self
            .count
            .wrapping_add((got as i32).wrapping_shl(shift(order)));
        if nr < wanted {
            self.events.ring_full = self.events.ring_full.wrapping_add(1);
        }
        self.events.refill = self.events.refill.wrapping_add(1);
        (got > 0).then_some(())
    }

    /// Puts a block onto a list, and says what is to be given back for it; with `NOLOCK` nothing,
    /// for that would take the zone's lock. Gives the block back if the list is full
    /// (C: `free_frozen_page_commit()`).
    pub(crate) fn commit(
        &mut self,
        zone: &Zone,
        index: PcpIndex,
        block: Block,
        flags: AllocFlags,
    ) -> core::result::Result<Option<ToFree>, Block> {
        let order = index.order();

        if !self.list_mut(index).push_front(block.head()) {
            self.events.ring_full = self.events.ring_full.wrapping_add(1);
            return Err(block);
        }
        // INVARIANT: A block went onto a list.
        self.count = self.count.wrapping_add(pages(order));
        self.events.pgfree = self.events.pgfree.wrapping_add(u64::from(block.nr_pages()));
        // Who gives back does not ask for more and more.
        self.alloc_factor >>= 1;
        let free_high = self.note_free(order);

        if flags.has(AllocFlags::NOLOCK) {
            return Ok(None);
        }
        let high = self.nr_high(zone, free_high);

        if self.count < high {
            return Ok(None);
        }
        self.events.drain = self.events.drain.wrapping_add(1);
        Ok(Some(ToFree {
            nr: self.nr_free(high, free_high),
            batch: self.limits.batch,
            index,
        }))
    }

    /// Remembers that a block was given back. True if blocks of small orders above 0 are given back
    /// one after the other: those are not hoarded, so that they can merge.
    fn note_free(&mut self, order: Order) -> bool {
        let batch = self.limits.batch;
        let is_high = order > Order::ZERO && order.get() <= COSTLY_ORDER;
        let many = batch.wrapping_add(self.limits.high_min / 2);
        let free_high = is_high
            && i32::from(self.free_count) >= many
            && self.prev_free_high_order
            && (!self.free_high_batch || self.count >= batch);

        self.prev_free_high_order = is_high;
        if i32::from(self.free_count) < batch.wrapping_shl(PCP_BATCH_SCALE_MAX) {
            self.free_count = self.free_count.wrapping_add(order.nr_pages() as i16);
        }
        free_high
    }

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

    /// What is done now and then for a CPU that does little: its stock shrinks slowly. Says how many
    /// pages are to be given back, and how many at a time (C: `decay_pcp_high()`).
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

    /// Pages on all lists.
    pub(crate) fn count(&self) -> i32 {
        self.count
    }

    /// The learned size.
    pub(crate) fn high(&self) -> i32 {
        self.high
    }

    /// The limits.
    pub(crate) fn limits(&self) -> PcpLimits {
        self.limits
    }

    /// What happened so far.
    pub(crate) fn events(&self) -> &PcpEvents {
        &self.events
    }

    /// Number of blocks on a list.
    pub(crate) fn nr_blocks(&self, index: PcpIndex) -> u32 {
        self.list(index).len()
    }

    /// Pages of `start..end` that are on these lists.
    pub(crate) fn nr_pages_in(&self, start: PageIdx, end: PageIdx) -> u32 {
        let mut nr: u32 = 0;

        for index in PcpIndex::all() {
            let size = index.order().nr_pages();

            for page in self.list(index).iter() {
                let (from, to) = (page.max(start), page.add(size).min(end));

                if from < to {
                    nr = nr.wrapping_add(to.get().wrapping_sub(from.get()));
                }
            }
        }
        nr
    }

    /// Sets the limits, and takes longer lists for them from `room`; what is not needed any more
    /// comes back there, to be freed without a lock (C: `pageset_update()`).
    pub(crate) fn set_limits(&mut self, limits: PcpLimits, room: &mut PcpRoom) {
        self.limits = limits;
        for (list, new) in self.lists.iter_mut().zip(&mut room.0) {
            let spare = core::mem::replace(new, Ring::EMPTY);

            *new = list.replace(spare);
        }
    }

    /// Whether `count` is what is on the lists.
    pub(crate) fn validate(&self) -> bool {
        let nr = PcpIndex::all().fold(0i32, |sum, index| {
            let blocks = self.list(index).len() as i32;

            sum.wrapping_add(blocks.wrapping_shl(shift(index.order())))
        });

        nr == self.count
    }

    #[inline]
    fn list(&self, index: PcpIndex) -> &Ring {
        &self.lists[usize::from(index.0) & 15]
    }

    #[inline]
    fn list_mut(&mut self, index: PcpIndex) -> &mut Ring {
        &mut self.lists[usize::from(index.0) & 15]
    }
}

/// Empty lists, made before the lock is taken under which they are wanted.
pub(crate) struct PcpRoom([Ring; 16]);

impl PcpRoom {
    /// Room for everything that `limits` allow in a zone of `nr_pages`.
    ///
    /// Allocates: sleeps.
    pub(crate) fn new(limits: &PcpLimits, nr_pages: u32, has_huge: bool) -> Result<Self> {
        let capacity = |nr: u8| {
            let index = PcpIndex::from_number(nr)?;
            let used = has_huge || index.0 < NR_LOWORDER_LISTS;

            used.then(|| limits.capacity(index.order(), nr_pages))
        };

        Ok(Self(lists(|nr| Ring::new(capacity(nr).unwrap_or(0)))?))
    }
}

/// Sixteen lists.
fn lists(mut f: impl FnMut(u8) -> Result<Ring>) -> Result<[Ring; 16]> {
    let mut lists = [const { Ring::EMPTY }; 16];

    for (nr, list) in (0..NR_PCP_LISTS).zip(&mut lists) {
        *list = f(nr)?;
    }
    Ok(lists)
}

/// Pages of a block.
#[inline]
fn pages(order: Order) -> i32 {
    order.nr_pages() as i32
}

fn shift(order: Order) -> u32 {
    u32::from(order.get())
}
