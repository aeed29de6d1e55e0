/* SPDX-License-Identifier: MIT */
/*
 * A small HTTP server, an ordinary program, to test sockets with, here and on Linux (tools/tcp). One thread, poll, and a state for each connection:
 *
 *   GET /data?N    the file /data N times over        PUT /data    compares what comes with the file over and over; answers how much was wrong
 *   GET /small     a few bytes                         GET /count   how many connections there are, and were, and what RAM is left
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

enum { PORT = 80, CLIENTS = 1010, REQUEST_MAX = 2048, CHUNK = 32768 };

struct client {
	int         fd;
	char        request[REQUEST_MAX];
	size_t      used;              /* bytes of `request` */
	char        head[256];         /* of the answer, and a short body */
	size_t      head_size, head_sent;
	unsigned long body_size, body_sent;
	unsigned long upload_size, uploaded, wrong;
	int         is_uploading;
	int         is_last;           /* the client wants the connection closed after this answer */
};

static struct client *clients[CLIENTS];
static struct pollfd  entries[CLIENTS + 1];
static unsigned       count, accepted;
static char          *data;
static size_t         data_size;

static void fail(char const *what)
{
	perror(what);
	exit(1);
}

static void read_data(void)
{
	int const   fd = open("/data", O_RDONLY);
	struct stat stat;

	if (fd < 0 || fstat(fd, &stat) < 0)
		fail("/data");
	data_size = (size_t)stat.st_size;
	data = malloc(data_size);
	for (size_t done = 0; done < data_size;) {
		ssize_t const got = read(fd, data + done, data_size - done);

		if (got <= 0)
			fail("read");
		done += (size_t)got;
	}
	close(fd);
}

/* --- Answers --- */

static void answer(struct client *client, char const *status, unsigned long size, char const *text)
{
	client->head_size = (size_t)snprintf(client->head, sizeof(client->head), "HTTP/1.1 %s\r\nContent-Length: %lu\r\n%s\r\n%s", status, size,
	                                     client->is_last ? "Connection: close\r\n" : "", text);
	client->head_sent = client->body_size = client->body_sent = 0;
}

static void answer_text(struct client *client, char const *status, char const *text)
{
	answer(client, status, strlen(text), text);
}

static void answer_data(struct client *client, unsigned long times)
{
	answer(client, "200 OK", times * data_size, "");
	client->body_size = times * data_size;
}

static void answer_count(struct client *client)
{
	struct sysinfo info;
	char           text[96];

	sysinfo(&info);
	snprintf(text, sizeof(text), "%u open, %u accepted, %lu KiB left\n", count, accepted, info.freeram / 1024);
	answer_text(client, "200 OK", text);
}

static void answer_upload(struct client *client)
{
	char text[64];

	snprintf(text, sizeof(text), "%lu bytes, %lu wrong\n", client->uploaded, client->wrong);
	client->is_uploading = 0;
	answer_text(client, "200 OK", text);
}

/* --- Requests --- */

static void take_upload(struct client *client, char const *from, size_t size)
{
	for (size_t done = 0; done < size;) {
		size_t const at   = (client->uploaded + done) % data_size;
		size_t const part = size - done < data_size - at ? size - done : data_size - at;

		if (memcmp(data + at, from + done, part)) {
			for (size_t i = 0; i < part; i++)
				client->wrong += data[at + i] != from[done + i];
		}
		done += part;
	}
	client->uploaded += size;
	if (client->uploaded >= client->upload_size)
		answer_upload(client);
}

static void start_upload(struct client *client)
{
	char const *length = strcasestr(client->request, "\r\nContent-Length:");

	if (!length) {
		answer_text(client, "411 Length Required", "");
		return;
	}
	client->upload_size = strtoul(length + 17, NULL, 10);
	client->uploaded = client->wrong = 0;
	client->is_uploading = 1;
	if (!client->upload_size)
		answer_upload(client);
	else if (strcasestr(client->request, "\r\nExpect: 100-continue"))
		send(client->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25, 0);
}

