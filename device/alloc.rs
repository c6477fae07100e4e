// SPDX-License-Identifier: GPL-2.0

//! ALLOC, FREE, their bulk forms, and RESET.
//!
//! What a call has done before it fails is undone: a client either learns of a block or never had
//! it.

#![deny(unsafe_code)]

use super::{
    call::Call,
    gfp,
    records::{
        nature::{
            Listing,
            Marks,
            Origin, //
        },
        Handle,
        Mapped,
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
        alloc_flags::FreeFlags,
        order::{
            Block,
            Order,
            PageIdx, //
        },
        ZoneType, //
    }, //
};
use kernel::prelude::*;

/// Blocks that one bulk call may name.
pub(super) const MAX_BULK: u32 = 4096;

/// Pages that are taken at once: under one hold of a CPU's lists, and zeroed without a pause.
const BULK_PAGES: usize = 32;

/// The flag of ALLOC.
const PURGEABLE: u64 = uapi::RB_ALLOC_PURGEABLE as u64;

/// A block that has become a client's.
struct Granted {
    handle: Handle,
    idx: u32,
    zone: ZoneType,
    nid: i32,
    path: Path,
}

/// Where a block that is given back goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Destination {
    /// To the stock of this CPU, if blocks of that size are kept there.
    Stock,
    /// To the zone.
    Zone,
}

/// How a block is to be freed.
#[derive(Clone, Copy)]
struct Freeing {
    mapped: Mapped,
    /// A block that waits for its mappings goes to the stock in any case.
    to: Destination,
}

impl Freeing {
    /// Of a block that the caller never learned of.
    const UNDO: Self = Self {
        mapped: Mapped::Zap,
        to: Destination::Stock,
    };

    /// By `RB_FREE_*` flags. EINVAL for unknown ones.
    fn new(flags: u32) -> Result<Self> {
        if flags & !(uapi::RB_FREE_ZAP | uapi::RB_FREE_DRAIN) != 0 {
            return Err(EINVAL);
        }
        Ok(Self {
            mapped: match flags & uapi::RB_FREE_ZAP {
                0 => Mapped::Busy,
                _ => Mapped::Zap,
            },
            to: match flags & uapi::RB_FREE_DRAIN {
                0 => Destination::Stock,
                _ => Destination::Zone,
            },
        })
    }
}

/// The part of a request that names nodes.
struct Nodes {
    nid: i32,
    mask: u64,
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

    /// RB_FREE.
    #[inline(never)]
    pub(super) fn free(&self, call: &Call, file: &File) -> Result {
        let req: uapi::rb_free = call.read()?;
        let how = Freeing::new(req.flags)?;

        if req.reserved != [0; 2] {
            return Err(EINVAL);
        }
        call.require_write()?;
        self.free_handle(
            file,
            Handle {
                id: req.id,
                gen: req.gen,
            },
            req.order,
            how,
        )
    }

    /// RB_ALLOC_BULK. As many blocks as there are; an error only if there is none.
    #[inline(never)]
    pub(super) fn alloc_bulk(&self, call: &Call, file: &File) -> Result {
        let mut req: uapi::rb_bulk = call.read()?;

        if req.flags != 0 || req.timeout_ns != 0 || req.reserved0 != 0 || req.reserved1 != 0 {
            return Err(EINVAL);
        }
        check_nr(req.nr)?;
        let nodes = Nodes {
            nid: req.nid,
            mask: req.nodemask,
        };
        let ctx = self.request(call, req.gfp, req.order, &nodes)?;
        let blocks = uapi::UserArray::new(req.blocks_ptr, req.nr)?;
        // As in `alloc`.
        blocks.probe()?;
        let mut handles = KVVec::from_elem(NO_HANDLE, req.nr as usize, GFP_KERNEL)?;

        req.nr_done = self.alloc_blocks(file, &ctx, &blocks, &mut handles)?;
        let error = self.why_no_block(file);

        req.first_err = match req.nr_done == req.nr {
            true => 0,
            false => error.to_errno(),
        };
        call.write(&req)
            .inspect_err(|_| self.revoke_all(file, &handles, ctx.order))?;
        match req.nr_done {
            0 => Err(error),
            _ => Ok(()),
        }
    }

