// SPDX-License-Identifier: GPL-2.0

//! Which slots are in use, as far as the maker of a stream knows.

#![deny(unsafe_code)]

use fastrand::Rng;

/// Slots of bulk requests: these have windows of their own, where holes come by freeing.
pub(crate) const BULK_FIRST: u32 = 1 << 19;
/// How many of them.
pub(crate) const BULK_SLOTS: u32 = 1 << 14;

/// Which of the blocks is freed next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pick {
    /// Any.
    Random,
    /// The newest.
    Newest,
    /// The oldest ones, more or less.
    Oldest,
}

/// The slots.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    live: Vec<u32>,
    unused: Vec<u32>,
    next: u32,
}

impl Slots {
    /// A slot for a new block; it counts as full from now on.
    pub(crate) fn take(&mut self) -> u32 {
        let slot = self.unused.pop().unwrap_or_else(|| {
            self.next += 1;
            self.next - 1
        });
        self.live.push(slot);
        slot
    }

    /// A full slot, to be freed.
    pub(crate) fn give(&mut self, pick: Pick, rng: &mut Rng) -> Option<u32> {
        let last = self.live.len().checked_sub(1)?;
        let index = match pick {
            Pick::Random => rng.usize(..=last),
            Pick::Newest => last,
            Pick::Oldest => rng.usize(..=last / 16),
        };
        let slot = self.live.swap_remove(index);
        self.unused.push(slot);
        Some(slot)
    }

    /// These have turned out to be empty.
    pub(crate) fn were_empty(&mut self, slots: &[u32]) {
        if slots.is_empty() {
            return;
        }
        let empty: std::collections::HashSet<u32> = slots.iter().copied().collect();
        self.live.retain(|slot| !empty.contains(slot));
        // A slot that was freed since, by an operation that did nothing, is unused already.
        let unused: std::collections::HashSet<u32> = self.unused.iter().copied().collect();
        self.unused.extend(empty.difference(&unused));
    }

    /// Full ones.
    #[cfg(test)]
    pub(crate) fn nr_live(&self) -> usize {
        self.live.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_used_again() {
        let (mut slots, mut rng) = (Slots::default(), Rng::with_seed(1));
        assert_eq!((slots.take(), slots.take()), (0, 1));
        assert_eq!(slots.give(Pick::Newest, &mut rng), Some(1));
        assert_eq!(slots.take(), 1);
        assert_eq!(slots.take(), 2);
    }

    #[test]
    fn what_was_empty_is_not_freed() {
        let (mut slots, mut rng) = (Slots::default(), Rng::with_seed(1));
        let all = [slots.take(), slots.take(), slots.take()];
        slots.were_empty(&all[..2]);
        assert_eq!(slots.nr_live(), 1);
        assert_eq!(slots.give(Pick::Random, &mut rng), Some(2));
        assert_eq!(slots.give(Pick::Random, &mut rng), None);
    }
}
