// SPDX-License-Identifier: GPL-2.0
/* What the matrix cannot reach: handles over time, bulk results, ZAP, RESET, partial success. */
#include "rb_test.h"

static void double_free(void)
{
	struct rb_alloc a;
	int fd = dev_open();
	uint64_t hash;

	NEED(!dev_alloc(fd, RB_GFP_KERNEL, 0, &a));
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	hash = region_hash(fd);
	for (unsigned int i = 0; i < rb_times(1000, 200, 100000); i++)
		if (!CHECK_ERR(dev_free(fd, &a, 0), ENOENT))
			break;
	CHECK(region_hash(fd) == hash);
	close(fd);
}

/* The same id again has another gen, never 0; the old handle is stale. */
static void stale_handle(void)
{
	struct rb_alloc a, b;
	int fd = dev_open();
	unsigned int seen = 0;

	NEED(!dev_alloc(fd, RB_GFP_KERNEL, 0, &a));
	for (unsigned int i = 0; i < rb_times(2000, 400, 100000); i++) {
		CHECK(a.gen != 0);
		CHECK_ERR(dev_free(fd, &a, 0), 0);
		if (!CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL, 0, &b), 0))
			break;
		if (b.id == a.id) {
			seen++;
			if (!CHECK(b.gen != a.gen) || !CHECK_ERR(dev_free(fd, &a, 0), ESTALE))
				break;
		}
		a = b;
	}
	rb_diag("the same id came back %u times", seen);
	CHECK(seen > 0);
	close(fd);
}

static void foreign_handle(void)
{
	struct rb_alloc a;
	int fd = dev_open(), other = dev_open();
	uint64_t hash;

	NEED(!dev_alloc(fd, RB_GFP_KERNEL, 2, &a));
	hash = region_hash(other);
	CHECK_ERR(dev_free(other, &a, 0), ENOENT);
	CHECK_ERR(dev_free(other, &a, RB_FREE_ZAP), ENOENT);
	CHECK_ERR(dev_free_raw(other, a.id, a.gen + 1, a.order, 0), ENOENT);
	CHECK_ERR(dev_free_raw(other, a.id, a.gen, 3, 0), ENOENT);
	CHECK(dev_map(other, a.mmap_offset, PAGE, PROT_READ) == MAP_FAILED && errno == ENXIO);
	CHECK_ERR(dev_reset(other, RB_RESET_FD | RB_RESET_ZAP), 0);
	CHECK(region_hash(other) == hash);
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	close(other);
	close(fd);
}

/* Each of all 11 orders against each other one. */
static void wrong_order(void)
{
	struct rb_alloc a;
	int fd = dev_open();

	for (uint32_t o = 0; o < NR_ORDERS; o++) {
		NEED(!dev_alloc(fd, RB_GFP_KERNEL, o, &a));
		uint64_t hash = region_hash(fd);

		for (uint32_t f = 0; f < NR_ORDERS; f++)
			if (f != o)
				CHECK_ERR(dev_free_raw(fd, a.id, a.gen, f, 0), EINVAL);
		CHECK(region_hash(fd) == hash);
		CHECK_ERR(dev_free(fd, &a, 0), 0);
	}
	close(fd);
}

static uint64_t warned(void)
{
	char *text = text_read(RB_DEBUGFS "/vmstat");
	uint64_t nr = ~0ull;

	CHECK(text && text_value(text, "rb_warn_order", &nr));
	free(text);
	return nr;
}

/* Row 2: order 10 is the last there is, in every call that takes an order; one warning in all, and none
 * of those who ask for silence.
 */
static void order_bound(void)
{
	static const uint32_t orders[] = { 11, 12, 16, 31, 32, 63, 64, 255, 256, 1u << 31, ~0u };
	struct rb_alloc a;
	struct rb_block b;
	uint32_t done;
	int fd = dev_open();
	uint64_t hash = region_hash(fd), before = warned();

	CHECK_ERR(dev_alloc(fd, RB_GFP_NOWAIT, 11, &a), EINVAL);
	CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL | RB_GFP_NOWARN, 11, &a), EINVAL);
	CHECK_EQ(warned(), before);
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL, orders[i], &a), EINVAL);
		CHECK_ERR(dev_alloc(fd, RB_GFP_NOWAIT, orders[i], &a), EINVAL);
		CHECK_ERR(dev_bulk(fd, RB_GFP_KERNEL, orders[i], &b, 1, &done), EINVAL);
		CHECK_ERR(dev_free_raw(fd, 0, 1, orders[i], 0), EINVAL);
		CHECK_EQ(warned(), 1);
	}
	CHECK(region_hash(fd) == hash);
	CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL, 10, &a), 0);
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	close(fd);
}

