// SPDX-License-Identifier: GPL-2.0
/* Events by eventfd, by poll and by RB_EVENT_WAIT: each comes when it should, and only then. */
#include "rb_test.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>

#define MAX	16384u
#define SOON	2000	/* ms */

static struct rb_block b[MAX];

static int start(void)
{
	int fd = dev_open();

	rb_watchdog(60);
	rb_oom_score_adj(0);
	dev_no_upkeep(fd);
	CHECK(dev_has(fd, RB_FEATURE_EVENTS));
	return fd;
}

static short polled(int fd, short events, int ms)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, ms) < 0 ? -1 : p.revents;
}

static int counter(void)
{
	int e = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	CHECK(e >= 0);
	return e;
}

/* What an eventfd has counted since the last time, waiting a little for the first. */
static uint64_t count(int e, int ms)
{
	uint64_t nr = 0;

	if (ms && !polled(e, POLLIN, ms))
		return 0;
	return read(e, &nr, 8) == 8 ? nr : 0;
}

static uint32_t fill(int fd)
{
	return dev_fill(fd, RB_GFP_KERNEL, 0, b, MAX);
}

static void empty(int fd)
{
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	CHECK_ERR(dev_drain(fd, RB_ALL, RB_ALL, RB_ALL), 0);
}

static void errors(void)
{
	int fd = start(), ro = dev_open_mode(O_RDONLY), e = counter(), p[2], nid = region_now(fd)->nid;
	struct rb_event_set s;
	struct rb_event_clear c;
	struct rb_event_wait w;
	uint64_t hash = region_hash(fd);

	NEED(!pipe(p));
	const struct { int eventfd; uint32_t mask; int nid, zone; uint32_t flags, r0; uint64_t r1; int err; }
	t[] = {
		{ -2, RB_PRESSURE_ALL, RB_ALL, RB_ALL, 0, 0, 0, EBADF },
		{ 1000, RB_PRESSURE_ALL, RB_ALL, RB_ALL, 0, 0, 0, EBADF },
		{ p[0], RB_PRESSURE_ALL, RB_ALL, RB_ALL, 0, 0, 0, EINVAL },
		{ fd, RB_PRESSURE_ALL, RB_ALL, RB_ALL, 0, 0, 0, EINVAL },
		{ e, 0, RB_ALL, RB_ALL, 0, 0, 0, EINVAL },
		{ e, RB_PRESSURE_ALL + 1, RB_ALL, RB_ALL, 0, 0, 0, EINVAL },
		{ e, 1u << 31, RB_ALL, RB_ALL, 0, 0, 0, EINVAL },
		{ e, 1, nid + 1, RB_ALL, 0, 0, 0, ENODEV }, { e, 1, -2, RB_ALL, 0, 0, 0, ENODEV },
		{ e, 1, RB_ALL, NR_ZONES, 0, 0, 0, EINVAL }, { e, 1, RB_ALL, -2, 0, 0, 0, EINVAL },
		{ e, 1, RB_ALL, RB_ALL, 1, 0, 0, EINVAL }, { e, 1, RB_ALL, RB_ALL, 0, 1, 0, EINVAL },
		{ e, 1, RB_ALL, RB_ALL, 0, 0, 1, EINVAL },
		{ -2, 0, RB_ALL, RB_ALL, 0, 0, 0, EINVAL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		s = (struct rb_event_set){ .eventfd = t[i].eventfd, .mask = t[i].mask, .nid = t[i].nid,
			.zone = t[i].zone, .flags = t[i].flags, .reserved0 = t[i].r0 };
		s.reserved1[2] = t[i].r1;
		if (!CHECK_ERR(dev_ioctl(fd, RB_EVENT_SET, &s), t[i].err))
			rb_diag("that was entry %zu", i);
	}
	CHECK_ERR(dev_event_clear(fd, e), ENOENT);
	CHECK_ERR(dev_event_clear(fd, RB_NO_EVENTFD), ENOENT);
	c = (struct rb_event_clear){ .eventfd = e, .flags = 1 };
	CHECK_ERR(dev_ioctl(fd, RB_EVENT_CLEAR, &c), EINVAL);
	c = (struct rb_event_clear){ .eventfd = e, .reserved0 = 1 };
	CHECK_ERR(dev_ioctl(fd, RB_EVENT_CLEAR, &c), EINVAL);
	CHECK_ERR(dev_event_set(ro, e, 1, 0), EBADF);
	CHECK_ERR(dev_event_clear(ro, e), EBADF);
	/* Not subscribed. */
	CHECK_ERR(dev_event_wait(fd, RB_PRESSURE_PURGED, 1, &w), EINVAL);
	CHECK_ERR(dev_event_wait(fd, 0, 1, &w), EINVAL);
	/* The same twice. */
	CHECK_ERR(dev_event_set(fd, e, 1, 0), 0);
	CHECK_ERR(dev_event_set(fd, e, 2, 0), EEXIST);
	CHECK_ERR(dev_event_wait(fd, 1, 1, &w), EINVAL);	/* an eventfd is no file of ours */
	CHECK_ERR(dev_event_clear(fd, e), 0);
	CHECK_ERR(dev_event_clear(fd, e), ENOENT);
	CHECK_ERR(dev_event_set(fd, RB_NO_EVENTFD, RB_PRESSURE_PURGED, 0), 0);
	CHECK_ERR(dev_event_set(fd, RB_NO_EVENTFD, 2, 0), EEXIST);
	CHECK_ERR(dev_event_wait(fd, RB_PRESSURE_PURGED | RB_PRESSURE_OOM, 1, &w), EINVAL);
	CHECK_ERR(dev_event_wait(fd, RB_PRESSURE_ALL + 1, 1, &w), EINVAL);
	w = (struct rb_event_wait){ .mask = RB_PRESSURE_PURGED, .flags = 1 };
	CHECK_ERR(dev_ioctl(fd, RB_EVENT_WAIT, &w), EINVAL);
	CHECK_ERR(dev_event_wait(fd, RB_PRESSURE_PURGED, 1000000, &w), ETIMEDOUT);
	CHECK_ERR(dev_event_clear(fd, RB_NO_EVENTFD), 0);
	CHECK_ERR(dev_event_wait(fd, RB_PRESSURE_PURGED, 1, &w), EINVAL);
	CHECK(region_hash(fd) == hash);
	close(ro);
	close(e);
	close(fd);
}

static void sixteen(void)
{
	int fd = start(), other = dev_open(), e[RB_MAX_SUBSCRIPTIONS + 1];

	for (unsigned int i = 0; i <= RB_MAX_SUBSCRIPTIONS; i++) {
		e[i] = counter();
		CHECK_ERR(dev_event_set(fd, e[i], RB_PRESSURE_ALL, 0),
			  i < RB_MAX_SUBSCRIPTIONS ? 0 : ENOSPC);
	}
	CHECK_ERR(dev_event_set(fd, RB_NO_EVENTFD, 1, 0), ENOSPC);
	CHECK_ERR(dev_event_set(other, e[0], 1, 0), 0);
	CHECK_ERR(dev_event_clear(fd, e[3]), 0);
	CHECK_ERR(dev_event_set(fd, e[RB_MAX_SUBSCRIPTIONS], 1, 0), 0);
	close(other);
	/* Each of them hears of it. */
	fill(fd);
	for (unsigned int i = 0; i <= RB_MAX_SUBSCRIPTIONS; i++)
		if (i != 3)
			CHECK(count(e[i], SOON) > 0);
	CHECK_EQ(count(e[3], 0), 0);
	close(fd);
}

/* Down through the watermarks and up again. */
static void watermarks(void)
{
	static const uint32_t mask[] = { RB_PRESSURE_BELOW_HIGH, RB_PRESSURE_BELOW_LOW,
		RB_PRESSURE_BELOW_MIN, RB_PRESSURE_ABOVE_HIGH };
	int e[4], other, fd = start();

	other = counter();
	for (int i = 0; i < 4; i++) {
		struct rb_event_set s = { .mask = mask[i], .nid = region_now(fd)->nid,
			.zone = RB_ZONE_NORMAL };

		e[i] = s.eventfd = counter();
		CHECK_ERR(dev_ioctl(fd, RB_EVENT_SET, &s), 0);
	}
	CHECK_ERR(dev_event_set(fd, other, RB_PRESSURE_PURGED | RB_PRESSURE_OOM |
				RB_PRESSURE_COMPACT_DONE, 0), 0);
	usleep(100000);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(count(e[i], 0), 0);
	for (int round = 0; round < 3; round++) {
		CHECK(fill(fd) > 1000);
		for (int i = 0; i < 3; i++)
			if (!CHECK(count(e[i], SOON) > 0))
				rb_diag("that was mask %#x in round %d", mask[i], round);
		CHECK_EQ(count(e[3], 0), 0);
		empty(fd);
		CHECK(count(e[3], SOON) > 0);
		for (int i = 0; i < 3; i++)
			CHECK_EQ(count(e[i], 0), 0);
	}
	CHECK_EQ(count(other, 0), 0);
	close(fd);
}

/* Filling another zone says nothing to who asked for one. */
static void other_zone(void)
{
	int e = counter(), fd = start();
	struct rb_event_set s = { .eventfd = e, .mask = RB_PRESSURE_ALL & ~RB_PRESSURE_ALLOC_FAIL,
		.nid = RB_ALL, .zone = RB_ZONE_MOVABLE };

	CHECK_ERR(dev_ioctl(fd, RB_EVENT_SET, &s), 0);
	CHECK(fill(fd) > 1000);		/* never from Movable */
	usleep(300000);
	CHECK_EQ(count(e, 0), 0);
	empty(fd);
	close(fd);
}

static void alloc_fail(void)
{
	struct rb_alloc a;
	int e = counter(), fd = start();

	CHECK_ERR(dev_event_set(fd, e, RB_PRESSURE_ALLOC_FAIL, 0), 0);
	CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL, 0, &a), 0);
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	usleep(100000);
	CHECK_EQ(count(e, 0), 0);
	fill(fd);
	count(e, SOON);
	CHECK_ERR(dev_alloc(fd, RB_GFP_NOWAIT, 0, &a), ENOMEM);
	CHECK(count(e, SOON) > 0);
	close(fd);
}

