/* SPDX-License-Identifier: MIT */
/*
 * What the parts of unruly share: random numbers, the pool of capabilities that it has collected, the making of messages,
 * and the tally of what came back.
 */
#pragma once

#include <base/component.h>
#include <base/rpc.h>

/* --- main.c --- */

/* The same sequence for the same seed. */
uint32_t next_random(void);
static inline bool one_in(uint32_t n) { return next_random() % n == 0; }

/* --- pool.c --- */

/* A capability and what it is; `type` is NULL for what is only passed on. */
struct held {
	struct cap             cap;
	struct rpc_type const *type;
	bool                   fixed;    /* well known, or needed to the end */
};

void               pool_add(struct cap cap, struct rpc_type const *type, bool fixed);
struct held const *pool_any(void);

/* One of that type if there is one. */
struct held const *pool_of_type(struct rpc_type const *type);

/* The type of an interface by the name that .rpc files use ("account_control"), or by that of the service ("ROM"); or NULL. */
struct rpc_type const *type_by_name(char const *name, size_t size);

extern struct rpc_type const *const all_types[];
extern unsigned const               type_count;

/* --- message.c --- */

/* Fills the message area and send[] for a call as its table describes it, with values that are often valid. */
void message_fill(struct rpc_type const *type, struct rpc_call const *call);

/* The same with anything. */
void message_fill_noise(unsigned words, unsigned caps);

/* A number from earlier answers may be an id or address: it is used again. */
void message_remember(uint64_t value);

/* --- tally.c --- */

void tally_count(struct rpc_type const *type, unsigned op, enum status status);

/* One line for each operation, and the sum over all. */
void     tally_print(void);
uint64_t tally_total(void);
