// SPDX-License-Identifier: GPL-2.0
/* The table of open files has an end, reaching it is ENFILE, and it is as long again afterwards. */
#include "rb_test.h"

#include <sys/resource.h>

static int fds[70000];

static unsigned int open_all(unsigned int max, int *err)
{
	unsigned int nr = 0;

	*err = 0;
	while (nr < max && !*err) {
		fds[nr] = dev_open_mode(O_RDWR);
		if (fds[nr] < 0)
			*err = fds[nr];
		else
			nr++;
	}
	return nr;
}

static void limit(void)
{
	struct rlimit l = { 65536, 65536 };
	struct rb_query q;
	int fd = dev_open(), err;
	unsigned int want, nr;

	CHECK_ERR(dev_query(fd, &q), 0);
	close(fd);
	NEED(!setrlimit(RLIMIT_NOFILE, &l));
	want = q.region_pages / 16 < 256 ? 256 : (unsigned int)(q.region_pages / 16);
	for (int round = 0; round < 2; round++) {
		struct rb_alloc a;

		nr = open_all(ARRAY_SIZE(fds), &err);
		CHECK_EQ(err, -ENFILE);
		CHECK_EQ(nr, want);
		CHECK_ERR(dev_alloc(fds[nr - 1], RB_GFP_KERNEL, 0, &a), 0);
		close(fds[nr / 2]);
		fds[nr / 2] = dev_open();	/* one place came free */
		CHECK_ERR(dev_open_mode(O_RDONLY), ENFILE);
		for (unsigned int i = 0; i < nr; i++)
			close(fds[i]);
	}
}

static void many_opens(void)
{
	for (unsigned int i = 0; i < rb_times_b(5000, 300, 1000000, 20000); i++) {
		int fd = dev_open_mode(O_RDWR);

		if (!CHECK(fd >= 0))
			break;
		close(fd);
	}
}

RB_PROGRAM(U12_open_limit, 0,
	{ "ENFILE_at_the_documented_number", limit },
	{ "many_opens", many_opens },
);
