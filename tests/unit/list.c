/* SPDX-License-Identifier: MIT */
/*
 * The intrusive list, against an array that is kept in the same order.
 */
#include "unit.h"
#include <base/list.h>

enum { ITEMS = 24 };

struct item {
	int              number;
	struct list_link of_test;
};

static struct item items[ITEMS];
static struct item *model[ITEMS];
static size_t       length;

static void model_insert(size_t at, struct item *item)
{
	for (size_t i = length++; i > at; i--)
		model[i] = model[i - 1];
	model[at] = item;
}

static size_t model_index(struct item const *item)
{
	size_t i = 0;

	while (i < length && model[i] != item)
		i++;
	return i;
}

static void model_remove(struct item const *item)
{
	size_t at = model_index(item);

	for (length--; at < length; at++)
		model[at] = model[at + 1];
}

static void check_list(struct list const *list)
{
	size_t i = 0;

	CHECK(list_length(list) == length && list_is_empty(list) == !length);
	list_for_each(item, list, struct item, of_test)
		CHECK(item == model[i++]);
	CHECK(i == length);
	for (struct list_link *link = list_last(list); link; link = list_previous(list, link))
		CHECK(container_of(link, struct item, of_test) == model[--i]);
	CHECK(i == 0);
}

START_TEST(random_operations_keep_the_order)
{
	struct list list;

	list_init(&list);
	for (int round = 0; round < 20000; round++) {
		struct item *item = &items[unit_below(ITEMS)];
		size_t       place;

		if (list_is_linked(&item->of_test)) {
			list_remove(&item->of_test);
			model_remove(item);
		} else if (unit_below(2)) {
			list_append(&list, &item->of_test);
			model_insert(length, item);
		} else if (!length || unit_below(2)) {
			list_prepend(&list, &item->of_test);
			model_insert(0, item);
		} else {
			place = unit_below(length);
			list_insert_before(&model[place]->of_test, &item->of_test);
			model_insert(place, item);
		}
		check_list(&list);
	}
}
END_TEST

START_TEST(an_empty_list_has_no_ends)
{
	static struct list list = LIST_INIT(list);

	ck_assert(list_is_empty(&list));
	ck_assert_ptr_null(list_first(&list));
	ck_assert_ptr_null(list_last(&list));
	ck_assert_ptr_null(list_take_first(&list));
	ck_assert_ptr_null(list_first_object(&list, struct item, of_test));
	list_for_each(item, &list, struct item, of_test)
		ck_abort_msg("visited %d", item->number);
}
END_TEST

START_TEST(the_safe_walk_survives_removal_and_free)
{
	struct list list;
	int         visited = 0;

	list_init(&list);
	for (int i = 0; i < 10; i++) {
		struct item *item = calloc(1, sizeof(*item));
		item->number = i;
		list_append(&list, &item->of_test);
	}
	list_for_each_safe(item, &list, struct item, of_test) {
		ck_assert_int_eq(item->number, visited++);
		list_remove(&item->of_test);
		free(item);
	}
	ck_assert_int_eq(visited, 10);
	ck_assert(list_is_empty(&list));
}
END_TEST

START_TEST(objects_are_taken_in_order)
{
	struct list list;

	list_init(&list);
	list_append(&list, &items[0].of_test);
	list_append(&list, &items[1].of_test);
	ck_assert_ptr_eq(list_take_first(&list), &items[0].of_test);
	ck_assert_ptr_eq(list_take_first(&list), &items[1].of_test);
	ck_assert(!list_is_linked(&items[0].of_test) && !list_is_linked(&items[1].of_test));
}
END_TEST

START_TEST(lists_join_and_the_second_is_empty_then)
{
	struct list a, b;

	list_init(&a);
	list_init(&b);
	list_append_all(&a, &b);
	ck_assert(list_is_empty(&a));
	for (int i = 0; i < 6; i++) {
		list_append(i < 3 ? &a : &b, &items[i].of_test);
		model_insert(length, &items[i]);
	}
	list_append_all(&a, &b);
	check_list(&a);
	ck_assert(list_is_empty(&b));
	list_append_all(&a, &b);
	list_append_all(&b, &a);
	check_list(&b);
}
END_TEST

START_TEST(links_are_in_one_list_or_none)
{
	struct list list;

	list_init(&list);
	CHECK_ASSERTS(list_remove(&items[0].of_test));
	list_append(&list, &items[0].of_test);
	CHECK_ASSERTS(list_append(&list, &items[0].of_test));
	CHECK_ASSERTS(list_prepend(&list, &items[0].of_test));
	list_remove(&items[0].of_test);
	CHECK_ASSERTS(list_insert_before(&items[0].of_test, &items[1].of_test));
}
END_TEST

UNIT_MAIN(random_operations_keep_the_order, an_empty_list_has_no_ends, the_safe_walk_survives_removal_and_free,
          objects_are_taken_in_order, lists_join_and_the_second_is_empty_then, links_are_in_one_list_or_none)
