// SPDX-License-Identifier: GPL-2.0

//! The folder `oracle`: what is known of the kernel's zones that are being compared with.

#![deny(unsafe_code)]

use super::pagetypeinfo::show_free;
use crate::{
    device::Device,
    sys::{
        self,
        Text, //
    },
    zone::text, //
};
use kernel::{
    prelude::*,
    sync::Arc, //
};

/// Makes the folder if the module was loaded to compare.
#[inline(never)]
pub(super) fn add(dir: &mut sys::Dir, device: &Arc<Device>) -> Result {
    if !device.params().oracle {
        return Ok(());
    }
    let mut folder = dir.folder(c"oracle")?;

    folder.file(
        c"buddyinfo",
        0o400,
        Arc::new(ShadowBuddyinfo(device.clone()), GFP_KERNEL)?,
    )?;
    folder.file(
        c"pagetypeinfo",
        0o400,
        Arc::new(ShadowPagetypeinfo(device.clone()), GFP_KERNEL)?,
    )
}

struct ShadowBuddyinfo(Arc<Device>);

impl sys::Show for ShadowBuddyinfo {
    fn show(&self, out: &mut Text) -> Result {
        self.0
            .each_shadow(|name, picture| Ok(text::show_buddyinfo(out, name, picture)?))
    }
}

struct ShadowPagetypeinfo(Arc<Device>);

impl sys::Show for ShadowPagetypeinfo {
    fn show(&self, out: &mut Text) -> Result {
        self.0
            .each_shadow(|name, picture| show_free(out, name, picture))?;
        self.0
            .each_shadow(|name, picture| Ok(text::show_pageblocks(out, name, picture)?))
    }
}
