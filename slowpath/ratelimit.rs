// SPDX-License-Identifier: GPL-2.0

//! How often the log is told of the same thing.
//!
//! C: `___ratelimit()` in `lib/ratelimit.c`.

#![deny(unsafe_code)]

use kernel::{
    prelude::*,
    sync::atomic::{
        Atomic,
        Relaxed, //
    }, //
};

/// Lets so many lines through in so many nanoseconds. Any context.
pub(crate) struct RateLimit {
    interval_ns: u64,
    burst: u32,
    /// When the interval began, plus 1; 0: none did yet.
    begin: Atomic<u64>,
    /// Lines since then.
    nr: Atomic<u32>,
}

impl RateLimit {
    /// Nothing said yet. `burst` is at least 1.
    pub(crate) const fn new(interval_ns: u64, burst: u32) -> Self {
        Self {
            interval_ns,
            burst,
            begin: Atomic::new(0),
            nr: Atomic::new(burst),
        }
    }

    /// Whether something may be said at `now`. Never more than the burst, whoever comes at once.
    pub(crate) fn allows(&self, now: u64) -> bool {
        let begin = self.begin.load(Relaxed);

        if self.is_over(begin, now) {
            let next = now.wrapping_add(1);
            let first = self.begin.cmpxchg(begin, next, Relaxed).is_ok();

            if first {
                self.nr.store(1, Relaxed);
            }
            return first;
        }
        self.nr.load(Relaxed) < self.burst && self.nr.fetch_add(1, Relaxed) < self.burst
    }

    fn is_over(&self, begin: u64, now: u64) -> bool {
        begin == 0 || now.wrapping_sub(begin.wrapping_sub(1)) >= self.interval_ns
    }
}

#[kunit_tests(rust_buddy_ratelimit)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn ten_lines_in_five_seconds() -> Result {
        let limit = RateLimit::new(5 * SECOND, 10);
        let start = 77 * SECOND;
        let allowed = |from: u64| (0..100).filter(|nr| limit.allows(from + nr)).count();

        assert_eq!(allowed(start), 10);
        assert_eq!(allowed(start + 5 * SECOND - 200), 0);
        assert_eq!(allowed(start + 5 * SECOND), 10);
        Ok(())
    }

    #[test]
    fn the_first_goes_through_at_any_time() -> Result {
        for start in [0, 1, SECOND] {
            let limit = RateLimit::new(SECOND, 1);

            assert!(limit.allows(start));
            assert!(!limit.allows(start.wrapping_add(1)));
        }
        Ok(())
    }
}
