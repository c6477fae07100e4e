/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * User interface of rust_buddy: a private region of memory, managed by a page
 * allocator that follows mm/page_alloc.c, behind one character device.
 *
 * Terms
 *   block    2^order physically contiguous pages, aligned to their size
 *   handle   {id, gen}: names a block for as long as it is allocated. The block
 *            may move; the handle, the contents and the mmap offset stay.
 *   idx      page number inside the region: where a block lies at this moment
 *   owner    the open file that allocated a block; its last close (after the
 *            last mapping is gone) frees everything it still owns
 *
 * Rules that hold for every call
 *   - Fields that are not in the comments' "in" part are written by the module.
 *   - Unknown flags and non-zero reserved fields are refused (EINVAL).
 *   - Structures grow at the end only. A caller may pass a larger structure
 *     than the module knows if the tail is zero (E2BIG otherwise); a smaller
 *     one than the first version is refused (EINVAL).
 *   - Times are nanoseconds of CLOCK_MONOTONIC. Sizes are pages.
 */
#ifndef _UAPI_RUST_BUDDY_H
#define _UAPI_RUST_BUDDY_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define RB_UAPI_MAJOR		1
#define RB_UAPI_MINOR		0

#define RB_DEVICE_NAME		"rust_buddy"
#define RB_IOC_TYPE		0xBB

/* Sizes of the arrays below; the module's own numbers come from RB_QUERY. */
#define RB_MAX_ORDERS		16
#define RB_MAX_MIGRATETYPES	8
#define RB_MAX_ZONES		8
#define RB_MAX_EVENTS		48
#define RB_MAX_PCP_LISTS	20
#define RB_ZONE_NAME_LEN	16

/*
 * Request flags: the kernel's GFP flags with numbers of their own, because the
 * kernel's depend on its configuration.
 */
#define RB_GFP_DMA		0x00000001u
#define RB_GFP_HIGHMEM		0x00000002u
#define RB_GFP_DMA32		0x00000004u
#define RB_GFP_MOVABLE		0x00000008u
#define RB_GFP_RECLAIMABLE	0x00000010u
#define RB_GFP_HIGH		0x00000020u
#define RB_GFP_IO		0x00000040u
#define RB_GFP_FS		0x00000080u
#define RB_GFP_ZERO		0x00000100u
#define RB_GFP_DIRECT_RECLAIM	0x00000200u
#define RB_GFP_KSWAPD_RECLAIM	0x00000400u
#define RB_GFP_WRITE		0x00000800u
#define RB_GFP_NOWARN		0x00001000u
#define RB_GFP_RETRY_MAYFAIL	0x00002000u
#define RB_GFP_NOFAIL		0x00004000u
#define RB_GFP_NORETRY		0x00008000u
#define RB_GFP_MEMALLOC		0x00010000u	/* needs CAP_SYS_ADMIN */
#define RB_GFP_COMP		0x00020000u
#define RB_GFP_NOMEMALLOC	0x00040000u
#define RB_GFP_HARDWALL		0x00080000u
#define RB_GFP_THISNODE		0x00100000u
#define RB_GFP_ACCOUNT		0x00200000u

#define RB_GFP_RECLAIM		(RB_GFP_DIRECT_RECLAIM | RB_GFP_KSWAPD_RECLAIM)
#define RB_GFP_ATOMIC		(RB_GFP_HIGH | RB_GFP_KSWAPD_RECLAIM)
#define RB_GFP_KERNEL		(RB_GFP_RECLAIM | RB_GFP_IO | RB_GFP_FS)
#define RB_GFP_NOWAIT		(RB_GFP_KSWAPD_RECLAIM | RB_GFP_NOWARN)
#define RB_GFP_NOIO		RB_GFP_RECLAIM
#define RB_GFP_NOFS		(RB_GFP_RECLAIM | RB_GFP_IO)
#define RB_GFP_USER		(RB_GFP_KERNEL | RB_GFP_HARDWALL)
#define RB_GFP_HIGHUSER		(RB_GFP_USER | RB_GFP_HIGHMEM)
#define RB_GFP_HIGHUSER_MOVABLE	(RB_GFP_HIGHUSER | RB_GFP_MOVABLE)
#define RB_GFP_TRANSHUGE_LIGHT	((RB_GFP_HIGHUSER_MOVABLE | RB_GFP_COMP | \
				  RB_GFP_NOMEMALLOC | RB_GFP_NOWARN) & \
				 ~RB_GFP_RECLAIM)
#define RB_GFP_TRANSHUGE	(RB_GFP_TRANSHUGE_LIGHT | RB_GFP_DIRECT_RECLAIM)

/* Zones and migratetypes, numbered as in the kernel. */
enum rb_zone {
	RB_ZONE_DMA		= 0,
	RB_ZONE_DMA32		= 1,
	RB_ZONE_NORMAL		= 2,
	RB_ZONE_MOVABLE		= 3,
};

enum rb_migratetype {
	RB_MIGRATE_UNMOVABLE	= 0,
	RB_MIGRATE_MOVABLE	= 1,
	RB_MIGRATE_RECLAIMABLE	= 2,
	RB_MIGRATE_HIGHATOMIC	= 3,
	RB_MIGRATE_CMA		= 4,
	RB_MIGRATE_ISOLATE	= 5,
};

