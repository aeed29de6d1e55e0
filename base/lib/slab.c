/* SPDX-License-Identifier: MIT */
/*
 * The slab. A chunk is a header and `per_chunk` places, each with a mark of its own before the object: the mark says where the
 * chunk begins, whether the object is in use, and that it is one of ours. Free objects of a chunk that were in use before are
 * linked by their place's number, which stands in the chunk's header and in the free objects; those that never were in use
 * lie behind `fresh`, untouched. So a new chunk costs its memory and no pass over it.
 */
#include <base/slab.h>
#include <base/assert.h>
#include <base/string.h>
#include <base/types.h>

struct slab_chunk {
	struct list_link of_slab;
	struct slab     *slab;
	uint32_t         used;      /* objects */
	uint32_t         fresh;     /* places from here on were never in use */
	uint32_t         first;     /* place of the object freed last; END: none */
	uint32_t         reserved;
};

struct place {
	uint32_t offset;            /* from the chunk's start to here */
	uint32_t mark;              /* made of the address and of whether it is in use */
	uint8_t  object[];
};

enum { USED_MARK = 0x5ab1e05e, FREE_MARK = 0xf4eef4ee, END = UINT32_MAX, LINK = sizeof(uint32_t) };

static_assert(sizeof(struct place) == SLAB_ALIGN && sizeof(struct slab_chunk) % SLAB_ALIGN == 0, "objects are aligned");
static_assert((uint64_t)SLAB_COUNT_MAX * (SLAB_SIZE_MAX + sizeof(struct place)) < UINT32_MAX / 2, "a heap has blocks of that size");

static uint32_t mark_of(struct place const *place, uint32_t mark)
{
	return (uint32_t)((uintptr_t)place >> 3) ^ mark;
}

static size_t step(struct slab const *slab)
{
	return sizeof(struct place) + slab->size;
}

static struct place *place_at(struct slab_chunk *chunk, uint32_t number)
{
	return (struct place *)((char *)(chunk + 1) + number * step(chunk->slab));
}

void slab_init(struct slab *slab, struct heap *heap, size_t size, unsigned per_chunk)
{
	assert(size && size <= SLAB_SIZE_MAX && per_chunk && per_chunk <= SLAB_COUNT_MAX);
	*slab = (struct slab) { .heap = heap, .size = (uint32_t)align_up(size, SLAB_ALIGN), .per_chunk = per_chunk };
	list_init(&slab->partial);
	list_init(&slab->full);
}

static void drop(struct slab *slab, struct slab_chunk *chunk)
{
	list_remove(&chunk->of_slab);
	heap_free(slab->heap, chunk);
}

void slab_fini(struct slab *slab)
{
	list_append_all(&slab->partial, &slab->full);
	while (!list_is_empty(&slab->partial))
		drop(slab, list_first_object(&slab->partial, struct slab_chunk, of_slab));
	slab->used = 0;
}

static enum status add_chunk(struct slab *slab, struct slab_chunk **made)
{
	struct slab_chunk *chunk;
	void              *memory;
	enum status        status = heap_alloc(slab->heap, sizeof(*chunk) + slab->per_chunk * step(slab), &memory);

	if (status)
		return status;
	chunk = memory;
	chunk->slab = slab;
	chunk->first = END;
	list_append(&slab->partial, &chunk->of_slab);
	*made = chunk;
	return STATUS_OK;
}

/* Takes the place freed last, whose poison is still there. */
static struct place *take_freed(struct slab_chunk *chunk)
{
	struct place *place = place_at(chunk, chunk->first);
	uint32_t      next;

	assert(place->mark == mark_of(place, FREE_MARK));
	memcpy(&next, place->object, LINK);
	for (size_t i = LINK; i < chunk->slab->size; i++)
		assert(place->object[i] == SLAB_POISON);
	assert(next == END || next < chunk->fresh);
	chunk->first = next;
	memset(place->object, 0, chunk->slab->size);
	return place;
}

enum status slab_alloc(struct slab *slab, void **object)
{
	struct slab_chunk *chunk = list_first_object(&slab->partial, struct slab_chunk, of_slab);
	struct place      *place;

	if (!chunk) {
		enum status status = add_chunk(slab, &chunk);

		if (status)
			return status;
	}
	place = chunk->first != END ? take_freed(chunk) : place_at(chunk, chunk->fresh++);
	place->offset = (uint32_t)((char *)place - (char *)chunk);
	place->mark = mark_of(place, USED_MARK);
	slab->used++;
	if (++chunk->used == slab->per_chunk) {
		list_remove(&chunk->of_slab);
		list_append(&slab->full, &chunk->of_slab);
	}
	*object = place->object;
	return STATUS_OK;
}

void slab_free(struct slab *slab, void *object)
{
	struct place      *place;
	struct slab_chunk *chunk;
	uint32_t           behind_header;

	if (!object)
		return;
	place = container_of(object, struct place, object);
	assert(is_aligned((uintptr_t)object, SLAB_ALIGN) && place->mark == mark_of(place, USED_MARK));
	chunk = (struct slab_chunk *)((char *)place - place->offset);
	behind_header = place->offset - (uint32_t)sizeof(*chunk);
	assert(chunk->slab == slab && chunk->used && behind_header % step(slab) == 0 && behind_header / step(slab) < chunk->fresh);

	place->mark = mark_of(place, FREE_MARK);
	memset(place->object, SLAB_POISON, slab->size);
	memcpy(place->object, &chunk->first, LINK);
	chunk->first = (uint32_t)(behind_header / step(slab));
	slab->used--;
	if (chunk->used-- == slab->per_chunk) {
		list_remove(&chunk->of_slab);
		list_prepend(&slab->partial, &chunk->of_slab);
	}
	if (!chunk->used)
		drop(slab, chunk);
}

/* --- Checks --- */

static size_t check_chunk(struct slab const *slab, struct slab_chunk *chunk)
{
	uint32_t freed = 0, used = 0;

	assert(chunk->slab == slab && chunk->used && chunk->fresh <= slab->per_chunk);
	for (uint32_t i = 0; i < chunk->fresh; i++) {
		struct place *place = place_at(chunk, i);

		assert(place->mark == mark_of(place, USED_MARK) || place->mark == mark_of(place, FREE_MARK));
		used += place->mark == mark_of(place, USED_MARK);
	}
	for (uint32_t i = chunk->first; i != END; freed++) {
		assert(i < chunk->fresh && freed < chunk->fresh && place_at(chunk, i)->mark == mark_of(place_at(chunk, i), FREE_MARK));
		memcpy(&i, place_at(chunk, i)->object, LINK);
	}
	assert(used == chunk->used && used + freed == chunk->fresh);
	return used;
}

void slab_check(struct slab const *slab)
{
	size_t used = 0;

	list_for_each (chunk, &slab->partial, struct slab_chunk, of_slab) {
		assert(chunk->used < slab->per_chunk);
		used += check_chunk(slab, chunk);
	}
	list_for_each (chunk, &slab->full, struct slab_chunk, of_slab) {
		assert(chunk->used == slab->per_chunk);
		used += check_chunk(slab, chunk);
	}
	assert(used == slab->used);
}
