/* SPDX-License-Identifier: MIT */
/*
 * Core's accounts against a model that adds everything up anew each time: a million random operations, of which each
 * has to answer what the model says and to leave every account with what the model says.
 */
#include <core/account_ops.h>
#include <core/dataspace.h>
#include <core/parent.h>
#include <core/pd.h>
#include <core/signal.h>

#include "core_fake.h"

enum { OPERATIONS = 1000000, ACCOUNTS = 24, OBJECTS = 120, NONE = -1 };

enum kind { DATASPACE, SIGNAL_CONTEXT, GATE };

/* The model: what there is, and nothing that can be computed from it. */
static struct {
	struct account *real;       /* NULL: no such account */
	int             origin, splitter;
	bool            component, husk, outlives;
	uint64_t        pages, caps;    /* limits; of a husk, what is left in it */
} accounts[ACCOUNTS];

static struct {
	struct record *real;
	int            account;
	enum kind      kind;
	uint64_t       pages;
} objects[OBJECTS];

static uint64_t base_pages, base_caps;    /* what init uses at the start, its pairs aside */
static struct thread *receiver;

static bool exists(int i) { return accounts[i].real; }

static uint64_t pages_limit(int i);

static uint64_t caps_used(int i)
{
	uint64_t caps = i == 0 ? base_caps : 0;

	for (int o = 0; o < OBJECTS; o++)
		if (objects[o].real && objects[o].account == i)
			caps++;
	for (int a = 1; a < ACCOUNTS; a++)
		if (exists(a) && accounts[a].origin == i)
			caps += 3 + (accounts[a].husk ? caps_used(a) : accounts[a].caps);
	return caps;
}

static uint64_t reserved(int i)
{
	uint64_t caps = accounts[i].husk ? caps_used(i) : accounts[i].caps;

	return accounts[i].component ? (caps + 62) / 63 : 0;
}

/* How many pairs it has beyond that is a matter of how places lie, which the model does not follow. */
static uint64_t pair_pages(int i)
{
	return 2 * MAX(reserved(i), (uint64_t)accounts[i].real->pair_count);
}

static uint64_t pages_used(int i)
{
	uint64_t pages = pair_pages(i) + (i == 0 ? base_pages : 0);

	for (int o = 0; o < OBJECTS; o++)
		if (objects[o].real && objects[o].account == i)
			pages += objects[o].pages;
	for (int a = 1; a < ACCOUNTS; a++)
		if (exists(a) && accounts[a].origin == i)
			pages += pages_limit(a);
	return pages;
}

static uint64_t pages_limit(int i) { return accounts[i].husk ? pages_used(i) : accounts[i].pages; }

static void compare(void)
{
	for (int i = 0; i < ACCOUNTS; i++) {
		if (!exists(i))
			continue;
		CHECK(accounts[i].real->ram_used == pages_used(i) && accounts[i].real->caps_used == caps_used(i));
		CHECK(accounts[i].real->ram_limit == pages_limit(i));
		CHECK(accounts[i].real->caps_limit == (accounts[i].husk ? caps_used(i) : accounts[i].caps));
	}
}

static enum status predict(int i, uint64_t pages, uint64_t caps)
{
	if (pages > accounts[i].pages - pages_used(i))
		return STATUS_OUT_OF_RAM;
	return caps > accounts[i].caps - caps_used(i) ? STATUS_OUT_OF_CAPS : STATUS_OK;
}

/* The nearest COMPONENT at or above. */
static int home(int i)
{
	while (!accounts[i].component)
		i = accounts[i].origin;
	return i;
}

/* Places can be too scattered, if there is no RAM for another pair. */
static bool agrees(enum status real, enum status model, int payer)
{
	struct account *at = accounts[home(payer)].real;

	return real == model || (real == STATUS_OUT_OF_CAPS && model == STATUS_OK && at->ram_limit - at->ram_used < 2 &&
	                         at->pair_count >= reserved(home(payer)));
}

static int any(bool (*wanted)(int), int count)
{
	for (int tries = 0; tries < 4 * count; tries++) {
		int i = unit_below(count);

		if (wanted(i))
			return i;
	}
	return NONE;
}

