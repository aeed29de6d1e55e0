/* SPDX-License-Identifier: MIT */
/*
 * Shares of CPU time. Three CPU sessions with 60, 30 and 10 % of a CPU, two spinning threads each, while somebody of lower priority wants everything:
 * each consumes its share. When the first one stops, its time is idle; a thread that asked for idle time gets that and nothing else. Then what
 * may be given, to whom, and that it comes back.
 */
#include <base/connection.h>
#include <base/cost.h>
#include <base/signal.h>
#include <base/thread.h>
#include <base/time.h>
#include "../check.h"

enum { GROUPS = 3, THREADS = 2, PERIOD_US = 10000, WHOLE = 10000, BELOW = 10, LOWEST = 50 };

#define MS 1000000UL

struct group {
	struct env          env;                  /* the component's, but for the CPU session */
	struct local_thread threads[THREADS + 1];
};

static uint32_t const shares[GROUPS] = { 6000, 3000, 1000 };
static struct group groups[GROUPS];
static struct local_thread load;              /* of the component's own session, which nothing bounds */
static struct signal_context never;

static void spin(struct local_thread *thread)
{
	for (;;)
		__asm__ volatile("");
}

static enum status start_spinner(struct env *env, struct local_thread *thread, uint32_t priority)
{
	TRY(local_thread_create(thread, env, "spinner", priority, STACK_DEFAULT));
	return local_thread_start(thread, spin);
}

static enum status session_new(struct env *env, struct cpu *cpu)
{
	struct connection_request request = {
		.type = &cpu_type, .label = "group", .args = &(struct cpu_args) { .priority = 63 }, .caps = COST_BUDGET_CAPS,
	};

	return connection_open_request(&cpu->connection, env, &request);
}

static enum status start_groups(struct env *env)
{
	for (unsigned i = 0; i < GROUPS; i++) {
		groups[i].env = *env;
		TRY(session_new(env, &groups[i].env.cpu));
		TRY(cpu_give_share(&env->cpu, groups[i].env.cpu.connection.cap, shares[i], PERIOD_US));
		for (unsigned t = 0; t < THREADS; t++)
			TRY(start_spinner(&groups[i].env, &groups[i].threads[t], BELOW));
	}
	return start_spinner(env, &load, LOWEST);
}

static void sleep_for(uint64_t ns)
{
	enum status status = signal_wait(never, time_now_ns() + ns);

	assert(status == STATUS_TIMEOUT);
}

/* What each group consumes within 100 ms, in 10,000ths of a CPU. */
static enum status measure(char const *when, uint32_t *parts)
{
	uint64_t before[GROUPS], after, start;

	sleep_for(20 * MS);
	start = time_now_ns();
	for (unsigned i = 0; i < GROUPS; i++)
		TRY(cpu_consumed(&groups[i].env.cpu, &before[i]));
	sleep_for(100 * MS);
	for (unsigned i = 0; i < GROUPS; i++) {
		TRY(cpu_consumed(&groups[i].env.cpu, &after));
		parts[i] = (after - before[i]) * WHOLE / (time_now_ns() - start);
	}
	log_info("%s: %u.%02u %u.%02u %u.%02u %%", when, parts[0] / 100, parts[0] % 100, parts[1] / 100, parts[1] % 100, parts[2] / 100,
	         parts[2] % 100);
	return STATUS_OK;
}

static bool is_about(uint32_t parts, uint32_t expected)
{
	return parts + 100 >= expected && parts <= expected + 100;
}

static enum status test_shares(void)
{
	uint32_t parts[GROUPS];

	TRY(measure("60, 30 and 10 under load", parts));
	for (unsigned i = 0; i < GROUPS; i++)
		CHECK(is_about(parts[i], shares[i]));
	return STATUS_OK;
}

static enum status pause(struct group *group, bool stop)
{
	for (unsigned t = 0; t < THREADS; t++)
		TRY(stop ? thread_pause(group->threads[t].thread) : thread_resume(group->threads[t].thread));
	return STATUS_OK;
}

/* A thread like those of local_thread_create, but for the wish. */
static enum status start_taker(struct group *group)
{
	struct local_thread  *taker   = &group->threads[THREADS];
	struct thread_options options = { .priority = BELOW, .idle_time = true };

	*taker = (struct local_thread) { .env = &group->env, .stack_bytes = STACK_DEFAULT };
	TRY(stack_create(group->env.account, STACK_DEFAULT, &taker->slot, &taker->stack));
	TRY(cpu_create_thread(&group->env.cpu, "taker", taker->slot, &options, group->env.account, &taker->thread));
	TRY(pd_bind_thread(&group->env.pd, taker->thread));
	TRY(rm_add_client(&group->env.rm, taker->thread));
	return local_thread_start(taker, spin);
}

