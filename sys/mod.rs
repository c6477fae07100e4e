// SPDX-License-Identifier: GPL-2.0

//! Everything that needs `unsafe`: the host's memory, its devices, its locks. Nothing here knows
//! what the allocator above does with them, and nothing above can break the kernel through it: no
//! order of safe calls is undefined behaviour. Pages are plain numbers here, relative to the
//! region.
//!
//! What differs between kernels is here as well, as pairs of a real and an empty implementation.

mod carve;
mod chrdev;
mod claims;
mod cpu;
mod cpuhp;
mod debugfs;
mod doorbell;
mod eventfd;
mod fault;
mod fork;
mod frame;
mod free_run;
mod host;
mod kthread;
mod lock;
mod mapper;
mod mm;
mod node;
mod percpu;
mod periodic;
mod process;
#[cfg(not(all(
    CONFIG_X86_64,
    CONFIG_NUMA,
    CONFIG_SMP,
    CONFIG_SPARSEMEM_VMEMMAP,
    CONFIG_SPARSEMEM_EXTREME,
    CONFIG_TRANSPARENT_HUGEPAGE,
    CONFIG_CONTIG_ALLOC,
    CONFIG_CMA,
    not(CONFIG_PREEMPT_RT)
)))]
#[path = "no_real.rs"]
mod real;
#[cfg(all(
    CONFIG_X86_64,
    CONFIG_NUMA,
    CONFIG_SMP,
    CONFIG_SPARSEMEM_VMEMMAP,
    CONFIG_SPARSEMEM_EXTREME,
    CONFIG_TRANSPARENT_HUGEPAGE,
    CONFIG_CONTIG_ALLOC,
    CONFIG_CMA,
    not(CONFIG_PREEMPT_RT)
))]
mod real;
mod rwsem;
mod task;
pub(crate) mod uapi;
mod vma;

pub(crate) use self::{
    carve::CarvedRegion,
    chrdev::{
        CharDevice,
        Place,
        Ready,
        Registration, //
    },
    cpu::{
        cpu_is_online,
        node_distance,
        node_of_cpu,
        nr_cpus,
        nr_cpus_of_node,
        nr_online_cpus,
        this_cpu,
        this_node, //
    },
    cpuhp::{
        CpuHotplug,
        CpuWatch, //
    },
    debugfs::{
        Dir,
        Show,
        Store,
        Text, //
    },
    doorbell::Doorbell,
    eventfd::EventFd,
    host::{
        capable_sys_admin,
        cond_resched,
        host_version,
        is_kdump_kernel,
        now_ns,
        nr_zone_types,
        pageblock_order,
        taint_test,
        Opener,
        HAS_HUGE_PAGES,
        HAS_PMD_MAPPINGS,
        PAGE_SHIFT,
        PAGE_SIZE, //
    },
    kthread::{
        KThread,
        Thread,
        ThreadToken, //
    },
    lock::{
        new_locked,
        new_sleep_locked,
        Locked,
        SleepLocked, //
    },
    mapper::{
        Mapper,
        Window, //
    },
    node::{
        has_large_cache,
        host_free_pages,
        largest_free_run,
        node_is_online, //
    },
    percpu::{
        new_percpu,
        PerCpu, //
    },
    periodic::{
        Periodic,
        Tick, //
    },
    process::Process,
    real::{
        is_locked_down,
        nr_online_nodes,
        HostGfp,
        Pinned,
        RealBlock,
        RealNode,
        RealZone,
        IS_SUPPORTED as CAN_DRIVE_ZONES, //
    },
    task::{
        current_comm,
        current_task,
        fatal_signal_pending,
        memalloc_scope,
        might_sleep,
        psi_memstall_enter,
        signal_pending,
        sleep_ms,
        task_id,
        TaskFacts, //
    }, //
};
use mm::LockedVm;
