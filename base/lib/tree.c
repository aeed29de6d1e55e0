/* SPDX-License-Identifier: MIT */
/*
 * The AVL tree. An insertion or removal changes the height of one subtree by one. `rebalance` carries that change up: at
 * each node it either cancels out against the balance, stops there, or goes on; where the balance would become two, a
 * rotation repairs it. Left and right are the indices 0 and 1 of `child`, so that each case is written once.
 */
#include <base/tree.h>

enum { LEFT, RIGHT };

static int side_of(struct tree_node const *node)
{
	return node->parent->child[RIGHT] == node ? RIGHT : LEFT;
}

/* What a subtree on this side adds to the balance when it grows by one. */
static int weight(int side)
{
	return side == RIGHT ? 1 : -1;
}

static void update(struct tree *tree, struct tree_node *node)
{
	if (tree->update)
		tree->update(node);
}

/* Puts `node`, which may be NULL, where `old` is. */
static void replace(struct tree *tree, struct tree_node *old, struct tree_node *node)
{
	if (!old->parent)
		tree->root = node;
	else
		old->parent->child[side_of(old)] = node;
	if (node)
		node->parent = old->parent;
}

static void set_child(struct tree_node *node, int side, struct tree_node *child)
{
	node->child[side] = child;
	if (child)
		child->parent = node;
}

/* The child of `top` on the side opposite to `side` takes its place, `top` moves down to `side`. Balances: the caller. */
static struct tree_node *rotate(struct tree *tree, struct tree_node *top, int side)
{
	struct tree_node *up = top->child[!side];

	replace(tree, top, up);
	set_child(top, !side, up->child[side]);
	set_child(up, side, top);
	update(tree, top);
	update(tree, up);
	return up;
}

/* `top` is too heavy by two on `side`: repairs it and returns the new top of the subtree. */
static struct tree_node *repair(struct tree *tree, struct tree_node *top, int side)
{
	struct tree_node *heavy = top->child[side];
	int const         w     = weight(side);

	if (heavy->balance != -w) {
		bool even = !heavy->balance;
		rotate(tree, top, !side);
		top->balance = even ? w : 0;
		heavy->balance = even ? -w : 0;
		return heavy;
	}

	struct tree_node *middle = heavy->child[!side];

	rotate(tree, heavy, side);
	rotate(tree, top, !side);
	top->balance = middle->balance == w ? -w : 0;
	heavy->balance = middle->balance == -w ? w : 0;
	middle->balance = 0;
	return middle;
}

/* The subtree of `node` on `side` has grown (change 1) or shrunk (change -1) by one level; `node` NULL: it was all. */
static void rebalance(struct tree *tree, struct tree_node *node, int side, int change)
{
	while (node) {
		int before = node->balance, after = before + weight(side) * change;

		if (after == 2 || after == -2) {
			node = repair(tree, node, after > 0 ? RIGHT : LEFT);
			if (change > 0 || node->balance)
				break;    /* as high as before the change */
		} else {
			node->balance = after;
			if (change > 0 ? !after : !!after)
				break;    /* it filled the lower side, or left the other one as high */
		}
		if (!node->parent)
			break;
		side = side_of(node);
		node = node->parent;
	}
}

void tree_changed(struct tree *tree, struct tree_node *node)
{
	if (!tree->update)
		return;
	for (; node; node = node->parent)
		tree->update(node);
}

enum status tree_insert(struct tree *tree, struct tree_node *node)
{
	struct tree_node *parent = NULL, *at = tree->root;
	int               side   = LEFT;

	while (at) {
		if (at->key == node->key)
			return STATUS_EXISTS;
		parent = at;
		side = node->key > at->key ? RIGHT : LEFT;
		at = at->child[side];
	}
	*node = (struct tree_node) { .key = node->key, .parent = parent };
	if (parent)
		parent->child[side] = node;
	else
		tree->root = node;
	tree_changed(tree, node);
	rebalance(tree, parent, side, 1);
	return STATUS_OK;
}

