/* SPDX-License-Identifier: MIT */
/*
 * Sessions between children. The request lies in the client's slot, in the list of its server, until that fetches it; the
 * server answers when it can. Whoever of the two dies first, the other is told, and the account of the session ends with
 * the last who may still use it: after CLOSED, or the server's death.
 */
#include "own.h"
#include <base/cap_alloc.h>
#include <base/cost.h>
#include <base/log.h>
#include <base/string.h>
#include <base/time.h>

enum { PATIENCE_PARTS = 1024 };    /* of a patience, that a session has at least one of */

/* --- The list of a server: what it is to be told or has to answer comes first, the youngest first; sessions that just go on come last --- */

static void leave(struct session_slot *slot)
{
	if (list_is_linked(&slot->of_server))
		list_remove(&slot->of_server);
}

void serve_attend(struct session_slot *slot)
{
	leave(slot);
	list_prepend(&slot->server->sessions, &slot->of_server);
	sandbox_child_tell(slot->server, NEWS_REQUEST);
}

static void settle(struct session_slot *slot)
{
	leave(slot);
	list_append(&slot->server->sessions, &slot->of_server);
}

static bool is_settled(struct session_slot const *slot)
{
	return slot->state == SLOT_READY || slot->state == SLOT_OPEN;
}

/* "Hello of client", as far as it fits: only the ledger ever shows it. */
static void name_account(struct session_slot const *slot, char name[static 64])
{
	static char const of[] = " of ";
	char const *const client = slot->client->start->name;
	size_t const      size = strlen(slot->service), client_size = strlen(client);

	static_assert(SERVICE_NAME_SIZE + sizeof(of) + CHILD_NAME_SIZE <= 2 * 64, "each half fits");
	memcpy(name, slot->service, size);
	memcpy(name + size, of, sizeof(of));
	if (size + sizeof(of) + client_size <= 64)
		memcpy(name + size + sizeof(of) - 1, client, client_size + 1);
}

enum status serve_open(struct session_slot *slot, struct account payer)
{
	struct env            *env = slot->client->sandbox->env;
	struct account_control control;
	struct account         use;
	char                   label[64];
	enum status            status;

	name_account(slot, label);
	status = account_split_from(env->account, payer, ACCOUNT_KIND_SESSION, label, slot->ram, slot->caps, &slot->account_number, &control, &use);
	if (status != STATUS_OK)
		return status == STATUS_TOO_DEEP ? STATUS_INVALID : status;
	slot->control = control.cap;
	slot->use = use.cap;
	serve_attend(slot);
	return STATUS_OK;
}

enum status serve_again(struct session_slot *slot)
{
	if (!slot->is_own || !child_runs(slot->client))
		return STATUS_PEER_GONE;
	slot_refund(slot);
	RPC_TRY(serve_open(slot, slot->client->child.account));
	session_set_state(slot, SLOT_QUEUED);
	return STATUS_OK;
}

/* --- Patience --- */

/*
 * For a client outside, half: so that the own parent hears of it before its patience with this component ends. For a session that another
 * one pays for, a quarter for each that waits for it: so all of them are over within one and a half times the patience.
 */
static uint32_t patience_of(struct session_slot const *slot)
{
	uint32_t patience_ms = slot->server->start->close_patience_ms, part = 1;

	for (; slot->payer && part < PATIENCE_PARTS; slot = slot->payer)
		part *= 4;
	if (slot->client == &slot->client->sandbox->outside)
		part *= 2;
	return patience_ms ? MAX(patience_ms / part, 1u) : 0;
}

/* The server now owes its agreement to the end. */
static void start_patience(struct session_slot *slot)
{
	struct sandbox *sandbox     = slot->client->sandbox;
	uint64_t        patience_ms = patience_of(slot);

	if (!patience_ms || slot->deadline_ns)
		return;
	slot->deadline_ns = time_now_ns() + patience_ms * TIME_NS_PER_MS;
	sandbox->owed++;
	if (!sandbox->patience.armed || sandbox->patience.of_timeouts.key > slot->deadline_ns)
		ep_timeout(&sandbox->env->ep, &sandbox->patience, slot->deadline_ns);
}

