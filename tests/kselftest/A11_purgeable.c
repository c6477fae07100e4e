// SPDX-License-Identifier: GPL-2.0
/*
 * RB_ADVISE: pins, contents that may be dropped and whether they were, and every error in its order.
 * Whoever drops contents here is RB_RECLAIM, so that nothing depends on how short memory is.
 */
#include "rb_test.h"

#include <signal.h>

#define BUS		(SIGBUS << 8 | BUS_ADRERR)
#define MOVABLE		(RB_GFP_HIGHUSER_MOVABLE | RB_GFP_NORETRY | RB_GFP_NOWARN)
#define KINDS		8u

static int start(void)
{
	int fd = dev_open();

	rb_watchdog(60);
	dev_no_upkeep(fd);
	CHECK(dev_has(fd, RB_FEATURE_RECLAIM | RB_FEATURE_COMPACTION));
	return fd;
}

/* Whatever may be dropped is. */
static uint64_t drop_all(int fd)
{
	struct rb_reclaim r;
	uint64_t pages = 0;

	for (int i = 0; i < 8; i++) {
		if (!CHECK_ERR(dev_reclaim(fd, 1u << 20, &r), 0) || !r.nr_reclaimed)
			break;
		pages += r.nr_reclaimed;
	}
	return pages;
}

static int is_purged(int fd, const struct rb_alloc *a)
{
	struct rb_advise v;

	if (!CHECK_ERR(dev_advise(fd, a, RB_ADVISE_NEEDED, &v), 0))
		return -1;
	return (int)v.was_purged;
}

/* Each advice, on a block of each nature, by itself: answers, and changes nothing that shows. */
static void each_advice(void)
{
	static const uint32_t gfps[] = { MOVABLE, RB_GFP_KERNEL, RB_GFP_KERNEL | RB_GFP_RECLAIMABLE };
	static const uint32_t order[] = { 0, 3, 9, 10 };
	int fd = start();

	for (size_t g = 0; g < ARRAY_SIZE(gfps); g++)
		for (size_t o = 0; o < ARRAY_SIZE(order); o++) {
			struct rb_alloc a;
			uint64_t left;

			NEED(!dev_alloc(fd, gfps[g], order[o], &a));
			left = region_pages_left(fd);
			for (uint32_t k = 0; k < KINDS; k++) {
				struct rb_advise v;

				CHECK_ERR(dev_advise(fd, &a, k, &v), 0);
				CHECK_EQ(v.was_purged, 0);
				CHECK_EQ(v.idx, a.idx);
				CHECK_EQ(v.nr_pins, k == RB_ADVISE_PIN);
				CHECK_EQ(v.reserved0, 0);
				CHECK_EQ(v.reserved1, 0);
			}
			CHECK_EQ(region_pages_left(fd), left);
			CHECK_ERR(dev_free(fd, &a, 0), 0);
		}
	close(fd);
}

static void pins_nest(void)
{
	struct rb_advise v;
	struct rb_alloc a;
	int fd = start();

	NEED(!dev_alloc(fd, MOVABLE, 0, &a));
	CHECK_ERR(dev_advise(fd, &a, RB_ADVISE_UNPIN, &v), ERANGE);
	for (uint32_t i = 1; i <= 100; i++) {
		CHECK_ERR(dev_advise(fd, &a, RB_ADVISE_PIN, &v), 0);
		CHECK_EQ(v.nr_pins, i);
		CHECK_EQ(v.idx, a.idx);
	}
	for (uint32_t i = 100; i-- > 0; ) {
		CHECK_ERR(dev_advise(fd, &a, RB_ADVISE_UNPIN, &v), 0);
		CHECK_EQ(v.nr_pins, i);
	}
	CHECK_ERR(dev_advise(fd, &a, RB_ADVISE_UNPIN, NULL), ERANGE);
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	close(fd);
}