static void decide(struct client *client)
{
	client->is_last = strcasestr(client->request, "\r\nConnection: close\r\n") != NULL;
	if (!strncmp(client->request, "GET /data?", 10))
		answer_data(client, strtoul(client->request + 10, NULL, 10));
	else if (!strncmp(client->request, "GET /small ", 11))
		answer_text(client, "200 OK", "small\n");
	else if (!strncmp(client->request, "GET /count ", 11))
		answer_count(client);
	else if (!strncmp(client->request, "PUT /data ", 10))
		start_upload(client);
	else
		answer_text(client, "404 Not Found", "");
}

/* 0: the connection is to be closed. */
static int handle_input(struct client *client)
{
	static char   chunk[CHUNK];
	ssize_t const got = client->is_uploading ? recv(client->fd, chunk, sizeof(chunk), 0)
	                                         : recv(client->fd, client->request + client->used, REQUEST_MAX - 1 - client->used, 0);
	char         *end;
	size_t        rest;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 1;
	if (got <= 0)
		return 0;
	if (client->is_uploading) {
		take_upload(client, chunk, (size_t)got);
		return 1;
	}
	client->used += (size_t)got;
	client->request[client->used] = 0;
	end = strstr(client->request, "\r\n\r\n");
	if (!end)
		return client->used < REQUEST_MAX - 1;
	rest = client->used - (size_t)(end + 4 - client->request);
	decide(client);
	client->used = 0;
	if (client->is_uploading && rest)
		take_upload(client, end + 4, rest);
	return 1;
}

static int is_sending(struct client const *client)
{
	return client->head_sent < client->head_size || client->body_sent < client->body_size;
}

static int handle_output(struct client *client)
{
	while (is_sending(client)) {
		int const    in_head = client->head_sent < client->head_size;
		size_t const at      = client->body_sent % data_size;
		size_t const rest    = client->body_size - client->body_sent;
		size_t const size    = in_head ? client->head_size - client->head_sent : rest < data_size - at ? rest : data_size - at;
		ssize_t      sent    = send(client->fd, in_head ? client->head + client->head_sent : data + at, size, MSG_NOSIGNAL);

		if (sent < 0)
			return errno == EAGAIN || errno == EINTR;
		if (in_head)
			client->head_sent += (size_t)sent;
		else
			client->body_sent += (size_t)sent;
	}
	return 1;
}

/* --- The loop --- */

static void accept_clients(int listener)
{
	int fd;

	while (count < CLIENTS && (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		struct client *client = calloc(1, sizeof(*client));
		int const      on     = 1;

		if (!client) {
			close(fd);
			return;
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		client->fd = fd;
		clients[count++] = client;
		accepted++;
	}
}

static void drop(unsigned i)
{
	close(clients[i]->fd);
	free(clients[i]);
	clients[i] = clients[--count];
}

/* From the last one, as those that are dropped are replaced by the last. */
static void serve(unsigned polled)
{
	for (unsigned i = polled; i-- > 0;) {
		short const happened = entries[i].revents;
		int         is_alive = 1;

		if (!happened)
			continue;
		if (happened & (POLLIN | POLLHUP | POLLERR) && !is_sending(clients[i]))
			is_alive = handle_input(clients[i]);
		if (is_alive && is_sending(clients[i]))
			is_alive = !(happened & POLLERR) && handle_output(clients[i]);
		if (is_alive && clients[i]->is_last && !clients[i]->is_uploading && !is_sending(clients[i]))
			is_alive = 0;
		if (!is_alive)
			drop(i);
	}
}

int main(void)
{
	struct sockaddr_in const address = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int const                fd      = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	signal(SIGPIPE, SIG_IGN);
	read_data();
	if (fd < 0 || bind(fd, (struct sockaddr const *)&address, sizeof(address)) < 0 || listen(fd, 128) < 0)
		fail("listen");
	printf("serves port %d\n", PORT);
	fflush(stdout);
	for (;;) {
		unsigned const polled = count;

		for (unsigned i = 0; i < polled; i++)
			entries[i] = (struct pollfd) { .fd = clients[i]->fd, .events = is_sending(clients[i]) ? POLLOUT : POLLIN };
		entries[polled] = (struct pollfd) { .fd = fd, .events = count < CLIENTS ? POLLIN : 0 };
		if (poll(entries, polled + 1, -1) < 0 && errno != EINTR)
			fail("poll");
		serve(polled);
		if (entries[polled].revents)
			accept_clients(fd);
	}
}
