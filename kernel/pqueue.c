/* SPDX-License-Identifier: MIT */
/*
 * Leftist heap; pqueue.h says what it promises. Merging walks down the two right spines, hanging each smaller node
 * under the last, then walks back up, swapping children where the right one has become the longer.
 */
#include <kernel/pqueue.h>

#include <stddef.h>

static uint32_t rank(struct pnode const *node) { return node ? node->rank : 0; }

/* Restores ranks from `node` up, until nothing changes. Bound: the right spines above, 64 steps, since a rank that changes is one of a right child or
 * makes its parent swap, which ends the walk at the next left child of unchanged minimum. */
static void fix_up(struct pnode *node)
{
	for (; node; node = node->parent) {
		if (rank(node->left) < rank(node->right)) {
			struct pnode *left = node->left;
			node->left = node->right;
			node->right = left;
		}
		uint32_t now = rank(node->right) + 1;
		if (now == node->rank)
			return;
		node->rank = now;
	}
}

/* Merges two queues; the ranks on the merged spine are set on the way back. */
static struct pnode *merge(struct pnode *a, struct pnode *b)
{
	struct pnode *root = NULL, *last = NULL;

	while (a || b) {
		struct pnode *next;
		if (!b || (a && a->key <= b->key)) {
			next = a;
			a = b ? a->right : NULL;
		} else {
			next = b;
			b = a ? b->right : NULL;
		}
		next->parent = last;
		if (last)
			last->right = next;
		else
			root = next;
		last = next;
	}
	for (struct pnode *node = last ? last->parent : NULL; node; node = node->parent) {
		if (rank(node->left) < rank(node->right)) {
			struct pnode *left = node->left;
			node->left = node->right;
			node->right = left;
		}
		node->rank = rank(node->right) + 1;
	}
	return root;
}

void pqueue_insert(struct pnode **root, struct pnode *node, uint64_t key)
{
	*node = (struct pnode) { .key = key, .rank = 1 };
	*root = merge(*root, node);
}

void pqueue_remove(struct pnode **root, struct pnode *node)
{
	struct pnode *parent = node->parent;
	struct pnode *rest = merge(node->left, node->right);

	if (rest)
		rest->parent = parent;
	if (!parent)
		*root = rest;
	else if (parent->left == node)
		parent->left = rest;
	else
		parent->right = rest;
	if (parent)
		fix_up(parent);
	*node = (struct pnode) { .rank = 0 };
}
