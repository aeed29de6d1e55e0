/* SPDX-License-Identifier: MIT */
/*
 * Manifests: what each component's README says about it (doc/manifest.md). The build collects them into one document, in which
 * an <?origin?> before each says which README it is from.
 */
#include "check.h"
#include <init/sandbox/document.h>
#include <stdlib.h>
#include <string.h>

#define NAMES(...) ((char const *const[]) { __VA_ARGS__, NULL })
#define NONE       ((char const *const[]) { NULL })

static struct element const element_manifests = { NONE, NAMES("component") };
static struct element const element_component = {
	NAMES("name", "ram", "caps", "measured", "start_ram", "start_caps"), NAMES("provides", "requires", "config"),
};
static struct element const element_services = { NONE, NAMES("service", "any-service") };
static struct element const element_provided = { NAMES("name", "ram", "caps", "interface"), NONE };
static struct element const element_required = {
	NAMES("name", "label", "label_attribute", "any_label", "count", "optional", "late", "ram", "caps", "interface"), NAMES("argument"),
};
static struct element const element_argument  = { NAMES("name", "value"), NONE };
static struct element const element_any       = { NAMES("relay", "ram", "caps"), NONE };
static struct element const element_config    = { NAMES("language"), NAMES("attribute", "element") };
static struct element const element_inner     = { NAMES("name", "language"), NAMES("attribute", "element") };
static struct element const element_attribute = { NAMES("name", "type", "min", "max", "values", "default", "required", "reload"), NONE };

static struct document_range const ram_range   = { .is_bytes = true, .min = 0, .max = UINT64_C(1) << 48 };
static struct document_range const caps_range  = { .is_bytes = false, .min = 0, .max = 1 << 24 };
static struct document_range const count_range = { .is_bytes = false, .min = 0, .max = 4096 };
static struct document_range const any_range   = { .is_bytes = true, .min = 0, .max = UINT64_MAX };

static struct manifest *manifests;
static char const      *reported_file;

static void report(struct config_reporter *reporter, bool is_error, struct position at, char const *text)
{
	problem_add(SEVERITY_ERROR, reported_file, at, "manifest: %s", text);
}

static struct config_reporter reporter = { report };
static struct document        document = { .reporter = &reporter };

static void read_quota(struct node node, char const *ram, char const *caps, struct quota *quota)
{
	(void)!document_number(&document, node, ram, ram_range, &quota->ram);
	(void)!document_number(&document, node, caps, caps_range, &quota->caps);
}

static bool read_bool(struct node node, char const *name)
{
	bool value = false;

	return document_bool(&document, node, name, &value) && value;
}

static void read_arguments(struct node node, struct manifest_argument **list)
{
	node_for_each (child, node, "argument") {
		struct manifest_argument *argument;

		document_check(&document, child, &element_argument);
		NEW(argument);
		argument->name = text_attribute(child, "name");
		(void)!document_number(&document, child, "value", any_range, &argument->value);
		*list = argument;
		list = &argument->next;
	}
}

static void read_service(struct node node, bool is_required, struct manifest_service *service)
{
	uint64_t    count = 1;
	char const *label = text_attribute(node, "label");
	bool const  any   = node_is(node, "any-service");

	document_check(&document, node, any ? &element_any : is_required ? &element_required : &element_provided);
	service->at = document_place(node);
	service->name = any ? NULL : text_attribute(node, "name");
	if (!any && !service->name)
		problem_add(SEVERITY_ERROR, reported_file, service->at, "manifest: <service> has no attribute \"name\"");
	service->label = label ? label : "";
	service->label_attribute = text_attribute(node, "label_attribute");
	service->any_label = read_bool(node, "any_label");
	service->is_optional = read_bool(node, "optional");
	service->is_late = read_bool(node, "late");
	service->is_relay = read_bool(node, "relay");
	service->interface = text_attribute(node, "interface");
	(void)!document_number(&document, node, "count", count_range, &count);
	service->count = (unsigned)count;
	read_quota(node, "ram", "caps", &service->extra);
	read_arguments(node, &service->arguments);
}

static void read_services(struct node component, char const *name, struct manifest_service **list)
{
	node_for_each (services, component, name) {
		document_check(&document, services, &element_services);
		node_for_each (child, services, NULL) {
			struct manifest_service *service;

			if (!node_is(child, "service") && !node_is(child, "any-service"))
				continue;
			NEW(service);
			read_service(child, strcmp(name, "requires") == 0, service);
			if (!service->name && !node_is(child, "any-service"))
				continue;
			*list = service;
			list = &service->next;
		}
	}
}

/* At most as deep as XML_DEPTH_MAX. */
static void check_config(struct node node)
{
	document_check(&document, node, node_is(node, "config") ? &element_config : &element_inner);
	node_for_each (child, node, "attribute")
		document_check(&document, child, &element_attribute);
	node_for_each (child, node, "element")
		check_config(child);
}

static void read_component(struct manifest *manifest)
{
	struct node const node = manifest->node;

	manifest->is_read = true;
	reported_file = manifest->file;
	document_check(&document, node, &element_component);
	manifest->measured = text_attribute(node, "measured");
	if (!node_has_attribute(node, "ram") || !node_has_attribute(node, "caps"))
		problem_add(SEVERITY_ERROR, manifest->file, manifest->at, "manifest: <component> needs name=\"...\" ram=\"...\" caps=\"...\"");
	read_quota(node, "ram", "caps", &manifest->own);
	read_quota(node, "start_ram", "start_caps", &manifest->each);
	read_services(node, "provides", &manifest->provides);
	read_services(node, "requires", &manifest->requires);
	manifest->config = node_child(node, "config");
	if (node_exists(manifest->config))
		check_config(manifest->config);
	manifest->is_init = node_attribute_is(manifest->config, "language", "init");
}

void manifests_read(char const *path)
{
	struct source   *source = source_read(path);
	struct manifest **end = &manifests;
	struct xml_error error;
	char             text[384];

	if (!source)
		fail("cannot read the manifests, %s", path);
	if (!source_index(source, &error))
		fail("manifests: %s", xml_error_text(&error, text, sizeof(text)));
	document_check(&document, source->root, &element_manifests);
	node_for_each (node, source->root, "component") {
		struct manifest *manifest;
		char             file[NODE_FILE_SIZE];

		NEW(manifest);
		*manifest = (struct manifest) {
			.node = node, .name = text_attribute(node, "name"), .at = document_place(node), .file = text_of("%s", node_file(node, file)),
		};
		if (!manifest->name) {
			problem_add(SEVERITY_ERROR, manifest->file, manifest->at, "manifest: <component> has no name");
			continue;
		}
		*end = manifest;
		end = &manifest->next;
	}
}

/* A manifest is read when it is needed: a mistake in one is nothing to those who do without it. */
struct manifest const *manifest_find(char const *name)
{
	struct manifest *manifest = manifests;

	while (manifest && strcmp(manifest->name, name) != 0)
		manifest = manifest->next;
	if (manifest && !manifest->is_read)
		read_component(manifest);
	return manifest;
}

void manifests_check(void)
{
	for (struct manifest *manifest = manifests; manifest; manifest = manifest->next)
		read_component(manifest);
}

struct manifest_service const *manifest_service(struct manifest_service const *list, char const *name)
{
	while (list && list->name && strcmp(list->name, name) != 0)
		list = list->next;
	return list;
}

char const *manifest_meant(char const *name)
{
	char const *best = NULL;

	for (struct manifest const *manifest = manifests; manifest; manifest = manifest->next) {
		if (text_is_meant(name, manifest->name, best))
			best = manifest->name;
	}
	return best;
}
