/* SPDX-License-Identifier: MIT */
/*
 * proves: kernel/x86_64/paging.c (included)
 * Two pages around every kind of border between tables are mapped; then two there or elsewhere are mapped or unmapped, a table is taken away, or all
 * are recycled, with many spare tables or too few, with and without another CPU in the domain. Each page is mapped as was said last and nothing
 * else is, W and X exclude each other, no table is used anew before other CPUs have forgotten it, all of them are there in the end, each once, and
 * the kernel's half stays. The instructions that go over a table are the C library's functions here.
 */
#include <string.h>

#define zero_quads          instruction_zero_quads
#define copy_quads          instruction_copy_quads
#define find_quad           instruction_find_quad
#include <kernel/kernel.h>
#undef zero_quads
#undef copy_quads
#undef find_quad
#define cpu_invalidate_page instruction_invalidate_page
#include <kernel/x86_64/cpu_ops.h>
#undef cpu_invalidate_page

static void zero_quads(void *to, size_t quads) { memset(to, 0, quads * 8); }
static void copy_quads(void *to, void const *from, size_t quads) { memcpy(to, from, quads * 8); }

/* Bound: the quads of a table. */
static size_t find_quad(void const *in, size_t quads)
{
	for (size_t i = 0; i < quads; i++)
		if (((uint64_t const *)in)[i])
			return i;
	return quads;
}

/*@ assigns \nothing; */
static void cpu_invalidate_page(uint64_t va);

/* One CPU goes through the cases. */
#define __atomic_load_n(from, order) (*(from))

#include <kernel/cpu.h>
#include <kernel/x86_64/boot.h>
#include <kernel/x86_64/paging.h>

#include "prove.h"

enum { PLACES = PROVE_SCALE == 1 ? 2 : 5, PAGES = 2, OPERATIONS = 4, BOTH = PROVE_SCALE == 1 ? 1 : 2, TABLES_MANY = 12, TABLES_FEW = 4 };
enum { CASES = PLACES * BOTH * BOTH * PLACES * OPERATIONS };
enum { TOP = 0x10000, KERNEL_TOP = 0x11000, FIRST_TABLE = 0x12000, MEMORY = 0x400000 };

/* Before a border of 2 MiB, of 512 GiB, of 1 GiB, of none; the last two pages of all */
static uint64_t const places[] = { 0x1ff000, 0x7ffffff000, 0x3ffff000, 0x5000, USER_END - 2 * PAGE_SIZE };

static struct pd pd;
struct cpu this_cpu, other_cpu;
unsigned cpu_count;

/* The model: the entry of each page, how many tables the domain has, and whether the other CPU may know what is gone. */
static uint64_t expected[PLACES][PAGES];
static unsigned tables;
static bool stale;

void panic(char const *format, ...)
{
	/*@ assert no_panic: \false; */
	for (;;)
		;
}

struct cpu *cpu_at(unsigned number) { return number ? &other_cpu : &this_cpu; }

uint64_t cpu_epoch_begin(void)
{
	stale = true;
	return 1;
}

bool cpu_epoch_has_passed(uint64_t epoch) { return !stale; }

/* The entry for `va`, found without the help of what is to be shown; 0: nothing is mapped. */
static uint64_t entry_of(uint64_t va)
{
	uint64_t const *table = (uint64_t const *)TOP;

	for (unsigned shift = 39; shift > 12; shift -= 9) {
		uint64_t entry = table[va >> shift & 511];
		if (!(entry & PTE_PRESENT))
			return 0;
		/*@ assert way: (entry & 0xfff) == 7; */
		table = (uint64_t const *)(entry & PTE_ADDRESS);
	}
	return table[va >> 12 & 511];
}

static void check(void)
{
	for (unsigned place = 0; place < PLACES; place++) {
		for (unsigned page = 0; page < PAGES; page++) {
			uint64_t entry = entry_of(places[place] + page * PAGE_SIZE);
			/*@ assert mapped: entry == expected[place][page]; */
			/*@ assert w_or_x: (entry & PTE_WRITE) == 0 || (entry & PTE_NX) != 0; */
		}
	}
}

/* Was anything there that the other CPU, which is in the domain, may have in its TLB? */
static void check_epoch(bool was_there)
{
	if (cpu_count > 1 && was_there) {
		/*@ assert begun: stale == 1; */
	}
}

static void map(unsigned place, uint64_t attributes)
{
	uint64_t mapped = 0, bits = attributes == MAP_WRITE ? 0x8000000000000067 : 0x25;
	struct mapping m = { .va = places[place], .pa = MEMORY + place * 0x10000, .pages = PAGES, .attributes = attributes };
	bool was_stale = stale, was_there = expected[place][0] || expected[place][1];
	enum status status = paging_map(&pd, &m, &mapped);

	if (was_stale) {
		/*@ assert not_yet: status == STATUS_AGAIN && mapped == 0; */
		return;
	}
	/*@ assert how_far: mapped <= PAGES && (status == STATUS_OK) == (mapped == PAGES); */
	/*@ assert why_not: status == STATUS_OK || status == STATUS_AGAIN || (status == STATUS_NO_TABLE && pd.free_tables == 0); */
	for (unsigned page = 0; page < mapped; page++)
		expected[place][page] = (m.pa + page * PAGE_SIZE) | bits;
	if (status == STATUS_OK)
		check_epoch(was_there);
}

