/* SPDX-License-Identifier: MIT */
/*
 * Decoding a configuration: one function for each element, and tables that say what each may hold. Defaults are read before
 * the starts, wherever they stand in the document.
 */
#include "config.h"
#include <base/string.h>
#include "document.h"

#define NAMES(...) ((char const *const[]) { __VA_ARGS__, NULL })
#define NONE       ((char const *const[]) { NULL })

#define LABEL_ATTRIBUTES "label", "label_prefix", "label_suffix", "label_last"

static struct element const element_config = {
	NAMES("verbose", "close_patience_ms"), NAMES("parent-provides", "default-route", "default", "export", "start"),
};
static struct element const element_start = {
	NAMES("name", "binary", "ram", "caps", "ram_max", "caps_max", "sessions", "priority", "exit", "close_patience_ms"),
	NAMES("binary", "resource", "provides", "route", "config"),
};
static struct element const element_default  = { NAMES("ram", "caps"), NONE };
static struct element const element_services = { NONE, NAMES("service") };
static struct element const element_service  = { NAMES("name"), NONE };
static struct element const element_resource = { NAMES("name", "quantum"), NONE };
static struct element const element_binary   = { NAMES("name"), NONE };
static struct element const element_route    = { NONE, NAMES("service", "any-service") };
static struct element const element_rule     = { NAMES("name", LABEL_ATTRIBUTES), NAMES("parent", "child", "any-child", "local") };
static struct element const element_any_rule = { NONE, NAMES("parent", "child", "any-child", "local") };
static struct element const element_target   = { NAMES("label", "identity", "resource", "prepend_resource"), NONE };
static struct element const element_child    = { NAMES("name", "label", "identity", "resource", "prepend_resource"), NONE };

static struct document_range const ram_range      = { true, PAGE_SIZE, UINT64_C(1) << 48 };
static struct document_range const caps_range     = { false, 1, 1 << 24 };
static struct document_range const sessions_range = { false, 1, CONFIG_SESSIONS_MAX };
static struct document_range const priority_range = { false, 0, CONFIG_PRIORITY - 1 };
static struct document_range const patience_range = { false, 0, 3600 * 1000 };

/* Zeroed memory in the arena; notes when there is none. */
#define NEW(document, pointer) (ARENA_NEW((document)->arena, pointer) || !((document)->out_of_memory = true))

/* --- Services --- */

struct config_service const *config_find_service(struct config_service const *list, char const *name)
{
	while (list && !string_equal(list->name, name))
		list = list->next;
	return list;
}

static void decode_services(struct document *document, struct node node, struct config_service **list)
{
	struct config_service *service;
	char const            *name;

	while (*list)
		list = &(*list)->next;
	document_check(document, node, &element_services);
	node_for_each (child, node, "service") {
		document_check(document, child, &element_service);
		if (!document_name(document, child, "name", SERVICE_NAME_SIZE, &name) || !NEW(document, service))
			continue;
		service->at = document_place(child);
		service->name = name;
		*list = service;
		list = &service->next;
	}
}

/* --- Routes --- */

static bool decode_target(struct document *document, struct node node, struct config_target *target)
{
	static char const *const names[] = { "parent", "child", "any-child", "local" };

	target->at = document_place(node);
	for (unsigned kind = 0; kind < ARRAY_SIZE(names); kind++) {
		if (node_is(node, names[kind]))
			target->kind = kind;
	}
	document_check(document, node, target->kind == TARGET_CHILD ? &element_child : &element_target);
	if (target->kind == TARGET_CHILD && !document_name(document, node, "name", CHILD_NAME_SIZE, &target->child))
		return false;
	if (!document_string(document, node, "label", LABEL_SIZE, &target->rewrite.whole) ||
	    !document_string(document, node, "identity", LABEL_SIZE, &target->rewrite.identity) ||
	    !document_string(document, node, "resource", LABEL_SIZE, &target->rewrite.resource) ||
	    !document_string(document, node, "prepend_resource", LABEL_SIZE, &target->rewrite.prepend))
		return false;
	if (!target->rewrite.whole || !(target->rewrite.identity || target->rewrite.resource || target->rewrite.prepend))
		return true;
	document_error(document, document_attribute_place(node, "label"), "a target has both \"label\" and a part of it; expected one or the other");
	return false;
}

