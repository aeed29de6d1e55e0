/* SPDX-License-Identifier: MIT */
/* Making sockets, and their options */
#define _GNU_SOURCE
#include "checks.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/time.h>

static int get(int fd, int level, int name)
{
	int       value = -1;
	socklen_t size  = sizeof(value);

	return getsockopt(fd, level, name, &value, &size) < 0 ? -errno : value;
}

static int set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) < 0 ? -errno : 0;
}

static void check_making(void)
{
	int fd;

	SHOW("%s", FAILS(socket(AF_INET, 99, 0), EINVAL));
	SHOW("%s", FAILS(socket(AF_INET, SOCK_SEQPACKET, 0), ESOCKTNOSUPPORT));
	SHOW("%s", FAILS(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP), EPROTONOSUPPORT));
	SHOW("%s", FAILS(socket(AF_INET, SOCK_DGRAM, IPPROTO_TCP), EPROTONOSUPPORT));
	SHOW("%s", FAILS(socket(99, SOCK_STREAM, 0), EAFNOSUPPORT));
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
	SHOW("%d", (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
	SHOW("%d", fcntl(fd, F_GETFD) & FD_CLOEXEC);
	SHOW("%s", FAILS(lseek(fd, 0, SEEK_SET), ESPIPE));
	close(fd);
	SHOW("%s", FAILS(getsockopt(fd, SOL_SOCKET, SO_TYPE, &(int) { 0 }, &(socklen_t) { sizeof(int) }), EBADF));
	SHOW("%s", FAILS(set(1, SOL_SOCKET, SO_KEEPALIVE, 1) < 0 ? -1 : 0, ENOTSOCK));
}

static void check_common(int type)
{
	int const fd = socket(AF_INET, type, 0);

	SHOW("%d", get(fd, SOL_SOCKET, SO_TYPE) == type);
	SHOW("%d", get(fd, SOL_SOCKET, SO_DOMAIN) == AF_INET);
	SHOW("%d", get(fd, SOL_SOCKET, SO_PROTOCOL) == (type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP));
	SHOW("%d", get(fd, SOL_SOCKET, SO_ERROR));
	SHOW("%d", get(fd, SOL_SOCKET, SO_ACCEPTCONN));
	SHOW("%d", get(fd, SOL_SOCKET, SO_SNDBUF) > 0);
	SHOW("%d", get(fd, SOL_SOCKET, SO_RCVBUF) > 0);
	SHOW("%d", set(fd, SOL_SOCKET, SO_RCVBUF, 65536));
	SHOW("%d", get(fd, SOL_SOCKET, SO_REUSEADDR));
	SHOW("%d", set(fd, SOL_SOCKET, SO_REUSEADDR, 1));
	SHOW("%d", get(fd, SOL_SOCKET, SO_REUSEADDR));
	SHOW("%d", set(fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	SHOW("%d", get(fd, SOL_SOCKET, SO_KEEPALIVE));
	SHOW("%d", set(fd, SOL_SOCKET, SO_KEEPALIVE, 0));
	SHOW("%d", get(fd, SOL_SOCKET, SO_KEEPALIVE));
	SHOW("%d", set(fd, SOL_SOCKET, SO_BROADCAST, 1));
	SHOW("%d", get(fd, SOL_SOCKET, SO_BROADCAST));
	SHOW("%d", set(fd, IPPROTO_IP, IP_TTL, 17));
	SHOW("%d", get(fd, IPPROTO_IP, IP_TTL));
	SHOW("%d", set(fd, IPPROTO_IP, IP_TTL, 0) == -EINVAL);
	SHOW("%d", set(fd, IPPROTO_IP, IP_TTL, 256) == -EINVAL);
	SHOW("%d", set(fd, IPPROTO_IP, IP_TOS, 0x10));
	SHOW("%d", get(fd, IPPROTO_IP, IP_TOS));
	SHOW("%d", get(fd, SOL_SOCKET, 9999) == -ENOPROTOOPT);
	SHOW("%d", set(fd, SOL_SOCKET, 9999, 1) == -ENOPROTOOPT);
	SHOW("%s", FAILS(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &(char) { 1 }, 1), EINVAL));
	close(fd);
}

static void check_times(int type)
{
	int const      fd   = bound(type);
	struct timeval time = { .tv_usec = 30000 };
	socklen_t      size = sizeof(time);
	char           byte;

	if (type == SOCK_STREAM)
		listen(fd, 1);
	SHOW("%d", setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time)));
	time = (struct timeval) { 0 };
	SHOW("%d", getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, &size));
	SHOW("%d %d", (int)time.tv_sec, time.tv_usec > 20000 && time.tv_usec < 40000);
	if (type == SOCK_STREAM)
		SHOW("%s", FAILS(accept(fd, NULL, NULL), EAGAIN));
	else
		SHOW("%s", FAILS(recv(fd, &byte, 1, 0), EAGAIN));
	SHOW("%d", getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, &size));
	SHOW("%d %d", (int)time.tv_sec, (int)time.tv_usec);
	time.tv_usec = 1000000;
	SHOW("%s", FAILS(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time)), EDOM));
	SHOW("%s", FAILS(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, 4), EINVAL));
	close(fd);
}

static void check_stream(void)
{
	int const     fd     = socket(AF_INET, SOCK_STREAM, 0);
	struct linger linger = { 0 };
	socklen_t     size   = sizeof(linger);

	SHOW("%d", get(fd, IPPROTO_TCP, TCP_NODELAY));
	SHOW("%d", set(fd, IPPROTO_TCP, TCP_NODELAY, 1));
	SHOW("%d", get(fd, IPPROTO_TCP, TCP_NODELAY) != 0);
	SHOW("%d", set(fd, IPPROTO_TCP, TCP_NODELAY, 0));
	SHOW("%d", get(fd, IPPROTO_TCP, TCP_NODELAY));
	SHOW("%d", get(fd, IPPROTO_TCP, TCP_MAXSEG) > 0);
	SHOW("%d", set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 100));
	SHOW("%d", get(fd, IPPROTO_TCP, TCP_KEEPIDLE));
	SHOW("%d", set(fd, IPPROTO_TCP, TCP_KEEPINTVL, 7));
	SHOW("%d", get(fd, IPPROTO_TCP, TCP_KEEPINTVL));
	SHOW("%d", set(fd, IPPROTO_TCP, TCP_KEEPCNT, 3));
	SHOW("%d", get(fd, IPPROTO_TCP, TCP_KEEPCNT));
	SHOW("%d", set(fd, IPPROTO_TCP, TCP_KEEPCNT, 0) == -EINVAL);
	SHOW("%d", set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 32768) == -EINVAL);
	SHOW("%d", get(fd, IPPROTO_TCP, 9999) == -ENOPROTOOPT);
	SHOW("%d", getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &size));
	SHOW("%d %d", linger.l_onoff, linger.l_linger);
	linger = (struct linger) { 1, 5 };
	SHOW("%d", setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	linger = (struct linger) { 0 };
	SHOW("%d", getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &size));
	SHOW("%d %d", linger.l_onoff, linger.l_linger);
	SHOW("%s", FAILS(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, 4), EINVAL));
	close(fd);
}

void check_options(void)
{
	check_making();
	check_common(SOCK_STREAM);
	check_common(SOCK_DGRAM);
	check_times(SOCK_STREAM);
	check_times(SOCK_DGRAM);
	check_stream();
}
