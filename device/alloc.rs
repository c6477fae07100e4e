// SPDX-License-Identifier: GPL-2.0

//! ALLOC: a block becomes a file's.
//!
//! What a call has done before it fails is undone: a client either learns of a block or never had
//! it.

#![deny(unsafe_code)]

use super::{
    call::Call,
    free::Destination,
    gfp,
    records::{
        nature::{
            Listing,
            Marks,
            Origin, //
        },
        Handle,
        Taken, //
    },
    Device,
    File, //
};
use crate::{
    gfp::{
        context::AllocContext,
        Gfp, //
    },
    page_alloc::{
        Allocated,
        Path,
        Region, //
    },
    sys::{
        self,
        uapi, //
    },
    zone::{
        order::{Block, Order},
        ZoneType, //
    }, //
};
use kernel::prelude::*;

/// The flag of ALLOC.
const PURGEABLE: u64 = uapi::RB_ALLOC_PURGEABLE as u64;

/// A block that has become a client's.
pub(super) struct Granted {
    pub(super) handle: Handle,
    pub(super) idx: u32,
    pub(super) zone: ZoneType,
    pub(super) nid: i32,
    pub(super) path: Path,
}

/// The part of a request that names nodes.
pub(super) struct Nodes {
    pub(super) nid: i32,
    pub(super) mask: u64,
}

impl Nodes {
    /// EINVAL if the mask leaves nothing of the region, or excludes the only node asked for.
    fn check_mask(&self, region: &Region, gfp: Gfp) -> Result {
        let has = |nid: i32| {
            let bit = u32::try_from(nid)
                .ok()
                .and_then(|nid| 1u64.checked_shl(nid));

            bit.is_some_and(|bit| self.mask & bit != 0)
        };
        let contradicts = gfp.has(Gfp::THISNODE) && self.nid != uapi::RB_NO_NODE && !has(self.nid);

        let nothing = !region.nodes().any(|node| has(node.nid()));

        match self.mask != 0 && (contradicts || nothing) {
            true => Err(EINVAL),
            false => Ok(()),
        }
    }
}

impl Device {
    /// RB_ALLOC.
    #[inline(never)]
    pub(super) fn alloc(&self, call: &Call, file: &File) -> Result {
        let mut req: uapi::rb_alloc = call.read()?;
        let zeros = req.flags & !PURGEABLE | req.timeout_ns | req.reserved2;

        if zeros != 0 || req.reserved0 != 0 {
            return Err(EINVAL);
        }
        let nodes = Nodes {
            nid: req.nid,
            mask: req.nodemask,
        };
        let ctx = self.request(call, req.gfp, req.order, &nodes)?;
        // A request that cannot be answered must not even take a block for a moment: that alone can
        // change the type of a pageblock.
        call.write(&req)?;
        let start = sys::now_ns();
        let granted = self.grant(file, &ctx, marks(ctx.gfp, req.flags))?;

        req.latency_ns = sys::now_ns().wrapping_sub(start);
        req.id = granted.handle.id;
        req.gen = granted.handle.gen;
        req.idx = u64::from(granted.idx);
        req.mmap_offset = self.mmap_offset(granted.handle.id);
        req.path = match granted.path {
            Path::Pcp => uapi::RB_PATH_PCP,
            Path::Buddy => uapi::RB_PATH_BUDDY,
            Path::Slow => uapi::RB_PATH_SLOW,
            Path::Reclaim => uapi::RB_PATH_RECLAIM,
            Path::Compact => uapi::RB_PATH_COMPACT,
            Path::Reserve => uapi::RB_PATH_RESERVE,
        };
        req.got_nid = granted.nid;
        req.got_zone = granted.zone as u32;
        req.reserved1 = 0;
        // Who cannot be told of a block must not have it.
        call.write(&req)
            .inspect_err(|_| self.revoke_all(file, &[granted.handle], ctx.order))
    }

    /// What kept a file from getting a block: EOWNERDEAD if all of its blocks were taken back,
    /// EBUSY while it is freeing them, EINTR if it is to die, else ENOMEM.
    pub(super) fn why_no_block(&self, file: &File) -> Error {
        let may_get = self
            .records()
            .with(|records| records.clients.may_get(file.client));

        match may_get {
            Err(error) => error,
            Ok(()) if sys::fatal_signal_pending() => EINTR,
            Ok(()) => ENOMEM,
        }
    }

