// SPDX-License-Identifier: GPL-2.0

//! The slow path seen from outside: a region, and somebody whose pages can be dropped.

#![deny(unsafe_code)]

use kernel::prelude::*;

#[kunit_tests(rust_buddy_slow)]
mod tests {
    use super::super::{
        fixture,
        layout::Shares,
        node::{
            Node,
            NodeSpan, //
        },
        slow_events::SlowEvent,
        throttle::allow_direct_reclaim,
        Allocated,
        Path,
        Region, //
    };
    use crate::{
        gfp::{
            context::AllocContext,
            Gfp, //
        },
        slowpath::{
            owners::{
                Migrated,
                OomResult,
                Owners,
                Reclaimed, //
            },
            retry::MAX_RECLAIM_RETRIES, //
        },
        zone::{
            alloc_flags::{
                AllocFlags,
                FreeFlags, //
            },
            migratetype::Migratetype,
            order::{
                Block,
                Order,
                PageIdx, //
            },
            vmstat::NumaPlace,
            Zone,
            ZoneFlag,
            ZoneType, //
        }, //
    };
    use kernel::{
        prelude::*,
        sync::atomic::{
            Atomic,
            Relaxed, //
        }, //
    };

    /// Holds single pages, and says the same of each.
    struct Dropper {
        /// They were used lately.
        used: Atomic<bool>,
        /// Pages that were asked for.
        nr_asked: Atomic<u64>,
        /// Calls for the last resort.
        nr_oom: Atomic<u64>,
    }

    impl Dropper {
        fn new() -> Self {
            Self {
                used: Atomic::new(false),
                nr_asked: Atomic::new(0),
                nr_oom: Atomic::new(0),
            }
        }
    }

    impl Owners for Dropper {
        fn movable(&self, _page: PageIdx) -> Option<Order> {
            None
        }

        fn migrate(&self, _from: PageIdx, target: Block) -> Migrated {
            Migrated::Stayed(target)
        }

        fn reclaim(&self, page: PageIdx, _force: bool) -> Reclaimed {
            self.nr_asked.fetch_add(1, Relaxed);
            match self.used.load(Relaxed) {
                true => Reclaimed::Activate,
                false => Reclaimed::Freed(Block::new(page, Order::ZERO)),
            }
        }

        fn deactivate(&self, _page: PageIdx) -> bool {
            self.used.store(false, Relaxed);
            true
        }

        fn oom(&self, _ctx: &AllocContext) -> OomResult {
            self.nr_oom.fetch_add(1, Relaxed);
            OomResult::NoVictim
        }
    }

    const KERNEL: Gfp = Gfp::from_bits(0xcc0);
    const NOWAIT: Gfp = Gfp::from_bits(0x2800);

    fn region(dma32: u32) -> Result<Region> {
        let shares = Shares {
            dma: 0,
            dma32,
            movable: 0,
        };

        fixture::region(32768, shares)
    }

    fn zone(region: &Region, kind: ZoneType) -> Result<&Zone> {
        Ok(region.pageset(kind).ok_or(EINVAL)?.zone())
    }

    fn node(region: &Region) -> Result<&Node> {
        region.node(0).ok_or(EINVAL)
    }

    /// Takes pages of a zone until so many are free; those of `lru` end up on an inactive list.
    fn leave(zone: &Zone, nr: u64, lru: bool) -> Result {
        let place = NumaPlace {
            preferred: true,
            local: true,
        };

        while zone.nr_free() > nr {
            let any = AllocFlags::NO_WATERMARKS;
            let block: Block = zone
                .rmqueue(Order::ZERO, Migratetype::Movable, any, place)
                .ok_or(ENOMEM)?;

            if lru {
                zone.lru_add(block.head(), block.order(), false);
            }
        }
        Ok(())
    }

    /// One run of the background reclaimer.
    fn run(region: &Region, owners: &Dropper) -> Result {
        let node = node(region)?;
        let asked = node.kswapd().take_asked(ZoneType::Movable);

        region.balance(node, asked, owners, &|| false);
        Ok(())
    }

