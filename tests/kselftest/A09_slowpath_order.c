// SPDX-License-Identifier: GPL-2.0
/*
 * The steps of the slow path as its counters tell them: for each kind of request whether kswapd is
 * woken, pages are reclaimed, a zone is compacted, a victim is looked for, and which comes first.
 */
#include "rb_test.h"

#define MAX	16384u
#define QUIET	RB_GFP_NOWARN

static int hog = -1, fd = -1;
static struct rb_block kept[MAX];
static uint32_t nr_kept;

static void start(void)
{
	rb_watchdog(120);
	rb_oom_score_adj(-1000);
	hog = dev_open();
	fd = dev_open();
	dev_no_upkeep(fd);
	CHECK(region_now(fd)->query.managed_pages <= MAX);
}

static void finish(void)
{
	close(fd);
	CHECK_ERR(dev_reset(hog, RB_RESET_FD), 0);
	close(hog);
}

struct steps {
	long long stall, reclaimed, scanned, compact, compacted, oom, wake, drain;
	uint32_t path;
	int err;
};

static long long stalls(const struct vmstat *a, const struct vmstat *b)
{
	static const char *const zones[] = { "dma", "dma32", "normal", "movable" };
	const struct region *r = region_now(fd);
	char name[32];
	long long nr = 0;

	for (int z = 0; z < NR_ZONES; z++) {
		snprintf(name, sizeof(name), "allocstall_%s", zones[z]);
		if (r->has[z])
			nr += vmstat_delta(a, b, name);
	}
	return nr;
}

static struct steps request(uint32_t gfp, uint32_t order)
{
	struct vmstat a, b;
	struct rb_alloc got;
	struct steps s = { 0 };

	if (!vmstat_read(fd, &a))
		return s;
	s.err = -dev_alloc(fd, gfp | QUIET, order, &got);
	s.path = got.path;
	if (!vmstat_read(fd, &b))
		return s;
	s.stall = stalls(&a, &b);
	s.reclaimed = vmstat_delta(&a, &b, "pgsteal_direct");
	s.scanned = vmstat_delta(&a, &b, "pgscan_direct");
	s.compact = vmstat_delta(&a, &b, "compact_stall");
	s.compacted = vmstat_delta(&a, &b, "compact_success");
	s.oom = vmstat_delta(&a, &b, "oom_kill");
	s.wake = vmstat_delta(&a, &b, "rb_kswapd_wake");
	return s;
}

static void tell(const char *name, const struct steps *s)
{
	rb_diag("%s: %s, path %u; kswapd woken %lld, stalls %lld, scanned %lld, reclaimed %lld, "
		"compactions %lld (%lld), victims %lld", name, rb_errname(s->err), s->path, s->wake,
		s->stall, s->scanned, s->reclaimed, s->compact, s->compacted, s->oom);
}

static const struct kind {
	const char *name;
	uint32_t gfp;
	bool waits, wakes;
} kinds[] = {
	{ "KERNEL", RB_GFP_KERNEL, true, true },
	{ "KERNEL NORETRY", RB_GFP_KERNEL | RB_GFP_NORETRY, true, true },
	{ "KERNEL RETRY_MAYFAIL", RB_GFP_KERNEL | RB_GFP_RETRY_MAYFAIL, true, true },
	{ "KERNEL THISNODE", RB_GFP_KERNEL | RB_GFP_THISNODE, true, true },
	{ "KERNEL RECLAIMABLE", RB_GFP_KERNEL | RB_GFP_RECLAIMABLE, true, true },
	{ "KERNEL NOMEMALLOC", RB_GFP_KERNEL | RB_GFP_NOMEMALLOC, true, true },
	{ "USER", RB_GFP_USER, true, true },
	{ "HIGHUSER", RB_GFP_HIGHUSER, true, true },
	{ "HIGHUSER_MOVABLE", RB_GFP_HIGHUSER_MOVABLE, true, true },
	{ "HIGHUSER_MOVABLE NORETRY", RB_GFP_HIGHUSER_MOVABLE | RB_GFP_NORETRY, true, true },
	{ "NOFS NORETRY", RB_GFP_NOFS | RB_GFP_NORETRY, true, true },
	{ "NOIO NORETRY", RB_GFP_NOIO | RB_GFP_NORETRY, true, true },
	{ "NOWAIT", RB_GFP_NOWAIT, false, true },
	{ "ATOMIC", RB_GFP_ATOMIC, false, true },
	{ "no flags", 0, false, false },
	{ "HIGH", RB_GFP_HIGH, false, false },
	{ "TRANSHUGE", RB_GFP_TRANSHUGE, true, false },
	{ "TRANSHUGE_LIGHT", RB_GFP_TRANSHUGE_LIGHT, false, false },
	{ "MEMALLOC", RB_GFP_KERNEL | RB_GFP_MEMALLOC, true, true },
	{ "KERNEL DMA32", RB_GFP_KERNEL | RB_GFP_DMA32, true, true },
	{ "KERNEL DMA", RB_GFP_KERNEL | RB_GFP_DMA, true, true },
};

