// SPDX-License-Identifier: GPL-2.0
/* Results that cannot be written: EFAULT, and not one page stays allocated. */
#include "rb_test.h"

static char *mem;	/* page 0 read-write, 1 read-only, 2 not there */

static bool setup(void)
{
	mem = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!CHECK(mem != MAP_FAILED))
		return false;
	memset(mem, 0, 3 * PAGE);
	return true;
}

static void protect(void)
{
	mprotect(mem + PAGE, PAGE, PROT_READ);
	munmap(mem + 2 * PAGE, PAGE);
}

static void alloc_into_read_only(void)
{
	struct rb_alloc *a;
	int fd = dev_open();
	uint64_t left = region_pages_left(fd);

	NEED(setup());
	a = (struct rb_alloc *)(mem + PAGE);
	a->gfp = RB_GFP_KERNEL;
	a->nid = RB_NO_NODE;
	protect();
	for (unsigned int i = 0; i < rb_times(2000, 400, 100000); i++)
		if (!CHECK_ERR(dev_ioctl(fd, RB_ALLOC, a), EFAULT))
			break;
	CHECK_EQ(region_pages_left(fd), left);
	CHECK(region_is_idle(fd));
	munmap(mem, 2 * PAGE);
	close(fd);
}

/* The input half of the structure is readable and writable, the output half is not there. */
static void alloc_across_the_edge(void)
{
	struct rb_alloc *a;
	int fd = dev_open();
	uint64_t left = region_pages_left(fd);

	NEED(setup());
	for (size_t cut = 4; cut < sizeof(*a); cut += 4) {
		mprotect(mem + PAGE, PAGE, PROT_READ | PROT_WRITE);
		a = (struct rb_alloc *)(mem + PAGE - cut);
		memset(a, 0, sizeof(*a));
		a->gfp = RB_GFP_KERNEL;
		a->nid = RB_NO_NODE;
		protect();
		CHECK_ERR(dev_ioctl(fd, RB_ALLOC, a), EFAULT);
	}
	CHECK_EQ(region_pages_left(fd), left);
	munmap(mem, 2 * PAGE);
	close(fd);
}

static int bulk(int fd, struct rb_bulk *b, void *blocks, uint32_t nr)
{
	memset(b, 0, sizeof(*b));
	b->blocks_ptr = (uintptr_t)blocks;
	b->nr = nr;
	b->gfp = RB_GFP_KERNEL;
	b->nid = RB_NO_NODE;
	return dev_ioctl(fd, RB_ALLOC_BULK, b);
}

/* The array ends in a page that cannot be written, at every position. */
static void bulk_array_across_the_edge(void)
{
	struct rb_bulk b;
	int fd = dev_open();
	uint64_t left = region_pages_left(fd);

	NEED(setup());
	protect();
	for (uint32_t i = 0; i <= 64; i++) {
		char *at = mem + PAGE - i * sizeof(struct rb_block);

		CHECK_ERR(bulk(fd, &b, at, 65), EFAULT);
		CHECK_EQ(region_pages_left(fd), left);
	}
	CHECK_ERR(bulk(fd, &b, NULL, 1), EFAULT);
	CHECK_ERR(bulk(fd, &b, mem + 2 * PAGE, 4096), EFAULT);
	CHECK_ERR(bulk(fd, &b, (void *)-4096l, 1), EFAULT);
	CHECK_ERR(bulk(fd, &b, (void *)0xffff888000000000ul, 1), EFAULT);
	CHECK_ERR(bulk(fd, &b, (void *)0x7fffffffffe8ul, 4096), EFAULT);
	CHECK_EQ(region_pages_left(fd), left);
	munmap(mem, 2 * PAGE);
	close(fd);
}

static void bulk_struct_read_only(void)
{
	struct rb_bulk *b;
	int fd = dev_open();
	uint64_t left = region_pages_left(fd);

	NEED(setup());
	b = (struct rb_bulk *)(mem + PAGE);
	*b = (struct rb_bulk){ .blocks_ptr = (uintptr_t)mem, .nr = 100, .gfp = RB_GFP_KERNEL,
		.nid = RB_NO_NODE };
	protect();
	CHECK_ERR(dev_ioctl(fd, RB_ALLOC_BULK, b), EFAULT);
	CHECK_EQ(region_pages_left(fd), left);
	munmap(mem, 2 * PAGE);
	close(fd);
}