    /// Makes a zone mix types, in which more than half of each pageblock is free afterwards.
    fn boost(zone: &Zone) -> Result {
        let place = NumaPlace {
            preferred: true,
            local: true,
        };

        leave(zone, 0, false)?;
        for page in (0..zone.span().nr_pages).filter(|page| page % 512 < 300) {
            let block = Block::new(zone.span().start.add(page), Order::ZERO);

            zone.free(block, FreeFlags::None);
        }
        let any = AllocFlags::NO_WATERMARKS;
        let _ = zone
            .rmqueue(Order::ZERO, Migratetype::Unmovable, any, place)
            .ok_or(ENOMEM)?;
        match zone.marks().boost {
            0 => Err(EINVAL),
            _ => Ok(()),
        }
    }

    #[test]
    fn row_126_any_balanced_zone_is_enough() -> Result {
        let region = region(50)?;
        let (low, normal) = (
            zone(&region, ZoneType::Dma32)?,
            zone(&region, ZoneType::Normal)?,
        );
        let node = node(&region)?;

        leave(normal, normal.marks().levels.min, false)?;
        assert!(region.is_balanced(node, Order::ZERO, ZoneType::Normal));
        leave(low, low.marks().levels.high, false)?;
        assert!(!region.is_balanced(node, Order::ZERO, ZoneType::Normal));
        // No zone, nothing to balance.
        assert!(region.is_balanced(node, Order::ZERO, ZoneType::Dma));
        Ok(())
    }

    #[test]
    fn row_127_a_boost_wakes_it_in_a_balanced_node() -> Result {
        let region = region(0)?;
        let (zone, kswapd) = (zone(&region, ZoneType::Normal)?, node(&region)?.kswapd());
        let wake = || region.wakeup_kswapd(zone, KERNEL, Order::ZERO, ZoneType::Normal);

        kswapd.set_asleep(true);
        wake();
        assert!(kswapd.is_asleep());
        boost(zone)?;
        wake();
        assert!(!kswapd.is_asleep());
        assert_eq!(region.slow_events().get(SlowEvent::KswapdWake), 1);
        Ok(())
    }

    #[test]
    fn row_038_a_run_ends_the_boost_that_it_saw() -> Result {
        let region = region(0)?;
        let zone = zone(&region, ZoneType::Normal)?;
        let owners = Dropper::new();

        boost(zone)?;
        run(&region, &owners)?;
        assert_eq!(zone.marks().boost, 0);
        assert_eq!(node(&region)?.kswapd().failures(), 0);
        Ok(())
    }

    #[test]
    fn it_reclaims_up_to_high() -> Result {
        let region = region(0)?;
        let zone = zone(&region, ZoneType::Normal)?;
        let owners = Dropper::new();

        leave(zone, zone.marks().levels.low, true)?;
        run(&region, &owners)?;
        assert!(zone.nr_free() > zone.marks().levels.high);
        let stolen = region.slow_events().get(SlowEvent::PgStealKswapd);
        assert_eq!(zone.nr_free(), zone.marks().levels.low + stolen);
        assert_eq!(region.slow_events().get(SlowEvent::PageOutRun), 1);
        assert!(!zone.has_flag(ZoneFlag::ReclaimActive));
        assert_eq!(zone.validate().errors, 0);
        Ok(())
    }

    #[test]
    fn row_128_sixteen_runs_for_nothing_are_enough() -> Result {
        let region = region(0)?;
        let (zone, kswapd) = (zone(&region, ZoneType::Normal)?, node(&region)?.kswapd());
        let owners = Dropper::new();

        leave(zone, zone.marks().levels.low, false)?;
        for nr in 0..MAX_RECLAIM_RETRIES {
            assert_eq!(kswapd.failures(), nr);
            assert!(!kswapd.is_hopeless());
            run(&region, &owners)?;
        }
        assert!(kswapd.is_hopeless());
        kswapd.set_asleep(true);
        region.wakeup_kswapd(zone, KERNEL, Order::ZERO, ZoneType::Normal);
        assert!(kswapd.is_asleep());
        // Progress alone is no hope; a balanced node is.
        region.try_clear_hopeless(node(&region)?, Order::ZERO, ZoneType::Normal);
        assert!(kswapd.is_hopeless());
        region.try_clear_hopeless(node(&region)?, Order::ZERO, ZoneType::Dma);
        assert!(!kswapd.is_hopeless());
        Ok(())
    }

