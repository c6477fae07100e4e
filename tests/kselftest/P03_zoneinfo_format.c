// SPDX-License-Identifier: GPL-2.0
/*
 * zoneinfo and vmstat: with digits masked, the lines of a zone are those of a zone of the kernel, in
 * the same order; every name of vmstat is one of the kernel's, in the kernel's order.
 */
#include "rb_test.h"

#include <ctype.h>

/* The lines of the section of one zone, masked; protection brought to one form. */
static char *section(const char *text, int nid, const char *zone)
{
	char head[64], *mask, *out, *p;
	const char *at = NULL, *end;

	for (const char *l = text; *l; l = strchr(l, '\n') ? strchr(l, '\n') + 1 : "") {
		snprintf(head, sizeof(head), "Node %d, zone %8s\n", nid, zone);
		if (!strncmp(l, head, strlen(head))) {
			at = l + strlen(head);
			break;
		}
	}
	if (!at)
		return NULL;
	end = strstr(at, "\nNode ");
	out = strndup(at, end ? (size_t)(end - at + 1) : strlen(at));
	mask = text_mask(out);
	free(out);
	while ((p = strstr(mask, "#, #")))
		memmove(p, p + 3, strlen(p + 3) + 1);
	return mask;
}

/* From a line that begins with one text to one that begins with another, or the end. */
static char *part(const char *s, const char *from, const char *to)
{
	const char *p = strncmp(s, from, strlen(from)) ? strstr(s, from) : s, *q;

	if (!p)
		return strdup("");
	q = *to ? strstr(p, to) : NULL;
	return strndup(p, q ? (size_t)(q - p) : strlen(p));
}

static void same_part(const char *got, const char *want, const char *from, const char *to)
{
	char *a = part(got, from, to), *b = part(want, from, to);

	CHECK(*b);
	CHECK(text_same(a, b, from));
	free(a);
	free(b);
}

/* Lines of ours that are lines of the kernel's, in its order; the kernel's others are counted. */
static unsigned int missing(const char *got, const char *want, const char *zone)
{
	unsigned int skipped = 0;

	while (*got) {
		size_t n = strcspn(got, "\n") + 1;

		while (*want && strncmp(got, want, n)) {
			skipped++;
			want += strcspn(want, "\n") + (want[strcspn(want, "\n")] == '\n');
		}
		if (!CHECK(*want)) {
			rb_diag("%s: not a line of the kernel, or not there: %.*s", zone, (int)n - 1,
				got);
			break;
		}
		want += n;
		got += n;
	}
	while (*want) {
		skipped++;
		want += strcspn(want, "\n") + (want[strcspn(want, "\n")] == '\n');
	}
	return skipped;
}

/* A populated zone of the kernel to compare with: the first that has pagesets. */
static char *kernel_section(const char *text)
{
	static const char *const zones[] = { "Normal", "DMA32", "DMA", "Movable" };

	for (int nid = 1; nid >= 0; nid--)
		for (size_t z = 0; z < ARRAY_SIZE(zones); z++) {
			char *s = section(text, nid, zones[z]);

			if (s && strstr(s, "pagesets"))
				return s;
			free(s);
		}
	return NULL;
}

static char *ours, *kernel, *want;
static int nid;

static bool start(void)
{
	int fd = dev_open();

	nid = region_now(fd)->nid;
	close(fd);
	ours = text_read(RB_DEBUGFS "/zoneinfo");
	kernel = text_read("/proc/zoneinfo");
	want = kernel ? kernel_section(kernel) : NULL;
	return CHECK(ours && want);
}

static const char *const names[] = { "DMA", "DMA32", "Normal", "Movable" };

/* Pages, watermarks and protection; and the tail: not one byte of difference but in numbers. */
static void head_and_tail(void)
{
	NEED(start());
	for (size_t z = 0; z < ARRAY_SIZE(names); z++) {
		char *got = section(ours, nid, names[z]);

		if (!CHECK(got)) {
			rb_diag("no zone %s of node %d", names[z], nid);
			continue;
		}
		same_part(got, want, "  pages free", "      nr_free_pages");
		same_part(got, want, "  node_unreclaimable:", "");
		free(got);
	}
}

