// SPDX-License-Identifier: GPL-2.0

//! CPUs and the nodes that they belong to. Reading only; what may change at any time is a snapshot.
//!
//! C: `cpu_to_node()`, `cpumask_of_node()`, `node_distance()`.

use kernel::{
    bindings,
    cpu::{
        nr_cpu_ids,
        CpuId, //
    }, //
};

/// The CPU that this runs on, which may change at once. Any context.
#[inline]
pub(crate) fn this_cpu() -> u32 {
    CpuId::current().as_u32()
}

/// Number of CPUs that there can be (C: `nr_cpu_ids`).
pub(crate) fn nr_cpus() -> u32 {
    nr_cpu_ids()
}

/// CPUs that are online (C: `num_online_cpus()`).
#[cfg(CONFIG_SMP)]
pub(crate) fn nr_online_cpus() -> u32 {
    let counter = &raw const bindings::__num_online_cpus;
    // SAFETY: An exported atomic of the kernel, always there; it is read in one aligned access.
    let nr = unsafe { (&raw const (*counter).counter).read_volatile() };
    u32::try_from(nr).unwrap_or(1)
}

/// CPUs that are online.
#[cfg(not(CONFIG_SMP))]
pub(crate) fn nr_online_cpus() -> u32 {
    1
}

/// Whether a CPU is online (C: `cpu_online()`).
#[cfg(CONFIG_SMP)]
pub(crate) fn cpu_is_online(cpu: u32) -> bool {
    if cpu >= nr_cpu_ids() {
        return false;
    }
    let words = (&raw const bindings::__cpu_online_mask).cast::<usize>();
    // SAFETY: A CPU mask has a bit for each of at least `nr_cpu_ids` CPUs, in words.
    let word = unsafe { words.add((cpu / usize::BITS) as usize).read_volatile() };
    word >> (cpu % usize::BITS) & 1 != 0
}

/// Whether a CPU is online.
#[cfg(not(CONFIG_SMP))]
pub(crate) fn cpu_is_online(cpu: u32) -> bool {
    cpu == 0
}

/// CPUs of a node that are online (C: `cpumask_weight(cpumask_of_node())`).
pub(crate) fn nr_cpus_of_node(nid: i32) -> u32 {
    let of_node = |cpu: &u32| cpu_is_online(*cpu) && node_of_cpu(*cpu) == nid;
    (0..nr_cpu_ids())
        .filter(of_node)
        .fold(0, |nr: u32, _| nr.wrapping_add(1))
}

/// The node of the CPU that this runs on (C: `numa_node_id()`). Any context.
#[inline]
pub(crate) fn this_node() -> i32 {
    node_of_cpu(this_cpu())
}

/// The node of a CPU, 0 if there is no such CPU (C: `cpu_to_node()`).
#[cfg(CONFIG_USE_PERCPU_NUMA_NODE_ID)]
#[inline]
pub(crate) fn node_of_cpu(cpu: u32) -> i32 {
    if cpu >= nr_cpu_ids() {
        return 0;
    }
    let offsets = (&raw const bindings::__per_cpu_offset).cast::<usize>();
    // SAFETY: There is an offset for each possible CPU, written once at boot.
    let offset = unsafe { offsets.add(cpu as usize).read() };
    let node = (&raw const bindings::numa_node).wrapping_byte_add(offset);
    // SAFETY: A per-CPU variable, moved by a CPU's offset, is that CPU's own; an aligned word, read
    // in one access.
    unsafe { node.read_volatile() }
}

/// The node of a CPU: there is only one.
#[cfg(not(CONFIG_USE_PERCPU_NUMA_NODE_ID))]
#[inline]
pub(crate) fn node_of_cpu(_cpu: u32) -> i32 {
    0
}

/// How far two nodes are from each other; 10 is here (C: `node_distance()`).
#[cfg(CONFIG_NUMA)]
pub(crate) fn node_distance(from: i32, to: i32) -> u32 {
    // SAFETY: Looks into a table, and knows an answer for all numbers.
    let distance = unsafe { bindings::__node_distance(from, to) };
    u32::try_from(distance).unwrap_or(u32::MAX >> 11)
}

/// How far two nodes are from each other; 10 is here.
#[cfg(not(CONFIG_NUMA))]
pub(crate) fn node_distance(from: i32, to: i32) -> u32 {
    if from == to {
        10
    } else {
        20
    }
}
