// SPDX-License-Identifier: GPL-2.0

//! Dropping contents of purgeable blocks: `RB_RECLAIM`.

#![deny(unsafe_code)]

use std::time::Duration;

use rust_buddy_sys::*;
use serde::Serialize;

use crate::{
    Error,
    Region,
    Result, //
};

/// What is to be reclaimed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reclaim {
    /// At least so many pages, if there are.
    pub pages: u64,
    /// Of this node, or of all.
    pub nid: Option<i32>,
    /// End after this time; zero: no limit.
    pub timeout: Duration,
}

/// What was reclaimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Reclaimed {
    /// Pages given back.
    pub reclaimed: u64,
    /// Pages looked at.
    pub scanned: u64,
}

impl Region {
    /// Drops contents of purgeable blocks, those unused for longest first.
    pub fn reclaim(&self, what: &Reclaim) -> Result<Reclaimed> {
        let mut raw = rb_reclaim {
            nr_pages: what.pages,
            nid: what.nid.unwrap_or(RB_ALL),
            timeout_ns: nanos(what.timeout),
            ..Default::default()
        };
        self.driver()
            .reclaim(&mut raw)
            .map_err(Error::refused("reclaim"))?;
        Ok(Reclaimed {
            reclaimed: raw.nr_reclaimed,
            scanned: raw.nr_scanned,
        })
    }
}

/// As the structures have times.
pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
