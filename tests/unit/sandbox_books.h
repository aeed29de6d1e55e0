/* SPDX-License-Identifier: MIT */
/*
 * The books of the model of core, for tests/unit/sandbox.c: what the selectors of the sandbox stand for, and accounts.
 */
#pragma once

#include "unit.h"
#include "platform.h"
#include "init/sandbox/quota.h"
#include <base/cost.h>

/* --- What selectors of the sandbox stand for --- */

enum kind { NOTHING, DEAD, ACCOUNT, CONTROL, MEMORY, GATE, SIGNAL, PARENT };

struct object {
	enum kind kind;
	unsigned  account;
	uint64_t  size;        /* MEMORY: in bytes */
};

enum { SELECTORS = 1024, ACCOUNTS = 512, SESSIONS = 512, ROOT = 1, OUTSIDE = 2 /* others have it */ };

static struct object held[SELECTORS];

static struct object *object_of(uint64_t selector)
{
	CHECK(selector % SLOT_SIZE == 0 && selector / SLOT_SIZE < SELECTORS);
	return &held[selector / SLOT_SIZE];
}

/* --- Accounts --- */

static struct {
	bool         alive, outlives;    /* outlives: it is a session's, or holds the slots of a child */
	unsigned     serial;       /* tells it from others that had its place */
	unsigned     origin;
	struct quota limit, used;
	struct quota own;          /* of that, what the child itself uses */
} accounts[ACCOUNTS];

static bool quota_is_short;    /* core refuses at random */

static unsigned accounts_alive(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < ACCOUNTS; i++)
		count += accounts[i].alive;
	return count;
}

static enum status spend(unsigned account, struct quota quota)
{
	struct quota used = accounts[account].used;

	if (!quota_add(&used, quota) || used.ram > accounts[account].limit.ram || (quota_is_short && !unit_below(8)))
		return STATUS_OUT_OF_RAM;
	if (used.caps > accounts[account].limit.caps)
		return STATUS_OUT_OF_CAPS;
	accounts[account].used = used;
	return STATUS_OK;
}

static unsigned serials;

static enum status split(unsigned origin, struct quota quota, bool outlives, unsigned *made)
{
	struct quota cost = { quota.ram, quota.caps + 3 };
	enum status  status;

	CHECK(accounts[origin].alive);
	if (!is_aligned(quota.ram, PAGE_SIZE))
		return STATUS_INVALID;
	status = spend(origin, cost);
	if (status)
		return status;
	for (*made = ROOT; accounts[*made].alive; )
		CHECK(++*made < ACCOUNTS);
	accounts[*made] = (typeof(accounts[0])) { .serial = ++serials, .alive = true, .outlives = outlives, .origin = origin, .limit = quota };
	return STATUS_OK;
}

/* The first account of a session that `account` is or is part of, after the one `beyond`. */
static enum status loan(unsigned account, unsigned beyond, uint32_t *id)
{
	for (*id = account; *id != ROOT; *id = accounts[*id].origin) {
		if (*id == OUTSIDE)
			return STATUS_DENIED;
		if (accounts[*id].outlives && !beyond)
			return STATUS_OK;
		if (*id == beyond)
			beyond = 0;
	}
	*id = 0;
	return STATUS_OK;
}

static void unmap_of(unsigned account);
static bool pays_above(unsigned account);

/* What outlives it passes to its origin, and is charged there as it was here. But a session's account ends after all that was paid with it. */
static void destroy(unsigned account)
{
	struct quota back = { accounts[account].limit.ram, accounts[account].limit.caps + 3 };
	unsigned     origin = accounts[account].origin;

	CHECK(accounts[account].alive && account != ROOT && account != OUTSIDE);
	CHECK(!accounts[account].outlives || !pays_above(account));
	CHECK(quota_take(&accounts[origin].used, back));
	accounts[account].alive = false;
	for (unsigned i = 0; i < SELECTORS; i++) {
		if (held[i].kind == ACCOUNT && held[i].account == account)
			held[i].kind = DEAD;
	}
	unmap_of(account);
	for (unsigned i = 0; i < ACCOUNTS; i++) {
		if (!accounts[i].alive || accounts[i].origin != account)
			continue;
		CHECK(accounts[i].outlives && !accounts[account].outlives);
		accounts[i].origin = origin;
		CHECK(quota_add(&accounts[origin].used, (struct quota) { accounts[i].limit.ram, accounts[i].limit.caps + 3 }));
	}
}