    /// Judges the parts of a request in the documented order: flags, permission, range.
    pub(super) fn request(
        &self,
        call: &Call,
        flags: u32,
        order: u32,
        nodes: &Nodes,
    ) -> Result<AllocContext> {
        let gfp = gfp::from_uapi(flags)?;
        let ctx = AllocContext::new(gfp, Order::ZERO).ok_or(EINVAL)?;

        nodes.check_mask(self.region(), gfp)?;
        gfp::check_permission(gfp)?;
        call.require_write()?;
        let order = self.region().check_order(order, gfp).ok_or(EINVAL)?;
        let local = sys::this_node();
        let nid = match nodes.nid {
            // Who does not say would like to stay where it runs.
            uapi::RB_NO_NODE => self.region().node(local).map(|_| local),
            nid => Some(self.region().node(nid).ok_or(ENODEV)?.nid()),
        };

        Ok(AllocContext {
            order,
            nid,
            nodemask: nodes.mask,
            task: sys::current_task(),
            ..ctx
        })
    }

    /// Finds a block, zeroes it and gives it to a file. The errors of
    /// [`why_no_block`](Self::why_no_block).
    pub(super) fn grant(&self, file: &File, ctx: &AllocContext, marks: Marks) -> Result<Granted> {
        let nr_pages = u64::from(ctx.order.nr_pages());
        let granted = self.may_charge(file, nr_pages).and_then(|()| {
            self.grant_charged(file, ctx, marks)
                .inspect_err(|_| file.process.uncharge(nr_pages))
        });

        if granted.is_err() {
            self.records()
                .with(|records| records.clients.add_fail(file.client));
        }
        granted
    }

    /// Charges so many pages, unless the file would not get them in any case.
    pub(super) fn may_charge(&self, file: &File, nr_pages: u64) -> Result {
        self.records()
            .with(|records| records.clients.may_get(file.client))?;
        file.process.charge(nr_pages)
    }

    fn grant_charged(&self, file: &File, ctx: &AllocContext, marks: Marks) -> Result<Granted> {
        let allocated = self.find(file, ctx)?;
        let idx = allocated.block.head().get();

        Ok(Granted {
            handle: self.own(file, allocated.block, (Origin::of(ctx), marks))?,
            idx,
            zone: allocated.zone,
            nid: allocated.nid,
            path: allocated.path,
        })
    }

    /// Finds a block for a file, whatever that takes, and marks it as handed out. Sleeps if the
    /// request may.
    pub(super) fn find(&self, file: &File, ctx: &AllocContext) -> Result<Allocated> {
        let check = |block: &Block| self.check_new_pages(block);
        let found = self.region().alloc_pages_checked(ctx, self, check);

        match &found {
            Some(allocated) => self.watch_level(allocated.block.head()),
            None => self.alloc_failed(ctx),
        }
        found.ok_or_else(|| self.why_no_block(file))
    }

    /// Clears a block that was taken and gives it to a file, or back to the allocator.
    pub(super) fn own(
        &self,
        file: &File,
        block: Block,
        (origin, marks): (Origin, Marks),
    ) -> Result<Handle> {
        let (idx, order) = (block.head().get(), block.order());

        self.clear_pages(&block);
        let inserted = self.records().with(|records| {
            let handle = records.insert(file.client, block, (origin, marks))?;

            if marks.has(Marks::PURGEABLE) {
                self.list(idx, order, Listing::Inactive);
            }
            Ok(handle)
        });

        inserted.map_err(|(block, error)| {
            self.put_back(Taken::plain(block), Destination::Stock);
            error
        })
    }

    /// The error of a call, or EOWNERDEAD if everything was taken from the file meanwhile.
    pub(super) fn or_dead(&self, file: &File, error: Error) -> Error {
        match self.is_dead(file) {
            true => EOWNERDEAD,
            false => error,
        }
    }

    pub(super) fn is_dead(&self, file: &File) -> bool {
        self.records()
            .with(|records| records.clients.is_dead(file.client))
    }

    /// What can be said of a handle before it is looked up: EOWNERDEAD, ERANGE, EINVAL.
    pub(super) fn judge(&self, file: &File, handle: Handle, order: u32) -> Result<Order> {
        if self.is_dead(file) {
            return Err(EOWNERDEAD);
        }
        // An order that does not exist differs from every block's; but a bad handle comes first.
        match Order::new(order) {
            Some(order) => Ok(order),
            None if handle.id >= self.region().config().nr_pages => Err(ERANGE),
            None => Err(EINVAL),
        }
    }
}

/// What may be done with a block by its request.
pub(super) fn marks(gfp: Gfp, flags: u64) -> Marks {
    let movable = match gfp.has(Gfp::MOVABLE) {
        true => Marks::MOVABLE,
        false => Marks::NONE,
    };

    match flags & PURGEABLE {
        0 => movable,
        _ => movable.with(Marks::PURGEABLE),
    }
}
