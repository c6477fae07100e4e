// SPDX-License-Identifier: GPL-2.0

//! GFP flags: what a request says of itself.
//!
//! The bit values are the kernel's own (`include/linux/gfp_types.h`, Linux 7.3). User space has
//! other, stable numbers, which `device/` translates.
//!
//! # Differences
//!
//! `__GFP_ACCOUNT` is accepted and charges nothing: the pages belong to the region.
//!
//! C: `include/linux/gfp.h`, `GFP_ZONE_TABLE`, `gfp_zone()`, `gfp_migratetype()`.

#![deny(unsafe_code)]

pub(crate) mod context;
mod names;

use crate::zone::{
    alloc_flags::AllocFlags,
    migratetype::Migratetype,
    order::Order,
    ZoneType, //
};
use core::ops::BitOr;
use kernel::prelude::*;

/// A set of request flags.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Gfp(u32);

impl Gfp {
    /// No flag.
    pub(crate) const NONE: Self = Self(0);
    /// Pages that little devices can address.
    pub(crate) const DMA: Self = Self(0x1);
    /// Pages that need not be mapped in the kernel.
    pub(crate) const HIGHMEM: Self = Self(0x2);
    /// Pages that 32-bit devices can address.
    pub(crate) const DMA32: Self = Self(0x4);
    /// The pages can be moved.
    pub(crate) const MOVABLE: Self = Self(0x8);
    /// The pages can be dropped and made again.
    pub(crate) const RECLAIMABLE: Self = Self(0x10);
    /// The request may use half of the min reserve.
    pub(crate) const HIGH: Self = Self(0x20);
    /// I/O may be started to free memory.
    pub(crate) const IO: Self = Self(0x40);
    /// File systems may be called to free memory.
    pub(crate) const FS: Self = Self(0x80);
    /// The pages must be zero.
    pub(crate) const ZERO: Self = Self(0x100);
    /// The requester can wait.
    pub(crate) const DIRECT_RECLAIM: Self = Self(0x400);
    /// The background reclaimer may be woken.
    pub(crate) const KSWAPD_RECLAIM: Self = Self(0x800);
    /// The page will be written to.
    pub(crate) const WRITE: Self = Self(0x1000);
    /// A failure is not reported.
    pub(crate) const NOWARN: Self = Self(0x2000);
    /// Try hard, but do not call for an out-of-memory kill.
    pub(crate) const RETRY_MAYFAIL: Self = Self(0x4000);
    /// Do not fail, however long it takes.
    pub(crate) const NOFAIL: Self = Self(0x8000);
    /// Give up early.
    pub(crate) const NORETRY: Self = Self(0x10000);
    /// The request may use everything: it will free more memory than it takes.
    pub(crate) const MEMALLOC: Self = Self(0x20000);
    /// Blocks are compound pages.
    pub(crate) const COMP: Self = Self(0x40000);
    /// The request must not touch the reserves, whatever else it says.
    pub(crate) const NOMEMALLOC: Self = Self(0x80000);
    /// Keep to the allowed nodes strictly.
    pub(crate) const HARDWALL: Self = Self(0x10_0000);
    /// This node or none.
    pub(crate) const THISNODE: Self = Self(0x20_0000);
    /// Charge the pages to the requester's memory cgroup.
    pub(crate) const ACCOUNT: Self = Self(0x40_0000);

    /// What every request that waits for no lock says (C: `gfp_nolock`).
    pub(crate) const NOLOCK: Self =
        Self(Self::NOWARN.0 | Self::ZERO.0 | Self::NOMEMALLOC.0 | Self::COMP.0);

    /// All flags.
    pub(crate) const ALL: Self = Self(u32::MAX);

    /// The flags with the kernel's values.
    pub(crate) const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The flags as the kernel's bits.
    pub(crate) const fn bits(self) -> u32 {
        self.0
    }