/*
 * mmap. Each handle has a window of its own in the device's offset space:
 *   offset = RB_MMAP_BASE + ((__u64)id << window_shift)
 * (rb_query.window_shift; rb_alloc.mmap_offset is the sum). A mapping lies
 * inside one window and inside the block, is MAP_SHARED and not executable.
 */
#define RB_MMAP_BASE		(1ULL << 40)

/* RB_QUERY: what there is. */
#define RB_QUERY_GLOBAL		0u		/* rb_query.what */
#define RB_QUERY_PFN		0x00000001u	/* rb_query.flags: fill base_pfn, CAP_SYS_ADMIN */

#define RB_FEATURE_MMAP		0x0000000000000001ull	/* blocks can be mapped */
#define RB_FEATURE_MMAP_PMD	0x0000000000000002ull	/* ... with 2 MiB entries */
#define RB_FEATURE_PCP		0x0000000000000004ull	/* per-CPU page lists */
#define RB_FEATURE_ORACLE	0x0000000000000008ull	/* RB_CLONE_ZONE, RB_REPLAY; loaded with oracle=1 */
#define RB_FEATURE_RECLAIM	0x0000000000000010ull	/* RB_ADVISE, RB_RECLAIM: contents may be given up */
#define RB_FEATURE_COMPACTION	0x0000000000000020ull	/* RB_COMPACT: blocks may be moved */
#define RB_FEATURE_EVENTS	0x0000000000000040ull	/* RB_EVENT_SET, poll */

struct rb_query {
	__u32 what;		/* in: RB_QUERY_GLOBAL */
	__u32 flags;		/* in: RB_QUERY_PFN */
	__u32 uapi_major;
	__u32 uapi_minor;
	__u64 features;		/* RB_FEATURE_* */
	__u32 page_shift;
	__u32 nr_orders;
	__u32 pageblock_order;
	__u32 nr_migratetypes;
	__u32 nr_nodes;
	__u32 nr_zones;		/* populated zones */
	__u32 nr_cpus;
	__u32 nr_pcp_lists;	/* 0 without RB_FEATURE_PCP */
	__u64 region_pages;
	__u64 managed_pages;
	__u64 free_pages;
	__u64 used_by_me;	/* pages that this open file owns */
	__u64 quota_pages;	/* pages that this open file may own; 0: no limit */
	__u64 epoch;		/* changes whenever a tunable does */
	__u32 host_version;	/* kernel version: major << 16 | minor << 8 | patch (<= 255) */
	__u32 max_bulk;		/* blocks per bulk call */
	__u32 max_fetch;	/* entries per RB_BLOCKMAP call */
	__u32 window_shift;	/* log2 of the bytes of one mmap window */
	__u64 base_pfn;		/* with RB_QUERY_PFN; 0 otherwise */
};

/* RB_ALLOC: one block. Its contents are zero, whatever the request says. */
#define RB_NO_NODE		(-1)

enum rb_path {			/* how a request was met */
	RB_PATH_PCP		= 0,
	RB_PATH_BUDDY		= 1,
	RB_PATH_SLOW		= 2,	/* found by the slow path */
	RB_PATH_RECLAIM		= 3,	/* ... after it had reclaimed pages */
	RB_PATH_COMPACT		= 4,	/* ... after it had compacted a zone */
	RB_PATH_RESERVE		= 5,	/* ... below all watermarks */
};

/*
 * A block is movable if RB_GFP_MOVABLE was asked for: the module may move it at any time unless it
 * is pinned. RB_ALLOC_PURGEABLE: its contents may be dropped as well, until RB_ADVISE_NEEDED.
 */
#define RB_ALLOC_PURGEABLE	0x0000000000000001ull

struct rb_alloc {
	__u32 gfp;		/* in: RB_GFP_* */
	__u32 order;		/* in */
	__u64 flags;		/* in: RB_ALLOC_* */
	__u64 nodemask;		/* in: 0 = all nodes */
	__s32 nid;		/* in: preferred node or RB_NO_NODE */
	__u32 reserved0;
	__u64 timeout_ns;	/* in: 0 */
	__u64 reserved2;	/* in: 0 */
	__u32 id;		/* handle */
	__u32 gen;
	__u64 idx;
	__u64 mmap_offset;
	__u32 path;		/* enum rb_path */
	__s32 got_nid;
	__u32 got_zone;		/* enum rb_zone */
	__u32 reserved1;
	__u64 latency_ns;	/* time inside the allocator */
};

/* RB_FREE: one block back. EBUSY while it is mapped, unless RB_FREE_ZAP. */
#define RB_FREE_ZAP		0x00000001u	/* unmap it first; later access is SIGBUS */
#define RB_FREE_DRAIN		0x00000002u	/* to the zone at once, into no CPU's stock */

struct rb_free {
	__u32 id;		/* in */
	__u32 gen;		/* in */
	__u32 order;		/* in: as allocated */
	__u32 flags;		/* in: RB_FREE_* */
	__u64 reserved[2];
};

/*
 * RB_ALLOC_BULK, RB_FREE_BULK: many blocks of any order. Those of order 0 are taken as
 * alloc_pages_bulk() takes them: many under one hold of the CPU's lists.
 */
