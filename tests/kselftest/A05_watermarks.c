// SPDX-License-Identifier: GPL-2.0
/* Watermarks, reserves, and where exactly each kind of request stops. */
#include "rb_test.h"

#define QUIET	RB_GFP_NOWARN

static struct region r;

static bool start(int *fd)
{
	*fd = dev_open();
	return *fd >= 0 && region_read(*fd, &r);
}

static uint64_t isqrt(uint64_t n)
{
	uint64_t x = 0;

	while ((x + 1) * (x + 1) <= n)
		x++;
	return x;
}

/* min_free_kbytes of memory of this size; with huge pages the kernel raises it. */
static uint64_t min_free_kbytes(uint64_t lowmem_pages, int populated, bool thp)
{
	uint64_t kb = isqrt(16 * 4 * lowmem_pages), pages;

	kb = kb < 128 ? 128 : kb > 262144 ? 262144 : kb;
	if (!thp)
		return kb;
	pages = 11ull * populated << r.query.pageblock_order;
	if (pages > lowmem_pages / 20)
		pages = lowmem_pages / 20;
	return pages * 4 > kb ? pages * 4 : kb;
}

static uint64_t lowmem(int *populated)
{
	uint64_t pages = 0;

	*populated = 0;
	for (int z = 0; z < RB_ZONE_MOVABLE; z++) {
		if (!r.has[z])
			continue;
		pages += r.zone[z].managed;
		++*populated;
	}
	return pages;
}

/* Rows 18 to 20. */
static bool formula_holds(bool thp)
{
	int populated;
	uint64_t low = lowmem(&populated), min_pages = min_free_kbytes(low, populated, thp) / 4;

	for (int z = 0; z < NR_ZONES; z++) {
		uint64_t m = r.zone[z].managed, t = min_pages * m / low, min = t, step;

		if (!r.has[z])
			continue;
		if (z == RB_ZONE_MOVABLE)
			min = m / 1024 < 32 ? 32 : m / 1024 > 128 ? 128 : m / 1024;
		step = m / 10000 * 10 + m % 10000 * 10 / 10000;
		step = t / 4 > step ? t / 4 : step;
		if (r.zone[z].min != min || r.zone[z].low != min + step ||
		    r.zone[z].high != min + 2 * step || r.zone[z].promo != min + 3 * step)
			return false;
	}
	return true;
}

static void formula(void)
{
	int fd;
	bool plain, thp;

	NEED(start(&fd));
	plain = formula_holds(false);
	thp = formula_holds(true);
	rb_diag("the formula without the raise for huge pages %s, with it %s",
		plain ? "holds" : "does not", thp ? "holds" : "does not");
	for (int z = 0; z < NR_ZONES; z++)
		rb_diag("%s: managed %llu min %llu low %llu high %llu promo %llu", r.zone[z].name,
			(unsigned long long)r.zone[z].managed, (unsigned long long)r.zone[z].min,
			(unsigned long long)r.zone[z].low, (unsigned long long)r.zone[z].high,
			(unsigned long long)r.zone[z].promo);
	CHECK(plain || thp);
	close(fd);
}

/* Row 15. */
static void lowmem_reserve(void)
{
	static const uint64_t ratio[NR_ZONES] = { 256, 256, 32, 0 };
	int fd;

	NEED(start(&fd));
	for (int i = 0; i < NR_ZONES; i++) {
		uint64_t above = 0;

		for (int j = 0; j < RB_MAX_ZONES; j++) {
			uint64_t want = 0;

			if (j > i && j < NR_ZONES) {
				above += r.zone[j].managed;
				want = ratio[i] && r.zone[i].managed ? above / ratio[i] : 0;
			}
			/* A device zone, where the kernel has one, is empty: as the last real one. */
			if (j >= NR_ZONES && r.zone[i].protection[j])
				want = ratio[i] ? above / ratio[i] : 0;
			if (r.has[i])
				CHECK_EQ(r.zone[i].protection[j], want);
		}
	}
	close(fd);
}

