// SPDX-License-Identifier: GPL-2.0
/* KTAP, and main() of the one binary that holds all programs: the name it is called by selects. */
#include "rb_test.h"

#include <stdarg.h>
#include <time.h>

#define MAX_DIAG 12

enum { PASS = 0, FAIL = 1, SKIPPED = 4 };

static struct rb_program *programs;

/* Shared with children, so that a failed CHECK there fails the case. */
static struct shared {
	unsigned int failures;
	unsigned int skipped;
	char why[128];
} *shared;

void rb_register(struct rb_program *p)
{
	p->next = programs;
	programs = p;
}

void rb_diag(const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	for (char *p = line; *p; p++)
		if ((unsigned char)*p < ' ')
			*p = '?';
	printf("# %s\n", line);
}

static bool failed(void)
{
	return __atomic_add_fetch(&shared->failures, 1, __ATOMIC_RELAXED) <= MAX_DIAG;
}

unsigned int rb_failures(void)
{
	return __atomic_load_n(&shared->failures, __ATOMIC_RELAXED);
}

bool rb_check(bool ok, const char *file, int line, const char *what)
{
	if (!ok && failed())
		rb_diag("%s:%d: false: %s", file, line, what);
	return ok;
}

bool rb_check_eq(long long a, long long b, const char *file, int line, const char *what)
{
	if (a != b && failed())
		rb_diag("%s:%d: %s: %lld, %lld", file, line, what, a, b);
	return a == b;
}

const char *rb_errname(int err)
{
	const char *name = err ? strerrorname_np(err) : "success";

	return name ? name : "unknown errno";
}

bool rb_check_err(int got, int want, const char *file, int line, const char *what)
{
	if (got == -want)
		return true;
	if (failed())
		rb_diag("%s:%d: %s: %s, expected %s", file, line, what,
			got > 0 ? "positive" : rb_errname(-got), rb_errname(want));
	return false;
}

void rb_skip(const char *why)
{
	shared->skipped = 1;
	snprintf(shared->why, sizeof(shared->why), "%s", why);
}

bool rb_soak(void)
{
	const char *s = getenv("SOAK");

	return s && strcmp(s, "0") != 0 && *s;
}

bool rb_rig(char rig)
{
	const char *s = getenv("RIG");

	return (s && *s ? *s : 'a') == rig;
}

unsigned int rb_times(unsigned int a, unsigned int b, unsigned int soak)
{
	return rb_soak() ? soak : rb_rig('b') ? b : a;
}

unsigned int rb_times_b(unsigned int a, unsigned int b, unsigned int soak, unsigned int soak_b)
{
	return rb_times(a, b, rb_rig('b') ? soak_b : soak);
}

uint64_t rb_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* xorshift64* */
uint64_t rb_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 2685821657736338717ull;
}

/* SEED=n repeats a run. */
uint64_t rb_seed(void)
{
	const char *s = getenv("SEED");
	uint64_t seed = s ? strtoull(s, NULL, 0) : rb_now_ns() | 1;

	rb_diag("SEED=%llu", (unsigned long long)seed);
	return seed ? seed : 1;
}

static void check_idle(void)
{
	int fd = dev_open();

	if (fd < 0)
		return;
	CHECK(region_is_idle(fd));
	close(fd);
}

/* A process of its own: what a case leaves open, mapped or changed goes with it. */
static void call(void *arg)
{
	((const struct rb_case *)arg)->run();
}

static int run_case(const struct rb_program *p, size_t i)
{
	const struct rb_case *c = &p->cases[i];
	uint64_t start = rb_now_ns();
	bool skipped;

	memset(shared, 0, sizeof(*shared));
	rb_in_child(call, (void *)c);
	if (!(p->flags & (RB_NO_DEVICE | RB_NOT_IDLE)))
		check_idle();
	if (shared->failures > MAX_DIAG)
		rb_diag("%u failed checks in all", shared->failures);
	if (rb_now_ns() - start > 2000000000u)
		rb_diag("%.1f s for %s", (double)(rb_now_ns() - start) / 1e9, c->name);
	skipped = shared->skipped && !shared->failures;
	printf("%sok %zu %s%s%s\n", shared->failures ? "not " : "", i + 1, c->name,
	       skipped ? " # SKIP " : "", skipped ? shared->why : "");
	return shared->failures ? FAIL : skipped ? SKIPPED : PASS;
}

static int run_program(const struct rb_program *p)
{
	size_t nr[5] = { 0 };

	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return FAIL;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("KTAP version 1\n1..%zu\n", p->nr);
	if (!(p->flags & RB_NO_DEVICE)) {
		int fd = dev_open_mode(O_RDWR);

		if (fd < 0) {
			printf("Bail out! %s: %s\n", RB_DEV, strerror(-fd));
			return FAIL;
		}
		close(fd);
	}
	for (size_t i = 0; i < p->nr; i++)
		nr[run_case(p, i)]++;
	printf("# Totals: pass:%zu fail:%zu skip:%zu\n", nr[PASS], nr[FAIL], nr[SKIPPED]);
	return nr[FAIL] ? FAIL : nr[SKIPPED] == p->nr ? SKIPPED : PASS;
}

static const struct rb_program *find(const char *path)
{
	const char *name = strrchr(path, '/');

	name = name ? name + 1 : path;
	for (const struct rb_program *p = programs; p; p = p->next)
		if (!strcmp(p->name, name))
			return p;
	return NULL;
}

int main(int argc, char **argv)
{
	const struct rb_program *p = find(argv[0]);

	if (!p && argc > 1)
		p = find(argv[1]);
	if (p)
		return run_program(p);
	if (argc > 1 && !strcmp(argv[1], "--list")) {
		for (p = programs; p; p = p->next)
			puts(p->name);
		return PASS;
	}
	fprintf(stderr, "usage: %s --list | PROGRAM\n", argv[0]);
	return FAIL;
}
