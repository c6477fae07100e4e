// SPDX-License-Identifier: GPL-2.0
/*
 * All CPUs allocate and free at random for some seconds while a reader looks at everything. Who owns
 * which page is written down in shared memory: two owners at once are an error, and so is a word in
 * a page that its owner did not write. At the end RB_VERIFY and the sums.
 */
#include "rb_test.h"

#define SLOTS	400

static struct shared {
	uint32_t stop;
	uint64_t ops, refused, overlaps, foreign_words;
	uint32_t owner[65536];
} *sh;

static uint32_t seconds(void)
{
	const char *s = getenv("HAMMER_SECONDS");

	return s ? (uint32_t)atoi(s) : rb_times(12, 10, 300);
}

/* A movable block is nowhere for long: it has to stay where it is as long as its pages are written down. */
static void settle(int fd, struct rb_alloc *a)
{
	struct rb_advise pinned;

	if (CHECK_ERR(dev_advise(fd, a, RB_ADVISE_PIN, &pinned), 0))
		a->idx = pinned.idx;
}

static void own(const struct rb_alloc *a, uint32_t from, uint32_t to)
{
	for (uint64_t i = a->idx; i < a->idx + (1ull << a->order); i++)
		if (i >= ARRAY_SIZE(sh->owner) ||
		    !__atomic_compare_exchange_n(&sh->owner[i], &(uint32_t){ from }, to, false,
						 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			__atomic_add_fetch(&sh->overlaps, 1, __ATOMIC_RELAXED);
}

/* One word of a mapped block: zero at first, then ours until we part with it. */
static void touch(int fd, const struct rb_alloc *a, uint32_t me)
{
	volatile uint64_t *p = dev_map(fd, a->mmap_offset, PAGE << a->order, PROT_READ | PROT_WRITE);
	size_t last = (512ul << a->order) - 1;

	if (p == MAP_FAILED)
		return;
	if (p[0] || p[last])
		__atomic_add_fetch(&sh->foreign_words, 1, __ATOMIC_RELAXED);
	p[0] = me;
	p[last] = me;
	if (p[0] != me || p[last] != me)
		__atomic_add_fetch(&sh->foreign_words, 1, __ATOMIC_RELAXED);
	munmap((void *)p, PAGE << a->order);
}

static void worker(unsigned int cpu, uint64_t seed)
{
	static const uint32_t kinds[] = {
		RB_GFP_KERNEL, RB_GFP_HIGHUSER_MOVABLE, RB_GFP_KERNEL | RB_GFP_RECLAIMABLE,
		RB_GFP_ATOMIC, RB_GFP_NOWAIT, RB_GFP_KERNEL | RB_GFP_DMA32, RB_GFP_NOWAIT | RB_GFP_DMA,
	};
	static struct rb_alloc slot[SLOTS];
	uint32_t me = getpid(), ops = 0;
	int fd = dev_open();

	rb_pin((int)cpu);
	while (!__atomic_load_n(&sh->stop, __ATOMIC_RELAXED)) {
		uint64_t r = rb_random(&seed);
		struct rb_alloc *a = &slot[r % SLOTS];
		uint32_t order = (r >> 20) % 8 ? (r >> 24) % 4 : (r >> 24) % NR_ORDERS;

		ops++;
		if (a->gen) {
			own(a, me, 0);
			CHECK_ERR(dev_advise(fd, a, RB_ADVISE_UNPIN, NULL), 0);
			CHECK_ERR(dev_free(fd, a, 0), 0);
			a->gen = 0;
		} else if (dev_alloc(fd, kinds[(r >> 32) % ARRAY_SIZE(kinds)] | RB_GFP_NOWARN |
				     RB_GFP_NORETRY, order, a)) {
			a->gen = 0;
			__atomic_add_fetch(&sh->refused, 1, __ATOMIC_RELAXED);
		} else {
			settle(fd, a);
			own(a, 0, me);
			if (r >> 60 == 0)
				touch(fd, a, me);
		}
		if (rb_failures())
			break;
	}
	__atomic_add_fetch(&sh->ops, ops, __ATOMIC_RELAXED);
	for (int i = 0; i < SLOTS; i++)
		if (slot[i].gen)
			own(&slot[i], me, 0);
	close(fd);
}

/* Reads all there is to read; a snapshot must be right in itself at any moment. */
static void reader(void)
{
	static const char *const files[] = { "buddyinfo", "pagetypeinfo", "zoneinfo", "vmstat",
		"params", "clients" };
	int fd = dev_open(), nid = region_now(fd)->nid;

	for (unsigned int i = 0; !__atomic_load_n(&sh->stop, __ATOMIC_RELAXED); i++) {
		struct rb_zone_stat z;
		struct rb_verify v;
		char path[128];

		CHECK_ERR(dev_zone(fd, nid, i % NR_ZONES, &z), 0);
		CHECK_EQ(zone_sum(&z), z.free);
		CHECK(z.free + z.pcp_total <= z.managed);
		snprintf(path, sizeof(path), "%s/%s", RB_DEBUGFS, files[i % ARRAY_SIZE(files)]);
		free(text_read(path));
		if (i % 64 == 0)
			CHECK_ERR(dev_verify(fd, &v), 0);
		usleep(500);
		if (rb_failures())
			break;
	}
	close(fd);
}

static void hammer(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	pid_t pid[65];
	uint64_t seed = rb_seed(), left;
	int fd = dev_open();

	sh = mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	NEED(sh != MAP_FAILED);
	left = region_pages_left(fd);
	cpus = cpus > 64 ? 64 : cpus;
	for (long c = 0; c <= cpus; c++) {
		pid[c] = rb_fork();
		if (pid[c] == 0) {
			if (c < cpus)
				worker((unsigned int)c, seed + (uint64_t)c * 7919);
			else
				reader();
			_exit(0);
		}
	}
	for (uint32_t s = 0; s < seconds() * 10 && !rb_failures(); s++)
		usleep(100000);
	sh->stop = 1;
	for (long c = 0; c <= cpus; c++)
		CHECK_EQ(rb_wait(pid[c]), 0);
	rb_diag("%u s, %ld CPUs: %llu operations, %llu refused", seconds(), cpus,
		(unsigned long long)sh->ops, (unsigned long long)sh->refused);
	CHECK_EQ(sh->overlaps, 0);
	CHECK_EQ(sh->foreign_words, 0);
	CHECK(sh->ops > 1000);
	CHECK_EQ(region_pages_left(fd), left);
	CHECK(region_is_idle(fd));
	munmap(sh, sizeof(*sh));
	close(fd);
}

RB_PROGRAM(X01_hammer, 0, { "two_cpus_no_overlap_then_validate", hammer });