    /// Whether all of `flags` are set (C: `gfp_has_flags()`).
    pub(crate) const fn has_all(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// Without `flags`.
    pub(crate) const fn without(self, flags: Self) -> Self {
        Self(self.0 & !flags.0)
    }

    /// Those of the flags that `allowed` has too (C: `gfp & gfp_allowed_mask`).
    #[inline]
    pub(crate) const fn and(self, allowed: Self) -> Self {
        Self(self.0 & allowed.0)
    }

    /// Whether any of `flags` is set.
    #[inline]
    pub(crate) const fn has(self, flags: Self) -> bool {
        self.0 & flags.0 != 0
    }

    /// Whether the request can wait (C: `gfpflags_allow_blocking()`).
    pub(crate) const fn allows_blocking(self) -> bool {
        self.has(Self::DIRECT_RECLAIM)
    }

    /// The highest zone that the request may use, or `None` for a set of zone flags that means
    /// nothing (C: `gfp_zone()` and `GFP_ZONE_BAD`).
    pub(crate) fn zone(self) -> Option<ZoneType> {
        let bits = self.0 & ZONE_MASK;

        if ZONE_BAD & (1 << bits) != 0 {
            return None;
        }
        ZoneType::from_number((ZONE_TABLE >> (bits * 2)) & 3)
    }

    /// What kind of pageblock the request belongs to, or `None` for both kinds at once
    /// (C: `gfp_migratetype()`).
    pub(crate) const fn migratetype(self) -> Option<Migratetype> {
        match (self.0 >> 3) & 3 {
            0 => Some(Migratetype::Unmovable),
            1 => Some(Migratetype::Movable),
            2 => Some(Migratetype::Reclaimable),
            _ => None,
        }
    }

    /// CMA pages are lent to movable requests only (C: `alloc_flags_cma()`).
    pub(crate) fn cma_flags(self) -> AllocFlags {
        match self.migratetype() {
            Some(Migratetype::Movable) => AllocFlags::CMA,
            _ => AllocFlags::WMARK_MIN,
        }
    }

    /// What a request that cannot wait may use instead (C: `alloc_flags_nonblocking()`).
    pub(crate) fn nonblocking_flags(self, order: Order) -> AllocFlags {
        if self.has(Self::DIRECT_RECLAIM | Self::NOMEMALLOC) {
            return AllocFlags::WMARK_MIN;
        }
        match order > Order::ZERO && self.has(Self::HIGH) {
            true => AllocFlags::NON_BLOCK | AllocFlags::HIGHATOMIC,
            false => AllocFlags::NON_BLOCK,
        }
    }
}

/// The flags that choose a zone: `DMA`, `HIGHMEM`, `DMA32`, `MOVABLE`.
const ZONE_MASK: u32 = 0xf;

/// Two bits for each set of zone flags (C: `GFP_ZONE_TABLE` of x86-64).
const ZONE_TABLE: u32 = 0x0132_0122;

/// One bit for each set of zone flags that means nothing (C: `GFP_ZONE_BAD`).
const ZONE_BAD: u32 = 0xe8e8;

impl BitOr for Gfp {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

#[kunit_tests(rust_buddy_gfp)]
mod tests {
    use super::*;

    #[test]
    fn row_007_zone_of_all_sixteen_sets() -> Result {
        let normal = Some(ZoneType::Normal);
        let dma = Some(ZoneType::Dma);
        let dma32 = Some(ZoneType::Dma32);
        let expected = [
            normal,
            dma,
            normal,
            None,
            dma32,
            None,
            None,
            None, //
            normal,
            dma,
            Some(ZoneType::Movable),
            None,
            dma32,
            None,
            None,
            None,
        ];

        for (bits, zone) in (0..).zip(expected) {
            assert_eq!(Gfp(bits).zone(), zone);
        }
        assert_eq!(ZONE_TABLE, 0x0132_0122);
        assert_eq!(ZONE_BAD, 0xe8e8);
        Ok(())
    }

    #[test]
    fn row_008_migratetype_of_both_bits() -> Result {
        assert_eq!(Gfp::NONE.migratetype(), Some(Migratetype::Unmovable));
        assert_eq!(Gfp::MOVABLE.migratetype(), Some(Migratetype::Movable));
        assert_eq!(
            Gfp::RECLAIMABLE.migratetype(),
            Some(Migratetype::Reclaimable)
        );
        assert!((Gfp::MOVABLE | Gfp::RECLAIMABLE).migratetype().is_none());
        Ok(())
    }

    #[test]
    fn row_009_atomic_is_high_and_wakes_kswapd() -> Result {
        assert_eq!((Gfp::HIGH | Gfp::KSWAPD_RECLAIM).0, 0x820);
        Ok(())
    }

    #[test]
    fn row_065_only_movable_requests_may_use_cma() -> Result {
        assert!(Gfp::MOVABLE.cma_flags().has(AllocFlags::CMA));
        assert!(!Gfp::RECLAIMABLE.cma_flags().has(AllocFlags::CMA));
        assert!(!Gfp::NONE.cma_flags().has(AllocFlags::CMA));
        Ok(())
    }

    #[test]
    fn row_011_all_bits_are_below_24() -> Result {
        let named = [
            Gfp::DMA,
            Gfp::HIGHMEM,
            Gfp::DMA32,
            Gfp::MOVABLE,
            Gfp::RECLAIMABLE,
            Gfp::HIGH,
            Gfp::IO,
            Gfp::FS,
            Gfp::ZERO,
            Gfp::DIRECT_RECLAIM,
            Gfp::KSWAPD_RECLAIM,
            Gfp::WRITE,
            Gfp::NOWARN,
            Gfp::RETRY_MAYFAIL,
            Gfp::NOFAIL,
            Gfp::NORETRY,
            Gfp::MEMALLOC,
            Gfp::COMP,
            Gfp::NOMEMALLOC,
            Gfp::HARDWALL,
            Gfp::THISNODE,
            Gfp::ACCOUNT,
        ];
        // ZEROTAGS, and the bit that Linux 7.3 does not use.
        let unnamed = 0x80_0000 | 0x200;
        let all = named.iter().fold(unnamed, |all, gfp| all | gfp.0);

        assert_eq!(all, 0xff_ffff);
        Ok(())
    }

    #[test]
    fn row_003_nolock_requests_touch_no_reserve() -> Result {
        assert_eq!(Gfp::NOLOCK.0, 0xc_2100);
        assert_eq!(
            Gfp::NOLOCK.nonblocking_flags(Order::MAX),
            AllocFlags::WMARK_MIN
        );
        Ok(())
    }
}
