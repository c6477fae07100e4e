// SPDX-License-Identifier: GPL-2.0

//! Blocks that are to be freed, but whose zone's lock was not to be had.
//!
//! C: `trylock_free_pages`, `add_page_to_zone_llist()` in `mm/page_alloc.c`.
//!
//! # Differences
//!
//! The kernel links waiting pages through `struct page`. Here they have a few slots; who finds none
//! waits for the lock after all.

#![deny(unsafe_code)]

use super::order::{
    Block,
    Order,
    PageIdx, //
};
use kernel::{
    prelude::*,
    sync::atomic::{
        Atomic,
        Full,
        Relaxed, //
    }, //
};

const NR_SLOTS: usize = 64;

/// No block: [`pack`] never gives it.
const EMPTY: u64 = 0;

/// Blocks that wait, reached without a lock.
///
/// # Invariants
///
/// - A slot is [`EMPTY`] or a block that nobody else has.
/// - `nr` is at least the number of blocks.
pub(super) struct DeferredFrees {
    slots: KVVec<Atomic<u64>>,
    nr: Atomic<u32>,
}

impl DeferredFrees {
    /// No block waits.
    ///
    /// Allocates: sleeps.
    pub(super) fn new() -> Result<Self> {
        let mut slots = KVVec::with_capacity(NR_SLOTS, GFP_KERNEL)?;

        for _ in 0..NR_SLOTS {
            slots.push_within_capacity(Atomic::new(EMPTY))?;
        }
        // INVARIANT: All slots are empty.
        Ok(Self {
            slots,
            nr: Atomic::new(0),
        })
    }

    /// Lets a block wait. Gives it back if too many wait already.
    pub(super) fn put(&self, block: Block) -> core::result::Result<(), Block> {
        let packed = pack(&block);

        // INVARIANT: Counted before it is there; the block is ours and goes into an empty slot.
        self.nr.fetch_add(1, Full);
        let placed = self
            .slots
            .iter()
            .any(|slot| slot.cmpxchg(EMPTY, packed, Full).is_ok());

        if placed {
            return Ok(());
        }
        self.nr.fetch_sub(1, Full);
        Err(block)
    }

    /// Takes a block that waits.
    #[inline]
    pub(super) fn take(&self) -> Option<Block> {
        match self.nr.load(Relaxed) {
            0 => None,
            _ => self.take_any(),
        }
    }

    #[cold]
    fn take_any(&self) -> Option<Block> {
        let block = self
            .slots
            .iter()
            .find_map(|slot| unpack(slot.xchg(EMPTY, Full)))?;

        // INVARIANT: Its slot was emptied by us alone.
        self.nr.fetch_sub(1, Full);
        Some(block)
    }

    /// Blocks that wait, or are about to.
    pub(super) fn nr(&self) -> u32 {
        self.nr.load(Relaxed)
    }
}

fn pack(block: &Block) -> u64 {
    u64::from(block.head().get()) << 8 | u64::from(block.order().get()).wrapping_add(1)
}

fn unpack(packed: u64) -> Option<Block> {
    let order = Order::new(((packed & 0xff) as u32).wrapping_sub(1))?;

    Some(Block::new(PageIdx::new((packed >> 8) as u32), order))
}

#[kunit_tests(rust_buddy_deferred)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_back_once() -> Result {
        let deferred = DeferredFrees::new()?;
        let order = Order::new(3).ok_or(EINVAL)?;

        assert!(deferred.take().is_none());
        assert!(deferred.put(Block::new(PageIdx::new(8), order)).is_ok());
        assert!(deferred
            .put(Block::new(PageIdx::new(0), Order::ZERO))
            .is_ok());
        assert_eq!(deferred.nr(), 2);
        assert!(deferred.take() == Some(Block::new(PageIdx::new(8), order)));
        assert!(deferred.take() == Some(Block::new(PageIdx::new(0), Order::ZERO)));
        assert!(deferred.take().is_none());
        Ok(())
    }

    #[test]
    fn there_is_room_for_so_many() -> Result {
        let deferred = DeferredFrees::new()?;

        for page in 0..NR_SLOTS as u32 {
            let block = Block::new(PageIdx::new(page), Order::ZERO);

            assert!(deferred.put(block).is_ok());
        }
        assert!(deferred
            .put(Block::new(PageIdx::new(99), Order::ZERO))
            .is_err());
        assert_eq!(deferred.nr(), NR_SLOTS as u32);
        Ok(())
    }
}
