// SPDX-License-Identifier: GPL-2.0

//! Steps that take pages or give them back.

#![deny(unsafe_code)]

use super::{
    Held,
    Model,
    MAX_WAITING, //
};
use crate::{
    gfp::{
        context::AllocContext,
        Gfp, //
    },
    ops::{
        Ask,
        Contention, //
    },
    page_alloc::{
        Allocated,
        Path, //
    },
    sys,
    zone::{
        migratetype::Migratetype,
        order::{
            Block,
            Order,
            PageIdx, //
        },
        Zone, //
    }, //
};

/// The composites that a run draws from.
const COMPOSITES: [fn() -> Gfp; 12] = [
    || Gfp::DIRECT_RECLAIM | Gfp::KSWAPD_RECLAIM | Gfp::IO | Gfp::FS,
    || Gfp::HIGH | Gfp::KSWAPD_RECLAIM,
    || Gfp::KSWAPD_RECLAIM | Gfp::NOWARN,
    || Gfp::DIRECT_RECLAIM | Gfp::FS | Gfp::HIGHMEM | Gfp::MOVABLE,
    || Gfp::DIRECT_RECLAIM | Gfp::FS | Gfp::RECLAIMABLE,
    || Gfp::DMA,
    || Gfp::DMA32 | Gfp::MOVABLE,
    || Gfp::MEMALLOC,
    || Gfp::MEMALLOC | Gfp::HIGHMEM | Gfp::MOVABLE | Gfp::KSWAPD_RECLAIM,
    || Gfp::MEMALLOC | Gfp::NOMEMALLOC | Gfp::HIGH,
    || Gfp::DIRECT_RECLAIM | Gfp::FS | Gfp::ACCOUNT | Gfp::KSWAPD_RECLAIM,
    || Gfp::HIGH | Gfp::MOVABLE | Gfp::HIGHMEM,
];

/// A page that stands for those that a caller of bulk has already.
const PRESENT: PageIdx = PageIdx::NONE;

fn context(ask: &Ask, order: Order) -> AllocContext {
    let gfp = COMPOSITES[ask.gfp as usize % COMPOSITES.len()]();
    let gfp = match ask.this_node {
        true => gfp | Gfp::THISNODE,
        false => gfp,
    };
    let plain = AllocContext::new(gfp, order).expect("composites are valid");

    AllocContext {
        nid: ask.node.checked_sub(1).map(|nid| nid as i32),
        nodemask: u64::from(ask.mask),
        ..plain
    }
}

fn order_of(ask: &Ask) -> Order {
    Order::new(ask.order % 11).expect("an order")
}

impl Model {
    pub(super) fn alloc_plain(&mut self, order: u32, gfp: u32) {
        self.alloc(&Ask {
            order,
            gfp: gfp % 8,
            node: 0,
            mask: 0,
            this_node: false,
        });
    }

    pub(super) fn alloc(&mut self, ask: &Ask) {
        let ctx = context(ask, order_of(ask));

        sys::start_task();
        match self.region.alloc_pages(&ctx) {
            Some(allocated) => self.take_block(&ctx, allocated),
            None => self.fail(&ctx),
        }
    }

    pub(super) fn alloc_contended(&mut self, ask: &Ask, zone: u32) {
        let plain = context(ask, order_of(ask));
        // Who may wait would drain the lists in the end, and nobody lets go of them.
        let ctx = AllocContext {
            gfp: plain.gfp.without(Gfp::DIRECT_RECLAIM),
            ..plain
        };
        let contention = Contention::Lists(zone);

        match self.against(contention, |region| region.alloc_pages(&ctx)) {
            Some(allocated) => self.take_block(&ctx, allocated),
            None => self.fail(&ctx),
        }
    }

