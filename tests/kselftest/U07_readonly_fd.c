// SPDX-License-Identifier: GPL-2.0
/* Who may do what: read-only files, ordinary users, root of a user namespace. */
#include "rb_test.h"

#include <sched.h>
#include <sys/stat.h>

static void read_only_file(void)
{
	struct rb_alloc a;
	struct rb_block b[4];
	struct rb_zone_stat z;
	struct rb_verify v;
	struct rb_tune t;
	struct rb_pcp_stat pcp;
	struct rb_compact compact;
	struct rb_reclaim reclaim;
	struct rb_node_stat node;
	uint32_t done;
	int fd = dev_open_mode(O_RDONLY);
	const struct region *r;
	uint64_t hash;

	NEED(fd >= 0);
	r = region_now(fd);
	hash = region_hash(fd);
	CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL, 0, &a), EBADF);
	CHECK_ERR(dev_free_raw(fd, 0, 1, 0, 0), EBADF);
	CHECK_ERR(dev_bulk(fd, RB_GFP_KERNEL, 0, b, 4, &done), EBADF);
	memset(b, 0, sizeof(b));
	CHECK_ERR(dev_free_bulk(fd, b, 4, 0, &done), EBADF);
	CHECK_ERR(dev_reset(fd, RB_RESET_FD), EBADF);
	CHECK_ERR(dev_drain(fd, RB_ALL, RB_ALL, RB_ALL), EBADF);
	CHECK_ERR(dev_advise_raw(fd, 0, 1, 0, RB_ADVISE_NEEDED, NULL), EBADF);
	CHECK_ERR(dev_compact(fd, -1, 0, 0, &compact), EBADF);
	CHECK_ERR(dev_reclaim(fd, 1, &reclaim), EBADF);
	CHECK_ERR(dev_event_set(fd, RB_NO_EVENTFD, 1, 0), EBADF);
	CHECK_ERR(dev_event_clear(fd, RB_NO_EVENTFD), EBADF);
	CHECK_ERR(dev_node(fd, r->nid, &node), 0);
	CHECK_ERR(dev_tune_set(fd, RB_TUNE_STAT_INTERVAL, 0, 77), EBADF);
	CHECK_ERR(dev_tune_get(fd, RB_TUNE_STAT_INTERVAL, 0, &t), 0);
	CHECK(t.value != 77);
	CHECK_ERR(dev_pcp(fd, r->nid, RB_ZONE_NORMAL, 0, &pcp), 0);
	CHECK_ERR(dev_zone(fd, r->nid, RB_ZONE_NORMAL, &z), 0);
	CHECK_ERR(dev_verify(fd, &v), 0);
	CHECK(region_hash(fd) == hash);
	close(fd);
}

/* Another file description of the same device owns the block: not even reading is allowed. */
static void read_only_file_maps_nothing(void)
{
	struct rb_alloc a;
	int fd = dev_open(), ro = dev_open_mode(O_RDONLY);

	NEED(ro >= 0 && !dev_alloc(fd, RB_GFP_KERNEL, 0, &a));
	CHECK(dev_map(ro, a.mmap_offset, PAGE, PROT_READ) == MAP_FAILED && errno == ENXIO);
	CHECK(dev_map(ro, a.mmap_offset, PAGE, PROT_READ | PROT_WRITE) == MAP_FAILED &&
	      errno == EACCES);
	close(ro);
	close(fd);
}

static void write_only_file(void)
{
	struct rb_alloc a;
	int fd = dev_open_mode(O_WRONLY);

	NEED(fd >= 0);
	CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL, 0, &a), 0);
	/* The kernel itself wants a readable file for any mapping. */
	CHECK(dev_map(fd, a.mmap_offset, PAGE, PROT_WRITE) == MAP_FAILED && errno == EACCES);
	CHECK_ERR(dev_free(fd, &a, 0), 0);
	close(fd);
}

