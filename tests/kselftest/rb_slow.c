// SPDX-License-Identifier: GPL-2.0
/* Natures of blocks, compaction, reclaim, events, and the counters that tell of them. */
#include "rb_test.h"

int dev_alloc_as(int fd, uint32_t gfp, uint32_t order, uint64_t flags, struct rb_alloc *out)
{
	memset(out, 0, sizeof(*out));
	out->gfp = gfp;
	out->order = order;
	out->flags = flags;
	out->nid = RB_NO_NODE;
	return dev_ioctl(fd, RB_ALLOC, out);
}

int dev_advise_raw(int fd, uint32_t id, uint32_t gen, uint32_t order, uint32_t advice,
		   struct rb_advise *out)
{
	struct rb_advise mine, *a = out ? out : &mine;

	*a = (struct rb_advise){ .id = id, .gen = gen, .order = order, .advice = advice };
	return dev_ioctl(fd, RB_ADVISE, a);
}

int dev_advise(int fd, const struct rb_alloc *a, uint32_t advice, struct rb_advise *out)
{
	return dev_advise_raw(fd, a->id, a->gen, a->order, advice, out);
}

int dev_compact(int fd, int order, uint32_t mode, uint64_t budget_pages, struct rb_compact *out)
{
	*out = (struct rb_compact){
		.nid = RB_ALL, .zone = RB_ALL, .order = order, .mode = mode,
		.budget_pages = budget_pages,
	};
	return dev_ioctl(fd, RB_COMPACT, out);
}

int dev_reclaim(int fd, uint64_t nr_pages, struct rb_reclaim *out)
{
	*out = (struct rb_reclaim){ .nr_pages = nr_pages, .nid = RB_ALL };
	return dev_ioctl(fd, RB_RECLAIM, out);
}

int dev_node(int fd, int nid, struct rb_node_stat *out)
{
	memset(out, 0, sizeof(*out));
	out->nid = nid;
	return dev_ioctl(fd, RB_NODE_STAT, out);
}

int dev_event_set(int fd, int eventfd, uint32_t mask, uint64_t interval_ns)
{
	struct rb_event_set s = {
		.eventfd = eventfd, .mask = mask, .nid = RB_ALL, .zone = RB_ALL,
		.interval_ns = interval_ns,
	};

	return dev_ioctl(fd, RB_EVENT_SET, &s);
}

int dev_event_clear(int fd, int eventfd)
{
	struct rb_event_clear c = { .eventfd = eventfd };

	return dev_ioctl(fd, RB_EVENT_CLEAR, &c);
}

int dev_event_wait(int fd, uint32_t mask, uint64_t timeout_ns, struct rb_event_wait *out)
{
	*out = (struct rb_event_wait){ .mask = mask, .timeout_ns = timeout_ns };
	return dev_ioctl(fd, RB_EVENT_WAIT, out);
}

bool dev_has(int fd, uint64_t features)
{
	struct rb_query q;

	return !dev_query(fd, &q) && (q.features & features) == features;
}

void *dev_map_id(int fd, uint32_t id, uint32_t order)
{
	static uint32_t shift;
	struct rb_query q;

	if (!shift && !dev_query(fd, &q))
		shift = q.window_shift;
	return dev_map(fd, RB_MMAP_BASE + ((uint64_t)id << shift), PAGE << order,
		       PROT_READ | PROT_WRITE);
}

uint32_t dev_fill(int fd, uint32_t gfp, uint32_t order, struct rb_block *blocks, uint32_t max)
{
	uint32_t nr = 0, more;

	gfp = (gfp & ~RB_GFP_RECLAIM) | RB_GFP_MEMALLOC | RB_GFP_NOWARN;
	do {
		more = dev_take_all(fd, gfp, order, blocks + nr, max - nr);
		nr += more;
		/* What other CPUs have in stock. */
	} while (more && nr < max && !dev_drain(fd, RB_ALL, RB_ALL, RB_ALL));
	return nr;
}

void dev_no_upkeep(int fd)
{
	CHECK_ERR(dev_tune_set(fd, RB_TUNE_COMPACTION_PROACTIVENESS, 0, 0), 0);
	CHECK_ERR(dev_tune_set(fd, RB_TUNE_WATERMARK_BOOST_FACTOR, 0, 0), 0);
}

/* ---- counters ---- */

static char names[128][40];
static uint32_t nr_names;

static bool read_names(void)
{
	char *text = text_read(RB_DEBUGFS "/vmstat"), *save, *l;

	nr_names = 0;
	for (l = text ? strtok_r(text, "\n", &save) : NULL; l && nr_names < ARRAY_SIZE(names);
	     l = strtok_r(NULL, "\n", &save))
		if (sscanf(l, "%39s", names[nr_names]) == 1)
			nr_names++;
	free(text);
	return CHECK(nr_names > 0);
}

