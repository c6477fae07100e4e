// SPDX-License-Identifier: GPL-2.0

//! One record: a block, whose it is, and what may be done with it.

#![deny(unsafe_code)]

use super::nature::{
    Marks,
    Origin, //
};
use crate::zone::order::{
    Block,
    Order,
    PageIdx, //
};

/// Ends a list; no page; no record.
pub(super) const NONE: u32 = u32::MAX;

/// Names a block for as long as it is allocated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Handle {
    /// Number of the record.
    pub(crate) id: u32,
    /// Differs each time the record is used; never 0.
    pub(crate) gen: u32,
}

/// What to do about mappings of a block that is to be freed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mapped {
    /// Refuse: EBUSY.
    Busy,
    /// Free it all the same; the caller unmaps it.
    Zap,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    Free,
    /// A block, or one whose contents were dropped.
    Used,
    /// The block is gone, mappings of it are not.
    Zapped,
    /// The block goes when its mappings do: there were too many zapped ones already.
    Dying,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    /// First page of the block, or [`NONE`].
    pub(super) head: u32,
    pub(super) gen: u32,
    /// Client.
    pub(super) owner: u32,
    /// VMAs that show it.
    pub(super) maps: u32,
    /// Neighbours on the owner's list; `next` also links free records.
    pub(super) prev: u32,
    pub(super) next: u32,
    pub(super) pins: u16,
    pub(super) order: Order,
    pub(super) state: State,
    /// How it was asked for.
    pub(super) origin: Origin,
    pub(super) marks: Marks,
}

impl Record {
    pub(super) const FREE: Self = Self {
        head: NONE,
        gen: 0,
        owner: NONE,
        maps: 0,
        prev: NONE,
        next: NONE,
        pins: 0,
        order: Order::ZERO,
        state: State::Free,
        origin: Origin::PLAIN,
        marks: Marks::NONE,
    };

    /// Its pages, if it has any.
    pub(super) fn block(&self) -> Option<Block> {
        (self.head != NONE).then(|| Block::new(PageIdx::new(self.head), self.order))
    }

    pub(super) fn taken(&self) -> Option<Taken> {
        Some(Taken {
            block: self.block()?,
            listed: self.marks.has(Marks::PURGEABLE),
        })
    }
}

/// A block that has become nobody's.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Taken {
    pub(crate) block: Block,
    /// Whether it may be on a list of those that can be reclaimed.
    pub(crate) listed: bool,
}

impl Taken {
    /// One that is on no list.
    pub(crate) fn plain(block: Block) -> Self {
        Self {
            block,
            listed: false,
        }
    }
}
