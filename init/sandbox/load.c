/* SPDX-License-Identifier: MIT */
/*
 * From a document to children: all memory that a configuration takes is taken here, before anything changes. Names of services are kept
 * apart from the configuration, one for each, because sessions outlive it.
 */
#include "own.h"
#include <base/log.h>
#include <base/string.h>

/* --- Memory --- */

static void *acquire_chunk(struct arena *arena, size_t size)
{
	struct sandbox *sandbox = arena->owner;
	void           *chunk;

	return heap_alloc(&sandbox->env->heap, size, &chunk) == STATUS_OK ? chunk : NULL;
}

static void release_chunk(struct arena *arena, void *chunk, size_t size)
{
	struct sandbox *sandbox = arena->owner;

	heap_free(&sandbox->env->heap, chunk);
}

/* --- Messages --- */

/* While a document is decoded. */
struct log_reporter {
	struct config_reporter reporter;
	struct config const   *config;
};

static void report(struct config_reporter *reporter, bool is_error, struct position at, char const *text)
{
	char const *file = container_of(reporter, struct log_reporter, reporter)->config->file;

	if (is_error)
		log_error("%s:%u:%u: %s", file, at.line, at.column, text);
	else
		log_warning("%s:%u:%u: %s", file, at.line, at.column, text);
}

/* --- Names of services --- */

static enum status keep_name(struct sandbox *sandbox, char const **text)
{
	struct sandbox_name *made;
	enum status          status;

	list_for_each (name, &sandbox->names, struct sandbox_name, of_sandbox) {
		if (!string_equal(name->text, *text))
			continue;
		*text = name->text;
		return STATUS_OK;
	}
	RPC_TRY(heap_new(&sandbox->env->heap, &made));
	status = string_copy(made->text, sizeof(made->text), *text);
	assert(status == STATUS_OK);
	list_append(&sandbox->names, &made->of_sandbox);
	*text = made->text;
	return STATUS_OK;
}

static enum status keep_names(struct sandbox *sandbox, struct config_service *list)
{
	for (; list; list = list->next)
		RPC_TRY(keep_name(sandbox, &list->name));
	return STATUS_OK;
}

/* --- Children --- */

/* The child that goes by this name already; NULL: none. */
static struct sandbox_child *known_child(struct sandbox *sandbox, char const *name)
{
	struct config_start const *start = config_find_start(&sandbox->config, name);

	if (start && string_equal(start->name, name))
		return sandbox->by_start[start->index];
	list_for_each (child, &sandbox->children, struct sandbox_child, of_sandbox) {
		if (child->start == &child->removed && string_equal(child->name, name))
			return child;
	}
	return NULL;
}

static bool is_number_taken(struct list const *children, unsigned number)
{
	list_for_each (child, children, struct sandbox_child, of_sandbox) {
		if (child->number == number)
			return true;
	}
	return false;
}

static enum status make_child(struct sandbox *sandbox, struct load *load, struct config_start const *start, struct sandbox_child **made)
{
	struct sandbox_child *child;
	enum status           status;

	RPC_TRY(heap_new(&sandbox->env->heap, &child));
	*child = (struct sandbox_child) { .sandbox = sandbox, .start = start, .ends_as = CHILD_ALIVE };
	status = string_copy(child->name, sizeof(child->name), start->name);
	assert(status == STATUS_OK);
	sandbox_child_init(child);
	while (is_number_taken(&sandbox->children, child->number) || is_number_taken(&load->fresh, child->number))
		child->number++;
	list_append(&load->fresh, &child->of_sandbox);
	*made = child;
	return STATUS_OK;
}

static enum status make_services(struct load *load, struct config_start const *start)
{
	struct sandbox_service *services;
	unsigned                count = 0;

	for (struct config_service const *service = start->provides; service; service = service->next)
		count++;
	services = arena_alloc(&load->config.arena, count * sizeof(*services));
	if (!services)
		return STATUS_OUT_OF_RAM;
	for (struct config_service const *service = start->provides; service; service = service->next)
		services++->name = service->name;
	load->services[start->index] = services - count;
	return STATUS_OK;
}

static enum status fill(struct sandbox *sandbox, struct load *load)
{
	struct config *config = &load->config;

	load->by_start = arena_alloc(&config->arena, config->start_count * sizeof(struct sandbox_child *));
	load->services = arena_alloc(&config->arena, config->start_count * sizeof(struct sandbox_service *));
	if (!load->by_start || !load->services)
		return STATUS_OUT_OF_RAM;
	RPC_TRY(keep_names(sandbox, config->parent_provides));
	for (struct config_start *start = config->starts; start; start = start->next) {
		RPC_TRY(keep_names(sandbox, start->provides));
		RPC_TRY(make_services(load, start));
		load->by_start[start->index] = known_child(sandbox, start->name);
		if (!load->by_start[start->index])
			RPC_TRY(make_child(sandbox, load, start, &load->by_start[start->index]));
	}
	return STATUS_OK;
}

enum status load_config(struct sandbox *sandbox, struct load *load, struct node root)
{
	struct log_reporter reporter = { .reporter.report = report, .config = &load->config };
	enum status         status;

	*load = (struct load) { .config.arena = { .acquire = acquire_chunk, .release = release_chunk, .owner = sandbox } };
	list_init(&load->fresh);
	status = config_decode(&load->config, root, &reporter.reporter);
	if (status == STATUS_OK)
		status = fill(sandbox, load);
	if (status == STATUS_OK)
		return STATUS_OK;
	load_drop(sandbox, load);
	return status;
}

void load_drop(struct sandbox *sandbox, struct load *load)
{
	for (struct list_link *link; (link = list_take_first(&load->fresh)); )
		heap_free(&sandbox->env->heap, container_of(link, struct sandbox_child, of_sandbox));
	arena_fini(&load->config.arena);
}

/* --- Taking over --- */

/* What it has announced stays announced. */
static void take_services(struct sandbox_child *child, struct sandbox_service *services)
{
	struct sandbox_service *service = services;

	for (struct config_service const *said = child->start->provides; said; said = said->next, service++) {
		for (unsigned i = 0; i < child->service_count; i++) {
			if (child->services[i].name == service->name)
				*service = child->services[i];
		}
	}
	child->services = services;
	child->service_count = (unsigned)(service - services);
}

void load_commit(struct sandbox *sandbox, struct load *load)
{
	sandbox->config = load->config;
	sandbox->by_start = load->by_start;
	list_append_all(&sandbox->children, &load->fresh);
	for (struct config_start const *start = sandbox->config.starts; start; start = start->next) {
		struct sandbox_child *child = sandbox->by_start[start->index];

		child->start = start;
		take_services(child, load->services[start->index]);
	}
}
