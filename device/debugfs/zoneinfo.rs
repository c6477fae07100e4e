// SPDX-License-Identifier: GPL-2.0

//! zoneinfo: watermarks, items and stocks of each zone.
//!
//! C: `zoneinfo_show_print()` in `mm/vmstat.c`.

#![deny(unsafe_code)]

use crate::{
    device::Device,
    page_alloc::pageset::Pageset,
    sys::{
        self,
        Text, //
    },
    zone::{
        alloc_flags::Wmark,
        vmstat::Snapshot,
        Zone, //
    }, //
};
use core::fmt::Write;
use kernel::{
    prelude::*,
    sync::Arc, //
};

pub(super) struct Zoneinfo(pub(super) Arc<Device>);

impl sys::Show for Zoneinfo {
    fn show(&self, out: &mut Text) -> Result {
        let mut is_first = true;

        for pageset in self.0.region().pagesets() {
            let zone = pageset.zone();

            write!(out, "Node {}, zone {:>8}", zone.nid(), zone.kind().name())?;
            if is_first {
                write!(out, "\n  per-node stats")?;
            }
            is_first = false;
            self.show_zone(out, pageset)?;
        }
        Ok(())
    }
}

impl Zoneinfo {
    fn show_zone(&self, out: &mut Text, pageset: &Pageset) -> Result {
        let zone = pageset.zone();
        let picture = zone.snapshot();
        let span = zone.span();

        write!(out, "\n  pages free     {}", picture.nr_free)?;
        show_marks(out, zone)?;
        for label in ["spanned", "present"] {
            write!(out, "\n        {label:<8} {}", span.nr_pages)?;
        }
        write!(out, "\n        managed  {}", picture.managed)?;
        write!(out, "\n        cma      0")?;
        show_protection(out, zone)?;
        self.show_items(out, &picture)?;
        show_pagesets(out, pageset)?;
        write!(
            out,
            "\n  node_unreclaimable:  {}",
            u8::from(self.is_hopeless(zone.nid()))
        )?;
        write!(out, "\n  start_pfn:           {}", span.start.get())?;
        write!(
            out,
            "\n  reserved_highatomic: {}",
            picture.nr_reserved_highatomic
        )?;
        writeln!(
            out,
            "\n  free_highatomic:     {}",
            picture.nr_free_highatomic
        )?;
        Ok(())
    }

    /// Whether kswapd of the node has given up (C: `kswapd_test_hopeless()`).
    fn is_hopeless(&self, nid: i32) -> bool {
        let node = self.0.region().node(nid);

        node.is_some_and(|node| node.kswapd().is_hopeless())
    }

    fn show_items(&self, out: &mut Text, picture: &Snapshot) -> Result {
        let in_pageblocks = picture.nr_free_in_pageblocks(self.0.region().config().pageblock_order);

        write!(out, "\n      {:<12} {}", "nr_free_pages", picture.nr_free)?;
        write!(
            out,
            "\n      {:<12} {in_pageblocks}",
            "nr_free_pages_blocks"
        )?;
        write!(out, "\n      {:<12} {}", "nr_free_cma", picture.nr_free_cma)?;
        Ok(())
    }
}

/// The stock of each CPU, with the kernel's odd indents.
fn show_pagesets(out: &mut Text, pageset: &Pageset) -> Result {
    write!(out, "\n  pagesets")?;
    for cpu in (0..pageset.nr_cpus()).filter(|cpu| sys::cpu_is_online(*cpu)) {
        let Some((count, high, limits)) =
            pageset.with(cpu, |pcp| (pcp.count(), pcp.high(), pcp.limits()))
        else {
            continue;
        };

        write!(out, "\n    cpu: {cpu}")?;
        write!(out, "\n              count:    {count}")?;
        write!(out, "\n              high:     {high}")?;
        write!(out, "\n              batch:    {}", limits.batch)?;
        write!(out, "\n              high_min: {}", limits.high_min)?;
        write!(out, "\n              high_max: {}", limits.high_max)?;
        write!(
            out,
            "\n  vm stats threshold: {}",
            pageset.zone().stat_threshold()
        )?;
    }
    Ok(())
}

fn show_marks(out: &mut Text, zone: &Zone) -> Result {
    let marks = zone.marks();

    write!(out, "\n        boost    {}", marks.boost)?;
    write!(out, "\n        min      {}", marks.visible(Wmark::Min))?;
    write!(out, "\n        low      {}", marks.visible(Wmark::Low))?;
    write!(out, "\n        high     {}", marks.visible(Wmark::High))?;
    write!(out, "\n        promo    {}", marks.visible(Wmark::Promo))?;
    Ok(())
}

/// One number for each zone that the kernel could have, as in its own file.
fn show_protection(out: &mut Text, zone: &Zone) -> Result {
    let reserve = zone.lowmem_reserve();
    let last = reserve.last().copied().unwrap_or(0);

    write!(out, "\n        protection: (")?;
    for nr in 0..sys::nr_zone_types().max(reserve.len()) {
        let comma = if nr == 0 { "" } else { ", " };

        write!(out, "{comma}{}", reserve.get(nr).copied().unwrap_or(last))?;
    }
    write!(out, ")")?;
    Ok(())
}
