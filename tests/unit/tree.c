/* SPDX-License-Identifier: MIT */
/*
 * The AVL tree, against a table of which keys are in it; the summary kept in each object is the sum of its subtree.
 */
#include "unit.h"
#include <base/tree.h>

enum { KEYS = 300 };

struct item {
	struct tree_node of_test;
	uint64_t         value, sum;
};

static struct item items[KEYS];
static bool        in[KEYS];

static uint64_t sum_of(struct tree_node *node)
{
	return node ? container_of(node, struct item, of_test)->sum : 0;
}

static void update(struct tree_node *node)
{
	struct item *item = container_of(node, struct item, of_test);

	item->sum = item->value + sum_of(node->child[0]) + sum_of(node->child[1]);
}

/* All keys are even, so that every odd one is missing. */
static void insert(struct tree *tree, size_t i)
{
	items[i].of_test.key = 2 * i;
	CHECK(tree_insert(tree, &items[i].of_test) == STATUS_OK);
	in[i] = true;
}

static void take_out(struct tree *tree, size_t i)
{
	tree_remove(tree, &items[i].of_test);
	in[i] = false;
}

static struct tree_node *model_floor(long key)
{
	for (long i = key / 2; i >= 0; i--) {
		if (in[i])
			return &items[i].of_test;
	}
	return NULL;
}

static struct tree_node *model_ceil(long key)
{
	for (long i = (key + 1) / 2; i < KEYS; i++) {
		if (in[i])
			return &items[i].of_test;
	}
	return NULL;
}

static void check_tree(struct tree const *tree)
{
	size_t   count = 0;
	uint64_t sum   = 0;

	for (size_t i = 0; i < KEYS; i++) {
		count += in[i];
		sum += in[i] ? items[i].value : 0;
	}
	CHECK(tree_check(tree) == count && tree_is_empty(tree) == !count);
	CHECK(!tree->update || sum_of(tree->root) == sum);
}

static void check_lookups(struct tree const *tree)
{
	for (long key = 0; key < 2 * KEYS - 1; key++) {
		CHECK(tree_floor(tree, (uint64_t)key) == model_floor(key));
		CHECK(tree_ceil(tree, (uint64_t)key) == model_ceil(key));
		CHECK(tree_find(tree, (uint64_t)key) == (key % 2 || !in[key / 2] ? NULL : &items[key / 2].of_test));
	}
	CHECK(tree_first(tree) == model_ceil(0) && tree_last(tree) == model_floor(2 * KEYS - 2));
	for (long i = 0; i < KEYS; i++) {
		if (!in[i])
			continue;
		CHECK(tree_next(&items[i].of_test) == (i + 1 < KEYS ? model_ceil(2 * i + 2) : NULL));
		CHECK(tree_previous(&items[i].of_test) == (i ? model_floor(2 * i - 2) : NULL));
	}
}

START_TEST(random_operations_keep_balance_and_sums)
{
	struct tree tree = { .update = update };

	for (int round = 0; round < 15000; round++) {
		size_t i = unit_below(round % 4000 < 2000 ? 20 : KEYS);

		if (in[i] && unit_below(4) == 0) {
			items[i].value = unit_below(1000);
			tree_changed(&tree, &items[i].of_test);
		} else if (in[i]) {
			take_out(&tree, i);
		} else {
			items[i].value = unit_below(1000);
			insert(&tree, i);
		}
		check_tree(&tree);
		if (round % 500 == 0)
			check_lookups(&tree);
	}
}
END_TEST

/* Every tree of up to six nodes, by every order of insertion, with each node removed from it. */
START_TEST(small_trees_are_right_exhaustively)
{
	enum { N = 6 };

	for (unsigned order = 0; order < 720; order++) {
		for (size_t victim = 0; victim < N; victim++) {
			struct tree tree = { .update = update };
			size_t      left[N] = { 0, 1, 2, 3, 4, 5 };
			unsigned    rest = order;

			for (unsigned n = N; n > 0; n--) {
				size_t pick = rest % n;
				rest /= n;
				insert(&tree, left[pick]);
				left[pick] = left[n - 1];
				check_tree(&tree);
			}
			take_out(&tree, victim);
			check_tree(&tree);
			for (size_t i = 0; i < N; i++) {
				if (in[i])
					take_out(&tree, i);
				check_tree(&tree);
			}
		}
	}
}
END_TEST

