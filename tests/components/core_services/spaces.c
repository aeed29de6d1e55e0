/* SPDX-License-Identifier: MIT */
/* SIGNAL, PD and RM. */
#include "services.h"

enum { TABLE_START = 128 * 32 };

enum status test_signal(struct env *env)
{
	static struct handler unused;
	struct signal         session;
	struct signal_context context, own;
	struct thread         unbound;

	TRY(open_with(&session.connection, env, &signal_type, "", 0, 10));
	TRY(unbound_thread(env, &unbound));
	TRY(signal_alloc_context(&session, env->main_thread, (uint64_t)&unused, &context));
	TRY(signal_submit(context));
	TRY(signal_submit(context));
	TRY(signal_wait(context, 0));
	CHECK_STATUS(signal_wait(context, time_now_ns() + TIME_NS_PER_MS), STATUS_TIMEOUT);    /* both came as one */
	TRY(signal_submit(context));
	CHECK_STATUS(signal_free_context(&env->signal, context), STATUS_NOT_FOUND);
	TRY(signal_free_context(&session, context));
	CHECK_STATUS(signal_submit(context), STATUS_PEER_GONE);
	CHECK_STATUS(signal_free_context(&session, context), STATUS_BAD_CAP);
	cap_release(context.cap);
	CHECK_STATUS(signal_alloc_context(&session, unbound, 16, &context), STATUS_INVALID);
	CHECK_STATUS(signal_alloc_context(&session, (struct thread) { env->account.cap }, 16, &context), STATUS_BAD_CAP);

	/* What is left ends with the session. */
	TRY(signal_alloc_context(&session, env->main_thread, (uint64_t)&unused, &own));
	connection_close(&session.connection);
	CHECK_STATUS(signal_submit(own), STATUS_PEER_GONE);
	cap_release(own.cap);
	TRY(cpu_kill_thread(&env->cpu, unbound));
	cap_release(unbound.cap);
	return STATUS_OK;
}

static enum status invoke(enum platform_primitive primitive, struct cap target, struct cap to)
{
	struct platform_regs regs = { .target = target.selector, .w = { to.selector, RIGHTS_ALL } };

	platform_invoke(primitive, &regs);
	return platform_status(regs.header);
}

/* What was installed is a copy of the caller's own capability, and gone when that is revoked, core's gates included. */
static enum status revocation_reaches(struct pd *pd, unsigned slot, struct cap cap)
{
	struct cap copy;

	TRY(cap_reserve(&copy));
	TRY(invoke(PLATFORM_CAP_COPY, cap, copy));
	for (unsigned i = 0; i < 2; i++) {
		TRY(pd_install(pd, slot, copy));
		CHECK_STATUS(pd_install(pd, slot, copy), STATUS_BUSY);
		TRY(invoke(PLATFORM_CAP_REVOKE, copy, CAP_NULL));
	}
	cap_release(copy);
	return STATUS_OK;
}

enum status test_pd(struct env *env)
{
	struct pd              pd;
	struct rm              rm;
	struct thread          thread, main;
	struct account_control control;
	struct account         use;
	struct signal_context  context;
	uint64_t               limit;

