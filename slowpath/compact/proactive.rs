// SPDX-License-Identifier: GPL-2.0

//! How scattered a node may become before it is compacted without being asked for.
//!
//! C: `fragmentation_score_node()`, `fragmentation_score_wmark()` in `mm/compaction.c`,
//! `extfrag_for_order()` in `mm/vmstat.c`.

#![deny(unsafe_code)]

use crate::zone::{
    order::Order,
    Zone, //
};
use kernel::prelude::*;

/// The order that scores are about (C: `COMPACTION_HPAGE_ORDER`).
const HPAGE_ORDER: u32 = 9;

/// Milliseconds from one look at the score to the next (C: `HPAGE_FRAG_CHECK_INTERVAL_MSEC`).
pub(crate) const CHECK_INTERVAL_MS: u32 = 500;

/// Two levels of the score, in percent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ScoreMarks {
    /// Where a zone is left alone again.
    pub(crate) low: u32,
    /// Above it a node is compacted.
    pub(crate) high: u32,
}

impl ScoreMarks {
    /// What follows from the tunable, 0 to 100 (C: `fragmentation_score_wmark()`).
    pub(crate) fn new(proactiveness: u32) -> Self {
        let low = 100u32.saturating_sub(proactiveness);
        let leeway = (low / 2).min(10);

        Self {
            low,
            high: low.wrapping_add(leeway).min(100),
        }
    }
}

/// Percent of a zone's free pages that are in no block of a huge page
/// (C: `fragmentation_score_zone()`).
pub(crate) fn score_of_zone(zone: &Zone) -> u32 {
    Order::new(HPAGE_ORDER).map_or(0, |order| zone.contig_pages(order).extfrag())
}

/// What a zone adds to the score of its node, which has `node_pages`
/// (C: `fragmentation_score_zone_weighted()`).
pub(crate) fn weighted(zone_pages: u32, score: u32, node_pages: u32) -> u32 {
    let score = u64::from(zone_pages).wrapping_mul(u64::from(score));
    let part = score.checked_div(u64::from(node_pages).wrapping_add(1));

    part.unwrap_or(0) as u32
}

/// Of the zones of a node together (C: `fragmentation_score_node()`).
pub(crate) fn score_of_node<'a>(zones: impl Iterator<Item = &'a Zone> + Clone) -> u32 {
    let pages = |zone: &Zone| zone.span().nr_pages;
    let all = zones
        .clone()
        .fold(0u32, |sum, zone| pages(zone).wrapping_add(sum));

    zones.fold(0, |sum, zone| {
        weighted(pages(zone), score_of_zone(zone), all).wrapping_add(sum)
    })
}

#[kunit_tests(rust_buddy_compact_proactive)]
mod tests {
    use super::*;

    #[test]
    fn row_132_thresholds_follow_from_the_tunable() -> Result {
        let marks = |low, high| ScoreMarks { low, high };

        assert_eq!(ScoreMarks::new(20), marks(80, 90));
        assert_eq!(ScoreMarks::new(100), marks(0, 0));
        assert_eq!(ScoreMarks::new(90), marks(10, 15));
        assert_eq!(ScoreMarks::new(80), marks(20, 30));
        assert_eq!(ScoreMarks::new(5), marks(95, 100));
        assert_eq!(ScoreMarks::new(0), marks(100, 100));
        Ok(())
    }

    #[test]
    fn row_132_zones_count_by_their_size() -> Result {
        assert_eq!(weighted(7168, 100, 16384), 43);
        assert_eq!(weighted(1024, 100, 16384), 6);
        // Never all of it: the kernel divides by one page more.
        assert_eq!(weighted(16384, 100, 16384), 99);
        assert_eq!(weighted(0, 100, 0), 0);
        Ok(())
    }
}
