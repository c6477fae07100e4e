// SPDX-License-Identifier: GPL-2.0

//! Blocks given back to the free lists, under the lock or for the next who has it.
//!
//! C: `free_one_page()`, `free_pcppages_bulk()` in `mm/page_alloc.c`.

#![deny(unsafe_code)]

use super::{
    alloc_flags::FreeFlags,
    order::Block,
    Zone, //
};

impl Zone {
    /// Frees the blocks that `next` gives under one hold of the lock. They were counted as freed
    /// before (C: `free_pcppages_bulk()`).
    pub(crate) fn free_pcppages(&self, mut next: impl FnMut() -> Option<Block>) {
        self.with(|buddy| {
            while let Some(block) = next() {
                buddy.split_large_buddy(block, FreeFlags::None);
            }
        });
    }

    /// Gives a block of this zone back, and those that waited for the lock
    /// (C: `free_one_page()`).
    pub(crate) fn free(&self, block: Block, flags: FreeFlags) {
        self.with(|buddy| {
            while let Some(waiting) = self.deferred.take() {
                buddy.free(waiting, flags);
            }
            buddy.free(block, flags);
        });
    }

    /// Gives the blocks back that wait for the lock.
    pub(crate) fn free_deferred(&self) {
        if self.deferred.nr() == 0 {
            return;
        }
        self.with(|buddy| {
            while let Some(waiting) = self.deferred.take() {
                buddy.free(waiting, FreeFlags::None);
            }
        });
    }

    /// Blocks that wait for the lock.
    pub(crate) fn nr_deferred(&self) -> u32 {
        self.deferred.nr()
    }

    /// Gives a block back without waiting for the lock: if somebody holds it, the block waits for
    /// the next one who frees something (C: `free_one_page()` with `FPI_NOLOCK`).
    pub(crate) fn free_nolock(&self, block: Block) {
        let (head, order) = (block.head(), block.order());
        let freed = self.try_with(|buddy| buddy.free(block, FreeFlags::None));

        if freed.is_none() {
            // Only what there is no room for waits for the lock.
            if let Err(block) = self.deferred.put(Block::new(head, order)) {
                self.free(block, FreeFlags::None);
            }
        }
    }
}
