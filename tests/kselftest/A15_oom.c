// SPDX-License-Identifier: GPL-2.0
/*
 * When nothing else helps: the client with the largest badness loses its blocks. Who is chosen, who
 * never is, which requests may ask for it, and what the victim sees.
 */
#include "rb_test.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>

#define BUS	(SIGBUS << 8 | BUS_ADRERR)
#define MAX	16384u
#define QUIET	RB_GFP_NOWARN

/* A process that holds pages, and tells afterwards what has become of them. */
static struct holder {
	pid_t pid;
	int to[2], from[2];
	/* Told. */
	uint32_t got, wrong;
	int fault, alloc, free, advise, after_reset;
	uint64_t used;
} *h;

static struct rb_block plug[MAX];
static int plug_fd = -1;

static void say(const int *pipe, char c)
{
	CHECK_EQ(write(pipe[1], &c, 1), 1);
}

static bool hear(const int *pipe, int seconds)
{
	struct pollfd p = { .fd = pipe[0], .events = POLLIN };
	char c;

	return poll(&p, 1, seconds * 1000) == 1 && read(pipe[0], &c, 1) == 1;
}

/* Takes pages of one node. */
static uint32_t fill_node(int fd, int nid, uint32_t gfp, struct rb_block *b, uint32_t max)
{
	struct rb_alloc a;
	uint32_t nr;

	gfp = (gfp & ~RB_GFP_RECLAIM) | RB_GFP_MEMALLOC | RB_GFP_THISNODE | QUIET;
	for (nr = 0; nr < max; nr++) {
		a = (struct rb_alloc){ .gfp = gfp, .nid = nid };
		if (dev_ioctl(fd, RB_ALLOC, &a) &&
		    (dev_drain(fd, RB_ALL, RB_ALL, RB_ALL) || dev_ioctl(fd, RB_ALLOC, &a)))
			break;
		b[nr] = (struct rb_block){ .id = a.id, .gen = a.gen };
	}
	return nr;
}

static uint32_t fill(int fd, int nid, uint32_t gfp, struct rb_block *b, uint32_t max)
{
	return nid < 0 ? dev_fill(fd, gfp, 0, b, max) : fill_node(fd, nid, gfp, b, max);
}

static void hold(struct holder *me, int nid, int adj, uint32_t pages)
{
	static struct rb_block b[MAX];
	struct rb_alloc a;
	struct rb_query q;
	char *p;
	int fd;

	rb_oom_score_adj(adj);
	fd = dev_open();
	me->got = fill(fd, nid, RB_GFP_KERNEL, b, pages);
	p = dev_map_id(fd, b[0].id, 0);
	NEED(me->got && p != MAP_FAILED);
	pattern_fill(p, 5);
	say(me->from, 'r');
	if (!hear(me->to, 300))
		_exit(1);
	/* Now it is over. */
	me->fault = rb_probe_read(p);
	me->wrong = me->fault ? 0 : pattern_wrong(p, 5);
	me->free = -dev_free_raw(fd, b[1].id, b[1].gen, 0, 0);
	me->advise = -dev_advise_raw(fd, b[2].id, b[2].gen, 0, RB_ADVISE_MOVABLE, NULL);
	me->alloc = -dev_alloc(fd, RB_GFP_NOWAIT, 0, &a);
	me->used = dev_query(fd, &q) ? ~0ull : q.used_by_me;
	if (me->alloc == EOWNERDEAD) {
		munmap(p, PAGE);
		CHECK_ERR(dev_reset(fd, RB_RESET_FD | RB_RESET_ZAP), 0);
		me->after_reset = -dev_alloc(fd, RB_GFP_NOWAIT, 0, &a);
	}
	say(me->from, 't');
	hear(me->to, 300);
	_exit(0);
}

/* On one node, or on any: -1. */
static bool start_holder(struct holder *me, int nid, int adj, uint32_t pages)
{
	pid_t pid;

	memset(me, 0, sizeof(*me));
	if (!CHECK(!pipe(me->to)) || !CHECK(!pipe(me->from)))
		return false;
	pid = rb_fork();
	if (pid == 0) {
		hold(me, nid, adj, pages);
		_exit(1);
	}
	me->pid = pid;
	return CHECK(hear(me->from, 60));
}

static void tell(struct holder *me)
{
	say(me->to, 't');
	CHECK(hear(me->from, 60));
}

