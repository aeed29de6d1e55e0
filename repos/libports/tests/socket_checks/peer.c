/* SPDX-License-Identifier: MIT */
/* A peer on another machine: the server, and checks of what connects to it. */
#define _GNU_SOURCE
#include "checks.h"

#include <fcntl.h>
#include <stdlib.h>

#define TO(address) (struct sockaddr const *)&(address), sizeof(address)

enum { CONNECTIONS = 16 };

/* --- The server. Where what is received at once begins with "R", the connection is reset; all else is sent back, and its end is answered with one. --- */

/* False: the connection is over. */
static int echo(int fd)
{
	char                data[16384];
	ssize_t const       size    = recv(fd, data, sizeof(data), 0);
	struct linger const at_once = { 1, 0 };

	if (size > 0 && data[0] == 'R')
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	return size > 0 && data[0] != 'R' && send(fd, data, (size_t)size, MSG_NOSIGNAL) == size;
}

static void echo_datagram(int fd)
{
	static char        data[65536];
	struct sockaddr_in from;
	socklen_t          from_size = sizeof(from);
	ssize_t const      size      = recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&from, &from_size);

	if (size >= 0)
		sendto(fd, data, (size_t)size, 0, (struct sockaddr const *)&from, from_size);
}

void serve_peer(void)
{
	int const     tcp = bound(SOCK_STREAM), udp = bound(SOCK_DGRAM);
	struct pollfd entries[3 + CONNECTIONS] = { { 0, POLLIN, 0 }, { udp, POLLIN, 0 }, { tcp, POLLIN, 0 } };
	nfds_t        count = 3;

	listen(tcp, 8);
	printf("%d %d\n", ntohs(own_address(tcp).sin_port), ntohs(own_address(udp).sin_port));
	fflush(stdout);
	while (poll(entries, count, -1) > 0 && !entries[0].revents) {
		if (entries[1].revents)
			echo_datagram(udp);
		for (nfds_t i = count; i-- > 3;) {
			if (entries[i].revents && !echo(entries[i].fd)) {
				close(entries[i].fd);
				entries[i] = entries[--count];
			}
		}
		if (entries[2].revents && count < 3 + CONNECTIONS)
			entries[count++] = (struct pollfd) { .fd = accept(tcp, NULL, NULL), .events = POLLIN };
	}
}

/* --- The checks --- */

static int connected(char const *ip, unsigned port)
{
	struct sockaddr_in const address = address_of(ip, port);
	int const                fd      = socket(AF_INET, SOCK_STREAM, 0);

	SHOW("%d", connect(fd, TO(address)));
	return fd;
}

/* What is sent at an offset: never "R", as the server may receive from there on */
static char stream_byte(size_t offset) { return (char)(offset * 37 >> 3 | 0x80); }

/* Sends so much, as far as it comes back: how much of it does, as it was. */
static size_t send_and_receive(int fd, size_t total)
{
	char   out[4096], in[4096];
	size_t sent = 0, received = 0, right = 0;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (received < total) {
		int const now = ready(fd, (short)(POLLIN | (sent < total ? POLLOUT : 0)), 20000);
		ssize_t   size;

		if (now & POLLOUT) {
			for (size_t i = 0; i < sizeof(out); i++)
				out[i] = stream_byte(sent + i);
			size = send(fd, out, total - sent < sizeof(out) ? total - sent : sizeof(out), 0);
			sent += size > 0 ? (size_t)size : 0;
		}
		if (now & POLLIN) {
			size = recv(fd, in, sizeof(in), 0);
			for (ssize_t i = 0; i < size; i++)
				right += in[i] == stream_byte(received + (size_t)i);
			received += size > 0 ? (size_t)size : 0;
		}
		if (!(now & (POLLIN | POLLOUT)))
			break;
	}
	fcntl(fd, F_SETFL, 0);
	return right;
}

static void check_stream(char const *ip, unsigned port)
{
	struct sockaddr_in const address = address_of(ip, port), closed = address_of(ip, PORT_CLOSED);
	int                      fd      = connected(ip, port), error = -1;
	socklen_t                size    = sizeof(error);
	char                     buffer[16];

	SHOW("%zu", send_and_receive(fd, 1000003));
	SHOW("%zd", send(fd, "the end", 7, 0));
	SHOW("%d", shutdown(fd, SHUT_WR));
	SHOW("%zd", recv(fd, buffer, sizeof(buffer), MSG_WAITALL));
	SHOW("%.7s", buffer);
	close(fd);

	fd = connected(ip, port);
	SHOW("%zd", send(fd, "R", 1, 0));
	SHOW("%s", FAILS(recv(fd, buffer, 1, 0), ECONNRESET));
	close(fd);

	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	SHOW("%s", FAILS(connect(fd, TO(address)), EINPROGRESS));
	SHOW("%d", ready(fd, POLLOUT, 20000));
	SHOW("%d", getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size));
	SHOW("%d", error);
	close(fd);

	fd = socket(AF_INET, SOCK_STREAM, 0);
	SHOW("%s", FAILS(connect(fd, TO(closed)), ECONNREFUSED));
	close(fd);
}

/* Sends one of so many bytes, again if no answer comes: whether what comes back is right. */
static int echoes(int fd, struct sockaddr_in const *to, size_t size)
{
	static char        out[20000], in[20001];
	struct sockaddr_in from     = { 0 };
	socklen_t          from_size = sizeof(from);

	for (size_t i = 0; i < size; i++)
		out[i] = (char)(i * 5 + size);
	for (int tries = 0; tries < 10; tries++) {
		if (sendto(fd, out, size, 0, TO(*to)) != (ssize_t)size)
			return 0;
		if (ready(fd, POLLIN, 2000) == POLLIN)
			break;
	}
	return recvfrom(fd, in, sizeof(in), MSG_DONTWAIT, (struct sockaddr *)&from, &from_size) == (ssize_t)size && !memcmp(in, out, size) &&
	       from.sin_port == to->sin_port && from.sin_addr.s_addr == to->sin_addr.s_addr;
}

static void check_datagrams(char const *ip, unsigned port, char const *refuser)
{
	static size_t const      sizes[] = { 1, 1000, 1472, 1473, 20000 };
	struct sockaddr_in const to = address_of(ip, port), closed = address_of(refuser, PORT_CLOSED);
	int                      fd;
	char                     byte;

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		fd = socket(AF_INET, SOCK_DGRAM, 0);
		SHOW("%d", echoes(fd, &to, sizes[i]));
		close(fd);
	}
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	SHOW("%d", connect(fd, TO(closed)));
	SHOW("%zd", send(fd, "x", 1, 0));
	SHOW("%d", ready(fd, POLLIN, 20000) & POLLERR);
	SHOW("%s", FAILS(recv(fd, &byte, 1, 0), ECONNREFUSED));
	close(fd);
}

void check_peer(char const *ip, unsigned tcp_port, unsigned udp_port, char const *refuser)
{
	check_stream(ip, tcp_port);
	check_datagrams(ip, udp_port, refuser);
}
