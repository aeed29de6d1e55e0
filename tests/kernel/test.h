/* SPDX-License-Identifier: MIT */
/*
 * Tests of the kernel. The test program takes the place of core, so a test may do all that core may; it runs at the highest
 * priority, so nothing else runs until it waits. A test is
 *
 *   TEST(a_property_in_words) { ... CHECK(condition); ... }
 *
 * and has a world of its own: children (child_new) are threads that run functions of this program in protection domains of
 * their own; gates, signal contexts and frames come from the world. At the end of the test the world is destroyed, and
 * each object frame must be empty and all zero then.
 *
 * What the test and children share are variables marked SHARED: zero when a test begins. Children see no other variables.
 * Faults of children arrive as messages at the test, from BADGE_PAGER or BADGE_HANDLER.
 */
#pragma once

#include "sys.h"

struct test {
	char const *name;
	void      (*run)(void);
};

/* Defines a test: the body follows. */
#define TEST(property)                                                                                                   \
	static void property(void);                                                                                      \
	static struct test const test_##property __attribute__((used, no_reorder, section("tests"), aligned(16))) = { #property, property }; \
	static void property(void)

/* The same for one that needs CPUS CPUs; where there are fewer, it is no test. */
#define TEST_SMP(property)                                                                                                \
	static void property(void);                                                                                      \
	static struct test const test_##property __attribute__((used, no_reorder, section("tests_smp"), aligned(16))) = { #property, property }; \
	static void property(void)

#define CPUS 4

#define SHARED __attribute__((section(".shared,\"aw\",@nobits#")))

/* Ends the test as failed unless the condition holds. Not for children: see EXPECT. */
#define CHECK(condition) \
	do { \
		if (!(condition)) \
			test_fail(__FILE__, __LINE__, #condition); \
	} while (0)

/* The same for two numbers, which it tells. */
#define CHECK_IS(actual, expected) \
	do { \
		uint64_t actual_ = (uint64_t)(actual), expected_ = (uint64_t)(expected); \
		if (actual_ != expected_) \
			test_fail_numbers(__FILE__, __LINE__, #actual, actual_, expected_); \
	} while (0)

#define OK(call)        CHECK_IS(call, STATUS_OK)

/* In a child: the first that does not hold fails the test at its end. */
#define EXPECT(condition) \
	do { \
		if (!(condition) && !child_failure.line) \
			child_failure = (struct child_failure) { #condition, __FILE__, __LINE__ }; \
	} while (0)

struct child_failure {
	char const *text, *file;
	unsigned    line;
};

extern struct child_failure child_failure;

void test_fail(char const *file, unsigned line, char const *text) __attribute__((noreturn));
void test_fail_numbers(char const *file, unsigned line, char const *text, uint64_t actual, uint64_t expected) __attribute__((noreturn));

void print(char const *text);
void print_number(uint64_t number, unsigned base);

/* --- The world --- */

extern struct info const *info;

enum { BADGE_PAGER = 0xfa17, BADGE_HANDLER = 0xe4ce };
enum { CHILDREN_MAX = 560, CHILD_SELECTORS = 64 };

struct child {
	uint64_t      pd, thread;             /* physical addresses */
	struct utcb  *utcb;                   /* as the test sees it */
	uint64_t      stack;                  /* physical address of its page */
	uint64_t      entry, sp;              /* where its thread begins */
	unsigned      next_slot;              /* of its domain: the next that child_give takes; the first child's counts */
	struct child *domain;                 /* the first child in its domain */
};

extern struct child self;                     /* the test itself */

/* A zeroed frame; physical address. */
uint64_t frame(void);
void    *at(uint64_t phys);

/* Room for an object of this many granules. */
uint64_t place(unsigned granules);

/* A domain with a capability table of one frame, the program mapped, and a few tables to spare. */
uint64_t pd_new(void);
void     pd_map_image(uint64_t pd);

/* A thread that will run `run(argument)`, then wait for ever. In a domain of its own, or of that of another child. */
typedef void child_function(uint64_t argument);
struct child *child_new(child_function *run, unsigned priority);
struct child *child_beside(struct child *other, child_function *run, unsigned priority);
void          child_start(struct child *c, uint64_t argument);

/* child_new on a CPU by number, and in the domain of another child. */
struct child *child_on(unsigned cpu, child_function *run, unsigned priority);
struct child *child_beside_on(unsigned cpu, struct child *other, child_function *run, unsigned priority);

/* child_on and child_start; the argument is a capability for `object`, if there is one. */
struct child *child_run_on(unsigned cpu, child_function *run, unsigned priority, uint64_t object);

/* child_new and child_start; the argument is a capability for `object`, if there is one. */
struct child *child_run(child_function *run, unsigned priority, uint64_t object);

/* Objects; physical addresses. */
uint64_t gate_new(struct child *c, uint64_t badge);
uint64_t signal_new(struct child *c, uint64_t badge);

/* An object that the test made itself is destroyed at its end too; returns it. */
uint64_t note(uint64_t object);

/* A first capability with all rights in the child's table (or the test's own: &self); its selector. */
uint64_t child_give(struct child *c, uint64_t object);

/* The next slot of the test's table, empty. */
uint64_t own_slot(void);

/* Repeats while AGAIN; what it comes to. */
enum status destroy(uint64_t object);
enum status destroy_counted(uint64_t object, unsigned *slices);
void        kill_child(struct child *c);

enum status thread_ctl(struct child *c, enum thread_ctl what);
uint64_t    thread_state(struct child *c);          /* enum thread_run_state, as SYS_THREAD_INFO tells */
enum { NEW, RUNNING, RECEPTIVE, CALLING, QUEUED, BLOCKED, EXITED };

/* Lets the children run for a while (2 ms, or so many), until nothing more happens if they do not spin. No message may come. */
void settle(void);
void run_for(uint64_t ns);

/* Until all CPUs have seen what was unmapped. */
void sync(void);

/* The same as run_for, while messages to the test have to wait. */
void run_unheard(uint64_t ns);

/* For loops that wait or work: some instructions, then, under -icount, the turn of the other CPUs. */
static inline void spin(void)
{
	for (unsigned i = 0; i < 1000; i++)
		__asm__ volatile("");
	__builtin_ia32_pause();
}

/* The next message, which must come within a second. */
struct msg await(void);
