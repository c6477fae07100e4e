// SPDX-License-Identifier: GPL-2.0

//! In which order zones are tried: nodes by distance, and in each node the highest zone first, so
//! that the lower ones stay for those who can use no other.
//!
//! C: `struct zonelist`, `build_all_zonelists()`, `find_next_best_node()`,
//! `for_next_zone_zonelist_nodemask()`.

#![deny(unsafe_code)]

use crate::zone::ZoneType;
use kernel::prelude::*;

/// Most nodes of a region.
pub(crate) const MAX_NODES: usize = 64;

/// The weight of a step of distance against the load of a node (C: `MAX_NUMNODES`).
const MAX_NUMNODES: u32 = 1 << 10;

/// One place in a list (C: `struct zoneref`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ZoneRef {
    /// Index of the node in the region.
    pub(crate) node: u8,
    pub(crate) kind: ZoneType,
}

/// What decides about the place of a node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeFacts {
    pub(crate) nid: i32,
    pub(crate) has_cpus: bool,
}

/// Orders the fallback lists of all nodes, one after the other: the lists of later nodes depend on
/// those of earlier ones.
pub(crate) struct FallbackOrder<'a, D> {
    nodes: &'a [NodeFacts],
    /// Distance from node to node, by number (C: `node_distance()`).
    distance: D,
    /// How often a node came first among those that are equally far (C: `node_load[]`).
    load: [u32; MAX_NODES],
}

impl<'a, D: Fn(i32, i32) -> u32> FallbackOrder<'a, D> {
    /// No list is made yet. `nodes` are those with memory, in rising order.
    pub(crate) fn new(nodes: &'a [NodeFacts], distance: D) -> Self {
        Self {
            nodes,
            distance,
            load: [0; MAX_NODES],
        }
    }

    /// Indices of the nodes in the order in which the `local`-th falls back
    /// (C: `build_zonelists()`).
    pub(crate) fn next_list(&mut self, local: usize) -> Result<KVec<u8>> {
        let mut list = KVec::with_capacity(self.nodes.len(), GFP_KERNEL)?;
        let mut last = local;

        while let Some(next) = self.find_next_best_node(local, &list) {
            if self.distance_of(local, next) != self.distance_of(local, last) {
                // The next list that is to choose among equals should begin with another one.
                if let Some(load) = self.load.get_mut(next) {
                    *load = load.wrapping_add(1);
                }
            }
            list.push_within_capacity(next as u8)?;
            last = next;
        }
        Ok(list)
    }

    /// The best node that is not in `used` (C: `find_next_best_node()`).
    fn find_next_best_node(&self, local: usize, used: &[u8]) -> Option<usize> {
        if used.is_empty() {
            return self.nodes.get(local).map(|_| local);
        }
        (0..self.nodes.len())
            .filter(|node| !used.iter().any(|used| usize::from(*used) == *node))
            .min_by_key(|node| self.cost(local, *node))
    }

    fn cost(&self, local: usize, node: usize) -> u32 {
        let has_cpus = self.nodes.get(node).is_some_and(|node| node.has_cpus);
        // The next node rather than the one before, and those without CPUs of their own.
        let steps = self
            .distance_of(local, node)
            .wrapping_add(u32::from(node < local))
            .wrapping_add(u32::from(has_cpus));
        let load = self.load.get(node).copied().unwrap_or(0);

        steps.wrapping_mul(MAX_NUMNODES).wrapping_add(load)
    }

    fn distance_of(&self, from: usize, to: usize) -> u32 {
        match (self.nodes.get(from), self.nodes.get(to)) {
            (Some(from), Some(to)) => (self.distance)(from.nid, to.nid),
            _ => u32::MAX >> 11,
        }
    }
}

#[kunit_tests(rust_buddy_zonelist)]
mod tests {
    use super::*;

    fn nodes(has_cpus: [bool; 4]) -> [NodeFacts; 4] {
        let mut nid = 0;

        has_cpus.map(|has_cpus| {
            nid += 1;
            NodeFacts {
                nid: nid - 1,
                has_cpus,
            }
        })
    }

    fn equal(from: i32, to: i32) -> u32 {
        match from == to {
            true => 10,
            false => 20,
        }
    }

    #[test]
    fn row_012_equal_nodes_fall_back_round_robin() -> Result {
        let nodes = nodes([true; 4]);
        let mut order = FallbackOrder::new(&nodes, equal);

        for (local, expected) in [[0, 1, 2, 3], [1, 2, 3, 0], [2, 3, 0, 1], [3, 0, 1, 2]]
            .iter()
            .enumerate()
        {
            assert!(*order.next_list(local)? == *expected.as_slice());
        }
        Ok(())
    }

    #[test]
    fn nodes_without_cpus_come_first() -> Result {
        let nodes = nodes([true, true, true, false]);
        let mut order = FallbackOrder::new(&nodes, equal);

        assert!(*order.next_list(0)? == *[0u8, 3, 1, 2].as_slice());
        Ok(())
    }

    #[test]
    fn near_nodes_come_before_far_ones() -> Result {
        let nodes = nodes([true; 4]);
        // Two pairs.
        let distance = |from: i32, to: i32| match (from == to, from / 2 == to / 2) {
            (true, _) => 10,
            (_, true) => 15,
            _ => 20,
        };
        let mut order = FallbackOrder::new(&nodes, distance);

        assert!(*order.next_list(0)? == *[0u8, 1, 2, 3].as_slice());
        assert!(*order.next_list(1)? == *[1u8, 0, 3, 2].as_slice());
        Ok(())
    }
}