START_TEST(a_tree_of_sorted_keys_is_no_list)
{
	static struct item many[4096];
	struct tree        tree  = { .root = NULL };
	size_t             depth = 0;

	for (size_t i = 0; i < ARRAY_SIZE(many); i++) {
		many[i].of_test.key = i;
		ck_assert_int_eq(tree_insert(&tree, &many[i].of_test), STATUS_OK);
	}
	for (struct tree_node *node = tree_first(&tree); node; node = node->parent)
		depth++;
	ck_assert_uint_le(depth, 13);
	ck_assert_uint_eq(tree_check(&tree), ARRAY_SIZE(many));
}
END_TEST

START_TEST(a_key_is_there_at_most_once)
{
	struct tree tree = { .root = NULL };
	struct item again = { .of_test.key = 8 };

	insert(&tree, 4);
	ck_assert_int_eq(tree_insert(&tree, &again.of_test), STATUS_EXISTS);
	check_tree(&tree);
}
END_TEST

START_TEST(keys_reach_from_zero_to_the_greatest)
{
	struct tree tree = { .root = NULL };
	struct item low = { .of_test.key = 0 }, high = { .of_test.key = UINT64_MAX };

	ck_assert_int_eq(tree_insert(&tree, &low.of_test), STATUS_OK);
	ck_assert_int_eq(tree_insert(&tree, &high.of_test), STATUS_OK);
	ck_assert_ptr_eq(tree_floor(&tree, UINT64_MAX - 1), &low.of_test);
	ck_assert_ptr_eq(tree_ceil(&tree, 1), &high.of_test);
	ck_assert_ptr_eq(tree_find(&tree, UINT64_MAX), &high.of_test);
}
END_TEST

START_TEST(walks_visit_in_order_and_survive_removal)
{
	struct tree tree = { .root = NULL };
	uint64_t    expected = 0;

	for (size_t i = 0; i < 50; i++)
		insert(&tree, i);
	tree_for_each(item, &tree, struct item, of_test) {
		ck_assert_uint_eq(item->of_test.key, expected);
		expected += 2;
	}
	tree_for_each_safe(item, &tree, struct item, of_test)
		tree_remove(&tree, &item->of_test);
	ck_assert_uint_eq(expected, 100);
	ck_assert(tree_is_empty(&tree));
}
END_TEST

START_TEST(a_node_in_no_tree_cannot_be_removed)
{
	struct tree tree = { .root = NULL };

	CHECK_ASSERTS(tree_remove(&tree, &items[0].of_test));
}
END_TEST

START_TEST(the_check_notices_each_broken_invariant)
{
	struct tree tree = { .root = NULL };

	for (size_t i = 0; i < 6; i++)
		insert(&tree, i);
	ck_assert_uint_eq(tree_check(&tree), 6);
	items[3].of_test.key += 100;
	CHECK_ASSERTS(tree_check(&tree));
	items[3].of_test.key -= 100;
	tree.root->balance--;
	CHECK_ASSERTS(tree_check(&tree));
	tree.root->balance++;
	tree.root->child[0]->parent = &items[5].of_test;
	CHECK_ASSERTS(tree_check(&tree));
	tree.root->child[0]->parent = tree.root;
	ck_assert_uint_eq(tree_check(&tree), 6);
}
END_TEST

UNIT_MAIN(random_operations_keep_balance_and_sums, small_trees_are_right_exhaustively, a_tree_of_sorted_keys_is_no_list,
          a_key_is_there_at_most_once, keys_reach_from_zero_to_the_greatest, walks_visit_in_order_and_survive_removal,
          a_node_in_no_tree_cannot_be_removed, the_check_notices_each_broken_invariant)
