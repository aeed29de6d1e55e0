/* SPDX-License-Identifier: MIT */
/*
 * The clock that the kernel keeps: nanoseconds since boot. Deadlines are points on it.
 */
#pragma once

#include <base/platform.h>

enum { TIME_NS_PER_US = 1000, TIME_NS_PER_MS = 1000000, TIME_NS_PER_S = 1000000000 };

static inline uint64_t time_now_ns(void)
{
	struct platform_regs regs = { 0 };

	platform_invoke(PLATFORM_TIME, &regs);
	return regs.target;
}
