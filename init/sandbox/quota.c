/* SPDX-License-Identifier: MIT */
/* Arithmetic on quota. */
#include "quota.h"
#include <base/cost.h>
#include "session.h"

bool quota_add(struct quota *sum, struct quota more)
{
	struct quota result;

	if (__builtin_add_overflow(sum->ram, more.ram, &result.ram) || __builtin_add_overflow(sum->caps, more.caps, &result.caps))
		return false;
	*sum = result;
	return true;
}

bool quota_take(struct quota *from, struct quota less)
{
	if (!quota_covers(*from, less))
		return false;
	from->ram -= less.ram;
	from->caps -= less.caps;
	return true;
}

bool quota_covers(struct quota have, struct quota need)
{
	return have.ram >= need.ram && have.caps >= need.caps;
}

uint64_t quota_pages(uint64_t bytes)
{
	return align_up(bytes, PAGE_SIZE);
}

struct quota quota_of_slots(unsigned sessions, size_t config_size)
{
	/* The slots, attached in a window of their own, whose page table the text of the configuration shares. */
	struct quota quota = {
		.ram  = quota_pages(sessions * sizeof(struct session_slot)) + PAGE_SIZE,
		.caps = COST_DATASPACE_CAPS + COST_REGION_CAPS,
	};

	if (config_size) {
		quota.ram += quota_pages(config_size);
		quota.caps += COST_DATASPACE_CAPS + COST_REGION_CAPS + 1;
	}
	return quota;
}
