// SPDX-License-Identifier: GPL-2.0

//! The arrays that a CPU's lists lie in, as long as the limits ask for.
//!
//! C: `pageset_update()` in `mm/page_alloc.c`; the kernel's lists need no room.

#![deny(unsafe_code)]

use super::{
    index::NR_LOWORDER_LISTS,
    ring::Ring,
    tuning::PcpLimits,
    PcpIndex,
    PerCpuPages,
    NR_PCP_LISTS, //
};
use kernel::prelude::*;

/// Empty lists, made before the lock is taken under which they are wanted.
pub(crate) struct PcpRoom([Ring; 16]);

impl PcpRoom {
    /// Room for everything that `limits` allow in a zone of `nr_pages`.
    ///
    /// Allocates: sleeps.
    pub(crate) fn new(limits: &PcpLimits, nr_pages: u32, has_huge: bool) -> Result<Self> {
        let capacity = |nr: u8| {
            let index = PcpIndex::from_number(nr)?;
            let used = has_huge || index.0 < NR_LOWORDER_LISTS;

            used.then(|| limits.capacity(index.order(), nr_pages))
        };

        Ok(Self(lists(|nr| Ring::new(capacity(nr).unwrap_or(0)))?))
    }
}

/// Sixteen lists.
pub(super) fn lists(mut f: impl FnMut(u8) -> Result<Ring>) -> Result<[Ring; 16]> {
    let mut lists = [const { Ring::EMPTY }; 16];

    for (nr, list) in (0..NR_PCP_LISTS).zip(&mut lists) {
        *list = f(nr)?;
    }
    Ok(lists)
}

impl PerCpuPages {
    /// Sets the limits, and takes longer lists for them from `room`; what is not needed any more
    /// comes back there, to be freed without a lock (C: `pageset_update()`).
    pub(crate) fn set_limits(&mut self, limits: PcpLimits, room: &mut PcpRoom) {
        self.limits = limits;
        for (list, new) in self.lists.iter_mut().zip(&mut room.0) {
            let spare = core::mem::replace(new, Ring::EMPTY);

            *new = list.replace(spare);
        }
    }
}
