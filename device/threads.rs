// SPDX-License-Identifier: GPL-2.0

//! Two threads for each node: one reclaims and one compacts before somebody has to wait for it.
//!
//! C: `kswapd_run()`, `kcompactd_run()`.

#![deny(unsafe_code)]

use super::Device;
use crate::sys;
use kernel::{
    prelude::*,
    sync::Arc, //
};

/// The threads, until this is dropped.
pub(crate) struct Threads {
    _kswapd: KVec<sys::KThread<Kswapd>>,
    _kcompactd: KVec<sys::KThread<Kcompactd>>,
}

impl Threads {
    /// Starts them. Sleeps.
    #[inline(never)]
    pub(crate) fn new(device: &Arc<Device>) -> Result<Self> {
        let nr_nodes = device.carved().nids().len();
        let mut kswapd = KVec::with_capacity(nr_nodes, GFP_KERNEL)?;
        let mut kcompactd = KVec::with_capacity(nr_nodes, GFP_KERNEL)?;

        for node in device.region().nodes() {
            let nid = node.nid();
            let worker = Kswapd {
                device: device.clone(),
                nid,
            };
            let worker = Arc::new(worker, GFP_KERNEL)?;

            kswapd.push_within_capacity(sys::KThread::spawn(c"rb_kswapd", nid, worker)?)?;
            let worker = Kcompactd {
                device: device.clone(),
                nid,
            };
            let worker = Arc::new(worker, GFP_KERNEL)?;

            kcompactd.push_within_capacity(sys::KThread::spawn(c"rb_kcompactd", nid, worker)?)?;
        }
        Ok(Self {
            _kswapd: kswapd,
            _kcompactd: kcompactd,
        })
    }
}

/// The background reclaimer of a node (C: `kswapd()`).
struct Kswapd {
    device: Arc<Device>,
    nid: i32,
}

impl sys::Thread for Kswapd {
    fn run(&self, this: &sys::ThreadToken) {
        let device = &*self.device;
        // It frees memory for others, and so must not wait for that itself.
        let _scope = sys::memalloc_scope();

        device
            .region()
            .kswapd(self.nid, device, &|| this.should_stop());
    }
}

/// The background compactor of a node (C: `kcompactd()`).
struct Kcompactd {
    device: Arc<Device>,
    nid: i32,
}

impl sys::Thread for Kcompactd {
    fn run(&self, this: &sys::ThreadToken) {
        let device = &*self.device;

        device
            .region()
            .kcompactd(self.nid, device, &|| this.should_stop());
    }
}
