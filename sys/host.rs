// SPDX-License-Identifier: GPL-2.0

//! Facts about the machine, the kernel and the caller. All are safe to ask at any time; what may
//! change while it is being read is a snapshot.

use kernel::{
    bindings,
    time::{
        ClockSource,
        Monotonic, //
    }, //
};

/// log2 of [`PAGE_SIZE`].
pub(crate) const PAGE_SHIFT: u32 = bindings::PAGE_SHIFT;

/// Bytes of a page.
pub(crate) const PAGE_SIZE: usize = 1 << PAGE_SHIFT;

/// log2 of the pages of a pageblock, as the running kernel has it (C: `pageblock_order`).
pub(crate) const fn pageblock_order() -> u8 {
    PAGEBLOCK_ORDER as u8
}

// C: `include/linux/pageblock-flags.h`. A huge page is one PMD entry on all supported machines.
#[cfg(any(CONFIG_HUGETLB_PAGE, CONFIG_TRANSPARENT_HUGEPAGE))]
const PAGEBLOCK_ORDER: u32 = {
    let huge = bindings::PMD_SHIFT - PAGE_SHIFT;
    let max = bindings::PAGE_BLOCK_MAX_ORDER;
    if huge < max {
        huge
    } else {
        max
    }
};

#[cfg(not(any(CONFIG_HUGETLB_PAGE, CONFIG_TRANSPARENT_HUGEPAGE)))]
const PAGEBLOCK_ORDER: u32 = bindings::PAGE_BLOCK_MAX_ORDER;

kernel::static_assert!(PAGEBLOCK_ORDER <= bindings::MAX_PAGE_ORDER);

// What the policy takes for granted of the kernel whose texts it repeats.
kernel::static_assert!(bindings::MAX_PAGE_ORDER == 10);
kernel::static_assert!(bindings::migratetype_MIGRATE_TYPES == 6);

/// Nanoseconds of `CLOCK_MONOTONIC`. Any context but NMI.
#[inline]
pub(crate) fn now_ns() -> u64 {
    // The clock source promises a value that is not negative.
    Monotonic::ktime_get() as u64
}

/// Number of zones that a node of this kernel can have (C: `MAX_NR_ZONES`).
pub(crate) const fn nr_zone_types() -> usize {
    bindings::zone_type___MAX_NR_ZONES as usize
}

/// Whether this kernel was started to save the memory of one that crashed
/// (C: `is_kdump_kernel()`).
#[cfg(CONFIG_CRASH_DUMP)]
pub(crate) fn is_kdump_kernel() -> bool {
    extern "C" {
        // The bindings do not have it. Where the crashed kernel left its headers, or all ones.
        static elfcorehdr_addr: u64;
    }
    // SAFETY: Set at boot and not changed later.
    let address = unsafe { (&raw const elfcorehdr_addr).read() };
    address != u64::MAX
}

/// Whether this kernel was started to save the memory of one that crashed.
#[cfg(not(CONFIG_CRASH_DUMP))]
pub(crate) fn is_kdump_kernel() -> bool {
    false
}

/// Whether huge pages have per-CPU lists (C: `CONFIG_TRANSPARENT_HUGEPAGE`).
pub(crate) const HAS_HUGE_PAGES: bool = cfg!(CONFIG_TRANSPARENT_HUGEPAGE);

/// Whether mappings can have entries of a whole PMD (2 MiB).
pub(crate) const HAS_PMD_MAPPINGS: bool = cfg!(CONFIG_ARCH_SUPPORTS_PMD_PFNMAP);

/// Lets others run. Sleeps.
pub(crate) fn cond_resched() {
    kernel::task::might_sleep();
    resched();
}

/// C: `__cond_resched()`, which a kernel that always preempts does not have.
#[cfg(any(not(CONFIG_PREEMPTION), CONFIG_PREEMPT_DYNAMIC))]
fn resched() {
    // SAFETY: The caller may sleep.
    unsafe { bindings::__cond_resched() };
}

#[cfg(not(any(not(CONFIG_PREEMPTION), CONFIG_PREEMPT_DYNAMIC)))]
fn resched() {}

/// Whether the caller has `CAP_SYS_ADMIN` in the first user namespace. Process context, not under a
/// spinlock (security modules may sleep).
pub(crate) fn capable_sys_admin() -> bool {
    // SAFETY: Looks at the current task only.
    unsafe { bindings::capable(bindings::CAP_SYS_ADMIN as kernel::ffi::c_int) }
}

/// Marks the kernel as one that runs tests which do harm (C: `TAINT_TEST`). Any context.
pub(crate) fn taint_test() {
    // SAFETY: Sets a bit; lock debugging goes on.
    unsafe { bindings::add_taint(bindings::TAINT_TEST, bindings::lockdep_ok_LOCKDEP_STILL_OK) };
}

/// Version of the kernel: major << 16 | minor << 8 | patch, at most 255 (C: `LINUX_VERSION_CODE`).
///
/// The kernel crate does not carry it. Kbuild tells it to every compiler it starts; a kernel of
/// another version would not have loaded the module.
pub(crate) const fn host_version() -> u32 {
    HOST_VERSION
}

const HOST_VERSION: u32 = {
    let (major, rest) = leading_number(env!("KERNELVERSION").as_bytes());
    let (minor, rest) = leading_number(rest);
    let (patch, _) = leading_number(rest);
    assert!(major >= 7, "made for Linux 7.3 and later");
    (major << 16) | (minor << 8) | if patch < 255 { patch } else { 255 }
};

/// The number at the start of `text`, and what follows the character after it.
const fn leading_number(text: &[u8]) -> (u32, &[u8]) {
    let mut value = 0;
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if !first.is_ascii_digit() {
            break;
        }
        value = value * 10 + (*first - b'0') as u32;
    }
    (value, rest)
}

/// Whether the caller is a real-time or deadline task (C: `rt_or_dl_task(current)`).
pub(crate) fn current_is_rt() -> bool {
    let task = kernel::current!().as_ptr();
    // SAFETY: The current task stays while we run; an aligned word that may change meanwhile.
    let prio = unsafe { (&raw const (*task).prio).read_volatile() };
    prio < bindings::MAX_RT_PRIO as i32
}

/// Who opened the device, for people to read.
#[derive(Clone, Copy)]
pub(crate) struct Opener {
    /// Process (thread group) number in the first namespace.
    pub(crate) pid: i32,
    /// Real user in the first namespace.
    pub(crate) uid: u32,
    /// Name of the thread, padded with zeroes; any bytes.
    pub(crate) comm: [u8; 16],
}

impl Opener {
    /// The caller. Process context.
    pub(crate) fn current() -> Self {
        let task = kernel::current!();
        let comm = task.as_ptr();
        // SAFETY: The current task stays while we run. Its name may be set by others meanwhile:
        // bytes of two names may mix then, as for any reader (C: `get_task_comm()`).
        let comm = unsafe { (&raw const (*comm).comm).cast::<[u8; 16]>().read_volatile() };
        Self {
            pid: task.tgid(),
            uid: task.uid().into_raw().val,
            comm: until_zero(comm),
        }
    }
}

/// Clears everything after the first zero.
fn until_zero(mut bytes: [u8; 16]) -> [u8; 16] {
    let mut ended = false;
    for byte in &mut bytes {
        ended |= *byte == 0;
        if ended {
            *byte = 0;
        }
    }
    bytes
}
