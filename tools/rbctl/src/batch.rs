// SPDX-License-Identifier: GPL-2.0

//! Blocks that must not outlive a command that fails.

#![deny(unsafe_code)]

use rust_buddy::{
    Handle,
    Region, //
};

use crate::failure::Result;

/// Handles that are freed on drop. Without it an interrupted `rbctl --fd` would leave blocks that
/// nobody knows to the shell's open file.
pub(crate) struct Batch<'a> {
    region: &'a Region,
    pub(crate) handles: Vec<Handle>,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(region: &'a Region) -> Self {
        Self {
            region,
            handles: Vec::new(),
        }
    }

    /// Pages of all its blocks.
    pub(crate) fn pages(&self) -> u64 {
        pages(&self.handles)
    }

    /// Leaves the blocks to the open file.
    pub(crate) fn keep(mut self) {
        self.handles.clear();
    }

    /// Frees them and tells how that went.
    pub(crate) fn release(mut self) -> Result {
        let handles = std::mem::take(&mut self.handles);
        Ok(self.region.free(&handles, false)?)
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        // There is another failure to tell already, and the kernel frees what is left.
        let _ = self.region.free(&self.handles, false);
    }
}

/// Pages of the blocks.
pub(crate) fn pages(handles: &[Handle]) -> u64 {
    handles.iter().map(|handle| 1 << handle.order).sum()
}
