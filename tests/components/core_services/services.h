/* SPDX-License-Identifier: MIT */
/* What the tests of core's services share. */
#pragma once

#include "../check.h"

#include <base/connection.h>

enum { PATTERN = 0x5a };

MUST_CHECK enum status test_ram(struct env *env);
MUST_CHECK enum status test_cap(struct env *env);
MUST_CHECK enum status test_signal(struct env *env);
MUST_CHECK enum status test_pd(struct env *env);
MUST_CHECK enum status test_rm(struct env *env);
MUST_CHECK enum status test_rom(struct env *env);
MUST_CHECK enum status test_log(struct env *env);

/* A session with so much of its own. */
static inline MUST_CHECK enum status open_with(struct connection *connection, struct env *env, struct rpc_type const *type, char const *label,
                                               uint64_t ram, uint64_t caps)
{
	struct connection_request request = { .type = type, .label = label, .args = type->args_default, .ram = ram, .caps = caps };

	return connection_open_request(connection, env, &request);
}

/* An account split off the component's, of one page and a few caps; its control ends it. */
static inline MUST_CHECK enum status split_account(struct env *env, struct account_control *control, struct account *use)
{
	return account_split(env->account, ACCOUNT_KIND_SESSION, "split", PAGE_SIZE, 20, control, use);
}

static inline MUST_CHECK enum status end_account(struct account_control control, struct account use)
{
	TRY(account_control_destroy(control));
	cap_release(control.cap);
	cap_release(use.cap);
	return STATUS_OK;
}

/* A thread that is bound nowhere, in a slot that nobody uses. */
static inline MUST_CHECK enum status unbound_thread(struct env *env, struct thread *thread)
{
	return cpu_create_thread(&env->cpu, "unbound", 0x70000000, &(struct thread_options) { 0 }, env->account, thread);
}