/* Between them: items and pagesets. What is there must be the kernel's; what is not is told. */
static void items(void)
{
	unsigned int left_out = 0;
	char why[64];

	NEED(start());
	for (size_t z = 0; z < ARRAY_SIZE(names); z++) {
		char *got = section(ours, nid, names[z]);
		char *a, *b;

		NEED(got);
		a = part(got, "      nr_free_pages", "  node_unreclaimable:");
		b = part(want, "      nr_free_pages", "  node_unreclaimable:");
		CHECK(strstr(a, "  pagesets\n"));
		left_out += missing(a, b, names[z]);
		free(a);
		free(b);
	}
	snprintf(why, sizeof(why), "%u of the kernel's lines are left out", left_out);
	if (left_out && !rb_failures())
		rb_skip(why);
}

static void node_stats_in_the_first_zone(void)
{
	char *p, *q, *a, *b;
	unsigned int left_out;
	char why[64];

	NEED(start());
	p = strstr(ours, "\n  per-node stats\n");
	q = strstr(kernel, "\n  per-node stats\n");
	NEED(p && q);
	CHECK(p < strstr(ours, "pages free"));
	CHECK(!strstr(p + 5, "per-node stats"));
	strstr(p, "\n  pages free")[1] = 0;
	strstr(q, "\n  pages free")[1] = 0;
	a = text_mask(p + 1);
	b = text_mask(q + 1);
	left_out = missing(a, b, "per-node stats");
	free(a);
	free(b);
	snprintf(why, sizeof(why), "%u of the kernel's lines are left out", left_out);
	if (left_out && !rb_failures())
		rb_skip(why);
}

static bool number_after(const char *s, const char *label, uint64_t *v)
{
	const char *p = strstr(s, label);

	if (!p)
		return false;
	p += strlen(label);
	while (*p == ' ')
		p++;
	*v = strtoull(p, NULL, 10);
	return isdigit((unsigned char)*p);
}

static void zoneinfo_numbers(void)
{
	char *text = text_read(RB_DEBUGFS "/zoneinfo"), head[64], *p;
	int fd = dev_open();
	const struct region *r;

	dev_quiet(fd);
	free(text);
	text = text_read(RB_DEBUGFS "/zoneinfo");
	r = region_now(fd);
	NEED(text && r);
	for (int z = 0; z < NR_ZONES; z++) {
		const struct rb_zone_stat *s = &r->zone[z];
		struct { const char *label; uint64_t want; } f[] = {
			{ "  pages free", s->free }, { "\n        boost", s->boost },
			{ "\n        min", s->min }, { "\n        low", s->low },
			{ "\n        high", s->high }, { "\n        promo", s->promo },
			{ "\n        spanned", s->spanned }, { "\n        present", s->present },
			{ "\n        managed", s->managed },
			{ "reserved_highatomic:", s->reserved_highatomic },
			{ "free_highatomic:", s->free_highatomic },
		};

		snprintf(head, sizeof(head), "Node %d, zone %8s\n", r->nid, s->name);
		p = r->has[z] ? strstr(text, head) : NULL;
		for (size_t i = 0; p && i < ARRAY_SIZE(f); i++) {
			uint64_t v = 0;

			if (!CHECK(number_after(p, f[i].label, &v)) || !CHECK_EQ(v, f[i].want))
				rb_diag("%s of %s", f[i].label, s->name);
		}
		CHECK(!r->has[z] || p);
	}
	free(text);
	close(fd);
}

