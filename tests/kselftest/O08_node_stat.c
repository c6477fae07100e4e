// SPDX-License-Identifier: GPL-2.0
/* RB_NODE_STAT, and the two threads of each node: named, asleep when idle, awake when needed. */
#include "rb_test.h"

#include <ctype.h>
#include <dirent.h>

#define MAX	16384u
#define MOVABLE	RB_GFP_HIGHUSER_MOVABLE

static int nid;

static int start(void)
{
	int fd = dev_open();

	rb_watchdog(60);
	dev_no_upkeep(fd);
	nid = region_now(fd)->nid;
	return fd;
}

static struct rb_node_stat now(int fd)
{
	struct rb_node_stat n;

	CHECK_ERR(dev_node(fd, nid, &n), 0);
	return n;
}

static uint64_t listed(int fd, uint64_t *active)
{
	struct rb_node_stat n = now(fd);
	uint64_t nr = 0, act = 0;

	for (int z = 0; z < RB_MAX_ZONES; z++) {
		nr += n.zones[z].inactive;
		act += n.zones[z].active;
	}
	if (active)
		*active = act;
	return nr + act;
}

static bool both_asleep(void *fd)
{
	struct rb_node_stat n;

	return !dev_node(*(int *)fd, nid, &n) && n.kswapd_state == RB_THREAD_ASLEEP &&
	       n.kcompactd_state == RB_THREAD_ASLEEP;
}

static void errors(void)
{
	int fd = start(), ro = dev_open_mode(O_RDONLY);
	struct rb_node_stat n;

	for (int i = -3; i < 70; i++)
		CHECK_ERR(dev_node(fd, i, &n), i == nid ? 0 : ENODEV);
	CHECK_ERR(dev_node(fd, 1 << 20, &n), ENODEV);
	CHECK_ERR(dev_node(ro, nid, &n), 0);
	for (unsigned int f = 0; f < 32; f++) {
		n = (struct rb_node_stat){ .nid = nid, .flags = 1u << f };
		CHECK_ERR(dev_ioctl(fd, RB_NODE_STAT, &n), EINVAL);
	}
	n = (struct rb_node_stat){ .nid = nid + 1, .flags = 1 };
	CHECK_ERR(dev_ioctl(fd, RB_NODE_STAT, &n), EINVAL);
	close(ro);
	close(fd);
}

static void idle(void)
{
	int fd = start();
	const struct region *r = region_now(fd);
	struct rb_node_stat n;

	CHECK(rb_wait_for(both_asleep, &fd, 5000));
	n = now(fd);
	CHECK_EQ(n.kswapd_failures, 0);
	CHECK_EQ(n.nr_isolated, 0);
	CHECK_EQ(n.nr_throttled, 0);
	CHECK_EQ(listed(fd, NULL), 0);
	for (int z = 0; z < RB_MAX_ZONES; z++) {
		const struct rb_zone_compaction *c = &n.zones[z];
		bool has = z < NR_ZONES && r->has[z];
		uint64_t first = has ? r->zone[z].start_idx : 0;
		uint64_t end = has ? first + r->zone[z].spanned : 0;

		if (!has) {
			CHECK_EQ(c->active + c->inactive + c->defer_shift, 0);
			continue;
		}
		CHECK(c->migrate_idx >= first && c->migrate_idx <= end);
		CHECK(c->free_idx >= first && c->free_idx <= end);
	}
	for (size_t i = 0; i < ARRAY_SIZE(n.reserved1); i++)
		CHECK_EQ(n.reserved1[i], 0);
	close(fd);
}

