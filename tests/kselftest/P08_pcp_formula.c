// SPDX-License-Identifier: GPL-2.0
/*
 * Batch and limits of the per-CPU lists by formula, for six fractions, with one CPU and with two: what
 * /proc/zoneinfo says of the kernel's zones, and what ours say, in zoneinfo and by RB_PCP_STAT.
 */
#include "rb_test.h"

#define FRACTION	"percpu_pagelist_high_fraction"
#define CPU1		"/sys/devices/system/cpu/cpu1/online"

static const struct side {
	const char *name, *fraction, *zoneinfo;
} sides[] = {
	{ "the kernel", "/proc/sys/vm/" FRACTION, "/proc/zoneinfo" },
	{ "ours", RB_DEBUGFS "/tunables/" FRACTION, RB_DEBUGFS "/zoneinfo" },
};

static struct zoneinfo_zone zones[32];

static uint64_t batch_of(uint64_t managed)
{
	uint64_t b = managed / 4096, p = 1;

	b = b > 64 ? 64 : b;
	if (b <= 1)
		return 1;
	b += b / 2;
	while (p * 2 <= b)
		p *= 2;
	return p - 1;
}

/* CPUs of a node that are online; all where it has none. */
static uint64_t cpus_of(int nid)
{
	uint64_t nr = 0, all = 0;

	for (int cpu = 0; cpu < 8; cpu++) {
		char path[96];

		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d", cpu);
		if (access(path, F_OK))
			break;
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
		if (!access(path, F_OK) && !text_number(path))
			continue;
		all++;
		snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/cpu%d", nid, cpu);
		nr += !access(path, F_OK);
	}
	return nr ? nr : all;
}

static uint64_t high_of(uint64_t total, uint64_t batch, uint64_t cpus)
{
	return total / cpus > 4 * batch ? total / cpus : 4 * batch;
}

static void check_zone(const struct zoneinfo_zone *z, uint64_t fraction)
{
	uint64_t batch = batch_of(z->managed), cpus = cpus_of(z->nid);
	uint64_t low = high_of(fraction ? z->managed / fraction : z->low, batch, cpus);
	uint64_t max = high_of(fraction ? z->managed / fraction : z->managed / 8, batch, cpus);

	for (size_t cpu = 0; cpu < ARRAY_SIZE(z->cpu); cpu++) {
		const struct zoneinfo_pcp *p = &z->cpu[cpu];

		if (!p->online)
			continue;
		if (!CHECK_EQ(p->batch, batch) || !CHECK_EQ(p->high_min, low) ||
		    !CHECK_EQ(p->high_max, max))
			rb_diag("node %d zone %s cpu %zu: managed %llu low %llu fraction %llu", z->nid,
				z->name, cpu, (unsigned long long)z->managed,
				(unsigned long long)z->low, (unsigned long long)fraction);
	}
}

/* Ours once more, by call. */
static void check_calls(const struct zoneinfo_zone *z)
{
	static const char *const names[] = { "DMA", "DMA32", "Normal", "Movable" };
	int fd = dev_open();
	struct rb_pcp_stat p;

	for (uint32_t zone = 0; zone < NR_ZONES; zone++)
		for (uint32_t cpu = 0; cpu < ARRAY_SIZE(z->cpu) && !strcmp(z->name, names[zone]); cpu++) {
			if (!z->cpu[cpu].online)
				continue;
			CHECK_ERR(dev_pcp(fd, z->nid, zone, cpu, &p), 0);
			CHECK_EQ(p.batch, z->cpu[cpu].batch);
			CHECK_EQ(p.high_min, z->cpu[cpu].high_min);
			CHECK_EQ(p.high_max, z->cpu[cpu].high_max);
			CHECK_EQ(p.online, 1);
		}
	close(fd);
}

