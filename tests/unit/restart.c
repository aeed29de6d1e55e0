/* SPDX-License-Identifier: MIT */
/* Restarts: only after what the policy names, with a back-off that doubles up to its end, and so often within a span. */
#include "unit.h"
#include "init/sandbox/restart.h"
#include <base/time.h>

static struct config_restart const policy = {
	.at = { 1, 1 }, .on_fault = true, .on_hang = true, .backoff_ms = 100, .backoff_max_ms = 350, .limit = 4, .within_s = 10,
};

static uint64_t now, at;

static enum restart_verdict decide(struct restart_history *history, enum restart_reason reason)
{
	return restart_decide(&policy, history, reason, now, &at);
}

START_TEST(only_what_the_policy_names_is_a_reason)
{
	struct config_restart const none    = { .on_fault = true };
	struct restart_history      history = { 0 };

	ck_assert(decide(&history, RESTART_EXIT) == RESTART_NEVER && !history.total);
	ck_assert(restart_decide(&none, &history, RESTART_FAULT, now, &at) == RESTART_NEVER);
	ck_assert(decide(&history, RESTART_HANG) == RESTART_AGAIN && decide(&history, RESTART_FAULT) == RESTART_AGAIN && history.total == 2);
}
END_TEST

START_TEST(the_back_off_doubles_up_to_its_end)
{
	static unsigned const  expected[] = { 100, 200, 350, 350 };
	struct restart_history history    = { 0 };

	now = 5;
	for (unsigned i = 0; i < ARRAY_SIZE(expected); i++) {
		ck_assert(decide(&history, RESTART_FAULT) == RESTART_AGAIN);
		ck_assert_uint_eq(at, now + expected[i] * TIME_NS_PER_MS);
	}
	ck_assert(decide(&history, RESTART_FAULT) == RESTART_GIVE_UP && history.total == 4);
}
END_TEST

START_TEST(who_lives_longer_than_the_span_begins_anew)
{
	struct restart_history history = { 0 };

	now = 0;
	for (unsigned i = 0; i < policy.limit; i++)
		ck_assert(decide(&history, RESTART_FAULT) == RESTART_AGAIN);
	now = 10 * TIME_NS_PER_S;
	ck_assert(decide(&history, RESTART_FAULT) == RESTART_GIVE_UP);
	now++;
	ck_assert(decide(&history, RESTART_FAULT) == RESTART_AGAIN && at == now + 100 * TIME_NS_PER_MS && history.total == policy.limit + 1);
}
END_TEST

UNIT_MAIN(only_what_the_policy_names_is_a_reason, the_back_off_doubles_up_to_its_end, who_lives_longer_than_the_span_begins_anew)