struct rb_block {
	__u32 id;		/* alloc: out, free: in */
	__u32 gen;		/* alloc: out, free: in */
	__u32 order;		/* alloc: out, free: in */
	__s32 result;		/* out: 0 or -errno */
	__u64 idx;		/* alloc: out; free: ignored */
};

struct rb_bulk {
	__u64 blocks_ptr;	/* in: struct rb_block[nr] */
	__u32 nr;		/* in: 1 .. rb_query.max_bulk */
	__u32 gfp;		/* in: RB_ALLOC_BULK; 0 for RB_FREE_BULK */
	__u32 order;		/* in: RB_ALLOC_BULK; 0 for RB_FREE_BULK */
	__u32 flags;		/* in: RB_FREE_* for RB_FREE_BULK; 0 for RB_ALLOC_BULK */
	__u64 nodemask;		/* in: as in rb_alloc; 0 for RB_FREE_BULK */
	__s32 nid;		/* in: as in rb_alloc; 0 for RB_FREE_BULK */
	__u32 reserved0;
	__u64 timeout_ns;	/* in: 0 */
	__u32 nr_done;		/* blocks allocated, or freed */
	__s32 first_err;	/* 0 or the first -errno among them */
	__u64 reserved1;
};

/* RB_ZONE_STAT: one zone, as it was at one instant. */
struct rb_zone_stat {
	__s32 nid;		/* in */
	__u32 zone;		/* in: enum rb_zone */
	__u32 flags;		/* in: 0 */
	__u32 reserved0;
	__u64 seq;		/* changes with every change of the zone's free lists */
	__u64 spanned;
	__u64 present;
	__u64 managed;
	__u64 free;
	__u64 pcp_total;	/* pages on per-CPU lists */
	__u64 min;		/* watermarks include the boost */
	__u64 low;
	__u64 high;
	__u64 promo;
	__u64 boost;
	__u64 reserved_highatomic;
	__u64 free_highatomic;
	__u64 protection[RB_MAX_ZONES];
	__u64 start_idx;
	__u64 nr_free[RB_MAX_MIGRATETYPES][RB_MAX_ORDERS];	/* blocks */
	__u64 events[RB_MAX_EVENTS];	/* enum rb_event */
	char name[RB_ZONE_NAME_LEN];
	__u64 reserved1[6];
};

/* Indices of rb_zone_stat.events; the vmstat file adds them up over the zones. */
enum rb_event {
	RB_EVENT_PGALLOC		= 0,	/* pages allocated */
	RB_EVENT_PGFREE			= 1,	/* pages freed */
	RB_EVENT_EXTFRAG_CLAIM		= 2,	/* pageblocks claimed from another migratetype */
	RB_EVENT_EXTFRAG_STEAL		= 3,	/* blocks stolen from another migratetype */
	RB_EVENT_ALLOC_FAIL		= 4,	/* requests that ended without a block */
	RB_EVENT_BAD_PAGE		= 5,	/* blocks leaked because a check failed */
};

/* RB_PCP_STAT: what one CPU has in stock of one zone. */
struct rb_pcp_stat {
	__s32 nid;		/* in */
	__u32 zone;		/* in: enum rb_zone */
	__u32 cpu;		/* in: also one that is not online */
	__u32 flags;		/* in: 0 */
	__u32 online;		/* 1 if the CPU is */
	__u32 nr_lists;		/* entries of lists that are used */
	__u64 count;		/* pages on all lists */
	__u64 high;		/* as many may stay; learned, between high_min and high_max */
	__u64 high_min;
	__u64 high_max;
	__u64 batch;		/* pages that move at a time */
	__u64 free_count;	/* pages given back in one go, give or take */
	__u64 alloc_factor;	/* doublings of the next refill */
	__u64 expire;		/* ticks until a stock of another node's pages goes */
	__u64 pgalloc;		/* pages handed out from the lists */
	__u64 pgfree;		/* pages given back to them */
	__u64 refills;		/* times a list was filled from the zone */
	__u64 drains;		/* times the stock was too large */
	__u64 ring_full;	/* times a list was full: not meant to be */
	__u32 lists[RB_MAX_PCP_LISTS];	/* blocks: order 0 to 3 by 3 types, then huge pages */
	__u64 reserved1[6];
};

/* RB_VMSTAT: the numbers of the debugfs file vmstat, in the order of its lines. */
struct rb_vmstat {
	__u64 buf_ptr;		/* in: __u64[nr] */
	__u32 nr;		/* in: 0 .. rb_query.max_fetch */
	__u32 flags;		/* in: 0 */
	__u32 nr_total;		/* how many there are */
	__u32 nr_done;		/* how many were written */
	__u64 epoch;		/* as in rb_query */
};

/*
 * RB_TUNE_GET, RB_TUNE_SET: what /proc/sys/vm has for the kernel, for this region. Setting needs
 * CAP_SYS_ADMIN and a file that is open for writing; a value out of range is refused (EINVAL)
 * before anything changes.
 */
