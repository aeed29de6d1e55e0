/* SPDX-License-Identifier: MIT */
/*
 * Clocks and sleeping. All stand on the clock of the kernel, nanoseconds since boot; what day it was then, an RTC tells if there is one. CPU time
 * is not known to a component: those clocks count time, which is said once.
 */
#include "libc.h"

#include <sys/time.h>
#include <sys/times.h>
#include <time.h>

uint64_t libc_boot_s;          /* when the kernel's clock was 0, in seconds since 1970 */
bool     libc_has_rtc;

static struct timespec timespec_of(uint64_t ns)
{
	return (struct timespec) { .tv_sec = (time_t)(ns / TIME_NS_PER_S), .tv_nsec = (long)(ns % TIME_NS_PER_S) };
}

/* A negative time is none. */
static bool is_valid(struct timespec const *time)
{
	return time->tv_sec >= 0 && time->tv_nsec >= 0 && time->tv_nsec < (long)TIME_NS_PER_S;
}

static uint64_t in_ns(struct timespec const *time)
{
	uint64_t ns;

	if (__builtin_mul_overflow((uint64_t)time->tv_sec, TIME_NS_PER_S, &ns) || __builtin_add_overflow(ns, (uint64_t)time->tv_nsec, &ns))
		return UINT64_MAX;
	return ns;
}

uint64_t libc_deadline(struct timespec const *timeout)
{
	uint64_t deadline;

	if (!is_valid(timeout))
		return 1;
	return __builtin_add_overflow(time_now_ns(), in_ns(timeout), &deadline) ? UINT64_MAX : deadline;
}

/* The time of a clock in nanoseconds, or false. */
static bool read_clock(long clock, uint64_t *ns)
{
	*ns = time_now_ns();
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		if (!libc_has_rtc)
			libc_note("the time of day is not known, as there is no <rtc/> in <vfs>: it counts from 1970-01-01 at boot");
		*ns += libc_boot_s * TIME_NS_PER_S;
		return true;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_BOOTTIME:
		return true;
	case CLOCK_PROCESS_CPUTIME_ID:
	case CLOCK_THREAD_CPUTIME_ID:
		libc_note("CPU time is not known: clock() and its like tell the time since boot");
		return true;
	}
	return false;
}

long call_clock_gettime(long const a[6])
{
	uint64_t ns;

	if (!read_clock(a[0], &ns))
		return -EINVAL;
	*(struct timespec *)a[1] = timespec_of(ns);
	return 0;
}

long call_clock_getres(long const a[6])
{
	uint64_t ns;

	if (!read_clock(a[0], &ns))
		return -EINVAL;
	if (a[1])
		*(struct timespec *)a[1] = timespec_of(1);
	return 0;
}

long call_gettimeofday(long const a[6])
{
	struct timeval *time = (struct timeval *)a[0];
	uint64_t        ns;

	read_clock(CLOCK_REALTIME, &ns);
	if (time)
		*time = (struct timeval) { .tv_sec = (time_t)(ns / TIME_NS_PER_S), .tv_usec = (suseconds_t)(ns % TIME_NS_PER_S / TIME_NS_PER_US) };
	return 0;
}

long call_times(long const a[6])
{
	uint64_t    ns;
	struct tms *times = (struct tms *)a[0];

	read_clock(CLOCK_PROCESS_CPUTIME_ID, &ns);

	clock_t const ticks = (clock_t)(ns / (TIME_NS_PER_S / 100));

	if (times)
		*times = (struct tms) { .tms_utime = ticks };
	return ticks;
}

static long sleep_until(uint64_t deadline_ns, struct timespec *left)
{
	long const result = task_wait(&libc_boot_s, MAX(deadline_ns, 1UL));
	uint64_t   now;

	if (result == -ETIMEDOUT)
		return 0;
	now = time_now_ns();
	if (left)
		*left = timespec_of(deadline_ns > now ? deadline_ns - now : 0);
	return -EINTR;
}

long call_nanosleep(long const a[6])
{
	struct timespec const *time = (struct timespec const *)a[0];

	return is_valid(time) ? sleep_until(libc_deadline(time), (struct timespec *)a[1]) : -EINVAL;
}

/* a: clock, flags, time, left */
long call_clock_nanosleep(long const a[6])
{
	struct timespec const *time = (struct timespec const *)a[2];
	uint64_t               now, since = 0;

	if (!read_clock(a[0], &now) || !is_valid(time))
		return -EINVAL;
	if (!(a[1] & TIMER_ABSTIME))
		return sleep_until(libc_deadline(time), (struct timespec *)a[3]);
	if (a[0] == CLOCK_REALTIME)
		since = libc_boot_s * TIME_NS_PER_S;
	return sleep_until(in_ns(time) > since ? in_ns(time) - since : 1, NULL);
}
