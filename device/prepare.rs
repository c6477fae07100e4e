// SPDX-License-Identifier: GPL-2.0

//! What is done to the pages of a block before somebody gets them, and after he gave them back.
//!
//! C: `check_new_pages()`, `post_alloc_hook()`, `free_pages_prepare()` in `mm/page_alloc.c`.

#![deny(unsafe_code)]

use super::Device;
use crate::zone::order::Block;
use kernel::warn_on;

impl Device {
    /// Marks a block as handed out. `false` if it must not be: it stays lost then, and marked.
    pub(super) fn check_new_pages(&self, block: &Block) -> bool {
        // The last line of defence: a page that somebody has is not handed out again, whatever the
        // free lists say.
        if !self.carved().claim(block.head().get(), block.nr_pages()) {
            warn_on!(true);
            return false;
        }
        true
    }

    /// Clears the pages of a new block.
    pub(super) fn clear_pages(&self, block: &Block) {
        self.carved().zero(block.head().get(), block.nr_pages());
    }

    /// Takes back the mark of a block that is nobody's any more. `false` if it was not
    /// handed out, so not to be freed.
    pub(super) fn free_pages_prepare(&self, block: &Block) -> bool {
        let (first, nr) = (block.head().get(), block.nr_pages());

        if !self.carved().release(first, nr) {
            warn_on!(true);
            return false;
        }
        true
    }
}
