// SPDX-License-Identifier: GPL-2.0
/*
 * What the region held is gone when the kernel has it back; what the host's memory held is not seen
 * in the region. The first is read through /proc/kcore, at the frames where the region was.
 */
#include "rb_test.h"

#include <elf.h>
#include <sys/syscall.h>

#define MODULE_FILE	(getenv("MODULE") ? getenv("MODULE") : "/lib/rust_buddy.ko")

static int load(const char *params)
{
	int fd = open(MODULE_FILE, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = syscall(SYS_finit_module, fd, params, 0) ? -errno : 0;
	close(fd);
	return err;
}

static int unload(void)
{
	return syscall(SYS_delete_module, "rust_buddy", O_NONBLOCK) ? -errno : 0;
}

static bool numa(void)
{
	return !access("/sys/devices/system/node/node1", F_OK);
}

static const char *params(void)
{
	return numa() ? "size_mb=64 nid=1" : "size_mb=64";
}

/* Offset in /proc/kcore of a physical address, or -1. */
static off_t kcore_offset(int fd, uint64_t phys, uint64_t len)
{
	Elf64_Ehdr eh;
	Elf64_Phdr ph;

	if (pread(fd, &eh, sizeof(eh), 0) != sizeof(eh))
		return -1;
	for (int i = 0; i < eh.e_phnum; i++) {
		if (pread(fd, &ph, sizeof(ph), (off_t)(eh.e_phoff + i * sizeof(ph))) != sizeof(ph))
			return -1;
		if (ph.p_type == PT_LOAD && ph.p_paddr != ~0ull && phys >= ph.p_paddr &&
		    phys + len <= ph.p_paddr + ph.p_memsz && ph.p_paddr + ph.p_memsz > 0)
			return (off_t)(ph.p_offset + (phys - ph.p_paddr));
	}
	return -1;
}

static struct rb_block blocks[16384];

static uint64_t each_page(int fd, bool fill)
{
	uint64_t nonzero = 0;
	uint32_t nr = dev_take_all(fd, RB_GFP_HIGHUSER_MOVABLE | RB_GFP_MEMALLOC, 10, blocks, 64);
	struct rb_query q;

	dev_query(fd, &q);
	CHECK_EQ(nr, q.managed_pages / 1024);
	for (uint32_t i = 0; i < nr; i++) {
		uint64_t *p = dev_map(fd, RB_MMAP_BASE + ((uint64_t)blocks[i].id << q.window_shift),
				      PAGE << 10, PROT_READ | PROT_WRITE);

		if (!CHECK(p != MAP_FAILED))
			break;
		for (size_t w = 0; w < 512 << 10; w++) {
			nonzero += p[w] != 0;
			if (fill)
				p[w] = 0x5ec4e7c0ffee5ec4ull;
		}
		munmap(p, PAGE << 10);
	}
	return nonzero;
}

static uint64_t words_left(int kcore, off_t at, uint64_t bytes)
{
	static uint64_t buf[8192];
	uint64_t found = 0;

	for (uint64_t done = 0; done < bytes; done += sizeof(buf)) {
		if (!CHECK_EQ(pread(kcore, buf, sizeof(buf), at + (off_t)done), sizeof(buf)))
			break;
		for (size_t i = 0; i < ARRAY_SIZE(buf); i++)
			found += buf[i] == 0x5ec4e7c0ffee5ec4ull;
	}
	return found;
}

static void nothing_left_to_the_kernel(void)
{
	struct rb_query q = { .flags = RB_QUERY_PFN };
	int kcore = open("/proc/kcore", O_RDONLY | O_CLOEXEC), fd;
	uint64_t bytes, seen;
	off_t at;

	NEED(!load(params()));
	fd = dev_open();
	CHECK_ERR(dev_ioctl(fd, RB_QUERY, &q), 0);
	bytes = q.region_pages * PAGE;
	at = kcore < 0 ? -1 : kcore_offset(kcore, q.base_pfn * PAGE, bytes);
	each_page(fd, true);
	seen = at < 0 ? 0 : words_left(kcore, at, bytes);
	close(fd);	/* frees, but unloading is what must leave nothing */
	CHECK_ERR(unload(), 0);
	if (at < 0)
		SKIP("no /proc/kcore that shows this memory");
	CHECK_EQ(seen, bytes / 8);	/* the probe itself works */
	CHECK_EQ(words_left(kcore, at, bytes), 0);
	close(kcore);
}

/* Kept allocated, and dirty, by a process that is killed right before the module goes. */
static void dirty_host_memory_is_not_seen(void)
{
	size_t len = 192ul << 20;
	unsigned long mask = 2;
	uint64_t *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd;

	NEED(p != MAP_FAILED);
	if (numa())
		CHECK(!syscall(SYS_mbind, p, len, 2 /* MPOL_BIND */, &mask, 8, 0));
	for (size_t w = 0; w < len / 8; w++)
		p[w] = 0xd1d1d1d1d1d1d1d1ull;
	munmap(p, len);
	NEED(!load(params()));
	fd = dev_open();
	CHECK_EQ(each_page(fd, false), 0);
	close(fd);
	CHECK_ERR(unload(), 0);
}

RB_PROGRAM(L08_region_zeroed, RB_NO_DEVICE,
	{ "nothing_is_left_to_the_kernel", nothing_left_to_the_kernel },
	{ "dirty_host_memory_is_not_seen", dirty_host_memory_is_not_seen },
);