enum rb_tunable {
	RB_TUNE_MIN_FREE_KBYTES			= 0,	/* KiB */
	RB_TUNE_WATERMARK_SCALE_FACTOR		= 1,	/* 1/10000 of a zone */
	RB_TUNE_WATERMARK_BOOST_FACTOR		= 2,	/* 1/10000 of the high watermark */
	RB_TUNE_LOWMEM_RESERVE_RATIO		= 3,	/* by zone; 0: no reserve */
	RB_TUNE_PERCPU_PAGELIST_HIGH_FRACTION	= 4,	/* 0, or at least 8 */
	RB_TUNE_DEFRAG_MODE			= 5,	/* 0 or 1 */
	RB_TUNE_STAT_INTERVAL			= 6,	/* seconds */
	RB_TUNE_EXTFRAG_THRESHOLD		= 7,	/* 0 to 1000 */
	RB_TUNE_COMPACTION_PROACTIVENESS	= 8,	/* 0 to 100; 0: never by itself */
};

#define RB_TUNE_TRY		0x00000001u	/* check all, change nothing */

struct rb_tune {
	__u32 key;		/* in: enum rb_tunable */
	__u32 zone;		/* in: enum rb_zone for what is by zone, else 0 */
	__u32 flags;		/* in: RB_TUNE_TRY for RB_TUNE_SET, else 0 */
	__u32 reserved0;
	__u64 reserved1;
	__u64 value;		/* SET: in; GET: what holds */
	__u64 old;		/* what held before */
	__u64 min;
	__u64 max;
	__u64 def;		/* what holds if nobody says otherwise */
};

/* RB_DRAIN: give what CPUs have in stock back to the zones. */
#define RB_ALL			(-1)

struct rb_drain {
	__s32 nid;		/* in: node or RB_ALL */
	__s32 zone;		/* in: enum rb_zone or RB_ALL */
	__s32 cpu;		/* in: CPU or RB_ALL */
	__u32 flags;		/* in: 0 */
	__u64 reserved[2];
};

/* RB_BLOCKMAP: the region by pageblocks. */
struct rb_pageblock {
	__u32 free;		/* pages on the buddy free lists */
	__u32 nr_pages;		/* pages of the pageblock that are in the region */
	__u32 info;		/* RB_PB_* */
	__u32 reserved;
};

#define RB_PB_MIGRATETYPE_MASK	0x0000000fu	/* enum rb_migratetype */
#define RB_PB_ZONE_SHIFT	4		/* enum rb_zone, 4 bits */
#define RB_PB_NID_SHIFT		8		/* node, 8 bits */
#define RB_PB_LARGEST_SHIFT	16		/* 1 + order of its largest free block, 0: none; 5 bits */

struct rb_blockmap {
	__u64 start;		/* in: first pageblock */
	__u32 nr;		/* in: entries wanted, 1 .. rb_query.max_fetch */
	__u32 flags;		/* in: 0 */
	__u64 buf_ptr;		/* in: struct rb_pageblock[nr] */
	__u32 nr_done;		/* entries written; fewer at the end of the region */
	__u32 reserved0;
	__u64 epoch;
	__u64 reserved1;
};

/* RB_NODE_STAT: who works in the background of a node, and on what. */
enum rb_thread_state {
	RB_THREAD_NONE		= 0,
	RB_THREAD_ASLEEP	= 1,
	RB_THREAD_RUNNING	= 2,
	RB_THREAD_HOPELESS	= 3,	/* kswapd: nothing to reclaim; nobody wakes it */
};

struct rb_zone_compaction {
	__u64 active;		/* pages of purgeable blocks that were used lately */
	__u64 inactive;		/* ... that were not */
	__u64 migrate_idx;	/* where the migrate scanner goes on */
	__u64 free_idx;		/* where the free scanner goes on */
	__u32 considered;	/* attempts since compaction was last deferred */
	__u32 defer_shift;	/* log2 of the attempts to skip */
	__s32 order_failed;	/* smallest order that is deferred */
	__u32 reserved0;
};

struct rb_node_stat {
	__s32 nid;		/* in */
	__u32 flags;		/* in: 0 */
	__u32 kswapd_state;	/* enum rb_thread_state */
	__u32 kswapd_order;	/* what it was woken for */
	__u32 kswapd_highest_zone;	/* enum rb_zone */
	__u32 kswapd_failures;
	__u32 kcompactd_state;	/* enum rb_thread_state */
	__u32 kcompactd_order;
	__u64 kswapd_runs;
	__u64 kcompactd_runs;
	__u64 nr_isolated;	/* pages being moved or reclaimed */
	__u64 nr_throttled;	/* tasks that wait for kswapd */
	struct rb_zone_compaction zones[RB_MAX_ZONES];	/* by enum rb_zone */
	__u64 reserved1[4];
};

/*
 * RB_ADVISE: what may be done with a block. Pins nest; a pinned block is neither moved nor purged.
 * A purged block has no pages: access to a mapping of it is SIGBUS until RB_ADVISE_NEEDED, which
 * gets it new ones, zeroed, or fails with ENOMEM. It keeps its handle until that is freed: a file that
 * keeps more of them than half as many as the region has pages gets no new blocks (ENOSPC).
 */
enum rb_advice {
	RB_ADVISE_PURGEABLE	= 0,	/* contents may be dropped when memory is short */
	RB_ADVISE_NEEDED	= 1,	/* no longer; was_purged: they were */
	RB_ADVISE_PIN		= 2,	/* stay at idx; ENODATA if it was purged, EOVERFLOW at 65535 pins */
	RB_ADVISE_UNPIN		= 3,	/* ERANGE if it is not pinned */
	RB_ADVISE_MOVABLE	= 4,	/* may be moved */
	RB_ADVISE_UNMOVABLE	= 5,	/* may not, as if never asked for with RB_GFP_MOVABLE */
	RB_ADVISE_COLD		= 6,	/* purge it before others */
	RB_ADVISE_HOT		= 7,	/* purge it after others */
};

