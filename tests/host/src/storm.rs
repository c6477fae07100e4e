// SPDX-License-Identifier: GPL-2.0

//! Compaction under fire: some threads take blocks, write to them and give them back, while others
//! move everything about. Nothing that was written may be lost.

use crate::{
    gfp::{
        context::AllocContext,
        Gfp, //
    },
    page_alloc::{
        compact_nodes::CompactTask,
        layout::Shares,
        node::NodeSpan,
        Region,
        RegionConfig, //
    },
    slowpath::{
        compact::CompactPriority,
        owners::{
            Migrated,
            OomResult,
            Owners,
            Reclaimed, //
        }, //
    },
    sys,
    zone::{
        alloc_flags::AllocFlags,
        order::{
            Block,
            Order,
            PageIdx, //
        }, //
    }, //
};
use std::{
    collections::HashMap,
    sync::{
        atomic::{
            AtomicBool,
            AtomicU64,
            Ordering::Relaxed, //
        },
        Mutex, //
    },
    thread, //
};

/// What the threads have together.
struct Storm {
    region: Region,
    /// Contents of each page, 0 if it is nobody's.
    memory: Vec<AtomicU64>,
    /// Blocks by their first page: key and order.
    held: Mutex<HashMap<u32, (u64, Order)>>,
    moves: AtomicU64,
    over: AtomicBool,
}

impl Storm {
    fn new(nr_pages: u32) -> Self {
        let config = RegionConfig {
            nr_pages,
            nid: 0,
            pageblock_order: Order::new(9).expect("an order"),
            shares: Shares::NONE,
            has_huge: true,
            lazy: false,
            exact: false,
            gfp_allowed: Gfp::ALL,
        };
        let span = NodeSpan {
            nid: 0,
            start: PageIdx::new(0),
            nr_pages,
        };

        Self {
            region: Region::new(config, &[span]).expect("memory for a small region"),
            memory: (0..nr_pages).map(|_| AtomicU64::new(0)).collect(),
            held: Mutex::default(),
            moves: AtomicU64::new(0),
            over: AtomicBool::new(false),
        }
    }

    fn pages(head: PageIdx, order: Order) -> std::ops::Range<usize> {
        head.get() as usize..(head.get() + order.nr_pages()) as usize
    }

    /// Pages that were nobody's get contents.
    fn write(&self, head: PageIdx, order: Order, key: u64) {
        for page in Self::pages(head, order) {
            assert_eq!(self.memory[page].swap(key, Relaxed), 0, "{page} was in use");
        }
    }

    /// Pages with these contents become nobody's.
    fn erase(&self, head: PageIdx, order: Order, key: u64) {
        for page in Self::pages(head, order) {
            assert_eq!(self.memory[page].swap(0, Relaxed), key, "{page} was lost");
        }
    }

    /// Takes blocks, and gives others back.
    fn churn(&self, seed: u64) {
        let mut dice = seed | 1;
        let mut own = 0;

        while !self.over.load(Relaxed) {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            let order = Order::new((dice >> 8) as u32 % 5).expect("an order");
            let any = AllocContext::new(Gfp::MOVABLE | Gfp::NORETRY, order).expect("a request");

            // About half of the region is in use.
            if own * 2 < self.memory.len() / 2 {
                if let Some(got) = self.region.alloc_pages(&any) {
                    let mut held = self.held.lock().expect("a lock");

                    self.write(got.block.head(), order, dice);
                    held.insert(got.block.head().get(), (dice, order));
                    own += order.nr_pages() as usize;
                    continue;
                }
            }
            if let Some(block) = self.give_up((dice >> 16) as u32 % self.memory.len() as u32) {
                own = own.saturating_sub(block.nr_pages() as usize);
                self.region.free_pages(block);
            }
        }
    }

    /// The first block from `page` on, if there is one near.
    fn give_up(&self, page: u32) -> Option<Block> {
        let mut held = self.held.lock().expect("a lock");
        let page = (page..page + 64).find(|page| held.contains_key(page))?;
        let (key, order) = held.remove(&page)?;

        self.erase(PageIdx::new(page), order, key);
        Some(Block::new(PageIdx::new(page), order))
    }

