// SPDX-License-Identifier: GPL-2.0
/*
 * Pages go round between two users; whoever gets one sees zeroes only. The giver parts with them in
 * seven ways, SIGKILL in the middle of writing among them.
 */
#include "rb_test.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define GFP	RB_GFP_HIGHUSER_MOVABLE
#define MAX	16384

enum way { BY_FREE, BY_BULK, BY_RESET, BY_ZAP, BY_RESET_ZAP, BY_EXIT, BY_KILL, NR_WAYS };

struct report { uint64_t pages, words; };

static struct job {
	enum way way;
	uint32_t order;		/* the order to start with; smaller ones fill up */
	struct report *report;
	int ready;
} job;

static struct rb_block blocks[MAX];
static char *maps[MAX];

/* Every page an ordinary user can get. */
static uint32_t take(int fd)
{
	uint32_t nr = 0;

	for (int o = (int)job.order; o >= 0; o -= 5)
		nr += dev_take_all(fd, GFP | RB_GFP_NOWARN | RB_GFP_NORETRY, (uint32_t)o,
				   blocks + nr, MAX - nr);
	return nr;
}

static uint64_t window;

static bool map_all(int fd, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++) {
		maps[i] = dev_map(fd, RB_MMAP_BASE + ((uint64_t)blocks[i].id << window),
				  PAGE << blocks[i].order, PROT_READ | PROT_WRITE);
		if (!CHECK(maps[i] != MAP_FAILED))
			return false;
	}
	return true;
}

static void count_words(uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++) {
		uint64_t *w = (uint64_t *)maps[i], or = 0;
		size_t words = 512ul << blocks[i].order;

		for (size_t k = 0; k < words; k++)
			or |= w[k];
		for (size_t k = 0; or && k < words; k++)
			job.report->words += w[k] != 0;
		job.report->pages += 1ul << blocks[i].order;
	}
}

static void fill(uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++) {
		uint64_t *w = (uint64_t *)maps[i];

		for (size_t k = 0; k < 512ul << blocks[i].order; k++)
			w[k] = 0x5ec4e70000000001ull + (uint64_t)(uintptr_t)(w + k);
	}
}

static void give_back(int fd, uint32_t nr)
{
	if (job.way == BY_FREE || job.way == BY_BULK || job.way == BY_RESET)
		for (uint32_t i = 0; i < nr; i++)
			munmap(maps[i], PAGE << blocks[i].order);
	for (uint32_t i = 0; i < nr && (job.way == BY_FREE || job.way == BY_ZAP); i++)
		CHECK_ERR(dev_free_raw(fd, blocks[i].id, blocks[i].gen, blocks[i].order,
				       job.way == BY_ZAP ? RB_FREE_ZAP : 0), 0);
	for (uint32_t i = 0; job.way == BY_BULK && i < nr; i += 4096)
		CHECK_ERR(dev_free_bulk(fd, blocks + i, nr - i > 4096 ? 4096 : nr - i, 0, NULL), 0);
	if (job.way == BY_RESET)
		CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	if (job.way == BY_RESET_ZAP)
		CHECK_ERR(dev_reset(fd, RB_RESET_FD | RB_RESET_ZAP), 0);
}

static void user(void *unused)
{
	int fd = dev_open();
	uint32_t nr;

	(void)unused;
	if (fd < 0)
		return;
	nr = take(fd);
	CHECK(nr > 0);
	if (!map_all(fd, nr))
		return;
	count_words(nr);
	fill(job.way == BY_KILL ? nr / 2 : nr);
	if (job.way == BY_KILL && write(job.ready, "x", 1) == 1)
		for (;;)
			fill(nr);	/* killed while writing */
	give_back(fd, nr);
}

static void one_turn(unsigned int turn)
{
	int fds[2];
	pid_t pid;
	char c;

	job.way = turn % NR_WAYS;
	job.order = turn % 3 == 2 ? 5 : 10;
	if (job.way != BY_KILL) {
		rb_as_uid(1001 + turn % 2, user, NULL);
		return;
	}
	NEED(!pipe(fds));
	job.ready = fds[1];
	pid = rb_fork();
	if (pid == 0) {
		if (CHECK(!setresuid(1001, 1001, 1001)))
			user(NULL);
		_exit(1);
	}
	close(fds[1]);
	CHECK_EQ(read(fds[0], &c, 1), 1);
	usleep(3000);
	kill(pid, SIGKILL);
	CHECK_EQ(rb_wait(pid), 128 + SIGKILL);
	close(fds[0]);
}

static void recycled_pages_are_zero(void)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	unsigned int turns = rb_times(21, 7, 200);
	struct rb_query q;
	struct stat st;
	int fd = dev_open();
	uint64_t left = region_pages_left(fd);

	CHECK_ERR(dev_query(fd, &q), 0);
	window = q.window_shift;
	job.report = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	NEED(job.report != MAP_FAILED && !stat(RB_DEV, &st));
	memset(job.report, 0, sizeof(*job.report));
	CHECK(!setrlimit(RLIMIT_MEMLOCK, &all));
	CHECK(!chmod(RB_DEV, 0666));
	for (unsigned int i = 0; i < turns && !rb_failures(); i++) {
		one_turn(i);
		if (!CHECK(region_all_back(fd, left)))
			rb_diag("after turn %u", i);
	}
	chmod(RB_DEV, st.st_mode & 0777);
	rb_diag("%u turns, %llu pages looked at, %llu words not zero", turns,
		(unsigned long long)job.report->pages, (unsigned long long)job.report->words);
	CHECK_EQ(job.report->words, 0);
	CHECK(job.report->pages > turns * q.managed_pages / 10 * 9);
	close(fd);
}

RB_PROGRAM(M06_stale_contents, 0, { "row_99_recycled_pages_are_zero", recycled_pages_are_zero });
