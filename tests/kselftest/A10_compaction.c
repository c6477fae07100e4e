// SPDX-License-Identifier: GPL-2.0
/*
 * RB_COMPACT and compaction on behalf of requests: blocks of order 0 are put together until whole
 * pageblocks are free; what is pinned or not movable stays, and is not tried for ever.
 */
#include "rb_test.h"

#include <pthread.h>
#include <signal.h>

#define MAX	65536u
#define MOVABLE	(RB_GFP_HIGHUSER_MOVABLE | RB_GFP_NORETRY | RB_GFP_NOWARN)
/* What is asked for by requests depends on what earlier attempts have found. */
#define FRESH		"size_mb=64"
#define ONE_ZONE	"size_mb=128 dma_pct=0 dma32_pct=0 movable_pct=0"
#define HUGE	(RB_GFP_TRANSHUGE | RB_GFP_NORETRY)

static struct rb_block kept[MAX];
static uint32_t nr_kept;

static int start(void)
{
	int fd = dev_open();

	rb_watchdog(120);
	dev_no_upkeep(fd);
	CHECK(dev_has(fd, RB_FEATURE_COMPACTION));
	return fd;
}

static bool fragment(int fd, unsigned int percent)
{
	uint64_t seed = rb_seed(), possible;

	nr_kept = region_fragment(fd, percent, &seed, kept, MAX);
	return CHECK(nr_kept > 1000) && CHECK_EQ(region_whole_blocks(fd, &possible), 0) &&
	       CHECK(percent < 40 || possible > 10);
}

static void finish(int fd)
{
	CHECK_ERR(dev_reset(fd, RB_RESET_FD | RB_RESET_ZAP), 0);
	CHECK(region_is_whole(fd));
	close(fd);
}

static uint64_t compact(int fd, int order, uint32_t mode, struct rb_compact *c)
{
	uint64_t t = rb_now_ns(), us;

	CHECK_ERR(dev_compact(fd, order, mode, 0, c), 0);
	us = (rb_now_ns() - t) / 1000;
	rb_diag("order %d mode %u: result %u, %llu moved, %llu failed, scanned %llu + %llu, %lld blocks "
		"more, %llu us", order, mode, c->result, (unsigned long long)c->migrated,
		(unsigned long long)c->failed, (unsigned long long)c->migrate_scanned,
		(unsigned long long)c->free_scanned, (long long)c->freed_blocks,
		(unsigned long long)us);
	return us;
}

/* All but one in each of the four zones, where the scanners met in the midst of a pageblock. */
static bool almost(uint64_t whole, uint64_t possible)
{
	return whole + NR_ZONES >= possible && whole > 0;
}

/* Half of the region free at random, no pageblock whole: afterwards 95 in 100 that could be are. */
static void half_free(void)
{
	uint64_t whole, possible;
	struct vmstat before, after;
	struct rb_compact c;
	int fd;

	rb_load(ONE_ZONE);
	fd = start();
	NEED(fragment(fd, 50) && vmstat_read(fd, &before));
	compact(fd, -1, RB_COMPACT_SYNC_FULL, &c);
	NEED(vmstat_read(fd, &after));
	whole = region_whole_blocks(fd, &possible);
	rb_diag("%llu of %llu possible pageblocks are free", (unsigned long long)whole,
		(unsigned long long)possible);
	CHECK(whole * 100 >= possible * 95);
	CHECK_EQ(c.result, RB_COMPACT_COMPLETE);
	CHECK_EQ(c.freed_blocks, whole);
	/* Where the scanners meet the last batch finds no place. */
	CHECK(c.failed <= 32);
	CHECK(c.migrated > 0 && c.migrated <= nr_kept);
	CHECK_EQ(vmstat_delta(&before, &after, "pgmigrate_success"), c.migrated);
	CHECK_EQ(vmstat_delta(&before, &after, "pgmigrate_fail"), c.failed);
	CHECK_EQ(vmstat_delta(&before, &after, "compact_migrate_scanned"), c.migrate_scanned);
	CHECK_EQ(vmstat_delta(&before, &after, "compact_free_scanned"), c.free_scanned);
	CHECK(vmstat_delta(&before, &after, "compact_isolated") > 0);
	/* No request waits for it. */
	CHECK_EQ(vmstat_delta(&before, &after, "compact_stall"), 0);
	finish(fd);
	rb_load(FRESH);
}

