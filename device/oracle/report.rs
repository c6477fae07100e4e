// SPDX-License-Identifier: GPL-2.0

//! A divergence in words: what was done, and both states around the difference.

#![deny(unsafe_code)]

use super::{
    compare::{
        key,
        Divergence, //
    },
    session::Pair, //
};
use crate::{
    sys::{
        uapi,
        Text, //
    },
    zone::image::{
        ListedBlock,
        ZoneScalars, //
    }, //
};
use core::fmt::Write;
use kernel::prelude::*;

/// Blocks shown before and after the place where two lists differ.
const AROUND: u32 = 8;

/// Writes everything down.
#[inline(never)]
pub(super) fn write(
    out: &mut Text,
    nr: u32,
    entry: &uapi::rb_replay_entry,
    found: &Divergence,
    pairs: &[Pair],
) -> Result {
    writeln!(
        out,
        "entry {nr}: op {} order {} flags {} gfp {:#x} slot {} arg {}",
        entry.op, entry.order, entry.flags, entry.gfp, entry.slot, entry.arg
    )?;
    writeln!(
        out,
        "zone {}: kind {} where {:#x} position {}: kernel {} ({:#x}), shadow {} ({:#x})",
        found.zone.name(),
        found.kind,
        found.location,
        found.position,
        found.real as i64,
        found.real,
        found.ours as i64,
        found.ours
    )?;
    for pair in pairs {
        let (real, ours) = (&pair.real, &pair.ours);

        writeln!(out, "zone {}, the kernel:", real.kind.name())?;
        scalars(out, &real.scalars)?;
        writeln!(out, "zone {}, the shadow:", ours.kind.name())?;
        scalars(out, &ours.scalars)?;
    }
    let pair = pairs.iter().find(|pair| pair.real.kind == found.zone);

    match (found.kind, pair) {
        (uapi::RB_DIV_FREE_LIST | uapi::RB_DIV_PCP_LIST, Some(pair)) => lists(out, found, pair),
        (uapi::RB_DIV_PAGEBLOCK, Some(pair)) => pageblocks(out, pair),
        _ => Ok(()),
    }
}

fn scalars(out: &mut Text, s: &ZoneScalars) -> Result {
    writeln!(
        out,
        "  free {}{:+} cma {}{:+} threshold {} highatomic {}/{} flags {:#x} boost {}",
        s.free.global,
        s.free.delta,
        s.free_cma.global,
        s.free_cma.delta,
        s.stat_threshold,
        s.nr_free_highatomic,
        s.nr_reserved_highatomic,
        s.flags,
        s.boost
    )?;
    let (marks, pcp) = (&s.watermarks, &s.pcp);

    writeln!(
        out,
        "  min {} low {} high {} promo {}",
        marks.min, marks.low, marks.high, marks.promo
    )?;
    write!(out, "  reserve")?;
    for nr in s.lowmem_reserve {
        write!(out, " {nr}")?;
    }
    writeln!(out)?;
    writeln!(
        out,
        "  pcp count {} high {} [{}..{}] batch {} flags {} alloc_factor {} expire {} free_count {}",
        pcp.count,
        pcp.high,
        pcp.high_min,
        pcp.high_max,
        pcp.batch,
        pcp.flags,
        pcp.alloc_factor,
        pcp.expire,
        pcp.free_count
    )?;
    Ok(())
}

/// Both lists around the place.
fn lists(out: &mut Text, found: &Divergence, pair: &Pair) -> Result {
    let list = (found.location & 0xff) as u8;
    let order = (found.location >> 8) as u8;
    let is_free = found.kind == uapi::RB_DIV_FREE_LIST;
    let is_on = |block: &&ListedBlock| match is_free {
        true => key(block) == (order, list),
        false => block.list == list,
    };
    let first = found.position.saturating_sub(AROUND);
    let shown = first..found.position.saturating_add(AROUND);

    for (name, image) in [("kernel", &pair.real), ("shadow", &pair.ours)] {
        let blocks = match is_free {
            true => &image.free,
            false => &image.pcp,
        };
        let numbered = (0..u32::MAX).zip(blocks.iter().filter(is_on));

        write!(out, "  {name} from {first}:")?;
        for (_, block) in numbered.filter(|(nr, _)| shown.contains(nr)) {
            write!(out, " {}+{}", block.page.get(), block.order.nr_pages())?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// The types of all pageblocks, a digit each.
fn pageblocks(out: &mut Text, pair: &Pair) -> Result {
    for (name, image) in [("kernel", &pair.real), ("shadow", &pair.ours)] {
        write!(out, "  {name}: ")?;
        for mt in &image.pageblocks {
            write!(out, "{mt}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}