/* Of this file's blocks only. */
static void purged(void)
{
	struct rb_reclaim r;
	struct rb_alloc a;
	int mine = counter(), others = counter(), fd = start(), fd2 = dev_open();

	CHECK_ERR(dev_event_set(fd, mine, RB_PRESSURE_PURGED, 0), 0);
	CHECK_ERR(dev_event_set(fd2, others, RB_PRESSURE_PURGED, 0), 0);
	CHECK_ERR(dev_alloc_as(fd, RB_GFP_HIGHUSER_MOVABLE, 3, RB_ALLOC_PURGEABLE, &a), 0);
	CHECK_ERR(dev_reclaim(fd2, 8, &r), 0);
	CHECK_EQ(r.nr_reclaimed, 8);
	CHECK(count(mine, SOON) > 0);
	CHECK_EQ(count(others, 200), 0);
	close(fd2);
	close(fd);
}

static void compact_done(void)
{
	struct rb_compact c;
	int e = counter(), fd = start();

	CHECK_ERR(dev_event_set(fd, e, RB_PRESSURE_COMPACT_DONE, 0), 0);
	CHECK_EQ(count(e, 100), 0);
	CHECK_ERR(dev_compact(fd, -1, RB_COMPACT_SYNC_FULL, 0, &c), 0);
	CHECK(count(e, SOON) > 0);
	close(fd);
}

