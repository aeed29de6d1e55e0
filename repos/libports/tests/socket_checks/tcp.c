/* SPDX-License-Identifier: MIT */
/* Connections on 127.0.0.1 */
#define _GNU_SOURCE
#include "checks.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/uio.h>

#define TO(address) (struct sockaddr const *)&(address), sizeof(address)

static int listener(void)
{
	int const fd = bound(SOCK_STREAM);

	if (listen(fd, 8) < 0)
		perror("listen");
	return fd;
}

/* Both ends of a connection. */
static void make_pair(int ends[2])
{
	int const                fd      = listener();
	struct sockaddr_in const address = own_address(fd);

	ends[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(ends[0], TO(address)) < 0)
		perror("connect");
	ends[1] = accept(fd, NULL, NULL);
	close(fd);
}

static void end_pair(int const ends[2])
{
	close(ends[0]);
	close(ends[1]);
}

static int pending_error(int fd)
{
	int       error = -1;
	socklen_t size  = sizeof(error);

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? -errno : error;
}

static void check_states(void)
{
	int const                fresh = socket(AF_INET, SOCK_STREAM, 0), server = listener();
	struct sockaddr_in const address = own_address(server);
	struct sockaddr_in       other = address;
	socklen_t                size = sizeof(other);
	char                     byte;
	int                      ends[2];

	SHOW("%d", ready(fresh, POLLIN | POLLOUT, 0) == (POLLOUT | POLLHUP));
	SHOW("%s", FAILS(recv(fresh, &byte, 1, 0), ENOTCONN));
	SHOW("%zd", send(fresh, "x", 1, MSG_NOSIGNAL));
	SHOW("%s", FAILS(getpeername(fresh, (struct sockaddr *)&other, &size), ENOTCONN));
	SHOW("%s", FAILS(shutdown(fresh, SHUT_WR), ENOTCONN));
	SHOW("%s", FAILS(accept(fresh, NULL, NULL), EINVAL));
	SHOW("%d", ready(server, POLLIN | POLLOUT, 0));
	SHOW("%s", FAILS(connect(server, TO(address)), EISCONN));
	SHOW("%s", FAILS(recv(server, &byte, 1, 0), ENOTCONN));
	SHOW("%s", FAILS(bind(fresh, TO(address)), EADDRINUSE));
	other.sin_family = 99;
	SHOW("%s", FAILS(connect(fresh, TO(other)), EAFNOSUPPORT));
	SHOW("%s", FAILS(connect(fresh, (struct sockaddr const *)&address, 4), EINVAL));
	fcntl(server, F_SETFL, O_NONBLOCK);
	SHOW("%s", FAILS(accept(server, NULL, NULL), EAGAIN));
	make_pair(ends);
	SHOW("%s", FAILS(connect(ends[0], TO(address)), EISCONN));
	SHOW("%s", FAILS(listen(ends[0], 1), EINVAL));
	SHOW("%s", FAILS(shutdown(ends[0], 99), EINVAL));
	SHOW("%d", ready(ends[0], POLLIN | POLLOUT, 0));
	end_pair(ends);
	close(fresh);
	close(server);
}

