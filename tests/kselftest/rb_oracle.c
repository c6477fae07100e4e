// SPDX-License-Identifier: GPL-2.0
/* The rules of the interface as code, independent of the module. */
#include "rb_oracle.h"

#define BAD_ZONES	0xE8E8u		/* one bit for each value of the four zone flags */
#define KNOWN_GFP	0x003FFFFFu

void deserve(struct verdict *v, bool when, int err, enum phase first, enum phase last)
{
	if (!when || v->nr == ARRAY_SIZE(v->e))
		return;
	v->e[v->nr].err = err;
	v->e[v->nr].first = first;
	v->e[v->nr].last = last;
	v->e[v->nr++].maybe = false;
}

static void maybe(struct verdict *v, bool when, int err, enum phase ph)
{
	unsigned int nr = v->nr;

	deserve(v, when, err, ph, ph);
	if (v->nr > nr)
		v->e[nr].maybe = true;
}

bool verdict_allows(const struct verdict *v, int err)
{
	enum phase limit = PH_OUT;	/* a sure error has struck by then */
	bool sure = false;

	for (unsigned int i = 0; i < v->nr; i++) {
		if (v->e[i].maybe)
			continue;
		sure = true;
		if (v->e[i].last < limit)
			limit = v->e[i].last;
	}
	if (!err)
		return !sure;
	for (unsigned int i = 0; i < v->nr; i++)
		if (v->e[i].err == err && v->e[i].first <= limit)
			return true;
	return false;
}

/*
 * Whether memory can be read, and written. The kernel tells, by copies through a pipe: no need to
 * know our own mappings.
 */
static bool usable(uint64_t p, size_t len, bool write_too)
{
	void *at = (void *)(uintptr_t)p;
	int fds[2];
	bool ok;

	if (p > 0x7fffffffffffull || pipe(fds))
		return false;
	ok = write(fds[1], at, len) == (ssize_t)len;
	if (ok && write_too)
		ok = read(fds[0], at, len) == (ssize_t)len;
	close(fds[0]);
	close(fds[1]);
	return ok;
}

static void placement(const struct world *w, struct verdict *v, uint32_t gfp, uint32_t order,
		      uint64_t mask, int32_t nid)
{
	bool in_region = mask >> w->nid & 1;

	deserve(v, gfp & ~KNOWN_GFP, EINVAL, PH_VALUES, PH_VALUES);
	deserve(v, BAD_ZONES >> (gfp & 0xf) & 1, EINVAL, PH_VALUES, PH_VALUES);
	deserve(v, (gfp & RB_GFP_MOVABLE) && (gfp & RB_GFP_RECLAIMABLE), EINVAL, PH_VALUES,
		PH_VALUES);
	deserve(v, (gfp & RB_GFP_NOFAIL) && !(gfp & RB_GFP_DIRECT_RECLAIM), EINVAL, PH_VALUES, PH_VALUES);
	deserve(v, mask && !in_region, EINVAL, PH_VALUES, PH_RANGE);
	deserve(v, (gfp & RB_GFP_THISNODE) && nid >= 0 && nid < 64 && mask && !(mask >> nid & 1),
		EINVAL, PH_VALUES, PH_RANGE);
	deserve(v, nid != RB_NO_NODE && nid != w->nid, ENODEV, PH_VALUES, PH_RANGE);
	maybe(v, (gfp & RB_GFP_THISNODE) && mask && (nid < 0 || nid > 63), EINVAL, PH_RANGE);
	deserve(v, (gfp & RB_GFP_MEMALLOC) && !w->admin, EPERM, PH_RIGHTS, PH_RIGHTS);
	deserve(v, !w->writable, EBADF, PH_RIGHTS, PH_RIGHTS);
	deserve(v, order >= NR_ORDERS, EINVAL, PH_RANGE, PH_RANGE);
	maybe(v, order < NR_ORDERS && (gfp & (RB_GFP_DMA | RB_GFP_DMA32)) && order > 6, ENOMEM,
	      PH_MEMORY);
}

static void judge_alloc(const struct world *w, const struct rb_alloc *a, struct verdict *v)
{
	deserve(v, (a->flags & ~RB_ALLOC_PURGEABLE) || a->timeout_ns || a->reserved0 || a->reserved2,
		EINVAL, PH_VALUES, PH_VALUES);
	maybe(v, a->reserved1, EINVAL, PH_VALUES);
	placement(w, v, a->gfp, a->order, a->nodemask, a->nid);
}

