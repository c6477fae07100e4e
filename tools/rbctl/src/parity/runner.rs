// SPDX-License-Identifier: GPL-2.0

//! Streams sent to the oracle, in pieces, each followed by a comparison of everything.

#![deny(unsafe_code)]

use std::{
    collections::BTreeMap,
    time::{
        Duration,
        Instant, //
    },
};

use rust_buddy::{
    uapi,
    CloneInfo,
    Coverage,
    Divergence,
    Entry,
    Region,
    Replayed,
    Stop, //
};
use rustix::io::Errno;
use serde::Serialize;

use super::{
    shrink::{
        self,
        Attempt, //
    },
    stream::{
        Mix,
        Stream, //
    },
    texts::Texts,
};
use crate::failure::{
    Failure,
    Result, //
};

/// Operations of a piece.
pub(crate) const PIECE: usize = 4096;

/// Disturbances in a row, without an operation between them, that a run bears.
const MAX_DISTURBED: u32 = 100;

/// How to go about it.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) nid: i32,
    /// Operations between two comparisons of everything.
    pub(crate) interval: u32,
    /// Drive the kernel only.
    pub(crate) kernel_only: bool,
    /// Files to compare after each piece.
    pub(crate) texts: Option<Texts>,
    /// How long to look for a shorter sequence.
    pub(crate) shrink: Duration,
}

/// What was done so far.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    pub(crate) operations: u64,
    pub(crate) disturbances: u64,
    /// Times that the texts were compared.
    pub(crate) texts: u64,
    /// By mix: operations.
    pub(crate) mixes: BTreeMap<Mix, u64>,
    pub(crate) coverage: Coverage,
}

/// A difference, and how to see it again.
#[derive(Debug, Serialize)]
pub(crate) struct Found {
    pub(crate) seed: u64,
    pub(crate) mix: Mix,
    /// Operations of the stream up to it.
    pub(crate) operation: usize,
    pub(crate) divergence: Divergence,
    /// Whether the operations of `sequence` showed a difference again.
    pub(crate) reproduced: bool,
    #[serde(skip)]
    pub(crate) sequence: Vec<Entry>,
}

/// Somebody to whom a runner talks.
pub(crate) trait Watch {
    /// So many operations were done. Fails to end the run.
    fn progress(&mut self, operations: u64) -> Result;
}

/// Sends streams.
pub(crate) struct Runner<'a> {
    pub(crate) region: &'a Region,
    pub(crate) settings: Settings,
    pub(crate) totals: Totals,
}

impl Runner<'_> {
    /// Frees everything and copies anew.
    pub(crate) fn start(&mut self) -> Result<CloneInfo> {
        self.copy(uapi::RB_CLONE_RELEASE | uapi::RB_CLONE_DRAIN)
    }

    /// Sends `nr` operations of a stream. Stops at the first difference.
    pub(crate) fn run(
        &mut self,
        seed: u64,
        mix: Mix,
        nr: usize,
        watch: &mut impl Watch,
    ) -> Result<Option<Found>> {
        let info = self.start()?;
        let nr_pages = u32::try_from(info.nr_pages).unwrap_or(u32::MAX);
        let mut stream = Stream::new(mix, seed, nr_pages);
        let mut history = Vec::new();
        while history.len() < nr {
            let piece = stream.take(PIECE.min(nr - history.len()));
            history.extend_from_slice(&piece);
            let found = self.piece(&piece, watch, &mut stream)?;
            let done = found.as_ref().map_or(piece.len(), |found| found.0);
            *self.totals.mixes.entry(mix).or_default() += done as u64;
            if let Some((done, divergence)) = found {
                history.truncate(history.len() - piece.len() + done);
                return self.found(seed, mix, history, divergence).map(Some);
            }
        }
        Ok(None)
    }

    /// Sends a piece, copying anew where others have changed something. Returns how much was done
    /// when something differed.
    fn piece(
        &mut self,
        piece: &[Entry],
        watch: &mut impl Watch,
        stream: &mut Stream,
    ) -> Result<Option<(usize, Divergence)>> {
        let mut done = 0;
        let mut in_a_row = 0;
        loop {
            let rest = &piece[done..];
            let replayed = self.replay(rest)?;
            stream.learn(&rest[..replayed.nr_done], &replayed.pages);
            done += replayed.nr_done;
            watch.progress(self.totals.operations)?;
            match replayed.stop {
                Stop::Diverged(divergence) => return Ok(Some((done, divergence))),
                Stop::End if done == piece.len() => {
                    return Ok(self.compare_texts()?.map(|found| (done, found)))
                }
                Stop::End | Stop::Signal => (),
                Stop::Disturbed => {
                    in_a_row = match replayed.nr_done {
                        0 => in_a_row + 1,
                        _ => 0,
                    };
                    self.disturbed(in_a_row)?;
                }
            }
        }
    }

    /// Compares the texts, unless somebody else has been at the zones meanwhile.
    fn compare_texts(&mut self) -> Result<Option<Divergence>> {
        let Some(texts) = &self.settings.texts else {
            return Ok(None);
        };
        let found = texts.difference(self.settings.nid)?;
        match self.region.replay(&[], self.settings.interval)?.stop {
            Stop::Disturbed => self.disturbed(0).map(|()| None),
            Stop::Diverged(divergence) => Ok(Some(divergence)),
            Stop::End | Stop::Signal => {
                self.totals.texts += 1;
                Ok(found.map(Divergence::of_text))
            }
        }
    }

    fn disturbed(&mut self, in_a_row: u32) -> Result {
        self.totals.disturbances += 1;
        if in_a_row > MAX_DISTURBED {
            return Err(Failure::Failed(format!(
                "others use node {} all the time: choose one without CPUs, and set vm.stat_interval",
                self.settings.nid
            )));
        }
        self.copy(0).map(drop)
    }

    /// Sends operations once, as they are.
    pub(crate) fn replay(&mut self, entries: &[Entry]) -> Result<Replayed> {
        let replayed = self.region.replay(entries, self.settings.interval)?;
        self.totals.operations += replayed.nr_done as u64;
        self.totals.coverage += replayed.coverage;
        Ok(replayed)
    }

    fn copy(&mut self, flags: u32) -> Result<CloneInfo> {
        let only = match self.settings.kernel_only {
            true => uapi::RB_CLONE_NO_SHADOW,
            false => 0,
        };
        let mut tries = 0;
        loop {
            match self.region.clone_zone(self.settings.nid, flags | only) {
                Err(error) if error.errno() == Some(Errno::AGAIN) && tries < MAX_DISTURBED => {
                    tries += 1;
                }
                done => return Ok(done?),
            }
        }
    }

    /// Looks for a shorter sequence that differs too.
    fn found(
        &mut self,
        seed: u64,
        mix: Mix,
        history: Vec<Entry>,
        divergence: Divergence,
    ) -> Result<Found> {
        let operation = history.len();
        let mut again = Again {
            runner: Runner {
                region: self.region,
                settings: Settings {
                    interval: 64,
                    ..self.settings.clone()
                },
                totals: Totals::default(),
            },
            last: None,
            end: Instant::now() + self.settings.shrink,
        };
        let tail = shrink::failing_tail(&history, PIECE / 4, &mut again)?;
        let reproduced = tail.is_some();
        let sequence = match tail {
            Some(tail) => {
                again.runner.settings.interval = 1;
                shrink::minimize(tail, &mut again)?
            }
            None => history,
        };
        Ok(Found {
            seed,
            mix,
            operation,
            divergence: again.last.unwrap_or(divergence),
            reproduced,
            sequence,
        })
    }
}

