// SPDX-License-Identifier: GPL-2.0

//! Capture: a task that compacts a zone takes the block it is after out of the hands of those of
//! its own frees that make it, before it reaches a free list.
//!
//! C: `struct capture_control`, `task_capc()`, `compaction_capture()` in `mm/page_alloc.c`.
//!
//! # Differences
//!
//! So many tasks can wait for a block of one zone at once, not all; the others look at the free
//! lists when they are done, as they do in any case. What is freed in an interrupt is not captured.

#![deny(unsafe_code)]

use super::{
    buddy::Buddy,
    migratetype::Migratetype,
    order::{
        Block,
        Order,
        PageIdx, //
    }, //
};
use crate::sys;
use kernel::prelude::*;

/// Tasks that can wait for a block of a zone at once.
const MAX_CAPTURES: usize = 8;

/// A task that wants a block.
#[derive(Clone, Copy)]
struct Capture {
    task: u32,
    order: Order,
    mt: Migratetype,
    page: Option<PageIdx>,
}

/// Those who wait for a block of a zone.
///
/// # Invariants
///
/// `nr` is the number of slots in use.
pub(super) struct Captures {
    slots: [Option<Capture>; MAX_CAPTURES],
    nr: u32,
}

impl Captures {
    /// Nobody waits.
    pub(super) const NONE: Self = Self {
        slots: [None; MAX_CAPTURES],
        nr: 0,
    };

    fn of(&mut self, task: u32) -> Option<&mut Capture> {
        self.slots
            .iter_mut()
            .flatten()
            .find(|capture| capture.task == task)
    }
}

impl Buddy {
    /// From now on, blocks of `order` that this task makes by freeing something are its own, for a
    /// request of type `mt`; whether there was room to remember it.
    pub(crate) fn capture_begin(&mut self, order: Order, mt: Migratetype) -> bool {
        let Some(slot) = self.captures.slots.iter_mut().find(|slot| slot.is_none()) else {
            return false;
        };

        // INVARIANT: One more is in use.
        *slot = Some(Capture {
            task: sys::task_id(),
            order,
            mt,
            page: None,
        });
        self.captures.nr = self.captures.nr.wrapping_add(1);
        true
    }

    /// Whether this task has its block.
    pub(crate) fn has_captured(&mut self) -> bool {
        let captures = &mut self.captures;

        captures.nr != 0
            && captures
                .of(sys::task_id())
                .is_some_and(|own| own.page.is_some())
    }

    /// No longer; what it got.
    pub(crate) fn capture_end(&mut self) -> Option<Block> {
        let task = sys::task_id();
        let mine = |slot: &&mut Option<Capture>| slot.is_some_and(|capture| capture.task == task);
        let capture = self.captures.slots.iter_mut().find(mine)?.take()?;

        // INVARIANT: One less is in use.
        self.captures.nr = self.captures.nr.wrapping_sub(1);
        Some(Block::new(capture.page?, capture.order))
    }

    /// Whether the block, which is on no list, is taken by who frees it
    /// (C: `compaction_capture()`).
    #[inline]
    pub(super) fn compaction_capture(
        &mut self,
        head: PageIdx,
        order: Order,
        mt: Migratetype,
    ) -> bool {
        self.captures.nr != 0 && self.capture(head, order, mt)
    }

    #[cold]
    fn capture(&mut self, head: PageIdx, order: Order, mt: Migratetype) -> bool {
        let small = order < self.blocks.order();
        let Some(own) = self.captures.of(sys::task_id()) else {
            return false;
        };
        // Do not let other types into a movable pageblock, nor anything into those that are set
        // apart.
        let pollutes = small && mt == Migratetype::Movable && own.mt != Migratetype::Movable;
        let apart = matches!(mt, Migratetype::Cma | Migratetype::Isolate);

        if own.page.is_some() || own.order != order || apart || pollutes {
            return false;
        }
        own.page = Some(head);
        if own.mt != mt {
            self.events.extfrag_steal = self.events.extfrag_steal.wrapping_add(1);
        }
        true
    }
}

#[kunit_tests(rust_buddy_capture)]
mod tests {
    use super::super::{
        alloc_flags::FreeFlags,
        buddy::BuddyConfig, //
    };
    use super::*;
    use Migratetype::{
        Cma,
        Movable,
        Reclaimable,
        Unmovable, //
    };

    /// A zone of one largest block in use, all of its pageblocks of type `mt`.
    fn in_use(mt: Migratetype) -> Result<Buddy> {
        let config = BuddyConfig {
            start: PageIdx::new(0),
            nr_pages: 1024,
            pageblock_order: order(9)?,
            mobility_off: false,
            nr_cpus: 1,
        };
        let mut buddy = Buddy::new(&config, 1024)?;

        let _ = buddy.rmqueue_smallest(Order::MAX, Movable).ok_or(ENOMEM)?;
        buddy.blocks.set_range(PageIdx::new(0), Order::MAX, mt);
        Ok(buddy)
    }

