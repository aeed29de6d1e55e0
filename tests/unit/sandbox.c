/* SPDX-License-Identifier: MIT */
/*
 * The sandbox against a model of core and of its own parent: children open, serve, upgrade, close and die in random order,
 * honestly or not, while quota runs out, servers stay silent, the parent answers late or not at all, and the configuration changes. After every step the
 * books of the sandbox agree with those of the model, and at the end nothing is left: no account, no session, no selector, no byte.
 */
#include "sandbox_model.h"

/* Memory for far selectors, which the model's table does not have. */
struct heap_source const heap_source_ram = { .get = NULL };

/* --- The children --- */

#define HEAD "<config><parent-provides><service name='LOG'/><service name='ROM'/><service name='PD'/><service name='CPU'/><service name='Report'/></parent-provides>" \
	"<default-route><any-service><parent/><any-child/></any-service></default-route><default ram='1M' caps='150'/>"
#define SERVERS "<start name='a' sessions='5'><provides><service name='Hello'/><service name='Both'/></provides><config who='x'/></start>" \
	"<start name='b' sessions='9' close_patience_ms='0'><provides><service name='Bye'/><service name='Both'/></provides></start>"

/* Configurations that follow each other in any order: the same in other words, more, fewer and other children, other routes, quotas and texts. */
static char const *const documents[] = {
	HEAD "<export><service name='Hello'><child name='a'/></service><service name='Slow' label_last='a visitor'><any-child/></service></export>" SERVERS
	"<heartbeat rate_ms='1'/><report delay_ms='0' requested='yes' provided='yes' child_ram='yes' init_caps='yes' denied='yes' pending='yes' ids='yes'/>"
	"<start name='c' sessions='4' caps='40'><heartbeat missed='200'/></start>"
	"<start name='d' sessions='6' close_patience_ms='5'><provides><service name='Slow'/></provides></start>"
	"<start name='e' sessions='8' ram='64K' ram_max='80K' caps_max='130'><route><service name='Hello'><child name='a'/></service><service name='Slow'><child name='d'/></service>"
	"<service name='ROM' label='state'><local/></service><any-service><parent/></any-service></route><config/></start></config>",

	HEAD "<report delay_ms='1' buffer='8K' cpu='yes' denied='yes'/><export><service name='Slow'><any-child/></service><service name='Hello'><child name='a'/></service></export>"
	"<start name='a' sessions='5'><provides><service name='Hello'/></provides><config who='another'/><restart on='exit fault hang' backoff_ms='1'/></start>"
	"<start name='b' sessions='7'><provides><service name='Bye'/><service name='Both'/></provides></start>"
	"<start name='f' sessions='4'><provides><service name='Slow'/></provides></start>"
	"<start name='e' sessions='8' ram='128K' ram_max='130K'><route><service name='Slow'><child name='f' label='z'/></service>"
	"<service name='ROM' label_suffix='te'><local/></service><any-service><parent label='w'/><any-child/></any-service></route><config><much/><more/></config></start></config>",

	HEAD SERVERS "<start name='d' version='2' sessions='6' close_patience_ms='5'><provides><service name='Slow'/></provides><restart on='hang' limit='2'/></start>"
	"<start name='g' sessions='3' ram='256M'><restart on='fault' limit='3' backoff_ms='2'/></start></config>",

	HEAD "<start name='a' ram='512K' caps='120' sessions='5'><provides><service name='Both'/><service name='Hello'/><service name='New'/></provides><config who='x'/></start>"
	"<start name='c' sessions='4'><route><any-service><any-child/></any-service></route></start></config>",
};

enum { DOCUMENTS = ARRAY_SIZE(documents), CHILDREN = 40, KNOWN = 12 };

/* What a child remembers: numbers of its sessions, and of the requests it has fetched. */
static struct {
	uint32_t             ids[KNOWN];
	struct session_request requests[KNOWN];
	struct { unsigned account, serial; } lent[KNOWN];    /* with requests */
} memory[CHILDREN];

static unsigned paid_with_lent, settled;

