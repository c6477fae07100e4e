// SPDX-License-Identifier: GPL-2.0

//! An ioctl as it arrives: number, direction, size and argument.

#![deny(unsafe_code)]

use crate::sys::uapi;
use kernel::{
    prelude::*,
    transmute::{
        AsBytes,
        FromBytes, //
    }, //
};

/// Largest argument that a newer program may pass.
const MAX_SIZE: usize = 4096;

const WRITE: u32 = 1;
const READ_WRITE: u32 = 3;

/// One call of the device.
pub(super) struct Call {
    /// Command number.
    pub(super) nr: u32,
    /// Whether the file was opened for writing.
    writable: bool,
    size: usize,
    arg: usize,
}

impl Call {
    /// Takes a command word apart. ENOTTY if it is no command of ours, EINVAL if its argument is
    /// too small, E2BIG if it is larger than any we will ever have.
    pub(super) fn new(cmd: u32, arg: usize, writable: bool) -> Result<Self> {
        let (dir, size, kind, nr) = (
            cmd >> 30,
            (cmd >> 16) & 0x3fff,
            (cmd >> 8) & 0xff,
            cmd & 0xff,
        );
        let size = size as usize;

        if kind != uapi::RB_IOC_TYPE {
            return Err(ENOTTY);
        }
        let (expected_dir, min_size) = layout(nr).ok_or(ENOTTY)?;

        match size {
            _ if dir != expected_dir => Err(ENOTTY),
            size if size < min_size => Err(EINVAL),
            size if size > MAX_SIZE => Err(E2BIG),
            size => Ok(Self {
                nr,
                writable,
                size,
                arg,
            }),
        }
    }

    /// Reads the argument. EFAULT; E2BIG for a part that we do not know and that is not zero.
    pub(super) fn read<T: FromBytes>(&self) -> Result<T> {
        uapi::read_struct(self.arg, self.size)
    }

    /// Writes the argument back. EFAULT.
    pub(super) fn write<T: AsBytes>(&self, value: &T) -> Result {
        uapi::write_struct(self.arg, value)
    }

    /// EBADF unless the file was opened for writing.
    pub(super) fn require_write(&self) -> Result {
        match self.writable {
            true => Ok(()),
            false => Err(EBADF),
        }
    }
}

/// Direction and smallest size of a command.
fn layout(nr: u32) -> Option<(u32, usize)> {
    use core::mem::size_of;

    Some(match nr {
        uapi::RB_NR_QUERY => (READ_WRITE, size_of::<uapi::rb_query>()),
        uapi::RB_NR_ALLOC => (READ_WRITE, size_of::<uapi::rb_alloc>()),
        uapi::RB_NR_FREE => (WRITE, size_of::<uapi::rb_free>()),
        uapi::RB_NR_ALLOC_BULK | uapi::RB_NR_FREE_BULK => (READ_WRITE, size_of::<uapi::rb_bulk>()),
        uapi::RB_NR_ZONE_STAT => (READ_WRITE, size_of::<uapi::rb_zone_stat>()),
        uapi::RB_NR_PCP_STAT => (READ_WRITE, size_of::<uapi::rb_pcp_stat>()),
        uapi::RB_NR_VMSTAT => (READ_WRITE, size_of::<uapi::rb_vmstat>()),
        uapi::RB_NR_TUNE_GET | uapi::RB_NR_TUNE_SET => (READ_WRITE, size_of::<uapi::rb_tune>()),
        uapi::RB_NR_DRAIN => (WRITE, size_of::<uapi::rb_drain>()),
        uapi::RB_NR_BLOCKMAP => (READ_WRITE, size_of::<uapi::rb_blockmap>()),
        uapi::RB_NR_NODE_STAT => (READ_WRITE, size_of::<uapi::rb_node_stat>()),
        uapi::RB_NR_ADVISE => (READ_WRITE, size_of::<uapi::rb_advise>()),
        uapi::RB_NR_COMPACT => (READ_WRITE, size_of::<uapi::rb_compact>()),
        uapi::RB_NR_RECLAIM => (READ_WRITE, size_of::<uapi::rb_reclaim>()),
        uapi::RB_NR_EVENT_SET => (WRITE, size_of::<uapi::rb_event_set>()),
        uapi::RB_NR_EVENT_CLEAR => (WRITE, size_of::<uapi::rb_event_clear>()),
        uapi::RB_NR_EVENT_WAIT => (READ_WRITE, size_of::<uapi::rb_event_wait>()),
        uapi::RB_NR_REPLAY => (READ_WRITE, size_of::<uapi::rb_replay>()),
        uapi::RB_NR_CLONE_ZONE => (READ_WRITE, size_of::<uapi::rb_clone_zone>()),
        uapi::RB_NR_VERIFY => (READ_WRITE, size_of::<uapi::rb_verify>()),
        uapi::RB_NR_INJECT => (WRITE, size_of::<uapi::rb_inject>()),
        uapi::RB_NR_RESET => (WRITE, size_of::<uapi::rb_reset>()),
        _ => return None,
    })
}

#[kunit_tests(rust_buddy_call)]
mod tests {
    use super::*;

    fn cmd(dir: u32, size: u32, kind: u32, nr: u32) -> u32 {
        (dir << 30) | (size << 16) | (kind << 8) | nr
    }

    fn error(cmd: u32) -> Option<Error> {
        Call::new(cmd, 0, false).err()
    }

    #[test]
    fn commands_are_recognised() -> Result {
        assert!(error(cmd(3, 128, 0xbb, 0)).is_none());
        assert!(error(cmd(3, 4096, 0xbb, 0)).is_none());
        assert_eq!(error(cmd(3, 128, 0xba, 0)), Some(ENOTTY));
        assert_eq!(error(cmd(1, 128, 0xbb, 0)), Some(ENOTTY));
        assert_eq!(error(cmd(3, 128, 0xbb, 0x30)), Some(ENOTTY));
        assert_eq!(error(cmd(3, 127, 0xbb, 0)), Some(EINVAL));
        assert_eq!(error(cmd(3, 4097, 0xbb, 0)), Some(E2BIG));
        Ok(())
    }
}