/* No other id of the whole region can be freed, whatever the gen (tail pages, free ones, ...). */
static void every_id(void)
{
	struct rb_alloc a;
	int fd = dev_open();
	const struct region *r = region_now(fd);
	uint64_t hash, wrong = 0;

	NEED(r && !dev_alloc(fd, RB_GFP_KERNEL, 4, &a));
	hash = region_hash(fd);
	for (uint32_t id = 0; id < r->query.region_pages; id += rb_times(1, 7, 1))
		if (id != a.id)
			wrong += dev_free_raw(fd, id, a.gen, 4, 0) != -ENOENT;
	CHECK_EQ(wrong, 0);
	CHECK_ERR(dev_free_raw(fd, (uint32_t)r->query.region_pages, a.gen, 4, 0), ERANGE);
	CHECK(region_hash(fd) == hash);
	close(fd);
}

static void zone_that_is_not_there(void)
{
	struct rb_zone_stat z;
	int fd = dev_open();
	const struct region *r = region_now(fd);

	NEED(r);
	for (int nid = -2; nid < 70; nid++)
		if (nid != r->nid)
			CHECK_ERR(dev_zone(fd, nid, RB_ZONE_NORMAL, &z), ENODEV);
	for (uint32_t zone = 0; zone < NR_ZONES; zone++)
		CHECK_ERR(dev_zone(fd, r->nid, zone, &z), r->has[zone] ? 0 : ENODEV);
	CHECK_ERR(dev_zone(fd, r->nid, NR_ZONES, &z), EINVAL);
	CHECK_ERR(dev_zone(fd, r->nid, 7, &z), EINVAL);
	close(fd);
}

static void reset_of_mapped(void)
{
	struct rb_alloc a, b;
	int fd = dev_open();
	void *p;
	uint64_t hash;

	NEED(!dev_alloc(fd, RB_GFP_KERNEL, 1, &a) && !dev_alloc(fd, RB_GFP_KERNEL, 3, &b));
	p = dev_map_block(fd, &b);
	NEED(p != MAP_FAILED);
	hash = region_hash(fd);
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), EBUSY);
	CHECK_ERR(dev_reset(fd, RB_RESET_ZAP), EINVAL);
	CHECK_ERR(dev_reset(fd, 0), EINVAL);
	CHECK(region_hash(fd) == hash);
	CHECK_ERR(dev_reset(fd, RB_RESET_FD | RB_RESET_ZAP), 0);
	CHECK_ERR(dev_free(fd, &a, 0), ENOENT);
	CHECK_ERR(dev_free(fd, &b, 0), ENOENT);
	CHECK(rb_probe_read(p) != 0);
	CHECK(region_is_idle(fd));
	munmap(p, PAGE << 3);
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	close(fd);
}

static void blockmap_ends(void)
{
	static struct rb_pageblock b[4100];
	int fd = dev_open();
	const struct region *r = region_now(fd);
	struct rb_blockmap m = { .buf_ptr = (uintptr_t)b };

	NEED(r);
	for (uint64_t start = 0; start < r->nr_blocks; start++) {
		memset(b, 0xa5, sizeof(b));
		m.start = start;
		m.nr = 4096;
		m.nr_done = 0;
		CHECK_ERR(dev_ioctl(fd, RB_BLOCKMAP, &m), 0);
		CHECK_EQ(m.nr_done, r->nr_blocks - start);
		CHECK(!memcmp(b, r->block + start, m.nr_done * sizeof(*b)));
		CHECK_EQ(b[m.nr_done].free, 0xa5a5a5a5);	/* not one entry too many */
	}
	m.start = r->nr_blocks;
	CHECK_ERR(dev_ioctl(fd, RB_BLOCKMAP, &m), ERANGE);
	close(fd);
}

static void open_modes(void)
{
	int modes[] = { O_RDONLY, O_WRONLY, O_RDWR, O_RDWR | O_NONBLOCK };

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		struct rb_query q;
		int fd = dev_open_mode(modes[i]);

		NEED(fd >= 0);
		CHECK_ERR(dev_query(fd, &q), 0);
		close(fd);
	}
}

