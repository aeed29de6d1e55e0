/* SPDX-License-Identifier: MIT */
/*
 * Epochs: each has an account of its own, split off hostile's, from which all is made that is called and wasted. At the end of an epoch the
 * sessions are closed, those that hostile serves itself too, the account is destroyed, and hostile's books must be to the
 * byte what they were.
 */
#include "hostile.h"

#include <base/cap_alloc.h>
#include <base/time.h>
#include "../check.h"

enum {
	OWN_SERVICES = 128, OPENED_MAX = 256, OWED_MAX = 256,
	WORLD_RAM = 4 << 20, WORLD_CAPS = 1500,
	NEED_RAM = 2 * PAGE_SIZE, NEED_CAPS = 6, NEED_RAM_MAX = 1 << 20,
};

/* Sessions that hostile has opened, and the type of what will come; `type` of its own services is TYPE_ANY. */
static struct { uint32_t id; int type; } opened[OPENED_MAX];
static uint32_t owed[OWED_MAX];
static unsigned opened_count, owed_count, late;
static int      wanted = TYPE_NONE, asked;

static uint32_t pending;

/* With a number behind it: what this hostile serves, and what another one does. */
static char announced_name[NAME / 2], other_name[NAME / 2];

static struct env            *env_of_all;
static struct account_control world;
static struct books           before;

enum status sessions_init(struct env *env)
{
	for (unsigned i = 0; i < described.interface_count; i++) {
		described.interfaces[i].ram = NEED_RAM;
		described.interfaces[i].caps = NEED_CAPS;
	}
	env_of_all = env;
	TRY(node_string(env_config(env), "announces", "Hostile", announced_name, sizeof(announced_name)));
	return node_string(env_config(env), "asks", "Hostile", other_name, sizeof(other_name));
}

void sessions_want(int type) { wanted = type; }

void sessions_own_service(char name[static NAME])
{
	format_cut(name, NAME, "%s%u", announced_name, (unsigned)below(OWN_SERVICES));
}

uint64_t sessions_own_hash(void) { return one_in(8) ? random_next() : 0x1234; }

/* --- Requests --- */

static int any_session(void)
{
	for (;;) {
		int type = (int)below(described.interface_count);

		if (one_in(6))
			return TYPE_ANY;
		if (described.interfaces[type].is_session && !described.interfaces[type].is_out_of_reach)
			return type;
	}
}

static void fill_label(char *label, size_t size, bool is_rom)
{
	static char const *const roms[] = { "config", "binary", "interfaces", "platform_page", "init", "nothing" };
	size_t length = below(one_in(32) ? size : 8);

	if (is_rom) {
		format_cut(label, size, "%s", roms[below(ARRAY_SIZE(roms))]);
		return;
	}
	for (size_t i = 0; i < length; i++)
		label[i] = (char)('a' + below(26));
}

/* One thing about the request is not as it should be; the arguments are never just any: there are ports that end the machine. */
static void spoil(struct session_open_args *args)
{
	switch (below(7)) {
	case 0:
		memset(args->service + below(8), (int)below(256), 8);
		break;
	case 1:
		for (unsigned i = 0, n = (unsigned)below(sizeof(args->label)); i < n; i++)
			args->label[i] = (char)(one_in(8) ? ">- "[below(3)] : 1 + (int)below(255));
		break;
	case 2:
		args->hash ^= UINT64_C(1) << below(64);
		break;
	case 3:
		args->ram = one_in(2) ? random_next() : below(8) * 1000;
		break;
	case 4:
		args->caps = one_in(2) ? random_next() : below(4);
		break;
	case 5:
		args->args.size = (uint32_t)below(140);
		break;
	default:
		args->affinity = (uint32_t)random_next();
		args->reserved = (uint32_t)random_next();
		args->ram = 0;
	}
}

