// SPDX-License-Identifier: GPL-2.0

//! The host's twin of `sys/`: what the policy needs of a platform, over `std`.

use kernel::prelude::*;
use std::{
    ffi::CStr,
    sync::{
        Mutex,
        PoisonError, //
    }, //
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
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

macro_rules! new_locked {
    ($value:expr, $name:expr) => {
        $crate::sys::Locked::new($value, $name)
    };
}
pub(crate) use new_locked;
