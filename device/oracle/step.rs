// SPDX-License-Identifier: GPL-2.0

//! One operation, done on both sides.

#![deny(unsafe_code)]

use super::{
    compare::{
        self,
        Divergence, //
    },
    coverage::Coverage,
    entry::{
        Op,
        Request, //
    },
    session::{
        adopt,
        Session, //
    }, //
};
use crate::{
    gfp::context::AllocContext,
    page_alloc::{
        Allocated,
        Region, //
    },
    sys::{
        self,
        uapi,
        Pinned, //
    },
    zone::{
        image::ZoneScalars,
        order::{
            Block,
            PageIdx, //
        },
        ZoneType,
        NR_ZONES, //
    }, //
};
use kernel::prelude::*;

/// What came of an operation.
pub(super) struct Outcome {
    /// Its first page.
    pub(super) page: PageIdx,
    pub(super) divergence: Option<Divergence>,
}

/// The page that an operation had on each side.
struct Pages {
    zone: ZoneType,
    real: Option<PageIdx>,
    ours: Option<PageIdx>,
}

/// Numbers of the zones before an operation.
type Before = [Option<ZoneScalars>; NR_ZONES];

impl Session {
    /// Does an operation on both sides, and compares its result and the numbers of the zones.
    ///
    /// # Errors
    ///
    /// `ENOMEM` if a list of pages could not be made; nothing was done then.
    #[inline(never)]
    pub(super) fn step(
        &mut self,
        op: &Op,
        slot: u32,
        pinned: &Pinned,
        coverage: &mut Coverage,
    ) -> Result<Outcome> {
        let before = self.before();
        let slot = slot as usize;
        let mut outcome = match op {
            Op::Nop => Outcome::NOTHING,
            Op::Alloc(request) => self.alloc(request, slot, pinned, coverage),
            Op::Nolock(ctx) => self.alloc_nolock(ctx, slot, pinned, coverage),
            Op::Free => self.free(slot, pinned, coverage),
            Op::Bulk { request, nr } => {
                self.alloc_bulk(request, slot, *nr as usize, pinned, coverage)?
            }
            Op::Contig { start, nr } => self.alloc_contig(*start, *nr, slot, pinned, coverage),
            Op::ReclaimActive(on) => {
                self.set_reclaim_active(*on);
                Outcome::NOTHING
            }
        };

        if matches!(op, Op::Contig { .. }) {
            // It has slept: the CPU may have told everyone its shares.
            self.adopt_all(pinned);
            self.adopt_page_events();
        }
        let found = self.compare_scalars(pinned);

        outcome.divergence = outcome.divergence.or(found);
        for (pair, before) in self.pairs.iter().zip(before.iter().flatten()) {
            coverage.zone(op, before, &pair.real.scalars);
        }
        Ok(outcome)
    }

    fn before(&self) -> Before {
        let mut before = [None; NR_ZONES];

        for (to, pair) in before.iter_mut().zip(&self.pairs) {
            *to = Some(pair.real.scalars);
        }
        before
    }

    fn alloc(
        &mut self,
        request: &Request,
        slot: usize,
        pinned: &Pinned,
        coverage: &mut Coverage,
    ) -> Outcome {
        let ctx = &request.ctx;

        if self.is_full(slot) {
            coverage.one(uapi::RB_COVER_SKIP);
            return Outcome::NOTHING;
        }
        let block = self.node.alloc(request.host, ctx.order, pinned);
        let ours = |shadow: &Region| shadow.alloc_pages(ctx);

        self.took(block, ours, ctx, slot, coverage)
    }

    fn alloc_nolock(
        &mut self,
        ctx: &AllocContext,
        slot: usize,
        pinned: &Pinned,
        coverage: &mut Coverage,
    ) -> Outcome {
        if self.is_full(slot) {
            coverage.one(uapi::RB_COVER_SKIP);
            return Outcome::NOTHING;
        }
        let block = self.node.alloc_nolock(ctx.order, pinned);

        if block.is_some() {
            coverage.one(uapi::RB_COVER_NOLOCK);
        }
        let ours = |shadow: &Region| shadow.alloc_pages_nolock(ctx);

        self.took(block, ours, ctx, slot, coverage)
    }

