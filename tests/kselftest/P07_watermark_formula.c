// SPDX-License-Identifier: GPL-2.0
/*
 * Watermarks and protection by formula, for six values of each setting: what /proc/zoneinfo says of
 * the kernel's zones, and what ours say. One formula for both: whoever differs is wrong.
 */
#include "rb_test.h"

#define VM	"/proc/sys/vm/"
#define OURS	RB_DEBUGFS "/tunables/"

struct side {
	const char *name, *settings, *zoneinfo;
};

static const struct side sides[] = {
	{ "the kernel", VM, "/proc/zoneinfo" }, { "ours", OURS, RB_DEBUGFS "/zoneinfo" },
};

struct settings {
	uint64_t min_free_kbytes, scale, ratio[RB_MAX_ZONES];
	int nr_ratios;
};

static struct zoneinfo_zone zones[32];
static int nr_zones;

static uint64_t setting(const struct side *s, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s%s", s->settings, name);
	return text_number(path);
}

static int set(const struct side *s, const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), "%s%s", s->settings, name);
	return rb_write_file(path, value);
}

static void read_settings(const struct side *s, struct settings *t)
{
	char path[128], *text, *p, *end;

	t->min_free_kbytes = setting(s, "min_free_kbytes");
	t->scale = setting(s, "watermark_scale_factor");
	snprintf(path, sizeof(path), "%slowmem_reserve_ratio", s->settings);
	text = text_read(path);
	for (p = text, t->nr_ratios = 0; p && t->nr_ratios < RB_MAX_ZONES; p = end) {
		uint64_t v = strtoull(p, &end, 10);

		if (end == p)
			break;
		t->ratio[t->nr_ratios++] = v;
	}
	CHECK(t->nr_ratios >= NR_ZONES);
	free(text);
}

static uint64_t lowmem(void)
{
	uint64_t pages = 0;

	for (int i = 0; i < nr_zones; i++)
		if (strcmp(zones[i].name, "Movable"))
			pages += zones[i].managed;
	return pages;
}

static uint64_t mult_frac(uint64_t x, uint64_t n)
{
	return x / 10000 * n + x % 10000 * n / 10000;
}

static void check_marks(const struct zoneinfo_zone *z, const struct settings *t)
{
	uint64_t share = t->min_free_kbytes / 4 * z->managed / lowmem(), min = share, step;

	if (!strcmp(z->name, "Movable"))
		min = z->managed / 1024 < 32 ? 32 : z->managed / 1024 > 128 ? 128 : z->managed / 1024;
	step = mult_frac(z->managed, t->scale);
	step = share / 4 > step ? share / 4 : step;
	min += z->boost;	/* part of all of them */
	CHECK_EQ(z->min, min);
	CHECK_EQ(z->low, min + step);
	CHECK_EQ(z->high, min + 2 * step);
	CHECK_EQ(z->promo, min + 3 * step);
}

