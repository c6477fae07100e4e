// SPDX-License-Identifier: GPL-2.0

//! The slow path of the fake: blocks that move and are purged when somebody asks for it.
//!
//! Nothing happens in the background: kswapd claims to run while a zone is below its low watermark,
//! kcompactd sleeps. Budgets are kept, times are not.

#![deny(unsafe_code)]

use std::collections::BTreeMap;

use rust_buddy_sys::*;
use rustix::io::{
    Errno,
    Result, //
};

use super::{
    zone_range,
    Fake,
    Held,
    State,
    PAGEBLOCK,
    PAGEBLOCK_ORDER,
    REGION_PAGES, //
};

/// Names of what `RB_VMSTAT` answers, as the debugfs file vmstat has them.
pub(super) const VMSTAT: [&str; 9] = [
    "nr_free_pages",
    "pgalloc_normal",
    "pgfree",
    "pgscan_proactive",
    "pgsteal_proactive",
    "pgmigrate_success",
    "compact_migrate_scanned",
    "compact_free_scanned",
    "compact_success",
];

/// What the scanners and the subscriptions remember.
#[derive(Default)]
pub(super) struct Slow {
    /// Where the scanners of a zone go on, while they have not met.
    scanners: BTreeMap<u32, Scanners>,
    migrate_scanned: u64,
    free_scanned: u64,
    migrated: u64,
    success: u64,
    scanned: u64,
    reclaimed: u64,
    /// Masks by eventfd.
    subscriptions: BTreeMap<i32, u32>,
    fired: u32,
    seq: u64,
}

#[derive(Clone, Copy)]
struct Scanners {
    migrate: u32,
    free: u32,
}

impl Scanners {
    fn of(zone: u32) -> Self {
        let range = zone_range(zone);
        Self {
            migrate: range.start,
            free: range.end,
        }
    }

    fn have_met(self) -> bool {
        self.migrate >= self.free
    }
}

impl Slow {
    pub(super) fn subscribe(&mut self, arg: &rb_event_set) -> Result<()> {
        if arg.mask == 0 || arg.mask & !RB_PRESSURE_ALL != 0 {
            return Err(Errno::INVAL);
        }
        match self.subscriptions.contains_key(&arg.eventfd) {
            true => Err(Errno::EXIST),
            false => {
                self.subscriptions.insert(arg.eventfd, arg.mask);
                Ok(())
            }
        }
    }

    pub(super) fn unsubscribe(&mut self, eventfd: i32) -> Result<()> {
        let mask = self.subscriptions.remove(&eventfd);
        mask.map(|_| ()).ok_or(Errno::NOENT)
    }

    /// Nothing happens while one waits: what has not happened before is a timeout.
    pub(super) fn wait(&mut self, arg: &mut rb_event_wait) -> Result<()> {
        let mask = self.subscriptions.get(&RB_NO_EVENTFD).copied().unwrap_or(0);
        if arg.mask == 0 || arg.mask & !mask != 0 {
            return Err(Errno::INVAL);
        }
        if self.fired & arg.mask == 0 {
            return Err(Errno::TIMEDOUT);
        }
        (arg.fired, arg.seq) = (self.fired & arg.mask, self.seq);
        self.fired &= !arg.mask;
        Ok(())
    }

    fn fire(&mut self, event: u32) {
        self.fired |= event;
        self.seq += 1;
    }
}

impl Fake {
    /// The names of the counters, as the debugfs file vmstat has them, with their values.
    pub fn vmstat_text(&self) -> String {
        let lines = VMSTAT.iter().zip(self.vmstat_values());
        let lines: Vec<String> = lines.map(|(name, nr)| format!("{name} {nr}\n")).collect();
        lines.concat()
    }

    pub(super) fn vmstat_values(&self) -> [u64; VMSTAT.len()] {
        let state = self.state.borrow();
        let slow = &state.slow;
        let allocated = u64::from(state.next_gen - 1);
        [
            state.nr_free(0..REGION_PAGES),
            allocated,
            allocated - state.blocks.len() as u64,
            slow.scanned,
            slow.reclaimed,
            slow.migrated,
            slow.migrate_scanned,
            slow.free_scanned,
            slow.success,
        ]
    }

