// SPDX-License-Identifier: GPL-2.0
/* Children, users, signals. */
#include "rb_test.h"

#include <grp.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/prctl.h>

pid_t rb_fork(void)
{
	pid_t parent = getpid(), pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
	}
	CHECK(pid >= 0);
	return pid;
}

int rb_wait(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void rb_in_child(void (*fn)(void *), void *arg)
{
	pid_t pid = rb_fork();

	if (pid == 0) {
		fn(arg);
		fflush(stdout);
		_exit(0);
	}
	if (pid > 0)
		CHECK_EQ(rb_wait(pid), 0);
}

void rb_as_uid(uid_t uid, void (*fn)(void *), void *arg)
{
	pid_t pid = rb_fork();

	if (pid == 0) {
		if (CHECK(!setgroups(0, NULL)) && CHECK(!setresgid(uid, uid, uid)) &&
		    CHECK(!setresuid(uid, uid, uid)))
			fn(arg);
		fflush(stdout);
		_exit(0);
	}
	if (pid > 0)
		CHECK_EQ(rb_wait(pid), 0);
}

void rb_watchdog(unsigned int seconds)
{
	signal(SIGALRM, SIG_DFL);
	alarm(seconds * (rb_rig('b') ? 4 : 1));
}

bool rb_has_ended(void *pid)
{
	siginfo_t si = { 0 };

	return !waitid(P_PID, (id_t)*(pid_t *)pid, &si, WEXITED | WNOWAIT | WNOHANG) && si.si_pid;
}

bool rb_wait_for(bool (*done)(void *), void *arg, unsigned int ms)
{
	uint64_t until = rb_now_ns() + (uint64_t)ms * 1000000u;

	while (!done(arg)) {
		if (rb_now_ns() > until)
			return false;
		usleep(5000);
	}
	return true;
}

void rb_oom_score_adj(int value)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", value);
	CHECK_EQ(rb_write_file("/proc/self/oom_score_adj", text), 0);
}

void *rb_shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

void rb_pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

unsigned int rb_nr_cpu_ids(void)
{
	char *text = text_read("/sys/devices/system/cpu/possible"), *p;
	unsigned int last = 0;

	for (p = text; p && *p; p += strspn(p, ",-\n"))
		last = (unsigned int)strtoul(p, &p, 10);
	free(text);
	return last + 1;
}

static int command(const char *line)
{
	fflush(stdout);
	return system(line);
}

void rb_unload(void)
{
	command("grep -q '^rust_buddy ' /proc/modules && rbmod unload rust_buddy >/dev/null");
}

bool rb_load(const char *params)
{
	const char *module = getenv("MODULE");
	char line[512];

	rb_unload();
	/* What went wrong is worth more than that something did. */
	snprintf(line, sizeof(line),
		 "said=$(rbmod load %s '%s nid=%d') || { echo \"# loading: $said\";"
		 " dmesg | grep rust_buddy: | tail -n 1 | sed 's/^/# /'; exit 1; }",
		 module ? module : "/lib/rust_buddy.ko", params,
		 access("/sys/devices/system/node/node1", F_OK) ? 0 : 1);
	return CHECK(command(line) == 0);
}

uint64_t rb_vmlck_kb(void)
{
	char *text = text_read("/proc/self/status");
	uint64_t kb = ~0ull;

	CHECK(text && text_value(text, "VmLck:", &kb));
	free(text);
	return kb;
}

int rb_write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));
	int err = n < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return err;
}

static sigjmp_buf probe;
static volatile int probe_result;

static void on_fault(int sig, siginfo_t *si, void *ctx)
{
	(void)ctx;
	probe_result = sig << 8 | (si->si_code & 0xff);
	siglongjmp(probe, 1);
}

static void catch_faults(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	sigaction(SIGBUS, &sa, NULL);
	sigaction(SIGSEGV, &sa, NULL);
	probe_result = 0;
}

int rb_probe_read(const volatile void *p)
{
	catch_faults();
	if (!sigsetjmp(probe, 1))
		(void)*(const volatile char *)p;
	signal(SIGBUS, SIG_DFL);
	signal(SIGSEGV, SIG_DFL);
	return probe_result;
}

int rb_probe_write(volatile void *p)
{
	catch_faults();
	if (!sigsetjmp(probe, 1))
		*(volatile char *)p = 1;
	signal(SIGBUS, SIG_DFL);
	signal(SIGSEGV, SIG_DFL);
	return probe_result;
}
