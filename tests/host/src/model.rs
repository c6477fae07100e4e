// SPDX-License-Identifier: GPL-2.0

//! Random requests to a region, checked against a naive model.
//!
//! The model knows only who has which page. After every step the region recounts itself, and the
//! two must agree on every page.

#![deny(unsafe_code)]

mod requests;
mod upkeep;

pub use crate::ops::Op;
use crate::{
    gfp::Gfp,
    ops::{
        decode,
        Contention,
        Setup, //
    },
    page_alloc::{
        layout::Shares,
        node::NodeSpan,
        pageset::Pageset,
        Region,
        RegionConfig, //
    },
    sys,
    zone::{
        alloc_flags::{
            AllocFlags,
            FreeFlags, //
        },
        migratetype::Migratetype,
        order::{
            Order,
            PageIdx, //
        },
        vmstat::NumaPlace,
        Zone, //
    }, //
};
use std::ops::Range;

/// Where requests come from makes no difference here.
const HERE: NumaPlace = NumaPlace {
    preferred: true,
    local: true,
};

/// Something in use.
#[derive(Clone, Copy, Debug)]
enum Held {
    Block(PageIdx, Order),
    /// What `alloc_contig_range()` gave.
    Range(PageIdx, u32),
    /// What `alloc_pages_exact()` gave.
    Exact(PageIdx, u32),
}

impl Held {
    fn pages(self) -> Range<u32> {
        let (start, nr) = match self {
            Self::Block(head, order) => (head, order.nr_pages()),
            Self::Range(start, nr) | Self::Exact(start, nr) => (start, nr),
        };

        start.get()..start.get() + nr
    }
}

/// Blocks that may wait for a lock at most: more than so many wait for it themselves.
const MAX_WAITING: u64 = 60;

