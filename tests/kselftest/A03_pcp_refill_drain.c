// SPDX-License-Identifier: GPL-2.0
/*
 * Per-CPU lists as user space sees them: how much a CPU takes from the zone at a time, in what order
 * pages come and go, when they go back. One zone of 256 MiB, fresh for each case; numbers are those
 * of two CPUs. The background rounds are put off, so that nothing else moves a page.
 */
#include "rb_test.h"

#define GFP	(RB_GFP_HIGHUSER_MOVABLE | RB_GFP_NORETRY)
#define MOVABLE_OF(order)	(3 * (order) + RB_MIGRATE_MOVABLE)

static struct rb_query query;
static struct rb_pcp_stat stat;
static int nid;

/* A fresh zone, and a CPU to be on. */
static int start(const char *more, int cpu)
{
	char params[128];
	int fd;

	snprintf(params, sizeof(params), "size_mb=256 dma_pct=0 dma32_pct=0 movable_pct=0 %s", more);
	if (!rb_load(params))
		return -1;
	rb_pin(cpu);
	fd = dev_open();
	nid = region_now(fd)->nid;
	CHECK_ERR(dev_query(fd, &query), 0);
	CHECK_ERR(dev_tune_set(fd, RB_TUNE_STAT_INTERVAL, 0, 100000), 0);
	if (sysconf(_SC_NPROCESSORS_ONLN) != 2)
		rb_skip("the numbers are those of two CPUs");
	return fd;
}

static void stop(int fd)
{
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	CHECK(region_is_idle(fd));
	close(fd);
	rb_unload();
}

static const struct rb_pcp_stat *pcp(int fd, int cpu)
{
	CHECK_ERR(dev_pcp(fd, nid, RB_ZONE_NORMAL, cpu, &stat), 0);
	return &stat;
}

static struct rb_zone_stat zone(int fd)
{
	struct rb_zone_stat z;

	CHECK_ERR(dev_zone(fd, nid, RB_ZONE_NORMAL, &z), 0);
	return z;
}

static uint64_t count(int fd, int cpu)
{
	return pcp(fd, cpu)->count;
}

/* Takes single pages; the sizes of the first refills. */
static void refills(int fd, int cpu, uint64_t *sizes, int nr)
{
	struct rb_alloc a;

	for (int i = 0; i < nr; ) {
		uint64_t before = count(fd, cpu);

		if (!CHECK_ERR(dev_alloc(fd, GFP, 0, &a), 0))
			return;
		CHECK_EQ(a.path, RB_PATH_PCP);
		if (!before)
			sizes[i++] = count(fd, cpu) + 1;
	}
}

static void same_series(const uint64_t *got, const uint64_t *want, int nr)
{
	for (int i = 0; i < nr; i++)
		if (!CHECK_EQ(got[i], want[i]))
			rb_diag("that was refill %d", i);
}

/* Rows 72, 74, 75. */
static void limits(void)
{
	int fd = start("", 0);
	const struct rb_pcp_stat *p;

	NEED(fd >= 0);
	CHECK(query.features & RB_FEATURE_PCP);
	CHECK(query.nr_pcp_lists == 14 || query.nr_pcp_lists == 12);
	CHECK_EQ(zone(fd).managed, 65536);
	CHECK_EQ(zone(fd).low, 640);
	for (int cpu = 0; cpu < 2; cpu++) {
		p = pcp(fd, cpu);
		CHECK_EQ(p->online, 1);
		CHECK_EQ(p->nr_lists, query.nr_pcp_lists);
		CHECK_EQ(p->batch, 15);
		CHECK_EQ(p->high_min, 320);
		CHECK_EQ(p->high_max, 4096);
		CHECK_EQ(p->count, 0);
		CHECK(!p->alloc_factor && !p->free_count && !p->refills && !p->drains);
		for (int i = 0; i < RB_MAX_PCP_LISTS; i++)
			CHECK_EQ(p->lists[i], 0);
	}
	stop(fd);
}

/* Row 77, and what is learned meanwhile. */
static void refills_double(void)
{
	static const uint64_t want[] = { 15, 30, 60, 120, 240, 480, 480 };
	static const uint64_t highs[] = { 335, 365, 425, 545, 785 };
	uint64_t got[7] = { 0 };
	int fd = start("", 0);
	struct rb_alloc a;

	NEED(fd >= 0);
	refills(fd, 0, got, 7);
	same_series(got, want, 7);
	CHECK_EQ(pcp(fd, 0)->alloc_factor, 5);
	CHECK_EQ(stat.refills, 7);
	CHECK_EQ(stat.pgalloc, 15 + 30 + 60 + 120 + 240 + 480 + 1);
	CHECK_EQ(stat.ring_full, 0);
	/* The other CPU has learned nothing of it. */
	rb_pin(1);
	for (uint64_t i = 0, taken = 0; i < ARRAY_SIZE(highs); i++) {
		while (pcp(fd, 1)->refills <= i && taken++ < 1000)
			CHECK_ERR(dev_alloc(fd, GFP, 0, &a), 0);
		CHECK_EQ(stat.high, highs[i]);
	}
	stop(fd);
}

