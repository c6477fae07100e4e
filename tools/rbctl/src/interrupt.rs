// SPDX-License-Identifier: GPL-2.0

//! Ctrl-C and its relatives: a wish to end, seen where the command can end cleanly.

#![deny(unsafe_code)]

use std::{
    io,
    os::fd::OwnedFd,
    sync::{
        atomic::{
            AtomicUsize,
            Ordering, //
        },
        Arc, //
    },
    time::Duration,
};

use rustix::{
    event::{
        poll,
        PollFd,
        PollFlags,
        Timespec, //
    },
    pipe::{
        pipe_with,
        PipeFlags, //
    }, //
};
use signal_hook::consts::{
    SIGHUP,
    SIGINT,
    SIGTERM, //
};

use crate::failure::{
    Failure,
    Result, //
};

/// Catches the signals that ask for an end, as long as the process lives.
pub(crate) struct Interrupt {
    code: Arc<AtomicUsize>,
    wake: OwnedFd,
}

impl Interrupt {
    /// Starts to catch.
    pub(crate) fn install() -> io::Result<Self> {
        let code = Arc::new(AtomicUsize::new(0));
        let (wake, sender) = pipe_with(PipeFlags::CLOEXEC)?;
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            // The exit code first: whoever is woken looks at it.
            let exit = usize::try_from(128 + signal).unwrap_or(130);
            signal_hook::flag::register_usize(signal, Arc::clone(&code), exit)?;
            signal_hook::low_level::pipe::register(signal, sender.try_clone()?)?;
        }
        Ok(Self { code, wake })
    }

    /// As after Ctrl-C.
    #[cfg(test)]
    pub(crate) fn pressed() -> Self {
        let interrupt = Self::install().expect("signals can be caught");
        interrupt.code.store(130, Ordering::SeqCst);
        interrupt
    }

    /// Fails if a signal has come.
    pub(crate) fn check(&self) -> Result {
        match self.code.load(Ordering::SeqCst) {
            0 => Ok(()),
            code => Err(Failure::Interrupted(u8::try_from(code).unwrap_or(130))),
        }
    }

    /// Waits so long, or without end; fails when a signal comes.
    pub(crate) fn wait(&self, time: Option<Duration>) -> Result {
        let limit = time.and_then(|time| Timespec::try_from(time).ok());
        let mut fds = [PollFd::new(&self.wake, PollFlags::IN)];
        // Both ends are the same to us: EINTR comes with the signal that `check` sees.
        let _ = poll(&mut fds, limit.as_ref());
        self.check()
    }
}
