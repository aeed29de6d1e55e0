/* SPDX-License-Identifier: MIT */
/*
 * Page tables, against a model that has a frame and rights for each page. The tables are read as the CPU would; every table
 * frame of a domain is in the tree or on its list, once.
 */
#include "kernel.h"
#include <kernel/cpu.h>
#include <kernel/x86_64/boot.h>
#include <kernel/x86_64/paging.h>

enum { AREAS = 6, AREA_PAGES = 96, TABLES = 40, ENTRIES = 512 };

/* Where the model's pages are: next to each other, across borders of tables, far away. */
static uint64_t const areas[AREAS] = {
	0x1000, 0x200000 - 48 * 4096, 0x40000000 - 10 * 4096, 0x8000000000 - 90 * 4096, 0x700000000000, 0x00007ffffffff000 - AREA_PAGES * 4096,
};

struct cpu this_cpu; /* the pointer to it: tools/rules.mk */
static struct cpu the_cpu;

static struct page { bool there; uint64_t pa; unsigned attributes; } pages[AREAS][AREA_PAGES];
static struct pd *pd;
static uint64_t kernel_top, tables[TABLES];
static unsigned table_count;

unsigned   cpu_count = 1;
struct cpu *cpu_at(unsigned number)           { return &this_cpu; }
void paging_flush(void)                       {}
uint64_t cpu_epoch_begin(void)                { return 0; }
bool cpu_epoch_has_passed(uint64_t epoch)     { return true; }
uint64_t boot_alloc_frame(void)               { return kernel_frame(); }

static void setup(void)
{
	kernel_memory();
	unit_cpu = &the_cpu;
	memset(pages, 0, sizeof(pages));
	pd = phys_to_virt(kernel_frame());
	kernel_top = kernel_frame();
	((uint64_t *)phys_to_virt(kernel_top))[300] = 0x1234003;
	paging_set_kernel_top(kernel_top);
	uint64_t top = kernel_frame();
	memset(phys_to_virt(top), 0xff, PAGE_SIZE);
	paging_init_top(pd, top);
	table_count = 0;
}

/* The entry for `va` as the CPU finds it, or 0. */
static uint64_t entry_of(uint64_t va)
{
	uint64_t *table = phys_to_virt(pd->cr3), entry = 0;

	for (unsigned shift = 39; shift >= 12; shift -= 9) {
		entry = table[va >> shift & (ENTRIES - 1)];
		if (!(entry & PTE_PRESENT))
			return 0;
		CHECK(entry & PTE_USER && (shift == 12 || (entry & PTE_WRITE && !(entry & (PTE_NX | PTE_LARGE)))));
		table = phys_to_virt(entry & PTE_ADDRESS);
	}
	return entry;
}

static void check_pages(void)
{
	for (unsigned a = 0; a < AREAS; a++) {
		for (unsigned n = 0; n < AREA_PAGES; n++) {
			uint64_t entry = entry_of(areas[a] + n * PAGE_SIZE);
			struct page const *p = &pages[a][n];
			CHECK(!entry == !p->there);
			if (!entry)
				continue;
			CHECK((entry & PTE_ADDRESS) == p->pa);
			CHECK(!(entry & PTE_WRITE) == !(p->attributes & MAP_WRITE));
			CHECK(!(entry & PTE_NX) == !!(p->attributes & MAP_EXECUTE));
			CHECK(!(entry & PTE_WRITE) || entry & PTE_NX);
		}
	}
}

static void see_table(uint64_t frame, bool seen[])
{
	for (unsigned i = 0; i < table_count; i++) {
		if (tables[i] != frame)
			continue;
		CHECK(!seen[i]);
		seen[i] = true;
		return;
	}
	ck_abort_msg("a table that was never given");
}

