// SPDX-License-Identifier: GPL-2.0

//! What is done to the pages of a block before somebody gets them, and after he gave them back.
//!
//! C: `check_new_pages()`, `post_alloc_hook()`, `free_pages_prepare()` in `mm/page_alloc.c`.
//!
//! # Differences
//!
//! The kernel tells of a page whose poison is damaged and hands it out all the same. Here it is
//! bad: whoever wrote there may do so again, and nobody is to have his data in such a page.

#![deny(unsafe_code)]

use super::{
    poison::{
        Damage,
        PATTERN, //
    },
    Device, //
};
use crate::{
    sys,
    zone::order::Block, //
};
use kernel::{
    prelude::*,
    sync::atomic::Relaxed,
    warn_on, //
};

/// Pages that are filled at once. Every node of a region has a multiple of them.
const BATCH: u32 = 1024;

impl Device {
    /// Marks a block as handed out. `false` if it must not be: it stays lost then, and marked.
    pub(super) fn check_new_pages(&self, block: &Block) -> bool {
        // The last line of defence: a page that somebody has is not handed out again, whatever the
        // free lists say.
        if !self.carved().claim(block.head().get(), block.nr_pages()) {
            warn_on!(true);
            return false;
        }
        self.params().poison == 0 || self.unpoison_pages(block)
    }

    /// Whether free pages are as they were left. To be asked before they are cleared
    /// (C: `__kernel_unpoison_pages()`).
    #[cold]
    fn unpoison_pages(&self, block: &Block) -> bool {
        let first = block.head().get();
        let damaged = (first..first.wrapping_add(block.nr_pages())).find_map(|idx| {
            let damage = Damage::of_page(|offset, out| self.carved().read(idx, offset, out))?;

            Some((idx, damage))
        });
        let Some((idx, damage)) = damaged else {
            return true;
        };

        self.nr_damaged
            .fetch_add(u64::from(block.nr_pages()), Relaxed);
        if self.damages_told.allows(sys::now_ns()) {
            pr_err!(
                "page {idx} was written to while it was free: {}\n",
                damage.text()
            );
        }
        false
    }

    /// Clears the pages of a new block.
    pub(super) fn clear_pages(&self, block: &Block) {
        self.carved().zero(block.head().get(), block.nr_pages());
    }

    /// Takes back the mark of a block that is nobody's any more, and poisons its pages. `false` if
    /// it was not handed out, so not to be freed.
    pub(super) fn free_pages_prepare(&self, block: &Block) -> bool {
        let (first, nr) = (block.head().get(), block.nr_pages());

        if !self.carved().release(first, nr) {
            warn_on!(true);
            return false;
        }
        if self.params().poison != 0 {
            self.carved().fill(first, nr, PATTERN);
        }
        true
    }

    /// Poisons the whole region, of which nobody has anything yet. Sleeps.
    pub(super) fn poison_all(&self) {
        for first in (0..self.region().config().nr_pages).step_by(BATCH as usize) {
            self.carved().fill(first, BATCH, PATTERN);
            sys::cond_resched();
        }
    }
}
