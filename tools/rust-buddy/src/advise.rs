// SPDX-License-Identifier: GPL-2.0

//! What may be done with a block while it is allocated: `RB_ADVISE`.

#![deny(unsafe_code)]

use std::{
    fmt,
    str::FromStr, //
};

use rust_buddy_sys::*;
use rustix::io::Errno;
use serde::Serialize;

use crate::{
    Error,
    Handle,
    Region,
    Result, //
};

/// What its user says of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Advice {
    /// The contents may be dropped when memory is short.
    Purgeable,
    /// No longer: the answer says whether they were.
    Needed,
    /// Stay where it is. Pins nest.
    Pin,
    /// Take one pin off.
    Unpin,
    /// May be moved.
    Movable,
    /// May not.
    Unmovable,
    /// Purge it before others.
    Cold,
    /// Purge it after others.
    Hot,
}

/// A word that is no advice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no advice `{0}`: use pin, unpin, needed, purgeable, movable, unmovable, cold or hot")]
pub struct UnknownAdvice(String);

impl Advice {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Pin,
        Self::Unpin,
        Self::Needed,
        Self::Purgeable,
        Self::Movable,
        Self::Unmovable,
        Self::Cold,
        Self::Hot,
    ];

    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Purgeable => "purgeable",
            Self::Needed => "needed",
            Self::Pin => "pin",
            Self::Unpin => "unpin",
            Self::Movable => "movable",
            Self::Unmovable => "unmovable",
            Self::Cold => "cold",
            Self::Hot => "hot",
        }
    }

    fn raw(self) -> u32 {
        match self {
            Self::Purgeable => RB_ADVISE_PURGEABLE,
            Self::Needed => RB_ADVISE_NEEDED,
            Self::Pin => RB_ADVISE_PIN,
            Self::Unpin => RB_ADVISE_UNPIN,
            Self::Movable => RB_ADVISE_MOVABLE,
            Self::Unmovable => RB_ADVISE_UNMOVABLE,
            Self::Cold => RB_ADVISE_COLD,
            Self::Hot => RB_ADVISE_HOT,
        }
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Advice {
    type Err = UnknownAdvice;

    fn from_str(text: &str) -> Result<Self, UnknownAdvice> {
        Self::ALL
            .into_iter()
            .find(|advice| advice.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownAdvice(text.to_owned()))
    }
}

/// How it is with a block after an advice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Advised {
    /// Its first page; certain only while it is pinned.
    pub page: u64,
    /// How many pins it has.
    pub pins: u32,
    /// After [`Advice::Needed`]: its contents were dropped, and it is all zero.
    pub was_purged: bool,
}

impl Region {
    /// Says what may be done with a block.
    pub fn advise(&self, handle: Handle, advice: Advice) -> Result<Advised> {
        let mut raw = rb_advise {
            id: handle.id,
            gen: handle.gen,
            order: handle.order,
            advice: advice.raw(),
            ..Default::default()
        };
        match self.driver().advise(&mut raw) {
            Ok(()) => Ok(Advised {
                page: raw.idx,
                pins: raw.nr_pins,
                was_purged: raw.was_purged != 0,
            }),
            Err(errno) => Err(refused(handle, advice, errno)),
        }
    }
}

/// Not being pinned has the errno of a number that does not exist.
fn refused(handle: Handle, advice: Advice, errno: Errno) -> Error {
    let what = match (advice, errno) {
        (Advice::Unpin, Errno::RANGE) => {
            return Error::NotPinned(handle);
        }
        _ => format!("{advice} {handle}"),
    };
    Error::refused(what)(errno)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_printed() {
        for advice in Advice::ALL {
            assert_eq!(advice.to_string().parse(), Ok(advice));
        }
        assert!("sticky".parse::<Advice>().is_err());
    }
}
