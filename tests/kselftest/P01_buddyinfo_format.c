// SPDX-License-Identifier: GPL-2.0
/* buddyinfo: byte for byte the kernel's format, with the region's node, zones and numbers. */
#include "rb_test.h"

static void writer_is_proved_on_the_kernel(void)
{
	char *text = text_read("/proc/buddyinfo");

	NEED(text);
	CHECK(buddyinfo_exact(text));
	free(text);
}

static void same_format(void)
{
	char *text = text_read(RB_DEBUGFS "/buddyinfo");

	NEED(text);
	if (!CHECK(buddyinfo_exact(text)))
		text_same(text, "", "buddyinfo");
	free(text);
}

/* Masked, a row of ours is a row of the kernel's wherever names and widths agree. */
static void masked_rows_agree(void)
{
	char *ours = text_read(RB_DEBUGFS "/buddyinfo"), *kernel = text_read("/proc/buddyinfo");
	char *a, *b, *l;
	unsigned int matched = 0;

	NEED(ours && kernel);
	a = text_mask(ours);
	b = text_mask(kernel);
	for (l = strtok(a, "\n"); l; l = strtok(NULL, "\n")) {
		char head[32];
		int n = sscanf(l, "Node #, zone %31s", head);

		/* Digits of DMA32 are masked too; blanks before numbers depend on their size. */
		CHECK_EQ(n, 1);
		CHECK(l[strlen(l) - 1] == ' ');
		matched += strncmp(l, b, 12) == 0;
	}
	CHECK(matched > 0);
	free(ours);
	free(kernel);
	free(a);
	free(b);
}

/* Row 145: what is printed is what ZONE_STAT says, zone by zone, in order. */
static void numbers(void)
{
	struct buddyinfo_row rows[8];
	char *text;
	int fd = dev_open(), n, at = 0;
	struct region r;
	struct rb_alloc a[8];

	dev_quiet(fd);
	for (uint32_t i = 0; i < 8; i++)
		CHECK_ERR(dev_alloc(fd, i % 2 ? RB_GFP_KERNEL : RB_GFP_HIGHUSER_MOVABLE, i, &a[i]), 0);
	NEED(region_read(fd, &r));
	text = text_read(RB_DEBUGFS "/buddyinfo");
	NEED(text);
	n = buddyinfo_parse(text, rows, 8);
	CHECK_EQ(n, r.query.nr_zones);
	for (int z = 0; z < NR_ZONES && at < n; z++) {
		if (!r.has[z])
			continue;
		CHECK_EQ(rows[at].nid, r.nid);
		CHECK(!strcmp(rows[at].zone, r.zone[z].name));
		for (int o = 0; o < NR_ORDERS; o++)
			CHECK_EQ(rows[at].nr[o], zone_nr_free(&r.zone[z], o));
		at++;
	}
	CHECK_EQ(at, n);
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	free(text);
	close(fd);
}

/* Read by single bytes and by one page: the same text. */
static void any_read_size(void)
{
	char *whole = text_read(RB_DEBUGFS "/zoneinfo");
	static char again[1 << 20];
	size_t len = 0;
	int fd = open(RB_DEBUGFS "/zoneinfo", O_RDONLY | O_CLOEXEC);

	NEED(whole && fd >= 0);
	while (len < sizeof(again) - 1 && read(fd, again + len, len < 300 ? 1 : 7) > 0)
		len = strlen(again);
	CHECK(text_same(whole, again, "zoneinfo in pieces"));
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK_EQ(read(fd, again, 4), 4);
	CHECK(!memcmp(again, whole, 4));
	free(whole);
	close(fd);
}

RB_PROGRAM(P01_buddyinfo_format, 0,
	{ "writer_is_proved_on_the_kernels_file", writer_is_proved_on_the_kernel },
	{ "row_145_same_format", same_format },
	{ "row_145_masked_rows_agree", masked_rows_agree },
	{ "row_145_numbers_of_ZONE_STAT", numbers },
	{ "any_read_size", any_read_size },
);
