// SPDX-License-Identifier: GPL-2.0

//! Blocks in use whose contents may be dropped, in the order of their use.
//!
//! Two lists run through the first pages of such blocks: those used lately and the others. New ones
//! enter at the head, reclaim takes from the tail. A block that is being looked at is on neither,
//! but still tagged, with the ticket of who looks in its link: whoever frees it meanwhile takes
//! both away, and it is not put back, nor another that is looked at in its place.
//!
//! C: `struct lruvec`, `isolate_lru_folios()`, `move_folios_to_lru()` in `mm/vmscan.c`.
//!
//! # Differences
//!
//! Lists belong to a zone, not to a node, and lie under the zone's lock. There is one kind of
//! contents, which counts as the kernel's page cache.

#![deny(unsafe_code)]

mod list;

pub(crate) use list::{
    Lru,
    Shown, //
};

use super::{
    buddy::Buddy,
    order::{
        Order,
        PageIdx, //
    },
    Zone, //
};
use kernel::{
    prelude::*,
    sync::atomic::Relaxed, //
};
use list::{
    ACTIVE,
    INACTIVE,
    ISOLATED,
    STATE, //
};

/// Pages that are looked at in one go (C: `SWAP_CLUSTER_MAX`).
pub(crate) const SWAP_CLUSTER_MAX: u64 = 32;

/// A block taken off a list to be looked at.
#[derive(Clone, Copy)]
pub(crate) struct Looked {
    pub(crate) page: PageIdx,
    pub(crate) order: Order,
    ticket: u32,
}

/// Blocks taken off a list to be looked at.
pub(crate) struct Isolated {
    blocks: [(PageIdx, Order); SWAP_CLUSTER_MAX as usize],
    len: usize,
    /// Pages of theirs.
    pub(crate) nr_pages: u64,
    ticket: u32,
}

impl Isolated {
    fn new(ticket: u32) -> Self {
        Self {
            blocks: [(PageIdx::NONE, Order::ZERO); SWAP_CLUSTER_MAX as usize],
            len: 0,
            nr_pages: 0,
            ticket,
        }
    }

    fn push(&mut self, page: PageIdx, order: Order) {
        if let Some(slot) = self.blocks.get_mut(self.len) {
            *slot = (page, order);
            self.len = self.len.wrapping_add(1);
            self.nr_pages = self.nr_pages.wrapping_add(u64::from(order.nr_pages()));
        }
    }

    /// Each of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Looked> + '_ {
        let ticket = self.ticket;

        self.blocks
            .iter()
            .take(self.len)
            .map(move |&(page, order)| Looked {
                page,
                order,
                ticket,
            })
    }
}

impl Buddy {
    fn lru_add(&mut self, page: PageIdx, order: Order, active: bool) -> bool {
        match self.map.tag(page) & STATE {
            // Free: not to be put on a list by anyone.
            0 if self.map.tag(page) != 0 || !self.map.contains(page) => return false,
            INACTIVE | ACTIVE => {
                self.lru_del(page);
            }
            _ => (),
        }
        let (list, state) = self.lru.list(active);

        list.add(&mut self.map, page, order, state);
        true
    }

    fn lru_del(&mut self, page: PageIdx) -> bool {
        let Some(order) = self.map.lru_order(page) else {
            return false;
        };

        match self.map.tag(page) & STATE {
            ISOLATED => self.map.set_tag(page, 0),
            state => {
                let (list, _) = self.lru.list(state == ACTIVE);

                list.del(&mut self.map, page, order);
            }
        }
        true
    }

    /// C: `isolate_lru_folios()`.
    fn lru_isolate(&mut self, active: bool, nr_to_scan: u64) -> Isolated {
        let mut isolated = Isolated::new(self.lru.ticket);

        self.lru.ticket = self.lru.ticket.wrapping_add(1);
        while isolated.nr_pages < nr_to_scan && isolated.len < isolated.blocks.len() {
            let (list, _) = self.lru.list(active);
            let Some(page) = list.list.last() else {
                break;
            };
            let Some(order) = self.map.lru_order(page) else {
                break;
            };

            list.del(&mut self.map, page, order);
            self.map
                .set_ticket(page, ISOLATED | order.get(), isolated.ticket);
            isolated.push(page, order);
        }
        self.lru.isolated = self.lru.isolated.wrapping_add(isolated.nr_pages);
        isolated
    }

