// SPDX-License-Identifier: GPL-2.0

//! Compaction seen from outside: regions whose blocks have contents, which must survive.

#![deny(unsafe_code)]

use kernel::prelude::*;

#[kunit_tests(rust_buddy_compaction)]
mod tests {
    use super::super::{
        keepers::*,
        slow_events::SlowEvent,
        tunables::Tunable,
        Region, //
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
            owners::NoOwners, //
        },
        sys,
        zone::{
            alloc_flags::AllocFlags,
            order::{
                Block,
                PageIdx, //
            },
            ZoneType, //
        }, //
    };
    use kernel::prelude::*;

    const NR_PAGES: u32 = 32768;

    #[test]
    fn what_is_scattered_comes_together() -> Result {
        for (seed, orders) in [
            (1, &[0][..]),
            (2, &[0]),
            (3, &[0, 1, 0, 2, 3]),
            (4, &[5, 0]),
        ] {
            let (region, keepers) = full(NR_PAGES, orders)?;

            fragment(&region, &keepers, seed)?;
            let free = region.nr_free();
            let report = compact(&region, &keepers, &everything(CompactPriority::SyncFull));

            assert_eq!(report.result, CompactResult::Complete);
            assert_eq!(region.nr_free(), free);
            assert!(nr_whole(&region)? * 100 >= free / 512 * 95);
            assert_eq!(report.freed_blocks as u64, nr_whole(&region)?);
            assert!(report.progress.migrated > u64::from(NR_PAGES / 64));
            // For single pages there is room until the scanners meet.
            assert!(report.progress.failed <= 1 || orders.len() > 1);
            check(&region, &keepers);
        }
        Ok(())
    }

    #[test]
    fn one_page_that_stays_keeps_its_pageblock() -> Result {
        let (region, keepers) = full(NR_PAGES, &[0])?;

        for pageblock in 0..NR_PAGES / 512 {
            keepers.pin(PageIdx::new(pageblock * 512 + 77));
        }
        fragment(&region, &keepers, 5)?;
        let report = compact(&region, &keepers, &everything(CompactPriority::SyncFull));

        assert_eq!(report.result, CompactResult::Complete);
        assert_eq!(report.freed_blocks, 0);
        assert_eq!(nr_whole(&region)?, 0);
        let scanned = report.progress.migrate_scanned + report.progress.free_scanned;

        // No page was looked at more often than by each scanner once.
        assert!(scanned <= 2 * u64::from(NR_PAGES));
        for pageblock in 0..NR_PAGES / 512 {
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

        Ok(region.try_to_compact_pages((&ctx, ctx.order), flags, priority, keepers))
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
        let (result, block) = region.try_to_compact_pages(
            (&ctx, ctx.order),
            flags,
            CompactPriority::SyncLight,
            &keepers,
        );

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
        keepers.refuse(u64::MAX);
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

        keepers.refuse(100);
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
    fn a_bad_target_is_not_tried_again() -> Result {
        let (region, keepers) = every_other(16384)?;
        let before = region.nr_free();

        keepers.lose(3);
        let report = compact(&region, &keepers, &everything(CompactPriority::SyncFull));

        assert!(report.progress.failed >= 3);
        assert!(keepers.nr_moves() > 0);
        assert_eq!(region.nr_free(), before - 3);
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
        // Else it would sleep until there is something to do.
        node.kcompactd().trigger();
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