/* Nothing is left and nothing can be had: who may wait reclaims, in vain; nobody is taken anything. */
static void nothing_left(void)
{
	rb_load("size_mb=64");
	start();
	CHECK(dev_fill(hog, RB_GFP_HIGHUSER_MOVABLE, 0, kept, MAX) > 1000);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct kind *k = &kinds[i];
		struct steps s = request(k->gfp, 0);
		unsigned int before = rb_failures();

		CHECK_EQ(s.err, ENOMEM);
		CHECK_EQ(s.oom, 0);
		CHECK_EQ(s.reclaimed, 0);
		/* Order 0: nothing to compact. */
		CHECK_EQ(s.compact, 0);
		CHECK_EQ(s.stall > 0, k->waits);
		CHECK_EQ(s.scanned, 0);
		/* Who is throttled wakes it as well. */
		if (!k->wakes && !k->waits)
			CHECK_EQ(s.wake, 0);
		if (rb_failures() != before)
			tell(k->name, &s);
	}
	finish();
}

/* Half is purgeable, nothing free: who may wait gets a page by reclaim, and no zone is compacted. */
static void reclaim_helps(void)
{
	static struct rb_alloc a[MAX / 2];
	unsigned int direct = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct kind *k = &kinds[i];
		unsigned int before = rb_failures(), nr;
		struct steps s;

		start();
		for (nr = 0; nr < ARRAY_SIZE(a); nr++)
			if (!CHECK_ERR(dev_alloc_as(hog, RB_GFP_KERNEL, 0, RB_ALLOC_PURGEABLE, &a[nr]), 0))
				break;
		dev_fill(hog, RB_GFP_HIGHUSER_MOVABLE, 0, kept, MAX);
		s = request(k->gfp, 0);
		/* kswapd may be the first: then it did what was asked for. */
		if (k->waits && !(k->gfp & (RB_GFP_DMA | RB_GFP_DMA32 | RB_GFP_NORETRY)))
			CHECK_EQ(s.err, 0);
		CHECK_EQ(s.oom, 0);
		CHECK_EQ(s.compact, 0);
		if (!k->waits)
			CHECK_EQ(s.stall + s.scanned + s.reclaimed, 0);
		if (s.err == 0 && s.path == RB_PATH_RECLAIM) {
			direct++;
			CHECK(s.stall > 0);
			CHECK(s.reclaimed > 0);
		}
		if (!k->waits && !k->wakes) {
			CHECK_EQ(s.err, ENOMEM);
			CHECK_EQ(s.wake, 0);
		}
		if (k->wakes && !(k->gfp & (RB_GFP_DMA | RB_GFP_DMA32 | RB_GFP_MEMALLOC)))
			CHECK(s.wake > 0);
		if (rb_failures() != before)
			tell(k->name, &s);
		finish();
	}
	rb_diag("%u kinds of request were met by their own reclaim", direct);
	CHECK(direct > 3);
}

