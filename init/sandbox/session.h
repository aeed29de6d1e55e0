/* SPDX-License-Identifier: MIT */
/*
 * A session as the common parent keeps it: one slot of 512 bytes in memory that its client paid for when it started, so that
 * opening a session allocates nothing in any parent. The slot lives until the server has agreed to the end, be its client
 * long dead; the account of the slots is one that outlives the client's own.
 *
 * State is the only truth about a session; session_set_state asserts each step of it:
 *
 *	FREE -> QUEUED -> OFFERED -> READY -> OPEN -> CLOSING -> CLOSE_OFFERED -> FREE
 *
 * One that paid for others is SETTLING before it is FREE, until they are over (pay.c).
 *
 * A session that is forwarded to the own parent goes through the same states: OFFERED means that the parent was asked,
 * CLOSE_OFFERED that it was told of the end. What init serves itself (ROM "config") is at once OPEN. Pure, but for the types of capabilities.
 */
#pragma once

#include <base/cap.h>
#include <base/list.h>
#include <base/types.h>
#include "config.h"

struct sandbox_child;

enum slot_state {
	SLOT_FREE,           /* nothing */
	SLOT_QUEUED,         /* paid, not yet fetched by its server, or not yet passed to the parent */
	SLOT_OFFERED,        /* fetched, not answered */
	SLOT_READY,          /* answered with a capability that the client has not got */
	SLOT_OPEN,           /* the client has it */
	SLOT_CANCELLED,      /* the client left before the server answered; it is told once, and may answer as if it were not */
	SLOT_CLOSING,        /* the client left; the server is to be told */
	SLOT_CLOSE_OFFERED,  /* the server knows, and has not agreed yet */
	SLOT_REFUSED,        /* refunded; the client has yet to read why */
	SLOT_SETTLING,       /* over, but for the sessions that it paid for; then REFUSED if there is a reason, else FREE */
	SLOT_LOST,           /* the server or the route is gone; refunded when the client closes it. As long as it is in a server's list, that has to agree */
	SLOT_STATES
};

enum session_kind { SESSION_TO_CHILD, SESSION_TO_PARENT, SESSION_LOCAL };

enum { SESSION_ARGS_SIZE = 128 };

struct session_slot {
	struct list_link            of_server;    /* among the sessions at its server; not for forwarded ones */
	struct sandbox_child       *client;
	struct sandbox_child       *server;       /* SESSION_TO_CHILD; NULL once the server is gone */
	struct config_target const *target;       /* of the rule that chose the provider; NULL: there is none any more */
	char const                 *service;      /* a struct sandbox_name */
	struct cap                  control;      /* of the session's account, SESSION_TO_CHILD; null: it is refunded */
	struct cap                  use;          /* ..TO_CHILD: the same account, to lend to the server; ..TO_PARENT: who pays, until asked */
	struct cap                  session;      /* what the client gets */
	struct session_slot        *payer;        /* the session whose account this one's is part of; NULL: none here, or no more */
	uint64_t                    ram, caps;    /* donated */
	uint64_t                    hash;         /* of the interface, as the client knows it */
	uint64_t                    deadline_ns;  /* when the patience with its server ends; 0: never, or not closing */
	union {
		uint32_t            parent_id;         /* SESSION_TO_PARENT: its id there */
		uint32_t            account_number;    /* SESSION_TO_CHILD: of its account (account.loan); 0: it is refunded */
	};
	uint32_t                    affinity;
	uint32_t                    generation : 10;
	uint32_t                    index : 10;   /* among the slots of its client */
	uint32_t                    paid : 12;    /* sessions with this one as their payer */
	uint8_t                     state;        /* enum slot_state */
	uint8_t                     reason;       /* enum status; SLOT_REFUSED, SLOT_SETTLING */
	uint8_t                     args_size;
	uint8_t                     kind : 2;     /* enum session_kind */
	bool                        is_told : 1;    /* SLOT_CANCELLED, SLOT_LOST: the server knows */
	bool                        is_own : 1;     /* the client's own account pays, so that it can be asked again */
	bool                        is_binary : 1;  /* it is for the client's program */
	bool                        is_revoked : 1; /* its route has gone, or its payer: LOST as soon as the server answers */
	bool                        is_repaid : 1;  /* its payer is over: its account ends, whatever its client does */
	char                        label[LABEL_SIZE];    /* the client's own word */
	uint8_t                     args[SESSION_ARGS_SIZE];
};

static_assert(sizeof(struct session_slot) == 512, "eight to a page");

/* May a session go from one state to the other? */
bool session_may_move(enum slot_state from, enum slot_state to);

/* The only place that sets a state; asserts that the step is a legal one. */
void session_set_state(struct session_slot *slot, enum slot_state state);

/* "QUEUED"; never NULL. */
char const *session_state_name(enum slot_state state);

/* Has its client yet to hear of it, or may it use it? False: only its server or nobody knows of it. */
bool session_is_clients(struct session_slot const *slot);

/*
 * Ids name a slot towards its client and its server alike: the client's number, the slot, and a generation that tells a
 * stale id from a new one. No id is 0.
 */
struct session_id {
	unsigned child, index, generation;
};

enum { SESSION_GENERATIONS = 1024 };

uint32_t          session_id_encode(struct session_id id);
struct session_id session_id_decode(uint32_t number);

/* The generation after this one; never 0. */
static inline uint16_t session_next_generation(uint16_t generation)
{
	return (uint16_t)(generation % (SESSION_GENERATIONS - 1) + 1);
}
