// SPDX-License-Identifier: GPL-2.0

//! Which zone and which node a request gets its block from, by the numbers.

#![deny(unsafe_code)]

use kernel::prelude::*;

#[kunit_tests(rust_buddy_freelist)]
mod tests {
    use super::super::{
        super::{
            fixture::{
                config,
                of_one_node, //
            },
            layout::Shares,
            node::NodeSpan,
            Path,
            RegionConfig, //
        },
        *, //
    };
    use crate::zone::{
        alloc_flags::FreeFlags,
        migratetype::Migratetype,
        order::{
            Block,
            Order,
            PageIdx, //
        }, //
    };
    use kernel::prelude::*;

    const HERE: NumaPlace = NumaPlace {
        preferred: true,
        local: true,
    };
    /// Waits, and may ask others to give everything back.
    const KERNEL: Gfp = Gfp::from_bits(0x4c0);

    /// Two nodes of 65536 pages.
    fn two_nodes(shares: Shares) -> Result<Region> {
        let span = |nid: i32| NodeSpan {
            nid,
            start: PageIdx::new(nid as u32 * 65536),
            nr_pages: 65536,
        };

        Region::new(config(2 * 65536, shares)?, &[span(0), span(1)])
    }

    fn alloc_on(region: &Region, nid: i32, gfp: Gfp, order: u32) -> Option<Allocated> {
        region.alloc_pages(&AllocContext {
            nid: Some(nid),
            ..AllocContext::new(gfp, Order::new(order)?)?
        })
    }

    fn pageset(region: &Region, nid: i32, kind: ZoneType) -> Result<&Pageset> {
        region
            .node(nid)
            .and_then(|node| node.zone(kind))
            .ok_or(EINVAL)
    }

    /// Takes movable pages of a zone until so many are free.
    fn leave(zone: &Zone, nr: u64) -> Result {
        while zone.nr_free() > nr {
            let order = match zone.nr_free() - nr {
                1024.. => Order::MAX,
                _ => Order::ZERO,
            };
            let any = AllocFlags::NO_WATERMARKS;
            let _ = zone
                .rmqueue(order, Migratetype::Movable, any, HERE)
                .ok_or(ENOMEM)?;
        }
        Ok(())
    }

    #[test]
    fn row_013_this_node_or_none() -> Result {
        let region = two_nodes(Shares::NONE)?;

        leave(pageset(&region, 0, ZoneType::Normal)?.zone(), 0)?;
        assert!(alloc_on(&region, 0, KERNEL | Gfp::THISNODE, 0).is_none());
        let elsewhere = alloc_on(&region, 0, KERNEL, 0).ok_or(ENOMEM)?;
        assert_eq!(elsewhere.nid, 1);
        assert!(alloc_on(&region, 1, KERNEL | Gfp::THISNODE, 0).is_some());
        Ok(())
    }

    #[test]
    fn nodes_outside_the_mask_are_not_asked() -> Result {
        let region = two_nodes(Shares::NONE)?;
        let only_1 = AllocContext {
            nodemask: 1 << 1,
            ..AllocContext::new(KERNEL, Order::ZERO).ok_or(EINVAL)?
        };

        assert_eq!(region.alloc_pages(&only_1).ok_or(ENOMEM)?.nid, 1);
        Ok(())
    }

    #[test]
    fn row_139_140_hits_misses_and_foreigners() -> Result {
        let region = two_nodes(Shares::NONE)?;
        let numa = |nid| -> Result<_> {
            let pageset = pageset(&region, nid, ZoneType::Normal)?;

            Ok(pageset
                .events()
                .numa
                .sum(pageset.zone().snapshot().events.numa))
        };

        // CPUs are on node 0.
        let _ = alloc_on(&region, 0, KERNEL, 3).ok_or(ENOMEM)?;
        assert_eq!((numa(0)?.hit, numa(0)?.local), (1, 1));
        let _ = alloc_on(&region, 1, KERNEL, 0).ok_or(ENOMEM)?;
        assert_eq!((numa(1)?.hit, numa(1)?.other), (1, 1));
        leave(pageset(&region, 0, ZoneType::Normal)?.zone(), 0)?;
        let _ = alloc_on(&region, 0, KERNEL, 0).ok_or(ENOMEM)?;
        assert_eq!((numa(1)?.miss, numa(1)?.other), (1, 2));
        assert_eq!(numa(0)?.foreign, 1);
        Ok(())
    }

    #[test]
    fn row_040_below_high_is_marked_and_still_served() -> Result {
        let region = of_one_node(config(65536, Shares::NONE)?)?;
        let pageset = pageset(&region, 0, ZoneType::Normal)?;

        leave(pageset.zone(), 800)?;
        let _ = alloc_on(&region, 0, KERNEL, 0).ok_or(ENOMEM)?;
        assert!(!pageset.zone().has_flag(ZoneFlag::BelowHigh));
        leave(pageset.zone(), 700)?;
        let next = alloc_on(&region, 0, KERNEL, 0).ok_or(ENOMEM)?;
        assert!(pageset.zone().has_flag(ZoneFlag::BelowHigh));
        assert!(next.path != Path::Slow);
        Ok(())
    }

    /// Leaves every other page of a node's normal zone free, all of movable pageblocks.
    fn fragment(region: &Region, nid: i32) -> Result {
        let zone = pageset(region, nid, ZoneType::Normal)?.zone();
        let span = zone.span();

        leave(zone, 0)?;
        for page in (0..span.nr_pages).step_by(2) {
            let block = Block::new(span.start.add(page), Order::ZERO);

            zone.free(block, FreeFlags::None);
        }
        Ok(())
    }

