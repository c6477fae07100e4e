// SPDX-License-Identifier: GPL-2.0

//! Every transition of the steps that end it.

#![deny(unsafe_code)]

use kernel::prelude::*;

#[kunit_tests(rust_buddy_slowpath_end)]
mod tests {
    use super::super::{
        super::{
            compact::{
                CompactPriority::*,
                CompactResult::*, //
            },
            owners::OomResult, //
        },
        fake::*,
        *, //
    };
    use crate::sys::TaskFacts;
    use kernel::prelude::*;

    #[test]
    fn transitions_of_retry() -> Result {
        let at = Step::Retry;
        let helps = || Fake {
            reclaim_helps: true,
            ..Fake::new()
        };
        let changed = || Fake {
            cookie: 1,
            ..helps()
        };
        let reserve = || Fake {
            has_highatomic: true,
            ..Fake::new()
        };
        let hard = KERNEL | Gfp::RETRY_MAYFAIL;

        for (gfp, order, env, next) in [
            (KERNEL | Gfp::NORETRY, 0, helps(), Step::NoPage),
            (KERNEL, 4, helps(), Step::NoPage),
            (hard, 4, helps(), Step::Freelist),
            (RECLAIM | Gfp::RETRY_MAYFAIL, 4, helps(), Step::NoPage),
            (RECLAIM, 3, helps(), Step::Freelist),
            (KERNEL, 0, helps(), Step::Freelist),
            (KERNEL, 0, changed(), Step::Restart),
            (KERNEL | Gfp::NORETRY, 0, changed(), Step::NoPage),
            (KERNEL, 0, reserve(), Step::Freelist),
            (KERNEL, 0, Fake::new(), Step::Oom),
            (hard, 4, Fake::new(), Step::Oom),
        ] {
            assert!(leads(slow(gfp, order)?, env, at, next));
        }
        Ok(())
    }

    #[test]
    fn a_change_while_it_decides_is_seen_before_anybody_is_killed() -> Result {
        let env = Fake {
            changes_after: Some(Unreserve(true)),
            ..Fake::new()
        };

        assert!(leads(slow(KERNEL, 0)?, env, Step::Retry, Step::Restart));
        Ok(())
    }

    #[test]
    fn compaction_is_tried_again_only_after_progress() -> Result {
        let skipped = |helps| Fake {
            compaction_helps: helps,
            ..Fake::new()
        };
        let dies = Fake {
            dies: true,
            ..skipped(true)
        };
        let at = Step::Retry;

        assert!(leads(
            after(KERNEL, 2, 1)?,
            skipped(true),
            at,
            Step::Freelist
        ));
        assert!(leads(after(KERNEL, 2, 1)?, skipped(false), at, Step::Oom));
        assert!(leads(after(KERNEL, 2, 0)?, skipped(true), at, Step::Oom));
        assert!(leads(after(RECLAIM, 2, 1)?, skipped(true), at, Step::Oom));
        assert!(leads(after(KERNEL, 0, 1)?, skipped(true), at, Step::Oom));
        assert!(leads(after(KERNEL, 2, 1)?, dies, at, Step::Oom));
        let mut failed = after(KERNEL, 2, 1)?;
        failed.compact_result = Complete;
        assert_eq!(failed.act(at, &mut Fake::new()), Go(Step::Freelist));
        assert_eq!(failed.compact.priority, SyncFull);
        assert_eq!(failed.act(at, &mut Fake::new()), Go(Step::Oom));
        Ok(())
    }

    #[test]
    fn defrag_mode_is_given_up_before_anybody_is_killed() -> Result {
        let at = Step::Retry;
        let mut slow = Slowpath {
            order: Order::new(9).ok_or(EINVAL)?,
            reclaim: ReclaimRounds(16),
            ..Slowpath::new(&ctx(KERNEL, 0)?, true, 0)
        };

        slow.compact.retries = 5;
        assert_eq!(slow.act(at, &mut Fake::new()), Go(Step::Freelist));
        assert!(!slow.flags.has(AllocFlags::NOFRAGMENT));
        assert_eq!((slow.reclaim, slow.compact.retries), (ReclaimRounds(0), 0));
        assert_eq!(slow.act(at, &mut Fake::new()), Go(Step::Oom));
        Ok(())
    }

    #[test]
    fn promoted_requests_do_not_wait_for_compaction_to_be_possible() -> Result {
        let mut slow = Slowpath {
            order: Order::new(9).ok_or(EINVAL)?,
            progress: 1,
            ..Slowpath::new(&ctx(KERNEL, 0)?, true, 0)
        };
        let mut env = Fake {
            compaction_helps: true,
            ..Fake::new()
        };

        // Not by that, but because types may mix now.
        assert_eq!(slow.act(Step::Retry, &mut env), Go(Step::Freelist));
        assert!(!slow.flags.has(AllocFlags::NOFRAGMENT));
        Ok(())
    }