static uint64_t drain_dma(int fd, uint32_t gfp, uint32_t order)
{
	static struct rb_block b[1100];
	struct rb_zone_stat z;

	dev_take_all(fd, gfp | RB_GFP_DMA | QUIET, order, b, ARRAY_SIZE(b));
	CHECK_ERR(dev_zone(fd, r.nid, RB_ZONE_DMA, &z), 0);
	CHECK_EQ(z.boost, 0);
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	return z.free;
}

/* The last request that passes leaves the first value that fails: free - (2^order - 1) <= mark. */
static void where_requests_stop(uint32_t order)
{
	uint64_t min, atomic, extra = (1u << order) - 1, size = 1u << order;
	struct { const char *name; uint32_t gfp; uint64_t mark; } kinds[5];
	int fd;

	NEED(start(&fd));
	min = r.zone[RB_ZONE_DMA].min;
	atomic = min - min / 2;
	atomic -= atomic / 4;
	kinds[0].name = "NOWAIT";
	kinds[0].gfp = RB_GFP_NOWAIT;
	kinds[0].mark = min;
	kinds[1] = kinds[0];
	kinds[1].name = "no flags";
	kinds[1].gfp = 0;
	kinds[2].name = "ATOMIC";
	kinds[2].gfp = RB_GFP_ATOMIC;
	kinds[2].mark = atomic;
	kinds[3].name = "NORETRY, blocking";
	kinds[3].gfp = RB_GFP_KERNEL | RB_GFP_NORETRY;
	kinds[3].mark = min;
	kinds[4].name = "HIGH, blocking";
	kinds[4].gfp = RB_GFP_KERNEL | RB_GFP_NORETRY | RB_GFP_HIGH;
	kinds[4].mark = min - min / 2;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		uint64_t stop = drain_dma(fd, kinds[i].gfp, order), left = 1024;

		while (left > kinds[i].mark + extra)
			left -= size;
		if (!CHECK_EQ(stop, left))
			rb_diag("that was order %u, %s", order, kinds[i].name);
	}
	CHECK_EQ(drain_dma(fd, RB_GFP_MEMALLOC, order), 0);
	/* Row 48: NOMEMALLOC beats MEMALLOC. */
	CHECK_EQ(drain_dma(fd, RB_GFP_MEMALLOC | RB_GFP_NOMEMALLOC | RB_GFP_KERNEL | RB_GFP_NORETRY,
			   order) > 0, 1);
	close(fd);
}

static void stop_order_0(void)
{
	int fd = dev_open();

	if (has_pcp(fd))
		SKIP("per-CPU lists take whole batches");
	close(fd);
	where_requests_stop(0);
}

static void stop_order_4(void) { where_requests_stop(4); }

/* Row 14: Normal to its low mark, then DMA32, then DMA; each keeps its reserve. */
static void falls_through_zones(void)
{
	static struct rb_block b[16384];
	uint64_t left[NR_ZONES];
	uint32_t nr;
	int fd, last = RB_ZONE_MOVABLE;

	NEED(start(&fd));
	if (r.query.region_pages > ARRAY_SIZE(b))
		SKIP("the region is too large");
	nr = dev_take_all(fd, RB_GFP_HIGHUSER_MOVABLE | RB_GFP_NORETRY | QUIET, 4, b, ARRAY_SIZE(b));
	for (uint32_t i = 0; i < nr; i++) {
		int zone = NR_ZONES - 1;

		while (zone > 0 && b[i].idx < r.zone[zone].start_idx)
			zone--;
		/* The first time down a zone stops at low; a second pass then goes to min. */
		if (zone < last)
			rb_diag("zone %d entered after %u blocks", zone, i), last = zone;
	}
	CHECK_EQ(last, 0);
	for (int z = 0; z < NR_ZONES; z++) {
		struct rb_zone_stat s;

		CHECK_ERR(dev_zone(fd, r.nid, z, &s), 0);
		left[z] = s.free;
		/* At the end every zone is at its min plus what it keeps from Movable requests. */
		uint64_t keep = s.min + r.zone[z].protection[RB_ZONE_MOVABLE] + 15;

		CHECK(left[z] <= keep && left[z] + 16 > keep);
	}
	rb_diag("left: %llu %llu %llu %llu", (unsigned long long)left[0],
		(unsigned long long)left[1], (unsigned long long)left[2],
		(unsigned long long)left[3]);
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	close(fd);
}