/* A capability that arrives with a message. */
static struct rpc_cap bring(enum kind kind, unsigned account)
{
	struct cap cap = { thread_utcb()->window[0] };

	*object_of(cap.selector) = (struct object) { kind, account, 0 };
	return (struct rpc_cap) { .kind = GOT_SLOT, .cap = cap };
}

static struct rpc_cap random_cap(void)
{
	static enum kind const kinds[] = { GATE, GATE, GATE, GATE, MEMORY, SIGNAL };

	if (!unit_below(6))
		return (struct rpc_cap) { .kind = unit_below(2) ? GOT_NULL : GOT_OWN, .badge = 1 };
	return bring(kinds[unit_below(ARRAY_SIZE(kinds))], 0);
}

/* Of those that the configuration has. */
static struct sandbox_child *random_child(void)
{
	return sandbox.by_start[unit_below(sandbox.config.start_count)];
}

static struct rpc_cap random_pay(void)
{
	struct sandbox_child *other = random_child();
	unsigned const        which = (unsigned)unit_below(KNOWN), lent = memory[other->number].lent[which].account;

	if (unit_below(3) && lent && accounts[lent].alive && accounts[lent].serial == memory[other->number].lent[which].serial)
		return bring(ACCOUNT, lent);
	if (unit_below(3))
		return (struct rpc_cap) { .kind = GOT_NULL };
	if (unit_below(2) && child_runs(other))
		return bring(ACCOUNT, object_of(other->child.account.cap.selector)->account);
	return random_cap();
}

static uint32_t random_id(struct sandbox_child const *child)
{
	return unit_below(8) ? memory[child->number].ids[unit_below(KNOWN)] : (uint32_t)unit_random();
}

static void open(struct sandbox_child *child)
{
	static char const *const services[] = { "LOG", "ROM", "Hello", "Hello", "Bye", "Both", "Slow", "Slow", "PD", "CPU", "None" };
	static char const *const labels[]   = { "", "config", "binary", "x", "a -> b", "state" };
	struct session_open_args args = { .hash = unit_below(20) ? 7 : 8, .ram = unit_below(4) * PAGE_SIZE, .caps = unit_below(2) ? unit_below(9) : unit_below(30) };
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
		memory[child->number].ids[unit_below(KNOWN)] = id;
}

static void serve(struct sandbox_child *child)
{
	struct session_request *request = &memory[child->number].requests[unit_below(KNOWN)], fetched = { .kind = REQUEST_KIND_NONE };
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
		/* Of what a visitor brought, two pages are for the sandbox. */
		CHECK(accounts[object_of(account.selector)->account].limit.ram ==
		      fetched.ram + (string_equal(fetched.label, "a visitor") ? 2 * PAGE_SIZE : 0));
	}
	if (fetched.kind == REQUEST_KIND_OPEN) {
		unsigned const lent = object_of(account.selector)->account;

		memory[child->number].lent[unit_below(KNOWN)] = (typeof(memory[0].lent[0])) { lent, accounts[lent].serial };
	}
	if (fetched.kind != REQUEST_KIND_NONE)
		memory[child->number].requests[unit_below(KNOWN)] = fetched;    /* what stood there is never answered */
}

/* All of it or nothing, told only when granted, and never beyond what the start allows. */
static void ask_for_more(struct sandbox_child *child)
{
	struct config_start const *start  = child->start;
	struct quota const         before = child->given;
	uint64_t const             ram    = unit_below(16) ? unit_below(3 * PAGE_SIZE) : UINT64_MAX - unit_below(2), caps = unit_below(3);

	child->news &= ~(uint32_t)NEWS_RESOURCE;
	CHECK(sandbox_parent_ops.resource_request(&child->parent, ram, caps) == STATUS_OK);
	if (child->news & NEWS_RESOURCE)
		CHECK(child->given.ram == before.ram + align_up(ram, PAGE_SIZE) && child->given.caps == before.caps + caps);
	else
		CHECK(child->given.ram == before.ram && child->given.caps == before.caps);
	/* A configuration that allows less may not have got it back yet. */
	CHECK(!(child->news & NEWS_RESOURCE) || (child->given.ram <= start->ram_max.value && child->given.caps <= start->caps_max.value));
}

