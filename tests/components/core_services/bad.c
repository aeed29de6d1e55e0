/* SPDX-License-Identifier: MIT */
/*
 * What core must refuse: wrong sizes, ranges that are unaligned, wrap around or lie in the kernel's half, capabilities that are dead, somebody else's or of
 * another kind, sessions closed twice or used after. A status each, no effect, and the account is to the byte what it was.
 */
#include "services.h"

#define KERNEL_HALF UINT64_C(0xffff800000000000)
#define USER_END    UINT64_C(0x7ffffffff000)

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
	struct dataspace       memory, dead;
	struct rm              space;
	struct signal_context  context;
	struct cap             own_gate;    /* served by this component */
	struct thread          thread;
} bad;

static enum status attach(struct dataspace memory, struct rm_attach_args args, struct account pay)
{
	uint64_t address;

	return rm_attach(&bad.space, memory, &args, pay, &address);
}

/* --- Ranges --- */

static enum status test_ranges(void)
{
	static struct rm_attach_args const ranges[] = {
		{ .offset = 1 }, { .offset = UINT64_MAX }, { .offset = 4 * PAGE_SIZE }, { .offset = 5 * PAGE_SIZE }, { .offset = -(uint64_t)PAGE_SIZE },
		{ .size = 1 }, { .size = PAGE_SIZE + 1 }, { .size = 5 * PAGE_SIZE }, { .size = UINT64_MAX }, { .size = -(uint64_t)PAGE_SIZE },
		{ .offset = 3 * PAGE_SIZE, .size = 2 * PAGE_SIZE }, { .offset = PAGE_SIZE, .size = -(uint64_t)PAGE_SIZE },
		{ .address = 1 }, { .address = PAGE_SIZE }, { .address = 0x400001 }, { .address = USER_END }, { .address = USER_END - PAGE_SIZE },
		{ .address = USER_END + PAGE_SIZE }, { .address = KERNEL_HALF }, { .address = UINT64_C(0x800000000000) }, { .address = -(uint64_t)PAGE_SIZE },
		{ .flags = RM_ATTACH_AT }, { .flags = 4 }, { .flags = UINT32_MAX }, { .access = RM_ACCESS_ALL },
	};
	static uint64_t const slots[] = { 0, 1, PAGE_SIZE, 0x70000001, USER_END, KERNEL_HALF, UINT64_C(0x7fffffff0000), UINT64_MAX, -(uint64_t)0x10000 };
	struct thread made;

	for (unsigned i = 0; i < ARRAY_SIZE(ranges); i++)
		REFUSED(attach(bad.memory, ranges[i], bad.env->account), STATUS_INVALID);
	REFUSED(attach(bad.memory, (struct rm_attach_args) { .access = (enum rm_access)17 }, bad.env->account), STATUS_PROTOCOL);
	for (unsigned i = 0; i < ARRAY_SIZE(slots); i++)
		REFUSED(cpu_create_thread(&bad.env->cpu, "bad", slots[i], &(struct thread_options) { 0 }, bad.env->account, &made), STATUS_INVALID);
	REFUSED(thread_start(bad.thread, 0x400000, 0x500000, 0), STATUS_BUSY);
	REFUSED(rm_detach(&bad.space, 0), STATUS_NOT_FOUND);
	REFUSED(rm_detach(&bad.space, KERNEL_HALF), STATUS_NOT_FOUND);
	REFUSED(rm_detach(&bad.space, UINT64_MAX), STATUS_NOT_FOUND);
	return STATUS_OK;
}

static enum status test_sizes(void)
{
	static uint64_t const aligns[] = { 3, PAGE_SIZE + 1, UINT64_MAX, UINT64_MAX - PAGE_SIZE + 1 };
	struct account_control control;
	struct account         use;
	struct dataspace       memory;
	struct ram             huge;
	struct rm              rm;

