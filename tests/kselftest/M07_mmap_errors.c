// SPDX-License-Identifier: GPL-2.0
/* Every mapping that must be refused, with its errno; and what may be done to one afterwards. */
#include "rb_test.h"

#include <signal.h>

static struct rb_alloc a;	/* order 2 */
static struct rb_query q;

static int start(void)
{
	int fd = dev_open();

	dev_query(fd, &q);
	CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL, 2, &a), 0);
	return fd;
}

static int map_errno(int fd, uint64_t offset, size_t len, int prot, int flags)
{
	void *p = mmap(NULL, len, prot, flags, fd, (off_t)offset);

	if (p == MAP_FAILED)
		return errno;
	munmap(p, len);
	return 0;
}

#define SHARED(offset, len)	map_errno(fd, offset, len, PROT_READ | PROT_WRITE, MAP_SHARED)

static void ranges(void)
{
	int fd = start();
	uint64_t hash = region_hash(fd), at = a.mmap_offset, window = 1ull << q.window_shift;

	CHECK_EQ(SHARED(at, PAGE), 0);
	CHECK_EQ(SHARED(at, 4 * PAGE), 0);
	CHECK_EQ(SHARED(at + 3 * PAGE, PAGE), 0);
	CHECK_EQ(SHARED(at, 5 * PAGE), ENXIO);
	CHECK_EQ(SHARED(at + PAGE, 4 * PAGE), ENXIO);
	CHECK_EQ(SHARED(at + 4 * PAGE, PAGE), ENXIO);
	CHECK_EQ(SHARED(at - PAGE, 2 * PAGE), ENXIO);
	CHECK_EQ(SHARED(at + window, PAGE), ENXIO);
	CHECK_EQ(SHARED(at, window + PAGE), ENXIO);
	CHECK_EQ(SHARED(0, PAGE), ENXIO);
	CHECK_EQ(SHARED(PAGE, PAGE), ENXIO);
	CHECK_EQ(SHARED(RB_MMAP_BASE - PAGE, PAGE), ENXIO);
	CHECK_EQ(SHARED(RB_MMAP_BASE - PAGE, 2 * PAGE), ENXIO);
	CHECK_EQ(SHARED(RB_MMAP_BASE + (q.region_pages << q.window_shift), PAGE), ENXIO);
	CHECK_EQ(SHARED(RB_MMAP_BASE + (1ull << 44), PAGE), ENXIO);
	CHECK_EQ(SHARED(1ull << 62, PAGE), ENXIO);
	CHECK_EQ(SHARED(at + 1, PAGE), EINVAL);			/* the kernel's own rules */
	CHECK_EQ(SHARED(at, 0), EINVAL);
	int huge = SHARED(0x7ffffffffffff000ull, PAGE);

	CHECK(huge == ENXIO || huge == EOVERFLOW);
	huge = SHARED(1ull << 63, PAGE);
	CHECK(huge == ENXIO || huge == EOVERFLOW || huge == EINVAL);
	CHECK(region_hash(fd) == hash);
	CHECK_ERR(dev_free(fd, &a, 0), 0);	/* no count was left behind */
	CHECK_EQ(SHARED(at, PAGE), ENXIO);	/* a freed block */
	close(fd);
}

static void every_free_window(void)
{
	int fd = start(), wrong = 0;

	for (uint64_t id = 0; id < q.region_pages; id += rb_times(1, 23, 1))
		if (id != a.id)
			wrong += SHARED(RB_MMAP_BASE + (id << q.window_shift), PAGE) != ENXIO;
	CHECK_EQ(wrong, 0);
	close(fd);
}

static void kinds(void)
{
	int fd = start(), rw = PROT_READ | PROT_WRITE;
	uint64_t at = a.mmap_offset;

	CHECK_EQ(map_errno(fd, at, PAGE, rw, MAP_PRIVATE), EINVAL);
	CHECK_EQ(map_errno(fd, at, PAGE, PROT_READ, MAP_PRIVATE), EINVAL);
	CHECK_EQ(map_errno(fd, at, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED), EPERM);
	CHECK_EQ(map_errno(fd, at, PAGE, PROT_EXEC, MAP_SHARED), EPERM);
	CHECK_EQ(map_errno(fd, at, PAGE, PROT_NONE, MAP_SHARED), 0);
	CHECK_EQ(map_errno(fd, at, PAGE, PROT_READ, MAP_SHARED), 0);
	CHECK_EQ(map_errno(fd, at, PAGE, rw, MAP_SHARED | MAP_POPULATE), 0);
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	close(fd);
}

