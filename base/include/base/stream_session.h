/* SPDX-License-Identifier: MIT */
/*
 * The packet stream as sessions use it: packet_stream.h with its buffer, its signals and its turns. The server allocates the
 * buffer from the session's account (stream_buffer_init) and hands out the dataspace; the client attaches it on its own
 * account (stream_attach). Each side makes one signal context, and gives it to the other:
 *
 *   the source's stands for ack_avail and ready_to_submit: there are acks, there is room to submit
 *   the sink's stands for packet_avail. ready_to_ack is never needed: an honest source leaves room for each ack (packet_stream.h)
 *
 * A side works in turns of its event loop. At each signal base calls `turn`, which submits and collects, or takes and acknowledges, until
 * it is answered BUSY or NOT_FOUND; this comes after at most N packets each way, then others have their turn, and the next one
 * follows by itself. After the turn base publishes, wakes the peer if it sleeps, and sleeps if nothing is left to do.
 *
 * When the peer breaks the rules, `broken` is called, once, and no turn comes any more: end the session there (a server:
 * session_end; a client: soon). Nothing outside the buffer has been touched, and nothing else is affected.
 *
 * Neither `turn` nor `broken` may call fini. All of it belongs to the entrypoint's thread.
 */
#pragma once

#include <base/attached.h>
#include <base/packet_stream.h>


/* What happened at one end so far. */
struct stream_counts {
	uint64_t turns, cut;           /* turns; of them, those that ended because N packets were done */
	uint64_t wakes;                /* signals to the peer */
	uint64_t waits_room;           /* source: slept with packets to submit, and the queue was full */
	uint64_t waits_ack;            /* source: slept with packets out and nothing to submit, or no bulk for it */
	uint64_t waits_packet;         /* sink: slept without packets; source: slept with nothing out */
};

/* What both ends are. */
struct stream_end {
	struct handler        handler;
	struct signal_context context;       /* to give to the peer */
	struct signal_context peer;          /* what wakes it; null: not known yet */
	struct account        payer;         /* of `context` */
	uint32_t              budget;        /* packets each way in a turn: N */
	uint32_t              left_in, left_out;
	bool                  is_cut, is_over;
	struct stream_counts  counts;
};

struct stream_source {
	struct stream_end     end;
	struct packet_source  packets;
	struct heap          *heap;
	struct id_slot       *ids;
	struct packet        *copies;
	bool                  is_full;       /* in this turn */
	void                (*turn)(struct stream_source *source);
	void                (*broken)(struct stream_source *source);
};

struct stream_sink {
	struct stream_end     end;
	struct packet_sink    packets;
	void                (*turn)(struct stream_sink *sink);
	void                (*broken)(struct stream_sink *sink);
};

/* --- The buffer --- */

/* May a client ask for this? N a power of two up to 1,024, a bulk area of whole pages, up to 16 MiB. To check the arguments of a session. */
bool stream_is_valid(uint32_t count, uint64_t bulk_bytes);

/* SERVER: a buffer from `payer`, the session's account; 3 caps. End it with attached_ram_fini. OUT_OF_RAM, OUT_OF_CAPS. */
MUST_CHECK enum status stream_buffer_init(struct attached_ram *buffer, struct account payer, uint32_t count, uint64_t bulk_bytes,
                                          struct packet_memory *memory);

/*
 * CLIENT: attaches what the server gave, on `payer`; 2 caps, and a page table. End it with dataspace_detach(memory->start). The
 * server's capability is handed to core only, never called. INVALID: it is smaller than agreed.
 */
MUST_CHECK enum status stream_attach(struct dataspace buffer, struct account payer, uint32_t count, uint64_t bulk_bytes, struct packet_memory *memory);

/* --- Source --- */

/*
 * `turn` and `broken` are set, all else is zero. `payer` pays 1 cap for the context, `heap` holds 64 bytes for each of N. On error nothing is left.
 */
MUST_CHECK enum status stream_source_init(struct stream_source *source, struct ep *ep, struct account payer, struct heap *heap,
                                          struct packet_memory const *memory);

/* One that is zeroed, or was not initialized, is fine. The peer's context and the buffer are the caller's to end. */
void stream_source_fini(struct stream_source *source);

/* Tells how to wake the peer; turns come from now on, the first one soon. */
void stream_source_start(struct stream_source *source, struct signal_context peer);

/* There is something to submit: a turn comes soon. */
void stream_source_wake(struct stream_source *source);

/* In a turn, as packet_submit and packet_collect. */
MUST_CHECK enum status stream_submit(struct stream_source *source, struct packet const *packet);
MUST_CHECK enum status stream_collect(struct stream_source *source, struct packet *packet);

/* --- Sink --- */

MUST_CHECK enum status stream_sink_init(struct stream_sink *sink, struct ep *ep, struct account payer, struct packet_memory const *memory);
void stream_sink_fini(struct stream_sink *sink);
void stream_sink_start(struct stream_sink *sink, struct signal_context peer);

/* In a turn, as packet_take; what is taken may be acknowledged in any later turn, too: stream_sink_wake brings one. */
MUST_CHECK enum status stream_take(struct stream_sink *sink, struct packet *packet);
MUST_CHECK enum status stream_ack(struct stream_sink *sink, struct packet const *packet);
void stream_sink_wake(struct stream_sink *sink);
