// SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note

//! `uapi/rust_buddy.h` in Rust: structures and constants as bindgen made them, and the ioctl
//! numbers.
//!
//! `tools/bindgen.sh` makes `uapi.rs` anew, `tools/bindgen.sh --check` compares. bindgen adds
//! compile-time assertions of every size and offset; the ioctl numbers follow from them here.

#![deny(unsafe_code)]

// bindgen zeroes large structures in their `Default` by way of a pointer.
#[allow(
    unsafe_code,
    clippy::undocumented_unsafe_blocks,
    clippy::multiple_unsafe_ops_per_block
)]
#[allow(missing_docs, non_camel_case_types, clippy::all)]
mod uapi;

pub use uapi::*;

use rustix::ioctl::{
    opcode,
    Opcode, //
};

/// `_IOC_TYPE` of every command.
const TYPE: u8 = RB_IOC_TYPE as u8;

/// What there is.
pub const RB_QUERY: Opcode = opcode::read_write::<rb_query>(TYPE, RB_NR_QUERY as u8);
/// One block.
pub const RB_ALLOC: Opcode = opcode::read_write::<rb_alloc>(TYPE, RB_NR_ALLOC as u8);
/// One block back.
pub const RB_FREE: Opcode = opcode::write::<rb_free>(TYPE, RB_NR_FREE as u8);
/// Many blocks of one order.
pub const RB_ALLOC_BULK: Opcode = opcode::read_write::<rb_bulk>(TYPE, RB_NR_ALLOC_BULK as u8);
/// Many blocks back.
pub const RB_FREE_BULK: Opcode = opcode::read_write::<rb_bulk>(TYPE, RB_NR_FREE_BULK as u8);
/// One zone at one instant.
pub const RB_ZONE_STAT: Opcode = opcode::read_write::<rb_zone_stat>(TYPE, RB_NR_ZONE_STAT as u8);
/// What one CPU has in stock of one zone.
pub const RB_PCP_STAT: Opcode = opcode::read_write::<rb_pcp_stat>(TYPE, RB_NR_PCP_STAT as u8);
/// The numbers of the debugfs file vmstat.
pub const RB_VMSTAT: Opcode = opcode::read_write::<rb_vmstat>(TYPE, RB_NR_VMSTAT as u8);
/// The region by pageblocks.
pub const RB_BLOCKMAP: Opcode = opcode::read_write::<rb_blockmap>(TYPE, RB_NR_BLOCKMAP as u8);
/// Who works in the background of a node.
pub const RB_NODE_STAT: Opcode = opcode::read_write::<rb_node_stat>(TYPE, RB_NR_NODE_STAT as u8);
/// What holds of a tunable.
pub const RB_TUNE_GET: Opcode = opcode::read_write::<rb_tune>(TYPE, RB_NR_TUNE_GET as u8);
/// Change a tunable.
pub const RB_TUNE_SET: Opcode = opcode::read_write::<rb_tune>(TYPE, RB_NR_TUNE_SET as u8);
/// What may be done with a block.
pub const RB_ADVISE: Opcode = opcode::read_write::<rb_advise>(TYPE, RB_NR_ADVISE as u8);
/// Move blocks to make larger free ones.
pub const RB_COMPACT: Opcode = opcode::read_write::<rb_compact>(TYPE, RB_NR_COMPACT as u8);
/// Give what CPUs have in stock back.
pub const RB_DRAIN: Opcode = opcode::write::<rb_drain>(TYPE, RB_NR_DRAIN as u8);
/// Drop contents of purgeable blocks.
pub const RB_RECLAIM: Opcode = opcode::read_write::<rb_reclaim>(TYPE, RB_NR_RECLAIM as u8);
/// Subscribe to events.
pub const RB_EVENT_SET: Opcode = opcode::write::<rb_event_set>(TYPE, RB_NR_EVENT_SET as u8);
/// End a subscription.
pub const RB_EVENT_CLEAR: Opcode = opcode::write::<rb_event_clear>(TYPE, RB_NR_EVENT_CLEAR as u8);
/// Wait for events.
pub const RB_EVENT_WAIT: Opcode = opcode::read_write::<rb_event_wait>(TYPE, RB_NR_EVENT_WAIT as u8);
/// The same operations on the kernel's own zones and on the shadow.
pub const RB_REPLAY: Opcode = opcode::read_write::<rb_replay>(TYPE, RB_NR_REPLAY as u8);
/// A shadow of the kernel's own zones.
pub const RB_CLONE_ZONE: Opcode = opcode::read_write::<rb_clone_zone>(TYPE, RB_NR_CLONE_ZONE as u8);
/// Recount everything.
pub const RB_VERIFY: Opcode = opcode::read_write::<rb_verify>(TYPE, RB_NR_VERIFY as u8);
/// Damage, for tests.
pub const RB_INJECT: Opcode = opcode::write::<rb_inject>(TYPE, RB_NR_INJECT as u8);
/// Free everything of this open file.
pub const RB_RESET: Opcode = opcode::write::<rb_reset>(TYPE, RB_NR_RESET as u8);

// The values that a C program prints for the header's own macros.
const _: () = {
    assert!(RB_QUERY == 0xc080_bb00);
    assert!(RB_ALLOC == 0xc060_bb01);
    assert!(RB_FREE == 0x4020_bb02);
    assert!(RB_ALLOC_BULK == 0xc040_bb03);
    assert!(RB_FREE_BULK == 0xc040_bb04);
    assert!(RB_ZONE_STAT == 0xc680_bb08);
    assert!(RB_PCP_STAT == 0xc100_bb09);
    assert!(RB_VMSTAT == 0xc020_bb0a);
    assert!(RB_TUNE_GET == 0xc040_bb10);
    assert!(RB_TUNE_SET == 0xc040_bb11);
    assert!(RB_DRAIN == 0x4020_bb16);
    assert!(RB_BLOCKMAP == 0xc030_bb0c);
    assert!(RB_REPLAY == 0xc1d0_bb32);
    assert!(RB_CLONE_ZONE == 0xc040_bb33);
    assert!(RB_VERIFY == 0xc060_bb34);
    assert!(RB_NODE_STAT == 0xc1e0_bb0e);
    assert!(RB_ADVISE == 0xc030_bb13);
    assert!(RB_COMPACT == 0xc060_bb15);
    assert!(RB_RECLAIM == 0xc030_bb17);
    assert!(RB_EVENT_SET == 0x4040_bb20);
    assert!(RB_EVENT_CLEAR == 0x4010_bb21);
    assert!(RB_EVENT_WAIT == 0xc030_bb22);
    assert!(RB_INJECT == 0x4030_bb3d);
    assert!(RB_RESET == 0x4010_bb3f);
};
