// SPDX-License-Identifier: GPL-2.0
/*
 * Boundary values in every field of every command, alone and in pairs (two errors at once), as
 * administrator, through a read-only file, and as an ordinary user. The answer is judged by
 * rb_oracle.c; every refused call leaves the region as it was.
 */
#include "rb_oracle.h"

#include <sys/resource.h>

#define F(s, f)	{ offsetof(struct s, f), sizeof(((struct s *)0)->f) }

struct field { size_t at, size; };

static const struct table {
	unsigned long cmd;
	const char *name;
	struct field f[12];
	unsigned int nr;
} tables[] = {
	{ RB_QUERY, "QUERY", { F(rb_query, what), F(rb_query, flags) }, 2 },
	{ RB_ALLOC, "ALLOC", {
		F(rb_alloc, gfp), F(rb_alloc, order), F(rb_alloc, flags), F(rb_alloc, nodemask),
		F(rb_alloc, nid), F(rb_alloc, reserved0), F(rb_alloc, timeout_ns),
		F(rb_alloc, reserved2) }, 8 },
	{ RB_FREE, "FREE", {
		F(rb_free, id), F(rb_free, gen), F(rb_free, order), F(rb_free, flags),
		F(rb_free, reserved[0]), F(rb_free, reserved[1]) }, 6 },
	{ RB_ALLOC_BULK, "ALLOC_BULK", {
		F(rb_bulk, blocks_ptr), F(rb_bulk, nr), F(rb_bulk, gfp), F(rb_bulk, order),
		F(rb_bulk, flags), F(rb_bulk, nodemask), F(rb_bulk, nid), F(rb_bulk, reserved0),
		F(rb_bulk, timeout_ns), F(rb_bulk, reserved1) }, 10 },
	{ RB_FREE_BULK, "FREE_BULK", {
		F(rb_bulk, blocks_ptr), F(rb_bulk, nr), F(rb_bulk, gfp), F(rb_bulk, order),
		F(rb_bulk, flags), F(rb_bulk, nodemask), F(rb_bulk, nid), F(rb_bulk, reserved0),
		F(rb_bulk, timeout_ns), F(rb_bulk, reserved1) }, 10 },
	{ RB_ZONE_STAT, "ZONE_STAT", {
		F(rb_zone_stat, nid), F(rb_zone_stat, zone), F(rb_zone_stat, flags),
		F(rb_zone_stat, reserved0) }, 4 },
	{ RB_PCP_STAT, "PCP_STAT", {
		F(rb_pcp_stat, nid), F(rb_pcp_stat, zone), F(rb_pcp_stat, cpu), F(rb_pcp_stat, flags),
		F(rb_pcp_stat, reserved1[0]) }, 5 },
	{ RB_VMSTAT, "VMSTAT", {
		F(rb_vmstat, buf_ptr), F(rb_vmstat, nr), F(rb_vmstat, flags) }, 3 },
	{ RB_TUNE_GET, "TUNE_GET", {
		F(rb_tune, key), F(rb_tune, zone), F(rb_tune, flags), F(rb_tune, reserved0),
		F(rb_tune, reserved1), F(rb_tune, value) }, 6 },
	{ RB_TUNE_SET, "TUNE_SET", {
		F(rb_tune, key), F(rb_tune, zone), F(rb_tune, flags), F(rb_tune, reserved0),
		F(rb_tune, reserved1), F(rb_tune, value) }, 6 },
	{ RB_DRAIN, "DRAIN", {
		F(rb_drain, nid), F(rb_drain, zone), F(rb_drain, cpu), F(rb_drain, flags),
		F(rb_drain, reserved[0]), F(rb_drain, reserved[1]) }, 6 },
	{ RB_BLOCKMAP, "BLOCKMAP", {
		F(rb_blockmap, start), F(rb_blockmap, nr), F(rb_blockmap, flags),
		F(rb_blockmap, buf_ptr) }, 4 },
	{ RB_NODE_STAT, "NODE_STAT", {
		F(rb_node_stat, nid), F(rb_node_stat, flags), F(rb_node_stat, reserved1[0]) }, 3 },
	{ RB_ADVISE, "ADVISE", {
		F(rb_advise, id), F(rb_advise, gen), F(rb_advise, order), F(rb_advise, advice),
		F(rb_advise, flags), F(rb_advise, reserved1) }, 6 },
	{ RB_COMPACT, "COMPACT", {
		F(rb_compact, nid), F(rb_compact, zone), F(rb_compact, order), F(rb_compact, mode),
		F(rb_compact, budget_pages), F(rb_compact, timeout_ns), F(rb_compact, flags),
		F(rb_compact, reserved0[1]) }, 8 },
	{ RB_RECLAIM, "RECLAIM", {
		F(rb_reclaim, nr_pages), F(rb_reclaim, nid), F(rb_reclaim, flags),
		F(rb_reclaim, timeout_ns), F(rb_reclaim, reserved0) }, 5 },
	{ RB_VERIFY, "VERIFY", { F(rb_verify, flags), F(rb_verify, reserved0) }, 2 },
	{ RB_RESET, "RESET", { F(rb_reset, flags), F(rb_reset, reserved0), F(rb_reset, reserved1) }, 3 },
};

