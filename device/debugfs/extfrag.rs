// SPDX-License-Identifier: GPL-2.0

//! The folder `extfrag`: how little of what is free can be had in large blocks.
//!
//! C: `unusable_show_print()`, `extfrag_show_print()` in `mm/vmstat.c`.

#![deny(unsafe_code)]

use crate::{
    device::Device,
    sys::{
        self,
        Text, //
    },
    zone::{
        fragmentation::ContigPages,
        order::Order, //
    }, //
};
use core::fmt::Write;
use kernel::{
    prelude::*,
    sync::Arc, //
};

/// Makes the folder.
#[inline(never)]
pub(super) fn add(dir: &mut sys::Dir, device: &Arc<Device>) -> Result {
    let mut folder = dir.folder(c"extfrag")?;

    folder.file(
        c"unusable_index",
        0o444,
        Arc::new(UnusableIndex(device.clone()), GFP_KERNEL)?,
    )?;
    folder.file(
        c"extfrag_index",
        0o444,
        Arc::new(ExtfragIndex(device.clone()), GFP_KERNEL)?,
    )
}

struct UnusableIndex(Arc<Device>);

impl sys::Show for UnusableIndex {
    fn show(&self, out: &mut Text) -> Result {
        each_order(&self.0, out, |out, info| {
            let index = info.unusable_index();

            write!(out, "{}.{:03} ", index / 1000, index % 1000)?;
            Ok(())
        })
    }
}

struct ExtfragIndex(Arc<Device>);

impl sys::Show for ExtfragIndex {
    fn show(&self, out: &mut Text) -> Result {
        each_order(&self.0, out, |out, info| {
            let index = info.fragmentation_index();

            // Both parts have the sign, as in the kernel's own file: -3 is ` 0.-03`.
            write!(out, "{:>2}.{:03} ", index / 1000, index % 1000)?;
            Ok(())
        })
    }
}

/// A row for each zone, a number for each order.
fn each_order(
    device: &Device,
    out: &mut Text,
    show: impl Fn(&mut Text, &ContigPages) -> Result,
) -> Result {
    for zone in device.region().zones() {
        let picture = zone.snapshot();

        write!(out, "Node {}, zone {:>8} ", zone.nid(), zone.kind().name())?;
        for order in Order::all() {
            show(out, &ContigPages::of(order, &picture))?;
        }
        writeln!(out)?;
    }
    Ok(())
}