    /// What kept a file from getting a block: EOWNERDEAD if all of its blocks were taken back, EBUSY
    /// while it is freeing them, EINTR if it is to die, else ENOMEM.
    fn why_no_block(&self, file: &File) -> Error {
        let may_get = self
            .records()
            .with(|records| records.clients.may_get(file.client));

        match may_get {
            Err(error) => error,
            Ok(()) if sys::fatal_signal_pending() => EINTR,
            Ok(()) => ENOMEM,
        }
    }

    /// Takes blocks until `handles` is full or there are no more, and tells the caller of each.
    fn alloc_blocks(
        &self,
        file: &File,
        ctx: &AllocContext,
        blocks: &uapi::UserArray<uapi::rb_block>,
        handles: &mut [Handle],
    ) -> Result<u32> {
        let mut nr_done = 0;

        while nr_done < handles.len() && !sys::fatal_signal_pending() {
            let rest = handles.get_mut(nr_done..).unwrap_or(&mut []);
            let mut pages = [None; BULK_PAGES];
            let nr = self.grant_some(file, ctx, rest, &mut pages);
            let told = tell(blocks, nr_done, rest.iter().zip(&pages).take(nr), ctx.order);

            if let Err(error) = told {
                self.revoke_all(file, handles, ctx.order);
                return Err(error);
            }
            if nr == 0 {
                break;
            }
            nr_done = nr_done.wrapping_add(nr);
            sys::cond_resched();
        }
        Ok(nr_done as u32)
    }

    /// Makes a few blocks a file's: their handles and first pages. How many; 0 if there are none.
    fn grant_some(
        &self,
        file: &File,
        ctx: &AllocContext,
        handles: &mut [Handle],
        pages: &mut [Option<PageIdx>],
    ) -> usize {
        let wanted = handles.len().min(pages.len());

        if ctx.order == Order::ZERO && wanted > 1 {
            let few = pages.get_mut(..wanted).unwrap_or(&mut []);

            // Unless so many cannot be charged together.
            if let Some(nr) = self.grant_pages(file, ctx, handles, few) {
                return nr;
            }
        }
        let granted = self.grant(file, ctx, marks(ctx.gfp, 0));

        match (granted, handles.first_mut(), pages.first_mut()) {
            (Ok(granted), Some(handle), Some(page)) => {
                *handle = granted.handle;
                *page = Some(PageIdx::new(granted.idx));
                1
            }
            _ => 0,
        }
    }

    /// The same for single pages, taken together and charged together; `None` if they cannot be.
    fn grant_pages(
        &self,
        file: &File,
        ctx: &AllocContext,
        handles: &mut [Handle],
        pages: &mut [Option<PageIdx>],
    ) -> Option<usize> {
        let wanted = pages.len();

        self.may_charge(file, wanted as u64).ok()?;
        let nr = self.region().alloc_pages_bulk_with(ctx, pages, self);
        let origin = (Origin::of(ctx), marks(ctx.gfp, 0));
        let mut nr_kept = 0;

        for taken in 0..nr {
            let page = pages.get_mut(taken).and_then(Option::take);
            let kept = page.and_then(|page| {
                let block = Block::new(page, Order::ZERO);
                let block = self
                    .region()
                    .check_pages(block, |block| self.check_new_pages(block))?;

                Some((page, self.own(file, block, origin).ok()?))
            });

            // Those that are lost leave no gap.
            if let Some((page, own)) = kept {
                if let (Some(slot), Some(handle)) =
                    (pages.get_mut(nr_kept), handles.get_mut(nr_kept))
                {
                    (*slot, *handle) = (Some(page), own);
                }
                nr_kept = nr_kept.wrapping_add(1);
            }
        }
        file.process.uncharge(wanted.wrapping_sub(nr_kept) as u64);
        self.after_bulk(file, ctx, pages, nr_kept);
        Some(nr_kept)
    }

