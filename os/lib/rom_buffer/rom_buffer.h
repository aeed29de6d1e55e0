/* SPDX-License-Identifier: MIT */
/*
 * A ROM session whose content changes. It has a buffer of a fixed capacity, allocated from the session's account when it is opened; when the client asks for
 * the newest content, the server writes that over the old one. So the client decides when what it reads changes, as rom.rpc promises.
 *
 * Embed it at the beginning of the session's struct; call rom_buffer_open in `open`, and use the operations here.
 */
#pragma once

#include <base/attached.h>
#include <rom/rom.h>

struct rom_buffer {
	struct rom_session    session;      /* first: what the client talks to */
	struct attached_ram   memory;
	size_t                size;         /* of the content, in bytes */
	bool                  is_newer;     /* there is something that the client has not got */
	struct signal_context changed;      /* the client's own; null: it does not want to know */

	/* Writes the newest content, at most memory.size bytes, to memory.address, and returns its size. */
	size_t              (*fill)(struct rom_buffer *rom);
};

static inline struct rom_buffer *rom_buffer_of(struct rom_session *session)
{
	return container_of(session, struct rom_buffer, session);
}

/* Makes the buffer, and fills it. NEEDS: the client gave too little for it. */
MUST_CHECK enum status rom_buffer_open(struct rom_buffer *rom, size_t capacity, size_t (*fill)(struct rom_buffer *rom));

/* There is something newer: tells the client. */
void rom_buffer_newer(struct rom_buffer *rom);

/* What a service of such sessions has as its operations. */
extern struct rom_ops const rom_buffer_ops;
