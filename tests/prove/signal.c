/* SPDX-License-Identifier: MIT */
/*
 * proves: kernel/ipc.c (included)
 * Three signal contexts of one thread, submitted in any order or waited for in any way, then any submissions, waits for one and for all, and ends:
 * each wait gets the badge of the first one that was submitted, with how often it was since it was told last, counts stay at their maximum, and
 * the list is one in both directions.
 */
#include <string.h>

/* Eva knows it by its other name. */
#define __builtin_memcpy memcpy

#define clock_ticks any_time
#include <kernel/ipc.h>
#include <kernel/sched.h>

/* What these do is not the matter of signals; there is one CPU, nobody is traced, and nobody calls. */
/*@ assigns \nothing; */
void sched_update(struct thread *t);
/*@ assigns \nothing; */
void sched_wake(struct thread *t);
/*@ assigns \nothing; */
void sched_timeout_cancel(struct thread *t);
/*@ assigns \nothing; */
void thread_request(struct thread *t, enum thread_request what);
/*@ assigns \nothing; */
void sched_arm(struct thread *sc, uint64_t now);
/*@ assigns \result \from \nothing; */
uint64_t clock_ticks(void);

#include "prove.h"

enum { SIGNALS = 3, STARTS = 4 * 6, STEPS = PROVE_SCALE == 1 ? 1 : 2, OPERATIONS = 4, ONE_STEP = OPERATIONS * SIGNALS };
enum { CASES = STARTS * (STEPS == 1 ? ONE_STEP : ONE_STEP * ONE_STEP) };

static struct thread thread, other;
static struct pd domain;
/* Where a pointer is a number, so that what is made of it by bits is known */
static struct signal *const signals = (struct signal *)0x10000;
static struct slot slots[1 + SIGNALS];

/* The model: how often each was submitted since it was told, and the order in which they are told. */
static uint64_t counts[SIGNALS];
static unsigned order[SIGNALS], queued;

struct cpu this_cpu;

void panic(char const *format, ...)
{
	/*@ assert no_panic: \false; */
	for (;;)
		;
}

enum status pd_refusal(struct slot const *slot) { return STATUS_BAD_CAP; }

static void forget(unsigned i)
{
	unsigned kept = 0;

	for (unsigned k = 0; k < queued; k++)
		if (order[k] != i)
			order[kept++] = order[k];
	queued = kept;
	counts[i] = 0;
}

static void check(void)
{
	struct signal *before = 0, *signal = thread.signals;

	for (unsigned k = 0; k < queued; k++) {
		struct signal *expected = &signals[order[k]];
		/*@ assert in_order: signal == expected; */
		/*@ assert count: signal->count == counts[order[k]] && signal->count >= 1; */
		/*@ assert pending: signal->object.flags == SIGNAL_PENDING; */
		/*@ assert both_ways: before == \null || signal->root.word == (unsigned long)before; */
		before = signal;
		signal = signal->next;
	}
	/*@ assert ends: signal == \null; */
	/*@ assert tail: queued == 0 || thread.signals_tail == before; */
	for (unsigned i = 0; i < SIGNALS; i++) {
		/*@ assert idle: counts[i] != 0 || (signals[i].object.flags == 0 && signals[i].count == 0 && signals[i].next == \null); */
	}
}

/* The thread was told of signal i and goes on. */
static void check_told(unsigned i, uint64_t count)
{
	/*@ assert goes_on: thread.state == THREAD_RUNNING; */
	/*@ assert badge: thread.frame.rdi == 100 + i; */
	/*@ assert how_often: thread.frame.rsi == count; */
	thread.frame.rdi = thread.frame.rsi = 0;
}

static void submit(unsigned i)
{
	bool waits = thread.state == THREAD_RECEPTIVE || (thread.state == THREAD_BLOCKED && thread.wait_one == &signals[i]);

	signal_submit(&signals[i]);
	if (counts[i]) {
		counts[i] += counts[i] < UINT32_MAX;
	} else {
		order[queued++] = i;
		counts[i] = 1;
	}
	/* What the scheduler does next with one that is receptive and was not switched to. */
	if (thread.state == THREAD_RECEPTIVE)
		ipc_deliver_next(&thread);
	if (waits) {
		forget(i);
		check_told(i, 1);
	}
}

