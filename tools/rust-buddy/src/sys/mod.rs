// SPDX-License-Identifier: GPL-2.0

//! The only unsafe code of the user-space side: ioctl, mmap, and inherited descriptors.

mod char_device;
mod mapping;

pub use char_device::CharDevice;
pub use mapping::Mapping;
