// SPDX-License-Identifier: GPL-2.0

//! What the allocator knows of each page, and the lists that run through it.
//!
//! Nine bytes a page: two links and a tag. `struct page` itself is never touched: to the kernel the
//! region's pages are ordinary allocated pages, and its scanners must go on reading them as such.
//!
//! C: `struct page` (`buddy_list`, `PageBuddy`, `private`) and `struct list_head`.

#![deny(unsafe_code)]

use super::order::{
    Order,
    PageIdx, //
};
use kernel::prelude::*;

/// In the tag of a free block that compaction took off the free lists.
const COMPACTION: u8 = 0x20;

/// Bits of a tag that say what kind of list it is.
const KIND: u8 = 0xe0;

/// Neighbours of a page on its list.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Link {
    prev: PageIdx,
    next: PageIdx,
}

impl Link {
    const NONE: Self = Self {
        prev: PageIdx::NONE,
        next: PageIdx::NONE,
    };
}

/// Links and tags of the pages of one zone.
///
/// # Invariants
///
/// - `links` and `tags` have one entry for each page from `start` on.
/// - A tag is 0, or on the first page of a block that is on a list: `order + 1` on a free list of
///   that order, `COMPACTION | order` on one of compaction's own; or one of those of `lru.rs` on
///   the first page of a block that is in use.
pub(crate) struct Memmap {
    start: PageIdx,
    links: KVVec<Link>,
    tags: KVVec<u8>,
}

impl Memmap {
    /// Describes `nr_pages` pages from `start` on, none of them on a list.
    ///
    /// Allocates: sleeps.
    pub(crate) fn new(start: PageIdx, nr_pages: u32) -> Result<Self> {
        let nr = nr_pages as usize;

        // INVARIANT: `nr` entries each, no page tagged.
        Ok(Self {
            start,
            links: KVVec::from_elem(Link::NONE, nr, GFP_KERNEL)?,
            tags: KVVec::from_elem(0, nr, GFP_KERNEL)?,
        })
    }

    /// First page.
    pub(crate) fn start(&self) -> PageIdx {
        self.start
    }

    /// Number of pages.
    pub(crate) fn nr_pages(&self) -> u32 {
        self.tags.len() as u32
    }

    /// Whether `page` is one of these pages.
    pub(crate) fn contains(&self, page: PageIdx) -> bool {
        self.slot(page) < self.tags.len()
    }

    /// Order of the free block that starts at `page`, if one does (C: `buddy_order()`).
    #[inline]
    pub(crate) fn buddy_order(&self, page: PageIdx) -> Option<Order> {
        let tag = self.tags.get(self.slot(page)).copied().unwrap_or(0);

        Order::new(u32::from(tag).wrapping_sub(1))
    }

    /// Whether a free block of exactly `order` starts at `page` (C: `page_is_buddy()`).
    #[inline]
    pub(crate) fn is_buddy(&self, page: PageIdx, order: Order) -> bool {
        self.tags.get(self.slot(page)).copied() == Some(order.get().wrapping_add(1))
    }

    /// Order of the block at `page`, if compaction took it off the free lists and has it on one of
    /// its own.
    pub(crate) fn isolated_order(&self, page: PageIdx) -> Option<Order> {
        let tag = self.tags.get(self.slot(page)).copied().unwrap_or(0);

        match tag & KIND {
            COMPACTION => Order::new(u32::from(tag & !KIND)),
            _ => None,
        }
    }

    /// The block at `page`, which was just put on a list, is on one of compaction's own.
    pub(crate) fn mark_isolated(&mut self, page: PageIdx, order: Order) {
        let slot = self.slot(page);

        if let Some(tag) = self.tags.get_mut(slot) {
            *tag = COMPACTION | order.get();
        }
    }

    /// The tag of `page` as it is.
    pub(super) fn tag(&self, page: PageIdx) -> u8 {
        self.tags.get(self.slot(page)).copied().unwrap_or(0)
    }

    /// Tags `page`, which is on no list.
    pub(super) fn set_tag(&mut self, page: PageIdx, tag: u8) {
        self.set(page, Link::NONE, tag);
    }

    /// The same, with a number that [`Memmap::ticket()`] tells.
    pub(super) fn set_ticket(&mut self, page: PageIdx, tag: u8, ticket: u32) {
        let next = PageIdx::new(ticket);

        self.set(
            page,
            Link {
                prev: PageIdx::NONE,
                next,
            },
            tag,
        );
    }

    /// The number that `page`, which is on no list, was tagged with.
    pub(super) fn ticket(&self, page: PageIdx) -> u32 {
        self.link(page).next.get()
    }

    fn slot(&self, page: PageIdx) -> usize {
        page.get().wrapping_sub(self.start.get()) as usize
    }