/* A child uses some of its quota. */
static void consume(struct sandbox_child *child)
{
	unsigned const     account = object_of(child->child.account.cap.selector)->account;
	struct quota const some    = { unit_below(200) * PAGE_SIZE, unit_below(9) };

	if (spend(account, some) == STATUS_OK)
		CHECK(quota_add(&accounts[account].own, some));
}

/* A child that is asked for quota gives some back, or says that it has. What is back is so to the byte. */
static void give_back(struct sandbox_child *child)
{
	unsigned const     account = object_of(child->child.account.cap.selector)->account;
	struct quota const before  = accounts[account].limit;
	uint64_t           ram, caps;

	CHECK(sandbox_parent_ops.yield_demand(&child->parent, &ram, &caps) == STATUS_OK);
	if (unit_below(3)) {
		CHECK(quota_take(&accounts[account].used, accounts[account].own));
		accounts[account].own = (struct quota) { 0, 0 };
	}
	CHECK(sandbox_parent_ops.yield_done(&child->parent) == STATUS_OK);
	if (accounts[account].limit.ram == before.ram && accounts[account].limit.caps == before.caps)
		return;
	CHECK(accounts[account].limit.ram + ram == before.ram && accounts[account].limit.caps + caps == before.caps);
	CHECK(!child->demand.ram && !child->demand.caps && !child->yield_over.armed);
}

