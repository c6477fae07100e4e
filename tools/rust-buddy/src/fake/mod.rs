// SPDX-License-Identifier: GPL-2.0

//! A region in ordinary memory, with the device's answers: for tests without the module.
//!
//! It allocates first fit and keeps no free lists; counts are made up from a page table whenever
//! somebody asks. Limits and per-CPU lists are not modelled. Blocks can be moved and purged
//! (`slow`), but only when somebody asks for it.

#![deny(unsafe_code)]

mod slow;

use std::{
    cell::RefCell,
    collections::BTreeMap,
    ops::Range,
    os::fd::{
        AsFd,
        OwnedFd, //
    },
};

use rust_buddy_sys::*;
use rustix::{
    fs::{
        FallocateFlags,
        MemfdFlags, //
    },
    io::{
        Errno,
        Result, //
    },
};

use crate::{
    Driver,
    Gfp,
    Mapping, //
};

const PAGE_SHIFT: u32 = 12;
const NR_ORDERS: u32 = 11;
const PAGEBLOCK_ORDER: u32 = 9;
const PAGEBLOCK: u32 = 1 << PAGEBLOCK_ORDER;
/// First page of each zone, in maximum-order blocks, for a region of 64 MiB.
const ZONE_STARTS: [u32; 5] = [0, 1, 5, 12, 16];
const BLOCK_PAGES: u32 = 1 << (NR_ORDERS - 1);
const NR_CPUS: u32 = 2;
const REGION_PAGES: u32 = 16 * BLOCK_PAGES;
/// Each handle has a window of its own in the memory, wherever the block lies.
const WINDOW_SHIFT: u32 = PAGE_SHIFT + NR_ORDERS - 1;

/// A region of 64 MiB on node 1, cut into zones as the module does by default.
pub struct Fake {
    /// The interface version it claims.
    pub uapi_major: u32,
    /// Errors that verify claims to find.
    pub errors: u64,
    /// Free pages that each zone claims to have too many.
    pub surplus: u64,
    /// Orders of two requests that a shadow cannot follow if it sees them one after the other, not
    /// necessarily at once, since the last copy that released everything.
    pub blind: Option<(u8, u8)>,
    /// Requests after which somebody else once changes the zones.
    pub disturbed_after: RefCell<Option<usize>>,
    /// Orders of the requests of the oracle since the last copy that released everything.
    asked: RefCell<Vec<u8>>,
    memory: OwnedFd,
    state: RefCell<State>,
}

/// What is allocated.
#[derive(Clone, Copy)]
struct Held {
    gen: u32,
    order: u32,
    /// Its first page.
    page: u32,
    movable: bool,
    purgeable: bool,
    /// It has no pages.
    purged: bool,
    /// Was used lately.
    hot: bool,
    pins: u32,
}

struct State {
    used: Vec<bool>,
    types: Vec<u32>,
    /// By id.
    blocks: BTreeMap<u32, Held>,
    next_gen: u32,
    /// Pages that each CPU claims to have in stock of each zone.
    stock: [[u64; NR_CPUS as usize]; 4],
    /// What was changed, by key and zone.
    tuned: BTreeMap<(u32, u32), u64>,
    slow: slow::Slow,
}

impl Default for Fake {
    fn default() -> Self {
        Self::new().unwrap_or_else(|errno| panic!("memfd for the fake region: {errno}"))
    }
}

impl Fake {
    /// A region that is all free.
    pub fn new() -> Result<Self> {
        let memory = rustix::fs::memfd_create("fake-region", MemfdFlags::CLOEXEC)?;
        rustix::fs::ftruncate(&memory, u64::from(REGION_PAGES) << WINDOW_SHIFT)?;
        Ok(Self {
            uapi_major: RB_UAPI_MAJOR,
            errors: 0,
            surplus: 0,
            blind: None,
            disturbed_after: RefCell::new(None),
            asked: RefCell::new(Vec::new()),
            memory,
            state: RefCell::new(State::new()),
        })
    }
}

impl Fake {
    /// Zeroes the window of a handle.
    fn clear(&self, id: u32) -> Result<()> {
        let how = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        let start = u64::from(id) << WINDOW_SHIFT;
        rustix::fs::fallocate(&self.memory, how, start, 1 << WINDOW_SHIFT)
    }