static void privileged(int fd, int err)
{
	struct rb_query q = { .flags = RB_QUERY_PFN };
	struct rb_compact compact;
	struct rb_reclaim reclaim;
	struct rb_alloc a;

	CHECK_ERR(dev_ioctl(fd, RB_QUERY, &q), err);
	if (err)
		CHECK_EQ(q.base_pfn, 0);
	CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL | RB_GFP_MEMALLOC, 0, &a), err);
	if (!err)
		CHECK_ERR(dev_free(fd, &a, 0), 0);
	CHECK_ERR(dev_tune_set(fd, RB_TUNE_DEFRAG_MODE, 0, 0), err);
	CHECK_ERR(dev_tune_set(fd, RB_TUNE_DEFRAG_MODE, 0, 2), err ? err : EINVAL);
	CHECK_ERR(dev_tune_set(fd, RB_TUNE_DEFRAG_MODE, 1, 0), EINVAL);
	CHECK_ERR(dev_compact(fd, -1, RB_COMPACT_ASYNC, 0, &compact), err);
	CHECK_ERR(dev_reclaim(fd, 1, &reclaim), err);
	CHECK_ERR(dev_drain(fd, RB_ALL, RB_ALL, RB_ALL), 0);
	/* Wrong values come before missing rights, missing rights before ranges. */
	q.flags = RB_QUERY_PFN | 2;
	CHECK_ERR(dev_ioctl(fd, RB_QUERY, &q), EINVAL);
	CHECK_ERR(dev_alloc(fd, RB_GFP_MEMALLOC | RB_GFP_NOFAIL, 0, &a), EINVAL);
	CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL | RB_GFP_MEMALLOC, 11, &a), err ? err : EINVAL);
	CHECK_ERR(dev_query(fd, &q), 0);
	CHECK_EQ(q.base_pfn, 0);
	CHECK_ERR(dev_alloc(fd, RB_GFP_KERNEL, 0, &a), 0);
	CHECK_ERR(dev_free(fd, &a, 0), 0);
}

static void with_fd(void *fd)
{
	privileged(*(int *)fd, EPERM);
}

static void root_may(void)
{
	struct rb_query q = { .flags = RB_QUERY_PFN };
	int fd = dev_open();

	privileged(fd, 0);
	CHECK_ERR(dev_ioctl(fd, RB_QUERY, &q), 0);
	CHECK(q.base_pfn > 0 && q.base_pfn % 1024 == 0);
	close(fd);
}

static void user_may_not(void)
{
	int fd = dev_open();

	rb_as_uid(1001, with_fd, &fd);
	close(fd);
}

static void namespace_root(void *fd)
{
	if (unshare(CLONE_NEWUSER)) {
		rb_skip("no user namespaces");
		return;
	}
	privileged(*(int *)fd, EPERM);
}

static void namespace_root_may_not(void)
{
	int fd = dev_open();

	rb_in_child(namespace_root, &fd);
	close(fd);
}

static void node_is_closed(void *unused)
{
	(void)unused;
	CHECK_ERR(dev_open_mode(O_RDONLY), EACCES);
	CHECK(access(RB_DEBUGFS "/buddyinfo", R_OK) < 0 && errno == EACCES);
	CHECK(access(RB_DEBUGFS "/clients", R_OK) < 0 && errno == EACCES);
	CHECK(access(RB_DEBUGFS "/tunables/defrag_mode", R_OK) < 0 && errno == EACCES);
	CHECK_EQ(rb_write_file(RB_DEBUGFS "/drain", "1"), -EACCES);
}

static void others_cannot_open(void)
{
	struct stat st;

	NEED(!stat(RB_DEV, &st));
	CHECK(S_ISCHR(st.st_mode));
	CHECK_EQ(st.st_mode & 07, 0);
	rb_as_uid(1001, node_is_closed, NULL);
}

RB_PROGRAM(U07_readonly_fd, 0,
	{ "read_only_file_changes_nothing", read_only_file },
	{ "read_only_file_maps_nothing_of_others", read_only_file_maps_nothing },
	{ "write_only_file_allocates_but_cannot_map", write_only_file },
	{ "root_may", root_may },
	{ "ordinary_user_may_not", user_may_not },
	{ "root_of_a_user_namespace_may_not", namespace_root_may_not },
	{ "others_cannot_open", others_cannot_open },
);
