// SPDX-License-Identifier: GPL-2.0

//! The interface header as bindgen sees it, and copies of its structures to and from user space.
//!
//! C: `uapi/rust_buddy.h`, `copy_struct_from_user()`.

use kernel::{
    prelude::*,
    transmute::{
        AsBytes,
        FromBytes, //
    },
    uaccess::{
        UserPtr,
        UserSlice, //
    }, //
};

mod generated {
    #![allow(
        dead_code,
        missing_docs,
        non_camel_case_types,
        non_snake_case,
        non_upper_case_globals,
        unreachable_pub,
        clippy::all,
        clippy::undocumented_unsafe_blocks,
        reason = "written by bindgen"
    )]
    include!(env!("RUST_BUDDY_UAPI"));
}
pub(crate) use generated::*;

/// Largest structure that a newer user of the interface may pass.
const MAX_STRUCT: usize = 4096;

/// Declares structures as plain bytes, having checked that their fields leave no gap.
macro_rules! plain_bytes {
    ($($ty:ident { $($field:ident),* $(,)? })*) => {$(
        // A gap would make the structure larger than its fields; a field that is not named here is
        // an error of the pattern.
        const _: () = {
            const fn sum(value: &$ty) -> usize {
                let $ty { $($field),* } = value;
                0 $(+ size_of_val($field))*
            }
            // SAFETY: Integers and arrays of them only may be zero.
            let zeroed: $ty = unsafe { core::mem::zeroed() };
            assert!(size_of::<$ty>() == sum(&zeroed));
        };
        // SAFETY: Integers and arrays of them only, for which any bytes are right.
        unsafe impl FromBytes for $ty {}
        // SAFETY: Integers and arrays of them only, without padding, see above.
        unsafe impl AsBytes for $ty {}
    )*};
}

plain_bytes! {
    rb_query {
        what, flags, uapi_major, uapi_minor, features, page_shift, nr_orders, pageblock_order,
        nr_migratetypes, nr_nodes, nr_zones, nr_cpus, nr_pcp_lists, region_pages, managed_pages,
        free_pages, used_by_me, quota_pages, epoch, host_version, max_bulk, max_fetch, window_shift,
        base_pfn,
    }
    rb_alloc {
        gfp, order, flags, nodemask, nid, reserved0, timeout_ns, reserved2, id, gen, idx,
        mmap_offset, path, got_nid, got_zone, reserved1, latency_ns,
    }
    rb_free { id, gen, order, flags, reserved }
    rb_block { id, gen, order, result, idx }
    rb_bulk {
        blocks_ptr, nr, gfp, order, flags, nodemask, nid, reserved0, timeout_ns, nr_done, first_err,
        reserved1,
    }
    rb_zone_stat {
        nid, zone, flags, reserved0, seq, spanned, present, managed, free, pcp_total, min, low,
        high, promo, boost, reserved_highatomic, free_highatomic, protection, start_idx, nr_free,
        events,
        name, reserved1,
    }
    rb_pcp_stat {
        nid, zone, cpu, flags, online, nr_lists, count, high, high_min, high_max, batch, free_count,
        alloc_factor, expire, pgalloc, pgfree, refills, drains, ring_full, lists, reserved1,
    }
    rb_vmstat { buf_ptr, nr, flags, nr_total, nr_done, epoch }
    rb_tune { key, zone, flags, reserved0, reserved1, value, old, min, max, def }
    rb_drain { nid, zone, cpu, flags, reserved }
    rb_pageblock { free, nr_pages, info, reserved }
    rb_blockmap { start, nr, flags, buf_ptr, nr_done, reserved0, epoch, reserved1 }
    rb_zone_compaction {
        active, inactive, migrate_idx, free_idx, considered, defer_shift, order_failed, reserved0,
    }
    rb_node_stat {
        nid, flags, kswapd_state, kswapd_order, kswapd_highest_zone, kswapd_failures,
        kcompactd_state, kcompactd_order, kswapd_runs, kcompactd_runs, nr_isolated, nr_throttled,
        zones, reserved1,
    }
    rb_advise { id, gen, order, advice, flags, was_purged, idx, nr_pins, reserved0, reserved1 }
    rb_compact {
        nid, zone, order, mode, budget_pages, timeout_ns, flags, result, migrate_scanned,
        free_scanned, migrated, failed, freed_blocks, reserved0,
    }
    rb_reclaim { nr_pages, nid, flags, timeout_ns, nr_reclaimed, nr_scanned, reserved0 }
    rb_event_set { eventfd, mask, nid, zone, flags, reserved0, interval_ns, reserved1 }
    rb_event_clear { eventfd, flags, reserved0 }
    rb_event_wait { mask, flags, timeout_ns, fired, reserved0, seq, reserved1 }
    rb_clone_zone { nid, flags, zones, cpu, base_pfn, managed, free, held, hash, nr_pages }
    rb_replay_entry { op, order, flags, gfp, slot, arg }
    rb_replay {
        entries_ptr, nr, interval, results_ptr, text_ptr, text_size, flags, text_len, nr_done, stop,
        div_kind, div_zone, div_where, div_position, reserved0, div_real, div_ours, coverage,
        reserved1,
    }
    rb_verify { flags, reserved0, checked, errors, first_idx, code, reserved1, reserved2 }
    rb_inject { kind, flags, idx, arg, reserved }
    rb_reset { flags, reserved0, reserved1 }
}