bool vmstat_read(int fd, struct vmstat *v)
{
	struct rb_vmstat call = {
		.buf_ptr = (uintptr_t)v->value, .nr = ARRAY_SIZE(v->value),
	};

	v->nr = 0;
	if ((!nr_names && !read_names()) || !CHECK_ERR(dev_ioctl(fd, RB_VMSTAT, &call), 0))
		return false;
	v->nr = call.nr_done;
	return CHECK_EQ(call.nr_done, call.nr_total) && CHECK_EQ(v->nr, nr_names);
}

uint64_t vmstat_of(const struct vmstat *v, const char *name)
{
	for (uint32_t i = 0; i < v->nr; i++)
		if (!strcmp(names[i], name))
			return v->value[i];
	rb_diag("vmstat has no %s", name);
	CHECK(!"the number is there");
	return 0;
}

long long vmstat_delta(const struct vmstat *before, const struct vmstat *after, const char *name)
{
	return (long long)(vmstat_of(after, name) - vmstat_of(before, name));
}

uint64_t vmstat_now(int fd, const char *name)
{
	struct vmstat v;

	return vmstat_read(fd, &v) ? vmstat_of(&v, name) : 0;
}

/* ---- patterns ---- */

static uint64_t word(uint64_t key, unsigned int i)
{
	return key ? (key + i) * 0x9e3779b97f4a7c15ull | 1 : 0;
}

void pattern_fill(void *page, uint64_t key)
{
	volatile uint64_t *w = page;

	for (unsigned int i = 0; i < PAGE / 8; i++)
		w[i] = word(key, i);
}

unsigned int pattern_wrong(const void *page, uint64_t key)
{
	const volatile uint64_t *w = page;
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < PAGE / 8; i++)
		wrong += w[i] != word(key, i);
	return wrong;
}

/* ---- the region as a whole ---- */

uint64_t zone_whole_blocks(const struct rb_zone_stat *z)
{
	uint64_t nr = 0;

	for (unsigned int o = 9; o < NR_ORDERS; o++)
		nr += zone_nr_free(z, o) << (o - 9);
	return nr;
}

bool region_is_whole(int fd)
{
	static struct region r;

	if (!CHECK_ERR(dev_drain(fd, RB_ALL, RB_ALL, RB_ALL), 0) || !region_is_idle(fd) ||
	    !region_read(fd, &r))
		return false;
	for (int z = 0; z < NR_ZONES; z++)
		if (r.has[z] && !CHECK_EQ(zone_whole_blocks(&r.zone[z]) << 9, r.zone[z].managed))
			return false;
	return true;
}

uint64_t region_whole_blocks(int fd, uint64_t *possible)
{
	static struct region r;
	uint64_t nr = 0, could = 0;

	if (!CHECK_ERR(dev_drain(fd, RB_ALL, RB_ALL, RB_ALL), 0) || !region_read(fd, &r))
		return 0;
	for (int z = 0; z < NR_ZONES; z++) {
		if (!r.has[z])
			continue;
		nr += zone_whole_blocks(&r.zone[z]);
		could += r.zone[z].free >> 9;
	}
	if (possible)
		*possible = could;
	return nr;
}

static void shuffle(struct rb_block *b, uint32_t nr, uint64_t *seed)
{
	for (uint32_t i = nr; i > 1; i--) {
		uint32_t j = (uint32_t)(rb_random(seed) % i);
		struct rb_block t = b[i - 1];

		b[i - 1] = b[j];
		b[j] = t;
	}
}

static void give_back(int fd, struct rb_block *b, uint32_t nr)
{
	uint32_t done;

	for (uint32_t i = 0; i < nr; i += done) {
		uint32_t want = nr - i < 4096 ? nr - i : 4096;

		if (!CHECK_ERR(dev_free_bulk(fd, b + i, want, RB_FREE_DRAIN, &done), 0) || !done)
			return;
	}
}

uint32_t region_fragment(int fd, unsigned int percent, uint64_t *seed, struct rb_block *kept,
			 uint32_t max)
{
	uint32_t nr, keep, nr_kept = 0;
	struct rb_block *all = calloc(max, sizeof(*all)), *back = calloc(max, sizeof(*back));
	uint8_t *has = calloc(max / 512 + 1, 1);

	nr = all && back && has ? dev_fill(fd, RB_GFP_HIGHUSER_MOVABLE, 0, all, max) : 0;
	keep = nr - nr * percent / 100;
	shuffle(all, nr, seed);
	/* The first of each pageblock stays; of the others as many as are wanted. */
	for (uint32_t i = 0; i < nr; i++)
		if (all[i].idx < max && !has[all[i].idx / 512]) {
			has[all[i].idx / 512] = 1;
			kept[nr_kept++] = all[i];
			all[i].id = ~0u;
		}
	uint32_t nr_back = 0;

	for (uint32_t i = 0; i < nr; i++) {
		if (all[i].id == ~0u)
			continue;
		if (nr_kept < keep)
			kept[nr_kept++] = all[i];
		else
			back[nr_back++] = all[i];
	}
	give_back(fd, back, nr_back);
	free(all);
	free(back);
	free(has);
	return nr_kept;
}
