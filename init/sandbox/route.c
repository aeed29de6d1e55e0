/* SPDX-License-Identifier: MIT */
/* Routing: a search over the rules of one child. It never changes the configuration and keeps nothing. */
#include "route.h"
#include <base/string.h>

/* One search under way. */
struct search {
	struct config const        *config;
	struct route_request const *request;
	struct route_result        *result;
	struct route_trace         *trace;      /* may be NULL */
	struct route_step           deciding;
};

bool route_is_parent_only(char const *service)
{
	static char const *const names[] = { "PD", "CPU", "RM", "RAM", "CAP" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (string_equal(names[i], service))
			return true;
	}
	return false;
}

struct config_start const *route_only_provider(struct config const *config, struct config_start const *client, char const *service,
                                               unsigned *count)
{
	struct config_start const *found = NULL;

	*count = 0;
	for (struct config_start const *start = config->starts; start; start = start->next) {
		if (start == client || !config_find_service(start->provides, service))
			continue;
		found = start;
		++*count;
	}
	return *count == 1 ? found : NULL;
}

/*
 * Which of two steps explains a denial better: one that got as far as a target, before one that failed for its label,
 * before none at all; of equals, the first.
 */
static unsigned weight(enum route_verdict verdict)
{
	return verdict == ROUTE_NO_RULE ? 0 : verdict == ROUTE_LABEL_DIFFERS ? 1 : verdict == ROUTE_PARENT_LACKS ? 2 : 3;
}

static void note(struct search *search, struct config_rule const *rule, struct config_target const *target, enum route_verdict verdict)
{
	struct route_step step = { .rule = rule, .target = target, .verdict = verdict };

	if (weight(verdict) > weight(search->deciding.verdict))
		search->deciding = step;
	if (!search->trace)
		return;
	if (search->trace->count < ROUTE_TRACE_STEPS)
		search->trace->step[search->trace->count] = step;
	search->trace->count++;
}

/* Does the target provide the service, and who is it then? */
static enum route_verdict find_server(struct search const *search, struct config_target const *target, struct config_start const **server)
{
	struct config const       *config  = search->config;
	struct config_start const *client  = search->request->client;
	char const                *service = search->request->service;
	unsigned                   count;

	*server = NULL;
	if (target->kind == TARGET_PARENT)
		return config_find_service(config->parent_provides, service) ? ROUTE_FOUND : ROUTE_PARENT_LACKS;
	if (route_is_parent_only(service))
		return ROUTE_PARENT_ONLY;
	if (target->kind == TARGET_LOCAL)
		return string_equal(service, "ROM") && string_equal(label_last(search->request->label), ROUTE_LOCAL_ROM) ? ROUTE_FOUND : ROUTE_LOCAL_LACKS;
	if (target->kind == TARGET_ANY_CHILD) {
		*server = route_only_provider(config, client, service, &count);
		return *server ? ROUTE_FOUND : count ? ROUTE_AMBIGUOUS : ROUTE_NOBODY;
	}
	*server = config_find_start(config, target->child);
	if (!*server)
		return ROUTE_CHILD_UNKNOWN;
	if (*server == client)
		return ROUTE_SELF;
	return config_find_service((*server)->provides, service) ? ROUTE_FOUND : ROUTE_CHILD_LACKS;
}

/* What is put before the label: nothing, if the client is the parent. */
static char const *name_of(struct config const *config, struct route_request const *request)
{
	return request->client == &config->outside ? "" : request->client->name;
}

/* The client's name before its word, then what the target makes of it. */
enum status route_label(struct config const *config, struct route_request const *request, struct config_target const *target,
                        char to[static LABEL_SIZE])
{
	struct label_rewrite const *rewrite = &target->rewrite;
	char const                 *name    = name_of(config, request);
	char                        label[LABEL_SIZE];

	if (label_is_kept(rewrite))
		return label_prefix(to, name, request->label);
	if (rewrite->whole)    /* however long the label was */
		return label_rewrite(to, rewrite, "");
	if (label_prefix(label, name, request->label) == STATUS_OK)
		return label_rewrite(to, rewrite, label);
	to[0] = '\0';
	return STATUS_TOO_LONG;
}

static bool matches(struct search const *search, struct label_pattern const *pattern)
{
	struct route_request const *request = search->request;

	return label_matches(pattern, request->label) &&
	       (!pattern->unscoped || label_is_unscoped(pattern->unscoped, request->is_binary ? "" : name_of(search->config, request), request->label));
}

static bool try_rule(struct search *search, struct config_rule const *rule)
{
	for (struct config_target const *target = rule->targets; target; target = target->next) {
		struct config_start const *server;
		enum route_verdict         verdict = find_server(search, target, &server);

		if (verdict == ROUTE_FOUND && route_label(search->config, search->request, target, search->result->label) != STATUS_OK)
			verdict = ROUTE_TOO_LONG;
		if (verdict == ROUTE_FOUND) {
			search->result->rule = rule;
			search->result->target = target;
			search->result->server = server;
			return true;
		}
		note(search, rule, target, verdict);
	}
	return false;
}

enum route_verdict route_resolve(struct config const *config, struct route_request const *request, struct route_result *result,
                                 struct route_trace *trace)
{
	struct search              search = { config, request, result, trace, { .verdict = ROUTE_NO_RULE } };
	struct config_route const *route  = request->client->route;

	if (trace)
		*trace = (struct route_trace) { .count = 0 };
	for (struct config_rule const *rule = route ? route->rules : NULL; rule; rule = rule->next) {
		if (rule->service && !string_equal(rule->service, request->service))
			continue;
		if (!matches(&search, &rule->label))
			note(&search, rule, NULL, ROUTE_LABEL_DIFFERS);
		else if (try_rule(&search, rule))
			return ROUTE_FOUND;
	}
	if (trace)
		trace->deciding = search.deciding;
	return search.deciding.verdict;
}
