// SPDX-License-Identifier: GPL-2.0
/*
 * Beside the kernel: what its compaction makes of a node of which half is free at random, and what
 * ours makes of a region of the same size and the same share. The region is on that node; of what
 * remains, huge pages take what is too much.
 */
#include "rb_test.h"

#include <sys/syscall.h>

#define SIZE_MB	128u
#define MAX	(SIZE_MB * 256u)
#define NODE	"/sys/devices/system/node/node1"
#define HUGE	NODE "/hugepages/hugepages-2048kB/nr_hugepages"

#define MIN_FREE "/proc/sys/vm/min_free_kbytes"
#define PCP_HIGH "/proc/sys/vm/percpu_pagelist_high_fraction"

struct result {
	uint64_t free, whole_before, whole, possible, moved, us;
};

static bool node_free(uint64_t *pages, uint64_t *whole)
{
	static struct buddyinfo_row rows[16];
	char *text = text_read("/proc/buddyinfo");
	int nr = text ? buddyinfo_parse(text, rows, ARRAY_SIZE(rows)) : 0;

	*pages = *whole = 0;
	for (int i = 0; i < nr; i++) {
		if (rows[i].nid != 1)
			continue;
		for (unsigned int o = 0; o < NR_ORDERS; o++)
			*pages += rows[i].nr[o] << o;
		*whole += rows[i].nr[9] + 2 * rows[i].nr[10];
	}
	free(text);
	return *pages > 0;
}

static bool set_number(const char *path, uint64_t nr)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)nr);
	return rb_write_file(path, text) == 0;
}

static bool set_huge(uint64_t nr)
{
	return set_number(HUGE, nr);
}

/* Pages of our own on that node, until `leave` are free; then half of them back, at random. */
static bool fragment_node(uint64_t leave, uint64_t *seed)
{
	unsigned long mask = 1ul << 1;
	uint64_t pages, whole, nr;
	char *p;

	if (!node_free(&pages, &whole) || pages <= leave)
		return false;
	nr = pages - leave;
	p = mmap(NULL, nr * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		 -1, 0);
	if (p == MAP_FAILED || syscall(SYS_mbind, p, nr * PAGE, 1 /* MPOL_PREFERRED */, &mask, 8, 0))
		return false;
	madvise(p, nr * PAGE, MADV_NOHUGEPAGE);
	for (uint64_t i = 0; i < nr; i++)
		p[i * PAGE] = 1;
	for (uint64_t i = 0; i < nr; i++)
		if (rb_random(seed) >> 63)
			madvise(p + i * PAGE, PAGE, MADV_DONTNEED);
	return true;
}

static uint64_t kernels_moves(void)
{
	char *text = text_read("/proc/vmstat");
	uint64_t nr = 0;

	CHECK(text && text_value(text, "pgmigrate_success", &nr));
	free(text);
	return nr;
}

static bool kernel_side(struct result *r, uint64_t *seed)
{
	uint64_t t;

	if (!fragment_node(2048, seed) || !node_free(&r->free, &r->whole_before))
		return false;
	r->moved = kernels_moves();
	t = rb_now_ns();
	if (!CHECK_EQ(rb_write_file(NODE "/compact", "1"), 0))
		return false;
	r->us = (rb_now_ns() - t) / 1000;
	r->moved = kernels_moves() - r->moved;
	if (!node_free(&r->free, &r->whole))
		return false;
	r->possible = r->free >> 9;
	return true;
}

static bool our_side(struct result *r, uint64_t *seed)
{
	static struct rb_block kept[MAX];
	struct rb_compact c;
	uint64_t t;
	int fd = dev_open();

	dev_no_upkeep(fd);
	if (!CHECK(region_fragment(fd, 50, seed, kept, MAX) > 1000))
		return false;
	r->whole_before = region_whole_blocks(fd, NULL);
	t = rb_now_ns();
	CHECK_ERR(dev_compact(fd, -1, RB_COMPACT_SYNC_FULL, 0, &c), 0);
	r->us = (rb_now_ns() - t) / 1000;
	r->moved = c.migrated;
	r->free = region_pages_left(fd);
	r->whole = region_whole_blocks(fd, &r->possible);
	close(fd);
	return true;
}

static void tell(const char *who, const struct result *r)
{
	rb_diag("%s: %llu pages free; %llu whole before, %llu of %llu possible after; %llu pages moved, "
		"%llu us", who,
		(unsigned long long)r->free, (unsigned long long)r->whole_before,
		(unsigned long long)r->whole, (unsigned long long)r->possible,
		(unsigned long long)r->moved,
		(unsigned long long)r->us);
}

static void beside_the_kernel(void)
{
	struct result ours = { 0 }, kernels = { 0 };
	uint64_t seed = rb_seed(), pages, whole, min_free, pcp_high;
	bool ok;

	if (access(NODE "/compact", W_OK))
		SKIP("one node, or a kernel that does not compact");
	rb_load("size_mb=128 dma_pct=0 dma32_pct=0 movable_pct=0");
	rb_watchdog(120);
	NEED(node_free(&pages, &whole));
	if (pages > MAX && !set_huge((pages - MAX) / 512))
		rb_diag("no huge pages: the kernel's side is larger");
	/* With huge pages the kernel keeps much more free than there is to be fragmented. */
	min_free = text_number(MIN_FREE);
	set_number(MIN_FREE, 1024);
	/* What CPUs have in stock cannot be compacted: little. */
	pcp_high = text_number(PCP_HIGH);
	set_number(PCP_HIGH, 100000);
	ok = kernel_side(&kernels, &seed);
	set_huge(0);
	set_number(MIN_FREE, min_free);
	set_number(PCP_HIGH, pcp_high);
	NEED(CHECK(ok) && our_side(&ours, &seed));
	tell("kernel", &kernels);
	tell("ours", &ours);
	CHECK(ours.whole * 100 >= ours.possible * 95);
	/* Not worse than the kernel, by more than what chance does to both. */
	CHECK(ours.whole * kernels.possible + ours.possible * kernels.possible / 50 >=
	      kernels.whole * ours.possible);
	rb_unload();
}

RB_PROGRAM(P10_compaction, RB_NO_DEVICE, { "beside_the_kernel", beside_the_kernel });