static bool is_target(struct node node)
{
	return node_is(node, "parent") || node_is(node, "child") || node_is(node, "any-child") || node_is(node, "local");
}

static bool decode_rule(struct document *document, struct node node, struct config_rule *rule)
{
	struct config_target **end = &rule->targets, *target;
	bool                   any = node_is(node, "any-service");

	rule->at = document_place(node);
	document_check(document, node, any ? &element_any_rule : &element_rule);
	if (!any && (!document_name(document, node, "name", SERVICE_NAME_SIZE, &rule->service) ||
	             !document_string(document, node, "label", LABEL_SIZE, &rule->label.whole) ||
	             !document_string(document, node, "label_prefix", LABEL_SIZE, &rule->label.prefix) ||
	             !document_string(document, node, "label_suffix", LABEL_SIZE, &rule->label.suffix) ||
	             !document_string(document, node, "label_last", LABEL_SIZE, &rule->label.last)))
		return false;
	node_for_each (child, node, NULL) {
		if (!is_target(child))
			continue;
		if (!NEW(document, target) || !decode_target(document, child, target))
			return false;
		*end = target;
		end = &target->next;
	}
	if (!rule->targets)
		document_error(document, rule->at, "a rule has no target; expected <parent/>, <child name=\"...\"/> or <any-child/>");
	return rule->targets != NULL;
}

/* A rule that cannot be understood is left out. */
static struct config_route *decode_route(struct document *document, struct config *config, struct node node, bool is_default)
{
	struct config_route *route;
	struct config_rule **end, *rule;

	if (!NEW(document, route))
		return NULL;
	route->at = document_place(node);
	route->is_default = is_default;
	end = &route->rules;
	document_check(document, node, &element_route);
	node_for_each (child, node, NULL) {
		if (!node_is(child, "service") && !node_is(child, "any-service"))
			continue;
		if (!NEW(document, rule))
			break;
		if (!decode_rule(document, child, rule)) {
			config->dropped++;
			continue;
		}
		*end = rule;
		end = &rule->next;
	}
	return route;
}

/* What leads nowhere in an <export> is left out: services are named, and come from children. */
static void check_exports(struct document *document, struct config *config, struct config_route *route)
{
	struct config_rule **end = &route->rules;

	for (struct config_rule *rule = route->rules; rule; rule = rule->next) {
		struct config_target const *target = rule->targets;

		while (target && (target->kind == TARGET_CHILD || target->kind == TARGET_ANY_CHILD))
			target = target->next;
		if (rule->service && !target) {
			*end = rule;
			end = &rule->next;
			continue;
		}
		document_error(document, target ? target->at : rule->at, target ? "an <export> leads to children only; expected <child name=\"...\"/> or <any-child/>"
		                                                                : "an <export> names its services; expected <service name=\"...\">");
		config->dropped++;
	}
	*end = NULL;
}

static void decode_export(struct document *document, struct config *config, struct node node)
{
	struct config_route *route;

	if (config->outside.route) {
		document_error(document, document_place(node), "<export> is set here and at %u:%u; expected it once", config->outside.at.line,
		               config->outside.at.column);
		return;
	}
	route = decode_route(document, config, node, false);
	if (!route)
		return;
	check_exports(document, config, route);
	config->outside.at = route->at;
	config->outside.route = route;
}

/* --- Starts --- */

struct config_start const *config_find_start(struct config const *config, char const *name)
{
	struct config_start const *start = config->starts;

	while (start && !string_equal(start->name, name))
		start = start->next;
	return start;
}

static bool said_twice(struct document *document, struct position at, struct position before, char const *what)
{
	document_error(document, at, "%s is set here and at %u:%u; expected it once", what, before.line, before.column);
	return false;
}

/* ram= or caps=, which a <resource> may have set before. */
static bool decode_amount(struct document *document, struct node node, char const *name, struct document_range range, struct config_amount *amount)
{
	struct position at = document_attribute_place(node, name);

	if (!node_has_attribute(node, name))
		return true;
	if (amount->at.line)
		return said_twice(document, at, amount->at, name);
	amount->at = at;
	return document_number(document, node, name, range, &amount->value);
}

