/* SPDX-License-Identifier: MIT */
/* What each child asks for: its binary, its configuration, what its manifest declares, and for an init what its own children need. */
#include "check.h"
#include <base/string.h>

/* --- Slots --- */

/* Each request on the way takes a slot of who is its client there. */
static void count_slots(struct path const *path, unsigned count)
{
	static struct explanation explanation;

	for (unsigned i = 0; i < path->count; i++) {
		struct hop const   *hop = &path->hops[i];
		struct child       *child;
		struct denial const denial = { .kind = DENIAL_SLOTS, .config = &hop->level->config, .client = hop->client, .service = path->service, .label = hop->label };
		struct problem     *problem;

		if (hop->client == &hop->level->config.outside || hop->verdict != ROUTE_FOUND)
			continue;
		child = level_child(hop->level, hop->client);
		child->slots += count;
		if (child->slots <= child->start->sessions || child->slots_told)
			continue;
		child->slots_told = true;
		explain_denial(&explanation, &denial);
		problem = problem_add(SEVERITY_ERROR, hop->level->config.file, hop->client->at, "[%s] %s", hop->level->label, explanation.what);
		problem_more(problem, "[%s] %s", hop->level->label, explanation.where);
		problem_more(problem, "[%s] %s", hop->level->label, explanation.fix);
	}
}

/* --- Labels --- */

/* The default that the manifest has for an attribute; NULL: none. */
static char const *default_of(struct manifest const *manifest, char const *name)
{
	node_for_each (attribute, manifest->config, "attribute") {
		if (node_attribute_is(attribute, "name", name))
			return text_attribute(attribute, "default");
	}
	return NULL;
}

/* NULL: it is not known before run time. */
static char const *label_of(struct child const *child, struct manifest_service const *service)
{
	char const *label = NULL;

	if (service->any_label)
		return NULL;
	if (!service->label_attribute)
		return service->label;
	if (node_exists(child->start->config))
		label = text_attribute(child->start->config, service->label_attribute);
	return label ? label : default_of(child->manifest, service->label_attribute);
}

/* Would another label have gone another way? */
static bool depends_on_label(struct path const *path)
{
	for (unsigned i = 0; i < path->count; i++) {
		struct config_route const *route = path->hops[i].client->route;

		for (struct config_rule const *rule = route ? route->rules : NULL; rule; rule = rule->next) {
			if (rule->service && string_equal(rule->service, path->service) &&
			    (rule->label.whole || rule->label.prefix || rule->label.suffix || rule->label.last || rule->label.unscoped))
				return true;
		}
	}
	return string_equal(path->service, "ROM") || path->reason == STATUS_TOO_LONG;
}

/* --- Requests --- */

static struct request *add(struct child *child, char const *service, char const *label, struct manifest_service const *declared)
{
	struct request        **end = &child->requests, *request;
	struct interface const *interface = declared ? interface_find(service, declared->interface) : NULL;

	NEW(request);
	*request = (struct request) { .declared = declared, .label = label, .count = declared ? declared->count : 1, .path.service = service };
	request->path.is_binary = label == child->start->binary;
	request->path.hash = interface ? interface->hash : 0;
	path_follow(&request->path, child, label);
	while (*end)
		end = &(*end)->next;
	return *end = request;
}

/* Says what came of it. */
static void judge(struct request *request)
{
	enum severity const severity = request->declared && request->declared->is_optional ? SEVERITY_WARNING : SEVERITY_ERROR;

	count_slots(&request->path, request->count);
	if (request->path.end == PATH_DENIED)
		path_tell(&request->path, severity);
	else if (request->path.end == PATH_UNKNOWN)
		unknown("%s", request->path.why);
	else
		proved();
}

