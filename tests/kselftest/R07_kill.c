// SPDX-License-Identifier: GPL-2.0
/* SIGKILL at any moment: the process is gone soon and every page is back. */
#include "rb_test.h"

#include <signal.h>

static void busy_process(void)
{
	static struct rb_block b[1024];
	struct rb_query q;
	struct rb_verify v;
	uint64_t seed = rb_now_ns() | 1;
	int fd = dev_open_mode(O_RDWR);
	uint32_t done;

	dev_query(fd, &q);
	for (;;) {
		uint32_t order = rb_random(&seed) % 4;

		dev_bulk(fd, RB_GFP_HIGHUSER_MOVABLE, order, b, 1 + rb_random(&seed) % 1024, &done);
		if (done) {
			uint64_t at = RB_MMAP_BASE + ((uint64_t)b[0].id << q.window_shift);
			char *p = dev_map(fd, at, PAGE, PROT_READ | PROT_WRITE);

			if (p != MAP_FAILED)
				memset(p, 1, PAGE);
		}
		dev_verify(fd, &v);
		dev_free_bulk(fd, b, done, rb_random(&seed) & 1, &done);
		dev_reset(fd, RB_RESET_FD | RB_RESET_ZAP);
	}
}

static void killed_any_time(void)
{
	uint64_t seed = rb_seed(), worst = 0;
	int fd = dev_open();
	uint64_t left = region_pages_left(fd);

	for (unsigned int i = 0; i < rb_times(60, 20, 1000); i++) {
		pid_t pid = rb_fork();
		uint64_t t;

		if (pid == 0)
			busy_process();
		usleep(rb_random(&seed) % 20000);
		t = rb_now_ns();
		kill(pid, SIGKILL);
		CHECK_EQ(rb_wait(pid), 128 + SIGKILL);
		t = rb_now_ns() - t;
		worst = t > worst ? t : worst;
		if (!CHECK_EQ(region_pages_left(fd), left))
			break;
	}
	rb_diag("the slowest was gone after %llu us", (unsigned long long)worst / 1000);
	CHECK(worst < (rb_rig('b') ? 10 : 2) * 1000000000ull);
	close(fd);
}

/* ---- in the slow path ---- */

static struct shared {
	uint64_t calls;
	uint32_t inside;
	uint64_t at[2];		/* what each of two does, as the random number that chose it */
} *sh;

/* Every way to wait, or to work for long, while there is next to nothing. */
static void slow_process(unsigned int me, uint64_t seed)
{
	static const uint32_t kinds[] = {
		RB_GFP_KERNEL, RB_GFP_HIGHUSER_MOVABLE, RB_GFP_NOFS, RB_GFP_NOIO,
		RB_GFP_KERNEL | RB_GFP_NOFAIL, RB_GFP_KERNEL | RB_GFP_RETRY_MAYFAIL,
		RB_GFP_TRANSHUGE | RB_GFP_RETRY_MAYFAIL,
	};
	int fd;

	rb_oom_score_adj(-1000);
	fd = dev_open_mode(O_RDWR);
	for (;;) {
		uint64_t r = rb_random(&seed);
		struct rb_reclaim d;
		struct rb_compact c;
		struct rb_alloc a;

		sh->at[me] = r;
		if (r % 8 == 0)
			dev_compact(fd, -1, RB_COMPACT_SYNC_FULL, 0, &c);
		else if (r % 8 == 1)
			dev_reclaim(fd, 1000, &d);
		else
			dev_alloc_as(fd, kinds[(r >> 8) % ARRAY_SIZE(kinds)] | RB_GFP_NOWARN,
				     r >> 16 & 7 ? 0 : (r >> 24) % 10,
				     r >> 32 & 1 ? RB_ALLOC_PURGEABLE : 0, &a);
		__atomic_add_fetch(&sh->calls, 1, __ATOMIC_RELAXED);
	}
}

static const char *what(uint64_t r)
{
	static char text[64];

	if (r % 8 < 2)
		return r % 8 ? "RB_RECLAIM" : "RB_COMPACT";
	snprintf(text, sizeof(text), "RB_ALLOC, kind %u, order %u", (unsigned int)((r >> 8) % 7),
		 (unsigned int)(r >> 16 & 7 ? 0 : (r >> 24) % 10));
	return text;
}

/* How long a process still lives that has been killed, while the machine runs, in us. */
static uint64_t killed(pid_t pid)
{
	struct rb_watch watch;
	uint64_t us, stood;

	rb_watch_start(&watch);
	kill(pid, SIGKILL);
	CHECK_EQ(rb_wait(pid), 128 + SIGKILL);
	us = rb_watch_us(&watch, &stood);
	if (stood > 500000)
		rb_diag("%llu us until it was gone, and %llu that no CPU ran", (unsigned long long)us,
			(unsigned long long)stood);
	return us;
}

static bool within_a_second(uint64_t us)
{
	return CHECK(us < rb_times(1000, 4000, 1000) * 1000ull);
}

/* Half of the region is unmovable, a quarter movable with holes: the rest is fought for. */
static int crowd(void)
{
	static struct rb_block kept[65536];
	uint64_t seed = rb_seed();
	int fd;
	uint32_t nr;

	rb_watchdog(rb_soak() ? 3000 : 200);
	rb_oom_score_adj(-1000);
	rb_watch_cpus();
	sh = rb_shared(sizeof(*sh));
	fd = dev_open();
	nr = region_fragment(fd, 12, &seed, kept, ARRAY_SIZE(kept));
	for (uint32_t i = 0; i < nr; i += 3)
		CHECK_ERR(dev_advise_raw(fd, kept[i].id, kept[i].gen, 0, RB_ADVISE_UNMOVABLE, NULL), 0);
	for (uint32_t i = 1; i < nr; i += 9)
		CHECK_ERR(dev_advise_raw(fd, kept[i].id, kept[i].gen, 0, RB_ADVISE_PURGEABLE, NULL), 0);
	return fd;
}

