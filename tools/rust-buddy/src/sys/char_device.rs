// SPDX-License-Identifier: GPL-2.0

//! The real device.

use std::{
    fs::OpenOptions,
    os::fd::{
        AsFd,
        BorrowedFd,
        OwnedFd,
        RawFd, //
    },
    path::Path,
};

use rust_buddy_sys::*;
use rustix::{
    io::{
        Errno,
        Result, //
    },
    ioctl::{
        Opcode,
        Setter,
        Updater, //
    },
};

use super::Mapping;
use crate::{
    Driver,
    Error, //
};

/// An open `/dev/rust_buddy`. Blocks belong to the open file, also when it is shared.
#[derive(Debug)]
pub struct CharDevice {
    fd: OwnedFd,
}

impl CharDevice {
    /// Opens the device for reading and writing, or for reading only where no more is permitted.
    pub fn open(path: impl AsRef<Path>) -> crate::Result<Self> {
        let path = path.as_ref();
        let open = |write| OpenOptions::new().read(true).write(write).open(path);
        let file = open(true).or_else(|error| match error.kind() {
            std::io::ErrorKind::PermissionDenied => open(false),
            _ => Err(error),
        });
        file.map(|file| Self { fd: file.into() })
            .map_err(|error| open_error(path, &error))
    }

    /// Shares a descriptor that the parent process opened, with the blocks that it owns.
    pub fn inherit(raw: RawFd) -> crate::Result<Self> {
        if raw < 0 {
            return Err(Error::NoDescriptor(raw));
        }
        // SAFETY: The descriptor is used for this one call only. If it is not open the call says
        // EBADF; nothing in this library closes a descriptor that it did not open.
        let borrowed = unsafe { BorrowedFd::borrow_raw(raw) };
        rustix::io::fcntl_dupfd_cloexec(borrowed, 3)
            .map(|fd| Self { fd })
            .map_err(|_| Error::NoDescriptor(raw))
    }

    fn update<const OPCODE: Opcode, T>(&self, arg: &mut T) -> Result<()> {
        // SAFETY: Each caller pairs the command with its structure (the sizes are part of OPCODE).
        let update = unsafe { Updater::<OPCODE, T>::new(arg) };
        // SAFETY: The module reads and writes `arg` only, and the slices that callers point it to.
        unsafe { rustix::ioctl::ioctl(&self.fd, update) }
    }

    fn set<const OPCODE: Opcode, T>(&self, arg: T) -> Result<()> {
        // SAFETY: Each caller pairs the command with its structure (the sizes are part of OPCODE).
        let set = unsafe { Setter::<OPCODE, T>::new(arg) };
        // SAFETY: The module reads `arg` only.
        unsafe { rustix::ioctl::ioctl(&self.fd, set) }
    }
}

/// Pointer and length of a slice, as the structures have them.
fn array<T>(slice: &mut [T]) -> Result<(u64, u32)> {
    let nr = u32::try_from(slice.len()).map_err(|_| Errno::TOOBIG)?;
    Ok((slice.as_mut_ptr() as u64, nr))
}

fn open_error(path: &Path, error: &std::io::Error) -> Error {
    let path = path.to_owned();
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::NOENT | Errno::NODEV | Errno::NXIO) => Error::NoDevice(path),
        Some(Errno::ACCESS | Errno::PERM) => Error::NoPermission(path),
        errno => Error::Open {
            path,
            errno: errno.unwrap_or(Errno::IO),
        },
    }
}

impl Driver for CharDevice {
    fn query(&self, arg: &mut rb_query) -> Result<()> {
        self.update::<RB_QUERY, _>(arg)
    }

    fn alloc(&self, arg: &mut rb_alloc) -> Result<()> {
        self.update::<RB_ALLOC, _>(arg)
    }

    fn free(&self, arg: &rb_free) -> Result<()> {
        self.set::<RB_FREE, _>(*arg)
    }