    fn lru_putback(&mut self, looked: Looked, to: Option<bool>) {
        let Looked {
            page,
            order,
            ticket,
        } = looked;

        // Nobody freed it meanwhile, or put it on a list again, or looks at what came to its place.
        if self.map.tag(page) != ISOLATED | order.get() || self.map.ticket(page) != ticket {
            return;
        }
        self.map.set_tag(page, 0);
        if let Some(active) = to {
            let (list, state) = self.lru.list(active);

            list.add(&mut self.map, page, order, state);
        }
    }
}

impl Zone {
    fn with_lru<R>(&self, f: impl FnOnce(&mut Buddy) -> R) -> R {
        self.buddy.with(|buddy| {
            let result = f(buddy);

            self.lru.store(&buddy.lru);
            result
        })
    }

    /// Puts a block in use at the head of a list: it is reclaimed last of those there. Moves it if
    /// it is on one already; does nothing if it is free.
    pub(crate) fn lru_add(&self, page: PageIdx, order: Order, active: bool) {
        self.with_lru(|buddy| buddy.lru_add(page, order, active));
    }

    /// Puts a block in use at the tail of the inactive list: it is the next to be reclaimed.
    pub(crate) fn lru_add_last(&self, page: PageIdx, order: Order) {
        self.with_lru(|buddy| {
            if buddy.lru_add(page, order, false) {
                let list = &mut buddy.lru.inactive;

                list.del(&mut buddy.map, page, order);
                list.add_last(&mut buddy.map, page, order, INACTIVE);
            }
        });
    }

    /// Takes a block off the lists; whether it was on one or being looked at. To be done before a
    /// block is freed.
    pub(crate) fn lru_del(&self, page: PageIdx) -> bool {
        self.with_lru(|buddy| buddy.lru_del(page))
    }

    /// Takes blocks off the tail of a list until `nr_to_scan` pages are reached, to be looked at.
    pub(crate) fn lru_isolate(&self, active: bool, nr_to_scan: u64) -> Isolated {
        self.with_lru(|buddy| buddy.lru_isolate(active, nr_to_scan))
    }

    /// Puts a block that was looked at on a list, or on none. If somebody freed it or listed it
    /// meanwhile, that stays so.
    pub(crate) fn lru_putback(&self, looked: Looked, to: Option<bool>) {
        self.with_lru(|buddy| buddy.lru_putback(looked, to));
    }

    /// `nr_pages` that were isolated have been looked at.
    pub(crate) fn lru_looked_at(&self, nr_pages: u64) {
        self.with_lru(|buddy| {
            buddy.lru.isolated = buddy.lru.isolated.saturating_sub(nr_pages);
        });
    }

    /// Pages of the blocks on the active and on the inactive list, read without the lock.
    pub(crate) fn lru_counts(&self) -> (u64, u64) {
        (
            self.lru.active.load(Relaxed),
            self.lru.inactive.load(Relaxed),
        )
    }

    /// Pages that are being looked at (C: `NR_ISOLATED_FILE`).
    pub(crate) fn lru_isolated(&self) -> u64 {
        self.lru.isolated.load(Relaxed)
    }

    /// Pages that might be reclaimed (C: `zone_reclaimable_pages()`).
    pub(crate) fn reclaimable_pages(&self) -> u64 {
        let (active, inactive) = self.lru_counts();

        active.wrapping_add(inactive)
    }
}

#[kunit_tests(rust_buddy_lru)]
mod tests {
    use super::{
        super::{
            alloc_flags::{
                AllocFlags,
                FreeFlags, //
            },
            migratetype::Migratetype,
            order::Block,
            vmstat::NumaPlace,
            ZoneConfig,
            ZoneSpan,
            ZoneType, //
        },
        *, //
    };

    fn zone() -> Result<Zone> {
        let span = ZoneSpan {
            kind: ZoneType::Normal,
            nid: 0,
            start: PageIdx::new(1024),
            nr_pages: 2048,
        };
        let config = ZoneConfig {
            pageblock_order: Order::new(9).ok_or(EINVAL)?,
            mobility_off: false,
            nr_cpus: 1,
            lazy: false,
        };

        Zone::new(span, &config, 2048)
    }

