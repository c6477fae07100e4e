// SPDX-License-Identifier: GPL-2.0
/* Two threads on one handle, on one structure, on one file: exactly one wins, each time. */
#include "rb_test.h"

#include <pthread.h>

static struct {
	pthread_barrier_t gate;
	int fd, result[2];
	struct rb_alloc a;
	unsigned int rounds, delay;
	uint32_t flags;
	volatile uint32_t stop;
} race;

static void *freer(void *arg)
{
	int me = (int)(intptr_t)arg;

	rb_pin(me);
	for (unsigned int i = 0; i < race.rounds; i++) {
		pthread_barrier_wait(&race.gate);
		race.result[me] = dev_free(race.fd, &race.a, race.flags);
		pthread_barrier_wait(&race.gate);
	}
	return NULL;
}

static void double_free_race(void)
{
	pthread_t t[2];
	int bad = 0;

	race.fd = dev_open();
	race.rounds = rb_times_b(800, 200, 1000000, 20000);
	pthread_barrier_init(&race.gate, NULL, 3);
	for (intptr_t i = 0; i < 2; i++)
		NEED(!pthread_create(&t[i], NULL, freer, (void *)i));
	for (unsigned int i = 0; i < race.rounds; i++) {
		bad += dev_alloc(race.fd, RB_GFP_KERNEL, i % 4, &race.a) != 0;
		pthread_barrier_wait(&race.gate);
		pthread_barrier_wait(&race.gate);
		bad += !((race.result[0] == 0 && race.result[1] == -ENOENT) ||
			 (race.result[1] == 0 && race.result[0] == -ENOENT));
	}
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	CHECK_EQ(bad, 0);
	close(race.fd);
}

static void *flipper(void *arg)
{
	struct rb_bulk *b = arg;

	rb_pin(1);
	while (!race.stop) {
		b->nr = 4;
		b->order = 3;
		b->nr = 4096;
		b->order = 0;
	}
	return NULL;
}

/* Fields change while the call reads them: it works with one of the two values, read once. */
static void structure_changes_meanwhile(void)
{
	static struct rb_block blocks[4096];
	static struct rb_bulk b;
	pthread_t t;
	int fd = dev_open(), bad = 0;

	rb_pin(0);
	race.stop = 0;
	NEED(!pthread_create(&t, NULL, flipper, &b));
	for (unsigned int i = 0; i < rb_times_b(400, 12, 100000, 1000); i++) {
		struct rb_query q;
		uint64_t pages = 0;

		b = (struct rb_bulk){ .blocks_ptr = (uintptr_t)blocks, .nr = 4, .order = 3,
			.gfp = RB_GFP_HIGHUSER_MOVABLE, .nid = RB_NO_NODE };
		memset(blocks, 0, sizeof(blocks));
		bad += dev_ioctl(fd, RB_ALLOC_BULK, &b) != 0;
		for (int k = 0; k < 4096 && blocks[k].gen; k++)
			pages += 1ull << blocks[k].order;
		CHECK_ERR(dev_query(fd, &q), 0);
		bad += q.used_by_me != pages;
		CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	}
	race.stop = 1;
	pthread_join(t, NULL);
	CHECK_EQ(bad, 0);
	close(fd);
}

static void *resetter(void *unused)
{
	(void)unused;
	rb_pin(1);
	while (!race.stop)
		dev_reset(race.fd, RB_RESET_FD | RB_RESET_ZAP);
	return NULL;
}

/* RESET with ZAP against alloc, map, free and bulk on the same file. */
static void reset_against_the_rest(void)
{
	static struct rb_block blocks[64];
	pthread_t t;
	uint32_t done;

	rb_pin(0);
	race.stop = 0;
	race.fd = dev_open();
	NEED(!pthread_create(&t, NULL, resetter, NULL));
	for (unsigned int i = 0; i < rb_times_b(600, 40, 200000, 5000); i++) {
		struct rb_alloc a;
		int err = dev_alloc(race.fd, RB_GFP_KERNEL, i % 11, &a);
		void *p;

		if (err == -EBUSY)	/* everything is being freed */
			continue;
		if (!CHECK_EQ(err, 0))
			break;
		p = dev_map(race.fd, a.mmap_offset, PAGE, PROT_READ | PROT_WRITE);
		if (p != MAP_FAILED) {
			int sig = rb_probe_write(p);

			CHECK(sig == 0 || sig >> 8 == 7);
			munmap(p, PAGE);
		} else {
			CHECK_EQ(errno, ENXIO);
		}
		err = dev_free(race.fd, &a, RB_FREE_ZAP);
		CHECK(err == 0 || err == -ENOENT);
		err = dev_bulk(race.fd, RB_GFP_KERNEL, 0, blocks, 64, &done);
		CHECK(err == 0 || err == -EBUSY || err == -ENOMEM);
		if (err)
			continue;
		err = dev_free_bulk(race.fd, blocks, done, RB_FREE_ZAP, &done);
		/* Reset and given out again within one bulk call: the earlier handle is stale. */
		CHECK(err == 0 || err == -ENOENT || err == -ESTALE);
	}
	race.stop = 1;
	pthread_join(t, NULL);
	CHECK_ERR(dev_reset(race.fd, RB_RESET_FD | RB_RESET_ZAP), 0);
	close(race.fd);
}

