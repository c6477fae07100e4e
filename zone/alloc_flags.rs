// SPDX-License-Identifier: GPL-2.0

//! Internal flags of a request and of a free.
//!
//! C: `ALLOC_*` in `mm/internal.h`, `fpi_t` in `mm/page_alloc.c`.

#![deny(unsafe_code)]

use core::ops::BitOr;

/// How hard a request may try. The values are the kernel's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct AllocFlags(u32);

impl AllocFlags {
    /// Nothing but the min watermark (C: `ALLOC_WMARK_MIN`).
    pub(crate) const WMARK_MIN: Self = Self(0);
    /// Keep to the low watermark (C: `ALLOC_WMARK_LOW`).
    pub(crate) const WMARK_LOW: Self = Self(0x1);
    /// Keep to the high watermark (C: `ALLOC_WMARK_HIGH`).
    pub(crate) const WMARK_HIGH: Self = Self(0x2);
    /// Look at no watermark (C: `ALLOC_NO_WATERMARKS`).
    pub(crate) const NO_WATERMARKS: Self = Self(0x4);
    /// The requester is being killed and will free memory soon (C: `ALLOC_OOM`).
    pub(crate) const OOM: Self = Self(0x8);
    /// The requester cannot wait (C: `ALLOC_NON_BLOCK`).
    pub(crate) const NON_BLOCK: Self = Self(0x10);
    /// May use half of the min reserve (C: `ALLOC_MIN_RESERVE`).
    pub(crate) const MIN_RESERVE: Self = Self(0x20);
    /// Keep to the allowed nodes (C: `ALLOC_CPUSET`).
    pub(crate) const CPUSET: Self = Self(0x40);
    /// May take CMA pages (C: `ALLOC_CMA`).
    pub(crate) const CMA: Self = Self(0x80);
    /// Do not mix migratetypes in a pageblock (C: `ALLOC_NOFRAGMENT`).
    pub(crate) const NOFRAGMENT: Self = Self(0x100);
    /// May take the high-order atomic reserve (C: `ALLOC_HIGHATOMIC`).
    pub(crate) const HIGHATOMIC: Self = Self(0x200);
    /// Wait for no lock (C: `ALLOC_NOLOCK`).
    pub(crate) const NOLOCK: Self = Self(0x400);
    /// May wake the background reclaimer (C: `ALLOC_KSWAPD`).
    pub(crate) const KSWAPD: Self = Self(0x800);
    /// Flags that open a reserve (C: `ALLOC_RESERVES`).
    pub(crate) const RESERVES: Self =
        Self(Self::NON_BLOCK.0 | Self::MIN_RESERVE.0 | Self::HIGHATOMIC.0 | Self::OOM.0);

    /// Whether any of `flags` is set.
    #[inline]
    pub(crate) const fn has(self, flags: Self) -> bool {
        self.0 & flags.0 != 0
    }

    /// Without `flags`.
    pub(crate) const fn without(self, flags: Self) -> Self {
        Self(self.0 & !flags.0)
    }

    /// Nothing but a watermark.
    pub(crate) const fn of_wmark(wmark: Wmark) -> Self {
        Self(wmark as u32)
    }

    /// The watermark to keep to (C: `alloc_flags & ALLOC_WMARK_MASK`).
    pub(crate) const fn wmark(self) -> Wmark {
        match self.0 & 3 {
            0 => Wmark::Min,
            1 => Wmark::Low,
            2 => Wmark::High,
            _ => Wmark::Promo,
        }
    }
}

impl PartialEq<u32> for AllocFlags {
    fn eq(&self, value: &u32) -> bool {
        self.0 == *value
    }
}

impl BitOr for AllocFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A watermark by name (C: `enum zone_watermarks`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wmark {
    /// Below it only reserves are left.
    Min = 0,
    /// Below it the background reclaimer is woken.
    Low = 1,
    /// Above it the background reclaimer sleeps.
    High = 2,
    /// Above it memory tiering stops demoting.
    Promo = 3,
}

/// How a block is put back (C: `fpi_t`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum FreeFlags {
    /// At the end that suits it (C: `FPI_NONE`).
    None,
    /// At the tail: memory that comes in for the first time (C: `FPI_TO_TAIL`).
    ToTail,
}
