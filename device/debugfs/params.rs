// SPDX-License-Identifier: GPL-2.0

//! params: what the module was loaded with, beside the defaults.

#![deny(unsafe_code)]

use crate::{
    device::{
        params,
        Device, //
    },
    sys::{
        self,
        Text, //
    }, //
};
use core::fmt::Write;
use kernel::{
    prelude::*,
    sync::Arc, //
};

pub(super) struct Params(pub(super) Arc<Device>);

impl sys::Show for Params {
    fn show(&self, out: &mut Text) -> Result {
        let params = self.0.params();
        let default = params::Params::DEFAULT;
        let config = self.0.region().config();

        writeln!(
            out,
            "size_mb {} {}",
            config.nr_pages >> (20 - sys::PAGE_SHIFT),
            default.size_mb
        )?;
        writeln!(out, "nid {} {}", config.nid, default.nid)?;
        writeln!(out, "dma_pct {} {}", params.dma_pct, default.dma_pct)?;
        writeln!(out, "dma32_pct {} {}", params.dma32_pct, default.dma32_pct)?;
        writeln!(
            out,
            "movable_pct {} {}",
            params.movable_pct, default.movable_pct
        )?;
        writeln!(
            out,
            "min_host_free_mb {} {}",
            params.min_host_free_mb, default.min_host_free_mb
        )?;
        writeln!(out, "exact {} {}", params.exact, default.exact)?;
        writeln!(out, "nids {:#x} {:#x}", params.nids, default.nids)?;
        writeln!(out, "lazy {} {}", params.lazy, default.lazy)?;
        writeln!(
            out,
            "gfp_allowed_mask {:#x} {:#x}",
            params.gfp_allowed_mask, default.gfp_allowed_mask
        )?;
        writeln!(out, "poison {} {}", params.poison, default.poison)?;
        writeln!(
            out,
            "unsafe_test {} {}",
            params.unsafe_test, default.unsafe_test
        )?;
        writeln!(
            out,
            "oracle {} {}",
            u32::from(params.oracle),
            u32::from(default.oracle)
        )?;
        writeln!(out, "oom_kill {} {}", params.oom_kill, default.oom_kill)?;
        writeln!(
            out,
            "wrong_move {} {}",
            params.wrong_move, default.wrong_move
        )?;
        writeln!(out, "region_pages {} -", config.nr_pages)?;
        writeln!(out, "pageblock_order {} -", config.pageblock_order.get())?;
        writeln!(out, "metadata_bytes_per_page {} -", Device::METADATA_BYTES)?;
        Ok(())
    }
}