/* It has agreed, or is gone. */
static void end_patience(struct session_slot *slot)
{
	struct sandbox *sandbox = slot->client->sandbox;

	if (!slot->deadline_ns)
		return;
	slot->deadline_ns = 0;
	assert(sandbox->owed > 0);
	if (!--sandbox->owed)
		ep_timeout_cancel(&sandbox->env->ep, &sandbox->patience);
}

/* --- Answers --- */

/* The donation is back before the client hears of it. */
static void refuse(struct session_slot *slot, enum status reason)
{
	end_patience(slot);
	list_remove(&slot->of_server);
	slot->server = NULL;
	if (slot->paid) {
		pay_settle(slot, reason);
		return;
	}
	slot_refund(slot);
	pay_end(slot);
	slot->reason = (uint8_t)reason;
	session_set_state(slot, SLOT_REFUSED);
	sandbox_child_tell(slot->client, NEWS_SESSION);
}

static void accept_closed(struct session_slot *slot)
{
	struct sandbox_child *client = slot->client;

	end_patience(slot);
	list_remove(&slot->of_server);
	slot->server = NULL;
	slot_end(slot);
	sandbox_child_tell(client, NEWS_SESSION);
}

static void accept_refusal(struct session_slot *slot, struct session_answer const *answer)
{
	bool        is_needs = answer->reason == STATUS_NEEDS;
	enum status reason   = answer->reason == STATUS_OK ? STATUS_PEER_FAULT : answer->reason;

	if (slot->state == SLOT_CANCELLED) {
		accept_closed(slot);
		return;
	}
	if (!is_needs)
		deny_slot(slot, DENIAL_SERVER, reason);
	slot->ram = is_needs ? answer->ram : 0;
	slot->caps = is_needs ? answer->caps : 0;
	refuse(slot, reason);
}

static enum status accept_ready(struct session_slot *slot, struct rpc_cap const *session)
{
	if (slot->state == SLOT_CANCELLED) {
		session_set_state(slot, SLOT_CLOSING);
		return STATUS_OK;
	}
	if (rpc_cap_keep(session, &slot->session) != STATUS_OK) {
		deny_slot(slot, DENIAL_SERVER, STATUS_PEER_FAULT);
		refuse(slot, STATUS_PEER_FAULT);
		return STATUS_OK;
	}
	cap_release(slot->use);
	slot->use = CAP_NULL;
	session_set_state(slot, SLOT_READY);
	settle(slot);
	if (slot->is_revoked)
		serve_revoke(slot);
	sandbox_child_tell(slot->client, NEWS_SESSION);
	return STATUS_OK;
}

void serve_revoke(struct session_slot *slot)
{
	if (slot->state == SLOT_OFFERED) {
		slot->is_revoked = true;
	} else if (slot->state == SLOT_QUEUED) {
		slot->ram = slot->caps = 0;
		refuse(slot, STATUS_LOST);
	} else if (slot->state == SLOT_READY || slot->state == SLOT_OPEN) {
		cap_release(slot->session);
		slot->session = CAP_NULL;
		session_set_state(slot, SLOT_LOST);
		serve_attend(slot);
		sandbox_child_tell(slot->client, NEWS_SESSION);
		start_patience(slot);
	}
}

void serve_repay(struct session_slot *slot)
{
	bool is_offered = slot->state == SLOT_OFFERED;

	serve_revoke(slot);
	/* A server that does not even answer must not keep what others wait for. */
	if (is_offered)
		start_patience(slot);
}

