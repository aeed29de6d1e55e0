/* SPDX-License-Identifier: MIT */
/*
 * Mutex, semaphore and condition with real threads, on the signal contexts of the fake platform. They show what
 * base/sync.h promises: each submission meets exactly one wait.
 */
#include "unit.h"
#include "platform.h"
#include <base/sync.h>

enum { THREADS = 4, ROUNDS = 3000 };

void fake_primitive(struct platform_regs *regs, enum platform_primitive primitive)
{
	fake_signal(regs, primitive);
}

static void run_all(void *(*entry)(void *))
{
	struct fake_thread threads[THREADS];

	fake_platform_map();
	for (uintptr_t i = 0; i < THREADS; i++)
		fake_thread_start(&threads[i], entry, (void *)(i + 1));
	for (unsigned i = 0; i < THREADS; i++)
		fake_thread_join(&threads[i]);
}

static unsigned begin(void *argument)
{
	unsigned const number = (unsigned)(uintptr_t)argument;

	fake_signal_use(number);
	return number;
}

/* --- Mutex --- */

static struct mutex mutex;
static unsigned     inside, sum;

static void *add_up(void *argument)
{
	begin(argument);
	for (unsigned i = 0; i < ROUNDS; i++) {
		if (i % 3 || !mutex_try_lock(&mutex))
			mutex_lock(&mutex);
		CHECK(inside++ == 0);
		if (i % 8 == 0)
			sched_yield();
		sum++;
		inside--;
		mutex_unlock(&mutex);
	}
	return NULL;
}

START_TEST(a_mutex_lets_one_in_at_a_time_and_is_free_at_the_end)
{
	run_all(add_up);
	ck_assert_uint_eq(sum, THREADS * ROUNDS);
	ck_assert(!mutex.word && !mutex.queue);
	ck_assert_uint_gt(fake_signals.sleeps, 0);
}
END_TEST

START_TEST(a_mutex_that_is_free_is_not_unlocked)
{
	static struct mutex free_one;

	CHECK_ASSERTS(mutex_unlock(&free_one));
	ck_assert(mutex_try_lock(&free_one));
	ck_assert(!mutex_try_lock(&free_one));
	mutex_unlock(&free_one);
	ck_assert(!free_one.word);
}
END_TEST

/* --- Semaphore and condition: a bounded queue, half of the threads at each end --- */

enum { ROOM = 3 };

static struct semaphore filled, room;
static struct condition not_full, not_empty;
static uint64_t         values[ROOM], taken;
static unsigned         used;

static void *pass_by_semaphores(void *argument)
{
	bool const sends = begin(argument) % 2;

	for (uint64_t i = 1; i <= ROUNDS; i++) {
		semaphore_down(sends ? &room : &filled);
		mutex_lock(&mutex);
		if (sends)
			values[used++] = i;
		else
			taken += values[--used];
		mutex_unlock(&mutex);
		semaphore_up(sends ? &filled : &room);
	}
	return NULL;
}

static void *pass_by_conditions(void *argument)
{
	bool const sends = begin(argument) % 2;

	for (uint64_t i = 1; i <= ROUNDS; i++) {
		mutex_lock(&mutex);
		while (used == (sends ? ROOM : 0))
			condition_wait(sends ? &not_full : &not_empty, &mutex);
		if (sends)
			values[used++] = i;
		else
			taken += values[--used];
		if (i % 2)
			condition_wake_one(sends ? &not_empty : &not_full);
		else
			condition_wake_all(sends ? &not_empty : &not_full);
		mutex_unlock(&mutex);
	}
	return NULL;
}

static uint64_t const all_values = (uint64_t)THREADS / 2 * ROUNDS * (ROUNDS + 1) / 2;

START_TEST(what_semaphores_let_through_arrives_once)
{
	room.count = ROOM;
	run_all(pass_by_semaphores);
	ck_assert_uint_eq(taken, all_values);
	ck_assert(room.count == ROOM && filled.count == 0 && used == 0);
}
END_TEST

START_TEST(what_conditions_let_through_arrives_once)
{
	run_all(pass_by_conditions);
	ck_assert_uint_eq(taken, all_values);
	ck_assert(!not_full.queue.first && !not_empty.queue.first && used == 0 && !mutex.word);
}
END_TEST

UNIT_MAIN(a_mutex_lets_one_in_at_a_time_and_is_free_at_the_end, a_mutex_that_is_free_is_not_unlocked, what_semaphores_let_through_arrives_once,
          what_conditions_let_through_arrives_once)
