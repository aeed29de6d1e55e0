/* SPDX-License-Identifier: MIT */
/*
 * Measures core and the paths through init: sessions, memory, threads. Each figure is the mean of many repetitions after a first one.
 * With `others`, it waits until that many sessions are open at the server, and names the figures after them: they must not grow.
 */
#include <base/cap_alloc.h>
#include <base/component.h>
#include <base/format.h>
#include <base/thread.h>
#include <bench/bench.h>
#include <cap_session/cap_session.h>
#include <io_mem/io_mem.h>
#include <io_port/io_port.h>
#include <irq/irq.h>
#include <log/log.h>
#include <ram/ram.h>
#include <rom/rom.h>
#include <signal/signal.h>

#include "../bench.h"

enum { TIMES = 100 };

static uint64_t others;    /* 0: the figures without a suffix */

static enum status measure(struct env *env, char const *name, enum status (*run)(struct env *env))
{
	uint64_t start, ticks;
	char     full[48];

	TRY(run(env));
	start = bench_ticks();
	for (unsigned i = 0; i < TIMES; i++)
		TRY(run(env));
	ticks = bench_ticks() - start;
	TRY(format(full, sizeof(full), others ? "%s_at_%lu" : "%s", name, others));
	bench_print(full, ticks / TIMES, "instructions");
	return STATUS_OK;
}

/* --- Sessions --- */

#define SESSION_CYCLE(figure, interface, ...)                           \
	static enum status figure(struct env *env)                      \
	{                                                               \
		static struct interface session;                        \
                                                                        \
		TRY(interface##_open(&session, env, __VA_ARGS__));      \
		interface##_close(&session);                            \
		return STATUS_OK;                                       \
	}

static struct irq_args const     any_line = { .number = 5 };
static struct io_port_args const a_port   = { .base = 0x80, .size = 1 };
static struct io_mem_args const  hpet     = { .base = 0xfed00000, .size = 1024 };

SESSION_CYCLE(session_core, log, "bench")
SESSION_CYCLE(session_sibling, bench, "")
SESSION_CYCLE(session_rom, rom, "bench_server")
SESSION_CYCLE(session_pd, pd, "bench")
SESSION_CYCLE(session_rm, rm, "bench", NULL)
SESSION_CYCLE(session_cpu, cpu, "bench", NULL)
SESSION_CYCLE(session_ram, ram, "bench")
SESSION_CYCLE(session_cap, cap_session, "bench")
SESSION_CYCLE(session_signal, signal, "bench")
SESSION_CYCLE(session_irq, irq, "bench", &any_line)
SESSION_CYCLE(session_io_port, io_port, "bench", &a_port)
SESSION_CYCLE(session_io_mem, io_mem, "bench", &hpet)

/* --- Memory --- */

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

/* Faults that core's region map resolves, each in a new region, whose attachment is not counted: one fault maps what is around it too. */
static enum status page_fault(struct env *env)
{
	uint64_t ticks = 0, start;
	void    *address;

	for (unsigned i = 0; i < TIMES; i++) {
		TRY(dataspace_attach(sixty_four_kib, RM_ACCESS_WRITE, env->account, &address));
		start = bench_ticks();
		*(char volatile *)address = 1;
		ticks += bench_ticks() - start;
		dataspace_detach(address);
	}
	bench_print("page_fault_core", ticks / TIMES, "instructions");
	return STATUS_OK;
}

/* --- Threads --- */

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

/* The same on a stack that is made for it, from nothing to nothing. */
static enum status thread_create_kill(struct env *env)
{
	static struct local_thread thread;

	TRY(local_thread_create(&thread, env, "kill", 0, 4096));
	local_thread_destroy(&thread);
	return STATUS_OK;
}

/* --- All of it --- */

static enum status wait_for_others(struct env *env)
{
	static struct bench bench;
	uint32_t            open = 0;

	TRY(bench_open(&bench, env, ""));
	while (open < others) {
		struct platform_regs regs = { 0 };

		TRY(bench_sessions(&bench, &open));
		platform_invoke(PLATFORM_YIELD, &regs);
	}
	bench_close(&bench);
	return STATUS_OK;
}

static enum status measure_each_service(struct env *env)
{
	TRY(measure(env, "session_rom", session_rom));
	TRY(measure(env, "session_pd", session_pd));
	TRY(measure(env, "session_rm", session_rm));
	TRY(measure(env, "session_cpu", session_cpu));
	TRY(measure(env, "session_ram", session_ram));
	TRY(measure(env, "session_cap", session_cap));
	TRY(measure(env, "session_signal", session_signal));
	TRY(measure(env, "session_irq", session_irq));
	TRY(measure(env, "session_io_port", session_io_port));
	return measure(env, "session_io_mem", session_io_mem);
}

enum status component_construct(struct env *env)
{
	others = node_u64(env_config(env), "others", 0, 0, 2000);
	if (others)
		TRY(wait_for_others(env));
	TRY(ram_alloc(&env->ram, 65536, RAM_CACHE_CACHED, 0, &sixty_four_kib));
	TRY(measure(env, "session_core", session_core));
	TRY(measure(env, "session_sibling", session_sibling));
	if (!others)
		TRY(measure_each_service(env));
	TRY(measure(env, "ram_alloc_free", ram_alloc_free));
	TRY(measure(env, "rm_attach_detach", rm_attach_detach));
	TRY(measure(env, "page_cycle", page_cycle));
	if (!others)
		TRY(page_fault(env));
	TRY(measure(env, "thread_cycle", thread_cycle));
	local_thread_trim();
	TRY(measure(env, "thread_create_kill", thread_create_kill));
	return env_exit(env, 0);
}