    fn after_bulk(&self, file: &File, ctx: &AllocContext, pages: &[Option<PageIdx>], nr: usize) {
        match pages.first() {
            Some(Some(page)) if nr > 0 => self.watch_level(*page),
            _ => {
                self.alloc_failed(ctx);
                self.records()
                    .with(|records| records.clients.add_fail(file.client));
            }
        }
    }

    /// RB_FREE_BULK. Goes on after an error; answers the first.
    #[inline(never)]
    pub(super) fn free_bulk(&self, call: &Call, file: &File) -> Result {
        let mut req: uapi::rb_bulk = call.read()?;
        let how = Freeing::new(req.flags)?;
        let zeros = req.nodemask | req.timeout_ns | req.reserved1;

        if zeros != 0 || req.gfp != 0 || req.order != 0 || req.nid != 0 || req.reserved0 != 0 {
            return Err(EINVAL);
        }
        check_nr(req.nr)?;
        call.require_write()?;
        let blocks = uapi::UserArray::new(req.blocks_ptr, req.nr)?;

        (req.nr_done, req.first_err) = (0, 0);
        let copied = self.free_blocks(file, &blocks, &mut req, how);

        // Also after a fault: so much is done.
        call.write(&req)?;
        copied?;
        match req.first_err {
            0 => Ok(()),
            errno => Err(Error::from_errno(errno)),
        }
    }

    fn free_blocks(
        &self,
        file: &File,
        blocks: &uapi::UserArray<uapi::rb_block>,
        req: &mut uapi::rb_bulk,
        how: Freeing,
    ) -> Result {
        for nr in 0..req.nr {
            let mut block = blocks.get(nr)?;
            let handle = Handle {
                id: block.id,
                gen: block.gen,
            };

            block.result = match self.free_handle(file, handle, block.order, how) {
                Ok(()) => 0,
                Err(error) => error.to_errno(),
            };
            match block.result {
                0 => req.nr_done = req.nr_done.wrapping_add(1),
                errno if req.first_err == 0 => req.first_err = errno,
                _ => {}
            }
            blocks.put(nr, &block)?;
            sys::cond_resched();
        }
        Ok(())
    }

    /// RB_RESET.
    #[inline(never)]
    pub(super) fn reset(&self, call: &Call, file: &File) -> Result {
        let req: uapi::rb_reset = call.read()?;
        let zap = match req.flags & !uapi::RB_RESET_FD {
            0 => Mapped::Busy,
            uapi::RB_RESET_ZAP => Mapped::Zap,
            _ => return Err(EINVAL),
        };

        if req.flags & uapi::RB_RESET_FD == 0 || req.reserved0 != 0 || req.reserved1 != 0 {
            return Err(EINVAL);
        }
        call.require_write()?;
        let client = file.client;
        let begins = self
            .records()
            .with(|records| records.clients.begin_reset(client, zap));

        if !begins {
            return Err(EBUSY);
        }
        let result = self.free_all(file, zap);

        // Whoever is still taking its blocks must not find those that it gets from now on.
        self.processes.undisturbed(|| {
            self.records().with(|records| {
                records.clients.end_reset(client);
                if result.is_ok() {
                    records.clients.revive(client);
                }
            });
        });
        result
    }

    /// Frees everything that a file owns.
    pub(super) fn free_all(&self, file: &File, mapped: Mapped) -> Result {
        while let Some((handle, order)) = self.records().with(|records| records.newest(file.client))
        {
            let how = Freeing {
                mapped,
                to: Destination::Stock,
            };

            match self.revoke(file, handle, order, how) {
                // Somebody else freed it first.
                Err(error) if error == EBUSY => return Err(error),
                _ => sys::cond_resched(),
            }
        }
        Ok(())
    }

