// SPDX-License-Identifier: GPL-2.0
/* The checkers themselves, on doctored input: each must be able to say no. Needs no module. */
#include "rb_oracle.h"

#include <signal.h>

static const char good[] =
	"Node 0, zone      DMA      0      0      0      0      0      0      0      0      1      1      2 \n"
	"Node 1, zone    DMA32     12    345   6789      0      0      0      0      0      1      1     56 \n";

static void deleted_bytes(void)
{
	char cut[sizeof(good)];

	CHECK(buddyinfo_exact(good));
	for (size_t i = 0; i < sizeof(good) - 1; i++) {
		memcpy(cut, good, i);
		strcpy(cut + i, good + i + 1);
		if (!CHECK(!buddyinfo_exact(cut)))
			rb_diag("without byte %zu", i);
	}
}

static void doubled_bytes(void)
{
	char more[sizeof(good) + 1];

	for (size_t i = 0; i < sizeof(good) - 1; i++) {
		if (i % 100 == 5)
			continue;	/* the node's number may have more digits */
		memcpy(more, good, i + 1);
		strcpy(more + i + 1, good + i);
		if (!CHECK(!buddyinfo_exact(more)))
			rb_diag("with byte %zu twice", i);
	}
}

static void other_texts(void)
{
	static const char *const bad[] = {
		"", "\n", "Node 0, zone      DMA\n", "node 0, zone      DMA      0 \n",
		"Node 0, zone      DMA      0      0      0      0      0      0      0      0      1      1 \n",
		"Node 0, zone      DMA      0      0      0      0      0      0      0      0      1      1      2      3 \n",
		"Node 0, zone      DMA      0      0      0      0      0      0      0      0      1      1      2\n",
		"Node 0, zone      DMA      0      0      0      0      0      0      0      0      1      1      2 ",
		"Node 0, zone	DMA      0      0      0      0      0      0      0      0      1      1      2 \n",
		"Node 0, zone      DMA      0      0      0      0      0      0      0      0      1      1     -2 \n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (!CHECK(!buddyinfo_exact(bad[i])))
			rb_diag("text %zu", i);
}

static void masks_and_values(void)
{
	char *m = text_mask("a 123 b45\n6");
	uint64_t v = 0;

	CHECK(!strcmp(m, "a # b#\n#"));
	free(m);
	CHECK(text_value("x 1\nab 2\nabc 77\n", "abc", &v) && v == 77);
	CHECK(!text_value("x 1\nabcd 2\n", "abc", &v));
	CHECK(!text_value("abc x\n", "abc", &v));
	CHECK(text_same("a\nb\n", "a\nb\n", ""));
	fflush(stdout);
	int out = dup(1), null = open("/dev/null", O_WRONLY);

	dup2(null, 1);		/* its diagnostics are wanted, but not here */
	bool same = text_same("a\nb\n", "a\nc\n", "") || text_same("a\n", "a", "") ||
		    text_same("a\n", "a\nb\n", "") || text_same("", "x", "");
	fflush(stdout);
	dup2(out, 1);
	CHECK(!same);
	close(out);
	close(null);
}

static struct world world(void)
{
	struct world w = { .nid = 1, .nr_blocks = 32, .writable = true, .admin = true };

	w.query.region_pages = 16384;
	w.query.max_bulk = 4096;
	w.query.max_fetch = 65536;
	w.mine = (struct rb_alloc){ .id = 5, .gen = 9, .order = 2 };
	w.mapped = (struct rb_alloc){ .id = 6, .gen = 3 };
	return w;
}

/* The oracle of U05: which of two errors wins. */
static void precedence(void)
{
	struct world w = world();
	struct rb_free f = { .id = 5, .gen = 9, .order = 2 };
	struct rb_alloc a = { .gfp = RB_GFP_KERNEL, .nid = -1 };
	struct verdict v;

	judge(&w, RB_FREE, &f, &v);
	CHECK(verdict_allows(&v, 0) && !verdict_allows(&v, ENOENT));
	f.gen = 8;
	f.order = 3;
	judge(&w, RB_FREE, &f, &v);
	CHECK(verdict_allows(&v, ESTALE) && !verdict_allows(&v, EINVAL) && !verdict_allows(&v, 0));
	f.order = 11;
	judge(&w, RB_FREE, &f, &v);
	CHECK(verdict_allows(&v, EINVAL) && !verdict_allows(&v, ESTALE));
	f.id = 16384;
	judge(&w, RB_FREE, &f, &v);
	CHECK(verdict_allows(&v, EINVAL) && verdict_allows(&v, ERANGE) && !verdict_allows(&v, 0));
	w.writable = false;
	judge(&w, RB_FREE, &f, &v);
	CHECK(verdict_allows(&v, EBADF) && !verdict_allows(&v, ERANGE));
	f.flags = 4;
	judge(&w, RB_FREE, &f, &v);
	CHECK(verdict_allows(&v, EINVAL) && !verdict_allows(&v, EBADF));
	f = (struct rb_free){ .id = 6, .gen = 3 };
	w.writable = true;
	judge(&w, RB_FREE, &f, &v);
	CHECK(verdict_allows(&v, EBUSY) && !verdict_allows(&v, 0));
	judge(&w, RB_ALLOC, &a, &v);
	CHECK(verdict_allows(&v, 0));
	struct rb_tune t = { .key = RB_TUNE_STAT_INTERVAL, .value = 0 };

	judge(&w, RB_TUNE_SET, &t, &v);
	CHECK(verdict_allows(&v, EINVAL) && !verdict_allows(&v, 0));
	t.value = 1;
	judge(&w, RB_TUNE_SET, &t, &v);
	CHECK(verdict_allows(&v, 0) && !verdict_allows(&v, EINVAL));
	w.admin = false;
	t.value = 0;
	judge(&w, RB_TUNE_SET, &t, &v);
	CHECK(verdict_allows(&v, EPERM) && !verdict_allows(&v, EINVAL));
	t.flags = 2;
	judge(&w, RB_TUNE_SET, &t, &v);
	CHECK(verdict_allows(&v, EINVAL) && !verdict_allows(&v, EPERM));
	a.gfp |= RB_GFP_MEMALLOC;
	a.order = 11;
	judge(&w, RB_ALLOC, &a, &v);
	CHECK(verdict_allows(&v, EPERM) && !verdict_allows(&v, EINVAL) && !verdict_allows(&v, 0));
}

/* Children's failed checks count. Proved by failing one on purpose and looking at the counter. */
static void fail_in_child(void *arg)
{
	int *answer = arg;
	unsigned int before = rb_failures();

	answer[0] = (int)before;
	_exit(7);
}

static void children_are_reaped(void)
{
	int *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid = rb_fork();

	if (pid == 0)
		fail_in_child(shared);
	CHECK_EQ(rb_wait(pid), 7);
	CHECK_EQ(shared[0], 0);
	pid = rb_fork();
	if (pid == 0)
		raise(SIGKILL);
	CHECK_EQ(rb_wait(pid), 128 + SIGKILL);
	CHECK_EQ(rb_probe_read((void *)16) >> 8, SIGSEGV);
	CHECK_EQ(rb_probe_read(shared), 0);
}

RB_PROGRAM(S00_checkers, RB_NO_DEVICE,
	{ "buddyinfo_with_a_byte_missing", deleted_bytes },
	{ "buddyinfo_with_a_byte_doubled", doubled_bytes },
	{ "buddyinfo_of_other_shape", other_texts },
	{ "masks_and_values", masks_and_values },
	{ "oracle_precedence", precedence },
	{ "children_and_faults", children_are_reaped },
);
