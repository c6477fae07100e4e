// SPDX-License-Identifier: GPL-2.0

//! The oracle: the kernel's own allocator, asked the same questions as ours.
//!
//! A clone copies the zones of a node into a region without pages, the shadow. A replay does the
//! same operations on the node and on the shadow, and compares after each: the result, and every
//! number that decides anything; and from time to time all lists, in order.
//!
//! What others do to the node meanwhile is told from a wrong prediction by a look at the numbers
//! *before* each operation. A CPU that was idle adds its shares of the counters to the common ones;
//! that is no disturbance, the shadow adopts it.

#![deny(unsafe_code)]

mod audit;
mod compare;
mod coverage;
mod entry;
mod report;
mod session;
mod step;

use super::{
    call::Call,
    Device,
    File, //
};
use crate::{
    page_alloc::Region,
    sys::{
        self,
        uapi,
        Pinned,
        Text, //
    },
    zone::{
        migratetype::Migratetype,
        text::Name,
        vmstat::Snapshot, //
    }, //
};
use compare::{
    Change,
    Divergence, //
};
use core::pin::Pin;
use coverage::Coverage;
use entry::Op;
use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Mutex,
        MutexGuard, //
    }, //
};
use session::{
    Session,
    Whole, //
};

/// Entries between two looks at signals and at others who want the CPU.
const BREATH: u32 = 64;

/// Times that a clone is tried on a node that others use.
const MAX_TRIES: u32 = 4;

/// No open file.
const NOBODY: u32 = u32::MAX;

/// The one oracle of a device.
pub(super) struct Oracle {
    /// The client that has it, to know it without waiting.
    owner: Atomic<u32>,
    session: Pin<KBox<Mutex<Option<Session>>>>,
}

type Guard<'a> = MutexGuard<'a, Option<Session>>;

impl Oracle {
    /// Nobody has it yet.
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            owner: Atomic::new(NOBODY),
            session: KBox::pin_init(new_mutex!(None, "rust_buddy_oracle"), GFP_KERNEL)?,
        })
    }

    /// An open file is gone: everything that was allocated on its behalf goes back to the kernel.
    pub(super) fn release(&self, client: u32) {
        if self.owner.load(Relaxed) == client {
            drop(self.session.lock().take());
            self.owner.store(NOBODY, Relaxed);
        }
    }

    /// The session, to be used or made by this client. `EALREADY` if it is in use, or another's.
    fn of(&self, client: u32) -> Result<Guard<'_>> {
        let guard = self.session.try_lock().ok_or(EALREADY)?;

        match guard.as_ref() {
            Some(session) if session.client != client => Err(EALREADY),
            _ => Ok(guard),
        }
    }
}

impl Device {
    /// RB_CLONE_ZONE.
    #[inline(never)]
    pub(super) fn clone_zone(&self, call: &Call, file: &File) -> Result {
        let mut req: uapi::rb_clone_zone = call.read()?;
        let known = uapi::RB_CLONE_RELEASE | uapi::RB_CLONE_NO_SHADOW | uapi::RB_CLONE_DRAIN;

        if req.flags & !known != 0 {
            return Err(EINVAL);
        }
        self.check_oracle(call)?;
        let mut guard = self.oracle().of(file.client)?;
        let pinned = Pinned::new();
        let is_other_node = |session: &Session| session.node.nid() != req.nid;

        if req.flags & uapi::RB_CLONE_RELEASE != 0 || guard.as_ref().is_some_and(is_other_node) {
            drop(guard.take());
        }
        if guard.is_none() {
            *guard = Some(Session::new(file.client, req.nid, &pinned)?);
            self.oracle().owner.store(file.client, Relaxed);
        }
        let session = (*guard).as_mut().ok_or(EINVAL)?;

        if req.flags & uapi::RB_CLONE_DRAIN != 0 {
            drain(session, &pinned);
        }
        copy(session, req.flags & uapi::RB_CLONE_NO_SHADOW == 0, &pinned)?;
        answer(&mut req, session);
        call.write(&req)
    }

    /// RB_REPLAY.
    #[inline(never)]
    pub(super) fn replay(&self, call: &Call, file: &File) -> Result {
        // Read and answered in one place: it is large.
        let mut req: uapi::rb_replay = call.read()?;

        if req.flags != 0 || req.reserved1 != [0; 7] || req.interval > uapi::RB_REPLAY_MAX_INTERVAL
        {
            return Err(EINVAL);
        }
        if req.nr > uapi::RB_REPLAY_MAX_ENTRIES || req.text_size > uapi::RB_REPLAY_MAX_TEXT {
            return Err(E2BIG);
        }
        self.check_oracle(call)?;
        let (entries, nr_slots) = entries(&req)?;
        let mut guard = self.oracle().of(file.client)?;
        let session = (*guard).as_mut().ok_or(ENOENT)?;

        session.make_slots(nr_slots)?;
        let mut run = Run {
            pinned: Pinned::new(),
            session,
            coverage: Coverage::new(),
        };

        if run.session.cpu != run.pinned.cpu() {
            return Err(EXDEV);
        }
        if !run.session.is_fresh {
            return Err(ESTALE);
        }
        run.all(&entries, &mut req)?;
        call.write(&req)
    }

