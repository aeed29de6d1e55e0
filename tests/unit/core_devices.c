/* SPDX-License-Identifier: MIT */
/*
 * Device sessions against plain arrays, one element for each page, port and line: who has it. What is refused, that nothing is given
 * twice, and that all of it comes back, to the byte, whether sessions are closed or their payer ends.
 */
#include <core/account_ops.h>
#include <core/claims.h>
#include <core/dataspace.h>
#include <core/grant.h>
#include <core/io_mem.h>
#include <core/io_port.h>
#include <core/irq.h>
#include <core/parent.h>
#include <core/session.h>

#include "core_fake.h"

#define LABEL "init -> grant irq all ports all dangerous_ports all memory all msi -> driver"

enum { CLAIMS = 40, CLAIM_END = 400, OPERATIONS = 30000, SESSIONS = 60, PAGES = FAKE_FRAMES + 2000, PORTS = 0x10000 };

START_TEST(claims_overlap_nothing)
{
	static struct claims claims;
	static struct claim claim[CLAIMS];
	static bool taken[CLAIM_END], used[CLAIMS];

	for (unsigned i = 0; i < 100000; i++) {
		unsigned which = unit_below(CLAIMS);
		uint64_t first = unit_below(CLAIM_END), last = MIN(first + unit_below(20), (uint64_t)CLAIM_END - 1);
		bool free = true;

		if (used[which]) {
			memset(taken + claim_first(&claim[which]), 0, claim[which].last - claim_first(&claim[which]) + 1);
			claims_release(&claims, &claim[which]);
			used[which] = false;
			continue;
		}
		for (uint64_t n = first; n <= last; n++)
			free &= !taken[n];
		CHECK(claims_free(&claims, first, last) == free);
		if (!free)
			continue;
		claims_take(&claims, &claim[which], first, last);
		memset(taken + first, 1, last - first + 1);
		used[which] = true;
	}
}
END_TEST

/* --- The machine and its model --- */

enum kind { IO_MEM, IO_PORT, IRQ, KINDS };

/* 0: free; -1: nobody's; else the number of the session + 1. */
static int pages[PAGES], ports[PORTS], lines[FAKE_LINES];
static struct { uint32_t id; enum kind kind; } sessions[SESSIONS];
static struct account *payer;
static char const *label = LABEL;

/* RAM up to FAKE_FRAMES; a reserved range beside it and one beside that; a hole; a reserved range that stands alone; LAPIC and I/O APIC. */
static void boot_machine(void)
{
	static struct info info;

	info = fake_info();
	fake_add_range(&info, RANGE_RESERVED, FAKE_FRAMES + 10, 5, "");
	fake_add_range(&info, RANGE_RESERVED, FAKE_FRAMES - 1, 11, "");
	fake_add_range(&info, RANGE_RESERVED, FAKE_FRAMES + 100, 50, "");
	info.lapic = (FAKE_FRAMES + 120UL) << PAGE_SHIFT;
	info.ioapic = (FAKE_FRAMES + 1000UL) << PAGE_SHIFT;
	ck_assert(fake_boot(&info));
	memset(pages, 0, sizeof(pages));
	for (unsigned i = 0; i < FAKE_FRAMES + 15; i++)
		pages[i] = -1;
	pages[FAKE_FRAMES + 120] = pages[FAKE_FRAMES + 1000] = -1;
	memset(ports, 0, sizeof(ports));
	for (unsigned i = 0x3f8; i < 0x400; i++)
		ports[i] = -1;
	for (unsigned i = 0xf4; i < 0xf8; i++)
		ports[i] = -1;
	ports[0x20] = ports[0x21] = ports[0xa0] = ports[0xa1] = -1;
	memset(lines, 0, sizeof(lines));
	lines[FAKE_SERIAL] = -1;
	memset(sessions, 0, sizeof(sessions));
}

static struct account *make_payer(void)
{
	struct account_split split = { .label = "driver", .pages = 200, .caps = 600, .component = true, .splitter = init_account };
	struct account *account;

	ck_assert(account_split(init_account, &split, &account) == STATUS_OK);
	return account;
}

static enum status open_session(struct rpc_type const *type, void const *args, uint64_t caps, uint32_t *id)
{
	struct session_open_args request = { .hash = type->hash, .caps = caps };
	struct session_status status;
	struct cap session;

	strcpy(request.service, type->name);
	request.args.size = type->args_size;
	memcpy(request.args.data, args, type->args_size);
	CHECK(session_open(&request, &(struct label) { label, strlen(label) }, payer, id, &status, &session) == STATUS_OK);
	return status.state == SESSION_STATE_OPEN ? STATUS_OK : status.reason;
}