    pub(super) fn alloc_nolock(&mut self, ask: &Ask, contention: Contention) {
        let ctx = context(ask, order_of(ask));
        let allocated = self.against(contention, |region| {
            sys::without_waiting(|| region.alloc_pages_nolock(&ctx))
        });

        if let Some(allocated) = allocated {
            self.take_block(&ctx, allocated);
        }
    }

    fn take_block(&mut self, ctx: &AllocContext, allocated: Allocated) {
        let Allocated {
            block,
            zone,
            nid,
            path,
        } = allocated;

        assert!(block.order() == ctx.order && block.head().is_aligned(ctx.order));
        self.assert_allowed(ctx, block.head());
        // Without the slow path nobody leaves its nodes.
        if matches!(path, Path::Pcp | Path::Buddy) {
            assert!(ctx.allows_node(nid), "{nid} for {ctx:?}");
        }
        let found = self.zone_of(block.head());
        assert!(found.kind() == zone && found.nid() == nid);
        self.take(Held::Block(block.head(), block.order()));
    }

    /// A page is where the request may have it from.
    fn assert_allowed(&self, ctx: &AllocContext, page: PageIdx) {
        let zone = self.zone_of(page);
        let wanted = ctx.nid.unwrap_or(0);

        assert!(zone.kind() <= ctx.highest_zone, "{page:?} for {ctx:?}");
        assert!(
            ctx.allows_node(zone.nid()) || may_ignore_nodes(ctx.gfp),
            "{page:?} for {ctx:?}"
        );
        assert!(!ctx.gfp.has(Gfp::THISNODE) || zone.nid() == wanted);
    }

    fn zone_of(&self, page: PageIdx) -> &Zone {
        let pageset = self.region.pageset_of(page);

        pageset.expect("pages lie in a zone").zone()
    }

    /// Counts a failure. Who may use everything fails only if there is nothing.
    fn fail(&mut self, ctx: &AllocContext) {
        self.failures += 1;
        if !ctx.gfp.has(Gfp::MEMALLOC) || ctx.gfp.has(Gfp::NOMEMALLOC) {
            return;
        }
        for zone in self.region.zones() {
            let wrong_node = ctx.gfp.has(Gfp::THISNODE) && zone.nid() != ctx.nid.unwrap_or(0);

            if zone.kind() > ctx.highest_zone || !ctx.allows_node(zone.nid()) || wrong_node {
                continue;
            }
            assert!(
                !has_block(zone, ctx.order) || self.no_node(ctx),
                "{ctx:?} failed beside a free block"
            );
        }
    }

    /// The request would like a node best that there is not.
    fn no_node(&self, ctx: &AllocContext) -> bool {
        ctx.nid.is_some_and(|nid| self.region.node(nid).is_none())
    }

    pub(super) fn bulk(&mut self, ask: &Ask, len: u32, present: u32) {
        let ctx = context(ask, Order::ZERO);
        let mut pages: Vec<_> = (0..len)
            .map(|nr| (nr < 32 && present >> nr & 1 != 0).then_some(PRESENT))
            .collect();
        let first = pages.iter().take_while(|page| page.is_some()).count();
        let before = pages.clone();
        let end = self.region.alloc_pages_bulk(&ctx, &mut pages);

        if first < pages.len() && end == first {
            self.failures += 1;
        }
        assert!(end <= pages.len() && pages[..end].iter().all(Option::is_some));
        assert_eq!(pages[end..], before[end..]);
        for (page, before) in pages.iter().zip(before) {
            match (page, before) {
                (Some(page), None) => {
                    self.assert_allowed(&ctx, *page);
                    self.take(Held::Block(*page, Order::ZERO));
                }
                _ => assert_eq!(*page, before),
            }
        }
    }

    pub(super) fn exact(&mut self, ask: &Ask, nr: u32) {
        let nr = 1 + nr % 1024;
        let ctx = context(ask, Order::ZERO);

        match self.region.alloc_pages_exact(&ctx, nr) {
            Some(start) => {
                self.assert_allowed(&ctx, start);
                self.take(Held::Exact(start, nr));
            }
            None => self.failures += 1,
        }
    }

