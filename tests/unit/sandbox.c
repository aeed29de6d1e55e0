/* SPDX-License-Identifier: MIT */
/*
 * The sandbox against a model of core and of its own parent: children open, serve, upgrade, close and die in random order,
 * honestly or not, while quota runs out, servers stay silent and the parent answers late or not at all. After every step the
 * books of the sandbox agree with those of the model, and at the end nothing is left: no account, no session, no selector, no byte.
 *
 * RPC goes through the real stubs and dispatchers; what base does beyond RPC (starting children, timeouts) is replaced here.
 */
#include "unit.h"
#include "platform.h"
#include "init/sandbox/own.h"
#include <base/attached.h>
#include <base/cap_alloc.h>
#include <base/log.h>
#include <base/string.h>
#include <base/time.h>

/* --- What selectors of the sandbox stand for --- */

enum kind { NOTHING, ACCOUNT, CONTROL, MEMORY, GATE, SIGNAL, PARENT };

struct object {
	enum kind kind;
	unsigned  account;
};

enum { SELECTORS = 1024, ACCOUNTS = 512, SESSIONS = 512, ROOT = 1 };

static struct object held[SELECTORS];

static struct object *object_of(uint64_t selector)
{
	CHECK(selector % SLOT_SIZE == 0 && selector / SLOT_SIZE < SELECTORS);
	return &held[selector / SLOT_SIZE];
}

/* --- Accounts --- */

static struct {
	bool         alive, outlives;
	unsigned     origin;
	struct quota limit, used;
} accounts[ACCOUNTS];

static bool quota_is_short;    /* core refuses at random */

static unsigned accounts_alive(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < ACCOUNTS; i++)
		count += accounts[i].alive;
	return count;
}

static enum status spend(unsigned account, struct quota quota)
{
	struct quota used = accounts[account].used;

	if (!quota_add(&used, quota) || used.ram > accounts[account].limit.ram || (quota_is_short && !unit_below(8)))
		return STATUS_OUT_OF_RAM;
	if (used.caps > accounts[account].limit.caps)
		return STATUS_OUT_OF_CAPS;
	accounts[account].used = used;
	return STATUS_OK;
}

static enum status split(unsigned origin, struct quota quota, bool outlives, unsigned *made)
{
	struct quota cost = { quota.ram, quota.caps + 3 };
	enum status  status;

	CHECK(accounts[origin].alive);
	if (!is_aligned(quota.ram, PAGE_SIZE))
		return STATUS_INVALID;
	status = spend(origin, cost);
	if (status)
		return status;
	for (*made = ROOT; accounts[*made].alive; )
		CHECK(++*made < ACCOUNTS);
	accounts[*made] = (typeof(accounts[0])) { .alive = true, .outlives = outlives, .origin = origin, .limit = quota };
	return STATUS_OK;
}

/* What outlives it passes to its origin, and is charged there as it was here. */
static void destroy(unsigned account)
{
	struct quota back = { accounts[account].limit.ram, accounts[account].limit.caps + 3 };
	unsigned     origin = accounts[account].origin;

	CHECK(accounts[account].alive && account != ROOT);
	CHECK(quota_take(&accounts[origin].used, back));
	accounts[account].alive = false;
	for (unsigned i = 0; i < ACCOUNTS; i++) {
		if (!accounts[i].alive || accounts[i].origin != account)
			continue;
		CHECK(accounts[i].outlives);
		accounts[i].origin = origin;
		CHECK(quota_add(&accounts[origin].used, (struct quota) { accounts[i].limit.ram, accounts[i].limit.caps + 3 }));
	}
}

/* --- Core, as far as the sandbox calls it; the object that a call goes to --- */

static struct object *target;

/* Capabilities in answers of the model are made by number here: the selector is an index into `made`. */
static struct object made[8];
static unsigned      made_count;

static struct cap make(enum kind kind, unsigned account)
{
	made[made_count] = (struct object) { kind, account };
	return (struct cap) { ++made_count };
}

static enum status op_split_from(struct account_object *self, struct rpc_cap const *from, enum account_kind kind, char const *label, uint64_t ram,
                                 uint64_t caps, struct cap *control, struct cap *use)
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
	return STATUS_OK;
}

static enum status op_info(struct account_control_object *self, struct account_state *state)
{
	struct quota limit = accounts[target->account].limit, used = accounts[target->account].used;

