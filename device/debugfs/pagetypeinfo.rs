// SPDX-License-Identifier: GPL-2.0

//! pagetypeinfo: free blocks by migratetype, and the types of pageblocks.
//!
//! C: `pagetypeinfo_show()` in `mm/vmstat.c`.

#![deny(unsafe_code)]

use crate::{
    device::Device,
    sys::{
        self,
        Text, //
    },
    zone::{
        migratetype::Migratetype,
        order::Order,
        text,
        vmstat::Snapshot, //
    }, //
};
use core::fmt::Write;
use kernel::{
    prelude::*,
    sync::Arc, //
};

pub(super) struct Pagetypeinfo(pub(super) Arc<Device>);

impl sys::Show for Pagetypeinfo {
    fn show(&self, out: &mut Text) -> Result {
        let region = self.0.region();
        let order = region.config().pageblock_order;

        writeln!(out, "Page block order: {}", order.get())?;
        writeln!(out, "Pages per block:  {}", order.nr_pages())?;
        writeln!(out)?;
        show_free_head(out)?;
        for zone in region.zones() {
            show_free(out, zone.name(), &zone.snapshot())?;
        }
        show_pageblocks_head(out)?;
        for zone in region.zones() {
            text::show_pageblocks(out, zone.name(), &zone.snapshot())?;
        }
        Ok(())
    }
}

fn show_free_head(out: &mut Text) -> Result {
    write!(out, "{:<43} ", "Free pages count per migrate type at order")?;
    for order in Order::all() {
        write!(out, "{:>6} ", order.get())?;
    }
    Ok(writeln!(out)?)
}

pub(super) fn show_free(out: &mut Text, name: text::Name, picture: &Snapshot) -> Result {
    for mt in Migratetype::ALL {
        text::show_free(out, name, picture, mt)?;
    }
    Ok(())
}

fn show_pageblocks_head(out: &mut Text) -> Result {
    write!(out, "\n{:<23}", "Number of blocks type ")?;
    for mt in Migratetype::ALL {
        write!(out, "{:>12} ", mt.name())?;
    }
    Ok(writeln!(out)?)
}
