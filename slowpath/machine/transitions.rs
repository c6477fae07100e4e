// SPDX-License-Identifier: GPL-2.0

//! Every transition of the steps that begin a round.

#![deny(unsafe_code)]

use kernel::prelude::*;

#[kunit_tests(rust_buddy_slowpath_round)]
mod tests {
    use super::super::{
        super::compact::{
            CompactPriority::*,
            CompactResult::*, //
        },
        fake::*,
        *, //
    };
    use kernel::prelude::*;

    #[test]
    fn transitions_of_restart() -> Result {
        let nowhere = Fake {
            has_zone: false,
            ..Fake::new()
        };

        assert!(leads(
            slow(KERNEL, 0)?,
            Fake::new(),
            Step::Restart,
            Step::Freelist
        ));
        assert!(leads(
            slow(KERNEL, 0)?,
            nowhere,
            Step::Restart,
            Step::NoPage
        ));
        for (gfp, order, first) in [
            (KERNEL, 0, false),
            (KERNEL, 1, true),
            (KERNEL, 4, true),
            (KERNEL | Gfp::MOVABLE, 3, false),
            (KERNEL | Gfp::MOVABLE, 4, true),
            (RECLAIM, 4, false),
            (ATOMIC | Gfp::IO, 4, false),
        ] {
            let mut slow = slow(gfp, order)?;
            let priority = if first { Async } else { SyncLight };

            slow.act(Step::Restart, &mut Fake::new());
            assert_eq!(slow.compact_first, first);
            assert_eq!(slow.compact.priority, priority);
        }
        Ok(())
    }

    #[test]
    fn a_restart_forgets_the_rounds_and_keeps_the_time() -> Result {
        let mut slow = Slowpath::new(&ctx(KERNEL, 0)?, false, 77);

        slow.reclaim = ReclaimRounds(9);
        slow.compact.retries = 9;
        slow.compact.priority = SyncFull;
        slow.compact_result = Complete;
        slow.can_retry_reserves = false;
        slow.act(Step::Restart, &mut Fake::new());
        assert_eq!(slow.reclaim, ReclaimRounds(0));
        assert_eq!(slow.compact, CompactRounds::NEW);
        assert_eq!(slow.compact_result, Skipped);
        assert!(!slow.can_retry_reserves);
        assert_eq!(slow.begin, 77);
        Ok(())
    }

    #[test]
    fn transitions_of_freelist() -> Result {
        let mut env = Fake {
            finds: Some(1),
            ..Fake::new()
        };

        assert!(leads(
            slow(KERNEL, 0)?,
            Fake::new(),
            Step::Freelist,
            Step::Reserves
        ));
        assert_eq!(slow(KERNEL, 2)?.act(Step::Freelist, &mut env), Got(1));
        assert_eq!(env.calls.first(), Some(&Some(Wake(2))));
        // Who may not wake anybody does not.
        let mut env = Fake::new();
        slow(Gfp::IO, 0)?.act(Step::Freelist, &mut env);
        assert!(env.did(&[Look(0x50)]) && env.nr_calls == 1);
        // To keep types apart takes whole pageblocks.
        let mut env = Fake::new();
        Slowpath::new(&ctx(KERNEL, 2)?, true, 0).act(Step::Freelist, &mut env);
        assert_eq!(env.calls.first(), Some(&Some(Wake(9))));
        Ok(())
    }

    #[test]
    fn transitions_of_reserves() -> Result {
        let dies = Fake {
            dies: true,
            ..Fake::new()
        };
        let tried = |mut slow: Slowpath| {
            slow.can_retry_reserves = false;
            slow
        };
        let at = Step::Reserves;

        assert!(leads(slow(KERNEL, 0)?, Fake::new(), at, Step::Reclaim));
        assert!(leads(slow(NOWAIT, 0)?, Fake::new(), at, Step::NoPage));
        // Not held to its nodes: once more, and only once.
        assert!(leads(slow(ATOMIC, 0)?, Fake::new(), at, Step::Freelist));
        assert!(leads(
            tried(slow(ATOMIC, 0)?),
            Fake::new(),
            at,
            Step::NoPage
        ));
        assert!(leads(
            with_task(KERNEL, 0, FREES)?,
            Fake::new(),
            at,
            Step::Freelist
        ));
        // Who reclaims does not wait for reclaim.
        assert!(leads(
            tried(with_task(KERNEL, 0, FREES)?),
            Fake::new(),
            at,
            Step::NoPage
        ));
        let mut first = slow(KERNEL, 4)?;
        first.compact_first = true;
        assert!(leads(first, Fake::new(), at, Step::Compact));
        assert_eq!(slow(KERNEL, 0)?.act(at, &mut { dies }), Killed);
        Ok(())
    }

    #[test]
    fn who_is_not_held_to_nodes_may_use_all() -> Result {
        let ctx = AllocContext {
            nodemask: 1,
            ..ctx(ATOMIC, 0)?
        };
        let mut atomic = Slowpath::new(&ctx, false, 0);

        atomic.act(Step::Reserves, &mut Fake::new());
        assert_eq!(atomic.ctx.nodemask, 0);
        let kernel = AllocContext { gfp: KERNEL, ..ctx };
        let mut kernel = Slowpath::new(&kernel, false, 0);
        kernel.act(Step::Reserves, &mut Fake::new());
        assert_eq!(kernel.ctx.nodemask, 1);
        Ok(())
    }

