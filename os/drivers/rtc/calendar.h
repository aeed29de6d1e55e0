/* SPDX-License-Identifier: MIT */
/*
 * From what the clock's registers hold to seconds since 1970: pure, tested on the host.
 */
#pragma once

#include <base/types.h>

/*
 * Registers 0, 2, 4, 7, 8, 9, and the century, which PCs keep in register 0x32 (0: it is not kept), as they are; and register B, which says how
 * they are to be read.
 */
struct rtc_registers { uint8_t second, minute, hour, day, month, year, century, status_b; };

enum { RTC_BINARY = 0x04, RTC_24_HOURS = 0x02, RTC_PM = 0x80 };

static inline unsigned rtc_number(struct rtc_registers const *registers, uint8_t value)
{
	return registers->status_b & RTC_BINARY ? value : (value >> 4) * 10u + (value & 15);
}

/* Days since 1970-01-01 of the Gregorian calendar; months from 1. Years begin in March here, so that a leap day ends one. */
static inline uint64_t rtc_days(unsigned year, unsigned month, unsigned day)
{
	unsigned const y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;

	return (uint64_t)y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

/* False: that is no time. */
static inline bool rtc_seconds(struct rtc_registers const *registers, uint64_t *seconds)
{
	unsigned const second  = rtc_number(registers, registers->second), minute = rtc_number(registers, registers->minute);
	unsigned const day     = rtc_number(registers, registers->day), month = rtc_number(registers, registers->month);
	unsigned const century = rtc_number(registers, registers->century), two = rtc_number(registers, registers->year);
	unsigned const year    = century >= 19 && century <= 22 ? century * 100 + two : two < 70 ? 2000 + two : 1900 + two;
	unsigned       hour    = rtc_number(registers, registers->hour & ~RTC_PM);

	if (!(registers->status_b & RTC_24_HOURS))
		hour = hour % 12 + (registers->hour & RTC_PM ? 12 : 0);
	if (second > 59 || minute > 59 || hour > 23 || !day || day > 31 || !month || month > 12 || two > 99 || year < 1970)
		return false;
	*seconds = ((rtc_days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
	return true;
}