static struct rb_block entries[4096];
static struct rb_pageblock blockmap[65536];
static struct world world;
static int dev, other;
static uint64_t hash, hash_undone;
static unsigned int cases, refused;
static unsigned int world_nr;
static bool stale;	/* the hashes are of an earlier state */

static const uint64_t common[] = {
	0, 1, 2, 3, 4, 9, 10, 11, 12, 15, 16, 63, 64, 0x7fffffff, 0x80000000, 0x80000001,
	0xfffffffe, 0xffffffff, 0x100000000, 0x7fffffffffffffff, 0x8000000000000000,
	0x8000000000000001, 0xfffffffffffffffe, 0xffffffffffffffff,
};

static uint64_t values[96];
static unsigned int nr_values;

static void collect_values(void)
{
	const struct rb_query *q = &world.query;
	const uint64_t own[] = {
		q->region_pages - 1, q->region_pages, q->region_pages + 1, q->max_bulk, q->max_bulk + 1,
		q->max_fetch, q->max_fetch + 1, world.nr_blocks - 1, world.nr_blocks,
		world.nr_blocks + 1, world.foreign.id, world.foreign.gen, world.mapped.id,
		world.mapped.gen, world.mine.gen + 1, 1ull << world.nid, 1ull << (world.nid + 1),
		RB_GFP_NOFAIL, RB_GFP_MEMALLOC, RB_GFP_MOVABLE | RB_GFP_RECLAIMABLE,
		RB_GFP_ACCOUNT << 1, 0x3fffff, 0x3effff, (uintptr_t)entries + 1,
		RB_GFP_THISNODE | RB_GFP_KERNEL,
	};

	nr_values = 0;
	for (size_t i = 0; i < ARRAY_SIZE(common); i++)
		values[nr_values++] = common[i];
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		values[nr_values++] = own[i];
	for (unsigned int z = 5; z < 16; z++)
		values[nr_values++] = z;	/* every combination of zone flags */
}

static void template(unsigned long cmd, void *arg)
{
	struct rb_bulk *b = arg;

	memset(arg, 0, 4096);
	if (cmd == RB_ALLOC) {
		*(struct rb_alloc *)arg = (struct rb_alloc){ .gfp = RB_GFP_KERNEL, .nid = -1 };
	} else if (cmd == RB_FREE) {
		*(struct rb_free *)arg = (struct rb_free){ .id = world.mine.id,
			.gen = world.mine.gen, .order = world.mine.order };
	} else if (cmd == RB_ALLOC_BULK || cmd == RB_FREE_BULK) {
		b->blocks_ptr = (uintptr_t)entries;
		b->nr = 1;
		b->gfp = cmd == RB_ALLOC_BULK ? RB_GFP_KERNEL : 0;
		b->nid = cmd == RB_ALLOC_BULK ? -1 : 0;
		memset(entries, 0xff, sizeof(entries));
		entries[0] = (struct rb_block){ .id = world.foreign.id, .gen = world.foreign.gen };
	} else if (cmd == RB_ZONE_STAT) {
		((struct rb_zone_stat *)arg)->nid = world.nid;
		((struct rb_zone_stat *)arg)->zone = RB_ZONE_NORMAL;
	} else if (cmd == RB_PCP_STAT) {
		((struct rb_pcp_stat *)arg)->nid = world.nid;
		((struct rb_pcp_stat *)arg)->zone = RB_ZONE_NORMAL;
	} else if (cmd == RB_VMSTAT) {
		((struct rb_vmstat *)arg)->nr = 4;
		((struct rb_vmstat *)arg)->buf_ptr = (uintptr_t)blockmap;
	} else if (cmd == RB_TUNE_SET) {
		((struct rb_tune *)arg)->key = RB_TUNE_WATERMARK_SCALE_FACTOR;
		((struct rb_tune *)arg)->value = 10;
	} else if (cmd == RB_DRAIN) {
		*(struct rb_drain *)arg = (struct rb_drain){ .nid = RB_ALL, .zone = RB_ALL,
			.cpu = RB_ALL };
	} else if (cmd == RB_NODE_STAT) {
		((struct rb_node_stat *)arg)->nid = world.nid;
	} else if (cmd == RB_ADVISE) {
		*(struct rb_advise *)arg = (struct rb_advise){ .id = world.mine.id,
			.gen = world.mine.gen, .order = world.mine.order,
			.advice = RB_ADVISE_UNMOVABLE };
	} else if (cmd == RB_COMPACT) {
		*(struct rb_compact *)arg = (struct rb_compact){ .nid = RB_ALL, .zone = RB_ALL,
			.order = -1 };
	} else if (cmd == RB_RECLAIM) {
		((struct rb_reclaim *)arg)->nid = RB_ALL;
	} else if (cmd == RB_BLOCKMAP) {
		((struct rb_blockmap *)arg)->nr = 1;
		((struct rb_blockmap *)arg)->buf_ptr = (uintptr_t)blockmap;
	} else if (cmd == RB_RESET) {
		((struct rb_reset *)arg)->flags = RB_RESET_FD;
	}
}

