// SPDX-License-Identifier: GPL-2.0

//! The numbers of the debugfs file vmstat: `RB_VMSTAT`. Their names are in that file.

#![deny(unsafe_code)]

use rust_buddy_sys::*;

use crate::{
    Error,
    Region,
    Result, //
};

/// More than any module has.
const MAX_NUMBERS: usize = 256;

impl Region {
    /// The numbers, in the order of the lines of `/sys/kernel/debug/rust_buddy/vmstat`.
    pub fn vmstat(&self) -> Result<Vec<u64>> {
        let limit = usize::try_from(self.max_fetch()).unwrap_or(MAX_NUMBERS);
        let mut out = vec![0; limit.min(MAX_NUMBERS)];
        let mut raw = rb_vmstat::default();
        self.driver()
            .vmstat(&mut raw, &mut out)
            .map_err(Error::refused("vmstat"))?;
        out.truncate(raw.nr_done as usize);
        match raw.nr_done < raw.nr_total {
            true => Err(Error::Inconsistent(format!(
                "it has {} counters, and gave {}",
                raw.nr_total, raw.nr_done
            ))),
            false => Ok(out),
        }
    }
}