static bool is_alive(int i)        { return exists(i) && !accounts[i].husk; }
static bool is_below(int i)        { return is_alive(i) && i; }
static bool is_free(int i)         { return !exists(i); }
static bool is_object(int i)       { return objects[i].real; }
static bool is_free_object(int i)  { return !objects[i].real; }

static struct rpc_cap own_cap(struct record *record, unsigned bits)
{
	return (struct rpc_cap) { .kind = GOT_OWN, .badge = badge_of(record, bits) };
}

static struct rpc_cap foreign_cap(struct record *record)
{
	return (struct rpc_cap) { .kind = GOT_SLOT, .cap = { place_address(record, 0).value } };
}

static struct record *record_of_cap(struct cap cap)
{
	return record_of_object((struct paddr) { cap.selector & ~63UL });
}

/* Is it split off `above`, with whatever between? */
static bool is_under(int i, int above)
{
	while (i != 0) {
		i = accounts[i].origin;
		if (i == above)
			return true;
	}
	return false;
}

/* The loans that an account is part of are those that the model says, from the inside out. */
static void ask_loans(void)
{
	int of = any(is_alive, ACCOUNTS), by = any(is_alive, ACCOUNTS);
	struct rpc_cap cap;
	uint32_t id = 0;

	if (of == NONE || by == NONE)
		return;
	cap = own_cap(&accounts[of].real->record, ACCOUNT_USE);
	for (int i = of; i != by && i != 0; i = accounts[i].origin) {
		if (accounts[i].husk || accounts[i].splitter == accounts[i].origin)
			continue;
		CHECK(account_operations.loan((void *)accounts[by].real, &cap, id, &id) == STATUS_OK && id == record_number(accounts[i].real));
	}
	CHECK(account_operations.loan((void *)accounts[by].real, &cap, id, &id) == (of == by || is_under(of, by) ? STATUS_OK : STATUS_DENIED) && !id);
}

static void split(void)
{
	int from = any(is_alive, ACCOUNTS), by = unit_below(2) ? from : any(is_alive, ACCOUNTS), made = any(is_free, ACCOUNTS);
	bool component = unit_below(2);
	uint64_t pages = unit_below(unit_below(2) ? 40 : 1500), caps = unit_below(unit_below(2) ? 30 : 400);
	struct rpc_cap from_cap;
	struct cap control, use;
	uint32_t id = 0;
	enum status model, status;

	if (made == NONE || by == NONE || from == NONE)
		return;
	from_cap = own_cap(&accounts[from].real->record, ACCOUNT_USE);
	model = component && 2 * ((caps + 62) / 63) > pages ? STATUS_INVALID : predict(from, pages, caps + 3);
	status = by == from ? account_operations.split((void *)accounts[from].real, component ? ACCOUNT_KIND_COMPONENT : ACCOUNT_KIND_SESSION, "model",
	                                               pages << 12, caps, &control, &use)
	                    : account_operations.split_from((void *)accounts[by].real, &from_cap,
	                                                    component ? ACCOUNT_KIND_COMPONENT : ACCOUNT_KIND_SESSION, "a long label that is cut in the ledger",
	                                                    pages << 12, caps, &id, &control, &use);
	CHECK(agrees(status, model, from));
	if (status)
		return;
	accounts[made].real = (struct account *)record_of_object((struct paddr) { (use.selector & ~63UL) });
	CHECK(control.selector == use.selector + GRANULE && (by == from || id == record_number(accounts[made].real)));
	accounts[made].origin = from;
	accounts[made].splitter = by;
	accounts[made].component = component;
	accounts[made].husk = false;
	accounts[made].outlives = by != from && is_under(from, by);
	accounts[made].pages = pages;
	accounts[made].caps = caps;
}

/* Does it end with what `doomed` says? */
static bool falls(int i, bool const doomed[])
{
	return exists(i) && !doomed[i] && !(i == 0) && !accounts[i].husk &&
	       (doomed[accounts[i].splitter] || (doomed[accounts[i].origin] && !accounts[i].outlives));
}

