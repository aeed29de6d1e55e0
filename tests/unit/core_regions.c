/* SPDX-License-Identifier: MIT */
/*
 * A region map against a plain list of regions: where things go, what is refused, what each payer pays for page tables, and that a
 * fault maps exactly what the region shows and nothing stays mapped when it goes. Work is cut into the smallest slices.
 */
#include <core/dataspace.h>
#include <core/pager.h>
#include <core/parent.h>
#include <core/pd.h>
#include <core/region.h>
#include <core/session.h>
#include <core/thread.h>

#include "core_fake.h"

enum { OPERATIONS = 20000, REGIONS = 40, PAYERS = 3, SLICE = 3 };

#define WINDOW 0x200000UL
#define GIB    0x40000000UL

static struct rm *rm;
static struct pd *pd;
static struct thread *thread;
static struct dataspace *memory;
static struct account *payers[PAYERS];    /* a component, two sessions */
static uint64_t pages_before[PAYERS];

static struct { uint64_t start, end, offset; int payer; enum rm_access access; bool fresh; /* RAM of its own */ } regions[REGIONS];

/* --- The model --- */

static bool overlaps(uint64_t start, uint64_t end)
{
	for (int i = 0; i < REGIONS; i++)
		if (regions[i].end > start && regions[i].start < end)
			return true;
	return end > thread->slot + STACK_SLOT_UTCB && start < thread->slot + STACK_SLOT_SIZE;
}

static uint64_t lowest_hole(uint64_t size)
{
	uint64_t at = 0x200000;

	while (overlaps(at, at + size)) {
		uint64_t next = UINT64_MAX;

		for (int i = 0; i < REGIONS; i++)
			if (regions[i].end > at && regions[i].end < next)
				next = regions[i].end;
		if (thread->slot + STACK_SLOT_SIZE > at && thread->slot + STACK_SLOT_SIZE < next)
			next = thread->slot + STACK_SLOT_SIZE;
		at = next;
	}
	return at;
}

/* Has this payer one of the regions before `count` in the window? The UTCB is the first payer's. */
static bool has_window(int payer, uint64_t window, int count)
{
	if (payer == 0 && window == thread->slot / WINDOW * WINDOW)
		return true;
	for (int i = 0; i < count; i++)
		if (regions[i].payer == payer && regions[i].end > window && regions[i].start < window + WINDOW)
			return true;
	return false;
}

/* Window by window, GiB by GiB. */
static uint64_t tables_of(int payer)
{
	uint64_t tables = payer == 0;

	for (int i = 0; i < REGIONS; i++)
		for (uint64_t window = regions[i].start / WINDOW * WINDOW; window < regions[i].end; window += WINDOW)
			tables += regions[i].payer == payer && !has_window(payer, window, i);
	for (int i = 0; i < REGIONS; i++)
		for (uint64_t gib = GIB; gib < 8 * GIB && regions[i].end; gib += GIB)
			tables += regions[i].payer == payer && regions[i].end > gib && regions[i].start < gib + GIB ? 2 : 0;
	return tables;
}

static uint64_t count_of(int payer)
{
	uint64_t count = 0;

	for (int i = 0; i < REGIONS; i++)
		count += regions[i].end && regions[i].payer == payer;
	return count;
}

static uint64_t fresh_of(int payer)
{
	uint64_t pages = 0;

	for (int i = 0; i < REGIONS; i++)
		pages += regions[i].end && regions[i].fresh && regions[i].payer == payer ? (regions[i].end - regions[i].start) >> PAGE_SHIFT : 0;
	return pages;
}

static void compare(void)
{
	for (int i = 0; i < PAYERS; i++)
		CHECK(payers[i]->ram_used == pages_before[i] + tables_of(i) + fresh_of(i));
}

/* --- Operations --- */

static struct rpc_cap own_cap(struct record *record)
{
	return (struct rpc_cap) { .kind = GOT_OWN, .badge = badge_of(record, 0) };
}

static uint64_t some_address(void)
{
	static uint64_t const bases[] = { 0x10000, 0x200000, 0x3f0000, 0x400000, 0x5fe000, GIB - 0x8000, GIB, 3 * GIB - 0x200000, 5 * GIB };

	return bases[unit_below(ARRAY_SIZE(bases))] + unit_below(64) * PAGE_SIZE;
}

