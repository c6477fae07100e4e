// SPDX-License-Identifier: GPL-2.0
/* The 32-bit entry of the kernel (int 0x80) with the same structures gives the same answers. */
#include "rb_test.h"

#include <signal.h>

#ifdef __x86_64__
static int compat_ioctl(int fd, unsigned long cmd, void *arg)
{
	long ret;

	__asm__ volatile("int $0x80" : "=a"(ret)
			 : "a"(54), "b"(fd), "c"(cmd), "d"(arg)
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)ret;
}
#else
static int compat_ioctl(int fd, unsigned long cmd, void *arg)
{
	(void)fd; (void)cmd; (void)arg;
	return -ENOSYS;
}
#endif

static void *low;

static void gone(int sig)
{
	_exit(128 + sig);
}

/* A kernel without the entry raises SIGSEGV, and would log it if nobody took it. */
static void probe(void)
{
	signal(SIGSEGV, gone);
	_exit(compat_ioctl(-1, RB_QUERY, low) == -EBADF ? 0 : 1);
}

static bool have_compat(void)
{
	pid_t pid;

#ifdef MAP_32BIT
	low = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
#endif
	pid = rb_fork();
	if (pid == 0)
		probe();
	return low && low != MAP_FAILED && rb_wait(pid) == 0;
}

static void same_answers(void)
{
	struct rb_query q;
	struct rb_alloc *a;
	struct rb_zone_stat z;
	struct rb_free f = { 0 };
	int fd = dev_open();

	if (!have_compat())
		SKIP("kernel without 32-bit system calls");
	memset(low, 0, PAGE);
	CHECK_EQ(compat_ioctl(fd, RB_QUERY, low), 0);
	CHECK_ERR(dev_query(fd, &q), 0);
	CHECK(!memcmp(low, &q, sizeof(q)));
	memset(low, 0, PAGE);
	((struct rb_zone_stat *)low)->nid = region_now(fd)->nid;
	((struct rb_zone_stat *)low)->zone = RB_ZONE_NORMAL;
	CHECK_EQ(compat_ioctl(fd, RB_ZONE_STAT, low), 0);
	CHECK_ERR(dev_zone(fd, ((struct rb_zone_stat *)low)->nid, RB_ZONE_NORMAL, &z), 0);
	CHECK(!memcmp(low, &z, sizeof(z)));
	a = low;
	*a = (struct rb_alloc){ .gfp = RB_GFP_KERNEL, .order = 3, .nid = RB_NO_NODE };
	CHECK_EQ(compat_ioctl(fd, RB_ALLOC, a), 0);
	f.id = a->id;
	f.gen = a->gen;
	f.order = 3;
	memcpy(low, &f, sizeof(f));
	CHECK_EQ(compat_ioctl(fd, RB_FREE, low), 0);
	CHECK_EQ(compat_ioctl(fd, RB_FREE, low), -ENOENT);
	close(fd);
}

RB_PROGRAM(U09_compat32, 0, { "same_answers", same_answers });
