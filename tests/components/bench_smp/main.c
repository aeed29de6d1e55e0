/* SPDX-License-Identifier: MIT */
/*
 * Measures what several CPUs cost each other. Under -icount all CPUs share one clock that counts the instructions of all of them, and a
 * CPU that waits costs none: so a figure is the sum of what both sides execute, and pairs of threads that share nothing need as many
 * instructions for each call as one pair alone.
 */
#include <base/cap_alloc.h>
#include <base/component.h>
#include <base/thread.h>

#include "../bench.h"

enum { TIMES = 1000, PAIR_TIMES = 20000, PAIRS = 4, STACK = 4096 };

static struct pair {
	struct local_thread client, server;
	struct cap          gate;
} pairs[PAIRS];

static struct signal_context there, back;

static void run_echo(struct local_thread *thread)
{
	struct platform_regs regs = { 0 };

	for (;;) {
		platform_invoke(PLATFORM_REPLY_WAIT, &regs);
		regs.header &= 0xff00;
	}
}

static void call_often(struct cap gate, unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		struct platform_regs regs = { .header = 1 << 8, .target = gate.selector, .w = { i } };

		platform_invoke(PLATFORM_CALL, &regs);
	}
}

static void run_client(struct local_thread *thread)
{
	call_often(pairs[thread->affinity].gate, PAIR_TIMES);
}

static enum status thread_on(struct env *env, struct local_thread *thread, uint32_t affinity)
{
	struct local_thread_want want = { .name = "bench", .stack_bytes = STACK, .affinity = affinity };

	return local_thread_create_on(thread, env, &want);
}

/* A thread on that CPU that answers calls. */
static enum status server_on(struct env *env, struct local_thread *thread, uint32_t affinity, struct cap *gate)
{
	TRY(thread_on(env, thread, affinity));
	TRY(cap_session_alloc(&env->cap_session, thread->thread, 1, gate));
	return local_thread_start(thread, run_echo);
}

static enum status measure_call(struct env *env)
{
	static struct local_thread server;
	struct cap                 gate;

	TRY(server_on(env, &server, 1, &gate));
	call_often(gate, 10);
	uint64_t start = bench_ticks();
	call_often(gate, TIMES);
	bench_print("ipc_round_trip_smp4", (bench_ticks() - start) / TIMES, "instructions");
	local_thread_destroy(&server);
	cap_release(gate);
	return STATUS_OK;
}

static void run_reflect(struct local_thread *thread)
{
	for (;;)
		if (signal_wait(there, 0) || signal_submit(back))
			return;
}

static enum status measure_signal(struct env *env)
{
	static struct local_thread reflector;

	TRY(thread_on(env, &reflector, 1));
	TRY(signal_alloc_context(&env->signal, reflector.thread, 1, &there));
	TRY(signal_alloc_context(&env->signal, env->main_thread, 1, &back));
	TRY(local_thread_start(&reflector, run_reflect));
	uint64_t start = 0;
	for (unsigned i = 0; i < TIMES + 10; i++) {
		if (i == 10)
			start = bench_ticks();
		TRY(signal_submit(there));
		TRY(signal_wait(back, 0));
	}
	bench_print("signal_round_trip_smp4", (bench_ticks() - start) / TIMES, "instructions");
	local_thread_destroy(&reflector);
	return STATUS_OK;
}

/* So many pairs at once, each on a CPU of its own. */
static enum status measure_pairs(struct env *env, unsigned count, char const *name)
{
	for (unsigned i = 0; i < count; i++) {
		TRY(server_on(env, &pairs[i].server, i, &pairs[i].gate));
		TRY(thread_on(env, &pairs[i].client, i));
	}
	uint64_t start = bench_ticks();
	for (unsigned i = 0; i < count; i++)
		TRY(local_thread_start(&pairs[i].client, run_client));
	for (unsigned i = 0; i < count; i++)
		local_thread_join(&pairs[i].client);
	bench_print(name, (bench_ticks() - start) / PAIR_TIMES / count, "instructions");
	for (unsigned i = 0; i < count; i++) {
		local_thread_destroy(&pairs[i].server);
		cap_release(pairs[i].gate);
	}
	return STATUS_OK;
}

enum status component_construct(struct env *env)
{
	TRY(measure_call(env));
	TRY(measure_signal(env));
	TRY(measure_pairs(env, 1, "ipc_pairs_1_smp4"));
	TRY(measure_pairs(env, 2, "ipc_pairs_2_smp4"));
	TRY(measure_pairs(env, 4, "ipc_pairs_4_smp4"));
	env_exit(env, 0);
	return STATUS_OK;
}