static void check_tables(void)
{
	bool seen[TABLES] = { false };
	uint64_t const *top = phys_to_virt(pd->cr3);

	for (uint64_t frame = pd->free_tables; frame; frame = *(uint64_t *)phys_to_virt(frame))
		see_table(frame, seen);
	for (unsigned i = 0; i < ENTRIES / 2; i++) {
		if (!top[i])
			continue;
		see_table(top[i] & PTE_ADDRESS, seen);
		uint64_t const *third = phys_to_virt(top[i] & PTE_ADDRESS);
		for (unsigned j = 0; j < ENTRIES; j++) {
			if (!third[j])
				continue;
			see_table(third[j] & PTE_ADDRESS, seen);
			uint64_t const *second = phys_to_virt(third[j] & PTE_ADDRESS);
			for (unsigned k = 0; k < ENTRIES; k++)
				if (second[k])
					see_table(second[k] & PTE_ADDRESS, seen);
		}
	}
	for (unsigned i = 0; i < table_count; i++)
		CHECK(seen[i]);
	CHECK(!memcmp(top + ENTRIES / 2, (uint64_t *)phys_to_virt(kernel_top) + ENTRIES / 2, PAGE_SIZE / 2));
}

static void give_table(void)
{
	if (table_count == TABLES)
		return;
	uint64_t frame = kernel_frame();
	memset(phys_to_virt(frame), 0xff, PAGE_SIZE);
	tables[table_count++] = frame;
	paging_give_table(pd, frame);
}

static void forget_table(uint64_t frame)
{
	for (unsigned i = 0; i < table_count; i++) {
		if (tables[i] == frame) {
			tables[i] = tables[--table_count];
			return;
		}
	}
	ck_abort_msg("a table that was never given is taken back");
}

static void take_table(void)
{
	bool any = pd->free_tables;
	uint64_t frame = 7;

	CHECK(paging_take_table(pd, &frame) == (any ? STATUS_OK : STATUS_NOT_FOUND));
	if (any)
		forget_table(frame);
	else
		CHECK(frame == 7);
}

/* The table of the 2 MiB around a page, with all pages in it. */
static void take_table_of_a_window(void)
{
	uint64_t va = areas[unit_below(AREAS)] + unit_below(AREA_PAGES) * PAGE_SIZE, frame = 7;
	enum status status = paging_take_table_of(pd, va + unit_below(PAGE_SIZE), &frame);

	if (!status)
		forget_table(frame);
	else
		CHECK(status == STATUS_NOT_FOUND && frame == 7);
	for (unsigned a = 0; a < AREAS; a++) {
		for (unsigned n = 0; n < AREA_PAGES; n++) {
			if ((areas[a] + n * PAGE_SIZE) >> 21 != va >> 21)
				continue;
			CHECK(!status || !pages[a][n].there);
			pages[a][n].there = false;
		}
	}
}

static void random_map(void)
{
	static unsigned const choices[] = { 0, MAP_WRITE, MAP_EXECUTE, MAP_WRITE | MAP_UNCACHED, MAP_WRITE_COMBINE, MAP_EXECUTE | MAP_UNCACHED };
	unsigned a = (unsigned)unit_below(AREAS), first = (unsigned)unit_below(AREA_PAGES), most = AREA_PAGES - first;
	unsigned count = 1 + (unsigned)unit_below(most < MAP_PAGES_MAX ? most : MAP_PAGES_MAX);
	struct mapping m = { areas[a] + first * PAGE_SIZE, unit_below(1 << 28) * PAGE_SIZE, count, choices[unit_below(6)] };
	uint64_t mapped = 99;
	enum status status;

	for (unsigned slices = 0; (status = paging_map(pd, &m, &mapped)) == STATUS_AGAIN; slices++)
		CHECK(!slices);
	CHECK(status == STATUS_OK ? mapped == count : status == STATUS_NO_TABLE && mapped < count && !pd->free_tables);
	for (unsigned n = 0; n < mapped; n++)
		pages[a][first + n] = (struct page) { true, m.pa + n * PAGE_SIZE, (unsigned)m.attributes };
}

