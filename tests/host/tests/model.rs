// SPDX-License-Identifier: GPL-2.0

//! Long random runs against the model.
//!
//! `SEED` repeats a run, `OPS` sets its length (default 100 000 steps in all, with `SOAK=1`
//! 5 000 000).

use proptest::prelude::*;
use rust_buddy_host::model::{
    Model,
    Op, //
};
use std::time::{
    SystemTime,
    UNIX_EPOCH, //
};

/// A small generator: the seed alone decides the run.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z >> 32) as u32
    }

    fn below(&mut self, bound: u32) -> u32 {
        self.next() % bound
    }
}

/// A phase: for a while the run prefers one direction and one range of orders.
#[derive(Clone, Copy)]
struct Phase {
    /// Percent of steps that allocate.
    bias: u32,
    /// Largest order asked for.
    max_order: u32,
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn seed() -> u64 {
    let now = || {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(1, |t| t.as_nanos() as u64)
    };

    number("SEED").unwrap_or_else(now)
}

fn random_op(rng: &mut SplitMix, phase: Phase) -> Op {
    match rng.below(500) {
        0 => return Op::Tick,
        1 => return Op::Move { cpu: rng.next() },
        _ => {}
    }
    match rng.below(100) < phase.bias {
        true => Op::Alloc {
            order: rng.below(phase.max_order + 1),
            gfp: rng.next(),
        },
        false => Op::Free { which: rng.next() },
    }
}

/// Runs `steps` steps, checking after each of them.
fn run(seed: u64, nr_pages: u32, pageblock_order: u32, steps: u64) -> u64 {
    let mut rng = SplitMix(seed);
    let mut model = Model::new(nr_pages, pageblock_order);
    let mut phase = Phase {
        bias: 60,
        max_order: 10,
    };

    for step in 0..steps {
        if step % 2000 == 0 {
            phase = Phase {
                bias: rng.below(101),
                max_order: rng.below(11),
            };
        }
        model.step(random_op(&mut rng, phase));
        model.check();
    }
    let failures = model.failures;
    model.finish();
    failures
}

#[test]
fn random_runs_agree_with_the_model() {
    let seed = seed();
    let default = if number("SOAK") == Some(1) {
        5_000_000
    } else {
        100_000
    };
    let steps = number("OPS").unwrap_or(default) / 4;
    let mut failures = 0;

    println!("SEED={seed} OPS={}", steps * 4);
    for (nr_pages, pageblock_order) in [(1024, 9), (8192, 9), (8192, 10), (16384, 9)] {
        failures += run(seed ^ u64::from(nr_pages), nr_pages, pageblock_order, steps);
    }
    // A run that never met an empty list has not tried much.
    assert!(failures > 0);
}

fn any_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => (0u32..11, 0u32..8).prop_map(|(order, gfp)| Op::Alloc { order, gfp }),
        2 => any::<u32>().prop_map(|which| Op::Free { which }),
        1 => any::<u32>().prop_map(|cpu| Op::Move { cpu }),
        1 => Just(Op::Tick),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn short_runs_agree_with_the_model(ops in prop::collection::vec(any_op(), 1..200)) {
        let mut model = Model::new(2048, 9);

        for op in ops {
            model.step(op);
            model.check();
        }
        model.finish();
    }
}