void sessions_request(void *to, int type)
{
	struct session_open_args *args  = to;
	int const                 asks  = wanted != TYPE_NONE ? wanted : any_session();
	struct interface const   *of    = asks == TYPE_ANY ? NULL : &described.interfaces[asks];

	asked = asks;
	args->affinity = UINT32_MAX;
	if (of) {
		uint64_t own[RPC_ARGS_MAX / 8] = { 0 };

		(void)format_cut(args->service, sizeof(args->service), "%s", of->service);
		fields_fill(&of->args, own, true);
		args->args.size = of->args.words * 8u;
		memcpy(args->args.data, own, args->args.size);
		args->hash = of->hash;
		args->ram = of->ram + below(16) * PAGE_SIZE;
		args->caps = of->caps + below(64);
	} else {
		format_cut(args->service, sizeof(args->service), "%s%u", other_name, (unsigned)below(OWN_SERVICES));
		args->hash = sessions_own_hash();
		args->ram = NEED_RAM;
		args->caps = NEED_CAPS;
	}
	fill_label(args->label, sizeof(args->label), of && string_equal(of->name, "rom") && !one_in(4));
	if (of && string_equal(of->name, "rom") && !args->label[0])
		(void)format_cut(args->label, sizeof(args->label), "config");
	if (type == TYPE_NONE)
		spoil(args);
}

/* --- Answers --- */

static void learn(struct session_status const *status)
{
	struct interface *interface = &described.interfaces[asked];

	if (asked == TYPE_ANY || status->state != SESSION_STATE_REFUSED || status->reason != STATUS_NEEDS)
		return;
	interface->ram = MAX(interface->ram, MIN(align_up(status->ram, PAGE_SIZE), (uint64_t)NEED_RAM_MAX));
	interface->caps = MAX(interface->caps, MIN(status->caps, UINT64_C(200)));
}

static int type_of(uint32_t id)
{
	for (unsigned i = 0; i < opened_count; i++)
		if (opened[i].id == id)
			return opened[i].type;
	return TYPE_NONE;
}

void sessions_opened(uint32_t id, uint64_t const *answer, struct cap session)
{
	struct session_status status;
	int                   type = type_of(id);

	memcpy(&status, answer, sizeof(status));
	learn(&status);
	if (type == TYPE_NONE && id && opened_count < OPENED_MAX) {
		opened[opened_count].id = id;
		opened[opened_count++].type = type = asked;
	}
	pending = status.state == SESSION_STATE_PENDING && type != TYPE_ANY ? id : 0;
	if (cap_is_null(session))
		return;
	if (type == TYPE_NONE)
		cap_release(session);
	else
		pool_add((struct held) { .cap = session, .type = type, .is_argument = type == TYPE_ANY });
}

void sessions_wait(void)
{
	uint64_t const        deadline = time_now_ns() + 2 * TIME_NS_PER_S;
	struct session_status status = { .state = SESSION_STATE_NONE };
	struct cap            session;

	while (pending && time_now_ns() < deadline) {
		struct platform_regs regs   = { 0 };
		uint64_t             answer[sizeof(status) / 8];

		platform_invoke(PLATFORM_YIELD, &regs);
		if (parent_session_state(env_of_all->parent, pending, &status, &session) != STATUS_OK)
			return;
		memcpy(answer, &status, sizeof(status));
		sessions_opened(pending, answer, session);
	}
}

void sessions_owe(uint64_t const *answer)
{
	struct session_request request;

	memcpy(&request, answer, sizeof(request));
	if (request.kind != REQUEST_KIND_NONE && owed_count < OWED_MAX)
		owed[owed_count++] = request.id;
}

/* --- Epochs --- */

enum status epoch_begin(struct env *env)
{
	struct account use;

	TRY(books_read(env, &before));
	TRY(account_split(env->account, ACCOUNT_KIND_COMPONENT, "world", WORLD_RAM, WORLD_CAPS, &world, &use));
	pool_add((struct held) { .cap = use.cap, .type = type_by_name("account"), .fixed = FIXED_IN_EPOCH });
	return STATUS_OK;
}

static enum status answer_one(struct env *env, struct session_answer const *answer, bool *is_more)
{
	struct session_request request = { .kind = REQUEST_KIND_NONE };
	struct account         account = { CAP_NULL };
	enum status            status  = parent_serve(env->parent, answer, CAP_NULL, &request, &account);

	if (status == STATUS_INVALID)
		return STATUS_OK;
	TRY(status);
	cap_release(account.cap);
	if (request.kind == REQUEST_KIND_NONE)
		return STATUS_OK;
	*is_more = true;
	return owed_count < OWED_MAX ? (owed[owed_count++] = request.id, STATUS_OK) : STATUS_TOO_LONG;
}

