// SPDX-License-Identifier: GPL-2.0
/* Freeing what is mapped: refused, or torn out of every mapping, for good. */
#include "rb_test.h"

#include <signal.h>

#define BUS	(SIGBUS << 8 | BUS_ADRERR)

static void busy_then_zap(void)
{
	int fd = dev_open();

	for (uint32_t o = 0; o < NR_ORDERS; o++) {
		struct rb_alloc a;
		uint64_t hash;
		char *p;

		NEED(!dev_alloc(fd, RB_GFP_KERNEL, o, &a));
		p = dev_map_block(fd, &a);
		NEED(p != MAP_FAILED);
		memset(p, 1, PAGE << o);
		hash = region_hash(fd);
		CHECK_ERR(dev_free(fd, &a, 0), EBUSY);
		CHECK(region_hash(fd) == hash);
		CHECK_EQ(p[0], 1);
		CHECK_ERR(dev_free(fd, &a, RB_FREE_ZAP), 0);
		CHECK_EQ(rb_probe_read(p), BUS);
		CHECK_EQ(rb_probe_write(p + (PAGE << o) - 1), BUS);
		CHECK_ERR(dev_free(fd, &a, RB_FREE_ZAP), ENOENT);
		munmap(p, PAGE << o);
	}
	close(fd);
}

/* A dead mapping stays dead, and its id rests, whatever is given out meanwhile. */
static void never_comes_back(void)
{
	static struct rb_block b[16384];
	struct rb_alloc a;
	uint32_t nr, same_id = 0;
	int fd = dev_open();
	char *p;

	NEED(!dev_alloc(fd, RB_GFP_HIGHUSER_MOVABLE, 0, &a));
	p = dev_map_block(fd, &a);
	NEED(p != MAP_FAILED);
	p[0] = 1;
	CHECK_ERR(dev_free(fd, &a, RB_FREE_ZAP), 0);
	nr = dev_take_all(fd, RB_GFP_HIGHUSER_MOVABLE | RB_GFP_MEMALLOC | RB_GFP_NOWARN, 0, b, 16384);
	CHECK(nr > 10000 || nr > region_now(fd)->query.managed_pages * 9 / 10);
	for (uint32_t i = 0; i < nr; i++)
		same_id += b[i].id == a.id;
	CHECK_EQ(same_id, 0);
	CHECK_EQ(rb_probe_read(p), BUS);
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	CHECK_EQ(rb_probe_read(p), BUS);
	munmap(p, PAGE);
	close(fd);
}

static void in_child(void *map)
{
	CHECK_EQ(rb_probe_read(map), BUS);
}

static void child_sees_it_too(void)
{
	struct rb_alloc a;
	int fd = dev_open(), go[2], seen[2];
	char *p, *q, c;
	pid_t pid;

	NEED(!dev_alloc(fd, RB_GFP_KERNEL, 9, &a) && !pipe(go) && !pipe(seen));
	p = dev_map_block(fd, &a);
	q = dev_map(fd, a.mmap_offset + PAGE, PAGE, PROT_READ);
	NEED(p != MAP_FAILED && q != MAP_FAILED);
	p[0] = p[PAGE] = 1;
	pid = rb_fork();
	if (pid == 0) {
		CHECK_EQ(p[0], 1);
		CHECK_EQ(write(seen[1], "x", 1), 1);
		CHECK_EQ(read(go[0], &c, 1), 1);
		in_child(p);
		in_child(q);
		_exit(0);
	}
	close(seen[1]);
	CHECK_EQ(read(seen[0], &c, 1), 1);
	CHECK_ERR(dev_free(fd, &a, RB_FREE_ZAP), 0);
	CHECK_EQ(write(go[1], "x", 1), 1);
	CHECK_EQ(rb_wait(pid), 0);
	CHECK_EQ(rb_probe_read(q), BUS);
	munmap(p, PAGE << 9);
	munmap(q, PAGE);
	close(go[0]);
	close(go[1]);
	close(seen[0]);
	close(fd);
}

