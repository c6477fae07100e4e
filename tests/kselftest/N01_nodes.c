// SPDX-License-Identifier: GPL-2.0
/* A region of two nodes: both are there, each is asked as the request says, and one helps out. */
#include "rb_test.h"

static struct rb_block taken[8192];

static int alloc_on(int fd, int nid, uint32_t gfp, uint32_t order, struct rb_alloc *a)
{
	memset(a, 0, sizeof(*a));
	a->gfp = gfp;
	a->order = order;
	a->nid = nid;
	return dev_ioctl(fd, RB_ALLOC, a);
}

/* Takes everything that a node gives away; how many blocks that are. */
static unsigned int empty_node(int fd, int nid)
{
	unsigned int nr = 0;
	struct rb_alloc a;

	for (int order = 10; order >= 0; order--)
		while (!alloc_on(fd, nid, RB_GFP_KERNEL | RB_GFP_THISNODE, order, &a))
			nr++;
	return nr;
}

static int two_nodes(struct rb_query *q)
{
	int fd = dev_open();

	CHECK_ERR(dev_query(fd, q), 0);
	if (q->nr_nodes == 2)
		return fd;
	rb_skip("one node only");
	close(fd);
	return -1;
}

static void both_are_there(void)
{
	struct buddyinfo_row rows[16];
	struct rb_zone_stat z;
	struct rb_query q;
	int fd = two_nodes(&q), n;
	char *text;
	uint64_t pages = 0;

	if (fd < 0)
		return;
	CHECK_EQ(q.region_pages, 2 * 16 * 256);
	for (int nid = 0; nid < 2; nid++)
		for (uint32_t zone = 0; zone < NR_ZONES; zone++)
			if (!dev_zone(fd, nid, zone, &z)) {
				CHECK_EQ(z.start_idx, pages);
				pages += z.spanned;
			}
	CHECK_EQ(pages, q.region_pages);
	CHECK_ERR(dev_zone(fd, 2, RB_ZONE_NORMAL, &z), ENODEV);
	text = text_read(RB_DEBUGFS "/buddyinfo");
	NEED(text);
	n = buddyinfo_parse(text, rows, ARRAY_SIZE(rows));
	CHECK_EQ(n, q.nr_zones);
	CHECK(n >= 2 && rows[0].nid == 0 && rows[n - 1].nid == 1);
	free(text);
	close(fd);
}

static void row_13_this_node_or_none(void)
{
	struct rb_alloc a;
	struct rb_query q;
	int fd = two_nodes(&q);

	if (fd < 0)
		return;
	for (int nid = 0; nid < 2; nid++) {
		NEED(!alloc_on(fd, nid, RB_GFP_KERNEL | RB_GFP_THISNODE, 0, &a));
		CHECK_EQ(a.got_nid, nid);
		CHECK_EQ(a.idx / (q.region_pages / 2), nid);
		CHECK_ERR(dev_free(fd, &a, 0), 0);
	}
	CHECK(empty_node(fd, 0) > 0);
	CHECK_ERR(alloc_on(fd, 0, RB_GFP_KERNEL | RB_GFP_THISNODE, 0, &a), ENOMEM);
	CHECK_ERR(alloc_on(fd, 1, RB_GFP_KERNEL | RB_GFP_THISNODE, 0, &a), 0);
	CHECK_ERR(alloc_on(fd, 2, RB_GFP_KERNEL, 0, &a), ENODEV);
	close(fd);
}

static void row_12_the_other_node_helps_out(void)
{
	uint64_t miss[2] = { 0, 0 };
	struct rb_alloc a;
	struct rb_query q;
	int fd = two_nodes(&q);
	char *text;

	if (fd < 0)
		return;
	CHECK(empty_node(fd, 0) > 0);
	for (int i = 0; i < 2; i++) {
		text = text_read(RB_DEBUGFS "/vmstat");
		NEED(text && text_value(text, "numa_miss", &miss[i]));
		free(text);
		NEED(!alloc_on(fd, i == 0 ? 0 : RB_NO_NODE, RB_GFP_KERNEL, 0, &a));
		CHECK_EQ(a.got_nid, 1);
	}
	/* Both prefer node 0, where the CPUs are. */
	CHECK_EQ(miss[1] - miss[0], 1);
	close(fd);
}

static void nodemask_excludes(void)
{
	struct rb_alloc a;
	struct rb_query q;
	int fd = two_nodes(&q);

	if (fd < 0)
		return;
	for (unsigned int nid = 0; nid < 2; nid++) {
		memset(&a, 0, sizeof(a));
		a.gfp = RB_GFP_KERNEL;
		a.nid = RB_NO_NODE;
		a.nodemask = 1ull << nid;
		NEED(!dev_ioctl(fd, RB_ALLOC, &a));
		CHECK_EQ(a.got_nid, nid);
		CHECK_ERR(dev_free(fd, &a, 0), 0);
	}
	memset(&a, 0, sizeof(a));
	a.gfp = RB_GFP_KERNEL;
	a.nid = RB_NO_NODE;
	a.nodemask = 4;
	CHECK_ERR(dev_ioctl(fd, RB_ALLOC, &a), EINVAL);
	close(fd);
}

/* Each page of the region keeps what is written to it: no two are the same. */
static void pages_of_both_are_apart(void)
{
	uint32_t nr = 0, done = 0;
	struct rb_query q;
	int fd = two_nodes(&q);

	if (fd < 0)
		return;
	while (nr < ARRAY_SIZE(taken) && !dev_bulk(fd, RB_GFP_HIGHUSER_MOVABLE | RB_GFP_NORETRY, 0,
						   taken + nr, 512, &done))
		nr += done;
	CHECK(nr > q.region_pages / 2);
	for (int pass = 0; pass < 2; pass++)
		for (uint32_t i = 0; i < nr; i += rb_times(1, 7, 1)) {
			uint64_t *p = dev_map(fd, RB_MMAP_BASE + ((uint64_t)taken[i].id << q.window_shift),
					      PAGE, PROT_READ | PROT_WRITE);

			if (!CHECK(p != MAP_FAILED))
				goto out;
			if (!pass)
				*p = taken[i].idx + 1;
			else if (!CHECK_EQ(*p, taken[i].idx + 1))
				pass = 2;
			munmap(p, PAGE);
		}
out:
	close(fd);
}

RB_PROGRAM(N01_nodes, 0,
	{ "both_are_there", both_are_there },
	{ "row_13_this_node_or_none", row_13_this_node_or_none },
	{ "row_12_the_other_node_helps_out", row_12_the_other_node_helps_out },
	{ "nodemask_excludes", nodemask_excludes },
	{ "pages_of_both_are_apart", pages_of_both_are_apart },
);
