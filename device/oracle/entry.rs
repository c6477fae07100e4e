// SPDX-License-Identifier: GPL-2.0

//! An operation of a replay, taken apart.

#![deny(unsafe_code)]

use crate::{
    device::gfp,
    gfp::{
        context::AllocContext,
        Gfp, //
    },
    sys::{
        self,
        uapi, //
    },
    zone::order::{
        Order,
        PageIdx, //
    }, //
};
use kernel::prelude::*;

/// Added to every request, on both sides.
const ALWAYS: u32 = uapi::RB_GFP_THISNODE | uapi::RB_GFP_NOWARN;

/// What is asked of the allocators.
#[derive(Clone, Copy)]
pub(super) struct Request {
    /// As the kernel takes it.
    pub(super) host: sys::HostGfp,
    /// As the shadow takes it.
    pub(super) ctx: AllocContext,
}

/// An operation.
#[derive(Clone, Copy)]
pub(super) enum Op {
    Nop,
    Alloc(Request),
    Free,
    Bulk { request: Request, nr: u32 },
    Nolock(AllocContext),
    Contig { start: PageIdx, nr: u32 },
    ReclaimActive(bool),
}

impl Op {
    /// Takes an entry for node `nid` apart. `EINVAL` for anything that it may not say; `EOPNOTSUPP`
    /// where there is no kernel to ask.
    pub(super) fn new(entry: &uapi::rb_replay_entry, nid: i32) -> Result<Self> {
        let uapi::rb_replay_entry {
            op,
            order,
            flags,
            gfp,
            slot,
            arg,
        } = *entry;
        let only = |is_right: bool| match is_right && slot < uapi::RB_REPLAY_MAX_SLOTS {
            true => Ok(()),
            false => Err(EINVAL),
        };
        let block = Order::new(u32::from(order)).ok_or(EINVAL)?;

        match u32::from(op) {
            uapi::RB_REPLAY_NOP => Ok(Self::Nop),
            uapi::RB_REPLAY_ALLOC => {
                only(flags == 0 && arg == 0)?;
                Ok(Self::Alloc(request(gfp, block, nid)?))
            }
            uapi::RB_REPLAY_FREE => {
                only(flags == 0 && order == 0 && gfp == 0 && arg == 0)?;
                Ok(Self::Free)
            }
            uapi::RB_REPLAY_BULK => {
                only(flags == 0 && order == 0 && (1..=uapi::RB_REPLAY_MAX_BULK).contains(&arg))?;
                only(slot.saturating_add(arg) <= uapi::RB_REPLAY_MAX_SLOTS)?;
                let request = request(gfp, block, nid)?;

                Ok(Self::Bulk { request, nr: arg })
            }
            uapi::RB_REPLAY_NOLOCK => {
                only(flags == 0 && gfp == 0 && arg == 0)?;
                Ok(Self::Nolock(context(Gfp::NONE, block, nid)?))
            }
            uapi::RB_REPLAY_CONTIG => {
                only(flags != 0 && order == 0 && gfp == 0)?;
                let (start, nr) = (PageIdx::new(arg), u32::from(flags));

                Ok(Self::Contig { start, nr })
            }
            uapi::RB_REPLAY_RECLAIM => {
                only(flags == 0 && order == 0 && gfp == 0 && arg <= 1)?;
                Ok(Self::ReclaimActive(arg == 1))
            }
            _ => Err(EINVAL),
        }
    }

    /// Slots that it needs from its first on.
    pub(super) fn nr_slots(&self) -> u32 {
        match self {
            Self::Bulk { nr, .. } => *nr,
            _ => 1,
        }
    }
}

fn request(flags: u32, order: Order, nid: i32) -> Result<Request> {
    let host = sys::HostGfp::from_uapi(flags | ALWAYS)?;
    let ctx = context(gfp::from_uapi(flags | ALWAYS)?, order, nid)?;

    Ok(Request { host, ctx })
}

/// What the shadow is asked.
fn context(gfp: Gfp, order: Order, nid: i32) -> Result<AllocContext> {
    let ctx = AllocContext::new(gfp, order).ok_or(EINVAL)?;

    Ok(AllocContext {
        nid: Some(nid),
        ..ctx
    })
}