static void ask_binary(struct child *child)
{
	struct request         *request = add(child, "ROM", child->start->binary, NULL);
	struct config_start const *start = child->start;
	char const             *file = child->level->config.file, *module, *defect, *meant = manifest_meant(start->binary);
	struct cost_image       image;

	judge(request);
	if (request->path.end == PATH_CORE) {
		module = label_last(request->path.label);
		if (!machine_image(module, &image, &defect) && defect)
			problem_add(SEVERITY_ERROR, file, start->at, "\"%s\" cannot start: its binary, the ROM \"%s\": %s", start->name, module, defect);
	}
	if (child->manifest)
		return;
	if (request->path.end == PATH_DENIED && meant)
		problem_more(problem_add(SEVERITY_ERROR, file, start->at, "\"%s\": there is no binary \"%s\"", start->name, start->binary),
		             "did you mean \"%s\"?", meant);
	else
		unknown("what \"%s\" asks for: nobody has described its binary \"%s\" (a README.md with a manifest does)", child_label(child), start->binary);
}

/* True: it reads its configuration. */
static bool ask_config(struct child *child)
{
	bool const      is_read = child->manifest && (child->manifest->is_init || node_exists(node_child(child->manifest->config, NULL)));
	struct request *request;

	if (!is_read)
		return false;
	if (node_exists(child->start->config)) {
		child->slots++;
		proved();
		return true;
	}
	request = add(child, "ROM", child->start->configfile ? child->start->configfile : "config", NULL);
	request->is_config = true;
	judge(request);
	return true;
}

static void ask_declared(struct child *child, struct manifest_service const *service)
{
	char const     *label = label_of(child, service);
	struct request *request;

	if (!service->name) {
		unknown("what \"%s\" asks for when it runs, beyond its manifest (%s:%u)", child_label(child), child->manifest->file, child->manifest->at.line);
		return;
	}
	request = add(child, service->name, label ? label : "", service);
	if (label || !depends_on_label(&request->path)) {
		judge(request);
		return;
	}
	request->path.end = PATH_UNKNOWN;
	request->path.why = text_of("where %s of \"%s\" leads to: its label is computed at run time", service->name, child_label(child));
	judge(request);
}

/* An init opens what its children are made of, at its own parent. */
static void ask_for_children(struct child *child)
{
	static char const *const services[] = { "PD", "RM", "CPU" };

	for (unsigned i = 0; child->inside && i < child->inside->config.start_count; i++) {
		for (unsigned s = 0; s < ARRAY_SIZE(services); s++) {
			struct request *request = add(child, services[s], child->inside->children[i].start->name, NULL);

			request->count = 1;
			judge(request);
		}
	}
}

/* An init that reports its state does so at its own parent, if that offers it. */
static void ask_to_report(struct child *child)
{
	struct config const      *config = child->inside ? &child->inside->config : NULL;
	struct manifest_argument *buffer;
	struct manifest_service  *service;

	if (!config || !config->report.at.line || !config_find_service(config->parent_provides, "Report"))
		return;
	NEW(buffer);
	NEW(service);
	*buffer = (struct manifest_argument) { .name = "buffer", .value = config->report.buffer };
	*service = (struct manifest_service) { .name = "Report", .label = ROUTE_LOCAL_ROM, .is_optional = true, .is_late = true, .count = 1, .arguments = buffer };
	ask_declared(child, service);
}

static void ask_all(struct child *child)
{
	ask_binary(child);
	if (!child->manifest)
		return;
	(void)ask_config(child);
	for (struct manifest_service const *service = child->manifest->requires; service; service = service->next) {
		if (!child->manifest->is_init || !service->name || !route_is_parent_only(service->name))
			ask_declared(child, service);
	}
	ask_for_children(child);
	ask_to_report(child);
	if (child->manifest->measured)
		assumed("own use of \"%s\": %lu bytes and %lu caps, as %s measures it", child->manifest->name, child->manifest->own.ram, child->manifest->own.caps,
		        child->manifest->measured);
	else
		assumed("own use of \"%s\": %lu bytes and %lu caps, unmeasured", child->manifest->name, child->manifest->own.ram, child->manifest->own.caps);
}

/* Outer levels first: what passes an init takes its slots. */
void requests_check(void)
{
	for (struct level *level = levels; level; level = level->next) {
		for (unsigned i = 0; i < level->config.start_count; i++)
			ask_all(&level->children[i]);
	}
}