/* The pagesets are what PCP_STAT says, and their sum is what ZONE_STAT says. */
static void pagesets(void)
{
	static struct zoneinfo_zone z[8];
	struct rb_alloc a;
	int fd = dev_open(), n;
	struct region r;
	uint64_t stock = 0;
	char *text;

	dev_quiet(fd);
	/* On each CPU, of each order that is kept, and some that are not. */
	for (uint32_t i = 0; i < 64; i++) {
		rb_pin((int)(i / 4 % 2));
		CHECK_ERR(dev_alloc(fd, i % 2 ? RB_GFP_KERNEL : RB_GFP_HIGHUSER_MOVABLE, i % 10, &a), 0);
		if (i % 3)
			CHECK_ERR(dev_free(fd, &a, 0), 0);
	}
	NEED(region_read(fd, &r));
	text = text_read(RB_DEBUGFS "/zoneinfo");
	NEED(text);
	n = zoneinfo_parse(text, z, ARRAY_SIZE(z));
	CHECK_EQ(n, r.query.nr_zones);
	for (int i = 0, zone = 0; i < n && zone < NR_ZONES; i++, zone++) {
		uint64_t sum = 0;

		while (zone < NR_ZONES && !r.has[zone])
			zone++;
		for (uint32_t cpu = 0; cpu < ARRAY_SIZE(z[i].cpu); cpu++) {
			const struct zoneinfo_pcp *p = &z[i].cpu[cpu];
			struct rb_pcp_stat s;
			uint64_t pages = 0;

			CHECK_EQ(p->online, (int)cpu < sysconf(_SC_NPROCESSORS_ONLN));
			if (!p->online)
				continue;
			CHECK_ERR(dev_pcp(fd, r.nid, zone, cpu, &s), 0);
			CHECK_EQ(s.count, p->count);
			CHECK_EQ(s.high, p->high);
			CHECK_EQ(s.batch, p->batch);
			CHECK_EQ(s.high_min, p->high_min);
			CHECK_EQ(s.high_max, p->high_max);
			for (uint32_t l = 0; l < s.nr_lists; l++)
				pages += (uint64_t)s.lists[l] << (l < 12 ? l / 3 : 9);
			CHECK_EQ(pages, s.count);
			sum += s.count;
		}
		CHECK_EQ(sum, r.zone[zone].pcp_total);
		CHECK_EQ(r.zone[zone].free, z[i].free);
		stock += sum;
	}
	CHECK(stock > 0);
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	free(text);
	close(fd);
}

/* P04: names of ours appear in the kernel's file, in its order. */
static void vmstat_names(void)
{
	const char *at;
	unsigned int nr = 0;

	ours = text_read(RB_DEBUGFS "/vmstat");
	kernel = text_read("/proc/vmstat");
	NEED(ours && kernel);
	at = kernel;
	for (char *l = strtok(ours, "\n"); l; l = strtok(NULL, "\n")) {
		char name[80], value[32], more[8], line[128];
		const char *found;

		if (!CHECK_EQ(sscanf(l, "%78s %31s %7s", name, value, more), 2))
			continue;
		snprintf(line, sizeof(line), "%s %s", name, value);
		CHECK(!strcmp(line, l));
		CHECK_EQ(strspn(value, "0123456789"), strlen(value));
		if (!strncmp(name, "rb_", 3))
			continue;
		/* A zone that this kernel is built without. */
		snprintf(line, sizeof(line), "\n%s ", name);
		if (!strncmp(name, "pgalloc_", 8) && !strstr(kernel, line))
			continue;
		snprintf(line, sizeof(line), "\n%s ", name);
		found = strncmp(at, line + 1, strlen(line + 1)) ? strstr(at, line) : at;
		if (!found) {
			rb_diag("%s is not in /proc/vmstat at its place", name);
			CHECK(!"the name and its place are the kernel's");
			continue;
		}
		at = found + 1;
		nr++;
	}
	CHECK(nr > 0);
}

RB_PROGRAM(P03_zoneinfo_format, 0,
	{ "pages_and_tail_masked_equal_the_kernels", head_and_tail },
	{ "zone_items_and_pagesets", items },
	{ "per_node_stats", node_stats_in_the_first_zone },
	{ "numbers_of_ZONE_STAT", zoneinfo_numbers },
	{ "pagesets_of_PCP_STAT", pagesets },
	{ "P04_vmstat_names_and_order", vmstat_names },
);
