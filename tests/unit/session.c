/* SPDX-License-Identifier: MIT */
/* The states of a session: exactly the steps of the design are legal, every state is reached and left, ids are told apart. */
#include "unit.h"
#include "init/sandbox/session.h"
#include <string.h>

static char const *const steps[] = {
	"FREE QUEUED", "QUEUED OFFERED", "QUEUED REFUSED", "QUEUED FREE", "OFFERED READY", "OFFERED REFUSED", "OFFERED CANCELLED",
	"OFFERED QUEUED", "CANCELLED CLOSING", "CANCELLED FREE", "READY OPEN", "READY CLOSING", "READY LOST", "OPEN CLOSING", "OPEN LOST",
	"CLOSING CLOSE_OFFERED", "CLOSING FREE", "CLOSE_OFFERED FREE", "REFUSED FREE", "LOST FREE", "LOST CLOSING",
	"LOST CLOSE_OFFERED", "OFFERED SETTLING", "OFFERED LOST", "CANCELLED SETTLING", "CLOSING SETTLING", "CLOSE_OFFERED SETTLING", "LOST SETTLING",
	"SETTLING FREE", "SETTLING REFUSED"
};

static bool is_listed(enum slot_state from, enum slot_state to)
{
	char step[64];

	snprintf(step, sizeof(step), "%s %s", session_state_name(from), session_state_name(to));
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		if (!strcmp(step, steps[i]))
			return true;
	}
	return false;
}

START_TEST(only_the_steps_of_the_design_are_legal)
{
	unsigned legal = 0;

	for (enum slot_state from = 0; from < SLOT_STATES; from++) {
		for (enum slot_state to = 0; to < SLOT_STATES; to++) {
			ck_assert_msg(session_may_move(from, to) == is_listed(from, to), "%s -> %s", session_state_name(from), session_state_name(to));
			legal += session_may_move(from, to);
		}
	}
	ck_assert_uint_eq(legal, ARRAY_SIZE(steps));
	ck_assert(!session_may_move(SLOT_STATES, SLOT_FREE) && !session_may_move(SLOT_FREE, SLOT_STATES));
}
END_TEST

START_TEST(random_walks_always_get_back_to_free)
{
	struct session_slot slot = { .state = SLOT_FREE };
	unsigned            rounds = 0;

	for (unsigned step = 0; step < 100000; step++) {
		enum slot_state to = (enum slot_state)unit_below(SLOT_STATES);

		if (!session_may_move(slot.state, to))
			continue;
		session_set_state(&slot, to);
		rounds += to == SLOT_FREE;
	}
	ck_assert_uint_gt(rounds, 1000);
}
END_TEST

START_TEST(clients_know_of_what_they_have_not_closed)
{
	static enum slot_state const unknown[] = { SLOT_FREE, SLOT_CANCELLED, SLOT_CLOSING, SLOT_CLOSE_OFFERED, SLOT_SETTLING };

	for (enum slot_state state = 0; state < SLOT_STATES; state++) {
		bool known = true;
		for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
			known &= state != unknown[i];
		ck_assert(session_is_clients(&(struct session_slot) { .state = (uint8_t)state }) == known);
	}
}
END_TEST

START_TEST(ids_name_child_slot_and_generation)
{
	for (unsigned i = 0; i < 10000; i++) {
		struct session_id id = { (unsigned)unit_below(CONFIG_STARTS_MAX), (unsigned)unit_below(CONFIG_SESSIONS_MAX),
			(unsigned)unit_below(SESSION_GENERATIONS - 1) + 1 };
		struct session_id back = session_id_decode(session_id_encode(id));

		ck_assert(session_id_encode(id) && back.child == id.child && back.index == id.index && back.generation == id.generation);
	}
}
END_TEST

START_TEST(generations_go_round_without_zero)
{
	uint16_t generation = 0;
	bool     seen[SESSION_GENERATIONS] = { false };

	for (unsigned i = 1; i < SESSION_GENERATIONS; i++) {
		generation = session_next_generation(generation);
		ck_assert(generation && generation < SESSION_GENERATIONS && !seen[generation]);
		seen[generation] = true;
	}
	ck_assert(session_next_generation(generation) == 1);
}
END_TEST

UNIT_MAIN(only_the_steps_of_the_design_are_legal, random_walks_always_get_back_to_free, clients_know_of_what_they_have_not_closed,
          ids_name_child_slot_and_generation, generations_go_round_without_zero)
