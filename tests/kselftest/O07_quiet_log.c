// SPDX-License-Identifier: GPL-2.0
/* What a client does wrong, or cannot get, does not fill the log. */
#include "rb_test.h"

/* Lines that name the module, from the position of fd on. */
static unsigned int lines_of_ours(int fd)
{
	char record[8192];
	unsigned int nr = 0;
	ssize_t n;

	while ((n = read(fd, record, sizeof(record) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		if (n < 0)
			continue;
		record[n] = 0;
		nr += strstr(record, "rust_buddy") || strstr(record, "allocation failure");
	}
	return nr;
}

static void failing_calls(void)
{
	static struct rb_block b[16];
	static unsigned char garbage[4096];
	struct rb_alloc a;
	unsigned int rounds = rb_times_b(3000, 500, 1000000, 50000), failed = 0;
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC), fd = dev_open();

	NEED(log >= 0 && lseek(log, 0, SEEK_END) == 0);
	memset(garbage, 0xff, sizeof(garbage));
	dev_take_all(fd, RB_GFP_HIGHUSER_MOVABLE | RB_GFP_MEMALLOC, 10, b, 16);
	for (unsigned int i = 0; i < rounds; i++) {
		/* Without NOWARN: the kernel would tell of these once in ten seconds at most. */
		failed += dev_alloc(fd, RB_GFP_ATOMIC, i % NR_ORDERS, &a) == -ENOMEM;
		failed += dev_ioctl(fd, RB_ALLOC, garbage) == -EINVAL;
		failed += dev_free_raw(fd, i, 1, 11, 0) < 0;
		failed += dev_ioctl(fd, RB_VERIFY, NULL) == -EFAULT;
		failed += dev_map(fd, i * PAGE, PAGE, PROT_READ) == MAP_FAILED;
	}
	CHECK_EQ(failed, rounds * 5);
	CHECK(lines_of_ours(log) <= 1 + rounds / 1000);
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	close(log);
	close(fd);
}

RB_PROGRAM(O07_quiet_log, 0, { "row_10_147_failing_calls_do_not_fill_the_log", failing_calls });
