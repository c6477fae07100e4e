// SPDX-License-Identifier: GPL-2.0
/* What is written through a mapping is what is there: all orders, parts, several mappings. */
#include "rb_test.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/resource.h>

static uint64_t key(uint64_t seed, size_t word)
{
	return (seed + word) * 0x9e3779b97f4a7c15ull | 1;
}

static void write_all(uint64_t *p, size_t words, uint64_t seed)
{
	for (size_t i = 0; i < words; i++)
		p[i] = key(seed, i);
}

static size_t wrong(const uint64_t *p, size_t words, uint64_t seed)
{
	size_t n = 0;

	for (size_t i = 0; i < words; i++)
		n += p[i] != key(seed, i);
	return n;
}

static size_t nonzero(const uint64_t *p, size_t words)
{
	size_t n = 0;

	for (size_t i = 0; i < words; i++)
		n += p[i] != 0;
	return n;
}

static long faults(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_minflt;
}

/* Row 99: zero at first, then what was written; all orders alive at once do not overlap. */
static void all_orders(void)
{
	struct rb_alloc a[NR_ORDERS];
	uint64_t *p[NR_ORDERS];
	int fd = dev_open();

	for (uint32_t o = 0; o < NR_ORDERS; o++) {
		NEED(!dev_alloc(fd, o % 2 ? RB_GFP_HIGHUSER_MOVABLE : RB_GFP_KERNEL, o, &a[o]));
		p[o] = dev_map_block(fd, &a[o]);
		NEED(p[o] != MAP_FAILED);
		CHECK_EQ(nonzero(p[o], 512ul << o), 0);
		write_all(p[o], 512ul << o, o);
	}
	for (uint32_t o = 0; o < NR_ORDERS; o++) {
		CHECK_EQ(wrong(p[o], 512ul << o, o), 0);
		CHECK_ERR(dev_free(fd, &a[o], 0), EBUSY);
		CHECK(!munmap(p[o], PAGE << o));
		CHECK_ERR(dev_free(fd, &a[o], 0), 0);
	}
	close(fd);
}

/* Each page of a block alone, by its own offset. */
static void parts(void)
{
	struct rb_alloc a;
	uint64_t *whole, *part;
	int fd = dev_open();

	NEED(!dev_alloc(fd, RB_GFP_KERNEL, 4, &a));
	whole = dev_map_block(fd, &a);
	NEED(whole != MAP_FAILED);
	write_all(whole, 512 << 4, 7);
	for (size_t i = 0; i < 16; i++) {
		part = dev_map(fd, a.mmap_offset + i * PAGE, PAGE, PROT_READ | PROT_WRITE);
		NEED(part != MAP_FAILED);
		CHECK_EQ(wrong(part, 512, 7 + i * 512), 0);
		part[0]++;
		CHECK_EQ(whole[i * 512], key(7, i * 512) + 1);
		munmap(part, PAGE);
		CHECK_ERR(dev_free(fd, &a, 0), EBUSY);
	}
	munmap(whole, PAGE << 4);
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	close(fd);
}

/* The contents stay while nothing is mapped. */
static void contents_survive_unmap(void)
{
	struct rb_alloc a;
	uint64_t *p;
	int fd = dev_open();

	NEED(!dev_alloc(fd, RB_GFP_KERNEL, 9, &a));
	for (int i = 0; i < 3; i++) {
		p = dev_map_block(fd, &a);
		NEED(p != MAP_FAILED);
		if (i)
			CHECK_EQ(wrong(p, 512ul << 9, i - 1), 0);
		write_all(p, 512ul << 9, i);
		munmap(p, PAGE << 9);
	}
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	close(fd);
}

