/* SPDX-License-Identifier: MIT */
/*
 * Random calls to everything that core serves: right and wrong lengths, numbers at all the edges, capabilities that are right, of
 * another type, stale, foreign or null; faults at random addresses in between; and clients that leave in the middle of sliced work. None
 * may run into an assertion, the books are counted anew all the time, and in the end all is given back.
 */
#include <core/account_ops.h>
#include <core/dataspace.h>
#include <core/log.h>
#include <core/main.h>
#include <core/pager.h>
#include <core/parent.h>
#include <core/pd.h>
#include <core/region.h>
#include <core/rom.h>
#include <core/session.h>
#include <core/thread.h>

#include "core_fake.h"

enum { CALLS = 2000000, POOL = 160, LEAST_SLICE = 8 /* in which everything makes progress */ };

struct interface { uint32_t tag; struct rpc_call const *calls; unsigned count; };

static struct interface const interfaces[] = {
	{ ACCOUNT_TAG, account_calls, ACCOUNT_OPS }, { ACCOUNT_CONTROL_TAG, account_control_calls, ACCOUNT_CONTROL_OPS },
	{ RAM_TAG, ram_calls, RAM_OPS }, { CAP_SESSION_TAG, cap_session_calls, CAP_SESSION_OPS }, { SIGNAL_TAG, signal_calls, SIGNAL_OPS },
	{ CPU_TAG, cpu_calls, CPU_OPS }, { THREAD_TAG, thread_calls, THREAD_OPS }, { PD_TAG, pd_calls, PD_OPS }, { RM_TAG, rm_calls, RM_OPS },
	{ ROM_TAG, rom_calls, ROM_OPS }, { LOG_TAG, log_calls, LOG_OPS }, { DATASPACE_TAG, dataspace_calls, DATASPACE_OPS },
};

/* Capabilities that the client has. */
static struct { bool own; uint64_t badge, address; } pool[POOL];

static uint64_t parent_badge;
static unsigned answered[STATUS_COUNT];

static bool is_live(unsigned i)
{
	unsigned bits;

	return pool[i].own ? badge_record(pool[i].badge, &bits) != NULL : fake_at(pool[i].address, FAKE_EMPTY) != NULL;
}

static void remember(uint64_t selector)
{
	uint64_t address = selector & ~63UL;
	struct fake_object *object = fake_at(address, FAKE_EMPTY);
	unsigned i = unit_below(POOL);

	if (!selector)
		return;
	for (unsigned tries = 0; tries < 100 && is_live(i); tries++)
		i = unit_below(POOL);
	CHECK(selector & SEND_OBJECT && object && (object->type == FAKE_GATE || object->type == FAKE_SIGNAL));
	pool[i].own = object->type == FAKE_GATE && object->target == core_thread.value;
	pool[i].badge = object->badge;
	pool[i].address = address;
}

/* Numbers where it may go wrong. */
static uint64_t edge(void)
{
	static uint64_t const edges[] = {
		1, 2, 3, 7, 63, 64, PAGE_SIZE - 1, PAGE_SIZE, PAGE_SIZE + 1, 2 * PAGE_SIZE, 5 * PAGE_SIZE, 20 * PAGE_SIZE, REGION_LOWEST, REGION_BOTTOM,
		REGION_BOTTOM + STACK_SLOT_SIZE, 0x400000, 0x600000, REGION_GIB - PAGE_SIZE, REGION_GIB, 3 * REGION_GIB, REGION_END - PAGE_SIZE, REGION_END,
		1UL << 63, 0xffff800000000000, UINT64_MAX - PAGE_SIZE + 1, UINT64_MAX, UINT32_MAX, 1UL << 32, 1UL << 44, 1UL << 52,
	};

	switch (unit_below(8)) {
	case 0:
	case 1:
	case 2:
	case 3:
		return 0;
	case 4:
		return unit_below(8);
	case 5:
		return unit_below(1024) * PAGE_SIZE;
	}
	return edges[unit_below(ARRAY_SIZE(edges))];
}

