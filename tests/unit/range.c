/* SPDX-License-Identifier: MIT */
/*
 * The range allocator, against a map with one byte for each number.
 */
#include "unit.h"
#include <base/range.h>

enum { NUMBERS = 256, BLOCKS = 300 };

/* 0: unknown, 1: free, else in use, each range with a mark of its own. */
static unsigned map[NUMBERS];

static bool all(uint64_t start, uint64_t size, unsigned mark)
{
	for (uint64_t i = start; i < start + size; i++) {
		if (i >= NUMBERS || map[i] != mark)
			return false;
	}
	return true;
}

static void paint(uint64_t start, uint64_t size, unsigned mark)
{
	for (uint64_t i = start; i < start + size; i++)
		map[i] = mark;
}

/* Where first fit within [min, max] puts a range; NUMBERS: nowhere. */
static uint64_t model_place(uint64_t size, uint64_t alignment, uint64_t min, uint64_t max)
{
	for (uint64_t start = min; start < NUMBERS && start + size - 1 <= max; start++) {
		if (start % alignment == 0 && all(start, size, 1))
			return start;
	}
	return NUMBERS;
}

static uint64_t model_largest(void)
{
	uint64_t largest = 0;

	for (uint64_t i = 0, run = 0; i < NUMBERS; i++) {
		run = map[i] == 1 ? run + 1 : 0;
		largest = MAX(largest, run);
	}
	return largest;
}

static void random_alloc(struct range *range, unsigned mark)
{
	uint64_t size = 1 + unit_below(20), alignment = UINT64_C(1) << unit_below(5), start = 1234567;
	uint64_t min = unit_below(3) ? 0 : unit_below(NUMBERS), max = unit_below(3) ? UINT64_MAX : min + unit_below(NUMBERS);
	uint64_t place  = model_place(size, alignment, min, max);
	enum status status = range_alloc_between(range, size, alignment, min, max, &start);

	CHECK(status == (place == NUMBERS ? STATUS_NOT_FOUND : STATUS_OK));
	if (status)
		return;
	CHECK(start == place);
	paint(start, size, mark);
}

static void random_alloc_at(struct range *range, unsigned mark)
{
	uint64_t start = unit_below(NUMBERS), size = 1 + unit_below(20);
	enum status status = range_alloc_at(range, start, size);

	CHECK(status == (all(start, size, 1) ? STATUS_OK : STATUS_EXISTS));
	if (!status)
		paint(start, size, mark);
}

static void random_free(struct range *range)
{
	uint64_t at = unit_below(NUMBERS), size = 0;
	bool     is_start = map[at] > 1 && (at == 0 || map[at - 1] != map[at]);
	struct range_block const *block = range_lookup(range, at);

	CHECK((block != NULL) == (map[at] > 1));
	if (block) {
		CHECK(map[block->of_range.key] == map[at]);
		at = unit_below(4) ? block->of_range.key : at;
		is_start = at == block->of_range.key;
	}
	CHECK(range_free(range, at, &size) == (is_start ? STATUS_OK : STATUS_NOT_FOUND));
	if (is_start) {
		CHECK(all(at, size, map[at]));
		paint(at, size, 1);
	}
}

static void random_add(struct range *range)
{
	uint64_t start = unit_below(NUMBERS - 40), size = 1 + unit_below(40);
	enum status status = range_add(range, start, size);

	CHECK(status == (all(start, size, 0) ? STATUS_OK : STATUS_EXISTS));
	if (!status)
		paint(start, size, 1);
}

START_TEST(random_use_agrees_with_the_map)
{
	for (int run = 0; run < 10; run++) {
		struct range_block blocks[BLOCKS];
		struct range_pool  pool;
		struct range       range;

		range_pool_init(&pool);
		range_pool_add(&pool, blocks, BLOCKS);
		range_init(&range, &pool);
		paint(0, NUMBERS, 0);
		for (unsigned round = 2; round < 1500; round++) {
			uint64_t action = unit_below(8);
			if (action == 0)
				random_add(&range);
			else if (action < 4)
				random_alloc(&range, round);
			else if (action == 4)
				random_alloc_at(&range, round);
			else
				random_free(&range);
			range_check(&range);
			CHECK(range_largest_hole(&range) == model_largest());
		}
		range_fini(&range);
		ck_assert_uint_eq(pool.count, BLOCKS);
	}
}
END_TEST

START_TEST(an_empty_pool_fails_allocations_without_effect_and_never_a_free)
{
	struct range_block blocks[3], more[1];
	struct range_pool  pool;
	struct range       range;
	uint64_t           start;

	range_pool_init(&pool);
	range_pool_add(&pool, blocks, 3);
	range_init(&range, &pool);
	ck_assert_int_eq(range_add(&range, 0, 100), STATUS_OK);
	ck_assert_int_eq(range_alloc_at(&range, 10, 10), STATUS_OK);
	ck_assert_uint_eq(pool.count, 0);
	ck_assert_int_eq(range_alloc(&range, 5, 1, &start), STATUS_OUT_OF_RAM);
	ck_assert_int_eq(range_alloc_at(&range, 50, 1), STATUS_OUT_OF_RAM);
	ck_assert_int_eq(range_add(&range, 200, 1), STATUS_OUT_OF_RAM);
	ck_assert_uint_eq(range.free, 90);
	range_check(&range);
	ck_assert_int_eq(range_alloc(&range, 10, 1, &start), STATUS_OK);
	ck_assert_uint_eq(start, 0);
	range_pool_add(&pool, more, 1);
	ck_assert_int_eq(range_alloc(&range, 5, 1, &start), STATUS_OK);
	ck_assert_uint_eq(start, 20);
	ck_assert_int_eq(range_free(&range, 10, NULL), STATUS_OK);
	ck_assert_int_eq(range_free(&range, 0, NULL), STATUS_OK);
	ck_assert_int_eq(range_free(&range, 20, NULL), STATUS_OK);
	ck_assert_uint_eq(range_largest_hole(&range), 100);
	ck_assert_uint_eq(pool.count, 3);
}
END_TEST