/* After a success: back to the state of before. */
static void undo(unsigned long cmd, const void *arg)
{
	const struct rb_bulk *b = arg;
	const struct rb_advise *a = arg;
	const struct rb_tune *t = arg;

	if (cmd == RB_ADVISE) {
		/* So that it is as it was: needed, not pinned, not movable. */
		CHECK_ERR(dev_advise_raw(dev, a->id, a->gen, a->order, RB_ADVISE_NEEDED, NULL), 0);
		CHECK_ERR(dev_advise_raw(dev, a->id, a->gen, a->order, RB_ADVISE_UNMOVABLE, NULL), 0);
		if (a->advice == RB_ADVISE_PIN)
			CHECK_ERR(dev_advise_raw(dev, a->id, a->gen, a->order, RB_ADVISE_UNPIN, NULL),
				  0);
		return;
	} else if (cmd == RB_TUNE_SET && !t->flags) {
		CHECK_ERR(dev_tune_set(dev, t->key, t->zone, t->old), 0);
	} else if (cmd == RB_ALLOC) {
		CHECK_ERR(dev_free(dev, arg, 0), 0);
	} else if (cmd == RB_FREE) {
		CHECK_ERR(dev_alloc(dev, RB_GFP_KERNEL, 0, &world.mine), 0);
	} else if (cmd == RB_ALLOC_BULK) {
		memmove(entries, (void *)(uintptr_t)b->blocks_ptr, b->nr_done * sizeof(*entries));
		CHECK_ERR(dev_free_bulk(dev, entries, b->nr_done, 0, NULL), 0);
	} else {
		return;
	}
	stale = true;
}

/* The slow rig looks at the state now and then: what was changed stays changed. */
static bool looks(void)
{
	return (refused + 1) % rb_times(1, 64, 1) == 0;
}

static void remember(void)
{
	if (!stale || !looks())
		return;
	hash = region_hash(dev);
	hash_undone = region_hash_undone(dev);
	stale = false;
}

static void tell(const struct table *t, const void *arg, int err)
{
	rb_diag("%s says %s to:", t->name, rb_errname(err));
	for (unsigned int i = 0; i < t->nr; i++) {
		uint64_t v = 0;

		memcpy(&v, (const char *)arg + t->f[i].at, t->f[i].size);
		rb_diag("  byte %zu: %#llx", t->f[i].at, (unsigned long long)v);
	}
}

static void try_case(const struct table *t, const void *arg)
{
	static uint64_t copy[512];
	struct verdict v;
	uint64_t now;
	bool late;
	int err;

	memcpy(copy, arg, sizeof(copy));
	judge(&world, t->cmd, copy, &v);
	if (t->cmd == RB_RESET && verdict_allows(&v, 0))
		return;		/* would free what the other cases need */
	if (t->cmd == RB_FREE && ((struct rb_free *)copy)->id == world.mapped.id &&
	    verdict_allows(&v, 0))
		return;
	remember();
	err = -dev_ioctl(dev, t->cmd, copy);
	cases++;
	if (!verdict_allows(&v, err)) {
		tell(t, arg, err);
		CHECK(!"the answer is right");
	}
	if (!err)
		return undo(t->cmd, copy);
	/* Only a result that cannot be written may be refused after the fact, and undone. */
	late = t->cmd == RB_ALLOC_BULK && err == EFAULT;
	if (++refused % rb_times(1, 64, 1) && !late)
		return;
	now = late ? region_hash_undone(dev) : region_hash(dev);
	if (!CHECK(now == (late ? hash_undone : hash)))
		tell(t, arg, err);
	hash = now == hash ? hash : region_hash(dev);
}

