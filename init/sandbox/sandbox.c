/* SPDX-License-Identifier: MIT */
/* The sandbox as a whole: what is made before the first child, and the events that no child's call brings. */
#include "own.h"
#include <base/cap_alloc.h>
#include <base/log.h>
#include <base/time.h>

/* Slots of the capability table: for a child, and for each of its sessions (control, use, session). */
enum { SLOTS_CHILD = 14, SLOTS_SESSION = 3, SLOTS_SPARE = 16 };

/* --- Events --- */

static void handle_news(struct news_handler *handler, uint32_t bits)
{
	struct sandbox *sandbox = container_of(handler, struct sandbox, news);

	if (bits & NEWS_SESSION)
		forward_news(sandbox);
	if (bits & NEWS_RESOURCE)
		grow_again(sandbox);
	if (bits & NEWS_REQUEST && export_is_wanted(sandbox))
		export_serve(sandbox);
}

void sandbox_work_soon(struct sandbox *sandbox)
{
	ep_timeout(&sandbox->env->ep, &sandbox->work, time_now_ns());
}

static void end_marked(struct sandbox *sandbox)
{
	list_for_each_safe (child, &sandbox->children, struct sandbox_child, of_sandbox) {
		if (!child_runs(child) || child->ends_as == CHILD_ALIVE)
			continue;
		sandbox_child_end(child, child->ends_as);
		if (child->state == CHILD_EXITED && child->start->exit_propagates && sandbox->child_exited)
			sandbox->child_exited(sandbox, child->exit_value);
	}
}

/* Those that are in no configuration any more, and whose sessions are over. */
static void drop_gone(struct sandbox *sandbox)
{
	list_for_each_safe (child, &sandbox->children, struct sandbox_child, of_sandbox) {
		if (child->start != &child->removed || child_runs(child) || child->slots)
			continue;
		list_remove(&child->of_sandbox);
		heap_free(&sandbox->env->heap, child);
	}
}

static void begin_waiting(struct sandbox *sandbox)
{
	list_for_each_safe (child, &sandbox->children, struct sandbox_child, of_sandbox) {
		if (child->state == CHILD_WAITING && !child->slots && sandbox->is_started)
			sandbox_child_begin(child);
	}
}

/* Its back-off is over. */
static void handle_again(struct handler *handler, uint64_t count)
{
	struct sandbox_child *child = container_of(handler, struct sandbox_child, again);

	child->state = CHILD_WAITING;
	begin_waiting(child->sandbox);
}

static void handle_work(struct handler *handler, uint64_t count)
{
	struct sandbox *sandbox = container_of(handler, struct sandbox, work);

	end_marked(sandbox);
	pay_work(sandbox);
	forward_late(sandbox);
	grow_ask_parent(sandbox);
	drop_gone(sandbox);
	begin_waiting(sandbox);
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

	if (!child_runs(child) || child->ends_as != CHILD_ALIVE)
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

	if (child_runs(child))
		deny_exhausted(child);
}

void sandbox_child_init(struct sandbox_child *child)
{
	child->exited.handle = handle_exited;
	child->refused.handle = handle_refused;
	child->again.handle = handle_again;
	list_init(&child->sessions);
	parent_init(&child->parent, &sandbox_parent_ops);
}

/* --- Making --- */

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
	struct load load;

	RPC_TRY(load_config(sandbox, &load, root));
	load_commit(sandbox, &load);
	grow_table(sandbox);
	report_start(sandbox);
	return child_platform_open(&sandbox->platform, sandbox->env);
}

/* All that load_commit gave it, and the names. */
static void drop_config(struct sandbox *sandbox)
{
	report_stop(sandbox);
	for (struct list_link *link; (link = list_take_first(&sandbox->children)); )
		heap_free(&sandbox->env->heap, container_of(link, struct sandbox_child, of_sandbox));
	for (struct list_link *link; (link = list_take_first(&sandbox->names)); )
		heap_free(&sandbox->env->heap, container_of(link, struct sandbox_name, of_sandbox));
	arena_fini(&sandbox->config.arena);
}

enum status sandbox_init(struct sandbox *sandbox, struct env *env, struct node root)
{
	enum status status;

	sandbox->env = env;
	if (cpu_cpus(&env->cpu, &sandbox->cpus) != STATUS_OK || !sandbox->cpus)
		sandbox->cpus = 1;
	list_init(&sandbox->children);
	list_init(&sandbox->names);
	sandbox->work.handle = handle_work;
	sandbox->patience.handle = handle_patience;
	sandbox->news = (struct news_handler) { .bits = NEWS_SESSION | NEWS_REQUEST | NEWS_RESOURCE, .handle = handle_news };
	export_init(sandbox);
	status = make(sandbox, root);
	if (status != STATUS_OK) {
		drop_config(sandbox);
		return status;
	}
	env_on_news(env, &sandbox->news);
	return STATUS_OK;
}

void sandbox_start(struct sandbox *sandbox)
{
	sandbox->is_started = true;
	heartbeat_start(sandbox);
	begin_waiting(sandbox);
}

void sandbox_stop(struct sandbox *sandbox)
{
	sandbox->is_started = false;
	heartbeat_stop(sandbox);
	/* Whatever order: of two with a session between them, the second finds the other gone. */
	list_for_each_safe (child, &sandbox->children, struct sandbox_child, of_sandbox) {
		if (child_runs(child))
			sandbox_child_end(child, CHILD_STOPPING);
		else if (child_is_expected(child))
			sandbox_child_leave(child);
	}
	ep_timeout_cancel(&sandbox->env->ep, &sandbox->work);
	pay_work(sandbox);
	forward_late(sandbox);
	if (export_is_wanted(sandbox))
		export_serve(sandbox);
}

bool sandbox_is_quiet(struct sandbox const *sandbox)
{
	list_for_each (child, &sandbox->children, struct sandbox_child, of_sandbox) {
		if (child_runs(child) || child->slots)
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
	drop_config(sandbox);
}

unsigned sandbox_count(struct sandbox const *sandbox, enum child_state state)
{
	unsigned count = 0;

	list_for_each (child, &sandbox->children, struct sandbox_child, of_sandbox)
		count += child->state == state;
	return count;
}

unsigned sandbox_running(struct sandbox const *sandbox)
{
	return sandbox_count(sandbox, CHILD_STARTING) + sandbox_count(sandbox, CHILD_ALIVE);
}
