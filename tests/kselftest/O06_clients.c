// SPDX-License-Identifier: GPL-2.0
/* The clients file: a header, a line for each open file, hostile names made harmless. */
#include "rb_test.h"

#include <ctype.h>
#include <sys/prctl.h>

static void header_and_lines(void)
{
	int fd[3];
	struct rb_alloc a;
	char *text, *l;
	unsigned int lines = 0, mine = 0;

	for (int i = 0; i < 3; i++)
		fd[i] = dev_open();
	CHECK_ERR(dev_alloc(fd[1], RB_GFP_KERNEL, 3, &a), 0);
	text = text_read(RB_DEBUGFS "/clients");
	NEED(text);
	l = strtok(text, "\n");
	CHECK(l && !strcmp(l, "id pid comm uid pages peak maps fails"));
	while ((l = strtok(NULL, "\n"))) {
		unsigned long long id, pages, peak, maps, fails;
		long pid;
		unsigned int uid;
		char comm[80], more[4];

		lines++;
		if (!CHECK_EQ(sscanf(l, "%llu %ld %79s %u %llu %llu %llu %llu %3s", &id, &pid, comm,
				     &uid, &pages, &peak, &maps, &fails, more), 8)) {
			rb_diag("line: %s", l);
			continue;
		}
		if (pid == getpid() && pages == 8)
			mine++;
		CHECK_EQ(uid, 0);
	}
	CHECK_EQ(lines, 3);
	CHECK_EQ(mine, 1);
	free(text);
	for (int i = 0; i < 3; i++)
		close(fd[i]);
}

static void hostile(void *name)
{
	char *text;
	int fd;

	prctl(PR_SET_NAME, name);
	fd = dev_open();
	text = text_read(RB_DEBUGFS "/clients");
	NEED(text);
	unsigned int lines = 0, words = 0;

	for (const unsigned char *p = (unsigned char *)text; *p; p++) {
		if (!CHECK(*p == '\n' || (isprint(*p) && *p < 0x7f)))
			break;
		lines += *p == '\n';
		words += (*p == ' ' || *p == '\n');
	}
	CHECK_EQ(lines, 2);
	CHECK_EQ(words, 16);	/* no blank of the name splits its column */
	free(text);
	close(fd);
}

static void hostile_names(void)
{
	static char *const names[] = { "a\nb 1 2", "\033[31mred", "\xff\xfe\x80", "two words", "",
		"tab\ttab", "\\n", "%s%n" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		rb_in_child(hostile, names[i]);
}

static void counts(void)
{
	char *text;
	unsigned long long id, pages = 0, peak = 0, maps = 0, fails = 0;
	struct rb_alloc a, b;
	char comm[80];
	long pid;
	unsigned int uid;
	void *p, *q;
	int fd = dev_open();

	CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL, 4, &a), 0);
	CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL, 3, &b), 0);
	CHECK_ERR(dev_free(fd, &b, 0), 0);
	p = dev_map_block(fd, &a);
	q = dev_map(fd, a.mmap_offset, PAGE, PROT_READ);
	for (int i = 0; i < 200; i++)
		if (dev_alloc(fd, RB_GFP_NOWAIT | RB_GFP_DMA, 10, &b))
			break;
	text = text_read(RB_DEBUGFS "/clients");
	NEED(text && strchr(text, '\n'));
	CHECK_EQ(sscanf(strchr(text, '\n') + 1, "%llu %ld %79s %u %llu %llu %llu %llu", &id, &pid,
			comm, &uid, &pages, &peak, &maps, &fails), 8);
	CHECK_EQ(pages, 16);
	CHECK_EQ(peak, 24);
	CHECK_EQ(maps, 2);
	CHECK_EQ(fails, 1);
	free(text);
	munmap(p, PAGE << 4);
	munmap(q, PAGE);
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	close(fd);
}

RB_PROGRAM(O06_clients, 0,
	{ "header_and_a_line_each", header_and_lines },
	{ "hostile_names_are_escaped", hostile_names },
	{ "pages_peak_maps_fails", counts },
);
