/* SPDX-License-Identifier: MIT */
/* The HPET's numbers, against 128-bit arithmetic. */
#include <os/drivers/timer/hpet_math.h>

#include "unit.h"

typedef unsigned __int128 wide;

static uint32_t const periods[] = { 1, 2, 999, 10000000, 69841279, HPET_PERIOD_MAX };

static uint64_t any(void) { return unit_random() >> unit_below(64); }

static uint64_t exact_us(uint64_t ticks, uint32_t period_fs) { return (wide)ticks * period_fs / FS_PER_US; }

START_TEST(only_the_periods_of_the_specification_are_valid)
{
	ck_assert(!hpet_period_valid(0));
	ck_assert(hpet_period_valid(1));
	ck_assert(hpet_period_valid(HPET_PERIOD_MAX));
	ck_assert(!hpet_period_valid(HPET_PERIOD_MAX + 1));
	ck_assert(!hpet_period_valid(UINT32_MAX));
}
END_TEST

START_TEST(microseconds_of_ticks_are_exact)
{
	for (unsigned i = 0; i < 200000; i++) {
		uint32_t period = periods[unit_below(6)];
		uint64_t ticks = any();

		CHECK(hpet_ticks_to_us(ticks, period) == exact_us(ticks, period));
	}
	ck_assert_uint_eq(hpet_ticks_to_us(UINT64_MAX, HPET_PERIOD_MAX), exact_us(UINT64_MAX, HPET_PERIOD_MAX));
}
END_TEST

START_TEST(ticks_of_microseconds_are_the_first_that_reach_them)
{
	for (unsigned i = 0; i < 200000; i++) {
		uint32_t period = periods[unit_below(6)];
		uint64_t us = any(), ticks = hpet_us_to_ticks(us, period);
		wide exact = ((wide)us * FS_PER_US + period - 1) / period;

		/* Where it does not fit, or nearly not, it saturates: later than any counter gets. */
		if (ticks == UINT64_MAX) {
			CHECK(exact + 2 * (wide)FS_PER_US > UINT64_MAX);
			continue;
		}
		CHECK(ticks == exact);
		CHECK(hpet_ticks_to_us(ticks, period) >= us);
		CHECK(!ticks || !us || hpet_ticks_to_us(ticks - 1, period) < us);
	}
}
END_TEST

START_TEST(a_comparator_is_set_neither_too_near_nor_too_far)
{
	for (unsigned i = 0; i < 200000; i++) {
		uint64_t now = any() / 2, at = unit_below(2) ? now + unit_below(1000) - MIN(now, (uint64_t)500) : any();
		uint64_t set = hpet_clamp(at, now, HPET_MARGIN_TICKS);

		CHECK(set >= now + HPET_MARGIN_TICKS);
		CHECK(set <= now + HPET_FAR_TICKS);
		if (at >= now + HPET_MARGIN_TICKS && at <= now + HPET_FAR_TICKS)
			CHECK(set == at);
	}
}
END_TEST

UNIT_MAIN(only_the_periods_of_the_specification_are_valid, microseconds_of_ticks_are_exact, ticks_of_microseconds_are_the_first_that_reach_them,
          a_comparator_is_set_neither_too_near_nor_too_far)
