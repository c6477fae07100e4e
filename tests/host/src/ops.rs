// SPDX-License-Identifier: GPL-2.0

//! What a run consists of: a region's shape and the steps done with it, and how both are read out
//! of a row of bytes.
//!
//! Every row of bytes is a run, so that a fuzzer may change any byte. Numbers are reduced to what
//! there is when they are used.

#![deny(unsafe_code)]

/// The shape of a region.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Nodes, of which the first has the CPUs.
    pub nodes: u32,
    /// Pages of each node, a multiple of 1024.
    pub nr_pages: u32,
    /// Order of a pageblock.
    pub pageblock_order: u32,
    /// Shares of the DMA, DMA32 and Movable zones in percent.
    pub shares: [u32; 3],
    /// Zones grow.
    pub lazy: bool,
    /// No per-CPU lists, no counters that lag.
    pub exact: bool,
    /// A batch of pages fits into the cache of a CPU.
    pub large_cache: bool,
}

/// A request for a block.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// Taken modulo 11.
    pub order: u32,
    /// Taken modulo the number of composites.
    pub gfp: u32,
    /// The node it would like best: none, or one less than this.
    pub node: u32,
    /// The nodes that it may use, a bit for each; 0: all.
    pub mask: u32,
    /// The node that it would like best or none.
    pub this_node: bool,
}

/// One step of a run.
#[derive(Clone, Copy, Debug)]
pub enum Op {
    /// Ask for a block. The numbers are reduced to what there is.
    Alloc {
        /// Taken modulo 11.
        order: u32,
        /// Taken modulo the number of composites.
        gfp: u32,
    },
    /// Ask for a block with wishes about nodes.
    AllocOn(Ask),
    /// Ask for a block without waiting for a lock.
    AllocNolock(Ask, Contention),
    /// Ask for many single pages at once.
    Bulk {
        /// The order does not matter.
        ask: Ask,
        /// Places for pages.
        len: u32,
        /// The places that are filled already, a bit for each.
        present: u32,
    },
    /// Ask for so many contiguous pages, out of one block.
    Exact {
        /// The order does not matter.
        ask: Ask,
        /// Taken modulo 1024, and one more.
        nr: u32,
    },
    /// Ask for these very pages.
    ContigRange {
        /// Taken modulo the pages of the region.
        start: u32,
        /// Pages.
        nr: u32,
    },
    /// Ask for a power of two of contiguous pages.
    ContigPages {
        /// The order is that of the number of pages; it may be above the largest of a block.
        ask: Ask,
        /// Orders more than that.
        more: u32,
    },
    /// Give back one of the things in use.
    Free {
        /// Taken modulo their number.
        which: u32,
    },
    /// Give back one of the things in use without waiting for a lock.
    FreeNolock {
        /// Taken modulo their number.
        which: u32,
        /// Who is in the way.
        contention: Contention,
    },
    /// Make two blocks of one, to be given back one by one.
    Split {
        /// Taken modulo the number of things in use.
        which: u32,
    },
    /// Do a step while this CPU's lists are held by somebody else.
    AllocContended {
        /// The request.
        ask: Ask,
        /// The zone whose lists are held, taken modulo their number.
        zone: u32,
    },
    /// Give something back while this CPU's lists are held by somebody else.
    FreeContended {
        /// Taken modulo the number of things in use.
        which: u32,
        /// The zone whose lists are held, taken modulo their number.
        zone: u32,
    },
    /// Change a tunable.
    Tune {
        /// Taken modulo their number.
        which: u32,
        /// The value; not each is possible.
        value: u64,
    },
    /// Give back what CPUs have in stock.
    Drain {
        /// Of one CPU in one zone, or of all.
        only: Option<(u32, u32)>,
    },
    /// What the background reclaimer does with a zone.
    Reclaimer {
        /// Taken modulo their number.
        zone: u32,
        /// Whether it is at work from now on.
        active: bool,
        /// Pages of the boost that it has seen.
        boost: u32,
    },
    /// A CPU goes, or is about to come.
    Hotplug {
        /// Taken modulo the number of CPUs.
        cpu: u32,
        /// Whether it comes.
        comes: bool,
    },
    /// Go on on another CPU.
    Move {
        /// Taken modulo the number of CPUs.
        cpu: u32,
    },
    /// Do what is done once a second.
    Tick,
}

/// What somebody else holds meanwhile.
#[derive(Clone, Copy, Debug)]
pub enum Contention {
    /// Nothing.
    None,
    /// The lists of this CPU in this zone.
    Lists(u32),
    /// The lock of this zone.
    Zone(u32),
}