	REFUSED(ram_alloc(&bad.env->ram, 0, RAM_CACHE_CACHED, 0, &memory), STATUS_INVALID);
	REFUSED(ram_alloc(&bad.env->ram, UINT64_MAX, RAM_CACHE_CACHED, 0, &memory), STATUS_OUT_OF_RAM);
	REFUSED(ram_alloc(&bad.env->ram, UINT64_MAX - PAGE_SIZE + 1, RAM_CACHE_CACHED, 0, &memory), STATUS_OUT_OF_RAM);
	REFUSED(ram_alloc(&bad.env->ram, PAGE_SIZE, (enum ram_cache)7, 0, &memory), STATUS_PROTOCOL);
	for (unsigned i = 0; i < ARRAY_SIZE(aligns); i++)
		REFUSED(ram_alloc(&bad.env->ram, PAGE_SIZE, RAM_CACHE_CACHED, aligns[i], &memory), STATUS_INVALID);
	REFUSED(account_split(bad.env->account, ACCOUNT_KIND_SESSION, "", 1, 0, &control, &use), STATUS_INVALID);
	REFUSED(account_split(bad.env->account, ACCOUNT_KIND_SESSION, "", -(uint64_t)PAGE_SIZE, 0, &control, &use), STATUS_OUT_OF_RAM);
	REFUSED(account_split(bad.env->account, ACCOUNT_KIND_SESSION, "", 0, UINT64_MAX, &control, &use), STATUS_OUT_OF_CAPS);
	REFUSED(account_split(bad.env->account, ACCOUNT_KIND_COMPONENT, "", 0, 64, &control, &use), STATUS_INVALID);
	REFUSED(ram_transfer_quota(&bad.env->ram, bad.env->account, PAGE_SIZE), STATUS_DENIED);
	REFUSED(rm_open(&rm, bad.env, "", &(struct rm_args) { .size = UINT64_MAX }), STATUS_INVALID);
	REFUSED(rm_open(&rm, bad.env, "", &(struct rm_args) { .size = (UINT64_C(1) << 43) + 1 }), STATUS_INVALID);
	REFUSED(open_with(&huge.connection, bad.env, &ram_type, "", UINT64_C(1) << 62, 0), STATUS_OUT_OF_RAM);
	REFUSED(open_with(&huge.connection, bad.env, &ram_type, "", 0, UINT64_C(1) << 40), STATUS_OUT_OF_CAPS);
	return STATUS_OK;
}

/* --- Capabilities --- */

/* Each is none of the kind that is asked for. */
static enum status test_capabilities(void)
{
	struct cap const any[] = {
		CAP_NULL, bad.dead.cap, bad.own_gate, bad.context.cap, bad.env->account.cap, bad.env->rm.connection.cap, bad.env->pd.connection.cap,
		bad.env->cpu.connection.cap, bad.env->parent.cap, bad.memory.cap, bad.thread.cap,
	};
	struct signal_context context;
	struct account_control control;
	struct account use;
	struct thread  made;
	struct cap     gate;

