/* SPDX-License-Identifier: MIT */
/*
 * A model of core and of the sandbox's own parent, for tests/unit/sandbox.c. RPC goes through the real stubs and dispatchers; what base does
 * beyond RPC (starting children, timeouts, memory) is replaced here. Whoever calls something that came from below fails.
 */
#pragma once

#include "unit.h"
#include "platform.h"
#include "init/sandbox/own.h"
#include "sandbox_books.h"
#include "sandbox_reports.h"
#include <base/attached.h>
#include <base/cap_alloc.h>
#include <base/log.h>
#include <base/string.h>
#include <base/time.h>

/* --- Core, as far as the sandbox calls it; the object that a call goes to --- */

static struct object *target;

/* Capabilities in answers of the model are made by number here: the selector is an index into `made`. */
static struct object made[8];
static unsigned      made_count;

static struct cap make(enum kind kind, unsigned account)
{
	made[made_count] = (struct object) { kind, account, 0 };
	return (struct cap) { ++made_count };
}

static enum status op_split_from(struct account_object *self, struct rpc_cap const *from, enum account_kind kind, char const *label, uint64_t ram,
                                 uint64_t caps, uint32_t *id, struct cap *control, struct cap *use)
{
	unsigned account;

	CHECK(target->account == ROOT && kind == ACCOUNT_KIND_SESSION);
	if (from->kind != GOT_SLOT || object_of(from->cap.selector)->kind != ACCOUNT)
		return STATUS_BAD_CAP;
	if (!accounts[object_of(from->cap.selector)->account].alive)
		return STATUS_BAD_CAP;
	RPC_TRY(split(object_of(from->cap.selector)->account, (struct quota) { ram, caps }, true, &account));
	*control = make(CONTROL, account);
	*use = make(ACCOUNT, account);
	*id = account;
	return STATUS_OK;
}

static enum status op_loan(struct account_object *self, struct rpc_cap const *of, uint32_t beyond, uint32_t *id)
{
	CHECK(target->account == ROOT);
	if (of->kind != GOT_SLOT || object_of(of->cap.selector)->kind != ACCOUNT || !accounts[object_of(of->cap.selector)->account].alive)
		return STATUS_BAD_CAP;
	return loan(object_of(of->cap.selector)->account, beyond, id);
}

static enum status op_info(struct account_control_object *self, struct account_state *state)
{
	struct quota limit = accounts[target->account].limit, used = accounts[target->account].used;

	*state = (struct account_state) {
			.ram_limit = limit.ram, .ram_used = used.ram, .caps_limit = limit.caps, .caps_used = used.caps,
			.refused = ACCOUNT_RESOURCE_RAM, .refused_amount = 17,
		};
	return STATUS_OK;
}

static enum status op_account_info(struct account_object *self, struct account_state *state)
{
	return op_info(NULL, state);
}

static enum status op_grow(struct account_control_object *self, uint64_t ram, uint64_t caps)
{
	struct quota more = { ram, caps };

	if (!is_aligned(ram, PAGE_SIZE))
		return STATUS_INVALID;
	RPC_TRY(spend(accounts[target->account].origin, more));
	CHECK(quota_add(&accounts[target->account].limit, more));
	return STATUS_OK;
}

static enum status op_shrink(struct account_control_object *self, uint64_t ram, uint64_t caps)
{
	struct quota left = accounts[target->account].limit, less = { ram, caps };

	CHECK(quota_take(&left, accounts[target->account].used));
	if (left.ram < ram || left.caps < caps)
		return left.ram < ram ? STATUS_OUT_OF_RAM : STATUS_OUT_OF_CAPS;
	CHECK(quota_take(&accounts[target->account].limit, less) && quota_take(&accounts[accounts[target->account].origin].used, less));
	return STATUS_OK;
}

static enum status op_destroy(struct account_control_object *self)
{
	destroy(target->account);
	return STATUS_OK;
}

static enum status op_handler(struct account_control_object *self, struct rpc_cap const *handler)
{
	return STATUS_OK;
}

static enum status op_alloc(struct ram_session *self, uint64_t size, enum ram_cache cache, uint64_t align, struct cap *memory)
{
	RPC_TRY(spend(target->account, (struct quota) { quota_pages(size), 1 }));
	*memory = make(MEMORY, target->account);
	made[made_count - 1].size = quota_pages(size);
	return STATUS_OK;
}

/* What the sandbox has attached, and on which account: that ends with it. */
static struct {
	void    *address;
	unsigned account;
} mapped[SESSIONS];

static unsigned mappings;

