/* SPDX-License-Identifier: MIT */
/*
 * The packet stream: bulk data in one direction between two components that share one dataspace and do not trust each
 * other. The *source* puts data into the bulk area and submits descriptors; the *sink* takes them, uses the data in place
 * (reading what the source wrote, or writing what it asked for) and acknowledges each, in any order. Two rings carry the
 * descriptors:
 *
 *	source  --submit[N]-->  sink
 *	        <----ack[N]---
 *
 * The dataspace begins with a cache line that only the source writes (submit_tail ack_head waits) and one that only the
 * sink writes (submit_head ack_tail waits); then come the rings, then, on a page boundary, the bulk area. A packet is the
 * source's before it is submitted and after its ack has been collected, and the sink's in between; at most N are out. Who
 * allocates in the bulk area is the source's private affair (range.h does it well).
 *
 * **Signals.** This code makes none: it says when one is due. Each side works in turns of its event loop: collect or take at most
 * N, submit or acknowledge, then `publish` once, and signal the peer if that says so. With nothing left to do it calls
 * `sleep`: false means that something has come meanwhile, true that it may wait for its signal, and then call `awake`.
 * publish is "tell, fence, look whether the peer sleeps", sleep is "say so, fence, look whether there is work": one of the
 * two always sees the other, so no wake-up is lost; and while both are busy, no signal is made.
 *
 * **Distrust.** The peer may write anything at any time. Indices are kept privately and the peer's are checked (ring.h);
 * a descriptor is copied once and then checked; the source trusts nothing in an ack but a tag that it gave out, and a
 * status, so that each packet returns once; the sink holds at most N. Payload can change while it is looked at: that is
 * for the user to bear in mind. A violation is PROTOCOL, from then on for every call: close the session.
 */
#pragma once

#include <base/id_space.h>
#include <base/ring.h>
#include <base/status.h>
#include <base/types.h>

/* A descriptor, as both sides see it. */
struct packet {
	uint64_t offset;      /* in the bulk area, bytes */
	uint32_t size;        /* bytes */
	uint32_t op;          /* what to do: the session's interface says */
	uint64_t tag;         /* in the rings: the source's id for the packet; the user's own at the source */
	uint32_t status;      /* enum status; of the ack */
	uint32_t reserved;
};

/* The shared words; the rings follow. */
struct packet_source_line { uint32_t submit_tail, ack_head, waits, reserved[13]; };
struct packet_sink_line   { uint32_t submit_head, ack_tail, waits, reserved[13]; };

struct packet_shared {
	struct packet_source_line source;
	struct packet_sink_line   sink;
};

/* What the source can wait for, in `waits`; the sink only waits for packets. */
enum { PACKET_WAITS_ACK = 1, PACKET_WAITS_ROOM = 2 };

/* The dataspace as it is mapped here; both sides agree on `count`, N, and on the size when the session is opened. */
struct packet_memory {
	void    *start;       /* page-aligned, zero at first */
	uint64_t size;        /* bytes */
	uint32_t count;       /* a power of two */
};

struct packet_source {
	struct packet_shared *shared;
	struct ring_producer  submit;
	struct ring_consumer  ack;
	struct id_space       out;          /* of struct packet in `packets` */
	struct packet        *packets;      /* the source's own copies */
	void                 *bulk;
	uint64_t              bulk_size;
	bool                  broken;
};

struct packet_sink {
	struct packet_shared *shared;
	struct ring_consumer  submit;
	struct ring_producer  ack;
	uint32_t              held;         /* taken and not yet acknowledged */
	void                 *bulk;
	uint64_t              bulk_size;
	bool                  broken;
};

/* Where the bulk area starts: the size of all before it, in bytes. */
uint64_t packet_bulk_start(uint32_t count);

/* --- SOURCE --- */

/* `ids` and `packets` hold `count` each and live as long as the source. INVALID: the memory has no room for a bulk area. */
MUST_CHECK enum status packet_source_init(struct packet_source *source, struct packet_memory const *memory, struct id_slot ids[],
                                          struct packet packets[]);

/*
 * Submits a packet within the bulk area; its `tag` comes back with it and is not seen by the sink. The sink sees it after
 * packet_source_publish. BUSY: N are out, or the queue is full. PROTOCOL: the sink breaks the rules.
 */
MUST_CHECK enum status packet_submit(struct packet_source *source, struct packet const *packet);

/* The next packet that has been acknowledged, as it was submitted but for the status. NOT_FOUND: none. PROTOCOL: as above. */
MUST_CHECK enum status packet_collect(struct packet_source *source, struct packet *packet);

/* Makes submissions and collections visible. True: signal the sink. */
bool packet_source_publish(struct packet_source *source);

/* May the source wait for its signal? It is woken by an ack and, if it wants to submit, by room. Publish before. */
bool packet_source_sleep(struct packet_source *source, bool wants_to_submit);
void packet_source_awake(struct packet_source *source);

/* --- SINK --- */

/* INVALID: as above. */
MUST_CHECK enum status packet_sink_init(struct packet_sink *sink, struct packet_memory const *memory);

/* Takes the next packet, which lies within the bulk area. NOT_FOUND: none. PROTOCOL: the source breaks the rules. */
MUST_CHECK enum status packet_take(struct packet_sink *sink, struct packet *packet);

/* Acknowledges a packet that was taken, with its `status` set; there is always room. PROTOCOL: as above. */
MUST_CHECK enum status packet_ack(struct packet_sink *sink, struct packet const *packet);

/* Makes takes and acks visible. True: signal the source. */
bool packet_sink_publish(struct packet_sink *sink);

/* May the sink wait for its signal? It is woken by a packet. Publish before. */
bool packet_sink_sleep(struct packet_sink *sink);
void packet_sink_awake(struct packet_sink *sink);