	for (unsigned i = 0; i < ARRAY_SIZE(any); i++) {
		bool const null = cap_is_null(any[i]), account = any[i].selector == bad.env->account.cap.selector;
		bool const memory = any[i].selector == bad.memory.cap.selector, thread = any[i].selector == bad.thread.cap.selector;
		bool const signal = any[i].selector == bad.context.cap.selector;
		bool const empty = null || any[i].selector == bad.dead.cap.selector;    /* what is dead arrives as null */

		if (!memory) {
			REFUSED(ram_free(&bad.env->ram, (struct dataspace) { any[i] }), STATUS_BAD_CAP);
			REFUSED(attach((struct dataspace) { any[i] }, (struct rm_attach_args) { .size = PAGE_SIZE }, bad.env->account), STATUS_BAD_CAP);
		}
		if (!account && !empty) {
			REFUSED(attach(bad.memory, (struct rm_attach_args) { .size = PAGE_SIZE }, (struct account) { any[i] }), STATUS_BAD_CAP);
			REFUSED(cpu_create_thread(&bad.env->cpu, "bad", 0x70000000, &(struct thread_options) { 0 }, (struct account) { any[i] }, &made), STATUS_BAD_CAP);
		}
		if (!account) {
			REFUSED(account_split_from(bad.env->account, (struct account) { any[i] }, ACCOUNT_KIND_SESSION, "", 0, 0, &control, &use), STATUS_BAD_CAP);
			REFUSED(ram_transfer_quota(&bad.env->ram, (struct account) { any[i] }, PAGE_SIZE), STATUS_BAD_CAP);
			REFUSED(ram_ref_account(&bad.env->ram, (struct account) { any[i] }), STATUS_BAD_CAP);
		}
		if (!thread) {
			REFUSED(pd_bind_thread(&bad.env->pd, (struct thread) { any[i] }), STATUS_BAD_CAP);
			REFUSED(cpu_kill_thread(&bad.env->cpu, (struct thread) { any[i] }), STATUS_BAD_CAP);
			REFUSED(rm_add_client(&bad.space, (struct thread) { any[i] }), STATUS_BAD_CAP);
			REFUSED(cap_session_alloc(&bad.env->cap_session, (struct thread) { any[i] }, 0, &gate), STATUS_BAD_CAP);
			REFUSED(signal_alloc_context(&bad.env->signal, (struct thread) { any[i] }, 0, &context), STATUS_BAD_CAP);
		}
		if (!signal && !empty) {
			REFUSED(rm_fault_handler(&bad.space, (struct signal_context) { any[i] }), STATUS_BAD_CAP);
			REFUSED(thread_exception_handler(bad.thread, (struct signal_context) { any[i] }), STATUS_BAD_CAP);
		}
		if (!signal)
			REFUSED(signal_free_context(&bad.env->signal, (struct signal_context) { any[i] }), STATUS_BAD_CAP);
		/* The gate of the parent is paid by the child, who could free it, and would have no parent then. */
		if (any[i].selector != bad.own_gate.selector && any[i].selector != bad.env->parent.cap.selector)
			REFUSED(cap_session_free(&bad.env->cap_session, any[i]), STATUS_BAD_CAP);
	}
	return STATUS_OK;
}

/* An operation of one interface at an object of another. */
static enum status test_wrong_object(void)
{
	struct rm     rm = { .connection.cap = bad.memory.cap };
	struct cpu    cpu = { .connection.cap = bad.env->account.cap };
	struct thread made;
	uint64_t      address;

	REFUSED(rm_detach(&rm, 0), STATUS_PROTOCOL);
	REFUSED(rm_attach(&rm, bad.memory, &(struct rm_attach_args) { .size = PAGE_SIZE }, bad.env->account, &address), STATUS_PROTOCOL);
	REFUSED(cpu_create_thread(&cpu, "bad", 0x70000000, &(struct thread_options) { 0 }, bad.env->account, &made), STATUS_PROTOCOL);
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

enum status test_bad(struct env *env)
{
	static struct handler unused;

	bad.env = env;
	TRY(open_with(&bad.space.connection, env, &rm_type, "", 0, 0));
	TRY(ram_alloc(&env->ram, 4 * PAGE_SIZE, RAM_CACHE_CACHED, 0, &bad.memory));
	TRY(ram_alloc(&env->ram, PAGE_SIZE, RAM_CACHE_CACHED, 0, &bad.dead));
	TRY(ram_free(&env->ram, bad.dead));
	TRY(ep_signal(&env->ep, &unused, &bad.context));
	TRY(cap_session_alloc(&env->cap_session, env->main_thread, 16, &bad.own_gate));
	TRY(unbound_thread(env, &bad.thread));
	TRY(test_ranges());
	TRY(test_sizes());
	TRY(test_capabilities());
	TRY(test_wrong_object());
	TRY(test_closed());
	TRY(cpu_kill_thread(&env->cpu, bad.thread));
	TRY(cap_session_free(&env->cap_session, bad.own_gate));
	ep_signal_end(&env->ep, bad.context);
	TRY(ram_free(&env->ram, bad.memory));
	cap_release(bad.thread.cap);
	cap_release(bad.own_gate);
	cap_release(bad.memory.cap);
	cap_release(bad.dead.cap);
	connection_close(&bad.space.connection);
	return STATUS_OK;
}