static void handle(const struct world *w, struct verdict *v, uint32_t id, uint32_t gen,
		   uint32_t order, uint32_t flags)
{
	const struct rb_alloc *own = id == w->mine.id ? &w->mine :
				     id == w->mapped.id ? &w->mapped : NULL;

	deserve(v, id >= w->query.region_pages, ERANGE, PH_RANGE, PH_RANGE);
	deserve(v, order >= NR_ORDERS, EINVAL, PH_RANGE, PH_RANGE);
	if (id >= w->query.region_pages)
		return;
	deserve(v, !own, ENOENT, PH_STATE, PH_STATE);
	deserve(v, own && gen != own->gen, ESTALE, PH_GEN, PH_GEN);
	deserve(v, own && order != own->order, EINVAL, PH_ORDER, PH_ORDER);
	deserve(v, own == &w->mapped && !(flags & RB_FREE_ZAP), EBUSY, PH_BUSY, PH_BUSY);
}

static void judge_free(const struct world *w, const struct rb_free *f, struct verdict *v)
{
	deserve(v, f->flags & ~(RB_FREE_ZAP | RB_FREE_DRAIN), EINVAL, PH_VALUES, PH_VALUES);
	deserve(v, f->reserved[0] || f->reserved[1], EINVAL, PH_VALUES, PH_VALUES);
	deserve(v, !w->writable, EBADF, PH_RIGHTS, PH_RIGHTS);
	handle(w, v, f->id, f->gen, f->order, f->flags);
}

static void judge_array(const struct world *w, uint64_t ptr, uint32_t nr, uint32_t max,
			struct verdict *v)
{
	(void)w;
	deserve(v, nr == 0, EINVAL, PH_VALUES, PH_RANGE);
	deserve(v, nr > max, E2BIG, PH_VALUES, PH_RANGE);
	deserve(v, nr > 0 && !usable(ptr, 16, true), EFAULT, PH_COPY, PH_OUT);
}

static void judge_bulk(const struct world *w, bool is_free, const struct rb_bulk *b,
		       struct verdict *v)
{
	deserve(v, b->timeout_ns || b->reserved0, EINVAL, PH_VALUES, PH_VALUES);
	maybe(v, b->reserved1, EINVAL, PH_VALUES);
	judge_array(w, b->blocks_ptr, b->nr, w->query.max_bulk, v);
	if (!is_free) {
		deserve(v, b->flags, EINVAL, PH_VALUES, PH_VALUES);
		placement(w, v, b->gfp, b->order, b->nodemask, b->nid);
		return;
	}
	deserve(v, b->gfp || b->order || b->nodemask || b->nid, EINVAL, PH_VALUES, PH_VALUES);
	deserve(v, b->flags & ~(RB_FREE_ZAP | RB_FREE_DRAIN), EINVAL, PH_VALUES, PH_VALUES);
	deserve(v, !w->writable, EBADF, PH_RIGHTS, PH_RIGHTS);
	if (b->nr && usable(b->blocks_ptr, 24, false)) {
		struct rb_block e;

		memcpy(&e, (void *)(uintptr_t)b->blocks_ptr, sizeof(e));
		handle(w, v, e.id, e.gen, e.order, b->flags);
	}
}

static void judge_zone(const struct world *w, const struct rb_zone_stat *z, struct verdict *v)
{
	deserve(v, z->flags || z->reserved0, EINVAL, PH_VALUES, PH_VALUES);
	for (size_t i = 0; i < ARRAY_SIZE(z->reserved1); i++)
		maybe(v, z->reserved1[i], EINVAL, PH_VALUES);
	deserve(v, z->zone >= NR_ZONES, EINVAL, PH_VALUES, PH_RANGE);
	deserve(v, z->nid != w->nid, ENODEV, PH_VALUES, PH_STATE);
}

static void judge_blockmap(const struct world *w, const struct rb_blockmap *m, struct verdict *v)
{
	deserve(v, m->flags, EINVAL, PH_VALUES, PH_VALUES);
	maybe(v, m->reserved0 || m->reserved1, EINVAL, PH_VALUES);
	judge_array(w, m->buf_ptr, m->nr, w->query.max_fetch, v);
	deserve(v, m->start >= w->nr_blocks, ERANGE, PH_RANGE, PH_RANGE);
}

static void judge_pcp(const struct world *w, const struct rb_pcp_stat *p, struct verdict *v)
{
	deserve(v, p->flags, EINVAL, PH_VALUES, PH_VALUES);
	for (size_t i = 0; i < ARRAY_SIZE(p->reserved1); i++)
		maybe(v, p->reserved1[i], EINVAL, PH_VALUES);
	deserve(v, p->zone >= NR_ZONES, EINVAL, PH_VALUES, PH_RANGE);
	deserve(v, p->nid != w->nid || p->cpu >= w->nr_cpu_ids, ENODEV, PH_VALUES, PH_STATE);
}