    #[test]
    fn row_128_who_does_not_wait_leaves_it_to_the_compactor() -> Result {
        let region = region(0)?;
        let (zone, node) = (zone(&region, ZoneType::Normal)?, node(&region)?);
        let order = Order::new(4).ok_or(EINVAL)?;
        let span = zone.span();

        leave(zone, 0, false)?;
        for page in (0..span.nr_pages).step_by(2) {
            let block = Block::new(span.start.add(page), Order::ZERO);

            zone.free(block, FreeFlags::None);
        }
        for _ in 0..MAX_RECLAIM_RETRIES {
            node.kswapd().count_failure();
        }
        node.kswapd().set_asleep(true);
        region.wakeup_kswapd(zone, KERNEL, order, ZoneType::Normal);
        assert!(node.kcompactd().work().is_none());
        region.wakeup_kswapd(zone, NOWAIT, order, ZoneType::Normal);
        assert_eq!(node.kcompactd().work().ok_or(EINVAL)?.order, order);
        assert!(node.kswapd().is_asleep());
        Ok(())
    }

    fn two_nodes() -> Result<Region> {
        let config = *region(0)?.config();
        let span = |nid: i32| NodeSpan {
            nid,
            start: PageIdx::new(nid as u32 * 16384),
            nr_pages: 16384,
        };

        Region::new(config, &[span(0), span(1)])
    }

    fn ask<O: Owners>(region: &Region, gfp: Gfp, order: u32, owners: &O) -> Option<Allocated> {
        region.alloc_pages_with(&AllocContext::new(gfp, Order::new(order)?)?, owners)
    }

    #[test]
    fn row_041_nodes_whose_reclaimer_works_are_the_last() -> Result {
        let region = two_nodes()?;
        let (first, second) = (node(&region)?, region.node(1).ok_or(EINVAL)?);
        let from =
            || -> Result<i32> { Ok(ask(&region, KERNEL, 0, &Dropper::new()).ok_or(ENOMEM)?.nid) };

        for node in [first, second] {
            node.kswapd().set_present(true);
            node.kswapd().set_asleep(true);
        }
        assert_eq!(from()?, 0);
        first.kswapd().set_asleep(false);
        assert_eq!(from()?, 1);
        let events = second.zone(ZoneType::Normal).ok_or(EINVAL)?.events();
        assert_eq!(events.numa.miss, 1);
        // Both at work: where it is best.
        second.kswapd().set_asleep(false);
        assert_eq!(from()?, 0);
        Ok(())
    }

    #[test]
    fn who_waits_gets_what_others_do_not_need() -> Result {
        let region = region(0)?;
        let zone = zone(&region, ZoneType::Normal)?;
        let owners = Dropper::new();

        leave(zone, zone.marks().levels.min, true)?;
        let got = ask(&region, KERNEL, 0, &owners).ok_or(ENOMEM)?;
        assert_eq!(got.path, Path::Reclaim);
        assert_eq!(owners.nr_oom.load(Relaxed), 0);
        let events = region.slow_events();
        assert!(events.get(SlowEvent::PgStealDirect) >= 32);
        assert_eq!(events.allocstall(ZoneType::Normal), 1);
        assert_eq!(zone.validate().errors, 0);
        Ok(())
    }

    #[test]
    fn who_does_not_wait_drops_nothing() -> Result {
        let region = region(0)?;
        let zone = zone(&region, ZoneType::Normal)?;
        let owners = Dropper::new();

        leave(zone, zone.marks().levels.min, true)?;
        assert!(ask(&region, NOWAIT, 0, &owners).is_none());
        assert_eq!(owners.nr_asked.load(Relaxed), 0);
        assert_eq!(region.slow_events().allocstall(ZoneType::Normal), 0);
        Ok(())
    }

    #[test]
    fn used_pages_get_another_chance_before_anybody_is_killed() -> Result {
        let region = region(0)?;
        let zone = zone(&region, ZoneType::Normal)?;
        let owners = Dropper::new();

        owners.used.store(true, Relaxed);
        leave(zone, zone.marks().levels.min, true)?;
        assert!(ask(&region, KERNEL, 0, &owners).is_some());
        let events = region.slow_events();
        assert!(events.get(SlowEvent::PgActivate) > 0);
        assert!(events.get(SlowEvent::PgDeactivate) > 0);
        assert_eq!(owners.nr_oom.load(Relaxed), 0);
        Ok(())
    }

