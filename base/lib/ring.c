/* SPDX-License-Identifier: MIT */
/*
 * The ring.
 */
#include <base/ring.h>
#include <base/assert.h>
#include <base/shared.h>

static uint64_t *place(struct ring_memory const *memory, uint32_t index)
{
	return memory->entries + (size_t)(index & (memory->count - 1)) * memory->words;
}

static void check_memory(struct ring_memory const *memory)
{
	assert(is_power_of_two(memory->count) && memory->count <= RING_COUNT_MAX && memory->words);
}

void ring_producer_init(struct ring_producer *producer, struct ring_memory const *memory)
{
	check_memory(memory);
	*producer = (struct ring_producer) { .memory = *memory };
}

void ring_consumer_init(struct ring_consumer *consumer, struct ring_memory const *memory)
{
	check_memory(memory);
	*consumer = (struct ring_consumer) { .memory = *memory };
}

enum status ring_room(struct ring_producer const *producer, uint32_t *room)
{
	uint32_t used = producer->tail - shared_load(producer->memory.head);

	if (used > producer->memory.count)
		return STATUS_PROTOCOL;
	*room = producer->memory.count - used;
	return STATUS_OK;
}

void ring_put(struct ring_producer *producer, uint64_t const *entry)
{
	shared_write(place(&producer->memory, producer->tail), entry, producer->memory.words);
	producer->tail++;
}

bool ring_publish(struct ring_producer *producer)
{
	if (producer->published == producer->tail)
		return false;
	producer->published = producer->tail;
	shared_store(producer->memory.tail, producer->tail);
	return true;
}

enum status ring_filled(struct ring_consumer const *consumer, uint32_t *filled)
{
	uint32_t used = shared_load(consumer->memory.tail) - consumer->head;

	if (used > consumer->memory.count)
		return STATUS_PROTOCOL;
	*filled = used;
	return STATUS_OK;
}

void ring_take(struct ring_consumer *consumer, uint64_t *entry)
{
	shared_read(entry, place(&consumer->memory, consumer->head), consumer->memory.words);
	consumer->head++;
}

bool ring_release(struct ring_consumer *consumer)
{
	if (consumer->published == consumer->head)
		return false;
	consumer->published = consumer->head;
	shared_store(consumer->memory.head, consumer->head);
	return true;
}