	*state = (struct account_state) { limit.ram, used.ram, limit.caps, used.caps, ACCOUNT_RESOURCE_RAM, 0, 17 };
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

static enum status op_upgrade(struct parent_object *self, uint32_t id, uint64_t ram, uint64_t caps)
{
	return STATUS_OK;
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
static struct account_ops const         account_ops = { .split_from = op_split_from, .info = op_account_info };
static struct account_control_ops const control_ops = { .grow = op_grow, .destroy = op_destroy, .info = op_info, .refusal_handler = op_handler };
static struct ram_ops const             ram_ops     = { .alloc = op_alloc };
static struct thread_ops const          thread_ops  = { .state = op_thread_state };
static struct parent_ops const          parent_ops  = {
	.session_open = op_open, .session_state = op_state, .session_close = op_close, .session_upgrade = op_upgrade
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
static unsigned       blocks, mappings, signals;

static struct cap take(enum kind kind, unsigned account)
{
	struct cap  cap;
	enum status status = cap_reserve(&cap);

	CHECK(status == STATUS_OK);
	*object_of(cap.selector) = (struct object) { kind, account };
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
	return STATUS_OK;
}

void child_stop(struct child *child)
{
	if (cap_is_null(child->control.cap))
		return;

	unsigned account = object_of(child->control.cap.selector)->account;

	/* What its parent, were it core, had made on its account goes with it; sessions further up stay. */
	for (unsigned i = 0; i < SESSIONS; i++) {
		if (sessions[i].state != SESSION_STATE_NONE && sessions[i].payer == account && unit_below(2))
			sessions[i].state = SESSION_STATE_NONE;
	}
	destroy(account);
	cap_release(child->control.cap);
	cap_release(child->account.cap);
	cap_release(child->main_thread.cap);
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
	*address = calloc(1, 1 << 17);
	mappings++;
	return STATUS_OK;
}

void dataspace_detach(void *address)
{
	free(address);
	mappings--;
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

void env_on_news(struct env *e, struct news_handler *handler)
{
	list_append(&e->news_handlers, &handler->of_env);
}

void log_info(char const *text, ...) {}
void log_warning(char const *text, ...) {}
void log_error(char const *text, ...) {}

/* --- The children --- */

static char const document[] =
	"<config><parent-provides><service name='LOG'/><service name='ROM'/><service name='PD'/><service name='CPU'/></parent-provides>"
	"<default-route><any-service><parent/><any-child/></any-service></default-route><default ram='1M' caps='150'/>"
	"<start name='a' sessions='5'><provides><service name='Hello'/><service name='Both'/></provides><config who='x'/></start>"
	"<start name='b' sessions='9' close_patience_ms='0'><provides><service name='Bye'/><service name='Both'/></provides></start>"
	"<start name='c' sessions='4' caps='40'/>"
	"<start name='d' sessions='6' close_patience_ms='5'><provides><service name='Slow'/></provides></start>"
	"<start name='e' sessions='8' ram='64K'><route><service name='Hello'><child name='a'/></service><service name='Slow'><child name='d'/></service>"
	"<any-service><parent/></any-service></route><config/></start></config>";

enum { CHILDREN = 5, KNOWN = 32 };

/* What a child remembers: numbers of its sessions, and of the requests it has fetched. */
static struct {
	uint32_t             ids[KNOWN];
	struct session_request requests[KNOWN];
} memory[CHILDREN];

/* A capability that arrives with a message. */
static struct rpc_cap bring(enum kind kind, unsigned account)
{
	struct cap cap = { thread_utcb()->window[0] };

	*object_of(cap.selector) = (struct object) { kind, account };
	return (struct rpc_cap) { .kind = GOT_SLOT, .cap = cap };
}

static struct rpc_cap random_cap(void)
{
	static enum kind const kinds[] = { GATE, GATE, GATE, GATE, MEMORY, SIGNAL };

	if (!unit_below(6))
		return (struct rpc_cap) { .kind = unit_below(2) ? GOT_NULL : GOT_OWN, .badge = 1 };
	return bring(kinds[unit_below(ARRAY_SIZE(kinds))], 0);
}

static struct rpc_cap random_pay(void)
{
	struct sandbox_child *other = &sandbox.children[unit_below(CHILDREN)];

	if (unit_below(3))
		return (struct rpc_cap) { .kind = GOT_NULL };
	if (unit_below(2) && other->state == CHILD_ALIVE)
		return bring(ACCOUNT, object_of(other->child.account.cap.selector)->account);
	return random_cap();
}

static uint32_t random_id(struct sandbox_child const *child)
{
	return unit_below(8) ? memory[child->start->index].ids[unit_below(KNOWN)] : (uint32_t)unit_random();
}

static void open(struct sandbox_child *child)
{
	static char const *const services[] = { "LOG", "ROM", "Hello", "Hello", "Bye", "Both", "Slow", "Slow", "PD", "CPU", "None" };
	static char const *const labels[]   = { "", "config", "binary", "x", "a -> b" };
	struct session_open_args args = { .hash = unit_below(20) ? 7 : 8, .ram = unit_below(4) * PAGE_SIZE, .caps = unit_below(9) };
	struct rpc_cap           pay  = random_pay();
	struct session_status    status;
	struct cap               session;
	uint32_t                 id = 0;
	enum status              result;

	strcpy(args.service, services[unit_below(ARRAY_SIZE(services))]);
	strcpy(args.label, labels[unit_below(ARRAY_SIZE(labels))]);
	if (!unit_below(10))
		memset(args.label, 'x', 250);
	args.args.size = (uint32_t)unit_below(129);
	args.ram += !unit_below(20);
	result = sandbox_parent_ops.session_open(&child->parent, &args, &pay, &id, &status, &session);
	if (result)
		return;
	CHECK((id == 0) == (status.state == SESSION_STATE_REFUSED) && cap_is_null(session) == (status.state != SESSION_STATE_OPEN));
	if (id)
		memory[child->start->index].ids[unit_below(KNOWN)] = id;
}

static void serve(struct sandbox_child *child)
{
	struct session_request *request = &memory[child->start->index].requests[unit_below(KNOWN)], fetched = { .kind = REQUEST_KIND_NONE };
	struct session_answer   answer  = { .kind = ANSWER_KIND_NONE, .id = request->id };
	struct rpc_cap          session = random_cap();
	struct cap              account = CAP_NULL;

	if (request->kind == REQUEST_KIND_OPEN)
		answer.kind = unit_below(4) ? ANSWER_KIND_READY : ANSWER_KIND_REFUSED;
	else if (request->kind == REQUEST_KIND_CLOSE)
		answer.kind = ANSWER_KIND_CLOSED;
	answer.reason = unit_below(2) ? STATUS_NEEDS : (enum status)unit_below(STATUS_COUNT);
	if (!unit_below(20))
		answer.kind = (enum answer_kind)unit_below(4);
	if (!unit_below(20))
		answer.id = (uint32_t)unit_random();
	request->kind = REQUEST_KIND_NONE;
	if (sandbox_parent_ops.serve(&child->parent, &answer, &session, &fetched, &account) != STATUS_OK)
		return;
	CHECK((fetched.kind == REQUEST_KIND_OPEN) == !cap_is_null(account));
	if (fetched.kind == REQUEST_KIND_OPEN) {
		CHECK(object_of(account.selector)->kind == ACCOUNT && accounts[object_of(account.selector)->account].alive);
		CHECK(accounts[object_of(account.selector)->account].limit.ram == fetched.ram);
	}
	if (fetched.kind != REQUEST_KIND_NONE)
		memory[child->start->index].requests[unit_below(KNOWN)] = fetched;    /* what stood there is never answered */
}

static void ask(struct sandbox_child *child)
{
	struct session_status status = { .state = SESSION_STATE_NONE };
	struct cap            session = CAP_NULL;
	uint32_t              id      = random_id(child), bits;

	switch (unit_below(5)) {
	case 0:
		if (sandbox_parent_ops.session_close(&child->parent, id, &status) == STATUS_OK)
			CHECK(status.state == SESSION_STATE_CLOSED || status.state == SESSION_STATE_CLOSING);
		break;
	case 1:
		if (sandbox_parent_ops.session_state(&child->parent, id, &status, &session) == STATUS_OK)
			CHECK(cap_is_null(session) == (status.state != SESSION_STATE_OPEN));
		break;
	case 2:
		if (sandbox_parent_ops.session_upgrade(&child->parent, id, unit_below(3) * PAGE_SIZE, unit_below(3)) == STATUS_OK)
			break;
		break;
	case 3:
		CHECK(sandbox_parent_ops.news(&child->parent, &bits) == STATUS_OK && !child->news);
		break;
	default:
		if (sandbox_parent_ops.resource_request(&child->parent, unit_below(3), unit_below(3)) != STATUS_OK)
			CHECK(false);
	}
}

static void announce(struct sandbox_child *child)
{
	static char const *const services[] = { "Hello", "Bye", "Both", "Slow", "None" };
	struct rpc_cap           handler    = random_cap();
	enum status              status     = sandbox_parent_ops.announce(&child->parent, services[unit_below(ARRAY_SIZE(services))], 7, 0, 0);

	CHECK(status == STATUS_OK || status == STATUS_EXISTS || status == STATUS_INVALID);
	status = sandbox_parent_ops.news_handler(&child->parent, &handler);
	CHECK(status == STATUS_OK || status == STATUS_BAD_CAP);
}

/* --- Events --- */

/* The parent decides about something that it was asked. */
static void decide(void)
{
	static enum session_state const results[] = { SESSION_STATE_OPEN, SESSION_STATE_OPEN, SESSION_STATE_REFUSED, SESSION_STATE_LOST };
	unsigned                        i         = (unsigned)unit_below(SESSIONS);

	for (unsigned n = 0; n < SESSIONS && sessions[i].state == SESSION_STATE_NONE; n++)
		i = (i + 1) % SESSIONS;
	if (sessions[i].state == SESSION_STATE_PENDING)
		sessions[i].state = results[unit_below(3)];
	else if (sessions[i].state == SESSION_STATE_CLOSING)
		sessions[i].state = SESSION_STATE_NONE;
	else if (sessions[i].state == SESSION_STATE_OPEN && !unit_below(4))
		sessions[i].state = SESSION_STATE_LOST;
	if (unit_below(4))
		sandbox.news.handle(&sandbox.news, NEWS_SESSION);
}

static void run_timeouts(void)
{
	if (sandbox.work.armed && unit_below(2)) {
		sandbox.work.armed = false;
		sandbox.work.handle(&sandbox.work, 1);
	}
	if (sandbox.patience.armed && sandbox.patience.of_timeouts.key <= now) {
		sandbox.patience.armed = false;
		sandbox.patience.handle(&sandbox.patience, 1);
	}
}

static void event(void)
{
	struct sandbox_child *child = &sandbox.children[unit_below(CHILDREN)];

	now += unit_below(TIME_NS_PER_MS);
	run_timeouts();
	if (!unit_below(3))
		decide();
	if (child->state == CHILD_ALIVE && !unit_below(60))
		child->exited.handle(&child->exited, 1);
	if (child->state == CHILD_ALIVE && !unit_below(30))
		child->refused.handle(&child->refused, 1);
}

static void act(void)
{
	struct sandbox_child *child = &sandbox.children[unit_below(CHILDREN)];

	if (child->state != CHILD_ALIVE || child->ends_as != CHILD_ALIVE)
		return;
	in_call = true;
	switch (unit_below(10)) {
	case 0: case 1: case 2: open(child); break;
	case 3: case 4: case 5: serve(child); break;
	case 6: case 7: case 8: ask(child); break;
	default:
		announce(child);
		if (!unit_below(15) && sandbox_parent_ops.exit(&child->parent, 3) != STATUS_OK)
			CHECK(false);
	}
	in_call = false;
}

/* --- The books --- */

static bool is_listed(struct session_slot const *slot)
{
	return slot->kind == SESSION_TO_CHILD && slot->state != SLOT_FREE && slot->state != SLOT_REFUSED && slot->state != SLOT_LOST;
}

static void check_slot(struct session_slot const *slot, unsigned *with_account, unsigned *at_parent)
{
	bool has_account = !cap_is_null(slot->control);

	CHECK(list_is_linked(&slot->of_server) == is_listed(slot));
	CHECK(has_account == (slot->kind == SESSION_TO_CHILD && slot->state != SLOT_FREE && slot->state != SLOT_REFUSED));
	CHECK(cap_is_null(slot->session) == (slot->state != SLOT_READY && slot->state != SLOT_OPEN));
	*with_account += has_account;
	*at_parent += slot->kind == SESSION_TO_PARENT && slot->state != SLOT_FREE && slot->state != SLOT_QUEUED && slot->state != SLOT_REFUSED;
	if (slot->client->state != CHILD_ALIVE)
		CHECK(!session_is_clients(slot));
}

static void check_books(void)
{
	unsigned expected = 1, at_parent = 0;

	for (unsigned c = 0; c < CHILDREN; c++) {
		struct sandbox_child *child = &sandbox.children[c];
		unsigned              used  = 0;

		expected += child->state == CHILD_ALIVE;
		expected += !cap_is_null(child->slots_control.cap);
		CHECK(child->state == CHILD_ALIVE || !child->slots == !child->slots_used);
		for (unsigned i = 0; child->slots && i < child->start->sessions; i++) {
			used += child->slots[i].state != SLOT_FREE;
			if (child->slots[i].state != SLOT_FREE)
				check_slot(&child->slots[i], &expected, &at_parent);
		}
		CHECK(used == child->slots_used);
		if (child->state != CHILD_ALIVE)
			CHECK(list_is_empty(&child->sessions));
	}
	CHECK(accounts_alive() == expected && sessions_alive() <= at_parent);
}

/* --- One life of a sandbox --- */

static void begin(struct node root)
{
	static struct sandbox const empty;

	memset(memory, 0, sizeof(memory));
	accounts[ROOT] = (typeof(accounts[0])) { .alive = true, .limit = { 16 << 20, 4000 } };
	list_init(&env.news_handlers);
	sandbox = empty;
	CHECK(sandbox_init(&sandbox, &env, root) == STATUS_OK && sandbox.child_count == CHILDREN);
	quota_is_short = !unit_below(2);
	chain_is_long = !unit_below(2);
	sandbox_start(&sandbox);
	check_books();
}

/* The parent agrees to what it still owes. */
static void settle(void)
{
	for (unsigned i = 0; i < SESSIONS; i++) {
		if (sessions[i].state == SESSION_STATE_CLOSING)
			sessions[i].state = SESSION_STATE_NONE;
	}
	sandbox.news.handle(&sandbox.news, NEWS_SESSION);
}

static void end(unsigned selectors)
{
	quota_is_short = false;
	sandbox_stop(&sandbox);
	check_books();
	settle();
	check_books();
	for (unsigned c = 0; c < CHILDREN; c++)
		CHECK(!sandbox.children[c].slots && !sandbox.children[c].slots_used);
	CHECK(accounts_alive() == 1 && !accounts[ROOT].used.ram && !accounts[ROOT].used.caps);
	CHECK(!sessions_alive() && !mappings && !signals && cap_slots_used() == selectors);
	sandbox_fini(&sandbox);
	CHECK(!blocks);
}

static void live(struct node root, unsigned lives, unsigned steps)
{
	struct cap window;
	unsigned   selectors;

	CHECK(cap_reserve(&window) == STATUS_OK);
	thread_utcb()->window[0] = window.selector;
	selectors = cap_slots_used();
	while (lives--) {
		begin(root);
		for (unsigned i = 0; i < steps; i++) {
			act();
			check_books();
			event();
			check_books();
		}
		end(selectors);
	}
}

static void *inside(void *argument)
{
	static struct xml_node nodes[100];
	struct xml_error       error;
	size_t                 count;

	cap_alloc_init(SLOT_FIRST_FREE * SLOT_SIZE);
	held[SLOT_PARENT].kind = PARENT;
	held[SLOT_PD].kind = PARENT;
	held[SLOT_ACCOUNT] = (struct object) { ACCOUNT, ROOT };
	env.parent.cap = cap_well_known(SLOT_PARENT);
	env.account.cap = cap_well_known(SLOT_ACCOUNT);
	CHECK(xml_index(document, strlen(document), nodes, ARRAY_SIZE(nodes), &count, &error) == STATUS_OK);
	live(node_root(document, nodes), 400, 250);
	return NULL;
}

START_TEST(whatever_children_do_the_books_agree_and_nothing_is_left)
{
	struct fake_thread thread;

	fake_platform_map();
	fake_thread_start(&thread, inside, NULL);
	fake_thread_join(&thread);
}
END_TEST

UNIT_MAIN(whatever_children_do_the_books_agree_and_nothing_is_left)
