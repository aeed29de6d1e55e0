/* SPDX-License-Identifier: MIT */
/*
 * Sessions that are paid with other sessions: a server opens one of its own with the account that it was lent for a client (`pay`). What a
 * client gave must be back when its session is over; so a session that pays for others ends after them. Its slot is SETTLING meanwhile: who paid
 * finds them LOST, their servers are told of the end and have some patience to agree, each time less than the one before.
 *
 * Who pays, core says: an account has a number, and core knows which accounts that were lent another one is part of. All steps are done from the loop, for they
 * change other sessions than the one that a call is about.
 */
#include "own.h"

enum { PAID_MAX = 4095 };

/* Is its account to end, as soon as it pays for nothing any more? */
static bool is_ending(struct session_slot const *slot)
{
	return slot->state == SLOT_SETTLING || (slot->state == SLOT_LOST && slot->kind == SESSION_TO_CHILD && !slot->server);
}

void pay_soon(struct sandbox *sandbox)
{
	sandbox->is_settling = true;
	sandbox_work_soon(sandbox);
}

/* --- Who pays --- */

static struct session_slot *find_of(struct sandbox_child *client, uint32_t number)
{
	for (unsigned i = 0; client->slots && i < client->slot_count; i++) {
		struct session_slot *slot = &client->slots[i];

		if (slot->state != SLOT_FREE && slot->kind == SESSION_TO_CHILD && slot->account_number == number)
			return slot;
	}
	return NULL;
}

/* The session whose account has that number; NULL: none. */
static struct session_slot *find(struct sandbox *sandbox, uint32_t number)
{
	struct session_slot *slot = export_find(sandbox, number);

	list_for_each (child, &sandbox->children, struct sandbox_child, of_sandbox) {
		if (slot)
			break;
		slot = find_of(child, number);
	}
	return slot;
}

enum status pay_find(struct sandbox *sandbox, struct account pay, struct session_slot **payer)
{
	uint32_t number = 0;

	*payer = NULL;
	do {
		enum status status = account_loan(sandbox->env->account, pay, number, &number);

		/* Neither of this component's own, nor lent to it: nobody here would hear of its end. */
		if (status == STATUS_DENIED)
			return STATUS_BAD_CAP;
		if (status != STATUS_OK)
			return status == STATUS_TOO_DEEP ? STATUS_INVALID : status;
		if (number)
			*payer = find(sandbox, number);
	} while (number && !*payer);
	if (!*payer)
		return STATUS_OK;
	if (is_ending(*payer))
		return STATUS_BAD_CAP;
	return (*payer)->paid < PAID_MAX ? STATUS_OK : STATUS_BUSY;
}

void pay_begin(struct session_slot *slot, struct session_slot *payer)
{
	slot->payer = payer;
	if (payer)
		payer->paid++;
}

void pay_end(struct session_slot *slot)
{
	struct session_slot *payer = slot->payer;

	slot->payer = NULL;
	if (!payer)
		return;
	payer->paid--;
	if (!payer->paid && is_ending(payer))
		pay_soon(payer->client->sandbox);
}

/* --- The end --- */

void pay_settle(struct session_slot *slot, enum status reason)
{
	slot->reason = (uint8_t)reason;
	session_set_state(slot, SLOT_SETTLING);
	pay_soon(slot->client->sandbox);
}

static void revoke(struct session_slot *slot)
{
	slot->is_repaid = true;
	if (slot->kind == SESSION_TO_PARENT)
		forward_repay(slot);
	else
		serve_repay(slot);
}

/* What was to wait for the sessions that it paid for, which are over. */
static void finish(struct session_slot *slot)
{
	struct sandbox_child *client = slot->client;

	if (slot->state == SLOT_LOST) {
		/* Its client has yet to close it. */
		if (slot->is_repaid && slot->payer) {
			slot_refund(slot);
			pay_end(slot);
		}
		return;
	}
	if (slot->reason) {
		slot_refund(slot);
		pay_end(slot);
		session_set_state(slot, SLOT_REFUSED);
	} else {
		slot_release(slot);
	}
	sandbox_child_tell(client, NEWS_SESSION);
}

static void work(struct session_slot *slot)
{
	if (slot->state == SLOT_FREE)
		return;
	if (slot->payer && is_ending(slot->payer) && !slot->is_repaid)
		revoke(slot);
	if (slot->state != SLOT_FREE && !slot->paid && is_ending(slot))
		finish(slot);
}

void pay_work(struct sandbox *sandbox)
{
	if (!sandbox->is_settling)
		return;
	sandbox->is_settling = false;
	list_for_each (child, &sandbox->children, struct sandbox_child, of_sandbox) {
		for (unsigned i = 0; child->slots && i < child->slot_count; i++)
			work(&child->slots[i]);
	}
	export_pay_work(sandbox, work);
}
