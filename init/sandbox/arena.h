/* SPDX-License-Identifier: MIT */
/*
 * An arena: memory that is given out piece by piece and taken back all at once. It gets chunks from whoever set it up, so
 * that it is visible who pays; what was given out stays where it is.
 */
#pragma once

#include <base/status.h>
#include <base/types.h>

struct arena_chunk {
	struct arena_chunk *next;
	size_t              size;           /* with this header */
};

struct arena {
	/* Gives and takes back chunks of at least `size` bytes, aligned to 16; NULL: none left. */
	void             *(*acquire)(struct arena *arena, size_t size);
	void              (*release)(struct arena *arena, void *chunk, size_t size);
	void              *owner;           /* whatever those two need */
	struct arena_chunk *chunks;
	size_t              used;           /* of the first chunk */
};

/* Zeroed, aligned to 16, or NULL when there is no memory. */
void *arena_alloc(struct arena *arena, size_t size);

/* A terminated copy of `size` bytes, or NULL. */
char *arena_text(struct arena *arena, char const *text, size_t size);

/* Takes everything back; the arena may be used again. */
void arena_fini(struct arena *arena);

/* A new zeroed *pointer, or NULL. */
#define ARENA_NEW(arena, pointer) ((pointer) = arena_alloc((arena), sizeof(*(pointer))))
