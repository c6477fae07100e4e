// SPDX-License-Identifier: GPL-2.0

//! Streams of operations, made from a seed in phases: for some time one bias between taking and
//! giving, one set of orders, one way to choose what is freed.
//!
//! Uniform draws would let the allocator merge too well: what is rare comes of long phases.

#![deny(unsafe_code)]

use std::ops::RangeInclusive;

use clap::ValueEnum;
use fastrand::Rng;
use rust_buddy::{
    Entry,
    Gfp,
    Op, //
};
use serde::Serialize;

use super::slots::{
    Pick,
    Slots,
    BULK_FIRST,
    BULK_SLOTS, //
};

/// What a stream is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mix {
    /// Single pages
    Single,
    /// All orders, three migratetypes, many kinds of requests
    Mixed,
    /// Long phases of one bias
    Phases,
    /// Until nothing is left, and back
    Exhaust,
    /// Bulk requests, with holes
    Bulk,
    /// High-order requests that may use reserves
    Atomic,
    /// Requests that take no lock by force
    Nolock,
    /// Ranges of pages
    Contig,
    /// Frees while the zones are marked as being reclaimed
    Reclaim,
}

impl Mix {
    /// As on the command line.
    pub(crate) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// Kinds of requests. None reclaims; what wakes the background reclaimer is left out, because it
/// would change the zones behind our back.
const KINDS: [Gfp; 12] = [
    Gfp::empty(),
    Gfp::MOVABLE,
    Gfp::RECLAIMABLE,
    Gfp::IO.union(Gfp::FS),
    Gfp::IO.union(Gfp::FS).union(Gfp::HARDWALL),
    Gfp::MOVABLE.union(Gfp::HIGHMEM).union(Gfp::HARDWALL),
    Gfp::RECLAIMABLE.union(Gfp::IO).union(Gfp::FS),
    Gfp::MOVABLE.union(Gfp::NOMEMALLOC),
    Gfp::RECLAIMABLE.union(Gfp::NORETRY),
    Gfp::NORETRY.union(Gfp::NOMEMALLOC),
    Gfp::HIGH,
    Gfp::MOVABLE.union(Gfp::COMP),
];

/// A stretch of a stream.
#[derive(Debug, Clone)]
struct Phase {
    left: usize,
    /// Percent of the operations that allocate.
    bias: u32,
    orders: RangeInclusive<u8>,
    /// All orders alike, or each higher one half as often.
    is_even: bool,
    /// One kind of requests, or any.
    kind: Option<Gfp>,
    pick: Pick,
}

/// An endless stream.
pub(crate) struct Stream {
    mix: Mix,
    rng: Rng,
    phase: Phase,
    slots: Slots,
    /// Page numbers are below this.
    nr_pages: u32,
    is_reclaiming: bool,
}

impl Stream {
    /// The stream of a seed, for a node with pages up to `nr_pages`.
    pub(crate) fn new(mix: Mix, seed: u64, nr_pages: u32) -> Self {
        let mut rng = Rng::with_seed(seed ^ ((mix as u64) << 56));
        let phase = phase(mix, &mut rng);
        Self {
            mix,
            rng,
            phase,
            slots: Slots::default(),
            nr_pages,
            is_reclaiming: false,
        }
    }

    /// The next operations.
    pub(crate) fn take(&mut self, nr: usize) -> Vec<Entry> {
        (0..nr).map(|_| self.next()).collect()
    }

    /// Learns what came of operations, to know which slots are full.
    pub(crate) fn learn(&mut self, entries: &[Entry], pages: &[Option<u32>]) {
        let mut empty = std::collections::HashMap::new();
        for (entry, page) in entries.iter().zip(pages) {
            if entry.slot < BULK_FIRST && !matches!(entry.op, Op::Free | Op::Nop) {
                empty.insert(entry.slot, page.is_none());
            }
        }
        // Freed since and taken anew: only the last one counts.
        let empty: Vec<u32> = empty
            .iter()
            .filter(|(_, is_empty)| **is_empty)
            .map(|(slot, _)| *slot)
            .collect();
        self.slots.were_empty(&empty);
    }

    /// Slots that count as full.
    #[cfg(test)]
    pub(crate) fn nr_live(&self) -> usize {
        self.slots.nr_live()
    }

    fn next(&mut self) -> Entry {
        if self.phase.left == 0 {
            self.phase = phase(self.mix, &mut self.rng);
        }
        self.phase.left -= 1;
        if let Some(entry) = self.special() {
            return entry;
        }
        match self.rng.u32(..100) < self.phase.bias {
            true => self.alloc(),
            false => self.free(),
        }
    }

    /// What a mix has beside blocks taken and given one by one.
    fn special(&mut self) -> Option<Entry> {
        let one_in = |rng: &mut Rng, nr| rng.u32(..nr) == 0;
        match self.mix {
            Mix::Bulk if one_in(&mut self.rng, 3) => Some(self.bulk()),
            Mix::Contig if one_in(&mut self.rng, 64) => Some(self.contig()),
            Mix::Nolock if one_in(&mut self.rng, 3) => {
                let order = self.order().min(9);
                self.take_slot(Op::Nolock { order })
            }
            Mix::Reclaim if one_in(&mut self.rng, 512) => {
                self.is_reclaiming = !self.is_reclaiming;
                let op = Op::ReclaimActive(self.is_reclaiming);
                Some(Entry { op, slot: 0 })
            }
            _ => None,
        }
    }

    fn take_slot(&mut self, op: Op) -> Option<Entry> {
        let slot = self.slots.take();
        Some(Entry { op, slot })
    }

    fn alloc(&mut self) -> Entry {
        let order = self.order();
        let gfp = self.gfp(order);
        let slot = self.slots.take();
        let op = Op::Alloc { order, gfp };
        Entry { op, slot }
    }

