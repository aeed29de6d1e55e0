/* SPDX-License-Identifier: MIT */
/* Restarts: back-off that doubles, and a limit for a span of time, which begins with the first restart in it. */
#include "restart.h"
#include <base/time.h>

static bool is_wanted(struct config_restart const *policy, enum restart_reason reason)
{
	if (!policy->at.line)
		return false;
	return reason == RESTART_FAULT ? policy->on_fault : reason == RESTART_EXIT ? policy->on_exit : policy->on_hang;
}

enum restart_verdict restart_decide(struct config_restart const *policy, struct restart_history *history, enum restart_reason reason,
                                    uint64_t now_ns, uint64_t *at_ns)
{
	if (!is_wanted(policy, reason))
		return RESTART_NEVER;

	/* Whoever lived longer than the span begins anew. */
	if (!history->count || now_ns - history->since_ns > policy->within_s * TIME_NS_PER_S) {
		history->count = history->backoff_ms = 0;
		history->since_ns = now_ns;
	}
	if (history->count >= policy->limit)
		return RESTART_GIVE_UP;
	history->backoff_ms = MIN(history->backoff_ms ? history->backoff_ms * 2 : policy->backoff_ms, policy->backoff_max_ms);
	history->count++;
	history->total++;
	*at_ns = now_ns + history->backoff_ms * TIME_NS_PER_MS;
	return RESTART_AGAIN;
}
