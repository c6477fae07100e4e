// SPDX-License-Identifier: GPL-2.0
/*
 * ktap_run SECONDS COMMAND...: runs one program under a time limit, passes its KTAP on, indented,
 * and believes nothing: exit 0 only if the plan was kept, no result was "not ok" and the program
 * itself left with 0. 4: all skipped. 1: failed. 124: out of time (its whole group is killed; a
 * process that even SIGKILL does not end is left behind and said so).
 */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct {
	long plan, passed, failed, skipped, last;
	bool order_ok, bailed;
} seen = { .plan = -1, .order_ok = true };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void result(const char *rest, bool ok)
{
	long nr = strtol(rest, NULL, 10);

	seen.order_ok &= nr == seen.last + 1;
	seen.last = nr;
	if (!ok)
		seen.failed++;
	else if (strstr(rest, "# SKIP"))
		seen.skipped++;
	else
		seen.passed++;
}

static void line(const char *l)
{
	printf("    %s\n", l);
	if (!strncmp(l, "1..", 3) && seen.plan < 0)
		seen.plan = strtol(l + 3, NULL, 10);
	else if (!strncmp(l, "ok ", 3))
		result(l + 3, true);
	else if (!strncmp(l, "not ok ", 7))
		result(l + 7, false);
	else if (!strncmp(l, "Bail out!", 9))
		seen.bailed = true;
}

/* Lines of any length; a piece of a line at the end of the output counts as a line. */
static void feed(const char *buf, ssize_t n, bool end)
{
	static char l[4096];
	static size_t len;

	for (ssize_t i = 0; i < n; i++) {
		if (buf[i] != '\n' && len < sizeof(l) - 1) {
			l[len++] = buf[i];
			continue;
		}
		l[len] = 0;
		line(l);
		len = 0;
		if (buf[i] != '\n')
			l[len++] = buf[i];
	}
	if (end && len) {
		l[len] = 0;
		line(l);
	}
	fflush(stdout);
}

/* Until the output ends, the program is gone for a while, or the time is over: true. */
static bool pass_on(int fd, double until)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char buf[4096];
	ssize_t n;

	for (;;) {
		double left = until - now();

		if (left <= 0)
			return true;
		if (poll(&p, 1, (int)(left * 1000) + 1) <= 0)
			continue;
		n = read(fd, buf, sizeof(buf));
		if (n <= 0)
			return false;
		feed(buf, n, false);
	}
}

static int reap(pid_t pid, double until)
{
	struct timespec tick = { .tv_nsec = 5000000 };
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (now() > until)
			return -1;
		nanosleep(&tick, NULL);
	}
	return status;
}

static pid_t start(char **argv, int *out)
{
	int fds[2];
	pid_t pid;

	if (pipe(fds) || (pid = fork()) < 0) {
		perror("ktap_run");
		exit(1);
	}
	if (pid == 0) {
		setpgid(0, 0);
		dup2(fds[1], 1);
		dup2(fds[1], 2);
		close(fds[0]);
		close(fds[1]);
		execvp(argv[0], argv);
		printf("Bail out! cannot run %s\n", argv[0]);
		fflush(stdout);
		_exit(1);
	}
	setpgid(pid, pid);
	close(fds[1]);
	*out = fds[0];
	return pid;
}

static int verdict(int status)
{
	long results = seen.passed + seen.failed + seen.skipped;

	if (WIFSIGNALED(status))
		printf("    # killed by signal %d\n", WTERMSIG(status));
	if (seen.plan < 0 || results != seen.plan || !seen.order_ok)
		printf("    # plan %ld, results %ld%s\n", seen.plan, results,
		       seen.order_ok ? "" : ", out of order");
	else if (!seen.failed && !seen.bailed && WIFEXITED(status)) {
		if (WEXITSTATUS(status) == 0)
			return 0;
		if (WEXITSTATUS(status) == 4 && !seen.passed)
			return 4;
	}
	if (!seen.failed && WIFEXITED(status))
		printf("    # exit status %d\n", WEXITSTATUS(status));
	return 1;
}

int main(int argc, char **argv)
{
	double until;
	pid_t pid;
	int fd, status;
	bool late;

	if (argc < 3)
		return 1;
	until = now() + atof(argv[1]);
	pid = start(argv + 2, &fd);
	late = pass_on(fd, until);
	feed(NULL, 0, true);
	status = reap(pid, late ? now() : until);
	late |= status == -1;
	kill(-pid, SIGKILL);
	if (status == -1)
		status = reap(pid, now() + 5);
	if (late)
		printf("    # out of time after %s s%s\n", argv[1],
		       status == -1 ? ", and SIGKILL does not end it" : "");
	return late ? 124 : verdict(status);
}
