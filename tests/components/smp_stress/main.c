/* SPDX-License-Identifier: MIT */
/*
 * Random calls, signals and locks between threads on all CPUs, while others are ended in mid call and memory comes and goes. Nothing
 * may be lost or counted twice, nobody may hang, and in the end everything is back.
 */
#include <base/attached.h>
#include <base/signal.h>
#include <base/thread.h>
#include "../check.h"

enum { SERVERS = 4, WORKERS = 8, STACK = 4096, MEMORY = 16 << 12 };

static struct shared {
	struct local_thread   servers[SERVERS], workers[WORKERS], counter;
	struct cap            gates[SERVERS];
	struct signal_context signal;
	struct mutex          mutex;
	uint64_t              seed, rounds;
	uint64_t              turns;              /* guarded by the mutex */
	uint64_t              submitted, counted; /* signals */
	uint64_t              wrong;              /* answers */
} shared;

static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void run_server(struct local_thread *thread)
{
	struct platform_regs regs = { 0 };

	for (;;) {
		platform_invoke(PLATFORM_REPLY_WAIT, &regs);
		regs.header &= 0xff00;
		regs.w[0]++;
	}
}

static void run_counter(struct local_thread *thread)
{
	for (;;) {
		struct platform_regs regs = { 0 };

		platform_invoke(PLATFORM_WAIT, &regs);
		__atomic_add_fetch(&shared.counted, regs.w[0], __ATOMIC_RELAXED);
	}
}

/* A call with up to 40 words to one of the servers. */
static void call_one(uint64_t random)
{
	struct platform_regs regs = { .header = (1 + random % 40) << 8, .target = shared.gates[random / 64 % SERVERS].selector, .w = { random } };

	platform_invoke(PLATFORM_CALL, &regs);
	if (platform_status(regs.header) != STATUS_OK || regs.w[0] != random + 1)
		__atomic_add_fetch(&shared.wrong, 1, __ATOMIC_RELAXED);
}

static void run_worker(struct local_thread *thread)
{
	uint64_t state = shared.seed + (uint64_t)(thread - shared.workers) * 7919;

	for (uint64_t i = 0; i < shared.rounds; i++) {
		uint64_t random = random_next(&state);

		if (random % 8 < 5) {
			call_one(random >> 8);
		} else if (random % 8 < 7) {
			if (signal_submit(shared.signal) == STATUS_OK)
				__atomic_add_fetch(&shared.submitted, 1, __ATOMIC_RELAXED);
		} else {
			mutex_lock(&shared.mutex);
			uint64_t turns = shared.turns;

			call_one(random >> 8);
			shared.turns = turns + 1;
			mutex_unlock(&shared.mutex);
		}
	}
}

/* Is ended in the middle of something. */
static void run_victim(struct local_thread *thread)
{
	uint64_t state = shared.seed;

	for (;;)
		call_one(random_next(&state));
}

static enum status thread_on(struct env *env, struct local_thread *thread, uint32_t affinity, void (*entry)(struct local_thread *))
{
	struct local_thread_want want = { .name = "stress", .stack_bytes = STACK, .affinity = affinity };

	TRY(local_thread_create_on(thread, env, &want));
	return entry == run_server || entry == run_counter ? STATUS_OK : local_thread_start(thread, entry);
}

static enum status start(struct env *env)
{
	for (unsigned i = 0; i < SERVERS; i++) {
		TRY(thread_on(env, &shared.servers[i], i, run_server));
		TRY(cap_session_alloc(&env->cap_session, shared.servers[i].thread, 1, &shared.gates[i]));
		TRY(local_thread_start(&shared.servers[i], run_server));
	}
	TRY(thread_on(env, &shared.counter, 2, run_counter));
	TRY(signal_alloc_context(&env->signal, shared.counter.thread, 1, &shared.signal));
	TRY(local_thread_start(&shared.counter, run_counter));
	for (unsigned i = 0; i < WORKERS; i++)
		TRY(thread_on(env, &shared.workers[i], i, run_worker));
	return STATUS_OK;
}

/* A thread that is ended in mid call, and memory that all CPUs have seen and that goes. */
static enum status disturb(struct env *env, uint32_t affinity)
{
	static struct local_thread victim;
	struct attached_ram        ram;

	TRY(thread_on(env, &victim, affinity, run_victim));
	TRY(attached_ram_init(&ram, env->account, MEMORY));
	for (unsigned i = 0; i < MEMORY; i += 4096)
		((volatile char *)ram.address)[i] = (char)i;
	attached_ram_fini(&ram);
	local_thread_destroy(&victim);
	return STATUS_OK;
}

static enum status stress(struct env *env, unsigned victims)
{
	TRY(start(env));
	for (unsigned i = 0; i < victims; i++)
		TRY(disturb(env, i));
	for (unsigned i = 0; i < WORKERS; i++)
		local_thread_join(&shared.workers[i]);
	for (unsigned i = 0; i < 1000000 && __atomic_load_n(&shared.counted, __ATOMIC_RELAXED) < shared.submitted; i++) {
		struct platform_regs regs = { 0 };

		platform_invoke(PLATFORM_YIELD, &regs);
	}
	CHECK(shared.counted == shared.submitted && shared.submitted);
	CHECK(shared.turns > 0 && !shared.wrong);
	for (unsigned i = 0; i < SERVERS; i++) {
		local_thread_destroy(&shared.servers[i]);
		cap_release(shared.gates[i]);
	}
	local_thread_destroy(&shared.counter);
	cap_release(shared.signal.cap);
	local_thread_trim();
	return STATUS_OK;
}

enum status component_construct(struct env *env)
{
	static struct local_thread warm_up;
	struct node                config = env_config(env);
	struct books               before, after;

	shared.seed   = node_u64(config, "seed", 1, 1, UINT64_MAX);
	shared.rounds = node_u64(config, "rounds", 100, 1, 1000000);
	TRY(local_thread_create(&warm_up, env, "warm-up", 0, STACK));
	local_thread_destroy(&warm_up);
	TRY(books_read(env, &before));
	TRY(stress(env, (unsigned)node_u64(config, "victims", 10, 1, 10000)));
	TRY(books_read(env, &after));
	CHECK(books_equal(&before, &after));
	log_info("%lu signals and %lu turns counted", shared.counted, shared.turns);
	return test_passed();
}
