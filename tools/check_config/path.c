/* SPDX-License-Identifier: MIT */
/*
 * The way of one request: at each init on it, the decision that route.c makes, up to core or down to a child; through those that only
 * pass it on, which are inits that export, and multiplexers that provide and require any service.
 */
#include "check.h"
#include <base/cost.h>
#include <base/string.h>

enum {
	EXPORT_RAM  = 2 * PAGE_SIZE,                             /* init/sandbox/export.c */
	EXPORT_CAPS = COST_DATASPACE_CAPS + COST_REGION_CAPS,
	CORE_PREFIX = sizeof("init -> ") - 1,
};

/* --- Following --- */

static void end_denied(struct path *path, enum status reason, char const *why)
{
	path->end = PATH_DENIED;
	path->reason = reason;
	path->why = why;
}

static void end_unknown(struct path *path, char const *why)
{
	path->end = PATH_UNKNOWN;
	path->why = why;
}

/* At core. */
static void end_at_core(struct path *path, char const *label)
{
	path->label = label;
	if (strlen(label) + CORE_PREFIX >= LABEL_SIZE)
		end_denied(path, STATUS_TOO_LONG, NULL);
	else if (!machine_provides(path->service) || (string_equal(path->service, "ROM") && !machine_has_module(label_last(label))))
		end_denied(path, STATUS_NOT_FOUND, NULL);
	else
		path->end = PATH_CORE;
}

/* Who decides next, about whom. */
struct asked {
	struct level              *level;
	struct config_start const *client;
};

static void add_through(struct path *path, struct quota more)
{
	path->through.ram += more.ram;
	path->through.caps += more.caps;
}

/* A child that is asked: does it provide, or who else? True: *asked says who is next. */
static bool enter(struct path *path, struct child *server, struct asked *asked)
{
	struct manifest const         *manifest = server->manifest;
	struct manifest_service const *provided;
	struct interface const        *interface;

	path->server = server;
	if (!manifest) {
		end_unknown(path, text_of("whether the binary \"%s\" of \"%s\" provides %s", server->start->binary, child_label(server), path->service));
		return false;
	}
	if (manifest->is_init) {
		if (!server->inside) {
			end_unknown(path, text_of("what \"%s\" exports", child_label(server)));
			return false;
		}
		if (!server->inside->config.outside.route) {
			end_denied(path, STATUS_NO_REPLY, text_of("its configuration has no <export>"));
			return false;
		}
		add_through(path, (struct quota) { EXPORT_RAM, EXPORT_CAPS });
		*asked = (struct asked) { server->inside, &server->inside->config.outside };
		return true;
	}
	provided = manifest_service(manifest->provides, path->service);
	if (!provided) {
		end_denied(path, STATUS_NO_REPLY, text_of("the binary \"%s\" does not provide it (%s:%u)", manifest->name, manifest->file, manifest->at.line));
		return false;
	}
	interface = interface_find(path->service, provided->name ? provided->interface : NULL);
	if (provided->is_relay) {
		add_through(path, (struct quota) { COST_SESSION_RAM + provided->extra.ram, COST_SESSION_CAPS + provided->extra.caps });
		*asked = (struct asked) { server->level, server->start };
		return true;
	}
	add_through(path, provided->extra);
	path->end = PATH_CHILD;
	if (path->hash && interface && interface->hash != path->hash)
		end_denied(path, STATUS_VERSION, NULL);
	return false;
}

void path_follow(struct path *path, struct child *client, char const *label)
{
	struct asked asked = { client->level, client->start };

	while (path->count < HOPS_MAX) {
		struct hop          *hop     = &path->hops[path->count];
		struct route_request request = { asked.client, path->service, label, path->is_binary && !path->count };

		*hop = (struct hop) { .level = asked.level, .client = asked.client, .label = label };
		path->count++;
		hop->verdict = route_resolve(&asked.level->config, &request, &hop->result, &hop->trace);
		if (hop->verdict != ROUTE_FOUND) {
			end_denied(path, hop->verdict == ROUTE_TOO_LONG ? STATUS_TOO_LONG : STATUS_DENIED, NULL);
			return;
		}
		path->label = label = hop->result.label;
		if (hop->result.server) {
			if (!enter(path, level_child(asked.level, hop->result.server), &asked))
				return;
		} else if (hop->result.target->kind == TARGET_LOCAL) {
			path->end = PATH_INIT;
			return;
		} else if (!asked.level->of) {
			end_at_core(path, label);
			return;
		} else {
			asked = (struct asked) { asked.level->of->level, asked.level->of->start };
		}
	}
	end_denied(path, STATUS_TOO_DEEP, "it goes round in circles");
}

/* --- Telling --- */

/* The label as init's log has it: what the provider is told without the client's name, once there is a provider. */
static char const *said(struct hop const *hop)
{
	char const *name = hop->client->name, *label = hop->result.label;

	if (hop->verdict != ROUTE_FOUND)
		return hop->label;
	if (!string_starts_with(label, name))
		return label;
	label += strlen(name);
	if (string_starts_with(label, LABEL_SEPARATOR))
		return label + sizeof(LABEL_SEPARATOR) - 1;
	return *label ? hop->result.label : "";
}

