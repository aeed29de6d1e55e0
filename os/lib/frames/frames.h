/* SPDX-License-Identifier: MIT */
/*
 * Ethernet frames in packet streams (base/stream_session.h), as the sessions NIC and Uplink use them: one packet a frame,
 * each in a slot of NIC_SLOT bytes of the bulk area. For both ends of both sessions.
 *
 * All of it belongs to the entrypoint's thread; every function may be called in turns and outside of them.
 */
#pragma once

#include <base/stream_session.h>
#include <nic/nic.h>

enum { FRAME_MIN = 14, FRAME_MAX = 1514, FRAME_HEADER = 14 };

/* Sends frames. */
struct frame_source {
	struct stream_source stream;
	uint16_t            *free;           /* numbers of free slots; a stack */
	uint32_t             free_count;
	bool                 is_woken;       /* a turn comes, which publishes what was sent */
	uint64_t             sent, lost;     /* frames */
	void               (*room)(struct frame_source *source);      /* NULL, or: there is room again */
	void               (*broken)(struct frame_source *source);    /* the peer breaks the rules: end the session */
};

/* Receives frames: holds those that came until they are done with, in their order. */
struct frame_sink {
	struct stream_sink   stream;
	struct heap         *heap;
	struct packet       *held;           /* ring of `count` */
	uint32_t             count, first, number;
	bool                 in_turn, is_woken;
	uint64_t             received;       /* frames done with */
	void               (*arrived)(struct frame_sink *sink);       /* there are frames: now or later call frame_first, frame_done */
	void               (*broken)(struct frame_sink *sink);
};

/* May a session ask for so many packets? */
bool frames_are_valid(uint32_t count);

/* SERVER: the buffer of one stream, from the session's account; as stream_buffer_init. */
MUST_CHECK enum status frames_buffer_init(struct attached_ram *buffer, struct account payer, uint32_t count, struct packet_memory *memory);

/* CLIENT: attaches what the server gave; as stream_attach. */
MUST_CHECK enum status frames_attach(struct dataspace buffer, struct account payer, uint32_t count, struct packet_memory *memory);

/* Callbacks are set, all else is zero. 1 cap of `payer`; 64 bytes of `heap` for each packet. On error nothing is left. */
MUST_CHECK enum status frame_source_init(struct frame_source *source, struct ep *ep, struct account payer, struct heap *heap,
                                         struct packet_memory const *memory);
void frame_source_fini(struct frame_source *source);

bool frame_has_room(struct frame_source *source);

/* Sends a copy of `size` bytes, FRAME_MIN to FRAME_MAX. False: no room, it is lost and counted. */
bool frame_send(struct frame_source *source, void const *data, size_t size);

/* As above; 40 bytes of `heap` for each packet. */
MUST_CHECK enum status frame_sink_init(struct frame_sink *sink, struct ep *ep, struct account payer, struct heap *heap,
                                       struct packet_memory const *memory);
void frame_sink_fini(struct frame_sink *sink);

/* The oldest frame that is held, or NULL. Its sender may change it meanwhile: copy what decisions depend on. */
void const *frame_first(struct frame_sink *sink, size_t *size);

/* The oldest frame is done with: its slot goes back to the sender. */
void frame_done(struct frame_sink *sink);

/* Frames that are not done with: those that are held, and those that the sender has put in the queue. */
uint32_t frame_sink_pending(struct frame_sink const *sink);

/* --- CLIENT: both streams of a session of NIC or Uplink --- */

struct frame_link {
	struct packet_memory  sent, received;
	struct signal_context sent_peer, received_peer;      /* the server's; released with the link */
	struct frame_source   source;
	struct frame_sink     sink;
};

/* What the session's `buffers` gave, and the counts that it was opened with. */
struct frame_buffers {
	struct dataspace sent, received;
	uint32_t         sent_count, received_count;
};

/* The callbacks of source and sink are set, all else is zero. Releases the dataspaces' capabilities. On error nothing is left. */
MUST_CHECK enum status frame_link_init(struct frame_link *link, struct env *env, struct frame_buffers const *buffers);

/*
 * Opens session NIC `label` and connects both its streams: frames go from now on. The callbacks of source and sink are set, all else is zero. On error
 * nothing is left. Context: the main thread; errors: as nic_open says.
 */
MUST_CHECK enum status frame_link_open(struct frame_link *link, struct nic *nic, struct env *env, char const *label, struct nic_args const *args);

/* The session's `start` has filled in the peers: frames go from now on. */
void frame_link_start(struct frame_link *link);

/* One that is zeroed is fine. The session is the caller's to close, after this. */
void frame_link_fini(struct frame_link *link);