/* What the model says about [first, last], and on OK what it is from now on. */
static enum status take(int *owners, uint64_t first, uint64_t last, int session)
{
	for (uint64_t i = first; i <= last; i++)
		if (owners[i])
			return STATUS_DENIED;
	for (uint64_t i = first; i <= last; i++)
		owners[i] = session + 1;
	return STATUS_OK;
}

static void give_back(int *owners, unsigned count, int session)
{
	for (unsigned i = 0; i < count; i++)
		if (owners[i] == session + 1)
			owners[i] = 0;
}

static void forget(int session)
{
	give_back(pages, PAGES, session);
	give_back(ports, PORTS, session);
	give_back(lines, FAKE_LINES, session);
	sessions[session].id = 0;
}

static enum status try_io_mem(int session)
{
	uint64_t limit = (uint64_t)PAGES << PAGE_SHIFT;
	uint64_t base = unit_below(4) ? ((uint64_t)FAKE_FRAMES << PAGE_SHIFT) + unit_below(2000UL << PAGE_SHIFT) : unit_below(limit);
	struct io_mem_args args = { .base = base, .size = MIN(1 + unit_below(5 * PAGE_SIZE), limit - base), .cache = unit_below(2) };
	enum status expected = take(pages, args.base >> PAGE_SHIFT, (args.base + args.size - 1) >> PAGE_SHIFT, session);

	CHECK(open_session(&io_mem_type, &args, PLACES_IO_MEM + PLACES_DATASPACE, &sessions[session].id) == expected);
	if (expected == STATUS_OK) {
		struct account *account = session_lookup(sessions[session].id);
		struct io_mem *io_mem = (struct io_mem *)list_object(list_last(&account->objects), struct record, of_account);

		CHECK(io_mem->memory->frame == args.base >> PAGE_SHIFT && !(io_mem->memory->rights & (DATASPACE_RAM | DATASPACE_EXECUTABLE)));
		CHECK(io_mem->memory->frames == ((args.base + args.size - 1) >> PAGE_SHIFT) - (args.base >> PAGE_SHIFT) + 1);
	}
	return expected;
}

static enum status try_io_port(int session)
{
	uint32_t base = unit_below(unit_below(2) ? 0x500 : PORTS);
	struct io_port_args args = { .base = base, .size = MIN(1 + unit_below(16), (uint64_t)PORTS - base) };
	enum status expected = take(ports, args.base, args.base + args.size - 1, session);

	CHECK(open_session(&io_port_type, &args, PLACES_IO_PORT, &sessions[session].id) == expected);
	return expected;
}

static enum status try_irq(int session)
{
	struct irq_args args = { .number = unit_below(FAKE_LINES + 2), .mode = unit_below(5) };
	enum status expected = args.number >= FAKE_LINES ? STATUS_NOT_FOUND : take(lines, args.number, args.number, session);

	CHECK(open_session(&irq_type, &args, PLACES_IRQ, &sessions[session].id) == expected);
	return expected;
}

static void close_session(int session)
{
	struct account *account = session_lookup(sessions[session].id);
	enum status status;

	do {
		core_work = CORE_SLICE;
		status = account_destroy(account);
	} while (status == STATUS_AGAIN);
	CHECK(status == STATUS_OK);
	forget(session);
}

static void end_payer(void)
{
	enum status status;

	do {
		core_work = 1 + unit_below(10);
		status = account_destroy(payer);
	} while (status == STATUS_AGAIN);
	CHECK(status == STATUS_OK);
	core_work = CORE_SLICE;
	for (int i = 0; i < SESSIONS; i++)
		forget(i);
}

START_TEST(each_thing_is_given_once_and_comes_back)
{
	static enum status (*const tries[])(int session) = { try_io_mem, try_io_port, try_irq };
	uint32_t pages_used, caps_used, opened[KINDS] = { 0 };

	boot_machine();
	pages_used = init_account->ram_used;
	caps_used = init_account->caps_used;
	payer = make_payer();
	for (unsigned i = 0; i < OPERATIONS; i++) {
		int session = unit_below(SESSIONS);
		enum kind kind = unit_below(KINDS);

		core_work = CORE_SLICE;
		if (sessions[session].id)
			close_session(session);
		else if (tries[kind](session) == STATUS_OK)
			opened[kind]++;
		if (i % 3000 == 2999) {
			end_payer();
			CHECK(init_account->ram_used == pages_used && init_account->caps_used == caps_used);
			payer = make_payer();
		}
		if (i % 16 == 0)
			ledger_check();
	}
	end_payer();
	ledger_check();
	for (unsigned i = 0; i < KINDS; i++)
		CHECK(opened[i] > 100);
	CHECK(init_account->ram_used == pages_used && init_account->caps_used == caps_used);
	for (unsigned i = 0; i < FAKE_LINES; i++)
		CHECK(!fake_lines[i]);
}
END_TEST