struct rb_advise {
	__u32 id;		/* in */
	__u32 gen;		/* in */
	__u32 order;		/* in: as allocated */
	__u32 advice;		/* in: enum rb_advice */
	__u32 flags;		/* in: 0 */
	__u32 was_purged;	/* NEEDED: 1 if the contents are gone */
	__u64 idx;		/* where it lies; certain only while it is pinned */
	__u32 nr_pins;
	__u32 reserved0;
	__u64 reserved1;
};

/*
 * RB_COMPACT: move blocks to make larger free ones. Needs CAP_SYS_ADMIN. One at a time: EALREADY. A
 * fatal signal ends it; any other, the budget and the time do as well, and the answer says how far it
 * came.
 */
enum rb_compact_mode {		/* C: enum compact_priority, the other way round */
	RB_COMPACT_ASYNC	= 0,
	RB_COMPACT_SYNC_LIGHT	= 1,
	RB_COMPACT_SYNC_FULL	= 2,
};

enum rb_compact_result {	/* C: enum compact_result */
	RB_COMPACT_NOT_SUITABLE_ZONE	= 0,
	RB_COMPACT_SKIPPED		= 1,
	RB_COMPACT_DEFERRED		= 2,
	RB_COMPACT_NO_SUITABLE_PAGE	= 3,
	RB_COMPACT_CONTINUE		= 4,
	RB_COMPACT_COMPLETE		= 5,
	RB_COMPACT_PARTIAL_SKIPPED	= 6,
	RB_COMPACT_CONTENDED		= 7,
	RB_COMPACT_SUCCESS		= 8,
};

struct rb_compact {
	__s32 nid;		/* in: node or RB_ALL */
	__s32 zone;		/* in: enum rb_zone or RB_ALL */
	__s32 order;		/* in: until a block of this order is free; -1: until the scanners meet */
	__u32 mode;		/* in: enum rb_compact_mode */
	__u64 budget_pages;	/* in: scan no more than that; 0: no limit */
	__u64 timeout_ns;	/* in: 0: no limit */
	__u32 flags;		/* in: 0 */
	__u32 result;		/* enum rb_compact_result, the highest of all zones */
	__u64 migrate_scanned;	/* pages */
	__u64 free_scanned;
	__u64 migrated;
	__u64 failed;		/* pages that could not be moved */
	__s64 freed_blocks;	/* more free blocks of the pageblock order than before */
	__u64 reserved0[2];
};

/* RB_RECLAIM: drop contents of purgeable blocks, those unused for longest first. CAP_SYS_ADMIN. */
struct rb_reclaim {
	__u64 nr_pages;		/* in: at least so many, if there are */
	__s32 nid;		/* in: node or RB_ALL */
	__u32 flags;		/* in: 0 */
	__u64 timeout_ns;	/* in: 0: no limit */
	__u64 nr_reclaimed;	/* pages */
	__u64 nr_scanned;
	__u64 reserved0;
};

/*
 * Events. A subscription signals an eventfd, or with RB_NO_EVENTFD the file itself: poll says POLLIN,
 * and RB_EVENT_WAIT answers and clears. At most RB_MAX_SUBSCRIPTIONS for each open file. Without any,
 * poll says POLLPRI while a zone is below its low watermark, and POLLOUT while none is below min.
 */
#define RB_PRESSURE_BELOW_HIGH	0x00000001u	/* a zone fell below its watermark */
#define RB_PRESSURE_BELOW_LOW	0x00000002u
#define RB_PRESSURE_BELOW_MIN	0x00000004u
#define RB_PRESSURE_ABOVE_HIGH	0x00000008u	/* it is above it again */
#define RB_PRESSURE_ALLOC_FAIL	0x00000010u	/* a request ended without a block */
#define RB_PRESSURE_PURGED	0x00000020u	/* contents of a block of this file were dropped */
#define RB_PRESSURE_COMPACT_DONE	0x00000040u	/* a zone was compacted */
#define RB_PRESSURE_OOM		0x00000080u	/* all blocks of a client were taken back */
#define RB_PRESSURE_ALL		0x000000ffu

#define RB_NO_EVENTFD		(-1)
#define RB_MAX_SUBSCRIPTIONS	16u

struct rb_event_set {
	__s32 eventfd;		/* in: an eventfd (EBADF, EINVAL) or RB_NO_EVENTFD; EEXIST if it is set */
	__u32 mask;		/* in: RB_PRESSURE_* */
	__s32 nid;		/* in: node or RB_ALL */
	__s32 zone;		/* in: enum rb_zone or RB_ALL */
	__u32 flags;		/* in: 0 */
	__u32 reserved0;
	__u64 interval_ns;	/* in: at most one signal in this time, later ones wait; 0: no limit */
	__u64 reserved1[4];
};

struct rb_event_clear {
	__s32 eventfd;		/* in: as given to RB_EVENT_SET; ENOENT */
	__u32 flags;		/* in: 0 */
	__u64 reserved0;
};