/* Row 77: with fixed limits the refill is what fits. Fraction 102 of 65536 pages for two: 321. */
static void refills_under_fixed_limits(void)
{
	static const uint64_t want[] = { 15, 30, 60, 120, 240, 306, 306 };
	uint64_t got[7] = { 0 };
	int fd = start("", 0);

	NEED(fd >= 0);
	CHECK_ERR(dev_tune_set(fd, RB_TUNE_PERCPU_PAGELIST_HIGH_FRACTION, 0, 102), 0);
	CHECK_EQ(pcp(fd, 0)->high_min, 321);
	CHECK_EQ(stat.high_max, 321);
	refills(fd, 0, got, 7);
	same_series(got, want, 7);
	stop(fd);
}

/* Rows 72, 73, 78: first refill of each order, and which list it is on. */
static void refills_of_larger_blocks(void)
{
	static const struct { uint32_t order, blocks; } t[] = { { 1, 7 }, { 2, 3 }, { 3, 2 }, { 9, 2 } };
	int fd = start("", 0);
	struct rb_alloc a;

	NEED(fd >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		uint32_t o = t[i].order, list = o == 9 ? 13 : MOVABLE_OF(o);

		if (o == 9 && query.nr_pcp_lists != 14)
			continue;
		CHECK_ERR(dev_drain(fd, RB_ALL, RB_ALL, RB_ALL), 0);
		CHECK_ERR(dev_alloc(fd, GFP, o, &a), 0);
		CHECK_EQ(a.path, RB_PATH_PCP);
		CHECK_EQ(count(fd, 0), (t[i].blocks - 1) << o);
		CHECK_EQ(stat.lists[list], t[i].blocks - 1);
	}
	CHECK_ERR(dev_drain(fd, RB_ALL, RB_ALL, RB_ALL), 0);
	for (uint32_t o = 4; o < NR_ORDERS; o++) {
		if (o == 9)
			continue;
		CHECK_ERR(dev_alloc(fd, GFP, o, &a), 0);
		CHECK_EQ(a.path, RB_PATH_BUDDY);
		CHECK_ERR(dev_free(fd, &a, 0), 0);
		CHECK_EQ(count(fd, 0), 0);
	}
	stop(fd);
}

/* Rows 79, 80: new pages ascend; what was freed last is taken first. */
static void order_of_pages(void)
{
	struct rb_alloc a[40], b;
	int fd = start("", 0);

	NEED(fd >= 0);
	for (int i = 0; i < 40; i++) {
		CHECK_ERR(dev_alloc(fd, GFP, 0, &a[i]), 0);
		CHECK_EQ(a[i].idx, i);
	}
	CHECK_ERR(dev_free(fd, &a[3], 0), 0);
	CHECK_ERR(dev_free(fd, &a[7], 0), 0);
	CHECK_ERR(dev_alloc(fd, GFP, 0, &b), 0);
	CHECK_EQ(b.idx, 7);
	CHECK_ERR(dev_alloc(fd, GFP, 0, &b), 0);
	CHECK_EQ(b.idx, 3);
	stop(fd);
}

/* Row 81: pages of another CPU come back in one go. */
static void too_many_frees_drain(void)
{
	static const struct { uint32_t nth; uint64_t pages; } want[] = {
		{ 320, 305 }, { 640, 320 }, { 1120, 480 }, { 1600, 480 },
	};
	static struct rb_block b[1700];
	int fd = start("", 0);
	size_t seen = 0;

	NEED(fd >= 0 && dev_take_all(fd, GFP, 0, b, ARRAY_SIZE(b)) == ARRAY_SIZE(b));
	rb_pin(1);
	for (uint32_t i = 0; i < ARRAY_SIZE(b); i++) {
		uint64_t before = count(fd, 1);

		if (!CHECK_ERR(dev_free_raw(fd, b[i].id, b[i].gen, 0, 0), 0))
			break;
		if (count(fd, 1) == before + 1)
			continue;
		if (!CHECK(seen < ARRAY_SIZE(want)))
			break;
		CHECK_EQ(i + 1, want[seen].nth);
		CHECK_EQ(before + 1 - stat.count, want[seen].pages);
		CHECK_EQ(stat.drains, ++seen);
	}
	CHECK_EQ(seen, ARRAY_SIZE(want));
	CHECK_EQ(stat.pgfree, ARRAY_SIZE(b));
	stop(fd);
}

