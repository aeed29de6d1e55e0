/* SPDX-License-Identifier: MIT */
/* Pipes and socketpairs, poll and select */
#define _GNU_SOURCE
#include "checks.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

static int look(int fd, short events)
{
	struct pollfd entry = { .fd = fd, .events = events };

	return poll(&entry, 1, 0) < 0 ? -1 : entry.revents;
}

static void check_pipe(void)
{
	char buffer[16] = "", large[5000];
	int  ends[2], waiting = 0;

	memset(large, 'x', sizeof(large));
	SHOW("%d", pipe2(ends, O_NONBLOCK));
	SHOW("%d", look(ends[0], POLLIN));
	SHOW("%d", look(ends[1], POLLOUT) == POLLOUT);
	SHOW("%d", read(ends[0], buffer, 1) < 0 && errno == EAGAIN);
	SHOW("%zd", write(ends[1], "through", 7));
	SHOW("%d", ioctl(ends[0], FIONREAD, &waiting));
	SHOW("%d", waiting);
	SHOW("%d", look(ends[0], POLLIN) == POLLIN);
	SHOW("%zd", read(ends[0], buffer, sizeof(buffer)));
	SHOW("%s", buffer);
	while (write(ends[1], large, sizeof(large)) > 0) { }
	SHOW("%d", errno == EAGAIN);
	SHOW("%d", look(ends[1], POLLOUT));
	while (read(ends[0], large, sizeof(large)) > 0) { }
	SHOW("%d", close(ends[1]));
	SHOW("%d", look(ends[0], POLLIN) == POLLHUP);
	SHOW("%zd", read(ends[0], buffer, 1));
	SHOW("%d", close(ends[0]));
	SHOW("%d", look(ends[0], POLLIN) == POLLNVAL);
	signal(SIGPIPE, SIG_IGN);
	SHOW("%d", pipe(ends));
	SHOW("%d", close(ends[0]));
	SHOW("%d", write(ends[1], "x", 1) < 0 && errno == EPIPE);
	SHOW("%d", look(ends[1], POLLOUT) & POLLERR);
	close(ends[1]);
	SHOW("%d", lseek(ends[0], 0, SEEK_SET) < 0);
}

static void check_socketpair(void)
{
	char buffer[16] = "";
	int  ends[2];

	SHOW("%d", socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	SHOW("%zd", send(ends[0], "ping", 4, 0));
	SHOW("%zd", recv(ends[1], buffer, sizeof(buffer), MSG_PEEK));
	SHOW("%zd", recv(ends[1], buffer, sizeof(buffer), 0));
	SHOW("%s", buffer);
	SHOW("%zd", write(ends[1], "pong", 4));
	SHOW("%d", shutdown(ends[1], SHUT_WR));
	SHOW("%zd", read(ends[0], buffer, sizeof(buffer)));
	SHOW("%zd", read(ends[0], buffer, sizeof(buffer)));
	SHOW("%d", recv(ends[1], buffer, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN);
	SHOW("%d", close(ends[0]) + close(ends[1]));
}

static void check_select(void)
{
	struct timeval none = { 0 }, some = { .tv_usec = 3000 };
	fd_set         readers, writers;
	int            ends[2];

	SHOW("%d", pipe(ends));
	FD_ZERO(&readers);
	FD_ZERO(&writers);
	FD_SET(ends[0], &readers);
	FD_SET(ends[1], &writers);
	SHOW("%d", select(ends[1] + 1, &readers, &writers, NULL, &none));
	SHOW("%d %d", FD_ISSET(ends[0], &readers) != 0, FD_ISSET(ends[1], &writers) != 0);
	FD_SET(ends[0], &readers);
	SHOW("%d", select(ends[0] + 1, &readers, NULL, NULL, &some));
	SHOW("%zd", write(ends[1], "x", 1));
	FD_SET(ends[0], &readers);
	SHOW("%d", select(ends[0] + 1, &readers, NULL, NULL, NULL));
	SHOW("%d", poll(NULL, 0, 2));
	SHOW("%d", close(ends[0]) + close(ends[1]));
	FD_SET(ends[0], &readers);
	SHOW("%d", select(ends[0] + 1, &readers, NULL, NULL, &none) < 0 && errno == EBADF);
}

void check_polls(void)
{
	check_pipe();
	check_socketpair();
	check_select();
}
