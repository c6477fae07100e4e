// SPDX-License-Identifier: GPL-2.0

//! Per-CPU page lists: a stock of blocks for one CPU, so that most requests need not take the
//! zone's lock.
//!
//! Blocks given back last are taken first: they are likely to be in the CPU's cache. How large the
//! stock is, and how many blocks move between it and the zone at a time, is learned
//! ([`tuning`]). Which block is on which list: [`index`]. What goes back to the zone: [`free`].
//!
//! Plain data: whoever holds a `&mut PerCpuPages` holds its lock, and may take the zone's.
//!
//! C: `struct per_cpu_pages`, `__rmqueue_pcplist()`, `free_frozen_page_commit()` in
//! `mm/page_alloc.c`.
//!
//! # Differences
//!
//! Lists are arrays ([`ring`]). One that is full, which limits and capacity are chosen to prevent,
//! lets blocks pass to the zone.

#![deny(unsafe_code)]

mod events;
mod free;
mod index;
pub(crate) mod ring;
mod room;
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
use index::COSTLY_ORDER;
pub(crate) use index::{
    PcpIndex,
    NR_PCP_LISTS, //
};
use kernel::prelude::*;
use ring::Ring;
pub(crate) use room::PcpRoom;
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
            lists: room::lists(|_| Ring::new(1))?,
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

/// Pages of a block.
#[inline]
fn pages(order: Order) -> i32 {
    order.nr_pages() as i32
}

fn shift(order: Order) -> u32 {
    u32::from(order.get())
}
