/* SPDX-License-Identifier: MIT */
/*
 * Sessions that the own parent provides or passes on. The request carries the payer along, so nobody in between is charged. The parent answers
 * at once or later, with news; a chain of calls that is too long is cut here: the client hears PENDING, and the request goes up
 * from the loop.
 */
#include "own.h"
#include <base/cap_alloc.h>
#include <base/log.h>
#include <base/string.h>

static struct parent parent_of(struct session_slot const *slot)
{
	return slot->client->sandbox->env->parent;
}

bool forward_shares_cpu(struct session_slot const *slot)
{
	return slot->client->start->cpu.value && string_equal(slot->service, "CPU");
}

/* A CPU session that a child with a share opens uses up that share; core decides, whoever was between. */
static enum status share_cpu(struct session_slot const *slot, struct cap session)
{
	return forward_shares_cpu(slot) ? cpu_give_share(&slot->client->child.cpu, session, 0, CPU_PERIOD_DEFAULT_US) : STATUS_OK;
}

/* What the parent says about a request that it has got. */
static void accept_answer(struct session_slot *slot, struct session_status const *answer, struct cap session)
{
	struct session_status ended;

	if (answer->state == SESSION_STATE_OPEN && !cap_is_null(session) && share_cpu(slot, session) == STATUS_OK) {
		slot->session = session;
		session_set_state(slot, SLOT_READY);
		return;
	}
	cap_release(session);
	if (answer->state == SESSION_STATE_PENDING)
		return;
	slot->reason = (uint8_t)(answer->state == SESSION_STATE_REFUSED && answer->reason ? answer->reason : STATUS_PEER_FAULT);
	slot->ram = answer->ram;
	slot->caps = answer->caps;
	session_set_state(slot, SLOT_REFUSED);
	if (slot->parent_id && parent_session_close(parent_of(slot), slot->parent_id, &ended) != STATUS_OK)
		slot->parent_id = 0;
}

enum status forward_open(struct session_slot *slot, char const *label, struct account payer, struct session_status *answer)
{
	struct session_open_args args = { .hash = slot->hash, .ram = slot->ram, .caps = slot->caps, .affinity = slot->affinity };
	struct cap               session = CAP_NULL;
	enum status              status  = string_copy(args.service, sizeof(args.service), slot->service);

	assert(status == STATUS_OK);
	status = string_copy(args.label, sizeof(args.label), label);
	assert(status == STATUS_OK);
	args.args.size = slot->args_size;
	memcpy(args.args.data, slot->args, slot->args_size);
	status = parent_session_open(parent_of(slot), &args, payer, &slot->parent_id, answer, &session);
	if (status == STATUS_TOO_DEEP) {
		if (cap_is_null(slot->use)) {
			cap_acquire(payer.cap);
			slot->use = payer.cap;
		}
		sandbox_work_soon(slot->client->sandbox);
		*answer = (struct session_status) { .state = SESSION_STATE_PENDING };
		return STATUS_OK;
	}
	cap_release(slot->use);
	slot->use = CAP_NULL;
	if (status != STATUS_OK)
		return status;
	session_set_state(slot, SLOT_OFFERED);
	accept_answer(slot, answer, session);
	return STATUS_OK;
}

/* The parent, asked to end it, says that it did, or will. */
static void end(struct session_slot *slot, bool is_over)
{
	if (slot->state == SLOT_OFFERED)
		session_set_state(slot, SLOT_CANCELLED);
	if (is_over && (slot->state == SLOT_LOST || slot->state == SLOT_CANCELLED)) {
		slot_release(slot);
		return;
	}
	if (slot->state != SLOT_CLOSING && slot->state != SLOT_CLOSE_OFFERED)
		session_set_state(slot, SLOT_CLOSING);
	if (is_over)
		slot_release(slot);
	else if (slot->state == SLOT_CLOSING)
		session_set_state(slot, SLOT_CLOSE_OFFERED);
}

void forward_close(struct session_slot *slot)
{
	struct session_status answer  = { .state = SESSION_STATE_NONE };
	struct cap            session = CAP_NULL;
	enum status           status;

	if (slot->state == SLOT_QUEUED || !slot->parent_id) {
		slot_release(slot);
		return;
	}
	cap_release(slot->session);
	slot->session = CAP_NULL;
	/* Of one whose route has gone the parent was told then. */
	status = slot->is_told ? parent_session_state(parent_of(slot), slot->parent_id, &answer, &session)
	                       : parent_session_close(parent_of(slot), slot->parent_id, &answer);
	cap_release(session);
	if (status != STATUS_TOO_DEEP) {
		end(slot, status != STATUS_OK || answer.state != SESSION_STATE_CLOSING);
		return;
	}
	if (slot->state == SLOT_OFFERED)
		session_set_state(slot, SLOT_CANCELLED);
	if (slot->state != SLOT_CLOSING)
		session_set_state(slot, SLOT_CLOSING);
	sandbox_work_soon(slot->client->sandbox);
}

/* --- From the loop --- */

