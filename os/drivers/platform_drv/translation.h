/* SPDX-License-Identifier: MIT */
/*
 * The page tables of a domain, VT-d 3.3, 9.8: one table for each level, of 512 entries of 64 bits. Those above the page tables stand in a row, the highest
 * first, and lead to one page directory, which maps DOMAIN_END bytes; each page table is what one mapping brings along for each DOMAIN_WINDOW of it.
 */
#pragma once

#include <base/types.h>

#define TRANSLATION_RIGHTS UINT64_C(3)    /* read and write */

enum { TRANSLATION_TABLE = 4096, TRANSLATION_ENTRIES = 512 };

#define DOMAIN_WINDOW (2ul << 20)    /* what one page table maps; each mapping begins at a multiple of it */
#define DOMAIN_FIRST  DOMAIN_WINDOW  /* so that 0 is never mapped */
#define DOMAIN_END    (1ul << 30)    /* what one page directory maps */

/* Memory, in the own address space and in the machine; whole pages. */
struct table_memory { uint64_t *entries; uint64_t physical, size; };

/* The highest of the `count` tables on top leads to the next one, and so on to the directory, which is empty. They are zeroed. */
static inline void translation_init(struct table_memory const *top, unsigned count)
{
	for (unsigned i = 0; i + 1 < count; i++)
		top->entries[i * TRANSLATION_ENTRIES] = (top->physical + (i + 1) * TRANSLATION_TABLE) | TRANSLATION_RIGHTS;
}

/* [address, address + size) is the memory at `physical`. `tables`: one for each window, zeroed; the directory leads to them last. */
static inline void translation_map(uint64_t *directory, uint64_t address, uint64_t physical, uint64_t size, struct table_memory const *tables)
{
	for (uint64_t at = 0; at < size; at += PAGE_SIZE)
		tables->entries[at / PAGE_SIZE] = (physical + at) | TRANSLATION_RIGHTS;
	for (uint64_t at = 0; at < size; at += DOMAIN_WINDOW)
		*(uint64_t volatile *)&directory[(address + at) / DOMAIN_WINDOW] = (tables->physical + at / DOMAIN_WINDOW * TRANSLATION_TABLE) | TRANSLATION_RIGHTS;
}

/* Nothing is mapped there. */
static inline void translation_unmap(uint64_t *directory, uint64_t address, uint64_t size)
{
	for (uint64_t at = 0; at < size; at += DOMAIN_WINDOW)
		*(uint64_t volatile *)&directory[(address + at) / DOMAIN_WINDOW] = 0;
}