START_TEST(labels_grant_what_they_say)
{
	static struct { char const *label; enum grant_kind kind; uint64_t first, last; bool granted; } const cases[] = {
		{ "init -> grant ports 0x70-0x71", GRANT_PORTS, 0x70, 0x71, true }, { "init -> grant ports 0x70-0x71", GRANT_PORTS, 0x70, 0x72, false },
		{ "init -> grant ports 0x70-0x71", GRANT_PORTS, 0x6f, 0x70, false }, { "init -> grant ports 0x70-0x71", GRANT_DANGEROUS_PORTS, 0x70, 0x71, false },
		{ "init -> grant ports 0x70-0x71", GRANT_MEMORY, 0x70, 0x71, false }, { "init -> grant ports 112-113 -> x", GRANT_PORTS, 0x70, 0x71, true },
		{ "init -> grant irq 1 ports 2 irq 3", GRANT_IRQ, 3, 3, true }, { "init -> grant irq 1 ports 2 irq 3", GRANT_IRQ, 2, 2, false },
		{ "init -> grant memory all", GRANT_MEMORY, 0, UINT64_MAX, true }, { "init -> grant  irq  all  msi ", GRANT_MSI, 0, 0, true },
		{ "init -> grant msi", GRANT_DMA, 0, 0, false }, { "init -> grant dma", GRANT_DMA, 0, 0, true }, { "init -> grant msi 5", GRANT_MSI, 0, 0, true },
		/* what comes behind a mistake does not count */
		{ "init -> grant irq 1 x irq 2", GRANT_IRQ, 2, 2, false }, { "init -> grant irq 1 x irq 2", GRANT_IRQ, 1, 1, true },
		{ "init -> grant irq 5-3 irq 4", GRANT_IRQ, 4, 4, false }, { "init -> grant irq 5-", GRANT_IRQ, 5, 5, false },
		{ "init -> grant irq 0x", GRANT_IRQ, 0, 0, false }, { "init -> grant irq 1a", GRANT_IRQ, 1, 1, false },
		{ "init -> grant irq 18446744073709551616", GRANT_IRQ, 0, 0, false }, { "init -> grant irq 18446744073709551615", GRANT_IRQ, UINT64_MAX, UINT64_MAX, true },
		{ "init -> grant 5", GRANT_IRQ, 5, 5, false }, { "init -> grant", GRANT_IRQ, 0, 0, false }, { "init -> grantirq 5", GRANT_IRQ, 5, 5, false },
		/* everybody can have the PIT, if nothing else is said */
		{ "init -> timer", GRANT_PORTS, 0x40, 0x43, true }, { "init", GRANT_IRQ, 2, 2, true }, { "init -> timer", GRANT_PORTS, 0x40, 0x44, false },
		{ "init -> grant msi", GRANT_PORTS, 0x40, 0x43, false },
		/* what a client says itself, or calls itself, or its parent calls it below init, is no grant */
		{ "init -> driver -> grant irq all", GRANT_IRQ, 1, 1, false }, { "init", GRANT_IRQ, 1, 1, false }, { "", GRANT_IRQ, 1, 1, false },
		{ "grant irq all", GRANT_IRQ, 1, 1, false }, { "x -> grant irq all", GRANT_IRQ, 1, 1, false }, { "init -> x grant irq all", GRANT_IRQ, 1, 1, false },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++)
		ck_assert_msg(grant_holds(cases[i].label, cases[i].kind, cases[i].first, cases[i].last) == cases[i].granted, "%s", cases[i].label);
	ck_assert_str_eq(grant_advice("init -> x", GRANT_PORTS, 0x70, 0x71),
	                 "its label grants no device; to allow it, have init's route say <parent label=\"grant ports 0x70-0x71\"/>");
	ck_assert_str_eq(grant_advice("init -> grant irq 5 6x", GRANT_IRQ, 8, 8), "its grant cannot be read from \"6x\" on");
}
END_TEST