static void killed_in_the_slow_path(void)
{
	uint64_t seed = rb_seed(), worst = 0, slowest = 0;
	unsigned int n = rb_times(50, 20, 1000);
	int fd = crowd();

	NEED(sh != MAP_FAILED);
	for (unsigned int i = 0; i < n; i++) {
		uint64_t left = rb_random(&seed) % 40000;
		pid_t pid[2];

		for (int k = 0; k < 2; k++) {
			pid[k] = rb_fork();
			if (pid[k] == 0)
				slow_process((unsigned int)k, seed + (uint64_t)k);
		}
		usleep((useconds_t)left);
		for (int k = 0; k < 2; k++) {
			uint64_t us = killed(pid[k]);

			within_a_second(us);
			if (us > worst) {
				worst = us;
				slowest = sh->at[k];
			}
		}
		if (rb_failures())
			break;
	}
	rb_diag("%u times two of them killed after %llu calls; the slowest was gone after %llu us, from %s",
		n, (unsigned long long)sh->calls, (unsigned long long)worst, what(slowest));
	CHECK(sh->calls > n);
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	CHECK(region_is_idle(fd));
	close(fd);
}

/* One call that does not end by itself, and SIGKILL. */
static void killed_in(void (*call)(int fd))
{
	static struct rb_block b[65536];
	int fd;
	pid_t pid;

	rb_watchdog(60);
	rb_oom_score_adj(-1000);
	rb_watch_cpus();
	fd = dev_open();
	sh = rb_shared(sizeof(*sh));
	NEED(sh != MAP_FAILED);
	dev_fill(fd, RB_GFP_HIGHUSER_MOVABLE, 0, b, ARRAY_SIZE(b));
	pid = rb_fork();
	if (pid == 0) {
		int mine = dev_open();

		__atomic_store_n(&sh->inside, 1, __ATOMIC_RELEASE);
		call(mine);
		_exit(0);
	}
	while (!__atomic_load_n(&sh->inside, __ATOMIC_ACQUIRE))
		usleep(1000);
	usleep(rb_times(300, 1500, 300) * 1000);
	within_a_second(killed(pid));
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	CHECK(region_is_idle(fd));
	close(fd);
}

static void call_nofail(int fd)
{
	struct rb_alloc a;

	dev_alloc(fd, RB_GFP_KERNEL | RB_GFP_NOFAIL | RB_GFP_NOWARN, 0, &a);
}

static void call_nofs(int fd)
{
	struct rb_alloc a;

	dev_alloc(fd, RB_GFP_NOFS | RB_GFP_NOWARN, 1, &a);
}

static void call_bulk(int fd)
{
	static struct rb_block b[4096];
	uint32_t done;

	for (;;)
		dev_bulk(fd, RB_GFP_KERNEL | RB_GFP_NOFAIL | RB_GFP_NOWARN, 0, b, 4096, &done);
}

static void call_compact(int fd)
{
	struct rb_compact c;

	for (;;)
		dev_compact(fd, -1, RB_COMPACT_SYNC_FULL, 0, &c);
}

static void call_event_wait(int fd)
{
	struct rb_event_wait w;

	CHECK_ERR(dev_event_set(fd, RB_NO_EVENTFD, RB_PRESSURE_COMPACT_DONE, 0), 0);
	dev_event_wait(fd, RB_PRESSURE_COMPACT_DONE, 0, &w);
}

/*
 * The clock that stops with the machine goes on while only this process waits, or works: both halves
 * count. Unless the machine did stand still for as long, which it does not each time.
 */
static void clock_goes_on(void)
{
	uint64_t us = 0, stood;

	rb_watchdog(60);
	rb_watch_cpus();
	for (int i = 0; i < 5 && us < 700000; i++) {
		struct rb_watch watch;
		uint64_t t = rb_now_ns();

		rb_watch_start(&watch);
		usleep(600000);
		while (rb_now_ns() - t < 1200000000ull)
			;
		us = rb_watch_us(&watch, &stood);
		rb_diag("%llu us ran, %llu us stood", (unsigned long long)us,
			(unsigned long long)stood);
		CHECK(us + stood >= 1100000);
	}
	CHECK(us >= 700000);
}

static void in_nofail(void) { killed_in(call_nofail); }
static void in_nofs(void) { killed_in(call_nofs); }
static void in_bulk(void) { killed_in(call_bulk); }
static void in_compact(void) { killed_in(call_compact); }
static void in_event_wait(void) { killed_in(call_event_wait); }

RB_PROGRAM(R07_kill, 0,
	{ "clock_goes_on_while_the_machine_runs", clock_goes_on },
	{ "killed_at_any_time_all_pages_back", killed_any_time },
	{ "killed_while_NOFAIL_waits", in_nofail },
	{ "killed_while_NOFS_tries", in_nofs },
	{ "killed_in_a_bulk_request", in_bulk },
	{ "killed_in_compaction", in_compact },
	{ "killed_while_it_waits_for_events", in_event_wait },
	{ "killed_in_the_slow_path_within_a_second", killed_in_the_slow_path },
);