static enum status test_idle_time(void)
{
	uint32_t parts[GROUPS];

	TRY(thread_pause(load.thread));
	TRY(pause(&groups[0], true));
	TRY(measure("the first one stopped", parts));
	CHECK(is_about(parts[0], 0) && is_about(parts[1], 3000) && is_about(parts[2], 1000));
	TRY(start_taker(&groups[2]));
	TRY(measure("the third one takes idle time", parts));
	CHECK(is_about(parts[0], 0) && is_about(parts[1], 3000) && is_about(parts[2], 7000));
	TRY(pause(&groups[0], false));
	TRY(measure("nothing is idle", parts));
	for (unsigned i = 0; i < GROUPS; i++)
		CHECK(is_about(parts[i], shares[i]));
	return STATUS_OK;
}

static enum status test_thread_share(struct env *env)
{
	uint64_t before, after, start;
	struct thread thread = groups[1].threads[0].thread;
	uint32_t share, given, period;
	bool     shared;

	CHECK_STATUS(cpu_give_thread_share(&groups[0].env.cpu, thread, 1000, PERIOD_US), STATUS_NOT_FOUND);
	CHECK_STATUS(cpu_give_thread_share(&groups[1].env.cpu, thread, 3001, PERIOD_US), STATUS_DENIED);
	TRY(cpu_give_thread_share(&groups[1].env.cpu, thread, 2000, PERIOD_US));
	TRY(cpu_share(&groups[1].env.cpu, &share, &given, &period, &shared));
	CHECK(share == 3000 && given == 2000 && period == PERIOD_US && !shared);
	sleep_for(20 * MS);
	start = time_now_ns();
	TRY(thread_consumed(thread, &before));
	sleep_for(100 * MS);
	TRY(thread_consumed(thread, &after));
	before = (after - before) * WHOLE / (time_now_ns() - start);
	log_info("a thread with a share of 20 %%: %lu.%02lu %%", before / 100, before % 100);
	CHECK(is_about(before, 2000));
	return STATUS_OK;
}

static enum status test_admission(struct env *env)
{
	struct cpu sub, other;
	uint32_t   share, given, period;
	bool       shared;

	TRY(session_new(env, &sub));
	TRY(session_new(env, &other));
	/* What is left of all CPUs that there are, and one part more */
	TRY(cpu_share(&env->cpu, &share, &given, &period, &shared));
	CHECK(share % WHOLE == 0 && given == WHOLE);
	CHECK_STATUS(cpu_give_share(&env->cpu, sub.connection.cap, share - given + 1, PERIOD_US), STATUS_DENIED);
	CHECK_STATUS(cpu_give_share(&sub, other.connection.cap, 1, PERIOD_US), STATUS_DENIED);
	CHECK_STATUS(cpu_give_share(&env->cpu, env->cpu.connection.cap, 0, PERIOD_US), STATUS_INVALID);
	CHECK_STATUS(cpu_give_share(&env->cpu, env->account.cap, 0, PERIOD_US), STATUS_INVALID);
	CHECK_STATUS(cpu_give_share(&groups[0].env.cpu, sub.connection.cap, 1, 999), STATUS_INVALID);
	CHECK_STATUS(cpu_give_share(&groups[0].env.cpu, groups[1].env.cpu.connection.cap, 1, PERIOD_US), STATUS_DENIED);
	CHECK_STATUS(cpu_give_share(&env->cpu, groups[0].env.cpu.connection.cap, share - given + 6001, PERIOD_US), STATUS_DENIED);

	/* Down two steps, and back from the middle: what the middle one gave on is its origin's gift then. */
	TRY(cpu_give_share(&groups[0].env.cpu, sub.connection.cap, 4000, PERIOD_US));
	CHECK_STATUS(cpu_give_share(&sub, other.connection.cap, 4001, PERIOD_US), STATUS_DENIED);
	TRY(cpu_give_share(&sub, other.connection.cap, 3000, PERIOD_US));
	CHECK_STATUS(cpu_give_share(&groups[0].env.cpu, sub.connection.cap, 2999, PERIOD_US), STATUS_BUSY);
	TRY(cpu_share(&groups[0].env.cpu, &share, &given, &period, &shared));
	CHECK(share == 6000 && given == 4000);
	cpu_close(&sub);
	TRY(cpu_share(&groups[0].env.cpu, &share, &given, &period, &shared));
	CHECK(share == 6000 && given == 3000);
	CHECK_STATUS(cpu_give_share(&groups[0].env.cpu, other.connection.cap, 6001, PERIOD_US), STATUS_DENIED);
	TRY(cpu_give_share(&groups[0].env.cpu, other.connection.cap, 6000, PERIOD_US));
	cpu_close(&other);
	TRY(cpu_share(&groups[0].env.cpu, &share, &given, &period, &shared));
	CHECK(share == 6000 && given == 0);
	return STATUS_OK;
}

