/* SPDX-License-Identifier: MIT */
/*
 * Periodic task sets under fixed priorities. A task is a thread that wakes up at each multiple of its period, computes, makes one call to core, and has
 * to be done before the next multiple. Rate-monotonic priorities. The first sets are harmonic and use the whole CPU; the others are drawn at random, and those
 * that response-time analysis admits are run. In one, the first task never ends its job: its budget does that.
 *
 * What disturbs them, all of lower priority: threads that spin, that flood core with calls, that wake each other as fast as they can, that sleep for very
 * short times, and the interrupts of a timer at 2 kHz with their handler.
 *
 * What a job costs beside its work, OVERHEAD, is part of its computing time in the analysis: its timer interrupt, two switches, two looks at the clock,
 * its call to core, and waiting for core to finish the call of somebody else. Interrupts that are not the tasks' own are one more task of
 * highest priority, `others`: that is all that is subtracted from the CPU. Time is counted in instructions (run/rt.run), so work is a loop of known length.
 */
#include <base/signal.h>
#include <base/thread.h>
#include <base/time.h>
#include <io_port/io_port.h>
#include <irq/irq.h>
#include "../check.h"

enum { TASKS = 4, SETS = 6, DISTURBERS = 6, HIGHEST = 1, LOW = 40, WHOLE = 10000 };

#define US       1000UL
#define MS       1000000UL
#define OVERHEAD (8 * US)
#define RUN      (40 * MS)

struct task {
	struct local_thread thread;
	uint64_t            period, cost;           /* ns; cost: with OVERHEAD */
	uint64_t            begin, end;             /* of the run */
	uint64_t            longest;                /* response */
	unsigned            jobs, late;
	bool                endless;                /* computes for ever; only its budget holds it */
};

static struct { uint64_t period, cost; } const others = { 100 * US, 2 * US };

static struct env         *own_env;
static struct task         tasks[TASKS];
static struct local_thread disturbers[DISTURBERS];
static struct signal_context never, tick;
static struct cap            tick_line;
static uint64_t              seed = 0x9e3779b97f4a7c15;

/* --- A task --- */

/* So many instructions, and so many nanoseconds. */
static void compute(uint64_t instructions)
{
	uint64_t loops = instructions / 2;

	__asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(loops));
}

static void run_task(struct local_thread *thread)
{
	struct task *task = container_of(thread, struct task, thread);

	for (uint64_t release = task->begin; release < task->end; release += task->period) {
		enum status status = signal_wait(thread->wait, release);
		uint64_t    used;

		assert(status == STATUS_TIMEOUT);
		compute(task->cost - OVERHEAD);
		while (task->endless)
			compute(MS);
		status = thread_consumed(thread->thread, &used);
		assert(status == STATUS_OK);
		used = time_now_ns() - release;
		task->longest = MAX(task->longest, used);
		task->late += used > task->period;
		task->jobs++;
	}
}

/* --- What disturbs them --- */

static void spin(struct local_thread *thread)
{
	for (;;)
		compute(MS);
}

static void flood_core(struct local_thread *thread)
{
	for (;;) {
		uint64_t    used;
		enum status status = cpu_consumed(&own_env->cpu, &used);

		assert(status == STATUS_OK);
	}
}

static void ping(struct local_thread *thread)
{
	struct local_thread *peer = thread == &disturbers[2] ? &disturbers[3] : &disturbers[2];

	for (;;) {
		if (signal_submit(peer->wait) != STATUS_OK || signal_wait(thread->wait, time_now_ns() + MS) == STATUS_BAD_CAP)
			return;
	}
}

static void sleep_shortly(struct local_thread *thread)
{
	for (;;) {
		enum status status = signal_wait(thread->wait, time_now_ns() + 130 * US);

		assert(status == STATUS_TIMEOUT);
	}
}

static void handle_ticks(struct local_thread *thread)
{
	for (;;) {
		enum status status = signal_wait(tick, 0);

		assert(status == STATUS_OK);
		irq_ack(tick_line);
	}
}

/* Channel 0 of the 8254 as a rate generator; its line is global system interrupt 2 on PCs. Source: Intel 82C54 datasheet. */
static enum status start_timer(struct env *env, struct irq *irq, struct io_port *ports)
{
	unsigned const divisor = 1193182 / 2000;

	TRY(irq_open(irq, env, "", &(struct irq_args) { .number = 2, .mode = IRQ_MODE_EDGE_HIGH }));
	TRY(io_port_open(ports, env, "", &(struct io_port_args) { .base = 0x40, .size = 4 }));
	TRY(signal_alloc_context(&env->signal, disturbers[5].thread, 0, &tick));
	TRY(irq_bind(irq, tick, &tick_line));
	TRY(io_port_out8(ports, 0x43, 0x34));
	TRY(io_port_out8(ports, 0x40, divisor & 0xff));
	return io_port_out8(ports, 0x40, divisor >> 8);
}

static enum status start_disturbers(struct env *env, struct irq *irq, struct io_port *ports)
{
	static struct { char const *name; void (*run)(struct local_thread *); uint32_t priority; } const kinds[DISTURBERS] = {
		{ "spinner", spin, LOW + 5 }, { "flood", flood_core, LOW + 1 }, { "ping", ping, LOW + 2 }, { "pong", ping, LOW + 2 },
		{ "sleeper", sleep_shortly, LOW }, { "ticks", handle_ticks, LOW },
	};