/* Row 17, 21, 76: each tunable at its bounds; TRY changes nothing; each change is counted. */
static void tunables(void)
{
	static const struct { uint32_t key, zone; uint64_t min, max, def; } t[] = {
		{ RB_TUNE_MIN_FREE_KBYTES, 0, 0, 0x7fffffff, 0 },
		{ RB_TUNE_WATERMARK_SCALE_FACTOR, 0, 1, 3000, 10 },
		{ RB_TUNE_WATERMARK_BOOST_FACTOR, 0, 0, 0x7fffffff, 15000 },
		{ RB_TUNE_LOWMEM_RESERVE_RATIO, RB_ZONE_DMA, 0, 0x7fffffff, 256 },
		{ RB_TUNE_LOWMEM_RESERVE_RATIO, RB_ZONE_DMA32, 0, 0x7fffffff, 256 },
		{ RB_TUNE_LOWMEM_RESERVE_RATIO, RB_ZONE_NORMAL, 0, 0x7fffffff, 32 },
		{ RB_TUNE_LOWMEM_RESERVE_RATIO, RB_ZONE_MOVABLE, 0, 0x7fffffff, 0 },
		{ RB_TUNE_PERCPU_PAGELIST_HIGH_FRACTION, 0, 0, 0x7fffffff, 0 },
		{ RB_TUNE_DEFRAG_MODE, 0, 0, 1, 0 },
		{ RB_TUNE_STAT_INTERVAL, 0, 1, 0x7fffffff, 1 },
		{ RB_TUNE_EXTFRAG_THRESHOLD, 0, 0, 1000, 500 },
		{ RB_TUNE_COMPACTION_PROACTIVENESS, 0, 0, 100, 20 },
	};
	struct rb_query before, after;
	int fd = dev_open();

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		const uint64_t bad[] = { t[i].min - 1, t[i].max + 1, (uint64_t)-1, 1ull << 32, 1ull << 63 };
		struct rb_tune g, s = { .key = t[i].key, .zone = t[i].zone, .flags = RB_TUNE_TRY };

		CHECK_ERR(dev_query(fd, &before), 0);
		if (!CHECK_ERR(dev_tune_get(fd, t[i].key, t[i].zone, &g), 0))
			continue;
		CHECK_EQ(g.min, t[i].min);
		CHECK_EQ(g.max, t[i].max);
		CHECK_EQ(g.old, g.value);
		CHECK(t[i].key == RB_TUNE_MIN_FREE_KBYTES ? g.def >= 128 : g.def == t[i].def);
		for (size_t k = 0; k < ARRAY_SIZE(bad); k++) {
			CHECK_ERR(dev_tune_set(fd, t[i].key, t[i].zone, bad[k]), EINVAL);
			s.value = bad[k];
			CHECK_ERR(dev_ioctl(fd, RB_TUNE_SET, &s), EINVAL);
		}
		s.value = t[i].max;
		CHECK_ERR(dev_ioctl(fd, RB_TUNE_SET, &s), 0);
		CHECK_EQ(s.old, g.value);
		CHECK_EQ(s.value, t[i].max);
		CHECK_ERR(dev_query(fd, &after), 0);
		CHECK_EQ(after.epoch, before.epoch);
		for (int k = 0; k < 2; k++) {
			uint64_t value = k ? g.value : t[i].max;

			s = (struct rb_tune){ .key = t[i].key, .zone = t[i].zone, .value = value };
			CHECK_ERR(dev_ioctl(fd, RB_TUNE_SET, &s), 0);
			CHECK_EQ(s.old, k ? t[i].max : g.value);
			CHECK_ERR(dev_tune_get(fd, t[i].key, t[i].zone, &s), 0);
			CHECK_EQ(s.value, value);
		}
		CHECK_ERR(dev_query(fd, &after), 0);
		CHECK_EQ(after.epoch, before.epoch + 2);
		if (rb_failures())
			rb_diag("that was key %u zone %u", t[i].key, t[i].zone);
	}
	for (uint64_t v = 1; v < 8; v++)
		CHECK_ERR(dev_tune_set(fd, RB_TUNE_PERCPU_PAGELIST_HIGH_FRACTION, 0, v), EINVAL);
	CHECK_ERR(dev_tune_set(fd, RB_TUNE_PERCPU_PAGELIST_HIGH_FRACTION, 0, 8), 0);
	CHECK_ERR(dev_tune_set(fd, RB_TUNE_PERCPU_PAGELIST_HIGH_FRACTION, 0, 0), 0);
	CHECK_ERR(dev_tune_set(fd, 9, 0, 0), EINVAL);
	CHECK_ERR(dev_tune_set(fd, RB_TUNE_LOWMEM_RESERVE_RATIO, 4, 0), EINVAL);
	close(fd);
}

RB_PROGRAM(U04_errno_table, 0,
	{ "double_free_is_ENOENT", double_free },
	{ "old_gen_is_ESTALE", stale_handle },
	{ "foreign_handle_is_ENOENT", foreign_handle },
	{ "wrong_order_is_EINVAL", wrong_order },
	{ "row_2_order_bound", order_bound },
	{ "no_other_id_can_be_freed", every_id },
	{ "absent_zone_is_ENODEV", zone_that_is_not_there },
	{ "reset_of_mapped_is_EBUSY_and_frees_nothing", reset_of_mapped },
	{ "blockmap_stops_at_the_end", blockmap_ends },
	{ "row_17_21_76_tunables_at_their_bounds", tunables },
	{ "open_modes", open_modes },
);
