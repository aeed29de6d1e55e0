/* SPDX-License-Identifier: MIT */
/*
 * Exported services: towards the own parent, this component is the server; towards the child that provides the service, the parent is one more
 * client. A session is a slot like any other, in the list of its server, but the slot is in a page from the session's account, which the
 * parent lends: it pays for being remembered. All steps are those of serve.c; here the parent is told what the state of the slot says:
 *
 *	READY -> READY      REFUSED -> REFUSED      LOST, FREE -> CLOSED, or REFUSED if the parent still waits for it to be READY
 *
 * With the last three the account ends, and the page with it. The parent is called from the loop only, never within a child's call.
 */
#include "own.h"
#include <base/attached.h>
#include <base/cap_alloc.h>
#include <base/cost.h>
#include <base/log.h>
#include <base/string.h>
#include <base/time.h>

/* What a session costs here: its page, the table that maps it; and requests in one turn of the loop. */
enum {
	EXPORT_RAM  = 2 * PAGE_SIZE,
	EXPORT_CAPS = COST_DATASPACE_CAPS + COST_REGION_CAPS,
	BATCH       = 16,
};

struct export {
	struct list_link    of_sandbox;
	struct dataspace    memory;       /* in which this is */
	struct cap          account;      /* of the session */
	uint32_t            parent_id;    /* the parent's number for it */
	bool                is_known;     /* the parent knows it as ready, or asks for its end: what is left to say is CLOSED */
	struct session_slot slot;
};

static_assert(sizeof(struct export) <= PAGE_SIZE, "a page");

void export_init(struct sandbox *sandbox)
{
	sandbox->outside = (struct sandbox_child) {
		.sandbox = sandbox, .start = &sandbox->config.outside, .number = CONFIG_STARTS_MAX, .state = CHILD_ALIVE, .ends_as = CHILD_ALIVE,
	};
	list_init(&sandbox->exports);
}

void export_soon(struct sandbox *sandbox)
{
	sandbox_work_soon(sandbox);
}

/* --- Announcements --- */

/* The one that the parent knows the service by; NULL: it does not. */
static struct sandbox_service const *exported(struct sandbox const *sandbox, char const *name)
{
	list_for_each (child, &sandbox->children, struct sandbox_child, of_sandbox) {
		for (unsigned s = 0; s < child->service_count; s++) {
			struct sandbox_service const *service = &child->services[s];

			if (service->exported && string_equal(service->name, name))
				return service;
		}
	}
	return NULL;
}

static bool is_exported_by_rule(struct sandbox const *sandbox, char const *name)
{
	struct config_route const *route = sandbox->config.outside.route;

	for (struct config_rule const *rule = route ? route->rules : NULL; rule; rule = rule->next) {
		if (string_equal(rule->service, name))
			return true;
	}
	return false;
}

static void announce(struct sandbox *sandbox, struct sandbox_service *service)
{
	enum status status;

	if (!service->announced || !is_exported_by_rule(sandbox, service->name) || exported(sandbox, service->name))
		return;
	service->exported = true;
	status = parent_announce(sandbox->env->parent, service->name, service->hash, EXPORT_RAM, EXPORT_CAPS);
	if (status != STATUS_OK && status != STATUS_EXISTS)
		log_error("cannot export %s (%s:%u): %s; expected <provides> <service name=\"%s\"/> </provides> where this component is started", service->name,
		          sandbox->config.file, sandbox->config.outside.at.line, status_name(status), service->name);
}

static void announce_all(struct sandbox *sandbox)
{
	list_for_each (child, &sandbox->children, struct sandbox_child, of_sandbox) {
		for (unsigned s = 0; s < child->service_count; s++)
			announce(sandbox, &child->services[s]);
	}
}

/* --- Requests --- */

static struct export *lookup(struct sandbox *sandbox, uint32_t parent_id)
{
	list_for_each (export, &sandbox->exports, struct export, of_sandbox) {
		if (export->parent_id == parent_id)
			return export;
	}
	return NULL;
}

struct session_slot *export_find(struct sandbox *sandbox, uint32_t account_number)
{
	list_for_each (export, &sandbox->exports, struct export, of_sandbox) {
		if (export->slot.state != SLOT_FREE && export->slot.account_number == account_number)
			return &export->slot;
	}
	return NULL;
}

void export_pay_work(struct sandbox *sandbox, void (*work)(struct session_slot *slot))
{
	list_for_each (export, &sandbox->exports, struct export, of_sandbox)
		work(&export->slot);
}

/* A number for the session towards its server: one that no other session has. */
static void choose_id(struct sandbox *sandbox, struct session_slot *slot)
{
	static uint32_t count;
	bool            taken;

	do {
		count++;
		slot->index = count % CONFIG_SESSIONS_MAX;
		slot->generation = count / CONFIG_SESSIONS_MAX % (SESSION_GENERATIONS - 1) + 1;
		taken = false;
		list_for_each (export, &sandbox->exports, struct export, of_sandbox)
			taken |= slot_id(&export->slot) == slot_id(slot);
	} while (taken);
}

