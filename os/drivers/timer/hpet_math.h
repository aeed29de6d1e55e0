/* SPDX-License-Identifier: MIT */
/* The HPET's numbers, pure: they also compile on the host, where they are tested. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define FS_PER_US          1000000000ull
#define HPET_PERIOD_MAX    100000000u   /* femtoseconds: the specification allows 10 MHz at least (2.3.4) */
#define HPET_MARGIN_TICKS  64u          /* what writing a comparator may take */
#define HPET_FAR_TICKS     0x40000000u  /* a quarter turn of a 32-bit counter */

static inline bool hpet_period_valid(uint32_t period_fs) { return period_fs && period_fs <= HPET_PERIOD_MAX; }

/* Rounds down; exact for any counter value. */
static inline uint64_t hpet_ticks_to_us(uint64_t ticks, uint32_t period_fs)
{
	return ticks / FS_PER_US * period_fs + ticks % FS_PER_US * period_fs / FS_PER_US;
}

/* The first tick at which hpet_ticks_to_us gives `us` or more; saturating. */
static inline uint64_t hpet_us_to_ticks(uint64_t us, uint32_t period_fs)
{
	uint64_t whole = us / period_fs, rest = us % period_fs;

	if (whole >= UINT64_MAX / FS_PER_US - 1)
		return UINT64_MAX;
	return whole * FS_PER_US + (rest * FS_PER_US + period_fs - 1) / period_fs;
}

/* When to interrupt for `at`: not before `now` + margin, not further away than a quarter turn. */
static inline uint64_t hpet_clamp(uint64_t at, uint64_t now, uint64_t margin)
{
	uint64_t first = now + margin, last = now + HPET_FAR_TICKS;

	return at < first ? first : at > last ? last : at;
}