    fn is_blinded(&self) -> bool {
        let asked = self.asked.borrow();
        let (first, second) = self.blind.unwrap_or((u8::MAX, u8::MAX));
        let start = asked.iter().position(|order| *order == first);
        start.is_some_and(|start| asked[start..].contains(&second))
    }

    fn is_disturbed(&self) -> bool {
        let mut after = self.disturbed_after.borrow_mut();
        *after = match *after {
            Some(0) => None,
            Some(nr) => Some(nr - 1),
            None => return false,
        };
        after.is_none()
    }
}

impl State {
    fn new() -> Self {
        Self {
            used: vec![false; REGION_PAGES as usize],
            types: vec![RB_MIGRATE_MOVABLE; (REGION_PAGES / PAGEBLOCK) as usize],
            blocks: BTreeMap::new(),
            next_gen: 1,
            stock: [[15, 16], [30, 31], [45, 46], [60, 61]],
            tuned: BTreeMap::new(),
            slow: slow::Slow::default(),
        }
    }

    /// Handle and first page.
    fn alloc(&mut self, gfp: u32, order: u32, purgeable: bool) -> Result<(u32, Held)> {
        if order >= NR_ORDERS {
            return Err(Errno::INVAL);
        }
        let page = zones_for(gfp)
            .into_iter()
            .find_map(|zone| self.first_fit(zone_range(zone), order))
            .ok_or(Errno::NOMEM)?;
        let held = Held {
            gen: self.next_gen,
            order,
            page,
            movable: Gfp::from_bits_retain(gfp).contains(Gfp::MOVABLE),
            purgeable,
            purged: false,
            hot: false,
            pins: 0,
        };
        self.next_gen += 1;
        self.set(page, order, true);
        self.types[(page / PAGEBLOCK) as usize] = migratetype(gfp);
        let id = self.unused_id(page);
        self.blocks.insert(id, held);
        Ok((id, held))
    }

    /// The page, or the next number if a block that has moved on has it as its id.
    fn unused_id(&self, page: u32) -> u32 {
        (page..REGION_PAGES)
            .chain(0..page)
            .find(|id| !self.blocks.contains_key(id))
            .unwrap_or(page)
    }

    fn first_fit(&self, range: Range<u32>, order: u32) -> Option<u32> {
        range
            .step_by(1 << order)
            .find(|page| self.is_free(*page, order))
    }

    fn held(&mut self, id: u32, gen: u32, order: u32) -> Result<&mut Held> {
        match self.blocks.get_mut(&id) {
            _ if id >= REGION_PAGES => Err(Errno::RANGE),
            None => Err(Errno::NOENT),
            Some(held) if held.gen != gen => Err(Errno::STALE),
            Some(held) if held.order != order => Err(Errno::INVAL),
            Some(held) => Ok(held),
        }
    }

    fn free(&mut self, id: u32, gen: u32, order: u32) -> Result<()> {
        let held = *self.held(id, gen, order)?;
        self.blocks.remove(&id);
        if !held.purged {
            self.set(held.page, order, false);
        }
        Ok(())
    }

    fn set(&mut self, page: u32, order: u32, used: bool) {
        self.used[pages(page, order)].fill(used);
    }

    fn is_free(&self, page: u32, order: u32) -> bool {
        self.used[pages(page, order)].iter().all(|used| !used)
    }

    fn nr_free(&self, range: Range<u32>) -> u64 {
        range.filter(|page| self.is_free(*page, 0)).count() as u64
    }

    /// The largest free blocks of the range, as a buddy allocator would have merged them.
    fn free_blocks(&self, range: Range<u32>) -> Vec<(u32, u32)> {
        let mut found = Vec::new();
        let mut page = range.start;
        while page < range.end {
            let fits = |order: &u32| {
                let end = page + (1 << order);
                page % (1 << order) == 0 && end <= range.end && self.is_free(page, *order)
            };
            let order = (0..NR_ORDERS).rev().find(fits);
            found.extend(order.map(|order| (page, order)));
            page += 1 << order.unwrap_or(0);
        }
        found
    }

