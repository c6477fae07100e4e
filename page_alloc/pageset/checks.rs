// SPDX-License-Identifier: GPL-2.0

//! What a CPU's stock holds after each kind of use, by the numbers.

#![deny(unsafe_code)]

use kernel::prelude::*;

#[kunit_tests(rust_buddy_pageset)]
mod tests {
    use super::super::*;
    use crate::zone::{
        ZoneConfig,
        ZoneSpan,
        ZoneType, //
    };
    use Migratetype::{
        Cma,
        HighAtomic,
        Movable,
        Reclaimable,
        Unmovable, //
    };

    const HERE: NumaPlace = NumaPlace {
        preferred: true,
        local: true,
    };
    /// Of 65536 pages that two CPUs share, with a low watermark of 640.
    const LIMITS: PcpLimits = PcpLimits {
        high_min: 320,
        high_max: 4096,
        batch: 15,
    };
    const FLAGS: AllocFlags = AllocFlags::WMARK_LOW;

    /// A zone with few pages and the limits of one with 65536, above its high watermark.
    fn pageset(limits: PcpLimits) -> Result<Pageset> {
        let span = ZoneSpan {
            kind: ZoneType::Normal,
            nid: 0,
            start: PageIdx::new(0),
            nr_pages: 8192,
        };
        let config = ZoneConfig {
            pageblock_order: order(9)?,
            mobility_off: false,
            nr_cpus: sys::nr_cpus(),
            lazy: false,
        };
        let zone = Zone::new(span, &config, span.nr_pages)?;
        let pageset = Pageset::new(zone, true, |_| false)?;

        pageset.set_limits(limits)?;
        Ok(pageset)
    }

    fn order(order: u32) -> Result<Order> {
        Order::new(order).ok_or(EINVAL)
    }

    fn take(pageset: &Pageset, nr: u32) -> Result<Block> {
        let taken = pageset.rmqueue(order(nr)?, Movable, FLAGS, HERE);

        Ok(taken.ok_or(ENOMEM)?.0)
    }

    fn count(pageset: &Pageset) -> i32 {
        pageset.count(sys::this_cpu())
    }

    /// Pages by which the zone shrinks at each refill, while single pages are taken.
    fn refills(pageset: &Pageset) -> Result<[u64; 7]> {
        let mut sizes = [0; 7];

        for size in &mut sizes {
            let before = pageset.zone().nr_free();

            while pageset.zone().nr_free() == before {
                let _ = take(pageset, 0)?;
            }
            *size = before - pageset.zone().nr_free();
        }
        Ok(sizes)
    }

    /// At which of `nr` frees of blocks of `order` how many pages went back to the zone. The blocks
    /// were never in stock.
    fn drains(pageset: &Pageset, nr: u32, block_order: u32) -> Result<[(u32, u64); 4]> {
        let mut drains = [(0, 0); 4];
        let mut slots = drains.iter_mut();
        let zone = pageset.zone();
        let mut blocks = KVVec::with_capacity(nr as usize, GFP_KERNEL)?;

        for _ in 0..nr {
            let block = zone.rmqueue(order(block_order)?, Movable, FLAGS, HERE);

            blocks.push_within_capacity(block.ok_or(ENOMEM)?.head())?;
        }
        for (nth, page) in (1..).zip(blocks.iter()) {
            let before = zone.nr_free();

            pageset.free(Block::new(*page, order(block_order)?), FLAGS);
            if zone.nr_free() != before {
                if let Some(slot) = slots.next() {
                    *slot = (nth, zone.nr_free() - before);
                }
            }
        }
        Ok(drains)
    }

    #[test]
    fn row_072_lists_by_order_and_type() -> Result {
        let index = |nr, mt| Some(PcpIndex::new(Order::new(nr)?, mt, true)?.get());

        assert_eq!(index(2, Movable), Some(7));
        assert_eq!(index(9, Movable), Some(13));
        assert_eq!(index(9, Reclaimable), Some(12));
        assert_eq!(index(9, Unmovable), Some(12));
        assert_eq!(index(0, Unmovable), Some(0));
        assert!(index(0, Cma).is_none() && index(0, HighAtomic).is_none());
        for index in PcpIndex::all() {
            let expected = match index.get() {
                12.. => 9,
                low => low / 3,
            };

            assert_eq!(index.order().get(), expected);
        }
        Ok(())
    }

    #[test]
    fn row_073_other_orders_are_not_kept() -> Result {
        let pageset = pageset(LIMITS)?;

        for nr in [4, 5, 8, 10] {
            let block = take(&pageset, nr)?;

            assert_eq!(block.order(), order(nr)?);
            assert_eq!(count(&pageset), 0);
            pageset.free(block, FLAGS);
            assert_eq!(count(&pageset), 0);
        }
        assert!(PcpIndex::new(order(9)?, Movable, false).is_none());
        assert!(PcpIndex::new(order(9)?, Movable, true).is_some());
        Ok(())
    }

