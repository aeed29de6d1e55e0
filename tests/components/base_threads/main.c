/* SPDX-License-Identifier: MIT */
/*
 * Threads of one component: a mutex excludes, a semaphore counts, a condition wakes whom it should, and after the joins the
 * component has as much as before.
 */
#include <base/cap_alloc.h>
#include <base/signal.h>
#include <base/thread.h>
#include "../check.h"

enum { THREADS = 4, ROUNDS = 100, ITEMS = 100 };

static struct shared {
	struct mutex     mutex;
	unsigned         inside;          /* of the mutex */
	bool             violated;
	uint64_t         count;
	struct semaphore filled, empty;   /* of `item` */
	unsigned         item, sum;
	struct condition started;
	unsigned         waiting, woken;
	bool             go, calling;
	struct cap       gate;
	struct signal_context context;
	uint32_t         cpu_of[CPUS_MAX];
	enum status      outcome;         /* of the call to a thread that ends */
} shared;

static void yield(void)
{
	struct platform_regs regs = { 0 };

	platform_invoke(PLATFORM_YIELD, &regs);
}

static void count_up(struct local_thread *thread)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		mutex_lock(&shared.mutex);
		uint64_t const count = shared.count;

		if (shared.inside++)
			shared.violated = true;
		if (i % 8 == 0)
			yield();
		shared.inside--;
		shared.count = count + 1;
		mutex_unlock(&shared.mutex);
	}
}

static void consume(struct local_thread *thread)
{
	for (unsigned i = 0; i < ITEMS; i++) {
		semaphore_down(&shared.filled);
		shared.sum += shared.item;
		semaphore_up(&shared.empty);
	}
}

static void wait_for_go(struct local_thread *thread)
{
	mutex_lock(&shared.mutex);
	shared.waiting++;
	while (!shared.go)
		condition_wait(&shared.started, &shared.mutex);
	shared.woken++;
	mutex_unlock(&shared.mutex);
}

static enum status start(struct env *env, struct local_thread *threads, unsigned count, void (*entry)(struct local_thread *))
{
	for (unsigned i = 0; i < count; i++) {
		struct local_thread_want want = { .name = "worker", .stack_bytes = STACK_DEFAULT, .affinity = i };

		TRY(local_thread_create_on(&threads[i], env, &want));
		TRY(local_thread_start(&threads[i], entry));
	}
	return STATUS_OK;
}

static void join(struct local_thread *threads, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		local_thread_join(&threads[i]);
}

static enum status test_mutex(struct env *env)
{
	static struct local_thread threads[THREADS];

	TRY(start(env, threads, THREADS, count_up));
	join(threads, THREADS);
	CHECK(shared.count == (uint64_t)THREADS * ROUNDS);
	CHECK(!shared.violated);
	CHECK(mutex_try_lock(&shared.mutex) && !mutex_try_lock(&shared.mutex));
	mutex_unlock(&shared.mutex);
	return STATUS_OK;
}

static enum status test_semaphore(struct env *env)
{
	static struct local_thread consumer;

	TRY(start(env, &consumer, 1, consume));
	for (unsigned i = 1; i <= ITEMS; i++) {
		shared.item = i;
		semaphore_up(&shared.filled);
		semaphore_down(&shared.empty);
	}
	join(&consumer, 1);
	CHECK(shared.sum == ITEMS * (ITEMS + 1) / 2);
	return STATUS_OK;
}

static enum status test_condition(struct env *env)
{
	static struct local_thread threads[THREADS];
	unsigned                   waiting = 0;

	TRY(start(env, threads, THREADS, wait_for_go));
	while (waiting < THREADS) {
		yield();
		mutex_lock(&shared.mutex);
		waiting = shared.waiting;
		mutex_unlock(&shared.mutex);
	}
	CHECK(shared.woken == 0);
	mutex_lock(&shared.mutex);
	shared.go = true;
	condition_wake_all(&shared.started);
	mutex_unlock(&shared.mutex);
	join(threads, THREADS);
	CHECK(shared.woken == THREADS);
	return STATUS_OK;
}

static uint64_t slot_of_server;

