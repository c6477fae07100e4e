// SPDX-License-Identifier: GPL-2.0

//! The task that this thread pretends to be, its clock, and what it waits for.

use super::might_sleep;
use kernel::{
    prelude::*,
    sync::atomic::{
        Atomic,
        Full, //
    }, //
};
#[cfg(feature = "loom")]
use loom::thread_local;
#[cfg(not(feature = "loom"))]
use std::thread_local;
use std::{
    cell::Cell,
    ffi::CStr, //
};

/// What a request depends on besides its flags.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TaskFacts {
    pub(crate) is_rt: bool,
    pub(crate) memalloc: bool,
    pub(crate) is_kthread: bool,
    pub(crate) oom_victim: bool,
    pub(crate) dumps_core: bool,
}

thread_local! {
    static TASK: Cell<TaskFacts> = Cell::default();
    static FATAL_SIGNAL: Cell<bool> = Cell::default();
    static NOW: Cell<u64> = Cell::default();
    static NR_SLEEPS: Cell<u64> = Cell::default();
    static NR_SLEEPS_AT_START: Cell<u64> = Cell::default();
    static NR_STALLS: Cell<u64> = Cell::default();
}

/// The task that this thread pretends to be.
pub(crate) fn current_task() -> TaskFacts {
    TASK.with(Cell::get)
}

/// Pretends to be another.
pub(crate) fn set_current_task(task: TaskFacts) {
    TASK.with(|this| this.set(task));
}

/// Its name, padded with zeroes.
pub(crate) fn current_comm() -> [u8; 16] {
    *b"host\0\0\0\0\0\0\0\0\0\0\0\0"
}

/// Tells this thread from all others.
pub(crate) fn task_id() -> u32 {
    thread_local! {
        static ID: u32 = {
            static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(1);

            NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
        };
    }

    ID.with(|id| *id)
}

/// Sleeps after which a task is killed: nobody else is there to bring what it waits for.
const PATIENCE: u64 = 1000;

/// Whether it is to die.
pub(crate) fn fatal_signal_pending() -> bool {
    FATAL_SIGNAL.with(Cell::get) || nr_sleeps() - NR_SLEEPS_AT_START.with(Cell::get) > PATIENCE
}

/// Pretends to be a task that has not slept yet.
pub(crate) fn start_task() {
    NR_SLEEPS_AT_START.with(|nr| nr.set(nr_sleeps()));
}

/// Says whether it is.
pub(crate) fn set_fatal_signal(pending: bool) {
    FATAL_SIGNAL.with(|this| this.set(pending));
}

/// There are no other signals.
pub(crate) fn signal_pending() -> bool {
    fatal_signal_pending()
}

/// Nanoseconds of a clock that only sleeping moves.
pub(crate) fn now_ns() -> u64 {
    NOW.with(Cell::get)
}

/// Sets it.
pub(crate) fn set_now_ns(now: u64) {
    NOW.with(|this| this.set(now));
}

/// Sleeps: moves the clock.
pub(crate) fn sleep_ms(ms: u32) {
    might_sleep();
    NR_SLEEPS.with(|nr| nr.set(nr.get() + 1));
    set_now_ns(now_ns() + u64::from(ms) * 1_000_000);
}

/// How often this thread slept so far.
pub(crate) fn nr_sleeps() -> u64 {
    NR_SLEEPS.with(Cell::get)
}

/// Others may run.
pub(crate) fn cond_resched() {
    might_sleep();
}

/// While it lives, the task is known to wait for memory.
pub(crate) struct MemStall(());

/// The task begins to wait for memory.
pub(crate) fn psi_memstall_enter() -> MemStall {
    NR_STALLS.with(|nr| nr.set(nr.get() + 1));
    MemStall(())
}

impl Drop for MemStall {
    fn drop(&mut self) {}
}

/// How often this thread began to wait for memory so far.
pub(crate) fn nr_stalls() -> u64 {
    NR_STALLS.with(Cell::get)
}

/// While it lives, requests of the task reclaim nothing and may use everything.
pub(crate) struct MemallocScope {
    had: bool,
}

/// The task frees memory for others.
pub(crate) fn memalloc_scope() -> MemallocScope {
    let had = current_task().memalloc;

    set_memalloc(true);
    MemallocScope { had }
}

impl Drop for MemallocScope {
    fn drop(&mut self) {
        set_memalloc(self.had);
    }
}

fn set_memalloc(memalloc: bool) {
    set_current_task(TaskFacts {
        memalloc,
        ..current_task()
    });
}

/// A bell. Waiting takes no time but on the clock.
pub(crate) struct Doorbell {
    rung: Atomic<bool>,
}

impl Doorbell {
    /// A bell that was not rung.
    pub(crate) fn new(_name: &'static CStr) -> Result<Self> {
        Ok(Self {
            rung: Atomic::new(false),
        })
    }

    /// Wakes who will wait.
    pub(crate) fn ring(&self) {
        self.rung.store(true, Full);
    }

    /// Forgets that it was rung.
    pub(crate) fn forget(&self) {
        self.rung.store(false, Full);
    }

    /// Waits until it is rung, at most so long; whether it was. Whoever waits for ever without that
    /// would do so.
    pub(crate) fn wait_ms(&self, ms: Option<u32>) -> bool {
        self.wait_until(ms, || self.rung.xchg(false, Full)).is_ok()
    }

    /// Waits until `done`.
    pub(crate) fn wait_until(&self, ms: Option<u32>, mut done: impl FnMut() -> bool) -> Result {
        might_sleep();
        if done() {
            return Ok(());
        }
        if fatal_signal_pending() {
            return Err(EINTR);
        }
        sleep_ms(ms.unwrap_or(0));
        match done() {
            true => Ok(()),
            false => Err(ETIMEDOUT),
        }
    }
}
