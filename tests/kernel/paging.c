/* SPDX-License-Identifier: MIT */
/* Address spaces: what can be mapped, what is refused, and page tables as a cache with a budget. */
#include "test.h"

#define HOLE 0x10000000UL      /* nothing is mapped there */

static SHARED uint64_t sum, rounds, stop;

static enum status map(struct child *c, uint64_t va, uint64_t pa, uint64_t pages, unsigned attributes)
{
	return op5(SYS_MAP, c->pd, va, pa, pages, attributes);
}

/* Reads a word of each of four pages, again and again. */
static void reader(uint64_t first)
{
	while (!*(volatile uint64_t *)&stop) {
		uint64_t s = 0;
		for (unsigned i = 0; i < 4; i++)
			s += *(volatile uint64_t *)(first + i * PAGE_SIZE);
		*(volatile uint64_t *)&sum = s;
		++*(volatile uint64_t *)&rounds;
	}
}

static uint64_t numbered_frames(void)
{
	uint64_t first = frame();

	for (unsigned i = 0; i < 4; i++)
		*(uint64_t *)at(i ? frame() : first) = 1UL << i;
	return first;
}

TEST(nothing_is_writable_and_executable)
{
	struct child *c = child_new(reader, 10);

	CHECK_IS(map(c, HOLE, frame(), 1, MAP_WRITE | MAP_EXECUTE), STATUS_INVALID);
	child_start(c, HOLE);
	CHECK_IS(await().w[2], HOLE);
}

TEST(kernel_addresses_cannot_be_mapped)
{
	struct child *c = child_new(reader, 10);
	uint64_t f = frame(), bad[] = { 0x00007ffffffff000, 0x0000800000000000, 0xffff800000000000, 0xffffffff80100000, ~0xfffUL };

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_IS(map(c, bad[i], f, 1, MAP_WRITE), STATUS_INVALID);
		CHECK_IS(op3(SYS_UNMAP, c->pd, bad[i], 1), STATUS_INVALID);
	}
	CHECK_IS(map(c, 0x00007fffffffe000, f, 2, 0), STATUS_INVALID);
}

TEST(mappings_are_whole_pages_in_bounds)
{
	struct child *c = child_new(reader, 10);
	uint64_t f = frame();

	CHECK_IS(map(c, HOLE + 8, f, 1, 0), STATUS_INVALID);
	CHECK_IS(map(c, HOLE, f + 8, 1, 0), STATUS_INVALID);
	CHECK_IS(map(c, HOLE, f, 0, 0), STATUS_INVALID);
	CHECK_IS(map(c, HOLE, f, MAP_PAGES_MAX + 1, 0), STATUS_INVALID);
	CHECK_IS(map(c, HOLE, f, ~0UL, 0), STATUS_INVALID);
	CHECK_IS(map(c, HOLE, 1UL << 52, 1, 0), STATUS_INVALID);
	CHECK_IS(map(c, HOLE, ~0xfffUL, 1, 0), STATUS_INVALID);
	CHECK_IS(map(c, HOLE, f, 1, 16), STATUS_INVALID);
	CHECK_IS(op3(SYS_UNMAP, c->pd, HOLE, MAP_PAGES_MAX + 1), STATUS_INVALID);
	CHECK_IS(op3(SYS_UNMAP, c->pd, HOLE, 0), STATUS_INVALID);
	CHECK_IS(op5(SYS_MAP, c->thread, HOLE, f, 1, 0), STATUS_INVALID);
	CHECK_IS(op3(SYS_UNMAP, c->thread, HOLE, 1), STATUS_INVALID);
	child_start(c, HOLE);
	CHECK_IS(await().w[2], HOLE);
}

TEST(pages_are_mapped_in_order)
{
	struct child *c = child_new(reader, 10);
	struct msg m = sys(SYS_MAP, c->pd, HOLE, numbered_frames(), 4, 0);

	CHECK(status_of(m) == STATUS_OK && m.badge == 4);
	child_start(c, HOLE);
	settle();
	CHECK_IS(sum, 15);
}

TEST(an_unmapped_page_faults_at_once)
{
	struct child *c = child_new(reader, 10);

	OK(map(c, HOLE, numbered_frames(), 4, 0));
	child_start(c, HOLE);
	settle();
	OK(op3(SYS_UNMAP, c->pd, HOLE + 2 * PAGE_SIZE, 1));
	OK(op1(SYS_SYNC, 0));
	struct msg m = await();
	CHECK(label_of(m) == 14 && m.w[2] == HOLE + 2 * PAGE_SIZE);
	OK(op3(SYS_UNMAP, c->pd, HOLE + 64 * PAGE_SIZE, 64));      /* where nothing is, nothing happens */
	OK(op3(SYS_UNMAP, c->pd, 0x7f0000000000, 64));
}

