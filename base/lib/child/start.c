/* SPDX-License-Identifier: MIT */
/*
 * Starting and ending a child. The steps of the start each add one thing to struct child, in the order of its fields; the end
 * takes away whatever is there, so that a start that failed half-way is ended like any other child.
 */
#include <base/child.h>
#include <base/attached.h>
#include <base/cap_alloc.h>
#include <base/cost.h>
#include <base/stack.h>
#include <base/thread.h>

enum status child_platform_open(struct child_platform *platform, struct env *env)
{
	enum status status;
	uint64_t    size;

	RPC_TRY(rom_open(&platform->rom, env, "platform_page"));
	status = rom_dataspace(&platform->rom, &platform->page, &size);
	if (status)
		rom_close(&platform->rom);
	return status;
}

void child_platform_close(struct child_platform *platform)
{
	cap_release(platform->page.cap);
	rom_close(&platform->rom);
}

/* A session at core for the child, on the child's account. */
static enum status open_for(struct child *child, struct connection *connection, struct rpc_type const *type, struct child_args const *args,
                            void const *session_args)
{
	struct connection_request request = { .type = type, .label = args->name, .args = session_args, .pay = child->account.cap,
	                                      .affinity = args->affinity };

	return connection_open_request(connection, child->env, &request);
}

static enum status open_sessions(struct child *child, struct child_args const *args)
{
	struct cpu_args cpu_args = { .priority = args->priority };

	RPC_TRY(open_for(child, &child->pd.connection, &pd_type, args, NULL));
	RPC_TRY(open_for(child, &child->rm.connection, &rm_type, args, rm_type.args_default));
	RPC_TRY(open_for(child, &child->cpu.connection, &cpu_type, args, &cpu_args));
	if (!args->cpu_share)
		return STATUS_OK;
	RPC_TRY(cpu_upgrade(&child->cpu, 0, COST_BUDGET_CAPS));
	return cpu_give_share(&child->env->cpu, child->cpu.connection.cap, args->cpu_share,
	                      args->cpu_period_us ? args->cpu_period_us : CPU_PERIOD_DEFAULT_US);
}

static enum status make_thread(struct child *child, struct child_args const *args)
{
	struct thread_options options = { .idle_time = args->idle_time };

	RPC_TRY(cpu_create_thread(&child->cpu, "main", MAIN_STACK_SLOT, &options, child->account, &child->main_thread));
	RPC_TRY(pd_bind_thread(&child->pd, child->main_thread));
	RPC_TRY(rm_add_client(&child->rm, child->main_thread));
	if (!args->exited)
		return STATUS_OK;
	RPC_TRY(ep_signal(args->ep, args->exited, &child->exited));
	return thread_exception_handler(child->main_thread, child->exited);
}

static enum status fill_address_space(struct child *child, struct child_args const *args)
{
	struct rm_attach_args page  = { .address = PLATFORM_ADDRESS, .access = RM_ACCESS_EXECUTE };
	size_t const          stack = args->stack_bytes ? args->stack_bytes : STACK_DEFAULT;
	uint64_t              address;

	RPC_TRY(rm_attach(&child->rm, args->platform->page, &page, child->account, &address));
	return stack_attach(&child->rm, child->account, MAIN_STACK_SLOT, stack, &child->stack);
}

static enum status fill_slots(struct child *child, struct child_args const *args)
{
	RPC_TRY(ep_gate(args->ep, child->account, args->parent, &child->gate));
	RPC_TRY(pd_assign_parent(&child->pd, child->gate));
	RPC_TRY(pd_install(&child->pd, SLOT_ACCOUNT, child->account.cap));
	RPC_TRY(pd_install(&child->pd, SLOT_PD, child->pd.connection.cap));
	RPC_TRY(pd_install(&child->pd, SLOT_RM, child->rm.connection.cap));
	return pd_install(&child->pd, SLOT_CPU, child->cpu.connection.cap);
}

static enum status make(struct child *child, struct child_args const *args)
{
	/* The platform page is the same for all, so its loader is where it is in this component. */
	struct platform const *page = (struct platform const *)PLATFORM_ADDRESS;

	RPC_TRY(account_split(child->env->account, ACCOUNT_KIND_COMPONENT, args->name, args->ram, args->caps, &child->control, &child->account));
	RPC_TRY(open_sessions(child, args));
	RPC_TRY(make_thread(child, args));
	RPC_TRY(fill_address_space(child, args));
	RPC_TRY(fill_slots(child, args));
	return thread_start(child->main_thread, page->loader, MAIN_STACK_SLOT + STACK_SLOT_UTCB, 0);
}

enum status child_start(struct child *child, struct env *env, struct child_args const *args)
{
	enum status status;

	*child = (struct child) { .env = env, .ep = args->ep };
	status = make(child, args);
	if (status)
		child_stop(child);
	return status;
}

void child_stop(struct child *child)
{
	enum status status;

	if (!cap_is_null(child->control.cap)) {
		/*
		 * Core first stops all threads in it and in its children, so that none sees the rest go. With it go the three sessions, the stack,
		 * the gate and all that the child made: what is left here are selectors and, at the parents, the names of sessions.
		 */
		status = account_control_destroy(child->control);
		assert(status == STATUS_OK);
	}
	connection_close(&child->cpu.connection);
	connection_close(&child->rm.connection);
	connection_close(&child->pd.connection);
	if (!cap_is_null(child->exited.cap))
		ep_signal_end(child->ep, child->exited);
	cap_release(child->gate);
	cap_release(child->stack.cap);
	cap_release(child->main_thread.cap);
	cap_release(child->account.cap);
	cap_release(child->control.cap);
	*child = (struct child) { .env = NULL };
}
