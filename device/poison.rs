// SPDX-License-Identifier: GPL-2.0

//! Poison: free pages are filled with a pattern, so that whoever writes to a page that is not his
//! is found out when it is handed out again.
//!
//! C: `mm/page_poison.c`.

#![deny(unsafe_code)]

use kernel::prelude::*;

/// What free pages are filled with (C: `PAGE_POISON`).
pub(crate) const PATTERN: u8 = 0xaa;

/// What became of the pattern.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Damage {
    /// One bit is another: the memory itself may be bad.
    SingleBit,
    /// Somebody wrote there.
    Corruption,
}

impl Damage {
    /// The damage to a page, of which `read` copies bytes from an offset on into a buffer, and says
    /// how many (C: `check_poison_mem()`).
    pub(crate) fn of_page(mut read: impl FnMut(usize, &mut [u8]) -> usize) -> Option<Self> {
        let mut buffer = [0; 128];
        let (mut offset, mut nr_flipped) = (0, 0);

        loop {
            let nr = read(offset, &mut buffer);

            if nr == 0 {
                return Self::of_bits(nr_flipped);
            }
            nr_flipped = nr_flipped.saturating_add(count_flipped(buffer.iter().take(nr)));
            offset = offset.wrapping_add(nr);
        }
    }

    fn of_bits(nr_flipped: u32) -> Option<Self> {
        match nr_flipped {
            0 => None,
            1 => Some(Self::SingleBit),
            _ => Some(Self::Corruption),
        }
    }

    /// The kernel's words for it.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::SingleBit => "single bit error",
            Self::Corruption => "memory corruption",
        }
    }
}

/// Bits that differ from the pattern.
fn count_flipped<'a>(bytes: impl Iterator<Item = &'a u8>) -> u32 {
    bytes.fold(0, |sum: u32, byte| {
        sum.wrapping_add((byte ^ PATTERN).count_ones())
    })
}

#[kunit_tests(rust_buddy_poison)]
mod tests {
    use super::*;

    const PAGE: usize = 4096;

    /// The damage to a page in which these bits are flipped.
    fn damage(bits: &[usize]) -> Option<Damage> {
        let byte = |at: usize| {
            bits.iter()
                .filter(|bit| **bit / 8 == at)
                .fold(PATTERN, |byte, bit| byte ^ 1 << (bit % 8))
        };

        Damage::of_page(|offset, out| {
            let nr = out.len().min(PAGE - offset);

            for (byte_out, at) in out.iter_mut().zip(offset..offset + nr) {
                *byte_out = byte(at);
            }
            nr
        })
    }

    #[test]
    fn row_106_one_flipped_bit_is_a_single_bit_error() -> Result {
        assert!(damage(&[]).is_none());
        for bit in [0, 7, 8, 1023, 1024, PAGE * 8 - 1] {
            assert_eq!(damage(&[bit]), Some(Damage::SingleBit));
        }
        assert!(Damage::SingleBit.text() == "single bit error");
        Ok(())
    }

    #[test]
    fn row_106_more_are_memory_corruption() -> Result {
        for bits in [[0, 1], [0, 8], [7, PAGE * 8 - 1], [4000, 20000]] {
            assert_eq!(damage(&bits), Some(Damage::Corruption));
        }
        assert!(Damage::Corruption.text() == "memory corruption");
        Ok(())
    }
}
