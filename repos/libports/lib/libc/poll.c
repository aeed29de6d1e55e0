/* SPDX-License-Identifier: MIT */
/*
 * poll and select: look at all files, and wait until one of any kind has changed. Each look asks every file, so it costs what the set is large.
 */
#include "libc.h"

#include <sys/select.h>
#include <time.h>

enum { SET_WORDS = FD_SETSIZE / 64 };

static short readiness(struct file *file)
{
	return file->ops->poll ? file->ops->poll(file) : POLLIN | POLLOUT;
}

static short look(struct pollfd const *entry)
{
	struct file *file = entry->fd >= 0 ? fd_acquire(entry->fd) : NULL;
	short        ready;

	if (!file)
		return entry->fd >= 0 ? POLLNVAL : 0;
	ready = readiness(file);
	file_release(file);
	if (ready & POLLIN)
		ready |= POLLRDNORM;
	if (ready & POLLOUT)
		ready |= POLLWRNORM;
	return ready & (entry->events | POLLERR | POLLHUP);
}

/* deadline_ns: 0 is none; at once is any that has passed */
static long poll_until(struct pollfd *entries, unsigned long count, uint64_t deadline_ns)
{
	for (;;) {
		long ready = 0, result;

		for (unsigned long i = 0; i < count; i++) {
			entries[i].revents = look(&entries[i]);
			ready += entries[i].revents != 0;
		}
		if (ready || deadline_ns == 1)
			return ready;
		result = task_wait(&task_poll_key, deadline_ns);
		if (result == -ETIMEDOUT)
			deadline_ns = 1;
		else if (result)
			return result;
	}
}

static uint64_t deadline_of(struct timespec const *timeout)
{
	if (!timeout)
		return 0;
	return timeout->tv_sec || timeout->tv_nsec ? libc_deadline(timeout) : 1;
}

/* a: entries, count, timeout in ms */
long call_poll(long const a[6])
{
	struct timespec const timeout = { .tv_sec = (int)a[2] / 1000, .tv_nsec = (int)a[2] % 1000 * 1000000L };

	return poll_until((struct pollfd *)a[0], (unsigned long)a[1], deadline_of((int)a[2] < 0 ? NULL : &timeout));
}

/* a: entries, count, timeout; the set of signals does not matter, as none come while it waits */
long call_ppoll(long const a[6])
{
	return poll_until((struct pollfd *)a[0], (unsigned long)a[1], deadline_of((struct timespec const *)a[2]));
}

/* --- select --- */

static bool is_in(unsigned long const *set, int fd)
{
	return set && set[fd / 64] >> fd % 64 & 1;
}

/* What poll is to look for; false: a descriptor is none. */
static unsigned long entries_of(struct pollfd *entries, int count, unsigned long *const sets[3])
{
	unsigned long used = 0;

	for (int fd = 0; fd < count; fd++) {
		int const events = (is_in(sets[0], fd) ? POLLIN : 0) | (is_in(sets[1], fd) ? POLLOUT : 0) | (is_in(sets[2], fd) ? POLLPRI : 0);

		if (events)
			entries[used++] = (struct pollfd) { .fd = fd, .events = (short)events };
	}
	return used;
}

static long result_of(struct pollfd const *entries, unsigned long used, unsigned long *const sets[3], int count)
{
	static short const meaning[3] = { POLLIN | POLLHUP | POLLERR, POLLOUT | POLLERR, POLLPRI };
	long               found = 0;

	for (int set = 0; set < 3; set++) {
		unsigned long before[SET_WORDS] = { 0 };

		if (!sets[set])
			continue;
		memcpy(before, sets[set], (size_t)(count + 63) / 64 * 8);
		memset(sets[set], 0, (size_t)(count + 63) / 64 * 8);
		for (unsigned long i = 0; i < used; i++) {
			int const fd = entries[i].fd;

			if (!is_in(before, fd) || !(entries[i].revents & meaning[set]))
				continue;
			sets[set][fd / 64] |= 1UL << fd % 64;
			found++;
		}
	}
	return found;
}

static long select_until(long const a[6], uint64_t deadline_ns)
{
	unsigned long *const sets[3] = { (unsigned long *)a[1], (unsigned long *)a[2], (unsigned long *)a[3] };
	int const            count   = (int)MIN(a[0], (long)FD_SETSIZE);
	struct pollfd       *entries;
	unsigned long        used;
	long                 result;

	if (count < 0)
		return -EINVAL;
	entries = libc_alloc((size_t)(count + 1) * sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	used = entries_of(entries, count, sets);
	result = poll_until(entries, used, deadline_ns);
	for (unsigned long i = 0; i < used; i++)
		if (entries[i].revents & POLLNVAL)
			result = -EBADF;
	if (result >= 0)
		result = result_of(entries, used, sets, count);
	libc_free(entries);
	return result;
}

long call_select(long const a[6])
{
	struct timeval const *timeout = (struct timeval const *)a[4];

	if (!timeout)
		return select_until(a, 0);
	return select_until(a, deadline_of(&(struct timespec) { .tv_sec = timeout->tv_sec, .tv_nsec = timeout->tv_usec * 1000 }));
}

long call_pselect(long const a[6])
{
	return select_until(a, deadline_of((struct timespec const *)a[4]));
}
