/* SPDX-License-Identifier: MIT */
/*
 * Managed dataspaces against plain arrays: maps in maps, as many and as deep as chance makes them. After each operation, everything that is mapped
 * anywhere is what the arrays say stands there; no map contains itself; who waits for a handler waits as long as nothing stands there, and no longer.
 * Work is cut into the smallest slices. Then a row of maps that is far deeper than a slice.
 */
#include <core/dataspace.h>
#include <core/pager.h>
#include <core/parent.h>
#include <core/pd.h>
#include <core/session.h>
#include <core/thread.h>
#include <core/wave.h>

#include "core_fake.h"

enum {
	SPACES = 2, MAPS = 9, REGIONS = 60, SLOTS = 8, THREADS = 2, OPERATIONS = 20000, SLICE = 2, DEEP = 350,
	CAPS = 5000, MEMORY_PAGES = 64, MAP_PAGES = 32,
};

#define BASE 0x400000UL    /* of what stands in an address space */

static struct account *payer;
static struct rm *maps[MAPS];              /* the first SPACES are address spaces */
static struct pd *pds[SPACES];
static struct thread *threads[SPACES][THREADS];
static struct dataspace *memory;
static struct signal *handler;
static bool handles[MAPS];

/* pages of `map` from `at` on show those of `inner` (-1: the memory) from `offset` on. */
static struct { bool used; int map, inner; unsigned at, pages, offset; enum rm_access access; } regions[REGIONS];

static uint64_t base_of(int map) { return map < SPACES ? BASE : 0; }

static struct rpc_cap own_cap(struct record *record)
{
	return (struct rpc_cap) { .kind = GOT_OWN, .badge = badge_of(record, 0) };
}

/* --- The model --- */

/* The region in which a page of a map is, or -1. */
static int region_of(int map, unsigned page)
{
	for (int i = 0; i < REGIONS; i++)
		if (regions[i].used && regions[i].map == map && page >= regions[i].at && page - regions[i].at < regions[i].pages)
			return i;
	return -1;
}

/* Where the way down from a page ends: FOUND: its frame; MISSING: the map and the page there. */
static enum walk_end resolve(int map, unsigned page, uint32_t error, uint64_t *frame, int *missing)
{
	bool write = true, execute = true;

	for (;;) {
		int i = region_of(map, page);

		*missing = map;
		if (i < 0)
			return WALK_MISSING;
		write &= regions[i].access == RM_ACCESS_WRITE || regions[i].access == RM_ACCESS_ALL;
		execute &= regions[i].access == RM_ACCESS_EXECUTE || regions[i].access == RM_ACCESS_ALL;
		if ((error & FAULT_WRITE && !write) || (error & FAULT_EXECUTE && !execute))
			return WALK_DENIED;
		page += regions[i].offset - regions[i].at;
		map = regions[i].inner;
		if (map < 0)
			break;
	}
	*frame = memory->frame + page;
	return WALK_FOUND;
}

static bool contains(int inner, int outer)
{
	bool found = inner == outer;

	for (int i = 0; i < REGIONS && !found; i++)
		found = regions[i].used && regions[i].map == inner && regions[i].inner >= 0 && contains(regions[i].inner, outer);
	return found;
}

static void check_mappings(void)
{
	for (unsigned m = 0; m < fake_mapping_count; m++) {
		int space = fake_mappings[m].pd == pd_object(pds[0]).value ? 0 : 1, missing;
		uint64_t frame;

		if (fake_mappings[m].va < BASE)
			continue;    /* a UTCB */
		CHECK(resolve(space, (fake_mappings[m].va - BASE) >> PAGE_SHIFT, 0, &frame, &missing) == WALK_FOUND);
		CHECK(frame == fake_mappings[m].frame);
	}
}

static void check_waiting(void)
{
	for (int s = 0; s < SPACES; s++)
		for (int t = 0; t < THREADS; t++) {
			struct thread *thread = threads[s][t];
			uint64_t frame;
			int missing;

			if (!thread->waits)
				continue;
			CHECK(resolve(s, (thread->walk.start - BASE) >> PAGE_SHIFT, 0, &frame, &missing) == WALK_MISSING);
			CHECK(maps[missing] == thread->waits && handles[missing]);
		}
}