struct rb_event_wait {
	__u32 mask;		/* in: RB_PRESSURE_* to wait for; EINVAL if not subscribed */
	__u32 flags;		/* in: 0 */
	__u64 timeout_ns;	/* in: 0: no limit; ETIMEDOUT */
	__u32 fired;		/* RB_PRESSURE_* since the last call */
	__u32 reserved0;
	__u64 seq;		/* events so far */
	__u64 reserved1[2];
};

/* RB_VERIFY: walk every structure of the allocator and recount it. */
struct rb_verify {
	__u32 flags;		/* in: 0 */
	__u32 reserved0;
	__u64 checked;		/* pages looked at */
	__u64 errors;		/* EUCLEAN if any */
	__u64 first_idx;	/* page of the first error */
	__u32 code;		/* kind of the first error, 0: none */
	__u32 reserved1;
	__u64 reserved2[7];
};

/*
 * RB_RESET: free everything that this open file owns. EBUSY if mapped, unless ZAP. Meanwhile the file
 * gets no block: EBUSY.
 */
#define RB_RESET_FD		0x00000001u
#define RB_RESET_ZAP		0x00000002u

struct rb_reset {
	__u32 flags;		/* in: RB_RESET_FD, with RB_RESET_ZAP or without */
	__u32 reserved0;
	__u64 reserved1;
};

/*
 * The oracle: the kernel's own allocator beside ours. RB_CLONE_ZONE copies the
 * zones of a node of the running kernel, as this CPU sees them, into an
 * allocator of ours without pages, the shadow. RB_REPLAY then does the same
 * operations on both and compares after each.
 *
 * Both need CAP_SYS_ADMIN, a file open for writing, a kernel that is not locked
 * down (EPERM), and a module loaded with oracle=1 (EOPNOTSUPP). One open file at
 * a time has the oracle, from its first clone until its last close (EALREADY).
 * The caller stays on one CPU: EXDEV on another one than that of the clone.
 */
#define RB_CLONE_RELEASE	0x00000001u	/* free what was allocated for the oracle, first */
#define RB_CLONE_NO_SHADOW	0x00000002u	/* do the operations on the kernel only */
#define RB_CLONE_DRAIN		0x00000004u	/* empty the per-CPU lists of all CPUs first, if possible */

struct rb_clone_zone {
	__s32 nid;		/* in: a node */
	__u32 flags;		/* in: RB_CLONE_* */
	__u32 zones;		/* bit for each enum rb_zone that the node has */
	__u32 cpu;		/* whose lists were copied */
	__u64 base_pfn;		/* frame number of page 0 */
	__u64 managed;		/* pages of these zones */
	__u64 free;		/* of them on free lists and on lists of this CPU */
	__u64 held;		/* pages held for the oracle */
	__u64 hash;		/* of the whole copy */
	__u64 nr_pages;		/* page numbers are below this */
};

/*
 * An operation. What it allocates is put into a slot, from where it is freed.
 * To allocate into a full slot, or to free an empty one, does nothing.
 */
enum rb_replay_op {
	RB_REPLAY_NOP		= 0,
	RB_REPLAY_ALLOC		= 1,	/* a block of `order` into slot `slot` */
	RB_REPLAY_FREE		= 2,	/* what is in slot `slot` */
	RB_REPLAY_BULK		= 3,	/* pages into the empty ones of `arg` slots from `slot` on */
	RB_REPLAY_NOLOCK	= 4,	/* as ALLOC, in the way that takes no lock by force; gfp: 0 */
	RB_REPLAY_CONTIG	= 5,	/* `flags` pages from page `arg` on into slot `slot`; gfp: 0 */
	RB_REPLAY_RECLAIM	= 6,	/* `arg` 1, 0: zones are marked as being reclaimed, or not */
};

struct rb_replay_entry {
	__u8 op;		/* enum rb_replay_op */
	__u8 order;		/* ALLOC, NOLOCK; otherwise 0 */
	__u16 flags;		/* CONTIG; otherwise 0 */
	__u32 gfp;		/* RB_GFP_* without direct reclaim; THISNODE and NOWARN are added */
	__u32 slot;		/* below RB_REPLAY_MAX_SLOTS */
	__u32 arg;		/* BULK: at most RB_REPLAY_MAX_BULK; CONTIG, RECLAIM; otherwise 0 */
};

#define RB_REPLAY_MAX_ENTRIES	65536u
#define RB_REPLAY_MAX_SLOTS	1048576u
#define RB_REPLAY_MAX_BULK	512u
#define RB_REPLAY_MAX_INTERVAL	4096u
#define RB_REPLAY_MAX_TEXT	1048576u
#define RB_REPLAY_NONE		0xffffffffu	/* no page */

enum rb_replay_stop {
	RB_STOP_END		= 0,	/* all done, all equal */
	RB_STOP_DIVERGED	= 1,	/* see the fields div_*; clone anew to go on */
	RB_STOP_DISTURBED	= 2,	/* others changed a zone before entry nr_done; clone anew */
	RB_STOP_SIGNAL		= 3,	/* interrupted; go on with entry nr_done */
};

