/* SPDX-License-Identifier: MIT */
/*
 * A child from start to end. Ending never waits: its threads stop and its account goes at once; sessions whose server has
 * not agreed yet keep their slots, and these the account that they are in, until it has, or is ended itself.
 */
#include "own.h"
#include "affinity.h"
#include "cost.h"
#include <base/attached.h>
#include <base/cap_alloc.h>
#include <base/log.h>
#include <base/string.h>
#include <base/time.h>

/* A binary with a page of data; which one it is, only the loader will know. */
static struct cost_image const smallest_image = { .mapped = 2, .data_bytes = PAGE_SIZE };

uint32_t sandbox_child_cpus(struct sandbox_child const *child)
{
	return affinity_mask(&child->sandbox->config.space, &child->start->affinity, child->sandbox->cpus);
}

/* --- Start --- */

/* The account for the slots, and the slots in it; it belongs to the sandbox, and so outlives the child's own. */
static enum status make_slots(struct sandbox_child *child)
{
	struct env                *env   = child->sandbox->env;
	struct config_start const *start = child->start;
	struct quota               quota;
	struct ram                 ram;
	uint32_t                   number;
	void                      *slots;

	quota = quota_of_slots(start->sessions, start->config_size);
	RPC_TRY(account_split_from(env->account, child->child.account, ACCOUNT_KIND_SESSION, start->name, quota.ram, quota.caps,
	                           &number, &child->slots_control, &child->slots_account));
	ram.connection.cap = child->slots_account.cap;
	RPC_TRY(ram_alloc(&ram, start->sessions * sizeof(struct session_slot), RAM_CACHE_CACHED, 0, &child->slots_memory));
	RPC_TRY(dataspace_attach(child->slots_memory, RM_ACCESS_WRITE, child->slots_account, &slots));
	child->slots = slots;
	child->slot_count = start->sessions;
	child->slots_from = 0;
	return config_rom_start(child);
}

static enum status start(struct sandbox_child *child)
{
	struct env        *env  = child->sandbox->env;
	struct child_args  args = {
		.name = child->start->name, .ram = child->start->ram.value, .caps = child->start->caps.value, .priority = child->start->priority,
		.affinity = sandbox_child_cpus(child), .cpu_share = (uint32_t)child->start->cpu.value * CPU_PARTS_PER_PERCENT,
		.platform = &child->sandbox->platform, .ep = &env->ep, .parent = &child->parent.object, .exited = &child->exited,
	};

	RPC_TRY(child_start(&child->child, env, &args));
	child->given = (struct quota) { args.ram, args.caps };
	RPC_TRY(make_slots(child));
	RPC_TRY(ep_signal(&env->ep, &child->refused, &child->refusal));
	return account_control_refusal_handler(child->child.control, child->refusal);
}

/* Whose quota was too small, the child's or the own? */
static void tell_failure(struct sandbox_child const *child, enum status status)
{
	struct config_start const *start  = child->start;
	struct config const       *config = &child->sandbox->config;
	struct quota const         need   = cost_of_start(start, 0, &smallest_image);
	struct account_state       state;
	uint64_t                   left_ram, left_caps;

	if (account_info(child->sandbox->env->account, &state) != STATUS_OK)
		return;
	left_ram = state.ram_limit - state.ram_used;
	left_caps = state.caps_limit - state.caps_used;
	if (status == STATUS_OUT_OF_RAM && left_ram < start->ram.value)
		explain_no_room(&deny_explanation, config, start, true, left_ram);
	else if (status == STATUS_OUT_OF_CAPS && left_caps < start->caps.value)
		explain_no_room(&deny_explanation, config, start, false, left_caps);
	else if (status == STATUS_OUT_OF_RAM || status == STATUS_OUT_OF_CAPS || status == STATUS_INVALID)
		explain_start(&deny_explanation, config, start, &need);
	else {
		log_error("cannot start \"%s\" (%s:%u): %s", start->name, config->file, start->at.line, status_name(status));
		return;
	}
	deny_write(child->sandbox);
}

void sandbox_child_begin(struct sandbox_child *child)
{
	enum status status;

	assert(child->state == CHILD_WAITING && !child->slots);
	child->state = CHILD_STARTING;
	child->ends_as = CHILD_ALIVE;
	child->beats_owed = 0;
	report_soon(child->sandbox);
	status = start(child);
	if (status == STATUS_OK) {
		if (child->sandbox->config.verbose)
			log_info("child \"%s\" runs \"%s\" with %lu bytes of RAM and %lu caps", child->start->name, child->start->binary,
			         child->start->ram.value, child->start->caps.value);
		return;
	}
	tell_failure(child, status);
	sandbox_child_end(child, CHILD_GIVEN_UP);
}