static void end(struct holder *me)
{
	if (plug_fd >= 0)
		close(plug_fd);
	plug_fd = -1;
	kill(me->pid, SIGKILL);
	rb_wait(me->pid);
	close(me->to[0]);
	close(me->to[1]);
	close(me->from[0]);
	close(me->from[1]);
}

static void lost_all(struct holder *me)
{
	tell(me);
	CHECK_EQ(me->fault, BUS);
	CHECK_EQ(me->alloc, EOWNERDEAD);
	CHECK_EQ(me->free, EOWNERDEAD);
	CHECK_EQ(me->advise, EOWNERDEAD);
	CHECK_EQ(me->used, 0);
	CHECK_EQ(me->after_reset, 0);
}

static void kept_all(struct holder *me)
{
	tell(me);
	CHECK_EQ(me->fault, 0);
	CHECK_EQ(me->wrong, 0);
	CHECK_EQ(me->advise, 0);
	CHECK_EQ(me->free, 0);
	CHECK(me->alloc == 0 || me->alloc == ENOMEM);
	CHECK_EQ(me->used, me->got - 1 + !me->alloc);
}

static int start(void)
{
	int fd;

	rb_watchdog(120);
	/* Not this process: it has the zone of movable pages, so that nobody helps himself there. */
	rb_oom_score_adj(-1000);
	fd = dev_open();
	dev_no_upkeep(fd);
	h = rb_shared(4096);
	CHECK(region_now(fd)->query.managed_pages <= MAX);
	return h == MAP_FAILED ? -1 : fd;
}

/* What is left for requests that may not use the zone of movable pages. */
static uint64_t pages_for_kernel(int fd)
{
	const struct region *r = region_now(fd);
	uint64_t nr = 0;

	for (int z = 0; z < RB_ZONE_MOVABLE; z++)
		if (r->has[z])
			nr += r->zone[z].free + r->zone[z].pcp_total;
	return nr;
}

/* Holders of these shares of it, in percent, the last of the rest. */
static bool holders(int n, const unsigned int *percent, const int *adj)
{
	int fd = dev_open();
	uint64_t all = pages_for_kernel(fd);

	for (int i = 0; i < n; i++)
		if (!start_holder(&h[i], -1, adj[i], i == n - 1 ? MAX : (uint32_t)(all * percent[i] / 100)))
			return false;
	CHECK_EQ(pages_for_kernel(fd), 0);
	close(fd);
	plug_fd = dev_open();
	CHECK(dev_fill(plug_fd, RB_GFP_HIGHUSER_MOVABLE, 0, plug, MAX) > 1000);
	return true;
}

static int timed_alloc(int fd, uint32_t gfp, uint32_t order)
{
	struct rb_alloc a;
	uint64_t t = rb_now_ns();
	int err = dev_alloc(fd, gfp | QUIET, order, &a);

	t = (rb_now_ns() - t) / 1000000;
	if (!CHECK(t < rb_times(15000, 60000, 15000)))
		rb_diag("gfp %#x order %u took %llu ms", gfp, order, (unsigned long long)t);
	return err;
}

static void largest(void)
{
	const unsigned int percent[] = { 25, 45, 30 };
	const int adj[] = { 0, 0, 0 };
	int fd = start();
	uint64_t kills = vmstat_now(fd, "oom_kill");

	NEED(holders(3, percent, adj));
	CHECK_ERR(timed_alloc(fd, RB_GFP_KERNEL, 0), 0);
	CHECK_EQ(vmstat_now(fd, "oom_kill"), kills + 1);
	kept_all(&h[0]);
	lost_all(&h[1]);
	kept_all(&h[2]);
	for (int i = 0; i < 3; i++)
		end(&h[i]);
	close(fd);
}

/* What its owner's oom_score_adj says counts: 1000 is the whole region, -1000 is never. */
static void score_counts(void)
{
	const unsigned int percent[] = { 10, 50, 40 };
	const int adj[2][3] = { { 800, 0, 0 }, { 0, -1000, 0 } };
	const int victim[2] = { 0, 2 };

	for (int k = 0; k < 2; k++) {
		int fd = start();

		NEED(holders(3, percent, adj[k]));
		CHECK_ERR(timed_alloc(fd, RB_GFP_KERNEL, 0), 0);
		for (int i = 0; i < 3; i++)
			(i == victim[k] ? lost_all : kept_all)(&h[i]);
		for (int i = 0; i < 3; i++)
			end(&h[i]);
		close(fd);
	}
}

