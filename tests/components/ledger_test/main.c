/* SPDX-License-Identifier: MIT */
/*
 * Ten thousand random operations on accounts and what they pay, and after each the books of core against the model. Before, half-way and
 * after it prints what the model says of each account, and keeps still for a while, so that the scenario can ask core for the ledger of the machine.
 */
#include <base/cap_alloc.h>
#include <base/component.h>
#include <base/signal.h>
#include <base/stack.h>
#include <base/time.h>
#include <log/log.h>

#include "model.h"

enum { STILL_S = 3, SLOTS = 800 };

/* What an object of the model is in the machine. */
struct real {
	struct cap cap;
	struct log log;
};

static char const *const names[MODEL_ACCOUNTS] = { "ledger_test", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9", "m10", "m11" };

static struct test {
	struct env            *env;
	struct model           model;
	struct account         use[MODEL_ACCOUNTS];
	struct account_control control[MODEL_ACCOUNTS];
	struct real            real[MODEL_OBJECTS];
	uint64_t               random;
	struct signal_context  clock;
} self;

static uint64_t below(uint64_t bound)
{
	self.random ^= self.random << 13;
	self.random ^= self.random >> 7;
	self.random ^= self.random << 17;
	return self.random % bound;
}

/* --- Choice --- */

static bool any_account(unsigned *account)
{
	unsigned const from = (unsigned)below(MODEL_ACCOUNTS);

	for (unsigned i = 0; i < MODEL_ACCOUNTS; i++) {
		*account = (from + i) % MODEL_ACCOUNTS;
		if (*account != MODEL_OWN && self.model.accounts[*account].exists)
			return true;
	}
	return false;
}

static bool any_object(enum model_kind kind, unsigned *object)
{
	unsigned const from = (unsigned)below(MODEL_OBJECTS);

	for (unsigned i = 0; i < MODEL_OBJECTS; i++) {
		*object = (from + i) % MODEL_OBJECTS;
		if (self.model.objects[*object].kind == kind && !self.model.objects[*object].freed)
			return true;
	}
	return false;
}

/* Can the account pay? Else the operation must say which of the two it lacks. */
static enum status predict(unsigned account, uint64_t pages, uint64_t caps)
{
	struct model_account const *payer = &self.model.accounts[account];

	if (pages > payer->pages - model_pages_used(&self.model, account))
		return STATUS_OUT_OF_RAM;
	return caps > payer->caps - model_caps_used(&self.model, account) ? STATUS_OUT_OF_CAPS : STATUS_OK;
}

#define EXPECT(expression, expected)                                                                                       \
	do {                                                                                                               \
		enum status const expect_status_ = (expression);                                                           \
		if (expect_status_ != (expected)) {                                                                        \
			log_error("%s is %s, the model says %s", #expression, status_name(expect_status_), status_name(expected)); \
			return STATUS_INTERNAL;                                                                            \
		}                                                                                                          \
	} while (0)

/* --- Operations --- */

static enum status split(void)
{
	unsigned    origin = MODEL_OWN, made = 1;
	bool        component = below(2);
	uint64_t    pages = below(40), caps = below(30) + (component ? below(2) * 60 : 0);
	enum status expected;

	while (made < MODEL_ACCOUNTS && self.model.accounts[made].exists)
		made++;
	if (made == MODEL_ACCOUNTS)
		return STATUS_OK;
	if (below(3) && !any_account(&origin))
		origin = MODEL_OWN;
	expected = model_pages_for_caps(component, caps) > pages ? STATUS_INVALID : predict(origin, pages, caps + 3);
	EXPECT(account_split(self.use[origin], component ? ACCOUNT_KIND_COMPONENT : ACCOUNT_KIND_SESSION, names[made], pages * PAGE_SIZE, caps,
	                     &self.control[made], &self.use[made]), expected);
	if (expected == STATUS_OK)
		self.model.accounts[made] = (struct model_account) { true, component, origin, pages, caps };
	return STATUS_OK;
}

/* Lets go of what has no counterpart in the model any more. */
static void forget(void)
{
	for (unsigned i = 0; i < MODEL_OBJECTS; i++) {
		if (self.model.objects[i].kind)
			continue;
		cap_release(self.real[i].cap);
		if (self.real[i].log.connection.id)
			log_close(&self.real[i].log);
		self.real[i].cap = CAP_NULL;
	}
	for (unsigned i = 1; i < MODEL_ACCOUNTS; i++) {
		if (self.model.accounts[i].exists)
			continue;
		cap_release(self.use[i].cap);
		cap_release(self.control[i].cap);
		self.use[i].cap = self.control[i].cap = CAP_NULL;
	}
}

static enum status destroy(void)
{
	unsigned account;

	if (!any_account(&account))
		return STATUS_OK;
	EXPECT(account_control_destroy(self.control[account]), STATUS_OK);
	model_destroy(&self.model, account);
	forget();
	return STATUS_OK;
}

static enum status move_quota(void)
{
	unsigned       account, origin;
	uint64_t const pages = below(8), caps = below(8);
	enum status    expected;

	if (!any_account(&account))
		return STATUS_OK;

	struct model_account *moved = &self.model.accounts[account];
	uint64_t const        more  = model_pages_for_caps(moved->component, moved->caps + caps) - model_pages_for_caps(moved->component, moved->caps);

	origin = moved->origin;
	expected = predict(origin, pages, caps);
	if (expected == STATUS_OK && model_pages_used(&self.model, account) + more > moved->pages + pages)
		expected = STATUS_INVALID;
	EXPECT(account_control_grow(self.control[account], pages * PAGE_SIZE, caps), expected);
	if (expected == STATUS_OK) {
		moved->pages += pages;
		moved->caps += caps;
	}
	return STATUS_OK;
}

static enum status make_memory(unsigned payer, struct model_object *object, struct real *real)
{
	struct ram       source = { .connection.cap = self.use[payer].cap };
	struct dataspace memory;
	enum status      expected;

	object->pages = 1 + below(4);
	expected = predict(payer, object->pages, model_caps_of(MODEL_MEMORY));
	EXPECT(ram_alloc(&source, object->pages * PAGE_SIZE, RAM_CACHE_CACHED, 0, &memory), expected);
	real->cap = expected == STATUS_OK ? memory.cap : CAP_NULL;
	return expected == STATUS_OK ? STATUS_OK : STATUS_DENIED;
}

static enum status make_region(unsigned payer, struct model_object *object, struct real *real)
{
	void *address;

	/* Where it will stand the model does not know, so there must be enough for any place. */
	if (predict(payer, 2, model_caps_of(MODEL_REGION)) != STATUS_OK || !any_object(MODEL_MEMORY, &object->memory))
		return STATUS_DENIED;
	EXPECT(dataspace_attach((struct dataspace) { self.real[object->memory].cap }, RM_ACCESS_WRITE, self.use[payer], &address), STATUS_OK);
	*(volatile char *)address = 1;
	object->start = (uint64_t)address;
	object->end = object->start + self.model.objects[object->memory].pages * PAGE_SIZE;
	return STATUS_OK;
}

static enum status make_signal(unsigned payer, struct model_object *object, struct real *real)
{
	struct signal         source   = { .connection.cap = self.use[payer].cap };
	enum status const     expected = predict(payer, 0, model_caps_of(MODEL_SIGNAL));
	struct signal_context made     = { CAP_NULL };

	EXPECT(signal_alloc_context(&source, self.env->main_thread, 1, &made), expected);
	real->cap = made.cap;
	return expected == STATUS_OK ? STATUS_OK : STATUS_DENIED;
}

static enum status make_gate(unsigned payer, struct model_object *object, struct real *real)
{
	struct cap_session source   = { .connection.cap = self.use[payer].cap };
	enum status const  expected = predict(payer, 0, model_caps_of(MODEL_GATE));

	EXPECT(cap_session_alloc(&source, self.env->main_thread, 8, &real->cap), expected);
	return expected == STATUS_OK ? STATUS_OK : STATUS_DENIED;
}

static enum status make_thread(unsigned payer, struct model_object *object, struct real *real)
{
	struct thread_options const options = { .priority = 0 };
	struct thread               thread;

	/* It takes nine places in a row, which a component of few caps may have to pay two pages for. */
	if (predict(payer, 1, model_caps_of(MODEL_THREAD)) != STATUS_OK)
		return STATUS_DENIED;
	for (unsigned above = payer; above != MODEL_OWN; above = self.model.accounts[above].origin)
		if (self.model.accounts[above].component)
			return STATUS_DENIED;
	EXPECT(cpu_create_thread(&self.env->cpu, "model", STACK_AREA, &options, self.use[payer], &thread), STATUS_OK);
	real->cap = thread.cap;
	return STATUS_OK;
}

static enum status make_log(unsigned payer, struct model_object *object, struct real *real)
{
	struct connection_request request = { .type = &log_type, .label = "model", .pay = self.use[payer].cap };
	enum status const         expected = predict(payer, 0, model_caps_of(MODEL_LOG));

	EXPECT(connection_open_request(&real->log.connection, self.env, &request), expected);
	return expected == STATUS_OK ? STATUS_OK : STATUS_DENIED;
}

static enum status make(void)
{
	static enum status (*const makers[])(unsigned, struct model_object *, struct real *) = {
		[MODEL_MEMORY] = make_memory, [MODEL_REGION] = make_region, [MODEL_SIGNAL] = make_signal, [MODEL_GATE] = make_gate,
		[MODEL_THREAD] = make_thread, [MODEL_LOG] = make_log,
	};
	enum model_kind     kind = MODEL_MEMORY + (enum model_kind)below(MODEL_LOG);
	unsigned            payer, index = 0;
	struct model_object made = { .kind = kind };
	enum status         status;

	while (index < MODEL_OBJECTS && self.model.objects[index].kind)
		index++;
	if (index == MODEL_OBJECTS || !any_account(&payer) || (kind == MODEL_LOG && below(4)))
		return STATUS_OK;
	made.payer = payer;
	status = makers[kind](payer, &made, &self.real[index]);
	if (status == STATUS_OK)
		self.model.objects[index] = made;
	return status == STATUS_DENIED ? STATUS_OK : status;
}

static enum status unmake(void)
{
	enum model_kind kind = MODEL_MEMORY + (enum model_kind)below(MODEL_LOG);
	unsigned        index;

	if (!any_object(kind, &index))
		return STATUS_OK;

	struct model_object *object = &self.model.objects[index];
	struct cap const     payer  = self.use[object->payer].cap, cap = self.real[index].cap;
	struct ram           ram    = { .connection.cap = payer };
	struct signal        signal = { .connection.cap = payer };
	struct cap_session   gates  = { .connection.cap = payer };

	if (kind == MODEL_MEMORY)
		EXPECT(ram_free(&ram, (struct dataspace) { cap }), STATUS_OK);
	else if (kind == MODEL_REGION)
		dataspace_detach((void *)object->start);
	else if (kind == MODEL_SIGNAL)
		EXPECT(signal_free_context(&signal, (struct signal_context) { cap }), STATUS_OK);
	else if (kind == MODEL_GATE)
		EXPECT(cap_session_free(&gates, cap), STATUS_OK);
	else if (kind == MODEL_THREAD)
		EXPECT(cpu_kill_thread(&self.env->cpu, (struct thread) { cap }), STATUS_OK);
	if (kind == MODEL_REGION) {
		model_region_gone(&self.model, index);
	} else if (kind == MODEL_MEMORY) {
		model_memory_freed(&self.model, index);
	} else {
		object->kind = MODEL_NONE;
	}
	forget();
	return STATUS_OK;
}

/* --- Comparison --- */

static enum status compare(unsigned account)
{
	struct account_state state;
	uint64_t const       pages = model_pages_used(&self.model, account), caps = model_caps_used(&self.model, account);

	TRY(account_info(self.use[account], &state));
	if (state.ram_used == pages * PAGE_SIZE && state.caps_used == caps && state.ram_limit == self.model.accounts[account].pages * PAGE_SIZE &&
	    state.caps_limit == self.model.accounts[account].caps)
		return STATUS_OK;
	log_error("account %s has %lu of %lu pages and %lu of %lu caps in use; the model says %lu of %lu and %lu of %lu", names[account],
	          state.ram_used / PAGE_SIZE, state.ram_limit / PAGE_SIZE, state.caps_used, state.caps_limit, pages,
	          self.model.accounts[account].pages, caps, self.model.accounts[account].caps);
	return STATUS_INTERNAL;
}

static enum status compare_all(void)
{
	for (unsigned i = 0; i < MODEL_ACCOUNTS; i++)
		if (self.model.accounts[i].exists)
			TRY(compare(i));
	return STATUS_OK;
}

static enum status show(char const *when)
{
	for (unsigned i = 0; i < MODEL_ACCOUNTS; i++) {
		struct model_account const *account = &self.model.accounts[i];

		if (account->exists)
			log_info("model: account \"%s\": used %lu of %lu pages, %lu of %lu caps", names[i], model_pages_used(&self.model, i), account->pages,
			         model_caps_used(&self.model, i), account->caps);
	}
	log_info("model: %s", when);

	enum status status = signal_wait(self.clock, time_now_ns() + STILL_S * TIME_NS_PER_S);

	return status == STATUS_TIMEOUT ? STATUS_OK : status;
}

/* All slots that will be needed are there before the first operation: the table grows at the component's own expense. */
static enum status prepare(struct env *env)
{
	static struct cap    slots[SLOTS];
	struct account_state state;

	self.env = env;
	self.random = node_u64(env_config(env), "seed", 1, 1, UINT64_MAX);
	self.use[MODEL_OWN] = env->account;
	TRY(signal_alloc_context(&env->signal, env->main_thread, 1, &self.clock));
	for (unsigned i = 0; i < SLOTS; i++)
		TRY(cap_reserve(&slots[i]));
	for (unsigned i = 0; i < SLOTS; i++)
		cap_release(slots[i]);
	TRY(account_info(env->account, &state));
	self.model.accounts[MODEL_OWN] = (struct model_account) { true, true, MODEL_OWN, state.ram_limit / PAGE_SIZE, state.caps_limit };
	self.model.base_pages = state.ram_used / PAGE_SIZE;
	self.model.base_caps = state.caps_used;
	return STATUS_OK;
}

enum status component_construct(struct env *env)
{
	static enum status (*const operations[])(void) = { split, destroy, move_quota, make, make, make, make, make, make, unmake, unmake, unmake };
	uint64_t const rounds = node_u64(env_config(env), "operations", 10000, 2, 1000000);

	TRY(prepare(env));
	TRY(show("before"));
	for (uint64_t i = 0; i < rounds; i++) {
		TRY(operations[below(below(8) ? ARRAY_SIZE(operations) : 1)]());
		TRY(compare_all());
		if (i == rounds / 2)
			TRY(show("during"));
	}
	for (unsigned i = 1; i < MODEL_ACCOUNTS; i++) {
		if (!self.model.accounts[i].exists)
			continue;
		TRY(account_control_destroy(self.control[i]));
		model_destroy(&self.model, i);
		forget();
	}
	TRY(compare_all());
	return show("after");
}
