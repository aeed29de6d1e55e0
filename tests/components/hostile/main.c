/* SPDX-License-Identifier: MIT */
/*
 * Calls every operation of every interface that it can reach, with anything: half of the calls are as the interface describes them,
 * the others are twisted in one way. What comes back must be one of the statuses that the interface lists, with results of the
 * described form; after each epoch the own books must be what they were. How the others fare is for them to say.
 */
#include "hostile.h"

#include <base/signal.h>
#include <base/thread.h>

enum { EPOCH = 1500, TRIES = 60 };

static struct local_thread servant;

/* Gates and signal contexts of all kinds lead to it; it answers none of them. */
static void serve_nobody(struct local_thread *thread)
{
	for (;;) {
		struct platform_regs regs = { 0 };

		platform_invoke(PLATFORM_WAIT, &regs);
	}
}

/* What is there from the start, for the whole run. */
static enum status fill_pool(struct env *env)
{
	TRY(local_thread_create(&servant, env, "servant", 0, STACK_DEFAULT));
	TRY(local_thread_start(&servant, serve_nobody));
	TRY(thread_disconnect(servant.thread, false)); /* as any of the calls may do: it counts as there from the start */
	pool_add((struct held) { env->parent.cap, type_by_name("parent"), FIXED_IN_RUN, false });
	pool_add((struct held) { env->account.cap, type_by_name("account"), FIXED_IN_RUN, true });
	pool_add((struct held) { servant.thread.cap, type_by_name("thread"), FIXED_IN_RUN, false });
	return STATUS_OK;
}

/* The sessions that hostile stands on: they are known by the numbers that the parent gave out first. */
static void spare_own(struct env *env)
{
	spare_session(env->pd.connection.id);
	spare_session(env->rm.connection.id);
	spare_session(env->cpu.connection.id);
}

/* How often each was chosen; calls that only make what others need are not counted. */
static uint32_t chosen[INTERFACES_MAX];

/* Of three, the interface that was chosen least. */
static int choose_interface(void)
{
	int best = TYPE_NONE;

	for (unsigned i = 0; i < 3 || best == TYPE_NONE; i++) {
		int const interface = (int)below(described.interface_count);

		if (described.interfaces[interface].is_out_of_reach || !described.interfaces[interface].count)
			continue;
		if (best == TYPE_NONE || chosen[interface] < chosen[best])
			best = interface;
	}
	return best;
}

static unsigned choose_call(int interface)
{
	struct interface const *of   = &described.interfaces[interface];
	unsigned                call = of->first + (unsigned)below(of->count);

	for (unsigned i = 0; i < 4 && !tally_lacks(call); i++)
		call = of->first + (unsigned)below(of->count);
	return call;
}

/* Calls that hardly ever succeed by chance, and what has to come before them. */
static struct { char const *name[2], *before[3][2]; } const rows[] = {
	{ { "thread", "start" }, { { "cpu", "create_thread" }, { "pd", "bind_thread" }, { "rm", "add_client" } } },
	{ { "cap_session", "free" }, { { "cap_session", "alloc" } } },
	{ { "signal", "free_context" }, { { "signal", "alloc_context" } } },
	{ { "ram", "free" }, { { "ram", "alloc" } } },
	{ { "ram", "physical" }, { { "ram", "alloc" } } },
	{ { "rm", "detach" }, { { "rm", "attach" } } },
	{ { "parent", "session_upgrade" }, { { "parent", "session_open" } } },
};

static void attack_in_a_row(void)
{
	unsigned const row = (unsigned)below(ARRAY_SIZE(rows));

	pool_newest = true;
	for (unsigned i = 0; i <= ARRAY_SIZE(rows[row].before); i++) {
		char const *const *name = i < ARRAY_SIZE(rows[row].before) ? rows[row].before[i] : rows[row].name;

		if (name[0])
			(void)call_make(type_by_name(name[0]), call_of(name[0], name[1]), POLITE);
	}
	pool_newest = false;
}

static void attack_once(void)
{
	static uint8_t tries[INTERFACES_MAX];
	int const      interface = choose_interface();

	chosen[interface]++;
	if (one_in(32))
		attack_in_a_row();
	if (call_make(interface, choose_call(interface), one_in(2) ? POLITE : (enum twist)(1 + below(TWISTS - 1))))
		return;
	/* Nothing of that kind can be had: whoever could give it is not there. */
	if (!tally_calls_of(interface) && ++tries[interface] == TRIES)
		described.interfaces[interface].is_out_of_reach = true;
}

static uint64_t calls_so_far(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < described.interface_count; i++)
		sum += tally_calls_of((int)i);
	return sum;
}

static enum status attack(struct env *env, uint64_t calls)
{
	for (unsigned epoch = 0; calls_so_far() < calls; epoch++) {
		uint64_t const seed = random_seed;
		enum status    status;

		TRY(epoch_begin(env));
		for (unsigned i = 0; i < EPOCH; i++)
			attack_once();
		status = epoch_end(env);
		if (status != STATUS_OK)
			log_error("epoch %u, which begins with seed %lu, ends with %s", epoch, seed, status_name(status));
		TRY(status);
	}
	return STATUS_OK;
}

enum status component_construct(struct env *env)
{
	struct node const config = env_config(env);
	uint64_t const    calls  = node_u64(config, "calls", 10000, 1, 100000000);
	struct goals      goals  = {
		.each = node_u64(config, "each", 0, 0, calls), .successes = node_u64(config, "successes", 0, 0, calls),
	};
	unsigned missing;

	random_seed = node_u64(config, "seed", 1, 0, UINT64_MAX);
	log_info("seed %lu, %lu calls", random_seed, calls);
	TRY(describe(env));
	log_info("%u interfaces, %u calls, %u fields", described.interface_count, described.call_count, described.field_count);
	TRY(pool_init(env));
	TRY(call_init());
	TRY(sessions_init(env));
	TRY(fill_pool(env));
	spare_own(env);
	TRY(attack(env, calls));
	TRY(parent_news_handler(env->parent, env->news_context));
	missing = tally_print(&goals, config);
	log_info("%u violations, %u missing; %u epochs ended late", tally_violations(), missing, epochs_late());
	return env_exit(env, tally_violations() || missing);
}
