/* SPDX-License-Identifier: MIT */
/*
 * The selector allocator of the loader. It only counts up, in a word of the UTCB that base leaves to it; the last selector
 * alone can be given back. What the loader drops otherwise stays an empty slot that is taken for used: a dozen at most.
 */
#include <base/platform.h>

#include "loader.h"

static uint64_t *next(void)
{
	return &thread_utcb()->user[UTCB_USER_LOADER];
}

void loader_caps_init(void)
{
	*next() = (uint64_t)SLOT_FIRST_FREE << 5;
}

uint64_t loader_caps_next(void)
{
	return *next();
}

enum status cap_reserve(struct cap *cap)
{
	if (*next() >= SLOTS_PER_FRAME * SLOT_SIZE)
		return STATUS_OUT_OF_CAPS;
	cap->selector = *next();
	*next() += SLOT_SIZE;
	return STATUS_OK;
}

void cap_release(struct cap cap)
{
	struct platform_regs regs = { .target = cap.selector };

	if (cap_is_null(cap))
		return;
	platform_invoke(PLATFORM_CAP_DROP, &regs);
	if (cap.selector + SLOT_SIZE == *next())
		*next() = cap.selector;
}

void cap_unreserve(struct cap cap)
{
	cap_release(cap);
}