/* The file itself: POLLIN until RB_EVENT_WAIT has told what fired. */
static void by_the_file(void)
{
	struct rb_event_wait w;
	struct rb_compact c;
	uint64_t seq;
	int fd = start();

	CHECK_ERR(dev_event_set(fd, RB_NO_EVENTFD, RB_PRESSURE_COMPACT_DONE | RB_PRESSURE_PURGED, 0), 0);
	CHECK_EQ(polled(fd, POLLIN, 50) & POLLIN, 0);
	CHECK_ERR(dev_event_wait(fd, RB_PRESSURE_COMPACT_DONE, 20000000, &w), ETIMEDOUT);
	CHECK_ERR(dev_compact(fd, -1, RB_COMPACT_SYNC_FULL, 0, &c), 0);
	CHECK_EQ(polled(fd, POLLIN, SOON) & POLLIN, POLLIN);
	CHECK_EQ(polled(fd, POLLIN, SOON) & POLLIN, POLLIN);
	/* Not what fired. */
	CHECK_ERR(dev_event_wait(fd, RB_PRESSURE_PURGED, 20000000, &w), ETIMEDOUT);
	CHECK_ERR(dev_event_wait(fd, RB_PRESSURE_COMPACT_DONE | RB_PRESSURE_PURGED, 1000000000, &w), 0);
	CHECK_EQ(w.fired, RB_PRESSURE_COMPACT_DONE);
	CHECK(w.seq > 0);
	seq = w.seq;
	CHECK_EQ(polled(fd, POLLIN, 50) & POLLIN, 0);
	CHECK_ERR(dev_event_wait(fd, RB_PRESSURE_COMPACT_DONE, 20000000, &w), ETIMEDOUT);
	CHECK_ERR(dev_compact(fd, -1, RB_COMPACT_SYNC_FULL, 0, &c), 0);
	CHECK_ERR(dev_event_wait(fd, RB_PRESSURE_COMPACT_DONE, 1000000000, &w), 0);
	CHECK(w.seq > seq);
	close(fd);
}

