// SPDX-License-Identifier: GPL-2.0
/* Which contents are dropped first, how much at a time, and by whom. */
#include "rb_test.h"

#define MOVABLE	RB_GFP_HIGHUSER_MOVABLE
#define NR	256u

static struct rb_alloc a[NR];
static bool gone[NR];

static int start(void)
{
	int fd = dev_open();

	rb_watchdog(60);
	dev_no_upkeep(fd);
	for (unsigned int i = 0; i < NR; i++)
		if (!CHECK_ERR(dev_alloc_as(fd, MOVABLE, 0, RB_ALLOC_PURGEABLE, &a[i]), 0))
			break;
	return fd;
}

static uint64_t reclaim(int fd, uint64_t nr)
{
	struct rb_reclaim r;

	CHECK_ERR(dev_reclaim(fd, nr, &r), 0);
	CHECK(r.nr_scanned >= r.nr_reclaimed);
	return r.nr_reclaimed;
}

/* Asking is by itself: what was asked for is needed afterwards. */
static unsigned int ask_all(int fd)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < NR; i++) {
		struct rb_advise v;

		CHECK_ERR(dev_advise(fd, &a[i], RB_ADVISE_NEEDED, &v), 0);
		gone[i] = v.was_purged;
		nr += gone[i];
	}
	return nr;
}

/* Each zone by itself drops those first that were added first. */
static void oldest_first(void)
{
	int fd = start(), turns = 0;
	uint64_t nr = reclaim(fd, NR / 4);

	CHECK(nr >= NR / 4);
	CHECK(nr < NR / 2);
	CHECK_EQ(ask_all(fd), nr);
	for (unsigned int i = 1; i < NR; i++)
		turns += gone[i] != gone[i - 1];
	/* All of them lie in one zone. */
	CHECK(gone[0]);
	CHECK_EQ(turns, 1);
	close(fd);
}

/* What passes from priority 12 on look at, of NR pages, until a cluster of 32 is reached. */
static uint64_t by_priorities(void)
{
	uint64_t nr = 0;

	for (int priority = 12; priority >= 0 && nr < 32; priority--)
		nr += (NR - nr) >> priority;
	return nr;
}

/* Few are asked for: each pass looks at twice as many as the one before, and the last may go past it. */
static void not_many_more(void)
{
	int fd = start();
	uint64_t nr = reclaim(fd, 1);

	CHECK_EQ(nr, by_priorities());
	CHECK_EQ(ask_all(fd), nr);
	close(fd);
}

static void all_there_is(void)
{
	int fd = start();
	uint64_t t;

	CHECK_EQ(reclaim(fd, 1u << 20), NR);
	CHECK_EQ(ask_all(fd), NR);
	t = rb_now_ns();
	for (int i = 0; i < 10; i++)
		CHECK_EQ(reclaim(fd, 1u << 20), 0);
	CHECK(rb_now_ns() - t < rb_times(1, 10, 1) * 1000000000ull);
	close(fd);
}

static uint64_t at_of(unsigned int i)
{
	return a[i].mmap_offset;
}

/* What was used through its mapping since it was listed goes after what was not. */
static void used_goes_last(void)
{
	unsigned int used = 0, unused = 0;
	int fd = start();
	uint64_t nr;

	for (unsigned int i = 0; i < NR; i += 2) {
		char *p = dev_map(fd, at_of(i), PAGE, PROT_READ | PROT_WRITE);

		NEED(p != MAP_FAILED);
		p[8] = 1;
	}
	nr = reclaim(fd, NR / 4);
	ask_all(fd);
	for (unsigned int i = 0; i < NR; i++)
		*(i % 2 ? &unused : &used) += gone[i];
	rb_diag("dropped %llu: %u of %u used ones, %u of %u others", (unsigned long long)nr, used, NR / 2,
		unused, NR / 2);
	CHECK_EQ(used, 0);
	CHECK(unused >= NR / 4);
	close(fd);
}

/* Used all the time, in the end it goes all the same: nobody said that it is needed. */
static void used_goes_at_last(void)
{
	int fd = start();
	uint64_t nr = 0;

	for (unsigned int i = 0; i < NR; i++) {
		char *p = dev_map(fd, at_of(i), PAGE, PROT_READ | PROT_WRITE);

		NEED(p != MAP_FAILED);
		p[8] = 1;
	}
	for (int i = 0; i < 20 && nr < NR; i++)
		nr += reclaim(fd, 1u << 20);
	CHECK_EQ(nr, NR);
	CHECK_EQ(ask_all(fd), NR);
	close(fd);
}

/* Larger blocks count as many pages, and go whole. */
static void larger_blocks(void)
{
	static const uint32_t order[] = { 1, 3, 6, 9, 10 };
	int fd = dev_open();

	rb_watchdog(60);
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		struct rb_alloc big;
		struct rb_advise v;
		uint64_t left = region_pages_left(fd);

		NEED(!dev_alloc_as(fd, MOVABLE, order[i], RB_ALLOC_PURGEABLE, &big));
		CHECK_EQ(reclaim(fd, 1), 1u << order[i]);
		CHECK_EQ(region_pages_left(fd), left);
		CHECK_ERR(dev_advise(fd, &big, RB_ADVISE_NEEDED, &v), 0);
		CHECK_EQ(v.was_purged, 1);
		CHECK_ERR(dev_free(fd, &big, 0), 0);
	}
	close(fd);
}

/* Others' contents as well: memory is everybody's. */
static void of_all_files(void)
{
	int fd = start(), fd2 = dev_open();
	struct rb_advise v;
	struct rb_alloc b;

	NEED(!dev_alloc_as(fd2, MOVABLE, 0, RB_ALLOC_PURGEABLE, &b));
	CHECK_EQ(reclaim(fd2, 1u << 20), NR + 1);
	CHECK_ERR(dev_advise(fd2, &b, RB_ADVISE_NEEDED, &v), 0);
	CHECK_EQ(v.was_purged, 1);
	CHECK_EQ(ask_all(fd), NR);
	close(fd2);
	close(fd);
}

static void counted(void)
{
	struct vmstat before, after;
	int fd = start();

	NEED(vmstat_read(fd, &before));
	CHECK_EQ(vmstat_of(&before, "nr_inactive_file"), NR);
	reclaim(fd, 1u << 20);
	NEED(vmstat_read(fd, &after));
	CHECK_EQ(vmstat_of(&after, "nr_inactive_file") + vmstat_of(&after, "nr_active_file"), 0);
	/* Because somebody said so, and not because pages were missing. */
	CHECK_EQ(vmstat_delta(&before, &after, "pgsteal_proactive"), NR);
	CHECK_EQ(vmstat_delta(&before, &after, "pgsteal_direct"), 0);
	CHECK_EQ(vmstat_delta(&before, &after, "allocstall_normal"), 0);
	CHECK_EQ(vmstat_delta(&before, &after, "pgsteal_kswapd"), 0);
	CHECK(vmstat_delta(&before, &after, "pgscan_proactive") >= NR);
	close(fd);
}

RB_PROGRAM(A14_reclaim, 0,
	{ "oldest_go_first", oldest_first },
	{ "not_many_more_than_asked_for", not_many_more },
	{ "all_there_is_then_nothing", all_there_is },
	{ "used_go_last", used_goes_last },
	{ "used_go_at_last", used_goes_at_last },
	{ "larger_blocks_count_as_many_pages", larger_blocks },
	{ "of_all_files", of_all_files },
	{ "counted", counted },
);
