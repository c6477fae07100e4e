// SPDX-License-Identifier: GPL-2.0

//! A page allocator of one's own: a region carved out of the running kernel, managed as
//! `mm/page_alloc.c` manages memory, and offered through `/dev/rust_buddy`.
//!
//! Bottom-up, each layer using only those before it: `sys` (the kernel, and all unsafe code),
//! `zone` (free lists and watermarks), `pcp` (a stock for each CPU), `gfp` (requests), `slowpath`
//! (decisions), `page_alloc` (zones put together), `device` (users).

mod device;
mod gfp;
mod page_alloc;
mod pcp;
mod slowpath;
mod sys;
mod zone;

use device::{
    debugfs::Files,
    params::Params,
    threads::Threads,
    upkeep::Upkeep,
    Device, //
};
use kernel::{
    prelude::*,
    sync::Arc, //
};

module! {
    type: RustBuddy,
    name: "rust_buddy",
    authors: ["the rust_buddy authors"],
    description: "A page allocator for a private region of memory",
    license: "GPL",
    params: {
        size_mb: u32 {
            default: 64,
            description: "MiB to take, rounded down to a power of two, at least 4 (default 64)",
        },
        nid: i32 {
            default: -1,
            description: "Node to take it from (default -1: any)",
        },
        dma_pct: u32 {
            default: 7,
            description: "Share of zone DMA in percent (default 7)",
        },
        dma32_pct: u32 {
            default: 25,
            description: "Share of zone DMA32 in percent (default 25)",
        },
        movable_pct: u32 {
            default: 25,
            description: "Share of zone Movable in percent (default 25)",
        },
        min_host_free_mb: u32 {
            default: 64,
            description: "MiB that must stay free on the host (default 64)",
        },
        exact: u32 {
            default: 0,
            description: "1: CPUs keep no pages in stock and no counter lags (default 0)",
        },
        nids: u64 {
            default: 0,
            description: "Nodes to take size_mb from each, a bit for each; 0: nid (default 0)",
        },
        lazy: u32 {
            default: 0,
            description: "1: zones get 128 MiB at a time, when they need it (default 0)",
        },
        gfp_allowed_mask: u32 {
            default: 0xff_ffff,
            description: "Kernel GFP bits that requests keep (default all)",
        },
        poison: u32 {
            default: 0,
            description: "1: fill free pages with a pattern and look for damage (default 0)",
        },
        unsafe_test: u32 {
            default: 0,
            description: "1: let CAP_SYS_ADMIN damage free pages, for tests (default 0)",
        },
        oracle: bool {
            default: false,
            description: "Let CAP_SYS_ADMIN compare with the kernel's own allocator (default N)",
        },
        oom_kill: u32 {
            default: 0,
            description: "1: kill who loses its blocks because memory is short (default 0)",
        },
        wrong_move: u32 {
            default: 0,
            description: "1, 2: move blocks in a way that loses data, to test tests (default 0)",
        },
    },
}

/// `version=` of `modinfo` and `/sys/module/rust_buddy/version`; `module!` has no field for it.
#[cfg(MODULE)]
#[used(compiler)]
#[link_section = ".modinfo"]
static VERSION: [u8; 14] = *b"version=0.1.0\0";

/// The loaded module. Fields are dropped from first to last: first nobody can open it any more.
struct RustBuddy {
    _device_node: sys::Registration<Device>,
    _files: Option<Files>,
    /// Until unload.
    workers: Option<(Threads, sys::Periodic<Upkeep>)>,
    _cpus: sys::CpuWatch<Upkeep>,
    device: Arc<Device>,
}

impl kernel::Module for RustBuddy {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let mapper = sys::Mapper::new(device::WINDOW_ORDER)?;
        let device = Arc::new(Device::new(params(), mapper.clone())?, GFP_KERNEL)?;
        let upkeep = Arc::new(Upkeep::new(device.clone()), GFP_KERNEL)?;
        let cpus = sys::CpuWatch::new(upkeep.clone())?;
        let ticks = sys::Periodic::new(upkeep, Upkeep::FIRST_MS)?;
        let threads = Threads::new(&device)?;
        // The last step that can fail: from here on the device can be opened.
        let node = sys::Registration::new(c"rust_buddy", device.clone(), mapper)?;
        let config = device.region().config();

        pr_info!("{} pages on node {}\n", config.nr_pages, config.nid);
        Ok(Self {
            _device_node: node,
            // Nobody should miss a device because its debugging files could not be made.
            _files: Files::new(&device).ok(),
            workers: Some((threads, ticks)),
            _cpus: cpus,
            device,
        })
    }
}

impl Drop for RustBuddy {
    fn drop(&mut self) {
        // They may have a block in their hands.
        self.workers = None;
        // The module's reference count was 0: no file is open, so every page should be free.
        let (leaked, report) = self.device.leaked();

        match (leaked, report.errors) {
            (0, 0) => pr_info!(
                "unloaded: pages={} leaked=0 damaged={}\n",
                report.checked,
                self.device.nr_damaged()
            ),
            (leaked, errors) => {
                pr_err!(
                    "unloaded: pages={} leaked={leaked} errors={errors}\n",
                    report.checked
                )
            }
        }
    }
}

/// The parameters as given at load.
fn params() -> Params {
    Params {
        size_mb: module_parameters::size_mb.value(),
        nid: module_parameters::nid.value(),
        dma_pct: module_parameters::dma_pct.value(),
        dma32_pct: module_parameters::dma32_pct.value(),
        movable_pct: module_parameters::movable_pct.value(),
        min_host_free_mb: module_parameters::min_host_free_mb.value(),
        exact: module_parameters::exact.value(),
        nids: module_parameters::nids.value(),
        lazy: module_parameters::lazy.value(),
        gfp_allowed_mask: module_parameters::gfp_allowed_mask.value(),
        poison: module_parameters::poison.value(),
        unsafe_test: module_parameters::unsafe_test.value(),
        oracle: module_parameters::oracle.value(),
        oom_kill: module_parameters::oom_kill.value(),
        wrong_move: module_parameters::wrong_move.value(),
    }
}