/* The kernel's own copies from a dead mapping fail cleanly. */
static void system_calls_get_efault(void)
{
	struct rb_alloc a;
	int fd = dev_open(), fds[2], mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	char *p, c;

	NEED(!dev_alloc(fd, RB_GFP_KERNEL, 0, &a) && !pipe(fds) && mem >= 0);
	p = dev_map_block(fd, &a);
	NEED(p != MAP_FAILED);
	CHECK_ERR(dev_free(fd, &a, RB_FREE_ZAP), 0);
	CHECK(write(fds[1], p, 1) < 0 && errno == EFAULT);
	CHECK(pread(mem, &c, 1, (off_t)(uintptr_t)p) < 1);
	CHECK_ERR(dev_ioctl(fd, RB_QUERY, p), EFAULT);
	munmap(p, PAGE);
	close(mem);
	close(fds[0]);
	close(fds[1]);
	close(fd);
}

static void bulk_and_reset_zap(void)
{
	struct rb_block b[8];
	struct rb_query q;
	uint32_t done;
	char *p[8];
	int fd = dev_open();

	CHECK_ERR(dev_query(fd, &q), 0);
	for (int round = 0; round < 2; round++) {
		NEED(!dev_bulk(fd, RB_GFP_KERNEL, 2, b, 8, &done) && done == 8);
		for (int i = 0; i < 8; i += 2) {
			p[i] = dev_map(fd, RB_MMAP_BASE + ((uint64_t)b[i].id << q.window_shift),
				       4 * PAGE, PROT_READ | PROT_WRITE);
			NEED(p[i] != MAP_FAILED);
			p[i][0] = 1;
		}
		CHECK_ERR(dev_free_bulk(fd, b, 8, 0, &done), EBUSY);
		CHECK_EQ(done, 4);
		for (int i = 0; i < 8; i++)
			CHECK_EQ(b[i].result, i % 2 ? 0 : -EBUSY);
		if (round)
			CHECK_ERR(dev_reset(fd, RB_RESET_FD | RB_RESET_ZAP), 0);
		else
			CHECK_ERR(dev_free_bulk(fd, b, 8, RB_FREE_ZAP, &done), ENOENT);
		for (int i = 0; i < 8; i += 2) {
			CHECK_EQ(rb_probe_read(p[i]), BUS);
			munmap(p[i], 4 * PAGE);
		}
	}
	close(fd);
}

/* One process writes into the mapping without a pause while the other end tears it out. */
static void zap_under_a_writer(void)
{
	struct rb_alloc a;
	int fd = dev_open();
	unsigned int rounds = rb_times_b(200, 25, 20000, 2000);

	for (unsigned int i = 0; i < rounds; i++) {
		volatile char *p;
		pid_t pid;

		NEED(!dev_alloc(fd, RB_GFP_KERNEL, i % 4 == 3 ? 9 : 1, &a));
		p = dev_map_block(fd, &a);
		pid = rb_fork();
		if (pid == 0)
			for (;;)
				p[0]++;
		if (i % 2)
			usleep(500);
		CHECK_ERR(dev_free(fd, &a, RB_FREE_ZAP), 0);
		munmap((void *)p, PAGE << a.order);
		if (!CHECK_EQ(rb_wait(pid), 128 + SIGBUS))
			break;
	}
	close(fd);
}

RB_PROGRAM(M08_zap, 0,
	{ "EBUSY_then_zap_then_SIGBUS", busy_then_zap },
	{ "dead_mapping_never_comes_back", never_comes_back },
	{ "child_and_second_mapping", child_sees_it_too },
	{ "system_calls_get_EFAULT", system_calls_get_efault },
	{ "bulk_and_reset", bulk_and_reset_zap },
	{ "under_a_writer", zap_under_a_writer },
);