/* The slow rig takes a third of the values for each field, another third in each world. */
static bool skipped(unsigned int v, unsigned int field)
{
	return (v + field + world_nr) % rb_times(1, 3, 1) != 0;
}

static void poke(void *arg, const struct field *f, uint64_t v)
{
	memcpy((char *)arg + f->at, &v, f->size);
}

static void singles(const struct table *t)
{
	static uint64_t arg[512];

	for (unsigned int i = 0; i < t->nr; i++)
		for (unsigned int v = 0; v < nr_values && rb_failures() < 20; v++) {
			if (skipped(v, i))
				continue;
			template(t->cmd, arg);
			poke(arg, &t->f[i], values[v]);
			try_case(t, arg);
		}
}

static void pairs(const struct table *t)
{
	static const uint64_t bad[] = { 11, 0x80000000, 0xffffffffffffffff };
	static uint64_t arg[512];

	for (unsigned int i = 0; i < t->nr; i++)
		for (unsigned int j = i + 1; j < t->nr && rb_failures() < 20; j++)
			for (unsigned int v = 0; v < 9; v++) {
				if (skipped(v, i + j))
					continue;
				template(t->cmd, arg);
				poke(arg, &t->f[i], bad[v / 3]);
				poke(arg, &t->f[j], bad[v % 3]);
				try_case(t, arg);
			}
}

static bool build_world(unsigned int nr, bool admin, int mode)
{
	const struct region *r;
	void *p;

	world_nr = nr;
	memset(&world, 0, sizeof(world));
	world.admin = admin;
	world.writable = mode != O_RDONLY;
	dev = dev_open_mode(mode);
	other = dev_open_mode(O_RDWR);
	r = dev < 0 || other < 0 ? NULL : region_now(dev);
	if (!CHECK(r))
		return false;
	world.query = r->query;
	world.nid = r->nid;
	world.nr_blocks = r->nr_blocks;
	world.nr_cpu_ids = rb_nr_cpu_ids();
	world.mine.id = world.mapped.id = ~0u;
	CHECK_ERR(dev_alloc(other, RB_GFP_KERNEL, 0, &world.foreign), 0);
	if (world.writable) {
		CHECK_ERR(dev_alloc(dev, RB_GFP_KERNEL, 0, &world.mine), 0);
		CHECK_ERR(dev_alloc(dev, RB_GFP_KERNEL, 0, &world.mapped), 0);
		p = dev_map_block(dev, &world.mapped);
		CHECK(p != MAP_FAILED);
	}
	collect_values();
	stale = true;
	return !rb_failures();
}

static void matrix(void)
{
	cases = refused = 0;
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		singles(&tables[t]);
		pairs(&tables[t]);
	}
	rb_diag("%u cases, %u of them refused", cases, refused);
}

static void as_admin(void *unused)
{
	(void)unused;
	if (build_world(0, true, O_RDWR))
		matrix();
	CHECK(cases >= rb_times(1500, 500, 1500));
}

static void read_only(void *unused)
{
	(void)unused;
	if (build_world(1, true, O_RDONLY))
		matrix();
	CHECK(cases >= rb_times(1000, 333, 1000));
}

static void user_matrix(void *unused)
{
	(void)unused;
	world.admin = false;
	matrix();
	CHECK(cases >= rb_times(1500, 500, 1500));
}

static void administrator(void) { rb_in_child(as_admin, NULL); }
static void through_read_only_file(void) { rb_in_child(read_only, NULL); }

static void open_and_drop(void *unused)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	(void)unused;
	setrlimit(RLIMIT_MEMLOCK, &all);
	if (build_world(2, true, O_RDWR))
		rb_as_uid(1001, user_matrix, NULL);
}

static void ordinary_user(void) { rb_in_child(open_and_drop, NULL); }

RB_PROGRAM(U05_boundary_matrix, 0,
	{ "administrator", administrator },
	{ "through_a_read_only_file", through_read_only_file },
	{ "ordinary_user", ordinary_user },
);
