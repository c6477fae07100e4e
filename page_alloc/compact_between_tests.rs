// SPDX-License-Identifier: GPL-2.0

//! Compaction where something comes between, and what it leaves for later runs.

#![deny(unsafe_code)]

use kernel::prelude::*;

#[kunit_tests(rust_buddy_compact_between)]
mod tests {
    use super::super::{
        keepers::*,
        slow_events::SlowEvent,
        Region, //
    };
    use crate::{
        gfp::{
            context::AllocContext,
            Gfp, //
        },
        slowpath::{
            compact::{
                CompactPriority,
                CompactResult, //
            },
            owners::{
                Migrated,
                OomResult,
                Owners,
                Reclaimed, //
            }, //
        },
        zone::{
            alloc_flags::AllocFlags,
            order::{
                Block,
                Order,
                PageIdx, //
            }, //
        }, //
    };
    use kernel::prelude::*;

    /// Pins all that is around a block just before that is moved.
    struct Pinner<'a>(&'a Keepers);

    impl Owners for Pinner<'_> {
        fn movable(&self, page: PageIdx) -> Option<Order> {
            self.0.movable(page)
        }

        fn held(&self, page: PageIdx) -> Option<Order> {
            self.0.held(page)
        }

        fn migrate(&self, from: PageIdx, target: Block) -> Migrated {
            for other in (1..64).flat_map(|nr| [from.back(nr), from.add(nr)]) {
                self.0.pin(other);
            }
            self.0.migrate(from, target)
        }

        fn reclaim(&self, page: PageIdx, force: bool) -> Reclaimed {
            self.0.reclaim(page, force)
        }

        fn deactivate(&self, page: PageIdx) -> bool {
            self.0.deactivate(page)
        }

        fn oom(&self, ctx: &AllocContext) -> OomResult {
            self.0.oom(ctx)
        }
    }

    #[test]
    fn what_was_pinned_meanwhile_is_a_failure() -> Result {
        let (region, keepers) = full(16384, &[0])?;

        for page in (0..16384).step_by(2) {
            free(&region, &keepers, page);
        }
        let task = everything(CompactPriority::SyncFull);
        let report = region.compact_nodes(&task, &Pinner(&keepers), &|_| false);

        // Of each batch of 32 all but the first.
        assert!(report.progress.failed >= 31);
        assert!(report.progress.failed >= 20 * report.progress.migrated);
        let events = region.slow_events();
        assert_eq!(events.get(SlowEvent::PgMigrateFail), report.progress.failed);
        check(&region, &keepers);
        Ok(())
    }

    #[test]
    fn who_found_no_room_begins_anew() -> Result {
        let (region, keepers) = full(16384, &[0])?;
        let min = zone(&region)?.marks().levels.min as u32;
        let task = everything(CompactPriority::SyncFull);

        for page in 0..min {
            free(&region, &keepers, page * 7);
        }
        let report = compact(&region, &keepers, &task);
        assert_eq!(report.result, CompactResult::Contended);
        assert!(zone(&region)?.compaction().resume.is_none());
        for page in (0..16384).step_by(2) {
            free(&region, &keepers, page);
        }
        // He who is told to stop does not.
        let report = region.compact_nodes(&task, &keepers, &|now| now.migrate_scanned > 1000);
        assert_eq!(report.result, CompactResult::Contended);
        assert!(zone(&region)?.compaction().resume.is_some());
        check(&region, &keepers);
        Ok(())
    }

    /// A request of `wanted` that compacts; how it ended.
    fn request(region: &Region, keepers: &Keepers, wanted: u32) -> Result<CompactResult> {
        let gfp = KERNEL | Gfp::IO | MOVABLE;
        let ctx = AllocContext::new(gfp, order(wanted)?).ok_or(EINVAL)?;
        let flags = AllocFlags::WMARK_MIN;
        let sync = CompactPriority::SyncLight;
        let (result, block) = region.try_to_compact_pages((&ctx, ctx.order), flags, sync, keepers);

        if let Some(block) = block {
            region.free_pages(block);
        }
        Ok(result)
    }

    #[test]
    fn after_a_pageblock_without_anything_later_runs_leave_out_one_more() -> Result {
        let (region, keepers) = full(16384, &[0])?;

        for page in 0..16384 {
            match page {
                0..512 => keepers.pin(PageIdx::new(page)),
                _ if page % 2 == 0 => free(&region, &keepers, page),
                _ => {}
            }
        }
        assert_eq!(request(&region, &keepers, 4)?, CompactResult::Success);
        // As in the kernel, where the end of the pageblock is rounded up once more.
        let [cached_async, cached_sync] = zone(&region)?.compaction().cached_migrate;

        assert_eq!([cached_async.get(), cached_sync.get()], [1024, 1024]);
        check(&region, &keepers);
        Ok(())
    }

    #[test]
    fn who_begins_in_the_midst_says_nothing_of_the_pageblock() -> Result {
        let (region, keepers) = full(16384, &[0])?;

        for page in 0..16384 {
            match page {
                // One batch.
                0..32 => {}
                8192.. if page % 2 == 0 => free(&region, &keepers, page),
                _ => keepers.pin(PageIdx::new(page)),
            }
        }
        let report = compact(&region, &keepers, &everything(CompactPriority::SyncFull));

        assert_eq!(report.progress.migrated, 32);
        assert!(!zone(&region)?.is_skipped(PageIdx::new(0)));
        assert!(zone(&region)?.is_skipped(PageIdx::new(512)));
        check(&region, &keepers);
        Ok(())
    }
}
