// SPDX-License-Identifier: GPL-2.0
/* pagetypeinfo: byte for byte the kernel's format, and its columns add up to buddyinfo. */
#include "rb_test.h"

#define MAX_ROWS 64

struct pagetypeinfo {
	int order, nr_types, nr_rows, nr_blocks;
	unsigned long per_block;
	char type[RB_MAX_MIGRATETYPES][16];
	struct {
		int nid;
		char zone[16], type[16];
		bool capped[NR_ORDERS];
		uint64_t nr[NR_ORDERS];
	} row[MAX_ROWS];
	struct {
		int nid;
		char zone[16];
		uint64_t nr[RB_MAX_MIGRATETYPES];
	} blocks[MAX_ROWS];
};

static const char *next_line(const char *p)
{
	p = strchr(p, '\n');
	return p ? p + 1 : "";
}

static bool parse_row(const char *p, struct pagetypeinfo *t)
{
	int used = 0, i = t->nr_rows++;

	if (i >= MAX_ROWS || sscanf(p, "Node %d, zone %15[^,], type %15s%n", &t->row[i].nid,
				    t->row[i].zone, t->row[i].type, &used) != 3)
		return false;
	p += used;
	for (int o = 0; o < NR_ORDERS; o++) {
		char *end;

		while (*p == ' ')
			p++;
		t->row[i].capped[o] = *p == '>';
		t->row[i].nr[o] = strtoull(p + (*p == '>'), &end, 10);
		p = end;
	}
	/* The names are right-aligned: without the blanks in front. */
	memmove(t->row[i].zone, t->row[i].zone + strspn(t->row[i].zone, " "),
		strlen(t->row[i].zone + strspn(t->row[i].zone, " ")) + 1);
	return true;
}

static bool parse_blocks(const char *p, struct pagetypeinfo *t)
{
	int used = 0, i = t->nr_blocks++;

	if (i >= MAX_ROWS ||
	    sscanf(p, "Node %d, zone %15s%n", &t->blocks[i].nid, t->blocks[i].zone, &used) != 2)
		return false;
	p += used;
	for (int k = 0; k < t->nr_types; k++) {
		char *end;

		t->blocks[i].nr[k] = strtoull(p, &end, 10);
		p = end;
	}
	return true;
}

static bool parse(const char *text, struct pagetypeinfo *t)
{
	char names[256] = "";
	const char *p = text;

	memset(t, 0, sizeof(*t));
	if (sscanf(p, "Page block order: %d\nPages per block: %lu", &t->order, &t->per_block) != 2)
		return false;
	p = next_line(next_line(next_line(next_line(p))));
	for (; !strncmp(p, "Node", 4); p = next_line(p))
		if (!parse_row(p, t))
			return false;
	p = next_line(p);
	if (sscanf(p, "Number of blocks type %255[^\n]", names) != 1)
		return false;
	for (char *n = strtok(names, " "); n && t->nr_types < RB_MAX_MIGRATETYPES; n = strtok(NULL, " "))
		snprintf(t->type[t->nr_types++], 16, "%.15s", n);
	for (p = next_line(p); !strncmp(p, "Node", 4); p = next_line(p))
		if (!parse_blocks(p, t))
			return false;
	return true;
}

/* As mm/vmstat.c writes it. */
static char *render(const struct pagetypeinfo *t)
{
	static char out[1 << 16];
	int n = sprintf(out, "Page block order: %d\nPages per block:  %lu\n\n%-43s ", t->order,
			t->per_block, "Free pages count per migrate type at order");

	for (int o = 0; o < NR_ORDERS; o++)
		n += sprintf(out + n, "%6d ", o);
	n += sprintf(out + n, "\n");
	for (int i = 0; i < t->nr_rows; i++) {
		n += sprintf(out + n, "Node %4d, zone %8s, type %12s ", t->row[i].nid,
			     t->row[i].zone, t->row[i].type);
		for (int o = 0; o < NR_ORDERS; o++)
			n += sprintf(out + n, "%s%6llu ", t->row[i].capped[o] ? ">" : "",
				     (unsigned long long)t->row[i].nr[o]);
		n += sprintf(out + n, "\n");
	}
	n += sprintf(out + n, "\n%-23s", "Number of blocks type ");
	for (int k = 0; k < t->nr_types; k++)
		n += sprintf(out + n, "%12s ", t->type[k]);
	n += sprintf(out + n, "\n");
	for (int i = 0; i < t->nr_blocks; i++) {
		n += sprintf(out + n, "Node %d, zone %8s ", t->blocks[i].nid, t->blocks[i].zone);
		for (int k = 0; k < t->nr_types; k++)
			n += sprintf(out + n, "%12llu ", (unsigned long long)t->blocks[i].nr[k]);
		n += sprintf(out + n, "\n");
	}
	return out;
}

