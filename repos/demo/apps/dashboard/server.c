/* SPDX-License-Identifier: MIT */
/* The HTTP server; see server.h. */
#include "server.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 15000, STREAM_SILENCE_MS = 15000, FIRST_INPUT = 1024, HEAD_ROOM = 768 };

enum phase {
	PHASE_FREE,
	PHASE_READ,      /* waits for a request, or the rest of it */
	PHASE_WRITE,     /* an answer is under way */
	PHASE_STREAM,    /* sends news; nothing may come any more */
	PHASE_DRAIN,     /* answered for the last time: what still comes is thrown away, so that the answer is not lost by a reset */
};

struct connection {
	int          socket;
	enum phase   phase;
	bool         keeps;              /* another request may follow the answer */
	uint64_t     active_ms;          /* when it last moved */
	char        *input;              /* NULL: nothing was read */
	size_t       input_size, input_room;
	char         head[HEAD_ROOM];    /* of the answer, or of one event */
	size_t       head_size, head_sent;
	struct text *body;               /* NULL: none, or HEAD */
	size_t       body_sent;
	uint64_t     news_seen;
};

uint64_t server_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool set_nonblocking(int socket)
{
	int const flags = fcntl(socket, F_GETFL, 0);

	return flags >= 0 && fcntl(socket, F_SETFL, flags | O_NONBLOCK) == 0;
}

bool server_init(struct server *server, uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_ANY) };
	socklen_t          size = sizeof(address);
	int                on = 1;

	server->connections = calloc(SERVER_CONNECTIONS, sizeof(*server->connections));
	server->listener = socket(AF_INET, SOCK_STREAM, 0);
	if (!server->connections || server->listener < 0)
		return false;
	(void)setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(server->listener, (struct sockaddr *)&address, sizeof(address)) || listen(server->listener, 16) || !set_nonblocking(server->listener) ||
	    getsockname(server->listener, (struct sockaddr *)&address, &size))
		return false;
	server->port = ntohs(address.sin_port);
	return true;
}

/* --- One connection --- */

static void end(struct connection *connection)
{
	close(connection->socket);
	free(connection->input);
	text_drop(connection->body);
	*connection = (struct connection) { .phase = PHASE_FREE };
}

/* Ends one that is not wanted. */
static void drop(struct server *server, struct connection *connection)
{
	server->dropped++;
	end(connection);
}

static void begin_answer(struct connection *connection, struct http_request const *request, struct answer answer)
{
	size_t const size = answer.body && !answer.body->is_cut ? answer.body->size : 0;
	int          length;

	if (!answer.body || answer.body->is_cut)
		answer.status = 503;
	length = snprintf(connection->head, sizeof(connection->head),
	                  "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
	                  "Content-Security-Policy: default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'\r\nReferrer-Policy: no-referrer\r\n"
	                  "%s%s%sConnection: %s\r\n\r\n",
	                  answer.status, http_reason(answer.status), answer.type, size, answer.allow ? "Allow: " : "", answer.allow ? answer.allow : "",
	                  answer.allow ? "\r\n" : "", connection->keeps ? "keep-alive" : "close");
	connection->head_size = (size_t)length;
	connection->head_sent = connection->body_sent = 0;
	connection->body = size && request->method != HTTP_HEAD ? text_hold(answer.body) : NULL;
	text_drop(answer.body);
	connection->phase = PHASE_WRITE;
}

static struct answer plain_answer(int status)
{
	struct answer answer = { .status = status, .type = "text/plain; charset=utf-8", .body = text_create(256) };

	if (answer.body)
		text_format(answer.body, "%s\n", http_reason(status));
	return answer;
}

static void refuse(struct connection *connection, int status)
{
	connection->keeps = false;
	begin_answer(connection, &(struct http_request) { .method = HTTP_GET }, plain_answer(status));
}

static unsigned count_streams(struct server const *server)
{
	unsigned count = 0;

	for (unsigned i = 0; i < SERVER_CONNECTIONS; i++)
		count += server->connections[i].phase == PHASE_STREAM;
	return count;
}

static void begin_stream(struct server *server, struct connection *connection)
{
	static char const head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
	                           "Connection: close\r\n\r\nretry: 1000\n\n";

	if (count_streams(server) == SERVER_STREAMS) {
		refuse(connection, 503);
		return;
	}
	memcpy(connection->head, head, sizeof(head) - 1);
	connection->head_size = sizeof(head) - 1;
	connection->head_sent = connection->body_sent = 0;
	connection->news_seen = 0;
	connection->phase = PHASE_STREAM;
}

