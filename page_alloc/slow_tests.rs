// SPDX-License-Identifier: GPL-2.0

//! The slow path seen from outside: a region, and somebody whose pages can be dropped.

#![deny(unsafe_code)]

use kernel::prelude::*;

#[kunit_tests(rust_buddy_slow)]
mod tests {
    use super::super::{
        dropper::{
            leave,
            node,
            region,
            zone,
            Dropper,
            KERNEL,
            NOWAIT, //
        },
        node::NodeSpan,
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
            owners::Owners,
            retry::MAX_RECLAIM_RETRIES, //
        },
        zone::{
            order::{
                Order,
                PageIdx, //
            },
            ZoneType, //
        }, //
    };
    use kernel::{
        prelude::*,
        sync::atomic::Relaxed, //
    };

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
