/* SPDX-License-Identifier: MIT */
/*
 * How threads of one component wait for each other: mutex, semaphore, condition. Each thread has one signal context to be
 * woken by, waited for alone; whoever must wait queues up with it, and whoever lets go wakes the first in the queue by
 * handing over what it waits for. No one ever spins, so priorities cannot livelock. All are fair: first come, first served.
 *
 * The mutex is one word: 0 free, LOCKED, or LOCKED and the newest of the waiters, which form a stack. Only the owner takes
 * waiters off (all at once, turning them round into `queue`, which belongs to the owner too), so there is no ABA problem.
 * Zeroed memory is a free mutex, a semaphore of 0, a condition that nobody waits for.
 *
 * A component with one thread never waits here, and needs no wait context for it.
 */
#pragma once

#include <base/cap.h>
#include <base/status.h>

struct sync_waiter {
	struct sync_waiter   *next;
	struct signal_context wake;
};

struct mutex {
	uintptr_t           word;
	struct sync_waiter *queue;       /* the owner's: who is next */
};

struct sync_queue { struct sync_waiter *first, *last; };

struct semaphore {
	struct mutex      mutex;
	struct sync_queue queue;
	uint64_t          count;
};

struct condition {
	struct sync_queue queue;         /* guarded by the mutex that its users wait with */
};

void mutex_lock(struct mutex *mutex);
bool mutex_try_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);

/* Takes one, waiting until there is one. */
void semaphore_down(struct semaphore *semaphore);
void semaphore_up(struct semaphore *semaphore);

/* Unlocks `mutex`, waits to be woken, locks it again. Waits end only by wake-ups, but what was true then may be no longer. */
void condition_wait(struct condition *condition, struct mutex *mutex);

/* Context: the mutex is locked. */
void condition_wake_one(struct condition *condition);
void condition_wake_all(struct condition *condition);

/* Words of the UTCB's `user` area that base uses; the first ones are free for the component. */
enum utcb_user { UTCB_USER_LAST = 22, UTCB_USER_LOADER = 23, UTCB_USER_EP = 24, UTCB_USER_WAIT = 25 };