/* Through several inits: each says that the session uses up its child's share, the outermost first; only inwards. */
static enum status test_narrowing(struct env *env)
{
	struct cpu outer, inner, used;
	uint32_t   share, given, period;
	bool       shared;

	TRY(session_new(env, &outer));
	TRY(session_new(env, &inner));
	TRY(session_new(env, &used));
	TRY(cpu_give_share(&groups[0].env.cpu, outer.connection.cap, 2000, PERIOD_US));
	TRY(cpu_give_share(&outer, inner.connection.cap, 1000, PERIOD_US));
	TRY(cpu_give_share(&outer, used.connection.cap, 0, 0));
	TRY(cpu_give_share(&inner, used.connection.cap, 0, 0));
	TRY(cpu_share(&used, &share, &given, &period, &shared));
	CHECK(shared && share == 0);
	CHECK_STATUS(cpu_give_share(&outer, used.connection.cap, 0, 0), STATUS_DENIED);
	CHECK_STATUS(cpu_give_share(&groups[0].env.cpu, used.connection.cap, 0, 0), STATUS_DENIED);
	CHECK_STATUS(cpu_give_share(&groups[1].env.cpu, used.connection.cap, 0, 0), STATUS_DENIED);
	TRY(cpu_upgrade(&used, 0, COST_BUDGET_CAPS));
	TRY(cpu_give_share(&inner, used.connection.cap, 1000, PERIOD_US));
	TRY(cpu_share(&inner, &share, &given, &period, &shared));
	CHECK(share == 1000 && given == 1000);
	cpu_close(&used);
	cpu_close(&inner);
	cpu_close(&outer);
	return STATUS_OK;
}

static enum status both_consumed(struct env *second, uint64_t *ns)
{
	uint64_t first;

	TRY(cpu_consumed(&groups[0].env.cpu, &first));
	TRY(cpu_consumed(&second->cpu, ns));
	*ns += first;
	return STATUS_OK;
}

/* A session that uses its giver's time: a second one adds nothing. */
static enum status test_shared(struct env *env)
{
	struct env   second = *env;
	struct local_thread thread;
	uint32_t     share, given, period;
	bool         shared;
	uint64_t     before, after, start;

	TRY(session_new(env, &second.cpu));
	TRY(cpu_give_share(&groups[0].env.cpu, second.cpu.connection.cap, 0, 0));
	TRY(cpu_share(&second.cpu, &share, &given, &period, &shared));
	CHECK(shared && share == 0);
	TRY(start_spinner(&second, &thread, BELOW));
	sleep_for(20 * MS);
	start = time_now_ns();
	TRY(both_consumed(&second, &before));
	sleep_for(100 * MS);
	TRY(both_consumed(&second, &after));
	after = (after - before) * WHOLE / (time_now_ns() - start);
	log_info("two sessions with one share of 60 %%: %lu.%02lu %%", after / 100, after % 100);
	CHECK(is_about(after, 6000));
	local_thread_destroy(&thread);
	cpu_close(&second.cpu);
	return STATUS_OK;
}

static void stop_all(void)
{
	for (unsigned i = 0; i < GROUPS; i++) {
		for (unsigned t = 0; t < THREADS + (i == 2); t++)
			local_thread_destroy(&groups[i].threads[t]);
		cpu_close(&groups[i].env.cpu);
	}
	local_thread_destroy(&load);
}

enum status component_construct(struct env *env)
{
	TRY(signal_alloc_context(&env->signal, env->main_thread, 0, &never));
	TRY(local_thread_create(&load, env, "first", 0, STACK_DEFAULT));    /* what base makes once, for the first thread, stays */
	local_thread_destroy(&load);
	TRY(parent_quiescent(env->parent));
	TRY(start_groups(env));
	TRY(test_shares());
	TRY(test_idle_time());
	TRY(test_thread_share(env));
	TRY(test_admission(env));
	TRY(test_narrowing(env));
	TRY(test_shared(env));
	stop_all();
	TRY(test_passed());
	return parent_quiescent(env->parent);      /* core compares, and ends the machine */
}