/* A read-only file that owns nothing cannot get a block; so the passed-on file is tried by dup. */
static void protection_changes(void)
{
	int fd = start();
	char *p = dev_map_block(fd, &a);

	NEED(p != MAP_FAILED);
	CHECK(mprotect(p, PAGE, PROT_READ | PROT_EXEC) < 0 && errno == EACCES);
	CHECK(mprotect(p, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) < 0 && errno == EACCES);
	p[0] = 1;
	CHECK(!mprotect(p, PAGE, PROT_READ));
	CHECK_EQ(p[0], 1);
	CHECK_EQ(rb_probe_write(p), SIGSEGV << 8 | SEGV_ACCERR);
	CHECK(!mprotect(p, PAGE, PROT_NONE));
	CHECK_EQ(rb_probe_read(p), SIGSEGV << 8 | SEGV_ACCERR);
	CHECK(!mprotect(p, PAGE, PROT_READ | PROT_WRITE));
	CHECK_EQ(p[0], 1);
	p[0] = 2;
	munmap(p, 4 * PAGE);
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	close(fd);
}

static void remap(void)
{
	int fd = start();
	char *p = dev_map_block(fd, &a), *n;

	NEED(p != MAP_FAILED);
	memset(p, 7, 4 * PAGE);
	CHECK(mremap(p, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED && errno == EFAULT);
	CHECK(mremap(p, 4 * PAGE, 5 * PAGE, 0) == MAP_FAILED && errno == EFAULT);
	CHECK(mremap(p, 0, 4 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED && errno == EFAULT);
	n = mremap(p, 4 * PAGE, 2 * PAGE, 0);	/* shrink */
	CHECK(n == p);
	CHECK_EQ(p[2 * PAGE - 1], 7);
	CHECK_EQ(rb_probe_read(p + 2 * PAGE) >> 8, SIGSEGV);
	CHECK_ERR(dev_free(fd, &a, 0), EBUSY);
	munmap(p, 2 * PAGE);
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	close(fd);
}

#define ADVICE(advice)	(madvise(p, PAGE, advice) ? errno : 0)

static void advice(void)
{
	int fd = start(), err;
	char *p = dev_map_block(fd, &a);

	NEED(p != MAP_FAILED);
	p[0] = 9;
	err = ADVICE(MADV_DONTNEED);
	if (err == ENOSYS) {
		munmap(p, 4 * PAGE);
		SKIP("kernel without madvise");
	}
	CHECK_EQ(err, EINVAL);
	CHECK_EQ(ADVICE(MADV_POPULATE_WRITE), EINVAL);
	CHECK_EQ(ADVICE(MADV_DODUMP), EINVAL);
	CHECK_EQ(ADVICE(MADV_REMOVE) != 0, 1);
	CHECK_EQ(ADVICE(MADV_FREE) != 0, 1);
	CHECK_EQ(p[0], 9);
	CHECK_EQ(ADVICE(MADV_DONTFORK), 0);
	CHECK_EQ(ADVICE(MADV_DOFORK), EINVAL);
	munmap(p, 4 * PAGE);
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	close(fd);
}

/* Fixed over itself: the old mapping goes, the count stays right. */
static void overlap(void)
{
	int fd = start();
	char *p = dev_map_block(fd, &a), *n;

	NEED(p != MAP_FAILED);
	p[PAGE] = 3;
	n = mmap(p + PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
		 (off_t)(a.mmap_offset + 3 * PAGE));
	CHECK(n == p + PAGE);
	n[0] = 4;
	CHECK_EQ(p[3 * PAGE], 4);
	munmap(p, 4 * PAGE);
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	close(fd);
}

RB_PROGRAM(M07_mmap_errors, 0,
	{ "ranges", ranges },
	{ "every_free_window_is_ENXIO", every_free_window },
	{ "private_and_exec", kinds },
	{ "protection_changes", protection_changes },
	{ "mremap_grow_copy_shrink", remap },
	{ "madvise", advice },
	{ "overlap", overlap },
);