/* Opens a session, mostly with what it takes. */
static void fill_open(struct session_open_args *args)
{
	static struct { struct rpc_type const *type; uint64_t ram, caps; } const services[] = {
		{ &log_type, 0, 5 }, { &rom_type, 0, 1 }, { &rm_type, 0x20000, 50 }, { &cpu_type, 0x8000, 60 }, { &pd_type, 0x8000, 10 },
		{ &ram_type, 0x80000, 60 }, { &cap_session_type, 0, 10 }, { &signal_type, 0, 10 },
	};
	unsigned i = unit_below(ARRAY_SIZE(services));
	struct cpu_args cpu = { .priority = unit_below(80) };
	struct rm_args rm = { .size = unit_below(2) ? 0 : unit_below(40) * PAGE_SIZE };

	memset(args, 0, sizeof(*args));
	strcpy(args->service, unit_below(50) ? services[i].type->name : "Other");
	args->hash = services[i].type->hash + !unit_below(50);
	strcpy(args->label, services[i].type == &rom_type ? "child -> config" : "child");
	if (!unit_below(20))
		memset(args->label, 'x', unit_below(2) ? 255 : 100);
	args->args.size = services[i].type->args_size;
	if (args->args.size)
		memcpy(args->args.data, services[i].type == &rm_type ? (void *)&rm : &cpu, args->args.size);
	args->affinity = unit_below(4) ? UINT32_MAX : (uint32_t)unit_below(32);
	args->ram = unit_below(10) ? services[i].ram : edge();
	args->caps = unit_below(10) ? services[i].caps : edge();
}

/* What was there at the start: init's own, which the test leaves alone. */
static struct record *initial[64];
static unsigned initial_count;
static struct record *initial_cpu;

static bool is_initial(struct record const *record)
{
	for (unsigned i = 0; i < initial_count; i++)
		if (initial[i] == record)
			return true;
	return false;
}

/* Chooses one of all records of a type, each with the same chance. */
static void choose(struct account *account, enum record_type type, struct record **chosen, unsigned *seen)
{
	list_for_each(record, &account->objects, struct record, of_account) {
		if (record->type == type && !is_initial(record) && !unit_below(++*seen))
			*chosen = record;
		if (record->type == RECORD_ACCOUNT)
			choose((struct account *)record, type, chosen, seen);
	}
}

static struct record *any_record(enum record_type type)
{
	struct record *chosen = NULL;
	unsigned seen = 0;

	choose(init_account, type, &chosen, &seen);
	return chosen;
}

/* Gives the client a capability; returns its place in the pool. */
static unsigned import(struct record *record, unsigned bits)
{
	unsigned i = unit_below(POOL);

	if (!record)
		return i;
	pool[i].own = record->type != RECORD_GATE && record->type != RECORD_SIGNAL;
	pool[i].badge = badge_of(record, bits);
	pool[i].address = place_address(record, record->type == RECORD_THREAD ? THREAD_GATE : record->type == RECORD_PD ? PD_GATE : bits).value;
	return i;
}

/* Mostly one that is still there. */
static unsigned pick(void)
{
	unsigned i = unit_below(POOL);

	for (unsigned tries = 0; tries < 20 && !is_live(i) && unit_below(40); tries++)
		i = unit_below(POOL);
	return i;
}

/* What a parameter `cap NAME` is to be. */
static unsigned pick_for(char const *name)
{
	static struct { char const *name; enum record_type type; } const types[] = {
		{ "account", RECORD_ACCOUNT }, { "thread", RECORD_THREAD }, { "dataspace", RECORD_DATASPACE }, { "signal_context", RECORD_SIGNAL },
		{ "any", RECORD_GATE },
	};

	for (unsigned t = 0; t < ARRAY_SIZE(types) && unit_below(10); t++)
		if (string_starts_with(name, types[t].name))
			return import(any_record(types[t].type), 0);
	return pick();
}

static void fill_cap(unsigned at, char const *name)
{
	unsigned from = pick_for(name);
	bool null = !unit_below(string_starts_with(name, "account pay") || string_starts_with(name, "signal_context handler") ? 2 : 12);

	core_utcb->got[at].kind = null ? GOT_NULL : pool[from].own ? GOT_OWN : unit_below(100) ? GOT_SLOT : GOT_MISSING;
	core_utcb->got[at].badge = pool[from].badge;
	core_utcb->window[at] = pool[from].address;
}

/* A number for a parameter, by its name: mostly plausible. */
static uint64_t number(char const *name)
{
	static uint64_t const places[] = { 0, 0x210000, 0x220000, 0x230000, 0x240000, 0x400000, 0x410000, 0x800000, REGION_GIB, 5 * REGION_GIB + 0x10000 };

	if (!unit_below(12))
		return edge();
	if (string_starts_with(name, "stack_slot") || string_starts_with(name, "address") || string_starts_with(name, "ip"))
		return places[unit_below(ARRAY_SIZE(places))] + !unit_below(20) * unit_below(8) * PAGE_SIZE;
	if (string_starts_with(name, "size") || string_starts_with(name, "ram") || string_starts_with(name, "amount"))
		return unit_below(unit_below(3) ? 12 : 90) * PAGE_SIZE;
	if (string_starts_with(name, "caps"))
		return unit_below(unit_below(3) ? 20 : 150);
	if (string_starts_with(name, "align"))
		return unit_below(4) ? 0 : 1UL << unit_below(20);
	return unit_below(6);
}