static bool unmap(void *address)
{
	unsigned i = 0;

	while (i < SESSIONS && (!address || mapped[i].address != address))
		i++;
	if (i == SESSIONS)
		return false;
	free(address);
	mapped[i].address = NULL;
	if (accounts[mapped[i].account].alive)
		CHECK(quota_take(&accounts[mapped[i].account].used, (struct quota) { 0, 2 }));
	return mappings--;
}

static void unmap_of(unsigned account)
{
	for (unsigned i = 0; i < SESSIONS; i++) {
		if (mapped[i].address && mapped[i].account == account)
			CHECK(unmap(mapped[i].address));
	}
}

static enum status op_detach(struct rm_session *self, uint64_t address)
{
	return unmap((void *)address) ? STATUS_OK : STATUS_NOT_FOUND;
}

static enum status op_free(struct ram_session *self, struct rpc_cap const *memory)
{
	struct quota const back = { object_of(memory->cap.selector)->size, 1 };

	CHECK(object_of(memory->cap.selector)->kind == MEMORY && object_of(memory->cap.selector)->account == target->account);
	CHECK(quota_take(&accounts[target->account].used, back));
	return STATUS_OK;
}

static enum status op_thread_state(struct thread_object *self, enum thread_state *state, struct thread_fault *fault)
{
	*state = THREAD_STATE_FAULTED;
	return STATUS_OK;
}

/* --- The own parent's sessions --- */

static struct {
	enum session_state state;     /* NONE: free */
	unsigned           payer;     /* the account that its own was split from */
	bool               is_mute;   /* does not agree to a close at once */
	uint32_t           id;        /* number and generation */
} sessions[SESSIONS];

static unsigned find_session(uint32_t id)
{
	return sessions[id % SESSIONS].id == id && sessions[id % SESSIONS].state != SESSION_STATE_NONE ? id % SESSIONS : 0;
}

static bool pays_above(unsigned account)
{
	for (unsigned i = 0; i < SESSIONS; i++) {
		if (sessions[i].state != SESSION_STATE_NONE && sessions[i].payer == account)
			return true;
	}
	return false;
}

static bool chain_is_long, in_call;     /* calls up from within a child's are TOO_DEEP at random */

static unsigned sessions_alive(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < SESSIONS; i++)
		count += sessions[i].state != SESSION_STATE_NONE;
	return count;
}

static enum status op_open(struct parent_object *self, struct session_open_args const *args, struct rpc_cap const *pay, uint32_t *id,
                           struct session_status *status, struct cap *session)
{
	unsigned free = 1;

	if (chain_is_long && in_call && !unit_below(3))
		return STATUS_TOO_DEEP;
	if (pay->kind != GOT_SLOT || object_of(pay->cap.selector)->kind != ACCOUNT)
		return STATUS_BAD_CAP;
	while (sessions[free].state != SESSION_STATE_NONE)
		CHECK(++free < SESSIONS);
	*status = (struct session_status) { .state = SESSION_STATE_REFUSED, .reason = unit_below(2) ? STATUS_NEEDS : STATUS_NOT_FOUND, .ram = 5 };
	if (!unit_below(6))
		return unit_below(2) ? STATUS_OK : STATUS_OUT_OF_CAPS;
	sessions[free].id = *id = sessions[free].id ? sessions[free].id + SESSIONS : free;
	*status = (struct session_status) { .state = unit_below(3) ? SESSION_STATE_OPEN : SESSION_STATE_PENDING };
	sessions[free].state = status->state;
	sessions[free].payer = object_of(pay->cap.selector)->account;
	sessions[free].is_mute = unit_below(2);
	if (status->state == SESSION_STATE_OPEN)
		*session = make(GATE, 0);
	return STATUS_OK;
}

static enum status op_state(struct parent_object *self, uint32_t id, struct session_status *status, struct cap *session)
{
	id = find_session(id);
	if (!id)
		return STATUS_INVALID;
	*status = (struct session_status) { .state = sessions[id].state, .reason = STATUS_DENIED };
	if (sessions[id].state == SESSION_STATE_OPEN)
		*session = make(GATE, 0);
	return STATUS_OK;
}

static enum status op_close(struct parent_object *self, uint32_t id, struct session_status *status)
{
	if (chain_is_long && in_call && !unit_below(3))
		return STATUS_TOO_DEEP;
	id = find_session(id);
	if (!id)
		return STATUS_INVALID;
	CHECK(sessions[id].state != SESSION_STATE_CLOSING);
	sessions[id].state = sessions[id].is_mute && sessions[id].state == SESSION_STATE_OPEN ? SESSION_STATE_CLOSING : SESSION_STATE_NONE;
	*status = (struct session_status) { .state = sessions[id].state == SESSION_STATE_NONE ? SESSION_STATE_CLOSED : SESSION_STATE_CLOSING };
	return STATUS_OK;
}