/* Without a subscription poll tells about the watermarks. */
static void by_level(void)
{
	int fd = start(), ro = dev_open_mode(O_RDONLY);

	CHECK_EQ(polled(fd, POLLIN | POLLPRI | POLLOUT, 0), POLLOUT);
	CHECK_EQ(polled(ro, POLLIN | POLLPRI | POLLOUT, 0) & (POLLIN | POLLPRI), 0);
	CHECK(fill(fd) > 1000);
	CHECK_EQ(polled(fd, POLLIN | POLLPRI | POLLOUT, 0), POLLPRI);
	empty(fd);
	CHECK_EQ(polled(fd, POLLIN | POLLPRI | POLLOUT, 0), POLLOUT);
	close(ro);
	close(fd);
}

/* Who sleeps in poll is woken: by pressure, and when it is over. */
static void wakes_pollers(void)
{
	int fd = start();
	pid_t pid;

	for (int round = 0; round < 2; round++) {
		short what = round ? POLLOUT : POLLPRI;

		if (round)
			fill(fd);
		pid = rb_fork();
		if (pid == 0)
			_exit(polled(dev_open(), what, 20000) == what ? 0 : 1);
		usleep(300000);
		if (round)
			empty(fd);
		else
			fill(fd);
		CHECK_EQ(rb_wait(pid), 0);
		empty(fd);
	}
	close(fd);
}

static void no_more_often(void)
{
	struct rb_compact c;
	uint64_t all, some;
	int e = counter(), often = counter(), fd = start();

	CHECK_ERR(dev_event_set(fd, e, RB_PRESSURE_COMPACT_DONE, 10000000000ull), 0);
	CHECK_ERR(dev_event_set(fd, often, RB_PRESSURE_COMPACT_DONE, 0), 0);
	for (int i = 0; i < 10; i++) {
		CHECK_ERR(dev_compact(fd, -1, RB_COMPACT_ASYNC, 0, &c), 0);
		usleep(20000);
	}
	all = count(often, SOON);
	some = count(e, SOON);
	rb_diag("%llu signals, %llu with an interval", (unsigned long long)all,
		(unsigned long long)some);
	CHECK(all >= 2);
	CHECK_EQ(some, 1);
	close(fd);
}

/* What happens too early is told when the interval is over. */
static void told_later(void)
{
	struct rb_event_wait w;
	struct rb_compact c;
	int e = counter(), fd = start();

	CHECK_ERR(dev_event_set(fd, e, RB_PRESSURE_COMPACT_DONE, 2000000000ull), 0);
	CHECK_ERR(dev_event_set(fd, RB_NO_EVENTFD, RB_PRESSURE_COMPACT_DONE, 2000000000ull), 0);
	CHECK_ERR(dev_compact(fd, -1, RB_COMPACT_ASYNC, 0, &c), 0);
	CHECK_EQ(count(e, SOON), 1);
	CHECK_ERR(dev_event_wait(fd, RB_PRESSURE_COMPACT_DONE, 1000000000, &w), 0);
	CHECK_ERR(dev_compact(fd, -1, RB_COMPACT_ASYNC, 0, &c), 0);
	CHECK_EQ(count(e, 100), 0);
	CHECK_EQ(count(e, 10000), 1);
	CHECK_ERR(dev_event_wait(fd, RB_PRESSURE_COMPACT_DONE, 10000000000ull, &w), 0);
	CHECK_EQ(w.fired, RB_PRESSURE_COMPACT_DONE);
	close(fd);
}

