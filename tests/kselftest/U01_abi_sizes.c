// SPDX-License-Identifier: GPL-2.0
/*
 * The layout that is promised for ever: sizes, offsets and numbers written down a second time by
 * hand. It compiles or it does not (`make check32`: the same for 32 bits).
 */
#ifdef __x86_64__
#include "rb_test.h"
#else
#include <stddef.h>
#include <rust_buddy.h>
#endif

#define SIZE(s, n)	_Static_assert(sizeof(struct s) == (n), "size of " #s)
#define AT(s, f, off, n)							\
	_Static_assert(offsetof(struct s, f) == (off) &&			\
		       sizeof(((struct s *)0)->f) == (n), #s "." #f)
#define IS(name, value)	_Static_assert((name) == (value), #name)

SIZE(rb_query, 128);
AT(rb_query, what, 0, 4); AT(rb_query, flags, 4, 4); AT(rb_query, uapi_major, 8, 4);
AT(rb_query, uapi_minor, 12, 4); AT(rb_query, features, 16, 8); AT(rb_query, page_shift, 24, 4);
AT(rb_query, nr_orders, 28, 4); AT(rb_query, pageblock_order, 32, 4);
AT(rb_query, nr_migratetypes, 36, 4); AT(rb_query, nr_nodes, 40, 4); AT(rb_query, nr_zones, 44, 4);
AT(rb_query, nr_cpus, 48, 4); AT(rb_query, nr_pcp_lists, 52, 4); AT(rb_query, region_pages, 56, 8);
AT(rb_query, managed_pages, 64, 8); AT(rb_query, free_pages, 72, 8); AT(rb_query, used_by_me, 80, 8);
AT(rb_query, quota_pages, 88, 8); AT(rb_query, epoch, 96, 8); AT(rb_query, host_version, 104, 4);
AT(rb_query, max_bulk, 108, 4); AT(rb_query, max_fetch, 112, 4); AT(rb_query, window_shift, 116, 4);
AT(rb_query, base_pfn, 120, 8);

SIZE(rb_alloc, 96);
AT(rb_alloc, gfp, 0, 4); AT(rb_alloc, order, 4, 4); AT(rb_alloc, flags, 8, 8);
AT(rb_alloc, nodemask, 16, 8); AT(rb_alloc, nid, 24, 4); AT(rb_alloc, reserved0, 28, 4);
AT(rb_alloc, timeout_ns, 32, 8); AT(rb_alloc, reserved2, 40, 8); AT(rb_alloc, id, 48, 4);
AT(rb_alloc, gen, 52, 4); AT(rb_alloc, idx, 56, 8); AT(rb_alloc, mmap_offset, 64, 8);
AT(rb_alloc, path, 72, 4); AT(rb_alloc, got_nid, 76, 4); AT(rb_alloc, got_zone, 80, 4);
AT(rb_alloc, reserved1, 84, 4); AT(rb_alloc, latency_ns, 88, 8);

SIZE(rb_free, 32);
AT(rb_free, id, 0, 4); AT(rb_free, gen, 4, 4); AT(rb_free, order, 8, 4); AT(rb_free, flags, 12, 4);
AT(rb_free, reserved, 16, 16);

SIZE(rb_block, 24);
AT(rb_block, id, 0, 4); AT(rb_block, gen, 4, 4); AT(rb_block, order, 8, 4);
AT(rb_block, result, 12, 4); AT(rb_block, idx, 16, 8);

SIZE(rb_bulk, 64);
AT(rb_bulk, blocks_ptr, 0, 8); AT(rb_bulk, nr, 8, 4); AT(rb_bulk, gfp, 12, 4);
AT(rb_bulk, order, 16, 4); AT(rb_bulk, flags, 20, 4); AT(rb_bulk, nodemask, 24, 8);
AT(rb_bulk, nid, 32, 4); AT(rb_bulk, reserved0, 36, 4); AT(rb_bulk, timeout_ns, 40, 8);
AT(rb_bulk, nr_done, 48, 4); AT(rb_bulk, first_err, 52, 4); AT(rb_bulk, reserved1, 56, 8);

SIZE(rb_zone_stat, 1664);
AT(rb_zone_stat, nid, 0, 4); AT(rb_zone_stat, zone, 4, 4); AT(rb_zone_stat, flags, 8, 4);
AT(rb_zone_stat, reserved0, 12, 4); AT(rb_zone_stat, seq, 16, 8); AT(rb_zone_stat, spanned, 24, 8);
AT(rb_zone_stat, present, 32, 8); AT(rb_zone_stat, managed, 40, 8); AT(rb_zone_stat, free, 48, 8);
AT(rb_zone_stat, pcp_total, 56, 8); AT(rb_zone_stat, min, 64, 8); AT(rb_zone_stat, low, 72, 8);
AT(rb_zone_stat, high, 80, 8); AT(rb_zone_stat, promo, 88, 8); AT(rb_zone_stat, boost, 96, 8);
AT(rb_zone_stat, reserved_highatomic, 104, 8); AT(rb_zone_stat, free_highatomic, 112, 8);
AT(rb_zone_stat, protection, 120, 64); AT(rb_zone_stat, start_idx, 184, 8);
AT(rb_zone_stat, nr_free, 192, 1024); AT(rb_zone_stat, events, 1216, 384);
AT(rb_zone_stat, name, 1600, 16); AT(rb_zone_stat, reserved1, 1616, 48);

SIZE(rb_pcp_stat, 256);
AT(rb_pcp_stat, nid, 0, 4); AT(rb_pcp_stat, zone, 4, 4); AT(rb_pcp_stat, cpu, 8, 4);
AT(rb_pcp_stat, flags, 12, 4); AT(rb_pcp_stat, online, 16, 4); AT(rb_pcp_stat, nr_lists, 20, 4);
AT(rb_pcp_stat, count, 24, 8); AT(rb_pcp_stat, high, 32, 8); AT(rb_pcp_stat, high_min, 40, 8);
AT(rb_pcp_stat, high_max, 48, 8); AT(rb_pcp_stat, batch, 56, 8); AT(rb_pcp_stat, free_count, 64, 8);
AT(rb_pcp_stat, alloc_factor, 72, 8); AT(rb_pcp_stat, expire, 80, 8); AT(rb_pcp_stat, pgalloc, 88, 8);
AT(rb_pcp_stat, pgfree, 96, 8); AT(rb_pcp_stat, refills, 104, 8); AT(rb_pcp_stat, drains, 112, 8);
AT(rb_pcp_stat, ring_full, 120, 8); AT(rb_pcp_stat, lists, 128, 80);
AT(rb_pcp_stat, reserved1, 208, 48);

SIZE(rb_vmstat, 32);
AT(rb_vmstat, buf_ptr, 0, 8); AT(rb_vmstat, nr, 8, 4); AT(rb_vmstat, flags, 12, 4);
AT(rb_vmstat, nr_total, 16, 4); AT(rb_vmstat, nr_done, 20, 4); AT(rb_vmstat, epoch, 24, 8);

SIZE(rb_tune, 64);
AT(rb_tune, key, 0, 4); AT(rb_tune, zone, 4, 4); AT(rb_tune, flags, 8, 4);
AT(rb_tune, reserved0, 12, 4); AT(rb_tune, reserved1, 16, 8); AT(rb_tune, value, 24, 8);
AT(rb_tune, old, 32, 8); AT(rb_tune, min, 40, 8); AT(rb_tune, max, 48, 8); AT(rb_tune, def, 56, 8);

SIZE(rb_drain, 32);
AT(rb_drain, nid, 0, 4); AT(rb_drain, zone, 4, 4); AT(rb_drain, cpu, 8, 4);
AT(rb_drain, flags, 12, 4); AT(rb_drain, reserved, 16, 16);

SIZE(rb_pageblock, 16);
AT(rb_pageblock, free, 0, 4); AT(rb_pageblock, nr_pages, 4, 4); AT(rb_pageblock, info, 8, 4);
AT(rb_pageblock, reserved, 12, 4);

SIZE(rb_blockmap, 48);
AT(rb_blockmap, start, 0, 8); AT(rb_blockmap, nr, 8, 4); AT(rb_blockmap, flags, 12, 4);
AT(rb_blockmap, buf_ptr, 16, 8); AT(rb_blockmap, nr_done, 24, 4);
AT(rb_blockmap, reserved0, 28, 4); AT(rb_blockmap, epoch, 32, 8); AT(rb_blockmap, reserved1, 40, 8);

SIZE(rb_clone_zone, 64);
AT(rb_clone_zone, nid, 0, 4); AT(rb_clone_zone, flags, 4, 4); AT(rb_clone_zone, zones, 8, 4);
AT(rb_clone_zone, cpu, 12, 4); AT(rb_clone_zone, base_pfn, 16, 8);
AT(rb_clone_zone, managed, 24, 8); AT(rb_clone_zone, free, 32, 8); AT(rb_clone_zone, held, 40, 8);
AT(rb_clone_zone, hash, 48, 8); AT(rb_clone_zone, nr_pages, 56, 8);

SIZE(rb_replay_entry, 16);
AT(rb_replay_entry, op, 0, 1); AT(rb_replay_entry, order, 1, 1); AT(rb_replay_entry, flags, 2, 2);
AT(rb_replay_entry, gfp, 4, 4); AT(rb_replay_entry, slot, 8, 4); AT(rb_replay_entry, arg, 12, 4);

SIZE(rb_replay, 464);
AT(rb_replay, entries_ptr, 0, 8); AT(rb_replay, nr, 8, 4); AT(rb_replay, interval, 12, 4);
AT(rb_replay, results_ptr, 16, 8); AT(rb_replay, text_ptr, 24, 8); AT(rb_replay, text_size, 32, 4);
AT(rb_replay, flags, 36, 4); AT(rb_replay, text_len, 40, 4); AT(rb_replay, nr_done, 44, 4);
AT(rb_replay, stop, 48, 4); AT(rb_replay, div_kind, 52, 4); AT(rb_replay, div_zone, 56, 4);
AT(rb_replay, div_where, 60, 4); AT(rb_replay, div_position, 64, 4);
AT(rb_replay, reserved0, 68, 4); AT(rb_replay, div_real, 72, 8); AT(rb_replay, div_ours, 80, 8);
AT(rb_replay, coverage, 88, 320); AT(rb_replay, reserved1, 408, 56);

SIZE(rb_verify, 96);
AT(rb_verify, flags, 0, 4); AT(rb_verify, reserved0, 4, 4); AT(rb_verify, checked, 8, 8);
AT(rb_verify, errors, 16, 8); AT(rb_verify, first_idx, 24, 8); AT(rb_verify, code, 32, 4);
AT(rb_verify, reserved1, 36, 4); AT(rb_verify, reserved2, 40, 56);

SIZE(rb_zone_compaction, 48);
AT(rb_zone_compaction, active, 0, 8); AT(rb_zone_compaction, inactive, 8, 8);
AT(rb_zone_compaction, migrate_idx, 16, 8); AT(rb_zone_compaction, free_idx, 24, 8);
AT(rb_zone_compaction, considered, 32, 4); AT(rb_zone_compaction, defer_shift, 36, 4);
AT(rb_zone_compaction, order_failed, 40, 4); AT(rb_zone_compaction, reserved0, 44, 4);

SIZE(rb_node_stat, 480);
AT(rb_node_stat, nid, 0, 4); AT(rb_node_stat, flags, 4, 4); AT(rb_node_stat, kswapd_state, 8, 4);
AT(rb_node_stat, kswapd_order, 12, 4); AT(rb_node_stat, kswapd_highest_zone, 16, 4);
AT(rb_node_stat, kswapd_failures, 20, 4); AT(rb_node_stat, kcompactd_state, 24, 4);
AT(rb_node_stat, kcompactd_order, 28, 4); AT(rb_node_stat, kswapd_runs, 32, 8);
AT(rb_node_stat, kcompactd_runs, 40, 8); AT(rb_node_stat, nr_isolated, 48, 8);
AT(rb_node_stat, nr_throttled, 56, 8); AT(rb_node_stat, zones, 64, 384);
AT(rb_node_stat, reserved1, 448, 32);

SIZE(rb_advise, 48);
AT(rb_advise, id, 0, 4); AT(rb_advise, gen, 4, 4); AT(rb_advise, order, 8, 4);
AT(rb_advise, advice, 12, 4); AT(rb_advise, flags, 16, 4); AT(rb_advise, was_purged, 20, 4);
AT(rb_advise, idx, 24, 8); AT(rb_advise, nr_pins, 32, 4); AT(rb_advise, reserved0, 36, 4);
AT(rb_advise, reserved1, 40, 8);

SIZE(rb_compact, 96);
AT(rb_compact, nid, 0, 4); AT(rb_compact, zone, 4, 4); AT(rb_compact, order, 8, 4);
AT(rb_compact, mode, 12, 4); AT(rb_compact, budget_pages, 16, 8); AT(rb_compact, timeout_ns, 24, 8);
AT(rb_compact, flags, 32, 4); AT(rb_compact, result, 36, 4); AT(rb_compact, migrate_scanned, 40, 8);
AT(rb_compact, free_scanned, 48, 8); AT(rb_compact, migrated, 56, 8); AT(rb_compact, failed, 64, 8);
AT(rb_compact, freed_blocks, 72, 8); AT(rb_compact, reserved0, 80, 16);

SIZE(rb_reclaim, 48);
AT(rb_reclaim, nr_pages, 0, 8); AT(rb_reclaim, nid, 8, 4); AT(rb_reclaim, flags, 12, 4);
AT(rb_reclaim, timeout_ns, 16, 8); AT(rb_reclaim, nr_reclaimed, 24, 8);
AT(rb_reclaim, nr_scanned, 32, 8); AT(rb_reclaim, reserved0, 40, 8);

SIZE(rb_event_set, 64);
AT(rb_event_set, eventfd, 0, 4); AT(rb_event_set, mask, 4, 4); AT(rb_event_set, nid, 8, 4);
AT(rb_event_set, zone, 12, 4); AT(rb_event_set, flags, 16, 4); AT(rb_event_set, reserved0, 20, 4);
AT(rb_event_set, interval_ns, 24, 8); AT(rb_event_set, reserved1, 32, 32);

SIZE(rb_event_clear, 16);
AT(rb_event_clear, eventfd, 0, 4); AT(rb_event_clear, flags, 4, 4);
AT(rb_event_clear, reserved0, 8, 8);

SIZE(rb_event_wait, 48);
AT(rb_event_wait, mask, 0, 4); AT(rb_event_wait, flags, 4, 4); AT(rb_event_wait, timeout_ns, 8, 8);
AT(rb_event_wait, fired, 16, 4); AT(rb_event_wait, reserved0, 20, 4); AT(rb_event_wait, seq, 24, 8);
AT(rb_event_wait, reserved1, 32, 16);
SIZE(rb_inject, 48);
AT(rb_inject, kind, 0, 4); AT(rb_inject, flags, 4, 4); AT(rb_inject, idx, 8, 8);
AT(rb_inject, arg, 16, 8); AT(rb_inject, reserved, 24, 24);

SIZE(rb_reset, 16);
AT(rb_reset, flags, 0, 4); AT(rb_reset, reserved0, 4, 4); AT(rb_reset, reserved1, 8, 8);

IS(RB_QUERY, 0xc080bb00); IS(RB_ALLOC, 0xc060bb01); IS(RB_FREE, 0x4020bb02);
IS(RB_ALLOC_BULK, 0xc040bb03); IS(RB_FREE_BULK, 0xc040bb04); IS(RB_ZONE_STAT, 0xc680bb08);
IS(RB_BLOCKMAP, 0xc030bb0c); IS(RB_VERIFY, 0xc060bb34); IS(RB_RESET, 0x4010bb3f);
IS(RB_PCP_STAT, 0xc100bb09); IS(RB_VMSTAT, 0xc020bb0a); IS(RB_TUNE_GET, 0xc040bb10);
IS(RB_TUNE_SET, 0xc040bb11); IS(RB_DRAIN, 0x4020bb16);
IS(RB_NR_PCP_STAT, _IOC_NR(RB_PCP_STAT)); IS(RB_NR_VMSTAT, _IOC_NR(RB_VMSTAT));
IS(RB_NR_TUNE_GET, _IOC_NR(RB_TUNE_GET)); IS(RB_NR_TUNE_SET, _IOC_NR(RB_TUNE_SET));
IS(RB_NR_DRAIN, _IOC_NR(RB_DRAIN));
IS(RB_NR_QUERY, _IOC_NR(RB_QUERY)); IS(RB_NR_ALLOC, _IOC_NR(RB_ALLOC));
IS(RB_NR_FREE, _IOC_NR(RB_FREE)); IS(RB_NR_ALLOC_BULK, _IOC_NR(RB_ALLOC_BULK));
IS(RB_NR_FREE_BULK, _IOC_NR(RB_FREE_BULK)); IS(RB_NR_ZONE_STAT, _IOC_NR(RB_ZONE_STAT));
IS(RB_NR_BLOCKMAP, _IOC_NR(RB_BLOCKMAP)); IS(RB_NR_VERIFY, _IOC_NR(RB_VERIFY));
IS(RB_NR_RESET, _IOC_NR(RB_RESET)); IS(RB_REPLAY, 0xc1d0bb32); IS(RB_CLONE_ZONE, 0xc040bb33);
IS(RB_NR_REPLAY, _IOC_NR(RB_REPLAY)); IS(RB_NR_CLONE_ZONE, _IOC_NR(RB_CLONE_ZONE));
IS(RB_NODE_STAT, 0xc1e0bb0e); IS(RB_ADVISE, 0xc030bb13); IS(RB_COMPACT, 0xc060bb15);
IS(RB_RECLAIM, 0xc030bb17); IS(RB_EVENT_SET, 0x4040bb20); IS(RB_EVENT_CLEAR, 0x4010bb21);
IS(RB_EVENT_WAIT, 0xc030bb22); IS(RB_NR_NODE_STAT, _IOC_NR(RB_NODE_STAT));
IS(RB_NR_ADVISE, _IOC_NR(RB_ADVISE)); IS(RB_NR_COMPACT, _IOC_NR(RB_COMPACT));
IS(RB_NR_RECLAIM, _IOC_NR(RB_RECLAIM)); IS(RB_NR_EVENT_SET, _IOC_NR(RB_EVENT_SET));
IS(RB_NR_EVENT_CLEAR, _IOC_NR(RB_EVENT_CLEAR)); IS(RB_NR_EVENT_WAIT, _IOC_NR(RB_EVENT_WAIT));
IS(RB_ADVISE_HOT, 7); IS(RB_COMPACT_SYNC_FULL, 2); IS(RB_COMPACT_SUCCESS, 8);
IS(RB_THREAD_HOPELESS, 3); IS(RB_PRESSURE_OOM, 0x80); IS(RB_PRESSURE_ALL, 0xff);
IS(RB_NO_EVENTFD, -1); IS(RB_MAX_SUBSCRIPTIONS, 16); IS(RB_ALLOC_PURGEABLE, 1);
IS(RB_PATH_RESERVE, 5); IS(RB_FEATURE_RECLAIM, 0x10); IS(RB_FEATURE_COMPACTION, 0x20);
IS(RB_FEATURE_EVENTS, 0x40); IS(RB_TUNE_EXTFRAG_THRESHOLD, 7);
IS(RB_TUNE_COMPACTION_PROACTIVENESS, 8);
IS(RB_INJECT, 0x4030bb3d); IS(RB_NR_INJECT, _IOC_NR(RB_INJECT)); IS(RB_INJECT_FLIP_BIT, 1);
IS(RB_REPLAY_RECLAIM, 6); IS(RB_STOP_SIGNAL, 3); IS(RB_DIV_MARKS, 13); IS(RB_DIV_PCP_FREE_COUNT, 7);
IS(RB_COVER_TAKE_CMA, 28); IS(RB_CLONE_DRAIN, 4); IS(RB_REPLAY_MAX_SLOTS, 1048576);

IS(RB_UAPI_MAJOR, 1); IS(RB_IOC_TYPE, 0xBB); IS(RB_MMAP_BASE, 0x10000000000);
IS(RB_MAX_ORDERS, 16); IS(RB_MAX_MIGRATETYPES, 8); IS(RB_MAX_ZONES, 8); IS(RB_MAX_EVENTS, 48);
IS(RB_GFP_DMA, 1); IS(RB_GFP_HIGHMEM, 2); IS(RB_GFP_DMA32, 4); IS(RB_GFP_MOVABLE, 8);
IS(RB_GFP_RECLAIMABLE, 0x10); IS(RB_GFP_HIGH, 0x20); IS(RB_GFP_IO, 0x40); IS(RB_GFP_FS, 0x80);
IS(RB_GFP_ZERO, 0x100); IS(RB_GFP_DIRECT_RECLAIM, 0x200); IS(RB_GFP_KSWAPD_RECLAIM, 0x400);
IS(RB_GFP_WRITE, 0x800); IS(RB_GFP_NOWARN, 0x1000); IS(RB_GFP_RETRY_MAYFAIL, 0x2000);
IS(RB_GFP_NOFAIL, 0x4000); IS(RB_GFP_NORETRY, 0x8000); IS(RB_GFP_MEMALLOC, 0x10000);
IS(RB_GFP_COMP, 0x20000); IS(RB_GFP_NOMEMALLOC, 0x40000); IS(RB_GFP_HARDWALL, 0x80000);
IS(RB_GFP_THISNODE, 0x100000); IS(RB_GFP_ACCOUNT, 0x200000);
IS(RB_GFP_KERNEL, 0x6c0); IS(RB_GFP_ATOMIC, 0x420); IS(RB_GFP_NOWAIT, 0x1400);
IS(RB_GFP_HIGHUSER_MOVABLE, 0x806ca); IS(RB_GFP_TRANSHUGE_LIGHT, 0xe10ca);
IS(RB_GFP_TRANSHUGE, 0xe12ca);
IS(RB_PB_LARGEST_SHIFT, 16); IS(RB_PB_NID_SHIFT, 8); IS(RB_PB_ZONE_SHIFT, 4);
IS(RB_MAX_PCP_LISTS, 20); IS(RB_ALL, -1); IS(RB_FREE_DRAIN, 2); IS(RB_TUNE_TRY, 1);
IS(RB_TUNE_MIN_FREE_KBYTES, 0); IS(RB_TUNE_WATERMARK_SCALE_FACTOR, 1);
IS(RB_TUNE_WATERMARK_BOOST_FACTOR, 2); IS(RB_TUNE_LOWMEM_RESERVE_RATIO, 3);
IS(RB_TUNE_PERCPU_PAGELIST_HIGH_FRACTION, 4); IS(RB_TUNE_DEFRAG_MODE, 5);
IS(RB_TUNE_STAT_INTERVAL, 6);
IS(RB_FREE_ZAP, 1); IS(RB_RESET_FD, 1); IS(RB_RESET_ZAP, 2); IS(RB_QUERY_PFN, 1);
IS(RB_FEATURE_MMAP, 1); IS(RB_FEATURE_MMAP_PMD, 2); IS(RB_FEATURE_PCP, 4); IS(RB_FEATURE_ORACLE, 8);
IS(RB_ZONE_MOVABLE, 3); IS(RB_MIGRATE_ISOLATE, 5); IS(RB_EVENT_BAD_PAGE, 5);

#ifdef __x86_64__
static void layouts(void)
{
	CHECK(sizeof(struct rb_zone_stat) <= 4096);
}

RB_PROGRAM(U01_abi_sizes, RB_NO_DEVICE, { "layouts_as_written_down", layouts });
#endif
