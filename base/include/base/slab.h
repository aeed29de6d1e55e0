/* SPDX-License-Identifier: MIT */
/*
 * The slab: objects of one size, from chunks of a heap. The heap was named when the slab was made, so its payer is visible
 * there; a chunk whose last object is freed goes back to it at once, so nothing is kept that is not in use.
 *
 * To allocate and to free takes the same few steps however many objects there are. An object is zeroed, aligned to 8 bytes and has
 * a header of 8 (a block of the heap: 16 and 16). A free one is filled with SLAB_POISON; freeing twice, freeing what is
 * no object, and writing to a freed object are asserted, the last one when its place is given away again.
 *
 * When to use it: for many small objects that come and go one by one, thousands of them. A fixed number is better an array
 * in one block of the heap, and that is what the tree has so far: slots of sessions, blocks of a range_pool, packets.
 * Nothing there became simpler with a slab, so no component uses one yet.
 *
 * A slab belongs to one thread, like its heap.
 */
#pragma once

#include <base/heap.h>
#include <base/list.h>

enum { SLAB_ALIGN = 8, SLAB_POISON = 0xb5, SLAB_SIZE_MAX = 0x10000, SLAB_COUNT_MAX = 0x1000 };

struct slab {
	struct heap *heap;
	uint32_t     size;          /* of an object, bytes */
	uint32_t     per_chunk;
	struct list  partial;       /* of struct slab_chunk by of_slab: those that have free objects */
	struct list  full;          /* of struct slab_chunk by of_slab: those that have none */
	size_t       used;          /* objects in use */
};

/*
 * Starts empty and costs nothing. Objects have `size` bytes, 1 to SLAB_SIZE_MAX; a chunk holds `per_chunk` of them, 1 to
 * SLAB_COUNT_MAX. The heap outlives the slab; the slab stays where it is.
 */
void slab_init(struct slab *slab, struct heap *heap, size_t size, unsigned per_chunk);

/* Gives all chunks back to the heap, whatever is still in use. */
void slab_fini(struct slab *slab);

/* A zeroed object. OUT_OF_RAM, OUT_OF_CAPS: the heap has none for another chunk. */
MUST_CHECK enum status slab_alloc(struct slab *slab, void **object);

/* NULL is fine. */
void slab_free(struct slab *slab, void *object);

/* Allocates what the pointer at `pointer_at` points to, which is not larger than the slab's objects. */
#define slab_new(slab, pointer_at) ({                                      \
	void       *slab_object_ = NULL;                                   \
	enum status slab_status_;                                          \
	assert(sizeof(**(pointer_at)) <= (slab)->size);                    \
	slab_status_ = slab_alloc((slab), &slab_object_);                  \
	if (slab_status_ == STATUS_OK)                                     \
		*(pointer_at) = slab_object_;                              \
	slab_status_;                                                      \
})

/* Asserts all invariants; linear, for tests. */
void slab_check(struct slab const *slab);
