/* SPDX-License-Identifier: MIT */
/* Reads its configuration, wants to hear of another, and does nothing; or exits, if that says so. */
#include <base/component.h>
#include <base/node.h>

static void ignore(struct handler *handler, uint64_t count)
{
}

enum status component_construct(struct env *env)
{
	static struct handler handler = { .handle = ignore };

	if (node_bool(env_config(env), "exit", false))
		return env_exit(env, 0);
	return env_on_config(env, &handler);
}
