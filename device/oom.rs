// SPDX-License-Identifier: GPL-2.0

//! When nothing else helps, one client loses everything.
//!
//! The one with the most pages, as its process would have that judged. Its blocks are taken back,
//! its mappings lead nowhere, and its file answers EOWNERDEAD until it says by RB_RESET that it
//! knows. The process is killed only if the module was told so.
//!
//! C: `out_of_memory()`, `oom_badness()`, `select_bad_process()`, `oom_reap_task()` in
//! `mm/oom_kill.c`.
//!
//! # Differences
//!
//! A victim is reaped at once, by whoever chose it, and only then killed, which may be the chooser.
//! If he dies before he is done, the same victim is chosen again (C: no other one is until
//! `MMF_OOM_SKIP`). Never a task that is no client, and never a panic.

#![deny(unsafe_code)]

use super::{
    clients::Owner,
    free::Destination,
    records::{
        taking::Held,
        Mapped, //
    },
    Device, //
};
use crate::{
    gfp::context::AllocContext,
    slowpath::owners::OomResult,
    sys::{
        self,
        uapi, //
    }, //
};
use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc, //
    }, //
};

/// `oom_score_adj` of a process that is never to be chosen.
const NEVER: i16 = -1000;

/// A client, and its process.
struct Entry {
    owner: Owner,
    process: Arc<sys::Process>,
}

/// The processes of the clients, by slot.
pub(super) struct Processes {
    slots: sys::Locked<KVVec<Option<Entry>>>,
    /// Held while somebody is chosen and loses everything: a slot does not change hands meanwhile.
    choosing: sys::SleepLocked<()>,
    is_choosing: Atomic<bool>,
}

/// Who is to lose everything.
struct Victim {
    slot: u32,
    /// Somebody began to take everything, and was not done: it comes first.
    is_dying: bool,
    points: i64,
}

impl Victim {
    fn rank(&self) -> (bool, i64) {
        (self.is_dying, self.points)
    }
}

impl Processes {
    /// For so many clients. Allocates: sleeps.
    pub(super) fn new(nr_slots: usize) -> Result<Self> {
        let mut slots = KVVec::with_capacity(nr_slots, GFP_KERNEL)?;

        for _ in 0..nr_slots {
            slots.push_within_capacity(None)?;
        }
        Ok(Self {
            slots: sys::new_locked!(slots, c"rust_buddy_processes")?,
            choosing: sys::new_sleep_locked!((), c"rust_buddy_oom")?,
            is_choosing: Atomic::new(false),
        })
    }

    fn nr_slots(&self) -> u32 {
        self.slots.with(|slots| slots.len() as u32)
    }

    /// A client begins.
    pub(super) fn add(&self, owner: Owner, process: &Arc<sys::Process>) {
        let process = process.clone();
        let entry = Some(Entry { owner, process });

        self.slots.with(|slots| {
            if let Some(slot) = slots.get_mut(owner.slot as usize) {
                *slot = entry;
            }
        });
    }

    /// It ends, unless it is just losing everything: after that. Sleeps.
    pub(super) fn remove(&self, slot: u32) {
        let entry = self.choosing.with(|()| {
            self.slots
                .with(|slots| slots.get_mut(slot as usize).and_then(Option::take))
        });

        drop(entry);
    }

    /// Runs `f` while nobody loses anything. Sleeps.
    pub(super) fn undisturbed(&self, f: impl FnOnce()) {
        self.choosing.with(|()| f());
    }

    /// Pages of a client are no longer its, if it is still there.
    pub(super) fn owe(&self, owner: &Owner, pages: u64) {
        self.slots
            .with(|slots| match slots.get(owner.slot as usize) {
                Some(Some(entry)) if entry.owner == *owner => entry.process.owe(pages),
                _ => {}
            });
    }

    /// That of the client in `slot`.
    fn get(&self, slot: u32) -> Option<Arc<sys::Process>> {
        self.slots.with(|slots| {
            let entry = slots.get(slot as usize)?.as_ref()?;

            Some(entry.process.clone())
        })
    }
}

impl Device {
    /// Takes everything back from whom that helps most.
    pub(super) fn out_of_memory(&self, ctx: &AllocContext) -> OomResult {
        if self.processes.is_choosing.xchg(true, Relaxed) {
            return OomResult::Pending;
        }
        let victim = self.processes.choosing.with(|()| {
            let victim = self.select_bad_process(ctx)?;
            let pages = self.oom_kill(&victim);

            Some((victim, pages))
        });

        self.processes.is_choosing.store(false, Relaxed);
        match victim {
            Some((victim, pages)) => {
                self.tell(&victim, pages, ctx);
                OomResult::Killed
            }
            None => OomResult::NoVictim,
        }
    }