	TRY(open_with(&pd.connection, env, &pd_type, "domain", 0, 0));
	TRY(open_with(&rm.connection, env, &rm_type, "", 16 * PAGE_SIZE, 20));
	TRY(split_account(env, &control, &use));
	CHECK_STATUS(pd_main_thread(&pd, &main), STATUS_NOT_FOUND);
	TRY(unbound_thread(env, &thread));
	CHECK_STATUS(rm_add_client(&rm, thread), STATUS_BUSY);
	TRY(pd_bind_thread(&pd, thread));
	CHECK_STATUS(pd_bind_thread(&pd, thread), STATUS_BUSY);
	CHECK_STATUS(pd_bind_thread(&env->pd, thread), STATUS_BUSY);
	TRY(pd_main_thread(&pd, &main));
	TRY(pd_assign_parent(&pd, env->parent.cap));
	CHECK_STATUS(pd_assign_parent(&pd, env->parent.cap), STATUS_BUSY);
	CHECK_STATUS(pd_install(&pd, 1, env->account.cap), STATUS_INVALID);
	CHECK_STATUS(pd_install(&pd, 6, env->account.cap), STATUS_INVALID);
	TRY(pd_install(&pd, 2, env->account.cap));
	CHECK_STATUS(pd_install(&pd, 2, env->account.cap), STATUS_BUSY);
	CHECK_STATUS(pd_install(&pd, 3, CAP_NULL), STATUS_BAD_CAP);
	TRY(revocation_reaches(&pd, 3, env->account.cap));
	TRY(signal_alloc_context(&env->signal, env->main_thread, 0, &context));
	TRY(revocation_reaches(&pd, 4, context.cap));
	TRY(signal_free_context(&env->signal, context));
	cap_release(context.cap);
	CHECK_STATUS(pd_grow_table(&pd, use, &limit), STATUS_BAD_CAP);    /* it can end before the domain */
	TRY(pd_grow_table(&pd, env->account, &limit));
	CHECK(limit == 2 * TABLE_START);
	TRY(rm_add_client(&rm, thread));
	CHECK_STATUS(rm_add_client(&rm, thread), STATUS_BUSY);
	CHECK_STATUS(rm_add_client(&env->rm, thread), STATUS_BUSY);
	cap_release(main.cap);
	connection_close(&pd.connection);
	CHECK_STATUS(rm_add_client(&rm, thread), STATUS_BUSY);    /* its domain is gone, and with it what it was bound to */
	TRY(cpu_kill_thread(&env->cpu, thread));
	CHECK_STATUS(cpu_kill_thread(&env->cpu, thread), STATUS_BAD_CAP);
	cap_release(thread.cap);
	connection_close(&rm.connection);
	return end_account(control, use);
}

static enum status attach(struct rm *rm, struct env *env, struct dataspace memory, struct rm_attach_args args)
{
	uint64_t address;

	return rm_attach(rm, memory, &args, env->account, &address);
}

/* RAM that is nothing but a region: zeroed, writable, and back to the byte when it is detached. */
static enum status attached_and_detached(struct env *env)
{
	struct account_state before, now;
	char                *memory;
	void                *address;

	TRY(account_info(env->account, &before));
	for (unsigned i = 0; i < 2; i++) {
		TRY(ram_attach(env->account, 20 * PAGE_SIZE - 1, &address));
		memory = address;
		for (unsigned at = 0; at < 20 * PAGE_SIZE; at += PAGE_SIZE / 2) {
			CHECK(!memory[at]);
			memory[at] = 1;
		}
		TRY(account_info(env->account, &now));
		CHECK(now.ram_used >= before.ram_used + 20 * PAGE_SIZE && now.caps_used == before.caps_used + 3);
		dataspace_detach(address);
	}
	TRY(account_info(env->account, &now));
	CHECK(now.ram_used == before.ram_used && now.caps_used == before.caps_used);
	CHECK_STATUS(ram_attach(env->account, 0, &address), STATUS_INVALID);
	CHECK_STATUS(ram_attach(env->account, SIZE_MAX, &address), STATUS_OUT_OF_RAM);
	return STATUS_OK;
}

enum status test_rm(struct env *env)
{
	struct rm_args        size = { .size = 4 * PAGE_SIZE };
	struct rm             space, managed;
	struct dataspace      memory, inner, readonly;
	struct attached_rom   rom;
	struct signal_context handler;
	static struct handler unused;
	enum rm_fault         fault;
	uint64_t              address;

