// SPDX-License-Identifier: GPL-2.0
/* poison=1: who writes to free pages is found out, and such pages are never handed out again. */
#include "rb_test.h"

#define NR_PAGES	4096u		/* 16 MiB */
#define LOADED		"size_mb=16 poison=1 unsafe_test=1 exact=1"

static uint64_t nr_bad(void)
{
	char *text = text_read(RB_DEBUGFS "/vmstat");
	uint64_t nr = ~0ull;

	CHECK(text && text_value(text, "rb_bad_page", &nr));
	free(text);
	return nr;
}

static int flip(int fd, uint64_t idx, uint64_t bit)
{
	struct rb_inject in = { .kind = RB_INJECT_FLIP_BIT, .idx = idx, .arg = bit };

	return dev_ioctl(fd, RB_INJECT, &in);
}

static int open_log(void)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	CHECK(log >= 0 && lseek(log, 0, SEEK_END) == 0);
	return log;
}

/* Lines with these words, from the position of the log on. */
static unsigned int lines_with(int log, const char *words)
{
	char record[8192];
	unsigned int nr = 0;
	ssize_t n;

	while ((n = read(log, record, sizeof(record) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		if (n < 0)
			continue;
		record[n] = 0;
		nr += strstr(record, words) != NULL;
	}
	return nr;
}

/* Takes everything as single pages, and returns how many; page `idx` must not be one of them. */
static uint32_t take_all_but(int fd, uint64_t idx)
{
	static struct rb_block b[NR_PAGES];
	uint32_t nr = dev_fill(fd, RB_GFP_HIGHUSER_MOVABLE, 0, b, NR_PAGES);

	for (uint32_t i = 0; i < nr; i++)
		if (!CHECK(b[i].idx != idx))
			break;
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	return nr;
}

static uint64_t next_page(int fd)
{
	struct rb_alloc a;

	CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL, 0, &a), 0);
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	return a.idx;
}

/* Flips bits of the page that comes next; it is told of in these words, once, and stays away. */
static void damage(const uint64_t *bits, size_t nr, const char *words)
{
	struct rb_alloc a;
	struct rb_verify v;
	uint64_t page;
	int fd, log = open_log();

	NEED(rb_load(LOADED));
	fd = dev_open();
	page = next_page(fd);
	CHECK_EQ(nr_bad(), 0);
	for (size_t i = 0; i < nr; i++)
		CHECK_ERR(flip(fd, page, bits[i]), 0);
	CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL, 0, &a), 0);
	CHECK(a.idx != page);
	CHECK_EQ(lines_with(log, words), 1);
	CHECK_EQ(nr_bad(), 1);
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	CHECK_EQ(take_all_but(fd, page), NR_PAGES - 1);
	CHECK_EQ(take_all_but(fd, page), NR_PAGES - 1);
	CHECK_EQ(nr_bad(), 1);
	CHECK_ERR(dev_verify(fd, &v), 0);
	close(fd);
	rb_unload();
	CHECK_EQ(lines_with(log, "pages=4096 leaked=0 damaged=1"), 1);
	close(log);
}

static void one_bit(void)
{
	static const uint64_t first[] = { 0 }, last[] = { 8 * PAGE - 1 };

	if (rb_times(1, 0, 1))
		damage(first, 1, "single bit error");
	damage(last, 1, "single bit error");
}

static void more_bits(void)
{
	static const uint64_t near[] = { 80, 81 }, far[] = { 5, 8 * PAGE - 1 };

	if (rb_times(1, 0, 1))
		damage(near, 2, "memory corruption");
	damage(far, 2, "memory corruption");
}

static void a_bulk_call_passes_it_over(void)
{
	struct rb_block b[64];
	uint32_t done = 0;
	uint64_t page;
	int fd;

	NEED(rb_load("size_mb=16 poison=1 unsafe_test=1"));
	fd = dev_open();
	page = next_page(fd);
	CHECK_ERR(flip(fd, page, 77), 0);
	CHECK_ERR(dev_bulk(fd, RB_GFP_KERNEL, 0, b, 64, &done), 0);
	CHECK(done >= 63);
	for (uint32_t i = 0; i < done; i++)
		CHECK(b[i].idx != page);
	CHECK_EQ(nr_bad(), 1);
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	close(fd);
}