static enum status no_answer(struct rpc_object *object, struct rpc *rpc)
{
	return STATUS_OK;
}

/* Ends while it has a gate, a signal context, and a caller that never gets an answer. */
static void serve_badly(struct local_thread *thread)
{
	static struct rpc_object object = { .dispatch = no_answer };
	struct signal_context    context;
	struct cap               gate;

	slot_of_server = thread->slot;
	if (cap_session_alloc(&thread->env->cap_session, thread->thread, (uint64_t)&object, &gate) == STATUS_OK)
		shared.gate = gate;
	if (signal_alloc_context(&thread->env->signal, thread->thread, 1, &context) == STATUS_OK)
		shared.context = context;
	semaphore_up(&shared.filled);
	while (!shared.go)
		yield();
}

static void call_badly(struct local_thread *thread)
{
	struct platform_regs regs = { .target = shared.gate.selector };

	shared.calling = true;
	platform_invoke(PLATFORM_CALL, &regs);
	shared.outcome = platform_status(regs.header);
}

static void run_again(struct local_thread *thread)
{
	shared.woken = thread->slot == slot_of_server;
}

/* A thread that was joined does something else next, and what called it before has been told. */
static enum status test_reuse(struct env *env)
{
	static struct local_thread server, caller, again;

	shared.go = shared.calling = false;
	shared.woken = 0;
	TRY(start(env, &server, 1, serve_badly));
	semaphore_down(&shared.filled);
	TRY(local_thread_create(&caller, env, "caller", 0, STACK_DEFAULT));
	TRY(local_thread_start(&caller, call_badly));
	while (!shared.calling)
		yield();
	yield();
	shared.go = true;
	join(&server, 1);
	TRY(start(env, &again, 1, run_again));
	join(&again, 1);
	join(&caller, 1);
	CHECK(shared.woken == 1);
	CHECK(shared.outcome == STATUS_PEER_GONE);
	CHECK(signal_submit(shared.context) == STATUS_PEER_GONE);
	cap_release(shared.gate);
	cap_release(shared.context.cap);
	return STATUS_OK;
}

/* Each on the CPU that it was made for: by the number of its local APIC. */
static void note_cpu(struct local_thread *thread)
{
	uint32_t a = 1, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	shared.cpu_of[thread->affinity] = b >> 24;
}

static enum status test_affinity(struct env *env)
{
	static struct local_thread threads[CPUS_MAX];
	uint32_t                   cpus;
	unsigned                   count = 0;

	TRY(cpu_cpus(&env->cpu, &cpus));
	for (; cpus; cpus &= cpus - 1)
		count++;
	CHECK(count >= 1 && count <= CPUS_MAX);
	TRY(start(env, threads, count, note_cpu));
	join(threads, count);
	for (unsigned i = 0; i < count; i++)
		for (unsigned j = 0; j < i; j++)
			CHECK(shared.cpu_of[i] != shared.cpu_of[j]);
	return STATUS_OK;
}

/* One that never started, and one that would never end. */
static void wait_for_ever(struct local_thread *thread)
{
	for (;;)
		yield();
}

static enum status test_destroy(struct env *env)
{
	static struct local_thread idle, endless;

	TRY(local_thread_create(&idle, env, "idle", 0, STACK_DEFAULT));
	local_thread_destroy(&idle);
	TRY(start(env, &endless, 1, wait_for_ever));
	yield();
	local_thread_destroy(&endless);
	return STATUS_OK;
}

enum status component_construct(struct env *env)
{
	static struct local_thread warm_up;
	struct books               before, after;

	/* The first thread also makes the wait context of the main thread, which stays. */
	TRY(local_thread_create(&warm_up, env, "warm-up", 0, STACK_DEFAULT));
	local_thread_destroy(&warm_up);
	TRY(books_read(env, &before));
	TRY(test_mutex(env));
	TRY(test_semaphore(env));
	TRY(test_condition(env));
	TRY(test_reuse(env));
	TRY(test_destroy(env));
	TRY(test_affinity(env));
	local_thread_trim();
	TRY(books_read(env, &after));
	CHECK(books_equal(&before, &after));
	return test_passed();
}