	TRY(open_with(&space.connection, env, &rm_type, "", 0, 0));
	TRY(rm_open(&managed, env, "", &size));
	TRY(ram_alloc(&env->ram, 4 * PAGE_SIZE, RAM_CACHE_CACHED, 0, &memory));
	TRY(attached_rom_open(&rom, env, "poem"));
	TRY(rom_dataspace(&rom.rom, &readonly, &address));

	TRY(attach(&space, env, memory, (struct rm_attach_args) { .address = 0x400000, .access = RM_ACCESS_WRITE }));
	CHECK_STATUS(attach(&space, env, memory, (struct rm_attach_args) { .address = 0x403000, .access = RM_ACCESS_WRITE }), STATUS_EXISTS);
	CHECK_STATUS(attach(&space, env, memory, (struct rm_attach_args) { .address = 0x3fd000, .access = RM_ACCESS_WRITE }), STATUS_EXISTS);
	TRY(attach(&space, env, memory, (struct rm_attach_args) { .address = 0x404000, .offset = PAGE_SIZE, .size = PAGE_SIZE, .access = RM_ACCESS_EXECUTE }));
	CHECK_STATUS(attach(&space, env, readonly, (struct rm_attach_args) { .access = RM_ACCESS_WRITE }), STATUS_DENIED);
	CHECK_STATUS(attach(&space, env, memory, (struct rm_attach_args) { .access = RM_ACCESS_ALL }), STATUS_INVALID);
	CHECK_STATUS(rm_dataspace(&space, &inner), STATUS_UNSUPPORTED);
	TRY(rm_detach(&space, 0x400000));
	CHECK_STATUS(rm_detach(&space, 0x400000), STATUS_NOT_FOUND);
	CHECK_STATUS(rm_detach(&space, 0x404001), STATUS_NOT_FOUND);
	TRY(rm_detach(&space, 0x404000));

	TRY(rm_dataspace(&managed, &inner));
	CHECK_STATUS(attach(&space, env, inner, (struct rm_attach_args) { .access = RM_ACCESS_ALL }), STATUS_DENIED);
	TRY(attach(&managed, env, memory, (struct rm_attach_args) { .size = 3 * PAGE_SIZE }));
	CHECK_STATUS(attach(&managed, env, memory, (struct rm_attach_args) { .size = 2 * PAGE_SIZE }), STATUS_NOT_FOUND);
	CHECK_STATUS(rm_attach_ram(&managed, 2 * PAGE_SIZE, env->account, &address), STATUS_NOT_FOUND);
	TRY(rm_attach_ram(&managed, PAGE_SIZE, env->account, &address));
	CHECK(address == 3 * PAGE_SIZE);
	TRY(rm_detach(&managed, address));
	TRY(attached_and_detached(env));
	CHECK_STATUS(attach(&managed, env, memory, (struct rm_attach_args) { .flags = RM_ATTACH_AT, .size = PAGE_SIZE }), STATUS_EXISTS);
	CHECK_STATUS(attach(&managed, env, memory, (struct rm_attach_args) { .address = 4 * PAGE_SIZE, .size = PAGE_SIZE }), STATUS_INVALID);
	TRY(ep_signal(&env->ep, &unused, &handler));
	TRY(rm_fault_handler(&managed, handler));
	TRY(rm_state(&managed, &fault, &address));
	CHECK(fault == RM_FAULT_NONE && !address);
	TRY(rm_fault_handler(&managed, (struct signal_context) { CAP_NULL }));
	ep_signal_end(&env->ep, handler);

	cap_release(readonly.cap);
	attached_rom_close(&rom);
	connection_close(&managed.connection);
	CHECK_STATUS(attach(&space, env, inner, (struct rm_attach_args) { .access = RM_ACCESS_ALL, .flags = RM_ATTACH_MANAGED }), STATUS_BAD_CAP);
	cap_release(inner.cap);
	connection_close(&space.connection);
	TRY(ram_free(&env->ram, memory));
	cap_release(memory.cap);
	return STATUS_OK;
}
