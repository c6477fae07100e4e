// SPDX-License-Identifier: GPL-2.0

//! The running task: what the allocator looks at, and how it waits.
//!
//! C: `struct task_struct`, `fatal_signal_pending()`, `schedule_timeout_killable()`,
//! `memalloc_noreclaim_save()`, `psi_memstall_enter()`.

use kernel::{
    bindings,
    time::msecs_to_jiffies,
    types::NotThreadSafe, //
};

/// What a request depends on besides its flags. The default is a plain task.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TaskFacts {
    /// A real-time or deadline task (C: `rt_or_dl_task()`).
    pub(crate) is_rt: bool,
    /// It frees memory for others and must not wait for that itself (C: `PF_MEMALLOC`).
    pub(crate) memalloc: bool,
    /// A kernel thread (C: `PF_KTHREAD`).
    pub(crate) is_kthread: bool,
    /// It was chosen to die (C: `tsk_is_oom_victim()`).
    pub(crate) oom_victim: bool,
    /// It writes its core (C: `PF_DUMPCORE`).
    pub(crate) dumps_core: bool,
}

/// The running task.
pub(crate) fn current_task() -> TaskFacts {
    let flags = flags();

    TaskFacts {
        is_rt: super::host::current_is_rt(),
        memalloc: flags & bindings::PF_MEMALLOC != 0,
        is_kthread: flags & bindings::PF_KTHREAD != 0,
        oom_victim: is_oom_victim(),
        dumps_core: flags & bindings::PF_DUMPCORE != 0,
    }
}

/// Its name, padded with zeroes.
pub(crate) fn current_comm() -> [u8; 16] {
    super::Opener::current().comm
}

/// Tells it from all other tasks, as long as it lives.
pub(crate) fn task_id() -> u32 {
    kernel::current!().pid() as u32
}

/// Whether a signal waits for it.
#[allow(dead_code, reason = "for waits that end with any signal")]
pub(crate) fn signal_pending() -> bool {
    kernel::current!().signal_pending()
}

/// Whether it is to die as soon as it can (C: `fatal_signal_pending()`).
pub(crate) fn fatal_signal_pending() -> bool {
    signal_pending() && has_sigkill()
}

fn has_sigkill() -> bool {
    let task = kernel::current!().as_ptr();
    // SAFETY: The current task stays while we run; an aligned word that may change meanwhile.
    let pending = unsafe { (&raw const (*task).pending.signal.sig[0]).read_volatile() };
    pending & 1 << (bindings::SIGKILL - 1) != 0
}

fn flags() -> u32 {
    let task = kernel::current!().as_ptr();
    // SAFETY: The current task stays while we run; only it changes this word.
    unsafe { (&raw const (*task).flags).read() }
}

fn is_oom_victim() -> bool {
    let task = kernel::current!().as_ptr();
    // SAFETY: A running task has its signal structure.
    let signal = unsafe { (&raw const (*task).signal).read() };
    // SAFETY: As above; an aligned word that may change meanwhile.
    let mm = unsafe { (&raw const (*signal).oom_mm).read_volatile() };
    !mm.is_null()
}

/// Says that the caller may be put to sleep (C: `might_sleep()`).
#[track_caller]
pub(crate) fn might_sleep() {
    kernel::task::might_sleep();
}

/// Sleeps, at most until the task is to die (C: `schedule_timeout_killable()`).
pub(crate) fn sleep_ms(ms: u32) {
    kernel::task::might_sleep();
    let timeout = msecs_to_jiffies(ms) as kernel::ffi::c_long;
    // SAFETY: The caller may sleep.
    unsafe { bindings::schedule_timeout_killable(timeout) };
}

/// While it lives, the task is known to wait for memory.
pub(crate) struct MemStall {
    flags: kernel::ffi::c_ulong,
    _here: NotThreadSafe,
}

#[cfg(CONFIG_PSI)]
mod psi {
    extern "C" {
        // The bindings do not have them.
        pub(super) fn psi_memstall_enter(flags: *mut kernel::ffi::c_ulong);
        pub(super) fn psi_memstall_leave(flags: *mut kernel::ffi::c_ulong);
    }
}

#[cfg(not(CONFIG_PSI))]
mod psi {
    pub(super) unsafe fn psi_memstall_enter(_flags: *mut kernel::ffi::c_ulong) {}
    pub(super) unsafe fn psi_memstall_leave(_flags: *mut kernel::ffi::c_ulong) {}
}

/// The task begins to wait for memory (C: `psi_memstall_enter()`).
#[must_use]
pub(crate) fn psi_memstall_enter() -> MemStall {
    let mut stall = MemStall {
        flags: 0,
        _here: NotThreadSafe,
    };
    // SAFETY: The function sets the word, and looks at the current task only.
    unsafe { psi::psi_memstall_enter(&raw mut stall.flags) };
    stall
}

impl Drop for MemStall {
    fn drop(&mut self) {
        // SAFETY: The word is as the other function left it, and this is the same task.
        unsafe { psi::psi_memstall_leave(&raw mut self.flags) };
    }
}

/// While it lives, requests of the task reclaim nothing and may use everything.
pub(crate) struct MemallocScope {
    had: u32,
    _here: NotThreadSafe,
}

/// The task frees memory for others (C: `memalloc_noreclaim_save()`).
#[must_use]
pub(crate) fn memalloc_scope() -> MemallocScope {
    let had = flags() & bindings::PF_MEMALLOC;
    let task = kernel::current!().as_ptr();
    // SAFETY: Only the task itself changes this word.
    unsafe { (*task).flags |= bindings::PF_MEMALLOC };
    MemallocScope {
        had,
        _here: NotThreadSafe,
    }
}

impl Drop for MemallocScope {
    fn drop(&mut self) {
        let task = kernel::current!().as_ptr();
        let flags = flags() & !bindings::PF_MEMALLOC | self.had;
        // SAFETY: As above; the scope does not leave its task.
        unsafe { (*task).flags = flags };
    }
}