void tree_remove(struct tree *tree, struct tree_node *node)
{
	struct tree_node *shrunk, *successor;    /* shrunk: the lowest node of which a subtree lost a level */
	int               side;

	assert(node->parent ? node->parent->child[side_of(node)] == node : tree->root == node);
	if (!node->child[LEFT] || !node->child[RIGHT]) {
		shrunk = node->parent;
		side = shrunk ? side_of(node) : LEFT;
		replace(tree, node, node->child[node->child[LEFT] ? LEFT : RIGHT]);
	} else {
		successor = node->child[RIGHT];
		while (successor->child[LEFT])
			successor = successor->child[LEFT];
		shrunk = successor->parent == node ? successor : successor->parent;
		side = side_of(successor);
		replace(tree, successor, successor->child[RIGHT]);
		set_child(successor, LEFT, node->child[LEFT]);
		set_child(successor, RIGHT, node->child[RIGHT]);
		successor->balance = node->balance;
		replace(tree, node, successor);
	}
	node->parent = node->child[LEFT] = node->child[RIGHT] = NULL;
	tree_changed(tree, shrunk);
	rebalance(tree, shrunk, side, -1);
}

struct tree_node *tree_find(struct tree const *tree, uint64_t key)
{
	struct tree_node *node = tree_floor(tree, key);

	return node && node->key == key ? node : NULL;
}

struct tree_node *tree_floor(struct tree const *tree, uint64_t key)
{
	struct tree_node *best = NULL;

	for (struct tree_node *at = tree->root; at; ) {
		if (at->key == key)
			return at;
		if (at->key < key)
			best = at;
		at = at->child[at->key < key ? RIGHT : LEFT];
	}
	return best;
}

struct tree_node *tree_ceil(struct tree const *tree, uint64_t key)
{
	struct tree_node *best = NULL;

	for (struct tree_node *at = tree->root; at; ) {
		if (at->key == key)
			return at;
		if (at->key > key)
			best = at;
		at = at->child[at->key < key ? RIGHT : LEFT];
	}
	return best;
}

/* The outermost node of a subtree on one side. */
static struct tree_node *outermost(struct tree_node *node, int side)
{
	while (node && node->child[side])
		node = node->child[side];
	return node;
}

/* The neighbour in order: innermost of the subtree on that side, else the first ancestor that is on that side. */
static struct tree_node *neighbour(struct tree_node const *node, int side)
{
	if (node->child[side])
		return outermost(node->child[side], !side);
	while (node->parent && side_of(node) == side)
		node = node->parent;
	return node->parent;
}

struct tree_node *tree_first(struct tree const *tree)
{
	return outermost(tree->root, LEFT);
}

struct tree_node *tree_last(struct tree const *tree)
{
	return outermost(tree->root, RIGHT);
}

struct tree_node *tree_next(struct tree_node const *node)
{
	return neighbour(node, RIGHT);
}

struct tree_node *tree_previous(struct tree_node const *node)
{
	return neighbour(node, LEFT);
}

/*
 * The height of a subtree, by following the heavier child down: right if all balances are. tree_check walks all nodes, so
 * that by induction from the leaves a wrong balance shows at the lowest node that has one.
 */
static size_t height(struct tree_node const *node)
{
	size_t levels = 0;

	for (; node; levels++)
		node = node->child[node->balance > 0 ? RIGHT : LEFT];
	return levels;
}

size_t tree_check(struct tree const *tree)
{
	struct tree_node const *previous = NULL;
	size_t                  count    = 0;

	for (struct tree_node *node = tree_first(tree); node; node = tree_next(node)) {
		assert(!previous || previous->key < node->key);
		assert(node->parent ? node->parent->child[side_of(node)] == node : tree->root == node);
		for (int side = LEFT; side <= RIGHT; side++)
			assert(!node->child[side] || node->child[side]->parent == node);
		assert(node->balance >= -1 && node->balance <= 1);
		assert((int)height(node->child[RIGHT]) - (int)height(node->child[LEFT]) == node->balance);
		previous = node;
		count++;
	}
	return count;
}
