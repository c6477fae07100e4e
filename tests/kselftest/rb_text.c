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
