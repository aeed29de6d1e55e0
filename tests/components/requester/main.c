/* SPDX-License-Identifier: MIT */
/*
 * Uses up its quota and asks its parent for more: as often as it is told with success, and then once in vain. What was
 * granted is used to the last byte and cap, and is not given back: that is for the parent to do.
 */
#include "../check.h"

#define PATIENCE_NS (300 * TIME_NS_PER_MS)

/* RAM in pieces of one page, until there is no more or `most` bytes are taken; `*bytes` is what that was. */
static enum status take_ram(struct env *env, uint64_t most, uint64_t *bytes)
{
	struct account_state state;
	struct dataspace     memory;

	/* One piece: whatever is left. Its selector is kept by nobody; the memory ends with the account. */
	TRY(account_info(env->account, &state));
	*bytes = MIN(most, state.ram_limit - state.ram_used);
	if (!*bytes)
		return STATUS_OK;
	TRY(ram_alloc(&env->ram, *bytes, RAM_CACHE_CACHED, 0, &memory));
	cap_release(memory.cap);
	return STATUS_OK;
}

/* Signal contexts, one cap each; none is kept. */
static enum status take_caps(struct env *env, uint64_t count)
{
	struct signal_context context;

	for (uint64_t i = 0; i < count; i++) {
		CHECK_STATUS(signal_alloc_context(&env->signal, env->main_thread, 0, &context), STATUS_OK);
		cap_release(context.cap);
	}
	return STATUS_OK;
}

static enum status grow(struct env *env, uint64_t ram, uint64_t caps)
{
	struct account_state before, after;
	struct dataspace     memory;
	uint64_t             left;

	/* At the very end, only what is asked for can help. */
	TRY(take_ram(env, UINT64_MAX, &left));
	if (ram)
		CHECK_STATUS(ram_alloc(&env->ram, PAGE_SIZE, RAM_CACHE_CACHED, 0, &memory), STATUS_OUT_OF_RAM);
	TRY(account_info(env->account, &before));
	CHECK_STATUS(env_request(env, ram, caps, time_now_ns() + PATIENCE_NS), STATUS_OK);
	TRY(account_info(env->account, &after));
	CHECK(after.ram_limit == before.ram_limit + ram && after.caps_limit == before.caps_limit + caps);
	TRY(take_caps(env, caps));
	TRY(take_ram(env, UINT64_MAX, &left));
	log_info("was given %lu bytes and %lu caps more, has %lu and %lu", ram, caps, after.ram_limit, after.caps_limit);
	return STATUS_OK;
}

enum status component_construct(struct env *env)
{
	struct node const    config = env_config(env);
	uint64_t const       ram    = node_bytes(config, "ram", 0, 0, UINT64_C(1) << 40);
	uint64_t const       caps   = node_u64(config, "caps", 0, 0, 100000);
	uint64_t const       times  = node_u64(config, "times", 0, 0, 20);
	struct account_state before, after;

	for (uint64_t i = 0; i < times; i++)
		TRY(grow(env, ram, caps));
	TRY(account_info(env->account, &before));
	CHECK_STATUS(env_request(env, ram, caps, time_now_ns() + PATIENCE_NS), STATUS_TIMEOUT);
	TRY(account_info(env->account, &after));
	CHECK(after.ram_limit == before.ram_limit && after.caps_limit == before.caps_limit);
	TRY(test_passed());
	return env_exit(env, 0);
}
