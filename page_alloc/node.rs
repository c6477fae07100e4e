// SPDX-License-Identifier: GPL-2.0

//! A node: its zones and the order in which it falls back to others.
//!
//! C: `pg_data_t`.

#![deny(unsafe_code)]

use super::{
    layout::Shares,
    pageset::Pageset,
    zonelist::ZoneRef, //
};
use crate::{
    pcp::tuning::nr_split_cpus,
    slowpath::{
        compact::kcompactd::Kcompactd,
        kswapd::KswapdState, //
    },
    sys,
    zone::{
        order::PageIdx,
        Zone,
        ZoneConfig,
        ZoneSpan,
        ZoneType,
        NR_ZONES,
        SECTION_PAGES, //
    }, //
};
use kernel::prelude::*;

/// The pages of a region that one node has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct NodeSpan {
    pub(crate) nid: i32,
    /// First page, a multiple of the largest block.
    pub(crate) start: PageIdx,
    /// Pages, a multiple of the largest block.
    pub(crate) nr_pages: u32,
}

/// A node's part of a region.
pub(crate) struct Node {
    nid: i32,
    /// Boxed: they are large, and pass through several hands while they are made.
    zones: [Option<KBox<Pageset>>; NR_ZONES],
    /// All zones, this node's first (C: `ZONELIST_FALLBACK`).
    pub(super) fallback: KVec<ZoneRef>,
    kswapd: KswapdState,
    kcompactd: Kcompactd,
}

impl Node {
    /// Makes the zones of a node, with all their pages free, or the first section of each if they
    /// are to grow.
    ///
    /// Allocates: sleeps.
    #[inline(never)]
    pub(crate) fn new(
        span: &NodeSpan,
        shares: Shares,
        config: &ZoneConfig,
        has_huge: bool,
    ) -> Result<Self> {
        let mut zones = [const { None }; NR_ZONES];

        for (slot, zone_span) in zones.iter_mut().zip(shares.cut(span)) {
            if zone_span.nr_pages > 0 {
                let first = match config.lazy {
                    true => zone_span.nr_pages.min(SECTION_PAGES),
                    false => zone_span.nr_pages,
                };

                *slot = Some(populated(zone_span, config, first, has_huge)?);
            }
        }
        Self::of_zones(span.nid, zones)
    }

    /// A node of these zones. Sleeps.
    pub(super) fn of_zones(nid: i32, zones: [Option<KBox<Pageset>>; NR_ZONES]) -> Result<Self> {
        Ok(Self {
            nid,
            zones,
            fallback: KVec::new(),
            kswapd: KswapdState::new()?,
            kcompactd: Kcompactd::new()?,
        })
    }

    /// Its number.
    pub(crate) fn nid(&self) -> i32 {
        self.nid
    }

    /// Its background reclaimer.
    pub(crate) fn kswapd(&self) -> &KswapdState {
        &self.kswapd
    }

    /// Its background compactor.
    pub(crate) fn kcompactd(&self) -> &Kcompactd {
        &self.kcompactd
    }

    /// The populated zones, lowest first.
    pub(crate) fn zones(&self) -> impl DoubleEndedIterator<Item = &Pageset> + Clone {
        self.zones.iter().flatten().map(|pageset| &**pageset)
    }

    /// Those of them up to `highest` (C: `for_each_managed_zone_pgdat()`).
    pub(super) fn zones_up_to(
        &self,
        highest: ZoneType,
    ) -> impl DoubleEndedIterator<Item = &Pageset> {
        self.zones()
            .filter(move |pageset| pageset.zone().kind() <= highest)
    }

    /// Pages on the active and on the inactive lists of all zones.
    pub(super) fn lru_counts(&self) -> (u64, u64) {
        self.zones().fold((0, 0), |(active, inactive), pageset| {
            let counts = pageset.zone().lru_counts();

            (
                active.wrapping_add(counts.0),
                inactive.wrapping_add(counts.1),
            )
        })
    }

    /// The zone of this type, if it has pages.
    #[inline]
    pub(crate) fn zone(&self, kind: ZoneType) -> Option<&Pageset> {
        self.zones.get(kind.index())?.as_deref()
    }

    /// Pages of each zone that the allocator ever had.
    pub(crate) fn managed(&self) -> [u64; NR_ZONES] {
        ZoneType::ALL.map(|kind| {
            self.zone(kind)
                .map_or(0, |pageset| pageset.zone().managed())
        })
    }

    /// CPUs that share its zones, when so many are `coming`.
    pub(crate) fn nr_split_cpus(&self, coming: u32) -> u32 {
        nr_split_cpus(
            sys::nr_cpus_of_node(self.nid),
            coming,
            sys::nr_online_cpus(),
        )
    }
}

#[inline(never)]
fn populated(
    span: ZoneSpan,
    config: &ZoneConfig,
    first: u32,
    has_huge: bool,
) -> Result<KBox<Pageset>> {
    let pageset = Pageset::new(
        Zone::new(span, config, first)?,
        has_huge,
        sys::has_large_cache,
    )?;

    Ok(KBox::new(pageset, GFP_KERNEL)?)
}
