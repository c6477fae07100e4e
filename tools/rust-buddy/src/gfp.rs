// SPDX-License-Identifier: GPL-2.0

//! Request flags, by the kernel's names.

#![deny(unsafe_code)]

use std::{
    fmt,
    str::FromStr, //
};

use rust_buddy_sys::*;

bitflags::bitflags! {
    /// The kernel's GFP flags, in the interface's numbers. Composites come first: printing
    /// takes the largest names that fit.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
    pub struct Gfp: u32 {
        /// A transparent huge page, with direct reclaim.
        const TRANSHUGE = RB_GFP_TRANSHUGE;
        /// A transparent huge page, without reclaim.
        const TRANSHUGE_LIGHT = RB_GFP_TRANSHUGE_LIGHT;
        /// Movable user memory.
        const HIGHUSER_MOVABLE = RB_GFP_HIGHUSER_MOVABLE;
        /// User memory that may lie high.
        const HIGHUSER = RB_GFP_HIGHUSER;
        /// User memory.
        const USER = RB_GFP_USER;
        /// The kernel's ordinary request.
        const KERNEL = RB_GFP_KERNEL;
        /// May use reserves, does not wait.
        const ATOMIC = RB_GFP_ATOMIC;
        /// Does not wait and does not warn.
        const NOWAIT = RB_GFP_NOWAIT;
        /// No file system calls.
        const NOFS = RB_GFP_NOFS;
        /// No I/O. The same bits as `RECLAIM`.
        const NOIO = RB_GFP_NOIO;
        /// Both kinds of reclaim.
        const RECLAIM = RB_GFP_RECLAIM;
        /// Zone DMA.
        const DMA = RB_GFP_DMA;
        /// High memory.
        const HIGHMEM = RB_GFP_HIGHMEM;
        /// Zone DMA32.
        const DMA32 = RB_GFP_DMA32;
        /// The block may be moved.
        const MOVABLE = RB_GFP_MOVABLE;
        /// The block may be reclaimed.
        const RECLAIMABLE = RB_GFP_RECLAIMABLE;
        /// High priority: may use part of the reserves.
        const HIGH = RB_GFP_HIGH;
        /// May start I/O.
        const IO = RB_GFP_IO;
        /// May call into file systems.
        const FS = RB_GFP_FS;
        /// Zeroed contents.
        const ZERO = RB_GFP_ZERO;
        /// May reclaim itself.
        const DIRECT_RECLAIM = RB_GFP_DIRECT_RECLAIM;
        /// May wake the reclaimer.
        const KSWAPD_RECLAIM = RB_GFP_KSWAPD_RECLAIM;
        /// Will be written.
        const WRITE = RB_GFP_WRITE;
        /// No warning on failure.
        const NOWARN = RB_GFP_NOWARN;
        /// Tries hard, may fail.
        const RETRY_MAYFAIL = RB_GFP_RETRY_MAYFAIL;
        /// Must not fail.
        const NOFAIL = RB_GFP_NOFAIL;
        /// Gives up early.
        const NORETRY = RB_GFP_NORETRY;
        /// May use all reserves; needs `CAP_SYS_ADMIN`.
        const MEMALLOC = RB_GFP_MEMALLOC;
        /// Compound page.
        const COMP = RB_GFP_COMP;
        /// No reserves.
        const NOMEMALLOC = RB_GFP_NOMEMALLOC;
        /// Within the cpuset.
        const HARDWALL = RB_GFP_HARDWALL;
        /// This node only.
        const THISNODE = RB_GFP_THISNODE;
        /// Charged to the caller.
        const ACCOUNT = RB_GFP_ACCOUNT;
    }
}

/// A name that is no GFP flag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no GFP flag `{0}`: use names like KERNEL, ATOMIC, HIGHUSER_MOVABLE|ZERO or a number like 0x6c0")]
pub struct UnknownGfp(String);

impl FromStr for Gfp {
    type Err = UnknownGfp;

    /// Names joined by `|`, in any case, with the prefixes `GFP_`, `__GFP_`, `RB_GFP_` or without.
    fn from_str(text: &str) -> Result<Self, UnknownGfp> {
        text.split('|')
            .map(|name| one(name.trim()).ok_or_else(|| UnknownGfp(name.trim().to_owned())))
            .try_fold(Self::empty(), |all, flag| Ok(all | flag?))
    }
}

/// One name or hexadecimal number. Unknown bits are kept: the module is asked about them.
fn one(name: &str) -> Option<Gfp> {
    if let Some(hex) = name.strip_prefix("0x") {
        return u32::from_str_radix(hex, 16).ok().map(Gfp::from_bits_retain);
    }
    let upper = name.to_ascii_uppercase();
    let bare = ["RB_GFP_", "__GFP_", "GFP_"]
        .iter()
        .find_map(|prefix| upper.strip_prefix(prefix))
        .unwrap_or(&upper);
    Gfp::from_name(bare)
}

impl fmt::Display for Gfp {
    /// The form that [`Gfp::from_str`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names = self.iter_names();
        let mut parts: Vec<String> = names.by_ref().map(|(name, _)| name.to_owned()).collect();
        let unknown = names.remaining().bits();
        if unknown != 0 || parts.is_empty() {
            parts.push(format!("{unknown:#x}"));
        }
        f.write_str(&parts.join("|"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_with_and_without_prefix() {
        for text in ["KERNEL", "GFP_KERNEL", "RB_GFP_KERNEL", "kernel", "0x6c0"] {
            assert_eq!(text.parse(), Ok(Gfp::KERNEL));
        }
        assert_eq!("__GFP_ZERO".parse(), Ok(Gfp::ZERO));
    }

    #[test]
    fn names_are_joined_by_bars() {
        let expected = Gfp::KERNEL | Gfp::RECLAIMABLE | Gfp::ZERO;
        assert_eq!("KERNEL | RECLAIMABLE|__GFP_ZERO".parse(), Ok(expected));
    }

    #[test]
    fn an_unknown_name_is_told() {
        let error = "KERNEL|FAST".parse::<Gfp>();
        assert_eq!(error, Err(UnknownGfp("FAST".into())));
    }

    #[test]
    fn composites_are_printed_by_name() {
        assert_eq!(Gfp::HIGHUSER_MOVABLE.to_string(), "HIGHUSER_MOVABLE");
        assert_eq!((Gfp::KERNEL | Gfp::ZERO).to_string(), "KERNEL|ZERO");
        assert_eq!(Gfp::empty().to_string(), "0x0");
    }

    #[test]
    fn what_is_printed_is_read_back() {
        for bit in 0..32 {
            let gfp = Gfp::from_bits_retain(1 << bit) | Gfp::ATOMIC;
            assert_eq!(gfp.to_string().parse(), Ok(gfp));
        }
    }
}