    fn alloc_bulk(&self, arg: &mut rb_bulk, blocks: &mut [rb_block]) -> Result<()> {
        (arg.blocks_ptr, arg.nr) = array(blocks)?;
        self.update::<RB_ALLOC_BULK, _>(arg)
    }

    fn free_bulk(&self, arg: &mut rb_bulk, blocks: &mut [rb_block]) -> Result<()> {
        (arg.blocks_ptr, arg.nr) = array(blocks)?;
        self.update::<RB_FREE_BULK, _>(arg)
    }

    fn zone_stat(&self, arg: &mut rb_zone_stat) -> Result<()> {
        self.update::<RB_ZONE_STAT, _>(arg)
    }

    fn pcp_stat(&self, arg: &mut rb_pcp_stat) -> Result<()> {
        self.update::<RB_PCP_STAT, _>(arg)
    }

    fn vmstat(&self, arg: &mut rb_vmstat, out: &mut [u64]) -> Result<()> {
        (arg.buf_ptr, arg.nr) = array(out)?;
        self.update::<RB_VMSTAT, _>(arg)
    }

    fn node_stat(&self, arg: &mut rb_node_stat) -> Result<()> {
        self.update::<RB_NODE_STAT, _>(arg)
    }

    fn tune_get(&self, arg: &mut rb_tune) -> Result<()> {
        self.update::<RB_TUNE_GET, _>(arg)
    }

    fn tune_set(&self, arg: &mut rb_tune) -> Result<()> {
        self.update::<RB_TUNE_SET, _>(arg)
    }

    fn advise(&self, arg: &mut rb_advise) -> Result<()> {
        self.update::<RB_ADVISE, _>(arg)
    }

    fn compact(&self, arg: &mut rb_compact) -> Result<()> {
        self.update::<RB_COMPACT, _>(arg)
    }

    fn reclaim(&self, arg: &mut rb_reclaim) -> Result<()> {
        self.update::<RB_RECLAIM, _>(arg)
    }

    fn event_set(&self, arg: &rb_event_set) -> Result<()> {
        self.set::<RB_EVENT_SET, _>(*arg)
    }

    fn event_clear(&self, arg: &rb_event_clear) -> Result<()> {
        self.set::<RB_EVENT_CLEAR, _>(*arg)
    }

    fn event_wait(&self, arg: &mut rb_event_wait) -> Result<()> {
        self.update::<RB_EVENT_WAIT, _>(arg)
    }

    fn drain(&self, arg: &rb_drain) -> Result<()> {
        self.set::<RB_DRAIN, _>(*arg)
    }

    fn blockmap(&self, arg: &mut rb_blockmap, out: &mut [rb_pageblock]) -> Result<()> {
        (arg.buf_ptr, arg.nr) = array(out)?;
        self.update::<RB_BLOCKMAP, _>(arg)
    }

    fn clone_zone(&self, arg: &mut rb_clone_zone) -> Result<()> {
        self.update::<RB_CLONE_ZONE, _>(arg)
    }

    fn replay(
        &self,
        arg: &mut rb_replay,
        entries: &mut [rb_replay_entry],
        results: &mut [u32],
        text: &mut [u8],
    ) -> Result<()> {
        (arg.entries_ptr, arg.nr) = array(entries)?;
        // The module writes a result for each entry.
        if results.len() != entries.len() {
            return Err(Errno::INVAL);
        }
        (arg.results_ptr, _) = array(results)?;
        (arg.text_ptr, arg.text_size) = array(text)?;
        self.update::<RB_REPLAY, _>(arg)
    }

    fn verify(&self, arg: &mut rb_verify) -> Result<()> {
        self.update::<RB_VERIFY, _>(arg)
    }

    fn reset(&self, arg: &rb_reset) -> Result<()> {
        self.set::<RB_RESET, _>(*arg)
    }

    fn map(&self, offset: u64, len: usize, writable: bool) -> Result<Mapping> {
        Mapping::new(self.fd.as_fd(), offset, len, writable)
    }
}
