// SPDX-License-Identifier: GPL-2.0
/*
 * Beside the kernel: what its compaction makes of a node of which half is free at random, and what
 * ours makes of a region of the same size and the same share; and how often both look for nothing
 * where one page of each pageblock is pinned. The region is on that node; of what remains, huge
 * pages take what is too much.
 */
#include "rb_test.h"

#define SIZE_MB	128u
#define MAX	(SIZE_MB * 256u)
/* What the node has free while half of the rest is given back. */
#define LEAVE	2048u
#define ASKED	(RB_GFP_HIGHUSER_MOVABLE | RB_GFP_RETRY_MAYFAIL | RB_GFP_COMP | RB_GFP_NOWARN)

static struct rb_block kept[MAX];

static bool start(void)
{
	rb_watchdog(120);
	return rb_load("size_mb=128 dma_pct=0 dma32_pct=0 movable_pct=0") &&
	       CHECK(knode_shrink(MAX));
}

/* The region with half of its pages free; the number of pages kept. */
static uint32_t fragment(int fd, uint64_t *seed)
{
	uint32_t nr;

	dev_no_upkeep(fd);
	nr = region_fragment(fd, 50, seed, kept, MAX);
	return CHECK(nr > 1000) ? nr : 0;
}

/* ---- half free: all that can become whole does ---- */

struct result {
	uint64_t free, whole_before, whole, possible, moved, us;
};

static bool kernel_side(struct result *r, uint64_t *seed)
{
	uint64_t t;

	if (!knode_fragment(LEAVE, seed) || !knode_free(&r->free, &r->whole_before))
		return false;
	r->moved = kvmstat("pgmigrate_success");
	t = rb_now_ns();
	if (!knode_compact())
		return false;
	r->us = (rb_now_ns() - t) / 1000;
	r->moved = kvmstat("pgmigrate_success") - r->moved;
	if (!knode_free(&r->free, &r->whole))
		return false;
	r->possible = r->free >> 9;
	return true;
}

static bool our_side(struct result *r, uint64_t *seed)
{
	struct rb_compact c;
	uint64_t t;
	int fd = dev_open();

	if (!fragment(fd, seed))
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
	uint64_t seed = rb_seed();
	bool ok;

	if (!knode_exists())
		SKIP("one node, or a kernel that does not compact");
	NEED(start());
	ok = kernel_side(&kernels, &seed);
	knode_restore();
	NEED(CHECK(ok) && our_side(&ours, &seed));
	tell("kernel", &kernels);
	tell("ours", &ours);
	CHECK(ours.whole * 100 >= ours.possible * 95);
	/* Not worse than the kernel, by more than what chance does to both. */
	CHECK(ours.whole * kernels.possible + ours.possible * kernels.possible / 50 >=
	      kernels.whole * ours.possible);
	rb_unload();
}

/* ---- one page of each pageblock pinned: nothing becomes whole, for any effort ---- */

struct effort {
	uint64_t stall, success, sources, targets, moved;
};

/* What requests have done, and not kcompactd. */
static struct effort effort_now(uint64_t (*count)(const char *name))
{
	return (struct effort){
		.stall = count("compact_stall"),
		.success = count("compact_success"),
		.sources = count("compact_migrate_scanned") - count("compact_daemon_migrate_scanned"),
		.targets = count("compact_free_scanned") - count("compact_daemon_free_scanned"),
		.moved = count("pgmigrate_success"),
	};
}

static struct effort effort_since(const struct effort *before, uint64_t (*count)(const char *name))
{
	struct effort e = effort_now(count);

	e.stall -= before->stall;
	e.success -= before->success;
	e.sources -= before->sources;
	e.targets -= before->targets;
	e.moved -= before->moved;
	return e;
}

static bool kernel_in_vain(struct effort *e, unsigned int times, uint64_t *seed)
{
	struct effort before;

	if (!CHECK(knode_fragment(LEAVE, seed)) || !CHECK(knode_pin_one_each() > MAX / 512 / 2))
		return false;
	before = effort_now(kvmstat);
	knode_take_whole();
	for (unsigned int i = 0; i < times; i++)
		knode_ask_huge();
	*e = effort_since(&before, kvmstat);
	return true;
}

static int ours_fd;

static uint64_t our_vmstat(const char *name)
{
	return vmstat_now(ours_fd, name);
}

static bool ours_in_vain(struct effort *e, unsigned int times, uint64_t *seed)
{
	static bool has[MAX / 512];
	struct effort before;
	uint32_t nr;

	ours_fd = dev_open();
	nr = fragment(ours_fd, seed);
	for (uint32_t i = 0; i < nr; i++) {
		const struct rb_block *b = &kept[i];

		if (!has[b->idx / 512])
			CHECK_ERR(dev_advise_raw(ours_fd, b->id, b->gen, 0, RB_ADVISE_PIN, NULL), 0);
		has[b->idx / 512] = true;
	}
	before = effort_now(our_vmstat);
	for (unsigned int i = 0; i < times; i++) {
		struct rb_alloc a;

		CHECK_ERR(dev_alloc(ours_fd, ASKED, 9, &a), ENOMEM);
	}
	*e = effort_since(&before, our_vmstat);
	close(ours_fd);
	return nr > 0;
}

static void tell_effort(const char *who, const struct effort *e)
{
	rb_diag("%s: %llu compactions, %llu in vain; looked at %llu pages to move, %llu for room; "
		"%llu moved", who, (unsigned long long)e->stall,
		(unsigned long long)(e->stall - e->success), (unsigned long long)e->sources,
		(unsigned long long)e->targets, (unsigned long long)e->moved);
}

static void add(struct effort *all, const struct effort *e)
{
	all->stall += e->stall;
	all->success += e->success;
	all->sources += e->sources;
	all->targets += e->targets;
	all->moved += e->moved;
}

/* One round, in a process of its own: when it ends the node is as it was. */
static void round_in_vain(void *arg)
{
	struct effort *all = arg, kernels = { 0 }, ours = { 0 };
	uint64_t seed = rb_seed() + all->stall;
	bool ok = kernel_in_vain(&kernels, 24, &seed);

	knode_restore();
	NEED(ok && ours_in_vain(&ours, 24, &seed));
	add(&all[0], &kernels);
	add(&all[1], &ours);
}

/*
 * The search of the free lists looks around what it finds, each time from the start of the
 * pageblock: several looks for each page moved, here as there, and how many is chance.
 */
static void in_vain(void)
{
	struct effort *all = rb_shared(2 * sizeof(*all));
	const struct effort *kernels = &all[0], *ours = &all[1];

	if (!knode_exists())
		SKIP("one node, or a kernel that does not compact");
	if (!knode_has_huge())
		SKIP("a kernel without huge pages cannot be asked for them");
	for (unsigned int i = 0; i < rb_times(3, 1, 9); i++) {
		NEED(start());
		rb_in_child(round_in_vain, all);
	}
	tell_effort("kernel", kernels);
	tell_effort("ours", ours);
	CHECK(ours->stall > 0);
	CHECK_EQ(ours->success, 0);
	CHECK(ours->moved > 1000 && kernels->moved > 1000);
	CHECK(ours->targets * kernels->moved <= 3 * kernels->targets * ours->moved);
	rb_unload();
}

RB_PROGRAM(P10_compaction, RB_NO_DEVICE,
	{ "beside_the_kernel", beside_the_kernel },
	{ "in_vain_no_more_looks_than_the_kernel", in_vain },
);
