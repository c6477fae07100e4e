// SPDX-License-Identifier: GPL-2.0

//! Counters that lag: each CPU counts on its own account until that is worth telling everyone.
//!
//! Everyone reads the common part alone. It may be wrong by the threshold times the number of CPUs,
//! and the allocator's decisions follow it, not the truth.
//!
//! C: `vm_stat[]` and `vm_stat_diff[]`, `__mod_zone_page_state()`, `calculate_normal_threshold()`
//! in `mm/vmstat.c`.

#![deny(unsafe_code)]

use super::image::CounterImage;
use kernel::prelude::*;

/// Largest threshold: the kernel keeps what a CPU has not told in a byte.
const MAX_THRESHOLD: u32 = 125;

/// A number with a part of it on each CPU's own account.
///
/// # Invariants
///
/// The count is `global` plus all of `deltas`.
pub(crate) struct Counter {
    global: i64,
    deltas: KVVec<i32>,
}

impl Counter {
    /// Zero, for CPUs `0..nr_cpus`.
    ///
    /// Allocates: sleeps.
    pub(crate) fn new(nr_cpus: u32) -> Result<Self> {
        // INVARIANT: All of them are zero.
        Ok(Self {
            global: 0,
            deltas: KVVec::from_elem(0, nr_cpus as usize, GFP_KERNEL)?,
        })
    }

    /// Adds `nr` on the account of `cpu`, and tells everyone if that account then exceeds
    /// `threshold` (C: `__mod_zone_page_state()`).
    pub(crate) fn add(&mut self, cpu: u32, nr: i64, threshold: u32) {
        // INVARIANT: What leaves one part enters the other.
        let Some(delta) = self.deltas.get_mut(cpu as usize) else {
            self.global = self.global.wrapping_add(nr);
            return;
        };
        let sum = i64::from(*delta).wrapping_add(nr);

        if sum.unsigned_abs() > u64::from(threshold) {
            self.global = self.global.wrapping_add(sum);
            *delta = 0;
        } else {
            *delta = sum as i32;
        }
    }

    /// Tells everyone what `cpu` has on its account; whether that was anything
    /// (C: `refresh_cpu_vm_stats()`).
    pub(crate) fn fold(&mut self, cpu: u32) -> bool {
        let Some(delta) = self.deltas.get_mut(cpu as usize) else {
            return false;
        };
        let told = *delta != 0;

        // INVARIANT: As above.
        self.global = self.global.wrapping_add(i64::from(*delta));
        *delta = 0;
        told
    }

    /// What everyone sees (C: `zone_page_state()`).
    pub(crate) fn read(&self) -> u64 {
        u64::try_from(self.global).unwrap_or(0)
    }

    /// The parts as `cpu` sees them.
    pub(crate) fn image(&self, cpu: u32) -> CounterImage {
        CounterImage {
            global: self.global,
            delta: self.deltas.get(cpu as usize).copied().unwrap_or(0),
        }
    }

    /// Takes over the parts of another counter.
    pub(crate) fn adopt(&mut self, cpu: u32, image: CounterImage) {
        self.global = image.global;
        if let Some(delta) = self.deltas.get_mut(cpu as usize) {
            *delta = image.delta;
        }
    }
}

/// How much a CPU keeps to itself in a zone of `managed` pages
/// (C: `calculate_normal_threshold()`).
pub(crate) fn stat_threshold(managed: u64, nr_online_cpus: u32) -> u32 {
    // The more memory and the more CPUs, the more may be kept back: by powers of two.
    let mem = fls(managed >> 15);
    let cpus = fls(u64::from(nr_online_cpus));

    2u32.wrapping_mul(cpus)
        .wrapping_mul(mem.wrapping_add(1))
        .min(MAX_THRESHOLD)
}

/// Number of the highest bit that is set, from 1 on; 0 if none is.
fn fls(x: u64) -> u32 {
    64u32.wrapping_sub(x.leading_zeros())
}

#[kunit_tests(rust_buddy_counter)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_told_when_they_exceed_the_threshold() -> Result {
        let mut counter = Counter::new(2)?;

        counter.add(0, 12, 12);
        assert_eq!(counter.read(), 0);
        counter.add(1, 12, 12);
        counter.add(0, 1, 12);
        assert_eq!(counter.read(), 13);
        assert_eq!(counter.image(1).delta, 12);
        counter.add(1, -25, 12);
        assert_eq!(counter.image(1).global, 0);
        Ok(())
    }

    #[test]
    fn a_negative_count_reads_as_zero() -> Result {
        let mut counter = Counter::new(1)?;

        counter.add(0, -5, 0);
        assert_eq!(counter.read(), 0);
        assert_eq!(counter.image(0).global, -5);
        Ok(())
    }

    #[test]
    fn folding_tells_what_is_left() -> Result {
        let mut counter = Counter::new(1)?;

        counter.add(0, 3, 12);
        assert!(counter.fold(0));
        assert!(!counter.fold(0));
        assert!(!counter.fold(7));
        assert_eq!(counter.read(), 3);
        Ok(())
    }

    #[test]
    fn thresholds_are_the_kernels() -> Result {
        // Less than 128 MiB; 256 MiB; 1 GiB with 4 CPUs; 16 GiB with 1024.
        assert_eq!(stat_threshold(16384, 2), 4);
        assert_eq!(stat_threshold(65536, 2), 12);
        assert_eq!(stat_threshold(262_144, 4), 30);
        assert_eq!(stat_threshold(4_194_304, 1024), 125);
        Ok(())
    }
}