    #[test]
    fn with_nothing_to_drop_it_comes_to_the_last_resort_once() -> Result {
        let region = region(0)?;
        let zone = zone(&region, ZoneType::Normal)?;
        let owners = Dropper::new();

        leave(zone, zone.marks().levels.min, false)?;
        assert!(ask(&region, KERNEL, 0, &owners).is_none());
        assert_eq!(owners.nr_oom.load(Relaxed), 1);
        assert_eq!(region.nr_alloc_fail(), 1);
        // Not for those who have another way.
        assert!(ask(&region, KERNEL | Gfp::RETRY_MAYFAIL, 0, &owners).is_none());
        assert_eq!(owners.nr_oom.load(Relaxed), 1);
        Ok(())
    }

    #[test]
    fn on_demand_as_much_is_reclaimed_as_is_asked_for() -> Result {
        let region = region(0)?;
        let zone = zone(&region, ZoneType::Normal)?;
        let owners = Dropper::new();

        leave(zone, 16384, true)?;
        let (reclaimed, scanned) = region.reclaim(Some(0), 1000, &owners, &|| false);
        assert!((1000..1000 + 128).contains(&reclaimed));
        assert_eq!(scanned, reclaimed);
        assert_eq!(zone.nr_free(), 16384 + reclaimed);
        assert_eq!(region.reclaim(Some(1), 1000, &owners, &|| false), (0, 0));
        assert_eq!(region.reclaim(None, 1000, &owners, &|| true), (0, 0));
        let (rest, _) = region.reclaim(None, u64::MAX, &owners, &|| false);
        assert_eq!(rest + reclaimed, 16384);
        assert_eq!(zone.nr_free(), 32768);
        Ok(())
    }

    #[test]
    fn row_154_below_half_of_min_they_wait_for_the_reclaimer() -> Result {
        let region = region(0)?;
        let (zone, node) = (zone(&region, ZoneType::Normal)?, node(&region)?);
        let half = zone.marks().levels.min / 2;

        leave(zone, half + 1, true)?;
        assert!(allow_direct_reclaim(node));
        leave(zone, half, true)?;
        node.kswapd().ask(Order::ZERO, ZoneType::Movable);
        node.kswapd().set_asleep(true);
        assert!(!allow_direct_reclaim(node));
        // It is woken for that, and only for zones that matter.
        assert!(!node.kswapd().is_asleep());
        let (_, highest) = node.kswapd().asked(ZoneType::Movable);
        assert_eq!(highest, ZoneType::Normal);
        // Without hope nobody waits for it.
        for _ in 0..MAX_RECLAIM_RETRIES {
            node.kswapd().count_failure();
        }
        assert!(allow_direct_reclaim(node));
        Ok(())
    }

    #[test]
    fn row_154_where_nothing_can_be_dropped_nobody_waits() -> Result {
        let region = region(0)?;
        let (zone, node) = (zone(&region, ZoneType::Normal)?, node(&region)?);

        leave(zone, 10, false)?;
        assert!(allow_direct_reclaim(node));
        // Nothing at all is free.
        leave(zone, 0, false)?;
        assert!(!allow_direct_reclaim(node));
        Ok(())
    }

    #[test]
    fn row_154_without_fs_a_second_is_enough() -> Result {
        let region = region(0)?;
        let (zone, node) = (zone(&region, ZoneType::Normal)?, node(&region)?);
        let ctx = |gfp| AllocContext::new(gfp, Order::ZERO).ok_or(EINVAL);
        let nofs = KERNEL.without(Gfp::FS);

        leave(zone, 1, true)?;
        // There is no reclaimer yet.
        assert!(!region.throttle_direct_reclaim(&ctx(nofs)?));
        assert_eq!(region.slow_events().get(SlowEvent::PgScanDirectThrottle), 0);
        node.kswapd().set_present(true);
        assert!(!region.throttle_direct_reclaim(&ctx(nofs)?));
        assert_eq!(region.slow_events().get(SlowEvent::PgScanDirectThrottle), 1);
        assert_eq!(node.kswapd().nr_throttled(), 0);
        Ok(())
    }

    #[test]
    fn pressure_that_is_gone_gives_hope_where_others_could_help() -> Result {
        let (alone, two) = (region(0)?, two_nodes()?);

        for (region, hopeless) in [(&alone, true), (&two, false)] {
            let kswapd = node(region)?.kswapd();

            for _ in 0..MAX_RECLAIM_RETRIES {
                kswapd.count_failure();
            }
            region.pressure_is_gone(0);
            assert_eq!(kswapd.is_hopeless(), hopeless);
        }
        Ok(())
    }
}