enum rb_divergence {
	RB_DIV_NONE		= 0,
	RB_DIV_RESULT		= 1,	/* only one of them had a page; values: page or NONE */
	RB_DIV_PLACE		= 2,	/* different pages */
	RB_DIV_PCP		= 3,	/* enum rb_div_pcp in div_where */
	RB_DIV_FLAGS		= 4,	/* of the zone: 1 boosted, 2 reclaim active, 4 below high */
	RB_DIV_BOOST		= 5,
	RB_DIV_COUNTER		= 6,	/* where: 0 free, 1 free CMA pages; position: 0 sum, 1 this CPU's share */
	RB_DIV_HIGHATOMIC	= 7,	/* where: 0 reserved, 1 free */
	RB_DIV_FREE_LIST	= 8,	/* where: order << 8 | migratetype; values: page or NONE */
	RB_DIV_PCP_LIST		= 9,	/* where: list; values: page or NONE */
	RB_DIV_PAGEBLOCK	= 10,	/* position: pageblock of the zone; values: migratetypes */
	RB_DIV_AUDIT		= 11,	/* NO_SHADOW: the kernel's lists and counters contradict each other */
	RB_DIV_NR_DONE		= 12,	/* BULK: how many slots were filled */
	RB_DIV_MARKS		= 13,	/* watermarks and reserves */
	RB_DIV_NUMA		= 14,	/* blocks taken so far; where: 0 hit, 1 miss, 2 local, 3 other */
	RB_DIV_PAGE_EVENTS	= 15,	/* pages so far; where: 0 handed out, 1 given back */
};

enum rb_div_pcp {
	RB_DIV_PCP_COUNT	= 0,
	RB_DIV_PCP_HIGH		= 1,
	RB_DIV_PCP_HIGH_MIN	= 2,
	RB_DIV_PCP_HIGH_MAX	= 3,
	RB_DIV_PCP_BATCH	= 4,
	RB_DIV_PCP_FLAGS	= 5,
	RB_DIV_PCP_ALLOC_FACTOR	= 6,
	RB_DIV_PCP_FREE_COUNT	= 7,
};

/* Indices of rb_replay.coverage: how often what was done, as seen from outside. */
enum rb_coverage {
	RB_COVER_ALLOC		= 0,	/* blocks allocated one by one */
	RB_COVER_FREE		= 1,
	RB_COVER_FAIL		= 2,	/* requests without a block, both agreeing */
	RB_COVER_HIGH_ORDER	= 3,	/* blocks allocated that no per-CPU list has */
	RB_COVER_REFILL		= 4,	/* allocations that took from the zone for a per-CPU list */
	RB_COVER_DRAIN		= 5,	/* frees that gave pages of a per-CPU list to the zone */
	RB_COVER_BOOST		= 6,	/* operations that raised the boost */
	RB_COVER_RETYPE		= 7,	/* pageblocks of another type, between two whole comparisons */
	RB_COVER_BELOW_HIGH	= 8,	/* times the zone's flag was set */
	RB_COVER_ABOVE_HIGH	= 9,	/* times it was cleared */
	RB_COVER_RECLAIM_FREE	= 10,	/* frees while the zone was marked as being reclaimed */
	RB_COVER_HIGHATOMIC	= 11,	/* operations that changed the size of the high-order reserve */
	RB_COVER_CMA		= 12,	/* operations that changed the free CMA pages */
	RB_COVER_BULK		= 13,	/* pages by bulk requests */
	RB_COVER_BULK_HOLES	= 14,	/* bulk requests that found full slots */
	RB_COVER_NOLOCK		= 15,	/* blocks without locks */
	RB_COVER_CONTIG		= 16,	/* ranges taken */
	RB_COVER_CONTIG_BUSY	= 17,	/* ranges refused */
	RB_COVER_OTHER_ZONE	= 18,	/* blocks that came from a lower zone than asked for */
	RB_COVER_FOREIGN	= 19,	/* blocks that came from another node; given back at once */
	RB_COVER_FOLD		= 20,	/* times this CPU had added its share to a counter by itself */
	RB_COVER_WHOLE		= 21,	/* whole comparisons */
	RB_COVER_SKIP		= 22,	/* entries that found their slot full, or empty */
	RB_COVER_CLAIM		= 23,	/* the shadow: pageblocks claimed from another type */
	RB_COVER_STEAL		= 24,	/* the shadow: blocks stolen from another type */
	RB_COVER_CLAIM_PART	= 25,	/* the shadow: claims on account of a block smaller than a pageblock */
	RB_COVER_MERGE_TAIL	= 26,	/* the shadow: blocks put at a tail because they may merge soon */
	RB_COVER_TAKE_HIGHATOMIC = 27,	/* the shadow: blocks taken from the high-order reserve */
	RB_COVER_TAKE_CMA	= 28,	/* the shadow: blocks taken from CMA areas */
};
#define RB_MAX_COVERAGE		40