/* Purgeable blocks are on the lists, needed and pinned ones are not. */
static void lists(void)
{
	struct rb_reclaim d;
	struct rb_alloc a, c;
	int fd = start();
	uint64_t active;

	NEED(!dev_alloc(fd, MOVABLE, 4, &a));
	CHECK_EQ(listed(fd, NULL), 0);
	CHECK_ERR(dev_advise(fd, &a, RB_ADVISE_PURGEABLE, NULL), 0);
	CHECK_EQ(listed(fd, &active), 16);
	CHECK_EQ(active, 0);
	CHECK_ERR(dev_advise(fd, &a, RB_ADVISE_HOT, NULL), 0);
	CHECK_EQ(listed(fd, &active), 16);
	CHECK_EQ(active, 16);
	CHECK_ERR(dev_advise(fd, &a, RB_ADVISE_COLD, NULL), 0);
	CHECK_EQ(listed(fd, &active), 16);
	CHECK_EQ(active, 0);
	CHECK_ERR(dev_advise(fd, &a, RB_ADVISE_NEEDED, NULL), 0);
	CHECK_EQ(listed(fd, NULL), 0);
	NEED(!dev_alloc_as(fd, MOVABLE, 3, RB_ALLOC_PURGEABLE, &c));
	CHECK_EQ(listed(fd, NULL), 8);
	CHECK_EQ(vmstat_now(fd, "nr_inactive_file"), 8);
	CHECK_EQ(vmstat_now(fd, "nr_active_file"), 0);
	CHECK_ERR(dev_advise(fd, &c, RB_ADVISE_PIN, NULL), 0);
	CHECK_ERR(dev_reclaim(fd, 100, &d), 0);
	CHECK_EQ(d.nr_reclaimed, 0);
	CHECK_ERR(dev_advise(fd, &c, RB_ADVISE_UNPIN, NULL), 0);
	CHECK_ERR(dev_advise(fd, &c, RB_ADVISE_PURGEABLE, NULL), 0);
	CHECK_EQ(listed(fd, NULL), 8);
	CHECK_ERR(dev_reclaim(fd, 100, &d), 0);
	CHECK_EQ(d.nr_reclaimed, 8);
	CHECK_EQ(listed(fd, NULL), 0);
	CHECK_ERR(dev_free(fd, &c, 0), 0);
	NEED(!dev_alloc_as(fd, MOVABLE, 3, RB_ALLOC_PURGEABLE, &c));
	CHECK_ERR(dev_free(fd, &c, 0), 0);
	CHECK_EQ(listed(fd, NULL), 0);
	NEED(!dev_alloc_as(fd, MOVABLE, 3, RB_ALLOC_PURGEABLE, &c));
	close(fd);
	fd = dev_open();
	CHECK_EQ(listed(fd, NULL), 0);
	close(fd);
}

/* Compaction moves what is on a list; it stays there. */
static void lists_follow(void)
{
	static struct rb_block kept[MAX];
	struct rb_compact c;
	int fd = start();
	uint64_t seed = rb_seed(), nr;

	nr = region_fragment(fd, 50, &seed, kept, MAX);
	NEED(nr > 1000);
	for (uint64_t i = 0; i < nr; i++)
		CHECK_ERR(dev_advise_raw(fd, kept[i].id, kept[i].gen, 0, RB_ADVISE_PURGEABLE, NULL), 0);
	CHECK_EQ(listed(fd, NULL), nr);
	CHECK_ERR(dev_compact(fd, -1, RB_COMPACT_SYNC_FULL, 0, &c), 0);
	CHECK(c.migrated > 0);
	CHECK_EQ(listed(fd, NULL), nr);
	CHECK_EQ(now(fd).nr_isolated, 0);
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	CHECK_EQ(listed(fd, NULL), 0);
	close(fd);
}

/* A file's worth of threads with this name; their states into `states`. */
static int threads(const char *name, char *states)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	int nr = 0;

	while (d && (e = readdir(d))) {
		char path[300], *text, *p;

		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/stat", e->d_name);
		text = text_read(path);
		p = text ? strchr(text, '(') : NULL;
		if (p && !strncmp(p + 1, name, strlen(name)) && p[1 + strlen(name)] == ')') {
			nr++;
			*states = p[strlen(name) + 3];
		}
		free(text);
	}
	if (d)
		closedir(d);
	return nr;
}

static void names(void)
{
	char name[32], state = 0;
	int fd = start();

	CHECK(rb_wait_for(both_asleep, &fd, 5000));
	for (int i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), i ? "rb_kcompactd%d" : "rb_kswapd%d", nid);
		if (!CHECK_EQ(threads(name, &state), 1))
			rb_diag("that was %s", name);
		/* Asleep, and no part of the load. */
		CHECK(state == 'S' || state == 'I' || state == 'R');
	}
	close(fd);
}

