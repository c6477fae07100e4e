// SPDX-License-Identifier: GPL-2.0
/*
 * Types: where requests go, what they claim, what they steal. Played in the DMA zone (one largest
 * block, no zone below it), without watermarks.
 */
#include "rb_test.h"

#define UNMOV	(RB_GFP_DMA | RB_GFP_MEMALLOC | RB_GFP_NOWARN)
#define MOV	(UNMOV | RB_GFP_MOVABLE)
#define RECL	(UNMOV | RB_GFP_RECLAIMABLE)
#define TYPE(t)	(t) == UNMOV ? RB_MIGRATE_UNMOVABLE : (t) == MOV ? RB_MIGRATE_MOVABLE : \
		RB_MIGRATE_RECLAIMABLE

static int nid;

static struct rb_zone_stat dma(int fd)
{
	struct rb_zone_stat z;

	CHECK_ERR(dev_zone(fd, nid, RB_ZONE_DMA, &z), 0);
	return z;
}

static int start(void)
{
	int fd = dev_open();

	nid = region_now(fd)->nid;
	return fd;
}

static void done(int fd)
{
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	close(fd);
}

/* Row 7: the sixteen zone flag sets. */
static void zone_of_all_flags(void)
{
	static const signed char want[16] = { 2, 0, 2, -1, 1, -1, -1, -1, 2, 0, 3, -1, 1, -1, -1, -1 };
	struct rb_alloc a;
	int fd = start();

	for (uint32_t bits = 0; bits < 16; bits++) {
		int err = dev_alloc(fd, RB_GFP_NOWAIT | bits, 0, &a);

		CHECK_EQ(err, want[bits] < 0 ? -EINVAL : 0);
		if (!err)
			CHECK_EQ(a.got_zone, want[bits]);
	}
	CHECK_ERR(dev_alloc(fd, RB_GFP_HIGHUSER_MOVABLE, 0, &a), 0);
	CHECK_EQ(a.got_zone, RB_ZONE_MOVABLE);
	done(fd);
}

/* Row 8: after a claim from a fresh zone the block has the requester's type. */
static void type_of_each_request(void)
{
	static const uint32_t gfp[] = { UNMOV, MOV, RECL };
	struct rb_alloc a;

	for (int i = 0; i < 3; i++) {
		int fd = start();

		NEED(!dev_alloc(fd, gfp[i], 0, &a));
		CHECK_EQ(block_type(region_now(fd), (uint32_t)a.idx), TYPE(gfp[i]));
		CHECK_ERR(dev_alloc(fd, MOV | RECL, 0, &a), EINVAL);
		done(fd);
	}
}

/* Row 57: a claim of a whole largest block re-types all its pageblocks and splits it. */
static void claim_whole_block(void)
{
	struct rb_alloc a;
	struct rb_zone_stat z, before;
	int fd = start();
	const struct region *r;

	NEED(!dev_alloc(fd, MOV, 10, &a) && !dev_free(fd, &a, 0));
	/* Whatever came before, one movable request makes the free block movable. */
	NEED(!dev_alloc(fd, MOV, 0, &a) && !dev_free(fd, &a, 0));
	if (has_pcp(fd))
		SKIP("per-CPU lists hold pages back");
	before = dma(fd);
	NEED(!dev_alloc(fd, UNMOV, 0, &a));
	z = dma(fd);
	r = region_now(fd);
	for (int o = 0; o < 10; o++)
		CHECK_EQ(z.nr_free[RB_MIGRATE_UNMOVABLE][o], 1);
	CHECK_EQ(block_type(r, 0), RB_MIGRATE_UNMOVABLE);
	CHECK_EQ(block_type(r, 1023), RB_MIGRATE_UNMOVABLE);
	CHECK(z.events[RB_EVENT_EXTFRAG_CLAIM] > before.events[RB_EVENT_EXTFRAG_CLAIM]);
	CHECK_EQ(z.events[RB_EVENT_EXTFRAG_STEAL], before.events[RB_EVENT_EXTFRAG_STEAL]);
	done(fd);
}

/* Rows 60, 61: a small movable request does not claim a small block; it steals the smallest. */
static void movable_steals_smallest(void)
{
	static struct rb_block b[128];
	struct rb_alloc a;
	struct rb_zone_stat z, before;
	int fd = start();
	const struct region *r = region_now(fd);

	if (has_pcp(fd))
		SKIP("per-CPU lists hold pages back");
	if (r->query.pageblock_order != 9)
		SKIP("the threshold is for pageblocks of order 9");
	NEED(dev_take_all(fd, UNMOV, 3, b, 128) == 128);
	CHECK_ERR(dev_free_raw(fd, b[40].id, b[40].gen, 3, 0), 0);
	before = dma(fd);
	NEED(!dev_alloc(fd, MOV, 0, &a));
	CHECK_EQ(a.idx, b[40].idx);
	z = dma(fd);
	for (int o = 0; o < 3; o++)
		CHECK_EQ(z.nr_free[RB_MIGRATE_UNMOVABLE][o], 1);
	CHECK_EQ(z.free, 7);
	CHECK_EQ(block_type(region_now(fd), (uint32_t)a.idx), RB_MIGRATE_UNMOVABLE);
	CHECK_EQ(z.events[RB_EVENT_EXTFRAG_CLAIM], before.events[RB_EVENT_EXTFRAG_CLAIM]);
	CHECK_EQ(z.events[RB_EVENT_EXTFRAG_STEAL], before.events[RB_EVENT_EXTFRAG_STEAL] + 1);
	done(fd);
}

/*
 * Row 60: how large a free block must be for a movable request to try a claim. Half of the pageblock
 * is free, in blocks of order 3: stolen from. In blocks of order 4: claimed.
 */
