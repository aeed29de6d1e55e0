/* SPDX-License-Identifier: MIT */
/* Claims: ranges of numbers (addresses, ports) that are given out once. A claim is part of the session that has it, so it costs nobody else. */
#pragma once

#include <base/status.h>
#include <base/tree.h>

struct claims { struct tree tree; };    /* of struct claim by of_claims; zeroed: none */

struct claim {
	struct tree_node of_claims;         /* its key is the first number */
	uint64_t         last;
};

static inline uint64_t claim_first(struct claim const *claim) { return claim->of_claims.key; }

/* Does nobody have a part of [first, last]? */
bool claims_free(struct claims const *claims, uint64_t first, uint64_t last);

/* [first, last], which is free, belongs to `claim` until it is released. */
void claims_take(struct claims *claims, struct claim *claim, uint64_t first, uint64_t last);
void claims_release(struct claims *claims, struct claim *claim);

/*
 * DENIED, and a line that says why, unless there have been too many: `who`, by its label, asks for `what`.
 */
enum status claims_deny(char const *who, char const *what, char const *why);

/* Is one more denial worth a line of core's? The first 64 are, then each at which their number has doubled: who asks for ever must not flood the log. */
bool claims_denial_counts(void);
