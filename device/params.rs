// SPDX-License-Identifier: GPL-2.0

//! The module's parameters, checked.

#![deny(unsafe_code)]

use crate::{
    page_alloc::layout::Shares,
    sys, //
};
use kernel::prelude::*;

/// Pages in a MiB.
const PAGES_PER_MB: u32 = 1 << (20 - sys::PAGE_SHIFT);

/// Smallest and largest size, in MiB.
const SIZE_MB: core::ops::RangeInclusive<u32> = 4..=4 << 20;

/// Parameters as given.
#[derive(Clone, Copy)]
pub(crate) struct Params {
    pub(crate) size_mb: u32,
    pub(crate) nid: i32,
    pub(crate) dma_pct: u32,
    pub(crate) dma32_pct: u32,
    pub(crate) movable_pct: u32,
    pub(crate) min_host_free_mb: u32,
    pub(crate) exact: u32,
    pub(crate) nids: u64,
    pub(crate) lazy: u32,
    pub(crate) gfp_allowed_mask: u32,
    pub(crate) poison: u32,
    pub(crate) unsafe_test: u32,
    /// Whether the kernel's own zones may be copied and driven.
    pub(crate) oracle: bool,
    /// Whether the process of a client that lost everything is killed as well.
    pub(crate) oom_kill: u32,
    /// 1, 2: blocks are moved in a way that loses what is written meanwhile.
    pub(crate) wrong_move: u32,
}

impl Params {
    /// What holds if nothing is given.
    pub(crate) const DEFAULT: Self = Self {
        size_mb: 64,
        nid: -1,
        dma_pct: 7,
        dma32_pct: 25,
        movable_pct: 25,
        min_host_free_mb: 64,
        exact: 0,
        nids: 0,
        lazy: 0,
        gfp_allowed_mask: 0xff_ffff,
        poison: 0,
        unsafe_test: 0,
        oracle: false,
        oom_kill: 0,
        wrong_move: 0,
    };

    /// EINVAL, and a line that says which parameter is wrong.
    pub(crate) fn check(&self) -> Result {
        if !SIZE_MB.contains(&self.size_mb) {
            pr_err!(
                "size_mb={} is not in {}..{}\n",
                self.size_mb,
                SIZE_MB.start(),
                SIZE_MB.end()
            );
            return Err(EINVAL);
        }
        for (name, value) in [
            ("exact", self.exact),
            ("poison", self.poison),
            ("unsafe_test", self.unsafe_test),
        ] {
            if value > 1 {
                pr_err!("{name}={value} is not 0 or 1\n");
                return Err(EINVAL);
            }
        }
        if self.oom_kill > 1 {
            pr_err!("oom_kill={} is not 0 or 1\n", self.oom_kill);
            return Err(EINVAL);
        }
        if self.wrong_move > 2 {
            pr_err!("wrong_move={} is not 0, 1 or 2\n", self.wrong_move);
            return Err(EINVAL);
        }
        if self.wrong_move != 0 && self.unsafe_test == 0 {
            pr_err!("wrong_move loses data on purpose, and needs unsafe_test=1\n");
            return Err(EINVAL);
        }
        if self.nid != -1 && !sys::node_is_online(self.nid) {
            pr_err!("nid={} is no node with memory\n", self.nid);
            return Err(EINVAL);
        }
        if let Some(nid) = self
            .nids()
            .find(|nid| *nid != -1 && !sys::node_is_online(*nid))
        {
            pr_err!("nids={:#x}: {nid} is no node with memory\n", self.nids);
            return Err(EINVAL);
        }
        self.shares().map(drop)
    }

    /// The nodes to take pages from; -1: any.
    pub(crate) fn nids(&self) -> impl Iterator<Item = i32> {
        let (mask, only) = (self.nids, self.nid);

        (0..=64).filter_map(move |nid| match nid {
            64 => (mask == 0).then_some(only),
            nid => (mask >> (nid & 63) & 1 != 0).then_some(nid),
        })
    }

    /// Pages of each node: `size_mb` rounded down to a power of two.
    pub(crate) fn nr_pages(&self) -> u32 {
        let log = 31u32.wrapping_sub(self.size_mb.max(1).leading_zeros());

        PAGES_PER_MB.wrapping_shl(log)
    }

    /// How the region is cut into zones. EINVAL, and a line, if the shares exceed 100 percent.
    pub(crate) fn shares(&self) -> Result<Shares> {
        let Self {
            dma_pct,
            dma32_pct,
            movable_pct,
            ..
        } = *self;

        Shares::new(dma_pct, dma32_pct, movable_pct).ok_or_else(|| {
            pr_err!(
                "dma_pct={} dma32_pct={} movable_pct={} exceed 100\n",
                dma_pct,
                dma32_pct,
                movable_pct
            );
            EINVAL
        })
    }

    /// Pages that must stay free on the host.
    pub(crate) fn min_host_free(&self) -> u64 {
        u64::from(self.min_host_free_mb).wrapping_mul(u64::from(PAGES_PER_MB))
    }
}

#[kunit_tests(rust_buddy_params)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_down_to_powers_of_two() -> Result {
        let pages = |size_mb| {
            Params {
                size_mb,
                ..Params::DEFAULT
            }
            .nr_pages()
        };

        assert_eq!(
            [pages(4), pages(7), pages(64), pages(100)],
            [1024, 1024, 16384, 16384]
        );
        Ok(())
    }

    #[test]
    fn the_defaults_are_good() -> Result {
        Params::DEFAULT.check()
    }
}
