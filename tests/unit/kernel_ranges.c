/* SPDX-License-Identifier: MIT */
/* The memory map at boot, against an array with one byte for each page. */
#include "kernel.h"
#include <kernel/x86_64/boot.h>

enum { PAGES = 400, UNKNOWN = 255, FIRST = MEMORY_BASE / 4096 };

static uint8_t map[PAGES];     /* enum range_kind, of the page FIRST + n */

static void setup(void)
{
	kernel_memory();
	boot_info.range_count = 0;
	memset(map, UNKNOWN, sizeof(map));
}

static uint64_t page(unsigned n) { return (FIRST + n) * PAGE_SIZE; }

/* Sorted, no overlap, none empty, and each page of the kind that the map says. */
static void check_all(void)
{
	uint8_t seen[PAGES];
	uint64_t end = 0;

	memset(seen, UNKNOWN, sizeof(seen));
	CHECK(boot_info.range_count <= INFO_RANGES);
	for (unsigned i = 0; i < boot_info.range_count; i++) {
		struct info_range const *r = &boot_info.ranges[i];
		CHECK(r->size > 0 && r->base >= end);
		CHECK(r->kind == RANGE_MODULE || (r->base % PAGE_SIZE == 0 && r->size % PAGE_SIZE == 0));
		end = (r->base + r->size + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
		for (uint64_t p = r->base / PAGE_SIZE; p < end / PAGE_SIZE; p++)
			seen[p - FIRST] = (uint8_t)r->kind;
	}
	CHECK(!memcmp(seen, map, sizeof(map)));
}

static void model_carve(unsigned first, unsigned pages, unsigned kind)
{
	for (unsigned n = first; n < first + pages; n++)
		if (kind != RANGE_FREE || map[n] == UNKNOWN)
			map[n] = (uint8_t)kind;
}

START_TEST(random_statements_agree_with_the_map)
{
	for (unsigned run = 0; run < 200; run++) {
		setup();
		for (unsigned round = 0; round < 40; round++) {
			unsigned first = (unsigned)unit_below(PAGES - 50), pages = 1 + (unsigned)unit_below(50), kind = (unsigned)unit_below(6);
			uint64_t size = pages * PAGE_SIZE - (kind == RANGE_MODULE ? unit_below(PAGE_SIZE) : 0);
			model_carve(first, pages, kind);
			ranges_carve(page(first), size, kind, kind == RANGE_MODULE ? "module" : "");
			check_all();
		}
	}
}
END_TEST

START_TEST(free_memory_shrinks_to_whole_frames_and_the_rest_grows)
{
	setup();
	ranges_carve(page(10) + 1, 3 * PAGE_SIZE, RANGE_FREE, "");
	model_carve(11, 2, RANGE_FREE);
	check_all();
	ranges_carve(page(20) + 1, 1, RANGE_RESERVED, "");
	model_carve(20, 1, RANGE_RESERVED);
	ranges_carve(page(30) - 1, 2, RANGE_ACPI, "");
	model_carve(29, 2, RANGE_ACPI);
	check_all();
	ranges_carve(page(5) + 1, PAGE_SIZE, RANGE_FREE, "");
	ranges_carve(page(5), 0, RANGE_RESERVED, "");
	ranges_carve(page(5), ~0UL, RANGE_RESERVED, "");
	check_all();
}
END_TEST

START_TEST(frames_are_given_once_zeroed_and_from_free_memory)
{
	setup();
	ranges_carve(page(0), 300 * PAGE_SIZE, RANGE_FREE, "");
	model_carve(0, 300, RANGE_FREE);
	ranges_carve(page(50), 20 * PAGE_SIZE, RANGE_RESERVED, "");
	model_carve(50, 20, RANGE_RESERVED);
	for (unsigned total = 0; total < 200;) {
		unsigned frames = 1 + (unsigned)unit_below(8);
		enum range_kind kind = unit_below(2) ? RANGE_KERNEL : RANGE_CORE;
		memset(phys_to_virt(page(0)), 0, 1);
		uint64_t base = boot_alloc_frames(frames, kind);
		unsigned first = (unsigned)(base / PAGE_SIZE - FIRST);
		for (unsigned n = first; n < first + frames; n++)
			CHECK(map[n] == RANGE_FREE);
		CHECK(kernel_is_zero(base, frames * PAGE_SIZE));
		memset(phys_to_virt(base), 0xee, frames * PAGE_SIZE);
		memset(map + first, kind, frames);
		check_all();
		total += frames;
	}
}
END_TEST

START_TEST(released_memory_is_free_whatever_it_was)
{
	setup();
	ranges_carve(page(0), 100 * PAGE_SIZE, RANGE_KERNEL, "");
	ranges_carve(page(20), 10 * PAGE_SIZE, RANGE_MODULE, "core");
	model_carve(0, 100, RANGE_KERNEL);
	ranges_release(page(15), 10 * PAGE_SIZE);
	model_carve(20, 10, RANGE_MODULE);
	memset(map + 15, RANGE_FREE, 10);
	check_all();
}
END_TEST

START_TEST(no_memory_left_is_a_panic)
{
	setup();
	ranges_carve(page(0), 3 * PAGE_SIZE, RANGE_FREE, "");
	CHECK_ASSERTS(boot_alloc_frames(4, RANGE_KERNEL));
	ck_assert_uint_eq(boot_alloc_frames(3, RANGE_KERNEL), page(0));
	CHECK_ASSERTS(boot_alloc_frames(1, RANGE_KERNEL));
}
END_TEST

START_TEST(more_ranges_than_fit_are_a_panic)
{
	setup();
	for (unsigned i = 0; i < INFO_RANGES; i++)
		ranges_carve(page(3 * i), PAGE_SIZE, RANGE_RESERVED, "");
	CHECK_ASSERTS(ranges_carve(page(3 * INFO_RANGES), PAGE_SIZE, RANGE_RESERVED, ""));
}
END_TEST

START_TEST(a_long_module_name_is_cut_and_ends)
{
	setup();
	ranges_carve(page(1), PAGE_SIZE, RANGE_MODULE, "a_name_that_is_longer_than_the_field_for_it");
	ck_assert_uint_eq(strlen(boot_info.ranges[0].name), INFO_NAME - 1);
}
END_TEST

UNIT_MAIN(random_statements_agree_with_the_map, free_memory_shrinks_to_whole_frames_and_the_rest_grows,
          frames_are_given_once_zeroed_and_from_free_memory, released_memory_is_free_whatever_it_was, no_memory_left_is_a_panic,
          more_ranges_than_fit_are_a_panic, a_long_module_name_is_cut_and_ends)
