/* SPDX-License-Identifier: MIT */
/*
 * Calls everything that it can reach, with anything: half of the calls as the interface wants them, the others with wrong sizes,
 * labels, capabilities and numbers. What comes back must be a status; how the others fare is for them to say. It spares only the
 * calls that would end itself.
 */
#include "unruly.h"

#include <base/cap_alloc.h>
#include <hello/hello.h>

static uint32_t seed_state;

uint32_t next_random(void)
{
	seed_state ^= seed_state << 13;
	seed_state ^= seed_state >> 17;
	seed_state ^= seed_state << 5;
	return seed_state;
}

/* Ends, stops or blinds the caller itself. */
static bool is_suicide(uint32_t label)
{
	return label == PARENT_OP_EXIT || label == THREAD_OP_PAUSE || label == PARENT_OP_SESSION_CLOSE;
}

/* What the answer brought: capabilities go to the pool, words are remembered. */
static void take_answer(struct rpc_call const *call, struct cap const *caps)
{
	struct utcb const *utcb = thread_utcb();
	char const        *out  = call->out;

	for (unsigned i = 0; i < call->out_words && i < RPC_WORDS; i++)
		message_remember(utcb->words[i]);
	for (unsigned i = 0; i < call->out_caps; i++) {
		char const *name = string_find_text(out, "cap ");
		size_t      size = 0;

		if (!name)
			return;
		for (name += 4; name[size] && name[size] != ' '; size++)
			;
		out = name + size;
		if (cap_is_null(caps[i]))
			continue;
		if (string_equal(call->name, "main_thread"))
			cap_release(caps[i]);    /* to kill that is suicide, too */
		else
			pool_add(caps[i], type_by_name(name, size), false);
	}
}

/* A call as it should be, but for its values. */
static enum status call_in_form(struct held const *target, unsigned op)
{
	struct rpc_call const *call  = &target->type->calls[op];
	uint32_t const         label = target->type->tag << 16 | op;
	struct cap             caps[RPC_CAPS_MAX];
	enum status            status;

	if (is_suicide(label))
		return STATUS_OK;
	message_fill(target->type, call);
	status = rpc_call_message(target->cap, rpc_request(label, call->in_words, call->in_caps, call->out_caps), call->out_words, caps);
	if (status == STATUS_OK)
		take_answer(call, caps);
	tally_count(target->type, op, status);
	return status;
}

/* A call with the wrong label, size or number of capabilities. */
static enum status call_out_of_form(struct held const *target)
{
	uint32_t const label  = one_in(2) ? next_random() : target->type->tag << 16 | next_random() % (target->type->call_count + 2);
	unsigned const words  = one_in(4) ? UTCB_WORDS : next_random() % UTCB_WORDS;
	unsigned const caps   = next_random() % (UTCB_CAPS + 1);
	unsigned const expect = next_random() % (UTCB_CAPS + 1);
	struct cap     got[RPC_CAPS_MAX];
	enum status    status;

	if (is_suicide(label))
		return STATUS_OK;
	message_fill_noise(words, caps);
	status = rpc_call_message(target->cap, rpc_request(label, words, caps, expect), 0, got);
	for (unsigned i = 0; status == STATUS_OK && i < expect; i++)
		cap_release(got[i]);
	return status;
}

static enum status attack(uint64_t calls)
{
	for (uint64_t i = 0; i < calls; i++) {
		struct held const target = *pool_of_type(all_types[next_random() % type_count]);
		enum status       status;

		if (!target.type)
			continue;
		status = one_in(2) ? call_out_of_form(&target) : call_in_form(&target, next_random() % target.type->call_count);
		if (!rpc_is_status(status) || status == STATUS_AGAIN || status == STATUS_NO_TABLE) {
			log_error("a call of %s ends with %u, which is no status for a client", target.type->name, status);
			return STATUS_PROTOCOL;
		}
	}
	return STATUS_OK;
}

static enum status fill_pool(struct env *env)
{
	static struct hello  hello;
	static struct rom    rom;
	static struct log    log;
	struct hello_counter counter;

	TRY(hello_open(&hello, env, "", NULL));
	TRY(hello_counter(&hello, &counter));
	TRY(rom_open(&rom, env, "config"));
	TRY(log_open(&log, env, "noise"));
	pool_add(env->parent.cap, &parent_type, true);
	pool_add(env->account.cap, &account_type, true);
	pool_add(env->account.cap, &ram_type, true);
	pool_add(env->account.cap, &cap_session_type, true);
	pool_add(env->account.cap, &signal_type, true);
	pool_add(env->pd.connection.cap, &pd_type, true);
	pool_add(env->rm.connection.cap, &rm_type, true);
	pool_add(env->cpu.connection.cap, &cpu_type, true);
	pool_add(hello.connection.cap, &hello_type, true);
	pool_add(counter.cap, &hello_counter_type, true);
	pool_add(rom.connection.cap, &rom_type, true);
	return STATUS_OK;
}

enum status component_construct(struct env *env)
{
	struct node    config = env_config(env);
	uint64_t const calls  = node_u64(config, "calls", 10000, 1, 100000000);

	seed_state = (uint32_t)node_u64(config, "seed", 1, 1, UINT32_MAX);
	log_info("seed %u, %lu calls", seed_state, calls);
	TRY(fill_pool(env));
	TRY(attack(calls));
	if (node_bool(config, "report", false))
		tally_print();
	log_info("done: %lu calls in form", tally_total());
	return env_exit(env, 0);
}
