/* SPDX-License-Identifier: MIT */
/*
 * Taking quota back. What a child does not use goes at once. For the rest it is asked by news, frees what it can spare, and says so; whoever does not
 * within the patience is started anew with what it is to have. Nobody waits for it: what is taken back is there when it is there.
 */
#include "own.h"
#include <base/log.h>
#include <base/time.h>

static bool is_demanded(struct sandbox_child const *child)
{
	return child->demand.ram || child->demand.caps;
}

/* OK: it is back. */
static enum status take(struct sandbox_child *child)
{
	bool fits;

	RPC_TRY(account_control_shrink(child->child.control, child->demand.ram, child->demand.caps));
	fits = quota_take(&child->given, child->demand);
	assert(fits);
	yield_forget(child);
	report_soon(child->sandbox);
	return STATUS_OK;
}

/* The patience is over. */
static void handle_over(struct handler *handler, uint64_t count)
{
	struct sandbox_child *child = container_of(handler, struct sandbox_child, yield_over);

	if (!child_runs(child) || !is_demanded(child) || take(child) == STATUS_OK)
		return;
	log_error("child \"%s\" did not give back %lu bytes of RAM and %lu caps within %u ms: it is started anew with less", child->name, child->demand.ram,
	          child->demand.caps, child->start->yield_patience_ms);
	sandbox_child_end(child, CHILD_WAITING);
}

void yield_ask(struct sandbox_child *child, struct quota less)
{
	struct ep *ep = &child->sandbox->env->ep;

	yield_forget(child);
	child->demand = less;
	if (!is_demanded(child) || take(child) == STATUS_OK)
		return;
	log_info("child \"%s\" is to give back %lu bytes of RAM and %lu caps", child->name, less.ram, less.caps);
	child->yield_over.handle = handle_over;
	if (child->start->yield_patience_ms)
		ep_timeout(ep, &child->yield_over, time_now_ns() + child->start->yield_patience_ms * TIME_NS_PER_MS);
	sandbox_child_tell(child, NEWS_YIELD);
}

void yield_done(struct sandbox_child *child)
{
	struct quota const demand = child->demand;

	if (is_demanded(child) && take(child) == STATUS_OK)
		log_info("child \"%s\" has given back %lu bytes of RAM and %lu caps", child->name, demand.ram, demand.caps);
}

void yield_forget(struct sandbox_child *child)
{
	child->demand = (struct quota) { 0, 0 };
	ep_timeout_cancel(&child->sandbox->env->ep, &child->yield_over);
}
