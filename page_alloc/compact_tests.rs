// SPDX-License-Identifier: GPL-2.0

//! Compaction seen from outside: regions whose blocks have contents, which must survive.

#![deny(unsafe_code)]

use kernel::prelude::*;

#[kunit_tests(rust_buddy_compaction)]
mod tests {
    use super::super::{
        compact_nodes::{
            CompactReport,
            CompactTask, //
        },
        layout::Shares,
        node::NodeSpan,
        slow_events::SlowEvent,
        tunables::Tunable,
        Region,
        RegionConfig, //
    };
    use crate::{
        gfp::{
            context::AllocContext,
            Gfp, //
        },
        slowpath::{
            compact::{
                control::Progress,
                CompactPriority,
                CompactResult, //
            },
            owners::{
                NoOwners,
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
            },
            Zone,
            ZoneType, //
        }, //
    };
    use kernel::prelude::*;

    const MOVABLE: Gfp = Gfp::MOVABLE;
    /// A request that waits and may compact.
    const KERNEL: Gfp = Gfp::from_bits(0x480);

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
    struct Keepers(sys::Locked<Keeper>);

    impl Keepers {
        fn new(nr_pages: u32) -> Result<Self> {
            let nr = nr_pages as usize;
            let keeper = Keeper {
                memory: KVVec::from_elem(NOBODY, nr, GFP_KERNEL)?,
                heads: KVVec::from_elem(0, nr, GFP_KERNEL)?,
                pinned: KVVec::from_elem(false, nr, GFP_KERNEL)?,
                places: KVVec::with_capacity(nr, GFP_KERNEL)?,
                nr_moves: 0,
                refuse: 0,
            };

            Ok(Self(sys::new_locked!(keeper, c"rust_buddy_keeper")?))
        }

        /// Keeps a block.
        fn keep(&self, block: Block) -> Result {
            self.0.with(|keeper| {
                let key = keeper.places.len() as u64;

                keeper.places.push_within_capacity(Some(block.head()))?;
                keeper.write(block.head(), block.order(), key);
                Ok(())
            })
        }

        /// Gives the block at `page` up, if there is one.
        fn give_up(&self, page: PageIdx) -> Option<Block> {
            self.0.with(|keeper| {
                let order = keeper.order_at(page)?;
                let key = keeper.key_at(page);

                keeper.erase(page, order);
                keeper.places[key as usize] = None;
                Some(Block::new(page, order))
            })
        }

        fn pin(&self, page: PageIdx) {
            self.0
                .with(|keeper| keeper.pinned[page.get() as usize] = true);
        }

        fn holds(&self, page: PageIdx) -> bool {
            self.0.with(|keeper| keeper.order_at(page).is_some())
        }

        fn nr_lost(&self) -> u64 {
            self.0.with(|keeper| keeper.nr_lost())
        }

