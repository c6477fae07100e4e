// SPDX-License-Identifier: GPL-2.0
/* QUERY, ZONE_STAT, BLOCKMAP, params and vmstat tell one story; nothing leaks from the kernel. */
#include "rb_test.h"

static void query_facts(void)
{
	struct rb_query q;
	int fd = dev_open();

	NEED(!dev_query(fd, &q));
	CHECK_EQ(q.uapi_major, RB_UAPI_MAJOR);
	CHECK_EQ(q.page_shift, 12);
	CHECK_EQ(q.nr_orders, NR_ORDERS);
	CHECK(q.pageblock_order == 9 || q.pageblock_order == 10);
	CHECK(q.nr_migratetypes >= 4 && q.nr_migratetypes <= RB_MAX_MIGRATETYPES);
	CHECK_EQ(q.nr_nodes, 1);
	CHECK_EQ(q.nr_cpus, sysconf(_SC_NPROCESSORS_ONLN));
	CHECK(q.region_pages && !(q.region_pages & (q.region_pages - 1)));
	CHECK_EQ(q.managed_pages, q.region_pages);
	CHECK_EQ(q.host_version >> 8, 7 << 8 | 3);
	CHECK_EQ(q.max_bulk, 4096);
	CHECK_EQ(q.max_fetch, 65536);
	CHECK(q.window_shift >= 22 && q.window_shift < 40);
	CHECK_EQ(!!(q.features & RB_FEATURE_PCP), !!q.nr_pcp_lists);
	CHECK_EQ(q.base_pfn, 0);
	CHECK_EQ(q.used_by_me, 0);
	close(fd);
}

static void pageblock_order_is_the_kernels(void)
{
	char *text = text_read("/proc/pagetypeinfo");
	struct rb_query q;
	unsigned int order = 0;
	int fd = dev_open();

	if (!text)
		SKIP("no /proc/pagetypeinfo");
	CHECK_ERR(dev_query(fd, &q), 0);
	CHECK(sscanf(text, "Page block order: %u", &order) == 1);
	CHECK_EQ(q.pageblock_order, order);
	free(text);
	close(fd);
}

static void params_agree(void)
{
	char *text = text_read(RB_DEBUGFS "/params");
	uint64_t v = 0;
	struct rb_query q;
	int fd = dev_open();

	NEED(text && !dev_query(fd, &q));
	CHECK(text_value(text, "region_pages", &v) && v == q.region_pages);
	CHECK(text_value(text, "size_mb", &v) && v == q.region_pages / 256);
	CHECK(text_value(text, "metadata_bytes_per_page", &v) && v > 0 && v <= 96);
	CHECK(text_value(text, "dma_pct", &v) && v == 7);
	CHECK(text_value(text, "movable_pct", &v) && v == 25);
	for (char *l = strtok(text, "\n"); l; l = strtok(NULL, "\n")) {
		char name[64], value[64], def[64], more[8];

		if (!CHECK_EQ(sscanf(l, "%63s %63s %63s %7s", name, value, def, more), 3))
			rb_diag("line: %s", l);
	}
	free(text);
	close(fd);
}

static void used_by_me(void)
{
	struct rb_alloc a[NR_ORDERS];
	struct rb_query q, p;
	int fd = dev_open(), other = dev_open();
	uint64_t used = 0;

	for (uint32_t o = 0; o < NR_ORDERS; o++) {
		NEED(!dev_alloc(fd, RB_GFP_HIGHUSER_MOVABLE, o, &a[o]));
		used += 1u << o;
		CHECK_ERR(dev_query(fd, &q), 0);
		CHECK_EQ(q.used_by_me, used);
	}
	CHECK_ERR(dev_query(other, &p), 0);
	CHECK_EQ(p.used_by_me, 0);
	CHECK_EQ(p.free_pages, q.free_pages);
	for (uint32_t o = 0; o < NR_ORDERS; o++)
		CHECK_ERR(dev_free(fd, &a[o], 0), 0);
	CHECK_ERR(dev_query(fd, &q), 0);
	CHECK_EQ(q.used_by_me, 0);
	close(other);
	close(fd);
}

