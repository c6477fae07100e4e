// SPDX-License-Identifier: GPL-2.0
/*
 * rb_press: keeps kswapd and kcompactd busy until it is killed or its input ends. For the tests
 * that unload the module meanwhile.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <rust_buddy.h>

/* More than there is, without waiting: each request below the low watermark wakes kswapd. */
static void fill(int fd, uint32_t order)
{
	for (int i = 0; i < 20000; i++) {
		struct rb_alloc a = {
			.gfp = RB_GFP_NOWAIT | RB_GFP_MOVABLE | RB_GFP_HIGHMEM, .order = order,
			.flags = RB_ALLOC_PURGEABLE, .nid = RB_NO_NODE,
		};

		if (ioctl(fd, RB_ALLOC, &a))
			return;
		/* Holes for compaction. */
		if (i % 3 == 0) {
			struct rb_free f = { .id = a.id, .gen = a.gen, .order = order };

			ioctl(fd, RB_FREE, &f);
		}
	}
}

static void huge(int fd)
{
	for (int i = 0; i < 8; i++) {
		struct rb_alloc a = {
			.gfp = RB_GFP_NOWAIT | RB_GFP_MOVABLE, .order = 9, .nid = RB_NO_NODE,
		};

		ioctl(fd, RB_ALLOC, &a);
	}
}

int main(void)
{
	struct pollfd in = { .events = POLLIN };
	/* The module is in use all the time. */
	int held = open("/dev/rust_buddy", O_RDONLY | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	puts("pressing");
	fflush(stdout);
	while (poll(&in, 1, 0) == 0) {
		int fd = open("/dev/rust_buddy", O_RDWR | O_CLOEXEC);

		if (fd < 0) {
			usleep(1000);
			continue;
		}
		fill(fd, 0);
		huge(fd);
		close(fd);
	}
	return held < 0;
}
