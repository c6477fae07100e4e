// SPDX-License-Identifier: GPL-2.0

//! Threads of the kernel that work for the module, and end before it does.
//!
//! C: `kthread_run()`, `kthread_stop()`.

use core::ptr::{
    null_mut,
    NonNull, //
};
use kernel::{
    bindings,
    error::from_err_ptr,
    ffi::{
        c_int,
        c_void, //
    },
    prelude::*,
    sync::{
        aref::ARef,
        Arc, //
    },
    task::Task,
    types::NotThreadSafe, //
};

/// What a thread does.
pub(crate) trait Thread: Send + Sync + 'static {
    /// Works until [`ThreadToken::should_stop`]. Sleeps.
    fn run(&self, this: &ThreadToken);
}

/// Given to a thread: it is one.
pub(crate) struct ThreadToken {
    _here: NotThreadSafe,
}

impl ThreadToken {
    /// Whether the thread is to end. Freezes here while the machine is suspended. Sleeps.
    pub(crate) fn should_stop(&self) -> bool {
        // SAFETY: There is a token only inside of threads.
        unsafe { bindings::kthread_freezable_should_stop(null_mut()) }
    }
}

/// A thread, until this is dropped.
///
/// # Invariants
///
/// `task` was made by [`Self::spawn`] to run [`main`] with the address of what `worker` refers to,
/// and was not stopped yet.
pub(crate) struct KThread<T: Thread> {
    task: ARef<Task>,
    _worker: Arc<T>,
}

impl<T: Thread> KThread<T> {
    /// Starts a thread named `<name><nid>`. Its stack lies on any node: a node of which a region
    /// was carved has lost the region's pages then and nothing else, and the stacks that the kernel
    /// keeps for later are none of its. Sleeps.
    pub(crate) fn spawn(name: &'static CStr, nid: i32, worker: Arc<T>) -> Result<Self> {
        let data: *const T = &*worker;
        // SAFETY: The format takes a string and an integer. The data stays until the thread has
        // ended, see `drop()`.
        let task = from_err_ptr(unsafe {
            bindings::kthread_create_on_node(
                Some(main::<T>),
                data.cast_mut().cast(),
                bindings::NUMA_NO_NODE,
                c"%s%d".as_char_ptr(),
                name.as_char_ptr(),
                nid,
            )
        })?;
        let task = NonNull::new(task.cast::<Task>()).ok_or(ENOMEM)?;
        // SAFETY: `Task` is the kernel's structure. The new thread cannot end before it was woken.
        let task: ARef<Task> = unsafe { task.as_ref() }.into();
        task.wake_up();
        // INVARIANT: As was just done.
        Ok(Self {
            task,
            _worker: worker,
        })
    }
}

impl<T: Thread> Drop for KThread<T> {
    /// Stops the thread and waits for its end. Sleeps.
    fn drop(&mut self) {
        // SAFETY: By the type invariants; the reference keeps a task that has ended already.
        unsafe { bindings::kthread_stop(self.task.as_ptr()) };
    }
}

/// # Safety
///
/// Called by the kernel only, for a thread that [`KThread::spawn`] made: `worker` is a `T` that
/// stays until the thread has ended.
unsafe extern "C" fn main<T: Thread>(worker: *mut c_void) -> c_int {
    // SAFETY: By the requirement of this function.
    let worker = unsafe { &*worker.cast::<T>() };
    set_freezable();
    worker.run(&ThreadToken {
        _here: NotThreadSafe,
    });
    0
}

/// Makes the thread stop where it asks for it while the machine is suspended.
#[cfg(CONFIG_FREEZER)]
fn set_freezable() {
    // SAFETY: Looks at the current task only, which is a thread of the kernel.
    unsafe { bindings::set_freezable() };
}

/// Nothing is ever frozen here.
#[cfg(not(CONFIG_FREEZER))]
fn set_freezable() {}