    #[test]
    fn row_077_refills_of_single_pages_double() -> Result {
        assert_eq!(
            refills(&pageset(LIMITS)?)?,
            [15, 30, 60, 120, 240, 480, 480]
        );
        let manual = PcpLimits {
            high_max: 320,
            ..LIMITS
        };
        assert_eq!(
            refills(&pageset(manual)?)?,
            [15, 30, 60, 120, 240, 305, 305]
        );
        assert_eq!(refills(&pageset(PcpLimits::DISABLED)?)?, [1; 7]);
        Ok(())
    }

    #[test]
    fn row_078_refills_of_larger_blocks() -> Result {
        let blocks = |batch, nr| -> Result<i32> {
            let pageset = pageset(PcpLimits { batch, ..LIMITS })?;
            let block = take(&pageset, nr)?;

            Ok((count(&pageset) >> nr) + block.nr_pages() as i32 / (1 << nr))
        };

        for (nr, few, many) in [(1, 7, 31), (2, 3, 15), (3, 2, 7), (9, 2, 2)] {
            assert_eq!(blocks(15, nr)?, few);
            assert_eq!(blocks(63, nr)?, many);
        }
        Ok(())
    }

    #[test]
    fn row_079_new_pages_come_in_ascending_order() -> Result {
        let pageset = pageset(LIMITS)?;

        for page in 0..40 {
            assert_eq!(take(&pageset, 0)?.head().get(), page);
        }
        Ok(())
    }

    #[test]
    fn row_080_what_was_freed_last_is_taken_first() -> Result {
        let pageset = pageset(LIMITS)?;
        let (a, b) = (take(&pageset, 0)?, take(&pageset, 0)?);
        let (page_a, page_b) = (a.head(), b.head());

        pageset.free(a, FLAGS);
        pageset.free(b, FLAGS);
        assert_eq!(take(&pageset, 0)?.head(), page_b);
        assert_eq!(take(&pageset, 0)?.head(), page_a);
        Ok(())
    }

    #[test]
    fn row_081_too_many_frees_drain_in_growing_steps() -> Result {
        assert_eq!(
            drains(&pageset(LIMITS)?, 1700, 0)?,
            [(320, 305), (640, 320), (1120, 480), (1600, 480)]
        );
        let manual = PcpLimits {
            high_max: 320,
            ..LIMITS
        };
        assert_eq!(
            drains(&pageset(manual)?, 1300, 0)?,
            [(320, 305), (625, 305), (930, 305), (1235, 305)]
        );
        Ok(())
    }

    #[test]
    fn row_082_larger_blocks_are_not_hoarded() -> Result {
        assert_eq!(
            drains(&pageset(LIMITS)?, 48, 2)?,
            [(45, 180), (46, 4), (47, 4), (48, 4)]
        );
        Ok(())
    }

    #[test]
    fn row_083_reclaim_keeps_stocks_small() -> Result {
        let pageset = pageset(LIMITS)?;

        pageset.zone().set_flag(ZoneFlag::ReclaimActive, true);
        assert_eq!(
            drains(&pageset, 200, 0)?,
            [(60, 45), (105, 45), (150, 45), (195, 45)]
        );
        Ok(())
    }

    #[test]
    fn row_084_what_was_taken_can_be_given_back() -> Result {
        let pageset = pageset(LIMITS)?;
        let mut blocks = KVVec::with_capacity(300, GFP_KERNEL)?;

        for _ in 0..300 {
            blocks.push_within_capacity(take(&pageset, 0)?.head())?;
        }
        assert_eq!(count(&pageset), 165);
        let free = pageset.zone().nr_free();

        for page in blocks.iter() {
            pageset.free(Block::new(*page, Order::ZERO), FLAGS);
        }
        assert_eq!(count(&pageset), 465);
        assert_eq!(pageset.zone().nr_free(), free);
        Ok(())
    }

    #[test]
    fn row_085_an_idle_stock_shrinks_by_an_eighth() -> Result {
        let pageset = pageset(LIMITS)?;
        let cpu = sys::this_cpu();
        let high = || pageset.with(cpu, |pcp| pcp.high());

        for _ in 0..365 {
            let _ = take(&pageset, 0)?;
        }
        // Each refill made room: 335, 365, 425, 545, 785.
        assert_eq!((count(&pageset), high()), (100, Some(785)));
        for expected in [687, 602, 527, 462, 405, 355, 320, 320] {
            pageset.refresh(cpu, 0);
            assert_eq!((count(&pageset), high()), (100, Some(expected)));
        }
        Ok(())
    }

    #[test]
    fn row_085_what_is_above_goes_back() -> Result {
        let pageset = pageset(LIMITS)?;
        let cpu = sys::this_cpu();

        for _ in 0..226 {
            let _ = take(&pageset, 0)?;
        }
        let free = pageset.zone().nr_free();

        // Room for 785 shrinks for nine ticks until it is no more than what is in stock.
        assert_eq!(count(&pageset), 239);
        pageset.set_limits(PcpLimits {
            high_min: 60,
            ..LIMITS
        })?;
        for expected in [239, 239, 239, 239, 239, 239, 239, 239, 239, 210, 184, 161] {
            pageset.refresh(cpu, 0);
            assert_eq!(count(&pageset), expected);
        }
        assert_eq!(pageset.zone().nr_free(), free + 239 - 161);
        Ok(())
    }

