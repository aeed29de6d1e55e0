/* SPDX-License-Identifier: MIT */
/*
 * Serves Mortal and dies as its configuration says: `how` is exit or fault (of the call die), silent (never answers a
 * request for a session) or grudge (never agrees to the end of one).
 */
#include <base/component.h>
#include <mortal/mortal.h>

static char        how[16];
static struct env *own_env;

static enum status knock(struct mortal_session *session)
{
	return STATUS_OK;
}

static enum status die(struct mortal_session *session)
{
	if (string_equal(how, "exit"))
		return env_exit(own_env, 3);
	if (string_equal(how, "fault"))
		*(int volatile *)NULL = 1;
	return STATUS_OK;
}

/* The others wait meanwhile, and that is the point. */
static void wait_for_ever(void)
{
	for (;;)
		__asm__ volatile("");
}

static enum status open(struct mortal_session *session)
{
	if (string_equal(how, "silent"))
		wait_for_ever();
	return STATUS_OK;
}

static void close(struct mortal_session *session)
{
	if (string_equal(how, "grudge"))
		wait_for_ever();
}

static struct mortal_service service = {
	.ops = { .knock = knock, .die = die }, .session_size = sizeof(struct mortal_session), .open = open, .close = close,
};

enum status component_construct(struct env *env)
{
	own_env = env;
	TRY(node_string(env_config(env), "how", "exit", how, sizeof(how)));
	return mortal_provide(&service, env);
}
