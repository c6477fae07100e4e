// SPDX-License-Identifier: GPL-2.0
/*
 * Node 1 of the kernel itself, brought into a state that a region can be brought into, too. All
 * undo what they did to it when the process ends, but for the settings: knode_restore().
 */
#include "rb_test.h"

#include <sys/syscall.h>
#include <sys/uio.h>

#define NODE		"/sys/devices/system/node/node1"
#define HUGE		NODE "/hugepages/hugepages-2048kB/nr_hugepages"
#define MIN_FREE	"/proc/sys/vm/min_free_kbytes"
#define PCP_HIGH	"/proc/sys/vm/percpu_pagelist_high_fraction"
/* Pages that one pipe holds. */
#define PIPE_PAGES	16

static struct { uint64_t min_free, pcp_high; } was;
/* The pages that half of the node is in use for. */
static char *ours;
static uint64_t nr_ours;

static bool set_number(const char *path, uint64_t nr)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)nr);
	return rb_write_file(path, text) == 0;
}

bool knode_exists(void)
{
	return !access(NODE "/compact", W_OK);
}

bool knode_has_huge(void)
{
	return !access(HUGE, W_OK);
}

bool knode_free(uint64_t *pages, uint64_t *whole)
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

/* Huge pages on the node; how many there are then. */
static uint64_t set_huge(uint64_t nr)
{
	return set_number(HUGE, nr) ? text_number(HUGE) : 0;
}

bool knode_shrink(uint64_t max)
{
	uint64_t pages, whole;

	if (!knode_free(&pages, &whole))
		return false;
	if (pages > max && !set_huge((pages - max) / 512))
		rb_diag("no huge pages: the kernel's side is larger");
	/* With huge pages the kernel keeps much more free than there is to be fragmented. */
	was.min_free = text_number(MIN_FREE);
	/* What CPUs have in stock cannot be compacted: little. */
	was.pcp_high = text_number(PCP_HIGH);
	return set_number(MIN_FREE, 1024) && set_number(PCP_HIGH, 100000);
}

void knode_restore(void)
{
	set_huge(0);
	set_number(MIN_FREE, was.min_free);
	set_number(PCP_HIGH, was.pcp_high);
}

bool knode_fragment(uint64_t leave, uint64_t *seed)
{
	unsigned long mask = 1ul << 1;
	uint64_t pages, whole;

	if (!knode_free(&pages, &whole) || pages <= leave)
		return false;
	nr_ours = pages - leave;
	ours = mmap(NULL, nr_ours * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (ours == MAP_FAILED ||
	    syscall(SYS_mbind, ours, nr_ours * PAGE, 1 /* MPOL_PREFERRED */, &mask, 8, 0))
		return false;
	madvise(ours, nr_ours * PAGE, MADV_NOHUGEPAGE);
	for (uint64_t i = 0; i < nr_ours; i++)
		ours[i * PAGE] = 1;
	for (uint64_t i = 0; i < nr_ours; i++)
		if (rb_random(seed) >> 63)
			madvise(ours + i * PAGE, PAGE, MADV_DONTNEED);
	return true;
}

/* The pageblock that the page at `p` lies in; false if there is none. */
static bool pageblock_of(int pagemap, const char *p, uint64_t *block)
{
	uint64_t entry;

	if (pread(pagemap, &entry, 8, (off_t)((uintptr_t)p / PAGE * 8)) != 8 || !(entry >> 63))
		return false;
	*block = (entry & ((1ull << 55) - 1)) / 512;
	return true;
}

/* A pipe that holds a page also holds it where it is. */
static bool pin(char *p)
{
	static int ends[2];
	static unsigned int used;
	struct iovec one = { p, 1 };

	if (used++ % PIPE_PAGES == 0 && pipe(ends))
		return false;
	return vmsplice(ends[1], &one, 1, 0) == 1;
}

unsigned int knode_pin_one_each(void)
{
	static bool has[1 << 16];
	int pagemap = open("/proc/self/pagemap", O_RDONLY);
	unsigned int nr = 0;
	uint64_t block;

	for (uint64_t i = 0; i < nr_ours; i++) {
		char *p = ours + i * PAGE;

		if (!pageblock_of(pagemap, p, &block) || !CHECK(block < ARRAY_SIZE(has)) || has[block])
			continue;
		has[block] = CHECK(pin(p));
		nr += has[block];
	}
	close(pagemap);
	return nr;
}

bool knode_compact(void)
{
	return CHECK_EQ(rb_write_file(NODE "/compact", "1"), 0);
}

void knode_take_whole(void)
{
	uint64_t pages, whole;

	if (knode_free(&pages, &whole) && whole)
		set_huge(text_number(HUGE) + whole);
}

bool knode_ask_huge(void)
{
	uint64_t had = text_number(HUGE);

	return set_huge(had + 1) > had;
}

uint64_t kvmstat(const char *name)
{
	char *text = text_read("/proc/vmstat");
	uint64_t nr = 0;

	CHECK(text && text_value(text, name, &nr));
	free(text);
	return nr;
}
