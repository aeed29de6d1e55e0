/* SPDX-License-Identifier: MIT */
/*
 * Requests for sessions: from the child's call to a slot that is with its provider. Everything is decided before
 * anything is done: the label, the slot, the route, the version; then one step hands the slot on.
 */
#include "own.h"
#include <base/cap_alloc.h>
#include <base/log.h>
#include <base/string.h>

/* A denied child learns the status, its parent's log tells why. */
static enum status refused(struct session_status *answer, enum status reason)
{
	*answer = (struct session_status) { .state = SESSION_STATE_REFUSED, .reason = reason };
	return STATUS_OK;
}

static bool is_rom(struct session_open_args const *args, char const *label)
{
	return string_equal(args->service, "ROM") && string_equal(args->label, label);
}

/* The child asks for "binary" or "config"; what that is, its start says. */
static struct route_request request_of(struct sandbox_child const *client, struct session_open_args const *args)
{
	struct config_start const *start = client->start;

	if (is_rom(args, "binary"))
		return (struct route_request) { start, args->service, start->binary, true };
	if (start->configfile && is_rom(args, "config"))
		return (struct route_request) { start, args->service, start->configfile, false };
	return (struct route_request) { start, args->service, args->label, false };
}

static bool is_local(struct sandbox_child const *client, struct session_open_args const *args)
{
	return client->start->config_text && is_rom(args, "config");
}

static enum status deny_route(struct sandbox_child *client, struct route_request const *request, struct route_result *result,
                              struct session_status *answer)
{
	struct route_trace trace;
	enum route_verdict verdict = route_resolve(&client->sandbox->config, request, result, &trace);
	struct denial      denial  = { .kind = DENIAL_ROUTE, .service = request->service, .label = request->label, .trace = &trace };

	deny(client, &denial);
	return refused(answer, verdict == ROUTE_TOO_LONG ? STATUS_TOO_LONG : STATUS_DENIED);
}

/* A name that stays: the one in the configuration. */
static char const *name_of_service(struct sandbox_child const *client, struct route_result const *result, char const *service)
{
	struct config_service const *list  = result->server ? result->server->provides : client->sandbox->config.parent_provides;
	struct config_service const *found = config_find_service(list, service);

	assert(found);
	return found->name;
}

/* The only arguments that are ever changed on the way: no thread below a child comes before what the child itself may have. */
static void bound_priority(struct session_slot *slot)
{
	struct cpu_args args;
	uint32_t        lower;

	if (!string_equal(slot->service, "CPU") || slot->args_size != sizeof(args))
		return;
	memcpy(&args, slot->args, sizeof(args));
	/* Relative: what a child's child stays below the child stays so below what the child itself may have. */
	lower = CONFIG_PRIORITY - slot->client->start->priority;
	args.priority = MIN(args.priority, (uint32_t)CONFIG_PRIORITY);
	args.priority = args.priority > lower ? args.priority - lower : 1;
	memcpy(slot->args, &args, sizeof(args));
}

static struct session_slot *fill_slot(struct sandbox_child *client, struct session_open_args const *args, struct route_request const *request,
                                      struct route_result const *result)
{
	struct session_slot *slot = slot_acquire(client);
	enum status          status;

	if (!slot)
		return NULL;
	slot->kind = result->server ? SESSION_TO_CHILD : SESSION_TO_PARENT;
	slot->server = result->server ? client->sandbox->by_start[result->server->index] : NULL;
	slot->target = result->target;
	slot->service = name_of_service(client, result, args->service);
	slot->ram = args->ram;
	slot->caps = args->caps;
	slot->hash = args->hash;
	slot->affinity = args->affinity & sandbox_child_cpus(client);
	slot->args_size = (uint8_t)args->args.size;
	memcpy(slot->args, args->args.data, args->args.size);
	slot->is_binary = request->is_binary;
	status = string_copy(slot->label, sizeof(slot->label), request->label);
	assert(status == STATUS_OK && args->args.size <= sizeof(slot->args));
	bound_priority(slot);
	if (forward_shares_cpu(slot))
		slot->caps = rpc_plus(slot->caps, CPU_SHARED_CAPS);
	return slot;
}

/* Gives back a slot whose request came to nothing. */
static enum status undo(struct session_slot *slot, enum status status)
{
	if (status == STATUS_OUT_OF_RAM || status == STATUS_OUT_OF_CAPS)
		deny_quota(slot, status);
	slot_release(slot);
	return status;
}

static enum status open_at_parent(struct session_slot *slot, char const *label, struct account payer, struct session_status *answer)
{
	enum status status = forward_open(slot, label, payer, answer);

	if (status == STATUS_BUSY || status == STATUS_INVALID || status == STATUS_OUT_OF_RAM || status == STATUS_OUT_OF_CAPS || status == STATUS_BAD_CAP)
		return undo(slot, status);
	if (status == STATUS_OK && slot->state != SLOT_REFUSED)
		return STATUS_OK;
	if (status != STATUS_OK)
		*answer = (struct session_status) { .state = SESSION_STATE_REFUSED, .reason = status };
	if (answer->reason != STATUS_NEEDS)
		deny_slot(slot, DENIAL_PARENT, answer->reason);
	slot_release(slot);
	return STATUS_OK;
}

/* Why the server cannot be asked; OK: it can. */
static enum status check_server(struct session_slot const *slot)
{
	struct sandbox_child const *server = slot->server;