    #[test]
    fn defrag_mode_ends_where_nobody_can_mend() -> Result {
        let quiet = Gfp::from_bits(0x2000);
        let mut nowait = Slowpath::new(&ctx(NOWAIT, 0)?, true, 0);

        assert!(nowait.flags.has(AllocFlags::NOFRAGMENT));
        assert_eq!(
            nowait.act(Step::Reserves, &mut Fake::new()),
            Go(Step::Freelist)
        );
        assert!(!nowait.flags.has(AllocFlags::NOFRAGMENT));
        assert_eq!(
            nowait.act(Step::Reserves, &mut Fake::new()),
            Go(Step::NoPage)
        );
        let quiet = Slowpath::new(&ctx(quiet, 0)?, true, 0);
        assert!(leads(quiet, Fake::new(), Step::Reserves, Step::NoPage));
        Ok(())
    }

    #[test]
    fn defrag_mode_reclaims_and_compacts_for_whole_pageblocks() -> Result {
        for (gfp, order) in [(KERNEL, 9), (KERNEL | Gfp::MOVABLE, 0)] {
            let mut slow = Slowpath::new(&ctx(gfp, 0)?, true, 0);

            slow.act(Step::Reserves, &mut Fake::new());
            assert_eq!(slow.order.get(), order);
        }
        Ok(())
    }

    #[test]
    fn row_125_transitions_of_reclaim() -> Result {
        let with = |progress, finds| Fake {
            progress,
            finds,
            ..Fake::new()
        };
        let at = Step::Reclaim;
        let mut nothing = with(0, Some(1));
        let mut at_once = with(5, Some(1));
        let mut later = with(5, Some(2));
        let mut never = with(5, None);

        assert_eq!(slow(KERNEL, 0)?.act(at, &mut nothing), Go(Step::Compact));
        assert!(nothing.did(&[Reclaim(0)]));
        assert_eq!(slow(KERNEL, 0)?.act(at, &mut at_once), Got(1));
        assert!(at_once.did(&[Reclaim(0), Look(0x840)]));
        assert_eq!(slow(KERNEL, 0)?.act(at, &mut later), Got(1));
        let all = [
            Reclaim(0),
            Look(0x840),
            Unreserve(false),
            Drain,
            Look(0x840),
        ];
        assert!(later.did(&all));
        assert_eq!(slow(KERNEL, 0)?.act(at, &mut never), Go(Step::Compact));
        assert!(never.did(&all));
        Ok(())
    }

    #[test]
    fn transitions_of_compact() -> Result {
        let at = Step::Compact;
        let first = |gfp| -> Result<Slowpath> {
            let mut slow = slow(gfp, 4)?;

            slow.act(Step::Restart, &mut Fake::new());
            Ok(slow)
        };
        let mut kernel = first(KERNEL)?;
        let mut once = first(KERNEL | Gfp::NORETRY)?;

        assert!(leads(slow(KERNEL, 4)?, Fake::new(), at, Step::Retry));
        assert_eq!(kernel.act(at, &mut Fake::new()), Go(Step::Freelist));
        assert_eq!(
            (kernel.compact_first, kernel.compact.priority),
            (false, SyncLight)
        );
        assert_eq!(once.act(at, &mut Fake::new()), Go(Step::Freelist));
        assert_eq!((once.compact_first, once.compact.priority), (false, Async));
        let local = first(KERNEL | Gfp::NORETRY | Gfp::THISNODE)?;
        assert!(leads(local, Fake::new(), at, Step::NoPage));
        let local = first(KERNEL | Gfp::THISNODE)?;
        assert!(leads(local, Fake::new(), at, Step::Freelist));
        Ok(())
    }

    #[test]
    fn single_pages_need_no_compaction() -> Result {
        let mut env = Fake::new();

        assert_eq!(
            slow(KERNEL, 0)?.act(Step::Compact, &mut env),
            Go(Step::Retry)
        );
        assert!(env.did(&[]));
        Ok(())
    }

    #[test]
    fn row_134_a_captured_block_is_taken_as_it_is() -> Result {
        let mut slow = slow(KERNEL, 4)?;
        let mut env = Fake {
            compact: (Skipped, true),
            ..Fake::new()
        };

        assert_eq!(slow.act(Step::Compact, &mut env), Got(2));
        assert!(env.did(&[Compact(4, SyncLight), Compacted(true)]));
        assert_eq!(slow.compact_result, Success);
        Ok(())
    }

    #[test]
    fn what_was_not_compacted_does_not_count() -> Result {
        let of = |result, finds| Fake {
            compact: (result, false),
            finds,
            ..Fake::new()
        };

        for result in [Skipped, Deferred] {
            let mut env = of(result, Some(1));

            slow(KERNEL, 4)?.act(Step::Compact, &mut env);
            assert!(env.did(&[Compact(4, SyncLight)]));
        }
        let mut found = of(Complete, Some(1));
        assert_eq!(slow(KERNEL, 4)?.act(Step::Compact, &mut found), Got(1));
        assert!(found.did(&[Compact(4, SyncLight), Look(0x840), Compacted(true)]));
        let mut lost = of(Complete, None);
        slow(KERNEL, 4)?.act(Step::Compact, &mut lost);
        assert!(lost.did(&[Compact(4, SyncLight), Look(0x840), Compacted(false)]));
        Ok(())
    }
}
