/* SPDX-License-Identifier: MIT */
/*
 * What core must refuse, twice: each operation with wrong sizes, ranges that are unaligned, wrap around or lie in the kernel's half,
 * capabilities that are dead, somebody else's or of another kind (refusals.h); sessions that cannot be, and those that are closed twice or used
 * after. A status each, no effect, and the account is to the byte what it was.
 */
#include "refusals.h"

#include <io_mem/io_mem.h>
#include <io_port/io_port.h>
#include <irq/irq.h>
#include <trace/trace.h>

/* The expression ends with that status and leaves the books alone. */
#define REFUSED(expression, expected)                           \
	do {                                                    \
		struct books before_, after_;                   \
		TRY(books_read(bad.env, &before_));             \
		CHECK_STATUS(expression, expected);             \
		TRY(books_read(bad.env, &after_));              \
		CHECK(books_equal(&before_, &after_));          \
	} while (0)

static struct bad {
	struct env            *env;
	struct account_control control;
	struct account         part;           /* split off the component's */
	struct dataspace       memory, dead, memory_of_part;
	struct rm              space, space_of_domain;
	struct pd              domain;
	struct cpu             cpu;
	struct log             log;
	struct rom             rom;
	struct irq             irq;
	struct io_mem          io_mem;
	struct io_port         io_port;
	struct trace           trace;
	struct signal_context  context, context_of_part;
	struct cap             gate, gate_of_part;    /* served by this component */
	struct thread          unbound, bound, stopped, other;
} bad;

/* --- Sizes that the calls of refusals.h cannot have --- */

static enum status test_sizes(void)
{
	struct account_control control;
	struct account         use;
	struct ram             huge;
	struct rm              rm;

	REFUSED(account_split(bad.env->account, ACCOUNT_KIND_COMPONENT, "", 0, 64, &control, &use), STATUS_INVALID);
	REFUSED(rm_open(&rm, bad.env, "", &(struct rm_args) { .size = UINT64_MAX }), STATUS_INVALID);
	REFUSED(rm_open(&rm, bad.env, "", &(struct rm_args) { .size = (UINT64_C(1) << 43) + 1 }), STATUS_INVALID);
	REFUSED(open_with(&huge.connection, bad.env, &ram_type, "", UINT64_C(1) << 62, 0), STATUS_OUT_OF_RAM);
	REFUSED(open_with(&huge.connection, bad.env, &ram_type, "", 0, UINT64_C(1) << 40), STATUS_OUT_OF_CAPS);
	return STATUS_OK;
}

/* A thread that runs has a UTCB that it may look at, and was started once. */
static enum status test_states(void)
{
	REFUSED(thread_start(bad.env->main_thread, 0x400000, 0x500000, 0), STATUS_BUSY);
	REFUSED(thread_start(bad.unbound, 0x400000, 0x500000, 0), STATUS_BUSY);
	REFUSED(thread_start(bad.stopped, 0x400000, 0x500000, 0), STATUS_BUSY);
	REFUSED(thread_set_registers(bad.env->main_thread, &(struct thread_registers) { .ip = 0x400000 }), STATUS_BUSY);
	return STATUS_OK;
}

/* --- Sessions --- */

static enum status test_closed(void)
{
	struct session_status status;
	struct cap            second = CAP_NULL;
	struct rom            rom, after;
	struct dataspace      content;
	uint64_t              size;
	struct books          before, end;

	TRY(books_read(bad.env, &before));
	TRY(rom_open(&rom, bad.env, "poem"));
	TRY(parent_session_state(bad.env->parent, rom.connection.id, &status, &second));
	after.connection.cap = second;

	uint32_t const id = rom.connection.id;

	rom_close(&rom);
	CHECK_STATUS(rom_dataspace(&after, &content, &size), STATUS_PEER_GONE);
	TRY(parent_session_close(bad.env->parent, id, &status));    /* again: it is */
	CHECK(status.state == SESSION_STATE_CLOSED);
	CHECK_STATUS(parent_session_upgrade(bad.env->parent, id, 0, 1), STATUS_INVALID);
	TRY(parent_session_state(bad.env->parent, id, &status, &second));
	CHECK(status.state == SESSION_STATE_CLOSED);
	CHECK_STATUS(parent_session_close(bad.env->parent, 0, &status), STATUS_INVALID);
	CHECK_STATUS(parent_session_close(bad.env->parent, UINT32_MAX, &status), STATUS_INVALID);
	cap_release(after.connection.cap);
	TRY(books_read(bad.env, &end));
	CHECK(books_equal(&before, &end));
	return STATUS_OK;
}

/* --- All that calls are made with --- */

static enum status make_threads(struct env *env)
{
	struct thread_options const low = { .priority = 1 };

	TRY(open_with(&bad.cpu.connection, env, &cpu_type, "", 4 * PAGE_SIZE, 20));
	TRY(open_with(&bad.domain.connection, env, &pd_type, "domain", 0, 0));
	TRY(open_with(&bad.space_of_domain.connection, env, &rm_type, "", 16 * PAGE_SIZE, 20));
	TRY(unbound_thread(env, &bad.unbound));
	TRY(cpu_create_thread(&bad.cpu, "other", 0x70010000, &low, env->account, &bad.other));
	TRY(cpu_create_thread(&env->cpu, "bound", 0x70020000, &low, env->account, &bad.bound));
	TRY(cpu_create_thread(&env->cpu, "stopped", 0x70030000, &low, env->account, &bad.stopped));
	TRY(pd_bind_thread(&bad.domain, bad.bound));
	TRY(pd_bind_thread(&bad.domain, bad.stopped));
	TRY(rm_add_client(&bad.space_of_domain, bad.bound));
	TRY(rm_add_client(&bad.space_of_domain, bad.stopped));
	/* It is not its turn before this thread waits. */
	TRY(thread_start(bad.stopped, 0x400000, 0x500000, 0));
	return thread_pause(bad.stopped);
}

