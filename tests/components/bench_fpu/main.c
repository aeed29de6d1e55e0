/* SPDX-License-Identifier: MIT */
/* Measures a call between two heavy threads of different address spaces, each of which uses SSE and thread-local storage in each round. */
#include <base/cap_alloc.h>
#include <base/component.h>
#include <bench/bench.h>

#include "../bench.h"
#include "../bench_fpu.h"

#define TIMES 1000

static struct bench_tls tls;

static uint64_t round_trip(struct cap gate)
{
	uint64_t start = 0;

	for (unsigned i = 0; i < TIMES + 1; i++) {
		struct platform_regs regs = { .header = 1 << 8, .target = gate.selector, .w = { i } };

		platform_invoke(PLATFORM_CALL, &regs);
		bench_use_fpu(regs.w[0]);
		if (!i)
			start = bench_ticks(); /* the first one finds the server ready */
	}
	return (bench_ticks() - start) / TIMES;
}

enum status component_construct(struct env *env)
{
	struct bench bench;
	struct cap   echo;
	uint64_t     ticks, sum;

	TRY(bench_open(&bench, env, ""));
	TRY(bench_echo(&bench, &echo));
	TRY(bench_tls_init(&tls));
	__asm__ volatile("pxor %%xmm7, %%xmm7" : : : "xmm7");
	ticks = round_trip(echo);
	__asm__ volatile("movq %%xmm7, %0" : "=r"(sum));
	if (sum != (uint64_t)TIMES * (TIMES + 1) / 2 || tls.rounds != TIMES + 1) {
		log_error("the sum is %lu after %lu rounds", sum, tls.rounds);
		return STATUS_INTERNAL;
	}
	bench_print("ipc_round_trip_fpu", ticks, "instructions");
	return env_exit(env, 0);
}
