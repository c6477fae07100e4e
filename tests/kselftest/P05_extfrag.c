// SPDX-License-Identifier: GPL-2.0
/*
 * extfrag: the formulas of mm/vmstat.c, written down once more, on the numbers of buddyinfo give the
 * kernel's own files byte for byte, and ours.
 */
#include "rb_test.h"

#define KERNEL	"/sys/kernel/debug/extfrag"

struct info {
	long long pages, blocks, suitable;
};

static struct info info_of(const struct buddyinfo_row *r, int order)
{
	struct info i = { 0 };

	for (int o = 0; o < NR_ORDERS; o++) {
		i.blocks += (long long)r->nr[o];
		i.pages += (long long)r->nr[o] << o;
		if (o >= order)
			i.suitable += (long long)r->nr[o] << (o - order);
	}
	return i;
}

static int unusable(const struct buddyinfo_row *r, int order)
{
	struct info i = info_of(r, order);

	return i.pages ? (int)((i.pages - (i.suitable << order)) * 1000 / i.pages) : 1000;
}

static int extfrag(const struct buddyinfo_row *r, int order)
{
	struct info i = info_of(r, order);

	if (!i.blocks)
		return 0;
	if (i.suitable)
		return -1000;
	return (int)(1000 - (1000 + i.pages * 1000 / (1 << order)) / i.blocks);
}

static void expected(const char *buddyinfo, bool is_extfrag, char *out)
{
	struct buddyinfo_row rows[32];
	int n = buddyinfo_parse(buddyinfo, rows, 32);

	*out = 0;
	CHECK(n > 0);
	for (int i = 0; i < n; i++) {
		out += sprintf(out, "Node %d, zone %8s ", rows[i].nid, rows[i].zone);
		for (int o = 0; o < NR_ORDERS; o++) {
			int v = is_extfrag ? extfrag(&rows[i], o) : unusable(&rows[i], o);

			out += sprintf(out, is_extfrag ? "%2d.%03d " : "%d.%03d ", v / 1000, v % 1000);
		}
		out += sprintf(out, "\n");
	}
}

/* One sample: 1 as expected, 0 not, -1 buddyinfo changed meanwhile. */
static int sample(const char *buddyinfo, const char *folder, bool is_extfrag, bool tells)
{
	static char want[32 * 160];
	char path[96], *before = text_read(buddyinfo), *got, *after;
	int result = -1;

	snprintf(path, sizeof(path), "%s/%s", folder, is_extfrag ? "extfrag_index" : "unusable_index");
	got = text_read(path);
	after = text_read(buddyinfo);
	if (before && got && after && !strcmp(before, after)) {
		expected(before, is_extfrag, want);
		result = !strcmp(got, want);
		if (!result && tells)
			text_same(got, want, path);
	}
	free(before);
	free(got);
	free(after);
	return result;
}

static unsigned int samples(const char *buddyinfo, const char *folder, unsigned int nr)
{
	unsigned int good = 0;

	for (unsigned int i = 0; i < nr; i++)
		for (int is_extfrag = 0; is_extfrag < 2; is_extfrag++) {
			int s = sample(buddyinfo, folder, is_extfrag, rb_failures() < 4);

			CHECK(s != 0);
			good += s > 0;
		}
	return good;
}

static void kernel_files(void)
{
	unsigned int good;

	if (access(KERNEL "/extfrag_index", R_OK))
		SKIP("the kernel has no extfrag");
	good = samples("/proc/buddyinfo", KERNEL, rb_times(200, 50, 1000));
	rb_diag("%u quiet samples", good);
	CHECK(good > 0);
}

/* Every number of every order in use, then a checkerboard: from -1.000 to nearly 1.000. */
static void our_files(void)
{
	static struct rb_block b[4096];
	int fd = dev_open();
	unsigned int good = 0;
	uint32_t nr;

	good += samples(RB_DEBUGFS "/buddyinfo", RB_DEBUGFS "/extfrag", 1);
	for (uint32_t o = 0; o < NR_ORDERS; o++) {
		struct rb_alloc a;

		CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL | RB_GFP_NORETRY, o, &a), 0);
		good += samples(RB_DEBUGFS "/buddyinfo", RB_DEBUGFS "/extfrag", 1);
	}
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	nr = dev_take_all(fd, RB_GFP_DMA | RB_GFP_MEMALLOC | RB_GFP_NOWARN, 0, b, ARRAY_SIZE(b));
	for (uint32_t i = 0; i < nr; i += 2) {
		CHECK_ERR(dev_free_raw(fd, b[i].id, b[i].gen, 0, 0), 0);
		if (i % 64 == 0)
			good += samples(RB_DEBUGFS "/buddyinfo", RB_DEBUGFS "/extfrag", 1);
	}
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	rb_diag("%u quiet samples", good);
	CHECK(good > 30);
	close(fd);
}

/* Row 130. */
static void examples(void)
{
	struct buddyinfo_row r = { .nr = { 1000 } };

	CHECK_EQ(extfrag(&r, 9), 998);
	r = (struct buddyinfo_row){ .nr = { [5] = 2 } };
	CHECK_EQ(extfrag(&r, 9), 438);
	CHECK_EQ(extfrag(&r, 5), -1000);
	CHECK_EQ(unusable(&r, 5), 0);
	CHECK_EQ(unusable(&r, 6), 1000);
}

RB_PROGRAM(P05_extfrag, 0,
	{ "row_130_examples", examples },
	{ "formula_is_proved_on_the_kernels_files", kernel_files },
	{ "ours_in_many_states", our_files },
);
