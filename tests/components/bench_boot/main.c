/* SPDX-License-Identifier: MIT */
/*
 * Says how many instructions after the kernel's first one it runs: as init itself, or, with `client`, when it has its session at a
 * server. The clock counts nanoseconds from there, which are instructions under -icount.
 */
#include <base/component.h>
#include <base/time.h>
#include <bench/bench.h>

#include "../bench.h"

enum status component_construct(struct env *env)
{
	static struct bench bench;
	uint64_t            now = time_now_ns();

	if (node_bool(env_config(env), "client", false)) {
		TRY(bench_open(&bench, env, ""));
		now = time_now_ns();
		bench_print("boot_client", now, "instructions");
	} else {
		bench_print("boot_init", now, "instructions");
	}
	return STATUS_OK;
}
