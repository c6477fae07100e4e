// SPDX-License-Identifier: GPL-2.0

//! Files in `/sys/kernel/debug/rust_buddy/`: the kernel's own texts, of this region. zoneinfo and
//! vmstat have the lines that mean something here: neither per-node, NUMA and LRU items, nor empty
//! zones.
//!
//! Each zone is pictured at one instant; the text is made from the pictures, outside the lock.
//!
//! C: `mm/vmstat.c` (`frag_show_print()`, `pagetypeinfo_show()`, `zoneinfo_show_print()`,
//! `unusable_show_print()`, `extfrag_show_print()`).

#![deny(unsafe_code)]

mod clients;
mod extfrag;
mod pagetypeinfo;
mod params;
mod shadow;
mod zoneinfo;

use super::{
    settings,
    Device, //
};
use crate::{
    sys::{
        self,
        Text, //
    },
    zone::text, //
};
use clients::ClientList;
use core::fmt::Write;
use kernel::{
    prelude::*,
    sync::Arc, //
};
use pagetypeinfo::Pagetypeinfo;
use params::Params;
use zoneinfo::Zoneinfo;

/// The files, for as long as they are to be there.
pub(crate) struct Files(#[expect(dead_code, reason = "removes the files when dropped")] sys::Dir);

impl Files {
    /// Makes the files.
    #[inline(never)]
    pub(crate) fn new(device: &Arc<Device>) -> Result<Self> {
        let mut dir = sys::Dir::new(c"rust_buddy")?;

        dir.file(
            c"buddyinfo",
            0o444,
            Arc::new(Buddyinfo(device.clone()), GFP_KERNEL)?,
        )?;
        dir.file(
            c"pagetypeinfo",
            0o400,
            Arc::new(Pagetypeinfo(device.clone()), GFP_KERNEL)?,
        )?;
        dir.file(
            c"zoneinfo",
            0o444,
            Arc::new(Zoneinfo(device.clone()), GFP_KERNEL)?,
        )?;
        dir.file(
            c"vmstat",
            0o444,
            Arc::new(Vmstat(device.clone()), GFP_KERNEL)?,
        )?;
        dir.file(
            c"params",
            0o444,
            Arc::new(Params(device.clone()), GFP_KERNEL)?,
        )?;
        dir.file(
            c"clients",
            0o400,
            Arc::new(ClientList(device.clone()), GFP_KERNEL)?,
        )?;
        settings::add(&mut dir, device)?;
        extfrag::add(&mut dir, device)?;
        shadow::add(&mut dir, device)?;
        Ok(Self(dir))
    }
}

struct Buddyinfo(Arc<Device>);

impl sys::Show for Buddyinfo {
    fn show(&self, out: &mut Text) -> Result {
        for zone in self.0.region().zones() {
            text::show_buddyinfo(out, zone.name(), &zone.snapshot())?;
        }
        Ok(())
    }
}

struct Vmstat(Arc<Device>);

impl sys::Show for Vmstat {
    fn show(&self, out: &mut Text) -> Result {
        self.0
            .each_vmstat(|name, value| Ok(writeln!(out, "{name} {value}")?))
    }
}