static bool holes(unsigned int percent)
{
	uint64_t seed = rb_seed();

	start();
	nr_kept = region_fragment(hog, percent, &seed, kept, MAX);
	return CHECK(nr_kept > 1000);
}

/* Row 111: a costly order compacts before anything is reclaimed. */
static void costly_compacts_first(void)
{
	struct steps s;

	rb_load("size_mb=64");
	NEED(holes(50));
	s = request(RB_GFP_HIGHUSER_MOVABLE, 6);
	tell("HIGHUSER_MOVABLE order 6", &s);
	CHECK_EQ(s.err, 0);
	CHECK_EQ(s.path, RB_PATH_COMPACT);
	CHECK_EQ(s.compact, 1);
	CHECK_EQ(s.compacted, 1);
	CHECK_EQ(s.stall + s.scanned + s.reclaimed, 0);
	s = request(RB_GFP_TRANSHUGE, 9);
	tell("TRANSHUGE order 9", &s);
	CHECK_EQ(s.stall + s.scanned + s.reclaimed, 0);
	CHECK_EQ(s.wake, 0);
	/* Of its own type there is nothing to move at first: reclaim comes between. */
	s = request(RB_GFP_KERNEL, 6);
	tell("KERNEL order 6", &s);
	CHECK_EQ(s.err, 0);
	CHECK_EQ(s.oom, 0);
	finish();
}

/* Without DIRECT_RECLAIM nobody compacts, without IO neither. */
static void who_may_not_compact(void)
{
	static const struct kind k[] = {
		{ "NOWAIT", RB_GFP_NOWAIT, false, true }, { "ATOMIC", RB_GFP_ATOMIC, false, true },
		{ "TRANSHUGE_LIGHT", RB_GFP_TRANSHUGE_LIGHT, false, false },
		{ "NOIO", RB_GFP_NOIO, true, true },
	};
	unsigned int woken = 0;

	/* Where kswapd has not given up yet. */
	rb_load("size_mb=64");

	for (size_t i = 0; i < ARRAY_SIZE(k); i++) {
		struct steps s;

		NEED(holes(50));
		s = request(k[i].gfp, 9);
		tell(k[i].name, &s);
		CHECK_EQ(s.compact, 0);
		CHECK_EQ(s.oom, 0);
		if (!k[i].waits)
			CHECK_EQ(s.stall, 0);
		if (!k[i].wakes)
			CHECK_EQ(s.wake, 0);
		else
			woken += s.wake > 0;
		finish();
	}
	CHECK(woken > 0);
}

/* Rows 113, 114, 115, 118: costly requests that cannot be met give up soon, and say ENOMEM. */
static void costly_gives_up(void)
{
	static const struct {
		const char *name;
		uint32_t gfp;
		long long least, most;	/* rounds of reclaim */
	} t[] = {
		{ "KERNEL", RB_GFP_KERNEL, 1, 4 },
		{ "KERNEL NORETRY", RB_GFP_KERNEL | RB_GFP_NORETRY, 1, 4 },
		{ "KERNEL NORETRY THISNODE", RB_GFP_KERNEL | RB_GFP_NORETRY | RB_GFP_THISNODE, 0, 0 },
	};
	static bool has[MAX / 512];

	NEED(holes(50));
	memset(has, 0, sizeof(has));
	for (uint32_t i = 0; i < nr_kept; i++) {
		if (!has[kept[i].idx / 512])
			CHECK_ERR(dev_advise_raw(hog, kept[i].id, kept[i].gen, 0, RB_ADVISE_PIN, NULL), 0);
		has[kept[i].idx / 512] = true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct steps s = request(t[i].gfp, 9);

		tell(t[i].name, &s);
		CHECK_EQ(s.err, ENOMEM);
		CHECK_EQ(s.oom, 0);
		CHECK(s.stall >= t[i].least);
		CHECK(s.stall <= t[i].most);
	}
	finish();
}

