// SPDX-License-Identifier: GPL-2.0

//! In which order zones are tried.
//!
//! C: `struct zonelist`, `build_zonelists()`, `for_next_zone_zonelist_nodemask()`.

#![deny(unsafe_code)]

use crate::zone::{
    Zone,
    ZoneType,
    NR_ZONES, //
};

/// The zones of a node, by type; `None` where the node has no pages of that type.
pub(crate) type Zones = [Option<Zone>; NR_ZONES];

/// The populated zones that a request may use, best first: from the highest down, so that the
/// lower ones stay for those who can use no other.
pub(crate) fn zonelist(zones: &Zones, highest: ZoneType) -> impl Iterator<Item = &Zone> + Clone {
    let usable = highest.index().wrapping_add(1);

    zones.iter().take(usable).rev().flatten()
}
