/* SPDX-License-Identifier: MIT */
/*
 * Decoding a configuration: one function for each element, and tables that say what each may hold. Defaults are read before
 * the starts, wherever they stand in the document.
 */
#include "decode.h"
#include <base/string.h>

static struct element const element_config = {
	NAMES("verbose", "close_patience_ms", "yield_patience_ms", "prio_levels", "priolevels"),
	NAMES("parent-provides", "default-route", "default", "affinity-space", "heartbeat", "report", "alias", "export", "start", "trace"),
};
static struct element const element_default   = { NAMES("ram", "caps"), NONE };
static struct element const element_services  = { NONE, NAMES("service") };
static struct element const element_service   = { NAMES("name"), NONE };
static struct element const element_space     = { NAMES("width", "height"), NONE };
static struct element const element_heartbeat = { NAMES("rate_ms"), NONE };
static struct element const element_alias     = { NAMES("name", "child"), NONE };
static struct element const element_report    = {
	NAMES("delay_ms", "refresh_ms", "buffer", "ids", "requested", "provided", "child_ram", "child_caps", "init_ram", "init_caps", "cpu", "pending", "denied"), NONE,
};

/* --- Services --- */

struct config_service const *config_find_service(struct config_service const *list, char const *name)
{
	while (list && !string_equal(list->name, name))
		list = list->next;
	return list;
}

void decode_services(struct document *document, struct node node, struct config_service **list)
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

/* --- What decoding everything has in common --- */

bool said_twice(struct document *document, struct position at, struct position before, char const *what)
{
	document_error(document, at, "%s is set here and at %u:%u; expected it once", what, before.line, before.column);
	return false;
}

bool only_child(struct document *document, struct node node, char const *name, struct node *child)
{
	struct node second;

	*child = node_child(node, name);
	second = node_next(*child, name);
	return !node_exists(second) || said_twice(document, document_place(second), document_place(*child), name);
}

/* --- Finding starts --- */

/* Where the name is, or would be. */
static struct config_start **bucket_of(struct config const *config, char const *name)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	size_t   at;

	for (char const *c = name; *c; c++)
		hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
	/* The table is at most half full. */
	for (at = hash % config->by_name_size; config->by_name[at] && !string_equal(config->by_name[at]->name, name); )
		at = (at + 1) % config->by_name_size;
	return &config->by_name[at];
}

static struct config_alias const *find_alias(struct config const *config, char const *name)
{
	struct config_alias const *alias = config->aliases;

	while (alias && !string_equal(alias->name, name))
		alias = alias->next;
	return alias;
}

struct config_start const *config_find_start(struct config const *config, char const *name)
{
	struct config_start const *start = config->by_name_size ? *bucket_of(config, name) : NULL;
	struct config_alias const *alias = start || !config->aliases ? NULL : find_alias(config, name);

	return alias && config->by_name_size ? *bucket_of(config, alias->child) : start;
}

/* Room for the starts of the document. */
static bool make_table(struct document *document, struct config *config, struct node root)
{
	size_t size = 4, count = 0;

	node_for_each (node, root, "start")
		count++;
	while (size < 2 * count)
		size *= 2;
	config->by_name = arena_alloc(document->arena, size * sizeof(*config->by_name));
	document->out_of_memory = !config->by_name;
	config->by_name_size = config->by_name ? size : 0;
	return config->by_name != NULL;
}

/* --- Defaults and settings of the whole --- */

static void decode_default(struct document *document, struct config *config, struct node node)
{
	struct config_amount ram = { .at = { 0, 0 } }, caps = { .at = { 0, 0 } };

	document_check(document, node, &element_default);
	if (decode_amount(document, node, "ram", document_ram, &ram) && ram.value)
		config->default_ram = ram;
	if (decode_amount(document, node, "caps", document_caps, &caps) && caps.value)
		config->default_caps = caps;
}

static void decode_space(struct document *document, struct config *config, struct node node)
{
	struct document_range const range = { .min = 1, .max = CONFIG_SPACE_MAX };
	struct config_area          space = { .at = document_place(node), .width = 1, .height = 1 };

	document_check(document, node, &element_space);
	if (decode_u32(document, node, "width", range, &space.width) && decode_u32(document, node, "height", range, &space.height))
		config->space = space;
}

static void decode_heartbeat_rate(struct document *document, struct config *config, struct node node)
{
	struct config_heartbeat heartbeat = { .at = document_place(node), .rate_ms = 1000 };

	document_check(document, node, &element_heartbeat);
	if (decode_u32(document, node, "rate_ms", (struct document_range) { .min = 1, .max = 3600 * 1000 }, &heartbeat.rate_ms))
		config->heartbeat = heartbeat;
}

