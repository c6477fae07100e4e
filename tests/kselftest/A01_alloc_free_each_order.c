// SPDX-License-Identifier: GPL-2.0
/*
 * Each order, each zone: a block is aligned, inside its zone, zero, owned once; after it is back the
 * free lists are what they were. Bulk calls are the same thing many times.
 */
#include "rb_test.h"

static const uint32_t zone_gfp[NR_ZONES] = {
	[RB_ZONE_DMA] = RB_GFP_KERNEL | RB_GFP_DMA,
	[RB_ZONE_DMA32] = RB_GFP_KERNEL | RB_GFP_DMA32,
	[RB_ZONE_NORMAL] = RB_GFP_KERNEL,
	[RB_ZONE_MOVABLE] = RB_GFP_HIGHUSER_MOVABLE,
};

static void check_block(const struct region *r, const struct rb_alloc *a, uint32_t zone)
{
	const struct rb_zone_stat *z = &r->zone[zone];

	CHECK_EQ(a->idx % (1ull << a->order), 0);
	CHECK_EQ(a->got_zone, zone);
	CHECK_EQ(a->got_nid, r->nid);
	CHECK(a->idx >= z->start_idx && a->idx + (1ull << a->order) <= z->start_idx + z->spanned);
	CHECK_EQ(a->mmap_offset, RB_MMAP_BASE + ((uint64_t)a->id << r->query.window_shift));
	CHECK(a->id < r->query.region_pages && a->gen);
}

static void each_order_each_zone(void)
{
	int fd = dev_open();
	struct region r;
	struct rb_alloc a;
	bool pcp = has_pcp(fd);

	NEED(region_read(fd, &r));
	for (uint32_t z = 0; z < NR_ZONES; z++)
		for (uint32_t o = 0; o < NR_ORDERS; o++) {
			struct rb_zone_stat now;

			if (!r.has[z] || (z == RB_ZONE_DMA && o == 10))
				continue;	/* a single block stays behind the watermark */
			NEED(!dev_alloc(fd, zone_gfp[z], o, &a));
			check_block(&r, &a, z);
			CHECK_ERR(dev_zone(fd, r.nid, z, &now), 0);
			CHECK_EQ(now.free + now.pcp_total + (1u << o), r.zone[z].managed);
			CHECK_ERR(dev_free(fd, &a, 0), 0);
			CHECK_ERR(dev_zone(fd, r.nid, z, &now), 0);
			for (int k = 0; !pcp && k < NR_ORDERS; k++)
				CHECK_EQ(zone_nr_free(&now, k), zone_nr_free(&r.zone[z], k));
		}
	close(fd);
}

/* A fresh region of 64 MiB is 16 largest blocks: 1, 4, 7 and 4 by zone, in address order. */
static void fresh_region(void)
{
	static const uint64_t blocks[NR_ZONES] = { 1, 4, 7, 4 };
	int fd = dev_open();
	const struct region *r = region_now(fd);
	uint64_t start = 0;

	NEED(r);
	if (r->query.region_pages != 16384)
		SKIP("not a region of 64 MiB");
	CHECK_EQ(r->query.nr_zones, 4);
	CHECK_EQ(r->nr_blocks, 16384 >> r->query.pageblock_order);
	for (int z = 0; z < NR_ZONES; z++) {
		CHECK_EQ(zone_nr_free(&r->zone[z], 10), blocks[z]);
		CHECK_EQ(r->zone[z].nr_free[RB_MIGRATE_MOVABLE][10], blocks[z]);
		CHECK_EQ(r->zone[z].start_idx, start);
		CHECK_EQ(r->zone[z].spanned, blocks[z] * 1024);
		CHECK_EQ(r->zone[z].present, blocks[z] * 1024);
		CHECK_EQ(r->zone[z].managed, blocks[z] * 1024);
		start += blocks[z] * 1024;
	}
	for (uint32_t b = 0; b < r->nr_blocks; b++)
		CHECK_EQ(r->block[b].info & RB_PB_MIGRATETYPE_MASK, RB_MIGRATE_MOVABLE);
	close(fd);
}

static void zone_names(void)
{
	static const char *const names[NR_ZONES] = { "DMA", "DMA32", "Normal", "Movable" };
	int fd = dev_open();
	const struct region *r = region_now(fd);

	NEED(r);
	for (int z = 0; z < NR_ZONES; z++)
		if (r->has[z] && !CHECK(!strcmp(r->zone[z].name, names[z])))
			rb_diag("zone %d is called %.15s", z, r->zone[z].name);
	close(fd);
}

static struct rb_block blocks[4096];

