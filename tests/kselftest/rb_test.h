/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every test program here stands on: KTAP output, access to /dev/rust_buddy, the state of the
 * region, children. One program is a list of cases; a case passes if no CHECK in it (or in one of
 * its children) failed, and if all pages are back and RB_VERIFY finds nothing afterwards.
 */
#ifndef RB_TEST_H
#define RB_TEST_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rust_buddy.h>

#define RB_DEV		"/dev/" RB_DEVICE_NAME
#define RB_DEBUGFS	"/sys/kernel/debug/rust_buddy"
#define PAGE		4096ul
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define NR_ORDERS	11
#define NR_ZONES	4

/* ---- rb_test.c: KTAP ---- */

struct rb_case {
	const char *name;
	void (*run)(void);
};

#define RB_NO_DEVICE	1u	/* works without the module */
#define RB_NOT_IDLE	2u	/* no idle check after the cases */

struct rb_program {
	const char *name;
	const struct rb_case *cases;
	size_t nr;
	unsigned int flags;
	struct rb_program *next;
};

void rb_register(struct rb_program *p);

#define RB_PROGRAM(prog, flag, ...)						\
	static const struct rb_case rb_cases[] = { __VA_ARGS__ };		\
	static struct rb_program rb_program = {					\
		#prog, rb_cases, ARRAY_SIZE(rb_cases), flag, NULL,		\
	};									\
	__attribute__((constructor)) static void rb_add(void)			\
	{									\
		rb_register(&rb_program);					\
	}									\
	struct rb_program