    fn pageblock(&self, index: u32) -> rb_pageblock {
        let range = index * PAGEBLOCK..(index + 1) * PAGEBLOCK;
        let largest = self
            .free_blocks(range.clone())
            .iter()
            .map(|b| b.1 + 1)
            .max();
        let zone = (0..4).find(|zone| zone_range(*zone).contains(&range.start));
        rb_pageblock {
            free: self.nr_free(range) as u32,
            nr_pages: PAGEBLOCK,
            info: self.types[index as usize]
                | (zone.unwrap_or(0) << RB_PB_ZONE_SHIFT)
                | (1 << RB_PB_NID_SHIFT)
                | (largest.unwrap_or(0) << RB_PB_LARGEST_SHIFT),
            reserved: 0,
        }
    }
}

fn pages(page: u32, order: u32) -> Range<usize> {
    page as usize..(page + (1 << order)) as usize
}

fn zone_range(zone: u32) -> Range<u32> {
    let zone = zone as usize;
    ZONE_STARTS[zone] * BLOCK_PAGES..ZONE_STARTS[zone + 1] * BLOCK_PAGES
}

fn zones_for(gfp: u32) -> Vec<u32> {
    let gfp = Gfp::from_bits_retain(gfp);
    let highest = match gfp {
        _ if gfp.contains(Gfp::DMA) => RB_ZONE_DMA,
        _ if gfp.contains(Gfp::DMA32) => RB_ZONE_DMA32,
        _ if gfp.contains(Gfp::HIGHMEM | Gfp::MOVABLE) => RB_ZONE_MOVABLE,
        _ => RB_ZONE_NORMAL,
    };
    (0..=highest).rev().collect()
}

fn migratetype(gfp: u32) -> u32 {
    match Gfp::from_bits_retain(gfp) {
        gfp if gfp.contains(Gfp::MOVABLE) => RB_MIGRATE_MOVABLE,
        gfp if gfp.contains(Gfp::RECLAIMABLE) => RB_MIGRATE_RECLAIMABLE,
        _ => RB_MIGRATE_UNMOVABLE,
    }
}

impl Driver for Fake {
    fn query(&self, arg: &mut rb_query) -> Result<()> {
        let state = self.state.borrow();
        let free_pages = state.nr_free(0..REGION_PAGES);
        *arg = rb_query {
            uapi_major: self.uapi_major,
            uapi_minor: RB_UAPI_MINOR,
            features: (RB_FEATURE_MMAP | RB_FEATURE_RECLAIM | RB_FEATURE_COMPACTION).into(),
            page_shift: PAGE_SHIFT,
            nr_orders: NR_ORDERS,
            pageblock_order: PAGEBLOCK_ORDER,
            nr_migratetypes: 6,
            nr_nodes: 1,
            nr_zones: 4,
            nr_cpus: NR_CPUS,
            region_pages: REGION_PAGES.into(),
            managed_pages: REGION_PAGES.into(),
            free_pages,
            used_by_me: u64::from(REGION_PAGES) - free_pages,
            host_version: 0x07_03_04,
            max_bulk: 4096,
            max_fetch: 16,
            window_shift: WINDOW_SHIFT,
            ..*arg
        };
        Ok(())
    }

    fn alloc(&self, arg: &mut rb_alloc) -> Result<()> {
        let purgeable = arg.flags & u64::from(RB_ALLOC_PURGEABLE) != 0;
        let (id, held) = self
            .state
            .borrow_mut()
            .alloc(arg.gfp, arg.order, purgeable)?;
        self.clear(id)?;
        (arg.id, arg.gen, arg.idx) = (id, held.gen, held.page.into());
        arg.mmap_offset = u64::from(arg.id) << WINDOW_SHIFT;
        arg.path = RB_PATH_BUDDY;
        arg.got_nid = 1;
        arg.got_zone = (0..4)
            .find(|z| zone_range(*z).contains(&held.page))
            .unwrap_or(0);
        arg.latency_ns = 1234;
        Ok(())
    }

    fn free(&self, arg: &rb_free) -> Result<()> {
        self.state.borrow_mut().free(arg.id, arg.gen, arg.order)
    }

    fn alloc_bulk(&self, arg: &mut rb_bulk, blocks: &mut [rb_block]) -> Result<()> {
        for block in blocks {
            match self.state.borrow_mut().alloc(arg.gfp, arg.order, false) {
                Ok((id, held)) => (block.id, block.gen, block.order) = (id, held.gen, arg.order),
                Err(errno) if arg.nr_done == 0 => return Err(errno),
                Err(_) => break,
            }
            arg.nr_done += 1;
        }
        Ok(())
    }

