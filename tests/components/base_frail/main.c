/* SPDX-License-Identifier: MIT */
/* Serves Frail: works like any server until a client tells it to fail. */
#include <base/component.h>
#include <frail/frail.h>

struct fragile {
	struct frail_session session;
	void                *buffer;
	bool                 hangs;
};

static struct env *own_env;

static enum status echo(struct frail_session *session, uint64_t value, uint64_t *value_again)
{
	*value_again = value;
	return STATUS_OK;
}

static enum status die(struct frail_session *session)
{
	__builtin_trap();
}

static enum status hang_at_close(struct frail_session *session)
{
	container_of(session, struct fragile, session)->hangs = true;
	return STATUS_OK;
}

static enum status allocate(struct frail_session *session, uint64_t bytes)
{
	void *block;

	return heap_alloc(session_heap(&session->session), bytes, &block);
}

static enum status misbehave(struct frail_session *session)
{
	return STATUS_EXISTS;
}

static enum status open(struct frail_session *session, struct frail_args const *args)
{
	struct fragile *fragile = container_of(session, struct fragile, session);

	return args->buffer ? heap_alloc(session_heap(&session->session), args->buffer, &fragile->buffer) : STATUS_OK;
}

static void close(struct frail_session *session)
{
	struct signal_context never;
	enum status           status;

	if (!container_of(session, struct fragile, session)->hangs)
		return;
	status = signal_alloc_context(&own_env->signal, own_env->main_thread, 0, &never);
	while (status == STATUS_OK)
		status = signal_wait(never, 0);
}

static struct frail_service service = {
	.ops          = { .echo = echo, .die = die, .hang_at_close = hang_at_close, .allocate = allocate, .misbehave = misbehave },
	.session_size = sizeof(struct fragile),
	.open         = open,
	.close        = close,
};

enum status component_construct(struct env *env)
{
	own_env = env;
	return frail_provide(&service, env);
}