/* An existing region's start, for detach. */
static uint64_t some_region(struct record *record)
{
	struct tree_node *node = record && record->type == RECORD_RM ? ((struct rm *)record)->regions.root : NULL;

	while (node && node->child[0] && unit_below(3))
		node = node->child[0];
	return node ? node->key : 0;
}

/* Lays out what the table says about the parameters of an operation. Returns the number of words; *caps: capabilities. */
static unsigned fill_parameters(char const *text, unsigned *caps)
{
	uint64_t *word = core_utcb->words;

	memset(core_utcb->words, 0, sizeof(core_utcb->words));
	*caps = 0;
	while (*text) {
		char const *name = strchr(text, ' ') + 1;
		unsigned long size = strchr(text, '<') && strchr(text, '<') < name ? strtoul(strchr(text, '<') + 1, NULL, 10) : 0;

		if (string_starts_with(text, "cap ")) {
			fill_cap((*caps)++, name);
		} else if (string_starts_with(text, "string")) {
			memset(word, unit_below(30) ? 0 : 'y', size);
			strcpy((char *)word, "text");
			word += size / 8;
		} else if (string_starts_with(text, "bytes")) {
			memset(word, 'z', 40);
			((uint32_t *)word)[0] = unit_below(20) ? unit_below(36) : unit_random();
			((char *)word)[4 + unit_below(36)] = "\n\033 "[unit_below(3)];
			word += 1 + size / 8;
		} else if (string_starts_with(text, "rm_attach_args")) {
			word[0] = unit_below(3) ? 0 : number("size");
			word[1] = unit_below(3) ? 0 : number("size");
			word[2] = unit_below(2) ? 0 : number("address");
			word[3] = unit_below(unit_below(20) ? 4 : 9) | (uint64_t)unit_below(unit_below(20) ? 4 : 9) << 32;
			word += 4;
		} else if (string_starts_with(text, "thread_options")) {
			word[0] = unit_below(70) | (uint64_t)unit_below(70) << 32;
			word[1] = unit_below(2);
			word += 2;
		} else if (string_starts_with(text, "thread_registers")) {
			for (unsigned i = 0; i < sizeof(struct thread_registers) / 8; i++)
				*word++ = edge();
		} else if (string_starts_with(text, "u32 share")) {
			*word++ = unit_below(20) ? unit_below(3) * 1000 : unit_random();
		} else if (string_starts_with(text, "u32 period_us")) {
			*word++ = unit_below(20) ? 1000 + unit_below(100000) : unit_random();
		} else {
			*word++ = number(name);
		}
		text = strchr(name, ',') ? strchr(name, ',') + 2 : "";
	}
	return word - core_utcb->words;
}

/* The call until it is done, or until the client is tired of it. */
static void call(struct rpc *rpc)
{
	struct rpc again = *rpc;
	enum status status;
	unsigned patience = unit_below(8) ? 100000 : 2;

	do {
		*rpc = again;
		core_work = unit_below(2) ? CORE_SLICE : LEAST_SLICE + unit_below(8);
		status = main_dispatch(rpc);
		if (!unit_below(4))
			ledger_check();
	} while (status == STATUS_AGAIN && patience--);
	CHECK(status < STATUS_COUNT);
	answered[status]++;
	if (status == STATUS_OK)
		for (unsigned i = 0; i < (rpc->answer >> 16 & 0xf); i++)
			remember(core_utcb->send[i]);
}

static void call_session_open(void)
{
	struct { struct session_open_args args; } in;
	struct rpc rpc = { .badge = parent_badge, .utcb = core_utcb };

	fill_open(&in.args);
	rpc.header = syscall_header(0, sizeof(in) / 8, 1, 0, 0) | (uint64_t)PARENT_OP_SESSION_OPEN << 32;
	memcpy(rpc.w, &in, sizeof(rpc.w));
	memcpy(core_utcb->words, &in, sizeof(in));
	fill_cap(0, "account pay");
	call(&rpc);
}

