/* SPDX-License-Identifier: MIT */
/* Exclusive ranges; see claims.h. */
#include <core/claims.h>

#include <core/core.h>

enum { DENIALS_TOLD = 64 };

bool claims_free(struct claims const *claims, uint64_t first, uint64_t last)
{
	struct claim *below = tree_object(tree_floor(&claims->tree, last), struct claim, of_claims);

	return !below || below->last < first;
}

void claims_take(struct claims *claims, struct claim *claim, uint64_t first, uint64_t last)
{
	enum status status;

	assert(first <= last && claims_free(claims, first, last));
	claim->of_claims.key = first;
	claim->last = last;
	status = tree_insert(&claims->tree, &claim->of_claims);
	assert(status == STATUS_OK);
}

void claims_release(struct claims *claims, struct claim *claim)
{
	tree_remove(&claims->tree, &claim->of_claims);
}

enum status claims_deny(char const *who, char const *what, char const *why)
{
	if (claims_denial_counts())
		core_print("\"%s\" asks for %s: %s", who, what, why);
	return STATUS_DENIED;
}

bool claims_denial_counts(void)
{
	static uint64_t denials;

	return ++denials <= DENIALS_TOLD || is_power_of_two(denials);
}
