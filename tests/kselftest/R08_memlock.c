// SPDX-License-Identifier: GPL-2.0
/* RLIMIT_MEMLOCK: exact at the limit, charged to the opener, returned in every way of parting. */
#include "rb_test.h"

#include <sys/resource.h>
#include <sys/stat.h>

#define LIMIT_PAGES	16

static mode_t before;

static void open_for_all(void)
{
	struct stat st;

	if (CHECK(!stat(RB_DEV, &st)))
		before = st.st_mode & 0777;
	CHECK(!chmod(RB_DEV, 0666));
}

static void with_user(void (*fn)(void *))
{
	struct rlimit l = { LIMIT_PAGES * PAGE, LIMIT_PAGES * PAGE }, old;

	open_for_all();
	getrlimit(RLIMIT_MEMLOCK, &old);
	CHECK(!setrlimit(RLIMIT_MEMLOCK, &l));
	rb_as_uid(1001, fn, NULL);
	setrlimit(RLIMIT_MEMLOCK, &old);
	chmod(RB_DEV, before);
}

/* 8 + 4 + 2 + 1 + 1 pages are the limit; one more is too much, of any order. */
static void at_the_limit(void *unused)
{
	static const uint32_t orders[] = { 3, 2, 1, 0, 0 };
	struct rb_alloc a[5], more;
	int fd = dev_open();
	uint64_t pages = 0, hash;

	(void)unused;
	CHECK_EQ(rb_vmlck_kb(), 0);
	for (int i = 0; i < 5; i++) {
		CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL, orders[i], &a[i]), 0);
		pages += 1u << orders[i];
		CHECK_EQ(rb_vmlck_kb(), pages * 4);
	}
	hash = region_hash(fd);
	for (uint32_t o = 0; o < NR_ORDERS; o++)
		CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL, o, &more), ENOMEM);
	CHECK(region_hash(fd) == hash);
	CHECK_EQ(rb_vmlck_kb(), LIMIT_PAGES * 4);
	for (int i = 0; i < 5; i++) {
		CHECK_ERR(dev_free(fd, &a[i], 0), 0);
		pages -= 1u << orders[i];
		CHECK_EQ(rb_vmlck_kb(), pages * 4);
	}
	CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL, 4, &more), 0);
	CHECK_ERR(dev_free(fd, &more, 0), 0);
	CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL, 5, &more), ENOMEM);
	close(fd);
	CHECK_EQ(rb_vmlck_kb(), 0);
}

static void bulk_stops_at_it(void *unused)
{
	struct rb_block b[64];
	uint32_t done = 0;
	int fd = dev_open(), err;

	(void)unused;
	/* All in one charge or block by block: what is kept must be what is charged. */
	err = dev_bulk(fd, RB_GFP_KERNEL, 1, b, 64, &done);
	CHECK((!err && done == LIMIT_PAGES / 2) || (err == -ENOMEM && done == 0));
	CHECK_EQ(rb_vmlck_kb(), done * 8);
	if (done)
		CHECK_ERR(dev_free_bulk(fd, b, done, 0, NULL), 0);
	CHECK_EQ(rb_vmlck_kb(), 0);
	CHECK_ERR(dev_bulk(fd, RB_GFP_KERNEL, 1, b, LIMIT_PAGES / 2, &done), 0);
	CHECK_EQ(done, LIMIT_PAGES / 2);
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	CHECK_EQ(rb_vmlck_kb(), 0);
	close(fd);
}

static void lifecycles(void *unused)
{
	(void)unused;
	for (unsigned int i = 0; i < rb_times(300, 60, 10000) && !rb_failures(); i++) {
		struct rb_alloc a, b;
		int fd = dev_open();
		char *p;

		CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL, 2, &a), 0);
		CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL, 1, &b), 0);
		p = dev_map_block(fd, &a);
		if (i % 4 == 1)
			CHECK_ERR(dev_free(fd, &a, RB_FREE_ZAP), 0);
		if (i % 4 == 2)
			CHECK_ERR(dev_reset(fd, RB_RESET_FD | RB_RESET_ZAP), 0);
		if (i % 4 == 3)
			munmap(p, 4 * PAGE);
		close(fd);
		if (i % 4 == 0) {	/* still mapped: still charged, the other one as well */
			CHECK_EQ(rb_vmlck_kb(), 24);
		}
		if (i % 4 != 3)
			munmap(p, 4 * PAGE);
		CHECK_EQ(rb_vmlck_kb(), 0);
	}
}

/* The child allocates through the parent's file: the parent is charged, and gets it back. */
static void charged_to_the_opener(void *unused)
{
	struct rb_alloc *a = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int fd = dev_open();
	pid_t pid = fork();

	(void)unused;
	if (pid == 0) {
		CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL, 3, a), 0);
		CHECK_EQ(rb_vmlck_kb(), 0);
		_exit(0);
	}
	CHECK_EQ(rb_wait(pid), 0);
	CHECK_EQ(rb_vmlck_kb(), 32);
	CHECK_ERR(dev_free(fd, a, 0), 0);
	CHECK_EQ(rb_vmlck_kb(), 0);
	/* The other way round: the parent frees what the child was charged for. */
	close(fd);
	munmap(a, PAGE);
}

static void not_limited(void)
{
	struct rlimit l = { PAGE, PAGE }, old;
	struct rb_alloc a;
	int fd = dev_open();

	getrlimit(RLIMIT_MEMLOCK, &old);
	CHECK(!setrlimit(RLIMIT_MEMLOCK, &l));
	CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL, 9, &a), 0);
	CHECK_EQ(rb_vmlck_kb(), 2048);
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	CHECK_EQ(rb_vmlck_kb(), 0);
	setrlimit(RLIMIT_MEMLOCK, &old);
	close(fd);
}

static void limit(void) { with_user(at_the_limit); }
static void bulk(void) { with_user(bulk_stops_at_it); }
static void cycles(void) { with_user(lifecycles); }
static void opener(void) { with_user(charged_to_the_opener); }

RB_PROGRAM(R08_memlock, 0,
	{ "exact_at_the_limit", limit },
	{ "bulk_stops_at_the_limit", bulk },
	{ "lifecycles_return_to_zero", cycles },
	{ "charged_to_the_opener", opener },
	{ "CAP_IPC_LOCK_is_exempt_but_counted", not_limited },
);