START_TEST(what_no_label_grants_is_denied)
{
	static struct { struct rpc_type const *type; union { struct irq_args irq; struct io_mem_args io_mem; struct io_port_args io_port; } args; } const tries[] = {
		{ &irq_type, { .irq = { .number = 5 } } }, { &irq_type, { .irq = { .mode = IRQ_MODE_MESSAGE } } },
		{ &io_mem_type, { .io_mem = { .base = (FAKE_FRAMES + 200UL) << PAGE_SHIFT, .size = 1 } } },
		{ &io_port_type, { .io_port = { .base = 0x70, .size = 2 } } },
	};
	uint32_t pages_used, caps_used, id;

	boot_machine();
	payer = make_payer();
	pages_used = payer->ram_used;
	caps_used = payer->caps_used;
	for (unsigned i = 0; i < ARRAY_SIZE(tries); i++) {
		label = "init -> driver";
		ck_assert(open_session(tries[i].type, &tries[i].args, 5, &id) == STATUS_DENIED);
		ck_assert(pages_used == payer->ram_used && caps_used == payer->caps_used);
		label = LABEL;
		ck_assert(open_session(tries[i].type, &tries[i].args, 5, &id) == STATUS_OK);
		caps_used = payer->caps_used;
	}
	ledger_check();
}
END_TEST

/* --- Memory that devices may reach --- */

enum { DMA_PIECES = 12, DMA_FRAMES = 5 };

static struct account *open_ram(void)
{
	struct session_open_args request = { .service = "RAM", .hash = ram_type.hash, .ram = (DMA_PIECES * DMA_FRAMES) << PAGE_SHIFT, .caps = 2 * DMA_PIECES };
	struct session_status status;
	struct cap session;
	uint32_t id;

	ck_assert(session_open(&request, &(struct label) { "init -> grant dma", 17 }, payer, &id, &status, &session) == STATUS_OK && status.state == SESSION_STATE_OPEN);
	return session_lookup(id);
}

static struct dataspace *alloc(struct account *account, uint64_t frames)
{
	struct dataspace_want want = { .frames = frames, .align = 1 };
	struct dataspace *dataspace;
	enum status status;

	do {
		core_work = CORE_SLICE;
		status = dataspace_alloc(account, &want, &dataspace);
	} while (status == STATUS_AGAIN);
	ck_assert(status == STATUS_OK);
	return dataspace;
}

static void tell(struct account *account, struct dataspace *dataspace)
{
	struct rpc_cap cap = { .kind = GOT_OWN, .badge = badge_of(&dataspace->record, 0) };
	uint64_t address;

	CHECK(ram_operations.physical((struct ram_session *)account, &cap, &address) == STATUS_OK);
	CHECK(address == (uint64_t)dataspace->frame << PAGE_SHIFT);
}

static void silence(struct account *account)
{
	enum status status;

	do {
		core_work = 1 + unit_below(3);
		status = ram_operations.devices_silent((struct ram_session *)account);
	} while (status == STATUS_AGAIN);
	CHECK(status == STATUS_OK);
	core_work = CORE_SLICE;
}

/* Pieces of a session that was told where they are, and has not freed them, are nobody's until devices are silent; then all is what it was. */
START_TEST(memory_that_devices_may_reach_is_given_to_nobody)
{
	uint32_t pages_used, caps_used;
	uint64_t all_free;

	boot_machine();
	pages_used = init_account->ram_used;
	caps_used = init_account->caps_used;
	all_free = core_memory.free;
	for (unsigned round = 0; round < 200; round++) {
		uint64_t frames = 0;
		struct account *session;

		payer = make_payer();
		session = open_ram();
		for (unsigned i = 0; i < DMA_PIECES; i++) {
			uint64_t size = 1 + unit_below(DMA_FRAMES);
			struct dataspace *piece = alloc(session, size);
			bool told = unit_below(2);

			if (told)
				tell(session, piece);
			if (unit_below(2))
				dataspace_free(piece);
			else
				frames += told ? size : 0;
		}
		end_payer();
		ledger_check();
		CHECK(init_account->ram_used - pages_used >= frames && (frames || init_account->ram_used == pages_used));
		CHECK(all_free - core_memory.free >= frames && (frames || core_memory.free == all_free));
		payer = make_payer();
		silence(open_ram());
		end_payer();
		ledger_check();
		CHECK(init_account->ram_used == pages_used && init_account->caps_used == caps_used && core_memory.free == all_free);
	}
}
END_TEST

START_TEST(who_may_not_do_dma_cannot_end_the_quarantine)
{
	boot_machine();
	payer = make_payer();
	ck_assert(ram_operations.devices_silent((struct ram_session *)payer) == STATUS_DENIED);
}
END_TEST

UNIT_MAIN(memory_that_devices_may_reach_is_given_to_nobody, who_may_not_do_dma_cannot_end_the_quarantine, labels_grant_what_they_say,
          what_no_label_grants_is_denied, claims_overlap_nothing, each_thing_is_given_once_and_comes_back)
