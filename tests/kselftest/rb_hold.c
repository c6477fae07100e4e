// SPDX-License-Identifier: GPL-2.0
/*
 * rb_hold WHAT: takes hold of the module in one way, says "held", and lets go when its input ends.
 * For the unload tests.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rust_buddy.h>

static int fd = -1;

static void *map_one(void)
{
	struct rb_alloc a = { .gfp = RB_GFP_KERNEL, .nid = RB_NO_NODE };
	void *p;

	if (ioctl(fd, RB_ALLOC, &a))
		return MAP_FAILED;
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)a.mmap_offset);
	if (p != MAP_FAILED)
		memset(p, 0x5a, 4096);
	return p;
}

/* The only reference sits in the queue of a socket. */
static int in_queue(int sock[2])
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 }, data = 'x';
	struct iovec iov = { &data, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sock))
		return -1;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	return sendmsg(sock[0], &msg, 0) == 1 ? close(fd) : -1;
}

static int hold(const char *what)
{
	static int sock[2];
	char buf[16];

	if (!strncmp(what, "/", 1)) {		/* a file of debugfs, read a little */
		fd = open(what, O_RDONLY);
		return fd < 0 || read(fd, buf, sizeof(buf)) < 0;
	}
	if (!strncmp(what, "cwd:", 4))
		return chdir(what + 4);
	if (!strcmp(what, "sockets"))		/* are there any? */
		return socketpair(AF_UNIX, SOCK_STREAM, 0, sock);
	fd = open("/dev/rust_buddy", O_RDWR);
	if (fd < 0)
		return -1;
	if (!strcmp(what, "fd"))
		return 0;
	if (!strcmp(what, "queue"))
		return in_queue(sock);
	if (map_one() == MAP_FAILED)
		return -1;
	if (!strcmp(what, "vma"))
		return close(fd);
	return strcmp(what, "vma+fd");
}

int main(int argc, char **argv)
{
	char c;

	if (argc != 2 || hold(argv[1])) {
		puts("failed");
		return 1;
	}
	puts("held");
	fflush(stdout);
	while (read(0, &c, 1) > 0)
		;
	return 0;
}
