/* SPDX-License-Identifier: MIT */
/* Rules, targets and lists that do nothing: behind others that take all, for what nobody asks, or for names that nobody has. */
#include "check.h"
#include <base/string.h>

/* --- Does one rule take all that another is for? --- */

static bool is_same(char const *a, char const *b)
{
	return a && b && string_equal(a, b);
}

/* Is each label that matches `inner` one that matches `outer`? Sure if true. */
static bool pattern_covers(struct label_pattern const *outer, struct label_pattern const *inner)
{
	if (inner->whole && !outer->unscoped)
		return label_matches(outer, inner->whole);
	if (outer->whole || outer->unscoped || (outer->last && !is_same(outer->last, inner->last)))
		return false;
	return (!outer->prefix || (inner->prefix && string_starts_with(inner->prefix, outer->prefix))) &&
	       (!outer->suffix || (inner->suffix && string_ends_with(inner->suffix, outer->suffix)));
}

/* Can no label match? */
static bool pattern_is_void(struct label_pattern const *pattern)
{
	return pattern->whole && !label_matches(pattern, pattern->whole);
}

/* Does a target of the rule take each request for the service, whoever asks? */
static bool rule_takes(struct level *level, struct config_rule const *rule, struct config_target const *end, char const *service)
{
	for (struct config_target const *target = rule->targets; target != end; target = target->next) {
		struct config_start const *server = target->kind == TARGET_CHILD ? config_find_start(&level->config, target->child) : NULL;

		if (target->kind == TARGET_PARENT && config_find_service(level->config.parent_provides, service))
			return true;
		if (server && !route_is_parent_only(service) && config_find_service(server->provides, service))
			return true;
	}
	return false;
}

/* Has `rule` no target that `before` lacks? */
static bool has_all_targets(struct config_rule const *before, struct config_rule const *rule)
{
	for (struct config_target const *target = rule->targets; target; target = target->next) {
		struct config_target const *same = before->targets;

		while (same && !(same->kind == target->kind && (same->kind != TARGET_CHILD || string_equal(same->child, target->child))))
			same = same->next;
		if (!same)
			return false;
	}
	return true;
}

/* --- Rules --- */

static char const *rule_text(struct config_rule const *rule)
{
	return rule->service ? text_of("<service name=\"%s\">", rule->service) : "<any-service>";
}

/* Of the rules before it, one that leaves it nothing; NULL: there is none. */
static struct config_rule const *shadow_of(struct level *level, struct config_route const *route, struct config_rule const *rule)
{
	for (struct config_rule const *before = route->rules; before != rule; before = before->next) {
		if (before->service && !is_same(before->service, rule->service))
			continue;
		if (!pattern_covers(&before->label, &rule->label))
			continue;
		if (has_all_targets(before, rule) || (rule->service && rule_takes(level, before, NULL, rule->service)))
			return before;
	}
	return NULL;
}

static void tell_shadow(struct level *level, struct config_rule const *rule, struct config_rule const *before)
{
	struct problem *problem;
	char const     *file = level->config.file;

	if (rule->service)
		problem = problem_add(SEVERITY_WARNING, file, rule->at, "[%s] dead rule: %s gets nothing, the %s at %s:%u takes it first", level->label,
		                      rule_text(rule), rule_text(before), file, before->at.line);
	else
		problem = problem_add(SEVERITY_WARNING, file, rule->at, "[%s] shadowed wildcard: this <any-service> leads nowhere that the %s at %s:%u does not",
		                      level->label, rule_text(before), file, before->at.line);
	problem_more(problem, "to mend it: move it before the line %u, or delete it", before->at.line);
}

static void check_targets(struct level *level, struct config_rule const *rule)
{
	for (struct config_target const *target = rule->targets; target; target = target->next) {
		if (!rule->service || target == rule->targets || !rule_takes(level, rule, target, rule->service))
			continue;
		problem_more(problem_add(SEVERITY_WARNING, level->config.file, target->at, "[%s] dead target: one before it, at line %u, takes every request for %s",
		                         level->label, rule->targets->at.line, rule->service),
		             "to mend it: delete it");
		return;
	}
}

/* --- What nobody asks for --- */

/* Do we know all that it asks for, and all below it? At most as deep as inits are nested. */
static bool is_known(struct child const *child)
{
	if (!child->manifest || (child->manifest->is_init && !child->inside))
		return false;
	for (struct manifest_service const *service = child->manifest->requires; service; service = service->next) {
		if (!service->name)
			return false;
	}
	for (unsigned i = 0; child->inside && i < child->inside->config.start_count; i++) {
		if (!is_known(&child->inside->children[i]))
			return false;
	}
	return true;
}

/* Could the hop have taken the rule of this route? */
static bool could_take(struct hop const *hop, struct config_route const *route, struct config_rule const *rule, struct path const *path)
{
	return hop->client->route == route && string_equal(rule->service, path->service) &&
	       (path->end == PATH_UNKNOWN || (label_matches(&rule->label, hop->label) &&
	        (!rule->label.unscoped || label_is_unscoped(rule->label.unscoped, path->is_binary ? "" : hop->client->name, hop->label))));
}

static bool child_uses(struct child const *child, struct config_route const *route, struct config_rule const *rule)
{
	for (struct request const *request = child->requests; request; request = request->next) {
		for (unsigned h = 0; h < request->path.count; h++) {
			if (could_take(&request->path.hops[h], route, rule, &request->path))
				return true;
		}
	}
	return false;
}

