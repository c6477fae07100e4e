// SPDX-License-Identifier: GPL-2.0

//! INJECT: damage on request, so that tests can see it found. Only after loading with
//! `unsafe_test=1`; the kernel is tainted as one that runs tests.

#![deny(unsafe_code)]

use super::{
    call::Call,
    Device, //
};
use crate::sys::{
    self,
    uapi, //
};
use kernel::prelude::*;

/// Bits of a page.
const PAGE_BITS: u64 = 8 * sys::PAGE_SIZE as u64;

impl Device {
    /// RB_INJECT.
    #[inline(never)]
    pub(super) fn inject(&self, call: &Call) -> Result {
        let req: uapi::rb_inject = call.read()?;

        if req.kind != uapi::RB_INJECT_FLIP_BIT || req.flags != 0 || req.reserved != [0; 3] {
            return Err(EINVAL);
        }
        if self.params().unsafe_test == 0 {
            return Err(EOPNOTSUPP);
        }
        call.require_write()?;
        if !sys::capable_sys_admin() {
            return Err(EPERM);
        }
        let idx = u32::try_from(req.idx)
            .ok()
            .filter(|idx| *idx < self.region().config().nr_pages);

        match idx {
            Some(idx) if req.arg < PAGE_BITS => self.flip_bit(idx, req.arg),
            _ => Err(ERANGE),
        }
    }

    /// EBUSY if somebody has the page: nobody's data is to be damaged. Who gets it at this very
    /// moment is unlucky.
    fn flip_bit(&self, idx: u32, bit: u64) -> Result {
        let offset = (bit / 8) as usize;
        let mut byte = [0];

        if self.carved().is_claimed(idx, 1) {
            return Err(EBUSY);
        }
        sys::taint_test();
        self.carved().read(idx, offset, &mut byte);
        self.carved()
            .write(idx, offset, &byte.map(|byte| byte ^ 1 << (bit & 7)));
        Ok(())
    }
}
