// SPDX-License-Identifier: GPL-2.0

//! Memory nodes of the host and what is free there. Reading only.
//!
//! C: `node_online()`, `sum_zone_node_page_state()`.

use super::free_run;
use kernel::bindings;

/// A zone of the host.
///
/// # Invariants
///
/// `0` points to a `struct zone` of a node that was online when this value was made. The kernel
/// never frees the `struct pglist_data` of a node, so the pointer stays valid.
#[derive(Clone, Copy)]
pub(super) struct HostZone(*mut bindings::zone);

// SAFETY: A zone belongs to no thread.
unsafe impl Send for HostZone {}
// SAFETY: Whoever follows the pointer must see to it that others may do so too.
unsafe impl Sync for HostZone {}

impl HostZone {
    /// The C zone. Valid for ever.
    pub(super) fn as_ptr(self) -> *mut bindings::zone {
        self.0
    }

    /// Flags of the per-CPU lists of `cpu`; none if the zone has no pages.
    #[cfg(CONFIG_SMP)]
    fn pcp_flags(self, cpu: u32) -> u8 {
        // SAFETY: By the type invariants the zone is there.
        let present = unsafe { (&raw const (*self.0).present_pages).read_volatile() };
        if present == 0 || cpu >= kernel::cpu::nr_cpu_ids() {
            return 0;
        }
        // SAFETY: As above.
        let lists = unsafe { (&raw const (*self.0).per_cpu_pageset).read_volatile() };
        let offsets = (&raw const bindings::__per_cpu_offset).cast::<usize>();
        // SAFETY: There is an offset for each possible CPU, written once at boot.
        let offset = unsafe { offsets.add(cpu as usize).read() };
        let pcp = lists.wrapping_byte_add(offset);
        // SAFETY: A populated zone has lists for each possible CPU, for ever; a byte, which others
        // may change meanwhile.
        unsafe { (&raw const (*pcp).flags).read_volatile() }
    }

    /// Pages on the buddy lists, without what CPUs have not yet added up.
    fn nr_free_pages(self) -> u64 {
        let item = bindings::zone_stat_item_NR_FREE_PAGES as usize;
        // SAFETY: By the type invariants the zone is there; the index is within its counters.
        let counter = unsafe {
            (&raw const (*self.0).vm_stat)
                .cast::<bindings::atomic_long_t>()
                .add(item)
        };
        // SAFETY: As above; an aligned word that others change atomically, read in one access.
        let nr = unsafe { (&raw const (*counter).counter).read_volatile() };
        u64::try_from(nr).unwrap_or(0)
    }
}

/// The zones of node `nid`, which may be empty; nothing if the node is not online.
pub(super) fn zones(nid: i32) -> impl Iterator<Item = HostZone> {
    let node = if node_is_online(nid) {
        node_data(nid)
    } else {
        core::ptr::null_mut()
    };
    let nr = if node.is_null() {
        0
    } else {
        bindings::zone_type___MAX_NR_ZONES as usize
    };
    (0..nr).map(move |i| {
        // SAFETY: The node is online, so its data is there, with this many zones.
        let zone = unsafe {
            (&raw mut (*node).node_zones)
                .cast::<bindings::zone>()
                .add(i)
        };
        // INVARIANT: A zone of an online node.
        HostZone(zone)
    })
}

/// The nodes that are online, in rising order.
pub(super) fn online_nodes() -> impl Iterator<Item = i32> {
    (0..nr_node_ids()).filter(|nid| node_is_online(*nid))
}

/// Pages that are free on node `nid`, on all nodes if it is negative. A snapshot that misses what
/// single CPUs have not yet added to the counters (at most some hundred pages each).
pub(crate) fn host_free_pages(nid: i32) -> u64 {
    if nid >= 0 {
        return zones(nid).fold(0, |sum, zone| sum.saturating_add(zone.nr_free_pages()));
    }
    online_nodes().fold(0u64, |sum, nid| sum.saturating_add(host_free_pages(nid)))
}

