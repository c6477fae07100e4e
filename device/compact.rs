// SPDX-License-Identifier: GPL-2.0

//! COMPACT: moves blocks because somebody says so.
//!
//! C: `sysctl_compaction_handler()`, `compact_store()` in `mm/compaction.c`.

#![deny(unsafe_code)]

use super::{
    call::Call,
    reclaim::Deadline,
    stock::zone_type,
    Device, //
};
use crate::{
    page_alloc::compact_nodes::{
        CompactReport,
        CompactTask, //
    },
    slowpath::compact::{
        control::Progress,
        CompactPriority,
        CompactResult, //
    },
    sys::{
        self,
        uapi, //
    },
    zone::order::Order, //
};
use kernel::{
    prelude::*,
    sync::atomic::{
        Acquire,
        Release, //
    }, //
};

impl Device {
    /// RB_COMPACT.
    #[inline(never)]
    pub(super) fn compact(&self, call: &Call) -> Result {
        let mut req: uapi::rb_compact = call.read()?;
        let mut task = task(&req)?;

        if req.flags != 0 || req.reserved0 != [0; 2] {
            return Err(EINVAL);
        }
        if !sys::capable_sys_admin() {
            return Err(EPERM);
        }
        call.require_write()?;
        task.nid = self.node_or_all(req.nid)?;
        self.check_zone(&task)?;
        call.write(&req)?;
        let report = self.compact_alone(&task, &Budget::new(&req))?;

        req.result = report.result as u32;
        req.migrate_scanned = report.progress.migrate_scanned;
        req.free_scanned = report.progress.free_scanned;
        req.migrated = report.progress.migrated;
        req.failed = report.progress.failed;
        req.freed_blocks = report.freed_blocks;
        call.write(&req)
    }

    /// Compacts everything, as hard as it can (C: `compact_nodes()`). EALREADY if somebody else is
    /// at it, EINTR if a signal ended it. Sleeps.
    pub(super) fn compact_memory(&self) -> Result {
        let task = CompactTask {
            nid: None,
            zone: None,
            order: None,
            priority: CompactPriority::SyncFull,
        };

        let report = self.compact_alone(&task, &Budget::UNLIMITED)?;
        // Not one that came when all was done.
        let was_ended = report.result == CompactResult::Contended && sys::signal_pending();

        match was_ended {
            true => Err(EINTR),
            false => Ok(()),
        }
    }

    /// EALREADY if somebody else is at it, EINTR if this task is to die.
    fn compact_alone(&self, task: &CompactTask, budget: &Budget) -> Result<CompactReport> {
        if self.is_compacting.xchg(true, Acquire) {
            return Err(EALREADY);
        }
        let report = self.compact_until(task, budget);

        self.is_compacting.store(false, Release);
        self.watch_all();
        self.raise(uapi::RB_PRESSURE_COMPACT_DONE);
        match sys::fatal_signal_pending() {
            true => Err(EINTR),
            false => Ok(report),
        }
    }

    fn compact_until(&self, task: &CompactTask, budget: &Budget) -> CompactReport {
        let stop = |progress: &Progress| budget.is_spent(progress);

        // What CPUs have in stock is neither free nor anybody's to be moved.
        self.region().drain_all_pages();
        self.region().compact_nodes(task, self, &stop)
    }

    /// ENODEV if no such node has such a zone.
    fn check_zone(&self, task: &CompactTask) -> Result {
        let found = self.region().zones().any(|zone| {
            let node = task.nid.is_none_or(|nid| nid == zone.nid());

            node && task.zone.is_none_or(|kind| kind == zone.kind())
        });

        found.then_some(()).ok_or(ENODEV)
    }
}

/// How far a call may go.
struct Budget {
    pages: u64,
    deadline: Deadline,
}

impl Budget {
    const UNLIMITED: Self = Self {
        pages: u64::MAX,
        deadline: Deadline::NONE,
    };

    fn new(req: &uapi::rb_compact) -> Self {
        Self {
            pages: match req.budget_pages {
                0 => u64::MAX,
                pages => pages,
            },
            deadline: Deadline::after(req.timeout_ns),
        }
    }

    fn is_spent(&self, progress: &Progress) -> bool {
        let scanned = progress.migrate_scanned.wrapping_add(progress.free_scanned);

        scanned >= self.pages || self.deadline.is_over()
    }
}

/// What a call asks for, but for the node. EINVAL.
fn task(req: &uapi::rb_compact) -> Result<CompactTask> {
    Ok(CompactTask {
        nid: None,
        zone: match req.zone {
            uapi::RB_ALL => None,
            zone => Some(zone_type(zone)?),
        },
        order: match u32::try_from(req.order) {
            Ok(order) => Some(Order::new(order).ok_or(EINVAL)?),
            Err(_) if req.order == -1 => None,
            Err(_) => return Err(EINVAL),
        },
        priority: match req.mode {
            uapi::RB_COMPACT_ASYNC => CompactPriority::Async,
            uapi::RB_COMPACT_SYNC_LIGHT => CompactPriority::SyncLight,
            uapi::RB_COMPACT_SYNC_FULL => CompactPriority::SyncFull,
            _ => return Err(EINVAL),
        },
    })
}
