// SPDX-License-Identifier: GPL-2.0

//! What `--write` writes.

#![deny(unsafe_code)]

use std::{
    str::FromStr,
    sync::atomic::Ordering::Relaxed, //
};

use rust_buddy::{
    Block,
    Mapping,
    Region, //
};

use crate::failure::{
    Failure,
    Result, //
};

/// The contents of each word of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// The same number everywhere.
    Word(u64),
    /// A text over and over.
    Text(Vec<u8>),
    /// Different in each word of each block.
    Stamp,
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "stamp" {
            return Ok(Self::Stamp);
        }
        if let Some(hex) = text.strip_prefix("0x") {
            return u64::from_str_radix(hex, 16)
                .map(Self::Word)
                .map_err(|_| "use 0x and up to 16 hexadecimal digits".to_owned());
        }
        match text {
            "" => Err("use `stamp`, 0xNUMBER or a text".to_owned()),
            _ => Ok(Self::Text(text.as_bytes().to_owned())),
        }
    }
}

impl Pattern {
    fn word(&self, block: &Block, index: usize) -> u64 {
        match self {
            Self::Word(word) => *word,
            Self::Text(text) => {
                let byte = |offset: usize| text[(index * 8 + offset) % text.len()];
                u64::from_ne_bytes(std::array::from_fn(byte))
            }
            Self::Stamp => stamp(block, index),
        }
    }

    /// Writes the block through one mapping and reads it through another.
    pub(crate) fn check(&self, region: &Region, block: &Block) -> Result {
        let name = block.handle();
        let memory = region.map(block, true)?;
        expect(&memory, |_| 0).map_err(|at| failed(format!("{name} is not zero at {at:#x}")))?;
        for (index, word) in memory.words().iter().enumerate() {
            word.store(self.word(block, index), Relaxed);
        }
        drop(memory);
        let again = region.map(block, false)?;
        expect(&again, |index| self.word(block, index))
            .map_err(|at| failed(format!("{name} reads back wrong at {at:#x}")))
    }
}

/// Mixes handle and place, so that no two words of a region are likely to be the same.
fn stamp(block: &Block, index: usize) -> u64 {
    let handle = block.handle();
    let seed = (u64::from(handle.id) << 32) | u64::from(handle.gen);
    (seed ^ ((index as u64) << 1) ^ 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The first byte offset that differs.
fn expect(memory: &Mapping, expected: impl Fn(usize) -> u64) -> Result<(), usize> {
    let differs = |index: &usize| memory.read(*index) != Some(expected(*index));
    match (0..memory.nr_words()).find(differs) {
        Some(index) => Err(index * 8),
        None => Ok(()),
    }
}

fn failed(text: String) -> Failure {
    Failure::Failed(format!(
        "block {text}: the module lost or leaked data, run `rbctl verify`"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::region;
    use rust_buddy::{
        Gfp,
        Request, //
    };

    #[test]
    fn patterns_are_read() {
        assert_eq!("0xff".parse(), Ok(Pattern::Word(255)));
        assert_eq!("stamp".parse(), Ok(Pattern::Stamp));
        assert_eq!("hello".parse(), Ok(Pattern::Text(b"hello".to_vec())));
        assert!("0xzz".parse::<Pattern>().is_err());
        assert!("".parse::<Pattern>().is_err());
    }

    #[test]
    fn all_patterns_read_back() -> Result {
        let region = region();
        for text in ["0x5a", "stamp", "hello"] {
            let block = region.alloc(&Request::new(Gfp::USER, 2))?;
            let pattern: Pattern = text.parse().map_err(Failure::Usage)?;
            pattern.check(&region, &block)?;
        }
        Ok(())
    }

    #[test]
    fn old_contents_are_noticed() -> Result {
        let region = region();
        let block = region.alloc(&Request::new(Gfp::USER, 0))?;
        region.map(&block, true)?.words()[3].store(1, Relaxed);
        let failure = Pattern::Stamp.check(&region, &block).unwrap_err();
        assert!(failure.to_string().contains("is not zero at 0x18"));
        Ok(())
    }
}
