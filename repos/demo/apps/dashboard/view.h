/* SPDX-License-Identifier: MIT */
/* States and events as JSON, for the page. The page's script, page/page.js, is the other side of these names. */
#pragma once

#include "history.h"
#include "text.h"

/* What the configuration that was sent last came to. */
struct verdict {
	bool     is_pending;
	bool     is_there, is_valid;
	uint64_t number;                /* of the change that it is about */
	unsigned error_count;
	struct { unsigned line; char text[512]; } errors[8];
};

struct view {
	struct state const   *state;
	struct history const *history;
	struct verdict const *verdict;
	bool                  adds_up;       /* state_settle */
	char const          **removed;       /* paths that were killed, below the world */
	unsigned              removed_count;
	char const           *world;         /* the path of the init whose configuration can be changed */
};

void view_state(struct text *text, struct view const *view);

/* Those after the one with that number: {"last": N, "events": [...]}. */
void view_events(struct text *text, struct history const *history, uint64_t after);