/* Rows 113, 115, 119: who must not ask for it gets ENOMEM, and everybody keeps everything. */
static void gates(void)
{
	static const struct { uint32_t gfp, order; const char *name; } t[] = {
		{ RB_GFP_NOWAIT, 0, "NOWAIT" }, { RB_GFP_ATOMIC, 0, "ATOMIC" },
		{ RB_GFP_KERNEL | RB_GFP_NORETRY, 0, "NORETRY" },
		{ RB_GFP_KERNEL | RB_GFP_RETRY_MAYFAIL, 0, "RETRY_MAYFAIL" },
		{ RB_GFP_KERNEL | RB_GFP_THISNODE, 0, "THISNODE" },
		{ RB_GFP_KERNEL | RB_GFP_DMA, 0, "DMA" }, { RB_GFP_KERNEL, 4, "order 4" },
		{ RB_GFP_KERNEL, 10, "order 10" }, { RB_GFP_TRANSHUGE, 9, "TRANSHUGE" },
		{ RB_GFP_TRANSHUGE_LIGHT, 9, "TRANSHUGE_LIGHT" },
		{ RB_GFP_HIGHUSER_MOVABLE | RB_GFP_RETRY_MAYFAIL, 3, "movable, RETRY_MAYFAIL" },
	};
	const unsigned int percent[] = { 60, 40 };
	const int adj[] = { 0, 0 };
	int fd = start();
	uint64_t kills = vmstat_now(fd, "oom_kill");

	NEED(holders(2, percent, adj));
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		if (!CHECK_ERR(timed_alloc(fd, t[i].gfp, t[i].order), ENOMEM) ||
		    !CHECK_EQ(vmstat_now(fd, "oom_kill"), kills))
			rb_diag("that was %s", t[i].name);
	for (int i = 0; i < 2; i++) {
		kept_all(&h[i]);
		end(&h[i]);
	}
	close(fd);
}

static pid_t ask(uint32_t gfp, uint32_t order)
{
	pid_t pid = rb_fork();

	if (pid == 0) {
		struct rb_alloc a;

		rb_oom_score_adj(-1000);
		_exit(-dev_alloc(dev_open(), gfp | QUIET, order, &a) & 0x7f);
	}
	return pid;
}

static void killed_soon(pid_t pid)
{
	uint64_t t = rb_now_ns();

	kill(pid, SIGKILL);
	CHECK_EQ(rb_wait(pid), 128 + SIGKILL);
	t = (rb_now_ns() - t) / 1000;
	rb_diag("gone after %llu us", (unsigned long long)t);
	CHECK(t < rb_times(1000, 4000, 1000) * 1000ull);
}

/* Who waits until there is something: gets it when there is, and dies when it is told to. */
static void waits(uint32_t gfp, int adj)
{
	const unsigned int percent[] = { 50, 50 };
	const int adjs[] = { adj, adj };
	int fd = start();
	uint64_t kills = vmstat_now(fd, "oom_kill");
	pid_t a, b;

	NEED(holders(2, percent, adjs));
	a = ask(gfp, 0);
	b = ask(gfp, 0);
	usleep(700000);
	CHECK(!rb_has_ended(&a));
	CHECK(!rb_has_ended(&b));
	killed_soon(a);
	CHECK(!rb_has_ended(&b));
	CHECK_EQ(vmstat_now(fd, "oom_kill"), kills);
	end(&h[0]);
	CHECK(rb_wait_for(rb_has_ended, &b, rb_times(5000, 20000, 5000)));
	if (rb_has_ended(&b))
		CHECK_EQ(rb_wait(b), 0);
	else
		killed_soon(b);
	kept_all(&h[1]);
	end(&h[1]);
	close(fd);
}

/* Row 120: without FS nobody is taken anything, and the request goes on trying. */
static void nofs(void) { waits(RB_GFP_NOFS, 0); }
static void noio(void) { waits(RB_GFP_NOIO, 0); }
/* Row 122: never without a block, but killable. */
static void nofail(void) { waits(RB_GFP_KERNEL | RB_GFP_NOFAIL, -1000); }