/* One fault for 2 MiB instead of 512, at an aligned address. */
static void huge_entries(void)
{
	struct rb_alloc a;
	struct rb_query q;
	char *p;
	long before;
	int fd = dev_open();

	CHECK_ERR(dev_query(fd, &q), 0);
	if (!(q.features & RB_FEATURE_MMAP_PMD))
		SKIP("no 2 MiB entries in this kernel");
	NEED(!dev_alloc(fd, RB_GFP_KERNEL, 10, &a));
	p = dev_map_block(fd, &a);
	NEED(p != MAP_FAILED);
	CHECK_EQ((uintptr_t)p % (PAGE << 9), 0);
	before = faults();
	memset(p, 1, PAGE << 10);
	rb_diag("%ld faults for 4 MiB", faults() - before);
	CHECK(faults() - before < 20);
	/* Cut in the middle: the rest still reads right. */
	CHECK(!munmap(p + (PAGE << 8), PAGE));
	CHECK_EQ(p[0] + p[(PAGE << 10) - 1], 2);
	CHECK(!mprotect(p, PAGE, PROT_READ));
	CHECK_EQ(p[PAGE], 1);
	CHECK_EQ(rb_probe_write(p) >> 8, SIGSEGV);
	munmap(p, PAGE << 10);
	close(fd);
}

/* The first touch is in the middle: the entry still covers all of its 2 MiB. */
static void huge_entry_from_the_middle(void)
{
	struct rb_alloc a;
	struct rb_query q;
	char *p;
	long before;
	int fd = dev_open();

	CHECK_ERR(dev_query(fd, &q), 0);
	if (!(q.features & RB_FEATURE_MMAP_PMD))
		SKIP("no 2 MiB entries in this kernel");
	NEED(!dev_alloc(fd, RB_GFP_KERNEL, 10, &a));
	p = dev_map_block(fd, &a);
	NEED(p != MAP_FAILED);
	before = faults();
	*(volatile char *)(p + 300 * PAGE) = 1;
	*(volatile char *)(p + (512 + 511) * PAGE) = 1;
	memset(p, 1, PAGE << 10);
	rb_diag("%ld faults for 4 MiB", faults() - before);
	CHECK(faults() - before < 20);
	munmap(p, PAGE << 10);
	close(fd);
}

/* vm_ops.access: /proc/PID/mem and ptrace read and write the block. */
static void proc_mem(void)
{
	struct rb_alloc a;
	uint64_t *p, word = 0;
	int fd = dev_open(), mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	off_t at;

	if (rb_rig('c'))
		SKIP("User-Mode Linux never calls vm_ops.access");
	NEED(mem >= 0 && !dev_alloc(fd, RB_GFP_KERNEL, 1, &a));
	p = dev_map_block(fd, &a);
	NEED(p != MAP_FAILED);
	write_all(p, 1024, 3);
	at = (off_t)(uintptr_t)p;
	CHECK_EQ(pread(mem, &word, 8, at + 4088), 8);
	CHECK_EQ(word, key(3, 511));
	static uint64_t two[1024];

	CHECK_EQ(pread(mem, two, 8192, at), 8192);	/* across the page border */
	CHECK_EQ(wrong(two, 1024, 3), 0);
	word = 0x1234;
	CHECK_EQ(pwrite(mem, &word, 8, at + 4096), 8);
	CHECK_EQ(p[512], 0x1234);
	close(mem);
	munmap(p, 2 * PAGE);
	close(fd);
}

static void ptrace_peek(void)
{
	struct rb_alloc a;
	uint64_t *p;
	int fd = dev_open(), status;
	pid_t pid;

	if (rb_rig('c'))
		SKIP("User-Mode Linux never calls vm_ops.access");
	NEED(!dev_alloc(fd, RB_GFP_KERNEL, 0, &a));
	p = dev_map_block(fd, &a);
	NEED(p != MAP_FAILED);
	p[5] = 0x55aa;
	pid = rb_fork();
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(p[6] == 0x77 ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	CHECK_EQ(ptrace(PTRACE_PEEKDATA, pid, p + 5, NULL), 0x55aa);
	CHECK_EQ(ptrace(PTRACE_POKEDATA, pid, p + 6, 0x77), 0);
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	CHECK_EQ(rb_wait(pid), 0);
	munmap(p, PAGE);
	close(fd);
}

RB_PROGRAM(M02_map_contents, 0,
	{ "row_99_all_orders_zero_then_as_written", all_orders },
	{ "each_page_of_a_block", parts },
	{ "contents_survive_unmap", contents_survive_unmap },
	{ "huge_entries_one_fault_for_2_MiB", huge_entries },
	{ "huge_entry_from_the_middle", huge_entry_from_the_middle },
	{ "proc_pid_mem", proc_mem },
	{ "ptrace_peek_and_poke", ptrace_peek },
);