static void model_destroy(int root)
{
	bool doomed[ACCOUNTS] = { [0] = false }, again = true;

	doomed[root] = true;
	while (again) {
		again = false;
		for (int i = 1; i < ACCOUNTS; i++)
			if (falls(i, doomed))
				again = doomed[i] = true;
	}
	for (int o = 0; o < OBJECTS; o++)
		if (objects[o].real && doomed[objects[o].account])
			objects[o].real = NULL;
	for (int i = 1; i < ACCOUNTS; i++)
		accounts[i].husk |= doomed[i];
	/* Husks that nothing is in are gone. */
	for (again = true; again;) {
		again = false;
		for (int i = 1; i < ACCOUNTS; i++) {
			bool empty = exists(i) && accounts[i].husk;

			for (int a = 1; a < ACCOUNTS && empty; a++)
				empty = !exists(a) || accounts[a].origin != i;
			if (empty) {
				accounts[i].real = NULL;
				again = true;
			}
		}
	}
}

static void destroy(void)
{
	int i = any(is_below, ACCOUNTS);
	enum status status;

	if (i == NONE)
		return;
	do {
		core_work = 1 + unit_below(CORE_SLICE);
		status = account_control_operations.destroy((void *)accounts[i].real);
		ledger_check();
	} while (status == STATUS_AGAIN);
	CHECK(status == STATUS_OK);
	model_destroy(i);
}

static void grow_or_shrink(void)
{
	int i = any(is_below, ACCOUNTS), origin = i == NONE ? NONE : accounts[i].origin;
	uint64_t pages = unit_below(2) * unit_below(60), caps = unit_below(2) * unit_below(100);
	bool grow = unit_below(2);
	enum status model, status;

	if (i == NONE)
		return;

	uint64_t now = accounts[i].component ? 2 * ((accounts[i].caps + (grow ? caps : -caps) + 62) / 63) : 0;
	uint64_t others = pages_used(i) - pair_pages(i);

	if (grow) {
		model = accounts[origin].husk ? (pages ? STATUS_OUT_OF_RAM : caps ? STATUS_OUT_OF_CAPS : STATUS_OK) : predict(origin, pages, caps);
		if (model == STATUS_OK && others + MAX(now, 2UL * accounts[i].real->pair_count) > accounts[i].pages + pages)
			model = STATUS_INVALID;
		status = account_control_operations.grow((void *)accounts[i].real, pages << 12, caps);
	} else {
		core_work = UINT32_MAX;
		model = caps > accounts[i].caps - caps_used(i) ? STATUS_OUT_OF_CAPS : STATUS_OK;
		status = account_control_operations.shrink((void *)accounts[i].real, pages << 12, caps);
		if (model == STATUS_OK && (pages > accounts[i].pages || others + MAX(now, 2UL * accounts[i].real->pair_count) > accounts[i].pages - pages))
			model = STATUS_OUT_OF_RAM;
	}
	CHECK(status == model);
	if (status == STATUS_OK) {
		accounts[i].pages += grow ? pages : -pages;
		accounts[i].caps += grow ? caps : -caps;
	}
}

static void transfer(void)
{
	int from = any(is_below, ACCOUNTS), to = any(is_alive, ACCOUNTS);
	uint64_t pages = unit_below(10);
	struct rpc_cap cap;
	enum status status, model;

	if (from == NONE || to == NONE)
		return;
	cap = own_cap(&accounts[to].real->record, ACCOUNT_USE);
	CHECK(ram_operations.ref_account((void *)accounts[from].real, &cap) == (accounts[from].origin == to ? STATUS_OK : STATUS_INVALID));
	if (accounts[from].origin == to)
		model = pages > accounts[from].pages - pages_used(from) ? STATUS_OUT_OF_RAM : STATUS_OK;
	else
		model = accounts[to].origin == from && to ? predict(from, pages, 0) : STATUS_DENIED;
	core_work = UINT32_MAX;
	status = ram_operations.transfer_quota((void *)accounts[from].real, &cap, pages << 12);
	CHECK(status == model);
	if (status)
		return;
	accounts[from].pages -= accounts[from].origin == to ? pages : 0;
	accounts[to].pages += accounts[from].origin == to ? 0 : pages;
}

