// SPDX-License-Identifier: GPL-2.0

//! Migratetypes of pageblocks, read from the bitmaps of the memory sections.
//!
//! C: `get_pfnblock_migratetype()`, which is not exported; `__nr_to_section()`.

use crate::{
    sys::{
        pageblock_order,
        PAGE_SHIFT,
        PAGE_SIZE, //
    },
    zone::migratetype::Migratetype, //
};
use core::mem::{
    offset_of,
    size_of, //
};
use kernel::{
    bindings,
    sync::rcu, //
};

/// log2 of the frames of a section (C: `PFN_SECTION_SHIFT`).
const SECTION_SHIFT: u32 = bindings::SECTION_SIZE_BITS - PAGE_SHIFT;

/// Entries of a page of the section table (C: `SECTIONS_PER_ROOT`).
const SECTIONS_PER_ROOT: u64 = (PAGE_SIZE / size_of::<bindings::mem_section>()) as u64;

/// Bits of a pageblock (C: `NR_PAGEBLOCK_BITS`).
const BITS: u64 = 8;

/// The migratetype proper (C: `PAGEBLOCK_MIGRATETYPE_MASK`).
const TYPE_MASK: u64 = 7;

/// Taken out of use (C: `PAGEBLOCK_ISO_MASK`).
const ISOLATE_MASK: u64 = 1 << 4;

/// Flags in the low bits of a section's word (C: `SECTION_HAS_MEM_MAP`, `SECTION_IS_ONLINE`).
const USABLE: usize = 1 << bindings::SECTION_HAS_MEM_MAP_BIT | 1 << bindings::SECTION_IS_ONLINE_BIT;

/// Number of the migratetype of the pageblock that `pfn` lies in; that of unmovable ones if there
/// is no memory. Any context. `pfn` lies in a zone.
pub(super) fn migratetype(pfn: u64) -> u8 {
    let _guard = rcu::read_lock();
    let Some(usage) = usage(pfn) else {
        return Migratetype::Unmovable.number();
    };
    let bit = (in_section(pfn) >> pageblock_order()).wrapping_mul(BITS);
    // SAFETY: The map has `BITS` for each pageblock of the section, in whole words.
    let bits = unsafe { bits_from(usage, MAP, bit) };
    match bits & ISOLATE_MASK {
        0 => (bits & TYPE_MASK) as u8,
        _ => Migratetype::Isolate.number(),
    }
}

/// Whether there is memory that is in use by the kernel (C: `pfn_to_online_page()`, but for zones
/// of devices). Any context. `pfn` lies in a zone.
pub(super) fn is_online(pfn: u64) -> bool {
    let _guard = rcu::read_lock();
    let subsection = in_section(pfn) >> bindings::PFN_SUBSECTION_SHIFT;
    // SAFETY: The map has a bit for each subsection.
    usage(pfn).is_some_and(|usage| unsafe { bits_from(usage, SUBSECTIONS, subsection) } & 1 != 0)
}

/// Where a [`Usage`] has its maps.
const MAP: usize = offset_of!(bindings::mem_section_usage, pageblock_flags);
const SUBSECTIONS: usize = offset_of!(bindings::mem_section_usage, subsection_map);

type Usage = *const bindings::mem_section_usage;

fn in_section(pfn: u64) -> u64 {
    pfn & ((1 << SECTION_SHIFT) - 1)
}

/// The word of a bitmap that begins `offset` bytes into the section's, from `bit` on.
///
/// # Safety
///
/// The bitmap has this bit, and RCU keeps it.
unsafe fn bits_from(usage: Usage, offset: usize, bit: u64) -> u64 {
    let map = usage.wrapping_byte_add(offset).cast::<u64>();
    // SAFETY: By the requirement of this function.
    let word = unsafe { map.wrapping_add((bit / 64) as usize).read_volatile() };
    word >> (bit % 64)
}

/// The bitmaps of the section that `pfn` lies in, if its memory is there. RCU keeps them.
fn usage(pfn: u64) -> Option<Usage> {
    let nr = pfn >> SECTION_SHIFT;
    // SAFETY: Written at boot only; there is a table as there is memory.
    let roots = unsafe { (&raw const bindings::mem_section).read() };
    let root = roots.wrapping_add((nr / SECTIONS_PER_ROOT) as usize);
    // SAFETY: The table covers all memory there can be, hence every frame of a zone.
    let root = unsafe { root.read_volatile() };
    if root.is_null() {
        return None;
    }
    let section = root.wrapping_add((nr % SECTIONS_PER_ROOT) as usize);
    // SAFETY: A page of sections, once there, stays.
    let flags = unsafe { (&raw const (*section).section_mem_map).read_volatile() };
    // SAFETY: As above.
    let usage = unsafe { (&raw const (*section).usage).read_volatile() };
    (flags & USABLE == USABLE && !usage.is_null()).then_some(usage.cast_const())
}