    fn link(&self, page: PageIdx) -> Link {
        self.links
            .get(self.slot(page))
            .copied()
            .unwrap_or(Link::NONE)
    }

    fn set_next(&mut self, page: PageIdx, next: PageIdx) {
        let slot = self.slot(page);

        if let Some(link) = self.links.get_mut(slot) {
            link.next = next;
        }
    }

    fn set_prev(&mut self, page: PageIdx, prev: PageIdx) {
        let slot = self.slot(page);

        if let Some(link) = self.links.get_mut(slot) {
            link.prev = prev;
        }
    }

    fn set(&mut self, page: PageIdx, link: Link, tag: u8) {
        let slot = self.slot(page);

        if let Some(entry) = self.links.get_mut(slot) {
            *entry = link;
        }
        if let Some(entry) = self.tags.get_mut(slot) {
            *entry = tag;
        }
    }
}

/// A doubly linked list of blocks: the free ones of one order, or some of those in use.
///
/// # Invariants
///
/// - Every page on it has the tag of the list and is on no other list.
/// - `len` counts them; `first` and `last` are [`PageIdx::NONE`] exactly if it is 0.
#[derive(Clone, Copy)]
pub(crate) struct PageList {
    first: PageIdx,
    last: PageIdx,
    len: u32,
}

impl PageList {
    /// The empty list.
    pub(crate) const EMPTY: Self = Self {
        first: PageIdx::NONE,
        last: PageIdx::NONE,
        len: 0,
    };

    /// Number of blocks.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// Whether there is no block.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The block to be taken next.
    pub(crate) fn first(&self) -> Option<PageIdx> {
        (self.len != 0).then_some(self.first)
    }

    /// The block at the other end.
    pub(super) fn last(&self) -> Option<PageIdx> {
        (self.len != 0).then_some(self.last)
    }

    /// Puts `page`, which is on no list, at the head: it is taken next (C: `list_add()`).
    pub(crate) fn push_front(&mut self, map: &mut Memmap, page: PageIdx, order: Order) {
        self.push_front_tagged(map, page, order.get().wrapping_add(1));
    }

    /// The same with a tag of the caller's.
    #[inline]
    pub(super) fn push_front_tagged(&mut self, map: &mut Memmap, page: PageIdx, tag: u8) {
        let next = self.first;

        map.set(
            page,
            Link {
                prev: PageIdx::NONE,
                next,
            },
            tag,
        );
        match next {
            PageIdx::NONE => self.last = page,
            next => map.set_prev(next, page),
        }
        self.first = page;
        self.len = self.len.wrapping_add(1);
    }

    /// Puts `page`, which is on no list, at the tail: it is taken last (C: `list_add_tail()`).
    pub(crate) fn push_back(&mut self, map: &mut Memmap, page: PageIdx, order: Order) {
        self.push_back_tagged(map, page, order.get().wrapping_add(1));
    }

    /// The same with a tag of the caller's.
    #[inline]
    pub(super) fn push_back_tagged(&mut self, map: &mut Memmap, page: PageIdx, tag: u8) {
        let prev = self.last;

        map.set(
            page,
            Link {
                prev,
                next: PageIdx::NONE,
            },
            tag,
        );
        match prev {
            PageIdx::NONE => self.first = page,
            prev => map.set_next(prev, page),
        }
        self.last = page;
        self.len = self.len.wrapping_add(1);
    }

    /// Takes `page` off, wherever on the list it is (C: `list_del()`).
    pub(crate) fn remove(&mut self, map: &mut Memmap, page: PageIdx) {
        let Link { prev, next } = map.link(page);

        match prev {
            PageIdx::NONE => self.first = next,
            prev => map.set_next(prev, next),
        }
        match next {
            PageIdx::NONE => self.last = prev,
            next => map.set_prev(next, prev),
        }
        map.set(page, Link::NONE, 0);
        self.len = self.len.wrapping_sub(1);
    }

    /// Makes `page`, which is on the list, the first: those before it go to the tail as they are
    /// (C: `move_freelist_head()`).
    pub(crate) fn rotate_to(&mut self, map: &mut Memmap, page: PageIdx) {
        let new_last = map.link(page).prev;

        if new_last == PageIdx::NONE {
            return;
        }
        map.set_next(self.last, self.first);
        map.set_prev(self.first, self.last);
        map.set_next(new_last, PageIdx::NONE);
        map.set_prev(page, PageIdx::NONE);
        self.first = page;
        self.last = new_last;
    }

    /// Makes `page`, which is on the list, the last: it and those before it go to the tail as they
    /// are (C: `move_freelist_tail()`).
    pub(crate) fn rotate_behind(&mut self, map: &mut Memmap, page: PageIdx) {
        match map.link(page).next {
            PageIdx::NONE => {}
            next => self.rotate_to(map, next),
        }
    }