/* The zones of a node follow each other from the lowest up; ours leaves empty ones out. */
static int zone_index(const char *name)
{
	static const char *const names[] = { "DMA", "DMA32", "Normal", "Movable", "Device" };

	for (int i = 0; i < (int)ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return i;
	return -1;
}

static void check_protection(const struct zoneinfo_zone *z, const struct settings *t)
{
	uint64_t managed[RB_MAX_ZONES] = { 0 }, above = 0;
	int i = zone_index(z->name);

	for (int k = 0; k < nr_zones; k++)
		if (zones[k].nid == z->nid && zone_index(zones[k].name) >= 0)
			managed[zone_index(zones[k].name)] = zones[k].managed;
	for (int j = 0; i >= 0 && j < z->nr_protection; j++) {
		above += j > i ? managed[j] : 0;
		if (!CHECK_EQ(z->protection[j], i < t->nr_ratios && t->ratio[i] && managed[i] ?
			      above / t->ratio[i] : 0))
			rb_diag("protection %d of %s", j, z->name);
	}
}

static void check(const struct side *s)
{
	struct settings t;
	char *text = text_read(s->zoneinfo);
	unsigned int before = rb_failures();

	NEED(text);
	read_settings(s, &t);
	nr_zones = zoneinfo_parse(text, zones, ARRAY_SIZE(zones));
	CHECK(nr_zones > 0);
	for (int i = 0; i < nr_zones; i++) {
		if (zones[i].managed)
			check_marks(&zones[i], &t);
		check_protection(&zones[i], &t);
	}
	if (rb_failures() != before)
		rb_diag("that was %s: min_free_kbytes %llu, scale %llu", s->name,
			(unsigned long long)t.min_free_kbytes, (unsigned long long)t.scale);
	free(text);
}

/* Six values on each side, then back. */
static void six(const char *name, const char *const *values)
{
	for (size_t i = 0; i < ARRAY_SIZE(sides); i++) {
		char path[128], *old;

		snprintf(path, sizeof(path), "%s%s", sides[i].settings, name);
		old = text_read(path);
		NEED(old);
		for (int k = 0; k < 6; k++) {
			if (!CHECK_EQ(set(&sides[i], name, values[k]), 0))
				rb_diag("%s = %s", name, values[k]);
			check(&sides[i]);
		}
		CHECK_EQ(rb_write_file(path, old), 0);
		check(&sides[i]);
		free(old);
	}
}

static void min_free_kbytes(void)
{
	static const char *const values[] = { "1024", "128", "4409", "8191", "2048\n", "3000" };

	six("min_free_kbytes", values);
}

static void scale_factor(void)
{
	static const char *const values[] = { "1", "10", "33", "150", "1000", "3000" };

	six("watermark_scale_factor", values);
}

static void reserve_ratio(void)
{
	static const char *const values[] = {
		"256 256 32 0", "1 2 3 0", "0 0 0 0", "100 50", "7 256 1 1", "2147483647 9 1 5",
	};

	six("lowmem_reserve_ratio", values);
}

/* What the kernel refuses we refuse, with the same errno, and nothing changes. */
static void same_refusals(void)
{
	static const struct { const char *name, *value; } t[] = {
		{ "watermark_scale_factor", "0" }, { "watermark_scale_factor", "3001" },
		{ "watermark_scale_factor", "-1" }, { "min_free_kbytes", "-1" },
		{ "min_free_kbytes", "x" }, { "min_free_kbytes", "2147483648" },
		{ "watermark_boost_factor", "-1" }, { "lowmem_reserve_ratio", "256 -1 32" },
		{ "percpu_pagelist_high_fraction", "-1" }, { "percpu_pagelist_high_fraction", "7" },
		{ "percpu_pagelist_high_fraction", "1" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		for (size_t k = 0; k < ARRAY_SIZE(sides); k++) {
			char path[128], *before, *after;

			snprintf(path, sizeof(path), "%s%s", sides[k].settings, t[i].name);
			before = text_read(path);
			if (!CHECK_EQ(rb_write_file(path, t[i].value), -EINVAL))
				rb_diag("%s = %s, %s", t[i].name, t[i].value, sides[k].name);
			after = text_read(path);
			CHECK(before && after && !strcmp(before, after));
			free(before);
			free(after);
		}
}

/* The files of ours are those of the kernel, and read as those do. */
static void same_files(void)
{
	static const char *const names[] = {
		"defrag_mode", "lowmem_reserve_ratio", "min_free_kbytes",
		"percpu_pagelist_high_fraction", "stat_interval", "watermark_boost_factor",
		"watermark_scale_factor",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[128], *ours, *kernel;

		snprintf(path, sizeof(path), OURS "%s", names[i]);
		ours = text_read(path);
		snprintf(path, sizeof(path), VM "%s", names[i]);
		kernel = text_read(path);
		if (!CHECK(ours && *ours))
			rb_diag("%s", names[i]);
		if (ours && kernel && strcmp(names[i], "min_free_kbytes") &&
		    strcmp(names[i], "lowmem_reserve_ratio") && strcmp(names[i], "stat_interval") &&
		    strcmp(names[i], "percpu_pagelist_high_fraction"))
			CHECK(text_same(ours, kernel, names[i]));
		/* Of the kernel's ratios the last may be for a zone that we have not. */
		if (ours && kernel && !strcmp(names[i], "lowmem_reserve_ratio"))
			CHECK(!strncmp(ours, kernel, strlen(ours) - 1));
		free(ours);
		free(kernel);
	}
}

RB_PROGRAM(P07_watermark_formula, 0,
	{ "files_as_in_proc_sys_vm", same_files },
	{ "row_18_19_20_min_free_kbytes", min_free_kbytes },
	{ "row_21_watermark_scale_factor", scale_factor },
	{ "row_15_16_lowmem_reserve_ratio", reserve_ratio },
	{ "row_17_21_76_same_refusals", same_refusals },
);
