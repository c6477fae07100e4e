// SPDX-License-Identifier: GPL-2.0

//! Staying on one CPU.
//!
//! C: `migrate_disable()`.

use kernel::{
    bindings,
    types::NotThreadSafe, //
};

/// As long as this lives the current task stays on its CPU. It may be preempted, and may sleep.
///
/// # Invariants
///
/// The task that made it has migration disabled once on its behalf.
pub(crate) struct Pinned(NotThreadSafe);

impl Pinned {
    /// Pins the current task. Process context.
    pub(crate) fn new() -> Self {
        // SAFETY: Undone when this is dropped, by the same task: a `Pinned` cannot be sent away.
        unsafe { bindings::migrate_disable() };
        // INVARIANT: Just disabled.
        Self(NotThreadSafe)
    }

    /// The CPU.
    pub(crate) fn cpu(&self) -> u32 {
        // SAFETY: May be asked at any time. By the type invariants the answer stays true.
        unsafe { bindings::raw_smp_processor_id() }
    }

    /// The slot of this CPU of a per-CPU variable (C: `per_cpu_ptr()`).
    pub(super) fn this_cpu<T>(&self, var: *mut T) -> *mut T {
        of_cpu(var, self.cpu())
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // SAFETY: By the type invariants.
        unsafe { bindings::migrate_enable() };
    }
}

/// The slot of a CPU of a per-CPU variable (C: `per_cpu_ptr()`). `cpu` is below `nr_cpu_ids`.
pub(super) fn of_cpu<T>(var: *mut T, cpu: u32) -> *mut T {
    let offsets = (&raw const bindings::__per_cpu_offset).cast::<usize>();
    // SAFETY: There is an offset for each CPU; they are written at boot only.
    let offset = unsafe { offsets.wrapping_add(cpu as usize).read() };
    var.wrapping_byte_add(offset)
}
