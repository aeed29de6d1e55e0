/* SPDX-License-Identifier: MIT */
/* Between the files of stream_client. */
#pragma once

#include <stream/stream.h>
#include "../check.h"
#include <base/stream_session.h>

/* A session, and its buffers where they are attached. */
struct link {
	struct stream         stream;
	struct stream_args    args;
	struct packet_memory  up, down;
	struct signal_context up_wake, down_wake;    /* the server's */
};

/* Opens it and attaches the buffers. */
MUST_CHECK enum status link_open(struct link *link, struct env *env, struct stream_args const *args);

/* Gives the buffers and the session back; the own ends are over. */
void link_close(struct link *link);

/* Nothing wakes this up. */
MUST_CHECK enum status sleep_ns(struct env *env, uint64_t ns);

/* Breaks the rules in `rounds` sessions, each of which must end. */
MUST_CHECK enum status attack(struct env *env, uint64_t rounds, uint64_t seed);
