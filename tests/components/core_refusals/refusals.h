/* SPDX-License-Identifier: MIT */
/*
 * Each operation of core's interfaces, and what it has to refuse: a row names a call that would succeed, and what to put in its words instead; wrong
 * capabilities, lengths and objects need no row, for every operation refuses them in the same way (refusals_test).
 */
#pragma once

#include "../core_services/services.h"

/* Capabilities to send and to call, each by a letter. */
enum { THING_NULL = '0', THING_DEAD = 'd' };

struct thing {
	char       letter;
	struct cap cap;
};

/* A word of the message that is not as it should be; `count` words from `first` on have that value. */
struct wrong {
	uint8_t     first, count;
	uint64_t    value;
	enum status expected;
};

struct row {
	struct rpc_type const *type;
	char const            *call;
	char                   target;          /* whom to call */
	char const            *right[2];        /* for each capability that it takes: those that it may accept, which are not sent */
	char const            *foreign;         /* of these, one that is of the right kind, but somebody else's; NULL: it makes no difference, */
	enum status            foreign_status;  /* and what comes of it */
	enum status            cap_status;      /* what comes of a wrong capability; 0: BAD_CAP */
	uint64_t               good[8];         /* first words of the call that would succeed */
	struct wrong const    *wrong;
	unsigned               wrong_count;
};

extern struct row const      refusals[];
extern unsigned const        refusals_count;
extern struct rpc_type const *const refusals_types[];
extern unsigned const        refusals_type_count;

/*
 * Makes all of these calls, and for each operation those of too short and too long a message, of too few and too many capabilities, at an object of another
 * kind and at one that has ended. Each has to be refused, with the books as they were. Fails, too, if an operation of an interface has no row.
 */
MUST_CHECK enum status refusals_test(struct env *env, struct thing const *things);