/* Other shares of free memory: never worse, nothing is lost, and twice is no more than once. */
static void other_shares(void)
{
	static const unsigned int percent[] = { 15, 30, 75, 90 };

	for (size_t i = 0; i < ARRAY_SIZE(percent); i += rb_times(1, 2, 1)) {
		uint64_t whole, possible, left;
		struct rb_compact c;
		int fd = start();

		NEED(fragment(fd, percent[i]));
		left = region_pages_left(fd);
		compact(fd, -1, RB_COMPACT_SYNC_FULL, &c);
		whole = region_whole_blocks(fd, &possible);
		rb_diag("%u percent free: %llu of %llu", percent[i], (unsigned long long)whole,
			(unsigned long long)possible);
		CHECK(almost(whole, possible));
		compact(fd, -1, RB_COMPACT_SYNC_FULL, &c);
		CHECK(region_whole_blocks(fd, NULL) >= whole);
		CHECK_EQ(region_pages_left(fd), left);
		finish(fd);
	}
}

/* What is mapped is where it was for those who look through their mappings. */
static void contents(void)
{
	enum { NR = 2048 };
	static struct { struct rb_block b; char *p; } m[NR];
	struct rb_compact c;
	uint32_t nr = 0, moved = 0;
	int fd = start();

	NEED(fragment(fd, 50));
	for (uint32_t i = 0; i < nr_kept && nr < NR; i += rb_times(3, 12, 3), nr++) {
		m[nr].b = kept[i];
		m[nr].p = dev_map_id(fd, kept[i].id, 0);
		NEED(m[nr].p != MAP_FAILED);
		pattern_fill(m[nr].p, kept[i].id + 1);
	}
	compact(fd, -1, RB_COMPACT_SYNC_FULL, &c);
	for (uint32_t i = 0; i < nr; i++) {
		struct rb_advise v;

		if (!CHECK_EQ(pattern_wrong(m[i].p, m[i].b.id + 1), 0))
			break;
		CHECK_ERR(dev_advise_raw(fd, m[i].b.id, m[i].b.gen, 0, RB_ADVISE_PIN, &v), 0);
		moved += v.idx != m[i].b.idx;
		pattern_fill(m[i].p, m[i].b.id + 2);
		CHECK_EQ(pattern_wrong(m[i].p, m[i].b.id + 2), 0);
	}
	rb_diag("%u of %u mapped blocks moved", moved, nr);
	CHECK(moved * 4 > nr);
	/* Blocks whose mappings outlive them do not all come back at once. */
	for (uint32_t i = 0; i < nr; i++)
		munmap(m[i].p, PAGE);
	finish(fd);
}

/*
 * The scanners meet, and each page is looked at by one of them. Only where the free lists are
 * searched for an order, some are looked at again; how often is compared with the kernel in P10.
 */
static void one_pass(int fd, int order, const struct rb_compact *c)
{
	uint64_t pages = region_now(fd)->query.region_pages;

	CHECK(c->migrate_scanned <= pages);
	if (order < 0)
		CHECK(c->migrate_scanned + c->free_scanned <= pages);
	else
		CHECK(c->free_scanned <= 2 * pages);
}

