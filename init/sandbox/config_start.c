/* SPDX-License-Identifier: MIT */
/* Decoding a <start>: who it is, what it gets, where it may run, what becomes of it when it ends. */
#include "decode.h"
#include <base/string.h>

static struct element const element_start = {
	NAMES("name", "binary", "version", "ram", "caps", "ram_max", "caps_max", "sessions", "priority", "exit", "close_patience_ms", "yield_patience_ms"),
	NAMES("binary", "resource", "affinity", "heartbeat", "restart", "exit", "provides", "route", "config", "configfile"),
};
static struct element const element_resource  = { NAMES("name", "quantum"), NONE };
static struct element const element_named     = { NAMES("name"), NONE };
static struct element const element_affinity  = { NAMES("xpos", "ypos", "width", "height"), NONE };
static struct element const element_heartbeat = { NAMES("missed"), NONE };
static struct element const element_exit      = { NAMES("propagate"), NONE };
static struct element const element_restart   = { NAMES("on", "backoff_ms", "backoff_max_ms", "limit", "within_s"), NONE };

struct document_range const document_ram  = { .is_bytes = true, .min = PAGE_SIZE, .max = UINT64_C(1) << 48 };
struct document_range const document_caps = { .min = 1, .max = 1 << 24 };
struct document_range const document_ms   = { .max = 3600 * 1000 };

static struct document_range const percent_range  = { .is_percent = true, .min = 1, .max = 100 };
static struct document_range const sessions_range = { .min = 1, .max = CONFIG_SESSIONS_MAX };

/* --- Quota --- */

bool decode_amount(struct document *document, struct node node, char const *name, struct document_range range, struct config_amount *amount)
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
	static char const *const          names[]   = { "RAM", "CAP", "CPU" };
	struct document_range const *const ranges[] = { &document_ram, &document_caps, &percent_range };
	struct config_amount *const       amounts[] = { &start->ram, &start->caps, &start->cpu };
	struct position                   at        = document_place(node);
	unsigned                          kind      = 0;

	document_check(document, node, &element_resource);
	while (kind < ARRAY_SIZE(names) && !node_attribute_is(node, "name", names[kind]))
		kind++;
	if (kind == ARRAY_SIZE(names)) {
		document_error(document, document_attribute_place(node, "name"),
		               "<resource> of an unknown kind; expected name=\"RAM\", name=\"CAP\" or name=\"CPU\"");
		return false;
	}
	if (!node_has_attribute(node, "quantum")) {
		document_error(document, at, "<resource> has no attribute \"quantum\"; expected quantum=\"...\"");
		return false;
	}
	if (amounts[kind]->at.line)
		return said_twice(document, at, amounts[kind]->at, names[kind]);
	amounts[kind]->at = at;
	return document_number(document, node, "quantum", *ranges[kind], &amounts[kind]->value);
}