/* The parent is asked to end a session that its client finds LOST. */
static void end_above(struct session_slot *slot)
{
	struct session_status answer;

	slot->is_told = true;
	if (parent_session_close(parent_of(slot), slot->parent_id, &answer) != STATUS_OK || answer.state != SESSION_STATE_CLOSING)
		slot->parent_id = 0;
}

void forward_revoke(struct session_slot *slot)
{

	slot->is_revoked = slot->state == SLOT_OFFERED;
	if (slot->state == SLOT_QUEUED) {
		slot->reason = STATUS_LOST;
		slot->ram = slot->caps = 0;
		session_set_state(slot, SLOT_REFUSED);
		sandbox_child_tell(slot->client, NEWS_SESSION);
	}
	if (slot->state != SLOT_READY && slot->state != SLOT_OPEN)
		return;
	cap_release(slot->session);
	slot->session = CAP_NULL;
	session_set_state(slot, SLOT_LOST);
	end_above(slot);
	sandbox_child_tell(slot->client, NEWS_SESSION);
}

void forward_repay(struct session_slot *slot)
{
	if (slot->state == SLOT_OFFERED) {
		session_set_state(slot, SLOT_LOST);
		sandbox_child_tell(slot->client, NEWS_SESSION);
	}
	if (slot->state == SLOT_LOST && !slot->is_told)
		end_above(slot);
	else
		forward_revoke(slot);
	if (slot->state == SLOT_REFUSED || (slot->state == SLOT_LOST && !slot->parent_id))
		pay_end(slot);
}

static void open_late(struct session_slot *slot)
{
	struct session_status answer;
	char                  label[LABEL_SIZE];
	enum status           status;

	slot_label(slot, label);
	status = forward_open(slot, label, (struct account) { slot->use }, &answer);
	if (status != STATUS_OK) {
		slot->reason = (uint8_t)status;
		slot->ram = slot->caps = 0;
		session_set_state(slot, SLOT_REFUSED);
	}
	if (slot->state == SLOT_REFUSED && slot->reason != STATUS_NEEDS)
		deny_slot(slot, DENIAL_PARENT, slot->reason);
	sandbox_child_tell(slot->client, NEWS_SESSION);
}

/* Asks about a session of which news may have come. */
static void ask(struct session_slot *slot)
{
	struct sandbox_child *client = slot->client;
	struct session_status answer;
	struct cap            session = CAP_NULL;
	enum slot_state       before  = slot->state;
	enum status           status  = parent_session_state(parent_of(slot), slot->parent_id, &answer, &session);
	bool                  is_gone = status == STATUS_OK ? answer.state == SESSION_STATE_NONE || answer.state == SESSION_STATE_CLOSED
	                                                    : status == STATUS_INVALID;

	if (status != STATUS_OK && !is_gone)
		return;
	if (before == SLOT_LOST) {
		cap_release(session);
		if (is_gone) {
			slot->parent_id = 0;
			pay_end(slot);
		}
		return;
	}
	if (before == SLOT_OFFERED && !is_gone) {
		accept_answer(slot, &answer, session);
		if (slot->is_revoked)
			forward_revoke(slot);
		if (slot->state == SLOT_REFUSED && slot->reason != STATUS_NEEDS)
			deny_slot(slot, DENIAL_PARENT, slot->reason);
		if (slot->state != before)
			sandbox_child_tell(client, NEWS_SESSION);
		return;
	}
	cap_release(session);
	if (before == SLOT_CLOSE_OFFERED && is_gone) {
		slot_release(slot);
		sandbox_child_tell(client, NEWS_SESSION);
	} else if ((before == SLOT_READY || before == SLOT_OPEN) && (is_gone || answer.state == SESSION_STATE_LOST)) {
		cap_release(slot->session);
		slot->session = CAP_NULL;
		session_set_state(slot, SLOT_LOST);
		sandbox_child_tell(client, NEWS_SESSION);
	}
}

/* May there be news of it? */
static bool is_in_question(struct session_slot const *slot)
{
	switch ((enum slot_state)slot->state) {
	case SLOT_QUEUED:
	case SLOT_CLOSING:
	case SLOT_REFUSED:
		return false;
	case SLOT_LOST:
		return slot->is_told && slot->parent_id && slot->payer;
	default:
		return true;
	}
}

/* One round over all sessions at the parent. `late`: those that are to be passed on, else those that are there. */
static void visit(struct sandbox *sandbox, bool late)
{
	list_for_each (child, &sandbox->children, struct sandbox_child, of_sandbox) {
		/* The slots of a dead child go with the last session. */
		for (unsigned i = 0; child->slots && i < child->slot_count; i++) {
			struct session_slot *slot = &child->slots[i];

			if (slot->state == SLOT_FREE || slot->kind != SESSION_TO_PARENT)
				continue;
			if (late && slot->state == SLOT_QUEUED)
				open_late(slot);
			else if (late && slot->state == SLOT_CLOSING)
				forward_close(slot);
			else if (!late && is_in_question(slot))
				ask(slot);
		}
	}
}

void forward_news(struct sandbox *sandbox)
{
	visit(sandbox, false);
}

void forward_late(struct sandbox *sandbox)
{
	visit(sandbox, true);
}
