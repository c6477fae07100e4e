// SPDX-License-Identifier: GPL-2.0

//! Two zones compared, number by number and list by list.

#![deny(unsafe_code)]

use crate::{
    sys::uapi,
    zone::{
        image::{
            CounterImage,
            ListedBlock,
            PageEvents,
            PcpScalars,
            ZoneImage,
            ZoneScalars, //
        },
        vmstat::NumaEvents,
        ZoneType, //
    }, //
};

/// The first difference that was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Divergence {
    /// `enum rb_divergence`.
    pub(super) kind: u32,
    pub(super) zone: ZoneType,
    pub(super) location: u32,
    pub(super) position: u32,
    pub(super) real: u64,
    pub(super) ours: u64,
}

/// What of a [`Divergence`] is not known where a number is compared.
type Place = (u32, u32, u32);

impl Divergence {
    /// `None` if both are the same.
    pub(super) fn of(
        zone: ZoneType,
        (kind, location, position): Place,
        (real, ours): (u64, u64),
    ) -> Option<Self> {
        (real != ours).then_some(Self {
            kind,
            zone,
            location,
            position,
            real,
            ours,
        })
    }
}

/// What a counter amounts to as far as one CPU knows.
pub(super) fn total(counter: CounterImage) -> i64 {
    counter.global.wrapping_add(i64::from(counter.delta))
}

/// What happened to a zone between two looks at its numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Change {
    Nothing,
    /// This CPU has told everyone its share of a counter: nothing else.
    Folded,
    /// Somebody else was there.
    Disturbed,
}

/// Compares the numbers that were left with those that are found. The countdown of the statistics
/// worker decides nothing here.
pub(super) fn change(left: &ZoneScalars, found: &ZoneScalars) -> Change {
    let without = |scalars: &ZoneScalars| ZoneScalars {
        free: CounterImage::default(),
        free_cma: CounterImage::default(),
        pcp: PcpScalars {
            expire: 0,
            ..scalars.pcp
        },
        numa: NumaEvents {
            foreign: 0,
            ..scalars.numa
        },
        ..*scalars
    };
    let is_same_sum =
        total(left.free) == total(found.free) && total(left.free_cma) == total(found.free_cma);

    if !is_same_sum || without(left) != without(found) {
        Change::Disturbed
    } else if left.free != found.free || left.free_cma != found.free_cma {
        Change::Folded
    } else {
        Change::Nothing
    }
}

/// The first number of a zone that differs.
#[inline(never)]
pub(super) fn scalars(
    zone: ZoneType,
    real: &ZoneScalars,
    ours: &ZoneScalars,
) -> Option<Divergence> {
    pcp(zone, &real.pcp, &ours.pcp)
        .or_else(|| {
            let flags = (u64::from(real.flags), u64::from(ours.flags));

            Divergence::of(zone, (uapi::RB_DIV_FLAGS, 0, 0), flags)
        })
        .or_else(|| Divergence::of(zone, (uapi::RB_DIV_BOOST, 0, 0), (real.boost, ours.boost)))
        .or_else(|| counter(zone, 0, real.free, ours.free))
        .or_else(|| counter(zone, 1, real.free_cma, ours.free_cma))
        .or_else(|| highatomic(zone, real, ours))
        .or_else(|| marks(zone, real, ours))
        .or_else(|| numa(zone, &real.numa, &ours.numa))
}

/// What other nodes gave instead of this one is left out: the shadow has no other node.
fn numa(zone: ZoneType, real: &NumaEvents, ours: &NumaEvents) -> Option<Divergence> {
    let pairs = [
        (real.hit, ours.hit),
        (real.miss, ours.miss),
        (real.local, ours.local),
        (real.other, ours.other),
    ];

    (0..4u32)
        .zip(pairs)
        .find_map(|(location, pair)| Divergence::of(zone, (uapi::RB_DIV_NUMA, location, 0), pair))
}

/// The first count of pages that differs: `div_where` 0 handed out, 1 given back.
pub(super) fn page_events(real: &PageEvents, ours: &PageEvents) -> Option<Divergence> {
    let pairs = real.alloc.into_iter().zip(ours.alloc);
    let free = (uapi::RB_DIV_PAGE_EVENTS, 1, 0);

    ZoneType::ALL
        .into_iter()
        .zip(pairs)
        .find_map(|(zone, pair)| Divergence::of(zone, (uapi::RB_DIV_PAGE_EVENTS, 0, 0), pair))
        .or_else(|| Divergence::of(ZoneType::Normal, free, (real.free, ours.free)))
}

