// SPDX-License-Identifier: GPL-2.0

//! QUERY, ZONE_STAT, BLOCKMAP and VERIFY: calls that only look.

#![deny(unsafe_code)]

use super::{
    bulk::MAX_BULK,
    call::Call,
    Device,
    File, //
};
use crate::{
    page_alloc::pageset::Pageset,
    pcp::PcpEvents,
    sys::{
        self,
        uapi, //
    },
    zone::{
        alloc_flags::Wmark,
        migratetype::{
            Migratetype,
            MIGRATE_TYPES, //
        },
        order::{
            Order,
            NR_PAGE_ORDERS, //
        },
        vmstat::Snapshot,
        PageblockStat,
        ZoneType, //
    }, //
};
use kernel::prelude::*;

/// Entries that one BLOCKMAP or VMSTAT call may ask for.
pub(super) const MAX_FETCH: u32 = 65536;

/// How often a zone is looked at again because CPUs gave pages back to it.
const MAX_LOOKS: u32 = 8;

impl Device {
    /// RB_QUERY.
    #[inline(never)]
    pub(super) fn query(&self, call: &Call, file: &File) -> Result {
        let req: uapi::rb_query = call.read()?;

        if req.what != uapi::RB_QUERY_GLOBAL || req.flags & !uapi::RB_QUERY_PFN != 0 {
            return Err(EINVAL);
        }
        let wants_pfn = req.flags & uapi::RB_QUERY_PFN != 0;

        if wants_pfn && !sys::capable_sys_admin() {
            return Err(EPERM);
        }
        let mut answer = self.facts(file);

        answer.what = req.what;
        answer.flags = req.flags;
        if wants_pfn {
            answer.base_pfn = self.carved().base_pfn();
        }
        call.write(&answer)
    }

    fn facts(&self, file: &File) -> uapi::rb_query {
        let config = self.region().config();
        let client = self
            .records()
            .with(|records| records.clients.get(file.client).copied());

        uapi::rb_query {
            uapi_major: uapi::RB_UAPI_MAJOR,
            uapi_minor: uapi::RB_UAPI_MINOR,
            features: self.features(),
            page_shift: sys::PAGE_SHIFT,
            nr_orders: NR_PAGE_ORDERS as u32,
            pageblock_order: u32::from(config.pageblock_order.get()),
            nr_migratetypes: MIGRATE_TYPES as u32,
            nr_nodes: self.region().nodes().fold(0u32, |nr, _| nr.wrapping_add(1)),
            nr_zones: self.region().zones().fold(0u32, |nr, _| nr.wrapping_add(1)),
            nr_cpus: sys::nr_online_cpus(),
            nr_pcp_lists: self.nr_pcp_lists(),
            region_pages: u64::from(config.nr_pages),
            managed_pages: u64::from(config.nr_pages),
            free_pages: self.region().nr_free(),
            used_by_me: client.map_or(0, |client| client.pages),
            epoch: self.epoch(),
            host_version: sys::host_version(),
            max_bulk: MAX_BULK,
            max_fetch: MAX_FETCH,
            window_shift: super::WINDOW_SHIFT,
            ..Default::default()
        }
    }

    fn features(&self) -> u64 {
        let pcp = match self.nr_pcp_lists() {
            0 => 0,
            _ => uapi::RB_FEATURE_PCP,
        };

        let slow = uapi::RB_FEATURE_RECLAIM | uapi::RB_FEATURE_COMPACTION | uapi::RB_FEATURE_EVENTS;

        u64::from(uapi::RB_FEATURE_MMAP | super::PMD_FEATURE | pcp | slow) | self.oracle_feature()
    }

    /// RB_ZONE_STAT.
    #[inline(never)]
    pub(super) fn zone_stat(&self, call: &Call) -> Result {
        // Read and answered in one place: it is large.
        let mut req: uapi::rb_zone_stat = call.read()?;

        if req.flags != 0 || req.reserved0 != 0 || req.reserved1 != [0; 6] {
            return Err(EINVAL);
        }
        let kind = ZoneType::from_number(req.zone).ok_or(EINVAL)?;
        let node = self.region().node(req.nid).ok_or(ENODEV)?;

        fill_zone_stat(&mut req, node.zone(kind).ok_or(ENODEV)?);
        call.write(&req)
    }

    /// RB_BLOCKMAP.
    #[inline(never)]
    pub(super) fn blockmap(&self, call: &Call) -> Result {
        let mut req: uapi::rb_blockmap = call.read()?;

        if req.flags != 0 || req.reserved0 != 0 || req.reserved1 != 0 || req.nr == 0 {
            return Err(EINVAL);
        }
        if req.nr > MAX_FETCH {
            return Err(E2BIG);
        }
        let nr_pageblocks = self.region().nr_pageblocks();
        let start = u32::try_from(req.start).map_err(|_| ERANGE)?;
        let rest = nr_pageblocks
            .checked_sub(start)
            .filter(|rest| *rest > 0)
            .ok_or(ERANGE)?;
        let nr = req.nr.min(rest);
        let blocks = uapi::UserArray::new(req.buf_ptr, nr)?;

        for offset in 0..nr {
            blocks.put(offset, &self.pageblock(start.wrapping_add(offset)))?;
            sys::cond_resched();
        }
        req.nr_done = nr;
        req.epoch = self.epoch();
        call.write(&req)
    }

