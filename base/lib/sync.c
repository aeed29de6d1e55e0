/* SPDX-License-Identifier: MIT */
/*
 * Mutex, semaphore and condition. Waiting and waking go by one signal context for each thread; since a wake-up is always the
 * hand-over of what was waited for, each submission meets exactly one wait.
 */
#include <base/sync.h>
#include <base/assert.h>
#include <base/signal.h>

#define LOCKED ((uintptr_t)1)

static struct sync_waiter this_thread(void)
{
	struct sync_waiter waiter = { .wake = { { thread_utcb()->user[UTCB_USER_WAIT] } } };

	assert(!cap_is_null(waiter.wake.cap));
	return waiter;
}

static void sleep(struct sync_waiter const *waiter)
{
	enum status status;

	do
		status = signal_wait(waiter->wake, 0);
	while (status == STATUS_CANCELLED);
	assert(status == STATUS_OK);
}

static void wake(struct sync_waiter const *waiter)
{
	enum status status = signal_submit(waiter->wake);

	assert(status == STATUS_OK || status == STATUS_PEER_GONE);
}

/* --- Mutex --- */

bool mutex_try_lock(struct mutex *mutex)
{
	uintptr_t free = 0;

	return __atomic_compare_exchange_n(&mutex->word, &free, LOCKED, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

void mutex_lock(struct mutex *mutex)
{
	uintptr_t word = 0;

	if (__builtin_expect(mutex_try_lock(mutex), 1))
		return;

	struct sync_waiter waiter = this_thread();

	for (;;) {
		uintptr_t const wish = word ? (uintptr_t)&waiter | LOCKED : LOCKED;

		waiter.next = (struct sync_waiter *)(word & ~LOCKED);
		if (!__atomic_compare_exchange_n(&mutex->word, &word, wish, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			continue;
		if (wish != LOCKED)
			sleep(&waiter);    /* whoever wakes us has made us the owner */
		return;
	}
}

/* The owner's: takes the stack of new waiters off and appends them, oldest first. */
static void collect_waiters(struct mutex *mutex)
{
	struct sync_waiter *newest = (struct sync_waiter *)(__atomic_exchange_n(&mutex->word, LOCKED, __ATOMIC_ACQUIRE) & ~LOCKED);

	while (newest) {
		struct sync_waiter *older = newest->next;

		newest->next = mutex->queue;
		mutex->queue = newest;
		newest = older;
	}
}

void mutex_unlock(struct mutex *mutex)
{
	uintptr_t alone = LOCKED;

	assert(mutex->word & LOCKED);
	if (!mutex->queue) {
		if (__atomic_compare_exchange_n(&mutex->word, &alone, 0, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
			return;
		collect_waiters(mutex);
	}

	struct sync_waiter *next = mutex->queue;

	mutex->queue = next->next;
	wake(next);
}

/* --- Queues, guarded by a mutex --- */

static void enqueue(struct sync_queue *queue, struct sync_waiter *waiter)
{
	if (queue->first)
		queue->last->next = waiter;
	else
		queue->first = waiter;
	queue->last = waiter;
}

static struct sync_waiter *dequeue(struct sync_queue *queue)
{
	struct sync_waiter *waiter = queue->first;

	if (waiter)
		queue->first = waiter->next;
	return waiter;
}

void semaphore_down(struct semaphore *semaphore)
{
	mutex_lock(&semaphore->mutex);
	if (semaphore->count) {
		semaphore->count--;
		mutex_unlock(&semaphore->mutex);
		return;
	}

	struct sync_waiter waiter = this_thread();

	enqueue(&semaphore->queue, &waiter);
	mutex_unlock(&semaphore->mutex);
	sleep(&waiter);
}

void semaphore_up(struct semaphore *semaphore)
{
	mutex_lock(&semaphore->mutex);

	struct sync_waiter *waiter = dequeue(&semaphore->queue);

	if (!waiter)
		semaphore->count++;
	mutex_unlock(&semaphore->mutex);
	if (waiter)
		wake(waiter);
}

void condition_wait(struct condition *condition, struct mutex *mutex)
{
	struct sync_waiter waiter = this_thread();

	enqueue(&condition->queue, &waiter);
	mutex_unlock(mutex);
	sleep(&waiter);
	mutex_lock(mutex);
}

void condition_wake_one(struct condition *condition)
{
	struct sync_waiter *waiter = dequeue(&condition->queue);

	if (waiter)
		wake(waiter);
}

void condition_wake_all(struct condition *condition)
{
	while (condition->queue.first)
		condition_wake_one(condition);
}
