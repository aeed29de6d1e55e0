/* SPDX-License-Identifier: MIT */
/* What all benchmarks use: the clock, and the form of a figure (`name value unit`, which tools/bench collects). */
#pragma once

#include <base/log.h>

static inline uint64_t bench_ticks(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static inline void bench_print(char const *name, uint64_t value, char const *unit)
{
	log_info("figure: %s %lu %s", name, value, unit);
}
