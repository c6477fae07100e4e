// SPDX-License-Identifier: GPL-2.0

//! The interface's request flags as the running kernel has them.
//!
//! C: `include/linux/gfp_types.h`.

use crate::sys::uapi;
use kernel::{
    bindings,
    prelude::*, //
};

/// Flags that a request to the kernel may carry here: none that reclaims on the spot, charges, or
/// waits. Each of the interface's, and the bit of the kernel's.
const FLAGS: [(u32, u32); 18] = [
    (uapi::RB_GFP_DMA, bindings::___GFP_DMA_BIT),
    (uapi::RB_GFP_HIGHMEM, bindings::___GFP_HIGHMEM_BIT),
    (uapi::RB_GFP_DMA32, bindings::___GFP_DMA32_BIT),
    (uapi::RB_GFP_MOVABLE, bindings::___GFP_MOVABLE_BIT),
    (uapi::RB_GFP_RECLAIMABLE, bindings::___GFP_RECLAIMABLE_BIT),
    (uapi::RB_GFP_HIGH, bindings::___GFP_HIGH_BIT),
    (uapi::RB_GFP_IO, bindings::___GFP_IO_BIT),
    (uapi::RB_GFP_FS, bindings::___GFP_FS_BIT),
    (uapi::RB_GFP_ZERO, bindings::___GFP_ZERO_BIT),
    (
        uapi::RB_GFP_KSWAPD_RECLAIM,
        bindings::___GFP_KSWAPD_RECLAIM_BIT,
    ),
    (uapi::RB_GFP_NOWARN, bindings::___GFP_NOWARN_BIT),
    (
        uapi::RB_GFP_RETRY_MAYFAIL,
        bindings::___GFP_RETRY_MAYFAIL_BIT,
    ),
    (uapi::RB_GFP_NORETRY, bindings::___GFP_NORETRY_BIT),
    (uapi::RB_GFP_MEMALLOC, bindings::___GFP_MEMALLOC_BIT),
    (uapi::RB_GFP_COMP, bindings::___GFP_COMP_BIT),
    (uapi::RB_GFP_NOMEMALLOC, bindings::___GFP_NOMEMALLOC_BIT),
    (uapi::RB_GFP_HARDWALL, bindings::___GFP_HARDWALL_BIT),
    (uapi::RB_GFP_THISNODE, bindings::___GFP_THISNODE_BIT),
];

/// On every request: this node, and no word about failures.
const ALWAYS: u32 = 1 << bindings::___GFP_THISNODE_BIT | 1 << bindings::___GFP_NOWARN_BIT;

/// Request flags of the running kernel.
///
/// # Invariants
///
/// The bits are some of `FLAGS`, and `ALWAYS`.
#[derive(Clone, Copy)]
pub(crate) struct HostGfp(bindings::gfp_t);

impl HostGfp {
    /// Translates flags, and adds `THISNODE` and `NOWARN`. `EINVAL` for those that may not be given
    /// to the kernel, and for kinds of both sorts at once.
    pub(crate) fn from_uapi(flags: u32) -> Result<Self> {
        let mut bits = ALWAYS;
        let mut rest = flags;
        for (flag, bit) in FLAGS {
            if flags & flag != 0 {
                bits |= 1 << (bit & 31);
                rest &= !flag;
            }
        }
        let both = uapi::RB_GFP_MOVABLE | uapi::RB_GFP_RECLAIMABLE;
        if rest != 0 || flags & both == both {
            return Err(EINVAL);
        }
        // INVARIANT: Nothing else was added.
        Ok(Self(bits))
    }

    pub(super) fn bits(self) -> bindings::gfp_t {
        self.0
    }
}
