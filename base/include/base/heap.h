/* SPDX-License-Identifier: MIT */
/*
 * The heap: memory in pieces of any size, from an account that is named once. It takes RAM dataspaces (chunks) from that
 * account, attaches them on that account, and hands out blocks of them; a chunk whose last block is freed goes back at
 * once, so an account is exactly what it was when all is freed. Every component has one on its own account (env->heap),
 * every session one on its client's (session_heap): the argument says who pays.
 *
 * Blocks are zeroed and aligned to 16 bytes; each has a header of 16 bytes. A free block that fits is found by size class.
 * A heap belongs to one thread; who shares it between threads brings a lock.
 */
#pragma once

#include <base/cap.h>
#include <base/status.h>
#include <base/types.h>

enum {
	HEAP_ALIGN       = 16,
	HEAP_CLASSES     = 16,      /* free lists by powers of two, from 32 bytes */
	HEAP_CHUNK_FIRST = 0x1000,  /* size of the first chunk; each further one as large as all before, up to */
	HEAP_CHUNK_MAX   = 0x40000, /* this, or what the block needs */
};

struct account;

/* Where chunks come from: RAM and the region map in a component, memory of the host in tests. */
struct heap_source {
	/* A chunk of `size` bytes (whole pages), zeroed. It goes with the payer's account, or by `put`. */
	enum status (*get)(struct cap payer, size_t size, void **memory);
	void        (*put)(void *memory, size_t size);
};

struct heap_block;
struct heap_chunk;

/* Nothing points into it: it may be moved by assignment, as long as only one of the copies is used. */
struct heap {
	struct cap                payer;
	struct heap_source const *source;
	struct heap_chunk        *chunks;                /* the newest; they are linked */
	uint32_t                  filled;                /* bit i: class i has free blocks */
	struct heap_block        *classes[HEAP_CLASSES]; /* the first free block; they are linked */
	size_t                    size, used;            /* bytes in chunks, and of them in blocks in use */
};

extern struct heap_source const heap_source_ram;

/* Starts empty and costs nothing. */
void heap_init(struct heap *heap, struct cap payer, struct heap_source const *source);

/* Gives all chunks back, whatever is still in use; needless if the payer's account is about to end. The heap may live in one of them. */
void heap_fini(struct heap *heap);

/* A zeroed block; size 0 gives one of 16 bytes. OUT_OF_RAM, OUT_OF_CAPS: the payer's account, or the table of capabilities. */
MUST_CHECK enum status heap_alloc(struct heap *heap, size_t size, void **block);

/* NULL is fine. */
void heap_free(struct heap *heap, void *block);

/* Allocates what the pointer at `pointer_at` points to: struct child *child; heap_new(heap, &child). */
#define heap_new(heap, pointer_at) heap_new_array(heap, 1, pointer_at)

/* OVERFLOW: count * size is too large. */
#define heap_new_array(heap, count, pointer_at) ({                                              \
	void       *heap_block_  = NULL;                                                        \
	size_t      heap_size_;                                                                 \
	enum status heap_status_ = __builtin_mul_overflow((size_t)(count), sizeof(**(pointer_at)), &heap_size_) \
		? STATUS_OVERFLOW : heap_alloc(heap, heap_size_, &heap_block_);                 \
	if (heap_status_ == STATUS_OK)                                                          \
		*(pointer_at) = heap_block_;                                                    \
	heap_status_;                                                                           \
})

/* Asserts all invariants; linear, for tests. */
void heap_check(struct heap const *heap);
