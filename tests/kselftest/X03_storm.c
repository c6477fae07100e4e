// SPDX-License-Identifier: GPL-2.0
/*
 * Nothing is lost: eight processes write keyed patterns through their mappings without pause, while
 * another compacts, purges and drains without pause, and a third makes that there is work to do. Each word of a page depends on its writer, its
 * block, the round and its place, so that a page that was moved wrongly, mixed up or came back from
 * an earlier round is seen at the word. Purged contents must be reported, and read as zero.
 *
 * A writer goes on from window to window. It looks at what it left there, gives those blocks back,
 * takes new ones (they lie low, where compaction takes from) and writes them again and again, and
 * the others in between: so what moves is mapped and was written a moment ago. STORM_SECONDS: how long.
 */
#include "rb_test.h"

#include <signal.h>
#include <sys/resource.h>

#define WRITERS		8u
#define PROCESSES	(WRITERS + 2)
#define WINDOWS		4u
#define BLOCKS		48u	/* of order 0, in a window */
#define BURST		4u	/* times that a new window is written */
#define LARGE		12u	/* larger blocks of each writer */
#define PURGEABLE	24u
#define MOVABLE		(RB_GFP_HIGHUSER_MOVABLE | RB_GFP_NOWARN)

static struct shared {
	uint32_t stop;
	uint32_t ready;		/* writers that have what they keep */
	uint32_t lossy;		/* the module moves in a wrong order: losses are what is looked for */
	/* By all writers together. */
	uint64_t words, rounds, taken, moved, moved_large, wrong, gone, refused;
	uint64_t kept, purged, not_zero, needed_in_vain, forks;
	/* By the others. */
	uint64_t scattered, compactions, reclaims, drains, migrated, failed, dropped;
} *sh;

static void add(uint64_t *sum, uint64_t nr)
{
	__atomic_add_fetch(sum, nr, __ATOMIC_RELAXED);
}

static bool over(void)
{
	return __atomic_load_n(&sh->stop, __ATOMIC_RELAXED) || rb_failures() > 20;
}

/* ---- a page and what should be in it ---- */

struct page {
	uint64_t *at;
	uint64_t key;	/* 0: zero */
};

static uint64_t word(uint64_t key, unsigned int i)
{
	return key ? (key + i) * 0x9e3779b97f4a7c15ull | 1 : 0;
}

static void tell(const struct page *p, unsigned int i, uint64_t got, const char *when)
{
	uint64_t key = p->key;

	rb_diag("word %u of block %llu of writer %llu in round %llu is %#llx, expected %#llx (%s)", i,
		(unsigned long long)(key >> 40 & 0xffff), (unsigned long long)(key >> 56),
		(unsigned long long)(key >> 12 & 0xfffffff), (unsigned long long)got,
		(unsigned long long)word(key, i), when);
}

static void lost(const struct page *p, unsigned int words)
{
	add(p->key ? &sh->wrong : &sh->not_zero, words);
	if (!sh->lossy)
		CHECK_EQ(words, 0);
}

static void look(const struct page *p, const char *when)
{
	const volatile uint64_t *w = p->at;
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < PAGE / 8; i++) {
		uint64_t got = w[i];

		if (got != word(p->key, i) && !wrong++ && !sh->lossy)
			tell(p, i, got, when);
	}
	if (wrong)
		lost(p, wrong);
}

/* Looks at each word and writes the next one there. */
static void turn(struct page *p, uint64_t key)
{
	volatile uint64_t *w = p->at;
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < PAGE / 8; i++) {
		uint64_t got = w[i];

		if (got != word(p->key, i) && !wrong++ && !sh->lossy)
			tell(p, i, got, "written again");
		w[i] = word(key, i);
	}
	if (wrong)
		lost(p, wrong);
	p->key = key;
}

/* ---- a writer ---- */

struct slot {
	struct rb_block b;
	struct page page;
};

static struct writer {
	uint64_t nr, round, seed;
	int fd;
	uint32_t shift;
	struct slot slot[WINDOWS][BLOCKS];
	struct rb_alloc large[LARGE];
	struct page large_page[LARGE][2];	/* its first and its last */
	uint64_t large_idx[LARGE];
	struct rb_alloc gone[PURGEABLE];
	struct page gone_page[PURGEABLE];
} me;