/* One block in each pageblock stays: no pageblock becomes free, and that is found out soon. */
static void hopeless(uint32_t advice)
{
	static bool has[MAX / 512];
	uint64_t us;
	struct rb_compact c;
	uint32_t nr = 0;
	int fd = start();

	NEED(fragment(fd, 50));
	memset(has, 0, sizeof(has));
	for (uint32_t i = 0; i < nr_kept; i++) {
		if (has[kept[i].idx / 512])
			continue;
		has[kept[i].idx / 512] = true;
		nr++;
		CHECK_ERR(dev_advise_raw(fd, kept[i].id, kept[i].gen, 0, advice, NULL), 0);
	}
	CHECK_EQ(nr, region_now(fd)->nr_blocks);
	for (int round = 0; round < 4; round++) {
		int order = round & 1 ? -1 : 9;

		us = compact(fd, order, RB_COMPACT_SYNC_FULL, &c);
		CHECK_EQ(region_whole_blocks(fd, NULL), 0);
		CHECK_EQ(c.freed_blocks, 0);
		CHECK(c.result != RB_COMPACT_SUCCESS && c.result != RB_COMPACT_CONTINUE);
		CHECK(us < rb_times(3, 30, 30) * 1000000ull);
		one_pass(fd, order, &c);
	}
	finish(fd);
}

static void one_pinned_each(void) { hopeless(RB_ADVISE_PIN); }
static void one_unmovable_each(void) { hopeless(RB_ADVISE_UNMOVABLE); }

/* Asked for one order: until there is one, and not a whole pass. */
static void until_one_is_free(void)
{
	static const int order[] = { 3, 5, 9 };
	struct rb_compact c, all;

	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		struct rb_alloc a;
		int fd = start();

		NEED(fragment(fd, 50));
		if (order[i] == 9) {
			compact(fd, 9, RB_COMPACT_SYNC_FULL, &c);
			CHECK_EQ(c.result, RB_COMPACT_SUCCESS);
			CHECK(region_whole_blocks(fd, NULL) > 0);
		} else {
			/* Random holes may have such blocks already. */
			compact(fd, order[i], RB_COMPACT_SYNC_FULL, &c);
			CHECK(c.result == RB_COMPACT_SUCCESS);
		}
		CHECK_ERR(dev_alloc(fd, RB_GFP_HIGHUSER_MOVABLE & ~RB_GFP_RECLAIM, (uint32_t)order[i],
				    &a), 0);
		compact(fd, -1, RB_COMPACT_SYNC_FULL, &all);
		CHECK(c.migrated < all.migrated + c.migrated);
		finish(fd);
	}
}

static void only_that_zone(void)
{
	static struct region before, after;
	int fd = start();
	struct rb_compact c = { .nid = RB_ALL, .zone = RB_ZONE_DMA32, .order = -1,
		.mode = RB_COMPACT_SYNC_FULL };

	NEED(fragment(fd, 50) && region_read(fd, &before));
	CHECK_ERR(dev_ioctl(fd, RB_COMPACT, &c), 0);
	NEED(region_read(fd, &after));
	for (int z = 0; z < NR_ZONES; z++) {
		bool same = !memcmp(before.zone[z].nr_free, after.zone[z].nr_free,
				    sizeof(before.zone[z].nr_free));

		if (before.has[z])
			CHECK_EQ(same, z != RB_ZONE_DMA32);
		CHECK_EQ(zone_whole_blocks(&after.zone[z]) > 0, z == RB_ZONE_DMA32);
	}
	finish(fd);
}

