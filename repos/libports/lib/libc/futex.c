/* SPDX-License-Identifier: MIT */
/*
 * Futexes: what mutexes, conditions, semaphores, barriers and joins of the C library wait with. Under the lock,
 * looking at the word and beginning to wait are one.
 */
#include "libc.h"

#include <time.h>

enum { FUTEX_WAIT, FUTEX_WAKE, FUTEX_FD, FUTEX_REQUEUE, FUTEX_COMMANDS = 127 };

/* a: address, command, value, timeout (relative) */
long call_futex(long const a[6])
{
	int const             *word    = (int const *)a[0];
	struct timespec const *timeout = (struct timespec const *)a[3];

	switch (a[1] & FUTEX_COMMANDS) {
	case FUTEX_WAIT:
		if (__atomic_load_n(word, __ATOMIC_SEQ_CST) != (int)a[2])
			return -EAGAIN;
		return task_wait(word, timeout ? libc_deadline(timeout) : 0);
	case FUTEX_WAKE:
		return task_wake(word, (unsigned)a[2]);
	case FUTEX_REQUEUE:
		/* Those that are moved could be woken as well: whoever waits for a futex looks again. */
		return (long)task_wake(word, (unsigned)a[2] + (unsigned)a[3]);
	}
	libc_missing("futex with priority inheritance");
	return -ENOSYS;
}
