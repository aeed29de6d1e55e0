/* SPDX-License-Identifier: MIT */
/*
 * proves: kernel/sched.c (included)
 * Three threads of any two levels that become ready and not ready in any order, and yield: the rings of the run queue are closed both ways, a
 * thread is in the ring of its level or in none, and the bits of `ready` say which rings there are.
 */
#define clock_ticks any_time
#include <kernel/sched.h>

/* What these do is not the run queue's matter; no thread here has a budget, and there is one CPU. */
/*@ assigns \nothing; */
void cpu_kick(struct cpu *cpu);
/*@ assigns \nothing; */
void budget_activate(struct budget *budget, uint64_t now);
/*@ assigns \result \from \nothing; */
uint64_t clock_ticks(void);

#include "prove.h"

enum { THREADS = 3, STEPS = PROVE_SCALE == 1 ? 2 : 3, ONE_STEP = 3 * THREADS, LEVELS = PROVE_SCALE == 1 ? 2 : 4 };
enum { CASES = LEVELS * (STEPS == 2 ? ONE_STEP * ONE_STEP : ONE_STEP * ONE_STEP * ONE_STEP) };

static struct thread threads[THREADS];
static struct cpu *cpu;

void panic(char const *format, ...)
{
	/*@ assert no_panic: \false; */
	for (;;)
		;
}

/* Bound: the number of threads. */
static unsigned check_ring(unsigned level)
{
	struct thread const *first = cpu->queue[level], *t = first;
	unsigned members = 0;

	/*@ assert bits: ((cpu->ready >> level & 1) == 1) == (first != \null); */
	for (unsigned i = 0; t && i <= THREADS; i++) {
		/*@ assert member: t->in_run_queue == 1 && t->level == level; */
		/*@ assert links: t->next->prev == t && t->prev->next == t; */
		members++;
		t = t->next;
		if (t == first)
			return members;
	}
	/*@ assert closed: first == \null; */
	return members;
}

static void check(void)
{
	unsigned queued = 0, members;

	for (unsigned i = 0; i < THREADS; i++)
		queued += threads[i].in_run_queue;
	members = check_ring(5) + check_ring(6);
	/*@ assert all: members == queued; */
	/*@ assert no_other_level: (cpu->ready & ~(3UL << 5)) == 0; */
}

static void prove_one(void)
{
	unsigned levels = choose(LEVELS);

	cpu->ready = 0;
	cpu->queue[5] = cpu->queue[6] = 0;
	for (unsigned i = 0; i < THREADS; i++) {
		threads[i] = (struct thread) { .state = THREAD_BLOCKED, .home = cpu, .level = 5 + (levels >> i & 1), .priority = 5 + (levels >> i & 1) };
		sched_update(&threads[i]);
	}
	for (unsigned i = 0; i < STEPS; i++) {
		struct thread *t = &threads[choose(THREADS)];
		unsigned what = choose(3);

		t->state = what == 1 ? THREAD_BLOCKED : THREAD_RUNNING;
		if (what == 2)
			sched_yield(t);
		else
			sched_update(t);
		check();
	}
}

#include "../../kernel/sched.c"

int main(void)
{
	static struct cpu first;

	cpu = &first;
	for (unsigned i = 0; i < CASES; i++) {
		prove_case = i;
		prove_one();
	}
	return 0;
}
