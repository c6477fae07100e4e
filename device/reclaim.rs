// SPDX-License-Identifier: GPL-2.0

//! RECLAIM: drops contents because somebody says so.
//!
//! C: `reclaim_store()` in `mm/vmscan.c` (`/sys/devices/system/node/node*/reclaim`).

#![deny(unsafe_code)]

use super::{
    call::Call,
    Device,
    File, //
};
use crate::sys::{
    self,
    uapi, //
};
use kernel::prelude::*;

/// When a call has to end. A fatal signal ends it in any case.
pub(super) struct Deadline(Option<u64>);

impl Deadline {
    /// Never.
    pub(super) const NONE: Self = Self(None);

    /// After so many nanoseconds; 0: never.
    pub(super) fn after(timeout_ns: u64) -> Self {
        Self(match timeout_ns {
            0 => None,
            ns => Some(sys::now_ns().saturating_add(ns)),
        })
    }

    /// Whether it is over, or there is a signal.
    pub(super) fn is_over(&self) -> bool {
        sys::signal_pending() || self.0.is_some_and(|end| sys::now_ns() >= end)
    }
}

impl Device {
    /// RB_RECLAIM.
    #[inline(never)]
    pub(super) fn reclaim_pages(&self, call: &Call, file: &File) -> Result {
        let mut req: uapi::rb_reclaim = call.read()?;

        if req.flags != 0 || req.reserved0 != 0 {
            return Err(EINVAL);
        }
        if !sys::capable_sys_admin() {
            return Err(EPERM);
        }
        call.require_write()?;
        let nid = self.node_or_all(req.nid)?;

        call.write(&req)?;
        let deadline = Deadline::after(req.timeout_ns);
        let stop = || deadline.is_over();

        (req.nr_reclaimed, req.nr_scanned) = match req.nr_pages {
            0 => (0, 0),
            nr => self.region().reclaim(nid, nr, self, &stop),
        };
        self.watch_all();
        // What was just dropped may have been this file's.
        file.process.settle();
        if sys::fatal_signal_pending() {
            return Err(EINTR);
        }
        call.write(&req)
    }

    /// `None`: all nodes. ENODEV.
    pub(super) fn node_or_all(&self, nid: i32) -> Result<Option<i32>> {
        match nid {
            uapi::RB_ALL => Ok(None),
            nid => Ok(Some(self.region().node(nid).ok_or(ENODEV)?.nid())),
        }
    }

    /// Tells of all zones that have crossed a watermark.
    pub(super) fn watch_all(&self) {
        for zone in self.region().zones() {
            self.watch_zone(zone);
        }
    }
}
