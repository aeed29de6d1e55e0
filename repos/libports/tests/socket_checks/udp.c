/* SPDX-License-Identifier: MIT */
/* Datagrams on 127.0.0.1 */
#define _GNU_SOURCE
#include "checks.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/uio.h>

#define TO(address) (struct sockaddr const *)&(address), sizeof(address)

static int pending(int fd)
{
	int bytes = -1;

	ioctl(fd, FIONREAD, &bytes);
	return bytes;
}

static int is_same(struct sockaddr_in const *a, struct sockaddr_in const *b)
{
	return a->sin_family == b->sin_family && a->sin_port == b->sin_port && a->sin_addr.s_addr == b->sin_addr.s_addr;
}

static void check_binding(void)
{
	int const                first = bound(SOCK_DGRAM), second = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in const taken = own_address(first), free = address_of("127.0.0.1", 0), foreign = address_of("192.0.2.1", 0);

	SHOW("%d", taken.sin_port != 0);
	SHOW("%d", taken.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
	SHOW("%s", FAILS(bind(second, TO(taken)), EADDRINUSE));
	SHOW("%s", FAILS(bind(second, TO(foreign)), EADDRNOTAVAIL));
	SHOW("%s", FAILS(bind(second, (struct sockaddr const *)&free, 8), EINVAL));
	SHOW("%d", bind(second, TO(free)));
	SHOW("%s", FAILS(bind(second, TO(free)), EINVAL));
	SHOW("%s", FAILS(listen(second, 1), EOPNOTSUPP));
	SHOW("%s", FAILS(accept(second, NULL, NULL), EOPNOTSUPP));
	close(first);
	close(second);
}

static void check_datagrams(void)
{
	int const          a = bound(SOCK_DGRAM), b = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in of_a = own_address(a), of_b, from = { 0 };
	socklen_t          size = sizeof(from);
	char               buffer[32] = "";

	SHOW("%s", FAILS(recv(a, buffer, 1, MSG_DONTWAIT), EAGAIN));
	SHOW("%d", ready(a, POLLIN | POLLOUT, 0));
	SHOW("%zd", sendto(b, "first", 5, 0, TO(of_a)));
	SHOW("%zd", sendto(b, "", 0, 0, TO(of_a)));
	SHOW("%zd", sendto(b, "and third", 9, 0, TO(of_a)));
	of_b = own_address(b);
	SHOW("%d", of_b.sin_port != 0);
	SHOW("%d", ready(a, POLLIN, 1000));
	SHOW("%d", pending(a));
	SHOW("%zd", recv(a, buffer, sizeof(buffer), MSG_PEEK));
	SHOW("%zd", recvfrom(a, buffer, sizeof(buffer), 0, (struct sockaddr *)&from, &size));
	SHOW("%.5s", buffer);
	SHOW("%d %d", (int)size, from.sin_port == of_b.sin_port && from.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
	SHOW("%zd", recv(a, buffer, sizeof(buffer), 0));
	SHOW("%zd", recv(a, buffer, 3, 0));
	SHOW("%.3s", buffer);
	SHOW("%s", FAILS(recv(a, buffer, 1, MSG_DONTWAIT), EAGAIN));
	SHOW("%zd", sendto(b, "0123456789", 10, 0, TO(of_a)));
	SHOW("%zd", recv(a, buffer, 4, MSG_PEEK | MSG_TRUNC));
	SHOW("%zd", recv(a, buffer, 4, MSG_TRUNC));
	SHOW("%s", FAILS(send(b, "x", 1, 0), EDESTADDRREQ));
	SHOW("%s", FAILS(getpeername(b, (struct sockaddr *)&from, &size), ENOTCONN));
	SHOW("%zd", sendto(b, "cut", 3, 0, TO(of_a)));
	size = 4;
	SHOW("%zd", recvfrom(a, buffer, sizeof(buffer), 0, (struct sockaddr *)&from, &size));
	SHOW("%d", (int)size);
	close(a);
	close(b);
}

static void check_sizes(void)
{
	static char              large[65508], got[65508];
	int const                a = bound(SOCK_DGRAM), b = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in const of_a = own_address(a);

	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = (char)(i * 7 + (i >> 8) * 13);
	SHOW("%zd", sendto(b, large, 9000, 0, TO(of_a)));
	SHOW("%zd", recv(a, got, sizeof(got), 0));
	SHOW("%d", memcmp(got, large, 9000));
	SHOW("%zd", sendto(b, large, 65507, 0, TO(of_a)));
	SHOW("%zd", recv(a, got, sizeof(got), 0));
	SHOW("%d", memcmp(got, large, 65507));
	SHOW("%s", FAILS(sendto(b, large, 65508, 0, TO(of_a)), EMSGSIZE));
	close(a);
	close(b);
}

static void check_pieces(void)
{
	int const                a = bound(SOCK_DGRAM), b = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in       of_a = own_address(a), from = { 0 };
	char                     one[] = "one ", datagram[] = "datagram", first[5] = "", second[6] = "";
	struct iovec             out[3] = { { one, 4 }, { NULL, 0 }, { datagram, 8 } };
	struct iovec             in[2] = { { first, 4 }, { second, 5 } };
	struct msghdr            sent = { .msg_name = &of_a, .msg_namelen = sizeof(of_a), .msg_iov = out, .msg_iovlen = 3 };
	struct msghdr            got = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = in, .msg_iovlen = 2 };

	SHOW("%zd", sendmsg(b, &sent, 0));
	SHOW("%zd", recvmsg(a, &got, 0));
	SHOW("%s|%s", first, second);
	SHOW("%d %d", (int)got.msg_namelen, got.msg_flags == MSG_TRUNC);
	SHOW("%d", connect(b, TO(of_a)));
	SHOW("%zd", writev(b, out, 3));
	in[1].iov_len = 0;
	SHOW("%zd", readv(a, in, 2));
	SHOW("%zd", write(b, "written", 7));
	SHOW("%zd", read(a, first, 4));
	SHOW("%s", first);
	SHOW("%zd", write(b, "fits", 4));
	got.msg_iovlen = 1;
	SHOW("%zd", recvmsg(a, &got, MSG_TRUNC));
	SHOW("%d", got.msg_flags);
	close(a);
	close(b);
}

static void check_connected(void)
{
	int const                a = bound(SOCK_DGRAM), b = bound(SOCK_DGRAM), c = bound(SOCK_DGRAM);
	struct sockaddr_in const of_a = own_address(a), of_b = own_address(b), nobody = { .sin_family = AF_UNSPEC };
	struct sockaddr_in       peer = { 0 };
	socklen_t                size = sizeof(peer);
	char                     buffer[8];

	SHOW("%d", connect(a, TO(of_b)));
	SHOW("%d", getpeername(a, (struct sockaddr *)&peer, &size));
	SHOW("%d", is_same(&peer, &of_b));
	SHOW("%zd", sendto(c, "foreign", 7, 0, TO(of_a)));
	SHOW("%s", FAILS(recv(a, buffer, sizeof(buffer), MSG_DONTWAIT), EAGAIN));
	SHOW("%zd", sendto(b, "peer", 4, 0, TO(of_a)));
	SHOW("%zd", recv(a, buffer, sizeof(buffer), 0));
	SHOW("%zd", send(a, "back", 4, 0));
	SHOW("%zd", recv(b, buffer, sizeof(buffer), 0));
	SHOW("%d", shutdown(a, SHUT_WR));
	SHOW("%s", FAILS(send(a, "x", 1, MSG_NOSIGNAL), EPIPE));
	SHOW("%d", connect(a, (struct sockaddr const *)&nobody, sizeof(nobody)));
	SHOW("%s", FAILS(getpeername(a, (struct sockaddr *)&peer, &size), ENOTCONN));
	SHOW("%s", FAILS(shutdown(b, SHUT_RD), ENOTCONN));
	close(a);
	close(b);
	close(c);
}

static void check_refused(void)
{
	struct sockaddr_in const closed = address_of("127.0.0.1", PORT_CLOSED);
	int const                fd     = socket(AF_INET, SOCK_DGRAM, 0), other = socket(AF_INET, SOCK_DGRAM, 0);
	int                      error  = 0;
	socklen_t                size   = sizeof(error);
	char                     byte;

	SHOW("%d", connect(fd, TO(closed)));
	SHOW("%zd", send(fd, "x", 1, 0));
	SHOW("%d", ready(fd, POLLIN, 1000) & POLLERR);
	SHOW("%s", FAILS(recv(fd, &byte, 1, 0), ECONNREFUSED));
	SHOW("%d", ready(fd, POLLIN, 0));
	SHOW("%zd", send(fd, "x", 1, 0));
	SHOW("%d", ready(fd, POLLIN, 1000) & POLLERR);
	SHOW("%d", getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size));
	SHOW("%d", error == ECONNREFUSED);
	SHOW("%d", getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size));
	SHOW("%d", error);
	SHOW("%zd", sendto(other, "x", 1, 0, TO(closed)));
	SHOW("%d", ready(other, POLLIN, 50));
	close(fd);
	close(other);
}

static void check_select(void)
{
	int const                a = bound(SOCK_DGRAM), b = bound(SOCK_DGRAM);
	struct sockaddr_in const of_b = own_address(b);
	struct timeval           some = { .tv_usec = 20000 };
	fd_set                   readers, writers;

	FD_ZERO(&readers);
	FD_SET(b, &readers);
	SHOW("%d", select(b + 1, &readers, NULL, NULL, &some));
	SHOW("%d", FD_ISSET(b, &readers) != 0);
	SHOW("%zd", sendto(a, "x", 1, 0, TO(of_b)));
	FD_ZERO(&readers);
	FD_ZERO(&writers);
	FD_SET(a, &readers);
	FD_SET(b, &readers);
	FD_SET(a, &writers);
	usleep(20000);
	SHOW("%d", select((a > b ? a : b) + 1, &readers, &writers, NULL, NULL));
	SHOW("%d %d %d", FD_ISSET(a, &readers) != 0, FD_ISSET(b, &readers) != 0, FD_ISSET(a, &writers) != 0);
	close(a);
	close(b);
}

void check_udp(void)
{
	check_binding();
	check_datagrams();
	check_sizes();
	check_pieces();
	check_connected();
	check_refused();
	check_select();
}
