// SPDX-License-Identifier: GPL-2.0

//! The host's twin of `sys/`: what the policy needs of a platform, over `std`.

use kernel::prelude::*;
#[cfg(feature = "loom")]
use loom::{
    sync::Mutex,
    thread_local, //
};
use std::{
    cell::Cell,
    ffi::CStr,
    sync::PoisonError, //
};
#[cfg(not(feature = "loom"))]
use std::{
    sync::Mutex,
    thread_local, //
};

/// Who opened a file.
#[derive(Clone, Copy)]
pub(crate) struct Opener {
    pub(crate) pid: i32,
    pub(crate) uid: u32,
    pub(crate) comm: [u8; 16],
}

/// A value behind a lock.
pub(crate) struct Locked<T>(Mutex<T>);

impl<T> Locked<T> {
    /// Puts a value behind a lock of this name.
    pub(crate) fn new(value: T, _name: &'static CStr) -> Result<Self> {
        Ok(Self(Mutex::new(value)))
    }

    /// Runs `f` under the lock.
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        may_wait();
        let mut value = self.0.lock().unwrap_or_else(PoisonError::into_inner);

        holding(|| f(&mut value))
    }
}

impl<T> Locked<T> {
    /// Runs `f` under the lock unless somebody else holds it.
    pub(crate) fn try_with<R>(&self, f: impl FnOnce(&mut T) -> R) -> Option<R> {
        let mut value = self.0.try_lock().ok()?;

        Some(holding(|| f(&mut value)))
    }
}

/// A value behind a lock that may be waited for asleep.
pub(crate) type SleepLocked<T> = Locked<T>;

/// One value for each CPU.
pub(crate) struct PerCpu<T>(Vec<Mutex<T>>);

impl<T> PerCpu<T> {
    /// Makes a value for each CPU.
    pub(crate) fn new(value: impl FnMut(u32) -> Result<T>, _name: &'static CStr) -> Result<Self> {
        let values = (0..nr_cpus()).map(value).map(|value| value.map(Mutex::new));

        Ok(Self(values.collect::<Result<_>>()?))
    }

    /// Runs `f` on the value of `cpu`.
    pub(crate) fn with<R>(&self, cpu: u32, f: impl FnOnce(&mut T) -> R) -> Option<R> {
        let slot = self.0.get(cpu as usize)?;

        may_wait();
        let mut value = slot.lock().unwrap_or_else(PoisonError::into_inner);

        Some(holding(|| f(&mut value)))
    }

    /// Runs `f` on the value of `cpu` unless somebody else holds it.
    pub(crate) fn try_with<R>(&self, cpu: u32, f: impl FnOnce(&mut T) -> R) -> Option<R> {
        let mut value = self.0.get(cpu as usize)?.try_lock().ok()?;

        Some(holding(|| f(&mut value)))
    }

    /// Number of values.
    pub(crate) fn nr(&self) -> u32 {
        self.0.len() as u32
    }
}

thread_local! {
    static CPU: Cell<u32> = Cell::default();
}

/// The CPU that this thread pretends to run on.
pub(crate) fn this_cpu() -> u32 {
    CPU.with(Cell::get)
}

/// Pretends that this thread runs on `cpu`.
pub(crate) fn set_this_cpu(cpu: u32) {
    CPU.with(|this| this.set(cpu));
}

thread_local! {
    static MUST_NOT_WAIT: Cell<bool> = Cell::default();
}

/// Runs something that must not wait for a lock, not even one that happens to be free.
pub(crate) fn without_waiting<R>(f: impl FnOnce() -> R) -> R {
    MUST_NOT_WAIT.with(|flag| flag.set(true));
    let result = f();

    MUST_NOT_WAIT.with(|flag| flag.set(false));
    result
}

fn may_wait() {
    assert!(
        !MUST_NOT_WAIT.with(Cell::get),
        "a lock is taken that might be held"
    );
}

thread_local! {
    static NR_HELD: Cell<u32> = Cell::default();
}

/// Runs something under a lock.
fn holding<R>(f: impl FnOnce() -> R) -> R {
    NR_HELD.with(|nr| nr.set(nr.get() + 1));
    let result = f();

    NR_HELD.with(|nr| nr.set(nr.get() - 1));
    result
}

/// Fails if this thread holds a lock.
pub(crate) fn might_sleep() {
    assert!(NR_HELD.with(Cell::get) == 0, "sleeps while it holds a lock");
    may_wait();
}

/// CPUs of the machine: two, all online, on node 0.
pub(crate) fn nr_cpus() -> u32 {
    2
}

/// CPUs that are online.
pub(crate) fn nr_online_cpus() -> u32 {
    nr_cpus()
}

thread_local! {
    static LARGE_CACHE: Cell<bool> = Cell::default();
}

/// Whether a batch of pages fits into a CPU's share of the cache.
pub(crate) fn has_large_cache(_cpu: u32) -> bool {
    LARGE_CACHE.with(Cell::get)
}

/// Says whether it does.
pub(crate) fn set_large_cache(large: bool) {
    LARGE_CACHE.with(|cache| cache.set(large));
}

mod task;
pub(crate) use task::*;

/// This is no kernel at all.
pub(crate) fn is_kdump_kernel() -> bool {
    false
}

/// CPUs of a node.
pub(crate) fn nr_cpus_of_node(nid: i32) -> u32 {
    match nid {
        0 => nr_cpus(),
        _ => 0,
    }
}

/// The node of this CPU.
pub(crate) fn this_node() -> i32 {
    0
}

/// The node of a CPU.
pub(crate) fn node_of_cpu(_cpu: u32) -> i32 {
    0
}

/// All other nodes are equally far.
pub(crate) fn node_distance(from: i32, to: i32) -> u32 {
    match from == to {
        true => 10,
        false => 20,
    }
}

macro_rules! new_percpu {
    ($value:expr, $name:expr) => {
        $crate::sys::PerCpu::new($value, $name)
    };
}
pub(crate) use new_percpu;

pub(crate) use new_locked as new_sleep_locked;

macro_rules! new_locked {
    ($value:expr, $name:expr) => {
        $crate::sys::Locked::new($value, $name)
    };
}
pub(crate) use new_locked;
