/* SPDX-License-Identifier: MIT */
/*
 * The life of a component as base sees it: from the loader's jump to the exit, and the news in between.
 */
#include "own.h"

#include <base/cap_alloc.h>
#include <base/component.h>
#include <base/startup.h>

_Noreturn void base_start(struct startup const *startup);

/* The ELF note that the loader compares with the platform page. */
__attribute__((section(".note.banyan"), used, aligned(4))) static struct platform_note const note = {
	.name_size = sizeof("Banyan"), .size = 2 * sizeof(uint16_t), .type = NOTE_PLATFORM,
	.name = "Banyan", .major = PLATFORM_MAJOR, .minor = PLATFORM_PRIMITIVES,
};

/* For components that link base/heavy it is another one. */
__attribute__((weak)) bool const component_is_heavy = false;

static struct env env = {
	.parent      = { { SLOT_PARENT << 5 } },
	.account     = { { SLOT_ACCOUNT << 5 } },
	.pd          = { .connection.cap = { SLOT_PD << 5 } },
	.rm          = { .connection.cap = { SLOT_RM << 5 } },
	.cpu         = { .connection.cap = { SLOT_CPU << 5 } },
	.ram         = { .connection.cap = { SLOT_ACCOUNT << 5 } },
	.cap_session = { .connection.cap = { SLOT_ACCOUNT << 5 } },
	.signal      = { .connection.cap = { SLOT_ACCOUNT << 5 } },
};

/* --- News --- */

void env_repeat_news(struct env *e, uint32_t bits)
{
	e->news_pending |= bits;

	enum status status = signal_submit(e->news_context);

	assert(status == STATUS_OK);
}

/* Tells those who asked; without anyone, base itself says that there is nothing to give back, and that all is well. */
static void fan_out(struct env *e, uint32_t bits)
{
	uint32_t taken = 0;

	list_for_each_safe (handler, &e->news_handlers, struct news_handler, of_env) {
		if (handler->bits & bits)
			handler->handle(handler, handler->bits & bits);
		taken |= handler->bits;
	}

	enum status status = STATUS_OK;

	if (bits & ~taken & NEWS_HEARTBEAT)
		status = parent_heartbeat(e->parent);
	if (status == STATUS_OK && bits & ~taken & NEWS_YIELD)
		status = parent_yield_done(e->parent);
	if (status)
		log_warning("cannot answer the parent: %s", status_name(status));
}

static void handle_news(struct handler *handler, uint64_t count)
{
	struct env *e     = container_of(handler, struct env, news);
	uint32_t    fresh = 0;
	enum status status = parent_news(e->parent, &fresh);
	uint32_t const bits = e->news_pending | fresh;

	if (status)
		log_error("cannot read news: %s", status_name(status));
	e->news_pending = 0;
	if (bits & NEWS_SESSION)
		connection_check_lost(e);
	if (bits & (NEWS_REQUEST | NEWS_RESOURCE) && !list_is_empty(&e->services))
		service_serve(e);
	fan_out(e, bits);
}

void env_on_news(struct env *e, struct news_handler *handler)
{
	list_append(&e->news_handlers, &handler->of_env);
}

enum status env_wait_news(struct env *e, uint32_t bits, uint64_t deadline_ns)
{
	while (!(e->news_pending & bits)) {
		uint32_t fresh;

		RPC_TRY(signal_wait(e->news_context, deadline_ns));
		RPC_TRY(parent_news(e->parent, &fresh));
		e->news_pending |= fresh;
	}
	e->news_pending &= ~bits;
	if (e->news_pending)
		env_repeat_news(e, 0);
	return STATUS_OK;
}

enum status env_request(struct env *e, uint64_t ram_bytes, uint64_t caps, uint64_t deadline_ns)
{
	struct account_state before, now;

	RPC_TRY(account_info(e->account, &before));
	RPC_TRY(parent_resource_request(e->parent, align_up(ram_bytes, PAGE_SIZE), caps));

	/* The news may be about a request of base's own: what counts is whether the quota is there. */
	do {
		RPC_TRY(env_wait_news(e, NEWS_RESOURCE, deadline_ns));
		RPC_TRY(account_info(e->account, &now));
	} while (now.ram_limit - before.ram_limit < ram_bytes || now.caps_limit - before.caps_limit < caps);
	if (!list_is_empty(&e->services))
		env_repeat_news(e, NEWS_RESOURCE);
	return STATUS_OK;
}

/* --- From start to end --- */

enum status env_exit(struct env *e, uint32_t value)
{
	struct platform_regs regs = { 0 };

	if (parent_exit(e->parent, value) == STATUS_OK)
		platform_invoke(PLATFORM_THREAD_EXIT, &regs);
	__builtin_trap();
}

/* "stopped: DENIED at main.c:12: hello_open(...)" */
static void report(enum status status)
{
	struct try_place const *place = try_noted(status);
	char const             *file;

	if (!place) {
		log_error("stopped: %s (%s); TRY in component_construct would say where", status_name(status), status_text(status));
		return;
	}
	file = place->file;
	for (char const *at = file; *at; at++)
		if (*at == '/')
			file = at + 1;

	char const  *open = string_find(place->text, '(');
	size_t const size = open ? (size_t)(open - place->text) : strlen(place->text);

	log_error("stopped: %s at %s:%u: %.*s%s", status_name(status), file, place->line, (int)size, place->text, open ? "(...)" : "");
}

static void complain(char const *text)
{
	log_warning("%s", text);
}

/* Everything without which there is no component, not even one that could say so. */
static enum status set_up(struct startup const *startup)
{
	cap_alloc_init(startup->first_free);
	heap_init(&env.heap, env.account.cap, &heap_source_ram);
	list_init(&env.news_handlers);
	list_init(&env.services);
	list_init(&env.connections);
	env.news.handle = handle_news;
	RPC_TRY(pd_main_thread(&env.pd, &env.main_thread));
	RPC_TRY(ep_init(&env.ep, env.main_thread.cap, env.account.cap));
	RPC_TRY(ep_signal(&env.ep, &env.news, &env.news_context));
	return parent_news_handler(env.parent, env.news_context);
}

_Noreturn void base_start(struct startup const *startup)
{
	enum status status = set_up(startup);

	if (status == STATUS_OK) {
		log_start(&env);
		node_complain = complain;
		status = component_construct(&env);
		if (status)
			report(status);
	}
	if (status == STATUS_OK)
		ep_run(&env.ep);
	env_exit(&env, status ? 1 : 0);
	__builtin_unreachable();
}