static void check_addresses(void)
{
	int const          server = listener(), client = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in address = own_address(server), from = { 0 }, peer = { 0 }, own;
	socklen_t          size = sizeof(from), peer_size = sizeof(peer);
	int                fd;

	SHOW("%d", connect(client, TO(address)));
	SHOW("%d", ready(server, POLLIN, 1000));
	fd = accept4(server, (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
	own = own_address(client);
	SHOW("%d", (int)size);
	SHOW("%d", from.sin_port == own.sin_port && from.sin_addr.s_addr == own.sin_addr.s_addr);
	SHOW("%d", getpeername(client, (struct sockaddr *)&peer, &peer_size));
	SHOW("%d", peer.sin_port == address.sin_port);
	SHOW("%d", own_address(fd).sin_port == address.sin_port);
	SHOW("%d %d", (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0, fcntl(fd, F_GETFD));
	close(fd);
	close(client);
	close(server);
}

static void check_data(void)
{
	char         two[] = "two ", pieces[] = "pieces", buffer[32] = "", first[5] = "", second[8] = "";
	struct iovec out[2] = { { two, 4 }, { pieces, 6 } };
	struct iovec in[2] = { { first, 4 }, { second, 7 } };
	int          ends[2], waiting = -1, copy;

	make_pair(ends);
	SHOW("%s", FAILS(recv(ends[1], buffer, 1, MSG_DONTWAIT), EAGAIN));
	SHOW("%zd", send(ends[0], "hello", 5, 0));
	SHOW("%d", ready(ends[1], POLLIN, 1000));
	SHOW("%d", ioctl(ends[1], FIONREAD, &waiting));
	SHOW("%d", waiting);
	SHOW("%zd", recv(ends[1], buffer, sizeof(buffer), MSG_PEEK));
	SHOW("%zd", read(ends[1], buffer, 2));
	SHOW("%zd", read(ends[1], buffer + 2, sizeof(buffer) - 2));
	SHOW("%s", buffer);
	SHOW("%zd", writev(ends[1], out, 2));
	SHOW("%zd", recv(ends[0], buffer, 10, MSG_WAITALL | MSG_PEEK));
	SHOW("%zd", readv(ends[0], in, 2));
	SHOW("%s|%s", first, second);
	copy = dup(ends[0]);
	close(ends[0]);
	SHOW("%zd", write(copy, "still", 5));
	SHOW("%zd", recv(ends[1], buffer, 5, MSG_WAITALL));
	SHOW("%.5s", buffer);
	SHOW("%zd", send(copy, "", 0, 0));
	SHOW("%s", FAILS(recv(ends[1], buffer, 1, MSG_DONTWAIT), EAGAIN));
	close(copy);
	SHOW("%zd", read(ends[1], buffer, 1));
	close(ends[1]);
}

static void check_streams(void)
{
	FILE *out, *in;
	char  line[32] = "";
	int   ends[2];

	make_pair(ends);
	out = fdopen(ends[0], "w");
	in = fdopen(ends[1], "r");
	SHOW("%d", fprintf(out, "line %d\n", 1));
	SHOW("%d", fclose(out));
	SHOW("%s", fgets(line, sizeof(line), in) ? "a line" : "none");
	SHOW("%.6s", line);
	SHOW("%d", fgetc(in) == EOF);
	fclose(in);
}

static void check_halves(void)
{
	char buffer[16];
	int  ends[2];

	make_pair(ends);
	SHOW("%zd", send(ends[0], "last", 4, 0));
	SHOW("%d", shutdown(ends[0], SHUT_WR));
	SHOW("%s", FAILS(send(ends[0], "x", 1, MSG_NOSIGNAL), EPIPE));
	SHOW("%zd", recv(ends[1], buffer, sizeof(buffer), MSG_WAITALL));
	SHOW("%d", ready(ends[1], POLLIN | POLLRDHUP | POLLOUT, 1000) == (POLLIN | POLLRDHUP | POLLOUT));
	SHOW("%zd", recv(ends[1], buffer, sizeof(buffer), 0));
	SHOW("%zd", send(ends[1], "answer", 6, 0));
	SHOW("%zd", recv(ends[0], buffer, sizeof(buffer), 0));
	SHOW("%d", ready(ends[0], POLLIN | POLLRDHUP, 0));
	SHOW("%d", shutdown(ends[1], SHUT_WR));
	SHOW("%zd", recv(ends[0], buffer, sizeof(buffer), 0));
	SHOW("%d", (ready(ends[0], POLLIN | POLLOUT, 1000) & POLLHUP) != 0);
	end_pair(ends);
	make_pair(ends);
	SHOW("%d", shutdown(ends[0], SHUT_RD));
	SHOW("%zd", recv(ends[0], buffer, sizeof(buffer), 0));
	SHOW("%zd", send(ends[0], "out", 3, 0));
	SHOW("%zd", recv(ends[1], buffer, sizeof(buffer), 0));
	SHOW("%d", shutdown(ends[1], SHUT_RDWR));
	SHOW("%zd", recv(ends[1], buffer, sizeof(buffer), 0));
	SHOW("%s", FAILS(send(ends[1], "x", 1, MSG_NOSIGNAL), EPIPE));
	end_pair(ends);
}

static void check_ends(void)
{
	struct linger const at_once = { 1, 0 };
	char                buffer[16];
	int                 ends[2];

	make_pair(ends);
	close(ends[0]);
	SHOW("%d", ready(ends[1], POLLIN, 1000) & POLLIN);
	SHOW("%zd", recv(ends[1], buffer, 1, 0));
	SHOW("%zd", send(ends[1], "to nobody", 9, MSG_NOSIGNAL));
	SHOW("%d", (ready(ends[1], 0, 1000) & POLLHUP) != 0);
	SHOW("%s", FAILS(send(ends[1], "again", 5, MSG_NOSIGNAL), EPIPE));
	close(ends[1]);

	make_pair(ends);
	setsockopt(ends[0], SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(ends[0]);
	SHOW("%d", ready(ends[1], POLLIN, 1000) == (POLLIN | POLLERR | POLLHUP));
	SHOW("%s", FAILS(recv(ends[1], buffer, 1, 0), ECONNRESET));
	SHOW("%zd", recv(ends[1], buffer, 1, 0));
	close(ends[1]);

	make_pair(ends);
	send(ends[1], "unread", 6, 0);
	ready(ends[0], POLLIN, 1000);
	close(ends[0]);
	SHOW("%d", ready(ends[1], POLLIN, 1000) & POLLERR);
	SHOW("%d", pending_error(ends[1]) == ECONNRESET);
	SHOW("%d", pending_error(ends[1]));
	close(ends[1]);
}

static void check_connecting(void)
{
	struct sockaddr_in const closed = address_of("127.0.0.1", PORT_CLOSED), nowhere = address_of("127.0.0.1", 0);
	int const                server = listener();
	struct sockaddr_in const open = own_address(server);
	int                      fd = socket(AF_INET, SOCK_STREAM, 0), accepted;

	SHOW("%s", FAILS(connect(fd, TO(nowhere)), ECONNREFUSED));
	SHOW("%s", FAILS(connect(fd, TO(closed)), ECONNREFUSED));
	SHOW("%d", pending_error(fd));
	SHOW("%d", connect(fd, TO(open)));
	accepted = accept(server, NULL, NULL);
	close(accepted);
	close(fd);

	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	SHOW("%s", FAILS(connect(fd, TO(open)), EINPROGRESS));
	SHOW("%d", ready(fd, POLLOUT, 1000));
	SHOW("%d", pending_error(fd));
	accepted = accept(server, NULL, NULL);
	SHOW("%zd", send(accepted, "hi", 2, 0));
	SHOW("%d", ready(fd, POLLIN, 1000));
	close(accepted);
	close(fd);

	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	SHOW("%s", FAILS(connect(fd, TO(closed)), EINPROGRESS));
	SHOW("%d", ready(fd, POLLOUT, 1000) == (POLLOUT | POLLERR | POLLHUP));
	SHOW("%d", pending_error(fd) == ECONNREFUSED);
	SHOW("%d", pending_error(fd));
	close(fd);
	close(server);
}

/* Of whole segments of 1,460 bytes: so windows of whole segments close to the last byte. */
enum { PIECE = 50 * 1460 };

static char byte_at(size_t at)
{
	return (char)(at * 11 + (at >> 7));
}

/* Sends until there is no room any more; returns how much. */
static size_t fill(int fd)
{
	static char data[PIECE];
	size_t      sent = 0;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	do {
		ssize_t part;

		for (size_t i = 0; i < PIECE; i++)
			data[i] = byte_at(sent + i);
		part = send(fd, data, PIECE, 0);
		sent += part > 0 ? (size_t)part : 0;
		if (part < 0 && errno != EAGAIN)
			return 0;
	} while (ready(fd, POLLOUT, 300));
	return sent;
}

/* How much of that arrives as it was sent. */
static size_t drain(int fd, size_t sent)
{
	static char data[PIECE];
	size_t      received = 0, right = 0;

	while (received < sent) {
		ssize_t const part = recv(fd, data, PIECE, 0);

		if (part <= 0)
			break;
		for (ssize_t i = 0; i < part; i++)
			right += data[i] == byte_at(received + (size_t)i);
		received += (size_t)part;
	}
	return right;
}

/* What is sent without being read ends some time, in one direction and in both, and goes on when it is read. */
static void check_full(void)
{
	size_t there, back;
	int    ends[2];

	make_pair(ends);
	there = fill(ends[0]);
	SHOW("%d", there > 0);
	back = fill(ends[1]);
	SHOW("%d", back > 0);
	sleep(2); /* both ends probe the other one's closed window */
	fcntl(ends[0], F_SETFL, 0);
	fcntl(ends[1], F_SETFL, 0);
	SHOW("%d", drain(ends[1], there) == there);
	SHOW("%d", ready(ends[0], POLLOUT, 1000));
	SHOW("%d", drain(ends[0], back) == back);
	SHOW("%d", ready(ends[1], POLLOUT, 1000));
	end_pair(ends);
}

enum { EACH_WAY = 1 << 21 };

/* Sends so much in odd pieces, from a thread of its own. */
static void *send_all(void *fd)
{
	char     piece[7919];
	unsigned value = 1;

	for (size_t done = 0; done < EACH_WAY;) {
		size_t const size = EACH_WAY - done < sizeof(piece) ? EACH_WAY - done : sizeof(piece);

		for (size_t i = 0; i < size; i++)
			piece[i] = (char)((value = value * 1103515245 + 12345) >> 16);
		if (send(*(int *)fd, piece, size, 0) != (ssize_t)size)
			break;
		done += size;
	}
	shutdown(*(int *)fd, SHUT_WR);
	return NULL;
}

/* How much of that arrives as it was sent. */
static size_t receive_all(int fd)
{
	char     piece[5003];
	unsigned value = 1;
	size_t   right = 0;
	ssize_t  size;

	while ((size = recv(fd, piece, sizeof(piece), 0)) > 0)
		for (ssize_t i = 0; i < size; i++)
			right += piece[i] == (char)((value = value * 1103515245 + 12345) >> 16);
	return right;
}

static void *receive_in_thread(void *fd)
{
	return (void *)receive_all(*(int *)fd);
}

static void check_both_ways(void)
{
	pthread_t senders[2], receiver;
	void     *there;
	int       ends[2];

	make_pair(ends);
	pthread_create(&senders[0], NULL, send_all, &ends[0]);
	pthread_create(&senders[1], NULL, send_all, &ends[1]);
	pthread_create(&receiver, NULL, receive_in_thread, &ends[1]);
	SHOW("%d", receive_all(ends[0]) == EACH_WAY);
	pthread_join(receiver, &there);
	SHOW("%d", (size_t)there == EACH_WAY);
	pthread_join(senders[0], NULL);
	pthread_join(senders[1], NULL);
	end_pair(ends);
}

static void *connect_late(void *to)
{
	int const fd = socket(AF_INET, SOCK_STREAM, 0);

	usleep(30000);
	if (connect(fd, to, sizeof(struct sockaddr_in)) < 0)
		perror("connect");
	send(fd, "late", 4, 0);
	close(fd);
	return NULL;
}

static void check_waiting(void)
{
	int const          server = listener();
	struct sockaddr_in address = own_address(server);
	char               buffer[8];
	pthread_t          thread;
	fd_set             readers;
	int                fd;

	pthread_create(&thread, NULL, connect_late, &address);
	FD_ZERO(&readers);
	FD_SET(server, &readers);
	SHOW("%d", select(server + 1, &readers, NULL, NULL, NULL));
	fd = accept(server, NULL, NULL);
	SHOW("%zd", recv(fd, buffer, sizeof(buffer), MSG_WAITALL));
	pthread_join(thread, NULL);
	close(fd);
	close(server);
}

/* A port whose connection is in TIME-WAIT can be had with SO_REUSEADDR alone. */
static void check_reuse(void)
{
	int const                server = listener(), client = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in const address = own_address(server);
	int                      again = socket(AF_INET, SOCK_STREAM, 0), accepted;
	char                     byte;

	setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &(int) { 1 }, sizeof(int));
	connect(client, TO(address));
	accepted = accept(server, NULL, NULL);
	close(server);
	close(accepted);
	recv(client, &byte, 1, 0);
	close(client);
	usleep(50000);
	SHOW("%s", FAILS(bind(again, TO(address)), EADDRINUSE));
	setsockopt(again, SOL_SOCKET, SO_REUSEADDR, &(int) { 1 }, sizeof(int));
	SHOW("%d", bind(again, TO(address)));
	SHOW("%d", listen(again, 1));
	close(again);
}

void check_tcp(void)
{
	check_states();
	check_addresses();
	check_data();
	check_streams();
	check_halves();
	check_ends();
	check_connecting();
	check_full();
	check_both_ways();
	check_waiting();
	check_reuse();
}