    fn free(&mut self) -> Entry {
        let slot = self.slots.give(self.phase.pick, &mut self.rng);
        match slot {
            Some(slot) => Entry { op: Op::Free, slot },
            None => self.alloc(),
        }
    }

    /// A bulk request, or a free in one of the windows.
    fn bulk(&mut self) -> Entry {
        let first = self.rng.u32(..BULK_SLOTS);
        let slot = BULK_FIRST + first;
        if self.rng.u32(..100) >= self.phase.bias / 4 {
            return Entry { op: Op::Free, slot };
        }
        let nr = match self.rng.u32(..8) {
            0 => self.rng.u32(1..=512),
            _ => self.rng.u32(1..=48),
        };
        let nr = nr.min(BULK_SLOTS - first);
        let gfp = self.gfp(0);
        let op = Op::Bulk { nr, gfp };
        Entry { op, slot }
    }

    fn contig(&mut self) -> Entry {
        let blocks = self.nr_pages / 512;
        let nr = match self.rng.u32(..4) {
            0 => self.rng.u16(1..=1536),
            1 => 1024,
            _ => 512,
        };
        let start = 512 * self.rng.u32(..blocks.max(1));
        let start = match self.rng.u32(..4) {
            0 => start + self.rng.u32(..512),
            _ => start,
        };
        let slot = self.slots.take();
        let op = Op::Contig { start, nr };
        Entry { op, slot }
    }

    fn order(&mut self) -> u8 {
        let (first, last) = (*self.phase.orders.start(), *self.phase.orders.end());
        match self.phase.is_even {
            true => self.rng.u8(first..=last),
            false => {
                let up = self.rng.u32(..).trailing_zeros();
                first.saturating_add(up.min(10) as u8).min(last)
            }
        }
    }

    fn gfp(&mut self, order: u8) -> Gfp {
        if self.mix == Mix::Atomic && self.rng.bool() {
            return match order {
                0 => Gfp::HIGH,
                _ => Gfp::HIGH | one_of(&mut self.rng, &KINDS[..3]),
            };
        }
        let gfp = match self.phase.kind {
            Some(kind) if self.rng.u32(..16) != 0 => kind,
            _ => one_of(&mut self.rng, &KINDS),
        };
        // A single page is never compound. Where ranges are taken, all larger blocks are: the
        // kernel does not see that the tail of any other block is in use until it has drained all
        // lists.
        match order {
            0 => gfp.difference(Gfp::COMP),
            _ if self.mix == Mix::Contig => gfp | Gfp::COMP,
            _ => gfp,
        }
    }
}

fn one_of<T: Copy + Default>(rng: &mut Rng, all: &[T]) -> T {
    rng.choice(all).copied().unwrap_or_default()
}

/// Draws a phase.
fn phase(mix: Mix, rng: &mut Rng) -> Phase {
    let left = match mix {
        Mix::Phases | Mix::Exhaust => match rng.u32(..4) {
            0 => rng.usize(1000..=60000),
            _ => rng.usize(256..=8000),
        },
        _ => rng.usize(256..=4000),
    };
    let bias = match mix {
        Mix::Exhaust => [0, 20, 85, 95, 100][rng.usize(..5)],
        Mix::Phases => rng.u32(0..=100),
        _ => rng.u32(30..=70),
    };
    let orders = match mix {
        Mix::Single => 0..=0,
        Mix::Bulk => 0..=1,
        Mix::Nolock => 0..=3,
        Mix::Atomic => 0..=4,
        Mix::Mixed => 0..=10,
        _ => [0..=0, 0..=3, 0..=9, 0..=10, 9..=10, 4..=8][rng.usize(..6)].clone(),
    };
    Phase {
        left,
        bias,
        orders,
        is_even: rng.u32(..4) == 0,
        kind: rng.bool().then(|| one_of(rng, &KINDS[..3])),
        pick: [Pick::Random, Pick::Newest, Pick::Oldest][rng.usize(..3)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_stream() {
        for mix in Mix::value_variants() {
            let take = |seed| Stream::new(*mix, seed, 65536).take(5000);
            assert_eq!(take(3), take(3));
            assert_ne!(take(3), take(4));
        }
    }

    #[test]
    fn nothing_is_taken_into_a_full_slot() {
        let mut stream = Stream::new(Mix::Phases, 1, 65536);
        let mut full = std::collections::HashSet::new();
        for entry in stream.take(50000) {
            match entry.op {
                Op::Free => assert!(full.remove(&entry.slot)),
                _ => assert!(full.insert(entry.slot)),
            }
        }
    }

    #[test]
    fn each_mix_has_what_it_is_called_after() {
        let has = |mix, test: fn(&Op) -> bool| {
            let stream = Stream::new(mix, 1, 65536).take(5000);
            stream.iter().any(|entry| test(&entry.op))
        };
        assert!(has(Mix::Bulk, |op| matches!(op, Op::Bulk { .. })));
        assert!(has(Mix::Contig, |op| matches!(op, Op::Contig { .. })));
        assert!(has(Mix::Nolock, |op| matches!(op, Op::Nolock { .. })));
        assert!(has(Mix::Reclaim, |op| *op == Op::ReclaimActive(true)));
        assert!(!has(Mix::Single, |op| matches!(
            op,
            Op::Alloc { order: 1.., .. }
        )));
    }

    #[test]
    fn failures_leave_no_ghosts() {
        let mut stream = Stream::new(Mix::Exhaust, 5, 65536);
        let entries = stream.take(3000);
        stream.learn(&entries, &vec![None; 3000]);
        assert_eq!(stream.nr_live(), 0);
    }
}