/* MEMALLOC gets every page there is, each once; then ENOMEM; then all of it back. */
static void every_page_once(void)
{
	static struct rb_block b[16385];
	static bool seen[16384];
	struct rb_alloc a;
	uint32_t nr, twice = 0;
	int fd;

	NEED(start(&fd));
	if (r.query.region_pages > ARRAY_SIZE(seen))
		SKIP("the region is too large");
	nr = dev_take_all(fd, RB_GFP_HIGHUSER_MOVABLE | RB_GFP_MEMALLOC | QUIET, 0, b, ARRAY_SIZE(b));
	/* What may be moved may have been since it was told where it lies. */
	for (uint32_t i = 0; i < nr; i++) {
		struct rb_advise v = { 0 };

		CHECK_ERR(dev_advise_raw(fd, b[i].id, b[i].gen, 0, RB_ADVISE_PIN, &v), 0);
		b[i].idx = v.idx;
	}
	CHECK_EQ(nr, r.query.managed_pages);
	memset(seen, 0, sizeof(seen));
	for (uint32_t i = 0; i < nr; i++) {
		if (!CHECK(b[i].idx < ARRAY_SIZE(seen)))
			break;
		twice += seen[b[i].idx];
		seen[b[i].idx] = true;
	}
	CHECK_EQ(twice, 0);
	CHECK_EQ(region_pages_left(fd), 0);
	CHECK_ERR(dev_alloc(fd, RB_GFP_NOWAIT | RB_GFP_MEMALLOC, 0, &a), ENOMEM);
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	CHECK_EQ(region_pages_left(fd), r.query.managed_pages);
	close(fd);
}

/* Row 13, and the mask of nodes: one node has it or nobody. */
static void nodes(void)
{
	struct rb_alloc a = { 0 };
	int fd;

	NEED(start(&fd));
	const struct { uint32_t gfp; int nid; uint64_t mask; int err; } t[] = {
		{ 0, r.nid, 0, 0 }, { RB_GFP_THISNODE, r.nid, 0, 0 },
		{ RB_GFP_THISNODE, RB_NO_NODE, 0, 0 },
		{ 0, RB_NO_NODE, 1ull << r.nid, 0 }, { 0, r.nid, ~0ull, 0 },
		{ 0, r.nid, 1ull << r.nid ^ ~0ull, EINVAL }, { 0, RB_NO_NODE, 1ull << 63, EINVAL },
		{ RB_GFP_THISNODE, r.nid, 1ull << (r.nid + 1), EINVAL },
		{ 0, r.nid + 1, 0, ENODEV }, { RB_GFP_THISNODE, r.nid + 1, 0, ENODEV },
		{ 0, -2, 0, ENODEV }, { 0, 1 << 20, 0, ENODEV },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		memset(&a, 0, sizeof(a));
		a.gfp = RB_GFP_KERNEL | t[i].gfp;
		a.nid = t[i].nid;
		a.nodemask = t[i].mask;
		if (!CHECK_ERR(dev_ioctl(fd, RB_ALLOC, &a), t[i].err))
			rb_diag("that was entry %zu", i);
	}
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	close(fd);
}

RB_PROGRAM(A05_watermarks, 0,
	{ "row_18_19_20_formula", formula },
	{ "row_15_lowmem_reserve", lowmem_reserve },
	{ "row_22_26_47_48_where_order_0_stops", stop_order_0 },
	{ "row_23_where_order_4_stops", stop_order_4 },
	{ "row_14_falls_through_the_zones", falls_through_zones },
	{ "every_page_once_then_ENOMEM", every_page_once },
	{ "row_13_nodes", nodes },
);
