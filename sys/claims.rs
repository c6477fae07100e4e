// SPDX-License-Identifier: GPL-2.0

//! One bit for each page of the region: handed out or not. The last line of defence: whatever the
//! allocator above does wrong, no page is handed out twice at the same time. To whom is not known
//! here.

use kernel::{
    prelude::*,
    sync::atomic::{
        Acquire,
        Atomic,
        Full,
        Relaxed, //
    }, //
};

/// Bits for 64 pages.
struct Word(Atomic<u64>);

// SAFETY: A zero is a valid `u64`, and an atomic adds nothing to it.
unsafe impl Zeroable for Word {}

/// The bits.
pub(super) struct Claims {
    words: KVVec<Word>,
    nr: u32,
}

/// Bits of one word that belong to a range: the index of the word and the mask.
type Part = (usize, u64);

impl Claims {
    /// `nr` clear bits. Sleeps.
    pub(super) fn new(nr: u32) -> Result<Self> {
        let words = KVVec::zeroed(nr.div_ceil(64) as usize, GFP_KERNEL)?;
        Ok(Self { words, nr })
    }

    /// Sets the bits of `[first, first + nr)`. Returns `false`, having changed nothing, if one was
    /// set or is out of range. Any context.
    pub(super) fn set(&self, first: u32, nr: u32) -> bool {
        self.change_all(first, nr, |old, mask| {
            (old & mask == 0).then_some(old | mask)
        })
    }

    /// Clears the bits of `[first, first + nr)`. Returns `false`, having changed nothing, if one
    /// was clear or is out of range. Any context.
    pub(super) fn clear(&self, first: u32, nr: u32) -> bool {
        self.change_all(first, nr, |old, mask| {
            (old & mask == mask).then_some(old & !mask)
        })
    }

    /// Whether all bits of `[first, first + nr)` are set. Any context.
    pub(super) fn all_set(&self, first: u32, nr: u32) -> bool {
        self.in_range(first, nr)
            && parts(first, nr).all(|(word, mask)| self.load(word) & mask == mask)
    }

    /// Number of bits that are set. A snapshot.
    pub(super) fn count(&self) -> u32 {
        self.words.iter().fold(0u32, |sum, word| {
            sum.wrapping_add(word.0.load(Relaxed).count_ones())
        })
    }

    fn in_range(&self, first: u32, nr: u32) -> bool {
        nr != 0 && first.checked_add(nr).is_some_and(|end| end <= self.nr)
    }

    fn load(&self, word: usize) -> u64 {
        self.words.get(word).map_or(0, |word| word.0.load(Acquire))
    }

    /// Applies `change` to the word of each part, which answers the new value or refuses.
    fn change_all(&self, first: u32, nr: u32, change: fn(u64, u64) -> Option<u64>) -> bool {
        if !self.in_range(first, nr) {
            return false;
        }
        let mut done = 0usize;
        for part in parts(first, nr) {
            if !self.change(part, change) {
                self.undo(first, nr, done);
                return false;
            }
            done = done.wrapping_add(1);
        }
        true
    }

    fn change(&self, (word, mask): Part, change: fn(u64, u64) -> Option<u64>) -> bool {
        let Some(word) = self.words.get(word) else {
            return false;
        };
        let mut old = word.0.load(Relaxed);
        while let Some(new) = change(old, mask) {
            match word.0.cmpxchg(old, new, Full) {
                Ok(_) => return true,
                Err(now) => old = now,
            }
        }
        false
    }

    /// Turns the bits of the first `nr_parts` parts over again.
    fn undo(&self, first: u32, nr: u32, nr_parts: usize) {
        for part in parts(first, nr).take(nr_parts) {
            self.change(part, |old, mask| Some(old ^ mask));
        }
    }
}

/// The words that hold `[first, first + nr)`, which is in range and not empty.
fn parts(first: u32, nr: u32) -> impl Iterator<Item = Part> {
    let end = first.wrapping_add(nr);
    let last = end.wrapping_sub(1) / 64;
    (first / 64..=last).map(move |word| {
        let low = if word == first / 64 {
            u64::MAX << (first & 63)
        } else {
            u64::MAX
        };
        let high = if word == last {
            u64::MAX >> (end.wrapping_neg() & 63)
        } else {
            u64::MAX
        };
        (word as usize, low & high)
    })
}