    fn order(order: u32) -> Result<Order> {
        Order::new(order).ok_or(EINVAL)
    }

    fn free(buddy: &mut Buddy, pages: core::ops::Range<u32>) {
        for page in pages {
            buddy.free(Block::new(PageIdx::new(page), Order::ZERO), FreeFlags::None);
        }
    }

    #[test]
    fn row_134_a_block_of_the_exact_order_is_handed_over() -> Result {
        let mut buddy = in_use(Movable)?;

        assert!(buddy.capture_begin(order(3)?, Movable));
        free(&mut buddy, 8..15);
        assert!(!buddy.has_captured());
        assert_eq!(buddy.nr_free, 7);
        // The last one makes the block out of parts.
        free(&mut buddy, 15..16);
        assert!(buddy.has_captured());
        assert_eq!(buddy.nr_free, 0);
        assert_eq!(buddy.events.pgalloc, 0);
        assert_eq!(buddy.events.extfrag_steal, 0);
        // Only one.
        free(&mut buddy, 16..24);
        assert_eq!(buddy.nr_free, 8);
        assert!(buddy.capture_end() == Some(Block::new(PageIdx::new(8), order(3)?)));
        assert!(buddy.capture_end().is_none());
        assert_eq!(buddy.validate().errors, 0);
        Ok(())
    }

    #[test]
    fn row_134_who_asked_for_another_order_gets_none() -> Result {
        let mut buddy = in_use(Movable)?;

        assert!(buddy.capture_begin(order(4)?, Movable));
        free(&mut buddy, 8..16);
        assert!(buddy.capture_end().is_none());
        assert_eq!(buddy.nr_free, 8);
        // Nor does who asked for a part of it.
        assert!(buddy.capture_begin(order(2)?, Movable));
        buddy.free(Block::new(PageIdx::new(32), order(3)?), FreeFlags::None);
        assert!(buddy.capture_end().is_none());
        assert_eq!(buddy.nr_free, 16);
        Ok(())
    }

    /// Whether a block of order `nr` in pageblocks of type `from` is handed over to a request of
    /// type `mt`, and how many blocks were counted as of another type.
    fn handed_over(nr: u32, from: Migratetype, mt: Migratetype) -> Result<(bool, u64)> {
        let mut buddy = in_use(from)?;

        assert!(buddy.capture_begin(order(nr)?, mt));
        free(&mut buddy, 0..1 << nr);
        Ok((buddy.capture_end().is_some(), buddy.events.extfrag_steal))
    }

    #[test]
    fn row_134_movable_pageblocks_are_not_polluted() -> Result {
        assert!(handed_over(3, Movable, Unmovable)? == (false, 0));
        assert!(handed_over(9, Movable, Unmovable)? == (true, 1));
        assert!(handed_over(3, Unmovable, Movable)? == (true, 1));
        assert!(handed_over(3, Reclaimable, Unmovable)? == (true, 1));
        assert!(handed_over(3, Unmovable, Unmovable)? == (true, 0));
        Ok(())
    }

    #[test]
    fn row_134_pageblocks_set_apart_stay_so() -> Result {
        assert!(handed_over(3, Cma, Movable)? == (false, 0));
        let mut buddy = in_use(Movable)?;

        buddy.isolate_pageblock(PageIdx::new(0))?;
        assert!(buddy.capture_begin(order(3)?, Movable));
        free(&mut buddy, 0..8);
        assert!(buddy.capture_end().is_none());
        Ok(())
    }

    #[test]
    fn row_134_others_free_for_the_lists() -> Result {
        let mut buddy = in_use(Movable)?;

        assert!(buddy.capture_begin(order(3)?, Movable));
        for slot in buddy.captures.slots.iter_mut().flatten() {
            slot.task = slot.task.wrapping_add(1);
        }
        free(&mut buddy, 0..8);
        assert!(!buddy.has_captured());
        assert_eq!(buddy.nr_free, 8);
        Ok(())
    }

    #[test]
    fn there_is_room_for_some() -> Result {
        let mut buddy = in_use(Movable)?;

        for _ in 0..MAX_CAPTURES {
            assert!(buddy.capture_begin(order(3)?, Movable));
        }
        assert!(!buddy.capture_begin(order(3)?, Movable));
        for _ in 0..MAX_CAPTURES {
            assert!(buddy.capture_end().is_none());
        }
        assert_eq!(buddy.captures.nr, 0);
        Ok(())
    }
}