/* Every output byte is defined: two calls into differently dirtied memory write the same. */
static void no_stack_bytes(void)
{
	struct rb_alloc a, b;
	struct rb_zone_stat z;
	int fd = dev_open();
	const struct region *r = region_now(fd);

	NEED(r && !dev_alloc(fd, RB_GFP_KERNEL, 0, &a) && !dev_alloc(fd, RB_GFP_KERNEL, 0, &b));
	CHECK(!a.reserved0 && !a.reserved1 && !a.reserved2 && !b.reserved1);
	CHECK_EQ(a.got_nid, r->nid);
	CHECK(a.path <= RB_PATH_SLOW);
	CHECK_ERR(dev_zone(fd, r->nid, RB_ZONE_NORMAL, &z), 0);
	for (size_t i = 0; i < ARRAY_SIZE(z.reserved1); i++)
		CHECK_EQ(z.reserved1[i], 0);
	for (int t = 0; t < RB_MAX_MIGRATETYPES; t++)
		for (int o = 0; o < RB_MAX_ORDERS; o++)
			if (o >= NR_ORDERS || t >= (int)r->query.nr_migratetypes)
				CHECK_EQ(z.nr_free[t][o], 0);
	for (int i = 6; i < RB_MAX_EVENTS; i++)
		CHECK(z.events[i] < 1ull << 48);
	for (size_t i = strlen(z.name); i < sizeof(z.name); i++)
		CHECK_EQ(z.name[i], 0);
	for (uint32_t i = 0; i < r->nr_blocks; i++)
		CHECK_EQ(r->block[i].reserved, 0);
	dev_free(fd, &a, 0);
	dev_free(fd, &b, 0);
	close(fd);
}

/* VMSTAT has the numbers of the file, line by line; less room gets fewer of them. */
static void vmstat_is_the_file(void)
{
	uint64_t v[128];
	struct rb_vmstat s = { .buf_ptr = (uintptr_t)v, .nr = ARRAY_SIZE(v) };
	struct rb_query q;
	int fd = dev_open();
	uint32_t nr = 0;
	char *text;

	dev_quiet(fd);
	CHECK_ERR(dev_ioctl(fd, RB_VMSTAT, &s), 0);
	text = text_read(RB_DEBUGFS "/vmstat");
	NEED(text);
	for (char *l = strtok(text, "\n"); l; l = strtok(NULL, "\n"), nr++) {
		char *value = strchr(l, ' ');

		if (!CHECK(value) || !CHECK_EQ(strtoull(value, NULL, 10), v[nr]))
			rb_diag("line: %s", l);
	}
	CHECK_EQ(s.nr_total, nr);
	CHECK_EQ(s.nr_done, nr);
	CHECK_ERR(dev_query(fd, &q), 0);
	CHECK_EQ(s.epoch, q.epoch);
	for (uint32_t few = 0; few < nr; few++) {
		uint64_t w[128];

		memset(w, 0xa5, sizeof(w));
		s = (struct rb_vmstat){ .buf_ptr = (uintptr_t)w, .nr = few };
		CHECK_ERR(dev_ioctl(fd, RB_VMSTAT, &s), 0);
		CHECK_EQ(s.nr_total, nr);
		CHECK_EQ(s.nr_done, few);
		CHECK(!memcmp(w, v, 8 * few));
		CHECK_EQ(w[few], 0xa5a5a5a5a5a5a5a5ull);
	}
	free(text);
	close(fd);
}

/* Reserved fields and lists that are not there are zero. */
static void pcp_is_defined(void)
{
	struct rb_pcp_stat s;
	int fd = dev_open();
	const struct region *r = region_now(fd);

	for (uint32_t zone = 0; zone < NR_ZONES; zone++)
		for (uint32_t cpu = 0; r->has[zone] && cpu < r->query.nr_cpus; cpu++) {
			CHECK_ERR(dev_pcp(fd, r->nid, zone, cpu, &s), 0);
			CHECK_EQ(s.nr_lists, r->query.nr_pcp_lists);
			for (uint32_t l = r->query.nr_pcp_lists; l < RB_MAX_PCP_LISTS; l++)
				CHECK_EQ(s.lists[l], 0);
			for (size_t i = 0; i < ARRAY_SIZE(s.reserved1); i++)
				CHECK_EQ(s.reserved1[i], 0);
		}
	close(fd);
}

/* No kernel address in any text. */
static void no_addresses(void)
{
	static const char *const files[] = { "buddyinfo", "pagetypeinfo", "zoneinfo", "vmstat",
		"params", "clients", "extfrag/unusable_index", "extfrag/extfrag_index",
		"tunables/min_free_kbytes", "tunables/lowmem_reserve_ratio" };
	char path[128];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char *text;

		snprintf(path, sizeof(path), "%s/%s", RB_DEBUGFS, files[i]);
		text = text_read(path);
		NEED(text);
		if (!CHECK(!strstr(text, "ffff8") && !strstr(text, "ffffffff")))
			rb_diag("in %s", files[i]);
		free(text);
	}
}

RB_PROGRAM(U08_query_consistency, 0,
	{ "query_facts", query_facts },
	{ "pageblock_order_is_the_kernels", pageblock_order_is_the_kernels },
	{ "params_agree", params_agree },
	{ "used_by_me_counts_this_file_only", used_by_me },
	{ "outputs_are_defined_and_reserved_is_zero", no_stack_bytes },
	{ "VMSTAT_is_the_file_vmstat", vmstat_is_the_file },
	{ "PCP_STAT_is_defined", pcp_is_defined },
	{ "no_kernel_addresses", no_addresses },
);
