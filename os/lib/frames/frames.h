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
#include <uplink/uplink.h>

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

/*
 * --- CLIENT: a session of NIC or Uplink, with both its streams ---
 *
 * When its server is gone, or breaks the rules, the session is closed, and opened anew as soon as there is a server again: until it works, with pauses
 * that grow to a second; the log tells once that it does not. Frames that were on their way are lost. Meanwhile frame_send finds no room, and
 * frame_first no frame.
 *
 * The holder sets the callbacks, all else is zero; they run on the main thread.
 */
struct frame_link {
	union { struct connection connection; struct nic nic; struct uplink uplink; };       /* the session, while is_open */
	struct frame_source   source;        /* its `broken` is the link's */
	struct frame_sink     sink;          /* likewise */
	bool                  is_open;

	/* NULL, or: the streams run; asks the session for what is needed of it. An error closes it again, as one of opening does. Called the first time, too. */
	enum status         (*opened)(struct frame_link *link);
	void                (*closed)(struct frame_link *link);      /* NULL, or: it was open, and is no more */

	/* The link's own. */
	struct env           *env;
	char const           *label;
	union { struct nic_args nic; struct uplink_args uplink; } args;
	struct frame_link_kind const *kind;       /* NIC or Uplink */
	struct handler        again;         /* the session is LOST, or the pause is over */
	uint32_t              pause_ms;      /* before the last try to open it anew; 0: that worked */
	struct packet_memory  sent, received;
	struct signal_context sent_peer, received_peer;      /* the server's */
};

/*
 * Opens session `label`, a text that stays. Context: the main thread; blocks until the server answered. Errors: as nic_open says, and what `opened`
 * returns; then nothing is left. A server that goes meanwhile is no error: `opened` is called later then.
 */
MUST_CHECK enum status frame_link_open_nic(struct frame_link *link, struct env *env, char const *label, struct nic_args const *args);
MUST_CHECK enum status frame_link_open_uplink(struct frame_link *link, struct env *env, char const *label, struct uplink_args const *args);

/* Ends it, without `closed`; never waits. It may be opened again. */
void frame_link_close(struct frame_link *link);