/* May anybody ask for what the rule is for? */
static bool is_used(struct level const *level, struct config_route const *route, struct config_rule const *rule)
{
	for (unsigned i = 0; i < level->config.start_count; i++) {
		if (level->children[i].start->route == route && !is_known(&level->children[i]))
			return true;
	}
	for (struct level const *other = levels; other; other = other->next) {
		for (unsigned i = 0; i < other->config.start_count; i++) {
			if (child_uses(&other->children[i], route, rule))
				return true;
		}
	}
	return false;
}

/* What children of this level ask for under nearly this name; NULL: nothing, or there is such a service. */
static char const *meant_by(struct level const *level, char const *name)
{
	char const *best = NULL;

	if (machine_provides(name) || interface_find(name, NULL))
		return NULL;
	for (unsigned i = 0; i < level->config.start_count; i++) {
		for (struct request const *request = level->children[i].requests; request; request = request->next) {
			if (text_is_meant(name, request->path.service, best))
				best = request->path.service;
		}
	}
	return best;
}

static void check_use(struct level const *level, struct config_route const *route, struct config_rule const *rule)
{
	struct problem *problem;
	char const     *meant;

	if (!rule->service || is_used(level, route, rule))
		return;
	problem = problem_add(SEVERITY_WARNING, level->config.file, rule->at, "[%s] dead rule: nobody asks for what %s%s is for", level->label, rule_text(rule),
	                      rule->label.whole || rule->label.prefix || rule->label.suffix || rule->label.last || rule->label.unscoped ? " with this label" : "");
	problem_more(problem, "to mend it: correct its name or label, or delete it");
	meant = meant_by(level, rule->service);
	if (meant)
		problem_more(problem, "did you mean \"%s\"?", meant);
}

/* --- Names --- */

static void check_names(struct level const *level, struct config_rule const *rule)
{
	for (struct config_target const *target = rule->targets; target; target = target->next) {
		struct problem *problem;
		char const     *best = NULL;

		if (target->kind != TARGET_CHILD || config_find_start(&level->config, target->child) || problem_is_at(level->config.file, target->at.line))
			continue;
		problem = problem_add(SEVERITY_ERROR, level->config.file, target->at, "[%s] there is no child \"%s\"", level->label, target->child);
		for (struct config_start const *start = level->config.starts; start; start = start->next) {
			if (text_is_meant(target->child, start->name, best))
				best = start->name;
		}
		problem_more(problem, "to mend it: name a child, or delete the target");
		if (best)
			problem_more(problem, "did you mean \"%s\"?", best);
	}
}

static void check_provides(struct level const *level, struct child const *child)
{
	for (struct config_service const *service = child->start->provides; service; service = service->next) {
		struct problem *problem;

		if (!child->manifest || child->manifest->is_init || manifest_service(child->manifest->provides, service->name) ||
		    problem_is_at(level->config.file, service->at.line))
			continue;
		problem = problem_add(SEVERITY_WARNING, level->config.file, service->at, "[%s] \"%s\" will not provide %s: its binary \"%s\" does not (%s:%u)",
		                      level->label, child->start->name, service->name, child->manifest->name, child->manifest->file, child->manifest->at.line);
		problem_more(problem, "to mend it: delete it, or start another binary");
		for (struct manifest_service const *provided = child->manifest->provides; provided; provided = provided->next) {
			if (provided->name && text_is_meant(service->name, provided->name, NULL))
				problem_more(problem, "did you mean \"%s\"?", provided->name);
		}
	}
}

/* What core does not provide, nobody above the top does. */
static void check_parent_provides(struct level const *level)
{
	static char const *const names[] = { "LOG", "RAM", "CAP", "SIGNAL", "CPU", "PD", "RM", "ROM", "IRQ", "IO_MEM", "IO_PORT", "TRACE" };

	for (struct config_service const *service = level->config.parent_provides; service; service = service->next) {
		struct problem *problem;
		char const     *best = NULL;

		if (level->of || machine_provides(service->name))
			continue;
		problem = problem_add(SEVERITY_WARNING, level->config.file, service->at, "[%s] the parent is core, which does not provide %s", level->label, service->name);
		problem_more(problem, "to mend it: delete it, or correct its name");
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			if (text_is_meant(service->name, names[i], best))
				best = names[i];
		}
		if (best)
			problem_more(problem, "did you mean \"%s\"?", best);
	}
}

/* --- All --- */

static void check_route(struct level *level, struct config_route const *route)
{
	for (struct config_rule const *rule = route ? route->rules : NULL; rule; rule = rule->next) {
		struct config_rule const *before = shadow_of(level, route, rule);

		check_names(level, rule);
		if (pattern_is_void(&rule->label)) {
			problem_more(problem_add(SEVERITY_WARNING, level->config.file, rule->at, "[%s] dead rule: no label matches all that %s wants of it", level->label,
			                         rule_text(rule)),
			             "to mend it: leave one of the label attributes");
			continue;
		}
		if (before) {
			tell_shadow(level, rule, before);
			continue;
		}
		check_targets(level, rule);
		if (route != level->config.outside.route)
			check_use(level, route, rule);
	}
}

void rules_check(void)
{
	for (struct level *level = levels; level; level = level->next) {
		check_parent_provides(level);
		check_route(level, level->config.default_route);
		check_route(level, level->config.outside.route);
		for (unsigned i = 0; i < level->config.start_count; i++) {
			struct child *child = &level->children[i];

			check_provides(level, child);
			if (child->start->route != level->config.default_route)
				check_route(level, child->start->route);
		}
	}
}