/* Agrees to every end, and refuses what has not begun. */
static enum status serve_all(struct env *env)
{
	bool is_more = true;

	while (is_more || owed_count) {
		uint32_t              const id = owed_count ? owed[--owed_count] : 0;
		struct session_answer const none = { .kind = ANSWER_KIND_NONE };
		struct session_answer const closed = { .kind = ANSWER_KIND_CLOSED, .id = id };
		struct session_answer const refused = { .kind = ANSWER_KIND_REFUSED, .id = id, .reason = STATUS_DENIED };

		is_more = false;
		if (id) {
			TRY(answer_one(env, &closed, &is_more));
			TRY(answer_one(env, &refused, &is_more));
		}
		TRY(answer_one(env, &none, &is_more));
	}
	return STATUS_OK;
}

/* What the other hostile paid with it may be a session at this one, which has to agree then. */
static enum status wait_closed(struct env *env, uint32_t id)
{
	uint64_t const        deadline = time_now_ns() + 30 * TIME_NS_PER_S;
	struct session_status status = { .state = SESSION_STATE_NONE };
	struct cap            session;

	while (parent_session_state(env->parent, id, &status, &session) == STATUS_OK) {
		struct platform_regs regs = { 0 };

		cap_release(session);
		if (status.state == SESSION_STATE_CLOSED || status.state == SESSION_STATE_NONE)
			break;
		if (time_now_ns() > deadline) {
			log_error("session %x is in state %u thirty seconds after its close", id, status.state);
			return STATUS_TIMEOUT;
		}
		TRY(serve_all(env));
		platform_invoke(PLATFORM_YIELD, &regs);
	}
	return STATUS_OK;
}

/* What it was told the place of, in sessions that it did not end in good order, is kept for devices: there are none. DENIED: so there is no such memory. */
static enum status silence_devices(struct env *env)
{
	struct ram  ram;
	enum status status;

	TRY(ram_open(&ram, env, ""));
	status = ram_devices_silent(&ram);
	ram_close(&ram);
	return status == STATUS_DENIED ? STATUS_OK : status;
}

/*
 * All sessions of this one are over, and what they cost is back. But it may have given an account to the other hostile, which opened a session of its own
 * with that: what this one costs comes back when it is closed. It must come back to the byte.
 */
static enum status wait_settled(struct env *env)
{
	uint64_t const deadline = time_now_ns() + 20 * TIME_NS_PER_S;
	struct books   now;
	bool           is_first = true;

	for (;;) {
		struct platform_regs regs = { 0 };

		TRY(books_read(env, &now));
		if (now.account.caps_used == before.account.caps_used && now.account.ram_used == before.account.ram_used)
			return STATUS_OK;
		if (time_now_ns() > deadline)
			return STATUS_OK;
		late += is_first;
		is_first = false;
		TRY(serve_all(env));
		TRY(silence_devices(env));
		platform_invoke(PLATFORM_YIELD, &regs);
	}
}

/* Every slot for a session is taken, now and then. */
static void flood(void)
{
	static unsigned epochs;
	int const       parent = type_by_name("parent");

	if (epochs++ % 8)
		return;
	sessions_want(TYPE_ANY);
	for (unsigned i = 0; i < 200; i++)
		(void)call_make(parent, call_of("parent", "session_open"), POLITE);
	sessions_want(TYPE_NONE);
}

enum status epoch_end(struct env *env)
{
	struct session_status status;
	struct books          after;

	flood();
	pool_clear();
	for (unsigned i = 0; i < opened_count; i++)
		if (parent_session_close(env->parent, opened[i].id, &status) != STATUS_OK)
			opened[i].id = 0;
	TRY(serve_all(env));
	for (unsigned i = 0; i < opened_count; i++)
		if (opened[i].id)
			TRY(wait_closed(env, opened[i].id));
	opened_count = 0;
	TRY(account_control_destroy(world));
	cap_release(world.cap);
	TRY(wait_settled(env));
	TRY(books_read(env, &after));
	return books_equal(&before, &after) ? STATUS_OK : STATUS_INTERNAL;
}

unsigned epochs_late(void) { return late; }
