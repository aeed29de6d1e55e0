/* SPDX-License-Identifier: MIT */
/*
 * Priority queue: an intrusive leftist heap, smallest key first, equal keys in the order of their arrival if the keys say
 * so. The rank of a node is the length of its right spine, at most log2 of the size of its subtree; since no path along
 * right children is longer, insertion, removal of the first and removal of any node take at most
 * 2 * 64 steps for any number of nodes that fits into an address space. No recursion.
 */
#pragma once

#include <stdint.h>

struct pnode {
	struct pnode *parent, *left, *right;
	uint64_t      key;
	uint32_t      rank;   /* 0: in no queue */
};

/* `*root` is NULL for an empty queue; it is always the node with the smallest key. */
void pqueue_insert(struct pnode **root, struct pnode *node, uint64_t key);
void pqueue_remove(struct pnode **root, struct pnode *node);

static inline int pnode_queued(struct pnode const *node) { return node->rank != 0; }
