/* SPDX-License-Identifier: MIT */
/* Announces Hello, and never answers anything again: neither requests, nor the end of sessions, nor heartbeats. */
#include <base/component.h>
#include <base/signal.h>
#include <hello/hello.h>

static void ignore(struct handler *handler, uint64_t count)
{
}

enum status component_construct(struct env *env)
{
	static struct handler handler = { .handle = ignore };
	struct signal_context never;

	TRY(parent_announce(env->parent, hello_type.name, hello_type.hash, 0, 0));
	log_info("is stuck from now on");
	TRY(ep_signal(&env->ep, &handler, &never));
	return signal_wait(never, 0);
}
