/* SPDX-License-Identifier: MIT */
/*
 * Spends more than it has: RAM until core says OUT_OF_RAM, gives all of it back and gets the same amount again; then
 * capabilities until core says OUT_OF_CAPS; as often as it is told. At the end it keeps what it has: getting that back is its
 * parent's part.
 */
#include <base/cap_alloc.h>
#include <base/component.h>

enum { HOLDINGS = 2048, PIECE = 4 * PAGE_SIZE };

static struct dataspace      memory[HOLDINGS];
static struct signal_context contexts[HOLDINGS];

/* Allocates until that fails; `*count` pieces are held then. */
static enum status spend_ram(struct env *env, unsigned *count)
{
	enum status status = STATUS_OK;

	for (*count = 0; *count < HOLDINGS; ++*count) {
		status = ram_alloc(&env->ram, PIECE, RAM_CACHE_CACHED, 0, &memory[*count]);
		if (status)
			break;
	}
	return status;
}

static enum status give_back_ram(struct env *env, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		TRY(ram_free(&env->ram, memory[i]));
		cap_release(memory[i].cap);
	}
	return STATUS_OK;
}

static enum status spend_caps(struct env *env, unsigned *count)
{
	enum status status = STATUS_OK;

	for (*count = 0; *count < HOLDINGS; ++*count) {
		status = signal_alloc_context(&env->signal, env->main_thread, 0, &contexts[*count]);
		if (status)
			break;
	}
	return status;
}

static enum status give_back_caps(struct env *env)
{
	for (unsigned i = 0; i < HOLDINGS && !cap_is_null(contexts[i].cap); i++) {
		TRY(signal_free_context(&env->signal, contexts[i]));
		cap_release(contexts[i].cap);
		contexts[i].cap = CAP_NULL;
	}
	return STATUS_OK;
}

/* Prints the account, and what core last refused to whom. */
static enum status print_account(struct env *env)
{
	static char const *const names[] = { "nothing", "RAM", "caps" };
	struct account_state     state;

	TRY(account_info(env->account, &state));
	log_info("account: RAM %lu of %lu KiB, caps %lu of %lu; last refused: %lu of %s", state.ram_used >> 10, state.ram_limit >> 10,
	         state.caps_used, state.caps_limit, state.refused_amount, names[state.refused]);
	return STATUS_OK;
}

static enum status spend_and_return(struct env *env)
{
	unsigned    pieces, again, caps;
	enum status status;

	status = spend_ram(env, &pieces);
	log_info("spent %lu KiB of RAM, then: %s", (unsigned long)pieces * PIECE >> 10, status_name(status));
	TRY(print_account(env));
	TRY(give_back_ram(env, pieces));
	TRY(spend_ram(env, &again) == STATUS_OUT_OF_RAM && again == pieces ? STATUS_OK : STATUS_INTERNAL);
	TRY(give_back_ram(env, again));
	log_info("gave it back, and got as much again");
	status = spend_caps(env, &caps);
	log_info("spent %u caps, then: %s", caps, status_name(status));
	return print_account(env);
}

enum status component_construct(struct env *env)
{
	uint64_t const rounds = node_u64(env_config(env), "rounds", 1, 1, 1000);

	for (uint64_t round = 1; ; round++) {
		TRY(print_account(env));
		TRY(spend_and_return(env));
		if (round == rounds)
			return env_exit(env, 0);
		TRY(give_back_caps(env));
	}
}
