/* SPDX-License-Identifier: MIT */
/*
 * The intrusive tree: a map from 64-bit keys, each at most once, to the objects that embed a struct tree_node. It is an AVL
 * tree with parent pointers: nothing is allocated, nothing recurses, every operation takes at most 1.44 log2(n) steps down
 * and as many up. Made for address ranges: "which region holds this address" is tree_floor of the address.
 *
 * Invariants: keys below a node's left child are smaller than its own, those below the right one greater; the heights of
 * the two differ by at most one, and `balance` is right minus left. `parent` of the root is NULL. The key of
 * a node does not change while it is in the tree. The tree owns nothing; a node leaves before its memory ends.
 *
 * **Summaries.** A tree may keep, in each object, something about the whole subtree below it, like the largest hole. Its
 * `update` callback computes that from the object itself and from its children's summaries. The tree calls it, children
 * before parents, whenever a subtree has changed; who changes an object in place calls tree_changed. `update` touches
 * nothing but the summary of its node.
 *
 * A tree with no update callback is zeroed memory.
 */
#pragma once

#include <base/assert.h>
#include <base/status.h>
#include <base/types.h>

struct tree_node {
	uint64_t          key;
	struct tree_node *parent;
	struct tree_node *child[2];    /* left, right */
	int               balance;     /* -1, 0, 1 */
};

struct tree {
	struct tree_node *root;
	void            (*update)(struct tree_node *node);    /* may be NULL */
};

/* Takes `node` in; its key is set, its other fields may hold anything. EXISTS: a node with this key is there. */
MUST_CHECK enum status tree_insert(struct tree *tree, struct tree_node *node);

/* Takes `node`, which is in the tree, out. */
void tree_remove(struct tree *tree, struct tree_node *node);

/* What the summary of `node` rests on has changed: updates it and all above. */
void tree_changed(struct tree *tree, struct tree_node *node);

/* The node with exactly this key, the greatest one with a key <= `key`, the least one with a key >= `key`; or NULL. */
struct tree_node *tree_find(struct tree const *tree, uint64_t key);
struct tree_node *tree_floor(struct tree const *tree, uint64_t key);
struct tree_node *tree_ceil(struct tree const *tree, uint64_t key);

/* In the order of keys; NULL at the ends. */
struct tree_node *tree_first(struct tree const *tree);
struct tree_node *tree_last(struct tree const *tree);
struct tree_node *tree_next(struct tree_node const *node);
struct tree_node *tree_previous(struct tree_node const *node);

static inline bool tree_is_empty(struct tree const *tree)
{
	return !tree->root;
}

/* The object around a node that may be NULL. */
#define tree_object(node, type, member) ({                                                    \
	struct tree_node *tree_node_ = (node);                                                    \
	tree_node_ ? container_of(tree_node_, type, member) : (type *)NULL;                       \
})

/* Visits the objects in the order of keys and declares `object`. The body does not change the tree; break leaves. */
#define tree_for_each(object, tree, type, member)                                             \
	for (type *object = tree_object(tree_first(tree), type, member); object;                  \
	     object = tree_object(tree_next(&object->member), type, member))

/* The same; the body may remove and even free `object`, but not the one behind it. */
#define tree_for_each_safe(object, tree, type, member)                                        \
	for (type *object = tree_object(tree_first(tree), type, member), *object##_next_;         \
	     object && (object##_next_ = tree_object(tree_next(&object->member), type, member), 1); \
	     object = object##_next_)

/* Asserts all invariants but that of summaries. Linear: for tests and CHECKS=deep. Returns the number of nodes. */
size_t tree_check(struct tree const *tree);
