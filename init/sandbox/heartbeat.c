/* SPDX-License-Identifier: MIT */
/*
 * Signs of life: at a fixed rate, each child whose start has a <heartbeat> is told to answer. Whoever owes more answers than its start allows is taken to
 * hang, and ended. The answer comes from its event loop, so a child that computes for longer than that counts as one that hangs.
 */
#include "own.h"
#include <base/log.h>
#include <base/time.h>

static void ask(struct sandbox_child *child)
{
	if (!child->start->heartbeat_missed || child->state != CHILD_ALIVE || child->ends_as != CHILD_ALIVE)
		return;
	if (child->beats_owed >= child->start->heartbeat_missed) {
		log_error("child \"%s\" has given no sign of life %u times: it is ended", child->name, child->beats_owed);
		sandbox_child_end(child, CHILD_HUNG);
		return;
	}
	child->beats_owed++;
	sandbox_child_tell(child, NEWS_HEARTBEAT);
}

static void arm(struct sandbox *sandbox)
{
	ep_timeout(&sandbox->env->ep, &sandbox->heartbeat, time_now_ns() + sandbox->config.heartbeat.rate_ms * TIME_NS_PER_MS);
}

static void handle_heartbeat(struct handler *handler, uint64_t count)
{
	struct sandbox *sandbox = container_of(handler, struct sandbox, heartbeat);

	arm(sandbox);
	list_for_each_safe (child, &sandbox->children, struct sandbox_child, of_sandbox)
		ask(child);
}

void heartbeat_start(struct sandbox *sandbox)
{
	sandbox->heartbeat.handle = handle_heartbeat;
	heartbeat_stop(sandbox);
	if (sandbox->config.heartbeat.at.line)
		arm(sandbox);
}

void heartbeat_stop(struct sandbox *sandbox)
{
	ep_timeout_cancel(&sandbox->env->ep, &sandbox->heartbeat);
}