	for (unsigned i = 0; i < DISTURBERS; i++)
		TRY(local_thread_create(&disturbers[i], env, kinds[i].name, kinds[i].priority, STACK_DEFAULT));
	TRY(start_timer(env, irq, ports));
	for (unsigned i = 0; i < DISTURBERS; i++)
		TRY(local_thread_start(&disturbers[i], kinds[i].run));
	return STATUS_OK;
}

/* --- Analysis --- */

/* Longest response of task i: the smallest R with R = its cost + what all of higher priority cost within R; 0: more than its period. */
static uint64_t response(unsigned i)
{
	uint64_t now = tasks[i].cost, next;

	while (now <= tasks[i].period) {
		next = tasks[i].cost + (now + others.period - 1) / others.period * others.cost;
		for (unsigned j = 0; j < i; j++)
			next += (now + tasks[j].period - 1) / tasks[j].period * tasks[j].cost;
		if (next == now)
			return now;
		now = next;
	}
	return 0;
}

static unsigned used_permille(void)
{
	uint64_t sum = others.cost * 1000 / others.period;

	for (unsigned i = 0; i < TASKS; i++)
		sum += tasks[i].cost * 1000 / tasks[i].period;
	return sum;
}

/* --- The sets --- */

/* Periods that divide each other, and nothing left: the last task has what the others leave. */
static void make_harmonic(uint64_t first)
{
	uint64_t left = 1000 - others.cost * 1000 / others.period;

	for (unsigned i = 0; i < TASKS; i++) {
		uint64_t part = i == TASKS - 1 ? left : left / (2 + i % 2);

		tasks[i] = (struct task) { .period = first << i, .cost = (first << i) / 1000 * part };
		left -= part;
	}
}

static uint64_t random_below(uint64_t bound)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % bound;
}

static bool is_admitted(void)
{
	for (unsigned i = 0; i < TASKS; i++)
		if (!response(i))
			return false;
	return true;
}

/* The first one drawn that the analysis admits and that leaves little idle. Bound: there are plenty. */
static enum status make_random(void)
{
	for (unsigned tries = 0; tries < 100000; tries++) {
		uint64_t period = 500 * US;

		for (unsigned i = 0; i < TASKS; i++) {
			period += 200 * US + random_below(2 * MS);
			tasks[i] = (struct task) { .period = period, .cost = period / 20 + random_below(period / 3) };
		}
		if (used_permille() > 850 && is_admitted())
			return STATUS_OK;
	}
	return STATUS_NOT_FOUND;
}

static enum status start_set(struct env *env)
{
	uint64_t begin = time_now_ns() + 5 * MS;

	for (unsigned i = 0; i < TASKS; i++) {
		tasks[i].begin = begin;
		tasks[i].end = begin + RUN;
		TRY(local_thread_create(&tasks[i].thread, env, "task", HIGHEST + i, STACK_DEFAULT));
		if (tasks[i].endless)
			TRY(cpu_give_thread_share(&env->cpu, tasks[i].thread.thread, tasks[i].cost * WHOLE / tasks[i].period, tasks[i].period / US));
		TRY(local_thread_start(&tasks[i].thread, run_task));
	}
	return STATUS_OK;
}

static enum status run_set(struct env *env, unsigned number)
{
	TRY(start_set(env));
	CHECK_STATUS(signal_wait(never, time_now_ns() + RUN + 15 * MS), STATUS_TIMEOUT);
	for (unsigned i = 0; i < TASKS; i++)
		local_thread_destroy(&tasks[i].thread);
	for (unsigned i = 0; i < TASKS; i++) {
		struct task const *t = &tasks[i];

		log_info("set %u, %u permille: period %lu us, cost %lu, %u jobs, %u late, longest %lu, analysis %lu", number, used_permille(), t->period / US,
		         t->cost / US, t->jobs, t->late, t->longest / US, response(i) / US);
		CHECK(t->late == 0);
		if (t->endless)
			continue;
		CHECK(t->jobs >= RUN / t->period);
		CHECK(t->longest <= response(i));
	}
	return STATUS_OK;
}

static enum status run_sets(struct env *env)
{
	for (unsigned i = 0; i < SETS; i++) {
		if (i < 2)
			make_harmonic(i ? 1 * MS : 2 * MS);
		else
			TRY(make_random());
		tasks[0].endless = i == SETS - 1;
		CHECK(is_admitted());
		TRY(run_set(env, i + 1));
	}
	return STATUS_OK;
}

enum status component_construct(struct env *env)
{
	struct irq     irq;
	struct io_port ports;

	own_env = env;
	TRY(signal_alloc_context(&env->signal, env->main_thread, 0, &never));
	TRY(local_thread_create(&tasks[0].thread, env, "first", 0, STACK_DEFAULT));    /* what base makes once, for the first thread, stays */
	local_thread_destroy(&tasks[0].thread);
	TRY(parent_quiescent(env->parent));
	TRY(start_disturbers(env, &irq, &ports));
	TRY(run_sets(env));
	for (unsigned i = 0; i < DISTURBERS - 1; i++)
		local_thread_destroy(&disturbers[i]);
	irq_close(&irq);
	io_port_close(&ports);
	cap_release(tick_line);
	TRY(signal_free_context(&env->signal, tick));
	local_thread_destroy(&disturbers[DISTURBERS - 1]);
	TRY(test_passed());
	return parent_quiescent(env->parent);      /* core compares, and ends the machine */
}