static bool decode_resource(struct document *document, struct node node, struct config_start *start)
{
	bool                  is_ram = node_attribute_is(node, "name", "RAM");
	struct config_amount *amount = is_ram ? &start->ram : &start->caps;
	struct position       at     = document_place(node);

	document_check(document, node, &element_resource);
	if (!is_ram && !node_attribute_is(node, "name", "CAP")) {
		document_error(document, document_attribute_place(node, "name"), "<resource> of an unknown kind; expected name=\"RAM\" or name=\"CAP\"");
		return false;
	}
	if (!node_has_attribute(node, "quantum")) {
		document_error(document, at, "<resource> has no attribute \"quantum\"; expected quantum=\"...\"");
		return false;
	}
	if (amount->at.line)
		return said_twice(document, at, amount->at, is_ram ? "RAM" : "CAP");
	amount->at = at;
	return document_number(document, node, "quantum", is_ram ? ram_range : caps_range, &amount->value);
}

/* ram_max= or caps_max=: one that is below what the child is given anyway limits nothing. */
static bool decode_limit(struct document *document, struct node node, bool is_ram, struct config_start *start)
{
	char const                 *name  = is_ram ? "ram_max" : "caps_max";
	struct config_amount const *given = is_ram ? &start->ram : &start->caps;
	struct config_amount       *limit = is_ram ? &start->ram_max : &start->caps_max;

	if (!decode_amount(document, node, name, is_ram ? ram_range : caps_range, limit))
		return false;
	if (limit->at.line && limit->value < given->value)
		document_warning(document, limit->at, "%s of \"%s\" is %lu, less than the %lu that it is given; expected as much or more: this one is ignored",
		                 name, start->name, limit->value, given->value);
	if (limit->value < given->value)
		*limit = (struct config_amount) { .value = given->value };
	if (is_ram)
		limit->value = align_down(limit->value, PAGE_SIZE);
	return true;
}

static bool decode_quota(struct document *document, struct config const *config, struct node node, struct config_start *start)
{
	node_for_each (resource, node, "resource") {
		if (!decode_resource(document, resource, start))
			return false;
	}
	if (!decode_amount(document, node, "ram", ram_range, &start->ram) || !decode_amount(document, node, "caps", caps_range, &start->caps))
		return false;
	if (!start->ram.value)
		start->ram = config->default_ram;
	if (!start->caps.value)
		start->caps = config->default_caps;
	if (!start->ram.value) {
		document_error(document, start->at, "\"%s\" has no RAM; expected ram=\"...\", <resource name=\"RAM\" quantum=\"...\"/> or <default ram=\"...\"/>",
		               start->name);
		return false;
	}
	start->ram.value = align_up(start->ram.value, PAGE_SIZE);
	return decode_limit(document, node, true, start) && decode_limit(document, node, false, start);
}

/* One element at most; false: there are two. */
static bool only_child(struct document *document, struct node node, char const *name, struct node *child)
{
	struct node second;

	*child = node_child(node, name);
	second = node_next(*child, name);
	return !node_exists(second) || said_twice(document, document_place(second), document_place(*child), name);
}

static bool decode_binary(struct document *document, struct node node, struct config_start *start)
{
	struct node element;

	if (!only_child(document, node, "binary", &element))
		return false;
	if (node_exists(element)) {
		document_check(document, element, &element_binary);
		if (node_has_attribute(node, "binary"))
			return said_twice(document, document_place(element), document_attribute_place(node, "binary"), "the binary");
		return document_name(document, element, "name", CHILD_NAME_SIZE, &start->binary);
	}
	start->binary = start->name;
	return !node_has_attribute(node, "binary") || document_name(document, node, "binary", CHILD_NAME_SIZE, &start->binary);
}

static bool decode_name(struct document *document, struct config const *config, struct node node, struct config_start *start)
{
	struct config_start const *before;

	if (!document_name(document, node, "name", CHILD_NAME_SIZE, &start->name))
		return false;
	if (!label_is_name(start->name)) {
		document_error(document, document_attribute_place(node, "name"), "a child cannot be named \"%s\"; expected no \"->\", and no blank at the ends",
		               start->name);
		return false;
	}
	before = config_find_start(config, start->name);
	return !before || said_twice(document, start->at, before->at, start->name);
}