/* Why that child cannot serve it; OK: it can. */
static enum status check_server(struct sandbox *sandbox, struct config_start const *start, char const *name)
{
	struct sandbox_service const *known  = exported(sandbox, name);
	struct sandbox_child const   *server = sandbox->by_start[start->index];

	for (unsigned i = 0; child_runs(server) && known && i < server->service_count; i++) {
		if (server->services[i].announced && string_equal(server->services[i].name, name))
			return server->services[i].hash == known->hash ? STATUS_OK : STATUS_VERSION;
	}
	return STATUS_PEER_GONE;
}

/* Who is to serve it, by the configuration and by what is there. */
static enum status find_server(struct sandbox *sandbox, struct session_request const *request, struct route_result *result)
{
	struct route_request route   = { .client = &sandbox->config.outside, .service = request->service, .label = request->label };
	struct route_trace   trace;
	struct denial        denial  = { .kind = DENIAL_ROUTE, .service = request->service, .label = request->label, .trace = &trace };
	enum route_verdict   verdict = route_resolve(&sandbox->config, &route, result, &trace);
	enum status          status;

	if (verdict != ROUTE_FOUND) {
		deny(&sandbox->outside, &denial);
		return verdict == ROUTE_TOO_LONG ? STATUS_TOO_LONG : STATUS_DENIED;
	}
	status = check_server(sandbox, result->server, request->service);
	if (status == STATUS_OK)
		return STATUS_OK;
	denial.kind = status == STATUS_VERSION ? DENIAL_VERSION : DENIAL_GONE;
	denial.rule = result->rule;
	denial.target = result->target;
	denial.server = result->server;
	deny(&sandbox->outside, &denial);
	return status;
}

/* A page in the session's account, which becomes the export's. */
static enum status make(struct account account, struct export **made)
{
	struct ram       ram = { .connection.cap = account.cap };
	struct dataspace memory;
	void            *address;
	enum status      status;

	RPC_TRY(ram_alloc(&ram, sizeof(struct export), RAM_CACHE_CACHED, 0, &memory));
	status = dataspace_attach(memory, RM_ACCESS_WRITE, account, &address);
	if (status != STATUS_OK) {
		cap_release(memory.cap);
		return status;
	}
	*made = address;
	**made = (struct export) { .memory = memory, .account = account.cap };
	return STATUS_OK;
}

static void fill_slot(struct sandbox *sandbox, struct session_slot *slot, struct session_request const *request, struct route_result const *result)
{
	enum status status;

	slot->client = &sandbox->outside;
	slot->kind = SESSION_TO_CHILD;
	slot->server = sandbox->by_start[result->server->index];
	slot->target = result->target;
	slot->service = config_find_service(result->server->provides, request->service)->name;
	slot->ram = request->ram - EXPORT_RAM;
	slot->caps = request->caps - EXPORT_CAPS;
	slot->hash = exported(sandbox, request->service)->hash;
	slot->affinity = request->affinity;
	slot->args_size = (uint8_t)request->args.size;
	memcpy(slot->args, request->args.data, MIN(request->args.size, sizeof(slot->args)));
	status = string_copy(slot->label, sizeof(slot->label), request->label);
	assert(status == STATUS_OK);
}

/* `account` is consumed on OK. NEEDS: *answer says what. */
static enum status open(struct sandbox *sandbox, struct session_request const *request, struct account account, struct session_answer *answer)
{
	struct route_result result;
	struct export      *export;
	uint32_t            number;

	RPC_TRY(find_server(sandbox, request, &result));
	if (request->ram < EXPORT_RAM || request->caps < EXPORT_CAPS) {
		/* What the server will want is its word; here is a first guess. */
		answer->ram = EXPORT_RAM + COST_SESSION_RAM;
		answer->caps = EXPORT_CAPS + COST_SESSION_CAPS;
		return STATUS_NEEDS;
	}
	RPC_TRY(account_loan(sandbox->env->account, account, 0, &number));
	RPC_TRY(make(account, &export));
	export->parent_id = request->id;
	fill_slot(sandbox, &export->slot, request, &result);
	export->slot.account_number = number;
	choose_id(sandbox, &export->slot);
	cap_acquire(account.cap);
	export->slot.use = account.cap;
	session_set_state(&export->slot, SLOT_QUEUED);
	sandbox->outside.slots_used++;
	list_append(&sandbox->exports, &export->of_sandbox);
	serve_attend(&export->slot);
	return STATUS_OK;
}

/* Does what the parent asks; *answer is what can be answered at once, or NONE. */
static void handle_request(struct sandbox *sandbox, struct session_request const *request, struct account account, struct session_answer *answer)
{
	struct export *export;

	*answer = (struct session_answer) { .kind = ANSWER_KIND_NONE, .id = request->id };
	if (request->kind == REQUEST_KIND_OPEN) {
		answer->reason = open(sandbox, request, account, answer);
		if (answer->reason == STATUS_OK)
			return;
		answer->kind = ANSWER_KIND_REFUSED;
	} else if (request->kind == REQUEST_KIND_CLOSE) {
		/* Its server may be gone, or may not have answered yet. */
		export = lookup(sandbox, request->id);
		if (export)
			export->is_known = true;
		if (export && session_is_clients(&export->slot))
			slot_close(&export->slot);
	}
	cap_release(account.cap);
}

