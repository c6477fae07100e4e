// SPDX-License-Identifier: GPL-2.0

//! Orders, page numbers and blocks: the arithmetic of the buddy system.
//!
//! A block of order `n` is `2^n` contiguous pages whose first page number is a multiple of `2^n`.
//! Its *buddy* is the one block of the same order with which it forms a block of order `n + 1`.
//!
//! Page numbers count from the start of the region. The region starts on a multiple of the largest
//! block, so buddies found by page number here are buddies by page frame number too.
//!
//! C: `MAX_PAGE_ORDER`, `__find_buddy_pfn()` in `mm/internal.h`.

#![deny(unsafe_code)]

use kernel::prelude::*;

/// Largest order of a block (C: `MAX_PAGE_ORDER`).
pub(crate) const MAX_PAGE_ORDER: u8 = 10;

/// Number of orders (C: `NR_PAGE_ORDERS`).
pub(crate) const NR_PAGE_ORDERS: usize = 11;

/// Pages in a block of the largest order (C: `MAX_ORDER_NR_PAGES`).
pub(crate) const MAX_ORDER_NR_PAGES: u32 = 1 << MAX_PAGE_ORDER;

/// log2 of the number of pages in a block.
///
/// # Invariants
///
/// At most [`MAX_PAGE_ORDER`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Order(u8);

impl Order {
    /// One page.
    pub(crate) const ZERO: Self = Self(0);
    /// The largest block.
    pub(crate) const MAX: Self = Self(MAX_PAGE_ORDER);

    /// Returns the order, or `None` if it is above [`MAX_PAGE_ORDER`].
    pub(crate) const fn new(order: u32) -> Option<Self> {
        if order <= MAX_PAGE_ORDER as u32 {
            // INVARIANT: Just checked.
            Some(Self(order as u8))
        } else {
            None
        }
    }

    /// The plain number.
    pub(crate) const fn get(self) -> u8 {
        self.0
    }

    /// The number as an index, see [`PerOrder`].
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }

    /// Pages in a block of this order.
    pub(crate) const fn nr_pages(self) -> u32 {
        1 << (self.0 & 31)
    }

    /// The next larger order, if there is one.
    pub(crate) const fn up(self) -> Option<Self> {
        Self::new(self.0 as u32 + 1)
    }

    /// All orders from this one to the largest, ascending.
    pub(crate) fn to_max(self) -> impl DoubleEndedIterator<Item = Self> {
        (self.0..=MAX_PAGE_ORDER).map(Self)
    }

    /// All orders, ascending.
    pub(crate) fn all() -> impl DoubleEndedIterator<Item = Self> {
        Self::ZERO.to_max()
    }
}

/// One value for each order, indexed without a check that could fail.
///
/// The array is rounded up to a power of two: masking the index proves the bound.
#[derive(Clone, Copy)]
pub(crate) struct PerOrder<T>(pub(crate) [T; 16]);

impl<T> PerOrder<T> {
    /// The value of `order`.
    #[inline]
    pub(crate) fn at(&self, order: Order) -> &T {
        &self.0[order.index() & 15]
    }

    /// The value of `order`, to change it.
    #[inline]
    pub(crate) fn at_mut(&mut self, order: Order) -> &mut T {
        &mut self.0[order.index() & 15]
    }
}

/// Number of a page inside the region.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct PageIdx(u32);

impl PageIdx {
    /// No page: ends a list.
    pub(crate) const NONE: Self = Self(u32::MAX);

    /// Page `idx` of the region.
    pub(crate) const fn new(idx: u32) -> Self {
        Self(idx)
    }

    /// The plain number.
    pub(crate) const fn get(self) -> u32 {
        self.0
    }

    /// The page `nr` pages further on.
    pub(crate) const fn add(self, nr: u32) -> Self {
        Self(self.0.wrapping_add(nr))
    }

    /// The page `nr` pages back, or the first of all.
    pub(crate) const fn back(self, nr: u32) -> Self {
        Self(self.0.saturating_sub(nr))
    }

    /// Pages from `from` up to this one, 0 if that lies behind.
    pub(crate) const fn since(self, from: Self) -> u32 {
        self.0.saturating_sub(from.0)
    }

    /// First page of the buddy of the block of `order` that starts here.
    pub(crate) const fn buddy(self, order: Order) -> Self {
        Self(self.0 ^ order.nr_pages())
    }

    /// First page of the block of `order` that contains this page.
    pub(crate) const fn align_down(self, order: Order) -> Self {
        Self(self.0 & !order.nr_pages().wrapping_sub(1))
    }

    /// Whether a block of `order` may start here.
    pub(crate) const fn is_aligned(self, order: Order) -> bool {
        self.0 & order.nr_pages().wrapping_sub(1) == 0
    }
}

/// A block that is on no free list and belongs to whoever holds it.
///
/// Made by taking a block off a free list, consumed by freeing it.
#[must_use = "dropping a `Block` leaks its pages"]
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Block {
    head: PageIdx,
    order: Order,
}

impl Block {
    /// Makes a block out of pages that are on no list. For the allocator itself and for whoever
    /// keeps blocks in a packed form.
    pub(crate) const fn new(head: PageIdx, order: Order) -> Self {
        Self { head, order }
    }

    /// First page.
    pub(crate) const fn head(&self) -> PageIdx {
        self.head
    }

    /// Size as an order.
    pub(crate) const fn order(&self) -> Order {
        self.order
    }

    /// Size in pages.
    pub(crate) const fn nr_pages(&self) -> u32 {
        self.order.nr_pages()
    }
}

#[kunit_tests(rust_buddy_order)]
mod tests {
    use super::*;

    #[test]
    fn row_002_orders_end_at_ten() -> Result {
        assert!(Order::new(10).is_some());
        assert!(Order::new(11).is_none());
        assert!(Order::new(u32::MAX).is_none());
        assert_eq!(Order::MAX.nr_pages(), MAX_ORDER_NR_PAGES);
        assert_eq!(Order::all().count(), NR_PAGE_ORDERS);
        Ok(())
    }

    #[test]
    fn buddy_of_a_buddy_is_itself() -> Result {
        let order = Order::new(3).ok_or(EINVAL)?;

        assert_eq!(PageIdx::new(40).buddy(order), PageIdx::new(32));
        assert_eq!(PageIdx::new(40).buddy(order).buddy(order), PageIdx::new(40));
        Ok(())
    }

    #[test]
    fn alignment_rounds_to_the_block() -> Result {
        let order = Order::new(4).ok_or(EINVAL)?;

        assert_eq!(PageIdx::new(47).align_down(order), PageIdx::new(32));
        assert!(PageIdx::new(32).is_aligned(order));
        assert!(!PageIdx::new(40).is_aligned(order));
        Ok(())
    }

    #[test]
    fn steps_stop_at_the_largest() -> Result {
        assert!(Order::MAX.up().is_none());
        assert_eq!(Order::ZERO.up(), Order::new(1));
        Ok(())
    }
}
