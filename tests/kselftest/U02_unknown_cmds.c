// SPDX-License-Identifier: GPL-2.0
/* All 256 numbers, 4 directions and a range of sizes: what is no command is refused and does nothing. */
#include "rb_test.h"

static const unsigned long known[] = {
	RB_PCP_STAT, RB_VMSTAT, RB_TUNE_GET, RB_TUNE_SET, RB_DRAIN,
	RB_QUERY, RB_ALLOC, RB_FREE, RB_ALLOC_BULK, RB_FREE_BULK, RB_ZONE_STAT, RB_BLOCKMAP,
	RB_REPLAY, RB_CLONE_ZONE, RB_VERIFY, RB_INJECT, RB_RESET, RB_NODE_STAT, RB_ADVISE, RB_COMPACT,
	RB_RECLAIM, RB_EVENT_SET, RB_EVENT_CLEAR, RB_EVENT_WAIT,
};

static unsigned long find(unsigned int dir, unsigned int nr)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (_IOC_NR(known[i]) == nr && _IOC_DIR(known[i]) == dir)
			return known[i];
	return 0;
}

/* With no memory behind the argument: command, then size, then EFAULT. */
static int expected(unsigned int dir, unsigned int nr, unsigned int size)
{
	unsigned long cmd = find(dir, nr);

	if (!cmd)
		return ENOTTY;
	if (size < _IOC_SIZE(cmd))
		return EINVAL;
	return size > 4096 ? E2BIG : EFAULT;
}

static void one_nr(int fd, unsigned int nr, unsigned int *bad)
{
	for (unsigned int dir = 0; dir < 4; dir++) {
		unsigned long cmd = find(dir, nr);
		unsigned int v0 = cmd ? _IOC_SIZE(cmd) : 96;
		unsigned int sizes[] = { 0, 1, v0 - 1, v0, v0 + 8, 4096, 4097, 8191, 16383 };

		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			int want = expected(dir, nr, sizes[i]);
			int got = dev_ioctl(fd, _IOC(dir, RB_IOC_TYPE, nr, sizes[i]), NULL);

			if (got != -want && (*bad)++ < 5)
				rb_diag("dir %u nr %#x size %u: %s, expected %s", dir, nr, sizes[i],
					rb_errname(-got), rb_errname(want));
		}
	}
}

static void all_numbers(void)
{
	int fd = dev_open();
	uint64_t before = region_hash(fd);
	unsigned int bad = 0;

	for (unsigned int nr = 0; nr < 256; nr++)
		one_nr(fd, nr, &bad);
	CHECK_EQ(bad, 0);
	CHECK(region_hash(fd) == before);
	close(fd);
}

static void other_types(void)
{
	static const unsigned char types[] = { 0x00, 0x54, 0xBA, 0xBC, 0x3B, 0xFF };
	static unsigned char arg[4096];
	int fd = dev_open();
	uint64_t before = region_hash(fd);

	for (size_t t = 0; t < ARRAY_SIZE(types); t++)
		for (size_t i = 0; i < ARRAY_SIZE(known); i++)
			CHECK_ERR(dev_ioctl(fd, _IOC(_IOC_DIR(known[i]), types[t],
						     0x40 | _IOC_NR(known[i]),
						     _IOC_SIZE(known[i])), arg), ENOTTY);
	CHECK(region_hash(fd) == before);
	close(fd);
}

/* The wrong direction is another command, even with a good argument. */
static void wrong_direction(void)
{
	static unsigned char arg[4096];
	int fd = dev_open();
	uint64_t before = region_hash(fd);

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		for (unsigned int dir = 0; dir < 4; dir++)
			if (dir != _IOC_DIR(known[i]))
				CHECK_ERR(dev_ioctl(fd, _IOC(dir, RB_IOC_TYPE, _IOC_NR(known[i]),
							     _IOC_SIZE(known[i])), arg), ENOTTY);
	CHECK(region_hash(fd) == before);
	close(fd);
}

static void read_write_seek(void)
{
	char c = 0;
	int fd = dev_open();

	CHECK(read(fd, &c, 1) < 0 && errno == EINVAL);
	CHECK(write(fd, &c, 1) < 0 && errno == EINVAL);
	CHECK(lseek(fd, 0, SEEK_SET) < 0 && errno == ESPIPE);
	CHECK(lseek(fd, 0, SEEK_END) < 0 && errno == ESPIPE);
	close(fd);
}

RB_PROGRAM(U02_unknown_cmds, 0,
	{ "all_numbers_directions_sizes", all_numbers },
	{ "other_ioctl_types_are_ENOTTY", other_types },
	{ "wrong_direction_is_ENOTTY", wrong_direction },
	{ "read_write_EINVAL_lseek_ESPIPE", read_write_seek },
);