/* state, upgrade or close of a session that may exist */
static void call_session(void)
{
	static uint32_t const labels[] = { PARENT_OP_SESSION_STATE, PARENT_OP_SESSION_UPGRADE, PARENT_OP_SESSION_CLOSE };
	static uint64_t const words[] = { 1, 3, 1 };
	unsigned op = unit_below(8) ? unit_below(2) : 2;
	struct rpc rpc = { .badge = parent_badge, .utcb = core_utcb };
	struct account *account = NULL;

	/* Any account that was made for a session, but init's own three. */
	list_for_each(record, &init_account->objects, struct record, of_account)
		if (record->type == RECORD_ACCOUNT && ((struct account *)record)->id % 2048 > 2 && !unit_below(3))
			account = (struct account *)record;
	rpc.header = words[op] << 8 | (uint64_t)labels[op] << 32;
	rpc.w[0] = account && unit_below(20) ? account->id : unit_random() | 8;
	rpc.w[1] = edge();
	rpc.w[2] = edge();
	call(&rpc);
}

/* A capability for calls of an interface. */
static unsigned pick_target(struct interface const *interface)
{
	static enum record_type const types[ARRAY_SIZE(interfaces)] = {
		RECORD_ACCOUNT, RECORD_ACCOUNT, RECORD_ACCOUNT, RECORD_ACCOUNT, RECORD_ACCOUNT, RECORD_CPU, RECORD_THREAD, RECORD_PD, RECORD_RM,
		RECORD_ROM, RECORD_LOG, RECORD_DATASPACE,
	};

	if (!unit_below(20))
		return pick();
	return import(any_record(types[interface - interfaces]), interface->tag == ACCOUNT_CONTROL_TAG ? ACCOUNT_CONTROL : 0);
}

/* For what only works on the own: the one whose own capability 0 is, half of the time. */
static struct record *owner_of_argument(uint32_t label)
{
	unsigned bits;
	struct record *record = core_utcb->got[0].kind == GOT_OWN ? badge_record(core_utcb->got[0].badge, &bits)
	                        : core_utcb->got[0].kind == GOT_SLOT && fake_at(core_utcb->window[0], FAKE_EMPTY)
	                                ? record_of_object((struct paddr) { core_utcb->window[0] }) : NULL;

	if (!record || !record->account || unit_below(2))
		return NULL;
	if ((label == CPU_OP_KILL_THREAD || label == CPU_OP_GIVE_THREAD_SHARE) && record->type == RECORD_THREAD)
		return &((struct thread *)record)->cpu->record;
	if (label == RAM_OP_FREE || label == CAP_SESSION_OP_FREE || label == SIGNAL_OP_FREE_CONTEXT)
		return record->account == &core_account ? NULL : &record->account->record;
	if (label == RM_OP_ADD_CLIENT && record->type == RECORD_THREAD && ((struct thread *)record)->pd && ((struct thread *)record)->pd->rm)
		return &((struct thread *)record)->pd->rm->record;
	return NULL;
}

static void call_any(void)
{
	static uint8_t const busy[] = { 2, 8, 8, 8, 6, 7, 5 };    /* RAM, RM, thread, PD, CPU */
	struct interface const *interface = &interfaces[unit_below(3) ? busy[unit_below(ARRAY_SIZE(busy))] : unit_below(ARRAY_SIZE(interfaces))];
	unsigned to = pick_target(interface);
	struct rpc rpc = { .badge = unit_below(200) ? pool[to].badge : unit_random(), .utcb = core_utcb };
	unsigned bits;
	struct record *record = badge_record(rpc.badge, &bits);
	unsigned op = unit_below(interface->count + !unit_below(50));
	unsigned caps = 0, words = fill_parameters(op < interface->count ? interface->calls[op].in : "", &caps);

	if (!pool[to].own || (record && record->type == RECORD_PARENT))
		return;
	if ((interface->tag << 16 | op) == ACCOUNT_CONTROL_OP_DESTROY && unit_below(20))
		return;
	CHECK(op == interface->count || (words == interface->calls[op].in_words && caps == interface->calls[op].in_caps));
	record = owner_of_argument(interface->tag << 16 | op);
	if (record && !is_initial(record))
		rpc.badge = badge_of(record, 0);
	if ((interface->tag << 16 | op) == CPU_OP_GIVE_SHARE && unit_below(2))
		rpc.badge = badge_of(initial_cpu, 0);    /* who has all there is */
	record = badge_record(rpc.badge, &bits);
	if ((interface->tag << 16 | op) == RM_OP_DETACH && unit_below(2))
		core_utcb->words[0] = some_region(record);
	words += unit_below(100) ? 0 : unit_below(3) - 1;
	caps += unit_below(100) ? 0 : unit_below(3) - 1;
	rpc.header = (uint64_t)(words & 0x7f) << 8 | (uint64_t)(caps & 7) << 16 | (uint64_t)(interface->tag << 16 | op) << 32;
	memcpy(rpc.w, core_utcb->words, sizeof(rpc.w));
	call(&rpc);
}