static void ask(struct sandbox_child *child)
{
	struct session_status status = { .state = SESSION_STATE_NONE };
	struct cap            session = CAP_NULL;
	uint32_t              id      = random_id(child), bits;

	switch (unit_below(7)) {
	case 0:
		if (sandbox_parent_ops.session_close(&child->parent, id, &status) == STATUS_OK)
			CHECK(status.state == SESSION_STATE_CLOSED || status.state == SESSION_STATE_CLOSING);
		break;
	case 1:
		if (sandbox_parent_ops.session_state(&child->parent, id, &status, &session) != STATUS_OK)
			break;
		CHECK(cap_is_null(session) == (status.state != SESSION_STATE_OPEN));
		/* CLOSED says that the money is back. */
		if (status.state == SESSION_STATE_CLOSED)
			CHECK(child->slots[session_id_decode(id).index].state == SLOT_FREE);
		break;
	case 2:
		if (sandbox_parent_ops.session_upgrade(&child->parent, id, unit_below(3) * PAGE_SIZE, unit_below(3)) == STATUS_OK)
			break;
		break;
	case 3:
		CHECK(sandbox_parent_ops.news(&child->parent, &bits) == STATUS_OK && !child->news);
		break;
	case 4:
		CHECK(sandbox_parent_ops.heartbeat(&child->parent) == STATUS_OK);
		break;
	case 5:
		unit_below(2) ? consume(child) : give_back(child);
		break;
	default:
		ask_for_more(child);
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

static void run_timeout(struct handler *handler)
{
	if (!handler->armed || handler->of_timeouts.key > now)
		return;
	handler->armed = false;
	handler->handle(handler, 1);
}

static void run_timeouts(void)
{
	if (sandbox.work.armed && unit_below(2)) {
		sandbox.work.armed = false;
		sandbox.work.handle(&sandbox.work, 1);
	}
	list_for_each_safe (child, &sandbox.children, struct sandbox_child, of_sandbox) {
		run_timeout(&child->again);
		run_timeout(&child->yield_over);
	}
	run_timeout(&sandbox.patience);
	run_timeout(&sandbox.heartbeat);
	run_timeout(&sandbox.report.due);
}

static struct node roots[DOCUMENTS];
static unsigned    updates;

/* Another configuration, or the same again. */
static void change(void)
{
	struct node const root   = roots[unit_below(DOCUMENTS)];
	enum status const status = sandbox_update(&sandbox, root);

	CHECK(status == STATUS_OK || status == STATUS_OUT_OF_RAM);
	updates += status == STATUS_OK;
}

static void event(void)
{
	struct sandbox_child *child = random_child();

	now += unit_below(TIME_NS_PER_MS);
	run_timeouts();
	visit(false);
	if (unit_below(2))
		sandbox.news.handle(&sandbox.news, unit_below(3) ? NEWS_REQUEST : NEWS_REQUEST | NEWS_RESOURCE);
	if (!unit_below(3))
		decide();
	if (!unit_below(30))
		change();
	child = random_child();
	if (child_runs(child) && !unit_below(60))
		child->exited.handle(&child->exited, 1);
	if (child_runs(child) && !unit_below(30))
		child->refused.handle(&child->refused, 1);
}

static void act(void)
{
	struct sandbox_child *child = random_child();

	if (!child_runs(child) || child->ends_as != CHILD_ALIVE)
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
	return slot->kind == SESSION_TO_CHILD && slot->state != SLOT_FREE && slot->state != SLOT_REFUSED && slot->state != SLOT_SETTLING;
}

static unsigned paid_by(struct session_slot const *payer)
{
	unsigned count = 0;

	list_for_each (child, &sandbox.children, struct sandbox_child, of_sandbox) {
		for (unsigned i = 0; child->slots && i < child->slot_count; i++)
			count += child->slots[i].state != SLOT_FREE && child->slots[i].payer == payer;
	}
	return count;
}

static void check_slot(struct session_slot const *slot, unsigned *with_account, unsigned *at_parent)
{
	bool has_account = !cap_is_null(slot->control);

	/* A lost one is, as long as its server has to agree. */
	CHECK(list_is_linked(&slot->of_server) == is_listed(slot) || (slot->state == SLOT_LOST && slot->kind == SESSION_TO_CHILD));
	CHECK(has_account == (slot->kind == SESSION_TO_CHILD && slot->state != SLOT_FREE && slot->state != SLOT_REFUSED) ||
	      (slot->state == SLOT_LOST && slot->is_repaid && !slot->server && !has_account));
	CHECK(slot->paid == paid_by(slot) && (slot->state != SLOT_SETTLING || slot->paid || sandbox.is_settling));
	CHECK(!slot->payer || slot->payer->state != SLOT_FREE);
	paid_with_lent += slot->payer && slot->state == SLOT_OPEN;
	settled += slot->state == SLOT_SETTLING;
	CHECK(cap_is_null(slot->session) == (slot->state != SLOT_READY && slot->state != SLOT_OPEN));
	*with_account += has_account;
	*at_parent += slot->kind == SESSION_TO_PARENT && slot->state != SLOT_FREE && slot->state != SLOT_QUEUED && slot->state != SLOT_REFUSED;
	if (!child_runs(slot->client))
		CHECK(!session_is_clients(slot));
}

static void check_books(void)
{
	unsigned expected = 2, at_parent = 0;    /* ROOT and OUTSIDE */

	list_for_each (child, &sandbox.children, struct sandbox_child, of_sandbox) {
		unsigned used = 0;

		expected += child_runs(child);
		expected += !cap_is_null(child->slots_control.cap);
		CHECK(child->number < CHILDREN && (child_runs(child) || !child->slots == !child->slots_used));
		for (unsigned i = 0; child->slots && i < child->slot_count; i++) {
			used += child->slots[i].state != SLOT_FREE;
			if (child->slots[i].state != SLOT_FREE)
				check_slot(&child->slots[i], &expected, &at_parent);
		}
		CHECK(used == child->slots_used);
		if (child_runs(child))
			continue;
		/* Those who have asked may wait for its next life. */
		list_for_each (slot, &child->sessions, struct session_slot, of_server)
			CHECK(slot->state == SLOT_QUEUED && child_is_expected(child));
	}
	for (unsigned i = 0; i < VISITORS; i++)
		expected += visitors[i].state != AWAY;
	/* One whose slot is free has an answer to come. */
	CHECK(list_length(&sandbox.exports) == sandbox.outside.slots_used || sandbox.work.armed);
	CHECK(accounts_alive() == expected);
	CHECK(sessions_alive() <= at_parent);
	CHECK(!sandbox.owed == !sandbox.patience.armed);
}

/* --- One life of a sandbox --- */

static void begin(void)
{
	static struct sandbox const empty;

	memset(memory, 0, sizeof(memory));
	accounts[ROOT] = accounts[OUTSIDE] = (typeof(accounts[0])) { .alive = true, .limit = { 16 << 20, 4000 } };
	list_init(&env.news_handlers);
	sandbox = empty;
	CHECK(sandbox_init(&sandbox, &env, roots[0]) == STATUS_OK && sandbox.config.start_count == 5);
	quota_is_short = !unit_below(2);
	chain_is_long = !unit_below(2);
	sandbox_start(&sandbox);
	check_books();
	for (unsigned i = 0; i < 20; i++) {
		if (child_runs(sandbox.by_start[i % 5]))
			announce(sandbox.by_start[i % 5]);
	}
}

/* The parent agrees to what it still owes. */
static void settle(void)
{
	for (bool here = true; here;) {
		here = false;
		visit(true);
		if (sandbox.work.armed)
			sandbox.work.handle(&sandbox.work, 1);
		for (unsigned i = 0; i < SESSIONS; i++) {
			if (sessions[i].state == SESSION_STATE_CLOSING)
				sessions[i].state = SESSION_STATE_NONE;
		}
		sandbox.news.handle(&sandbox.news, NEWS_SESSION);
		sandbox.news.handle(&sandbox.news, NEWS_REQUEST);
		here |= !sandbox_is_quiet(&sandbox);
		for (unsigned i = 0; i < VISITORS; i++)
			here |= visitors[i].state != AWAY;
	}
}

static void end(unsigned selectors)
{
	quota_is_short = false;
	sandbox_stop(&sandbox);
	check_books();
	settle();
	check_books();
	list_for_each (child, &sandbox.children, struct sandbox_child, of_sandbox)
		CHECK(!child->slots && !child->slots_used);
	CHECK(accounts_alive() == 2 && !accounts[ROOT].used.ram && !accounts[ROOT].used.caps);
	CHECK(!accounts[OUTSIDE].used.ram && !accounts[OUTSIDE].used.caps);
	CHECK(!sessions_alive() && !mappings && !signals && cap_slots_used() == selectors);
	sandbox_fini(&sandbox);
	CHECK(!blocks);
}

static void live(unsigned lives, unsigned steps)
{
	struct cap window;
	unsigned   selectors;

	CHECK(cap_reserve(&window) == STATUS_OK);
	thread_utcb()->window[0] = window.selector;
	selectors = cap_slots_used();
	while (lives--) {
		begin();
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
	static struct xml_node nodes[DOCUMENTS][100];
	struct xml_error       error;
	size_t                 count;

	cap_alloc_init(SLOT_FIRST_FREE * SLOT_SIZE);
	held[SLOT_PARENT].kind = PARENT;
	held[SLOT_PD].kind = held[SLOT_RM].kind = held[SLOT_CPU].kind = PARENT;
	env.cpu.connection.cap = cap_well_known(SLOT_CPU);
	env.rm.connection.cap = cap_well_known(SLOT_RM);
	held[SLOT_ACCOUNT] = (struct object) { ACCOUNT, ROOT, 0 };
	env.parent.cap = cap_well_known(SLOT_PARENT);
	env.account.cap = cap_well_known(SLOT_ACCOUNT);
	for (unsigned i = 0; i < DOCUMENTS; i++) {
		CHECK(xml_index(documents[i], strlen(documents[i]), nodes[i], ARRAY_SIZE(nodes[i]), &count, &error) == STATUS_OK);
		roots[i] = node_root(documents[i], nodes[i]);
	}
	live(400, 250);
	printf("%u steps with an open session that another one pays for, %u with one that waits for such\n", paid_with_lent, settled);
	CHECK(paid_with_lent > 200 && settled > 2);
	CHECK(announcements > 100 && visitors_served > 20 && updates > 1000 && reports > 1000);
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