/* The server of one session is gone, or has ended it by itself. */
static void lose(struct session_slot *slot)
{
	struct sandbox_child *client = slot->client;

	if (child_is_expected(slot->server) && !child_runs(slot->server) &&
	    (slot->state == SLOT_QUEUED || (slot->state == SLOT_OFFERED && !slot->is_revoked && !slot->paid && serve_again(slot) == STATUS_OK)))
		return;
	if (slot->state == SLOT_QUEUED || slot->state == SLOT_OFFERED) {
		deny_slot(slot, DENIAL_GONE, STATUS_PEER_GONE);
		slot->ram = slot->caps = 0;
		refuse(slot, STATUS_PEER_GONE);
		return;
	}
	end_patience(slot);
	list_remove(&slot->of_server);
	slot->server = NULL;
	if (slot->state == SLOT_READY || slot->state == SLOT_OPEN) {
		cap_release(slot->session);
		slot->session = CAP_NULL;
		session_set_state(slot, SLOT_LOST);
	} else if (slot->state != SLOT_LOST) {
		slot_end(slot);
		slot = NULL;
	}
	/* Whoever paid with it loses that now. */
	if (slot && (slot->paid || slot->is_repaid))
		pay_soon(client->sandbox);
	sandbox_child_tell(client, NEWS_SESSION);
}

/* The slot that an answer is about; NULL: the server was not asked that. */
static struct session_slot *answered(struct sandbox_child *server, uint32_t id)
{
	list_for_each (slot, &server->sessions, struct session_slot, of_server) {
		if (slot_id(slot) == id)
			return slot;
	}
	return NULL;
}

static enum status accept_answer(struct sandbox_child *server, struct session_answer const *answer, struct rpc_cap const *session)
{
	struct session_slot *slot;
	bool                 is_asked;

	if (answer->kind == ANSWER_KIND_NONE)
		return STATUS_OK;
	slot = answered(server, answer->id);
	if (!slot)
		return STATUS_INVALID;
	is_asked = slot->state == SLOT_OFFERED || slot->state == SLOT_CANCELLED;
	if (slot->state == SLOT_QUEUED)
		return STATUS_INVALID;
	if ((answer->kind == ANSWER_KIND_CLOSED) == is_asked && !(slot->state == SLOT_CANCELLED && slot->is_told))
		return STATUS_INVALID;
	if (answer->kind == ANSWER_KIND_READY)
		return accept_ready(slot, session);
	if (answer->kind == ANSWER_KIND_REFUSED)
		accept_refusal(slot, answer);
	else if (slot->state == SLOT_READY || slot->state == SLOT_OPEN || slot->state == SLOT_LOST)
		lose(slot);
	else
		accept_closed(slot);
	return STATUS_OK;
}

/* --- Requests --- */

static bool is_announced(struct sandbox_child const *server, char const *service)
{
	for (unsigned i = 0; i < server->service_count; i++) {
		if (string_equal(server->services[i].name, service))
			return server->services[i].announced;
	}
	return false;
}

/* What the server is to be told next: of each client its oldest, of the clients the one that has waited longest. */
static struct session_slot *next(struct sandbox_child *server)
{
	struct session_slot *best = NULL;

	list_for_each (slot, &server->sessions, struct session_slot, of_server) {
		if (is_settled(slot))
			break;
		if (slot->state != SLOT_CLOSING && !((slot->state == SLOT_CANCELLED || slot->state == SLOT_LOST) && !slot->is_told) &&
		    !(slot->state == SLOT_QUEUED && is_announced(server, slot->service)))
			continue;
		if (!best || slot->client->served <= best->client->served)
			best = slot;
	}
	return best;
}

enum status serve_next(struct sandbox_child *server, struct session_answer const *answer, struct rpc_cap const *session,
                       struct session_request *request, struct cap *account)
{
	struct session_slot *slot;
	enum status          status;

