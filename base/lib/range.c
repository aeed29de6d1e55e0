/* SPDX-License-Identifier: MIT */
/*
 * The range allocator. Everything rests on `carve`, which cuts a used range out of a hole, and on `merge`, which joins a
 * hole with the one behind it.
 */
#include <base/range.h>

static struct range_block *block_of(struct tree_node *node)
{
	return tree_object(node, struct range_block, of_range);
}

static uint64_t start_of(struct range_block const *block)
{
	return block->of_range.key;
}

static uint64_t end_of(struct range_block const *block)
{
	return block->of_range.key + block->size;
}

static uint64_t largest_below(struct tree_node *node)
{
	return node ? block_of(node)->largest_hole : 0;
}

static void update(struct tree_node *node)
{
	struct range_block *block    = block_of(node);
	uint64_t            children = MAX(largest_below(node->child[0]), largest_below(node->child[1]));

	block->largest_hole = MAX(children, block->used ? 0 : block->size);
}

/* --- The pool --- */

void range_pool_init(struct range_pool *pool)
{
	list_init(&pool->spare);
	pool->count = 0;
}

static void pool_give(struct range_pool *pool, struct range_block *block)
{
	*block = (struct range_block) { .size = 0 };
	list_prepend(&pool->spare, &block->of_pool);
	pool->count++;
}

void range_pool_add(struct range_pool *pool, struct range_block *blocks, size_t count)
{
	for (size_t i = count; i-- > 0; )
		pool_give(pool, &blocks[i]);
}

/* --- Blocks --- */

/* Takes a block from the pool, which has one, and puts it into the tree, where its start is free. */
static struct range_block *new_block(struct range *range, uint64_t start, uint64_t size, bool used)
{
	struct range_block *block = list_object(list_take_first(&range->pool->spare), struct range_block, of_pool);

	assert(block && size);
	range->pool->count--;
	block->of_range.key = start;
	block->size = size;
	block->used = used;

	enum status status = tree_insert(&range->blocks, &block->of_range);
	assert(status == STATUS_OK);
	return block;
}

static void resize(struct range *range, struct range_block *block, uint64_t size)
{
	block->size = size;
	tree_changed(&range->blocks, &block->of_range);
}

/* Joins `hole` with the block behind it if that is an adjacent hole. Either may be NULL. */
static void merge(struct range *range, struct range_block *hole, struct range_block *behind)
{
	if (!hole || !behind || hole->used || behind->used || end_of(hole) != start_of(behind))
		return;

	uint64_t size = hole->size + behind->size;

	tree_remove(&range->blocks, &behind->of_range);
	pool_give(range->pool, behind);
	resize(range, hole, size);
}

static void merge_around(struct range *range, struct range_block *hole)
{
	merge(range, hole, block_of(tree_next(&hole->of_range)));
	merge(range, block_of(tree_previous(&hole->of_range)), hole);
}

/* Makes [start, start + size), which lies within `hole`, a used block. */
static enum status carve(struct range *range, struct range_block *hole, uint64_t start, uint64_t size)
{
	uint64_t const before = start - start_of(hole), behind = end_of(hole) - (start + size);

	assert(!hole->used && start >= start_of(hole) && is_within(before, size, hole->size));
	if (range->pool->count < (size_t)(before > 0) + (behind > 0))
		return STATUS_OUT_OF_RAM;
	if (before) {
		resize(range, hole, before);
		new_block(range, start, size, true);
	} else {
		hole->used = true;
		resize(range, hole, size);
	}
	if (behind)
		new_block(range, start + size, behind, false);
	range->free -= size;
	range->used += size;
	return STATUS_OK;
}

/* --- What callers see --- */

void range_init(struct range *range, struct range_pool *pool)
{
	*range = (struct range) { .blocks.update = update, .pool = pool };
}

void range_fini(struct range *range)
{
	while (range->blocks.root) {
		struct range_block *block = block_of(range->blocks.root);
		tree_remove(&range->blocks, &block->of_range);
		pool_give(range->pool, block);
	}
	range->free = range->used = 0;
}

enum status range_add(struct range *range, uint64_t start, uint64_t size)
{
	if (!size || size > UINT64_MAX - start)
		return STATUS_INVALID;

	/* The last block that starts before the end of the new range is the only one that can reach into it. */
	struct range_block *last = block_of(tree_floor(&range->blocks, start + size - 1));

