// SPDX-License-Identifier: GPL-2.0

//! The last resort: somebody gives everything back.
//!
//! C: `__alloc_pages_may_oom()` in `mm/page_alloc.c`, `out_of_memory()` in `mm/oom_kill.c`.
//!
//! # Differences
//!
//! Without a victim the request fails: nothing panics. Storage that is suspended does not matter.

#![deny(unsafe_code)]

use super::retry::is_costly;
use crate::{
    gfp::{
        context::AllocContext,
        Gfp, //
    },
    zone::ZoneType, //
};
use kernel::prelude::*;

/// Who may ask for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum OomGate {
    /// It may.
    Open,
    /// It may not, but goes on as if it had helped: others may give memory back.
    GoOn,
    /// It may not.
    Closed,
}

/// Whether a request is worth a victim, and would be helped by one.
pub(super) fn gate(ctx: &AllocContext) -> OomGate {
    let has_fallback = ctx.gfp.has(Gfp::RETRY_MAYFAIL | Gfp::THISNODE);
    let low = ctx.highest_zone < ZoneType::Normal;

    // A core that is written can eat up every reserve.
    if ctx.task.dumps_core || is_costly(ctx.order) || has_fallback || low {
        return OomGate::Closed;
    }
    match ctx.gfp.has(Gfp::FS) {
        true => OomGate::Open,
        false => OomGate::GoOn,
    }
}

/// The request as it looks once more before that: above the high watermark, as only a victim of
/// before brings it there, and without waiting.
pub(super) fn parallel(ctx: &AllocContext) -> AllocContext {
    AllocContext {
        gfp: (ctx.gfp | Gfp::HARDWALL).without(Gfp::DIRECT_RECLAIM),
        ..*ctx
    }
}

#[kunit_tests(rust_buddy_slowpath_oom)]
mod tests {
    use super::*;
    use crate::{
        sys::TaskFacts,
        zone::order::Order, //
    };

    fn of(gfp: Gfp, order: u32, dumps_core: bool) -> Result<OomGate> {
        let order = Order::new(order).ok_or(EINVAL)?;
        let ctx = AllocContext::new(gfp, order).ok_or(EINVAL)?;
        let task = TaskFacts {
            dumps_core,
            ..TaskFacts::default()
        };

        Ok(gate(&AllocContext { task, ..ctx }))
    }

    #[test]
    fn row_119_who_has_another_way_kills_nobody() -> Result {
        let kernel = Gfp::DIRECT_RECLAIM | Gfp::KSWAPD_RECLAIM | Gfp::IO | Gfp::FS;

        assert_eq!(of(kernel, 0, false)?, OomGate::Open);
        assert_eq!(of(kernel, 3, false)?, OomGate::Open);
        assert_eq!(of(kernel, 4, false)?, OomGate::Closed);
        assert_eq!(of(kernel | Gfp::THISNODE, 0, false)?, OomGate::Closed);
        assert_eq!(of(kernel | Gfp::RETRY_MAYFAIL, 0, false)?, OomGate::Closed);
        assert_eq!(of(kernel | Gfp::DMA, 0, false)?, OomGate::Closed);
        assert_eq!(of(kernel | Gfp::DMA32, 0, false)?, OomGate::Closed);
        assert_eq!(of(kernel, 0, true)?, OomGate::Closed);
        Ok(())
    }

    #[test]
    fn row_120_without_fs_nobody_is_killed_and_it_goes_on() -> Result {
        let nofs = Gfp::DIRECT_RECLAIM | Gfp::KSWAPD_RECLAIM | Gfp::IO;

        assert_eq!(of(nofs, 0, false)?, OomGate::GoOn);
        assert_eq!(of(nofs, 4, false)?, OomGate::Closed);
        Ok(())
    }

    #[test]
    fn the_look_for_a_parallel_victim_does_not_wait() -> Result {
        let kernel = Gfp::DIRECT_RECLAIM | Gfp::IO | Gfp::FS;
        let ctx = AllocContext::new(kernel, Order::ZERO).ok_or(EINVAL)?;

        assert_eq!(parallel(&ctx).gfp, Gfp::IO | Gfp::FS | Gfp::HARDWALL);
        Ok(())
    }
}
