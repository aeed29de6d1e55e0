/* SPDX-License-Identifier: MIT */
/* Holds so many LOG sessions, threads, dataspaces that are attached, and last sessions at a sibling, while others measure. */
#include <base/attached.h>
#include <base/component.h>
#include <base/thread.h>
#include <bench/bench.h>
#include <log/log.h>

enum { MOST = 125 };

static struct held {
	struct log          log;
	struct bench        bench;
	struct local_thread thread;
	struct attached_ram ram;
} held[MOST];

enum status component_construct(struct env *env)
{
	uint64_t const count = node_u64(env_config(env), "count", 1, 1, MOST);

	for (uint64_t i = 0; i < count; i++) {
		TRY(log_open(&held[i].log, env, "held"));
		TRY(local_thread_create(&held[i].thread, env, "held", 0, 4096));
		TRY(attached_ram_init(&held[i].ram, env->account, 4096));
	}
	for (uint64_t i = 0; i < count; i++)
		TRY(bench_open(&held[i].bench, env, ""));
	return STATUS_OK;
}