fn pcp(zone: ZoneType, real: &PcpScalars, ours: &PcpScalars) -> Option<Divergence> {
    let pairs = [
        (uapi::RB_DIV_PCP_COUNT, real.count, ours.count),
        (uapi::RB_DIV_PCP_HIGH, real.high, ours.high),
        (uapi::RB_DIV_PCP_HIGH_MIN, real.high_min, ours.high_min),
        (uapi::RB_DIV_PCP_HIGH_MAX, real.high_max, ours.high_max),
        (uapi::RB_DIV_PCP_BATCH, real.batch, ours.batch),
        (
            uapi::RB_DIV_PCP_FLAGS,
            i32::from(real.flags),
            i32::from(ours.flags),
        ),
        (
            uapi::RB_DIV_PCP_ALLOC_FACTOR,
            i32::from(real.alloc_factor),
            i32::from(ours.alloc_factor),
        ),
        (
            uapi::RB_DIV_PCP_FREE_COUNT,
            i32::from(real.free_count),
            i32::from(ours.free_count),
        ),
    ];

    pairs.into_iter().find_map(|(location, real, ours)| {
        let values = (i64::from(real) as u64, i64::from(ours) as u64);

        Divergence::of(zone, (uapi::RB_DIV_PCP, location, 0), values)
    })
}

fn counter(
    zone: ZoneType,
    location: u32,
    real: CounterImage,
    ours: CounterImage,
) -> Option<Divergence> {
    let sums = (total(real) as u64, total(ours) as u64);
    let deltas = (i64::from(real.delta) as u64, i64::from(ours.delta) as u64);

    Divergence::of(zone, (uapi::RB_DIV_COUNTER, location, 0), sums)
        .or_else(|| Divergence::of(zone, (uapi::RB_DIV_COUNTER, location, 1), deltas))
}

fn highatomic(zone: ZoneType, real: &ZoneScalars, ours: &ZoneScalars) -> Option<Divergence> {
    let reserved = (real.nr_reserved_highatomic, ours.nr_reserved_highatomic);
    let free = (real.nr_free_highatomic, ours.nr_free_highatomic);

    Divergence::of(zone, (uapi::RB_DIV_HIGHATOMIC, 0, 0), reserved)
        .or_else(|| Divergence::of(zone, (uapi::RB_DIV_HIGHATOMIC, 1, 0), free))
}

fn marks(zone: ZoneType, real: &ZoneScalars, ours: &ZoneScalars) -> Option<Divergence> {
    let list = |scalars: &ZoneScalars| {
        let (marks, [a, b, c, d]) = (scalars.watermarks, scalars.lowmem_reserve);

        [marks.min, marks.low, marks.high, marks.promo, a, b, c, d]
    };
    let pairs = list(real).into_iter().zip(list(ours));

    (0..8u32)
        .zip(pairs)
        .find_map(|(location, pair)| Divergence::of(zone, (uapi::RB_DIV_MARKS, location, 0), pair))
        .or_else(|| {
            let thresholds = (real.stat_threshold as u64, ours.stat_threshold as u64);

            Divergence::of(zone, (uapi::RB_DIV_MARKS, 8, 0), thresholds)
        })
}

/// The first list or pageblock that differs.
#[inline(never)]
pub(super) fn images(real: &ZoneImage, ours: &ZoneImage) -> Option<Divergence> {
    let zone = real.kind;

    lists(zone, uapi::RB_DIV_FREE_LIST, &real.free, &ours.free)
        .or_else(|| lists(zone, uapi::RB_DIV_PCP_LIST, &real.pcp, &ours.pcp))
        .or_else(|| pageblocks(zone, &real.pageblocks, &ours.pageblocks))
}

fn lists(
    zone: ZoneType,
    kind: u32,
    real: &[ListedBlock],
    ours: &[ListedBlock],
) -> Option<Divergence> {
    let nr = real.len().max(ours.len());
    let index = (0..nr).find(|i| real.get(*i) != ours.get(*i))?;
    let (real_block, ours_block) = (real.get(index), ours.get(index));
    // One of the two lists ended here: what differs belongs to the list that goes on, which is the
    // earlier one.
    let (block, list) = match (real_block, ours_block) {
        (Some(a), Some(b)) if key(b) < key(a) => (b, ours),
        (Some(a), _) => (a, real),
        (None, Some(b)) => (b, ours),
        (None, None) => return None,
    };
    let is_of_list = |i: &usize| list.get(*i).is_some_and(|other| key(other) == key(block));
    let start = (0..list.len()).find(is_of_list).unwrap_or(index);
    let page = |found: Option<&ListedBlock>| {
        let same = found.filter(|found| key(found) == key(block));

        same.map_or(u64::from(uapi::RB_REPLAY_NONE), |found| {
            u64::from(found.page.get())
        })
    };

    Some(Divergence {
        kind,
        zone,
        location: match kind {
            uapi::RB_DIV_FREE_LIST => u32::from(block.order.get()) << 8 | u32::from(block.list),
            _ => u32::from(block.list),
        },
        position: index.wrapping_sub(start) as u32,
        real: page(real_block),
        ours: page(ours_block),
    })
}

/// Where the list of a block stands among the others.
pub(super) fn key(block: &ListedBlock) -> (u8, u8) {
    (block.order.get(), block.list)
}

fn pageblocks(zone: ZoneType, real: &[u8], ours: &[u8]) -> Option<Divergence> {
    let nr = real.len().max(ours.len());
    let at = |list: &[u8], i: usize| list.get(i).map_or(u64::MAX, |mt| u64::from(*mt));

    (0..nr).find_map(|i| {
        let place = (uapi::RB_DIV_PAGEBLOCK, 0, i as u32);

        Divergence::of(zone, place, (at(real, i), at(ours, i)))
    })
}