/* Grants nothing at once, as it never does. */
static enum status op_resource_request(struct parent_object *self, uint64_t ram, uint64_t caps)
{
	CHECK(!in_call);
	return STATUS_OK;
}

static enum status op_upgrade(struct parent_object *self, uint32_t id, uint64_t ram, uint64_t caps)
{
	return STATUS_OK;
}

/* --- The own parent as a client of exported services --- */

enum { VISITORS = 24 };

static struct {
	enum { AWAY, ASKS, ASKED, USES, LEFT_EARLY, LEAVES, LEAVING, BEREFT } state;
	unsigned account;
	uint32_t id;
} visitors[VISITORS];

static unsigned announcements, visitors_served;

static enum status op_announce(struct parent_object *self, char const *service, uint64_t hash, uint64_t ram, uint64_t caps)
{
	CHECK(!in_call && hash == 7 && (string_equal(service, "Hello") || string_equal(service, "Slow")));
	announcements++;
	return unit_below(10) ? STATUS_OK : STATUS_INVALID;
}

static void end_visit(unsigned i)
{
	destroy(visitors[i].account);
	visitors[i].state = AWAY;
}

/* What the sandbox answers has to be about something that it was asked, and to fit. */
static void hear(struct session_answer const *answer, struct rpc_cap const *session)
{
	unsigned i = 0;

	while (visitors[i].state == AWAY || visitors[i].state == ASKS || visitors[i].state == BEREFT || visitors[i].id != answer->id)
		CHECK(++i < VISITORS);

	bool is_asked = visitors[i].state == ASKED || visitors[i].state == LEFT_EARLY;

	CHECK(is_asked == (answer->kind != ANSWER_KIND_CLOSED));
	visitors_served += answer->kind == ANSWER_KIND_READY;
	if (answer->kind == ANSWER_KIND_READY) {
		CHECK(session->kind == GOT_SLOT);
		visitors[i].state = visitors[i].state == ASKED ? USES : LEAVES;
	} else if (answer->kind == ANSWER_KIND_REFUSED) {
		CHECK(answer->reason != STATUS_OK);
		end_visit(i);
	} else if (visitors[i].state == USES) {
		visitors[i].state = BEREFT;
	} else {
		end_visit(i);
	}
}

static enum status op_serve(struct parent_object *self, struct session_answer const *answer, struct rpc_cap const *session,
                            struct session_request *request, struct cap *account)
{
	CHECK(!in_call);
	if (answer->kind != ANSWER_KIND_NONE)
		hear(answer, session);
	for (unsigned i = 0; i < VISITORS; i++) {
		if (visitors[i].state != ASKS && visitors[i].state != LEAVES && (visitors[i].state != LEFT_EARLY || unit_below(2)))
			continue;
		*request = (struct session_request) { .kind = REQUEST_KIND_CLOSE, .id = visitors[i].id };
		if (visitors[i].state == ASKS) {
			*request = (struct session_request) { .kind = REQUEST_KIND_OPEN, .id = visitors[i].id, .ram = accounts[visitors[i].account].limit.ram,
			                                      .caps = accounts[visitors[i].account].limit.caps, .label = "a visitor" };
			strcpy(request->service, unit_below(9) ? unit_below(2) ? "Hello" : "Slow" : "Bye");
			*account = make(ACCOUNT, visitors[i].account);
		}
		visitors[i].state = visitors[i].state == ASKS ? ASKED : LEAVING;
		break;
	}
	return STATUS_OK;
}

/* Something happens outside. `leaving`: nobody comes any more. */
static void visit(bool leaving)
{
	static uint32_t ids;
	unsigned        i = (unsigned)unit_below(VISITORS);

	if (visitors[i].state == AWAY && !leaving &&
	    split(OUTSIDE, (struct quota) { unit_below(7) * PAGE_SIZE, unit_below(12) }, true, &visitors[i].account) == STATUS_OK) {
		visitors[i].state = ASKS;
		visitors[i].id = ++ids;
	} else if (visitors[i].state == ASKS) {
		if (leaving)
			end_visit(i);
	} else if (visitors[i].state == ASKED && (leaving || !unit_below(6))) {
		visitors[i].state = LEFT_EARLY;
	} else if (visitors[i].state == USES) {
		visitors[i].state = LEAVES;
	} else if (visitors[i].state == BEREFT) {
		end_visit(i);
	}
}