/* Entries before the edge may be freed; nothing else may, and the books must agree. */
static void free_bulk_across_the_edge(void)
{
	struct rb_block *e;
	struct rb_query q;
	uint32_t done;
	int fd = dev_open(), err;

	NEED(setup());
	e = (struct rb_block *)(mem + PAGE) - 8;
	CHECK_ERR(dev_bulk(fd, RB_GFP_KERNEL, 0, e, 8, &done), 0);
	protect();
	err = dev_free_bulk(fd, e, 16, 0, &done);
	CHECK(err == -EFAULT || err == -ERANGE || err == -ENOENT);
	CHECK_ERR(dev_query(fd, &q), 0);
	CHECK(q.used_by_me <= 8);
	CHECK_ERR(dev_free_bulk(fd, (void *)(mem + 2 * PAGE), 8, 0, &done), EFAULT);
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	CHECK(region_is_idle(fd));
	munmap(mem, 2 * PAGE);
	close(fd);
}

static void other_commands(void)
{
	static const unsigned long cmds[] = {
		RB_PCP_STAT, RB_VMSTAT, RB_TUNE_GET, RB_TUNE_SET, RB_DRAIN,
		RB_QUERY, RB_ALLOC, RB_FREE, RB_ALLOC_BULK, RB_FREE_BULK, RB_ZONE_STAT, RB_BLOCKMAP,
		RB_VERIFY, RB_INJECT, RB_RESET,
	};
	int fd = dev_open();
	uint64_t hash = region_hash(fd);

	NEED(setup());
	protect();
	for (size_t i = 0; i < ARRAY_SIZE(cmds); i++) {
		CHECK_ERR(dev_ioctl(fd, cmds[i], NULL), EFAULT);
		CHECK_ERR(dev_ioctl(fd, cmds[i], mem + 2 * PAGE), EFAULT);
		CHECK_ERR(dev_ioctl(fd, cmds[i], mem + 2 * PAGE - 8), EFAULT);
		CHECK_ERR(dev_ioctl(fd, cmds[i], (void *)0xffffffff81000000ul), EFAULT);
	}
	CHECK_ERR(dev_ioctl(fd, RB_QUERY, mem + PAGE), EFAULT);
	CHECK_ERR(dev_ioctl(fd, RB_VERIFY, mem + PAGE), EFAULT);
	CHECK_ERR(dev_ioctl(fd, RB_TUNE_GET, mem + PAGE), EFAULT);
	CHECK_ERR(dev_ioctl(fd, RB_VMSTAT, mem + PAGE), EFAULT);
	CHECK(region_hash(fd) == hash);
	munmap(mem, 2 * PAGE);
	close(fd);
}

/* An answer that cannot be written: the tunable is what it was. */
static void tune_from_read_only(void)
{
	struct rb_tune *t, now;
	int fd = dev_open();

	NEED(setup());
	t = (struct rb_tune *)(mem + PAGE);
	t->key = RB_TUNE_STAT_INTERVAL;
	t->value = 77;
	protect();
	CHECK_ERR(dev_ioctl(fd, RB_TUNE_SET, t), EFAULT);
	CHECK_ERR(dev_tune_get(fd, RB_TUNE_STAT_INTERVAL, 0, &now), 0);
	CHECK(now.value != 77);
	munmap(mem, 2 * PAGE);
	close(fd);
}

/* Numbers that do not fit where they are wanted. */
static void vmstat_across_the_edge(void)
{
	struct rb_vmstat v = { .nr = 16 };
	int fd = dev_open();

	NEED(setup());
	protect();
	v.buf_ptr = (uintptr_t)mem + PAGE - 8 * 8;
	CHECK_ERR(dev_ioctl(fd, RB_VMSTAT, &v), EFAULT);
	v.nr = 8;
	CHECK_ERR(dev_ioctl(fd, RB_VMSTAT, &v), 0);
	CHECK_EQ(v.nr_done, 8);
	munmap(mem, 2 * PAGE);
	close(fd);
}

RB_PROGRAM(U06_efault_rollback, 0,
	{ "alloc_into_read_only_memory", alloc_into_read_only },
	{ "alloc_across_the_edge", alloc_across_the_edge },
	{ "bulk_array_across_the_edge", bulk_array_across_the_edge },
	{ "bulk_struct_in_read_only_memory", bulk_struct_read_only },
	{ "free_bulk_across_the_edge", free_bulk_across_the_edge },
	{ "tune_set_from_read_only_memory", tune_from_read_only },
	{ "vmstat_array_across_the_edge", vmstat_across_the_edge },
	{ "bad_pointer_to_each_command", other_commands },
);
