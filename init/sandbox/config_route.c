/* SPDX-License-Identifier: MIT */
/* Decoding routes and exports: rules in their order, each with its targets in theirs. */
#include "decode.h"
#include <base/string.h>

static struct element const element_route    = { NONE, NAMES("service", "any-service") };
static struct element const element_rule     = {
	NAMES("name", "label", "label_prefix", "label_suffix", "label_last", "unscoped_label"), NAMES("parent", "child", "any-child", "local"),
};
static struct element const element_any_rule = { NONE, NAMES("parent", "child", "any-child", "local") };
static struct element const element_target   = { NAMES("label", "identity", "resource", "prepend_resource"), NONE };
static struct element const element_child    = { NAMES("name", "label", "identity", "resource", "prepend_resource"), NONE };

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
	             !document_string(document, node, "label_last", LABEL_SIZE, &rule->label.last) ||
	             !document_string(document, node, "unscoped_label", LABEL_SIZE, &rule->label.unscoped)))
		return false;
	node_for_each (child, node, NULL) {
		if (!is_target(child))
			continue;
		if (!NEW(document, target) || !decode_target(document, child, target))
			return false;
		target->rule = rule;
		*end = target;
		end = &target->next;
	}
	if (!rule->targets)
		document_error(document, rule->at, "a rule has no target; expected <parent/>, <child name=\"...\"/> or <any-child/>");
	return rule->targets != NULL;
}

struct config_route *decode_route(struct document *document, struct config *config, struct node node, bool is_default)
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

void decode_export(struct document *document, struct config *config, struct node node)
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