    /// Has the shadow do what the kernel has just done, and compares.
    fn took(
        &mut self,
        block: Option<sys::RealBlock>,
        ours: impl FnOnce(&Region) -> Option<Allocated>,
        ctx: &AllocContext,
        slot: usize,
        coverage: &mut Coverage,
    ) -> Outcome {
        let place = block.as_ref().and_then(|block| self.page(block.pfn()));
        let is_foreign = block.is_some() && place.is_none();
        let (real, zone) = match place {
            Some((page, zone)) => (Some(page), zone),
            None => (None, ctx.highest_zone),
        };

        coverage.add(uapi::RB_COVER_FOREIGN, u64::from(is_foreign));
        count_block(ctx, real.is_some(), coverage);
        let best = self.best_zone(ctx.highest_zone);
        let is_lower = real.is_some() && best.is_some_and(|best| zone < best);

        coverage.add(uapi::RB_COVER_OTHER_ZONE, u64::from(is_lower));
        let ours = match &self.shadow {
            Some(shadow) => ours(shadow).map(|allocated| allocated.block.head()),
            None => real,
        };

        // A foreign one is dropped, which gives it back.
        if is_foreign {
            self.adopt_page_events();
        } else if let Some(to) = self.slots.get_mut(slot) {
            *to = block;
        }
        Outcome::of(&Pages { zone, real, ours })
    }

    fn free(&mut self, slot: usize, pinned: &Pinned, coverage: &mut Coverage) -> Outcome {
        let Some(block) = self.slots.get_mut(slot).and_then(Option::take) else {
            coverage.one(uapi::RB_COVER_SKIP);
            return Outcome::NOTHING;
        };
        let (order, nr) = (block.order(), block.nr_pages());
        let Some((page, _)) = self.page(block.pfn()) else {
            return Outcome::NOTHING;
        };

        coverage.one(uapi::RB_COVER_FREE);
        coverage.add(uapi::RB_COVER_RECLAIM_FREE, u64::from(self.is_reclaiming));
        self.node.free(block, pinned);
        match (&self.shadow, order) {
            (Some(shadow), Some(order)) => shadow.free_pages(Block::new(page, order)),
            (Some(shadow), None) => shadow.free_contig_range(page, nr),
            (None, _) => (),
        }
        Outcome {
            page,
            divergence: None,
        }
    }

    fn alloc_bulk(
        &mut self,
        request: &Request,
        slot: usize,
        nr: usize,
        pinned: &Pinned,
        coverage: &mut Coverage,
    ) -> Result<Outcome> {
        // A copy of the slots: the shadow's list.
        let mut ours = KVec::from_elem(None, nr, GFP_KERNEL)?;

        for (i, page) in (slot..slot.wrapping_add(nr)).zip(ours.iter_mut()) {
            *page = self.page_in(i);
        }
        let nr_empty = self.nr_empty(slot, nr);
        let slots = self.slots.get_mut(slot..).and_then(|s| s.get_mut(..nr));
        let real_nr = match slots {
            Some(slots) => self.node.alloc_bulk(request.host, slots, pinned)?,
            None => return Err(EINVAL),
        };
        let ours_nr = match &self.shadow {
            Some(shadow) => shadow.alloc_pages_bulk(&request.ctx, &mut ours),
            None => real_nr,
        };

        coverage.add(uapi::RB_COVER_BULK_HOLES, u64::from(nr_empty < nr));
        let pages = self.bulk_pages(&request.ctx, slot, &ours);
        let taken = nr_empty.wrapping_sub(self.nr_empty(slot, nr));

        coverage.add(uapi::RB_COVER_BULK, taken as u64);
        coverage.add(uapi::RB_COVER_FAIL, u64::from(taken == 0));
        let place = (uapi::RB_DIV_NR_DONE, 0, 0);
        let nrs = (real_nr as u64, ours_nr as u64);
        let mut outcome = Outcome::of(&pages);

        outcome.divergence = outcome
            .divergence
            .or_else(|| Divergence::of(pages.zone, place, nrs));
        Ok(outcome)
    }

    /// Empty ones of `nr` slots.
    fn nr_empty(&self, slot: usize, nr: usize) -> usize {
        (slot..slot.wrapping_add(nr)).fold(0, |sum: usize, i| {
            sum.wrapping_add(usize::from(self.page_in(i).is_none()))
        })
    }

