// SPDX-License-Identifier: GPL-2.0

//! Everything that needs `unsafe`: the host's memory, its devices, its locks. Nothing here knows what the
//! allocator above does with them, and nothing above can break the kernel through it: no order of safe
//! calls is undefined behaviour. Pages are plain numbers here, relative to the region.
//!
//! What differs between kernels is here as well, as pairs of a real and an empty implementation.

mod carve;
mod claims;
mod frame;
mod free_run;
mod host;
mod lock;
mod node;
pub(crate) mod uapi;

pub(crate) use self::{
    carve::CarvedRegion,
    host::{
        capable_sys_admin,
        cpu_id,
        host_version,
        now_ns,
        nr_cpu_ids,
        nr_online_cpus,
        pageblock_order,
        Opener,
        PAGE_SHIFT,
        PAGE_SIZE, //
    },
    lock::{
        new_locked,
        new_sleeping,
        Locked,
        Sleeping, //
    },
    node::{
        host_free_pages,
        largest_free_run,
        node_is_online, //
    }, //
};
