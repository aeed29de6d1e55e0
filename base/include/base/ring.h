/* SPDX-License-Identifier: MIT */
/*
 * The ring: a queue of fixed-size entries in shared memory, with one producer and one consumer that need not trust each
 * other. `tail` counts what has been produced, `head` what has been consumed; both run on for ever and wrap at 2^32. Each
 * belongs to one side, which keeps the true value to itself and only publishes it; the other side's is read once, and
 * believed only if the difference is one that can be: 0 <= tail - head <= count. So a hostile peer can give wrong
 * entries and can stop, but can never lead outside the array.
 *
 * The shared words and the array belong to whoever maps them; where they are is for the user to say (packet_stream.h
 * puts them in two cache lines). Waking the other side is the user's affair, too. Both sides do their work in batches:
 * put or take several, then publish once.
 */
#pragma once

#include <base/status.h>
#include <base/types.h>

enum { RING_COUNT_MAX = 1u << 16 };

struct ring_memory {
	uint32_t *tail, *head;    /* shared: the producer's, the consumer's */
	uint64_t *entries;        /* shared: count times `words` */
	uint32_t  count;          /* a power of two, at most RING_COUNT_MAX; agreed upon elsewhere, never read from shared memory */
	uint32_t  words;          /* of eight bytes, of an entry */
};

struct ring_producer {
	struct ring_memory memory;
	uint32_t           tail, published;
};

struct ring_consumer {
	struct ring_memory memory;
	uint32_t           head, published;
};

/* Both sides start at 0, as fresh memory does. */
void ring_producer_init(struct ring_producer *producer, struct ring_memory const *memory);
void ring_consumer_init(struct ring_consumer *consumer, struct ring_memory const *memory);

/* PRODUCER: how many entries there is room for; more may become free at any time. PROTOCOL: the consumer lies. */
MUST_CHECK enum status ring_room(struct ring_producer const *producer, uint32_t *room);

/* PRODUCER: writes an entry; there is room for it. The consumer sees it after ring_publish, whose store pairs with ring_filled. */
void ring_put(struct ring_producer *producer, uint64_t const *entry);

/* PRODUCER: makes entries visible. False: there were none to publish. */
bool ring_publish(struct ring_producer *producer);

/* CONSUMER: how many entries there are to take; more may come at any time. PROTOCOL: the producer lies. */
MUST_CHECK enum status ring_filled(struct ring_consumer const *consumer, uint32_t *filled);

/* CONSUMER: copies the next entry; there is one. The producer reuses its place after ring_release, whose store pairs with ring_room. */
void ring_take(struct ring_consumer *consumer, uint64_t *entry);

/* CONSUMER: gives the places of taken entries back. False: there were none. */
bool ring_release(struct ring_consumer *consumer);
