/* SPDX-License-Identifier: MIT */
/*
 * Clients of core that mean no good: they begin what they never end, leave things where they are in the way of others, and write what takes
 * long. Core must come to an end with everybody else, in slices that stay short.
 */
#include <core/account_ops.h>
#include <core/dataspace.h>
#include <core/log.h>
#include <core/pager.h>
#include <core/parent.h>
#include <core/pd.h>
#include <core/region.h>
#include <core/session.h>
#include <core/signal.h>
#include <core/thread.h>

#include "core_fake.h"

enum { PATIENCE = 10000, SHORT_SLICE = 8 };

#define WINDOW 0x200000UL

static struct account *account_from(struct account *origin, uint64_t pages, uint64_t caps, bool component)
{
	struct account_split split = { .label = "test", .pages = pages, .caps = caps, .component = component, .splitter = init_account };
	struct account *account;

	ck_assert(account_split(origin, &split, &account) == STATUS_OK);
	return account;
}

static enum status open_session(struct rpc_type const *type, struct account *payer, uint64_t hash, uint32_t *id)
{
	struct session_open_args args = { .hash = hash, .ram = 4 << PAGE_SHIFT, .caps = 8, .args.size = type->args_size,
	                                  .affinity = UINT32_MAX };
	struct session_status status;
	struct cap session;

	strcpy(args.service, type->name);
	if (type->args_size)
		memcpy(args.args.data, type->args_default, type->args_size);
	ck_assert(session_open(&args, &(struct label) { "init -> test", 12 }, payer, id, &status, &session) == STATUS_OK);
	return status.state == SESSION_STATE_OPEN ? STATUS_OK : status.reason;
}

static void *session_of(struct rpc_type const *type, struct account *payer)
{
	uint32_t id;

	ck_assert(open_session(type, payer, type->hash, &id) == STATUS_OK);
	return list_object(list_last(&session_lookup(id)->objects), struct record, of_account);
}

static struct dataspace *memory_of(struct account *payer)
{
	struct dataspace_want want = { .frames = 1, .align = 1 };
	struct dataspace *memory;

	ck_assert(dataspace_alloc(payer, &want, &memory) == STATUS_OK);
	return memory;
}

static void start(void)
{
	struct info info = fake_info();

	ck_assert(fake_boot(&info));
	core_work = CORE_SLICE;
}

/* Slice by slice, and not for ever. */
static void end_in(struct account *account, unsigned slice)
{
	for (unsigned i = 0; i < PATIENCE; i++) {
		core_work = slice;
		enum status status = account_destroy(account);
		ledger_check();
		if (status == STATUS_OK)
			return;
		ck_assert(status == STATUS_AGAIN);
	}
	ck_abort_msg("it does not end");
}

static void end(struct account *account) { end_in(account, CORE_SLICE); }

static struct thread *some_thread(void)
{
	list_for_each(record, &init_account->objects, struct record, of_account)
		if (record->type == RECORD_THREAD)
			return (struct thread *)record;
	ck_abort_msg("init has no thread");
}

/* The owner of memory ends while the domain that shows it is half ended, and whoever ends that has gone away. */
START_TEST(memory_ends_under_a_domain_that_is_half_ended)
{
	enum { REGIONS = 100 };
	struct thread_want want = { .name = "test", .slot = 0x210000, .priority = 10 };
	struct account *hostile, *victim;
	struct region_want region;
	struct thread *thread;
	struct rm *rm;
	struct pd *pd;
	uint64_t address;

	start();
	hostile = account_from(init_account, 500, 400, true);
	victim = account_from(init_account, 20, 20, false);
	rm = session_of(&rm_type, hostile);
	pd = session_of(&pd_type, hostile);
	ck_assert(thread_create(session_of(&cpu_type, hostile), hostile, &want, &thread) == STATUS_OK);
	ck_assert(pd_bind_thread(pd, thread) == STATUS_OK && thread_set_map(thread, rm) == STATUS_OK);
	region = (struct region_want) { .dataspace = memory_of(victim), .size = PAGE_SIZE, .address = 4 * WINDOW };
	for (unsigned i = 0; i < REGIONS; i++, region.address += WINDOW)
		ck_assert(region_attach(rm, &region, hostile, &address) == STATUS_OK);
	while (pd->tables.count < REGIONS / 2) {
		core_work = CORE_SLICE / 2;
		ck_assert(account_destroy(pd->record.account) == STATUS_AGAIN);
	}
	end(victim);
	ck_assert_uint_eq(rm->spare.count, 0);
	end(pd->record.account);
	ck_assert_uint_eq(rm->spare.count, 0);
	end(hostile);
}
END_TEST