static enum status end_threads(struct env *env)
{
	struct thread const threads[] = { bad.unbound, bad.bound, bad.stopped };

	for (unsigned i = 0; i < ARRAY_SIZE(threads); i++) {
		TRY(cpu_kill_thread(&env->cpu, threads[i]));
		cap_release(threads[i].cap);
	}
	TRY(cpu_kill_thread(&bad.cpu, bad.other));
	cap_release(bad.other.cap);
	connection_close(&bad.domain.connection);
	connection_close(&bad.space_of_domain.connection);
	connection_close(&bad.cpu.connection);
	return STATUS_OK;
}

static enum status make_objects(struct env *env)
{
	struct ram                of_part;
	struct signal             signal_of_part;
	struct cap_session        gates_of_part;

	TRY(account_split(env->account, ACCOUNT_KIND_SESSION, "part", 4 * PAGE_SIZE, 20, &bad.control, &bad.part));
	of_part.connection.cap = signal_of_part.connection.cap = gates_of_part.connection.cap = bad.part.cap;
	TRY(ram_alloc(&env->ram, 4 * PAGE_SIZE, RAM_CACHE_CACHED, 0, &bad.memory));
	TRY(ram_alloc(&of_part, PAGE_SIZE, RAM_CACHE_CACHED, 0, &bad.memory_of_part));
	TRY(ram_alloc(&env->ram, PAGE_SIZE, RAM_CACHE_CACHED, 0, &bad.dead));
	TRY(ram_free(&env->ram, bad.dead));
	TRY(signal_alloc_context(&env->signal, env->main_thread, 0, &bad.context));
	TRY(signal_alloc_context(&signal_of_part, env->main_thread, 0, &bad.context_of_part));
	TRY(cap_session_alloc(&env->cap_session, env->main_thread, 16, &bad.gate));
	return cap_session_alloc(&gates_of_part, env->main_thread, 17, &bad.gate_of_part);
}

static enum status end_objects(struct env *env)
{
	struct cap const caps[] = {
		bad.memory.cap, bad.memory_of_part.cap, bad.dead.cap, bad.context.cap, bad.context_of_part.cap, bad.gate, bad.gate_of_part,
	};

	TRY(ram_free(&env->ram, bad.memory));
	TRY(signal_free_context(&env->signal, bad.context));
	TRY(cap_session_free(&env->cap_session, bad.gate));
	for (unsigned i = 0; i < ARRAY_SIZE(caps); i++)
		cap_release(caps[i]);
	return end_account(bad.control, bad.part);
}

static enum status open_sessions(struct env *env)
{
	TRY(open_with(&bad.space.connection, env, &rm_type, "", 0, 0));
	TRY(log_open(&bad.log, env, ""));
	TRY(rom_open(&bad.rom, env, "poem"));
	TRY(irq_open(&bad.irq, env, "", &(struct irq_args) { .number = 20 }));
	TRY(io_mem_open(&bad.io_mem, env, "", &(struct io_mem_args) { .base = 0xfed00000, .size = 1024 }));
	TRY(io_port_open(&bad.io_port, env, "", &(struct io_port_args) { .base = 0x70, .size = 2 }));
	return open_with(&bad.trace.connection, env, &trace_type, "", 0, 0);
}

static void close_sessions(void)
{
	connection_close(&bad.space.connection);
	log_close(&bad.log);
	rom_close(&bad.rom);
	irq_close(&bad.irq);
	io_mem_close(&bad.io_mem);
	io_port_close(&bad.io_port);
	connection_close(&bad.trace.connection);
}

static enum status test_refusals(struct env *env)
{
	struct thing const things[] = {
		{ THING_NULL, CAP_NULL }, { THING_DEAD, bad.dead.cap }, { 'a', env->account.cap }, { 'A', bad.part.cap }, { 'k', bad.control.cap },
		{ 'm', bad.memory.cap }, { 'M', bad.memory_of_part.cap }, { 's', bad.context.cap }, { 'S', bad.context_of_part.cap },
		{ 'g', bad.gate }, { 'G', bad.gate_of_part }, { 'r', bad.space.connection.cap }, { 'p', bad.domain.connection.cap },
		{ 'c', env->cpu.connection.cap }, { 't', env->main_thread.cap }, { 'u', bad.unbound.cap }, { 'b', bad.bound.cap },
		{ 'v', bad.stopped.cap }, { 'U', bad.other.cap }, { 'l', bad.log.connection.cap }, { 'o', bad.rom.connection.cap },
		{ 'i', bad.irq.connection.cap }, { 'w', bad.io_mem.connection.cap }, { 'x', bad.io_port.connection.cap },
		{ 'y', bad.trace.connection.cap }, { 'P', env->parent.cap }, { 0, CAP_NULL },
	};

	return refusals_test(env, things);
}

static enum status round(struct env *env)
{
	bad.env = env;
	TRY(make_objects(env));
	TRY(make_threads(env));
	TRY(open_sessions(env));
	TRY(test_refusals(env));
	TRY(test_sizes());
	TRY(test_states());
	TRY(test_closed());
	close_sessions();
	TRY(end_threads(env));
	return end_objects(env);
}

/* What the first round leaves behind for good, the heap's or the table's growth, the second does not. */
enum status component_construct(struct env *env)
{
	struct books before, after;

	TRY(round(env));
	TRY(books_read(env, &before));
	TRY(round(env));
	TRY(books_read(env, &after));
	CHECK(books_equal(&before, &after));
	return test_passed();
}
