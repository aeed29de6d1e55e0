/* SPDX-License-Identifier: MIT */
/* What managed_pager writes into the pages that it fills, and managed_client looks for. */
#pragma once

#include <base/types.h>

enum { MANAGED_WORDS = PAGE_SIZE / sizeof(uint64_t) };

/* The word at `index` of a page that was filled for the `time`th time. */
static inline uint64_t managed_word(uint32_t page, unsigned index, uint32_t time)
{
	return (uint64_t)page << 40 | (uint64_t)index << 16 | time;
}
