// SPDX-License-Identifier: GPL-2.0
/* Ownership follows the open file: through fork, dup, sockets, exec; and mappings across fork. */
#include "rb_test.h"

#include <sys/socket.h>

static int sock[2];

static bool send_fd(int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 }, data = 'x';
	struct iovec iov = { &data, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	return sendmsg(sock[0], &msg, 0) == 1;
}

static int recv_fd(void)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 }, data;
	struct iovec iov = { &data, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control) };
	int fd = -1;

	if (recvmsg(sock[1], &msg, 0) == 1 && CMSG_FIRSTHDR(&msg))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	return fd;
}

/* The giver exits; the file, in flight, still owns the block and its contents. */
static void through_a_socket(void)
{
	struct rb_alloc *a = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int ctl = dev_open();
	uint64_t left = region_pages_left(ctl);
	pid_t pid;
	char *p;
	int fd;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sock))
		SKIP("kernel without local sockets");
	pid = rb_fork();
	if (pid == 0) {
		fd = dev_open();
		CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL, 4, a), 0);
		p = dev_map_block(fd, a);
		p[123] = 45;
		CHECK(send_fd(fd));
		_exit(0);
	}
	CHECK_EQ(rb_wait(pid), 0);
	CHECK_EQ(region_pages_left(ctl), left - 16);
	fd = recv_fd();
	NEED(fd >= 0);
	p = dev_map_block(fd, a);
	NEED(p != MAP_FAILED);
	CHECK_EQ(p[123], 45);
	munmap(p, PAGE << 4);
	CHECK_EQ(region_pages_left(ctl), left - 16);
	CHECK_ERR(dev_free(fd, a, 0), 0);
	CHECK_EQ(region_pages_left(ctl), left);
	close(fd);
	close(sock[0]);
	close(sock[1]);
	close(ctl);
	munmap(a, PAGE);
}

static void dropped_in_flight(void)
{
	struct rb_alloc a;
	int ctl = dev_open(), fd = dev_open();
	uint64_t left = region_pages_left(ctl);

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sock))
		SKIP("kernel without local sockets");
	CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL, 4, &a), 0);
	CHECK(send_fd(fd));
	close(fd);
	CHECK_EQ(region_pages_left(ctl), left - 16);
	close(sock[0]);
	close(sock[1]);
	for (int i = 0; i < 100 && region_pages_left(ctl) != left; i++)
		usleep(10000);
	CHECK_EQ(region_pages_left(ctl), left);
	close(ctl);
}

static void dup_shares(void)
{
	struct rb_alloc a;
	struct rb_query q;
	int fd = dev_open(), two = dup(fd);

	CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL, 4, &a), 0);
	CHECK_ERR(dev_query(two, &q), 0);
	CHECK_EQ(q.used_by_me, 16);
	close(fd);
	CHECK_ERR(dev_query(two, &q), 0);
	CHECK_EQ(q.used_by_me, 16);
	CHECK_ERR(dev_free(two, &a, 0), 0);
	close(two);
}

/* fork shares the file and the mapping: writes are seen both ways. */
static void fork_shares(void)
{
	static const uint32_t orders[] = { 0, 4, 9 };

	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		struct rb_alloc a;
		int fd = dev_open();
		volatile char *p;
		pid_t pid;

		NEED(!dev_alloc(fd, RB_GFP_KERNEL, orders[i], &a));
		p = dev_map_block(fd, &a);
		p[0] = 1;
		pid = rb_fork();
		if (pid == 0) {
			CHECK_EQ(p[0], 1);
			p[1] = 2;
			CHECK_ERR(dev_free(fd, &a, 0), EBUSY);
			_exit(0);
		}
		CHECK_EQ(rb_wait(pid), 0);
		CHECK_EQ(p[1], 2);
		munmap((void *)p, PAGE << orders[i]);
		CHECK_ERR(dev_free(fd, &a, 0), 0);
		close(fd);
	}
}

/* Unmapped here, still mapped in the child: busy until the child is gone. */
static void busy_by_child(void)
{
	struct rb_alloc a;
	int fd = dev_open(), go[2];
	char *p, c;
	pid_t pid;

	NEED(!pipe(go) && !dev_alloc(fd, RB_GFP_KERNEL, 0, &a));
	p = dev_map_block(fd, &a);
	p[0] = 1;
	pid = rb_fork();
	if (pid == 0) {
		close(go[1]);
		_exit(read(go[0], &c, 1) == 0 && p[0] == 1 ? 0 : 1);
	}
	close(go[0]);
	munmap(p, PAGE);
	CHECK_ERR(dev_free(fd, &a, 0), EBUSY);
	close(go[1]);
	CHECK_EQ(rb_wait(pid), 0);
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	close(fd);
}

static void exec_drops(void)
{
	struct rb_alloc a;
	int ctl = dev_open();
	uint64_t left = region_pages_left(ctl);
	pid_t pid = rb_fork();

	if (pid == 0) {
		int fd = dev_open();	/* close-on-exec */

		CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL, 4, &a), 0);
		CHECK(dev_map_block(fd, &a) != MAP_FAILED);
		close(2);
		execl("/proc/self/exe", "kselftest", "--nothing", (char *)NULL);
		_exit(99);
	}
	CHECK_EQ(rb_wait(pid), 1);
	CHECK_EQ(region_pages_left(ctl), left);
	close(ctl);
}

RB_PROGRAM(M09_fd_passing, 0,
	{ "through_a_socket", through_a_socket },
	{ "dropped_in_flight", dropped_in_flight },
	{ "dup_shares_ownership", dup_shares },
	{ "fork_shares_file_and_mapping", fork_shares },
	{ "busy_while_the_child_maps_it", busy_by_child },
	{ "exec_drops_file_and_mapping", exec_drops },
);
