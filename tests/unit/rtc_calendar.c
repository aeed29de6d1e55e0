/* SPDX-License-Identifier: MIT */
/* The calendar of the RTC driver, against the C library's: each day of 1970 to 2199, in each way that the clock can be set to. */
#include "../../os/drivers/rtc/calendar.h"

#include <check.h>
#include <stdlib.h>
#include <time.h>

static uint8_t coded(unsigned value, uint8_t status_b)
{
	return (uint8_t)(status_b & RTC_BINARY ? value : value / 10 << 4 | value % 10);
}

static struct rtc_registers registers_of(struct tm const *tm, uint8_t status_b)
{
	unsigned const year = (unsigned)tm->tm_year + 1900, hour = (unsigned)tm->tm_hour;
	uint8_t const  clock = status_b & RTC_24_HOURS ? coded(hour, status_b) : (uint8_t)(coded((hour + 11) % 12 + 1, status_b) | (hour >= 12 ? RTC_PM : 0));

	return (struct rtc_registers) {
		coded((unsigned)tm->tm_sec, status_b), coded((unsigned)tm->tm_min, status_b), clock, coded((unsigned)tm->tm_mday, status_b),
		coded((unsigned)tm->tm_mon + 1, status_b), coded(year % 100, status_b), coded(year / 100, status_b), status_b,
	};
}

START_TEST(every_day_is_that_of_the_c_library)
{
	time_t const step = 86400 + 4001;    /* each day at another hour, minute and second */
	unsigned     wrong = 0;

	for (time_t when = 0; when < (time_t)230 * 365 * 86400; when += step) {
		for (uint8_t mode = 0; mode < 4; mode++) {
			struct tm            tm;
			struct rtc_registers registers;
			uint64_t             seconds = 0;

			gmtime_r(&when, &tm);
			registers = registers_of(&tm, (uint8_t)(mode << 1));
			wrong += !rtc_seconds(&registers, &seconds) || seconds != (uint64_t)when;
		}
	}
	ck_assert_uint_eq(wrong, 0);
}
END_TEST

START_TEST(what_is_no_time_is_refused)
{
	struct rtc_registers const good = { 0x59, 0x59, 0x23, 0x31, 0x12, 0x26, 0x20, RTC_24_HOURS };
	struct rtc_registers       bad;
	uint64_t                   seconds;

	ck_assert(rtc_seconds(&good, &seconds));
	bad = good, bad.second = 0x60;
	ck_assert(!rtc_seconds(&bad, &seconds));
	bad = good, bad.minute = 0xff;
	ck_assert(!rtc_seconds(&bad, &seconds));
	bad = good, bad.hour = 0x24;
	ck_assert(!rtc_seconds(&bad, &seconds));
	bad = good, bad.day = 0;
	ck_assert(!rtc_seconds(&bad, &seconds));
	bad = good, bad.month = 0x13;
	ck_assert(!rtc_seconds(&bad, &seconds));
}
END_TEST

START_TEST(without_a_century_the_year_is_near)
{
	struct rtc_registers registers = { 0, 0, 0, 1, 1, 0x26, 0, RTC_24_HOURS };
	uint64_t             seconds;

	ck_assert(rtc_seconds(&registers, &seconds));
	ck_assert_uint_eq(seconds, 1767225600);
}
END_TEST

int main(void)
{
	Suite   *suite  = suite_create(__FILE__);
	TCase   *tests  = tcase_create("calendar");
	SRunner *runner = srunner_create(suite);
	int      failed;

	tcase_add_test(tests, every_day_is_that_of_the_c_library);
	tcase_add_test(tests, what_is_no_time_is_refused);
	tcase_add_test(tests, without_a_century_the_year_is_near);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
