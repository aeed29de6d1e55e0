/* SPDX-License-Identifier: MIT */
/*
 * Connection: the client's end of a session. Generated code embeds it (`struct hello { struct connection connection; }`) and
 * offers typed X_open, X_close, X_upgrade and X_reopen on top of these.
 *
 * Opening donates quota from the component's account: the base cost of a session (base/cost.h) and what the interface's
 * `cost` computes from the arguments. A server that asks for more (NEEDS) gets exactly that, and so does whoever stands between (monitor): up
 * to CONNECTION_NEEDS_MAX times. All of it comes back when the session ends. Whether the parent answers at once or has to ask a server is
 * hidden: open waits for the news.
 */
#pragma once

#include <base/cap.h>
#include <base/list.h>
#include <base/status.h>

struct env;
struct handler;
struct rpc_type;
struct account;
struct session_open_args;
struct session_status;

enum { CONNECTION_NEEDS_MAX = 4 };

struct connection {
	struct cap       cap;        /* what calls go to; null: not open */
	uint32_t         id;         /* the parent's number for it; 0: not opened by name (well-known slots) */
	struct env      *env;
	struct handler  *lost;       /* NULL, or runs when the session is LOST */
	struct list_link of_env;     /* among the connections with a `lost` handler */
};

/* What connection_open_request takes beyond the defaults. */
struct connection_request {
	struct rpc_type const *type;
	char const            *label;
	void const            *args;        /* type->args_size bytes */
	uint64_t               ram, caps;   /* donated in addition, bytes and caps */
	struct cap             pay;         /* account that donates; null: the component's */
	uint64_t               deadline_ns; /* absolute; 0: none */
	uint32_t               affinity;    /* bit n: for work on CPU n; 0: on any */
};

/*
 * Opens a session. Context: the main thread; blocks until the server answered. Errors: DENIED, NOT_FOUND, VERSION,
 * TOO_LONG (label) and others come from whoever decided, whose log tells why. OUT_OF_RAM, OUT_OF_CAPS: too little
 * for the donation. BUSY: all session slots of this component are in use. TIMEOUT: the deadline; nothing stays behind.
 */
MUST_CHECK enum status connection_open(struct connection *connection, struct env *env, struct rpc_type const *type, char const *label,
                                       void const *args);
MUST_CHECK enum status connection_open_request(struct connection *connection, struct env *env, struct connection_request const *request);

/*
 * Passes a request of somebody else on as it is, the donation included, which `pay` makes: for components between client and server. Does not
 * wait: PENDING means to ask connection_poll at the next news of NEWS_SESSION (env_on_news), or to give up with connection_close. *last is what
 * the parent said; with NEEDS, how much is needed. After any other error there is nothing to close. Errors as above.
 */
MUST_CHECK enum status connection_ask(struct connection *connection, struct env *env, struct session_open_args const *args, struct account pay,
                                      struct session_status *last);
MUST_CHECK enum status connection_poll(struct connection *connection, struct session_status *last);

/* Closes what is there and opens anew: for a session that is LOST. `connection` was open once. */
MUST_CHECK enum status connection_reopen(struct connection *connection, struct rpc_type const *type, char const *label,
                                         void const *args);

/* Ends the session; never blocks on the server. The capability is gone at once, the donation comes back when the server agreed. */
void connection_close(struct connection *connection);

/* Adds to the donation; it is there on return. Sessions opened by name only, else INVALID. */
MUST_CHECK enum status connection_upgrade(struct connection *connection, uint64_t ram_bytes, uint64_t caps);

/* `handler` runs (count 1) on the main entrypoint when the session is LOST; it may close or reopen. NULL: no more. */
void connection_on_lost(struct connection *connection, struct handler *handler);