void rb_diag(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void rb_skip(const char *why);
unsigned int rb_failures(void);
bool rb_check(bool ok, const char *file, int line, const char *what);
bool rb_check_eq(long long a, long long b, const char *file, int line, const char *what);
bool rb_check_err(int got, int want, const char *file, int line, const char *what);
const char *rb_errname(int err);

#define CHECK(cond)		rb_check(!!(cond), __FILE__, __LINE__, #cond)
#define CHECK_EQ(a, b)		rb_check_eq((long long)(a), (long long)(b), __FILE__, __LINE__, \
					    #a " == " #b)
/* CHECK_ERR(call, EINVAL): the call returns 0 or -errno; 0 for success. */
#define CHECK_ERR(call, err)	rb_check_err((call), (err), __FILE__, __LINE__, #call)
#define NEED(cond)		do { if (!CHECK(cond)) return; } while (0)
#define SKIP(why)		do { rb_skip(why); return; } while (0)

bool rb_soak(void);
bool rb_rig(char rig);
/* How often: on rig A, on the slow rig B, in the long tier. */
unsigned int rb_times(unsigned int a, unsigned int b, unsigned int soak);
/* The same, and fewer in the long tier of rig B, where so many would take hours. */
unsigned int rb_times_b(unsigned int a, unsigned int b, unsigned int soak, unsigned int soak_b);
uint64_t rb_now_ns(void);
uint64_t rb_random(uint64_t *state);
uint64_t rb_seed(void);

/* ---- rb_dev.c: the device; all return 0 or -errno unless stated ---- */

int dev_open(void);			/* O_RDWR; a failed CHECK and -1 otherwise */
int dev_open_mode(int mode);		/* fd or -errno */
int dev_ioctl(int fd, unsigned long cmd, const void *arg);
int dev_query(int fd, struct rb_query *q);
int dev_alloc(int fd, uint32_t gfp, uint32_t order, struct rb_alloc *out);
int dev_free(int fd, const struct rb_alloc *a, uint32_t flags);
int dev_free_raw(int fd, uint32_t id, uint32_t gen, uint32_t order, uint32_t flags);
int dev_bulk(int fd, uint32_t gfp, uint32_t order, struct rb_block *blocks, uint32_t nr,
	     uint32_t *nr_done);
int dev_free_bulk(int fd, struct rb_block *blocks, uint32_t nr, uint32_t flags, uint32_t *nr_done);
int dev_zone(int fd, int nid, uint32_t zone, struct rb_zone_stat *out);
int dev_pcp(int fd, int nid, uint32_t zone, uint32_t cpu, struct rb_pcp_stat *out);
int dev_drain(int fd, int nid, int zone, int cpu);
void dev_quiet(int fd);			/* no background rounds, nothing in stock */
int dev_tune_get(int fd, uint32_t key, uint32_t zone, struct rb_tune *out);
int dev_tune_set(int fd, uint32_t key, uint32_t zone, uint64_t value);	/* 0 or -errno */
int dev_verify(int fd, struct rb_verify *out);
int dev_reset(int fd, uint32_t flags);
void *dev_map(int fd, uint64_t offset, size_t len, int prot);	/* MAP_FAILED and errno */
void *dev_map_block(int fd, const struct rb_alloc *a);
/* As many blocks of one order as there are; returns their number. */
uint32_t dev_take_all(int fd, uint32_t gfp, uint32_t order, struct rb_block *blocks, uint32_t max);

/* ---- rb_state.c: the region as a whole ---- */

struct region {
	struct rb_query query;
	int nid;
	bool has[NR_ZONES];
	struct rb_zone_stat zone[NR_ZONES];
	struct rb_pageblock block[4096];
	uint32_t nr_blocks;
};

bool region_read(int fd, struct region *r);
const struct region *region_now(int fd);	/* static storage, overwritten by the next call */
uint64_t region_hash(int fd);			/* equal: nothing was touched */
uint64_t region_hash_undone(int fd);		/* equal: whatever was done was undone */
uint64_t region_pages_left(int fd);		/* free, per-CPU lists included */
/* So many, within two seconds: kcompactd may hold some as room for what is gone meanwhile. */
bool region_all_back(int fd, uint64_t left);
uint64_t zone_nr_free(const struct rb_zone_stat *z, unsigned int order);
uint64_t zone_sum(const struct rb_zone_stat *z);
uint32_t block_type(const struct region *r, uint32_t idx);
bool region_is_idle(int fd);			/* within two seconds: threads may be at work */
bool has_pcp(int fd);

/* ---- rb_text.c: the text files ---- */

struct buddyinfo_row {
	int nid;
	char zone[16];
	uint64_t nr[NR_ORDERS];
};

char *text_read(const char *path);		/* malloc'ed, NULL and errno */
/* The rows, and whether writing them in the kernel's format gives the very same bytes. */
int buddyinfo_parse(const char *text, struct buddyinfo_row *rows, int max);
bool buddyinfo_exact(const char *text);
char *text_mask(const char *text);		/* every run of digits becomes one '#' */
/* Where two texts differ first, as a diagnostic; true if equal. */
bool text_same(const char *a, const char *b, const char *what);
bool text_value(const char *text, const char *key, uint64_t *value);

struct zoneinfo_pcp {
	uint64_t count, high, batch, high_min, high_max;
	bool online;
};

/* One zone of zoneinfo. What is not there is 0. */
struct zoneinfo_zone {
	int nid;
	char name[16];
	uint64_t free, boost, min, low, high, promo, managed, protection[RB_MAX_ZONES];
	int nr_protection;
	struct zoneinfo_pcp cpu[8];
};

int zoneinfo_parse(const char *text, struct zoneinfo_zone *zones, int max);
/* The number in a file of one number; a failed CHECK and 0 otherwise. */
uint64_t text_number(const char *path);

/* ---- rb_slow.c: what the slow path offers and counts ---- */

int dev_alloc_as(int fd, uint32_t gfp, uint32_t order, uint64_t flags, struct rb_alloc *out);
/* `out` may be NULL. */
int dev_advise_raw(int fd, uint32_t id, uint32_t gen, uint32_t order, uint32_t advice,
		   struct rb_advise *out);
int dev_advise(int fd, const struct rb_alloc *a, uint32_t advice, struct rb_advise *out);
int dev_compact(int fd, int order, uint32_t mode, uint64_t budget_pages, struct rb_compact *out);
int dev_reclaim(int fd, uint64_t nr_pages, struct rb_reclaim *out);
int dev_node(int fd, int nid, struct rb_node_stat *out);
int dev_event_set(int fd, int eventfd, uint32_t mask, uint64_t interval_ns);
int dev_event_clear(int fd, int eventfd);
int dev_event_wait(int fd, uint32_t mask, uint64_t timeout_ns, struct rb_event_wait *out);
bool dev_has(int fd, uint64_t features);
void *dev_map_id(int fd, uint32_t id, uint32_t order);	/* MAP_FAILED and errno */

/* Takes every page there is, waking nobody: no watermark holds, nothing is reclaimed. */
uint32_t dev_fill(int fd, uint32_t gfp, uint32_t order, struct rb_block *blocks, uint32_t max);
/* Nothing in the background but what is asked for: no proactive compaction, no boost. */
void dev_no_upkeep(int fd);

struct vmstat {
	uint32_t nr;
	uint64_t value[128];
};

bool vmstat_read(int fd, struct vmstat *v);
/* The number of that name; a failed CHECK and 0 if there is none. */
uint64_t vmstat_of(const struct vmstat *v, const char *name);
long long vmstat_delta(const struct vmstat *before, const struct vmstat *after, const char *name);
uint64_t vmstat_now(int fd, const char *name);

/* Patterns: each word of a page depends on the key and on its place. */
void pattern_fill(void *page, uint64_t key);
unsigned int pattern_wrong(const void *page, uint64_t key);	/* words; key 0: all are zero */
/* Blocks of the pageblock order that lie free in the zone, larger ones counted as several. */
uint64_t zone_whole_blocks(const struct rb_zone_stat *z);
/* All pages back, and the kernel's way of merging has left nothing smaller than a pageblock. */
bool region_is_whole(int fd);
/* Whole blocks of the region, and how many its free pages could form if each zone's lay together. */
uint64_t region_whole_blocks(int fd, uint64_t *possible);

/*
 * Takes every page as movable blocks of order 0 and gives back `percent` of them at random, but
 * leaves one in each pageblock. The kept ones are in `kept`; returns their number.
 */
uint32_t region_fragment(int fd, unsigned int percent, uint64_t *seed, struct rb_block *kept,
			 uint32_t max);

/* ---- rb_proc.c: children ---- */

/* SIGALRM ends this process: a case that hangs fails. The slow rig has four times as long. */
void rb_watchdog(unsigned int seconds);
/* Until `done` says so or the time is over; whether it did. */
bool rb_wait_for(bool (*done)(void *), void *arg, unsigned int ms);
/* Whether the process has ended whose pid this points to; it is still to be waited for. */
bool rb_has_ended(void *pid);

pid_t rb_fork(void);			/* the child dies with its parent */
int rb_wait(pid_t pid);			/* exit status, or 128 + signal */
void rb_in_child(void (*fn)(void *), void *arg);	/* CHECKs that it exits with 0 */
void rb_as_uid(uid_t uid, void (*fn)(void *), void *arg);
void rb_oom_score_adj(int value);	/* of this process; -1000: never a victim */
void *rb_shared(size_t size);		/* zeroed, and shared with children; MAP_FAILED */
void rb_pin(int cpu);
unsigned int rb_nr_cpu_ids(void);	/* CPUs that there can be */
bool rb_load(const char *params);	/* unloads and loads the module */
void rb_unload(void);
uint64_t rb_vmlck_kb(void);
int rb_write_file(const char *path, const char *text);
/* The signal that a one-byte access raises: 0 none, else signo << 8 | si_code. */
int rb_probe_read(const volatile void *p);
int rb_probe_write(volatile void *p);

/* ---- rb_watch.c: whether the machine runs ---- */

#define RB_MAX_WATCHED	16

struct rb_watch {
	uint64_t start, missed[RB_MAX_WATCHED];
};

void rb_watch_cpus(void);		/* from now on, until this process ends */
void rb_watch_start(struct rb_watch *since);
/* How long it has been, less what no CPU was run for, which is in `stood_us`. */
uint64_t rb_watch_us(const struct rb_watch *since, uint64_t *stood_us);

/* ---- rb_kernel.c: node 1 of the kernel itself, for comparisons ---- */

bool knode_exists(void);
bool knode_has_huge(void);			/* knode_ask_huge() makes sense */
bool knode_free(uint64_t *pages, uint64_t *whole);	/* whole: free pageblocks */
bool knode_shrink(uint64_t max);		/* huge pages take all but `max` pages */
void knode_restore(void);			/* the huge pages, and what knode_shrink() set */
/* In use but for `leave` pages, by pages of this process; then half of those back at random. */
bool knode_fragment(uint64_t leave, uint64_t *seed);
unsigned int knode_pin_one_each(void);		/* of those; the number of pageblocks */
bool knode_compact(void);
void knode_take_whole(void);			/* no whole pageblock is free any more */
bool knode_ask_huge(void);			/* a request of order 9; whether it got one */
uint64_t kvmstat(const char *name);

#endif
