/* SPDX-License-Identifier: MIT */
/* The sandbox as a whole: what is made before the first child, and the events that no child's call brings. */
#include "own.h"
#include <base/cap_alloc.h>
#include <base/log.h>

/* Slots of the capability table: for a child, and for each of its sessions (control, use, session). */
enum { SLOTS_CHILD = 14, SLOTS_SESSION = 3, SLOTS_SPARE = 16 };

/* --- The configuration --- */

static void *acquire_chunk(struct arena *arena, size_t size)
{
	struct sandbox *sandbox = container_of(arena, struct sandbox, config.arena);
	void           *chunk;

	return heap_alloc(&sandbox->env->heap, size, &chunk) == STATUS_OK ? chunk : NULL;
}

static void release_chunk(struct arena *arena, void *chunk, size_t size)
{
	heap_free(&container_of(arena, struct sandbox, config.arena)->env->heap, chunk);
}

static void report(struct config_reporter *reporter, bool is_error, struct position at, char const *text)
{
	char const *file = container_of(reporter, struct sandbox, reporter)->config.file;

	if (is_error)
		log_error("%s:%u:%u: %s", file, at.line, at.column, text);
	else
		log_warning("%s:%u:%u: %s", file, at.line, at.column, text);
}

/* What is understood, and does nothing yet. */
static void tell_idle(struct sandbox *sandbox)
{
	struct config const *config = &sandbox->config;

	if (config->heartbeat.at.line)
		report(&sandbox->reporter, false, config->heartbeat.at, "<heartbeat> does nothing yet");
	if (config->report.at.line)
		report(&sandbox->reporter, false, config->report.at, "<report> does nothing yet");
	for (struct config_start const *start = config->starts; start; start = start->next) {
		if (start->cpu.at.line)
			report(&sandbox->reporter, false, start->cpu.at, "a share of the CPU does nothing yet");
		if (start->affinity.at.line)
			report(&sandbox->reporter, false, start->affinity.at, "<affinity> does nothing yet");
		if (start->restart.at.line)
			report(&sandbox->reporter, false, start->restart.at, "<restart> does nothing yet");
	}
}

/* --- Events --- */

static void handle_news(struct news_handler *handler, uint32_t bits)
{
	struct sandbox *sandbox = container_of(handler, struct sandbox, news);

	if (bits & NEWS_SESSION)
		forward_news(sandbox);
	if (bits & NEWS_REQUEST)
		export_serve(sandbox);
}

static void end_marked(struct sandbox *sandbox)
{
	for (unsigned i = 0; i < sandbox->child_count; i++) {
		struct sandbox_child *child = &sandbox->children[i];

		if (child->state != CHILD_ALIVE || child->ends_as == CHILD_ALIVE)
			continue;
		sandbox_child_end(child, child->ends_as);
		if (child->state == CHILD_EXITED && child->start->exit_propagates && sandbox->child_exited)
			sandbox->child_exited(sandbox, child->exit_value);
	}
}

static void handle_work(struct handler *handler, uint64_t count)
{
	struct sandbox *sandbox = container_of(handler, struct sandbox, work);

	end_marked(sandbox);
	forward_late(sandbox);
	if (export_is_wanted(sandbox))
		export_serve(sandbox);
}

static void handle_patience(struct handler *handler, uint64_t count)
{
	serve_patience_over(container_of(handler, struct sandbox, patience));
}

/* The child's main thread faulted, which core has described, or ended. */
static void handle_exited(struct handler *handler, uint64_t count)
{
	struct sandbox_child *child = container_of(handler, struct sandbox_child, exited);
	struct thread_fault   fault;
	enum thread_state     state;

	if (child->state != CHILD_ALIVE || child->ends_as != CHILD_ALIVE)
		return;
	if (thread_state(child->child.main_thread, &state, &fault) != STATUS_OK)
		state = THREAD_STATE_FAULTED;
	log_info("child \"%s\" %s: it is ended, the others go on", child->start->name,
	         state == THREAD_STATE_FAULTED ? "faulted" : "ended without saying so");
	sandbox_child_end(child, CHILD_FAULTED);
}

static void handle_refused(struct handler *handler, uint64_t count)
{
	struct sandbox_child *child = container_of(handler, struct sandbox_child, refused);

	if (child->state == CHILD_ALIVE)
		deny_exhausted(child);
}

/* --- Making --- */

static enum status make_child(struct sandbox *sandbox, struct config_start const *start)
{
	struct sandbox_child *child = &sandbox->children[start->index];