    fn compact_all(&self) {
        let task = CompactTask {
            nid: None,
            zone: None,
            order: None,
            priority: CompactPriority::SyncFull,
        };

        while !self.over.load(Relaxed) {
            self.region
                .compact_nodes(&task, self, &|_| self.over.load(Relaxed));
        }
    }

    fn compact_for_blocks(&self) {
        let gfp = Gfp::MOVABLE | Gfp::DIRECT_RECLAIM | Gfp::IO;
        let priorities = [
            CompactPriority::Async,
            CompactPriority::SyncLight,
            CompactPriority::SyncFull,
        ];

        for (nr, priority) in (0u32..).zip(priorities.into_iter().cycle()) {
            let order = Order::new(3 + nr % 7).expect("an order");
            let ctx = AllocContext::new(gfp, order).expect("a request");
            let flags = AllocFlags::WMARK_MIN;
            let (_, block) =
                self.region
                    .try_to_compact_pages((&ctx, ctx.order), flags, priority, self);

            if let Some(block) = block {
                // Nobody else has it.
                self.write(block.head(), order, u64::MAX);
                self.erase(block.head(), order, u64::MAX);
                self.region.free_pages(block);
            }
            if self.over.load(Relaxed) {
                return;
            }
        }
    }

    /// Nothing is lost, in the contents or on the lists.
    fn check(&self) {
        let held = self.held.lock().expect("a lock");
        let mut nr_held = 0;

        for (head, (key, order)) in held.iter() {
            for page in Self::pages(PageIdx::new(*head), *order) {
                assert_eq!(self.memory[page].load(Relaxed), *key, "{page} was lost");
            }
            nr_held += u64::from(order.nr_pages());
        }
        self.region.drain_all_pages();
        let report = self.region.validate();

        assert_eq!(report.errors, 0, "{report:?}");
        assert_eq!(report.isolated, 0);
        assert_eq!(report.free + nr_held, self.memory.len() as u64);
        assert_eq!(
            self.region
                .zones()
                .map(|zone| zone.nr_isolated())
                .sum::<u64>(),
            0
        );
    }
}

impl Owners for Storm {
    fn movable(&self, page: PageIdx) -> Option<Order> {
        sys::might_sleep();
        let held = self.held.lock().expect("a lock");

        held.get(&page.get()).map(|(_, order)| *order)
    }

    fn migrate(&self, from: PageIdx, target: Block) -> Migrated {
        sys::might_sleep();
        let mut held = self.held.lock().expect("a lock");
        let Some((key, order)) = held.get(&from.get()).copied() else {
            return Migrated::Stayed(target);
        };

        // Another block may be there by now, and some refuse.
        if order != target.order() || key % 16 == 0 {
            return Migrated::Stayed(target);
        }
        self.erase(from, order, key);
        self.write(target.head(), order, key);
        held.remove(&from.get());
        held.insert(target.head().get(), (key, order));
        self.moves.fetch_add(1, Relaxed);
        Migrated::Moved(Block::new(from, order))
    }

    fn reclaim(&self, _page: PageIdx, _force: bool) -> Reclaimed {
        Reclaimed::Unevictable
    }

    fn deactivate(&self, _page: PageIdx) -> bool {
        false
    }

    fn oom(&self, _ctx: &AllocContext) -> OomResult {
        OomResult::NoVictim
    }
}

/// Moves at least `moves` blocks of a region that is in use.
///
/// # Panics
///
/// If anything is lost.
pub fn run(moves: u64) {
    let storm = Storm::new(16384);

    thread::scope(|scope| {
        for cpu in 0..2 {
            let storm = &storm;

            scope.spawn(move || {
                sys::set_this_cpu(cpu);
                storm.churn(0x9e37_79b9 << cpu);
            });
            scope.spawn(move || {
                sys::set_this_cpu(cpu);
                match cpu {
                    0 => storm.compact_all(),
                    _ => storm.compact_for_blocks(),
                }
            });
        }
        while storm.moves.load(Relaxed) < moves && !thread::panicking() {
            thread::sleep(std::time::Duration::from_millis(10));
        }
        storm.over.store(true, Relaxed);
    });
    storm.check();
}
