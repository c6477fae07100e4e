// SPDX-License-Identifier: GPL-2.0
/*
 * Sixteen clients together ask for three times the region, in every way there is. Most of what they
 * have may be dropped, some moved, some neither: there is always something that helps, so nobody
 * may lose anything to OOM, no request that may wait fails, and none hangs. Then the same with
 * nothing to drop: victims fall, recover by RB_RESET, and everything is back at the end.
 */
#include "rb_test.h"

#define CLIENTS	16u
#define BLOCKS	640u
#define QUIET	RB_GFP_NOWARN

static struct shared {
	uint32_t stop;
	uint64_t asked, got, pages, failed, must, worst_us, needed, purged, in_vain, lost, resets;
} *sh;

static void add(uint64_t *sum, uint64_t nr)
{
	__atomic_add_fetch(sum, nr, __ATOMIC_RELAXED);
}

static bool over(void)
{
	return __atomic_load_n(&sh->stop, __ATOMIC_RELAXED) || rb_failures() > 20;
}

/* What may wait, in orders that are not costly, must not fail while something can be dropped. */
static const struct mix {
	uint32_t gfp, max_order;
	bool must;
} mix[] = {
	{ RB_GFP_KERNEL, 3, true }, { RB_GFP_HIGHUSER_MOVABLE, 3, true }, { RB_GFP_USER, 2, true },
	{ RB_GFP_NOFS, 0, true }, { RB_GFP_NOIO, 0, true }, { RB_GFP_ATOMIC, 3, false },
	{ RB_GFP_NOWAIT, 4, false }, { RB_GFP_KERNEL | RB_GFP_NORETRY, 5, false },
	{ RB_GFP_KERNEL | RB_GFP_RETRY_MAYFAIL, 6, false }, { RB_GFP_TRANSHUGE, 9, false },
	{ RB_GFP_TRANSHUGE_LIGHT, 9, false }, { RB_GFP_KERNEL | RB_GFP_DMA32, 1, false },
	{ RB_GFP_KERNEL | RB_GFP_RECLAIMABLE, 2, true }, { RB_GFP_KERNEL | RB_GFP_NOFAIL, 1, true },
};

struct client {
	int fd;
	uint64_t seed, pages, want;
	uint32_t nr;
	struct rb_alloc b[BLOCKS];
	bool purgeable[BLOCKS];
};

static void forget(struct client *c)
{
	c->nr = 0;
	c->pages = 0;
}

/* Its blocks were taken back: it starts anew. */
static void recover(struct client *c)
{
	add(&sh->lost, 1);
	CHECK_ERR(dev_reset(c->fd, RB_RESET_FD | RB_RESET_ZAP), 0);
	add(&sh->resets, 1);
	forget(c);
}

static void drop_one(struct client *c, uint32_t i)
{
	int err = dev_free(c->fd, &c->b[i], rb_random(&c->seed) & 1 ? RB_FREE_DRAIN : 0);

	if (err == -EOWNERDEAD)
		return recover(c);
	CHECK_ERR(err, 0);
	c->pages -= 1ull << c->b[i].order;
	c->nr--;
	c->b[i] = c->b[c->nr];
	c->purgeable[i] = c->purgeable[c->nr];
}

static void ask(struct client *c, unsigned int purgeable_percent, bool fair)
{
	uint64_t r = rb_random(&c->seed), t;
	const struct mix *m = &mix[r % ARRAY_SIZE(mix)];
	uint32_t gfp = m->gfp | QUIET;
	uint32_t order = m->max_order == 9 ? 9 : (uint32_t)(r >> 16) % (m->max_order + 1);
	bool purgeable = (r >> 32) % 100 < purgeable_percent || order > 3;
	struct rb_alloc *a = &c->b[c->nr];
	int err;

	/* With nothing to drop, without FS all could wait for each other. */
	if (!fair && !(gfp & RB_GFP_FS))
		gfp |= RB_GFP_NORETRY;
	t = rb_now_ns();
	err = dev_alloc_as(c->fd, gfp, order, purgeable_percent && purgeable ?
			   RB_ALLOC_PURGEABLE : 0, a);
	t = (rb_now_ns() - t) / 1000;
	if (t > __atomic_load_n(&sh->worst_us, __ATOMIC_RELAXED))
		__atomic_store_n(&sh->worst_us, t, __ATOMIC_RELAXED);
	add(&sh->asked, 1);
	if (err == -EOWNERDEAD)
		return recover(c);
	if (err) {
		CHECK_ERR(err, ENOMEM);
		add(&sh->failed, 1);
		if (fair && m->must) {
			add(&sh->must, 1);
			rb_diag("gfp %#x order %u failed after %llu us", m->gfp, order,
				(unsigned long long)t);
		}
		return;
	}
	add(&sh->got, 1);
	add(&sh->pages, 1ull << order);
	c->purgeable[c->nr] = purgeable_percent && purgeable;
	c->pages += 1ull << order;
	c->nr++;
}

