/* SPDX-License-Identifier: MIT */
/*
 * Memory: which frames of the machine are free. A binary buddy allocator over whatever ranges it is given; it finds
 * frames and knows nothing of accounts, so what it gives out has been paid for before.
 *
 * Two bits for each frame say what it is (enum frame_state); list links and the order of a free block live in the
 * block's first frame. Every size is served exactly: the tail of a block that is too large goes back at once. A run that
 * no single block holds is put together from neighbouring ones, so that large dataspaces do not need a power of two.
 *
 * Invariants: free blocks are aligned to their size and disjoint; two buddies are never both free with the same order;
 * `free` is the sum of all free blocks.
 */
#pragma once

#include <base/list.h>
#include <base/status.h>
#include <base/types.h>

enum {
	MEMORY_ORDERS = 26,         /* blocks of up to 128 GiB */
	MEMORY_LOW    = 1 << 20,    /* frames below 4 GiB; where there are others, these are given out last */
};

enum frame_state {
	FRAME_FOREIGN,    /* not RAM, or not ours to give */
	FRAME_PLAIN,      /* given out, or inside a free block */
	FRAME_FREE,       /* the first frame of a free block */
	FRAME_PACK,       /* given out, and holds records of core */
};

struct memory {
	uintptr_t   window;                  /* physical address p is at window + p */
	uint8_t    *states;                  /* 2 bits a frame */
	uint64_t    frames;                  /* that have a state: [0, frames) */
	uint64_t    managed, free;           /* frames in all, and those not given out */
	uint64_t    nonempty;                /* bit n: lists[n] has blocks */
	struct list lists[MEMORY_ORDERS];    /* of struct free_block by of_order */
};

/* Bytes that `states` needs for so many frames. */
static inline uint64_t memory_states_size(uint64_t frames) { return (frames + 3) / 4; }

/* `states` is zeroed, and stays. */
void memory_init(struct memory *memory, uintptr_t window, uint8_t *states, uint64_t frames);

/* From now on [first, first + count), which it did not know, is free. */
void memory_add(struct memory *memory, uint64_t first, uint64_t count);

/*
 * Finds `count` frames in a row whose first is a multiple of `align`, a power of two; their content is arbitrary. NOT_FOUND: there is no such
 * run (or it is too scattered to be found among the 256 blocks that are looked at). A single frame is found whenever free > 0.
 */
MUST_CHECK enum status memory_alloc(struct memory *memory, uint64_t count, uint64_t align, uint64_t *first);

/* The same, with all frames below `limit`. NOT_FOUND also if only 256 free blocks above the limit were seen. */
MUST_CHECK enum status memory_alloc_below(struct memory *memory, uint64_t count, uint64_t align, uint64_t limit, uint64_t *first);

/* A part of what was given out, or all of it. */
void memory_free(struct memory *memory, uint64_t first, uint64_t count);

/* FRAME_FOREIGN for frames that it does not know. */
static inline enum frame_state memory_state(struct memory const *memory, uint64_t frame)
{
	return frame < memory->frames ? (enum frame_state)(memory->states[frame / 4] >> frame % 4 * 2 & 3) : FRAME_FOREIGN;
}

/* The size of the free block whose first frame it is (FRAME_FREE). */
uint64_t memory_block(struct memory const *memory, uint64_t frame);

/* Marks a frame that was given out, or takes the mark away. */
void memory_mark_pack(struct memory *memory, uint64_t frame, bool pack);

/* Asserts the invariants; linear, for tests and deep checks. */
void memory_check(struct memory const *memory);