static void wait_for_one(unsigned i)
{
	uint64_t count = counts[i];

	thread.frame.rax = (uint64_t)SYS_FLAG_ONE << 24;
	thread.frame.rdi = (1 + i) * SLOT_SIZE;
	ipc_wait(&thread);
	if (count) {
		forget(i);
		check_told(i, count);
	}
	/*@ assert waits: thread.state == (count ? THREAD_RUNNING : THREAD_BLOCKED); */
}

static void wait_for_all(void)
{
	bool told;

	thread.state = THREAD_RECEPTIVE;
	told = ipc_deliver_signal(&thread);
	/*@ assert told: told == (queued != 0); */
	if (told) {
		unsigned i = order[0];
		uint64_t count = counts[i];

		forget(i);
		check_told(i, count);
	}
}

/* As its destruction begins */
static void end(unsigned i)
{
	signal_unlink(&signals[i]);
	signals[i].count = 0;
	forget(i);
}

static void step(void)
{
	unsigned operation = choose(OPERATIONS), i = choose(SIGNALS);

	if (operation == 0)
		submit(i);
	else if (operation == 1 && thread.state == THREAD_RUNNING)
		wait_for_one(i);
	else if (operation == 2 && thread.state == THREAD_RUNNING)
		wait_for_all();
	else if (operation == 3 && counts[i]) {
		/* as much as there can be */
		signals[i].count = UINT32_MAX;
		counts[i] = UINT32_MAX;
	} else if (operation == 3 && thread.state == THREAD_RUNNING) {
		signal_unlink(&signals[i]);
	}
	check();
}

static void all_new(void)
{
	thread = (struct thread) { .object = { .type = OBJECT_THREAD }, .state = THREAD_RUNNING, .pd = &domain, .home = &this_cpu };
	other = (struct thread) { .state = THREAD_RUNNING, .home = &this_cpu };
	domain = (struct pd) { .object = { .type = OBJECT_PD }, .near_frames = 1, .cap_frames = 1, .caps = { slots } };
	for (unsigned i = 0; i < SIGNALS; i++) {
		signals[i] = (struct signal) { .object = { .type = OBJECT_SIGNAL }, .thread = &thread, .badge = 100 + i };
		slots[1 + i] = (struct slot) { .word = (uint64_t)&signals[i], .state = SLOT_LIVE, .rights = RIGHTS_ALL };
		counts[i] = 0;
	}
	queued = 0;
}

/*
 * Up to three are submitted, in any order, the first one perhaps as often as can be told; or the thread waits for one of them, or for all, where the
 * shortest way to it may be taken.
 */
static bool any_start(void)
{
	static uint8_t const orders[][SIGNALS] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	unsigned submitted = choose(1 + SIGNALS), which = choose(6);

	for (unsigned k = 0; k < submitted; k++)
		submit(orders[which][k]);
	if (submitted && which % 2)
		signals[orders[which][0]].count = counts[orders[which][0]] = UINT32_MAX;
	if (!submitted && which < SIGNALS)
		wait_for_one(which);
	if (!submitted && (which == 4 || which == 5))
		wait_for_all();
	return which == 5;
}

/* What runs is another thread, worse than the one that waits, which is switched to then, or not. */
static void other_runs(bool is_worse)
{
	this_cpu = (struct cpu) { .current = &other, .sc = &other, .call_key = THREAD_RECEPTIVE, .ready = is_worse ? 0 : 1 };
}

static void prove_one(void)
{
	all_new();
	other_runs(false);
	bool is_worse = any_start();
	check();
	for (unsigned i = 0; i < STEPS; i++) {
		other_runs(is_worse);
		step();
	}
}

#include "../../kernel/ipc.c"

PROVE_ALL(CASES)
