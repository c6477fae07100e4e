// SPDX-License-Identifier: GPL-2.0

//! NODE_STAT: who works in the background of a node.

#![deny(unsafe_code)]

use super::{
    call::Call,
    Device, //
};
use crate::{
    page_alloc::{
        node::Node,
        pageset::Pageset, //
    },
    sys::uapi,
    zone::ZoneType, //
};
use kernel::prelude::*;

impl Device {
    /// RB_NODE_STAT.
    #[inline(never)]
    pub(super) fn node_stat(&self, call: &Call) -> Result {
        let mut req: uapi::rb_node_stat = call.read()?;

        if req.flags != 0 || req.reserved1 != [0; 4] {
            return Err(EINVAL);
        }
        let node = self.region().node(req.nid).ok_or(ENODEV)?;

        fill_kswapd(&mut req, node);
        fill_kcompactd(&mut req, node);
        req.nr_isolated = node.zones().fold(0, |sum: u64, pageset| {
            let zone = pageset.zone();

            sum.wrapping_add(zone.lru_isolated())
                .wrapping_add(zone.nr_isolated())
        });
        for (slot, kind) in req.zones.iter_mut().zip(ZoneType::ALL) {
            *slot = node.zone(kind).map(zone_stat).unwrap_or_default();
        }
        call.write(&req)
    }
}

fn fill_kswapd(stat: &mut uapi::rb_node_stat, node: &Node) {
    let kswapd = node.kswapd();
    let (order, highest) = kswapd.asked(ZoneType::Movable);

    stat.kswapd_state = match (kswapd.is_present(), kswapd.is_hopeless()) {
        (false, _) => uapi::RB_THREAD_NONE,
        (true, true) => uapi::RB_THREAD_HOPELESS,
        (true, false) if kswapd.is_asleep() => uapi::RB_THREAD_ASLEEP,
        (true, false) => uapi::RB_THREAD_RUNNING,
    };
    stat.kswapd_order = u32::from(order.get());
    stat.kswapd_highest_zone = highest.index() as u32;
    stat.kswapd_failures = kswapd.failures();
    stat.kswapd_runs = kswapd.runs();
    stat.nr_throttled = kswapd.nr_throttled();
}

fn fill_kcompactd(stat: &mut uapi::rb_node_stat, node: &Node) {
    let kcompactd = node.kcompactd();

    stat.kcompactd_state = match kcompactd.is_asleep() {
        true => uapi::RB_THREAD_ASLEEP,
        false => uapi::RB_THREAD_RUNNING,
    };
    stat.kcompactd_order = kcompactd
        .work()
        .map_or(0, |work| u32::from(work.order.get()));
    stat.kcompactd_runs = kcompactd.nr_runs();
}

fn zone_stat(pageset: &Pageset) -> uapi::rb_zone_compaction {
    let zone = pageset.zone();
    let (active, inactive) = zone.lru_counts();
    let compaction = zone.compaction();
    let scanners = compaction.scanners();

    uapi::rb_zone_compaction {
        active,
        inactive,
        migrate_idx: u64::from(scanners.migrate.get()),
        free_idx: u64::from(scanners.free.get()),
        considered: compaction.deferral.considered,
        defer_shift: compaction.deferral.shift,
        order_failed: compaction.deferral.order_failed as i32,
        reserved0: 0,
    }
}
