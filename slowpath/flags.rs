// SPDX-License-Identifier: GPL-2.0

//! How far below the low watermark a request may go.
//!
//! C: `alloc_flags_slowpath()`, `__gfp_pfmemalloc_flags()` in `mm/page_alloc.c`.
//!
//! # Differences
//!
//! No request comes from an interrupt.

#![deny(unsafe_code)]

use crate::{
    gfp::{
        context::AllocContext,
        Gfp, //
    },
    zone::alloc_flags::AllocFlags, //
};
use kernel::prelude::*;

/// Flags of the looks of the slow path (C: `alloc_flags_slowpath()`).
pub(crate) fn alloc_flags(ctx: &AllocContext, defrag_mode: bool) -> AllocFlags {
    let gfp = ctx.gfp;
    let mut flags = AllocFlags::WMARK_MIN | AllocFlags::CPUSET;

    if gfp.has(Gfp::HIGH) {
        flags = flags | AllocFlags::MIN_RESERVE;
    }
    if gfp.has(Gfp::KSWAPD_RECLAIM) {
        flags = flags | AllocFlags::KSWAPD;
    }
    flags = flags | gfp.nonblocking_flags(ctx.order);
    // Who can neither wait nor fail lightly is not held to its nodes.
    if !gfp.allows_blocking() && flags.has(AllocFlags::MIN_RESERVE) {
        flags = flags.without(AllocFlags::CPUSET);
    }
    if gfp.allows_blocking() && ctx.task.is_rt {
        flags = flags | AllocFlags::MIN_RESERVE;
    }
    if defrag_mode {
        flags = flags | AllocFlags::NOFRAGMENT;
    }
    flags | gfp.cma_flags()
}

/// The reserve that a request may use because it, or its task, will free memory soon
/// (C: `__gfp_pfmemalloc_flags()`).
pub(super) fn reserve_flags(ctx: &AllocContext) -> Option<AllocFlags> {
    if ctx.gfp.has(Gfp::NOMEMALLOC) {
        return None;
    }
    if ctx.gfp.has(Gfp::MEMALLOC) || ctx.task.memalloc {
        return Some(AllocFlags::NO_WATERMARKS);
    }
    ctx.task.oom_victim.then_some(AllocFlags::OOM)
}

/// Flags with that reserve; those of before count no more but for waking the background reclaimer.
pub(super) fn with_reserve(gfp: Gfp, reserve: AllocFlags, before: AllocFlags) -> AllocFlags {
    let flags = gfp.cma_flags() | reserve;

    match before.has(AllocFlags::KSWAPD) {
        true => flags | AllocFlags::KSWAPD,
        false => flags,
    }
}

#[kunit_tests(rust_buddy_slowpath_flags)]
mod tests {
    use super::*;
    use crate::{
        sys::TaskFacts,
        zone::order::Order, //
    };

    const PLAIN: TaskFacts = TaskFacts {
        is_rt: false,
        memalloc: false,
        is_kthread: false,
        oom_victim: false,
        dumps_core: false,
    };

    fn of(gfp: Gfp, order: Order) -> Result<AllocFlags> {
        Ok(alloc_flags(
            &AllocContext::new(gfp, order).ok_or(EINVAL)?,
            false,
        ))
    }

    fn reserve(gfp: Gfp, task: TaskFacts) -> Result<Option<AllocFlags>> {
        let ctx = AllocContext::new(gfp, Order::ZERO).ok_or(EINVAL)?;

        Ok(reserve_flags(&AllocContext { task, ..ctx }))
    }

    #[test]
    fn row_029_real_time_tasks_that_wait_may_use_half() -> Result {
        let task = TaskFacts {
            is_rt: true,
            ..PLAIN
        };
        let rt = |gfp| -> Result<AllocFlags> {
            let ctx = AllocContext::new(gfp, Order::ZERO).ok_or(EINVAL)?;

            Ok(alloc_flags(&AllocContext { task, ..ctx }, false))
        };

        assert!(rt(Gfp::DIRECT_RECLAIM | Gfp::KSWAPD_RECLAIM | Gfp::IO | Gfp::FS)? == 0x860);
        // Who does not wait gains nothing.
        assert!(rt(Gfp::KSWAPD_RECLAIM | Gfp::NOWARN)? == 0x850);
        Ok(())
    }

    #[test]
    fn row_109_flags_of_the_composites() -> Result {
        let io_fs = Gfp::IO | Gfp::FS;
        let kernel = io_fs | Gfp::DIRECT_RECLAIM | Gfp::KSWAPD_RECLAIM;
        let atomic = Gfp::HIGH | Gfp::KSWAPD_RECLAIM;
        let nowait = Gfp::KSWAPD_RECLAIM | Gfp::NOWARN;
        let movable = kernel | Gfp::HARDWALL | Gfp::HIGHMEM | Gfp::MOVABLE;
        let two = Order::new(2).ok_or(EINVAL)?;

        assert!(of(kernel, Order::ZERO)? == 0x840);
        assert!(of(kernel, two)? == 0x840);
        assert!(of(atomic, Order::ZERO)? == 0x830);
        assert!(of(atomic, two)? == 0xa30);
        assert!(of(nowait, Order::ZERO)? == 0x850);
        assert!(of(nowait, two)? == 0x850);
        assert!(of(atomic | Gfp::NOMEMALLOC, Order::ZERO)? == 0x820);
        assert!(of(movable, Order::ZERO)? == 0x8c0);
        assert!(of(Gfp::NORETRY, Order::ZERO)? == 0x50);
        Ok(())
    }

    #[test]
    fn row_048_nomemalloc_beats_memalloc() -> Result {
        let frees = TaskFacts {
            memalloc: true,
            ..PLAIN
        };
        let all = Some(AllocFlags::NO_WATERMARKS);

        assert_eq!(reserve(Gfp::MEMALLOC, PLAIN)?, all);
        assert_eq!(reserve(Gfp::HIGH, frees)?, all);
        assert_eq!(reserve(Gfp::MEMALLOC | Gfp::NOMEMALLOC, frees)?, None);
        assert_eq!(reserve(Gfp::HIGH, PLAIN)?, None);
        Ok(())
    }

    #[test]
    fn victims_get_half_and_only_if_they_ask_for_no_more() -> Result {
        let dies = TaskFacts {
            oom_victim: true,
            ..PLAIN
        };
        let dies_and_frees = TaskFacts {
            memalloc: true,
            ..dies
        };

        assert_eq!(reserve(Gfp::NONE, dies)?, Some(AllocFlags::OOM));
        assert_eq!(reserve(Gfp::NOMEMALLOC, dies)?, None);
        assert_eq!(
            reserve(Gfp::NONE, dies_and_frees)?,
            Some(AllocFlags::NO_WATERMARKS)
        );
        Ok(())
    }

    #[test]
    fn a_reserve_replaces_the_flags_of_before() -> Result {
        let before = of(
            Gfp::DIRECT_RECLAIM | Gfp::KSWAPD_RECLAIM | Gfp::HIGH,
            Order::ZERO,
        )?;

        assert!(before == 0x860);
        assert!(with_reserve(Gfp::NONE, AllocFlags::OOM, before) == 0x808);
        assert!(with_reserve(Gfp::MOVABLE, AllocFlags::NO_WATERMARKS, before) == 0x884);
        let quiet = before.without(AllocFlags::KSWAPD);
        assert!(with_reserve(Gfp::NONE, AllocFlags::OOM, quiet) == 0x8);
        Ok(())
    }
}