/* A number that was closed and taken again names one subscription at a time. */
static void numbers_come_again(void)
{
	int fd = start(), e = counter(), again;

	CHECK_ERR(dev_event_set(fd, e, RB_PRESSURE_OOM, 0), 0);
	close(e);
	again = counter();
	CHECK_EQ(again, e);
	CHECK_ERR(dev_event_set(fd, again, RB_PRESSURE_OOM, 0), 0);
	close(again);
	CHECK_EQ(polled(fd, POLLOUT, 0), 0);
	CHECK_ERR(dev_event_clear(fd, e), 0);
	CHECK_EQ(polled(fd, POLLOUT, 0), 0);
	again = counter();
	CHECK_EQ(again, e);
	CHECK_ERR(dev_event_clear(fd, e), 0);
	CHECK_ERR(dev_event_clear(fd, e), ENOENT);
	/* Without any it tells of the watermarks again. */
	CHECK_EQ(polled(fd, POLLOUT, 0), POLLOUT);
	close(again);
	close(fd);
}

static void on_signal(int sig)
{
	(void)sig;
}

static void interrupted_wait(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	int fd = start();
	pid_t pid;

	CHECK_ERR(dev_event_set(fd, RB_NO_EVENTFD, RB_PRESSURE_OOM, 0), 0);
	sigaction(SIGUSR1, &sa, NULL);
	pid = rb_fork();
	if (pid == 0) {
		struct rb_event_wait w;

		CHECK_ERR(dev_event_wait(fd, RB_PRESSURE_OOM, 0, &w), EINTR);
		_exit(0);
	}
	/* One that comes before it waits is none to that. */
	while (!rb_wait_for(rb_has_ended, &pid, 300))
		kill(pid, SIGUSR1);
	CHECK_EQ(rb_wait(pid), 0);
	close(fd);
}

/* Either may go first. */
static void closed_first(void)
{
	for (int i = 0; i < 20; i++) {
		int fd = start(), fd2 = dev_open(), e = counter(), e2 = counter();
		struct rb_compact c;

		CHECK_ERR(dev_event_set(fd, e, RB_PRESSURE_ALL, 0), 0);
		CHECK_ERR(dev_event_set(fd2, e2, RB_PRESSURE_ALL, 0), 0);
		close(e);
		CHECK_ERR(dev_compact(fd, -1, RB_COMPACT_ASYNC, 0, &c), 0);
		close(fd);
		CHECK_ERR(dev_compact(fd2, -1, RB_COMPACT_ASYNC, 0, &c), 0);
		close(fd2);
		count(e2, 50);
		fd = dev_open();
		CHECK_ERR(dev_compact(fd, -1, RB_COMPACT_ASYNC, 0, &c), 0);
		CHECK_EQ(count(e2, 0), 0);
		close(e2);
		close(fd);
	}
}

/* Across the watermark many times: no wake-up is lost. */
static void crossings(void)
{
	int down = counter(), up = counter(), fd = start();
	unsigned int lost_down = 0, lost_up = 0, n = rb_times_b(30, 5, 2000, 200);

	if (rb_soak())
		rb_watchdog(1200);
	CHECK_ERR(dev_event_set(fd, down, RB_PRESSURE_BELOW_MIN, 0), 0);
	CHECK_ERR(dev_event_set(fd, up, RB_PRESSURE_ABOVE_HIGH, 0), 0);
	for (unsigned int i = 0; i < n && lost_down + lost_up < 5; i++) {
		fill(fd);
		lost_down += !count(down, SOON);
		empty(fd);
		lost_up += !count(up, SOON);
		/* Each zone may have told by itself. */
		usleep(1000);
		count(down, 0);
		count(up, 0);
	}
	rb_diag("%u times down and up, lost %u and %u", n, lost_down, lost_up);
	CHECK_EQ(lost_down, 0);
	CHECK_EQ(lost_up, 0);
	close(fd);
}

RB_PROGRAM(O05_events, 0,
	{ "errors_in_their_order", errors },
	{ "sixteen_subscriptions_no_more", sixteen },
	{ "down_through_the_watermarks_and_up", watermarks },
	{ "another_zone_says_nothing", other_zone },
	{ "failed_request", alloc_fail },
	{ "dropped_contents_of_this_file_only", purged },
	{ "compaction_done", compact_done },
	{ "by_the_file_itself", by_the_file },
	{ "poll_tells_the_level", by_level },
	{ "poll_is_woken", wakes_pollers },
	{ "no_more_often_than_the_interval", no_more_often },
	{ "too_early_is_told_later", told_later },
	{ "a_number_names_one_subscription", numbers_come_again },
	{ "wait_is_interrupted_by_a_signal", interrupted_wait },
	{ "either_end_may_close_first", closed_first },
	{ "no_crossing_is_lost", crossings },
);