    pub(super) fn contig_range(&mut self, start: u32, nr: u32) {
        let start = PageIdx::new(start % self.taken.len() as u32);

        if self.region.alloc_contig_range(start, nr).is_ok() {
            let last = start.add(nr - 1);

            assert!(self.zone_of(start).contains(last));
            self.take(Held::Range(start, nr));
        }
        self.assert_none_isolated();
    }

    pub(super) fn contig_pages(&mut self, ask: &Ask, more: u32) {
        let ctx = context(ask, Order::ZERO);
        let nr = order_of(ask).nr_pages() << (more & 3);

        if let Some(start) = self.region.alloc_contig_pages(&ctx, nr) {
            assert_eq!(start.get() % nr, 0);
            self.assert_allowed(&ctx, start);
            assert!(ctx.allows_node(self.zone_of(start).nid()));
            self.take(Held::Range(start, nr));
        }
        self.assert_none_isolated();
    }

    /// Isolation ends with the request that it is for.
    fn assert_none_isolated(&self) {
        for zone in self.region.zones() {
            let isolated = *zone.snapshot().pageblocks.at(Migratetype::Isolate);

            assert_eq!(isolated, 0, "{:?} has isolated pageblocks", zone.kind());
        }
    }

    pub(super) fn free(&mut self, which: u32, contention: Contention) {
        let Some(held) = self.drop_one(which) else {
            return;
        };

        self.against(contention, |region| match held {
            Held::Block(head, order) => region.free_pages(Block::new(head, order)),
            Held::Range(start, nr) => region.free_contig_range(start, nr),
            Held::Exact(start, nr) => region.free_pages_exact(start, nr),
        });
    }

    pub(super) fn free_nolock(&mut self, which: u32, contention: Contention) {
        let is_block = |held: &Held| matches!(held, Held::Block(..));
        let slot = (which as usize).checked_rem(self.in_use.len());

        // Too many that wait, and this one would wait too.
        if self.region.nr_deferred() >= MAX_WAITING
            || !slot.is_some_and(|slot| is_block(&self.in_use[slot]))
        {
            return;
        }
        let Some(Held::Block(head, order)) = self.drop_one(which) else {
            return;
        };

        self.nolock_frees = true;
        self.against(contention, |region| {
            sys::without_waiting(|| region.free_pages_nolock(Block::new(head, order)));
        });
    }

    /// Two halves of a block: both are in use.
    pub(super) fn split(&mut self, which: u32) {
        let Some(slot) = (which as usize).checked_rem(self.in_use.len()) else {
            return;
        };
        let Held::Block(head, order) = self.in_use[slot] else {
            return;
        };
        let Some(half) = u32::from(order.get()).checked_sub(1).and_then(Order::new) else {
            return;
        };

        self.in_use[slot] = Held::Block(head, half);
        self.in_use
            .push(Held::Block(head.add(half.nr_pages()), half));
    }
}

/// Whether a block of `order` is on a list that everyone may take from.
/// In the slow path urgent requests may go to nodes that they did not ask for
/// (C: "reset the nodemask if memory policies can be ignored" in `__alloc_pages_slowpath()`).
fn may_ignore_nodes(gfp: Gfp) -> bool {
    let urgent = gfp.has(Gfp::HIGH) && !gfp.has(Gfp::DIRECT_RECLAIM);

    urgent || gfp.has(Gfp::MEMALLOC) && !gfp.has(Gfp::NOMEMALLOC)
}

fn has_block(zone: &Zone, order: Order) -> bool {
    let snapshot = zone.snapshot();

    Migratetype::ALL
        .into_iter()
        .filter(|mt| mt.is_mergeable())
        .any(|mt| {
            let by_order = snapshot.blocks.at(mt);

            order.to_max().any(|order| *by_order.at(order) > 0)
        })
}
