/* SPDX-License-Identifier: MIT */
/* Core's frame allocator against a bitmap: nothing is given twice, nothing is lost, and what fits is found. */
#include <core/memory.h>
#include <sys/mman.h>

#include "unit.h"

enum { FRAMES = 2048, HOLE = 700, HOLE_SIZE = 33, OPERATIONS = 40000, BLOCKS = 200 };

static struct memory memory;
static uint8_t states[FRAMES / 4];
static bool used[FRAMES];          /* the model; frames of the hole and page 0 are always in use */
static uint64_t model_free;

static void setup(void)
{
	static void *arena;

	if (!arena)
		arena = mmap(NULL, FRAMES * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert(arena != MAP_FAILED);
	memset(states, 0, sizeof(states));
	memory_init(&memory, (uintptr_t)arena, states, FRAMES);
	memory_add(&memory, 1, HOLE - 1);
	memory_add(&memory, HOLE + HOLE_SIZE, FRAMES - HOLE - HOLE_SIZE);
	model_free = 0;
	for (unsigned i = 0; i < FRAMES; i++) {
		used[i] = i == 0 || (i >= HOLE && i < HOLE + HOLE_SIZE);
		model_free += !used[i];
	}
}

/* Is there a run in the model? */
static bool model_fits(uint64_t count, uint64_t align, uint64_t limit)
{
	for (uint64_t first = 0; first + count <= MIN(limit, (uint64_t)FRAMES); first += align) {
		uint64_t i = 0;

		while (i < count && !used[first + i])
			i++;
		if (i == count)
			return true;
	}
	return false;
}

static void model_set(uint64_t first, uint64_t count, bool value)
{
	for (uint64_t i = first; i < first + count; i++) {
		CHECK(used[i] != value);
		used[i] = value;
	}
	model_free += value ? -count : count;
}

START_TEST(allocates_exactly_what_fits)
{
	struct { uint64_t first, count; } blocks[BLOCKS] = {};

	setup();
	for (unsigned i = 0; i < OPERATIONS; i++) {
		unsigned slot = unit_below(BLOCKS);

		if (blocks[slot].count) {
			uint64_t part = unit_below(4) ? blocks[slot].count : 1 + unit_below(blocks[slot].count);

			/* From the end, a part or all of it. */
			blocks[slot].count -= part;
			memory_free(&memory, blocks[slot].first + blocks[slot].count, part);
			model_set(blocks[slot].first + blocks[slot].count, part, false);
		} else {
			uint64_t count = 1 + unit_below(unit_below(8) ? 16 : 300), align = 1UL << unit_below(unit_below(4) ? 1 : 7), first;
			uint64_t limit = unit_below(2) ? UINT64_MAX : unit_below(FRAMES);
			enum status status = memory_alloc_below(&memory, count, align, limit, &first);

			CHECK(status == (model_fits(count, align, limit) ? STATUS_OK : STATUS_NOT_FOUND));
			if (status == STATUS_OK) {
				CHECK(first % align == 0 && first + count <= limit);
				model_set(first, count, true);
				memset((void *)(memory.window + first * PAGE_SIZE), 0xa5, count * PAGE_SIZE);
				blocks[slot].first = first;
				blocks[slot].count = count;
			}
		}
		CHECK(memory.free == model_free);
		if (i % 64 == 0)
			memory_check(&memory);
	}
	for (unsigned i = 0; i < BLOCKS; i++)
		if (blocks[i].count)
			memory_free(&memory, blocks[i].first, blocks[i].count);
	memory_check(&memory);
	ck_assert_uint_eq(memory.free, memory.managed);
}
END_TEST

START_TEST(finds_every_single_frame)
{
	uint64_t first;

	setup();
	for (uint64_t left = memory.free; left; left--)
		ck_assert(memory_alloc(&memory, 1, 1, &first) == STATUS_OK);
	ck_assert_uint_eq(memory.free, 0);
	ck_assert(memory_alloc(&memory, 1, 1, &first) == STATUS_NOT_FOUND);
}
END_TEST

START_TEST(finds_a_run_that_is_no_power_of_two)
{
	uint64_t first, count = FRAMES - HOLE - HOLE_SIZE;

	setup();
	ck_assert(memory_alloc(&memory, count, 1, &first) == STATUS_OK);
	ck_assert_uint_eq(first, HOLE + HOLE_SIZE);
	memory_check(&memory);
	memory_free(&memory, first, count);
	ck_assert(memory_alloc(&memory, count + 1, 1, &first) == STATUS_NOT_FOUND);
	ck_assert(memory_alloc(&memory, UINT64_MAX, 1, &first) == STATUS_NOT_FOUND);
	ck_assert(memory_alloc(&memory, 1, 1UL << 63, &first) == STATUS_NOT_FOUND);
}
END_TEST

START_TEST(knows_foreign_frames_and_packs)
{
	uint64_t first;

	setup();
	ck_assert(memory_state(&memory, 0) == FRAME_FOREIGN);
	ck_assert(memory_state(&memory, HOLE) == FRAME_FOREIGN);
	ck_assert(memory_state(&memory, UINT64_MAX) == FRAME_FOREIGN);
	ck_assert(memory_alloc(&memory, 1, 1, &first) == STATUS_OK);
	ck_assert(memory_state(&memory, first) == FRAME_PLAIN);
	memory_mark_pack(&memory, first, true);
	ck_assert(memory_state(&memory, first) == FRAME_PACK);
	CHECK_ASSERTS(memory_free(&memory, first, 1));
	memory_mark_pack(&memory, first, false);
	memory_free(&memory, first, 1);
	CHECK_ASSERTS(memory_free(&memory, HOLE, 1));
}
END_TEST

UNIT_MAIN(allocates_exactly_what_fits, finds_every_single_frame, finds_a_run_that_is_no_power_of_two, knows_foreign_frames_and_packs)