    /// Passes the zones of the shadow to `f`, if there is one, without pageblocks that have no
    /// memory. `EBUSY` while it is in use.
    pub(super) fn each_shadow(&self, mut f: impl FnMut(Name, &Snapshot) -> Result) -> Result {
        let guard = self.oracle().session.try_lock().ok_or(EBUSY)?;
        let Some(session) = guard.as_ref() else {
            return Ok(());
        };

        for zone in session.shadow.iter().flat_map(Region::zones) {
            let mut picture = zone.snapshot();
            let nr = picture.pageblocks.at_mut(Migratetype::Unmovable);

            *nr = nr.wrapping_sub(session.nr_holes(zone.kind()));
            f(zone.name(), &picture)?;
        }
        Ok(())
    }

    /// The bit that says whether there is an oracle.
    pub(super) fn oracle_feature(&self) -> u64 {
        match self.params().oracle && sys::CAN_DRIVE_ZONES {
            true => u64::from(uapi::RB_FEATURE_ORACLE),
            false => 0,
        }
    }

    /// Whether the oracle may be used at all.
    fn check_oracle(&self, call: &Call) -> Result {
        if !self.params().oracle || !sys::CAN_DRIVE_ZONES {
            return Err(EOPNOTSUPP);
        }
        call.require_write()?;
        match sys::capable_sys_admin() && !sys::is_locked_down() {
            true => Ok(()),
            false => Err(EPERM),
        }
    }
}

/// Clones, again if somebody was quicker.
fn copy(session: &mut Session, with_shadow: bool, pinned: &Pinned) -> Result {
    for _ in 1..MAX_TRIES {
        match session.clone_zones(with_shadow, pinned) {
            Err(EAGAIN) => sys::cond_resched(),
            done => return done,
        }
    }
    session.clone_zones(with_shadow, pinned)
}

/// Empties the per-CPU lists of all CPUs: takes a pageblock of free pages and gives it back, which
/// does that on the way. Where there is no such pageblock nothing happens.
fn drain(session: &mut Session, pinned: &Pinned) {
    let nr = 1u32 << (sys::pageblock_order() & 31);

    for pair in &session.pairs {
        let base = session.node.base_pfn();
        let first = u64::from(pair.real.start.get());
        let end = base
            .wrapping_add(first)
            .wrapping_add(u64::from(pair.real.spanned));
        let mut pfn = base.wrapping_add(first & !u64::from(nr.wrapping_sub(1)));

        // Found or not, the range is given back right here. One that reaches out of the zone is
        // refused.
        while pfn < end {
            if session
                .node
                .alloc_contig(&pair.zone, pfn, nr, pinned)
                .is_ok()
            {
                break;
            }
            pfn = pfn.wrapping_add(u64::from(nr));
        }
    }
}

fn answer(req: &mut uapi::rb_clone_zone, session: &Session) {
    req.cpu = session.cpu;
    req.base_pfn = session.node.base_pfn();
    req.held = session.nr_held();
    (req.zones, req.managed, req.free, req.nr_pages) = (0, 0, 0, 0);
    req.hash = FNV_START;
    for pair in &session.pairs {
        let image = &pair.real;
        let free = audit::pages(&image.free).wrapping_add(audit::pages(&image.pcp));

        let end = image.start.get().wrapping_add(image.spanned);

        req.nr_pages = req.nr_pages.max(u64::from(end));
        req.zones |= 1u32.wrapping_shl(image.kind as u32);
        req.managed = req.managed.wrapping_add(image.managed);
        req.free = req.free.wrapping_add(free);
        for block in Iterator::chain(image.free.iter(), image.pcp.iter()) {
            req.hash = fnv(req.hash, block.page.get());
            req.hash = fnv(req.hash, u32::from(block.list));
        }
        for mt in &image.pageblocks {
            req.hash = fnv(req.hash, u32::from(*mt));
        }
    }
}

const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