static bool decode_settings(struct document *document, struct config const *config, struct node node, struct config_start *start)
{
	uint64_t sessions = CONFIG_SESSIONS, patience = config->close_patience_ms, lower_by = 0;

	start->exit_propagates = node_attribute_is(node, "exit", "propagate");
	if (node_has_attribute(node, "exit") && !start->exit_propagates && !node_attribute_is(node, "exit", "ignore")) {
		document_error(document, document_attribute_place(node, "exit"), "<start exit=...>: expected propagate or ignore");
		return false;
	}
	if (!document_number(document, node, "sessions", sessions_range, &sessions) ||
	    !document_number(document, node, "priority", priority_range, &lower_by) ||
	    !document_number(document, node, "close_patience_ms", patience_range, &patience))
		return false;
	start->priority = CONFIG_PRIORITY - (uint32_t)lower_by;
	start->sessions = (unsigned)sessions;
	start->close_patience_ms = (uint32_t)patience;
	return true;
}

static bool decode_start(struct document *document, struct config *config, struct node node, struct config_start *start)
{
	struct node route;

	start->at = document_place(node);
	document_check(document, node, &element_start);
	if (!decode_name(document, config, node, start) || !decode_binary(document, node, start) ||
	    !decode_quota(document, config, node, start) || !decode_settings(document, config, node, start) ||
	    !only_child(document, node, "route", &route) || !only_child(document, node, "config", &start->config))
		return false;
	node_for_each (provides, node, "provides")
		decode_services(document, provides, &start->provides);
	start->route = node_exists(route) ? decode_route(document, config, route, false) : config->default_route;
	return !document->out_of_memory;
}

/* --- The whole --- */

static void decode_defaults(struct document *document, struct config *config, struct node root)
{
	uint64_t patience = CONFIG_CLOSE_PATIENCE;

	config->default_caps.value = CONFIG_CAPS;
	node_for_each (node, root, "default") {
		struct config_amount ram = { .at = { 0, 0 } }, caps = { .at = { 0, 0 } };

		document_check(document, node, &element_default);
		if (decode_amount(document, node, "ram", ram_range, &ram) && ram.value)
			config->default_ram = ram;
		if (decode_amount(document, node, "caps", caps_range, &caps) && caps.value)
			config->default_caps = caps;
	}
	node_for_each (node, root, "parent-provides") {
		if (!config->parent_provides_at.line)
			config->parent_provides_at = document_place(node);
		decode_services(document, node, &config->parent_provides);
	}
	node_for_each (node, root, "default-route") {
		if (config->default_route)
			said_twice(document, document_place(node), config->default_route->at, "default-route");
		else
			config->default_route = decode_route(document, config, node, true);
	}
	config->outside.name = "parent";
	config->outside.index = CONFIG_STARTS_MAX;
	node_for_each (node, root, "export")
		decode_export(document, config, node);
	if (!document_bool(document, root, "verbose", &config->verbose))
		config->verbose = false;
	if (!document_number(document, root, "close_patience_ms", patience_range, &patience))
		patience = CONFIG_CLOSE_PATIENCE;
	config->close_patience_ms = (uint32_t)patience;
}

static void decode_starts(struct document *document, struct config *config, struct node root)
{
	struct config_start **end = &config->starts, *start;

	node_for_each (node, root, "start") {
		if (config->start_count == CONFIG_STARTS_MAX) {
			document_error(document, document_place(node), "too many <start>; expected at most %u, this one and the rest are left out", CONFIG_STARTS_MAX);
			return;
		}
		if (!NEW(document, start))
			return;
		if (!decode_start(document, config, node, start)) {
			document_error(document, document_place(node), "this <start> is left out, all others hold");
			config->dropped++;
			continue;
		}
		start->index = config->start_count++;
		*end = start;
		end = &start->next;
	}
}

enum status config_decode(struct config *config, struct node root, struct config_reporter *reporter)
{
	struct document document = { .arena = &config->arena, .reporter = reporter };
	char            name[NODE_NAME_SIZE];

	if (!node_is(root, "config")) {
		document_error(&document, document_place(root), "the root is <%s>; expected <config>", node_name(root, name));
		return STATUS_INVALID;
	}
	node_file(root, config->file);
	document_check(&document, root, &element_config);
	decode_defaults(&document, config, root);
	decode_starts(&document, config, root);
	return document.out_of_memory ? STATUS_OUT_OF_RAM : STATUS_OK;
}
