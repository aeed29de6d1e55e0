/* SPDX-License-Identifier: MIT */
/*
 * Checks of sockets: each prints one line, and the same program on the host says which lines are right, but for those of names and TFTP, which have no
 * counterpart there. Nothing that differs between two runs may be in a line: ports, addresses, sizes of buffers.
 */
#pragma once

#include "../libc_checks/checks.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Whether `call` fails with this error; else the error is shown. */
#define FAILS(call, expected) (errno = 0, (long)(call) < 0 && errno == (expected) ? "fails so" : strerror(errno))

/* A port at which nobody is, on any machine that we know: tcpmux (RFC 1078). */
enum { PORT_CLOSED = 1 };

struct sockaddr_in address_of(char const *ip, unsigned port);

/* Where a socket is bound to, on 127.0.0.1. */
struct sockaddr_in own_address(int fd);

/* A socket of that type, bound to a free port of 127.0.0.1. */
int bound(int type);

/* What poll says at once, or within so many ms. */
int ready(int fd, short events, int ms);

void check_options(void);
void check_udp(void);
void check_tcp(void);

/* With a peer elsewhere (peer.c), which is at these ports of an address. */
void check_peer(char const *ip, unsigned tcp_port, unsigned udp_port, char const *refuser);

/* In the guest alone: names from the server that `serve_names` is, and a file from QEMU's TFTP server. */
void check_names(unsigned tcp_port);
void check_tftp(char const *ip, char const *name);

/* The peer: echoes on a port of TCP and one of UDP, which it prints, until its input ends. */
void serve_peer(void);

/* A DNS server (RFC 1035) on port 53. */
void serve_names(void);