static void judge_vmstat(const struct world *w, const struct rb_vmstat *s, struct verdict *v)
{
	size_t len = 8 * (size_t)(s->nr < 16 ? s->nr : 16);

	deserve(v, s->flags, EINVAL, PH_VALUES, PH_VALUES);
	deserve(v, s->nr > w->query.max_fetch, E2BIG, PH_VALUES, PH_RANGE);
	deserve(v, s->nr && !usable(s->buf_ptr, len, true), EFAULT, PH_COPY, PH_OUT);
}

static void judge_tune(const struct world *w, bool sets, const struct rb_tune *t, struct verdict *v)
{
	static const struct { uint64_t min, max; } range[] = {
		[RB_TUNE_MIN_FREE_KBYTES] = { 0, 0x7fffffff },
		[RB_TUNE_WATERMARK_SCALE_FACTOR] = { 1, 3000 },
		[RB_TUNE_WATERMARK_BOOST_FACTOR] = { 0, 0x7fffffff },
		[RB_TUNE_LOWMEM_RESERVE_RATIO] = { 0, 0x7fffffff },
		[RB_TUNE_PERCPU_PAGELIST_HIGH_FRACTION] = { 0, 0x7fffffff },
		[RB_TUNE_DEFRAG_MODE] = { 0, 1 },
		[RB_TUNE_STAT_INTERVAL] = { 1, 0x7fffffff },
		[RB_TUNE_EXTFRAG_THRESHOLD] = { 0, 1000 },
		[RB_TUNE_COMPACTION_PROACTIVENESS] = { 0, 100 },
	};
	uint32_t zones = t->key == RB_TUNE_LOWMEM_RESERVE_RATIO ? NR_ZONES : 1;

	deserve(v, t->key >= ARRAY_SIZE(range) || t->zone >= zones, EINVAL, PH_VALUES, PH_VALUES);
	deserve(v, t->flags & ~(sets ? RB_TUNE_TRY : 0), EINVAL, PH_VALUES, PH_VALUES);
	deserve(v, t->reserved0 || t->reserved1, EINVAL, PH_VALUES, PH_VALUES);
	if (!sets)
		return;
	deserve(v, !w->admin, EPERM, PH_RIGHTS, PH_RIGHTS);
	deserve(v, !w->writable, EBADF, PH_RIGHTS, PH_RIGHTS);
	if (t->key < ARRAY_SIZE(range))
		deserve(v, t->value < range[t->key].min || t->value > range[t->key].max, EINVAL,
			PH_RANGE, PH_RANGE);
	deserve(v, t->key == RB_TUNE_PERCPU_PAGELIST_HIGH_FRACTION && t->value && t->value < 8, EINVAL,
		PH_RANGE, PH_RANGE);
}

static void judge_drain(const struct world *w, const struct rb_drain *d, struct verdict *v)
{
	deserve(v, d->flags || d->reserved[0] || d->reserved[1], EINVAL, PH_VALUES, PH_VALUES);
	deserve(v, d->zone < RB_ALL || d->zone >= NR_ZONES, EINVAL, PH_VALUES, PH_RANGE);
	deserve(v, !w->writable, EBADF, PH_RIGHTS, PH_RIGHTS);
	deserve(v, d->nid != RB_ALL && d->nid != w->nid, ENODEV, PH_RANGE, PH_STATE);
	deserve(v, d->cpu < RB_ALL || d->cpu >= (int)w->nr_cpu_ids, ENODEV, PH_RANGE, PH_STATE);
}

static void judge_advise(const struct world *w, const struct rb_advise *a, struct verdict *v)
{
	const struct rb_alloc *own = a->id == w->mine.id ? &w->mine :
				     a->id == w->mapped.id ? &w->mapped : NULL;

	deserve(v, a->advice > RB_ADVISE_HOT || a->flags, EINVAL, PH_VALUES, PH_VALUES);
	maybe(v, a->reserved0 || a->reserved1, EINVAL, PH_VALUES);
	deserve(v, !w->writable, EBADF, PH_RIGHTS, PH_RIGHTS);
	/* Mapped or not: both may be advised. */
	handle(w, v, a->id, a->gen, a->order, RB_FREE_ZAP);
	deserve(v, own && a->advice == RB_ADVISE_UNPIN, ERANGE, PH_BUSY, PH_BUSY);
}

static void judge_node(const struct world *w, const struct rb_node_stat *n, struct verdict *v)
{
	deserve(v, n->flags, EINVAL, PH_VALUES, PH_VALUES);
	for (size_t i = 0; i < ARRAY_SIZE(n->reserved1); i++)
		maybe(v, n->reserved1[i], EINVAL, PH_VALUES);
	deserve(v, n->nid != w->nid, ENODEV, PH_VALUES, PH_STATE);
}

