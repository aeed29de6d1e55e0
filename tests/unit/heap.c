/* SPDX-License-Identifier: MIT */
/*
 * The heap, on chunks from the host: random use against a model, and a source that runs dry.
 */
#include "unit.h"
#include <base/heap.h>
#include <string.h>

enum { BLOCKS = 200, PAGE = 4096 };

static size_t   chunks, bytes;             /* that the heap holds */
static size_t   limit = SIZE_MAX;          /* bytes that the source gives in all */

static enum status get(struct cap payer, size_t size, void **memory)
{
	CHECK(payer.selector == 64 && size % PAGE == 0);
	if (bytes + size > limit)
		return STATUS_OUT_OF_RAM;
	*memory = aligned_alloc(PAGE, size);
	memset(*memory, 0, size);
	chunks++;
	bytes += size;
	return STATUS_OK;
}

static void put(void *memory, size_t size)
{
	chunks--;
	bytes -= size;
	free(memory);
}

static struct heap_source const source = { .get = get, .put = put };

struct block { unsigned char *memory; size_t size; unsigned char mark; };

static bool is_all(struct block const *block, unsigned char value)
{
	for (size_t i = 0; i < block->size; i++)
		if (block->memory[i] != value)
			return false;
	return true;
}

static void alloc_block(struct heap *heap, struct block *block)
{
	void       *memory;
	size_t      size   = unit_below(8) ? unit_below(300) : unit_below(20000);
	enum status status = heap_alloc(heap, size, &memory);

	CHECK(status == STATUS_OK || (status == STATUS_OUT_OF_RAM && limit != SIZE_MAX));
	if (status)
		return;
	*block = (struct block) { .memory = memory, .size = size, .mark = (unsigned char)unit_random() };
	CHECK((uintptr_t)memory % HEAP_ALIGN == 0 && is_all(block, 0));
	memset(memory, block->mark, size);
}

static void free_block(struct heap *heap, struct block *block)
{
	CHECK(is_all(block, block->mark));
	heap_free(heap, block->memory);
	block->memory = NULL;
}

static void use(struct heap *heap, unsigned steps)
{
	struct block blocks[BLOCKS] = { 0 };

	for (unsigned i = 0; i < steps; i++) {
		struct block *block = &blocks[unit_below(BLOCKS)];

		if (block->memory)
			free_block(heap, block);
		else
			alloc_block(heap, block);
		if (i % 64 == 0)
			heap_check(heap);
	}
	for (unsigned i = 0; i < BLOCKS; i++)
		if (blocks[i].memory)
			free_block(heap, &blocks[i]);
}

static void start(struct heap *heap)
{
	limit = SIZE_MAX;
	heap_init(heap, (struct cap) { 64 }, &source);
}

START_TEST(blocks_are_zeroed_apart_and_all_memory_goes_back)
{
	struct heap heap;

	start(&heap);
	use(&heap, 20000);
	CHECK(chunks == 0 && bytes == 0 && heap.size == 0 && heap.used == 0);
	heap_check(&heap);
}
END_TEST

START_TEST(a_source_that_runs_dry_gives_a_status_and_nothing_is_lost)
{
	struct heap heap;

	start(&heap);
	for (limit = 0; limit < 40 * PAGE; limit += PAGE) {
		use(&heap, 500);
		CHECK(bytes == 0);
	}
}
END_TEST

START_TEST(a_small_need_gets_a_small_chunk_when_a_large_one_is_too_much)
{
	struct heap heap;
	void       *first, *second;

	start(&heap);
	limit = 3 * PAGE;
	CHECK(heap_alloc(&heap, PAGE + 1, &first) == STATUS_OK && bytes == 2 * PAGE);
	CHECK(heap_alloc(&heap, PAGE - 256, &second) == STATUS_OK && bytes <= 3 * PAGE);
	heap_free(&heap, first);
	heap_free(&heap, second);
	CHECK(bytes == 0);
}
END_TEST

START_TEST(freeing_twice_and_overruns_are_found)
{
	struct heap heap;
	void       *one, *two;

	start(&heap);
	CHECK(heap_alloc(&heap, 40, &one) == STATUS_OK && heap_alloc(&heap, 40, &two) == STATUS_OK);
	heap_free(&heap, one);
	CHECK_ASSERTS(heap_free(&heap, one));
	memset(two, 0xff, 40 + 24);
	CHECK_ASSERTS(heap_free(&heap, two));
	heap_fini(&heap);
	CHECK(bytes == 0);
}
END_TEST

START_TEST(sizes_that_no_account_has_are_refused)
{
	struct heap heap;
	struct block *blocks;
	void         *memory;

	start(&heap);
	CHECK(heap_alloc(&heap, SIZE_MAX, &memory) == STATUS_OUT_OF_RAM);
	CHECK(heap_alloc(&heap, SIZE_MAX - 15, &memory) == STATUS_OUT_OF_RAM);
	CHECK(heap_new_array(&heap, SIZE_MAX / 8, &blocks) == STATUS_OVERFLOW);
	CHECK(heap_alloc(&heap, 0, &memory) == STATUS_OK && memory);
	heap_free(&heap, memory);
	heap_free(&heap, NULL);
	CHECK(bytes == 0);
}
END_TEST

START_TEST(a_heap_can_be_moved_into_its_own_chunk_and_be_ended)
{
	struct heap heap, *inside;
	void       *other;

	start(&heap);
	CHECK(heap_new(&heap, &inside) == STATUS_OK);
	*inside = heap;
	CHECK(heap_alloc(inside, 10 * PAGE, &other) == STATUS_OK);
	heap_check(inside);
	heap_free(inside, other);
	heap_check(inside);
	heap_fini(inside);
	CHECK(bytes == 0);
}
END_TEST

UNIT_MAIN(blocks_are_zeroed_apart_and_all_memory_goes_back, a_source_that_runs_dry_gives_a_status_and_nothing_is_lost,
          a_small_need_gets_a_small_chunk_when_a_large_one_is_too_much, freeing_twice_and_overruns_are_found,
          sizes_that_no_account_has_are_refused, a_heap_can_be_moved_into_its_own_chunk_and_be_ended)
