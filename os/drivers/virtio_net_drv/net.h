/* SPDX-License-Identifier: MIT */
/*
 * A virtio network device: frames in, frames out, link state. Source: VIRTIO 1.1, section 5.1. One receive and one transmit queue, no offloads, no
 * merged buffers; if it has a control queue, it is told to receive whatever comes by, for those behind a bridge have addresses of their own.
 *
 * **Memory.** All that the device reaches is one piece of DMA memory: the rings, a place of NET_SLOT bytes for each frame, and the control
 * command. A frame is copied once, from or to its place. What the device writes is copied before it is believed, or checked by the queue.
 *
 * **Turns.** Nothing here waits, and nothing is notified but by net_flush. When a function says PROTOCOL, the device breaks the rules: reset it.
 */
#pragma once

#include <virtio/device.h>

enum { NET_ADDRESS = 6, NET_FRAME_MIN = 14, NET_FRAME_MAX = 1514, NET_SLOT = 2048, NET_COUNT_MAX = 256 };

/* Which queue is which, and the MSI-X vectors */
enum net_queue { NET_RX, NET_TX, NET_CONTROL, NET_QUEUES };
enum net_vector { NET_VECTOR_CONFIG, NET_VECTOR_QUEUES, NET_VECTORS };

/* Frames that the device can have at a time; powers of two up to NET_COUNT_MAX. */
struct net_counts { uint16_t rx, tx; };

struct net_memory {
	void    *start;          /* zeroed; net_bytes of it */
	uint64_t address;        /* the same for the device */
};

struct net {
	struct virtio_device *device;
	struct virtio_queue   queues[NET_QUEUES];
	struct virtio_slot    slots[2 * NET_COUNT_MAX + 2];
	struct net_memory     memory;
	struct net_counts     counts;
	uint16_t              tx_free[NET_COUNT_MAX];     /* places for frames to be sent; a stack */
	uint16_t              tx_free_count;
	uint8_t               address[NET_ADDRESS];
	bool                  has_control;                /* a control queue with the commands for receiving */
	bool                  is_promiscuous;             /* it has agreed to receive everything */
	uint64_t              malformed;                  /* that came in and were no frames */
};

/* A frame that came in. */
struct net_frame {
	void const *data;        /* in DMA memory: the device may still change it */
	uint32_t    size;        /* NET_FRAME_MIN to NET_FRAME_MAX */
	uint32_t    place;
};

bool     net_counts_are_valid(struct net_counts counts);
uint64_t net_bytes(struct net_counts counts);

/*
 * Resets the device, and reads its address. `device->registers` are set. UNSUPPORTED: it has not what is needed; TIMEOUT, NOT_FOUND, BUSY: as
 * virtio_device_reset and _config say.
 */
MUST_CHECK enum status net_init(struct net *net, struct virtio_device *device);

/* Starts it with its memory; fewer frames than asked for if its queues are smaller. Interrupts come by NET_VECTORS vectors, or by the line. Errors: as
 * virtio_device_add_queue says. */
MUST_CHECK enum status net_start(struct net *net, struct net_memory const *memory, struct net_counts counts, bool has_vectors);

/* Is the cable plugged in? True if the device cannot tell. */
MUST_CHECK enum status net_link(struct net const *net, bool *is_up);

/* The next frame that came in; it stays where it is until net_recycle. NOT_FOUND, PROTOCOL. */
MUST_CHECK enum status net_receive(struct net *net, struct net_frame *frame);

/* The place of a frame is for the next one. PROTOCOL. */
MUST_CHECK enum status net_recycle(struct net *net, struct net_frame const *frame);

/* Is there a place for a frame to be sent? */
static inline bool net_has_room(struct net const *net) { return net->tx_free_count; }

/* Sends a copy; `size` from NET_FRAME_MIN to NET_FRAME_MAX, and net_has_room. PROTOCOL. */
MUST_CHECK enum status net_send(struct net *net, void const *data, size_t size);

/* Takes back the places of frames that were sent, and the answer to the control command. PROTOCOL. */
MUST_CHECK enum status net_reclaim(struct net *net);

/* Tells the device, once, of all since the last time. */
void net_flush(struct net *net);

/* Asks for interrupts when a frame arrives, and when one was sent. False: there is one already, so go on. */
bool net_sleep(struct net *net, bool wants_frames, bool wants_room);

/* No interrupts until net_sleep. */
void net_awake(struct net *net);