struct rb_replay {
	__u64 entries_ptr;	/* in: struct rb_replay_entry[nr] */
	__u32 nr;		/* in: at most RB_REPLAY_MAX_ENTRIES */
	__u32 interval;		/* in: compare whole zones after so many entries; 0: at the end only */
	__u64 results_ptr;	/* in: __u32[nr], first page of each entry or NONE; or 0 */
	__u64 text_ptr;		/* in: char[text_size], for a description of a divergence; or 0 */
	__u32 text_size;	/* in: at most RB_REPLAY_MAX_TEXT */
	__u32 flags;		/* in: 0 */
	__u32 text_len;		/* bytes of the description, more than text_size if it was cut */
	__u32 nr_done;		/* entries done; a diverging one is the last of them */
	__u32 stop;		/* enum rb_replay_stop */
	__u32 div_kind;		/* enum rb_divergence */
	__u32 div_zone;		/* enum rb_zone */
	__u32 div_where;
	__u32 div_position;
	__u32 reserved0;
	__u64 div_real;		/* what the kernel has */
	__u64 div_ours;		/* what the shadow has */
	__u64 coverage[RB_MAX_COVERAGE];	/* of this call */
	__u64 reserved1[7];
};

/*
 * RB_INJECT: damage, for tests. EOPNOTSUPP unless loaded with unsafe_test=1;
 * CAP_SYS_ADMIN; taints the kernel with TAINT_TEST.
 */
enum rb_inject_kind {
	RB_INJECT_FLIP_BIT	= 1,	/* bit `arg` of page `idx`; EBUSY if somebody has that page */
};

struct rb_inject {
	__u32 kind;		/* enum rb_inject_kind */
	__u32 flags;		/* 0 */
	__u64 idx;		/* page of the region */
	__u64 arg;
	__u64 reserved[3];
};

#define RB_QUERY	_IOWR(RB_IOC_TYPE, 0x00, struct rb_query)
#define RB_ALLOC	_IOWR(RB_IOC_TYPE, 0x01, struct rb_alloc)
#define RB_FREE		_IOW(RB_IOC_TYPE, 0x02, struct rb_free)
#define RB_ALLOC_BULK	_IOWR(RB_IOC_TYPE, 0x03, struct rb_bulk)
#define RB_FREE_BULK	_IOWR(RB_IOC_TYPE, 0x04, struct rb_bulk)
#define RB_ZONE_STAT	_IOWR(RB_IOC_TYPE, 0x08, struct rb_zone_stat)
#define RB_PCP_STAT	_IOWR(RB_IOC_TYPE, 0x09, struct rb_pcp_stat)
#define RB_VMSTAT	_IOWR(RB_IOC_TYPE, 0x0A, struct rb_vmstat)
#define RB_BLOCKMAP	_IOWR(RB_IOC_TYPE, 0x0C, struct rb_blockmap)
#define RB_NODE_STAT	_IOWR(RB_IOC_TYPE, 0x0E, struct rb_node_stat)
#define RB_TUNE_GET	_IOWR(RB_IOC_TYPE, 0x10, struct rb_tune)
#define RB_TUNE_SET	_IOWR(RB_IOC_TYPE, 0x11, struct rb_tune)
#define RB_ADVISE	_IOWR(RB_IOC_TYPE, 0x13, struct rb_advise)
#define RB_COMPACT	_IOWR(RB_IOC_TYPE, 0x15, struct rb_compact)
#define RB_DRAIN	_IOW(RB_IOC_TYPE, 0x16, struct rb_drain)
#define RB_RECLAIM	_IOWR(RB_IOC_TYPE, 0x17, struct rb_reclaim)
#define RB_EVENT_SET	_IOW(RB_IOC_TYPE, 0x20, struct rb_event_set)
#define RB_EVENT_CLEAR	_IOW(RB_IOC_TYPE, 0x21, struct rb_event_clear)
#define RB_EVENT_WAIT	_IOWR(RB_IOC_TYPE, 0x22, struct rb_event_wait)
#define RB_REPLAY	_IOWR(RB_IOC_TYPE, 0x32, struct rb_replay)
#define RB_CLONE_ZONE	_IOWR(RB_IOC_TYPE, 0x33, struct rb_clone_zone)
#define RB_VERIFY	_IOWR(RB_IOC_TYPE, 0x34, struct rb_verify)
#define RB_INJECT	_IOW(RB_IOC_TYPE, 0x3D, struct rb_inject)
#define RB_RESET	_IOW(RB_IOC_TYPE, 0x3F, struct rb_reset)

/*
 * The command numbers once more as constants, for binding generators that do
 * not evaluate the macros above.
 */
#define RB_NR_QUERY		0x00
#define RB_NR_ALLOC		0x01
#define RB_NR_FREE		0x02
#define RB_NR_ALLOC_BULK	0x03
#define RB_NR_FREE_BULK		0x04
#define RB_NR_ZONE_STAT		0x08
#define RB_NR_PCP_STAT		0x09
#define RB_NR_VMSTAT		0x0A
#define RB_NR_BLOCKMAP		0x0C
#define RB_NR_NODE_STAT		0x0E
#define RB_NR_TUNE_GET		0x10
#define RB_NR_TUNE_SET		0x11
#define RB_NR_ADVISE		0x13
#define RB_NR_COMPACT		0x15
#define RB_NR_DRAIN		0x16
#define RB_NR_RECLAIM		0x17
#define RB_NR_EVENT_SET		0x20
#define RB_NR_EVENT_CLEAR	0x21
#define RB_NR_EVENT_WAIT	0x22
#define RB_NR_REPLAY		0x32
#define RB_NR_CLONE_ZONE	0x33
#define RB_NR_VERIFY		0x34
#define RB_NR_INJECT		0x3D
#define RB_NR_RESET		0x3F

#endif /* _UAPI_RUST_BUDDY_H */