/* --- End --- */

static void close_sessions(struct sandbox_child *child)
{
	/* With the last of them, the slots may go. */
	for (unsigned i = 0; child->slots && i < child->slot_count; i++) {
		if (session_is_clients(&child->slots[i]))
			slot_close(&child->slots[i]);
	}
}

static void free_slots(struct sandbox_child *child)
{
	enum status status;

	config_rom_stop(child);
	if (child->slots)
		dataspace_detach(child->slots);
	child->slots = NULL;
	cap_release(child->slots_memory.cap);
	if (!cap_is_null(child->slots_control.cap)) {
		status = account_control_destroy(child->slots_control);
		assert(status == STATUS_OK);
	}
	cap_release(child->slots_account.cap);
	cap_release(child->slots_control.cap);
	child->slots_memory.cap = child->slots_account.cap = child->slots_control.cap = CAP_NULL;
}

void sandbox_child_slot_freed(struct sandbox_child *child)
{
	if (child_runs(child) || child->slots_used)
		return;
	free_slots(child);
	if (child->state == CHILD_WAITING || child->start == &child->removed)
		sandbox_work_soon(child->sandbox);
}

/* Why it has ended, as its start wants to know it. CHILD_ALIVE, which nobody ends as: it is not to be started again. */
static enum child_state after(struct sandbox_child *child, enum child_state state)
{
	struct config_start const *start = child->start;
	uint64_t                   now   = time_now_ns(), at;
	enum restart_reason        reason = state == CHILD_EXITED ? RESTART_EXIT : state == CHILD_HUNG ? RESTART_HANG : RESTART_FAULT;

	if (state == CHILD_STOPPING || state == CHILD_WAITING || (state == CHILD_EXITED && start->exit_propagates))
		return state;
	switch (restart_decide(&start->restart, &child->restarts, reason, now, &at)) {
	case RESTART_NEVER:
		return state;
	case RESTART_AGAIN:
		log_info("child \"%s\" is started again in %u ms (%u of %u within %u s)", child->name, child->restarts.backoff_ms, child->restarts.count,
		         start->restart.limit, start->restart.within_s);
		ep_timeout(&child->sandbox->env->ep, &child->again, at);
		return CHILD_BACKOFF;
	case RESTART_GIVE_UP:
		log_error("child \"%s\" has been started again %u times within %u s (%s:%u): it is given up", child->name, child->restarts.count,
		          start->restart.within_s, child->sandbox->config.file, start->restart.at.line);
		return CHILD_GIVEN_UP;
	}
	return state;
}

void sandbox_child_end(struct sandbox_child *child, enum child_state state)
{
	assert(child_runs(child) && state != CHILD_ALIVE && state != CHILD_STARTING);
	yield_forget(child);
	child->wanted = (struct quota) { 0, 0 };
	child->ended_as = child->ends_as = state;
	child->state = after(child, state);
	child_stop(&child->child);
	if (!cap_is_null(child->refusal.cap))
		ep_signal_end(&child->sandbox->env->ep, child->refusal);
	cap_release(child->news_signal.cap);
	cap_release(child->config_changed.cap);
	child->refusal.cap = child->news_signal.cap = child->config_changed.cap = CAP_NULL;
	child->news = 0;
	for (unsigned i = 0; i < child->service_count; i++)
		child->services[i].announced = false;
	close_sessions(child);
	serve_end(child);
	sandbox_child_slot_freed(child);
	report_soon(child->sandbox);
}

void sandbox_child_end_soon(struct sandbox_child *child, enum child_state state)
{
	child->ends_as = state;
	sandbox_work_soon(child->sandbox);
}

void sandbox_child_leave(struct sandbox_child *child)
{
	assert(!child_runs(child));
	ep_timeout_cancel(&child->sandbox->env->ep, &child->again);
	child->state = CHILD_STOPPING;
	serve_end(child);
}

void sandbox_child_forget(struct sandbox_child *child)
{
	struct config_start const *start = child->start;

	assert(!child_runs(child));
	child->removed = (struct config_start) {
		.name = child->name, .binary = "", .version = "", .at = start->at, .index = CONFIG_STARTS_MAX, .ram = start->ram, .caps = start->caps,
		.close_patience_ms = start->close_patience_ms, .sessions = start->sessions, .priority = start->priority,
	};
	child->start = &child->removed;
	child->services = NULL;
	child->service_count = 0;
	sandbox_work_soon(child->sandbox);
}