static void fault(void)
{
	struct record *record = any_record(RECORD_THREAD);
	struct thread *thread = (struct thread *)record;
	struct kernel_regs message = { .header = (unit_below(10) ? 14UL : unit_below(300)) << 32 };
	struct tree_node *node;

	if (!record || record->type != RECORD_THREAD || !thread->pd || record->state == THREAD_STATE_NEW || thread->waits)
		return;    /* it does not run */
	message.w[0] = thread_object(thread).value;
	message.w[1] = unit_below(32);
	message.w[2] = edge();
	node = thread->pd->rm && unit_below(8) ? thread->pd->rm->regions.root : NULL;
	while (node && node->child[message.w[2] & 1] && unit_below(3))
		node = node->child[unit_below(2)] ? node->child[unit_below(2)] : node;
	if (node)
		message.w[2] = node->key + unit_below(2 * PAGE_SIZE);
	message.w[3] = edge();
	core_utcb->words[4] = edge();
	core_utcb->words[5] = edge();
	core_work = CORE_SLICE;
	CHECK(pager_handle(&message) <= FAULT_STOP);
}

/* A way in: an account of its own, through init's. */
static void split_from_init(void)
{
	struct cap control, use;
	uint64_t ram = (60 + unit_below(300)) * PAGE_SIZE;
	enum status status = account_operations.split((void *)init_account, unit_below(2) ? ACCOUNT_KIND_COMPONENT : ACCOUNT_KIND_SESSION, "way in", ram,
	                                              100 + unit_below(100), &control, &use);

	if (status)
		return;
	remember(control.selector);
	remember(use.selector);
}

static void note_initial(struct account *account)
{
	list_for_each(record, &account->objects, struct record, of_account) {
		initial[initial_count++] = record;
		if (record->type == RECORD_ACCOUNT)
			note_initial((struct account *)record);
	}
}

/* Ends one in `part` of the accounts below init. */
static void end_accounts(unsigned part)
{
	list_for_each_safe(record, &init_account->objects, struct record, of_account) {
		if (is_initial(record) || unit_below(part))
			continue;
		CHECK(record->type == RECORD_ACCOUNT);
		do
			core_work = LEAST_SLICE + unit_below(CORE_SLICE);
		while (account_destroy((struct account *)record) == STATUS_AGAIN);
		/* It may have taken others along. */
		if (part == 1)
			record_next_ = list_first_object(&init_account->objects, struct record, of_account);
		else
			break;
	}
}

START_TEST(survives_and_gives_all_back)
{
	struct info info = fake_info();
	uint64_t objects[RECORD_TYPES], caps, pages, free_pages;

	ck_assert(fake_boot(&info));
	note_initial(init_account);
	for (unsigned i = 0; i < initial_count; i++)
		if (initial[i]->type == RECORD_CPU)
			initial_cpu = initial[i];
	list_for_each(record, &core_account.objects, struct record, of_account)
		if (record->type == RECORD_PARENT)
			parent_badge = badge_of(record, 0);
	memcpy(objects, ledger_objects, sizeof(objects));
	caps = init_account->caps_used;
	pages = init_account->ram_used;
	free_pages = core_memory.free - account_unbacked_pages;

	for (unsigned i = unit_scaled(CALLS); i; i--) {
		switch (unit_below(16)) {
		case 0:
			split_from_init();
			break;
		case 1:
		case 2:
			call_session_open();
			break;
		case 3:
			call_session();
			break;
		case 4:
		case 5:
			fault();
			break;
		default:
			call_any();
		}
		if (i % 8 == 0)
			ledger_check();
		if (i % 50 == 0)
			end_accounts(8);
	}
	printf("answers:");
	for (unsigned i = 0; i < STATUS_COUNT; i++)
		if (answered[i])
			printf(" %s %u", status_name(i), answered[i]);
	printf("\n");

	end_accounts(1);
	ledger_check();
	memory_check(&core_memory);
	for (unsigned i = 0; i < RECORD_TYPES; i++)
		ck_assert_uint_eq(objects[i], ledger_objects[i]);
	ck_assert_uint_eq(caps, init_account->caps_used);
	ck_assert_uint_eq(pages, init_account->ram_used);
	ck_assert_uint_eq(free_pages, core_memory.free - account_unbacked_pages);
}
END_TEST

UNIT_MAIN(survives_and_gives_all_back)