/* --- Operations --- */

static int any_used(void)
{
	for (int tries = 0; tries < 100; tries++) {
		int i = unit_below(REGIONS);

		if (regions[i].used)
			return i;
	}
	return -1;
}

static void attach(void)
{
	int i = 0, map = unit_below(MAPS), inner = unit_below(3) ? (int)(SPACES + unit_below(MAPS - SPACES)) : -1;
	unsigned pages = 1 + unit_below(MAP_PAGES / 2), at = unit_below(MAP_PAGES - pages + 1);
	struct rpc_cap what = own_cap(inner < 0 ? &memory->record : &maps[inner]->dataspace->record), pay = { .kind = GOT_NULL };
	struct rm_attach_args args = {
		.offset = unit_below(MAP_PAGES - pages + 1) * PAGE_SIZE, .size = pages * PAGE_SIZE, .address = base_of(map) + at * PAGE_SIZE,
		.access = unit_below(inner < 0 ? 3 : 4), .flags = RM_ATTACH_AT | RM_ATTACH_MANAGED,
	};
	enum status status;
	uint64_t address;

	while (i < REGIONS && regions[i].used)
		i++;
	if (i == REGIONS)
		return;
	core_work = SLICE;
	status = rm_operations.attach((void *)maps[map], &what, &args, &pay, &address);
	if (inner >= 0 && contains(inner, map)) {
		CHECK(status == STATUS_INVALID);
		return;
	}
	for (unsigned page = at; page < at + pages; page++)
		if (region_of(map, page) >= 0) {
			CHECK(status == STATUS_EXISTS);
			return;
		}
	CHECK(status == STATUS_OK && address == args.address);
	regions[i].used = true;
	regions[i].map = map;
	regions[i].inner = inner;
	regions[i].at = at;
	regions[i].pages = pages;
	regions[i].offset = args.offset >> PAGE_SHIFT;
	regions[i].access = args.access;
}

/* Two at a time, so that one finds the wave of the other. */
static void detach(void)
{
	int which[2] = { any_used(), any_used() };
	enum status status[2] = { STATUS_AGAIN, STATUS_AGAIN };

	if (which[0] < 0 || which[1] < 0 || which[0] == which[1])
		return;
	while (status[0] == STATUS_AGAIN || status[1] == STATUS_AGAIN) {
		int next = unit_below(2);
		int i = which[next];

		if (status[next] != STATUS_AGAIN)
			continue;
		core_work = unit_below(SLICE + 1);
		status[next] = rm_operations.detach((void *)maps[regions[i].map], base_of(regions[i].map) + regions[i].at * PAGE_SIZE);
		if (!unit_below(8))
			ledger_check();
	}
	CHECK(status[0] == STATUS_OK && status[1] == STATUS_OK);
	regions[which[0]].used = regions[which[1]].used = false;
}

static struct kernel_regs fault_of(struct thread *thread, uint64_t address, uint32_t error)
{
	return (struct kernel_regs) { .header = 14UL << 32, .w = { thread_object(thread).value, error, address, 0x1000 } };
}

static void touch(void)
{
	static uint32_t const needs[] = { 0, FAULT_WRITE, FAULT_EXECUTE };
	int space = unit_below(SPACES), missing = 0;
	struct thread *thread = threads[space][unit_below(THREADS)];
	unsigned page = unit_below(MAP_PAGES);
	uint32_t error = needs[unit_below(3)];
	struct kernel_regs message = fault_of(thread, BASE + page * PAGE_SIZE + unit_below(PAGE_SIZE), error);
	uint64_t frame = 0;
	enum walk_end end = resolve(space, page, error, &frame, &missing);
	bool waits = end == WALK_MISSING && handles[missing];
	enum fault_reply reply;

	if (thread->waits)
		return;
	core_work = SLICE;
	reply = (enum fault_reply)pager_handle(&message);
	CHECK((reply == FAULT_RESUME) == (end == WALK_FOUND) && (thread->waits != NULL) == waits);
	if (end == WALK_FOUND)
		for (unsigned tries = 0;; tries++) {
			bool mapped = false;

			for (unsigned m = 0; m < fake_mapping_count; m++)
				mapped |= fake_mappings[m].pd == pd_object(pds[space]).value && fake_mappings[m].va == BASE + page * PAGE_SIZE;
			if (mapped)
				break;
			CHECK(tries < 1000 && pager_handle(&message) == FAULT_RESUME);    /* page tables are recycled */
		}
	else if (!waits)
		CHECK(thread->record.state == THREAD_STATE_FAULTED && thread_operations.resume((void *)thread) == STATUS_OK);
}

