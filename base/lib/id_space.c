/* SPDX-License-Identifier: MIT */
/*
 * The id space: an array of slots and a queue of the free ones.
 */
#include <base/id_space.h>
#include <base/assert.h>

static uint64_t id_of(struct id_space const *space, uint32_t index)
{
	return (uint64_t)space->slots[index].generation << 32 | index;
}

/* The slot that an id names, or NULL. */
static struct id_slot *slot_of(struct id_space const *space, uint64_t id)
{
	uint32_t index = (uint32_t)id;

	if (index >= space->count || !space->slots[index].object || id_of(space, index) != id)
		return NULL;
	return &space->slots[index];
}

static void append_free(struct id_space *space, uint32_t index)
{
	if (space->used == space->count)
		space->first_free = index;
	else
		space->slots[space->last_free].next = index;
	space->last_free = index;
}

void id_space_init(struct id_space *space, struct id_slot *slots, uint32_t count)
{
	assert(count > 0);
	*space = (struct id_space) { .slots = slots, .count = count, .last_free = count - 1 };
	for (uint32_t i = 0; i < count; i++)
		slots[i] = (struct id_slot) { .next = i + 1 };
}

enum status id_space_acquire(struct id_space *space, void *object, uint64_t *id)
{
	uint32_t        index = space->first_free;
	struct id_slot *slot  = &space->slots[index];

	assert(object);
	if (space->used == space->count)
		return STATUS_BUSY;
	assert(!slot->object);
	space->first_free = slot->next;
	space->used++;
	slot->object = object;
	if (++slot->generation == 0)
		slot->generation = 1;
	*id = id_of(space, index);
	return STATUS_OK;
}

void *id_space_lookup(struct id_space const *space, uint64_t id)
{
	struct id_slot *slot = slot_of(space, id);

	return slot ? slot->object : NULL;
}

void *id_space_release(struct id_space *space, uint64_t id)
{
	struct id_slot *slot = slot_of(space, id);

	if (!slot)
		return NULL;

	void *object = slot->object;

	slot->object = NULL;
	append_free(space, (uint32_t)id);
	space->used--;
	return object;
}

void *id_space_next(struct id_space const *space, uint32_t *index)
{
	while (*index < space->count) {
		void *object = space->slots[(*index)++].object;
		if (object)
			return object;
	}
	return NULL;
}