static void bulk_is_the_same_many_times(void)
{
	struct rb_query q;
	uint32_t done;
	int fd = dev_open();

	for (uint32_t o = 0; o < NR_ORDERS; o++) {
		uint32_t nr = 4096u >> o;

		CHECK_ERR(dev_bulk(fd, RB_GFP_HIGHUSER_MOVABLE, o, blocks, nr, &done), 0);
		CHECK_EQ(done, nr);
		CHECK_ERR(dev_query(fd, &q), 0);
		CHECK_EQ(q.used_by_me, (uint64_t)done << o);
		for (uint32_t i = 0; i < done; i++)
			if (!CHECK(!blocks[i].result && blocks[i].order == o && blocks[i].gen &&
				   blocks[i].idx % (1u << o) == 0))
				break;
		CHECK_ERR(dev_free_bulk(fd, blocks, done, 0, &done), 0);
		CHECK_EQ(done, nr);
	}
	close(fd);
}

/* More than there is: success with what there was, and the rest of the array untouched. */
static void bulk_partial(void)
{
	struct rb_bulk b = { .blocks_ptr = (uintptr_t)blocks, .nr = 100, .gfp = RB_GFP_NOWAIT,
		.order = 10, .nid = RB_NO_NODE };
	int fd = dev_open();

	memset(blocks, 0xa5, sizeof(blocks));
	CHECK_ERR(dev_ioctl(fd, RB_ALLOC_BULK, &b), 0);
	CHECK(b.nr_done > 0 && b.nr_done < 16);
	CHECK_EQ(b.first_err, -ENOMEM);
	for (uint32_t i = 0; i < 100; i++)
		CHECK_EQ(blocks[i].result, i < b.nr_done ? 0 : (int)0xa5a5a5a5);
	struct rb_bulk again = { .blocks_ptr = (uintptr_t)(blocks + 100), .nr = 1,
		.gfp = RB_GFP_NOWAIT, .order = 10, .nid = RB_NO_NODE, .nr_done = 7 };

	CHECK_ERR(dev_ioctl(fd, RB_ALLOC_BULK, &again), ENOMEM);
	CHECK_EQ(again.nr_done, 0);
	CHECK_EQ(again.first_err, -ENOMEM);
	CHECK_ERR(dev_free_bulk(fd, blocks, b.nr_done, 0, NULL), 0);
	close(fd);
}

static void free_bulk_goes_on_after_errors(void)
{
	struct rb_block e[6];
	struct rb_bulk b = { .blocks_ptr = (uintptr_t)e, .nr = 6 };
	uint32_t done;
	int fd = dev_open();

	NEED(!dev_bulk(fd, RB_GFP_KERNEL, 1, e, 4, &done) && done == 4);
	e[4] = e[0];			/* twice the same handle */
	e[5] = e[1];
	e[1].order = 11;
	e[2].gen++;
	e[3].id = ~0u;
	e[5].idx = 12345;		/* ignored */
	CHECK_ERR(dev_ioctl(fd, RB_FREE_BULK, &b), EINVAL);
	CHECK_EQ(b.nr_done, 2);
	CHECK_EQ(b.first_err, -EINVAL);
	CHECK_EQ(e[0].result, 0);
	CHECK_EQ(e[1].result, -EINVAL);
	CHECK_EQ(e[2].result, -ESTALE);
	CHECK_EQ(e[3].result, -ERANGE);
	CHECK_EQ(e[4].result, -ENOENT);
	CHECK_EQ(e[5].result, 0);
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	close(fd);
}

static void close_frees(void)
{
	struct rb_alloc a;
	int fd = dev_open(), other = dev_open();
	uint64_t left = region_pages_left(other);

	for (uint32_t o = 0; o < NR_ORDERS; o++)
		CHECK_ERR(dev_alloc(fd, RB_GFP_HIGHUSER_MOVABLE, o, &a), 0);
	CHECK_EQ(region_pages_left(other), left - 2047);
	close(fd);
	CHECK_EQ(region_pages_left(other), left);
	close(other);
}

RB_PROGRAM(A01_alloc_free_each_order, 0,
	{ "fresh_region_is_whole_blocks_by_zone", fresh_region },
	{ "zone_names", zone_names },
	{ "row_1_each_order_each_zone", each_order_each_zone },
	{ "bulk_is_the_same_many_times", bulk_is_the_same_many_times },
	{ "bulk_partial_success", bulk_partial },
	{ "free_bulk_goes_on_after_errors", free_bulk_goes_on_after_errors },
	{ "close_frees_everything", close_frees },
);