    #[test]
    fn row_043_mixing_here_is_better_than_going_away() -> Result {
        let shares = Shares {
            dma: 0,
            dma32: 50,
            movable: 0,
        };
        let region = two_nodes(shares)?;

        fragment(&region, 0)?;
        // The zone below on this node has nothing either.
        leave(pageset(&region, 0, ZoneType::Dma32)?.zone(), 0)?;
        let next = alloc_on(&region, 0, KERNEL, 0).ok_or(ENOMEM)?;
        assert_eq!((next.nid, next.zone), (0, ZoneType::Normal));
        assert!(next.path != Path::Slow);
        Ok(())
    }

    #[test]
    fn row_042_only_where_there_is_a_zone_below() -> Result {
        let with = two_nodes(Shares {
            dma: 0,
            dma32: 50,
            movable: 0,
        })?;
        let without = two_nodes(Shares::NONE)?;
        let ctx = AllocContext::new(KERNEL, Order::ZERO).ok_or(EINVAL)?;
        let dma32 = AllocContext::new(KERNEL | Gfp::DMA32, Order::ZERO).ok_or(EINVAL)?;

        assert!(with.fast_flags(&ctx).has(AllocFlags::NOFRAGMENT));
        assert!(!without.fast_flags(&ctx).has(AllocFlags::NOFRAGMENT));
        // A machine of one node is taken to have one.
        let alone = of_one_node(config(8192, Shares::NONE)?)?;
        assert!(alone.fast_flags(&ctx).has(AllocFlags::NOFRAGMENT));
        assert!(!with.fast_flags(&dma32).has(AllocFlags::NOFRAGMENT));
        Ok(())
    }

    #[test]
    fn row_067_068_the_reserve_is_made_by_the_slow_path_and_used_by_the_fast_one() -> Result {
        let region = of_one_node(config(65536, Shares::NONE)?)?;
        let pageset = pageset(&region, 0, ZoneType::Normal)?;
        let atomic = Gfp::HIGH | Gfp::KSWAPD_RECLAIM;
        let reserved = || pageset.zone().snapshot().nr_reserved_highatomic;

        let easy = alloc_on(&region, 0, atomic, 2).ok_or(ENOMEM)?;
        assert!(easy.path != Path::Slow);
        assert_eq!(reserved(), 0);
        // Between min and low.
        leave(pageset.zone(), 600)?;
        let hard = alloc_on(&region, 0, atomic, 2).ok_or(ENOMEM)?;
        assert_eq!(hard.path, Path::Slow);
        assert_eq!(reserved(), 512);
        // Plenty again: the fast path takes from the reserve first.
        for page in 0..16 {
            pageset.zone().free(
                Block::new(PageIdx::new(page * 1024), Order::MAX),
                FreeFlags::None,
            );
        }
        let next = alloc_on(&region, 0, atomic, 2).ok_or(ENOMEM)?;
        assert!(next.path != Path::Slow);
        assert_eq!(
            pageset.zone().migratetype(next.block.head()),
            Migratetype::HighAtomic
        );
        Ok(())
    }

    #[test]
    fn row_069_single_pages_of_the_reserve_are_the_last_resort() -> Result {
        let region = of_one_node(config(65536, Shares::NONE)?)?;
        let zone = pageset(&region, 0, ZoneType::Normal)?.zone();
        let take = |flags| zone.rmqueue(Order::ZERO, Migratetype::Unmovable, flags, HERE);
        let order = Order::new(2).ok_or(EINVAL)?;
        let atomic = AllocFlags::WMARK_MIN | AllocFlags::HIGHATOMIC;

        leave(zone, 1024)?;
        let _ = zone
            .rmqueue(order, Migratetype::Movable, atomic, HERE)
            .ok_or(ENOMEM)?;
        while take(AllocFlags::NO_WATERMARKS).is_some() {}
        assert!(zone.nr_free() > 0);
        assert!(take(AllocFlags::WMARK_MIN).is_none());
        assert!(take(AllocFlags::NON_BLOCK).is_some());
        assert!(take(AllocFlags::OOM).is_some());
        Ok(())
    }

    #[test]
    fn row_151_a_lazy_zone_grows_when_it_must() -> Result {
        let region = of_one_node(RegionConfig {
            lazy: true,
            ..config(3 * 32768, Shares::NONE)?
        })?;
        let zone = pageset(&region, 0, ZoneType::Normal)?.zone();

        assert_eq!((zone.managed(), zone.nr_free()), (32768, 32768));
        leave(zone, zone.marks().levels.low)?;
        let next = alloc_on(&region, 0, KERNEL, 0).ok_or(ENOMEM)?;
        assert!(next.path != Path::Slow);
        assert_eq!(zone.managed(), 2 * 32768);
        while alloc_on(&region, 0, KERNEL, 10).is_some() {}
        assert_eq!(zone.managed(), 3 * 32768);
        assert!(!zone.deferred_grow());
        assert_eq!(zone.validate().errors, 0);
        Ok(())
    }

    #[test]
    fn row_003_nolock_requests_are_for_listed_orders() -> Result {
        for has_huge in [true, false] {
            let region = of_one_node(RegionConfig {
                has_huge,
                ..config(65536, Shares::NONE)?
            })?;
            let get = |order| {
                let ctx = AllocContext::new(Gfp::NONE, Order::new(order)?)?;

                region.alloc_pages_nolock(&ctx)
            };

            for order in 0..=10 {
                let listed = order <= 3 || (order == 9 && has_huge);
                let allocated = get(order);

                assert_eq!(allocated.is_some(), listed);
                if let Some(Allocated { block, .. }) = allocated {
                    region.free_pages_nolock(block);
                }
            }
            // A failure is not counted.
            assert_eq!(region.nr_alloc_fail(), 0);
        }
        Ok(())
    }
}