/// Reads numbers out of bytes; zero after the end.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> u32 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                u32::from(*first)
            }
            None => 0,
        }
    }

    fn pair(&mut self) -> u32 {
        self.byte() << 8 | self.byte()
    }

    fn bit(&mut self) -> bool {
        self.byte() & 1 != 0
    }

    fn setup(&mut self) -> Setup {
        const ORDERS: [u32; 4] = [7, 9, 10, 7];
        const SHARES: [[u32; 3]; 4] = [[0, 0, 0], [20, 20, 20], [0, 34, 34], [0, 50, 0]];
        let shape = self.byte();
        let blocks = self.byte();
        let lazy = shape >= 0xf0;

        Setup {
            // A zone grows by sections of 32 blocks, and each step recounts them all.
            nodes: if lazy { 1 } else { 1 + shape % 3 },
            nr_pages: 1024 * if lazy { 33 } else { 1 + blocks % 5 },
            pageblock_order: ORDERS[(shape >> 2 & 3) as usize],
            shares: SHARES[(shape >> 4 & 3) as usize],
            lazy,
            exact: blocks >= 224,
            large_cache: blocks & 0x40 != 0,
        }
    }

    fn ask(&mut self) -> Ask {
        let kind = self.byte();
        let node = match kind & 0x80 {
            0 => 0,
            _ => self.byte(),
        };

        Ask {
            order: kind & 0xf,
            gfp: self.byte(),
            node: node & 3,
            mask: node >> 2 & 7,
            this_node: node & 0x20 != 0,
        }
    }

    fn contention(&mut self) -> Contention {
        let who = self.byte();

        match who & 3 {
            0 | 1 => Contention::None,
            2 => Contention::Lists(who >> 2),
            _ => Contention::Zone(who >> 2),
        }
    }

    /// A number of any size.
    fn value(&mut self) -> u64 {
        let (shift, value) = (self.byte() & 31, self.byte());

        u64::from(value) << shift
    }

    /// How often a step is repeated: mostly not at all.
    fn times(&mut self) -> u32 {
        match self.byte() {
            times @ 192.. => times - 191,
            _ => 0,
        }
    }

    fn op(&mut self) -> Op {
        match self.byte() % 32 {
            0..=5 => Op::AllocOn(self.ask()),
            6..=11 => Op::Free { which: self.pair() },
            12 | 13 => Op::AllocNolock(self.ask(), self.contention()),
            14 | 15 => Op::FreeNolock {
                which: self.pair(),
                contention: self.contention(),
            },
            16 => Op::Bulk {
                ask: self.ask(),
                len: self.byte() & 0x3f,
                present: self.pair() << 8 | self.byte(),
            },
            17 => Op::Exact {
                ask: self.ask(),
                nr: self.pair(),
            },
            18 => Op::ContigRange {
                start: self.pair(),
                nr: self.pair() & 0xfff,
            },
            19 => Op::ContigPages {
                ask: self.ask(),
                more: self.byte() & 3,
            },
            20 => Op::Split { which: self.pair() },
            21 => Op::AllocContended {
                ask: self.ask(),
                zone: self.byte(),
            },
            22 => Op::FreeContended {
                which: self.pair(),
                zone: self.byte(),
            },
            23 | 24 => Op::Tune {
                which: self.byte(),
                value: self.value(),
            },
            25 => Op::Drain { only: None },
            26 => Op::Drain {
                only: Some((self.byte(), self.byte())),
            },
            27 => Op::Reclaimer {
                zone: self.byte(),
                active: self.bit(),
                boost: self.pair(),
            },
            28 => Op::Hotplug {
                cpu: self.byte(),
                comes: self.bit(),
            },
            29 | 30 => Op::Move { cpu: self.byte() },
            _ => Op::Tick,
        }
    }
}

/// Steps of a run at most: repetitions make long ones of few bytes.
const MAX_OPS: usize = 1000;

/// Reads a run: a shape, and steps to the end of the bytes.
pub fn decode(bytes: &[u8]) -> (Setup, impl Iterator<Item = Op> + '_) {
    let mut bytes = Bytes(bytes);
    let setup = bytes.setup();
    let mut again = None;
    let ops = core::iter::from_fn(move || {
        if let Some((op, left)) = again.take() {
            again = (left > 1).then_some((op, left - 1));
            return Some(op);
        }
        if bytes.0.is_empty() {
            return None;
        }
        let op = bytes.op();
        let times = bytes.times();

        again = (times > 0).then_some((op, times));
        Some(op)
    });

    (setup, ops.take(MAX_OPS))
}
