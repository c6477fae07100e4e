// SPDX-License-Identifier: GPL-2.0

//! The shortest part of a sequence that still fails: delta debugging.
//!
//! The state before a sequence is not quite the same each time, so a part that fails once may not
//! fail again: what is found is short, not the shortest there is.

#![deny(unsafe_code)]

use crate::failure::Result;

/// Tries a sequence. `Some(n)`: it failed, and what comes after the first `n` is not needed.
pub(crate) trait Attempt<T> {
    /// `None`: it did not fail.
    fn attempt(&mut self, sequence: &[T]) -> Result<Option<usize>>;

    /// Whether there is no more time.
    fn is_over(&self) -> bool;
}

/// The shortest tail of `history` that fails by itself, found by doubling. `None`: not even all of
/// it does.
pub(crate) fn failing_tail<T: Clone>(
    history: &[T],
    first: usize,
    attempt: &mut impl Attempt<T>,
) -> Result<Option<Vec<T>>> {
    let mut length = first.max(1);
    while !attempt.is_over() {
        let length_now = length.min(history.len());
        let tail = &history[history.len() - length_now..];
        if let Some(nr) = attempt.attempt(tail)? {
            return Ok(Some(tail[..nr.min(tail.len())].to_vec()));
        }
        if length_now == history.len() {
            break;
        }
        length *= 4;
    }
    Ok(None)
}

/// Takes parts out of a failing sequence, as long as it goes on failing.
pub(crate) fn minimize<T: Clone>(failing: Vec<T>, attempt: &mut impl Attempt<T>) -> Result<Vec<T>> {
    let mut best = failing;
    let mut nr_parts = 2;
    while best.len() > 1 && !attempt.is_over() {
        let size = best.len().div_ceil(nr_parts);
        match without_a_part(&best, size, attempt)? {
            Some(shorter) => {
                best = shorter;
                nr_parts = (nr_parts - 1).max(2);
            }
            None if size == 1 => break,
            None => nr_parts = (nr_parts * 2).min(best.len()),
        }
    }
    Ok(best)
}

/// The sequence without one of its parts, if that fails too. Later parts are tried first: what
/// comes last matters most, so the early ones go in large pieces.
fn without_a_part<T: Clone>(
    sequence: &[T],
    size: usize,
    attempt: &mut impl Attempt<T>,
) -> Result<Option<Vec<T>>> {
    for start in (0..sequence.len()).step_by(size) {
        if attempt.is_over() {
            break;
        }
        let end = (start + size).min(sequence.len());
        let rest = [&sequence[..start], &sequence[end..]].concat();
        if let Some(nr) = attempt.attempt(&rest)? {
            return Ok(Some(rest[..nr.min(rest.len())].to_vec()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails if the numbers are all there, in this order.
    struct Needs(Vec<u32>, usize);

    impl Attempt<u32> for Needs {
        fn attempt(&mut self, sequence: &[u32]) -> Result<Option<usize>> {
            self.1 += 1;
            let mut wanted = self.0.iter();
            let mut next = wanted.next();
            for (i, number) in sequence.iter().enumerate() {
                if Some(number) == next {
                    next = wanted.next();
                }
                if next.is_none() {
                    return Ok(Some(i + 1));
                }
            }
            Ok(None)
        }

        fn is_over(&self) -> bool {
            self.1 > 2000
        }
    }

    #[test]
    fn only_what_is_needed_is_left() {
        let mut needs = Needs(vec![17, 400, 999], 0);
        let short = minimize((0..1000).collect(), &mut needs);
        assert_eq!(short.ok(), Some(vec![17, 400, 999]));
    }

    #[test]
    fn the_tail_is_as_long_as_it_must_be() {
        let history: Vec<u32> = (0..1000).collect();
        let tail = failing_tail(&history, 10, &mut Needs(vec![900, 950], 0));
        let tail = tail.ok().flatten().unwrap_or_default();
        assert_eq!((tail.first(), tail.last()), (Some(&840), Some(&950)));
    }

    #[test]
    fn what_does_not_fail_again_is_told() {
        let tail = failing_tail(&[1, 2, 3], 1, &mut Needs(vec![9], 0));
        assert!(matches!(tail, Ok(None)));
    }
}
