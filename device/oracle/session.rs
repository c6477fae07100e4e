// SPDX-License-Identifier: GPL-2.0

//! What an open file has of the oracle: a node of the kernel, pages of it, and its shadow.

#![deny(unsafe_code)]

use super::{
    audit,
    compare::{
        self,
        Change,
        Divergence, //
    },
    coverage::Coverage, //
};
use crate::{
    page_alloc::{
        shadow::ShadowConfig,
        Region, //
    },
    sys::{
        self,
        uapi,
        Pinned, //
    },
    zone::{
        image::{
            ZoneImage,
            ZoneScalars, //
        },
        order::{
            Order,
            PageIdx, //
        },
        ZoneType,
        NR_ZONES, //
    }, //
};
use core::mem;
use kernel::prelude::*;

/// Room for blocks that only the shadow has.
const ROOM: usize = 1024;

/// A zone, and room for pictures of it.
pub(super) struct Pair {
    pub(super) zone: sys::RealZone,
    /// The kernel's, from the last whole comparison; the numbers from the last operation.
    pub(super) real: ZoneImage,
    /// The shadow's.
    pub(super) ours: ZoneImage,
    /// The kernel's pageblocks as they were before the last whole comparison.
    types: KVVec<u8>,
}

/// What a whole comparison found.
pub(super) enum Whole {
    Equal,
    Differs(Divergence),
    /// Somebody else has been at a zone since the last operation.
    Disturbed,
}

/// The oracle of one open file. Dropping it gives all pages back to the kernel.
pub(super) struct Session {
    /// Slot of the open file in the table of clients.
    pub(super) client: u32,
    pub(super) node: sys::RealNode,
    /// The CPU whose lists are compared.
    pub(super) cpu: u32,
    pub(super) slots: KVVec<Option<sys::RealBlock>>,
    pub(super) pairs: KVec<Pair>,
    /// `None`: only the kernel is driven.
    pub(super) shadow: Option<Region>,
    /// Whether both sides are known to be equal.
    pub(super) is_fresh: bool,
    /// Whether the zones are marked as being reclaimed, by us.
    pub(super) is_reclaiming: bool,
}

impl Session {
    /// A session without a copy. `ENODEV` if there is no such node.
    pub(super) fn new(client: u32, nid: i32, pinned: &Pinned) -> Result<Self> {
        let node = sys::RealNode::find(nid)?;
        let mut pairs = KVec::with_capacity(NR_ZONES, GFP_KERNEL)?;

        for zone in node.zones() {
            let pair = Pair {
                zone,
                real: zone.empty_image(node.base_pfn(), pinned)?,
                ours: zone.empty_image(node.base_pfn(), pinned)?,
                types: KVVec::new(),
            };

            pairs.push_within_capacity(pair)?;
        }
        Ok(Self {
            client,
            node,
            cpu: pinned.cpu(),
            slots: KVVec::new(),
            pairs,
            shadow: None,
            is_fresh: false,
            is_reclaiming: false,
        })
    }

    /// Copies the zones, and makes a shadow of the copies if `with_shadow`.
    #[inline(never)]
    pub(super) fn clone_zones(&mut self, with_shadow: bool, pinned: &Pinned) -> Result {
        self.is_fresh = false;
        // Its memory may be needed for the next one.
        self.shadow = None;
        self.cpu = pinned.cpu();
        let base = self.node.base_pfn();

        if with_shadow {
            let config = ShadowConfig {
                nid: self.node.nid(),
                has_huge: sys::HAS_HUGE_PAGES,
                pageblock_order: pageblock_order()?,
                // Only a machine of some MiB does not keep types apart.
                mobility_off: false,
                nr_online_nodes: sys::nr_online_nodes(),
                cpu: self.cpu,
            };
            let mut images = KVec::with_capacity(NR_ZONES, GFP_KERNEL)?;

            for pair in &mut self.pairs {
                let mut image = pair.zone.empty_image(base, pinned)?;

                pair.zone.image(base, pinned, &mut image)?;
                pair.real.scalars = image.scalars;
                images.push_within_capacity(image)?;
            }
            let shadow = Region::shadow(config, &images)?;

            self.node.set_page_events(shadow.page_events());
            self.shadow = Some(shadow);
        } else {
            for pair in &mut self.pairs {
                pair.zone.image(base, pinned, &mut pair.real)?;
            }
        }
        // Making the shadow took memory and time: have the zones stayed as they were copied?
        // Whether the shadow is right is the first replay's question.
        match self.whole(pinned, &mut Coverage::new())? {
            Whole::Disturbed => Err(EAGAIN),
            _ => {
                self.is_fresh = true;
                Ok(())
            }
        }
    }