    #[test]
    fn transitions_of_oom() -> Result {
        let at = Step::Oom;
        let with = |oom| Fake { oom, ..Fake::new() };

        assert!(leads(
            slow(KERNEL, 0)?,
            with(OomResult::Killed),
            at,
            Step::Freelist
        ));
        assert!(leads(
            slow(KERNEL, 0)?,
            with(OomResult::Pending),
            at,
            Step::Freelist
        ));
        assert!(leads(
            slow(KERNEL, 0)?,
            with(OomResult::NoVictim),
            at,
            Step::NoPage
        ));
        assert!(leads(
            slow(KERNEL, 4)?,
            with(OomResult::Killed),
            at,
            Step::NoPage
        ));
        let mut parallel = Fake {
            finds: Some(1),
            ..with(OomResult::Killed)
        };
        assert_eq!(slow(KERNEL, 0)?.act(at, &mut parallel), Got(1));
        assert!(parallel.did(&[Look(0x42)]));
        let mut rounds = slow(KERNEL, 0)?;
        rounds.reclaim = ReclaimRounds(17);
        rounds.act(at, &mut with(OomResult::Killed));
        assert_eq!(rounds.reclaim, ReclaimRounds(0));
        Ok(())
    }

    #[test]
    fn row_119_who_has_another_way_kills_nobody() -> Result {
        for (gfp, order) in [
            (KERNEL, 4),
            (KERNEL | Gfp::THISNODE, 0),
            (KERNEL | Gfp::RETRY_MAYFAIL, 0),
            (KERNEL | Gfp::DMA, 0),
        ] {
            let mut env = Fake {
                oom: OomResult::Killed,
                ..Fake::new()
            };

            assert_eq!(slow(gfp, order)?.act(Step::Oom, &mut env), Go(Step::NoPage));
            assert!(env.did(&[Look(0x42)]));
        }
        Ok(())
    }

    #[test]
    fn row_120_without_fs_nobody_is_killed_and_it_goes_on() -> Result {
        let mut env = Fake::new();
        let nofs = RECLAIM | Gfp::IO;

        assert_eq!(slow(nofs, 0)?.act(Step::Oom, &mut env), Go(Step::Freelist));
        assert!(env.did(&[Look(0x42), Pause]));
        Ok(())
    }

    #[test]
    fn row_121_while_others_kill_it_goes_on() -> Result {
        let mut env = Fake {
            oom_is_free: false,
            ..Fake::new()
        };
        let mut slow = slow(KERNEL, 0)?;

        assert_eq!(slow.act(Step::Oom, &mut env), Go(Step::Freelist));
        assert_eq!(slow.progress, 1);
        assert!(env.did(&[Pause]));
        Ok(())
    }

    #[test]
    fn victims_end_when_their_reserve_is_used_up() -> Result {
        let victim = TaskFacts {
            memalloc: false,
            oom_victim: true,
            ..FREES
        };
        let killed = || Fake {
            oom: OomResult::Killed,
            ..Fake::new()
        };
        let at = Step::Oom;
        let fresh = with_task(KERNEL, 0, victim)?;
        let mut sated = fresh;

        sated.flags = AllocFlags::OOM;
        assert!(leads(fresh, killed(), at, Step::Freelist));
        assert!(leads(sated, killed(), at, Step::NoPage));
        let modest = with_task(KERNEL | Gfp::NOMEMALLOC, 0, victim)?;
        assert!(leads(modest, killed(), at, Step::NoPage));
        Ok(())
    }

    #[test]
    fn row_122_transitions_of_no_page() -> Result {
        let at = Step::NoPage;
        let nofail = KERNEL | Gfp::NOFAIL;
        let changed = Fake {
            cookie: 1,
            ..Fake::new()
        };
        let mut second = Fake {
            finds: Some(2),
            ..Fake::new()
        };

        assert_eq!(slow(KERNEL, 0)?.act(at, &mut Fake::new()), Next::Fail);
        assert!(leads(slow(KERNEL, 0)?, changed, at, Step::Restart));
        assert!(leads(slow(nofail, 0)?, Fake::new(), at, Step::Freelist));
        let mut cannot_wait = Fake::new();
        let gfp = ATOMIC | Gfp::NOFAIL;
        assert_eq!(slow(gfp, 0)?.act(at, &mut cannot_wait), Next::Fail);
        assert!(cannot_wait.did(&[]));
        assert_eq!(slow(nofail, 0)?.act(at, &mut second), Got(1));
        assert!(second.did(&[Look(0x60), Look(0x20)]));
        Ok(())
    }
}
