// SPDX-License-Identifier: GPL-2.0

//! The two lists of blocks whose contents may be dropped, and what they show without the lock.
//!
//! C: `struct lruvec` in `include/linux/mmzone.h`.

#![deny(unsafe_code)]

use super::super::{
    memmap::{
        Memmap,
        PageList, //
    },
    order::{
        Order,
        PageIdx, //
    }, //
};
use kernel::sync::atomic::{
    Atomic,
    Relaxed, //
};

/// Bits of a tag that tell the state; the others are the order.
pub(super) const STATE: u8 = 0xc0;
pub(super) const INACTIVE: u8 = 0x40;
pub(super) const ACTIVE: u8 = 0x80;
pub(super) const ISOLATED: u8 = 0xc0;

impl Memmap {
    /// Order of the block in use that starts at `page`, if its contents may be dropped.
    pub(crate) fn lru_order(&self, page: PageIdx) -> Option<Order> {
        let tag = self.tag(page);

        match tag & STATE {
            0 => None,
            _ => Order::new(u32::from(tag & !STATE)),
        }
    }

    /// Whether it is on one of the two lists.
    pub(crate) fn is_listed(&self, page: PageIdx) -> bool {
        matches!(self.tag(page) & STATE, INACTIVE | ACTIVE)
    }
}

/// One list and the pages of its blocks.
#[derive(Clone, Copy)]
pub(super) struct LruList {
    pub(super) list: PageList,
    pages: u64,
}

impl LruList {
    const EMPTY: Self = Self {
        list: PageList::EMPTY,
        pages: 0,
    };

    pub(super) fn add(&mut self, map: &mut Memmap, page: PageIdx, order: Order, state: u8) {
        self.list.push_front_tagged(map, page, state | order.get());
        self.pages = self.pages.wrapping_add(u64::from(order.nr_pages()));
    }

    pub(super) fn add_last(&mut self, map: &mut Memmap, page: PageIdx, order: Order, state: u8) {
        self.list.push_back_tagged(map, page, state | order.get());
        self.pages = self.pages.wrapping_add(u64::from(order.nr_pages()));
    }

    pub(super) fn del(&mut self, map: &mut Memmap, page: PageIdx, order: Order) {
        self.list.remove(map, page);
        self.pages = self.pages.wrapping_sub(u64::from(order.nr_pages()));
    }

    /// Number of blocks, if all of them are what the list says.
    fn validate(&self, map: &Memmap, state: u8) -> Option<u64> {
        let (mut blocks, mut pages) = (0u64, 0u64);

        for page in self.list.iter(map) {
            let order = map.lru_order(page)?;

            if map.tag(page) & STATE != state {
                return None;
            }
            blocks = blocks.wrapping_add(1);
            pages = pages.wrapping_add(u64::from(order.nr_pages()));
        }
        let whole = blocks == u64::from(self.list.len()) && pages == self.pages;

        whole.then_some(blocks)
    }
}

/// Both lists of a zone.
///
/// # Invariants
///
/// The blocks on a list have its tag, and `pages` counts theirs.
pub(crate) struct Lru {
    pub(super) inactive: LruList,
    active: LruList,
    /// Pages of blocks that are being looked at.
    pub(super) isolated: u64,
    /// Of whoever looks next.
    pub(super) ticket: u32,
}

impl Lru {
    /// No block.
    pub(crate) const EMPTY: Self = Self {
        inactive: LruList::EMPTY,
        active: LruList::EMPTY,
        isolated: 0,
        ticket: 0,
    };

    pub(super) fn list(&mut self, active: bool) -> (&mut LruList, u8) {
        match active {
            true => (&mut self.active, ACTIVE),
            false => (&mut self.inactive, INACTIVE),
        }
    }

    /// Blocks on both lists; `None` if one of them is not what it says.
    pub(crate) fn validate(&self, map: &Memmap) -> Option<u64> {
        let inactive = self.inactive.validate(map, INACTIVE)?;

        Some(self.active.validate(map, ACTIVE)?.wrapping_add(inactive))
    }
}

/// What a zone's lists show to those who do not hold its lock.
pub(crate) struct Shown {
    pub(super) active: Atomic<u64>,
    pub(super) inactive: Atomic<u64>,
    pub(super) isolated: Atomic<u64>,
}

impl Shown {
    /// No block.
    pub(crate) fn new() -> Self {
        Self {
            active: Atomic::new(0),
            inactive: Atomic::new(0),
            isolated: Atomic::new(0),
        }
    }

    pub(super) fn store(&self, lru: &Lru) {
        self.active.store(lru.active.pages, Relaxed);
        self.inactive.store(lru.inactive.pages, Relaxed);
        self.isolated.store(lru.isolated, Relaxed);
    }
}
