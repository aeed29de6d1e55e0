/* SPDX-License-Identifier: MIT */
/*
 * The slab, on a heap of the host: random use against a model, the ends of memory, and what is wrong use.
 */
#include "unit.h"
#include <base/slab.h>
#include <string.h>

enum { OBJECTS = 300, PAGE = 4096, STEPS = 60000 };

static size_t bytes;                 /* that the heap holds */
static size_t limit = SIZE_MAX;      /* that the source gives in all */

static enum status get(struct cap payer, size_t size, void **memory)
{
	if (bytes + size > limit)
		return STATUS_OUT_OF_RAM;
	*memory = aligned_alloc(PAGE, size);
	memset(*memory, 0, size);
	bytes += size;
	return STATUS_OK;
}

static void put(void *memory, size_t size)
{
	bytes -= size;
	free(memory);
}

static struct heap_source const source = { .get = get, .put = put };

struct object { unsigned char *memory; unsigned char mark; };

static bool is_all(unsigned char const *memory, size_t size, unsigned char value)
{
	for (size_t i = 0; i < size; i++)
		if (memory[i] != value)
			return false;
	return true;
}

static void alloc_object(struct slab *slab, size_t size, struct object *object, size_t *count)
{
	void       *memory;
	enum status status = slab_alloc(slab, &memory);

	CHECK(status == STATUS_OK || (status == STATUS_OUT_OF_RAM && limit != SIZE_MAX));
	if (status)
		return;
	*object = (struct object) { .memory = memory, .mark = (unsigned char)unit_random() };
	CHECK((uintptr_t)memory % SLAB_ALIGN == 0 && is_all(memory, size, 0));
	memset(memory, object->mark, size);
	++*count;
}

static void free_object(struct slab *slab, size_t size, struct object *object, size_t *count)
{
	CHECK(is_all(object->memory, size, object->mark));
	slab_free(slab, object->memory);
	object->memory = NULL;
	--*count;
}

/* Random use; the number of objects swings between none and all of them. */
static void use(struct slab *slab, size_t size, unsigned steps)
{
	struct object objects[OBJECTS] = { 0 };
	size_t        count = 0;

	for (unsigned i = 0; i < steps; i++) {
		struct object *object = &objects[unit_below(OBJECTS)];
		bool           grows  = i / 1000 % 2 == 0;

		if (!object->memory && (grows || !unit_below(8)))
			alloc_object(slab, size, object, &count);
		else if (object->memory && (!grows || !unit_below(8)))
			free_object(slab, size, object, &count);
		CHECK(slab->used == count);
		if (i % 512 == 0) {
			slab_check(slab);
			heap_check(slab->heap);
		}
	}
	for (unsigned i = 0; i < OBJECTS; i++)
		if (objects[i].memory)
			free_object(slab, size, &objects[i], &count);
	slab_check(slab);
	CHECK(count == 0 && slab->used == 0);
}

START_TEST(objects_are_zeroed_apart_and_all_memory_goes_back)
{
	static struct { size_t size; unsigned per_chunk; } const kinds[] = { { 1, 1 }, { 1, 64 }, { 7, 3 }, { 8, 100 }, { 40, 50 }, { 5000, 2 }, { 24, 4096 } };

	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct heap heap;
		struct slab slab;

		heap_init(&heap, (struct cap) { 64 }, &source);
		slab_init(&slab, &heap, kinds[i].size, kinds[i].per_chunk);
		CHECK(bytes == 0);
		use(&slab, kinds[i].size, STEPS / (unsigned)ARRAY_SIZE(kinds));
		CHECK(bytes == 0 && heap.used == 0);
		slab_fini(&slab);
	}
}
END_TEST

START_TEST(a_heap_that_runs_dry_gives_a_status_and_nothing_is_lost)
{
	for (limit = 0; limit < 12 * PAGE; limit += PAGE) {
		struct heap heap;
		struct slab slab;

		heap_init(&heap, (struct cap) { 64 }, &source);
		slab_init(&slab, &heap, 100, 20);
		use(&slab, 100, 4000);
		CHECK(bytes == 0);
	}
	limit = SIZE_MAX;
}
END_TEST

START_TEST(an_empty_chunk_goes_back_and_the_end_gives_back_what_is_in_use)
{
	struct heap heap;
	struct slab slab;
	uint64_t   *objects[10];

	heap_init(&heap, (struct cap) { 64 }, &source);
	slab_init(&slab, &heap, sizeof(uint64_t), 5);
	for (unsigned i = 0; i < 10; i++)
		CHECK(slab_new(&slab, &objects[i]) == STATUS_OK);

	size_t const both = heap.used;

	for (unsigned i = 0; i < 5; i++)
		slab_free(&slab, objects[i]);
	CHECK(heap.used == both / 2);
	slab_free(&slab, NULL);
	slab_fini(&slab);
	CHECK(bytes == 0 && slab.used == 0);
}
END_TEST

START_TEST(wrong_use_is_found)
{
	struct heap heap;
	struct slab slab, other;
	void       *first, *second, *foreign;
	uint64_t    large[5], *too_large = large;
	uint64_t   (*large_at)[5] = (void *)too_large;

	heap_init(&heap, (struct cap) { 64 }, &source);
	slab_init(&slab, &heap, 32, 8);
	slab_init(&other, &heap, 32, 8);
	CHECK(slab_alloc(&slab, &first) == STATUS_OK && slab_alloc(&slab, &second) == STATUS_OK && slab_alloc(&other, &foreign) == STATUS_OK);
	CHECK_ASSERTS(slab_free(&slab, foreign));
	CHECK_ASSERTS(slab_free(&slab, (char *)second + 8));
	CHECK_ASSERTS(slab_free(&slab, (char *)second + 1));
	CHECK_ASSERTS(if (slab_new(&slab, &large_at)) return);
	slab_free(&slab, first);
	CHECK_ASSERTS(slab_free(&slab, first));
	CHECK(is_all((unsigned char *)first + 4, 28, SLAB_POISON));
	((unsigned char *)first)[20] = 0;
	CHECK_ASSERTS(if (slab_alloc(&slab, &foreign)) return);
	CHECK_ASSERTS(slab_init(&slab, &heap, 0, 8));
	CHECK_ASSERTS(slab_init(&slab, &heap, 8, 0));
	heap_fini(&heap);
	CHECK(bytes == 0);
}
END_TEST

UNIT_MAIN(objects_are_zeroed_apart_and_all_memory_goes_back, a_heap_that_runs_dry_gives_a_status_and_nothing_is_lost,
          an_empty_chunk_goes_back_and_the_end_gives_back_what_is_in_use, wrong_use_is_found)
