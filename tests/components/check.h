/* SPDX-License-Identifier: MIT */
/*
 * What the tests of base share: checks that name their place, and an account that must be the same before and after.
 * A test ends with `test_passed`, and with a status other than OK where a check fails; its start node says
 * exit="propagate", so that a failure ends the scenario at once.
 */
#pragma once

#include <base/cap_alloc.h>
#include <base/component.h>
#include <base/connection.h>

static unsigned checks_passed;

#define CHECK(condition)                                                                    \
	do {                                                                                \
		if (!(condition)) {                                                         \
			log_error("check failed: %s:%u: %s", __FILE__, __LINE__, #condition); \
			return STATUS_INTERNAL;                                             \
		}                                                                           \
		checks_passed++;                                                            \
	} while (0)

/* The same for a status; says which it was. */
#define CHECK_STATUS(expression, expected)                                                            \
	do {                                                                                          \
		enum status const check_status_ = (expression);                                       \
		if (check_status_ != (expected)) {                                                    \
			log_error("check failed: %s:%u: %s is %s", __FILE__, __LINE__, #expression,   \
			          status_name(check_status_));                                        \
			return STATUS_INTERNAL;                                                       \
		}                                                                                     \
		checks_passed++;                                                                      \
	} while (0)

/* What a component holds: its account, and the slots of its table. */
struct books {
	struct account_state account;
	unsigned             slots;
};

static inline MUST_CHECK enum status books_read(struct env *env, struct books *books)
{
	books->slots = cap_slots_used();
	return account_info(env->account, &books->account);
}

/* Is it to the byte what it was? Says what differs. */
static inline bool books_equal(struct books const *a, struct books const *b)
{
	bool const equal = a->account.ram_used == b->account.ram_used && a->account.caps_used == b->account.caps_used && a->slots == b->slots;

	if (!equal)
		log_error("books differ: RAM %lu, now %lu; caps %lu, now %lu; slots %u, now %u", a->account.ram_used, b->account.ram_used,
		          a->account.caps_used, b->account.caps_used, a->slots, b->slots);
	return equal;
}

/* Closes a session and waits until its donation is back, which is when its server has agreed, or at the end of its parent's patience. Context: main thread. */
static inline MUST_CHECK enum status connection_end(struct connection *connection)
{
	struct env           *env = connection->env;
	uint32_t const        id  = connection->id;
	struct session_status now;
	struct cap            session;

	connection_close(connection);
	while (parent_session_state(env->parent, id, &now, &session) == STATUS_OK && now.state == SESSION_STATE_CLOSING)
		CHECK_STATUS(env_wait_news(env, 0, time_now_ns() + TIME_NS_PER_MS), STATUS_TIMEOUT);
	return STATUS_OK;
}

/*
 * Waits until it is, ten seconds at most, and checks it: closing a session never waits, and what was donated is back only when its server
 * has agreed, or its parent's patience is over. Context: main thread; news of sessions stay for the loop.
 */
static inline MUST_CHECK enum status books_settle(struct env *env, struct books const *before)
{
	uint64_t const deadline = time_now_ns() + 10 * TIME_NS_PER_S;
	struct books   now;

	do {
		CHECK_STATUS(env_wait_news(env, 0, time_now_ns() + TIME_NS_PER_MS), STATUS_TIMEOUT);
		TRY(books_read(env, &now));
		if (now.account.ram_used == before->account.ram_used && now.account.caps_used == before->account.caps_used)
			break;
	} while (time_now_ns() < deadline);
	CHECK(books_equal(before, &now));
	return STATUS_OK;
}

static inline enum status test_passed(void)
{
	log_info("all %u checks passed", checks_passed);
	return STATUS_OK;
}