static void unmap(unsigned place)
{
	bool was_there = expected[place][0] || expected[place][1];
	enum status status = paging_unmap(&pd, places[place], PAGES);

	/*@ assert unmapped: status == STATUS_OK; */
	expected[place][0] = expected[place][1] = 0;
	check_epoch(was_there);
}

/* Everything in the 2 MiB around the first page of a place goes. */
static void take_table_of(unsigned place)
{
	uint64_t frame = 0;
	bool was_there = expected[place][0];
	enum status status = paging_take_table_of(&pd, places[place], &frame);

	/*@ assert taken: status == STATUS_OK || (status == STATUS_NOT_FOUND && !was_there); */
	if (status)
		return;
	/*@ assert one_of_them: frame >= FIRST_TABLE && frame < 0x20000 && (frame & 0xfff) == 0; */
	tables--;
	for (unsigned p = 0; p < PLACES; p++)
		for (unsigned page = 0; page < PAGES; page++)
			if ((places[p] + page * PAGE_SIZE) >> 21 == places[place] >> 21)
				expected[p][page] = 0;
	check_epoch(was_there);
}

static void recycle(void)
{
	enum status status = STATUS_AGAIN;

	/* Bound: a slice frees one table at least. */
	for (unsigned i = 0; i <= TABLES_MANY && status == STATUS_AGAIN; i++)
		status = paging_recycle(&pd);
	/*@ assert all: status == STATUS_OK; */
	for (unsigned p = 0; p < PLACES; p++)
		for (unsigned page = 0; page < PAGES; page++)
			expected[p][page] = 0;
}

/* Whatever is asked for, what can be written is not executed. */
static void check_attributes(uint64_t va)
{
	for (uint64_t attributes = 0; attributes < 4 * MAP_WRITE_COMBINE; attributes++) {
		uint64_t mapped = 0;
		struct mapping m = { .va = va, .pa = MEMORY, .pages = 1, .attributes = attributes };
		bool contradicts = attributes >= 2 * MAP_WRITE_COMBINE || (attributes & MAP_WRITE && attributes & MAP_EXECUTE);

		stale = false;
		enum status status = paging_map(&pd, &m, &mapped);
		uint64_t entry = entry_of(va);
		/*@ assert refused: status == (contradicts ? STATUS_INVALID : STATUS_OK); */
		/*@ assert user: (entry & (PTE_PRESENT | PTE_USER)) == 5 && (entry & PTE_GLOBAL) == 0; */
		/*@ assert w_or_x: ((entry & PTE_WRITE) != 0) == ((attributes & MAP_WRITE) != 0) || contradicts; */
		/*@ assert x: ((entry & PTE_NX) == 0) == ((attributes & MAP_EXECUTE) != 0) || contradicts; */
	}
	stale = false;
}

static void step(void)
{
	unsigned operation = choose(OPERATIONS), place = choose(PLACES);

	if (operation == 0)
		map(place, MAP_EXECUTE);
	else if (operation == 1)
		unmap(place);
	else if (operation == 2)
		take_table_of(place);
	else if (operation == 3 && place == 0)
		recycle();
	else if (operation == 3)
		stale = false;
	check();
}

/* All tables come back, each once, and nothing was written to the half that is the kernel's. */
static void check_end(void)
{
	uint64_t const *top = (uint64_t const *)TOP;
	unsigned free = 0;
	uint64_t frame = 0;

	recycle();
	stale = false;
	for (unsigned i = 0; i <= TABLES_MANY && paging_take_table(&pd, &frame) == STATUS_OK; i++) {
		/*@ assert table: frame >= FIRST_TABLE && frame < 0x20000 && (frame & 0xfff) == 0; */
		uint64_t *first = (uint64_t *)frame;
		/*@ assert once: first[511] != 0x5eed; */
		first[511] = 0x5eed;
		free++;
	}
	/*@ assert complete: free == tables; */
	/*@ assert empty: top[0] == 0 && top[1] == 0 && top[255] == 0; */
	/*@ assert kernel: top[256] == 0x77003 && top[511] == 0x66003; */
}

static void prove_one(void)
{
	unsigned place = choose(PLACES);
	uint64_t *kernel_half = (uint64_t *)KERNEL_TOP;

	tables = (place + choose(BOTH)) % 2 ? TABLES_MANY : TABLES_FEW;
	cpu_count = 2 - choose(BOTH);
	memset(kernel_half, 0, PAGE_SIZE);
	kernel_half[256] = 0x77003;
	kernel_half[511] = 0x66003;
	pd = (struct pd) { .object = { .type = OBJECT_PD } };
	this_cpu = (struct cpu) { .cr3 = TOP };
	other_cpu = (struct cpu) { .cr3 = TOP };
	memset(expected, 0, sizeof(expected));
	stale = false;
	paging_set_kernel_top(KERNEL_TOP);
	paging_init_top(&pd, TOP);
	for (unsigned i = 0; i < tables; i++) {
		memset((void *)(FIRST_TABLE + i * PAGE_SIZE), 0, PAGE_SIZE);
		paging_give_table(&pd, FIRST_TABLE + i * PAGE_SIZE);
	}
	check();
	map(place, MAP_WRITE);
	check();
	if (prove_case == 0 && expected[place][0]) {
		check_attributes(places[place]);
		map(place, MAP_WRITE);
	}
	step();
	check_end();
}

#include "../../kernel/x86_64/paging.c"

PROVE_ALL(CASES)