    fn free_bulk(&self, arg: &mut rb_bulk, blocks: &mut [rb_block]) -> Result<()> {
        let mut first = Ok(());
        for block in blocks {
            let result = self
                .state
                .borrow_mut()
                .free(block.id, block.gen, block.order);
            block.result = result.map_or_else(|errno| -errno.raw_os_error(), |()| 0);
            arg.nr_done += u32::from(result.is_ok());
            first = first.and(result);
        }
        first
    }

    fn zone_stat(&self, arg: &mut rb_zone_stat) -> Result<()> {
        if arg.nid != 1 {
            return Err(Errno::NODEV);
        }
        let state = self.state.borrow();
        let range = zone_range(arg.zone);
        let all = u64::from(range.end - range.start);
        arg.start_idx = range.start.into();
        (arg.spanned, arg.present, arg.managed) = (all, all, all);
        (arg.min, arg.low, arg.high) = (all / 64, all / 48, all / 32);
        arg.free = state.nr_free(range.clone()) + self.surplus;
        for (page, order) in state.free_blocks(range) {
            let migratetype = state.types[(page / PAGEBLOCK) as usize];
            arg.nr_free[migratetype as usize][order as usize] += 1;
        }
        let name = crate::ZoneKind::from(arg.zone).name();
        for (to, from) in arg.name.iter_mut().zip(name.bytes()) {
            *to = from as _;
        }
        Ok(())
    }

    fn pcp_stat(&self, arg: &mut rb_pcp_stat) -> Result<()> {
        if arg.nid != 1 || arg.cpu >= NR_CPUS {
            return Err(Errno::NODEV);
        }
        let count = self.state.borrow().stock[arg.zone as usize][arg.cpu as usize];
        (arg.count, arg.lists[0]) = (count, count as u32);
        (arg.online, arg.nr_lists) = (1, 14);
        (arg.high_min, arg.high, arg.high_max, arg.batch) = (80, 96, 256, 15);
        (arg.refills, arg.alloc_factor) = (1, 1);
        Ok(())
    }

    fn vmstat(&self, arg: &mut rb_vmstat, out: &mut [u64]) -> Result<()> {
        let values = self.vmstat_values();
        arg.nr_total = values.len() as u32;
        for (to, from) in out.iter_mut().zip(values) {
            *to = from;
            arg.nr_done += 1;
        }
        Ok(())
    }

    fn node_stat(&self, arg: &mut rb_node_stat) -> Result<()> {
        self.fill_node(arg)
    }

    fn advise(&self, arg: &mut rb_advise) -> Result<()> {
        if self.state.borrow_mut().advise(arg)? {
            self.clear(arg.id)?;
        }
        Ok(())
    }

    fn compact(&self, arg: &mut rb_compact) -> Result<()> {
        self.state.borrow_mut().compact(arg)
    }

    fn reclaim(&self, arg: &mut rb_reclaim) -> Result<()> {
        self.state.borrow_mut().reclaim(arg)
    }

    fn event_set(&self, arg: &rb_event_set) -> Result<()> {
        self.state.borrow_mut().slow.subscribe(arg)
    }

    fn event_clear(&self, arg: &rb_event_clear) -> Result<()> {
        self.state.borrow_mut().slow.unsubscribe(arg.eventfd)
    }

    fn event_wait(&self, arg: &mut rb_event_wait) -> Result<()> {
        self.state.borrow_mut().slow.wait(arg)
    }

    fn tune_get(&self, arg: &mut rb_tune) -> Result<()> {
        (arg.min, arg.max, arg.def) = tunable(arg.key, arg.zone)?;
        let tuned = self.state.borrow().tuned.get(&(arg.key, arg.zone)).copied();
        arg.value = tuned.unwrap_or(arg.def);
        arg.old = arg.value;
        Ok(())
    }

    fn tune_set(&self, arg: &mut rb_tune) -> Result<()> {
        let value = arg.value;
        self.tune_get(arg)?;
        arg.value = value;
        if !(arg.min..=arg.max).contains(&value) {
            return Err(Errno::INVAL);
        }
        if arg.flags & RB_TUNE_TRY == 0 {
            let mut state = self.state.borrow_mut();
            state.tuned.insert((arg.key, arg.zone), value);
        }
        Ok(())
    }

