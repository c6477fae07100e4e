// SPDX-License-Identifier: GPL-2.0

//! Who holds a lock must not ask for what may wait. The debug kernel reports that
//! (`CONFIG_DEBUG_ATOMIC_SLEEP`); here it panics.

#[cfg(test)]
mod tests {
    use crate::{
        gfp::{
            context::AllocContext,
            Gfp, //
        },
        page_alloc::fixture::one_zone,
        sys::Locked,
        zone::order::Order, //
    };
    use std::thread;

    /// Whether a request that is made under a lock is reported. It could be met at once.
    fn is_reported(gfp: Gfp) -> bool {
        let region = one_zone(4096).expect("memory for a region");
        let ctx = AllocContext::new(gfp, Order::ZERO).expect("a request");
        let lock = Locked::new((), c"atomic").expect("a lock");
        let request = || lock.with(|()| region.alloc_pages(&ctx).is_some());

        thread::scope(|scope| match scope.spawn(request).join() {
            Ok(met) => !met,
            Err(_) => true,
        })
    }

    #[test]
    fn row_152_who_may_wait_is_reported_in_atomic_context() {
        assert!(is_reported(Gfp::DIRECT_RECLAIM | Gfp::KSWAPD_RECLAIM));
        assert!(!is_reported(Gfp::HIGH | Gfp::KSWAPD_RECLAIM));
        assert!(!is_reported(Gfp::NONE));
    }
}