static unsigned table = SLOTS_PER_FRAME;

static enum status op_grow_table(struct pd_session *self, struct rpc_cap const *pay, uint64_t *limit)
{
	CHECK(table < SELECTORS);
	table += SLOTS_PER_FRAME;
	*limit = table * SLOT_SIZE;
	return STATUS_OK;
}

static struct pd_ops const              pd_ops      = { .grow_table = op_grow_table };
static struct account_ops const         account_ops = { .split_from = op_split_from, .loan = op_loan, .info = op_account_info };
static struct account_control_ops const control_ops = {
	.grow = op_grow, .shrink = op_shrink, .destroy = op_destroy, .info = op_info, .refusal_handler = op_handler,
};
static struct ram_ops const             ram_ops     = { .alloc = op_alloc, .free = op_free };
static struct rm_ops const              rm_ops      = { .detach = op_detach };
static struct thread_ops const          thread_ops  = { .state = op_thread_state };
static struct parent_ops const          parent_ops  = {
	.session_open = op_open, .session_state = op_state, .session_close = op_close, .session_upgrade = op_upgrade,
	.announce = op_announce, .serve = op_serve, .resource_request = op_resource_request,
};

/* --- The kernel --- */

static enum status dispatch(struct rpc *rpc)
{
	switch (rpc_tag(rpc)) {
	case ACCOUNT_TAG:         return account_dispatch(&account_ops, NULL, rpc);
	case ACCOUNT_CONTROL_TAG: return account_control_dispatch(&control_ops, NULL, rpc);
	case RAM_TAG:             return ram_dispatch(&ram_ops, NULL, rpc);
	case THREAD_TAG:          return thread_dispatch(&thread_ops, NULL, rpc);
	case PD_TAG:              return pd_dispatch(&pd_ops, NULL, rpc);
	case RM_TAG:              return rm_dispatch(&rm_ops, NULL, rpc);
	case PARENT_TAG:          return parent_dispatch(&parent_ops, NULL, rpc);
	default:                  return STATUS_PROTOCOL;
	}
}

static void call(struct platform_regs *regs)
{
	static struct utcb server;
	struct utcb       *client = thread_utcb();
	struct rpc         rpc    = rpc_received(regs, &server);
	struct platform_regs answer;

	target = object_of(regs->target);
	CHECK(target->kind != NOTHING && target->kind != GATE);    /* never calls what came from below */
	if (target->kind == ACCOUNT || target->kind == CONTROL)
		CHECK(accounts[target->account].alive);
	memcpy(server.words, client->words, sizeof(server.words));
	for (unsigned i = 0; i < UTCB_CAPS; i++) {
		server.window[i] = client->send[i];
		server.got[i].kind = client->send[i] ? GOT_SLOT : GOT_NULL;
		server.send[i] = 0;
	}
	made_count = 0;
	rpc.badge = 0;
	answer = rpc_reply(&rpc, dispatch(&rpc));
	memcpy(client->words, server.words, sizeof(server.words));
	for (unsigned i = 0; i < platform_caps(answer.header); i++) {
		client->got[i].kind = server.send[i] ? GOT_SLOT : GOT_NULL;
		if (server.send[i])
			*object_of(client->window[i]) = made[server.send[i] - 1];
	}
	*regs = answer;
}

static uint64_t now = TIME_NS_PER_S;

void fake_primitive(struct platform_regs *regs, enum platform_primitive primitive)
{
	if (primitive == PLATFORM_CALL) {
		call(regs);
		return;
	}
	if (primitive == PLATFORM_CAP_DROP)
		object_of(regs->target)->kind = NOTHING;
	else
		CHECK(primitive == PLATFORM_SUBMIT || primitive == PLATFORM_TIME);
	regs->header = STATUS_OK;
	regs->target = now;
}

/* --- base --- */

static struct env     env;
static struct sandbox sandbox;
static unsigned       blocks, signals;

static struct cap take(enum kind kind, unsigned account)
{
	struct cap  cap;
	enum status status = cap_reserve(&cap);

	CHECK(status == STATUS_OK);
	*object_of(cap.selector) = (struct object) { kind, account, 0 };
	return cap;
}

enum status child_platform_open(struct child_platform *platform, struct env *e)
{
	return STATUS_OK;
}

void child_platform_close(struct child_platform *platform)
{
}

enum status child_start(struct child *child, struct env *e, struct child_args const *args)
{
	unsigned account;