    fn drain(&self, arg: &rb_drain) -> Result<()> {
        if arg.nid != RB_ALL && arg.nid != 1 {
            return Err(Errno::NODEV);
        }
        let meant = |asked: i32, nr: usize| asked == RB_ALL || asked as usize == nr;
        for (zone, stocks) in self.state.borrow_mut().stock.iter_mut().enumerate() {
            for (cpu, stock) in stocks.iter_mut().enumerate() {
                if meant(arg.zone, zone) && meant(arg.cpu, cpu) {
                    *stock = 0;
                }
            }
        }
        Ok(())
    }

    fn blockmap(&self, arg: &mut rb_blockmap, out: &mut [rb_pageblock]) -> Result<()> {
        let start = u32::try_from(arg.start).map_err(|_| Errno::RANGE)?;
        let state = self.state.borrow();
        for (entry, index) in out.iter_mut().zip(start..REGION_PAGES / PAGEBLOCK) {
            *entry = state.pageblock(index);
            arg.nr_done += 1;
        }
        Ok(())
    }

    fn clone_zone(&self, arg: &mut rb_clone_zone) -> Result<()> {
        if arg.nid != 1 {
            return Err(Errno::NODEV);
        }
        if arg.flags & RB_CLONE_RELEASE != 0 {
            self.asked.borrow_mut().clear();
        }
        arg.zones = 1 << RB_ZONE_DMA32;
        arg.nr_pages = REGION_PAGES.into();
        arg.managed = arg.nr_pages;
        arg.free = arg.nr_pages;
        Ok(())
    }

    fn replay(
        &self,
        arg: &mut rb_replay,
        entries: &mut [rb_replay_entry],
        results: &mut [u32],
        text: &mut [u8],
    ) -> Result<()> {
        for (entry, result) in entries.iter().zip(results) {
            if self.is_disturbed() {
                arg.stop = RB_STOP_DISTURBED;
                return Ok(());
            }
            arg.nr_done += 1;
            if u32::from(entry.op) != RB_REPLAY_ALLOC {
                continue;
            }
            *result = entry.slot;
            arg.coverage[RB_COVER_ALLOC as usize] += 1;
            self.asked.borrow_mut().push(entry.order);
            if self.is_blinded() {
                arg.stop = RB_STOP_DIVERGED;
                arg.div_kind = RB_DIV_PLACE;
                text[..6].copy_from_slice(b"blind\n");
                arg.text_len = 6;
                return Ok(());
            }
        }
        Ok(())
    }

    fn verify(&self, arg: &mut rb_verify) -> Result<()> {
        arg.checked = REGION_PAGES.into();
        arg.errors = self.errors;
        (arg.first_idx, arg.code) = (4096, u32::from(self.errors != 0));
        match self.errors {
            0 => Ok(()),
            _ => Err(Errno::UCLEAN),
        }
    }

    fn reset(&self, _arg: &rb_reset) -> Result<()> {
        *self.state.borrow_mut() = State::new();
        Ok(())
    }

    fn map(&self, offset: u64, len: usize, writable: bool) -> Result<Mapping> {
        Mapping::new(self.memory.as_fd(), offset, len, writable)
    }
}

/// Least, most and usual value.
fn tunable(key: u32, zone: u32) -> Result<(u64, u64, u64)> {
    const MAX: u64 = i32::MAX as u64;
    Ok(match key {
        RB_TUNE_MIN_FREE_KBYTES => (0, MAX, 886),
        RB_TUNE_WATERMARK_SCALE_FACTOR => (1, 3000, 10),
        RB_TUNE_WATERMARK_BOOST_FACTOR => (0, MAX, 15000),
        RB_TUNE_LOWMEM_RESERVE_RATIO => (0, MAX, [256, 256, 32, 0][zone as usize]),
        RB_TUNE_PERCPU_PAGELIST_HIGH_FRACTION => (0, MAX, 0),
        RB_TUNE_DEFRAG_MODE => (0, 1, 0),
        RB_TUNE_STAT_INTERVAL => (1, MAX, 1),
        RB_TUNE_EXTFRAG_THRESHOLD => (0, 1000, 500),
        RB_TUNE_COMPACTION_PROACTIVENESS => (0, 100, 20),
        _ => return Err(Errno::INVAL),
    })
}
