// SPDX-License-Identifier: GPL-2.0

//! What a request may do after the first look at the free lists failed.
//!
//! Decisions only; `page_alloc/` acts on them.
//!
//! # Differences
//!
//! So far the slow path lowers the watermark and opens reserves as the request's flags allow. It
//! neither reclaims, compacts, kills nor waits, and of the task it only looks at whether it is a
//! real-time one: `PF_MEMALLOC` and victims of the OOM killer get nothing that others do not.
//!
//! C: `__alloc_pages_slowpath()`, `alloc_flags_slowpath()`, `__gfp_pfmemalloc_flags()` in
//! `mm/page_alloc.c`.

#![deny(unsafe_code)]

use crate::{
    gfp::{
        context::AllocContext,
        Gfp, //
    },
    zone::{
        alloc_flags::AllocFlags,
        order::Order, //
    }, //
};
use kernel::prelude::*;

/// Largest order that blocks are expected to be found of (C: `PAGE_ALLOC_COSTLY_ORDER`).
const COSTLY_ORDER: u8 = 3;

/// Flags of the second look (C: `alloc_flags_slowpath()`).
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
    if gfp.allows_blocking() && ctx.is_rt {
        flags = flags | AllocFlags::MIN_RESERVE;
    }
    if defrag_mode {
        flags = flags | AllocFlags::NOFRAGMENT;
    }
    flags | gfp.cma_flags()
}

/// Flags of a third look: for those who may use reserves, and once more for those who are not held
/// to their nodes.
pub(crate) fn retry_flags(gfp: Gfp, flags: AllocFlags) -> Option<AllocFlags> {
    reserve_flags(gfp).or_else(|| (!flags.has(AllocFlags::CPUSET)).then_some(flags))
}

/// Flags of the last look: if types were kept apart at any price, they no longer are, unless nobody
/// would mend that.
pub(crate) fn last_flags(gfp: Gfp, flags: AllocFlags) -> Option<AllocFlags> {
    let mends = gfp.has(Gfp::KSWAPD_RECLAIM | Gfp::DIRECT_RECLAIM);

    (flags.has(AllocFlags::NOFRAGMENT) && mends).then(|| flags.without(AllocFlags::NOFRAGMENT))
}

/// Whether a request comes far enough for the high-order atomic reserve to be given up for it: it
/// waits, and neither gives up early nor asks for more than can be hoped for
/// (C: `__alloc_pages_slowpath()` up to `should_reclaim_retry()`).
pub(crate) fn may_unreserve(gfp: Gfp, order: Order) -> bool {
    let costly = order.get() > COSTLY_ORDER;

    gfp.allows_blocking()
        && !gfp.has(Gfp::NORETRY)
        && (!costly || (gfp.has(Gfp::RETRY_MAYFAIL) && gfp.has(Gfp::IO)))
}

/// Flags for requests that may use everything (C: `__gfp_pfmemalloc_flags()`).
fn reserve_flags(gfp: Gfp) -> Option<AllocFlags> {
    if !gfp.has(Gfp::MEMALLOC) || gfp.has(Gfp::NOMEMALLOC) {
        return None;
    }
    let mut flags = AllocFlags::NO_WATERMARKS | gfp.cma_flags();

    if gfp.has(Gfp::KSWAPD_RECLAIM) {
        flags = flags | AllocFlags::KSWAPD;
    }
    Some(flags)
}

#[kunit_tests(rust_buddy_slowpath)]
mod tests {
    use super::*;

    fn of(gfp: Gfp, order: Order) -> Result<AllocFlags> {
        Ok(alloc_flags(
            &AllocContext::new(gfp, order).ok_or(EINVAL)?,
            false,
        ))
    }

    #[test]
    fn row_029_real_time_tasks_that_wait_may_use_half() -> Result {
        let rt = |gfp| -> Result<AllocFlags> {
            let ctx = AllocContext::new(gfp, Order::ZERO).ok_or(EINVAL)?;

            Ok(alloc_flags(&AllocContext { is_rt: true, ..ctx }, false))
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
        assert!(reserve_flags(Gfp::MEMALLOC).is_some());
        assert!(reserve_flags(Gfp::MEMALLOC | Gfp::NOMEMALLOC).is_none());
        assert!(reserve_flags(Gfp::HIGH).is_none());
        Ok(())
    }

    #[test]
    fn reserves_are_given_up_for_those_who_try_hard() -> Result {
        let (small, large) = (Order::ZERO, Order::new(4).ok_or(EINVAL)?);
        let kernel = Gfp::DIRECT_RECLAIM | Gfp::IO;

        assert!(may_unreserve(kernel, small));
        assert!(!may_unreserve(kernel, large));
        assert!(may_unreserve(kernel | Gfp::RETRY_MAYFAIL, large));
        assert!(!may_unreserve(kernel | Gfp::NORETRY, small));
        assert!(!may_unreserve(Gfp::HIGH, small));
        Ok(())
    }
}
