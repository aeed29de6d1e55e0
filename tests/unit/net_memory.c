/* SPDX-License-Identifier: MIT */
/*
 * The memory of the network, on chunks from the host: random use keeps within the limit and gives all back, and shares get smaller as it fills.
 */
#include "unit.h"
#include <base/heap.h>
#include <string.h>

#include "repos/libports/lib/lwip/net_memory.h"

enum { BLOCKS = 400, LIMIT = 256 << 10 };

static size_t bytes, limit = SIZE_MAX;

static enum status get(struct cap payer, size_t size, void **memory)
{
	if (bytes + size > limit)
		return STATUS_OUT_OF_RAM;
	*memory = calloc(1, size);
	bytes += size;
	return STATUS_OK;
}

static void put(void *memory, size_t size)
{
	bytes -= size;
	free(memory);
}

static struct heap_source const source = { .get = get, .put = put };
static struct heap heap;

static void setup(void)
{
	bytes = 0;
	limit = SIZE_MAX;
	heap_init(&heap, (struct cap) { 64 }, &source);
	net_memory_init(&heap, LIMIT);
}

struct block { unsigned char *memory; size_t size; unsigned char mark; };

static size_t random_size(void)
{
	return unit_below(3) ? unit_below(1700) : unit_below(9000);
}

static void check_block(struct block *block)
{
	for (size_t i = 0; i < block->size; i++)
		CHECK(block->memory[i] == block->mark);
}

START_TEST(random_use_keeps_contents_and_the_limit)
{
	static struct block blocks[BLOCKS];
	size_t              refused = 0;

	setup();
	for (unsigned step = 0; step < 20000; step++) {
		struct block *block = &blocks[unit_below(BLOCKS)];

		if (block->memory) {
			check_block(block);
			net_memory_free(block->memory);
			block->memory = NULL;
			continue;
		}
		block->size = random_size();
		block->memory = net_memory_alloc(block->size);
		block->mark = (unsigned char)step;
		if (block->memory) {
			CHECK((uintptr_t)block->memory % 16 == 0);
			memset(block->memory, block->mark, block->size);
		}
		refused += !block->memory;
		CHECK(net_memory_used() <= LIMIT);
	}
	CHECK(refused > 0);
	for (unsigned i = 0; i < BLOCKS; i++)
		net_memory_free(blocks[i].memory);
	heap_check(&heap);
}
END_TEST

START_TEST(free_blocks_of_one_size_make_room_for_another)
{
	void    *small[LIMIT / 64 + 1];
	unsigned count = 0;

	setup();
	while ((small[count] = net_memory_alloc(48)) != NULL)
		count++;
	CHECK(count == LIMIT / 64);
	while (count)
		net_memory_free(small[--count]);

	void *large = net_memory_alloc(LIMIT - 16);

	CHECK(large && net_memory_used() == LIMIT);
	net_memory_free(large);
	CHECK(net_memory_used() == 0 && bytes == 0);
}
END_TEST

START_TEST(shares_shrink_to_nothing_before_the_reserve_is_touched)
{
	size_t share, last = SIZE_MAX;

	setup();
	share = net_memory_share();
	CHECK(share > LIMIT / 16);
	while ((share = net_memory_share()) > 0) {
		CHECK(share <= last && net_memory_alloc(1024));
		last = share;
	}
	CHECK(net_memory_used() >= LIMIT / 4 * 3 && net_memory_used() < LIMIT / 4 * 3 + 2048);
	CHECK(net_memory_alloc(1024));
	heap_fini(&heap);
}
END_TEST

START_TEST(an_account_that_has_no_more_is_told_as_null)
{
	setup();
	limit = 16 << 10;
	for (unsigned i = 0; i < 100; i++)
		CHECK(!net_memory_alloc(8000) || bytes <= limit);
	CHECK(!net_memory_alloc(8000) && !net_memory_alloc_zeroed(SIZE_MAX / 2, 4) && !net_memory_alloc(SIZE_MAX - 8));
	heap_fini(&heap);
}
END_TEST

UNIT_MAIN(random_use_keeps_contents_and_the_limit, free_blocks_of_one_size_make_room_for_another,
          shares_shrink_to_nothing_before_the_reserve_is_touched, an_account_that_has_no_more_is_told_as_null)