/// Mixes a number into a hash (FNV-1a).
fn fnv(hash: u64, number: u32) -> u64 {
    number.to_le_bytes().into_iter().fold(hash, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

/// Reads and checks all entries. Returns how many slots they need, too.
fn entries(req: &uapi::rb_replay) -> Result<(KVVec<uapi::rb_replay_entry>, usize)> {
    let array = uapi::UserArray::new(req.entries_ptr, req.nr)?;
    let mut entries = KVVec::with_capacity(req.nr as usize, GFP_KERNEL | __GFP_NOWARN)?;
    let mut nr_slots = 0;

    for i in 0..req.nr {
        let entry: uapi::rb_replay_entry = array.get(i)?;
        let op = Op::new(&entry, 0)?;

        nr_slots = nr_slots.max(entry.slot.saturating_add(op.nr_slots()));
        entries.push_within_capacity(entry)?;
    }
    Ok((entries, nr_slots as usize))
}

/// A replay that is under way.
struct Run<'a> {
    pinned: Pinned,
    session: &'a mut Session,
    coverage: Coverage,
}

impl Run<'_> {
    /// Does the entries and answers.
    fn all(&mut self, entries: &[uapi::rb_replay_entry], req: &mut uapi::rb_replay) -> Result {
        self.count_shadow(-1);
        (req.nr_done, req.text_len, req.stop) = (0, 0, uapi::RB_STOP_END);
        let found = self.entries(entries, req);

        // After an error as after a divergence nobody knows what is still equal.
        if !matches!(found, Ok(None)) || req.stop == uapi::RB_STOP_DISTURBED {
            self.session.is_fresh = false;
        }
        if let Some((nr, found)) = found? {
            let entry = entries.get(nr as usize).copied().unwrap_or_default();

            req.stop = uapi::RB_STOP_DIVERGED;
            self.tell(nr, &entry, &found, req)?;
        }
        self.count_shadow(1);
        req.coverage = self.coverage.0;
        Ok(())
    }

    /// Does entries until something differs, which is returned with the number of its entry.
    fn entries(
        &mut self,
        entries: &[uapi::rb_replay_entry],
        req: &mut uapi::rb_replay,
    ) -> Result<Option<(u32, Divergence)>> {
        let results = match req.results_ptr {
            0 => None,
            ptr => Some(uapi::UserArray::<u32>::new(ptr, req.nr)?),
        };

        for (nr, entry) in (0..req.nr).zip(entries) {
            if nr % BREATH == 0 && self.breathe() {
                req.stop = uapi::RB_STOP_SIGNAL;
                break;
            }
            if self.session.look(&self.pinned, &mut self.coverage) == Change::Disturbed {
                req.stop = uapi::RB_STOP_DISTURBED;
                return Ok(None);
            }
            let op = Op::new(entry, self.session.node.nid())?;
            let outcome = self
                .session
                .step(&op, entry.slot, &self.pinned, &mut self.coverage)?;

            req.nr_done = nr.wrapping_add(1);
            if let Some(results) = &results {
                results.put(nr, &outcome.page.get())?;
            }
            if let Some(found) = outcome.divergence {
                return Ok(Some((nr, found)));
            }
            if req.nr_done.checked_rem(req.interval) == Some(0) {
                let found = self.whole(req)?;

                if req.stop != uapi::RB_STOP_END {
                    return Ok(found.map(|found| (nr, found)));
                }
            }
        }
        let last = req.nr_done.saturating_sub(1);

        Ok(self.whole(req)?.map(|found| (last, found)))
    }

    /// Lets others run. Returns whether a signal has come.
    fn breathe(&self) -> bool {
        sys::cond_resched();
        kernel::current!().signal_pending()
    }

    /// Compares everything, and says in the answer if that is the end.
    fn whole(&mut self, req: &mut uapi::rb_replay) -> Result<Option<Divergence>> {
        match self.session.whole(&self.pinned, &mut self.coverage)? {
            Whole::Equal => Ok(None),
            Whole::Differs(found) => {
                req.stop = uapi::RB_STOP_DIVERGED;
                Ok(Some(found))
            }
            Whole::Disturbed => {
                req.stop = uapi::RB_STOP_DISTURBED;
                Ok(None)
            }
        }
    }

    fn count_shadow(&mut self, sign: i64) {
        if let Some(shadow) = &self.session.shadow {
            self.coverage.shadow(shadow, sign);
        }
    }

    /// Writes a divergence into the answer and, in words, to where the caller wants it.
    fn tell(
        &mut self,
        nr: u32,
        entry: &uapi::rb_replay_entry,
        found: &Divergence,
        req: &mut uapi::rb_replay,
    ) -> Result {
        req.div_kind = found.kind;
        req.div_zone = found.zone as u32;
        req.div_where = found.location;
        req.div_position = found.position;
        req.div_real = found.real;
        req.div_ours = found.ours;
        let mut text = Text::new();

        report::write(&mut text, nr, entry, found, &self.session.pairs)?;
        let bytes = text.as_slice();

        req.text_len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        if req.text_ptr == 0 {
            return Ok(());
        }
        let cut = bytes.get(..req.text_size as usize).unwrap_or(bytes);

        uapi::write_bytes(req.text_ptr, cut)
    }
}