static void *mapper(void *arg)
{
	uint64_t offset = *(uint64_t *)arg;

	rb_pin(1);
	pthread_barrier_wait(&race.gate);
	usleep(race.delay);
	while (!race.stop) {
		void *p = dev_map(race.fd, offset, PAGE, PROT_READ);

		if (p != MAP_FAILED)
			return p;
	}
	return MAP_FAILED;
}

/* A block is mapped while RESET runs: all is freed, or EBUSY and nothing is. */
static void reset_is_all_or_nothing(void)
{
	static struct rb_block b[2048];
	unsigned int busy = 0, nr = rb_times(ARRAY_SIZE(b), 256, ARRAY_SIZE(b));

	rb_pin(0);
	race.fd = dev_open();
	pthread_barrier_init(&race.gate, NULL, 2);
	for (unsigned int i = 0; i < rb_times_b(200, 20, 10000, 500); i++) {
		struct rb_query q;
		uint64_t offset;
		uint32_t done;
		pthread_t t;
		void *p;
		int err;

		NEED(!dev_bulk(race.fd, RB_GFP_KERNEL, 0, b, nr, &done));
		NEED(!dev_query(race.fd, &q));
		offset = RB_MMAP_BASE + ((uint64_t)b[i % done].id << q.window_shift);
		race.stop = 0;
		race.delay = i * 37 % 1000;
		NEED(!pthread_create(&t, NULL, mapper, &offset));
		pthread_barrier_wait(&race.gate);
		err = dev_reset(race.fd, RB_RESET_FD);
		race.stop = 1;
		pthread_join(t, &p);
		NEED(!dev_query(race.fd, &q));
		busy += err == -EBUSY;
		if (!CHECK_EQ(q.used_by_me, err ? done : 0) || !CHECK(!err || err == -EBUSY))
			break;
		if (p != MAP_FAILED)
			munmap(p, PAGE);
		CHECK_ERR(dev_reset(race.fd, RB_RESET_FD | RB_RESET_ZAP), 0);
	}
	rb_diag("%u times EBUSY", busy);
	close(race.fd);
}

/* Somebody who shares the file allocates without a pause: RESET ends all the same. */
static void reset_ends(void)
{
	static struct rb_block b[64];
	uint64_t end = rb_now_ns() + 3000000000ull, worst = 0;
	uint32_t done;
	int fd = dev_open();
	pid_t pid = rb_fork();

	if (pid == 0) {
		rb_pin(1);
		while (rb_now_ns() < end)
			dev_bulk(fd, RB_GFP_NOWAIT, 0, b, ARRAY_SIZE(b), &done);
		_exit(0);
	}
	rb_pin(0);
	while (rb_now_ns() < end - 1500000000ull) {
		uint64_t t = rb_now_ns();

		CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
		t = rb_now_ns() - t;
		worst = t > worst ? t : worst;
	}
	rb_diag("the slowest RESET took %llu ms", (unsigned long long)worst / 1000000);
	CHECK(worst < 1000000000ull);
	CHECK_EQ(rb_wait(pid), 0);
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	close(fd);
}

static void *unmapper(void *arg)
{
	rb_pin(1);
	pthread_barrier_wait(&race.gate);
	munmap(arg, PAGE << 4);
	return NULL;
}

/* munmap against free: free is right with either answer, and never both loses and frees. */
static void unmap_against_free(void)
{
	pthread_t t;
	int fd = dev_open();

	rb_pin(0);
	pthread_barrier_init(&race.gate, NULL, 2);
	for (unsigned int i = 0; i < rb_times_b(600, 40, 100000, 5000); i++) {
		struct rb_alloc a;
		char *p;
		int err;

		NEED(!dev_alloc(fd, RB_GFP_KERNEL, 4, &a));
		p = dev_map_block(fd, &a);
		p[0] = 1;
		NEED(!pthread_create(&t, NULL, unmapper, p));
		pthread_barrier_wait(&race.gate);
		err = dev_free(fd, &a, i % 2 ? RB_FREE_ZAP : 0);
		pthread_join(t, NULL);
		if (err == -EBUSY && !(i % 2))
			err = dev_free(fd, &a, 0);
		if (!CHECK_ERR(err, 0))
			break;
	}
	close(fd);
}

RB_PROGRAM(X02_races, 0,
	{ "double_free_exactly_one_wins", double_free_race },
	{ "structure_changes_meanwhile", structure_changes_meanwhile },
	{ "reset_against_the_rest", reset_against_the_rest },
	{ "reset_is_all_or_nothing", reset_is_all_or_nothing },
	{ "reset_ends_while_others_allocate", reset_ends },
	{ "munmap_against_free", unmap_against_free },
);
