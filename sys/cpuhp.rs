// SPDX-License-Identifier: GPL-2.0

//! Being told of CPUs that come and go.
//!
//! C: `cpuhp_setup_state_multi()` in `include/linux/cpuhotplug.h`.

use core::{
    mem::offset_of,
    ptr::null_mut, //
};
use kernel::{
    bindings,
    error::to_result,
    ffi::{
        c_int,
        c_uint, //
    },
    prelude::*,
    sync::Arc, //
};

/// What is done when CPUs come and go. Called in task context, one CPU at a time.
pub(crate) trait CpuHotplug: Send + Sync + 'static {
    /// `cpu` is about to come online. An error prevents that.
    fn cpu_coming(&self, cpu: u32) -> Result;

    /// `cpu` has gone: nothing runs there any more.
    fn cpu_dead(&self, cpu: u32);
}

/// An instance as the kernel knows it.
#[repr(C)]
struct Instance<T> {
    node: bindings::hlist_node,
    watcher: Arc<T>,
}

/// Being told, for as long as this lives.
///
/// # Invariants
///
/// `state` is a dynamic state with the callbacks of `T`, and `instance` is an instance of it that
/// stays where it is.
pub(crate) struct CpuWatch<T: CpuHotplug> {
    state: c_int,
    instance: Pin<KBox<Instance<T>>>,
}

// SAFETY: The list node is the kernel's, which locks its list; the watcher may be shared.
unsafe impl<T: CpuHotplug> Send for CpuWatch<T> {}
// SAFETY: As above; nothing can be reached through a shared reference.
unsafe impl<T: CpuHotplug> Sync for CpuWatch<T> {}

type Callback = unsafe extern "C" fn(c_uint) -> c_int;
type InstanceCallback = unsafe extern "C" fn(c_uint, *mut bindings::hlist_node) -> c_int;

impl<T: CpuHotplug> CpuWatch<T> {
    /// Begins to watch. CPUs that are online already are not told. Sleeps.
    pub(crate) fn new(watcher: Arc<T>) -> Result<Self> {
        let node = bindings::hlist_node {
            next: null_mut(),
            pprev: null_mut(),
        };
        let instance = KBox::pin(Instance { node, watcher }, GFP_KERNEL)?;
        let state = Self::set_up_state()?;
        // INVARIANT: The state was just made, the instance is pinned and joins below.
        let watch = Self { state, instance };
        // SAFETY: By the type invariants.
        let added = unsafe { bindings::__cpuhp_state_add_instance(state, watch.node(), false) };
        match to_result(added) {
            Ok(()) => Ok(watch),
            Err(error) => {
                watch.remove_state();
                // Not an instance, so it must not leave.
                core::mem::forget(watch);
                Err(error)
            }
        }
    }

    fn set_up_state() -> Result<c_int> {
        // SAFETY: With `multi_instance` the kernel calls both with the node of an instance as well
        // (C: `cpuhp_setup_state_multi()` has the same cast).
        let startup = unsafe { core::mem::transmute::<InstanceCallback, Callback>(coming::<T>) };
        // SAFETY: As above.
        let teardown = unsafe { core::mem::transmute::<InstanceCallback, Callback>(dead::<T>) };
        // SAFETY: The callbacks live as long as the module, and the state is removed before that
        // goes; the name is a constant.
        let state = unsafe {
            bindings::__cpuhp_setup_state(
                bindings::cpuhp_state_CPUHP_BP_PREPARE_DYN,
                c"mm/rust_buddy:prepare".as_char_ptr(),
                false,
                Some(startup),
                Some(teardown),
                true,
            )
        };
        to_result(state)?;
        Ok(state)
    }

    fn node(&self) -> *mut bindings::hlist_node {
        (&raw const self.instance.node).cast_mut()
    }

    fn remove_state(&self) {
        // SAFETY: By the type invariants the state is ours; it has no instance left.
        unsafe { bindings::__cpuhp_remove_state(self.state, false) };
    }
}

impl<T: CpuHotplug> Drop for CpuWatch<T> {
    fn drop(&mut self) {
        // SAFETY: By the type invariants it is an instance of the state.
        unsafe { bindings::__cpuhp_state_remove_instance(self.state, self.node(), false) };
        self.remove_state();
    }
}

/// # Safety
///
/// `node` is that of an [`Instance<T>`] that lives.
unsafe fn watcher<'a, T>(node: *mut bindings::hlist_node) -> &'a T {
    let instance = node
        .cast::<u8>()
        .wrapping_sub(offset_of!(Instance<T>, node))
        .cast::<Instance<T>>();
    // SAFETY: By the caller's promise.
    unsafe { &(*instance).watcher }
}

/// # Safety
///
/// As for [`watcher`].
unsafe extern "C" fn coming<T: CpuHotplug>(cpu: c_uint, node: *mut bindings::hlist_node) -> c_int {
    // SAFETY: By the caller's promise: the kernel calls with the node of an instance.
    let watcher = unsafe { watcher::<T>(node) };
    match watcher.cpu_coming(cpu) {
        Ok(()) => 0,
        Err(error) => error.to_errno(),
    }
}

/// # Safety
///
/// As for [`watcher`].
unsafe extern "C" fn dead<T: CpuHotplug>(cpu: c_uint, node: *mut bindings::hlist_node) -> c_int {
    // SAFETY: By the caller's promise.
    unsafe { watcher::<T>(node) }.cpu_dead(cpu);
    0
}
