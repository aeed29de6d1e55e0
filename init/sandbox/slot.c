/* SPDX-License-Identifier: MIT */
/* The memory of sessions: slots by id, their way back to FREE, and what a client is told of them. */
#include "own.h"
#include <base/cap_alloc.h>
#include <base/log.h>
#include <base/string.h>

struct session_slot *slot_lookup(struct sandbox_child *client, uint32_t id, bool *is_stale)
{
	struct session_id    parts = session_id_decode(id);
	struct session_slot *slot;

	*is_stale = false;
	if (!client->slots || parts.child != client->number || parts.index >= client->slot_count)
		return NULL;
	slot = &client->slots[parts.index];
	if (slot->generation != parts.generation)
		return NULL;
	*is_stale = !session_is_clients(slot);
	return *is_stale ? NULL : slot;
}

struct session_slot *slot_acquire(struct sandbox_child *client)
{
	for (unsigned i = client->slots_from; client->slots && i < client->slot_count; i++) {
		struct session_slot *slot       = &client->slots[i];
		uint16_t const       generation = session_next_generation(slot->generation);

		if (slot->state != SLOT_FREE)
			continue;

		/* Label and arguments are text that others bring: all up to them. */
		memset(slot, 0, offsetof(struct session_slot, label));
		slot->client = client;
		slot->index = i;
		slot->generation = generation;
		client->slots_from = i + 1;
		session_set_state(slot, SLOT_QUEUED);
		client->slots_used++;
		report_soon(client->sandbox);
		return slot;
	}
	return NULL;
}

struct route_request slot_request(struct session_slot const *slot)
{
	return (struct route_request) { slot->client->start, slot->service, slot->label, slot->is_binary };
}

void slot_label(struct session_slot const *slot, char to[static LABEL_SIZE])
{
	struct route_request request = slot_request(slot);
	enum status          status  = route_label(&slot->client->sandbox->config, &request, slot->target, to);

	/* It was made when the route was found. */
	assert(status == STATUS_OK);
}

void slot_refund(struct session_slot *slot)
{
	if (!cap_is_null(slot->control)) {
		enum status status = account_control_destroy((struct account_control) { slot->control });

		assert(status == STATUS_OK);
		/* It has gone, as has the other one. */
		cap_unreserve(slot->control);
		if (!cap_is_null(slot->use))
			cap_unreserve(slot->use);
	} else {
		cap_release(slot->use);
	}
	slot->control = slot->use = CAP_NULL;
	if (slot->kind == SESSION_TO_CHILD)
		slot->account_number = 0;
}

void slot_release(struct session_slot *slot)
{
	struct sandbox_child *client = slot->client;

	assert(!list_is_linked(&slot->of_server) && !slot->paid);
	slot_refund(slot);
	pay_end(slot);
	cap_release(slot->session);
	slot->session = CAP_NULL;
	session_set_state(slot, SLOT_FREE);
	client->slots_used--;
	client->slots_from = MIN(client->slots_from, (unsigned)slot->index);
	report_soon(client->sandbox);
	sandbox_child_slot_freed(client);
}

uint32_t slot_id(struct session_slot const *slot)
{
	return session_id_encode((struct session_id) { slot->client->number, slot->index, slot->generation });
}

void slot_status(struct session_slot const *slot, struct session_status *status, struct cap *session)
{
	*status = (struct session_status) { .state = SESSION_STATE_CLOSING };
	*session = CAP_NULL;
	switch ((enum slot_state)slot->state) {
	case SLOT_QUEUED:
	case SLOT_OFFERED:
		status->state = SESSION_STATE_PENDING;
		break;
	case SLOT_READY:
	case SLOT_OPEN:
		status->state = SESSION_STATE_OPEN;
		*session = slot->session;
		break;
	case SLOT_REFUSED:
		*status = (struct session_status) { SESSION_STATE_REFUSED, slot->reason, slot->ram, slot->caps };
		break;
	case SLOT_SETTLING:
		if (slot->reason)
			status->state = SESSION_STATE_PENDING;
		break;
	case SLOT_LOST:
		status->state = SESSION_STATE_LOST;
		break;
	default:
		break;
	}
}

static void close_local(struct session_slot *slot)
{
	struct sandbox_child *client = slot->client;

	/* One that was refused has no gate. */
	if (!cap_is_null(slot->session) && slot->session.selector == client->state_gate.selector)
		state_rom_close(client);
	else if (!cap_is_null(slot->session))
		config_rom_close(client);
	session_set_state(slot, SLOT_CLOSING);
}

void slot_end(struct session_slot *slot)
{
	if (slot->paid)
		pay_settle(slot, STATUS_OK);
	else
		slot_release(slot);
}

void slot_close(struct session_slot *slot)
{
	bool is_over = slot->state == SLOT_REFUSED;

	if (slot->state == SLOT_SETTLING) {
		/* The reason why it was refused does not matter any more. */
		slot->reason = STATUS_OK;
	} else if (slot->kind == SESSION_TO_PARENT && !is_over) {
		forward_close(slot);
	} else if (slot->kind == SESSION_TO_CHILD && !is_over && (slot->state != SLOT_LOST || list_is_linked(&slot->of_server))) {
		serve_close(slot);
	} else {
		if (slot->kind == SESSION_LOCAL)
			close_local(slot);
		slot_end(slot);
	}
}