	if (last && end_of(last) > start)
		return STATUS_EXISTS;
	if (!range->pool->count)
		return STATUS_OUT_OF_RAM;
	range->free += size;
	merge_around(range, new_block(range, start, size, false));
	return STATUS_OK;
}

/* Where a range would start in this hole within [min, max]; false: nowhere. */
static bool fit(struct range_block const *hole, uint64_t size, uint64_t alignment, uint64_t min, uint64_t max, uint64_t *start)
{
	uint64_t const last = MIN(end_of(hole) - 1, max);
	uint64_t       place;

	if (!align_up_checked(MAX(start_of(hole), min), alignment, &place))
		return false;
	if (place > last || size - 1 > last - place)
		return false;
	*start = place;
	return true;
}

/* The lowest hole of at least `size` in a subtree, or NULL. */
static struct range_block *lowest_hole(struct tree_node *node, uint64_t size)
{
	while (node && largest_below(node) >= size) {
		if (largest_below(node->child[0]) >= size)
			node = node->child[0];
		else if (!block_of(node)->used && block_of(node)->size >= size)
			return block_of(node);
		else
			node = node->child[1];
	}
	return NULL;
}

/* The lowest hole of at least `size` behind `block`, or NULL. */
static struct range_block *next_hole(struct range_block *block, uint64_t size)
{
	struct tree_node   *node = &block->of_range;
	struct range_block *hole = lowest_hole(node->child[1], size);

	while (!hole && node->parent) {
		struct tree_node *parent = node->parent;
		if (node == parent->child[0]) {
			if (!block_of(parent)->used && block_of(parent)->size >= size)
				return block_of(parent);
			hole = lowest_hole(parent->child[1], size);
		}
		node = parent;
	}
	return hole;
}

enum status range_alloc_between(struct range *range, uint64_t size, uint64_t alignment, uint64_t min, uint64_t max, uint64_t *start)
{
	struct range_block *hole, *floor = block_of(tree_floor(&range->blocks, min));
	uint64_t            place;

	if (!size || !is_power_of_two(alignment) || min > max)
		return STATUS_INVALID;
	hole = floor ? floor : lowest_hole(range->blocks.root, size);
	if (floor && (floor->used || floor->size < size))
		hole = next_hole(floor, size);
	for (; hole && start_of(hole) <= max; hole = next_hole(hole, size)) {
		if (!fit(hole, size, alignment, min, max, &place))
			continue;
		enum status status = carve(range, hole, place, size);
		if (status == STATUS_OK)
			*start = place;
		return status;
	}
	return STATUS_NOT_FOUND;
}

enum status range_alloc(struct range *range, uint64_t size, uint64_t alignment, uint64_t *start)
{
	return range_alloc_between(range, size, alignment, 0, UINT64_MAX, start);
}

enum status range_alloc_at(struct range *range, uint64_t start, uint64_t size)
{
	struct range_block *hole = block_of(tree_floor(&range->blocks, start));

	if (!size)
		return STATUS_INVALID;
	if (!hole || hole->used || !is_within(start - start_of(hole), size, hole->size))
		return STATUS_EXISTS;
	return carve(range, hole, start, size);
}

enum status range_free(struct range *range, uint64_t start, uint64_t *size)
{
	struct range_block *block = block_of(tree_find(&range->blocks, start));

	if (!block || !block->used)
		return STATUS_NOT_FOUND;
	if (size)
		*size = block->size;
	range->used -= block->size;
	range->free += block->size;
	block->used = false;
	tree_changed(&range->blocks, &block->of_range);
	merge_around(range, block);
	return STATUS_OK;
}

struct range_block const *range_lookup(struct range const *range, uint64_t at)
{
	struct range_block const *block = block_of(tree_floor(&range->blocks, at));

	return block && block->used && at - start_of(block) < block->size ? block : NULL;
}

uint64_t range_largest_hole(struct range const *range)
{
	return largest_below(range->blocks.root);
}

void range_check(struct range const *range)
{
	struct range_block const *previous = NULL;
	uint64_t                  free = 0, used = 0;

	tree_check(&range->blocks);
	assert(list_length(&range->pool->spare) == range->pool->count);
	tree_for_each(block, &range->blocks, struct range_block, of_range) {
		uint64_t recorded = block->largest_hole;
		update(&block->of_range);
		assert(block->largest_hole == recorded && block->size);
		assert(!previous || end_of(previous) <= start_of(block));
		assert(!previous || previous->used || block->used || end_of(previous) < start_of(block));
		*(block->used ? &used : &free) += block->size;
		previous = block;
	}
	assert(free == range->free && used == range->used);
}
