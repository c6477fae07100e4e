// SPDX-License-Identifier: GPL-2.0

//! ADVISE: what an owner lets others do with a block.

#![deny(unsafe_code)]

use super::{
    call::Call,
    free::Destination,
    records::{
        nature::Advice,
        purging::Needed,
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

/// How pages are looked for in place of those that were dropped: hard, but not so that others lose
/// theirs.
fn refill_gfp() -> Gfp {
    let waits = Gfp::DIRECT_RECLAIM | Gfp::KSWAPD_RECLAIM | Gfp::IO | Gfp::FS;

    waits | Gfp::RETRY_MAYFAIL | Gfp::NOWARN
}

/// What is so after an advice.
struct Answer {
    head: u32,
    nr_pins: u16,
    was_purged: bool,
}

impl Device {
    /// RB_ADVISE.
    #[inline(never)]
    pub(super) fn advise(&self, call: &Call, file: &File) -> Result {
        let mut req: uapi::rb_advise = call.read()?;
        let advice = advice(req.advice)?;

        if req.flags != 0 || req.reserved0 != 0 || req.reserved1 != 0 {
            return Err(EINVAL);
        }
        call.require_write()?;
        let handle = Handle {
            id: req.id,
            gen: req.gen,
        };
        let order = self.judge(file, handle, req.order)?;

        // Who cannot be answered must not have pinned anything.
        call.write(&req)?;
        let answer = match advice {
            Some(advice) => self.follow(file, handle, order, advice),
            None => self.needed(file, handle, order),
        };
        let answer = answer.map_err(|error| self.or_dead(file, error))?;

        req.idx = u64::from(answer.head);
        req.nr_pins = u32::from(answer.nr_pins);
        req.was_purged = u32::from(answer.was_purged);
        call.write(&req)
    }

    fn follow(&self, file: &File, handle: Handle, order: Order, advice: Advice) -> Result<Answer> {
        let advised = self.records().with(|records| {
            let advised = records.advise(file.client, handle, order, advice)?;

            if let Some(listing) = advised.list {
                self.list(advised.head, order, listing);
            }
            Ok::<_, Error>(advised)
        })?;

        Ok(Answer {
            head: advised.head,
            nr_pins: advised.nr_pins,
            was_purged: false,
        })
    }

    /// The contents of a block are needed: they stay, or others take their place.
    fn needed(&self, file: &File, handle: Handle, order: Order) -> Result<Answer> {
        let mut was_purged = false;

        loop {
            let needed = self.records().with(|records| {
                let needed = records.need(file.client, handle, order)?;

                if let Needed::There { head, .. } = needed {
                    self.unlist(PageIdx::new(head));
                }
                Ok::<_, Error>(needed)
            })?;
            let origin = match needed {
                Needed::There { head, nr_pins } => {
                    return Ok(Answer {
                        head,
                        nr_pins,
                        was_purged,
                    })
                }
                Needed::Gone(origin) => origin,
            };

            was_purged = true;
            let ctx = AllocContext {
                highest_zone: origin.highest_zone,
                migratetype: origin.migratetype,
                task: sys::current_task(),
                nid: self.near(),
                ..AllocContext::new(refill_gfp(), order).ok_or(EINVAL)?
            };

            match self.refill(file, handle, &ctx) {
                // Another thread of the owner did the same.
                Err(error) if error == EAGAIN => sys::cond_resched(),
                refilled => {
                    return refilled.map(|head| Answer {
                        head,
                        nr_pins: 0,
                        was_purged: true,
                    })
                }
            }
        }
    }

    /// Finds pages for a block that has none.
    fn refill(&self, file: &File, handle: Handle, ctx: &AllocContext) -> Result<u32> {
        let nr_pages = u64::from(ctx.order.nr_pages());

        self.may_charge(file, nr_pages)?;
        self.refill_charged(file, handle, ctx)
            .inspect_err(|_| file.process.uncharge(nr_pages))
    }

    fn refill_charged(&self, file: &File, handle: Handle, ctx: &AllocContext) -> Result<u32> {
        let block = self.find(file, ctx)?.block;
        let head = block.head().get();

        self.clear_pages(&block);
        let refilled = self
            .records()
            .with(|records| records.refill(file.client, handle, block));

        match refilled {
            Ok(()) => Ok(head),
            Err((block, error)) => {
                self.put_back(Taken::plain(block), Destination::Stock);
                Err(error)
            }
        }
    }

    /// This node, if the region has a part of it.
    pub(super) fn near(&self) -> Option<i32> {
        let local = sys::this_node();

        self.region().node(local).map(|_| local)
    }
}

/// `None`: it is needed.
fn advice(number: u32) -> Result<Option<Advice>> {
    Ok(Some(match number {
        uapi::RB_ADVISE_PURGEABLE => Advice::Purgeable,
        uapi::RB_ADVISE_NEEDED => return Ok(None),
        uapi::RB_ADVISE_PIN => Advice::Pin,
        uapi::RB_ADVISE_UNPIN => Advice::Unpin,
        uapi::RB_ADVISE_MOVABLE => Advice::Movable,
        uapi::RB_ADVISE_UNMOVABLE => Advice::Unmovable,
        uapi::RB_ADVISE_COLD => Advice::Cold,
        uapi::RB_ADVISE_HOT => Advice::Hot,
        _ => return Err(EINVAL),
    }))
}