/* The budget and the time end it; what was done is kept, and the next call goes on. */
static void budget_and_time(void)
{
	struct rb_compact c;
	uint64_t t, whole, possible;
	unsigned int calls = 0;
	int fd = start();

	NEED(fragment(fd, 50));
	CHECK_ERR(dev_compact(fd, -1, RB_COMPACT_SYNC_FULL, 1024, &c), 0);
	rb_diag("of 1024 pages: scanned %llu + %llu, %llu moved, result %u",
		(unsigned long long)c.migrate_scanned, (unsigned long long)c.free_scanned,
		(unsigned long long)c.migrated, c.result);
	/* It is looked at after each piece of work, as large as a pageblock. */
	CHECK(c.migrate_scanned + c.free_scanned <= 1024 + 2 * 1024);
	CHECK(c.migrate_scanned + c.free_scanned > 0);
	CHECK_EQ(region_whole_blocks(fd, NULL) <= 3, 1);
	c = (struct rb_compact){ .nid = RB_ALL, .zone = RB_ALL, .order = -1,
		.mode = RB_COMPACT_SYNC_FULL, .timeout_ns = 1 };
	t = rb_now_ns();
	CHECK_ERR(dev_ioctl(fd, RB_COMPACT, &c), 0);
	CHECK(rb_now_ns() - t < rb_times(200, 2000, 2000) * 1000000ull);
	CHECK(c.migrated < nr_kept / 4);
	do {
		CHECK_ERR(dev_compact(fd, -1, RB_COMPACT_SYNC_FULL, 0, &c), 0);
		whole = region_whole_blocks(fd, &possible);
	} while (!almost(whole, possible) && ++calls < 3);
	CHECK(almost(whole, possible));
	finish(fd);
}

static void nothing_to_do(void)
{
	struct rb_compact c;
	int fd = start();
	uint64_t hash;

	CHECK_ERR(dev_drain(fd, RB_ALL, RB_ALL, RB_ALL), 0);
	hash = region_pages_left(fd);
	for (uint32_t mode = 0; mode < 3; mode++)
		for (int order = -1; order < NR_ORDERS; order++) {
			CHECK_ERR(dev_compact(fd, order, mode, 0, &c), 0);
			CHECK_EQ(c.migrated, 0);
			CHECK_EQ(c.failed, 0);
			CHECK_EQ(c.freed_blocks, 0);
		}
	CHECK_EQ(region_pages_left(fd), hash);
	finish(fd);
}

