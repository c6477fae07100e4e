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

use super::{
    clients::Client,
    records::Records,
    settings,
    Device, //
};
use crate::{
    page_alloc::pageset::Pageset,
    sys::{
        self,
        Text, //
    },
    zone::{
        alloc_flags::Wmark,
        fragmentation::ContigPages,
        migratetype::Migratetype,
        order::Order,
        text,
        vmstat::Snapshot,
        Zone, //
    }, //
};
use core::fmt::Write;
use kernel::{
    prelude::*,
    sync::Arc, //
};

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
        extfrag(&mut dir, device)?;
        oracle(&mut dir, device)?;
        Ok(Self(dir))
    }
}

/// The folder `extfrag`.
#[inline(never)]
fn extfrag(dir: &mut sys::Dir, device: &Arc<Device>) -> Result {
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

/// The folder `oracle`: what is known of the kernel's zones that are being compared with.
#[inline(never)]
fn oracle(dir: &mut sys::Dir, device: &Arc<Device>) -> Result {
    if !device.params().oracle {
        return Ok(());
    }
    let mut folder = dir.folder(c"oracle")?;

    folder.file(
        c"buddyinfo",
        0o400,
        Arc::new(ShadowBuddyinfo(device.clone()), GFP_KERNEL)?,
    )?;
    folder.file(
        c"pagetypeinfo",
        0o400,
        Arc::new(ShadowPagetypeinfo(device.clone()), GFP_KERNEL)?,
    )
}

struct ShadowBuddyinfo(Arc<Device>);

impl sys::Show for ShadowBuddyinfo {
    fn show(&self, out: &mut Text) -> Result {
        self.0
            .each_shadow(|name, picture| Ok(text::show_buddyinfo(out, name, picture)?))
    }
}

struct ShadowPagetypeinfo(Arc<Device>);

impl sys::Show for ShadowPagetypeinfo {
    fn show(&self, out: &mut Text) -> Result {
        self.0
            .each_shadow(|name, picture| show_free(out, name, picture))?;
        self.0
            .each_shadow(|name, picture| Ok(text::show_pageblocks(out, name, picture)?))
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

struct Pagetypeinfo(Arc<Device>);

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

fn show_free(out: &mut Text, name: text::Name, picture: &Snapshot) -> Result {
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

struct Zoneinfo(Arc<Device>);

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
        write!(out, "\n  node_unreclaimable:  0")?;
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

struct Vmstat(Arc<Device>);

impl sys::Show for Vmstat {
    fn show(&self, out: &mut Text) -> Result {
        self.0
            .each_vmstat(|name, value| Ok(writeln!(out, "{name} {value}")?))
    }
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

struct Params(Arc<Device>);

impl sys::Show for Params {
    fn show(&self, out: &mut Text) -> Result {
        let params = self.0.params();
        let default = super::params::Params::DEFAULT;
        let config = self.0.region().config();

        writeln!(
            out,
            "size_mb {} {}",
            config.nr_pages >> (20 - sys::PAGE_SHIFT),
            default.size_mb
        )?;
        writeln!(out, "nid {} {}", config.nid, default.nid)?;
        writeln!(out, "dma_pct {} {}", params.dma_pct, default.dma_pct)?;
        writeln!(out, "dma32_pct {} {}", params.dma32_pct, default.dma32_pct)?;
        writeln!(
            out,
            "movable_pct {} {}",
            params.movable_pct, default.movable_pct
        )?;
        writeln!(
            out,
            "min_host_free_mb {} {}",
            params.min_host_free_mb, default.min_host_free_mb
        )?;
        writeln!(out, "exact {} {}", params.exact, default.exact)?;
        writeln!(out, "nids {:#x} {:#x}", params.nids, default.nids)?;
        writeln!(out, "lazy {} {}", params.lazy, default.lazy)?;
        writeln!(
            out,
            "gfp_allowed_mask {:#x} {:#x}",
            params.gfp_allowed_mask, default.gfp_allowed_mask
        )?;
        writeln!(out, "poison {} {}", params.poison, default.poison)?;
        writeln!(
            out,
            "unsafe_test {} {}",
            params.unsafe_test, default.unsafe_test
        )?;
        writeln!(
            out,
            "oracle {} {}",
            u32::from(params.oracle),
            u32::from(default.oracle)
        )?;
        writeln!(out, "oom_kill {} {}", params.oom_kill, default.oom_kill)?;
        writeln!(
            out,
            "wrong_move {} {}",
            params.wrong_move, default.wrong_move
        )?;
        writeln!(out, "region_pages {} -", config.nr_pages)?;
        writeln!(out, "pageblock_order {} -", config.pageblock_order.get())?;
        writeln!(out, "metadata_bytes_per_page {} -", Device::METADATA_BYTES)?;
        Ok(())
    }
}

struct ClientList(Arc<Device>);

impl sys::Show for ClientList {
    fn show(&self, out: &mut Text) -> Result {
        let records = self.0.records();
        let nr_slots = records.with(|records: &mut Records| records.clients.nr_slots());

        writeln!(out, "id pid comm uid pages peak maps fails")?;
        for slot in 0..nr_slots as u32 {
            let client = records.with(|records| records.clients.get(slot).copied());

            if let Some(client) = client {
                show_client(out, slot, &client)?;
            }
        }
        Ok(())
    }
}

fn show_client(out: &mut Text, slot: u32, client: &Client) -> Result {
    let Client {
        opener,
        pages,
        peak,
        maps,
        fails,
        ..
    } = client;

    write!(out, "{slot} {} ", opener.pid)?;
    for byte in opener.comm.iter().take_while(|byte| **byte != 0) {
        match byte {
            // One word, whatever a program calls itself.
            b'!'..=b'~' if *byte != b'\\' => write!(out, "{}", char::from(*byte))?,
            byte => write!(out, "\\x{byte:02x}")?,
        }
    }
    writeln!(out, " {} {pages} {peak} {maps} {fails}", opener.uid)?;
    Ok(())
}