/* What was dropped, and what was moved away, is as poisoned as what was freed. */
static void dropped_pages_are_sound(void)
{
	struct rb_reclaim r;
	struct rb_compact c;
	struct rb_alloc a;
	int fd;

	NEED(rb_load(LOADED));
	fd = dev_open();
	for (uint32_t i = 0; i < 64; i++)
		NEED(!dev_alloc_as(fd, RB_GFP_HIGHUSER_MOVABLE, i & 1, RB_ALLOC_PURGEABLE, &a));
	CHECK_ERR(dev_reclaim(fd, 32, &r), 0);
	CHECK(r.nr_reclaimed >= 32);
	CHECK_ERR(dev_compact(fd, -1, RB_COMPACT_SYNC_FULL, 0, &c), 0);
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	CHECK_EQ(take_all_but(fd, ~0ull), NR_PAGES);
	CHECK_EQ(nr_bad(), 0);
	close(fd);
	rb_unload();
}

static bool all_zero(const unsigned char *p, size_t len)
{
	return p[0] == 0 && !memcmp(p, p + 1, len - 1);
}

/* Clients see nothing of it: zeroed pages, which they write to and give back. */
static void clients_see_nothing_of_it(void)
{
	unsigned int rounds = rb_times(300, 30, 10000);
	int log = open_log(), fd;

	NEED(rb_load("size_mb=16 poison=1"));
	fd = dev_open();
	for (unsigned int i = 0; i < rounds && !rb_failures(); i++) {
		struct rb_alloc a;
		unsigned char *p;

		NEED(!dev_alloc(fd, RB_GFP_KERNEL, i % 10, &a));
		p = dev_map_block(fd, &a);
		NEED(p != MAP_FAILED);
		CHECK(all_zero(p, PAGE << a.order));
		memset(p, (int)i, PAGE << a.order);
		CHECK_ERR(dev_free(fd, &a, RB_FREE_ZAP), 0);
		munmap(p, PAGE << a.order);
	}
	CHECK_EQ(take_all_but(fd, ~0ull), NR_PAGES);
	CHECK_EQ(nr_bad(), 0);
	CHECK_EQ(lines_with(log, "written to while it was free"), 0);
	close(log);
	close(fd);
}

static void not_privileged(void *fd)
{
	CHECK_ERR(flip(*(int *)fd, 0, 0), EPERM);
}

static void who_may_do_damage(void)
{
	struct rb_inject in = { .kind = RB_INJECT_FLIP_BIT + 1 };
	struct rb_alloc a;
	int fd, ro;

	NEED(rb_load("size_mb=16"));
	fd = dev_open();
	CHECK_ERR(flip(fd, 0, 0), EOPNOTSUPP);
	close(fd);
	NEED(rb_load(LOADED));
	fd = dev_open();
	ro = dev_open_mode(O_RDONLY);
	CHECK_ERR(flip(ro, 0, 0), EBADF);
	rb_as_uid(1001, not_privileged, &fd);
	CHECK_ERR(flip(fd, NR_PAGES, 0), ERANGE);
	CHECK_ERR(flip(fd, 1ull << 32, 0), ERANGE);
	CHECK_ERR(flip(fd, 0, 8 * PAGE), ERANGE);
	CHECK_ERR(dev_ioctl(fd, RB_INJECT, &in), EINVAL);
	CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL, 3, &a), 0);
	CHECK_ERR(flip(fd, a.idx + 7, 0), EBUSY);
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	CHECK_EQ(take_all_but(fd, ~0ull), NR_PAGES);
	CHECK_EQ(nr_bad(), 0);
	close(ro);
	close(fd);
}

RB_PROGRAM(A10_poison, RB_NO_DEVICE,
	{ "row_106_one_flipped_bit_is_a_single_bit_error", one_bit },
	{ "row_106_more_are_memory_corruption", more_bits },
	{ "dropped_pages_are_sound", dropped_pages_are_sound },
	{ "a_bulk_call_passes_it_over", a_bulk_call_passes_it_over },
	{ "row_99_106_clients_see_nothing_of_it", clients_see_nothing_of_it },
	{ "who_may_do_damage", who_may_do_damage });