static void attach(void)
{
	struct rpc_cap what = own_cap(&memory->record), pay;
	struct rm_attach_args args = { .access = unit_below(3) };
	uint64_t size = (1 + unit_below(unit_below(4) ? 12 : memory->frames)) * PAGE_SIZE, address = 0;
	int i = 0, payer = unit_below(PAYERS);
	enum status status;

	while (i < REGIONS && regions[i].end)
		i++;
	if (i == REGIONS)
		return;
	args.offset = unit_below(memory->frames - (size >> PAGE_SHIFT) + 1) << PAGE_SHIFT;
	args.size = size;
	args.address = unit_below(2) ? some_address() : 0;
	pay = own_cap(&payers[payer]->record);
	status = rm_operations.attach((void *)rm, &what, &args, &pay, &address);
	if (args.address && overlaps(args.address, args.address + size)) {
		CHECK(status == STATUS_EXISTS);
		return;
	}
	CHECK(status == STATUS_OK && !overlaps(address, address + size) && address % PAGE_SIZE == 0);
	CHECK(!args.address || address == args.address);
	if (!args.address && payer == 0)
		CHECK(address == lowest_hole(size));
	/* A session's first region that the map places is in no more windows than it has to be, with a free page on each side. */
	if (!args.address && payer && !count_of(payer))
		CHECK(!overlaps(address - PAGE_SIZE, address + size + PAGE_SIZE) &&
		      (address + size - 1) / WINDOW - address / WINDOW == (size - 1) / WINDOW);
	regions[i].start = address;
	regions[i].end = address + size;
	regions[i].offset = args.offset;
	regions[i].payer = payer;
	regions[i].access = args.access;
	regions[i].fresh = false;
}