static void movable_claims_from_order_4(void)
{
	static struct rb_block b[128];

	for (uint32_t o = 3; o <= 4; o++) {
		int fd = start();
		uint32_t nr = 1024u >> o;
		struct rb_alloc a;

		if (has_pcp(fd))
			SKIP("per-CPU lists hold pages back");
		if (region_now(fd)->query.pageblock_order != 9)
			SKIP("the threshold is for pageblocks of order 9");
		NEED(dev_take_all(fd, UNMOV, o, b, nr) == nr);
		for (uint32_t i = 0; i < nr; i++)
			if (b[i].idx < 512 && b[i].idx >> o & 1)
				CHECK_ERR(dev_free_raw(fd, b[i].id, b[i].gen, o, 0), 0);
		NEED(!dev_alloc(fd, MOV, 0, &a));
		CHECK_EQ(block_type(region_now(fd), 0),
			 o == 3 ? RB_MIGRATE_UNMOVABLE : RB_MIGRATE_MOVABLE);
		done(fd);
	}
}

/* Row 59: unmovable claims a reclaimable pageblock from half of its pages free on. */
static void claim_half_rule(void)
{
	static struct rb_block b[1024];

	for (uint32_t nr = 255; nr <= 256; nr++) {
		int fd = start();
		const struct region *r = region_now(fd);
		uint32_t freed = 0;
		struct rb_alloc a;

		if (has_pcp(fd))
			SKIP("per-CPU lists hold pages back");
		if (r->query.pageblock_order != 9)
			SKIP("the numbers are for pageblocks of order 9");
		NEED(dev_take_all(fd, RECL, 0, b, 1024) == 1024);
		for (uint32_t i = 0; i < 1024 && freed < nr; i++)
			if (b[i].idx < 512 && b[i].idx % 2 == 0) {
				freed++;
				CHECK_ERR(dev_free_raw(fd, b[i].id, b[i].gen, 0, 0), 0);
			}
		NEED(!dev_alloc(fd, UNMOV, 0, &a));
		CHECK(a.idx < 512);
		CHECK_EQ(block_type(region_now(fd), 0),
			 nr == 255 ? RB_MIGRATE_RECLAIMABLE : RB_MIGRATE_UNMOVABLE);
		CHECK_EQ(block_type(region_now(fd), 512), RB_MIGRATE_RECLAIMABLE);
		done(fd);
	}
}

/* Row 56: unmovable takes reclaimable before movable. */
static void fallback_order(void)
{
	static struct rb_block b[1024];
	struct rb_alloc m, u;
	int fd = start();

	if (has_pcp(fd))
		SKIP("per-CPU lists hold pages back");
	if (region_now(fd)->query.pageblock_order != 9)
		SKIP("needs two pageblocks in a largest block");
	/* First half movable, second half reclaimable, all taken; then 16 pages of each free. */
	NEED(!dev_alloc(fd, MOV, 9, &m));
	NEED(dev_take_all(fd, RECL, 4, b, 64) == 32);
	CHECK_EQ(block_type(region_now(fd), 0), RB_MIGRATE_MOVABLE);
	CHECK_EQ(block_type(region_now(fd), 512), RB_MIGRATE_RECLAIMABLE);
	CHECK_ERR(dev_free(fd, &m, 0), 0);
	CHECK_EQ(dev_take_all(fd, MOV, 4, b + 100, 31), 31);
	CHECK_ERR(dev_free_raw(fd, b[5].id, b[5].gen, 4, 0), 0);
	NEED(!dev_alloc(fd, UNMOV, 4, &u));
	CHECK_EQ(u.idx, b[5].idx);
	done(fd);
}

/* Row 54: blocks of different types merge at pageblock size, and the freed side's type wins. */
static void merge_across_types(void)
{
	struct rb_alloc a, b, u;
	struct rb_zone_stat z;
	int fd = start();

	if (has_pcp(fd))
		SKIP("per-CPU lists hold pages back");
	if (region_now(fd)->query.pageblock_order != 9)
		SKIP("needs two pageblocks in a largest block");
	NEED(!dev_alloc(fd, MOV, 9, &a) && !dev_alloc(fd, MOV, 9, &b));
	CHECK_ERR(dev_free(fd, &b, 0), 0);
	NEED(!dev_alloc(fd, UNMOV, 0, &u));
	CHECK_EQ(block_type(region_now(fd), (uint32_t)b.idx), RB_MIGRATE_UNMOVABLE);
	CHECK_EQ(block_type(region_now(fd), (uint32_t)a.idx), RB_MIGRATE_MOVABLE);
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	CHECK_ERR(dev_free(fd, &u, 0), 0);
	z = dma(fd);
	CHECK_EQ(z.nr_free[RB_MIGRATE_UNMOVABLE][10], 1);
	CHECK_EQ(block_type(region_now(fd), 0), RB_MIGRATE_UNMOVABLE);
	CHECK_EQ(block_type(region_now(fd), 512), RB_MIGRATE_UNMOVABLE);
	close(fd);
}

RB_PROGRAM(A04_migratetype_fallback, 0,
	{ "row_7_zone_of_all_sixteen_flag_sets", zone_of_all_flags },
	{ "row_8_type_of_each_request", type_of_each_request },
	{ "row_57_claim_of_a_whole_block", claim_whole_block },
	{ "row_60_61_movable_steals_the_smallest", movable_steals_smallest },
	{ "row_60_movable_claims_from_order_4_on", movable_claims_from_order_4 },
	{ "row_59_claim_from_half_free_on", claim_half_rule },
	{ "row_56_fallback_order", fallback_order },
	{ "row_54_merge_across_types_freed_side_wins", merge_across_types },
);