/* ram_max= or caps_max=: one that is below what the child is given anyway limits nothing. */
static bool decode_limit(struct document *document, struct node node, bool is_ram, struct config_start *start)
{
	char const                 *name  = is_ram ? "ram_max" : "caps_max";
	struct config_amount const *given = is_ram ? &start->ram : &start->caps;
	struct config_amount       *limit = is_ram ? &start->ram_max : &start->caps_max;

	if (!decode_amount(document, node, name, is_ram ? document_ram : document_caps, limit))
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
	if (!decode_amount(document, node, "ram", document_ram, &start->ram) || !decode_amount(document, node, "caps", document_caps, &start->caps))
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

/* --- Names --- */

static bool decode_binary(struct document *document, struct node node, struct config_start *start)
{
	struct node element;

	if (!only_child(document, node, "binary", &element))
		return false;
	if (node_exists(element)) {
		document_check(document, element, &element_named);
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

static bool decode_version(struct document *document, struct node node, struct config_start *start)
{
	if (!document_string(document, node, "version", CONFIG_VERSION_SIZE, &start->version))
		return false;
	if (!start->version)
		start->version = "";
	return true;
}

/* --- Settings --- */

/* exit="" or <exit propagate=""/>, not both. */
static bool decode_exit(struct document *document, struct node node, struct config_start *start)
{
	struct node element;

	if (!only_child(document, node, "exit", &element))
		return false;
	if (node_exists(element) && node_has_attribute(node, "exit"))
		return said_twice(document, document_place(element), document_attribute_place(node, "exit"), "exit");
	if (node_exists(element)) {
		document_check(document, element, &element_exit);
		return document_bool(document, element, "propagate", &start->exit_propagates);
	}
	start->exit_propagates = node_attribute_is(node, "exit", "propagate");
	if (start->exit_propagates || !node_has_attribute(node, "exit") || node_attribute_is(node, "exit", "ignore"))
		return true;
	document_error(document, document_attribute_place(node, "exit"), "<start exit=...>: expected propagate or ignore");
	return false;
}

bool decode_u32(struct document *document, struct node node, char const *name, struct document_range range, uint32_t *value)
{
	uint64_t number = *value;
	bool     good   = document_number(document, node, name, range, &number);

	*value = (uint32_t)number;
	return good;
}

/* Each level takes an equal part of the priorities, so that a child with children of its own can divide it again. */
static bool decode_priority(struct document *document, struct config const *config, struct node node, struct config_start *start)
{
	struct document_range const range = { .is_level = true, .max = config->priority_levels - 1 };
	uint32_t                    level = 0;

	if (!decode_u32(document, node, "priority", range, &level))
		return false;
	start->priority = CONFIG_PRIORITY - level * (CONFIG_PRIORITY / config->priority_levels);
	return true;
}

static bool decode_affinity(struct document *document, struct config const *config, struct node node, struct config_start *start)
{
	struct config_area const *space = &config->space;
	struct config_area       *area  = &start->affinity;
	struct node               element;

	if (!only_child(document, node, "affinity", &element))
		return false;
	if (!node_exists(element))
		return true;
	document_check(document, element, &element_affinity);
	*area = (struct config_area) { .at = document_place(element), .width = 1, .height = 1 };
	if (!space->width) {
		document_error(document, area->at, "<affinity> needs to know the whole; expected <affinity-space width=\"...\"/> in <config>");
		return false;
	}
	return decode_u32(document, element, "xpos", (struct document_range) { .max = space->width - 1 }, &area->x) &&
	       decode_u32(document, element, "ypos", (struct document_range) { .max = space->height - 1 }, &area->y) &&
	       decode_u32(document, element, "width", (struct document_range) { .min = 1, .max = space->width - area->x }, &area->width) &&
	       decode_u32(document, element, "height", (struct document_range) { .min = 1, .max = space->height - area->y }, &area->height);
}

static bool decode_heartbeat(struct document *document, struct config const *config, struct node node, struct config_start *start)
{
	struct node element;
	uint32_t    missed = 2;

	if (!only_child(document, node, "heartbeat", &element))
		return false;
	if (!node_exists(element))
		return true;
	document_check(document, element, &element_heartbeat);
	if (!config->heartbeat.at.line) {
		document_error(document, document_place(element), "<heartbeat> of \"%s\" has no rate; expected <heartbeat rate_ms=\"...\"/> in <config>",
		               start->name);
		return false;
	}
	if (!decode_u32(document, element, "missed", (struct document_range) { .min = 1, .max = 1000 }, &missed))
		return false;
	start->heartbeat_missed = missed;
	return true;
}

/* "fault exit hang", some of them. */
static bool decode_reasons(struct document *document, struct node node, struct config_restart *restart)
{
	struct { char const *name; bool *flag; } const reasons[] = {
		{ "fault", &restart->on_fault }, { "exit", &restart->on_exit }, { "hang", &restart->on_hang },
	};
	char const *word;

	if (!document_name(document, node, "on", NODE_NAME_SIZE, &word))
		return false;
	while (*word) {
		size_t   length = 0;
		unsigned i      = 0;

		while (word[length] && word[length] != ' ')
			length++;
		while (i < ARRAY_SIZE(reasons) && !string_equal_slice(word, length, reasons[i].name))
			i++;
		if (i == ARRAY_SIZE(reasons)) {
			document_error(document, document_attribute_place(node, "on"), "<restart on=...>: expected some of fault, exit and hang");
			return false;
		}
		*reasons[i].flag = true;
		word += length;
		while (*word == ' ')
			word++;
	}
	return true;
}

static bool decode_restart(struct document *document, struct node node, struct config_start *start)
{
	static struct document_range const backoff = { .min = 1, .max = 3600 * 1000 }, limit = { .min = 1, .max = 1 << 20 };
	struct config_restart             *restart = &start->restart;
	struct node                        element;

	if (!only_child(document, node, "restart", &element))
		return false;
	if (!node_exists(element))
		return true;
	document_check(document, element, &element_restart);
	*restart = (struct config_restart) { .backoff_ms = 100, .backoff_max_ms = 10000, .limit = 5, .within_s = 60 };
	if (!decode_reasons(document, element, restart) || !decode_u32(document, element, "backoff_ms", backoff, &restart->backoff_ms) ||
	    !decode_u32(document, element, "backoff_max_ms", backoff, &restart->backoff_max_ms) ||
	    !decode_u32(document, element, "limit", limit, &restart->limit) || !decode_u32(document, element, "within_s", limit, &restart->within_s))
		return false;
	restart->at = document_place(element);
	return true;
}

static bool decode_settings(struct document *document, struct config const *config, struct node node, struct config_start *start)
{
	uint32_t sessions = CONFIG_SESSIONS;

	start->close_patience_ms = config->close_patience_ms;
	start->yield_patience_ms = config->yield_patience_ms;
	if (!decode_exit(document, node, start) || !decode_u32(document, node, "sessions", sessions_range, &sessions) ||
	    !decode_priority(document, config, node, start) ||
	    !decode_u32(document, node, "close_patience_ms", document_ms, &start->close_patience_ms) ||
	    !decode_u32(document, node, "yield_patience_ms", document_ms, &start->yield_patience_ms))
		return false;
	start->sessions = sessions;
	return decode_affinity(document, config, node, start) && decode_heartbeat(document, config, node, start) &&
	       decode_restart(document, node, start);
}

/* Keeps the inline configuration beyond the document. */
static bool cut_config(struct document *document, struct config_start *start)
{
	enum status status = node_cut(start->config, NULL, 0, &start->config_size);
	char       *text   = arena_alloc(document->arena, start->config_size + 1);

	document->out_of_memory |= !text;
	if (text)
		status = node_cut(start->config, text, start->config_size, &start->config_size);
	node_raw(start->config, &start->config_raw);
	start->config_text = text;
	return text && status == STATUS_OK;
}

/* <config> or <configfile name=""/>, not both. */
static bool decode_config(struct document *document, struct node node, struct config_start *start)
{
	struct node file;

	if (!only_child(document, node, "config", &start->config) || !only_child(document, node, "configfile", &file) ||
	    (node_exists(start->config) && !cut_config(document, start)))
		return false;
	if (!node_exists(file))
		return true;
	document_check(document, file, &element_named);
	if (node_exists(start->config))
		return said_twice(document, document_place(file), document_place(start->config), "the configuration");
	return document_name(document, file, "name", CHILD_NAME_SIZE, &start->configfile);
}

bool decode_start(struct document *document, struct config *config, struct node node, struct config_start *start)
{
	struct node route;

	start->at = document_place(node);
	document_check(document, node, &element_start);
	if (!decode_name(document, config, node, start) || !decode_binary(document, node, start) || !decode_version(document, node, start) ||
	    !decode_quota(document, config, node, start) || !decode_settings(document, config, node, start) ||
	    !only_child(document, node, "route", &route) || !decode_config(document, node, start))
		return false;
	node_for_each (provides, node, "provides")
		decode_services(document, provides, &start->provides);
	start->route = node_exists(route) ? decode_route(document, config, route, false) : config->default_route;
	return !document->out_of_memory;
}
