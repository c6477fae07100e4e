// SPDX-License-Identifier: GPL-2.0

//! What can go wrong, each kind with what to do about it.

#![deny(unsafe_code)]

use std::path::PathBuf;

use rust_buddy_sys::{
    RB_UAPI_MAJOR,
    RB_UAPI_MINOR, //
};
use rustix::io::Errno;

/// The library's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed. The text is one line that says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The device node is not there.
    #[error("no {}: is the module loaded? try `insmod rust_buddy.ko`", .0.display())]
    NoDevice(PathBuf),

    /// The device node may not be opened.
    #[error("no permission for {}: run as root, or give yourself access with `chgrp` and `chmod 0660`", .0.display())]
    NoPermission(PathBuf),

    /// Something else answers there.
    #[error("{0} is not a rust_buddy device: check --device and --fd")]
    NotOurs(String),

    /// The file cannot be opened for another reason.
    #[error("cannot open {}: {}", path.display(), text(*errno))]
    Open {
        /// Which file.
        path: PathBuf,
        /// The system's answer.
        errno: Errno,
    },

    /// The descriptor that was to be inherited is not open.
    #[error(
        "descriptor {0} is not open: in the shell, open it first with `exec {0}<>/dev/rust_buddy`"
    )]
    NoDescriptor(i32),

    /// The module speaks another major version.
    #[error(
        "the module speaks interface {found}, this program {RB_UAPI_MAJOR}.{RB_UAPI_MINOR}: \
         use module and rbctl of the same release"
    )]
    Version {
        /// What the module says.
        found: String,
    },

    /// A command was refused.
    #[error("{what}: {}", words(*errno))]
    Refused {
        /// What was tried.
        what: String,
        /// The module's answer.
        errno: Errno,
    },

    /// A value that a tunable cannot have.
    #[error("{what}: out of range; use {min} to {max} ({unit})")]
    OutOfRange {
        /// What was to be changed.
        what: String,
        /// The least.
        min: u64,
        /// The most.
        max: u64,
        /// What it counts.
        unit: &'static str,
    },

    /// A pin was to be taken off a block that has none, or that is not there.
    #[error("unpin {0}: it is not pinned, or there is no such handle")]
    NotPinned(crate::Handle),

    /// The module's answer does not fit together.
    #[error("{0}: report this as a bug of the module")]
    Inconsistent(String),
}

impl Error {
    pub(crate) fn refused(what: impl Into<String>) -> impl FnOnce(Errno) -> Self {
        let what = what.into();
        move |errno| Self::Refused { what, errno }
    }

    /// The errno of a refused command.
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Self::Refused { errno, .. } | Self::Open { errno, .. } => Some(*errno),
            _ => None,
        }
    }
}

/// What the errno means here and what to do; the system's words where it means nothing special.
fn words(errno: Errno) -> String {
    advice(errno).map_or_else(|| text(errno), str::to_owned)
}

/// The system's words, without Rust's "(os error N)".
fn text(errno: Errno) -> String {
    let full = std::io::Error::from(errno).to_string();
    let words = full.split(" (os error").next().unwrap_or(&full);
    words.to_lowercase()
}

fn advice(errno: Errno) -> Option<&'static str> {
    Some(match errno {
        Errno::NOMEM => "out of memory; free blocks, ask for a smaller order, or raise `ulimit -l`",
        Errno::NOENT => "not allocated by this open file; a handle is good there only, and once",
        Errno::STALE => "freed since, and the id has been given out anew",
        Errno::BUSY => "it is mapped; unmap it first, or use --zap",
        Errno::BADF => "opened for reading only; open it for reading and writing",
        Errno::PERM => "not permitted; this needs CAP_SYS_ADMIN, run as root",
        Errno::OPNOTSUPP => "not here; load the module with oracle=1, on x86-64 with NUMA",
        Errno::ALREADY => "another open file has the oracle; wait until it is closed",
        Errno::XDEV => "on another CPU than before; keep to one, as with `taskset 1`",
        Errno::NODEV => "the region has no such node or zone; see `rbctl zones`",
        Errno::RANGE => "the region has no such number; see `rbctl info`",
        Errno::OWNERDEAD => "memory ran out and all blocks of this open file were taken back; `rbctl --fd N free --all` makes it usable again",
        Errno::TIMEDOUT => "the time is over",
        Errno::INTR => "interrupted",
        Errno::NOTTY => "the module does not know this command; is it older than this program?",
        Errno::INVAL => {
            "an order, flag or node that does not fit; see `rbctl info` and `rbctl alloc --help`"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_one_line_and_say_what_to_do() {
        let error = Error::NoDevice("/dev/rust_buddy".into());
        assert_eq!(
            error.to_string(),
            "no /dev/rust_buddy: is the module loaded? try `insmod rust_buddy.ko`"
        );
        let error = Error::refused("alloc order 10")(Errno::NOMEM);
        assert_eq!(
            error.to_string(),
            "alloc order 10: out of memory; free blocks, ask for a smaller order, or raise `ulimit -l`"
        );
    }
}