    fn take(zone: &Zone, order: u32) -> Result<Block> {
        let place = NumaPlace {
            preferred: true,
            local: true,
        };
        let order = Order::new(order).ok_or(EINVAL)?;
        let any = AllocFlags::NO_WATERMARKS;

        zone.rmqueue(order, Migratetype::Movable, any, place)
            .ok_or(ENOMEM)
    }

    fn isolate_one(zone: &Zone, active: bool) -> Result<Looked> {
        zone.lru_isolate(active, 1).iter().next().ok_or(ENOENT)
    }

    #[test]
    fn the_oldest_is_looked_at_first() -> Result {
        let zone = zone()?;
        let (a, b) = (take(&zone, 0)?, take(&zone, 3)?);

        zone.lru_add(a.head(), a.order(), false);
        zone.lru_add(b.head(), b.order(), false);
        assert_eq!(zone.lru_counts(), (0, 9));
        assert_eq!(zone.validate().errors, 0);
        let looked = isolate_one(&zone, false)?;

        assert_eq!(looked.page, a.head());
        zone.lru_putback(looked, Some(true));
        assert_eq!(zone.lru_counts(), (1, 8));
        assert_eq!(isolate_one(&zone, false)?.page, b.head());
        assert_eq!(zone.lru_isolated(), 9);
        zone.lru_looked_at(9);
        assert_eq!(zone.lru_isolated(), 0);
        assert_eq!(zone.validate().errors, 0);
        Ok(())
    }

    #[test]
    fn what_is_freed_while_it_is_looked_at_stays_away() -> Result {
        let zone = zone()?;
        let a = take(&zone, 0)?;
        let page = a.head();

        zone.lru_add(page, a.order(), false);
        let looked = isolate_one(&zone, false)?;

        assert!(zone.lru_del(page));
        zone.free(a, FreeFlags::None);
        zone.lru_putback(looked, Some(false));
        assert_eq!(zone.lru_counts(), (0, 0));
        assert!(!zone.lru_del(page));
        assert_eq!(zone.nr_free(), 2048);
        assert_eq!(zone.validate().errors, 0);
        Ok(())
    }

    #[test]
    fn what_came_to_its_place_is_not_put_back_for_another() -> Result {
        let zone = zone()?;
        let a = take(&zone, 0)?;
        let page = a.head();

        zone.lru_add(page, a.order(), false);
        let first = isolate_one(&zone, false)?;

        // Freed, taken again and looked at by a second.
        assert!(zone.lru_del(page));
        zone.lru_add(page, a.order(), false);
        let second = isolate_one(&zone, false)?;

        zone.lru_putback(first, None);
        zone.lru_putback(second, Some(false));
        assert_eq!(zone.lru_counts(), (0, 1));
        assert_eq!(zone.validate().errors, 0);
        Ok(())
    }

    #[test]
    fn what_is_free_is_on_no_list_of_those_in_use() -> Result {
        let zone = zone()?;

        zone.lru_add(PageIdx::new(1024), Order::MAX, false);
        zone.lru_add(PageIdx::new(0), Order::ZERO, false);
        assert_eq!(zone.lru_counts(), (0, 0));
        assert_eq!(zone.validate().errors, 0);
        Ok(())
    }

    #[test]
    fn to_free_what_is_listed_is_found() -> Result {
        let zone = zone()?;
        let (a, b) = (take(&zone, 0)?, take(&zone, 0)?);

        zone.lru_add(b.head(), b.order(), false);
        zone.free(a, FreeFlags::None);
        zone.free(b, FreeFlags::None);
        assert!(zone.validate().errors > 0);
        Ok(())
    }

    #[test]
    fn listing_again_moves() -> Result {
        let zone = zone()?;
        let (a, b) = (take(&zone, 0)?, take(&zone, 0)?);

        zone.lru_add(a.head(), a.order(), false);
        zone.lru_add(b.head(), b.order(), false);
        zone.lru_add(a.head(), a.order(), false);
        let looked = isolate_one(&zone, false)?;

        assert_eq!(looked.page, b.head());
        zone.lru_add(b.head(), b.order(), true);
        zone.lru_putback(looked, Some(false));
        assert_eq!(zone.lru_counts(), (1, 1));
        assert_eq!(zone.validate().errors, 0);
        Ok(())
    }
}