static uint64_t provided_hash(struct path const *path)
{
	struct manifest_service const *provided = manifest_service(path->server->manifest->provides, path->service);
	struct interface const        *interface = interface_find(path->service, provided->interface);

	return interface ? interface->hash : 0;
}

static struct denial denial_of(struct path const *path, struct hop const *hop)
{
	struct denial denial = {
		.config = &hop->level->config, .client = hop->client, .service = path->service, .label = said(hop), .trace = &hop->trace, .reason = path->reason,
	};

	if (hop->verdict != ROUTE_FOUND)
		return denial;
	denial.rule = hop->result.rule;
	denial.target = hop->result.target;
	denial.server = hop->result.server;
	denial.kind = denial.server ? DENIAL_SERVER : DENIAL_PARENT;
	if (denial.server && path->reason == STATUS_VERSION && hop == &path->hops[path->count - 1]) {
		denial.kind = DENIAL_VERSION;
		denial.client_hash = path->hash;
		denial.server_hash = provided_hash(path);
	}
	return denial;
}

static struct position place_of(struct hop const *hop)
{
	struct route_step const *step = &hop->trace.deciding;

	if (hop->verdict == ROUTE_FOUND)
		return hop->result.target->at;
	if (step->target)
		return step->target->at;
	if (step->rule)
		return step->rule->at;
	return hop->client->route ? hop->client->route->at : hop->client->at;
}

/* A service, child or module that has nearly the name that was looked for. */
static char const *meant(struct path const *path, struct hop const *hop)
{
	struct config const     *config = &hop->level->config;
	struct route_step const *step   = &hop->trace.deciding;
	char const              *best   = NULL;

	if (hop->verdict == ROUTE_FOUND)
		return string_equal(path->service, "ROM") && path->end == PATH_DENIED && path->reason == STATUS_NOT_FOUND ? machine_meant(label_last(path->label)) : NULL;
	if (hop->verdict == ROUTE_CHILD_UNKNOWN) {
		for (struct config_start const *start = config->starts; start; start = start->next) {
			if (text_is_meant(step->target->child, start->name, best))
				best = start->name;
		}
		return best;
	}
	for (struct config_rule const *rule = hop->client->route ? hop->client->route->rules : NULL; rule; rule = rule->next) {
		char const *wanted = hop->verdict == ROUTE_LABEL_DIFFERS ? hop->label : path->service;
		char const *name   = hop->verdict == ROUTE_LABEL_DIFFERS && rule->service && string_equal(rule->service, path->service) ? rule->label.whole : rule->service;

		if (name && (hop->verdict == ROUTE_NO_RULE || name == rule->label.whole) && text_is_meant(wanted, name, best))
			best = name;
	}
	return best;
}

static void tell_hop(struct problem *problem, struct path const *path, struct hop const *hop, bool is_first)
{
	static struct explanation explanation;
	struct denial const       denial = denial_of(path, hop);
	char const               *name   = is_first ? meant(path, hop) : NULL;

	explain_denial(&explanation, &denial);
	if (!is_first)
		problem_more(problem, "[%s] %s", hop->level->label, explanation.what);
	problem_more(problem, "[%s] %s", hop->level->label, explanation.where);
	problem_more(problem, "[%s] %s", hop->level->label, explanation.fix);
	if (name)
		problem_more(problem, "did you mean \"%s\"?", name);
}

/* Nobody says no, and nobody yes. */
static void tell_silence(struct path const *path, enum severity severity)
{
	struct hop const *hop = &path->hops[path->count - 1];
	struct problem   *problem;

	problem = problem_add(severity, hop->level->config.file, hop->result.target->at, "[%s] \"%s\" asks for %s, label \"%s\", and waits for ever: %s",
	                      hop->level->label, hop->client->name, path->service, hop->label, path->why);
	problem_more(problem, "it leads to child \"%s\" at %s:%u", hop->result.server->name, hop->level->config.file, hop->result.server->at.line);
	problem_more(problem, "to mend it: start another binary there, or route to another at %s:%u", hop->level->config.file, hop->result.target->at.line);
}

void path_tell(struct path const *path, enum severity severity)
{
	static struct explanation explanation;
	struct hop const         *last   = &path->hops[path->count - 1];
	struct denial const       denial = denial_of(path, last);
	struct problem           *problem;

	if (path->reason == STATUS_NO_REPLY) {
		tell_silence(path, severity);
		return;
	}
	explain_denial(&explanation, &denial);
	problem = problem_add(severity, last->level->config.file, place_of(last), "[%s] %s", last->level->label, explanation.what);
	problem->asker_file = path->hops[0].level->config.file;
	problem->asker = path->hops[0].client->at;
	for (unsigned i = path->count; i > 0; i--)
		tell_hop(problem, path, &path->hops[i - 1], i == path->count);
}