    /// The first slot of a bulk request that differs, or the first of all.
    fn bulk_pages(&self, ctx: &AllocContext, slot: usize, ours: &[Option<PageIdx>]) -> Pages {
        let pages = |(i, ours): (usize, &Option<PageIdx>)| Pages {
            zone: ctx.highest_zone,
            real: self.page_in(slot.wrapping_add(i)),
            ours: match self.shadow {
                Some(_) => *ours,
                None => self.page_in(slot.wrapping_add(i)),
            },
        };
        let mut all = (0..ours.len()).zip(ours).map(pages);
        let first = all.next();

        match first {
            Some(first) if first.real == first.ours => {
                all.find(|pages| pages.real != pages.ours).unwrap_or(first)
            }
            Some(first) => first,
            None => Pages {
                zone: ctx.highest_zone,
                real: None,
                ours: None,
            },
        }
    }

    fn alloc_contig(
        &mut self,
        start: PageIdx,
        nr: u32,
        slot: usize,
        pinned: &Pinned,
        coverage: &mut Coverage,
    ) -> Outcome {
        let pfn = self.node.base_pfn().wrapping_add(u64::from(start.get()));
        let zone = self
            .page(pfn)
            .and_then(|(_, kind)| Some((self.node.zone(kind)?, kind)));
        let (Some((zone, kind)), false) = (zone, self.is_full(slot)) else {
            coverage.one(uapi::RB_COVER_SKIP);
            return Outcome::NOTHING;
        };
        let block = self.node.alloc_contig(&zone, pfn, nr, pinned);

        if let Err(EINVAL) = block {
            coverage.one(uapi::RB_COVER_SKIP);
            return Outcome::NOTHING;
        }
        let block = block.ok();
        let page = |is_done: bool| is_done.then_some(start);
        let real = page(block.is_some());
        let ours = match &self.shadow {
            Some(shadow) => page(shadow.alloc_contig_range(start, nr).is_ok()),
            None => real,
        };

        coverage.one(match real {
            Some(_) => uapi::RB_COVER_CONTIG,
            None => uapi::RB_COVER_CONTIG_BUSY,
        });
        if let Some(to) = self.slots.get_mut(slot) {
            *to = block;
        }
        Outcome::of(&Pages {
            zone: kind,
            real,
            ours,
        })
    }

    /// The zone that a request up to `highest` looks at first.
    fn best_zone(&self, highest: ZoneType) -> Option<ZoneType> {
        let kinds = self.pairs.iter().map(|pair| pair.real.kind);

        kinds.filter(|kind| *kind <= highest).last()
    }

    fn is_full(&self, slot: usize) -> bool {
        self.slots.get(slot).is_none_or(Option::is_some)
    }

    /// The first page of what is in a slot.
    fn page_in(&self, slot: usize) -> Option<PageIdx> {
        let block = self.slots.get(slot)?.as_ref()?;

        self.page(block.pfn()).map(|(page, _)| page)
    }

    /// Has the shadow split its counters as the kernel does, where they amount to the same.
    fn adopt_all(&self, pinned: &Pinned) {
        for pair in &self.pairs {
            let Some(shadow) = &self.shadow else {
                return;
            };
            let found = pair.zone.scalars(pinned);
            let is_folded = shadow
                .scalars(pair.real.kind, self.cpu)
                .is_some_and(|ours| compare::change(&ours, &found) == compare::Change::Folded);

            if is_folded {
                adopt(Some(shadow), self.cpu, pair.real.kind, &found);
            }
        }
    }
}

fn count_block(ctx: &AllocContext, is_done: bool, coverage: &mut Coverage) {
    let order = ctx.order.get();
    let is_pcp_order = order <= 3 || order == sys::pageblock_order();

    match is_done {
        false => coverage.one(uapi::RB_COVER_FAIL),
        true => {
            coverage.one(uapi::RB_COVER_ALLOC);
            coverage.add(uapi::RB_COVER_HIGH_ORDER, u64::from(!is_pcp_order));
        }
    }
}

impl Outcome {
    const NOTHING: Self = Self {
        page: PageIdx::NONE,
        divergence: None,
    };

    fn of(pages: &Pages) -> Self {
        let number =
            |page: Option<PageIdx>| u64::from(page.map_or(uapi::RB_REPLAY_NONE, |page| page.get()));
        let kind = match (pages.real, pages.ours) {
            (Some(_), Some(_)) => uapi::RB_DIV_PLACE,
            _ => uapi::RB_DIV_RESULT,
        };
        let values = (number(pages.real), number(pages.ours));

        Self {
            page: pages.real.unwrap_or(PageIdx::NONE),
            divergence: Divergence::of(pages.zone, (kind, 0, 0), values),
        }
    }
}
