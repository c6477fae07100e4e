// SPDX-License-Identifier: GPL-2.0

//! A list of pages in an array: both ends can be reached, nothing is linked.
//!
//! C: the `lists` of `struct per_cpu_pages`, which are linked through `struct page`.

#![deny(unsafe_code)]

use crate::zone::order::PageIdx;
use kernel::prelude::*;

/// Page numbers from the hot end (given back last, taken first) to the cold end.
///
/// # Invariants
///
/// - The number of slots is 0 or a power of two.
/// - `len` is at most that; the pages are in `len` slots from `head` on, around the end.
pub(crate) struct Ring {
    slots: KVVec<u32>,
    head: u32,
    len: u32,
}

impl Ring {
    /// No page, and no room for any.
    // INVARIANT: No slot, no page.
    pub(crate) const EMPTY: Self = Self {
        slots: KVVec::new(),
        head: 0,
        len: 0,
    };

    /// A ring with room for at least `capacity` pages.
    ///
    /// Allocates: sleeps.
    pub(crate) fn new(capacity: u32) -> Result<Self> {
        let nr = match capacity {
            0 => 0,
            capacity => capacity.checked_next_power_of_two().ok_or(ENOMEM)?,
        };

        // INVARIANT: Just rounded up; no page is in it.
        Ok(Self {
            slots: KVVec::from_elem(0, nr as usize, GFP_KERNEL)?,
            head: 0,
            len: 0,
        })
    }

    /// Number of pages.
    #[inline]
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// Whether there is none.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many more there is room for.
    pub(crate) fn room(&self) -> u32 {
        (self.slots.len() as u32).wrapping_sub(self.len)
    }

    /// Puts a page at the hot end; whether there was room.
    #[inline]
    pub(crate) fn push_front(&mut self, page: PageIdx) -> bool {
        let head = self.head.wrapping_sub(1);

        if self.room() == 0 || !self.set(head, page) {
            return false;
        }
        // INVARIANT: The slot before the first is free and now in use.
        self.head = head;
        self.len = self.len.wrapping_add(1);
        true
    }

    /// Puts a page at the cold end; whether there was room.
    #[inline]
    pub(crate) fn push_back(&mut self, page: PageIdx) -> bool {
        if self.room() == 0 || !self.set(self.head.wrapping_add(self.len), page) {
            return false;
        }
        // INVARIANT: The slot after the last is free and now in use.
        self.len = self.len.wrapping_add(1);
        true
    }

    /// Takes the page at the hot end.
    #[inline]
    pub(crate) fn pop_front(&mut self) -> Option<PageIdx> {
        let page = self.get(0)?;

        // INVARIANT: The first slot is no longer in use.
        self.head = self.head.wrapping_add(1);
        self.len = self.len.wrapping_sub(1);
        Some(page)
    }

    /// Takes the page at the cold end.
    #[inline]
    pub(crate) fn pop_back(&mut self) -> Option<PageIdx> {
        let last = self.len.wrapping_sub(1);
        let page = self.get(last)?;

        // INVARIANT: The last slot is no longer in use.
        self.len = last;
        Some(page)
    }

    /// The pages, hot end first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = PageIdx> + '_ {
        (0..self.len).map_while(|nr| self.get(nr))
    }

    /// Moves the pages into `new`, takes its place and gives back what was here. Nothing happens if
    /// there is too little room; then `new` comes back.
    pub(crate) fn replace(&mut self, mut new: Self) -> Self {
        if new.room() < self.len {
            return new;
        }
        for page in self.iter() {
            new.push_back(page);
        }
        core::mem::replace(self, new)
    }

    /// The `nr`-th page from the hot end.
    #[inline]
    fn get(&self, nr: u32) -> Option<PageIdx> {
        if nr >= self.len {
            return None;
        }
        let slot = self.slot(self.head.wrapping_add(nr));

        self.slots.get(slot).copied().map(PageIdx::new)
    }

    #[inline]
    fn set(&mut self, position: u32, page: PageIdx) -> bool {
        let slot = self.slot(position);

        match self.slots.get_mut(slot) {
            Some(entry) => {
                *entry = page.get();
                true
            }
            None => false,
        }
    }

    #[inline]
    fn slot(&self, position: u32) -> usize {
        position as usize & self.slots.len().wrapping_sub(1)
    }
}

#[kunit_tests(rust_buddy_ring)]
mod tests {
    use super::*;

    fn pages(ring: &Ring) -> [u32; 4] {
        let mut pages = [0; 4];

        for (slot, page) in pages.iter_mut().zip(ring.iter()) {
            *slot = page.get();
        }
        pages
    }

    #[test]
    fn both_ends_can_be_reached() -> Result {
        let mut ring = Ring::new(4)?;

        assert!(ring.push_back(PageIdx::new(2)));
        assert!(ring.push_back(PageIdx::new(3)));
        assert!(ring.push_front(PageIdx::new(1)));
        assert_eq!(pages(&ring), [1, 2, 3, 0]);
        assert_eq!(ring.pop_back(), Some(PageIdx::new(3)));
        assert_eq!(ring.pop_front(), Some(PageIdx::new(1)));
        assert_eq!(ring.len(), 1);
        Ok(())
    }

    #[test]
    fn a_full_ring_takes_no_more() -> Result {
        let mut ring = Ring::new(3)?;

        // Rounded up to four.
        for page in 0..4 {
            assert!(ring.push_front(PageIdx::new(page)));
        }
        assert!(!ring.push_front(PageIdx::new(9)));
        assert!(!ring.push_back(PageIdx::new(9)));
        assert_eq!(pages(&ring), [3, 2, 1, 0]);
        Ok(())
    }

    #[test]
    fn no_capacity_is_full_and_empty() -> Result {
        let mut ring = Ring::new(0)?;

        assert!(!ring.push_front(PageIdx::new(1)));
        assert!(ring.pop_front().is_none());
        assert!(ring.pop_back().is_none());
        Ok(())
    }

    #[test]
    fn a_larger_ring_takes_over_in_order() -> Result {
        let mut ring = Ring::new(2)?;

        ring.push_back(PageIdx::new(7));
        ring.push_front(PageIdx::new(6));
        let old = ring.replace(Ring::new(4)?);
        assert_eq!(old.room(), 0);
        assert_eq!(pages(&ring), [6, 7, 0, 0]);
        assert!(ring.push_back(PageIdx::new(8)));
        // Three pages do not go into two slots.
        let refused = ring.replace(Ring::new(2)?);
        assert!(refused.is_empty());
        assert_eq!(pages(&ring), [6, 7, 8, 0]);
        Ok(())
    }
}
