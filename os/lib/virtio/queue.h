/* SPDX-License-Identifier: MIT */
/*
 * The virtqueue in its split form: the driver's side. Source: Virtual I/O Device (VIRTIO) 1.1, OASIS, section 2.6.
 *
 * The driver makes *chains* of buffers available, each of parts that the device reads and, after those, parts that it writes; the device
 * gives each back once, in any order, and says how many bytes it has written. Three areas of memory carry that: descriptors and
 * the ring of what is available are the driver's to write, the ring of what is used the device's.
 *
 *	descriptors[N]   available: flags, index, ring[N]   used: flags, index, ring[N] of { id, length }
 *
 * **Distrust.** The device can write all of this memory at any time. So nothing of it is read back but the used ring, each word of that
 * once; which descriptors are free, how chains are linked and how much of each can be written is kept privately. An index
 * that has jumped, an id that is not out, and a length beyond what can be written are PROTOCOL, from then on for every call: reset the device.
 *
 * **Turns.** Work in batches: take what was used, put, then `publish` once, and notify the device if that says so. With nothing left
 * to do, `sleep`: false means that something was used meanwhile, true that the device interrupts for the next one, and then `awake`
 * is due. As in packet_stream.h, both sides tell, fence and look, so that no wake-up is lost.
 *
 * Not here: indirect descriptors, VIRTIO_F_RING_EVENT_IDX, packed queues. The features must not be negotiated.
 */
#pragma once

#include <base/status.h>
#include <base/types.h>

enum { VIRTIO_QUEUE_MAX = 32768 /* descriptors; 2.6 */, VIRTIO_QUEUE_ALIGN = 64 };

/* A piece of memory of a chain, as the device sees it. */
struct virtio_part {
	uint64_t address;
	uint32_t size;           /* bytes, not 0 */
	bool     is_written;     /* by the device, else it is read */
};

/* What is known of a descriptor, and in `head` of the place with the same number in the available ring. */
struct virtio_slot {
	uint64_t writable;       /* bytes of the chain that begins here */
	uint32_t token;          /* of that chain */
	uint16_t count;          /* of its parts; 0: none begins here */
	uint16_t next;           /* in a chain, or among the free ones */
	uint16_t head;
	bool     is_out;         /* the device was told of the chain that begins here */
};

/* Where a queue is; VIRTIO_QUEUE_ALIGN is enough for all three areas. */
struct virtio_queue_memory {
	void    *start;          /* zeroed; virtio_queue_bytes(size) of it */
	uint64_t address;        /* the same for the device */
	uint16_t size;           /* descriptors: a power of two up to VIRTIO_QUEUE_MAX */
};

struct virtio_descriptor;
struct virtio_available;
struct virtio_used;

struct virtio_queue {
	struct virtio_descriptor *descriptors;
	struct virtio_available  *available;
	struct virtio_used       *used;
	struct virtio_queue_memory memory;
	struct virtio_slot       *slots;
	uint16_t                  free_first, free_count;    /* descriptors */
	uint16_t                  put, published, taken;     /* chains so far; they wrap */
	bool                      is_broken;
};

/* Bytes of the three areas, and where each begins. */
uint64_t virtio_queue_bytes(uint16_t size);
uint64_t virtio_queue_available_start(uint16_t size);
uint64_t virtio_queue_used_start(uint16_t size);

/* `slots`: `memory->size` of them, the queue's as long as it is in use. The device interrupts for what is used at first. */
void virtio_queue_init(struct virtio_queue *queue, struct virtio_queue_memory const *memory, struct virtio_slot slots[]);

/* Are that many descriptors free? */
static inline bool virtio_queue_has_room(struct virtio_queue const *queue, unsigned count) { return queue->free_count >= count; }

/* How many chains are out: put and not taken. */
static inline unsigned virtio_queue_out(struct virtio_queue const *queue) { return (uint16_t)(queue->put - queue->taken); }

/*
 * Puts a chain of `count` parts, those that are read first. The memory is the device's until virtio_queue_take gives `token` back. BUSY: no room.
 * PROTOCOL: the device has broken the rules.
 */
MUST_CHECK enum status virtio_queue_put(struct virtio_queue *queue, struct virtio_part const parts[], unsigned count, uint32_t token);

/* Makes what was put visible to the device. True: it wants to be notified. */
bool virtio_queue_publish(struct virtio_queue *queue);

/*
 * Takes the next chain that was used: its token, and how many bytes the device has written to the parts that it may write, from their
 * beginning on. NOT_FOUND: there is none. PROTOCOL.
 */
MUST_CHECK enum status virtio_queue_take(struct virtio_queue *queue, uint32_t *token, uint32_t *written);

/* Asks for an interrupt at the next chain that is used. False: there is one already, and none was asked for. */
bool virtio_queue_sleep(struct virtio_queue *queue);

/* Interrupts are not needed; the device may still make some. */
void virtio_queue_awake(struct virtio_queue *queue);
