/* SPDX-License-Identifier: MIT */
/*
 * Ids, against a list of every id that was ever given.
 */
#include "unit.h"
#include <base/id_space.h>

enum { SLOTS = 7, GIVEN = 3000 };

static struct { uint64_t id; void *object; } given[GIVEN];

START_TEST(random_use_never_confuses_two_objects)
{
	struct id_slot  slots[SLOTS];
	struct id_space space;
	int             objects[GIVEN];
	size_t          count = 0, live = 0;

	id_space_init(&space, slots, SLOTS);
	while (count < GIVEN) {
		if (unit_below(2)) {
			enum status status = id_space_acquire(&space, &objects[count], &given[count].id);
			CHECK(status == (live == SLOTS ? STATUS_BUSY : STATUS_OK));
			if (status)
				continue;
			CHECK(given[count].id != 0);
			given[count].object = &objects[count];
			count++;
			live++;
		} else if (count) {
			size_t i = count - 1 - unit_below(MIN(count, (size_t)20));
			CHECK(id_space_release(&space, given[i].id) == given[i].object);
			live -= given[i].object != NULL;
			given[i].object = NULL;
		}
		for (size_t i = count > 50 ? count - 50 : 0; i < count; i++)
			CHECK(id_space_lookup(&space, given[i].id) == given[i].object);
		CHECK(space.used == live);
	}
	for (size_t i = 0; i < count; i++) {
		for (size_t j = i + 1; j < count; j++)
			CHECK(given[i].id != given[j].id);
	}
}
END_TEST

START_TEST(no_number_but_a_given_id_finds_anything)
{
	struct id_slot  slots[2];
	struct id_space space;
	uint64_t        id;
	int             object;

	id_space_init(&space, slots, 2);
	ck_assert_ptr_null(id_space_lookup(&space, 0));
	ck_assert_int_eq(id_space_acquire(&space, &object, &id), STATUS_OK);
	ck_assert_ptr_eq(id_space_lookup(&space, id), &object);
	for (unsigned bit = 0; bit < 64; bit++)
		ck_assert_ptr_null(id_space_lookup(&space, id ^ UINT64_C(1) << bit));
	for (int i = 0; i < 10000; i++) {
		uint64_t number = unit_random() >> unit_below(64);
		CHECK(number == id || (!id_space_lookup(&space, number) && !id_space_release(&space, number)));
	}
	ck_assert_ptr_null(id_space_lookup(&space, 1));
	ck_assert_ptr_null(id_space_lookup(&space, UINT64_MAX));
}
END_TEST

START_TEST(generations_go_round_without_yielding_zero)
{
	struct id_slot  slots[1];
	struct id_space space;
	uint64_t        last, next;
	int             object;

	id_space_init(&space, slots, 1);
	slots[0].generation = UINT32_MAX - 1;
	ck_assert_int_eq(id_space_acquire(&space, &object, &last), STATUS_OK);
	ck_assert_ptr_eq(id_space_release(&space, last), &object);
	ck_assert_int_eq(id_space_acquire(&space, &object, &next), STATUS_OK);
	ck_assert_uint_ne(next, 0);
	ck_assert_ptr_null(id_space_lookup(&space, last));
	ck_assert_ptr_eq(id_space_lookup(&space, next), &object);
}
END_TEST

START_TEST(the_slot_free_for_longest_goes_next)
{
	struct id_slot  slots[4];
	struct id_space space;
	uint64_t        id[4], next;
	int             object;

	id_space_init(&space, slots, 4);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(id_space_acquire(&space, &object, &id[i]), STATUS_OK);
	id_space_release(&space, id[2]);
	id_space_release(&space, id[0]);
	ck_assert_int_eq(id_space_acquire(&space, &object, &next), STATUS_OK);
	ck_assert_uint_eq((uint32_t)next, (uint32_t)id[2]);
	ck_assert_int_eq(id_space_acquire(&space, &object, &next), STATUS_OK);
	ck_assert_uint_eq((uint32_t)next, (uint32_t)id[0]);
	ck_assert_int_eq(id_space_acquire(&space, &object, &next), STATUS_BUSY);
}
END_TEST

START_TEST(a_walk_visits_what_is_there_and_survives_release)
{
	struct id_slot  slots[8];
	struct id_space space;
	uint64_t        id[8];
	int             objects[8], visited = 0;

	id_space_init(&space, slots, 8);
	for (int i = 0; i < 8; i++)
		ck_assert_int_eq(id_space_acquire(&space, &objects[i], &id[i]), STATUS_OK);
	id_space_release(&space, id[0]);
	id_space_release(&space, id[5]);
	id_space_for_each(object, &space, int) {
		ck_assert_ptr_eq(id_space_release(&space, id[object - objects]), object);
		visited++;
	}
	ck_assert_int_eq(visited, 6);
	ck_assert_uint_eq(space.used, 0);
}
END_TEST

UNIT_MAIN(random_use_never_confuses_two_objects, no_number_but_a_given_id_finds_anything, generations_go_round_without_yielding_zero,
          the_slot_free_for_longest_goes_next, a_walk_visits_what_is_there_and_survives_release)
