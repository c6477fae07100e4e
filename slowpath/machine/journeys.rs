// SPDX-License-Identifier: GPL-2.0

//! Requests on their whole way.

#![deny(unsafe_code)]

use kernel::prelude::*;

#[kunit_tests(rust_buddy_slowpath_journey)]
mod tests {
    use super::super::{
        super::{
            compact::CompactPriority::*,
            owners::OomResult, //
        },
        fake::*,
        *, //
    };
    use crate::sys::TaskFacts;
    use kernel::prelude::*;

    #[test]
    fn row_122_unfailing_requests_go_on_until_there_is_a_block() -> Result {
        let env = Fake {
            finds: Some(40),
            ..Fake::new()
        };
        let (page, env) = run(slow(KERNEL | Gfp::NOFAIL, 0)?, env);

        assert_eq!(page, Some(1));
        assert_eq!(env.nr(|call| call == Failed), 0);
        // With the last resort come all reserves.
        assert!(env.nr(|call| call == Look(0x44)) > 0);
        assert!(env.nr(|call| call == Look(0x4)) > 0);
        Ok(())
    }

    #[test]
    fn unfailing_requests_end_with_their_task() -> Result {
        let env = Fake {
            dies_after: 3,
            ..Fake::new()
        };
        let (page, env) = run(slow(KERNEL | Gfp::NOFAIL, 0)?, env);

        assert_eq!(page, None);
        assert_eq!(env.nr_reclaims(), 3);
        assert_eq!(env.nr(|call| call == Failed), 0);
        Ok(())
    }

    #[test]
    fn row_110_looks_of_those_who_fail() -> Result {
        // One more than these is the first look of all.
        for (gfp, task, looks) in [
            (NOWAIT, TaskFacts::default(), &[Look(0x850), Failed][..]),
            (
                ATOMIC,
                TaskFacts::default(),
                &[Look(0x830), Look(0x830), Failed][..],
            ),
            (KERNEL, FREES, &[Look(0x840), Look(0x804), Failed][..]),
        ] {
            let (page, env) = run(with_task(gfp, 0, task)?, Fake::new());

            assert_eq!(page, None);
            assert!(env.did(looks));
        }
        Ok(())
    }

    #[test]
    fn row_123_who_reclaims_does_not_reclaim() -> Result {
        for order in [0, 4] {
            let (_, env) = run(with_task(KERNEL, order, FREES)?, Fake::new());

            assert_eq!(env.nr_reclaims(), 0);
            assert_eq!(env.nr(|call| matches!(call, Compact(..))), 0);
        }
        Ok(())
    }

    #[test]
    fn row_111_115_large_blocks_are_compacted_for_first_and_reclaimed_for_once() -> Result {
        let env = Fake {
            oom: OomResult::Killed,
            reclaim_helps: true,
            ..Fake::new()
        };
        let (page, env) = run(slow(KERNEL, 4)?, env);

        assert_eq!(page, None);
        assert!(env.did(&[
            Look(0x840),
            Stall,
            Compact(4, Async),
            Look(0x840),
            Stall,
            Reclaim(4),
            Compact(4, SyncLight),
            Failed,
        ]));
        Ok(())
    }

    #[test]
    fn row_112_small_movable_blocks_are_reclaimed_for_first() -> Result {
        for order in 1..=3 {
            let (_, env) = run(
                slow(KERNEL | Gfp::MOVABLE | Gfp::NORETRY, order)?,
                Fake::new(),
            );
            let order = order as u8;

            assert!(env.did(&[
                Look(0x8c0),
                Stall,
                Reclaim(order),
                Compact(order, SyncLight),
                Failed,
            ]));
        }
        Ok(())
    }

    #[test]
    fn row_113_one_round_for_those_who_give_up_early() -> Result {
        let (_, small) = run(slow(KERNEL | Gfp::NORETRY, 0)?, Fake::new());
        let (_, large) = run(slow(KERNEL | Gfp::NORETRY, 4)?, Fake::new());

        assert!(small.did(&[Look(0x840), Stall, Reclaim(0), Failed]));
        assert!(large.did(&[
            Look(0x840),
            Stall,
            Compact(4, Async),
            Look(0x840),
            Stall,
            Reclaim(4),
            Compact(4, Async),
            Failed,
        ]));
        Ok(())
    }

    #[test]
    fn row_114_this_node_is_not_squeezed_for_large_blocks() -> Result {
        let gfp = KERNEL | Gfp::NORETRY | Gfp::THISNODE;
        let (_, env) = run(slow(gfp, 9)?, Fake::new());

        assert!(env.did(&[Look(0x840), Stall, Compact(9, Async), Failed]));
        Ok(())
    }

    #[test]
    fn row_116_seventeen_reclaims_before_somebody_is_killed() -> Result {
        let env = Fake {
            reclaim_helps: true,
            ..Fake::new()
        };
        let (_, hopes) = run(slow(KERNEL, 0)?, env);
        let (_, hopeless) = run(slow(KERNEL, 0)?, Fake::new());

        assert_eq!(hopes.nr_reclaims(), 17);
        assert_eq!(hopes.nr(|call| call == Oom), 1);
        assert_eq!(hopeless.nr_reclaims(), 1);
        assert_eq!(hopeless.nr(|call| call == Oom), 1);
        Ok(())
    }

    #[test]
    fn row_124_a_change_is_worth_one_more_try() -> Result {
        let env = Fake {
            changes_after: Some(Reclaim(0)),
            ..Fake::new()
        };
        let (_, env) = run(slow(KERNEL, 0)?, env);

        assert_eq!(env.nr_reclaims(), 2);
        assert_eq!(env.nr(|call| call == Failed), 1);
        Ok(())
    }
}
