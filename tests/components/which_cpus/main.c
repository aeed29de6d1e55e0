/* SPDX-License-Identifier: MIT */
/* Says which CPUs its threads can be on. */
#include <base/component.h>

enum status component_construct(struct env *env)
{
	uint32_t cpus;

	TRY(cpu_cpus(&env->cpu, &cpus));
	log_info("may be on 0x%x", cpus);
	return env_exit(env, 0);
}