TEST(a_new_mapping_replaces_the_old_one)
{
	struct child *c = child_new(reader, 10);
	uint64_t other = frame();

	OK(map(c, HOLE, numbered_frames(), 4, 0));
	child_start(c, HOLE);
	settle();
	*(uint64_t *)at(other) = 100;
	OK(map(c, HOLE, other, 1, 0));
	settle();
	CHECK_IS(sum, 114);
}

TEST(a_right_taken_away_is_gone_at_once)
{
	struct child *c = child_new(reader, 10);

	OK(map(c, HOLE, numbered_frames(), 4, MAP_WRITE));
	child_start(c, HOLE);
	settle();
	OK(op3(SYS_UNMAP, c->pd, HOLE, 4));
	await();
}

TEST(one_frame_can_be_in_several_domains)
{
	struct child *c = child_new(reader, 10), *d = child_new(reader, 10);
	uint64_t f = numbered_frames();

	OK(map(c, HOLE, f, 4, 0));
	OK(map(d, HOLE + 8 * PAGE_SIZE, f, 4, 0));
	child_start(c, HOLE);
	child_start(d, HOLE + 8 * PAGE_SIZE);
	run_for(50000000);
	CHECK_IS(sum, 15);
}

TEST(a_domain_without_tables_says_so_and_how_far_it_got)
{
	uint64_t pd = place(PD_GRANULES), f = frame(), *words;

	OK(op3(SYS_PD_CREATE, pd, frame(), frame()));
	CHECK_IS(op5(SYS_MAP, pd, HOLE - 2 * PAGE_SIZE, f, 4, 0), STATUS_NO_TABLE);
	for (unsigned i = 0; i < 3; i++) {
		struct msg m = sys(SYS_MAP, pd, HOLE - 2 * PAGE_SIZE, f, 4, 0);
		CHECK(status_of(m) == STATUS_NO_TABLE && m.badge == 0);
		OK(op3(SYS_PD_GROW, pd, frame(), FRAME_TABLE));
	}
	struct msg m = sys(SYS_MAP, pd, HOLE - 2 * PAGE_SIZE, f, 4, 0);
	CHECK(status_of(m) == STATUS_NO_TABLE && m.badge == 2);
	uint64_t dirty = frame();
	words = at(dirty);
	memset(words, 0xff, PAGE_SIZE);
	OK(op3(SYS_PD_GROW, pd, dirty, FRAME_TABLE));
	m = sys(SYS_MAP, pd, HOLE, f, 2, 0);
	CHECK(status_of(m) == STATUS_OK && m.badge == 2);
	for (unsigned i = 2; i < 512; i++)
		CHECK_IS(words[i], 0);
	OK(destroy(pd));
}

TEST(a_mapping_that_needs_many_tables_is_made_in_slices)
{
	uint64_t pd = note(place(PD_GRANULES)), border = 1UL << 39, at = border - PAGE_SIZE;
	unsigned slices = 1;

	OK(op3(SYS_PD_CREATE, pd, frame(), frame()));
	for (unsigned i = 0; i < 6; i++)
		OK(op3(SYS_PD_GROW, pd, frame(), FRAME_TABLE));
	for (; op5(SYS_MAP, pd, at, frame(), 2, 0) == STATUS_AGAIN; slices++)
		CHECK(slices < 3);
	CHECK_IS(slices, 2);
	CHECK_IS(op1(SYS_PD_TAKE, pd), STATUS_NOT_FOUND);
}

TEST(spare_tables_are_taken_back_and_used_ones_are_not)
{
	uint64_t pd = place(PD_GRANULES), table[5];

	OK(op3(SYS_PD_CREATE, pd, frame(), frame()));
	for (unsigned i = 0; i < 5; i++)
		OK(op3(SYS_PD_GROW, pd, table[i] = frame(), FRAME_TABLE));
	OK(op5(SYS_MAP, pd, HOLE, frame(), 1, 0));
	for (unsigned i = 0, seen = 0; i < 2; i++) {
		struct msg m = sys(SYS_PD_TAKE, pd, 0, 0, 0, 0);
		CHECK_IS(status_of(m), STATUS_OK);
		for (unsigned n = 0; n < 5; n++) {
			if (m.badge == table[n]) {
				table[n] = 0;          /* each once */
				seen++;
			}
		}
		CHECK_IS(seen, i + 1);
	}
	CHECK_IS(op1(SYS_PD_TAKE, pd), STATUS_NOT_FOUND);
	while (op1(SYS_RECYCLE, pd) == STATUS_AGAIN)
		;
	for (unsigned i = 0; i < 3; i++)
		OK(op1(SYS_PD_TAKE, pd));
	CHECK_IS(op1(SYS_PD_TAKE, pd), STATUS_NOT_FOUND);
	CHECK_IS(op1(SYS_PD_TAKE, gate_new(&self, 0)), STATUS_INVALID);
	OK(destroy(pd));
}