    /// C: `select_bad_process()`.
    fn select_bad_process(&self, ctx: &AllocContext) -> Option<Victim> {
        let mut worst: Option<Victim> = None;

        for slot in 0..self.processes.nr_slots() {
            let Some(victim) = self.evaluate(slot) else {
                continue;
            };
            let is_worse = worst
                .as_ref()
                .is_none_or(|worst| victim.rank() >= worst.rank());

            if is_worse && self.could_help(slot, ctx) {
                worst = Some(victim);
            }
        }
        worst
    }

    /// C: `oom_evaluate_task()`.
    fn evaluate(&self, slot: u32) -> Option<Victim> {
        let total = u64::from(self.region().config().nr_pages);
        let adj = self.processes.get(slot)?.oom_score_adj();
        let client = self
            .records()
            .with(|records| records.clients.get(slot).copied())?;
        let points = badness(client.pages, adj, total);
        let is_dying = client.is_dying();

        (!client.is_reaped() && (is_dying || points.is_some())).then_some(Victim {
            slot,
            is_dying,
            points: points.unwrap_or(0),
        })
    }

    /// Whether a client has anything on the nodes of a request (C: `oom_cpuset_eligible()`).
    fn could_help(&self, slot: u32, ctx: &AllocContext) -> bool {
        let helps = |page| {
            let pageset = self.region().pageset_of(page);

            pageset.is_some_and(|pageset| ctx.allows_node(pageset.zone().nid()))
        };
        let mut from = (self.region().nodes().count() > 1).then_some(0);
        let mut found = from.is_none();

        while let (false, Some(start)) = (found, from) {
            let (held, next) = self
                .records()
                .with(|records| records.next_held(slot, start));

            found = held.is_some_and(|held| helps(held.head));
            from = next;
            sys::cond_resched();
        }
        found
    }

    /// Takes everything from the victim; so many pages were (C: `__oom_kill_process()`).
    ///
    /// Its slot does not change hands meanwhile, so its process is let go by somebody else: that
    /// may have to wait for another's `mmap_lock`.
    fn oom_kill(&self, victim: &Victim) -> u64 {
        let Some(process) = self.processes.get(victim.slot) else {
            return 0;
        };

        self.records()
            .with(|records| records.clients.kill(victim.slot));
        let pages = self.oom_reap(victim.slot, &process);

        // Last: this task does nothing more if it is its own.
        if self.params().oom_kill != 0 {
            process.kill();
        }
        pages
    }

    /// Takes all blocks of a client, which gets no new ones; how many pages that were
    /// (C: `__oom_reap_task_mm()`). If this task is to die, the next one goes on.
    fn oom_reap(&self, slot: u32, process: &sys::Process) -> u64 {
        let mut from = Some(0);
        let mut pages: u64 = 0;

        while let (Some(start), false) = (from, sys::fatal_signal_pending()) {
            let (held, next) = self
                .records()
                .with(|records| records.next_held(slot, start));

            if let Some(held) = held {
                pages = pages.wrapping_add(self.take_back(slot, held));
            }
            from = next;
            sys::cond_resched();
        }
        process.owe(pages);
        // What is still there cannot be taken.
        if from.is_none() && pages == 0 {
            self.records().with(|records| records.clients.reaped(slot));
        }
        pages
    }

    /// Takes a block; the number of its pages, 0 if somebody else freed it, or if it comes when its
    /// mappings are gone.
    fn take_back(&self, slot: u32, held: Held) -> u64 {
        let take = |mapped| {
            self.records()
                .with(|records| records.take_back(slot, held.handle, mapped))
        };
        let taken = match take(Mapped::Busy) {
            Err(error) if error == EBUSY => {
                self.zap(held.handle.id, held.order, || take(Mapped::Zap))
            }
            taken => taken,
        };
        let Ok(Some(taken)) = taken else {
            return 0;
        };
        let nr_pages = u64::from(taken.block.nr_pages());

        self.put_back(taken, Destination::Zone);
        nr_pages
    }

    #[cold]
    fn tell(&self, victim: &Victim, pages: u64, ctx: &AllocContext) {
        pr_err!(
            "out of memory: order {}: took {} pages back from client {} (badness {})\n",
            ctx.order.get(),
            pages,
            victim.slot,
            victim.points
        );
        self.raise(uapi::RB_PRESSURE_OOM);
    }
}

/// How much it would help to take everything from a client; `None`: never (C: `oom_badness()`).
fn badness(pages: u64, adj: i16, total: u64) -> Option<i64> {
    if pages == 0 || adj == NEVER {
        return None;
    }
    let share = i64::from(adj).wrapping_mul((total / 1000) as i64);

    Some((pages as i64).wrapping_add(share))
}

#[kunit_tests(rust_buddy_oom)]
mod tests {
    use super::*;

    #[test]
    fn the_owners_wish_counts() -> Result {
        assert_eq!(badness(500, 0, 100_000), Some(500));
        assert_eq!(badness(500, 10, 100_000), Some(1500));
        assert_eq!(badness(500, -10, 100_000), Some(-500));
        assert_eq!(badness(500, NEVER, 100_000), None);
        assert_eq!(badness(0, 1000, 100_000), None);
        Ok(())
    }
}