static void take_and_give_300(int fd, bool give)
{
	static struct rb_alloc a[300];

	for (int i = 0; i < 300; i++)
		CHECK_ERR(dev_alloc(fd, GFP, 0, &a[i]), 0);
	for (int i = 0; give && i < 300; i++)
		CHECK_ERR(dev_free(fd, &a[i], 0), 0);
}

/* Row 84, and row 91: DRAIN leaves nothing. */
static void what_was_taken_fits_again(void)
{
	int fd = start("", 0);
	uint64_t free;

	NEED(fd >= 0);
	take_and_give_300(fd, false);
	CHECK_EQ(count(fd, 0), 165);
	CHECK_EQ(stat.high, 785);
	CHECK_EQ(stat.alloc_factor, 5);
	stop(fd);
	fd = start("", 0);
	NEED(fd >= 0);
	take_and_give_300(fd, true);
	CHECK_EQ(count(fd, 0), 465);
	CHECK_EQ(stat.free_count, 300);
	CHECK_EQ(stat.drains, 0);
	free = zone(fd).free;
	CHECK_EQ(zone(fd).pcp_total, 465);
	CHECK_EQ(free + 465, 65536);
	CHECK_ERR(dev_drain(fd, nid, RB_ZONE_NORMAL, 0), 0);
	CHECK_EQ(count(fd, 0), 0);
	CHECK_EQ(zone(fd).free, 65536);
	stop(fd);
}

/* Rows 85, 86: the round of each second; pages of a node without CPUs expire after three. */
static void rounds(void)
{
	static const uint64_t want[] = { 785, 687, 602, 527 };
	int fd = start("", 0);
	bool local = access("/sys/devices/system/node/node1", F_OK) != 0;
	uint64_t end = rb_now_ns() + 20000000000ull;
	size_t seen = 0;

	NEED(fd >= 0);
	take_and_give_300(fd, false);
	CHECK_EQ(count(fd, 0), 165);
	CHECK_ERR(dev_tune_set(fd, RB_TUNE_STAT_INTERVAL, 0, 1), 0);
	while (seen < ARRAY_SIZE(want) && rb_now_ns() < end) {
		uint64_t high = pcp(fd, 0)->high;

		if (high != want[seen] && !CHECK(seen && high == want[seen - 1])) {
			rb_diag("high is %llu", (unsigned long long)high);
			break;
		}
		seen += high == want[seen];
		usleep(20000);
	}
	CHECK_EQ(seen, ARRAY_SIZE(want));
	usleep(200000);
	CHECK_EQ(count(fd, 0), local ? 165 : 150);
	stop(fd);
}

/* Row 91: one CPU, one zone, all; by call and by file. */
static void drains(void)
{
	struct rb_alloc a;
	int fd = start("", 0);
	const struct { int nid, zone, cpu, err; } bad[] = {
		{ nid + 1, RB_ALL, RB_ALL, ENODEV }, { -2, RB_ALL, RB_ALL, ENODEV },
		{ RB_ALL, RB_ZONE_DMA, RB_ALL, ENODEV }, { RB_ALL, 4, RB_ALL, EINVAL },
		{ RB_ALL, -2, RB_ALL, EINVAL }, { RB_ALL, RB_ALL, -2, ENODEV },
		{ RB_ALL, RB_ALL, 1 << 20, ENODEV },
	};

	NEED(fd >= 0);
	for (int round = 0; round < 4; round++) {
		for (int cpu = 0; cpu < 2; cpu++) {
			rb_pin(cpu);
			CHECK_ERR(dev_alloc(fd, GFP, 0, &a), 0);
			CHECK(count(fd, cpu) > 0);
		}
		for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
			if (!CHECK_ERR(dev_drain(fd, bad[i].nid, bad[i].zone, bad[i].cpu), bad[i].err))
				rb_diag("that was entry %zu", i);
		CHECK(count(fd, 0) && count(fd, 1));
		if (round == 0) {
			CHECK_ERR(dev_drain(fd, RB_ALL, RB_ALL, 0), 0);
			CHECK(!count(fd, 0) && count(fd, 1));
			CHECK_ERR(dev_drain(fd, nid, RB_ZONE_NORMAL, 1), 0);
		} else if (round == 1) {
			CHECK_ERR(dev_drain(fd, nid, RB_ZONE_NORMAL, RB_ALL), 0);
		} else if (round == 2) {
			CHECK_ERR(dev_drain(fd, RB_ALL, RB_ALL, RB_ALL), 0);
		} else {
			CHECK_EQ(rb_write_file(RB_DEBUGFS "/drain", "0"), -EINVAL);
			CHECK_EQ(rb_write_file(RB_DEBUGFS "/drain", "1 1"), -EINVAL);
			CHECK(count(fd, 0) && count(fd, 1));
			CHECK_EQ(rb_write_file(RB_DEBUGFS "/drain", "1\n"), 0);
		}
		CHECK(!count(fd, 0) && !count(fd, 1));
		CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	}
	stop(fd);
}

