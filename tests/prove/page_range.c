/* SPDX-License-Identifier: MIT */
/*
 * proves by contract: index_of,in_one_table,bad_range
 * The arithmetic of page tables, for all addresses and numbers of pages: an index is in its table, a run in one table has a page and no more than
 * there are, and a range that is not refused ends in the lower half, without wrapping.
 */
#include <kernel/x86_64/paging.h>

/*@ requires level <= 3;
    assigns \nothing;
    ensures in_table: \result < 512; */
static unsigned index_of(uint64_t va, unsigned level);

/*@ requires pages >= 1;
    assigns \nothing;
    ensures some: 1 <= \result <= 512;
    ensures not_more: \result <= pages; */
static unsigned in_one_table(uint64_t va, uint64_t pages);

/*@ assigns \nothing;
    ensures user: \result == 0 ==> va % 4096 == 0 && 1 <= pages <= MAP_PAGES_MAX && va + pages * 4096 <= USER_END;
    ensures complete: va % 4096 == 0 && 1 <= pages <= MAP_PAGES_MAX && va + pages * 4096 <= USER_END ==> \result == 0; */
static bool bad_range(uint64_t va, uint64_t pages);

#include "../../kernel/x86_64/paging.c"
