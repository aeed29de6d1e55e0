/* SPDX-License-Identifier: MIT */
/*
 * Capability slots and the tree of their derivation.
 *
 * A slot holds one capability: an object, the rights to it, and its place in the object's family. The family is a true
 * tree: the root is embedded in the object, its children are the first capabilities (installed or sent by core),
 * and each copy is a child of the slot that it was made from. Deleting a slot puts its children into its place in O(1),
 * because only the first and the last child name their parent. So a revocation, "while there is a first child: delete
 * it", reaches every copy at any distance in steps of constant cost, and the tree is right after each of them.
 *
 * Links are physical addresses / 32, so capability tables lie below 128 GiB; 0 is no link (page 0 is never given).
 */
#pragma once

#include <kernel/object.h>

enum slot_state { SLOT_EMPTY, SLOT_LIVE, SLOT_DEAD /* its object was destroyed; stays until its owner drops it */ };

struct slot {
	uint64_t       word;         /* LIVE: the object's address; bit 0 is set for a gate that may be called, for the fast path. Of a root: the object's own */
	uint8_t        state;        /* enum slot_state */
	uint8_t        rights;       /* enum cap_rights */
	uint8_t        first_child;  /* `prev` is the parent */
	uint8_t        last_child;   /* `next` is the parent */
	uint32_t       next, prev;   /* siblings */
	uint32_t       first, last;  /* children */
	uint32_t       spare;
};

static_assert(sizeof(struct slot) == SLOT_SIZE, "selectors count on it");

static inline struct object *slot_object(struct slot const *slot) { return (struct object *)(slot->word & ~1UL); }

/* Does it name an object that was destroyed? True from the first slice on, before the sweep has reached the slot. */
static inline bool slot_is_dead(struct slot const *slot)
{
	return slot->state == SLOT_DEAD || (slot->state == SLOT_LIVE && slot_object(slot)->dead);
}

/* Fills an empty slot with a first capability of the family of `root`. */
void slot_install(struct slot *slot, struct slot *root, struct object *object, unsigned rights);

/* Fills the empty slot `to` with a copy of the live slot `from` of a live object, with those of its rights that `mask` has. */
void slot_copy(struct slot *from, struct slot *to, unsigned mask);

/* The empty slot `to` takes the place of `from`, which is empty then. Dead slots move too. */
void slot_move(struct slot *from, struct slot *to);

/* Empties a slot in any state; the copies made from it become those of its parent. */
void slot_drop(struct slot *slot);

/* Empties up to `max` of the slots derived from this one, at any distance. AGAIN: there may be more. */
enum status slot_revoke(struct slot *slot, unsigned max);

/* Makes up to `max` slots of a destroyed object's family DEAD. AGAIN: there may be more. */
enum status slot_sweep(struct slot *root, unsigned max);