static void judge_compact(const struct world *w, const struct rb_compact *c, struct verdict *v)
{
	deserve(v, c->flags || c->mode > RB_COMPACT_SYNC_FULL, EINVAL, PH_VALUES, PH_VALUES);
	for (size_t i = 0; i < ARRAY_SIZE(c->reserved0); i++)
		maybe(v, c->reserved0[i], EINVAL, PH_VALUES);
	deserve(v, !w->admin, EPERM, PH_RIGHTS, PH_RIGHTS);
	deserve(v, !w->writable, EBADF, PH_RIGHTS, PH_RIGHTS);
	deserve(v, c->order < -1 || c->order >= NR_ORDERS, EINVAL, PH_VALUES, PH_RANGE);
	deserve(v, c->zone < RB_ALL || c->zone >= NR_ZONES, EINVAL, PH_VALUES, PH_RANGE);
	deserve(v, c->nid != RB_ALL && c->nid != w->nid, ENODEV, PH_VALUES, PH_STATE);
}

static void judge_reclaim(const struct world *w, const struct rb_reclaim *r, struct verdict *v)
{
	deserve(v, r->flags, EINVAL, PH_VALUES, PH_VALUES);
	maybe(v, r->reserved0, EINVAL, PH_VALUES);
	deserve(v, !w->admin, EPERM, PH_RIGHTS, PH_RIGHTS);
	deserve(v, !w->writable, EBADF, PH_RIGHTS, PH_RIGHTS);
	deserve(v, r->nid != RB_ALL && r->nid != w->nid, ENODEV, PH_VALUES, PH_STATE);
}

static void judge_verify(const struct rb_verify *a, struct verdict *v)
{
	deserve(v, a->flags || a->reserved0, EINVAL, PH_VALUES, PH_VALUES);
	maybe(v, a->reserved1, EINVAL, PH_VALUES);
	for (size_t i = 0; i < ARRAY_SIZE(a->reserved2); i++)
		maybe(v, a->reserved2[i], EINVAL, PH_VALUES);
}

static void judge_reset(const struct world *w, const struct rb_reset *r, struct verdict *v)
{
	bool zap = r->flags & RB_RESET_ZAP;

	deserve(v, r->flags != RB_RESET_FD && r->flags != (RB_RESET_FD | RB_RESET_ZAP), EINVAL,
		PH_VALUES, PH_VALUES);
	deserve(v, r->reserved0 || r->reserved1, EINVAL, PH_VALUES, PH_VALUES);
	deserve(v, !w->writable, EBADF, PH_RIGHTS, PH_RIGHTS);
	deserve(v, w->mapped.gen && !zap, EBUSY, PH_BUSY, PH_BUSY);
}

static void judge_query(const struct world *w, const struct rb_query *q, struct verdict *v)
{
	deserve(v, q->what || (q->flags & ~RB_QUERY_PFN), EINVAL, PH_VALUES, PH_VALUES);
	deserve(v, (q->flags & RB_QUERY_PFN) && !w->admin, EPERM, PH_RIGHTS, PH_RIGHTS);
}

void judge(const struct world *w, unsigned long cmd, const void *arg, struct verdict *v)
{
	v->nr = 0;
	switch (cmd) {
	case RB_QUERY:		return judge_query(w, arg, v);
	case RB_ALLOC:		return judge_alloc(w, arg, v);
	case RB_FREE:		return judge_free(w, arg, v);
	case RB_ALLOC_BULK:	return judge_bulk(w, false, arg, v);
	case RB_FREE_BULK:	return judge_bulk(w, true, arg, v);
	case RB_ZONE_STAT:	return judge_zone(w, arg, v);
	case RB_PCP_STAT:	return judge_pcp(w, arg, v);
	case RB_VMSTAT:		return judge_vmstat(w, arg, v);
	case RB_TUNE_GET:	return judge_tune(w, false, arg, v);
	case RB_TUNE_SET:	return judge_tune(w, true, arg, v);
	case RB_DRAIN:		return judge_drain(w, arg, v);
	case RB_ADVISE:		return judge_advise(w, arg, v);
	case RB_NODE_STAT:	return judge_node(w, arg, v);
	case RB_COMPACT:	return judge_compact(w, arg, v);
	case RB_RECLAIM:	return judge_reclaim(w, arg, v);
	case RB_BLOCKMAP:	return judge_blockmap(w, arg, v);
	case RB_VERIFY:		return judge_verify(arg, v);
	case RB_RESET:		return judge_reset(w, arg, v);
	}
}