    /// The pages from tail to head; at most `len` of them, whatever the links say.
    pub(crate) fn iter_back<'a>(&self, map: &'a Memmap) -> impl Iterator<Item = PageIdx> + 'a {
        let mut page = self.last;

        (0..self.len).map_while(move |_| {
            let this = page;

            page = map.link(this).prev;
            (this != PageIdx::NONE).then_some(this)
        })
    }

    /// The pages from head to tail; at most `len` of them, whatever the links say.
    pub(crate) fn iter<'a>(&self, map: &'a Memmap) -> impl Iterator<Item = PageIdx> + 'a {
        let mut page = self.first;

        (0..self.len).map_while(move |_| {
            let this = page;

            page = map.link(this).next;
            (this != PageIdx::NONE).then_some(this)
        })
    }
}

#[kunit_tests(rust_buddy_memmap)]
mod tests {
    use super::*;

    fn collect(list: &PageList, map: &Memmap) -> [u32; 4] {
        let mut pages = [0; 4];

        for (slot, page) in pages.iter_mut().zip(list.iter(map)) {
            *slot = page.get();
        }
        pages
    }

    #[test]
    fn lists_keep_the_order_of_both_ends() -> Result {
        let mut map = Memmap::new(PageIdx::new(100), 16)?;
        let mut list = PageList::EMPTY;

        list.push_front(&mut map, PageIdx::new(101), Order::ZERO);
        list.push_front(&mut map, PageIdx::new(102), Order::ZERO);
        list.push_back(&mut map, PageIdx::new(115), Order::ZERO);
        assert_eq!(collect(&list, &map), [102, 101, 115, 0]);
        assert_eq!(list.len(), 3);
        Ok(())
    }

    #[test]
    fn removal_mends_head_middle_and_tail() -> Result {
        let mut map = Memmap::new(PageIdx::new(0), 16)?;
        let mut list = PageList::EMPTY;

        for page in 1..=4 {
            list.push_back(&mut map, PageIdx::new(page), Order::ZERO);
        }
        list.remove(&mut map, PageIdx::new(2));
        assert_eq!(collect(&list, &map), [1, 3, 4, 0]);
        list.remove(&mut map, PageIdx::new(1));
        list.remove(&mut map, PageIdx::new(4));
        assert_eq!(collect(&list, &map), [3, 0, 0, 0]);
        list.remove(&mut map, PageIdx::new(3));
        assert!(list.is_empty());
        assert!(list.first().is_none());
        Ok(())
    }

    #[test]
    fn rotation_keeps_the_ring() -> Result {
        let mut map = Memmap::new(PageIdx::new(0), 16)?;
        let mut list = PageList::EMPTY;

        for page in 1..=4 {
            list.push_back(&mut map, PageIdx::new(page), Order::ZERO);
        }
        list.rotate_to(&mut map, PageIdx::new(3));
        assert_eq!(collect(&list, &map), [3, 4, 1, 2]);
        list.rotate_to(&mut map, PageIdx::new(3));
        assert_eq!(collect(&list, &map), [3, 4, 1, 2]);
        list.rotate_behind(&mut map, PageIdx::new(4));
        assert_eq!(collect(&list, &map), [1, 2, 3, 4]);
        list.rotate_behind(&mut map, PageIdx::new(4));
        let back = list.iter_back(&map).map(PageIdx::get);
        assert!(back.eq([4, 3, 2, 1]));
        list.remove(&mut map, PageIdx::new(1));
        list.remove(&mut map, PageIdx::new(4));
        assert_eq!(collect(&list, &map), [2, 3, 0, 0]);
        Ok(())
    }

    #[test]
    fn tags_tell_free_heads_and_their_order() -> Result {
        let mut map = Memmap::new(PageIdx::new(0), 16)?;
        let mut list = PageList::EMPTY;
        let order = Order::new(3).ok_or(EINVAL)?;

        list.push_front(&mut map, PageIdx::new(8), order);
        assert!(map.is_buddy(PageIdx::new(8), order));
        assert!(!map.is_buddy(PageIdx::new(8), Order::ZERO));
        assert_eq!(map.buddy_order(PageIdx::new(8)), Some(order));
        assert!(map.buddy_order(PageIdx::new(9)).is_none());
        list.remove(&mut map, PageIdx::new(8));
        assert!(map.buddy_order(PageIdx::new(8)).is_none());
        Ok(())
    }

    #[test]
    fn pages_outside_belong_to_nobody() -> Result {
        let map = Memmap::new(PageIdx::new(100), 16)?;

        assert!(!map.contains(PageIdx::new(99)));
        assert!(map.contains(PageIdx::new(115)));
        assert!(!map.contains(PageIdx::new(116)));
        assert!(!map.is_buddy(PageIdx::new(99), Order::ZERO));
        assert!(!map.is_buddy(PageIdx::NONE, Order::ZERO));
        Ok(())
    }
}