/* Row 112: movable, order 1 to 3: reclaim comes first. */
static void small_movable_reclaims_first(void)
{
	struct steps s;

	start();
	/* What is purgeable lies together: dropped, it is a block of order 2. */
	for (unsigned int i = 0; i < 2048; i++) {
		struct rb_alloc a;

		if (!CHECK_ERR(dev_alloc_as(hog, RB_GFP_HIGHUSER_MOVABLE, 0, RB_ALLOC_PURGEABLE, &a), 0))
			break;
	}
	dev_fill(hog, RB_GFP_HIGHUSER_MOVABLE, 0, kept, MAX);
	s = request(RB_GFP_HIGHUSER_MOVABLE | RB_GFP_THISNODE, 2);
	tell("HIGHUSER_MOVABLE order 2", &s);
	CHECK_EQ(s.err, 0);
	CHECK_EQ(s.oom, 0);
	if (s.path == RB_PATH_RECLAIM) {
		CHECK(s.stall > 0);
		CHECK_EQ(s.compact, 0);
	}
	finish();
}

static uint64_t psi_some_us(void)
{
	char *text = text_read("/proc/pressure/memory"), *p;
	uint64_t us = ~0ull;

	p = text ? strstr(text, "total=") : NULL;
	if (p)
		us = strtoull(p + 6, NULL, 10);
	free(text);
	return us;
}

/* Row 153: who reclaims is under memory pressure, and the system is told. */
static void psi(void)
{
	uint64_t before = psi_some_us(), after;

	if (before == ~0ull)
		SKIP("kernel without pressure stall information");
	start();
	dev_fill(hog, RB_GFP_HIGHUSER_MOVABLE, 0, kept, MAX);
	for (int i = 0; i < 200; i++) {
		struct rb_alloc a;

		CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL | RB_GFP_NORETRY | QUIET, 0, &a), ENOMEM);
	}
	after = psi_some_us();
	rb_diag("stalled for %llu us", (unsigned long long)(after - before));
	CHECK(after > before);
	finish();
}

/* Rows 147: two failures, one message; with NOWARN none. */
static void warns_seldom(void)
{
	struct rb_alloc a;
	char *log;
	int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK), lines = 0, named = 0;
	char buf[4096];
	ssize_t n;

	NEED(kmsg >= 0);
	lseek(kmsg, 0, SEEK_END);
	start();
	dev_fill(hog, RB_GFP_HIGHUSER_MOVABLE, 0, kept, MAX);
	for (int i = 0; i < 50; i++)
		CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL | RB_GFP_NORETRY | QUIET, 0, &a), ENOMEM);
	while ((n = read(kmsg, buf, sizeof(buf) - 1)) > 0) {
		buf[n] = 0;
		CHECK(!strstr(buf, "page allocation failure"));
	}
	for (int i = 0; i < 50; i++)
		CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL | RB_GFP_NORETRY, 0, &a), ENOMEM);
	while ((n = read(kmsg, buf, sizeof(buf) - 1)) > 0) {
		buf[n] = 0;
		log = strstr(buf, "page allocation failure: order:0, mode:0x");
		if (!log)
			continue;
		lines++;
		named += strstr(log, "(GFP_KERNEL|__GFP_NORETRY)") != NULL;
		rb_diag("%.*s", (int)strcspn(buf, "\n"), buf);
	}
	/* One, or none if somebody complained within the last ten seconds. */
	CHECK(lines <= 1);
	CHECK_EQ(named, lines);
	close(kmsg);
	finish();
}

RB_PROGRAM(A09_slowpath_order, 0,
	{ "reclaim_helps_those_who_may_wait", reclaim_helps },
	{ "row_111_costly_order_compacts_first", costly_compacts_first },
	{ "who_may_not_compact", who_may_not_compact },
	{ "row_113_114_115_costly_gives_up", costly_gives_up },
	{ "row_112_small_movable_reclaims_first", small_movable_reclaims_first },
	{ "nothing_left", nothing_left },
	{ "row_153_psi_rises", psi },
	{ "row_147_one_warning", warns_seldom },
);