        fn nr_moves(&self) -> u64 {
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

        fn migrate(&self, from: PageIdx, target: Block) -> Result<Block, Block> {
            sys::might_sleep();
            self.0.with(|keeper| keeper.migrate(from, target))
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
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, n: u32) -> u32 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 20) as u32 % n
        }
    }

    fn order(order: u32) -> Result<Order> {
        Order::new(order).ok_or(EINVAL)
    }

    fn region(nr_pages: u32, shares: Shares) -> Result<Region> {
        let config = RegionConfig {
            nr_pages,
            nid: 0,
            pageblock_order: order(9)?,
            shares,
            has_huge: true,
            lazy: false,
            exact: true,
            gfp_allowed: Gfp::ALL,
        };
        let span = NodeSpan {
            nid: 0,
            start: PageIdx::new(0),
            nr_pages,
        };

        Region::new(config, &[span])
    }

    /// A region that somebody has all of, in movable blocks of these orders by turns.
    fn full(nr_pages: u32, orders: &[u32]) -> Result<(Region, Keepers)> {
        let region = region(nr_pages, Shares::NONE)?;
        let keepers = Keepers::new(nr_pages)?;
        let mut nr = 0;

        while let Some(block) =
            take(&region, orders[nr % orders.len()]).or_else(|| take(&region, 0))
        {
            keepers.keep(block)?;
            nr += 1;
        }
        assert_eq!(region.nr_free(), 0);
        Ok((region, keepers))
    }

    /// A movable block, whatever the watermarks say.
    fn take(region: &Region, order: u32) -> Option<Block> {
        let ctx = AllocContext::new(MOVABLE | Gfp::MEMALLOC, Order::new(order)?)?;

        region.alloc_pages(&ctx).map(|allocated| allocated.block)
    }

    fn free(region: &Region, keepers: &Keepers, page: u32) {
        if let Some(block) = keepers.give_up(PageIdx::new(page)) {
            region.free_pages(block);
        }
    }

    /// Gives blocks up at random until half of the region is free, but no whole pageblock.
    fn fragment(region: &Region, keepers: &Keepers, seed: u64) -> Result {
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

    fn zone(region: &Region) -> Result<&Zone> {
        Ok(region.pageset(ZoneType::Normal).ok_or(EINVAL)?.zone())
    }

    /// Free blocks of a pageblock.
    fn nr_whole(region: &Region) -> Result<u64> {
        Ok(zone(region)?.nr_free_in_pageblocks() / 512)
    }

    /// Everything, until the scanners meet.
    fn everything(priority: CompactPriority) -> CompactTask {
        CompactTask {
            nid: None,
            zone: None,
            order: None,
            priority,
        }
    }

    fn compact(region: &Region, keepers: &Keepers, task: &CompactTask) -> CompactReport {
        region.compact_nodes(task, keepers, &|_| false)
    }

    fn check(region: &Region, keepers: &Keepers) {
        assert_eq!(keepers.nr_lost(), 0);
        assert_eq!(region.validate().errors, 0);
        assert_eq!(region.validate().isolated, 0);
        for zone in region.zones() {
            assert_eq!(zone.nr_isolated(), 0);
        }
    }

    #[test]
    fn what_is_scattered_comes_together() -> Result {
        for (seed, orders) in [
            (1, &[0][..]),
            (2, &[0]),
            (3, &[0, 1, 0, 2, 3]),
            (4, &[5, 0]),
        ] {
            let (region, keepers) = full(65536, orders)?;

            fragment(&region, &keepers, seed)?;
            let free = region.nr_free();
            let report = compact(&region, &keepers, &everything(CompactPriority::SyncFull));

            assert_eq!(report.result, CompactResult::Complete);
            assert_eq!(region.nr_free(), free);
            assert!(nr_whole(&region)? * 100 >= free / 512 * 95);
            assert_eq!(report.freed_blocks as u64, nr_whole(&region)?);
            assert!(report.progress.migrated > 1000);
            // For single pages there is room until the scanners meet.
            assert!(report.progress.failed <= 1 || orders.len() > 1);
            check(&region, &keepers);
        }
        Ok(())
    }

    #[test]
    fn one_page_that_stays_keeps_its_pageblock() -> Result {
        let (region, keepers) = full(65536, &[0])?;

        for pageblock in 0..128 {
            keepers.pin(PageIdx::new(pageblock * 512 + 77));
        }
        fragment(&region, &keepers, 5)?;
        let report = compact(&region, &keepers, &everything(CompactPriority::SyncFull));

        assert_eq!(report.result, CompactResult::Complete);
        assert_eq!(report.freed_blocks, 0);
        assert_eq!(nr_whole(&region)?, 0);
        // No page was looked at more often than by each scanner once.
        assert!(report.progress.migrate_scanned + report.progress.free_scanned <= 2 * 65536);
        for pageblock in 0..128 {
            assert!(keepers.holds(PageIdx::new(pageblock * 512 + 77)));
        }
        check(&region, &keepers);
        Ok(())
    }

    fn try_for(
        region: &Region,
        keepers: &Keepers,
        gfp: Gfp,
        wanted: u32,
        priority: CompactPriority,
    ) -> Result<(CompactResult, Option<Block>)> {
        let ctx = AllocContext::new(gfp, order(wanted)?).ok_or(EINVAL)?;
        let flags = AllocFlags::WMARK_MIN;

        Ok(region.try_to_compact_pages(&ctx, flags, priority, keepers))
    }

    /// A region with half of its pages free, every other one.
    fn every_other(nr_pages: u32) -> Result<(Region, Keepers)> {
        let (region, keepers) = full(nr_pages, &[0])?;

        for page in (0..nr_pages).step_by(2) {
            free(&region, &keepers, page);
        }
        Ok((region, keepers))
    }

    #[test]
    fn row_134_who_compacts_gets_the_block_that_comes_of_it() -> Result {
        let (region, keepers) = every_other(16384)?;
        let before = zone(&region)?.snapshot().events.pgalloc;
        let gfp = KERNEL | Gfp::IO | MOVABLE;
        let (result, block) = try_for(&region, &keepers, gfp, 4, CompactPriority::SyncLight)?;
        let block = block.ok_or(ENOMEM)?;

        assert_eq!(result, CompactResult::Success);
        assert_eq!(block.order(), order(4)?);
        assert_eq!(zone(&region)?.snapshot().events.pgalloc, before);
        assert_eq!(region.nr_free(), 8192 - 16);
        // It is nobody's yet.
        assert!((0..16).all(|page| !keepers.holds(block.head().add(page))));
        check(&region, &keepers);
        region.free_pages(block);
        assert_eq!(region.nr_free(), 8192);
        Ok(())
    }

    #[test]
    fn row_134_threads_of_the_kernel_find_it_on_the_lists() -> Result {
        let (region, keepers) = every_other(16384)?;
        let ctx = AllocContext::new(KERNEL | Gfp::IO | MOVABLE, order(4)?).ok_or(EINVAL)?;
        let ctx = AllocContext {
            task: sys::TaskFacts {
                is_kthread: true,
                ..ctx.task
            },
            ..ctx
        };
        let flags = AllocFlags::WMARK_MIN;
        let (result, block) =
            region.try_to_compact_pages(&ctx, flags, CompactPriority::SyncLight, &keepers);

        assert_eq!(result, CompactResult::Success);
        assert!(block.is_none());
        assert_eq!(region.nr_free(), 8192);
        let picture = zone(&region)?.snapshot();
        assert!(order(4)?.to_max().any(|order| picture.nr_blocks(order) > 0));
        check(&region, &keepers);
        Ok(())
    }

    #[test]
    fn who_may_not_wait_for_disks_does_not_compact() -> Result {
        let (region, keepers) = every_other(16384)?;

        for (gfp, wanted) in [(KERNEL | MOVABLE, 4), (KERNEL | Gfp::IO | MOVABLE, 0)] {
            let (result, block) =
                try_for(&region, &keepers, gfp, wanted, CompactPriority::SyncFull)?;

            assert_eq!(result, CompactResult::Skipped);
            assert!(block.is_none());
        }
        assert_eq!(keepers.nr_moves(), 0);
        Ok(())
    }

    #[test]
    fn without_waiting_nothing_is_moved_next_to_what_is_stuck() -> Result {
        let (region, keepers) = every_other(16384)?;
        let gfp = KERNEL | Gfp::IO | MOVABLE;

        for page in (3..16384).step_by(512) {
            keepers.pin(PageIdx::new(page));
        }
        let (result, _) = try_for(&region, &keepers, gfp, 9, CompactPriority::Async)?;
        assert_eq!(result, CompactResult::Complete);
        assert_eq!(keepers.nr_moves(), 0);
        // Who asks for less finds enough that is not.
        let (result, block) = try_for(&region, &keepers, gfp, 4, CompactPriority::SyncFull)?;
        assert_eq!(result, CompactResult::Success);
        region.free_pages(block.ok_or(ENOMEM)?);
        check(&region, &keepers);
        Ok(())
    }

    /// Attempts for `wanted` that are put off until one is not.
    fn nr_deferred(region: &Region, keepers: &Keepers, priority: CompactPriority) -> Result<u32> {
        for nr in 0..100 {
            let gfp = KERNEL | Gfp::IO | MOVABLE;
            let (result, _) = try_for(region, keepers, gfp, 9, priority)?;

            if result != CompactResult::Deferred {
                assert_eq!(result, CompactResult::Complete);
                return Ok(nr);
            }
        }
        Err(EBUSY)
    }

    #[test]
    fn row_131_failures_put_requests_off() -> Result {
        let (region, keepers) = every_other(16384)?;
        let light = CompactPriority::SyncLight;

        for page in (3..16384).step_by(512) {
            keepers.pin(PageIdx::new(page));
        }
        // What does not wait puts nothing off.
        assert_eq!(nr_deferred(&region, &keepers, CompactPriority::Async)?, 0);
        for expected in [0, 1, 3, 7, 15] {
            assert_eq!(nr_deferred(&region, &keepers, light)?, expected);
        }
        // Who must have it is not put off, but fails as well.
        assert_eq!(
            nr_deferred(&region, &keepers, CompactPriority::SyncFull)?,
            0
        );
        assert_eq!(nr_deferred(&region, &keepers, light)?, 63);
        region.compaction_succeeded(zone(&region)?, order(9)?);
        assert_eq!(nr_deferred(&region, &keepers, light)?, 0);
        Ok(())
    }

    #[test]
    fn what_was_looked_at_in_vain_is_skipped_until_it_is_forgotten() -> Result {
        let (region, keepers) = full(16384, &[0])?;
        let gfp = KERNEL | Gfp::IO | MOVABLE;
        let scanned = || region.slow_events().get(SlowEvent::CompactMigrateScanned);
        let attempt = |priority| -> Result<u64> {
            let before = scanned();
            let _ = try_for(&region, &keepers, gfp, 9, priority)?;

            Ok(scanned() - before)
        };

        for page in 0..16384 {
            match page {
                // Samples that say that something could be moved from here to there.
                8 => {}
                _ if page % 2 == 1 || page == 16384 - 512 + 8 => free(&region, &keepers, page),
                _ => keepers.pin(PageIdx::new(page)),
            }
        }
        keepers.0.with(|keeper| keeper.refuse = u64::MAX);
        assert!(attempt(CompactPriority::Async)? >= 31);
        assert_eq!(attempt(CompactPriority::Async)?, 0);
        // Who must have it looks again, at every page.
        assert!(attempt(CompactPriority::SyncFull)? > 8192);
        assert_eq!(attempt(CompactPriority::Async)?, 0);
        region.reset_isolation_suitable(0, &keepers);
        assert!(zone(&region)?.is_skipped(PageIdx::new(4096)));
        let again = attempt(CompactPriority::Async)?;

        assert!(again > 0 && again < 31);
        assert_eq!(keepers.nr_moves(), 0);
        Ok(())
    }

    #[test]
    fn what_refuses_to_move_stays_and_is_counted() -> Result {
        let (region, keepers) = every_other(16384)?;

        keepers.0.with(|keeper| keeper.refuse = 100);
        let report = compact(&region, &keepers, &everything(CompactPriority::SyncFull));

        let failed = report.progress.failed;
        // For the last one there is no room.
        assert!(failed == 100 || failed == 101);
        assert_eq!(report.result, CompactResult::Complete);
        let events = region.slow_events();
        assert_eq!(events.get(SlowEvent::PgMigrateFail), failed);
        assert_eq!(events.get(SlowEvent::PgMigrateSuccess), keepers.nr_moves());
        check(&region, &keepers);
        Ok(())
    }

    #[test]
    fn who_is_stopped_goes_on_where_he_was() -> Result {
        let (region, keepers) = every_other(16384)?;
        let task = everything(CompactPriority::SyncFull);
        let mut scanned = 0;
        let mut rounds = 0;

        loop {
            let stop = |now: &Progress| now.migrate_scanned + now.free_scanned >= 1000;
            let report = region.compact_nodes(&task, &keepers, &stop);

            scanned += report.progress.migrate_scanned + report.progress.free_scanned;
            rounds += 1;
            check(&region, &keepers);
            if report.result != CompactResult::Contended {
                break;
            }
            // Little more than what was allowed.
            assert!(report.progress.migrate_scanned + report.progress.free_scanned < 2000);
        }
        assert!(rounds > 10);
        // Of the free scanner's way a part is gone again.
        assert!(scanned < 3 * 16384);
        assert!(nr_whole(&region)? >= 15);
        Ok(())
    }

    #[test]
    fn below_the_watermark_there_is_no_room() -> Result {
        let (region, keepers) = full(16384, &[0])?;
        let min = zone(&region)?.marks().levels.min as u32;

        for page in 0..min {
            free(&region, &keepers, page * 7);
        }
        let report = compact(&region, &keepers, &everything(CompactPriority::SyncFull));
        assert_eq!(report.progress.migrated, 0);
        assert_eq!(report.result, CompactResult::Contended);
        assert_eq!(keepers.nr_moves(), 0);
        check(&region, &keepers);
        Ok(())
    }

    #[test]
    fn the_background_makes_what_it_is_asked_for() -> Result {
        let (region, keepers) = every_other(16384)?;
        let node = region.node(0).ok_or(EINVAL)?;
        let never = || false;
        let daemon = || {
            [
                SlowEvent::KcompactdWake,
                SlowEvent::KcompactdMigrateScanned,
                SlowEvent::KcompactdFreeScanned,
            ]
            .map(|event| region.slow_events().get(event))
        };

        region.set_tunable(Tunable::CompactionProactiveness, 0)?;
        region.kcompactd_do_work(node, &keepers, &never);
        assert_eq!(daemon(), [0, 0, 0]);
        region.wakeup_kcompactd(0, order(9)?, ZoneType::Movable);
        assert!(node.kcompactd().is_wanted());
        region.kcompactd_round(node, &keepers, &never);
        assert!(!node.kcompactd().is_wanted());
        assert!(nr_whole(&region)? > 0);
        let [wakes, migrate, free] = daemon();
        assert!(wakes == 1 && migrate > 0 && free > 0);
        assert_eq!(node.kcompactd().nr_runs(), 1);
        // There is one now: nothing to do.
        region.wakeup_kcompactd(0, order(9)?, ZoneType::Movable);
        region.kcompactd_round(node, &keepers, &never);
        assert_eq!(daemon(), [2, migrate, free]);
        check(&region, &keepers);
        Ok(())
    }

    #[test]
    fn row_132_a_scattered_node_is_compacted_unasked() -> Result {
        let (region, keepers) = every_other(16384)?;
        let node = region.node(0).ok_or(EINVAL)?;
        let never = || false;

        region.set_tunable(Tunable::CompactionProactiveness, 0)?;
        region.kcompactd_round(node, &keepers, &never);
        assert_eq!(keepers.nr_moves(), 0);
        assert!(region
            .set_tunable(Tunable::CompactionProactiveness, 101)
            .is_err());
        assert_eq!(region.tunable_default(Tunable::CompactionProactiveness), 20);
        region.set_tunable(Tunable::CompactionProactiveness, 20)?;
        assert!(node.kcompactd().is_triggered());
        region.kcompactd_round(node, &keepers, &never);
        assert!(!node.kcompactd().is_triggered());
        // A fifth of what is free lies together: no more than that.
        let whole = nr_whole(&region)?;
        assert!((4..=5).contains(&whole));
        region.set_tunable(Tunable::CompactionProactiveness, 80)?;
        region.kcompactd_round(node, &keepers, &never);
        assert!(nr_whole(&region)? >= 13);
        check(&region, &keepers);
        Ok(())
    }

    #[test]
    fn nobody_moves_anything_that_nobody_holds() -> Result {
        let (region, keepers) = every_other(16384)?;
        let report =
            region.compact_nodes(&everything(CompactPriority::SyncFull), &NoOwners, &|_| {
                false
            });

        assert_eq!(report.result, CompactResult::Complete);
        assert_eq!(report.progress.migrated, 0);
        assert_eq!(report.freed_blocks, 0);
        check(&region, &keepers);
        Ok(())
    }
}
