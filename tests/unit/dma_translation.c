/* SPDX-License-Identifier: MIT */
/* The page tables that platform_drv makes for an IOMMU, walked as VT-d 3.3, 9.8 says, against a list of what is mapped. */
#include <os/drivers/platform_drv/translation.h>

#include <string.h>

#include "unit.h"

enum { MACHINE_PAGES = 600, BUFFERS = 12, OPERATIONS = 4000, TRIES = 50 };

/* The part of the machine that holds tables; page n is at (BASE_PAGE + n) * PAGE_SIZE. */
#define BASE_PAGE UINT64_C(0x12345)

static uint64_t machine[MACHINE_PAGES][TRANSLATION_ENTRIES];
static bool     taken[MACHINE_PAGES];

struct buffer { uint64_t address, physical, size; struct table_memory tables; };

static struct buffer buffers[BUFFERS];

static struct table_memory take(unsigned pages)
{
	unsigned first = (unsigned)unit_below(MACHINE_PAGES - pages);
	struct table_memory memory;

	for (unsigned i = 0; i < pages; i++)
		if (taken[first + i])
			return take(pages);
	memset(&taken[first], true, pages);
	memset(machine[first], 0, pages * sizeof(machine[0]));
	memory = (struct table_memory) { machine[first], (BASE_PAGE + first) * PAGE_SIZE, pages * PAGE_SIZE };
	return memory;
}

/* What a table that goes back holds is whatever. */
static void give_back(struct table_memory memory)
{
	memset(memory.entries, 0xff, memory.size);
	memset(&taken[memory.physical / PAGE_SIZE - BASE_PAGE], false, memory.size / PAGE_SIZE);
}

/* Where `address` leads through so many levels of tables; false: it is blocked. */
static bool walk(uint64_t top, unsigned levels, uint64_t address, uint64_t *physical)
{
	uint64_t table = top;

	for (unsigned level = levels; level--;) {
		uint64_t page, entry;

		CHECK(table / PAGE_SIZE >= BASE_PAGE && table / PAGE_SIZE - BASE_PAGE < MACHINE_PAGES);
		page = table / PAGE_SIZE - BASE_PAGE;
		CHECK(taken[page]);
		entry = machine[page][address >> (12 + 9 * level) & 511];
		if ((entry & 3) != 3)
			return false;
		CHECK(!(entry & 0xffc));
		table = entry & ~UINT64_C(0xfff);
	}
	*physical = table | (address & 0xfff);
	return true;
}

static struct buffer *buffer_at(uint64_t address)
{
	for (unsigned i = 0; i < BUFFERS; i++)
		if (buffers[i].size && address - buffers[i].address < buffers[i].size)
			return &buffers[i];
	return NULL;
}

static void check_address(uint64_t top, unsigned levels, uint64_t address)
{
	struct buffer *buffer = buffer_at(address);
	uint64_t       physical;
	bool           reached = walk(top, levels, address, &physical);

	CHECK(reached == (buffer != NULL));
	CHECK(!reached || physical == buffer->physical + (address - buffer->address));
}

/* Each buffer has a range of its own to be somewhere in. */
static void change(uint64_t *directory, unsigned number)
{
	uint64_t const range  = (DOMAIN_END - DOMAIN_FIRST) / BUFFERS / DOMAIN_WINDOW * DOMAIN_WINDOW;
	struct buffer *buffer = &buffers[number];

	if (buffer->size) {
		translation_unmap(directory, buffer->address, buffer->size);
		give_back(buffer->tables);
		buffer->size = 0;
		return;
	}
	buffer->size = (1 + unit_below(unit_below(2) ? 8 : 3000)) * PAGE_SIZE;
	buffer->address = DOMAIN_FIRST + number * range + unit_below(30) * DOMAIN_WINDOW;
	buffer->physical = unit_below(UINT64_C(1) << 35) * PAGE_SIZE;
	buffer->tables = take((unsigned)(align_up(buffer->size, DOMAIN_WINDOW) / DOMAIN_WINDOW));
	translation_map(directory, buffer->address, buffer->physical, buffer->size, &buffer->tables);
}

static void check_levels(unsigned levels)
{
	struct table_memory const top       = take(levels - 1);
	uint64_t *const           directory = top.entries + (levels - 2) * TRANSLATION_ENTRIES;

	translation_init(&top, levels - 1);
	for (unsigned i = 0; i < OPERATIONS; i++) {
		unsigned const       number = (unsigned)unit_below(BUFFERS);
		struct buffer const *buffer = &buffers[number];

		change(directory, number);
		for (unsigned k = 0; k < TRIES; k++)
			check_address(top.physical, levels, unit_below(2) ? unit_below(DOMAIN_END) : unit_below(UINT64_C(1) << (12 + 9 * levels)));
		check_address(top.physical, levels, 0);
		check_address(top.physical, levels, buffer->address);
		check_address(top.physical, levels, buffer->address - 1);
		check_address(top.physical, levels, buffer->address + buffer->size);
		check_address(top.physical, levels, buffer->address + (buffer->size ? buffer->size - 1 : 0));
	}
	for (unsigned i = 0; i < BUFFERS; i++)
		if (buffers[i].size)
			change(directory, i);
	give_back(top);
}

START_TEST(what_is_mapped_is_reached_and_nothing_else_with_3_levels) { check_levels(3); }
END_TEST

START_TEST(what_is_mapped_is_reached_and_nothing_else_with_4_levels) { check_levels(4); }
END_TEST

UNIT_MAIN(what_is_mapped_is_reached_and_nothing_else_with_3_levels, what_is_mapped_is_reached_and_nothing_else_with_4_levels)