START_TEST(the_ends_of_the_number_space_do_not_overflow)
{
	struct range_block blocks[8];
	struct range_pool  pool;
	struct range       range;
	uint64_t           start = 7;

	range_pool_init(&pool);
	range_pool_add(&pool, blocks, 8);
	range_init(&range, &pool);
	ck_assert_int_eq(range_add(&range, 1, UINT64_MAX), STATUS_INVALID);
	ck_assert_int_eq(range_add(&range, UINT64_MAX, 1), STATUS_INVALID);
	ck_assert_int_eq(range_add(&range, 5, 0), STATUS_INVALID);
	ck_assert_int_eq(range_add(&range, 0, UINT64_MAX), STATUS_OK);
	ck_assert_int_eq(range_add(&range, 0, UINT64_MAX), STATUS_EXISTS);
	ck_assert_int_eq(range_alloc_at(&range, UINT64_MAX - 1, 1), STATUS_OK);
	ck_assert_int_eq(range_alloc_at(&range, UINT64_MAX - 1, UINT64_MAX), STATUS_EXISTS);
	ck_assert_int_eq(range_alloc_at(&range, UINT64_MAX, 1), STATUS_EXISTS);
	ck_assert_int_eq(range_alloc_at(&range, 3, 0), STATUS_INVALID);
	ck_assert_int_eq(range_alloc(&range, UINT64_MAX, 1, &start), STATUS_NOT_FOUND);
	ck_assert_int_eq(range_alloc(&range, UINT64_MAX, UINT64_C(1) << 63, &start), STATUS_NOT_FOUND);
	ck_assert_int_eq(range_alloc(&range, 0, 1, &start), STATUS_INVALID);
	ck_assert_int_eq(range_alloc(&range, 1, 0, &start), STATUS_INVALID);
	ck_assert_int_eq(range_alloc(&range, 1, 3, &start), STATUS_INVALID);
	ck_assert_int_eq(range_alloc_between(&range, 1, 1, 5, 4, &start), STATUS_INVALID);
	ck_assert_uint_eq(start, 7);
	ck_assert_int_eq(range_alloc_between(&range, 1, UINT64_C(1) << 63, 1, UINT64_MAX, &start), STATUS_OK);
	ck_assert_uint_eq(start, UINT64_C(1) << 63);
	ck_assert_int_eq(range_alloc_between(&range, 1, UINT64_C(1) << 63, start + 1, UINT64_MAX, &start), STATUS_NOT_FOUND);
	ck_assert_int_eq(range_alloc(&range, UINT64_C(1) << 63, 1, &start), STATUS_OK);
	ck_assert_uint_eq(start, 0);
	ck_assert_int_eq(range_free(&range, UINT64_C(1) << 63, NULL), STATUS_OK);
	ck_assert_int_eq(range_free(&range, UINT64_C(1) << 63, NULL), STATUS_NOT_FOUND);
	range_check(&range);
}
END_TEST

START_TEST(one_pool_serves_several_allocators)
{
	struct range_block blocks[4];
	struct range_pool  pool;
	struct range       a, b;
	uint64_t           start;

	range_pool_init(&pool);
	range_pool_add(&pool, blocks, 4);
	range_init(&a, &pool);
	range_init(&b, &pool);
	ck_assert_int_eq(range_add(&a, 0, 10), STATUS_OK);
	ck_assert_int_eq(range_add(&b, 0, 10), STATUS_OK);
	ck_assert_int_eq(range_alloc(&a, 1, 1, &start), STATUS_OK);
	ck_assert_int_eq(range_alloc(&b, 1, 1, &start), STATUS_OK);
	ck_assert_int_eq(range_alloc(&a, 1, 1, &start), STATUS_OUT_OF_RAM);
	range_fini(&b);
	ck_assert_int_eq(range_alloc(&a, 1, 1, &start), STATUS_OK);
	range_fini(&a);
	ck_assert_uint_eq(pool.count, 4);
}
END_TEST

START_TEST(the_check_notices_each_broken_invariant)
{
	struct range_block blocks[4];
	struct range_pool  pool;
	struct range       range;

	range_pool_init(&pool);
	range_pool_add(&pool, blocks, 4);
	range_init(&range, &pool);
	ck_assert_int_eq(range_add(&range, 0, 10), STATUS_OK);
	ck_assert_int_eq(range_alloc_at(&range, 4, 2), STATUS_OK);
	range_check(&range);
	range.free++;
	CHECK_ASSERTS(range_check(&range));
	range.free--;
	pool.count++;
	CHECK_ASSERTS(range_check(&range));
	pool.count--;
	tree_object(range.blocks.root, struct range_block, of_range)->largest_hole++;
	CHECK_ASSERTS(range_check(&range));
	tree_changed(&range.blocks, range.blocks.root);
	range_check(&range);
	tree_object(tree_find(&range.blocks, 4), struct range_block, of_range)->used = false;
	CHECK_ASSERTS(range_check(&range));
}
END_TEST

UNIT_MAIN(random_use_agrees_with_the_map, an_empty_pool_fails_allocations_without_effect_and_never_a_free,
          the_ends_of_the_number_space_do_not_overflow, one_pool_serves_several_allocators, the_check_notices_each_broken_invariant)