	RPC_TRY(accept_answer(server, answer, session));
	slot = next(server);
	if (!slot)
		return STATUS_OK;
	slot->client->served = ++server->sandbox->requests;
	request->id = slot_id(slot);
	if (slot->state == SLOT_CLOSING || slot->state == SLOT_CANCELLED || slot->state == SLOT_LOST) {
		request->kind = REQUEST_KIND_CLOSE;
		slot->is_told = true;
		if (slot->state == SLOT_CLOSING)
			session_set_state(slot, SLOT_CLOSE_OFFERED);
		return STATUS_OK;
	}
	request->kind = REQUEST_KIND_OPEN;
	request->ram = slot->ram;
	request->caps = slot->caps;
	request->affinity = slot->affinity;
	request->args.size = slot->args_size;
	memcpy(request->args.data, slot->args, slot->args_size);
	status = string_copy(request->service, sizeof(request->service), slot->service);
	assert(status == STATUS_OK);
	slot_label(slot, request->label);
	*account = slot->use;
	session_set_state(slot, SLOT_OFFERED);
	return STATUS_OK;
}

void serve_announced(struct sandbox_child *server, struct sandbox_service const *service)
{
	list_for_each_safe (slot, &server->sessions, struct session_slot, of_server) {
		if (slot->state != SLOT_QUEUED || !string_equal(slot->service, service->name) || slot->hash == service->hash)
			continue;
		deny_slot(slot, DENIAL_VERSION, STATUS_VERSION);
		refuse(slot, STATUS_VERSION);
	}
}

/* --- The end --- */

void serve_close(struct session_slot *slot)
{
	if (slot->state == SLOT_QUEUED) {
		list_remove(&slot->of_server);
		slot_release(slot);
		return;
	}
	if (slot->state == SLOT_LOST) {
		/* Its server was told already, or is about to be. */
		session_set_state(slot, slot->is_told ? SLOT_CLOSE_OFFERED : SLOT_CLOSING);
		return;
	}
	if (slot->state == SLOT_OFFERED) {
		session_set_state(slot, SLOT_CANCELLED);
	} else {
		cap_release(slot->session);
		slot->session = CAP_NULL;
		session_set_state(slot, SLOT_CLOSING);
	}
	serve_attend(slot);
	start_patience(slot);
}

void serve_end(struct sandbox_child *server)
{
	list_for_each_safe (slot, &server->sessions, struct session_slot, of_server)
		lose(slot);
}

/* The session whose close the server owes first; NULL: none. */
static struct session_slot *first_owed(struct sandbox_child const *server)
{
	struct session_slot *first = NULL;

	list_for_each (slot, &server->sessions, struct session_slot, of_server) {
		if (slot->deadline_ns && (!first || slot->deadline_ns < first->deadline_ns))
			first = slot;
	}
	return first;
}

/* Sets the alarm for the next end of the patience with a server. */
static void set_alarm(struct sandbox *sandbox)
{
	uint64_t earliest = 0;

	list_for_each (server, &sandbox->children, struct sandbox_child, of_sandbox) {
		struct session_slot const *slot = child_runs(server) ? first_owed(server) : NULL;

		if (slot && (!earliest || slot->deadline_ns < earliest))
			earliest = slot->deadline_ns;
	}
	if (earliest)
		ep_timeout(&sandbox->env->ep, &sandbox->patience, earliest);
}

void serve_patience_over(struct sandbox *sandbox)
{
	uint64_t now = time_now_ns();

	list_for_each (server, &sandbox->children, struct sandbox_child, of_sandbox) {
		struct session_slot const *slot = child_runs(server) ? first_owed(server) : NULL;

		if (!slot || slot->deadline_ns > now)
			continue;
		log_error("child \"%s\" did not end the session %s of \"%s\" within %u ms: it is ended", server->start->name, slot->service,
		          slot->client->start->name, patience_of(slot));
		sandbox_child_end(server, CHILD_HUNG);
	}
	set_alarm(sandbox);
}
