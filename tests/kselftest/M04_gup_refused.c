// SPDX-License-Identifier: GPL-2.0
/* Nothing can pin a page of the region, so none can be reused under someone's feet. */
#include "rb_test.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

static int fd;
static char *p;

static bool start(void)
{
	struct rb_alloc a;

	fd = dev_open();
	if (!CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL, 1, &a), 0))
		return false;
	p = dev_map_block(fd, &a);
	if (p == MAP_FAILED)
		return false;
	memset(p, 0x42, 2 * PAGE);
	return true;
}

static void end(void)
{
	munmap(p, 2 * PAGE);
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), 0);
	close(fd);
}

static void with_vmsplice(void)
{
	struct iovec v;
	int fds[2];

	NEED(start() && !pipe(fds));
	v.iov_base = p;
	v.iov_len = PAGE;
	CHECK_EQ(vmsplice(fds[1], &v, 1, 0), -1);
	CHECK_EQ(errno, EFAULT);
	close(fds[0]);
	close(fds[1]);
	end();
}

static void with_process_vm_readv(void)
{
	char buf[64];
	struct iovec l = { buf, sizeof(buf) }, r;
	ssize_t n;

	NEED(start());
	r.iov_base = p;
	r.iov_len = sizeof(buf);
	n = process_vm_readv(getpid(), &l, 1, &r, 1, 0);
	if (n < 0 && errno == ENOSYS)
		rb_skip("kernel without process_vm_readv");
	else
		CHECK(n < 0 && errno == EFAULT);
	end();
}

static void with_o_direct(void)
{
	int f;

	NEED(start());
	f = open("/tmp/direct", O_RDWR | O_CREAT | O_DIRECT | O_CLOEXEC, 0600);
	if (f < 0)
		rb_skip("no O_DIRECT on /tmp");
	else if (write(f, p, PAGE) < 0)
		CHECK_EQ(errno, EFAULT);
	else	/* tmpfs takes O_DIRECT but copies: allowed */
		rb_skip("O_DIRECT on /tmp copies");
	close(f);
	unlink("/tmp/direct");
	end();
}

/* Copies by the kernel, on the other hand, work. */
static void copies_work(void)
{
	static char buf[2 * PAGE];
	int fds[2];

	NEED(start() && !pipe(fds));
	CHECK_EQ(write(fds[1], p, 2 * PAGE), 2 * PAGE);
	CHECK_EQ(read(fds[0], buf, 2 * PAGE), 2 * PAGE);
	CHECK(!memcmp(buf, p, 2 * PAGE));
	memset(buf, 0x17, sizeof(buf));
	CHECK_EQ(write(fds[1], buf, 2 * PAGE), 2 * PAGE);
	CHECK_EQ(read(fds[0], p, 2 * PAGE), 2 * PAGE);
	CHECK(!memcmp(buf, p, 2 * PAGE));
	close(fds[0]);
	close(fds[1]);
	end();
}

/* A futex needs the page: refused for a shared key, and nothing hangs. */
static void with_futex(void)
{
	struct { long s, ns; } t = { 0, 1000000 };
	long ret;

	NEED(start());
	ret = syscall(SYS_futex, p, 0 /* FUTEX_WAIT */, *(int *)p, &t, NULL, 0);
	CHECK(ret < 0 && (errno == EFAULT || errno == ETIMEDOUT || errno == ENOSYS));
	end();
}

static void with_mlock(void)
{
	NEED(start());
	CHECK_EQ(mlock(p, 2 * PAGE), 0);
	CHECK_EQ(p[1], 0x42);
	CHECK_EQ(munlock(p, 2 * PAGE), 0);
	end();
}

RB_PROGRAM(M04_gup_refused, 0,
	{ "vmsplice_EFAULT", with_vmsplice },
	{ "process_vm_readv_EFAULT", with_process_vm_readv },
	{ "o_direct_EFAULT", with_o_direct },
	{ "kernel_copies_work", copies_work },
	{ "futex_does_not_pin", with_futex },
	{ "mlock_is_harmless", with_mlock },
);