static uint64_t key_of(uint64_t block)
{
	return (me.nr + 1) << 56 | (block & 0xffff) << 40 | (me.round & 0xfffffff) << 12;
}

static uint64_t where(uint32_t id, uint32_t gen, uint32_t order)
{
	struct rb_advise v;

	CHECK_ERR(dev_advise_raw(me.fd, id, gen, order, RB_ADVISE_MOVABLE, &v), 0);
	return v.idx;
}

/* Every mapping has its place for ever: a new block is mapped over the old one. */
static bool map_at(void *at, uint32_t id, uint32_t order)
{
	off_t offset = (off_t)(RB_MMAP_BASE + ((uint64_t)id << me.shift));

	return CHECK(mmap(at, PAGE << order, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, me.fd,
			  offset) == at);
}

static bool unmap_at(void *at, size_t len)
{
	return CHECK(mmap(at, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == at);
}

static void *reserve(size_t len)
{
	void *p = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

static void give_back(struct slot *s)
{
	struct rb_block b[BLOCKS];
	uint32_t done;

	for (unsigned int i = 0; i < BLOCKS; i++)
		look(&s[i].page, "given back");
	unmap_at(s[0].page.at, BLOCKS * PAGE);
	for (unsigned int i = 0; i < BLOCKS; i++)
		b[i] = s[i].b;
	CHECK_ERR(dev_free_bulk(me.fd, b, BLOCKS, me.round % 2 ? RB_FREE_DRAIN : 0, &done), 0);
	CHECK_EQ(done, BLOCKS);
}

static bool take(struct slot *s, void *at)
{
	struct rb_block b[BLOCKS];
	uint32_t nr = 0, done;

	while (nr < BLOCKS) {
		if (!CHECK_ERR(dev_bulk(me.fd, MOVABLE, 0, b + nr, BLOCKS - nr, &done), 0))
			return false;
		nr += done;
	}
	add(&sh->taken, BLOCKS);
	for (unsigned int i = 0; i < BLOCKS; i++) {
		s[i].b = b[i];
		s[i].page = (struct page){ .at = (void *)((char *)at + i * PAGE) };
		if (!map_at(s[i].page.at, b[i].id, 0))
			return false;
	}
	return true;
}

/* Writes all of a window, and counts what has moved since it was written the last time. */
static void write_all(struct slot *s, unsigned int first_block)
{
	uint64_t moved = 0;

	me.round++;
	for (unsigned int i = 0; i < BLOCKS; i++)
		turn(&s[i].page, key_of(first_block + i));
	for (unsigned int i = 0; i < BLOCKS; i++) {
		uint64_t idx = where(s[i].b.id, s[i].b.gen, 0);

		moved += idx != s[i].b.idx;
		s[i].b.idx = idx;
	}
	add(&sh->moved, moved);
	add(&sh->words, BLOCKS * PAGE / 8);
}

/* The newest several times, the others once. */
static void burst(unsigned int newest)
{
	for (unsigned int k = 0; k < BURST && !over(); k++)
		write_all(me.slot[newest], newest * BLOCKS);
	for (unsigned int n = 0; n < WINDOWS && !over(); n++)
		if (n != newest && me.slot[n][0].page.at)
			write_all(me.slot[n], n * BLOCKS);
}

static bool large_blocks(void)
{
	static const uint32_t order[] = { 1, 2, 3, 4, 5, 6, 1, 2, 3, 9 };

	for (unsigned int i = 0; i < LARGE; i++) {
		struct rb_alloc *a = &me.large[i];
		uint32_t o = order[(i + me.nr) % ARRAY_SIZE(order)];
		char *p;

		if (!CHECK_ERR(dev_alloc(me.fd, MOVABLE, o, a), 0))
			return false;
		p = dev_map_block(me.fd, a);
		if (p == MAP_FAILED)
			return false;
		me.large_idx[i] = a->idx;
		me.large_page[i][0].at = (void *)p;
		me.large_page[i][1].at = (void *)(p + (PAGE << o) - PAGE);
	}
	return true;
}

static void turn_large(void)
{
	for (unsigned int i = 0; i < LARGE; i++) {
		uint64_t idx = where(me.large[i].id, me.large[i].gen, me.large[i].order);

		me.round++;
		turn(&me.large_page[i][0], key_of(0x1000 + i));
		turn(&me.large_page[i][1], key_of(0x2000 + i));
		if (idx != me.large_idx[i])
			add(&sh->moved_large, 1);
		me.large_idx[i] = idx;
	}
}

static bool purgeable_blocks(void)
{
	for (unsigned int i = 0; i < PURGEABLE; i++) {
		struct rb_alloc *a = &me.gone[i];
		void *p;

		if (!CHECK_ERR(dev_alloc_as(me.fd, MOVABLE, i % 4 ? 0 : 2, RB_ALLOC_PURGEABLE, a), 0))
			return false;
		p = dev_map_block(me.fd, a);
		if (p == MAP_FAILED)
			return false;
		me.gone_page[i] = (struct page){ .at = p };
	}
	return true;
}

/* Needed: told whether it was purged. If not, all is there; if so, all is zero. */
static void turn_purgeable(void)
{
	for (unsigned int i = 0; i < PURGEABLE && !over(); i++) {
		struct page *p = &me.gone_page[i];
		struct rb_advise v;
		int err = dev_advise(me.fd, &me.gone[i], RB_ADVISE_NEEDED, &v);

		if (err == -ENOMEM) {
			add(&sh->needed_in_vain, 1);
			continue;
		}
		if (!CHECK_ERR(err, 0))
			return;
		if (v.was_purged)
			p->key = 0;
		add(v.was_purged ? &sh->purged : &sh->kept, 1);
		me.round++;
		turn(p, key_of(0x3000 + i));
		look(p, "needed");
		CHECK_ERR(dev_advise(me.fd, &me.gone[i], RB_ADVISE_PURGEABLE, NULL), 0);
	}
}

/* A child shares the mappings: it writes the odd pages while its parent writes the even ones. */
static void fork_and_write(struct slot *s, unsigned int first_block)
{
	pid_t pid = rb_fork();
	uint64_t round = me.round;

	for (unsigned int k = 0; k < 2; k++) {
		me.round++;
		for (unsigned int i = pid == 0; i < BLOCKS; i += 2)
			turn(&s[i].page, key_of(first_block + i));
	}
	if (pid == 0)
		_exit(0);
	CHECK_EQ(rb_wait(pid), 0);
	/* What the child wrote. */
	me.round = round + 2;
	for (unsigned int i = 1; i < BLOCKS; i += 2) {
		s[i].page.key = key_of(first_block + i);
		look(&s[i].page, "written by a child");
	}
	add(&sh->forks, 1);
}

/* With a wrong order a page can be gone before it is mapped. */
static void gone(int sig)
{
	(void)sig;
	add(&sh->gone, 1);
	_exit(0);
}

static void writer(unsigned int nr, uint64_t seed)
{
	char *at = reserve(WINDOWS * BLOCKS * PAGE);
	struct rb_query q;
	bool first = true;

	if (sh->lossy)
		signal(SIGBUS, gone);
	me.nr = nr;
	me.seed = seed;
	me.fd = dev_open();
	NEED(at != MAP_FAILED && me.fd >= 0 && !dev_query(me.fd, &q));
	me.shift = q.window_shift;
	NEED(large_blocks() && purgeable_blocks());
	__atomic_add_fetch(&sh->ready, 1, __ATOMIC_RELAXED);
	for (unsigned int w = 0; !over(); w++) {
		unsigned int n = w % WINDOWS, block = n * BLOCKS;
		struct slot *s = me.slot[n];

		if (w && n == 0)
			first = false;
		if (!first)
			give_back(s);
		if (!take(s, at + block * PAGE))
			break;
		burst(n);
		turn_large();
		turn_purgeable();
		if (w % 32 == nr)
			fork_and_write(s, block);
		add(&sh->rounds, 1);
	}
	for (unsigned int n = 0; n < WINDOWS; n++)
		for (unsigned int i = 0; i < BLOCKS && me.slot[n][i].page.at; i++)
			look(&me.slot[n][i].page, "at the end");
	for (unsigned int i = 0; i < LARGE; i++)
		for (unsigned int k = 0; k < 2; k++)
			look(&me.large_page[i][k], "at the end, large");
	close(me.fd);
}

/* ---- whoever moves and drops ---- */

static void mover(uint64_t seed)
{
	int fd = dev_open();

	/* As much of the CPUs as the writers get together; or often interrupted where that shows. */
	setpriority(PRIO_PROCESS, 0, sh->lossy ? 5 : -12);
	while (!over()) {
		uint64_t r = rb_random(&seed);
		struct rb_compact c;
		struct rb_reclaim d;

		CHECK_ERR(dev_compact(fd, r % 8 ? -1 : 9, r >> 8 & 1 ? RB_COMPACT_SYNC_FULL :
				      RB_COMPACT_SYNC_LIGHT, 0, &c), 0);
		add(&sh->compactions, 1);
		add(&sh->migrated, c.migrated);
		add(&sh->failed, c.failed);
		/* As often as the writers get on, so that some of what is needed again is still there. */
		if (sh->reclaims < sh->rounds / 2) {
			CHECK_ERR(dev_reclaim(fd, r >> 16 & 63, &d), 0);
			add(&sh->reclaims, 1);
			add(&sh->dropped, d.nr_reclaimed);
		}
		if (r >> 24 & 1) {
			CHECK_ERR(dev_drain(fd, RB_ALL, RB_ALL, RB_ALL), 0);
			add(&sh->drains, 1);
		}
	}
	close(fd);
}

/*
 * Takes what lies free in small pieces, high up where compaction put things together, so that the
 * writers' next blocks come from below; and gives it back: now there is room for them to be moved to.
 */
static void scatterer(void)
{
	static struct rb_block b[65536];
	int fd = dev_open();

	while (!over() && __atomic_load_n(&sh->ready, __ATOMIC_RELAXED) < WRITERS)
		usleep(10000);
	while (!over()) {
		uint64_t left = region_pages_left(fd);
		uint32_t want = left > 3000 ? (uint32_t)left - 3000 : 0, nr, done;

		nr = dev_take_all(fd, MOVABLE, 0, b, want < ARRAY_SIZE(b) ? want : ARRAY_SIZE(b));
		add(&sh->scattered, nr);
		usleep(20000);
		for (uint32_t i = 0; i < nr; i += done)
			if (!CHECK_ERR(dev_free_bulk(fd, b + i, nr - i < 4096 ? nr - i : 4096,
						     RB_FREE_DRAIN, &done), 0) || !done)
				break;
		usleep(20000);
	}
	close(fd);
}

/* ---- all of it ---- */

struct goal {
	unsigned int seconds, at_most;
	uint64_t moves, moves_mapped;
};

/* Short in a check; in the long tier until the numbers are reached. */
static struct goal goal(void)
{
	const char *s = getenv("STORM_SECONDS");
	struct goal g = { .seconds = rb_times(15, 10, 60), .at_most = rb_times(60, 90, 300) };

	g.moves = rb_rig('b') ? rb_times(0, 400, 8000) : rb_times(4000, 0, 100000);
	g.moves_mapped = rb_rig('b') ? rb_times(0, 200, 4000) : rb_times(1500, 0, 20000);
	if (s)
		g.seconds = (unsigned int)atoi(s);
	if (g.at_most < g.seconds)
		g.at_most = g.seconds;
	return g;
}

static void report(const struct vmstat *a, const struct vmstat *b, double s)
{
	rb_diag("%.1f s: %lld pages moved in all, %lld could not be; %llu looks found a mapped, "
		"just written block of order 0 moved, %llu a larger one", s,
		vmstat_delta(a, b, "pgmigrate_success"), vmstat_delta(a, b, "pgmigrate_fail"),
		(unsigned long long)sh->moved, (unsigned long long)sh->moved_large);
	rb_diag("%llu words written and read again, %llu blocks taken, %llu forks",
		(unsigned long long)sh->words, (unsigned long long)sh->taken,
		(unsigned long long)sh->forks);
	rb_diag("%llu pages taken to scatter the others", (unsigned long long)sh->scattered);
	rb_diag("%llu compactions moved %llu pages (%llu failed), %llu reclaims dropped %llu, "
		"%llu drains", (unsigned long long)sh->compactions,
		(unsigned long long)sh->migrated, (unsigned long long)sh->failed,
		(unsigned long long)sh->reclaims, (unsigned long long)sh->dropped,
		(unsigned long long)sh->drains);
	rb_diag("needed again: %llu purged, %llu kept, %llu in vain", (unsigned long long)sh->purged,
		(unsigned long long)sh->kept, (unsigned long long)sh->needed_in_vain);
}

static void begin(pid_t *pid, uint64_t seed)
{
	for (unsigned int i = 0; i < PROCESSES; i++) {
		pid[i] = rb_fork();
		if (pid[i] == 0) {
			if (i < WRITERS)
				writer(i, seed + i * 7919);
			else if (i == WRITERS)
				mover(seed ^ 0x5bd1e995);
			else
				scatterer();
			_exit(0);
		}
	}
}

static void end(const pid_t *pid)
{
	sh->stop = 1;
	for (unsigned int i = 0; i < PROCESSES; i++)
		CHECK_EQ(rb_wait(pid[i]), 0);
}

static void storm(void)
{
	struct goal g = goal();
	pid_t pid[PROCESSES];
	struct vmstat before, now;
	uint64_t start, left;
	int fd = dev_open();
	double s = 0;

	rb_watchdog(g.at_most + 60);
	sh = rb_shared(sizeof(*sh));
	NEED(sh != MAP_FAILED && vmstat_read(fd, &before));
	left = region_pages_left(fd);
	start = rb_now_ns();
	begin(pid, rb_seed());
	while (rb_failures() <= 20 && s < g.at_most) {
		usleep(200000);
		s = (double)(rb_now_ns() - start) / 1e9;
		if (s < g.seconds || !vmstat_read(fd, &now))
			continue;
		if (sh->moved >= g.moves_mapped &&
		    vmstat_delta(&before, &now, "pgmigrate_success") >= (long long)g.moves)
			break;
	}
	end(pid);
	NEED(vmstat_read(fd, &now));
	report(&before, &now, s);
	CHECK_EQ(sh->wrong, 0);
	CHECK_EQ(sh->not_zero, 0);
	CHECK(vmstat_delta(&before, &now, "pgmigrate_success") >= (long long)g.moves);
	CHECK(sh->moved >= g.moves_mapped);
	CHECK(sh->purged > 0);
	CHECK(sh->kept > 0);
	CHECK_EQ(vmstat_delta(&before, &now, "oom_kill"), 0);
	CHECK_EQ(region_pages_left(fd), left);
	close(fd);
}

/*
 * Loaded with wrong_move the module takes the steps of a move in another order. What is written
 * meanwhile is lost, now and then, or a writer finds no page: this test sees it.
 */
static void wrong(unsigned int order, unsigned int at_most)
{
	pid_t pid[PROCESSES];
	char params[64];
	uint64_t start;

	snprintf(params, sizeof(params), "size_mb=64 unsafe_test=1 wrong_move=%u", order);
	NEED(rb_load(params));
	rb_watchdog(at_most + 60);
	sh = rb_shared(sizeof(*sh));
	NEED(sh != MAP_FAILED);
	sh->lossy = 1;
	start = rb_now_ns();
	begin(pid, rb_seed());
	while (!sh->wrong && !sh->not_zero && !sh->gone && rb_now_ns() - start < at_most * 1000000000ull)
		usleep(50000);
	end(pid);
	rb_diag("after %.1f s %llu wrong words, %llu that should be zero, %llu pages gone; "
		"%llu looks found a block moved",
		(double)(rb_now_ns() - start) / 1e9, (unsigned long long)sh->wrong,
		(unsigned long long)sh->not_zero, (unsigned long long)sh->gone,
		(unsigned long long)sh->moved);
	CHECK(sh->wrong + sh->not_zero + sh->gone > 0);
}

static void copy_first(void) { wrong(1, rb_times(60, 180, 120)); }

static void unlocked(void)
{
	wrong(2, rb_times(60, 180, 120));
	rb_load("size_mb=64");
}

RB_PROGRAM(X03_storm, 0,
	{ "nothing_is_lost_while_blocks_move", storm },
	{ "copied_before_it_was_unmapped_is_seen", copy_first },
	{ "repointed_without_the_lock_is_seen", unlocked },
);
