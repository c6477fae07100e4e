// SPDX-License-Identifier: GPL-2.0

//! What is said when a request fails, or takes long.
//!
//! C: `warn_alloc()`, `check_alloc_stall_warn()` in `mm/page_alloc.c`.
//!
//! # Differences
//!
//! The rates are those of a region. No stack is shown: a request comes from one place.

#![deny(unsafe_code)]

use super::ratelimit::RateLimit;
use crate::gfp::{
    context::AllocContext,
    Gfp, //
};
use core::fmt;
use kernel::prelude::*;

/// Nanoseconds from one warning to the next, and until a request is said to be stuck
/// (C: `10 * HZ`, `ALLOC_STALL_WARN_MSECS`).
pub(crate) const INTERVAL_NS: u64 = 10_000_000_000;

/// One warning in that time.
pub(crate) const fn warn_ratelimit() -> RateLimit {
    RateLimit::new(INTERVAL_NS, 1)
}

/// Whether the failure of a request is worth a word; `has_dma`: there are pages for those that ask
/// for DMA.
pub(crate) fn fail_is_news(gfp: Gfp, has_dma: bool) -> bool {
    !gfp.has(Gfp::NOWARN) && (has_dma || !gfp.has(Gfp::DMA))
}

/// Whether a request that began at `begin` is said to be stuck at `now`.
pub(crate) fn is_stuck(gfp: Gfp, begin: u64, now: u64) -> bool {
    !gfp.has(Gfp::NOWARN) && now.wrapping_sub(begin) >= INTERVAL_NS
}

/// What happened to a request.
#[derive(Clone, Copy)]
pub(crate) enum What {
    /// It got no block.
    Fail,
    /// It has been at it for so many seconds.
    Stall(u64),
}

/// A line about it.
pub(crate) struct Line<'a> {
    /// Name of the task, padded with zeroes.
    pub(crate) comm: &'a [u8],
    pub(crate) what: What,
    pub(crate) ctx: &'a AllocContext,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (gfp, order) = (self.ctx.gfp, self.ctx.order.get());

        for byte in self.comm.iter().take_while(|byte| **byte != 0) {
            match byte {
                b' '..=b'~' => write!(f, "{}", char::from(*byte))?,
                byte => write!(f, "\\x{byte:02x}")?,
            }
        }
        match self.what {
            What::Fail => write!(f, ": page allocation failure: order:{order}, ")?,
            What::Stall(secs) => write!(
                f,
                ": page allocation stall for {secs} secs: order:{order}, "
            )?,
        }
        write!(f, "mode:{:#x}({gfp})", gfp.bits())?;
        match self.what {
            What::Fail => write!(f, ", nodemask={}", Nodes(self.ctx.nodemask)),
            What::Stall(_) => write!(f, " nodemask={}", Nodes(self.ctx.nodemask)),
        }
    }
}

/// A set of nodes, as `%*pbl` prints it.
struct Nodes(u64);

impl fmt::Display for Nodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut rest, mut first, mut comma) = (self.0, 0u32, "");

        if rest == 0 {
            return write!(f, "(null)");
        }
        while rest != 0 {
            let skip = rest.trailing_zeros();
            let nr = rest.checked_shr(skip).unwrap_or(0).trailing_ones();
            let last = first.wrapping_add(skip).wrapping_add(nr);

            first = first.wrapping_add(skip);
            match nr {
                1 => write!(f, "{comma}{first}")?,
                _ => write!(f, "{comma}{first}-{}", last.wrapping_sub(1))?,
            }
            (first, comma) = (last, ",");
            rest = rest.checked_shr(skip.wrapping_add(nr)).unwrap_or(0);
        }
        Ok(())
    }
}

#[kunit_tests(rust_buddy_slowpath_warn)]
mod tests {
    use super::*;
    use crate::zone::order::Order;

    /// Takes the text apart again while it is written.
    struct Expect(&'static str);

    impl fmt::Write for Expect {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 = self.0.strip_prefix(text).ok_or(fmt::Error)?;
            Ok(())
        }
    }

    fn prints(what: impl fmt::Display, text: &'static str) -> bool {
        let mut expect = Expect(text);

        fmt::write(&mut expect, format_args!("{what}")).is_ok() && expect.0.is_empty()
    }

    fn kernel() -> Result<AllocContext> {
        let gfp = Gfp::DIRECT_RECLAIM | Gfp::KSWAPD_RECLAIM | Gfp::IO | Gfp::FS;

        AllocContext::new(gfp, Order::new(4).ok_or(EINVAL)?).ok_or(EINVAL)
    }

    #[test]
    fn row_147_one_in_ten_seconds() -> Result {
        let limit = warn_ratelimit();

        assert!(limit.allows(0));
        assert!(!limit.allows(1));
        assert!(!limit.allows(INTERVAL_NS - 1));
        assert!(limit.allows(INTERVAL_NS));
        assert!(!limit.allows(INTERVAL_NS + 1));
        Ok(())
    }

    #[test]
    fn row_010_who_wants_no_word_gets_none() -> Result {
        assert!(fail_is_news(Gfp::KSWAPD_RECLAIM, true));
        assert!(!fail_is_news(Gfp::KSWAPD_RECLAIM | Gfp::NOWARN, true));
        assert!(fail_is_news(Gfp::DMA, true));
        assert!(!fail_is_news(Gfp::DMA, false));
        Ok(())
    }

    #[test]
    fn row_148_stuck_means_ten_seconds() -> Result {
        assert!(!is_stuck(Gfp::IO, 5, INTERVAL_NS + 4));
        assert!(is_stuck(Gfp::IO, 5, INTERVAL_NS + 5));
        assert!(!is_stuck(Gfp::IO | Gfp::NOWARN, 5, INTERVAL_NS * 9));
        Ok(())
    }

    #[test]
    fn the_lines_are_the_kernels() -> Result {
        let ctx = kernel()?;
        let line = |what| Line {
            comm: b"cat\0\0",
            what,
            ctx: &ctx,
        };

        assert!(prints(
            line(What::Fail),
            "cat: page allocation failure: order:4, mode:0xcc0(GFP_KERNEL), nodemask=(null)"
        ));
        assert!(prints(
            line(What::Stall(11)),
            "cat: page allocation stall for 11 secs: order:4, mode:0xcc0(GFP_KERNEL) nodemask=(null)"
        ));
        Ok(())
    }

    #[test]
    fn sets_of_nodes_are_ranges() -> Result {
        assert!(prints(Nodes(1), "0"));
        assert!(prints(Nodes(0b1011), "0-1,3"));
        assert!(prints(Nodes(1 << 63), "63"));
        assert!(prints(Nodes(u64::MAX), "0-63"));
        Ok(())
    }
}