static void random_unmap(void)
{
	unsigned a = (unsigned)unit_below(AREAS), first = (unsigned)unit_below(AREA_PAGES), most = AREA_PAGES - first;
	unsigned count = 1 + (unsigned)unit_below(most < MAP_PAGES_MAX ? most : MAP_PAGES_MAX);

	CHECK(paging_unmap(pd, areas[a] + first * PAGE_SIZE, count) == STATUS_OK);
	memset(&pages[a][first], 0, count * sizeof(pages[a][0]));
}

static void recycle(void)
{
	enum status status;
	unsigned slices = 0;

	while ((status = paging_recycle(pd)) == STATUS_AGAIN) {
		check_tables();
		CHECK(++slices <= TABLES);
	}
	CHECK(status == STATUS_OK);
	memset(pages, 0, sizeof(pages));
}

START_TEST(random_use_agrees_with_the_model)
{
	setup();
	for (unsigned round = 0; round < 8000; round++) {
		unsigned what = (unsigned)unit_below(100);
		if (what < 55)
			random_map();
		else if (what < 88)
			random_unmap();
		else if (what < 94 && kernel_next_frame < MEMORY_BASE + MEMORY)
			give_table();
		else if (what < 96)
			take_table();
		else if (what < 98)
			take_table_of_a_window();
		else
			recycle();
		if (round % 8 == 0) {
			check_pages();
			check_tables();
		}
	}
}
END_TEST

START_TEST(bad_ranges_and_attributes_change_nothing)
{
	static struct mapping const bad[] = {
		{ 0x1001, 0, 1, 0 },                { 0x1000, 1, 1, 0 },                 { 0x1000, 0, 0, 0 },
		{ 0x1000, 0, 65, 0 },               { 0x1000, 0, UINT64_MAX, 0 },        { USER_END, 0, 1, 0 },
		{ USER_END - 4096, 0, 2, 0 },       { 0x1000, PTE_ADDRESS, 1, 0 },       { 0x1000, 1UL << 52, 1, 0 },
		{ 0x1000, 0, 1, MAP_WRITE | MAP_EXECUTE }, { 0x1000, 0, 1, 16 },         { 0xffff800000000000, 0, 1, 0 },
		{ 0x1000, ~0xfffUL, 1, 0 },         { ~0xfffUL, 0, 2, 0 },               { 0x1000, 0, 1, UINT64_MAX },
	};
	uint64_t mapped;

	setup();
	for (unsigned i = 0; i < 4; i++)
		give_table();
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_int_eq(paging_map(pd, &bad[i], &mapped), STATUS_INVALID);
	check_pages();
	check_tables();
	ck_assert_int_eq(paging_unmap(pd, 0x1001, 1), STATUS_INVALID);
	ck_assert_int_eq(paging_unmap(pd, USER_END, 1), STATUS_INVALID);
	ck_assert_int_eq(paging_unmap(pd, 0, UINT64_MAX), STATUS_INVALID);
}
END_TEST

START_TEST(cores_large_pages_are_not_taken_for_tables)
{
	uint64_t mapped = 9, f;

	setup();
	f = kernel_frame();
	paging_map_boot(pd->cr3, &(struct kernel_mapping) { 0x100000000000, 0x200000, 0x400000, PTE_USER | PTE_WRITE | PTE_NX });
	pd->is_core = 1;
	struct mapping m = { 0x100000001000, f, 1, 0 };
	ck_assert_int_eq(paging_map(pd, &m, &mapped), STATUS_NO_TABLE);
	give_table();
	ck_assert_int_eq(paging_map(pd, &m, &mapped), STATUS_INVALID);
	ck_assert_int_eq(paging_unmap(pd, m.va, 1), STATUS_OK);
	ck_assert_int_eq(paging_recycle(pd), STATUS_INVALID);
	ck_assert_int_eq(paging_take_table_of(pd, m.va, &mapped), STATUS_INVALID);
	ck_assert(kernel_is_zero(0x201000, 8));
}
END_TEST

UNIT_MAIN(random_use_agrees_with_the_model, bad_ranges_and_attributes_change_nothing, cores_large_pages_are_not_taken_for_tables)
