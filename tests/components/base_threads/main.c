/* SPDX-License-Identifier: MIT */
/*
 * Threads of one component: a mutex excludes, a semaphore counts, a condition wakes whom it should, and after the joins the
 * component has as much as before.
 */
#include <base/thread.h>
#include "../check.h"

enum { THREADS = 4, ROUNDS = 2000, ITEMS = 100 };

static struct shared {
	struct mutex     mutex;
	unsigned         inside;          /* of the mutex */
	bool             violated;
	uint64_t         count;
	struct semaphore filled, empty;   /* of `item` */
	unsigned         item, sum;
	struct condition started;
	unsigned         waiting, woken;
	bool             go;
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
		TRY(local_thread_create(&threads[i], env, "worker", 0, STACK_DEFAULT));
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
	TRY(test_destroy(env));
	TRY(books_read(env, &after));
	CHECK(books_equal(&before, &after));
	return test_passed();
}
