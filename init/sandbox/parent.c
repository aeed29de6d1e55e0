/* SPDX-License-Identifier: MIT */
/*
 * What a child can ask of its parent: the operations of parent.rpc. Every one is answered at once; none trusts a number
 * or a capability that the child gives.
 */
#include "own.h"
#include <base/cap_alloc.h>
#include <base/log.h>
#include <base/signal.h>
#include <base/string.h>

static struct sandbox_child *child_of(struct parent_object *self)
{
	return container_of(self, struct sandbox_child, parent);
}

/* --- News --- */

void sandbox_child_tell(struct sandbox_child *child, uint32_t news)
{
	if (child == &child->sandbox->outside) {
		export_soon(child->sandbox);
		return;
	}
	report_soon(child->sandbox);
	child->news |= news;
	if (!child_runs(child) || cap_is_null(child->news_signal.cap))
		return;
	/* If nobody receives it any more, that is the child's own doing. */
	enum status status = signal_submit(child->news_signal);
	(void)status;
}

static enum status news_handler(struct parent_object *self, struct rpc_cap const *handler)
{
	struct sandbox_child *child = child_of(self);

	RPC_TRY(replace_handler(&child->news_signal, handler));
	if (child->state == CHILD_STARTING)
		child->state = CHILD_ALIVE;
	if (child->news)
		sandbox_child_tell(child, 0);
	return STATUS_OK;
}

static enum status news(struct parent_object *self, uint32_t *bits)
{
	*bits = child_of(self)->news;
	child_of(self)->news = 0;
	return STATUS_OK;
}

/* --- Sessions, as a client --- */

static enum status session_open(struct parent_object *self, struct session_open_args const *args, struct rpc_cap const *pay, uint32_t *id,
                                struct session_status *status, struct cap *session)
{
	return request_open(child_of(self), args, pay, id, status, session);
}

/* Is it over, or does the server still owe its agreement? */
static bool is_over(struct sandbox_child *child, uint32_t id)
{
	struct session_id parts = session_id_decode(id);

	return child->slots[parts.index].generation != parts.generation || child->slots[parts.index].state == SLOT_FREE;
}

static enum session_state state_of_closed(struct sandbox_child *child, uint32_t id)
{
	return is_over(child, id) ? SESSION_STATE_CLOSED : SESSION_STATE_CLOSING;
}

static enum status session_state(struct parent_object *self, uint32_t id, struct session_status *status, struct cap *session)
{
	bool                 is_stale;
	struct session_slot *slot = slot_lookup(child_of(self), id, &is_stale);

	if (!slot && !is_stale)
		return STATUS_INVALID;
	if (!slot) {
		*status = (struct session_status) { .state = state_of_closed(child_of(self), id) };
		return STATUS_OK;
	}
	slot_status(slot, status, session);
	if (slot->state == SLOT_READY)
		session_set_state(slot, SLOT_OPEN);
	return STATUS_OK;
}

static enum status session_upgrade(struct parent_object *self, uint32_t id, uint64_t ram, uint64_t caps)
{
	bool                 is_stale;
	struct session_slot *slot = slot_lookup(child_of(self), id, &is_stale);

	if (!slot || slot->kind == SESSION_LOCAL || (slot->state != SLOT_READY && slot->state != SLOT_OPEN))
		return STATUS_INVALID;
	if (slot->kind == SESSION_TO_PARENT)
		return parent_session_upgrade(child_of(self)->sandbox->env->parent, slot->parent_id, ram, caps);
	RPC_TRY(account_control_grow((struct account_control) { slot->control }, ram, caps));
	slot->ram += ram;
	slot->caps += caps;
	return STATUS_OK;
}

static enum status session_close(struct parent_object *self, uint32_t id, struct session_status *status)
{
	struct sandbox_child *child = child_of(self);
	bool                  is_stale;
	struct session_slot  *slot = slot_lookup(child, id, &is_stale);

	if (!slot && !is_stale)
		return STATUS_INVALID;
	if (slot)
		slot_close(slot);
	*status = (struct session_status) { .state = state_of_closed(child, id) };
	return STATUS_OK;
}

/* --- Sessions, as a server --- */

static enum status announce(struct parent_object *self, char const *service, uint64_t hash, uint64_t ram, uint64_t caps)
{
	struct sandbox_child *child = child_of(self);

	for (unsigned i = 0; i < child->service_count; i++) {
		struct sandbox_service *known = &child->services[i];

		if (!string_equal(known->name, service))
			continue;
		if (known->announced)
			return STATUS_EXISTS;
		known->announced = true;
		known->hash = hash;
		serve_announced(child, known);
		sandbox_child_tell(child, NEWS_REQUEST);
		if (export_is_wanted(child->sandbox))
			export_soon(child->sandbox);
		return STATUS_OK;
	}
	deny_announce(child, service);
	return STATUS_INVALID;
}

static enum status serve(struct parent_object *self, struct session_answer const *answer, struct rpc_cap const *session,
                         struct session_request *request, struct cap *account)
{
	return serve_next(child_of(self), answer, session, request, account);
}

/* --- Resources, life --- */

static enum status resource_request(struct parent_object *self, uint64_t ram, uint64_t caps)
{
	grow_child(child_of(self), (struct quota) { ram, caps });
	return STATUS_OK;
}

static enum status yield_demand(struct parent_object *self, uint64_t *ram, uint64_t *caps)
{
	*ram = child_of(self)->demand.ram;
	*caps = child_of(self)->demand.caps;
	return STATUS_OK;
}

static enum status yield_is_done(struct parent_object *self)
{
	yield_done(child_of(self));
	return STATUS_OK;
}

static enum status heartbeat(struct parent_object *self)
{
	child_of(self)->beats_owed = 0;
	return STATUS_OK;
}

static enum status quiescent(struct parent_object *self)
{
	return STATUS_OK;
}

static enum status exit_child(struct parent_object *self, uint32_t value)
{
	struct sandbox_child *child = child_of(self);

	if (child->ends_as != CHILD_ALIVE)
		return STATUS_OK;
	log_info("child \"%s\" exited with value %u", child->start->name, value);
	child->exit_value = value;
	sandbox_child_end_soon(child, CHILD_EXITED);
	return STATUS_OK;
}

struct parent_ops const sandbox_parent_ops = {
	.news_handler     = news_handler,
	.news             = news,
	.session_open     = session_open,
	.session_state    = session_state,
	.session_upgrade  = session_upgrade,
	.session_close    = session_close,
	.announce         = announce,
	.serve            = serve,
	.resource_request = resource_request,
	.yield_demand     = yield_demand,
	.yield_done       = yield_is_done,
	.heartbeat        = heartbeat,
	.quiescent        = quiescent,
	.exit             = exit_child,
};
