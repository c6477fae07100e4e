// SPDX-License-Identifier: GPL-2.0

//! ALLOC_BULK and FREE_BULK: many blocks in one call.
//!
//! C: `alloc_pages_bulk_noprof()` in `mm/page_alloc.c`.

#![deny(unsafe_code)]

use super::{
    alloc::{
        marks,
        Nodes, //
    },
    call::Call,
    free::{
        Freeing,
        NO_HANDLE, //
    },
    records::{
        nature::Origin,
        Handle, //
    },
    Device,
    File, //
};
use crate::{
    gfp::context::AllocContext,
    sys::{
        self,
        uapi, //
    },
    zone::order::{
        Block,
        Order,
        PageIdx, //
    }, //
};
use kernel::prelude::*;

/// Blocks that one bulk call may name.
pub(super) const MAX_BULK: u32 = 4096;

/// Pages that are taken at once: under one hold of a CPU's lists, and zeroed without a pause.
const BULK_PAGES: usize = 32;

impl Device {
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
}

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
