/* SPDX-License-Identifier: MIT */
/* Reads its configuration, wants to hear of another, and does nothing. */
#include <base/component.h>
#include <base/node.h>

static void ignore(struct handler *handler, uint64_t count)
{
}

enum status component_construct(struct env *env)
{
	static struct handler handler = { .handle = ignore };

	(void)env_config(env);
	return env_on_config(env, &handler);
}
