// SPDX-License-Identifier: GPL-2.0
/* Sums that hold in every state: in the kernel's files, and in ours after each of many random steps. */
#include "rb_test.h"

static void kernel_sums(void)
{
	struct buddyinfo_row rows[16];
	char *text = text_read("/proc/buddyinfo");
	int n;

	NEED(text);
	n = buddyinfo_parse(text, rows, 16);
	CHECK(n > 0);
	for (int i = 0; i < n; i++) {
		uint64_t pages = 0;

		for (int o = 0; o < NR_ORDERS; o++)
			pages += rows[i].nr[o] << o;
		CHECK(pages > 0 || rows[i].nid >= 0);
	}
	free(text);
}

static bool zone_sums(const struct region *r, uint64_t used)
{
	uint64_t free = 0, out = 0;

	for (int z = 0; z < NR_ZONES; z++) {
		if (!r->has[z])
			continue;
		if (!CHECK_EQ(zone_sum(&r->zone[z]), r->zone[z].free))
			return false;
		free += r->zone[z].free;
		out += r->zone[z].managed - r->zone[z].free - r->zone[z].pcp_total;
	}
	return CHECK_EQ(free, r->query.free_pages) && CHECK_EQ(out, used);
}

static bool block_sums(const struct region *r)
{
	uint64_t free[NR_ZONES] = { 0 }, pages = 0;

	for (uint32_t b = 0; b < r->nr_blocks; b++) {
		uint32_t info = r->block[b].info, zone = info >> RB_PB_ZONE_SHIFT & 0xf;
		uint32_t largest = info >> RB_PB_LARGEST_SHIFT & 0x1f;

		if (!CHECK(zone < NR_ZONES) || !CHECK((info >> RB_PB_NID_SHIFT & 0xff) ==
						      (uint32_t)r->nid))
			return false;
		free[zone] += r->block[b].free;
		pages += r->block[b].nr_pages;
		if (!CHECK(r->block[b].free <= r->block[b].nr_pages) ||
		    !CHECK(!largest == !r->block[b].free) ||
		    !CHECK(largest <= NR_ORDERS))
			return false;
	}
	for (int z = 0; z < NR_ZONES; z++)
		if (r->has[z] && !CHECK_EQ(free[z], r->zone[z].free))
			return false;
	return CHECK_EQ(pages, r->query.region_pages);
}

static bool text_sums(const struct region *r)
{
	struct buddyinfo_row rows[8];
	char *text = text_read(RB_DEBUGFS "/buddyinfo");
	int n = text ? buddyinfo_parse(text, rows, 8) : 0;
	uint64_t pages = 0;

	for (int i = 0; i < n; i++)
		for (int o = 0; o < NR_ORDERS; o++)
			pages += rows[i].nr[o] << o;
	free(text);
	return CHECK_EQ(pages, r->query.free_pages);
}

static void our_sums(void)
{
	static struct rb_alloc slot[500];
	static struct region r;
	uint64_t seed = rb_seed(), used = 0;
	int fd = dev_open();
	unsigned int states = rb_times_b(400, 100, 10000, 1000);

	memset(slot, 0, sizeof(slot));
	for (unsigned int i = 0; i < states; i++) {
		for (int k = 0; k < 20; k++) {
			uint64_t x = rb_random(&seed);
			struct rb_alloc *a = &slot[x % ARRAY_SIZE(slot)];
			uint32_t order = (x >> 20) % 16 ? (x >> 24) % 5 : (x >> 24) % NR_ORDERS;

			if (a->gen) {
				CHECK_ERR(dev_free(fd, a, 0), 0);
				used -= 1ull << a->order;
				a->gen = 0;
			} else if (!dev_alloc(fd, (x >> 40 & 1 ? RB_GFP_HIGHUSER_MOVABLE :
						   RB_GFP_KERNEL) | RB_GFP_NORETRY |
					      RB_GFP_NOWARN, order, a)) {
				used += 1ull << order;
			} else {
				a->gen = 0;
			}
		}
		if (!region_read(fd, &r) || !zone_sums(&r, used) || !block_sums(&r) ||
		    !CHECK_EQ(r.query.used_by_me, used) || (i % 8 == 0 && !text_sums(&r))) {
			rb_diag("in state %u", i);
			break;
		}
	}
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	close(fd);
}

/* Events: pages out and back, counted in base pages; seq moves when and only when lists do. */
static void events(void)
{
	struct rb_zone_stat a, b;
	struct rb_alloc x;
	int fd = dev_open(), nid = region_now(fd)->nid;
	bool pcp = has_pcp(fd);

	for (uint32_t o = 0; o < NR_ORDERS; o++) {
		CHECK_ERR(dev_zone(fd, nid, RB_ZONE_NORMAL, &a), 0);
		CHECK_ERR(dev_zone(fd, nid, RB_ZONE_NORMAL, &b), 0);
		CHECK_EQ(a.seq, b.seq);
		NEED(!dev_alloc(fd, RB_GFP_KERNEL, o, &x));
		CHECK_ERR(dev_zone(fd, nid, RB_ZONE_NORMAL, &b), 0);
		CHECK_EQ(b.events[RB_EVENT_PGALLOC] - a.events[RB_EVENT_PGALLOC], 1u << o);
		CHECK_EQ(b.events[RB_EVENT_PGFREE], a.events[RB_EVENT_PGFREE]);
		CHECK(pcp || b.seq != a.seq);
		CHECK_ERR(dev_free(fd, &x, 0), 0);
		CHECK_ERR(dev_zone(fd, nid, RB_ZONE_NORMAL, &b), 0);
		CHECK_EQ(b.events[RB_EVENT_PGFREE] - a.events[RB_EVENT_PGFREE], 1u << o);
		CHECK_EQ(b.events[RB_EVENT_BAD_PAGE], 0);
	}
	close(fd);
}

RB_PROGRAM(P06_sum_rules, 0,
	{ "kernel_files_parse", kernel_sums },
	{ "ours_in_random_states", our_sums },
	{ "row_1_events_count_base_pages", events },
);
