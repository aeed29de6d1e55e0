/* SPDX-License-Identifier: MIT */
/* <time.h>: calendars, and clocks that go forward */
#define _GNU_SOURCE
#include "checks.h"

#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static void show_day(time_t when)
{
	struct tm  tm;
	char       text[64];

	gmtime_r(&when, &tm);
	SHOW("%04d-%02d-%02d %02d:%02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	SHOW("%d %d", tm.tm_wday, tm.tm_yday);
	strftime(text, sizeof(text), "%a %d %b %Y %H:%M:%S %j %U %V", &tm);
	SHOW("%s", text);
	SHOW("%d", timegm(&tm) == when);
}

static int is_later(clockid_t clock)
{
	struct timespec before, after;

	clock_gettime(clock, &before);
	nanosleep(&(struct timespec) { .tv_nsec = 2000000 }, NULL);
	clock_gettime(clock, &after);
	return (after.tv_sec - before.tv_sec) * 1000000000LL + after.tv_nsec - before.tv_nsec >= 2000000;
}

void check_time(void)
{
	struct tm      tm = { .tm_year = 124, .tm_mon = 13, .tm_mday = 31 };
	struct timeval now;
	char           text[64];

	setenv("TZ", "UTC0", 1);
	tzset();
	show_day(0);
	show_day(951782400);
	show_day(4102444799);
	SHOW("%lld", (long long)mktime(&tm));
	SHOW("%d %d %d", tm.tm_year, tm.tm_mon, tm.tm_mday);
	memset(&tm, 0, sizeof(tm));
	SHOW("%d", strptime("2026-03-14 15:09:26", "%Y-%m-%d %H:%M:%S", &tm) != NULL);
	SHOW("%lld", (long long)timegm(&tm));
	SHOW("%s", asctime_r(&tm, text));
	SHOW("%.1f", difftime(100, 50));
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	tm = *localtime(&(time_t) { 1783000000 });
	SHOW("%d %d", tm.tm_hour, tm.tm_isdst);
	SHOW("%ld", tm.tm_gmtoff);
	SHOW("%d", is_later(CLOCK_MONOTONIC));
	SHOW("%d", is_later(CLOCK_REALTIME));
	SHOW("%d", gettimeofday(&now, NULL));
	SHOW("%d", time(NULL) >= now.tv_sec);
	SHOW("%d", clock_getres(CLOCK_MONOTONIC, &(struct timespec) { 0 }));
	SHOW("%d", clock_gettime((clockid_t)99, &(struct timespec) { 0 }));
	SHOW("%d", nanosleep(&(struct timespec) { .tv_nsec = -1 }, NULL));
	SHOW("%d", usleep(1000));
}