static void change_handler(void)
{
	int map = unit_below(MAPS);
	struct rpc_cap cap = { .kind = GOT_NULL };

	handles[map] = unit_below(2);
	if (handles[map])
		cap = (struct rpc_cap) { .kind = GOT_SLOT, .cap = { place_address(&handler->record, 0).value } };
	do
		core_work = 1;
	while (rm_operations.fault_handler((void *)maps[map], &cap) == STATUS_AGAIN);
}

/* state tells of one that waits, if there is one. */
static void ask_state(void)
{
	int map = unit_below(MAPS);
	bool waits = false;
	enum rm_fault fault;
	uint64_t address;

	while (rm_operations.state((void *)maps[map], &fault, &address) == STATUS_AGAIN)
		core_work = 1;
	for (int s = 0; s < SPACES; s++)
		for (int t = 0; t < THREADS; t++)
			waits |= threads[s][t]->waits == maps[map];
	CHECK(waits == (fault != RM_FAULT_NONE));
	CHECK(!waits || region_of(map, (address - base_of(map)) >> PAGE_SHIFT) < 0);
}

/* --- */

/* For maps that are address spaces, what they cost is paid by the session's own account, so it gets enough of everything. */
static void build_space(int space)
{
	struct thread_want wanted = { .name = "test", .priority = 10 };
	struct cpu *cpu = (struct cpu *)fake_session(payer, &cpu_type, 0, 1, 0);

	maps[space] = (struct rm *)fake_session(payer, &rm_type, 40, 2 * REGIONS + PLACES_RM, 0);
	pds[space] = (struct pd *)fake_session(payer, &pd_type, 4, 4, 0);
	for (int t = 0; t < THREADS; t++) {
		wanted.slot = 0x200000 + t * STACK_SLOT_SIZE;
		ck_assert(thread_create(cpu, payer, &wanted, &threads[space][t]) == STATUS_OK);
		ck_assert(pd_bind_thread(pds[space], threads[space][t]) == STATUS_OK);
		ck_assert(thread_set_map(threads[space][t], maps[space]) == STATUS_OK);
		ck_assert(thread_start(threads[space][t], 0x1000, 0x2000, 0) == STATUS_OK);
	}
}

static void build(void)
{
	struct info info = fake_info();
	struct account_split split = { .label = "test", .pages = 2500, .caps = CAPS, .component = true, .splitter = NULL };
	struct dataspace_want want = { .frames = MEMORY_PAGES, .align = 1 };
	enum status status;

	ck_assert(fake_boot(&info));
	split.splitter = init_account;
	core_account.caps_limit += CAPS;    /* more than so small a machine has */
	ck_assert(account_grow(init_account, 0, CAPS) == STATUS_OK);
	ck_assert(account_split(init_account, &split, &payer) == STATUS_OK);
	for (int s = 0; s < SPACES; s++)
		build_space(s);
	for (int m = SPACES; m < MAPS; m++)
		maps[m] = (struct rm *)fake_session(payer, &rm_type, 0, 100, MAP_PAGES * PAGE_SIZE - unit_below(PAGE_SIZE));
	do
		status = dataspace_alloc(payer, &want, &memory);
	while (status == STATUS_AGAIN);
	ck_assert(status == STATUS_OK);
	ck_assert(signal_create(payer, threads[0][0], 1, &handler) == STATUS_OK);
	memset(regions, 0, sizeof(regions));
	memset(handles, 0, sizeof(handles));
}

static void close_map(struct rm *rm)
{
	struct account *account = rm->record.account;
	enum status status;

	do {
		core_work = 4 + unit_below(SLICE);    /* an account, its map, a region, a wave: a step each before anything is done */
		status = account_destroy(account);
		if (!unit_below(8))
			ledger_check();
	} while (status == STATUS_AGAIN);
	ck_assert(status == STATUS_OK);
}