/// Tries sequences, each from a state as at the start of a stream.
struct Again<'a> {
    runner: Runner<'a>,
    /// The newest difference.
    last: Option<Divergence>,
    end: Instant,
}

impl Attempt<Entry> for Again<'_> {
    fn attempt(&mut self, sequence: &[Entry]) -> Result<Option<usize>> {
        self.runner.start()?;
        let mut done = 0;
        while done < sequence.len() {
            let end = sequence.len().min(done + PIECE);
            let replayed = self.runner.replay(&sequence[done..end])?;
            done += replayed.nr_done;
            match replayed.stop {
                Stop::Diverged(divergence) => {
                    self.last = Some(divergence);
                    return Ok(Some(done));
                }
                Stop::End => (),
                Stop::Disturbed | Stop::Signal => return Ok(None),
            }
        }
        Ok(None)
    }

    fn is_over(&self) -> bool {
        Instant::now() >= self.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use rust_buddy::Op;

    struct Quiet;

    impl Watch for Quiet {
        fn progress(&mut self, _operations: u64) -> Result {
            Ok(())
        }
    }

    fn runner(region: &Region) -> Runner<'_> {
        let settings = Settings {
            nid: 1,
            interval: 4096,
            kernel_only: false,
            texts: None,
            shrink: Duration::from_secs(10),
        };
        Runner {
            region,
            settings,
            totals: Totals::default(),
        }
    }

    #[test]
    fn all_operations_are_sent() {
        let region = testing::region();
        let mut runner = runner(&region);
        let found = runner.run(1, Mix::Mixed, 10000, &mut Quiet);
        assert!(matches!(found, Ok(None)));
        assert_eq!(runner.totals.operations, 10000);
        assert!(runner.totals.coverage.get("alloc").is_some_and(|nr| nr > 0));
    }

    #[test]
    fn a_difference_is_shrunk_to_what_it_takes() {
        let region = testing::region_with(|fake| fake.blind = Some((7, 3)));
        let found = runner(&region).run(1, Mix::Mixed, 50000, &mut Quiet);
        let found = found.ok().flatten().expect("a difference");
        let orders: Vec<_> = found.sequence.iter().map(|entry| entry.op).collect();
        assert!(found.reproduced);
        assert!(matches!(
            orders[..],
            [Op::Alloc { order: 7, .. }, Op::Alloc { order: 3, .. }]
        ));
        assert_eq!(found.divergence.text, "blind\n");
    }

    #[test]
    fn a_disturbance_is_counted_and_borne() {
        let region = testing::region_with(|fake| *fake.disturbed_after.borrow_mut() = Some(5000));
        let mut runner = runner(&region);
        let found = runner.run(1, Mix::Single, 10000, &mut Quiet);
        assert!(matches!(found, Ok(None)));
        assert_eq!(
            (runner.totals.operations, runner.totals.disturbances),
            (10000, 1)
        );
    }
}