/* Answers the request that is complete in the input, and takes it out. */
static void answer(struct server *server, struct connection *connection, struct http_request const *request)
{
	size_t const size = request->head_size + request->body_size;

	connection->keeps = request->keeps;
	server->served++;
	if (strcmp(request->path, "/stream") == 0 && request->method == HTTP_GET)
		begin_stream(server, connection);
	else
		begin_answer(connection, request, server->answer(server->context, request, connection->input + request->head_size));
	connection->input_size -= size;
	memmove(connection->input, connection->input + size, connection->input_size);
}

/* Looks whether a request is complete. */
static void look(struct server *server, struct connection *connection)
{
	struct http_request request;
	int                 status;

	if (connection->phase != PHASE_READ || !connection->input_size)
		return;
	status = http_parse(connection->input, connection->input_size, &request);
	if (status > 0) {
		refuse(connection, status);
	} else if (!status && connection->input_size >= request.head_size + request.body_size) {
		answer(server, connection, &request);
	} else if (!status && request.expects_continue && connection->input_size == request.head_size) {
		static char const go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

		/* The socket has room for so little, else there is no hurry: the client sends its body all the same after a while. */
		if (send(connection->socket, go_on, sizeof(go_on) - 1, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
			drop(server, connection);
	}
}

/* Room for more input, which never has more than the largest request. */
static bool make_room(struct connection *connection)
{
	size_t const room = connection->input_room ? 2 * connection->input_room : FIRST_INPUT;
	char        *input;

	if (connection->input_size < connection->input_room)
		return true;
	if (connection->input_room >= HTTP_HEAD_MAX + HTTP_BODY_MAX)
		return false;
	input = realloc(connection->input, room);
	if (!input)
		return false;
	connection->input = input;
	connection->input_room = room;
	return true;
}

static void read_some(struct server *server, struct connection *connection)
{
	char    waste[512];
	ssize_t size;

	if (connection->phase == PHASE_READ && !make_room(connection)) {
		refuse(connection, 413);
		return;
	}
	if (connection->phase == PHASE_READ)
		size = recv(connection->socket, connection->input + connection->input_size, connection->input_room - connection->input_size, 0);
	else
		size = recv(connection->socket, waste, sizeof(waste), 0);
	if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return;
	if (size <= 0) {
		end(connection);
		return;
	}
	if (connection->phase != PHASE_READ)
		return;
	/* Bytes that trickle in do not make a request younger: its whole time is limited. */
	if (!connection->input_size)
		connection->active_ms = server_now_ms();
	connection->input_size += (size_t)size;
	look(server, connection);
}

/* Sends from a buffer; false: no more for now, or the connection is gone. */
static bool send_some(struct server *server, struct connection *connection, char const *data, size_t size, size_t *sent)
{
	while (*sent < size) {
		ssize_t const count = send(connection->socket, data + *sent, size - *sent, MSG_NOSIGNAL);

		if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
			return false;
		if (count <= 0) {
			drop(server, connection);
			return false;
		}
		*sent += (size_t)count;
		connection->active_ms = server_now_ms();
	}
	return true;
}

static bool send_parts(struct server *server, struct connection *connection)
{
	if (!send_some(server, connection, connection->head, connection->head_size, &connection->head_sent))
		return false;
	return !connection->body || send_some(server, connection, connection->body->data, connection->body->size, &connection->body_sent);
}

/* The next event of a stream: the newest news, or a comment when there has been none for long. */
static bool next_event(struct server *server, struct connection *connection)
{
	static char const silence[] = ": still here\n\n", end_of_event[] = "\n\n", begin[] = "event: state\ndata: ";
	bool const        had_body = connection->body;
	struct text      *news;

	text_drop(connection->body);
	connection->body = NULL;
	connection->head_sent = connection->body_sent = connection->head_size = 0;
	if (had_body) {
		memcpy(connection->head, end_of_event, sizeof(end_of_event) - 1);
		connection->head_size = sizeof(end_of_event) - 1;
	}
	news = connection->news_seen != server->news_number ? server->news(server->context) : NULL;
	connection->news_seen = server->news_number;
	if (news) {
		memcpy(connection->head + connection->head_size, begin, sizeof(begin) - 1);
		connection->head_size += sizeof(begin) - 1;
		connection->body = text_hold(news);
	} else if (!connection->head_size && server_now_ms() - connection->active_ms > STREAM_SILENCE_MS) {
		memcpy(connection->head, silence, sizeof(silence) - 1);
		connection->head_size = sizeof(silence) - 1;
	}
	return connection->head_size;
}

static void write_some(struct server *server, struct connection *connection)
{
	while (send_parts(server, connection)) {
		if (connection->phase == PHASE_STREAM) {
			if (!next_event(server, connection))
				return;
			continue;
		}
		text_drop(connection->body);
		connection->body = NULL;
		connection->phase = connection->keeps ? PHASE_READ : PHASE_DRAIN;
		connection->active_ms = server_now_ms();
		if (!connection->keeps) {
			shutdown(connection->socket, SHUT_WR);
			return;
		}
		/* What has come behind the request that was answered. */
		look(server, connection);
		if (connection->phase == PHASE_READ)
			return;
	}
}

/* --- All of them --- */

/* A place for a new one: a free one, or that of whoever has not moved for longest while it owes a request. NULL: all are at work. */
static struct connection *find_place(struct server *server)
{
	struct connection *oldest = NULL;

	for (unsigned i = 0; i < SERVER_CONNECTIONS; i++) {
		struct connection *connection = &server->connections[i];

		if (connection->phase == PHASE_FREE)
			return connection;
		if ((connection->phase == PHASE_READ || connection->phase == PHASE_DRAIN) && (!oldest || connection->active_ms < oldest->active_ms))
			oldest = connection;
	}
	if (oldest)
		drop(server, oldest);
	return oldest;
}

static void accept_all(struct server *server)
{
	for (;;) {
		int const          socket = accept(server->listener, NULL, NULL);
		struct connection *place;

		if (socket < 0)
			return;
		place = set_nonblocking(socket) ? find_place(server) : NULL;
		if (!place) {
			server->dropped++;
			close(socket);
			continue;
		}
		*place = (struct connection) { .socket = socket, .phase = PHASE_READ, .active_ms = server_now_ms() };
	}
}

static bool wants_to_write(struct server const *server, struct connection const *connection)
{
	bool const has_more = connection->head_sent < connection->head_size || (connection->body && connection->body_sent < connection->body->size);

	if (connection->phase != PHASE_STREAM)
		return connection->phase == PHASE_WRITE;
	return has_more || connection->news_seen != server->news_number;
}

static void expire(struct server *server)
{
	uint64_t const now = server_now_ms();

	for (unsigned i = 0; i < SERVER_CONNECTIONS; i++) {
		struct connection *connection = &server->connections[i];

		if (connection->phase == PHASE_FREE || now - connection->active_ms <= PATIENCE_MS)
			continue;
		if (connection->phase == PHASE_READ && connection->input_size) {
			refuse(connection, 408);
			connection->active_ms = now;
		} else if (connection->phase == PHASE_STREAM && !wants_to_write(server, connection)) {
			write_some(server, connection);
		} else {
			drop(server, connection);
		}
	}
}

/* What to poll of those who are connected, in the order of `polled`. */
static unsigned fill_polls(struct server *server, struct pollfd *polls, struct connection **polled)
{
	unsigned count = 0;

	for (unsigned i = 0; i < SERVER_CONNECTIONS; i++) {
		struct connection *connection = &server->connections[i];

		if (connection->phase == PHASE_FREE)
			continue;
		polls[count] = (struct pollfd) {
			.fd = connection->socket,
			.events = (short)((wants_to_write(server, connection) ? POLLOUT : 0) | (connection->phase != PHASE_WRITE ? POLLIN : 0)),
		};
		polled[count++] = connection;
	}
	return count;
}

static void serve(struct server *server, struct connection *connection, short ready)
{
	if (ready & (POLLIN | POLLHUP | POLLERR))
		read_some(server, connection);
	if (connection->phase != PHASE_FREE && wants_to_write(server, connection))
		write_some(server, connection);
}

bool server_run(struct server *server, struct pollfd *others, unsigned other_count, int timeout_ms)
{
	struct pollfd      polls[1 + SERVER_CONNECTIONS + SERVER_OTHERS] = { { .fd = server->listener, .events = POLLIN } };
	struct connection *polled[SERVER_CONNECTIONS];
	unsigned const     count   = fill_polls(server, polls + 1, polled);
	bool               is_told = false;

	if (other_count)
		memcpy(polls + 1 + count, others, other_count * sizeof(*others));
	if (poll(polls, 1 + count + other_count, timeout_ms) > 0) {
		for (unsigned i = 0; i < other_count; i++) {
			others[i].revents = polls[1 + count + i].revents;
			is_told = others[i].revents || is_told;
		}
		for (unsigned i = 0; i < count; i++)
			serve(server, polled[i], polls[1 + i].revents);
		if (polls[0].revents & POLLIN)
			accept_all(server);
	}
	expire(server);
	return is_told;
}

void server_publish(struct server *server)
{
	server->news_number++;
}
