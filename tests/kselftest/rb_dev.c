// SPDX-License-Identifier: GPL-2.0
/* Thin wrappers of the device's calls. */
#include "rb_test.h"

int dev_open_mode(int mode)
{
	int fd = open(RB_DEV, mode | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int dev_open(void)
{
	int fd = dev_open_mode(O_RDWR);

	return CHECK(fd >= 0) ? fd : -1;
}

int dev_ioctl(int fd, unsigned long cmd, const void *arg)
{
	return ioctl(fd, cmd, arg) < 0 ? -errno : 0;
}

int dev_query(int fd, struct rb_query *q)
{
	memset(q, 0, sizeof(*q));
	return dev_ioctl(fd, RB_QUERY, q);
}

int dev_alloc(int fd, uint32_t gfp, uint32_t order, struct rb_alloc *out)
{
	memset(out, 0, sizeof(*out));
	out->gfp = gfp;
	out->order = order;
	out->nid = RB_NO_NODE;
	return dev_ioctl(fd, RB_ALLOC, out);
}

int dev_free_raw(int fd, uint32_t id, uint32_t gen, uint32_t order, uint32_t flags)
{
	struct rb_free f = { .id = id, .gen = gen, .order = order, .flags = flags };

	return dev_ioctl(fd, RB_FREE, &f);
}

int dev_free(int fd, const struct rb_alloc *a, uint32_t flags)
{
	return dev_free_raw(fd, a->id, a->gen, a->order, flags);
}

int dev_bulk(int fd, uint32_t gfp, uint32_t order, struct rb_block *blocks, uint32_t nr,
	     uint32_t *nr_done)
{
	struct rb_bulk b = {
		.blocks_ptr = (uintptr_t)blocks, .nr = nr, .gfp = gfp, .order = order,
		.nid = RB_NO_NODE,
	};
	int err = dev_ioctl(fd, RB_ALLOC_BULK, &b);

	*nr_done = b.nr_done;
	return err;
}

int dev_free_bulk(int fd, struct rb_block *blocks, uint32_t nr, uint32_t flags, uint32_t *nr_done)
{
	struct rb_bulk b = { .blocks_ptr = (uintptr_t)blocks, .nr = nr, .flags = flags };
	int err = dev_ioctl(fd, RB_FREE_BULK, &b);

	if (nr_done)
		*nr_done = b.nr_done;
	return err;
}

int dev_zone(int fd, int nid, uint32_t zone, struct rb_zone_stat *out)
{
	memset(out, 0, sizeof(*out));
	out->nid = nid;
	out->zone = zone;
	return dev_ioctl(fd, RB_ZONE_STAT, out);
}

int dev_pcp(int fd, int nid, uint32_t zone, uint32_t cpu, struct rb_pcp_stat *out)
{
	memset(out, 0, sizeof(*out));
	out->nid = nid;
	out->zone = zone;
	out->cpu = cpu;
	return dev_ioctl(fd, RB_PCP_STAT, out);
}

int dev_drain(int fd, int nid, int zone, int cpu)
{
	struct rb_drain d = { .nid = nid, .zone = zone, .cpu = cpu };

	return dev_ioctl(fd, RB_DRAIN, &d);
}

void dev_quiet(int fd)
{
	CHECK_ERR(dev_tune_set(fd, RB_TUNE_STAT_INTERVAL, 0, 100000), 0);
	CHECK_ERR(dev_drain(fd, RB_ALL, RB_ALL, RB_ALL), 0);
}

int dev_tune_get(int fd, uint32_t key, uint32_t zone, struct rb_tune *out)
{
	memset(out, 0, sizeof(*out));
	out->key = key;
	out->zone = zone;
	return dev_ioctl(fd, RB_TUNE_GET, out);
}

int dev_tune_set(int fd, uint32_t key, uint32_t zone, uint64_t value)
{
	struct rb_tune t = { .key = key, .zone = zone, .value = value };

	return dev_ioctl(fd, RB_TUNE_SET, &t);
}

int dev_verify(int fd, struct rb_verify *out)
{
	memset(out, 0, sizeof(*out));
	return dev_ioctl(fd, RB_VERIFY, out);
}

int dev_reset(int fd, uint32_t flags)
{
	struct rb_reset r = { .flags = flags };

	return dev_ioctl(fd, RB_RESET, &r);
}

void *dev_map(int fd, uint64_t offset, size_t len, int prot)
{
	return mmap(NULL, len, prot, MAP_SHARED, fd, (off_t)offset);
}

void *dev_map_block(int fd, const struct rb_alloc *a)
{
	void *p = dev_map(fd, a->mmap_offset, PAGE << a->order, PROT_READ | PROT_WRITE);

	CHECK(p != MAP_FAILED);
	return p;
}

/* Who waits gives up early: or the last request would take back what the first ones got (OOM). */
uint32_t dev_take_all(int fd, uint32_t gfp, uint32_t order, struct rb_block *blocks, uint32_t max)
{
	uint32_t nr = 0, done;

	if (gfp & RB_GFP_DIRECT_RECLAIM)
		gfp |= RB_GFP_NORETRY;
	while (nr < max) {
		uint32_t want = max - nr < 1024 ? max - nr : 1024;
		int err = dev_bulk(fd, gfp, order, blocks + nr, want, &done);

		nr += done;
		if (err || done < want)
			break;
	}
	return nr;
}
