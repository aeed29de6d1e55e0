/* SPDX-License-Identifier: MIT */
/*
 * init: builds a tree of components from its configuration (README.md has all of it). The engine is the sandbox; what is
 * added here is the life of init itself: a bad configuration that must not end it, a new one while it runs, the leak check, and the exit of a
 * child that is to be init's own.
 */
#include <base/component.h>
#include <sandbox/sandbox.h>

#include "trace.h"

static struct sandbox      sandbox;
static struct news_handler quiesce;
static struct handler      reconfigure;
static struct env         *own_env;

/* A child whose start says exit="propagate" has ended. */
static void child_exited(struct sandbox *from, uint32_t value)
{
	sandbox_stop(from);
	env_exit(from->env, value);
}

/* A new configuration; one that cannot be used leaves the old one in force. */
static void handle_reconfigure(struct handler *handler, uint64_t count)
{
	bool        changed;
	enum status status = env_config_update(own_env, &changed);

	if (status == STATUS_OK && changed)
		status = sandbox_update(&sandbox, env_config(own_env));
	if (status != STATUS_OK)
		log_error("cannot take the new configuration over: %s: the old one stays in force", status_name(status));
}

/* The leak check: without children, our account has to be what it was before the first one. */
static void handle_quiesce(struct news_handler *handler, uint32_t bits)
{
	enum status status;

	tracer_flush();
	sandbox_stop(&sandbox);
	status = parent_quiescent(own_env->parent);
	if (status != STATUS_OK)
		log_error("cannot tell that all children are gone: %s", status_name(status));
}

enum status component_construct(struct env *env)
{
	own_env = env;
	sandbox.child_exited = child_exited;
	TRY(sandbox_init(&sandbox, env, env_config(env)));
	quiesce = (struct news_handler) { .bits = NEWS_QUIESCE, .handle = handle_quiesce };
	env_on_news(env, &quiesce);
	reconfigure.handle = handle_reconfigure;
	TRY(env_on_config(env, &reconfigure));

	tracer_start(env);

	/* From here on, all that is taken is given to children. */
	TRY(parent_quiescent(env->parent));
	sandbox_start(&sandbox);
	if (!sandbox_running(&sandbox))
		log_warning("nothing runs: the configuration starts no component");
	return STATUS_OK;
}
