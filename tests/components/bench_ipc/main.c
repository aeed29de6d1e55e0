/* SPDX-License-Identifier: MIT */
/*
 * Measures the kernel's paths: calls to another address space and within the own one, through bare gates and through generated
 * stubs, signals, refused calls. Each figure is the mean of many repetitions, in ticks of the TSC, which are instructions
 * under -icount. The loop around the call is part of it.
 */
#include <base/cap_alloc.h>
#include <base/component.h>
#include <base/thread.h>
#include <bench/bench.h>

#include "../bench.h"

#define TIMES 1000

static uint64_t round_trip(struct cap gate, unsigned words)
{
	uint64_t start = 0;

	for (unsigned i = 0; i < TIMES + 1; i++) {
		struct platform_regs regs = { .header = (uint64_t)words << 8, .target = gate.selector, .w = { i, 2, 3, 4 } };

		platform_invoke(PLATFORM_CALL, &regs);
		if (!i)
			start = bench_ticks(); /* the first one finds the server ready */
	}
	return (bench_ticks() - start) / TIMES;
}

static uint64_t round_trip_cap(struct cap gate)
{
	uint64_t   start = bench_ticks();
	struct cap slot;

	if (cap_reserve(&slot))
		return 0;
	for (unsigned i = 0; i < TIMES; i++) {
		struct platform_regs regs = { .header = 1 << 20, .target = gate.selector };

		thread_utcb()->window[0] = slot.selector;
		platform_invoke(PLATFORM_CALL, &regs);
	}
	uint64_t ticks = (bench_ticks() - start) / TIMES;
	cap_release(slot);
	return ticks;
}

static uint64_t rpc_round_trip(struct bench *bench)
{
	int32_t  sum   = 0;
	uint64_t start = bench_ticks();

	for (int32_t i = 0; i < TIMES; i++)
		if (bench_add(bench, i, sum, &sum))
			return 0;
	return (bench_ticks() - start) / TIMES;
}

static uint64_t refused_call(void)
{
	uint64_t start = bench_ticks();

	for (unsigned i = 0; i < TIMES; i++) {
		struct platform_regs regs = { .header = 0x80 }; /* an operation that no primitive names */

		platform_invoke(PLATFORM_SUBMIT, &regs);
	}
	return (bench_ticks() - start) / TIMES;
}

/* A call to the null capability: the cheapest one that is refused for what it names. */
static uint64_t bad_capability(void)
{
	uint64_t start = bench_ticks();

	for (unsigned i = 0; i < TIMES; i++) {
		struct platform_regs regs = { 0 };

		platform_invoke(PLATFORM_SUBMIT, &regs);
	}
	return (bench_ticks() - start) / TIMES;
}

static void run_echo(struct local_thread *thread)
{
	struct platform_regs regs = { 0 };

	for (;;) {
		platform_invoke(PLATFORM_REPLY_WAIT, &regs);
		regs.header &= 0xff00;
	}
}

static enum status same_space(struct env *env)
{
	static struct local_thread thread;
	struct cap                 gate;

	TRY(local_thread_create(&thread, env, "echo", 0, 4096));
	TRY(cap_session_alloc(&env->cap_session, thread.thread, 1, &gate));
	TRY(local_thread_start(&thread, run_echo));
	bench_print("ipc_round_trip_same_space", round_trip(gate, 1), "instructions");
	TRY(cap_session_free(&env->cap_session, gate));
	cap_release(gate);
	local_thread_destroy(&thread);
	return STATUS_OK;
}

/* The waiting thread has the same priority, so the submitter goes on. */
static void run_wait(struct local_thread *thread)
{
	for (;;) {
		struct platform_regs regs = { 0 };

		platform_invoke(PLATFORM_WAIT, &regs);
	}
}

static enum status signals(struct env *env)
{
	static struct local_thread thread;
	struct signal_context      context;

	TRY(local_thread_create(&thread, env, "waiter", 1, 4096));
	TRY(signal_alloc_context(&env->signal, thread.thread, 1, &context));
	TRY(local_thread_start(&thread, run_wait));
	uint64_t start = bench_ticks();
	for (unsigned i = 0; i < TIMES; i++)
		TRY(signal_submit(context));
	bench_print("signal_no_switch", (bench_ticks() - start) / TIMES, "instructions");
	TRY(signal_free_context(&env->signal, context));
	cap_release(context.cap);
	local_thread_destroy(&thread);
	return STATUS_OK;
}

enum status component_construct(struct env *env)
{
	static struct bench bench;
	struct cap          echo, echo_cap;

	TRY(bench_open(&bench, env, ""));
	TRY(bench_echo(&bench, &echo));
	TRY(bench_echo_cap(&bench, &echo_cap));
	bench_print("ipc_round_trip", round_trip(echo, 1), "instructions");
	bench_print("ipc_round_trip_4_words", round_trip(echo, 4), "instructions");
	bench_print("ipc_round_trip_64_words", round_trip(echo, 64), "instructions");
	bench_print("ipc_round_trip_cap", round_trip_cap(echo_cap), "instructions");
	TRY(same_space(env));
	bench_print("rpc_round_trip", rpc_round_trip(&bench), "instructions");
	bench_print("syscall_null", refused_call(), "instructions");
	bench_print("syscall_bad_cap", bad_capability(), "instructions");
	TRY(signals(env));
	return env_exit(env, 0);
}
