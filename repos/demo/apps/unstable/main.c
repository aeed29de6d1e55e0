/* SPDX-License-Identifier: MIT */
/* Lives for a while, then writes to an address where nothing is. */
#include <base/component.h>
#include <base/time.h>

static struct handler end;

/* Kept from the optimizer, who knows that this is not defined. */
static int *volatile nowhere;

static void handle_end(struct handler *handler, uint64_t count)
{
	log_info("about to fault");
	*nowhere = 1;
}

enum status component_construct(struct env *env)
{
	end.handle = handle_end;
	ep_timeout(&env->ep, &end, time_now_ns() + node_u64(env_config(env), "after_ms", 3000, 0, 3600 * 1000) * TIME_NS_PER_MS);
	return STATUS_OK;
}