    /// Sees to it that slots `0..nr` are there.
    pub(super) fn make_slots(&mut self, nr: usize) -> Result {
        if nr <= self.slots.len() {
            return Ok(());
        }
        let mut slots = KVVec::with_capacity(nr, GFP_KERNEL | __GFP_NOWARN)?;

        for block in mem::take(&mut self.slots) {
            slots.push_within_capacity(block)?;
        }
        while slots.len() < nr {
            slots.push_within_capacity(None)?;
        }
        self.slots = slots;
        Ok(())
    }

    /// The page number of a frame, and its zone; `None` outside this node.
    pub(super) fn page(&self, pfn: u64) -> Option<(PageIdx, ZoneType)> {
        let idx = u32::try_from(pfn.checked_sub(self.node.base_pfn())?).ok()?;
        let is_in = |pair: &&Pair| {
            let start = pair.real.start.get();

            idx >= start && idx.wrapping_sub(start) < pair.real.spanned
        };
        let pair = self.pairs.iter().find(is_in)?;

        Some((PageIdx::new(idx), pair.real.kind))
    }

    /// Finds out whether somebody else has been at the zones since the last operation.
    pub(super) fn look(&mut self, pinned: &Pinned, coverage: &mut Coverage) -> Change {
        let mut all = Change::Nothing;

        for pair in &mut self.pairs {
            let found = pair.zone.scalars(pinned);

            match compare::change(&pair.real.scalars, &found) {
                Change::Disturbed => all = Change::Disturbed,
                Change::Folded => {
                    coverage.one(uapi::RB_COVER_FOLD);
                    adopt(self.shadow.as_ref(), self.cpu, pair.real.kind, &found);
                }
                Change::Nothing => (),
            }
            pair.real.scalars = found;
        }
        all
    }

    /// Compares the numbers of all zones after an operation. What the kernel has becomes what is
    /// looked for before the next one.
    pub(super) fn compare_scalars(&mut self, pinned: &Pinned) -> Option<Divergence> {
        let mut first = None;

        for pair in &mut self.pairs {
            pair.real.scalars = pair.zone.scalars(pinned);
            let ours = self
                .shadow
                .as_ref()
                .and_then(|shadow| shadow.scalars(pair.real.kind, self.cpu));

            if let Some(ours) = ours {
                pair.ours.scalars = ours;
                first =
                    first.or_else(|| compare::scalars(pair.real.kind, &pair.real.scalars, &ours));
            }
        }
        first.or_else(|| self.compare_page_events())
    }

    fn compare_page_events(&self) -> Option<Divergence> {
        let shadow = self.shadow.as_ref()?;

        compare::page_events(&self.node.page_events(), &shadow.page_events())
    }

    /// Leaves what an operation counted out of the comparison.
    pub(super) fn adopt_page_events(&self) {
        if let Some(shadow) = &self.shadow {
            self.node.set_page_events(shadow.page_events());
        }
    }

    /// Compares everything.
    #[inline(never)]
    pub(super) fn whole(&mut self, pinned: &Pinned, coverage: &mut Coverage) -> Result<Whole> {
        let base = self.node.base_pfn();
        let order = pageblock_order()?;
        let mut first = None;

        coverage.one(uapi::RB_COVER_WHOLE);
        for pair in &mut self.pairs {
            let left = pair.real.scalars;

            mem::swap(&mut pair.types, &mut pair.real.pageblocks);
            pair.zone.image(base, pinned, &mut pair.real)?;
            match compare::change(&left, &pair.real.scalars) {
                Change::Disturbed => return Ok(Whole::Disturbed),
                Change::Folded => {
                    coverage.one(uapi::RB_COVER_FOLD);
                    adopt(
                        self.shadow.as_ref(),
                        self.cpu,
                        pair.real.kind,
                        &pair.real.scalars,
                    );
                }
                Change::Nothing => (),
            }
            let found = pair.compare(self.shadow.as_ref(), self.cpu, order)?;

            first = first.or(found);
            coverage.add(uapi::RB_COVER_RETYPE, pair.nr_retyped());
        }
        Ok(first.map_or(Whole::Equal, Whole::Differs))
    }