START_TEST(shows_what_stands_there)
{
	static void (*const all[])(void) = { attach, attach, attach, detach, touch, touch, touch, touch, change_handler, ask_state };

	build();
	for (unsigned i = 0; i < OPERATIONS; i++) {
		all[unit_below(ARRAY_SIZE(all))]();
		check_mappings();
		check_waiting();
	}
	/* In any order, full, with threads that wait in them. */
	for (int m = MAPS - 1; m >= SPACES; m--) {
		close_map(maps[m]);
		for (int i = 0; i < REGIONS; i++)
			regions[i].used &= regions[i].map != m && regions[i].inner != m;
		check_mappings();
		for (int s = 0; s < SPACES; s++)
			for (int t = 0; t < THREADS; t++)
				CHECK(threads[s][t]->waits != maps[m]);
	}
}
END_TEST

/* A walk of DEEP maps takes many faults, and starts anew if anything that was met could have gone meanwhile. */
START_TEST(goes_deeper_than_a_slice)
{
	static struct rm *deep[DEEP];
	struct rpc_cap pay = { .kind = GOT_NULL }, what;
	struct rm_attach_args args = { .access = RM_ACCESS_ALL, .flags = RM_ATTACH_AT | RM_ATTACH_MANAGED };
	struct kernel_regs message;
	unsigned faults = 0;
	uint64_t address;
	enum status status;

	build();
	deep[0] = maps[0];
	for (unsigned i = 1; i < DEEP; i++) {
		deep[i] = (struct rm *)fake_session(payer, &rm_type, 0, 5, MAP_PAGES * PAGE_SIZE);
		what = own_cap(&deep[i]->dataspace->record);
		args.address = i == 1 ? BASE : 0;
		ck_assert(rm_operations.attach((void *)deep[i - 1], &what, &args, &pay, &address) == STATUS_OK);
	}
	what = own_cap(&memory->record);
	args.access = RM_ACCESS_WRITE;
	args.size = MAP_PAGES * PAGE_SIZE;
	ck_assert(rm_operations.attach((void *)deep[DEEP - 1], &what, &args, &pay, &address) == STATUS_OK);

	message = fault_of(threads[0][0], BASE + 3 * PAGE_SIZE, FAULT_WRITE);
	do
		ck_assert(pager_handle(&message) == FAULT_RESUME);
	while (++faults < DEEP && threads[0][0]->walk.rm);
	ck_assert_uint_eq(faults, (DEEP + WALK_SLICE) / WALK_SLICE);
	ck_assert_uint_eq(fake_mapping_count, 16);

	/* Inside itself: refused, if that can be told. */
	what = own_cap(&deep[1]->dataspace->record);
	args.access = RM_ACCESS_ALL;
	ck_assert(rm_operations.attach((void *)deep[WAVE_SEARCH_MAX - 10], &what, &args, &pay, &address) == STATUS_INVALID);
	ck_assert(rm_operations.attach((void *)deep[DEEP - 1], &what, &args, &pay, &address) == STATUS_TOO_DEEP);

	/* In the middle of the way down, what was passed goes: nothing may be mapped that way. */
	message = fault_of(threads[0][0], BASE + 20 * PAGE_SIZE, 0);
	for (unsigned i = 0; i < 5; i++)
		ck_assert(pager_handle(&message) == FAULT_RESUME);
	do {
		core_work = 1;
		status = rm_operations.detach((void *)deep[40], 0);
		ledger_check();
	} while (status == STATUS_AGAIN);
	ck_assert(status == STATUS_OK && fake_mapping_count == 0);
	ck_assert(pager_handle(&message) == FAULT_STOP && threads[0][0]->record.state == THREAD_STATE_FAULTED);

	/* And from the inside all the way out. */
	ck_assert(thread_operations.resume((void *)threads[0][0]) == STATUS_OK);
	close_map(deep[DEEP - 1]);
	close_map(deep[1]);
}
END_TEST

UNIT_MAIN(shows_what_stands_there, goes_deeper_than_a_slice)
