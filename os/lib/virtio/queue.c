/* SPDX-License-Identifier: MIT */
/*
 * The split virtqueue. Free descriptors and the parts of a chain are linked through `next` of the private slots; the links that the device
 * reads are written from these each time, and never read.
 */
#include <virtio/queue.h>

#include <base/assert.h>
#include <base/shared.h>

/* 2.6.5, 2.6.6, 2.6.8 */
enum { DESCRIPTOR_NEXT = 1, DESCRIPTOR_WRITE = 2 };
enum { AVAILABLE_NO_INTERRUPT = 1 };
enum { USED_NO_NOTIFY = 1 };

struct virtio_descriptor {
	uint64_t address;
	uint32_t size;
	uint16_t flags, next;
};

struct virtio_available {
	uint16_t flags, index;
	uint16_t ring[];
};

struct virtio_used {
	uint16_t flags, index;
	struct { uint32_t id, length; } ring[];
};

static_assert(sizeof(struct virtio_descriptor) == 16, "2.6.5");

/* A last word in each ring is for a feature that is not used here; the device may still look at it. */
static uint64_t available_bytes(uint16_t size) { return sizeof(struct virtio_available) + 2ul * size + 2; }
static uint64_t used_bytes(uint16_t size) { return sizeof(struct virtio_used) + 8ul * size + 2; }

uint64_t virtio_queue_available_start(uint16_t size)
{
	return align_up(sizeof(struct virtio_descriptor) * size, VIRTIO_QUEUE_ALIGN);
}

/*
 * Its elements have 8 bytes, behind a header of 4: they are aligned, so none crosses a page. QEMU 7.2 writes the second half of one that does, behind an
 * IOMMU, to where it stands in the ring as if that were an address. 2.6 asks for 4 bytes only.
 */
uint64_t virtio_queue_used_start(uint16_t size)
{
	return align_up(virtio_queue_available_start(size) + available_bytes(size), VIRTIO_QUEUE_ALIGN) + sizeof(struct virtio_used);
}

uint64_t virtio_queue_bytes(uint16_t size)
{
	return align_up(virtio_queue_used_start(size) + used_bytes(size), VIRTIO_QUEUE_ALIGN);
}

void virtio_queue_init(struct virtio_queue *queue, struct virtio_queue_memory const *memory, struct virtio_slot slots[])
{
	char *start = memory->start;

	assert(is_power_of_two(memory->size) && memory->size <= VIRTIO_QUEUE_MAX && is_aligned((uintptr_t)start, VIRTIO_QUEUE_ALIGN));
	*queue = (struct virtio_queue) {
		.descriptors = (struct virtio_descriptor *)start,
		.available = (struct virtio_available *)(start + virtio_queue_available_start(memory->size)),
		.used = (struct virtio_used *)(start + virtio_queue_used_start(memory->size)),
		.memory = *memory, .slots = slots, .free_count = memory->size,
	};
	for (unsigned i = 0; i < memory->size; i++)
		slots[i] = (struct virtio_slot) { .next = (uint16_t)(i + 1) };
}

static uint16_t in_ring(struct virtio_queue const *queue, uint16_t index)
{
	return index & (queue->memory.size - 1);
}

enum status virtio_queue_put(struct virtio_queue *queue, struct virtio_part const parts[], unsigned count, uint32_t token)
{
	uint16_t const first    = queue->free_first;
	uint64_t       writable = 0;

	assert(count && count <= queue->memory.size);
	if (queue->is_broken)
		return STATUS_PROTOCOL;
	if (queue->free_count < count)
		return STATUS_BUSY;
	for (unsigned i = 0; i < count; i++) {
		struct virtio_part const *part = &parts[i];
		uint16_t const            at   = queue->free_first;

		assert(part->size && (part->is_written || !writable));
		writable += part->is_written ? part->size : 0;
		queue->descriptors[at] = (struct virtio_descriptor) {
			.address = part->address, .size = part->size, .next = queue->slots[at].next,
			.flags = (uint16_t)((part->is_written ? DESCRIPTOR_WRITE : 0) | (i + 1 < count ? DESCRIPTOR_NEXT : 0)),
		};
		queue->free_first = queue->slots[at].next;
	}
	queue->free_count = (uint16_t)(queue->free_count - count);
	queue->slots[first].count = (uint16_t)count;
	queue->slots[first].token = token;
	queue->slots[first].writable = writable;
	queue->slots[in_ring(queue, queue->put)].head = first;
	queue->available->ring[in_ring(queue, queue->put++)] = first;
	return STATUS_OK;
}

/* The index is stored after the ring and the descriptors; then the fence lets either the device see it, or us its flag (2.6.13.4.1). */
bool virtio_queue_publish(struct virtio_queue *queue)
{
	if (queue->published == queue->put)
		return false;
	for (; queue->published != queue->put; queue->published++)
		queue->slots[queue->slots[in_ring(queue, queue->published)].head].is_out = true;
	shared_store16(&queue->available->index, queue->put);
	shared_fence();
	return !(shared_load16(&queue->used->flags) & USED_NO_NOTIFY);
}

static enum status breaks(struct virtio_queue *queue)
{
	queue->is_broken = true;
	return STATUS_PROTOCOL;
}

/* How many chains were used and not taken. PROTOCOL: more than are out. */
static enum status used_count(struct virtio_queue const *queue, uint16_t *count)
{
	*count = (uint16_t)(shared_load16(&queue->used->index) - queue->taken);
	return *count <= (uint16_t)(queue->published - queue->taken) ? STATUS_OK : STATUS_PROTOCOL;
}

/* The descriptors of the chain at `first` become the first free ones. */
static void free_chain(struct virtio_queue *queue, uint16_t first)
{
	uint16_t last = first;

	for (unsigned i = 1; i < queue->slots[first].count; i++)
		last = queue->slots[last].next;
	queue->free_count = (uint16_t)(queue->free_count + queue->slots[first].count);
	queue->slots[first].count = 0;
	queue->slots[first].is_out = false;
	queue->slots[last].next = queue->free_first;
	queue->free_first = first;
}

enum status virtio_queue_take(struct virtio_queue *queue, uint32_t *token, uint32_t *written)
{
	uint16_t const at = in_ring(queue, queue->taken);
	uint16_t       count;
	uint32_t       id, length;

	if (queue->is_broken || used_count(queue, &count))
		return breaks(queue);
	if (!count)
		return STATUS_NOT_FOUND;
	id = shared_load(&queue->used->ring[at].id);
	length = shared_load(&queue->used->ring[at].length);
	if (id >= queue->memory.size || !queue->slots[id].is_out || length > queue->slots[id].writable)
		return breaks(queue);
	*token = queue->slots[id].token;
	*written = length;
	free_chain(queue, (uint16_t)id);
	queue->taken++;
	return STATUS_OK;
}

bool virtio_queue_sleep(struct virtio_queue *queue)
{
	uint16_t count;

	shared_store16(&queue->available->flags, 0);
	shared_fence();
	if (used_count(queue, &count) == STATUS_OK && !count)
		return true;
	virtio_queue_awake(queue);
	return false;
}

void virtio_queue_awake(struct virtio_queue *queue)
{
	shared_store16(&queue->available->flags, AVAILABLE_NO_INTERRUPT);
}
