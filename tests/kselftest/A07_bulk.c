// SPDX-License-Identifier: GPL-2.0
/*
 * Single pages in bulk, as far as it shows: they come from one CPU's lists in one go. What tells it
 * from single requests is free_count, which those halve and bulk does not.
 */
#include "rb_test.h"

#define GFP	(RB_GFP_HIGHUSER_MOVABLE | RB_GFP_NORETRY | RB_GFP_NOWARN)
/* rb_bulk takes so many at a time. */
#define GROUP	32u

static struct rb_block b[65536];
static struct rb_pcp_stat stat;
static int nid;

static int start(const char *more)
{
	char params[128];
	int fd;

	snprintf(params, sizeof(params), "size_mb=256 dma_pct=0 dma32_pct=0 movable_pct=0 %s", more);
	if (!rb_load(params))
		return -1;
	rb_pin(0);
	fd = dev_open();
	nid = region_now(fd)->nid;
	CHECK_ERR(dev_tune_set(fd, RB_TUNE_STAT_INTERVAL, 0, 100000), 0);
	return fd;
}

static void stop(int fd)
{
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	CHECK(region_is_idle(fd));
	close(fd);
	rb_unload();
}

static const struct rb_pcp_stat *pcp(int fd)
{
	CHECK_ERR(dev_pcp(fd, nid, RB_ZONE_NORMAL, 0, &stat), 0);
	return &stat;
}

static struct rb_zone_stat zone(int fd)
{
	struct rb_zone_stat z;

	CHECK_ERR(dev_zone(fd, nid, RB_ZONE_NORMAL, &z), 0);
	return z;
}

/* Gives `nr` pages back one after the other, so that free_count is `nr` again. */
static void count_up(int fd, uint32_t nr)
{
	uint32_t done;

	CHECK_ERR(dev_bulk(fd, GFP, 0, b, nr, &done), 0);
	for (uint32_t i = 0; i < done; i++)
		CHECK_ERR(dev_free_raw(fd, b[i].id, b[i].gen, 0, 0), 0);
}

/* Rows 93, 96: one page, and what is charged, goes the usual way. */
static void alone_or_charged(void)
{
	uint32_t done;
	int fd = start("");

	NEED(fd >= 0);
	count_up(fd, 64);
	CHECK_EQ(pcp(fd)->free_count, 64);
	CHECK_ERR(dev_bulk(fd, GFP, 0, b, 8, &done), 0);
	CHECK_EQ(done, 8);
	CHECK_EQ(pcp(fd)->free_count, 64);
	CHECK_ERR(dev_bulk(fd, GFP, 0, b + 8, 1, &done), 0);
	CHECK_EQ(pcp(fd)->free_count, 32);
	CHECK_ERR(dev_bulk(fd, GFP | RB_GFP_ACCOUNT, 0, b + 9, 2, &done), 0);
	CHECK_EQ(done, 2);
	CHECK_EQ(pcp(fd)->free_count, 8);
	CHECK_ERR(dev_bulk(fd, GFP, 0, b + 11, 2, &done), 0);
	CHECK_EQ(pcp(fd)->free_count, 8);
	stop(fd);
}

/* Row 94: a zone is good for bulk if it stays above low when all pages are taken. */
static void watermark(void)
{
	static const struct { uint32_t nr; bool bulk; } t[] = { { 8, true }, { 9, true }, { 10, false } };
	int fd = start("exact=1");
	uint32_t nr, done, out;
	struct rb_zone_stat z;

	NEED(fd >= 0);
	CHECK_EQ(zone(fd).low, 640);
	/* All but 650. */
	nr = dev_take_all(fd, GFP | RB_GFP_MEMALLOC, 10, b, 63);
	out = dev_take_all(fd, GFP | RB_GFP_MEMALLOC, 0, b + nr, 1024 - 650);
	CHECK_EQ(nr, 63);
	CHECK_EQ(out, 1024 - 650);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		uint64_t before;

		z = zone(fd);
		if (!CHECK_EQ(z.free, 650) || !CHECK_EQ(z.boost, 0))
			break;
		/* So many frees, each followed by a take, that one more halving would show. */
		for (int k = 0; k < 20; k++)
			CHECK_ERR(dev_free_raw(fd, b[nr + k].id, b[nr + k].gen, 0, 0), 0);
		CHECK_EQ(dev_take_all(fd, GFP | RB_GFP_MEMALLOC, 0, b + nr, 20), 20);
		before = pcp(fd)->free_count;
		CHECK(before >= 2);
		CHECK_ERR(dev_bulk(fd, GFP, 0, b + 2048, t[i].nr, &done), 0);
		CHECK_EQ(done, t[i].nr);
		if (t[i].bulk)
			CHECK_EQ(pcp(fd)->free_count, before);
		else
			CHECK(pcp(fd)->free_count < before);
		CHECK_EQ(zone(fd).free, 650 - t[i].nr);
		CHECK_ERR(dev_free_bulk(fd, b + 2048, done, 0, NULL), 0);
	}
	stop(fd);
}

/* Row 95: each page is counted once, and each is another one. */
static void counters(void)
{
	static const uint32_t sizes[] = { 2, 31, 32, 33, 64, 1000, 4096 };
	static bool seen[65536];
	struct rb_zone_stat before, after;
	uint32_t done;
	int fd = start("");

	NEED(fd >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		before = zone(fd);
		CHECK_ERR(dev_bulk(fd, GFP, 0, b, sizes[i], &done), 0);
		after = zone(fd);
		CHECK_EQ(done, sizes[i]);
		CHECK_EQ(after.events[RB_EVENT_PGALLOC] - before.events[RB_EVENT_PGALLOC], done);
		CHECK_EQ(before.free + before.pcp_total - after.free - after.pcp_total, done);
		memset(seen, 0, sizeof(seen));
		for (uint32_t k = 0; k < done; k++) {
			if (!CHECK(b[k].idx < ARRAY_SIZE(seen) && !seen[b[k].idx]) ||
			    !CHECK(!b[k].order && !b[k].result && b[k].gen))
				break;
			seen[b[k].idx] = true;
		}
		CHECK_ERR(dev_free_bulk(fd, b, done, 0, &done), 0);
		CHECK_EQ(done, sizes[i]);
	}
	CHECK_EQ(pcp(fd)->ring_full, 0);
	stop(fd);
}

/* Row 97: none is no request; and as many as there are is success. */
static void none_and_all(void)
{
	struct rb_bulk none = { .blocks_ptr = (uintptr_t)b, .gfp = GFP, .nid = RB_NO_NODE };
	uint32_t nr, done = 7;
	int fd = start("exact=1");
	struct rb_zone_stat z;

	NEED(fd >= 0);
	CHECK_ERR(dev_ioctl(fd, RB_ALLOC_BULK, &none), EINVAL);
	nr = dev_take_all(fd, GFP, 0, b, ARRAY_SIZE(b));
	z = zone(fd);
	/* In groups down to low, then singly down to min: as single requests would end. */
	CHECK_EQ(z.free, z.min);
	CHECK_EQ(nr, z.managed - z.min);
	CHECK_ERR(dev_bulk(fd, GFP, 0, b, GROUP, &done), ENOMEM);
	CHECK_EQ(done, 0);
	stop(fd);
}

RB_PROGRAM(A07_bulk, RB_NO_DEVICE,
	{ "row_93_96_alone_or_charged", alone_or_charged },
	{ "row_94_watermark", watermark },
	{ "row_95_counters", counters },
	{ "row_97_none_and_all", none_and_all },
);
