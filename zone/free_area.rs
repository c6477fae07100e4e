// SPDX-License-Identifier: GPL-2.0

//! The free lists of one zone: for each order one list a migratetype.
//!
//! Accounting of free pages is the caller's business (`buddy.rs`).
//!
//! C: `struct free_area`, `__add_to_free_list()`, `__del_page_from_free_list()`,
//! `move_to_free_list()` in `mm/page_alloc.c`.

#![deny(unsafe_code)]

use kernel::prelude::*;

use super::{
    memmap::{
        Memmap,
        PageList, //
    },
    migratetype::{
        Migratetype,
        PerType,
        MIGRATE_PCPTYPES, //
    },
    order::{
        Order,
        PageIdx,
        PerOrder, //
    },
};

/// Which end of a list a block is put at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// Taken next.
    Head,
    /// Taken last.
    Tail,
}

/// The lists of one order.
#[derive(Clone, Copy)]
struct FreeArea {
    lists: PerType<PageList>,
    /// Blocks on all lists together.
    nr_free: u32,
}

impl FreeArea {
    const EMPTY: Self = Self {
        lists: PerType([PageList::EMPTY; 8]),
        nr_free: 0,
    };
}

/// The lists of all orders.
///
/// # Invariants
///
/// Bit `order` of `occupied[type]` is set exactly if the list of that order and type has a block.
pub(crate) struct FreeAreas {
    /// Boxed: they are large, and pass through several hands while a zone is made.
    areas: KBox<PerOrder<FreeArea>>,
    occupied: PerType<u16>,
}

impl FreeAreas {
    /// No free block.
    ///
    /// Allocates: sleeps.
    #[inline(never)]
    pub(crate) fn new() -> Result<Self> {
        // INVARIANT: No list has a block, no bit is set.
        Ok(Self {
            areas: KBox::new(PerOrder([FreeArea::EMPTY; 16]), GFP_KERNEL)?,
            occupied: PerType([0; 8]),
        })
    }

    /// Blocks of `order`, of all types (C: `free_area::nr_free`).
    pub(crate) fn nr_free(&self, order: Order) -> u32 {
        self.areas.at(order).nr_free
    }

    /// The list of `order` and `mt`.
    pub(crate) fn list(&self, order: Order, mt: Migratetype) -> &PageList {
        self.areas.at(order).lists.at(mt)
    }

    /// The block of `order` and `mt` to be taken next.
    pub(crate) fn first(&self, order: Order, mt: Migratetype) -> Option<PageIdx> {
        self.list(order, mt).first()
    }

    /// The smallest order of at least `order` with a block of type `mt`.
    pub(crate) fn smallest_order(&self, order: Order, mt: Migratetype) -> Option<Order> {
        let orders = self.occupied.at(mt) >> (order.get() & 15);

        match orders {
            0 => None,
            orders => Order::new(u32::from(order.get()).wrapping_add(orders.trailing_zeros())),
        }
    }

    /// One bit for each order, set if a block of that order is of type `mt`.
    pub(crate) fn occupied(&self, mt: Migratetype) -> u16 {
        *self.occupied.at(mt)
    }

    /// As [`occupied`](Self::occupied), for the types that ordinary requests may take.
    pub(crate) fn occupied_pcptypes(&self) -> u16 {
        let types = Migratetype::ALL.iter().take(MIGRATE_PCPTYPES);

        types.fold(0, |orders, mt| orders | self.occupied(*mt))
    }

    /// Puts a block that is on no list on one (C: `__add_to_free_list()`).
    pub(crate) fn add(
        &mut self,
        map: &mut Memmap,
        page: PageIdx,
        order: Order,
        mt: Migratetype,
        end: End,
    ) {
        let area = self.areas.at_mut(order);
        let list = area.lists.at_mut(mt);

        match end {
            End::Head => list.push_front(map, page, order),
            End::Tail => list.push_back(map, page, order),
        }
        area.nr_free = area.nr_free.wrapping_add(1);
        // INVARIANT: The list has a block now.
        *self.occupied.at_mut(mt) |= bit(order);
    }

    /// Takes a block off its list (C: `__del_page_from_free_list()`).
    pub(crate) fn del(&mut self, map: &mut Memmap, page: PageIdx, order: Order, mt: Migratetype) {
        let area = self.areas.at_mut(order);
        let list = area.lists.at_mut(mt);

        list.remove(map, page);
        area.nr_free = area.nr_free.wrapping_sub(1);
        if list.is_empty() {
            // INVARIANT: The list has no block any more.
            *self.occupied.at_mut(mt) &= !bit(order);
        }
    }

    /// Moves a block to the tail of another type's list (C: `move_to_free_list()`).
    pub(crate) fn move_to(
        &mut self,
        map: &mut Memmap,
        page: PageIdx,
        order: Order,
        from: Migratetype,
        to: Migratetype,
    ) {
        self.del(map, page, order, from);
        self.add(map, page, order, to, End::Tail);
    }

    /// Makes a block the first of its list; those before it go to the tail
    /// (C: `move_freelist_head()`).
    pub(crate) fn rotate_to(
        &mut self,
        map: &mut Memmap,
        page: PageIdx,
        order: Order,
        mt: Migratetype,
    ) {
        self.areas
            .at_mut(order)
            .lists
            .at_mut(mt)
            .rotate_to(map, page);
    }

    /// Makes a block the last of its list, behind those before it (C: `move_freelist_tail()`).
    pub(crate) fn rotate_behind(
        &mut self,
        map: &mut Memmap,
        page: PageIdx,
        order: Order,
        mt: Migratetype,
    ) {
        self.areas
            .at_mut(order)
            .lists
            .at_mut(mt)
            .rotate_behind(map, page);
    }
}

fn bit(order: Order) -> u16 {
    1 << (order.get() & 15)
}

#[kunit_tests(rust_buddy_free_area)]
mod tests {
    use super::*;
    use Migratetype::{
        Movable,
        Unmovable, //
    };

    #[test]
    fn occupancy_follows_the_lists() -> Result {
        let mut map = Memmap::new(PageIdx::new(0), 64)?;
        let mut areas = FreeAreas::new()?;
        let order = Order::new(2).ok_or(EINVAL)?;

        assert!(areas.smallest_order(Order::ZERO, Movable).is_none());
        areas.add(&mut map, PageIdx::new(4), order, Movable, End::Head);
        assert_eq!(areas.smallest_order(Order::ZERO, Movable), Some(order));
        assert!(areas.smallest_order(Order::ZERO, Unmovable).is_none());
        assert_eq!(areas.occupied_pcptypes(), 0b100);
        areas.del(&mut map, PageIdx::new(4), order, Movable);
        assert!(areas.smallest_order(Order::ZERO, Movable).is_none());
        assert_eq!(areas.nr_free(order), 0);
        Ok(())
    }

    #[test]
    fn moving_keeps_the_count_and_changes_the_list() -> Result {
        let mut map = Memmap::new(PageIdx::new(0), 64)?;
        let mut areas = FreeAreas::new()?;

        areas.add(&mut map, PageIdx::new(4), Order::ZERO, Movable, End::Head);
        areas.add(&mut map, PageIdx::new(9), Order::ZERO, Unmovable, End::Head);
        areas.move_to(&mut map, PageIdx::new(4), Order::ZERO, Movable, Unmovable);
        assert_eq!(areas.nr_free(Order::ZERO), 2);
        assert!(areas.list(Order::ZERO, Movable).is_empty());
        // Moved blocks go to the tail.
        assert_eq!(areas.first(Order::ZERO, Unmovable), Some(PageIdx::new(9)));
        Ok(())
    }
}
