/* SPDX-License-Identifier: MIT */
/*
 * The range allocator: hands out ranges of numbers (addresses, ports, sectors), never touching what they stand for.
 *
 * It keeps one `struct range_block` for each range it has given away and for each hole between them; blocks are ordered by
 * start, never overlap, and no two holes touch. It takes blocks from a pool that the caller fills, so it is visible whose
 * memory they are, and may be shared by several allocators with the same payer. An allocation splits a hole and takes at
 * most two blocks from the pool; freeing takes none, and gives back up to two: **to free never fails**. When the
 * pool is empty, an allocation changes nothing and answers OUT_OF_RAM: give the pool more blocks and try again.
 *
 * First fit: the lowest range that fits is taken, which makes runs repeatable and keeps the upper end whole. Each block
 * knows the largest hole in its subtree, so that holes too small are skipped unseen; the search takes O(log n) steps,
 * and O(log n) more for every hole that is large enough but has no aligned place.
 *
 * The end of the last range is at most UINT64_MAX. No argument overflows anything.
 */
#pragma once

#include <base/list.h>
#include <base/status.h>
#include <base/tree.h>

struct range_block {
	struct tree_node of_range;        /* its key is the start */
	struct list_link of_pool;         /* while it is spare */
	uint64_t         size;
	uint64_t         largest_hole;    /* in the subtree of this block */
	bool             used;
};

struct range_pool {
	struct list spare;                /* of struct range_block by of_pool */
	size_t      count;                /* of spare blocks */
};

struct range {
	struct tree        blocks;        /* of struct range_block by of_range */
	struct range_pool *pool;
	uint64_t           free, used;    /* the sums of all holes, of all ranges given away */
};

void range_pool_init(struct range_pool *pool);

/* `blocks` stay the pool's until it ends. */
void range_pool_add(struct range_pool *pool, struct range_block *blocks, size_t count);

/* Starts empty: nothing to give. `pool` outlives the allocator. */
void range_init(struct range *range, struct range_pool *pool);

/* Gives all blocks back to the pool; what was allocated is forgotten. */
void range_fini(struct range *range);

/*
 * Makes [start, start + size) a hole. EXISTS: a part of it is known already. INVALID: empty, or ends beyond UINT64_MAX.
 * OUT_OF_RAM: the pool is empty.
 */
MUST_CHECK enum status range_add(struct range *range, uint64_t start, uint64_t size);

/*
 * Takes the lowest hole of `size` numbers whose start is a multiple of `alignment`, a power of two. INVALID: size is 0 or
 * alignment is none. NOT_FOUND: no hole fits. OUT_OF_RAM: the pool has too few blocks.
 */
MUST_CHECK enum status range_alloc(struct range *range, uint64_t size, uint64_t alignment, uint64_t *start);

/* The same, with all of the range in [min, max]. */
MUST_CHECK enum status range_alloc_between(struct range *range, uint64_t size, uint64_t alignment, uint64_t min, uint64_t max,
                                           uint64_t *start);

/* Takes exactly this range. EXISTS: a part of it is in use or unknown. INVALID: empty. OUT_OF_RAM: as above. */
MUST_CHECK enum status range_alloc_at(struct range *range, uint64_t start, uint64_t size);

/*
 * Gives a range back, all of it, to the holes beside it. `start` is what it was allocated at; `size`, if not NULL,
 * receives its size. NOT_FOUND: no range in use starts there.
 */
MUST_CHECK enum status range_free(struct range *range, uint64_t start, uint64_t *size);

/* The range in use that holds `at`, or NULL. */
struct range_block const *range_lookup(struct range const *range, uint64_t at);

/* The size of the largest hole; 0: there is none. */
uint64_t range_largest_hole(struct range const *range);

/* Asserts all invariants; linear, for tests. */
void range_check(struct range const *range);
