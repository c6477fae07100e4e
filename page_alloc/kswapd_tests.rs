// SPDX-License-Identifier: GPL-2.0

//! The background reclaimer seen from outside: when it wakes, how far it goes, and when it gives
//! up.

#![deny(unsafe_code)]

use kernel::prelude::*;

#[kunit_tests(rust_buddy_kswapd)]
mod tests {
    use super::super::{
        dropper::{
            leave,
            node,
            region,
            take,
            zone,
            Dropper,
            KERNEL,
            NOWAIT, //
        },
        slow_events::SlowEvent,
        Region, //
    };
    use crate::{
        slowpath::retry::MAX_RECLAIM_RETRIES,
        zone::{
            alloc_flags::FreeFlags,
            migratetype::Migratetype,
            order::{
                Block,
                Order, //
            },
            Zone,
            ZoneFlag,
            ZoneType, //
        }, //
    };
    use kernel::prelude::*;

    /// One run of the background reclaimer.
    fn run(region: &Region, owners: &Dropper) -> Result {
        let node = node(region)?;
        let asked = node.kswapd().take_asked(ZoneType::Movable);

        region.balance(node, asked, owners, &|| false);
        Ok(())
    }

    /// Makes a zone mix types, in which more than half of each pageblock is free afterwards.
    fn boost(zone: &Zone) -> Result {
        leave(zone, 0, false)?;
        for page in (0..zone.span().nr_pages).filter(|page| page % 512 < 300) {
            let block = Block::new(zone.span().start.add(page), Order::ZERO);

            zone.free(block, FreeFlags::None);
        }
        let _ = take(zone, Migratetype::Unmovable)?;
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
}
