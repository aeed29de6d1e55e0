/* SPDX-License-Identifier: MIT */
/* The kernel's priority queue, against an array that is searched: order, shape, and how deep a right spine gets. */
#include "kernel.h"
#include <kernel/pqueue.h>

enum { NODES = 300 };

static struct pnode nodes[NODES], *root;

/* The shape: parents, heap order, ranks, the longer spine left. Returns the number of nodes. No recursion: by parents. */
static unsigned check_shape(void)
{
	unsigned count = 0;

	CHECK(!root || !root->parent);
	for (unsigned i = 0; i < NODES; i++) {
		struct pnode const *n = &nodes[i];
		if (!pnode_queued(n)) {
			CHECK(!n->parent && !n->left && !n->right);
			continue;
		}
		uint32_t left = n->left ? n->left->rank : 0, right = n->right ? n->right->rank : 0;
		CHECK(left >= right && n->rank == right + 1);
		CHECK(!n->left || (n->left->parent == n && n->left->key >= n->key));
		CHECK(!n->right || (n->right->parent == n && n->right->key >= n->key));
		CHECK(n->parent ? n->parent->left == n || n->parent->right == n : root == n);
		count++;
	}
	return count;
}

static unsigned right_spine(void)
{
	unsigned length = 0;

	for (struct pnode *n = root; n; n = n->right)
		length++;
	return length;
}

static uint64_t smallest(void)
{
	uint64_t key = UINT64_MAX;

	for (unsigned i = 0; i < NODES; i++)
		if (pnode_queued(&nodes[i]) && nodes[i].key < key)
			key = nodes[i].key;
	return key;
}

START_TEST(random_operations_keep_order_and_shape)
{
	unsigned queued = 0;

	memset(nodes, 0, sizeof(nodes));
	root = NULL;
	for (unsigned round = 0; round < 20000; round++) {
		struct pnode *n = &nodes[unit_below(NODES)];
		if (round % 3 == 2 && root)
			n = root;
		if (pnode_queued(n)) {
			pqueue_remove(&root, n);
			queued--;
		} else {
			pqueue_insert(&root, n, unit_below(round % 5000 < 2500 ? 1000 : UINT64_MAX));
			queued++;
		}
		CHECK(check_shape() == queued);
		CHECK(!root == !queued && (!root || root->key == smallest()));
		CHECK(1ul << right_spine() <= queued + 1ul);
	}
}
END_TEST

/* Keys that say so come out in the order of their arrival. */
START_TEST(equal_priorities_come_in_order)
{
	uint64_t last = 0;

	memset(nodes, 0, sizeof(nodes));
	root = NULL;
	for (unsigned i = 0; i < NODES; i++)
		pqueue_insert(&root, &nodes[i], unit_below(4) << 56 | i);
	for (unsigned i = 0; i < NODES; i++) {
		CHECK(i == 0 || root->key > last);
		last = root->key;
		pqueue_remove(&root, root);
	}
	ck_assert_ptr_null(root);
}
END_TEST

/* Every order of insertion of six keys, two of them equal, and each node removed first. */
START_TEST(small_queues_are_right_exhaustively)
{
	enum { N = 6 };
	static uint64_t const keys[N] = { 1, 2, 3, 3, 4, 5 };

	for (unsigned order = 0; order < 720; order++) {
		for (unsigned victim = 0; victim < N; victim++) {
			unsigned left[N] = { 0, 1, 2, 3, 4, 5 }, rest = order;
			memset(nodes, 0, sizeof(nodes));
			root = NULL;
			for (unsigned n = N; n > 0; n--) {
				unsigned pick = rest % n;
				rest /= n;
				pqueue_insert(&root, &nodes[left[pick]], keys[left[pick]]);
				left[pick] = left[n - 1];
			}
			pqueue_remove(&root, &nodes[victim]);
			CHECK(check_shape() == N - 1);
			for (unsigned i = 0; i < N - 1; i++) {
				CHECK(root->key == smallest());
				pqueue_remove(&root, root);
			}
			CHECK(!root);
		}
	}
}
END_TEST

/* Ascending and descending keys, the worst for simpler heaps, stay within the promised steps. */
START_TEST(sorted_keys_make_no_long_spine)
{
	for (unsigned direction = 0; direction < 2; direction++) {
		memset(nodes, 0, sizeof(nodes));
		root = NULL;
		for (unsigned i = 0; i < NODES; i++)
			pqueue_insert(&root, &nodes[i], direction ? i : NODES - i);
		CHECK(check_shape() == NODES);
		ck_assert_uint_le(right_spine(), 8);
	}
}
END_TEST

UNIT_MAIN(random_operations_keep_order_and_shape, equal_priorities_come_in_order, small_queues_are_right_exhaustively,
          sorted_keys_make_no_long_spine)