    /// Marks all zones as being reclaimed, or not.
    pub(super) fn set_reclaim_active(&mut self, on: bool) {
        for pair in &self.pairs {
            pair.zone.set_reclaim_active(on);
            if let Some(shadow) = &self.shadow {
                shadow.set_reclaim_active(pair.real.kind, on);
            }
        }
        self.is_reclaiming = on;
    }

    /// Pageblocks of a zone that have no memory.
    pub(super) fn nr_holes(&self, kind: ZoneType) -> u32 {
        let pair = self.pairs.iter().find(|pair| pair.real.kind == kind);

        pair.map_or(0, |pair| pair.real.nr_holes)
    }

    /// Pages in the slots.
    pub(super) fn nr_held(&self) -> u64 {
        let pages = |block: &sys::RealBlock| u64::from(block.nr_pages());

        self.slots
            .iter()
            .flatten()
            .fold(0, |sum, block| sum.wrapping_add(pages(block)))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.is_reclaiming {
            self.shadow = None;
            self.set_reclaim_active(false);
        }
    }
}

impl Pair {
    /// Compares the kernel's picture with the shadow's, or with itself.
    fn compare(
        &mut self,
        shadow: Option<&Region>,
        cpu: u32,
        order: Order,
    ) -> Result<Option<Divergence>> {
        let Some(shadow) = shadow else {
            return Ok(audit::image(&self.real, self.zone.nr_free_exact(), order));
        };

        self.write_ours(shadow, cpu)?;
        let (real, ours) = (&self.real.scalars, &self.ours.scalars);

        Ok(compare::images(&self.real, &self.ours)
            .or_else(|| compare::scalars(self.real.kind, real, ours)))
    }

    /// Writes the shadow's zone down. Its lists may be longer than the kernel's, if it is wrong.
    fn write_ours(&mut self, shadow: &Region, cpu: u32) -> Result {
        let mut nr = self.real.free.len().max(self.real.pcp.len());

        loop {
            nr = nr.wrapping_mul(2).wrapping_add(ROOM);
            room(&mut self.ours.free, nr)?;
            room(&mut self.ours.pcp, nr)?;
            room(&mut self.ours.pageblocks, self.real.pageblocks.len())?;
            match shadow.write_image(self.real.kind, cpu, &mut self.ours) {
                Err(ENOMEM) if nr < self.real.spanned as usize => (),
                done => return done,
            }
        }
    }

    /// Pageblocks that have another type than remembered.
    fn nr_retyped(&self) -> u64 {
        let pairs = self.types.iter().zip(self.real.pageblocks.iter());

        pairs.fold(0, |nr, (a, b)| nr.wrapping_add(u64::from(a != b)))
    }
}

/// Has the shadow split its counters as the kernel does.
pub(super) fn adopt(shadow: Option<&Region>, cpu: u32, kind: ZoneType, found: &ZoneScalars) {
    if let Some(shadow) = shadow {
        shadow.adopt_counters(kind, cpu, found.free, found.free_cma, found.pcp.expire);
    }
}

/// Sees to it that `nr` elements fit.
fn room<T>(list: &mut KVVec<T>, nr: usize) -> Result {
    if list.capacity() < nr {
        *list = KVVec::with_capacity(nr, GFP_KERNEL | __GFP_NOWARN)?;
    }
    Ok(())
}

/// Order of a pageblock of the running kernel.
pub(super) fn pageblock_order() -> Result<Order> {
    Order::new(u32::from(sys::pageblock_order())).ok_or(EINVAL)
}
