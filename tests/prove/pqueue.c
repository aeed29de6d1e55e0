/* SPDX-License-Identifier: MIT */
/*
 * proves: kernel/pqueue.c
 * Any insertion of NODES nodes with two keys, then removals of any nodes in any order: a heap, ranks as stated, links both ways.
 */
#include <kernel/pqueue.h>
#include <stddef.h>

#include "prove.h"

enum { NODES = PROVE_SCALE == 1 ? 3 : 4, CASES = PROVE_SCALE == 1 ? 8 * 9 : 16 * 64 };

static struct pnode nodes[NODES];
static struct pnode *root;

static uint32_t rank_of(struct pnode const *node) { return node ? node->rank : 0; }

static void check_node(struct pnode const *node)
{
	uint32_t left = rank_of(node->left), right = rank_of(node->right);

	/*@ assert children: node->left == \null || (node->left->parent == node && node->left->key >= node->key); */
	/*@ assert children: node->right == \null || (node->right->parent == node && node->right->key >= node->key); */
	/*@ assert parent: node->parent != \null || root == node; */
	/*@ assert parent: node->parent == \null || node->parent->left == node || node->parent->right == node; */
	/*@ assert leftist: left >= right && node->rank == right + 1; */
}

static void check(void)
{
	unsigned queued = 0;

	/*@ assert top: root == \null || root->parent == \null; */
	for (unsigned i = 0; i < NODES; i++) {
		if (!pnode_queued(&nodes[i]))
			continue;
		check_node(&nodes[i]);
		queued++;
	}
	/*@ assert empty: (queued == 0) == (root == \null); */
}

static void prove_one(void)
{
	for (unsigned i = 0; i < NODES; i++) {
		pqueue_insert(&root, &nodes[i], choose(2));
		check();
	}
	for (unsigned i = 1; i < NODES; i++) {
		struct pnode *node = &nodes[choose(NODES)];

		if (pnode_queued(node))
			pqueue_remove(&root, node);
		check();
	}
	for (unsigned i = 0; i < NODES && root; i++)
		pqueue_remove(&root, root);
	check();
}

PROVE_ALL(CASES)
