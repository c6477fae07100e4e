// SPDX-License-Identifier: GPL-2.0

//! The interface's request flags in the allocator's terms.
//!
//! This is the one place where the stable `RB_GFP_*` numbers become the kernel's.

#![deny(unsafe_code)]

use crate::{
    gfp::Gfp,
    sys::{
        self,
        uapi, //
    }, //
};
use kernel::prelude::*;

/// Each flag that requests may carry.
const FLAGS: [(u32, Gfp); 22] = [
    (uapi::RB_GFP_DMA, Gfp::DMA),
    (uapi::RB_GFP_HIGHMEM, Gfp::HIGHMEM),
    (uapi::RB_GFP_DMA32, Gfp::DMA32),
    (uapi::RB_GFP_MOVABLE, Gfp::MOVABLE),
    (uapi::RB_GFP_RECLAIMABLE, Gfp::RECLAIMABLE),
    (uapi::RB_GFP_HIGH, Gfp::HIGH),
    (uapi::RB_GFP_IO, Gfp::IO),
    (uapi::RB_GFP_FS, Gfp::FS),
    (uapi::RB_GFP_ZERO, Gfp::ZERO),
    (uapi::RB_GFP_DIRECT_RECLAIM, Gfp::DIRECT_RECLAIM),
    (uapi::RB_GFP_KSWAPD_RECLAIM, Gfp::KSWAPD_RECLAIM),
    (uapi::RB_GFP_WRITE, Gfp::WRITE),
    (uapi::RB_GFP_NOWARN, Gfp::NOWARN),
    (uapi::RB_GFP_RETRY_MAYFAIL, Gfp::RETRY_MAYFAIL),
    (uapi::RB_GFP_NOFAIL, Gfp::NOFAIL),
    (uapi::RB_GFP_NORETRY, Gfp::NORETRY),
    (uapi::RB_GFP_MEMALLOC, Gfp::MEMALLOC),
    (uapi::RB_GFP_COMP, Gfp::COMP),
    (uapi::RB_GFP_NOMEMALLOC, Gfp::NOMEMALLOC),
    (uapi::RB_GFP_HARDWALL, Gfp::HARDWALL),
    (uapi::RB_GFP_THISNODE, Gfp::THISNODE),
    (uapi::RB_GFP_ACCOUNT, Gfp::ACCOUNT),
];

/// Translates request flags. EINVAL for an unknown one, and for who will not fail, but not wait
/// either.
pub(super) fn from_uapi(flags: u32) -> Result<Gfp> {
    let mut gfp = Gfp::NONE;
    let mut rest = flags;

    for (flag, meaning) in FLAGS {
        if flags & flag != 0 {
            gfp = gfp | meaning;
            rest &= !flag;
        }
    }
    let stuck = gfp.has(Gfp::NOFAIL) && !gfp.has(Gfp::DIRECT_RECLAIM);

    match rest {
        0 if !stuck => Ok(gfp),
        _ => Err(EINVAL),
    }
}

/// EPERM for reserves that the caller may not touch.
pub(super) fn check_permission(gfp: Gfp) -> Result {
    match gfp.has(Gfp::MEMALLOC) && !sys::capable_sys_admin() {
        true => Err(EPERM),
        false => Ok(()),
    }
}

#[kunit_tests(rust_buddy_device_gfp)]
mod tests {
    use super::*;

    #[test]
    fn unknown_flags_are_refused() -> Result {
        assert!(from_uapi(0x0040_0000).is_err());
        assert!(from_uapi(u32::MAX).is_err());
        assert!(from_uapi(uapi::RB_GFP_NOFAIL).is_err());
        assert!(from_uapi(uapi::RB_GFP_NOFAIL | uapi::RB_GFP_DIRECT_RECLAIM).is_ok());
        Ok(())
    }

    #[test]
    fn composites_have_the_kernels_values() -> Result {
        let kernel = Gfp::DIRECT_RECLAIM | Gfp::KSWAPD_RECLAIM | Gfp::IO | Gfp::FS;
        let movable = kernel | Gfp::HARDWALL | Gfp::HIGHMEM | Gfp::MOVABLE;

        assert_eq!(from_uapi(0x6c0)?, kernel);
        assert_eq!(from_uapi(0x6c0 | 0x8_0000 | 0x2 | 0x8)?, movable);
        Ok(())
    }
}
