/* SPDX-License-Identifier: MIT */
/*
 * A host on an Ethernet that breaks every rule below TCP's payload: frames cut short, lengths and sums that lie, fragments that overlap or exceed a
 * packet, options without an end, sources that cannot be, SYNs without number, segments for the connections of others with wrong numbers, and
 * connections of its own that it opens correctly, so that what is wrong about them is looked at.
 *
 * What a network cannot defend itself against it does not do: it does not claim the addresses of others in a correct ARP packet, and what it
 * sends in the name of a connection of others is outside of its window. So who is attacked must go on serving these others.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FRAME_SPACE = 4096,          /* the longest frame, which is longer than Ethernet's */
	FRAMES_CONNECTIONS = 16,     /* of its own, at a time */
	FRAMES_OTHERS = 8,           /* connections of others that it has seen lately */
};

/* One of its own. */
struct frames_connection {
	enum {
		CONNECTION_FREE,
		CONNECTION_OPENING,  /* the SYN is sent */
		CONNECTION_OPEN,
		CONNECTION_ENDING,   /* resets are sent until the target has none such any more */
	} state;
	uint32_t ip;
	uint16_t port;
	uint32_t next, expected;     /* sequence numbers: ours, and what the target has told */
	unsigned age;                /* segments sent */
};

/* One between the target and another host: what the target acknowledges of it. */
struct frames_other {
	uint32_t ip;                 /* 0: none */
	uint16_t port;
	uint32_t next, expected;
};

struct frames {
	uint64_t random;
	uint8_t  target[6];          /* its Ethernet address; broadcast until it is known */
	uint32_t ip, gateway;        /* of the target, and whom it knows: in the byte order of the host */
	uint16_t port;               /* that it serves */
	uint32_t dhcp_id;            /* of the target's last request */
	unsigned other;              /* to be replaced next */
	uint64_t opened;             /* connections of its own that came about */
	uint64_t ping, ponged;       /* numbers of the last that was sent, and answered */
	struct frames_connection connections[FRAMES_CONNECTIONS];
	struct frames_other      others[FRAMES_OTHERS];
};

/* The target has this address and serves a TCP port; the same seed makes the same frames as long as it hears the same. */
void frames_init(struct frames *frames, uint64_t seed, uint32_t ip, uint16_t port);

/* The next malformed frame for the target. */
size_t frames_next(struct frames *frames, uint8_t frame[static FRAME_SPACE]);

/*
 * Takes what the target has sent. True: it was for this host, or for nobody; then `answer` has a frame to be sent to the target if `*answer_size` is not 0.
 * False: it is for others.
 */
bool frames_take(struct frames *frames, uint8_t const *frame, size_t size, uint8_t answer[static FRAME_SPACE], size_t *answer_size);

/* A correct ping, which is answered by `ponged` being `ping`; before the target's Ethernet address is known, a correct ARP request. */
size_t frames_ping(struct frames *frames, uint8_t frame[static FRAME_SPACE]);

/* Ends one of its own connections by a frame; 0: there is none left. To be repeated, as frames may get lost. */
size_t frames_end(struct frames *frames, uint8_t frame[static FRAME_SPACE]);
