// SPDX-License-Identifier: GPL-2.0
/*
 * Text files. A format is right if parsing the text and writing the values again in the kernel's
 * format gives the same bytes; the writers here are proved on the kernel's own files each time.
 */
#include "rb_test.h"

#include <ctype.h>

char *text_read(const char *path)
{
	size_t size = 1 << 20, len = 0;
	char *buf = malloc(size);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	while (fd >= 0 && buf && (n = read(fd, buf + len, size - len - 1)) > 0)
		len += (size_t)n;
	if (fd >= 0)
		close(fd);
	if (n < 0 || !buf) {
		free(buf);
		return NULL;
	}
	buf[len] = 0;
	return buf;
}

/* One line of buddyinfo; the end of it, or NULL. */
static const char *buddyinfo_line(const char *p, struct buddyinfo_row *row)
{
	int used = 0;

	if (sscanf(p, "Node %d, zone %15s%n", &row->nid, row->zone, &used) != 2)
		return NULL;
	p += used;
	for (int o = 0; o < NR_ORDERS; o++) {
		char *end;

		row->nr[o] = strtoull(p, &end, 10);
		if (end == p)
			return NULL;
		p = end;
	}
	while (*p == ' ')
		p++;
	return *p == '\n' ? p + 1 : NULL;
}

int buddyinfo_parse(const char *text, struct buddyinfo_row *rows, int max)
{
	int nr = 0;

	while (*text && nr < max) {
		text = buddyinfo_line(text, &rows[nr]);
		if (!text)
			return -1;
		nr++;
	}
	return *text ? -1 : nr;
}

bool buddyinfo_exact(const char *text)
{
	struct buddyinfo_row rows[64];
	int nr = buddyinfo_parse(text, rows, 64), len = 0;
	char again[64 * 128];

	if (nr < 1)
		return false;
	for (int i = 0; i < nr; i++) {
		len += sprintf(again + len, "Node %d, zone %8s ", rows[i].nid, rows[i].zone);
		for (int o = 0; o < NR_ORDERS; o++)
			len += sprintf(again + len, "%6llu ", (unsigned long long)rows[i].nr[o]);
		len += sprintf(again + len, "\n");
	}
	return !strcmp(text, again);
}

char *text_mask(const char *text)
{
	char *out = malloc(strlen(text) + 1), *q = out;

	if (!out)
		abort();
	for (const char *p = text; *p; p++) {
		if (!isdigit((unsigned char)*p))
			*q++ = *p;
		else if (q == out || q[-1] != '#')
			*q++ = '#';
	}
	*q = 0;
	return out;
}

static size_t line_len(const char *p)
{
	return strcspn(p, "\n");
}

bool text_same(const char *a, const char *b, const char *what)
{
	for (int line = 1; *a || *b; line++) {
		size_t la = line_len(a), lb = line_len(b);

		if (la != lb || memcmp(a, b, la) || a[la] != b[lb]) {
			rb_diag("%s: line %d: \"%.*s\" and \"%.*s\"", what, line, (int)la, a,
				(int)lb, b);
			return false;
		}
		a += la + (a[la] == '\n');
		b += lb + (b[lb] == '\n');
	}
	return true;
}

/* "key value" at the start of a line. */
bool text_value(const char *text, const char *key, uint64_t *value)
{
	size_t len = strlen(key);

	for (const char *p = text; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL) {
		char *end;

		if (strncmp(p, key, len) || (p[len] != ' ' && p[len] != '\t'))
			continue;
		*value = strtoull(p + len, &end, 10);
		return end != p + len;
	}
	return false;
}

uint64_t text_number(const char *path)
{
	char *text = text_read(path), *end = text;
	uint64_t v = text ? strtoull(text, &end, 10) : 0;

	if (!CHECK(text && end != text))
		rb_diag("no number in %s", path);
	free(text);
	return v;
}

/* The numbers of "protection: (0, 1, 2)". */
static void parse_protection(const char *p, struct zoneinfo_zone *z)
{
	p = strchr(p, '(');
	for (z->nr_protection = 0; p && *p != ')' && z->nr_protection < RB_MAX_ZONES; ) {
		char *end;

		z->protection[z->nr_protection++] = strtoull(p + 1, &end, 10);
		p = strpbrk(end, ",)");
	}
}

static void zone_line(const char *l, struct zoneinfo_zone *z, struct zoneinfo_pcp **pcp)
{
	const struct { const char *label; uint64_t *to; } f[] = {
		{ "pages free %llu", &z->free }, { "boost %llu", &z->boost },
		{ "min %llu", &z->min }, { "low %llu", &z->low }, { "high %llu", &z->high },
		{ "promo %llu", &z->promo }, { "managed %llu", &z->managed },
		{ "count: %llu", *pcp ? &(*pcp)->count : NULL },
		{ "high: %llu", *pcp ? &(*pcp)->high : NULL },
		{ "batch: %llu", *pcp ? &(*pcp)->batch : NULL },
		{ "high_min: %llu", *pcp ? &(*pcp)->high_min : NULL },
		{ "high_max: %llu", *pcp ? &(*pcp)->high_max : NULL },
	};
	unsigned long long v;
	unsigned int cpu;

	l += strspn(l, " ");
	if (!strncmp(l, "protection:", 11))
		return parse_protection(l, z);
	if (sscanf(l, "cpu: %u", &cpu) == 1) {
		*pcp = cpu < ARRAY_SIZE(z->cpu) ? &z->cpu[cpu] : NULL;
		if (*pcp)
			(*pcp)->online = true;
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(f); i++)
		if (f[i].to && sscanf(l, f[i].label, &v) == 1)
			*f[i].to = v;
}

int zoneinfo_parse(const char *text, struct zoneinfo_zone *zones, int max)
{
	struct zoneinfo_pcp *pcp = NULL;
	int nr = 0;

	for (const char *l = text; l && *l; l = strchr(l, '\n') ? strchr(l, '\n') + 1 : NULL) {
		int nid;
		char name[16];

		if (sscanf(l, "Node %d, zone %15s", &nid, name) == 2) {
			if (nr == max)
				return nr;
			memset(&zones[nr], 0, sizeof(*zones));
			zones[nr].nid = nid;
			strcpy(zones[nr++].name, name);
			pcp = NULL;
		} else if (nr) {
			zone_line(l, &zones[nr - 1], &pcp);
		}
	}
	return nr;
}
