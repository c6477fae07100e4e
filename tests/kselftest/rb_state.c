// SPDX-License-Identifier: GPL-2.0
/* The region as a whole: read, hashed, compared. "Changes nothing" means: the hash is the same. */
#include "rb_test.h"

static int read_blocks(int fd, struct region *r)
{
	struct rb_blockmap m = {
		.nr = ARRAY_SIZE(r->block), .buf_ptr = (uintptr_t)r->block,
	};
	int err = dev_ioctl(fd, RB_BLOCKMAP, &m);

	r->nr_blocks = err ? 0 : m.nr_done;
	return err;
}

bool region_read(int fd, struct region *r)
{
	memset(r, 0, sizeof(*r));
	if (!CHECK_ERR(dev_query(fd, &r->query), 0) || !CHECK_ERR(read_blocks(fd, r), 0) ||
	    !CHECK(r->nr_blocks > 0))
		return false;
	r->nid = (int)(r->block[0].info >> RB_PB_NID_SHIFT & 0xff);
	for (uint32_t z = 0; z < NR_ZONES; z++) {
		int err = dev_zone(fd, r->nid, z, &r->zone[z]);

		r->has[z] = !err;
		if (err && !CHECK_EQ(err, -ENODEV))
			return false;
	}
	return true;
}

const struct region *region_now(int fd)
{
	static struct region r;

	if (!region_read(fd, &r))
		memset(&r, 0, sizeof(r));	/* the failed CHECK has been told */
	return &r;
}

static uint64_t fnv(uint64_t h, const void *data, size_t len)
{
	const unsigned char *p = data;

	while (len--)
		h = (h ^ *p++) * 0x100000001b3ull;
	return h;
}

/* With per-CPU lists, pages may go from a list to the free lists at any time. */
static uint64_t hash_zone(uint64_t h, struct rb_zone_stat z, bool pcp, bool undone)
{
	uint64_t left = z.free + z.pcp_total;

	if (pcp) {
		h = fnv(h, &left, sizeof(left));
		return fnv(h, &z.managed, sizeof(z.managed));
	}
	z.events[RB_EVENT_ALLOC_FAIL] = 0;
	if (undone) {
		z.seq = 0;
		memset(z.events, 0, sizeof(z.events));
	}
	return fnv(h, &z, sizeof(z));
}

static uint64_t hash_blocks(uint64_t h, const struct region *r, bool pcp)
{
	for (uint32_t i = 0; i < r->nr_blocks; i++) {
		struct rb_pageblock b = r->block[i];

		if (pcp) {
			b.free = 0;
			b.info &= RB_PB_MIGRATETYPE_MASK;
		}
		h = fnv(h, &b, sizeof(b));
	}
	return h;
}

static uint64_t hash_region(int fd, bool undone)
{
	static struct region r;
	uint64_t h = 0xcbf29ce484222325ull;
	bool pcp;

	if (!region_read(fd, &r))
		return 0;
	pcp = r.query.features & RB_FEATURE_PCP;
	if (!pcp)
		h = fnv(h, &r.query.free_pages, sizeof(r.query.free_pages));
	h = fnv(h, &r.query.used_by_me, sizeof(r.query.used_by_me));
	for (int z = 0; z < NR_ZONES; z++)
		if (r.has[z])
			h = hash_zone(h, r.zone[z], pcp, undone);
	return hash_blocks(h, &r, pcp);
}

uint64_t region_hash(int fd)
{
	return hash_region(fd, false);
}

uint64_t region_hash_undone(int fd)
{
	return hash_region(fd, true);
}

uint64_t region_pages_left(int fd)
{
	static struct region r;
	uint64_t sum = 0;

	if (!region_read(fd, &r))
		return 0;
	for (int z = 0; z < NR_ZONES; z++)
		if (r.has[z])
			sum += r.zone[z].free + r.zone[z].pcp_total;
	return sum;
}

struct wanted {
	int fd;
	uint64_t left;
};

static bool is_left(void *arg)
{
	const struct wanted *w = arg;

	return region_pages_left(w->fd) == w->left;
}

bool region_all_back(int fd, uint64_t left)
{
	struct wanted w = { fd, left };

	if (rb_wait_for(is_left, &w, 2000))
		return true;
	rb_diag("%llu of %llu pages", (unsigned long long)region_pages_left(fd),
		(unsigned long long)left);
	return false;
}

uint64_t zone_nr_free(const struct rb_zone_stat *z, unsigned int order)
{
	uint64_t nr = 0;

	for (int t = 0; t < RB_MAX_MIGRATETYPES; t++)
		nr += z->nr_free[t][order];
	return nr;
}

uint64_t zone_sum(const struct rb_zone_stat *z)
{
	uint64_t pages = 0;

	for (unsigned int o = 0; o < RB_MAX_ORDERS; o++)
		pages += zone_nr_free(z, o) << o;
	return pages;
}

uint32_t block_type(const struct region *r, uint32_t idx)
{
	uint32_t b = idx >> r->query.pageblock_order;

	return b < r->nr_blocks ? r->block[b].info & RB_PB_MIGRATETYPE_MASK : ~0u;
}

bool has_pcp(int fd)
{
	struct rb_query q;

	return !dev_query(fd, &q) && (q.features & RB_FEATURE_PCP);
}

static bool verify_clean(int fd, bool tell)
{
	struct rb_verify v;
	int err = dev_verify(fd, &v);

	if (!err && !v.errors && !v.code && v.checked)
		return true;
	if (!tell)
		return false;
	rb_diag("verify: %s, checked %llu errors %llu first_idx %llu code %u", rb_errname(-err),
		(unsigned long long)v.checked, (unsigned long long)v.errors,
		(unsigned long long)v.first_idx, v.code);
	return false;
}

static bool idle_now(int fd, bool tell)
{
	const struct region *r = region_now(fd);
	bool ok = r && verify_clean(fd, tell);

	for (int z = 0; r && z < NR_ZONES; z++) {
		const struct rb_zone_stat *s = &r->zone[z];

		if (!r->has[z] || (s->free + s->pcp_total == s->managed && zone_sum(s) == s->free))
			continue;
		ok = false;
		if (!tell)
			continue;
		rb_diag("zone %d: managed %llu, free %llu + %llu on lists, sum of orders %llu", z,
			(unsigned long long)s->managed, (unsigned long long)s->free,
			(unsigned long long)s->pcp_total, (unsigned long long)zone_sum(s));
	}
	return ok;
}

/*
 * All pages are back, the sums agree, and RB_VERIFY finds nothing. Compaction in the background may
 * have some pages in hand for a moment.
 */
bool region_is_idle(int fd)
{
	for (int i = 0; i < 20 && !idle_now(fd, false); i++)
		usleep(100000);
	return idle_now(fd, true);
}
