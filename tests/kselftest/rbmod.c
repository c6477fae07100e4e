// SPDX-License-Identifier: GPL-2.0
/*
 * rbmod load FILE [PARAMETERS] | rbmod unload NAME: prints the errno's name or OK. Scripts use it
 * where the exact error matters, which insmod and rmmod translate to text.
 * rbmod info FILE PREFIX: the rest of the first .modinfo string that begins with PREFIX.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int load(const char *file, const char *params)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	return syscall(SYS_finit_module, fd, params, 0) ? errno : 0;
}

static int info(const char *file, const char *prefix)
{
	static char buf[16 << 20];
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);
	size_t len = strlen(prefix);

	for (char *p = buf + 1; n > 0 && (p = memmem(p, (size_t)(buf + n - p), prefix, len)); p++)
		if (!p[-1])
			return puts(p + len) < 0;
	return 1;
}

int main(int argc, char **argv)
{
	char params[1024] = "";
	int err = EINVAL;

	if (argc == 4 && !strcmp(argv[1], "info"))
		return info(argv[2], argv[3]);
	for (int i = 3; i < argc; i++) {
		strncat(params, argv[i], sizeof(params) - strlen(params) - 2);
		strcat(params, " ");
	}
	if (argc >= 3 && !strcmp(argv[1], "load"))
		err = load(argv[2], params);
	else if (argc == 3 && !strcmp(argv[1], "unload"))
		err = syscall(SYS_delete_module, argv[2], O_NONBLOCK) ? errno : 0;
	/* EWOULDBLOCK and EAGAIN are one number. */
	puts(!err ? "OK" : err == EAGAIN ? "EWOULDBLOCK" : strerrorname_np(err));
	return err ? 1 : 0;
}
