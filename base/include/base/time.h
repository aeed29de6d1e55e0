/* SPDX-License-Identifier: MIT */
/*
 * The clock that the kernel keeps: nanoseconds since boot. Deadlines are points on it.
 */
#pragma once

#include <base/platform.h>

#define TIME_NS_PER_US UINT64_C(1000)
#define TIME_NS_PER_MS UINT64_C(1000000)
#define TIME_NS_PER_S  UINT64_C(1000000000)

static inline uint64_t time_now_ns(void)
{
	struct platform_regs regs = { 0 };

	platform_invoke(PLATFORM_TIME, &regs);
	return regs.target;
}