static void nofail_values(void)
{
	struct rb_alloc a;
	int fd = start();

	CHECK_ERR(dev_alloc(fd, RB_GFP_NOFAIL, 0, &a), EINVAL);
	CHECK_ERR(dev_alloc(fd, RB_GFP_NOWAIT | RB_GFP_NOFAIL, 0, &a), EINVAL);
	CHECK_ERR(dev_alloc(fd, RB_GFP_ATOMIC | RB_GFP_NOFAIL, 0, &a), EINVAL);
	CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL | RB_GFP_NOFAIL, 0, &a), 0);
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL | RB_GFP_NOFAIL, 1, &a), 0);
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	close(fd);
}

/* Where it may take: NOFAIL takes, as anybody else. */
static void nofail_takes(void)
{
	const unsigned int percent[] = { 70, 30 };
	const int adj[] = { 0, 0 };
	int fd = start();

	NEED(holders(2, percent, adj));
	CHECK_ERR(timed_alloc(fd, RB_GFP_KERNEL | RB_GFP_NOFAIL, 0), 0);
	lost_all(&h[0]);
	kept_all(&h[1]);
	for (int i = 0; i < 2; i++)
		end(&h[i]);
	close(fd);
}

/* All are protected: the request fails, and nothing else happens. */
static void no_victim(void)
{
	const unsigned int percent[] = { 50, 50 };
	const int adj[] = { -1000, -1000 };
	int fd = start();
	uint64_t kills = vmstat_now(fd, "oom_kill");

	NEED(holders(2, percent, adj));
	for (int i = 0; i < 3; i++)
		CHECK_ERR(timed_alloc(fd, RB_GFP_KERNEL, i), ENOMEM);
	CHECK_EQ(vmstat_now(fd, "oom_kill"), kills);
	for (int i = 0; i < 2; i++) {
		kept_all(&h[i]);
		end(&h[i]);
	}
	close(fd);
}

/* Whoever has nothing on the nodes of the request is left alone, be it the largest. */
static void nodes_count(void)
{
	struct rb_alloc a = { .gfp = RB_GFP_KERNEL | QUIET, .nid = RB_NO_NODE, .nodemask = 1 };
	struct rb_query q;
	uint64_t kills;
	int fd;

	NEED(rb_load("size_mb=16 nids=3"));
	fd = start();
	NEED(fd >= 0 && !dev_query(fd, &q));
	if (q.nr_nodes < 2) {
		rb_skip("one node only");
		return;
	}
	kills = vmstat_now(fd, "oom_kill");
	NEED(start_holder(&h[0], 0, 0, 1000) && start_holder(&h[1], 1, 0, MAX));
	plug_fd = dev_open();
	NEED(fill_node(plug_fd, 0, RB_GFP_KERNEL, plug, MAX) > 100);
	CHECK(h[1].got > h[0].got);
	CHECK_ERR(dev_ioctl(fd, RB_ALLOC, &a), 0);
	CHECK_EQ(a.got_nid, 0);
	CHECK_EQ(vmstat_now(fd, "oom_kill"), kills + 1);
	lost_all(&h[0]);
	kept_all(&h[1]);
	end(&h[0]);
	end(&h[1]);
	close(fd);
	rb_load("size_mb=64");
}

/* Who asks may be the largest itself. */
static void oneself(void)
{
	static struct rb_block b[MAX];
	struct rb_alloc a;
	struct rb_query q;
	int fd = start(), err;
	uint64_t kills = vmstat_now(fd, "oom_kill");

	rb_oom_score_adj(0);
	CHECK(dev_fill(fd, RB_GFP_KERNEL, 0, b, MAX) > 1000);
	err = timed_alloc(fd, RB_GFP_KERNEL, 0);
	rb_diag("the largest of all asked for more and got %s", rb_errname(-err));
	CHECK(err == -EOWNERDEAD || err == -ENOMEM);
	CHECK_EQ(vmstat_now(fd, "oom_kill"), kills + 1);
	CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL, 0, &a), EOWNERDEAD);
	CHECK_ERR(dev_free_raw(fd, b[0].id, b[0].gen, 0, 0), EOWNERDEAD);
	CHECK_ERR(dev_query(fd, &q), 0);
	CHECK_EQ(q.used_by_me, 0);
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL, 0, &a), 0);
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	close(fd);
}