    fn pageblock(&self, nr: u32) -> uapi::rb_pageblock {
        let config = self.region().config();
        let Some((zone, stat)) = self.region().pageblock(nr) else {
            return Default::default();
        };

        uapi::rb_pageblock {
            free: stat.free,
            nr_pages: config.pageblock_order.nr_pages(),
            info: info(zone.kind(), zone.nid(), &stat),
            reserved: 0,
        }
    }

    /// RB_VERIFY. Holds each zone's lock for the walk of that zone.
    #[inline(never)]
    pub(super) fn verify(&self, call: &Call) -> Result {
        let req: uapi::rb_verify = call.read()?;

        let reserved = req.reserved0 | req.reserved1;

        if req.flags != 0 || reserved != 0 || req.reserved2 != [0; 7] {
            return Err(EINVAL);
        }
        let report = self.region().validate();
        let (page, fault) = match report.first {
            Some((page, fault)) => (u64::from(page.get()), fault as u32),
            None => (0, 0),
        };

        call.write(&uapi::rb_verify {
            checked: report.checked,
            errors: report.errors,
            first_idx: page,
            code: fault,
            ..Default::default()
        })?;
        match report.errors {
            0 => Ok(()),
            _ => Err(EUCLEAN),
        }
    }
}

fn info(kind: ZoneType, nid: i32, stat: &PageblockStat) -> u32 {
    let largest = stat
        .largest
        .map_or(0, |order| u32::from(order.get()).wrapping_add(1));

    u32::from(stat.migratetype.number())
        | (kind as u32) << uapi::RB_PB_ZONE_SHIFT
        | (nid as u32 & 0xff) << uapi::RB_PB_NID_SHIFT
        | largest << uapi::RB_PB_LARGEST_SHIFT
}

/// Fills in everything but what the caller said.
fn fill_zone_stat(stat: &mut uapi::rb_zone_stat, pageset: &Pageset) {
    let zone = pageset.zone();
    let span = zone.span();
    let (picture, pcp_total) = picture(pageset);
    let marks = zone.marks();
    let nr_pages = u64::from(span.nr_pages);

    stat.seq = picture.seq;
    (stat.spanned, stat.present, stat.managed) = (nr_pages, nr_pages, picture.managed);
    stat.free = picture.nr_free;
    stat.pcp_total = pcp_total;
    stat.min = marks.visible(Wmark::Min);
    stat.low = marks.visible(Wmark::Low);
    stat.high = marks.visible(Wmark::High);
    stat.promo = marks.visible(Wmark::Promo);
    stat.boost = marks.boost;
    stat.reserved_highatomic = picture.nr_reserved_highatomic;
    stat.free_highatomic = picture.nr_free_highatomic;
    stat.start_idx = u64::from(span.start.get());
    fill(&mut stat.protection, zone.lowmem_reserve().into_iter());
    fill(&mut stat.name, zone.kind().name().bytes());
    fill_free(stat, &picture);
    fill_events(stat, &picture, &pageset.events());
}

/// A picture of a zone and the pages that CPUs had in stock at that time. Stocks have locks of
/// their own, so pages that are given back meanwhile would be missing in both: looks again then,
/// but not for ever.
fn picture(pageset: &Pageset) -> (Snapshot, u64) {
    let mut before = pageset.total();
    let mut picture = pageset.zone().snapshot();

    for _ in 0..MAX_LOOKS {
        let after = pageset.total();

        if before == after {
            break;
        }
        before = after;
        picture = pageset.zone().snapshot();
    }
    (picture, before)
}

/// Overwrites `to` with `from`, and what is left of it with zeroes.
pub(super) fn fill<T: Copy + Default>(to: &mut [T], from: impl Iterator<Item = T>) {
    let mut from = from.fuse();

    for slot in to {
        *slot = from.next().unwrap_or_default();
    }
}

fn fill_free(stat: &mut uapi::rb_zone_stat, picture: &Snapshot) {
    let mut types = Migratetype::ALL.iter();

    for row in &mut stat.nr_free {
        let mt = types.next();
        let count = |order| mt.map_or(0, |mt| u64::from(*picture.blocks.at(*mt).at(order)));

        fill(row, Order::all().map(count));
    }
}

fn fill_events(stat: &mut uapi::rb_zone_stat, picture: &Snapshot, pcp: &PcpEvents) {
    let events = &picture.events;

    // In the order of `enum rb_event`.
    fill(
        &mut stat.events,
        [
            events.pgalloc.wrapping_add(pcp.pgalloc),
            events.pgfree.wrapping_add(pcp.pgfree),
            events.extfrag_claim,
            events.extfrag_steal,
            events.alloc_fail,
            events.bad_page,
        ]
        .into_iter(),
    );
}
