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

/// How long a burst counts, in nanoseconds.
const INTERVAL_NS: u64 = 5_000_000_000;

/// Lines in that time.
const BURST: u32 = 10;

/// Lets ten through in five seconds. Who comes at the same time as others may be one too many.
pub(crate) struct RateLimit {
    begin: Atomic<u64>,
    nr: Atomic<u32>,
}

impl RateLimit {
    /// Nothing said yet.
    pub(crate) const fn new() -> Self {
        Self {
            begin: Atomic::new(0),
            nr: Atomic::new(0),
        }
    }

    /// Whether something may be said at that time.
    pub(crate) fn allows(&self, now_ns: u64) -> bool {
        let begin = self.begin.load(Relaxed);

        if self.nr.load(Relaxed) == 0 || now_ns.wrapping_sub(begin) > INTERVAL_NS {
            self.begin.store(now_ns, Relaxed);
            self.nr.store(0, Relaxed);
        }
        self.nr.load(Relaxed) < BURST && self.nr.fetch_add(1, Relaxed) < BURST
    }
}

#[kunit_tests(rust_buddy_ratelimit)]
mod tests {
    use super::*;

    #[test]
    fn ten_lines_in_five_seconds() -> Result {
        let limit = RateLimit::new();
        let start = 77_000_000_000;
        let allowed = |from: u64| (0..100).filter(|nr| limit.allows(from + nr)).count();

        assert_eq!(allowed(start), 10);
        assert_eq!(allowed(start + INTERVAL_NS - 200), 0);
        assert_eq!(allowed(start + INTERVAL_NS + 1), 10);
        Ok(())
    }
}
