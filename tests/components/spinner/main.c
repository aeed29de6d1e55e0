/* SPDX-License-Identifier: MIT */
/* Computes for a while, and says how much of that time it had the CPU. */
#include <base/component.h>
#include <base/time.h>

enum { SPAN_MS = 600 };

enum status component_construct(struct env *env)
{
	uint64_t const start = time_now_ns();
	uint64_t       before, after;

	TRY(cpu_consumed(&env->cpu, &before));
	while (time_now_ns() < start + SPAN_MS * TIME_NS_PER_MS)
		;
	TRY(cpu_consumed(&env->cpu, &after));
	log_info("had %lu percent", (after - before) * 100 / (time_now_ns() - start));
	return env_exit(env, 0);
}