static void errors(void)
{
	int fd = start(), ro = dev_open_mode(O_RDONLY), nid = region_now(fd)->nid;
	const struct rb_compact good = { .nid = RB_ALL, .zone = RB_ALL, .order = -1 };
	struct rb_compact c;
	uint64_t hash = region_hash(fd);

	const struct { int nid, zone, order; uint32_t mode, flags; int err; } t[] = {
		{ nid + 1, RB_ALL, 9, 0, 0, ENODEV }, { -2, RB_ALL, 9, 0, 0, ENODEV },
		{ 1 << 20, RB_ALL, -1, 0, 0, ENODEV },
		{ nid, RB_ALL, -1, 0, 0, 0 }, { RB_ALL, RB_ZONE_NORMAL, 0, 0, 0, 0 },
		{ RB_ALL, NR_ZONES, -1, 0, 0, EINVAL }, { RB_ALL, -2, -1, 0, 0, EINVAL },
		{ RB_ALL, RB_ALL, -2, 0, 0, EINVAL }, { RB_ALL, RB_ALL, NR_ORDERS, 0, 0, EINVAL },
		{ RB_ALL, RB_ALL, 1 << 30, 0, 0, EINVAL }, { RB_ALL, RB_ALL, -1, 3, 0, EINVAL },
		{ RB_ALL, RB_ALL, -1, ~0u, 0, EINVAL }, { RB_ALL, RB_ALL, -1, 0, 1, EINVAL },
		{ RB_ALL, RB_ALL, -1, 0, 1u << 31, EINVAL },
		/* What is written wrongly comes before what is not there. */
		{ nid + 1, RB_ALL, -1, 3, 0, EINVAL }, { nid + 1, RB_ALL, -1, 0, 1, EINVAL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		c = good;
		c.nid = t[i].nid;
		c.zone = t[i].zone;
		c.order = t[i].order;
		c.mode = t[i].mode;
		c.flags = t[i].flags;
		if (!CHECK_ERR(dev_ioctl(fd, RB_COMPACT, &c), t[i].err))
			rb_diag("that was entry %zu", i);
	}
	CHECK_ERR(dev_compact(ro, -1, 0, 0, &c), EBADF);
	CHECK_ERR(dev_compact(ro, -1, 3, 0, &c), EINVAL);
	CHECK(region_hash(fd) == hash);
	close(ro);
	close(fd);
}

/* A request for a huge page compacts by itself, and says so. */
static void on_request(void)
{
	struct vmstat before, after;
	struct rb_alloc a = { 0 };
	int fd = rb_load(FRESH) ? start() : -1;
	uint32_t path[8] = { 0 }, got = 0;
	uint64_t possible;

	NEED(fragment(fd, 50) && vmstat_read(fd, &before));
	region_whole_blocks(fd, &possible);
	for (uint64_t i = 0; i < possible / 2; i++) {
		int err = dev_alloc(fd, HUGE, 9, &a);

		if (err && !CHECK_ERR(err, ENOMEM))
			break;
		got += !err;
		if (!err)
			path[a.path & 7]++;
	}
	NEED(vmstat_read(fd, &after));
	rb_diag("%u of %llu asked for (%llu possible): %u by compaction, %u slow, %u at once; stall %lld "
		"success %lld fail %lld, moved %lld", got, (unsigned long long)possible / 2,
		(unsigned long long)possible, path[RB_PATH_COMPACT], path[RB_PATH_SLOW],
		path[RB_PATH_BUDDY] + path[RB_PATH_PCP], vmstat_delta(&before, &after, "compact_stall"),
		vmstat_delta(&before, &after, "compact_success"),
		vmstat_delta(&before, &after, "compact_fail"),
		vmstat_delta(&before, &after, "pgmigrate_success"));
	CHECK(path[RB_PATH_COMPACT] > 0);
	CHECK(got * 2 >= possible / 2);
	CHECK_EQ(vmstat_delta(&before, &after, "compact_success"), path[RB_PATH_COMPACT]);
	CHECK_EQ(vmstat_delta(&before, &after, "compact_stall"),
		 vmstat_delta(&before, &after, "compact_success") +
		 vmstat_delta(&before, &after, "compact_fail"));
	CHECK_EQ(vmstat_delta(&before, &after, "oom_kill"), 0);
	finish(fd);
}

/* Row 131 from outside: what failed is tried less and less often. */
static void deferred(void)
{
	static bool has[MAX / 512];
	struct vmstat before, after;
	struct rb_node_stat n;
	struct rb_alloc a;
	uint32_t shift = 0;
	int fd = rb_load(FRESH) ? start() : -1;

	NEED(fragment(fd, 50));
	memset(has, 0, sizeof(has));
	for (uint32_t i = 0; i < nr_kept; i++) {
		if (!has[kept[i].idx / 512])
			CHECK_ERR(dev_advise_raw(fd, kept[i].id, kept[i].gen, 0, RB_ADVISE_PIN, NULL), 0);
		has[kept[i].idx / 512] = true;
	}
	NEED(vmstat_read(fd, &before));
	for (int i = 0; i < 300; i++)
		CHECK_ERR(dev_alloc(fd, (RB_GFP_TRANSHUGE | RB_GFP_RETRY_MAYFAIL) & ~RB_GFP_NORETRY, 9,
				    &a), ENOMEM);
	NEED(vmstat_read(fd, &after));
	CHECK_ERR(dev_node(fd, region_now(fd)->nid, &n), 0);
	for (int z = 0; z < NR_ZONES; z++)
		shift = n.zones[z].defer_shift > shift ? n.zones[z].defer_shift : shift;
	rb_diag("300 requests: %lld compactions, deferred by 2^%u",
		vmstat_delta(&before, &after, "compact_stall"), shift);
	CHECK(vmstat_delta(&before, &after, "compact_stall") > 0);
	CHECK(vmstat_delta(&before, &after, "compact_stall") < 300);
	CHECK_EQ(vmstat_delta(&before, &after, "compact_success"), 0);
	CHECK_EQ(vmstat_delta(&before, &after, "oom_kill"), 0);
	CHECK(shift >= 3);
	finish(fd);
}

static bool some_whole(void *fd)
{
	uint64_t possible, whole = region_whole_blocks(*(int *)fd, &possible);

	return whole * 2 > possible;
}

/* Row 132: proactively, if it may; not otherwise. */
static void proactive(void)
{
	struct rb_node_stat a, b;
	struct vmstat before, after;
	int fd = rb_load(FRESH) ? start() : -1, nid = region_now(fd)->nid;

	NEED(fragment(fd, 50));
	CHECK_ERR(dev_node(fd, nid, &a), 0);
	usleep(1500000);
	CHECK_EQ(region_whole_blocks(fd, NULL), 0);
	NEED(vmstat_read(fd, &before));
	CHECK_ERR(dev_tune_set(fd, RB_TUNE_COMPACTION_PROACTIVENESS, 0, 100), 0);
	CHECK(rb_wait_for(some_whole, &fd, rb_times(10000, 60000, 10000)));
	CHECK_ERR(dev_tune_set(fd, RB_TUNE_COMPACTION_PROACTIVENESS, 0, 0), 0);
	CHECK_ERR(dev_node(fd, nid, &b), 0);
	NEED(vmstat_read(fd, &after));
	CHECK(b.kcompactd_runs > a.kcompactd_runs);
	CHECK(vmstat_delta(&before, &after, "pgmigrate_success") > 0);
	rb_diag("kcompactd moved %lld pages by itself",
		vmstat_delta(&before, &after, "pgmigrate_success"));
	finish(fd);
}

/* Woken by a request that may not wait: kcompactd does it, and the next request finds it done. */
static void in_the_background(void)
{
	struct vmstat before, after;
	struct rb_alloc a;
	int fd = rb_load(FRESH) ? start() : -1, err = -ENOMEM;

	NEED(fragment(fd, 50) && vmstat_read(fd, &before));
	for (int i = 0; i < (int)rb_times(50, 200, 50) && err; i++) {
		err = dev_alloc(fd, RB_GFP_NOWAIT | RB_GFP_MOVABLE, 9, &a);
		if (err)
			usleep(100000);
	}
	CHECK_ERR(err, 0);
	NEED(vmstat_read(fd, &after));
	CHECK(vmstat_delta(&before, &after, "compact_daemon_wake") > 0);
	CHECK(vmstat_delta(&before, &after, "compact_daemon_migrate_scanned") > 0);
	CHECK(vmstat_delta(&before, &after, "compact_daemon_free_scanned") > 0);
	CHECK_EQ(vmstat_delta(&before, &after, "compact_stall"), 0);
	finish(fd);
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void *compact_without_end(void *arg)
{
	struct rb_compact c;
	int fd = *(int *)arg;

	for (int i = 0; i < 3; i++) {
		int err = dev_compact(fd, -1, RB_COMPACT_SYNC_FULL, 0, &c);

		CHECK(err == 0 || err == -EALREADY);
	}
	return NULL;
}

/*
 * A signal that is caught ends it early, and the answer tells how far it came; the file has only
 * EINTR for that. Who begins again without signals comes to the end.
 */
static void interrupted(void)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct rb_compact c;
	uint64_t t, us, whole, possible;
	int fd = start();
	pid_t me = getpid(), pid;

	sigaction(SIGUSR1, &sa, NULL);
	NEED(fragment(fd, 50));
	pid = rb_fork();
	if (pid == 0) {
		for (;;) {
			usleep(2000);
			if (kill(me, SIGUSR1))
				_exit(0);
		}
	}
	usleep(20000);
	t = rb_now_ns();
	CHECK_ERR(dev_compact(fd, -1, RB_COMPACT_SYNC_FULL, 0, &c), 0);
	us = (rb_now_ns() - t) / 1000;
	CHECK_EQ(rb_write_file(RB_DEBUGFS "/compact", "1"), -EINTR);
	kill(pid, SIGKILL);
	rb_wait(pid);
	CHECK_EQ(rb_write_file(RB_DEBUGFS "/compact", "1"), 0);
	whole = region_whole_blocks(fd, &possible);
	CHECK(almost(whole, possible));
	rb_diag("interrupted after %llu us, %llu moved, result %u", (unsigned long long)us,
		(unsigned long long)c.migrated, c.result);
	CHECK(us < rb_times(500, 5000, 5000) * 1000ull);
	finish(fd);
}

/* Several at once: each is answered, and nothing is lost. */
static void together(void)
{
	uint64_t whole, possible;
	pthread_t t[3];
	int fd = start();

	NEED(fragment(fd, 50));
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		CHECK(!pthread_create(&t[i], NULL, compact_without_end, &fd));
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		pthread_join(t[i], NULL);
	whole = region_whole_blocks(fd, &possible);
	CHECK(almost(whole, possible));
	finish(fd);
}

/* As the kernel's compact_memory: whatever is not a 1 is refused, and nothing moves. */
static void compact_file(void)
{
	static const char *const other[] = { "0", "2", "-1", "1 1", "x", "\n" };
	int fd = start();
	uint64_t moved, left, whole, possible;

	NEED(fragment(fd, 50));
	left = region_pages_left(fd);
	moved = vmstat_now(fd, "pgmigrate_success");
	for (size_t i = 0; i < ARRAY_SIZE(other); i++)
		CHECK_EQ(rb_write_file(RB_DEBUGFS "/compact", other[i]), -EINVAL);
	CHECK_EQ(vmstat_now(fd, "pgmigrate_success"), moved);
	CHECK_EQ(rb_write_file(RB_DEBUGFS "/compact", "1\n"), 0);
	CHECK(vmstat_now(fd, "pgmigrate_success") > moved);
	whole = region_whole_blocks(fd, &possible);
	CHECK(almost(whole, possible));
	CHECK_EQ(region_pages_left(fd), left);
	finish(fd);
}

/* One at a time; the other is told so. */
static void one_at_a_time(void)
{
	unsigned int done = 0, refused = 0;
	struct rb_compact c;
	uint64_t end;
	pid_t pid;
	int fd = start();

	NEED(fragment(fd, 50));
	pid = rb_fork();
	if (pid == 0) {
		int mine = dev_open();

		for (;;)
			dev_compact(mine, -1, RB_COMPACT_SYNC_FULL, 0, &c);
	}
	end = rb_now_ns() + 10000000000ull;
	while ((!done || !refused) && rb_now_ns() < end) {
		int err = dev_compact(fd, -1, RB_COMPACT_SYNC_FULL, 0, &c);

		done += err == 0;
		refused += err == -EALREADY;
		CHECK(err == 0 || err == -EALREADY);
	}
	CHECK(done && refused);
	kill(pid, SIGKILL);
	rb_wait(pid);
	CHECK_ERR(dev_compact(fd, -1, RB_COMPACT_SYNC_FULL, 0, &c), 0);
	close(fd);
}

RB_PROGRAM(A10_compaction, 0,
	{ "half_free_95_percent_whole", half_free },
	{ "other_shares_of_free_memory", other_shares },
	{ "contents_stay_through_mappings", contents },
	{ "one_pinned_in_each_pageblock_none_and_soon", one_pinned_each },
	{ "one_unmovable_in_each_pageblock_none_and_soon", one_unmovable_each },
	{ "until_one_of_that_order_is_free", until_one_is_free },
	{ "only_that_zone", only_that_zone },
	{ "budget_and_time_end_it", budget_and_time },
	{ "nothing_to_do_moves_nothing", nothing_to_do },
	{ "errors_and_rights", errors },
	{ "request_for_a_huge_page_compacts", on_request },
	{ "row_131_failures_are_deferred", deferred },
	{ "row_132_proactive_or_not", proactive },
	{ "kcompactd_after_a_request_that_may_not_wait", in_the_background },
	{ "caught_signal_ends_it", interrupted },
	{ "several_at_once", together },
	{ "one_at_a_time", one_at_a_time },
	{ "row_133_only_a_1_written_to_the_file", compact_file },
);
