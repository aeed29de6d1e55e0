/* SPDX-License-Identifier: MIT */
/*
 * What all unit tests share: the frame around Check, assertions that end the test, and random numbers that can be
 * repeated (SEED=number build/unit/NAME). A test program includes this once and ends with UNIT_MAIN(test, ...).
 */
#pragma once

#include <base/assert.h>
#include <base/types.h>
#include <check.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static uint64_t unit_state;
static jmp_buf *unit_assertion;    /* where to go on when an assertion fails that is expected to, or NULL */

_Noreturn void assert_failed(char const *file, unsigned line, char const *text)
{
	if (unit_assertion)
		longjmp(*unit_assertion, 1);
	fprintf(stderr, "%s:%u: assertion failed: %s\n", file, line, text);
	abort();
}

/* xorshift64*: the same numbers on every machine. */
static inline uint64_t unit_random(void)
{
	unit_state ^= unit_state >> 12;
	unit_state ^= unit_state << 25;
	unit_state ^= unit_state >> 27;
	return unit_state * UINT64_C(0x2545f4914f6cdd1d);
}

/* So much of a long campaign, times SCALE, as tools/run has it: all of it by default, a tenth in make test, all of it again in make soak. */
static inline unsigned unit_scaled(unsigned count)
{
	char const *scale = getenv("SCALE");
	double      part  = scale ? strtod(scale, NULL) : 1;

	return (unsigned)(count * part) > 1 ? (unsigned)(count * part) : 1;
}

/* In [0, limit). */
static inline uint64_t unit_below(uint64_t limit)
{
	return (unit_random() >> 11) % limit;
}

/* For inner loops: Check's own assertions write to a pipe each time, even when they hold. */
#define CHECK(condition) \
	do { \
		if (!(condition)) \
			ck_abort_msg("does not hold: %s", #condition); \
	} while (0)

/* `statement` must run into an assertion of ours. */
#define CHECK_ASSERTS(statement) \
	do { \
		jmp_buf here_; \
		unit_assertion = &here_; \
		if (!setjmp(here_)) { \
			statement; \
			ck_abort_msg("no assertion fails: %s", #statement); \
		} \
		unit_assertion = NULL; \
	} while (0)

static inline int unit_run(char const *name, TTest const *const tests[], size_t count)
{
	char const *given = getenv("SEED");
	uint64_t    seed  = given ? strtoull(given, NULL, 0) : ((uint64_t)time(NULL) << 16 ^ (uint64_t)getpid());
	Suite      *suite = suite_create(name);
	TCase      *tcase = tcase_create(name);

	unit_state = seed ? seed : 1;
	printf("%s: seed %llu\n", name, (unsigned long long)seed);
	fflush(stdout);
	tcase_set_timeout(tcase, 600);
	for (size_t i = 0; i < count; i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define UNIT_MAIN(...)                                                  \
	int main(void)                                                      \
	{                                                                   \
		TTest const *const unit_tests[] = { __VA_ARGS__ };              \
		return unit_run(__FILE__, unit_tests, ARRAY_SIZE(unit_tests));  \
	}