/* Errors in their order: values, rights, range, state, generation, order, pins. */
static void errors(void)
{
	struct rb_query q;
	struct rb_alloc a, other;
	int fd = start(), fd2 = dev_open(), ro = dev_open_mode(O_RDONLY);

	NEED(ro >= 0 && !dev_query(fd, &q) && !dev_alloc(fd, MOVABLE, 2, &a) &&
	     !dev_alloc(fd2, MOVABLE, 2, &other));
	const uint32_t end = (uint32_t)q.region_pages;
	const struct {
		int fd;
		uint32_t id, gen, order, advice;
		int err;
	} t[] = {
		{ fd, a.id, a.gen, 2, KINDS, EINVAL }, { fd, a.id, a.gen, 2, ~0u, EINVAL },
		{ ro, end, 0, 77, KINDS, EINVAL },
		{ ro, a.id, a.gen, 2, RB_ADVISE_PIN, EBADF }, { ro, end, 0, 99, RB_ADVISE_PIN, EBADF },
		{ fd, end, a.gen, 2, RB_ADVISE_PIN, ERANGE }, { fd, ~0u, 0, 2, RB_ADVISE_PIN, ERANGE },
		{ fd, a.id, a.gen, 11, RB_ADVISE_PIN, EINVAL },
		{ fd, a.id, a.gen + 1, ~0u, RB_ADVISE_PIN, EINVAL },
		{ fd, other.id, other.gen, 2, RB_ADVISE_PIN, ENOENT },
		{ fd, other.id, other.gen + 1, 3, RB_ADVISE_PURGEABLE, ENOENT },
		{ fd, a.id, a.gen + 1, 2, RB_ADVISE_PIN, ESTALE },
		{ fd, a.id, a.gen + 1, 3, RB_ADVISE_UNPIN, ESTALE },
		{ fd, a.id, a.gen, 3, RB_ADVISE_PIN, EINVAL },
		{ fd, a.id, a.gen, 3, RB_ADVISE_UNPIN, EINVAL },
		{ fd, a.id, a.gen, 2, RB_ADVISE_UNPIN, ERANGE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		if (!CHECK_ERR(dev_advise_raw(t[i].fd, t[i].id, t[i].gen, t[i].order, t[i].advice,
					      NULL), t[i].err))
			rb_diag("that was entry %zu", i);
	for (unsigned int f = 0; f < 32; f++) {
		struct rb_advise v = { .id = a.id, .gen = a.gen, .order = 2, .flags = 1u << f };

		CHECK_ERR(dev_ioctl(fd, RB_ADVISE, &v), EINVAL);
	}
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	CHECK_ERR(dev_advise(fd, &a, RB_ADVISE_PIN, NULL), ENOENT);
	close(ro);
	close(fd2);
	close(fd);
}

/* The protocol, by order: drop, SIGBUS, needed, zero; then written, needed in time, not dropped. */
static void purged_and_needed(void)
{
	static const uint32_t order[] = { 0, 1, 3, 5, 9, 10 };
	int fd = start();
	struct vmstat before, after;
	uint64_t pages = 0, all = region_pages_left(fd);

	NEED(vmstat_read(fd, &before));
	for (size_t o = 0; o < ARRAY_SIZE(order); o++) {
		size_t size = PAGE << order[o];
		struct rb_alloc a;
		char *p;

		NEED(!dev_alloc(fd, MOVABLE, order[o], &a));
		p = dev_map_block(fd, &a);
		NEED(p != MAP_FAILED);
		for (size_t at = 0; at < size; at += PAGE)
			pattern_fill(p + at, 7 + at);
		/* Nothing is dropped that is needed. */
		drop_all(fd);
		CHECK_EQ(pattern_wrong(p, 7), 0);
		CHECK_ERR(dev_advise(fd, &a, RB_ADVISE_PURGEABLE, NULL), 0);
		CHECK_EQ(drop_all(fd), 1u << order[o]);
		pages += 1u << order[o];
		CHECK_EQ(region_pages_left(fd), all);
		for (int i = 0; i < 2; i++) {
			CHECK_EQ(rb_probe_read(p), BUS);
			CHECK_EQ(rb_probe_write(p + size - 1), BUS);
		}
		CHECK_EQ(is_purged(fd, &a), 1);
		CHECK_EQ(region_pages_left(fd), all - (1u << order[o]));
		for (size_t at = 0; at < size; at += PAGE) {
			CHECK_EQ(pattern_wrong(p + at, 0), 0);
			pattern_fill(p + at, 11 + at);
		}
		/* Told once. */
		CHECK_EQ(is_purged(fd, &a), 0);
		CHECK_ERR(dev_advise(fd, &a, RB_ADVISE_PURGEABLE, NULL), 0);
		CHECK_EQ(is_purged(fd, &a), 0);
		CHECK_EQ(drop_all(fd), 0);
		for (size_t at = 0; at < size; at += PAGE)
			CHECK_EQ(pattern_wrong(p + at, 11 + at), 0);
		munmap(p, size);
		CHECK_ERR(dev_free(fd, &a, 0), 0);
		CHECK_EQ(region_pages_left(fd), all);
	}
	NEED(vmstat_read(fd, &after));
	rb_diag("reclaimed %llu pages in all", (unsigned long long)pages);
	CHECK_EQ(vmstat_delta(&before, &after, "oom_kill"), 0);
	close(fd);
}

/* Asked for as purgeable: may be dropped from the first moment on. */
static void purgeable_from_the_start(void)
{
	struct rb_alloc a;
	int fd = start();
	void *p;

	NEED(!dev_alloc_as(fd, MOVABLE, 0, RB_ALLOC_PURGEABLE, &a));
	CHECK_EQ(drop_all(fd), 1);
	p = dev_map(fd, a.mmap_offset, PAGE, PROT_READ | PROT_WRITE);
	if (p != MAP_FAILED)
		CHECK_EQ(rb_probe_read(p), BUS);
	CHECK_EQ(is_purged(fd, &a), 1);
	if (p != MAP_FAILED) {
		CHECK_EQ(rb_probe_write(p), 0);
		munmap(p, PAGE);
	}
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	/* Whoever cannot be moved can be dropped all the same. */
	NEED(!dev_alloc_as(fd, RB_GFP_KERNEL, 3, RB_ALLOC_PURGEABLE, &a));
	CHECK_EQ(drop_all(fd), 8);
	CHECK_EQ(is_purged(fd, &a), 1);
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	/* Unknown flags. */
	for (unsigned int f = 1; f < 64; f++)
		CHECK_ERR(dev_alloc_as(fd, MOVABLE, 0, 1ull << f, &a), EINVAL);
	close(fd);
}

/* Several files at once: each is told of its own only, and a child sees what its parent sees. */
static void shared_mappings(void)
{
	struct rb_alloc a, b;
	int fd = start(), fd2 = dev_open(), go[2];
	char *p, *q, c;
	pid_t pid;

	NEED(!dev_alloc(fd, MOVABLE, 0, &a) && !dev_alloc(fd2, MOVABLE, 0, &b) && !pipe(go));
	p = dev_map_block(fd, &a);
	q = dev_map_block(fd2, &b);
	NEED(p != MAP_FAILED && q != MAP_FAILED);
	pattern_fill(p, 1);
	pattern_fill(q, 2);
	pid = rb_fork();
	if (pid == 0) {
		CHECK_EQ(read(go[0], &c, 1), 1);
		CHECK_EQ(rb_probe_read(p), BUS);
		CHECK_EQ(pattern_wrong(q, 2), 0);
		_exit(0);
	}
	CHECK_ERR(dev_advise(fd, &a, RB_ADVISE_PURGEABLE, NULL), 0);
	CHECK_EQ(drop_all(fd2), 1);
	CHECK_EQ(write(go[1], "x", 1), 1);
	CHECK_EQ(rb_wait(pid), 0);
	CHECK_EQ(is_purged(fd2, &b), 0);
	CHECK_EQ(is_purged(fd, &a), 1);
	CHECK_EQ(pattern_wrong(p, 0), 0);
	CHECK_EQ(pattern_wrong(q, 2), 0);
	munmap(p, PAGE);
	munmap(q, PAGE);
	close(fd2);
	close(fd);
}

/* Free and reset of what has been dropped; its id is nobody's afterwards. */
static void purged_and_freed(void)
{
	struct rb_alloc a, b;
	int fd = start();
	struct rb_query q;
	char *p;

	NEED(!dev_alloc_as(fd, MOVABLE, 2, RB_ALLOC_PURGEABLE, &a) &&
	     !dev_alloc_as(fd, MOVABLE, 2, RB_ALLOC_PURGEABLE, &b));
	p = dev_map_block(fd, &b);
	NEED(p != MAP_FAILED);
	CHECK_EQ(drop_all(fd), 8);
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	CHECK_ERR(dev_free(fd, &a, 0), ENOENT);
	CHECK_ERR(dev_advise(fd, &a, RB_ADVISE_NEEDED, NULL), ENOENT);
	CHECK_ERR(dev_free(fd, &b, 0), EBUSY);
	CHECK_ERR(dev_free(fd, &b, RB_FREE_ZAP), 0);
	CHECK_EQ(rb_probe_read(p), BUS);
	munmap(p, PAGE << 2);
	NEED(!dev_alloc_as(fd, MOVABLE, 2, RB_ALLOC_PURGEABLE, &a));
	CHECK_EQ(drop_all(fd), 4);
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	CHECK_ERR(dev_free(fd, &a, 0), ENOENT);
	/* Closing with dropped blocks: the idle check after this case. */
	NEED(!dev_alloc_as(fd, MOVABLE, 2, RB_ALLOC_PURGEABLE, &a));
	CHECK_EQ(drop_all(fd), 4);
	CHECK_ERR(dev_query(fd, &q), 0);
	rb_diag("of a dropped block of 4 pages %llu count as its owner's",
		(unsigned long long)q.used_by_me);
	CHECK(q.used_by_me == 0 || q.used_by_me == 4);
	close(fd);
}

/* NEEDED when there is nothing: ENOMEM, as often as asked, and later it works. */
static void needed_in_vain(void)
{
	static struct rb_block b[16384];
	struct rb_advise v;
	struct rb_alloc a;
	int fd = start(), hog = dev_open();
	char *p;

	NEED(!dev_alloc_as(fd, MOVABLE, 3, RB_ALLOC_PURGEABLE, &a));
	p = dev_map_block(fd, &a);
	NEED(p != MAP_FAILED);
	CHECK_EQ(drop_all(fd), 8);
	dev_fill(hog, RB_GFP_HIGHUSER_MOVABLE, 0, b, ARRAY_SIZE(b));
	CHECK_EQ(region_pages_left(fd), 0);
	for (int i = 0; i < 3; i++) {
		CHECK_ERR(dev_advise(fd, &a, RB_ADVISE_NEEDED, &v), ENOMEM);
		CHECK_EQ(rb_probe_read(p), BUS);
	}
	CHECK_ERR(dev_reset(hog, RB_RESET_FD), 0);
	CHECK_EQ(is_purged(fd, &a), 1);
	CHECK_EQ(pattern_wrong(p, 0), 0);
	munmap(p, PAGE << 3);
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	close(hog);
	close(fd);
}

/* A pinned block is not dropped, however short memory is; unpinned it is. */
static void pinned_stays(void)
{
	struct rb_advise v;
	struct rb_alloc a, b;
	int fd = start();

	NEED(!dev_alloc_as(fd, MOVABLE, 0, RB_ALLOC_PURGEABLE, &a) &&
	     !dev_alloc_as(fd, MOVABLE, 0, RB_ALLOC_PURGEABLE, &b));
	CHECK_ERR(dev_advise(fd, &a, RB_ADVISE_PIN, &v), 0);
	CHECK_ERR(dev_advise(fd, &a, RB_ADVISE_PIN, &v), 0);
	CHECK_EQ(drop_all(fd), 1);
	CHECK_EQ(is_purged(fd, &b), 1);
	CHECK_EQ(is_purged(fd, &a), 0);
	CHECK_ERR(dev_advise(fd, &a, RB_ADVISE_PURGEABLE, NULL), 0);
	CHECK_ERR(dev_advise(fd, &a, RB_ADVISE_UNPIN, NULL), 0);
	CHECK_EQ(drop_all(fd), 0);
	CHECK_ERR(dev_advise(fd, &a, RB_ADVISE_UNPIN, NULL), 0);
	/* Unpinned, it may have to be told again that it may go. */
	CHECK_ERR(dev_advise(fd, &a, RB_ADVISE_PURGEABLE, NULL), 0);
	CHECK_EQ(drop_all(fd), 1);
	CHECK_EQ(is_purged(fd, &a), 1);
	close(fd);
}

/* While pinned it lies at idx, whatever moves around it; afterwards it may be elsewhere. */
static void pinned_lies_still(void)
{
	static struct rb_block b[8192];
	struct rb_advise v;
	struct rb_compact c;
	uint32_t nr, moved = 0, still = 0, kept = 0;
	int fd = start();

	nr = dev_take_all(fd, MOVABLE, 0, b, ARRAY_SIZE(b));
	NEED(nr > 1000);
	for (uint32_t i = 0; i < nr; i++) {
		if (i % 4) {
			CHECK_ERR(dev_free_raw(fd, b[i].id, b[i].gen, 0, RB_FREE_DRAIN), 0);
			continue;
		}
		b[kept] = b[i];
		CHECK_ERR(dev_advise_raw(fd, b[kept].id, b[kept].gen, 0,
					 kept % 2 ? RB_ADVISE_PIN : RB_ADVISE_MOVABLE, &v), 0);
		b[kept++].idx = v.idx;
	}
	CHECK_ERR(dev_compact(fd, -1, RB_COMPACT_SYNC_FULL, 0, &c), 0);
	for (uint32_t i = 0; i < kept && !rb_failures(); i++) {
		CHECK_ERR(dev_advise_raw(fd, b[i].id, b[i].gen, 0,
					 i % 2 ? RB_ADVISE_UNPIN : RB_ADVISE_MOVABLE, &v), 0);
		if (i % 2)
			still += CHECK_EQ(v.idx, b[i].idx);
		else
			moved += v.idx != b[i].idx;
	}
	rb_diag("%u pinned blocks stayed, %u others of %u moved", still, moved, kept / 2);
	CHECK_EQ(still, kept / 2);
	CHECK(moved > 0);
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	close(fd);
}

/* UNMOVABLE and MOVABLE: compaction believes them. */
static void movable_or_not(void)
{
	static struct rb_block b[8192];
	static bool fixed[8192];
	struct rb_advise v;
	struct rb_compact c;
	uint32_t nr, kept = 0, moved = 0;
	int fd = start();

	nr = dev_take_all(fd, MOVABLE, 0, b, ARRAY_SIZE(b));
	NEED(nr > 1000);
	for (uint32_t i = 0; i < nr; i++) {
		if (i % 4) {
			CHECK_ERR(dev_free_raw(fd, b[i].id, b[i].gen, 0, RB_FREE_DRAIN), 0);
			continue;
		}
		b[kept] = b[i];
		fixed[kept] = kept % 3 == 0;
		if (kept % 3 == 0)
			CHECK_ERR(dev_advise_raw(fd, b[i].id, b[i].gen, 0, RB_ADVISE_UNMOVABLE, &v), 0);
		if (kept % 3 == 1) {
			CHECK_ERR(dev_advise_raw(fd, b[i].id, b[i].gen, 0, RB_ADVISE_UNMOVABLE, &v), 0);
			CHECK_ERR(dev_advise_raw(fd, b[i].id, b[i].gen, 0, RB_ADVISE_MOVABLE, &v), 0);
		}
		kept++;
	}
	CHECK_ERR(dev_compact(fd, -1, RB_COMPACT_SYNC_FULL, 0, &c), 0);
	for (uint32_t i = 0; i < kept; i++) {
		CHECK_ERR(dev_advise_raw(fd, b[i].id, b[i].gen, 0, RB_ADVISE_PIN, &v), 0);
		if (fixed[i] ? !CHECK_EQ(v.idx, b[i].idx) : false)
			break;
		moved += v.idx != b[i].idx;
	}
	CHECK(moved > 0);
	CHECK_ERR(dev_reset(fd, RB_RESET_FD | RB_RESET_ZAP), 0);
	close(fd);
}

/* What was advised COLD goes before what was advised HOT. */
static void cold_before_hot(void)
{
	static struct rb_alloc a[64];
	struct rb_reclaim r;
	unsigned int cold = 0, hot = 0;
	int fd = start();

	for (int i = 0; i < 64; i++) {
		NEED(!dev_alloc_as(fd, MOVABLE, 0, RB_ALLOC_PURGEABLE, &a[i]));
		CHECK_ERR(dev_advise(fd, &a[i], i % 2 ? RB_ADVISE_HOT : RB_ADVISE_COLD, NULL), 0);
	}
	CHECK_ERR(dev_reclaim(fd, 32, &r), 0);
	CHECK(r.nr_reclaimed >= 32);
	CHECK(r.nr_scanned >= r.nr_reclaimed);
	for (int i = 0; i < 64; i++)
		*(i % 2 ? &hot : &cold) += (unsigned int)is_purged(fd, &a[i]);
	rb_diag("dropped: %u of 32 cold ones, %u of 32 hot ones", cold, hot);
	CHECK_EQ(cold, 32);
	CHECK_EQ(hot, r.nr_reclaimed - 32);
	close(fd);
}

/* RLIMIT_MEMLOCK: what is charged for a block that has no pages comes back with it. */
static void memlock_of_dropped(void)
{
	struct rb_alloc a;
	int fd = start();
	uint64_t kb;

	CHECK_EQ(rb_vmlck_kb(), 0);
	NEED(!dev_alloc_as(fd, MOVABLE, 4, RB_ALLOC_PURGEABLE, &a));
	CHECK_EQ(rb_vmlck_kb(), 64);
	CHECK_EQ(drop_all(fd), 16);
	kb = rb_vmlck_kb();
	rb_diag("of 64 kB, %llu kB are charged while the contents are gone",
		(unsigned long long)kb);
	CHECK(kb == 0 || kb == 64);
	CHECK_EQ(is_purged(fd, &a), 1);
	CHECK_EQ(rb_vmlck_kb(), 64);
	CHECK_ERR(dev_advise(fd, &a, RB_ADVISE_PURGEABLE, NULL), 0);
	CHECK_EQ(drop_all(fd), 16);
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	CHECK_EQ(rb_vmlck_kb(), 0);
	NEED(!dev_alloc_as(fd, MOVABLE, 4, RB_ALLOC_PURGEABLE, &a));
	CHECK_EQ(drop_all(fd), 16);
	close(fd);
	CHECK_EQ(rb_vmlck_kb(), 0);
}

static void reclaim_as_user(void *arg)
{
	struct rb_reclaim r;
	struct rb_compact c;

	CHECK_ERR(dev_reclaim(*(int *)arg, 1, &r), EPERM);
	CHECK_ERR(dev_compact(*(int *)arg, -1, RB_COMPACT_ASYNC, 0, &c), EPERM);
	c = (struct rb_compact){ .nid = RB_ALL, .zone = RB_ALL, .order = 9, .mode = 3 };
	CHECK_ERR(dev_ioctl(*(int *)arg, RB_COMPACT, &c), EINVAL);
}

static void reclaim_errors(void)
{
	struct rb_reclaim r;
	int fd = start(), ro = dev_open_mode(O_RDONLY);
	int nid = region_now(fd)->nid;
	const struct { struct rb_reclaim r; int err; } t[] = {
		{ { .nr_pages = 1, .nid = RB_ALL, .flags = 1 }, EINVAL },
		{ { .nr_pages = 1, .nid = RB_ALL, .reserved0 = 1 }, 0 },
		{ { .nr_pages = 1, .nid = nid + 1 }, ENODEV }, { { .nr_pages = 1, .nid = -2 }, ENODEV },
		{ { .nr_pages = 1, .nid = nid }, 0 }, { { .nr_pages = 0, .nid = nid }, 0 },
		{ { .nr_pages = ~0ull, .nid = RB_ALL, .timeout_ns = 1 }, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		int err;

		r = t[i].r;
		err = dev_ioctl(fd, RB_RECLAIM, &r);
		/* A field that the call writes may be held to be reserved as well. */
		if (!(t[i].r.reserved0 && err == -EINVAL) && !CHECK_ERR(err, t[i].err))
			rb_diag("that was entry %zu", i);
	}
	CHECK_ERR(dev_reclaim(ro, 1, &r), EBADF);
	rb_as_uid(1001, reclaim_as_user, &fd);
	close(ro);
	close(fd);
}

RB_PROGRAM(A11_purgeable, 0,
	{ "each_advice_on_each_nature", each_advice },
	{ "pins_nest", pins_nest },
	{ "errors_in_their_order", errors },
	{ "dropped_is_SIGBUS_then_needed_is_zero", purged_and_needed },
	{ "purgeable_from_the_start", purgeable_from_the_start },
	{ "each_file_is_told_of_its_own", shared_mappings },
	{ "free_reset_close_of_dropped", purged_and_freed },
	{ "needed_in_vain_is_ENOMEM", needed_in_vain },
	{ "pinned_is_not_dropped", pinned_stays },
	{ "pinned_lies_still", pinned_lies_still },
	{ "unmovable_is_not_moved", movable_or_not },
	{ "cold_goes_before_hot", cold_before_hot },
	{ "memlock_of_dropped_blocks", memlock_of_dropped },
	{ "reclaim_errors_and_rights", reclaim_errors },
);
