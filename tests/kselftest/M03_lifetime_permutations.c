// SPDX-License-Identifier: GPL-2.0
/*
 * A block lives as long as a file or a mapping of its owner does, in whatever order they go: all 720
 * orders of close, munmap, fork, mremap, child exit, parent exit. After each step the block is
 * there with its contents, or all its pages are back, exactly as the model below says.
 */
#include "rb_test.h"

#include <sys/prctl.h>

#define OPS	6
static const char letters[OPS] = "cufmkx";

/* What one process has. */
static struct side {
	bool alive, file;
	char *map;
	size_t len, skip;	/* bytes mapped; how far into the block they start */
} model[2];			/* 0 parent, 1 child */

static int to[2][2], ack[2], ctl, fd = -1;
static bool unmap_all;
static uint32_t order;
static struct side me;

static bool contents_ok(void)
{
	for (size_t i = 0; i < me.len; i += PAGE)
		if (*(uint64_t *)(me.map + i) != 0xb10c0000 + (me.skip + i) / PAGE)
			return false;
	return true;
}

static void half(void)
{
	size_t cut = unmap_all ? me.len : me.len / 2;

	if (me.len && (unmap_all || me.skip == 0)) {
		munmap(me.map, cut);
		me.map += cut;
		me.len -= cut;
		me.skip += cut;
	}
}

static bool move(void)
{
	char *at, *n;

	if (!me.len)
		return true;
	at = mmap(NULL, me.len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	n = mremap(me.map, me.len, me.len, MREMAP_MAYMOVE | MREMAP_FIXED, at);
	if (n == MAP_FAILED)
		return false;
	me.map = n;
	return true;
}

static void child_main(int side);

static bool act(char op, int side)
{
	pid_t pid;

	switch (op) {
	case 'c':
		if (fd >= 0)
			close(fd);
		fd = -1;
		return true;
	case 'u':
		half();
		return true;
	case 'm':
		return move();
	case 'f':
		pid = fork();
		if (pid == 0)
			child_main(1);
		return pid > 0;
	case 'w':
		return wait(NULL) > 0;
	}
	(void)side;
	return false;
}

static void child_main(int side)
{
	char op, yes;

	while (read(to[side][0], &op, 1) == 1 && op != 'x') {
		yes = act(op, side) && contents_ok() ? 'y' : 'n';
		if (write(ack[1], &yes, 1) != 1)
			break;
	}
	_exit(0);
}

static void parent_main(void)
{
	struct rb_alloc a;
	char yes = 'n';

	close(ctl);
	fd = dev_open_mode(O_RDWR);
	if (fd >= 0 && !dev_alloc(fd, RB_GFP_KERNEL, order, &a)) {
		me.len = PAGE << order;
		me.map = dev_map(fd, a.mmap_offset, me.len, PROT_READ | PROT_WRITE);
		if (me.map != MAP_FAILED) {
			for (size_t i = 0; i < me.len; i += PAGE)
				*(uint64_t *)(me.map + i) = 0xb10c0000 + i / PAGE;
			yes = 'y';
		}
	}
	if (write(ack[1], &yes, 1) == 1)
		child_main(0);
	_exit(1);
}

static bool tell(int side, char op)
{
	char yes = 0;

	if (write(to[side][1], &op, 1) != 1)
		return false;
	if (op == 'x')
		return true;
	return read(ack[0], &yes, 1) == 1 && yes == 'y';
}

/* One step for the processes and for the model. */
static bool step(char op)
{
	bool ok = true;

	for (int s = 0; s < 2 && strchr("cum", op); s++) {
		if (!model[s].alive)
			continue;
		ok &= tell(s, op);
		model[s].file &= op != 'c';
		if (op == 'u' && unmap_all)
			model[s].len = 0;
	}
	if (op == 'f' && model[0].alive) {
		ok = tell(0, 'f');
		model[1] = model[0];
	} else if (op == 'k' && model[1].alive) {
		ok = tell(1, 'x') && (model[0].alive ? tell(0, 'w') : wait(NULL) > 0);
		model[1].alive = false;
	} else if (op == 'x' && model[0].alive) {
		ok = tell(0, 'x') && wait(NULL) > 0;
		model[0].alive = false;
	}
	return ok;
}

static bool held(void)
{
	return (model[0].alive && (model[0].file || model[0].len)) ||
	       (model[1].alive && (model[1].file || model[1].len));
}

static uint64_t free_pages(void)
{
	struct rb_query q;

	return dev_query(ctl, &q) ? 0 : q.free_pages;
}

static bool run_order(const char *ops, uint64_t all)
{
	pid_t pid = rb_fork();
	char yes = 0;
	bool ok;

	if (pid == 0)
		parent_main();
	ok = read(ack[0], &yes, 1) == 1 && yes == 'y';
	model[0] = (struct side){ .alive = true, .file = true, .len = 1 };
	model[1] = (struct side){ 0 };
	for (int i = 0; i < OPS && ok; i++) {
		ok = step(ops[i]);
		if (free_pages() != all - (held() ? 1u << order : 0)) {
			rb_diag("after step %d (%c): free %llu, all %llu, held %d", i + 1, ops[i],
				(unsigned long long)free_pages(), (unsigned long long)all, held());
			ok = false;
		}
	}
	step('k');
	step('x');
	ok &= free_pages() == all;
	if (!ok)
		rb_diag("in the order %.6s, order %u", ops, order);
	return CHECK(ok);
}

static void nth(unsigned int n, char *ops)
{
	char rest[OPS];

	memcpy(rest, letters, OPS);
	for (unsigned int i = 0, f = 120; i < OPS; i++) {
		unsigned int k = n / f;

		n %= f;
		ops[i] = rest[k];
		memmove(rest + k, rest + k + 1, OPS - 1 - k);
		if (i < OPS - 1)
			f /= OPS - 1 - i;
	}
}

static void permutations(unsigned int stride, unsigned int rounds)
{
	uint64_t all;
	char ops[OPS];
	unsigned int done = 0;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	ctl = dev_open();
	NEED(!pipe(to[0]) && !pipe(to[1]) && !pipe(ack));
	all = free_pages();
	for (unsigned int r = 0; r < rounds; r++)
		for (unsigned int n = r % stride; n < 720; n += stride, done++) {
			nth(n, ops);
			if (!run_order(ops, all) && rb_failures() > 3)
				return;
		}
	rb_diag("%u orders", done);
	for (int i = 0; i < 2; i++) {
		close(to[0][i]);
		close(to[1][i]);
		close(ack[i]);
	}
	close(ctl);
}

static void munmap_half(void)
{
	unmap_all = false;
	order = 4;
	permutations(rb_times(2, 16, 1), rb_times_b(1, 1, 10, 2));
}

static void munmap_whole(void)
{
	unmap_all = true;
	order = 4;
	permutations(rb_times(4, 32, 1), rb_times_b(1, 1, 10, 2));
}

static void huge_entry(void)
{
	unmap_all = false;
	order = 9;
	permutations(rb_times(6, 48, 1), 1);
}

RB_PROGRAM(M03_lifetime_permutations, 0,
	{ "all_orders_munmap_half", munmap_half },
	{ "all_orders_munmap_whole", munmap_whole },
	{ "all_orders_2_MiB_block", huge_entry },
);