	RPC_TRY(split(ROOT, (struct quota) { args->ram, args->caps }, false, &account));
	*child = (struct child) { .env = e, .control = { take(CONTROL, account) }, .account = { take(ACCOUNT, account) } };
	child->main_thread.cap = take(SIGNAL, 0);
	child->cpu.connection.cap = take(SIGNAL, 0);
	return STATUS_OK;
}

void child_stop(struct child *child)
{
	if (cap_is_null(child->control.cap))
		return;

	unsigned account = object_of(child->control.cap.selector)->account;

	/* What its parent, were it core, had made on its account goes with it; sessions further up stay. */
	for (unsigned i = 0; i < SESSIONS; i++) {
		if (sessions[i].state == SESSION_STATE_NONE || sessions[i].payer != account)
			continue;
		sessions[i].payer = ROOT;
		if (unit_below(2))
			sessions[i].state = SESSION_STATE_NONE;
	}
	destroy(account);
	cap_release(child->control.cap);
	cap_release(child->account.cap);
	cap_release(child->main_thread.cap);
	cap_release(child->cpu.connection.cap);
	*child = (struct child) { .env = NULL };
}

enum status ep_signal(struct ep *ep, struct handler *handler, struct signal_context *context)
{
	context->cap = take(SIGNAL, 0);
	signals++;
	return STATUS_OK;
}

void ep_signal_end(struct ep *ep, struct signal_context context)
{
	cap_release(context.cap);
	signals--;
}

enum status ep_gate(struct ep *ep, struct account payer, struct rpc_object *object, struct cap *gate)
{
	RPC_TRY(spend(object_of(payer.cap.selector)->account, (struct quota) { 0, 1 }));
	*gate = take(GATE, 0);
	return STATUS_OK;
}

void ep_timeout_cancel(struct ep *ep, struct handler *handler)
{
	handler->armed = false;
}

void ep_timeout(struct ep *ep, struct handler *handler, uint64_t at_ns)
{
	handler->armed = true;
	handler->of_timeouts.key = at_ns;
}

enum status dataspace_attach(struct dataspace memory, enum rm_access access, struct account payer, void **address)
{
	RPC_TRY(spend(object_of(payer.cap.selector)->account, (struct quota) { 0, 2 }));

	unsigned i = 0;

	while (mapped[i].address)
		CHECK(++i < SESSIONS);
	mapped[i].address = *address = calloc(1, 1 << 17);
	mapped[i].account = object_of(payer.cap.selector)->account;
	mappings++;
	return STATUS_OK;
}

void dataspace_detach(void *address)
{
	CHECK(unmap(address));
}

enum status heap_alloc(struct heap *heap, size_t size, void **block)
{
	*block = calloc(1, size);
	blocks++;
	return STATUS_OK;
}

void heap_free(struct heap *heap, void *block)
{
	free(block);
	blocks--;
}

void ep_gate_end(struct account payer, struct cap gate)
{
	CHECK(quota_take(&accounts[object_of(payer.cap.selector)->account].used, (struct quota) { 0, 1 }));
	cap_release(gate);
}

enum status attached_ram_init(struct attached_ram *ram, struct account payer, size_t size_bytes)
{
	unsigned const account = object_of(payer.cap.selector)->account;

	*ram = (struct attached_ram) { .payer = payer, .size = align_up(size_bytes, PAGE_SIZE) };
	RPC_TRY(spend(account, (struct quota) { ram->size, 1 }));
	if (dataspace_attach(ram->memory, RM_ACCESS_WRITE, payer, &ram->address) == STATUS_OK) {
		ram->memory.cap = take(MEMORY, account);
		object_of(ram->memory.cap.selector)->size = ram->size;
		return STATUS_OK;
	}
	CHECK(quota_take(&accounts[account].used, (struct quota) { ram->size, 1 }));
	*ram = (struct attached_ram) { .size = 0 };
	return STATUS_OUT_OF_CAPS;
}

void attached_ram_fini(struct attached_ram *ram)
{
	dataspace_detach(ram->address);
	CHECK(quota_take(&accounts[object_of(ram->payer.cap.selector)->account].used, (struct quota) { ram->size, 1 }));
	cap_release(ram->memory.cap);
	*ram = (struct attached_ram) { .size = 0 };
}

void env_on_news(struct env *e, struct news_handler *handler)
{
	list_append(&e->news_handlers, &handler->of_env);
}

void log_info(char const *text, ...) {}
void log_warning(char const *text, ...) {}
void log_error(char const *text, ...) {}