/* A block that goes straight to the zone passes no list. */
static void free_past_the_stock(void)
{
	struct rb_block b[4];
	struct rb_alloc a;
	uint64_t free, stock;
	uint32_t done;
	int fd = start("", 0);

	NEED(fd >= 0);
	for (uint32_t o = 0; o < NR_ORDERS; o++) {
		CHECK_ERR(dev_alloc(fd, GFP, o, &a), 0);
		free = zone(fd).free;
		stock = count(fd, 0);
		CHECK_ERR(dev_free(fd, &a, RB_FREE_DRAIN), 0);
		CHECK_EQ(count(fd, 0), stock);
		CHECK_EQ(zone(fd).free, free + (1u << o));
	}
	CHECK_ERR(dev_bulk(fd, GFP, 0, b, 4, &done), 0);
	free = zone(fd).free;
	stock = count(fd, 0);
	CHECK_ERR(dev_free_bulk(fd, b, 4, RB_FREE_DRAIN | RB_FREE_ZAP, &done), 0);
	CHECK_EQ(count(fd, 0), stock);
	CHECK_EQ(zone(fd).free, free + 4);
	stop(fd);
}

/* exact=1: nothing is ever kept, and the interface says that there are no lists. */
static void nothing_with_exact(void)
{
	struct rb_alloc a;
	int fd = start("exact=1", 0);

	NEED(fd >= 0);
	CHECK(!(query.features & RB_FEATURE_PCP));
	CHECK_EQ(query.nr_pcp_lists, 0);
	for (uint32_t o = 0; o < NR_ORDERS; o++) {
		CHECK_ERR(dev_alloc(fd, GFP, o, &a), 0);
		CHECK_EQ(zone(fd).free, 65536 - (1u << o));
		CHECK_ERR(dev_free(fd, &a, 0), 0);
		CHECK_EQ(count(fd, 0), 0);
		CHECK_EQ(zone(fd).free, 65536);
	}
	CHECK_EQ(stat.high_max, 0);
	CHECK_EQ(stat.batch, 1);
	stop(fd);
}

/* RB_PCP_STAT on what is not there. */
static void stat_errors(void)
{
	struct rb_pcp_stat p;
	int fd = start("", 0);

	NEED(fd >= 0);
	CHECK_ERR(dev_pcp(fd, nid, RB_ZONE_DMA, 0, &p), ENODEV);
	CHECK_ERR(dev_pcp(fd, nid, 4, 0, &p), EINVAL);
	CHECK_ERR(dev_pcp(fd, nid + 1, RB_ZONE_NORMAL, 0, &p), ENODEV);
	CHECK_ERR(dev_pcp(fd, RB_ALL, RB_ZONE_NORMAL, 0, &p), ENODEV);
	CHECK_ERR(dev_pcp(fd, nid, RB_ZONE_NORMAL, rb_nr_cpu_ids() - 1, &p), 0);
	CHECK_ERR(dev_pcp(fd, nid, RB_ZONE_NORMAL, rb_nr_cpu_ids(), &p), ENODEV);
	CHECK_ERR(dev_pcp(fd, nid, RB_ZONE_NORMAL, ~0u, &p), ENODEV);
	stop(fd);
}

RB_PROGRAM(A03_pcp_refill_drain, RB_NO_DEVICE,
	{ "row_72_74_75_limits", limits },
	{ "row_77_refills_double", refills_double },
	{ "row_77_refills_under_fixed_limits", refills_under_fixed_limits },
	{ "row_72_73_78_larger_blocks", refills_of_larger_blocks },
	{ "row_79_80_order_of_pages", order_of_pages },
	{ "row_81_too_many_frees_drain", too_many_frees_drain },
	{ "row_84_91_what_was_taken_fits_again", what_was_taken_fits_again },
	{ "row_85_86_rounds", rounds },
	{ "row_91_drains", drains },
	{ "free_past_the_stock", free_past_the_stock },
	{ "nothing_is_kept_with_exact", nothing_with_exact },
	{ "errors_of_PCP_STAT", stat_errors },
);