	*child = (struct sandbox_child) {
		.sandbox = sandbox, .start = start, .ends_as = CHILD_ALIVE, .exited.handle = handle_exited, .refused.handle = handle_refused,
	};
	list_init(&child->sessions);
	parent_init(&child->parent, &sandbox_parent_ops);
	for (struct config_service const *service = start->provides; service; service = service->next)
		child->service_count++;
	child->services = arena_alloc(&sandbox->config.arena, child->service_count * sizeof(struct sandbox_service));
	if (!child->services)
		return STATUS_OUT_OF_RAM;
	child->service_count = 0;
	for (struct config_service const *service = start->provides; service; service = service->next)
		child->services[child->service_count++].name = service->name;
	return STATUS_OK;
}

/* Makes the capability table as large as the children will need it; what does not fit is an error of those who open too much. */
static void grow_table(struct sandbox *sandbox)
{
	unsigned    needed = cap_slots_used() + CAP_RESERVE + SLOTS_SPARE, count = 0;
	struct cap *slots;

	for (struct config_start const *start = sandbox->config.starts; start; start = start->next)
		needed += SLOTS_CHILD + SLOTS_SESSION * start->sessions;
	if (needed <= cap_slots() || heap_new_array(&sandbox->env->heap, needed, &slots) != STATUS_OK)
		return;
	while (cap_slots() < needed && count < needed && cap_reserve(&slots[count]) == STATUS_OK)
		count++;
	while (count)
		cap_release(slots[--count]);
	heap_free(&sandbox->env->heap, slots);
}

static enum status make(struct sandbox *sandbox, struct node root)
{
	RPC_TRY(config_decode(&sandbox->config, root, &sandbox->reporter));
	tell_idle(sandbox);
	sandbox->children = arena_alloc(&sandbox->config.arena, sandbox->config.start_count * sizeof(struct sandbox_child));
	if (!sandbox->children)
		return STATUS_OUT_OF_RAM;
	for (struct config_start const *start = sandbox->config.starts; start; start = start->next) {
		RPC_TRY(make_child(sandbox, start));
		sandbox->child_count++;
	}
	grow_table(sandbox);
	return child_platform_open(&sandbox->platform, sandbox->env);
}

enum status sandbox_init(struct sandbox *sandbox, struct env *env, struct node root)
{
	enum status status;

	sandbox->env = env;
	sandbox->reporter.report = report;
	sandbox->config.arena.acquire = acquire_chunk;
	sandbox->config.arena.release = release_chunk;
	sandbox->work.handle = handle_work;
	sandbox->patience.handle = handle_patience;
	sandbox->news = (struct news_handler) { .bits = NEWS_SESSION, .handle = handle_news };
	export_init(sandbox);
	status = make(sandbox, root);
	if (status != STATUS_OK) {
		arena_fini(&sandbox->config.arena);
		return status;
	}
	if (export_is_wanted(sandbox))
		sandbox->news.bits |= NEWS_REQUEST;
	env_on_news(env, &sandbox->news);
	return STATUS_OK;
}

void sandbox_start(struct sandbox *sandbox)
{
	for (unsigned i = 0; i < sandbox->child_count; i++)
		sandbox_child_begin(&sandbox->children[i]);
}

void sandbox_stop(struct sandbox *sandbox)
{
	/* Whatever order: of two with a session between them, the second finds the other gone. */
	for (unsigned i = 0; i < sandbox->child_count; i++) {
		if (sandbox->children[i].state == CHILD_ALIVE)
			sandbox_child_end(&sandbox->children[i], CHILD_STOPPED);
	}
	ep_timeout_cancel(&sandbox->env->ep, &sandbox->work);
	forward_late(sandbox);
	if (export_is_wanted(sandbox))
		export_serve(sandbox);
}

bool sandbox_is_quiet(struct sandbox const *sandbox)
{
	for (unsigned i = 0; i < sandbox->child_count; i++) {
		if (sandbox->children[i].state == CHILD_ALIVE || sandbox->children[i].slots)
			return false;
	}
	return list_is_empty(&sandbox->exports);
}

void sandbox_fini(struct sandbox *sandbox)
{
	assert(sandbox_is_quiet(sandbox));
	ep_timeout_cancel(&sandbox->env->ep, &sandbox->work);
	list_remove(&sandbox->news.of_env);
	child_platform_close(&sandbox->platform);
	arena_fini(&sandbox->config.arena);
}

unsigned sandbox_count(struct sandbox const *sandbox, enum child_state state)
{
	unsigned count = 0;

	for (unsigned i = 0; i < sandbox->child_count; i++)
		count += sandbox->children[i].state == state;
	return count;
}