    pub(super) fn fill_node(&self, arg: &mut rb_node_stat) -> Result<()> {
        if arg.nid != 1 {
            return Err(Errno::NODEV);
        }
        let state = self.state.borrow();
        let is_short = (0..4).any(|zone| state.is_below_low(zone));
        arg.kswapd_state = match is_short {
            true => RB_THREAD_RUNNING,
            false => RB_THREAD_ASLEEP,
        };
        arg.kswapd_highest_zone = RB_ZONE_MOVABLE;
        arg.kcompactd_state = RB_THREAD_ASLEEP;
        for (zone, entry) in (0..4).zip(&mut arg.zones) {
            let at = state.slow.scanners.get(&zone).copied();
            let at = at.unwrap_or(Scanners::of(zone));
            (entry.migrate_idx, entry.free_idx) = (at.migrate.into(), at.free.into());
            (entry.active, entry.inactive) = state.nr_purgeable(zone);
        }
        Ok(())
    }
}

impl State {
    fn is_below_low(&self, zone: u32) -> bool {
        let range = zone_range(zone);
        self.nr_free(range.clone()) < u64::from((range.end - range.start) / 48)
    }

    /// Pages of purgeable blocks: active and inactive.
    fn nr_purgeable(&self, zone: u32) -> (u64, u64) {
        let range = zone_range(zone);
        let there = self
            .blocks
            .values()
            .filter(|held| held.is_reclaimable() && range.contains(&held.page));
        let (mut active, mut inactive) = (0, 0);
        for held in there {
            let list = if held.hot { &mut active } else { &mut inactive };
            *list += 1 << held.order;
        }
        (active, inactive)
    }

    /// Does what is advised; whether the contents are to be zeroed.
    pub(super) fn advise(&mut self, arg: &mut rb_advise) -> Result<bool> {
        let mut held = *self.held(arg.id, arg.gen, arg.order)?;
        let was_purged = held.purged;
        match arg.advice {
            RB_ADVISE_PURGEABLE => held.purgeable = true,
            RB_ADVISE_NEEDED => {
                self.bring_back(&mut held)?;
                arg.was_purged = u32::from(was_purged);
            }
            RB_ADVISE_PIN => held.pins += 1,
            RB_ADVISE_UNPIN => held.pins = held.pins.checked_sub(1).ok_or(Errno::RANGE)?,
            RB_ADVISE_MOVABLE => held.movable = true,
            RB_ADVISE_UNMOVABLE => held.movable = false,
            RB_ADVISE_COLD => held.hot = false,
            RB_ADVISE_HOT => held.hot = true,
            _ => return Err(Errno::INVAL),
        }
        (arg.idx, arg.nr_pins) = (held.page.into(), held.pins);
        self.blocks.insert(arg.id, held);
        Ok(arg.was_purged != 0)
    }

    fn bring_back(&mut self, held: &mut Held) -> Result<()> {
        held.purgeable = false;
        if !held.purged {
            return Ok(());
        }
        let page = self.first_fit(0..REGION_PAGES, held.order);
        held.page = page.ok_or(Errno::NOMEM)?;
        held.purged = false;
        self.set(held.page, held.order, true);
        Ok(())
    }

    /// Inactive blocks first, each in the order of their ids.
    pub(super) fn reclaim(&mut self, arg: &mut rb_reclaim) -> Result<()> {
        if arg.nid != RB_ALL && arg.nid != 1 {
            return Err(Errno::NODEV);
        }
        let purgeable = self.blocks.iter().filter(|(_, held)| held.is_reclaimable());
        let mut ids: Vec<(bool, u32)> = purgeable.map(|(id, held)| (held.hot, *id)).collect();
        ids.sort_unstable();
        for (_, id) in ids {
            if arg.nr_reclaimed >= arg.nr_pages {
                break;
            }
            arg.nr_reclaimed += self.purge(id);
        }
        arg.nr_scanned = arg.nr_reclaimed;
        self.slow.scanned += arg.nr_scanned;
        self.slow.reclaimed += arg.nr_reclaimed;
        Ok(())
    }

