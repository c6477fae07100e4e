// SPDX-License-Identifier: GPL-2.0

//! Random requests to a region, checked against a naive model.
//!
//! The model knows only who has which page. After every step the region recounts itself, and the
//! two must agree on every page.

#![deny(unsafe_code)]

use crate::{
    gfp::{
        context::AllocContext,
        Gfp, //
    },
    page_alloc::{
        layout::Shares,
        node::NodeSpan,
        pageset::Pageset,
        Allocated,
        Region,
        RegionConfig, //
    },
    sys,
    zone::{
        order::{
            Block,
            Order,
            PageIdx, //
        },
        ZoneType, //
    }, //
};

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
    /// Give back one of the blocks in use.
    Free {
        /// Taken modulo their number.
        which: u32,
    },
    /// Go on on another CPU.
    Move {
        /// Taken modulo the number of CPUs.
        cpu: u32,
    },
    /// Do what is done once a second.
    Tick,
}

/// The composites that a run draws from.
const COMPOSITES: [fn() -> Gfp; 8] = [
    || Gfp::DIRECT_RECLAIM | Gfp::KSWAPD_RECLAIM | Gfp::IO | Gfp::FS,
    || Gfp::HIGH | Gfp::KSWAPD_RECLAIM,
    || Gfp::KSWAPD_RECLAIM | Gfp::NOWARN,
    || Gfp::DIRECT_RECLAIM | Gfp::HIGHMEM | Gfp::MOVABLE,
    || Gfp::DIRECT_RECLAIM | Gfp::RECLAIMABLE,
    || Gfp::DMA,
    || Gfp::DMA32 | Gfp::MOVABLE,
    || Gfp::MEMALLOC,
];

/// A region and the model beside it.
pub struct Model {
    region: Region,
    in_use: Vec<Block>,
    /// For each page whether somebody has it.
    taken: Vec<bool>,
    /// Requests that failed.
    pub failures: u64,
}

impl Model {
    /// A region of `nr_pages`, a multiple of 1024, with all four zones if they fit.
    ///
    /// # Panics
    ///
    /// If the numbers make no region.
    pub fn new(nr_pages: u32, pageblock_order: u32) -> Self {
        let config = RegionConfig {
            nr_pages,
            nid: 0,
            pageblock_order: Order::new(pageblock_order).expect("an order"),
            shares: Shares::new(7, 25, 25).expect("shares within 100 percent"),
            has_huge: pageblock_order == 9,
            lazy: false,
            exact: false,
            gfp_allowed: Gfp::ALL,
        };
        let span = NodeSpan {
            nid: 0,
            start: PageIdx::new(0),
            nr_pages,
        };
        let region = Region::new(config, &[span]);

        Self {
            region: region.expect("memory for a small region"),
            in_use: Vec::new(),
            taken: vec![false; nr_pages as usize],
            failures: 0,
        }
    }

    /// Does one step.
    ///
    /// # Panics
    ///
    /// If the region hands out what somebody has, or something misplaced.
    pub fn step(&mut self, op: Op) {
        match op {
            Op::Alloc { order, gfp } => self.alloc(order, gfp),
            Op::Free { which } => self.free(which),
            Op::Move { cpu } => sys::set_this_cpu(cpu % sys::nr_cpus()),
            Op::Tick => self.region.refresh_cpu_vm_stats(sys::this_cpu()),
        }
        for pageset in self.region.pagesets() {
            for cpu in 0..pageset.nr_cpus() {
                assert_eq!(pageset.with(cpu, |pcp| pcp.validate()), Some(true));
            }
            assert_eq!(pageset.events().ring_full, 0);
        }
    }

    fn alloc(&mut self, order: u32, gfp: u32) {
        let gfp = COMPOSITES[gfp as usize % COMPOSITES.len()]();
        let order = Order::new(order % 11).expect("an order");
        let ctx = AllocContext::new(gfp, order).expect("composites are valid");

        match self.region.alloc_pages(&ctx) {
            Some(allocated) => self.take(&ctx, allocated),
            None => self.failures += 1,
        }
    }

    fn take(&mut self, ctx: &AllocContext, Allocated { block, zone, .. }: Allocated) {
        assert!(block.order() == ctx.order && block.head().is_aligned(ctx.order));
        assert!(zone <= ctx.highest_zone, "{zone:?} for {ctx:?}");
        for page in pages(&block) {
            assert!(!self.taken[page], "page {page} handed out twice");
            self.taken[page] = true;
        }
        self.in_use.push(block);
    }

    fn free(&mut self, which: u32) {
        if self.in_use.is_empty() {
            return;
        }
        let block = self.in_use.swap_remove(which as usize % self.in_use.len());

        for page in pages(&block) {
            self.taken[page] = false;
        }
        self.region.free_pages(block);
    }

    /// Recounts the region and compares it with the model.
    ///
    /// # Panics
    ///
    /// If they differ.
    pub fn check(&self) {
        let report = self.region.validate();
        let taken = self.taken.iter().filter(|taken| **taken).count() as u64;

        assert_eq!(report.errors, 0, "{report:?}");
        assert_eq!(report.checked, self.taken.len() as u64);
        assert_eq!(report.free + self.region.nr_pcp() + taken, report.checked);
        assert_eq!(self.region.nr_free(), report.free);
        assert_eq!(self.region.nr_alloc_fail(), self.failures);
    }

    /// Gives everything back: the region must be one row of largest blocks again.
    ///
    /// # Panics
    ///
    /// If it is not.
    pub fn finish(mut self) {
        while !self.in_use.is_empty() {
            self.free(0);
        }
        self.check();
        self.region.drain_all_pages();
        self.check();
        for kind in ZoneType::ALL {
            let Some(zone) = self.region.pageset(kind).map(Pageset::zone) else {
                continue;
            };
            let blocks = zone.snapshot().nr_blocks(Order::MAX);

            assert_eq!(blocks * Order::MAX.nr_pages(), zone.span().nr_pages);
        }
    }
}

fn pages(block: &Block) -> std::ops::Range<usize> {
    let head = block.head().get() as usize;

    head..head + block.nr_pages() as usize
}