/* Several ask at the same time: one victim is enough for all of them. */
static void one_at_a_time(void)
{
	const unsigned int percent[] = { 20, 38, 42 };
	const int adj[] = { 0, 0, 0 };
	pid_t pid[6];
	int fd = start();
	uint64_t kills = vmstat_now(fd, "oom_kill");

	NEED(holders(3, percent, adj));
	for (size_t i = 0; i < ARRAY_SIZE(pid); i++)
		pid[i] = ask(RB_GFP_KERNEL, i % 3);
	for (size_t i = 0; i < ARRAY_SIZE(pid); i++)
		CHECK_EQ(rb_wait(pid[i]), 0);
	CHECK_EQ(vmstat_now(fd, "oom_kill"), kills + 1);
	kept_all(&h[0]);
	kept_all(&h[1]);
	lost_all(&h[2]);
	for (int i = 0; i < 3; i++)
		end(&h[i]);
	close(fd);
}

/* Never while contents could be dropped instead. */
static void dropped_first(void)
{
	static struct rb_block b[MAX];
	struct vmstat before, after;
	struct rb_alloc a;
	int fd = start(), hog = dev_open();
	unsigned int nr = 0;

	while (nr < 4000 && !dev_alloc_as(fd, RB_GFP_KERNEL, 0, RB_ALLOC_PURGEABLE, &a))
		nr++;
	dev_fill(hog, RB_GFP_KERNEL, 0, b, MAX);
	NEED(vmstat_read(fd, &before));
	for (int i = 0; i < 2000; i++)
		if (!CHECK_ERR(dev_alloc(hog, RB_GFP_KERNEL | QUIET, 0, &a), 0))
			break;
	NEED(vmstat_read(fd, &after));
	CHECK_EQ(vmstat_delta(&before, &after, "oom_kill"), 0);
	CHECK(vmstat_delta(&before, &after, "pgsteal_direct") +
	      vmstat_delta(&before, &after, "pgsteal_kswapd") >= 2000);
	close(hog);
	close(fd);
}

static void event(void)
{
	const unsigned int percent[] = { 60, 40 };
	const int adj[] = { 0, 0 };
	int fd = start(), e = eventfd(0, EFD_NONBLOCK);
	uint64_t nr = 0;

	CHECK_ERR(dev_event_set(fd, e, RB_PRESSURE_OOM, 0), 0);
	NEED(holders(2, percent, adj));
	CHECK(read(e, &nr, 8) < 0);
	CHECK_ERR(timed_alloc(fd, RB_GFP_KERNEL, 0), 0);
	CHECK(poll(&(struct pollfd){ .fd = e, .events = POLLIN }, 1, 5000) == 1);
	CHECK_EQ(read(e, &nr, 8), 8);
	CHECK_EQ(nr, 1);
	for (int i = 0; i < 2; i++)
		end(&h[i]);
	close(e);
	close(fd);
}

/* Loaded with oom_kill=1: the victim's process goes with its blocks; else it stays (all above). */
static void with_oom_kill(void)
{
	const unsigned int percent[] = { 70, 30 };
	const int adj[] = { 0, 0 };
	int fd;

	NEED(rb_load("size_mb=64 oom_kill=1"));
	fd = start();
	NEED(fd >= 0 && holders(2, percent, adj));
	CHECK_ERR(timed_alloc(fd, RB_GFP_KERNEL, 0), 0);
	CHECK(rb_wait_for(rb_has_ended, &h[0].pid, rb_times(2000, 8000, 2000)));
	if (rb_has_ended(&h[0].pid))
		CHECK_EQ(rb_wait(h[0].pid), 128 + SIGKILL);
	kept_all(&h[1]);
	end(&h[1]);
	close(fd);
	rb_load("size_mb=64");
}

