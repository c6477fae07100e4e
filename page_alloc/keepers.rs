// SPDX-License-Identifier: GPL-2.0

//! One who holds movable blocks, for tests, and regions that he has made holes in.

#![deny(unsafe_code)]

use super::{
    compact_nodes::{
        CompactReport,
        CompactTask, //
    },
    fixture::one_zone,
    Region, //
};
use crate::{
    gfp::{
        context::AllocContext,
        Gfp, //
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
        order::{
            Block,
            Order,
            PageIdx, //
        },
        Zone,
        ZoneType, //
    }, //
};
use kernel::prelude::*;

pub(super) const MOVABLE: Gfp = Gfp::MOVABLE;
/// A request that waits and may compact.
pub(super) const KERNEL: Gfp = Gfp::from_bits(0x480);

/// What a page holds that belongs to nobody.
const NOBODY: u64 = 0;

/// One who holds blocks and remembers what is in them.
struct Keeper {
    /// Contents of each page.
    memory: KVVec<u64>,
    /// Order of the block that begins at a page, plus one; 0: none.
    heads: KVVec<u8>,
    pinned: KVVec<bool>,
    /// Where each block is, by its key; `None`: given back.
    places: KVVec<Option<PageIdx>>,
    nr_moves: u64,
    /// Moves that are refused from now on.
    refuse: u64,
    /// Targets that are bad from now on.
    lose: u64,
}

impl Keeper {
    fn key_at(&self, page: PageIdx) -> u64 {
        self.memory[page.get() as usize] >> 16
    }

    fn order_at(&self, page: PageIdx) -> Option<Order> {
        Order::new(u32::from(*self.heads.get(page.get() as usize)?).wrapping_sub(1))
    }

    fn write(&mut self, head: PageIdx, order: Order, key: u64) {
        for page in 0..order.nr_pages() {
            let slot = (head.get() + page) as usize;

            assert!(self.memory[slot] == NOBODY);
            self.memory[slot] = key << 16 | u64::from(page) | 1 << 15;
        }
        self.heads[head.get() as usize] = order.get() + 1;
    }

    fn erase(&mut self, head: PageIdx, order: Order) {
        for page in 0..order.nr_pages() {
            self.memory[(head.get() + page) as usize] = NOBODY;
        }
        self.heads[head.get() as usize] = 0;
    }

    fn migrate(&mut self, from: PageIdx, target: Block) -> Result<Block, Block> {
        let Some(order) = self.order_at(from) else {
            return Err(target);
        };

        if order != target.order() || self.pinned[from.get() as usize] || self.refuse > 0 {
            self.refuse = self.refuse.saturating_sub(1);
            return Err(target);
        }
        let key = self.key_at(from);

        self.write(target.head(), order, key);
        self.erase(from, order);
        self.places[key as usize] = Some(target.head());
        self.nr_moves += 1;
        Ok(Block::new(from, order))
    }

    /// Blocks whose contents are not what was written.
    fn nr_lost(&self) -> u64 {
        let mut lost = 0;

        for (key, place) in self.places.iter().enumerate() {
            let Some(head) = *place else {
                continue;
            };
            let nr_pages = self.order_at(head).map_or(0, Order::nr_pages);
            let whole = (0..nr_pages).all(|page| {
                let want = (key as u64) << 16 | u64::from(page) | 1 << 15;

                self.memory[(head.get() + page) as usize] == want
            });

            lost += u64::from(!whole || nr_pages == 0);
        }
        lost
    }
}

/// The same for everyone.
pub(super) struct Keepers(sys::Locked<Keeper>);

impl Keepers {
    pub(super) fn new(nr_pages: u32) -> Result<Self> {
        let nr = nr_pages as usize;
        let keeper = Keeper {
            memory: KVVec::from_elem(NOBODY, nr, GFP_KERNEL)?,
            heads: KVVec::from_elem(0, nr, GFP_KERNEL)?,
            pinned: KVVec::from_elem(false, nr, GFP_KERNEL)?,
            places: KVVec::with_capacity(nr, GFP_KERNEL)?,
            nr_moves: 0,
            refuse: 0,
            lose: 0,
        };

        Ok(Self(sys::new_locked!(keeper, c"rust_buddy_keeper")?))
    }

    /// Keeps a block.
    pub(super) fn keep(&self, block: Block) -> Result {
        self.0.with(|keeper| {
            let key = keeper.places.len() as u64;

            keeper.places.push_within_capacity(Some(block.head()))?;
            keeper.write(block.head(), block.order(), key);
            Ok(())
        })
    }

