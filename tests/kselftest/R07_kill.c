// SPDX-License-Identifier: GPL-2.0
/* SIGKILL at any moment: the process is gone soon and every page is back. */
#include "rb_test.h"

#include <signal.h>

static void busy_process(void)
{
	static struct rb_block b[1024];
	struct rb_query q;
	struct rb_verify v;
	uint64_t seed = rb_now_ns() | 1;
	int fd = dev_open_mode(O_RDWR);
	uint32_t done;

	dev_query(fd, &q);
	for (;;) {
		uint32_t order = rb_random(&seed) % 4;

		dev_bulk(fd, RB_GFP_HIGHUSER_MOVABLE, order, b, 1 + rb_random(&seed) % 1024, &done);
		if (done) {
			uint64_t at = RB_MMAP_BASE + ((uint64_t)b[0].id << q.window_shift);
			char *p = dev_map(fd, at, PAGE, PROT_READ | PROT_WRITE);

			if (p != MAP_FAILED)
				memset(p, 1, PAGE);
		}
		dev_verify(fd, &v);
		dev_free_bulk(fd, b, done, rb_random(&seed) & 1, &done);
		dev_reset(fd, RB_RESET_FD | RB_RESET_ZAP);
	}
}

static void killed_any_time(void)
{
	uint64_t seed = rb_seed(), worst = 0;
	int fd = dev_open();
	uint64_t left = region_pages_left(fd);

	for (unsigned int i = 0; i < rb_times(60, 20, 1000); i++) {
		pid_t pid = rb_fork();
		uint64_t t;

		if (pid == 0)
			busy_process();
		usleep(rb_random(&seed) % 20000);
		t = rb_now_ns();
		kill(pid, SIGKILL);
		CHECK_EQ(rb_wait(pid), 128 + SIGKILL);
		t = rb_now_ns() - t;
		worst = t > worst ? t : worst;
		if (!CHECK_EQ(region_pages_left(fd), left))
			break;
	}
	rb_diag("the slowest was gone after %llu us", (unsigned long long)worst / 1000);
	CHECK(worst < (rb_rig('b') ? 10 : 2) * 1000000000ull);
	close(fd);
}

RB_PROGRAM(R07_kill, 0, { "killed_at_any_time_all_pages_back", killed_any_time });