/* Below low kswapd wakes, drops until a zone is above high, and sleeps again. */
static void kswapd_balances(void)
{
	struct rb_node_stat before, after;
	struct vmstat v0, v1;
	int fd = start();
	struct rb_alloc a;
	uint32_t nr = 0;

	CHECK(rb_wait_for(both_asleep, &fd, 5000));
	before = now(fd);
	NEED(vmstat_read(fd, &v0));
	/* May not wait: whatever is dropped, kswapd dropped it. */
	while (nr < 3 * MAX && !dev_alloc_as(fd, (MOVABLE & ~RB_GFP_DIRECT_RECLAIM) | RB_GFP_NOWARN, 0,
					     RB_ALLOC_PURGEABLE, &a) && nr < MAX - 64)
		nr++;
	rb_diag("%u purgeable pages allocated", nr);
	CHECK(rb_wait_for(both_asleep, &fd, rb_times(5000, 20000, 5000)));
	after = now(fd);
	NEED(vmstat_read(fd, &v1));
	rb_diag("kswapd: %llu runs, %lld wakes, scanned %lld, dropped %lld, low quickly %lld, "
		"high quickly %lld", (unsigned long long)(after.kswapd_runs - before.kswapd_runs),
		vmstat_delta(&v0, &v1, "rb_kswapd_wake"), vmstat_delta(&v0, &v1, "pgscan_kswapd"),
		vmstat_delta(&v0, &v1, "pgsteal_kswapd"),
		vmstat_delta(&v0, &v1, "kswapd_low_wmark_hit_quickly"),
		vmstat_delta(&v0, &v1, "kswapd_high_wmark_hit_quickly"));
	CHECK(after.kswapd_runs > before.kswapd_runs);
	CHECK(vmstat_delta(&v0, &v1, "rb_kswapd_wake") > 0);
	CHECK(vmstat_delta(&v0, &v1, "pageoutrun") > 0);
	CHECK(vmstat_delta(&v0, &v1, "pgsteal_kswapd") > 0);
	CHECK(vmstat_delta(&v0, &v1, "pgscan_kswapd") >= vmstat_delta(&v0, &v1, "pgsteal_kswapd"));
	CHECK_EQ(vmstat_delta(&v0, &v1, "pgsteal_direct"), 0);
	CHECK_EQ(vmstat_delta(&v0, &v1, "allocstall_normal"), 0);
	CHECK_EQ(after.kswapd_failures, 0);
	/* Row 126: one zone above high is enough. */
	const struct region *r = region_now(fd);
	bool balanced = false;

	for (int z = 0; z < NR_ZONES; z++)
		balanced |= r->has[z] && r->zone[z].free >= r->zone[z].high;
	CHECK(balanced);
	close(fd);
}

static bool is_hopeless(void *fd)
{
	struct rb_node_stat n;
	struct rb_alloc a;

	if (dev_alloc(*(int *)fd, RB_GFP_NOWAIT, 0, &a) != -ENOMEM)
		return false;
	return !dev_node(*(int *)fd, nid, &n) && n.kswapd_state == RB_THREAD_HOPELESS;
}

static bool is_not_hopeless(void *fd)
{
	struct rb_node_stat n;

	return !dev_node(*(int *)fd, nid, &n) && n.kswapd_state == RB_THREAD_ASLEEP;
}

static uint64_t node_unreclaimable(void)
{
	char *text = text_read(RB_DEBUGFS "/zoneinfo");
	uint64_t value = ~0ull;

	CHECK(text && text_value(text, "  node_unreclaimable:", &value));
	free(text);
	return value;
}

/* Row 128: nothing to drop, 16 times over: it gives up, and nobody wakes it. */
static void hopeless(void)
{
	static struct rb_block b[MAX];
	struct rb_node_stat n;
	struct rb_alloc a;
	int fd = start();
	uint64_t runs;

	CHECK_EQ(node_unreclaimable(), 0);
	CHECK(dev_fill(fd, RB_GFP_KERNEL, 0, b, MAX) > 1000);
	CHECK(rb_wait_for(is_hopeless, &fd, rb_times(10000, 40000, 10000)));
	CHECK_EQ(node_unreclaimable(), 1);
	n = now(fd);
	CHECK(n.kswapd_failures >= 16);
	runs = n.kswapd_runs;
	for (int i = 0; i < 100; i++)
		CHECK_ERR(dev_alloc(fd, RB_GFP_NOWAIT, 0, &a), ENOMEM);
	usleep(200000);
	CHECK_EQ(now(fd).kswapd_runs, runs);
	/* Given back by itself it has hope again: pages came back by the CPUs' stocks. */
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	CHECK_ERR(dev_drain(fd, RB_ALL, RB_ALL, RB_ALL), 0);
	if (!rb_wait_for(is_not_hopeless, &fd, 2000)) {
		struct rb_reclaim d;

		rb_diag("still without hope after all was freed; with progress it comes back");
		for (int i = 0; i < 8; i++)
			CHECK_ERR(dev_alloc_as(fd, MOVABLE, 0, RB_ALLOC_PURGEABLE, &a), 0);
		CHECK_ERR(dev_reclaim(fd, 8, &d), 0);
		CHECK(rb_wait_for(is_not_hopeless, &fd, 2000));
	}
	CHECK_EQ(node_unreclaimable(), 0);
	close(fd);
}

RB_PROGRAM(O08_node_stat, 0,
	{ "errors_in_their_order", errors },
	{ "idle_node", idle },
	{ "lists_have_what_is_purgeable", lists },
	{ "lists_follow_moved_blocks", lists_follow },
	{ "threads_have_their_names", names },
	{ "row_126_127_kswapd_wakes_balances_sleeps", kswapd_balances },
	{ "row_128_hopeless", hopeless },
);
