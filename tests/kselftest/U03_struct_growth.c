// SPDX-License-Identifier: GPL-2.0
/* Structures of other sizes than today's: shorter, longer with a zero tail, longer with anything. */
#include "rb_test.h"

static struct command {
	const char *name;
	unsigned long cmd;
	int ok;		/* what the command answers to good input */
} commands[] = {
	{ "QUERY", RB_QUERY, 0 }, { "ALLOC", RB_ALLOC, 0 }, { "FREE", RB_FREE, ENOENT },
	{ "ALLOC_BULK", RB_ALLOC_BULK, EINVAL }, { "FREE_BULK", RB_FREE_BULK, EINVAL },
	{ "ZONE_STAT", RB_ZONE_STAT, 0 }, { "BLOCKMAP", RB_BLOCKMAP, EINVAL },
	{ "PCP_STAT", RB_PCP_STAT, 0 }, { "VMSTAT", RB_VMSTAT, 0 }, { "TUNE_GET", RB_TUNE_GET, 0 },
	{ "TUNE_SET", RB_TUNE_SET, 0 }, { "DRAIN", RB_DRAIN, 0 },
	{ "REPLAY", RB_REPLAY, EOPNOTSUPP }, { "CLONE_ZONE", RB_CLONE_ZONE, EOPNOTSUPP },
	{ "NODE_STAT", RB_NODE_STAT, 0 }, { "ADVISE", RB_ADVISE, ENOENT }, { "COMPACT", RB_COMPACT, 0 },
	{ "RECLAIM", RB_RECLAIM, 0 }, { "EVENT_SET", RB_EVENT_SET, EINVAL },
	{ "EVENT_CLEAR", RB_EVENT_CLEAR, ENOENT }, { "EVENT_WAIT", RB_EVENT_WAIT, EINVAL },
	{ "VERIFY", RB_VERIFY, 0 }, { "INJECT", RB_INJECT, EINVAL }, { "RESET", RB_RESET, 0 },
};

static unsigned char *page;	/* two writable pages, then one without access */

static void fill(int fd, unsigned long cmd, unsigned char *buf)
{
	memset(buf, 0, _IOC_SIZE(cmd));
	if (cmd == RB_ALLOC) {
		((struct rb_alloc *)buf)->gfp = RB_GFP_KERNEL;
		((struct rb_alloc *)buf)->nid = RB_NO_NODE;
	} else if (cmd == RB_ZONE_STAT) {
		((struct rb_zone_stat *)buf)->nid = region_now(fd)->nid;
		((struct rb_zone_stat *)buf)->zone = RB_ZONE_NORMAL;
	} else if (cmd == RB_PCP_STAT) {
		((struct rb_pcp_stat *)buf)->nid = region_now(fd)->nid;
		((struct rb_pcp_stat *)buf)->zone = RB_ZONE_NORMAL;
	} else if (cmd == RB_TUNE_SET) {
		((struct rb_tune *)buf)->flags = RB_TUNE_TRY;
	} else if (cmd == RB_EVENT_CLEAR) {
		((struct rb_event_clear *)buf)->eventfd = RB_NO_EVENTFD;
	} else if (cmd == RB_NODE_STAT) {
		((struct rb_node_stat *)buf)->nid = region_now(fd)->nid;
	} else if (cmd == RB_COMPACT) {
		*(struct rb_compact *)buf = (struct rb_compact){ .nid = RB_ALL, .zone = RB_ALL,
			.order = -1 };
	} else if (cmd == RB_RECLAIM) {
		((struct rb_reclaim *)buf)->nid = RB_ALL;
	} else if (cmd == RB_DRAIN) {
		((struct rb_drain *)buf)->nid = RB_ALL;
	} else if (cmd == RB_RESET) {
		((struct rb_reset *)buf)->flags = RB_RESET_FD;
	}
}

static unsigned long sized(unsigned long cmd, unsigned int size)
{
	return _IOC(_IOC_DIR(cmd), _IOC_TYPE(cmd), _IOC_NR(cmd), size);
}

static void undo(int fd, unsigned long cmd, unsigned char *buf)
{
	if (cmd == RB_ALLOC)
		CHECK_ERR(dev_free(fd, (struct rb_alloc *)buf, 0), 0);
}

static void shorter(int fd, const struct command *c)
{
	unsigned int v0 = _IOC_SIZE(c->cmd);
	unsigned int sizes[] = { 0, 4, v0 - 8, v0 - 4, v0 - 1 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		fill(fd, c->cmd, page);
		CHECK_ERR(dev_ioctl(fd, sized(c->cmd, sizes[i]), page), EINVAL);
	}
}

/* Zero tails of every length work, and nothing is written there. */
static void longer_zero(int fd, const struct command *c)
{
	unsigned int v0 = _IOC_SIZE(c->cmd);
	unsigned int sizes[] = { v0, v0 + 1, v0 + 8, v0 + 24, 4095, 4096 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		memset(page, 0, 2 * PAGE);
		memset(page + sizes[i], 0xa5, 64);	/* behind the tail: not read */
		fill(fd, c->cmd, page);
		CHECK_ERR(dev_ioctl(fd, sized(c->cmd, sizes[i]), page), c->ok);
		for (unsigned int b = v0; b < sizes[i] + 64; b++)
			if (!CHECK_EQ(page[b], b < sizes[i] ? 0 : 0xa5))
				break;
		undo(fd, c->cmd, page);
	}
}

/* One bit anywhere in the tail refuses the call before it does anything. */
static void longer_nonzero(int fd, const struct command *c)
{
	unsigned int v0 = _IOC_SIZE(c->cmd);
	unsigned int at[] = { v0, v0 + 1, v0 + 2, v0 + 3, v0 + 7, v0 + 8, v0 + 13, 4095 };
	uint64_t before = region_hash(fd);

	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		memset(page, 0, 2 * PAGE);
		fill(fd, c->cmd, page);
		page[at[i]] = 0x80;
		CHECK_ERR(dev_ioctl(fd, sized(c->cmd, 4096), page), E2BIG);
		CHECK_ERR(dev_ioctl(fd, sized(c->cmd, 4097), page), E2BIG);
	}
	/* Reaching into the page without access: the tail cannot be read. */
	fill(fd, c->cmd, page + 2 * PAGE - v0);
	CHECK_ERR(dev_ioctl(fd, sized(c->cmd, v0 + 8), page + 2 * PAGE - v0), EFAULT);
	/* A bad tail comes before bad content. */
	memset(page, 0xff, 4096);
	CHECK_ERR(dev_ioctl(fd, sized(c->cmd, 4096), page), E2BIG);
	CHECK(region_hash(fd) == before);
}

static void each(void (*fn)(int, const struct command *))
{
	int fd = dev_open();

	page = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	NEED(page != MAP_FAILED && !mprotect(page + 2 * PAGE, PAGE, PROT_NONE));
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		unsigned int before = rb_failures();

		fn(fd, &commands[i]);
		if (rb_failures() != before)
			rb_diag("the above is about %s", commands[i].name);
	}
	munmap(page, 3 * PAGE);
	close(fd);
}

static void all_shorter(void) { each(shorter); }
static void all_longer_zero(void) { each(longer_zero); }
static void all_longer_nonzero(void) { each(longer_nonzero); }

RB_PROGRAM(U03_struct_growth, 0,
	{ "shorter_is_EINVAL", all_shorter },
	{ "zero_tail_works_and_stays", all_longer_zero },
	{ "nonzero_tail_is_E2BIG_and_does_nothing", all_longer_nonzero },
);