static void check(const struct side *s, const char *fraction)
{
	char *text;
	int nr;

	if (!CHECK_EQ(rb_write_file(s->fraction, fraction), 0))
		rb_diag("%s: %s", s->name, fraction);
	text = text_read(s->zoneinfo);
	NEED(text);
	nr = zoneinfo_parse(text, zones, ARRAY_SIZE(zones));
	CHECK(nr > 0);
	for (int i = 0; i < nr; i++) {
		if (!zones[i].managed)
			continue;
		check_zone(&zones[i], strtoull(fraction, NULL, 10));
		if (s == &sides[1])
			check_calls(&zones[i]);
	}
	free(text);
}

static void all_fractions(void)
{
	static const char *const values[] = { "8", "9", "16", "64", "1000", "0" };

	for (size_t i = 0; i < ARRAY_SIZE(sides); i++) {
		char *old = text_read(sides[i].fraction);

		NEED(old);
		/* The kernel computes nothing if the value is what it was. */
		CHECK_EQ(rb_write_file(sides[i].fraction, "77"), 0);
		for (size_t k = 0; k < ARRAY_SIZE(values); k++)
			check(&sides[i], values[k]);
		CHECK_EQ(rb_write_file(sides[i].fraction, old), 0);
		free(old);
	}
}

/* Our limits follow the low watermark as the kernel's do. */
static void low_watermark(void)
{
	static const char *const values[] = { "8192", "1024", "4409" };
	static const char *const files[] = {
		"/proc/sys/vm/min_free_kbytes", RB_DEBUGFS "/tunables/min_free_kbytes",
	};

	for (size_t i = 0; i < ARRAY_SIZE(sides); i++) {
		char *old = text_read(files[i]), *fraction = text_read(sides[i].fraction);

		NEED(old && fraction);
		for (size_t k = 0; k < ARRAY_SIZE(values); k++) {
			CHECK_EQ(rb_write_file(files[i], values[k]), 0);
			check(&sides[i], "0");
		}
		CHECK_EQ(rb_write_file(files[i], old), 0);
		CHECK_EQ(rb_write_file(sides[i].fraction, fraction), 0);
		free(old);
		free(fraction);
	}
}

static void one_cpu(void)
{
	struct rb_pcp_stat p;
	struct rb_alloc a;
	int fd = dev_open(), nid = region_now(fd)->nid;
	uint64_t left = region_pages_left(fd);

	if (access(CPU1, W_OK))
		SKIP("no second CPU that can be taken off");
	CHECK_ERR(dev_tune_set(fd, RB_TUNE_STAT_INTERVAL, 0, 100000), 0);
	rb_pin(1);
	CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL, 0, &a), 0);
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	CHECK_ERR(dev_pcp(fd, nid, RB_ZONE_NORMAL, 1, &p), 0);
	CHECK(p.count > 0);
	rb_pin(0);
	if (rb_write_file(CPU1, "0"))
		SKIP("the second CPU cannot be taken off");
	/* A CPU that goes leaves nothing behind. */
	CHECK_ERR(dev_pcp(fd, nid, RB_ZONE_NORMAL, 1, &p), 0);
	CHECK_EQ(p.online, 0);
	CHECK_EQ(p.count, 0);
	CHECK_EQ(region_pages_left(fd), left);
	all_fractions();
	CHECK_EQ(rb_write_file(CPU1, "1"), 0);
	CHECK_ERR(dev_pcp(fd, nid, RB_ZONE_NORMAL, 1, &p), 0);
	CHECK_EQ(p.online, 1);
	all_fractions();
	CHECK_ERR(dev_tune_set(fd, RB_TUNE_STAT_INTERVAL, 0, 1), 0);
	close(fd);
}

RB_PROGRAM(P08_pcp_formula, 0,
	{ "row_74_75_76_six_fractions", all_fractions },
	{ "row_75_limits_follow_the_low_watermark", low_watermark },
	{ "one_CPU_and_two", one_cpu },
);
