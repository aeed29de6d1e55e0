/* SPDX-License-Identifier: MIT */
/*
 * Ids for objects that are named across a trust boundary: sessions, requests, packets. An id is the index of a slot in the
 * low half and the slot's generation in the high half. The generation goes up each time the slot is given away, so an id
 * that has been released is recognized as stale instead of naming its successor; and it starts at 1, so that no id is 0.
 *
 * The caller gives the slots once. Acquiring allocates nothing and fails only when all slots are in use. Freed slots
 * queue up, and the one that has been free for longest goes next: an id is only ever seen again after its slot has been
 * used 2^32 - 1 times.
 */
#pragma once

#include <base/status.h>
#include <base/types.h>

struct id_slot {
	void    *object;        /* NULL: free */
	uint32_t generation;    /* of the present id, or of the last one */
	uint32_t next;          /* free: the next in the queue */
};

struct id_space {
	struct id_slot *slots;
	uint32_t        count, used;
	uint32_t        first_free, last_free;    /* of the queue; meaningless when used == count */
};

/* `slots` live as long as the space does; count > 0. */
void id_space_init(struct id_space *space, struct id_slot *slots, uint32_t count);

/* Gives `object`, not NULL, an id. BUSY: all slots are in use. */
MUST_CHECK enum status id_space_acquire(struct id_space *space, void *object, uint64_t *id);

/* The object, or NULL for an id that is stale or was never given. Any number may be asked for. */
void *id_space_lookup(struct id_space const *space, uint64_t id);

/* Ends an id and returns its object, or NULL as above. */
void *id_space_release(struct id_space *space, uint64_t id);

/* The next object at or behind slot `*index`, which moves on behind it; NULL at the end. Start with 0. */
void *id_space_next(struct id_space const *space, uint32_t *index);

/* Visits the objects in the order of slots and declares `object`; the body may release it. */
#define id_space_for_each(object, space, type)                                                \
	for (uint32_t object##_index_ = 0, object##_once_ = 1; object##_once_; object##_once_ = 0)  \
		for (type *object; (object = id_space_next(space, &object##_index_)); )