	if (!child_is_expected(server)) {
		deny_slot(slot, DENIAL_GONE, STATUS_PEER_GONE);
		return STATUS_PEER_GONE;
	}
	for (unsigned i = 0; i < server->service_count; i++) {
		struct sandbox_service const *service = &server->services[i];

		if (!service->announced || service->hash == slot->hash || !string_equal(service->name, slot->service))
			continue;
		deny_slot(slot, DENIAL_VERSION, STATUS_VERSION);
		return STATUS_VERSION;
	}
	return STATUS_OK;
}

static enum status open_at_child(struct session_slot *slot, struct account payer, struct session_status *answer)
{
	enum status status = check_server(slot);

	if (status != STATUS_OK) {
		slot_release(slot);
		return refused(answer, status);
	}
	status = serve_open(slot, payer);
	return status == STATUS_OK ? STATUS_OK : undo(slot, status);
}

static enum status no_slot(struct sandbox_child *client, struct session_open_args const *args)
{
	struct denial denial = { .kind = DENIAL_SLOTS, .service = args->service, .label = args->label };

	deny(client, &denial);
	return STATUS_BUSY;
}

/* What the client gets to see of a slot that is with its provider. */
static enum status answer_from(struct session_slot *slot, uint32_t *id, struct session_status *answer, struct cap *session)
{
	*id = slot_id(slot);
	slot_status(slot, answer, session);
	if (slot->state == SLOT_READY)
		session_set_state(slot, SLOT_OPEN);
	return STATUS_OK;
}

/* A slot for a ROM that is served here; NULL: all are in use. */
static struct session_slot *local_slot(struct sandbox_child *client, char const *label)
{
	struct session_slot *slot = slot_acquire(client);
	enum status          status;

	if (!slot)
		return NULL;
	slot->kind = SESSION_LOCAL;
	slot->service = "ROM";
	status = string_copy(slot->label, sizeof(slot->label), label);
	assert(status == STATUS_OK);
	return slot;
}

static enum status answer_local(struct session_slot *slot, uint32_t *id, struct session_status *answer, struct cap *session)
{
	session_set_state(slot, SLOT_OFFERED);
	session_set_state(slot, SLOT_READY);
	return answer_from(slot, id, answer, session);
}

static enum status open_config(struct sandbox_child *client, struct session_open_args const *args, uint32_t *id, struct session_status *answer,
                               struct cap *session)
{
	struct session_slot *slot = local_slot(client, args->label);
	enum status          status;

	if (!slot)
		return no_slot(client, args);
	status = config_rom_open(slot);
	return status == STATUS_OK ? answer_local(slot, id, answer, session) : undo(slot, status);
}

/* The ROM that <local/> provides, where the route has led to. */
static enum status open_state(struct sandbox_child *client, struct session_open_args const *args, struct route_result const *result, uint32_t *id,
                              struct session_status *answer, struct cap *session)
{
	struct session_slot *slot = local_slot(client, args->label);
	enum status          status;

	if (!slot)
		return no_slot(client, args);
	slot->target = result->target;
	status = state_rom_open(slot);
	return status == STATUS_OK ? answer_local(slot, id, answer, session) : undo(slot, status);
}

/* Who pays: an account, which may be part of that of a session here. */
struct payment {
	struct account       account;
	struct session_slot *session;    /* NULL: it is not */
};

static enum status open_paid(struct sandbox_child *client, struct session_open_args const *args, struct payment const *payment, uint32_t *id,
                             struct session_status *answer, struct cap *session)
{
	struct account const payer = payment->account;
	struct route_request request = request_of(client, args);
	struct route_result  result;
	struct session_slot *slot;

	if (route_resolve(&client->sandbox->config, &request, &result, NULL) != ROUTE_FOUND)
		return deny_route(client, &request, &result, answer);
	if (result.target->kind == TARGET_LOCAL)
		return open_state(client, args, &result, id, answer, session);
	slot = fill_slot(client, args, &request, &result);
	if (!slot)
		return no_slot(client, args);
	slot->is_own = payer.cap.selector == client->child.account.cap.selector;
	pay_begin(slot, payment->session);
	RPC_TRY(slot->kind == SESSION_TO_CHILD ? open_at_child(slot, payer, answer) : open_at_parent(slot, result.label, payer, answer));
	return answer->state == SESSION_STATE_REFUSED ? STATUS_OK : answer_from(slot, id, answer, session);
}

enum status request_open(struct sandbox_child *client, struct session_open_args const *args, struct rpc_cap const *pay, uint32_t *id,
                         struct session_status *answer, struct cap *session)
{
	struct payment payment = { .account = client->child.account };
	enum status    status;

	*id = 0;
	*session = CAP_NULL;
	*answer = (struct session_status) { .state = SESSION_STATE_NONE };
	if (!child_runs(client) || client->ends_as != CHILD_ALIVE || pay->kind == GOT_OWN)
		return STATUS_INVALID;
	if (is_local(client, args))
		return open_config(client, args, id, answer, session);
	if (pay->kind == GOT_NULL)
		return open_paid(client, args, &payment, id, answer, session);
	RPC_TRY(rpc_cap_keep(pay, &payment.account.cap));
	status = pay_find(client->sandbox, payment.account, &payment.session);
	if (status == STATUS_OK)
		status = open_paid(client, args, &payment, id, answer, session);
	cap_release(payment.account.cap);
	return status;
}
