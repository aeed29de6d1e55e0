/* SPDX-License-Identifier: MIT */
/* What both sides of the FPU measurement do in each round: an addition in an SSE register and a word of thread-local storage. */
#pragma once

#include <base/thread.h>

/* At the FS base: its own address first, as compilers want it. */
struct bench_tls {
	struct bench_tls *self;
	uint64_t          rounds;
};

static inline enum status bench_tls_init(struct bench_tls *tls)
{
	tls->self = tls;
	return thread_set_tls((uint64_t)tls);
}

/* xmm7 counts; nothing else uses it, since base is built without. */
static inline void bench_use_fpu(uint64_t value)
{
	__asm__ volatile("movq %0, %%xmm6\n\tpaddq %%xmm6, %%xmm7\n\tincq %%fs:8" : : "r"(value) : "xmm6", "memory");
}