    /// Gives the block at `page` up, if there is one.
    pub(super) fn give_up(&self, page: PageIdx) -> Option<Block> {
        self.0.with(|keeper| {
            let order = keeper.order_at(page)?;
            let key = keeper.key_at(page);

            keeper.erase(page, order);
            keeper.places[key as usize] = None;
            Some(Block::new(page, order))
        })
    }

    pub(super) fn pin(&self, page: PageIdx) {
        self.0
            .with(|keeper| keeper.pinned[page.get() as usize] = true);
    }

    /// Refuses so many moves from now on.
    pub(super) fn refuse(&self, nr: u64) {
        self.0.with(|keeper| keeper.refuse = nr);
    }

    /// Finds so many targets bad from now on.
    pub(super) fn lose(&self, nr: u64) {
        self.0.with(|keeper| keeper.lose = nr);
    }

    pub(super) fn holds(&self, page: PageIdx) -> bool {
        self.0.with(|keeper| keeper.order_at(page).is_some())
    }

    pub(super) fn nr_lost(&self) -> u64 {
        self.0.with(|keeper| keeper.nr_lost())
    }

    pub(super) fn nr_moves(&self) -> u64 {
        self.0.with(|keeper| keeper.nr_moves)
    }
}

impl Owners for Keepers {
    fn movable(&self, page: PageIdx) -> Option<Order> {
        // Not under a zone's lock.
        sys::might_sleep();
        self.0.with(|keeper| {
            let order = keeper.order_at(page)?;

            (!keeper.pinned[page.get() as usize]).then_some(order)
        })
    }

    fn held(&self, page: PageIdx) -> Option<Order> {
        self.0.with(|keeper| keeper.order_at(page))
    }

    fn migrate(&self, from: PageIdx, target: Block) -> Migrated {
        sys::might_sleep();
        self.0.with(|keeper| match keeper.lose {
            0 => keeper.migrate(from, target).into(),
            nr => {
                keeper.lose = nr - 1;
                Migrated::Lost
            }
        })
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

/// Numbers that are as good as random.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn below(&mut self, n: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) as u32 % n
    }
}

pub(super) fn order(order: u32) -> Result<Order> {
    Order::new(order).ok_or(EINVAL)
}

/// A region that somebody has all of, in movable blocks of these orders by turns.
pub(super) fn full(nr_pages: u32, orders: &[u32]) -> Result<(Region, Keepers)> {
    let region = one_zone(nr_pages)?;
    let keepers = Keepers::new(nr_pages)?;
    let mut nr = 0;

    while let Some(block) = take(&region, orders[nr % orders.len()]).or_else(|| take(&region, 0)) {
        keepers.keep(block)?;
        nr += 1;
    }
    assert_eq!(region.nr_free(), 0);
    Ok((region, keepers))
}

/// A movable block, whatever the watermarks say.
pub(super) fn take(region: &Region, order: u32) -> Option<Block> {
    let ctx = AllocContext::new(MOVABLE | Gfp::MEMALLOC, Order::new(order)?)?;

    region.alloc_pages(&ctx).map(|allocated| allocated.block)
}

pub(super) fn free(region: &Region, keepers: &Keepers, page: u32) {
    if let Some(block) = keepers.give_up(PageIdx::new(page)) {
        region.free_pages(block);
    }
}

/// Gives blocks up at random until half of the region is free, but no whole pageblock.
pub(super) fn fragment(region: &Region, keepers: &Keepers, seed: u64) -> Result {
    let nr_pages = region.config().nr_pages;
    let mut dice = Dice(seed);

    while region.nr_free() < u64::from(nr_pages / 2) {
        let page = dice.below(nr_pages);
        // One page of each pageblock stays.
        if page % 512 != 77 {
            free(region, keepers, page);
        }
    }
    assert_eq!(nr_whole(region)?, 0);
    Ok(())
}

pub(super) fn zone(region: &Region) -> Result<&Zone> {
    Ok(region.pageset(ZoneType::Normal).ok_or(EINVAL)?.zone())
}

/// Free blocks of a pageblock.
pub(super) fn nr_whole(region: &Region) -> Result<u64> {
    Ok(zone(region)?.nr_free_in_pageblocks() / 512)
}

/// Everything, until the scanners meet.
pub(super) fn everything(priority: CompactPriority) -> CompactTask {
    CompactTask {
        nid: None,
        zone: None,
        order: None,
        priority,
    }
}

pub(super) fn compact(region: &Region, keepers: &Keepers, task: &CompactTask) -> CompactReport {
    region.compact_nodes(task, keepers, &|_| false)
}

pub(super) fn check(region: &Region, keepers: &Keepers) {
    assert_eq!(keepers.nr_lost(), 0);
    assert_eq!(region.validate().errors, 0);
    assert_eq!(region.validate().isolated, 0);
    for zone in region.zones() {
        assert_eq!(zone.nr_isolated(), 0);
    }
}