static void attach_ram(void)
{
	int i = 0, payer = unit_below(PAYERS);
	struct rpc_cap pay = own_cap(&payers[payer]->record);
	uint64_t size = 1 + unit_below((unit_below(4) ? 12 : 60) * PAGE_SIZE), rounded = (size + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE, address = 0;
	enum status status;

	while (i < REGIONS && regions[i].end)
		i++;
	if (i == REGIONS)
		return;
	do {
		core_work = 1 + unit_below(SLICE);
		status = rm_operations.attach_ram((void *)rm, size, &pay, &address);
		ledger_check();
	} while (status == STATUS_AGAIN);
	if (status == STATUS_OUT_OF_RAM && rounded / PAGE_SIZE + 6 > payers[payer]->ram_limit - payers[payer]->ram_used)
		return;
	CHECK(status == STATUS_OK && !overlaps(address, address + rounded) && address % PAGE_SIZE == 0);
	regions[i].start = address;
	regions[i].end = address + rounded;
	regions[i].offset = 0;
	regions[i].payer = payer;
	regions[i].access = RM_ACCESS_WRITE;
	regions[i].fresh = true;
}

static void detach(void)
{
	int i = unit_below(REGIONS);
	enum status status;

	if (!regions[i].end) {
		CHECK(overlaps(0x1000, 0x2000) || rm_operations.detach((void *)rm, 0x1000) == STATUS_NOT_FOUND);
		CHECK(rm_operations.detach((void *)rm, thread->slot + STACK_SLOT_UTCB) == STATUS_NOT_FOUND);
		return;
	}
	do {
		core_work = 1 + unit_below(SLICE);
		status = rm_operations.detach((void *)rm, regions[i].start);
		ledger_check();
	} while (status == STATUS_AGAIN);
	CHECK(status == STATUS_OK);
	for (unsigned m = 0; m < fake_mapping_count; m++)
		CHECK(fake_mappings[m].va < regions[i].start || fake_mappings[m].va >= regions[i].end);
	regions[i].end = 0;
}

static bool is_mapped(uint64_t va, uint64_t frame)
{
	for (unsigned m = 0; m < fake_mapping_count; m++)
		if (fake_mappings[m].va == va)
			return fake_mappings[m].frame == frame;
	return false;
}

static void touch(void)
{
	int i = unit_below(REGIONS);
	static uint32_t const needs[] = { 0, FAULT_WRITE, FAULT_EXECUTE };
	uint32_t error = needs[unit_below(3)];
	struct kernel_regs message = { .header = 14UL << 32, .w = { thread_object(thread).value, error, 0, 0x1000 } };
	struct dataspace const *shown;
	bool allowed;
	uint64_t page;

	if (!regions[i].end)
		return;
	shown = regions[i].fresh ? region_at(rm, regions[i].start)->dataspace : memory;
	page = regions[i].start + unit_below((regions[i].end - regions[i].start) >> PAGE_SHIFT) * PAGE_SIZE;
	message.w[2] = page + unit_below(PAGE_SIZE);
	allowed = !error || (error == FAULT_WRITE ? regions[i].access == RM_ACCESS_WRITE : regions[i].access == RM_ACCESS_EXECUTE);
	for (int tries = 0; tries < 1000; tries++) {
		core_work = SLICE;
		CHECK(pager_handle(&message) == (allowed ? FAULT_RESUME : FAULT_STOP));
		if (!allowed || is_mapped(page, shown->frame + ((regions[i].offset + page - regions[i].start) >> PAGE_SHIFT)))
			break;
		CHECK(tries < 999);
	}
	/* Somebody looks after it and lets it go on. */
	if (!allowed) {
		CHECK(thread->record.state == THREAD_STATE_FAULTED && thread->fault.address == message.w[2]);
		CHECK(thread_operations.resume((void *)thread) == STATUS_OK);
	}
}

static void touch_nothing(void)
{
	struct kernel_regs message = { .header = 14UL << 32, .w = { thread_object(thread).value, 0, some_address(), 0 } };

	if (overlaps(message.w[2], message.w[2] + 1))
		return;
	CHECK(pager_handle(&message) == FAULT_STOP);
	CHECK(thread_operations.resume((void *)thread) == STATUS_OK);
}

/* --- */

static struct account *account_of(char const *label, uint64_t pages, uint64_t caps, bool component)
{
	struct account_split split = { .label = label, .pages = pages, .caps = caps, .component = component, .splitter = init_account };
	struct account *account;

	ck_assert(account_split(init_account, &split, &account) == STATUS_OK);
	return account;
}

static void build(void)
{
	struct info info = fake_info();
	struct dataspace_want want = { .frames = 200, .align = 1 };
	struct thread_want wanted = { .name = "test", .slot = 0x210000, .priority = 10 };
	enum status status;

	ck_assert(fake_boot(&info));
	payers[0] = account_of("component", 2500, 300, true);
	payers[1] = account_of("session", 300, 100, false);
	payers[2] = account_of("session", 300, 100, false);
	rm = (struct rm *)fake_session(payers[0], &rm_type, 0, PLACES_RM, 0);
	pd = (struct pd *)fake_session(payers[0], &pd_type, 4, 4, 0);
	thread = (struct thread *)fake_session(payers[0], &cpu_type, 0, 1, 0);
	ck_assert(thread_create((struct cpu *)thread, payers[0], &wanted, &thread) == STATUS_OK);
	do
		status = dataspace_alloc(payers[0], &want, &memory);
	while (status == STATUS_AGAIN);
	ck_assert(status == STATUS_OK);
}

static void start(void)
{
	ck_assert(pd_bind_thread(pd, thread) == STATUS_OK);
	ck_assert(thread_set_map(thread, rm) == STATUS_OK);
	ck_assert(thread_start(thread, 0x1000, 0x2000, 0) == STATUS_OK);
	ck_assert(thread_start(thread, 0x1000, 0x2000, 0) == STATUS_BUSY);
}

static void run(unsigned operations)
{
	static void (*const all[])(void) = { attach, attach, attach_ram, detach, touch, touch, touch_nothing };

	for (unsigned i = 0; i < operations; i++) {
		all[unit_below(ARRAY_SIZE(all))]();
		compare();
		if (i % 16 == 0)
			ledger_check();
	}
}

START_TEST(agrees_with_the_list)
{
	build();
	start();
	for (int i = 0; i < PAYERS; i++)
		pages_before[i] = payers[i]->ram_used - tables_of(i);
	for (unsigned i = 0; i < OPERATIONS / 1000; i++) {
		run(1000);
		for (int r = 0; r < REGIONS; r++)
			if (regions[r].end) {
				core_work = UINT32_MAX;
				ck_assert(rm_operations.detach((void *)rm, regions[r].start) == STATUS_OK);
				regions[r].end = 0;
			}
		compare();
	}
}
END_TEST

START_TEST(keeps_tables_when_the_domain_ends_first)
{
	struct region_want want;
	struct account *account;
	uint64_t address, used;
	enum status status;

	build();
	want = (struct region_want) { .dataspace = memory, .size = 100 * PAGE_SIZE, .address = 0x400000 };
	ck_assert(region_attach(rm, &want, payers[1], &address) == STATUS_OK);
	ck_assert_uint_eq(rm->spare.count, 1);
	start();
	ck_assert_uint_eq(rm->spare.count, 0);
	want.address = 5 * GIB;
	ck_assert(region_attach(rm, &want, payers[2], &address) == STATUS_OK);
	used = payers[2]->ram_used;
	account = pd->record.account;
	do {
		core_work = SLICE;
		status = account_destroy(account);
		ledger_check();
	} while (status == STATUS_AGAIN);
	ck_assert(status == STATUS_OK);
	ck_assert(thread->record.state == THREAD_STATE_EXITED && !thread->pd && !rm->pd);
	ck_assert_uint_eq(rm->spare.count, 1 + 3);
	ck_assert_uint_eq(used, payers[2]->ram_used);
	do {
		core_work = SLICE;
		status = account_destroy(payers[2]);
		ledger_check();
	} while (status == STATUS_AGAIN);
	ck_assert(status == STATUS_OK);
	ck_assert_uint_eq(rm->spare.count, 1);
}
END_TEST

START_TEST(takes_memory_from_everybody_when_its_account_ends)
{
	struct region_want want = { .size = 100 * PAGE_SIZE };
	struct dataspace_want memory_want = { .frames = 100, .align = 1 };
	struct kernel_regs message = { .header = 14UL << 32 };
	uint64_t address, pages, caps;
	enum status status;

	build();
	start();
	do
		status = dataspace_alloc(payers[1], &memory_want, &want.dataspace);
	while (status == STATUS_AGAIN);
	pages = payers[2]->ram_used;
	caps = payers[2]->caps_used;
	for (unsigned i = 0; i < 5; i++) {
		ck_assert(region_attach(rm, &want, payers[2], &address) == STATUS_OK);
		message.w[0] = thread_object(thread).value;
		message.w[2] = address;
		ck_assert(pager_handle(&message) == FAULT_RESUME);
	}
	/* Freed by its owner, it stays until the last region lets go. */
	dataspace_free(want.dataspace);
	ledger_check();
	ck_assert(rm_operations.detach((void *)rm, address) == STATUS_OK);
	ck_assert_uint_eq(list_length(&want.dataspace->regions), 4);
	do {
		core_work = SLICE;
		status = account_destroy(payers[1]);
		ledger_check();
	} while (status == STATUS_AGAIN);
	ck_assert(status == STATUS_OK);
	ck_assert_uint_eq(pages, payers[2]->ram_used);
	ck_assert_uint_eq(caps, payers[2]->caps_used);
	ck_assert_uint_eq(fake_mapping_count, 0);
	ck_assert(pager_handle(&message) == FAULT_STOP);
}
END_TEST

START_TEST(faults_do_not_fill_the_log)
{
	struct kernel_regs message = { .header = 14UL << 32, .w = { 0, 0, 0x1234000, 0 } };
	unsigned lines = 0;

	build();
	start();
	message.w[0] = thread_object(thread).value;
	fake_console_size = 0;
	for (unsigned i = 0; i < 100000; i++) {
		ck_assert(pager_handle(&message) == FAULT_STOP);
		ck_assert(thread_operations.resume((void *)thread) == STATUS_OK);
	}
	for (size_t i = 0; i + 8 < fake_console_size; i++)
		lines += !memcmp(fake_console + i, "] fault:", 8);
	ck_assert_uint_eq(lines, 16 + 11);    /* 32, 64, ... 32768 */
}
END_TEST

UNIT_MAIN(agrees_with_the_list, keeps_tables_when_the_domain_ends_first, faults_do_not_fill_the_log,
          takes_memory_from_everybody_when_its_account_ends)
