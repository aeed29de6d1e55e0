/* SPDX-License-Identifier: MIT */
/* The way of one session, hop by hop, whether or not a manifest declares it. */
#include "check.h"
#include <base/string.h>

/* By its whole label, a part of that behind the first names, or its name alone if no other child has it. */
static struct child *find(char const *name)
{
	struct child *found = NULL;

	for (struct level *level = levels; level; level = level->next) {
		for (unsigned i = 0; i < level->config.start_count; i++) {
			char const *label = child_label(&level->children[i]);

			if (string_equal(label, name))
				return &level->children[i];
			if (string_ends_with(label, text_of("%s%s", LABEL_SEPARATOR, name)) && !found)
				found = &level->children[i];
		}
	}
	return found;
}

static char const *target_name(struct hop const *hop)
{
	static char const *const names[] = { [TARGET_PARENT] = "<parent/>", [TARGET_ANY_CHILD] = "<any-child/>", [TARGET_LOCAL] = "<local/>" };
	struct config_target const *target = hop->result.target;

	return target->kind == TARGET_CHILD ? text_of("<child name=\"%s\"/>", target->child) : names[target->kind];
}

static void print_hop(FILE *to, struct path const *path, unsigned index)
{
	struct hop const          *hop = &path->hops[index];
	struct config const       *config = &hop->level->config;
	struct config_route const *route = hop->client->route;
	struct position            rule;

	fprintf(to, "%u. [%s] ", index + 1, hop->level->label);
	if (hop->verdict != ROUTE_FOUND)
		return;
	rule = hop->result.rule->at;
	fprintf(to, "\"%s\" asks, label \"%s\": rule at %s:%u in the <%s>, %s at %s:%u -> %s, label \"%s\"\n", hop->client->name, hop->label, config->file, rule.line,
	        hop->client == &config->outside ? "export" : route->is_default ? "default-route" : "route", target_name(hop), config->file,
	        hop->result.target->at.line, hop->result.server ? text_of("child \"%s\"", hop->result.server->name) : hop->level->of ? "the parent" : "core",
	        hop->result.label);
}

static void print_end(FILE *to, struct path const *path)
{
	struct manifest const *manifest = path->server ? path->server->manifest : NULL;

	switch (path->end) {
	case PATH_CORE:
		fprintf(to, "provided by core, label \"%s -> %s\"\n", machine.init, path->label);
		return;
	case PATH_CHILD:
		fprintf(to, "provided by \"%s\" (%s:%u), which runs \"%s\" (%s:%u), label \"%s\"\n", child_label(path->server), path->server->level->config.file,
		        path->server->start->at.line, manifest->name, manifest->file, manifest->at.line, path->label);
		return;
	case PATH_INIT:
		fprintf(to, "provided by %s itself, label \"%s\"\n", path->hops[path->count - 1].level->label, path->label);
		return;
	case PATH_UNKNOWN:
		fprintf(to, "not known before it runs: %s\n", path->why);
		return;
	case PATH_DENIED:
		fprintf(to, "denied: %s%s%s\n", status_name(path->reason), path->why ? ": " : "", path->why ? path->why : "");
	}
}

/* The sentences of the log, of the init that decides. */
static void print_denial(FILE *to, struct path const *path)
{
	static struct explanation explanation;
	struct hop const         *hop = &path->hops[path->count - 1];
	struct denial const       denial = {
		.config = &hop->level->config, .client = hop->client, .service = path->service, .label = hop->label, .trace = &hop->trace,
	};

	if (hop->verdict == ROUTE_FOUND)
		return;
	explain_denial(&explanation, &denial);
	fprintf(to, "%s\n   %s\n   %s\n", explanation.what, explanation.where, explanation.fix);
}

bool why_print(FILE *to, char const *client, char const *service, char const *label)
{
	struct child           *child     = find(client);
	struct interface const *interface = interface_find(service, NULL);
	struct path             path      = { .service = service, .hash = interface ? interface->hash : 0 };

	if (!child)
		return false;
	path_follow(&path, child, string_equal(service, "ROM") && string_equal(label, "binary") ? child->start->binary : label);
	fprintf(to, "\"%s\" (%s:%u) asks for %s, label \"%s\"\n", child_label(child), child->level->config.file, child->start->at.line, service, label);
	for (unsigned i = 0; i < path.count; i++)
		print_hop(to, &path, i);
	if (path.end == PATH_DENIED)
		print_denial(to, &path);
	print_end(to, &path);
	return true;
}
