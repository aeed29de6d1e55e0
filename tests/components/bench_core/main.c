/* SPDX-License-Identifier: MIT */
/*
 * Measures core and the paths through init: sessions, memory, threads. Each figure is the mean of many repetitions after a first one.
 */
#include <base/cap_alloc.h>
#include <base/component.h>
#include <base/thread.h>
#include <bench/bench.h>
#include <log/log.h>

#include "../bench.h"

#define TIMES 100

static enum status measure(struct env *env, char const *name, enum status (*run)(struct env *env))
{
	TRY(run(env));
	uint64_t start = bench_ticks();
	for (unsigned i = 0; i < TIMES; i++)
		TRY(run(env));
	bench_print(name, (bench_ticks() - start) / TIMES, "instructions");
	return STATUS_OK;
}

static enum status session_core(struct env *env)
{
	static struct log log;

	TRY(log_open(&log, env, "bench"));
	log_close(&log);
	return STATUS_OK;
}

static enum status session_sibling(struct env *env)
{
	static struct bench bench;

	TRY(bench_open(&bench, env, ""));
	bench_close(&bench);
	return STATUS_OK;
}

static enum status ram_alloc_free(struct env *env)
{
	struct dataspace memory;

	TRY(ram_alloc(&env->ram, 4096, RAM_CACHE_CACHED, 0, &memory));
	TRY(ram_free(&env->ram, memory));
	cap_release(memory.cap);
	return STATUS_OK;
}

static struct dataspace sixty_four_kib;

static enum status rm_attach_detach(struct env *env)
{
	void *address;

	TRY(dataspace_attach(sixty_four_kib, RM_ACCESS_WRITE, env->account, &address));
	dataspace_detach(address);
	return STATUS_OK;
}

static enum status page_cycle(struct env *env)
{
	struct attached_ram ram;

	TRY(attached_ram_init(&ram, env->account, 4096));
	*(volatile char *)ram.address = 1;
	attached_ram_fini(&ram);
	return STATUS_OK;
}

static void nothing(struct local_thread *thread)
{
}

static enum status thread_cycle(struct env *env)
{
	static struct local_thread thread;

	TRY(local_thread_create(&thread, env, "cycle", 0, 4096));
	TRY(local_thread_start(&thread, nothing));
	local_thread_join(&thread);
	return STATUS_OK;
}

enum status component_construct(struct env *env)
{
	TRY(ram_alloc(&env->ram, 65536, RAM_CACHE_CACHED, 0, &sixty_four_kib));
	TRY(measure(env, "session_core", session_core));
	TRY(measure(env, "session_sibling", session_sibling));
	TRY(measure(env, "ram_alloc_free", ram_alloc_free));
	TRY(measure(env, "rm_attach_detach", rm_attach_detach));
	TRY(measure(env, "page_cycle", page_cycle));
	TRY(measure(env, "thread_cycle", thread_cycle));
	return env_exit(env, 0);
}
