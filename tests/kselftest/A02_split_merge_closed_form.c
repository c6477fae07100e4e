// SPDX-License-Identifier: GPL-2.0
/* Splitting and merging where the outcome is known in closed form. Wants a fresh region. */
#include "rb_test.h"

#define DMA	(RB_GFP_DMA | RB_GFP_MEMALLOC | RB_GFP_NOWARN)

static int nid;

static int start(void)
{
	int fd = dev_open();

	nid = region_now(fd)->nid;
	return fd;
}

static struct rb_zone_stat dma(int fd)
{
	struct rb_zone_stat z;

	CHECK_ERR(dev_zone(fd, nid, RB_ZONE_DMA, &z), 0);
	return z;
}

/* Every order against every number of blocks: what is left is the binary expansion. */
static void one_page_of_1024(void)
{
	int fd = start();
	struct rb_alloc a;
	struct rb_zone_stat z = dma(fd);

	if (has_pcp(fd))
		SKIP("per-CPU lists hold pages back");
	NEED(z.managed == 1024 && zone_nr_free(&z, 10) == 1);
	NEED(!dev_alloc(fd, DMA, 0, &a));
	CHECK_EQ(a.idx, 0);
	z = dma(fd);
	for (int o = 0; o < 10; o++)
		CHECK_EQ(zone_nr_free(&z, o), 1);
	CHECK_EQ(zone_nr_free(&z, 10), 0);
	CHECK_EQ(z.free, 1023);
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	z = dma(fd);
	for (int o = 0; o < 10; o++)
		CHECK_EQ(zone_nr_free(&z, o), 0);
	CHECK_EQ(zone_nr_free(&z, 10), 1);
	close(fd);
}

static void expansion(int fd, uint64_t free)
{
	struct rb_zone_stat z = dma(fd);

	CHECK_EQ(z.free, free);
	for (int o = 0; o < NR_ORDERS; o++)
		CHECK_EQ(zone_nr_free(&z, o), free >> o & 1);
}

static void every_number_of_every_order(void)
{
	static struct rb_alloc a[1024], extra;
	int fd = start();

	for (uint32_t o = 0; o < NR_ORDERS; o++) {
		uint32_t n = 1024u >> o;

		if (has_pcp(fd) && (o <= 3 || o == 9))
			continue;
		for (uint32_t i = 0; i < n; i++) {
			NEED(!dev_alloc(fd, DMA, o, &a[i]));
			CHECK_EQ(a[i].idx, (uint64_t)i << o);	/* ascending (rows 50, 51) */
			expansion(fd, 1024 - ((uint64_t)(i + 1) << o));
		}
		CHECK_ERR(dev_alloc(fd, DMA, o, &extra), ENOMEM);
		/* From the top down the free part stays the end of the block: an expansion again. */
		for (uint32_t i = n; i-- > 0; ) {
			if (!CHECK_ERR(dev_free(fd, &a[i], 0), 0))
				return;
			expansion(fd, 1024 - ((uint64_t)i << o));
		}
	}
	close(fd);
}

static void order_of_frees_does_not_matter(void)
{
	static struct rb_block b[1024];
	int fd = start();
	uint64_t seed = rb_seed();
	uint32_t done;

	for (unsigned int round = 0; round < rb_times(10, 3, 200); round++) {
		NEED(dev_take_all(fd, DMA, 0, b, 1024) == 1024);
		for (uint32_t i = 1023; i > 0; i--) {
			uint32_t j = rb_random(&seed) % (i + 1);
			struct rb_block t = b[i];

			b[i] = b[j];
			b[j] = t;
		}
		CHECK_ERR(dev_free_bulk(fd, b, 1024, 0, &done), 0);
		if (!has_pcp(fd))
			expansion(fd, 1024);
	}
	close(fd);
}

/* Every second page free: 512 blocks of order 0 and nothing above; then all of it at once. */
static void checkerboard(void)
{
	static struct rb_block b[1024], half[512];
	int fd = start();
	struct rb_zone_stat z;
	uint32_t done;
	struct rb_alloc a;

	if (has_pcp(fd))
		SKIP("per-CPU lists hold pages back");
	NEED(dev_take_all(fd, DMA, 0, b, 1024) == 1024);
	for (int i = 0; i < 512; i++) {
		half[i] = b[2 * i];
		b[i] = b[2 * i + 1];
	}
	CHECK_ERR(dev_free_bulk(fd, half, 512, 0, &done), 0);
	z = dma(fd);
	CHECK_EQ(zone_nr_free(&z, 0), 512);
	CHECK_EQ(z.free, 512);
	CHECK_ERR(dev_alloc(fd, DMA, 1, &a), ENOMEM);	/* row 24 */
	CHECK_ERR(dev_free_bulk(fd, b, 512, 0, &done), 0);
	expansion(fd, 1024);
	close(fd);
}

/* Row 53: a freed page goes to the tail if its buddy's parent is about to merge, else to the head. */
static void tail_heuristic(void)
{
	static struct rb_block b[1024];
	int fd = start();
	struct rb_alloc x, y;

	if (has_pcp(fd))
		SKIP("per-CPU lists change the order");
	for (int used = 0; used < 2; used++) {
		NEED(dev_take_all(fd, DMA, 0, b, 1024) == 1024);
		CHECK_EQ(b[2].idx, 2);
		if (!used) {
			CHECK_ERR(dev_free_raw(fd, b[0].id, b[0].gen, 0, 0), 0);
			CHECK_ERR(dev_free_raw(fd, b[1].id, b[1].gen, 0, 0), 0);
		}
		CHECK_ERR(dev_free_raw(fd, b[100].id, b[100].gen, 0, 0), 0);
		CHECK_ERR(dev_free_raw(fd, b[2].id, b[2].gen, 0, 0), 0);
		NEED(!dev_alloc(fd, DMA, 0, &x) && !dev_alloc(fd, DMA, 0, &y));
		CHECK_EQ(x.idx, used ? 2 : 100);
		CHECK_EQ(y.idx, used ? 100 : 2);
		CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	}
	close(fd);
}

/* Row 80: the page freed last is given out first. */
static void last_in_first_out(void)
{
	int fd = start();
	struct rb_alloc a, b, c, x;

	NEED(!dev_alloc(fd, DMA, 0, &a) && !dev_alloc(fd, DMA, 0, &b) && !dev_alloc(fd, DMA, 0, &c) &&
	     !dev_alloc(fd, DMA, 0, &x));
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	CHECK_ERR(dev_free(fd, &c, 0), 0);
	NEED(!dev_alloc(fd, DMA, 0, &x));
	CHECK_EQ(x.idx, c.idx);
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	close(fd);
}

RB_PROGRAM(A02_split_merge_closed_form, 0,
	{ "row_50_one_page_leaves_one_block_of_every_lower_order", one_page_of_1024 },
	{ "row_51_every_number_of_every_order_is_a_binary_expansion", every_number_of_every_order },
	{ "row_52_any_order_of_frees_merges_to_order_10", order_of_frees_does_not_matter },
	{ "row_24_checkerboard_has_no_order_1", checkerboard },
	{ "row_53_tail_heuristic", tail_heuristic },
	{ "row_80_last_in_first_out", last_in_first_out },
);
