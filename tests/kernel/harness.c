/* SPDX-License-Identifier: MIT */
/* Runs all tests, or those whose names contain what the boot module `only` says, and ends the machine. */
#include "world.h"

extern uint64_t first_ticks;

static struct test const *running;
static void *failure[5];               /* where a failed check goes on */
static bool failed;

struct info const *info = (struct info const *)INFO_ADDRESS;
SHARED struct child_failure child_failure;

void *memcpy(void *restrict to, void const *restrict from, size_t size)
{
	void *result = to;

	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
	return result;
}

void *memset(void *to, int byte, size_t size)
{
	void *result = to;

	__asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(byte) : "memory");
	return result;
}

static bool equal(char const *a, char const *b, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

static size_t length(char const *text)
{
	size_t size = 0;

	while (text[size])
		size++;
	return size;
}

void print(char const *text)
{
	for (size_t left = length(text); left;) {
		uint64_t w[4] = { 0 };
		size_t part = left < sizeof(w) ? left : sizeof(w);
		memcpy(w, text, part);
		size_t taken = sys(syscall_header(SYS_CONSOLE, 0, 0, 0, part), 0, w[0], w[1], w[2], w[3]).badge;
		text += taken;
		left -= taken;
	}
}

void print_number(uint64_t number, unsigned base)
{
	char text[24];
	char *digit = text + sizeof(text) - 1;

	*digit = 0;
	do {
		*--digit = "0123456789abcdef"[number % base];
		number /= base;
	} while (number);
	if (base == 16)
		print("0x");
	print(digit);
}

static void report_failure(char const *file, unsigned line, char const *text)
{
	if (failed)
		return;
	failed = true;
	print("kernel test ");
	print(running->name);
	print(": FAILED ");
	print(file);
	print(":");
	print_number(line, 10);
	print(": ");
	print(text);
}

void test_fail(char const *file, unsigned line, char const *text)
{
	report_failure(file, line, text);
	print("\n");
	__builtin_longjmp(failure, 1);
}

void test_fail_numbers(char const *file, unsigned line, char const *text, uint64_t actual, uint64_t expected)
{
	report_failure(file, line, text);
	print(" is ");
	print_number(actual, actual > 9999 ? 16 : 10);
	print(", expected ");
	print_number(expected, expected > 9999 ? 16 : 10);
	print("\n");
	__builtin_longjmp(failure, 1);
}

static void run_body(void)
{
	if (__builtin_setjmp(failure))
		return;
	world_begin();
	running->run();
	if (child_failure.line)
		test_fail(child_failure.file, child_failure.line, child_failure.text);
}

static void run_end(void)
{
	if (__builtin_setjmp(failure))
		return;
	world_end();
}

/* Returns whether the test has passed. */
static bool run(struct test const *test)
{
	running = test;
	failed = false;
	run_body();
	run_end();
	if (failed)
		return false;
	print("kernel test ");
	print(test->name);
	print(": ok\n");
	return true;
}

static bool contains(char const *text, char const *part, size_t size)
{
	for (size_t i = 0; i + size <= length(text); i++)
		if (equal(text + i, part, size))
			return true;
	return false;
}

/* Is the test one of those that the module `only`, if there is one, asks for? */
static bool wanted(struct test const *test)
{
	for (unsigned i = 0; i < info->range_count; i++) {
		struct info_range const *r = &info->ranges[i];
		if (r->kind == RANGE_MODULE && equal(r->name, "only", 5))
			return contains(test->name, at(r->base), r->size);
	}
	return true;
}

void main(void);

void main(void)
{
	extern struct test const tests_start[], tests_end[], tests_smp_end[];
	struct test const *end = info->cpus < CPUS ? tests_end : tests_smp_end;
	unsigned passed = 0, not_passed = 0;

	world_init();
	for (struct test const *test = tests_start; test < end; test++) {
		if (!wanted(test))
			continue;
		if (run(test))
			passed++;
		else
			not_passed++;
	}
	print("kernel tests: ");
	print_number(passed, 10);
	print(" passed, ");
	print_number(not_passed, 10);
	print(" failed\n");
	op2(SYS_MACHINE, MACHINE_END, not_passed ? MACHINE_EXIT_FAILURE : MACHINE_EXIT_OK);
}

uint64_t first_ticks;                  /* when the program began */

__asm__(".globl _start\n"
        "_start: rdtsc\n"
        "mov %eax, first_ticks(%rip)\n"
        "mov %edx, 4 + first_ticks(%rip)\n"
        "call main\n"
        "1: jmp 1b");
