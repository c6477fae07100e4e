// SPDX-License-Identifier: GPL-2.0

//! The process behind an open file: whom memory is charged to, and who may be chosen to die.
//!
//! C: `account_locked_vm()` in `mm/util.c`, `oom_badness()`, `__oom_kill_process()` in
//! `mm/oom_kill.c`.

use super::LockedVm;
use core::ptr::NonNull;
use kernel::{
    bindings,
    prelude::*,
    sync::{
        aref::ARef,
        atomic::{
            Atomic,
            Relaxed, //
        }, //
    },
    task::Task, //
};

/// The process that opened something. It may go away; what is asked of it then is about nobody.
///
/// # Invariants
///
/// A reference to `pid` is held, which is that of a thread group.
pub(crate) struct Process {
    vm: LockedVm,
    /// Pages to be taken off its account when that can be waited for.
    owed: Atomic<u64>,
    task: ARef<Task>,
    pid: NonNull<bindings::pid>,
}

// SAFETY: A pid belongs to no thread, nor does the rest.
unsafe impl Send for Process {}
// SAFETY: All that is done through a shared reference may be done by all threads at once.
unsafe impl Sync for Process {}

impl Process {
    /// That of the caller. `EINVAL` in a kernel thread.
    pub(crate) fn current() -> Result<Self> {
        let vm = LockedVm::current()?;
        let task: ARef<Task> = kernel::current!().group_leader().into();
        let kind = bindings::pid_type_PIDTYPE_TGID;
        // SAFETY: The current task stays while we run.
        let pid = unsafe { bindings::get_task_pid(kernel::current!().as_ptr(), kind) };
        // INVARIANT: The reference is ours.
        Ok(Self {
            vm,
            owed: Atomic::new(0),
            task,
            pid: NonNull::new(pid).ok_or(ESRCH)?,
        })
    }

    /// Adds `pages` to its locked memory, after taking off what is owed. Sleeps; takes `mmap_lock`.
    /// The errors of [`LockedVm::charge`].
    pub(crate) fn charge(&self, pages: u64) -> Result {
        self.settle();
        self.vm.charge(pages)
    }

    /// Takes `pages` off. Sleeps; takes `mmap_lock`.
    pub(crate) fn uncharge(&self, pages: u64) {
        self.vm.uncharge(pages);
    }

    /// Has `pages` taken off by [`Self::settle`]. Any context.
    ///
    /// Who reclaims memory must not wait for the `mmap_lock` of another, which that may hold for as
    /// long as it likes.
    pub(crate) fn owe(&self, pages: u64) {
        self.owed.fetch_add(pages, Relaxed);
    }

    /// Takes off what is owed. Sleeps; takes `mmap_lock`.
    pub(crate) fn settle(&self) {
        if self.owed.load(Relaxed) != 0 {
            self.vm.uncharge(self.owed.xchg(0, Relaxed));
        }
    }

    /// How its owner would have it judged: -1000, never, to 1000 (C: `oom_score_adj`). Any context.
    pub(crate) fn oom_score_adj(&self) -> i16 {
        let task = self.task.as_ptr();
        // SAFETY: The task is held, and keeps this structure as long as it is there.
        let signal = unsafe { (&raw const (*task).signal).read() };
        // SAFETY: As above; an aligned word that may change meanwhile.
        unsafe { (&raw const (*signal).oom_score_adj).read_volatile() }
    }

    /// Kills it, unless it is the first one of the machine, without which nothing goes on. Not
    /// under a spinlock.
    pub(crate) fn kill(&self) {
        if self.task.tgid() != 1 {
            let signal = bindings::SIGKILL as kernel::ffi::c_int;
            // SAFETY: By the type invariants. It may be gone already.
            unsafe { bindings::kill_pid(self.pid.as_ptr(), signal, 1) };
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // SAFETY: By the type invariants; the reference is given up here.
        unsafe { bindings::put_pid(self.pid.as_ptr()) };
    }
}
