// SPDX-License-Identifier: GPL-2.0

//! PCP_STAT and DRAIN: what CPUs have in stock.

#![deny(unsafe_code)]

use super::{
    call::Call,
    query::fill,
    Device, //
};
use crate::{
    page_alloc::{
        node::Node,
        pageset::Pageset, //
    },
    pcp::{
        PcpIndex,
        PerCpuPages,
        NR_PCP_LISTS, //
    },
    sys::{
        self,
        uapi, //
    },
    zone::ZoneType, //
};
use kernel::prelude::*;

/// Lists without those of huge pages.
const NR_SMALL_LISTS: u8 = NR_PCP_LISTS - 2;

impl Device {
    /// Lists of a CPU, 0 if they never keep anything.
    pub(super) fn nr_pcp_lists(&self) -> u32 {
        let config = self.region().config();

        match (config.exact, config.has_huge) {
            (true, _) => 0,
            (false, true) => u32::from(NR_PCP_LISTS),
            (false, false) => u32::from(NR_SMALL_LISTS),
        }
    }

    /// RB_PCP_STAT.
    #[inline(never)]
    pub(super) fn pcp_stat(&self, call: &Call) -> Result {
        let mut req: uapi::rb_pcp_stat = call.read()?;

        if req.flags != 0 || req.reserved1 != [0; 6] {
            return Err(EINVAL);
        }
        let kind = ZoneType::from_number(req.zone).ok_or(EINVAL)?;
        let node = self.region().node(req.nid).ok_or(ENODEV)?;
        let pageset = node.zone(kind).ok_or(ENODEV)?;

        pageset
            .with(req.cpu, |pcp| fill_pcp_stat(&mut req, pcp))
            .ok_or(ENODEV)?;
        req.online = u32::from(sys::cpu_is_online(req.cpu));
        req.nr_lists = self.nr_pcp_lists();
        call.write(&req)
    }

    /// RB_DRAIN.
    #[inline(never)]
    pub(super) fn drain(&self, call: &Call) -> Result {
        let req: uapi::rb_drain = call.read()?;

        if req.flags != 0 || req.reserved != [0; 2] {
            return Err(EINVAL);
        }
        let kind = match req.zone {
            uapi::RB_ALL => None,
            zone => Some(zone_type(zone)?),
        };

        call.require_write()?;
        let cpu = cpu(req.cpu)?;

        match req.nid {
            uapi::RB_ALL => self.drain_nodes(kind, cpu),
            nid => drain_node(self.region().node(nid).ok_or(ENODEV)?, kind, cpu),
        }
    }

    /// ENODEV if no node has such a zone.
    fn drain_nodes(&self, kind: Option<ZoneType>, cpu: Option<u32>) -> Result {
        let mut result = Err(ENODEV);

        for node in self.region().nodes() {
            if drain_node(node, kind, cpu).is_ok() {
                result = Ok(());
            }
        }
        result
    }
}

/// EINVAL.
pub(super) fn zone_type(number: i32) -> Result<ZoneType> {
    let number = u32::try_from(number).map_err(|_| EINVAL)?;

    ZoneType::from_number(number).ok_or(EINVAL)
}

/// `None` for all.
fn cpu(number: i32) -> Result<Option<u32>> {
    if number == uapi::RB_ALL {
        return Ok(None);
    }
    let cpu = u32::try_from(number).map_err(|_| ENODEV)?;

    match cpu < sys::nr_cpus() {
        true => Ok(Some(cpu)),
        false => Err(ENODEV),
    }
}

fn drain_node(node: &Node, kind: Option<ZoneType>, cpu: Option<u32>) -> Result {
    match kind {
        Some(kind) => drain_zone(node.zone(kind).ok_or(ENODEV)?, cpu),
        None => {
            for pageset in node.zones() {
                drain_zone(pageset, cpu)?;
            }
            Ok(())
        }
    }
}

fn drain_zone(pageset: &Pageset, cpu: Option<u32>) -> Result {
    match cpu {
        Some(cpu) => pageset.drain(cpu),
        None => pageset.drain_all(),
    }
    sys::cond_resched();
    Ok(())
}

/// Fills in everything but what the caller said.
fn fill_pcp_stat(stat: &mut uapi::rb_pcp_stat, pcp: &mut PerCpuPages) {
    // None of these is negative.
    let number = |value: i32| u64::try_from(value).unwrap_or(0);
    let (scalars, events) = (pcp.scalars(), pcp.events());

    stat.count = number(scalars.count);
    stat.high = number(scalars.high);
    stat.high_min = number(scalars.high_min);
    stat.high_max = number(scalars.high_max);
    stat.batch = number(scalars.batch);
    stat.free_count = number(i32::from(scalars.free_count));
    stat.alloc_factor = u64::from(scalars.alloc_factor);
    stat.expire = u64::from(scalars.expire);
    stat.pgalloc = events.pgalloc;
    stat.pgfree = events.pgfree;
    stat.refills = events.refill;
    stat.drains = events.drain;
    stat.ring_full = events.ring_full;
    fill(
        &mut stat.lists,
        PcpIndex::all().map(|index| pcp.nr_blocks(index)),
    );
}
