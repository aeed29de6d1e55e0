/* SPDX-License-Identifier: MIT */
/*
 * Telling why: to the log of the component whose configuration it was, and to nobody else. A child that asks again and again
 * cannot flood it: each denial is told once for child, service, kind and line of the configuration; after that only its
 * number, when that is a power of ten.
 */
#include "own.h"
#include <base/cost.h>
#include <base/log.h>
#include <base/string.h>

struct explanation deny_explanation;

/* For the log, in one piece, if it fits, so that nobody else's lines come between; and for the state report. */
void deny_write(struct sandbox *sandbox)
{
	struct explanation const *const explanation = &deny_explanation;

	if (sandbox->explanations)
		sandbox->explanations[sandbox->explained++ % SANDBOX_EXPLANATIONS] = *explanation;
	report_soon(sandbox);
	if (strlen(explanation->what) + strlen(explanation->where) + strlen(explanation->fix) + 3 < LOG_LINE_MAX) {
		log_info("%s\n%s\n%s", explanation->what, explanation->where, explanation->fix);
		return;
	}
	log_info("%s", explanation->what);
	log_info("%s", explanation->where);
	log_info("%s", explanation->fix);
}

static bool is_power_of_ten(uint32_t number)
{
	while (number && number % 10 == 0)
		number /= 10;
	return number == 1;
}

/* Counts; true: this one is to be told in full. `line` and `kind` tell denials of a service apart. */
static bool is_first(struct sandbox_child *client, char const *service, uint32_t line, unsigned kind)
{
	uint32_t *count = &client->denials_more;

	for (unsigned i = 0; i < SANDBOX_DENIALS; i++) {
		struct sandbox_denial *known = &client->denials[i];

		if (!known->count) {
			enum status status = string_copy(known->service, sizeof(known->service), service);

			assert(status == STATUS_OK);
			known->line = line;
			known->kind = (uint16_t)kind;
			known->count = 1;
			return true;
		}
		if (known->line == line && known->kind == kind && string_equal(known->service, service)) {
			count = &known->count;
			break;
		}
	}
	++*count;
	if (is_power_of_ten(*count))
		log_info("denied: \"%s\" has asked for %s %u times by now", client->start->name,
		          count == &client->denials_more ? "what it cannot get, of many kinds," : service, *count);
	return false;
}

void deny(struct sandbox_child *client, struct denial *denial)
{
	denial->config = &client->sandbox->config;
	denial->client = client->start;
	if (!is_first(client, denial->service, explain_line(denial), denial->kind))
		return;
	explain_denial(&deny_explanation, denial);
	deny_write(client->sandbox);
}

static uint64_t announced_hash(struct session_slot const *slot)
{
	for (unsigned i = 0; slot->server && i < slot->server->service_count; i++) {
		if (string_equal(slot->server->services[i].name, slot->service))
			return slot->server->services[i].hash;
	}
	return 0;
}

static struct denial denial_of(struct session_slot const *slot, enum denial_kind kind)
{
	return (struct denial) {
		.kind = kind, .service = slot->service, .label = slot->label, .rule = slot->target ? slot->target->rule : NULL, .target = slot->target,
		.server = slot->server ? slot->server->start : NULL,
		.client_hash = slot->hash, .server_hash = announced_hash(slot),
	};
}

void deny_slot(struct session_slot const *slot, enum denial_kind kind, enum status reason)
{
	struct denial denial = denial_of(slot, kind);

	/* Its way has gone with a configuration: there is nothing to point to. */
	if (!slot->target)
		return;
	denial.reason = reason;
	deny(slot->client, &denial);
}

void deny_quota(struct session_slot const *slot, enum status status)
{
	bool                 is_ram = status == STATUS_OUT_OF_RAM;
	struct denial        denial = denial_of(slot, is_ram ? DENIAL_RAM : DENIAL_CAPS);
	struct account_state state;

	/* Reading it also says that this refusal has been told. */
	if (account_control_info(slot->client->child.control, &state) != STATUS_OK)
		return;
	denial.need = is_ram ? slot->ram : rpc_plus(slot->caps, COST_ACCOUNT_CAPS);
	denial.have = is_ram ? state.ram_limit - state.ram_used : state.caps_limit - state.caps_used;
	if (denial.have < denial.need)
		deny(slot->client, &denial);
	else if (slot->kind == SESSION_TO_PARENT)
		deny_slot(slot, DENIAL_PARENT, status);
	else if (is_first(slot->client, slot->service, slot->client->start->at.line, is_ram ? UINT16_MAX - 3 : UINT16_MAX - 4))
		log_error("cannot open %s for \"%s\": %s of the account that was to pay, or of this component itself", slot->service,
		          slot->client->start->name, status_name(status));
}

/* Which of the two it was is told by the kinds beyond those of denials. */
static void tell_exhausted(struct sandbox_child *child, struct account_state const *state, bool is_ram, uint64_t asked)
{
	if (!is_first(child, is_ram ? "RAM" : "caps", child->start->at.line, UINT16_MAX))
		return;
	explain_quota(&deny_explanation, &child->sandbox->config, child->start, is_ram, asked, is_ram ? state->ram_limit : state->caps_limit,
	              is_ram ? state->ram_used : state->caps_used);
	deny_write(child->sandbox);
}

void deny_exhausted(struct sandbox_child *child)
{
	struct account_state state;

	if (account_control_info(child->child.control, &state) != STATUS_OK || state.refused == ACCOUNT_RESOURCE_NONE)
		return;
	tell_exhausted(child, &state, state.refused == ACCOUNT_RESOURCE_RAM, state.refused_amount);
}

void deny_request(struct sandbox_child *child, struct refused_request const *refused)
{
	if (!is_first(child, refused->is_ram ? "more RAM" : "more caps", child->start->at.line, UINT16_MAX - 2))
		return;
	explain_request(&deny_explanation, &child->sandbox->config, child->start, refused);
	deny_write(child->sandbox);
}

/* Whatever the services are called, they count as one kind of request. */
void deny_announce(struct sandbox_child *child, char const *service)
{
	char text[SERVICE_NAME_SIZE];

	if (!is_first(child, "announcements", child->start->at.line, UINT16_MAX - 1))
		return;
	service = explain_word(service, text, sizeof(text));
	log_error("child \"%s\" announces %s, which %s:%u does not name: add <provides> <service name=\"%s\"/> </provides> there",
	          child->start->name, service, child->sandbox->config.file, child->start->at.line, service);
}
