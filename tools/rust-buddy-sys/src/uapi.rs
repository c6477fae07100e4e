// SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note

pub const RB_UAPI_MAJOR: u32 = 1;
pub const RB_UAPI_MINOR: u32 = 0;
pub const RB_DEVICE_NAME: &[u8; 11] = b"rust_buddy\0";
pub const RB_IOC_TYPE: u32 = 187;
pub const RB_MAX_ORDERS: u32 = 16;
pub const RB_MAX_MIGRATETYPES: u32 = 8;
pub const RB_MAX_ZONES: u32 = 8;
pub const RB_MAX_EVENTS: u32 = 48;
pub const RB_MAX_PCP_LISTS: u32 = 20;
pub const RB_ZONE_NAME_LEN: u32 = 16;
pub const RB_GFP_DMA: u32 = 1;
pub const RB_GFP_HIGHMEM: u32 = 2;
pub const RB_GFP_DMA32: u32 = 4;
pub const RB_GFP_MOVABLE: u32 = 8;
pub const RB_GFP_RECLAIMABLE: u32 = 16;
pub const RB_GFP_HIGH: u32 = 32;
pub const RB_GFP_IO: u32 = 64;
pub const RB_GFP_FS: u32 = 128;
pub const RB_GFP_ZERO: u32 = 256;
pub const RB_GFP_DIRECT_RECLAIM: u32 = 512;
pub const RB_GFP_KSWAPD_RECLAIM: u32 = 1024;
pub const RB_GFP_WRITE: u32 = 2048;
pub const RB_GFP_NOWARN: u32 = 4096;
pub const RB_GFP_RETRY_MAYFAIL: u32 = 8192;
pub const RB_GFP_NOFAIL: u32 = 16384;
pub const RB_GFP_NORETRY: u32 = 32768;
pub const RB_GFP_MEMALLOC: u32 = 65536;
pub const RB_GFP_COMP: u32 = 131072;
pub const RB_GFP_NOMEMALLOC: u32 = 262144;
pub const RB_GFP_HARDWALL: u32 = 524288;
pub const RB_GFP_THISNODE: u32 = 1048576;
pub const RB_GFP_ACCOUNT: u32 = 2097152;
pub const RB_GFP_RECLAIM: u32 = 1536;
pub const RB_GFP_ATOMIC: u32 = 1056;
pub const RB_GFP_KERNEL: u32 = 1728;
pub const RB_GFP_NOWAIT: u32 = 5120;
pub const RB_GFP_NOIO: u32 = 1536;
pub const RB_GFP_NOFS: u32 = 1600;
pub const RB_GFP_USER: u32 = 526016;
pub const RB_GFP_HIGHUSER: u32 = 526018;
pub const RB_GFP_HIGHUSER_MOVABLE: u32 = 526026;
pub const RB_GFP_TRANSHUGE_LIGHT: u32 = 921802;
pub const RB_GFP_TRANSHUGE: u32 = 922314;
pub const RB_MMAP_BASE: u64 = 1099511627776;
pub const RB_QUERY_GLOBAL: u32 = 0;
pub const RB_QUERY_PFN: u32 = 1;
pub const RB_FEATURE_MMAP: u32 = 1;
pub const RB_FEATURE_MMAP_PMD: u32 = 2;
pub const RB_FEATURE_PCP: u32 = 4;
pub const RB_FEATURE_ORACLE: u32 = 8;
pub const RB_FEATURE_RECLAIM: u32 = 16;
pub const RB_FEATURE_COMPACTION: u32 = 32;
pub const RB_FEATURE_EVENTS: u32 = 64;
pub const RB_NO_NODE: i32 = -1;
pub const RB_ALLOC_PURGEABLE: u32 = 1;
pub const RB_FREE_ZAP: u32 = 1;
pub const RB_FREE_DRAIN: u32 = 2;
pub const RB_TUNE_TRY: u32 = 1;
pub const RB_ALL: i32 = -1;
pub const RB_PB_MIGRATETYPE_MASK: u32 = 15;
pub const RB_PB_ZONE_SHIFT: u32 = 4;
pub const RB_PB_NID_SHIFT: u32 = 8;
pub const RB_PB_LARGEST_SHIFT: u32 = 16;
pub const RB_PRESSURE_BELOW_HIGH: u32 = 1;
pub const RB_PRESSURE_BELOW_LOW: u32 = 2;
pub const RB_PRESSURE_BELOW_MIN: u32 = 4;
pub const RB_PRESSURE_ABOVE_HIGH: u32 = 8;
pub const RB_PRESSURE_ALLOC_FAIL: u32 = 16;
pub const RB_PRESSURE_PURGED: u32 = 32;
pub const RB_PRESSURE_COMPACT_DONE: u32 = 64;
pub const RB_PRESSURE_OOM: u32 = 128;
pub const RB_PRESSURE_ALL: u32 = 255;
pub const RB_NO_EVENTFD: i32 = -1;
pub const RB_MAX_SUBSCRIPTIONS: u32 = 16;
pub const RB_RESET_FD: u32 = 1;
pub const RB_RESET_ZAP: u32 = 2;
pub const RB_CLONE_RELEASE: u32 = 1;
pub const RB_CLONE_NO_SHADOW: u32 = 2;
pub const RB_CLONE_DRAIN: u32 = 4;
pub const RB_REPLAY_MAX_ENTRIES: u32 = 65536;
pub const RB_REPLAY_MAX_SLOTS: u32 = 1048576;
pub const RB_REPLAY_MAX_BULK: u32 = 512;
pub const RB_REPLAY_MAX_INTERVAL: u32 = 4096;
pub const RB_REPLAY_MAX_TEXT: u32 = 1048576;
pub const RB_REPLAY_NONE: u32 = 4294967295;
pub const RB_MAX_COVERAGE: u32 = 40;
pub const RB_NR_QUERY: u32 = 0;
pub const RB_NR_ALLOC: u32 = 1;
pub const RB_NR_FREE: u32 = 2;
pub const RB_NR_ALLOC_BULK: u32 = 3;
pub const RB_NR_FREE_BULK: u32 = 4;
pub const RB_NR_ZONE_STAT: u32 = 8;
pub const RB_NR_PCP_STAT: u32 = 9;
pub const RB_NR_VMSTAT: u32 = 10;
pub const RB_NR_BLOCKMAP: u32 = 12;
pub const RB_NR_NODE_STAT: u32 = 14;
pub const RB_NR_TUNE_GET: u32 = 16;
pub const RB_NR_TUNE_SET: u32 = 17;
pub const RB_NR_ADVISE: u32 = 19;
pub const RB_NR_COMPACT: u32 = 21;
pub const RB_NR_DRAIN: u32 = 22;
pub const RB_NR_RECLAIM: u32 = 23;
pub const RB_NR_EVENT_SET: u32 = 32;
pub const RB_NR_EVENT_CLEAR: u32 = 33;
pub const RB_NR_EVENT_WAIT: u32 = 34;
pub const RB_NR_REPLAY: u32 = 50;
pub const RB_NR_CLONE_ZONE: u32 = 51;
pub const RB_NR_VERIFY: u32 = 52;
pub const RB_NR_INJECT: u32 = 61;
pub const RB_NR_RESET: u32 = 63;
pub type __u8 = core::ffi::c_uchar;
pub type __u16 = core::ffi::c_ushort;
pub type __s32 = core::ffi::c_int;
pub type __u32 = core::ffi::c_uint;
pub type __s64 = core::ffi::c_longlong;
pub type __u64 = core::ffi::c_ulonglong;
pub const RB_ZONE_DMA: rb_zone = 0;
pub const RB_ZONE_DMA32: rb_zone = 1;
pub const RB_ZONE_NORMAL: rb_zone = 2;
pub const RB_ZONE_MOVABLE: rb_zone = 3;
pub type rb_zone = core::ffi::c_uint;
pub const RB_MIGRATE_UNMOVABLE: rb_migratetype = 0;
pub const RB_MIGRATE_MOVABLE: rb_migratetype = 1;
pub const RB_MIGRATE_RECLAIMABLE: rb_migratetype = 2;
pub const RB_MIGRATE_HIGHATOMIC: rb_migratetype = 3;
pub const RB_MIGRATE_CMA: rb_migratetype = 4;
pub const RB_MIGRATE_ISOLATE: rb_migratetype = 5;
pub type rb_migratetype = core::ffi::c_uint;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct rb_query {
    pub what: __u32,
    pub flags: __u32,
    pub uapi_major: __u32,
    pub uapi_minor: __u32,
    pub features: __u64,
    pub page_shift: __u32,
    pub nr_orders: __u32,
    pub pageblock_order: __u32,
    pub nr_migratetypes: __u32,
    pub nr_nodes: __u32,
    pub nr_zones: __u32,
    pub nr_cpus: __u32,
    pub nr_pcp_lists: __u32,
    pub region_pages: __u64,
    pub managed_pages: __u64,
    pub free_pages: __u64,
    pub used_by_me: __u64,
    pub quota_pages: __u64,
    pub epoch: __u64,
    pub host_version: __u32,
    pub max_bulk: __u32,
    pub max_fetch: __u32,
    pub window_shift: __u32,
    pub base_pfn: __u64,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of rb_query"][::core::mem::size_of::<rb_query>() - 128usize];
    ["Alignment of rb_query"][::core::mem::align_of::<rb_query>() - 8usize];
    ["Offset of field: rb_query::what"][::core::mem::offset_of!(rb_query, what) - 0usize];
    ["Offset of field: rb_query::flags"][::core::mem::offset_of!(rb_query, flags) - 4usize];
    ["Offset of field: rb_query::uapi_major"]
        [::core::mem::offset_of!(rb_query, uapi_major) - 8usize];
    ["Offset of field: rb_query::uapi_minor"]
        [::core::mem::offset_of!(rb_query, uapi_minor) - 12usize];
    ["Offset of field: rb_query::features"][::core::mem::offset_of!(rb_query, features) - 16usize];
    ["Offset of field: rb_query::page_shift"]
        [::core::mem::offset_of!(rb_query, page_shift) - 24usize];
    ["Offset of field: rb_query::nr_orders"]
        [::core::mem::offset_of!(rb_query, nr_orders) - 28usize];
    ["Offset of field: rb_query::pageblock_order"]
        [::core::mem::offset_of!(rb_query, pageblock_order) - 32usize];
    ["Offset of field: rb_query::nr_migratetypes"]
        [::core::mem::offset_of!(rb_query, nr_migratetypes) - 36usize];
    ["Offset of field: rb_query::nr_nodes"][::core::mem::offset_of!(rb_query, nr_nodes) - 40usize];
    ["Offset of field: rb_query::nr_zones"][::core::mem::offset_of!(rb_query, nr_zones) - 44usize];
    ["Offset of field: rb_query::nr_cpus"][::core::mem::offset_of!(rb_query, nr_cpus) - 48usize];
    ["Offset of field: rb_query::nr_pcp_lists"]
        [::core::mem::offset_of!(rb_query, nr_pcp_lists) - 52usize];
    ["Offset of field: rb_query::region_pages"]
        [::core::mem::offset_of!(rb_query, region_pages) - 56usize];
    ["Offset of field: rb_query::managed_pages"]
        [::core::mem::offset_of!(rb_query, managed_pages) - 64usize];
    ["Offset of field: rb_query::free_pages"]
        [::core::mem::offset_of!(rb_query, free_pages) - 72usize];
    ["Offset of field: rb_query::used_by_me"]
        [::core::mem::offset_of!(rb_query, used_by_me) - 80usize];
    ["Offset of field: rb_query::quota_pages"]
        [::core::mem::offset_of!(rb_query, quota_pages) - 88usize];
    ["Offset of field: rb_query::epoch"][::core::mem::offset_of!(rb_query, epoch) - 96usize];
    ["Offset of field: rb_query::host_version"]
        [::core::mem::offset_of!(rb_query, host_version) - 104usize];
    ["Offset of field: rb_query::max_bulk"][::core::mem::offset_of!(rb_query, max_bulk) - 108usize];
    ["Offset of field: rb_query::max_fetch"]
        [::core::mem::offset_of!(rb_query, max_fetch) - 112usize];
    ["Offset of field: rb_query::window_shift"]
        [::core::mem::offset_of!(rb_query, window_shift) - 116usize];
    ["Offset of field: rb_query::base_pfn"][::core::mem::offset_of!(rb_query, base_pfn) - 120usize];
};
pub const RB_PATH_PCP: rb_path = 0;
pub const RB_PATH_BUDDY: rb_path = 1;
pub const RB_PATH_SLOW: rb_path = 2;
pub const RB_PATH_RECLAIM: rb_path = 3;
pub const RB_PATH_COMPACT: rb_path = 4;
pub const RB_PATH_RESERVE: rb_path = 5;
pub type rb_path = core::ffi::c_uint;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct rb_alloc {
    pub gfp: __u32,
    pub order: __u32,
    pub flags: __u64,
    pub nodemask: __u64,
    pub nid: __s32,
    pub reserved0: __u32,
    pub timeout_ns: __u64,
    pub reserved2: __u64,
    pub id: __u32,
    pub gen: __u32,
    pub idx: __u64,
    pub mmap_offset: __u64,
    pub path: __u32,
    pub got_nid: __s32,
    pub got_zone: __u32,
    pub reserved1: __u32,
    pub latency_ns: __u64,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of rb_alloc"][::core::mem::size_of::<rb_alloc>() - 96usize];
    ["Alignment of rb_alloc"][::core::mem::align_of::<rb_alloc>() - 8usize];
    ["Offset of field: rb_alloc::gfp"][::core::mem::offset_of!(rb_alloc, gfp) - 0usize];
    ["Offset of field: rb_alloc::order"][::core::mem::offset_of!(rb_alloc, order) - 4usize];
    ["Offset of field: rb_alloc::flags"][::core::mem::offset_of!(rb_alloc, flags) - 8usize];
    ["Offset of field: rb_alloc::nodemask"][::core::mem::offset_of!(rb_alloc, nodemask) - 16usize];
    ["Offset of field: rb_alloc::nid"][::core::mem::offset_of!(rb_alloc, nid) - 24usize];
    ["Offset of field: rb_alloc::reserved0"]
        [::core::mem::offset_of!(rb_alloc, reserved0) - 28usize];
    ["Offset of field: rb_alloc::timeout_ns"]
        [::core::mem::offset_of!(rb_alloc, timeout_ns) - 32usize];
    ["Offset of field: rb_alloc::reserved2"]
        [::core::mem::offset_of!(rb_alloc, reserved2) - 40usize];
    ["Offset of field: rb_alloc::id"][::core::mem::offset_of!(rb_alloc, id) - 48usize];
    ["Offset of field: rb_alloc::gen"][::core::mem::offset_of!(rb_alloc, gen) - 52usize];
    ["Offset of field: rb_alloc::idx"][::core::mem::offset_of!(rb_alloc, idx) - 56usize];
    ["Offset of field: rb_alloc::mmap_offset"]
        [::core::mem::offset_of!(rb_alloc, mmap_offset) - 64usize];
    ["Offset of field: rb_alloc::path"][::core::mem::offset_of!(rb_alloc, path) - 72usize];
    ["Offset of field: rb_alloc::got_nid"][::core::mem::offset_of!(rb_alloc, got_nid) - 76usize];
    ["Offset of field: rb_alloc::got_zone"][::core::mem::offset_of!(rb_alloc, got_zone) - 80usize];
    ["Offset of field: rb_alloc::reserved1"]
        [::core::mem::offset_of!(rb_alloc, reserved1) - 84usize];
    ["Offset of field: rb_alloc::latency_ns"]
        [::core::mem::offset_of!(rb_alloc, latency_ns) - 88usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct rb_free {
    pub id: __u32,
    pub gen: __u32,
    pub order: __u32,
    pub flags: __u32,
    pub reserved: [__u64; 2usize],
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of rb_free"][::core::mem::size_of::<rb_free>() - 32usize];
    ["Alignment of rb_free"][::core::mem::align_of::<rb_free>() - 8usize];
    ["Offset of field: rb_free::id"][::core::mem::offset_of!(rb_free, id) - 0usize];
    ["Offset of field: rb_free::gen"][::core::mem::offset_of!(rb_free, gen) - 4usize];
    ["Offset of field: rb_free::order"][::core::mem::offset_of!(rb_free, order) - 8usize];
    ["Offset of field: rb_free::flags"][::core::mem::offset_of!(rb_free, flags) - 12usize];
    ["Offset of field: rb_free::reserved"][::core::mem::offset_of!(rb_free, reserved) - 16usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct rb_block {
    pub id: __u32,
    pub gen: __u32,
    pub order: __u32,
    pub result: __s32,
    pub idx: __u64,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of rb_block"][::core::mem::size_of::<rb_block>() - 24usize];
    ["Alignment of rb_block"][::core::mem::align_of::<rb_block>() - 8usize];
    ["Offset of field: rb_block::id"][::core::mem::offset_of!(rb_block, id) - 0usize];
    ["Offset of field: rb_block::gen"][::core::mem::offset_of!(rb_block, gen) - 4usize];
    ["Offset of field: rb_block::order"][::core::mem::offset_of!(rb_block, order) - 8usize];
    ["Offset of field: rb_block::result"][::core::mem::offset_of!(rb_block, result) - 12usize];
    ["Offset of field: rb_block::idx"][::core::mem::offset_of!(rb_block, idx) - 16usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct rb_bulk {
    pub blocks_ptr: __u64,
    pub nr: __u32,
    pub gfp: __u32,
    pub order: __u32,
    pub flags: __u32,
    pub nodemask: __u64,
    pub nid: __s32,
    pub reserved0: __u32,
    pub timeout_ns: __u64,
    pub nr_done: __u32,
    pub first_err: __s32,
    pub reserved1: __u64,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of rb_bulk"][::core::mem::size_of::<rb_bulk>() - 64usize];
    ["Alignment of rb_bulk"][::core::mem::align_of::<rb_bulk>() - 8usize];
    ["Offset of field: rb_bulk::blocks_ptr"][::core::mem::offset_of!(rb_bulk, blocks_ptr) - 0usize];
    ["Offset of field: rb_bulk::nr"][::core::mem::offset_of!(rb_bulk, nr) - 8usize];
    ["Offset of field: rb_bulk::gfp"][::core::mem::offset_of!(rb_bulk, gfp) - 12usize];
    ["Offset of field: rb_bulk::order"][::core::mem::offset_of!(rb_bulk, order) - 16usize];
    ["Offset of field: rb_bulk::flags"][::core::mem::offset_of!(rb_bulk, flags) - 20usize];
    ["Offset of field: rb_bulk::nodemask"][::core::mem::offset_of!(rb_bulk, nodemask) - 24usize];
    ["Offset of field: rb_bulk::nid"][::core::mem::offset_of!(rb_bulk, nid) - 32usize];
    ["Offset of field: rb_bulk::reserved0"][::core::mem::offset_of!(rb_bulk, reserved0) - 36usize];
    ["Offset of field: rb_bulk::timeout_ns"]
        [::core::mem::offset_of!(rb_bulk, timeout_ns) - 40usize];
    ["Offset of field: rb_bulk::nr_done"][::core::mem::offset_of!(rb_bulk, nr_done) - 48usize];
    ["Offset of field: rb_bulk::first_err"][::core::mem::offset_of!(rb_bulk, first_err) - 52usize];
    ["Offset of field: rb_bulk::reserved1"][::core::mem::offset_of!(rb_bulk, reserved1) - 56usize];
};
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct rb_zone_stat {
    pub nid: __s32,
    pub zone: __u32,
    pub flags: __u32,
    pub reserved0: __u32,
    pub seq: __u64,
    pub spanned: __u64,
    pub present: __u64,
    pub managed: __u64,
    pub free: __u64,
    pub pcp_total: __u64,
    pub min: __u64,
    pub low: __u64,
    pub high: __u64,
    pub promo: __u64,
    pub boost: __u64,
    pub reserved_highatomic: __u64,
    pub free_highatomic: __u64,
    pub protection: [__u64; 8usize],
    pub start_idx: __u64,
    pub nr_free: [[__u64; 16usize]; 8usize],
    pub events: [__u64; 48usize],
    pub name: [core::ffi::c_char; 16usize],
    pub reserved1: [__u64; 6usize],
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of rb_zone_stat"][::core::mem::size_of::<rb_zone_stat>() - 1664usize];
    ["Alignment of rb_zone_stat"][::core::mem::align_of::<rb_zone_stat>() - 8usize];
    ["Offset of field: rb_zone_stat::nid"][::core::mem::offset_of!(rb_zone_stat, nid) - 0usize];
    ["Offset of field: rb_zone_stat::zone"][::core::mem::offset_of!(rb_zone_stat, zone) - 4usize];
    ["Offset of field: rb_zone_stat::flags"][::core::mem::offset_of!(rb_zone_stat, flags) - 8usize];
    ["Offset of field: rb_zone_stat::reserved0"]
        [::core::mem::offset_of!(rb_zone_stat, reserved0) - 12usize];
    ["Offset of field: rb_zone_stat::seq"][::core::mem::offset_of!(rb_zone_stat, seq) - 16usize];
    ["Offset of field: rb_zone_stat::spanned"]
        [::core::mem::offset_of!(rb_zone_stat, spanned) - 24usize];
    ["Offset of field: rb_zone_stat::present"]
        [::core::mem::offset_of!(rb_zone_stat, present) - 32usize];
    ["Offset of field: rb_zone_stat::managed"]
        [::core::mem::offset_of!(rb_zone_stat, managed) - 40usize];
    ["Offset of field: rb_zone_stat::free"][::core::mem::offset_of!(rb_zone_stat, free) - 48usize];
    ["Offset of field: rb_zone_stat::pcp_total"]
        [::core::mem::offset_of!(rb_zone_stat, pcp_total) - 56usize];
    ["Offset of field: rb_zone_stat::min"][::core::mem::offset_of!(rb_zone_stat, min) - 64usize];
    ["Offset of field: rb_zone_stat::low"][::core::mem::offset_of!(rb_zone_stat, low) - 72usize];
    ["Offset of field: rb_zone_stat::high"][::core::mem::offset_of!(rb_zone_stat, high) - 80usize];
    ["Offset of field: rb_zone_stat::promo"]
        [::core::mem::offset_of!(rb_zone_stat, promo) - 88usize];
    ["Offset of field: rb_zone_stat::boost"]
        [::core::mem::offset_of!(rb_zone_stat, boost) - 96usize];
    ["Offset of field: rb_zone_stat::reserved_highatomic"]
        [::core::mem::offset_of!(rb_zone_stat, reserved_highatomic) - 104usize];
    ["Offset of field: rb_zone_stat::free_highatomic"]
        [::core::mem::offset_of!(rb_zone_stat, free_highatomic) - 112usize];
    ["Offset of field: rb_zone_stat::protection"]
        [::core::mem::offset_of!(rb_zone_stat, protection) - 120usize];
    ["Offset of field: rb_zone_stat::start_idx"]
        [::core::mem::offset_of!(rb_zone_stat, start_idx) - 184usize];
    ["Offset of field: rb_zone_stat::nr_free"]
        [::core::mem::offset_of!(rb_zone_stat, nr_free) - 192usize];
    ["Offset of field: rb_zone_stat::events"]
        [::core::mem::offset_of!(rb_zone_stat, events) - 1216usize];
    ["Offset of field: rb_zone_stat::name"]
        [::core::mem::offset_of!(rb_zone_stat, name) - 1600usize];
    ["Offset of field: rb_zone_stat::reserved1"]
        [::core::mem::offset_of!(rb_zone_stat, reserved1) - 1616usize];
};
impl Default for rb_zone_stat {
    fn default() -> Self {
        let mut s = ::core::mem::MaybeUninit::<Self>::uninit();
        unsafe {
            ::core::ptr::write_bytes(s.as_mut_ptr(), 0, 1);
            s.assume_init()
        }
    }
}
pub const RB_EVENT_PGALLOC: rb_event = 0;
pub const RB_EVENT_PGFREE: rb_event = 1;
pub const RB_EVENT_EXTFRAG_CLAIM: rb_event = 2;
pub const RB_EVENT_EXTFRAG_STEAL: rb_event = 3;
pub const RB_EVENT_ALLOC_FAIL: rb_event = 4;
pub const RB_EVENT_BAD_PAGE: rb_event = 5;
pub type rb_event = core::ffi::c_uint;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct rb_pcp_stat {
    pub nid: __s32,
    pub zone: __u32,
    pub cpu: __u32,
    pub flags: __u32,
    pub online: __u32,
    pub nr_lists: __u32,
    pub count: __u64,
    pub high: __u64,
    pub high_min: __u64,
    pub high_max: __u64,
    pub batch: __u64,
    pub free_count: __u64,
    pub alloc_factor: __u64,
    pub expire: __u64,
    pub pgalloc: __u64,
    pub pgfree: __u64,
    pub refills: __u64,
    pub drains: __u64,
    pub ring_full: __u64,
    pub lists: [__u32; 20usize],
    pub reserved1: [__u64; 6usize],
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of rb_pcp_stat"][::core::mem::size_of::<rb_pcp_stat>() - 256usize];
    ["Alignment of rb_pcp_stat"][::core::mem::align_of::<rb_pcp_stat>() - 8usize];
    ["Offset of field: rb_pcp_stat::nid"][::core::mem::offset_of!(rb_pcp_stat, nid) - 0usize];
    ["Offset of field: rb_pcp_stat::zone"][::core::mem::offset_of!(rb_pcp_stat, zone) - 4usize];
    ["Offset of field: rb_pcp_stat::cpu"][::core::mem::offset_of!(rb_pcp_stat, cpu) - 8usize];
    ["Offset of field: rb_pcp_stat::flags"][::core::mem::offset_of!(rb_pcp_stat, flags) - 12usize];
    ["Offset of field: rb_pcp_stat::online"]
        [::core::mem::offset_of!(rb_pcp_stat, online) - 16usize];
    ["Offset of field: rb_pcp_stat::nr_lists"]
        [::core::mem::offset_of!(rb_pcp_stat, nr_lists) - 20usize];
    ["Offset of field: rb_pcp_stat::count"][::core::mem::offset_of!(rb_pcp_stat, count) - 24usize];
    ["Offset of field: rb_pcp_stat::high"][::core::mem::offset_of!(rb_pcp_stat, high) - 32usize];
    ["Offset of field: rb_pcp_stat::high_min"]
        [::core::mem::offset_of!(rb_pcp_stat, high_min) - 40usize];
    ["Offset of field: rb_pcp_stat::high_max"]
        [::core::mem::offset_of!(rb_pcp_stat, high_max) - 48usize];
    ["Offset of field: rb_pcp_stat::batch"][::core::mem::offset_of!(rb_pcp_stat, batch) - 56usize];
    ["Offset of field: rb_pcp_stat::free_count"]
        [::core::mem::offset_of!(rb_pcp_stat, free_count) - 64usize];
    ["Offset of field: rb_pcp_stat::alloc_factor"]
        [::core::mem::offset_of!(rb_pcp_stat, alloc_factor) - 72usize];
    ["Offset of field: rb_pcp_stat::expire"]
        [::core::mem::offset_of!(rb_pcp_stat, expire) - 80usize];
    ["Offset of field: rb_pcp_stat::pgalloc"]
        [::core::mem::offset_of!(rb_pcp_stat, pgalloc) - 88usize];
    ["Offset of field: rb_pcp_stat::pgfree"]
        [::core::mem::offset_of!(rb_pcp_stat, pgfree) - 96usize];
    ["Offset of field: rb_pcp_stat::refills"]
        [::core::mem::offset_of!(rb_pcp_stat, refills) - 104usize];
    ["Offset of field: rb_pcp_stat::drains"]
        [::core::mem::offset_of!(rb_pcp_stat, drains) - 112usize];
    ["Offset of field: rb_pcp_stat::ring_full"]
        [::core::mem::offset_of!(rb_pcp_stat, ring_full) - 120usize];
    ["Offset of field: rb_pcp_stat::lists"][::core::mem::offset_of!(rb_pcp_stat, lists) - 128usize];
    ["Offset of field: rb_pcp_stat::reserved1"]
        [::core::mem::offset_of!(rb_pcp_stat, reserved1) - 208usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct rb_vmstat {
    pub buf_ptr: __u64,
    pub nr: __u32,
    pub flags: __u32,
    pub nr_total: __u32,
    pub nr_done: __u32,
    pub epoch: __u64,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of rb_vmstat"][::core::mem::size_of::<rb_vmstat>() - 32usize];
    ["Alignment of rb_vmstat"][::core::mem::align_of::<rb_vmstat>() - 8usize];
    ["Offset of field: rb_vmstat::buf_ptr"][::core::mem::offset_of!(rb_vmstat, buf_ptr) - 0usize];
    ["Offset of field: rb_vmstat::nr"][::core::mem::offset_of!(rb_vmstat, nr) - 8usize];
    ["Offset of field: rb_vmstat::flags"][::core::mem::offset_of!(rb_vmstat, flags) - 12usize];
    ["Offset of field: rb_vmstat::nr_total"]
        [::core::mem::offset_of!(rb_vmstat, nr_total) - 16usize];
    ["Offset of field: rb_vmstat::nr_done"][::core::mem::offset_of!(rb_vmstat, nr_done) - 20usize];
    ["Offset of field: rb_vmstat::epoch"][::core::mem::offset_of!(rb_vmstat, epoch) - 24usize];
};
pub const RB_TUNE_MIN_FREE_KBYTES: rb_tunable = 0;
pub const RB_TUNE_WATERMARK_SCALE_FACTOR: rb_tunable = 1;
pub const RB_TUNE_WATERMARK_BOOST_FACTOR: rb_tunable = 2;
pub const RB_TUNE_LOWMEM_RESERVE_RATIO: rb_tunable = 3;
pub const RB_TUNE_PERCPU_PAGELIST_HIGH_FRACTION: rb_tunable = 4;
pub const RB_TUNE_DEFRAG_MODE: rb_tunable = 5;
pub const RB_TUNE_STAT_INTERVAL: rb_tunable = 6;
pub const RB_TUNE_EXTFRAG_THRESHOLD: rb_tunable = 7;
pub const RB_TUNE_COMPACTION_PROACTIVENESS: rb_tunable = 8;
pub type rb_tunable = core::ffi::c_uint;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct rb_tune {
    pub key: __u32,
    pub zone: __u32,
    pub flags: __u32,
    pub reserved0: __u32,
    pub reserved1: __u64,
    pub value: __u64,
    pub old: __u64,
    pub min: __u64,
    pub max: __u64,
    pub def: __u64,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of rb_tune"][::core::mem::size_of::<rb_tune>() - 64usize];
    ["Alignment of rb_tune"][::core::mem::align_of::<rb_tune>() - 8usize];
    ["Offset of field: rb_tune::key"][::core::mem::offset_of!(rb_tune, key) - 0usize];
    ["Offset of field: rb_tune::zone"][::core::mem::offset_of!(rb_tune, zone) - 4usize];
    ["Offset of field: rb_tune::flags"][::core::mem::offset_of!(rb_tune, flags) - 8usize];
    ["Offset of field: rb_tune::reserved0"][::core::mem::offset_of!(rb_tune, reserved0) - 12usize];
    ["Offset of field: rb_tune::reserved1"][::core::mem::offset_of!(rb_tune, reserved1) - 16usize];
    ["Offset of field: rb_tune::value"][::core::mem::offset_of!(rb_tune, value) - 24usize];
    ["Offset of field: rb_tune::old"][::core::mem::offset_of!(rb_tune, old) - 32usize];
    ["Offset of field: rb_tune::min"][::core::mem::offset_of!(rb_tune, min) - 40usize];
    ["Offset of field: rb_tune::max"][::core::mem::offset_of!(rb_tune, max) - 48usize];
    ["Offset of field: rb_tune::def"][::core::mem::offset_of!(rb_tune, def) - 56usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct rb_drain {
    pub nid: __s32,
    pub zone: __s32,
    pub cpu: __s32,
    pub flags: __u32,
    pub reserved: [__u64; 2usize],
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of rb_drain"][::core::mem::size_of::<rb_drain>() - 32usize];
    ["Alignment of rb_drain"][::core::mem::align_of::<rb_drain>() - 8usize];
    ["Offset of field: rb_drain::nid"][::core::mem::offset_of!(rb_drain, nid) - 0usize];
    ["Offset of field: rb_drain::zone"][::core::mem::offset_of!(rb_drain, zone) - 4usize];
    ["Offset of field: rb_drain::cpu"][::core::mem::offset_of!(rb_drain, cpu) - 8usize];
    ["Offset of field: rb_drain::flags"][::core::mem::offset_of!(rb_drain, flags) - 12usize];
    ["Offset of field: rb_drain::reserved"][::core::mem::offset_of!(rb_drain, reserved) - 16usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct rb_pageblock {
    pub free: __u32,
    pub nr_pages: __u32,
    pub info: __u32,
    pub reserved: __u32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of rb_pageblock"][::core::mem::size_of::<rb_pageblock>() - 16usize];
    ["Alignment of rb_pageblock"][::core::mem::align_of::<rb_pageblock>() - 4usize];
    ["Offset of field: rb_pageblock::free"][::core::mem::offset_of!(rb_pageblock, free) - 0usize];
    ["Offset of field: rb_pageblock::nr_pages"]
        [::core::mem::offset_of!(rb_pageblock, nr_pages) - 4usize];
    ["Offset of field: rb_pageblock::info"][::core::mem::offset_of!(rb_pageblock, info) - 8usize];
    ["Offset of field: rb_pageblock::reserved"]
        [::core::mem::offset_of!(rb_pageblock, reserved) - 12usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct rb_blockmap {
    pub start: __u64,
    pub nr: __u32,
    pub flags: __u32,
    pub buf_ptr: __u64,
    pub nr_done: __u32,
    pub reserved0: __u32,
    pub epoch: __u64,
    pub reserved1: __u64,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of rb_blockmap"][::core::mem::size_of::<rb_blockmap>() - 48usize];
    ["Alignment of rb_blockmap"][::core::mem::align_of::<rb_blockmap>() - 8usize];
    ["Offset of field: rb_blockmap::start"][::core::mem::offset_of!(rb_blockmap, start) - 0usize];
    ["Offset of field: rb_blockmap::nr"][::core::mem::offset_of!(rb_blockmap, nr) - 8usize];
    ["Offset of field: rb_blockmap::flags"][::core::mem::offset_of!(rb_blockmap, flags) - 12usize];
    ["Offset of field: rb_blockmap::buf_ptr"]
        [::core::mem::offset_of!(rb_blockmap, buf_ptr) - 16usize];
    ["Offset of field: rb_blockmap::nr_done"]
        [::core::mem::offset_of!(rb_blockmap, nr_done) - 24usize];
    ["Offset of field: rb_blockmap::reserved0"]
        [::core::mem::offset_of!(rb_blockmap, reserved0) - 28usize];
    ["Offset of field: rb_blockmap::epoch"][::core::mem::offset_of!(rb_blockmap, epoch) - 32usize];
    ["Offset of field: rb_blockmap::reserved1"]
        [::core::mem::offset_of!(rb_blockmap, reserved1) - 40usize];
};
pub const RB_THREAD_NONE: rb_thread_state = 0;
pub const RB_THREAD_ASLEEP: rb_thread_state = 1;
pub const RB_THREAD_RUNNING: rb_thread_state = 2;
pub const RB_THREAD_HOPELESS: rb_thread_state = 3;
pub type rb_thread_state = core::ffi::c_uint;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct rb_zone_compaction {
    pub active: __u64,
    pub inactive: __u64,
    pub migrate_idx: __u64,
    pub free_idx: __u64,
    pub considered: __u32,
    pub defer_shift: __u32,
    pub order_failed: __s32,
    pub reserved0: __u32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of rb_zone_compaction"][::core::mem::size_of::<rb_zone_compaction>() - 48usize];
    ["Alignment of rb_zone_compaction"][::core::mem::align_of::<rb_zone_compaction>() - 8usize];
    ["Offset of field: rb_zone_compaction::active"]
        [::core::mem::offset_of!(rb_zone_compaction, active) - 0usize];
    ["Offset of field: rb_zone_compaction::inactive"]
        [::core::mem::offset_of!(rb_zone_compaction, inactive) - 8usize];
    ["Offset of field: rb_zone_compaction::migrate_idx"]
        [::core::mem::offset_of!(rb_zone_compaction, migrate_idx) - 16usize];
    ["Offset of field: rb_zone_compaction::free_idx"]
        [::core::mem::offset_of!(rb_zone_compaction, free_idx) - 24usize];
    ["Offset of field: rb_zone_compaction::considered"]
        [::core::mem::offset_of!(rb_zone_compaction, considered) - 32usize];
    ["Offset of field: rb_zone_compaction::defer_shift"]
        [::core::mem::offset_of!(rb_zone_compaction, defer_shift) - 36usize];
    ["Offset of field: rb_zone_compaction::order_failed"]
        [::core::mem::offset_of!(rb_zone_compaction, order_failed) - 40usize];
    ["Offset of field: rb_zone_compaction::reserved0"]
        [::core::mem::offset_of!(rb_zone_compaction, reserved0) - 44usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct rb_node_stat {
    pub nid: __s32,
    pub flags: __u32,
    pub kswapd_state: __u32,
    pub kswapd_order: __u32,
    pub kswapd_highest_zone: __u32,
    pub kswapd_failures: __u32,
    pub kcompactd_state: __u32,
    pub kcompactd_order: __u32,
    pub kswapd_runs: __u64,
    pub kcompactd_runs: __u64,
    pub nr_isolated: __u64,
    pub nr_throttled: __u64,
    pub zones: [rb_zone_compaction; 8usize],
    pub reserved1: [__u64; 4usize],
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of rb_node_stat"][::core::mem::size_of::<rb_node_stat>() - 480usize];
    ["Alignment of rb_node_stat"][::core::mem::align_of::<rb_node_stat>() - 8usize];
    ["Offset of field: rb_node_stat::nid"][::core::mem::offset_of!(rb_node_stat, nid) - 0usize];
    ["Offset of field: rb_node_stat::flags"][::core::mem::offset_of!(rb_node_stat, flags) - 4usize];
    ["Offset of field: rb_node_stat::kswapd_state"]
        [::core::mem::offset_of!(rb_node_stat, kswapd_state) - 8usize];
    ["Offset of field: rb_node_stat::kswapd_order"]
        [::core::mem::offset_of!(rb_node_stat, kswapd_order) - 12usize];
    ["Offset of field: rb_node_stat::kswapd_highest_zone"]
        [::core::mem::offset_of!(rb_node_stat, kswapd_highest_zone) - 16usize];
    ["Offset of field: rb_node_stat::kswapd_failures"]
        [::core::mem::offset_of!(rb_node_stat, kswapd_failures) - 20usize];
    ["Offset of field: rb_node_stat::kcompactd_state"]
        [::core::mem::offset_of!(rb_node_stat, kcompactd_state) - 24usize];
    ["Offset of field: rb_node_stat::kcompactd_order"]
        [::core::mem::offset_of!(rb_node_stat, kcompactd_order) - 28usize];
    ["Offset of field: rb_node_stat::kswapd_runs"]
        [::core::mem::offset_of!(rb_node_stat, kswapd_runs) - 32usize];
    ["Offset of field: rb_node_stat::kcompactd_runs"]
        [::core::mem::offset_of!(rb_node_stat, kcompactd_runs) - 40usize];
    ["Offset of field: rb_node_stat::nr_isolated"]
        [::core::mem::offset_of!(rb_node_stat, nr_isolated) - 48usize];
    ["Offset of field: rb_node_stat::nr_throttled"]
        [::core::mem::offset_of!(rb_node_stat, nr_throttled) - 56usize];
    ["Offset of field: rb_node_stat::zones"]
        [::core::mem::offset_of!(rb_node_stat, zones) - 64usize];
    ["Offset of field: rb_node_stat::reserved1"]
        [::core::mem::offset_of!(rb_node_stat, reserved1) - 448usize];
};
pub const RB_ADVISE_PURGEABLE: rb_advice = 0;
pub const RB_ADVISE_NEEDED: rb_advice = 1;
pub const RB_ADVISE_PIN: rb_advice = 2;
pub const RB_ADVISE_UNPIN: rb_advice = 3;
pub const RB_ADVISE_MOVABLE: rb_advice = 4;
pub const RB_ADVISE_UNMOVABLE: rb_advice = 5;
pub const RB_ADVISE_COLD: rb_advice = 6;
pub const RB_ADVISE_HOT: rb_advice = 7;
pub type rb_advice = core::ffi::c_uint;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct rb_advise {
    pub id: __u32,
    pub gen: __u32,
    pub order: __u32,
    pub advice: __u32,
    pub flags: __u32,
    pub was_purged: __u32,
    pub idx: __u64,
    pub nr_pins: __u32,
    pub reserved0: __u32,
    pub reserved1: __u64,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of rb_advise"][::core::mem::size_of::<rb_advise>() - 48usize];
    ["Alignment of rb_advise"][::core::mem::align_of::<rb_advise>() - 8usize];
    ["Offset of field: rb_advise::id"][::core::mem::offset_of!(rb_advise, id) - 0usize];
    ["Offset of field: rb_advise::gen"][::core::mem::offset_of!(rb_advise, gen) - 4usize];
    ["Offset of field: rb_advise::order"][::core::mem::offset_of!(rb_advise, order) - 8usize];
    ["Offset of field: rb_advise::advice"][::core::mem::offset_of!(rb_advise, advice) - 12usize];
    ["Offset of field: rb_advise::flags"][::core::mem::offset_of!(rb_advise, flags) - 16usize];
    ["Offset of field: rb_advise::was_purged"]
        [::core::mem::offset_of!(rb_advise, was_purged) - 20usize];
    ["Offset of field: rb_advise::idx"][::core::mem::offset_of!(rb_advise, idx) - 24usize];
    ["Offset of field: rb_advise::nr_pins"][::core::mem::offset_of!(rb_advise, nr_pins) - 32usize];
    ["Offset of field: rb_advise::reserved0"]
        [::core::mem::offset_of!(rb_advise, reserved0) - 36usize];
    ["Offset of field: rb_advise::reserved1"]
        [::core::mem::offset_of!(rb_advise, reserved1) - 40usize];
};
pub const RB_COMPACT_ASYNC: rb_compact_mode = 0;
pub const RB_COMPACT_SYNC_LIGHT: rb_compact_mode = 1;
pub const RB_COMPACT_SYNC_FULL: rb_compact_mode = 2;
pub type rb_compact_mode = core::ffi::c_uint;
pub const RB_COMPACT_NOT_SUITABLE_ZONE: rb_compact_result = 0;
pub const RB_COMPACT_SKIPPED: rb_compact_result = 1;
pub const RB_COMPACT_DEFERRED: rb_compact_result = 2;
pub const RB_COMPACT_NO_SUITABLE_PAGE: rb_compact_result = 3;
pub const RB_COMPACT_CONTINUE: rb_compact_result = 4;
pub const RB_COMPACT_COMPLETE: rb_compact_result = 5;
pub const RB_COMPACT_PARTIAL_SKIPPED: rb_compact_result = 6;
pub const RB_COMPACT_CONTENDED: rb_compact_result = 7;
pub const RB_COMPACT_SUCCESS: rb_compact_result = 8;
pub type rb_compact_result = core::ffi::c_uint;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct rb_compact {
    pub nid: __s32,
    pub zone: __s32,
    pub order: __s32,
    pub mode: __u32,
    pub budget_pages: __u64,
    pub timeout_ns: __u64,
    pub flags: __u32,
    pub result: __u32,
    pub migrate_scanned: __u64,
    pub free_scanned: __u64,
    pub migrated: __u64,
    pub failed: __u64,
    pub freed_blocks: __s64,
    pub reserved0: [__u64; 2usize],
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of rb_compact"][::core::mem::size_of::<rb_compact>() - 96usize];
    ["Alignment of rb_compact"][::core::mem::align_of::<rb_compact>() - 8usize];
    ["Offset of field: rb_compact::nid"][::core::mem::offset_of!(rb_compact, nid) - 0usize];
    ["Offset of field: rb_compact::zone"][::core::mem::offset_of!(rb_compact, zone) - 4usize];
    ["Offset of field: rb_compact::order"][::core::mem::offset_of!(rb_compact, order) - 8usize];
    ["Offset of field: rb_compact::mode"][::core::mem::offset_of!(rb_compact, mode) - 12usize];
    ["Offset of field: rb_compact::budget_pages"]
        [::core::mem::offset_of!(rb_compact, budget_pages) - 16usize];
    ["Offset of field: rb_compact::timeout_ns"]
        [::core::mem::offset_of!(rb_compact, timeout_ns) - 24usize];
    ["Offset of field: rb_compact::flags"][::core::mem::offset_of!(rb_compact, flags) - 32usize];
    ["Offset of field: rb_compact::result"][::core::mem::offset_of!(rb_compact, result) - 36usize];
    ["Offset of field: rb_compact::migrate_scanned"]
        [::core::mem::offset_of!(rb_compact, migrate_scanned) - 40usize];
    ["Offset of field: rb_compact::free_scanned"]
        [::core::mem::offset_of!(rb_compact, free_scanned) - 48usize];
    ["Offset of field: rb_compact::migrated"]
        [::core::mem::offset_of!(rb_compact, migrated) - 56usize];
    ["Offset of field: rb_compact::failed"][::core::mem::offset_of!(rb_compact, failed) - 64usize];
    ["Offset of field: rb_compact::freed_blocks"]
        [::core::mem::offset_of!(rb_compact, freed_blocks) - 72usize];
    ["Offset of field: rb_compact::reserved0"]
        [::core::mem::offset_of!(rb_compact, reserved0) - 80usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct rb_reclaim {
    pub nr_pages: __u64,
    pub nid: __s32,
    pub flags: __u32,
    pub timeout_ns: __u64,
    pub nr_reclaimed: __u64,
    pub nr_scanned: __u64,
    pub reserved0: __u64,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of rb_reclaim"][::core::mem::size_of::<rb_reclaim>() - 48usize];
    ["Alignment of rb_reclaim"][::core::mem::align_of::<rb_reclaim>() - 8usize];
    ["Offset of field: rb_reclaim::nr_pages"]
        [::core::mem::offset_of!(rb_reclaim, nr_pages) - 0usize];
    ["Offset of field: rb_reclaim::nid"][::core::mem::offset_of!(rb_reclaim, nid) - 8usize];
    ["Offset of field: rb_reclaim::flags"][::core::mem::offset_of!(rb_reclaim, flags) - 12usize];
    ["Offset of field: rb_reclaim::timeout_ns"]
        [::core::mem::offset_of!(rb_reclaim, timeout_ns) - 16usize];
    ["Offset of field: rb_reclaim::nr_reclaimed"]
        [::core::mem::offset_of!(rb_reclaim, nr_reclaimed) - 24usize];
    ["Offset of field: rb_reclaim::nr_scanned"]
        [::core::mem::offset_of!(rb_reclaim, nr_scanned) - 32usize];
    ["Offset of field: rb_reclaim::reserved0"]
        [::core::mem::offset_of!(rb_reclaim, reserved0) - 40usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct rb_event_set {
    pub eventfd: __s32,
    pub mask: __u32,
    pub nid: __s32,
    pub zone: __s32,
    pub flags: __u32,
    pub reserved0: __u32,
    pub interval_ns: __u64,
    pub reserved1: [__u64; 4usize],
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of rb_event_set"][::core::mem::size_of::<rb_event_set>() - 64usize];
    ["Alignment of rb_event_set"][::core::mem::align_of::<rb_event_set>() - 8usize];
    ["Offset of field: rb_event_set::eventfd"]
        [::core::mem::offset_of!(rb_event_set, eventfd) - 0usize];
    ["Offset of field: rb_event_set::mask"][::core::mem::offset_of!(rb_event_set, mask) - 4usize];
    ["Offset of field: rb_event_set::nid"][::core::mem::offset_of!(rb_event_set, nid) - 8usize];
    ["Offset of field: rb_event_set::zone"][::core::mem::offset_of!(rb_event_set, zone) - 12usize];
    ["Offset of field: rb_event_set::flags"]
        [::core::mem::offset_of!(rb_event_set, flags) - 16usize];
    ["Offset of field: rb_event_set::reserved0"]
        [::core::mem::offset_of!(rb_event_set, reserved0) - 20usize];
    ["Offset of field: rb_event_set::interval_ns"]
        [::core::mem::offset_of!(rb_event_set, interval_ns) - 24usize];
    ["Offset of field: rb_event_set::reserved1"]
        [::core::mem::offset_of!(rb_event_set, reserved1) - 32usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct rb_event_clear {
    pub eventfd: __s32,
    pub flags: __u32,
    pub reserved0: __u64,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of rb_event_clear"][::core::mem::size_of::<rb_event_clear>() - 16usize];
    ["Alignment of rb_event_clear"][::core::mem::align_of::<rb_event_clear>() - 8usize];
    ["Offset of field: rb_event_clear::eventfd"]
        [::core::mem::offset_of!(rb_event_clear, eventfd) - 0usize];
    ["Offset of field: rb_event_clear::flags"]
        [::core::mem::offset_of!(rb_event_clear, flags) - 4usize];
    ["Offset of field: rb_event_clear::reserved0"]
        [::core::mem::offset_of!(rb_event_clear, reserved0) - 8usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct rb_event_wait {
    pub mask: __u32,
    pub flags: __u32,
    pub timeout_ns: __u64,
    pub fired: __u32,
    pub reserved0: __u32,
    pub seq: __u64,
    pub reserved1: [__u64; 2usize],
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of rb_event_wait"][::core::mem::size_of::<rb_event_wait>() - 48usize];
    ["Alignment of rb_event_wait"][::core::mem::align_of::<rb_event_wait>() - 8usize];
    ["Offset of field: rb_event_wait::mask"][::core::mem::offset_of!(rb_event_wait, mask) - 0usize];
    ["Offset of field: rb_event_wait::flags"]
        [::core::mem::offset_of!(rb_event_wait, flags) - 4usize];
    ["Offset of field: rb_event_wait::timeout_ns"]
        [::core::mem::offset_of!(rb_event_wait, timeout_ns) - 8usize];
    ["Offset of field: rb_event_wait::fired"]
        [::core::mem::offset_of!(rb_event_wait, fired) - 16usize];
    ["Offset of field: rb_event_wait::reserved0"]
        [::core::mem::offset_of!(rb_event_wait, reserved0) - 20usize];
    ["Offset of field: rb_event_wait::seq"][::core::mem::offset_of!(rb_event_wait, seq) - 24usize];
    ["Offset of field: rb_event_wait::reserved1"]
        [::core::mem::offset_of!(rb_event_wait, reserved1) - 32usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct rb_verify {
    pub flags: __u32,
    pub reserved0: __u32,
    pub checked: __u64,
    pub errors: __u64,
    pub first_idx: __u64,
    pub code: __u32,
    pub reserved1: __u32,
    pub reserved2: [__u64; 7usize],
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of rb_verify"][::core::mem::size_of::<rb_verify>() - 96usize];
    ["Alignment of rb_verify"][::core::mem::align_of::<rb_verify>() - 8usize];
    ["Offset of field: rb_verify::flags"][::core::mem::offset_of!(rb_verify, flags) - 0usize];
    ["Offset of field: rb_verify::reserved0"]
        [::core::mem::offset_of!(rb_verify, reserved0) - 4usize];
    ["Offset of field: rb_verify::checked"][::core::mem::offset_of!(rb_verify, checked) - 8usize];
    ["Offset of field: rb_verify::errors"][::core::mem::offset_of!(rb_verify, errors) - 16usize];
    ["Offset of field: rb_verify::first_idx"]
        [::core::mem::offset_of!(rb_verify, first_idx) - 24usize];
    ["Offset of field: rb_verify::code"][::core::mem::offset_of!(rb_verify, code) - 32usize];
    ["Offset of field: rb_verify::reserved1"]
        [::core::mem::offset_of!(rb_verify, reserved1) - 36usize];
    ["Offset of field: rb_verify::reserved2"]
        [::core::mem::offset_of!(rb_verify, reserved2) - 40usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct rb_reset {
    pub flags: __u32,
    pub reserved0: __u32,
    pub reserved1: __u64,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of rb_reset"][::core::mem::size_of::<rb_reset>() - 16usize];
    ["Alignment of rb_reset"][::core::mem::align_of::<rb_reset>() - 8usize];
    ["Offset of field: rb_reset::flags"][::core::mem::offset_of!(rb_reset, flags) - 0usize];
    ["Offset of field: rb_reset::reserved0"][::core::mem::offset_of!(rb_reset, reserved0) - 4usize];
    ["Offset of field: rb_reset::reserved1"][::core::mem::offset_of!(rb_reset, reserved1) - 8usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct rb_clone_zone {
    pub nid: __s32,
    pub flags: __u32,
    pub zones: __u32,
    pub cpu: __u32,
    pub base_pfn: __u64,
    pub managed: __u64,
    pub free: __u64,
    pub held: __u64,
    pub hash: __u64,
    pub nr_pages: __u64,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of rb_clone_zone"][::core::mem::size_of::<rb_clone_zone>() - 64usize];
    ["Alignment of rb_clone_zone"][::core::mem::align_of::<rb_clone_zone>() - 8usize];
    ["Offset of field: rb_clone_zone::nid"][::core::mem::offset_of!(rb_clone_zone, nid) - 0usize];
    ["Offset of field: rb_clone_zone::flags"]
        [::core::mem::offset_of!(rb_clone_zone, flags) - 4usize];
    ["Offset of field: rb_clone_zone::zones"]
        [::core::mem::offset_of!(rb_clone_zone, zones) - 8usize];
    ["Offset of field: rb_clone_zone::cpu"][::core::mem::offset_of!(rb_clone_zone, cpu) - 12usize];
    ["Offset of field: rb_clone_zone::base_pfn"]
        [::core::mem::offset_of!(rb_clone_zone, base_pfn) - 16usize];
    ["Offset of field: rb_clone_zone::managed"]
        [::core::mem::offset_of!(rb_clone_zone, managed) - 24usize];
    ["Offset of field: rb_clone_zone::free"]
        [::core::mem::offset_of!(rb_clone_zone, free) - 32usize];
    ["Offset of field: rb_clone_zone::held"]
        [::core::mem::offset_of!(rb_clone_zone, held) - 40usize];
    ["Offset of field: rb_clone_zone::hash"]
        [::core::mem::offset_of!(rb_clone_zone, hash) - 48usize];
    ["Offset of field: rb_clone_zone::nr_pages"]
        [::core::mem::offset_of!(rb_clone_zone, nr_pages) - 56usize];
};
pub const RB_REPLAY_NOP: rb_replay_op = 0;
pub const RB_REPLAY_ALLOC: rb_replay_op = 1;
pub const RB_REPLAY_FREE: rb_replay_op = 2;
pub const RB_REPLAY_BULK: rb_replay_op = 3;
pub const RB_REPLAY_NOLOCK: rb_replay_op = 4;
pub const RB_REPLAY_CONTIG: rb_replay_op = 5;
pub const RB_REPLAY_RECLAIM: rb_replay_op = 6;
pub type rb_replay_op = core::ffi::c_uint;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct rb_replay_entry {
    pub op: __u8,
    pub order: __u8,
    pub flags: __u16,
    pub gfp: __u32,
    pub slot: __u32,
    pub arg: __u32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of rb_replay_entry"][::core::mem::size_of::<rb_replay_entry>() - 16usize];
    ["Alignment of rb_replay_entry"][::core::mem::align_of::<rb_replay_entry>() - 4usize];
    ["Offset of field: rb_replay_entry::op"][::core::mem::offset_of!(rb_replay_entry, op) - 0usize];
    ["Offset of field: rb_replay_entry::order"]
        [::core::mem::offset_of!(rb_replay_entry, order) - 1usize];
    ["Offset of field: rb_replay_entry::flags"]
        [::core::mem::offset_of!(rb_replay_entry, flags) - 2usize];
    ["Offset of field: rb_replay_entry::gfp"]
        [::core::mem::offset_of!(rb_replay_entry, gfp) - 4usize];
    ["Offset of field: rb_replay_entry::slot"]
        [::core::mem::offset_of!(rb_replay_entry, slot) - 8usize];
    ["Offset of field: rb_replay_entry::arg"]
        [::core::mem::offset_of!(rb_replay_entry, arg) - 12usize];
};
pub const RB_STOP_END: rb_replay_stop = 0;
pub const RB_STOP_DIVERGED: rb_replay_stop = 1;
pub const RB_STOP_DISTURBED: rb_replay_stop = 2;
pub const RB_STOP_SIGNAL: rb_replay_stop = 3;
pub type rb_replay_stop = core::ffi::c_uint;
pub const RB_DIV_NONE: rb_divergence = 0;
pub const RB_DIV_RESULT: rb_divergence = 1;
pub const RB_DIV_PLACE: rb_divergence = 2;
pub const RB_DIV_PCP: rb_divergence = 3;
pub const RB_DIV_FLAGS: rb_divergence = 4;
pub const RB_DIV_BOOST: rb_divergence = 5;
pub const RB_DIV_COUNTER: rb_divergence = 6;
pub const RB_DIV_HIGHATOMIC: rb_divergence = 7;
pub const RB_DIV_FREE_LIST: rb_divergence = 8;
pub const RB_DIV_PCP_LIST: rb_divergence = 9;
pub const RB_DIV_PAGEBLOCK: rb_divergence = 10;
pub const RB_DIV_AUDIT: rb_divergence = 11;
pub const RB_DIV_NR_DONE: rb_divergence = 12;
pub const RB_DIV_MARKS: rb_divergence = 13;
pub const RB_DIV_NUMA: rb_divergence = 14;
pub const RB_DIV_PAGE_EVENTS: rb_divergence = 15;
pub type rb_divergence = core::ffi::c_uint;
pub const RB_DIV_PCP_COUNT: rb_div_pcp = 0;
pub const RB_DIV_PCP_HIGH: rb_div_pcp = 1;
pub const RB_DIV_PCP_HIGH_MIN: rb_div_pcp = 2;
pub const RB_DIV_PCP_HIGH_MAX: rb_div_pcp = 3;
pub const RB_DIV_PCP_BATCH: rb_div_pcp = 4;
pub const RB_DIV_PCP_FLAGS: rb_div_pcp = 5;
pub const RB_DIV_PCP_ALLOC_FACTOR: rb_div_pcp = 6;
pub const RB_DIV_PCP_FREE_COUNT: rb_div_pcp = 7;
pub type rb_div_pcp = core::ffi::c_uint;
pub const RB_COVER_ALLOC: rb_coverage = 0;
pub const RB_COVER_FREE: rb_coverage = 1;
pub const RB_COVER_FAIL: rb_coverage = 2;
pub const RB_COVER_HIGH_ORDER: rb_coverage = 3;
pub const RB_COVER_REFILL: rb_coverage = 4;
pub const RB_COVER_DRAIN: rb_coverage = 5;
pub const RB_COVER_BOOST: rb_coverage = 6;
pub const RB_COVER_RETYPE: rb_coverage = 7;
pub const RB_COVER_BELOW_HIGH: rb_coverage = 8;
pub const RB_COVER_ABOVE_HIGH: rb_coverage = 9;
pub const RB_COVER_RECLAIM_FREE: rb_coverage = 10;
pub const RB_COVER_HIGHATOMIC: rb_coverage = 11;
pub const RB_COVER_CMA: rb_coverage = 12;
pub const RB_COVER_BULK: rb_coverage = 13;
pub const RB_COVER_BULK_HOLES: rb_coverage = 14;
pub const RB_COVER_NOLOCK: rb_coverage = 15;
pub const RB_COVER_CONTIG: rb_coverage = 16;
pub const RB_COVER_CONTIG_BUSY: rb_coverage = 17;
pub const RB_COVER_OTHER_ZONE: rb_coverage = 18;
pub const RB_COVER_FOREIGN: rb_coverage = 19;
pub const RB_COVER_FOLD: rb_coverage = 20;
pub const RB_COVER_WHOLE: rb_coverage = 21;
pub const RB_COVER_SKIP: rb_coverage = 22;
pub const RB_COVER_CLAIM: rb_coverage = 23;
pub const RB_COVER_STEAL: rb_coverage = 24;
pub const RB_COVER_CLAIM_PART: rb_coverage = 25;
pub const RB_COVER_MERGE_TAIL: rb_coverage = 26;
pub const RB_COVER_TAKE_HIGHATOMIC: rb_coverage = 27;
pub const RB_COVER_TAKE_CMA: rb_coverage = 28;
pub type rb_coverage = core::ffi::c_uint;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct rb_replay {
    pub entries_ptr: __u64,
    pub nr: __u32,
    pub interval: __u32,
    pub results_ptr: __u64,
    pub text_ptr: __u64,
    pub text_size: __u32,
    pub flags: __u32,
    pub text_len: __u32,
    pub nr_done: __u32,
    pub stop: __u32,
    pub div_kind: __u32,
    pub div_zone: __u32,
    pub div_where: __u32,
    pub div_position: __u32,
    pub reserved0: __u32,
    pub div_real: __u64,
    pub div_ours: __u64,
    pub coverage: [__u64; 40usize],
    pub reserved1: [__u64; 7usize],
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of rb_replay"][::core::mem::size_of::<rb_replay>() - 464usize];
    ["Alignment of rb_replay"][::core::mem::align_of::<rb_replay>() - 8usize];
    ["Offset of field: rb_replay::entries_ptr"]
        [::core::mem::offset_of!(rb_replay, entries_ptr) - 0usize];
    ["Offset of field: rb_replay::nr"][::core::mem::offset_of!(rb_replay, nr) - 8usize];
    ["Offset of field: rb_replay::interval"]
        [::core::mem::offset_of!(rb_replay, interval) - 12usize];
    ["Offset of field: rb_replay::results_ptr"]
        [::core::mem::offset_of!(rb_replay, results_ptr) - 16usize];
    ["Offset of field: rb_replay::text_ptr"]
        [::core::mem::offset_of!(rb_replay, text_ptr) - 24usize];
    ["Offset of field: rb_replay::text_size"]
        [::core::mem::offset_of!(rb_replay, text_size) - 32usize];
    ["Offset of field: rb_replay::flags"][::core::mem::offset_of!(rb_replay, flags) - 36usize];
    ["Offset of field: rb_replay::text_len"]
        [::core::mem::offset_of!(rb_replay, text_len) - 40usize];
    ["Offset of field: rb_replay::nr_done"][::core::mem::offset_of!(rb_replay, nr_done) - 44usize];
    ["Offset of field: rb_replay::stop"][::core::mem::offset_of!(rb_replay, stop) - 48usize];
    ["Offset of field: rb_replay::div_kind"]
        [::core::mem::offset_of!(rb_replay, div_kind) - 52usize];
    ["Offset of field: rb_replay::div_zone"]
        [::core::mem::offset_of!(rb_replay, div_zone) - 56usize];
    ["Offset of field: rb_replay::div_where"]
        [::core::mem::offset_of!(rb_replay, div_where) - 60usize];
    ["Offset of field: rb_replay::div_position"]
        [::core::mem::offset_of!(rb_replay, div_position) - 64usize];
    ["Offset of field: rb_replay::reserved0"]
        [::core::mem::offset_of!(rb_replay, reserved0) - 68usize];
    ["Offset of field: rb_replay::div_real"]
        [::core::mem::offset_of!(rb_replay, div_real) - 72usize];
    ["Offset of field: rb_replay::div_ours"]
        [::core::mem::offset_of!(rb_replay, div_ours) - 80usize];
    ["Offset of field: rb_replay::coverage"]
        [::core::mem::offset_of!(rb_replay, coverage) - 88usize];
    ["Offset of field: rb_replay::reserved1"]
        [::core::mem::offset_of!(rb_replay, reserved1) - 408usize];
};
impl Default for rb_replay {
    fn default() -> Self {
        let mut s = ::core::mem::MaybeUninit::<Self>::uninit();
        unsafe {
            ::core::ptr::write_bytes(s.as_mut_ptr(), 0, 1);
            s.assume_init()
        }
    }
}
pub const RB_INJECT_FLIP_BIT: rb_inject_kind = 1;
pub type rb_inject_kind = core::ffi::c_uint;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct rb_inject {
    pub kind: __u32,
    pub flags: __u32,
    pub idx: __u64,
    pub arg: __u64,
    pub reserved: [__u64; 3usize],
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of rb_inject"][::core::mem::size_of::<rb_inject>() - 48usize];
    ["Alignment of rb_inject"][::core::mem::align_of::<rb_inject>() - 8usize];
    ["Offset of field: rb_inject::kind"][::core::mem::offset_of!(rb_inject, kind) - 0usize];
    ["Offset of field: rb_inject::flags"][::core::mem::offset_of!(rb_inject, flags) - 4usize];
    ["Offset of field: rb_inject::idx"][::core::mem::offset_of!(rb_inject, idx) - 8usize];
    ["Offset of field: rb_inject::arg"][::core::mem::offset_of!(rb_inject, arg) - 16usize];
    ["Offset of field: rb_inject::reserved"]
        [::core::mem::offset_of!(rb_inject, reserved) - 24usize];
};
