/* SPDX-License-Identifier: MIT */
/*
 * What has happened, found by comparing one state with the next, in bounded memory: the oldest makes room. Trades, of which there are many, have room of their
 * own, so that they push nothing else out. What begins and ends between two states is not seen.
 */
#pragma once

#include "state.h"

enum event_kind {
	EVENT_DONATION, EVENT_UPGRADE, EVENT_REFUND,                    /* trades */
	EVENT_QUOTA, EVENT_DENIAL, EVENT_FAULT, EVENT_RESTART, EVENT_START, EVENT_END, EVENT_ACTION,
	EVENT_KINDS
};

enum { HISTORY_TRADES = 160, HISTORY_NEWS = 96, EVENT_TEXT = 320, EVENT_MORE = 640 };

struct event {
	uint64_t        number;               /* from 1, in the order in which they were seen */
	uint64_t        time_ms;              /* since boot */
	enum event_kind kind;
	char            subject[STATE_PATH];  /* the component that it is about */
	char            text[EVENT_TEXT], more[EVENT_MORE];    /* more: of a denial, who decided and what to change */
};

struct history {
	uint64_t     last;                    /* number of the newest; 0: nothing has happened */
	uint64_t     trades, news;            /* of each, so many in all */
	struct event trade[HISTORY_TRADES], other[HISTORY_NEWS];
};

/* "donation" */
char const *event_kind_name(enum event_kind kind);

void history_add(struct history *history, uint64_t time_ms, enum event_kind kind, char const *subject, char const *text, ...)
	__attribute__((format(printf, 5, 6)));

/* What has changed from one state to the other, both settled. `time_ms`: of the second. */
void history_compare(struct history *history, struct state const *before, struct state const *after, uint64_t time_ms);

/* The event after the one with this number, in order; NULL: there is none. */
struct event const *history_next(struct history const *history, uint64_t number);

/* "4 MiB", "64 KiB": exact, in the largest unit that is. Returns `to`. */
char const *bytes_text(uint64_t bytes, char to[static 32]);
