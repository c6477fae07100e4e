// SPDX-License-Identifier: GPL-2.0

//! What callers should not do.
//!
//! The kernel warns of it once and goes on. Here each kind has a counter that goes from 0 to 1 the
//! first time, and one line in the log: a caller's mistake is no reason for a stack dump. A request
//! that asks for silence does neither.
//!
//! C: `WARN_ON_ONCE_GFP()` in `mm/internal.h`.

#![deny(unsafe_code)]

use super::Region;
use crate::{
    gfp::Gfp,
    zone::order::{
        Order,
        MAX_PAGE_ORDER, //
    }, //
};
use kernel::{
    prelude::*,
    sync::atomic::{
        Atomic,
        Relaxed, //
    }, //
};

/// A caller's mistake.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Warning {
    /// A request for a block that is larger than any.
    Order = 0,
}

impl Warning {
    /// All of them.
    pub(crate) const ALL: [Self; 1] = [Self::Order];

    /// Name of its counter.
    pub(crate) const fn counter(self) -> &'static str {
        match self {
            Self::Order => "rb_warn_order",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Order => "there are no blocks of more than 1024 pages",
        }
    }
}

/// Which mistakes were made.
pub(super) struct Warnings([Atomic<u32>; Warning::ALL.len()]);

impl Warnings {
    /// None yet.
    pub(super) const fn new() -> Self {
        Self([const { Atomic::new(0) }; Warning::ALL.len()])
    }

    /// Counts the first mistake of a kind, and tells of it.
    #[cold]
    fn raise(&self, warning: Warning, gfp: Gfp) {
        if gfp.has(Gfp::NOWARN) {
            return;
        }
        let first = self
            .0
            .get(warning as usize)
            .is_some_and(|raised| raised.xchg(1, Relaxed) == 0);

        if first {
            pr_warn!("a request that cannot be met: {}\n", warning.text());
        }
    }

    fn nr(&self, warning: Warning) -> u32 {
        self.0
            .get(warning as usize)
            .map_or(0, |raised| raised.load(Relaxed))
    }
}

impl Region {
    /// The order of a request, which is not judged in any other way yet. `None`, and a warning, if
    /// there are no blocks of that order (C: the beginning of `__alloc_frozen_pages()`).
    pub(crate) fn check_order(&self, order: u32, gfp: Gfp) -> Option<Order> {
        Order::new(order).or_else(|| {
            self.warnings.raise(Warning::Order, gfp);
            None
        })
    }

    /// 1 if that mistake was ever made.
    pub(crate) fn nr_warned(&self, warning: Warning) -> u32 {
        self.warnings.nr(warning)
    }
}

const _: () = assert!(MAX_PAGE_ORDER == 10, "the text says 1024 pages");

#[kunit_tests(rust_buddy_warn)]
mod tests {
    use super::{
        super::fixture::one_zone,
        *, //
    };

    #[test]
    fn row_002_too_large_an_order_is_warned_of_once() -> Result {
        let region = one_zone(1024)?;
        let warned = || region.nr_warned(Warning::Order);

        assert_eq!(region.check_order(10, Gfp::NONE), Some(Order::MAX));
        assert_eq!(warned(), 0);
        assert!(region.check_order(11, Gfp::NOWARN).is_none());
        assert_eq!(warned(), 0);
        for order in [11, 12, u32::MAX] {
            assert!(region.check_order(order, Gfp::NONE).is_none());
            assert_eq!(warned(), 1);
        }
        assert_eq!(region.nr_free(), 1024);
        Ok(())
    }
}
