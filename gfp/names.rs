// SPDX-License-Identifier: GPL-2.0

//! Flags by name, as the kernel prints them: whole sets first, then what is left over.
//!
//! C: `__def_gfpflag_names` in `include/trace/events/mmflags.h`, `format_flags()` in
//! `lib/vsprintf.c`.

#![deny(unsafe_code)]

use super::Gfp;
use core::fmt;
use kernel::prelude::*;

const RECLAIM: Gfp = Gfp(0xc00);
const KERNEL: Gfp = Gfp(0xcc0);
const USER: Gfp = Gfp(0x10_0cc0);
const HIGHUSER_MOVABLE: Gfp = Gfp(0x10_0cca);
const TRANSHUGE_LIGHT: Gfp = Gfp(0x1c_20ca);

/// In the kernel's order: what comes first takes its bits away from the others.
const NAMES: [(Gfp, &str); 37] = [
    (Gfp(TRANSHUGE_LIGHT.0 | 0x400), "GFP_TRANSHUGE"),
    (TRANSHUGE_LIGHT, "GFP_TRANSHUGE_LIGHT"),
    (HIGHUSER_MOVABLE, "GFP_HIGHUSER_MOVABLE"),
    (Gfp(USER.0 | 0x2), "GFP_HIGHUSER"),
    (USER, "GFP_USER"),
    (Gfp(KERNEL.0 | 0x40_0000), "GFP_KERNEL_ACCOUNT"),
    (KERNEL, "GFP_KERNEL"),
    (Gfp(RECLAIM.0 | 0x40), "GFP_NOFS"),
    (Gfp(0x820), "GFP_ATOMIC"),
    (RECLAIM, "GFP_NOIO"),
    (Gfp(0x2800), "GFP_NOWAIT"),
    (Gfp::DMA, "GFP_DMA"),
    (Gfp::DMA32, "GFP_DMA32"),
    (RECLAIM, "__GFP_RECLAIM"),
    (Gfp::DMA, "__GFP_DMA"),
    (Gfp::HIGHMEM, "__GFP_HIGHMEM"),
    (Gfp::DMA32, "__GFP_DMA32"),
    (Gfp::MOVABLE, "__GFP_MOVABLE"),
    (Gfp::RECLAIMABLE, "__GFP_RECLAIMABLE"),
    (Gfp::HIGH, "__GFP_HIGH"),
    (Gfp::IO, "__GFP_IO"),
    (Gfp::FS, "__GFP_FS"),
    (Gfp::ZERO, "__GFP_ZERO"),
    (Gfp::DIRECT_RECLAIM, "__GFP_DIRECT_RECLAIM"),
    (Gfp::KSWAPD_RECLAIM, "__GFP_KSWAPD_RECLAIM"),
    (Gfp::WRITE, "__GFP_WRITE"),
    (Gfp::NOWARN, "__GFP_NOWARN"),
    (Gfp::RETRY_MAYFAIL, "__GFP_RETRY_MAYFAIL"),
    (Gfp::NOFAIL, "__GFP_NOFAIL"),
    (Gfp::NORETRY, "__GFP_NORETRY"),
    (Gfp::MEMALLOC, "__GFP_MEMALLOC"),
    (Gfp::COMP, "__GFP_COMP"),
    (Gfp::NOMEMALLOC, "__GFP_NOMEMALLOC"),
    (Gfp::HARDWALL, "__GFP_HARDWALL"),
    (Gfp::THISNODE, "__GFP_THISNODE"),
    (Gfp::ACCOUNT, "__GFP_ACCOUNT"),
    (Gfp(0x80_0000), "__GFP_ZEROTAGS"),
];

/// As `%pGg` prints them.
impl fmt::Display for Gfp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = *self;
        let mut bar = "";

        for (flags, name) in &NAMES {
            if rest.has_all(*flags) {
                write!(f, "{bar}{name}")?;
                rest = rest.without(*flags);
                bar = "|";
            }
        }
        match rest {
            Self::NONE => Ok(()),
            Self(bits) => write!(f, "{bar}{bits:#x}"),
        }
    }
}

#[kunit_tests(rust_buddy_gfp_names)]
mod tests {
    use super::*;

    /// Takes the text apart again while it is written.
    struct Expect(&'static str);

    impl fmt::Write for Expect {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 = self.0.strip_prefix(text).ok_or(fmt::Error)?;
            Ok(())
        }
    }

    fn prints(gfp: Gfp, text: &'static str) -> bool {
        let mut expect = Expect(text);

        fmt::write(&mut expect, format_args!("{gfp}")).is_ok() && expect.0.is_empty()
    }

    #[test]
    fn sets_come_before_single_flags() -> Result {
        assert!(prints(KERNEL, "GFP_KERNEL"));
        assert!(prints(KERNEL | Gfp::NOWARN, "GFP_KERNEL|__GFP_NOWARN"));
        assert!(prints(Gfp(0x2800), "GFP_NOWAIT"));
        assert!(prints(Gfp(0x820) | Gfp::COMP, "GFP_ATOMIC|__GFP_COMP"));
        assert!(prints(HIGHUSER_MOVABLE, "GFP_HIGHUSER_MOVABLE"));
        assert!(prints(Gfp(RECLAIM.0 | 0x40), "GFP_NOFS"));
        assert!(prints(Gfp::DMA | Gfp::IO, "GFP_DMA|__GFP_IO"));
        assert!(prints(Gfp::DIRECT_RECLAIM, "__GFP_DIRECT_RECLAIM"));
        assert!(prints(Gfp(0x100_0001), "GFP_DMA|0x1000000"));
        assert!(prints(Gfp::NONE, ""));
        Ok(())
    }
}