    /// Judges the parts of a request in the documented order: flags, permission, range.
    fn request(&self, call: &Call, flags: u32, order: u32, nodes: &Nodes) -> Result<AllocContext> {
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
    fn grant(&self, file: &File, ctx: &AllocContext, marks: Marks) -> Result<Granted> {
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

    /// Finds a block for a file, whatever that takes, and marks it as handed out. Sleeps if the request
    /// may.
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
    fn own(&self, file: &File, block: Block, (origin, marks): (Origin, Marks)) -> Result<Handle> {
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

    /// Frees a block by its handle: the errors of
    /// [`Records::check`](super::records::Records::check), or EBUSY.
    fn free_handle(&self, file: &File, handle: Handle, order: u32, how: Freeing) -> Result {
        let order = self.judge(file, handle, order)?;

        self.revoke(file, handle, order, how)
            .map_err(|error| self.or_dead(file, error))
    }

    /// The error of a call, or EOWNERDEAD if everything was taken from the file meanwhile.
    pub(super) fn or_dead(&self, file: &File, error: Error) -> Error {
        match self.is_dead(file) {
            true => EOWNERDEAD,
            false => error,
        }
    }

    fn is_dead(&self, file: &File) -> bool {
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

    /// Takes a block from its file and gives it back to the allocator.
    fn revoke(&self, file: &File, handle: Handle, order: Order, how: Freeing) -> Result {
        let remove = |mapped| {
            self.records()
                .with(|records| records.remove(file.client, handle, order, mapped))
        };
        // Few blocks are mapped, and only those need to be unmapped.
        let block = match remove(Mapped::Busy) {
            Err(error) if error == EBUSY && how.mapped == Mapped::Zap => {
                self.zap(handle.id, order, || remove(Mapped::Zap))?
            }
            result => result?,
        };

        // Else it stays charged until the file is closed: its mappings end where nothing can be
        // uncharged.
        if let Some(taken) = block {
            file.process.uncharge(u64::from(taken.block.nr_pages()));
            self.put_back(taken, how.to);
        }
        file.process.settle();
        Ok(())
    }

    fn revoke_all(&self, file: &File, handles: &[Handle], order: Order) {
        for handle in handles.iter().take_while(|handle| **handle != NO_HANDLE) {
            // Another thread may have freed it already.
            let _ = self.revoke(file, *handle, order, Freeing::UNDO);
        }
    }

    /// Gives a block that is nobody's back to the allocator.
    pub(super) fn put_back(&self, taken: Taken, to: Destination) {
        let Taken { block, listed } = taken;
        let page = block.head();

        if listed {
            self.unlist(page);
        }
        let checked = self
            .region()
            .check_pages(block, |block| self.free_pages_prepare(block));
        let Some(block) = checked else {
            return;
        };

        match (to, self.region().pageset_of(page)) {
            (Destination::Zone, Some(pageset)) => pageset.zone().free(block, FreeFlags::None),
            _ => self.region().free_pages(block),
        }
        self.watch_level(page);
    }
}

/// What may be done with a block by its request.
fn marks(gfp: Gfp, flags: u64) -> Marks {
    let movable = match gfp.has(Gfp::MOVABLE) {
        true => Marks::MOVABLE,
        false => Marks::NONE,
    };

    match flags & PURGEABLE {
        0 => movable,
        _ => movable.with(Marks::PURGEABLE),
    }
}

/// No record: generations start at 1.
const NO_HANDLE: Handle = Handle { id: 0, gen: 0 };

/// Tells the caller of blocks, from place `first` of the array on.
fn tell<'a>(
    blocks: &uapi::UserArray<uapi::rb_block>,
    first: usize,
    granted: impl Iterator<Item = (&'a Handle, &'a Option<PageIdx>)>,
    order: Order,
) -> Result {
    let mut nr = first as u32;

    for (handle, page) in granted {
        let entry = uapi::rb_block {
            id: handle.id,
            gen: handle.gen,
            order: u32::from(order.get()),
            result: 0,
            idx: page.map_or(0, |page| u64::from(page.get())),
        };

        blocks.put(nr, &entry)?;
        nr = nr.wrapping_add(1);
    }
    Ok(())
}

fn check_nr(nr: u32) -> Result {
    match nr {
        0 => Err(EINVAL),
        nr if nr > MAX_BULK => Err(E2BIG),
        _ => Ok(()),
    }
}