/// A region and the model beside it.
pub struct Model {
    region: Region,
    in_use: Vec<Held>,
    /// For each page whether somebody has it.
    taken: Vec<bool>,
    nr_taken: u64,
    /// Something was given back without waiting. That drains no list, whatever its limits.
    nolock_frees: bool,
    /// Some zone had a high-order atomic reserve.
    had_reserve: bool,
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
        Self::of(&Setup {
            nodes: 1,
            nr_pages,
            pageblock_order,
            shares: [7, 25, 25],
            lazy: false,
            exact: false,
            large_cache: false,
        })
    }

    /// A region of this shape.
    ///
    /// # Panics
    ///
    /// If the numbers make no region.
    pub fn of(setup: &Setup) -> Self {
        let nr_pages = setup.nodes * setup.nr_pages;
        let [dma, dma32, movable] = setup.shares;
        let config = RegionConfig {
            nr_pages,
            nid: 0,
            pageblock_order: Order::new(setup.pageblock_order).expect("an order"),
            shares: Shares::new(dma, dma32, movable).expect("shares within 100 percent"),
            has_huge: setup.pageblock_order == 9,
            lazy: setup.lazy,
            exact: setup.exact,
            gfp_allowed: Gfp::ALL,
        };
        let span = |nid: u32| NodeSpan {
            nid: nid as i32,
            start: PageIdx::new(nid * setup.nr_pages),
            nr_pages: setup.nr_pages,
        };
        let spans: Vec<_> = (0..setup.nodes).map(span).collect();

        sys::set_this_cpu(0);
        sys::set_large_cache(setup.large_cache);
        Self {
            region: Region::new(config, &spans).expect("memory for a small region"),
            in_use: Vec::new(),
            taken: vec![false; nr_pages as usize],
            nr_taken: 0,
            nolock_frees: false,
            had_reserve: false,
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
            Op::Alloc { order, gfp } => self.alloc_plain(order, gfp),
            Op::AllocOn(ask) => self.alloc(&ask),
            Op::AllocNolock(ask, contention) => self.alloc_nolock(&ask, contention),
            Op::AllocContended { ask, zone } => self.alloc_contended(&ask, zone),
            Op::Bulk { ask, len, present } => self.bulk(&ask, len, present),
            Op::Exact { ask, nr } => self.exact(&ask, nr),
            Op::ContigRange { start, nr } => self.contig_range(start, nr),
            Op::ContigPages { ask, more } => self.contig_pages(&ask, more),
            Op::Free { which } => self.free(which, Contention::None),
            Op::FreeContended { which, zone } => self.free(which, Contention::Lists(zone)),
            Op::FreeNolock { which, contention } => self.free_nolock(which, contention),
            Op::Split { which } => self.split(which),
            _ => self.upkeep(op),
        }
        for pageset in self.region.pagesets() {
            assert!(pageset.events().ring_full == 0 || self.nolock_frees);
        }
    }

    /// A page that is handed out is nobody's, on no free list and in nobody's stock.
    fn take(&mut self, held: Held) {
        for page in held.pages() {
            assert!(!self.taken[page as usize], "page {page} handed out twice");
            self.taken[page as usize] = true;
            self.nr_taken += 1;
        }
        assert_eq!(self.nr_free_in(held.pages()), 0, "{held:?} is free");
        self.in_use.push(held);
    }

    /// Takes something out of what is in use.
    fn drop_one(&mut self, which: u32) -> Option<Held> {
        let which = (which as usize).checked_rem(self.in_use.len())?;
        let held = self.in_use.swap_remove(which);

        for page in held.pages() {
            self.taken[page as usize] = false;
            self.nr_taken -= 1;
        }
        Some(held)
    }

    /// Pages of a range in one zone that are on free lists or in stock.
    fn nr_free_in(&self, pages: Range<u32>) -> u32 {
        let (start, end) = (PageIdx::new(pages.start), PageIdx::new(pages.end));
        let pageset = self.region.pageset_of(start).expect("pages lie in a zone");
        let free = pageset.zone().with(|buddy| buddy.free_pages_in(start, end));

        free + pageset.nr_pages_in(start, end)
    }

    /// The zone of this number, with its lists.
    fn pageset(&self, nr: u32) -> &Pageset {
        let nr = nr as usize % self.region.pagesets().count();

        self.region.pagesets().nth(nr).expect("a zone")
    }

    /// Runs `f` while somebody else holds something.
    fn against<R>(&self, contention: Contention, f: impl FnOnce(&Region) -> R) -> R {
        match contention {
            Contention::None => f(&self.region),
            Contention::Lists(zone) => self
                .pageset(zone)
                .with(sys::this_cpu(), |_| f(&self.region))
                .expect("this CPU has lists"),
            Contention::Zone(zone) => self.pageset(zone).zone().with(|_| f(&self.region)),
        }
    }

    /// Recounts the region and compares it with the model.
    ///
    /// # Panics
    ///
    /// If they differ.
    pub fn check(&mut self) {
        let report = self.region.validate();
        let managed: u64 = self.region.zones().map(Zone::managed).sum();
        let known = report.free + self.region.nr_pcp() + self.nr_taken;

        assert_eq!(report.errors, 0, "{report:?}");
        assert_eq!(report.checked, self.taken.len() as u64);
        let waiting = managed.wrapping_sub(known);

        // Of what waits only the number of blocks is known.
        match self.region.nr_deferred() {
            0 => assert_eq!(waiting, 0, "{report:?}"),
            nr => assert!((nr..=nr * 1024).contains(&waiting), "{report:?}"),
        }
        assert_eq!(self.region.nr_free(), report.free);
        assert_eq!(self.region.nr_alloc_fail(), self.failures);
        self.had_reserve |= self
            .region
            .zones()
            .any(|zone| zone.snapshot().nr_reserved_highatomic > 0);
    }

    /// Nothing in use is free: the same page by page.
    ///
    /// # Panics
    ///
    /// If they differ.
    pub fn check_pages(&self) {
        for held in &self.in_use {
            assert_eq!(self.nr_free_in(held.pages()), 0, "{held:?} is free");
        }
    }

    /// Gives everything back: the region must be one row of largest blocks again.
    ///
    /// # Panics
    ///
    /// If it is not.
    pub fn finish(mut self) {
        self.check_pages();
        while !self.in_use.is_empty() {
            self.free(0, Contention::None);
        }
        self.check();
        self.region.drain_all_pages();
        self.check();
        assert_eq!(self.region.nr_deferred(), 0);
        for zone in self.region.zones() {
            if self.had_reserve {
                dissolve_reserve(zone);
            }
            let blocks = zone.snapshot().nr_blocks(Order::MAX);

            assert_eq!(u64::from(blocks * Order::MAX.nr_pages()), zone.managed());
        }
    }
}

/// The high-order atomic reserve does not merge with its neighbours, nor does what it was later
/// given up for: each page has to come and go once.
fn dissolve_reserve(zone: &Zone) {
    let take = || {
        zone.rmqueue(
            Order::ZERO,
            Migratetype::Movable,
            AllocFlags::WMARK_MIN,
            HERE,
        )
    };

    while zone.with(|buddy| buddy.unreserve_highatomic_pageblock(Migratetype::Movable, true)) {}
    for page in std::iter::from_fn(take).collect::<Vec<_>>() {
        zone.free(page, FreeFlags::None);
    }
}

/// Does a whole run, checking after each step.
///
/// # Panics
///
/// If the region and the model disagree.
pub fn run(bytes: &[u8], mut see: impl FnMut(&dyn std::fmt::Debug)) {
    let (setup, ops) = decode(bytes);
    let mut model = Model::of(&setup);

    see(&setup);
    model.check();
    for op in ops {
        see(&op);
        model.step(op);
        model.check();
    }
    model.finish();
}
