/* SPDX-License-Identifier: MIT */
/* The arena: a list of chunks, of which only the first has room. */
#include "arena.h"
#include <base/assert.h>
#include <base/string.h>

enum { CHUNK_SIZE = 4000, ALIGNMENT = 16 };

static_assert(sizeof(struct arena_chunk) == ALIGNMENT, "what follows the header is aligned as the chunk is");

static bool add_chunk(struct arena *arena, size_t size)
{
	size_t              wanted = MAX(size + sizeof(struct arena_chunk), (size_t)CHUNK_SIZE);
	struct arena_chunk *chunk  = arena->acquire(arena, wanted);

	if (!chunk)
		return false;
	*chunk = (struct arena_chunk) { .next = arena->chunks, .size = wanted };
	arena->chunks = chunk;
	arena->used = sizeof(*chunk);
	return true;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	size_t rounded = align_up(size, ALIGNMENT);
	void  *memory;

	if (rounded > SIZE_MAX / 2)
		return NULL;
	if ((!arena->chunks || rounded > arena->chunks->size - arena->used) && !add_chunk(arena, rounded))
		return NULL;
	memory = (char *)arena->chunks + arena->used;
	arena->used += rounded;
	return memset(memory, 0, rounded);
}

char *arena_text(struct arena *arena, char const *text, size_t size)
{
	char *copy = arena_alloc(arena, size + 1);

	return copy ? memcpy(copy, text, size) : NULL;
}

void arena_fini(struct arena *arena)
{
	for (struct arena_chunk *chunk; (chunk = arena->chunks); ) {
		arena->chunks = chunk->next;
		arena->release(arena, chunk, chunk->size);
	}
	arena->used = 0;
}