    fn purge(&mut self, id: u32) -> u64 {
        let Some(held) = self.blocks.get_mut(&id) else {
            return 0;
        };
        held.purged = true;
        let held = *held;
        self.set(held.page, held.order, false);
        self.slow.fire(RB_PRESSURE_PURGED);
        1 << held.order
    }

    pub(super) fn compact(&mut self, arg: &mut rb_compact) -> Result<()> {
        if arg.nid != RB_ALL && arg.nid != 1 || arg.zone > 3 {
            return Err(Errno::NODEV);
        }
        let before = self.nr_large(0..REGION_PAGES, PAGEBLOCK_ORDER);
        for zone in 0..4 {
            if arg.zone == RB_ALL || arg.zone as u32 == zone {
                let result = self.compact_zone(zone, arg);
                arg.result = arg.result.max(result);
            }
        }
        arg.freed_blocks = self.nr_large(0..REGION_PAGES, PAGEBLOCK_ORDER) - before;
        self.slow.migrate_scanned += arg.migrate_scanned;
        self.slow.free_scanned += arg.free_scanned;
        self.slow.migrated += arg.migrated;
        Ok(())
    }

    /// Goes on where it ended, until the scanners meet, a block is free, or the budget is gone.
    fn compact_zone(&mut self, zone: u32, arg: &mut rb_compact) -> u32 {
        let known = self.slow.scanners.get(&zone).copied();
        let mut at = known.unwrap_or(Scanners::of(zone));
        let result = loop {
            let order = u32::try_from(arg.order).ok();
            if order.is_some_and(|order| self.nr_large(zone_range(zone), order) > 0) {
                self.slow.success += 1;
                break RB_COMPACT_SUCCESS;
            }
            if at.have_met() {
                at = Scanners::of(zone);
                self.slow.fire(RB_PRESSURE_COMPACT_DONE);
                break RB_COMPACT_COMPLETE;
            }
            if arg.budget_pages != 0 && arg.migrate_scanned + arg.free_scanned >= arg.budget_pages {
                break RB_COMPACT_CONTINUE;
            }
            self.step(&mut at, arg);
        };
        self.slow.scanners.insert(zone, at);
        result
    }

    /// The migrate scanner looks at one place.
    fn step(&mut self, at: &mut Scanners, arg: &mut rb_compact) {
        let found = self
            .blocks
            .iter()
            .find(|(_, held)| held.page == at.migrate && held.is_movable())
            .map(|(id, held)| (*id, 1 << held.order));
        let pages = found.map_or(1, |(_, pages)| pages);
        arg.migrate_scanned += u64::from(pages);
        at.migrate += pages;
        if let Some((id, _)) = found {
            if self.migrate(id, at, arg) {
                arg.migrated += u64::from(pages);
            }
        }
    }

    /// Moves a block to the highest place that is free, above the migrate scanner.
    fn migrate(&mut self, id: u32, at: &mut Scanners, arg: &mut rb_compact) -> bool {
        let Some(held) = self.blocks.get(&id).copied() else {
            return false;
        };
        let pages = 1u32 << held.order;
        let mut target = at.free / pages * pages;
        while target >= at.migrate + pages {
            target -= pages;
            arg.free_scanned += u64::from(pages);
            if self.is_free(target, held.order) {
                self.set(held.page, held.order, false);
                self.set(target, held.order, true);
                self.types[(target / PAGEBLOCK) as usize] = RB_MIGRATE_MOVABLE;
                self.blocks.insert(
                    id,
                    Held {
                        page: target,
                        ..held
                    },
                );
                at.free = target;
                return true;
            }
        }
        at.free = at.migrate;
        false
    }

    /// Free blocks that are at least so large, in blocks of that order.
    fn nr_large(&self, range: std::ops::Range<u32>, order: u32) -> i64 {
        let blocks = self.free_blocks(range);
        let large = blocks.iter().filter(|block| block.1 >= order);
        large.map(|block| 1i64 << (block.1 - order)).sum()
    }
}

impl Held {
    fn is_reclaimable(&self) -> bool {
        self.purgeable && !self.purged && self.pins == 0
    }

    fn is_movable(&self) -> bool {
        self.movable && !self.purged && self.pins == 0
    }
}