static struct pagetypeinfo ours, kernel;

/* The file is one such text for each node, head and all. */
static char *cut_node(char *text)
{
	char *next = text ? strstr(text + 1, "\nPage block order") : NULL;

	if (!next)
		return NULL;
	next = strdup(next + 1);
	text[strlen(text) - strlen(next)] = 0;
	return next;
}

/* All nodes; the last one stays in t. */
static bool exact(const char *path, struct pagetypeinfo *t, int *nodes)
{
	char *text = text_read(path), *next;
	bool ok = CHECK(text);

	for (*nodes = 0; ok && text; text = next, ++*nodes) {
		next = cut_node(text);
		ok = CHECK(parse(text, t)) && CHECK(text_same(text, render(t), path));
		free(text);
	}
	return ok;
}

static void formats(void)
{
	int nodes;

	if (access("/proc/pagetypeinfo", R_OK))
		SKIP("no /proc/pagetypeinfo");
	NEED(exact("/proc/pagetypeinfo", &kernel, &nodes));
	CHECK(nodes >= 1);
	NEED(exact(RB_DEBUGFS "/pagetypeinfo", &ours, &nodes));
	CHECK_EQ(nodes, 1);
	CHECK_EQ(ours.order, kernel.order);
	CHECK_EQ(ours.per_block, kernel.per_block);
	CHECK_EQ(ours.nr_types, kernel.nr_types);
	for (int k = 0; k < ours.nr_types; k++)
		CHECK(!strcmp(ours.type[k], kernel.type[k]));
	CHECK_EQ(ours.nr_rows, ours.nr_blocks * ours.nr_types);
}

/* The checker is no yes-man: the kernel's text with any one byte missing is not exact. */
static void doctored(void)
{
	char *text = text_read("/proc/pagetypeinfo"), *cut;
	size_t len, from;

	if (!text)
		SKIP("no /proc/pagetypeinfo");
	free(cut_node(text));
	len = strlen(text);
	from = (size_t)(next_line(next_line(text)) - text);
	cut = malloc(len + 1);
	for (size_t i = from; cut && i < len && i < from + 4000; i++) {
		memcpy(cut, text, i);
		strcpy(cut + i, text + i + 1);
		if (!CHECK(!parse(cut, &kernel) || strcmp(cut, render(&kernel))))
			rb_diag("without byte %zu", i);
	}
	free(cut);
	free(text);
}

/* Under some load: rows of a zone add up to ZONE_STAT, blocks to the region. */
static void sums(void)
{
	struct region r;
	struct rb_alloc a;
	uint64_t total = 0;
	int fd = dev_open(), nodes;

	for (uint32_t i = 0; i < 40; i++)
		CHECK_ERR(dev_alloc(fd, i % 3 ? RB_GFP_KERNEL : RB_GFP_KERNEL | RB_GFP_RECLAIMABLE,
				    i % 6, &a), 0);
	NEED(region_read(fd, &r) && exact(RB_DEBUGFS "/pagetypeinfo", &ours, &nodes));
	for (int i = 0; i < ours.nr_rows; i++) {
		int type = i % ours.nr_types, z = 0;

		CHECK_EQ(ours.row[i].nid, r.nid);
		while (z < NR_ZONES - 1 && strcmp(r.zone[z].name, ours.row[i].zone))
			z++;
		CHECK(!strcmp(ours.row[i].type, ours.type[type]));
		for (int o = 0; o < NR_ORDERS; o++)
			CHECK_EQ(ours.row[i].nr[o], r.zone[z].nr_free[type][o]);
	}
	for (int i = 0; i < ours.nr_blocks; i++)
		for (int k = 0; k < ours.nr_types; k++)
			total += ours.blocks[i].nr[k];
	CHECK_EQ(total, r.nr_blocks);
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	close(fd);
}

RB_PROGRAM(P02_pagetypeinfo_format, 0,
	{ "row_146_same_format_and_names_as_the_kernel", formats },
	{ "a_text_with_a_byte_missing_is_refused", doctored },
	{ "row_146_rows_are_ZONE_STAT_and_blocks_add_up", sums },
);
