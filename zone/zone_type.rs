// SPDX-License-Identifier: GPL-2.0

//! Which zones there can be, and what is marked on one.
//!
//! C: `enum zone_type`, `enum zone_flags` in `include/linux/mmzone.h`.

#![deny(unsafe_code)]

/// Number of zones a node can have.
pub(crate) const NR_ZONES: usize = 4;

/// Which zone of a node (C: `enum zone_type` of x86-64 without `ZONE_DEVICE`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum ZoneType {
    /// For requests that can address little.
    Dma = 0,
    /// For requests that can address 32 bits.
    Dma32 = 1,
    /// For everyone.
    Normal = 2,
    /// For pages that can be moved.
    Movable = 3,
}

impl ZoneType {
    /// All of them, lowest first.
    pub(crate) const ALL: [Self; NR_ZONES] = [Self::Dma, Self::Dma32, Self::Normal, Self::Movable];

    /// The zone type with this number.
    pub(crate) fn from_number(number: u32) -> Option<Self> {
        Self::ALL.get(usize::try_from(number).ok()?).copied()
    }

    /// The number as an index.
    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    /// Name as in `/proc/buddyinfo`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Dma => "DMA",
            Self::Dma32 => "DMA32",
            Self::Normal => "Normal",
            Self::Movable => "Movable",
        }
    }
}

/// Bits of a zone that are set and tested without its lock (C: `enum zone_flags`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ZoneFlag {
    /// Watermarks were boosted; the next request that may do so wakes the background reclaimer.
    BoostedWatermark = 0,
    /// The background reclaimer is at work: per-CPU lists are kept short.
    ReclaimActive = 1,
    /// Free pages were found below the high watermark: per-CPU lists give pages back.
    BelowHigh = 2,
}

impl ZoneFlag {
    pub(super) const ALL: [Self; 3] =
        [Self::BoostedWatermark, Self::ReclaimActive, Self::BelowHigh];
}