/// Reads a structure of `size` bytes at `arg`, which may be newer, that is larger, than ours.
/// Sleeps.
///
/// # Errors
///
/// `EINVAL` if `size` is smaller than ours; `E2BIG` if it is over 4096 or what we do not know is
/// not zero; `EFAULT`.
pub(crate) fn read_struct<T: FromBytes>(arg: usize, size: usize) -> Result<T> {
    if size < size_of::<T>() {
        return Err(EINVAL);
    }
    if size > MAX_STRUCT {
        return Err(E2BIG);
    }
    let mut reader = UserSlice::new(UserPtr::from_addr(arg), size).reader();
    // The tail first, as `copy_struct_from_user()` does.
    let mut tail = reader.clone_reader();
    tail.skip(size_of::<T>())?;
    while !tail.is_empty() {
        if tail.read::<u8>()? != 0 {
            return Err(E2BIG);
        }
    }
    reader.read()
}

/// Writes a structure to `arg`; what a newer caller has after it stays as it is. Sleeps.
pub(crate) fn write_struct<T: AsBytes>(arg: usize, value: &T) -> Result {
    UserSlice::new(UserPtr::from_addr(arg), size_of::<T>())
        .writer()
        .write(value)
}

/// Writes bytes to `ptr`. Sleeps.
pub(crate) fn write_bytes(ptr: u64, bytes: &[u8]) -> Result {
    let ptr = usize::try_from(ptr).map_err(|_| EFAULT)?;

    UserSlice::new(UserPtr::from_addr(ptr), bytes.len())
        .writer()
        .write_slice(bytes)
}

/// An array in user space. Every access is checked and may fail with `EFAULT`; what is there may
/// change between two of them.
pub(crate) struct UserArray<T> {
    start: usize,
    nr: usize,
    _type: core::marker::PhantomData<T>,
}

impl<T: FromBytes + AsBytes> UserArray<T> {
    /// `nr` elements at `ptr`. `EFAULT` if that is not an address range at all.
    pub(crate) fn new(ptr: u64, nr: u32) -> Result<Self> {
        let start = usize::try_from(ptr).map_err(|_| EFAULT)?;
        let nr = nr as usize;
        let bytes = nr.checked_mul(size_of::<T>()).ok_or(EFAULT)?;
        start.checked_add(bytes).ok_or(EFAULT)?;
        Ok(Self {
            start,
            nr,
            _type: core::marker::PhantomData,
        })
    }

    /// Finds out whether the array can be written to, before anything is done on its behalf: writes
    /// an element of each page as it was. It may still fail later. Sleeps.
    pub(crate) fn probe(&self) -> Result {
        let step = (super::PAGE_SIZE / 2 / size_of::<T>()).max(1);
        let last = self.nr.wrapping_sub(1) as u32;

        for i in (0..self.nr as u32).step_by(step) {
            self.put(i, &self.get(i)?)?;
        }
        self.put(last, &self.get(last)?)
    }

    /// Reads element `i`. Sleeps.
    pub(crate) fn get(&self, i: u32) -> Result<T> {
        self.element(i)?.reader().read()
    }

    /// Writes element `i`. Sleeps.
    pub(crate) fn put(&self, i: u32, value: &T) -> Result {
        self.element(i)?.writer().write(value)
    }

    fn element(&self, i: u32) -> Result<UserSlice> {
        let i = i as usize;
        if i >= self.nr {
            return Err(EFAULT);
        }
        // No overflow: the end of the array is an address.
        let start = self.start.wrapping_add(i.wrapping_mul(size_of::<T>()));
        Ok(UserSlice::new(UserPtr::from_addr(start), size_of::<T>()))
    }
}
