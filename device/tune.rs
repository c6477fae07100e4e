// SPDX-License-Identifier: GPL-2.0

//! TUNE_GET and TUNE_SET: what can be changed while the region is in use.

#![deny(unsafe_code)]

use super::{
    call::Call,
    Device, //
};
use crate::{
    page_alloc::tunables::Tunable,
    sys::{
        self,
        uapi, //
    },
    zone::ZoneType, //
};
use kernel::{
    prelude::*,
    sync::atomic::Relaxed, //
};

impl Device {
    /// RB_TUNE_GET.
    #[inline(never)]
    pub(super) fn tune_get(&self, call: &Call) -> Result {
        let req: uapi::rb_tune = call.read()?;
        let tunable = tunable(&req)?;

        if req.flags != 0 {
            return Err(EINVAL);
        }
        let value = self.region().tunable(tunable);

        call.write(&uapi::rb_tune {
            value,
            old: value,
            ..self.bounds(&req, tunable)
        })
    }

    /// RB_TUNE_SET.
    #[inline(never)]
    pub(super) fn tune_set(&self, call: &Call) -> Result {
        let req: uapi::rb_tune = call.read()?;
        let tunable = tunable(&req)?;

        if req.flags & !uapi::RB_TUNE_TRY != 0 {
            return Err(EINVAL);
        }
        if !sys::capable_sys_admin() {
            return Err(EPERM);
        }
        call.require_write()?;
        tunable.check(req.value)?;
        let mut answer = self.bounds(&req, tunable);

        answer.value = req.value;
        answer.old = self.region().tunable(tunable);
        // What cannot be answered must not be done.
        call.write(&answer)?;
        if req.flags & uapi::RB_TUNE_TRY == 0 {
            answer.old = self.set_tunable(tunable, req.value)?;
            call.write(&answer)?;
        }
        Ok(())
    }

    /// Changes a tunable; the old value. Sleeps. The errors of
    /// [`Region::set_tunable`](crate::page_alloc::Region::set_tunable).
    pub(super) fn set_tunable(&self, tunable: Tunable, value: u64) -> Result<u64> {
        let old = self.region().set_tunable(tunable, value)?;

        self.epoch.fetch_add(1, Relaxed);
        Ok(old)
    }

    /// What does not depend on the value.
    fn bounds(&self, req: &uapi::rb_tune, tunable: Tunable) -> uapi::rb_tune {
        let (min, max) = tunable.range();

        uapi::rb_tune {
            key: req.key,
            zone: req.zone,
            flags: req.flags,
            min,
            max,
            def: self.region().tunable_default(tunable),
            ..Default::default()
        }
    }
}

/// What the caller speaks of. EINVAL if there is no such thing.
fn tunable(req: &uapi::rb_tune) -> Result<Tunable> {
    if req.reserved0 != 0 || req.reserved1 != 0 {
        return Err(EINVAL);
    }
    if req.key == uapi::RB_TUNE_LOWMEM_RESERVE_RATIO {
        let zone = ZoneType::from_number(req.zone).ok_or(EINVAL)?;

        return Ok(Tunable::LowmemReserveRatio(zone));
    }
    if req.zone != 0 {
        return Err(EINVAL);
    }
    Ok(match req.key {
        uapi::RB_TUNE_MIN_FREE_KBYTES => Tunable::MinFreeKbytes,
        uapi::RB_TUNE_WATERMARK_SCALE_FACTOR => Tunable::WatermarkScaleFactor,
        uapi::RB_TUNE_WATERMARK_BOOST_FACTOR => Tunable::WatermarkBoostFactor,
        uapi::RB_TUNE_PERCPU_PAGELIST_HIGH_FRACTION => Tunable::PercpuPagelistHighFraction,
        uapi::RB_TUNE_DEFRAG_MODE => Tunable::DefragMode,
        uapi::RB_TUNE_STAT_INTERVAL => Tunable::StatInterval,
        uapi::RB_TUNE_EXTFRAG_THRESHOLD => Tunable::ExtfragThreshold,
        uapi::RB_TUNE_COMPACTION_PROACTIVENESS => Tunable::CompactionProactiveness,
        _ => return Err(EINVAL),
    })
}