/* The largest asks, and is killed: what it shared with a child is gone there, too. */
static void oneself_with_oom_kill(void)
{
	static struct rb_block b[MAX];
	struct rb_alloc a;
	uint64_t all;
	pid_t pid;
	int fd;

	NEED(rb_load("size_mb=64 oom_kill=1"));
	fd = start();
	all = region_pages_left(fd);
	pid = rb_fork();
	if (pid == 0) {
		int mine;

		rb_oom_score_adj(0);
		mine = dev_open();
		CHECK(dev_fill(mine, RB_GFP_KERNEL, 0, b, MAX) > 1000);
		h->got = b[0].id;
		/* Outlives its parent, and with it the file and the mapping. */
		if (fork() == 0) {
			char *p = dev_map_id(mine, b[0].id, 0);

			pattern_fill(p, 5);
			h->pid = getpid();
			while (!h->used)
				usleep(1000);
			h->fault = rb_probe_read(p);
			_exit(0);
		}
		while (!__atomic_load_n(&h->pid, __ATOMIC_ACQUIRE))
			usleep(1000);
		timed_alloc(mine, RB_GFP_KERNEL, 0);
		_exit(1);
	}
	CHECK_EQ(rb_wait(pid), 128 + SIGKILL);
	CHECK_EQ(region_pages_left(fd), all);
	h->fault = -1;
	__atomic_store_n(&h->used, 1, __ATOMIC_RELEASE);
	for (int i = 0; i < 5000 && __atomic_load_n(&h->fault, __ATOMIC_ACQUIRE) == -1; i++)
		usleep(1000);
	CHECK_EQ(h->fault, BUS);
	CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL, 0, &a), 0);
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	close(fd);
	rb_load("size_mb=64");
}

/* So much must be free before a request no longer needs a victim. */
static uint64_t high_of_all(int fd)
{
	const struct region *r = region_now(fd);
	uint64_t nr = 0;

	for (int z = 0; z < RB_ZONE_MOVABLE; z++)
		nr += r->has[z] ? r->zone[z].high + r->zone[z].protection[RB_ZONE_NORMAL] : 0;
	return nr;
}

/* Has somebody begin to take everything from the first holder, and die; what the latter still has. */
static uint64_t reap_half(int fd)
{
	pid_t pid = ask(RB_GFP_KERNEL, 0);
	uint64_t left;

	/* So much that the other one has more now. */
	while (pages_for_kernel(fd) < h[0].got / 3 && !rb_has_ended(&pid))
		;
	kill(pid, SIGKILL);
	rb_wait(pid);
	left = pages_for_kernel(fd);
	CHECK(dev_fill(plug_fd, RB_GFP_KERNEL, 0, plug, MAX) >= left);
	return left < h[0].got ? h[0].got - left : 0;
}

/*
 * Who takes everything dies before he is done: the next one goes on, and chooses nobody else. Unless
 * what is still to be had is too little: then one more loses everything, and rightly so.
 */
static void half_reaped(void)
{
	const unsigned int percent[] = { 55, 45 };
	const int adj[] = { 0, 0 };
	int fd = start();
	unsigned int half = 0;

	for (unsigned int i = 0; i < rb_times(6, 3, 30); i++) {
		uint64_t rest;
		bool enough;

		NEED(holders(2, percent, adj));
		rest = reap_half(fd);
		enough = rest > 2 * high_of_all(fd);
		if (enough) {
			half++;
			CHECK_ERR(timed_alloc(fd, RB_GFP_KERNEL, 0), 0);
		}
		if (enough || rest == 0)
			lost_all(&h[0]);
		kept_all(&h[1]);
		for (int k = 0; k < 2; k++)
			end(&h[k]);
		CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	}
	rb_diag("%u times in the midst of it", half);
	CHECK(half > 0);
	close(fd);
}

RB_PROGRAM(A15_oom, 0,
	{ "the_largest_is_chosen", largest },
	{ "oom_score_adj_of_the_owner_counts", score_counts },
	{ "row_113_115_119_gates", gates },
	{ "row_120_NOFS_waits_and_takes_nothing", nofs },
	{ "NOIO_waits_and_takes_nothing", noio },
	{ "row_122_NOFAIL_waits", nofail },
	{ "NOFAIL_needs_to_be_allowed_to_wait", nofail_values },
	{ "NOFAIL_takes_from_the_largest", nofail_takes },
	{ "no_victim_is_ENOMEM", no_victim },
	{ "oneself_may_be_the_largest", oneself },
	{ "one_victim_for_several_requests", one_at_a_time },
	{ "not_while_contents_can_be_dropped", dropped_first },
	{ "event_is_signalled", event },
	{ "who_has_nothing_on_the_nodes_is_left_alone", nodes_count },
	{ "who_is_half_reaped_is_chosen_again", half_reaped },
	{ "with_oom_kill_the_process_goes_too", with_oom_kill },
	{ "with_oom_kill_oneself_loses_all_before", oneself_with_oom_kill },
);