/* Wants one of its blocks back, writes and reads it, lets it go again. */
static void need(struct client *c)
{
	uint32_t i = (uint32_t)rb_random(&c->seed) % c->nr;
	struct rb_advise v;
	char *p;
	int err;

	if (!c->purgeable[i])
		return;
	err = dev_advise(c->fd, &c->b[i], RB_ADVISE_NEEDED, &v);
	if (err == -EOWNERDEAD)
		return recover(c);
	if (err == -ENOMEM)
		return add(&sh->in_vain, 1);
	NEED(CHECK_ERR(err, 0));
	add(&sh->needed, 1);
	add(&sh->purged, v.was_purged);
	p = dev_map(c->fd, c->b[i].mmap_offset, PAGE << c->b[i].order, PROT_READ | PROT_WRITE);
	if (!CHECK(p != MAP_FAILED))
		return;
	if (v.was_purged)
		CHECK_EQ(pattern_wrong(p, 0), 0);
	for (int k = 0; k < 2; k++) {
		pattern_fill(p, c->b[i].id + 7);
		CHECK_EQ(pattern_wrong(p, c->b[i].id + 7), 0);
	}
	munmap(p, PAGE << c->b[i].order);
	CHECK_ERR(dev_advise(c->fd, &c->b[i], RB_ADVISE_PURGEABLE, NULL), 0);
}

static void client(uint64_t seed, uint64_t want, unsigned int purgeable_percent, bool fair)
{
	static struct client c;

	c.fd = dev_open();
	c.seed = seed;
	c.want = want;
	forget(&c);
	while (!over()) {
		uint64_t r = rb_random(&c.seed);

		if (c.nr == BLOCKS || c.pages >= c.want || (c.nr && r % 8 == 0))
			drop_one(&c, (uint32_t)(r >> 8) % c.nr);
		else if (c.nr && fair && r % 8 == 1)
			need(&c);
		else
			ask(&c, purgeable_percent, fair);
	}
	close(c.fd);
}

static void run(unsigned int percent, unsigned int times, unsigned int seconds, bool fair)
{
	struct vmstat before, after;
	uint64_t seed = rb_seed(), left, t;
	pid_t pid[CLIENTS];
	int fd = dev_open();

	sh = rb_shared(sizeof(*sh));
	NEED(sh != MAP_FAILED && vmstat_read(fd, &before));
	left = region_pages_left(fd);
	for (unsigned int i = 0; i < CLIENTS; i++) {
		pid[i] = rb_fork();
		if (pid[i] == 0) {
			client(seed + i * 104729, times * left / CLIENTS / 10, percent, fair);
			_exit(0);
		}
	}
	for (unsigned int i = 0; i < seconds * 5 && rb_failures() <= 20; i++)
		usleep(200000);
	sh->stop = 1;
	t = rb_now_ns();
	for (unsigned int i = 0; i < CLIENTS; i++)
		CHECK_EQ(rb_wait(pid[i]), 0);
	t = (rb_now_ns() - t) / 1000000;
	NEED(vmstat_read(fd, &after));
	rb_diag("%u s: asked %llu times, got %llu blocks (%llu pages), %llu failed; longest %llu us; all "
		"ended within %llu ms", seconds, (unsigned long long)sh->asked,
		(unsigned long long)sh->got, (unsigned long long)sh->pages,
		(unsigned long long)sh->failed, (unsigned long long)sh->worst_us, (unsigned long long)t);
	rb_diag("needed %llu (purged %llu, in vain %llu); reclaimed %lld directly, %lld by kswapd; "
		"compactions %lld (%lld good), pages moved %lld", (unsigned long long)sh->needed,
		(unsigned long long)sh->purged, (unsigned long long)sh->in_vain,
		vmstat_delta(&before, &after, "pgsteal_direct"),
		vmstat_delta(&before, &after, "pgsteal_kswapd"),
		vmstat_delta(&before, &after, "compact_stall"),
		vmstat_delta(&before, &after, "compact_success"),
		vmstat_delta(&before, &after, "pgmigrate_success"));
	rb_diag("OOM: %lld victims, %llu files recovered", vmstat_delta(&before, &after, "oom_kill"),
		(unsigned long long)sh->resets);
	CHECK(sh->got > 1000);
	CHECK(sh->worst_us < rb_times(15, 60, 15) * 1000000ull);
	CHECK(t < rb_times(15000, 60000, 15000));
	if (fair) {
		CHECK_EQ(sh->must, 0);
		CHECK_EQ(vmstat_delta(&before, &after, "oom_kill"), 0);
		CHECK_EQ(sh->lost, 0);
		CHECK(vmstat_delta(&before, &after, "pgsteal_direct") +
		      vmstat_delta(&before, &after, "pgsteal_kswapd") > 0);
	}
	CHECK(region_is_idle(fd));
	CHECK_EQ(region_pages_left(fd), left);
	CHECK_EQ(vmstat_delta(&before, &after, "rb_bad_page"), 0);
	close(fd);
}

/* A tenth of what they ask for stays: 0.3 of the region. */
static void droppable(void)
{
	run(90, 30, rb_times(10, 10, 60), true);
}

static void nothing_droppable(void)
{
	run(0, 30, rb_times(4, 5, 60), false);
}

RB_PROGRAM(X04_pressure, 0,
	{ "three_times_the_region_nobody_loses", droppable },
	{ "three_times_the_region_nothing_to_drop", nothing_droppable },
);