static void allocate(void)
{
	int i = any(is_alive, ACCOUNTS), o = any(is_free_object, OBJECTS);
	enum kind kind = unit_below(3);
	uint64_t pages = kind == DATASPACE ? 1 + unit_below(unit_below(4) ? 4 : 60) : 0;
	struct rpc_cap thread = own_cap((struct record *)receiver, 0);
	enum status model, status;
	struct cap cap;

	if (i == NONE || o == NONE)
		return;
	model = predict(i, pages, 1);
	do
		status = kind == DATASPACE ? ram_operations.alloc((void *)accounts[i].real, (pages << 12) - unit_below(2), RAM_CACHE_CACHED, 0, &cap)
		         : kind == GATE    ? cap_session_operations.alloc((void *)accounts[i].real, &thread, o, &cap)
		                           : signal_operations.alloc_context((void *)accounts[i].real, &thread, o, &cap);
	while (status == STATUS_AGAIN);
	CHECK(agrees(status, model, i));
	if (status)
		return;
	objects[o].real = record_of_cap(cap);
	objects[o].account = i;
	objects[o].kind = kind;
	objects[o].pages = pages;
	if (kind == DATASPACE) {
		struct dataspace *dataspace = (struct dataspace *)objects[o].real;
		unsigned char *content = ram_at(paddr_of_frame(dataspace->frame));

		for (uint64_t b = 0; b < pages * PAGE_SIZE; b += 509)
			CHECK(!content[b]);
		memset(content, 0xee, pages * PAGE_SIZE);
	}
}

static enum status free_object(int o, int by)
{
	struct rpc_cap own = own_cap(objects[o].real, 0), foreign = foreign_cap(objects[o].real);

	switch (objects[o].kind) {
	case DATASPACE:      return ram_operations.free((void *)accounts[by].real, &own);
	case SIGNAL_CONTEXT: return signal_operations.free_context((void *)accounts[by].real, &foreign);
	case GATE:           return cap_session_operations.free((void *)accounts[by].real, &foreign);
	}
	return STATUS_INTERNAL;
}

static void release(void)
{
	int o = any(is_object, OBJECTS), other = any(is_alive, ACCOUNTS);

	if (o == NONE)
		return;
	if (other != NONE && other != objects[o].account)
		CHECK(free_object(o, other) == STATUS_NOT_FOUND);
	CHECK(free_object(o, objects[o].account) == STATUS_OK);
	objects[o].real = NULL;
}

START_TEST(agrees_with_the_model)
{
	static void (*const operations[])(void) = { split, split, ask_loans, destroy, grow_or_shrink, transfer, allocate, allocate, allocate, release, release };
	struct info info = fake_info();
	uint64_t free_before;

	ck_assert(fake_boot(&info));
	list_for_each(record, &init_account->objects, struct record, of_account)
		if (record->type == RECORD_THREAD)
			receiver = (struct thread *)record;
	accounts[0].real = init_account;
	accounts[0].component = true;
	accounts[0].origin = accounts[0].splitter = NONE;
	accounts[0].pages = init_account->ram_limit;
	accounts[0].caps = init_account->caps_limit;
	base_caps = init_account->caps_used;
	base_pages = init_account->ram_used - pair_pages(0);
	free_before = core_memory.free - account_unbacked_pages;
	for (unsigned i = unit_scaled(OPERATIONS); i; i--) {
		operations[unit_below(ARRAY_SIZE(operations))]();
		compare();
		if (i % 16 == 0)
			ledger_check();
	}
	for (int i = 1; i < ACCOUNTS; i++)
		if (is_alive(i)) {
			enum status status;

			do {
				core_work = CORE_SLICE;
				status = account_destroy(accounts[i].real);
			} while (status == STATUS_AGAIN);
			model_destroy(i);
		}
	for (int o = 0; o < OBJECTS; o++)
		if (objects[o].real)
			CHECK(free_object(o, 0) == STATUS_OK);
	ledger_check();
	memory_check(&core_memory);
	ck_assert_uint_eq(init_account->caps_used, base_caps);
	ck_assert_uint_eq(free_before, core_memory.free - account_unbacked_pages);
}
END_TEST

UNIT_MAIN(agrees_with_the_model)
