/* SPDX-License-Identifier: MIT */
/* Traces: marks in that of whoever traces this component, cheap, and nothing at all if nobody does; and what stands in a ring (TRACE). */
#pragma once

#include <base/platform.h>
#include <kernel/abi/trace.h>

/* `label` and `value` are the component's own words. */
static inline void trace_mark(uint32_t label, uint64_t value)
{
	struct platform_regs regs = { .header = (uint64_t)label << 32, .target = value };

	platform_invoke(PLATFORM_TRACE_MARK, &regs);
}