    #[test]
    fn row_086_stocks_of_other_nodes_expire() -> Result {
        let pageset = pageset(LIMITS)?;
        let cpu = sys::this_cpu();

        pageset.zone().set_stat_threshold(125);
        let _ = take(&pageset, 0)?;
        let stock = count(&pageset);

        // The first tick tells what was counted, and starts three quiet ones.
        for _ in 0..2 {
            pageset.refresh(cpu, 1);
            assert_eq!(count(&pageset), stock);
        }
        pageset.refresh(cpu, 1);
        assert_eq!(count(&pageset), stock - stock.min(15));
        Ok(())
    }

    #[test]
    fn row_086_stocks_of_this_node_do_not() -> Result {
        let pageset = pageset(LIMITS)?;
        let cpu = sys::this_cpu();

        pageset.zone().set_stat_threshold(125);
        let _ = take(&pageset, 0)?;
        let stock = count(&pageset);

        for _ in 0..6 {
            pageset.refresh(cpu, 0);
        }
        assert_eq!(count(&pageset), stock);
        Ok(())
    }

    #[test]
    fn row_087_who_finds_the_lists_taken_goes_to_the_zone() -> Result {
        let pageset = pageset(LIMITS)?;
        let (kept, given) = (take(&pageset, 0)?, take(&pageset, 0)?);
        let stock = count(&pageset);
        let free = pageset.zone().nr_free();
        let mut given = Some(given);
        let path = pageset.with(sys::this_cpu(), |_| {
            let taken = pageset.rmqueue(Order::ZERO, Movable, FLAGS, HERE);

            if let Some(block) = given.take() {
                pageset.free(block, FLAGS);
            }
            taken.map(|(_, path)| path)
        });

        assert_eq!(path, Some(Some(Path::Buddy)));
        assert_eq!(count(&pageset), stock);
        assert_eq!(pageset.zone().nr_free(), free);
        pageset.free(kept, FLAGS);
        Ok(())
    }

    #[test]
    fn row_088_high_order_atomic_requests_fill_no_list() -> Result {
        let pageset = pageset(LIMITS)?;
        let flags = AllocFlags::WMARK_MIN | AllocFlags::HIGHATOMIC;
        let (_, path) = pageset
            .rmqueue(order(1)?, Unmovable, flags, HERE)
            .ok_or(ENOMEM)?;

        assert_eq!(path, Path::Buddy);
        assert_eq!(count(&pageset), 0);
        Ok(())
    }

    #[test]
    fn row_089_isolated_pages_are_not_kept() -> Result {
        let pageset = pageset(LIMITS)?;
        let block = take(&pageset, 0)?;
        let stock = count(&pageset);

        pageset
            .zone()
            .with(|buddy| buddy.isolate_pageblock(PageIdx::new(0)))?;
        pageset.free(block, FLAGS);
        assert_eq!(count(&pageset), stock);
        Ok(())
    }

    #[test]
    fn row_090_pages_of_special_pageblocks_are_kept_as_movable() -> Result {
        for special in [Cma, HighAtomic] {
            let pageset = pageset(LIMITS)?;
            let block = pageset
                .zone()
                .rmqueue(Order::ZERO, Unmovable, FLAGS, HERE)
                .ok_or(ENOMEM)?;
            let index = PcpIndex::new(Order::ZERO, Movable, true).ok_or(EINVAL)?;

            assert_eq!(index.get(), 1);
            pageset
                .zone()
                .with(|buddy| buddy.set_pageblock_migratetype(block.head(), special));
            pageset.free(block, FLAGS);
            let kept = pageset.with(sys::this_cpu(), |pcp| pcp.nr_blocks(index));
            assert_eq!(kept, Some(1));
        }
        Ok(())
    }

    #[test]
    fn row_091_draining_leaves_nothing() -> Result {
        let pageset = pageset(LIMITS)?;

        for nr in [0, 1, 2, 3] {
            let block = take(&pageset, nr)?;

            pageset.free(block, FLAGS);
        }
        // More than is given back in one go, and something on every CPU.
        let mut taken = 0;

        while count(&pageset) <= 15 << 5 {
            let _ = take(&pageset, 0)?;

            taken += 1;
        }
        let request = PcpRequest {
            index: PcpIndex::new(Order::ZERO, Movable, true).ok_or(EINVAL)?,
            mt: Movable,
            flags: FLAGS,
        };
        for cpu in 0..pageset.nr_cpus() {
            let block = pageset.with(cpu, |pcp| pcp.rmqueue_one(pageset.zone(), &request));
            let _ = block.flatten().ok_or(ENOMEM)?;

            taken += 1;
            assert!(pageset.count(cpu) > 0);
        }
        pageset.drain_all();
        assert_eq!(pageset.total(), 0);
        assert_eq!(pageset.zone().nr_free(), 8192 - taken);
        assert_eq!(pageset.zone().validate().errors, 0);
        Ok(())
    }
}
