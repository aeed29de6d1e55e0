/* SPDX-License-Identifier: MIT */
/*
 * The HTTP server: sockets, one loop, nobody waits. A connection reads a request, writes the answer, and so on; or it becomes a stream of server-sent
 * events (the "event stream" of the HTML standard, section 9.2), which has the newest state again and again.
 *
 * **Bounds.** So many connections, so many streams, so many bytes of a request; an answer is shared by all who are sent the same. Whoever is slow in
 * asking, in taking, or silent for too long, is dropped; a stream that does not take one state gets the newest one afterwards, and never a queue
 * of them. When all places are taken, the connection that has been silent for longest makes room.
 */
#pragma once

#include "http.h"
#include "text.h"
#include <poll.h>
#include <stdint.h>

enum { SERVER_CONNECTIONS = 48, SERVER_STREAMS = 12, SERVER_OTHERS = 16 };

struct answer {
	int          status;
	char const  *type;        /* "text/html; charset=utf-8" */
	char const  *allow;       /* of a 405 */
	struct text *body;        /* the server drops it; NULL: there is no memory */
};

struct server {
	int                listener;
	uint16_t           port;
	struct connection *connections;       /* SERVER_CONNECTIONS of them */
	uint64_t           news_number;       /* so many news were there */
	uint64_t           served, dropped;   /* requests answered; connections ended by us */

	/* Answers a request; a body has request->body_size bytes. A path "/stream" never comes here. */
	struct answer    (*answer)(void *context, struct http_request const *request, char const *body);

	/* What streams are sent: whoever answers holds it. NULL: there is nothing yet. */
	struct text      *(*news)(void *context);
	void              *context;
};

/* Listens on all addresses; port 0: any that is free, server->port says which. False: it cannot, errno says why. `answer` and `context` are set before. */
bool server_init(struct server *server, uint16_t port);

/*
 * Serves what there is to serve, or waits for it, at most for so long. `others`, SERVER_OTHERS at most, are polled along: true: something came of them, which
 * stands in their revents.
 */
bool server_run(struct server *server, struct pollfd *others, unsigned count, int timeout_ms);

/* There are news: streams ask for them when they can send them. */
void server_publish(struct server *server);

/* Milliseconds of a clock that only goes forward. */
uint64_t server_now_ms(void);