/* Answers a fault of the child as its pager would after a recycle: everything but HOLE is mapped again. */
static void refill(struct child *c, struct msg m, uint64_t frames)
{
	uint64_t page = m.w[2] & ~(PAGE_SIZE - 1), top = (c->sp & ~(uint64_t)(STACK_SLOT_SIZE - 1)) + STACK_SLOT_UTCB;

	CHECK_IS(label_of(m), 14);
	if (page >= HOLE)
		OK(map(c, HOLE, frames, 4, 0));
	else if (page == top - PAGE_SIZE)
		OK(map(c, page, c->stack, 1, MAP_WRITE));
	else
		pd_map_image(c->pd);
	reply(FAULT_RESUME, 0);
}

TEST(a_recycled_domain_faults_its_pages_in_again)
{
	struct child *c = child_new(reader, 10);
	uint64_t frames = numbered_frames(), slices = 1;

	OK(map(c, HOLE, frames, 4, 0));
	child_start(c, HOLE);
	settle();
	uint64_t before = rounds;
	for (enum status status; (status = op1(SYS_RECYCLE, c->pd)) != STATUS_OK; slices++)
		CHECK_IS(status, STATUS_AGAIN);
	CHECK(slices < 5);
	sum = 0;
	for (unsigned faults = 0; faults < 5; faults++) {
		struct msg m = wait_until(now() + 2000000);
		if (status_of(m) == STATUS_TIMEOUT)
			break;
		refill(c, m, frames);
	}
	CHECK(sum == 15 && rounds > before);
}

TEST(the_table_of_a_window_is_taken_with_its_pages)
{
	struct child *c = child_new(reader, 10);
	uint64_t frames = numbered_frames();

	OK(map(c, HOLE, frames, 4, 0));
	child_start(c, HOLE);
	settle();
	CHECK_IS(op2(SYS_PD_TAKE, c->pd, HOLE + (2UL << 20)), STATUS_NOT_FOUND);
	CHECK_IS(op2(SYS_PD_TAKE, c->pd, 1UL << 47), STATUS_INVALID);
	struct msg m = sys(SYS_PD_TAKE, c->pd, HOLE + 12345, 0, 0, 0);
	CHECK(status_of(m) == STATUS_OK && m.badge % PAGE_SIZE == 0);
	CHECK_IS(op2(SYS_PD_TAKE, c->pd, HOLE), STATUS_NOT_FOUND);
	uint64_t table = m.badge, before = rounds;
	CHECK_IS(await().w[2] >> 14, HOLE >> 14);
	OK(op3(SYS_PD_GROW, c->pd, table, FRAME_TABLE));
	OK(map(c, HOLE, frames, 4, 0));
	reply(FAULT_RESUME, 0);
	settle();
	CHECK(rounds > before && sum == 15);
}

TEST(cores_own_maps_cannot_be_recycled_or_torn)
{
	CHECK_IS(op1(SYS_RECYCLE, self.pd), STATUS_INVALID);
	CHECK_IS(op2(SYS_PD_TAKE, self.pd, CORE_RAM), STATUS_INVALID);
	OK(op3(SYS_PD_GROW, self.pd, frame(), FRAME_TABLE));
	CHECK_IS(op5(SYS_MAP, self.pd, CORE_RAM + 0x1000000, frame(), 1, 0), STATUS_INVALID);
	OK(op3(SYS_UNMAP, self.pd, CORE_RAM + 0x1000000, 1));
	uint64_t *word = at(0x1000000);
	*(volatile uint64_t *)word = *(volatile uint64_t *)word;
	OK(op1(SYS_PD_TAKE, self.pd));
}

static void executes(uint64_t where)
{
	sum = ((uint64_t (*)(void))where)();
}

TEST(code_runs_where_it_is_executable)
{
	struct child *c = child_new(executes, 10);
	uint64_t f = frame();
	static unsigned char const code[] = { 0xb8, 0x39, 0x05, 0, 0, 0xc3 }; /* mov $1337, %eax; ret */

	memcpy(at(f), code, sizeof(code));
	OK(map(c, HOLE, f, 1, 0));
	child_start(c, HOLE);
	CHECK_IS(await().w[1] & FAULT_EXECUTE, FAULT_EXECUTE);
	OK(map(c, HOLE, f, 1, MAP_EXECUTE));
	reply(FAULT_RESUME, 0);
	settle();
	CHECK_IS(sum, 1337);
}