void export_reroute(struct sandbox *sandbox)
{
	list_for_each (export, &sandbox->exports, struct export, of_sandbox) {
		struct session_slot       *slot    = &export->slot;
		struct route_request const request = { &sandbox->config.outside, slot->service, slot->label, false };
		struct route_result        result;
		bool const                 found   = route_resolve(&sandbox->config, &request, &result, NULL) == ROUTE_FOUND;

		slot->target = found ? result.target : NULL;
		if (!session_is_clients(slot) || slot->state == SLOT_LOST || slot->state == SLOT_REFUSED || !list_is_linked(&slot->of_server))
			continue;
		if (!found || sandbox->by_start[result.server->index] != slot->server)
			serve_revoke(slot);
	}
	if (export_is_wanted(sandbox))
		export_soon(sandbox);
}

/* --- Answers --- */

/* The answer that is due for a session; false: none. */
static bool is_due(struct export const *export, struct session_answer *answer)
{
	struct session_slot const *slot = &export->slot;

	*answer = (struct session_answer) { .id = export->parent_id };
	if (slot->state == SLOT_READY) {
		answer->kind = ANSWER_KIND_READY;
		return true;
	}
	/* A lost one whose server lives is over when that has agreed. */
	if ((slot->state != SLOT_REFUSED && slot->state != SLOT_LOST && slot->state != SLOT_FREE) || list_is_linked(&slot->of_server) || slot->paid)
		return false;
	answer->kind = export->is_known ? ANSWER_KIND_CLOSED : ANSWER_KIND_REFUSED;
	answer->reason = export->is_known ? STATUS_OK : slot->state == SLOT_REFUSED ? slot->reason : STATUS_PEER_GONE;
	if (answer->reason == STATUS_NEEDS) {
		answer->ram = slot->ram + EXPORT_RAM;
		answer->caps = slot->caps + EXPORT_CAPS;
	}
	return true;
}

static struct export *first_due(struct sandbox *sandbox, struct session_answer *answer)
{
	list_for_each (export, &sandbox->exports, struct export, of_sandbox) {
		if (is_due(export, answer))
			return export;
	}
	*answer = (struct session_answer) { .kind = ANSWER_KIND_NONE };
	return NULL;
}

/* Its last answer is about to be given: what it holds goes. */
static void let_go(struct export *export)
{
	if (export->slot.state != SLOT_FREE)
		slot_release(&export->slot);
	list_remove(&export->of_sandbox);
}

/*
 * That answer was given. With it the session's account has gone, and the page with it; but that of a client that has yet to close the session, which lost
 * its server, is still there.
 */
static void forget(struct sandbox *sandbox, struct export *address, struct export const *export)
{
	struct ram  ram    = { .connection.cap = export->account };
	enum status status = rm_detach(&sandbox->env->rm, (uint64_t)address);

	if (status == STATUS_OK)
		status = ram_free(&ram, export->memory);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		log_error("cannot free the memory of a session: %s", status_name(status));
	cap_release(export->memory.cap);
	cap_release(export->account);
}

/* Gives one answer, if one is due, and fetches one request. False: there is nothing more to do, or it cannot be done now. */
static bool serve_one(struct sandbox *sandbox, struct session_answer *due)
{
	struct session_request request;
	struct session_answer  answer  = *due;
	struct account         account = { CAP_NULL };
	struct export         *export  = NULL, copy;
	struct cap             session = CAP_NULL;
	enum status            status;

	if (answer.kind == ANSWER_KIND_NONE)
		export = first_due(sandbox, &answer);
	if (export && answer.kind == ANSWER_KIND_READY)
		session = export->slot.session;
	if (export && answer.kind != ANSWER_KIND_READY) {
		let_go(export);
		copy = *export;
	}
	status = parent_serve(sandbox->env->parent, &answer, session, &request, &account);
	if (status != STATUS_OK) {
		log_error("cannot serve the parent: %s", status_name(status));
		if (export && answer.kind != ANSWER_KIND_READY)
			list_append(&sandbox->exports, &export->of_sandbox);
		return false;
	}
	if (export && answer.kind != ANSWER_KIND_READY) {
		forget(sandbox, export, &copy);
	} else if (export) {
		export->is_known = true;
		session_set_state(&export->slot, SLOT_OPEN);
	}
	handle_request(sandbox, &request, account, due);
	return request.kind != REQUEST_KIND_NONE || answer.kind != ANSWER_KIND_NONE;
}

void export_serve(struct sandbox *sandbox)
{
	struct session_answer due = { .kind = ANSWER_KIND_NONE };

	announce_all(sandbox);
	for (unsigned i = 0; i < BATCH || due.kind != ANSWER_KIND_NONE; i++) {
		if (!serve_one(sandbox, &due))
			return;
	}
	export_soon(sandbox);
}
