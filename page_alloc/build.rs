// SPDX-License-Identifier: GPL-2.0

//! A region is put together: nodes, zones, zonelists.
//!
//! C: `free_area_init()`, `build_all_zonelists()` in `mm/`.

#![deny(unsafe_code)]

use super::{
    node::{
        Node,
        NodeSpan, //
    },
    slow_events::SlowEvents,
    tunables::Tunables,
    warn::Warnings,
    zonelist::{
        FallbackOrder,
        NodeFacts,
        ZoneRef, //
    },
    Region,
    RegionConfig, //
};
use crate::{
    slowpath::warn::warn_ratelimit,
    sys,
    zone::{
        migratetype::MIGRATE_TYPES,
        ZoneConfig,
        NR_ZONES, //
    }, //
};
use kernel::{
    prelude::*,
    sync::atomic::Atomic, //
};

impl RegionConfig {
    /// Whether the region is too small to keep migratetypes apart
    /// (C: `build_all_zonelists()` sets `page_group_by_mobility_disabled`).
    pub(super) fn mobility_off(&self) -> bool {
        let types = MIGRATE_TYPES as u32;

        self.nr_pages < self.pageblock_order.nr_pages().wrapping_mul(types)
    }
}

impl Region {
    /// Makes an allocator of one node or more, which follow each other without gaps. All pages are
    /// free.
    ///
    /// Allocates: sleeps. ENOMEM if its own tables cannot be had.
    pub(crate) fn new(config: RegionConfig, spans: &[NodeSpan]) -> Result<Self> {
        let mut nodes = KVec::with_capacity(spans.len(), GFP_KERNEL)?;
        let zone_config = ZoneConfig {
            pageblock_order: config.pageblock_order,
            mobility_off: config.mobility_off(),
            nr_cpus: sys::nr_cpus(),
            lazy: config.lazy,
        };

        for span in spans {
            let node = Node::new(span, config.shares, &zone_config, config.has_huge)?;

            nodes.push_within_capacity(node)?;
        }
        let is_numa = nodes.len() > 1;
        let mut region = Self::of_nodes(config, nodes, config.mobility_off(), is_numa)?;

        region.build_all_zonelists()?;
        region.init_per_zone_wmark_min()?;
        Ok(region)
    }

    /// Puts nodes together that have everything they need.
    #[inline(never)]
    pub(super) fn of_nodes(
        config: RegionConfig,
        nodes: KVec<Node>,
        mobility_off: bool,
        is_numa: bool,
    ) -> Result<Self> {
        Ok(Self {
            config,
            nodes,
            mobility_off,
            is_numa,
            tunables: sys::new_locked!(Tunables::DEFAULT, c"rust_buddy_tunables")?,
            tuning: sys::new_sleep_locked!((), c"rust_buddy_tuning")?,
            defrag_mode: Atomic::new(false),
            alloc_fail: Atomic::new(0),
            slow_events: SlowEvents::new(),
            changes: Atomic::new(0),
            oom_busy: Atomic::new(false),
            fail_warnings: warn_ratelimit(),
            stall_warnings: warn_ratelimit(),
            warnings: Warnings::new(),
        })
    }

    /// Orders the nodes for each node (C: `build_all_zonelists()`).
    fn build_all_zonelists(&mut self) -> Result {
        let mut facts = KVec::with_capacity(self.nodes.len(), GFP_KERNEL)?;

        for node in &self.nodes {
            let fact = NodeFacts {
                nid: node.nid(),
                has_cpus: sys::nr_cpus_of_node(node.nid()) > 0,
            };

            facts.push_within_capacity(fact)?;
        }
        let mut order = FallbackOrder::new(&facts, sys::node_distance);

        for local in 0..self.nodes.len() {
            let list = self.zones_of(&order.next_list(local)?)?;

            if let Some(node) = self.nodes.get_mut(local) {
                node.fallback = list;
            }
        }
        Ok(())
    }

    /// All zones of these nodes, in each of them from the highest down.
    fn zones_of(&self, nodes: &[u8]) -> Result<KVec<ZoneRef>> {
        let room = nodes.len().wrapping_mul(NR_ZONES);
        let mut list = KVec::with_capacity(room, GFP_KERNEL)?;

        for node in nodes {
            let Some(zones) = self.nodes.get(usize::from(*node)) else {
                continue;
            };

            for pageset in zones.zones().rev() {
                let zone = ZoneRef {
                    node: *node,
                    kind: pageset.zone().kind(),
                };

                list.push_within_capacity(zone)?;
            }
        }
        Ok(list)
    }
}
