// SPDX-License-Identifier: GPL-2.0
/*
 * For how long the machine itself stood still. A guest's CPUs are threads of its host, which may let
 * them wait; what is timed in the guest takes longer then, and nothing in the guest is to blame. On
 * each CPU a watcher of the highest priority wakes all the time and tells when it did not. A CPU
 * that is held up in the guest itself is not mistaken for that: only what all miss counts.
 */
#include "rb_test.h"

#include <sched.h>

#define EVERY_NS	2000000ull
/* A timer that comes late is no standstill: nothing shorter is excused. */
#define STOOD_NS	50000000ull

static struct watch {
	uint64_t last, missed;
} *watches;
static pid_t watchers[RB_MAX_WATCHED];
static unsigned int nr_watches;

/* The time since the last look, less what it should have been. */
static uint64_t missed_since(const struct watch *w)
{
	uint64_t gap = rb_now_ns() - w->last;

	return gap > STOOD_NS ? gap - EVERY_NS : 0;
}

static void watch(unsigned int cpu)
{
	struct sched_param first = { .sched_priority = 90 };
	struct watch *w = &watches[cpu];

	rb_oom_score_adj(-1000);
	rb_pin((int)cpu);
	if (!CHECK(!mlockall(MCL_CURRENT | MCL_FUTURE)) ||
	    !CHECK(!sched_setscheduler(0, SCHED_FIFO, &first)))
		_exit(1);
	for (;;) {
		usleep(EVERY_NS / 1000);
		w->missed += missed_since(w);
		w->last = rb_now_ns();
	}
}

void rb_watch_cpus(void)
{
	long nr = sysconf(_SC_NPROCESSORS_ONLN);

	nr_watches = nr > RB_MAX_WATCHED ? RB_MAX_WATCHED : (unsigned int)nr;
	watches = rb_shared(RB_MAX_WATCHED * sizeof(*watches));
	for (unsigned int cpu = 0; cpu < nr_watches; cpu++) {
		watches[cpu].last = rb_now_ns();
		watchers[cpu] = rb_fork();
		if (watchers[cpu] == 0)
			watch(cpu);
	}
}

void rb_watch_start(struct rb_watch *since)
{
	for (unsigned int cpu = 0; cpu < nr_watches; cpu++)
		since->missed[cpu] = watches[cpu].missed + missed_since(&watches[cpu]);
	since->start = rb_now_ns();
}

uint64_t rb_watch_us(const struct rb_watch *since, uint64_t *stood_us)
{
	struct rb_watch now;
	uint64_t stood = ~0ull, took;

	/* Of one that is gone everything would be missed, and excused. */
	for (unsigned int cpu = 0; cpu < nr_watches; cpu++)
		CHECK_EQ(waitpid(watchers[cpu], NULL, WNOHANG), 0);
	CHECK(nr_watches > 0);
	rb_watch_start(&now);
	took = now.start - since->start;
	for (unsigned int cpu = 0; cpu < nr_watches; cpu++) {
		uint64_t missed = now.missed[cpu] - since->missed[cpu];

		stood = missed < stood ? missed : stood;
	}
	stood = stood < took ? stood : took;
	*stood_us = stood / 1000;
	return (took - stood) / 1000;
}