/// The largest power of two of pages, aligned to itself, that is free at this moment on node `nid`
/// (any node if negative) and inside one zone. Sleeps; takes the zone locks of the host for a walk
/// over its largest free blocks. 0 if nothing is free.
pub(crate) fn largest_free_run(nid: i32) -> u32 {
    if nid >= 0 {
        return zones(nid).fold(0, |max, zone| max.max(free_run::of_zone(zone)));
    }
    online_nodes().fold(0, |max, nid| max.max(largest_free_run(nid)))
}

/// Whether the host takes the share of the cache that `cpu` has for large enough to keep a batch of
/// pages that were just freed (C: `PCPF_FREE_HIGH_BATCH`, `zone_pcp_update_cacheinfo()`).
#[cfg(CONFIG_SMP)]
pub(crate) fn has_large_cache(cpu: u32) -> bool {
    online_nodes()
        .flat_map(zones)
        .any(|zone| zone.pcp_flags(cpu) & FREE_HIGH_BATCH != 0)
}

/// Whether the share of the cache that `cpu` has is large.
#[cfg(not(CONFIG_SMP))]
pub(crate) fn has_large_cache(_cpu: u32) -> bool {
    false
}

/// C: `PCPF_FREE_HIGH_BATCH`.
#[cfg(CONFIG_SMP)]
const FREE_HIGH_BATCH: u8 = 1 << 1;

/// The set of nodes that has only `nid`; empty if there is no such node.
pub(super) fn only(nid: i32) -> bindings::nodemask_t {
    let mut mask = bindings::nodemask_t::default();
    let nid = nid as usize;
    if let Some(word) = mask.bits.get_mut(nid / BITS_PER_WORD) {
        *word = 1 << (nid % BITS_PER_WORD);
    }
    mask
}

const BITS_PER_WORD: usize = usize::BITS as usize;

/// Whether the node exists and is online (C: `node_online()`). Any context.
#[cfg(CONFIG_NUMA)]
pub(crate) fn node_is_online(nid: i32) -> bool {
    let Ok(bit) = usize::try_from(nid) else {
        return false;
    };
    if nid >= nr_node_ids() {
        return false;
    }
    let online = bindings::node_states_N_ONLINE as usize;
    let states = (&raw const bindings::node_states).cast::<bindings::nodemask_t>();
    // SAFETY: `node_states` has an entry for each state.
    let words = unsafe { states.add(online) }.cast::<usize>();
    // SAFETY: A node mask is `MAX_NUMNODES` bits in words, and `bit < nr_node_ids <= MAX_NUMNODES`.
    let word = unsafe { words.add(bit / BITS_PER_WORD).read_volatile() };
    word >> (bit % BITS_PER_WORD) & 1 != 0
}

/// Bound of the node numbers.
#[cfg(CONFIG_NUMA)]
fn nr_node_ids() -> i32 {
    // SAFETY: Written once at boot.
    let nr = unsafe { (&raw const bindings::nr_node_ids).read() };
    i32::try_from(nr).unwrap_or(1)
}

/// Data of an online node.
#[cfg(CONFIG_NUMA)]
fn node_data(nid: i32) -> *mut bindings::pglist_data {
    let nodes = (&raw const bindings::node_data).cast::<*mut bindings::pglist_data>();
    // SAFETY: `node_data` has an entry for each node number below `nr_node_ids`; callers pass
    // online ones only.
    unsafe { nodes.wrapping_add(nid as usize).read() }
}

/// Whether the node exists: there is only one.
#[cfg(not(CONFIG_NUMA))]
pub(crate) fn node_is_online(nid: i32) -> bool {
    nid == 0
}

#[cfg(not(CONFIG_NUMA))]
fn nr_node_ids() -> i32 {
    1
}

#[cfg(not(CONFIG_NUMA))]
fn node_data(_nid: i32) -> *mut bindings::pglist_data {
    &raw mut bindings::contig_page_data
}