static void decode_report(struct document *document, struct config *config, struct node node)
{
	struct config_report report = { .at = document_place(node), .delay_ms = 100, .buffer = 16 << 10 };
	struct { char const *name; bool *flag; } const flags[] = {
		{ "ids", &report.ids }, { "requested", &report.requested }, { "provided", &report.provided }, { "child_ram", &report.child_ram },
		{ "child_caps", &report.child_caps }, { "init_ram", &report.init_ram }, { "init_caps", &report.init_caps }, { "cpu", &report.cpu },
		{ "pending", &report.pending }, { "denied", &report.denied },
	};

	document_check(document, node, &element_report);
	if (!decode_u32(document, node, "delay_ms", document_ms, &report.delay_ms) ||
	    !decode_u32(document, node, "refresh_ms", document_ms, &report.refresh_ms) ||
	    !decode_u32(document, node, "buffer", (struct document_range) { .is_bytes = true, .min = PAGE_SIZE, .max = XML_SIZE_MAX }, &report.buffer))
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(flags); i++) {
		if (!document_bool(document, node, flags[i].name, flags[i].flag))
			*flags[i].flag = false;
	}
	config->report = report;
}

static void decode_alias(struct document *document, struct config *config, struct node node)
{
	struct config_alias const *before;
	struct config_alias      **end = &config->aliases, *alias;

	document_check(document, node, &element_alias);
	if (!NEW(document, alias) || !document_name(document, node, "name", CHILD_NAME_SIZE, &alias->name) ||
	    !document_name(document, node, "child", CHILD_NAME_SIZE, &alias->child))
		return;
	before = find_alias(config, alias->name);
	if (before) {
		said_twice(document, document_place(node), before->at, alias->name);
		return;
	}
	alias->at = document_place(node);
	while (*end)
		end = &(*end)->next;
	*end = alias;
}

/* Each alias leads to a start, and is the name of none. */
static void check_aliases(struct document *document, struct config *config)
{
	for (struct config_alias **link = &config->aliases, *alias; (alias = *link); ) {
		struct config_start const *start = *bucket_of(config, alias->name);

		if (!start && *bucket_of(config, alias->child)) {
			link = &alias->next;
			continue;
		}
		if (start)
			said_twice(document, alias->at, start->at, alias->name);
		else
			document_error(document, alias->at, "the alias \"%s\" is for \"%s\", which no <start> is named", alias->name, alias->child);
		config->dropped++;
		*link = alias->next;
	}
}

static void decode_attributes(struct document *document, struct config *config, struct node root)
{
	struct document_range const levels = { .min = 1, .max = CONFIG_PRIORITY };
	uint32_t                    count = CONFIG_PRIORITY;

	config->close_patience_ms = CONFIG_CLOSE_PATIENCE;
	config->yield_patience_ms = CONFIG_YIELD_PATIENCE;
	if (!document_bool(document, root, "verbose", &config->verbose))
		config->verbose = false;
	if (!decode_u32(document, root, "close_patience_ms", document_ms, &config->close_patience_ms))
		config->close_patience_ms = CONFIG_CLOSE_PATIENCE;
	if (!decode_u32(document, root, "yield_patience_ms", document_ms, &config->yield_patience_ms))
		config->yield_patience_ms = CONFIG_YIELD_PATIENCE;
	if (!decode_u32(document, root, node_has_attribute(root, "priolevels") ? "priolevels" : "prio_levels", levels, &count))
		count = CONFIG_PRIORITY;
	config->priority_levels = count;
}

/* What may be there once; the last of several that are no mistake holds. */
static void decode_settings(struct document *document, struct config *config, struct node root)
{
	static struct { char const *name; void (*decode)(struct document *, struct config *, struct node); } const settings[] = {
		{ "affinity-space", decode_space }, { "heartbeat", decode_heartbeat_rate }, { "report", decode_report },
	};
	struct node node;

	for (unsigned i = 0; i < ARRAY_SIZE(settings); i++) {
		if (only_child(document, root, settings[i].name, &node) && node_exists(node))
			settings[i].decode(document, config, node);
	}
	node_for_each (alias, root, "alias")
		decode_alias(document, config, alias);
}

static void decode_defaults(struct document *document, struct config *config, struct node root)
{
	config->default_caps.value = CONFIG_CAPS;
	node_for_each (node, root, "default")
		decode_default(document, config, node);
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
}

/* --- The whole --- */

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
		*bucket_of(config, start->name) = start;
		*end = start;
		end = &start->next;
	}
}

enum status config_decode(struct config *config, struct node root, struct config_reporter *reporter)
{
	struct document document = { .arena = &config->arena, .reporter = reporter };
	char            name[NODE_NAME_SIZE];

	node_file(root, config->file);
	if (!node_is(root, "config")) {
		document_error(&document, document_place(root), "the root is <%s>; expected <config>", node_name(root, name));
		return STATUS_INVALID;
	}
	document_check(&document, root, &element_config);
	if (!make_table(&document, config, root))
		return STATUS_OUT_OF_RAM;
	decode_attributes(&document, config, root);
	decode_settings(&document, config, root);
	decode_defaults(&document, config, root);
	decode_starts(&document, config, root);
	check_aliases(&document, config);
	return document.out_of_memory ? STATUS_OUT_OF_RAM : STATUS_OK;
}