/* What a session's server made stands in many pairs of a client that ends: more than a slice looks at. */
START_TEST(ends_with_pairs_that_others_use)
{
	enum { PAIRS = SHORT_SLICE + 2 };
	struct account *client, *session;
	struct thread *receiver;
	struct gate *gate;
	uint32_t used;

	start();
	used = init_account->caps_used;
	receiver = some_thread();
	client = account_from(init_account, 2 * PAIRS + 10, PAIRS * PAIR_PLACES, true);
	session = account_from(client, 0, PAIRS, false);
	for (unsigned i = 0; i < PAIRS - 2; i++) {
		ck_assert(gate_create(session, receiver, i, &gate) == STATUS_OK);
		for (unsigned other = 1; other < PAIR_PLACES; other++)
			ck_assert(gate_create(client, receiver, other, &gate) == STATUS_OK);
	}
	end_in(client, SHORT_SLICE);
	end_in(session, SHORT_SLICE);
	ck_assert_uint_eq(used, init_account->caps_used);
}
END_TEST

/* Device memory beyond what the CPU can address: the fault is told, not repeated for ever. */
START_TEST(stops_at_memory_that_the_cpu_cannot_reach)
{
	struct kernel_regs message = { .header = 14UL << 32 };
	struct thread *thread;
	struct region *region;

	start();
	thread = some_thread();
	region = tree_object(tree_first(&thread->pd->rm->regions), struct region, of_rm);
	message.w[0] = thread_object(thread).value;
	message.w[2] = region_start(region);
	ck_assert(pager_handle(&message) == FAULT_RESUME);
	message.w[1] = FAULT_RESERVED;
	if (!setjmp(fake_end))
		ck_assert(pager_handle(&message) == FAULT_STOP);
	ck_assert(thread->record.state == THREAD_STATE_FAULTED);
}
END_TEST

static unsigned lines_printed(void)
{
	unsigned lines = 0;

	for (size_t i = 0; i < fake_console_size; i++)
		lines += fake_console[i] == '\n';
	return lines;
}

/* The serial line is slow: nobody makes core print for long at once. */
START_TEST(prints_in_slices)
{
	enum { LINES = 512, SLICE_BYTES = 600 };
	char newlines[LINES];
	struct log_session *log;
	enum status status;

	start();
	log = session_of(&log_type, init_account);
	memset(newlines, '\n', sizeof(newlines));
	fake_console_size = 0;
	do {
		size_t before = fake_console_size;

		core_work = CORE_SLICE;
		status = log_operations.write(log, newlines, sizeof(newlines));
		ck_assert_uint_le(fake_console_size - before, SLICE_BYTES);
	} while (status == STATUS_AGAIN);
	ck_assert(status == STATUS_OK);
	ck_assert_uint_eq(lines_printed(), LINES);

	/* A writer that does not repeat is not waited for. */
	core_work = CORE_SLICE;
	ck_assert(log_operations.write(log, newlines, sizeof(newlines)) == STATUS_AGAIN);
	fake_console_size = 0;
	ck_assert(log_operations.write(log, "a\n", 2) == STATUS_AGAIN);
	core_work = CORE_SLICE;
	ck_assert(log_operations.write(log, "a\n", 2) == STATUS_OK);
	ck_assert_uint_eq(fake_console_size, strlen("[init -> test] a\n"));
}
END_TEST

START_TEST(tells_wrong_versions_only_so_often)
{
	uint32_t id;

	start();
	fake_console_size = 0;
	for (unsigned i = 0; i < PATIENCE; i++)
		ck_assert(open_session(&log_type, init_account, ~log_type.hash, &id) == STATUS_VERSION);
	ck_assert_uint_ge(lines_printed(), 1);
	ck_assert_uint_le(lines_printed(), 100);
}
END_TEST

UNIT_MAIN(memory_ends_under_a_domain_that_is_half_ended, ends_with_pairs_that_others_use, prints_in_slices, tells_wrong_versions_only_so_often,
          stops_at_memory_that_the_cpu_cannot_reach)
